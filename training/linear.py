"""Linear members averaged into one linear model, with its calibration in its coefficients."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from iraqstance.training.features import Blocks
from iraqstance.training.recipe import Member
from numpy.typing import NDArray

__all__ = ["Linear", "Owners", "averaged", "fitted", "logistic", "one_vs_rest"]

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]

_SEED = 0
_CERTAIN = 30.0  # score of a label that never varies: its probability is 1 - 1e-13


class Owners(NamedTuple):
    """Whose each row is, where targets share features.

    Attributes:
        of_row: Number of each row's owner, from 0.
        copies: How many owners there are; a row of each need not be there.
    """

    of_row: Numbers
    copies: int

    def take(self, rows: Numbers) -> "Owners":
        """Return those of some rows."""
        return Owners(self.of_row[rows], self.copies)


@dataclass(frozen=True, slots=True)
class Linear:
    """Linear scores, one column a label.

    Attributes:
        coefficients: Of shape (columns, features).
        intercepts: Of shape (columns,).
    """

    coefficients: Floats
    intercepts: Floats

    def scores(self, features: Any) -> Floats:
        """Return the scores of rows of features, of shape (rows, columns)."""
        scores: Floats = np.asarray(features @ self.coefficients.T) + self.intercepts
        return scores

    def scaled(self, slope: float, shift: float = 0.0) -> "Linear":
        """Return the model whose scores are ``slope * score + shift``."""
        return Linear(self.coefficients * slope, self.intercepts * slope + shift)

    def columns(self, chosen: Sequence[int]) -> "Linear":
        """Return the model of some columns."""
        return Linear(self.coefficients[list(chosen)], self.intercepts[list(chosen)])


def averaged(models: Sequence[Linear]) -> Linear:
    """Return the model whose scores are the mean of the given models' scores."""
    if len(models) == 1:
        return models[0]
    return Linear(
        np.mean([model.coefficients for model in models], axis=0),
        np.mean([model.intercepts for model in models], axis=0),
    )


def fitted(
    members: Sequence[Member],
    blocks: Blocks,
    table: Numbers,
    *,
    balanced: bool,
    owners: Owners | None = None,
) -> list[Linear]:
    """Fit members and average them.

    With owners, each feature stands once for all owners and once for each (Daumé III, "Frustratingly Easy Domain
    Adaptation", ACL 2007); an owner's coefficients are the sum of the shared ones and its own.

    Args:
        members: The members.
        blocks: Sparse features by name of the block, each of shape (rows, its features).
        table: Labels of shape (rows, columns), 0 or 1.
        balanced: Whether both values of a column weigh the same.
        owners: Whose each row is.

    Returns:
        The model of each owner on all blocks side by side; one without owners.
    """
    from scipy import sparse  # type: ignore[import-untyped]

    by_member = []
    for member in members:
        features = sparse.hstack([blocks[name] for name in member.blocks], format="csr")
        wide = features if owners is None else _copied(features, owners)
        coefficients, intercepts = np.empty((table.shape[1], wide.shape[1])), np.empty(table.shape[1])
        for number, labels in enumerate(table.T):
            coefficients[number], intercepts[number] = _column(wide, labels, member, balanced=balanced)
        parts = coefficients.reshape(len(coefficients), -1, features.shape[1])
        own = [parts[:, 0]] if owners is None else [parts[:, 0] + parts[:, 1 + owner] for owner in range(owners.copies)]
        by_member.append([Linear(_spread(one, member, blocks), intercepts) for one in own])
    return [averaged(models) for models in zip(*by_member, strict=True)]


def _copied(features: Any, owners: Owners) -> Any:
    """Return the features once for all owners and once for each, zero in the rows of others."""
    from scipy import sparse

    own = [sparse.diags_array((owners.of_row == owner).astype(float)) @ features for owner in range(owners.copies)]
    return sparse.hstack([features, *own], format="csr")


def _column(features: Any, labels: Numbers, member: Member, *, balanced: bool) -> tuple[Floats, float]:
    """Return coefficients and intercept of one column; zeros and a margin for one that never varies."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.svm import LinearSVC

    if labels.min() == labels.max():
        return np.zeros(features.shape[1]), 1.0 if labels[0] else -1.0
    weights = "balanced" if balanced else None
    machine = LinearSVC(C=member.strength, tol=member.tolerance, class_weight=weights, random_state=_SEED)
    with warnings.catch_warnings():
        # Contradictory labels may keep it from the last digits, which calibration does not need.
        warnings.simplefilter("ignore", ConvergenceWarning)
        machine.fit(features, labels)
    return machine.coef_[0], float(machine.intercept_[0])


def _spread(coefficients: Floats, member: Member, blocks: Blocks) -> Floats:
    """Return the coefficients on all blocks, zero on those that the member does not see."""
    if tuple(blocks) == member.blocks:
        return coefficients
    own = dict(
        zip(
            member.blocks,
            np.split(coefficients, np.cumsum([blocks[name].shape[1] for name in member.blocks])[:-1], axis=1),
            strict=True,
        )
    )
    nothing = [np.zeros((len(coefficients), block.shape[1])) for block in blocks.values()]
    return np.hstack([own.get(name, zeros) for name, zeros in zip(blocks, nothing, strict=True)])


def logistic(model: Linear, classes: Sequence[str]) -> Any:
    """Return the model as scikit-learn's logistic regression.

    Args:
        model: One column for the second of two classes, or one column a class.
        classes: Two names or more, in alphabetical order.
    """
    from sklearn.linear_model import LogisticRegression

    if len(classes) == 2 and len(model.intercepts) == 2:
        model = Linear(model.coefficients[1:] - model.coefficients[:1], model.intercepts[1:] - model.intercepts[:1])
    return _filled(LogisticRegression(), model, np.array(classes))


def one_vs_rest(model: Linear, table: Numbers) -> Any:
    """Return the model as scikit-learn's one-vs-rest classifier of logistic regressions.

    Args:
        model: One column a topic.
        table: The topics that it was fitted on; a column that never varies is always or never given.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.preprocessing import LabelBinarizer

    whole = OneVsRestClassifier(LogisticRegression())
    whole.label_binarizer_ = LabelBinarizer(sparse_output=True).fit(table)
    whole.n_features_in_ = model.coefficients.shape[1]
    whole.estimators_ = []
    for number, labels in enumerate(table.T):
        # A part of the whole, not a copy: of many topics and terms there are some hundred megabytes.
        one = Linear(model.coefficients[number : number + 1], model.intercepts[number : number + 1])
        if labels.min() == labels.max():
            one = Linear(one.coefficients * 0.0, np.array([_CERTAIN if labels[0] else -_CERTAIN]))
        whole.estimators_.append(_filled(LogisticRegression(), one, np.array([0, 1])))
    return whole


def _filled(regression: Any, model: Linear, classes: NDArray[Any]) -> Any:
    regression.classes_ = classes
    regression.coef_ = np.ascontiguousarray(model.coefficients)
    regression.intercept_ = model.intercepts
    regression.n_features_in_ = model.coefficients.shape[1]
    return regression

"""The choice of settings, the calibration and the threshold, by cross-validation inside the training data."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from iraqstance.training.features import Blocks, lumped, weighted_apart
from iraqstance.training.linear import Floats, Linear, Numbers, Owners, fitted
from iraqstance.training.recipe import COARSE, Candidate, Member, Settings

__all__ = [
    "Choice",
    "Task",
    "best_threshold",
    "choose",
    "group_numbers",
    "inner_folds",
    "sampled",
    "sharing_helps",
    "temperature",
]

_FOLDS = 5
_FEW = 30  # rows below which nothing is chosen and nothing calibrated
_SLOPE = 2.0  # of the scores of so few rows
_SEED = 20250120
_LOG_SLOPES = (-4.0, 4.0)


@dataclass(frozen=True, slots=True)
class Task:
    """Something to learn.

    Attributes:
        features: The union whose vocabulary the counts have.
        counts: Counts of terms by block.
        table: Labels of shape (rows, columns), 0 or 1: of two classes the second alone, else one column each.
        groups: Number of each row's group, which no fold splits.
        kind: Whether a row has one label, or any number of them.
        owners: Whose each row is, where targets share features.
    """

    features: Any
    counts: Blocks
    table: Numbers
    groups: Numbers
    kind: Literal["one", "any"]
    owners: Owners | None = None

    def __len__(self) -> int:
        return len(self.table)

    def take(self, rows: Numbers) -> "Task":
        """Return the task of some rows."""
        return replace(
            self,
            counts={name: block[rows] for name, block in self.counts.items()},
            table=self.table[rows],
            groups=self.groups[rows],
            owners=None if self.owners is None else self.owners.take(rows),
        )


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen: probabilities are the softmax or the sigmoid of ``slope * score + shift``.

    Attributes:
        candidate: The members.
        slope: Inverse of the temperature, above 0.
        shift: The same for all columns; 0 where a row has one label.
        threshold: Probability from which a label is given, where a row has any number; in (0, 1).
    """

    candidate: Candidate
    slope: float = _SLOPE
    shift: float = 0.0
    threshold: float = 0.5


def group_numbers(groups: Sequence[str] | None, texts: Sequence[str]) -> Numbers:
    """Return a number for each row's group; without two groups or more, rows of one text are a group."""
    names = groups if groups is not None and len(set(groups)) > 1 else texts
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], dtype=np.int64)


def inner_folds(groups: Numbers) -> list[tuple[Numbers, Numbers]]:
    """Return training and held-out rows of five folds of whole groups drawn at random, fewer for fewer groups.

    Args:
        groups: Number of each row's group.
    """
    names, of_row = np.unique(groups, return_inverse=True)
    fold_of = np.random.default_rng(_SEED).permutation(len(names)) % _FOLDS
    folds = fold_of[of_row]
    return [(np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)) for fold in range(min(_FOLDS, len(names)))]


def choose(task: Task, settings: Settings) -> Choice:
    """Choose a candidate and calibrate it, by grouped cross-validation.

    The choice falls on the simplest candidate whose log loss is within one standard error of the least (Breiman et
    al., "Classification and Regression Trees", 1984); the error is that of the difference, over groups. The slope is
    that of temperature scaling (Guo et al., "On Calibration of Modern Neural Networks", ICML 2017), of Platt scaling
    where a row has any number of labels. With fewer than 30 rows the first candidate and a fixed slope are taken.
    """
    if len(task) < _FEW or len(np.unique(task.groups)) < 2:
        return Choice(settings.candidates[0])
    sample = sampled(task.groups, settings.chosen_on)
    part = task if len(sample) == len(task) else task.take(sample)
    rows, scores = _out_of_fold(part, settings.candidates, settings)
    calibrations = [_calibrated(part, rows, one) for one in scores]
    chosen = _simplest([losses for _, _, losses in calibrations], part.groups[rows])
    candidate, found = settings.candidates[chosen], scores[chosen]
    if part is not task:
        rows, (found,) = _out_of_fold(task, (candidate,), settings)
    slope, shift, _ = _calibrated(task, rows, found)
    if task.kind == "one":
        return Choice(candidate, slope)
    return Choice(candidate, slope, shift, best_threshold(_sigmoid(slope * found + shift), task.table[rows]))


def sharing_helps(apart: Sequence[Task], together: Task, settings: Settings) -> bool:
    """Tell whether targets do better with shared features, by the mean log loss of the first candidate.

    Neither is the simpler one, so that the lesser loss decides, however near they are.

    Args:
        apart: The task of each target.
        together: The task of all, in the order of ``apart``, with owners. Its groups are theirs.
        settings: Those for all rows.
    """
    if min(map(len, apart)) < _FEW or len(np.unique(together.groups)) < 2:
        return False
    first = settings.candidates[:1]
    whole = replace(settings, calibrated_on=_FOLDS)
    rows, (scores,) = _out_of_fold(together, first, whole)
    shared = np.empty(len(together))
    shared[rows] = _calibrated(together, rows, scores)[2]
    own = []
    for task in apart:
        if len(np.unique(task.groups)) < 2:
            return False
        rows, (scores,) = _out_of_fold(task, first, whole)
        losses = np.empty(len(task))
        losses[rows] = _calibrated(task, rows, scores)[2]
        own.append(losses)
    return bool(shared.mean() < np.concatenate(own).mean())


def sampled(groups: Numbers, size: int) -> Numbers:
    """Return the rows of whole groups drawn at random, at most so many, in order; all where there are no more."""
    if len(groups) <= size:
        return np.arange(len(groups))
    names, of_row, counts = np.unique(groups, return_inverse=True, return_counts=True)
    order = np.random.default_rng(_SEED).permutation(len(names))
    taken = np.zeros(len(names), dtype=bool)
    taken[order[np.cumsum(counts[order]) <= size]] = True
    rows = np.flatnonzero(taken[of_row])
    if len(np.unique(groups[rows])) > 1 and 2 * len(rows) > size:
        return rows
    return np.arange(0, len(groups), -(-len(groups) // size))  # groups too large to be taken whole: some rows of each


def _out_of_fold(task: Task, candidates: Sequence[Candidate], settings: Settings) -> tuple[Numbers, list[Floats]]:
    """Return the rows that were held out, and each candidate's scores of them."""
    members = list(dict.fromkeys(member for candidate in candidates for member in candidate.members))
    counts, copies = lumped(task.counts)
    held_out, said = [], []
    for train, test in inner_folds(task.groups)[: settings.calibrated_on]:
        here, there = weighted_apart(task.features, counts, copies, train, test)
        owners, others = (None, None) if task.owners is None else (task.owners.take(train), task.owners.take(test))
        models = [
            fitted([_coarse(member)], here, task.table[train], balanced=settings.balanced, owners=owners)
            for member in members
        ]
        held_out.append(test)
        said.append([_scores_by_owner(of_member, there, others) for of_member in models])
    by_member = {member: np.concatenate(found) for member, found in zip(members, zip(*said, strict=True), strict=True)}
    means = [np.mean([by_member[member] for member in candidate.members], axis=0) for candidate in candidates]
    return np.concatenate(held_out), means


def _coarse(member: Member) -> Member:
    """Return the member as it is tried."""
    return replace(member, tolerance=max(member.tolerance, COARSE))


def _scores_by_owner(models: Sequence[Linear], blocks: Blocks, owners: Owners | None) -> Floats:
    """Return the scores of rows, each by its owner's model."""
    from scipy import sparse  # type: ignore[import-untyped]

    features = sparse.hstack(list(blocks.values()), format="csr")
    if owners is None:
        return models[0].scores(features)
    scores = np.empty((len(owners.of_row), len(models[0].intercepts)))
    for owner, model in enumerate(models):
        rows = np.flatnonzero(owners.of_row == owner)
        scores[rows] = model.scores(features[rows])
    return scores


def _calibrated(task: Task, rows: Numbers, scores: Floats) -> tuple[float, float, Floats]:
    """Return slope and shift, and the log loss of each row with them."""
    table = task.table[rows]
    if task.kind == "one":
        logits, true = _logits(scores), _classes(table)
        slope = temperature(logits, true)
        return slope, 0.0, _softmax_losses(slope * logits, true)
    varies = task.table.min(axis=0) < task.table.max(axis=0)
    slope, shift = _platt(scores[:, varies], table[:, varies])
    return slope, shift, _sigmoid_losses(slope * scores + shift, table)[:, varies].sum(axis=1)


def _logits(scores: Floats) -> Floats:
    """Return one column a class, for two classes too."""
    return np.hstack([np.zeros_like(scores), scores]) if scores.shape[1] == 1 else scores


def _classes(table: Numbers) -> Numbers:
    found: Numbers = table[:, 0] if table.shape[1] == 1 else table.argmax(axis=1)
    return found


def temperature(logits: Floats, true: Numbers) -> float:
    """Return the slope, the inverse of the temperature, with the least log loss, in [exp(-4), exp(4)].

    Each row counts as one of the other classes by one part in its number plus two, as Platt (1999) proposes, so that
    rows without an error among them leave some doubt.

    Args:
        logits: Of shape (rows, classes).
        true: Each row's class, from 0.
    """
    from scipy.optimize import minimize_scalar  # type: ignore[import-untyped]

    doubt = 1 / (len(true) + 2)

    def loss(log_slope: float) -> float:
        logs = -_log_softmax(np.exp(log_slope) * logits)
        return float(((1 - doubt) * logs[np.arange(len(true)), true] + doubt * logs.mean(axis=1)).mean())

    return float(np.exp(minimize_scalar(loss, bounds=_LOG_SLOPES, method="bounded").x))


def _platt(scores: Floats, table: Numbers) -> tuple[float, float]:
    """Return slope and shift of the sigmoid over all columns pooled."""
    from scipy.optimize import minimize

    if not table.size or table.min() == table.max():
        return _SLOPE, 0.0
    flat, labels = scores.ravel(), table.ravel()
    doubt = 1 / (len(labels) + 2)
    targets = labels * (1 - doubt) + (1 - labels) * doubt

    def loss(values: Floats) -> tuple[float, Floats]:
        slope = np.exp(values[0])
        margins = slope * flat + values[1]
        wrong = _sigmoid(margins) - targets
        gradient = np.array([(wrong * flat).mean() * slope, wrong.mean()])
        return float((np.logaddexp(0, margins) - targets * margins).mean()), gradient

    found = minimize(loss, np.zeros(2), jac=True, method="L-BFGS-B", bounds=[_LOG_SLOPES, (-20.0, 20.0)])
    return float(np.exp(found.x[0])), float(found.x[1])


def best_threshold(shares: Floats, table: Numbers) -> float:
    """Return the threshold with the greatest micro-F1, where the best label of a row is given in any case.

    Args:
        shares: Probabilities of shape (rows, labels).
        table: The labels, 0 or 1.

    Returns:
        A number in (0, 1), half way between two probabilities; of equals the greatest.
    """
    thresholds, scores = zip(*_curve(shares, table), strict=True)
    return float(thresholds[int(np.argmax(scores))])


def _curve(shares: Floats, table: Numbers) -> Iterator[tuple[float, float]]:
    """Yield thresholds, the greatest first, with the micro-F1 of each."""
    best = np.zeros(shares.shape, dtype=bool)
    best[np.arange(len(shares)), shares.argmax(axis=1)] = True
    order = np.argsort(-shares[~best], kind="stable")
    rest, hits = shares[~best][order], table[~best][order]
    right = table[best].sum() + np.concatenate([[0], np.cumsum(hits)])
    scores = 2 * right / (len(shares) + np.arange(len(rest) + 1) + table.sum())
    edges = np.concatenate([[1.0], rest, [0.0]])
    for number, score in enumerate(scores):
        if edges[number] > edges[number + 1]:
            yield (edges[number] + edges[number + 1]) / 2, float(score)


def _simplest(losses: Sequence[Floats], groups: Numbers) -> int:
    """Return the first whose mean loss is within one standard error of the least."""
    best = min(range(len(losses)), key=lambda number: losses[number].mean())
    _, of_row = np.unique(groups, return_inverse=True)
    for number, one in enumerate(losses):
        worse = np.bincount(of_row, weights=one - losses[best])
        if worse.sum() <= np.sqrt(len(worse)) * worse.std():
            return number
    return best


def _log_softmax(logits: Floats) -> Floats:
    from scipy.special import log_softmax  # type: ignore[import-untyped]

    return np.asarray(log_softmax(logits, axis=1), dtype=np.float64)


def _softmax_losses(logits: Floats, true: Numbers) -> Floats:
    losses: Floats = -_log_softmax(logits)[np.arange(len(true)), true]
    return losses


def _sigmoid(margins: Floats) -> Floats:
    from scipy.special import expit

    return np.asarray(expit(margins), dtype=np.float64)


def _sigmoid_losses(margins: Floats, table: Numbers) -> Floats:
    losses: Floats = np.logaddexp(0, margins) - table * margins
    return losses

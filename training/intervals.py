"""Bootstrap intervals of figures of merit, and of differences between systems that were tested on the same rows.

A figure of merit is here a function of weights: how often each tested row counts (:class:`Measure`). All rows once give
the figure itself; a resample is another vector of weights, and 2,000 of them are one product of matrices. Systems
share the resamples, so that their differences are paired.

An interval covers the choice of the tested rows, given the predictions. It says nothing of other training data, and the
scheme of resampling decides which other rows it speaks for:

- ``rows``: each row for itself. For rows without groups.
- ``groups``: whole groups (the cluster bootstrap). Speaks for other groups of the same kind. It needs many groups: with
  few, its intervals are too narrow.
- ``within``: the rows of each group, for themselves. Conditional on these very groups: it says how sure a figure is of
  *them*, and nothing about other groups. With few groups that is all that can be said with some confidence.
- ``two-stage``: groups, and then rows within each drawn group. Speaks for other groups, and counts the spread within
  groups twice, which for few groups makes up for a part of what ``groups`` lacks. Of five groups it is a rough hint.

Cameron, A. C., Gelbach, J. B., & Miller, D. L. (2008). Bootstrap-based improvements for inference with clustered
errors. *Review of Economics and Statistics* 90 (few groups make intervals too narrow).
Davison, A. C., & Hinkley, D. V. (1997). *Bootstrap methods and their application*, section 3.8 (groups, then rows).
Efron, B., & Tibshirani, R. J. (1993). *An introduction to the bootstrap*, chapter 13 (percentile intervals).
Field, C. A., & Welsh, A. H. (2007). Bootstrapping clustered data. *Journal of the Royal Statistical Society B* 69.
Koehn, P. (2004). Statistical significance tests for machine translation evaluation. *EMNLP* (paired resamples).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from iraqstance.annotation.errors import UsageError
from numpy.typing import NDArray

__all__ = [
    "FEW_GROUPS",
    "RESAMPLES",
    "Bootstrap",
    "Change",
    "Floats",
    "Interval",
    "Measure",
    "Scheme",
    "bootstrap",
    "mean_measure",
    "over_targets",
    "resampled_weights",
    "stance_measure",
    "topic_measure",
    "usual_scheme",
]

Floats = NDArray[np.float64]
Scheme = Literal["rows", "groups", "within", "two-stage"]

RESAMPLES = 2000
#: With fewer groups than this, whole groups are not resampled unless that is asked for.
FEW_GROUPS = 20
_SEED = 20250120
_CELLS = 10_000_000  # of a piece of the table of weights, which would not fit into memory as a whole
_TAILS = (2.5, 97.5)


class Measure(Protocol):
    """Figures of merit of one system, as a function of weights of the tested rows."""

    def __call__(self, weights: Floats, /) -> Mapping[str, Floats]:
        """Return each figure, of shape (resamples,), for weights of shape (resamples, rows), each 0 or more."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % percentile interval; the figure itself may lie outside where it is strongly biased."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Change:
    """A difference between two systems with its 95 % percentile interval.

    Attributes:
        value: The left system's figure less the right one's.
        low: Lower end.
        high: Upper end.
        above: Share of the resamples in which it is above 0, in [0, 1].
    """

    value: float
    low: float
    high: float
    above: float


@dataclass(frozen=True, slots=True, eq=False)
class Bootstrap:
    """Figures of several systems, as they are and on the same resamples.

    Attributes:
        scheme: How rows were resampled.
        values: Each system's figures, by system and figure.
        resampled: The same on each resample, of shape (resamples,).
    """

    scheme: Scheme
    values: Mapping[str, Mapping[str, float]]
    resampled: Mapping[str, Mapping[str, Floats]]

    def intervals(self, system: str) -> dict[str, Interval]:
        """Return each figure of a system with its interval."""
        return {
            figure: Interval(value, *_tails(self.resampled[system][figure]))
            for figure, value in self.values[system].items()
        }

    def changes(self, left: str, right: str) -> dict[str, Change]:
        """Return each figure of the left system less that of the right one, over the figures of both."""
        found = {}
        for figure, value in self.values[left].items():
            if figure in self.values[right]:
                apart = self.resampled[left][figure] - self.resampled[right][figure]
                above = float((apart > 0).mean())
                found[figure] = Change(value - self.values[right][figure], *_tails(apart), above)
        return found


def _tails(resampled: Floats) -> tuple[float, float]:
    low, high = np.percentile(resampled, _TAILS)
    return float(low), float(high)


def bootstrap(
    measures: Mapping[str, Measure],
    rows: int,
    *,
    groups: Sequence[str] | None = None,
    scheme: Scheme | None = None,
    resamples: int = RESAMPLES,
) -> Bootstrap:
    """Measure systems on all rows, and on resamples that they share; always the same ones.

    Args:
        measures: The figures of each system, by name, all of the same rows in the same order.
        rows: How many rows there are.
        groups: Group of each row.
        scheme: How to resample; without it, :func:`usual_scheme`.
        resamples: How many resamples to draw.

    Raises:
        UsageError: As :func:`resampled_weights`.
    """
    scheme = scheme or usual_scheme(groups)
    pieces: dict[str, dict[str, list[Floats]]] = {}
    for weights in resampled_weights(rows, scheme, groups, resamples=resamples):
        for system, measure in measures.items():
            for figure, found in measure(weights).items():
                pieces.setdefault(system, {}).setdefault(figure, []).append(found)
    whole = np.ones((1, rows))
    return Bootstrap(
        scheme,
        {system: {figure: float(one[0]) for figure, one in f(whole).items()} for system, f in measures.items()},
        {system: {figure: np.concatenate(parts) for figure, parts in f.items()} for system, f in pieces.items()},
    )


def usual_scheme(groups: Sequence[str] | None) -> Scheme:
    """Return ``rows`` without groups, ``groups`` with :data:`FEW_GROUPS` or more, otherwise ``within``."""
    if groups is None:
        return "rows"
    return "groups" if len(set(groups)) >= FEW_GROUPS else "within"


def resampled_weights(
    rows: int,
    scheme: Scheme = "rows",
    groups: Sequence[str] | None = None,
    *,
    resamples: int = RESAMPLES,
    seed: int = _SEED,
) -> Iterator[Floats]:
    """Yield how often each resample holds each row, in pieces of shape (some resamples, rows).

    Raises:
        UsageError: Without rows or resamples, or where the scheme needs groups and they are missing, fewer or more than
            the rows, or one alone where groups are drawn.
    """
    _refuse(rows, scheme, groups, resamples)
    known = np.unique(np.array(groups if groups is not None else [""] * rows), return_inverse=True)[1]
    if scheme == "rows":
        known = np.zeros(rows, dtype=known.dtype)
    members = [np.flatnonzero(known == number) for number in range(int(known.max()) + 1)]
    share = np.full(len(members), 1 / len(members))
    random = np.random.default_rng(seed)
    at_once = max(1, _CELLS // rows)
    for start in range(0, resamples, at_once):
        count = min(at_once, resamples - start)
        several = scheme in {"groups", "two-stage"}
        drawn = random.multinomial(len(members), share, count) if several else np.ones((count, len(members)), int)
        if scheme == "groups":
            yield drawn[:, known].astype(np.float64)
            continue
        weights = np.zeros((count, rows))
        for number, own in enumerate(members):
            # Rows drawn from each copy of a group for itself are as many drawn from the group at once.
            weights[:, own] = random.multinomial(drawn[:, number] * len(own), np.full(len(own), 1 / len(own)))
        yield weights


def _refuse(rows: int, scheme: Scheme, groups: Sequence[str] | None, resamples: int) -> None:
    if rows < 1 or resamples < 1:
        raise UsageError(
            "there is nothing to resample", expected="a row and a resample or more", got=f"{rows} and {resamples}"
        )
    if groups is None and scheme != "rows":
        raise UsageError(f"the scheme {scheme!r} needs the group of each row", remedy="Name groups, or resample rows")
    if groups is not None and len(groups) != rows:
        raise UsageError("each row needs a group", expected=str(rows), got=str(len(groups)))
    if groups is not None and scheme in {"groups", "two-stage"} and len(set(groups)) < 2:
        raise UsageError("one group alone cannot be resampled", remedy="Resample the rows within it")


def stance_measure(
    true: Sequence[str], predicted: Sequence[str], names: Sequence[str], *, sides: Sequence[str] = ()
) -> Measure:
    """Return the figures of :func:`~iraqstance.training.metrics.stance_scores` as a function of weights.

    They are ``macro_f1``, ``accuracy`` and ``f1_<name>`` of each name; with ``sides`` also ``sides_f1``, the mean F1 of
    these stances (SemEval-2016 task 6: Mohammad et al. 2016). A stance that is neither true nor predicted in a resample
    scores 0 there, as it does in all rows.

    Args:
        true: The stances, of shape (rows,).
        predicted: What was predicted.
        names: The stances that count.
        sides: Those of them whose F1 is averaged.
    """
    support, given = _one_hot([[name] for name in true], names), _one_hot([[name] for name in predicted], names)
    right = [left == guess for left, guess in zip(true, predicted, strict=True)]
    terms = np.column_stack([support * given, support + given, right, np.ones(len(right))]).astype(np.float64)
    kept = [list(names).index(name) for name in sides]

    def measure(weights: Floats) -> dict[str, Floats]:
        sums = weights @ terms
        f1 = _f1(sums[:, : len(names)], sums[:, len(names) : -2])
        found = {"macro_f1": f1.mean(axis=1)}
        if kept:
            found["sides_f1"] = f1[:, kept].mean(axis=1)
        found["accuracy"] = _share(sums[:, -2], sums[:, -1])
        return found | {f"f1_{name}": f1[:, column] for column, name in enumerate(names)}

    return measure


def topic_measure(true: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]], names: Sequence[str]) -> Measure:
    """Return the figures of :func:`~iraqstance.training.metrics.topic_scores` as a function of weights.

    They are ``micro_f1``, ``macro_f1``, ``exact`` and ``f1_<name>`` of each name.
    """
    support, given = _one_hot(true, names), _one_hot(predicted, names)
    pairs = [(set(left), set(guess)) for left, guess in zip(true, predicted, strict=True)]
    # Topics beyond the names count in what is pooled.
    pooled = [(len(left & guess), len(left) + len(guess), left == guess, 1) for left, guess in pairs]
    terms = np.column_stack([support * given, support + given, pooled]).astype(np.float64)

    def measure(weights: Floats) -> dict[str, Floats]:
        sums = weights @ terms
        f1 = _f1(sums[:, : len(names)], sums[:, len(names) : -4])
        hits, sizes, exact, size = sums[:, -4:].T
        found = {"micro_f1": _f1(hits, sizes), "macro_f1": f1.mean(axis=1), "exact": _share(exact, size)}
        return found | {f"f1_{name}": f1[:, column] for column, name in enumerate(names)}

    return measure


def mean_measure(measures: Sequence[Measure]) -> Measure:
    """Return the mean of each figure over measures of the same rows, such as draws of a random baseline."""

    def measure(weights: Floats) -> dict[str, Floats]:
        total: dict[str, Floats] = {}
        for one in measures:
            for figure, values in one(weights).items():
                total[figure] = total[figure] + values if figure in total else values
        return {figure: values / len(measures) for figure, values in total.items()}

    return measure


def over_targets(parts: Sequence[tuple[Sequence[int], Measure]]) -> Measure:
    """Return the mean over targets of the figures that all of them have.

    Args:
        parts: Numbers of each target's rows among all, and the measure of these rows.
    """

    def measure(weights: Floats) -> dict[str, Floats]:
        each = []
        for rows, one in parts:
            own = weights[:, list(rows)]
            # A resample may lack a target altogether: then the target counts as it is.
            own[own.sum(axis=1) == 0] = 1.0
            each.append(one(own))
        common = [name for name in each[0] if not name.startswith("f1_") and all(name in found for found in each)]
        return {name: np.mean([found[name] for found in each], axis=0) for name in common}

    return measure


def _one_hot(labels: Sequence[Sequence[str]], names: Sequence[str]) -> NDArray[np.int64]:
    """Return which names each row has, of shape (rows, names)."""
    table = [[name in row for name in names] for row in labels]
    return np.array(table, dtype=np.int64).reshape(len(labels), len(names))


def _f1(hits: Floats, given_and_true: Floats) -> Floats:
    return _share(2 * hits, given_and_true)


def _share(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)

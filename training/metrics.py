"""Figures of merit for stance and topics, and what tells whether probabilities mean what they say."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from iraqstance.annotation.errors import from_extra
from iraqstance.training.intervals import Floats, Measure
from numpy.typing import ArrayLike

__all__ = [
    "BINS",
    "Bin",
    "LabelScore",
    "StanceScores",
    "TopicScores",
    "coverage",
    "nearest_steps",
    "probability_measure",
    "reliability",
    "stance_scores",
    "surest_quarters",
    "topic_scores",
]

#: Bins of equal width of the expected calibration error, as in Guo, Pleiss, Sun and Weinberger, "On Calibration of
#: Modern Neural Networks", ICML 2017.
BINS = 15
_LEAST = float(np.finfo(np.float64).eps)  # probability below which the logarithm is cut, as scikit-learn does


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of like confidence.

    Attributes:
        low: Confidence above which they are, in [0, 1).
        high: Confidence up to which they are.
        count: How many they are.
        confidence: Their mean confidence; NaN where there are none.
        accuracy: Share of them that is right; NaN where there are none.
    """

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class LabelScore:
    """Precision, recall and F1 of one label, each in [0, 1] and 0 where undefined; ``support`` counts true ones."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class StanceScores:
    """How well stances were predicted.

    Attributes:
        macro_f1: Unweighted mean of the stances' F1, in [0, 1].
        accuracy: Share of right answers, in [0, 1].
        labels: Scores of each stance.
    """

    macro_f1: float
    accuracy: float
    labels: dict[str, LabelScore]


@dataclass(frozen=True, slots=True)
class TopicScores:
    """How well sets of topics were predicted.

    Attributes:
        micro_f1: F1 over all decisions pooled, in [0, 1].
        macro_f1: Unweighted mean of the topics' F1, in [0, 1].
        exact: Share of texts whose whole set is right, in [0, 1].
        labels: Scores of each topic.
    """

    micro_f1: float
    macro_f1: float
    exact: float
    labels: dict[str, LabelScore]


def stance_scores(true: Sequence[str], predicted: Sequence[str], names: Sequence[str]) -> StanceScores:
    """Compare stances, both of length n, over the given names; a name that never occurs scores 0."""
    with from_extra("train"):
        from sklearn.metrics import accuracy_score, precision_recall_fscore_support
    columns = precision_recall_fscore_support(true, predicted, labels=list(names), zero_division=0)
    labels = _labels(names, columns)
    return StanceScores(_mean_f1(labels), float(accuracy_score(true, predicted)), labels)


def topic_scores(
    true: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]], names: Sequence[str]
) -> TopicScores:
    """Compare sets of topics, both of length n, over the given names; a name that never occurs scores 0.

    A predicted topic outside the names counts as wrong in ``micro_f1`` and ``exact``.
    """
    pairs = [(set(left), set(right)) for left, right in zip(true, predicted, strict=True)]
    labels = {}
    for name in names:
        right = sum(name in left and name in guess for left, guess in pairs)
        given, support = sum(name in guess for _, guess in pairs), sum(name in left for left, _ in pairs)
        labels[name] = LabelScore(
            _share(right, given), _share(right, support), _share(2 * right, given + support), support
        )
    hits = sum(len(left & guess) for left, guess in pairs)
    micro = _share(2 * hits, sum(len(left) + len(guess) for left, guess in pairs))
    return TopicScores(micro, _mean_f1(labels), _share(sum(left == guess for left, guess in pairs), len(pairs)), labels)


def probability_measure(of_true: ArrayLike, confidence: ArrayLike, right: ArrayLike) -> Measure:
    """Return the figures of probabilities as a function of weights: ``log_loss`` and ``ece``.

    ``log_loss`` is the mean of the negative natural logarithm of the true label's probability, which is cut at 2.2e-16:
    a label that was never trained costs 36. ``ece``, the expected calibration error, is the distance between
    confidence and accuracy in each of :data:`BINS` bins, weighted by the bin's share of the rows, in [0, 1] (Guo et al.
    2017, equation 3). A bin holds its upper end.

    Args:
        of_true: Probability of each row's true label, of shape (rows,); or of shape (rows, topics), where each topic is
            a label of its own, "has it" or "has it not", and the figures are of all of these together.
        confidence: Probability of the given label; of a topic, that the text has it.
        right: Whether the given label is the true one; of a topic, whether the text has it.
    """
    loss = -np.log(np.clip(_columns(of_true), _LEAST, 1))
    apart = _columns(right) - _columns(confidence)
    places = _bins(_columns(confidence))
    gaps = np.zeros((len(apart), BINS))
    for column, own in zip(apart.T, places.T, strict=True):
        gaps[np.arange(len(own)), own] += column / apart.shape[1]
    terms = np.column_stack([gaps, loss.mean(axis=1)])

    def measure(weights: Floats) -> dict[str, Floats]:
        sums = weights @ terms / weights.sum(axis=1, keepdims=True)
        return {"log_loss": sums[:, -1], "ece": np.abs(sums[:, :-1]).sum(axis=1)}

    return measure


def reliability(confidence: Sequence[float], right: Sequence[bool]) -> list[Bin]:
    """Return the bins of a reliability diagram, from the least confident to the most."""
    places = _bins(confidence)
    known, hits = np.asarray(confidence, dtype=np.float64), np.asarray(right, dtype=np.float64)
    found = []
    for place in range(BINS):
        own = places == place
        count = int(own.sum())
        means = (float(known[own].mean()), float(hits[own].mean())) if count else (float("nan"), float("nan"))
        found.append(Bin(place / BINS, (place + 1) / BINS, count, *means))
    return found


def coverage(confidence: Sequence[float], right: Sequence[bool]) -> list[tuple[float, float, float]]:
    """Return what remains when the least confident answers are left open.

    Returns:
        For each distinct confidence, the highest first: the confidence from which answers are given, the share of rows
        that then have one, in (0, 1], and the share of those that is right, in [0, 1].
    """
    known = np.asarray(confidence, dtype=np.float64)
    order = np.argsort(-known, kind="stable")
    given = np.arange(1, len(order) + 1)
    hits = np.cumsum(np.asarray(right, dtype=np.float64)[order])
    # Answers of one confidence are given together.
    last = np.flatnonzero(np.append(np.diff(known[order]) != 0, True))
    return [
        (float(known[order[place]]), float(given[place] / len(order)), float(hits[place] / given[place]))
        for place in last.tolist()
    ]


def nearest_steps(steps: Sequence[tuple[float, float, float]], parts: int) -> list[tuple[float, float, float]]:
    """Return the steps of :func:`coverage` next to so many equal parts of the coverage, each once."""
    shares = np.array([share for _, share, _ in steps])
    nearest = dict.fromkeys(int(np.abs(shares - part / parts).argmin()) for part in range(1, parts + 1))
    return [steps[at] for at in nearest]


def surest_quarters(steps: Sequence[Sequence[float]]) -> tuple[list[str], list[float], list[str]]:
    """Return what is right of the surest answers at each quarter of them.

    Args:
        steps: Those of :func:`coverage`.

    Returns:
        The share of answers in words; the share of them that is right; and the least confidence, cut to three digits,
        so that at least these answers reach it.
    """
    shown = nearest_steps([(least, share, right) for least, share, right in steps], 4)
    cut = [f"{int(least * 1000) / 1000:.3f}" for least, _, _ in shown]
    return [f"{share:.0%}" for _, share, _ in shown], [right for _, _, right in shown], cut


def _columns(values: ArrayLike) -> Floats:
    """Return values as a table with a row each."""
    found = np.asarray(values, dtype=np.float64)
    return found[:, None] if found.ndim == 1 else found


def _bins(confidence: ArrayLike) -> "np.ndarray[tuple[int, ...], np.dtype[np.int64]]":
    places = np.ceil(np.asarray(confidence, dtype=np.float64) * BINS).astype(np.int64) - 1
    return np.clip(places, 0, BINS - 1)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _labels(names: Sequence[str], columns: Sequence[Sequence[float]]) -> dict[str, LabelScore]:
    return {
        name: LabelScore(float(precision), float(recall), float(f1), int(support))
        for name, precision, recall, f1, support in zip(names, *columns, strict=True)
    }


def _mean_f1(labels: dict[str, LabelScore]) -> float:
    return sum(score.f1 for score in labels.values()) / len(labels)

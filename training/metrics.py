"""Figures of merit for stance and topics."""

from collections.abc import Sequence
from dataclasses import dataclass

from iraqstance.annotation.errors import from_extra

__all__ = ["LabelScore", "StanceScores", "TopicScores", "stance_scores", "topic_scores"]


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


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _labels(names: Sequence[str], columns: Sequence[Sequence[float]]) -> dict[str, LabelScore]:
    return {
        name: LabelScore(float(precision), float(recall), float(f1), int(support))
        for name, precision, recall, f1, support in zip(names, *columns, strict=True)
    }


def _mean_f1(labels: dict[str, LabelScore]) -> float:
    return sum(score.f1 for score in labels.values()) / len(labels)

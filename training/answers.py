"""What a model answered row by row: one stance, or a yes or no to each topic; and what is right of the surest."""

from collections.abc import Sequence
from typing import NamedTuple

from iraqstance.annotation.records import Prediction
from iraqstance.training.corpus import Corpus
from iraqstance.training.metrics import coverage

__all__ = ["StanceAnswer", "Step", "TopicAnswer", "stance_answers", "stance_steps", "topic_answers", "topic_steps"]

#: Confidence from which answers are given, the share of answers that are then, and the share of those that is right.
Step = tuple[float, float, float]


class StanceAnswer(NamedTuple):
    """Number of the row, its true stance, the given one and the probability of that, in [0, 1]."""

    row: int
    true: str
    given: str
    confidence: float


class TopicAnswer(NamedTuple):
    """Number of the row, whether it has the topic, whether it was given it, and with which probability, in [0, 1]."""

    row: int
    topic: str
    has: bool
    given: bool
    share: float


def stance_answers(tested: Corpus, said: Sequence[Prediction], target: str) -> list[StanceAnswer]:
    """Return the answer to each row about a target.

    Args:
        tested: The rows.
        said: The prediction for each.
        target: Name of the target.
    """
    return [
        StanceAnswer(row, true, one.stance or "", max((one.stance_scores or {"": 0.0}).values()))
        for row, (true, one) in enumerate(zip(tested.stances or (), said, strict=True))
        if tested.targets is None or tested.targets[row] == target
    ]


def topic_answers(tested: Corpus, said: Sequence[Prediction]) -> list[TopicAnswer]:
    """Return the answer to each topic of the tested rows, for each text once."""
    names = sorted({topic for row in tested.topics or () for topic in row})
    return [
        TopicAnswer(row, name, name in true, name in (one.topics or ()), (one.topic_scores or {}).get(name, 0.0))
        for row, true, one in _of_texts(tested, said)
        for name in names
    ]


def stance_steps(tested: Corpus, said: Sequence[Prediction], target: str) -> list[Step]:
    """Return what is right of the surest stances, as :func:`~iraqstance.training.metrics.coverage` does."""
    answers = stance_answers(tested, said, target)
    return coverage([one.confidence for one in answers], [one.true == one.given for one in answers])


def topic_steps(tested: Corpus, said: Sequence[Prediction]) -> list[Step]:
    """Return what is right of the surest of the given topics, also of those that no tested row has."""
    given = [
        ((one.topic_scores or {}).get(name, 0.0), name in true)
        for _, true, one in _of_texts(tested, said)
        for name in one.topics or ()
    ]
    return coverage([share for share, _ in given], [right for _, right in given])


def _of_texts(tested: Corpus, said: Sequence[Prediction]) -> list[tuple[int, tuple[str, ...], Prediction]]:
    """Return row, topics and prediction of each text once, however many targets it has."""
    first = {text: row for row, text in reversed(list(enumerate(tested.texts)))}
    return [
        (row, true, one)
        for row, (true, one) in enumerate(zip(tested.topics or (), said, strict=True))
        if first[tested.texts[row]] == row
    ]

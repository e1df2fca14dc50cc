"""Answers row by row: a text counts once among the topics, and every topic that is given counts."""

import pytest
from iraqstance.annotation.records import Prediction
from iraqstance.training.answers import (
    StanceAnswer,
    TopicAnswer,
    stance_answers,
    stance_steps,
    topic_answers,
    topic_steps,
)
from iraqstance.training.corpus import Corpus

TESTED = Corpus(
    "cups",
    ("fine tea", "bad tea", "fine tea"),
    ("pro", "con", "con"),
    (("hot",), ("hot", "sweet"), ("hot",)),
    targets=("ours", "ours", "theirs"),
)


def said(text: str, pro: float, **shares: float) -> Prediction:
    """Return a prediction that gives every topic of 0.5 or more."""
    stances = {"con": 1 - pro, "pro": pro}
    given = tuple(name for name, share in shares.items() if share >= 0.5)
    return Prediction(text, max(stances, key=lambda name: stances[name]), stances, given, shares)


SAID = (
    said("fine tea", 0.75, hot=0.875, sweet=0.25, cold=0.5),
    said("bad tea", 0.625, hot=0.25, sweet=0.625, cold=0.25),
    said("fine tea", 0.25, hot=0.875, sweet=0.25, cold=0.5),
)


def test_each_target_has_the_answers_to_its_own_rows() -> None:
    assert stance_answers(TESTED, SAID, "ours") == [
        StanceAnswer(0, "pro", "pro", 0.75),
        StanceAnswer(1, "con", "pro", 0.625),
    ]
    assert stance_answers(TESTED, SAID, "theirs") == [StanceAnswer(2, "con", "con", 0.75)]
    assert stance_steps(TESTED, SAID, "ours") == [(0.75, 0.5, 1.0), (0.625, 1.0, 0.5)]


def test_each_text_has_an_answer_to_each_topic_of_the_data_once() -> None:
    assert topic_answers(TESTED, SAID) == [
        TopicAnswer(0, "hot", has=True, given=True, share=0.875),
        TopicAnswer(0, "sweet", has=False, given=False, share=0.25),
        TopicAnswer(1, "hot", has=True, given=False, share=0.25),
        TopicAnswer(1, "sweet", has=True, given=True, share=0.625),
    ]


def test_a_given_topic_that_no_row_has_counts_as_wrong_among_the_surest() -> None:
    """Given are hot with 0.875 and sweet with 0.625, which are right, and cold with 0.5."""
    assert topic_steps(TESTED, SAID) == [
        (0.875, pytest.approx(1 / 3), 1.0),
        (0.625, pytest.approx(2 / 3), 1.0),
        (0.5, 1.0, pytest.approx(2 / 3)),
    ]

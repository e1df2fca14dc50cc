"""Many texts are labelled in order, each by its own target, and no further than needed."""

import math
from collections.abc import Iterator
from itertools import count, islice

import pytest
from iraqstance.annotation.errors import UsageError
from iraqstance.annotation.records import Prediction
from iraqstance.training.classifier import Classifier, fit
from iraqstance.training.corpus import Corpus
from iraqstance.training.labelling.labeller import Labeller, label_texts, left_open
from iraqstance.training.labelling.text_rows import TextRow
from opinions import TEXTS, TOPICS


def test_the_order_is_kept_over_many_texts(model: Classifier) -> None:
    """More than are labelled at a time."""
    texts = [f"{TEXTS[number % 6]} {number}" for number in range(2_500)]
    found = list(label_texts(model, map(TextRow, texts)))
    assert [prediction.text for prediction in found] == texts
    assert [prediction.stance for prediction in found[-6:]] == [prediction.stance for prediction in found[4:10]]


def test_each_row_may_have_a_target_of_its_own(two_targets: Classifier) -> None:
    rows = [TextRow(TEXTS[0], ("ours", "theirs", None)[number % 3]) for number in range(1_200)]
    found = [prediction.stance for prediction in label_texts(two_targets, rows, "theirs")]
    assert found == ["likes", "dislikes", "dislikes"] * 400


def test_a_row_without_a_target_needs_one_where_the_model_has_several(two_targets: Classifier) -> None:
    with pytest.raises(UsageError, match=r"the model holds several targets .*ours, theirs"):
        list(label_texts(two_targets, [TextRow("Tea", "ours"), TextRow("Tea")]))


def test_texts_are_read_no_further_than_needed(model: Classifier) -> None:
    """A stream without end is labelled as it comes."""
    taken: list[int] = []

    def endless() -> Iterator[TextRow]:
        for number in count():
            taken.append(number)
            yield TextRow(f"Tea {number}")

    assert len(list(islice(label_texts(model, endless()), 5))) == 5
    assert len(taken) <= 1_000


def test_below_the_bound_the_stance_is_left_open_and_topics_go() -> None:
    said = Prediction("Tea", "pro", {"con": 0.25, "pro": 0.75}, ("hot", "sweet"), {"hot": 0.5, "sweet": 0.625})
    assert left_open(said, 0) == left_open(said, 0.5) == said
    assert left_open(said, 0.75).stance == "pro"
    found = left_open(said, 0.76)
    assert (found.stance, found.stance_scores, found.topics, found.topic_scores) == (
        None,
        said.stance_scores,
        (),
        said.topic_scores,
    )
    assert left_open(said, 0.6).topics == ("sweet",)
    assert left_open(Prediction("Tea", None, None, ("hot",), {"hot": 0.5}), 1).stance is None
    for bound in (-0.1, 1.1, math.nan):
        with pytest.raises(UsageError, match="expected 0 to 1"):
            left_open(said, bound)


def test_a_model_of_topics_explains_the_most_probable_topic() -> None:
    topics = fit(Corpus("cups", TEXTS, None, TOPICS))
    labeller = Labeller(topics, terms=1)
    ((labelled,),) = labeller.label([TextRow("Burnt coffee")])
    explanation = labeller.explain(labelled)
    assert explanation is not None
    assert explanation.label == "coffee"


def test_rows_of_an_unknown_target_have_an_error(two_targets: Classifier) -> None:
    rows = [TextRow("Tea", name) for name in ("ours", "", "nobody's", "theirs")]
    (found,) = Labeller(two_targets).label(rows)
    errors = [one.row.error for one in found]
    assert errors == ["", "the row names no target.", 'the model holds no such target: "nobody\'s".', ""]
    (found,) = Labeller(two_targets, "ours").label(rows)
    assert [bool(one.row.error) for one in found] == [False, False, True, False]

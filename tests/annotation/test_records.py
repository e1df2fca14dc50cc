"""The types that cross borders: frozen, compared by value, with the defaults that readers rely on."""

from dataclasses import FrozenInstanceError, asdict, fields, is_dataclass

import pytest
from iraqstance.annotation.records import Issue, Judgement, Label, Paragraph, Prediction

EXAMPLES = [
    Paragraph("a/001", "a", 0, 4, "Rain", "0" * 64),
    Judgement("a/001", "annotator-1", {"dam": "favor"}, ("water",)),
    Label("a/001", {"dam": "favor"}, ("water",), {"stance": {"favor": 2}}, {"stance": "majority"}),
    Prediction("Rain"),
    Issue("draft", "warning", "task 1", "one draft"),
]


@pytest.mark.parametrize("record", EXAMPLES, ids=lambda record: type(record).__name__)
def test_a_record_cannot_be_changed_in_place(record: object) -> None:
    assert is_dataclass(record)
    name = fields(record)[0].name
    with pytest.raises(FrozenInstanceError):
        setattr(record, name, "other")


@pytest.mark.parametrize("record", EXAMPLES, ids=lambda record: type(record).__name__)
def test_a_record_takes_no_field_beyond_its_own(record: object) -> None:
    assert not hasattr(record, "__dict__")


@pytest.mark.parametrize("record", EXAMPLES, ids=lambda record: type(record).__name__)
def test_records_of_equal_fields_are_equal(record: object) -> None:
    assert is_dataclass(record)
    assert not isinstance(record, type)
    assert type(record)(**asdict(record)) == record


def test_a_judgement_is_a_person_s_independent_and_sure_one_unless_it_says_otherwise() -> None:
    judgement = Judgement("a/001", "annotator-1", {"dam": "favor"}, ("water",))
    assert (judgement.kind, judgement.round) == ("person", "independent")
    assert (judgement.unsure, judgement.comment) == (False, "")


def test_a_prediction_holds_nothing_that_its_model_does_not() -> None:
    assert asdict(Prediction("Rain")) == {
        "text": "Rain",
        "stance": None,
        "stance_scores": None,
        "topics": None,
        "topic_scores": None,
    }

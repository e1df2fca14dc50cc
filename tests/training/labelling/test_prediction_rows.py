"""A prediction as a row has what its model holds."""

from iraqstance.annotation.records import Prediction
from iraqstance.training.labelling.prediction_rows import prediction_row


def test_an_open_stance_is_written_as_nothing() -> None:
    row = prediction_row(Prediction("Tea", None, {"con": 0.5, "pro": 0.5}, (), {"hot": 0.1}))
    assert row["stance"] is None
    assert row["topics"] == []


def test_a_row_leaves_out_what_the_model_does_not_hold() -> None:
    assert prediction_row(Prediction("Tea", "pro", {"pro": 1.0})) == {
        "text": "Tea",
        "stance": "pro",
        "stance_scores": {"pro": 1.0},
    }
    assert prediction_row(Prediction("Tea", None, None, ("hot",), {"hot": 2 / 3})) == {
        "text": "Tea",
        "topics": ["hot"],
        "topic_scores": {"hot": 0.666667},
    }

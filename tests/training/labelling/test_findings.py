"""Labels and scores of many texts are those that the scorer gives one by one."""

import json

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from iraqstance.annotation.errors import UsageError
from iraqstance.training.flat.scorer import Scorer
from iraqstance.training.labelling.findings import Finder, millionths
from iraqstance.training.labelling.labeller import left_open
from iraqstance.training.labelling.prediction_rows import prediction_row
from iraqstance.training.labelling.score_digits import score_strings, score_texts
from opinions import TEXTS


@given(st.floats(0, 1))
@example(0.0000005)
@example(0.1234565)
@example(0.5000005)
@example(2.5e-06)
@example(0.9999995)
def test_scores_are_rounded_as_python_rounds(share: float) -> None:
    (found,) = (millionths(np.array([share])) / 1_000_000).tolist()
    assert found == round(share, 6)


def test_halves_of_millionths_are_rounded_as_python_rounds() -> None:
    shares = (np.arange(200_000) * 5 + 0.5) / 1_000_000
    assert (millionths(shares) / 1_000_000).tolist() == [round(share, 6) for share in shares.tolist()]


def test_every_score_is_written_as_json_writes_it() -> None:
    every = np.arange(1_000_001)[:, None]
    expected = [json.dumps(number / 1_000_000) for number in range(1_000_001)]
    assert score_strings(every) == [expected]
    assert score_texts(every[:200]) == [[text.encode() for text in expected[:200]]]


@pytest.mark.parametrize("least", [0.0, 0.6, 1.0])
@pytest.mark.parametrize("compiled", [False, True])
def test_many_are_labelled_as_one_is(scorer: Scorer, least: float, *, compiled: bool) -> None:
    texts = [*TEXTS, "tea #FreshTea", "İ", "nothing of it", "Burnt burnt burnt tea"]
    found = Finder(scorer, least).of_texts(texts, [None] * len(texts), compiled=compiled)
    for number, text in enumerate(texts):
        (alone,) = scorer.predict([text])
        assert prediction_row(found.prediction(number, text)) == prediction_row(left_open(alone, least))


def test_no_texts_have_no_labels(scorer: Scorer) -> None:
    found = Finder(scorer, 0).of_texts([], [], compiled=False)
    assert (len(found.stance), found.stance_scores.shape, found.chosen.shape) == (0, (0, 2), (0, 2))


def test_a_bound_is_a_probability_and_a_target_is_named(scorer: Scorer, two_target_scorer: Scorer) -> None:
    with pytest.raises(UsageError, match=r"expected 0 to 1, got 1\.5"):
        Finder(scorer, 1.5)
    with pytest.raises(UsageError, match="the model holds several targets"):
        Finder(two_target_scorer, 0).of_texts(["Tea"], [None], compiled=False)

"""NumPy alone scores texts as the pipelines do, in batches of any size."""

import numpy as np
import pytest
from flat_models import LONG_TEXTS, MODELS, ODD_TEXTS, TRAINED_ON, any_texts, assert_alike, scorer_of, scores_by
from hypothesis import given, settings
from iraqstance.training.flat.array_engine import ArrayEngine, Arrays

MODEL = "nine topics"


@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=8)
@given(texts=any_texts())
def test_any_texts_are_scored_as_by_the_pipelines(name: str, texts: list[str]) -> None:
    assert_alike(name, "arrays", texts)


@pytest.mark.parametrize("name", MODELS)
def test_odd_texts_are_scored_as_by_the_pipelines(name: str) -> None:
    assert_alike(name, "arrays", ODD_TEXTS)


@pytest.mark.parametrize("name", ["two stances", "two or three words"])
def test_long_texts_are_scored_as_by_the_pipelines(name: str) -> None:
    assert_alike(name, "arrays", LONG_TEXTS)


@pytest.mark.parametrize(("texts", "characters"), [(1, 10**6), (7, 10**6), (10**6, 1), (10**6, 50), (3, 100)])
def test_scores_do_not_depend_on_batches(texts: int, characters: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = scores_by(MODEL, "arrays", ODD_TEXTS)
    monkeypatch.setattr("iraqstance.training.flat.array_engine._TEXTS", texts)
    monkeypatch.setattr("iraqstance.training.flat.array_engine._CHARACTERS", characters)
    np.testing.assert_allclose(scores_by(MODEL, "arrays", ODD_TEXTS), whole, rtol=0, atol=1e-12)


@pytest.mark.parametrize("long", [0, 1, 2, 5])
def test_words_that_are_hashed_on_their_own_have_the_same_keys(long: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = scores_by(MODEL, "arrays", ODD_TEXTS)
    monkeypatch.setattr("iraqstance.training.flat.array_engine._LONG", long)
    assert (scores_by(MODEL, "arrays", ODD_TEXTS) == whole).all()


def test_the_order_of_texts_does_not_count() -> None:
    whole = scores_by(MODEL, "arrays", ODD_TEXTS)
    np.testing.assert_allclose(scores_by(MODEL, "arrays", ODD_TEXTS[::-1])[::-1], whole, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", ["nine topics", "a constant alone"])
def test_no_texts_have_no_scores(name: str) -> None:
    model = scorer_of(name, "arrays").model
    assert ArrayEngine(model, Arrays.of(model)).scores([]).shape == (0, model.columns)


def test_arrays_have_the_shapes_that_they_say() -> None:
    model = scorer_of(MODEL, "arrays").model
    arrays = Arrays.of(model)
    assert arrays.keys.shape == arrays.ids.shape
    assert arrays.rows.shape == (np.count_nonzero(arrays.keys), model.stride)
    assert arrays.intercepts.shape == arrays.spaces.shape == (model.columns,)
    assert not any(array.flags.writeable for array in arrays[:4])
    assert scores_by(MODEL, "arrays", TRAINED_ON).dtype == np.float64

"""Members average to one linear model, which scikit-learn's own types hold."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from iraqstance.training.linear import Linear, Owners, averaged, fitted, logistic, one_vs_rest
from iraqstance.training.recipe import Member
from scipy import sparse

RANDOM = np.random.default_rng(5)
TABLE = RANDOM.integers(0, 2, (40, 3))
BLOCKS = {
    "word": sparse.csr_array(RANDOM.random((40, 6)) + TABLE @ RANDOM.random((3, 6))),
    "char": sparse.csr_array(RANDOM.random((40, 4))),
}
FEATURES = sparse.hstack(list(BLOCKS.values()), format="csr")
MEMBERS = (Member(("word", "char"), 1.0), Member(("word",), 0.3), Member(("char",), 1.0))
FLOATS = st.floats(-50, 50)


def only(members: tuple[Member, ...], **options: Any) -> Linear:
    (model,) = fitted(members, BLOCKS, TABLE, balanced=True, **options)
    return model


def test_the_average_decides_as_the_mean_of_its_members() -> None:
    expected = np.mean([only((member,)).scores(FEATURES) for member in MEMBERS], axis=0)
    assert only(MEMBERS).scores(FEATURES) == pytest.approx(expected)


@given(arrays(float, (3, 2, 5), elements=FLOATS), arrays(float, (3, 2), elements=FLOATS))
def test_averaging_models_averages_their_scores(coefficients: Any, intercepts: Any) -> None:
    models = [Linear(left, right) for left, right in zip(coefficients, intercepts, strict=True)]
    rows = np.eye(5)
    expected = np.mean([model.scores(rows) for model in models], axis=0)
    assert averaged(models).scores(rows) == pytest.approx(expected, abs=1e-9)


def test_a_member_sees_its_own_blocks_alone() -> None:
    model = only((Member(("char",), 1.0),))
    assert not model.coefficients[:, :6].any()
    assert model.coefficients[:, 6:].all()


def test_a_column_that_never_varies_has_a_margin_and_no_weight() -> None:
    (model,) = fitted(MEMBERS, BLOCKS, np.array([[0, 1]] * 40), balanced=True)
    assert not model.coefficients.any()
    assert model.intercepts.tolist() == [-1, 1]


@pytest.mark.parametrize("classes", [["a", "b"], ["a", "b", "c"]])
def test_the_logistic_regression_gives_the_softmax_of_the_scores(classes: list[str]) -> None:
    model = only(MEMBERS).columns(range(len(classes)))
    exponents = np.exp(model.scores(FEATURES))
    made = logistic(model, classes)
    assert made.predict_proba(FEATURES) == pytest.approx(exponents / exponents.sum(axis=1, keepdims=True))
    assert made.predict(FEATURES).tolist() == [classes[number] for number in exponents.argmax(axis=1)]


def test_one_column_speaks_for_the_second_of_two_classes() -> None:
    model = only(MEMBERS).columns([0])
    shares = logistic(model, ["con", "pro"]).predict_proba(FEATURES)
    assert shares[:, 1] == pytest.approx(1 / (1 + np.exp(-model.scores(FEATURES)[:, 0])))


@pytest.mark.parametrize("columns", [[0], [0, 1, 2]])
def test_one_vs_rest_gives_the_sigmoid_of_each_score(columns: list[int]) -> None:
    model = only(MEMBERS).columns(columns)
    shares = one_vs_rest(model, TABLE[:, columns]).predict_proba(FEATURES)
    assert shares[:, -len(columns) :] == pytest.approx(1 / (1 + np.exp(-model.scores(FEATURES))))


def test_a_topic_of_every_row_or_none_is_certain() -> None:
    table = np.hstack([np.ones((40, 1), int), np.zeros((40, 1), int), TABLE[:, :1]])
    (model,) = fitted(MEMBERS, BLOCKS, table, balanced=True)
    shares = one_vs_rest(model, table).predict_proba(FEATURES)
    assert shares[:, 0] == pytest.approx(1)
    assert shares[:, 1] == pytest.approx(0)


@given(st.floats(0.01, 50))
def test_temperature_leaves_the_most_probable_class(slope: float) -> None:
    model = only(MEMBERS)
    assert (model.scaled(slope).scores(FEATURES).argmax(axis=1) == model.scores(FEATURES).argmax(axis=1)).all()


def test_targets_share_what_they_have_in_common_and_keep_what_is_their_own() -> None:
    """A target without rows gets the shared part alone."""
    owners = Owners(np.arange(40) % 2, copies=3)
    models = fitted(MEMBERS[:1], BLOCKS, TABLE, balanced=True, owners=owners)
    assert len(models) == 3
    left, right, shared = (model.coefficients for model in models)
    assert shared == pytest.approx((left + right) / 3, abs=1e-3)  # the optimum: each own part is a half of the shared
    assert not np.allclose(left, right)


def test_fitting_twice_gives_the_same_figures() -> None:
    assert np.array_equal(only(MEMBERS).coefficients, only(MEMBERS).coefficients)

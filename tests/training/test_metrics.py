"""Figures of merit, against values worked out by hand and against their definitions."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iraqstance.training.metrics import (
    BINS,
    LabelScore,
    coverage,
    nearest_steps,
    probability_measure,
    reliability,
    stance_scores,
    topic_scores,
)
from sklearn.metrics import log_loss

NAMES = ("con", "pro", "none")
stances = st.sampled_from(NAMES)
sets = st.lists(st.sampled_from(("hot", "cold", "sweet")), min_size=1, max_size=3, unique=True)


def test_stances_against_values_worked_out_by_hand() -> None:
    """Of three that are pro, two were found; one con was called pro."""
    found = stance_scores(["pro", "pro", "pro", "con"], ["pro", "pro", "none", "pro"], NAMES)
    assert found.accuracy == 0.5
    assert found.labels["pro"] == LabelScore(pytest.approx(2 / 3), pytest.approx(2 / 3), pytest.approx(2 / 3), 3)
    assert found.labels["con"] == LabelScore(0, 0, 0, 1)
    assert found.labels["none"] == LabelScore(0, 0, 0, 0)
    assert found.macro_f1 == pytest.approx(2 / 9)


def test_topics_against_values_worked_out_by_hand() -> None:
    true = [["hot"], ["hot", "sweet"], ["cold"]]
    found = topic_scores(true, [["hot"], ["hot"], ["sweet"]], ["hot", "cold", "sweet"])
    assert found.exact == pytest.approx(1 / 3)
    assert found.micro_f1 == pytest.approx(4 / 7)  # two of three given are right, two of four were found
    assert {name: score.f1 for name, score in found.labels.items()} == {"hot": 1, "cold": 0, "sweet": 0}
    assert found.macro_f1 == pytest.approx(1 / 3)
    assert [score.support for score in found.labels.values()] == [2, 1, 1]


def test_labels_stand_in_the_given_order() -> None:
    assert list(stance_scores(["pro"], ["pro"], NAMES).labels) == list(NAMES)
    assert list(topic_scores([["hot"]], [["hot"]], ["sweet", "hot"]).labels) == ["sweet", "hot"]


def test_the_order_within_a_set_is_of_no_account() -> None:
    assert topic_scores([["hot", "sweet"]], [["sweet", "hot"]], ["hot", "sweet"]).exact == 1


def test_a_prediction_that_is_none_of_the_names_is_wrong() -> None:
    found = stance_scores(["pro", "con"], ["pro", "perhaps"], ["con", "pro"])
    assert (found.accuracy, found.labels["con"].recall) == (0.5, 0)


def test_one_topic_alone_is_scored() -> None:
    found = topic_scores([["hot"], ["hot"]], [["hot"], []], ["hot"])
    assert found.labels["hot"] == LabelScore(1, 0.5, pytest.approx(2 / 3), 2)
    assert found.exact == 0.5


@given(st.lists(stances, min_size=1, max_size=20))
@settings(max_examples=50)
def test_what_is_all_right_scores_one(true: list[str]) -> None:
    names = sorted(set(true))
    found = stance_scores(true, true, names)
    assert (found.accuracy, found.macro_f1) == (1, 1)
    assert sum(score.support for score in found.labels.values()) == len(true)


@given(st.lists(st.tuples(stances, stances), min_size=1, max_size=20))
@settings(max_examples=100)
def test_stance_figures_keep_to_their_definitions(pairs: list[tuple[str, str]]) -> None:
    true, guess = zip(*pairs, strict=True)
    found = stance_scores(true, guess, NAMES)
    for name, score in found.labels.items():
        hits = sum(pair == (name, name) for pair in pairs)
        assert score.precision == pytest.approx(hits / guess.count(name) if name in guess else 0)
        assert score.recall == pytest.approx(hits / true.count(name) if name in true else 0)
        assert score.f1 == pytest.approx(2 * hits / max(1, true.count(name) + guess.count(name)))
    assert found.accuracy == pytest.approx(sum(left == right for left, right in pairs) / len(pairs))
    assert found.macro_f1 == pytest.approx(sum(score.f1 for score in found.labels.values()) / 3)


@given(st.lists(st.tuples(sets, sets), min_size=1, max_size=12))
@settings(max_examples=100)
def test_topic_figures_keep_to_their_definitions(pairs: list[tuple[list[str], list[str]]]) -> None:
    true, guess = zip(*pairs, strict=True)
    found = topic_scores(true, guess, ["cold", "hot", "sweet"])
    hits = sum(len(set(left) & set(right)) for left, right in pairs)
    given = sum(map(len, true)) + sum(map(len, guess))
    assert found.micro_f1 == pytest.approx(2 * hits / given)
    assert found.exact == pytest.approx(sum(set(left) == set(right) for left, right in pairs) / len(pairs))
    assert found.macro_f1 == pytest.approx(sum(score.f1 for score in found.labels.values()) / 3)


def test_log_loss_is_scikit_learns_also_on_a_resample() -> None:
    shares = np.random.default_rng(1).dirichlet([1, 1, 1], 40)
    true = np.random.default_rng(2).integers(0, 3, 40)
    measure = probability_measure(shares[np.arange(40), true], shares.max(axis=1), shares.argmax(axis=1) == true)
    counts = np.random.default_rng(3).integers(0, 4, 40)
    found = measure(np.vstack([np.ones(40), counts]).astype(float))["log_loss"]
    assert found[0] == pytest.approx(log_loss(true, shares, labels=[0, 1, 2]))
    assert found[1] == pytest.approx(log_loss(true, shares, labels=[0, 1, 2], sample_weight=counts))


def test_a_probability_of_zero_costs_what_scikit_learn_lets_it_cost() -> None:
    found = probability_measure([0.0], [1.0], [False])(np.ones((1, 1)))
    assert found["log_loss"][0] == pytest.approx(log_loss([0], [[0.0, 1.0]], labels=[0, 1]))
    assert found["ece"][0] == 1


def test_calibration_error_against_a_value_worked_out_by_hand() -> None:
    """Two answers of 0.9 of which one is right, two of 0.5 that are both right: (2 x 0.4 + 2 x 0.5) / 4."""
    measure = probability_measure([0.5] * 4, [0.9, 0.9, 0.5, 0.5], [True, False, True, True])
    assert measure(np.ones((1, 4)))["ece"][0] == pytest.approx(0.45)
    assert measure(np.array([[1.0, 1, 0, 0]]))["ece"][0] == pytest.approx(0.4)


def test_within_a_bin_mistakes_either_way_cancel_out() -> None:
    assert probability_measure([0.5] * 2, [0.5, 0.5], [True, False])(np.ones((1, 2)))["ece"][0] == 0


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=30))
@settings(max_examples=100)
def test_a_reliability_diagram_holds_every_answer_in_its_bin_and_gives_the_error(
    answers: list[tuple[float, bool]],
) -> None:
    confidence, right = zip(*answers, strict=True)
    bins = reliability(confidence, right)
    assert len(bins) == BINS
    assert sum(one.count for one in bins) == len(answers)
    for one in bins:
        assert math.isnan(one.accuracy) == (one.count == 0)
        assert one.count == 0 or one.low - 1e-9 <= one.confidence <= one.high + 1e-9
    error = sum(one.count * abs(one.accuracy - one.confidence) for one in bins if one.count) / len(answers)
    assert probability_measure(confidence, confidence, right)(np.ones((1, len(answers))))["ece"][0] == pytest.approx(
        error
    )


def test_probabilities_of_topics_are_those_of_all_yes_and_no_answers_together() -> None:
    """A resample draws texts, each with all its topics."""
    random = np.random.default_rng(1)
    shares, has = random.random((40, 3)), random.random((40, 3)) < 0.4
    of_true = np.where(has, shares, 1 - shares)
    counts = random.integers(0, 4, 40)
    weights = np.vstack([np.ones(40), counts]).astype(float)
    found = probability_measure(of_true, shares, has)(weights)
    each = probability_measure(of_true.ravel(), shares.ravel(), has.ravel())(np.repeat(weights, 3, axis=1))
    assert found["log_loss"] == pytest.approx(each["log_loss"])
    assert found["ece"] == pytest.approx(each["ece"])
    alone = [log_loss(own, share, labels=[0, 1]) for own, share in zip(has.T, shares.T, strict=True)]
    assert found["log_loss"][0] == pytest.approx(np.mean(alone))


def test_of_many_steps_those_next_to_equal_parts_are_kept_once() -> None:
    steps = coverage([0.9, 0.8, 0.7, 0.6, 0.5], [True] * 5)
    assert [share for _, share, _ in nearest_steps(steps, 2)] == [0.4, 1.0]
    assert nearest_steps(steps, 10) == steps
    assert nearest_steps([(0.5, 1.0, 0.75)], 4) == [(0.5, 1.0, 0.75)]


def test_coverage_against_values_worked_out_by_hand() -> None:
    """Answers of one confidence are given together."""
    found = coverage([0.5, 0.9, 0.5, 0.7], [False, True, True, False])
    assert found == [(0.9, 0.25, 1.0), (0.7, 0.5, 0.5), (0.5, 1.0, 0.5)]

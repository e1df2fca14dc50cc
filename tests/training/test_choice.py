"""Settings, temperature and threshold come from folds of whole groups inside the training data."""

from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from iraqstance.training.choice import (
    Choice,
    Task,
    best_threshold,
    choose,
    group_numbers,
    inner_folds,
    sharing_helps,
    temperature,
)
from iraqstance.training.features import counted
from iraqstance.training.linear import Owners
from iraqstance.training.recipe import baseline_features, settings_for

WORDS = {"pro": ["lovely", "fresh", "mild", "sweet"], "con": ["awful", "stale", "burnt", "bitter"]}
OTHERS = ["tea", "coffee", "cup", "leaf", "milk", "sugar", "kettle", "spoon"]


def opinions(rows: int, seed: int = 0) -> tuple[list[str], np.ndarray]:
    """Return texts of four words, most of them telling, and 1 where they are for it."""
    random = np.random.default_rng(seed)
    sides = random.integers(0, 2, rows)
    texts = [
        " ".join(
            [*random.choice(WORDS["pro" if side != (random.random() < 0.2) else "con"], 2), *random.choice(OTHERS, 2)]
        )
        for side in sides
    ]
    return texts, sides


def task(rows: int, kind: Literal["one", "any"] = "one") -> Task:
    texts, sides = opinions(rows)
    table = sides[:, None] if kind == "one" else np.column_stack([sides, [("tea" in text) for text in texts]])
    features = baseline_features()
    return Task(features, counted(features, texts), table.astype(int), np.arange(rows) // 3, kind)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=80))
def test_no_fold_splits_a_group_and_each_row_is_held_out_once(groups: list[int]) -> None:
    numbers = np.array(groups)
    folds = inner_folds(numbers)
    assert len(folds) == min(5, len(set(groups)))
    for train, test in folds:
        assert len(test)
        assert not set(numbers[train]) & set(numbers[test])
    assert sorted(row for _, test in folds for row in test) == list(range(len(groups)))


def test_rows_of_one_text_are_a_group_where_there_are_no_others() -> None:
    assert group_numbers(None, ["a", "b", "a"]).tolist() == [0, 1, 0]
    assert group_numbers(["x", "x", "x"], ["a", "b", "a"]).tolist() == [0, 1, 0]
    assert group_numbers(["x", "x", "y"], ["a", "b", "a"]).tolist() == [0, 0, 1]


@given(arrays(float, (30, 3), elements=st.floats(-5, 5)), st.integers(0, 2**32 - 1))
def test_the_temperature_leaves_the_best_class_and_does_not_raise_the_loss(logits: Any, seed: int) -> None:
    true = np.random.default_rng(seed).integers(0, 3, 30)
    slope = temperature(logits, true)
    assert np.exp(-4) <= slope <= np.exp(4)

    def loss(by: float) -> float:
        shares = np.exp(by * logits) / np.exp(by * logits).sum(axis=1, keepdims=True)
        doubt = 1 / 32
        logs = -np.log(shares)
        return float(((1 - doubt) * logs[range(30), true] + doubt * logs.mean(axis=1)).mean())

    assert loss(slope) <= loss(1.0) + 1e-3


def micro_f1(shares: Any, table: Any, threshold: float) -> float:
    given_labels = shares >= threshold
    given_labels[np.arange(len(shares)), shares.argmax(axis=1)] = True
    return float(2 * (given_labels & (table == 1)).sum() / (given_labels.sum() + table.sum()))


@given(arrays(float, (12, 3), elements=st.floats(0.01, 0.99)), arrays(int, (12, 3), elements=st.integers(0, 1)))
def test_the_threshold_is_the_best_of_all(shares: Any, table: Any) -> None:
    found = best_threshold(shares, table)
    assert 0 < found < 1
    tried = [micro_f1(shares, table, float(share)) for share in shares.ravel()]
    assert micro_f1(shares, table, found) >= max(tried) - 1e-12


@pytest.mark.parametrize("kind", ["one", "any"])
def test_a_choice_is_one_of_the_candidates_and_always_the_same(kind: Literal["one", "any"]) -> None:
    settings = settings_for(["text of it"] * 150)
    first = choose(task(150, kind), settings)
    assert first == choose(task(150, kind), settings)
    assert first.candidate in settings.candidates
    assert first.slope > 0
    assert 0 < first.threshold < 1


@pytest.mark.parametrize("rows", [2, 29])
def test_of_few_rows_the_first_candidate_is_taken(rows: int) -> None:
    settings = settings_for(["text of it"] * rows)
    assert choose(task(rows), settings) == Choice(settings.candidates[0])


def test_of_a_single_group_the_first_candidate_is_taken() -> None:
    settings = settings_for(["text of it"] * 60)
    assert choose(replace(task(60), groups=np.zeros(60, int)), settings) == Choice(settings.candidates[0])


@pytest.mark.parametrize("calibrated_on", [1, 5])
def test_the_choice_on_a_sample_calibrates_on_all_rows(calibrated_on: int) -> None:
    settings = replace(settings_for(["text of it"] * 150), chosen_on=60, calibrated_on=calibrated_on)
    assert choose(task(150), settings).slope == pytest.approx(
        choose(task(150), settings_for([""] * 150)).slope, rel=0.9
    )


def test_a_class_that_a_fold_lacks_does_no_harm() -> None:
    lonely = task(60)
    table = np.zeros((60, 3), int)
    table[np.arange(60), lonely.table[:, 0]] = 1
    table[7] = [0, 0, 1]
    assert choose(replace(lonely, table=table), settings_for(["text of it"] * 60)).slope > 0


def test_labels_without_any_pattern_get_flat_probabilities() -> None:
    noise = np.random.default_rng(3).integers(0, 2, (150, 1))
    found = choose(replace(task(150), table=noise), settings_for(["text of it"] * 150))
    assert found.slope < choose(task(150), settings_for(["text of it"] * 150)).slope / 2


def shared_task(*, agree: bool) -> tuple[list[Task], Task]:
    """Return the tasks of two targets, alone and together: the same words mean the same of both, or the opposite."""
    random = np.random.default_rng(4)
    words = ["".join(random.choice(list("abcdefghijklmnopqrstuvwxyz"), 6)) for _ in range(120)]
    sides = random.integers(0, 2, 160)
    texts = [" ".join(random.choice(words[:60] if side else words[60:], 4)) for side in sides]
    owners = np.repeat([0, 1], 80)
    sides = sides if agree else np.where(owners == 1, 1 - sides, sides)
    features = baseline_features()
    together = Task(
        features, counted(features, texts), sides[:, None], np.arange(160), "one", owners=Owners(owners, copies=2)
    )
    apart = [replace(together.take(np.flatnonzero(owners == owner)), owners=None) for owner in (0, 1)]
    return apart, together


def test_targets_share_features_where_that_helps() -> None:
    settings = settings_for(["text of it"] * 160)
    assert sharing_helps(*shared_task(agree=True), settings)
    assert not sharing_helps(*shared_task(agree=False), settings)

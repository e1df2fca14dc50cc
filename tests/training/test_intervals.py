"""Intervals: resamples follow their scheme, every figure on them is scikit-learn's, and known cases come out."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iraqstance.annotation.errors import UsageError
from iraqstance.training.intervals import (
    FEW_GROUPS,
    Bootstrap,
    Floats,
    Measure,
    Scheme,
    bootstrap,
    mean_measure,
    resampled_weights,
    stance_measure,
    topic_measure,
    usual_scheme,
)
from iraqstance.training.metrics import stance_scores, topic_scores
from sklearn.metrics import accuracy_score, f1_score

NAMES = ("con", "none", "pro")
TASTES = ("cold", "hot", "sweet")
SCHEMES: tuple[Scheme, ...] = ("rows", "groups", "within", "two-stage")
GROUPS = ("tea",) * 4 + ("coffee",) * 9 + ("milk",) * 2 + ("water",) * 5

stances = st.sampled_from(NAMES)
sets = st.lists(st.sampled_from((*TASTES, "beyond")), max_size=3, unique=True)


def weights_of(scheme: Scheme, groups: Sequence[str] = GROUPS, resamples: int = 300) -> Floats:
    return np.concatenate(list(resampled_weights(len(groups), scheme, groups, resamples=resamples)))


def accuracy(right: Sequence[bool]) -> Measure:
    """How often a system is right, as a measure."""
    return stance_measure(["pro"] * len(right), ["pro" if one else "con" for one in right], NAMES)


def drawn(rows: int, seed: int) -> list[str]:
    return [NAMES[number] for number in np.random.default_rng(seed).integers(0, 3, rows)]


def test_each_figure_of_stances_is_scikit_learns_on_every_resample() -> None:
    true, guess = drawn(len(GROUPS), 1), drawn(len(GROUPS), 2)
    for scheme in SCHEMES:
        weights = weights_of(scheme, resamples=60)
        found = stance_measure(true, guess, NAMES, sides=("con", "pro"))(weights)
        for number, counts in enumerate(weights.astype(int)):
            own, said = np.repeat(true, counts), np.repeat(guess, counts)
            each = f1_score(own, said, labels=NAMES, average=None, zero_division=0)
            assert found["macro_f1"][number] == pytest.approx(each.mean())
            assert found["sides_f1"][number] == pytest.approx((each[0] + each[2]) / 2)
            assert found["accuracy"][number] == pytest.approx(accuracy_score(own, said))
            assert [found[f"f1_{name}"][number] for name in NAMES] == pytest.approx(each.tolist())


def test_each_figure_of_topics_is_scikit_learns_on_every_resample() -> None:
    random = np.random.default_rng(3)
    true, guess = (random.random((2, len(GROUPS), 3)) < 0.4).astype(int)
    named = [[[TASTES[column] for column in np.flatnonzero(row)] for row in table] for table in (true, guess)]
    for scheme in SCHEMES:
        weights = weights_of(scheme, resamples=60)
        found = topic_measure(*named, TASTES)(weights)
        for number, counts in enumerate(weights.astype(int)):
            own, said = np.repeat(true, counts, axis=0), np.repeat(guess, counts, axis=0)
            for average in ("micro", "macro"):
                wanted = f1_score(own, said, average=average, zero_division=0)
                assert found[f"{average}_f1"][number] == pytest.approx(wanted)
            assert found["exact"][number] == pytest.approx(accuracy_score(own, said))
            each = f1_score(own, said, average=None, zero_division=0).tolist()
            assert [found[f"f1_{name}"][number] for name in TASTES] == pytest.approx(each)


@given(st.lists(st.tuples(stances, st.sampled_from((*NAMES, "beyond"))), min_size=1, max_size=20))
@settings(max_examples=100)
def test_all_stances_once_give_the_figures_of_an_evaluation(pairs: list[tuple[str, str]]) -> None:
    true, guess = zip(*pairs, strict=True)
    found = stance_measure(true, guess, NAMES)(np.ones((1, len(true))))
    wanted = stance_scores(true, guess, NAMES)
    assert float(found["macro_f1"][0]) == pytest.approx(wanted.macro_f1)
    assert float(found["accuracy"][0]) == pytest.approx(wanted.accuracy)
    assert {name: float(found[f"f1_{name}"][0]) for name in NAMES} == pytest.approx(
        {name: score.f1 for name, score in wanted.labels.items()}
    )


@given(st.lists(st.tuples(sets, sets), min_size=1, max_size=12))
@settings(max_examples=100)
def test_all_topics_once_give_the_figures_of_an_evaluation(pairs: list[tuple[list[str], list[str]]]) -> None:
    true, guess = zip(*pairs, strict=True)
    found = topic_measure(true, guess, TASTES)(np.ones((1, len(true))))
    wanted = topic_scores(true, guess, TASTES)
    assert [float(found[name][0]) for name in ("micro_f1", "macro_f1", "exact")] == pytest.approx(
        [wanted.micro_f1, wanted.macro_f1, wanted.exact]
    )


@pytest.mark.parametrize("scheme", ["rows", "within"])
def test_as_many_rows_are_drawn_as_there_are(scheme: Scheme) -> None:
    weights = weights_of(scheme)
    assert weights.shape == (300, len(GROUPS))
    assert (weights.sum(axis=1) == len(GROUPS)).all()


def test_within_groups_each_keeps_its_size() -> None:
    for name in set(GROUPS):
        own = [row for row, group in enumerate(GROUPS) if group == name]
        assert (weights_of("within")[:, own].sum(axis=1) == len(own)).all()


def test_whole_groups_are_drawn_as_often_as_there_are_groups_and_all_their_rows_alike() -> None:
    weights = weights_of("groups")
    firsts = [GROUPS.index(name) for name in dict.fromkeys(GROUPS)]
    assert (weights[:, firsts].sum(axis=1) == len(firsts)).all()
    for first in firsts:
        own = [row for row, group in enumerate(GROUPS) if group == GROUPS[first]]
        assert (weights[:, own] == weights[:, [first]]).all()


def test_in_two_stages_groups_are_drawn_and_then_rows_within_each() -> None:
    weights = weights_of("two-stage")
    copies = []
    for name in dict.fromkeys(GROUPS):
        own = [row for row, group in enumerate(GROUPS) if group == name]
        copies.append(weights[:, own].sum(axis=1) / len(own))
    assert (np.stack(copies) % 1 == 0).all()
    assert (np.sum(copies, axis=0) == len(copies)).all()
    assert not (weights[:, 0] == weights[:, 1]).all()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_row_is_drawn_once_on_average(scheme: Scheme) -> None:
    assert weights_of(scheme, resamples=20_000).mean(axis=0) == pytest.approx(np.ones(len(GROUPS)), abs=0.06)


@pytest.mark.parametrize(("right", "rows"), [(40, 100), (1170, 1309)])
def test_the_interval_of_a_share_is_the_binomials(right: int, rows: int) -> None:
    """Resampled rows are a binomial experiment: half the width is 1.96 standard errors, but for its steps."""
    found = bootstrap({"it": accuracy([row < right for row in range(rows)])}, rows).intervals("it")["accuracy"]
    share = right / rows
    assert found.value == share
    half = 1.96 * (share * (1 - share) / rows) ** 0.5
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=0.1)
    assert (found.high + found.low) / 2 == pytest.approx(share, abs=0.006)


def test_whole_groups_give_the_interval_of_as_many_independent_answers() -> None:
    """Where the rows of a group are all right or all wrong, a hundred groups of ten are worth a hundred rows."""
    right = [group < 40 for group in range(100) for _ in range(10)]
    groups = [str(row // 10) for row in range(1000)]
    by_group = bootstrap({"it": accuracy(right)}, 1000, groups=groups).intervals("it")["accuracy"]
    by_row = bootstrap({"it": accuracy(right)}, 1000).intervals("it")["accuracy"]
    assert (by_group.high - by_group.low) / 2 == pytest.approx(1.96 * (0.4 * 0.6 / 100) ** 0.5, rel=0.1)
    assert (by_group.high - by_group.low) / (by_row.high - by_row.low) == pytest.approx(10**0.5, rel=0.15)


def test_within_groups_nothing_varies_that_varies_between_them_alone() -> None:
    right = [group < 3 for group in range(5) for _ in range(20)]
    groups = [str(row // 20) for row in range(100)]
    within = bootstrap({"it": accuracy(right)}, 100, groups=groups, scheme="within").intervals("it")["accuracy"]
    beyond = bootstrap({"it": accuracy(right)}, 100, groups=groups, scheme="two-stage").intervals("it")["accuracy"]
    assert (within.low, within.value, within.high) == (0.6, 0.6, 0.6)
    assert beyond.low <= 0.2
    assert beyond.high == 1


def two(left: Sequence[bool], right: Sequence[bool], **options: Scheme) -> Bootstrap:
    return bootstrap({"left": accuracy(left), "right": accuracy(right)}, len(left), **options)  # type: ignore[arg-type]


def test_differences_are_paired() -> None:
    """Systems that differ on five rows of two hundred differ surely, though their own intervals overlap widely."""
    right = [row % 2 == 0 for row in range(200)]
    left = [one or row in {1, 3, 5, 7, 9} for row, one in enumerate(right)]
    found = two(left, right)
    change = found.changes("left", "right")["accuracy"]
    assert change.value == pytest.approx(0.025)
    assert 0 < change.low < change.value < change.high
    assert change.above > 0.98
    assert found.intervals("left")["accuracy"].low < found.intervals("right")["accuracy"].value
    opposite = found.changes("right", "left")["accuracy"]
    assert (opposite.value, opposite.low, opposite.high) == pytest.approx((-change.value, -change.high, -change.low))
    assert opposite.above == 0


def test_a_system_does_not_differ_from_itself() -> None:
    right = [row % 3 == 0 for row in range(50)]
    for change in two(right, right).changes("left", "right").values():
        assert (change.value, change.low, change.high, change.above) == (0, 0, 0, 0)


def test_the_same_question_has_the_same_answer() -> None:
    right = [row % 3 == 0 for row in range(50)]
    assert two(right, right).intervals("left") == two(right, right).intervals("left")


def test_a_mean_is_that_of_the_figures_on_each_resample() -> None:
    parts = [accuracy([row % number == 0 for row in range(30)]) for number in (2, 3, 5)]
    weights = np.concatenate(list(resampled_weights(30, resamples=50)))
    wanted = np.mean([one(weights)["macro_f1"] for one in parts], axis=0)
    assert mean_measure(parts)(weights)["macro_f1"] == pytest.approx(wanted)


def test_a_great_table_is_resampled_in_pieces_of_bounded_size() -> None:
    rows = 40_000
    sizes = [len(weights) for weights in resampled_weights(rows, resamples=600)]
    assert sum(sizes) == 600
    assert len(sizes) > 1
    assert max(sizes) * rows <= 10_000_000


def test_few_groups_are_kept_and_many_are_resampled() -> None:
    few = [str(number) for number in range(FEW_GROUPS - 1)]
    assert usual_scheme(None) == "rows"
    assert usual_scheme(few * 3) == "within"
    assert usual_scheme([*few, "one more"]) == "groups"


@pytest.mark.parametrize(
    ("rows", "scheme", "groups", "message"),
    [
        (0, "rows", None, "nothing to resample"),
        (3, "within", None, "'within' needs the group of each row"),
        (3, "groups", ("g", "h"), r"each row needs a group \(expected 3, got 2\)"),
        (2, "groups", ("g", "g"), "one group alone cannot be resampled"),
        (2, "two-stage", ("g", "g"), "one group alone cannot be resampled"),
    ],
)
def test_what_cannot_be_resampled_is_refused(
    rows: int, scheme: Scheme, groups: Sequence[str] | None, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        bootstrap({}, rows, groups=groups, scheme=scheme)

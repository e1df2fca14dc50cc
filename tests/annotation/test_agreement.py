"""Agreement figures against published examples, other implementations, and sums done by hand."""

import math
from collections.abc import Sequence

import krippendorff
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from iraqstance.annotation.agreement import (
    Agreement,
    Estimate,
    agreement,
    cohen_kappa,
    krippendorff_alpha,
    masi_distance,
)
from iraqstance.annotation.errors import InputError
from iraqstance.annotation.records import Judgement
from iraqstance.annotation.schema import Schema
from numpy.typing import NDArray
from sklearn.metrics import cohen_kappa_score

Answers = NDArray[np.int64]

RIVER = Schema.model_validate(
    {
        "name": "river",
        "version": 1,
        "targets": [{"name": "dam", "title": "the dam"}],
        "stance_question": "What does it say?",
        "stances": [{"name": "pro", "definition": "For it."}, {"name": "con", "definition": "Not for it."}],
        "topic_question": "What is it about?",
        "topics": [{"name": name, "definition": name} for name in ("fish", "power", "trade")],
    }
)


def table(*observers: str) -> Answers:
    """Observers' answers as rows of characters, a dot where one is missing; paragraphs become the rows."""
    categories = sorted(set("".join(observers)) - {".", " "})
    rows = [[categories.index(sign) if sign != "." else -1 for sign in row.split()] for row in observers]
    return np.array(rows).T


def crossed(counts: Sequence[Sequence[int]]) -> Answers:
    """Two observers' answers from the table that counts each pair of them."""
    pairs = [(left, right) for left, row in enumerate(counts) for right, count in enumerate(row) for _ in range(count)]
    return np.array(pairs)


def judged(*answers: tuple[str, str, str, str], round_: str = "independent") -> list[Judgement]:
    """Judgements from paragraph, annotator, stance, and topics set apart by blanks."""
    return [
        Judgement(paragraph, annotator, {"dam": stance}, RIVER.ordered_topics(topics.split()), round=round_)
        for paragraph, annotator, stance, topics in answers
    ]


def tables(*, annotators: int | None = None, missing: bool = True) -> st.SearchStrategy[Answers]:
    shapes = st.tuples(st.integers(1, 12), st.integers(2, 4) if annotators is None else st.just(annotators))
    return shapes.flatmap(lambda shape: arrays(np.int64, shape, elements=st.integers(-1 if missing else 0, 3)))


def pairable(answers: Answers) -> NDArray[np.int64]:
    kept = answers[(answers >= 0).sum(axis=1) > 1]
    return kept[kept >= 0]


def undefined(estimate: Estimate) -> bool:
    return all(math.isnan(figure) for figure in (estimate.value, estimate.low, estimate.high))


# Published examples

# Krippendorff (2011), Computing Krippendorff's alpha-reliability: A, B and C.
BINARY = table("0 1 0 0 0 0 0 0 1 0", "1 1 1 0 0 1 0 0 0 0")
NOMINAL = table("a a b b d c c c e d d a", "b a b b b c c c e d d d")
INCOMPLETE = table(
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
)


@pytest.mark.parametrize(
    ("answers", "alpha", "count"),
    [(BINARY, 0.095, 10), (NOMINAL, 0.692, 12), (INCOMPLETE, 0.743, 11)],
    ids=["two-observers-binary", "two-observers-nominal", "four-observers-with-gaps"],
)
def test_alpha_is_krippendorff_s_own(answers: Answers, alpha: float, count: int) -> None:
    """The paragraph that one observer alone judged does not count."""
    estimate = krippendorff_alpha(answers)
    assert estimate.value == pytest.approx(alpha, abs=5e-4)
    assert estimate.count == count


@pytest.mark.parametrize(
    ("distance", "alpha"), [(lambda a, b: abs(a - b) > 0, 0.743), (lambda a, b: (a - b) ** 2, 0.849)]
)
def test_alpha_with_distances_is_krippendorff_s_own(distance: object, alpha: float) -> None:
    """The example with gaps, with the distances of the nominal and of the interval scale."""
    assert callable(distance)
    distances = np.array([[float(distance(a, b)) for b in range(5)] for a in range(5)])
    assert krippendorff_alpha(INCOMPLETE, distances / distances.max()).value == pytest.approx(alpha, abs=5e-4)


# Cohen (1960) and (1968), 200 cases; the other two are the common examples of 50 and of 100 cases.
COHEN = [[88, 14, 18], [10, 40, 10], [2, 6, 12]]


@pytest.mark.parametrize(
    ("counts", "kappa", "observed"),
    [
        (COHEN, 0.492, 0.70),
        ([[20, 5], [10, 15]], 0.400, 0.70),
        ([[45, 15], [25, 15]], 0.130, 0.60),
        ([[25, 35], [5, 35]], 0.259, 0.60),
        ([[0, 10], [10, 0]], -1.0, 0.0),
    ],
    ids=["cohen-1960", "grants", "same-marginals", "other-marginals", "opposite"],
)
def test_kappa_is_that_of_the_textbooks(counts: list[list[int]], kappa: float, observed: float) -> None:
    estimate = cohen_kappa(crossed(counts))
    assert estimate.value == pytest.approx(kappa, abs=5e-4)
    assert estimate.observed == pytest.approx(observed)
    assert estimate.count == sum(map(sum, counts))


def test_weighted_kappa_is_cohen_s_own() -> None:
    """Cohen (1968), the same cases with disagreements weighted 1, 3 and 6."""
    distance = np.array([[0, 1, 3], [1, 0, 6], [3, 6, 0]]) / 6
    assert cohen_kappa(crossed(COHEN), distance).value == pytest.approx(0.348, abs=5e-4)


# Other implementations


@settings(max_examples=200, deadline=None)
@given(tables())
def test_alpha_equals_the_reference_implementation(answers: Answers) -> None:
    assume(len(set(pairable(answers).tolist())) > 1)
    data = np.where(answers < 0, np.nan, answers).T
    expected = krippendorff.alpha(reliability_data=data, level_of_measurement="nominal")
    assert krippendorff_alpha(answers).value == pytest.approx(expected, abs=1e-9)


@settings(max_examples=200, deadline=None)
@given(tables(annotators=2, missing=False))
def test_kappa_equals_the_reference_implementation(answers: Answers) -> None:
    assume(len(set(answers.ravel().tolist())) > 1)
    expected = cohen_kappa_score(answers[:, 0], answers[:, 1])
    assert cohen_kappa(answers).value == pytest.approx(expected, abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(tables(annotators=2))
def test_kappa_rests_on_what_both_annotators_judged(answers: Answers) -> None:
    both = answers[(answers >= 0).all(axis=1)]
    assert repr(cohen_kappa(answers)) == repr(cohen_kappa(both))
    assert cohen_kappa(answers).count == len(both)


# Laws


@settings(max_examples=100, deadline=None)
@given(tables(), st.integers(0, 2**32))
def test_alpha_knows_no_order_of_paragraphs_annotators_or_categories(answers: Answers, seed: int) -> None:
    generator = np.random.default_rng(seed)
    names = np.append(generator.permutation(4), -1)  # the last stands for a missing answer
    shuffled = names[generator.permutation(generator.permutation(answers).T).T]
    assert krippendorff_alpha(shuffled).value == pytest.approx(krippendorff_alpha(answers).value, nan_ok=True)


@settings(max_examples=100, deadline=None)
@given(tables())
def test_figures_keep_to_their_ranges(answers: Answers) -> None:
    estimate = krippendorff_alpha(answers)
    assert estimate.count == ((answers >= 0).sum(axis=1) > 1).sum()
    if not math.isnan(estimate.value):
        assert max(estimate.value, estimate.high) <= 1 + 1e-9
        assert -1e-9 <= estimate.observed <= 1 + 1e-9
        assert estimate.low <= estimate.high


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=2, max_size=12), st.integers(2, 4))
def test_annotators_of_one_mind_agree_by_one(answers: list[int], annotators: int) -> None:
    assume(len(set(answers)) > 1)
    estimate = krippendorff_alpha(np.array([answers] * annotators).T)
    assert (estimate.value, estimate.observed) == (1.0, 1.0)


@settings(max_examples=50, deadline=None)
@given(tables())
def test_the_same_answers_have_the_same_interval(answers: Answers) -> None:
    assert repr(krippendorff_alpha(answers)) == repr(krippendorff_alpha(answers.copy()))
    assert repr(cohen_kappa(answers[:, :2])) == repr(cohen_kappa(answers[:, :2].copy()))


def ordinary(paragraphs: int, seed: int) -> Answers:
    """Answers of three annotators who slip in one of five."""
    generator = np.random.default_rng(seed)
    truth = generator.integers(0, 3, (paragraphs, 1)).repeat(3, axis=1)
    return np.where(generator.random(truth.shape) < 0.2, generator.integers(0, 3, truth.shape), truth)


@pytest.mark.parametrize("seed", range(10))
def test_the_interval_holds_the_value(seed: int) -> None:
    answers = ordinary(60, seed)
    for estimate in (krippendorff_alpha(answers), cohen_kappa(answers[:, :2])):
        assert estimate.low < estimate.value < estimate.high


def test_more_paragraphs_give_a_narrower_interval() -> None:
    few, many = (krippendorff_alpha(ordinary(paragraphs, 1)) for paragraphs in (40, 640))
    assert (many.high - many.low) < (few.high - few.low) / 2


def test_observed_agreement_is_the_share_of_equal_pairs() -> None:
    assert krippendorff_alpha(BINARY).observed == pytest.approx(0.6)
    assert cohen_kappa(BINARY).observed == pytest.approx(0.6)


# Where a figure is undefined


@pytest.mark.parametrize(
    ("answers", "count"),
    [
        (table("a a a", "a a a"), 3),
        (table("a", "a"), 1),
        (table("a b .", ". . b"), 0),
        (table("a b c"), 0),
        (np.full((3, 2), -1), 0),
        (np.zeros((0, 2), dtype=np.int64), 0),
    ],
    ids=["no-variation", "one-paragraph", "nothing-paired", "one-annotator", "nothing-judged", "no-paragraph"],
)
def test_alpha_is_undefined_where_answers_do_not_vary_or_none_are_paired(answers: Answers, count: int) -> None:
    estimate = krippendorff_alpha(answers)
    assert undefined(estimate)
    assert estimate.count == count
    assert math.isnan(estimate.observed) is (count == 0)


@pytest.mark.parametrize(
    ("answers", "count"),
    [
        (table("a a a", "a a a"), 3),
        (table("a", "a"), 1),
        (table("a b . .", ". . a b"), 0),
        (np.zeros((0, 2), dtype=np.int64), 0),
    ],
    ids=["no-variation", "one-paragraph", "nothing-paired", "no-paragraph"],
)
def test_kappa_is_undefined_where_answers_do_not_vary_or_none_are_paired(answers: Answers, count: int) -> None:
    estimate = cohen_kappa(answers)
    assert undefined(estimate)
    assert estimate.count == count
    assert math.isnan(estimate.observed) is (count == 0)


def test_variation_in_unpaired_answers_defines_nothing() -> None:
    assert undefined(krippendorff_alpha(table("a a b", "a a .")))


def test_two_annotators_at_odds_over_one_paragraph_agree_as_by_chance() -> None:
    assert krippendorff_alpha(table("a", "b")).value == 0
    assert cohen_kappa(table("a", "b")).value == 0


# Distances between sets


@pytest.mark.parametrize(
    ("left", "right", "distance"),
    [
        ("a", "a", 0),
        ("a b", "b a", 0),
        ("", "", 0),
        ("a", "b", 1),
        ("a", "", 1),
        ("a", "a b", 1 - 1 / 2 * 2 / 3),
        ("a b c", "a b", 1 - 2 / 3 * 2 / 3),
        ("a b c", "b", 1 - 1 / 3 * 2 / 3),
        ("a b", "b c", 1 - 1 / 3 * 1 / 3),
        ("a b c", "b c d", 1 - 2 / 4 * 1 / 3),
    ],
)
def test_masi_by_hand(left: str, right: str, distance: float) -> None:
    found = masi_distance([left.split(), right.split()])
    assert found[0, 1] == found[1, 0] == pytest.approx(distance)
    assert found[0, 0] == found[1, 1] == 0


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sets(st.sampled_from("abcd"), min_size=1), max_size=6))
def test_masi_is_symmetric_and_between_none_and_one(sets: list[set[str]]) -> None:
    distance = masi_distance([sorted(found) for found in sets])
    assert distance.shape == (len(sets), len(sets))
    assert (distance == distance.T).all()
    assert ((distance >= 0) & (distance <= 1)).all()
    assert all((distance[i, j] == 0) == (sets[i] == sets[j]) for i in range(len(sets)) for j in range(len(sets)))


# Judgements


def by_question(judgements: Sequence[Judgement], labels: Schema = RIVER) -> dict[str, Agreement]:
    return {found.question: found for found in agreement(judgements, labels)}


def test_agreement_is_told_for_the_stance_the_topics_and_each_topic() -> None:
    found = by_question(judged(("p", "x", "pro", "fish"), ("p", "y", "con", "fish")))
    assert list(found) == ["stance", "topics", "topic fish", "topic power", "topic trade"]


def test_two_targets_are_told_apart() -> None:
    labels = RIVER.model_copy(
        update={"targets": (RIVER.targets[0], RIVER.targets[0].model_copy(update={"name": "canal"}))}
    )
    judgements = [
        Judgement(paragraph, annotator, {"dam": "pro" if paragraph == "p" else "con", "canal": canal}, ("fish",))
        for paragraph, annotator, canal in (("p", "x", "pro"), ("p", "y", "con"), ("q", "x", "con"), ("q", "y", "pro"))
    ]
    found = by_question(judgements, labels)
    assert found["stance_dam"].alpha.value == 1
    assert found["stance_canal"].kappas["x", "y"].value == -1
    assert "stance" not in found


def test_every_pair_that_shares_a_paragraph_has_a_kappa() -> None:
    judgements = judged(
        ("p", "z", "pro", "fish"),
        ("p", "x", "pro", "fish"),
        ("q", "x", "con", "fish"),
        ("q", "y", "con", "fish"),
    )
    found = by_question(judgements)["stance"]
    assert list(found.kappas) == [("x", "y"), ("x", "z")]
    assert [kappa.count for kappa in found.kappas.values()] == [1, 1]
    assert (found.alpha.value, found.alpha.count) == (1, 2)


def test_topics_are_compared_as_sets_by_masi() -> None:
    """Alpha: 1 - (1/3) / (7/9). Kappa: 1 - (1/3) / (2/3)."""
    judgements = judged(
        ("p", "x", "pro", "fish"),
        ("p", "y", "pro", "fish power"),
        ("q", "x", "pro", "trade"),
        ("q", "y", "pro", "trade"),
    )
    found = by_question(judgements)["topics"]
    assert found.alpha.value == pytest.approx(4 / 7)
    assert found.alpha.observed == pytest.approx(2 / 3)
    assert found.kappas["x", "y"].value == pytest.approx(1 / 2)


def test_each_topic_is_compared_as_ticked_or_not() -> None:
    judgements = judged(
        ("p", "x", "pro", "fish"),
        ("p", "y", "pro", "fish power"),
        ("q", "x", "pro", "trade power"),
        ("q", "y", "pro", "trade power"),
    )
    found = by_question(judgements)
    assert found["topic fish"].alpha.value == 1
    assert found["topic power"].kappas["x", "y"].value == 0
    assert found["topic power"].kappas["x", "y"].observed == 0.5


def test_a_topic_that_nobody_ticked_is_undefined() -> None:
    found = by_question(judged(("p", "x", "pro", "fish"), ("p", "y", "con", "power")))["topic trade"]
    assert undefined(found.alpha)
    assert undefined(found.kappas["x", "y"])


def test_tie_breaks_do_not_count() -> None:
    independent = judged(
        ("p", "x", "pro", "fish"), ("p", "y", "con", "fish"), ("q", "x", "con", "power"), ("q", "y", "con", "power")
    )
    breaking = judged(("p", "x", "con", "trade"), ("p", "z", "con", "trade"), round_="tie-break")
    assert repr(by_question([*independent, *breaking])) == repr(by_question(independent))


def test_the_order_of_judgements_does_not_change_a_value() -> None:
    judgements = judged(
        ("p", "x", "pro", "fish"), ("p", "y", "con", "fish"), ("q", "x", "con", "power"), ("q", "y", "con", "fish")
    )
    forwards, backwards = by_question(judgements), by_question(judgements[::-1])
    assert {name: found.alpha.value for name, found in forwards.items()} == pytest.approx(
        {name: found.alpha.value for name, found in backwards.items()}, nan_ok=True
    )


@pytest.mark.parametrize(
    "judgements",
    [
        [],
        judged(("p", "x", "pro", "fish")),
        judged(("p", "x", "pro", "fish"), ("q", "y", "pro", "fish")),
        judged(("p", "x", "pro", "fish"), ("p", "x", "con", "fish")),
        judged(("p", "x", "pro", "fish"), ("p", "y", "pro", "fish"), round_="tie-break"),
    ],
    ids=["none", "one", "one-each", "one-annotator-twice", "tie-breaks"],
)
def test_agreement_needs_a_paragraph_that_two_annotators_judged(judgements: list[Judgement]) -> None:
    with pytest.raises(InputError, match=r"no paragraph was judged by two annotators \(got \d+ judgements of \d+"):
        agreement(judgements, RIVER)

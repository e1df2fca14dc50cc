"""Agreement figures against published examples, other implementations, and sums done by hand."""

import math
import time
from collections.abc import Callable, Sequence
from itertools import permutations

import krippendorff
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from iraqstance.annotation.agreement import (
    Agreement,
    Annotator,
    Estimate,
    agreement,
    annotators,
    cohen_kappa,
    krippendorff_alpha,
    left_out,
    masi_distance,
    rest_kappa,
    specific_agreement,
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


def judged(*answers: tuple[str, str, str, str], round_: str = "independent", suggestion: str = "") -> list[Judgement]:
    """Judgements from paragraph, annotator, stance, and topics set apart by blanks."""
    return [
        Judgement(
            paragraph,
            annotator,
            {"dam": stance},
            RIVER.ordered_topics(topics.split()),
            round=round_,
            suggestion=suggestion,
        )
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


# Hayes and Krippendorff (2007), Answering the call for a standard reliability measure: table 1, the tone of 40 articles
# (as github.com/jucor/krippendorff has it).
TONE = table(
    "1 1 2 . 0 0 1 1 2 2 . 0 1 3 1 1 2 1 1 0 0 0 2 0 1 0 0 1 1 1 1 2 2 3 2 2 2 2 2 1",
    "1 1 3 0 0 0 0 . 2 1 1 0 2 3 1 1 1 2 1 0 0 0 3 0 2 1 0 2 1 1 1 1 2 2 2 2 2 2 2 1",
    "2 0 3 0 0 0 2 2 2 1 0 0 2 2 1 1 2 3 0 0 1 . 3 0 . 1 0 1 2 2 0 2 . 2 2 3 2 . 2 1",
    ". 1 3 . . . . 0 . 1 0 0 2 2 . . . 3 1 . 1 0 3 0 2 1 1 2 2 . . 1 2 2 . . . 1 2 .",
    "2 . . 0 0 0 1 . 2 . . . . 3 1 1 2 . . 0 . 0 . . 2 . 0 . . 2 0 . 2 . 2 2 2 2 . 1",
)


def ordinal_distance(answers: Answers) -> NDArray[np.float64]:
    """Krippendorff's distance of ranks: squared, the answers between two, and half of those at each."""
    counts = np.bincount(pairable(answers))
    ranks = np.cumsum(counts) - counts / 2
    distance = np.subtract.outer(ranks, ranks) ** 2
    return distance / distance.max()  # type: ignore[no-any-return]


def test_ordinal_alpha_is_that_of_hayes_and_krippendorff() -> None:
    estimate = krippendorff_alpha(TONE, ordinal_distance(TONE))
    assert estimate.value == pytest.approx(0.7598, abs=5e-5)
    assert estimate.count == 40


# Fleiss (1971), Measuring nominal scale agreement among many raters: table 1, the diagnoses of 30 patients, each by six
# psychiatrists in no order.
DIAGNOSES = table(
    "4 2 2 5 2 1 3 1 1 5 1 1 2 1 2 3 1 1 2 1 5 2 2 1 1 2 1 2 1 5",
    "4 2 3 5 2 1 3 1 1 5 4 2 2 4 2 3 1 1 2 3 5 4 2 1 4 2 1 2 3 5",
    "4 2 3 5 2 3 3 3 4 5 4 4 2 4 4 3 1 1 4 3 5 4 4 4 4 2 1 4 3 5",
    "4 5 3 5 4 3 3 3 4 5 4 4 3 4 4 3 4 1 4 5 5 4 5 4 4 2 1 4 3 5",
    "4 5 3 5 4 3 5 3 4 5 4 4 3 4 4 3 5 1 4 5 5 4 5 4 4 2 5 4 3 5",
    "4 5 5 5 4 3 5 4 4 5 4 4 3 4 5 5 5 2 4 5 5 4 5 4 5 4 5 4 3 5",
)


def test_alpha_is_fleiss_s_kappa_but_for_the_small_sample() -> None:
    """Alpha draws its chance pairs without replacement: of the disagreement expected by kappa, 180 of 179 parts."""
    assert krippendorff_alpha(DIAGNOSES).value == pytest.approx(1 - (1 - 0.430) * 179 / 180, abs=5e-4)


@pytest.mark.parametrize(("category", "kappa"), [*enumerate([0.245, 0.245, 0.520, 0.471, 0.566])])
def test_specific_agreement_gives_fleiss_s_kappa_of_each_diagnosis(category: int, kappa: float) -> None:
    """Kappa is the specific agreement corrected for the diagnosis's share of all answers."""
    chosen = np.equal(DIAGNOSES, category)
    share = float(chosen.mean())
    estimate = specific_agreement(DIAGNOSES, category)
    assert (estimate.value - share) / (1 - share) == pytest.approx(kappa, abs=5e-4)
    assert estimate.count == chosen.any(axis=1).sum()


@pytest.mark.parametrize(("category", "agreement"), [*enumerate([0.800, 0.409, 0.433, 0.316, 0.563])])
def test_specific_agreement_is_that_of_de_vet_mullender_and_eekhout(category: int, agreement: float) -> None:
    """Four surgeons on 50 photographs, all pairs in one table; figures of the R package Agree, by the same authors.

    De Vet, Mullender and Eekhout (2018), Specific agreement on ordinal and multiple nominal outcomes can be calculated
    for more than two raters, Journal of Clinical Epidemiology 96.
    """
    pairs = [[6, 1, 0, 2, 0], [0, 19, 23, 8, 1], [0, 18, 39, 27, 4], [0, 4, 28, 28, 16], [0, 0, 2, 36, 38]]
    assert specific_agreement(crossed(pairs), category).value == pytest.approx(agreement, abs=5e-4)


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


@settings(max_examples=200)
@given(tables())
def test_alpha_equals_the_reference_implementation(answers: Answers) -> None:
    assume(len(set(pairable(answers).tolist())) > 1)
    data = np.where(answers < 0, np.nan, answers).T
    expected = krippendorff.alpha(reliability_data=data, level_of_measurement="nominal")
    assert krippendorff_alpha(answers).value == pytest.approx(expected, abs=1e-9)


@settings(max_examples=200)
@given(tables(annotators=2, missing=False))
def test_kappa_equals_the_reference_implementation(answers: Answers) -> None:
    assume(len(set(answers.ravel().tolist())) > 1)
    expected = cohen_kappa_score(answers[:, 0], answers[:, 1])
    assert cohen_kappa(answers).value == pytest.approx(expected, abs=1e-9)


@settings(max_examples=100)
@given(tables(annotators=2))
def test_kappa_rests_on_what_both_annotators_judged(answers: Answers) -> None:
    both = answers[(answers >= 0).all(axis=1)]
    assert repr(cohen_kappa(answers)) == repr(cohen_kappa(both))
    assert cohen_kappa(answers).count == len(both)


@settings(max_examples=100)
@given(tables())
def test_ordinal_alpha_equals_the_reference_implementation(answers: Answers) -> None:
    assume(len(set(pairable(answers).tolist())) > 1)
    data = np.where(answers < 0, np.nan, answers).T
    expected = krippendorff.alpha(
        reliability_data=data, value_domain=range(int(answers.max()) + 1), level_of_measurement="ordinal"
    )
    assert krippendorff_alpha(answers, ordinal_distance(answers)).value == pytest.approx(expected, abs=1e-9)


# One against the rest, and label by label, by their definitions


def expected_distance(left: Answers, right: Answers, distance: NDArray[np.float64]) -> float:
    """Mean distance of all pairs of an answer to the left and one to the right."""
    return float(np.mean([distance[a, b] for a in left for b in right]))


@settings(max_examples=100)
@given(tables(annotators=2))
def test_with_one_other_annotator_kappa_against_the_rest_is_cohen_s(answers: Answers) -> None:
    both = answers[(answers >= 0).all(axis=1)]
    for annotator in (0, 1):
        estimate = rest_kappa(answers, annotator)
        assert estimate.count == len(both)
        if len(set(both.ravel().tolist())) > 1:
            assert estimate.value == pytest.approx(cohen_kappa_score(both[:, 0], both[:, 1]), abs=1e-9)
        else:
            assert undefined(estimate)


@settings(max_examples=50)
@given(tables(annotators=2))
def test_weighted_kappa_against_one_other_is_weighted_too(answers: Answers) -> None:
    distance = np.abs(np.subtract.outer(np.arange(4), np.arange(4))) / 3
    assert repr(rest_kappa(answers, 0, distance)) == repr(cohen_kappa(answers, distance))
    swapped = rest_kappa(answers, 1, distance)
    assert swapped.value == pytest.approx(cohen_kappa(answers, distance).value, abs=1e-9, nan_ok=True)


@settings(max_examples=50)
@given(tables(annotators=4, missing=False))
def test_without_gaps_kappa_against_the_rest_corrects_the_mean_of_the_pairs(answers: Answers) -> None:
    """Schouten (1982): mean distance of the pairs by mean distance expected of the pairs."""
    distance = 1 - np.eye(4)
    within = [distance[answers[:, 0], answers[:, other]].mean() for other in (1, 2, 3)]
    expected = [expected_distance(answers[:, 0], answers[:, other], distance) for other in (1, 2, 3)]
    assume(sum(expected) > 0)
    assert rest_kappa(answers, 0).value == pytest.approx(1 - sum(within) / sum(expected), abs=1e-9)


def test_each_paragraph_weighs_one_however_many_judged_it() -> None:
    """The rest says b in the first paragraph, and a and b half each in the second.

    Within: (1 + 1/2) / 2. Expected: x says a, the rest b three times in four.
    """
    answers = table("a a", "b a", "b b", "b .")
    assert rest_kappa(answers, 0).value == pytest.approx(1 - (3 / 4) / (3 / 4))
    assert rest_kappa(answers, 0).observed == pytest.approx(1 / 4)
    assert rest_kappa(answers, 0).count == 2


def test_an_annotator_against_the_rest_by_hand() -> None:
    """Within: (0 + 1/2 + 0) / 3. Expected: x says a twice in three; the rest a (1 + 1/2) / 3."""
    answers = table("a a b a", "a a b .", "a b b .")
    expected = 2 / 3 * 1 / 2 + 1 / 3 * 1 / 2
    estimate = rest_kappa(answers, 0)
    assert estimate.value == pytest.approx(1 - (1 / 6) / expected)
    assert estimate.count == 3


@settings(max_examples=100)
@given(tables())
def test_specific_agreement_is_the_share_of_pairs_by_counting_them(answers: Answers) -> None:
    for category in range(4):
        pairs = [
            second == category
            for row in answers
            for first, second in permutations([answer for answer in row if answer >= 0], 2)
            if first == category
        ]
        estimate = specific_agreement(answers, category)
        if pairs:
            assert estimate.value == estimate.observed == pytest.approx(sum(pairs) / len(pairs))
            assert -1e-9 <= estimate.low <= estimate.high <= 1 + 1e-9
        else:
            assert undefined(estimate)


def test_specific_agreement_of_two_is_cicchetti_and_feinstein_s() -> None:
    """Twice the cases in which both say so, by the times that either does."""
    both = crossed([[40, 9], [6, 45]])
    assert specific_agreement(both, 0).value == pytest.approx(2 * 40 / (2 * 40 + 9 + 6))
    assert specific_agreement(both, 1).value == pytest.approx(2 * 45 / (2 * 45 + 9 + 6))


# Laws


@settings(max_examples=100)
@given(tables(), st.integers(0, 2**32))
def test_alpha_knows_no_order_of_paragraphs_annotators_or_categories(answers: Answers, seed: int) -> None:
    generator = np.random.default_rng(seed)
    names = np.append(generator.permutation(4), -1)  # the last stands for a missing answer
    shuffled = names[generator.permutation(generator.permutation(answers).T).T]
    assert krippendorff_alpha(shuffled).value == pytest.approx(krippendorff_alpha(answers).value, nan_ok=True)


@settings(max_examples=100)
@given(tables())
def test_figures_keep_to_their_ranges(answers: Answers) -> None:
    estimate = krippendorff_alpha(answers)
    assert estimate.count == ((answers >= 0).sum(axis=1) > 1).sum()
    if not math.isnan(estimate.value):
        assert max(estimate.value, estimate.high) <= 1 + 1e-9
        assert -1e-9 <= estimate.observed <= 1 + 1e-9
        assert estimate.low <= estimate.high


@settings(max_examples=50)
@given(st.lists(st.integers(0, 3), min_size=2, max_size=12), st.integers(2, 4))
def test_annotators_of_one_mind_agree_by_one(answers: list[int], annotators: int) -> None:
    assume(len(set(answers)) > 1)
    estimate = krippendorff_alpha(np.array([answers] * annotators).T)
    assert (estimate.value, estimate.observed) == (1.0, 1.0)


@settings(max_examples=50)
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
    assert estimate.reason == ("answers do not vary" if count else "no paragraph was judged twice")
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
    assert estimate.reason == ("answers do not vary" if count else "no paragraph was judged by another annotator too")
    assert math.isnan(estimate.observed) is (count == 0)


@pytest.mark.parametrize("measure", [krippendorff_alpha, cohen_kappa], ids=["alpha", "kappa"])
def test_a_defined_figure_has_no_reason(measure: Callable[[Answers], Estimate]) -> None:
    assert measure(BINARY).reason == ""


def test_specific_agreement_on_what_nobody_chose_is_undefined() -> None:
    for answers in (table("a b", "a a"), table("a b c", "a a .")):
        estimate = specific_agreement(answers, 2)
        assert undefined(estimate)
        assert math.isnan(estimate.observed)
        assert (estimate.count, estimate.reason) == (0, "nobody chose it")


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


@settings(max_examples=100)
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


# Every figure of a question


THREE = judged(
    ("p", "x", "pro", "fish"),
    ("p", "y", "pro", "fish power"),
    ("p", "z", "con", "fish"),
    ("q", "x", "con", "trade"),
    ("q", "y", "con", "trade"),
    ("r", "z", "con", "fish"),
)


def test_every_annotator_is_compared_with_the_rest() -> None:
    found = by_question(THREE)["stance"]
    assert list(found.rest) == ["x", "y", "z"]
    assert [found.rest[name].count for name in "xyz"] == [2, 2, 1]
    assert found.rest["x"].value == pytest.approx(1 - (1 / 4) / (1 / 2))
    assert found.rest["z"].value == 0


def test_an_annotator_who_shares_no_paragraph_is_undefined_against_the_rest() -> None:
    alone = judged(("s", "w", "con", "fish"))
    estimate = by_question([*THREE, *alone])["stance"].rest["w"]
    assert undefined(estimate)
    assert (estimate.count, estimate.reason) == (0, "no paragraph was judged by another annotator too")


def test_every_stance_and_the_tick_of_every_topic_has_its_own_agreement() -> None:
    found = by_question(THREE)
    assert list(found["stance"].labels) == list(found["stance"].label_alphas) == ["pro", "con"]
    assert found["stance"].labels["pro"].value == pytest.approx(2 / 4)
    assert found["stance"].labels["con"].value == pytest.approx(2 / 4)
    assert found["topics"].labels == found["topics"].label_alphas == {}
    assert list(found["topic power"].labels) == ["ticked"]
    assert found["topic power"].labels["ticked"].value == 0
    assert found["topic fish"].labels["ticked"].value == 1
    assert found["topic fish"].labels["ticked"].count == 1


def test_the_alpha_of_a_topic_s_tick_is_that_of_the_topic() -> None:
    found = by_question(THREE)["topic trade"]
    assert repr(found.label_alphas["ticked"]) == repr(found.alpha)


def test_figures_of_a_table_are_those_of_the_judgements() -> None:
    """Draws are shared by all figures of complete answers; so are the intervals."""
    answers = ordinary(40, 3)[:, :2]
    judgements = judged(
        *(
            (f"p{number}", annotator, ("pro", "con")[min(answer, 1)], "fish")
            for number, row in enumerate(answers)
            for annotator, answer in zip("xy", row, strict=True)
        )
    )
    found, cells = by_question(judgements)["stance"], np.minimum(answers, 1)
    assert found.alpha == krippendorff_alpha(cells)
    assert found.kappas["x", "y"] == cohen_kappa(cells)
    assert found.rest["y"] == rest_kappa(cells, 1)
    assert found.labels["pro"] == specific_agreement(cells, 0)
    assert found.label_alphas["con"] == krippendorff_alpha((cells == 1).astype(int))


def test_five_annotators_of_many_paragraphs_take_seconds() -> None:
    generator = np.random.default_rng(1)
    topics = ("fish", "power", "trade")
    judgements = [
        Judgement(
            f"p{number}", name, {"dam": ("pro", "con")[generator.integers(2)]}, tuple(generator.permutation(topics)[:1])
        )
        for number in range(2000)
        for name in "vwxyz"
    ]
    before = time.process_time()
    agreement(judgements, RIVER)
    assert time.process_time() - before < 20


# Suggestions


@pytest.mark.parametrize("suggestion", ["kept", "changed"])
def test_paragraphs_labelled_from_a_suggestion_are_left_out_with_all_their_judgements(suggestion: str) -> None:
    suggested = judged(("s", "x", "con", "trade"), suggestion=suggestion)
    blind = judged(("s", "y", "pro", "trade"))
    assert left_out([*THREE, *suggested, *blind]) == {"s"}
    assert repr(by_question([*THREE, *suggested, *blind])) == repr(by_question(THREE))


def test_a_suggestion_that_was_withheld_or_never_made_leaves_nothing_out() -> None:
    withheld = judged(("s", "x", "con", "trade"), ("s", "y", "con", "trade"), suggestion="withheld")
    assert left_out([*THREE, *withheld]) == set()
    assert by_question([*THREE, *withheld])["stance"].alpha.count == 3


def test_a_tie_break_made_from_a_suggestion_leaves_the_blind_judgements_in() -> None:
    breaking = judged(("p", "w", "pro", "fish"), round_="tie-break", suggestion="kept")
    assert left_out([*THREE, *breaking]) == set()


def test_agreement_on_suggestions_alone_is_refused() -> None:
    judgements = judged(("p", "x", "pro", "fish"), ("p", "y", "pro", "fish"), suggestion="kept")
    with pytest.raises(
        InputError, match=r"every paragraph was labelled from a model's suggestion \(got 2 judgements of 1"
    ):
        agreement(judgements, RIVER)


def test_where_suggestions_leave_no_paragraph_judged_twice_both_are_told() -> None:
    judgements = judged(("p", "x", "pro", "fish"), ("p", "y", "pro", "fish"), suggestion="kept")
    with pytest.raises(
        InputError, match=r"two annotators \(got 1 judgements of 1 paragraphs; 1 more left out, labelled from a model"
    ):
        agreement([*judgements, *judged(("q", "x", "pro", "fish"))], RIVER)


# Annotators


def test_annotators_are_told_by_name_with_what_they_did() -> None:
    judgements = [
        Judgement("p", "y", {"dam": "pro"}, ("fish",), unsure=True, seconds=4.0, suggestion="kept"),
        Judgement("q", "y", {"dam": "pro"}, ("fish",), seconds=9.0, suggestion="changed"),
        Judgement("r", "y", {"dam": "pro"}, ("fish",), suggestion="withheld"),
        Judgement("p", "x", {"dam": "pro"}, ("fish",), kind="model"),
    ]
    assert annotators(judgements) == [
        Annotator("x", "model", 1, 0.0, None, 0, 0, 1.0),
        Annotator("y", "person", 3, pytest.approx(1 / 3), 6.5, 1, 1, pytest.approx(1 / 3)),
    ]


def test_annotators_are_those_of_the_independent_round() -> None:
    breaking = judged(("p", "w", "pro", "fish"), ("q", "x", "pro", "fish"), round_="tie-break")
    assert annotators([*THREE, *breaking]) == annotators(THREE)


def test_an_annotator_who_was_both_says_so() -> None:
    both = [*judged(("p", "x", "pro", "fish")), Judgement("q", "x", {"dam": "pro"}, ("fish",), kind="model")]
    assert [annotator.kind for annotator in annotators(both)] == ["person and model"]


def test_nobody_judged_nothing() -> None:
    assert annotators([]) == []

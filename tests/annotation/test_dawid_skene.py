"""The model of Dawid and Skene against the published example, sums done by hand, and simulated annotators."""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from iraqstance.annotation.dawid_skene import Consensus, dawid_skene, dawid_skene_counts
from iraqstance.annotation.errors import InputError
from numpy.typing import NDArray

Answers = NDArray[np.int64]
Floats = NDArray[np.float64]

# Dawid and Skene (1979), Table 1: 45 patients, judged fit for anaesthesia in four classes, three times by the first of
# five observers. Data and results as github.com/x-lin/consensusalgorithms and github.com/dallascard/dawid_skene have
# them from the paper.
PATIENTS = (
    "111,1,1,1,1 333,4,3,3,4 112,2,1,2,2 222,3,1,2,1 222,3,2,2,2 222,3,3,2,2 122,2,1,1,1 333,3,4,3,3 222,2,2,2,3 "
    "232,2,2,2,3 444,4,4,4,4 222,3,3,4,3 111,1,1,1,1 222,3,2,1,2 121,1,1,1,1 111,2,1,1,1 111,1,1,1,1 111,1,1,1,1 "
    "222,2,2,2,1 222,1,3,2,2 222,2,2,2,2 222,2,2,2,1 222,3,2,2,2 221,2,2,2,2 111,1,1,1,1 111,1,1,1,1 232,2,2,2,2 "
    "111,1,1,1,1 111,1,1,1,1 112,1,1,2,1 111,1,1,1,1 333,3,2,3,3 111,1,1,1,1 222,2,2,2,2 222,3,2,3,2 433,4,3,4,3 "
    "221,2,2,3,2 232,3,2,3,3 333,3,4,3,2 111,1,1,1,1 111,1,1,1,1 121,2,1,1,1 232,2,2,2,2 121,1,1,1,1 222,2,2,2,2"
)
CLASSES = "142222132243121111222222112111131224233111212"  # of each patient; the paper is less sure of three:
LESS_SURE = {7: [0.98, 0.02, 0, 0], 35: [0, 0.95, 0.05, 0], 38: [0, 0.02, 0.98, 0]}
SHARES = [0.40, 0.42, 0.11, 0.07]
ERROR_RATES = [
    [[0.89, 0.11, 0, 0], [0.07, 0.88, 0.05, 0], [0, 0.34, 0.66, 0], [0, 0, 0.56, 0.44]],
    [[0.83, 0.17, 0, 0], [0.05, 0.63, 0.31, 0], [0, 0, 1, 0], [0, 0, 0, 1]],
    [[1, 0, 0, 0], [0.11, 0.79, 0.11, 0], [0, 0.40, 0.20, 0.40], [0, 0, 0.67, 0.33]],
    [[0.94, 0.06, 0, 0], [0.05, 0.84, 0.10, 0], [0, 0, 0.80, 0.20], [0, 0, 0.33, 0.67]],
    [[1, 0, 0, 0], [0.16, 0.73, 0.11, 0], [0, 0.21, 0.79, 0], [0, 0, 0.33, 0.67]],
]


def published() -> Floats:
    counts = np.zeros((45, 5, 4))
    for patient, answers in enumerate(PATIENTS.split()):
        for observer, classes in enumerate(answers.split(",")):
            for name in classes:
                counts[patient, observer, int(name) - 1] += 1
    return counts


def simulated(
    accuracies: Sequence[float], paragraphs: int, categories: int, seed: int, *, share: float = 1.0
) -> tuple[Answers, Answers]:
    """The truth, and answers of annotators who are right so often and else err evenly, to a share of paragraphs."""
    generator = np.random.default_rng(seed)
    truth = generator.integers(0, categories, paragraphs)
    shape = (paragraphs, len(accuracies))
    wrong = (truth[:, None] + generator.integers(1, categories, shape)) % categories
    answers = np.where(generator.random(shape) < np.array(accuracies), truth[:, None], wrong)
    return truth, np.where(generator.random(shape) < share, answers, -1)


def votes(answers: Answers, categories: int) -> Answers:
    found: Answers = (answers[:, :, None] == np.arange(categories)).sum(axis=1)
    return found


def majority(answers: Answers, categories: int) -> Answers:
    found: Answers = votes(answers, categories).argmax(axis=1)
    return found


def label(model: Consensus) -> Answers:
    found: Answers = model.posterior.argmax(axis=1)
    return found


def tables(categories: int = 3) -> st.SearchStrategy[Answers]:
    shapes = st.tuples(st.integers(0, 10), st.integers(1, 5))
    return shapes.flatmap(lambda shape: arrays(np.int64, shape, elements=st.integers(-1, categories - 1)))


# The published example


def test_the_class_shares_are_those_of_the_paper() -> None:
    model = dawid_skene_counts(published())
    assert model.converged
    assert model.prior == pytest.approx(SHARES, abs=0.005)


def test_the_error_rates_are_those_of_the_paper() -> None:
    """To the two digits that are printed; the paper had stopped where the third could still change."""
    found = dawid_skene_counts(published()).confusion
    assert np.abs(found - np.array(ERROR_RATES)).max() < 0.006


def test_the_class_of_each_patient_is_that_of_the_paper() -> None:
    found = dawid_skene_counts(published()).posterior
    expected = np.eye(4)[[int(name) - 1 for name in CLASSES]]
    for patient, row in LESS_SURE.items():
        expected[patient - 1] = row
    assert np.abs(found - expected).max() < 0.006


def test_patients_on_whom_two_classes_tie_by_votes_are_told_apart() -> None:
    """Patients 2 and 36: most of the answers are a 3, and the class is 4."""
    model = dawid_skene_counts(published())
    assert published().sum(axis=1)[[1, 35]].argmax(axis=1).tolist() == [2, 2]
    assert label(model)[[1, 35]].tolist() == [3, 3]


# By hand


def test_one_iteration_is_the_sum_done_by_hand() -> None:
    """Two annotators agree on one paragraph and differ on the other: prior 3/4, and 1/3 x 3/4 against 1 x 1/4."""
    model = dawid_skene(np.array([[0, 0], [0, 1]]), 2, max_iterations=1)
    assert model.prior == pytest.approx([3 / 4, 1 / 4])
    assert model.confusion == pytest.approx(np.array([[[1, 0], [1, 0]], [[2 / 3, 1 / 3], [0, 1]]]))
    assert model.posterior == pytest.approx(np.array([[1, 0], [1 / 2, 1 / 2]]))
    assert model.log_likelihood == pytest.approx(2 * math.log(1 / 2))
    assert model.accuracy == pytest.approx([3 / 4, 3 / 4])
    assert model.iterations == 1


def test_smoothing_adds_answers_of_which_four_in_five_are_right() -> None:
    model = dawid_skene(np.array([[0], [0]]), 3, smoothing=5, max_iterations=1)
    expected = [[6 / 7, 1 / 14, 1 / 14], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]]
    assert model.confusion[0] == pytest.approx(np.array(expected))


def test_several_answers_of_one_annotator_count_each() -> None:
    counts = np.array([[[3.0, 0.0], [0.0, 1.0]]])
    assert dawid_skene_counts(counts, max_iterations=1).prior == pytest.approx([3 / 4, 1 / 4])


def test_a_table_and_its_counts_are_the_same() -> None:
    _, answers = simulated([0.9, 0.7, 0.6], 50, 3, 1, share=0.8)
    counts = (answers[:, :, None] == np.arange(3)).astype(float)
    table, counted = dawid_skene(answers, 3, smoothing=2), dawid_skene_counts(counts, smoothing=2)
    assert (table.posterior == counted.posterior).all()
    assert (table.confusion == counted.confusion).all()


# Simulated annotators


@pytest.mark.parametrize("smoothing", [0, 5])
def test_among_annotators_who_are_equally_good_the_majority_wins(smoothing: float) -> None:
    """Each of three has dissented from the others equally often, in each direction."""
    truth = np.repeat([0, 1], 12)
    answers = np.repeat(truth[:, None], 3, axis=1)
    for number in range(0, 24, 4):
        answers[number, number // 4 % 3] = 1 - truth[number]
    model = dawid_skene(answers, 2, smoothing=smoothing)
    assert (label(model) == truth).all()
    assert (label(model) == majority(answers, 2)).all()
    assert model.accuracy == pytest.approx([model.accuracy[0]] * 3)


@pytest.mark.parametrize("seed", range(5))
def test_many_annotators_of_like_care_give_what_the_majority_gives(seed: int) -> None:
    _, answers = simulated([0.8] * 7, 300, 3, seed)
    assert (label(dawid_skene(answers, 3, smoothing=5)) == majority(answers, 3)).mean() > 0.96


@pytest.mark.parametrize("seed", range(8))
def test_one_good_annotator_outweighs_several_bad_ones(seed: int) -> None:
    truth, answers = simulated([0.5, 0.5, 0.95, 0.5, 0.5], 500, 3, seed)
    model = dawid_skene(answers, 3, smoothing=5)
    assert (label(model) == truth).mean() > (majority(answers, 3) == truth).mean() + 0.05
    assert model.accuracy.argmax() == 2


@pytest.mark.parametrize("seed", range(4))
def test_the_accuracy_of_each_annotator_is_found(seed: int) -> None:
    accuracies = [0.4, 0.6, 0.7, 0.8, 0.9, 0.95]
    _, answers = simulated(accuracies, 1500, 3, seed, share=0.8)
    assert dawid_skene(answers, 3).accuracy == pytest.approx(accuracies, abs=0.06)


def test_an_annotator_who_always_errs_the_same_way_still_informs() -> None:
    """With the answers 1 and 2 always exchanged, an annotator is worth one who is always right."""
    truth, answers = simulated([0.7, 0.7, 0.7, 1.0], 400, 3, 1)
    answers[:, 3] = np.array([0, 2, 1])[answers[:, 3]]
    model = dawid_skene(answers, 3)
    assert (label(model) == truth).mean() > 0.98
    assert (majority(answers, 3) == truth).mean() < 0.9
    assert model.confusion[3] == pytest.approx(np.eye(3)[[0, 2, 1]], abs=0.05)


def test_smoothing_keeps_few_judgements_from_fitting_chance() -> None:
    """Thirty annotators of unequal care, three judgements of a paragraph: without it worse than the majority."""
    right = []
    for seed in range(12):
        accuracies = np.random.default_rng(seed).uniform(0.4, 0.95, 30).tolist()
        truth, answers = simulated(accuracies, 100, 3, seed, share=0.1)
        models = [label(dawid_skene(answers, 3, smoothing=smoothing)) for smoothing in (0, 5)]
        right.append([(found == truth).mean() for found in (*models, majority(answers, 3))])
    plain, smoothed, by_majority = np.mean(right, axis=0)
    assert plain < by_majority < smoothed


# Laws


@settings(max_examples=200)
@given(tables(), st.sampled_from([0.0, 0.5, 5.0]))
def test_probabilities_are_finite_and_sum_to_one(answers: Answers, smoothing: float) -> None:
    model = dawid_skene(answers, 3, smoothing=smoothing, max_iterations=50)
    assert model.posterior.shape == (len(answers), 3)
    assert model.confusion.shape == (answers.shape[1], 3, 3)
    for probabilities in (model.posterior, model.prior, model.confusion):
        assert np.isfinite(probabilities).all()
        assert ((probabilities >= 0) & (probabilities <= 1)).all()
        assert np.allclose(probabilities.sum(axis=-1), 1, atol=1e-9)
    assert math.isfinite(model.log_likelihood)
    assert model.log_likelihood <= 1e-9
    assert ((model.accuracy >= 0) & (model.accuracy <= 1 + 1e-9)).all()


@settings(max_examples=100)
@given(tables())
def test_the_log_likelihood_never_falls(answers: Answers) -> None:
    """But by what the rounding of posteriors may cost."""
    found = [dawid_skene(answers, 3, tolerance=0, max_iterations=last).log_likelihood for last in range(1, 15)]
    assert all(after >= before - 1e-8 for before, after in pairwise(found))


@settings(max_examples=100)
@given(tables(), st.sampled_from([0.5, 5.0]))
def test_with_smoothing_the_likelihood_times_the_prior_never_falls(answers: Answers, smoothing: float) -> None:
    added = smoothing * (np.full((3, 3), 0.1) + 0.7 * np.eye(3))
    found = []
    for last in range(1, 15):
        model = dawid_skene(answers, 3, smoothing=smoothing, tolerance=0, max_iterations=last)
        found.append(model.log_likelihood + float((added * np.log(model.confusion)).sum()))
    assert all(after >= before - 1e-8 for before, after in pairwise(found))


@settings(max_examples=50)
@given(st.integers(0, 2**32), st.integers(0, 2**32), st.sampled_from([0.0, 5.0]))
def test_names_of_annotators_and_order_of_paragraphs_decide_nothing(data: int, order: int, smoothing: float) -> None:
    _, answers = simulated([0.9, 0.8, 0.6, 0.5], 40, 3, data, share=0.8)
    generator = np.random.default_rng(order)
    rows, columns = generator.permutation(40), generator.permutation(4)
    plain = dawid_skene(answers, 3, smoothing=smoothing)
    shuffled = dawid_skene(answers[rows][:, columns], 3, smoothing=smoothing)
    assert shuffled.posterior == pytest.approx(plain.posterior[rows], abs=1e-6)
    assert shuffled.confusion == pytest.approx(plain.confusion[columns], abs=1e-6)
    assert shuffled.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-6)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("smoothing", [0, 5])
@pytest.mark.parametrize(
    "half",
    [
        ["01", "00", "00"],
        ["1001", "1011", "0110"],
        ["1010", "0110", "0100"],
        ["0101", "0010", "1011"],
        ["1010", "0111", "1101"],
    ],
    ids=" ".join,
)
def test_what_is_symmetric_stays_a_tie_in_any_order(half: list[str], smoothing: float, seed: int) -> None:
    """The other half mirrors it: categories exchanged, and annotators in pairs. EM would magnify an error of 1e-16."""
    first = np.array([[int(sign) for sign in row] for row in half])
    pairs = np.arange(first.shape[1]) ^ 1
    answers = np.random.default_rng(seed).permutation(np.concatenate([first, 1 - first[:, pairs]]))
    tied = (answers == 1 - answers[:, pairs]).all(axis=1)
    model = dawid_skene(answers, 2, smoothing=smoothing)
    assert tied.any()
    assert model.posterior[tied].tolist() == [[0.5, 0.5]] * tied.sum()


def test_the_same_answers_have_the_same_figures() -> None:
    first, second = dawid_skene_counts(published()), dawid_skene_counts(published().copy())
    assert (first.posterior == second.posterior).all()
    assert first.log_likelihood == second.log_likelihood


# Degenerate cases


def test_a_paragraph_without_an_answer_has_the_prior() -> None:
    _, answers = simulated([0.9, 0.8, 0.7], 60, 3, 2)
    answers[::4] = -1
    model, judged = dawid_skene(answers, 3), dawid_skene(answers[(answers >= 0).any(axis=1)], 3)
    assert (model.posterior[::4] == model.prior).all()
    assert (model.prior == judged.prior).all()
    assert model.log_likelihood == judged.log_likelihood


@pytest.mark.parametrize("smoothing", [0, 5])
def test_one_annotator_is_believed(smoothing: float) -> None:
    answers = np.array([[0], [1], [1], [2]])
    model = dawid_skene(answers, 3, smoothing=smoothing)
    assert (label(model) == answers[:, 0]).all()


def test_a_category_that_nobody_used_has_no_share() -> None:
    model = dawid_skene(np.zeros((4, 3), dtype=np.int64), 2)
    assert model.posterior.tolist() == [[1, 0]] * 4
    assert model.prior.tolist() == [1, 0]
    assert model.confusion[:, 1].tolist() == [[0.5, 0.5]] * 3
    assert (model.log_likelihood, model.converged) == (0, True)


def test_a_single_category_is_certain() -> None:
    model = dawid_skene(np.array([[0, -1], [0, 0]]), 1, smoothing=5)
    assert model.posterior.tolist() == [[1], [1]]
    assert model.accuracy.tolist() == [1, 1]


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0), (2, 2)], ids=str)
def test_nothing_judged_leaves_every_category_as_probable_as_the_others(shape: tuple[int, int]) -> None:
    model = dawid_skene(np.full(shape, -1), 4)
    assert model.posterior.tolist() == [[0.25] * 4] * shape[0]
    assert model.prior.tolist() == [0.25] * 4
    assert model.confusion.tolist() == [[[0.25] * 4] * 4] * shape[1]
    assert (model.log_likelihood, model.converged) == (0, True)


def test_a_thousand_answers_to_one_paragraph_do_not_underflow() -> None:
    truth, answers = simulated([0.4] * 2000, 6, 3, 1)
    model = dawid_skene(answers, 3)
    assert (label(model) == truth).all()
    assert model.log_likelihood < math.log(np.finfo(float).tiny)
    assert np.isfinite(model.posterior).all()


def test_it_says_when_it_has_not_converged() -> None:
    assert not dawid_skene_counts(published(), max_iterations=2).converged


def test_an_answer_beyond_the_categories_is_named() -> None:
    with pytest.raises(InputError, match=r"an answer is no category \(expected at most 1, got 2\)"):
        dawid_skene(np.array([[0, 2]]), 2)

r"""Agreement between annotators: Cohen's kappa per pair, Krippendorff's alpha over all, with bootstrap intervals.

A table of answers has one row for each paragraph and one column for each annotator; a cell holds the number of a
category, from 0, or -1 where the annotator did not judge the paragraph. A distance matrix says how far apart two
categories are, in [0, 1]: 0 or 1 for stances and single topics, MASI for sets of topics.

Cohen, J. (1968). Weighted kappa. *Psychological Bulletin* 70 (with distances 0 and 1 it is the kappa of 1960).
Krippendorff, K. (2011). *Computing Krippendorff's alpha-reliability*. University of Pennsylvania.
Passonneau, R. (2006). Measuring agreement on set-valued items (MASI). *LREC*.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from iraqstance.annotation.errors import InputError
from iraqstance.annotation.records import Judgement
from iraqstance.annotation.schema import Schema
from numpy.typing import NDArray

__all__ = ["Agreement", "Estimate", "agreement", "cohen_kappa", "krippendorff_alpha", "masi_distance"]

Floats = NDArray[np.float64]
Answers = NDArray[np.int64]

_RESAMPLES = 2000
_CELLS = 10_000_000  # of a piece of the table of resamples, which would not fit into memory as a whole
_SEED = 20250120


@dataclass(frozen=True, slots=True)
class Estimate:
    """A chance-corrected figure with its 95 % percentile-bootstrap interval over paragraphs.

    Attributes:
        value: At most 1; NaN where it is undefined, because the answers do not vary or none are paired.
        low: Lower end of the interval; NaN with the value.
        high: Upper end.
        count: Paragraphs that it rests on: those judged at least twice.
        observed: Mean closeness of paired answers, in [0, 1]: 1 less their mean distance; NaN without pairs.
    """

    value: float
    low: float
    high: float
    count: int
    observed: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement on one question.

    Attributes:
        question: A stance column, ``topics`` (whole sets, by MASI distance), or ``topic <name>`` (ticked or not).
        alpha: Krippendorff's alpha over all annotators.
        kappas: Cohen's kappa of each pair of annotators who share a paragraph.
    """

    question: str
    alpha: Estimate
    kappas: dict[tuple[str, str], Estimate]


def agreement(judgements: Iterable[Judgement], schema: Schema) -> list[Agreement]:
    """Return the agreement of the independent judgements on each stance, on the topics as sets, and on each topic.

    Raises:
        InputError: Where no paragraph was judged by two annotators.
    """
    independent = [judgement for judgement in judgements if judgement.round == "independent"]
    paragraphs = {name: number for number, name in enumerate(dict.fromkeys(j.paragraph for j in independent))}
    annotators = {name: number for number, name in enumerate(sorted({j.annotator for j in independent}))}
    if len({(judgement.paragraph, judgement.annotator) for judgement in independent}) == len(paragraphs):
        raise InputError(
            "no paragraph was judged by two annotators",
            got=f"{len(independent)} judgements of {len(paragraphs)} paragraphs",
            remedy="Agreement needs paragraphs that several annotators judged",
        )

    def table(answer: Callable[[Judgement], int]) -> Answers:
        cells = np.full((len(paragraphs), len(annotators)), -1)
        for judgement in independent:
            cells[paragraphs[judgement.paragraph], annotators[judgement.annotator]] = answer(judgement)
        return cells

    names = tuple(annotators)
    questions = [
        _question(column, table(lambda j, t=target: schema.stance_names.index(j.stances[t])), names)  # type: ignore[misc]
        for target, column in schema.stance_columns.items()
    ]
    sets = list(dict.fromkeys(j.topics for j in independent))
    distance = masi_distance(sets)
    questions.append(_question("topics", table(lambda j: sets.index(j.topics)), names, distance))
    questions += [
        _question(f"topic {topic}", table(lambda j, t=topic: int(t in j.topics)), names)  # type: ignore[misc]
        for topic in schema.topic_names
    ]
    return questions


def _question(name: str, answers: Answers, annotators: Sequence[str], distance: Floats | None = None) -> Agreement:
    kappas = {}
    for left, right in combinations(range(len(annotators)), 2):
        pair = answers[:, [left, right]]
        if (pair >= 0).all(axis=1).any():
            kappas[annotators[left], annotators[right]] = cohen_kappa(pair, distance)
    return Agreement(name, krippendorff_alpha(answers, distance), kappas)


def krippendorff_alpha(answers: Answers, distance: Floats | None = None) -> Estimate:
    """Return Krippendorff's alpha of a table of answers, of shape (paragraphs, annotators).

    Args:
        answers: Category numbers, -1 for missing. Paragraphs with fewer than two answers do not count.
        distance: Symmetric, of shape (categories, categories), zero on the diagonal; without it, nominal.
    """
    answers = answers[(answers >= 0).sum(axis=1) > 1]
    distance = _nominal(answers) if distance is None else distance
    counts = _counts(answers, len(distance))
    size = counts.sum(axis=1)
    # Distances over ordered pairs within each paragraph, weighted as Krippendorff does.
    apart = np.einsum("uc,ck,uk->u", counts, distance, counts) / np.maximum(size - 1, 1)

    def figure(weights: Floats) -> tuple[Floats, Floats]:
        total = weights @ counts
        pairable = total.sum(axis=-1)
        within = weights @ apart / pairable
        expected = np.einsum("rc,ck,rk->r", total, distance, total) / (pairable * (pairable - 1))
        return within, expected

    return _estimate(figure, len(answers))


def cohen_kappa(answers: Answers, distance: Floats | None = None) -> Estimate:
    """Return Cohen's kappa of two annotators, from a table of answers of shape (paragraphs, 2).

    Args:
        answers: Category numbers, -1 for missing. Paragraphs that only one of them judged do not count.
        distance: As for :func:`krippendorff_alpha`; with one, kappa is weighted by it.
    """
    answers = answers[(answers >= 0).all(axis=1)]
    distance = _nominal(answers) if distance is None else distance
    left, right = (_counts(answers[:, [side]], len(distance)) for side in (0, 1))
    apart = distance[answers[:, 0], answers[:, 1]]

    def figure(weights: Floats) -> tuple[Floats, Floats]:
        size = weights.sum(axis=-1)
        expected = np.einsum("rc,ck,rk->r", weights @ left, distance, weights @ right) / size**2
        return weights @ apart / size, expected

    return _estimate(figure, len(answers))


def masi_distance(sets: Sequence[Sequence[str]]) -> Floats:
    """Return the MASI distances between sets of labels, of shape (sets, sets): 1 - Jaccard x monotonicity."""
    distance = np.zeros((len(sets), len(sets)))
    for (i, left), (j, right) in combinations(enumerate(map(frozenset, sets)), 2):
        shared = left & right
        if left != right:
            monotonicity = 2 / 3 if shared in {left, right} else 1 / 3
            distance[i, j] = distance[j, i] = 1 - monotonicity * len(shared) / len(left | right)
    return distance


def _nominal(answers: Answers) -> Floats:
    return 1 - np.eye(max(int(answers.max(initial=0)) + 1, 1))


def _counts(answers: Answers, categories: int) -> Floats:
    """Return how often each category was chosen for each paragraph, of shape (paragraphs, categories)."""
    return np.stack([(answers == category).sum(axis=1) for category in range(categories)], axis=1).astype(float)


def _estimate(figure: Callable[[Floats], tuple[Floats, Floats]], paragraphs: int) -> Estimate:
    """Return 1 - within / expected distance, with its interval, from a function of weights over paragraphs."""
    nothing = float("nan")
    if not paragraphs:
        return Estimate(nothing, nothing, nothing, 0, nothing)
    random, share = np.random.default_rng(_SEED), np.full(paragraphs, 1 / paragraphs)
    with np.errstate(divide="ignore", invalid="ignore"):
        within, expected = figure(np.ones((1, paragraphs)))
        observed, values = 1 - within[0], [np.where(expected > 0, 1 - within / expected, np.nan)]
        at_once = max(1, _CELLS // paragraphs)
        for start in range(0, _RESAMPLES, at_once):
            weights = random.multinomial(paragraphs, share, min(at_once, _RESAMPLES - start)).astype(np.float64)
            within, expected = figure(weights)
            values.append(np.where(expected > 0, 1 - within / expected, np.nan))
    value, resampled = float(values[0][0]), np.concatenate(values[1:])
    defined = resampled[~np.isnan(resampled)]
    low, high = np.percentile(defined, [2.5, 97.5]) if not np.isnan(value) and len(defined) else (nothing, nothing)
    return Estimate(value, float(low), float(high), paragraphs, float(observed))

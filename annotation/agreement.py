"""Agreement between annotators: over all, in pairs, of each against the rest, and label by label, with intervals.

A table of answers has one row for each paragraph and one column for each annotator; a cell holds the number of a
category, from 0, or -1 where the annotator did not judge the paragraph. A distance matrix says how far apart two
categories are, in [0, 1]: 0 or 1 for stances and single topics, MASI for sets of topics.

Cicchetti, D. V., & Feinstein, A. R. (1990). High agreement but low kappa: II. *Journal of Clinical Epidemiology* 43
(agreement specific to a label, of two annotators).
Cohen, J. (1968). Weighted kappa. *Psychological Bulletin* 70 (with distances 0 and 1 it is the kappa of 1960).
Fleiss, J. L. (1971). Measuring nominal scale agreement among many raters. *Psychological Bulletin* 76 (agreement
specific to a label, of many).
Krippendorff, K. (2011). *Computing Krippendorff's alpha-reliability*. University of Pennsylvania.
Passonneau, R. (2006). Measuring agreement on set-valued items (MASI). *LREC*.
Schouten, H. J. A. (1982). Measuring pairwise interobserver agreement when all subjects are judged by the same
observers. *Statistica Neerlandica* 36 (one annotator against the others).
Uebersax, J. S. (1982). A design-independent method for measuring the reliability of psychiatric diagnosis. *Journal
of Psychiatric Research* 17 (agreement specific to a label, with missing answers).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median

import numpy as np
from iraqstance.annotation.errors import InputError
from iraqstance.annotation.records import KINDS, Judgement
from iraqstance.annotation.schema import Schema
from numpy.typing import NDArray

__all__ = [
    "RESAMPLES",
    "Agreement",
    "Annotator",
    "Estimate",
    "agreement",
    "annotators",
    "cohen_kappa",
    "krippendorff_alpha",
    "left_out",
    "masi_distance",
    "rest_kappa",
    "specific_agreement",
]

Floats = NDArray[np.float64]
Answers = NDArray[np.int64]

#: Of the bootstrap.
RESAMPLES = 2000
_CELLS = 10_000_000  # of a piece of the table of resamples, which would not fit into memory as a whole
_COLUMNS = 256  # that are summed over paragraphs together: one large product of matrices is faster than many small ones
_SEED = 20250120

_FLAT = "answers do not vary"
_SHOWN = ("kept", "changed")  # what may become of a suggestion that the annotator saw


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % percentile-bootstrap interval over paragraphs.

    Attributes:
        value: At most 1; NaN where it is undefined.
        low: Lower end of the interval; NaN with the value.
        high: Upper end.
        count: Paragraphs that it rests on: those judged at least twice (for a pair of annotators, by both; for one
            against the rest, by that one too), and for a label those of them where somebody chose it.
        observed: Mean closeness of paired answers, in [0, 1]: 1 less their mean distance; NaN without pairs.
        reason: Why it is undefined, such as ``answers do not vary``; empty where it is defined.
    """

    value: float
    low: float
    high: float
    count: int
    observed: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement on one question.

    Attributes:
        question: A stance column, ``topics`` (whole sets, by MASI distance), or ``topic <name>`` (ticked or not).
        alpha: Krippendorff's alpha over all annotators.
        kappas: Cohen's kappa of each pair of annotators who share a paragraph.
        rest: :func:`rest_kappa` of each annotator.
        labels: :func:`specific_agreement` on each stance, or on ``ticked``; none for ``topics``.
        label_alphas: Its chance-corrected companion, by the same names: alpha of *this label or another*.
    """

    question: str
    alpha: Estimate
    kappas: dict[tuple[str, str], Estimate]
    rest: dict[str, Estimate]
    labels: dict[str, Estimate]
    label_alphas: dict[str, Estimate]


@dataclass(frozen=True, slots=True)
class Annotator:
    """What one annotator did in the independent round, with suggestions or without.

    Attributes:
        name: Pseudonym.
        kind: ``person``, ``model``, or ``person and model`` where the judgements say both.
        judgements: How many, at least 1.
        unsure: Share of them marked unsure, in [0, 1].
        seconds: Median time spent on a paragraph, or ``None`` where none is recorded.
        kept: How many were made by keeping a model's suggestion.
        changed: How many were made by changing one.
        shared: Share of the paragraphs that somebody else judged too, in [0, 1].
    """

    name: str
    kind: str
    judgements: int
    unsure: float
    seconds: float | None
    kept: int
    changed: int
    shared: float


def agreement(judgements: Iterable[Judgement], schema: Schema) -> list[Agreement]:
    """Return the agreement of the independent judgements on each stance, on the topics as sets, and on each topic.

    Paragraphs that :func:`left_out` names do not count. The bootstrap draws among the paragraphs judged at least twice,
    and every figure is computed on the same draws.

    Raises:
        InputError: Where no paragraph was judged by two annotators, or every one of them from a suggestion.
    """
    independent = [judgement for judgement in judgements if judgement.round == "independent"]
    measured = _measured(independent)
    names = sorted({judgement.annotator for judgement in independent})
    columns = {name: number for number, name in enumerate(names)}
    paragraphs = {name: number for number, name in enumerate(dict.fromkeys(j.paragraph for j in measured))}

    def table(answer: Callable[[Judgement], int]) -> Answers:
        cells = np.full((len(paragraphs), len(names)), -1)
        for judgement in measured:
            cells[paragraphs[judgement.paragraph], columns[judgement.annotator]] = answer(judgement)
        return cells

    sets = {topics: number for number, topics in enumerate(dict.fromkeys(j.topics for j in measured))}
    stance, two = _nominal(len(schema.stances)), _nominal(2)
    questions = [
        _Question(
            column,
            table(lambda j, t=target: schema.stance_names.index(j.stances[t])),  # type: ignore[misc]
            stance,
            dict(enumerate(schema.stance_names)),
        )
        for target, column in schema.stance_columns.items()
    ]
    questions.append(_Question("topics", table(lambda j: sets[j.topics]), masi_distance(list(sets)), {}))
    questions += [
        _Question(f"topic {topic}", table(lambda j, t=topic: int(t in j.topics)), two, {1: "ticked"})  # type: ignore[misc]
        for topic in schema.topic_names
    ]
    figures = [_figures(question, names) for question in questions]
    estimates = iter(_estimates([figure for named in figures for figure in named.values()], len(paragraphs)))
    return [
        _agreement(question.name, dict(zip(named, estimates, strict=False)))
        for question, named in zip(questions, figures, strict=True)
    ]


def _measured(independent: Sequence[Judgement]) -> list[Judgement]:
    """Return the judgements of the paragraphs that agreement is measured on."""
    suggested = left_out(independent)
    judges: dict[str, set[str]] = {}
    for judgement in independent:
        if judgement.paragraph not in suggested:
            judges.setdefault(judgement.paragraph, set()).add(judgement.annotator)
    if suggested and not judges:
        raise InputError(
            "every paragraph was labelled from a model's suggestion",
            got=f"{len(independent)} judgements of {len(suggested)} paragraphs",
            remedy="Agreement needs paragraphs that several annotators judged without one",
        )
    measured = [judgement for judgement in independent if len(judges.get(judgement.paragraph, ())) > 1]
    if not measured:
        blind = sum(judgement.paragraph in judges for judgement in independent)
        also = f"; {len(suggested)} more left out, labelled from a model's suggestion" if suggested else ""
        raise InputError(
            "no paragraph was judged by two annotators",
            got=f"{blind} judgements of {len(judges)} paragraphs{also}",
            remedy="Agreement needs paragraphs that several annotators judged",
        )
    return measured


def left_out(judgements: Iterable[Judgement]) -> set[str]:
    """Return the ids of the paragraphs where an independent judgement was made from a suggestion that was shown.

    Annotators who start from the same suggestion agree with it and so with each other: agreement is measured without
    these paragraphs.
    """
    return {j.paragraph for j in judgements if j.round == "independent" and j.suggestion in _SHOWN}


def annotators(judgements: Iterable[Judgement]) -> list[Annotator]:
    """Return what each annotator did in the independent round, sorted by name."""
    by_annotator: dict[str, list[Judgement]] = {}
    judges: dict[str, set[str]] = {}
    for judgement in judgements:
        if judgement.round == "independent":
            by_annotator.setdefault(judgement.annotator, []).append(judgement)
            judges.setdefault(judgement.paragraph, set()).add(judgement.annotator)
    found = []
    for name, group in sorted(by_annotator.items()):
        seconds = [judgement.seconds for judgement in group if judgement.seconds is not None]
        kinds = {judgement.kind for judgement in group}
        found.append(
            Annotator(
                name=name,
                kind=" and ".join(kind for kind in KINDS if kind in kinds),
                judgements=len(group),
                unsure=sum(judgement.unsure for judgement in group) / len(group),
                seconds=median(seconds) if seconds else None,
                kept=sum(judgement.suggestion == "kept" for judgement in group),
                changed=sum(judgement.suggestion == "changed" for judgement in group),
                shared=sum(len(judges[judgement.paragraph]) > 1 for judgement in group) / len(group),
            )
        )
    return found


def krippendorff_alpha(answers: Answers, distance: Floats | None = None) -> Estimate:
    """Return Krippendorff's alpha of a table of answers, of shape (paragraphs, annotators).

    Args:
        answers: Category numbers, -1 for missing. Paragraphs with fewer than two answers do not count.
        distance: Symmetric, of shape (categories, categories), zero on the diagonal; without it, nominal.
    """
    answers = answers[(answers >= 0).sum(axis=1) > 1]
    return _estimates([_alpha(answers, _distance(answers, distance))], len(answers))[0]


def cohen_kappa(answers: Answers, distance: Floats | None = None) -> Estimate:
    """Return Cohen's kappa of two annotators, from a table of answers of shape (paragraphs, 2).

    Args:
        answers: Category numbers, -1 for missing. Paragraphs that only one of them judged do not count.
        distance: As for :func:`krippendorff_alpha`; with one, kappa is weighted by it.
    """
    return rest_kappa(answers, 0, distance)


def rest_kappa(answers: Answers, annotator: int, distance: Floats | None = None) -> Estimate:
    """Return kappa of one annotator against the rest, from a table of answers of shape (paragraphs, annotators).

    It is Cohen's kappa over the pairs of the annotator's answer and each other's answer to the same paragraph. The
    pairs of a paragraph share the weight of one, so that every paragraph weighs the same. With one other annotator it
    is Cohen's kappa; with several and no answer missing it is Schouten's index.

    Args:
        answers: Category numbers, -1 for missing. Paragraphs that the annotator, or all others, did not judge do not
            count.
        annotator: Number of the annotator's column.
        distance: As for :func:`cohen_kappa`.
    """
    own, others = answers[:, annotator], np.delete(answers, annotator, axis=1)
    kept = (own >= 0) & (others >= 0).any(axis=1)
    distance = _distance(answers[kept], distance)
    return _estimates([_kappa(own[kept], others[kept], distance)], int(kept.sum()))[0]


def specific_agreement(answers: Answers, category: int) -> Estimate:
    """Return the agreement specific to a category, from a table of answers of shape (paragraphs, annotators).

    It is the share, in [0, 1], of the ordered pairs of answers to one paragraph whose first is the category in which
    the second is too. It is not corrected for chance: a category that everybody chooses nearly always has a high one.

    Args:
        answers: Category numbers, -1 for missing. Paragraphs with fewer than two answers do not count.
        category: Number of the category.
    """
    answers = answers[(answers >= 0).sum(axis=1) > 1]
    return _estimates([_specific(answers, category)], len(answers))[0]


def masi_distance(sets: Sequence[Sequence[str]]) -> Floats:
    """Return the MASI distances between sets of labels, of shape (sets, sets): 1 - Jaccard x monotonicity."""
    names = dict.fromkeys(name for labels in sets for name in labels)
    rows = [[name in labels for name in names] for labels in sets]
    holds = np.array(rows, dtype=float).reshape(len(sets), len(names))
    size = holds.sum(axis=1)
    shared = holds @ holds.T
    union = np.add.outer(size, size) - shared
    monotonicity = np.where(shared == np.minimum.outer(size, size), 2 / 3, 1 / 3)
    return np.where(shared == union, 0, 1 - monotonicity * shared / np.maximum(union, 1))


@dataclass(frozen=True, slots=True)
class _Question:
    name: str
    answers: Answers
    distance: Floats
    labels: dict[int, str]


@dataclass(frozen=True, slots=True)
class _Figure:
    """A figure 1 - within / expected distance, in a form that can be computed on many resamples at once.

    Attributes:
        count: Paragraphs that it rests on.
        terms: Makes what is summed over paragraphs, of shape (paragraphs, terms).
        distances: Makes the two distances, each of shape (resamples,), from the sums, of shape (resamples, terms).
        empty: Why it is undefined where it rests on no paragraph.
    """

    count: int
    terms: Callable[[], Floats]
    distances: Callable[[Floats], tuple[Floats, Floats]]
    empty: str


def _figures(question: _Question, names: Sequence[str]) -> dict[tuple[str, ...], _Figure]:
    """Return the figures of a question by what they are, as :func:`_agreement` reads it."""
    answers, distance = question.answers, question.distance
    figures: dict[tuple[str, ...], _Figure] = {("alpha",): _alpha(answers, distance)}
    for left, right in combinations(range(len(names)), 2):
        kappa = _kappa(answers[:, left], answers[:, [right]], distance)
        if kappa.count:
            figures["kappas", names[left], names[right]] = kappa
    for number, name in enumerate(names):
        figures["rest", name] = _kappa(answers[:, number], np.delete(answers, number, axis=1), distance)
    for category, name in question.labels.items():
        figures["labels", name] = _specific(answers, category)
        figures["label_alphas", name] = _alpha(np.where(answers < 0, -1, answers == category), _nominal(2))
    return figures


def _agreement(question: str, estimates: dict[tuple[str, ...], Estimate]) -> Agreement:
    return Agreement(
        question,
        estimates["alpha",],
        {(key[1], key[2]): found for key, found in estimates.items() if key[0] == "kappas"},
        *(
            {key[1]: found for key, found in estimates.items() if key[0] == kind}
            for kind in ("rest", "labels", "label_alphas")
        ),
    )


def _alpha(answers: Answers, distance: Floats) -> _Figure:
    paired = (answers >= 0).sum(axis=1) > 1

    def terms() -> Floats:
        sums = np.zeros((len(answers), len(distance) + 1))
        counts = sums[:, :-1]
        for column in answers.T:
            rows = np.flatnonzero(paired & (column >= 0))
            counts[rows, column[rows]] += 1
        # Distances over ordered pairs within each paragraph, weighted as Krippendorff does.
        sums[:, -1] = _crossed(counts, distance, counts) / np.maximum(counts.sum(axis=1) - 1, 1)
        return sums

    def distances(sums: Floats) -> tuple[Floats, Floats]:
        total, apart = sums[:, :-1], sums[:, -1]
        pairable = total.sum(axis=1)
        return apart / pairable, _crossed(total, distance, total) / (pairable * (pairable - 1))

    return _Figure(int(paired.sum()), terms, distances, "no paragraph was judged twice")


def _kappa(own: Answers, others: Answers, distance: Floats) -> _Figure:
    """Return kappa of one annotator against others, from answers of shapes (paragraphs,) and (paragraphs, others)."""
    shared = (own >= 0) & (others >= 0).any(axis=1)
    weight = 1 / np.maximum((others >= 0).sum(axis=1), 1)
    chosen = np.where(shared[:, np.newaxis], np.column_stack([own, others]), -1)
    chosen, distance = _without_unused(chosen, distance)
    own, others = chosen[:, 0], chosen[:, 1:]

    def terms() -> Floats:
        sums = np.zeros((len(own), 2 * len(distance) + 2))
        left, right = np.split(sums[:, :-2], 2, axis=1)
        rows = np.flatnonzero(shared)
        left[rows, own[rows]] = 1
        for column in others.T:
            rows = np.flatnonzero(column >= 0)
            right[rows, column[rows]] += weight[rows]
            sums[rows, -2] += weight[rows] * distance[own[rows], column[rows]]
        sums[:, -1] = shared
        return sums

    def distances(sums: Floats) -> tuple[Floats, Floats]:
        left, right = np.split(sums[:, :-2], 2, axis=1)
        apart, size = sums[:, -2], sums[:, -1]
        return apart / size, _crossed(left, distance, right) / size**2

    return _Figure(int(shared.sum()), terms, distances, "no paragraph was judged by another annotator too")


def _specific(answers: Answers, category: int) -> _Figure:
    chosen = (answers == category).sum(axis=1)
    pairs = chosen * ((answers >= 0).sum(axis=1) - 1)

    def distances(sums: Floats) -> tuple[Floats, Floats]:
        return 1 - sums[:, 0] / sums[:, 1], np.ones(len(sums))  # 1: nothing is taken off for chance

    return _Figure(
        int((pairs > 0).sum()),
        lambda: np.column_stack([chosen * (chosen - 1), pairs]).astype(float),
        distances,
        "nobody chose it",
    )


def _distance(answers: Answers, distance: Floats | None) -> Floats:
    return _nominal(max(int(answers.max(initial=0)) + 1, 1)) if distance is None else distance


def _without_unused(answers: Answers, distance: Floats) -> tuple[Answers, Floats]:
    """Return answers and distances without the categories that nobody chose: few annotators choose few of many sets."""
    used = np.unique(answers[answers >= 0])
    numbers = np.full(len(distance) + 1, -1)  # the last is for -1
    numbers[used] = np.arange(len(used))
    return numbers[answers], distance[np.ix_(used, used)]


def _nominal(categories: int) -> Floats:
    return 1 - np.eye(categories)


def _crossed(left: Floats, distance: Floats, right: Floats) -> Floats:
    """Return the distances between all pairs of two counts, summed; each count of shape (any, categories)."""
    return np.asarray(((left @ distance) * right).sum(axis=1))


def _estimates(figures: Sequence[_Figure], paragraphs: int) -> list[Estimate]:
    """Return figures of the same paragraphs with their intervals, all from the same resamples."""
    nothing = float("nan")
    if not paragraphs:
        return [Estimate(nothing, nothing, nothing, 0, nothing, figure.empty) for figure in figures]
    random, share = np.random.default_rng(_SEED), np.full(paragraphs, 1 / paragraphs)
    values: list[list[Floats]] = [[] for _ in figures]
    with np.errstate(divide="ignore", invalid="ignore"):
        whole = [
            (float(_corrected(within, expected)[0]), float(1 - within[0]))
            for within, expected in _distances(figures, np.ones((1, paragraphs)))
        ]
        at_once = max(1, _CELLS // paragraphs)
        for start in range(0, RESAMPLES, at_once):
            weights = random.multinomial(paragraphs, share, min(at_once, RESAMPLES - start)).astype(np.float64)
            for resampled, (within, expected) in zip(values, _distances(figures, weights), strict=True):
                resampled.append(_corrected(within, expected))
    return [
        _estimate(figure, value, observed, np.concatenate(resampled))
        for figure, (value, observed), resampled in zip(figures, whole, values, strict=True)
    ]


def _distances(figures: Iterable[_Figure], weights: Floats) -> Iterator[tuple[Floats, Floats]]:
    """Yield the distances of each figure under weights of paragraphs, of shape (resamples, paragraphs)."""
    waiting: list[tuple[_Figure, Floats]] = []

    def summed() -> Iterator[tuple[Floats, Floats]]:
        sums = weights @ np.hstack([terms for _, terms in waiting])
        ends = np.cumsum([terms.shape[1] for _, terms in waiting])
        for (figure, _), part in zip(waiting, np.split(sums, ends[:-1], axis=1), strict=True):
            yield figure.distances(part)

    for figure in figures:
        waiting.append((figure, figure.terms()))
        if sum(terms.shape[1] for _, terms in waiting) >= _COLUMNS:
            yield from summed()
            waiting.clear()
    if waiting:
        yield from summed()


def _corrected(within: Floats, expected: Floats) -> Floats:
    return np.where(expected > 0, 1 - within / expected, np.nan)


def _estimate(figure: _Figure, value: float, observed: float, resampled: Floats) -> Estimate:
    """Return the estimate, its interval from the resamples in which the figure is defined."""
    if np.isnan(value):
        return Estimate(value, value, value, figure.count, observed, _FLAT if figure.count else figure.empty)
    defined = resampled[~np.isnan(resampled)]
    low, high = np.percentile(defined, [2.5, 97.5]) if len(defined) else (np.nan, np.nan)
    return Estimate(value, float(low), float(high), figure.count, observed)

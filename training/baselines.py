"""What the classifier learns from each edition, measured on the source articles, and how it grows with the data.

Each article is held out once. A row is never tested by a model that has seen its article or a restatement of it.
``python benchmarks/baselines.py`` writes ``dataset/measured/baselines.json``, which :func:`record` lays out:

- ``data``: ``source_paragraphs``, ``articles``, ``open_paragraphs``, and ``files`` with the SHA-256 of each data file.
- ``recipe``: :func:`~iraqstance.training.recipe.recipe_fingerprint`. ``libraries``: the versions, as a note.
- ``intervals``: in words, what the intervals of the rows are, and those under ``over_articles``.
- ``systems``: one object for each: ``name``, ``kind`` (``model``, ``majority`` or ``random``), ``trained_on``,
  ``training_paragraphs`` ([least, most] over the articles), and the figures, each ``[value, low, high]``:
  ``stance_macro_f1``, ``stance_sides_f1`` (mean of the F1 of favor and against), ``stance_accuracy``,
  ``stance_f1_<stance>``, ``topics_micro_f1``, ``topics_macro_f1``, ``topics_exact``, ``topics_f1_<topic>``.
  ``over_articles`` holds the same figures with their other intervals.
- ``differences``: ``left`` less ``right``, names of systems; the figures, each ``[value, low, high, above]``, where
  ``above`` is the share of the resamples above 0; and ``over_articles``.
- ``curve``: one object for each size: ``tested_on`` (``source`` or ``validation``), ``paragraphs``, and
  ``stance_macro_f1`` and ``topics_micro_f1``, each ``[mean, least, greatest]`` over draws of stories.
- ``slopes``: what one more doubling of the stories gives at the end of each curve: ``tested_on``, ``first`` and
  ``last`` (the two sizes); the figures ``[mean, least, greatest]`` over draws; ``over_paragraphs`` holds the same
  figures as ``[value, low, high, above]`` over the tested paragraphs.

Shares are in [0, 1], with four digits; all intervals are of 95 %.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from hashlib import sha256
from math import log2
from pathlib import Path

import numpy as np
from iraqstance.annotation.errors import InputError, UsageError
from iraqstance.annotation.schema import packaged_schema
from iraqstance.dataset.editions import packaged_edition, packaged_folder
from iraqstance.dataset.hydrate import hydrate, hydrated_rows
from iraqstance.training.corpus import Corpus
from iraqstance.training.evaluate import Outcome, Progress, outcomes
from iraqstance.training.guesses import majority_stance, majority_topics, random_stances, random_topics
from iraqstance.training.intervals import (
    Bootstrap,
    Change,
    Floats,
    Interval,
    Measure,
    Scheme,
    bootstrap,
    mean_measure,
    stance_measure,
    topic_measure,
)
from iraqstance.training.model_folder import library_versions
from iraqstance.training.recipe import recipe_fingerprint

__all__ = [
    "Comparison",
    "Curve",
    "Difference",
    "Draw",
    "Point",
    "Slope",
    "System",
    "Trial",
    "compare",
    "curve_draws",
    "data_hashes",
    "learning_curve",
    "record",
    "source_corpus",
    "stories_of",
    "system_trials",
]

#: What the models are trained on, by name.
TRAINED_ON: Mapping[str, str] = {
    "open edition": "the open edition less the restatements of the held-out article",
    "articles": "the other articles",
    "both": "the other articles and the open edition less the restatements of the held-out article",
}
_DIFFERENCES = (("articles", "open edition"), ("both", "articles"), ("both", "open edition"))
_SIDES = ("favor", "against")
_SIZES = (93, 186, 372, 744, 1488)
_REPEATS = 5
_LAST_STEP = 0.8  # a size nearer to the whole tells nothing of what more would bring
_SEED = 20250120
_CURVE_FIGURES = ("stance_macro_f1", "topics_micro_f1")
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Trial:
    """A model to fit and to test.

    Attributes:
        system: A name of :data:`TRAINED_ON`.
        held_out: The article whose paragraphs are tested.
        train: What the model is fitted on.
        test: The paragraphs.
    """

    system: str
    held_out: str
    train: Corpus
    test: Corpus


@dataclass(frozen=True, slots=True)
class Draw:
    """A model to fit on a number of stories, for a learning curve.

    Attributes:
        paragraphs: How many were wanted; whole stories come as near as they can.
        repeat: Number of the draw, from 0.
        train: The stories' paragraphs.
    """

    paragraphs: int
    repeat: int
    train: Corpus


@dataclass(frozen=True, slots=True)
class System:
    """A system's figures over the pooled predictions for all articles.

    Attributes:
        name: A name of :data:`TRAINED_ON`, or ``majority of <name>`` or ``random of <name>``.
        kind: ``model``, ``majority`` (the commonest training label; topics that half of the training texts have), or
            ``random`` (drawn as the training labels are distributed, mean of 100 draws).
        trained_on: Its training data, in words.
        training_paragraphs: The least and the greatest number of them over the articles.
        figures: Each with its interval for these very articles: rows resampled within each.
        over_articles: The same, articles resampled too; of five articles a rough hint.
    """

    name: str
    kind: str
    trained_on: str
    training_paragraphs: tuple[int, int]
    figures: Mapping[str, Interval]
    over_articles: Mapping[str, Interval]


@dataclass(frozen=True, slots=True)
class Difference:
    """How much better the left system is than the right one, on the same resamples; intervals as in :class:`System`."""

    left: str
    right: str
    figures: Mapping[str, Change]
    over_articles: Mapping[str, Change]


@dataclass(frozen=True, slots=True)
class Comparison:
    """All systems, and the differences between the models."""

    systems: tuple[System, ...]
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """Figures at one size of the training data: mean, least and greatest over draws of stories."""

    paragraphs: int
    figures: Mapping[str, tuple[float, float, float]]


@dataclass(frozen=True, slots=True)
class Slope:
    """What one more doubling of the training data gives, from the last two sizes.

    Attributes:
        first: The smaller size.
        last: The greater one, which is all there is.
        figures: The mean, least and greatest gain over draws of the smaller size.
        over_paragraphs: The mean gain with its interval over the tested rows.
    """

    first: int
    last: int
    figures: Mapping[str, tuple[float, float, float]]
    over_paragraphs: Mapping[str, Change]


@dataclass(frozen=True, slots=True)
class Curve:
    """A learning curve.

    Attributes:
        tested_on: Name of what was tested.
        rows: How many rows were tested.
        scheme: How they were resampled for the slope.
        points: By size, the smallest first.
        slope: At the end.
    """

    tested_on: str
    rows: int
    scheme: Scheme
    points: tuple[Point, ...]
    slope: Slope


def source_corpus(folder: str | Path) -> Corpus:
    """Return the source edition with the text of the user's own copies of the articles; its groups are the articles.

    Raises:
        InputError: Where a paragraph is not there word for word, for its labels belong to its words.
    """
    found = hydrate(packaged_edition("source"), folder, exact=True)
    if found.missing:
        raise InputError(
            f"{found.missing} of {found.wanted} paragraphs are not in the articles word for word",
            where=str(folder),
            got=next((str(issue.message) for issue in found.issues if issue.severity == "error"), ""),
            remedy="`iraqstance dataset hydrate` names each",
        )
    rows = hydrated_rows(found, packaged_schema())
    return Corpus(
        "the source articles",
        tuple(str(row["text"]) for row in rows),
        tuple(str(row["stance"]) for row in rows),
        tuple(tuple(row["topics"]) for row in rows),  # type: ignore[arg-type]
        tuple(str(row["group"]) for row in rows),
        tuple(str(row["target"]) for row in rows),
        tuple(str(row["id"]) for row in rows),
    )


def stories_of(open_edition: Corpus, source: Corpus) -> Corpus:
    """Return the rows of the open edition that restate no source article."""
    return _without(open_edition, source.groups or ())


def _without(corpus: Corpus, groups: Iterable[str]) -> Corpus:
    left_out = set(groups)
    return corpus.take(row for row, group in enumerate(corpus.groups or ()) if group not in left_out)


def system_trials(source: Corpus, open_edition: Corpus) -> list[Trial]:
    """Return the models to fit: for each article held out, one on each of the training data of :data:`TRAINED_ON`.

    Args:
        source: The paragraphs to test, grouped by article.
        open_edition: Further texts; the group of a restatement is the article that it restates.

    Raises:
        UsageError: Where a corpus lacks groups, stances or topics, or is about several targets.
    """
    _refuse_lacking(source, open_edition)
    trials = []
    for article in sorted(set(source.groups or ())):
        test = source.take(row for row, group in enumerate(source.groups or ()) if group == article)
        articles, stories = _without(source, [article]), _without(open_edition, [article])
        training = {"open edition": stories, "articles": articles, "both": articles.joined(stories)}
        trials += [Trial(system, article, training[system], test) for system in TRAINED_ON]
    return trials


def _refuse_lacking(*corpora: Corpus) -> None:
    for corpus in corpora:
        for field in ("groups", "stances", "topics"):
            if getattr(corpus, field) is None:
                raise UsageError(f"the texts have no {field}", where=corpus.name)
    targets = {target for corpus in corpora for target in corpus.target_names}
    if len(targets) > 1:
        raise UsageError("the texts are about several targets", got=", ".join(sorted(targets)), expected="one")


def compare(trials: Sequence[Trial], *, jobs: int = 1, progress: Progress | None = None) -> Comparison:
    """Test what is learned from each edition on the articles, beside baselines that ignore the words.

    Args:
        trials: Those of :func:`system_trials`.
        jobs: Processes to fit in; the result does not depend on it.
        progress: Wraps the iterator over finished models, given their number.

    Raises:
        MissingExtraError: Without the extra ``train``.
    """
    pairs = ((trial.train, trial.test) for trial in trials)
    said = outcomes(pairs, len(trials), jobs=jobs, progress=progress)
    by_system = {
        name: [pair for pair in zip(trials, said, strict=True) if pair[0].system == name] for name in TRAINED_ON
    }
    tested = _joined([trial.test for trial, _ in by_system["both"]])
    measures = {}
    for name, pairs_of in by_system.items():
        for kind, measure in _measures(tested, pairs_of).items():
            measures[_named(kind, name)] = measure
    here = bootstrap(measures, len(tested), groups=tested.groups, scheme="within")
    beyond = bootstrap(measures, len(tested), groups=tested.groups, scheme="two-stage")
    sizes = {name: [len(trial.train) for trial, _ in pairs_of] for name, pairs_of in by_system.items()}
    return Comparison(
        tuple(
            _system(kind, name, (min(sizes[name]), max(sizes[name])), here, beyond)
            for kind in ("model", "majority", "random")
            for name in TRAINED_ON
        ),
        tuple(
            Difference(left, right, here.changes(left, right), beyond.changes(left, right))
            for left, right in _DIFFERENCES
        ),
    )


def _joined(corpora: Sequence[Corpus]) -> Corpus:
    whole = corpora[0]
    for corpus in corpora[1:]:
        whole = whole.joined(corpus)
    return whole


def _named(kind: str, name: str) -> str:
    return name if kind == "model" else f"{kind} of {name}"


def _system(kind: str, name: str, sizes: tuple[int, int], here: Bootstrap, beyond: Bootstrap) -> System:
    own = _named(kind, name)
    return System(own, kind, TRAINED_ON[name], sizes, here.intervals(own), beyond.intervals(own))


def _measures(tested: Corpus, pairs: Sequence[tuple[Trial, Outcome]]) -> dict[str, Measure]:
    """Return the figures of a model over all articles, and of the guesses from its training labels."""
    counts = [next(iter(outcome.stance_counts.values())) for trial, outcome in pairs for _ in trial.test.texts]
    shares = [outcome.topic_shares for trial, outcome in pairs for _ in trial.test.texts]
    draws = zip(random_stances(counts), random_topics(shares, _topic_names(tested)), strict=True)
    return {
        "model": _measure(
            tested,
            [stance for _, outcome in pairs for stance in outcome.stances],
            [topics for _, outcome in pairs for topics in outcome.topics],
        ),
        "majority": _measure(tested, list(map(majority_stance, counts)), list(map(majority_topics, shares))),
        "random": mean_measure([_measure(tested, stances, topics) for stances, topics in draws]),
    }


def _measure(tested: Corpus, stances: Sequence[str], topics: Sequence[Sequence[str]]) -> Measure:
    """Return the figures of stance and topics under one roof, as the record names them."""
    true = tested.stances or ()
    names = sorted(set(true))
    sides = [name for name in _SIDES if name in names]
    parts = {
        "stance": stance_measure(true, stances, names, sides=sides),
        "topics": topic_measure(tested.topics or (), topics, _topic_names(tested)),
    }

    def measure(weights: Floats) -> dict[str, Floats]:
        return {f"{part}_{figure}": values for part, one in parts.items() for figure, values in one(weights).items()}

    return measure


def _topic_names(corpus: Corpus) -> list[str]:
    return sorted({topic for topics in corpus.topics or () for topic in topics})


def curve_draws(
    stories: Corpus, tested: Corpus, *, sizes: Sequence[int] = _SIZES, repeats: int = _REPEATS
) -> list[Draw]:
    """Return the models of a learning curve: whole stories drawn at random, each repeat's sizes out of one another.

    Sizes above four fifths of the stories are left out, and all of the stories stand at the end, once.

    Args:
        stories: The texts to draw from, less those in a group of the tested ones.
        tested: What the models are tested on.
        sizes: How many paragraphs to draw, about.
        repeats: How often to draw each size.

    Raises:
        UsageError: As :func:`system_trials`, and where fewer than two sizes are left.
    """
    _refuse_lacking(stories, tested)
    stories = _without(stories, tested.groups or ())
    counts = Counter(stories.groups)
    sizes = sorted({size for size in sizes if size <= _LAST_STEP * len(stories)})
    if not sizes or repeats < 1:
        raise UsageError(
            "there are too few stories for a curve",
            expected="a quarter more paragraphs than the smallest size, and one repeat or more",
            got=f"{len(stories)} paragraphs, {repeats} repeats",
        )
    draws = []
    for size in sizes:
        for repeat in range(repeats):
            order = np.random.default_rng([_SEED, repeat]).permutation(sorted(counts)).tolist()
            held = np.cumsum([counts[name] for name in order])
            chosen = set(order[: int(np.abs(held - size).argmin()) + 1])
            rows = (row for row, group in enumerate(stories.groups or ()) if group in chosen)
            draws.append(Draw(size, repeat, stories.take(rows)))
    return [*draws, Draw(len(stories), 0, stories)]


def learning_curve(
    draws: Sequence[Draw], tested: Corpus, name: str, *, jobs: int = 1, progress: Progress | None = None
) -> Curve:
    """Test what is learned from more and more stories.

    Args:
        draws: Those of :func:`curve_draws`.
        tested: What the models are tested on, all of it by each.
        name: What to call it.
        jobs: Processes to fit in; the result does not depend on it.
        progress: Wraps the iterator over finished models, given their number.

    Raises:
        MissingExtraError: Without the extra ``train``.
    """
    said = outcomes(((draw.train, tested) for draw in draws), len(draws), jobs=jobs, progress=progress)
    measures: dict[int, list[Measure]] = {}
    for draw, outcome in zip(draws, said, strict=True):
        measures.setdefault(draw.paragraphs, []).append(_measure(tested, outcome.stances, outcome.topics))
    whole = np.ones((1, len(tested)))
    values = {
        size: {
            figure: np.array([float(found[figure][0]) for found in (one(whole) for one in of_size)])
            for figure in _CURVE_FIGURES
        }
        for size, of_size in measures.items()
    }
    first, last = sorted(values)[-2:]
    doublings = log2(last / first)
    means = {str(size): mean_measure(measures[size]) for size in (first, last)}
    resampled = bootstrap(means, len(tested), groups=tested.groups)
    gains = resampled.changes(str(last), str(first))
    return Curve(
        name,
        len(tested),
        resampled.scheme,
        tuple(
            Point(size, {figure: _range(found) for figure, found in values[size].items()}) for size in sorted(values)
        ),
        Slope(
            first,
            last,
            {figure: _range((values[last][figure] - values[first][figure]) / doublings) for figure in _CURVE_FIGURES},
            {figure: _divided(gains[figure], doublings) for figure in _CURVE_FIGURES},
        ),
    )


def _range(values: Floats) -> tuple[float, float, float]:
    return float(values.mean()), float(values.min()), float(values.max())


def _divided(change: Change, by: float) -> Change:
    return Change(change.value / by, change.low / by, change.high / by, change.above)


def data_hashes() -> dict[str, str]:
    """Return the SHA-256 of each data file that the figures rest on, by its path in the dataset folder."""
    files = sorted((packaged_folder() / "data").glob("*.parquet"))
    kept = [file for file in files if file.name.startswith(("open", "source"))]
    return {f"data/{file.name}": sha256(file.read_bytes()).hexdigest() for file in kept}


def record(source: Corpus, open_edition: Corpus, comparison: Comparison, curves: Sequence[Curve]) -> dict[str, object]:
    """Return everything measured as JSON values, laid out as this module's documentation says."""
    return {
        "data": {
            "source_paragraphs": len(source),
            "articles": len(set(source.groups or ())),
            "open_paragraphs": len(open_edition),
            "files": data_hashes(),
        },
        "recipe": recipe_fingerprint(),
        "libraries": library_versions(),
        "intervals": {
            "figures": "95 % percentile bootstrap of paragraphs within each article: of these articles, not of others",
            "over_articles": "95 % percentile bootstrap of articles and of paragraphs within each: a rough hint",
        },
        "systems": [
            {
                "name": system.name,
                "kind": system.kind,
                "trained_on": system.trained_on,
                "training_paragraphs": list(system.training_paragraphs),
                **_rounded(system.figures),
                "over_articles": _rounded(system.over_articles),
            }
            for system in comparison.systems
        ],
        "differences": [
            {
                "left": one.left,
                "right": one.right,
                **_rounded(one.figures),
                "over_articles": _rounded(one.over_articles),
            }
            for one in comparison.differences
        ],
        "curve": [
            {"paragraphs": point.paragraphs, "tested_on": curve.tested_on, **_rounded(point.figures)}
            for curve in curves
            for point in curve.points
        ],
        "slopes": [
            {
                "tested_on": curve.tested_on,
                "first": curve.slope.first,
                "last": curve.slope.last,
                **_rounded(curve.slope.figures),
                "over_paragraphs": _rounded(curve.slope.over_paragraphs),
            }
            for curve in curves
        ],
    }


def _rounded(figures: Mapping[str, Interval | Change | tuple[float, ...]]) -> dict[str, list[float]]:
    # Adding 0 makes a negative zero a plain one.
    return {
        name: [round(value, _DIGITS) + 0.0 for value in (one if isinstance(one, tuple) else astuple(one))]
        for name, one in figures.items()
    }

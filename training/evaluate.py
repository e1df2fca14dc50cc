"""Tests of the classifier: by folds that never let a group stand on both sides, on other data, or as it was saved."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field, fields, is_dataclass, replace
from functools import partial
from typing import Any, Protocol, TypeVar

import numpy as np
from iraqstance.annotation.errors import InputError, UsageError, from_extra
from iraqstance.annotation.records import Prediction
from iraqstance.training.answers import Step, stance_steps, topic_steps
from iraqstance.training.classifier import Classifier, fit
from iraqstance.training.corpus import Corpus
from iraqstance.training.guesses import (
    majority_stance,
    majority_topics,
    random_stances,
    random_topics,
    unigram,
)
from iraqstance.training.intervals import (
    RESAMPLES,
    Bootstrap,
    Change,
    Floats,
    Interval,
    Measure,
    Scheme,
    bootstrap,
    mean_measure,
    over_targets,
    stance_measure,
    topic_measure,
    usual_scheme,
)
from iraqstance.training.metrics import (
    StanceScores,
    TopicScores,
    nearest_steps,
    probability_measure,
    stance_scores,
    topic_scores,
)
from iraqstance.training.terms import Term, telling_terms

__all__ = [
    "SIDES",
    "CurvePoint",
    "Evaluation",
    "Figures",
    "Fold",
    "Model",
    "Outcome",
    "Progress",
    "evaluate",
    "evaluate_saved",
    "folds_of",
    "metrics",
    "out_of_fold",
    "outcomes",
]

Progress = Callable[[Iterator[Any], int], Iterator[Any]]
T = TypeVar("T")

#: The stances whose F1 is averaged where nothing else is said, in capitals or not: those of SemEval-2016 task 6
#: (Mohammad et al. 2016).
SIDES = ("favor", "against")

_LEAVE_ONE_OUT = 10  # with at most so many groups, each is a fold of its own
_FOLDS = 5
_SEED = 20250120
_CURVE = (1 / 8, 1 / 4, 1 / 2)  # shares of the training rows, before all of them
_DIGITS = 6
_SCHEMES: Mapping[Scheme, str] = {
    "rows": "of single rows, as if each were drawn on its own",
    "groups": "of whole groups: it speaks for other groups of the same kind",
    "within": "of rows within each group, for there are few groups: it speaks for these groups, not for others",
    "two-stage": "of groups, and of rows within each",
}


class Model(Protocol):
    """What labels texts: a classifier, or the scorer of a flat model."""

    @property
    def targets(self) -> tuple[str, ...]:
        """Names of the stance targets that it holds."""

    @property
    def topic_names(self) -> tuple[str, ...]:
        """The topics that it can give."""

    def stance_names(self, target: str, /) -> tuple[str, ...]:
        """Return the stances that it can give for a target."""

    def predict(self, texts: Sequence[str], target: str | None = None) -> list[Prediction]:
        """Label texts, in order."""


@dataclass(frozen=True, slots=True)
class Fold:
    """Row numbers to train on and to test on, and what is held out."""

    train: tuple[int, ...]
    test: tuple[int, ...]
    held_out: str


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of systems that were tested on the same rows, with 95 % intervals.

    Attributes:
        scheme: How rows were resampled.
        systems: Each system's figures by name. Of stances: ``macro_f1``, ``accuracy``, ``log_loss``, ``ece``,
            ``f1_<stance>``, and ``sides_f1`` where both sides occur. Of topics: ``micro_f1``, ``macro_f1``, ``exact``,
            ``log_loss``, ``ece`` and ``f1_<topic>``.
        changes: The model's figures less those of each other system, on the same resamples.
    """

    scheme: Scheme
    systems: Mapping[str, Mapping[str, Interval]]
    changes: Mapping[str, Mapping[str, Change]]


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """What is learned from a part of the training groups.

    Attributes:
        rows: Training rows, on the mean over folds.
        stance: Macro-F1 of the stances, the mean over targets; ``None`` for data without stances.
        topics: Micro-F1 of the topics; ``None`` for data without topics.
    """

    rows: float
    stance: Interval | None
    topics: Interval | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Results of the pooled predictions for the tested rows.

    Systems are ``model``; ``majority`` (always the commonest stance of the training rows); ``random`` (drawn from their
    distribution, mean of 100 draws); ``unigram`` (logistic regression on a bag of words); and, where further texts were
    trained on, ``without`` (the classifier without them). Of a model that was fitted before there are ``model`` and,
    where another is compared with it, ``other``.

    Attributes:
        data: Where the tested texts come from.
        rows: Number of rows that were tested.
        scheme: How training and tested rows were told apart, in words.
        folds: What each fold held out.
        stance: Scores by target (empty where the data names none) and by system.
        topics: Scores by system, or ``None`` for data without topics.
        tested: The rows that were tested.
        sides: The stances whose F1 is averaged where a target has both.
        predictions: What the model says of each tested row.
        stance_figures: Figures by target.
        mean_figures: Their means over targets, where there are several.
        topic_figures: Figures of the topics.
        untrained_stances: By target, how many tested rows have a stance that their model never saw, by stance.
        untrained_topics: How many tested texts have a topic that their model never saw, by topic.
        curve: Points of the learning curve, the last for all training rows; empty where not asked for.
        stance_terms: The n-grams that speak most for each stance, by target; empty where not asked for.
        topic_terms: The same of each topic.
    """

    data: str
    rows: int
    scheme: str
    folds: tuple[str, ...]
    stance: dict[str, dict[str, StanceScores]]
    topics: dict[str, TopicScores] | None
    tested: Corpus
    sides: tuple[str, ...]
    predictions: tuple[Prediction, ...]
    stance_figures: dict[str, Figures]
    mean_figures: Figures | None
    topic_figures: Figures | None
    untrained_stances: dict[str, dict[str, int]]
    untrained_topics: dict[str, int]
    curve: tuple[CurvePoint, ...] = ()
    stance_terms: Mapping[str, Mapping[str, Sequence[Term]]] = field(default_factory=dict)
    topic_terms: Mapping[str, Sequence[Term]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a model says of its test rows, and how its training labels were distributed.

    Attributes:
        stances: The stance of each test row, about its own target; empty strings without stances.
        topics: The topics of each test row; empty without topics.
        stance_counts: Training rows of each stance, by target.
        topic_shares: Share of training texts that have each topic, in (0, 1].
        predictions: The same answers with their probabilities.
    """

    stances: tuple[str, ...]
    topics: tuple[tuple[str, ...], ...]
    stance_counts: Mapping[str, Mapping[str, int]]
    topic_shares: Mapping[str, float]
    predictions: tuple[Prediction, ...] = ()


@dataclass(frozen=True, slots=True)
class _Trial:
    """A fold as texts: what to train on, with and without further texts, and the numbers of the tested rows."""

    own: Corpus
    train: Corpus
    rows: tuple[int, ...]
    held_out: str


@dataclass(frozen=True, slots=True)
class _Answered:
    """What systems say of the tested rows, and what the model that answered knew of its training labels, fold by fold.

    Without ``guessed`` it knew the labels, not how common they were, and no guess can be made from them.
    """

    tested: Corpus
    trials: Sequence[_Trial]
    by_fold: Sequence[Outcome]
    systems: Mapping[str, Sequence[Prediction]]
    guessed: bool = True


@dataclass(frozen=True, slots=True)
class _Guesses:
    """Stances that a system gives, the probability of each true one, and that of each given one."""

    stances: Sequence[str]
    of_true: Sequence[float]
    confidence: Sequence[float]


_Call = tuple[Callable[[Corpus, Corpus], Any], Corpus, Corpus]


def evaluate(  # noqa: PLR0913 - all but the first by name
    corpus: Corpus,
    *,
    test: Corpus | None = None,
    model: Classifier | None = None,
    extra: Corpus | None = None,
    sides: tuple[str, str] | None = None,
    detail: bool = False,
    jobs: int = 1,
    progress: Progress | None = None,
) -> Evaluation:
    """Test the classifier, by cross-validation or on a corpus of its own.

    Args:
        corpus: What is tested, fold by fold; what is trained on where ``test`` is given.
        test: What is tested. Rows of ``corpus`` whose group it holds are not trained on.
        model: What was fitted on ``corpus``, so that it need not be fitted again where ``test`` leaves no row out.
        extra: Further texts to train on, never tested. Those of a group that is held out are left out.
        sides: Two stances whose F1 is averaged; without it :data:`SIDES`, in capitals or not, where both occur.
        detail: Whether to add the learning curve and the most telling n-grams.
        jobs: Processes to fit in; the result does not depend on it.
        progress: Wraps the iterator over fitted models, given their number.

    Raises:
        InputError: Where there are too few groups or texts for two folds, or nothing is left to train on.
        UsageError: Where a side is no stance of the tested rows.
        MissingExtraError: Without the extra ``train``.
    """
    tested = corpus if test is None else test
    if test is not None:
        _refuse_lacking(corpus, test, "training texts")
    if extra is not None:
        _refuse_lacking(extra, tested, "further training texts")
    _refuse_strange_sides(tested, sides)
    trials, scheme = _trials(corpus, extra) if test is None else _held_out(corpus, test, extra)
    # Cross-validated, what all folds train on together is everything.
    whole = trials[0].train if test is not None else corpus if extra is None else corpus.joined(extra)
    known = model if test is not None and trials[0].train is corpus else None
    calls = _calls(trials, tested, whole if detail else None, known, further=extra is not None)
    answers = _called((call for _, call in calls), len(calls), jobs, progress)
    said: dict[str, list[Any]] = {}
    for (name, _), answer in zip(calls, answers, strict=True):
        said.setdefault(name, []).append(answer)
    by_fold = said["model"]
    systems: dict[str, Sequence[Prediction]] = {
        name: _pooled(trials, said[name]) for name in ("model", "unigram", "without") if name in said
    }
    found = _evaluation(_Answered(tested, trials, by_fold, systems), sides, scheme)
    if not detail:
        return found
    stance_terms, topic_terms = said["terms"][0]
    curve = _curve(tested, trials, said, found.sides)
    return replace(found, curve=curve, stance_terms=stance_terms, topic_terms=topic_terms)


def evaluate_saved(
    tested: Corpus, model: Model, other: Model | None = None, *, sides: tuple[str, str] | None = None
) -> Evaluation:
    """Test a model that was fitted before, or two on the same rows: the systems ``model`` and ``other``.

    Rows that a model has learned from flatter it. Stances and topics are tested as far as all models give them; the
    scheme says what was left out.

    Args:
        tested: The rows. They name the target of each stance, where a model holds several.
        model: The model.
        other: Another, which it is compared with.
        sides: As of :func:`evaluate`.

    Raises:
        UsageError: Where a model gives neither stance nor topics that the rows have, or holds no target of theirs; and
            where a side is no stance of the rows.
        MissingExtraError: Without the extra ``train``.
    """
    _refuse_strange_sides(tested, sides)
    models = {"model": model} if other is None else {"model": model, "other": other}
    kept, left_out = _in_common(tested, models)
    # What a model has seen is known, how often is not: no count is read from these.
    known = Outcome(
        (),
        (),
        {name: dict.fromkeys(model.stance_names(_held("model", model, name, kept)), 1) for name in _target_names(kept)},
        dict.fromkeys(model.topic_names, 1.0),
    )
    systems = {name: tuple(_by_target(name, one, kept)) for name, one in models.items()}
    trial = _Trial(kept, kept, tuple(range(len(kept))), kept.name)
    scheme = f"fitted before: rows that a model has learned from flatter it{left_out}"
    return _evaluation(_Answered(kept, [trial], [known], systems, guessed=False), sides, scheme)


def _in_common(tested: Corpus, models: Mapping[str, Model]) -> tuple[Corpus, str]:
    """Return the rows with the labels that all models give, and what is left out, in words."""
    left_out = ""
    for name, model in models.items():
        if tested.stances is not None and not model.targets:
            tested, left_out = replace(tested, stances=None), f"{left_out}; no stances, which {name} does not give"
        if tested.topics is not None and not model.topic_names:
            tested, left_out = replace(tested, topics=None), f"{left_out}; no topics, which {name} does not give"
    if tested.stances is None and tested.topics is None:
        several = "the models give no label in common" if len(models) > 1 else "the model gives no label"
        raise UsageError(f"{several} that the rows have", where=tested.name, got=left_out.lstrip("; "))
    return tested, left_out


def _usual_sides(tested: Corpus) -> tuple[str, str]:
    """Return the usual sides as the rows spell them."""
    spelled = {name.lower(): name for name in sorted(set(tested.stances or ()))}
    return spelled.get(SIDES[0], SIDES[0]), spelled.get(SIDES[1], SIDES[1])


def _target_names(tested: Corpus) -> tuple[str, ...]:
    return tested.target_names if tested.stances is not None else ()


def _held(name: str, model: Model, target: str, tested: Corpus) -> str:
    """Return the model's name of a target of the rows: its only one, where they name none."""
    if target in model.targets:
        return target
    if tested.targets is None and len(model.targets) == 1:
        return model.targets[0]
    if tested.targets is None:
        problem, remedy = f"{name} holds several targets, the rows name none", "Name their column with --target-column"
    elif model.targets == ("",):
        problem, remedy = f"{name} names no target, the rows do", "Do without: --target-column ''"
    else:
        problem, remedy = f"{name} holds no target {target!r}", "Leave its rows out, or do without: --target-column ''"
    raise UsageError(
        problem, where=tested.name, expected=" or ".join(map(repr, filter(None, model.targets))), remedy=remedy
    )


def _evaluation(answered: _Answered, sides: tuple[str, str] | None, scheme: str) -> Evaluation:
    """Return what systems' predictions come to."""
    tested, trials, by_fold = answered.tested, answered.trials, answered.by_fold
    sides = sides or _usual_sides(tested)
    stance = _stances(answered, sides)
    topics = None if tested.topics is None else _topics(answered)
    return Evaluation(
        data=tested.name,
        rows=len(tested),
        scheme=scheme,
        folds=tuple(trial.held_out for trial in trials),
        stance={target: scores for target, (scores, _) in stance[0].items()},
        topics=topics[0] if topics else None,
        tested=tested,
        sides=tuple(sides),
        predictions=tuple(answered.systems["model"]),
        stance_figures={target: figures for target, (_, figures) in stance[0].items()},
        mean_figures=stance[1],
        topic_figures=topics[1] if topics else None,
        untrained_stances=_untrained_stances(tested, trials, by_fold),
        untrained_topics=_untrained_topics(tested, trials, by_fold),
    )


def metrics(evaluation: Evaluation) -> dict[str, Any]:
    """Return the figures as JSON values, with six digits.

    ``data`` names the tested rows, ``scheme`` and ``intervals`` say in words how they were tested and resampled. Under
    ``stance`` stand, by target and system, ``macro_f1``, ``favor_against_f1`` (of the ``sides``, where the target has
    both), ``accuracy``, ``log_loss`` and ``ece``, each ``[value, low, high]``, and ``labels``; under ``topics``, by
    system, ``micro_f1``, ``macro_f1``, ``exact``, ``log_loss`` and ``ece`` (each topic a yes or no of its own), and
    ``labels``. ``stance_mean`` is the mean over several targets. ``coverage`` tells what is right of the model's surest
    answers, at each twentieth of them: ``[least confidence, share of the answers, share of these that is right]``; of
    topics an answer is a topic that is given.
    ``comparisons`` holds the model's figures less each other system's, ``[value, low, high, above]``, where ``above``
    is the share of resamples above 0. ``untrained`` counts tested labels that their model never saw; ``curve`` holds
    the learning curve where one was made.
    """
    mean, topics = evaluation.mean_figures, evaluation.topic_figures
    shown = [*evaluation.stance_figures.values(), *([topics] if topics else [])]
    words = " / ".join(dict.fromkeys(_SCHEMES[one.scheme] for one in shown))
    found: dict[str, Any] = {
        "data": {"name": evaluation.data, "rows": evaluation.rows, "sha256": evaluation.tested.sha256},
        "scheme": evaluation.scheme,
        "folds": list(evaluation.folds),
        "sides": list(evaluation.sides),
        "stance": {
            target: {
                system: _figures(figures.systems[system]) | {"labels": _labels(scores[system].labels)}
                for system in figures.systems
            }
            for (target, figures), scores in zip(
                evaluation.stance_figures.items(), evaluation.stance.values(), strict=True
            )
        },
        "stance_mean": None if mean is None else {name: _figures(one) for name, one in mean.systems.items()},
        "topics": None
        if topics is None or evaluation.topics is None
        else {
            system: _figures(figures) | {"labels": _labels(evaluation.topics[system].labels)}
            for system, figures in topics.systems.items()
        },
        "comparisons": {
            "stance": {target: _changes(figures) for target, figures in evaluation.stance_figures.items()},
            "stance_mean": None if mean is None else _changes(mean),
            "topics": None if topics is None else _changes(topics),
        },
        "coverage": {
            "stance": {
                target: _steps(stance_steps(evaluation.tested, evaluation.predictions, target))
                for target in evaluation.stance
            },
            "topics": None if topics is None else _steps(topic_steps(evaluation.tested, evaluation.predictions)),
        },
        "untrained": {"stance": evaluation.untrained_stances, "topics": evaluation.untrained_topics},
        "intervals": f"95 % percentile bootstrap, {RESAMPLES} resamples {words}",
    }
    if evaluation.curve:
        found["curve"] = [
            {
                "rows": _rounded(point.rows),
                "stance_macro_f1": None if point.stance is None else _rounded(astuple(point.stance)),
                "topics_micro_f1": None if point.topics is None else _rounded(astuple(point.topics)),
            }
            for point in evaluation.curve
        ]
    return found


def _steps(steps: Sequence[Step]) -> list[Any]:
    return [_rounded(one) for one in nearest_steps(steps, 20)]


def _changes(figures: Figures) -> dict[str, Any]:
    return {name: _figures(changes) for name, changes in figures.changes.items()}


def _figures(figures: Mapping[str, Interval | Change]) -> dict[str, Any]:
    """Return the figures but those of single labels, which stand with the labels."""
    return {
        "favor_against_f1" if name == "sides_f1" else name: _rounded(astuple(one))
        for name, one in figures.items()
        if not name.startswith("f1_")
    }


def _labels(labels: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: {
            "precision": _rounded(score.precision),
            "recall": _rounded(score.recall),
            "f1": _rounded(score.f1),
            "support": score.support,
        }
        for name, score in labels.items()
    }


def _rounded(value: Any) -> Any:
    # Adding 0 makes a negative zero a plain one.
    return round(value, _DIGITS) + 0.0 if isinstance(value, float) else [_rounded(one) for one in value]


def outcomes(
    pairs: Iterable[tuple[Corpus, Corpus]], total: int, *, jobs: int = 1, progress: Progress | None = None
) -> list[Outcome]:
    """Fit a classifier on the first corpus of each pair, and let it label the second.

    Args:
        pairs: Texts to train on and texts to test on.
        total: How many pairs there are.
        jobs: Processes to fit in; the result does not depend on it.
        progress: Wraps the iterator over finished pairs, given their number.

    Raises:
        InputError: Where a pair's training texts lack a target of its test texts.
        MissingExtraError: Without the extra ``train``.
    """
    return _called(((_run, train, test) for train, test in pairs), total, jobs, progress)


def out_of_fold(corpus: Corpus, *, jobs: int = 1, progress: Progress | None = None) -> list[Prediction]:
    """Return what the classifier says of each row, about the row's own target, when the row's fold is held out.

    Args:
        corpus: The labelled texts.
        jobs: Processes to fit folds in; the result does not depend on it.
        progress: Wraps the iterator over finished folds, given their number.

    Raises:
        InputError: As :func:`evaluate`.
        MissingExtraError: Without the extra ``train``.
    """
    folds, _ = folds_of(corpus)
    calls = ((_say, corpus.take(fold.train), corpus.take(fold.test)) for fold in folds)
    found: dict[int, Prediction] = {}
    for fold, said in zip(folds, _called(calls, len(folds), jobs, progress), strict=True):
        found |= dict(zip(fold.test, said, strict=True))
    return [found[row] for row in range(len(corpus))]


def folds_of(corpus: Corpus) -> tuple[list[Fold], str]:
    """Return the folds and what they are, in words.

    With up to ten groups each is held out once; with more, five folds of whole groups, stratified by stance; without
    groups, five folds stratified by stance.

    Raises:
        InputError: Where there is one group only, or fewer than five texts.
        MissingExtraError: Without the extra ``train``.
    """
    if corpus.groups is not None:
        names = sorted(set(corpus.groups))
        if len(names) < 2:
            raise InputError(
                "all rows belong to one group, so none can be held out",
                where=corpus.name,
                got=f"group {names[0]!r}",
                remedy="Name another column with --group-column, or none: --group-column ''",
            )
        if len(names) <= _LEAVE_ONE_OUT:
            return [_holding_out(corpus.groups, name) for name in names], "leaving one group out"
    # Rows of the same text, such as those about several targets, always stay together.
    kept_together = corpus.groups or corpus.texts
    if len(set(kept_together)) < _FOLDS:
        distinct = len(set(kept_together))
        rows = f"{len(corpus)} rows" + (f" of {distinct} text{'s' * (distinct != 1)}" if distinct < len(corpus) else "")
        raise InputError("too few rows for five folds", where=corpus.name, got=rows)
    return _stratified(corpus, kept_together)


def _holding_out(groups: Sequence[str], name: str) -> Fold:
    rows = range(len(groups))
    return Fold(
        tuple(row for row in rows if groups[row] != name), tuple(row for row in rows if groups[row] == name), name
    )


def _stratified(corpus: Corpus, groups: Sequence[str]) -> tuple[list[Fold], str]:
    with from_extra("train"):
        from sklearn.model_selection import KFold, StratifiedGroupKFold, StratifiedKFold
    classes = corpus.stances or tuple(min(topics, default="") for topics in corpus.topics or ())
    if min(Counter(classes).values()) >= _FOLDS:
        if len(set(groups)) < len(groups):
            splits = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=_SEED).split(classes, classes, groups)
        else:  # nothing stays together: this one is exact, and takes no time
            splits = StratifiedKFold(_FOLDS, shuffle=True, random_state=_SEED).split(classes, classes)
    else:
        splits = _grouped(KFold(_FOLDS, shuffle=True, random_state=_SEED), groups)
    folds = [
        Fold(tuple(map(int, train)), tuple(map(int, test)), f"fold {number}")
        for number, (train, test) in enumerate(splits, 1)
        if len(train) and len(test)
    ]
    words = "five folds of whole groups" if corpus.groups else "five random folds (they flatter: no group column)"
    return folds, words


def _grouped(splitter: Any, groups: Sequence[str]) -> Iterator[tuple[list[int], list[int]]]:
    names = sorted(set(groups))
    for _, chosen in splitter.split(names):
        held_out = {names[number] for number in chosen}
        rows = range(len(groups))
        yield [row for row in rows if groups[row] not in held_out], [row for row in rows if groups[row] in held_out]


def _refuse_lacking(trained: Corpus, tested: Corpus, what: str) -> None:
    for column in ("groups", "stances", "topics", "targets"):
        if column == "groups" and what == "training texts":
            continue  # without them, none can be left out
        if getattr(tested, column) is not None and getattr(trained, column) is None:
            name = column.removesuffix("s") if column != "topics" else column
            raise InputError(
                f"{what} lack a column of the {column}, which the tested ones have",
                where=trained.name,
                remedy=f"Name it with --{name}-column, or do without it: --{name}-column ''",
            )


def _refuse_strange_sides(tested: Corpus, sides: tuple[str, str] | None) -> None:
    known = sorted(set(tested.stances or ()))
    strange = [name for name in sides or () if name not in known]
    if strange:
        raise UsageError(
            f"no tested row has the stance {strange[0]!r}",
            where=tested.name,
            expected=f"two of {', '.join(known)}" if known else "a column of stances",
            remedy="Name two stances: --sides ONE,OTHER",
        )
    if sides and sides[0] == sides[1]:
        raise UsageError("both sides are the same stance", got=sides[0], remedy="Name two: --sides ONE,OTHER")


def _trials(corpus: Corpus, extra: Corpus | None) -> tuple[list[_Trial], str]:
    """Return the folds of a cross-validation, and what they are in words."""
    folds, scheme = folds_of(corpus)
    if extra is not None and corpus.groups is None:
        raise InputError(
            "further training texts need groups in the tested ones too, so that held-out ones can be left out",
            where=corpus.name,
            remedy="Name the column with --group-column",
        )
    trials = []
    for fold in folds:
        own = corpus.take(fold.train)
        train = own if extra is None else own.joined(_without(extra, corpus.take(fold.test)))
        trials.append(_Trial(own, train, fold.test, fold.held_out))
    if extra is not None:
        scheme += f", training also on {extra.name} less the held-out groups"
    return trials, scheme


def _held_out(corpus: Corpus, test: Corpus, extra: Corpus | None) -> tuple[list[_Trial], str]:
    """Return the one trial of a held-out corpus, and what it is in words."""
    own = _without(corpus, test)
    if not len(own):
        raise InputError(
            "every training row belongs to a group that is tested, so nothing is left to learn from",
            where=corpus.name,
            remedy="Name another column with --group-column, or none: --group-column ''",
        )
    train = own if extra is None else own.joined(_without(extra, test))
    scheme = f"trained on {len(own)} rows of {corpus.name}"
    if len(own) < len(corpus):
        scheme += f", less {len(corpus) - len(own)} of tested groups"
    if extra is not None:
        scheme += f", and on {len(train) - len(own)} of {extra.name}"
    known = set(train.texts)
    seen = sum(text in known for text in test.texts)
    if seen:
        scheme += f"; {seen} tested texts stand among them word for word, which flatters"
    return [_Trial(own, train, tuple(range(len(test))), test.name)], scheme


def _without(corpus: Corpus, tested: Corpus) -> Corpus:
    """Return the rows whose group is not among the tested ones, as far as both name groups."""
    if corpus.groups is None or tested.groups is None:
        return corpus
    held_out = set(tested.groups)
    if held_out.isdisjoint(corpus.groups):
        return corpus
    return corpus.take(row for row, group in enumerate(corpus.groups) if group not in held_out)


def _calls(
    trials: Sequence[_Trial], tested: Corpus, whole: Corpus | None, model: Classifier | None, *, further: bool
) -> list[tuple[str, _Call]]:
    """Return what to fit for each fold, by the system's name; with ``whole`` also the terms and the learning curve.

    With ``model`` the classifier of the one fold is there already.
    """
    run = _run if model is None else partial(_run, model=model)
    # The largest comes first, so that no process has it alone at the end.
    calls: list[tuple[str, _Call]] = [] if whole is None else [("terms", (_terms, whole, whole))]
    for number, trial in enumerate(trials):
        test = tested.take(trial.rows)
        calls += [("model", (run, trial.train, test)), ("unigram", (_say_unigram, trial.train, test))]
        if further:
            calls.append(("without", (_say, trial.own, test)))
        if whole is not None:
            parts = [(f"{share}", _part(trial.train, share, number)) for share in _CURVE]
            calls += [(share, (_say_perhaps, part, test)) for share, part in parts]
    return calls


def _part(train: Corpus, share: float, fold: int) -> Corpus:
    """Return whole groups drawn at random that hold about so many of the rows; a smaller share lies in a larger one."""
    names = train.groups or train.texts
    counts = Counter(names)
    order = np.random.default_rng([_SEED, fold]).permutation(sorted(counts)).tolist()
    held = np.cumsum([counts[name] for name in order])
    chosen = set(order[: int(np.abs(held - share * len(train)).argmin()) + 1])
    return train.take(row for row, name in enumerate(names) if name in chosen)


def _called(calls: Iterable[_Call], total: int, jobs: int, progress: Progress | None) -> list[Any]:
    """Return what each function makes of its training and test rows, in order."""
    with from_extra("train"):
        from joblib import Parallel, delayed
    finished = Parallel(n_jobs=jobs, return_as="generator")(delayed(run)(train, test) for run, train, test in calls)
    return list(progress(finished, total) if progress else finished)


def _say(train: Corpus, test: Corpus) -> list[Prediction]:
    """Fit on one fold and predict its test rows."""
    return _predictions(fit(train, constant=True), test)


def _say_unigram(train: Corpus, test: Corpus) -> list[Prediction]:
    return _predictions(unigram(train), test)


def _say_perhaps(train: Corpus, test: Corpus) -> tuple[int, list[Prediction]] | None:
    """Return the number of training rows and the answers, or nothing where so few rows teach nothing."""
    try:
        return len(train), _say(train, test)
    except InputError:
        return None


def _terms(train: Corpus, _: Corpus) -> Any:
    return telling_terms(fit(train, constant=True), train)


def _predictions(model: Classifier, test: Corpus) -> list[Prediction]:
    """Return what a fold's model says of each test row, about the row's own target."""
    for target in _target_names(test) if model.stance else ():
        if target not in model.stance:
            raise InputError(
                f"nothing can be learned of the target {target!r}: no training row is about it",
                where=test.name,
                remedy="Leave its rows out, or name another --group-column",
            )
    return _by_target("the model", model, test)


def _by_target(name: str, model: Model, tested: Corpus) -> list[Prediction]:
    """Return what a model says of each row, about the row's own target."""
    if tested.stances is None or not model.targets:
        return model.predict(tested.texts, next(iter(model.targets), None))
    found: dict[int, Prediction] = {}
    for target in tested.target_names:
        rows = [row for row, about in enumerate(tested.targets or [target] * len(tested)) if about == target]
        said = model.predict([tested.texts[row] for row in rows], _held(name, model, target, tested))
        found |= dict(zip(rows, said, strict=True))
    return [found[row] for row in range(len(tested))]


def _run(train: Corpus, test: Corpus, model: Classifier | None = None) -> Outcome:
    """Return the labels that a fold's model gives its test rows, and how its training labels were distributed."""
    said = _say(train, test) if model is None else _predictions(model, test)
    distinct = train.distinct().topics or ()
    counts = Counter(topic for row in distinct for topic in row)
    return Outcome(
        tuple(prediction.stance or "" for prediction in said),
        tuple(prediction.topics or () for prediction in said),
        {target: Counter(train.for_target(target).stances) for target in test.target_names} if train.stances else {},
        {topic: count / len(distinct) for topic, count in counts.items()},
        tuple(said),
    )


def _pooled(trials: Sequence[_Trial], answers: Sequence[Any]) -> tuple[Prediction, ...]:
    """Return the predictions of all folds in the order of the tested rows."""
    found: dict[int, Prediction] = {}
    for trial, answer in zip(trials, answers, strict=True):
        found |= dict(zip(trial.rows, answer.predictions if isinstance(answer, Outcome) else answer, strict=True))
    return tuple(found[row] for row in sorted(found))


def _rows_of(tested: Corpus, trials: Sequence[_Trial], target: str) -> list[int]:
    """Return the rows about a target, fold by fold."""
    rows = (row for trial in trials for row in trial.rows)
    return [row for row in rows if tested.targets is None or tested.targets[row] == target]


def _first_rows(tested: Corpus, trials: Sequence[_Trial]) -> list[int]:
    """Return the first row of each text, fold by fold: its topics count once, however many targets it has."""
    first = {text: row for row, text in reversed(list(enumerate(tested.texts)))}
    return [row for trial in trials for row in trial.rows if first[tested.texts[row]] == row]


def _of_row(trials: Sequence[_Trial], values: Sequence[T]) -> dict[int, T]:
    """Return the value of each tested row's fold."""
    return {row: value for trial, value in zip(trials, values, strict=True) for row in trial.rows}


def _stances(
    answered: _Answered, sides: Sequence[str]
) -> tuple[dict[str, tuple[dict[str, StanceScores], Figures]], Figures | None]:
    """Return scores and figures by target, and the figures' mean over targets where there are several."""
    tested, trials, systems = answered.tested, answered.trials, answered.systems
    found: dict[str, tuple[dict[str, StanceScores], Figures]] = {}
    if tested.stances is None:
        return found, None
    measured: list[tuple[list[int], dict[str, Measure]]] = []
    for target in tested.target_names:
        rows = _rows_of(tested, trials, target)
        true = [tested.stances[row] for row in rows]
        names = sorted(set(true))
        guesses = {name: [_told(true, [answers[row] for row in rows])] for name, answers in systems.items()}
        if answered.guessed:
            of_row = _of_row(trials, [outcome.stance_counts.get(target, {}) for outcome in answered.by_fold])
            counts = [of_row[row] for row in rows]
            guesses["majority"] = [_guessed(true, list(map(majority_stance, counts)), counts)]
            guesses["random"] = [_guessed(true, draw, counts) for draw in random_stances(counts)]
        guesses = {name: guesses[name] for name in _ORDER if name in guesses}
        scores = {
            name: _mean([stance_scores(true, one.stances, names) for one in several])
            for name, several in guesses.items()
        }
        measures = {
            name: mean_measure([_stance_measure(true, one, names, sides) for one in several])
            for name, several in guesses.items()
        }
        measured.append((rows, measures))
        found[target] = scores, _compared(measures, tested, rows)
    if len(found) < 2:
        return found, None
    means = {name: over_targets([(rows, measures[name]) for rows, measures in measured]) for name in measured[0][1]}
    return found, _compared(means, tested, range(len(tested)))


_ORDER = ("model", "other", "without", "majority", "random", "unigram")


def _told(true: Sequence[str], answers: Sequence[Prediction]) -> _Guesses:
    scores = [answer.stance_scores or {} for answer in answers]
    return _Guesses(
        [answer.stance or "" for answer in answers],
        [shares.get(name, 0.0) for name, shares in zip(true, scores, strict=True)],
        [max(shares.values()) for shares in scores],
    )


def _guessed(true: Sequence[str], given: Sequence[str], counts: Sequence[Mapping[str, int]]) -> _Guesses:
    """Return guesses whose probabilities are the shares of the training rows."""
    totals = [sum(of_row.values()) for of_row in counts]
    return _Guesses(
        given,
        [of_row.get(name, 0) / total for name, of_row, total in zip(true, counts, totals, strict=True)],
        [of_row[name] / total for name, of_row, total in zip(given, counts, totals, strict=True)],
    )


def _stance_measure(true: Sequence[str], said: _Guesses, names: Sequence[str], sides: Sequence[str]) -> Measure:
    labels = stance_measure(true, said.stances, names, sides=sides if set(sides) <= set(names) else ())
    right = [name == given for name, given in zip(true, said.stances, strict=True)]
    return _both(labels, probability_measure(said.of_true, said.confidence, right))


def _both(labels: Measure, shares: Measure) -> Measure:
    """Return the figures of labels and of their probabilities."""

    def measure(weights: Floats) -> dict[str, Floats]:
        return {**labels(weights), **shares(weights)}

    return measure


def _compared(measures: Mapping[str, Measure], tested: Corpus, rows: Sequence[int]) -> Figures:
    groups = None if tested.groups is None else [tested.groups[row] for row in rows]
    found: Bootstrap = bootstrap(measures, len(rows), groups=groups, scheme=usual_scheme(groups))
    return Figures(
        found.scheme,
        {name: found.intervals(name) for name in measures},
        {name: found.changes("model", name) for name in measures if name != "model"},
    )


def _topics(answered: _Answered) -> tuple[dict[str, TopicScores], Figures]:
    """Return scores and figures."""
    tested, trials, systems = answered.tested, answered.trials, answered.systems
    labels = tested.topics or ()
    rows = _first_rows(tested, trials)
    true = [labels[row] for row in rows]
    names = sorted({topic for row in true for topic in row})
    of_row = _of_row(trials, [outcome.topic_shares for outcome in answered.by_fold])
    shares = [of_row[row] for row in rows]
    guesses: dict[str, list[Any]] = {
        name: [[answers[row].topics or () for row in rows]] for name, answers in systems.items()
    }
    if answered.guessed:
        guesses["majority"] = [list(map(majority_topics, shares))]
        guesses["random"] = list(random_topics(shares, names))
    guesses = {name: guesses[name] for name in _ORDER if name in guesses}
    scores = {name: _mean([topic_scores(true, one, names) for one in several]) for name, several in guesses.items()}
    probable = {name: [answers[row].topic_scores or {} for row in rows] for name, answers in systems.items()}
    measures = {
        name: _both(
            mean_measure([topic_measure(true, one, names) for one in several]),
            # Baselines that ignore the words say the shares of the training texts.
            _topic_shares_measure(true, probable.get(name, shares), names),
        )
        for name, several in guesses.items()
    }
    return scores, _compared(measures, tested, rows)


def _topic_shares_measure(
    true: Sequence[Sequence[str]], shares: Sequence[Mapping[str, float]], names: Sequence[str]
) -> Measure:
    has = np.array([[name in row for name in names] for row in true])
    said = np.array([[row.get(name, 0.0) for name in names] for row in shares])
    return probability_measure(np.where(has, said, 1 - said), said, has)


def _untrained_stances(tested: Corpus, trials: Sequence[_Trial], said: Sequence[Outcome]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for target in tested.target_names if tested.stances is not None else ():
        of_row = _of_row(trials, [outcome.stance_counts.get(target, {}) for outcome in said])
        rows = _rows_of(tested, trials, target)
        strange = Counter(name for row in rows if (name := (tested.stances or ())[row]) not in of_row[row])
        found |= {target: dict(sorted(strange.items()))} if strange else {}
    return found


def _untrained_topics(tested: Corpus, trials: Sequence[_Trial], said: Sequence[Outcome]) -> dict[str, int]:
    if tested.topics is None:
        return {}
    of_row = _of_row(trials, [outcome.topic_shares for outcome in said])
    rows = _first_rows(tested, trials)
    return dict(sorted(Counter(name for row in rows for name in tested.topics[row] if name not in of_row[row]).items()))


def _curve(
    tested: Corpus, trials: Sequence[_Trial], said: Mapping[str, Sequence[Any]], sides: Sequence[str]
) -> tuple[CurvePoint, ...]:
    """Return the points for which every fold has learned something, and which grow."""
    points: list[CurvePoint] = []
    for share in _CURVE:
        answers = said[f"{share}"]
        if None in answers:
            continue
        rows = float(np.mean([count for count, _ in answers]))
        if not points or rows > points[-1].rows:
            points.append(_point(tested, trials, rows, [found for _, found in answers], sides))
    whole = float(np.mean([len(trial.train) for trial in trials]))
    points = [point for point in points if point.rows < whole]
    return (*points, _point(tested, trials, whole, said["model"], sides))


def _point(
    tested: Corpus, trials: Sequence[_Trial], count: float, by_fold: Sequence[Any], sides: Sequence[str]
) -> CurvePoint:
    answers = _pooled(trials, by_fold)
    stance = topics = None
    if tested.stances is not None:
        parts = []
        for target in tested.target_names:
            rows = _rows_of(tested, trials, target)
            true = [tested.stances[row] for row in rows]
            guesses = _told(true, [answers[row] for row in rows])
            parts.append((rows, _stance_measure(true, guesses, sorted(set(true)), sides)))
        figures = _compared({"model": over_targets(parts)}, tested, range(len(tested)))
        stance = figures.systems["model"]["macro_f1"]
    if tested.topics is not None:
        rows = _first_rows(tested, trials)
        true_topics = [tested.topics[row] for row in rows]
        names = sorted({topic for row in true_topics for topic in row})
        one = topic_measure(true_topics, [answers[row].topics or () for row in rows], names)
        topics = _compared({"model": one}, tested, rows).systems["model"]["micro_f1"]
    return CurvePoint(count, stance, topics)


def _mean(draws: Sequence[Any]) -> Any:
    """Return the mean of equal structures of numbers: score classes, and mappings of them."""
    first = draws[0]
    if is_dataclass(first):
        return type(first)(**{one.name: _mean([getattr(draw, one.name) for draw in draws]) for one in fields(first)})  # type: ignore[misc]
    if isinstance(first, dict):
        return {key: _mean([draw[key] for draw in draws]) for key in first}
    return type(first)(sum(draws) / len(draws))

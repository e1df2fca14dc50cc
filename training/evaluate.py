"""Cross-validation that never lets a group stand on both sides, next to baselines that learn nothing from the words."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, TypeVar

from iraqstance.annotation.errors import InputError, from_extra
from iraqstance.annotation.records import Prediction
from iraqstance.training.classifier import Classifier, fit
from iraqstance.training.corpus import Corpus
from iraqstance.training.guesses import majority_stance, majority_topics, random_stances, random_topics
from iraqstance.training.metrics import StanceScores, TopicScores, stance_scores, topic_scores

__all__ = ["Evaluation", "Fold", "Outcome", "Progress", "evaluate", "folds_of", "out_of_fold", "outcomes"]

Progress = Callable[[Iterator[Any], int], Iterator[Any]]
T = TypeVar("T")

_LEAVE_ONE_OUT = 10  # with at most so many groups, each is a fold of its own
_FOLDS = 5
_SEED = 20250120


@dataclass(frozen=True, slots=True)
class Fold:
    """Row numbers to train on and to test on, and what is held out."""

    train: tuple[int, ...]
    test: tuple[int, ...]
    held_out: str


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Results of the pooled out-of-fold predictions.

    Attributes:
        data: Where the tested texts come from.
        rows: Number of rows that were tested.
        scheme: How the folds were made, in words.
        folds: What each fold held out.
        stance: Scores by target (empty where the data names none) and by system: ``model``, ``majority`` (always the
            commonest stance of the training folds) and ``random`` (drawn from their distribution, mean of 100 draws).
        topics: Scores by system, or ``None`` for data without topics.
    """

    data: str
    rows: int
    scheme: str
    folds: tuple[str, ...]
    stance: dict[str, dict[str, StanceScores]]
    topics: dict[str, TopicScores] | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a model says of its test rows, and how its training labels were distributed.

    Attributes:
        stances: The stance of each test row, about its own target; empty strings without stances.
        topics: The topics of each test row; empty without topics.
        stance_counts: Training rows of each stance, by target.
        topic_shares: Share of training texts that have each topic, in (0, 1].
    """

    stances: tuple[str, ...]
    topics: tuple[tuple[str, ...], ...]
    stance_counts: Mapping[str, Mapping[str, int]]
    topic_shares: Mapping[str, float]


def evaluate(
    corpus: Corpus, *, extra: Corpus | None = None, jobs: int = 1, progress: Progress | None = None
) -> Evaluation:
    """Cross-validate the baseline classifier.

    Args:
        corpus: What is tested, fold by fold.
        extra: Further texts to train on, never tested. Those of a group that a fold holds out are left out of it.
        jobs: Processes to fit folds in; the result does not depend on it.
        progress: Wraps the iterator over finished folds, given their number.

    Raises:
        InputError: Where there are too few groups or texts for two folds.
        MissingExtraError: Without the extra ``train``.
    """
    if extra is not None:
        _refuse_lacking(extra, corpus)
    folds, scheme = folds_of(corpus)
    pairs = ((_training_rows(corpus, fold, extra), corpus.take(fold.test)) for fold in folds)
    said = outcomes(pairs, len(folds), jobs=jobs, progress=progress)
    if extra is not None:
        scheme += f", training also on {extra.name} less the held-out groups"
    return Evaluation(
        data=corpus.name,
        rows=len(corpus),
        scheme=scheme,
        folds=tuple(fold.held_out for fold in folds),
        stance={} if corpus.stances is None else _stance_tables(corpus, folds, said),
        topics=None if corpus.topics is None else _topic_table(corpus, folds, said),
    )


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
    return _over_folds(_run, pairs, total, jobs, progress)


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
    pairs = ((corpus.take(fold.train), corpus.take(fold.test)) for fold in folds)
    found: dict[int, Prediction] = {}
    for fold, said in zip(folds, _over_folds(_say, pairs, len(folds), jobs, progress), strict=True):
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
        rows = f"{len(corpus)} rows" + (f" of {distinct} texts" if distinct < len(corpus) else "")
        raise InputError("too few rows for five folds", where=corpus.name, got=rows)
    return _stratified(corpus, kept_together)


def _refuse_lacking(extra: Corpus, corpus: Corpus) -> None:
    for field in ("groups", "stances", "topics", "targets"):
        if getattr(corpus, field) is not None and getattr(extra, field) is None:
            name = field.removesuffix("s") if field != "topics" else field
            raise InputError(
                f"further training texts lack the column of the {field}, which the tested ones have",
                where=extra.name,
                remedy=f"Name it with --{name}-column",
            )


def _holding_out(groups: Sequence[str], name: str) -> Fold:
    rows = range(len(groups))
    return Fold(
        tuple(row for row in rows if groups[row] != name), tuple(row for row in rows if groups[row] == name), name
    )


def _stratified(corpus: Corpus, groups: Sequence[str]) -> tuple[list[Fold], str]:
    with from_extra("train"):
        from sklearn.model_selection import KFold, StratifiedGroupKFold
    classes = corpus.stances or tuple(min(topics, default="") for topics in corpus.topics or ())
    if min(Counter(classes).values()) >= _FOLDS:
        splits = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=_SEED).split(classes, classes, groups)
    else:
        splits = _grouped(KFold(_FOLDS, shuffle=True, random_state=_SEED), groups)
    folds = [
        Fold(tuple(map(int, train)), tuple(map(int, test)), f"fold {number}")
        for number, (train, test) in enumerate(splits, 1)
        if len(train) and len(test)
    ]
    kind = "five folds of whole groups" if corpus.groups else "five random folds (they flatter: no group column)"
    return folds, kind


def _grouped(splitter: Any, groups: Sequence[str]) -> Iterator[tuple[list[int], list[int]]]:
    names = sorted(set(groups))
    for _, chosen in splitter.split(names):
        held_out = {names[number] for number in chosen}
        rows = range(len(groups))
        yield [row for row in rows if groups[row] not in held_out], [row for row in rows if groups[row] in held_out]


def _training_rows(corpus: Corpus, fold: Fold, extra: Corpus | None) -> Corpus:
    train = corpus.take(fold.train)
    if extra is None:
        return train
    if extra.groups is None or corpus.groups is None:
        raise InputError(
            "further training texts need groups in the tested ones too, so that held-out ones can be left out",
            where=corpus.name,
            remedy="Name the column with --group-column",
        )
    held_out = {corpus.groups[row] for row in fold.test}
    return train.joined(extra.take(row for row, group in enumerate(extra.groups) if group not in held_out))


def _over_folds(
    run: Callable[[Corpus, Corpus], T],
    pairs: Iterable[tuple[Corpus, Corpus]],
    total: int,
    jobs: int,
    progress: Progress | None,
) -> list[T]:
    """Return what ``run`` makes of the training and the test rows of each fold."""
    with from_extra("train"):
        from joblib import Parallel, delayed
    finished = Parallel(n_jobs=jobs, return_as="generator")(delayed(run)(train, test) for train, test in pairs)
    return list(progress(finished, total) if progress else finished)


def _say(train: Corpus, test: Corpus) -> list[Prediction]:
    """Fit on one fold and predict its test rows."""
    return _predictions(fit(train, constant=True), test)


def _predictions(model: Classifier, test: Corpus) -> list[Prediction]:
    """Return what a fold's model says of each test row, about the row's own target."""
    if not model.stance:
        return model.predict(test.texts)
    found: dict[int, Prediction] = {}
    for target in test.target_names:
        if target not in model.stance:
            raise InputError(
                f"nothing can be learned of the target {target!r} while a fold holds it out",
                where=test.name,
                remedy="Leave its rows out, or name another --group-column",
            )
        rows = [row for row, name in enumerate(test.targets or [target] * len(test)) if name == target]
        found |= dict(zip(rows, model.predict([test.texts[row] for row in rows], target), strict=True))
    return [found[row] for row in range(len(test))]


def _run(train: Corpus, test: Corpus) -> Outcome:
    """Return the labels that a fold's model gives its test rows, and how its training labels were distributed."""
    said = _say(train, test)
    distinct = train.distinct().topics or ()
    counts = Counter(topic for row in distinct for topic in row)
    return Outcome(
        tuple(prediction.stance or "" for prediction in said),
        tuple(prediction.topics or () for prediction in said),
        {target: Counter(train.for_target(target).stances) for target in test.target_names} if train.stances else {},
        {topic: count / len(distinct) for topic, count in counts.items()},
    )


def _stance_tables(
    corpus: Corpus, folds: Sequence[Fold], said: Sequence[Outcome]
) -> dict[str, dict[str, StanceScores]]:
    tables = {}
    for target in corpus.target_names:
        names = sorted(set(corpus.for_target(target).stances or ()))
        rows = [
            (row, stance, outcome.stance_counts.get(target, {}))
            for fold, outcome in zip(folds, said, strict=True)
            for row, stance in zip(fold.test, outcome.stances, strict=True)
            if corpus.targets is None or corpus.targets[row] == target
        ]
        true = [(corpus.stances or ())[row] for row, _, _ in rows]
        counts_of = [counts for _, _, counts in rows]
        tables[target] = {
            "model": stance_scores(true, [stance for _, stance, _ in rows], names),
            "majority": stance_scores(true, list(map(majority_stance, counts_of)), names),
            "random": _mean([stance_scores(true, draw, names) for draw in random_stances(counts_of)]),
        }
    return tables


def _topic_table(corpus: Corpus, folds: Sequence[Fold], said: Sequence[Outcome]) -> dict[str, TopicScores]:
    labels = corpus.topics or ()
    names = sorted({topic for row in labels for topic in row})
    first = {text: row for row, text in reversed(list(enumerate(corpus.texts)))}
    rows = [
        (row, topics, outcome.topic_shares)
        for fold, outcome in zip(folds, said, strict=True)
        for row, topics in zip(fold.test, outcome.topics, strict=True)
        if first[corpus.texts[row]] == row
    ]
    true = [labels[row] for row, _, _ in rows]
    shares_of = [shares for _, _, shares in rows]
    return {
        "model": topic_scores(true, [topics for _, topics, _ in rows], names),
        "majority": topic_scores(true, list(map(majority_topics, shares_of)), names),
        "random": _mean([topic_scores(true, draw, names) for draw in random_topics(shares_of, names)]),
    }


def _mean(draws: Sequence[Any]) -> Any:
    """Return the mean of equal structures of numbers: score classes, and mappings of them."""
    first = draws[0]
    if is_dataclass(first):
        return type(first)(
            **{field.name: _mean([getattr(draw, field.name) for draw in draws]) for field in fields(first)}
        )  # type: ignore[misc]
    if isinstance(first, dict):
        return {key: _mean([draw[key] for draw in draws]) for key in first}
    return type(first)(sum(draws) / len(draws))

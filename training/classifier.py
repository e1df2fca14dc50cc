"""Fit a classifier of stance and topics, and label texts with it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, Literal

import numpy as np
from iraqstance.annotation.errors import InputError, from_extra
from iraqstance.annotation.records import Prediction
from iraqstance.training.choice import Choice, Task, choose, group_numbers, sampled, sharing_helps
from iraqstance.training.corpus import Corpus
from iraqstance.training.features import Blocks, counted, weighted
from iraqstance.training.linear import Linear, Owners, fitted, logistic, one_vs_rest
from iraqstance.training.preparation import listed, prepared
from iraqstance.training.recipe import Settings, constant_pipeline, settings_for
from iraqstance.training.targets import target_of

__all__ = ["Classifier", "fit"]

_SHARING_TRIED_ON, _OF_EACH = 5_000, 300  # rows in all, and of each target at least, as far as it has them
_MOST_SHARING = 10  # targets: each holds the features of all


@dataclass(frozen=True, slots=True)
class Classifier:
    """Fitted pipelines and what they are for.

    Attributes:
        stance: A fitted pipeline for each target, by the target's name (empty where the data names none).
        topics: The fitted topics pipeline, or ``None``.
        topic_names: Name of each of its columns.
        threshold: Probability from which a topic is given, in (0, 1).

    Pipelines take texts after :func:`~iraqstance.training.preparation.prepared`.
    """

    stance: Mapping[str, Any]
    topics: Any | None = None
    topic_names: tuple[str, ...] = ()
    threshold: float = 0.5

    @property
    def targets(self) -> tuple[str, ...]:
        """Names of the stance targets that the model holds."""
        return tuple(self.stance)

    def stance_names(self, target: str) -> tuple[str, ...]:
        """Return the stances that the model can give for a target, in alphabetical order."""
        return tuple(map(str, self.stance[target].classes_))

    def predict(self, texts: Sequence[str], target: str | None = None) -> list[Prediction]:
        """Label texts, in order.

        Args:
            texts: The texts; an empty one gets what the model says without any evidence.
            target: Whose stance to give, for a model with several targets.

        Raises:
            UsageError: Where the target is unknown, or not named though the model has several; and where one of
                the texts is no text.
        """
        texts = listed(texts)
        if not texts:
            return []
        stances = self._stances(texts, target) if self.stance else [None] * len(texts)
        topics = self._topics(texts) if self.topics is not None else [None] * len(texts)
        return [
            Prediction(
                text,
                _best(scores) if scores else None,
                scores,
                self._chosen(shares) if shares else None,
                shares,
            )
            for text, scores, shares in zip(texts, stances, topics, strict=True)
        ]

    def topics_of(self, texts: Sequence[str]) -> list[tuple[str, ...]]:
        """Return the topics of texts, in order; of a model with topics only."""
        return [self._chosen(shares) for shares in self._topics(list(texts))]

    def _topics(self, texts: list[str]) -> list[dict[str, float]]:
        if not texts or self.topics is None:
            return []
        shares = self.topics.predict_proba(list(map(prepared, texts)))
        # For a single topic, scikit-learn gives the shares of "not" and of the topic.
        return [dict(zip(self.topic_names, row, strict=True)) for row in shares[:, -len(self.topic_names) :].tolist()]

    def _chosen(self, shares: Mapping[str, float]) -> tuple[str, ...]:
        reached = tuple(name for name, share in shares.items() if share >= self.threshold)
        return reached or (_best(shares),)

    def _stances(self, texts: list[str], target: str | None) -> list[dict[str, float]]:
        """Return the scores of every stance that the model knows; 0 for those never seen towards this target."""
        name = target_of(self.stance, target)
        names = self.stance_names(name)
        none = dict.fromkeys(sorted({stance for other in self.stance for stance in self.stance_names(other)}), 0.0)
        shares = self.stance[name].predict_proba(list(map(prepared, texts))).tolist()
        return [none | dict(zip(names, row, strict=True)) for row in shares]


def _best(scores: Mapping[str, float]) -> str:
    return max(scores, key=lambda name: scores[name])


@dataclass(frozen=True, slots=True)
class _Terms:
    """A union that has learned the vocabulary of some texts, and the counts of their terms by block."""

    features: Any
    counts: Blocks


def fit(corpus: Corpus, *, constant: bool = False) -> Classifier:
    """Fit one stance pipeline for each target, and a topics pipeline, as far as the corpus has labels.

    Settings, calibration and the topics' threshold are chosen by cross-validation inside the corpus: see
    :mod:`iraqstance.training.choice`.

    Args:
        corpus: The labelled texts.
        constant: Whether a stance that never varies is learned as a constant, as a fold of few texts may need.

    Raises:
        InputError: Where all rows have the same stance, or the same topics, and ``constant`` is false.
        MissingExtraError: Without the extra ``train``.
    """
    with from_extra("train"):
        from threadpoolctl import threadpool_limits
    if not constant:
        _refuse_constant(corpus)
    corpus = replace(corpus, texts=tuple(map(prepared, corpus.texts)))
    # The products are small: threads that wait for each other cost thirty times what they save.
    with threadpool_limits(1):
        terms = _shared_terms(corpus)
        stance = {} if corpus.stances is None else _stances(corpus, terms)
        return Classifier(stance) if corpus.topics is None else _with_topics(stance, corpus.distinct(), terms)


def _refuse_constant(corpus: Corpus) -> None:
    if corpus.stances is not None:
        for target in corpus.target_names:
            _refuse_single(Counter(corpus.for_target(target).stances), "stance", corpus.name, target)
    if corpus.topics is not None:
        _refuse_single(Counter(corpus.distinct().topics), "set of topics", corpus.name, "")


def _shared_terms(corpus: Corpus) -> _Terms | None:
    """Return the terms of the texts, where stance and topics learn from the same ones."""
    if corpus.stances is None or corpus.topics is None or len(set(corpus.texts)) < len(corpus):
        return None
    return _terms(corpus, settings_for(corpus.texts))


def _stances(corpus: Corpus, terms: _Terms | None) -> dict[str, Any]:
    """Return the pipeline of each target, on features of its own or on shared ones."""
    parts = {target: corpus.for_target(target) for target in corpus.target_names}
    found = {target: constant_pipeline().fit(part.texts, part.stances) for target, part in parts.items()}
    varied = {target: part for target, part in parts.items() if len(set(part.stances or ())) > 1}
    found |= (_shared(varied) if len(varied) > 1 else None) or {
        target: _stance(part, terms if len(part) == len(corpus) else None) for target, part in varied.items()
    }
    return found


def _stance(part: Corpus, terms: _Terms | None) -> Any:
    settings = settings_for(part.texts)
    classes, table = _classes(part.stances or ())
    task = _task(part, terms or _terms(part, settings), table, "one")
    choice, (model,) = _learned(task, settings)
    return _pipeline(task.features, logistic(model.scaled(choice.slope), classes))


def _shared(parts: Mapping[str, Corpus]) -> dict[str, Any] | None:
    """Return the pipeline of each target on features of all of them, or nothing where that does not help.

    It is not tried where there are so many rows in all that they would be learned from in another way than the rows of
    one target, nor with so many targets that the model would be large.
    """
    whole = reduce(Corpus.joined, parts.values())
    settings = settings_for(whole.texts)
    alike = all(settings_for(part.texts).balanced == settings.balanced for part in parts.values())
    if not alike or len(parts) > _MOST_SHARING:
        return None
    classes, table = _classes(whole.stances or ())
    owners = np.repeat(np.arange(len(parts)), [len(part) for part in parts.values()])
    together = replace(_task(whole, _terms(whole, settings), table, "one"), owners=Owners(owners, len(parts)))
    own = [sorted(set(part.stances or ())) for part in parts.values()]
    rows = [_some(together, np.flatnonzero(owners == owner)) for owner in range(len(parts))]
    apart = [_apart(together, of_one, classes, names) for of_one, names in zip(rows, own, strict=True)]
    if not sharing_helps(apart, together.take(np.concatenate(rows)), settings):
        return None
    choice, models = _learned(together, settings)
    made = {}
    for target, names, model in zip(parts, own, models, strict=True):
        columns = range(len(model.intercepts)) if len(classes) == 2 else [classes.index(name) for name in names]
        made[target] = _pipeline(together.features, logistic(model.columns(columns).scaled(choice.slope), names))
    return made


def _some(together: Task, rows: Any) -> Any:
    """Return so many of one target's rows that sharing can be tried on those of all targets."""
    size = max(_OF_EACH, _SHARING_TRIED_ON * len(rows) // len(together))
    return rows[sampled(together.groups[rows], size)]


def _apart(together: Task, rows: Any, classes: Sequence[str], names: Sequence[str]) -> Task:
    """Return one target's task with its own classes."""
    task = replace(together.take(rows), owners=None)
    if len(classes) == 2:
        return task
    columns = [classes.index(name) for name in names]
    return replace(task, table=task.table[:, columns[1:] if len(names) == 2 else columns])


def _with_topics(stance: Mapping[str, Any], corpus: Corpus, terms: _Terms | None) -> Classifier:
    settings = settings_for(corpus.texts)
    names, table = _indicator(corpus.topics or ())
    task = _task(corpus, terms or _terms(corpus, settings), table, "any")
    choice, (model,) = _learned(task, settings)
    topics = _pipeline(task.features, one_vs_rest(model.scaled(choice.slope, choice.shift), table))
    return Classifier(stance, topics, names, choice.threshold)


def _terms(corpus: Corpus, settings: Settings) -> _Terms:
    features = settings.features()
    try:
        counts = counted(features, corpus.texts)
    except ValueError as error:
        if "empty vocabulary" in str(error):
            problem = "no text holds a word of two letters or more"
        elif "no terms remain" in str(error):
            problem = "no word stands in two texts"
        else:
            raise
        raise InputError(
            problem,
            where=corpus.name,
            got=repr(corpus.texts[0][:60]),
            remedy="Name the column of the texts with --text-column",
        ) from None
    return _Terms(features, counts)


def _task(corpus: Corpus, terms: _Terms, table: Any, kind: Literal["one", "any"]) -> Task:
    return Task(terms.features, terms.counts, table, group_numbers(corpus.groups, corpus.texts), kind)


def _learned(task: Task, settings: Settings) -> tuple[Choice, list[Linear]]:
    """Choose, and fit what was chosen on all rows."""
    choice = choose(task, settings)
    blocks = weighted(task.features, task.counts)
    models = fitted(
        choice.candidate.members,
        blocks,
        task.table,
        balanced=settings.balanced,
        owners=task.owners,
    )
    return choice, models


def _pipeline(features: Any, classifier: Any) -> Any:
    from sklearn.pipeline import Pipeline

    return Pipeline([("features", features), ("classifier", classifier)])


def _classes(stances: Sequence[str]) -> tuple[list[str], Any]:
    """Return the stances in alphabetical order, and a table of 0 and 1: of two stances the second alone."""
    names = sorted(set(stances))
    table = np.array(stances)[:, None] == np.array(names[1:] if len(names) == 2 else names)
    return names, table.astype(np.int64)


def _refuse_single(counts: Counter[Any], what: str, name: str, target: str) -> None:
    if len(counts) < 2:
        only = next(iter(counts), "none")
        only = ", ".join(only) if isinstance(only, tuple) else only
        raise InputError(
            f"there is only one {what} to learn" + (f" for target {target!r}" if target else ""),
            where=name,
            expected="two or more",
            got=str(only),
            remedy="Check the column, or train without it",
        )


def _indicator(topics: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], Any]:
    """Return the topics that occur, in alphabetical order, and a table of shape (texts, topics) of 0 and 1."""
    from sklearn.preprocessing import MultiLabelBinarizer

    binarizer = MultiLabelBinarizer()
    table = binarizer.fit_transform(topics)
    return tuple(map(str, binarizer.classes_)), table.astype(np.int64)

"""Fit a classifier of stance and topics, and label texts with it."""

import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from iraqstance.annotation.errors import InputError, UsageError
from iraqstance.annotation.records import Prediction
from iraqstance.training.corpus import Corpus
from iraqstance.training.recipe import constant_pipeline, stance_pipeline, topics_pipeline

__all__ = ["Classifier", "fit"]


@dataclass(frozen=True, slots=True)
class Classifier:
    """Fitted pipelines and what they are for.

    Attributes:
        stance: A fitted pipeline for each target, by the target's name (empty where the data names none).
        topics: The fitted topics pipeline, or ``None``.
        topic_names: Name of each of its columns.
        threshold: Probability from which a topic is given, in (0, 1).
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
            UsageError: Where the target is unknown, or not named though the model has several.
        """
        if not texts:
            return []
        texts = list(texts)
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
        shares = self.topics.predict_proba(texts)
        # For a single topic, scikit-learn gives the shares of "not" and of the topic.
        return [dict(zip(self.topic_names, row, strict=True)) for row in shares[:, -len(self.topic_names) :].tolist()]

    def _chosen(self, shares: Mapping[str, float]) -> tuple[str, ...]:
        reached = tuple(name for name, share in shares.items() if share >= self.threshold)
        return reached or (_best(shares),)

    def _stances(self, texts: list[str], target: str | None) -> list[dict[str, float]]:
        """Return the scores of every stance that the model knows; 0 for those never seen towards this target."""
        name = self._target(target)
        names = self.stance_names(name)
        none = dict.fromkeys(sorted({stance for other in self.stance for stance in self.stance_names(other)}), 0.0)
        shares = self.stance[name].predict_proba(texts).tolist()
        return [none | dict(zip(names, row, strict=True)) for row in shares]

    def _target(self, target: str | None) -> str:
        if target is None and len(self.stance) == 1:
            return next(iter(self.stance))
        if target is not None and target in self.stance:
            return target
        if tuple(self.stance) == ("",):
            raise UsageError("the model names no target", got=str(target), remedy="Leave the target out")
        raise UsageError(
            "the model holds several targets" if target is None else "the model holds no such target",
            expected=f"one of {', '.join(self.stance)}",
            got=target or "",
            remedy="Name one with --target",
        )


def _best(scores: Mapping[str, float]) -> str:
    return max(scores, key=lambda name: scores[name])


def fit(corpus: Corpus, *, constant: bool = False) -> Classifier:
    """Fit one stance pipeline for each target, and a topics pipeline, as far as the corpus has labels.

    Args:
        corpus: The labelled texts.
        constant: Whether a stance that never varies is learned as a constant, as a fold of few texts may need.

    Raises:
        InputError: Where all rows have the same stance, or the same topics, and ``constant`` is false.
        MissingExtraError: Without the extra ``train``.
    """
    stance = {}
    if corpus.stances is not None:
        for target in corpus.target_names:
            part = corpus.for_target(target)
            counts = Counter(part.stances)
            if not constant:
                _refuse_single(counts, "stance", corpus.name, target)
            pipeline = stance_pipeline() if len(counts) > 1 else constant_pipeline()
            stance[target] = _fitted(pipeline, part, list(part.stances or ()))
    if corpus.topics is None:
        return Classifier(stance)
    part = corpus.distinct()
    names, table = _indicator(part.topics or ())
    if not constant:
        _refuse_single(Counter(part.topics), "set of topics", corpus.name, "")
    with warnings.catch_warnings():
        # A topic that every text has is a constant to one-vs-rest, which is what it should be.
        warnings.filterwarnings("ignore", message="Label .* is present in all training examples")
        topics = _fitted(topics_pipeline(), part, table)
    return Classifier(stance, topics, names)


def _fitted(pipeline: Any, corpus: Corpus, labels: Any) -> Any:
    from threadpoolctl import threadpool_limits

    try:
        # The products are small: threads that wait for each other cost thirty times what they save.
        with threadpool_limits(1):
            return pipeline.fit(list(corpus.texts), labels)
    except ValueError as error:
        if "empty vocabulary" not in str(error):
            raise
        raise InputError(
            "no text holds a word of two letters or more",
            where=corpus.name,
            got=repr(corpus.texts[0][:60]),
            remedy="Name the column of the texts with --text-column",
        ) from None


def _refuse_single(counts: Counter[Any], what: str, name: str, target: str) -> None:
    if len(counts) < 2:
        only = next(iter(counts), "none")
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
    return tuple(map(str, binarizer.classes_)), table

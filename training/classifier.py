"""Fit a classifier of stance and topics, and label texts with it."""

import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from iraqstance.annotation.errors import InputError, UsageError
from iraqstance.annotation.records import Prediction
from iraqstance.training.corpus import Corpus
from iraqstance.training.recipe import stance_pipeline, topics_pipeline

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
        stances = self._stances(texts, target) if self.stance else [{}] * len(texts)
        topics = self.topics.predict_proba(texts).tolist() if self.topics is not None else [None] * len(texts)
        return [
            self._prediction(text, scores, shares) for text, scores, shares in zip(texts, stances, topics, strict=True)
        ]

    def _stances(self, texts: list[str], target: str | None) -> list[dict[str, float]]:
        pipeline = self.stance[self._target(target)]
        names = list(map(str, pipeline.classes_))
        return [dict(zip(names, shares, strict=True)) for shares in pipeline.predict_proba(texts).tolist()]

    def _target(self, target: str | None) -> str:
        if target is None and len(self.stance) == 1:
            return next(iter(self.stance))
        if target is None or target not in self.stance:
            raise UsageError(
                "the model holds no such target" if target else "the model holds several targets",
                expected=f"one of {', '.join(self.stance)}",
                got=target or "",
                remedy="Name one with --target",
            )
        return target

    def _prediction(self, text: str, stances: Mapping[str, float], shares: Sequence[float] | None) -> Prediction:
        stance = max(stances, key=lambda name: stances[name]) if stances else None
        if shares is None:
            return Prediction(text, stance, stances or None)
        scores = dict(zip(self.topic_names, shares, strict=True))
        chosen = tuple(name for name, share in scores.items() if share >= self.threshold)
        best = (max(scores, key=lambda name: scores[name]),)
        return Prediction(text, stance, stances or None, chosen or best, scores)


def fit(corpus: Corpus) -> Classifier:
    """Fit one stance pipeline for each target, and a topics pipeline, as far as the corpus has labels.

    Raises:
        InputError: Where all rows have the same stance, or the same topics.
        MissingExtraError: Without the extra ``train``.
    """
    stance = {}
    if corpus.stances is not None:
        for target in corpus.target_names:
            part = corpus.for_target(target)
            _refuse_single(Counter(part.stances or ()), "stance", corpus.name, target)
            stance[target] = stance_pipeline().fit(list(part.texts), list(part.stances or ()))
    if corpus.topics is None:
        return Classifier(stance)
    part = corpus.distinct()
    names, table = _indicator(part.topics or ())
    _refuse_single(Counter(part.topics or ()), "set of topics", corpus.name, "")
    with warnings.catch_warnings():
        # A topic that every text has is a constant to one-vs-rest, which is what it should be.
        warnings.filterwarnings("ignore", message="Label .* is present in all training examples")
        topics = topics_pipeline().fit(list(part.texts), table)
    return Classifier(stance, topics, names)


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

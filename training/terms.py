"""The n-grams by which a classifier tells its labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from iraqstance.training.classifier import Classifier
from iraqstance.training.corpus import Corpus
from iraqstance.training.intervals import Floats
from iraqstance.training.preparation import prepared

__all__ = ["Term", "telling_terms"]

_MOST = 12  # terms of a label


@dataclass(frozen=True, slots=True)
class Term:
    """An n-gram that speaks for a label.

    Attributes:
        words: The n-gram; of characters with a mark for each space.
        weight: What it adds to the label's score on the mean over the label's own texts, more than over the other
            texts; above 0. The score of a stance is less the mean of all stances' scores.
        characters: Whether it is one of characters.
    """

    words: str
    weight: float
    characters: bool


def telling_terms(model: Classifier, corpus: Corpus) -> tuple[dict[str, dict[str, list[Term]]], dict[str, list[Term]]]:
    """Return the terms that speak most for each stance, by target, and for each topic.

    Args:
        model: A classifier.
        corpus: The texts that it was fitted on.

    Returns:
        The terms of each stance by target and stance, and the terms of each topic, the strongest first. A label that
        never varied has none.
    """
    stances = {
        target: _of_labels(pipeline, part.texts, _one_each(part.stances or ()), names)
        for target, pipeline, part, names in (
            (target, pipeline, corpus.for_target(target), model.stance_names(target))
            for target, pipeline in model.stance.items()
        )
    }
    if model.topics is None:
        return stances, {}
    distinct = corpus.distinct()
    return stances, _of_labels(model.topics, distinct.texts, distinct.topics or (), model.topic_names)


def _one_each(stances: Sequence[str]) -> list[tuple[str, ...]]:
    return [(stance,) for stance in stances]


def _of_labels(
    pipeline: Any, texts: Sequence[str], labels: Sequence[Sequence[str]], names: Sequence[str]
) -> dict[str, list[Term]]:
    steps: Mapping[str, Any] = pipeline.named_steps
    coefficients = _coefficients(steps["classifier"], len(names))
    if "features" not in steps or coefficients is None:
        return {name: [] for name in names}
    features = steps["features"]
    table = features.transform(list(map(prepared, texts)))
    terms = features.get_feature_names_out().tolist()
    found = {}
    for name, own in zip(names, coefficients, strict=True):
        has = np.array([name in row for row in labels])
        apart = _means(table[np.flatnonzero(has)]) - _means(table[np.flatnonzero(~has)])
        # Of equal terms the first by the alphabet, whatever the last digits say. A rare term speaks by being there.
        weights = np.round(np.where(apart > 0, apart * own, 0), 9)
        best = np.argsort(-weights, kind="stable")[:_MOST].tolist()
        found[name] = [_term(terms[at], float(weights[at])) for at in best if weights[at] > 0]
    return found


def _means(table: Any) -> Floats:
    """Return the mean of each column of a sparse table, 0 without rows."""
    means: Floats = np.asarray(table.sum(axis=0), dtype=np.float64).ravel() / max(1, table.shape[0])
    return means


def _coefficients(classifier: Any, columns: int) -> Floats | None:
    """Return the coefficients of each label, or nothing for a classifier that has none."""
    if hasattr(classifier, "estimators_"):
        parts = [getattr(one, "coef_", None) for one in classifier.estimators_]
        width = next((part.shape[1] for part in parts if part is not None), None)
        if width is None:
            return None
        return np.vstack([np.zeros((1, width)) if part is None else part for part in parts])
    if not hasattr(classifier, "coef_"):
        return None
    known: Floats = np.asarray(classifier.coef_)
    if len(known) == 1 and columns == 2:
        known = np.vstack([-known / 2, known / 2])
    centred: Floats = known - known.mean(axis=0)
    return centred


def _term(name: str, weight: float) -> Term:
    block, mark, words = name.partition("__")
    if not mark or block not in {"word", "char"}:
        return Term(name, weight, characters=False)
    return Term(words.replace(" ", "␣") if block == "char" else words, weight, characters=block == "char")

"""Baselines: the commonest training label, one drawn at random, and a plain bag of words."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from iraqstance.annotation.errors import from_extra
from iraqstance.training.classifier import Classifier
from iraqstance.training.corpus import Corpus
from iraqstance.training.preparation import prepared
from iraqstance.training.recipe import constant_pipeline

__all__ = ["DRAWS", "majority_stance", "majority_topics", "random_stances", "random_topics", "unigram"]

#: How often the random baseline is drawn; its figures are the mean over the draws.
DRAWS = 100
_SEED = 20250120


def majority_stance(counts: Mapping[str, int]) -> str:
    """Return the commonest stance, given the training rows of each; of equals, the last by name."""
    return max(counts, key=lambda name: (counts[name], name))


def majority_topics(shares: Mapping[str, float]) -> list[str]:
    """Return the topics that half of the training texts have or more; where there is none, the commonest."""
    common = [topic for topic, share in shares.items() if share >= 0.5]
    return common or [max(shares, key=lambda topic: (shares[topic], topic))]


def random_stances(counts: Sequence[Mapping[str, int]]) -> Iterator[list[str]]:
    """Yield :data:`DRAWS` times a stance for each row, drawn as its training stances are distributed.

    Args:
        counts: For each row, the training rows of each stance.
    """
    random = np.random.default_rng(_SEED)
    for _ in range(DRAWS):
        yield [_drawn(of_row, random) for of_row in counts]


def random_topics(shares: Sequence[Mapping[str, float]], names: Sequence[str]) -> Iterator[list[list[str]]]:
    """Yield :data:`DRAWS` times topics for each row, each topic as often as training texts have it; maybe none.

    Args:
        shares: For each row, the share of training texts that have each topic.
        names: The topics to draw among.
    """
    random = np.random.default_rng(_SEED)
    for _ in range(DRAWS):
        yield [[topic for topic in names if random.random() < of_row.get(topic, 0)] for of_row in shares]


def _drawn(counts: Mapping[str, int], random: np.random.Generator) -> str:
    names = sorted(counts)
    shares = np.array([counts[name] for name in names], dtype=float)
    return names[int(random.choice(len(names), p=shares / shares.sum()))]


def unigram(corpus: Corpus) -> Classifier:
    """Return a logistic regression on counts of single words, with scikit-learn's own settings; 0.5 gives a topic.

    Args:
        corpus: Labelled texts that the classifier itself was able to learn from.

    Raises:
        MissingExtraError: Without the extra ``train``.
    """
    with from_extra("train"):
        from sklearn.exceptions import ConvergenceWarning
        from threadpoolctl import threadpool_limits
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", message="Label .* present in all training examples")
        stance = {}
        for target in corpus.target_names if corpus.stances is not None else ():
            part = corpus.for_target(target)
            varies = len(set(part.stances or ())) > 1
            made = _bag_of_words(_regression()) if varies else constant_pipeline()
            stance[target] = made.fit(list(map(prepared, part.texts)), list(part.stances or ()))
        if corpus.topics is None:
            return Classifier(stance)
        return _with_topics(stance, corpus.distinct())


def _with_topics(stance: Mapping[str, Any], corpus: Corpus) -> Classifier:
    from sklearn.multiclass import OneVsRestClassifier

    names = tuple(sorted({topic for topics in corpus.topics or () for topic in topics}))
    table = np.array([[int(name in topics) for name in names] for topics in corpus.topics or ()])
    # scikit-learn takes a single column that never varies for one that is never given.
    alone = table.shape[1] == 1 and table.min() == 1
    pipeline = constant_pipeline() if alone else _bag_of_words(OneVsRestClassifier(_regression()))
    return Classifier(stance, pipeline.fit(list(map(prepared, corpus.texts)), table), names)


def _regression() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=1000)


def _bag_of_words(classifier: Any) -> Any:
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.pipeline import Pipeline

    return Pipeline([("features", CountVectorizer()), ("classifier", classifier)])

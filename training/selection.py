"""The order in which paragraphs are most worth labelling: what the model is least sure of, and nothing twice."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from iraqstance.annotation.errors import from_extra
from iraqstance.dataset.duplicates import NearDuplicates, plain_text
from iraqstance.training.classifier import Classifier
from iraqstance.training.labelling.labeller import label_texts
from iraqstance.training.labelling.text_rows import TextRow

__all__ = ["Ranked", "ranked", "uncertainty_order"]

_SEED = 20250120
_FEATURES = 2**14  # of the vectors that are clustered
_DIGITS = 9  # of an uncertainty: beyond them, equal texts may differ by how they were computed


class Ranked(NamedTuple):
    """A text's place in the order.

    Attributes:
        row: Its place among the given texts, from 0.
        uncertainty: How unsure the model is of its labels, in [0, 1].
        near_duplicate: Whether it nearly repeats a labelled text or one before it in the order, or has no word at all.
    """

    row: int
    uncertainty: float
    near_duplicate: bool = False


def uncertainty_order(
    classifier: Classifier, texts: Sequence[str], labelled: Sequence[str] = (), *, target: str | None = None
) -> list[int]:
    """Return the row of every text, the one most worth labelling first: see :func:`ranked`."""
    return [place.row for place in ranked(classifier, texts, labelled, target=target)]


def ranked(
    classifier: Classifier, texts: Sequence[str], labelled: Sequence[str] = (), *, target: str | None = None
) -> list[Ranked]:
    """Order texts by what their labels would teach the model. The same texts always have the same order.

    Uncertainty is the mean of two figures, or the one that the model has. That of stance is 1 - (p1 - p2) for the two
    most probable stances (margin sampling: Scheffer, Decomain and Wrobel, "Active Hidden Markov Models for Information
    Extraction", IDA 2001); with several targets, the mean over them, unless one is named. That of topics belongs to the
    most uncertain one: 1 where its probability is the threshold, falling evenly to 0 at the probabilities 0 and 1.

    The texts that a model is least sure of are often alike. So they are clustered by the TF-IDF of their words, into
    the square root of half their number (Mardia, Kent and Bibby, "Multivariate Analysis", 1979), and the clusters take
    turns, each giving its most uncertain text that is left; within a turn the more uncertain comes first. This is the
    round robin of Cluster-Margin (Citovsky et al., "Batch Active Learning at Scale", NeurIPS 2021).

    Near-duplicates come last, by uncertainty: texts whose sets of 5-character shingles have a Jaccard similarity
    (Broder, "On the Resemblance and Containment of Documents", 1997) of 0.8 or more with those of a labelled text or
    of a more uncertain one, whatever case, marks and white space either has. Candidates are found by MinHash, which
    misses few, and verified. Texts without any word come at the very end. Ties keep the order of the texts.

    Args:
        classifier: The model.
        texts: The texts to order.
        labelled: Texts that have labels already.
        target: The target whose stance counts, for a model with several.

    Raises:
        UsageError: Where the model holds no such target.
        MissingExtraError: Without the extras ``check`` and ``train``.
    """
    unsure = _uncertainties(classifier, texts, target)
    order = sorted(range(len(texts)), key=lambda row: (-unsure[row], row))
    plain = [plain_text(text) for text in texts]
    repeated = _near_duplicates([plain[row] for row in order], [plain_text(text) for text in labelled])
    fresh = [row for row, known in zip(order, repeated, strict=True) if not known]
    late = [row for row, known in zip(order, repeated, strict=True) if known]
    turns = dict(zip(fresh, _turns([plain[row] for row in fresh]), strict=True))
    fresh.sort(key=turns.__getitem__)
    late.sort(key=lambda row: not plain[row])
    return [Ranked(row, unsure[row], near_duplicate=row not in turns) for row in fresh + late]


def _uncertainties(classifier: Classifier, texts: Sequence[str], target: str | None) -> list[float]:
    """Return the uncertainty of each text."""
    figures = []
    if classifier.stance:
        model = replace(classifier, topics=None)
        names = classifier.targets if target is None else (target,)
        said = [label_texts(model, map(TextRow, texts), name) for name in names]
        figures.append(np.mean([[_margin(one.stance_scores or {}) for one in about] for about in said], axis=0))
    if classifier.topics is not None:
        model = replace(classifier, stance={})
        topics = label_texts(model, map(TextRow, texts))
        figures.append(np.array([_nearness(one.topic_scores or {}, classifier.threshold) for one in topics]))
    return [round(float(figure), _DIGITS) for figure in np.mean(figures, axis=0)]


def _margin(shares: Mapping[str, float]) -> float:
    first, second = sorted([*shares.values(), 0.0], reverse=True)[:2]
    return 1 - (first - second)


def _nearness(shares: Mapping[str, float], threshold: float) -> float:
    """Return how near the topic that is nearest comes to the threshold, in [0, 1]."""
    return max(share / threshold if share < threshold else (1 - share) / (1 - threshold) for share in shares.values())


def _near_duplicates(texts: Sequence[str], labelled: Sequence[str]) -> list[bool]:
    """Tell of each plain text whether it is empty, or nearly repeats a labelled text or one before it."""
    index = NearDuplicates(len(labelled) + len(texts))
    seen = {""}
    repeated = []
    for number, (text, sketch) in enumerate(index.sketched((*labelled, *texts))):
        known = text in seen
        if not known and number >= len(labelled):
            known = any(True for _ in index.near(text, sketch))
        if not known:
            index.hold(text, sketch)
        seen.add(text)
        repeated.append(known)
    return repeated[len(labelled) :]


def _turns(texts: Sequence[str]) -> list[int]:
    """Return the turn of each plain text, from 0: how many of its cluster come before it."""
    with from_extra("train"):
        from sklearn.cluster import MiniBatchKMeans
        from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
        from threadpoolctl import threadpool_limits
    if len(texts) < 2:
        return [0] * len(texts)
    counts = HashingVectorizer(n_features=_FEATURES, alternate_sign=False, norm=None).transform(texts)
    vectors = TfidfTransformer(sublinear_tf=True).fit_transform(counts)
    clusters = MiniBatchKMeans(max(1, round((len(texts) / 2) ** 0.5)), random_state=_SEED, n_init=3)
    given: Counter[int] = Counter()
    turns = []
    with threadpool_limits(1):
        found = clusters.fit_predict(vectors)
    for cluster in map(int, found):
        turns.append(given[cluster])
        given[cluster] += 1
    return turns

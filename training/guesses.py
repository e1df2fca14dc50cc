"""What can be said of a text without reading it: the commonest training label, or one drawn at random."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

__all__ = ["DRAWS", "majority_stance", "majority_topics", "random_stances", "random_topics"]

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

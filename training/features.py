"""Term counts that are made once, and the TF-IDF of some rows of them as if no other row had been there."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Blocks", "counted", "weighted", "weighted_apart"]

#: Sparse matrices of shape (rows, terms), by name of the block.
Blocks = Mapping[str, Any]


def counted(features: Any, texts: Sequence[str]) -> Blocks:
    """Learn the vocabulary of each block and return the counts of its terms.

    Args:
        features: An unfitted union of TF-IDF vectorisers.
        texts: The texts.

    Raises:
        ValueError: Where a block finds no term.
    """
    from sklearn.feature_extraction.text import CountVectorizer

    return {name: CountVectorizer.fit_transform(tool, texts) for name, tool in features.transformer_list}


def weighted(features: Any, counts: Blocks) -> Blocks:
    """Return the TF-IDF of all rows; the features are fitted then, just as by their own ``fit``."""
    found = {}
    for name, tool in features.transformer_list:
        transformer = _transformer(tool)
        found[name] = transformer.fit_transform(counts[name])
        tool.idf_ = transformer.idf_
    return found


def weighted_apart(
    features: Any, counts: Blocks, rows: NDArray[np.int64], held_out: NDArray[np.int64]
) -> tuple[Blocks, Blocks]:
    """Return the TF-IDF of some rows, and of others by what was learned from the first.

    Terms that the first rows lack are unknown, as they are to a pipeline that was fitted on these rows alone.
    """
    here, there = {}, {}
    for name, tool in features.transformer_list:
        own = counts[name][rows]
        known = np.flatnonzero(np.bincount(own.indices, minlength=own.shape[1]))
        transformer = _transformer(tool)
        here[name] = transformer.fit_transform(own[:, known])
        there[name] = transformer.transform(counts[name][held_out][:, known])
    return here, there


def _transformer(tool: Any) -> Any:
    from sklearn.feature_extraction.text import TfidfTransformer

    return TfidfTransformer(
        norm=tool.norm, use_idf=tool.use_idf, smooth_idf=tool.smooth_idf, sublinear_tf=tool.sublinear_tf
    )

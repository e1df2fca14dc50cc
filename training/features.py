"""Term counts that are made once, and the TF-IDF of some rows of them as if no other row had been there."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Blocks", "Copies", "counted", "lumped", "weighted", "weighted_apart"]

#: Sparse matrices of shape (rows, terms), by name of the block.
Blocks = Mapping[str, Any]
#: Numbers of shape (columns,), 1 or more, by name of the block.
Copies = Mapping[str, NDArray[np.int64]]

_SEED = 20250120
_MANY = 20_000  # texts from which loading compiled code pays


def counted(features: Any, texts: Sequence[str]) -> Blocks:
    """Learn the vocabulary of each block and return the counts of its terms.

    Args:
        features: An unfitted union of TF-IDF vectorisers.
        texts: The texts.

    Raises:
        ValueError: Where a block finds no term.
    """
    return {name: _counts(tool, texts) for name, tool in features.transformer_list}


def _counts(tool: Any, texts: Sequence[str]) -> Any:
    from sklearn.feature_extraction.text import CountVectorizer

    if len(texts) <= _MANY:
        return CountVectorizer.fit_transform(tool, texts)
    if find_spec("numba") is not None:
        with suppress(ImportError):  # of a numba that does not fit the other libraries
            from iraqstance.training.counting import countable, word_counts

            if countable(tool):
                return word_counts(tool, texts)
    counts = CountVectorizer.fit_transform(tool, texts)
    counts.sort_indices()  # as compiled code has them, so that both give the same model
    return counts


def weighted(features: Any, counts: Blocks) -> Blocks:
    """Return the TF-IDF of all rows; the features are fitted then, just as by their own ``fit``."""
    found = {}
    for name, tool in features.transformer_list:
        transformer = _transformer(tool, tool.norm)
        found[name] = transformer.fit_transform(counts[name])
        tool.idf_ = transformer.idf_
    return found


def lumped(counts: Blocks) -> tuple[Blocks, Copies]:
    """Return the counts with equal columns made one, and how many terms each column then stands for.

    Of short texts every third term, such as the parts of a rare word, is in the same rows as another. A column that is
    weighted by the square root of its number has the scalar products of all its terms, so that a linear machine gives
    the same scores.
    """
    found, copies = {}, {}
    random = np.random.default_rng(_SEED)
    for name, block in counts.items():
        # A column's product with random integers, modulo 2^64, tells it from every other.
        keys = block.astype(np.uint64).T @ random.integers(2**64 - 1, size=block.shape[0], dtype=np.uint64)
        _, first, numbers = np.unique(keys, return_index=True, return_counts=True)
        order = np.argsort(first)
        found[name], copies[name] = block[:, first[order]], numbers[order]
    return found, copies


def weighted_apart(
    features: Any, counts: Blocks, copies: Copies, rows: NDArray[np.int64], held_out: NDArray[np.int64]
) -> tuple[Blocks, Blocks]:
    """Return the TF-IDF of some rows, and of others by what was learned from the first.

    Terms that the first rows lack are unknown, as they are to a pipeline that was fitted on these rows alone.

    Args:
        features: The union.
        counts: Counts of terms.
        copies: How many terms each column stands for, as :func:`lumped` returns it.
        rows: Numbers of the rows to learn from.
        held_out: Numbers of the others.
    """
    here, there = {}, {}
    for name, tool in features.transformer_list:
        own = counts[name][rows]
        known = np.flatnonzero(np.bincount(own.indices, minlength=own.shape[1]))
        if not len(known):  # of these rows' texts, which may be one target's
            here[name], there[name] = own[:, known], counts[name][held_out][:, known]
            continue
        transformer = _transformer(tool, norm=None).fit(own[:, known])
        roots = np.sqrt(copies[name][known])
        here[name] = _normalised(transformer.transform(own[:, known]), roots, tool.norm)
        there[name] = _normalised(transformer.transform(counts[name][held_out][:, known]), roots, tool.norm)
    return here, there


def _normalised(block: Any, roots: NDArray[np.float64], norm: str) -> Any:
    from sklearn.preprocessing import normalize

    block.data *= roots[block.indices]
    return normalize(block, norm, copy=False)


def _transformer(tool: Any, norm: str | None) -> Any:
    from sklearn.feature_extraction.text import TfidfTransformer

    return TfidfTransformer(norm=norm, use_idf=tool.use_idf, smooth_idf=tool.smooth_idf, sublinear_tf=tool.sublinear_tf)

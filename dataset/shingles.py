"""Sets of 5-character shingles, as hashes of 64 bits, and how alike one set is to many others.

Where very many texts share long passages, every pair of them may have to be compared. Shingles that stand in the same
texts are then counted as one, and those that stand in many texts by matrix products.
"""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

__all__ = ["SHINGLE", "Integers", "ShingleSets"]

#: Characters of a shingle.
SHINGLE = 5

_SEED = 20250120
# Odd random factors, one for each character: the hash is their sum of products, modulo 2 ** 64.
_FACTORS = np.random.default_rng(_SEED).integers(0, 2**63, SHINGLE, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
_SLOTS = 2**20
_CELLS = 2**25  # of the matrix of frequent shingles: 128 MB
_BLOCK = 2**22  # numbers of one product
_FREQUENT = 64  # shingles count as frequent that stand in one text of so many

Integers = NDArray[np.int64]


class ShingleSets:
    """The shingle sets of plain texts.

    Args:
        texts: The texts.
        crowd: The numbers of texts each of which is to be compared with very many others of them, rising.
    """

    def __init__(self, texts: Sequence[str], crowd: Integers) -> None:
        self._sets = [_shingles(text) for text in texts]
        self._sizes = np.array([len(one) for one in self._sets], dtype=np.int64)
        self._marked = np.zeros(_SLOTS, dtype=bool)
        self._crowd = crowd
        self._places = np.full(len(self._sets), -1, dtype=np.int64)
        self._places[crowd] = np.arange(len(crowd))

    def similarities(self, one: int, others: Integers, least: float) -> NDArray[np.float64]:
        """Return the Jaccard similarity of a text's set with those of others, shape (others,), or 0 if below a bound.

        Args:
            one: Number of the text.
            others: Numbers of other texts.
            least: The bound.
        """
        shared = np.zeros(len(others), dtype=np.int64)
        sizes = self._sizes[others] + self._sizes[one]
        # Sets of very different sizes are never alike: what is shared is the smaller one at most.
        needed = least / (1 + least) * sizes - 1e-9
        open_ = np.minimum(self._sizes[others], self._sizes[one]) >= needed
        if self._places[one] >= 0:
            crowded = self._places[others] >= 0
            shared[crowded] = self._crowded.shared(int(self._places[one]))[self._places[others[crowded]]]
            open_ &= ~crowded
        if open_.any():
            shared[open_] = self._shared(one, others[open_], needed[open_])
        return np.where(shared >= needed, shared / (sizes - shared), 0.0)

    @cached_property
    def _crowded(self) -> "_Crowd":
        return _Crowd([self._sets[number] for number in self._crowd])

    def _shared(self, one: int, others: Integers, needed: NDArray[np.float64]) -> Integers:
        """Return how many shingles a text shares with others, or more than it does where that is not enough."""
        slots = self._sets[one] % np.uint64(_SLOTS)
        self._marked[slots] = True
        together = np.concatenate([self._sets[number] for number in others]) % np.uint64(_SLOTS)
        ends = np.cumsum(self._sizes[others])
        shared = np.add.reduceat(self._marked[together], ends - self._sizes[others], dtype=np.int64)
        self._marked[slots] = False
        for place in np.flatnonzero(shared >= needed):  # two shingles may have one slot
            both = np.intersect1d(self._sets[one], self._sets[others[place]], assume_unique=True)
            shared[place] = len(both)
        return shared


def _shingles(text: str) -> NDArray[np.uint64]:
    """Return the hashes of a text's shingles, rising; a text of fewer characters is one shingle itself."""
    letters = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    if len(letters) < SHINGLE:
        letters = np.pad(letters, (0, SHINGLE - len(letters)))
    hashes: NDArray[np.uint64] = (sliding_window_view(letters, SHINGLE) * _FACTORS).sum(axis=1, dtype=np.uint64)
    return np.unique(hashes)


class _Crowd:
    """Texts of which every one may be near to every other, by their places in the crowd."""

    def __init__(self, sets: Sequence[NDArray[np.uint64]]) -> None:
        self._size = len(sets)
        kinds, self._weights = _merged(sets)
        counts = np.zeros(len(self._weights), dtype=np.int64)
        for held in kinds:
            counts[held] += 1
        frequent = np.flatnonzero(counts * _FREQUENT >= self._size)
        frequent = frequent[np.argsort(-counts[frequent], kind="stable")][: max(1, _CELLS // self._size)]
        columns = np.full(len(counts), -1, dtype=np.int64)
        columns[frequent] = np.arange(len(frequent))
        self._matrix = np.zeros((self._size, len(frequent)), dtype=np.float32)
        for row, held in zip(self._matrix, kinds, strict=True):
            row[columns[held[columns[held] >= 0]]] = 1
        self._column_weights = self._weights[frequent].astype(np.float32)
        counted = (columns < 0) & (counts > 1)
        self._rare = [held[counted[held]] for held in kinds]
        together = np.concatenate(self._rare)
        texts = np.repeat(np.arange(self._size, dtype=np.int32), [len(held) for held in self._rare])
        self._standing = texts[np.argsort(together, kind="stable")]
        self._ends = np.cumsum(np.bincount(together, minlength=len(counts)))
        self._rows = max(1, _BLOCK // self._size)
        self._first = -1
        self._block: NDArray[np.float32] = self._matrix[:0]

    def shared(self, place: int) -> Integers:
        """Return how many shingles a text shares with each other of the crowd: shape (crowd,)."""
        first = place - place % self._rows
        if first != self._first:  # who asks for one text mostly asks for the next ones
            self._first = first
            weighed = self._matrix[first : first + self._rows] * self._column_weights
            self._block = np.matmul(weighed, self._matrix.T, dtype=np.float32)
        shared: Integers = self._block[place - first].astype(np.int64)
        rare = self._rare[place]
        if len(rare):
            starts = np.where(rare, self._ends[rare - 1], 0)
            standing = [self._standing[start:end] for start, end in zip(starts, self._ends[rare], strict=True)]
            weights = np.repeat(self._weights[rare], self._ends[rare] - starts)
            shared += np.bincount(np.concatenate(standing), weights, minlength=self._size).astype(np.int64)
        return shared


def _merged(sets: Sequence[NDArray[np.uint64]]) -> tuple[list[NDArray[np.int32]], Integers]:
    """Return the kinds of shingles that each text holds, and how many shingles are of each kind.

    Shingles are of one kind where they stand in the same texts, which the sums of those texts' random numbers tell.
    """
    hashes = np.unique(np.concatenate(sets))
    shingles = [np.searchsorted(hashes, one).astype(np.int32) for one in sets]
    sums = np.zeros(len(hashes), dtype=np.uint64)
    for held, number in zip(
        shingles, np.random.default_rng(_SEED).integers(0, 2**64, len(sets), np.uint64), strict=True
    ):
        sums[held] += number
    _, chosen, weights = np.unique(sums, return_index=True, return_counts=True)
    kinds = np.full(len(hashes), -1, dtype=np.int32)
    kinds[chosen] = np.arange(len(chosen))
    return [one[one >= 0] for one in (kinds[held] for held in shingles)], weights

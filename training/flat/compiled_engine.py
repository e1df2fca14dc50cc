"""Score many texts by a flat model in compiled code, in one thread or several."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

import numpy as np
from iraqstance.annotation.errors import from_extra
from iraqstance.training.flat.array_engine import Arrays, Floats
from iraqstance.training.flat.file import Block, FlatModel
from iraqstance.training.flat.hashing import seeded
from iraqstance.training.flat.letters import SPECIAL, letters
from iraqstance.training.preparation import prepared
from numpy.typing import NDArray

__all__ = ["CompiledEngine"]

_TEXTS = 1024  # of one thread, at least
_PIECE = 256  # texts that a thread takes at a time: one that is slowed down leaves the others more to do
_BESIDE = b"\0\0\0\0"  # behind the last text, so that no look at a character leaves the buffer

Numbers = NDArray[np.int64]


class CompiledEngine:
    """Scores of texts.

    Args:
        model: The model.
        arrays: Its sections.
        jobs: Threads; the result does not depend on them.

    Raises:
        MissingExtraError: Without the extra ``fast``.
    """

    def __init__(self, model: FlatModel, arrays: Arrays, *, jobs: int = 1) -> None:
        with from_extra("fast"):
            from iraqstance.training.flat import kernel
        self._kernel, self._model = kernel, model
        table = letters(lowercase=all(block.lowercase for block in model.blocks))
        marks = table.small | (table.kinds[table.small] | table.kinds & SPECIAL).astype(np.uint32) << np.uint32(24)
        pairs = kernel.pairs_of(arrays.keys, arrays.ids, model.word_rows)
        self._tables = kernel.Tables(*arrays, kinds=table.kinds, marks=marks, pairs=pairs)
        self._plan = kernel.Plan(
            model.columns,
            model.word_rows,
            *self._planned("word", 0),
            *self._planned("char_wb", 1),
        )
        self._memories = [kernel.memory_for(len(arrays.rows), model.stride) for _ in range(jobs)]
        self._pool = ThreadPoolExecutor(jobs) if jobs > 1 else None
        self._lock = Lock()  # callers in several threads take turns with the memories

    def _planned(self, analyzer: str, number: int) -> tuple[np.uint64, int, int, bool, bool]:
        block = next((one for one in self._model.blocks if one.analyzer == analyzer), None)
        block = block or Block(analyzer, 1, 0, sublinear=False, lowercase=True, normalised=True)
        start = np.uint64(seeded(self._model.seed, number))
        return start, block.shortest, block.longest, block.sublinear, block.normalised

    def scores(self, texts: Sequence[str]) -> Floats:
        """Return the scores of texts, of shape (texts, columns)."""
        scores, read = self.scores_of_buffer(*_joined(texts))
        left = np.flatnonzero(~read)
        if len(left):
            again = [self._prepared(texts[number]) for number in left.tolist()]
            scores[left] = self.scores_of_buffer(*_joined(again), prepared=True)[0]
        return scores

    def _prepared(self, text: str) -> str:
        text = prepared(text)
        return text.lower() if any(block.lowercase for block in self._model.blocks) else text

    def scores_of_buffer(
        self, data: NDArray[np.uint8], offsets: Numbers, *, prepared: bool = False
    ) -> tuple[Floats, NDArray[np.bool_]]:
        """Return the scores of texts that stand in one buffer, and which of them could be read there.

        Those that could not are to be scored by :meth:`scores`: they hold a number sign, a letter whose small one
        depends on its neighbours or is two, or end within a character. Other bytes that are no UTF-8 are taken for
        some character.

        Args:
            data: UTF-8, of shape (bytes,), with four bytes or more behind the last text.
            offsets: Where each text begins, and where the last ends, of shape (texts + 1,); they never fall.
            prepared: Whether they are in small letters, with hashtags told apart.

        Returns:
            Scores of shape (texts, columns), which mean nothing where a text was not read; and which were read, of
            shape (texts,).

        Raises:
            ValueError: Where the offsets leave the buffer.
        """
        data, offsets = data.view(), np.asarray(offsets, dtype=np.int64)
        data.flags.writeable = False  # one kind of arrays, compiled once
        if offsets[0] < 0 or offsets[-1] + len(_BESIDE) > len(data) or (np.diff(offsets) < 0).any():
            raise ValueError("offsets that leave the buffer")
        count = len(offsets) - 1
        scores, read = np.empty((count, self._model.columns)), np.empty(count, dtype=np.bool_)
        longest = int(np.diff(offsets).max(initial=0)) + 3
        threads = max(1, min(len(self._memories), -(-count // _TEXTS)))
        pieces = threads if threads == 1 else -(-count // _PIECE)
        edges = np.linspace(0, count, pieces + 1).astype(np.int64)
        free = list(self._memories)

        def score(piece: int) -> None:
            first, last = int(edges[piece]), int(edges[piece + 1])
            memory = free.pop()  # there are as many as threads
            try:
                self._kernel.score_buffer(
                    data,
                    offsets[first : last + 1],
                    np.empty(longest, dtype=np.uint32),
                    prepared,
                    self._tables,
                    self._plan,
                    memory,
                    scores[first:last],
                    read[first:last],
                )
            finally:
                free.append(memory)

        with self._lock:
            if self._pool is None or threads == 1:
                score(0)
            else:
                list(self._pool.map(score, range(pieces)))
        return scores, read


def _joined(texts: Sequence[str]) -> tuple[NDArray[np.uint8], Numbers]:
    """Return texts as one buffer, and where each begins."""
    parts = [text.encode("utf-8", "surrogatepass") for text in texts]
    offsets = np.zeros(len(parts) + 1, dtype=np.int64)
    np.cumsum([len(part) for part in parts], out=offsets[1:])
    return np.frombuffer(b"".join([*parts, _BESIDE]), dtype=np.uint8), offsets

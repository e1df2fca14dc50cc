"""Score many texts by a flat model with NumPy alone."""

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from iraqstance.training.flat.file import LONGEST_RUN, Block, FlatModel
from iraqstance.training.flat.hashing import FINISH, STEP, character_key, seeded
from iraqstance.training.flat.letters import SPACE, WORD, letters
from iraqstance.training.preparation import prepared, runs_of
from numpy.typing import NDArray

__all__ = ["ArrayEngine", "Arrays"]

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]
Keys = NDArray[np.uint64]

_TEXTS = 256  # that are scored together, at most
_CHARACTERS = 200_000
_LONG = 64  # letters of a word that is hashed on its own
_GREATEST = 1e200
_STEP, _FINISH = np.uint64(STEP), np.uint64(FINISH)


class Arrays(NamedTuple):
    """The sections of a flat model as NumPy has them.

    Attributes:
        keys: Hash table of the n-grams' keys, of shape (places,).
        ids: The row that each place names, of shape (places,).
        rows: Of shape (n-grams, stride).
        intercepts: Of shape (columns,).
        spaces: The space of each column, of shape (columns,).
    """

    keys: Keys
    ids: NDArray[np.uint32]
    rows: Floats
    intercepts: Floats
    spaces: Numbers

    @classmethod
    def of(cls, model: FlatModel) -> "Arrays":
        """Return views of a model's sections.

        Raises:
            ValueError: Where they hold what no model of ours holds: a place names a row that is not there, the hash
                table lacks free places, a number is not finite, or a square is below 0.
        """
        keys, ids = np.frombuffer(model.keys, dtype="<u8"), np.frombuffer(model.ids, dtype="<u4")
        rows, intercepts = (np.frombuffer(some.cast("B"), dtype="<f8") for some in (model.rows, model.intercepts))
        rows = rows.reshape(-1, model.stride) if model.stride else rows.reshape(0, 0)
        if ids.max(initial=0) >= max(1, len(rows)) or (len(rows) == 0 and keys.any()):
            raise ValueError("a row that is not there")
        free = np.flatnonzero(keys == 0)
        if not len(free) or np.diff(free, append=free[0] + len(keys)).max() > LONGEST_RUN:
            raise ValueError("a hash table without free places")
        # So far from the greatest number that no sum of them reaches it.
        if not all(-_GREATEST < some.min(initial=0) <= some.max(initial=0) < _GREATEST for some in (rows, intercepts)):
            raise ValueError("numbers that are not finite")
        if rows[:, model.columns : model.columns + model.spaces].min(initial=0) < 0:
            raise ValueError("squares below 0")
        spaces = [output.space for output in model.outputs for _ in range(output.columns)]
        return cls(keys, ids, rows, intercepts, np.array(spaces, dtype=np.int64))


class _Runs(NamedTuple):
    """Stretches of characters: where each begins, how long it is, and whose text it belongs to."""

    starts: Numbers
    lengths: Numbers
    texts: Numbers


class _Padded(NamedTuple):
    """Words with a blank on either side, one after the other.

    Attributes:
        points: The code points, of shape (characters,).
        left: How many characters each one's word has from there on, of shape (characters,).
        texts: Number of each one's text, of shape (characters,).
        firsts: Places where words begin, of shape (words,).
    """

    points: NDArray[np.uint32]
    left: Numbers
    texts: Numbers
    firsts: Numbers


class ArrayEngine:
    """Scores of texts, a few hundred at a time.

    Args:
        model: The model.
        arrays: Its sections.
    """

    def __init__(self, model: FlatModel, arrays: Arrays) -> None:
        self._model, self._arrays = model, arrays

    @cached_property
    def _kinds(self) -> NDArray[np.uint8]:
        return letters(lowercase=False).kinds

    def scores(self, texts: Sequence[str]) -> Floats:
        """Return the scores of texts, of shape (texts, columns)."""
        parts = [self._scored(part) for part in runs_of(list(map(prepared, texts)), _TEXTS, _CHARACTERS)]
        return np.concatenate(parts) if parts else np.empty((0, self._model.columns))

    def _scored(self, texts: Sequence[str]) -> Floats:
        columns, arrays = self._model.columns, self._arrays
        scores = np.tile(arrays.intercepts, (len(texts), 1))
        for block in self._model.blocks:
            shown = [text.lower() for text in texts] if block.lowercase else texts
            points, owners, kinds = self._characters(shown)
            if block.analyzer == "word":
                start = np.uint64(seeded(self._model.seed, 0))
                found = self._words(block, start, points, _runs(kinds & WORD > 0, owners))
            else:
                start = np.uint64(seeded(self._model.seed, 1))
                found = self._ngrams(block, start, _padded(points, _runs(kinds & SPACE == 0, owners)))
            sums = self._summed(block, *found, len(texts))
            norms = np.sqrt(sums[:, columns + arrays.spaces]) if block.normalised else np.ones_like(scores)
            scores += np.divide(sums[:, :columns], norms, out=np.zeros_like(scores), where=norms > 0)
        return scores

    def _characters(self, texts: Sequence[str]) -> tuple[NDArray[np.uint32], Numbers, NDArray[np.uint8]]:
        """Return all code points, a line break after each text, with the number of each one's text, and its kind."""
        whole = "".join(f"{text}\n" for text in texts)
        points = np.frombuffer(whole.encode("utf-32-le", "surrogatepass"), dtype="<u4")
        owners = np.repeat(np.arange(len(texts)), [len(text) + 1 for text in texts])
        return points, owners, self._kinds[points]

    def _words(
        self, block: Block, start: np.uint64, points: NDArray[np.uint32], runs: _Runs
    ) -> tuple[Numbers, Numbers]:
        """Return rows of n-grams of words and whose text each is in."""
        wanted = runs.lengths > 1
        starts, lengths, texts = (values[wanted] for values in runs)
        states: Keys = np.full(len(starts), start)
        for place in range(min(_LONG, int(lengths.max(initial=0)))):
            longer = lengths > place
            states[longer] = (states[longer] ^ points[starts[longer] + place]) * _STEP
        hashes = _finished(states)
        for number in np.flatnonzero(lengths > _LONG).tolist():
            word = points[starts[number] : starts[number] + lengths[number]].tobytes().decode("utf-32-le")
            hashes[number] = character_key(int(start), word)
        rows, owners = [], []
        states = np.full(len(hashes), start)  # of the n-grams that begin at each word
        for size in range(1, block.longest + 1):
            states = (states[: len(hashes) - size + 1] ^ hashes[size - 1 :]) * _STEP
            if size >= block.shortest:
                within = texts[: len(states)] == texts[size - 1 :]
                found = self._rows_of(_finished(states))
                kept = within & (found >= 0)
                rows.append(found[kept])
                owners.append(texts[: len(states)][kept])
        return np.concatenate(rows), np.concatenate(owners)

    def _ngrams(self, block: Block, start: np.uint64, words: _Padded) -> tuple[Numbers, Numbers]:
        """Return rows of n-grams of characters and whose text each is in."""
        rows, owners = [], []
        points, left, texts, firsts = words
        states: Keys = np.full(len(points), start)
        for size in range(1, block.longest + 1):
            states = (states[: len(points) - size + 1] ^ points[size - 1 :]) * _STEP
            if size >= block.shortest:
                places = np.flatnonzero(left[: len(states)] >= size)
            else:  # of a word that is shorter than an n-gram, the whole counts once
                places = firsts[left[firsts] == size]
            found = self._rows_of(_finished(states[places]))
            rows.append(found[found >= 0])
            owners.append(texts[places[found >= 0]])
        return np.concatenate(rows), np.concatenate(owners)

    def _rows_of(self, keys: Keys) -> Numbers:
        """Return the row of each key, or -1."""
        arrays, last = self._arrays, np.uint64(len(self._arrays.keys) - 1)
        rows = np.full(len(keys), -1, dtype=np.int64)
        waiting, places = np.arange(len(keys)), keys & last
        while len(waiting):
            held = arrays.keys[places]
            hit = held == keys[waiting]
            rows[waiting[hit]] = arrays.ids[places[hit]]
            on = ~hit & (held != 0)
            waiting, places = waiting[on], (places[on] + np.uint64(1)) & last
        return rows

    def _summed(self, block: Block, rows: Numbers, owners: Numbers, texts: int) -> Floats:
        """Return weights and squares of each text's n-grams, summed by their frequencies."""
        values = self._arrays.rows
        sums = np.zeros((texts, self._model.stride))
        if not len(rows):
            return sums
        pairs, counts = np.unique(owners * len(values) + rows, return_counts=True)
        owners, rows = np.divmod(pairs, len(values))
        frequencies = (1.0 + np.log(counts) if block.sublinear else counts.astype(np.float64))[:, None]
        added = values[rows] * frequencies
        added[:, self._model.columns :] *= frequencies
        begins = np.flatnonzero(np.diff(owners, prepend=-1))
        sums[owners[begins]] = np.add.reduceat(added, begins)
        return sums


def _runs(mask: NDArray[np.bool_], owners: Numbers) -> _Runs:
    """Return the longest runs of characters that the mask holds; a text's last character is never one of them."""
    edges = np.flatnonzero(np.diff(mask, prepend=False, append=False))
    starts, ends = edges[::2], edges[1::2]
    return _Runs(starts, ends - starts, owners[starts])


def _padded(points: NDArray[np.uint32], runs: _Runs) -> _Padded:
    """Return the words with a blank on either side."""
    sizes = runs.lengths + 2
    ends = np.cumsum(sizes)
    firsts = ends - sizes
    padded = np.full(int(sizes.sum()), 32, dtype=np.uint32)
    inner = np.arange(int(runs.lengths.sum())) - np.repeat(np.cumsum(runs.lengths) - runs.lengths, runs.lengths)
    padded[np.repeat(firsts + 1, runs.lengths) + inner] = points[np.repeat(runs.starts, runs.lengths) + inner]
    left = np.repeat(ends, sizes) - np.arange(len(padded))
    return _Padded(padded, left, np.repeat(runs.texts, sizes), firsts)


def _finished(states: Keys) -> Keys:
    states = (states ^ (states >> np.uint64(32))) * _FINISH
    states ^= states >> np.uint64(29)
    states[states == 0] = 1
    return states

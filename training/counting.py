"""Count the n-grams of words of many texts in compiled code, as scikit-learn's ``CountVectorizer`` counts them.

An n-gram is a node: a word, or a shorter n-gram that a word follows. So a pair of node and word tells it from every
other one, and its letters are needed only where it is kept.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numba
import numpy as np
from iraqstance.training.flat.hashing import FINISH, STEP
from iraqstance.training.flat.letters import WORD, letters
from iraqstance.training.preparation import runs_of
from numpy.typing import NDArray

__all__ = ["countable", "word_counts"]

_TEXTS = 5_000  # that are counted together, at most
_CHARACTERS = 2_000_000  # of them, if they are several: there is room for as many n-grams as they could hold
_STEP, _FINISH = np.uint64(STEP), np.uint64(FINISH)
_32, _29 = np.uint64(32), np.uint64(29)
_ZERO, _ONE = np.uint64(0), np.uint64(1)
_MASK = np.uint32(0x3F)

Numbers = NDArray[np.int32]


class _Tables(NamedTuple):
    """What is known so far; every array has room for more.

    Attributes:
        word_keys: Hash table of words: their hashes, 0 where a place is free.
        word_nodes: The node of each place's word.
        pair_keys: Hash table of longer n-grams: the node of the shorter one, and the word's, in 32 bits each.
        pair_nodes: The node of each place's n-gram.
        left: The node of the shorter n-gram, by node; -1 for a word.
        right: The node of the last word, by node.
        rows: In how many texts each node stands.
        seen: The last text that each node stands in.
        places: Where its count in that text is.
        sizes: How many nodes there are.
    """

    word_keys: NDArray[np.uint64]
    word_nodes: Numbers
    pair_keys: NDArray[np.uint64]
    pair_nodes: Numbers
    left: Numbers
    right: Numbers
    rows: Numbers
    seen: Numbers
    places: Numbers
    sizes: NDArray[np.int64]


def countable(tool: Any) -> bool:
    """Tell whether a vectoriser counts n-grams of words from single words on, and in no other way than by default."""
    usual = type(tool)()
    fixed = ["preprocessor", "tokenizer", "strip_accents", "stop_words", "token_pattern", "binary"]
    fixed += ["max_df", "max_features", "vocabulary"]
    is_usual = all(getattr(tool, name) == getattr(usual, name) for name in fixed)
    return bool(is_usual and tool.analyzer == "word" and tool.ngram_range[0] == 1 and type(tool.min_df) is int)


def word_counts(tool: Any, texts: Sequence[str]) -> Any:
    """Learn the vocabulary of a vectoriser that is :func:`countable`, and return the counts of its terms.

    Args:
        tool: The vectoriser; it gets its ``vocabulary_``.
        texts: The texts.

    Returns:
        A sparse matrix of shape (texts, terms), the same as ``CountVectorizer.fit_transform`` returns.

    Raises:
        ValueError: Where there is no term, as scikit-learn raises it.
    """
    longest = tool.ngram_range[1]
    words: dict[int, str] = {}
    tables = _grown(None, 1 << 16)
    columns: list[Numbers] = []
    values: list[Numbers] = []
    sizes: list[NDArray[np.int64]] = [np.zeros(1, dtype=np.int64)]
    start = 0
    for chunk in runs_of(texts, _TEXTS, _CHARACTERS):
        data, offsets = _joined(text.lower() if tool.lowercase else text for text in chunk)
        most = int(offsets[-1]) // 2 * longest + 16  # a word has two letters, and something between it and the next
        if (int(tables.sizes[0]) + most) * 2 > len(tables.pair_keys):
            tables = _grown(tables, int(tables.sizes[0]) + most)
        found = _Found.of(len(chunk), most)
        _count(data, offsets, start, longest, letters(lowercase=False).kinds, tables, *found)
        total = int(found.ends[-1])
        columns.append(found.columns[:total].copy())
        values.append(found.values[:total].copy())
        sizes.append(np.diff(found.ends))
        words.update(_named(data, found))
        start += len(chunk)
    if not words:
        raise ValueError("empty vocabulary; perhaps the documents only contain stop words")
    counted = np.concatenate(columns), np.concatenate(values), np.cumsum(np.concatenate(sizes))
    return _assembled(tool, tables, words, counted)


class _Found(NamedTuple):
    """What is counted in some texts: nodes and counts of each text, and the words that are new there."""

    columns: Numbers
    values: Numbers
    ends: NDArray[np.int64]
    new: Numbers
    begins: NDArray[np.int64]
    stops: NDArray[np.int64]
    news: NDArray[np.int64]

    @classmethod
    def of(cls, texts: int, most: int) -> "_Found":
        """Return room for so many texts with at most so many n-grams."""
        ends, news = np.zeros(texts + 1, dtype=np.int64), np.zeros(1, dtype=np.int64)
        numbers = [np.empty(most, dtype=np.int32) for _ in range(3)]
        begins, stops = np.empty(most, dtype=np.int64), np.empty(most, dtype=np.int64)
        return cls(numbers[0], numbers[1], ends, numbers[2], begins, stops, news)


def _joined(texts: Iterator[str]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return texts as one buffer of UTF-8, a line break after each, and where each begins."""
    parts = [f"{text}\n".encode("utf-8", "surrogatepass") for text in texts]
    offsets = np.zeros(len(parts) + 1, dtype=np.int64)
    np.cumsum([len(part) for part in parts], out=offsets[1:])
    return np.frombuffer(b"".join([*parts, b"\0\0\0\0"]), dtype=np.uint8), offsets


def _named(data: NDArray[np.uint8], found: _Found) -> Iterator[tuple[int, str]]:
    """Yield the nodes of new words, and their letters."""
    content, count = data.tobytes(), int(found.news[0])
    for node, begin, stop in zip(
        found.new[:count].tolist(), found.begins[:count].tolist(), found.stops[:count].tolist(), strict=True
    ):
        yield node, content[begin:stop].decode("utf-8", "surrogatepass")


def _grown(tables: _Tables | None, nodes: int) -> _Tables:
    """Return tables with room for so many nodes, and what was known before."""
    places = 1 << (2 * nodes).bit_length()
    keys, numbers = np.zeros(places, dtype=np.uint64), np.zeros(places, dtype=np.int32)
    fresh = _Tables(
        keys,
        numbers,
        keys.copy(),
        numbers.copy(),
        left=np.full(places // 2, -1, dtype=np.int32),
        right=np.full(places // 2, -1, dtype=np.int32),
        rows=np.zeros(places // 2, dtype=np.int32),
        seen=np.full(places // 2, -1, dtype=np.int32),
        places=np.zeros(places // 2, dtype=np.int32),
        sizes=np.zeros(1, dtype=np.int64),
    )
    if tables is not None:
        _moved(tables.word_keys, tables.word_nodes, fresh.word_keys, fresh.word_nodes)
        _moved(tables.pair_keys, tables.pair_nodes, fresh.pair_keys, fresh.pair_nodes)
        for name in ("left", "right", "rows", "seen", "places", "sizes"):
            former = getattr(tables, name)
            getattr(fresh, name)[: len(former)] = former
    return fresh


def _assembled(
    tool: Any,
    tables: _Tables,
    words: dict[int, str],
    counted: tuple[Numbers, Numbers, NDArray[np.int64]],
) -> Any:
    """Return the matrix of the terms that stand in enough texts, in alphabetical order.

    Args:
        tool: The vectoriser.
        tables: What is known.
        words: The letters of each word, by node.
        counted: Nodes, their counts, and where each text's begin and the last one's end.
    """
    from scipy import sparse  # type: ignore[import-untyped]

    columns, values, ends = counted
    count = int(tables.sizes[0])
    kept = np.flatnonzero(tables.rows[:count] >= tool.min_df)
    if not len(kept):
        raise ValueError("After pruning, no terms remain. Try a lower min_df or a higher max_df.")
    terms: dict[int, str] = {}
    # The shorter n-gram stands wherever the longer does, and was seen before it.
    for node, left, right in zip(kept.tolist(), tables.left[kept].tolist(), tables.right[kept].tolist(), strict=True):
        terms[node] = words[node] if left < 0 else f"{terms[left]} {words[right]}"
    ordered = sorted(terms, key=terms.__getitem__)
    tool.vocabulary_ = {terms[node]: column for column, node in enumerate(ordered)}
    tool.fixed_vocabulary_ = False
    place_of = np.full(count, -1, dtype=np.int32)
    place_of[ordered] = np.arange(len(ordered), dtype=np.int32)
    columns = place_of[columns]
    chosen = columns >= 0
    before = np.concatenate([[0], np.cumsum(chosen)])
    matrix = sparse.csr_matrix(
        (values[chosen].astype(tool.dtype), columns[chosen], before[ends].astype(np.int64)),
        shape=(len(ends) - 1, len(ordered)),
    )
    matrix.sort_indices()
    return matrix


def _compiled(function: Any) -> Any:
    compiler = partial(numba.njit, nogil=True, error_model="numpy")
    try:
        return compiler(cache=True)(function)
    except RuntimeError:  # there is no folder that compiled code could be kept in
        return compiler()(function)


@_compiled
def _finished(state: Any) -> Any:
    state ^= state >> _32
    state *= _FINISH
    state ^= state >> _29
    return state if state != _ZERO else _ONE


@_compiled
def _place(keys: Any, key: Any) -> Any:
    """Return the place of a key, or the free one where it belongs."""
    last = np.uint64(len(keys) - 1)
    place = _finished(key) & last
    while keys[place] != key and keys[place] != _ZERO:
        place = (place + _ONE) & last
    return place


@_compiled
def _moved(keys: Any, nodes: Any, fresh_keys: Any, fresh_nodes: Any) -> None:
    for number in range(len(keys)):
        if keys[number] != _ZERO:
            place = _place(fresh_keys, keys[number])
            fresh_keys[place], fresh_nodes[place] = keys[number], nodes[number]


@_compiled
def _point(data: Any, place: Any) -> Any:
    """Return the code point that begins at a place, and the place after it."""
    byte = np.uint32(data[place])
    if byte < 0x80:
        return byte, place + 1
    if byte < 0xE0:
        return (byte & np.uint32(0x1F)) << np.uint32(6) | (np.uint32(data[place + 1]) & _MASK), place + 2
    middle = (np.uint32(data[place + 1]) & _MASK) << np.uint32(6) | (np.uint32(data[place + 2]) & _MASK)
    if byte < 0xF0:
        return (byte & np.uint32(0xF)) << np.uint32(12) | middle, place + 3
    last = np.uint32(data[place + 3]) & _MASK
    return (byte & np.uint32(0x7)) << np.uint32(18) | middle << np.uint32(6) | last, place + 4


@_compiled
def _count(  # noqa: C901, PLR0913, PLR0917 - one loop: a call for each word would take longer than the rest
    data: Any,
    offsets: Any,
    start: Any,
    longest: Any,
    kinds: Any,
    tables: Any,
    columns: Any,
    values: Any,
    ends: Any,
    new: Any,
    begins: Any,
    stops: Any,
    news: Any,
) -> None:
    """Count the n-grams of texts; every text ends with a line break, which ends its last word."""
    word_keys, word_nodes, pair_keys, pair_nodes, left, right, rows, seen, places, sizes = tables
    nodes, written, fresh = sizes[0], 0, 0
    chain = np.empty(longest + 1, dtype=np.int64)
    for number in range(len(offsets) - 1):
        text = start + number
        place, end = offsets[number], offsets[number + 1]
        tokens, length, state, begun = 0, 0, _ZERO, place
        while place < end:
            here = place
            point, place = _point(data, place)
            if kinds[point] & WORD:
                if length == 0:
                    begun = here
                length += 1
                state = (state ^ np.uint64(point)) * _STEP
                continue
            if length > 1:
                key = _finished(state ^ np.uint64(length))
                at = _place(word_keys, key)
                if word_keys[at] == _ZERO:
                    word_keys[at], word_nodes[at] = key, nodes
                    left[nodes], right[nodes] = -1, nodes
                    new[fresh], begins[fresh], stops[fresh] = nodes, begun, here
                    fresh += 1
                    nodes += 1
                word = np.int64(word_nodes[at])
                for size in range(min(longest, tokens + 1), 0, -1):
                    node = word
                    if size > 1:
                        shorter = chain[size - 1]
                        pair = np.uint64(shorter + 1) << _32 | np.uint64(word + 1)
                        at = _place(pair_keys, pair)
                        if pair_keys[at] == _ZERO:
                            pair_keys[at], pair_nodes[at] = pair, nodes
                            left[nodes], right[nodes] = shorter, word
                            nodes += 1
                        node = np.int64(pair_nodes[at])
                    chain[size] = node
                    if seen[node] == text:
                        values[places[node]] += 1
                    else:
                        seen[node] = text
                        rows[node] += 1
                        places[node] = written
                        columns[written], values[written] = node, 1
                        written += 1
                tokens += 1
            length, state = 0, _ZERO
        ends[number + 1] = written
    sizes[0], news[0] = nodes, fresh

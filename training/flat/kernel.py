"""Score texts by a flat model in compiled code, from one buffer of UTF-8.

The n-grams of characters within a word depend on the word alone. So the kernel remembers, for each distinct word, which
rows they have and what these add up to, as if each stood in the text once. It adds that up over the words of a text,
and then mends the sum for the n-grams that stand in the text more than once. Single words are remembered alike; n-grams
of several words are looked up each time.

A word is found again by its bytes, eight of them at a time. One that was not met before, or that ends
at white space beyond ASCII or holds a sign or control character of ASCII that bytes alone stop at, is read by its
characters.

Compiled code is kept beside this file until this file changes; what it takes from other modules is compiled in.
"""

from functools import partial
from math import log, sqrt
from typing import Any, NamedTuple

import numba
import numpy as np
from iraqstance.training.flat.hashing import FINISH, STEP
from iraqstance.training.flat.letters import SPACE, SPECIAL, WORD
from numba.extending import intrinsic
from numpy.typing import NDArray

__all__ = ["Memory", "Plan", "Tables", "memory_for", "pairs_of", "score_buffer"]

_STEP, _FINISH = np.uint64(STEP), np.uint64(FINISH)
_32, _29 = np.uint64(32), np.uint64(29)
_ZERO, _ONE, _TWO, _THREE, _FOUR, _EIGHT = map(np.uint64, (0, 1, 2, 3, 4, 8))
_24, _LETTER = np.uint32(24), np.uint32((1 << 24) - 1)
_BLANK = np.uint32(32)
_EACH = np.uint64(0x0101010101010101)  # times a byte: eight of it
_SPACES = np.uint64(sum(1 << code for code in range(64) if chr(code).isspace()))
_TOP = np.uint64(0x8080808080808080)
_PRINTED, _SIGN = np.uint64(0x21) * _EACH, np.uint64(ord("#")) * _EACH
_FROM_A, _ABOVE_Z = np.uint64(0x80 - ord("A")) * _EACH, np.uint64(0x80 - ord("Z") - 1) * _EACH
_LAST = np.uint32(0x10FFFF)
_LONGEST = 48  # letters of a word that is remembered
_WORDS = 1 << 16  # that are remembered at once, at most
_NOTES = 1 << 22  # numbers of 64 bits that are noted of them
_NOTES_OF_ONE = 1 << 10  # more than any word has, its sums not counted
_TOGETHER = 1 << 8  # words that are added together, so that one need not wait for the other
_TOKENS = 16 + _TOGETHER * _LONGEST // 2  # of these and of before, at most
_GO_ON, _END, _UNREAD, _LONG = range(4)  # why words are added: where the text goes on, ends, or else
_NOTED = np.uint64((1 << 24) - 1)  # bits of a slot that say where a word's notes are; the others are of its key
_FREQUENCIES = 1.0 + np.log(np.maximum(1.0, np.arange(64.0)))  # of counts, sublinear
_RESET = 1 << 30  # a count from which counts begin again
_MUCH = 256  # times of one n-gram in a text from which mending its sum would lose digits


class Tables(NamedTuple):
    """What a model and this Python's letters hold, as arrays.

    Attributes:
        keys: Places of the hash table.
        ids: The row that each place names.
        rows: Of shape (n-grams, stride).
        intercepts: Of shape (columns,).
        spaces: The space of each column, of shape (columns,).
        kinds: Kind of each code point.
        marks: Small letter of each code point, with the kind of that letter and the mark of special ones 24 bits up.
        pairs: Of :func:`pairs_of`.
    """

    keys: NDArray[np.uint64]
    ids: NDArray[np.uint32]
    rows: NDArray[np.float64]
    intercepts: NDArray[np.float64]
    spaces: NDArray[np.int64]
    kinds: NDArray[np.uint8]
    marks: NDArray[np.uint32]
    pairs: NDArray[np.uint64]


class Plan(NamedTuple):
    """What n-grams a model reads. A longest n-gram of 0 means: none of the kind.

    Attributes:
        columns: Number of columns.
        word_rows: Number of rows of n-grams of words.
        word_start: What their keys begin with.
        word_shortest: Words of the shortest.
        word_longest: Words of the longest.
        word_sublinear: Whether a frequency counts as one more than its logarithm.
        word_normalised: Whether a text's values are divided by their norm.
        start: The same of characters, and so on.
    """

    columns: int
    word_rows: int
    word_start: np.uint64
    word_shortest: int
    word_longest: int
    word_sublinear: bool
    word_normalised: bool
    start: np.uint64
    shortest: int
    longest: int
    sublinear: bool
    normalised: bool


class Memory(NamedTuple):
    """What one thread keeps from text to text.

    The notes of a word stand together, for they are read together: in 32 bits each how many rows and how many tokens it
    has; what its rows add up to, those of words and then those of characters, as far as the model has such; the hash of
    each token; and the rows, 32 bits each.

    Attributes:
        slots: Hash table of remembered words: the upper bits of a word's key, and where its notes begin, from 1.
        notes: The notes as 64-bit numbers.
        sums: The same memory as doubles.
        rows: The same memory as 32-bit numbers, two in the place of one.
        counts: How often each row stands in the text, above a base.
        repeated: Rows that stand there more than once.
        noted: Where the notes begin of words that are to be added.
        tokens: Hashes of tokens whose n-grams are to be looked up, after some of before.
        states: States of the n-grams that end at each of them.
        keys: Keys of these n-grams.
        there: What stands in their places.
        found: First rows of words.
        several: Rows of n-grams of several words.
        sizes: How many words are remembered, and where their notes end; the base of the counts.
        totals: Sums of the text, of words and of characters.
    """

    slots: NDArray[np.uint64]
    notes: NDArray[np.uint64]
    sums: NDArray[np.float64]
    rows: NDArray[np.int32]
    counts: NDArray[np.int32]
    repeated: NDArray[np.int32]
    noted: NDArray[np.uint64]
    tokens: NDArray[np.uint64]
    states: NDArray[np.uint64]
    keys: NDArray[np.uint64]
    there: NDArray[np.uint64]
    found: NDArray[np.int32]
    several: NDArray[np.int32]
    sizes: NDArray[np.int64]
    totals: NDArray[np.float64]


def memory_for(rows: int, stride: int) -> Memory:
    """Return a memory for a model.

    Args:
        rows: N-grams of the model.
        stride: Doubles of a row.
    """
    most = _NOTES_OF_ONE + 2 * stride
    words = max(1, _TOGETHER * _NOTES_OF_ONE // most)
    notes = np.zeros(_NOTES + words * most, dtype=np.uint64)
    return Memory(
        np.zeros(2 * _WORDS, dtype=np.uint64),
        notes,
        notes.view(np.float64),
        notes.view(np.int32),
        np.zeros(max(1, rows), dtype=np.int32),
        np.zeros(rows + 1, dtype=np.int32),
        np.zeros(words, dtype=np.uint64),
        np.zeros(_TOKENS, dtype=np.uint64),
        np.zeros(_TOKENS, dtype=np.uint64),
        np.zeros(_TOKENS, dtype=np.uint64),
        np.zeros(_TOKENS, dtype=np.uint64),
        np.zeros(_TOKENS, dtype=np.int32),
        np.zeros(_TOKENS, dtype=np.int32),
        np.zeros(3, dtype=np.int64),
        np.zeros((2, stride)),
    )


def _compiled(function: Any) -> Any:
    compiler = partial(numba.njit, nogil=True, error_model="numpy")
    try:
        return compiler(cache=True)(function)
    except RuntimeError:  # there is no folder that compiled code could be kept in
        return compiler()(function)


def _inner(function: Any, **options: Any) -> Any:
    """Compile what no Python calls, without the code for that."""
    options |= {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return numba.njit(nogil=True, error_model="numpy", **options)(function)


def _inlined(function: Any) -> Any:
    """Compile what becomes part of its callers."""
    return _inner(function, forceinline=True)


def _counting(_typing: Any, number: Any) -> Any:
    def code(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return number(number), code


_ones: Any = intrinsic(_counting)  # how many bits of a number are set


@_inlined
def _finished(state: Any) -> Any:
    state ^= state >> _32
    state *= _FINISH
    state ^= state >> _29
    return state if state != _ZERO else _ONE


@_inlined
def _row_of(keys: Any, ids: Any, key: Any) -> Any:
    last = np.uint64(len(keys) - 1)
    place = key & last
    while True:
        held = keys[place]
        if held == key:
            return np.int64(ids[place])
        if held == _ZERO:
            return np.int64(-1)
        place = (place + _ONE) & last


@_inner
def _next_token(points: Any, count: Any, first: Any, kinds: Any, start: Any) -> Any:
    """Return the hash of the next token of two letters or more, from a place on, and the place after it, or 0."""
    while first < count:
        if not kinds[points[first]] & WORD:
            first += 1
            continue
        state, begun = start, first
        while kinds[points[first]] & WORD:  # the blank at the end is none
            state = (state ^ np.uint64(points[first])) * _STEP
            first += 1
        if first - begun > 1:
            return _finished(state), first
    return _ZERO, 0


@_inner
def _rows_of_word(  # noqa: PLR0913, PLR0917 - arrays are not bundled for each word
    points: Any, count: Any, tables: Any, plan: Any, rows: Any, hashes: Any
) -> Any:
    """Find the known n-grams of a word, given as code points with a blank on either side.

    Returns:
        How many rows were written to ``rows``, those of single tokens first; how many of them are of tokens; and how
        many hashes of tokens were written to ``hashes``.
    """
    found, tokens = 0, 0
    keys, ids = tables.keys, tables.ids
    if plan.word_longest:
        token, first = _next_token(points, count, 1, tables.kinds, plan.word_start)
        while first:
            hashes[tokens] = token
            tokens += 1
            if plan.word_shortest == 1:
                row = _row_of(keys, ids, _finished((plan.word_start ^ token) * _STEP))
                if row >= 0:
                    rows[found] = row
                    found += 1
            token, first = _next_token(points, count, first, tables.kinds, plan.word_start)
    singles = found
    if plan.longest:
        for first in range(count):
            state = plan.start
            for number in range(1, min(plan.longest, count - first) + 1):
                state = (state ^ np.uint64(points[first + number - 1])) * _STEP
                if number >= plan.shortest or (first == 0 and number == count):
                    row = _row_of(keys, ids, _finished(state))
                    if row >= 0:
                        rows[found] = row
                        found += 1
    return found, singles, tokens


@_compiled
def _filled(keys: Any, ids: Any, word_rows: Any, pairs: Any) -> None:
    last = np.uint64(len(pairs) // 2 - 2)
    for number in range(len(keys)):
        key = keys[number]
        if key == _ZERO or ids[number] >= word_rows:
            continue
        place = key & last
        while pairs[_TWO * place] != _ZERO:
            place = (place + _ONE) & last
        pairs[_TWO * place], pairs[_TWO * place + _ONE] = key, np.uint64(ids[number])
    pairs[_TWO * last + _TWO], pairs[_TWO * last + _THREE] = pairs[0], pairs[1]


def pairs_of(keys: NDArray[np.uint64], ids: NDArray[np.uint32], word_rows: int) -> NDArray[np.uint64]:
    """Return a hash table of the n-grams of words alone, where a key and its row stand together.

    Args:
        keys: Places of the hash table of all n-grams.
        ids: The row that each place names.
        word_rows: Number of rows of n-grams of words.

    Returns:
        Places of a key and its row, of shape (2 * (places + 1),); the last is the first once more, so that the place
        after any can be read.
    """
    taken = int(np.count_nonzero((keys != 0) & (ids < word_rows)))
    pairs = np.zeros(2 * ((1 << (2 * taken).bit_length()) + 1), dtype=np.uint64)
    _filled(keys, ids, word_rows, pairs)
    return pairs


@_inlined
def _added(  # noqa: PLR0913, PLR0917 - the same
    total: Any, shift: Any, width: Any, values: Any, starts: Any, scale: Any, beside: Any, count: Any
) -> None:
    """Add stretches of an array to a total, four columns at a time, which stay in registers.

    Args:
        total: Takes the sums, of shape (any,).
        shift: Where they begin there.
        width: How many columns are added.
        values: What is added, of shape (any,).
        starts: Where each stretch begins, divided by the scale, less what is beside.
        scale: See there.
        beside: See there.
        count: How many stretches.
    """
    column = _ZERO
    while column + _FOUR <= width:
        to, at = shift + column, beside + column
        one, two, three, four = total[to], total[to + _ONE], total[to + _TWO], total[to + _THREE]
        for number in range(count):
            place = np.uint64(starts[number]) * scale + at
            one += values[place]
            two += values[place + _ONE]
            three += values[place + _TWO]
            four += values[place + _THREE]
        total[to], total[to + _ONE], total[to + _TWO], total[to + _THREE] = one, two, three, four
        column += _FOUR
    while column < width:
        one = total[shift + column]
        for number in range(count):
            one += values[np.uint64(starts[number]) * scale + beside + column]
        total[shift + column] = one
        column += _ONE


@_inlined
def _counted(  # noqa: PLR0913, PLR0917 - the same
    memory: Any, base: Any, found: Any, first: Any, last: Any, again: Any, most: Any
) -> Any:
    """Count rows; return how many rows are repeated, and how often one is at most."""
    counts, repeated = memory.counts, memory.repeated
    for number in range(first, last):
        row = np.uint64(found[number])
        # Without a branch, which would be guessed wrong for every third row.
        value = max(np.int64(counts[row]) - base, 0) + 1
        counts[row] = base + value
        repeated[again] = row
        again += np.uint64(value == 2)
        most = max(most, value)
    return again, most


@_inlined
def _add_words(  # noqa: PLR0913, PLR0917 - the same
    words: Any, tables: Any, plan: Any, memory: Any, base: Any, state: Any
) -> Any:
    """Add and count what is noted of words.

    Args:
        words: How many.
        tables: The model's tables.
        plan: What it reads.
        memory: The thread's own.
        base: Of the counts.
        state: How many rows are repeated; how often one is at most; how many tokens wait, and how many of these were
            looked up before.

    Returns:
        The state.
    """
    again, most, waiting, before = state
    notes, rows, noted, tokens, found = memory.notes, memory.rows, memory.noted, memory.tokens, memory.found
    stride = np.uint64(tables.rows.shape[1])
    has_words, has_several = plan.word_longest > 0, plan.word_longest > 1
    width = stride * (np.uint64(has_words) + np.uint64(plan.longest > 0))
    total = memory.totals.reshape(memory.totals.size)
    _added(total, _ZERO if has_words else stride, width, memory.sums, noted, _ONE, _ONE, words)
    hits = _ZERO
    for number in range(words):
        note = noted[number]
        row_count, token_count = np.uint64(rows[_TWO * note]), np.uint64(rows[_TWO * note + _ONE])
        first = note + _ONE + width
        # Most words have one token, and one row of words: without a branch.
        if has_several:
            tokens[waiting] = notes[first]
            waiting += np.uint64(token_count > _ZERO)
            if token_count > _ONE:
                for one in range(_ONE, token_count):
                    tokens[waiting] = notes[first + one]
                    waiting += _ONE
        first = _TWO * (first + token_count)
        found[hits] = rows[first]
        hits += np.uint64(row_count > _ZERO)
        if row_count > _ONE:
            again, most = _counted(memory, base, rows, first + _ONE, first + row_count, again, most)
    again, most = _counted(memory, base, found, _ZERO, hits, again, most)
    return again, most, waiting, before


@_inner
def _add_several(  # noqa: C901 - the same
    tables: Any, plan: Any, memory: Any, base: Any, state: Any
) -> Any:
    """Add and count the rows of the n-grams of several words that end at tokens not looked up before.

    Loops without branches, whose loads do not wait for each other, follow one another.

    Args:
        tables: The model's tables.
        plan: What it reads.
        memory: The thread's own.
        base: Of the counts.
        state: See :func:`_add_words`.

    Returns:
        The state.
    """
    again, most, waiting, before = state
    tokens, states, keys, found, pairs = memory.tokens, memory.states, memory.keys, memory.several, tables.pairs
    there = memory.there
    stride, longest = np.uint64(tables.rows.shape[1]), np.uint64(plan.word_longest)
    values, total = tables.rows.reshape(tables.rows.size), memory.totals.reshape(memory.totals.size)
    last = np.uint64(len(pairs) // 2 - 2)
    for number in range(waiting):
        states[number] = (plan.word_start ^ tokens[number]) * _STEP
    for size in range(_TWO, longest + _ONE):
        # What ends at a token goes on from what ended at the one before.
        for number in range(waiting - _ONE, size - _TWO, -1):
            states[number] = (states[number - 1] ^ tokens[number]) * _STEP
        if size < plan.word_shortest:
            continue
        first = max(before, size - _ONE)
        hits, left = _ZERO, _ZERO
        for number in range(first, waiting):
            key = _finished(states[number])
            keys[number] = key
            there[number] = pairs[_TWO * (key & last)]
        for number in range(first, waiting):
            key = keys[number]
            place = _TWO * (key & last)
            held, held_next = there[number], pairs[place + _TWO]
            is_here, is_next = held == key, held_next == key
            row = pairs[place + _ONE]
            row_next = pairs[place + _THREE]
            found[hits] = row if is_here else row_next
            hits += np.uint64(is_here | is_next)
            keys[left] = key
            left += np.uint64((held != _ZERO) & (held_next != _ZERO) & (not is_here) & (not is_next))
        for number in range(left):
            key = keys[number]
            place = ((key & last) + _TWO) & last
            while pairs[_TWO * place] != _ZERO:
                if pairs[_TWO * place] == key:
                    found[hits] = pairs[_TWO * place + _ONE]
                    hits += _ONE
                    break
                place = (place + _ONE) & last
        _added(total, _ZERO, stride, values, found, stride, _ZERO, hits)
        again, most = _counted(memory, base, found, _ZERO, hits, again, most)
    # N-grams of the tokens that follow may begin with the last ones.
    kept = min(waiting, longest - _ONE)
    for number in range(kept):
        tokens[number] = tokens[waiting - kept + number]
    return again, most, kept, kept


@_inlined
def _point(data: Any, place: Any) -> Any:
    """Return the code point of two bytes or more that begins at a place, and how many it has."""
    byte, mask = np.uint32(data[place]), np.uint32(0x3F)
    if byte < 0xE0:
        return (byte & np.uint32(0x1F)) << np.uint32(6) | (np.uint32(data[place + _ONE]) & mask), _TWO
    middle = (np.uint32(data[place + _ONE]) & mask) << np.uint32(6) | (np.uint32(data[place + _TWO]) & mask)
    if byte < 0xF0:
        return (byte & np.uint32(0xF)) << np.uint32(12) | middle, _THREE
    last = np.uint32(data[place + _THREE]) & mask
    return (byte & np.uint32(0x7)) << np.uint32(18) | middle << np.uint32(6) | last, _FOUR


@_inlined
def _eight(data: Any, place: Any) -> Any:
    """Return eight bytes as one number, the first of them the lowest, and zeros for what is behind the buffer."""
    if place + _EIGHT <= np.uint64(len(data)):
        return (
            np.uint64(data[place])
            | np.uint64(data[place + _ONE]) << _EIGHT
            | np.uint64(data[place + _TWO]) << np.uint64(16)
            | np.uint64(data[place + _THREE]) << np.uint64(24)
            | np.uint64(data[place + _FOUR]) << _32
            | np.uint64(data[place + np.uint64(5)]) << np.uint64(40)
            | np.uint64(data[place + np.uint64(6)]) << np.uint64(48)
            | np.uint64(data[place + np.uint64(7)]) << np.uint64(56)
        )
    eight = _ZERO
    for number in range(np.uint64(len(data)) - place):
        eight |= np.uint64(data[place + number]) << _EIGHT * number
    return eight


@_inlined
def _next_bytes(data: Any, place: Any, end: Any, seed: Any, case: Any) -> Any:
    """Read bytes up to a number sign, white space or another control character of ASCII, eight at a time.

    Returns:
        A hash of them, with small letters of ASCII, and the place after them.
    """
    key = seed
    while True:
        eight = _eight(data, place)
        # The lowest stop is right; a higher byte may be taken for one by what it lends to lower ones.
        sign = eight ^ _SIGN
        stops = ((eight - _PRINTED) & ~eight | (sign - _EACH) & ~sign) & _TOP
        # Of bytes below 0x80 those from A on, and not those above Z.
        low = eight & ~_TOP
        capitals = (low + _FROM_A) & ~(low + _ABOVE_Z) & ~eight & _TOP
        eight |= capitals >> _TWO & case
        # Below the lowest stop are eight bits for each byte before it and seven more.
        size = min(np.uint64(_ones((stops - _ONE) & ~stops)) >> _THREE, end - place)
        place += size
        if size == _EIGHT:
            key = _mixed(key, eight)
            continue
        return _mixed(key, eight & ((_ONE << _EIGHT * size) - _ONE)), place


@_inner
def _note_words(  # noqa: PLR0913, PLR0917 - the same
    data: Any, place: Any, end: Any, seed: Any, case: Any, slots: Any, noted: Any, adding: Any
) -> Any:
    """Note words that are remembered, up to one that is not, or is not to be told by its bytes.

    A function of its own, so that what it needs stays in registers.

    Returns:
        Where that word begins, or the end; and how many are noted.
    """
    last, most = np.uint64(len(slots) - 1), np.uint64(len(noted))
    while place < end and adding < most:
        begin = place
        key, place = _next_bytes(data, place, end, seed, case)
        size = place - begin
        if place < end:
            byte = np.uint64(data[place])
            if byte > _32 or not (_SPACES >> byte) & _ONE:
                return begin, adding
            place += _ONE
        if size == _ZERO:
            continue
        slot, tag = key & last, key & ~_NOTED
        held = slots[slot]
        while held != _ZERO and held & ~_NOTED != tag:
            slot = (slot + _ONE) & last
            held = slots[slot]
        if held == _ZERO:
            return begin, adding
        noted[adding] = (held & _NOTED) - _ONE
        adding += _ONE
    return place, adding


@_inlined
def _mixed(state: Any, eight: Any) -> Any:
    state = (state ^ eight) * _STEP
    state ^= state >> _32
    state *= _FINISH
    return state ^ state >> _29


@_inner
def _next_word(  # noqa: PLR0913, PLR0917 - the same
    data: Any, place: Any, end: Any, marks: Any, prepared: Any, points: Any
) -> Any:
    """Read a word, up to white space or the end.

    Returns:
        A hash of its characters; how many were written to ``points``, from 1; the place after them, and that after the
        white space; and whether it could be read.
    """
    key, count, after = _FINISH, 0, place
    while after < end:
        point = np.uint32(data[after])
        if point < 0x80:
            after += _ONE
        else:
            point, size = _point(data, after)
            point = min(point, _LAST)  # of bytes that are no UTF-8
            after += size
            if after > end:
                return key, count, place, after, False
        mark = marks[point]
        kind = mark >> _24
        point = mark & _LETTER
        if kind & SPECIAL and not prepared:
            return key, count, place, after, False
        if kind & SPACE:
            return _finished(key), count, place, after, True
        count += 1
        points[count] = point
        key = (key ^ np.uint64(point)) * _STEP
        place = after
    return _finished(key), count, place, after, True


@_inner
def _remember(  # noqa: PLR0913, PLR0917 - the same
    points: Any, length: Any, tables: Any, plan: Any, memory: Any, note: Any, found_rows: Any, found_tokens: Any
) -> Any:
    """Write the notes of a word; return where they end."""
    values, sums, rows, notes = tables.rows, memory.sums, memory.rows, memory.notes
    stride, has_words = values.shape[1], plan.word_longest > 0
    width = stride * (np.int64(has_words) + np.int64(plan.longest > 0))
    found, singles, named = _rows_of_word(points, length, tables, plan, found_rows, found_tokens)
    rows[2 * note], rows[2 * note + 1] = found, named
    first_sum = note + 1
    for column in range(width):
        sums[first_sum + column] = 0.0
    first_token = first_sum + width
    for one in range(named):
        notes[first_token + one] = found_tokens[one]
    first_row = 2 * (first_token + named)
    for one in range(found):
        row = found_rows[one]
        rows[first_row + one] = row
        shift = first_sum if one < singles or not has_words else first_sum + stride
        for column in range(stride):
            sums[shift + column] += values[row, column]
    return first_token + named + (found + 1) // 2


@_inner
def _sum_anew(tables: Any, plan: Any, memory: Any, base: Any) -> None:
    """Sum up the rows of a text by how often each stands there."""
    values, counts, totals = tables.rows, memory.counts, memory.totals
    totals[:] = 0.0
    for row in range(len(values)):
        times = float(counts[row] - base)
        if times <= 0.0:
            continue
        is_word = row < plan.word_rows
        frequency = times
        if plan.word_sublinear if is_word else plan.sublinear:
            frequency = 1.0 + log(times)
        total = totals[0] if is_word else totals[1]
        for column in range(plan.columns):
            total[column] += frequency * values[row, column]
        for column in range(plan.columns, values.shape[1]):
            total[column] += frequency * frequency * values[row, column]


@_inlined
def _mend(tables: Any, plan: Any, memory: Any, base: Any, again: Any) -> None:
    """Put right what rows that stand in the text more than once have added."""
    values, counts, repeated, totals = tables.rows, memory.counts, memory.repeated, memory.totals
    columns, stride = np.uint64(plan.columns), np.uint64(values.shape[1])
    for one in range(again):
        row = np.uint64(repeated[one])
        count = counts[row] - base
        times = float(count)
        is_word = row < plan.word_rows
        frequency = times
        if plan.word_sublinear if is_word else plan.sublinear:
            frequency = _FREQUENCIES[count] if count < len(_FREQUENCIES) else 1.0 + log(times)
        more, more_squares = frequency - times, frequency * frequency - times
        kind = _ZERO if is_word else _ONE
        for column in range(columns):
            totals[kind, column] += more * values[row, column]
        for column in range(columns, stride):
            totals[kind, column] += more_squares * values[row, column]


@_inlined
def _finish(tables: Any, plan: Any, memory: Any, scores: Any, number: Any) -> None:
    """Write the scores of the text."""
    totals, spaces, intercepts = memory.totals, tables.spaces, tables.intercepts
    space, by_words, by_letters = -1, 0.0, 0.0
    for column in range(plan.columns):
        if spaces[column] != space:
            space = spaces[column]
            square = plan.columns + space
            norm = sqrt(totals[0, square]) if plan.word_normalised else 1.0
            by_words = 1.0 / norm if norm > 0.0 else 0.0
            norm = sqrt(totals[1, square]) if plan.normalised else 1.0
            by_letters = 1.0 / norm if norm > 0.0 else 0.0
        scores[number, column] = intercepts[column] + totals[0, column] * by_words + totals[1, column] * by_letters


@_compiled
def score_buffer(  # noqa: C901, PLR0912, PLR0913, PLR0915, PLR0917 - one loop: a call for each word would double the time
    data: Any, offsets: Any, points: Any, prepared: Any, tables: Any, plan: Any, memory: Any, scores: Any, read: Any
) -> None:
    """Score texts.

    Args:
        data: Their UTF-8, of shape (bytes,); half of a surrogate pair is three bytes.
        offsets: Where each begins, and where the last ends, of shape (texts + 1,).
        points: Room for the code points of the longest text and two more, of shape (three or more above its bytes,).
        prepared: Whether they are in small letters, with hashtags told apart.
        tables: The model's tables.
        plan: What it reads.
        memory: The thread's own.
        scores: Takes the scores, of shape (texts, columns).
        read: Takes whether the kernel could read each text, of shape (texts,); the scores of the others mean nothing.
    """
    values, marks = tables.rows, tables.marks
    slots, notes, noted, sizes, totals = memory.slots, memory.notes, memory.noted, memory.sizes, memory.totals
    stride, last = values.shape[1], np.uint64(len(slots) - 1)
    words, note_end, base = sizes[0], sizes[1], sizes[2]
    most_rows = (_LONGEST + 2) * (plan.longest + 1)
    most_notes = len(notes) - len(noted) * (_NOTES_OF_ONE + 2 * stride)
    found_rows, found_tokens = np.empty(most_rows, dtype=np.int32), np.empty(_LONGEST + 2, dtype=np.uint64)
    case = _EACH << np.uint64(5) if marks[ord("A")] & _LETTER == ord("a") else _ZERO
    seed = _STEP if prepared else _FINISH  # what is special is remembered of prepared texts alone
    most_words = np.uint64(len(noted))
    points[0] = _BLANK
    is_full = False
    for number in range(len(offsets) - 1):
        for kind in range(2):
            for column in range(stride):
                totals[kind, column] = 0.0
        state = (_ZERO, 1, _ZERO, _ZERO)
        place, end = np.uint64(offsets[number]), np.uint64(offsets[number + 1])
        reason = _GO_ON
        while reason == _GO_ON:
            adding, reason, size = _ZERO, _END, 0
            while place < end:
                place, adding = _note_words(data, place, end, seed, case, slots, noted, adding)
                if adding == most_words:
                    reason = _GO_ON
                    break
                if place == end:
                    break
                # Read this word by its characters. Where it is all of the bytes up to a stop, these tell it later.
                key, stop = _next_bytes(data, place, end, seed, case)
                own_key, size, word_end, after, was_read = _next_word(data, place, end, marks, prepared, points)
                if not was_read:
                    reason = _UNREAD
                    break
                if not size:
                    place = after
                    continue
                points[size + 1] = _BLANK
                if size > _LONGEST:
                    reason, place = _LONG, after
                    break
                key = key if word_end == stop else own_key
                slot, tag = key & last, key & ~_NOTED
                while slots[slot] != _ZERO and slots[slot] & ~_NOTED != tag:
                    slot = (slot + _ONE) & last
                if slots[slot] == _ZERO:
                    # Where there is no more room it is noted all the same, and forgotten with the others later: when
                    # words are added, which rounding depends on, is not to depend on those of earlier texts.
                    is_full = 2 * words + 2 > len(slots) or note_end > most_notes
                    note = np.uint64(note_end)
                    if not is_full:
                        slots[slot] = tag | (note + _ONE)
                        words += 1
                    note_end = _remember(points, size + 2, tables, plan, memory, note_end, found_rows, found_tokens)
                else:
                    note = (slots[slot] & _NOTED) - _ONE
                noted[adding] = note
                adding += _ONE
                place = after
                if adding == most_words:
                    reason = _GO_ON
                    break
            state = _add_words(adding, tables, plan, memory, base, state)
            if plan.word_longest > 1:
                state = _add_several(tables, plan, memory, base, state)
            if reason == _LONG:
                state = _add_long(points, size + 2, tables, plan, memory, base, state)
                reason = _GO_ON
            if is_full:
                slots[:] = _ZERO
                words, note_end, is_full = 0, 0, False
        again, most = state[0], state[1]
        if most > _MUCH:
            _sum_anew(tables, plan, memory, base)
        else:
            _mend(tables, plan, memory, base, again)
        base += most
        if base > _RESET:
            memory.counts[:] = 0
            base = 0
        _finish(tables, plan, memory, scores, number)
        read[number] = reason != _UNREAD
    sizes[0], sizes[1], sizes[2] = words, note_end, base


@_inner
def _add_long(  # noqa: PLR0913, PLR0917 - the same
    points: Any, length: Any, tables: Any, plan: Any, memory: Any, base: Any, state: Any
) -> Any:
    """Add and count what a word has that is too long to be remembered; return the state of :func:`_add_words`."""
    values, totals, waits = tables.rows, memory.totals, memory.tokens
    rows, tokens = np.empty(length * (plan.longest + 1), dtype=np.int32), np.empty(length, dtype=np.uint64)
    found, singles, named = _rows_of_word(points, length, tables, plan, rows, tokens)
    for one in range(found):
        kind = 0 if one < singles else 1
        for column in range(values.shape[1]):
            totals[kind, column] += values[rows[one], column]
    again, most, waiting, before = state
    again, most = _counted(memory, base, rows, 0, found, again, most)
    for one in range(named):
        waits[waiting] = tokens[one]
        waiting += _ONE
        if plan.word_longest > 1 and (one + 1 == named or waiting == len(waits)):
            again, most, waiting, before = _add_several(tables, plan, memory, base, (again, most, waiting, before))
        elif plan.word_longest < 2:
            waiting = _ZERO
    return again, most, waiting, before

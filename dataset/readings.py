"""How a run of words can be read as a sketched paragraph: with something foreign between its words, or altered."""

import math
from collections.abc import Iterator

import numpy as np
from iraqstance.dataset import sketch
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

__all__ = ["FOREIGN", "INSERTED", "Pairs", "altered", "interrupted", "unaltered"]

#: A word of the sketch and the word of the copy that agrees with it, from 0, both rising.
Pairs = list[tuple[int, int]]

#: So many words may stand inside a paragraph and not be its own.
FOREIGN = 80
#: So many words and fewer inside a line are the publisher's edit, not something foreign.
INSERTED = 3

_ALTERED = 0.1  # share of its words that an altered paragraph is expected to have changed
# What a gap costs, in bits: at its opening and for each word of it. An edit, and a sentence or an advertisement.
_GAPS = ((4.0, 1.0), (10.0, 0.05))
_CHANCES = 10.0  # bits: an interrupted paragraph may have about a thousand readings by chance, not more
_INTERRUPTIONS = 8  # foreign stretches inside one paragraph


def unaltered(words: int) -> float:
    """Return how many bits of agreement so many words make that nothing has altered."""
    chance = 2.0**-sketch.BITS
    return words * math.log2((1 - _ALTERED + _ALTERED * chance) / chance)


def altered(digits: str, other: str, least: float) -> Iterator[tuple[float, Pairs]]:
    """Yield the alignments of all of a sketch with a part of another, the best first, no two of them overlapping.

    Needleman and Wunsch's alignment, free at the ends of the other, with Gotoh's gaps of two kinds. The scores are
    log-odds in bits: of a paragraph with a tenth of its words altered, against other text.

    Args:
        digits: The paragraph's digits.
        other: The copy's.
        least: The lowest score that counts, in bits, 0 or more.

    Yields:
        The score in bits and the words that agree.
    """
    weights = np.array([math.log2(_ALTERED), unaltered(1)])
    same = _same(digits, other)
    totals = _totals(same, weights)
    ends = totals[-1].copy()
    while len(digits) and ends.max() >= least:
        end = int(ends.argmax())
        begin, pairs = _traced(totals, same, weights, end)
        if np.isfinite(ends[begin + 1 : end + 1]).all():
            yield float(ends[end]), _densest(pairs, weights)
        ends[begin + 1 : end + 1] = -np.inf


def _same(digits: str, other: str) -> NDArray[np.bool_]:
    """Tell for each word of the sketch (rows) and of the copy (columns) whether their digits are the same."""
    one, two = (np.frombuffer(text.encode("ascii"), dtype=np.uint8) for text in (digits, other))
    same: NDArray[np.bool_] = one[:, None] == two
    return same


def _totals(same: NDArray[np.bool_], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the best score of so many words of the sketch (rows) that end with so many of the copy (columns)."""
    places = np.arange(same.shape[1] + 1)
    totals = np.zeros((len(same) + 1, len(places)))
    missing = [np.full(len(places), -np.inf) for _ in _GAPS]
    for word, agrees in enumerate(same):
        row = totals[word + 1]
        row[0] = -np.inf
        row[1:] = totals[word, :-1] + weights[agrees.astype(np.intp)]
        for number, (opening, step) in enumerate(_GAPS):
            missing[number] = np.maximum(totals[word] - opening, missing[number]) - step
            np.maximum(row, missing[number], out=row)
        ungapped = row.copy()
        for opening, step in _GAPS:
            np.maximum(row, np.maximum.accumulate(ungapped + step * places) - step * places - opening, out=row)
    return totals


def _traced(
    totals: NDArray[np.float64], same: NDArray[np.bool_], weights: NDArray[np.float64], end: int
) -> tuple[int, Pairs]:
    """Return how many words of the copy stand before the alignment that ends there, and the words that agree in it."""
    word, place = len(same), end
    pairs: Pairs = []
    while word:
        total = totals[word, place]
        agrees = bool(place and same[word - 1, place - 1])
        if place and math.isclose(totals[word - 1, place - 1] + weights[int(agrees)], total, abs_tol=1e-6):
            word, place = word - 1, place - 1
            pairs += [(word, place)] if agrees else []
            continue
        missing = totals[:word, place] - _cost(np.arange(word, 0, -1))
        if math.isclose(missing.max(), total, abs_tol=1e-6):
            word = int(missing.argmax())
        else:
            place = int((totals[word, :place] - _cost(np.arange(place, 0, -1))).argmax())
    return place, pairs[::-1]


def _densest(pairs: Pairs, weights: NDArray[np.float64]) -> Pairs:
    """Return the run of pairs that agree best: words beyond a gap that they do not outweigh are there by chance."""
    best, ends, start, total = 0.0, (0, 0), 0, 0.0
    for number, (word, place) in enumerate(pairs):
        if number:
            own, foreign = word - pairs[number - 1][0] - 1, place - pairs[number - 1][1] - 1
            total += weights[0] * min(own, foreign)
            if own != foreign:
                total -= float(_cost(np.array(abs(own - foreign))))
        if total <= 0:
            start, total = number, 0.0
        total += weights[1]
        if total > best:
            best, ends = total, (start, number + 1)
    return pairs[slice(*ends)]


def _cost(length: NDArray[np.int_]) -> NDArray[np.float64]:
    """Return what gaps of so many words cost, in bits."""
    costs: NDArray[np.float64] = np.minimum.reduce([opening + step * length for opening, step in _GAPS])
    return costs


def interrupted(digits: str, other: str) -> Iterator[Pairs]:
    """Yield the ways to read all words of a sketch, in order, with one to eight foreign stretches between them.

    Fewer stretches come first, and long runs of words before short ones. The longer a paragraph, the more stretches are
    allowed: about a thousand readings are there by chance at most. Whoever asks compares the words' SHA-256.

    Args:
        digits: The paragraph's digits.
        other: The copy's.
    """
    most = _interruptions(len(digits), len(other))
    if not most:
        return
    fewest, behind = _fewest(_same(digits, other), most)
    for stretches in range(1, most + 1):
        for end in np.flatnonzero(fewest[-1] <= stretches):
            # A reading from its end: the words before it, their place, the stretches left, and where words stand.
            ways: list[tuple[int, int, int, Pairs]] = [(len(digits), int(end), stretches, [])]
            while ways:
                word, place, left, pairs = ways.pop()
                if not word:
                    if not left:
                        yield pairs[::-1]
                    continue
                word, place = word - 1, place - 1
                pairs = [*pairs, (word, place)]
                if word and behind[word, place] <= left:
                    low = max(0, place - FOREIGN)
                    before = np.flatnonzero(fewest[word, low : place - INSERTED] < left) + low
                    ways += [(word, int(stop), left - 1, pairs) for stop in before]
                if fewest[word, place] <= left:  # the longest runs first
                    ways.append((word, place, left, pairs))


def _interruptions(words: int, places: int) -> int:
    """Return how many foreign stretches leave few readings to chance."""
    if not words or places <= words + INSERTED:
        return 0
    expected = math.log2(places) - sketch.BITS * words
    for stretches in range(1, _INTERRUPTIONS + 1):
        expected += math.log2((FOREIGN - INSERTED) * words / stretches)
        if expected > _CHANCES:
            return stretches - 1
    return _INTERRUPTIONS


def _fewest(same: NDArray[np.bool_], most: int) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Return the fewest foreign stretches before so many words of sketch and copy, in all and with one right there."""
    words, places = same.shape
    fewest = np.full((words + 1, places + 1), most + 1, dtype=np.int8)
    behind = fewest.copy()
    fewest[0] = 0
    edge = np.full(FOREIGN, most + 1, dtype=np.int8)
    for word, agrees in enumerate(same):
        row = fewest[word]
        if INSERTED < word < words - INSERTED:  # a word or two at an end would be found anywhere
            near = sliding_window_view(np.concatenate([edge, row]), FOREIGN - INSERTED)[: len(row)]
            behind[word] = np.minimum(near.min(axis=1), most) + 1
        fewest[word + 1, 1:] = np.where(agrees, np.minimum(row, behind[word])[:-1], most + 1)
    return fewest, behind

"""Texts that nearly repeat each other, whatever case, marks and white space either has.

Two texts are as alike as their sets of 5-character shingles, by Jaccard similarity (Broder, "On the Resemblance and
Containment of Documents", 1997). Near-duplicates have one of 0.8 or more. Candidates are found by MinHash, which misses
few, and all of them are compared in full.
"""

import re
import unicodedata
import zlib
from collections.abc import Hashable, Iterable, Iterator, Sequence

import numpy as np
from iraqstance.annotation.errors import from_extra
from iraqstance.annotation.normalise import collapse
from iraqstance.dataset.shingles import SHINGLE, Integers, ShingleSets
from numpy.typing import NDArray

__all__ = ["SIMILAR", "NearDuplicates", "near_duplicate_pairs", "plain_text"]

#: Jaccard similarity of near-duplicates.
SIMILAR = 0.8

_WORD = re.compile(r"\w+")
# Bands of the MinHash index and hashes in each: a pair of similarity s meets in it with 1 - (1 - s^9)^28, which is
# 98 % at 0.8, 69 % at 0.7 and 5 % at 0.5.
_BANDS, _BAND = 28, 9
_MANY = 512  # candidates: with more, a text is one of a crowd
_PARTNERS = 5  # earlier ones of one side that a text is paired with


class NearDuplicates:
    """An index of plain texts that finds those near to another.

    Args:
        size: How many texts it may come to know.

    Raises:
        MissingExtraError: Without the extra ``check``.
    """

    def __init__(self, size: int) -> None:
        with from_extra("check"):
            from datasketch import MinHash
        self._generator = MinHash.generator
        self._held = np.zeros(size, dtype=bool)
        self._none = np.zeros(0, dtype=np.int64)

    def sketched(self, texts: Iterable[str]) -> Iterator[tuple[str, int]]:
        """Yield each plain text with its number, from 0, by which the index knows it."""
        given = list(texts)
        self._met = self._bands_of(given)
        self._members = np.argsort(self._met, axis=1, kind="stable").astype(np.int32)
        counts = [np.bincount(met) for met in self._met]
        self._ends = [np.cumsum(count) for count in counts]
        sizes = np.array([count[met] for met, count in zip(self._met, counts, strict=True)])
        self._candidates = (sizes - 1).sum(axis=0, initial=0)
        self._sets = ShingleSets(given, np.flatnonzero(self._candidates > _MANY))
        yield from zip(given, range(len(given)), strict=True)

    def _bands_of(self, texts: Sequence[str]) -> NDArray[np.int32]:
        """Return a number for what each text has in each band: shape (bands, texts)."""
        hashed = (_encoded(text) for text in texts)
        factors = np.random.default_rng(0).integers(0, 2**63, _BAND, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
        bands = np.zeros((_BANDS, len(texts)), dtype=np.uint64)
        for number, made in enumerate(self._generator(hashed, num_perm=_BANDS * _BAND, hashfunc=zlib.crc32)):
            bands[:, number] = (made.hashvalues.reshape(_BANDS, _BAND) * factors).sum(axis=1, dtype=np.uint64)
        return np.array([np.unique(band, return_inverse=True)[1] for band in bands], dtype=np.int32)

    def candidates(self, number: int) -> Integers:
        """Return the numbers of the held texts that may be near to a text, rising."""
        if self._candidates[number] == 0:
            return self._none
        bands: Integers = self._met[:, number].astype(np.int64)
        if self._candidates[number] > _MANY:
            meeting = self._held[: self._met.shape[1]] & (self._met == bands[:, None]).any(axis=0)
            meeting[number] = False
            return np.flatnonzero(meeting)
        alike = [
            members[ends[band - 1] if band else 0 : ends[band]]
            for members, ends, band in zip(self._members, self._ends, bands, strict=True)
        ]
        met = np.unique(np.concatenate(alike)).astype(np.int64)
        others: Integers = met[self._held[met] & (met != number)]
        return others

    def near(self, text: str, number: int, among: Integers | None = None) -> Integers:
        """Return the numbers of the held texts that a text nearly repeats, rising.

        Args:
            text: The text. One without any word repeats none.
            number: Its number.
            among: Those of its candidates that count. Without them, all.
        """
        among = self.candidates(number) if among is None else among
        if not text or not len(among):
            return self._none
        return among[self._sets.similarities(number, among, SIMILAR) >= SIMILAR]

    def hold(self, text: str, number: int) -> None:
        """Let a text be found from now on; one without any word never is."""
        self._held[number] = bool(text)


def _encoded(text: str) -> list[bytes]:
    starts = range(max(1, len(text) - SHINGLE + 1))
    return [one.encode(errors="surrogatepass") for one in {text[start : start + SHINGLE] for start in starts}]


def near_duplicate_pairs(texts: Sequence[str], sides: Sequence[Hashable] | None = None) -> list[tuple[int, int]]:
    """Return pairs of texts that nearly repeat each other, by number, the smaller first.

    Every text that nearly repeats an earlier one is paired with the first five of these of each side; and every text is
    paired with at least one of each other side, where there is any. Texts of the same words on one side are each paired
    with the first of them, and with that of other sides alone. Texts without any word are in no pair.

    Args:
        texts: The texts.
        sides: On which side each text stands, such as its split. Without them, all stand on one.

    Raises:
        MissingExtraError: Without the extra ``check``.
    """
    copies: dict[tuple[str, Hashable], list[int]] = {}
    for number, (text, side) in enumerate(zip(map(plain_text, texts), sides or [None] * len(texts), strict=True)):
        if text:
            copies.setdefault((text, side), []).append(number)
    numbers = list(copies.values())
    kinds = {side: kind for kind, side in enumerate(dict.fromkeys(side for _, side in copies))}
    of_item = np.array([kinds[side] for _, side in copies], dtype=np.int64)
    pairs = {(first, copy) for first, *others in numbers for copy in others}
    told: set[tuple[int, int]] = set()  # whose copies have a partner on which side
    for pair in _paired([text for text, _ in copies], of_item):
        pairs.add((numbers[pair[0]][0], numbers[pair[1]][0]))
        for one, other in (pair, pair[::-1]):
            side = int(of_item[other])
            if side != of_item[one] and (one, side) not in told:
                told.add((one, side))
                pairs |= {(copy, numbers[other][0]) for copy in numbers[one]}
    return sorted({(min(pair), max(pair)) for pair in pairs})


def _paired(texts: Sequence[str], sides: Integers) -> Iterator[tuple[int, int]]:
    """Yield enough pairs of near texts to name, for each text, one of each other side and some earlier ones."""
    index = NearDuplicates(len(texts))
    met = np.zeros((len(texts), int(sides.max(initial=0)) + 1), dtype=bool)  # whether a text has a partner on a side
    for text, number in index.sketched(texts):
        near, own = index.near(text, number), sides[number]
        theirs = sides[near]
        wanted = (theirs != own) & ~met[near, own]
        for side in np.unique(theirs):
            wanted[np.flatnonzero(theirs == side)[:_PARTNERS]] = True
        met[near[wanted], own] = True
        met[number, theirs] = True
        yield from ((int(one), number) for one in near[wanted])
        index.hold(text, number)


def plain_text(text: str) -> str:
    """Return the words of a text alone, in one case and divided by single spaces."""
    return " ".join(_WORD.findall(unicodedata.normalize("NFKC", collapse(text)).casefold()))

"""Texts that nearly repeat each other, whatever case, marks and white space either has.

Two texts are as alike as their sets of 5-character shingles, by Jaccard similarity (Broder, "On the Resemblance and
Containment of Documents", 1997). Near-duplicates have one of 0.8 or more. Candidates are found by MinHash, which misses
few, and verified.
"""

import re
import unicodedata
import zlib
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from iraqstance.annotation.errors import from_extra
from iraqstance.annotation.normalise import collapse

__all__ = ["SIMILAR", "NearDuplicates", "near_duplicate_pairs", "plain_text", "similarity"]

#: Jaccard similarity of near-duplicates.
SIMILAR = 0.8

_WORD = re.compile(r"\w+")
_SHINGLE = 5  # characters
# Bands of the MinHash index and hashes in each: a pair of similarity s meets in it with 1 - (1 - s^9)^28, which is
# 98 % at 0.8, 69 % at 0.7 and 5 % at 0.5.
_BANDS, _BAND = 28, 9
_VERIFIED = 20  # so many of those met are compared in full, the most similar sketches first
_PAIRED = 200  # the same where all pairs are wanted


class NearDuplicates:
    """An index of plain texts that finds those near to another.

    Args:
        size: How many texts it may come to hold.

    Raises:
        MissingExtraError: Without the extra ``check``.
    """

    def __init__(self, size: int) -> None:
        with from_extra("check"):
            from datasketch import MinHash, MinHashLSH
        self._generator = MinHash.generator
        self._index = MinHashLSH(num_perm=_BANDS * _BAND, params=(_BANDS, _BAND))
        self._sketches = np.empty((size, _BANDS * _BAND), dtype=np.uint64)
        self._held: list[str] = []

    def sketched(self, texts: Iterable[str]) -> Iterator[tuple[str, object]]:
        """Yield each plain text with its sketch."""
        given = list(texts)
        hashed = ([shingle.encode(errors="surrogatepass") for shingle in _shingles(text)] for text in given)
        made = self._generator(hashed, num_perm=_BANDS * _BAND, hashfunc=zlib.crc32)
        yield from zip(given, made, strict=True)

    def near(self, text: str, sketch: object, limit: int = _VERIFIED) -> Iterator[int]:
        """Yield the numbers of the held texts that are near, of the most similar sketches first.

        Args:
            text: A plain text.
            sketch: Its sketch.
            limit: How many candidates are compared in full.
        """
        met = self.candidates(sketch)
        agreeing = (self._sketches[met] == sketch.hashvalues).sum(axis=1)  # type: ignore[attr-defined]
        for place in map(int, met[np.argsort(-agreeing, kind="stable")][:limit]):
            if similarity(text, self._held[place]) >= SIMILAR:
                yield place

    def candidates(self, sketch: object) -> "np.typing.NDArray[np.int_]":
        """Return the numbers of the held texts that may be near, in their order: shape (candidates,)."""
        return np.array(sorted(self._index.query(sketch)), dtype=int)

    def hold(self, text: str, sketch: object) -> None:
        """Add a text; it gets the next number from 0."""
        number = len(self._held)
        self._sketches[number] = sketch.hashvalues  # type: ignore[attr-defined]
        self._index.insert(number, sketch, check_duplication=False)
        self._held.append(text)


def near_duplicate_pairs(texts: Sequence[str]) -> list[tuple[int, int]]:
    """Return the pairs of texts that nearly repeat each other, by number, the smaller first.

    Texts of the same words are each paired with the first of them alone. Texts without any word are in no pair.

    Raises:
        MissingExtraError: Without the extra ``check``.
    """
    plain = [plain_text(text) for text in texts]
    first: dict[str, int] = {}
    pairs = []
    for number, text in enumerate(plain):
        if text and first.setdefault(text, number) != number:
            pairs.append((first[text], number))
    numbers = list(first.values())
    index = NearDuplicates(len(numbers))
    for place, (text, sketch) in enumerate(index.sketched(first)):
        pairs += [(numbers[near], numbers[place]) for near in index.near(text, sketch, _PAIRED)]
        index.hold(text, sketch)
    return sorted(pairs)


def plain_text(text: str) -> str:
    """Return the words of a text alone, in one case and divided by single spaces."""
    return " ".join(_WORD.findall(unicodedata.normalize("NFKC", collapse(text)).casefold()))


def similarity(left: str, right: str) -> float:
    """Return the Jaccard similarity of two plain texts' shingles, in [0, 1]."""
    one, other = _shingles(left), _shingles(right)
    return len(one & other) / len(one | other)


def _shingles(text: str) -> set[str]:
    return {text[start : start + _SHINGLE] for start in range(max(1, len(text) - _SHINGLE + 1))}

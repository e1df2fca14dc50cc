"""Sketches: what stand-off data tells of a paragraph's words, enough to align a copy.

What it reveals. A sketch holds one bit a word: of the words that may stand at a place it rules out half. Language
models leave 4 to 5.5 bits of uncertainty for each word of English prose that they have not seen (GPT-2 has a perplexity
of 17.5 to 42 a word, Radford et al. 2019; Shannon 1951 estimated 0.6 to 1.3 bits a letter, that is 3 to 7 a word). With
h bits a word there are about 2 ** (h * n) likely wordings of n words, and a sketch leaves 2 ** ((h - 1) * n) of them:
with 4 bits, 2 ** 132 for the median paragraph of 44 words and 2 ** 51 for the shortest of 17.

That is no proof of secrecy. The open edition restates each paragraph, which may leave no more than 2 or 3 bits a word;
offsets tell a paragraph's length, some 10 bits in all; and a SHA-256 confirms a right guess. At 3 bits a word 2 ** 88
and 2 ** 34 wordings are left, at 2 bits 2 ** 44 and 2 ** 17: a strong model may find the shortest ones. Without a
sketch it would have 2 ** 51 or 2 ** 34 to try for those; with one of 4 bits a word, about one.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from iraqstance.annotation.errors import InputError
from iraqstance.annotation.normalise import sha256_of
from iraqstance.annotation.records import Paragraph
from iraqstance.annotation.rows import paragraph_row
from iraqstance.annotation.storage import Row, read_rows

__all__ = ["BITS", "Sketch", "Words", "fold", "read_sketches", "sketch_of", "stand_off"]

_SKETCH = re.compile(r"[01]*\Z")
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")

# What parts words beside white space: a copy may hold any of them for another.
_DASHES = "-‐‑‒–—―−"
_HYPHENS = "-‐\u00ad"
# A word that a hyphen divides at the end of a line is one word.
_WORD = re.compile(
    rf"(?:[^{re.escape(_DASHES)}\s\u00ad]|\u00ad(?!\s)|(?<=\w)[{re.escape(_HYPHENS)}][^\S\n]*\n\s*(?=[^\W\d_A-Z]))+"
)
#: Bits of a word's SHA-256 that a sketch holds. The benchmark of alignment tries 2 to 4.
BITS = 1


@dataclass(frozen=True, slots=True)
class Sketch:
    """What is kept of a paragraph's words.

    Attributes:
        digits: For each word one binary digit, the first of the SHA-256 of :func:`fold` of the word, which half of all
            words share.
        sha256: SHA-256 of :func:`fold` of the whole text: equal where the letters and digits are, in any typography.
    """

    digits: str
    sha256: str


def fold(text: str) -> str:
    """Return the letters and digits of the text after NFKC and case folding, without anything between them."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return "".join(filter(str.isalnum, folded))


def sketch_of(text: str) -> Sketch:
    """Return the sketch of a paragraph."""
    return Sketch(Words(text).digits, sha256_of(fold(text)))


def stand_off(paragraphs: Iterable[Paragraph]) -> Iterator[dict[str, object]]:
    """Yield the rows of a stand-off file: ids, offsets, hashes and sketches of paragraphs, without their text.

    The packaged one is made by ``write_rows(path, stand_off(segment_file(article)))`` over the articles by name.

    Raises:
        InputError: For a paragraph without text.
    """
    for paragraph in paragraphs:
        if not paragraph.text:
            raise InputError("a paragraph without text has no sketch", where=paragraph.id, remedy="Hydrate it first")
        sketch = sketch_of(paragraph.text)
        yield {**paragraph_row(paragraph, text=False), "words_sha256": sketch.sha256, "sketch": sketch.digits}


def read_sketches(path: str | Path) -> dict[str, Sketch]:
    """Return the sketches of a stand-off file by paragraph id; rows without one are passed over.

    Raises:
        InputError: Where the file cannot be read, or a sketch is no row of binary digits.
    """
    return {str(row.value.get("id")): _sketch(row) for row in read_rows(path) if "sketch" in row.value}


def _sketch(row: Row) -> Sketch:
    digits, sha256 = str(row.value["sketch"]), str(row.value.get("words_sha256", ""))
    if not (_SKETCH.match(digits) and _SHA256.match(sha256)):
        raise InputError(
            "the sketch is none",
            where=row.where,
            expected="binary digits in 'sketch', 64 hexadecimal ones in 'words_sha256'",
            remedy="Make the file anew with iraqstance.dataset.sketch.stand_off",
        )
    return Sketch(digits, sha256)


@dataclass(frozen=True)
class Words:
    """The words of a text, their sketch, and where each stands.

    Attributes:
        text: The text.
    """

    text: str

    @cached_property
    def _read(self) -> list[tuple[tuple[int, int], str, int]]:
        found = ((word.span(), *_hashed(word[0])) for word in _WORD.finditer(self.text))
        return [word for word in found if word[1]]

    @cached_property
    def digits(self) -> str:
        """One digit a word."""
        return "".join(f"{bits >> (4 - BITS):x}" for _, _, bits in self._read)

    @cached_property
    def folded(self) -> Sequence[str]:
        """The letters and digits of each word."""
        return [folded for _, folded, _ in self._read]

    @cached_property
    def spans(self) -> Sequence[tuple[int, int]]:
        """First character and one past the last, of each word."""
        return [span for span, _, _ in self._read]


@lru_cache(maxsize=1 << 16)
def _hashed(word: str) -> tuple[str, int]:
    """Return the folded word and the first four bits of its SHA-256."""
    folded = fold(word)
    return folded, int(sha256_of(folded)[0], 16)

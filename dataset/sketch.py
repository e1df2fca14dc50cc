"""Sketches: what stand-off data tells of a paragraph's words, enough to align a copy and too little to rebuild them."""

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

__all__ = ["SEED", "Sketch", "Words", "fold", "read_sketches", "sketch_of", "stand_off"]

# What parts words beside white space: a copy may hold any of them for another.
_DASHES = "-‐‑‒–—―−"
_HYPHENS = "-‐\u00ad"
# A word that a hyphen divides at the end of a line is one word.
_WORD = re.compile(
    rf"(?:[^{re.escape(_DASHES)}\s\u00ad]|\u00ad(?!\s)|(?<=\w)[{re.escape(_HYPHENS)}][^\S\n]*\n\s*(?=[^\W\d_A-Z]))+"
)
#: So many words in a row agree by chance once in 65 536 places.
SEED = 4
_VALID = re.compile(r"[0-9a-f]*\Z")


@dataclass(frozen=True, slots=True)
class Sketch:
    """What is kept of a paragraph's words.

    Attributes:
        digits: For each word one hexadecimal digit, the first of the SHA-256 of :func:`fold` of the word: 4 bits, which
            thousands of words share.
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
        InputError: Where the file cannot be read, or a sketch is no row of hexadecimal digits.
    """
    return {str(row.value.get("id")): _sketch(row) for row in read_rows(path) if "sketch" in row.value}


def _sketch(row: Row) -> Sketch:
    digits, sha256 = str(row.value["sketch"]), str(row.value.get("words_sha256", ""))
    if not (_VALID.match(digits) and _VALID.match(sha256) and len(sha256) == 64):
        raise InputError(
            "the sketch is none",
            where=row.where,
            expected="hexadecimal digits in 'sketch', 64 of them in 'words_sha256'",
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
    def _read(self) -> tuple[str, list[tuple[int, int]]]:
        digits: list[str] = []
        spans: list[tuple[int, int]] = []
        for found in _WORD.finditer(self.text):
            digit = _digit(found[0])
            if digit:
                digits.append(digit)
                spans.append(found.span())
        return "".join(digits), spans

    @property
    def digits(self) -> str:
        """One hexadecimal digit a word."""
        return self._read[0]

    @property
    def spans(self) -> Sequence[tuple[int, int]]:
        """First character and one past the last, of each word."""
        return self._read[1]

    @cached_property
    def _seeds(self) -> dict[str, list[int]]:
        places: dict[str, list[int]] = {}
        digits = self.digits
        for start in range(len(digits) - SEED + 1):
            places.setdefault(digits[start : start + SEED], []).append(start)
        return places

    def seeds(self, digits: str) -> list[tuple[int, int]]:
        """Return where runs of four words agree with another sketch: place here and place there, in order."""
        found = [
            (here, there)
            for there in range(len(digits) - SEED + 1)
            for here in self._seeds.get(digits[there : there + SEED], ())
        ]
        return sorted(found)


@lru_cache(maxsize=1 << 16)
def _digit(word: str) -> str:
    folded = fold(word)
    return sha256_of(folded)[0] if folded else ""

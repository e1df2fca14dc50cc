"""What scorers must know of each character: its small letter, and whether it is white space or part of a word."""

import re
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["SPACE", "SPECIAL", "WORD", "Letters", "letters"]

#: Bits of a character's kind: white space; part of a word; to be looked at by Python, see :class:`Letters`.
SPACE, WORD, SPECIAL = 1, 2, 4

_ALL = 0x110000


class Letters(NamedTuple):
    """Tables over all code points.

    Attributes:
        small: Code point of the small letter, of shape (0x110000,).
        kinds: Bits of the character's kind, of shape (0x110000,). ``SPECIAL`` are those whose small letter depends on
            their neighbours or is more than one character, and the sign that hashtags begin with.
    """

    small: NDArray[np.uint32]
    kinds: NDArray[np.uint8]


@cache
def letters(*, lowercase: bool = True) -> Letters:
    """Return the tables of this Python's Unicode version.

    Args:
        lowercase: Whether a character counts as its small letter.
    """
    small: NDArray[np.uint32] = np.arange(_ALL, dtype=np.uint32)
    every = small.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")
    kinds = np.zeros(_ALL, dtype=np.uint8)
    for pattern, kind in ((r"\s+", SPACE), (r"\w+", WORD)):
        for found in re.finditer(pattern, every):
            kinds[found.start() : found.end()] |= kind
    if lowercase:
        # The one character whose small letter is two, and the one whose small letter depends on its neighbours.
        kinds[[ord("İ"), ord("Σ")]] |= SPECIAL
        lowered = every.replace("İ", "i").lower()
        small = np.frombuffer(lowered.encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint32)
    kinds[ord("#")] |= SPECIAL
    return Letters(small, kinds)

"""Scores as text: what JSON writes for a number of millionths, looked up."""

from functools import cache
from typing import Any

import numpy as np
from iraqstance.training.labelling.findings import MILLION
from numpy.typing import NDArray

__all__ = ["score_strings", "score_texts"]

_TINY = 100  # millionths, below which a number is written with an exponent


@cache
def _table() -> NDArray[np.bytes_]:
    """Return the text of every number of millionths from 0 to 1, of eight bytes at most, of shape (1000001,)."""
    digits = np.full((MILLION + 1, 8), ord("0"), dtype=np.uint8)
    digits[:, 1] = ord(".")
    three = np.array([[ord(digit) for digit in f"{number:03}"] for number in range(1000)], dtype=np.uint8)
    blocks = digits[:MILLION].reshape(1000, 1000, 8)
    blocks[:, :, 2:5], blocks[:, :, 5:8] = three[:, None], three[None]
    trailing = np.ones(MILLION + 1, dtype=bool)
    for place in range(7, 2, -1):  # one digit stays
        trailing &= digits[:, place] == ord("0")
        digits[trailing, place] = 0
    found: NDArray[np.bytes_] = digits.view("S8").ravel()
    for number in (*range(_TINY), MILLION):
        found[number] = repr(number / MILLION).encode("ascii")
    return found


def score_texts(millionths: NDArray[np.int64]) -> Any:
    """Return each column of scores as a list of the bytes that ``json.dumps`` makes of the rounded score.

    Args:
        millionths: Scores in millionths, of shape (texts, labels).
    """
    return _table()[millionths.T].tolist()


def score_strings(millionths: NDArray[np.int64]) -> Any:
    """Return each column of scores as a list of the text that ``json.dumps`` makes of the rounded score.

    Args:
        millionths: Scores in millionths, of shape (texts, labels).
    """
    return _table()[millionths.T].astype("U8").tolist()

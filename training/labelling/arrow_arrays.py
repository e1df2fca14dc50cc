"""Arrow arrays made of buffers.

``pyarrow.array`` imports pandas where that is installed, and ``take`` and ``cast`` import ``pyarrow.compute``: together
50 MB of resident memory, for what a few lines of NumPy do here.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from iraqstance.annotation.errors import InputError
from numpy.typing import NDArray

__all__ = ["lists_of", "numbers_of", "picked", "resolved", "several_of", "text_buffers", "texts_of", "without_nulls"]

Mask = NDArray[np.bool_]

_MOST = (1 << 31) - 1  # bytes that an Arrow array of texts holds


def _bitmap(without: Mask | None) -> Any:
    """Return the buffer that tells which values are there, or ``None`` for all."""
    if without is None or not without.any():
        return None
    return pa.py_buffer(np.packbits(~without, bitorder="little"))


def _offsets(lengths: Any) -> Any:
    ends = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=ends[1:])
    if ends[-1] > _MOST:
        got = f"{len(lengths)} values of {ends[-1]:,} bytes"
        raise InputError("a few rows together take too much room", expected=f"at most {_MOST:,} bytes", got=got)
    return ends.astype(np.int32)


def texts_of(values: Sequence[str | None]) -> Any:
    """Return an array of texts."""
    parts = [b"" if value is None else value.encode() for value in values]
    without = np.array([value is None for value in values], dtype=bool)
    return _texts(_offsets([len(part) for part in parts]), b"".join(parts), without)


def _texts(offsets: Any, data: bytes, without: Mask | None) -> Any:
    buffers = [_bitmap(without), pa.py_buffer(offsets), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.string(), len(offsets) - 1, buffers)


def numbers_of(values: NDArray[np.float64], without: Mask | None) -> Any:
    """Return an array of doubles.

    Args:
        values: The numbers, of shape (rows,), one behind the other in memory.
        without: Which rows have none.
    """
    return pa.Array.from_buffers(pa.float64(), len(values), [_bitmap(without), pa.py_buffer(values)])


def picked(names: Sequence[str], numbers: NDArray[np.int64]) -> Any:
    """Return an array of names by their numbers; nothing for those below 0."""
    parts = [*(name.encode() for name in names), b""]
    chosen = [parts[number] for number in numbers.tolist()]
    lengths = np.array([len(part) for part in parts])[numbers]
    return _texts(_offsets(lengths), b"".join(chosen), numbers < 0)


def several_of(names: Sequence[str], chosen: Mask, without: Mask | None) -> Any:
    """Return an array of lists of names.

    Args:
        names: The names.
        chosen: Which of them each row has, of shape (rows, names).
        without: Which rows have no list.
    """
    rows, numbers = np.nonzero(chosen if without is None else chosen & ~without[:, None])
    lengths = np.bincount(rows, minlength=len(chosen))
    return _lists(lengths, picked(names, numbers), without)


def lists_of(values: Sequence[Sequence[str] | None]) -> Any:
    """Return an array of lists of texts."""
    every = [text for value in values for text in value or ()]
    without = np.array([value is None for value in values], dtype=bool)
    return _lists([len(value or ()) for value in values], texts_of(every), without)


def _lists(lengths: Any, texts: Any, without: Mask | None) -> Any:
    buffers = [_bitmap(without), pa.py_buffer(_offsets(lengths))]
    return pa.Array.from_buffers(pa.list_(pa.string()), len(lengths), buffers, children=[texts])


def text_buffers(texts: Any) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the bytes of an array of texts, and where each begins and the last ends, of shape (texts + 1,)."""
    _, places, data = texts.buffers()
    width = np.int64 if pa.types.is_large_string(texts.type) else np.int32
    if places is None or not len(texts):
        return np.zeros(0, dtype=np.uint8), np.zeros(1, dtype=np.int64)
    offsets = np.frombuffer(places, dtype=width)[texts.offset : texts.offset + len(texts) + 1]
    held = np.zeros(0, dtype=np.uint8) if data is None else np.frombuffer(data, dtype=np.uint8)
    return held, offsets.astype(np.int64)


def resolved(column: Any) -> Any:
    """Return an array without a dictionary: each of its values in its place."""
    if not pa.types.is_dictionary(column.type):
        return column
    values, indices = column.dictionary, column.indices
    if values.type not in (pa.string(), pa.large_string()) or values.null_count or not len(values):
        return column.dictionary_decode()
    held = np.frombuffer(indices.buffers()[1], dtype=str(indices.type))
    numbers = held[indices.offset : indices.offset + len(indices)].astype(np.int64)
    without = np.asarray([not index.is_valid for index in indices]) if indices.null_count else None
    data, offsets = text_buffers(values)
    ends = offsets.tolist()
    parts = [data[first:last].tobytes() for first, last in pairwise(ends)]
    chosen = [*parts, b""]
    if without is not None:
        numbers = np.where(without, len(parts), numbers)
    lengths = np.array([len(part) for part in chosen])[numbers]
    return _texts(_offsets(lengths), b"".join([chosen[number] for number in numbers.tolist()]), without)


def without_nulls(texts: Any) -> Any:
    """Return texts as an array of the type string, an empty one for each that is missing."""
    if texts.null_count == 0 and texts.type == pa.string():
        return texts
    data, offsets = text_buffers(texts)
    first, last = int(offsets[0]), int(offsets[-1])
    # What is missing takes no bytes: so Parquet and dictionaries are read.
    return _texts((offsets - first).astype(np.int32), data[first:last].tobytes(), None)

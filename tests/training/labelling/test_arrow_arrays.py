"""Arrays that are made of buffers are those that ``pyarrow.array`` makes."""

import subprocess
import sys
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from iraqstance.annotation.errors import InputError
from iraqstance.training.labelling.arrow_arrays import (
    lists_of,
    numbers_of,
    picked,
    resolved,
    several_of,
    text_buffers,
    texts_of,
    without_nulls,
)

TEXTS = st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"])))


@given(TEXTS)
def test_texts(values: list[str | None]) -> None:
    made = texts_of(values)
    made.validate(full=True)
    assert made.equals(pa.array(values, pa.string()))


@given(st.lists(st.none() | st.lists(st.text(st.characters(exclude_categories=["Cs"])))))
def test_lists(values: list[list[str] | None]) -> None:
    made = lists_of(values)
    made.validate(full=True)
    assert made.equals(pa.array(values, pa.list_(pa.string())))


@given(st.lists(st.none() | st.floats(0, 1)))
def test_numbers(values: list[float | None]) -> None:
    given_values = np.array([0.0 if value is None else value for value in values], dtype=np.float64)
    made = numbers_of(given_values, np.array([value is None for value in values], dtype=bool))
    made.validate(full=True)
    assert made.equals(pa.array(values, pa.float64()))


@given(st.lists(st.integers(-1, 2)))
def test_names_by_number(numbers: list[int]) -> None:
    names = ("con", "", "ключ")
    made = picked(names, np.array(numbers, dtype=np.int64))
    made.validate(full=True)
    assert made.equals(pa.array([None if number < 0 else names[number] for number in numbers], pa.string()))


@given(st.lists(st.none() | st.lists(st.booleans(), min_size=2, max_size=2), min_size=1))
def test_several_names(rows: list[list[bool] | None]) -> None:
    chosen = np.array([row or [True, True] for row in rows])
    made = several_of(("tea", "milk"), chosen, np.array([row is None for row in rows]))
    made.validate(full=True)
    expected = [
        None if row is None else [n for n, one in zip(("tea", "milk"), row, strict=True) if one] for row in rows
    ]
    assert made.equals(pa.array(expected, pa.list_(pa.string())))


@given(TEXTS, st.integers(0, 3), st.sampled_from([pa.string(), pa.large_string()]))
def test_what_is_missing_becomes_empty(values: list[str | None], first: int, kind: pa.DataType) -> None:
    made = without_nulls(pa.array(values, kind).slice(first))
    made.validate(full=True)
    assert made.to_pylist() == [value or "" for value in values[first:]]
    data, offsets = text_buffers(made)
    texts = [bytes(data[start:end]).decode() for start, end in pairwise(offsets)]
    assert texts == made.to_pylist()


def test_neither_pandas_nor_arrows_functions_are_imported() -> None:
    """They take 50 MB of memory, where they are installed."""
    code = (
        "import sys, numpy as np; from iraqstance.training.labelling.arrow_arrays import *; import pyarrow.parquet\n"
        "texts_of(['a', None]), lists_of([['a'], None]), picked(['a'], np.array([0, -1]))\n"
        "several_of(['a'], np.array([[True]]), None), without_nulls(texts_of(['a', None]))\n"
        "numbers = pyarrow.Array.from_buffers(pyarrow.int32(), 1, [None, pyarrow.py_buffer(np.zeros(1, np.int32))])\n"
        "resolved(pyarrow.DictionaryArray.from_arrays(numbers, texts_of(['a']))), numbers_of(np.zeros(1), None)\n"
        "print(*{'pandas', 'pyarrow.compute', 'datasets'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == ""


@given(TEXTS, st.sampled_from([pa.string(), pa.large_string()]), st.integers(0, 3))
def test_a_dictionary(values: list[str | None], kind: Any, skipped: int) -> None:
    given_array = pa.array(values, kind).dictionary_encode().slice(skipped)
    made = resolved(given_array)
    made.validate(full=True)
    assert made.to_pylist() == values[skipped:]


def test_what_is_no_dictionary_of_texts() -> None:
    for column in (pa.array([1, None]), pa.array([1.5, None, 1.5]).dictionary_encode(), pa.nulls(2)):
        assert resolved(column).to_pylist() == column.to_pylist()


def test_a_dictionary_whose_values_would_take_more_than_an_array_holds() -> None:
    numbers = pa.array([0] * 33, pa.int32())
    column = pa.DictionaryArray.from_arrays(numbers, pa.array(["x" * (1 << 26)]))
    with pytest.raises(InputError, match=r"too much room .*got 33 values of 2,214,592,512 bytes"):
        resolved(column)

"""A Parquet file in small batches: bounded by what its texts take, whole where one of them is damaged."""

from collections.abc import Callable
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from iraqstance.annotation.errors import InputError
from iraqstance.training.labelling.parquet_rows import Unheld
from iraqstance.training.labelling.text_rows import TextRow
from iraqstance.training.labelling.texts import read_texts

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

WRONG = "the column 'beside' is not UTF-8."
COUNT = 100


def broken(values: list[bytes]) -> Any:
    """Return an array of texts, whatever bytes they hold."""
    return pa.Array.from_buffers(pa.string(), len(values), pa.array(values).buffers())


WORDS = broken([b"sugar", b"caf\xe9"] * COUNT)
PAIRS = pa.array(range(0, 2 * COUNT + 1, 2), pa.int32())


def with_lists() -> Any:
    return pa.ListArray.from_arrays(PAIRS, WORDS)


def with_structs() -> Any:
    return pa.StructArray.from_arrays([with_lists(), broken([b"caf\xe9"] * COUNT)], ["likes", "place"])


def with_maps() -> Any:
    return pa.MapArray.from_arrays(PAIRS, pa.array(["a", "b"] * COUNT), WORDS)


def with_dictionaries() -> Any:
    numbers = pa.array([0, 1] * COUNT, pa.int32())
    return pa.ListArray.from_arrays(PAIRS, pa.DictionaryArray.from_arrays(numbers, broken([b"sugar", b"caf\xe9"])))


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (with_dictionaries, ["sugar", "caf�"]),
        (with_lists, ["sugar", "caf�"]),
        (with_structs, {"likes": ["sugar", "caf�"], "place": "caf�"}),
        (with_maps, [("a", "sugar"), ("b", "caf�")]),
    ],
)
def test_a_bad_byte_within_a_column_is_its_rows_alone(
    tmp_path: Path, make: Callable[[], Any], expected: object
) -> None:
    path = tmp_path / "in.parquet"
    whole = make()
    empty = pa.nulls(COUNT, whole.type)
    column = pa.concat_arrays([empty.slice(0, 2), whole.slice(0, 1), empty.slice(3)])
    pq.write_table(pa.table({"text": ["Tea"] * COUNT, "beside": column}), path)
    rows = list(read_texts(str(path)))
    assert [row.error for row in rows] == ["", "", WRONG, *[""] * (COUNT - 3)]
    assert rows[2] == TextRow("Tea", None, {"beside": expected}, f"{path}: row 3", WRONG)


def test_a_damaged_page_is_named_and_what_is_before_it_read(tmp_path: Path) -> None:
    path = tmp_path / "in.parquet"
    texts = [f"Tea {number}" for number in range(384)]
    pq.write_table(pa.table({"text": texts}), path, row_group_size=128)
    content = bytearray(path.read_bytes())
    chunk = pq.ParquetFile(path).metadata.row_group(1).column(0)
    content[chunk.data_page_offset : chunk.data_page_offset + 40] = b"\xaa" * 40
    path.write_bytes(content)
    rows = read_texts(str(path))
    assert [row.text for row in islice(rows, 128)] == texts[:128]
    with pytest.raises(InputError, match=r"in\.parquet: after row 128: the file is damaged"):
        next(rows)


def test_what_python_cannot_hold_is_told_in_words_and_kept_as_it_is(tmp_path: Path) -> None:
    far = pa.array([2**59, 0]).view(pa.timestamp("us"))
    twice = pa.StructArray.from_arrays([pa.array([1, 2]), pa.array([3, 4])], ["n", "n"])
    path = tmp_path / "in.parquet"
    pq.write_table(pa.table({"text": ["Tea", "Milk"], "when": far, "twice": twice}), path)
    first, second = read_texts(str(path))
    assert (first.error, second.error) == ("", "")
    assert first.others == {"when": "20237-04-25 10:45:03.423488", "twice": f"a value of the type {twice.type}"}
    assert second.others["when"] == datetime(1970, 1, 1)  # noqa: DTZ001 - the file names no zone
    held = first.others["when"]
    assert isinstance(held, Unheld)
    assert pa.array([held.scalar], far.type) == far.slice(0, 1)


def test_bytes_that_are_no_text_make_no_error(tmp_path: Path) -> None:
    path = tmp_path / "in.parquet"
    hashes = pa.array([b"\xff" * 4, b"\xfe" * 4], pa.binary(4))
    pq.write_table(pa.table({"text": [b"Tea", b"\xff"], "hash": hashes}), path)
    rows = list(read_texts(str(path)))
    assert [row.others["hash"] for row in rows] == hashes.to_pylist()
    assert [row.error for row in rows] == ["", "the text is not UTF-8."]
    assert [row.others for row in read_texts(str(path), others=False)] == [{}, {}]


def test_a_name_with_a_dot_is_another_column(tmp_path: Path) -> None:
    path = tmp_path / "in.parquet"
    pq.write_table(pa.table({"text.en": ["no"], "text": ["Tea"]}), path)
    assert [row.text for row in read_texts(str(path), others=False)] == ["Tea"]

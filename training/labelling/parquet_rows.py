"""A Parquet file in batches that are bounded in rows and in bytes, and its rows."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from iraqstance.annotation.errors import InputError, from_extra
from iraqstance.training.labelling.text_rows import NOT_UTF8, Record, distinct_names, record_of

__all__ = ["opened_parquet", "parquet_batches", "parquet_names", "parquet_records", "text_kind"]

# Bytes of a column at a time: without it a whole row group is read.
_BUFFER = 1 << 20
# How long a text is shows once it is read: a million rows of eight texts may be a small file. Reading few rows at a
# time costs nothing measurable.
_ROWS = 32
_TEXT_TYPES = ("string", "large_string", "string_view", "binary", "large_binary", "binary_view", "null")


@contextmanager
def opened_parquet(path: str) -> Iterator[Any]:
    """Open a Parquet file, of which no more is read at a time than is asked for.

    Raises:
        InputError: Where there is none that can be read.
        MissingExtraError: Without the extra ``dataset``.
    """
    with from_extra("dataset"):
        import pyarrow as pa
        import pyarrow.parquet as pq
    if not Path(path).is_file():
        raise InputError("the file cannot be read", where=path, got="no such file", remedy="Check the path")
    try:
        file = pq.ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False)
    except (OSError, pa.ArrowException) as error:
        raise InputError("this is no Parquet file that can be read", where=path, got=str(error)[:100]) from None
    with file:
        yield file


def parquet_batches(file: Any, path: str, start: int = 0) -> Iterator[tuple[int, Any]]:
    """Yield small Arrow batches of a file, dictionaries resolved, each with how many rows come before it.

    Args:
        file: The opened file.
        path: Its path.
        start: How many rows to leave out; of whole row groups among them nothing is read.

    Raises:
        InputError: Where what is read next is damaged.
    """
    import pyarrow as pa

    sizes = [file.metadata.row_group(number).num_rows for number in range(file.metadata.num_row_groups)]
    before, group = 0, 0
    while group < len(sizes) and before + sizes[group] <= start:
        before, group = before + sizes[group], group + 1
    left = range(group, len(sizes))
    batches = file.iter_batches(batch_size=_ROWS, row_groups=left, use_threads=False) if left else iter(())
    while True:
        try:
            batch = next(batches, None)
        except (OSError, pa.ArrowException) as error:
            where, remedy = f"{path}: behind row {before}", "Write the file again, or take a whole copy of it"
            raise InputError("the file is damaged", where=where, got=str(error)[:100], remedy=remedy) from None
        if batch is None:
            return
        skipped = min(len(batch), max(0, start - before))
        if skipped < len(batch):
            yield before + skipped, _resolved(batch.slice(skipped))
        before += len(batch)


def _resolved(batch: Any) -> Any:
    import pyarrow as pa
    from iraqstance.training.labelling.arrow_arrays import resolved

    if not any(map(pa.types.is_dictionary, batch.schema.types)):
        return batch
    return pa.RecordBatch.from_arrays([*map(resolved, batch.columns)], names=batch.schema.names)


def parquet_names(file: Any, path: str, columns: tuple[str, str | None]) -> list[str]:
    """Return the names of a Parquet file's columns, a repeated one with its number.

    Args:
        file: The opened file.
        path: Its path.
        columns: The column of the texts, and that of the targets if there is one.

    Raises:
        InputError: Where one of these is not there once, or the first holds no text.
    """
    names = distinct_names(file.schema_arrow.names, path, columns)
    kind = text_kind(file.schema_arrow.types[names.index(columns[0])])
    if kind not in _TEXT_TYPES:
        raise InputError(
            f"the column {columns[0]!r} holds no text",
            where=path,
            got=kind,
            remedy="Name it with --text-column",
        )
    return names


def text_kind(kind: Any) -> str:
    """Return the name of an Arrow type, or of what a dictionary holds."""
    import pyarrow as pa

    return str(kind.value_type if pa.types.is_dictionary(kind) else kind)


def parquet_records(batch: Any, names: Sequence[str], path: str, before: int) -> Iterator[Record]:
    """Yield the rows of an Arrow batch; one with a text that is no UTF-8, however deep, has an error.

    Args:
        batch: The batch.
        names: Of its columns.
        path: The file that it is from.
        before: How many rows of the file come before it.
    """
    damaged: set[int] = set()
    columns = [_values(column, damaged) for column in batch.columns]
    for number, values in enumerate(zip(*columns, strict=True)):
        record = record_of(f"{path}: row {before + number + 1}", names, values)
        yield record._replace(error=f"{NOT_UTF8}.") if number in damaged else record


def _values(column: Any, damaged: set[int]) -> list[object]:
    """Return a column's values, and add the rows that have a text which is no UTF-8 to the damaged ones."""
    try:
        whole: list[object] = column.to_pylist()
    except UnicodeDecodeError:
        pass
    else:
        return whole
    values: list[object] = []
    for row, scalar in enumerate(column):
        try:
            values.append(scalar.as_py())
        except UnicodeDecodeError:
            damaged.add(row)
            values.append(_repaired(scalar))
    return values


def _repaired(scalar: Any) -> Any:
    """Return an Arrow value, with a mark in place of each byte that is no UTF-8."""
    import pyarrow as pa

    try:
        return scalar.as_py()
    except UnicodeDecodeError:
        if isinstance(scalar, pa.MapScalar):
            return [tuple(map(_repaired, entry.values())) for entry in scalar.values]
        if isinstance(scalar, pa.ListScalar):
            return list(map(_repaired, scalar.values))
        if isinstance(scalar, pa.StructScalar):
            return {name: _repaired(value) for name, value in scalar.items()}
        return scalar.as_buffer().to_pybytes().decode("utf-8", "replace")

"""A Parquet file in batches that are bounded in rows and in bytes, and its rows."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from iraqstance.annotation.errors import InputError, from_extra
from iraqstance.training.labelling.text_rows import NOT_UTF8, Record, distinct_names

__all__ = ["Unheld", "opened_parquet", "parquet_batches", "parquet_names", "parquet_records", "text_kind"]

# Bytes of a column at a time: without it a whole row group is read.
_BUFFER = 1 << 20
# How long a text is shows once it is read: a million rows of eight long texts may be a small file. A table of many
# columns would take longer by fewer rows.
_ROWS = 128
_TEXT_TYPES = ("string", "large_string", "string_view", "binary", "large_binary", "binary_view", "null")

Columns = tuple[str, str | None]


class Unheld(str):
    """A value that Python cannot hold, such as a date of the year 30,000, as text; and as Arrow has it.

    Attributes:
        scalar: The Arrow scalar.
    """

    __slots__ = ("scalar",)

    scalar: Any


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
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError("this is no Parquet file that can be read", where=path, got=str(error)[:100]) from None
    with file:
        yield file


def parquet_batches(
    file: Any, path: str, start: int = 0, *, only: Sequence[str] | None = None
) -> Iterator[tuple[int, Any]]:
    """Yield small Arrow batches of a file, dictionaries resolved, each with how many rows come before it.

    Args:
        file: The opened file.
        path: Its path.
        start: How many rows to leave out; of whole row groups among them nothing is read.
        only: Names of the columns to read, each of which stands in the file once; ``None`` for all.

    Raises:
        InputError: Where what is read next is damaged, or of a kind that cannot be read.
    """
    import pyarrow as pa

    sizes = [file.metadata.row_group(number).num_rows for number in range(file.metadata.num_row_groups)]
    before, group = 0, 0
    while group < len(sizes) and before + sizes[group] <= start:
        before, group = before + sizes[group], group + 1
    left = range(group, len(sizes))
    options = {"batch_size": _ROWS, "row_groups": left, "columns": only, "use_threads": False}
    batches = file.iter_batches(**options) if left else iter(())
    while True:
        try:
            batch = next(batches, None)
        except NotImplementedError as error:
            raise InputError("the file cannot be read here", where=path, got=str(error)[:100]) from None
        except (OSError, pa.ArrowInvalid) as error:
            where, remedy = f"{path}: after row {before}", "Write the file again, or take a whole copy of it"
            raise InputError("the file is damaged", where=where, got=str(error)[:100], remedy=remedy) from None
        if batch is None:
            return
        skipped = min(len(batch), max(0, start - before))
        if skipped < len(batch):
            # A name also selects the columns within a column of that name, and those called so with a dot behind.
            chosen = batch if only is None else batch.select(list(only))
            yield before + skipped, _resolved(chosen.slice(skipped))
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


def parquet_records(batch: Any, names: Sequence[str], path: str, before: int, columns: Columns) -> Iterator[Record]:
    """Yield the rows of an Arrow batch; one with a text that is no UTF-8, however deep, has an error.

    Args:
        batch: The batch.
        names: Of its columns.
        path: The file that it is from.
        before: How many rows of the file come before it.
        columns: The column of the texts, and that of the targets if there is one: bytes there are text.
    """
    damaged: dict[int, str] = {}
    values: list[list[object]] = []
    for name, column in zip(names, batch.columns, strict=True):
        found, wrong = _values(column, as_text=name in columns)
        values.append(found)
        for row in wrong:
            damaged.setdefault(row, NOT_UTF8 if name == columns[0] else f"the column {name!r} is not UTF-8")
    for number in range(len(batch)):
        error = f"{damaged[number]}." if number in damaged else ""
        held = {name: column[number] for name, column in zip(names, values, strict=True)}
        yield Record(f"{path}: row {before + number + 1}", held, error)


def _values(column: Any, *, as_text: bool) -> tuple[list[object], set[int]]:
    """Return a column's values, and which of them have a text that is no UTF-8."""
    wrong: set[int] = set()
    try:
        whole: list[object] = column.to_pylist()
    except (OverflowError, ValueError):
        whole = [_held(scalar, row, wrong) for row, scalar in enumerate(column)]
    if as_text:
        whole = [_text(value, row, wrong) if isinstance(value, bytes) else value for row, value in enumerate(whole)]
    return whole, wrong


def _text(value: bytes, row: int, wrong: set[int]) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        wrong.add(row)
        return value.decode("utf-8", "replace")


def _held(scalar: Any, row: int, wrong: set[int]) -> Any:
    """Return an Arrow value as Python has it: with a mark in place of each byte that is no UTF-8."""
    import pyarrow as pa

    try:
        return scalar.as_py()
    except (OverflowError, ValueError):
        pass
    held = partial(_held, row=row, wrong=wrong)
    found: Any = Unheld(_words(scalar))
    found.scalar = scalar
    if isinstance(scalar, pa.DictionaryScalar):
        found = held(scalar.dictionary[scalar.index.as_py()])
    elif isinstance(scalar, pa.ExtensionScalar):
        found = held(scalar.value)
    elif isinstance(scalar, pa.MapScalar):
        found = [tuple(map(held, entry.values())) for entry in scalar.values]
    elif isinstance(scalar, (pa.ListScalar, pa.LargeListScalar, pa.FixedSizeListScalar)):
        found = [*map(held, scalar.values)]
    elif isinstance(scalar, pa.StructScalar) and len({field.name for field in scalar.type}) == len(scalar):
        found = {name: held(one) for name, one in scalar.items()}
    elif pa.types.is_string(scalar.type) or pa.types.is_large_string(scalar.type):
        found = _text(scalar.as_buffer().to_pybytes(), row, wrong)
    return found


def _words(scalar: Any) -> str:
    """Return an Arrow value that Python cannot hold in words, as far as Arrow has such."""
    import pyarrow as pa

    try:
        return str(scalar.cast(pa.string()).as_py())
    except (NotImplementedError, ValueError):
        return f"a value of the type {scalar.type}"

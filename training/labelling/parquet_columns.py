"""Label a Parquet file by its columns, from Arrow's buffers to Arrow's arrays, without a Python object for each row."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from iraqstance.training.flat.scorer import Scorer
from iraqstance.training.labelling.arrow_arrays import picked, text_buffers, without_nulls
from iraqstance.training.labelling.arrow_table import ArrowTable
from iraqstance.training.labelling.findings import Findings
from iraqstance.training.labelling.labeller import COMPILED_FROM, Labeller, ahead, rows_at_once
from iraqstance.training.labelling.parquet_rows import (
    opened_parquet,
    parquet_batches,
    parquet_names,
    parquet_records,
    text_kind,
)
from iraqstance.training.labelling.text_rows import LONGEST, TextRow, checked, read_as
from numpy.typing import NDArray

__all__ = ["goes_by_columns", "labelled_columns"]

_TEXTS = frozenset({"string", "large_string"})
# What becomes other values on the way through rows: it goes that way.
_AS_ROWS = frozenset({"binary", "large_binary", "binary_view", "string_view"})
_BATCH = 1 << 21  # bytes
_BESIDE = 4  # bytes behind the last text, see CompiledEngine
_NO_TEXT = "there is no text."

Columns = tuple[str, str | None]


class _Batch(NamedTuple):
    """Some rows of the file.

    Attributes:
        first: How many rows come before them.
        columns: Their columns by name, or ``None`` where they are to be labelled as rows.
        texts: The texts, or an empty array.
        blank: Which of them are no text, of shape (rows,).
        rows: The rows, where they are to be labelled so.
    """

    first: int
    columns: dict[str, Any] | None
    texts: Any
    blank: NDArray[np.bool_]
    rows: list[TextRow]


def goes_by_columns(path: str, columns: Columns, labeller: Labeller) -> bool:
    """Tell whether a Parquet file can be labelled so: rows are there, by a scorer, and columns of the usual types."""
    if not isinstance(labeller.classifier, Scorer) or labeller.terms is not None:
        return False
    with opened_parquet(path) as file:
        kinds = dict(zip(parquet_names(file, path, columns), map(text_kind, file.schema_arrow.types), strict=True))
        has_rows = file.metadata.num_rows > 0
    named = {kinds[name] for name in columns if name is not None}
    return has_rows and named <= _TEXTS and (not labeller.keep_columns or _AS_ROWS.isdisjoint(kinds.values()))


def labelled_columns(
    path: str, columns: Columns, labeller: Labeller, table: ArrowTable, before: int
) -> Iterator[bytes]:
    """Yield the rows of a Parquet file labelled, as Arrow streams.

    Args:
        path: The file.
        columns: The column of the texts, and that of the targets if there is one.
        labeller: The model, a scorer, and how it is asked.
        table: The table of the output.
        before: How many rows were labelled before.

    Raises:
        UsageError: Where neither a row nor the labeller names a target that the model needs.
    """
    with opened_parquet(path) as file:
        names = parquet_names(file, path, columns)
        only = None if labeller.keep_columns else list(filter(None, columns))
        if not table.columns:
            others = [name for name in names if name != columns[0]] if labeller.keep_columns else []
            table.columns = [*labeller.columns, *labeller.kept_names(others)]
        compiled = labeller.is_large or file.metadata.num_rows > COMPILED_FROM
        if compiled:
            labeller.finder.get_ready()  # it takes memory, which texts would add to
        run = _Run(path, columns, only or names, labeller, compiled=compiled)
        batches = (run.prepared(batch, first) for first, batch in _batches(file, path, before, labeller.jobs, only))
        for batch, findings in ahead(batches, run.found, labeller.jobs):
            if batch.columns is None:
                yield table.found(batch.rows, findings)
            else:
                yield run.streamed(batch, findings, table)


def _batches(file: Any, path: str, before: int, jobs: int, only: Sequence[str] | None) -> Iterator[tuple[int, Any]]:
    """Yield the batches from a row on, with how many rows come before each."""
    most, largest = rows_at_once(COMPILED_FROM, jobs), _BATCH * jobs
    parts: list[Any] = []
    rows = size = 0
    for first, part, added in _bounded(parquet_batches(file, path, before, only=only), largest):
        if parts and (rows + len(part) > most or size + added > largest):
            yield first - rows, _joined(parts)
            parts, rows, size = [], 0, 0
        parts.append(part)
        rows, size = rows + len(part), size + added
    if parts:
        yield file.metadata.num_rows - rows, _joined(parts)


def _bounded(batches: Iterator[tuple[int, Any]], largest: int) -> Iterator[tuple[int, Any, int]]:
    """Yield batches, those of long texts in parts, with how many rows come before each and how many bytes it takes."""
    for first, batch in batches:
        size = batch.nbytes
        rows = len(batch) if size <= largest else max(1, len(batch) * largest // size)
        for start in range(0, len(batch), rows):
            part = batch.slice(start, rows)
            yield first + start, part, size if len(part) == len(batch) else part.nbytes


def _joined(parts: Sequence[Any]) -> Any:
    columns = [pa.concat_arrays(columns) for columns in zip(*(part.columns for part in parts), strict=True)]
    return pa.RecordBatch.from_arrays(columns, names=parts[0].schema.names)


class _Run:
    """What stays the same from batch to batch."""

    def __init__(
        self, path: str, columns: Columns, names: Sequence[str], labeller: Labeller, *, compiled: bool
    ) -> None:
        self._path, self._text, self._target = path, *columns
        self._names, self._labeller, self._compiled = names, labeller, compiled

    def prepared(self, batch: Any, first: int) -> _Batch:
        """Return a batch by its columns; as rows, where one of them is odd in another way than to have no text."""
        try:
            batch.validate(full=True)
        except pa.ArrowInvalid:  # bytes that are no UTF-8
            return self._as_rows(batch, first)
        columns = dict(zip(self._names, batch.columns, strict=True))
        texts = without_nulls(columns[self._text])
        longest = np.diff(text_buffers(texts)[1]).max(initial=0)
        if longest > LONGEST or any(map(self._labeller.target_fault, self._targets_in(columns))):
            return self._as_rows(batch, first)
        return _Batch(first, columns, texts, _blank(texts), [])

    def _as_rows(self, batch: Any, first: int) -> _Batch:
        records = parquet_records(batch, self._names, self._path, first, (self._text, self._target))
        rows = [checked(read_as(record, self._text, self._target)) for record in records]
        known = self._labeller.with_known_targets(rows)
        return _Batch(first, None, None, np.zeros(len(rows), dtype=bool), known)

    def _targets_in(self, columns: dict[str, Any]) -> set[str]:
        return set() if self._target is None else {name or "" for name in columns[self._target].to_pylist()}

    def found(self, batch: _Batch) -> Findings:
        """Return what the model says of a batch: of every row, or of the rows without an error."""
        finder, own = self._labeller.finder, self._labeller.target
        if batch.columns is None:
            sound = [row for row in batch.rows if not row.error]
            targets = [row.target or own for row in sound]
            return finder.of_texts([row.text for row in sound], targets, compiled=self._compiled)
        texts = batch.texts
        named = [None] * len(texts) if self._target is None else batch.columns[self._target].to_pylist()
        targets = [name or own for name in named]
        data, offsets = _buffer(texts)
        return finder.of_buffer(data, offsets, lambda row: texts[row].as_py(), targets, compiled=self._compiled)

    def streamed(self, batch: _Batch, findings: Findings, table: ArrowTable) -> bytes:
        """Return a batch and what the model says of it as an Arrow stream."""
        blank, columns = batch.blank, batch.columns or {}
        for row in np.flatnonzero(blank).tolist():
            table.report(f"{self._path}: row {batch.first + row + 1}", _NO_TEXT)
        table.rows += len(blank)
        table.faults += int(blank.sum())
        has_blank = bool(blank.any())
        made = [batch.texts, *table.answers(findings, slice(None), blank if has_blank else None)]
        errors = picked([_NO_TEXT], np.where(blank, 0, -1))
        others = [column for name, column in columns.items() if name != self._text]
        return table.streamed([*made, errors, *(others if self._labeller.keep_columns else [])])


def _buffer(texts: Any) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the bytes of an array of texts, some room behind them, and where each begins."""
    data, offsets = text_buffers(texts)
    if len(data) < offsets[-1] + _BESIDE:
        data = np.concatenate([data[: offsets[-1]], np.zeros(_BESIDE, dtype=np.uint8)])
    return data, offsets


def _blank(texts: Any) -> NDArray[np.bool_]:
    """Tell which texts hold nothing but white space."""
    data, offsets = _buffer(texts)
    starts, is_empty = offsets[:-1], np.diff(offsets) == 0
    opening = data[np.minimum(starts, len(data) - 1)]
    found: NDArray[np.bool_] = is_empty
    # No printable character of ASCII is white space; what else a text begins with is for Python to judge.
    for row in np.flatnonzero(~is_empty & ((opening <= 0x20) | (opening >= 0x7F))).tolist():
        found[row] = texts[row].as_py().isspace()
    return found

"""Predictions as Parquet: kept as Arrow streams, which can follow each other in one file, until all are there."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from iraqstance.training.flat.scorer import Scorer
from iraqstance.training.labelling.arrow_arrays import lists_of, numbers_of, picked, several_of, text_buffers, texts_of
from iraqstance.training.labelling.findings import MILLION
from iraqstance.training.labelling.labeller import Labeller
from iraqstance.training.labelling.parquet_rows import Unheld
from iraqstance.training.labelling.prediction_rows import cell, original_name
from iraqstance.training.labelling.prediction_tables import Report, Table, sound_numbers
from iraqstance.training.labelling.resident import give_back_freed
from iraqstance.training.labelling.text_rows import TextRow

if TYPE_CHECKING:
    from iraqstance.training.labelling.findings import Findings
    from numpy.typing import NDArray

__all__ = ["ArrowTable"]

_ROW_GROUP = 10_000
_GROUP = 1 << 22  # bytes of text


class ArrowTable(Table):
    """One row a row; scores are doubles, topics lists.

    Args:
        labeller: The model and how it is asked.
        report: Called with the place and the error of each row that has one.
        types: Arrow types of the input's columns where it is Parquet too; what is kept has its type from there.
    """

    def __init__(self, labeller: Labeller, report: Report, types: Mapping[str, Any]) -> None:
        super().__init__(labeller, report)
        self._types = types

    @cached_property
    def schema(self) -> Any:
        """The Arrow schema of the columns."""
        own = {name: pa.string() for name in self.labeller.columns}
        own |= {name: pa.float64() for name in own if name.startswith(("stance_score_", "topic_score_"))}
        own |= {"topics": pa.list_(pa.string())} if "topics" in own else {}
        renamed = {name: self._types.get(name) or self._types.get(original_name(name)) for name in self.columns}
        return pa.schema([(name, own.get(name) or renamed[name] or pa.string()) for name in self.columns])

    def _bytes(self, rows: Sequence[Mapping[str, object]], *, is_first: bool) -> bytes:
        del is_first
        return self.streamed([self._column(field, [row[field.name] for row in rows]) for field in self.schema])

    def streamed(self, columns: Sequence[Any]) -> bytes:
        """Return columns, which are the schema's in order, as an Arrow stream."""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, self.schema) as stream:
            stream.write_batch(pa.RecordBatch.from_arrays(columns, schema=self.schema))
        content: bytes = sink.getvalue().to_pybytes()
        return content

    def _column(self, field: Any, values: Sequence[Any]) -> Any:
        if field.type == pa.string():
            is_own = field.name in self.labeller.columns
            return texts_of(values if is_own else [cell(value) for value in values])
        if field.name not in self.labeller.columns:
            held = [value.scalar if isinstance(value, Unheld) else value for value in values]
            return pa.array(held, type=field.type)
        if field.type == pa.float64():
            given = np.array([0.0 if value is None else value for value in values], dtype=np.float64)
            return numbers_of(given, np.array([value is None for value in values], dtype=bool))
        return lists_of(values)

    def _quick(self, rows: Sequence[TextRow], findings: "Findings", odd: Mapping[int, Mapping[str, object]]) -> bytes:
        sound, numbers = sound_numbers(rows, odd)
        columns = [texts_of([row.text for row in sound]), *self.answers(findings, numbers)]
        columns += [texts_of([None] * len(sound)), *self._others(sound)]
        if odd:
            added = [self._column(field, [row[field.name] for row in odd.values()]) for field in self.schema]
            columns = [_inserted(*parts, list(odd)) for parts in zip(columns, added, strict=True)]
        return self.streamed(columns)

    def _others(self, rows: Sequence[TextRow]) -> list[Any]:
        """Return the kept columns."""
        kept: list[list[object]] = [[None] * len(rows) for _ in self.kept]
        if kept:
            for number, row in enumerate(rows):
                for place, value in zip(self.places_of(row), row.others.values(), strict=True):
                    kept[place][number] = value
        return [self._column(self.schema.field(name), values) for name, values in zip(self.kept, kept, strict=True)]

    def answers(self, findings: "Findings", numbers: Any, without: "NDArray[np.bool_] | None" = None) -> list[Any]:
        """Return the labels and scores of the findings with these numbers, an array for each column.

        Args:
            findings: What the model says.
            numbers: Whose labels.
            without: Which of them have none, of shape (texts,).
        """
        columns = []
        if findings.stances:
            stance = findings.stance[numbers]
            columns.append(picked(findings.stances, stance if without is None else np.where(without, -1, stance)))
            columns += _scores(findings.stance_scores[numbers], without)
        if findings.topics:
            columns.append(several_of(findings.topics, findings.chosen[numbers], without))
            columns += _scores(findings.topic_scores[numbers], without)
        return columns

    def finish(self, rows: str, path: str) -> bool:
        """Make a Parquet file of the streams."""
        if isinstance(self.labeller.classifier, Scorer):
            self.labeller.classifier.model.give_back()
        give_back_freed()
        own = [name for name in self.schema.names if name in {"stance", "error"}]
        # Scores and texts hardly repeat: a dictionary of them costs time and saves nothing.
        own += [*self.kept, *(["topics.list.element"] if "topics" in self.labeller.columns else [])]
        with (
            pa.OSFile(rows) as source,
            pq.ParquetWriter(path, self.schema, use_dictionary=own) as table,
        ):
            for group in _groups(_batches(source)):
                whole = pa.Table.from_batches(group, self.schema).combine_chunks()
                group.clear()  # its memory is wanted for writing
                table.write_table(whole)
        return True


def _scores(millionths: Any, without: Any) -> list[Any]:
    every = np.ascontiguousarray(millionths.T) / MILLION
    return [numbers_of(column, without) for column in every]


def _inserted(column: Any, added: Any, places: Sequence[int]) -> Any:
    """Return a column with the values of another in these places of the whole, which are in order."""
    parts, first = [], 0
    for number, place in enumerate(places):
        parts += [column.slice(first, place - number - first), added.slice(number, 1)]
        first = place - number
    return pa.concat_arrays([*parts, column.slice(first)])


def _batches(source: Any) -> Iterator[Any]:
    """Yield the batches of Arrow streams that follow each other."""
    size = source.size()
    while source.tell() < size:
        with pa.ipc.open_stream(source) as stream:
            yield from stream


def _groups(batches: Iterator[Any]) -> Iterator[list[Any]]:
    """Yield the rows in groups, which do not depend on how the batches were cut."""
    group: list[Any] = []
    rows = size = 0
    for batch in batches:
        first = 0
        lengths = np.diff(text_buffers(batch.column("text"))[1])
        while first < len(batch):
            part = lengths[first : first + _ROW_GROUP - rows]
            count = 1 + next((n for n, sum_ in enumerate(accumulate(part, initial=size)) if sum_ >= _GROUP), len(part))
            count = min(count, len(part))
            group.append(batch.slice(first, count))
            rows, size, first = rows + count, size + int(part[:count].sum()), first + count
            if rows == _ROW_GROUP or size >= _GROUP:
                yield group
                group, rows, size = [], 0, 0
    if group:
        yield group

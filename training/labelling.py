"""Label many texts: what ``predict`` reads and writes, a thousand rows at a time, one output row for each input row."""

import csv
import io
import json
import math
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, time
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO, NamedTuple

from iraqstance.annotation.errors import InputError, UsageError, from_extra
from iraqstance.annotation.reading import article_files, open_binary
from iraqstance.annotation.records import Prediction
from iraqstance.annotation.segment import segment_file
from iraqstance.annotation.storage import encoded, is_whole, read_rows, replacing, write_json
from iraqstance.training.classifier import Classifier
from iraqstance.training.corpus import read_table
from iraqstance.training.explain import Explanation, explain

__all__ = [
    "LONGEST",
    "Labelled",
    "Labeller",
    "Run",
    "TextRow",
    "Written",
    "input_identity",
    "label_texts",
    "left_open",
    "output_row",
    "prediction_row",
    "read_texts",
    "write_labelled",
]

#: Characters of the longest text that is labelled: ten million would take gigabytes of memory.
LONGEST = 1_000_000

_CHUNK = 1000  # rows
_CHUNK_CHARACTERS = 2_000_000
_LOOKED_AT = 1000  # rows in which a column must appear once
_LONGEST_FIELD = 1 << 28
_ROW_GROUP = 50_000
_GROUP = 1 << 26  # bytes
_BOM = b"\xef\xbb\xbf"
_ENDINGS = (".jsonl", ".ndjson", ".csv", ".tsv", ".parquet")
_NOT_UTF8 = "the text is not UTF-8"
_NOTHING: Mapping[str, object] = MappingProxyType({})


class TextRow(NamedTuple):
    """One text to label.

    Attributes:
        text: The text.
        target: What its stance is about: empty where the row should say so and does not, ``None`` if none is asked for.
        others: The other columns of the row.
        where: Its place, such as ``posts.csv: line 3``.
        error: Why it cannot be labelled, or nothing.
    """

    text: str
    target: str | None = None
    others: Mapping[str, object] = _NOTHING
    where: str = ""
    error: str = ""


class Labelled(NamedTuple):
    """A row and what the model says of it; nothing where the row cannot be labelled."""

    row: TextRow
    prediction: Prediction | None


def read_texts(path: str, *, text_column: str = "text", target_column: str | None = None) -> Iterator[TextRow]:
    """Yield the texts of a file in order, at no time holding more than some of them.

    A ``.txt`` file, or each one of a folder, is an article and is cut into paragraphs; CSV, TSV, JSON lines, Parquet
    and dataset folders give one text a row. Standard input (``-``) is JSON lines where its first line begins with
    ``{``, and else one text a line. Blank lines are no rows. A row that cannot be read has an error.

    Raises:
        InputError: Where the file itself cannot be read, or none of its first thousand rows has a named column.
        UsageError: For another kind of file.
        MissingExtraError: For Parquet and dataset folders, without the extra ``dataset``.
    """
    ending, columns = Path(path).suffix.lower(), (text_column, target_column)
    if path == "-":
        yield from _standard_input(*columns)
    elif ending == ".txt" or _is_folder_of_articles(Path(path)):
        yield from _paragraphs(Path(path))
    elif ending in {".csv", ".tsv"}:
        yield from _text_rows(_delimited(path, "\t" if ending == ".tsv" else ",", columns), path, *columns)
    elif ending in {".jsonl", ".ndjson"}:
        with open_binary(path) as stream:
            yield from _text_rows(_json_lines(stream, path), path, *columns)
    elif ending == ".parquet" and not Path(path).is_dir():
        yield from _text_rows(_parquet(path, columns), path, *columns)
    else:
        records = (_Record(row.where, row.value) for row in read_table(path))
        yield from _text_rows(records, path, *columns)


class _Record(NamedTuple):
    """One row of a table before its text is looked for."""

    where: str
    value: Mapping[str, object]
    error: str = ""


def _is_folder_of_articles(path: Path) -> bool:
    """Tell whether a folder holds articles, and not a dataset with its card."""
    return path.is_dir() and any(path.glob("*.txt")) and not (path / "README.md").exists()


def _paragraphs(path: Path) -> Iterator[TextRow]:
    if not path.exists():
        raise InputError("the file cannot be read", where=str(path), got="no such file", remedy="Check the path")
    for file in article_files([path]):
        try:
            for part in segment_file(file):
                others = {"id": part.id, "start": part.start, "end": part.end}
                yield TextRow(part.text, None, others, f"{file}: paragraph {part.id}")
        except InputError as error:
            yield TextRow("", None, {"id": file.stem}, error.where or str(file), _sentence(error))


def _sentence(error: InputError) -> str:
    return error.message.removesuffix(".") + "."


def _standard_input(text_column: str, target_column: str | None) -> Iterator[TextRow]:
    with open_binary("-") as stream:
        lines = list(_opening(stream))
        if lines and lines[-1].removeprefix(_BOM).lstrip().startswith(b"{"):
            records = _json_lines(chain(lines, stream), "standard input")
            yield from _text_rows(records, "standard input", text_column, target_column)
            return
        for number, line in enumerate(chain(lines, stream), 1):
            record = _record(f"standard input: line {number}", ("text",), (line.removeprefix(_BOM).strip(),))
            if line.strip():
                yield TextRow(str(record.value["text"]), where=record.where, error=record.error)


def _opening(stream: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines up to and with the first that is not blank."""
    for line in stream:
        yield line
        if line.strip():
            return


def _json_lines(lines: Iterable[bytes], name: str) -> Iterator[_Record]:
    for number, line in enumerate(lines, 1):
        where = f"{name}: line {number}"
        try:
            yield from (_Record(where, row.value) for row in read_rows(name, lines=[line]))
        except InputError as error:
            yield _Record(where, {}, _sentence(error))


def _delimited(path: str, delimiter: str, columns: Sequence[str | None]) -> Iterator[_Record]:
    csv.field_size_limit(_LONGEST_FIELD)
    with open_binary(path) as stream:
        # Bytes that are no UTF-8 go through, and show in the row that they belong to.
        lines = (
            (line if number else line.removeprefix(_BOM)).decode("utf-8", "surrogateescape")
            for number, line in enumerate(stream)
        )
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        head = _head(reader, path, columns)
        while True:
            where = f"{path}: line {reader.line_num + 1}"
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                if "field limit" in str(error):  # the rest would be read from the middle of a field
                    raise InputError("a field has no end", where=where, remedy="Check the quotation marks") from None
                yield _Record(where, {}, f"the row is damaged: {error}. Check its quotation marks.")
                continue
            if len(fields) == len(head):
                yield _record(where, head, fields)
            elif fields:
                kept = dict(_record(where, head, fields[: len(head)]).value)
                yield _Record(where, kept, f"the row has {len(fields)} fields, the head {len(head)}.")


def _head(reader: Iterator[list[str]], path: str, columns: Sequence[str | None]) -> list[str]:
    try:
        names = next(reader, [])
    except csv.Error as error:
        raise InputError(f"the head is damaged: {error}", where=f"{path}: line 1") from None
    if not all(map(is_whole, names)):
        raise InputError(_NOT_UTF8, where=f"{path}: line 1", remedy="Save it as UTF-8")
    return _distinct(names, path, columns) if names else []


def _distinct(names: Sequence[str], path: str, columns: Sequence[str | None]) -> list[str]:
    """Return the names of a head, a repeated one with its number; those that are asked for must be there once."""
    for column in filter(None, columns):
        if names.count(column) != 1:
            what = "several columns are called" if column in names else "there is no column"
            raise InputError(
                f"{what} {column!r}",
                where=path,
                got=f"columns {', '.join(names)}",
                remedy="Name the column of the texts with --text-column" if column == columns[0] else "Check its name",
            )
    found: list[str] = []
    for name in names:
        free = (f"{name}.{number}" for number in range(2, len(names) + 2))
        found.append(next(one for one in chain([name], free) if one not in found and (one == name or one not in names)))
    return found


def _record(where: str, names: Sequence[str], values: Sequence[object]) -> _Record:
    """Return a row; bytes in it become text, as far as they are."""
    texts = [value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value for value in values]
    if all(is_whole(text) for text in texts if isinstance(text, str)):
        return _Record(where, dict(zip(names, texts, strict=False)))
    repaired = [_repaired(text) if isinstance(text, str) else text for text in texts]
    return _Record(where, dict(zip(names, repaired, strict=False)), f"{_NOT_UTF8}.")


def _repaired(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _parquet(path: str, columns: tuple[str, str | None]) -> Iterator[_Record]:
    with from_extra("dataset"):
        import pyarrow as pa
    with _parquet_file(path) as file:
        names = _distinct(file.schema_arrow.names, path, columns)
        kind = file.schema_arrow.types[names.index(columns[0])]
        kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        if str(kind) not in {"string", "large_string", "string_view", "binary", "large_binary", "binary_view", "null"}:
            raise InputError(
                f"the column {columns[0]!r} holds no text",
                where=path,
                got=str(kind),
                remedy="Name it with --text-column",
            )
        number = 0
        for batch in file.iter_batches(batch_size=_CHUNK):
            for values in zip(*map(_values, batch.columns), strict=True):
                number += 1
                yield _record(f"{path}: row {number}", names, values)


@contextmanager
def _parquet_file(path: str) -> Iterator[Any]:
    with from_extra("dataset"):
        import pyarrow as pa
        import pyarrow.parquet as pq
    if not Path(path).is_file():
        raise InputError("the file cannot be read", where=path, got="no such file", remedy="Check the path")
    try:
        with pq.ParquetFile(path) as file:
            yield file
    except (OSError, pa.ArrowException) as error:
        raise InputError("this is no Parquet file that can be read", where=path, got=str(error)[:100]) from None


def _values(column: Any) -> list[object]:
    """Return a column's values; its texts as bytes where one of them is no UTF-8."""
    import pyarrow as pa

    plain = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
    try:
        values: list[object] = plain.to_pylist()
    except UnicodeDecodeError:
        values = plain.cast(pa.large_binary()).to_pylist()
    return values


def _text_rows(records: Iterable[_Record], name: str, text_column: str, target_column: str | None) -> Iterator[TextRow]:
    rest = iter(records)
    opening: list[_Record] = []
    for record in rest:
        opening.append(record)
        if text_column in record.value or len(opening) == _LOOKED_AT:
            break
    columns = dict.fromkeys(column for record in opening for column in record.value)
    if columns and text_column not in columns:
        raise InputError(
            f"there is no column {text_column!r}",
            where=name,
            got=f"columns {', '.join(columns)}",
            remedy="Name the column of the texts with --text-column",
        )
    for record in chain(opening, rest):
        yield _text_row(record, text_column, target_column)


def _text_row(record: _Record, text_column: str, target_column: str | None) -> TextRow:
    text, error = record.value.get(text_column), record.error
    if not error and text is not None and not isinstance(text, str):
        error = f"{text_column!r} holds no text (got {type(text).__name__})."
    target = None if target_column is None else record.value.get(target_column)
    others = {column: value for column, value in record.value.items() if column != text_column}
    named = None if target_column is None else "" if target is None else str(target)
    return TextRow(text if isinstance(text, str) else "", named, others, record.where, error)


def left_open(prediction: Prediction, min_confidence: float) -> Prediction:
    """Return the prediction less the labels whose probability is below a bound; the scores stay.

    Args:
        prediction: What a classifier says.
        min_confidence: The bound, in [0, 1]. The stance becomes ``None`` where the most probable one stays below it;
            of the topics, those that reach it stay, perhaps none.

    Raises:
        UsageError: For another bound.
    """
    if not 0 <= min_confidence <= 1:
        raise UsageError("the least confidence is no probability", expected="0 to 1", got=str(min_confidence))
    stance, topics = prediction.stance, prediction.topics
    if prediction.stance_scores and max(prediction.stance_scores.values()) < min_confidence:
        stance = None
    if topics is not None and prediction.topic_scores is not None:
        topics = tuple(topic for topic in topics if prediction.topic_scores[topic] >= min_confidence)
    return replace(prediction, stance=stance, topics=topics)


@dataclass(frozen=True)
class Labeller:
    """A model and how it is asked.

    Attributes:
        classifier: The model.
        target: Whose stance to give where a row does not say so, for a model with several targets.
        min_confidence: See :func:`left_open`.
        terms: Terms for and against that an output row holds at most, or ``None`` for no explanation.
        keep_columns: Whether an output row holds the other columns of the input.
    """

    classifier: Classifier
    target: str | None = None
    min_confidence: float = 0.0
    terms: int | None = None
    keep_columns: bool = True

    def label(self, rows: Iterable[TextRow]) -> Iterator[list[Labelled]]:
        """Yield the rows in order with what the model says of them, up to a thousand at a time.

        Raises:
            UsageError: Where neither a row nor the labeller names a target that the model needs.
        """
        for read in _chunks(map(_checked, rows)):
            chunk = self._with_known_targets(read)
            found = iter(_predictions(self.classifier, [row for row in chunk if not row.error], self.target))
            yield [Labelled(row, None if row.error else left_open(next(found), self.min_confidence)) for row in chunk]

    def _with_known_targets(self, chunk: Sequence[TextRow]) -> list[TextRow]:
        """Return the rows, with an error in those that name a target of their own that the model does not hold."""
        faults: dict[str, str] = {}
        for name in {row.target for row in chunk if not row.error and row.target is not None}:
            try:
                self.classifier.predict([""], name or self.target)
            except UsageError as error:
                faults[name] = f"{error.what}: {name!r}." if name else "the row names no target."
        return [row._replace(error=row.error or faults.get(row.target or "", "")) for row in chunk]

    def explain(self, labelled: Labelled) -> Explanation | None:
        """Explain the most probable stance, or topic where the model holds no stance; ``None`` for an error's row."""
        prediction, model = labelled.prediction, self.classifier
        if prediction is None:
            return None
        if prediction.stance_scores:
            name = labelled.row.target or self.target
            pipeline = model.stance[next(iter(model.stance)) if name is None else name]
            return explain(pipeline, prediction.text, _most_probable(prediction.stance_scores))
        topic = _most_probable(prediction.topic_scores or {})
        column = model.topic_names.index(topic)
        return replace(explain(model.topics, prediction.text, column), label=topic)

    @cached_property
    def blank(self) -> dict[str, object]:
        """An output row of nothing, which has every score that the model gives."""
        return prediction_row(self.classifier.predict([""], next(iter(self.classifier.stance), None))[0])

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Columns of a table of output rows, less those that are kept from the input."""
        return (*_flat(self.blank), "error")


def _most_probable(scores: Mapping[str, float]) -> str:
    return max(scores, key=lambda name: scores[name])


def _checked(row: TextRow) -> TextRow:
    """Return the row, with an error where its text cannot be labelled."""
    if row.error:
        return row
    if not row.text.strip():
        return row._replace(error="there is no text.")
    if not is_whole(row.text):
        return row._replace(text=row.text.encode("utf-8", "replace").decode(), error=f"{_NOT_UTF8}.")
    if len(row.text) > LONGEST:
        fault = f"the text has {len(row.text):,} characters, more than {LONGEST:,}. Cut it into paragraphs."
        return row._replace(error=fault)
    return row


def _chunks(rows: Iterable[TextRow]) -> Iterator[list[TextRow]]:
    """Yield the rows in lists that are bounded in rows and in characters."""
    chunk: list[TextRow] = []
    characters = 0
    for row in rows:
        chunk.append(row)
        characters += len(row.text)
        if len(chunk) == _CHUNK or characters >= _CHUNK_CHARACTERS:
            yield chunk
            chunk, characters = [], 0
    if chunk:
        yield chunk


def label_texts(classifier: Classifier, texts: Iterable[TextRow], target: str | None = None) -> Iterator[Prediction]:
    """Yield one prediction for each text, whatever it holds, in order.

    Args:
        classifier: The model.
        texts: The texts; a row's own target goes before ``target``.
        target: Whose stance to give, for a model with several targets.
    """
    for chunk in _chunks(texts):
        yield from _predictions(classifier, chunk, target)


def _predictions(classifier: Classifier, chunk: Sequence[TextRow], target: str | None) -> list[Prediction]:
    predictions: dict[int, Prediction] = {}
    for name in dict.fromkeys(row.target or target for row in chunk):
        rows = [number for number, row in enumerate(chunk) if (row.target or target) == name]
        found = classifier.predict([chunk[number].text for number in rows], name)
        predictions |= dict(zip(rows, found, strict=True))
    return [predictions[number] for number in range(len(chunk))]


def prediction_row(prediction: Prediction) -> dict[str, object]:
    """Return the prediction as a JSON object, less what its model does not hold. Scores have six digits."""
    row: dict[str, object] = {"text": prediction.text}
    if prediction.stance_scores is not None:
        row |= {"stance": prediction.stance, "stance_scores": _rounded(prediction.stance_scores)}
    if prediction.topic_scores is not None:
        row |= {"topics": list(prediction.topics or ()), "topic_scores": _rounded(prediction.topic_scores)}
    return row


def _rounded(scores: Mapping[str, float]) -> dict[str, float]:
    return {name: round(score, 6) for name, score in scores.items()}


def output_row(labelled: Labelled, labeller: Labeller) -> dict[str, object]:
    """Return a row as a JSON object: the prediction, its explanation or the error, and the other columns.

    In a row with an error every label and score is ``None``. Another column that has one of our names gets ``input_``
    before its own.
    """
    if labelled.prediction is None:
        row = dict.fromkeys(labeller.blank) | {"text": labelled.row.text, "error": labelled.row.error}
    else:
        row = prediction_row(labelled.prediction)
        if labeller.terms is not None and (explanation := labeller.explain(labelled)):
            row["explanation"] = _explanation_row(explanation.strongest(labeller.terms))
    return row | (_kept(labelled.row.others, labeller) if labeller.keep_columns else {})


def _explanation_row(explanation: Explanation) -> dict[str, object]:
    """Return the explanation as a JSON object, unrounded: its parts sum to the score."""
    return {
        "label": explanation.label,
        "score": explanation.score,
        "intercept": explanation.intercept,
        "terms": [term._asdict() | {"contribution": term.contribution} for term in explanation.terms],
        "rest": explanation.rest,
    }


def _kept(others: Mapping[str, object], labeller: Labeller) -> dict[str, object]:
    """Return the other columns under names that are not ours."""
    taken = {*labeller.blank, *labeller.columns, "explanation"}
    kept: dict[str, object] = {}
    for name, value in others.items():
        free = name
        while free in taken or (free != name and free in others):
            free = f"input_{free}"
        kept[free] = value
    return kept


def _flat(row: Mapping[str, object]) -> dict[str, object]:
    """Return the row with a column for each score."""
    flat: dict[str, object] = {}
    for name, value in row.items():
        if name in {"stance_scores", "topic_scores"} and isinstance(value, dict):
            flat |= {f"{name.removesuffix('_scores')}_score_{label}": score for label, score in value.items()}
        else:
            flat[name] = value
    return flat


def _plain(value: object) -> object:
    """Return a value as JSON can hold it: what Parquet has beyond that becomes text, and what is no number nothing."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _cell(value: object) -> str | None:
    """Return a value as one field of a table: text as it is, anything else as JSON."""
    plain = _plain(value)
    return plain if plain is None or isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


class Written(NamedTuple):
    """What was written: how many rows, how many of them with an error, and how many an earlier run had written."""

    rows: int
    faults: int
    resumed: int = 0


Report = Callable[[str, str], None]


class Run(NamedTuple):
    """A run, as it is known again.

    Attributes:
        source: The file that the rows come from, where that is one.
        made_from: Facts that must be the same to go on. Without them nothing is left of a run that fails.
        resume: Whether to go on where a run that was interrupted stopped, if there is one.
    """

    source: str | None = None
    made_from: Mapping[str, object] | None = None
    resume: bool = False


def write_labelled(
    path: str,
    rows: Iterable[TextRow],
    labeller: Labeller,
    run: Run = Run(),  # noqa: B008 - it is frozen
    report: Report = lambda _where, _error: None,
) -> Written:
    """Label rows and write them as JSON lines, CSV, TSV or Parquet, by the ending of the name; ``-`` prints JSON lines.

    What is done so far is kept beside the file, in a folder ``.NAME.partial``, until all of it takes the file's place.

    In tables each score has a column of its own, ``error`` is always there, and the other columns are those of the
    first rows: what only a later row has is left out, and that row's ``error`` says so. Columns from Parquet keep their
    type in Parquet; all others are text there, with JSON for what was none. In CSV and TSV ``|`` divides topics.

    Args:
        path: The file.
        rows: The rows.
        labeller: The model and how it is asked.
        run: What the rows come from, and whether to go on.
        report: Called with the place and the error of each row that has one.

    Raises:
        UsageError: For another ending, for explanations in a table, and where the run to go on with was another one.
        InputError: Where the file cannot be written.
    """
    ending = Path(path).suffix.lower()
    if path != "-" and ending not in _ENDINGS:
        expected = f"a name ending in {', '.join(_ENDINGS[:-1])} or {_ENDINGS[-1]}"
        raise UsageError(f"{path}: predictions cannot be written so", expected=expected)
    table = _Table(labeller, ending if path != "-" else ".jsonl", _types(run.source, ending), report)
    if labeller.terms is not None and not table.is_json:
        raise UsageError(f"{path}: a table holds no explanations", expected="a name ending in .jsonl")
    target = Path(path)
    if path == "-" or (target.exists() and not target.is_file() and not target.is_dir()):
        with replacing(path) as stream:
            for chunk in labeller.label(rows):
                stream.flush()
                stream.buffer.write(table.encoded(chunk))
                stream.buffer.flush()
        return Written(table.rows, table.faults)
    if target.is_dir():
        raise InputError("the file cannot be written", where=path, got="a folder", remedy="Name a file")
    return _Partial(target, run.made_from).filled(rows, table, resume=run.resume)


def _types(source: str | None, ending: str) -> dict[str, Any]:
    """Return the Arrow types of a Parquet file's columns, where the output is Parquet too."""
    if ending != ".parquet" or Path(source or "").suffix.lower() != ".parquet" or Path(source or "").is_dir():
        return {}
    import pyarrow as pa

    with _parquet_file(str(source)) as file:
        schema = file.schema_arrow
        types = [kind.value_type if pa.types.is_dictionary(kind) else kind for kind in schema.types]
        return dict(zip(_distinct(schema.names, "", ()), types, strict=True))


class _Table:
    """Output rows as bytes, a chunk at a time, and how many there were."""

    def __init__(self, labeller: Labeller, ending: str, types: Mapping[str, Any], report: Report) -> None:
        self.labeller, self.ending, self.rows, self.faults = labeller, ending, 0, 0
        self.columns: list[str] = []
        self._types, self._report = types, report

    @property
    def is_json(self) -> bool:
        return self.ending in {".jsonl", ".ndjson"}

    def encoded(self, chunk: Sequence[Labelled]) -> bytes:
        """Return the rows; before the first, the head of a CSV or TSV file."""
        rows = [output_row(one, self.labeller) for one in chunk]
        is_first = not self.columns
        if not self.is_json:
            rows = self._fitted(rows)
        for one, row in zip(chunk, rows, strict=True):
            if row.get("error"):
                self.faults += 1
                self._report(one.row.where, str(row["error"]))
        self.rows += len(rows)
        if self.is_json:
            return "".join(encoded(_plain(row)) + "\n" for row in rows).encode()
        return self._arrow(rows) if self.ending == ".parquet" else self._delimited(rows, with_head=is_first)

    def _fitted(self, rows: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
        """Return the rows with the table's columns, which the first ones decide."""
        flat = [_flat(row) for row in rows]
        if not self.columns:
            others = dict.fromkeys(name for row in flat for name in row)
            self.columns = list(dict.fromkeys([*self.labeller.columns, *others]))
            # An error's row lacks single scores, but has the names of both groups.
            self.columns = [name for name in self.columns if name not in {"stance_scores", "topic_scores"}]
        for row in flat:
            late = [name for name in row if name not in self.columns and row[name] is not None]
            if late:
                row["error"] = f"left out, as no row at the beginning has them: columns {', '.join(late)}."
        return [{name: row.get(name) for name in self.columns} for row in flat]

    def _delimited(self, rows: Sequence[Mapping[str, object]], *, with_head: bool) -> bytes:
        text = io.StringIO()
        table = csv.writer(text, delimiter="\t" if self.ending == ".tsv" else ",")
        if with_head:
            table.writerow(self.columns)
        for row in rows:
            table.writerow([_joined(name, value) for name, value in row.items()])
        return text.getvalue().encode()

    @cached_property
    def schema(self) -> Any:
        """The Arrow schema of the columns."""
        import pyarrow as pa

        own = {name: pa.string() for name in self.labeller.columns}
        own |= {name: pa.float64() for name in own if name.startswith(("stance_score_", "topic_score_"))}
        own |= {"topics": pa.list_(pa.string())} if "topics" in own else {}
        renamed = {name: self._types.get(name) or self._types.get(_original(name)) for name in self.columns}
        return pa.schema([(name, own.get(name) or renamed[name] or pa.string()) for name in self.columns])

    def _arrow(self, rows: Sequence[Mapping[str, object]]) -> bytes:
        """Return the rows as an Arrow stream, which can follow another in one file."""
        import pyarrow as pa

        columns = []
        for field in self.schema:
            values = [row[field.name] for row in rows]
            is_kept = field.name not in self.labeller.columns and field.type == pa.string()
            columns.append(pa.array([_cell(value) for value in values] if is_kept else values, type=field.type))
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, self.schema) as stream:
            stream.write_table(pa.Table.from_arrays(columns, schema=self.schema))
        content: bytes = sink.getvalue().to_pybytes()
        return content


def _original(name: str) -> str:
    """Return the name that a renamed column had in the input."""
    while name.startswith("input_"):
        name = name.removeprefix("input_")
    return name


def _joined(name: str, value: object) -> str | None:
    return "|".join(value) if name == "topics" and isinstance(value, list) else _cell(value)


class _Partial:
    """The folder beside a file: ``rows`` is what is written so far, ``state.json`` how much of it is sure."""

    def __init__(self, target: Path, made_from: Mapping[str, object] | None) -> None:
        self._target = target
        self._folder = target.with_name(f".{target.name}.partial")
        self._rows, self._state = self._folder / "rows", self._folder / "state.json"
        self._made_from = None if made_from is None else json.loads(json.dumps(made_from))

    def filled(self, rows: Iterable[TextRow], table: _Table, *, resume: bool) -> Written:
        """Write the rows that are missing and put the file into its place."""
        done = self._restored(table) if resume else 0
        resumed = table.rows
        chunks = table.labeller.label(islice(rows, resumed, None))
        opening = list(islice(chunks, 1))  # a fault of the whole input shows before anything is made
        with self._reported(), self._opened() as stream:
            try:
                stream.truncate(done)
                self._write(stream, chain(opening or [[]], chunks), table)
                self._finish(table)
            except BaseException:
                if self._made_from is None:
                    shutil.rmtree(self._folder, ignore_errors=True)
                raise
        return Written(table.rows, table.faults, resumed)

    @contextmanager
    def _reported(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            remedy = "Check the folder and the room on the disk" + ("; then --resume" if self._made_from else "")
            raise InputError(
                "the file cannot be written", where=str(self._target), got=error.strerror or str(error), remedy=remedy
            ) from None

    def _restored(self, table: _Table) -> int:
        """Set the table to where an interrupted run stopped, and return how many bytes it had written."""
        try:
            state = json.loads(self._state.read_bytes())
            size = self._rows.stat().st_size
        except (OSError, ValueError):
            return 0
        for name, value in (self._made_from or {}).items():
            if state["made_from"].get(name) != value:
                raise UsageError(
                    f"{self._target}: the interrupted run had another {name}",
                    expected=json.dumps(state["made_from"].get(name), ensure_ascii=False),
                    got=json.dumps(value, ensure_ascii=False),
                    remedy="Repeat it as it was, or start again without --resume",
                )
        if size < state["bytes"]:
            return 0
        table.rows, table.faults, table.columns = state["rows"], state["faults"], state["columns"]
        return int(state["bytes"])

    @contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        self._folder.mkdir(exist_ok=True)
        with self._rows.open("ab") as stream:
            self._lock(stream)
            yield stream

    def _write(self, stream: BinaryIO, chunks: Iterable[Sequence[Labelled]], table: _Table) -> None:
        for chunk in chunks:
            if chunk or not table.rows:
                stream.write(table.encoded(chunk))
                stream.flush()
            self._keep(table, stream.tell())
        stream.close()

    def _lock(self, stream: BinaryIO) -> None:
        """Keep a second run from writing the same file, where the system has such locks."""
        try:
            import fcntl
        except ImportError:
            return
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(f"{self._target}: another run is writing this file", remedy="Wait for its end") from None

    def _keep(self, table: _Table, size: int) -> None:
        state = {"made_from": self._made_from, "rows": table.rows, "faults": table.faults, "bytes": size}
        write_json(self._state, state | {"columns": table.columns})

    def _finish(self, table: _Table) -> None:
        whole = self._rows
        if table.ending == ".parquet":
            whole = self._folder / "table"
            _write_parquet(self._rows, whole, table.schema)
        whole.replace(self._target)
        shutil.rmtree(self._folder, ignore_errors=True)


def _write_parquet(streams: Path, path: Path, schema: Any) -> None:
    """Write Arrow streams that follow each other in a file as one Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with streams.open("rb") as source, pq.ParquetWriter(path, schema) as table:
        batches: list[Any] = []
        while source.peek(1):
            with pa.ipc.open_stream(source) as stream:
                batches += list(stream)
            if sum(len(batch) for batch in batches) >= _ROW_GROUP or sum(batch.nbytes for batch in batches) > _GROUP:
                table.write_table(pa.Table.from_batches(batches, schema))
                batches = []
        if batches:
            table.write_table(pa.Table.from_batches(batches, schema))


def input_identity(path: str) -> dict[str, list[int]]:
    """Return size in bytes and time of change in nanoseconds of a file, or of each file in a folder, by its path."""
    root = Path(path).absolute()
    files = sorted(file for file in root.rglob("*") if file.is_file()) if root.is_dir() else [root]
    try:
        facts = [(str(file), file.stat()) for file in files]
    except OSError as error:
        raise InputError(
            "the file cannot be read", where=path, got=error.strerror or "", remedy="Check the path"
        ) from None
    return {name: [found.st_size, found.st_mtime_ns] for name, found in facts}

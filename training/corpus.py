"""Labelled texts from a file or a Hugging Face dataset folder, whatever its columns are called."""

import csv
import json
import re
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iraqstance.annotation.errors import InputError, IraqstanceWarning, UsageError
from iraqstance.annotation.normalise import sha256_of
from iraqstance.annotation.reading import open_binary
from iraqstance.annotation.storage import Row, read_rows
from iraqstance.dataset.load import load, load_folder, load_parquet
from iraqstance.training.dividers import refuse_other_dividers

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["Columns", "ContradictionWarning", "Corpus", "packaged_corpus", "read_corpus", "read_table"]

_DELIMITERS = re.compile(r"\s*[|;,]\s*")


class ContradictionWarning(IraqstanceWarning):
    """Rows of one text have different topics."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of the columns to read. ``None`` for a label column means: not in this data."""

    text: str = "text"
    stance: str | None = "stance"
    topics: str | None = "topics"
    group: str | None = "group"
    target: str | None = "target"
    id: str | None = "id"


@dataclass(frozen=True, slots=True)
class Corpus:
    """Labelled texts, one entry a row in every field that is not ``None``.

    Attributes:
        name: Where the texts come from.
        texts: The texts.
        stances: Stance of each text.
        topics: Topics of each text.
        groups: What must stay on one side of a split: an article, a story, an outlet.
        targets: What each stance is about.
        ids: Name of each text, such as its paragraph's id; empty where a row has none. No part of :attr:`sha256`.
    """

    name: str
    texts: tuple[str, ...]
    stances: tuple[str, ...] | None = None
    topics: tuple[tuple[str, ...], ...] | None = None
    groups: tuple[str, ...] | None = None
    targets: tuple[str, ...] | None = None
    ids: tuple[str, ...] | None = None

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def target_names(self) -> tuple[str, ...]:
        """The distinct targets in order of appearance; a single empty name where the data names none."""
        return tuple(dict.fromkeys(self.targets)) if self.targets else ("",)

    @property
    def sha256(self) -> str:
        """Hash of the rows in order, as a manifest records it."""
        fields = (self.texts, self.stances, self.topics, self.groups, self.targets)
        return sha256_of(json.dumps(fields, ensure_ascii=False))

    def take(self, rows: Iterable[int]) -> "Corpus":
        """Return the corpus of the given rows, in the given order."""
        chosen = list(rows)

        def pick(values: "Sequence[Any] | None") -> Any:
            return None if values is None else tuple(values[row] for row in chosen)

        return Corpus(
            self.name,
            pick(self.texts),
            pick(self.stances),
            pick(self.topics),
            pick(self.groups),
            pick(self.targets),
            pick(self.ids),
        )

    def joined(self, other: "Corpus") -> "Corpus":
        """Return both corpora's rows; a field that one of them lacks is lost."""

        def both(left: "tuple[Any, ...] | None", right: "tuple[Any, ...] | None") -> Any:
            return None if left is None or right is None else left + right

        return Corpus(
            self.name,
            self.texts + other.texts,
            both(self.stances, other.stances),
            both(self.topics, other.topics),
            both(self.groups, other.groups),
            both(self.targets, other.targets),
            both(self.ids, other.ids),
        )

    def for_target(self, target: str) -> "Corpus":
        """Return the rows about one target."""
        if self.targets is None:
            return self
        return self.take(row for row, name in enumerate(self.targets) if name == target)

    def distinct(self) -> "Corpus":
        """Return one row for each text: with several targets a text stands once for each."""
        first: dict[str, int] = {}
        for row, text in enumerate(self.texts):
            first.setdefault(text, row)
        return self.take(first.values())


def read_corpus(
    path: str | Path, columns: Columns | None = None, *, every_split: bool = False, held_out: bool = False
) -> Corpus:
    """Read labelled texts.

    Rows without text, and rows that lack a label of a column that others have, are an error: a benchmark should not
    shrink unseen.

    Args:
        path: CSV, TSV, JSON lines or Parquet, or a Hugging Face dataset folder (its split ``train``, or its only one).
        columns: What the columns are called. Without it the usual names; stance, topics, group, target and
            id may be absent then, but not both stance and topics.
        every_split: Whether all splits of a folder are read; otherwise ``train``, or the first one.
        held_out: Whether the split ``test`` of a folder is read, where there is one.

    Raises:
        InputError: Where the data cannot be read, is empty, or lacks a column or a value.
        MissingExtraError: For Parquet and folders, without the extra ``dataset``.
    """
    return _corpus(list(read_table(path, every_split=every_split, held_out=held_out)), path, columns)


def packaged_corpus(*splits: str) -> Corpus:
    """Return the packaged open edition, or the given splits of it.

    Raises:
        MissingExtraError: Without the extra ``dataset``.
    """
    rows = [row for split in splits or (None,) for row in _dataset_rows(load("open", split), _OPEN)]
    return _corpus(rows, _OPEN, None)


_OPEN = "the open edition"


def _corpus(rows: Sequence[Row], path: str | Path, columns: Columns | None) -> Corpus:
    """Return the rows as a corpus."""
    wanted = columns or Columns()
    if not rows:
        raise InputError("there is no row in it", where=str(path), expected="labelled texts")
    if wanted.text not in rows[0].value:
        raise InputError(
            f"there is no column {wanted.text!r}",
            where=str(path),
            got=f"columns {', '.join(rows[0].value)}",
            remedy="Name the column of the texts with --text-column",
        )
    wanted = _present(wanted, rows[0].value, explicit=columns, path=path)
    if wanted.stance is None and wanted.topics is None:
        raise InputError(
            "there is neither a stance nor a topics column",
            where=str(path),
            got=f"columns {', '.join(rows[0].value)}",
            remedy="Name them with --stance-column or --topics-column",
        )
    texts, topics = _strings(rows, wanted.text) or (), _topic_sets(rows, wanted.topics)
    _warn_of_contradictions(str(path), texts, topics or ())
    return Corpus(
        name=str(path),
        texts=texts,
        stances=_strings(rows, wanted.stance),
        topics=topics,
        groups=_strings(rows, wanted.group),
        targets=_strings(rows, wanted.target),
        ids=None if wanted.id is None else tuple(_id(row, wanted.id) for row in rows),
    )


def _warn_of_contradictions(where: str, texts: Sequence[str], topics: Sequence[Sequence[str]]) -> None:
    """Tell of texts that stand several times with different topics: one row of each gives its topics."""
    first: dict[str, set[str]] = {}
    pairs = zip(texts, topics, strict=False)
    differing = {text for text, names in pairs if first.setdefault(text, set(names)) != set(names)}
    if differing:
        several = f"{len(differing)} texts stand" if len(differing) > 1 else "a text stands"
        warnings.warn(
            f"{where}: {several} in several rows with different topics; those of the first row count: "
            f"{next(text for text in texts if text in differing)[:60]!r}",
            ContradictionWarning,
            stacklevel=4,
        )


def _present(wanted: Columns, row: Mapping[str, object], *, explicit: Columns | None, path: str | Path) -> Columns:
    """Return the wanted columns less those of the usual names that the data does not have."""
    usual = Columns()

    def checked(name: str | None, usual_name: str | None) -> str | None:
        if name is None or name in row:
            return name
        if explicit is not None and name != usual_name:
            raise InputError(
                f"there is no column {name!r}",
                where=str(path),
                got=f"columns {', '.join(row)}",
                remedy="Check its name",
            )
        return None

    return Columns(
        wanted.text,
        checked(wanted.stance, usual.stance),
        checked(wanted.topics, usual.topics),
        checked(wanted.group, usual.group),
        checked(wanted.target, usual.target),
        checked(wanted.id, usual.id),
    )


def _strings(rows: Sequence[Row], column: str | None) -> tuple[str, ...] | None:
    if column is None:
        return None
    empty = [row for row in rows if _is_empty(row.value.get(column))]
    if empty:
        raise _emptiness(column, empty)
    return tuple(str(row.value[column]) for row in rows)


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip()) or value == []


def _emptiness(column: str, empty: Sequence[Row]) -> InputError:
    """Return the error of rows without a value, which names the first and counts them."""
    several = len(empty) > 1
    return InputError(
        f"{column!r} is empty",
        where=empty[0].where,
        got=f"{len(empty)} such rows in all" if several else "",
        remedy="Fill them in or remove the rows" if several else "Fill it in or remove the row",
    )


def _id(row: Row, column: str) -> str:
    """Return the row's id, or nothing where it has none: an id is no label, and a table may do without."""
    value = row.value.get(column)
    return "" if value is None else str(value).strip()


def _topic_sets(rows: Sequence[Row], column: str | None) -> tuple[tuple[str, ...], ...] | None:
    if column is None:
        return None
    empty = [row for row in rows if row.value.get(column) is not None and _is_empty(row.value[column])]
    if empty:
        raise _emptiness(column, empty)
    return tuple(_topics(row, column) for row in rows)


def _topics(row: Row, column: str) -> tuple[str, ...]:
    value = row.value.get(column)
    if isinstance(value, str):
        if value.lstrip().startswith("["):
            try:
                value = json.loads(value)
            except json.JSONDecodeError:
                raise InputError(f"{column!r} is no JSON list", where=row.where, got=value[:60]) from None
        else:
            value = [part for part in _DELIMITERS.split(value.strip()) if part]
    if not isinstance(value, list | tuple):
        raise InputError(
            f"{column!r} is no list",
            where=row.where,
            expected="a list, or names divided by | ; or ,",
            got=type(value).__name__,
        )
    if not value:
        raise InputError(f"{column!r} is empty", where=row.where, remedy="Fill it in or remove the row")
    return tuple(dict.fromkeys(str(topic) for topic in value))


def read_table(path: str | Path, *, every_split: bool = False, held_out: bool = False) -> Iterator[Row]:
    """Yield the rows of a table with the place of each; integers of a ``ClassLabel`` become names.

    Raises:
        InputError: Where the path names no table that can be read.
        MissingExtraError: For Parquet and folders, without the extra ``dataset``.
    """
    ending = Path(path).suffix.lower()
    if Path(path).is_dir():
        yield from _dataset_rows(load_folder(path, every_split=every_split, held_out=held_out), str(path))
    elif ending in {".csv", ".tsv"}:
        yield from _delimited_rows(path, "\t" if ending == ".tsv" else ",")
    elif ending == ".parquet":
        yield from _dataset_rows(load_parquet(path), str(path))
    elif ending in {".jsonl", ".ndjson"} or str(path) == "-":
        yield from read_rows(path)
    elif not ending and not Path(path).exists():
        raise InputError("there is no such file or folder", where=str(path), remedy="Check the path")
    else:
        raise UsageError(
            f"{path}: this kind of file is not known",
            expected="a .csv, .tsv, .jsonl or .parquet file, or a dataset folder",
            got=ending or "no ending",
        )


def _delimited_rows(path: str | Path, delimiter: str) -> Iterator[Row]:
    csv.field_size_limit(sys.maxsize)
    with open_binary(path) as stream:
        lines = (_line(raw, str(path), number) for number, raw in enumerate(stream, 1))
        head = next(lines, "")
        refuse_other_dividers(head, delimiter, str(path))
        reader = csv.DictReader(chain([head], lines), delimiter=delimiter, strict=True)
        for record in _records(reader, path):
            where = f"{path}: line {reader.line_num}"
            if None in record or None in record.values():
                raise InputError(
                    "the row does not have as many fields as the head",
                    where=where,
                    remedy="Check quotes and delimiters",
                )
            yield Row(where, dict(record))


def _records(reader: "csv.DictReader[str]", path: str | Path) -> Iterator[dict[str, str]]:
    try:
        yield from reader
    except csv.Error as error:
        raise InputError(
            f"the table is damaged: {error}",
            where=f"{path}: line {reader.line_num}",
            remedy="Check the quotation marks and line ends there",
        ) from None


def _line(raw: bytes, path: str, number: int) -> str:
    try:
        return raw.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError:
        raise InputError("the text is not UTF-8", where=f"{path}: line {number}", remedy="Save it as UTF-8") from None


def _dataset_rows(dataset: "Dataset", where: str) -> Iterator[Row]:
    decoders = {name: _decoder(feature) for name, feature in dataset.features.items()}
    for number, row in enumerate(dataset, 1):
        yield Row(f"{where}: row {number}", {name: decoders[name](value) for name, value in row.items()})


def _decoder(feature: Any) -> Any:
    from datasets import ClassLabel

    inner = getattr(feature, "feature", None)
    if isinstance(feature, ClassLabel):
        return lambda value: None if value is None or value < 0 else feature.int2str(value)
    if isinstance(inner, ClassLabel):
        return lambda values: None if values is None else [inner.int2str(value) for value in values]
    return lambda value: value

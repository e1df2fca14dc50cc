"""Texts to label, from every kind of file: at no time are more than some of them held."""

import csv
import warnings
from collections.abc import Iterable, Iterator, Sequence
from io import TextIOWrapper
from itertools import chain
from json import JSONDecoder
from pathlib import Path

from iraqstance.annotation.errors import InputError, IraqstanceWarning
from iraqstance.annotation.reading import article_files, open_binary
from iraqstance.annotation.storage import is_whole, read_rows
from iraqstance.training.dividers import refuse_other_dividers
from iraqstance.training.labelling.text_rows import NOT_UTF8, Record, TextRow, distinct_names, record_of, text_rows

__all__ = ["EmptyArticleWarning", "read_texts"]

_TABLES = frozenset({".csv", ".tsv", ".json", ".jsonl", ".parquet", ".arrow"})
_LONGEST_FIELD = 1 << 28
_BOM = b"\xef\xbb\xbf"


class EmptyArticleWarning(IraqstanceWarning):
    """An article holds no paragraph."""


def read_texts(
    path: str, *, text_column: str = "text", target_column: str | None = None, others: bool = True
) -> Iterator[TextRow]:
    """Yield the texts of a file in order, at no time holding more than some of them.

    A ``.txt`` file, or each one of a folder, is an article and is cut into paragraphs; CSV, TSV, JSON lines, Parquet
    and dataset folders give one text a row. Standard input (``-``) is JSON lines where its first line begins with
    ``{``, and else one text a line. Blank lines are no rows. A row that cannot be read has an error.

    Args:
        path: The file, the folder, or ``-``.
        text_column: The column of the texts.
        target_column: The column of what their stance is about, if there is one.
        others: Whether the other columns are wanted; of Parquet they are not read then.

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
        yield from text_rows(_delimited(path, "\t" if ending == ".tsv" else ",", columns), path, *columns)
    elif ending in {".jsonl", ".ndjson"}:
        with open_binary(path) as stream:
            yield from text_rows(_json_lines(stream, path), path, *columns)
    elif ending == ".parquet" and not Path(path).is_dir():
        yield from text_rows(_parquet(path, columns, others=others), path, *columns)
    else:
        yield from text_rows(_table(path), path, *columns)


def _table(path: str) -> Iterator[Record]:
    from iraqstance.training.corpus import read_table

    return (Record(row.where, dict(row.value)) for row in read_table(path, every_split=True))


def _is_folder_of_articles(path: Path) -> bool:
    """Tell whether a folder holds articles, and not a dataset with its card.

    Raises:
        InputError: Where it holds articles in folders of its own, and no table.
    """
    if not path.is_dir() or (path / "README.md").exists():
        return False
    if any(path.glob("*.txt")):
        return True
    below = next(path.glob("**/*.txt"), None)
    if below is not None and not any(file.suffix in _TABLES for file in path.glob("**/*")):
        raise InputError(
            "the articles stand in folders within this one",
            where=str(path),
            remedy=f"Name them, such as {below.parent}",
        )
    return False


def _paragraphs(path: Path) -> Iterator[TextRow]:
    from iraqstance.annotation.segment import segment_file

    if not path.exists():
        raise InputError("the file cannot be read", where=str(path), got="no such file", remedy="Check the path")
    for file in article_files([path]):
        is_empty = True
        try:
            for part in segment_file(file):
                others = {"id": part.id, "start": part.start, "end": part.end}
                yield TextRow(part.text, None, others, f"{file}: paragraph {part.id}")
                is_empty = False
            if is_empty:
                warnings.warn(EmptyArticleWarning(f"{file}: no paragraph in it"), stacklevel=2)
        except InputError as error:
            yield TextRow("", None, {"id": file.stem}, error.where or str(file), _sentence(error))


def _sentence(error: InputError) -> str:
    return error.message.removesuffix(".") + "."


def _standard_input(text_column: str, target_column: str | None) -> Iterator[TextRow]:
    with open_binary("-") as stream:
        lines = list(_opening(stream))
        if lines and lines[-1].removeprefix(_BOM).lstrip().startswith(b"{"):
            records = _json_lines(chain(lines, stream), "standard input")
            yield from text_rows(records, "standard input", text_column, target_column)
            return
        if lines and (text_column != "text" or target_column is not None):
            raise InputError(
                "standard input has no columns",
                expected="JSON lines, where columns are named",
                got=repr(lines[-1][:40].decode("utf-8", "replace")),
                remedy="Save a table to a file and name it with -i",
            )
        for number, line in enumerate(chain(lines, stream), 1):
            text = line.removeprefix(_BOM).strip().decode("utf-8", "surrogateescape")
            record = record_of(f"standard input: line {number}", ("text",), (text,))
            if line.strip():
                yield TextRow(str(record.value["text"]), where=record.where, error=record.error)


def _opening(stream: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines up to and with the first that is not blank."""
    for line in stream:
        yield line
        if line.strip():
            return


def _json_lines(lines: Iterable[bytes], name: str) -> Iterator[Record]:
    # What json.loads does for a string, less the search for white space around it.
    scan = JSONDecoder().scan_once  # type: ignore[attr-defined]
    for number, line in enumerate(lines, 1):
        # A whole object of plain characters is read at once; all else, faults among it, as everywhere.
        try:
            text = line.decode()
            value, end = scan(text, 0) if "\\u" not in text else (None, 0)
        except (RecursionError, StopIteration, ValueError):
            value = None
        if type(value) is dict and not text[end:].strip(" \t\n\r"):
            yield Record(f"{name}: line {number}", value)
        else:
            yield from _json_line(line, name, number)


def _json_line(line: bytes, name: str, number: int) -> Iterator[Record]:
    where = f"{name}: line {number}"
    try:
        yield from (Record(where, row.value) for row in read_rows(name, lines=[line]))
    except InputError as error:
        yield Record(where, {}, _sentence(error))


def _delimited(path: str, delimiter: str, columns: Sequence[str | None]) -> Iterator[Record]:
    csv.field_size_limit(_LONGEST_FIELD)
    with open_binary(path) as stream:
        if stream.peek(3)[:3] == _BOM:  # type: ignore[attr-defined]
            stream.read(3)
        # Bytes that are no UTF-8 go through, and show in the row that they belong to.
        lines = TextIOWrapper(stream, "utf-8", "surrogateescape", newline="\n")
        first = next(lines, "")
        if first.strip() != columns[0]:  # a column of its own may be called anything
            refuse_other_dividers(first, delimiter, path)
        reader = csv.reader(chain([first], lines), delimiter=delimiter, strict=True)
        head = _head(reader, path, columns)
        while True:
            line = reader.line_num + 1
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                where = f"{path}: line {line}"
                if "field limit" in str(error):  # the rest would be read from the middle of a field
                    raise InputError("a field has no end", where=where, remedy="Check the quotation marks") from None
                yield Record(where, {}, f"the row is damaged: {error}. Check its quotation marks.")
                continue
            if len(fields) == len(head):
                yield record_of(f"{path}: line {line}", head, fields)
            elif fields:
                where = f"{path}: line {line}"
                kept = record_of(where, head, fields[: len(head)]).value
                yield Record(where, kept, f"the row has {len(fields)} fields, the head {len(head)}.")


def _head(reader: Iterator[list[str]], path: str, columns: Sequence[str | None]) -> list[str]:
    try:
        names = next(reader, [])
    except csv.Error as error:
        raise InputError(f"the head is damaged: {error}", where=f"{path}: line 1") from None
    if not all(map(is_whole, names)):
        raise InputError(NOT_UTF8, where=f"{path}: line 1", remedy="Save it as UTF-8")
    return distinct_names(names, path, columns) if names else []


def _parquet(path: str, columns: tuple[str, str | None], *, others: bool) -> Iterator[Record]:
    from iraqstance.training.labelling.parquet_rows import (
        opened_parquet,
        parquet_batches,
        parquet_names,
        parquet_records,
    )

    with opened_parquet(path) as file:
        names = parquet_names(file, path, columns)
        wanted = None if others else list(filter(None, columns))
        for before, batch in parquet_batches(file, path, only=wanted):
            yield from parquet_records(batch, wanted or names, path, before, columns)

"""One text to label, with the place that it came from."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from types import MappingProxyType
from typing import NamedTuple

from iraqstance.annotation.errors import InputError
from iraqstance.annotation.storage import is_whole

__all__ = ["LONGEST", "NOT_UTF8", "Record", "TextRow", "checked", "distinct_names", "read_as", "record_of", "text_rows"]

#: Characters of the longest text that is labelled: ten million would take gigabytes of memory.
LONGEST = 1_000_000

#: What is wrong with bytes that are no text.
NOT_UTF8 = "the text is not UTF-8"

_LOOKED_AT = 1000  # rows in which a column must appear once
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


class Record(NamedTuple):
    """One row of a table before its text is looked for.

    Attributes:
        where: Its place.
        value: Its columns; who takes the record over may change them.
        error: Why it cannot be labelled, or nothing.
    """

    where: str
    value: dict[str, object]
    error: str = ""


def record_of(where: str, names: Sequence[str], fields: Sequence[str]) -> Record:
    """Return a row of fields; bytes in them that are no UTF-8 stand as surrogates, and become marks and an error."""
    together = "".join(fields)  # one look is quicker than many
    if together.isascii() or is_whole(together):
        return Record(where, dict(zip(names, fields, strict=False)))
    return Record(where, dict(zip(names, map(_repaired, fields), strict=False)), f"{NOT_UTF8}.")


def _repaired(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def distinct_names(names: Sequence[str], path: str, columns: Sequence[str | None]) -> list[str]:
    """Return the names of a head, a repeated one with its number.

    Args:
        names: The names.
        path: The file that they head.
        columns: Those that are asked for, the column of the texts first.

    Raises:
        InputError: Where one that is asked for is not there once.
    """
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


def text_rows(records: Iterable[Record], name: str, text_column: str, target_column: str | None) -> "Iterable[TextRow]":
    """Yield the text of each record.

    Args:
        records: The records.
        name: Where they come from.
        text_column: The column of the texts.
        target_column: The column of what their stance is about, if there is one.

    Raises:
        InputError: Where none of the first thousand records has the column of the texts.
    """
    rest = iter(records)
    opening: list[Record] = []
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
        yield read_as(record, text_column, target_column)


def read_as(record: Record, text_column: str, target_column: str | None) -> TextRow:
    """Return the text of a record, whose columns become the other columns of the row."""
    where, others, error = record
    named = None
    if target_column is not None:
        target = others.get(target_column)
        named = "" if target is None else str(target)
    text = others.pop(text_column, None)
    if isinstance(text, str):
        return TextRow(text, named, others, where, error)
    if not error and text is not None:
        error = f"{text_column!r} holds no text (got {type(text).__name__})."
    return TextRow("", named, others, where, error)


def checked(row: TextRow) -> TextRow:
    """Return the row, with an error where its text cannot be labelled."""
    text = row.text
    if row.error:
        return row
    if not text or text.isspace():
        return row._replace(error="there is no text.")
    if not text.isascii() and not is_whole(text):
        return row._replace(text=text.encode("utf-8", "replace").decode(), error=f"{NOT_UTF8}.")
    if len(text) > LONGEST:
        fault = f"the text has {len(text):,} characters, more than {LONGEST:,}. Cut it into paragraphs."
        return row._replace(error=fault)
    return row

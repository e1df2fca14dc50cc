"""Rows as the rules see them, whatever kind of file they come from, and the labels that they may have."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from iraqstance.annotation.normalise import fingerprint
from iraqstance.annotation.records import Issue
from iraqstance.annotation.schema import Schema, packaged_schema
from iraqstance.dataset.tables import Table, issue

__all__ = [
    "JudgementRow",
    "Labels",
    "Row",
    "edition_rows",
    "is_absent",
    "is_judgements",
    "judgement_rows",
    "labels_of",
    "places",
]

_STANDOFF = ("article", "start", "end", "sha256")
_EDITION = {
    **dict.fromkeys(
        ("id", "group", "restates", "genre", "text", "sha256", "article", "target", "stance", "intended_stance"),
        "string",
    ),
    **dict.fromkeys(("start", "end"), "integer"),
    **dict.fromkeys(("topics", "intended_topics"), "list"),
}
_JUDGEMENTS = {
    **dict.fromkeys(
        ("edition", "paragraph", "annotator", "kind", "round", "target", "stance", "comment", "suggestion", "sha256"),
        "string",
    ),
    "topics": "list",
    "unsure": "truth value",
    "seconds": "number",
}
_WORDS = {"text", "comment", "sha256"}  # no number stands for them
_DELIMITERS = re.compile(r"\s*[|;,]\s*")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of an edition. What its table does not have is empty, or ``None``.

    Attributes:
        table: The table that holds it.
        number: Its place there, from 0.
        key: What tells equal texts: the text's fingerprint, or the hash of a stand-off row; empty where neither is.
    """

    table: Table
    number: int
    id: str
    group: str
    restates: str
    text: str | None
    sha256: str
    key: str
    article: str
    start: int | None
    end: int | None
    target: str
    stance: str
    topics: tuple[str, ...]

    @property
    def where(self) -> str:
        """Its place, as messages name it."""
        return self.table.where(self.number)

    @property
    def configuration(self) -> str:
        """Name of its configuration."""
        return self.table.configuration

    @property
    def split(self) -> str:
        """Name of its split."""
        return self.table.split


@dataclass(frozen=True, slots=True)
class JudgementRow:
    """One row of the judgements; what its table does not have is empty."""

    table: Table
    number: int
    edition: str
    paragraph: str
    annotator: str
    kind: str
    round: str
    target: str
    stance: str
    topics: tuple[str, ...]
    comment: str
    sha256: str

    @property
    def where(self) -> str:
        """Its place, as messages name it."""
        return self.table.where(self.number)


class Labels(NamedTuple):
    """The labels that rows may have; an empty tuple where they are not known."""

    stances: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    exclusive: frozenset[str] = frozenset()


def is_judgements(table: Table) -> bool:
    """Tell whether a table holds judgements and no labels."""
    return {"paragraph", "annotator"} <= set(table.columns) or table.configuration == "judgements"


def labels_of(schema: Schema | None, tables: Iterable[Table]) -> Labels:
    """Return the labels of a schema; without one, those that the features declare.

    Where these are the packaged schema's, so is what they mean: which topic stands alone, and the target, unless the
    rows are all about others.
    """
    tables = list(tables)
    if schema is None:
        named = [{key: table.names.get(key, ()) for key in ("stance", "topics")} for table in tables]
        stances = next((names["stance"] for names in named if names["stance"]), ())
        topics = next((names["topics"] for names in named if names["topics"]), ())
        schema = packaged_schema()
        if (stances, topics) != (schema.stance_names, schema.topic_names):
            return Labels(stances, topics)
        about = {target for table in tables for target in table.columns.get("target", ())}
        targets = schema.target_names if about & set(schema.target_names) else ()
    else:
        targets = schema.target_names
    exclusive = frozenset(label.name for label in schema.topics if label.exclusive)
    return Labels(schema.stance_names, schema.topic_names, targets, exclusive)


def is_absent(value: object) -> bool:
    """Tell whether a value as it was read says nothing."""
    return value is None or (isinstance(value, list | tuple) and not value) or str(value).strip() in {"", "[]"}


def places(rows: Iterable[Row]) -> str:
    """Return the places of several rows, such as ``train.csv: lines 2, 5``."""
    found: dict[str, list[int]] = {}
    for row in rows:
        file, _, _ = row.where.rpartition(": ")
        unit = "lines" if row.table.lines else "rows"
        found.setdefault(f"{file}: {unit}", []).append(
            row.table.lines[row.number] if row.table.lines else row.number + 1
        )
    shown = []
    for file, numbers in found.items():
        some = list(dict.fromkeys(numbers))
        rest = f" and {len(some) - 8} more" if len(some) > 8 else ""
        name = file if len(some) > 1 else file.removesuffix("s")
        shown.append(f"{name} {', '.join(map(str, some[:8]))}{rest}")
    return "; ".join(shown)


def edition_rows(table: Table, labels: Labels, declared: Iterable[str], issues: list[Issue]) -> list[Row]:
    """Return the rows of an edition's table, and note columns and values that are no such thing."""
    columns = table.columns
    if not _has_columns(table, _EDITION, declared, issues):
        return []
    standoff = "text" not in columns and any(name in columns for name in _STANDOFF[:3])
    missing = [name for name in (_STANDOFF if standoff else ("text",)) if name not in columns]
    issues += [issue("missing-column", table.file, f"there is no column {name!r}{_got(table)}") for name in missing]
    if "stance" not in columns and "topics" not in columns:
        issues.append(issue("missing-column", table.file, f"there is neither 'stance' nor 'topics'{_got(table)}"))
    read = _Values(table, _EDITION, issues)
    texts: Sequence[str | None] = read.strings("text") if "text" in columns else [None] * table.rows
    hashes = read.strings("sha256")
    stances, topics = _labels(table, read, labels, issues)
    for column in ("intended_stance", "intended_topics"):
        if column in columns:
            _read_labels(table, read, column, labels, issues)
    keys = [
        hashed if text is None else fingerprint(text) if text.strip() else ""
        for text, hashed in zip(texts, hashes, strict=True)
    ]
    fields = zip(
        *(read.strings(name) for name in ("id", "group", "restates")),
        texts,
        hashes,
        keys,
        read.strings("article"),
        *(read.integers(name) for name in ("start", "end")),
        read.strings("target"),
        stances,
        topics,
        strict=True,
    )
    return [Row(table, number, *values) for number, values in enumerate(fields)]


def judgement_rows(table: Table, labels: Labels, declared: Iterable[str], issues: list[Issue]) -> list[JudgementRow]:
    """Return the rows of a table of judgements, and note columns and values that are no such thing."""
    if not _has_columns(table, _JUDGEMENTS, declared, issues):
        return []
    missing = [name for name in ("paragraph", "annotator") if name not in table.columns]
    issues += [issue("missing-column", table.file, f"there is no column {name!r}{_got(table)}") for name in missing]
    if "stance" not in table.columns and "topics" not in table.columns:
        issues.append(issue("missing-column", table.file, f"there is neither 'stance' nor 'topics'{_got(table)}"))
        missing.append("stance")
    if missing:
        return []
    read = _Values(table, _JUDGEMENTS, issues)
    read.rest("unsure", "seconds")
    stances, topics = _labels(table, read, labels, issues)
    names = ("edition", "paragraph", "annotator", "kind", "round", "target")
    fields = zip(
        *(read.strings(name) for name in names),
        stances,
        topics,
        read.strings("comment"),
        read.strings("sha256"),
        strict=True,
    )
    return [JudgementRow(table, number, *values) for number, values in enumerate(fields)]


def _has_columns(table: Table, known: Mapping[str, str], declared: Iterable[str], issues: list[Issue]) -> bool:
    """Note what is unknown, and tell whether there is a row at all."""
    if not table.rows:
        issues.append(issue("no-data", table.file, "there is no row in it"))
        return False
    unknown = [name for name in table.columns if name not in {*known, *declared}]
    issues += [issue("unknown-column", table.file, f"the column {name!r} is not read") for name in unknown]
    return True


def _got(table: Table) -> str:
    return f"; there are {', '.join(map(str, table.columns)) or 'none'}"


def _labels(
    table: Table, read: "_Values", labels: Labels, issues: list[Issue]
) -> tuple[Sequence[str], Sequence[tuple[str, ...]]]:
    """Return stances and topics less those that are wrong, which are noted."""
    stances: list[Any] = [""] * table.rows
    topics: list[Any] = [()] * table.rows
    if "stance" in table.columns:
        stances = _read_labels(table, read, "stance", labels, issues)
    if "topics" in table.columns:
        topics = _read_labels(table, read, "topics", labels, issues)
    return stances, topics


def _read_labels(table: Table, read: "_Values", column: str, labels: Labels, issues: list[Issue]) -> list[Any]:
    """Return the values of a column of labels; wrong ones are noted, and left out."""
    many = column.endswith("topics")
    allowed = set(labels.topics if many else labels.stances)
    names = table.names.get(column)

    def kept(number: int, value: object) -> bool:
        if names and not isinstance(value, str):
            message = f"{column}: {value} is the number of no class; expected 0 to {len(names) - 1}"
            issues.append(issue("label-out-of-range", table.where(number), message))
        elif allowed and str(value) not in allowed:
            message = f"{column}: {value!r} is unknown; expected {_among(labels.topics if many else labels.stances)}"
            issues.append(issue("unknown-label", table.where(number), message))
        else:
            return True
        return False

    if many:
        lists = read.lists(column)
        good = [all(type(one) is str and (not allowed or one in allowed) for one in value) for value in lists]
        return [
            tuple(value) if fine else tuple(str(one) for one in value if kept(number, one))
            for number, (value, fine) in enumerate(zip(lists, good, strict=True))
        ]
    if names:
        for number, value in enumerate(table.columns[column]):
            if value is not None and not isinstance(value, str):
                kept(number, value)
        values = [value if isinstance(value, str) else "" for value in table.columns[column]]
    else:
        values = read.strings(column)
    return [
        value if not value or not allowed or value in allowed or kept(number, value) else ""
        for number, value in enumerate(values)
    ]


def _among(names: Sequence[str]) -> str:
    return f"one of {', '.join(names)}"


class _Values:
    """The values of a table by column, each of its column's kind or absent; wrong ones are noted."""

    def __init__(self, table: Table, kinds: Mapping[str, str], issues: list[Issue]) -> None:
        self._table, self._kinds, self._issues = table, kinds, issues

    def strings(self, column: str) -> list[str]:
        loose = column not in _WORDS

        def read(value: object) -> str:
            if isinstance(value, int | float) and not isinstance(value, bool) and loose:
                return str(value)
            raise TypeError

        return self._read(column, "", read, str)

    def integers(self, column: str) -> list[int | None]:
        def read(value: object) -> int | None:
            if isinstance(value, str):
                return int(value) if value.strip() else None
            raise TypeError

        return self._read(column, None, read, int)

    def lists(self, column: str) -> list[Sequence[object]]:
        return self._read(column, (), _list, list)

    def rest(self, truth: str, number: str) -> None:
        """Check the columns of truth values and of numbers, which no rule reads."""

        def is_truth(value: object) -> None:
            if str(value).strip().lower() not in {"true", "false", "0", "1", ""}:
                raise TypeError

        def is_number(value: object) -> None:
            if isinstance(value, bool) or (str(value).strip() and not float(str(value)) >= 0):
                raise TypeError

        self._read(truth, None, is_truth, bool)
        self._read(number, None, is_number, type(None))

    def _read(self, column: str, absent: Any, read: Callable[[object], Any], plain: type) -> list[Any]:
        values = self._table.columns.get(column)
        if values is None:
            return [absent] * self._table.rows
        return [
            value
            if type(value) is plain
            else absent
            if value is None
            else self._other(number, value, column, absent, read)
            for number, value in enumerate(values)
        ]

    def _other(self, number: int, value: object, column: str, absent: Any, read: Callable[[object], Any]) -> Any:
        try:
            return read(value)
        except (TypeError, ValueError):
            kind = self._kinds[column]
            message = f"{column}: expected a {kind}, got {type(value).__name__}"
            if isinstance(value, str):
                message = f"{column}: expected a {kind}, got {value[:40]!r}"
            message = message.replace("a integer", "an integer")
            self._issues.append(issue("wrong-type", self._table.where(number), message))
            return absent


def _list(value: object) -> Sequence[object]:
    """Return the topics as a cell of a text file holds them."""
    if isinstance(value, tuple):
        return value
    if not isinstance(value, str):
        raise TypeError
    if value.lstrip().startswith("["):
        found = json.loads(value)
        if not isinstance(found, list):
            raise TypeError
        return found
    return [part for part in _DELIMITERS.split(value.strip()) if part]

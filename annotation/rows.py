"""Records as JSON objects and back, checked against the label schema."""

import math
from collections.abc import Iterable, Mapping
from json.encoder import encode_basestring as _quoted
from pathlib import Path
from typing import Any

from iraqstance.annotation.errors import InputError, SchemaError
from iraqstance.annotation.normalise import fingerprint
from iraqstance.annotation.records import KINDS, ROUNDS, SUGGESTIONS, Judgement, Label, Paragraph
from iraqstance.annotation.schema import Schema
from iraqstance.annotation.storage import Row, read_rows, write_rows

__all__ = [
    "judgement_row",
    "label_row",
    "paragraph_line",
    "paragraph_row",
    "read_judgements",
    "read_labels",
    "read_paragraphs",
    "write_judgements",
    "write_labels",
    "write_paragraphs",
]


def paragraph_row(paragraph: Paragraph, *, text: bool = True) -> dict[str, object]:
    """Return the paragraph as a JSON object, with or without its text."""
    words = {"text": paragraph.text} if text else {}
    return {
        "id": paragraph.id,
        "article": paragraph.article,
        "start": paragraph.start,
        "end": paragraph.end,
        **words,
        "sha256": paragraph.sha256,
    }


def paragraph_line(paragraph: Paragraph) -> str:
    """Return :func:`paragraph_row` as one line of JSON, put together by hand: segmenting is otherwise half encoding."""
    return (
        f'{{"id": {_quoted(paragraph.id)}, "article": {_quoted(paragraph.article)}, "start": {paragraph.start},'
        f' "end": {paragraph.end}, "text": {_quoted(paragraph.text)}, "sha256": "{paragraph.sha256}"}}\n'
    )


def judgement_row(judgement: Judgement, schema: Schema) -> dict[str, object]:
    """Return the judgement as a JSON object, each target's stance in its own column."""
    comment = {"comment": judgement.comment} if judgement.comment else {}
    seconds = {} if judgement.seconds is None else {"seconds": judgement.seconds}
    suggestion = {"suggestion": judgement.suggestion} if judgement.suggestion else {}
    sha256 = {"sha256": judgement.sha256} if judgement.sha256 else {}
    return {
        "paragraph": judgement.paragraph,
        "annotator": judgement.annotator,
        "kind": judgement.kind,
        "round": judgement.round,
        **{column: judgement.stances[target] for target, column in schema.stance_columns.items()},
        "topics": list(judgement.topics),
        "unsure": judgement.unsure,
        **comment,
        **seconds,
        **suggestion,
        **sha256,
    }


def label_row(label: Label, schema: Schema) -> dict[str, object]:
    """Return the label as a JSON object; an open tie is ``null``, or an empty list of topics.

    A confidence is written where there is one, to six digits.
    """
    confidence = {column: round(value, 6) for column, value in label.confidence.items()}
    return {
        "paragraph": label.paragraph,
        **{column: label.stances[target] or None for target, column in schema.stance_columns.items()},
        "topics": list(label.topics),
        "votes": {column: dict(counts) for column, counts in label.votes.items()},
        "settled_by": dict(label.settled_by),
        **({"confidence": confidence} if confidence else {}),
    }


def write_paragraphs(path: str | Path, paragraphs: Iterable[Paragraph], *, text: bool = True) -> int:
    """Write paragraphs as JSON lines and return how many; without text they are stand-off."""
    return write_rows(path, (paragraph_row(paragraph, text=text) for paragraph in paragraphs))


def write_judgements(path: str | Path, judgements: Iterable[Judgement], schema: Schema) -> int:
    """Write judgements as JSON lines and return how many."""
    return write_rows(path, (judgement_row(judgement, schema) for judgement in judgements))


def write_labels(path: str | Path, labels: Iterable[Label], schema: Schema) -> int:
    """Write labels as JSON lines and return how many."""
    return write_rows(path, (label_row(label, schema) for label in labels))


def read_paragraphs(path: str | Path) -> list[Paragraph]:
    """Read paragraphs as ``segment`` or stand-off files hold them.

    Only ``id`` and ``text`` are needed; the rest is filled in (article from the id, offsets 0 and the text's length).

    Raises:
        InputError: For a missing field, a value of the wrong type, or an id that stands twice.
    """
    paragraphs = [_paragraph(row) for row in read_rows(path)]
    _refuse_twice([paragraph.id for paragraph in paragraphs], "paragraph", path)
    return paragraphs


def _paragraph(row: Row) -> Paragraph:
    text = _field(row, "text", str, "")
    identity = _field(row, "id", str)
    if not identity:
        raise InputError("the field 'id' is empty", where=row.where, expected="<article>/<number>")
    sha256 = _field(row, "sha256", str, "") or fingerprint(text)
    if not text and "sha256" not in row.value:
        raise InputError("the paragraph has neither text nor hash", where=row.where, expected='"text" or "sha256"')
    if text and sha256 != fingerprint(text):
        raise InputError(
            "the text does not match its hash",
            where=f"{row.where} ({identity})",
            expected=sha256,
            got=fingerprint(text),
            remedy="Segment the article again",
        )
    return Paragraph(
        id=identity,
        article=_field(row, "article", str, identity.rpartition("/")[0] or identity),
        start=_field(row, "start", int, 0),
        end=_field(row, "end", int, len(text)),
        text=text,
        sha256=sha256,
    )


def read_judgements(path: str | Path, schema: Schema) -> list[Judgement]:
    """Read judgements and check each against the schema.

    Raises:
        InputError: For a missing field, a wrong type, or an annotator who judged one paragraph twice in a round.
        SchemaError: For a label that the schema does not know.
    """
    judgements = [_judgement(row, schema) for row in read_rows(path)]
    _refuse_twice([f"{j.paragraph} by {j.annotator} ({j.round})" for j in judgements], "judgement", path)
    return judgements


def _judgement(row: Row, schema: Schema) -> Judgement:
    stances = {target: _stance(row, column, schema) for target, column in schema.stance_columns.items()}
    return Judgement(
        paragraph=_field(row, "paragraph", str),
        annotator=_field(row, "annotator", str),
        stances=stances,
        topics=_topics(row, schema),
        unsure=_field(row, "unsure", bool, default=False),
        kind=_one_of(row, "kind", KINDS),
        round=_one_of(row, "round", ROUNDS),
        comment=_field(row, "comment", str, ""),
        seconds=_seconds(row),
        suggestion=_one_of(row, "suggestion", SUGGESTIONS),
        sha256=_field(row, "sha256", str, ""),
    )


def _seconds(row: Row) -> float | None:
    value = row.value.get("seconds")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise InputError("the field 'seconds' is no time", where=row.where, expected="a number from 0", got=str(value))
    return float(value)


def read_labels(path: str | Path, schema: Schema) -> list[Label]:
    """Read adjudicated labels and check each against the schema.

    Raises:
        InputError: For a missing field, a wrong type, an open tie, or a paragraph labelled twice.
        SchemaError: For a label that the schema does not know.
    """
    labels = [
        Label(
            paragraph=_field(row, "paragraph", str),
            stances={target: _stance(row, column, schema) for target, column in schema.stance_columns.items()},
            topics=_settled_topics(row, schema),
            votes=_field(row, "votes", dict, {}),
            settled_by=_field(row, "settled_by", dict, {}),
            confidence=_confidence(row),
        )
        for row in read_rows(path)
    ]
    _refuse_twice([label.paragraph for label in labels], "label", path)
    return labels


def _stance(row: Row, column: str, schema: Schema) -> str:
    value = row.value.get(column)
    if column not in row.value:
        raise InputError(
            f"{column!r} is missing",
            where=row.where,
            got=f"fields {', '.join(row.value)}",
            remedy="Name the right file, or the schema of its labels with --schema",
        )
    if value is None:
        raise InputError(
            f"{column!r} is missing or open", where=row.where, remedy="Settle the tie with a further judgement first"
        )
    fault = schema.stance_fault(value)
    if fault:
        raise SchemaError(fault, where=row.where, remedy="Correct the row, or name another schema")
    return str(value)


def _confidence(row: Row) -> dict[str, float]:
    values = _field(row, "confidence", dict, {})
    for column, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise InputError(
                f"the confidence of {column!r} is no probability",
                where=row.where,
                expected="a number from 0 to 1",
                got=str(value),
            )
    return {column: float(value) for column, value in values.items()}


def _settled_topics(row: Row, schema: Schema) -> tuple[str, ...]:
    if _field(row, "topics", list) == []:
        raise InputError("'topics' is open", where=row.where, remedy="Settle the tie with a further judgement first")
    return _topics(row, schema)


def _topics(row: Row, schema: Schema) -> tuple[str, ...]:
    values = _field(row, "topics", list)
    fault = schema.topics_fault(values)
    if fault:
        raise SchemaError(fault, where=row.where, remedy="Correct the row, or name another schema")
    return schema.ordered_topics(values)


_REQUIRED: Mapping[str, object] = {}


def _field(row: Row, name: str, kind: type, default: object = _REQUIRED) -> Any:
    value = row.value.get(name, default)
    if value is _REQUIRED:
        raise InputError(f"the field {name!r} is missing", where=row.where, got=f"fields {', '.join(row.value)}")
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise InputError(
            f"the field {name!r} has the wrong type",
            where=row.where,
            expected=kind.__name__,
            got=type(value).__name__,
        )
    return value


def _one_of(row: Row, name: str, values: tuple[str, ...]) -> str:
    """Return a field that takes one of a few values, the first where it is absent."""
    value = str(_field(row, name, str, values[0]))
    if value not in values:
        known = " or ".join(filter(None, values))
        raise InputError(f"the field {name!r} has an unknown value", where=row.where, expected=known, got=value)
    return value


def _refuse_twice(keys: list[str], what: str, path: str | Path) -> None:
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            raise InputError(f"a {what} stands twice: {key}", where=str(path), remedy="Remove one of the two rows")
        seen.add(key)

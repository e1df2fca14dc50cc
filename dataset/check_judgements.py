"""Rules for judgements: whom they name, whom they are of, and whether they give the labels."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from iraqstance.annotation.adjudicate import METHODS, adjudicate
from iraqstance.annotation.records import Issue, Judgement, Label
from iraqstance.annotation.schema import LabelDefinition, Schema, Target
from iraqstance.dataset.check_rows import JudgementRow, Labels, Row, is_absent
from iraqstance.dataset.tables import issue

__all__ = ["judgement_issues"]

_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.\w+")
_PHONE = re.compile(
    r"(?<![\w+])(?:\+|00)\d[\d ()./-]{6,}\d|(?<![\w.-])\(?0\d{2,4}\)?[ /-]\d[\d -]{4,}\d(?!\w)"
    r"|(?<![\w.-])\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?!\w)"
)
# One word in small letters, or words in small letters and numbers, as `annotator-12` and `annotator-of-nobody-3`.
_PSEUDONYM = re.compile(
    r"[a-z]{1,12}|[A-Z]{1,3}\d*|(?:[A-Za-z]+[-_ ]?)?\d+|[a-z]+(?:[-_][a-z]+)*[-_]x?\d+|[0-9a-f]{8,64}"
)

_Key = tuple[str, str, str, str]  # edition, paragraph, annotator, round


def judgement_issues(rows: Sequence[Row], judged: Sequence[JudgementRow], labels: Labels) -> Iterator[Issue]:
    """Yield what is wrong with the judgements of an edition's rows."""
    yield from _personal(judged)
    by_id: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if row.id:
            by_id.setdefault((row.configuration, row.id), []).append(row)
    if not by_id:
        return
    judged = list(_resolved(judged, by_id))
    yield from _unknown(judged, by_id, labels)
    known = [row for row in judged if (row.edition, row.paragraph) in by_id]
    for said in known:
        hashes = {one.sha256 for one in by_id[said.edition, said.paragraph] if one.sha256}
        if said.sha256 and hashes and said.sha256 not in hashes:
            message = f"the text of {said.paragraph!r} is not the one that was judged"
            yield issue("judged-other-text", said.where, message)
    seen = {(row.edition, row.paragraph) for row in known}
    editions = {row.edition for row in known}
    for place, (first, *_) in by_id.items():
        if place[0] in editions and place not in seen:
            yield issue("unjudged-paragraph", first.where, f"{place[1]!r} has no judgement")
    yield from _votes(known, by_id, labels)


def _personal(judged: Iterable[JudgementRow]) -> Iterator[Issue]:
    named: dict[str, JudgementRow] = {}
    for row in judged:
        named.setdefault(row.annotator, row)
        if not row.comment:
            continue
        if _MAIL.search(row.comment):
            yield issue("e-mail-address", row.where, "the comment holds an e-mail address; remove it")
        if _PHONE.search(row.comment):
            yield issue("phone-number", row.where, "the comment holds what looks like a phone number; remove it")
    for name, row in named.items():
        if _MAIL.search(name):
            yield issue("e-mail-address", row.where, "the annotator is called by an e-mail address; use a pseudonym")
        elif name and not _PSEUDONYM.fullmatch(name):
            yield issue("annotator-name", row.where, "the annotator may be called by name; use a pseudonym")


def _resolved(judged: Iterable[JudgementRow], by_id: Mapping[tuple[str, str], object]) -> Iterator[JudgementRow]:
    """Yield the rows, with the edition where they name none: the first that holds the paragraph."""
    holding: dict[str, str] = {}
    for configuration, name in by_id:
        holding.setdefault(name, configuration)
    for row in judged:
        found = row.edition or holding.get(row.paragraph, "")
        yield row if found == row.edition else replace(row, edition=found)


def _unknown(
    judged: Sequence[JudgementRow], by_id: Mapping[tuple[str, str], Sequence[Row]], labels: Labels
) -> Iterator[Issue]:
    """Yield the judgements of what is not there, less those that leave a tie: `build` leaves their paragraphs out."""
    editions = {configuration for configuration, _ in by_id}
    unknown: dict[tuple[str, str], list[JudgementRow]] = {}
    for row in judged:
        if row.edition in editions and (row.edition, row.paragraph) not in by_id:
            unknown.setdefault((row.edition, row.paragraph), []).append(row)
    others: dict[str, JudgementRow] = {}
    for row in judged:
        if row.edition not in editions:
            others.setdefault(row.edition or row.paragraph, row)
    for row in others.values():
        what = f"edition {row.edition!r}" if row.edition else f"paragraph {row.paragraph!r}"
        yield issue("unknown-paragraph", row.where, f"there is no {what}")
    schema = _schema(judged, by_id, labels)
    for (_, name), theirs in unknown.items():
        said: dict[_Key, dict[str, JudgementRow]] = {}
        for row in theirs:
            said.setdefault(_key(row), {})[row.target] = row
        whole = [
            _judgement(key, votes, schema) for key, votes in said.items() if set(votes) >= set(schema.target_names)
        ]
        if not any("open" in label.settled_by.values() for label in adjudicate(whole, schema)):
            yield issue("unknown-paragraph", theirs[0].where, f"there is no paragraph {name!r}")


def _key(row: JudgementRow) -> _Key:
    return row.edition, row.paragraph, row.annotator, row.round


def _votes(
    judged: Sequence[JudgementRow], by_id: Mapping[tuple[str, str], Sequence[Row]], labels: Labels
) -> Iterator[Issue]:
    schema = _schema(judged, by_id, labels)
    found: dict[_Key, dict[str, JudgementRow]] = {}
    faulty = set()
    for row in judged:
        key = _key(row)
        said = found.setdefault(key, {})
        faults = list(_faults(row, said.get(row.target)))
        yield from faults
        said.setdefault(row.target, row)
        if faults or not _is_known(row):
            faulty.add(key[:2])
    for key, said in found.items():
        missing = [target for target in schema.target_names if target not in said]
        if missing:
            first = next(iter(said.values()))
            yield issue("incomplete-judgement", first.where, f"it lacks a row for the target {missing[0]!r}")
            faulty.add(key[:2])
    by_edition: dict[str, list[Judgement]] = {}
    for key, said in found.items():
        if key[:2] not in faulty:
            by_edition.setdefault(key[0], []).append(_judgement(key, said, schema))
    for edition, theirs in by_edition.items():
        yield from _against(edition, theirs, by_id, schema)


def _faults(row: JudgementRow, before: JudgementRow | None) -> Iterator[Issue]:
    if before:
        yield issue("judged-twice", row.where, f"its annotator judged {row.paragraph!r} already at {before.where}")
    lacking = [
        name
        for name, column in (("an annotator", "annotator"), ("a stance", "stance"), ("topics", "topics"))
        if column in row.table.columns and is_absent(row.table.columns[column][row.number])
    ]
    if lacking:
        yield issue("incomplete-judgement", row.where, f"it lacks {' and '.join(lacking)}")


def _is_known(row: JudgementRow) -> bool:
    """Tell whether none of its labels was left out as wrong."""
    return all(value for value, name in ((row.stance, "stance"), (row.topics, "topics")) if name in row.table.columns)


def _judgement(key: _Key, said: Mapping[str, JudgementRow], schema: Schema) -> Judgement:
    return Judgement(
        paragraph=key[1],
        annotator=key[2],
        stances={target: row.stance for target, row in said.items()},
        topics=schema.ordered_topics(next(iter(said.values())).topics),
        round=key[3] or "independent",
    )


def _schema(judged: Iterable[JudgementRow], by_id: Mapping[tuple[str, str], Sequence[Row]], labels: Labels) -> Schema:
    """Return what adjudication needs to know of the labels, with names that a schema file may not have."""
    everything: list[Row | JudgementRow] = [*judged, *(row for rows in by_id.values() for row in rows)]
    stances = labels.stances or tuple(sorted({row.stance for row in everything} - {""}))
    topics = labels.topics or tuple(sorted({topic for row in everything for topic in row.topics}))
    targets = dict.fromkeys(row.target for row in everything)

    def defined(names: Iterable[str]) -> tuple[LabelDefinition, ...]:
        return tuple(
            LabelDefinition.model_construct(name=name, definition=name, exclusive=name in labels.exclusive)
            for name in names
        )

    return Schema.model_construct(
        name="data",
        version=1,
        targets=tuple(Target.model_construct(name=name, title=name) for name in targets),
        stances=defined(stances),
        topics=defined(topics),
    )


def _against(
    edition: str, judgements: Sequence[Judgement], by_id: Mapping[tuple[str, str], Sequence[Row]], schema: Schema
) -> Iterator[Issue]:
    """Yield the labels that the judgements do not give, by the method that gives most of them."""
    least: list[Issue] | None = None
    for method in METHODS:
        found: list[Issue] = []
        for label in adjudicate(judgements, schema, method=method):
            for row in by_id[edition, label.paragraph]:
                found += _differences(row, label, schema)
        if least is None or not found:
            least = found
        if not found:
            return
    yield from least or ()


def _differences(row: Row, label: Label, schema: Schema) -> Iterator[Issue]:
    given = label.stances.get(row.target, "")
    if row.stance and schema.stance_names and given != row.stance:
        column = schema.stance_columns.get(row.target, "stance")
        yield issue("label-against-votes", row.where, _said("stance", row.stance, given, label.votes.get(column, {})))
    if row.topics and schema.topic_names and set(label.topics) != set(row.topics):
        topics = ", ".join(schema.ordered_topics(row.topics))
        message = _said("topics", topics, ", ".join(label.topics), label.votes.get("topics", {}))
        yield issue("label-against-votes", row.where, message)


def _said(column: str, stands: str, given: str, votes: Mapping[str, int]) -> str:
    counted = ", ".join(f"{name} {count}" for name, count in votes.items()) or "none"
    gives = f"the judgements give {given!r}" if given else "the judgements leave it open"
    return f"{column}: {stands!r} stands there, and {gives} (votes: {counted})"

"""Check a dataset against the rules of :mod:`iraqstance.dataset.rules`: this package's own, or a user's."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from iraqstance.annotation.errors import InputError, MissingExtraError
from iraqstance.annotation.records import Issue
from iraqstance.annotation.schema import Schema
from iraqstance.dataset.check_card import card_issues, licence_issues, missing_card, stale_parts, unwritten_parts
from iraqstance.dataset.check_croissant import croissant_issues
from iraqstance.dataset.check_judgements import judgement_issues
from iraqstance.dataset.check_rows import (
    Labels,
    Row,
    edition_rows,
    is_absent,
    is_judgements,
    judgement_rows,
    labels_of,
    places,
)
from iraqstance.dataset.check_texts import borrowed, known_runs, text_faults
from iraqstance.dataset.duplicates import near_duplicate_pairs
from iraqstance.dataset.editions import packaged_folder
from iraqstance.dataset.rules import RULES
from iraqstance.dataset.tables import Table, issue, read_tables

__all__ = ["CheckedFile", "Report", "check"]

_SPACE = re.compile(r"[\s\x00-\x1f\x7f]")
_NUMBERED = re.compile(r".+/\d{3,}")
_HASH = re.compile(r"[0-9a-f]{64}")
_RARE = 0.02

_Finder = Callable[[Sequence[Row], Labels], Iterator[Issue]]


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A data file that was read: its configuration and split are empty for a single table."""

    configuration: str
    split: str
    file: str
    rows: int


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found.

    Attributes:
        data: Name of what was checked.
        files: The data files that were read.
        issues: The findings, in the order of the rules and then of the rows.
    """

    data: str
    files: tuple[CheckedFile, ...]
    issues: tuple[Issue, ...]

    @property
    def failed(self) -> bool:
        """Whether there is an error among the findings."""
        return any(found.severity == "error" for found in self.issues)


def check(
    data: str | Path | None = None,
    *,
    schema: Schema | None = None,
    columns: Mapping[str, str | None] | None = None,
    against: str | Path | None = None,
    near_duplicates: bool = True,
) -> Report:
    """Return everything that is wrong with a dataset folder or a single table.

    Splits of the same name are one across configurations, so that stand-off rows count as the test split they are in.

    Args:
        data: Folder, or CSV, TSV, JSON-lines or Parquet file. Without it, the packaged dataset.
        schema: The label schema. Without it, labels are those that the features declare.
        columns: What columns are called, by their usual name; ``None`` for one that is not to be read.
        against: Folder of texts from which nothing may be borrowed.
        near_duplicates: Whether to look for near-duplicates, which takes longest.

    Raises:
        InputError: Where there is no such file, folder or column.
        UsageError: For a file of an unknown kind.
        MissingExtraError: For Parquet, without the extra ``dataset``.
    """
    path = packaged_folder() if data is None else Path(data)
    folder = read_tables(path)
    issues = list(folder.issues)
    tables = _renamed(folder.tables, columns or {}, str(path))
    labels = labels_of(schema, (table for table in tables if not is_judgements(table)))
    rows, judged = [], []
    for table in tables:
        declared = _declared(folder.infos.get(table.configuration, {}))
        if is_judgements(table):
            judged += judgement_rows(table, labels, declared, issues)
        else:
            rows += edition_rows(table, labels, declared, issues)
    issues += card_issues(folder.infos, tables)
    issues += licence_issues(folder.metadata)
    issues += missing_card(path)
    issues += unwritten_parts(path)
    issues += croissant_issues(path, folder.tables)
    for find in _FINDERS:
        issues += find(rows, labels)
    issues += judgement_issues(rows, judged, labels)
    if near_duplicates:
        issues += _near_duplicates(rows)
    if against is not None:
        known = known_runs(against)
        for first in _by_content(rows).values():
            if first[0].text:
                issues += [issue("borrowed-text", first[0].where, said) for said in borrowed(first[0].text, known)]
    if path.resolve() == packaged_folder().resolve():
        issues += stale_parts(path)
    order = {name: number for number, name in enumerate(RULES)}
    issues.sort(key=lambda found: order[found.rule])
    files = tuple(CheckedFile(table.configuration, table.split, table.file, table.rows) for table in tables)
    return Report(str(path) if data is not None else "the packaged dataset", files, tuple(issues))


def _declared(info: Mapping[str, object]) -> set[str]:
    features = info.get("features")
    if not isinstance(features, list):
        return set()
    return {str(feature.get("name")) for feature in features if isinstance(feature, dict)}


def _renamed(tables: Sequence[Table], columns: Mapping[str, str | None], where: str) -> list[Table]:
    """Return the tables with their columns under the usual names."""
    theirs = {name: usual for usual, name in columns.items() if name is not None and name != usual}
    dropped = {usual for usual, name in columns.items() if name != usual}
    held = {name for table in tables for name in table.columns}
    for name in theirs:
        if tables and name not in held:
            raise InputError(
                f"there is no column {name!r}", where=where, got=f"columns {', '.join(held)}", remedy="Check its name"
            )

    def renamed(table: Table) -> Table:
        if is_judgements(table) or not (theirs or dropped):
            return table
        kept = {theirs.get(name, name): name for name in table.columns if name in theirs or name not in dropped}
        return replace(
            table,
            columns={usual: table.columns[name] for usual, name in kept.items()},
            names={usual: table.names[name] for usual, name in kept.items() if name in table.names},
        )

    return [renamed(table) for table in tables]


def _configurations(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.configuration, []).append(row)
    return found


def _paragraphs(rows: Iterable[Row]) -> list[Row]:
    """Return one row for each paragraph: with several targets it stands once for each."""
    first: dict[tuple[str, ...], Row] = {}
    for row in rows:
        name = ("id", row.id) if row.id else ("text", row.key) if row.key and row.target else ("row", row.where)
        first.setdefault((row.configuration, row.split, *name), row)
    return list(first.values())


def _ids(rows: Sequence[Row], _: Labels) -> Iterator[Issue]:
    for theirs in _configurations(rows).values():
        named = [row for row in theirs if row.id.strip()]
        if named:
            yield from (
                issue("missing-id", row.where, "it has no id where others have one")
                for row in theirs
                if not row.id.strip()
            )
        numbered = any(_NUMBERED.fullmatch(row.id) for row in named)
        seen: dict[tuple[str, str], Row] = {}
        first: dict[str, Row] = {}
        for row in named:
            before = first.setdefault(row.id, row)
            same = seen.setdefault((row.id, row.target), row)
            if same is not row:
                yield issue("duplicate-id", row.where, f"the id {row.id!r} stands already at {same.where}")
            elif before.key != row.key:
                yield issue("duplicate-id", row.where, f"the id {row.id!r} stands with another text at {before.where}")
            if before is row:
                yield from _malformed(row, numbered=numbered)
    known = {row.id for row in rows}
    for row in _paragraphs(rows):
        if row.restates and row.restates not in known:
            yield issue("unknown-source", row.where, f"it restates {row.restates!r}, which is not there")


def _malformed(row: Row, *, numbered: bool) -> Iterator[Issue]:
    if _SPACE.search(row.id):
        yield issue("malformed-id", row.where, f"the id {row.id!r} holds white space")
    elif numbered and not _NUMBERED.fullmatch(row.id):
        yield issue("malformed-id", row.where, f"the id {row.id!r} is not <article>/<number> of three digits or more")
    elif row.article and row.id.rpartition("/")[0] != row.article:
        yield issue("malformed-id", row.where, f"the id {row.id!r} does not name the article {row.article!r}")


def _offsets(rows: Sequence[Row], _unused: Labels) -> Iterator[Issue]:
    articles: dict[tuple[str, str], list[tuple[int, int, Row]]] = {}
    for row in _paragraphs(rows):
        if not {"start", "end"} <= set(row.table.columns):
            continue
        if row.start is None or row.end is None or not 0 <= row.start < row.end:
            yield issue("bad-offsets", row.where, f"start is {row.start}, end is {row.end}")
        else:
            articles.setdefault((row.configuration, row.article), []).append((row.start, row.end, row))
    for spans in articles.values():
        for (before, _, left), (start, _, right) in pairwise(spans):
            if start < before and left.table is right.table:
                yield issue("out-of-order", right.where, f"it starts at {start}, and the one before at {before}")
        furthest: tuple[int, Row] | None = None
        for start, end, row in sorted(spans, key=lambda span: span[:2]):
            if furthest and start < furthest[0]:
                message = f"characters {start} to {min(end, furthest[0])} belong to {furthest[1].where} too"
                yield issue("overlapping-paragraphs", row.where, message)
            if not furthest or end > furthest[0]:
                furthest = (end, row)


def _hashes(rows: Sequence[Row], _: Labels) -> Iterator[Issue]:
    for row in rows:
        if "sha256" not in row.table.columns:
            continue
        if not _HASH.fullmatch(row.sha256):
            message = "it is not 64 hexadecimal digits in small letters" if row.sha256 else "there is no hash"
            yield issue("malformed-hash", row.where, message)
        elif row.text is not None and row.key and row.key != row.sha256:
            yield issue("hash-mismatch", row.where, f"the text has the hash {row.key[:12]}…, not {row.sha256[:12]}…")


def _labels(rows: Sequence[Row], labels: Labels) -> Iterator[Issue]:
    for row in rows:
        yield from _label_faults(row, labels)
    first: dict[tuple[str, str], Row] = {}
    for row in rows:
        before = first.setdefault((row.configuration, row.id), row) if row.id else row
        if set(before.topics) != set(row.topics) and before.target != row.target:
            message = f"its topics are {_shown(row)}; for another target they are {_shown(before)} at {before.where}"
            yield issue("topics-differ", row.where, message)
    for theirs in _configurations(rows).values():
        yield from _conflicts(theirs)


def _label_faults(row: Row, labels: Labels) -> Iterator[Issue]:
    columns = row.table.columns
    if "stance" in columns and is_absent(columns["stance"][row.number]):
        yield issue("missing-label", row.where, "it has no stance")
    if "target" in columns and not row.target.strip():
        yield issue("missing-label", row.where, "it has no target")
    elif row.target and labels.targets and row.target not in labels.targets:
        message = f"target: {row.target!r} is unknown; expected one of {', '.join(labels.targets)}"
        yield issue("unknown-label", row.where, message)
    if "topics" in columns and is_absent(columns["topics"][row.number]):
        yield issue("no-topic", row.where, "it has no topic")
    topics = set(row.topics)
    if len(topics) < len(row.topics):
        twice = next(name for name, count in Counter(row.topics).items() if count > 1)
        yield issue("repeated-topic", row.where, f"the topic {twice!r} stands twice")
    if len(topics) > 1 and labels.exclusive & topics:
        alone = min(labels.exclusive & topics)
        yield issue("exclusive-topic", row.where, f"the topic {alone!r} never stands beside another")


def _shown(row: Row) -> str:
    return ", ".join(sorted(row.topics)) or "none"


def _by_content(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        if row.key:
            found.setdefault(row.key, []).append(row)
    return found


def _conflicts(rows: Sequence[Row]) -> Iterator[Issue]:
    for alike in _by_content(rows).values():
        if len(alike) < 2:
            continue
        for target in dict.fromkeys(row.target for row in alike):
            theirs = [row for row in alike if row.target == target and row.stance]
            stances = dict.fromkeys(row.stance for row in theirs)
            if len(stances) > 1:
                column = f"stance towards {target}" if target else "stance"
                yield _conflict(theirs, column, stances)
        ones = _paragraphs(alike) if any(row.id for row in alike) else alike
        topics = dict.fromkeys(_shown(row) for row in ones)
        if len(topics) > 1:
            yield _conflict(ones, "topics", topics)


def _conflict(rows: Sequence[Row], column: str, labels: Iterable[str]) -> Issue:
    message = f"one text has different labels in {column}: {'; '.join(labels)}. Decide on one, or remove a row"
    return issue("conflicting-labels", places(rows), message)


def _texts(rows: Sequence[Row], _: Labels) -> Iterator[Issue]:
    for row in _paragraphs(rows):
        if row.text is not None:
            yield from (issue(rule, row.where, message) for rule, message in text_faults(row.text))


def _duplicates(rows: Sequence[Row], _unused: Labels) -> Iterator[Issue]:
    for alike in _by_content(rows).values():
        if len(alike) < 2:
            continue
        ones = _paragraphs(alike)
        by_split: dict[tuple[str, str], list[Row]] = {}
        for row in ones if any(row.id for row in alike) else alike:
            by_split.setdefault((row.configuration, row.split), []).append(row)
        for (_, split), theirs in by_split.items():
            if len(theirs) > 1 and len({row.target for row in theirs}) < len(theirs):
                times = f"{len(theirs)} times" if len(theirs) > 2 else "twice"
                yield issue("duplicate-text", places(theirs), f"one text stands there {times}{_in(split)}")
        splits = dict.fromkeys(row.split for row in ones)
        if len(splits) > 1:
            yield issue("text-across-splits", places(ones), f"one text stands in {' and '.join(splits)}")


def _in(split: str) -> str:
    return f" in {split}" if split else ""


def _near_duplicates(rows: Sequence[Row]) -> Iterator[Issue]:
    groups = [alike for alike in _by_content(rows).values() if alike[0].text is not None]
    try:
        splits = [tuple(sorted({row.split for row in alike})) for alike in groups]
        pairs = near_duplicate_pairs([alike[0].text or "" for alike in groups], splits)
    except MissingExtraError as error:
        yield issue("near-duplicates-unchecked", "near-duplicates", error.message.removesuffix("."))
        return
    firsts = [_firsts(alike) for alike in groups]
    for one, other in pairs:
        left, right = groups[one][0], groups[other][0]
        apart = [(x, y) for x in firsts[one] for y in firsts[other] if x.split != y.split]
        if apart:
            left, right = apart[0]
            message = f"it nearly repeats the text at {right.where}, in another split ({left.split}, {right.split})"
            yield issue("near-duplicate-across-splits", left.where, message)
        else:
            yield issue("near-duplicate", left.where, f"it nearly repeats the text at {right.where}")


def _firsts(rows: Iterable[Row]) -> list[Row]:
    """Return the first row of each split."""
    first: dict[str, Row] = {}
    for row in rows:
        first.setdefault(row.split, row)
    return list(first.values())


def _leaks(rows: Sequence[Row], _: Labels) -> Iterator[Issue]:
    ones = _paragraphs(rows)
    of_id: dict[str, list[Row]] = {}
    groups: dict[str, list[Row]] = {}
    for row in ones:
        if row.id:
            of_id.setdefault(row.id, []).append(row)
        if row.group:
            groups.setdefault(row.group, []).append(row)
    for row in ones:
        source = next((one for one in of_id.get(row.restates, ()) if one.split != row.split), None)
        if row.restates and source:
            message = f"it is in {row.split}, and what it restates in {source.split}, at {source.where}"
            yield issue("restatement-across-splits", row.where, message)
    for group, theirs in groups.items():
        counts = Counter(row.split for row in theirs)
        if len(counts) > 1:
            firsts = [next(row for row in theirs if row.split == split) for split in counts]
            parted = " and ".join(f"{split} ({count})" for split, count in counts.items())
            yield issue("group-across-splits", places(firsts), f"the group {group!r} is in {parted}")


def _groups(rows: Sequence[Row], _: Labels) -> Iterator[Issue]:
    for theirs in _configurations(rows).values():
        first = theirs[0]
        if "group" not in first.table.columns:
            yield issue("no-groups", first.table.file, "there is no column 'group'")
            continue
        for row in theirs:
            if not row.group.strip() and "group" in row.table.columns:
                yield issue("missing-group", row.where, "it has no group")
        named = {row.group for row in theirs if row.group.strip()}
        if len(named) == 1 and len(_paragraphs(theirs)) > 1:
            yield issue("one-group", first.table.file, f"all rows are of the group {named.pop()!r}")


def _balance(rows: Sequence[Row], labels: Labels) -> Iterator[Issue]:
    for theirs in _configurations(rows).values():
        stances = labels.stances or tuple(sorted({row.stance for row in theirs} - {""}))
        topics = labels.topics or tuple(sorted({topic for row in theirs for topic in row.topics}))
        splits: dict[str, list[Row]] = {}
        for row in theirs:
            splits.setdefault(row.split, []).append(row)
        if len({row.stance for row in theirs if row.stance}) == 1:
            yield issue("one-class", theirs[0].table.file, f"all rows have the stance {theirs[0].stance!r}")
        for some in splits.values():
            if "stance" in some[0].table.columns:
                for target in dict.fromkeys(row.target for row in some):
                    held = Counter(row.stance for row in some if row.target == target)
                    column = f"stance towards {target}" if target else "stance"
                    yield from _shares(some[0].table, column, held, stances, sum(held.values()))
            if "topics" in some[0].table.columns:
                ones = _paragraphs(some)
                held = Counter(topic for row in ones for topic in set(row.topics))
                yield from _shares(some[0].table, "topics", held, topics, len(ones))


def _shares(table: Table, column: str, held: Mapping[str, int], names: Sequence[str], total: int) -> Iterator[Issue]:
    absent = [name for name in names if not held.get(name)]
    rare = [name for name in names if 0 < held.get(name, 0) < _RARE * total]
    if absent:
        yield issue("absent-class", table.file, f"{column}: none{_in(table.split)} of {', '.join(absent)}")
    if rare:
        counted = ", ".join(f"{name} ({held[name]})" for name in rare)
        yield issue("rare-class", table.file, f"{column}: few of {total} rows{_in(table.split)}: {counted}")


_FINDERS: tuple[_Finder, ...] = (_ids, _offsets, _hashes, _labels, _texts, _duplicates, _leaks, _groups, _balance)

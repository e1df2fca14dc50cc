"""Rules for a dataset's ``croissant.json``: the files that it names, their hashes and sizes, and the columns."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from iraqstance.annotation.errors import InputError
from iraqstance.annotation.records import Issue
from iraqstance.annotation.storage import read_json
from iraqstance.dataset.croissant import CROISSANT, data_type, file_sha256
from iraqstance.dataset.tables import Table, issue

__all__ = ["croissant_issues"]

_SIZE = re.compile(r"(\d+)(?: ?B| bytes)?")
# What ends the name of a type that a column is compared with: `sc:Integer`, `cr:UInt8`, `https://schema.org/Text`.
_KINDS = {
    "sc:Integer": re.compile(r".*[:/](?:Integer|U?Int\d+)"),
    "sc:Float": re.compile(r".*[:/](?:Number|Float\d*)"),
    "sc:Boolean": re.compile(r".*[:/]Boolean"),
    "sc:Text": re.compile(r".*[:/](?:Text|URL|Date|DateTime|Time)"),
}

_Node = Mapping[str, Any]


def croissant_issues(folder: Path, tables: Sequence[Table]) -> Iterator[Issue]:
    """Yield where ``croissant.json`` is not what the data is; nothing for a folder without one.

    Files elsewhere, with an address or inside another file, are not looked at.

    Args:
        folder: The dataset folder.
        tables: Its data files, as they were read.
    """
    path = folder / CROISSANT
    if not path.exists():
        return
    try:
        described = read_json(path)
        distribution = _nodes(described, "distribution")
        record_sets = [(one, _nodes(one, "field")) for one in _nodes(described, "recordSet")]
    except InputError as error:
        yield issue("croissant-unreadable", CROISSANT, error.what)
        return
    local = [one for one in distribution if "containedIn" not in one and "://" not in str(one.get("contentUrl"))]
    files = {str(one.get("@id")): _named(one, folder) for one in local}
    for one in local:
        yield from _file_faults(one, folder, files[str(one.get("@id"))])
    if len(local) == len(distribution):
        told = {file for named in files.values() for file in named}
        for table in tables:
            if table.file not in told:
                yield issue("croissant-file", table.file, f"{CROISSANT} does not name it")
    by_file = {table.file: table for table in tables}
    for record_set, fields in record_sets:
        for file, columns in _columns(fields, files).items():
            if file in by_file and by_file[file].rows:
                yield from _column_faults(str(record_set.get("@id")), columns, by_file[file])


def _nodes(parent: object, key: str) -> list[_Node]:
    """Return the objects that stand under a key, of which JSON-LD writes a single one without a list."""
    if not isinstance(parent, dict):
        raise InputError("it is no JSON object")
    value = parent.get(key, [])
    nodes = value if isinstance(value, list) else [value]
    if not all(isinstance(one, dict) for one in nodes):
        raise InputError(f"{key} is no list of objects")
    return nodes


def _named(one: _Node, folder: Path) -> list[str]:
    """Return the files that a file object or a file set names, relative to the folder."""
    if "includes" not in one:
        return [Path(str(one.get("contentUrl"))).as_posix()]
    patterns = one["includes"] if isinstance(one["includes"], list) else [one["includes"]]
    return [file for pattern in patterns for file in _matching(str(pattern), folder)]


def _matching(pattern: str, folder: Path) -> list[str]:
    try:
        return sorted(path.relative_to(folder).as_posix() for path in folder.glob(pattern))
    except (
        NotImplementedError,
        ValueError,
    ):  # no pattern, or one that leaves the folder: it names no file, and is told so
        return []


def _file_faults(one: _Node, folder: Path, files: Sequence[str]) -> Iterator[Issue]:
    if "includes" in one:
        if not files:
            yield issue("croissant-file", CROISSANT, f"the file set {one.get('@id')!r} includes no file that is there")
        return
    file = files[0]
    path = folder / file
    if not path.is_file():
        yield issue("croissant-file", file, f"{CROISSANT} names it, but it is not there")
        return
    try:
        found, held = file_sha256(path), path.stat().st_size
    except OSError as error:
        yield issue("unreadable-file", file, f"its hash cannot be found: {error.strerror}")
        return
    told, size = one.get("sha256"), _SIZE.fullmatch(str(one.get("contentSize")))
    if told is not None and told != found:
        yield issue("croissant-hash", file, f"its SHA-256 is {found[:12]}…, not {str(told)[:12]}…")
    if size and int(size[1]) != held:
        yield issue("croissant-hash", file, f"it has {held} bytes, not {size[1]}")


def _columns(fields: Sequence[_Node], files: Mapping[str, Sequence[str]]) -> dict[str, dict[str, _Node]]:
    """Return the fields that a record set takes from columns, by file and column."""
    found: dict[str, dict[str, _Node]] = {}
    for field in fields:
        source = field.get("source")
        if not isinstance(source, dict) or not isinstance(source.get("extract"), dict):
            continue
        place = source.get("fileObject", source.get("fileSet"))
        column = source["extract"].get("column")
        if isinstance(place, dict) and isinstance(column, str):
            for file in files.get(str(place.get("@id")), ()):
                found.setdefault(file, {})[column] = field
    return found


def _column_faults(name: str, columns: Mapping[str, _Node], table: Table) -> Iterator[Issue]:
    absent = [column for column in columns if column not in table.columns]
    untold = [column for column in table.columns if column not in columns]
    if absent:
        message = f"the record set {name!r} declares columns that it does not have: {', '.join(absent)}"
        yield issue("croissant-columns", table.file, message)
    if untold:
        message = f"the record set {name!r} does not declare its columns {', '.join(untold)}"
        yield issue("croissant-columns", table.file, message)
    for column, field in columns.items():
        if table.features is not None and column in table.features:
            kind, is_array = data_type(table.features[column])
            listed = bool(field.get("isArray") or field.get("repeated"))
            if listed != is_array or kind not in _kinds(field, kind):
                shown = f"a list of {kind}" if is_array else kind
                message = f"the record set {name!r} gives the column {column!r} another type than {shown}"
                yield issue("croissant-columns", table.file, message)


def _kinds(field: _Node, otherwise: str) -> set[str]:
    """Return the types of a field that can be compared; where there are none, the other one."""
    types = field.get("dataType")
    told = [str(one) for one in (types if isinstance(types, list) else [types])]
    return {kind for kind, form in _KINDS.items() if any(map(form.fullmatch, told))} or {otherwise}

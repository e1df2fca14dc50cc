"""Read a dataset folder or a single table whole, with the place of every row; what cannot be read becomes an issue."""

import csv
import io
import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from iraqstance.annotation.errors import InputError, UsageError
from iraqstance.annotation.reading import open_binary
from iraqstance.annotation.records import Issue
from iraqstance.dataset.load import load_parquet
from iraqstance.dataset.rules import RULES

__all__ = ["Folder", "Table", "card_metadata", "issue", "read_tables"]

_ENDINGS = {".parquet", ".csv", ".tsv", ".jsonl", ".ndjson"}
_SPLITS = (("train", "train"), ("validation", "validation|valid|val|dev"), ("test", "test|eval"))
_FRONT = re.compile(r"\A---\s*\n(.*?)^---\s*$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Table:
    """One data file.

    Attributes:
        configuration: Its configuration; empty where there are none.
        split: Its split; empty where there are none.
        file: Its name in messages.
        rows: Number of rows.
        columns: The values of each column, one entry a row; class labels as names where their number has one.
        lines: Line on which each row ends, in a text file.
        names: Names of the class labels, by column.
        features: The features of a Parquet file.
        num_bytes: Size in memory of a Parquet file.
        file_bytes: Size of the file.
    """

    configuration: str
    split: str
    file: str
    rows: int
    columns: Mapping[str, Sequence[Any]]
    lines: Sequence[int] | None = None
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    features: Any = None
    num_bytes: int = 0
    file_bytes: int = 0

    def where(self, row: int) -> str:
        """Return the place of a row, counted from 0."""
        return f"{self.file}: line {self.lines[row]}" if self.lines else f"{self.file}: row {row + 1}"


@dataclass(frozen=True, slots=True)
class Folder:
    """What was read: tables, issues of reading, and the card's ``dataset_info`` by configuration and whole metadata."""

    tables: tuple[Table, ...]
    issues: tuple[Issue, ...]
    infos: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)


def issue(rule: str, where: str, message: str) -> Issue:
    """Return an issue with the severity of its rule."""
    return Issue(rule, RULES[rule].severity, where, message)


def read_tables(data: str | Path) -> Folder:
    """Read all data files of a dataset folder, or a single CSV, TSV, JSON-lines or Parquet file.

    A folder's files are those that its card names; without such a card, all of the folder and of its ``data``, whose
    names tell the splits.

    Raises:
        InputError: Where there is no such file or folder.
        UsageError: For a file of another kind.
        MissingExtraError: For Parquet, without the extra ``dataset``.
    """
    path = Path(data)
    if path.is_dir():
        return _read_folder(path)
    if path.suffix.lower() not in _ENDINGS:
        if not path.suffix and not path.exists():
            raise InputError("there is no such file or folder", where=str(data), remedy="Check the path")
        raise UsageError(
            f"{data}: this kind of file is not known",
            expected="a .csv, .tsv, .jsonl or .parquet file, or a dataset folder",
            got=path.suffix or "no ending",
        )
    with open_binary(path):
        pass
    issues: list[Issue] = []
    table = _read_file(path, str(data), "", "", issues)
    return Folder((table,) if table else (), tuple(issues))


def _read_folder(folder: Path) -> Folder:
    issues: list[Issue] = []
    card = folder / "README.md"
    metadata = _metadata(card, issues) if card.is_file() else {}
    lying = sorted(file for place in (folder, folder / "data") if place.is_dir() for file in _data_files(place))
    named = list(_named(folder, metadata, issues))
    if not named and not any(one.rule == "missing-file" for one in issues):
        named = [("default", _split_of(file), file) for file in lying]
    tables = []
    read = set()
    for configuration, split, file in named:
        read.add(file.resolve())
        name = file.relative_to(folder).as_posix() if file.is_relative_to(folder) else str(file)
        table = _read_file(file, name, configuration, split, issues)
        tables += [table] if table else []
    for file in lying:
        if file.resolve() not in read:
            message = "no configuration of the card names it, so nothing loads it"
            issues.append(issue("unlisted-file", file.relative_to(folder).as_posix(), message))
    if not named and not issues:
        issues.append(issue("no-data", ".", "there is no data file in the folder"))
    infos = _infos(metadata, issues)
    return Folder(tuple(tables), tuple(issues), infos, metadata)


def _data_files(folder: Path) -> Iterable[Path]:
    return (file for file in folder.iterdir() if file.suffix.lower() in _ENDINGS and not file.name.startswith("."))


def _split_of(file: Path) -> str:
    for split, words in _SPLITS:
        if re.search(rf"(?<![a-z])(?:{words})(?![a-z])", file.stem.lower()):
            return split
    return "train"


def card_metadata(folder: Path) -> Mapping[str, Any]:
    """Return the metadata of a folder's card; of a card that is not there or cannot be read, none."""
    return _metadata(folder / "README.md", [])


def _metadata(card: Path, issues: list[Issue]) -> Mapping[str, Any]:
    try:
        found = _FRONT.match(card.read_text(encoding="utf-8-sig"))
        value = yaml.safe_load(found[1]) if found else {}
    except (OSError, ValueError, yaml.YAMLError) as error:
        issues.append(issue("card-metadata", "README.md", f"its metadata cannot be read: {str(error).splitlines()[0]}"))
        return {}
    if value is not None and not isinstance(value, dict):
        issues.append(issue("card-metadata", "README.md", f"its metadata is no mapping, but {type(value).__name__}"))
        return {}
    return value or {}


def _named(folder: Path, metadata: Mapping[str, Any], issues: list[Issue]) -> Iterable[tuple[str, str, Path]]:
    """Yield configuration, split and file as the card's ``configs`` name them."""
    configs = metadata.get("configs") or []
    if not isinstance(configs, list) or not all(isinstance(config, dict) for config in configs):
        issues.append(issue("card-metadata", "README.md", "configs is no list of mappings"))
        return
    for config in configs:
        name = str(config.get("config_name", "default"))
        for split, patterns in _data_files_of(config, name, issues):
            for pattern in patterns:
                found = _globbed(folder, pattern)
                if not found:
                    message = f"configuration {name!r}, split {split!r} names it, but it is not there"
                    issues.append(issue("missing-file", pattern, message))
                for file in found:
                    yield name, split, file


def _globbed(folder: Path, pattern: str) -> list[Path]:
    if Path(pattern).is_absolute() or not pattern:
        return []
    return sorted(file for file in folder.glob(pattern) if file.is_file())


def _data_files_of(config: Mapping[str, Any], name: str, issues: list[Issue]) -> Iterable[tuple[str, list[str]]]:
    files = config.get("data_files")
    if isinstance(files, str):
        files = [files]
    if isinstance(files, list) and files and all(isinstance(one, str) for one in files):
        files = [{"split": "train", "path": files}]
    if not isinstance(files, list) or not files:
        issues.append(issue("card-metadata", "README.md", f"configuration {name!r} names no data_files"))
        return
    for part in files:
        paths = part.get("path") if isinstance(part, dict) else None
        paths = [paths] if isinstance(paths, str) else paths
        if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
            message = f"data_files of configuration {name!r} are no list of split and path"
            issues.append(issue("card-metadata", "README.md", message))
            continue
        yield str(part.get("split", "train")), paths


def _infos(metadata: Mapping[str, Any], issues: list[Issue]) -> dict[str, Mapping[str, Any]]:
    infos = metadata.get("dataset_info") or []
    infos = [infos] if isinstance(infos, dict) else infos
    if not isinstance(infos, list) or not all(isinstance(info, dict) for info in infos):
        issues.append(issue("card-metadata", "README.md", "dataset_info is no list of mappings"))
        return {}
    return {str(info.get("config_name", "default")): info for info in infos}


def _read_file(path: Path, name: str, configuration: str, split: str, issues: list[Issue]) -> Table | None:
    try:
        if path.suffix.lower() == ".parquet":
            return _read_parquet(path, name, configuration, split)
        if path.suffix.lower() in {".csv", ".tsv"}:
            columns, lines = _read_delimited(path, name, issues)
        else:
            columns, lines = _read_lines(path, name, issues)
    except InputError as error:
        issues.append(issue("unreadable-file", name, error.what))
        return None
    return Table(configuration, split, name, len(lines), columns, lines, file_bytes=path.stat().st_size)


def _read_parquet(path: Path, name: str, configuration: str, split: str) -> Table:
    try:
        dataset = load_parquet(path)
    except (TypeError, ValueError, KeyError, AttributeError) as error:  # features that Hugging Face cannot parse
        raise InputError("its features cannot be read", where=name, got=str(error)[:100]) from None
    from datasets import ClassLabel

    columns: dict[str, Sequence[Any]] = {}
    names = {}
    for column, feature in dataset.features.items():
        values = dataset.data.column(column).to_pylist()
        inner = getattr(feature, "feature", None)
        if isinstance(feature, ClassLabel) and feature.names:
            names[column] = tuple(feature.names)
            values = list(map(_naming(names[column]), values))
        elif isinstance(inner, ClassLabel) and inner.names:
            names[column] = tuple(inner.names)
            named = _naming(names[column])
            values = [None if value is None else list(map(named, value)) for value in values]
        columns[column] = values
    size = path.stat().st_size
    return Table(
        configuration, split, name, len(dataset), columns, None, names, dataset.features, dataset.data.nbytes, size
    )


def _naming(names: Sequence[str]) -> Callable[[Any], Any]:
    known = dict(enumerate(names))
    return lambda value: None if value in {None, -1} else known.get(value, value)


_Rows = tuple[dict[str, Sequence[Any]], list[int]]


def _read_lines(path: Path, name: str, issues: list[Issue]) -> _Rows:
    rows, lines = [], []
    with open_binary(path) as stream:
        for number, raw in enumerate(stream, 1):
            if not raw.strip():
                continue
            try:
                value = json.loads(raw.decode("utf-8-sig"))
            except UnicodeDecodeError:
                fault = "the text is not UTF-8"
            except (ValueError, RecursionError) as error:
                fault = f"invalid JSON: {error}".partition(": line ")[0]
            else:
                fault = "" if isinstance(value, dict) else f"the line is no JSON object, but {type(value).__name__}"
            if fault:
                issues.append(issue("unreadable-row", f"{name}: line {number}", fault))
            else:
                rows.append(value)
                lines.append(number)
    keys = dict.fromkeys(key for row in rows for key in row)
    return {key: [row.get(key) for row in rows] for key in keys}, lines


def _read_delimited(path: Path, name: str, issues: list[Issue]) -> _Rows:
    csv.field_size_limit(sys.maxsize)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise InputError(f"line {line} is not UTF-8", where=name, remedy="Save it as UTF-8") from None
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    head: list[str] | None = None
    rows, lines = [], []
    try:
        for record in reader:
            if head is None:
                head = record
            elif len(record) == len(head):
                rows.append(record)
                lines.append(reader.line_num)
            elif record:
                message = f"the row has {len(record)} fields, and the head {len(head)}"
                issues.append(issue("unreadable-row", f"{name}: line {reader.line_num}", message))
    except csv.Error as error:
        issues.append(issue("unreadable-row", f"{name}: line {reader.line_num}", f"the table is damaged: {error}"))
    columns = {key: [row[place] for row in rows] for place, key in enumerate(head or ())}
    return dict(columns), lines

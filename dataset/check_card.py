"""Rules for a dataset's card: what it says of the data's features, counts and sizes, and the parts that are made."""

import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from iraqstance.annotation.errors import InputError
from iraqstance.annotation.records import Issue
from iraqstance.annotation.schema import packaged_schema
from iraqstance.dataset.build import build
from iraqstance.dataset.editions import packaged_edition
from iraqstance.dataset.tables import Table, issue

__all__ = ["card_issues", "licence_issues", "missing_card", "stale_parts", "unwritten_parts"]

_CARD = "README.md"
_MEASURED = "measured"  # what the card shows and a build does not make
_MADE = re.compile(r"<!-- made: ([a-z-]+) -->\n(.*?)<!-- /made -->", re.DOTALL)
_QUESTION = re.compile(r"<!-- (?!made:|/made).*?-->", re.DOTALL)
_TOLERANCE = 0.1  # of a size in memory, which depends on who wrote it


def card_issues(infos: Mapping[str, Mapping[str, Any]], tables: Sequence[Table]) -> Iterator[Issue]:
    """Yield where the card's ``dataset_info`` is not what the data is."""
    for name, info in infos.items():
        parts = [table for table in tables if table.configuration == name]
        if not parts:
            if tables:
                yield issue("card-counts", _CARD, f"it describes the configuration {name!r}, which has no data")
            continue
        yield from _features(name, info, parts)
        splits = info.get("splits")
        if splits is None:
            continue
        if not isinstance(splits, list) or not all(isinstance(one, dict) and "name" in one for one in splits):
            yield issue("card-metadata", _CARD, f"the splits of configuration {name!r} are no list of mappings")
            continue
        yield from _counts(name, splits, parts)
        yield from _sizes(name, info, splits, parts)


def licence_issues(metadata: Mapping[str, Any]) -> Iterator[Issue]:
    """Yield the licences in a card's metadata that the Hub does not know, and would refuse."""
    said = metadata.get("license")
    for licence in said if isinstance(said, list) else [said]:
        if licence is not None and licence not in _licences():
            near = get_close_matches(str(licence).casefold().replace(" ", "-"), _licences(), 1)
            hint = f"; is it {near[0]!r}?" if near else ", or other with a license_name and a license_link beside it"
            message = f"license: {licence!r} is none that the Hub knows; expected one such as cc-by-4.0{hint}"
            yield issue("card-metadata", _CARD, message)


@cache
def _licences() -> tuple[str, ...]:
    return tuple(yaml.safe_load(files(__package__).joinpath("licences.yaml").read_bytes()))


def missing_card(folder: Path) -> Iterator[Issue]:
    """Yield that a folder with Parquet files in ``data`` has no card, without which it is never published."""
    if any((folder / "data").glob("*.parquet")) and not (folder / _CARD).exists():
        message = "there is no dataset card, without which nothing is published; `iraqstance dataset build` makes one"
        yield issue("missing-card", _CARD, message)


def unwritten_parts(folder: Path) -> Iterator[Issue]:
    """Yield what a new card asks its author to write, and is not written."""
    template = files(__package__).joinpath("card_template.md").read_text(encoding="utf-8")
    try:
        card = (folder / _CARD).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):  # there is none, or another rule says what is wrong with it
        return
    for question in _QUESTION.findall(template):
        if question in card:
            words = " ".join(question.removeprefix("<!--").removesuffix("-->").split())
            yield issue("card-unwritten", _CARD, f"it still asks: {words}")


def _features(name: str, info: Mapping[str, Any], parts: Iterable[Table]) -> Iterator[Issue]:
    declared = info.get("features")
    made = [table for table in parts if table.features is not None]
    if declared is None or not made:
        return
    from datasets.info import DatasetInfosDict
    from huggingface_hub import DatasetCardData

    try:
        read = DatasetInfosDict.from_dataset_card_data(DatasetCardData(dataset_info=[{"features": declared}]))
        features = next(iter(read.values())).features
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        message = f"the features of configuration {name!r} cannot be read: {str(error)[:80]}"
        yield issue("card-metadata", _CARD, message)
        return
    for table in made:
        differing = [
            column
            for column in dict.fromkeys([*features, *table.features])
            if features.get(column) != table.features.get(column)
        ]
        if differing:
            message = f"configuration {name!r} declares other features than the data has: {', '.join(differing)}"
            yield issue("card-features", table.file, message)


def _counts(name: str, splits: Iterable[Mapping[str, Any]], parts: Sequence[Table]) -> Iterator[Issue]:
    rows: dict[str, int] = {}
    for table in parts:
        rows[table.split] = rows.get(table.split, 0) + table.rows
    said = {str(split["name"]): split.get("num_examples") for split in splits}
    for split in dict.fromkeys([*said, *rows]):
        if split not in said:
            yield issue("card-counts", _CARD, f"configuration {name!r}: it does not count the split {split!r}")
        elif split not in rows:
            yield issue("card-counts", _CARD, f"configuration {name!r}: it counts a split {split!r}, which has no data")
        elif said[split] is not None and said[split] != rows[split]:
            message = f"configuration {name!r}, split {split!r}: it counts {said[split]} rows, the data {rows[split]}"
            yield issue("card-counts", _CARD, message)


def _sizes(
    name: str, info: Mapping[str, Any], splits: Iterable[Mapping[str, Any]], parts: Sequence[Table]
) -> Iterator[Issue]:
    wrong = []
    size, download = info.get("dataset_size"), info.get("download_size")
    bytes_of = {str(split["name"]): split.get("num_bytes") for split in splits}
    numbers = [value for value in bytes_of.values() if isinstance(value, int)]
    if isinstance(size, int) and numbers and size != sum(numbers):
        wrong.append(f"dataset_size is {size}, its splits sum to {sum(numbers)}")
    files = sum(table.file_bytes for table in parts)
    if isinstance(download, int) and download != files:
        wrong.append(f"download_size is {download}, the files have {files}")
    for split, said in bytes_of.items():
        held = sum(table.num_bytes for table in parts if table.split == split)
        if held and isinstance(said, int) and abs(said - held) > _TOLERANCE * held:
            wrong.append(f"num_bytes of {split!r} is {said}, the data has {held}")
    for fault in wrong:
        yield issue("card-sizes", _CARD, f"configuration {name!r}: {fault}")


def stale_parts(folder: Path) -> Iterator[Issue]:
    """Yield the made parts of the packaged card that a build of the packaged editions would change."""
    card = folder / _CARD
    with tempfile.TemporaryDirectory() as made:
        shutil.copy(card, made)
        if (folder / _MEASURED).is_dir():
            shutil.copytree(folder / _MEASURED, Path(made) / _MEASURED)
        try:
            build([packaged_edition("open"), packaged_edition("source")], packaged_schema(), made)
        except InputError as error:
            yield issue("card-stale", _CARD, f"the dataset cannot be built anew: {error.message.removesuffix('.')}")
            return
        now = dict(_MADE.findall((Path(made) / _CARD).read_text(encoding="utf-8")))
    for name, text in _MADE.findall(card.read_text(encoding="utf-8")):
        if now.get(name) != text:
            yield issue("card-stale", _CARD, f"the part {name!r} is not what `dataset build` makes now")

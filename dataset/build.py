"""Make a Hugging Face dataset folder: Parquet files, and the card and Croissant metadata that describe them."""

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from iraqstance.annotation.errors import InputError, from_extra
from iraqstance.annotation.records import Issue, Label
from iraqstance.annotation.schema import Schema
from iraqstance.dataset.card import card_text
from iraqstance.dataset.croissant import CROISSANT, croissant_text, file_sha256
from iraqstance.dataset.editions import Edition, LabelledRow, labelled_rows
from iraqstance.dataset.features import edition_features, judgement_features
from iraqstance.dataset.splits import SPLITS
from iraqstance.dataset.tables import card_metadata

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["Build", "Table", "build", "judgement_rows"]

_CARD = "README.md"


@dataclass(frozen=True, slots=True)
class Table:
    """One split of a configuration as it was written.

    Attributes:
        name: Name of the configuration.
        split: Name of the split.
        file: Parquet file, relative to the dataset folder.
        rows: Number of rows.
        num_bytes: Size in memory, as Hugging Face counts it.
        file_bytes: Size of the file.
        sha256: SHA-256 of the file, in hexadecimal digits.
        features: The declared features.
    """

    name: str
    split: str
    file: str
    rows: int
    num_bytes: int
    file_bytes: int
    sha256: str
    features: object


@dataclass(frozen=True, slots=True)
class Build:
    """What a build made: its tables in card order, what was left out and why, and what of an earlier build is gone."""

    folder: Path
    tables: tuple[Table, ...]
    issues: tuple[Issue, ...]
    removed: tuple[str, ...] = ()


def build(
    editions: Sequence[Edition],
    schema: Schema,
    folder: str | Path,
    *,
    labels: Mapping[str, Iterable[Label]] | None = None,
) -> Build:
    """Write the dataset: one configuration for each edition, the first the default, and one for all judgements.

    The same input gives the same bytes. Files are renamed into place when all are written, the card last. Then the
    Parquet files are removed that an earlier build made, as the card of before tells, and this one does not.

    Args:
        editions: Editions with paragraphs and judgements, the default one first.
        schema: The label schema.
        folder: The dataset folder; made where it does not exist. Its card and its ``croissant.json`` keep what people
            wrote in them.
        labels: Adjudicated labels by edition name, where they are not to be made from the judgements.

    Raises:
        InputError: Where an edition has no labelled paragraph, or text in some of its paragraphs only, or where the
            present card, ``croissant.json`` or the folder stands in the way.
        MissingExtraError: Without the extra ``dataset``.
    """
    with from_extra("dataset"):
        from datasets import Dataset
    folder = Path(folder)
    made: list[tuple[str, str, Dataset]] = []
    issues: list[Issue] = []
    labelled: dict[str, list[LabelledRow]] = {}
    for edition in editions:
        rows, found = _labelled(edition, schema, (labels or {}).get(edition.name))
        issues += found
        labelled[edition.name] = rows
        features = edition_features(
            schema,
            text=edition.has_text,
            restates=bool(edition.restates),
            genre=bool(edition.genres),
            intended=bool(edition.intended),
        )
        for split, part in _by_split(rows, edition):
            made.append((edition.name, split, Dataset.from_list(part, features=features)))
    judged = judgement_rows(editions, schema)
    if judged:
        made.append(("judgements", "train", Dataset.from_list(judged, features=judgement_features(schema))))

    def texts(tables: Sequence[Table]) -> dict[str, str]:
        card = card_text(folder, tables, editions, labelled, schema)
        return {_CARD: card, CROISSANT: croissant_text(folder, card, tables, schema)}

    earlier = _earlier(folder)
    tables = _write(made, folder, texts)
    return Build(folder, tuple(tables), tuple(issues), tuple(_removed(folder, earlier - {one.file for one in tables})))


def _labelled(
    edition: Edition, schema: Schema, labels: Iterable[Label] | None
) -> tuple[list[LabelledRow], list[Issue]]:
    without = [paragraph.id for paragraph in edition.paragraphs if not paragraph.text]
    if without and len(without) < len(edition.paragraphs):
        raise InputError(
            f"{len(without)} of the {len(edition.paragraphs)} paragraphs have no text, such as {without[0]}",
            where=f"edition {edition.name!r}",
            expected="text in all of them, or in none",
            remedy="Hydrate them, or leave them out",
        )
    nowhere = [one.id for one in edition.paragraphs if not one.text and one.end <= one.start]
    if nowhere:
        raise InputError(
            f"{len(nowhere)} paragraphs have neither text nor a place in an article, such as {nowhere[0]}",
            where=f"edition {edition.name!r}",
            expected='"text", or "article", "start" and "end"',
            remedy="Check the names of the fields",
        )
    rows, issues = labelled_rows(edition, schema, labels)
    if not rows:
        raise InputError(
            f"edition {edition.name!r} has no labelled paragraph",
            got=f"{len(edition.paragraphs)} paragraphs, {len(edition.judgements)} judgements",
            remedy="Check that paragraphs and judgements name the same ids",
        )
    return rows, issues


def _by_split(rows: Sequence[LabelledRow], edition: Edition) -> list[tuple[str, list[LabelledRow]]]:
    """Return the rows of each split, in the usual order of splits; names of the user's own come last."""
    parts: dict[str, list[LabelledRow]] = {}
    for row in rows:
        parts.setdefault(edition.splits.get(str(row["id"]), edition.split), []).append(row)
    usual = [*SPLITS, *sorted(set(parts) - set(SPLITS))]
    return [(split, parts[split]) for split in usual if split in parts]


def judgement_rows(editions: Iterable[Edition], schema: Schema) -> list[LabelledRow]:
    """Return every judgement of the editions, one row for each target."""
    return [
        {
            "edition": edition.name,
            "paragraph": judgement.paragraph,
            "annotator": judgement.annotator,
            "kind": judgement.kind,
            "round": judgement.round,
            "target": target,
            "stance": judgement.stances[target],
            "topics": list(judgement.topics),
            "unsure": judgement.unsure,
            "comment": judgement.comment,
            "seconds": judgement.seconds,
            "suggestion": judgement.suggestion,
        }
        for edition in editions
        for judgement in edition.judgements
        for target in schema.target_names
    ]


def _write(
    made: Sequence[tuple[str, str, "Dataset"]], folder: Path, texts: Callable[[Sequence[Table]], Mapping[str, str]]
) -> list[Table]:
    """Write the tables, and the texts that describe them, beside their places, then rename them all."""
    import pyarrow.parquet as pq

    data = folder / "data"
    try:
        data.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(dir=data, prefix=".build."))
    except OSError as error:
        raise InputError("the dataset folder cannot be written", where=str(folder), got=error.strerror or "") from None
    tables = []
    try:
        configurations = [name for name, _, _ in made]
        for name, split, dataset in made:
            file = f"{name}.parquet" if configurations.count(name) == 1 else f"{name}-{split}.parquet"
            pq.write_table(dataset.data.table, beside / file)
            sizes = dataset.data.nbytes, (beside / file).stat().st_size
            digest = file_sha256(beside / file)
            tables.append(Table(name, split, f"data/{file}", len(dataset), *sizes, digest, dataset.features))
        describing = texts(tables)
        for file, text in describing.items():
            (beside / file).write_text(text, encoding="utf-8")
        places = {part: (folder if part.name in describing else data) / part.name for part in sorted(beside.iterdir())}
        taken = [place for place in places.values() if place.is_dir()]
        if taken:
            raise InputError("a folder stands in the place of a file", where=str(taken[0]), remedy="Move it away")
        # The card last: it names no file that is not there, wherever a crash falls.
        for part in sorted(places, key=lambda part: part.name == _CARD):
            part.replace(places[part])
    except OSError as error:
        raise InputError("the dataset cannot be written", where=str(folder), got=error.strerror or str(error)) from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return tables


def _earlier(folder: Path) -> set[str]:
    """Return the files that the present card names and whose names are those that a build gives."""
    configs = card_metadata(folder).get("configs") or []
    found = set()
    for config in configs if isinstance(configs, list) else ():
        name, parts = (config.get("config_name"), config.get("data_files")) if isinstance(config, dict) else ("", ())
        for part in parts if isinstance(parts, list) else ():
            if isinstance(part, dict):
                usual = {f"data/{name}.parquet", f"data/{name}-{part.get('split')}.parquet"}
                found |= {file for file in usual if file == part.get("path")}
    return {file for file in found if Path(file).parent == Path("data")}


def _removed(folder: Path, files: Iterable[str]) -> Iterator[str]:
    """Remove files, and yield those that were there."""
    for file in sorted(files):
        place = folder / file
        try:
            if place.is_file():
                place.unlink()
                yield file
        except OSError as error:
            raise InputError(
                "the dataset is built, but a file of an earlier build cannot be removed",
                where=str(place),
                got=error.strerror or str(error),
                remedy="Remove it: no card names it",
            ) from None

"""Editions: sets of paragraphs with their labels, and where the packaged ones lie."""

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from iraqstance.annotation.adjudicate import adjudicate
from iraqstance.annotation.errors import InputError, SchemaError, UsageError
from iraqstance.annotation.reading import open_binary
from iraqstance.annotation.records import Issue, Judgement, Label, Paragraph
from iraqstance.annotation.rows import read_judgements, read_labels, read_paragraphs
from iraqstance.annotation.schema import Schema, packaged_schema
from iraqstance.annotation.storage import Row, read_rows
from iraqstance.dataset.sketch import Sketch, read_sketches
from pydantic import BaseModel, ConfigDict, Field, ValidationError

__all__ = [
    "SPLIT_NAME",
    "Edition",
    "Intention",
    "LabelledRow",
    "edition_of",
    "labelled_rows",
    "packaged_edition",
    "packaged_folder",
]

LabelledRow = dict[str, object]

#: What a split may be called: it becomes part of a file's name.
SPLIT_NAME = r"^[A-Za-z][A-Za-z0-9_]*$"


@dataclass(frozen=True, slots=True)
class Intention:
    """What the writer of a paragraph meant it to convey.

    Attributes:
        stances: Stance towards each target, by the target's name.
        topics: Topics in schema order.
    """

    stances: Mapping[str, str]
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Edition:
    """Paragraphs and what annotators said of them.

    Attributes:
        name: Name of the configuration, such as ``open``.
        paragraphs: The paragraphs in order, with text or stand-off.
        judgements: Every judgement of them.
        groups: For paragraphs whose group is not their article, the group by id. What shares a group, such as a
            restatement and its source, never stands on both sides of a split.
        restates: For restatements, the id of the source paragraph.
        genres: What kind of text each paragraph is written as, by id.
        intended: What the writer of a paragraph meant to convey, by id. It is published beside the label, never as it.
        splits: Split of each paragraph, by id, where it is not :attr:`split`.
        split: Name of the Hugging Face split of all others.
        sketches: For stand-off editions, the sketches that align a copy which differs, by id.
    """

    name: str
    paragraphs: tuple[Paragraph, ...]
    judgements: tuple[Judgement, ...]
    groups: Mapping[str, str] = field(default_factory=dict)
    restates: Mapping[str, str] = field(default_factory=dict)
    genres: Mapping[str, str] = field(default_factory=dict)
    intended: Mapping[str, Intention] = field(default_factory=dict)
    splits: Mapping[str, str] = field(default_factory=dict)
    split: str = "train"
    sketches: Mapping[str, Sketch] = field(default_factory=dict)

    def group(self, paragraph: Paragraph) -> str:
        """Return what the paragraph must stay together with in a split."""
        return self.groups.get(paragraph.id, paragraph.article)

    @property
    def has_text(self) -> bool:
        """Whether the paragraphs carry their text."""
        return all(paragraph.text for paragraph in self.paragraphs)


def labelled_rows(
    edition: Edition, schema: Schema, labels: Iterable[Label] | None = None
) -> tuple[list[LabelledRow], list[Issue]]:
    """Join paragraphs and labels: one row for each paragraph and target.

    A row holds ``id, group, restates?, genre?, text or (article, start, end), sha256, target, stance, topics,
    intended_stance?, intended_topics?``; what is marked ? only in editions that know it. Paragraphs
    without a label or with an open tie, and labels without a paragraph, are left out and reported.

    Args:
        edition: The paragraphs and judgements.
        schema: The label schema.
        labels: Adjudicated labels; without them the edition's judgements are adjudicated.
    """
    by_id = {label.paragraph: label for label in (adjudicate(edition.judgements, schema) if labels is None else labels)}
    hashes = {paragraph.id: paragraph.sha256 for paragraph in edition.paragraphs}
    changed = {j.paragraph for j in edition.judgements if j.sha256 and j.sha256 != hashes.get(j.paragraph)}
    rows: list[LabelledRow] = []
    issues: list[Issue] = []
    for paragraph in edition.paragraphs:
        label = by_id.pop(paragraph.id, None)
        if label is None:
            issues.append(Issue("unlabelled", "warning", paragraph.id, "no judgement names this paragraph; left out"))
        elif paragraph.id in changed:
            message = "its text is not the one that was judged; left out, since the labels belong to other words"
            issues.append(Issue("text-changed", "error", paragraph.id, message))
        elif "open" in label.settled_by.values() or not all(label.stances.values()):
            message = "a tie is open; left out until a further judgement settles it"
            issues.append(Issue("open-tie", "warning", paragraph.id, message))
        else:
            rows += _rows(paragraph, label, edition, schema)
    issues += [
        Issue("unknown-paragraph", "warning", name, "judged, but not among the paragraphs; left out") for name in by_id
    ]
    return rows, issues


def _rows(paragraph: Paragraph, label: Label, edition: Edition, schema: Schema) -> Iterator[LabelledRow]:
    row: LabelledRow = {"id": paragraph.id, "group": edition.group(paragraph)}
    if edition.restates:
        row["restates"] = edition.restates.get(paragraph.id)
    if edition.genres:
        row["genre"] = edition.genres.get(paragraph.id)
    if edition.has_text:
        row["text"] = paragraph.text
    else:
        row |= {"article": paragraph.article, "start": paragraph.start, "end": paragraph.end}
    row["sha256"] = paragraph.sha256
    intended = edition.intended.get(paragraph.id)
    for target in schema.target_names:
        labelled = {**row, "target": target, "stance": label.stances[target], "topics": list(label.topics)}
        if edition.intended:
            labelled["intended_stance"] = intended.stances[target] if intended else None
            labelled["intended_topics"] = list(intended.topics) if intended else None
        yield labelled


def edition_of(
    paragraphs: str | Path, schema: Schema, *, judgements: str | Path | None = None, labels: str | Path | None = None
) -> tuple[Edition, dict[str, list[Label]] | None]:
    """Read a user's own edition, and its labels where they are given.

    Besides what :func:`read_paragraphs` reads, a row of the paragraphs may hold ``group``, ``restates``, ``genre``,
    ``split`` and ``intended``, as the open edition's do; ``null`` is as good as absent.

    Raises:
        UsageError: Where neither judgements nor labels are given.
        InputError: Where a file cannot be read, or a field has the wrong type.
        SchemaError: For a label that the schema does not know.
    """
    if judgements is None and labels is None:
        raise UsageError(
            "paragraphs alone make no dataset",
            expected="--judgements or --labels",
            remedy="Name the judgements, or the labels that `adjudicate` wrote",
        )
    judged = read_judgements(judgements, schema) if judgements is not None else []
    with _rereadable(paragraphs) as file:
        edition = _edition("default", file, schema, judged)
    return edition, None if labels is None else {"default": read_labels(labels, schema)}


@contextmanager
def _rereadable(path: str | Path) -> Iterator[str | Path]:
    """Yield a file that can be read more than once: standard input is copied to one, under a name that tells it."""
    if str(path) != "-":
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "standard input"
        with open_binary(path) as stream, copy.open("wb") as copied:
            shutil.copyfileobj(stream, copied)
        yield copy


def packaged_folder() -> Path:
    """Return the folder of the packaged dataset: a Hugging Face dataset repository as it stands."""
    return Path(str(files(__package__)))


def packaged_edition(name: str) -> Edition:
    """Return a packaged edition: ``open`` with text written for this project, or ``source``, stand-off."""
    source = packaged_folder() / name / "paragraphs.jsonl"
    judged = Path(str(files("iraqstance.annotation"))) / "judgements" / f"{name}.jsonl"
    edition = _edition(name, source, packaged_schema(), read_judgements(judged, packaged_schema()))
    return replace(edition, split="test" if name == "source" else "train", sketches=read_sketches(source))


class _Extras(BaseModel):
    """What a row of paragraphs may hold beside the paragraph."""

    model_config = ConfigDict(strict=True)

    group: Annotated[str, Field(min_length=1)] | None = None
    restates: Annotated[str, Field(min_length=1)] | None = None
    genre: Annotated[str, Field(min_length=1)] | None = None
    split: Annotated[str, Field(pattern=SPLIT_NAME)] | None = None
    intended: dict[str, object] | None = None


def _edition(name: str, source: str | Path, schema: Schema, judgements: Iterable[Judgement]) -> Edition:
    paragraphs = tuple(read_paragraphs(source))
    rows = {str(row.value["id"]): (row, _extras(row)) for row in read_rows(source)}
    extras = {key: found for key, (_, found) in rows.items()}
    return Edition(
        name=name,
        paragraphs=paragraphs,
        judgements=tuple(judgements),
        groups={key: found.group for key, found in extras.items() if found.group},
        restates={key: found.restates for key, found in extras.items() if found.restates},
        genres={key: found.genre for key, found in extras.items() if found.genre},
        intended={key: _intention(row, schema) for key, (row, found) in rows.items() if found.intended},
        splits={key: found.split for key, found in extras.items() if found.split},
    )


def _extras(row: Row) -> _Extras:
    try:
        return _Extras.model_validate(row.value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        fault = f"the field {first['loc'][0]!r}: {first['msg']}"
        raise InputError(fault, where=row.where, got=repr(first["input"]), remedy="Correct the row") from None


def _intention(row: Row, schema: Schema) -> Intention:
    """Return what a row says of its writer's intention."""
    said = row.value["intended"]
    topics = said.get("topics")
    stances = {target: said.get(column) for target, column in schema.stance_columns.items()}
    faults = [schema.stance_fault(stance) for stance in stances.values()]
    faults.append(schema.topics_fault(topics) if isinstance(topics, list) else "'topics' is no list")
    if any(faults):
        raise SchemaError(f"intended: {next(filter(None, faults))}", where=row.where, remedy="Correct the row")
    return Intention(stances, schema.ordered_topics(topics))

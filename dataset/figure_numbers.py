"""What the pictures of a dataset show: counts, lengths and agreement, read from its folder."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from iraqstance.annotation.agreement import Estimate, agreement
from iraqstance.annotation.errors import InputError
from iraqstance.annotation.records import KINDS, ROUNDS, Issue, Judgement
from iraqstance.annotation.schema import LabelDefinition, Schema, Target
from iraqstance.dataset.check_rows import (
    JudgementRow,
    Labels,
    Row,
    edition_rows,
    is_judgements,
    judgement_rows,
    labels_of,
)
from iraqstance.dataset.editions import packaged_folder
from iraqstance.dataset.tables import read_tables

__all__ = ["AgreementNumbers", "FigureNumbers", "LabelNumbers", "LengthNumbers", "TopicNumbers", "figure_numbers"]


@dataclass(frozen=True, slots=True)
class LabelNumbers:
    """How often an edition has each label.

    Attributes:
        edition: Name of the configuration.
        paragraphs: How many it has.
        stances: Paragraphs of each stance, by target and stance; none where the edition has no stances.
        topics: Paragraphs of each topic; a paragraph may have several.
        with_topics: Paragraphs that have a topic.
    """

    edition: str
    paragraphs: int
    stances: Mapping[str, Mapping[str, int]]
    topics: Mapping[str, int]
    with_topics: int


@dataclass(frozen=True, slots=True)
class TopicNumbers:
    """How often an edition has topics together, and with each stance.

    Attributes:
        edition: Name of the configuration.
        paragraphs: How many it has.
        topics: Names of the topics, in order.
        together: Paragraphs with both topics, of shape (topics, topics), symmetric; on the diagonal those with the one.
        stances: By target and stance, the paragraphs with each topic, of shape (topics,).
    """

    edition: str
    paragraphs: int
    topics: tuple[str, ...]
    together: tuple[tuple[int, ...], ...]
    stances: Mapping[str, Mapping[str, tuple[int, ...]]]


@dataclass(frozen=True, slots=True)
class LengthNumbers:
    """How long the paragraphs of an edition are, or those of one genre.

    Attributes:
        edition: Name of the configuration.
        genre: The genre; empty for the whole edition.
        standoff: Whether the length is that of the place in the article, for there is no text.
        characters: The lengths in ascending order, at least 0.
    """

    edition: str
    genre: str
    standoff: bool
    characters: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AgreementNumbers:
    """Krippendorff's alpha of an edition's judgements, or of those of one genre.

    Attributes:
        edition: Name of the configuration.
        genre: The genre; empty for the whole edition.
        paragraphs: How many it rests on: those judged by two annotators at least.
        alphas: By question, as :func:`iraqstance.annotation.agreement.agreement` names them; for a genre only the
            stances and the topics as sets. Empty where nothing can be measured.
        reason: Why nothing can be measured; empty where something can.
    """

    edition: str
    genre: str
    paragraphs: int
    alphas: Mapping[str, Estimate]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FigureNumbers:
    """All that the pictures of a dataset show, editions in the order of the card, labels in that of the features.

    Attributes:
        labels: One of each edition.
        topics: One of each edition that has topics.
        lengths: Of each edition the whole, and then each genre by its name.
        agreement: The same; none where there are no judgements.
        annotators: How many annotators there are, by kind: ``person`` or ``model``.
    """

    labels: tuple[LabelNumbers, ...]
    topics: tuple[TopicNumbers, ...]
    lengths: tuple[LengthNumbers, ...]
    agreement: tuple[AgreementNumbers, ...]
    annotators: Mapping[str, int]


def figure_numbers(folder: str | Path | None = None) -> FigureNumbers:
    """Return what the pictures of a dataset folder show. Splits of a configuration are taken together.

    Args:
        folder: The dataset folder. Without it, the packaged dataset.

    Raises:
        InputError: Where there is no such folder, no labelled row in it, or a fault in its files.
        MissingExtraError: Without the extra ``dataset``.
    """
    path = packaged_folder() if folder is None else Path(folder)
    if not path.is_dir():
        raise InputError(
            "there is no such dataset folder",
            where=str(folder),
            got="a file" if path.exists() else "",
            remedy="Make one with `iraqstance dataset build`",
        )
    read = read_tables(path)
    issues = list(read.issues)
    tables = [table for table in read.tables if table.rows]
    labels = labels_of(None, (table for table in tables if not is_judgements(table)))
    rows: list[Row] = []
    judged: list[JudgementRow] = []
    for table in tables:
        if is_judgements(table):
            judged += judgement_rows(table, labels, (), issues)
        else:
            rows += edition_rows(table, labels, (), issues)
    _refuse(issues, path)
    if not any(row.stance or row.topics for row in rows):
        raise InputError("there is no labelled row to draw", where=str(path), remedy="Check its data files")
    labels = _known(labels, rows, judged)
    editions = {row.configuration: [one for one in rows if one.configuration == row.configuration] for row in rows}
    genres = {(row.configuration, row.id): _genre(row) for row in rows}
    return FigureNumbers(
        labels=tuple(_labels(name, theirs, labels) for name, theirs in editions.items()),
        topics=tuple(
            _topics(name, theirs, labels) for name, theirs in editions.items() if any(row.topics for row in theirs)
        ),
        lengths=tuple(one for name, theirs in editions.items() for one in _lengths(name, theirs)),
        agreement=tuple(_agreement(_judgements(judged, labels, rows), labels, genres)),
        annotators=_annotators(judged),
    )


def _refuse(issues: Sequence[Issue], folder: Path) -> None:
    """Raise the first fault of the files, where there is one."""
    faults = [issue for issue in issues if issue.severity == "error"]
    if faults:
        others = f"; {len(faults) - 1} more" if len(faults) > 1 else ""
        raise InputError(
            f"{faults[0].message}{others}",
            where=str(folder / faults[0].where),
            remedy=f"See all with: iraqstance dataset check {folder}",
        )


def _known(labels: Labels, rows: Sequence[Row], judged: Sequence[JudgementRow]) -> Labels:
    """Return the labels with those that the features do not declare, by name, and the targets that occur."""
    everything: list[Row | JudgementRow] = [*rows, *judged]
    stances = labels.stances or tuple(sorted({row.stance for row in everything} - {""}))
    topics = labels.topics or tuple(sorted({topic for row in everything for topic in row.topics}))
    return Labels(stances, topics, tuple(dict.fromkeys(row.target for row in everything if row.stance)))


def _genre(row: Row) -> str:
    return str(row.table.columns["genre"][row.number] or "") if "genre" in row.table.columns else ""


def _paragraphs(rows: Iterable[Row]) -> list[Row]:
    """Return one row for each paragraph: with several targets it stands once for each."""
    return list({row.id or row.key or row.where: row for row in reversed(list(rows))}.values())[::-1]


def _labels(edition: str, rows: Sequence[Row], labels: Labels) -> LabelNumbers:
    paragraphs = _paragraphs(rows)
    stances = Counter((row.target, row.stance) for row in rows if row.stance)
    topics = Counter(topic for row in paragraphs for topic in set(row.topics))
    return LabelNumbers(
        edition,
        len(paragraphs),
        {target: {stance: stances[target, stance] for stance in labels.stances} for target in _targets(rows)},
        {topic: topics[topic] for topic in labels.topics},
        sum(bool(row.topics) for row in paragraphs),
    )


def _targets(rows: Iterable[Row]) -> list[str]:
    return list(dict.fromkeys(row.target for row in rows if row.stance))


def _topics(edition: str, rows: Sequence[Row], labels: Labels) -> TopicNumbers:
    paragraphs = _paragraphs(rows)
    pairs = Counter((one, other) for row in paragraphs for one in set(row.topics) for other in set(row.topics))
    with_stance = Counter((row.target, row.stance, topic) for row in rows if row.stance for topic in set(row.topics))
    return TopicNumbers(
        edition,
        len(paragraphs),
        labels.topics,
        tuple(tuple(pairs[one, other] for other in labels.topics) for one in labels.topics),
        {
            target: {
                stance: tuple(with_stance[target, stance, topic] for topic in labels.topics)
                for stance in labels.stances
            }
            for target in _targets(rows)
        },
    )


def _lengths(edition: str, rows: Sequence[Row]) -> list[LengthNumbers]:
    paragraphs = _paragraphs(rows)
    standoff = all(row.text is None for row in rows)
    genres = ["", *sorted({_genre(row) for row in paragraphs} - {""})]
    lengths = {
        genre: sorted(_length(row) for row in paragraphs if not genre or _genre(row) == genre) for genre in genres
    }
    return [LengthNumbers(edition, genre, standoff, tuple(found)) for genre, found in lengths.items()]


def _length(row: Row) -> int:
    return max(0, (row.end or 0) - (row.start or 0)) if row.text is None else len(row.text)


def _judgements(judged: Sequence[JudgementRow], labels: Labels, rows: Sequence[Row]) -> dict[str, list[Judgement]]:
    """Return the judgements of each edition; a row without one is of the edition that holds its paragraph."""
    holding = {row.id: row.configuration for row in reversed(rows)}
    said: dict[tuple[str, str, str, str], dict[str, JudgementRow]] = {}
    for row in judged:
        edition = row.edition or holding.get(row.paragraph, "")
        key = (edition, row.paragraph, row.annotator, row.round or ROUNDS[0])
        if said.setdefault(key, {}).setdefault(row.target, row) is not row:
            raise InputError("its annotator judged the paragraph already", where=row.where, got=row.paragraph)
    found: dict[str, list[Judgement]] = {}
    for (edition, paragraph, annotator, turn), by_target in said.items():
        first = next(iter(by_target.values()))
        stances = {target: one.stance for target, one in by_target.items() if one.stance}
        missing = [target for target in labels.targets if target not in stances]
        if missing:
            raise InputError("the judgement lacks a stance", where=first.where, expected=f"one for {missing[0]!r}")
        topics = tuple(topic for topic in labels.topics if topic in first.topics)
        suggestion = str(_value(first, "suggestion") or "")
        found.setdefault(edition, []).append(
            Judgement(
                paragraph, annotator, stances, topics, kind=first.kind or KINDS[0], round=turn, suggestion=suggestion
            )
        )
    return found


def _value(row: JudgementRow, column: str) -> Any:
    return row.table.columns[column][row.number] if column in row.table.columns else None


def _annotators(judged: Sequence[JudgementRow]) -> dict[str, int]:
    names = {(row.annotator, row.kind or KINDS[0]) for row in judged}
    counts = Counter(kind for _, kind in names)
    return {kind: counts[kind] for kind in sorted(counts)}


def _agreement(
    judgements: Mapping[str, Sequence[Judgement]], labels: Labels, genres: Mapping[tuple[str, str], str]
) -> list[AgreementNumbers]:
    """Return the agreement of each edition, and after it that of each of its genres."""
    schema = _schema(labels)
    found = []
    for edition, theirs in judgements.items():
        found.append(_alphas(edition, theirs, schema))
        if not found[-1].alphas:
            continue
        by_genre: dict[str, list[Judgement]] = {}
        for judgement in theirs:
            by_genre.setdefault(genres.get((edition, judgement.paragraph), ""), []).append(judgement)
        for genre in sorted(set(by_genre) - {""}):
            one = replace(_alphas(edition, by_genre[genre], schema), genre=genre)
            whole = {question: alpha for question, alpha in one.alphas.items() if not question.startswith("topic ")}
            found.append(replace(one, alphas=whole))
    return found


def _alphas(edition: str, judgements: Sequence[Judgement], schema: Schema) -> AgreementNumbers:
    try:
        questions = agreement(judgements, schema)
    except InputError as error:
        return AgreementNumbers(edition, "", 0, {}, error.what)
    asked = [question for question in questions if schema.topics or question.question != "topics"]
    return AgreementNumbers(
        edition, "", questions[0].alpha.count, {question.question: question.alpha for question in asked}
    )


def _schema(labels: Labels) -> Schema:
    """Return what agreement needs to know of the labels, whose names may be others than a schema file may have."""

    def defined(names: Iterable[str]) -> tuple[LabelDefinition, ...]:
        return tuple(LabelDefinition.model_construct(name=name, definition=name) for name in names)

    return Schema.model_construct(
        name="data",
        version=1,
        targets=tuple(Target.model_construct(name=name, title=name) for name in labels.targets),
        stances=defined(labels.stances),
        topics=defined(labels.topics),
    )

"""The parts of a dataset card that are made from the data: tables in Markdown."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iraqstance.annotation.agreement import Estimate, agreement, left_out
from iraqstance.annotation.errors import InputError
from iraqstance.annotation.schema import Schema
from iraqstance.annotation.storage import read_json
from iraqstance.dataset.diversity import diversity_table
from iraqstance.dataset.editions import Edition, LabelledRow

if TYPE_CHECKING:
    from iraqstance.dataset.build import Table

Lines = tuple[Sequence[object], Iterable[Sequence[object]]]  # head and body of a table

__all__ = ["card_parts", "markdown_table"]


def card_parts(
    folder: Path,
    tables: "Sequence[Table]",
    editions: Sequence[Edition],
    rows: Mapping[str, Sequence[LabelledRow]],
    schema: Schema,
) -> dict[str, Callable[[], str]]:
    """Return what makes each part, by the part's name; arguments as of :func:`iraqstance.dataset.card.card_text`."""
    return {
        "configurations": lambda: markdown_table(
            ("configuration", "split", "rows", "file"),
            [(f"`{table.name}`", f"`{table.split}`", table.rows, f"`{table.file}`") for table in tables],
        ),
        "labels": lambda: _label_tables(schema),
        "distribution": lambda: _distribution(rows, schema),
        "agreement": lambda: _agreement(editions, schema),
        "agreement-by-genre": lambda: _agreement_by_genre(editions, schema),
        "intentions": lambda: _intentions(editions, rows, schema),
        "shares": lambda: _shares(editions, rows, schema),
        "cue": lambda: _cue(editions, rows, schema),
        "unsure": lambda: _unsure(editions),
        "diversity": lambda: _measured(folder, "diversity", lambda found: diversity_table(found["rows"])),
        "baselines": lambda: _measured(folder, "baselines", _baselines),
        "differences": lambda: _measured(folder, "baselines", _differences),
        "sentences": lambda: _measured(folder, "sentences", _sentences),
        "learning-curve": lambda: _measured(folder, "baselines", _curve),
        "slopes": lambda: _measured(folder, "baselines", _slopes),
    }


def _label_tables(schema: Schema) -> str:
    targets = "\n".join(f"- `{target.name}`: **{target.title}**. {target.definition}" for target in schema.targets)
    stances = markdown_table(("stance", "when"), [(f"`{label.name}`", label.definition) for label in schema.stances])
    topics = markdown_table(
        ("topic", "what it covers"), [(f"`{label.name}`", label.definition) for label in schema.topics]
    )
    return f"{targets}\n\n{stances}\n\n{topics}"


def _distribution(rows: Mapping[str, Sequence[LabelledRow]], schema: Schema) -> str:
    lines: list[tuple[object, ...]] = [("paragraphs and targets", *(len(found) for found in rows.values()))]
    for name in schema.stance_names:
        counts = [sum(row["stance"] == name for row in found) for found in rows.values()]
        lines.append((f"stance `{name}`", *counts))
    for name in schema.topic_names:
        topics = [Counter(topic for row in found for topic in row["topics"])[name] for found in rows.values()]  # type: ignore[attr-defined]
        lines.append((f"topic `{name}`", *topics))
    return markdown_table(("label", *(f"`{name}`" for name in rows)), lines)


def _agreement(editions: Sequence[Edition], schema: Schema) -> str:
    found = {edition.name: agreement(edition.judgements, schema) for edition in editions if _was_judged_twice(edition)}
    if not found:
        return "Undefined: no paragraph was judged by two annotators."
    questions = [question.question for question in next(iter(found.values()))]
    lines = [
        (f"`{question}`", *(_figure(figures[number].alpha) for figures in found.values()))
        for number, question in enumerate(questions)
    ]
    return markdown_table(("question", *(f"alpha, `{name}`" for name in found)), lines)


def _agreement_by_genre(editions: Sequence[Edition], schema: Schema) -> str:
    """Return a line for each genre: its paragraphs, and agreement on the stances and on topics as sets."""
    lines: list[tuple[object, ...]] = []
    whole: list[str] = []
    for edition in editions:
        for genre in sorted(set(edition.genres.values())):
            part = _of_genre(edition, genre)
            if _was_judged_twice(part):
                found = [one for one in agreement(part.judgements, schema) if not one.question.startswith("topic ")]
                whole = [one.question for one in found]
                figures = (_figure(one.alpha) for one in found)
                lines.append((genre, f"`{edition.name}`", found[0].alpha.count, *figures))
    if not lines:
        return "No genre is recorded of paragraphs that two annotators judged."
    return markdown_table(("genre", "edition", "n", *(f"alpha, `{question}`" for question in whole)), lines)


def _of_genre(edition: Edition, genre: str) -> Edition:
    judgements = (judgement for judgement in edition.judgements if edition.genres.get(judgement.paragraph) == genre)
    return replace(edition, judgements=tuple(judgements))


def _intentions(editions: Sequence[Edition], rows: Mapping[str, Sequence[LabelledRow]], schema: Schema) -> str:
    """Return how often labels, and single judgements, differ from what the writer meant."""
    lines = []
    for edition in editions:
        for kind, chosen in (("restatements", True), ("other paragraphs", False)):
            meant = {name: one for name, one in edition.intended.items() if (name in edition.restates) == chosen}
            labels = [row for row in rows[edition.name] if row["id"] in meant]
            stances = sum(row["stance"] != row["intended_stance"] for row in labels)
            ids = [row for row in labels if row["target"] == schema.target_names[0]]
            topics = sum(row["topics"] != row["intended_topics"] for row in ids)
            said = [one for one in edition.judgements if one.paragraph in meant and one.round == "independent"]
            single = sum(
                dict(one.stances) != dict(meant[one.paragraph].stances) or one.topics != meant[one.paragraph].topics
                for one in said
            )
            if labels:
                lines.append((f"`{edition.name}`, {kind}", len(ids), stances, topics, f"{single} of {len(said)}"))
    if not lines:
        return "No writer's intention is recorded."
    head = ("paragraphs", "n", "label differs in stance", "label differs in topics", "single judgements that differ")
    return markdown_table(head, lines)


def _kinds(edition: Edition, rows: Sequence[LabelledRow]) -> Iterator[tuple[str, list[LabelledRow]]]:
    """Yield the rows of each split of an edition, its restatements apart, and of each genre."""

    def named(row: LabelledRow) -> str:
        split = edition.splits.get(str(row["id"]), edition.split)
        return f"`{split}`, restatements" if row["id"] in edition.restates else f"`{split}`"

    for name in (named, lambda row: str(row.get("genre") or "")):
        for one in sorted({name(row) for row in rows} - {""}):
            yield one, [row for row in rows if name(row) == one]


def _shares(editions: Sequence[Edition], rows: Mapping[str, Sequence[LabelledRow]], schema: Schema) -> str:
    """Return the share of each stance in every split and genre, and the mean number of topics."""
    lines = []
    for edition in editions:
        for name, part in _kinds(edition, rows[edition.name]):
            stances = Counter(row["stance"] for row in part)
            topics = sum(map(_topic_count, part)) / len(part)
            shares = (f"{100 * stances[stance] / len(part):.0f} %" for stance in schema.stance_names)
            lines.append((f"`{edition.name}`", name, len(part), *shares, f"{topics:.2f}"))
    return markdown_table(("edition", "part", "n", *(f"`{name}`" for name in schema.stance_names), "topics"), lines)


def _topic_count(row: LabelledRow) -> int:
    return len(row["topics"])  # type: ignore[arg-type]


_CUE = "Trump"


def _cue(editions: Sequence[Edition], rows: Mapping[str, Sequence[LabelledRow]], schema: Schema) -> str:
    """Return how many paragraphs of each stance name Trump: a word that tells more than it should is an artefact."""
    lines = []
    for edition in editions:
        for kind, chosen in (("stories", False), ("restatements", True)):
            part = [row for row in rows[edition.name] if "text" in row and (row["id"] in edition.restates) == chosen]
            found = [
                [_CUE in str(row["text"]) for row in part if row["stance"] == name] for name in schema.stance_names
            ]
            if part:
                shares = (f"{100 * sum(one) / len(one):.0f} %" if one else "–" for one in found)
                lines.append((f"`{edition.name}`, {kind}", len(part), *shares))
    return markdown_table(("paragraphs", "n", *(f"`{name}`" for name in schema.stance_names)), lines)


def _unsure(editions: Sequence[Edition]) -> str:
    lines = []
    for edition in editions:
        said = [one for one in edition.judgements if one.round == "independent"]
        unsure = sum(one.unsure for one in said)
        if said:
            lines.append((f"`{edition.name}`", len(said), unsure, f"{100 * unsure / len(said):.0f} %"))
    return markdown_table(("edition", "judgements", "not sure", "share"), lines)


def _was_judged_twice(edition: Edition) -> bool:
    suggested = left_out(edition.judgements)
    blind = [j for j in edition.judgements if j.round == "independent" and j.paragraph not in suggested]
    independent = {(j.paragraph, j.annotator) for j in blind}
    return len(independent) > len({paragraph for paragraph, _ in independent})


def _figure(estimate: Estimate) -> str:
    if math.isnan(estimate.value):
        return "undefined"
    return f"{estimate.value:.2f} [{estimate.low:.2f}, {estimate.high:.2f}]"


def _measured(folder: Path, name: str, table: Callable[[Any], Lines]) -> str:
    """Return a table of what a script measured and stored, since it needs more than the dataset itself to be made."""
    path = folder / "measured" / f"{name}.json"
    if not path.exists():
        return f"Not measured: there is no `measured/{name}.json`."
    try:
        return markdown_table(*table(read_json(path)))
    except (KeyError, TypeError, ValueError):
        raise InputError(
            "the measured figures cannot be read", where=str(path), remedy=f"Run benchmarks/{name}.py --write"
        ) from None


_STANCE_FIGURES = {
    "stance_macro_f1": "stance macro-F1",
    "stance_sides_f1": "F1 of favor and against",
    "stance_accuracy": "accuracy",
    "stance_f1_favor": "F1 of favor",
}
_FIGURES = _STANCE_FIGURES | {
    "topics_micro_f1": "topics micro-F1",
    "topics_macro_f1": "topics macro-F1",
    "topics_exact": "exact set",
}
_CURVE_FIGURES = ("stance_macro_f1", "topics_micro_f1")


def _baselines(found: Any) -> Lines:
    lines = [
        (system["name"], *(_range(system[figure]) for figure in _FIGURES))  # such as "majority of articles"
        for system in found["systems"]
    ]
    return ("system, and what it was trained on", *_FIGURES.values()), lines


def _sentences(found: Any) -> Lines:
    lines = [(system["name"], *(_range(system[figure]) for figure in _STANCE_FIGURES)) for system in found["systems"]]
    return (f"embeddings of `{found['encoder']}`, and what was trained on", *_STANCE_FIGURES.values()), lines


def _differences(found: Any) -> Lines:
    lines = [
        (
            f"{one['left']} less {one['right']}",
            *(_range(one[figure]) for figure in _CURVE_FIGURES),
            *(_range(one["over_articles"][figure]) for figure in _CURVE_FIGURES),
        )
        for one in found["differences"]
    ]
    names = [_FIGURES[figure] for figure in _CURVE_FIGURES]
    return ("difference", *names, *(f"{name}, articles drawn too" for name in names)), lines


def _curve(found: Any) -> Lines:
    lines = [
        (f"`{one['tested_on']}`", one["paragraphs"], *(_range(one[figure]) for figure in _CURVE_FIGURES))
        for one in found["curve"]
    ]
    return ("tested on", "story paragraphs", *(_FIGURES[figure] for figure in _CURVE_FIGURES)), lines


def _slopes(found: Any) -> Lines:
    lines = [
        (
            f"`{one['tested_on']}`",
            f"{one['first']} to {one['last']}",
            *(_range(one["over_paragraphs"][figure]) for figure in _CURVE_FIGURES),
        )
        for one in found["slopes"]
    ]
    return ("tested on", "gain of one doubling, at", *(_FIGURES[figure] for figure in _CURVE_FIGURES)), lines


def _range(figure: Sequence[float]) -> str:
    """Return a figure and its two ends, where they differ; what follows them is left out."""
    value, low, high = figure[:3]
    return f"{value:.2f}" if low == value == high else f"{value:z.2f} [{low:z.2f}, {high:z.2f}]"


def markdown_table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table; bars and line ends in a cell stay inside it."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(value: object) -> str:
    return " ".join(str(value).split()).replace("|", r"\|")

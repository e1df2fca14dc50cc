"""Label Studio's tasks: paragraphs, a model's suggestions and annotators' votes, as its import file holds them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from iraqstance.annotation.errors import InputError, MissingExtraError, UsageError, from_extra
from iraqstance.annotation.interface import COMMENT, TEXT, TOPICS, UNSURE, VOTES, interface_xml
from iraqstance.annotation.records import Judgement, Paragraph
from iraqstance.annotation.schema import Schema

__all__ = [
    "Suggestion",
    "checked_tasks",
    "is_withheld",
    "results_of",
    "tasks_of",
    "with_suggestions",
    "with_votes",
]

JsonObject = dict[str, Any]  # Label Studio's edge


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a model suggests for one paragraph.

    Attributes:
        stances: Stance of each target that the model knows, by the target's name.
        topics: Topics, or none where the model holds none.
        score: How sure it is, in [0, 1].
    """

    stances: Mapping[str, str]
    topics: tuple[str, ...]
    score: float


def tasks_of(paragraphs: Iterable[Paragraph]) -> Iterator[JsonObject]:
    """Yield one Label Studio task for each paragraph: its id, text and hash.

    Raises:
        InputError: For a paragraph without text, or an id that stands twice.
    """
    seen: set[str] = set()
    for paragraph in paragraphs:
        if not paragraph.text:
            raise InputError(
                "the paragraph has no text to label",
                where=paragraph.id,
                remedy="Stand-off paragraphs have to be hydrated first: iraqstance dataset hydrate",
            )
        if paragraph.id in seen:
            raise InputError("the paragraph stands twice", where=paragraph.id, remedy="Remove one")
        seen.add(paragraph.id)
        yield {"data": {"paragraph": paragraph.id, TEXT: paragraph.text, "sha256": paragraph.sha256}}


def checked_tasks(paragraphs: Iterable[Paragraph], schema: Schema) -> tuple[list[JsonObject], str]:
    """Return the tasks after the SDK has validated interface and tasks, and a note where it could not.

    Raises:
        InputError: As :func:`tasks_of`, and for a task that does not fit the interface.
    """
    made = list(tasks_of(paragraphs))
    try:
        with from_extra("studio"):
            from label_studio_sdk.label_interface import LabelInterface
    except MissingExtraError as error:
        return made, f"Label Studio's own validation was left out: {error}"
    interface = LabelInterface(interface_xml(schema))
    interface.validate()
    for task in made:
        if not interface.validate_task(task):
            raise InputError("the task does not fit the interface", where=task["data"]["paragraph"])
    return made, ""


def with_suggestions(
    tasks: Iterable[JsonObject], suggestions: Iterable[Suggestion], schema: Schema, *, model: str, withhold: float
) -> list[JsonObject]:
    """Return the tasks with a model's suggestions, but for the share that goes without one.

    Args:
        tasks: As :func:`tasks_of` makes them.
        suggestions: One for each task, in the same order.
        schema: The label schema.
        model: Name and version of the model, which Label Studio shows and keeps.
        withhold: Share of the tasks without suggestion, in [0, 1]: see :func:`is_withheld`.

    Raises:
        UsageError: For a share outside [0, 1], or a suggestion with a label that the schema does not know.
    """
    if not 0 <= withhold <= 1:
        raise UsageError("the share without suggestion is out of range", expected="0 to 1", got=str(withhold))
    made = []
    for task, suggestion in zip(tasks, suggestions, strict=True):
        faults = [schema.stance_fault(stance) for stance in suggestion.stances.values()]
        faults.append(schema.topics_fault(suggestion.topics) if suggestion.topics else "")
        if any(faults):
            raise UsageError(
                f"the model does not fit the schema: {next(filter(None, faults))}",
                remedy="Name a model of this schema, or the model's schema with --schema",
            )
        if is_withheld(task["data"]["paragraph"], withhold):
            made.append(task | {"data": task["data"] | {"suggestion": "withheld"}})
        else:
            result = _results(suggestion.stances, suggestion.topics, schema)
            prediction = {"model_version": model, "score": suggestion.score, "result": result}
            made.append(task | {"predictions": [prediction]})
    return made


def is_withheld(paragraph: str, share: float) -> bool:
    """Tell whether a paragraph goes without suggestion: decided by its id alone, before and apart from anything else.

    The same paragraph always gets the same answer, and a larger share holds every smaller one.
    """
    number = int.from_bytes(sha256(f"without suggestion: {paragraph}".encode()).digest()[:8])
    return number < share * 2**64


def with_votes(tasks: Iterable[JsonObject], judgements: Iterable[Judgement], schema: Schema) -> list[JsonObject]:
    """Return the tasks with what each annotator chose, for somebody who settles the dispute."""
    votes: dict[str, list[str]] = {}
    for judgement in judgements:
        if judgement.round == "independent":
            votes.setdefault(judgement.paragraph, []).append(_vote(judgement, schema))
    return [
        task | {"data": task["data"] | {VOTES: "\n".join(votes[task["data"]["paragraph"]]), "round": "adjudication"}}
        for task in tasks
    ]


def _vote(judgement: Judgement, schema: Schema) -> str:
    columns = schema.stance_columns.items()
    several = len(schema.targets) > 1
    stances = [
        f"{target}: {judgement.stances[target]}" if several else judgement.stances[target] for target, _ in columns
    ]
    unsure = " (not sure)" if judgement.unsure else ""
    comment = f" — {' '.join(judgement.comment.split())}" if judgement.comment else ""
    return f"{judgement.annotator}: {'; '.join(stances)}; {', '.join(judgement.topics)}{unsure}{comment}"


def results_of(judgement: Judgement, schema: Schema) -> list[JsonObject]:
    """Return the judgement as Label Studio's ``result``: one entry for each control that was answered."""
    results = _results(judgement.stances, judgement.topics, schema)
    if judgement.unsure:
        results.append(_result(UNSURE, "choices", [UNSURE]))
    if judgement.comment:
        results.append(_result(COMMENT, "textarea", [judgement.comment], key="text"))
    return results


def _results(stances: Mapping[str, str], topics: Sequence[str], schema: Schema) -> list[JsonObject]:
    columns = schema.stance_columns.items()
    results = [_result(column, "choices", [stances[target]]) for target, column in columns if target in stances]
    return [*results, _result(TOPICS, "choices", list(topics))] if topics else results


def _result(name: str, kind: str, values: list[str], key: str = "choices") -> JsonObject:
    return {"from_name": name, "to_name": TEXT, "type": kind, "value": {key: values}}

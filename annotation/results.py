"""Label Studio's answers: a JSON export becomes judgements. The server checks no answer, so all is checked here."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from iraqstance.annotation.errors import InputError, MissingExtraError, from_extra
from iraqstance.annotation.interface import COMMENT, TEXT, TOPICS, UNSURE, interface_xml
from iraqstance.annotation.normalise import fingerprint
from iraqstance.annotation.records import ROUNDS, Issue, Judgement
from iraqstance.annotation.schema import Schema

__all__ = ["TaskImport", "import_export", "interface_checks", "joined", "judgements_of"]

JsonObject = dict[str, Any]  # Label Studio's edge: checked value by value below
ResultCheck = Callable[[Sequence[object]], Sequence[str]]


@dataclass(frozen=True, slots=True)
class TaskImport:
    """What a Label Studio export holds.

    Attributes:
        judgements: Every valid judgement, by task and then by annotator, as exported.
        issues: What was left out or looks wrong, and where.
    """

    judgements: tuple[Judgement, ...]
    issues: tuple[Issue, ...]


def import_export(
    export: object, schema: Schema, *, kind: str = "person", tie_break: bool = False
) -> tuple[TaskImport, str]:
    """Read an export with the SDK's checks beside ours, and return a note where the SDK is not installed.

    Args:
        export: The parsed JSON export.
        schema: The label schema.
        kind: Who judged: ``person`` or ``model``.
        tie_break: Whether these are the readings that settle ties.

    Raises:
        InputError: Where the export is no list of tasks.
    """
    check, missing = None, ""
    try:
        check = interface_checks(schema)
    except MissingExtraError as error:
        missing = f"Label Studio's own validation was left out: {error}"
    usual = "tie-break" if tie_break else "independent"
    return judgements_of(export, schema, kind=kind, usual_round=usual, check=check), missing


def interface_checks(schema: Schema) -> ResultCheck:
    """Return the SDK's own check of a ``result`` against the interface, which it validates first.

    Raises:
        MissingExtraError: Without the extra ``studio``.
    """
    with from_extra("studio"):
        from label_studio_sdk.label_interface import LabelInterface
    interface = LabelInterface(interface_xml(schema))
    interface.validate()

    def check(result: Sequence[object]) -> Sequence[str]:
        found = interface.validate_prediction({"result": list(result), "model_version": "-"}, return_errors=True)
        return [str(fault) for fault in found] if isinstance(found, list) else []

    return check


def judgements_of(
    export: object,
    schema: Schema,
    *,
    kind: str = "person",
    usual_round: str = "independent",
    check: ResultCheck | None = None,
) -> TaskImport:
    """Read the JSON export of a Label Studio project.

    Skipped tasks, drafts and invalid results are left out and reported; everything valid is kept. Who annotated
    becomes the pseudonym ``annotator-<number>``: the server's number of the account, never its name or e-mail.

    Args:
        export: The parsed JSON: a list of tasks with their annotations.
        schema: The label schema that the project was made from.
        kind: Who judged: ``person`` or ``model``.
        usual_round: Round of the judgements of tasks that name none.
        check: A further check of each ``result``, such as :func:`interface_checks` returns.

    Raises:
        InputError: Where the export is no list of tasks.
    """
    if not isinstance(export, list):
        raise InputError(
            "this is no Label Studio export",
            expected="a JSON list of tasks",
            got=type(export).__name__,
            remedy="Export the project as JSON (not JSON-MIN, CSV or TSV)",
        )
    reader = _Reader(schema, check, kind, usual_round)
    for number, task in enumerate(export, 1):
        reader.read_task(task, number)
    return TaskImport(tuple(reader.judgements.values()), tuple(reader.issues))


def joined(former: Sequence[Judgement], pulled: Sequence[Judgement]) -> tuple[tuple[Judgement, ...], tuple[Issue, ...]]:
    """Return the former judgements and the pulled ones, each once; of the same one the pulled counts.

    An adjudication by somebody who also voted on the paragraph is kept and reported.
    """
    known = {_key(judgement): judgement for judgement in former}
    together = known | {_key(judgement): judgement for judgement in pulled}
    voted = {(j.paragraph, j.annotator) for j in together.values() if j.round == "independent"}
    other = "the pulled judgement differs from the former one, and takes its place"
    replaced = tuple(
        Issue("replaced", "warning", f"{judgement.paragraph}: {judgement.annotator} ({judgement.round})", other)
        for judgement in pulled
        if _answer(known.get(_key(judgement), judgement)) != _answer(judgement)
    )
    message = "who settles this dispute was one of its annotators; somebody else should"
    issues = replaced + tuple(
        Issue("own-dispute", "warning", f"{judgement.paragraph}: {judgement.annotator}", message)
        for judgement in pulled
        if judgement.round == "adjudication" and (judgement.paragraph, judgement.annotator) in voted
    )
    return tuple(together.values()), issues


def _key(judgement: Judgement) -> tuple[str, str, str]:
    return (judgement.paragraph, judgement.annotator, judgement.round)


def _answer(judgement: Judgement) -> tuple[object, ...]:
    return (dict(judgement.stances), judgement.topics, judgement.unsure)


class _Place(NamedTuple):
    """Where an annotation stands."""

    task: str
    annotation: str = ""

    def __str__(self) -> str:
        return f"{self.task}, {self.annotation}" if self.annotation else self.task


class _Facts(NamedTuple):
    """What a task says of all of its annotations."""

    paragraph: str
    sha256: str
    round: str
    withheld: bool


class _Reader:
    """Collects judgements and issues while it goes through an export."""

    def __init__(self, schema: Schema, check: ResultCheck | None, kind: str, usual_round: str) -> None:
        self.schema = schema
        self.check = check
        self.kind = kind
        self.usual_round = usual_round
        self.issues: list[Issue] = []
        self.judgements: dict[tuple[str, str], Judgement] = {}
        self._written: dict[tuple[str, str], datetime] = {}
        self._nameless = 0
        self._accounts: dict[str, str] = {}
        self._columns = {column: target for target, column in schema.stance_columns.items()}

    def note(self, rule: str, where: object, message: str, severity: str = "error") -> None:
        self.issues.append(Issue(rule, severity, str(where), message))

    def read_task(self, task: object, number: int) -> None:
        place = _Place(f"task {number}")
        if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
            self.note("no-task", place, "this is no task with data; left out")
            return
        place = _Place(f"task {task.get('id', number)}")
        paragraph = task["data"].get("paragraph")
        if not isinstance(paragraph, str) or not paragraph:
            self.note("no-paragraph", place, "the task's data names no paragraph; its annotations are left out")
            return
        annotations = task.get("annotations")
        if not isinstance(annotations, list):
            self.note("no-annotations", place, "the task has no list of annotations: export the project as JSON")
            return
        sha256 = self._checked_hash(task["data"], place)
        drafts = task.get("drafts")
        if isinstance(drafts, list) and drafts:
            self.note("draft", place, f"{len(drafts)} unsubmitted draft(s) left out", "warning")
        facts = _Facts(paragraph, sha256, self._round(task["data"]), task["data"].get("suggestion") == "withheld")
        for annotation in sorted(annotations, key=_account_number):
            self._read_annotation(annotation, facts, place)

    def _round(self, data: Mapping[str, object]) -> str:
        return next((name for name in ROUNDS if name == data.get("round")), self.usual_round)

    def _checked_hash(self, data: Mapping[str, object], place: _Place) -> str:
        """Return the hash of the text that the annotators saw, and note where it is not the exported one."""
        text, expected = data.get(TEXT), data.get("sha256")
        if not isinstance(text, str):
            return ""
        found = fingerprint(text)
        if isinstance(expected, str) and found != expected:
            message = "the text is not the one that was exported; its judgements are kept, check them"
            self.note("text-changed", place, message, "warning")
        return found

    def _read_annotation(self, annotation: object, facts: "_Facts", place: _Place) -> None:
        paragraph = facts.paragraph
        if not isinstance(annotation, dict):
            self.note("no-annotation", place, "an annotation is no object; left out")
            return
        place = _Place(place.task, f"annotation {annotation.get('id', '?')}")
        if annotation.get("was_cancelled"):
            self.note("skipped", place, f"{paragraph} was skipped; left out", "warning")
            return
        annotator = self._pseudonym(annotation, place)
        judgement = self._judgement(annotation.get("result"), paragraph, annotator, place)
        if judgement is None:
            return
        key = (paragraph, annotator)
        written = _time(annotation.get("updated_at") or annotation.get("created_at"))
        if key in self.judgements:
            message = f"{annotator} judged {paragraph} more than once; the last submission counts"
            self.note("judged-twice", place, message, "warning")
            if written < self._written[key]:
                return
        self.judgements[key] = replace(
            judgement,
            kind=self.kind,
            round=facts.round,
            seconds=_seconds(annotation.get("lead_time")),
            suggestion=self._suggestion(annotation, judgement) or ("withheld" if facts.withheld else ""),
            sha256=facts.sha256,
        )
        self._written[key] = written

    def _pseudonym(self, annotation: JsonObject, place: _Place) -> str:
        account = annotation.get("completed_by")
        if isinstance(account, dict):
            account = account.get("id", account.get("email"))
        if isinstance(account, int) and not isinstance(account, bool):
            return f"annotator-{account}"
        if isinstance(account, str) and account:
            return self._accounts.setdefault(account, f"annotator-x{len(self._accounts) + 1}")
        self.note("no-annotator", place, "the annotation names no account; kept under its own number", "warning")
        self._nameless += 1
        return f"annotator-of-{annotation.get('id') or f'nobody-{self._nameless}'}"

    def _judgement(self, result: object, paragraph: str, annotator: str, place: _Place) -> Judgement | None:
        if not isinstance(result, list) or not result:
            self.note("empty-result", place, "nothing was chosen; left out")
            return None
        answers, comment, sound = self._answers(result, place)
        stances: dict[str, str] = {}
        for column, target in self._columns.items():
            chosen = answers.get(column, [])
            if len(chosen) != 1:
                rule = "several-stances" if chosen else "no-stance"
                self.note(rule, place, f"{column} has {len(chosen)} answers, expected 1; left out")
                sound = False
            elif fault := self.schema.stance_fault(chosen[0]):
                self.note("unknown-stance", place, f"{fault}; left out")
                sound = False
            else:
                stances[target] = chosen[0]
        topics = answers.get(TOPICS, [])
        if fault := self.schema.topics_fault(topics):
            self.note("bad-topics", place, f"{fault}; left out")
            sound = False
        if not sound:
            return None
        for fault in self.check(result) if self.check else ():
            self.note("interface", place, fault, "warning")
        unsure = UNSURE in answers.get(UNSURE, [])
        return Judgement(paragraph, annotator, stances, self.schema.ordered_topics(topics), unsure, comment=comment)

    def _suggestion(self, annotation: JsonObject, judgement: Judgement) -> str:
        """Return what became of the suggestion that the annotator started from: its answers are compared."""
        shown = annotation.get("prediction")
        shown = shown.get("result") if isinstance(shown, dict) else None
        if not isinstance(shown, list) or not shown:
            return ""
        wanted = {column: [judgement.stances[target]] for column, target in self._columns.items()}
        wanted[TOPICS] = list(judgement.topics)
        kept = all(
            sorted(map(str, chosen)) == sorted(wanted[name])
            for name, chosen in _chosen(shown).items()
            if name in wanted
        )
        return "kept" if kept else "changed"

    def _answers(self, result: Sequence[object], place: _Place) -> tuple[dict[str, list[Any]], str, bool]:
        """Return what was chosen for each control, the comment, and whether every entry could be read."""
        answers: dict[str, list[Any]] = {}
        comment, sound = "", True
        known = {*self._columns, TOPICS, UNSURE}
        for entry in result:
            name = entry.get("from_name") if isinstance(entry, dict) else None
            value = entry.get("value") if isinstance(entry, dict) else None
            if name == COMMENT and isinstance(value, dict):
                comment = _joined(value.get("text"))
            elif not isinstance(name, str) or name not in known:
                self.note("unknown-control", place, f"{name!r} is no control of this interface; ignored", "warning")
            elif not isinstance(value, dict) or not isinstance(value.get("choices"), list):
                self.note("no-choices", place, f"{name} holds no list of choices; left out")
                sound = False
            else:
                answers.setdefault(name, []).extend(value["choices"])
        return answers, comment, sound


def _chosen(result: Sequence[object]) -> dict[str, list[object]]:
    """Return the choices of a result by control, as far as it can be read."""
    chosen: dict[str, list[object]] = {}
    for entry in result:
        value = entry.get("value") if isinstance(entry, dict) else None
        if isinstance(entry, dict) and isinstance(value, dict) and isinstance(value.get("choices"), list):
            chosen.setdefault(str(entry.get("from_name")), []).extend(value["choices"])
    return chosen


def _account_number(annotation: object) -> tuple[int, int]:
    """Return what annotations of one task are ordered by: the account's number, then their own."""
    if not isinstance(annotation, dict):
        return (0, 0)
    account, number = annotation.get("completed_by"), annotation.get("id")
    if isinstance(account, dict):
        account = account.get("id")
    return (account if isinstance(account, int) else 0, number if isinstance(number, int) else 0)


def _seconds(value: object) -> float | None:
    """Return a time that the labelling tool measured, in seconds, or ``None``."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        return None
    return round(float(value), 3)


_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


def _time(value: object) -> datetime:
    """Return a time that the server wrote, or the earliest there is."""
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else _LONG_AGO
    except ValueError:
        time = _LONG_AGO
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _joined(texts: object) -> str:
    return "\n".join(map(str, texts)) if isinstance(texts, list) else str(texts or "")

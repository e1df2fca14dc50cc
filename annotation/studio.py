"""Label Studio by its API: paragraphs are pushed to a project of any server, judgements are pulled from it.

Whatever happens on the way, pushing again ends with every paragraph in the project once: a task carries its
paragraph's id, what is there is listed first, and what is missing is sent in batches. A batch is one transaction of
the server, and no request that writes is repeated before the tasks have been listed again.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from xml.etree import ElementTree as ET

from iraqstance.annotation.connection import Server, StudioError, told
from iraqstance.annotation.errors import InputError, UsageError
from iraqstance.annotation.interface import interface_xml
from iraqstance.annotation.records import Issue
from iraqstance.annotation.results import TaskImport, judgements_of
from iraqstance.annotation.schema import Schema

__all__ = [
    "Project",
    "Pull",
    "Push",
    "check_project",
    "find_project",
    "labelled_texts",
    "pull",
    "push",
    "pushed_paragraphs",
]

JsonObject = dict[str, Any]  # Label Studio's edge
Progress = Callable[[Iterable[Any], int], Iterable[Any]]

_BATCH = 500  # tasks a request: a second of work, far from any timeout
_PAGE = 5000
_TRIES = 4  # of a batch whose answer was lost


@dataclass(frozen=True, slots=True)
class Project:
    """What a project should be.

    Attributes:
        title: Its name, by which it is found again; at least 3 and at most 50 characters.
        schema: The label schema, which makes its labelling interface.
        guidelines: HTML that annotators read at "Instructions".
        description: A sentence that others see in the list of projects.
        overlap: How many annotators judge each task, at least 1; ``None`` leaves it as it is.
        interface: The labelling interface, where it is not the usual one of the schema.
    """

    title: str
    schema: Schema
    guidelines: str = ""
    description: str = ""
    overlap: int | None = None
    interface: str = ""

    @property
    def xml(self) -> str:
        """The labelling interface."""
        return self.interface or interface_xml(self.schema)


@dataclass(frozen=True, slots=True)
class Push:
    """What a push did.

    Attributes:
        project: Number of the project.
        url: Page where annotators label.
        sent: Tasks that were sent.
        present: Tasks that were there before.
        suggested: Suggestions that were sent, with new tasks and for those there before.
        removed: Tasks that stood twice and were removed.
        issues: What a project lead should look at.
    """

    project: int
    url: str
    sent: int
    present: int
    suggested: int
    removed: int
    issues: tuple[Issue, ...]


@dataclass(frozen=True, slots=True)
class Pull:
    """What a pull brought.

    Attributes:
        project: Number of the project.
        tasks: How many tasks it holds.
        judged: How many of them at least one annotator has judged.
        read: The judgements, and what was left out or looks wrong.
    """

    project: int
    tasks: int
    judged: int
    read: TaskImport


def find_project(server: Server, title: str) -> JsonObject | None:
    """Return the project of exactly this title, or ``None``.

    Raises:
        StudioError: Where several have it, or the server fails.
    """
    page: JsonObject = server.get("/api/projects/", title=title, page_size=1000, include="id,title")
    found = [project for project in page.get("results", []) if project.get("title") == title]
    if len(found) > 1:
        raise StudioError(
            f"{len(found)} projects have the title {title!r}",
            where=server.url,
            got=", ".join(f"/projects/{project['id']}" for project in found),
            remedy="Rename or remove all but one, or name another with --project",
        )
    if not found:
        return None
    whole: JsonObject = server.get(f"/api/projects/{found[0]['id']}/")
    return whole


def push(
    server: Server,
    project: Project,
    tasks: Sequence[JsonObject],
    *,
    update_interface: bool = False,
    progress: Progress | None = None,
) -> Push:
    """Bring tasks into a project, making it where it is not there; every paragraph ends in it once.

    Args:
        server: Where to.
        project: What the project should be.
        tasks: As :func:`iraqstance.annotation.tasks.tasks_of` makes them, perhaps with ``predictions``, in the order
            in which they should be labelled.
        update_interface: Whether an interface with other questions or labels is replaced.
        progress: Wraps the iterator over batches, given their number.

    Raises:
        UsageError: For a title that Label Studio does not take, or an overlap below 1.
        StudioError: Where the server fails, or the project's interface asks for something else.
    """
    check_project(project)
    found = find_project(server, project.title)
    issues: list[Issue] = []
    if found is None:
        found = _created(server, project, tasks)
        there: list[JsonObject] = []
    else:
        issues += _interface_issues(found, project, update=update_interface)
        there = _listed(server, found["id"])
    _settle(server, found, project, tasks, update_interface=update_interface)
    sender = _Sender(server, found["id"], {task["data"]["paragraph"]: task for task in tasks}, there)
    before = len(sender.present)
    issues += sender.changed_texts()
    sent = sender.send_missing(progress)
    suggested = sum("predictions" in task for task in sent) + sender.send_suggestions(progress)
    removed = sender.remove_doubles(expected=len(there) + len(sent))
    url = f"{server.url}/projects/{found['id']}/data?labeling=1"
    return Push(found["id"], url, len(sent), before, suggested, removed, tuple(issues))


def check_project(project: Project) -> None:
    """Raise a :class:`UsageError` for a title that Label Studio does not take, or an overlap below 1."""
    if not 3 <= len(project.title) <= 50 or project.title != project.title.strip():
        raise UsageError(
            "Label Studio does not take this title",
            expected="3 to 50 characters, no space at either end",
            got=repr(project.title),
            remedy="Name another with --project",
        )
    if project.overlap is not None and project.overlap < 1:
        raise UsageError("too few annotators a paragraph", expected="1 or more", got=str(project.overlap))


def _created(server: Server, project: Project, tasks: Sequence[JsonObject]) -> JsonObject:
    with told(server.url):
        made = server.sdk.projects.create(
            title=project.title,
            description=project.description,
            label_config=project.xml,
            expert_instruction=project.guidelines,
            show_instruction=False,  # one click away; opening by itself it would stand in the way each time
            enable_empty_annotation=False,
            maximum_annotations=project.overlap or 1,
            show_collab_predictions=True,
            model_version=_model_version(tasks),
        )
    whole: JsonObject = server.get(f"/api/projects/{made.id}/")
    return whole


def _settle(
    server: Server, found: JsonObject, project: Project, tasks: Sequence[JsonObject], *, update_interface: bool
) -> None:
    """Change what an existing project has otherwise: overlap, guidelines, the model whose suggestions are shown."""
    wanted: JsonObject = {"expert_instruction": project.guidelines}
    if project.overlap is not None:
        wanted["maximum_annotations"] = project.overlap
    if version := _model_version(tasks):
        wanted["model_version"] = version
    if update_interface:
        wanted["label_config"] = project.xml
    changes = {name: value for name, value in wanted.items() if found.get(name) != value}
    if changes:
        with told(server.url):
            server.sdk.projects.update(found["id"], **changes)


def _model_version(tasks: Iterable[JsonObject]) -> str:
    return next((str(task["predictions"][0]["model_version"]) for task in tasks if task.get("predictions")), "")


def _interface_issues(found: JsonObject, project: Project, *, update: bool) -> list[Issue]:
    """Compare the project's interface with the schema's: other labels are an error, another look is not."""
    fault = _interface_fault(found, project.xml)
    if fault and not update:
        raise StudioError(
            "the project's labelling interface is not the one of the schema",
            where=f"project {project.title!r}",
            got=fault,
            remedy="Name its schema with --schema, or replace the interface with --update-interface",
        )
    if found.get("label_config", "").strip() != project.xml.strip() and not update:
        message = "its look was changed by hand, its questions and labels were not; --update-interface sets it back"
        return [Issue("interface-look", "warning", f"project {project.title!r}", message)]
    return []


def _interface_fault(found: JsonObject, xml: str) -> str:
    """Return how the questions and labels of a project differ from an interface's, or an empty string."""
    wanted: dict[str, set[str]] = {}
    for control in ET.fromstring(xml).iter():  # noqa: S314 - our own, just made
        if control.tag in {"Choices", "TextArea"}:
            wanted[control.attrib["name"]] = {choice.attrib["value"] for choice in control.iter("Choice")}
    parsed = found.get("parsed_label_config") or {}
    has = {name: set(control.get("labels") or []) for name, control in parsed.items()}
    for name, labels in wanted.items():
        if name not in has:
            return f"no question {name!r}"
        if missing := sorted(labels - has[name]):
            return f"{name}: no label {missing[0]!r}"
        if more := sorted(has[name] - labels):
            return f"{name}: a label {more[0]!r}"
    more = sorted(set(has) - set(wanted))
    return f"a question {more[0]!r}" if more else ""


def _listed(server: Server, project: int) -> list[JsonObject]:
    """Return id, data and counts of every task of a project, by number."""
    tasks: list[JsonObject] = []
    while True:
        page = server.get(
            "/api/tasks",
            project=project,
            fields="task_only",
            include="id,data,total_annotations,total_predictions",
            page=len(tasks) // _PAGE + 1,
            page_size=_PAGE,
        )
        tasks += page["tasks"]
        if len(page["tasks"]) < _PAGE or len(tasks) >= page["total"]:
            return sorted(tasks, key=lambda task: int(task["id"]))


class _Sender:
    """Brings the tasks that are missing into a project."""

    def __init__(
        self, server: Server, project: int, wanted: Mapping[str, JsonObject], there: Iterable[JsonObject]
    ) -> None:
        self.server = server
        self.project = project
        self.wanted = wanted
        self.present: dict[str, JsonObject] = {}
        self._doubled = False
        self._note_present(there)

    def _note_present(self, tasks: Iterable[JsonObject]) -> None:
        seen: Counter[str] = Counter()
        for task in tasks:
            name = (task.get("data") or {}).get("paragraph")
            if isinstance(name, str) and name in self.wanted:
                self.present.setdefault(name, task)
                seen[name] += 1
        self._doubled = self._doubled or any(count > 1 for count in seen.values())

    def changed_texts(self) -> list[Issue]:
        """Return an issue for each paragraph whose text on the server is another one."""
        message = "its text on the server is another one; it is left as it is, for judgements may belong to it"
        return [
            Issue("text-changed", "error", f"task {task['id']} ({name})", message)
            for name, task in self.present.items()
            if task["data"].get("text") != self.wanted[name]["data"]["text"]
        ]

    def send_missing(self, progress: Progress | None) -> list[JsonObject]:
        """Send what is not there, batch by batch, and return it."""
        missing = [task for name, task in self.wanted.items() if name not in self.present]
        batches = [missing[start : start + _BATCH] for start in range(0, len(missing), _BATCH)]
        for number, batch in enumerate(progress(batches, len(batches)) if progress else batches):
            self._send(batch, sent=number * _BATCH, of=len(missing))
        return missing

    def _send(self, batch: Sequence[JsonObject], *, sent: int, of: int) -> None:
        """Send one batch. Where its answer is lost, look what arrived before anything is sent again."""
        left = list(batch)
        for attempt in range(_TRIES):
            try:
                with told(self.server.url):
                    self.server.sdk.projects.import_tasks(self.project, request=left, return_task_ids=False)
            except StudioError as error:
                refused = error.got[:1] == "4"
                if refused or attempt + 1 == _TRIES:
                    raise self._stopped(error, sent, of) from None
            else:
                return
            time.sleep(attempt)
            try:
                self._note_present(_listed(self.server, self.project))
            except StudioError as error:
                raise self._stopped(error, sent, of) from None
            left = [task for task in left if task["data"]["paragraph"] not in self.present]
            if not left:
                return

    @staticmethod
    def _stopped(error: StudioError, sent: int, of: int) -> StudioError:
        return StudioError(
            f"{error.what}, after {sent} of {of} tasks",
            where=error.where,
            got=error.got,
            remedy="Run the command again: it sends what is missing, and nothing twice",
        )

    def send_suggestions(self, progress: Progress | None) -> int:
        """Send suggestions for tasks that were there without one and that nobody has labelled; return how many."""
        late = [
            {"task": task["id"], **suggestion}
            for name, task in self.present.items()
            if not task.get("total_predictions") and not task.get("total_annotations")
            for suggestion in self.wanted[name].get("predictions", [])
        ]
        batches = [late[start : start + _BATCH] for start in range(0, len(late), _BATCH)]
        for batch in progress(batches, len(batches)) if progress else batches:
            with told(self.server.url):
                self.server.sdk.projects.import_predictions(self.project, request=batch)
        return len(late)

    def remove_doubles(self, expected: int) -> int:
        """Remove tasks that stand twice, such as a former push leaves whose last batch was still on its way.

        Of each the one with the most judgements stays, else the oldest; one with judgements is never removed.
        """
        if not self._doubled and self.server.get(f"/api/projects/{self.project}/")["task_number"] == expected:
            return 0
        groups: dict[str, list[JsonObject]] = {}
        for task in _listed(self.server, self.project):
            name = (task.get("data") or {}).get("paragraph")
            if isinstance(name, str) and name in self.wanted:
                groups.setdefault(name, []).append(task)
        removed = 0
        for tasks in groups.values():
            kept = max(tasks, key=lambda task: int(task.get("total_annotations") or 0))
            for task in tasks:
                if task is not kept and not task.get("total_annotations"):
                    with told(self.server.url):
                        self.server.sdk.tasks.delete(str(task["id"]))
                    removed += 1
        return removed


def labelled_texts(server: Server, title: str) -> list[str]:
    """Return the texts of a project's tasks that have been judged; none where there is no such project."""
    found = find_project(server, title)
    tasks = _listed(server, found["id"]) if found else []
    return [str(task["data"].get("text", "")) for task in tasks if task.get("total_annotations")]


def pushed_paragraphs(server: Server, title: str) -> set[str]:
    """Return the ids of the paragraphs that a project holds; none where there is no such project."""
    found = find_project(server, title)
    tasks = _listed(server, found["id"]) if found else []
    return {str(task["data"].get("paragraph", "")) for task in tasks}


def pull(server: Server, title: str, schema: Schema, *, kind: str = "person") -> Pull:
    """Return the judgements of a project, always in the same order: by task and then by annotator.

    Args:
        server: Where from.
        title: The project's title.
        schema: The label schema it was made from.
        kind: Who judged: ``person`` or ``model``.

    Raises:
        StudioError: Where there is no such project, or the server fails.
    """
    found = find_project(server, title)
    if found is None:
        raise StudioError(
            f"there is no project {title!r}", where=server.url, remedy="Check the title, or push paragraphs first"
        )
    # Not by the SDK, whose import alone takes as long as the export of thousands of tasks.
    export = server.get(f"/api/projects/{found['id']}/export", exportType="JSON", download_all_tasks="true")
    if not isinstance(export, list):
        raise InputError("the export is no list of tasks", where=server.url, got=type(export).__name__)
    read = judgements_of(sorted(export, key=_by_number), schema, kind=kind)
    if fault := _interface_fault(found, interface_xml(schema)):
        message = (
            f"its labelling interface was changed by hand ({fault}); answers that do not fit the schema are left out"
        )
        issue = Issue("interface-changed", "error", f"project {title!r}", message)
        read = replace(read, issues=(issue, *read.issues))
    return Pull(found["id"], len(export), len({judgement.paragraph for judgement in read.judgements}), read)


def _by_number(task: object) -> int:
    number = task.get("id") if isinstance(task, dict) else None
    return number if isinstance(number, int) else 0

"""Label Studio by its API: paragraphs are pushed to a project of any server, judgements are pulled from it.

Whatever happens on the way, pushing again ends with every paragraph in the project once: a task carries its
paragraph's id, what is there is listed first, and what is missing is sent in batches. A batch is one transaction of
the server, and no request that writes is repeated before the tasks have been listed again. Suggestions are told apart
by model, and sent in the same way.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

from iraqstance.annotation.connection import SLOW, Server, StudioError, shortened, told
from iraqstance.annotation.errors import InputError, UsageError
from iraqstance.annotation.interface import TEXT, VOTES, interface_xml
from iraqstance.annotation.normalise import fingerprint
from iraqstance.annotation.records import Issue, Paragraph
from iraqstance.annotation.results import TaskImport, judgements_of
from iraqstance.annotation.schema import Schema
from iraqstance.annotation.storage import is_whole

__all__ = [
    "Project",
    "Pull",
    "Push",
    "check_project",
    "find_project",
    "labelled_texts",
    "project_paragraphs",
    "pull",
    "push",
]

JsonObject = dict[str, Any]  # Label Studio's edge
Progress = Callable[[Iterable[Any], int], Iterable[Any]]

_BATCH = 500  # tasks a request: a second of work, far from any timeout
_PAGE = 5000
# Seconds before a batch is sent again whose answer was lost: a server that was busy, or is being started again, gets
# time to recover. What was lost is found by listing, never by waiting.
_PAUSES = (0.0, 1.0, 2.0)
# Seconds between two looks at an import that the server does by itself; its API has no call that waits for the end.
_PAUSE = 1.0


@dataclass(frozen=True, slots=True)
class Project:
    """What a project should be.

    Attributes:
        title: Its name, by which it is found again; at least 3 and at most 50 characters.
        schema: The label schema, which makes its labelling interface.
        guidelines: HTML that annotators read at "Instructions"; without it, what is there stays.
        description: A sentence that its description holds from now on, beside what is there.
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
        removed: Tasks that stood twice and were removed; one that has been judged never is.
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
    found = _numbers(server, title)
    if len(found) > 1:
        raise StudioError(
            f"{len(found)} projects have the title {title!r}",
            where=server.url,
            got=", ".join(f"/projects/{number}" for number in found),
            remedy="Rename or remove all but one, or name another with --project",
        )
    return _project(server, found[0]) if found else None


def _numbers(server: Server, title: str) -> list[int]:
    """Return the numbers of the projects of exactly this title, the oldest first."""
    if not is_whole(title):
        return []
    numbers: list[int] = []
    for page in count(1):
        listed = server.get("/api/projects/", title=title, include="id,title", page=page, page_size=100)
        numbers += [int(project["id"]) for project in listed["results"] if project["title"] == title]
        if not listed["next"]:
            break
    return sorted(numbers)


def _project(server: Server, number: int) -> JsonObject:
    whole: JsonObject = server.get(f"/api/projects/{number}/")
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
    found = find_project(server, project.title) or _created(server, project)
    issues = _interface_issues(found, project, update=update_interface)
    sender = _Sender(server, found["id"], tasks)
    issues += _settle(server, found, project, update_interface=update_interface)
    before = len(sender.present)
    issues += sender.changed_data()
    sent = sender.send_missing(progress)
    suggested = sent["suggestions"] + sender.send_suggestions(progress)
    removed, doubles = sender.remove_doubles(progress)
    sender.show_suggestions(sent=suggested)
    url = f"{server.url}/projects/{found['id']}/data?labeling=1"
    return Push(found["id"], url, sent["tasks"], before, suggested, removed, (*issues, *doubles))


def check_project(project: Project) -> None:
    """Raise a :class:`UsageError` for a title that Label Studio does not take, or an overlap below 1."""
    if not 3 <= len(project.title) <= 50 or project.title != project.title.strip() or not is_whole(project.title):
        raise UsageError(
            "Label Studio does not take this title",
            expected="3 to 50 characters, no space at either end",
            got=repr(project.title),
            remedy="Name another with --project",
        )
    if project.overlap is not None and project.overlap < 1:
        raise UsageError("too few annotators a paragraph", expected="1 or more", got=str(project.overlap))


def _created(server: Server, project: Project) -> JsonObject:
    """Make the project, and return it, or the one that another push made at the same moment."""
    try:
        with told(server):
            own = server.sdk.projects.create(
                title=project.title,
                description=project.description,
                label_config=project.xml,
                expert_instruction=project.guidelines,
                show_instruction=False,  # one click away; opening by itself it would stand in the way each time
                enable_empty_annotation=False,
                maximum_annotations=project.overlap or 1,
                show_collab_predictions=True,
            ).id
    except StudioError as error:
        if error.refused or not (made := _numbers(server, project.title)):
            raise
        return _project(server, made[0])  # it was made, and only the answer was lost
    oldest = min(_numbers(server, project.title), default=own)
    if oldest != own:
        with told(server):
            server.sdk.projects.delete(own)  # it is empty yet
    return _project(server, oldest)


def _settle(server: Server, found: JsonObject, project: Project, *, update_interface: bool) -> list[Issue]:
    """Change what an existing project has otherwise: overlap, guidelines, and the interface where that is wanted."""
    wanted: JsonObject = {}
    issues = []
    if project.guidelines:
        wanted["expert_instruction"] = project.guidelines
    if project.overlap is not None:
        wanted["maximum_annotations"] = project.overlap
        before = found.get("maximum_annotations", project.overlap)
        if before != project.overlap:
            message = f"each paragraph is now for {project.overlap} annotators; before, for {before}"
            issues.append(Issue("overlap-changed", "warning", f"project {project.title!r}", message))
    if project.description not in (described := found.get("description") or ""):
        wanted["description"] = f"{described} {project.description}".strip()
    if update_interface:
        wanted["label_config"] = project.xml.strip()
    changes = {name: value for name, value in wanted.items() if found.get(name) != value}
    if changes:
        with told(server):
            server.sdk.projects.update(found["id"], **changes)
    return issues


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
    if found["label_config"].strip() != project.xml.strip() and not update:
        message = "its look is another one, its questions and labels are the schema's; --update-interface sets it back"
        return [Issue("interface-look", "warning", f"project {project.title!r}", message)]
    return []


def _interface_fault(found: JsonObject, xml: str) -> str:
    """Return how the questions and labels of a project differ from an interface's, or an empty string."""
    try:
        has = _questions(found["label_config"])
    except ET.ParseError:
        return "no XML"
    wanted = _questions(xml)
    for name, question in wanted.items():
        if name not in has:
            return f"no question {name!r}"
        if missing := sorted(question.labels - has[name].labels):
            return f"{name}: no label {missing[0]!r}"
        if more := sorted(has[name].labels - question.labels):
            return f"{name}: a label {more[0]!r}"
        for trait, value in question.traits.items():
            if has[name].traits[trait] != value:
                return f"{name}: {trait} is {has[name].traits[trait]!r}, expected {value!r}"
    more = sorted(set(has) - set(wanted))
    return f"a question {more[0]!r}" if more else ""


class _Question(NamedTuple):
    """What a control of an interface asks, whatever it looks like."""

    labels: frozenset[str]
    traits: Mapping[str, str]


def _questions(xml: str) -> dict[str, _Question]:
    """Return the questions of an interface by name, and what they are about."""
    found = {}
    for element in ET.fromstring(xml).iter():  # noqa: S314 - expat bounds what entities may grow to
        name = element.get("name", "")
        if name == TEXT or "toName" in element.attrib:
            # The alias is what is stored where there is one.
            labels = {choice.get("alias") or str(choice.get("value")) for choice in element.iter("Choice")}
            traits = {"kind": element.tag} | {trait: element.get(trait, "") for trait in _TRAITS}
            found[name] = _Question(frozenset(labels), traits)
    return found


_TRAITS = ("toName", "value", "choice", "required", "visibleWhen", "perRegion")


def _listed(
    server: Server, project: int, include: str = "id,data,total_annotations", model: str = ""
) -> list[JsonObject]:
    """Return a project's tasks by number, a model's where one is named: those that have a suggestion of it.

    A server may give fewer tasks at once than it is asked for.
    """
    having = {"filter": "filter:tasks:predictions_model_versions", "operator": "contains", "type": "String"}
    filters = {"conjunction": "and", "items": [{**having, "value": [model]}] if model else []}
    tasks: dict[int, JsonObject] = {}
    for page in count(1):
        listed = server.get(
            "/api/tasks",
            project=project,
            fields="task_only",
            include=include,
            query=json.dumps({"filters": filters}),
            page=page,
            page_size=_PAGE,
        )
        tasks |= {int(task["id"]): task for task in listed["tasks"]}
        if not listed["tasks"] or len(tasks) >= listed["total"]:
            break
    return [tasks[number] for number in sorted(tasks)]


def _having(server: Server, project: int, model: str) -> set[int]:
    """Return the numbers of the tasks that have a suggestion of this model."""
    if not model or model not in server.get(f"/api/projects/{project}/model-versions/"):
        return set()
    return {int(task["id"]) for task in _listed(server, project, "id", model)}


def _paragraph(task: JsonObject) -> str:
    """Return the id of a task's paragraph, or an empty string for a task that is none of ours."""
    data = task.get("data")
    name = data.get("paragraph") if isinstance(data, dict) else None
    return name if isinstance(name, str) else ""


class _Sender:
    """Brings the tasks that are missing into a project.

    Attributes:
        present: The wanted tasks that the project holds, by paragraph; of several the oldest.
    """

    def __init__(self, server: Server, project: int, tasks: Iterable[JsonObject]) -> None:
        self.server = server
        self.project = project
        self.wanted = {_paragraph(task): task for task in tasks}
        suggestions = (suggestion for task in self.wanted.values() for suggestion in task.get("predictions", []))
        self.model = next((str(suggestion["model_version"]) for suggestion in suggestions), "")
        self.present: dict[str, JsonObject] = {}
        self._suggested: set[int] = set()
        self._doubled = False
        self._expected = len(self._look())

    def _look(self) -> list[JsonObject]:
        """List the project's tasks."""
        tasks = _listed(self.server, self.project)
        self._suggested = _having(self.server, self.project, self.model)
        self.present = {}
        for task in tasks:
            name = _paragraph(task)
            if name in self.wanted and self.present.setdefault(name, task) is not task:
                self._doubled = True
        return tasks

    def changed_data(self) -> list[Issue]:
        """Return an issue for each paragraph whose text, or whose votes, are other ones on the server."""
        text = "its text on the server is another one; it is left as it is, for judgements may belong to it"
        votes = "its annotators' choices have changed since it was sent; to show that, remove it there and push again"
        issues = []
        for name, task in self.present.items():
            wanted, where = self.wanted[name]["data"], f"task {task['id']} ({name})"
            if task["data"].get(TEXT) != wanted[TEXT]:
                issues.append(Issue("text-changed", "error", where, text))
            if VOTES in wanted and task["data"].get(VOTES) != wanted[VOTES] and not task["total_annotations"]:
                issues.append(Issue("votes-changed", "warning", where, votes))
        return issues

    def send_missing(self, progress: Progress | None) -> Counter[str]:
        """Send what is not there, batch by batch, and return how many tasks and suggestions were sent."""
        missing = [task for name, task in self.wanted.items() if name not in self.present]
        self._expected += len(missing)
        self._send(missing, self._import, lambda task: _paragraph(task) in self.present, "tasks", progress)
        return Counter(tasks=len(missing), suggestions=sum("predictions" in task for task in missing))

    def _import(self, tasks: Sequence[JsonObject]) -> None:
        answer = self.server.sdk.projects.import_tasks(self.project, request=tasks, return_task_ids=False)
        if number := getattr(answer, "import_", None):
            self._wait_for(number)

    def _wait_for(self, number: int) -> None:
        """Return when an import is done that the server does by itself, as other editions than the community's do."""
        until = time.monotonic() + SLOW
        while (done := self.server.get(f"/api/projects/{self.project}/imports/{number}/"))["status"] != "completed":
            if done["status"] == "failed" or time.monotonic() > until:
                raise StudioError(
                    "the server could not import the tasks" if done["status"] == "failed" else "the import is not done",
                    where=f"{self.server.url}/projects/{self.project}",
                    got=shortened(done.get("error") or ""),
                )
            time.sleep(_PAUSE)  # the server calls nobody when it is done: it is asked again, up to the time above

    def send_suggestions(self, progress: Progress | None) -> int:
        """Send suggestions for tasks that have none of this model and that nobody has labelled; return how many."""
        late = [
            {"task": self.present[name]["id"], **suggestion}
            for name, task in self.wanted.items()
            if name in self.present
            and self.present[name]["id"] not in self._suggested
            and not self.present[name]["total_annotations"]
            for suggestion in task.get("predictions", [])
        ]
        self._send(
            late,
            lambda batch: self.server.sdk.projects.import_predictions(self.project, request=batch),
            lambda suggestion: suggestion["task"] in self._suggested,
            "suggestions",
            progress,
        )
        return len(late)

    def _send(
        self,
        rows: Sequence[JsonObject],
        send: Callable[[Sequence[JsonObject]], object],
        has_arrived: Callable[[JsonObject], bool],
        what: str,
        progress: Progress | None,
    ) -> None:
        """Send rows in batches. Where the answer is lost, look what arrived before anything is sent again."""
        batches = [rows[start : start + _BATCH] for start in range(0, len(rows), _BATCH)]
        for number, batch in enumerate(progress(batches, len(batches)) if progress and batches else batches):
            left = list(batch)
            try:
                for pause in (*_PAUSES, None):
                    try:
                        with told(self.server):
                            send(left)
                        break
                    except StudioError as error:
                        if error.refused or pause is None:
                            raise
                    time.sleep(pause)  # a server that is overloaded or starts anew needs a while, longer each time
                    self._look()
                    left = [row for row in left if not has_arrived(row)]
                    if not left:
                        break
            except StudioError as error:
                raise StudioError(
                    f"{error.what}, after {number * _BATCH} of {len(rows)} {what}",
                    where=error.where,
                    got=error.got,
                    remedy=error.remedy
                    if error.refused
                    else "Run the command again: it sends what is missing, and nothing twice",
                ).with_status(error.status) from None

    def remove_doubles(self, progress: Progress | None) -> tuple[int, list[Issue]]:
        """Remove tasks that stand twice, such as a former push leaves whose last batch was still on its way.

        Of each the one with the most judgements stays, else the oldest; one with judgements is never removed.

        Returns:
            How many were removed, and an issue for each paragraph that several judged tasks are left of.
        """
        number = _project(self.server, self.project)["task_number"]
        if not self._doubled and number == self._expected:
            return 0, []
        groups: dict[str, list[JsonObject]] = {}
        for task in self._look():
            groups.setdefault(_paragraph(task), []).append(task)
        if missing := [name for name in self.wanted if name not in groups]:
            raise StudioError(
                f"{len(missing)} of the tasks are not in the project any more",
                where=f"{self.server.url}/projects/{self.project}",
                got=missing[0],
                remedy="Run the command again",
            )
        issues, surplus = [], []
        for name in self.wanted:
            tasks = sorted(groups[name], key=lambda task: -int(task["total_annotations"]))
            surplus += [task["id"] for task in tasks[1:] if not task["total_annotations"]]
            judged = [task["id"] for task in tasks if task["total_annotations"]]
            if len(judged) > 1:
                where = f"tasks {', '.join(map(str, sorted(judged)))} ({name})"
                issues.append(Issue("double-task", "warning", where, "more than one of them is judged; both are kept"))
        steps = progress(surplus, len(surplus)) if progress and surplus else surplus
        return sum(self._remove(task) for task in steps), issues

    def _remove(self, task: int) -> bool:
        """Remove a task, unless it was judged in the meantime, or is gone already."""
        try:
            if self.server.get(f"/api/tasks/{task}/")["annotations"]:
                return False
            with told(self.server):
                self.server.sdk.tasks.delete(str(task))
        except StudioError as error:
            if error.status != 404:
                raise
            return False
        return True

    def show_suggestions(self, *, sent: int) -> None:
        """Let annotators see the suggestions of this model, where the project holds any: it refuses others."""
        if not sent and not self._suggested:
            return
        found = _project(self.server, self.project)
        wanted = {"show_collab_predictions": True, "model_version": self.model}
        changes = {name: value for name, value in wanted.items() if found.get(name) != value}
        if changes:
            with told(self.server):
                self.server.sdk.projects.update(self.project, **changes)


def labelled_texts(server: Server, title: str) -> list[str]:
    """Return the texts of a project's tasks that have been judged; none where there is no such project."""
    found = find_project(server, title)
    tasks = _listed(server, found["id"]) if found else []
    return [str(task["data"].get("text", "")) for task in tasks if task.get("total_annotations")]


def project_paragraphs(server: Server, title: str) -> list[Paragraph]:
    """Return the paragraphs that a project holds, each once; none where there is no such project."""
    found = find_project(server, title)
    held: dict[str, Paragraph] = {}
    for task in _listed(server, found["id"]) if found else ():
        name, text = _paragraph(task), (task.get("data") or {}).get(TEXT)
        if name and isinstance(text, str) and text:
            article = name.rpartition("/")[0] or name
            held.setdefault(name, Paragraph(name, article, 0, len(text), text, fingerprint(text)))
    return list(held.values())


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

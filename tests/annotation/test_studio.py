"""Push and pull on a real Label Studio: whatever is lost, killed or changed by hand, every paragraph is there once."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from shutil import copytree
from typing import Any
from xml.etree.ElementTree import Element, SubElement, fromstring, tostring

import httpx
import pytest
from conftest import TEA
from forwarding import Answer, Request, Rule, forwarding
from iraqstance.annotation import studio
from iraqstance.annotation.connection import Server, StudioError, connect
from iraqstance.annotation.errors import UsageError
from iraqstance.annotation.guidelines import guidelines_html
from iraqstance.annotation.interface import interface_xml
from iraqstance.annotation.records import Issue, Judgement
from iraqstance.annotation.rows import judgement_row, write_judgements, write_paragraphs
from iraqstance.annotation.schema import Schema, packaged_schema
from iraqstance.annotation.server import LocalServer, start_server
from iraqstance.annotation.studio import Project, find_project, labelled_texts, project_paragraphs, pull, push
from iraqstance.annotation.tasks import (
    Suggestion,
    is_withheld,
    results_of,
    tasks_of,
    with_suggestions,
    with_votes,
)
from labelling import paragraphs_of, signed_up
from starting import servers, until

Json = Any
Forward = Callable[..., Answer]

_numbers = count(1)

TARGET = "us_policy_iraq"
PARAGRAPHS = paragraphs_of([f"The ministry published figure number {number}." for number in range(10)], "figures")
TASKS = list(tasks_of(PARAGRAPHS))
NAMES = [paragraph.id for paragraph in PARAGRAPHS]
BATCHES = [NAMES[:4], NAMES[4:8], NAMES[8:]]


@pytest.fixture
def title() -> str:
    return f"studio {next(_numbers)}"


@pytest.fixture
def project(title: str, schema: Schema) -> Project:
    return Project(title, schema)


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten tasks are three batches."""
    monkeypatch.setattr(studio, "_BATCH", 4)
    monkeypatch.setattr(studio, "_PAUSES", (0.0, 0.0, 0.0))
    monkeypatch.setattr(studio, "_PAUSE", 0.01)


def numbers(server: Server, title: str) -> list[int]:
    """The projects of this title."""
    found = server.get("/api/projects/", title=title, page_size=100)["results"]
    return [project["id"] for project in found if project["title"] == title]


def rows(server: Server, title: str) -> list[dict[str, Any]]:
    """The tasks of the one project of this title, by number."""
    (project,) = numbers(server, title)
    include = "id,data,total_annotations,total_predictions"
    listed = server.get("/api/tasks", project=project, fields="task_only", include=include, page_size=5000)
    return sorted(listed["tasks"], key=lambda task: int(task["id"]))


def held(server: Server, title: str) -> list[str]:
    """The paragraphs of the one project of this title, by the number of their tasks."""
    return [task["data"]["paragraph"] for task in rows(server, title)]


def whole(server: Server, project: int) -> dict[str, Any]:
    found: dict[str, Any] = server.get(f"/api/projects/{project}/")
    return found


def chosen(schema: Schema, stance: str = "neutral", topics: Sequence[str] = ("iran",)) -> list[dict[str, Any]]:
    return results_of(Judgement("", "", {TARGET: stance}, tuple(topics)), schema)


def judge(server: Server, task: int, result: Json, **fields: Json) -> dict[str, Any]:
    """Submit an answer, as a tool that uses the API does; nothing is checked on the way."""
    body = {"result": result, "lead_time": 4.5, **fields}
    answer = server.http.post(f"{server.url}/api/tasks/{task}/annotations/", json=body)
    assert answer.status_code == 201, answer.text
    stored: dict[str, Any] = answer.json()
    return stored


# Once, and in order


def test_a_push_makes_the_project_with_every_paragraph_in_order(
    server: Server, schema: Schema, title: str, project: Project
) -> None:
    done = push(server, project, TASKS)
    assert (done.sent, done.present, done.suggested, done.removed, done.issues) == (10, 0, 0, 0, ())
    assert done.url == f"{server.url}/projects/{done.project}/data?labeling=1"
    assert held(server, title) == NAMES
    assert [task["data"] for task in rows(server, title)] == [task["data"] for task in TASKS]
    made = whole(server, done.project)
    assert made["label_config"] == interface_xml(schema).strip()
    assert made["maximum_annotations"] == 1
    assert not made["enable_empty_annotation"]
    assert not made["show_instruction"]


def test_pushing_again_writes_nothing(server: Server, schema: Schema, title: str, token: str) -> None:
    project = Project(title, schema, guidelines_html(schema), "made for a test", overlap=2)
    first = push(server, project, TASKS)
    with forwarding(server.url) as forwarder, connect(forwarder.url, token) as through:
        again = push(through, project, TASKS)
    assert (again.project, again.sent, again.present, again.removed, again.issues) == (first.project, 0, 10, 0, ())
    assert forwarder.writes() == []
    assert held(server, title) == NAMES


@pytest.fixture
def token(studio: LocalServer) -> str:
    return studio.token


def test_guidelines_of_any_schema_are_stored_as_they_are(server: Server, title: str) -> None:
    """Label Studio strips what it does not know; what it changed would be written again each time."""
    project = Project(title, TEA, guidelines_html(TEA))
    made = push(server, project, TASKS).project
    assert whole(server, made)["expert_instruction"] == project.guidelines


def test_what_is_new_is_sent_and_what_the_push_does_not_name_stays(
    server: Server, title: str, project: Project
) -> None:
    push(server, project, TASKS[:3])
    done = push(server, project, TASKS[2:])
    assert (done.sent, done.present) == (7, 1)
    assert held(server, title) == NAMES


def test_a_push_of_nothing_makes_an_empty_project(server: Server, title: str, project: Project) -> None:
    assert push(server, project, []).sent == 0
    assert held(server, title) == []
    assert pull(server, title, project.schema).tasks == 0


def test_progress_is_told_batch_by_batch(server: Server, project: Project) -> None:
    seen: list[tuple[int, int]] = []

    def progress(batches: Iterable[Any], total: int) -> Iterator[Any]:
        for number, batch in enumerate(batches, 1):
            yield batch
            seen.append((number, total))

    push(server, project, TASKS, progress=progress)
    assert seen == [(1, 3), (2, 3), (3, 3)]
    push(server, project, TASKS, progress=progress)
    assert len(seen) == 3


def test_a_server_that_lists_few_at_once_is_asked_for_the_rest(
    server: Server, title: str, project: Project, token: str
) -> None:
    """Who runs a server may bound the size of its pages."""

    def three_at_once(request: Request, forward: Forward) -> Answer:
        return forward(re.sub(r"page_size=\d+", "page_size=3", request.target))

    push(server, project, TASKS)
    for number in range(4):
        server.sdk.projects.create(title=f"{title} and more {number}")
    with forwarding(server.url, three_at_once) as forwarder, connect(forwarder.url, token) as through:
        done = push(through, project, TASKS)
        assert {paragraph.id for paragraph in project_paragraphs(through, title)} == set(NAMES)
    assert (done.sent, done.present) == (0, 10)
    assert held(server, title) == NAMES


def test_tasks_of_others_in_the_project_are_left_alone(server: Server, title: str, project: Project) -> None:
    made = push(server, project, TASKS[:2]).project
    others = [{"data": {"text": "No paragraph."}}, {"data": {"text": "Odd.", "paragraph": 7}}]
    server.sdk.projects.import_tasks(made, request=[*others, *others])
    done = push(server, project, TASKS)
    assert (done.sent, done.present, done.removed) == (8, 2, 0)
    assert len(rows(server, title)) == 14


# What is lost on the way


def losing(loses: Callable[[Request], bool], *, done: bool) -> Rule:
    """Lose the answers to some requests, after the server has done what they ask or before."""

    def rule(request: Request, forward: Forward) -> Answer | None:
        if not loses(request):
            return forward()
        if done:
            forward()
        return None

    return rule


@pytest.mark.parametrize("done", [True, False], ids=["done", "not-done"])
@pytest.mark.parametrize("batch", [1, 2, 3])
def test_a_lost_answer_is_made_up_for_in_the_same_run(
    server: Server, title: str, project: Project, token: str, batch: int, *, done: bool
) -> None:
    rule = losing(lambda request: request.imports and request.number == batch, done=done)
    with forwarding(server.url, rule) as forwarder, connect(forwarder.url, token) as through:
        assert push(through, project, TASKS).sent == 10
    assert sorted(held(server, title)) == NAMES
    assert forwarder.sent() == sorted(BATCHES if done else [*BATCHES, BATCHES[batch - 1]])


@pytest.mark.parametrize("done", [True, False], ids=["done", "not-done"])
def test_the_answer_to_the_project_s_making_may_be_lost(
    server: Server, title: str, project: Project, token: str, *, done: bool
) -> None:
    rule = losing(lambda request: (request.method, request.path) == ("POST", "/api/projects/"), done=done)
    with forwarding(server.url, rule) as forwarder, connect(forwarder.url, token) as through:
        if done:
            push(through, project, TASKS)
        else:
            with pytest.raises(StudioError, match="the connection to the server was lost"):
                push(through, project, TASKS)
    push(server, project, TASKS)
    assert held(server, title) == NAMES


@pytest.mark.parametrize("done", [True, False], ids=["done", "not-done"])
@pytest.mark.parametrize("status", [429, 500])
def test_a_server_that_fails_once_is_asked_again(
    server: Server, title: str, project: Project, token: str, status: int, *, done: bool
) -> None:
    def rule(request: Request, forward: Forward) -> Answer:
        if not (request.imports and request.number == 2):
            return forward()
        if done:
            forward()
        return Answer(status, {"detail": "busy"})

    with forwarding(server.url, rule) as forwarder, connect(forwarder.url, token) as through:
        assert push(through, project, TASKS).sent == 10
    assert held(server, title) == NAMES


PAGE = "<!DOCTYPE html>" + "<p>sorry</p>" * 14_000


@pytest.mark.parametrize(
    ("answer", "what", "got"),
    [
        (None, "the connection to the server was lost", "Server disconnected without sending a response."),
        (Answer(500, PAGE), "the server fails", "500 (a page of HTML)"),
        (Answer(503, {"detail": "busy"}), "the server fails", "503 busy"),
    ],
    ids=["lost", "page", "busy"],
)
def test_a_server_that_fails_again_and_again_stops_the_push_and_running_it_again_ends_it(
    server: Server, title: str, project: Project, token: str, answer: Answer | None, what: str, got: str
) -> None:
    def rule(request: Request, forward: Forward) -> Answer | None:
        return answer if request.imports and request.number > 1 else forward()

    with (
        forwarding(server.url, rule) as forwarder,
        connect(forwarder.url, token) as through,
        pytest.raises(StudioError) as caught,
    ):
        push(through, project, TASKS)
    assert str(caught.value) == (
        f"{forwarder.url}: {what}, after 4 of 10 tasks (got {got}). "
        "Run the command again: it sends what is missing, and nothing twice"
    )
    assert forwarder.sent() == [BATCHES[0], *[BATCHES[1]] * 4]
    again = push(server, project, TASKS)
    assert (again.sent, again.present) == (6, 4)
    assert held(server, title) == NAMES


@pytest.mark.parametrize("status", [400, 401, 403, 413])
def test_what_the_server_refuses_is_not_sent_again(
    server: Server, title: str, project: Project, token: str, status: int
) -> None:
    def rule(request: Request, forward: Forward) -> Answer:
        return Answer(status, {"detail": "No."}) if request.imports and request.number > 1 else forward()

    with (
        forwarding(server.url, rule) as forwarder,
        connect(forwarder.url, token) as through,
        pytest.raises(StudioError, match=rf"the server refuses, after 4 of 10 tasks \(got {status} No\.\)") as caught,
    ):
        push(through, project, TASKS)
    assert forwarder.sent() == BATCHES[:2]
    assert caught.value.refused
    assert "nothing twice" not in caught.value.remedy
    assert held(server, title) == BATCHES[0]


@pytest.mark.parametrize("ends", ["completed", "failed"])
def test_an_import_that_the_server_does_by_itself_is_waited_for(
    server: Server, title: str, project: Project, token: str, ends: str
) -> None:
    """Other editions than the community's answer with a number at once, and import later."""
    waiting: dict[str, Forward] = {}

    def rule(request: Request, forward: Forward) -> Answer:
        if request.imports:
            waiting[str(request.number)] = forward
            return Answer(201, {"import": request.number})
        match = re.search(r"/imports/(\d+)/", request.path)
        if not match:
            return forward()
        if request.number < 3:
            return Answer(200, {"status": ["created", "in_progress"][request.number - 1]})
        if ends == "completed":
            waiting.pop(match[1])()
        return Answer(200, {"status": ends, "error": "no memory" if ends == "failed" else None})

    with forwarding(server.url, rule) as forwarder, connect(forwarder.url, token) as through:
        if ends == "failed":
            with pytest.raises(StudioError, match=r"the server could not import the tasks, after 0 .*got no memory"):
                push(through, project, TASKS)
        else:
            push(through, project, TASKS)
            assert forwarder.sent() == BATCHES
    assert held(server, title) == ([] if ends == "failed" else NAMES)


# What is killed on the way

PUSH = """
import sys
from iraqstance.annotation import studio
from iraqstance.cli import main
studio._BATCH = 4
main()
"""


class Command:
    """``studio push`` of the paragraphs, as a process of its own."""

    def __init__(self, folder: Path, url: str, title: str, token: str) -> None:
        write_paragraphs(folder / "paragraphs.jsonl", PARAGRAPHS)
        options = ["studio", "push", "paragraphs.jsonl", "--url", url, "--project", title]
        self.process = subprocess.Popen(
            [sys.executable, "-c", PUSH, *options],
            cwd=folder,
            env={**os.environ, "LABEL_STUDIO_API_KEY": token},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def kill(self) -> None:
        """Kill it, and wait for its end."""
        self.process.kill()
        self.process.communicate()


@pytest.mark.parametrize(
    ("where", "forwards"),
    [
        ("making", "never"),
        ("making", "before"),
        ("first", "before"),
        ("second", "never"),
        ("second", "after"),
        ("third", "before"),
    ],
)
def test_after_a_kill_of_the_command_the_next_run_ends_it(
    server: Server, title: str, project: Project, token: str, tmp_path: Path, where: str, forwards: str
) -> None:
    """The server has done before the kill what was asked, does it after the kill, or never hears of it."""
    killed = threading.Event()
    started: list[Command] = []
    number = {"first": 1, "second": 2, "third": 3}.get(where)

    def rule(request: Request, forward: Forward) -> Answer | None:
        makes = where == "making" and request.method == "POST" and request.path == "/api/projects/"
        if not makes and not (request.imports and request.number == number):
            return forward()
        if forwards == "before":
            forward()
        until(lambda: started, "the command")
        started[0].kill()
        if forwards == "after":
            forward()
        killed.set()
        return None

    with forwarding(server.url, rule) as forwarder:
        command = Command(tmp_path, forwarder.url, title, token)
        started.append(command)
        assert killed.wait(120)
    assert command.process.returncode == -signal.SIGKILL
    done = push(server, project, TASKS)
    assert done.sent + done.present == 10
    assert sorted(held(server, title)) == NAMES
    assert done.removed == 0


def test_a_batch_that_was_on_its_way_at_the_kill_and_arrives_during_the_next_run_is_not_there_twice(
    server: Server, title: str, project: Project, token: str, tmp_path: Path
) -> None:
    killed, released, arrived = threading.Event(), threading.Event(), threading.Event()
    started: list[Command] = []

    def held_back(request: Request, forward: Forward) -> Answer | None:
        if not (request.imports and request.number == 2):
            return forward()
        until(lambda: started, "the command")
        started[0].kill()
        killed.set()
        assert released.wait(120)
        forward()
        arrived.set()
        return None

    def letting_go(request: Request, forward: Forward) -> Answer:
        if request.imports and request.number == 1:
            released.set()
            assert arrived.wait(120)
        return forward()

    with (
        forwarding(server.url, held_back) as first,
        forwarding(server.url, letting_go) as second,
        connect(second.url, token) as through,
    ):
        started.append(Command(tmp_path, first.url, title, token))
        assert killed.wait(120)
        done = push(through, project, TASKS)
    assert (done.sent, done.present, done.removed) == (6, 4, 4)
    assert sorted(held(server, title)) == NAMES


def test_after_a_kill_of_the_server_the_next_run_ends_it(
    set_up_folder: Path, studio_cache: Path, tmp_path: Path, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is killed while it writes a batch, and again when it has written one and not answered yet."""
    monkeypatch.setenv("IRAQSTANCE_CACHE", str(studio_cache))
    monkeypatch.setattr(studio, "_BATCH", 1000)
    folder = tmp_path / "data"
    copytree(set_up_folder, folder)
    tasks = list(tasks_of(paragraphs_of([f"Figure {number}." for number in range(3000)], "many")))
    journal = folder / "label_studio.sqlite3-journal"

    def while_writing(forward: Forward) -> None:
        def send() -> None:
            with suppress(httpx.HTTPError):
                forward()

        sending = threading.Thread(target=send)
        sending.start()
        until(lambda: journal.exists() or not sending.is_alive(), "a write")
        kill(folder)
        sending.join()

    def when_written(forward: Forward) -> None:
        forward()
        kill(folder)

    sent = 0
    for kill_at in (while_writing, when_written, None):

        def rule(request: Request, forward: Forward, kill_at: Callable[[Forward], None] | None = kill_at) -> Any:
            if kill_at and request.imports and request.number == 2:
                kill_at(forward)
                return None
            return forward()

        with (
            start_server(folder, note=lambda _: None) as local,
            forwarding(local.url, rule) as forwarder,
            connect(forwarder.url, local.token) as through,
        ):
            if kill_at:
                with pytest.raises(StudioError, match=r"after 1000 of \d+ tasks.*Run the command again"):
                    push(through, project, tasks)
                continue
            done = push(through, project, tasks)
            sent = done.sent
            assert done.sent + done.present == 3000
            assert Counter(held(through, project.title)) == Counter(task["data"]["paragraph"] for task in tasks)
    assert sent < 1000
    assert servers(folder) == []


def kill(folder: Path) -> None:
    """Kill the server of a data folder, and wait for its end."""
    for process in servers(folder):
        process.kill()
    until(lambda: not servers(folder), "its end")


# Two at the same time


MEETINGS: dict[str, Callable[[Request], bool]] = {
    "making": lambda request: request.method == "POST" and request.path == "/api/projects/",
    "first-batch": lambda request: request.imports and request.number <= 2,
    "last-batch": lambda request: request.imports and len(request.json) == 2,
    "end": lambda request: request.method == "GET" and request.path.startswith("/api/tasks/") and request.number <= 2,
}


@pytest.mark.parametrize("where", MEETINGS)
def test_two_pushes_at_the_same_time_end_with_every_task_once(
    server: Server, title: str, project: Project, token: str, where: str
) -> None:
    """They meet at the same step, where neither sees what the other has done; at the latest a further run mends it."""
    meeting = threading.Barrier(2)
    if where != "making":
        made = push(server, project, []).project
        if where == "end":
            server.sdk.projects.import_tasks(made, request=[*TASKS, *TASKS[:3]])

    def rule(request: Request, forward: Forward) -> Answer:
        if MEETINGS[where](request):
            meeting.wait(60)
        return forward()

    ends: list[object] = []

    def run(url: str) -> None:
        with connect(url, token) as through:
            try:
                ends.append(push(through, project, TASKS))
            except StudioError as error:
                ends.append(error)

    with forwarding(server.url, rule) as forwarder:
        threads = [threading.Thread(target=run, args=[forwarder.url]) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(ends) == 2
    if any(isinstance(end, StudioError) for end in ends):
        push(server, project, TASKS)
    assert sorted(held(server, title)) == NAMES


# Doubles


def test_tasks_doubled_by_another_tool_are_reduced_to_the_oldest(server: Server, title: str, project: Project) -> None:
    made = push(server, project, TASKS).project
    before = rows(server, title)
    server.sdk.projects.import_tasks(made, request=[*TASKS[:3], *TASKS[:2]])
    assert len(held(server, title)) == 15
    done = push(server, project, TASKS)
    assert (done.sent, done.present, done.removed, done.issues) == (0, 10, 5, ())
    assert rows(server, title) == before


def test_of_doubles_the_judged_one_is_kept(server: Server, schema: Schema, title: str, project: Project) -> None:
    made = push(server, project, TASKS[:2]).project
    server.sdk.projects.import_tasks(made, request=TASKS[:2])
    tasks = rows(server, title)
    judge(server, tasks[3]["id"], chosen(schema))
    assert push(server, project, TASKS[:2]).removed == 2
    assert [task["id"] for task in rows(server, title)] == [tasks[0]["id"], tasks[3]["id"]]


def test_doubles_that_are_both_judged_are_kept_and_told(
    server: Server, schema: Schema, title: str, project: Project
) -> None:
    made = push(server, project, TASKS[:2]).project
    server.sdk.projects.import_tasks(made, request=[TASKS[0], TASKS[0]])
    first, _, second, third = (task["id"] for task in rows(server, title))
    for task in (first, third):
        judge(server, task, chosen(schema))
    done = push(server, project, TASKS[:2])
    assert done.removed == 1
    assert [(issue.rule, issue.severity, issue.where) for issue in done.issues] == [
        ("double-task", "warning", f"tasks {first}, {third} ({NAMES[0]})")
    ]
    assert second not in [task["id"] for task in rows(server, title)]
    assert push(server, project, TASKS[:2]).issues == done.issues


@pytest.mark.parametrize("happens", ["judged", "skipped", "removed"])
def test_a_double_that_is_judged_or_removed_meanwhile_is_no_trouble(
    server: Server, schema: Schema, title: str, project: Project, happens: str
) -> None:
    made = push(server, project, TASKS[:2]).project
    server.sdk.projects.import_tasks(made, request=TASKS[:2])

    def progress(doubles: Iterable[int], _: int) -> Iterator[int]:
        for number, task in enumerate(doubles):
            if number == 0 and happens == "removed":
                server.sdk.tasks.delete(str(task))
            elif number == 0:
                judge(server, task, chosen(schema), was_cancelled=happens == "skipped")
            yield task

    assert push(server, project, TASKS[:2], progress=progress).removed == 1
    assert held(server, title) == NAMES[:2] + ([] if happens == "removed" else NAMES[:1])


# What was changed by hand


def test_a_task_that_was_removed_by_hand_is_sent_again(server: Server, title: str, project: Project) -> None:
    push(server, project, TASKS)
    server.sdk.tasks.delete(str(rows(server, title)[4]["id"]))
    done = push(server, project, TASKS)
    assert (done.sent, done.present) == (1, 9)
    assert sorted(held(server, title)) == NAMES


def test_a_text_that_was_edited_by_hand_is_told_and_left(
    server: Server, schema: Schema, title: str, project: Project
) -> None:
    push(server, project, TASKS[:3])
    edited = rows(server, title)[1]
    server.sdk.tasks.update(str(edited["id"]), data={**edited["data"], "text": "Another text."})
    judge(server, edited["id"], chosen(schema))
    done = push(server, project, TASKS)
    assert [(issue.rule, issue.severity, issue.where) for issue in done.issues] == [
        ("text-changed", "error", f"task {edited['id']} ({NAMES[1]})")
    ]
    assert (done.sent, done.present) == (7, 3)
    assert rows(server, title)[1]["data"]["text"] == "Another text."
    read = pull(server, title, schema).read
    assert [issue.rule for issue in read.issues] == ["text-changed"]
    assert [judgement.paragraph for judgement in read.judgements] == [NAMES[1]]
    assert read.judgements[0].sha256 != PARAGRAPHS[1].sha256


def test_votes_that_have_changed_since_they_were_sent_are_told_until_somebody_has_decided(
    server: Server, schema: Schema, title: str
) -> None:
    def sent(*stances: str) -> list[tuple[str, str, str]]:
        votes = [
            Judgement(name, f"annotator-{n}", {TARGET: s}, ("iran",)) for n, s in enumerate(stances) for name in NAMES
        ]
        project = Project(title, schema, interface=interface_xml(schema, votes=True))
        issues = push(server, project, with_votes(TASKS[:2], votes, schema)).issues
        return [(issue.rule, issue.severity, issue.where) for issue in issues]

    assert sent("favor", "against") == []
    assert sent("favor", "against") == []
    first, second = (row["id"] for row in rows(server, title))
    judge(server, first, chosen(schema))
    assert sent("favor", "against", "favor") == [("votes-changed", "warning", f"task {second} ({NAMES[1]})")]
    server.sdk.tasks.delete(str(second))
    assert sent("favor", "against", "favor") == []
    assert pull(server, title, schema).read.issues == ()


def test_the_overlap_may_change_and_stays_where_none_is_named(
    server: Server, schema: Schema, title: str, project: Project
) -> None:
    def overlaps() -> tuple[int, set[int]]:
        tasks = [server.get(f"/api/tasks/{task['id']}/") for task in rows(server, title)]
        return whole(server, made)["maximum_annotations"], {task["overlap"] for task in tasks}

    made = push(server, project, TASKS[:4]).project
    assert overlaps() == (1, {1})
    push(server, Project(title, schema, overlap=3), TASKS)
    assert overlaps() == (3, {3})
    push(server, project, TASKS)
    assert overlaps() == (3, {3})
    done = push(server, Project(title, schema, overlap=2), TASKS)
    assert overlaps() == (2, {2})
    message = "each paragraph is now for 2 annotators; before, for 3"
    assert done.issues == (Issue("overlap-changed", "warning", f"project {title!r}", message),)


def test_a_description_grows_by_what_is_new(server: Server, schema: Schema, title: str) -> None:
    for sentence in ("Ours.", "By model A & B <2>.", "By model A & B <2>.", "Ours.", ""):
        made = push(server, Project(title, schema, description=sentence), TASKS[:1]).project
    assert whole(server, made)["description"] == "Ours. By model A & B <2>."


def test_guidelines_change_where_they_are_given_and_stay_where_not(
    server: Server, schema: Schema, title: str, project: Project
) -> None:
    made = push(server, Project(title, schema, "<p>First.</p>"), []).project
    push(server, project, TASKS)
    assert whole(server, made)["expert_instruction"] == "<p>First.</p>"
    push(server, Project(title, schema, "<p>Second.</p>"), TASKS)
    assert whole(server, made)["expert_instruction"] == "<p>Second.</p>"


def at(tree: Element, name: str) -> Element:
    return next(element for element in tree.iter() if element.get("name") == name)


def remove(tree: Element, name: str) -> None:
    for parent in tree.iter():
        for element in list(parent):
            if element.get("name") == name:
                parent.remove(element)


def question(tree: Element, **attributes: str) -> None:
    SubElement(tree, "Rating", {"name": "mood", "toName": "text", **attributes})


CHANGES: dict[str, tuple[Callable[[Element], object], str]] = {
    "label-removed": (lambda t: at(t, "topics").remove(at(t, "topics")[2]), "topics: no label 'iran'"),
    "label-added": (lambda t: SubElement(at(t, "stance"), "Choice", value="mixed"), "stance: a label 'mixed'"),
    "label-renamed": (lambda t: at(t, "stance")[0].set("value", "for"), "stance: no label 'favor'"),
    "label-stored-otherwise": (lambda t: at(t, "stance")[0].set("alias", "yes"), "stance: no label 'favor'"),
    "question-removed": (lambda t: remove(t, "topics"), "no question 'topics'"),
    "question-added": (question, "a question 'mood'"),
    "comment-removed": (lambda t: remove(t, "comment"), "no question 'comment'"),
    "several-stances": (
        lambda t: at(t, "stance").set("choice", "multiple"),
        "stance: choice is 'multiple', expected 'single-radio'",
    ),
    "not-required": (lambda t: at(t, "topics").attrib.pop("required"), "topics: required is '', expected 'true'"),
    "other-text": (lambda t: at(t, "text").set("value", "$paragraph"), "text: value is '$paragraph', expected '$text'"),
}


def changed(server: Server, made: int, schema: Schema, change: Callable[[Element], object]) -> str:
    """Change the interface of a project by hand."""
    tree = fromstring(interface_xml(schema))  # noqa: S314 - made a line before
    change(tree)
    xml = tostring(tree, encoding="unicode")
    server.sdk.projects.update(made, label_config=xml)
    return xml


@pytest.mark.parametrize(("change", "fault"), CHANGES.values(), ids=CHANGES)
def test_an_interface_that_asks_something_else_is_refused_told_and_set_back(
    server: Server, schema: Schema, title: str, project: Project, change: Callable[[Element], object], fault: str
) -> None:
    made = push(server, project, TASKS[:2]).project
    by_hand = changed(server, made, schema, change)
    with pytest.raises(StudioError) as caught:
        push(server, Project(title, schema, "<p>Other.</p>", overlap=4), TASKS)
    assert str(caught.value) == (
        f"project {title!r}: the project's labelling interface is not the one of the schema (got {fault}). "
        "Name its schema with --schema, or replace the interface with --update-interface"
    )
    assert (whole(server, made)["label_config"], whole(server, made)["maximum_annotations"]) == (by_hand, 1)
    assert held(server, title) == NAMES[:2]

    (issue,) = pull(server, title, schema).read.issues
    assert (issue.rule, issue.severity, issue.where) == ("interface-changed", "error", f"project {title!r}")
    assert fault in issue.message

    done = push(server, project, TASKS, update_interface=True)
    assert (done.sent, done.issues) == (8, ())
    assert whole(server, made)["label_config"] == interface_xml(schema).strip()
    assert pull(server, title, schema).read.issues == ()


def paint(tree: Element) -> None:
    at(tree, "stance").set("showInline", "true")
    at(tree, "topics")[0].attrib.pop("html")
    at(tree, "topics")[1].set("hotkey", "z")
    at(tree, "stance")[:] = list(reversed(at(tree, "stance")))
    SubElement(tree, "Header", value="Read with care.")


def test_an_interface_that_only_looks_otherwise_is_noted_left_and_may_be_set_back(
    server: Server, schema: Schema, title: str, project: Project
) -> None:
    made = push(server, project, TASKS[:2]).project
    by_hand = changed(server, made, schema, paint)
    done = push(server, project, TASKS)
    assert [(issue.rule, issue.severity) for issue in done.issues] == [("interface-look", "warning")]
    assert "--update-interface" in done.issues[0].message
    assert held(server, title) == NAMES
    assert whole(server, made)["label_config"] == by_hand
    assert pull(server, title, schema).read.issues == ()
    assert push(server, project, TASKS, update_interface=True).issues == ()
    assert whole(server, made)["label_config"] == interface_xml(schema).strip()


def test_a_question_that_was_answered_is_not_removed_by_the_server_and_that_is_told(
    server: Server, schema: Schema, title: str, project: Project
) -> None:
    made = push(server, project, TASKS[:2]).project
    changed(server, made, schema, question)
    mood = {"from_name": "mood", "to_name": "text", "type": "rating", "value": {"rating": 3}}
    judge(server, rows(server, title)[0]["id"], [*chosen(schema), mood])
    with pytest.raises(StudioError) as caught:
        push(server, project, TASKS, update_interface=True)
    assert caught.value.refused
    assert "mood" in caught.value.got
    got = pull(server, title, schema)
    assert [issue.rule for issue in got.read.issues] == ["interface-changed", "unknown-control"]
    assert got.judged == 1


def test_a_label_that_was_chosen_may_be_removed_and_its_judgements_are_left_out(
    server: Server, schema: Schema, title: str, project: Project
) -> None:
    made = push(server, project, TASKS[:2]).project
    changed(server, made, schema, CHANGES["label-added"][0])
    judge(server, rows(server, title)[0]["id"], chosen(schema, "mixed"))
    assert [issue.rule for issue in pull(server, title, schema).read.issues] == ["interface-changed", "unknown-stance"]
    push(server, project, TASKS[:2], update_interface=True)
    got = pull(server, title, schema)
    assert [issue.rule for issue in got.read.issues] == ["unknown-stance"]
    assert got.judged == 0


def test_a_project_that_another_schema_made_is_refused(server: Server, title: str, project: Project) -> None:
    push(server, Project(title, TEA), TASKS[:2])
    with pytest.raises(StudioError, match=r"not the one of the schema \(got no question 'stance'\)\. Name its schema"):
        push(server, project, TASKS)


def test_a_project_made_by_hand_without_an_interface_is_refused_or_given_one(
    server: Server, schema: Schema, title: str, project: Project
) -> None:
    made = server.sdk.projects.create(title=title).id
    with pytest.raises(StudioError, match=r"no question 'text'|no question 'stance'"):
        push(server, project, TASKS)
    assert push(server, project, TASKS, update_interface=True).project == made
    assert held(server, title) == NAMES
    assert whole(server, made)["label_config"] == interface_xml(schema).strip()


@pytest.mark.parametrize("batches", [0, 1, 2])
def test_a_project_that_is_deleted_during_a_push_is_made_anew_by_the_next(
    server: Server, title: str, project: Project, batches: int
) -> None:
    def progress(steps: Iterable[Any], _: int) -> Iterator[Any]:
        for number, step in enumerate(steps):
            if number == batches:
                server.sdk.projects.delete(numbers(server, title)[0])
            yield step

    with pytest.raises(StudioError, match=rf"the server refuses, after {batches * 4} of 10 tasks \(got 404 ") as caught:
        push(server, project, TASKS, progress=progress)
    assert caught.value.remedy == "Check the address and the project"
    assert push(server, project, TASKS).sent == 10
    assert held(server, title) == NAMES


def test_a_project_that_is_deleted_during_a_pull_is_told(
    server: Server, schema: Schema, title: str, project: Project, token: str
) -> None:
    made = push(server, project, TASKS).project

    def rule(request: Request, forward: Forward) -> Answer:
        if request.path.endswith("/export"):
            server.sdk.projects.delete(made)
        return forward()

    with (
        forwarding(server.url, rule) as forwarder,
        connect(forwarder.url, token) as through,
        pytest.raises(StudioError, match=r"the server refuses \(got 404 "),
    ):
        pull(through, title, schema)


# Titles


@pytest.mark.parametrize(
    "name",
    [
        "abc",
        "x" * 50,
        "🫖" * 50,
        "👩‍👩‍👧 tea",
        "100 % of it",
        "#1 & more? yes=no+/\\",
        "say \"no\" to 'it'",
        "نهر دجلة",
        "two  spaces",
        "_ and %",
        "<b>bold</b>",
        "{{title}} $text",
        "é",
    ],
)
def test_a_project_is_found_again_by_any_title(server: Server, schema: Schema, name: str) -> None:
    title = name if len(name) >= 50 else f"{name} {next(_numbers)}"
    first = push(server, Project(title, schema), TASKS[:1])
    again = push(server, Project(title, schema), TASKS[:2])
    assert (first.project, again.sent, again.present) == (again.project, 1, 1)
    assert pull(server, title, schema).tasks == 2
    assert whole(server, first.project)["title"] == title


def test_titles_that_hold_each_other_are_different_projects(server: Server, schema: Schema, title: str) -> None:
    titles = [title, f"{title} a", f"a {title}", title.upper()]
    made = [push(server, Project(one, schema), TASKS[:1]).project for one in titles]
    assert len(set(made)) == 4
    assert [push(server, Project(one, schema), TASKS[:1]).project for one in titles] == made


@pytest.mark.parametrize(
    "name", ["", "ab", "🫖🫖", " abc", "abc ", "\tabc", "x" * 51, "🫖" * 51, "   ", "abc\udcff"], ids=ascii
)
def test_a_title_that_label_studio_does_not_take_is_refused_before_anything_is_asked(
    server: Server, schema: Schema, name: str, token: str
) -> None:
    with forwarding(server.url) as forwarder, connect(forwarder.url, token) as through:
        before = len(forwarder.seen)
        with pytest.raises(UsageError) as caught:
            push(through, Project(name, schema), TASKS)
        assert len(forwarder.seen) == before
    assert str(caught.value) == (
        "Label Studio does not take this title (expected 3 to 50 characters, no space at either end, "
        f"got {name!r}). Name another with --project"
    )


@pytest.mark.parametrize("name", ["", "ab", " abc", "x" * 51, "no such project", "%", "abc\udcff"], ids=ascii)
def test_a_title_that_no_project_has_is_told(server: Server, schema: Schema, name: str) -> None:
    assert find_project(server, name) is None
    assert labelled_texts(server, name) == []
    assert {paragraph.id for paragraph in project_paragraphs(server, name)} == set()
    with pytest.raises(StudioError, match=r"there is no project .*Check the title, or push paragraphs first"):
        pull(server, name, schema)


def test_two_projects_of_the_same_title_are_not_guessed_between(
    server: Server, schema: Schema, title: str, project: Project
) -> None:
    first, second = (server.sdk.projects.create(title=title).id for _ in range(2))
    for act in (lambda: push(server, project, TASKS), lambda: pull(server, title, schema)):
        with pytest.raises(StudioError) as caught:
            act()
        assert str(caught.value) == (
            f"{server.url}: 2 projects have the title {title!r} (got /projects/{first}, /projects/{second}). "
            "Rename or remove all but one, or name another with --project"
        )
    assert [whole(server, made)["task_number"] for made in (first, second)] == [0, 0]


@pytest.mark.parametrize("overlap", [0, -1])
def test_an_overlap_below_one_is_refused(server: Server, schema: Schema, title: str, overlap: int) -> None:
    with pytest.raises(UsageError, match=rf"too few annotators a paragraph \(expected 1 or more, got {overlap}\)"):
        push(server, Project(title, schema, overlap=overlap), TASKS)
    assert numbers(server, title) == []


# Suggestions


def suggested(share: float = 0.0, model: str = "model-1", stance: str = "against") -> list[dict[str, Any]]:
    made = [Suggestion({TARGET: stance}, ("sanctions", "economy"), 0.75)] * len(TASKS)
    return with_suggestions(TASKS, made, packaged_schema(), model=model, withhold=share)


def shown(server: Server, title: str) -> dict[str, str]:
    """The models of the suggestions of each task that has any, a name for each suggestion."""
    found = {}
    for task in rows(server, title):
        predictions = server.get("/api/predictions/", task=task["id"])
        if predictions:
            found[task["data"]["paragraph"]] = " ".join(sorted(one["model_version"] for one in predictions))
    return found


@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
def test_suggestions_come_with_the_tasks_but_for_those_that_go_without(
    server: Server, title: str, project: Project, share: float
) -> None:
    withheld = {name for name in NAMES if is_withheld(name, share)}
    done = push(server, project, suggested(share))
    assert (done.sent, done.suggested) == (10, 10 - len(withheld))
    assert shown(server, title) == {name: "model-1" for name in NAMES if name not in withheld}
    marked = {row["data"]["paragraph"] for row in rows(server, title) if row["data"].get("suggestion") == "withheld"}
    assert marked == withheld
    made = whole(server, done.project)
    assert made["show_collab_predictions"]
    assert made["model_version"] == ("" if share == 1 else "model-1")
    again = push(server, project, suggested(share))
    assert (again.sent, again.suggested, again.issues) == (0, 0, ())
    assert shown(server, title) == {name: "model-1" for name in NAMES if name not in withheld}


def test_suggestions_come_later_for_tasks_without_that_nobody_has_judged_and_once(
    server: Server, schema: Schema, title: str, project: Project, token: str
) -> None:
    made = push(server, project, TASKS).project
    server.sdk.projects.update(made, show_collab_predictions=False)
    judge(server, rows(server, title)[0]["id"], chosen(schema))
    done = push(server, project, suggested())
    assert (done.sent, done.suggested) == (0, 9)
    assert shown(server, title) == dict.fromkeys(NAMES[1:], "model-1")
    assert whole(server, made)["model_version"] == "model-1"
    assert whole(server, made)["show_collab_predictions"]
    with forwarding(server.url) as forwarder, connect(forwarder.url, token) as through:
        assert push(through, project, suggested()).suggested == 0
    assert forwarder.writes() == []
    assert shown(server, title) == dict.fromkeys(NAMES[1:], "model-1")


@pytest.mark.parametrize("done", [True, False], ids=["done", "not-done"])
def test_a_lost_answer_to_later_suggestions_is_made_up_for_in_the_same_run(
    server: Server, title: str, project: Project, token: str, *, done: bool
) -> None:
    push(server, project, TASKS)
    rule = losing(lambda request: request.path.endswith("/import/predictions") and request.number == 2, done=done)
    with forwarding(server.url, rule) as forwarder, connect(forwarder.url, token) as through:
        assert push(through, project, suggested()).suggested == 10
    assert shown(server, title) == dict.fromkeys(NAMES, "model-1")
    assert push(server, project, suggested()).suggested == 0


def test_a_lost_answer_to_tasks_with_suggestions_brings_none_of_them_twice(
    server: Server, title: str, project: Project, token: str
) -> None:
    rule = losing(lambda request: request.imports and request.number == 2, done=True)
    with forwarding(server.url, rule) as forwarder, connect(forwarder.url, token) as through:
        assert push(through, project, suggested()).suggested == 10
    assert shown(server, title) == dict.fromkeys(NAMES, "model-1")


def test_suggestions_of_another_model_take_the_place_of_the_former_s(
    server: Server, schema: Schema, title: str, project: Project
) -> None:
    """Label Studio shows those of one model alone: without new ones the former would only vanish."""
    made = push(server, project, suggested()[:8]).project
    judge(server, rows(server, title)[0]["id"], chosen(schema))
    done = push(server, project, suggested(model="model-2", stance="favor"))
    assert (done.sent, done.suggested) == (2, 9)
    both = dict.fromkeys(NAMES[1:8], "model-1 model-2")
    assert shown(server, title) == {NAMES[0]: "model-1", **both, NAMES[8]: "model-2", NAMES[9]: "model-2"}
    assert whole(server, made)["model_version"] == "model-2"
    assert push(server, project, suggested(model="model-2")).suggested == 0


def test_a_push_without_suggestions_leaves_those_there_are(server: Server, title: str, project: Project) -> None:
    made = push(server, project, suggested()).project
    assert push(server, project, TASKS).suggested == 0
    assert whole(server, made)["model_version"] == "model-1"
    assert shown(server, title) == dict.fromkeys(NAMES, "model-1")


def test_where_everything_is_judged_no_suggestion_is_sent_and_none_is_missed(
    server: Server, schema: Schema, title: str, project: Project
) -> None:
    push(server, project, TASKS[:2])
    for task in rows(server, title):
        judge(server, task["id"], chosen(schema))
    assert push(server, project, suggested()[:2]).suggested == 0


def test_what_became_of_suggestions_is_pulled(server: Server, schema: Schema, title: str, project: Project) -> None:
    push(server, project, suggested(0.5))
    expected: dict[str, str] = {}
    for row in rows(server, title):
        name, withheld = row["data"]["paragraph"], "suggestion" in row["data"]
        keeps = not withheld and "kept" not in expected.values()
        judge(server, row["id"], chosen(schema, "against" if keeps else "favor", ["sanctions", "economy"]))
        expected[name] = "withheld" if withheld else "kept" if keeps else "changed"
    read = pull(server, title, schema).read
    assert {judgement.paragraph: judgement.suggestion for judgement in read.judgements} == expected
    assert set(expected.values()) == {"withheld", "kept", "changed"}


def test_the_texts_that_are_judged_are_known(server: Server, schema: Schema, title: str, project: Project) -> None:
    push(server, project, TASKS)
    tasks = rows(server, title)
    judge(server, tasks[3]["id"], chosen(schema))
    judge(server, tasks[5]["id"], [], was_cancelled=True)
    assert labelled_texts(server, title) == [PARAGRAPHS[3].text]
    assert {paragraph.id for paragraph in project_paragraphs(server, title)} == set(NAMES)


# Pulling what others have written


def entry(name: str, *choices: Json) -> dict[str, Any]:
    return {"from_name": name, "to_name": "text", "type": "choices", "value": {"choices": list(choices)}}


STANCE, TOPIC = entry("stance", "favor"), entry("topics", "iran")
RESULTS: dict[str, tuple[Json, list[str], bool]] = {
    "sound": ([STANCE, TOPIC], [], True),
    "unknown-stance": ([entry("stance", "Favor"), TOPIC], ["unknown-stance"], False),
    "two-stances": ([entry("stance", "favor", "against"), TOPIC], ["several-stances"], False),
    "stance-twice": ([STANCE, entry("stance", "against"), TOPIC], ["several-stances"], False),
    "no-stance": ([TOPIC], ["no-stance"], False),
    "no-topics": ([STANCE], ["bad-topics"], False),
    "unknown-topic": ([STANCE, entry("topics", "weather")], ["bad-topics"], False),
    "topic-beside-other": ([STANCE, entry("topics", "iran", "other")], ["bad-topics"], False),
    "empty": ([], ["empty-result"], False),
    "unknown-control": ([STANCE, TOPIC, entry("mood", "good")], ["unknown-control"], True),
    "score-above-1": ([{**STANCE, "score": 7.5}, {**TOPIC, "score": -1}], [], True),
    "no-choices": ([{**STANCE, "value": {}}, TOPIC], ["no-choices", "no-stance"], False),
    "other-kind": ([{**STANCE, "value": {"rating": 3}}, TOPIC], ["no-choices", "no-stance"], False),
}


def test_what_another_tool_wrote_is_checked_answer_by_answer(
    server: Server, schema: Schema, title: str, project: Project
) -> None:
    push(server, project, list(tasks_of(paragraphs_of(list(RESULTS), "results"))))
    expected, kept = [], []
    for row, (result, rules, is_kept) in zip(rows(server, title), RESULTS.values(), strict=True):
        stored = judge(server, row["id"], result)
        expected += [(rule, f"task {row['id']}, annotation {stored['id']}") for rule in rules]
        kept += [row["data"]["paragraph"]] if is_kept else []
    got = pull(server, title, schema)
    assert [(issue.rule, issue.where) for issue in got.read.issues] == expected
    assert [judgement.paragraph for judgement in got.read.judgements] == kept
    assert (got.tasks, got.judged) == (len(RESULTS), len(kept))


def test_what_an_annotation_says_beside_its_answers_is_pulled(
    server: Server, schema: Schema, title: str, project: Project
) -> None:
    push(server, project, TASKS[:6])
    tasks = [row["id"] for row in rows(server, title)]
    signed_up(server, "somebody")
    account = max(user["id"] for user in server.get("/api/users/"))
    lead = server.get("/api/current-user/whoami")["id"]
    judge(server, tasks[0], chosen(schema, "favor"), lead_time=12.3456, ground_truth=True)
    judge(server, tasks[1], chosen(schema, "against"), completed_by=account)
    judge(server, tasks[2], chosen(schema), was_cancelled=True)
    judge(server, tasks[3], [], was_cancelled=True)
    body = {"result": chosen(schema), "lead_time": 3}
    assert server.http.post(f"{server.url}/api/tasks/{tasks[4]}/drafts", json=body).status_code == 201
    judge(server, tasks[5], chosen(schema, "favor"), completed_by=account)
    judge(server, tasks[5], chosen(schema, "neutral"), completed_by=account)
    got = pull(server, title, schema)
    who, sure = f"annotator-{account}", ("iran",)
    assert [
        (one.paragraph, one.annotator, one.stances[TARGET], one.topics, one.seconds, one.sha256)
        for one in got.read.judgements
    ] == [
        (NAMES[0], f"annotator-{lead}", "favor", sure, 12.346, PARAGRAPHS[0].sha256),
        (NAMES[1], who, "against", sure, 4.5, PARAGRAPHS[1].sha256),
        (NAMES[5], who, "neutral", sure, 4.5, PARAGRAPHS[5].sha256),
    ]
    rules = [(issue.rule, issue.severity) for issue in got.read.issues]
    assert rules == [(rule, "warning") for rule in ("skipped", "skipped", "draft", "judged-twice")]
    assert got.judged == 3


def test_no_address_and_no_name_leaves_the_server(server: Server, schema: Schema, title: str, tmp_path: Path) -> None:
    push(server, Project(title, schema, overlap=9), TASKS[:3])
    tasks = [row["id"] for row in rows(server, title)]
    addresses = [signed_up(server, name).email for name in ("quentin", "zoltan")]
    accounts = {user["email"]: user["id"] for user in server.get("/api/users/")}
    for address in addresses:
        name = {"first_name": "Quentin", "last_name": "Zoltanyi", "username": "quentinz"}
        server.http.patch(f"{server.url}/api/users/{accounts[address]}/", json=name)
        judge(server, tasks[0], chosen(schema), completed_by=accounts[address])
        judge(server, tasks[1], [entry("stance", "warm")], completed_by=accounts[address])
        judge(server, tasks[2], [], completed_by=accounts[address], was_cancelled=True)
    server.http.post(f"{server.url}/api/tasks/{tasks[2]}/drafts", json={"result": chosen(schema), "lead_time": 3})
    got = pull(server, title, schema)
    file = tmp_path / "judgements.jsonl"
    write_judgements(file, got.read.judgements, schema)
    said = file.read_text() + json.dumps([[issue.where, issue.message] for issue in got.read.issues]) + repr(got)
    assert len(got.read.judgements) == 2
    assert {one.annotator for one in got.read.judgements} == {f"annotator-{accounts[one]}" for one in addresses}
    assert not re.search("@|localhost|example|quentin|zoltan", said, re.IGNORECASE)


def test_pulling_again_gives_the_same_bytes(server: Server, schema: Schema, title: str, tmp_path: Path) -> None:
    push(server, Project(title, schema, overlap=3), TASKS)
    signed_up(server, "again")
    lead, *_, other = sorted(user["id"] for user in server.get("/api/users/"))
    tasks = [row["id"] for row in rows(server, title)]
    for task in reversed(tasks):
        judge(server, task, chosen(schema, "against"), completed_by=other)
    for task in tasks[::2]:
        judge(server, task, chosen(schema, "favor", ["iran", "economy"]), completed_by=lead)
    files = [tmp_path / "first.jsonl", tmp_path / "second.jsonl"]
    for file in files:
        write_judgements(file, pull(server, title, schema).read.judgements, schema)
        server.sdk.tasks.update(str(tasks[4]), data=TASKS[4]["data"])  # which changes nothing but its time
    assert files[0].read_bytes() == files[1].read_bytes()
    read = [json.loads(line) for line in files[0].read_text().splitlines()]
    assert len(read) == 15
    order = [(row["paragraph"], int(row["annotator"].removeprefix("annotator-"))) for row in read]
    assert order == sorted(order)


@pytest.mark.parametrize("kind", ["person", "model"])
def test_judgements_are_of_the_kind_that_is_named(
    server: Server, schema: Schema, title: str, project: Project, kind: str
) -> None:
    push(server, project, TASKS[:1])
    judge(server, rows(server, title)[0]["id"], chosen(schema))
    (judgement,) = pull(server, title, schema, kind=kind).read.judgements
    assert judgement.kind == kind
    assert judgement_row(judgement, schema)["kind"] == kind


def test_a_project_with_two_targets_goes_both_ways(server: Server, title: str) -> None:
    push(server, Project(title, TEA, guidelines_html(TEA)), TASKS[:2])
    first = Judgement(NAMES[0], "", {"green": "likes", "black": "dislikes"}, ("taste",), comment="Hm.", unsure=True)
    task, other = (row["id"] for row in rows(server, title))
    judge(server, task, results_of(first, TEA))
    judge(server, other, [entry("stance_green", "likes"), entry("topics", "price")])
    read = pull(server, title, TEA).read
    (judgement,) = read.judgements
    assert (judgement.stances, judgement.topics) == (first.stances, first.topics)
    assert (judgement.comment, judgement.unsure) == (first.comment, first.unsure)
    assert [issue.rule for issue in read.issues] == ["no-stance"]
    assert "stance_black" in read.issues[0].message


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (Answer(200, PAGE), "the server's answer is no JSON"),
        (Answer(200, {"tasks": []}), "the export is no list of tasks"),
        (Answer(500, PAGE), "the server fails"),
        (None, "the connection to the server was lost"),
    ],
    ids=["page", "object", "fails", "lost"],
)
def test_what_is_no_export_is_told(
    server: Server, schema: Schema, title: str, project: Project, token: str, answer: Answer | None, what: str
) -> None:
    push(server, project, TASKS[:1])

    def rule(request: Request, forward: Forward) -> Answer | None:
        return answer if request.path.endswith("/export") else forward()

    with (
        forwarding(server.url, rule) as forwarder,
        connect(forwarder.url, token) as through,
        pytest.raises(Exception, match=what) as caught,
    ):
        pull(through, title, schema)
    assert len(str(caught.value)) < 400


def test_a_task_whose_judged_doubles_disagree_counts_each_annotator_once(
    server: Server, schema: Schema, title: str, project: Project
) -> None:
    made = push(server, project, TASKS[:1]).project
    server.sdk.projects.import_tasks(made, request=TASKS[:1])
    for row, stance in zip(rows(server, title), ("favor", "against"), strict=True):
        judge(server, row["id"], chosen(schema, stance))
    got = pull(server, title, schema)
    assert [judgement.stances[TARGET] for judgement in got.read.judgements] == ["against"]
    assert [issue.rule for issue in got.read.issues] == ["judged-twice"]
    assert (got.tasks, got.judged) == (2, 1)

"""``iraqstance studio push``, ``status`` and ``pull`` as a user runs them, against a real Label Studio."""

import json
import os
import pty
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from conftest import TEA, Run
from forwarding import Answer, Request, forwarding
from iraqstance.annotation.connection import Server
from iraqstance.annotation.records import Judgement
from iraqstance.annotation.rows import read_judgements, write_judgements, write_paragraphs
from iraqstance.annotation.schema import Schema
from iraqstance.annotation.server import LocalServer
from iraqstance.annotation.tasks import is_withheld, results_of
from iraqstance.cli import main
from iraqstance.training.classifier import fit
from iraqstance.training.corpus import Corpus
from iraqstance.training.model_folder import save_classifier
from labelling import paragraphs_of

_numbers = count(1)

TARGET = "us_policy_iraq"
GOOD, BAD = "The deal is welcome and promising.", "The threat is reckless and unwelcome."
PARAGRAPHS = paragraphs_of(
    [f"{(GOOD, BAD)[number % 2]} So said paper number {number}." for number in range(8)], "papers"
)
NAMES = [paragraph.id for paragraph in PARAGRAPHS]
PAGE = "<!DOCTYPE html>" + "<p>sorry</p>" * 14_000


@pytest.fixture
def title() -> str:
    return f"commands {next(_numbers)}"


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of the surroundings, and the paragraphs in the folder where the command runs."""
    for name in ("LABEL_STUDIO_URL", "LABEL_STUDIO_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    write_paragraphs(tmp_path / "paragraphs.jsonl", PARAGRAPHS)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run ``iraqstance`` in this process, which saves the seconds that its libraries take to load each time."""

    def run_here(*arguments: str | Path, **environment: str) -> CompletedProcess[str]:
        with monkeypatch.context() as patch:
            patch.chdir(tmp_path)
            patch.setattr(sys, "argv", ["iraqstance", *map(str, arguments)])
            for name, value in environment.items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit) as ended:
                main()
        code = ended.value.code
        return CompletedProcess(arguments, code if isinstance(code, int) else 0, *capsys.readouterr())

    return run_here


Studio = Callable[..., CompletedProcess[str]]


@pytest.fixture
def studio_command(here: Run, server: Server, title: str) -> Studio:
    """Run one of the commands on the server and the project; the token comes from the environment."""

    def command(
        name: str, *arguments: str | Path, url: str = server.url, token: str = server.token, run: Run = here
    ) -> CompletedProcess[str]:
        project = () if "--project" in arguments else ("--project", title)
        done = run("studio", name, *arguments, "--url", url, *project, LABEL_STUDIO_API_KEY=token)
        assert "Traceback" not in done.stderr
        assert token not in done.stdout + done.stderr
        return done

    return command


def project_of(server: Server, title: str) -> int:
    found = server.get("/api/projects/", title=title, page_size=100)["results"]
    (project,) = [project["id"] for project in found if project["title"] == title]
    return int(project)


def rows(server: Server, title: str) -> list[dict[str, Any]]:
    """The tasks of the one project of this title, by number."""
    project = project_of(server, title)
    listed = server.get("/api/tasks", project=project, fields="task_only", page_size=1000)
    return sorted(listed["tasks"], key=lambda task: int(task["id"]))


def held(server: Server, title: str) -> list[str]:
    return [task["data"]["paragraph"] for task in rows(server, title)]


def chosen(schema: Schema, stance: str, topics: Sequence[str] = ("iran",)) -> list[dict[str, Any]]:
    return results_of(Judgement("", "", {TARGET: stance}, tuple(topics)), schema)


def judge(server: Server, task: int, result: Any, **fields: Any) -> None:
    body = {"result": result, "lead_time": 4.5, **fields}
    assert server.http.post(f"{server.url}/api/tasks/{task}/annotations/", json=body).status_code == 201


def told(done: CompletedProcess[str], code: int) -> str:
    """The one line in which a command says what is wrong."""
    assert done.returncode == code, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert len(line) < 600
    assert done.stdout == ""
    return line


# The whole way


def test_push_status_and_pull(
    studio_command: Studio, run: Run, server: Server, schema: Schema, title: str, tmp_path: Path
) -> None:
    first = studio_command("push", "paragraphs.jsonl", "--overlap", "2", run=run)
    project = project_of(server, title)
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == (
        f"Label at {server.url}/projects/{project}/data?labeling=1\n"
        f"Project {title!r}: 8 paragraphs sent, 0 there before\n"
    )
    again = studio_command("push", "paragraphs.jsonl")
    assert again.stdout.splitlines()[1] == f"Project {title!r}: 0 paragraphs sent, 8 there before"
    assert held(server, title) == NAMES

    lead = server.get("/api/current-user/whoami")["id"]
    tasks = [row["id"] for row in rows(server, title)]
    judge(server, tasks[0], chosen(schema, "favor"))
    judge(server, tasks[1], chosen(schema, "against"), lead_time=7.5)
    judge(server, tasks[2], [], was_cancelled=True)
    status = studio_command("status", run=run)
    assert (status.returncode, status.stderr) == (0, "")
    lines = status.stdout.split("\n")
    assert lines[0] == "2 of 8 paragraphs are judged"
    assert re.search(rf"annotator-{lead} +2 +0% +6", status.stdout)
    assert lines[-2:] == ["skipped: 1", ""]

    pulled = studio_command("pull", "-o", "judgements.jsonl", run=run)
    assert (pulled.returncode, pulled.stdout) == (0, "")
    assert pulled.stderr.splitlines()[-1] == "2 judgements; 2 of the project's 8 paragraphs are judged; 1 issues"
    assert pulled.stderr.splitlines()[0].endswith(f"{NAMES[2]} was skipped; left out [skipped]")
    judgements = read_judgements(tmp_path / "judgements.jsonl", schema)
    assert [(one.paragraph, one.annotator, one.seconds) for one in judgements] == [
        (NAMES[0], f"annotator-{lead}", 4.5),
        (NAMES[1], f"annotator-{lead}", 7.5),
    ]
    to_the_screen = studio_command("pull", "--json")
    assert to_the_screen.stdout == (tmp_path / "judgements.jsonl").read_text()
    (issue,) = json.loads(to_the_screen.stderr)
    assert (issue["rule"], issue["severity"]) == ("skipped", "warning")


def test_a_push_as_json_is_for_programs(studio_command: Studio, server: Server, title: str) -> None:
    done = json.loads(studio_command("push", "paragraphs.jsonl", "--json").stdout)
    project = project_of(server, title)
    assert done == {
        "project": project,
        "url": f"{server.url}/projects/{project}/data?labeling=1",
        "sent": 8,
        "present": 0,
        "suggested": 0,
        "removed": 0,
        "issues": [],
    }
    status = json.loads(studio_command("status", "--json").stdout)
    assert status == {"tasks": 8, "judged": 0, "judged_times": {}, "annotators": [], "issues": {}}


def test_paragraphs_may_come_from_standard_input(run: Run, server: Server, title: str, tmp_path: Path) -> None:
    given = (tmp_path / "paragraphs.jsonl").read_bytes()
    settings = {"LABEL_STUDIO_URL": server.url, "LABEL_STUDIO_API_KEY": server.token}
    done = run("studio", "push", "-", "--project", title, stdin=given, **settings)
    assert done.returncode == 0, done.stderr
    assert held(server, title) == NAMES


def test_the_local_server_is_found_by_its_folder_and_needs_no_token(
    here: Run, studio: LocalServer, server: Server, title: str
) -> None:
    done = here("studio", "push", "paragraphs.jsonl", "--data", studio.folder, "--project", title)
    assert done.returncode == 0, done.stderr
    assert held(server, title) == NAMES
    assert studio.token not in done.stdout + done.stderr


def test_progress_is_shown_on_a_terminal(server: Server, title: str, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "iraqstance.cli", "studio", "push", "paragraphs.jsonl", "--project", title],
        cwd=tmp_path,
        env={**os.environ, "LABEL_STUDIO_URL": server.url, "LABEL_STUDIO_API_KEY": server.token, "TERM": "xterm"},
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:  # the other side is closed
            break
        shown += piece
        if not piece:
            break
    os.close(ours)
    assert process.wait() == 0
    assert b"Sending" in shown
    assert server.token.encode() not in shown


# The token


def test_a_personal_token_from_a_file_is_taken(
    run: Run, server: Server, personal: str, title: str, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text(personal + "\n")
    file.chmod(0o600)
    options = ("--url", server.url, "--token-file", file, "--project", title)
    pushed = run("studio", "push", "paragraphs.jsonl", *options, LABEL_STUDIO_API_KEY="another")
    pulled = run("studio", "pull", *options)
    assert (pushed.returncode, pushed.stderr) == (0, "")
    assert (pulled.returncode, pulled.stdout) == (0, "")
    assert personal[:20] not in pushed.stdout + pulled.stderr
    assert held(server, title) == NAMES


def test_a_token_file_that_others_may_read_is_warned_of(here: Run, server: Server, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(server.token)
    file.chmod(0o644)
    done = here("studio", "status", "--url", server.url, "--token-file", file, "--project", "no such project")
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == (
        f"warning: others on this machine may read {file}; mend it with: chmod 600 {file}"
    )
    assert server.token not in done.stderr


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (None, 1, "the token file cannot be read. Check its path and rights"),
        ("a folder", 1, "the token file cannot be read. Check its path and rights"),
        (b"\xff\xfe", 1, "the token file cannot be read. Check its path and rights"),
        (b"", 2, "there is no usable API token (expected the token of your account's page in Label Studio, one line)"),
        (b"two\nlines\n", 2, "there is no usable API token"),
        (b"0" * 40, 1, "the server does not accept the token (got 401 Invalid token.). Copy it anew"),
    ],
    ids=["missing", "folder", "not-utf-8", "empty", "two-lines", "wrong"],
)
def test_a_token_file_of_no_use_is_told(
    here: Run, server: Server, tmp_path: Path, content: bytes | str | None, code: int, said: str
) -> None:
    file = tmp_path / "token"
    if isinstance(content, bytes):
        file.write_bytes(content)
        file.chmod(0o600)
    elif content:
        file.mkdir()
    line = told(here("studio", "status", "--url", server.url, "--token-file", file), code)
    assert said in line
    assert "two" not in line


@pytest.mark.parametrize("command", ["push", "pull", "status"])
def test_a_token_is_never_an_argument_and_is_asked_for(here: Run, server: Server, command: str) -> None:
    line = told(here("studio", command, "--url", server.url), 2)
    assert line.endswith("Set LABEL_STUDIO_API_KEY, or name a file that holds it with --token-file")
    given = here("studio", command, "--url", server.url, "--token", server.token)
    assert given.returncode == 2
    assert "No such option" in given.stderr
    assert server.token not in given.stdout + given.stderr


# The server


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("studio.example.org", "this is no address of a server"),
        ("http://[::1", "this is no address of a server"),
        ("http://lead:secret@127.0.0.1:1", "the address holds more than host and path"),
        ("http://127.0.0.1:1?token=secret", "the address holds more than host and path"),
        ("http://studio.example.org", "the token would go unencrypted to another machine"),
    ],
)
def test_an_address_of_no_use_is_wrong_usage(here: Run, url: str, said: str) -> None:
    line = told(here("studio", "push", "paragraphs.jsonl", "--url", url, LABEL_STUDIO_API_KEY="0" * 40), 2)
    assert said in line
    assert "secret" not in line


def test_the_token_goes_unencrypted_to_another_machine_only_where_one_insists(
    studio_command: Studio, run: Run, studio: LocalServer
) -> None:
    """0.0.0.0 is this machine too, but nobody can tell by the name."""
    with forwarding(studio.url) as forwarder:
        url = forwarder.url.replace("127.0.0.1", "0.0.0.0")  # noqa: S104 - asked, not bound
        assert "Use https, or insist with --insecure" in told(studio_command("status", url=url, run=run), 2)
        assert forwarder.seen == []
        insisted = studio_command("status", "--insecure", "--project", "no such project", url=url, run=run)
    assert "there is no project 'no such project'" in told(insisted, 1)
    assert forwarder.seen


def test_a_server_that_is_not_there_or_is_another_is_told(studio_command: Studio) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        line = told(studio_command("push", "paragraphs.jsonl", url=url), 1)
    assert line.startswith(f"error: {url}: nothing answers there (got ")
    with forwarding("", lambda *_: Answer(200, {"hello": "world"})) as other:
        line = told(studio_command("push", "paragraphs.jsonl", url=other.url), 1)
    assert line == (
        f"error: {other.url}: what answers there is no Label Studio (expected its version at /api/version/, "
        "got 200 application/json). Give the address of its start page"
    )


@pytest.mark.parametrize("command", ["push", "pull", "status"])
def test_a_server_that_fails_is_told_in_one_short_line(studio_command: Studio, server: Server, command: str) -> None:
    def rule(request: Request, forward: Callable[[], Answer]) -> Answer:
        return Answer(500, PAGE) if request.path == "/api/projects/" else forward()

    arguments = ["paragraphs.jsonl"] if command == "push" else []
    with forwarding(server.url, rule) as forwarder:
        line = told(studio_command(command, *arguments, url=forwarder.url), 1)
    assert line == (
        f"error: {forwarder.url}/api/projects/: the server fails (got 500 (a page of HTML)). "
        "Look into the server's log; run the command again"
    )


def test_no_local_server_is_told(here: Run, tmp_path: Path) -> None:
    line = told(here("studio", "push", "paragraphs.jsonl", "--data", tmp_path / "none"), 2)
    assert "no local Label Studio runs on" in line
    assert "iraqstance studio start" in line


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["push", "--data", "there"], "--data and --url (or LABEL_STUDIO_URL) exclude each other"),
        (["push", "paragraphs.jsonl", "--order", "random"], "--order random (expected given or uncertainty)"),
        (["push", "paragraphs.jsonl", "--model", "m"], "--model goes with --order uncertainty"),
        (["push", "paragraphs.jsonl", "--ties-only"], "--ties-only goes with --disagreements"),
        (["push", "paragraphs.jsonl", "--project", "ab"], "Label Studio does not take this title"),
        (["push", "paragraphs.jsonl", "--project", "x" * 51], "expected 3 to 50 characters, no space at either end"),
        (["push", "paragraphs.jsonl", "--project", " abc"], "got ' abc'"),
        (["pull", "--kind", "robot"], "--kind robot (expected person or model)"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_wrong_usage_is_told_before_anything_is_sent(here: Run, arguments: list[str], said: str) -> None:
    with forwarding("", lambda *_: Answer(500, "")) as other:
        settings = {"LABEL_STUDIO_URL": other.url, "LABEL_STUDIO_API_KEY": "0" * 40}
        assert said in told(here("studio", *arguments, **settings), 2)
    assert other.seen == []


@pytest.mark.parametrize("option", [["--overlap", "0"], ["--limit", "0"], ["--withhold", "1.5"], ["--withhold", "-1"]])
def test_numbers_out_of_range_are_wrong_usage(here: Run, server: Server, option: list[str]) -> None:
    done = here("studio", "push", "paragraphs.jsonl", "--url", server.url, *option, LABEL_STUDIO_API_KEY=server.token)
    assert done.returncode == 2
    assert "Invalid value" in done.stderr
    assert "Traceback" not in done.stderr


# What was changed by hand


def test_what_was_changed_by_hand_is_told_and_set_right(studio_command: Studio, server: Server, title: str) -> None:
    assert studio_command("push", "paragraphs.jsonl").returncode == 0
    project = project_of(server, title)
    config = server.get(f"/api/projects/{project}/")["label_config"]
    server.sdk.projects.update(project, label_config=re.sub(r'\s*<Choice [^>]*value="iran".*', "", config))
    row = rows(server, title)[0]
    server.sdk.tasks.update(str(row["id"]), data={**row["data"], "text": "Another text."})
    assert told(studio_command("push", "paragraphs.jsonl"), 1) == (
        f"error: project {title!r}: the project's labelling interface is not the one of the schema "
        "(got topics: no label 'iran'). Name its schema with --schema, or replace the interface with --update-interface"
    )
    pulled = studio_command("pull")
    assert (pulled.returncode, pulled.stdout) == (1, "")
    assert f"error: project {title!r}: its labelling interface was changed by hand" in pulled.stderr
    assert pulled.stderr.splitlines()[0].endswith("[interface-changed]")
    pushed = studio_command("push", "paragraphs.jsonl", "--update-interface")
    assert pushed.returncode == 1
    assert pushed.stderr == (
        f"error: task {row['id']} ({NAMES[0]}): its text on the server is another one; it is left as it is, "
        "for judgements may belong to it [text-changed]\n"
    )
    assert "0 paragraphs sent, 8 there before" in pushed.stdout
    assert server.get(f"/api/projects/{project}/")["label_config"] == config


def test_two_projects_of_one_title_are_told(studio_command: Studio, server: Server, title: str) -> None:
    for _ in range(2):
        server.sdk.projects.create(title=title)
    line = told(studio_command("push", "paragraphs.jsonl"), 1)
    assert f"2 projects have the title {title!r}" in line
    assert "name another with --project" in line


# Disputes

STANCES = {
    "annotator-71": ("favor", "favor", "favor", "favor"),
    "annotator-72": ("favor", "against", "against", "favor"),
    "annotator-73": ("favor", "neutral", "favor", "against"),
}


@pytest.fixture
def disputed(tmp_path: Path, schema: Schema) -> Path:
    """The second paragraph is tied, the third and the fourth are decided two to one."""
    path = tmp_path / "judgements.jsonl"
    judgements = [
        Judgement(name, annotator, {TARGET: stance}, ("iran",))
        for annotator, stances in STANCES.items()
        for name, stance in zip(NAMES, stances, strict=False)
    ]
    write_judgements(path, judgements, schema)
    return path


def test_disputes_are_sent_adjudicated_and_joined(
    studio_command: Studio, server: Server, schema: Schema, title: str, tmp_path: Path, disputed: Path
) -> None:
    second = f"{title} adjudication"
    ties = studio_command("push", "paragraphs.jsonl", "--disagreements", disputed, "--ties-only")
    assert ties.returncode == 0, ties.stderr
    assert f"Project {second!r}: 1 paragraphs sent" in ties.stdout
    assert held(server, second) == [NAMES[1]]
    everything = studio_command("push", "paragraphs.jsonl", "--disagreements", disputed)
    assert f"Project {second!r}: 2 paragraphs sent, 1 there before" in everything.stdout
    assert held(server, second) == NAMES[1:4]
    named = studio_command("push", "paragraphs.jsonl", "--disagreements", disputed, "--project", second)
    assert "0 paragraphs sent, 3 there before" in named.stdout
    tasks = rows(server, second)
    assert tasks[0]["data"]["votes"] == (
        "annotator-71: favor; iran\nannotator-72: against; iran\nannotator-73: neutral; iran"
    )

    lead = server.get("/api/current-user/whoami")["id"]
    judge(server, tasks[0]["id"], chosen(schema, "against"))
    own = [replace(one, annotator=f"annotator-{lead}") for one in read_judgements(disputed, schema)[:4]]
    write_judgements(disputed, [*own, *read_judgements(disputed, schema)[4:]], schema)
    pulled = studio_command("pull", "--project", second, "--join", disputed, "-o", "joined.jsonl")
    assert pulled.returncode == 0, pulled.stderr
    assert pulled.stderr.splitlines()[0] == (
        f"warning: {NAMES[1]}: annotator-{lead}: who settles this dispute was one of its annotators; "
        "somebody else should [own-dispute]"
    )
    together = read_judgements(tmp_path / "joined.jsonl", schema)
    assert together[:12] == read_judgements(disputed, schema)
    assert [(one.paragraph, one.round, one.stances[TARGET]) for one in together[12:]] == [
        (NAMES[1], "adjudication", "against")
    ]
    before = (tmp_path / "joined.jsonl").read_bytes()
    studio_command("pull", "--project", second, "--join", "joined.jsonl", "-o", "joined.jsonl")
    assert (tmp_path / "joined.jsonl").read_bytes() == before
    left = studio_command("push", "paragraphs.jsonl", "--disagreements", "joined.jsonl", "--json")
    assert (json.loads(left.stdout)["sent"], json.loads(left.stdout)["present"]) == (0, 2)


def test_disputes_that_cannot_be_sent_are_told(
    studio_command: Studio, schema: Schema, tmp_path: Path, disputed: Path
) -> None:
    agreed = tmp_path / "agreed.jsonl"
    write_judgements(agreed, [one for one in read_judgements(disputed, schema) if one.paragraph == NAMES[0]], schema)
    line = told(studio_command("push", "paragraphs.jsonl", "--disagreements", agreed), 1)
    assert line == f"error: {agreed}: no paragraph is in dispute. There is nothing to adjudicate"
    write_paragraphs(tmp_path / "few.jsonl", PARAGRAPHS[:2])
    line = told(studio_command("push", "few.jsonl", "--disagreements", disputed), 1)
    assert line == (
        f"error: {disputed}: 2 disputed paragraphs are not among the paragraphs (got {NAMES[2]}). "
        "Name the paragraphs that were judged"
    )
    line = told(studio_command("push", "paragraphs.jsonl", "--disagreements", "none.jsonl"), 1)
    assert "none.jsonl" in line
    long = "x" * 45
    line = told(studio_command("push", "paragraphs.jsonl", "--disagreements", disputed, "--project", long), 2)
    assert f"got '{long} adjudication'" in line


# Models


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model that has learned to tell the papers apart."""
    folder = tmp_path_factory.mktemp("models") / "papers, first"
    texts = tuple(f"{text} It said so {number} times." for number in range(6) for text in (GOOD, BAD))
    corpus = Corpus("papers", texts, ("favor", "against") * 6, (("economy",), ("sanctions",)) * 6)
    save_classifier(fit(corpus), folder, corpus)
    return folder


@pytest.fixture(scope="module")
def tea_model(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Models of another subject: of its stances and of its topics."""
    folders = {name: tmp_path_factory.mktemp("tea") / name for name in ("stances", "topics")}
    texts = ("Lovely tea", "Awful tea", "Fresh tea", "Stale tea")
    for name, corpus in {
        "stances": Corpus("tea", texts, ("likes", "dislikes") * 2, None),
        "topics": Corpus("tea", texts, None, (("taste",), ("price",)) * 2),
    }.items():
        save_classifier(fit(corpus), folders[name], corpus)
    return folders


def test_a_model_suggests_but_for_the_share_that_goes_without(
    studio_command: Studio, server: Server, title: str, model: Path
) -> None:
    withheld = {name for name in NAMES if is_withheld(name, 0.2)}
    assert studio_command("push", "paragraphs.jsonl", "--limit", "2").returncode == 0
    first = studio_command("push", "paragraphs.jsonl", "--suggest", model)
    assert first.returncode == 0, first.stderr
    assert first.stdout.splitlines()[1:] == [
        f"Project {title!r}: 6 paragraphs sent, 2 there before, {8 - len(withheld)} suggestions sent",
        f"{len(withheld)} of 8 paragraphs go without suggestion; agreement is measured on those",
    ]
    project = project_of(server, title)
    predictions = server.get("/api/predictions/", project=project)
    names = {row["id"]: row["data"]["paragraph"] for row in rows(server, title)}
    stances = {names[one["task"]]: one["result"][0]["value"]["choices"][0] for one in predictions}
    expected = {name: ("favor", "against")[number % 2] for number, name in enumerate(NAMES)}
    assert stances == {name: stance for name, stance in expected.items() if name not in withheld}
    assert {one["model_version"] for one in predictions} == {server.get(f"/api/projects/{project}/")["model_version"]}
    assert predictions[0]["model_version"].startswith("papers, first-")
    again = studio_command("push", "paragraphs.jsonl", "--suggest", model)
    assert again.stdout.splitlines()[1] == f"Project {title!r}: 0 paragraphs sent, 8 there before"
    described = server.get(f"/api/projects/{project}/")["description"]
    assert (
        described
        == f"Suggestions of {predictions[0]['model_version']}; 20% of the paragraphs, chosen by their ids, go without."
    )
    everything = studio_command("push", "paragraphs.jsonl", "--suggest", model, "--withhold", "0")
    assert everything.stdout.splitlines()[1:] == [
        f"Project {title!r}: 0 paragraphs sent, 8 there before, {len(withheld)} suggestions sent",
        "0 of 8 paragraphs go without suggestion; agreement is measured on those",
    ]


def test_the_default_model_suggests(studio_command: Studio, server: Server, title: str) -> None:
    done = studio_command("push", "paragraphs.jsonl", "--suggest", "default", "--withhold", "0", "--json")
    assert json.loads(done.stdout)["suggested"] == 8
    assert server.get(f"/api/projects/{project_of(server, title)}/")["model_version"].startswith("default-")


@pytest.mark.parametrize("kind", ["stances", "topics"])
@pytest.mark.parametrize("use", [["--suggest"], ["--order", "uncertainty", "--model"]], ids=["suggest", "order"])
def test_a_model_of_another_subject_is_refused(
    studio_command: Studio, server: Server, title: str, tea_model: dict[str, Path], kind: str, use: list[str]
) -> None:
    line = told(studio_command("push", "paragraphs.jsonl", *use, tea_model[kind]), 2)
    assert "the model does not fit the schema: " in line
    assert "Name a model of this schema" in line
    assert not [one for one in server.get("/api/projects/", title=title)["results"] if one["title"] == title]


def test_the_default_model_is_refused_for_another_subject(studio_command: Studio, tmp_path: Path) -> None:
    (tmp_path / "tea.yaml").write_text(json.dumps(TEA.model_dump(mode="json")), encoding="utf-8")
    for use in (["--suggest", "default"], ["--order", "uncertainty"]):
        line = told(studio_command("push", "paragraphs.jsonl", "--schema", "tea.yaml", *use), 2)
        assert "the model knows no target of the schema" in line


def test_a_model_that_is_not_there_is_told(studio_command: Studio) -> None:
    line = told(studio_command("push", "paragraphs.jsonl", "--suggest", "no-model"), 1)
    assert "no-model" in line


def test_the_most_informative_paragraphs_come_first_a_few_at_a_time(
    studio_command: Studio, server: Server, title: str, model: Path, tmp_path: Path
) -> None:
    """What the model is sure of comes later, and what is there already is not counted."""
    unsure = paragraphs_of(["Nobody knows whether to welcome the reckless deal.", "Rain fell on the town."], "unsure")
    write_paragraphs(tmp_path / "mixed.jsonl", [*PARAGRAPHS, *unsure])
    options = ("mixed.jsonl", "--order", "uncertainty", "--model", model, "--limit", "3")
    assert "3 paragraphs sent, 0 there before" in studio_command("push", *options).stdout
    first = held(server, title)
    assert {paragraph.id for paragraph in unsure} <= set(first)
    assert "3 paragraphs sent, 3 there before" in studio_command("push", *options).stdout
    assert "3 paragraphs sent, 6 there before" in studio_command("push", *options).stdout
    assert "1 paragraphs sent, 9 there before" in studio_command("push", *options).stdout
    assert sorted(held(server, title)) == sorted([*NAMES, *(paragraph.id for paragraph in unsure)])
    assert held(server, title)[:3] == first


def test_no_file_is_left_behind_where_the_judgements_cannot_be_written(studio_command: Studio, tmp_path: Path) -> None:
    assert studio_command("push", "paragraphs.jsonl").returncode == 0
    (tmp_path / "folder").mkdir()
    assert "folder: the file cannot be written" in told(studio_command("pull", "-o", "folder"), 1)
    shutil.rmtree(tmp_path / "folder")
    assert "the file cannot be written" in told(studio_command("pull", "-o", "folder/judgements.jsonl"), 1)
    assert [path.name for path in tmp_path.iterdir()] == ["paragraphs.jsonl"]

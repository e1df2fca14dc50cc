"""``iraqstance studio start``: real servers, killed and damaged as they are in life."""

import json
import os
import shutil
import signal
import socket
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from iraqstance.annotation.guidelines import guidelines_html
from iraqstance.annotation.interface import interface_xml
from iraqstance.annotation.rows import write_paragraphs
from iraqstance.annotation.schema import Schema
from iraqstance.annotation.server import ACCOUNT
from iraqstance.dataset.editions import packaged_edition
from labelling import paragraphs_of
from starting import Start, api, listening, lives, logged_in, servers, until

Starter = Callable[..., Start]

OURS = ("--project", "started", "--no-browser")  # others of the session have made projects in the same database


@pytest.fixture
def folder(set_up_folder: Path, tmp_path: Path) -> Path:
    """A data folder that was used before and whose server is stopped; its name is no plain one."""
    return copied(set_up_folder, tmp_path)


def copied(set_up_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(set_up_folder, tmp_path / "données d'ailleurs"))


@pytest.fixture
def paragraphs(tmp_path: Path) -> Path:
    file = tmp_path / "paragraphs.jsonl"
    write_paragraphs(file, paragraphs_of())
    return file


@pytest.fixture
def start(studio_cache: Path, tmp_path: Path) -> Iterator[Starter]:
    """Start the command; whatever becomes of the test, no server is left."""
    started: list[Start] = []

    def run_command(folder: Path, *arguments: str | Path, before: tuple[str, ...] = (), **environment: str) -> Start:
        cache = {"IRAQSTANCE_CACHE": str(studio_cache)}
        started.append(Start(folder, *arguments, environment=cache | environment, cwd=tmp_path, before=before))
        return started[-1]

    yield run_command
    for one in started:
        one.kill()
    sweep([one.folder for one in started if one.folder.is_relative_to(tmp_path)])


def sweep(folders: list[Path]) -> None:
    for folder in folders:
        for process in servers(folder):
            process.kill()
            process.wait()


def count_of_migrations(folder: Path) -> int:
    try:
        with closing(sqlite3.connect(f"file:{folder / 'label_studio.sqlite3'}?mode=ro", uri=True)) as database:
            return int(database.execute("SELECT count(*) FROM django_migrations").fetchone()[0])
    except sqlite3.Error:
        return 0


def paragraphs_in(started: Start) -> list[str]:
    page = api(started, "/api/tasks", project=started.project, fields="task_only", include="id,data", page_size=5000)
    tasks = page["tasks"]
    assert isinstance(tasks, list)
    return sorted(task["data"]["paragraph"] for task in tasks)


def titles_in(started: Start) -> list[str]:
    results = api(started, "/api/projects/", page_size=1000)["results"]
    assert isinstance(results, list)
    return [project["title"] for project in results]


# From nothing


def test_one_command_leads_to_a_labelling_page_although_two_before_were_killed_at_setting_up(
    start: Starter, tmp_path: Path, schema: Schema
) -> None:
    folder = tmp_path / "new" / "data"
    first = start(folder, "--no-browser")
    until(lambda: count_of_migrations(folder) > 20, "the first migrations")
    first.kill()
    first.server().kill()
    assert first.out == ""
    assert "sets up its database" in first.err

    second = start(folder, "--no-browser")
    seen = count_of_migrations(folder)
    until(lambda: count_of_migrations(folder) > seen, "further migrations")
    second.kill()  # and its server goes on
    server = second.server()

    third = start(folder, "--no-browser").waits()
    assert "taken over" in third.err
    assert third.server() == server
    assert third.out == (
        f"Label at {third.url}/projects/{third.project}/data?labeling=1\n"
        f"Log in as {ACCOUNT}; the password is in {folder / 'password'}\n"
        "Project 'iraqstance': 2317 paragraphs sent, 0 there before\n"
    )
    project = api(third, f"/api/projects/{third.project}/")
    assert project["label_config"] == interface_xml(schema).strip()
    assert project["expert_instruction"] == guidelines_html(schema)
    assert paragraphs_in(third) == sorted(one.id for one in packaged_edition("open").paragraphs)
    with logged_in(third) as client:
        assert client.get(f"/projects/{third.project}/data?labeling=1").status_code == 200
    assert third.interrupt() == 0
    assert servers(folder) == []


# One server for all tests that only look at it, started among variables that would change its ways


@pytest.fixture(scope="module")
def home(set_up_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied(set_up_folder, tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def running(studio_cache: Path, home: Path) -> Iterator[Start]:
    elsewhere = home.parent / "elsewhere"
    (elsewhere / "label_studio").mkdir(parents=True)
    (elsewhere / "label_studio" / "__init__.py").write_text("raise SystemExit('the wrong package')\n")
    file = home.parent / "paragraphs.jsonl"
    write_paragraphs(file, paragraphs_of())
    hostile = {
        "PYTHONPATH": str(elsewhere),
        "PYTHONWARNINGS": "error",
        "DJANGO_SETTINGS_MODULE": "nowhere",
        "SECRET_KEY": "known to everybody",
        "CI": "true",
        "JSON_LOG": "true",
        "LOG_LEVEL": "DEBUG",
        "TEST_ENVIRONMENT": "true",
        "ALLOWED_HOSTS": "example.org",
        "SESSION_COOKIE_SECURE": "1",
        "CSRF_COOKIE_SECURE": "1",
        "STORAGE_TYPE": "s3",
        "MINIO_STORAGE_ENDPOINT": "http://127.0.0.1:9",
        "MAX_SESSION_AGE": "a while",
        "LABEL_STUDIO_API_KEY": "not-the-token",
        "LABEL_STUDIO_URL": "http://127.0.0.1:9",
        "LABEL_STUDIO_CONFIG_PATH": str(elsewhere),
    }
    for prefix in ("", "HEARTEX_", "LABEL_STUDIO_"):
        hostile |= {
            f"{prefix}HOST": "https://example.org/studio",
            f"{prefix}PORT": "9",
            f"{prefix}DEBUG": "true",
            f"{prefix}BASE_DATA_DIR": str(elsewhere / "data"),
            f"{prefix}DATABASE_NAME": str(elsewhere / "database"),
            f"{prefix}DJANGO_DB": "default",
            f"{prefix}USERNAME": "someone@example.org",
            f"{prefix}PASSWORD": "not-the-password",
            f"{prefix}USER_TOKEN": "0" * 40,
            f"{prefix}ENABLE_LEGACY_API_TOKEN": "false",
            f"{prefix}DISABLE_SIGNUP_WITHOUT_LINK": "false",
            f"{prefix}COLLECT_ANALYTICS": "true",
            f"{prefix}LATEST_VERSION_CHECK": "true",
            f"{prefix}SENTRY_DSN": "http://key@127.0.0.1:9/1",
            f"{prefix}FRONTEND_SENTRY_DSN": "http://key@127.0.0.1:9/1",
        }
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        hostile |= {name: "http://127.0.0.1:9", name.upper(): "http://127.0.0.1:9"}
    started = Start(
        home,
        file,
        *OURS,
        "--overlap=2",
        environment={**hostile, "IRAQSTANCE_CACHE": str(studio_cache)},
        cwd=home.parent,
    )
    try:
        yield started.waits()
        assert started.interrupt() == 0
        assert servers(home) == []
    finally:
        started.kill()
        sweep([home])


def test_the_address_and_the_login_are_printed_and_nothing_else(running: Start, home: Path) -> None:
    assert running.out == (
        f"Label at {running.url}/projects/{running.project}/data?labeling=1\n"
        f"Log in as {ACCOUNT}; the password is in {home / 'password'}\n"
        "Project 'started': 5 paragraphs sent, 0 there before\n"
    )
    assert running.err == "Stop with Ctrl-C.\n"


def test_the_project_holds_the_paragraphs_of_the_file(running: Start) -> None:
    assert paragraphs_in(running) == [paragraph.id for paragraph in paragraphs_of()]
    assert api(running, f"/api/projects/{running.project}/")["maximum_annotations"] == 2


def test_the_server_listens_on_this_machine_alone(running: Start) -> None:
    assert listening(running.server()) == [("127.0.0.1", running.port)]


def test_no_secret_is_shown_to_anybody(running: Start, home: Path) -> None:
    secrets = [(home / name).read_text().strip() for name in ("password", "token")]
    assert all(len(secret) >= 16 for secret in secrets)
    lines = [" ".join(process.cmdline()) for process in (running.server(), *running.server().parents())]
    log = (home / "server.log").read_text()
    assert "/api/projects/" in log
    for secret in secrets:
        assert all(secret not in text for text in (running.out, running.err, log, *lines))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")
def test_what_is_secret_is_readable_by_its_owner_alone(running: Start, home: Path) -> None:
    assert running.url
    for name in ("password", "token", "label_studio.sqlite3", "server.log", ".env"):
        assert stat.S_IMODE((home / name).stat().st_mode) == 0o600


def test_nothing_that_the_server_serves_reports_to_anybody(running: Start) -> None:
    with logged_in(running) as client:
        pages = [client.get(path).text for path in ("/projects/", f"/projects/{running.project}/data?labeling=1")]
        client.cookies.clear()
        pages.append(client.get("/user/login/").text)
        version = client.get("/api/version/").json()
    for page in pages:
        assert "collect_analytics: false" in page or "collect_analytics = false" in page
        assert "googletagmanager" not in page
        assert "sentry-cdn" not in page
    assert "sentry_dsn: null" in pages[0]
    assert version["label-studio-os-package"]["latest_version_from_pypi"] is None


def test_variables_of_the_environment_do_not_change_the_server(running: Start, home: Path) -> None:
    with logged_in(running) as client:
        page = client.get("/projects/").text
        assert client.get("/user/signup/").status_code in {302, 403}
    assert 'hostname: "",' in page
    assert "debug: false," in page
    assert ACCOUNT in page
    assert sorted(path.name for path in (home.parent / "elsewhere").iterdir()) == ["label_studio"]
    seen = running.server().environ()
    assert not {"DEBUG", "CI", "HOST", "PORT", "SECRET_KEY", "PYTHONPATH", "LABEL_STUDIO_HOST"} & set(seen)


def test_a_second_start_uses_the_running_server_and_leaves_it_running(
    running: Start, start: Starter, home: Path, paragraphs: Path
) -> None:
    server = running.server()
    second = start(home, paragraphs, *OURS).ends_well()
    assert second.out.splitlines()[:2] == running.out.splitlines()[:2]
    assert "0 paragraphs sent, 5 there before" in second.out
    assert "keeps this server running" in second.err
    assert running.process.poll() is None
    assert servers(home) == [server]


def test_secrets_that_are_lost_while_the_server_runs_are_made_anew_by_a_second_start(
    running: Start, start: Starter, home: Path, paragraphs: Path
) -> None:
    former = (home / "token").read_text()
    for name in ("password", "token"):
        (home / name).unlink()
    start(home, paragraphs, *OURS).ends_well()
    assert (home / "token").read_text() != former
    with logged_in(running):
        assert paragraphs_in(running) == [paragraph.id for paragraph in paragraphs_of()]


def test_a_running_server_is_not_asked_to_another_port(
    running: Start, start: Starter, home: Path, paragraphs: Path
) -> None:
    start(home, *OURS, "--port", str(running.port ^ 1)).fails(
        2, rf"is running already, at {running.url}\. Leave --port out"
    )
    second = start(home, paragraphs, *OURS, "--port", str(running.port)).ends_well()
    assert second.url == running.url


# The end, and the next start


def test_a_server_whose_command_was_killed_is_taken_over_and_the_next_start_finds_all_as_it_was(
    start: Starter, folder: Path, paragraphs: Path, tmp_path: Path
) -> None:
    browser, opened = tmp_path / "browser", tmp_path / "opened"
    browser.write_text(f'#!/bin/sh\necho "$1" >> "{opened}"\n')
    browser.chmod(0o755)
    first = start(folder, paragraphs, *OURS[:2], BROWSER=str(browser)).waits()
    until(opened.exists, "the browser")
    assert opened.read_text() == f"{first.url}/projects/{first.project}/data?labeling=1\n"
    server = first.server()
    first.kill()
    assert lives(server)

    second = start(folder, paragraphs, *OURS, BROWSER=str(browser)).waits()
    assert "taken over" in second.err
    assert second.server() == server
    assert (second.url, second.project) == (first.url, first.project)
    assert second.interrupt() == 0
    assert "is stopped. What was labelled is kept." in second.err
    assert servers(folder) == []

    # What is noted of the server is that of one that is dead, and its number is another program's by now.
    (folder / "server.json").write_text(json.dumps({"port": first.port, "pid": os.getpid(), "created": 0}))
    third = start(folder, paragraphs, *OURS).waits()
    assert (third.url, third.project) == (first.url, first.project)
    assert "Project 'started': 0 paragraphs sent, 5 there before" in third.out
    assert paragraphs_in(third) == [paragraph.id for paragraph in paragraphs_of()]
    assert titles_in(third).count("started") == 1
    assert opened.read_text().count("\n") == 1
    third.kill()

    with occupied() as program:
        port = program.getsockname()[1]
        start(folder, paragraphs, *OURS, "--port", str(port)).fails(2, f"port {port} is taken .*--port")
        assert len(servers(folder)) == 1
    fourth = start(folder, paragraphs, *OURS, "--port", str(port)).waits()
    assert (fourth.port, fourth.project) == (port, first.project)
    assert len(servers(folder)) == 1
    assert fourth.interrupt(signal.SIGTERM) == 0
    assert servers(folder) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_end_while_the_server_starts_leaves_no_process(start: Starter, folder: Path, number: signal.Signals) -> None:
    command = start(folder, *OURS)
    command.server()
    assert command.interrupt(number) == 130
    assert servers(folder) == []
    assert command.out == ""
    assert "Traceback" not in command.err


def test_a_server_that_ends_by_itself_is_reported(start: Starter, folder: Path, paragraphs: Path) -> None:
    command = start(folder, *OURS)
    command.server().kill()
    command.fails(1, r"server\.log: Label Studio ended at its start.* Run the command again")
    command = start(folder, paragraphs, *OURS).waits()
    command.server().kill()
    assert command.ends() == 1
    assert command.err.endswith("error: Label Studio has ended by itself. Start it again; its data is kept\n")


# Folders in disorder


@pytest.mark.parametrize(
    ("damage", "lost"),
    [
        ({"password": None, "server.json": '{"port": 99999}'}, "password"),
        ({"password": b"\xff\x00", "token": "", "server.json": "{"}, "token"),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, dict) else "",
)
def test_secrets_that_were_lost_or_damaged_are_made_anew(
    start: Starter, folder: Path, paragraphs: Path, damage: dict[str, str | bytes | None], lost: str
) -> None:
    former = (folder / lost).read_text()
    (folder / "token").chmod(0o644)
    for name, content in damage.items():
        if content is None:
            (folder / name).unlink()
        else:
            (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    command = start(folder, paragraphs, *OURS).waits()
    assert "Setting the account of this folder right." in command.err
    assert (folder / lost).read_text() not in {"", former}
    assert [stat.S_IMODE((folder / name).stat().st_mode) for name in ("password", "token")] == [0o600, 0o600]
    with logged_in(command):
        assert paragraphs_in(command) == [paragraph.id for paragraph in paragraphs_of()]


def test_an_account_that_was_not_yet_made_is_made(start: Starter, folder: Path, paragraphs: Path) -> None:
    with closing(sqlite3.connect(folder / "label_studio.sqlite3")) as database, database:
        database.execute("PRAGMA foreign_keys = OFF")
        for table in (
            "authtoken_token",
            "organizations_organizationmember",
            "jwt_auth_jwtsettings",
            "session_policy_sessiontimeoutpolicy",
            "organization",
            "htx_user",
        ):
            database.execute(f"DELETE FROM {table}")  # noqa: S608
    command = start(folder, paragraphs, *OURS).waits()
    with logged_in(command):
        assert paragraphs_in(command) == [paragraph.id for paragraph in paragraphs_of()]


@pytest.mark.parametrize(
    "damage",
    [lambda content: b"garbage" + content[7:], lambda content: content[: len(content) // 2]],
    ids=["garbage", "cut"],
)
def test_a_damaged_database_is_named(start: Starter, folder: Path, damage: Callable[[bytes], bytes]) -> None:
    database = folder / "label_studio.sqlite3"
    damaged = damage(database.read_bytes())
    database.write_bytes(damaged)
    command = start(folder, *OURS)
    command.fails(1, r"label_studio\.sqlite3: the database cannot be read \(got .*--data")
    assert servers(folder) == []
    assert database.read_bytes() == damaged


# Two at once


def test_of_two_started_at_the_same_moment_one_keeps_the_server_and_both_use_one_project(
    start: Starter, folder: Path, paragraphs: Path
) -> None:
    pair = [start(folder, paragraphs, *OURS), start(folder, paragraphs, *OURS)]
    until(lambda: any(one.process.poll() is not None for one in pair), "the end of one")
    (keeper,) = (one for one in pair if one.process.poll() is None)
    (other,) = (one for one in pair if one is not keeper)
    keeper.waits()
    other.ends_well()
    assert "waiting for it" in other.err
    assert "keeps this server running" in other.err
    assert (other.url, other.project) == (keeper.url, keeper.project)
    assert paragraphs_in(keeper) == [paragraph.id for paragraph in paragraphs_of()]
    assert titles_in(keeper).count("started") == 1
    assert keeper.interrupt() == 0
    assert servers(folder) == []


# Ports


def occupied(port: int = 0) -> socket.socket:
    program = socket.socket()
    program.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    program.bind(("127.0.0.1", port))
    program.listen()
    return program


def told_port(start: Start) -> int:
    arguments = start.server().cmdline()
    return int(arguments[arguments.index("--port") + 1])


def test_a_port_that_is_taken_is_refused_where_the_user_named_it(start: Starter, folder: Path) -> None:
    with occupied() as program:
        port = program.getsockname()[1]
        start(folder, *OURS, "--port", str(port)).fails(2, f"port {port} is taken .*--port")
    assert servers(folder) == []


def test_another_port_is_found_where_the_usual_ones_are_taken_even_at_the_last_moment(
    start: Starter, folder: Path, paragraphs: Path
) -> None:
    with occupied() as last:
        (folder / "server.json").write_text(json.dumps({"port": last.getsockname()[1]}))
        command = start(folder, paragraphs, *OURS)
        port = told_port(command)
        assert port != last.getsockname()[1]
        with occupied(port):
            command.waits()
            assert command.port != port
            assert listening(command.server()) == [("127.0.0.1", command.port)]
            assert paragraphs_in(command) == [paragraph.id for paragraph in paragraphs_of()]
            assert command.interrupt() == 0


def test_a_named_port_that_is_taken_at_the_last_moment_is_refused(start: Starter, folder: Path) -> None:
    with occupied() as program:
        port = program.getsockname()[1]
    command = start(folder, *OURS, "--port", str(port))
    assert told_port(command) == port
    with occupied(port):
        command.fails(2, f"port {port} is taken .*--port")
    assert servers(folder) == []


# Mistakes: nothing is started, nothing is made


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--port", "0"], "'--port'"),
        (["--port", "70000"], "'--port'"),
        (["--overlap", "0"], "'--overlap'"),
        (["--project", "ab"], "expected 3 to 50 characters"),
        (["--project", "a" * 51], "expected 3 to 50 characters"),
        (["--project", " abc"], "no space at either end"),
        (["gone.jsonl"], "gone.jsonl: the file cannot be read"),
        (["/dev/null"], "there is no paragraph to label"),
        (["--schema", "gone.yaml"], "gone.yaml"),
        (["--guidelines", "gone.md"], "gone.md"),
    ],
    ids=lambda value: " ".join(value)[:20] if isinstance(value, list) else "",
)
def test_a_mistake_is_told_before_anything_is_started(
    start: Starter, tmp_path: Path, arguments: list[str], message: str
) -> None:
    command = start(tmp_path / "data", "--no-browser", *arguments)
    assert command.ends() == (2 if arguments[0] in {"--port", "--overlap", "--project"} else 1)
    assert message in " ".join(command.err.split())
    assert "Traceback" not in command.err
    assert command.out == ""
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("name", ["notes.txt", "token.txt"])
def test_a_folder_that_holds_something_else_is_left_alone(start: Starter, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "token").write_text("mine")
    (folder / name).write_text("mine")
    start(folder, *OURS).fails(1, f"data: the folder holds something else .*got {name}.*--data")
    assert {path.name: path.read_text() for path in folder.iterdir()} == {"token": "mine", name: "mine"}


@pytest.mark.parametrize("below", ["", "below"])
def test_a_path_that_is_no_folder_is_refused(start: Starter, tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("mine")
    start(tmp_path / "file" / below, *OURS).fails(1, "the data folder cannot be used .*--data")
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")
@pytest.mark.parametrize("used", [True, False])
def test_a_folder_that_may_not_be_written_is_refused(
    start: Starter, folder: Path, tmp_path: Path, *, used: bool
) -> None:
    before: tuple[str, ...] = ()
    if os.geteuid() == 0:  # who may write everywhere, unless this right is taken away
        if not shutil.which("setpriv"):
            pytest.skip("root may write everywhere, and there is no setpriv")
        before = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
    folder.chmod(0o500)
    (tmp_path / "closed").mkdir(mode=0o500)
    command = start(folder if used else tmp_path / "closed" / "data", *OURS, before=before)
    command.fails(1, "the data folder cannot be used .*got Permission denied.*--data")
    folder.chmod(0o700)

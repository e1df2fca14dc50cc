"""``iraqstance dataset publish``, with the real client, against a server that speaks what it asks of the Hub."""

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from subprocess import PIPE, CompletedProcess
from typing import Any

import pytest
from iraqstance import __version__
from iraqstance.annotation.normalise import fingerprint
from iraqstance.annotation.records import Judgement, Paragraph
from iraqstance.annotation.rows import write_paragraphs
from iraqstance.annotation.schema import packaged_schema
from iraqstance.dataset.build import build
from iraqstance.dataset.editions import Edition, packaged_edition, packaged_folder
from iraqstance.dataset.hydrate import hydrate

Run = Callable[..., CompletedProcess[str]]

TOKEN = "hf_NoRealTokenButOneOfTheTests"  # noqa: S105 - of no account
HEAD = "0123456789abcdef0123456789abcdef01234567"
CUPS = "me/cups"


@dataclass
class Hub:
    """The few routes of the Hub that an upload needs, and what came in through them.

    Attributes:
        held: Files of the repository before the upload; ``None`` where there is no repository.
        private: Whether the repository is private.
        faults: Status and body to answer with, by a pattern of method and path.
        requests: Method and path of each request, in order.
        authorisations: The authorisation of each request to the Hub itself.
        created: What was asked to be made.
        stored: Large files by their SHA-256.
        commits: Each commit: its header, its files' bytes, and the files it deletes.
    """

    held: list[str] | None = None
    private: bool = False
    faults: dict[str, tuple[int, str]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    authorisations: list[str] = field(default_factory=list)
    created: list[dict[str, Any]] = field(default_factory=list)
    stored: dict[str, bytes] = field(default_factory=dict)
    commits: list[tuple[dict[str, Any], dict[str, bytes], list[str]]] = field(default_factory=list)
    url: str = ""

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, object]:
        """Return status and JSON."""
        if method == "PUT":
            return self.store(path.rpartition("/")[2], body)
        sent = [json.loads(line) for line in body.splitlines()]
        routes: dict[str, Callable[[], tuple[int, object]]] = {
            "/api/repos/create": lambda: self.create(sent[0]),
            "/api/validate-yaml": lambda: (200, {"errors": [], "warnings": []}),
            "/api/datasets/[^/]+/[^/]+/preupload/main": lambda: (
                200,
                {"files": list(map(upload_mode, sent[0]["files"]))},
            ),
            "/api/datasets/[^/]+/[^/]+/commit/main": lambda: self.commit(sent),
            "/api/datasets/[^/]+/[^/]+": lambda: self.describe(path),
            "/datasets/[^/]+/[^/]+/info/lfs/objects/batch": lambda: self.batch(sent[0]["objects"]),
        }
        found = next((route for pattern, route in routes.items() if re.fullmatch(pattern, path)), None)
        return found() if found else (404, {"error": "Not found"})

    def store(self, name: str, body: bytes) -> tuple[int, object]:
        """Take a large file."""
        assert hashlib.sha256(body).hexdigest() == name
        self.stored[name] = body
        return 200, {}

    def batch(self, objects: list[dict[str, Any]]) -> tuple[int, object]:
        """Say where large files go."""
        actions = [{"upload": {"href": f"{self.url}/store/{one['oid']}"}} for one in objects]
        told = [{**one, "actions": action} for one, action in zip(objects, actions, strict=True)]
        return 200, {"transfer": "basic", "objects": told}

    def describe(self, path: str) -> tuple[int, object]:
        """Tell what the repository holds."""
        if self.held is None:
            return 404, {"error": "Repository not found"}
        siblings = [{"rfilename": name} for name in self.held]
        name = path.removeprefix("/api/datasets/")
        return 200, {"id": name, "sha": HEAD, "private": self.private, "siblings": siblings}

    def create(self, sent: dict[str, Any]) -> tuple[int, object]:
        """Make the repository, or say that it is there."""
        self.created.append(sent)
        if self.held is not None:
            return 409, {"error": "You already created this dataset repo", "url": f"{self.url}/datasets/{CUPS}"}
        self.held, self.private = [".gitattributes"], "private" in json.dumps(sent)
        return 200, {"url": f"{self.url}/datasets/{sent['organization']}/{sent['name']}"}

    def commit(self, lines: list[dict[str, Any]]) -> tuple[int, object]:
        """Take a commit."""
        header, files, deleted = {}, {}, []
        for line in lines:
            value = line["value"]
            if line["key"] == "header":
                header = value
            elif line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.stored[value["oid"]]
            else:
                assert line["key"] == "deletedFile"
                deleted.append(value["path"])
        self.commits.append((header, files, deleted))
        return 200, {"commitUrl": f"{self.url}/datasets/{CUPS}/commit/{HEAD}", "commitOid": HEAD}


def upload_mode(file: dict[str, Any]) -> dict[str, object]:
    mode = "lfs" if file["path"].endswith(".parquet") else "regular"
    return {"path": file["path"], "uploadMode": mode, "shouldIgnore": False}


@contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = self.path.partition("?")[0]
            hub.requests.append(f"{self.command} {path}")
            if self.command != "PUT":  # which goes to the store
                hub.authorisations.append(self.headers.get("Authorization", ""))
            fault = next((one for pattern, one in hub.faults.items() if re.search(pattern, hub.requests[-1])), None)
            if fault:
                status, answered = fault[0], fault[1].encode()
            else:
                status, value = hub.answer(self.command, path, body)
                answered = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answered)))
            self.end_headers()
            self.wfile.write(answered)

        do_GET = do_POST = do_PUT = handle_any  # noqa: N815 - the names that http.server asks for

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        hub.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield hub
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serving(Hub()) as served:
        yield served


def surroundings(hub: Hub, home: Path) -> dict[str, str]:
    return {
        "HF_ENDPOINT": hub.url,  # which the client reads when it is imported
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_XET": "1",  # its store is another protocol
        "HF_HUB_OFFLINE": "0",
        "HF_TOKEN": TOKEN,
        "NO_PROXY": "127.0.0.1",
    }


@pytest.fixture
def publish(run: Run, tmp_path: Path, hub: Hub) -> Run:
    """Run ``dataset publish`` with a token, in a home of its own, on the server of the test."""

    def published(*arguments: str | Path, **environment: str) -> CompletedProcess[str]:
        done = run("dataset", "publish", *arguments, **{**surroundings(hub, tmp_path / "home"), **environment})
        assert TOKEN not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done

    return published


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset folder of a user's own."""
    schema = packaged_schema()
    folder = tmp_path_factory.mktemp("made") / "cups"
    says = dict(zip(schema.stance_names, ("approves of", "rejects", "describes"), strict=True))
    paragraphs, judgements = [], []
    for number, (stance, words) in enumerate([*says.items()] * 2):
        text = f"The cup with the number {number} {words} the table on which it stands."
        paragraphs.append(Paragraph(f"tale/{number:03d}", "tale", 0, len(text), text, fingerprint(text)))
        judgements += [
            Judgement(paragraphs[-1].id, name, {"us_policy_iraq": stance}, ("other",))
            for name in ("reader-1", "reader-2")
        ]
    build([Edition("default", tuple(paragraphs), tuple(judgements))], schema, folder)
    return folder


@pytest.fixture
def cups(made: Path, tmp_path: Path) -> Path:
    """A copy of the folder, to be spoilt."""
    return Path(shutil.copytree(made, tmp_path / "cups"))


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_packaged_dataset_goes_up_in_one_commit_byte_for_byte(publish: Run, hub: Hub, tmp_path: Path) -> None:
    """And a dry run writes the very same."""
    assert publish("--dry-run", "out").returncode == 0
    assert hub.requests == []
    done = publish("--repo", "me/iraqstance")
    assert done.returncode == 0, done.stderr
    ((header, files, deleted),) = hub.commits
    assert files == content(tmp_path / "out")
    assert all(files[name] == (packaged_folder() / name).read_bytes() for name in files)
    assert deleted == []
    assert header["summary"] == f"Version {__version__}"
    assert header["parentCommit"] == HEAD
    assert done.stdout.endswith(f"\n{hub.url}/datasets/me/iraqstance\n")


def test_every_request_carries_the_token_and_no_output_does(publish: Run, hub: Hub, cups: Path) -> None:
    assert publish(cups, "--repo", CUPS).returncode == 0
    assert set(hub.authorisations) == {f"Bearer {TOKEN}"}


def test_the_token_of_the_saved_login_is_used(publish: Run, hub: Hub, cups: Path, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "token").write_text(TOKEN, encoding="ascii")
    assert publish(cups, "--repo", CUPS, HF_TOKEN="").returncode == 0
    assert set(hub.authorisations) == {f"Bearer {TOKEN}"}


def test_a_folder_of_ones_own_goes_up_with_its_warnings_told(publish: Run, hub: Hub, cups: Path) -> None:
    (cups / "secret.py").write_text("print('mine')\n", encoding="utf-8")
    done = publish(cups, "--repo", CUPS)
    assert done.returncode == 0, done.stderr
    ((header, files, _),) = hub.commits
    assert set(files) == {"README.md", "croissant.json", "data/default.parquet", "data/judgements.parquet"}
    assert header["summary"].startswith("Dataset built with iraqstance ")
    assert re.search(r"^warning: .*\[one-group\]$", done.stderr, re.MULTILINE)
    assert "error: " not in done.stderr


def test_what_an_earlier_version_left_in_data_and_figures_is_deleted_and_nothing_else(
    publish: Run, hub: Hub, cups: Path
) -> None:
    hub.held = [
        "README.md",
        ".gitattributes",
        "notes.md",
        "data/default.parquet",
        "data/old.parquet",
        "figures/old.png",
    ]
    hub.held += ["database/old.parquet"]
    assert publish(cups, "--repo", CUPS).returncode == 0
    ((_, files, deleted),) = hub.commits
    assert sorted(deleted) == ["data/old.parquet", "figures/old.png"]
    assert "data/default.parquet" in files


@pytest.mark.parametrize(("option", "asked"), [([], False), (["--private"], True)])
def test_a_new_repository_is_private_where_that_is_asked(
    publish: Run, hub: Hub, cups: Path, option: list[str], *, asked: bool
) -> None:
    assert publish(cups, "--repo", CUPS, *option).returncode == 0
    assert hub.private is asked
    assert (hub.created[0]["organization"], hub.created[0]["name"], hub.created[0]["type"]) == ("me", "cups", "dataset")


def test_nothing_goes_to_a_public_repository_that_is_to_be_private(publish: Run, hub: Hub, cups: Path) -> None:
    hub.held = [".gitattributes"]
    done = publish(cups, "--repo", CUPS, "--private")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "error: me/cups: the repository is public (expected a private one). Change it in its settings first"
    )
    assert hub.commits == []
    assert hub.stored == {}


def test_json_tells_files_repository_and_address(publish: Run, hub: Hub, cups: Path) -> None:
    sent = json.loads(publish(cups, "--repo", CUPS, "--json").stdout)
    assert (sent["repo"], sent["url"]) == (CUPS, f"{hub.url}/datasets/{CUPS}")
    ((_, files, _),) = hub.commits
    assert sent["files"] == [
        {"path": name, "size": len(held), "sha256": hashlib.sha256(held).hexdigest()}
        for name, held in sorted(files.items())
    ]
    dry = json.loads(publish(cups, "--dry-run", "out", "--json").stdout)
    assert dry == {"files": sent["files"], "repo": None, "url": None}


# Uploads again whenever it is told to: what takes long is to import the client and to check the folder.
UPLOADING = """
import sys
from iraqstance.dataset.publish import HubError, prepare, upload
release = prepare(sys.argv[1])
for repo in sys.stdin:
    try:
        print(upload(release, repo.strip()), flush=True)
    except HubError as error:
        print(error, flush=True)
"""


@pytest.fixture(scope="module")
def told(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[dict[str, tuple[int, str]]], str]]:
    """Upload to a Hub with faults, and return the address or the error."""
    home = tmp_path_factory.mktemp("home")
    with serving(Hub()) as hub:
        environment = {**os.environ, **surroundings(hub, home)}
        with subprocess.Popen(
            [sys.executable, "-c", UPLOADING, str(made)],
            env=environment,
            text=True,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
        ) as process:

            def upload(faults: dict[str, tuple[int, str]]) -> str:
                hub.faults, hub.held = faults, None
                assert process.stdin
                assert process.stdout
                process.stdin.write(f"{CUPS}\n")
                process.stdin.flush()
                return process.stdout.readline()

            yield upload
            _, said = process.communicate()
            assert said == ""


@pytest.mark.parametrize(
    ("route", "status", "body", "message"),
    [
        (
            "create",
            401,
            f'{{"error": "Bad token {TOKEN}"}}',
            r"the Hub refuses .got 401 .*\(the token\).*hf auth login",
        ),
        ("create", 403, '{"error": "You may not"}', r"the Hub refuses .got 403 .*You may not.*the right to write"),
        ("create", 400, '{"error": "Bad name"}', r"the Hub refuses .got 400 .*Bad name"),
        ("create", 500, "<html>oops</html>", r"the Hub fails .got 500 .a page of HTML.*later"),
        ("create", 429, "{}", r"the Hub refuses .got 429.*Wait"),
        ("preupload", 404, "{}", r"the Hub refuses .got 404.*owner's name"),
        ("store", 403, "{}", r"the Hub refuses .got 403"),
        ("batch", 200, "no json", r"the upload did not succeed"),
        ("commit", 403, '{"error": "Read only"}', r"the Hub refuses .got 403 .*Read only"),
        ("commit", 409, "{}", r"the Hub refuses .got 409.*run the command again"),
        ("commit", 412, '{"error": "A commit has happened since"}', r"the Hub refuses .got 412.*run the command again"),
        ("commit", 503, "{}", r"the Hub fails .got 503.*later"),
        ("validate-yaml", 400, '{"errors": [{"message": "no such licence"}]}', r"no such licence"),
    ],
)
def test_what_the_hub_says_becomes_one_clear_line(
    told: Callable[[dict[str, tuple[int, str]]], str], route: str, status: int, body: str, message: str
) -> None:
    said = told({route: (status, body)})
    assert said.startswith("me/cups: ")
    assert re.search(message, said)
    assert TOKEN not in said
    assert told({}).endswith("/datasets/me/cups\n")


def test_who_may_write_but_not_create_updates_what_is_there(publish: Run, hub: Hub, cups: Path) -> None:
    hub.held = [".gitattributes"]
    hub.faults = {"create": (403, '{"error": "You may not create"}')}
    assert publish(cups, "--repo", CUPS).returncode == 0
    assert len(hub.commits) == 1


def test_a_refusal_ends_the_command_with_one_line(publish: Run, hub: Hub, cups: Path) -> None:
    hub.faults = {"commit": (403, f'{{"error": "{TOKEN} may only read"}}')}
    done = publish(cups, "--repo", CUPS)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1] == (
        "error: me/cups: the Hub refuses (got 403 (the token) may only read). "
        "Use a token with the right to write there, and check the owner's name"
    )
    assert hub.commits == []


def test_a_hub_that_is_not_there_is_told(publish: Run, cups: Path) -> None:
    with serving(Hub()) as gone:
        pass
    done = publish(cups, "--repo", CUPS, HF_ENDPOINT=gone.url)
    assert done.returncode == 1
    assert re.search(r"^error: me/cups: the upload did not succeed .*Check the network", done.stderr, re.MULTILINE)


def test_an_offline_switch_is_told(publish: Run, hub: Hub, cups: Path) -> None:
    done = publish(cups, "--repo", CUPS, HF_HUB_OFFLINE="1")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "error: me/cups: the Hub is switched off (got HF_HUB_OFFLINE=1). Unset it"
    assert hub.requests == []


@pytest.mark.parametrize("token", ["", "two words", "hf_ümlaut"])
def test_without_a_token_the_message_says_how_to_log_in(publish: Run, hub: Hub, cups: Path, token: str) -> None:
    done = publish(cups, "--repo", CUPS, HF_TOKEN=token)
    assert done.returncode == 2
    last = done.stderr.splitlines()[-1]
    assert last.startswith("error: there is no usable Hugging Face token")
    assert "run `hf auth login`, or set HF_TOKEN" in last
    assert "ümlaut" not in last
    assert hub.requests == []


def test_a_bad_name_is_told_before_anything_is_sent(publish: Run, hub: Hub, cups: Path) -> None:
    done = publish(cups, "--repo", "me/my/cups")
    assert done.returncode == 2
    assert re.search(r"error: this is no name of a repository \(expected OWNER/NAME", done.stderr)
    assert hub.requests == []


@pytest.mark.parametrize("name", ["cups", "me/my/cups", "me/my cups", "-/-"])
def test_a_dry_run_checks_the_name_before_any_work(publish: Run, tmp_path: Path, name: str) -> None:
    """Even before it looks whether the folder is there."""
    done = publish("gone", "--dry-run", "out", "--repo", name)
    assert done.returncode == 2
    assert done.stderr.startswith("error: this is no name of a repository (expected OWNER/NAME, got ")
    assert not (tmp_path / "out").exists()


def test_a_dry_run_with_a_good_name_sends_nothing(publish: Run, hub: Hub, cups: Path, tmp_path: Path) -> None:
    done = publish(cups, "--dry-run", "out", "--repo", CUPS, HF_TOKEN="")
    assert done.returncode == 0, done.stderr
    assert content(tmp_path / "out") == content(cups)
    assert hub.requests == []


def test_neither_a_repository_nor_a_dry_run_is_wrong_usage(publish: Run, cups: Path) -> None:
    done = publish(cups)
    assert done.returncode == 2
    assert done.stderr == "error: publish where? (expected --repo OWNER/NAME, or --dry-run DIR).\n"


def test_errors_stop_it_and_are_listed(publish: Run, hub: Hub, cups: Path, tmp_path: Path) -> None:
    (cups / "data" / "judgements.parquet").unlink()
    for arguments in (["--repo", CUPS], ["--dry-run", "out"]):
        done = publish(cups, *arguments)
        assert done.returncode == 1
        assert done.stdout == ""
        assert re.search(r"^error: data/judgements\.parquet: .* \[missing-file\]$", done.stderr, re.MULTILINE)
    assert hub.requests == []
    assert not (tmp_path / "out").exists()


def test_hydrated_articles_are_refused_before_anything_is_sent(
    publish: Run, run: Run, hub: Hub, tmp_path: Path, articles: Path
) -> None:
    """The whole way of somebody who would: hydrate, build, publish."""
    write_paragraphs(tmp_path / "p.jsonl", hydrate(packaged_edition("source"), articles).edition.paragraphs)
    judgements = packaged_folder().parent / "annotation" / "judgements" / "source.jsonl"
    assert run("dataset", "build", "p.jsonl", "--judgements", judgements, "-o", "mine").returncode == 0
    for arguments in (["--repo", "me/mine"], ["--dry-run", "out"]):
        done = publish("mine", *arguments)
        assert done.returncode == 1
        assert re.search(r"error: mine/data/default\.parquet: row 1: the text of a source article", done.stderr)
    assert hub.requests == []
    assert not (tmp_path / "out").exists()


def test_a_dry_run_twice_makes_the_same_bytes_and_wants_no_token(publish: Run, cups: Path, tmp_path: Path) -> None:
    for _ in range(2):
        done = publish(cups, "--dry-run", "out", HF_TOKEN="")
        assert done.returncode == 0, done.stderr
        assert content(tmp_path / "out") == content(cups)
    assert done.stdout.endswith("\nout: nothing was sent\n")


def test_help_shows_an_example(run: Run) -> None:
    assert "iraqstance dataset publish" in run("dataset", "publish", "--help").stdout.partition("Example:")[2]

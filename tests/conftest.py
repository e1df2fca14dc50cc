"""What tests share: the packaged schema, the source articles where they are, and the command as a user runs it."""

import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NoReturn

import httpx
import pytest
from clusters import running
from filelock import FileLock
from hypothesis import settings
from iraqstance.annotation.connection import Server, connect
from iraqstance.annotation.errors import IraqstanceError
from iraqstance.annotation.schema import LabelDefinition, Schema, Target, packaged_schema
from iraqstance.annotation.server import ACCOUNT, LocalServer, install, start_server
from iraqstance.training.default_model import default_model, default_model_folder
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
ARTICLES = Path(os.environ.get("IRAQSTANCE_ARTICLES", ROOT.parent / "shared" / "articles"))

# A schema of another subject, with two targets.
TEA = Schema(
    name="tea",
    version=1,
    targets=(Target(name="green", title="green tea"), Target(name="black", title="black tea")),
    stance_question="Does it like the tea?",
    stances=(LabelDefinition(name="likes", definition="Yes."), LabelDefinition(name="dislikes", definition="No.")),
    topic_question="What is it about?",
    topics=(LabelDefinition(name="taste", definition="Taste."), LabelDefinition(name="price", definition="Price.")),
)

# A schema as a user's file holds it, also with two targets.
RIVER: dict[str, Any] = {
    "name": "river",
    "version": 1,
    "targets": [{"name": "dam", "title": "the dam"}, {"name": "canal", "title": "the canal"}],
    "stance_question": "What does it say?",
    "stances": [{"name": "pro", "definition": "For it."}, {"name": "con", "definition": "Not for it."}],
    "topic_question": "What is it about?",
    "topics": [{"name": "fish", "definition": "Fish."}, {"name": "power", "definition": "Power."}],
}

Run = Callable[..., subprocess.CompletedProcess[str]]


# No example is held against the clock: another process may have the processor.
settings.register_profile("without a clock", deadline=None)
settings.load_profile("without a clock")


def pytest_configure() -> None:
    """Let signals do what they usually do: run in the background, tests would inherit that they are ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep tests of one labelling server in one process where tests run in several: a server takes long to set up."""
    for item in items:
        if "studio" in getattr(item, "fixturenames", ()):
            starting = item.path.name in {"test_server.py", "test_studio_start.py"}
            item.add_marker(pytest.mark.xdist_group("starting" if starting else "studio"))


@pytest.fixture
def schema() -> Schema:
    return packaged_schema()


@pytest.fixture
def articles() -> Path:
    """The folder of source articles, which belong to their publishers and are not in this repository."""
    if not ARTICLES.is_dir():
        pytest.skip(f"the source articles are not at {ARTICLES}; name their folder in IRAQSTANCE_ARTICLES")
    return ARTICLES


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for caches that commands fill, shared by the tests of a process."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def default_model_made(offline: None, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001 - sets the cache
    """The default model's folder in this process's cache. One process trains it, the others copy it."""
    common = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        common = common.parent
    folder, kept = default_model_folder(), common / "default-model"
    with FileLock(common / "default-model.lock"):
        if not kept.exists():
            default_model()
            shutil.copytree(folder, kept)
    if not folder.exists():
        shutil.copytree(kept, folder)
    return folder


@pytest.fixture
def run(tmp_path: Path, cache: Path) -> Run:
    """Run ``iraqstance`` in a process of its own, in an empty folder, as a user would."""

    def run_command(
        *arguments: str | Path, stdin: str | bytes = "", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        given = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(
            [
                sys.executable,
                "-W",
                "error::DeprecationWarning:iraqstance",
                "-m",
                "iraqstance.cli",
                *map(str, arguments),
            ],
            input=given,
            capture_output=True,
            check=False,
            cwd=tmp_path,
            env={
                **os.environ,
                "HF_HOME": str(cache / "hf"),
                "HF_HUB_OFFLINE": "1",
                "IRAQSTANCE_CACHE": str(cache / "iraqstance"),
                **environment,
            },
        )
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    return run_command


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Dask scheduler with two workers, which no test kills."""
    with running(tmp_path_factory.mktemp("cluster"), workers=2) as started:
        yield started.address


@pytest.fixture(autouse=True, scope="session")
def offline(cache: Path) -> Iterator[None]:
    """Keep Hugging Face and the default model's cache inside the test's own folders."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HOME", str(cache / "hf"))
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.setenv("IRAQSTANCE_CACHE", str(cache / "iraqstance"))
        yield


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """Let the system refuse to write beyond a size, as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def absent(what: str) -> NoReturn:
    """Skip the test for want of something, or fail it where everything has to be there."""
    if os.environ.get("IRAQSTANCE_SKIP_NOTHING"):
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="session")
def studio_cache() -> Path:
    """A cache folder with the labelling server installed; it stays in the build folder, for it is 1 GB."""
    folder = ROOT / "build" / "cache"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IRAQSTANCE_CACHE", str(folder))
        try:
            install(note=lambda _: None)
        except IraqstanceError as error:
            absent(f"Label Studio cannot be installed: {error}")
    return folder


@pytest.fixture(scope="session")
def studio(studio_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """A real Label Studio on SQLite, for all tests that do not kill it."""
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("IRAQSTANCE_CACHE", str(studio_cache))
            folder = tmp_path_factory.mktemp("studio")
            server = stack.enter_context(start_server(folder, port=None, note=lambda _: None))
        yield server


@pytest.fixture(scope="session")
def personal(studio: LocalServer) -> str:
    """A personal access token of the lead."""
    with httpx.Client(base_url=studio.url, follow_redirects=True, trust_env=False) as client:
        client.get("/user/login")
        form = {"email": ACCOUNT, "password": studio.password_file.read_text().strip()}
        client.post("/user/login", data={**form, "csrfmiddlewaretoken": client.cookies["csrftoken"]})
        answer = client.post("/api/token/", headers={"X-CSRFToken": client.cookies["csrftoken"]})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["token"])


@pytest.fixture(scope="session")
def set_up_folder(studio: LocalServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose database is set up, to be copied by tests that start servers of their own."""
    folder = tmp_path_factory.mktemp("set-up") / "data"
    shutil.copytree(studio.folder, folder, ignore=shutil.ignore_patterns("server.json", "studio.lock", "*.log"))
    return folder


@pytest.fixture
def server(studio: LocalServer) -> Iterator[Server]:
    """The connection to the labelling server as its lead."""
    with connect(studio.url, studio.token) as connected:
        yield connected


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, or another that is installed."""
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next((found for name in names if (found := shutil.which(name))), None)
    if program is None:
        absent("there is no Chromium; on Debian: apt-get install chromium")
    flags = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=program, args=[*flags.split(), "--disable-component-update", "--disable-sync"]
        )
        yield started
        started.close()

"""The local server's installation, and what a program sees of a server that runs.

The installers and the index are real; only the package that they install, Label Studio with its gigabyte, is another of
its name and version.
"""

import base64
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import threading
import venv
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
import pytest
from iraqstance.annotation.errors import InputError, IraqstanceError
from iraqstance.annotation.server import VERSION, LocalServer, data_folder, install, running_server
from starting import Start, lives, until

WHEEL = f"label_studio-{VERSION}-py3-none-any.whl"


def write_wheel(folder: Path) -> bytes:
    """Make a package of Label Studio's name and version, with nothing in it, and return its file."""
    info = f"label_studio-{VERSION}.dist-info"
    content = {
        "label_studio/__init__.py": "",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: label-studio\nVersion: {VERSION}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = []
    for name, text in content.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        rows.append(f"{name},sha256={digest},{len(text)}")
    content[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,", ""])
    with zipfile.ZipFile(folder / WHEEL, "w") as wheel:
        for name, text in content.items():
            wheel.writestr(name, text)
    return (folder / WHEEL).read_bytes()


class Index:
    """An index of packages on this machine, which answers, or lets those who ask wait."""

    def __init__(self, wheel: bytes) -> None:
        self.goes_on = threading.Event()
        self.asked = threading.Event()
        index = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                index.asked.set()
                index.goes_on.wait()
                page = f'<!doctype html><a href="/{WHEEL}">{WHEEL}</a>'.encode()
                body, kind = (wheel, "application/zip") if self.path.endswith(".whl") else (page, "text/html")
                try:
                    self.send_response(200)
                    self.send_header("Content-Type", kind)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except ConnectionError:  # who asked is no more
                    self.close_connection = True

            def do_HEAD(self) -> None:
                self.do_GET()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    @property
    def environment(self) -> dict[str, str]:
        """The variables that send installers here."""
        return index_at(f"http://127.0.0.1:{self.server.server_port}/simple")

    def close(self) -> None:
        """Answer all who wait, and no more."""
        self.goes_on.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def index_at(url: str) -> dict[str, str]:
    """Return the variables that send installers to an index alone, and there without patience."""
    return {
        "UV_INDEX_URL": url,
        "UV_HTTP_RETRIES": "0",
        "UV_NO_CONFIG": "1",
        "PIP_INDEX_URL": url,
        "PIP_EXTRA_INDEX_URL": "",
        "PIP_FIND_LINKS": "",
        "PIP_RETRIES": "0",
        "PIP_NO_CACHE_DIR": "1",
        "PIP_CONFIG_FILE": os.devnull,
        "NO_PROXY": "127.0.0.1",
    }


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    made = Index(write_wheel(tmp_path))
    made.goes_on.set()
    yield made
    made.close()


@pytest.fixture
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder, also of uv."""
    monkeypatch.setenv("IRAQSTANCE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    return tmp_path / "cache"


@pytest.fixture
def python_without_uv(tmp_path: Path) -> Path:
    """A Python that has this package, and no uv beside it."""
    venv.create(tmp_path / "bare", symlinks=True)
    modules = tmp_path / "bare" / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
    (modules / "all.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    return tmp_path / "bare" / "bin" / "python"


def installers(cache_folder: Path) -> list[psutil.Process]:
    """Return the processes that install into a cache folder."""
    found = []
    for process in psutil.process_iter():
        try:
            arguments = process.cmdline()
        except psutil.Error:
            continue
        if "iraqstance.cli" not in arguments and any(one.startswith(f"{cache_folder}/") for one in arguments):
            found.append(process)
    return found


def package_version(python: Path) -> str:
    command = [python, "-c", "import importlib.metadata as m; print(m.version('label-studio'))"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def set_all(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


# Installation


def test_an_installation_that_failed_says_why_and_is_made_again_by_the_next(
    cache_folder: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes: list[str] = []
    set_all(monkeypatch, index_at("http://127.0.0.1:9/simple"))
    home = cache_folder / f"label-studio-{VERSION}"
    with pytest.raises(IraqstanceError, match=r"could not be installed .*refused.* Check the network") as caught:
        install(notes.append)
    assert "\n" not in str(caught.value)
    assert home.is_dir()
    assert not (home / ".ready").exists()

    (home / "left over").touch()
    set_all(monkeypatch, index.environment)
    python = install(notes.append)
    assert package_version(python) == VERSION
    assert not (home / "left over").exists()
    assert len(notes) == 2
    assert all(str(home) in note for note in notes)

    index.asked.clear()
    assert install(notes.append) == python
    assert len(notes) == 2
    assert not index.asked.is_set()


def test_an_installation_without_its_mark_is_made_again(
    cache_folder: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_all(monkeypatch, index.environment)
    python = install(lambda _: None)
    home = cache_folder / f"label-studio-{VERSION}"
    (home / ".ready").unlink()
    python.unlink()
    python.write_text("cut off")
    assert install(lambda _: None) == python
    assert package_version(python) == VERSION


def test_pip_installs_where_there_is_no_uv_whatever_lies_around(
    cache_folder: Path, index: Index, python_without_uv: Path, tmp_path: Path
) -> None:
    around = tmp_path / "around"
    around.mkdir()
    for name in ("venv.py", "ensurepip.py", "pip.py"):
        (around / name).write_text("raise SystemExit('the wrong module')\n")
    code = "from iraqstance.annotation.server import install; print(install(lambda _: None))"
    misleading = {"PIP_TARGET": str(around), "PIP_USER": "1", "VIRTUAL_ENV": str(around)}
    done = subprocess.run(
        [python_without_uv, "-c", f"import sys; sys.path.remove(''); {code}"],
        check=False,
        capture_output=True,
        text=True,
        cwd=around,
        env={**os.environ, **index.environment, **misleading, "PATH": "/nowhere"},
    )
    assert done.returncode == 0, done.stderr
    python = Path(done.stdout.strip())
    assert python.is_relative_to(cache_folder)
    assert package_version(python) == VERSION
    assert shutil.which("pip", path=str(python.parent))  # which uv does not bring


def test_pip_says_why_it_failed(cache_folder: Path, python_without_uv: Path, tmp_path: Path) -> None:
    environment = {**os.environ, **index_at("http://127.0.0.1:9/simple"), "PATH": "/nowhere"}
    command = [python_without_uv, "-m", "iraqstance.cli", "studio", "start", "--data", tmp_path / "data"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert re.search(r"\nerror: .* could not be installed .*No matching distribution.* Check the network", done.stderr)
    assert not (cache_folder / f"label-studio-{VERSION}" / ".ready").exists()


def test_an_installer_that_cannot_run_is_named(
    cache_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "uv").write_bytes(b"\x7fELF of another machine")
    (tmp_path / "uv").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        IraqstanceError, match=rf"^{tmp_path}/uv: Label Studio could not be installed \(got Exec format"
    ):
        install(lambda _: None)
    assert cache_folder.is_dir()


def test_a_cache_folder_that_cannot_be_made_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("IRAQSTANCE_CACHE", str(tmp_path / "file"))
    with pytest.raises(InputError, match=r"file: the cache folder cannot be used .*IRAQSTANCE_CACHE"):
        install(lambda _: None)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_installation_that_was_broken_off_leaves_nothing_that_disturbs_the_next(
    cache_folder: Path, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    set_all(monkeypatch, index.environment)
    index.goes_on.clear()
    command = Start(tmp_path / "data", "--no-browser", environment={}, cwd=tmp_path)
    until(index.asked.is_set, "the installer's question to the index")
    assert installers(cache_folder)
    command.process.send_signal(number)  # to the command alone
    assert command.ends() == (-number if number == signal.SIGKILL else 130)
    assert bool(installers(cache_folder)) == (number == signal.SIGKILL)
    assert "Traceback" not in command.err
    assert not (cache_folder / f"label-studio-{VERSION}" / ".ready").exists()

    left = installers(cache_folder)

    def go_on() -> None:
        until(lambda: not any(map(lives, left)), "the end of what was left over")
        index.goes_on.set()

    freed = threading.Thread(target=go_on)
    freed.start()
    python = install(lambda _: None)
    freed.join()
    assert package_version(python) == VERSION


# What a program sees


def test_a_running_server_is_found_by_its_folder(studio: LocalServer, tmp_path: Path) -> None:
    found = running_server(studio.folder)
    assert found
    assert (found.url, found.token, found.folder) == (studio.url, studio.token, studio.folder)
    assert not found.ours
    (tmp_path / "link").symlink_to(studio.folder)
    linked = running_server(tmp_path / "link")
    assert linked
    assert linked.url == studio.url


def test_no_server_is_found_where_none_runs(tmp_path: Path) -> None:
    assert running_server(tmp_path / "gone") is None
    record = {"port": 8080, "pid": os.getpid(), "created": psutil.Process().create_time()}
    (tmp_path / "server.json").write_text(json.dumps(record))
    assert running_server(tmp_path) is None


def test_the_data_folder_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    if sys.platform == "linux":
        assert data_folder() == tmp_path / "iraqstance" / "studio"
    assert data_folder().is_absolute()

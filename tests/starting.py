"""What tests of ``iraqstance studio start`` share: the command as a process of its own, and its server."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import httpx
import psutil
from iraqstance.annotation.server import ACCOUNT

T = TypeVar("T")

_PATIENCE = 240  # seconds until a test gives up; nothing is measured against it
_READY = re.compile(r"Label at (http://127\.0\.0\.1:(\d+))/projects/(\d+)/data\?labeling=1\n")


def until(look: Callable[[], T], what: str) -> T:
    """Return what a look finds, as soon as it finds something.

    Other processes' ends, sockets and files send no signal that could be waited for, so it looks again and again; the
    pause only keeps the processor free for them.
    """
    end = time.monotonic() + _PATIENCE
    while not (found := look()):
        assert time.monotonic() < end, f"in vain: {what}"
        time.sleep(0.02)
    return found


def lives(process: psutil.Process) -> bool:
    """Tell whether a process goes on; one that nobody buries does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def servers(folder: Path) -> list[psutil.Process]:
    """Return the servers that run on a data folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if "label_studio.server" in process.cmdline() and process.cwd() == str(folder):
                found.append(process)
        except psutil.Error:
            continue
    return found


def listening(process: psutil.Process) -> list[tuple[str, int]]:
    """Return the addresses at which a process and its children take connections."""
    family = [process, *process.children(recursive=True)]
    connections = [connection for one in family for connection in one.net_connections("all")]
    return [tuple(one.laddr) for one in connections if one.status == psutil.CONN_LISTEN]


class Start:
    """A ``studio start`` that runs, as from a terminal of its own."""

    def __init__(
        self,
        folder: Path,
        *arguments: str | Path,
        environment: Mapping[str, str],
        cwd: Path,
        before: tuple[str, ...] = (),
    ) -> None:
        self.folder = folder
        self._files = [cwd / f"{time.monotonic_ns()}.{name}" for name in ("out", "err")]
        command = [sys.executable, "-m", "iraqstance.cli", "studio", "start", "--data", str(folder)]
        with self._files[0].open("wb") as out, self._files[1].open("wb") as err:
            self.process = subprocess.Popen(
                [*before, *command, *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=cwd,
                env={**os.environ, **environment},
                start_new_session=True,
            )

    @property
    def out(self) -> str:
        """What it has printed."""
        return self._files[0].read_text(encoding="utf-8")

    @property
    def err(self) -> str:
        """What it has printed on standard error."""
        return self._files[1].read_text(encoding="utf-8")

    def has_said(self, text: str) -> "Start":
        """Wait until it has printed something on standard error."""
        until(lambda: text in self.err or self.process.poll() is not None, text)
        assert text in self.err, self.err
        return self

    def waits(self) -> "Start":
        """Wait until the labelling page is there and it waits for Ctrl-C."""
        return self.has_said("Stop with Ctrl-C.")

    def server(self) -> psutil.Process:
        """Wait until the server's process is there."""
        until(lambda: servers(self.folder) or self.process.poll() is not None, "a server")
        (process,) = servers(self.folder)
        return process

    @property
    def url(self) -> str:
        """The server's address."""
        return self._page[1]

    @property
    def port(self) -> int:
        """The server's port."""
        return int(self._page[2])

    @property
    def project(self) -> int:
        """The number of the project."""
        return int(self._page[3])

    @property
    def _page(self) -> re.Match[str]:
        found = _READY.match(self.out)
        assert found, self.out + self.err
        return found

    def ends(self) -> int:
        """Wait for its end, and return its exit code."""
        return self.process.wait(_PATIENCE)

    def ends_well(self) -> "Start":
        """Wait for its end, which is no failure."""
        assert self.ends() == 0, self.err
        return self

    def interrupt(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send a signal to all that runs in its terminal, as Ctrl-C does, and return the exit code."""
        os.killpg(self.process.pid, number)
        return self.ends()

    def kill(self) -> None:
        """End it without a chance to tidy up."""
        self.process.kill()
        self.ends()

    def fails(self, code: int, message: str) -> None:
        """Check that it ends with an exit code and this one clear line, as a regular expression."""
        assert self.ends() == code, self.err
        assert self.out == ""
        assert "Traceback" not in self.err
        errors = [line for line in self.err.splitlines() if line.startswith("error: ")]
        assert len(errors) == 1, self.err
        assert self.err.endswith(errors[0] + "\n")
        assert re.search(message, errors[0]), errors[0]


def api(start: Start, path: str, **parameters: str | int) -> dict[str, object]:
    """Return what the server answers to the token of its folder."""
    token = (start.folder / "token").read_text(encoding="ascii").strip()
    answer = httpx.get(
        f"{start.url}{path}", params=parameters, headers={"Authorization": f"Token {token}"}, trust_env=False
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


@contextmanager
def logged_in(start: Start) -> Iterator[httpx.Client]:
    """Give a browser of the poor, logged in with the password of the folder."""
    password = (start.folder / "password").read_text(encoding="utf-8").strip()
    with httpx.Client(base_url=start.url, trust_env=False, timeout=60) as client:
        client.get("/user/login/")
        form = {"email": ACCOUNT, "password": password, "csrfmiddlewaretoken": client.cookies["csrftoken"]}
        assert client.post("/user/login/", data=form).status_code == 302
        yield client

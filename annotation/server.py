"""A local Label Studio: installed once, kept on SQLite in a folder of the user's, bound to this machine alone."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import platformdirs
from iraqstance.annotation.errors import InputError, IraqstanceError, UsageError, from_extra
from iraqstance.annotation.storage import cache_folder, is_private, read_json, write_json, write_secret
from pydantic import BaseModel, ConfigDict, ValidationError

if TYPE_CHECKING:
    import psutil

__all__ = ["ACCOUNT", "VERSION", "LocalServer", "data_folder", "running_server", "start_server"]

#: The pinned version of Label Studio, and the account that it is set up with.
VERSION = "1.23.2"
ACCOUNT = "lead@localhost"

_HOST = "127.0.0.1"
_PORT = 8080  # Label Studio's own
_PATIENCE = 600  # seconds: a first start sets up its tables, which takes half a minute on a quick machine
_STOPPING = 15  # seconds until a server that does not stop is killed
_RECORD = "server.json"

Note = Callable[[str], None]

# Sets the account right where a folder was left half-made, or its password file was lost. It runs inside the server's
# own environment; secrets come by environment variables, which other users of the machine cannot read.
_MEND = """
import os
from label_studio.server import _setup_env
_setup_env()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.contrib.auth import get_user_model
from organizations.models import Organization
from rest_framework.authtoken.models import Token
users = get_user_model().objects
email = os.environ["LABEL_STUDIO_USERNAME"]
user = users.filter(email=email).first() or users.create_user(email=email)
user.set_password(os.environ["LABEL_STUDIO_PASSWORD"])
user.is_staff = user.is_superuser = True
user.save()
Token.objects.filter(user=user).delete()
Token.objects.create(user=user, key=os.environ["LABEL_STUDIO_USER_TOKEN"])
organization = Organization.objects.first()
if organization is None:
    organization = Organization.create_organization(created_by=user, title="Label Studio")
else:
    organization.add_user(user)
user.active_organization = organization
user.save()
organization.jwt.legacy_api_tokens_enabled = True
organization.jwt.save()
"""


class _Record(BaseModel):
    """What is known of the server that last ran on a data folder; no process where it was stopped."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    port: int
    pid: int | None = None
    created: float | None = None


class LocalServer:
    """A running local server. As a context manager it is stopped at the end, where this process may stop it.

    Attributes:
        url: Its address.
        folder: Its data folder.
        ours: Whether this process watches over it; otherwise another ``studio start`` does.
        adopted: Whether it was running already.
    """

    def __init__(
        self, folder: Path, record: _Record, *, ours: bool, adopted: bool, child: subprocess.Popen[bytes] | None = None
    ) -> None:
        self.folder = folder
        self.url = f"http://{_HOST}:{record.port}"
        self.ours = ours
        self.adopted = adopted
        self._record = record
        self._child = child

    @property
    def password_file(self) -> Path:
        """The file with the account's password, readable by its owner alone."""
        return self.folder / "password"

    @property
    def token_file(self) -> Path:
        """The file with the account's API token, readable by its owner alone."""
        return self.folder / "token"

    @property
    def token(self) -> str:
        """The API token."""
        return self.token_file.read_text(encoding="ascii").strip()

    @property
    def has_ended(self) -> bool:
        """Whether its process is no more."""
        return _process(self._record) is None

    def wait(self) -> None:
        """Return when the server has ended by itself."""
        import psutil

        process = _process(self._record)
        if self._child is not None:
            self._child.wait()
        elif process is not None:
            psutil.wait_procs([process])

    def stop(self) -> None:
        """Stop the server and keep its port for the next start."""
        import psutil

        process = _process(self._record)
        if process is not None:
            family = [*process.children(recursive=True), process]
            for one in family:
                one.terminate()
            _, alive = psutil.wait_procs(family, timeout=_STOPPING)
            for one in alive:
                one.kill()
            psutil.wait_procs(alive)
        if self._child is not None:
            self._child.wait()
        write_json(self.folder / _RECORD, _Record(port=self._record.port).model_dump())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.ours:
            self.stop()


def data_folder() -> Path:
    """Return the folder that a local server's data is kept in where the user names none."""
    return platformdirs.user_data_path("iraqstance") / "studio"


def running_server(folder: Path | None = None) -> LocalServer | None:
    """Return the local server that runs on a data folder, or ``None``."""
    with from_extra("studio"):
        import psutil  # noqa: F401 - looked for here, used by what follows
    folder = folder or data_folder()
    record = _recorded(folder)
    if record is None or _process(record) is None:
        return None
    return LocalServer(folder, record, ours=False, adopted=True)


@contextmanager
def start_server(folder: Path | None = None, *, port: int | None = None, note: Note = print) -> Iterator[LocalServer]:
    """Start a server on a data folder, or take over the one that runs there; it is stopped at the end.

    A server that another ``studio start`` watches over is used and left running.

    Args:
        folder: Where its database, password and token are kept; made where it is not there.
        port: The port. Without it that of the last time, 8080, or any free one.
        note: Told what takes time.

    Raises:
        InputError: Where the folder cannot be used, or holds something else.
        UsageError: Where the port is taken.
        IraqstanceError: Where the server cannot be installed or does not start.
        MissingExtraError: Without the extra ``studio``.
    """
    with from_extra("studio"):
        import psutil  # noqa: F401 - looked for here, used by what follows
        from filelock import FileLock, Timeout
    folder = (folder or data_folder()).absolute()
    _prepare(folder)
    lock = FileLock(folder / "studio.lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        with _watched(folder) as server:
            _refuse_other_port(server, port)
            yield server
        return
    with lock, _own_server(folder, port, note) as server:
        yield server


@contextmanager
def _watched(folder: Path) -> Iterator[LocalServer]:
    server = running_server(folder)
    if server is None or not _answers(server):
        raise IraqstanceError(
            "another `iraqstance studio start` is just setting up this folder",
            where=str(folder),
            remedy="Wait for its address, or name another folder with --data",
        )
    yield server


@contextmanager
def _own_server(folder: Path, port: int | None, note: Note) -> Iterator[LocalServer]:
    record = _recorded(folder)
    adopted = record is not None and _process(record) is not None
    child = None
    if record is None or not adopted:
        program = install(note)
        record, child = _spawn(program, folder, _free_port(port, record))
    with LocalServer(folder, record, ours=True, adopted=adopted, child=child) as server:
        if adopted:
            note("A server that was left running on this folder is taken over.")
            _refuse_other_port(server, port)
        _wait_until_ready(server, note)
        if not _lets_in(server):
            note("Setting the account of this folder right.")
            _mend(install(note), server)
        yield server


def install(note: Note = print) -> Path:
    """Return the Python of the server's own environment, installing the pinned version where it is not there yet.

    The environment lies in the user's cache folder, about 1 GB, so that the server's pins bind nothing else.

    Raises:
        IraqstanceError: Where the installation fails.
    """
    with from_extra("studio"):
        from filelock import FileLock
    home = cache_folder() / f"label-studio-{VERSION}"
    python = home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    ready = home / ".ready"
    if ready.exists() and python.exists():
        return python
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError("the cache folder cannot be made", where=str(home.parent), got=error.strerror or "") from None
    with FileLock(f"{home}.lock"):
        if ready.exists() and python.exists():  # another process has just done it
            return python
        note(f"Installing Label Studio {VERSION} into {home}, once (about 1 GB).")
        shutil.rmtree(home, ignore_errors=True)
        for step in _install_steps(home, python):
            _run_step(step)
        ready.touch()
    return python


def _install_steps(home: Path, python: Path) -> list[list[str]]:
    package = f"label-studio=={VERSION}"
    beside = Path(sys.executable).with_name("uv")
    uv = shutil.which("uv") or (str(beside) if beside.exists() else None)
    if uv:
        return [
            [uv, "venv", "--quiet", "--python", sys.executable, str(home)],
            [uv, "pip", "install", "--quiet", "--python", str(python), package],
        ]
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", package]
    return [[sys.executable, "-m", "venv", str(home)], pip]


def _run_step(command: list[str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)  # noqa: S603
    if done.returncode:
        raise IraqstanceError(
            "Label Studio could not be installed",
            where=" ".join(command[:3]),
            got=_tail(done.stderr or done.stdout),
            remedy="Check the network and the room on the disk, and run the command again",
        )


def _tail(text: str, lines: int = 6) -> str:
    return " | ".join(line.strip() for line in text.strip().splitlines()[-lines:] if line.strip())


def _prepare(folder: Path) -> None:
    """Make the data folder with its secrets, unless they are there."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        content = {path.name for path in folder.iterdir()}
    except OSError as error:
        raise InputError(
            "the data folder cannot be used",
            where=str(folder),
            got=error.strerror or "",
            remedy="Name another with --data",
        ) from None
    if content and not content & {"studio.lock", "token", "label_studio.sqlite3"}:
        raise InputError(
            "the folder holds something else than Label Studio's data",
            where=str(folder),
            got=", ".join(sorted(content)[:3]),
            remedy="Name an empty or a new one with --data",
        )
    for name, secret in (("password", secrets.token_urlsafe(12)), ("token", secrets.token_hex(20))):
        path = folder / name
        if not path.exists() or not path.read_text(encoding="ascii", errors="replace").strip():
            write_secret(path, secret)
        elif not is_private(path):
            path.chmod(0o600)


def _recorded(folder: Path) -> _Record | None:
    try:
        return _Record.model_validate(read_json(folder / _RECORD))
    except (InputError, ValidationError):
        return None


def _process(record: _Record) -> "psutil.Process | None":
    """Return the server's process, if it lives; another one that took over its number has another time of birth."""
    import psutil

    if record.pid is None or record.created is None:
        return None
    try:
        process = psutil.Process(record.pid)
        alive = abs(process.create_time() - record.created) < 1 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return None
    return process if alive else None


def _free_port(wanted: int | None, last: _Record | None) -> int:
    if wanted is not None:
        if not _is_free(wanted):
            raise UsageError(
                f"port {wanted} is taken by another program",
                remedy="Name another with --port, or leave the option out to get a free one",
            )
        return wanted
    for port in (last.port if last else _PORT, _PORT):
        if _is_free(port):
            return port
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    # Label Studio would move to the next port without a word if anything answered at "localhost".
    for address in (_HOST, "localhost"):
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex((address, port)) == 0:
                return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError:
            return False
    return True


def _refuse_other_port(server: LocalServer, port: int | None) -> None:
    if port is not None and not server.url.endswith(f":{port}"):
        raise UsageError(
            f"the server of this folder is running already, at {server.url}",
            where=str(server.folder),
            remedy="Leave --port out, or stop that server first",
        )


def _environment(folder: Path) -> dict[str, str]:
    """Return the server's environment: the user's, less what would change its ways, and its secrets."""
    own = ("LABEL_STUDIO_", "HEARTEX_", "DJANGO_", "PYTHON", "VIRTUAL_ENV", "UV_")
    names = {"HOST", "PORT", "DEBUG", "USERNAME", "DATABASE_NAME", "SENTRY_DSN"}
    kept = {key: value for key, value in os.environ.items() if not key.startswith(own) and key not in names}
    return kept | {
        "LABEL_STUDIO_BASE_DATA_DIR": str(folder),
        "LABEL_STUDIO_USERNAME": ACCOUNT,
        "LABEL_STUDIO_PASSWORD": (folder / "password").read_text(encoding="ascii").strip(),
        "LABEL_STUDIO_USER_TOKEN": (folder / "token").read_text(encoding="ascii").strip(),
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
        "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
        "COLLECT_ANALYTICS": "false",
        "LATEST_VERSION_CHECK": "false",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
        "PYTHONUNBUFFERED": "1",
    }


def _spawn(python: Path, folder: Path, port: int) -> tuple[_Record, subprocess.Popen[bytes]]:
    import psutil

    arguments = ["start", "--no-browser", "--internal-host", _HOST, "--port", str(port)]
    with (folder / "server.log").open("wb") as log:
        child = subprocess.Popen(  # noqa: S603
            [python, "-m", "label_studio.server", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=_environment(folder),
            umask=0o077 if os.name == "posix" else -1,  # the database holds tokens
            start_new_session=True,  # so that Ctrl-C reaches this process alone, which then stops the server
        )
    record = _Record(port=port, pid=child.pid, created=psutil.Process(child.pid).create_time())
    write_json(folder / _RECORD, record.model_dump())
    return record, child


def _wait_until_ready(server: LocalServer, note: Note) -> None:
    """Return when the server answers; raise where it ends before or takes too long."""
    if not (server.folder / "label_studio.sqlite3").exists():
        note("Label Studio sets up its database, which takes up to a minute the first time.")
    until = time.monotonic() + _PATIENCE
    while not _answers(server):
        ended = server.has_ended
        if ended or time.monotonic() > until:
            log = (server.folder / "server.log").read_text(encoding="utf-8", errors="replace")
            raise IraqstanceError(
                "Label Studio ended at its start" if ended else f"Label Studio does not answer after {_PATIENCE} s",
                where=str(server.folder / "server.log"),
                got=_tail(log),
                remedy="If its database is damaged, name another folder with --data, or move this one away",
            )
        time.sleep(0.2)


def _answers(server: LocalServer) -> bool:
    """Tell whether Label Studio answers at the server's address."""
    import httpx

    try:
        with httpx.Client(trust_env=False, timeout=5) as client:
            return client.get(f"{server.url}/health").status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def _lets_in(server: LocalServer) -> bool:
    """Tell whether the server knows the token of the folder, as the account of the folder."""
    import httpx

    with httpx.Client(trust_env=False, timeout=60) as client:
        answer = client.get(f"{server.url}/api/current-user/whoami", headers={"Authorization": f"Token {server.token}"})
    return answer.status_code == httpx.codes.OK and bool(answer.json().get("active_organization"))


def _mend(python: Path, server: LocalServer) -> None:
    with tempfile.TemporaryDirectory() as elsewhere:
        done = subprocess.run(  # noqa: S603
            [python, "-c", _MEND],
            check=False,
            capture_output=True,
            text=True,
            env=_environment(server.folder),
            cwd=elsewhere,
        )
    if done.returncode or not _lets_in(server):
        raise IraqstanceError(
            "the server does not accept the token of its folder",
            where=str(server.folder),
            got=_tail(done.stderr),
            remedy="Name another folder with --data, or move this one away",
        )

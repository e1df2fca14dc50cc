"""A local Label Studio: installed once, kept on SQLite in a folder of the user's, bound to this machine alone."""

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import platformdirs
from iraqstance.annotation.errors import InputError, IraqstanceError, UsageError, from_extra
from iraqstance.annotation.storage import cache_folder, is_private, read_json, write_json, write_secret
from pydantic import BaseModel, ConfigDict, Field, ValidationError

if TYPE_CHECKING:
    import psutil

__all__ = ["ACCOUNT", "VERSION", "LocalServer", "data_folder", "install", "running_server", "start_server"]

#: The pinned version of Label Studio, and the account that it is set up with.
VERSION = "1.23.2"
ACCOUNT = "lead@localhost"

_HOST = "127.0.0.1"
_PORT = 8080  # Label Studio's own
_PATIENCE = 600  # seconds: a first start sets up its tables, which takes half a minute on a quick machine
# Seconds between two looks. Neither the lock of another process nor the port of a server tells when it is ready, so
# they are asked again and again, until they are or the patience is over.
_PAUSE = 0.2
_STOPPING = 15  # seconds until a server that does not stop is killed
_SHOWN = 160  # characters of a line that another program said
_MODULE = "label_studio.server"
_TRIES = 3  # ports, where another program is quicker each time
_PORT_LOST = "port is already in use"  # what the server says then

_DATABASE = "label_studio.sqlite3"
_RECORD = "server.json"
_LOG = "server.log"
_LOCK = "studio.lock"  # held by the `studio start` that watches over the server
_TURN = "turn.lock"  # held by the one that changes account or project
_OWN = {_RECORD, _LOG, _LOCK, _TURN, "password", "token", "export", "media", "test_data"}

# What a password and a token look like; a file with something else in it is damaged.
_SECRETS = {"password": re.compile(r"[^\x00-\x1f\x7f]+"), "token": re.compile(r"[0-9A-Za-z]{20,40}")}

# What the server sees of the user's environment. It reads its settings from some two hundred variables, with names as
# common as DEBUG, CI or LOG_LEVEL, so that all but these are kept from it.
_KEPT = re.compile(
    r"PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_\w+|TZ|TMPDIR|TMP|TEMP|XDG_\w+|LD_\w+|DYLD_\w+"
    r"|SSL_CERT_\w+|REQUESTS_CA_BUNDLE|(?i:\w+_proxy)"
    r"|SYSTEMROOT|SYSTEMDRIVE|WINDIR|COMSPEC|PATHEXT|APPDATA|LOCALAPPDATA|PROGRAMDATA|USERPROFILE"
)
# What would send an installation elsewhere.
_MISLEADING = re.compile(r"PYTHON\w*|VIRTUAL_ENV|PIP_(?:PREFIX|PYTHON|ROOT|TARGET|USER)|UV_SYSTEM_PYTHON")

Note = Callable[[str], None]

# Sets the account right where a folder was left half-made, or one of its secrets was lost. It runs inside the server's
# own environment; secrets come by environment variables, which other users of the machine cannot read.
_MEND = """
import os
from label_studio.server import _setup_env
_setup_env()
from django.contrib.auth import get_user_model
from organizations.models import Organization
from rest_framework.authtoken.models import Token
users = get_user_model().objects
email = os.environ["LABEL_STUDIO_USERNAME"]
password = os.environ["LABEL_STUDIO_PASSWORD"]
user = users.filter(email=email).first() or users.create_user(email=email)
if not user.check_password(password):
    user.set_password(password)
user.is_active = user.is_staff = user.is_superuser = True
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


class _PortLostError(IraqstanceError):
    """The server ended because another program had taken its port."""


class _Record(BaseModel):
    """What is kept of the server that last ran on a data folder."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    port: Annotated[int, Field(ge=1, le=65535)]


class LocalServer:
    """A running local server, of :func:`start_server` or :func:`running_server`.

    Attributes:
        url: Its address.
        folder: Its data folder.
        ours: Whether this process watches over it; otherwise another ``studio start`` does.
        adopted: Whether it was running already.
    """

    def __init__(self, folder: Path, process: "psutil.Process", port: int, *, ours: bool, adopted: bool) -> None:
        self.folder = folder
        self.url = f"http://{_HOST}:{port}"
        self.ours = ours
        self.adopted = adopted
        self._process = process

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
        """The API token.

        Raises:
            InputError: Where its file was lost or damaged since the server was started.
        """
        token = _secret(self.token_file)
        if not token:
            raise InputError(
                "the file of the API token is lost or damaged",
                where=str(self.token_file),
                remedy="Run `iraqstance studio start` on this folder, which makes a new one",
            )
        return token

    def wait(self) -> None:
        """Return when the server has ended."""
        self._process.wait()

    def stop(self) -> None:
        """Stop the server."""
        _stop(self._process)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until no other ``studio start`` is about to set this server up: two at once would make two projects."""
        from filelock import FileLock

        lock = FileLock(self.folder / _TURN)
        with _usable(self.folder):
            lock.acquire()
        try:
            yield
        finally:
            lock.release()


def data_folder() -> Path:
    """Return the folder that a local server's data is kept in where the user names none."""
    return platformdirs.user_data_path("iraqstance") / "studio"


def running_server(folder: Path | None = None) -> LocalServer | None:
    """Return the local server that runs on a data folder and takes requests, or ``None``."""
    with from_extra("studio"):
        import psutil  # noqa: F401 - looked for here, used by what follows
    folder = (folder or data_folder()).absolute()
    process = _running(folder)
    port = _listening(process) if process else None
    if process is None or port is None or not _answers(port):
        return None
    return LocalServer(folder, process, port, ours=False, adopted=True)


@contextmanager
def start_server(folder: Path | None = None, *, port: int | None = None, note: Note = print) -> Iterator[LocalServer]:
    """Start a server on a data folder, or take over the one that was left running there; it is stopped at the end.

    A server that another ``studio start`` watches over is used and left running.

    Args:
        folder: Where its database, password and token are kept; made where it is not there.
        port: The port. Without it that of the last time, 8080, or any free one.
        note: Told what takes time.

    Raises:
        InputError: Where the folder cannot be used, holds something else, or its database is damaged.
        UsageError: Where the port is taken.
        IraqstanceError: Where the server cannot be installed or does not start.
        MissingExtraError: Without the extra ``studio``.
    """
    with from_extra("studio"):
        import filelock  # noqa: F401 - looked for here, used by what follows
        import psutil  # noqa: F401
    folder = (folder or data_folder()).absolute()
    _prepare(folder)
    with ExitStack() as stack:
        server = _own_or_watched(folder, port, note, stack)
        with server.turn():
            _make_secrets(folder)
            if not _lets_in(server):
                note("Setting the account of this folder right.")
                _mend(install(note), server)
        yield server


def _own_or_watched(folder: Path, port: int | None, note: Note, stack: ExitStack) -> LocalServer:
    """Return a server that this process watches over until the stack is left, or that another one does."""
    from filelock import FileLock, Timeout

    lock = FileLock(folder / _LOCK)
    until = time.monotonic() + _PATIENCE
    told = False
    while True:
        try:
            stack.enter_context(lock.acquire(blocking=False))
        except Timeout:
            server = running_server(folder)
            if server is not None:
                _refuse_other_port(server, port)
                return server
        except OSError as error:
            raise _unusable(folder, error) from None
        else:
            return stack.enter_context(_own_server(folder, port, note))
        if not told:
            note("Another `iraqstance studio start` is just setting up this folder; waiting for it.")
            told = True
        if time.monotonic() > until:
            raise IraqstanceError(
                f"another `iraqstance studio start` holds this folder and has no server after {_PATIENCE} s",
                where=str(folder),
                remedy="Stop it, or name another folder with --data",
            )
        time.sleep(_PAUSE)  # the other command gives no signal: it is asked again, up to the time above


@contextmanager
def _own_server(folder: Path, port: int | None, note: Note) -> Iterator[LocalServer]:
    _make_secrets(folder)
    process = _running(folder)
    if process is not None and port is not None and _listening(process) != port:
        _free_port(port, None)  # before anything is stopped for its sake
        note("A server that was left running on this folder at another port is stopped.")
        _stop(process)
        process = None
    adopted = process is not None
    with ExitStack() as stack:
        if process is None:
            process, listening = _started(folder, port, note, stack)
        else:
            stack.callback(_stop, process)
            note("A server that was left running on this folder is taken over.")
            listening = _port_when_ready(folder, process)
        if port is not None and port != listening:
            raise _taken(port)
        write_json(folder / _RECORD, _Record(port=listening).model_dump())
        yield LocalServer(folder, process, listening, ours=True, adopted=adopted)


def _started(folder: Path, port: int | None, note: Note, stack: ExitStack) -> "tuple[psutil.Process, int]":
    """Return a new server and its port when it answers; leaving the stack stops it."""
    chosen = _free_port(port, _recorded(folder))
    _check_database(folder)
    program = install(note)
    if not (folder / _DATABASE).exists():
        note("Label Studio sets up its database, which takes up to a minute the first time.")
    for _ in range(_TRIES):
        with _undisturbed():
            process = _spawn(program, folder, chosen)
            stack.callback(_stop, process)
        try:
            return process, _port_when_ready(folder, process)
        except _PortLostError:  # to another program, between the look and the server's own claim
            chosen = _free_port(port, None)
    raise _taken(chosen)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold Ctrl-C back until the block has ended: a server that nobody knows of yet would be left running."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals reach the main thread alone
        return
    held: list[int] = []
    ends = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    former = {one: signal.signal(one, lambda number, _: held.append(number)) for one in ends}
    try:
        yield
    finally:
        for one, handler in former.items():
            signal.signal(one, handler)
        if held:
            signal.raise_signal(held[0])


def install(note: Note = print) -> Path:
    """Return the Python of the server's own environment, installing the pinned version where it is not there yet.

    The environment lies in the user's cache folder, about 1 GB, so that the server's pins bind nothing else.

    Raises:
        InputError: Where the cache folder cannot be used.
        IraqstanceError: Where the installation fails.
    """
    with from_extra("studio"):
        from filelock import FileLock
    home = (cache_folder() / f"label-studio-{VERSION}").absolute()
    python = home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    ready = home / ".ready"
    if ready.exists() and python.exists():
        return python
    lock = FileLock(f"{home}.lock")
    note(f"Installing Label Studio {VERSION} into {home}, once (about 1 GB).")
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError as error:
        raise InputError(
            "the cache folder cannot be used",
            where=str(home.parent),
            got=error.strerror or "",
            remedy="Name another in the environment variable IRAQSTANCE_CACHE",
        ) from None
    try:
        if not (ready.exists() and python.exists()):  # another process may just have done it
            _end_installers(home, python)
            shutil.rmtree(home, ignore_errors=True)
            for step in _install_steps(home, python):
                _run_step(step, home.parent)
            ready.touch()
    finally:
        lock.release()
    return python


def _end_installers(home: Path, python: Path) -> None:
    """End what still installs there for a command that was killed."""
    import psutil

    for process in psutil.process_iter():
        with suppress(psutil.Error):
            arguments = process.cmdline()
            if str(home) in arguments or (str(python) in arguments and "pip" in arguments):
                _stop(process)


def _install_steps(home: Path, python: Path) -> list[list[str]]:
    package = f"label-studio=={VERSION}"
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if uv:
        return [
            [uv, "venv", "--quiet", "--python", sys.executable, str(home)],
            [uv, "pip", "install", "--quiet", "--python", str(python), package],
        ]
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", package]
    return [[sys.executable, "-m", "venv", str(home)], pip]


def _run_step(command: list[str], folder: Path) -> None:
    """Run a step of the installation, away from the user's folder, whose files could pass for modules or settings."""
    import psutil

    failed = "Label Studio could not be installed"
    try:
        child = subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            cwd=folder,
            env={name: value for name, value in os.environ.items() if not _MISLEADING.fullmatch(name)},
        )
    except OSError as error:
        raise IraqstanceError(failed, where=command[0], got=error.strerror or "", remedy="Mend or remove it") from None
    with child:
        try:
            said, _ = child.communicate()
        except BaseException:
            _stop(psutil.Process(child.pid))
            raise
    if child.returncode:
        raise IraqstanceError(
            failed,
            where=" ".join(command[:3]),
            got=_tail(said, 4),
            remedy="Check the network and the room on the disk, and run the command again",
        )


def _tail(text: str, lines: int) -> str:
    """Return the last lines of what a program said, as one."""
    told = [line.strip() for line in text.splitlines() if line.strip()]
    return " | ".join(line if len(line) <= _SHOWN else line[:_SHOWN] + "…" for line in told[-lines:])


@contextmanager
def _usable(folder: Path) -> Iterator[None]:
    """Turn what the system says against a folder into one clear error."""
    try:
        yield
    except OSError as error:
        raise _unusable(folder, error) from None


def _unusable(folder: Path, error: OSError) -> InputError:
    return InputError(
        "the data folder cannot be used",
        where=str(error.filename or folder),
        got=error.strerror or str(error),
        remedy="Name another with --data, or mend this one",
    )


def _prepare(folder: Path) -> None:
    """Make the data folder, unless it is there; one with somebody else's files is left alone."""
    with _usable(folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        content = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    if _DATABASE not in content and (foreign := sorted(content - _OWN)):
        raise InputError(
            "the folder holds something else than Label Studio's data",
            where=str(folder),
            got=", ".join(foreign[:3]),
            remedy="Name an empty or a new one with --data",
        )


def _make_secrets(folder: Path) -> None:
    """Make password and token, unless they are there and whole."""
    for name, secret in (("password", secrets.token_urlsafe(12)), ("token", secrets.token_hex(20))):
        path = folder / name
        with _usable(folder):
            if not _secret(path):
                write_secret(path, secret)
            elif not is_private(path):
                path.chmod(0o600)


def _secret(path: Path) -> str:
    """Return the secret in a file, or nothing where the file was lost or damaged."""
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return ""
    return secret if _SECRETS[path.name].fullmatch(secret) else ""


def _recorded(folder: Path) -> _Record | None:
    try:
        return _Record.model_validate(read_json(folder / _RECORD))
    except (InputError, ValidationError):
        return None


def _check_database(folder: Path) -> None:
    import sqlite3

    path = folder / _DATABASE
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(path)) as database:
            verdict = str(database.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.Error as error:
        verdict = f"*** {error}"
    if verdict.startswith("***"):  # its structure; a value that breaks a rule is Label Studio's own business
        raise InputError(
            "the database cannot be read",
            where=str(path),
            got=" ".join(verdict.strip("* ").split()),
            remedy="Put a copy of it back, or name another folder with --data",
        )


def _running(folder: Path) -> "psutil.Process | None":
    """Return the server's process on a data folder, whoever started it and whatever was noted of it."""
    import psutil

    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if _MODULE in process.cmdline() and Path(process.cwd()).samefile(folder):
                return process
    return None


def _listening(process: "psutil.Process") -> int | None:
    """Return the port at which a server listens, which is another one than it was told where that was taken."""
    import psutil

    with suppress(psutil.Error):
        for one in (process, *process.children(recursive=True)):
            for connection in one.net_connections("tcp"):
                if connection.status == psutil.CONN_LISTEN:
                    return int(connection.laddr.port)
    return None


def _has_ended(process: "psutil.Process") -> bool:
    import psutil

    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _stop(process: "psutil.Process") -> None:
    """Stop a process with all that it started."""
    import psutil

    family = [process]
    with suppress(psutil.Error):
        family = [*process.children(recursive=True), process]
    for one in family:
        with suppress(psutil.Error):
            one.terminate()
    _, alive = psutil.wait_procs(family, timeout=_STOPPING)
    for one in alive:
        with suppress(psutil.Error):
            one.kill()
    psutil.wait_procs(alive, timeout=_STOPPING)


def _free_port(wanted: int | None, last: _Record | None) -> int:
    if wanted is not None:
        if not _is_free(wanted):
            raise _taken(wanted)
        return wanted
    for port in (last.port if last else _PORT, _PORT):
        if _is_free(port):
            return port
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])


def _taken(port: int) -> UsageError:
    return UsageError(
        f"port {port} is taken by another program, or not yours to use",
        remedy="Name another with --port, or leave the option out to get a free one",
    )


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        if probe.connect_ex((_HOST, port)) == 0:
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
    """Return the server's environment: what it may see of the user's, its settings and its secrets."""
    kept = {name: value for name, value in os.environ.items() if _KEPT.fullmatch(name)}
    return kept | {
        "LABEL_STUDIO_BASE_DATA_DIR": str(folder),
        "LABEL_STUDIO_USERNAME": ACCOUNT,
        "LABEL_STUDIO_PASSWORD": _secret(folder / "password"),
        "LABEL_STUDIO_USER_TOKEN": _secret(folder / "token"),
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
        "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
        "COLLECT_ANALYTICS": "false",
        "LATEST_VERSION_CHECK": "false",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
        "PYTHONUNBUFFERED": "1",
    }


def _spawn(python: Path, folder: Path, port: int) -> "psutil.Popen":
    import psutil

    arguments = ["start", "--no-browser", "--internal-host", _HOST, "--port", str(port)]
    log = folder / _LOG
    with _usable(folder):
        log.touch(mode=0o600)  # it tells invitation links
        log.chmod(0o600)
        stream = log.open("wb")
    with stream:
        return psutil.Popen(
            [python, "-m", _MODULE, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=_environment(folder),
            umask=0o077 if os.name == "posix" else -1,  # the database holds tokens
            start_new_session=True,  # so that Ctrl-C reaches this process alone, which then stops the server
        )


def _port_when_ready(folder: Path, process: "psutil.Process") -> int:
    """Return the port when the server answers; raise where it ends before or takes too long."""
    until = time.monotonic() + _PATIENCE
    while True:
        port = _listening(process)
        if port is not None and _answers(port):
            return port
        ended = _has_ended(process)
        if ended or time.monotonic() > until:
            log = folder / _LOG
            said = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
            lost = ended and _PORT_LOST in said
            raise (_PortLostError if lost else IraqstanceError)(
                "Label Studio ended at its start" if ended else f"Label Studio does not answer after {_PATIENCE} s",
                where=str(log),
                got=_tail(said, 1),
                remedy="Run the command again; if that does not help, name another folder with --data",
            )
        time.sleep(_PAUSE)  # the server gives no signal when it answers: it is asked again, up to the time above


def _answers(port: int) -> bool:
    """Tell whether Label Studio answers at a port."""
    import httpx

    try:  # without a proxy from the environment, which has no business between this machine and itself
        return httpx.get(f"http://{_HOST}:{port}/health", trust_env=False, timeout=5).is_success
    except httpx.HTTPError:
        return False


def _lets_in(server: LocalServer) -> bool:
    """Tell whether the account of the folder can log in, and work with its token."""
    import httpx

    form = {"email": ACCOUNT, "password": _secret(server.password_file)}
    try:
        with httpx.Client(base_url=server.url, trust_env=False, timeout=60) as client:
            client.get("/user/login/")
            form["csrfmiddlewaretoken"] = client.cookies.get("csrftoken") or ""
            if not client.post("/user/login/", data=form).is_redirect:
                return False
            client.cookies.clear()
            answer = client.get("/api/current-user/whoami", headers={"Authorization": f"Token {server.token}"})
            return answer.is_success and bool(answer.json().get("active_organization"))
    except httpx.HTTPError as error:
        raise IraqstanceError(
            "Label Studio does not answer any more",
            where=str(server.folder / _LOG),
            got=str(error),
            remedy="Run the command again",
        ) from None


def _mend(python: Path, server: LocalServer) -> None:
    with tempfile.TemporaryDirectory() as elsewhere:
        done = subprocess.run(  # noqa: S603
            [python, "-c", _MEND],
            check=False,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env=_environment(server.folder),
            cwd=elsewhere,
        )
    if done.returncode or not _lets_in(server):
        raise IraqstanceError(
            "the server does not accept password and token of its folder",
            where=str(server.folder),
            got=_tail(done.stderr, 1),
            remedy="Name another folder with --data, or move this one away",
        )

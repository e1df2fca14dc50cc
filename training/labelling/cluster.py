"""Label a folder of Parquet files on a Dask cluster that is there already, one output file for each input file.

Scheduler, workers and this process see the same files under the same paths. A worker labels a whole file, as one
process alone would, writes it beside its place and renames it. What was finished is noted in ``.iraqstance.jsonl`` in
the output folder, so that the same command goes on where an earlier one stopped.
"""

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from iraqstance.annotation.errors import InputError, IraqstanceError, UsageError, from_extra
from iraqstance.annotation.storage import encoded, write_bytes, write_rows
from iraqstance.training.labelling.prediction_files import refuse_others

if TYPE_CHECKING:
    from iraqstance.training.flat.scorer import Scorer

__all__ = ["ClusterError", "FolderWritten", "Job", "label_folder"]

_STATE = ".iraqstance.jsonl"
_CONNECTING = 15  # seconds until a scheduler that does not answer, or has no worker, is given up
_TOLD = 20  # faults of rows that a worker tells of one file

Progress = Callable[[Iterator[Any], int], Iterator[Any]]
Report = Callable[[str, str], None]


class ClusterError(IraqstanceError):
    """The cluster cannot be reached, or does not do what it was asked."""


class Job(NamedTuple):
    """How the texts of a folder are labelled.

    Attributes:
        model: A flat file.
        text_column: Column of the texts.
        target_column: Column of what each stance is about, or ``None``.
        target: Whose stance to give where a row does not say so.
        min_confidence: Probability below which a label is left open.
        keep_columns: Whether the other columns are written too.
    """

    model: Path
    text_column: str = "text"
    target_column: str | None = None
    target: str | None = None
    min_confidence: float = 0.0
    keep_columns: bool = True

    @property
    def options(self) -> dict[str, object]:
        """All but the model, as JSON holds it, by the name of its option."""
        return {f"--{name.replace('_', '-')}": value for name, value in self._asdict().items() if name != "model"}


class FolderWritten(NamedTuple):
    """What was written: files, rows, how many of these with an error; and the files that an earlier run had written."""

    files: int
    rows: int
    faults: int
    before: int


class _Done(NamedTuple):
    """What a worker says of one file: rows, faults, and the places and errors of the first ones."""

    rows: int
    faults: int
    told: tuple[tuple[str, str], ...]


def label_folder(  # noqa: PLR0913 - the last ones by name
    source: Path,
    output: Path,
    job: Job,
    scheduler: str,
    *,
    progress: Progress = lambda files, _: files,
    report: Report = lambda _where, _error: None,
) -> FolderWritten:
    """Label every Parquet file of a folder, and write a file of the same name into another.

    Args:
        source: A folder of ``.parquet`` files.
        output: Another folder, made where it is not there.
        job: The model and how it is asked.
        scheduler: The scheduler's address, such as ``tcp://10.0.0.1:8786``.
        progress: Wraps the iterator over finished files, given their number.
        report: Called with the place and the error of rows that have one, the first twenty of each file.

    Raises:
        UsageError: Where the folders are the same, or the output folder holds what another run made.
        InputError: Where the source holds no Parquet file, or a file cannot be read or written.
        ClusterError: Where the scheduler cannot be reached, has no worker, goes away, or its workers lack this version
            of the package.
        MissingExtraError: Without the extra ``cluster``.
    """
    with from_extra("cluster"):
        import distributed  # noqa: F401 - looked for here, used by what follows
    files = _files_in(source)
    content = job.model.read_bytes()
    made_from = {"model": sha256(content).hexdigest(), **job.options}
    state = _State(output, source, made_from)
    waiting = [file for file in files if not state.has(file)]
    rows = faults = 0
    if waiting:
        with _connected(scheduler) as client:
            finished = _finished(client, waiting, output, content, job)
            for file, identity, done in progress(finished, len(waiting)):
                state.note(file, identity)
                rows, faults = rows + done.rows, faults + done.faults
                for where, error in done.told:
                    report(where, error)
    return FolderWritten(len(waiting), rows, faults, len(files) - len(waiting))


def _files_in(source: Path) -> list[Path]:
    if not source.is_dir():
        raise InputError(
            "this is no folder", where=str(source), expected="a folder of .parquet files", remedy="Name one with -i"
        )
    files = sorted(path for path in source.iterdir() if path.suffix == ".parquet" and path.is_file())
    if not files:
        raise InputError("the folder holds no Parquet file", where=str(source), remedy="Name another with -i")
    return [file.absolute() for file in files]


class _State:
    """Which files are finished, and what they were made from: a line for this, and one for each file."""

    def __init__(self, output: Path, source: Path, made_from: Mapping[str, object]) -> None:
        self._folder, self._path = output.absolute(), output.absolute() / _STATE
        if self._folder.resolve() == source.resolve():
            raise UsageError("input and output are the same folder", got=str(output), remedy="Name another with -o")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError("the folder cannot be made", where=str(output), got=error.strerror or "") from None
        self._made_from: dict[str, Any] = json.loads(json.dumps(made_from))
        self._files = self._found()
        # Before anything is done: a worker may finish a file when nobody is left to note it. And without a line that
        # was cut off.
        write_rows(self._path, [{"made_from": self._made_from}, *map(_noted, self._files, self._files.values())])

    def _found(self) -> dict[str, Any]:
        if not self._path.exists():
            if any(path.suffix == ".parquet" for path in self._folder.iterdir()):
                raise UsageError(
                    "the output folder holds files that no such run made",
                    got=str(self._folder),
                    remedy="Name a new or an empty folder with -o",
                )
            return {}
        try:
            # What follows the last line end was cut off while it was written.
            head, *lines = self._path.read_bytes().split(b"\n")[:-1]
            former = json.loads(head)["made_from"]
            noted = map(json.loads, lines)
            files = {str(one["file"]): one["identity"] for one in noted}
        except (LookupError, OSError, TypeError, ValueError):
            raise InputError(
                "the note of finished files is damaged", where=str(self._path), remedy="Name another folder with -o"
            ) from None
        remedy = "Repeat the command as it was, or name another folder with -o"
        refuse_others(f"{self._folder}: what is in the folder was made with", former, self._made_from, remedy)
        return files

    def has(self, file: Path) -> bool:
        """Tell whether a file is finished, and has not changed since."""
        return (self._folder / file.name).is_file() and self._files.get(file.name) == _identity(file)

    def note(self, file: Path, identity: list[int]) -> None:
        """Note that a file is finished, as it was when it was given out.

        Raises:
            InputError: Where the note cannot be written.
        """
        try:
            with self._path.open("a", encoding="utf-8") as stream:
                stream.write(encoded(_noted(file.name, identity)) + "\n")
        except OSError as error:
            raise InputError(
                "the note of finished files cannot be written", where=str(self._path), got=error.strerror or ""
            ) from None


def _noted(name: str, identity: list[int]) -> dict[str, object]:
    return {"file": name, "identity": identity}


def _identity(file: Path) -> list[int]:
    """Return size and time of change of a file; nothing where it is no longer there."""
    try:
        found = file.stat()
    except OSError:
        return []
    return [found.st_size, found.st_mtime_ns]


@contextmanager
def _connected(scheduler: str) -> Iterator[Any]:
    """Give a client of the scheduler, whose workers hold this version of the package."""
    import dask
    import distributed

    connect: Any = distributed.Client  # which gives no types
    limits = {"distributed.comm.timeouts.connect": _CONNECTING, "distributed.comm.retry.count": 0}
    with dask.config.set(limits), _quiet():
        try:
            client: Any = connect(scheduler, timeout=_CONNECTING)
        except (OSError, ValueError, TimeoutError) as error:
            raise ClusterError(
                "the scheduler does not answer",
                where=scheduler,
                got=" ".join(str(error).split())[:100],
                remedy="Check the address, and that `dask scheduler` runs there",
            ) from None
        try:
            _refuse_unready(client, scheduler)
            yield client
        finally:
            client.close(timeout=_CONNECTING)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what Dask logs of a lost scheduler off the terminal, where one clear error tells it."""
    import logging

    logger = logging.getLogger("distributed")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def _refuse_unready(client: Any, scheduler: str) -> None:
    from iraqstance import __version__

    try:
        client.wait_for_workers(1, timeout=_CONNECTING)
    except TimeoutError:
        raise ClusterError(
            "the scheduler has no worker", where=scheduler, remedy=f"Start one: dask worker {scheduler}"
        ) from None
    for worker, version in client.run(_version).items():
        if version != __version__:
            raise ClusterError(
                "a worker has another version of iraqstance",
                where=str(worker),
                expected=__version__,
                got=version or "none",
                remedy="Install the same version for every worker",
            )


def _version() -> str:
    """Return the version that a worker has, or nothing."""
    try:
        from iraqstance import __version__
    except ImportError:
        return ""
    return str(__version__)


def _finished(
    client: Any, files: Iterable[Path], output: Path, content: bytes, job: Job
) -> Iterator[tuple[Path, list[int], _Done]]:
    """Yield each file as it was when it was given out, with what its worker says, as they are finished."""
    import distributed
    from distributed.client import FutureCancelledError

    as_completed: Any = distributed.as_completed  # which gives no types

    gone = ClusterError(
        "the scheduler is gone",
        where=str(client.scheduler.address),
        remedy="Start it and its workers again, and repeat the command: what is finished is not done again",
    )
    identities = [(file, _identity(file)) for file in files]  # before a worker reads one of them
    try:
        # Every worker holds it, so that none takes the only copy along when it dies.
        model = client.scatter(content, broadcast=True, hash=True)
        futures = {
            client.submit(
                _labelled,
                model,
                str(file),
                str(output.absolute() / file.name),
                job.options,
                pure=False,
                retries=0,
                key=f"iraqstance-{number}-{file.name}",
            ): (file, identity)
            for number, (file, identity) in enumerate(identities)
        }
        for future in as_completed(futures):
            file, identity = futures[future]
            yield file, identity, _result(future, file)
    except (distributed.CancelledError, FutureCancelledError, OSError, TimeoutError):
        raise gone from None


def _result(future: Any, file: Path) -> _Done:
    from distributed.scheduler import KilledWorker

    if future.cancelled():
        raise OSError("cancelled")
    error = future.exception()
    if isinstance(error, KilledWorker):
        raise ClusterError(
            "workers died over this file",
            where=str(file),
            remedy="Look into their logs; give them more memory",
        )
    if error is not None:
        raise error
    done: _Done = future.result()
    return done


_own = threading.local()


def _labelled(content: bytes, source: str, target: str, options: Mapping[str, Any]) -> _Done:
    """Label one file; what a worker does."""
    from iraqstance.training.labelling.labeller import Labeller
    from iraqstance.training.labelling.prediction_files import Run, write_labelled
    from iraqstance.training.labelling.texts import read_texts

    told: list[tuple[str, str]] = []

    def tell(where: str, error: str) -> None:
        if len(told) < _TOLD:
            told.append((where, error))

    columns = options["--text-column"], options["--target-column"]
    rows = read_texts(source, text_column=columns[0], target_column=columns[1], others=options["--keep-columns"])
    labeller = Labeller(
        _scorer(content), options["--target"], options["--min-confidence"], keep_columns=options["--keep-columns"]
    )
    # The worker of a run that was interrupted may still write this file: what it writes is waited for.
    written = write_labelled(target, rows, labeller, Run(source, columns=columns, waits=True), tell)
    return _Done(written.rows, written.faults, tuple(told))


def _scorer(content: bytes) -> "Scorer":
    """Return this thread's scorer of a model, which is kept in the worker's own folder and goes with it."""
    import distributed
    from iraqstance.training.flat.scorer import Scorer

    digest = sha256(content).hexdigest()
    if getattr(_own, "digest", None) != digest:
        worker: Any = distributed.get_worker()
        path = Path(worker.local_directory) / f"iraqstance-{digest}.flat"
        if not path.exists() or sha256(path.read_bytes()).hexdigest() != digest:
            write_bytes(path, content)
        _own.scorer, _own.digest = Scorer(path), digest
    scorer: Scorer = _own.scorer
    return scorer

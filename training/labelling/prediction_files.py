"""Write predictions to a file that is whole or not there, and go on where an interrupted run stopped."""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

from iraqstance.annotation.errors import InputError, UsageError
from iraqstance.annotation.storage import replacing
from iraqstance.training.flat.scorer import Scorer
from iraqstance.training.labelling.labeller import Labeller
from iraqstance.training.labelling.prediction_tables import ENDINGS, Report, Table, table_for
from iraqstance.training.labelling.text_rows import TextRow, distinct_names

__all__ = ["Run", "Written", "input_identity", "refuse_others", "write_labelled"]

_FEW = 20  # rows that are scored without NumPy
_SURE_EVERY = 1.0  # seconds of work that a loss of power may cost


class Written(NamedTuple):
    """What was written: how many rows, how many of them with an error, and how many an earlier run had written."""

    rows: int
    faults: int
    resumed: int = 0


def _untracked(chunks: Iterator[bytes]) -> Iterable[bytes]:
    return chunks


class Run(NamedTuple):
    """A run, as it is known again.

    Attributes:
        source: The file that the rows come from, where that is one.
        made_from: Facts that must be the same to go on. Without them nothing is left of a run that fails.
        resume: Whether to go on where a run that was interrupted stopped, if there is one.
        columns: The column of the texts in the source, and that of their targets if there is one, where the rows are
            all that the source holds, as :func:`~iraqstance.training.labelling.texts.read_texts` yields them: it may
            then be read in a quicker way. ``None`` where they are others.
        waits: Whether to wait where another run writes the same file, and not to refuse.
        track: Passes on what is written, some thousand rows at a time, to show progress.
    """

    source: str | None = None
    made_from: Mapping[str, object] | None = None
    resume: bool = False
    columns: tuple[str, str | None] | None = None
    track: Callable[[Iterator[bytes]], Iterable[bytes]] = _untracked
    waits: bool = False


def write_labelled(
    path: str,
    rows: Iterable[TextRow],
    labeller: Labeller,
    run: Run = Run(),  # noqa: B008 - it is frozen
    report: Report = lambda _where, _error: None,
) -> Written:
    """Label rows and write them as JSON lines, CSV, TSV or Parquet, by the ending of the name; ``-`` prints JSON lines.

    What is done so far is kept beside the file, in a folder ``.NAME.partial``, until all of it takes the file's place.

    In tables each score has a column of its own, ``error`` is always there, and the other columns are those of the
    first rows: what only a later row has is left out, and that row's ``error`` says so. Columns from Parquet keep their
    type in Parquet; all others are text there, with JSON for what was none. In CSV and TSV ``|`` divides topics.

    Args:
        path: The file.
        rows: The rows.
        labeller: The model and how it is asked.
        run: What the rows come from, and whether to go on.
        report: Called with the place and the error of each row that has one.

    Raises:
        UsageError: For another ending, for explanations in a table, and where the run to go on with was another one.
        InputError: Where the file cannot be written.
    """
    ending = Path(path).suffix.lower()
    if path != "-" and ending not in ENDINGS:
        expected = f"a name ending in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}"
        has_tables = run.source is not None and any(Path(run.source).glob("*.parquet"))
        remedy = "A folder of Parquet files goes to a cluster: --engine dask" if has_tables else ""
        raise UsageError(f"{path}: predictions cannot be written so", expected=expected, remedy=remedy)
    table = table_for(ending if path != "-" else ".jsonl", labeller, _types(run.source, ending), report)
    if labeller.terms is not None and not table.is_json:
        raise UsageError(f"{path}: a table holds no explanations", expected="a name ending in .jsonl")
    target = Path(path)
    if path == "-" or (target.exists() and not target.is_file() and not target.is_dir()):
        with replacing(path) as stream:
            for part in run.track(_parts(rows, table, run)):
                stream.flush()
                stream.buffer.write(part)
                stream.buffer.flush()
        return Written(table.rows, table.faults)
    if target.is_dir():
        raise InputError("the file cannot be written", where=path, got="a folder", remedy="Name a file")
    return _Partial(target, run).filled(rows, table)


def _types(source: str | None, ending: str) -> dict[str, Any]:
    """Return the Arrow types of a Parquet file's columns, where the output is Parquet too."""
    if ending != ".parquet" or not _is_parquet(source):
        return {}
    import pyarrow as pa
    from iraqstance.training.labelling.parquet_rows import opened_parquet

    with opened_parquet(str(source)) as file:
        schema = file.schema_arrow
        types = [kind.value_type if pa.types.is_dictionary(kind) else kind for kind in schema.types]
        return dict(zip(distinct_names(schema.names, "", ()), types, strict=True))


def _is_parquet(source: str | None) -> bool:
    return Path(source or "").suffix.lower() == ".parquet" and not Path(source or "").is_dir()


def _parts(rows: Iterable[TextRow], table: Table, run: Run) -> Iterator[bytes]:
    """Yield the rows, less those that the table has already, labelled, as bytes."""
    labeller, before = table.labeller, table.rows
    if not table.is_json and _is_parquet(run.source) and run.columns is not None:
        from iraqstance.training.labelling.arrow_table import ArrowTable
        from iraqstance.training.labelling.parquet_columns import goes_by_columns, labelled_columns

        if isinstance(table, ArrowTable) and goes_by_columns(str(run.source), run.columns, labeller):
            yield from labelled_columns(str(run.source), run.columns, labeller, table, before)
            return
    left: Iterator[TextRow] = islice(rows, before, None)
    opening = list(islice(left, _FEW + 1))
    left = chain(opening, left)
    is_scored = isinstance(labeller.classifier, Scorer) and labeller.terms is None
    if is_scored and (before or len(opening) > _FEW):
        for chunk, findings in labeller.find(left, before):
            yield table.found(chunk, findings)
    else:
        yield from map(table.encoded, labeller.label(left))


def refuse_others(what: str, former: Mapping[str, object], own: Mapping[str, object], remedy: str) -> None:
    """Raise where a run was made with other facts than the one that is to go on with it.

    Args:
        what: The run, as a message begins: ``the interrupted run had``.
        former: Its facts by name; that of an option begins with ``--``.
        own: Those of the run that is to go on.
        remedy: What to do.

    Raises:
        UsageError: Where one of them differs.
    """
    for name, value in own.items():
        if former.get(name) != value:
            # What tells a file from others tells a reader nothing.
            shown = {"expected": former.get(name), "got": value} if name.startswith("-") else {}
            raise UsageError(
                f"{what} another {name}",
                remedy=remedy,
                **{key: "none" if one is None else json.dumps(one, ensure_ascii=False) for key, one in shown.items()},
            )


class _Partial:
    """The folder beside a file: ``rows`` is what is written so far, ``state.json`` how much of it is sure."""

    def __init__(self, target: Path, run: Run) -> None:
        self._target, self._run = target, run
        self._folder = target.with_name(f".{target.name}.partial")
        self._rows, self._state = self._folder / "rows", self._folder / "state.json"
        self._made_from = None if run.made_from is None else json.loads(json.dumps(run.made_from))

    def filled(self, rows: Iterable[TextRow], table: Table) -> Written:
        """Write the rows that are missing and put the file into its place."""
        done = self._restored(table) if self._run.resume else 0
        resumed = table.rows
        parts = _parts(rows, table, self._run)
        opening = list(islice(parts, 1))  # a fault of the whole input shows before anything is made
        if not opening and not table.rows:
            opening = [table.encoded([])]
        with self._reported(), self._opened() as stream:
            if stream.seek(0, os.SEEK_END) < done:  # another run came to its end since this one looked
                raise self._busy()
            try:
                stream.truncate(done)
                self._write(stream, self._run.track(chain(opening, parts)), table)
                self._finish(table)
            except BaseException:
                if self._made_from is None:
                    shutil.rmtree(self._folder, ignore_errors=True)
                raise
        return Written(table.rows, table.faults, resumed)

    @contextmanager
    def _reported(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            remedy = "Check the folder and the room on the disk" + ("; then --resume" if self._state.exists() else "")
            raise InputError(
                "the file cannot be written", where=str(self._target), got=error.strerror or str(error), remedy=remedy
            ) from None

    def _restored(self, table: Table) -> int:
        """Set the table to where an interrupted run stopped, and return how many bytes it had written."""
        try:
            state = json.loads(self._state.read_bytes())
            size = self._rows.stat().st_size
        except (OSError, ValueError):
            return 0
        if not isinstance(state, dict) or not {"made_from", "rows", "faults", "bytes", "columns"} <= state.keys():
            return 0
        remedy = "Repeat it as it was, or start again without --resume"
        refuse_others(f"{self._target}: the interrupted run had", state["made_from"], self._made_from or {}, remedy)
        if size < state["bytes"]:
            return 0
        table.rows, table.faults, table.columns = state["rows"], state["faults"], state["columns"]
        return int(state["bytes"])

    @contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        while True:
            self._folder.mkdir(exist_ok=True)
            with self._rows.open("ab") as stream:
                if self._locked(stream):
                    yield stream
                    return
            if not self._run.waits:
                raise self._busy()

    def _write(self, stream: BinaryIO, parts: Iterable[bytes], table: Table) -> None:
        """Append the parts; what is sure is noted after the first, then once a second, and where it ends early."""
        state: dict[str, object] = {}
        noted = -_SURE_EVERY
        is_new = False
        try:
            for part in parts:
                # The next part may count more rows before it is written.
                counted = self._counted(table)
                stream.write(part)
                stream.flush()
                state, is_new = {**counted, "bytes": stream.tell()}, True
                if time.monotonic() - noted >= _SURE_EVERY:
                    self._keep(stream, state)
                    noted, is_new = time.monotonic(), False
        finally:
            if is_new and self._made_from is not None:
                self._keep(stream, state)
        _sure(stream)

    def _counted(self, table: Table) -> dict[str, object]:
        return {
            "made_from": self._made_from,
            "rows": table.rows,
            "faults": table.faults,
            "columns": list(table.columns),
        }

    def _locked(self, stream: BinaryIO) -> bool:
        """Keep a second run from writing the same file, where the system has such locks; tell whether this one may."""
        try:
            import fcntl
        except ImportError:
            return True
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | (0 if self._run.waits else fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        # Between opening and locking another run may have put the file into its place.
        return self._rows.exists() and os.path.samestat(os.fstat(stream.fileno()), self._rows.stat())

    def _busy(self) -> UsageError:
        return UsageError(f"{self._target}: another run is writing this file", remedy="Wait for its end")

    def _keep(self, stream: BinaryIO, state: Mapping[str, object]) -> None:
        """Note what is sure, once the disk has it: a note that is there after a loss of power tells the truth."""
        if self._made_from is None:
            return
        os.fsync(stream.fileno())  # of what was flushed: where the disk is full, there may be more
        beside = self._state.with_suffix(".part")
        with beside.open("wb") as note:
            note.write(json.dumps(state, ensure_ascii=False).encode())
            _sure(note)
        beside.replace(self._state)
        _sure_folder(self._folder)

    def _finish(self, table: Table) -> None:
        whole = self._folder / "table"
        if table.finish(str(self._rows), str(whole)):
            with whole.open("rb") as made:
                _sure(cast("BinaryIO", made))
        else:
            whole = self._rows
        whole.replace(self._target)
        _sure_folder(self._target.parent)
        shutil.rmtree(self._folder, ignore_errors=True)


def _sure(stream: BinaryIO) -> None:
    """Wait until the disk has what was written."""
    stream.flush()
    os.fsync(stream.fileno())


def _sure_folder(folder: Path) -> None:
    """Wait until the disk has the names in a folder, where the system can tell."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def input_identity(path: str) -> dict[str, list[int]]:
    """Return size in bytes and time of change in nanoseconds of a file, or of each file in a folder, by its path."""
    root = Path(path).absolute()
    files = sorted(file for file in root.rglob("*") if file.is_file()) if root.is_dir() else [root]
    try:
        facts = [(str(file), file.stat()) for file in files]
    except OSError as error:
        raise InputError(
            "the file cannot be read", where=path, got=error.strerror or "", remedy="Check the path"
        ) from None
    return {name: [found.st_size, found.st_mtime_ns] for name, found in facts}

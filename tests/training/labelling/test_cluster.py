"""A folder of Parquet files is labelled by a real scheduler and two worker processes on loopback."""

import json
import signal
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from clusters import running
from cups import CORPUS
from iraqstance.annotation.errors import InputError, IraqstanceError, UsageError
from iraqstance.training.classifier import fit
from iraqstance.training.flat.flattening import write_flat
from iraqstance.training.flat.scorer import Scorer
from iraqstance.training.labelling import cluster
from iraqstance.training.labelling.cluster import ClusterError, FolderWritten, Job, label_folder
from iraqstance.training.labelling.labeller import Labeller
from iraqstance.training.labelling.prediction_files import Run, write_labelled
from iraqstance.training.labelling.texts import read_texts

FILES = 6


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "cups.flat"
    write_flat(fit(CORPUS), path)
    return path


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Files of some hundred texts, one of which is empty."""
    folder = tmp_path / "source"
    folder.mkdir()
    for number in range(FILES):
        texts = [f"{CORPUS.texts[row % 10]}, cup {number * 300 + row}" for row in range(300)]
        rows = {"text": [*texts, ""], "cup": list(range(301))}
        pq.write_table(pa.table(rows), folder / f"part-{number}.parquet")
    (folder / "notes.txt").write_text("no table", encoding="utf-8")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.parquet")}


def alone(source: Path, output: Path, job: Job) -> dict[str, bytes]:
    """Return what one process writes of each file."""
    output.mkdir()
    for path in source.glob("*.parquet"):
        labeller = Labeller(Scorer(job.model), min_confidence=job.min_confidence)
        run = Run(str(path), columns=("text", None))
        write_labelled(str(output / path.name), read_texts(str(path)), labeller, run)
    return contents(output)


def after_the_first(act: Callable[[], object]) -> cluster.Progress:
    """Do something once the first file is finished."""

    def progress(files: Iterator[Any], _: int) -> Iterator[Any]:
        for number, file in enumerate(files):
            if number == 0:
                act()
            yield file

    return progress


def test_the_rows_are_those_of_one_process(source: Path, tmp_path: Path, model: Path, address: str) -> None:
    job = Job(model, min_confidence=0.6)
    told: list[tuple[str, str]] = []
    written = label_folder(source, tmp_path / "out", job, address, report=lambda *one: told.append(one))
    assert written == FolderWritten(files=FILES, rows=301 * FILES, faults=FILES, before=0)
    assert contents(tmp_path / "out") == alone(source, tmp_path / "alone", job)
    assert sorted(told) == [
        (f"{source}/part-{number}.parquet: row 301", "there is no text.") for number in range(FILES)
    ]


def test_a_finished_file_is_not_done_again_unless_it_changed(
    source: Path, tmp_path: Path, model: Path, address: str
) -> None:
    output = tmp_path / "out"
    label_folder(source, output, Job(model), address)
    before = {path.name: path.stat().st_mtime_ns for path in output.glob("*.parquet")}
    # Nothing has to be done, so that nobody is asked.
    again = label_folder(source, output, Job(model), "tcp://127.0.0.1:1")
    assert again == FolderWritten(files=0, rows=0, faults=0, before=FILES)
    pq.write_table(pa.table({"text": ["Stale tea"]}), source / "part-2.parquet")
    (output / "part-4.parquet").unlink()
    assert label_folder(source, output, Job(model), address).files == 2
    assert pq.read_table(output / "part-2.parquet")["text"].to_pylist() == ["Stale tea"]
    changed = {path.name for path in output.glob("*.parquet") if path.stat().st_mtime_ns != before[path.name]}
    assert changed == {"part-2.parquet", "part-4.parquet"}


def test_a_worker_that_is_killed_midway_loses_nothing(source: Path, tmp_path: Path, model: Path) -> None:
    (tmp_path / "cluster").mkdir()
    with running(tmp_path / "cluster", workers=2) as started:
        kill = after_the_first(lambda: started.workers[0].send_signal(signal.SIGKILL))
        written = label_folder(source, tmp_path / "out", Job(model), started.address, progress=kill)
    assert written.files == FILES
    assert contents(tmp_path / "out") == alone(source, tmp_path / "alone", Job(model))
    assert not [path for path in (tmp_path / "out").iterdir() if path.name.endswith(".partial")]


def test_a_scheduler_that_goes_away_is_one_clear_error_and_the_next_run_finishes(
    source: Path, tmp_path: Path, model: Path, address: str
) -> None:
    (tmp_path / "cluster").mkdir()
    with running(tmp_path / "cluster", workers=1) as started:
        kill = after_the_first(started.scheduler.kill)
        with pytest.raises(ClusterError, match=r"the scheduler is gone\. Start it .* repeat the command"):
            label_folder(source, tmp_path / "out", Job(model), started.address, progress=kill)
    assert 1 <= len(contents(tmp_path / "out")) < FILES
    written = label_folder(source, tmp_path / "out", Job(model), address)
    assert 1 <= written.before < FILES
    assert written.before + written.files == FILES
    assert contents(tmp_path / "out") == alone(source, tmp_path / "alone", Job(model))


def test_without_a_scheduler_the_address_is_named(
    source: Path, tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "_CONNECTING", 1)
    for scheduler in ("tcp://127.0.0.1:1", "nonsense://there"):
        with pytest.raises(ClusterError, match=rf"{scheduler}: the scheduler does not answer .*dask scheduler"):
            label_folder(source, tmp_path / "out", Job(model), scheduler)


def test_a_scheduler_without_workers_is_named(
    source: Path, tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cluster").mkdir()
    with running(tmp_path / "cluster", workers=0) as started:
        monkeypatch.setattr(cluster, "_CONNECTING", 5)
        with pytest.raises(ClusterError, match=r"the scheduler has no worker\. Start one: dask worker tcp://"):
            label_folder(source, tmp_path / "out", Job(model), started.address)


def test_a_worker_with_another_version_is_named(
    source: Path, tmp_path: Path, model: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("iraqstance.__version__", "999.0")
    with pytest.raises(ClusterError, match=r"another version of iraqstance \(expected 999\.0, got \d"):
        label_folder(source, tmp_path / "out", Job(model), address)


def test_a_file_that_cannot_be_read_is_named_and_the_others_stay(
    source: Path, tmp_path: Path, model: Path, address: str
) -> None:
    (source / "part-9.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(InputError, match=r"part-9\.parquet: this is no Parquet file"):
        label_folder(source, tmp_path / "out", Job(model), address)
    (source / "part-9.parquet").unlink()
    written = label_folder(source, tmp_path / "out", Job(model), address)
    assert written.files + written.before == FILES


def test_a_note_cut_off_within_a_character_loses_one_file(
    source: Path, tmp_path: Path, model: Path, address: str
) -> None:
    (source / "part-0.parquet").rename(source / "part-é.parquet")
    output = tmp_path / "out"
    label_folder(source, output, Job(model), address)
    note = output / ".iraqstance.jsonl"
    lines = note.read_bytes().splitlines(keepends=True)
    last = next(line for line in lines if "é".encode() in line)
    note.write_bytes(b"".join(line for line in lines if line != last) + last[: last.index("é".encode()) + 1])
    assert label_folder(source, output, Job(model), address).files == 1
    assert label_folder(source, output, Job(model), "tcp://127.0.0.1:1").before == FILES


def _other_model(output: Path, model: Path) -> Job:
    (output / ".iraqstance.jsonl").write_text('{"made_from": {"model": "x"}}\n', encoding="utf-8")
    return Job(model)


def _other_options(output: Path, model: Path) -> Job:
    made_from = {"model": sha256(model.read_bytes()).hexdigest(), **Job(model).options}
    (output / ".iraqstance.jsonl").write_text(json.dumps({"made_from": made_from}) + "\n", encoding="utf-8")
    return Job(model, min_confidence=0.5)


def _foreign_file(output: Path, model: Path) -> Job:
    (output / "mine.parquet").write_bytes(b"mine")
    return Job(model)


def _damaged_note(output: Path, model: Path) -> Job:
    (output / ".iraqstance.jsonl").write_text("[]", encoding="utf-8")
    return Job(model)


@pytest.mark.parametrize(
    ("prepare", "error", "message"),
    [
        (_other_model, UsageError, "was made with another model"),
        (_other_options, UsageError, r"was made with another --min-confidence \(expected 0\.0, got 0\.5\)"),
        (_foreign_file, UsageError, "files that no such run made"),
        (_damaged_note, InputError, "note of finished files is damaged"),
    ],
    ids=["another model", "other options", "foreign files", "a damaged note"],
)
def test_an_output_folder_of_something_else_is_left_alone(
    source: Path,
    tmp_path: Path,
    model: Path,
    prepare: Callable[[Path, Path], Job],
    error: type[IraqstanceError],
    message: str,
) -> None:
    output = tmp_path / "out"
    output.mkdir()
    job = prepare(output, model)
    before = {path.name: path.read_bytes() for path in output.iterdir()}
    with pytest.raises(error, match=message):
        label_folder(source, output, job, "tcp://127.0.0.1:1")
    assert {path.name: path.read_bytes() for path in output.iterdir()} == before


def test_input_and_output_are_different_folders_of_tables(source: Path, tmp_path: Path, model: Path) -> None:
    with pytest.raises(UsageError, match="the same folder"):
        label_folder(source, source, Job(model), "tcp://127.0.0.1:1")
    (tmp_path / "empty").mkdir()
    for folder, message in ((tmp_path / "none", "this is no folder"), (tmp_path / "empty", "holds no Parquet file")):
        with pytest.raises(InputError, match=message):
            label_folder(folder, tmp_path / "out", Job(model), "tcp://127.0.0.1:1")

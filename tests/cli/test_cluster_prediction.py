"""``predict --engine dask`` as a user calls it, on a scheduler and two workers of this machine."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cups import CORPUS
from iraqstance.training.classifier import fit
from iraqstance.training.model_folder import save_classifier
from starting import until

Run = Callable[..., CompletedProcess[str]]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model") / "cups"
    save_classifier(fit(CORPUS), folder, CORPUS)
    return folder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    for number, texts in enumerate((CORPUS.texts[:5], [*CORPUS.texts[5:], ""])):
        pq.write_table(pa.table({"body": list(texts)}), folder / f"part-{number}.parquet")
    return folder


def test_a_folder_is_labelled_once_as_one_process_labels_its_files(
    run: Run, source: Path, tmp_path: Path, model: Path, address: str
) -> None:
    command = ["predict", "--engine", "dask", "--scheduler", address, "-i", source, "-o", "out", "--model", model]
    done = run(*command, "--text-column", "body")
    assert done.returncode == 1  # for the row without a text
    assert "part-1.parquet: row 6: there is no text." in done.stderr
    assert "out: 10 texts labelled in 2 files\n" in done.stderr
    for path in source.iterdir():
        run("predict", "-i", path, "-o", f"alone-{path.name}", "--model", model, "--text-column", "body")
        assert (tmp_path / "out" / path.name).read_bytes() == (tmp_path / f"alone-{path.name}").read_bytes()
    again = run(*command, "--text-column", "body", "--resume")
    assert (again.returncode, again.stderr) == (0, "out: 0 texts labelled in 0 files, 2 before\n")


def test_a_wish_to_end_is_answered_and_the_same_command_goes_on(
    run: Run, tmp_path: Path, model: Path, address: str
) -> None:
    folder = tmp_path / "source"
    folder.mkdir()
    for number in range(20):
        pq.write_table(pa.table({"text": [*CORPUS.texts] * 300}), folder / f"part-{number}.parquet")
    command = ["predict", "--engine", "dask", "--scheduler", address, "-i", "source", "-o", "out", "--model", model]
    note = tmp_path / "out" / ".iraqstance.jsonl"
    with subprocess.Popen(
        [sys.executable, "-m", "iraqstance.cli", *map(str, command)],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        until(lambda: (note.exists() and note.read_text().count("\n") > 1) or process.poll() is not None, "a file")
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate()
    assert process.returncode == 130
    message = "error: interrupted; repeat the command to go on: what is finished is not done again\n"
    assert said.decode() == message
    with note.open("a", encoding="utf-8") as stream:
        stream.write('{"file": "part-')  # the power failed
    done = run(*command)
    assert done.returncode == 0
    assert re.fullmatch(r"out: \d+ texts labelled in \d+ files, \d+ before\n", done.stderr)
    assert len(list((tmp_path / "out").glob("*.parquet"))) == 20
    assert note.read_text().count("\n") == 21


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--engine", "dask", "-i", "in", "-o", "out"], "which cluster? (expected --scheduler tcp://HOST:PORT"),
        (["--scheduler", "tcp://127.0.0.1:1", "-i", "in", "-o", "out"], "--scheduler goes with --engine dask"),
        (["--engine", "dask", "--scheduler", "tcp://127.0.0.1:1", "a text"], "a cluster labels folders"),
        (
            ["--engine", "dask", "--scheduler", "tcp://127.0.0.1:1", "-i", "in", "-o", "out", "--explain"],
            "a cluster neither explains nor prints",
        ),
        (
            ["--engine", "dask", "--scheduler", "tcp://127.0.0.1:1", "-i", "in", "-o", "out", "--jobs", "2"],
            "a cluster's workers have their own threads",
        ),
    ],
)
def test_a_call_that_does_not_go_together_ends_in_one_line(run: Run, arguments: list[str], message: str) -> None:
    done = run("predict", *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {message}")
    assert done.stderr.count("\n") == 1

"""``predict --engine dask`` as a user calls it, on a scheduler and two workers of this machine."""

from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from clusters import running
from cups import CORPUS
from iraqstance.training.classifier import fit
from iraqstance.training.model_folder import save_classifier

Run = Callable[..., CompletedProcess[str]]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running(tmp_path_factory.mktemp("cluster"), workers=2) as started:
        yield started.address


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
    ],
)
def test_a_call_that_does_not_go_together_ends_in_one_line(run: Run, arguments: list[str], message: str) -> None:
    done = run("predict", *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {message}")
    assert done.stderr.count("\n") == 1

"""``iraqstance train``, ``evaluate`` and ``predict``."""

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from iraqstance.training.corpus import Columns, read_corpus
from iraqstance.training.default_model import default_model, default_model_folder
from iraqstance.training.labelling import prediction_row
from iraqstance.training.model_folder import load_classifier, read_manifest

Run = Callable[..., CompletedProcess[str]]


def write_table(path: Path) -> Path:
    """Write a table under other names than the usual ones, of two targets in three groups."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter="\t" if path.suffix == ".tsv" else ",")
        writer.writerow(["words", "view", "themes", "shop", "about"])
        for number in range(24):
            kind = number % 4 < 2
            words = f"{('Lovely', 'fresh,', 'mild')[number % 3] if kind else ('Awful', 'stale', 'burnt')[number % 3]}"
            about = ("ours", "theirs")[number % 2]
            row = [f"{words} {number}", "pro" if kind else "con", "hot|sweet" if number % 5 else "cold", number % 3]
            writer.writerow([*row, about])
    return path


COLUMNS = [
    "--text-column=words",
    "--stance-column=view",
    "--topics-column=themes",
    "--group-column=shop",
    "--target-column=about",
]
NAMES = Columns("words", "view", "themes", "shop", "about")


def test_any_table_trains_by_the_names_of_its_columns(run: Run, tmp_path: Path) -> None:
    done = run("train", write_table(tmp_path / "cups.tsv"), "-o", "model", *COLUMNS)
    assert (done.returncode, done.stdout) == (0, "")
    assert "2 stances towards ours and 2 stances towards theirs and 3 topics, learned from 24 rows" in done.stderr
    assert load_classifier(tmp_path / "model").targets == ("ours", "theirs")
    assert read_manifest(tmp_path / "model").data.sha256 == read_corpus(tmp_path / "cups.tsv", NAMES).sha256


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["train", "gone.csv", "-o", "m"], 1, r"error: gone\.csv: the file cannot be read"),
        (["train", "cups.csv", "-o", "m"], 1, r"error: cups\.csv: there is no column 'text' .*--text-column"),
        (["train", "cups.xls", "-o", "m"], 2, r"error: cups\.xls: this kind of file is not known"),
        (["evaluate", "cups.csv", *COLUMNS[:2], "--group-column=same"], 1, "there is no column 'same'"),
        (["predict"], 2, r"error: nothing to label \(expected texts, -, or -i FILE\)"),
        (["predict", "Tea", "-i", "cups.csv"], 2, "error: both texts and a file"),
        (["predict", "Tea", "--model", "gone"], 1, r"error: gone: this is no model folder .*iraqstance train"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_ends_in_one_clear_line(
    run: Run, tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    write_table(tmp_path / "cups.csv")
    before = (tmp_path / "cups.csv").read_bytes()
    done = run(*arguments)
    assert done.returncode == code
    assert re.search(message, done.stderr)
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == ["cups.csv"]
    assert (tmp_path / "cups.csv").read_bytes() == before


def test_standard_input_is_labelled_in_order_by_the_default_model_that_is_there(run: Run) -> None:
    """Once it was made, nothing is trained."""
    texts = ["The cook fears the new law.", "قهوة ☕", "a"]
    expected = [json.loads(json.dumps(prediction_row(found))) for found in default_model().predict(texts)]
    manifest = default_model_folder() / "manifest.json"
    written = manifest.stat()
    done = run("predict", "-", "--json", stdin="\n\n".join(texts))
    assert (done.returncode, done.stderr) == (0, "")
    assert [json.loads(line) for line in done.stdout.splitlines()] == expected
    assert (manifest.stat().st_ino, manifest.stat().st_mtime_ns) == (written.st_ino, written.st_mtime_ns)


@pytest.mark.parametrize("command", ["train", "evaluate", "predict"])
def test_every_command_shows_an_example(run: Run, command: str) -> None:
    done = run(command, "--help")
    assert done.returncode == 0
    assert f"iraqstance {command}" in done.stdout.partition("Example:")[2]

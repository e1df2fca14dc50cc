"""``iraqstance train``, ``evaluate`` and ``predict``."""

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from iraqstance.training.classifier import fit
from iraqstance.training.corpus import Corpus
from iraqstance.training.model_folder import load_classifier, save_classifier

Run = Callable[..., CompletedProcess[str]]

TEXTS = ("Lovely tea", "Fresh tea", "Stale tea", "Awful coffee", "Burnt coffee", "Mild coffee")
STANCES = ("likes", "likes", "dislikes", "dislikes", "dislikes", "likes")
TOPICS = (("tea",), ("tea",), ("tea",), ("coffee",), ("coffee",), ("coffee",))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "model"
    corpus = Corpus("cups", TEXTS, STANCES, TOPICS)
    save_classifier(fit(corpus), folder, corpus)
    return folder


def write_table(path: Path, *, delimiter: str = ",") -> Path:
    """Write a table under other names than the usual ones, of two targets in three groups."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=delimiter)
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


def test_any_table_trains_evaluates_and_predicts(run: Run, tmp_path: Path) -> None:
    """Column names, targets, topics and groups of one's own, through all three commands."""
    table = write_table(tmp_path / "cups.tsv", delimiter="\t")
    trained = run("train", table, "-o", "model", *COLUMNS)
    assert (trained.returncode, trained.stdout) == (0, "")
    assert "2 stances towards ours and 2 stances towards theirs and 3 topics, learned from 24 rows" in trained.stderr
    assert load_classifier(tmp_path / "model").targets == ("ours", "theirs")
    evaluated = run("evaluate", table, *COLUMNS, "--json")
    assert evaluated.returncode == 0, evaluated.stderr
    found = json.loads(evaluated.stdout)
    assert (found["rows"], found["scheme"], found["folds"]) == (24, "leaving one group out", ["0", "1", "2"])
    assert set(found["stance"]) == {"ours", "theirs"}
    assert set(found["topics"]) == {"model", "majority", "random"}
    arguments = ["-i", table, "--model", "model", "--text-column=words", "--target-column=about", "-o", "out.csv"]
    predicted = run("predict", *arguments)
    assert (predicted.returncode, predicted.stdout) == (0, "")
    assert predicted.stderr == "out.csv: 24 texts labelled\n"
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    with table.open(encoding="utf-8", newline="") as stream:
        assert [row["text"] for row in rows] == [row["words"] for row in csv.DictReader(stream, delimiter="\t")]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["train", "gone.csv", "-o", "m"], 1, r"error: gone\.csv: the file cannot be read"),
        (["train", "cups.csv", "-o", "m"], 1, r"error: cups\.csv: there is no column 'text' .*--text-column"),
        (["train", "cups.csv"], 2, r"Missing option '--output'"),
        (["train", "cups.xls", "-o", "m"], 2, r"error: cups\.xls: this kind of file is not known"),
        (["train", "cups.csv", "-o", "m", "--text-column=words", "--stance-column=x"], 1, "there is no column 'x'"),
        (["train", "cups.csv", "-o", "m", "--text-column=words"], 1, "there is neither a stance nor a topics column"),
        (["evaluate", "cups.csv", *COLUMNS[:2], "--group-column=same"], 1, "there is no column 'same'"),
        (["evaluate", "cups.csv", "--jobs", "0"], 2, r"Invalid value for '--jobs'"),
        (["predict"], 2, r"error: nothing to label \(expected texts, -, or -i FILE\)"),
        (["predict", "Tea", "-i", "cups.csv"], 2, "error: both texts and a file"),
        (["predict", "Tea", "--model", "gone"], 1, r"error: gone: this is no model folder .*iraqstance train"),
        (["predict", "Tea", "--model", "cups.csv"], 1, r"error: cups\.csv: this is no model folder"),
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


def test_an_output_that_cannot_be_written_is_named(run: Run, tmp_path: Path, model: Path) -> None:
    done = run("predict", "Tea", "--model", model, "-o", "gone/out.csv")
    assert done.returncode == 1
    assert done.stderr.startswith("error: gone/out.csv: the file cannot be written (got No such file or directory)")
    assert not list(tmp_path.iterdir())


def test_arguments_are_labelled_in_a_table(run: Run, model: Path) -> None:
    done = run("predict", "--model", model, "Lovely fresh tea", "Burnt [bold]coffee[/bold]")
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line for line in done.stdout.splitlines() if "likes" in line]
    assert re.search(r"\blikes 0\.\d\d +tea 0\.\d\d +Lovely fresh tea", lines[0])
    assert re.search(r"dislikes 0\.\d\d +coffee 0\.\d\d +Burnt \[bold\]coffee\[/bold\]", lines[1])


def test_standard_input_is_labelled_in_order(run: Run, model: Path) -> None:
    done = run("predict", "-", "--json", "--model", model, stdin="Lovely tea\nقهوة ☕\n\na\n")
    assert (done.returncode, done.stderr) == (0, "")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["text"] for row in rows] == ["Lovely tea", "قهوة ☕", "a"]
    assert all(list(row) == ["text", "stance", "stance_scores", "topics", "topic_scores"] for row in rows)


def test_the_default_model_is_trained_at_most_once(run: Run, cache: Path) -> None:
    """It may be in the cache that the tests share before the first of the two."""
    first = run("predict", "The cook fears the new law.", "--json")
    (manifest,) = (cache / "iraqstance" / "models").glob("*/manifest.json")
    written = manifest.stat()
    second = run("predict", "The cook fears the new law.", "--json")
    assert (first.returncode, second.returncode) == (0, 0)
    assert first.stdout == second.stdout
    assert first.stderr in {"", "Training the default model from the packaged open edition; this happens once.\n"}
    assert second.stderr == ""
    assert (manifest.stat().st_ino, manifest.stat().st_mtime_ns) == (written.st_ino, written.st_mtime_ns)


@pytest.mark.parametrize("command", ["train", "evaluate", "predict"])
def test_every_command_shows_an_example(run: Run, command: str) -> None:
    done = run(command, "--help")
    assert done.returncode == 0
    assert f"iraqstance {command}" in done.stdout.partition("Example:")[2]

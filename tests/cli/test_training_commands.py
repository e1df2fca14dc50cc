"""``iraqstance train`` and ``predict``."""

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from huggingface_hub import ModelCard
from iraqstance.training.corpus import Columns, read_corpus
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
    done = run("train", write_table(tmp_path / "cups.tsv"), "-o", "model", "--no-evaluate", *COLUMNS)
    assert (done.returncode, done.stdout) == (0, "")
    assert "2 stances towards ours and 2 stances towards theirs and 3 topics, learned from 24 rows" in done.stderr
    assert load_classifier(tmp_path / "model").targets == ("ours", "theirs")
    assert read_manifest(tmp_path / "model").data.sha256 == read_corpus(tmp_path / "cups.tsv", NAMES).sha256
    assert not (tmp_path / "model" / "metrics.json").exists()
    assert "Nothing was measured." in (tmp_path / "model" / "README.md").read_text(encoding="utf-8")


def test_a_model_is_measured_by_cross_validation_unless_told_otherwise(run: Run, tmp_path: Path) -> None:
    done = run("train", write_table(tmp_path / "cups.csv"), "-o", "model", "--license", "mit", *COLUMNS)
    assert done.returncode == 0, done.stderr
    metrics = json.loads((tmp_path / "model" / "metrics.json").read_text(encoding="utf-8"))
    assert (metrics["data"]["name"], metrics["data"]["rows"]) == ("cups.csv", 24)
    value, low, high = metrics["stance"]["ours"]["model"]["macro_f1"]
    assert f"{value:.3f} [{low:.2f}, {high:.2f}]" in done.stdout
    card = ModelCard.load(tmp_path / "model" / "README.md")
    assert card.data.license == "mit"
    assert any(result.metric_value == round(value, 4) for result in card.data.eval_results or [])


def test_a_model_is_measured_on_held_out_data(run: Run, tmp_path: Path) -> None:
    lines = write_table(tmp_path / "cups.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "kept.csv").write_text("".join(lines[:1] + lines[17:]), encoding="utf-8")
    (tmp_path / "learned.csv").write_text("".join(lines[:17]), encoding="utf-8")
    columns = [column for column in COLUMNS if "group" not in column]
    done = run("train", "learned.csv", "-o", "model", "--test", "kept.csv", *columns)
    assert done.returncode == 0, done.stderr
    metrics = json.loads((tmp_path / "model" / "metrics.json").read_text(encoding="utf-8"))
    assert (metrics["data"]["name"], metrics["data"]["rows"]) == ("kept.csv", 8)
    assert read_manifest(tmp_path / "model").data.rows == 16


def test_rows_that_do_not_suffice_to_measure_train_all_the_same(run: Run, tmp_path: Path) -> None:
    (tmp_path / "few.csv").write_text("text,stance\nLovely tea,pro\nStale tea,con\nMild tea,pro\n", encoding="utf-8")
    done = run("train", "few.csv", "-o", "model")
    assert done.returncode == 0, done.stderr
    assert "not measured: few.csv: too few rows for five folds" in done.stderr
    assert not (tmp_path / "model" / "metrics.json").exists()
    assert load_classifier(tmp_path / "model").targets == ("",)


def test_labels_of_one_row_and_labels_never_trained_are_told(run: Run, tmp_path: Path) -> None:
    rows = "".join(f"{('Lovely', 'Stale')[n % 2]} tea {n},{('pro', 'con')[n % 2]},hot\n" for n in range(12))
    head = "text,stance,topics\n"
    (tmp_path / "cups.csv").write_text(f"{head}{rows}Odd milk,rare,hot|cold\n", encoding="utf-8")
    (tmp_path / "kept.csv").write_text(f"{head}Lovely milk,pro,hot\nOdd tea,strange,hot\n", encoding="utf-8")
    done = run("train", "cups.csv", "-o", "model", "--test", "kept.csv")
    assert done.returncode == 0, done.stderr
    assert "one training row each, too few to learn from: 'rare', topic 'cold'" in done.stderr
    assert "never trained: 'strange', the label of 1 tested row" in done.stdout


def test_many_rows_are_not_cross_validated_unasked(run: Run, tmp_path: Path) -> None:
    rows = "".join(f"{('Lovely', 'Stale')[number % 2]} tea,{('pro', 'con')[number % 2]}\n" for number in range(5_001))
    (tmp_path / "many.csv").write_text(f"text,stance\n{rows}", encoding="utf-8")
    done = run("train", "many.csv", "-o", "model")
    assert done.returncode == 0, done.stderr
    assert re.search(r"not measured: 5001 rows are many to cross-validate\. .*--test", done.stderr)


def test_a_model_of_another_scikit_learn_is_told_in_one_line_and_used(run: Run, tmp_path: Path) -> None:
    (tmp_path / "few.csv").write_text("text,stance\nLovely tea,pro\nStale tea,con\nMild tea,pro\n", encoding="utf-8")
    assert run("train", "few.csv", "-o", "model", "--no-evaluate").returncode == 0
    manifest = json.loads((tmp_path / "model" / "manifest.json").read_text(encoding="utf-8"))
    manifest["libraries"]["scikit-learn"] = "1.0.2"
    (tmp_path / "model" / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    # What explains opens the pipelines; plain labels come from a flat file, which needs no scikit-learn.
    done = run("predict", "--model", "model", "--explain", "Lovely tea")
    assert done.returncode == 0
    assert "pro" in done.stdout
    assert re.fullmatch(
        r"warning: model: the model was fitted with scikit-learn 1\.0\.2, and [\d.]+ is installed: it opens, but may "
        r"label otherwise\. Train it again, or install that version\.\n",
        done.stderr,
    )


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["train", "gone.csv", "-o", "m"], 1, r"error: gone\.csv: the file cannot be read"),
        (["train", "cups.csv", "-o", "m"], 1, r"error: cups\.csv: there is no column 'text' .*--text-column"),
        (["train", "cups.csv", "-o", "m", "--test", "gone.csv", *COLUMNS], 1, r"gone\.csv: the file cannot be read"),
        (["train", "cups.csv", "-o", "m", "--test", "cups.csv", "--no-evaluate"], 2, "do not go together"),
        (["train", "cups.xls", "-o", "m"], 2, r"error: cups\.xls: this kind of file is not known"),
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


@pytest.mark.parametrize("command", ["train", "predict"])
def test_every_command_shows_an_example(run: Run, command: str) -> None:
    done = run(command, "--help")
    assert done.returncode == 0
    assert f"iraqstance {command}" in done.stdout.partition("Example:")[2]


def test_a_folders_split_test_is_what_is_held_out(run: Run, tmp_path: Path) -> None:
    """Training reads its split train; the figures are of the split test, in a table whose columns all show."""
    folder = tmp_path / "cups"
    folder.mkdir()
    for split, rows in (("train", 40), ("test", 12)):
        lines = [
            f"{'lovely' if row % 2 else 'awful'} tea {split} {row},{'pro' if row % 2 else 'con'}" for row in range(rows)
        ]
        (folder / f"{split}.csv").write_text("\n".join(["text,stance", *lines]), encoding="utf-8")
    done = run("train", folder, "-o", "model", "--test", folder)
    assert done.returncode == 0, done.stderr
    assert "cups: 12 rows" in done.stdout
    (head,) = (line for line in done.stdout.splitlines() if line.strip().startswith("stance"))
    assert re.split(r" {2,}", head.strip()) == ["stance", "macro-F1", "accuracy", "log loss", "ECE"]
    assert re.search(r"^ the commonest label +\d\.\d{3} \[\d\.\d\d, \d\.\d\d\]", done.stdout, re.MULTILINE)
    assert "learned from 40 rows" in done.stderr

"""``iraqstance evaluate``."""

import csv
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Run = Callable[..., CompletedProcess[str]]

KIND, HARSH = ("Lovely", "fresh,", "mild"), ("Awful", "stale", "burnt")


def write_table(path: Path, numbers: Sequence[int] = range(24), view: str = "pro") -> Path:
    """Write opinions under other names of columns than the usual ones, of two targets in three groups."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["words", "view", "themes", "shop", "about"])
        for n in numbers:
            words = f"{(KIND if n % 4 < 2 else HARSH)[n % 3]} {n}"
            theme = "hot|sweet" if n % 5 else "cold"
            writer.writerow(
                [words, view if n % 4 < 2 else "con", theme, n // 24 * 3 + n % 3, ("ours", "theirs")[n % 2]]
            )
    return path


COLUMNS = [
    "--text-column=words",
    "--stance-column=view",
    "--topics-column=themes",
    "--group-column=shop",
    "--target-column=about",
]


def test_systems_stand_beside_each_other_and_below_what_the_model_gains(run: Run, tmp_path: Path) -> None:
    write_table(tmp_path / "cups.csv")
    done = run("evaluate", "cups.csv", *COLUMNS, "--sides=pro,con")
    assert (done.returncode, done.stderr) == (0, "")
    assert "cups.csv: 24 rows, 3 folds (leaving one group out)" in done.stdout
    for name in ("ours", "theirs"):
        assert re.search(rf"stance towards {name} +macro-F1 +accuracy +F1 pro/con +log loss +ECE", done.stdout)
    assert re.search(r"stance, mean over targets +macro-F1", done.stdout)
    assert re.search(r"topics +micro-F1 +macro-F1 +exact set +log loss +ECE", done.stdout)
    assert (
        len(re.findall(r"model, the surest stances .* 100% *\n.*\n accuracy .*\n --min-confidence ", done.stdout)) == 2
    )
    assert re.search(r"model, the surest topics .* 100% *\n.*\n right of the given .*\n --min-confidence ", done.stdout)
    assert len(re.findall(r"^ unigram +-?\d\.\d{3} \[-?\d\.\d\d, -?\d\.\d\d\]", done.stdout, re.MULTILINE)) == 8


def test_json_is_what_the_figures_file_of_a_report_holds(run: Run, tmp_path: Path) -> None:
    write_table(tmp_path / "cups.csv")
    done = run("evaluate", "cups.csv", *COLUMNS, "--json", "--report", "new/report", "--no-texts")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == json.loads((tmp_path / "new/report/metrics.json").read_text(encoding="utf-8"))
    assert str(Path("new/report/report.html")) in done.stderr
    assert "<blockquote" not in (tmp_path / "new/report/report.html").read_text(encoding="utf-8")


def test_held_out_data_are_tested_and_strange_labels_told(run: Run, tmp_path: Path) -> None:
    write_table(tmp_path / "cups.csv")
    write_table(tmp_path / "later.csv", range(24, 36), view="strange")
    done = run("evaluate", "cups.csv", "--test", "later.csv", *COLUMNS)
    assert done.returncode == 0, done.stderr
    assert "later.csv: 12 rows (trained on 24 rows of cups.csv)" in done.stdout
    assert "never trained: 'strange', the label of 3 tested rows" in done.stdout


def test_a_single_label_is_said_to_tell_little(run: Run, tmp_path: Path) -> None:
    rows = "".join(f"Lovely tea {number},pro\n" for number in range(12))
    (tmp_path / "cups.csv").write_text(f"text,stance\n{rows}", encoding="utf-8")
    done = run("evaluate", "cups.csv")
    assert done.returncode == 0, done.stderr
    assert "every tested row has the one stance 'pro': the figures tell little" in done.stdout


def test_further_data_are_compared_with_doing_without(run: Run, tmp_path: Path) -> None:
    write_table(tmp_path / "cups.csv")
    write_table(tmp_path / "more.csv", range(24, 48))
    done = run("evaluate", "cups.csv", "--with", "more.csv", *COLUMNS, "--topics-column=")
    assert done.returncode == 0, done.stderr
    assert "training also on more.csv less the held-out groups" in done.stdout
    assert re.search(r"model less +macro-F1 +accuracy[^\n]*\n[^\n]*\n without ", done.stdout)


def test_saved_models_are_tested_and_compared(run: Run, tmp_path: Path) -> None:
    write_table(tmp_path / "cups.csv")
    write_table(tmp_path / "more.csv", range(24, 60))
    for name, data in (("one", "cups.csv"), ("two", "more.csv")):
        assert run("train", data, "-o", name, "--no-evaluate", *COLUMNS).returncode == 0
    done = run("evaluate", "more.csv", *COLUMNS, "--model=one", "--model=two/classifier.flat", "--report=report")
    assert done.returncode == 0, done.stderr
    assert "more.csv: 36 rows (model: one, other: two/classifier.flat; fitted before: rows" in done.stdout
    assert re.search(r"^ other +1\.000 \[1\.00, 1\.00\]", done.stdout, re.MULTILINE)
    assert "majority" not in done.stdout
    assert "the other model" in (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    done = run("evaluate", "cups.csv", *COLUMNS, "--model=one")
    assert done.stderr == "one has learned from these very rows, which flatters it\n"
    assert "model less" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["cups.csv", *COLUMNS[:2], "--group-column=same"], 1, "there is no column 'same'"),
        (["cups.csv", *COLUMNS, "--test", "gone.csv"], 1, r"error: gone\.csv: the file cannot be read"),
        (["cups.csv", *COLUMNS, "--sides", "pro"], 2, r"--sides names two stances \(expected ONE,OTHER, got pro\)"),
        (["cups.csv", *COLUMNS, "--sides", "pro,contra"], 2, "no tested row has the stance 'contra'"),
        (["cups.csv", *COLUMNS, "--report", "cups.csv"], 1, r"cups\.csv: the folder of the report cannot be made"),
        (["cups.csv", *COLUMNS, "--model=one", "--with=cups.csv"], 2, "--with trains, --model does not"),
        (["cups.csv", *COLUMNS, "--model=one", "--test=cups.csv"], 2, "--test does not go with --model"),
        (["cups.csv", *COLUMNS, *["--model=one"] * 3], 2, r"--model names one model or two \(got 3\)"),
        (["cups.csv", *COLUMNS, "--model=one"], 1, "error: one: this is no model folder"),
        (["cups.csv", *COLUMNS, "--test", "cups.csv"], 1, "every training row belongs to a group that is tested"),
    ],
    ids=[
        "column",
        "no test",
        "one side",
        "strange side",
        "folder",
        "further data",
        "test",
        "three",
        "no model",
        "all tested",
    ],
)
def test_a_mistake_ends_in_one_clear_line(
    run: Run, tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    write_table(tmp_path / "cups.csv")
    done = run("evaluate", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert re.search(message, done.stderr)
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["cups.csv"]


def test_help_shows_an_example(run: Run) -> None:
    done = run("evaluate", "--help")
    assert done.returncode == 0
    assert "iraqstance evaluate" in done.stdout.partition("Example:")[2]

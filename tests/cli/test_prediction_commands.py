"""``iraqstance predict``."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from subprocess import CompletedProcess

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
from cups import CORPUS
from iraqstance.training.classifier import fit
from iraqstance.training.default_model import default_model, default_model_folder
from iraqstance.training.labelling.prediction_rows import prediction_row
from iraqstance.training.model_folder import save_classifier
from starting import until

Run = Callable[..., CompletedProcess[str]]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "cups"
    save_classifier(fit(CORPUS), folder, CORPUS)
    return folder


def write_rows(path: Path, count: int) -> Path:
    rows = [{"text": f"{CORPUS.texts[number % 10]}\n{number}", "n": number} for number in range(count)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, r"error: nothing to label \(expected texts, -, or -i FILE\)"),
        (["Tea", "-i", "in.csv"], 2, "error: both texts and a file"),
        (["Tea", "--json", "-o", "out.jsonl"], 2, "error: both a file and --json"),
        (["Tea", "--model", "gone"], 1, r"error: gone: this is no model folder .*iraqstance train"),
        (["-i", "gone.csv"], 1, r"error: gone\.csv: the file cannot be read"),
        (["-i", "gone.parquet"], 1, r"error: gone\.parquet: the file cannot be read"),
        (["-i", "gone"], 1, r"error: gone: there is no such file or folder"),
        (["-i", "in.xls"], 2, r"error: in\.xls: this kind of file is not known"),
        (["-i", "in.csv", "--text-column", "body"], 1, r"error: in\.csv: there is no column 'body' .*--text-column"),
        (["-", "-o", "out.jsonl", "--resume"], 2, "error: standard input and output cannot be resumed"),
        (["Tea", "--min-confidence", "1.5"], 2, r"Invalid value for '--min-confidence'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_ends_in_one_clear_line(
    run: Run, tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    (tmp_path / "in.csv").write_text("text\nTea\n", encoding="utf-8")
    done = run("predict", *arguments)
    assert done.returncode == code
    assert re.search(message, done.stderr)
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


@pytest.mark.parametrize("name", ["out.xlsx", "no/out.csv", "out.csv --explain"])
def test_an_output_that_cannot_be_written_is_refused(run: Run, model: Path, name: str) -> None:
    done = run("predict", "Tea", "--model", model, "-o", *name.split())
    assert done.returncode == (1 if name == "no/out.csv" else 2)
    assert re.fullmatch(r"error: .*\n", done.stderr)


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


def test_bad_rows_are_named_and_end_in_code_1_with_all_others_labelled(run: Run, tmp_path: Path, model: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(b'{"text": "Tea"}\n{]\n{"text": "caf\xe9"}\n{"text": "Coffee"}\n')
    done = run("predict", "-i", "in.jsonl", "-o", "out.jsonl", "--model", model)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "error: in.jsonl: line 2: invalid JSON: Expecting property name enclosed in double quotes at column 2.",
        "error: in.jsonl: line 3: the text is not UTF-8. Save the file as UTF-8.",
        "out.jsonl: 2 texts labelled",
    ]
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [bool(row["stance"]) for row in rows] == [True, False, False, True]


def test_the_first_of_many_bad_rows_are_named_and_the_others_counted(run: Run, model: Path) -> None:
    done = run("predict", "-", "--json", "--model", model, stdin='{"text": "Tea"}\n' + "{\n" * 30)
    assert done.returncode == 1
    assert done.stderr.count("error: standard input: line") == 20
    assert done.stderr.endswith("30 rows have an error; the output's error column names each\n")
    assert len(done.stdout.splitlines()) == 31


def test_the_table_shows_what_was_left_open_and_no_control_characters(run: Run, model: Path) -> None:
    done = run("predict", "Lovely\x1b[31m tea", "", "--model", model, "--min-confidence", "1")
    assert done.returncode == 1
    assert done.stderr == "error: text 2: there is no text.\n"
    assert re.search(r"\(likes 0\.\d\d\) +Lovely\ufffd\[31m tea", done.stdout)
    assert re.search(r"(?m)^ *error", done.stdout)


def test_an_explanation_marks_words_without_colour_too(run: Run, model: Path) -> None:
    done = run("predict", "Lovely but stale tea", "--model", model, "--explain", "--terms", "1")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert re.search(r"\[[+-]Lovely\].*\[[+-]stale\]", done.stdout)
    assert re.search(r"(?m)^ *for +\+0\.\d{3} +(word|char) +'.+'", done.stdout)
    assert re.search(r"(?m)^ *against +-0\.\d{3} +(word|char) +'.+'", done.stdout)
    assert re.search(r"(?m)^score [+-]\d\.\d{3} = shown terms, others", done.stdout)
    coloured = run("predict", "Lovely but stale tea", "--model", model, "--explain", FORCE_COLOR="1", TERM="xterm")
    assert "\x1b[1;32m" in coloured.stdout
    plain = run("predict", "Tea", "--model", model, "--explain", FORCE_COLOR="1", TERM="xterm", NO_COLOR="1")
    assert "32m" not in plain.stdout


def start(tmp_path: Path, *arguments: str | Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "iraqstance.cli", "predict", *map(str, arguments)],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("name", ["out.jsonl", "out.csv", "out.parquet"])
def test_a_killed_run_leaves_no_half_file_and_goes_on_to_the_same_bytes(
    run: Run, tmp_path: Path, model: Path, how: signal.Signals, name: str
) -> None:
    write_rows(tmp_path / "in.jsonl", 30_000)
    arguments = ["-i", "in.jsonl", "--model", model, "-o"]
    partial = tmp_path / f".{name}.partial" / "state.json"
    with start(tmp_path, *arguments, name) as process:
        until(lambda: partial.exists() or process.poll() is not None, "the first rows")
        os.killpg(process.pid, how)
        _, said = process.communicate()
    assert process.returncode == (130 if how == signal.SIGINT else -how), said
    assert partial.exists()
    assert not (tmp_path / name).exists()
    if how == signal.SIGINT:
        assert said.decode() == "error: interrupted; to go on, repeat the command with --resume\n"
    other = run("predict", *arguments, name, "--resume", "--min-confidence", "0.5")
    assert other.returncode == 2
    assert f"error: {name}: the interrupted run had another --min-confidence (expected 0.0, got 0.5)" in other.stderr
    done = run("predict", *arguments, name, "--resume")
    assert re.fullmatch(rf"{name}: 30000 texts labelled, \d+ of them before\n", done.stderr)
    assert run("predict", *arguments, f"whole-{name}").returncode == 0
    assert (tmp_path / name).read_bytes() == (tmp_path / f"whole-{name}").read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"in.jsonl", name, f"whole-{name}"}


def test_plain_lines_of_standard_input_have_no_columns(run: Run, model: Path) -> None:
    done = run("predict", "-", "--text-column", "body", "--model", model, stdin="id,body\n1,Tea\n")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: standard input has no columns (expected JSON lines")
    assert done.stderr.count("\n") == 1


def test_a_reader_that_has_had_enough_ends_it_quietly(tmp_path: Path, model: Path) -> None:
    write_rows(tmp_path / "in.jsonl", 5_000)
    with start(tmp_path, "-i", "in.jsonl", "--model", model, "--json") as process:
        assert process.stdout
        assert process.stdout.readline().startswith(b'{"text"')
        process.stdout.close()
        assert process.stderr
        assert process.stderr.read() == b""
    assert process.returncode == 1


def test_help_shows_an_example(run: Run) -> None:
    done = run("predict", "--help")
    assert done.returncode == 0
    assert "iraqstance predict" in done.stdout.partition("Example:")[2]


def test_help_mentions_threads_and_flat_files(run: Run) -> None:
    shown = " ".join(run("predict", "--help", COLUMNS="200").stdout.split())
    assert "--jobs" in shown
    assert "FILE.flat" in shown


def test_a_flat_file_a_model_folder_and_threads_give_the_same_bytes(run: Run, tmp_path: Path, model: Path) -> None:
    write_rows(tmp_path / "in.jsonl", 5_000)
    calls = {
        "folder.jsonl": ["--model", model],
        "flat.jsonl": ["--model", model / "classifier.flat"],
        "threads.jsonl": ["--model", model, "--jobs", "2"],
    }
    for name, options in calls.items():
        assert run("predict", "-i", "in.jsonl", "-o", name, *options).returncode == 0
    assert len({(tmp_path / name).read_bytes() for name in calls}) == 1
    explained = run("predict", "-i", "in.jsonl", "-o", "no.jsonl", "--explain", "--model", model / "classifier.flat")
    assert explained.returncode == 2
    assert "a flat model gives no explanation. Name a model folder with --model" in explained.stderr


def test_a_folder_without_a_flat_file_is_labelled_by_its_pipelines(run: Run, tmp_path: Path, model: Path) -> None:
    """Whatever is not in order there shows as it did."""
    shutil.copytree(model, tmp_path / "other")
    (tmp_path / "other" / "classifier.flat").write_bytes(b"changed")
    done = run("predict", "Tea", "--model", "other")
    assert done.returncode == 1
    assert "classifier.flat: the file is not the one that was saved" in done.stderr


@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet"])
def test_large_files_are_labelled_without_large_libraries(tmp_path: Path, model: Path, kind: str) -> None:
    pytest.importorskip("numba")
    source = tmp_path / f"in.{kind}"
    texts = [f"{CORPUS.texts[number % 10]} {sha256(str(number).encode()).hexdigest()}" for number in range(30_000)]
    table = pa.table({"n": range(30_000), "text": texts})
    if kind == "jsonl":
        source.write_text("".join(json.dumps(row) + "\n" for row in table.to_pylist()), encoding="utf-8")
    else:
        (pq.write_table if kind == "parquet" else pacsv.write_csv)(table, source)
    code = (
        "import sys; from iraqstance.cli import main\n"
        "def call(*arguments):\n"
        "    sys.argv[1:] = ['predict', *arguments, '--model', MODEL]\n"
        "    try: main()\n"
        "    except SystemExit as end: assert not end.code\n"
        "call('-i', SOURCE, '-o', 'out.KIND')\n"
        "print(*{'datasets', 'pandas', 'sklearn', 'pyarrow.compute'} & set(sys.modules))\n"
        "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    )
    code = code.replace("MODEL", repr(str(model))).replace("SOURCE", repr(str(source))).replace("KIND", kind)
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, check=True, text=True)
    imported, memory = done.stdout.split("\n")[:2]
    assert imported == ""
    assert int(memory) < 250 * 1024  # KiB


def test_a_file_is_not_labelled_into_itself(run: Run, tmp_path: Path) -> None:
    posts = tmp_path / "posts.csv"
    posts.write_text("text\nLovely tea\n", encoding="utf-8")
    done = run("predict", "-i", "posts.csv", "-o", f"./../{tmp_path.name}/posts.csv")
    assert done.returncode == 2
    assert "input and output are the same file" in done.stderr
    assert posts.read_text(encoding="utf-8") == "text\nLovely tea\n"


def test_every_split_of_a_folder_is_labelled(run: Run, tmp_path: Path, model: Path) -> None:
    folder = tmp_path / "cups"
    folder.mkdir()
    for split in ("train", "validation", "test"):
        (folder / f"{split}.csv").write_text(f"text\nLovely tea of {split}\n", encoding="utf-8")
    done = run("predict", "-i", folder, "-o", "out.jsonl", "--model", model)
    assert done.returncode == 0, done.stderr
    texts = [json.loads(line)["text"] for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert sorted(texts) == ["Lovely tea of test", "Lovely tea of train", "Lovely tea of validation"]


def test_the_name_of_a_file_that_is_there_is_a_text_with_a_hint(run: Run, tmp_path: Path, model: Path) -> None:
    (tmp_path / "article.txt").write_text("Lovely tea", encoding="utf-8")
    done = run("predict", "article.txt", "--json", "--model", model)
    assert json.loads(done.stdout)["text"] == "article.txt"
    assert (
        done.stderr
        == "'article.txt' is labelled as a text; to label what the file of that name holds: -i article.txt\n"
    )

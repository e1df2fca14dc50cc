"""A few texts are answered with the standard library alone, in the bytes of the whole command."""

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from cups import CORPUS
from iraqstance.cli.quick import answered
from iraqstance.training.classifier import fit
from iraqstance.training.default_model import default_model
from iraqstance.training.flat.flattening import write_flat
from iraqstance.training.model_folder import save_classifier

Run = Callable[..., CompletedProcess[str]]

TEXTS = [
    *CORPUS.texts[:3],
    "a",
    "قهوة ☕️🔥",
    "Lovely\x1b[31m tea\x85\r\n two\tlines",
    "Σ İ #FreshTea",
    "long " * 300,
    "w" * 300,
    "[bold]tea[/bold] :smile:",
]
HEAVY = {"click", "datasets", "joblib", "numba", "numpy", "pandas", "pyarrow", "pydantic", "scipy", "sklearn", "typer"}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "cups"
    save_classifier(fit(CORPUS), folder, CORPUS)
    return folder


@pytest.fixture(scope="module")
def flat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "cups.flat"
    write_flat(fit(CORPUS), path)
    return path


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Callable[..., bool]:
    """Answer a call, with what it prints caught."""
    monkeypatch.setenv("COLUMNS", "100")
    return lambda *arguments: answered([*map(str, arguments)])


def in_terminal(*arguments: str | Path, **environment: str) -> bytes:
    """Return what the command prints on a terminal of 80 columns."""
    lead, end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "iraqstance.cli", *map(str, arguments)],
        stdin=end,
        stdout=end,
        stderr=end,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", **environment},
    )
    os.close(end)
    said = b""
    while True:
        try:
            part = os.read(lead, 1 << 16)
        except OSError:  # its other end is closed
            break
        said += part
    os.close(lead)
    assert process.wait() == 0
    return said


def ways(*arguments: str | Path) -> tuple[tuple[str | Path, ...], tuple[str | Path, ...]]:
    """Return the call, and one that says the same and goes through the whole command."""
    return ("predict", *arguments), ("predict", *arguments, "--terms", "10")


@pytest.mark.parametrize("options", [(), ("--json",), ("--min-confidence", "0.7"), ("--min-confidence=1", "--json")])
def test_it_prints_the_bytes_of_the_whole_command(run: Run, model: Path, options: tuple[str, ...]) -> None:
    for texts in ([text] for text in TEXTS):
        short, whole = ways(*texts, "--model", model, *options)
        assert answered_calls([*short])
        first, second = run(*short), run(*whole)
        assert (first.returncode, first.stdout, first.stderr) == (0, second.stdout, "")
    short, whole = ways(*TEXTS, "--model", model, *options)
    assert run(*short).stdout == run(*whole).stdout != ""


def answered_calls(arguments: list[str | Path]) -> bool:
    """Tell whether a call is answered quickly, in a process of its own."""
    code = "import sys; from iraqstance.cli.quick import answered; sys.exit(not answered(sys.argv[1:]))"
    done = subprocess.run([sys.executable, "-c", code, *map(str, arguments)], capture_output=True, check=False)
    return done.returncode == 0


@pytest.mark.parametrize(
    "environment", [{}, {"NO_COLOR": "1"}, {"TERM": "dumb"}, {"FORCE_COLOR": "1", "COLUMNS": "40"}]
)
def test_a_terminal_shows_the_same(flat: Path, environment: dict[str, str]) -> None:
    short, whole = ways(*TEXTS, "--model", flat)
    assert in_terminal(*short, **environment) == in_terminal(*whole, **environment) != b""


@pytest.mark.parametrize("options", [(), ("--json",)])
@pytest.mark.parametrize("kind", ["folder", "flat", "default"])
def test_no_heavy_library_is_imported(flat: Path, model: Path, kind: str, options: tuple[str, ...]) -> None:
    named = {"folder": ["--model", str(model)], "flat": ["--model", str(flat)], "default": []}[kind]
    if kind == "default":
        default_model()
    code = (
        "import sys; from iraqstance.cli import main; sys.argv[1:] = ARGUMENTS\n"
        "main(); print(*sys.modules, file=sys.stderr)"
    ).replace("ARGUMENTS", repr(["predict", "Lovely tea", *named, *options]))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    imported = {name.partition(".")[0] for name in done.stderr.split()}
    assert "Lovely tea" in done.stdout
    assert "iraqstance" in imported
    assert not imported & HEAVY
    assert ("rich" in imported) == (not options)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["train", "Tea"],
        ["predict"],
        ["predict", "-"],
        ["predict", ""],
        ["predict", " \n"],
        ["predict", "Milk \udcd8"],
        ["predict", "Tea", "--help"],
        ["predict", "Tea", "--explain"],
        ["predict", "Tea", "-o", "out.jsonl"],
        ["predict", "Tea", "--jobs", "2"],
        ["predict", "Tea", "--min-confidence", "1.5"],
        ["predict", "Tea", "--min-confidence", "nan"],
        ["predict", "Tea", "--min-confidence", "high"],
        ["predict", "Tea", "--min-confidence", "-1"],
        ["predict", "Tea", "--json", "--json"],
        ["predict", "Tea", "--target", "nobody"],
        ["predict", "Tea", "--target"],
        ["predict", "--", "Tea"],
        ["predict", *["Tea"] * 21],
        ["predict", "tea " * 10_000],
    ],
    ids=lambda arguments: " ".join(arguments)[:40].encode("ascii", "backslashreplace").decode(),
)
def test_what_is_no_plain_call_is_left_to_the_whole_command(
    quick: Callable[..., bool], flat: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    if arguments[:1] == ["predict"] and "--" not in arguments:
        arguments = [*arguments[:1], "--model", str(flat), *arguments[1:]]
    assert not quick(*arguments)
    assert capsys.readouterr() == ("", "")


def test_a_model_that_is_not_in_order_is_left_to_the_whole_command(
    quick: Callable[..., bool], run: Run, flat: Path, tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged.flat"
    content = bytearray(flat.read_bytes())
    content[-100] ^= 1
    damaged.write_bytes(content)
    for model in (damaged, tmp_path / "gone.flat", tmp_path / "gone", tmp_path):
        assert not quick("predict", "Tea", "--model", model)
    done = run("predict", "Tea", "--model", damaged)
    assert done.returncode == 1
    assert "the flat model is damaged" in done.stderr
    assert run("predict", "Tea", "--model", flat, "--explain").returncode == 2

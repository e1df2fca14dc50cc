"""The package as others get it: what it imports, what its wheel carries, what it says of itself."""

import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def checked(*command: str | Path, cwd: Path | None = None, **environment: str) -> str:
    """Run a command that has to end well, and return what it prints."""
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("arguments", [["--help"], ["predict", "--help"], ["demo", "--help"], ["--version"]])
def test_help_loads_no_heavy_library(arguments: list[str]) -> None:
    program = (
        "import sys; from iraqstance.cli import main; sys.argv[1:] = ARGUMENTS\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'sklearn', 'datasets', 'pandas', 'label_studio_sdk', 'numpy', 'pyarrow', 'scipy', 'skops'}\n"
        "print('LOADED', sorted(heavy & set(sys.modules)))"
    ).replace("ARGUMENTS", repr(arguments))
    assert checked(sys.executable, "-c", program).endswith("LOADED []\n")


def test_an_arrow_never_points_back(tmp_path: Path) -> None:
    """The order is cli, training, dataset, annotation, as pyproject.toml says it to import-linter."""
    tree = tmp_path / "iraqstance"
    tree.mkdir()
    for room in ("annotation", "dataset", "training", "cli"):
        (tree / room).symlink_to(ROOT / room)
    (tree / "__init__.py").symlink_to(ROOT / "front" / "__init__.py")
    linter = Path(sys.executable).with_name("lint-imports")
    said = checked(linter, "--no-cache", "--config", ROOT / "pyproject.toml", PYTHONPATH=str(tmp_path))
    assert "1 kept, 0 broken" in said


def tracked() -> list[str]:
    """Return the files that git tracks or would track."""
    listed = checked("git", "-C", ROOT, "ls-files", "-co", "--exclude-standard", "-z").split("\0")
    return [name for name in listed if name and (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of what git tracks or would track."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for name in tracked():
        if not name.startswith("tests/"):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    checked(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, source)
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that has the wheel, without extras, and nothing else."""
    folder = tmp_path_factory.mktemp("bare") / "env"
    uv = Path(sys.executable).with_name("uv")
    checked(uv, "venv", "--quiet", "--python", sys.executable, folder)
    checked(uv, "pip", "install", "--quiet", "--python", folder / "bin" / "python", wheel)
    return folder / "bin"


# Tests of the wheel stay in one process, so that it is built and installed once.
of_the_wheel = pytest.mark.xdist_group("wheel")


@of_the_wheel
def test_the_wheel_holds_every_file_of_the_rooms_and_nothing_else(wheel: Path) -> None:
    folders = {"front": "iraqstance"} | {
        room: f"iraqstance/{room}" for room in ("annotation", "dataset", "training", "cli")
    }
    expected = {
        f"{folders[room]}/{rest}"
        for room, _, rest in (name.partition("/") for name in tracked())
        if room in folders and not Path(rest).name.startswith(".")
    }
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert held == expected
    assert "iraqstance/training/report.html.j2" in held


@of_the_wheel
@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        (["predict", "a text"], "train"),
        (["train", "cups.csv", "-o", "model"], "train"),
        (["evaluate", "cups.csv"], "train"),
        (["evaluate", "cups.csv", "--report", "report"], "report"),
        (["studio", "status"], "studio"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_without_its_extra_a_command_says_in_one_line_which_it_needs(
    bare: Path, tmp_path: Path, arguments: list[str], extra: str
) -> None:
    rows = "".join(
        f"{('Lovely', 'Stale')[number % 2]} tea {number},{('pro', 'con')[number % 2]}\n" for number in range(12)
    )
    (tmp_path / "cups.csv").write_text(f"text,stance\n{rows}", encoding="utf-8")
    done = subprocess.run([bare / "iraqstance", *arguments], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(
        rf"error: this needs the Python package \S+, which is not installed\. "
        rf"Install it with: pip install 'iraqstance\[{extra}\]'\n",
        done.stderr,
    )


@of_the_wheel
def test_the_wheel_works_in_an_empty_environment(bare: Path, tmp_path: Path) -> None:
    """Without extras, what needs none of them works."""
    command, python = bare / "iraqstance", bare / "python"
    assert checked(command, "--version", cwd=tmp_path).strip() == VERSION
    assert "Commands" in checked(command, "--help", cwd=tmp_path)
    assert "Example:" in checked(command, "train", "--help", cwd=tmp_path)

    text = "Title of the piece\n\nThe ministry said on Monday that the talks would go on for another week.\n"
    (tmp_path / "piece.txt").write_text(text, encoding="utf-8")
    assert '"id": "piece/001"' in checked(command, "segment", "piece.txt", cwd=tmp_path)

    find = "from importlib.resources import files; print(files('iraqstance.annotation') / 'judgements/source.jsonl')"
    judgements = checked(python, "-c", find, cwd=tmp_path).strip()
    assert "stance" in checked(command, "agreement", judgements, cwd=tmp_path)
    assert "jummar-2025-01-07" in checked(command, "dataset", "articles", cwd=tmp_path)
    carried = (
        "from iraqstance.dataset.editions import packaged_edition as e, packaged_folder as f\n"
        "print(len(e('open').paragraphs), len(e('source').paragraphs))\n"
        "print(*sorted(path.name for path in (f() / 'data').glob('*')))"
    )
    said = checked(python, "-c", carried, cwd=tmp_path)
    assert (
        said
        == "2317 109\njudgements.parquet open-test.parquet open-train.parquet open-validation.parquet source.parquet\n"
    )


def test_every_page_names_the_same_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == VERSION
    assert citation["references"][0]["version"] == VERSION
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    head = re.search(r"^## (\S+) – (\S+)$", changes, re.MULTILINE)
    assert head
    assert head.groups() == (VERSION, citation["date-released"])
    described = json.loads((ROOT / "dataset" / "croissant.json").read_text(encoding="utf-8"))
    assert (described["version"], described["datePublished"]) == head.groups()
    assert f"- Version: {VERSION}\n" in (ROOT / "dataset" / "README.md").read_text(encoding="utf-8")

"""The package as others get it: what it imports, what its wheel carries, what it says of itself."""

import os
import re
import subprocess
import sys
import tomllib
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


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of what git tracks or would track."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    listed = checked("git", "-C", ROOT, "ls-files", "-co", "--exclude-standard", "-z").split("\0")
    for name in filter(None, listed):
        if (ROOT / name).is_file() and not name.startswith("tests/"):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    checked(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, source)
    return next(out.glob("*.whl"))


def test_the_wheel_works_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    """Without extras, what needs none of them works, and what needs one says which."""
    uv = Path(sys.executable).with_name("uv")
    checked(uv, "venv", "--quiet", "--python", sys.executable, tmp_path / "env")
    python = tmp_path / "env" / "bin" / "python"
    checked(uv, "pip", "install", "--quiet", "--python", python, wheel)
    command = tmp_path / "env" / "bin" / "iraqstance"
    assert checked(command, "--version", cwd=tmp_path).strip() == VERSION

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
        == "1597 109\njudgements.parquet open-test.parquet open-train.parquet open-validation.parquet source.parquet\n"
    )

    refused = subprocess.run([command, "predict", "a text"], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert refused.returncode == 1
    assert "pip install 'iraqstance[" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_every_page_names_the_same_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == VERSION
    assert citation["references"][0]["version"] == VERSION
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    head = re.search(r"^## (\S+) – (\S+)$", changes, re.MULTILINE)
    assert head
    assert head.groups() == (VERSION, citation["date-released"])
    assert f"- Version: {VERSION}\n" in (ROOT / "dataset" / "README.md").read_text(encoding="utf-8")

"""What the README shows is what happens."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main
from conftest import ROOT
from iraqstance.cli.app import app

README = (ROOT / "README.md").read_text(encoding="utf-8")
# A block of Python, and what it prints where the README shows that.
PYTHON = re.findall(r"^```python\n(.*?)^```$(?:\n\n```text\n(.*?)^```$)?", README, re.MULTILINE | re.DOTALL)


def rewrite(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    script = ROOT / "benchmarks" / "readme.py"
    return subprocess.run(
        [sys.executable, script, "--check", *arguments], capture_output=True, text=True, check=False, cwd=ROOT
    )


def test_the_readme_shows_the_true_output_of_the_demo() -> None:
    done = rewrite("--block", "demo")
    assert done.returncode == 0, done.stderr


def test_the_readme_shows_the_true_output_on_the_source_articles(articles: Path) -> None:
    done = rewrite("--block", "articles", "--articles", articles)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("code", "shown"), PYTHON, ids=range(len(PYTHON)))
def test_the_readmes_python_prints_what_it_shows(code: str, shown: str, cache: Path) -> None:
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(cache / "hf")}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT, env=environment
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert done.stdout == shown or not shown


def commands(group: object, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Return the words of every command below a group."""
    found: list[tuple[str, ...]] = []
    for name, command in getattr(group, "commands", {}).items():
        found += commands(command, (*path, name)) if hasattr(command, "commands") else [(*path, name)]
    return found


@pytest.mark.parametrize("words", commands(typer.main.get_command(app)), ids=" ".join)
def test_every_command_has_help_with_an_example_and_a_place_in_the_readme(words: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "iraqstance.cli", *words, "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert f"Example: iraqstance {' '.join(words)}" in " ".join(done.stdout.split())
    assert f"iraqstance {' '.join(words)}" in README


def test_the_console_examples_name_real_commands_and_options() -> None:
    """Each `$ iraqstance …` line of the README uses options that the command has."""
    lines = [line for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL) for line in block.splitlines()]
    calls = [line.split("| ")[-1].removeprefix("$ ").split("  #")[0] for line in lines if "iraqstance " in line]
    assert calls
    for call in calls:
        words = shlex.split(call)[1:]
        name = next(
            words[: len(path)] for path in commands(typer.main.get_command(app)) if words[: len(path)] == [*path]
        )
        helped = subprocess.run(
            [sys.executable, "-m", "iraqstance.cli", *name, "--help"], capture_output=True, text=True, check=True
        ).stdout
        for option in (word for word in words if word.startswith("-") and word != "-"):
            assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", helped), (call, option)

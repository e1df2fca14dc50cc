"""A flat file is used only where its folder is whole; the default model's is found without what makes it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cups import CORPUS
from iraqstance.training.classifier import fit
from iraqstance.training.flat import folder as flat_folder
from iraqstance.training.flat.flattening import UnflatError
from iraqstance.training.flat.folder import FLAT, default_flat, flat_of, models_folder, note_default
from iraqstance.training.flat.scorer import Scorer
from iraqstance.training.model_folder import load_classifier, save_classifier

TEXTS = ("Lovely tea", "burnt coffee", "")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "cups"
    save_classifier(fit(CORPUS), folder, CORPUS)
    return folder


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "cups"))


def test_the_flat_file_of_a_whole_folder_says_what_its_pipelines_say(folder: Path) -> None:
    (folder / "README.md").write_text("edited", encoding="utf-8")
    (folder / ".gitattributes").write_text("*.flat filter=lfs", encoding="utf-8")
    found = flat_of(folder)
    assert found == folder / FLAT
    said, true = Scorer(found).predict(TEXTS), load_classifier(folder).predict(TEXTS)
    assert [(one.stance, one.topics) for one in said] == [(one.stance, one.topics) for one in true]


def _flip(name: str) -> Callable[[Path], object]:
    def flip(folder: Path) -> None:
        content = bytearray((folder / name).read_bytes())
        content[len(content) // 2] ^= 1
        (folder / name).write_bytes(content)

    return flip


def _manifest(content: str) -> Callable[[Path], object]:
    return lambda folder: (folder / "manifest.json").write_text(content, encoding="utf-8")


def _climbing(folder: Path) -> None:
    (folder / FLAT).rename(folder.parent / FLAT)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"][f"../{FLAT}"] = manifest["files"].pop(FLAT)
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def _newer(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    (folder / "manifest.json").write_text(json.dumps({**manifest, "format": 3}), encoding="utf-8")


@pytest.mark.parametrize(
    "damage",
    [
        _flip(FLAT),
        _flip("stance.skops"),
        _flip("topics.skops"),
        lambda folder: (folder / FLAT).unlink(),
        lambda folder: (folder / "topics.skops").unlink(),
        lambda folder: (folder / "more.pkl").write_bytes(b"more"),
        lambda folder: (folder / "manifest.json").unlink(),
        _manifest("[" * 100_000),
        _manifest("[]"),
        _manifest('{"files": 3, "format": 2}'),
        _climbing,
        _newer,
        lambda folder: ((folder / FLAT).unlink(), os.mkfifo(folder / FLAT)),
        shutil.rmtree,
    ],
    ids=[
        "another flat file",
        "another stance",
        "other topics",
        "no flat file",
        "no topics",
        "a file more",
        "no manifest",
        "a nested manifest",
        "a list",
        "no files",
        "a path that climbs out",
        "a newer format",
        "a pipe",
        "no folder",
    ],
)
def test_a_folder_that_is_not_whole_gives_none(folder: Path, damage: Callable[[Path], object]) -> None:
    damage(folder)
    assert flat_of(folder) is None


def test_a_classifier_that_cannot_be_compiled_is_saved_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise UnflatError("too large")

    monkeypatch.setattr("iraqstance.training.model_folder.write_flat", refuse)
    save_classifier(fit(CORPUS), tmp_path / "model", CORPUS)
    assert flat_of(tmp_path / "model") is None
    assert load_classifier(tmp_path / "model").predict(["Lovely tea"])[0].stance == "likes"


@pytest.fixture
def noted(saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IRAQSTANCE_CACHE", str(tmp_path / "cache"))
    folder = Path(shutil.copytree(saved, models_folder() / "made"))
    note_default(folder)
    return folder


def test_the_default_model_is_found_as_it_was_noted(noted: Path) -> None:
    assert default_flat() == noted / FLAT


@pytest.mark.usefixtures("noted")
def test_after_a_change_of_code_data_or_libraries_it_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    witnesses = flat_folder._witnesses()  # noqa: SLF001 - what is compared
    names = {Path(path).name for path in witnesses}
    assert {"recipe.py", "classifier.py", "open-train.parquet"} <= names
    assert {Path(path).parent.name for path in witnesses if path.endswith("__init__.py")} >= {"sklearn", "numpy"}
    changed = {path: [size + 1, time] for path, (size, time) in witnesses.items()}
    monkeypatch.setattr(flat_folder, "_witnesses", lambda: changed)
    assert default_flat() is None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"folder": 3, "witnesses": {}}'])
def test_a_damaged_note_is_no_note(noted: Path, content: str) -> None:
    (noted.parent / "current.json").write_text(content, encoding="utf-8")
    assert default_flat() is None


def test_a_damaged_default_model_is_not_used(noted: Path) -> None:
    _flip(FLAT)(noted)
    assert default_flat() is None


def test_without_a_note_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IRAQSTANCE_CACHE", str(tmp_path / "none"))
    assert default_flat() is None


@pytest.mark.usefixtures("noted")
def test_looking_imports_nothing_heavy() -> None:
    code = (
        "import sys; from iraqstance.training.flat.folder import default_flat; assert default_flat(); "
        "print({'numpy', 'sklearn', 'pydantic', 'typer', 'scipy', 'skops'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"

"""The model that is used when none is named: trained once, kept for the user."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from iraqstance.annotation.errors import InputError
from iraqstance.dataset import load
from iraqstance.training.default_model import default_model, default_model_folder
from iraqstance.training.model_folder import read_manifest

TEXTS = ["Parliament meets on Sunday to discuss the price of bread.", "The cook fears the new law.", ""]


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder that the environment names."""
    monkeypatch.setenv("IRAQSTANCE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_it_is_trained_once_and_made_again_when_it_was_damaged(default_model_made: Path, own_cache: Path) -> None:
    shutil.copytree(default_model_made, default_model_folder())
    assert default_model_folder().is_relative_to(own_cache)
    first = default_model()
    manifest = default_model_folder() / "manifest.json"
    written = manifest.stat()
    second = default_model()
    assert (manifest.stat().st_ino, manifest.stat().st_mtime_ns) == (written.st_ino, written.st_mtime_ns)
    assert second.predict(TEXTS) == first.predict(TEXTS)
    (default_model_folder() / "stance.skops").write_bytes(b"damaged")
    assert default_model().predict(TEXTS) == first.predict(TEXTS)
    assert read_manifest(default_model_folder()).data.rows == len(load("open", "train")) + len(
        load("open", "validation")
    )
    names = {path.name for path in default_model_folder().parent.iterdir()}
    assert names == {default_model_folder().name, "current.json"}


@pytest.mark.usefixtures("default_model_made")
def test_it_holds_the_labels_of_the_packaged_schema() -> None:
    from iraqstance.annotation.schema import packaged_schema

    schema, model = packaged_schema(), default_model()
    assert model.targets == schema.target_names
    assert set(model.stance_names(schema.target_names[0])) == set(schema.stance_names)
    assert set(model.topic_names) == set(schema.topic_names)


def test_the_environment_names_the_folder(own_cache: Path) -> None:
    assert default_model_folder().parent == own_cache / "models"
    assert not own_cache.exists()


def test_without_it_the_folder_is_the_users_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("IRAQSTANCE_CACHE", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    assert default_model_folder().is_relative_to(tmp_path)
    assert "iraqstance" in default_model_folder().parts


def test_a_cache_folder_that_cannot_be_made_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    monkeypatch.setenv("IRAQSTANCE_CACHE", str(tmp_path / "file"))
    with pytest.raises(InputError, match=r"file/models: the default model cannot be kept .* IRAQSTANCE_CACHE"):
        default_model()


def test_without_the_extra_that_trains_it_is_named(tmp_path: Path) -> None:
    """The installed packages are linked into another folder, less those of the extra ``train``."""
    packages = Path(sysconfig.get_path("purelib"))
    absent = ("sklearn", "scikit_learn", "skops", "joblib")
    (tmp_path / "packages").mkdir()
    for entry in packages.iterdir():
        if not entry.name.startswith(absent):
            (tmp_path / "packages" / entry.name).symlink_to(entry)
    script = f"import site; site.addsitedir({str(tmp_path / 'packages')!r})\nfrom iraqstance.cli import main\nmain()\n"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script, "predict", "A text."],
        env={**os.environ, "IRAQSTANCE_CACHE": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "pip install 'iraqstance[train]'" in done.stderr
    assert "Traceback" not in done.stderr

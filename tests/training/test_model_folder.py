"""A model folder keeps a classifier, and nothing in it is trusted that did not come from us."""

import io
import json
import os
import pickle
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from conftest import files_no_larger_than
from iraqstance.annotation.errors import InputError
from iraqstance.training.classifier import Classifier, fit
from iraqstance.training.corpus import Corpus
from iraqstance.training.model_folder import load_classifier, read_manifest, save_classifier

CORPUS = Corpus(
    "somewhere/cups.csv",
    ("Lovely tea", "Fresh tea", "Stale tea", "Awful coffee", "Burnt coffee", "Mild coffee"),
    ("likes", "likes", "dislikes", "dislikes", "dislikes", "likes"),
    (("tea",), ("tea",), ("tea", "price"), ("coffee",), ("coffee",), ("coffee",)),
)
TEXTS = ["Lovely fresh tea", "Burnt and awful", "", "قهوة"]


@pytest.fixture(scope="module")
def model() -> Classifier:
    return fit(CORPUS)


@pytest.fixture
def folder(model: Classifier, tmp_path: Path) -> Path:
    save_classifier(model, tmp_path / "model", CORPUS)
    return tmp_path / "model"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def vouch(folder: Path, name: str, content: bytes) -> None:
    """Replace a file of a model and its hash in the manifest, as an attacker who made the folder would."""
    (folder / name).write_bytes(content)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"][name] = sha256(content).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def test_what_was_saved_predicts_as_before(model: Classifier, folder: Path) -> None:
    loaded = load_classifier(folder)
    assert loaded.predict(TEXTS) == model.predict(TEXTS)
    assert (loaded.targets, loaded.topic_names, loaded.threshold) == (("",), ("coffee", "price", "tea"), 0.5)


@pytest.mark.parametrize(
    "corpus",
    [
        replace(CORPUS, topics=None),
        replace(CORPUS, stances=None),
        replace(CORPUS, targets=("ours",) * 6),
        Corpus("cups", CORPUS.texts * 2, (CORPUS.stances or ()) * 2, None, None, ("../ours",) * 6 + ("شاي / tea",) * 6),
        replace(CORPUS, topics=(("drink", "tea"),) * 3 + (("drink", "coffee"),) * 3),
        replace(CORPUS, topics=(("drink",),) * 5 + (("drink", "coffee"),)),
    ],
    ids=["stance alone", "topics alone", "a target", "targets that are no file names", "a topic in all", "same, rare"],
)
def test_every_kind_of_model_can_be_kept(tmp_path: Path, corpus: Corpus) -> None:
    model = fit(corpus)
    save_classifier(model, tmp_path / "model", corpus)
    loaded = load_classifier(tmp_path / "model")
    assert loaded.targets == model.targets
    for target in model.targets or (None,):
        assert loaded.predict(TEXTS, target) == model.predict(TEXTS, target)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_constant_can_be_kept(tmp_path: Path) -> None:
    corpus = replace(CORPUS, stances=("likes",) * 6, topics=None)
    save_classifier(fit(corpus, constant=True), tmp_path / "model", corpus)
    assert {found.stance for found in load_classifier(tmp_path / "model").predict(TEXTS)} == {"likes"}


def test_the_threshold_is_kept(model: Classifier, tmp_path: Path) -> None:
    save_classifier(replace(model, threshold=0.25), tmp_path / "model", CORPUS)
    assert load_classifier(tmp_path / "model").threshold == 0.25


def test_the_folder_holds_skops_files_and_a_manifest_and_nothing_else(folder: Path) -> None:
    assert set(contents(folder)) == {"manifest.json", "stance.skops", "topics.skops"}
    assert all(zipfile.is_zipfile(folder / name) for name in ("stance.skops", "topics.skops"))


def test_the_manifest_states_files_labels_data_and_libraries(folder: Path) -> None:
    manifest = read_manifest(folder)
    files = contents(folder)
    assert manifest.files == {name: sha256(files[name]).hexdigest() for name in ("stance.skops", "topics.skops")}
    assert manifest.stances == {"": ("dislikes", "likes")}
    assert manifest.topics == ("coffee", "price", "tea")
    assert (manifest.data.rows, manifest.data.sha256) == (6, CORPUS.sha256)
    assert {"iraqstance", "scikit-learn", "skops"} <= set(manifest.libraries)


def test_the_manifest_names_the_data_and_not_where_it_lay(folder: Path) -> None:
    assert read_manifest(folder).data.name == "cups.csv"
    assert b"somewhere" not in (folder / "manifest.json").read_bytes()


@pytest.mark.parametrize("name", ["stance.skops", "topics.skops"])
def test_a_changed_file_is_refused_with_both_hashes(folder: Path, name: str) -> None:
    expected = read_manifest(folder).files[name]
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    got = sha256((folder / name).read_bytes()).hexdigest()
    message = rf"{name}: the file is not the one that was saved \(expected SHA-256 {expected}, got {got}\)\. Copy"
    with pytest.raises(InputError, match=message):
        load_classifier(folder)


@pytest.mark.parametrize("name", ["stance.skops", "topics.skops"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(InputError, match=rf"{name}: a file of the model cannot be read \(got No such file"):
        load_classifier(folder)


def test_a_folder_in_place_of_a_file_is_named(folder: Path) -> None:
    (folder / "stance.skops").unlink()
    (folder / "stance.skops").mkdir()
    with pytest.raises(InputError, match=r"stance\.skops: a file of the model cannot be read \(got Is a directory\)"):
        load_classifier(folder)


def test_a_file_that_the_manifest_does_not_vouch_for_is_refused(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"] = {}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(InputError, match=r"stance\.skops: the file is not the one that was saved"):
        load_classifier(folder)


class Marker:
    """An object whose pickle makes a folder when it is opened."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (self.path,)


def test_a_pickle_under_the_name_of_a_model_is_never_opened(folder: Path, tmp_path: Path) -> None:
    vouch(folder, "stance.skops", pickle.dumps(Marker(tmp_path / "opened")))
    with pytest.raises(InputError, match=r"stance\.skops"):
        load_classifier(folder)
    assert not (tmp_path / "opened").exists()


def test_a_joblib_file_under_the_name_of_a_model_is_never_opened(folder: Path, tmp_path: Path) -> None:
    import joblib

    stream = io.BytesIO()
    joblib.dump(Marker(tmp_path / "opened"), stream)
    vouch(folder, "topics.skops", stream.getvalue())
    with pytest.raises(InputError, match=r"topics\.skops"):
        load_classifier(folder)
    assert not (tmp_path / "opened").exists()


def zipped(**files: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(f"{name}.json", content)
    return stream.getvalue()


def skopsed(value: object) -> bytes:
    import skops.io

    content: bytes = skops.io.dumps(value)
    return content


@pytest.mark.parametrize(
    "make",
    [
        lambda: b"",
        lambda: b"not a model",
        lambda: zipped(other="{}"),
        lambda: zipped(schema="{}"),
        lambda: zipped(schema="{"),
        lambda: skopsed({"a": 1}),
        lambda: skopsed(["a", "list"]),
        lambda: skopsed(fit(CORPUS).stance[""])[:-30],
    ],
    ids=["empty", "text", "a zip file", "an empty schema", "a broken schema", "a mapping", "a list", "cut short"],
)
def test_what_is_no_model_is_refused_whatever_the_manifest_says(folder: Path, make: Callable[[], bytes]) -> None:
    vouch(folder, "stance.skops", make())
    with pytest.raises(InputError, match=r"stance\.skops"):
        load_classifier(folder)


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: partial(os.system, "exit 1"), "system"),
        (lambda: __import__("sklearn.preprocessing").preprocessing.FunctionTransformer(os.getcwd), "getcwd"),
        (lambda: __import__("pathlib").PurePosixPath("x"), "PurePosixPath"),
    ],
    ids=["a system call", "a function in a pipeline", "a type of Python's"],
)
def test_a_type_that_no_model_of_ours_holds_is_named(folder: Path, make: Callable[[], Any], named: str) -> None:
    vouch(folder, "stance.skops", skopsed(make()))
    message = rf"stance\.skops: the file holds types that no model of ours holds \(got .*{named}.*Do not use it"
    with pytest.raises(InputError, match=message):
        load_classifier(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "the manifest is not one of this version: format: .*Train the model again"),
        ({"format": "1.0"}, "the manifest is not one of this version: format"),
        ({"threshold": "high"}, "the manifest is not one of this version: threshold"),
        ({"added": 1}, "the manifest is not one of this version: added"),
    ],
)
def test_a_manifest_of_another_format_is_refused(folder: Path, change: dict[str, object], message: str) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    (folder / "manifest.json").write_text(json.dumps(manifest | change), encoding="utf-8")
    with pytest.raises(InputError, match=message) as caught:
        load_classifier(folder)
    assert "manifest.json" in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff"])
def test_a_manifest_that_is_none_is_refused(folder: Path, content: bytes) -> None:
    (folder / "manifest.json").write_bytes(content)
    with pytest.raises(InputError, match=r"manifest\.json: the manifest is not one of this version"):
        load_classifier(folder)


@pytest.mark.parametrize("name", ["nowhere", "empty", "file"])
def test_a_path_that_is_no_model_is_refused_with_the_remedy(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("words", encoding="utf-8")
    message = rf"{name}: this is no model folder \(expected a folder with manifest\.json\)\. .*iraqstance train"
    with pytest.raises(InputError, match=message):
        load_classifier(tmp_path / name)


def test_saving_over_an_older_model_replaces_all_of_it(tmp_path: Path, model: Classifier) -> None:
    older = Corpus("cups", CORPUS.texts * 2, (CORPUS.stances or ()) * 2, None, None, ("ours",) * 6 + ("theirs",) * 6)
    save_classifier(fit(older), tmp_path / "model", older)
    save_classifier(model, tmp_path / "model", CORPUS)
    assert set(contents(tmp_path / "model")) == {"manifest.json", "stance.skops", "topics.skops"}
    assert load_classifier(tmp_path / "model").predict(TEXTS) == model.predict(TEXTS)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@pytest.mark.parametrize("name", ["model", "new/and/deeper", "empty"])
def test_a_model_can_be_saved_to_a_new_or_an_empty_folder(tmp_path: Path, model: Classifier, name: str) -> None:
    (tmp_path / "empty").mkdir()
    save_classifier(model, tmp_path / name, CORPUS)
    assert load_classifier(tmp_path / name).predict(TEXTS) == model.predict(TEXTS)


def _a_file(path: Path) -> None:
    path.write_text("a letter", encoding="utf-8")


def _a_folder_of_letters(path: Path) -> None:
    path.mkdir()
    (path / "letter.txt").write_text("a letter", encoding="utf-8")


def _a_web_page(path: Path) -> None:
    """A manifest.json is also what a web application or a browser extension calls its own."""
    path.mkdir()
    (path / "manifest.json").write_text('{"name": "Tea shop", "start_url": "/"}', encoding="utf-8")
    (path / "index.html").write_text("<p>Tea</p>", encoding="utf-8")


@pytest.mark.parametrize("occupy", [_a_file, _a_folder_of_letters, _a_web_page])
def test_a_path_that_is_taken_by_other_files_is_refused(
    tmp_path: Path, model: Classifier, occupy: Callable[[Path], None]
) -> None:
    occupy(tmp_path / "taken")
    before = contents(tmp_path)
    message = r"taken: this path is taken by something that is no model folder\. Name another folder, or remove it"
    with pytest.raises(InputError, match=message):
        save_classifier(model, tmp_path / "taken", CORPUS)
    assert contents(tmp_path) == before


def test_a_path_under_a_file_is_refused(tmp_path: Path, model: Classifier) -> None:
    (tmp_path / "file").write_text("words", encoding="utf-8")
    with pytest.raises(InputError, match="file/model: the model cannot be written"):
        save_classifier(model, tmp_path / "file" / "model", CORPUS)


def test_the_present_folder_is_used_or_refused_and_left_clean(
    tmp_path: Path, model: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder cannot be renamed over the one that a process stands in by the name of a dot."""
    monkeypatch.chdir(tmp_path)
    with suppress(InputError):
        save_classifier(model, ".", CORPUS)
    assert set(contents(tmp_path)) in ({"manifest.json", "stance.skops", "topics.skops"}, set())
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_model_that_cannot_be_written_whole_leaves_the_old_one(
    tmp_path: Path, folder: Path, model: Classifier
) -> None:
    before = contents(tmp_path)
    unfitted = replace(model, stance={"": type(model.stance[""])([("nothing", "passthrough")])})
    with pytest.raises(AttributeError):
        save_classifier(unfitted, folder, CORPUS)
    assert contents(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_full_disk_leaves_the_old_model(tmp_path: Path, folder: Path, model: Classifier) -> None:
    before = contents(tmp_path)
    with pytest.raises((InputError, OSError), match=r"written|too large"), files_no_larger_than(1_000):
        save_classifier(model, folder, CORPUS)
    assert contents(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == ["model"]

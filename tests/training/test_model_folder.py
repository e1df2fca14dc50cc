"""A model folder keeps a classifier, and nothing in it is trusted that did not come from us."""

import io
import json
import operator
import os
import pickle
import re
import subprocess
import sys
import tracemalloc
import warnings
import zipfile
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import files_no_larger_than
from iraqstance.annotation.errors import InputError
from iraqstance.training.classifier import Classifier, fit
from iraqstance.training.corpus import Corpus
from iraqstance.training.model_file import PACKED_LIMIT, canonical_hash
from iraqstance.training.model_folder import ModelVersionWarning, load_classifier, read_manifest, save_classifier

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


def rewrite(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change a model's manifest."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    change(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def vouch(folder: Path, name: str, content: bytes) -> None:
    """Replace a file of a model and its hash in the manifest, as an attacker who made the folder would."""
    (folder / name).unlink()
    (folder / name).write_bytes(content)
    rewrite(folder, lambda manifest: manifest["files"].update({name: sha256(content).hexdigest()}))


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


VOUCHED = ("classifier.flat", "stance.skops", "topics.skops")
FILES = {"README.md", "manifest.json", *VOUCHED}


def test_the_folder_holds_card_manifest_flat_file_and_deflated_skops_files_and_nothing_else(folder: Path) -> None:
    assert set(contents(folder)) == FILES
    for name in ("stance.skops", "topics.skops"):
        with zipfile.ZipFile(folder / name) as archive:
            assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_DEFLATED}


def test_figures_stand_beside_without_the_place_of_their_data(model: Classifier, tmp_path: Path) -> None:
    metrics = {
        "data": {"name": "far/away/cups.csv", "rows": 6, "sha256": CORPUS.sha256},
        "scheme": "leaving one group out",
        "stance": {},
        "topics": None,
        "intervals": "none",
    }
    save_classifier(model, tmp_path / "model", CORPUS, metrics=metrics)
    written = json.loads((tmp_path / "model" / "metrics.json").read_text(encoding="utf-8"))
    assert written == metrics | {"data": {"name": "cups.csv", "rows": 6, "sha256": CORPUS.sha256}}
    assert load_classifier(tmp_path / "model").predict(TEXTS) == model.predict(TEXTS)
    (tmp_path / "model" / "metrics.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match=r"metrics\.json: the file is not the one that was saved"):
        load_classifier(tmp_path / "model")


def test_the_same_input_gives_the_same_hash_in_every_process(folder: Path, tmp_path: Path) -> None:
    """Addresses, the order of hashes, and the names of skops' members differ from process to process."""
    program = (
        "import sys\n"
        "from iraqstance.training import fit, save_classifier\n"
        "from iraqstance.training.corpus import Corpus\n"
        f"corpus = {CORPUS!r}\n"
        "save_classifier(fit(corpus), sys.argv[1], corpus)"
    )
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", program, tmp_path / seed], check=True, env=environment)
    here, first, second = (read_manifest(path) for path in (folder, tmp_path / "1", tmp_path / "2"))
    assert here.pipelines == first.pipelines == second.pipelines
    assert set(here.pipelines) == {"stance.skops", "topics.skops"}
    assert here.files != first.files


def test_another_weight_gives_another_hash(model: Classifier) -> None:
    changed = deepcopy(model.stance[""])
    changed[-1].coef_[0, 0] = np.nextafter(changed[-1].coef_[0, 0], 9)
    assert canonical_hash(skopsed(model.stance[""])) == canonical_hash(skopsed(deepcopy(model.stance[""])))
    assert canonical_hash(skopsed(model.stance[""])) != canonical_hash(skopsed(changed))


def test_the_manifest_states_files_labels_data_and_libraries(folder: Path) -> None:
    manifest = read_manifest(folder)
    files = contents(folder)
    assert manifest.files == {name: sha256(files[name]).hexdigest() for name in VOUCHED}
    assert manifest.stances == {"": ("dislikes", "likes")}
    assert manifest.topics == ("coffee", "price", "tea")
    assert (manifest.data.rows, manifest.data.sha256) == (6, CORPUS.sha256)
    assert {"iraqstance", "scikit-learn", "skops"} <= set(manifest.libraries)


def test_the_manifest_names_the_data_and_not_where_it_lay(folder: Path) -> None:
    assert read_manifest(folder).data.name == "cups.csv"
    assert b"somewhere" not in (folder / "manifest.json").read_bytes()


@pytest.mark.parametrize("name", VOUCHED)
def test_a_changed_file_is_refused_with_both_hashes(folder: Path, name: str) -> None:
    expected = read_manifest(folder).files[name]
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    got = sha256((folder / name).read_bytes()).hexdigest()
    message = rf"{name}: the file is not the one that was saved \(expected SHA-256 {expected}, got {got}\)\. Copy"
    with pytest.raises(InputError, match=message):
        load_classifier(folder)


@pytest.mark.parametrize("name", VOUCHED)
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
    rewrite(folder, lambda manifest: manifest["files"].clear())
    with pytest.raises(InputError, match=r"manifest\.json: the manifest names other files than such a model has"):
        load_classifier(folder)


class Marker:
    """An object whose pickle makes a folder when it is opened."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"mkdir {self.path}",)


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
        (lambda: operator.methodcaller("unlink"), "methodcaller"),
        (lambda: np.array(["a", None], dtype=object), "ndarray of objects"),
        (lambda: np.array([("a", 1)], dtype=[("x", "U1"), ("y", int)]), "no array of numbers or text"),
        (lambda: np.random.default_rng(1), "Generator"),
        (lambda: __import__("sklearn.svm").svm.LinearSVC(C=2.0), "LinearSVC"),
    ],
    ids=[
        "a system call",
        "a function in a pipeline",
        "a type of Python's",
        "a call of a method",
        "an array of objects",
        "an array of records",
        "a random generator",
        "an estimator that we do not use",
    ],
)
def test_a_type_that_no_model_of_ours_holds_is_named(folder: Path, make: Callable[[], Any], named: str) -> None:
    vouch(folder, "stance.skops", skopsed(make()))
    message = rf"stance\.skops: the file holds types that no model of ours holds \(got .*{named}.*Do not use it"
    with pytest.raises(InputError, match=message):
        load_classifier(folder)


Member = tuple[str, bytes]


def members(folder: Path, name: str = "stance.skops") -> list[Member]:
    with zipfile.ZipFile(folder / name) as archive:
        return [(entry, archive.read(entry)) for entry in archive.namelist()]


def archived(files: list[Member | tuple[zipfile.ZipInfo, bytes]], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(stream, "w", compression) as archive:
        warnings.simplefilter("ignore")  # that a name stands twice
        for name, content in files:
            archive.writestr(name, content)
    return stream.getvalue()


def linked(name: str) -> zipfile.ZipInfo:
    """Return the entry of a symbolic link."""
    entry = zipfile.ZipInfo(name)
    entry.create_system, entry.external_attr = 3, 0o120777 << 16
    return entry


@pytest.mark.parametrize(
    "name",
    ["../x.npy", "/etc/x.npy", "..\\1.npy", "a/1.npy", "1.npy/", "notes.txt", "schema.json\0.npy", "schema.json"],
)
def test_a_member_that_no_model_holds_is_refused(folder: Path, tmp_path: Path, name: str) -> None:
    vouch(folder, "stance.skops", archived([*members(folder), (name, b"")]))
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError, match=r"stance\.skops: the file holds a member that no model of ours holds"):
        load_classifier(folder)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_link_in_an_archive_is_not_followed(folder: Path) -> None:
    vouch(folder, "stance.skops", archived([*members(folder), (linked("1.npy"), b"/etc/passwd")]))
    with pytest.raises(InputError, match=r"stance\.skops: this is no skops file"):
        load_classifier(folder)


def bomb(size: int) -> bytes:
    return archived([("schema.json", bytes(size))])


def understated(content: bytes, size: int) -> bytes:
    """Return an archive whose member declares another size, in its own head and in the directory."""
    true = size.to_bytes(4, "little")
    assert content.count(true) == 2
    return content.replace(true, (100).to_bytes(4, "little"))


BOMBS: dict[str, Callable[[], bytes]] = {
    "declared": lambda: bomb(2**26),
    "not declared": lambda: understated(bomb(2**26), 2**26),
    "of many members": lambda: archived([(f"{number}.npy", bytes(10_000)) for number in range(3_000)]),
    "of more members than any model": lambda: archived([(f"{number}.npy", b"") for number in range(20_001)]),
    "nested": lambda: archived([("schema.json", b"{}"), ("1.npy", bomb(2**26))]),
    "by another compression": lambda: archived([("schema.json", bytes(2**26))], zipfile.ZIP_LZMA),
    "of a shape": lambda: archived(
        [
            ("schema.json", b"{}"),
            ("1.npy", npy(np.zeros(1)).replace(b"(1,)", b"(10000000000,)").replace(b" " * 20, b" " * 10, 1)),
        ]
    ),
    "of depth": lambda: archived([("schema.json", b"[" * 500_000)]),
}


def npy(array: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


@pytest.mark.parametrize("make", BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_is_refused_before_it_takes_memory(folder: Path, make: Callable[[], bytes]) -> None:
    vouch(folder, "stance.skops", make())
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match=r"stance\.skops: .*Do not use it"):
            load_classifier(folder)
        assert tracemalloc.get_traced_memory()[1] < 2**25
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("name", "size"), [("stance.skops", PACKED_LIMIT), ("manifest.json", 2**20)])
def test_a_file_over_the_limit_is_not_even_read(folder: Path, name: str, size: int) -> None:
    os.truncate(folder / name, size + 1)
    message = rf"{re.escape(name)}: the file is larger than any of a model of ours \(expected {size} bytes at most"
    with pytest.raises(InputError, match=message):
        load_classifier(folder)


def test_links_are_followed_as_the_hubs_cache_has_them_and_their_content_is_checked(folder: Path) -> None:
    (folder / "stance.skops").rename(folder.parent / "blob")
    (folder / "stance.skops").symlink_to("../blob")
    assert load_classifier(folder).predict(TEXTS)
    (folder / "stance.skops").unlink()
    (folder / "stance.skops").symlink_to("/etc/hostname")
    with pytest.raises(InputError, match=r"stance\.skops: the file is not the one that was saved"):
        load_classifier(folder)


@pytest.mark.parametrize("name", ["stance.skops", "manifest.json"])
def test_a_pipe_in_place_of_a_file_is_refused_without_waiting(folder: Path, name: str) -> None:
    (folder / name).unlink()
    os.mkfifo(folder / name)
    with pytest.raises(InputError, match=rf"{re.escape(name)}: this is no regular file"):
        load_classifier(folder)


@pytest.mark.parametrize("name", ["model.pkl", "stance-2.skops", "more/deep.skops"])
def test_a_file_that_the_manifest_does_not_name_is_refused(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"")
    message = rf"model: the folder holds files that its manifest does not name \(got {Path(name).parts[0]}\)"
    with pytest.raises(InputError, match=message):
        load_classifier(folder)


def test_what_the_hub_and_its_users_put_beside_a_model_does_not_disturb(folder: Path) -> None:
    (folder / ".git").mkdir()
    (folder / ".gitattributes").write_text("*.skops filter=lfs", encoding="utf-8")
    (folder / "LICENSE").write_text("Take it.", encoding="utf-8")
    (folder / "README.md").write_text("# Our model", encoding="utf-8")
    assert load_classifier(folder).predict(TEXTS)


def altered(model: Classifier, change: Callable[[Any], object], part: str = "stance") -> bytes:
    pipeline = deepcopy(model.stance[""] if part == "stance" else model.topics)
    change(pipeline)
    return skopsed(pipeline)


def word(pipeline: Any) -> Any:
    return pipeline[0].transformer_list[0][1]


def poison(array: Any, value: float) -> None:
    array[..., 0] = value


SLOW = {"token_pattern": "(a+)+$"}
CHANGES: dict[str, tuple[Callable[[Any], object], str]] = {
    "weights that are no number": (lambda made: poison(made[-1].coef_, np.nan), "coef_ with values that are no"),
    "endless weights": (lambda made: poison(made[-1].intercept_, np.inf), "intercept_ with values"),
    "idf that is no number": (lambda made: poison(word(made).idf_, np.nan), "idf_ with values"),
    "too few weights": (lambda made: vars(made[-1]).update(coef_=made[-1].coef_[:, 1:]), "coef_ of shape"),
    "weights of another kind": (lambda made: vars(made[-1]).update(coef_=[[1.0]]), "coef_ of shape None"),
    "too few features": (lambda made: vars(made[-1]).update(n_features_in_=3), "n_features_in_ 3 where"),
    "a term out of range": (lambda made: word(made).vocabulary_.update(tea=10**9), "a vocabulary whose columns"),
    "a term below the range": (lambda made: word(made).vocabulary_.update(tea=-1), "a vocabulary whose columns"),
    "texts as file names": (lambda made: word(made).set_params(input="filename"), "more than it should"),
    "a slow pattern": (lambda made: vars(word(made)).update(SLOW), "more than it should"),
    "a foreign analyzer": (lambda made: word(made).set_params(analyzer=float), "analyzer|holds types"),
    "many processes": (lambda made: made[0].set_params(n_jobs=99), "more than it should"),
    "a cache on disk": (lambda made: made.set_params(memory="somewhere"), "more than it should"),
    "an attribute for a method": (lambda made: vars(made[-1]).update(predict_proba="x"), "more than it should"),
    "no classes": (lambda made: vars(made[-1]).pop("classes_"), "a part of it is missing"),
    "other classes": (lambda made: vars(made[-1]).update(classes_=np.array(["a", "b"])), "labels a, b where the"),
    "no step": (lambda made: made.steps.pop(), "steps features"),
    "a vectorizer alone": (
        lambda made: vars(made).update(steps=[("classifier", word(made))]),
        "is missing or of another",
    ),
}


@pytest.mark.parametrize(("change", "message"), CHANGES.values(), ids=CHANGES.keys())
def test_a_pipeline_that_would_not_work_as_ours_do_is_refused(
    model: Classifier, folder: Path, change: Callable[[Any], object], message: str
) -> None:
    vouch(folder, "stance.skops", altered(model, change))
    with pytest.raises(InputError, match=rf"stance\.skops: the .*({message})"):
        load_classifier(folder)


def test_topics_of_another_number_or_weights_are_refused(model: Classifier, folder: Path) -> None:
    vouch(folder, "topics.skops", altered(model, lambda made: made[-1].estimators_.pop(), "topics"))
    with pytest.raises(InputError, match=r"topics\.skops: .*2 topics where the manifest has 3"):
        load_classifier(folder)
    vouch(folder, "topics.skops", altered(model, lambda made: poison(made[-1].estimators_[1].coef_, np.nan), "topics"))
    with pytest.raises(InputError, match=r"topics\.skops: .*coef_ with values"):
        load_classifier(folder)


def test_files_that_changed_places_are_refused(folder: Path) -> None:
    stance, topics = ((folder / name).read_bytes() for name in ("stance.skops", "topics.skops"))
    vouch(folder, "stance.skops", topics)
    vouch(folder, "topics.skops", stance)
    with pytest.raises(InputError, match=r"stance\.skops: the pipeline is none of ours, or damaged"):
        load_classifier(folder)


def test_labels_that_the_pipeline_does_not_have_are_refused(folder: Path) -> None:
    rewrite(folder, lambda manifest: manifest["stances"].update({"": ["likes", "dislikes"]}))
    with pytest.raises(InputError, match=r"labels dislikes, likes where the manifest has likes, dislikes"):
        load_classifier(folder)


def of_another_version(folder: Path, change: Callable[[str], str] = str) -> None:
    """Let a model say that scikit-learn 1.0 made it, in its manifest and in its files."""
    for name in ("stance.skops", "topics.skops"):
        files = [
            (entry, change(re.sub(r'\\"\d+\.\d+\.\d+\\"', r'\\"1.0.0\\"', content.decode())).encode())
            if entry == "schema.json"
            else (entry, content)
            for entry, content in members(folder, name)
        ]
        vouch(folder, name, archived(list(files)))
    rewrite(folder, lambda manifest: manifest["libraries"].update({"scikit-learn": "1.0.0"}))


def test_another_version_of_scikit_learn_is_warned_of_once(model: Classifier, folder: Path) -> None:
    of_another_version(folder)
    with pytest.warns(ModelVersionWarning) as warned:
        loaded = load_classifier(folder)
    assert len(warned) == 1
    assert "fitted with scikit-learn 1.0.0, and" in str(warned[0].message)
    assert warned[0].filename == __file__
    assert loaded.predict(TEXTS) == model.predict(TEXTS)


def test_a_model_of_another_version_that_does_not_work_is_refused_with_both_versions(folder: Path) -> None:
    of_another_version(folder, lambda schema: schema.replace('"sublinear_tf"', '"sublinear"'))
    with pytest.raises(
        InputError, match=r"does not work with the installed scikit-learn \d.*sublinear_tf.*version that the manifest"
    ):
        load_classifier(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 3}, "the model was saved by a newer version of iraqstance .*got format 3.*pip install --upgrade"),
        ({"format": 1}, "the manifest is not one of this version: format: .*train the model again"),
        ({"format": "1.0"}, "the manifest is not one of this version: format"),
        ({"threshold": "high"}, "the manifest is not one of this version: threshold"),
        ({"threshold": 1.5}, "the manifest is not one of this version: threshold"),
        ({"threshold": float("nan")}, "the manifest is not one of this version"),
        ({"added": 1}, "the manifest is not one of this version: added"),
        ({"\x1b[2Jadded": 1}, r"the manifest is not one of this version: \?\[2Jadded"),
        ({"x" * 9_000: 1}, "the manifest is not one of this version: x{10,200}…"),
        ({"files": {"stance.skops": "0" * 64, "../x": "0" * 64}}, r"names other files .*got \.\./x, stance"),
        ({"files": {"/etc/passwd": "0" * 64}}, "names other files than such a model has .*got /etc/passwd"),
        ({"topics": []}, "names other files than such a model has"),
        ({"pipelines": {}}, "names other files than such a model has"),
    ],
)
def test_a_manifest_of_another_format_is_refused(folder: Path, change: dict[str, object], message: str) -> None:
    rewrite(folder, lambda manifest: manifest.update(change))
    with pytest.raises(InputError, match=message) as caught:
        load_classifier(folder)
    assert "manifest.json" in str(caught.value)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000])
def test_a_manifest_that_is_none_is_refused(folder: Path, content: bytes) -> None:
    (folder / "manifest.json").write_bytes(content)
    with pytest.raises(InputError, match=r"manifest\.json: the manifest is (not one of this version|damaged)"):
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
    assert set(contents(tmp_path / "model")) == FILES
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
    assert set(contents(tmp_path)) in (FILES, set())
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
    with (
        pytest.raises(InputError, match=r"model: the model cannot be written \(got File too large\)"),
        files_no_larger_than(1_000),
    ):
        save_classifier(model, folder, CORPUS)
    assert contents(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == ["model"]

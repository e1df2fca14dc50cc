"""The dataset loads offline, by Hugging Face's own function and by ours, with the features that it declares."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import TEA
from iraqstance.annotation.errors import InputError, UsageError
from iraqstance.annotation.normalise import fingerprint
from iraqstance.annotation.records import Judgement, Paragraph
from iraqstance.annotation.schema import Schema, packaged_schema
from iraqstance.dataset.build import build
from iraqstance.dataset.editions import Edition, packaged_folder
from iraqstance.dataset.features import edition_features, judgement_features
from iraqstance.dataset.load import load, load_folder, load_parquet

PACKAGED = packaged_folder().name
ROWS = {"open": 2317, "source": 109, "judgements": 7278}

# What a user of the Hugging Face library does, in a process that has never loaded anything, without a network.
SCRIPT = """
import json, logging, os, sys
import pytest_socket
pytest_socket.disable_socket(allow_unix_socket=True)
logged = []
class Keep(logging.Handler):
    def emit(self, record):
        logged.append(record.getMessage())
for library in ("datasets", "huggingface_hub"):
    logging.getLogger(library).addHandler(Keep(logging.WARNING))
from datasets import get_dataset_config_names, load_dataset
found = {}
for folder in sys.argv[1:]:
    found[folder] = {"default": load_dataset(folder).popitem()[1].config_name, "configs": {}}
    for name in get_dataset_config_names(folder):
        splits, streams = load_dataset(folder, name), load_dataset(folder, name, streaming=True)
        rows = next(iter(splits.values()))
        found[folder]["configs"][name] = {
            "splits": [[split, len(part)] for split, part in splits.items()],
            "features": [part.features.to_dict() for part in (*splits.values(), *streams.values())],
            "first": rows[0],
            "streams": {split: list(part) == splits[split].to_list() for split, part in streams.items()},
        }
print(json.dumps({"found": found, "logged": logged}), flush=True)
# Now and then a thread in which Arrow reads ahead aborts the process while the interpreter ends.
os._exit(0)
"""


def small_edition(paragraphs: int = 3) -> Edition:
    texts = [f"The cup with the number {number} stands on the table." for number in range(paragraphs)]
    return Edition(
        "cups",
        tuple(
            Paragraph(f"tale/{n:03d}", "tale", 0, len(text), text, fingerprint(text)) for n, text in enumerate(texts)
        ),
        tuple(
            Judgement(f"tale/{n:03d}", name, {"us_policy_iraq": "neutral"}, ("other",))
            for n in range(paragraphs)
            for name in "ab"
        ),
        split="validation",
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    build([small_edition()], packaged_schema(), folder)
    return folder


@pytest.fixture(scope="module")
def teas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of another subject, with two targets."""
    folder = tmp_path_factory.mktemp("teas")
    texts = ("Green tea is a delight.", "No black tea for me, thank you.")
    stances = ({"green": "likes", "black": "dislikes"}, {"green": "likes", "black": "dislikes"})
    edition = Edition(
        "teas",
        tuple(Paragraph(f"tea/{n:03d}", "tea", 0, len(text), text, fingerprint(text)) for n, text in enumerate(texts)),
        tuple(Judgement(f"tea/{n:03d}", "reader-1", given, ("price", "taste")) for n, given in enumerate(stances)),
        splits={"tea/001": "test"},
    )
    build([edition], TEA, folder)
    return folder


@pytest.fixture(scope="module")
def seen(built: Path, teas: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a fresh process sees in the packaged folder, as a clone has it and by its whole path, and in built ones."""
    home = tmp_path_factory.mktemp("empty-home")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT, *map(str, (PACKAGED, packaged_folder(), built, teas))],
        cwd=packaged_folder().parent,
        env={
            **os.environ,
            "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
            "HF_HOME": str(home),
            "HF_HUB_OFFLINE": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def configurations(seen: dict[str, Any], folder: str) -> dict[str, Any]:
    found = seen["found"][folder]["configs"]
    assert isinstance(found, dict)
    return found


def test_a_clone_loads_offline_with_three_configurations(seen: dict[str, Any]) -> None:
    found = configurations(seen, PACKAGED)
    assert {name: [split for split, _ in entry["splits"]] for name, entry in found.items()} == {
        "open": ["train", "validation", "test"],
        "source": ["test"],
        "judgements": ["train"],
    }
    assert {name: sum(rows for _, rows in entry["splits"]) for name, entry in found.items()} == ROWS


def test_the_open_edition_is_the_default(seen: dict[str, Any]) -> None:
    assert seen["found"][PACKAGED]["default"] == "open"


def test_a_built_folder_loads_offline_too(seen: dict[str, Any], built: Path) -> None:
    found = configurations(seen, str(built))
    assert {name: entry["splits"] for name, entry in found.items()} == {
        "cups": [["validation", 3]],
        "judgements": [["train", 6]],
    }
    assert found["cups"]["first"]["text"] == small_edition().paragraphs[0].text


def test_the_whole_path_of_the_folder_gives_what_its_name_gives(seen: dict[str, Any]) -> None:
    assert seen["found"][str(packaged_folder())] == seen["found"][PACKAGED]


def test_two_targets_give_two_rows_a_paragraph(seen: dict[str, Any], teas: Path) -> None:
    found = configurations(seen, str(teas))
    assert {name: entry["splits"] for name, entry in found.items()} == {
        "teas": [["train", 2], ["test", 2]],
        "judgements": [["train", 4]],
    }
    first = found["teas"]["first"]
    assert (first["target"], first["stance"], first["topics"]) == ("green", 0, [0, 1])


def test_streaming_gives_the_same_rows_for_every_split(seen: dict[str, Any]) -> None:
    for folder, found in seen["found"].items():
        for name, entry in found["configs"].items():
            assert entry["streams"] == dict.fromkeys([split for split, _ in entry["splits"]], True), (folder, name)


def test_loading_logs_no_warning(seen: dict[str, Any]) -> None:
    """Hugging Face drops metadata that it does not understand with no more than a line in the log."""
    assert seen["logged"] == []


def test_the_features_are_the_declared_ones_loaded_and_streamed(
    seen: dict[str, Any], built: Path, teas: Path, schema: Schema
) -> None:
    from datasets import Features

    packaged, own = configurations(seen, PACKAGED), configurations(seen, str(built))
    other = configurations(seen, str(teas))
    judged = judgement_features(schema)
    expected = [
        (packaged["open"], edition_features(schema, text=True, restates=True, genre=True, intended=True)),
        (packaged["source"], edition_features(schema, text=False, restates=False)),
        (packaged["judgements"], judged),
        (own["cups"], edition_features(schema, text=True, restates=False)),
        (own["judgements"], judged),
        (other["teas"], edition_features(TEA, text=True, restates=False)),
        (other["judgements"], judgement_features(TEA)),
    ]
    for entry, features in expected:
        assert all(Features.from_dict(declared) == features for declared in entry["features"])


def test_the_card_counts_what_loads(seen: dict[str, Any], built: Path) -> None:
    for folder, name in ((packaged_folder(), PACKAGED), (built, str(built))):
        card = yaml.safe_load((folder / "README.md").read_text(encoding="utf-8").split("---\n")[1])
        counted = {
            info["config_name"]: [[split["name"], split["num_examples"]] for split in info["splits"]]
            for info in card["dataset_info"]
        }
        found = configurations(seen, name)
        assert counted == {config: entry["splits"] for config, entry in found.items()}


def test_the_source_edition_has_no_column_of_text(seen: dict[str, Any]) -> None:
    assert all("text" not in declared for declared in configurations(seen, PACKAGED)["source"]["features"])


@pytest.mark.parametrize("name", list(ROWS))
def test_a_packaged_configuration_loads_without_the_folder_function(name: str) -> None:
    assert len(load(name)) == ROWS[name]


def test_the_open_edition_loads_when_none_is_named() -> None:
    assert load()["text"][0]


def test_an_edition_that_there_is_not_is_refused_with_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"there is no edition 'full' \(expected one of open, source, judgements\)"):
        load("full")


def test_our_loader_and_hugging_faces_give_the_same_rows(schema: Schema) -> None:
    ours, theirs = load("open", "train"), load_folder(packaged_folder())
    assert ours.to_list() == theirs.to_list()
    whole = edition_features(schema, text=True, restates=True, genre=True, intended=True)
    assert ours.features == theirs.features == whole


def test_a_folder_without_a_split_train_gives_its_first(built: Path) -> None:
    assert load_folder(built)["id"][0] == "tale/000"


def test_loading_leaves_the_folder_as_it_is(built: Path) -> None:
    before = sorted(built.rglob("*"))
    load_folder(built)
    assert sorted(built.rglob("*")) == before


def test_loading_is_silent_where_there_is_no_terminal(built: Path, capfd: pytest.CaptureFixture[str]) -> None:
    load_folder(built)
    assert capfd.readouterr() == ("", "")


def test_a_rebuilt_folder_gives_its_new_rows(tmp_path: Path, schema: Schema) -> None:
    """Hugging Face keeps what it once read in a cache."""
    build([small_edition(3)], schema, tmp_path)
    first = len(load_folder(tmp_path))
    build([small_edition(2)], schema, tmp_path)
    assert (first, len(load_folder(tmp_path))) == (3, 2)


def test_a_missing_parquet_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.parquet: .*(No such file|not there|no such file)"):
        load_parquet(tmp_path / "gone.parquet")


@pytest.mark.parametrize("content", [b"", b"PAR1", b"text,stance\na,b\n", b"PAR1" + bytes(100) + b"PAR1"])
def test_a_file_that_is_no_parquet_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "rows.parquet").write_bytes(content)
    with pytest.raises(InputError, match=r"rows\.parquet: this is no Parquet file that can be read"):
        load_parquet(tmp_path / "rows.parquet")


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"the dataset folder cannot be loaded .*doesn't contain any data files"):
        load_folder(tmp_path)


def test_a_folder_whose_card_names_a_missing_file_is_named(tmp_path: Path, schema: Schema) -> None:
    build([small_edition()], schema, tmp_path)
    (tmp_path / "data" / "cups.parquet").unlink()
    with pytest.raises(InputError, match=r"the dataset folder cannot be loaded .*cups\.parquet"):
        load_folder(tmp_path)


def test_a_folder_whose_table_is_damaged_is_named(tmp_path: Path, schema: Schema) -> None:
    build([small_edition()], schema, tmp_path)
    file = tmp_path / "data" / "cups.parquet"
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(InputError, match="the dataset folder cannot be loaded"):
        load_folder(tmp_path)


def test_a_folder_whose_card_is_no_yaml_is_named(tmp_path: Path, schema: Schema) -> None:
    build([small_edition()], schema, tmp_path)
    (tmp_path / "README.md").write_text("---\nconfigs: [\n---\n\n# Cups\n", encoding="utf-8")
    with pytest.raises(InputError, match="the dataset folder cannot be loaded"):
        load_folder(tmp_path)


def test_a_split_loads_as_a_frame_with_names(schema: Schema) -> None:
    frame = load("open", "validation", form="pandas")
    assert set(frame["stance"]) == set(schema.stance_names)
    assert set(frame["topics"].explode()) == set(schema.topic_names)
    assert set(frame["intended_stance"]) == set(schema.stance_names)
    assert list(frame["id"]) == list(load("open", "validation")["id"])


SPLITS = [("open", "train"), ("open", "validation"), ("open", "test"), ("open", None), ("source", "test")]


def named(value: Any, feature: Any) -> Any:
    """Return class labels as names, of one row and column."""
    from datasets import ClassLabel, List

    if value is None:
        return None
    if isinstance(feature, List):
        return [feature.feature.names[number] for number in value]
    return feature.names[value] if isinstance(feature, ClassLabel) else value


@pytest.mark.parametrize(("edition", "split"), [*SPLITS, ("judgements", "train")])
def test_frame_and_dataset_agree_row_by_row(edition: str, split: str | None) -> None:
    import pandas as pd

    rows, frame = load(edition, split), load(edition, split, form="pandas")
    assert list(frame.columns) == list(rows.features)
    for column, feature in rows.features.items():
        told = [None if not isinstance(one, list) and pd.isna(one) else one for one in frame[column]]
        assert told == [named(value, feature) for value in rows[column]], column


@pytest.mark.parametrize("split", ["train", "validation", "test", None])
def test_arrays_and_frame_agree_row_by_row(split: str | None, schema: Schema) -> None:
    texts, stances, topics, groups = load("open", split, form="arrays")
    frame = load("open", split, form="pandas")
    assert texts.tolist() == list(frame["text"])
    assert stances.tolist() == list(frame["stance"])
    assert groups.tolist() == list(frame["group"])
    assert [[schema.topic_names[number] for number in row.nonzero()[0]] for row in topics] == list(frame["topics"])


def test_arrays_have_the_shapes_and_types_that_are_documented(schema: Schema) -> None:
    """The columns of the topics are in schema order: names by position tell which is which."""
    texts, stances, topics, groups = load(form="arrays")
    rows = ROWS["open"]
    assert texts.shape == stances.shape == groups.shape == (rows,)
    assert topics.shape == (rows, len(schema.topics))
    assert (texts.dtype.kind, stances.dtype.kind, groups.dtype.kind, topics.dtype.name) == ("O", "U", "U", "int64")
    assert set(topics.ravel().tolist()) == {0, 1}
    assert set(stances.tolist()) == set(schema.stance_names)
    assert tuple(load().features["topics"].feature.names) == schema.topic_names


def test_arrays_train_a_baseline_as_they_are() -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    texts, stances, _, _ = load("open", "train", form="arrays")
    model = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, stances)
    assert set(model.predict(load("open", "test", form="arrays")[0])) <= set(stances)


def test_without_a_split_all_of_them_load_in_order() -> None:
    parts = [load("open", split)["id"] for split in ("train", "validation", "test")]
    assert list(load("open")["id"]) == [name for part in parts for name in part]


@pytest.mark.parametrize(
    ("edition", "split", "form", "message"),
    [
        ("open", "dev", "datasets", "has no split 'dev' .expected one of train, validation, test"),
        ("source", "train", "datasets", "expected one of test"),
        ("open", None, "numpy", "no form 'numpy' .expected one of datasets, pandas, arrays"),
        ("source", None, "arrays", "has no text for arrays.* Hydrate it"),
    ],
)
def test_what_cannot_be_loaded_is_told_with_what_can(edition: str, split: str | None, form: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        load(edition, split, form=form)

"""The Croissant metadata: what the reference implementation reads from it is what the Parquet files hold."""

import json
import logging
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT, TEA
from iraqstance.annotation.errors import InputError
from iraqstance.annotation.normalise import fingerprint
from iraqstance.annotation.records import Judgement, Paragraph
from iraqstance.annotation.schema import packaged_schema
from iraqstance.dataset.build import build
from iraqstance.dataset.check import check
from iraqstance.dataset.croissant import data_type
from iraqstance.dataset.editions import Edition, Intention, packaged_edition, packaged_folder
from iraqstance.dataset.features import edition_features, judgement_features
from iraqstance.dataset.load import load_parquet

# rdflib, through which mlcroissant reads JSON-LD, uses a class of its own that it calls deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")

RAI = {
    "dataCollection",
    "dataCollectionType",
    "dataCollectionMissingData",
    "dataCollectionRawData",
    "dataPreprocessingProtocol",
    "dataAnnotationProtocol",
    "dataAnnotationPlatform",
    "dataAnnotationAnalysis",
    "annotationsPerItem",
    "annotatorDemographics",
    "machineAnnotationTools",
    "dataBiases",
    "dataLimitations",
    "dataUseCases",
    "dataSocialImpact",
    "personalSensitiveInformation",
    "dataReleaseMaintenancePlan",
}


def croissant(folder: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((folder / "croissant.json").read_text(encoding="utf-8"))
    return value


def paragraph(number: int, text: str = "") -> Paragraph:
    text = text or f"The cup with the number {number} stands on the table."
    return Paragraph(f"tale/{number:03d}", "tale", 0, len(text), text, fingerprint(text))


def tales(count: int = 4, **changes: Any) -> Edition:
    numbers = range(1, count + 1)
    judgements = tuple(
        Judgement(
            f"tale/{number:03d}", "a", {"green": "likes", "black": "dislikes"}, ("taste", "price")[: 1 + number % 2]
        )
        for number in numbers
    )
    return replace(Edition("mine", tuple(map(paragraph, numbers)), judgements), **changes)


def opened(folder: Path) -> Any:
    """Return the dataset as mlcroissant reads it, where it finds nothing to say about it."""
    import mlcroissant

    dataset = mlcroissant.Dataset(jsonld=folder / "croissant.json")
    assert dataset.metadata.ctx.issues.report() == ""
    return dataset


def plain(value: Any) -> Any:
    """Return a value of mlcroissant, which gives text as bytes, as Parquet holds it."""
    return value.decode() if isinstance(value, bytes) else value


def records(dataset: Any, record_set: str) -> list[dict[str, Any]]:
    return [
        {name.removeprefix(f"{record_set}/"): plain(value) for name, value in record.items()}
        for record in dataset.records(record_set)
    ]


def rows(folder: Path, card: str) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of each configuration from its Parquet files, with their split, as the card names them."""
    found: dict[str, list[dict[str, Any]]] = {}
    for config in yaml.safe_load(card.split("---\n")[1])["configs"]:
        for part in config["data_files"]:
            read = load_parquet(folder / part["path"]).data.to_pylist()
            found.setdefault(config["config_name"], []).extend({"split": part["split"], **row} for row in read)
    return found


def in_order(found: Iterable[Mapping[str, Any]]) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True) for row in found)


def the_same_rows(folder: Path) -> list[str]:
    """Assert that mlcroissant reads each configuration as Parquet holds it, and return their names."""
    dataset = opened(folder)
    held = rows(folder, (folder / "README.md").read_text(encoding="utf-8"))
    for name, expected in held.items():
        assert in_order(records(dataset, name)) == in_order(expected), name
    return list(held)


def anonymous(described: Mapping[str, Any]) -> dict[str, Any]:
    """Return a description without what depends on who wrote the Parquet files."""
    files = [
        {key: value for key, value in one.items() if key not in {"sha256", "contentSize"}}
        for one in described["distribution"]
    ]
    return {**described, "distribution": files}


@pytest.fixture(scope="module")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the packaged dataset elsewhere, without its code."""
    folder = tmp_path_factory.mktemp("elsewhere") / "set"
    shutil.copytree(packaged_folder() / "data", folder / "data")
    for file in ("README.md", "croissant.json"):
        shutil.copy(packaged_folder() / file, folder)
    return folder


@pytest.fixture(scope="module")
def citation() -> dict[str, Any]:
    """What ``CITATION.cff`` says of the dataset."""
    value = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    (data,) = [one for one in value["references"] if one["type"] == "data"]
    assert data["version"] == value["version"]
    return dict(data)


def test_mlcroissant_reads_every_row_of_the_packaged_dataset_and_says_nothing(
    packaged: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """From the folder itself and from a copy elsewhere, without a network and without a line logged."""
    with caplog.at_level(logging.WARNING):
        opened(packaged_folder())
        assert the_same_rows(packaged) == ["judgements", "open", "source"]
    assert not caplog.records


def test_the_packaged_record_sets_of_labels_are_those_of_the_schema(packaged: Path) -> None:
    dataset = opened(packaged)
    for record_set, labels in (("stances", packaged_schema().stances), ("topics", packaged_schema().topics)):
        assert records(dataset, record_set) == [
            {"id": number, "name": label.name, "description": label.definition} for number, label in enumerate(labels)
        ]
    urls = {"train": "cr:TrainingSplit", "validation": "cr:ValidationSplit", "test": "cr:TestSplit"}
    assert {record["name"]: record["url"] for record in records(dataset, "splits")} == urls


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_mlcroissant_reads_a_split_alone(packaged: Path, split: str) -> None:
    found = list(opened(packaged).records("open", filters={"open/split": split}))
    assert {record["open/split"] for record in found} == {split.encode()}
    assert len(found) == len(load_parquet(packaged / "data" / f"open-{split}.parquet"))


def test_the_packaged_description_names_version_licence_and_citation(packaged: Path, citation: dict[str, Any]) -> None:
    """A missing name, licence, version or citation passes mlcroissant's own checks in silence."""
    metadata = opened(packaged).metadata
    (licence,), (creator,), (author,) = metadata.license, metadata.creators, citation["authors"]
    assert metadata.name == "iraqstance" == citation["title"].partition(":")[0]
    assert metadata.version == citation["version"]
    assert licence == f"https://spdx.org/licenses/{citation['license']}.html"
    assert creator.name == author["name"]
    assert metadata.date_published.date().isoformat() == citation["date-released"]
    assert all(part in metadata.cite_as for part in ("@misc{", author["name"], citation["title"]))
    assert citation["date-released"][:4] in metadata.cite_as
    assert " ".join(citation["abstract"].split()) in metadata.description


def test_the_packaged_description_agrees_with_the_card(packaged: Path) -> None:
    described = croissant(packaged)
    _, front, body = (packaged / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    card = yaml.safe_load(front)
    assert described["name"] == card["pretty_name"]
    assert described["license"].lower() == f"https://spdx.org/licenses/{card['license']}.html"
    assert [described["inLanguage"]] == card["language"]
    assert described["keywords"] == card["tags"]
    assert f"- Version: {described['version']}\n" in body
    first = next(part for part in body.split("\n\n") if part.startswith("Paragraphs"))
    assert described["description"].startswith(" ".join(first.replace("**", "").split()))


def test_the_packaged_description_answers_the_questions_of_responsible_ai(packaged: Path) -> None:
    described, metadata = croissant(packaged), opened(packaged).metadata
    assert described["conformsTo"] == [
        "http://mlcommons.org/croissant/1.1",
        "http://mlcommons.org/croissant/RAI/1.0",
    ]
    assert {key.removeprefix("rai:") for key in described if key.startswith("rai:")} == RAI
    for name in RAI:  # as mlcroissant calls it: data_collection for dataCollection
        assert getattr(metadata, re.sub(r"(?=[A-Z])", "_", name).lower()), name
    assert "No person has judged or checked a label" in " ".join(described["rai:dataAnnotationProtocol"])
    assert "written by a large language model" in described["rai:dataCollection"]


def test_every_file_has_its_hash_and_its_size(packaged: Path) -> None:
    files = [one for one in croissant(packaged)["distribution"] if one["@type"] == "cr:FileObject"]
    assert {one["contentUrl"] for one in files} == {f"data/{path.name}" for path in (packaged / "data").iterdir()}
    for one in files:
        content = (packaged / one["contentUrl"]).read_bytes()
        assert one["sha256"] == sha256(content).hexdigest()
        assert one["contentSize"] == f"{len(content)} B"


def test_the_packaged_description_is_what_a_build_makes(packaged: Path, tmp_path: Path) -> None:
    for file in ("README.md", "croissant.json"):
        shutil.copy(packaged / file, tmp_path)
    build([packaged_edition("open"), packaged_edition("source")], packaged_schema(), tmp_path)
    assert anonymous(croissant(tmp_path)) == anonymous(croissant(packaged))


def test_a_folder_of_ones_own_is_described_from_its_card_and_the_schema(tmp_path: Path) -> None:
    """What nobody knows is left out."""
    build([tales()], TEA, tmp_path)
    described = croissant(tmp_path)
    assert described["conformsTo"] == "http://mlcommons.org/croissant/1.1"
    assert described["name"] == "tea"
    assert "green tea; black tea" in described["description"]
    assert described["inLanguage"] == "en"
    assert "stance-detection" in described["keywords"]
    assert not {"url", "creator", "citeAs", "version", "license", "datePublished"} & set(described)
    assert not [key for key in described if key.startswith("rai:")]


@pytest.mark.parametrize(
    ("licence", "address"),
    [
        ("cc-by-4.0", "https://spdx.org/licenses/CC-BY-4.0.html"),
        ("apache-2.0", "https://spdx.org/licenses/Apache-2.0.html"),
        ("other", "other"),
        ("[mit, other]", ["https://spdx.org/licenses/MIT.html", "other"]),
    ],
)
def test_a_licence_that_spdx_lists_is_given_by_its_address(
    tmp_path: Path, licence: str, address: str | list[str]
) -> None:
    """The first build may come before the card names a licence."""
    build([tales()], TEA, tmp_path)
    card = tmp_path / "README.md"
    text = card.read_text(encoding="utf-8").replace("---\n", f"---\nlicense: {licence}\n", 1)
    card.write_text(text.replace("pretty_name: tea", "pretty_name: Tea time"), encoding="utf-8")
    (tmp_path / "croissant.json").unlink()
    build([tales()], TEA, tmp_path)
    assert croissant(tmp_path)["license"] == address
    assert croissant(tmp_path)["name"] == "Tea time"


def test_a_folder_of_ones_own_is_read_as_parquet_holds_it(tmp_path: Path) -> None:
    """With several splits, one split, missing values, empty and missing lists, and text beyond ASCII."""
    first, second, *others = tales(6).paragraphs
    meant = Intention({"green": "likes", "black": "likes"}, ())
    mixed = tales(
        6,
        paragraphs=(first, paragraph(2, "“Grüner Tee” – 茶, said the host of the small house."), *others),
        splits={first.id: "test", second.id: "my.own"},
        restates={first.id: "source/001"},
        intended={first.id: meant, second.id: meant},
    )
    bare = tuple(replace(one, text="") for one in others)
    stood_off = Edition("away", bare, mixed.judgements[2:], split="test")
    build([mixed, stood_off], TEA, tmp_path)
    described = croissant(tmp_path)
    described |= {"version": "1.0.0", "license": "other", "citeAs": "Tea.", "datePublished": "2026-01-01"}
    (tmp_path / "croissant.json").write_text(json.dumps(described), encoding="utf-8")
    assert sorted(the_same_rows(tmp_path)) == ["away", "judgements", "mine"]
    found = records(opened(tmp_path), "mine")
    assert [one["intended_topics"] for one in found if one["split"] != "train"] == [[]] * 4
    assert [one["intended_topics"] for one in found if one["split"] == "train"] == [None] * 8
    assert {one["intended_stance"] for one in found} == {0, None}
    assert {one["split"] for one in found} == {"train", "test", "my.own"}


def test_a_configuration_may_be_called_as_the_labels_are(tmp_path: Path) -> None:
    build([tales(name="topics"), tales(name="splits", judgements=tales().judgements)], TEA, tmp_path)
    ids = [one["@id"] for one in croissant(tmp_path)["recordSet"]]
    assert sorted(ids) == ["judgements", "splits", "splits_", "stances", "topics", "topics_"]


def test_what_people_wrote_is_kept_and_what_is_made_is_renewed(tmp_path: Path) -> None:
    build([tales()], TEA, tmp_path)
    written = {
        "name": "Teatime",
        "description": "Tales of „Tee“.",
        "license": "https://example.org/terms",
        "url": "https://example.org/tea",
        "version": "3.1.4",
        "citeAs": "@misc{tea}",
        "creator": {"@type": "sc:Person", "name": "Ælfric"},
        "keywords": ["tea"],
        "rai:dataBiases": ["Only tea."],
        "prov:wasDerivedFrom": {"@id": "urn:tea"},
    }
    described = {**croissant(tmp_path), **written}
    described["conformsTo"] = ["http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0"]
    described["@context"]["prov"] = "http://www.w3.org/ns/prov#"
    del described["@context"]["isArray"]
    (tmp_path / "croissant.json").write_text(json.dumps(described), encoding="utf-8")
    build([tales(6)], TEA, tmp_path)
    after = croissant(tmp_path)
    assert written.items() <= after.items()
    assert after["conformsTo"] == ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"]
    assert after["@context"]["prov"] == "http://www.w3.org/ns/prov#"
    assert after["@context"]["isArray"] == "cr:isArray"
    assert after["distribution"] != described["distribution"]
    assert [one for one in check(tmp_path).issues if one.rule.startswith("croissant")] == []
    assert "Ælfric" in (tmp_path / "croissant.json").read_text(encoding="utf-8")


def test_the_same_data_gives_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("one", "one", "two"):
        build([tales(splits={"tale/001": "test"})], TEA, tmp_path / folder)
    one, two = ((tmp_path / folder / "croissant.json").read_bytes() for folder in ("one", "two"))
    assert one == two
    assert one.endswith(b"}\n")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"name": "tea"', "invalid JSON"),
        (b'{"\xff": 1}', "not UTF-8"),
        (b"[]", "the file is no JSON object"),
        (b'{"@context": "https://schema.org/"}', "its @context is no JSON object"),
    ],
    ids=["torn", "bytes", "list", "context"],
)
def test_a_damaged_file_is_named_and_nothing_is_written(tmp_path: Path, content: bytes, message: str) -> None:
    build([tales()], TEA, tmp_path)
    (tmp_path / "croissant.json").write_bytes(content)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(InputError, match=rf"croissant\.json.*{message}"):
        build([tales(5)], TEA, tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "croissant.json").mkdir()
    with pytest.raises(InputError, match=r"croissant\.json"):
        build([tales()], TEA, tmp_path)


def test_every_column_has_a_meaning_and_the_type_of_its_feature(packaged: Path) -> None:
    """The card's table of fields names the same columns."""
    features = {
        **edition_features(packaged_schema(), text=True, restates=True, genre=True, intended=True),
        **edition_features(packaged_schema(), text=False, restates=False),
        **judgement_features(packaged_schema()),
    }
    configurations = [one for one in croissant(packaged)["recordSet"] if one["@id"] in {"open", "source", "judgements"}]
    fields = {field["name"]: field for one in configurations for field in one["field"] if "extract" in str(field)}
    fields.pop("split")
    assert set(fields) == set(features)
    for name, field in fields.items():
        kind, is_array = data_type(features[name])
        assert field["description"].endswith(".")
        assert kind in field["dataType"]
        assert field.get("isArray", False) is is_array
    card = (packaged / "README.md").read_text(encoding="utf-8")
    table = card.partition("\n### Fields\n")[2].partition("\n### ")[0]
    named = [re.findall(r"`(\w+)`", line.split("|")[1]) for line in table.splitlines() if line.startswith("| `")]
    assert {name for names in named for name in names} == set(fields)


def test_the_labels_of_a_column_are_named_in_their_order(packaged: Path) -> None:
    (opened_edition,) = [one for one in croissant(packaged)["recordSet"] if one["@id"] == "open"]
    told = {field["name"]: field["description"] for field in opened_edition["field"]}
    assert told["stance"].endswith("favor (0), against (1), neutral (2).")
    assert told["intended_topics"].endswith("regional_security (7), other (8).")


def changed(folder: Path, file: str, content: Sequence[dict[str, Any]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist(list(content)), folder / file)


def test_the_check_finds_a_built_folder_without_fault_until_its_data_change(tmp_path: Path) -> None:
    build([tales()], TEA, tmp_path)
    assert not [one for one in check(tmp_path).issues if one.rule.startswith("croissant")]
    changed(tmp_path, "data/mine.parquet", [{"id": "tale/001", "text": "Tea.", "stance": "likes"}])
    found = [(one.rule, one.where) for one in check(tmp_path).issues if one.rule.startswith("croissant")]
    assert set(found) == {("croissant-hash", "data/mine.parquet"), ("croissant-columns", "data/mine.parquet")}


def test_a_folder_without_the_file_has_no_finding_about_it(tmp_path: Path) -> None:
    build([tales()], TEA, tmp_path)
    (tmp_path / "croissant.json").unlink()
    assert not [one for one in check(tmp_path).issues if one.rule.startswith("croissant")]

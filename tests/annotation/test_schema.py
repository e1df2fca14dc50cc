"""The label schema: what the packaged one holds, and what is refused."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from iraqstance.annotation.errors import SchemaError
from iraqstance.annotation.schema import Schema, load_schema, packaged_schema
from pydantic import ValidationError

STANCES = {"favor": "f", "against": "a", "neutral": "n"}
TOPICS = {
    "armed_factions": "1",
    "us_forces": "2",
    "iran": "3",
    "sanctions": "4",
    "economy": "5",
    "iraqi_politics": "6",
    "diplomacy": "7",
    "regional_security": "8",
    "other": "9",
}
Document = dict[str, Any]

RIVER: Document = {
    "name": "river",
    "version": 1,
    "targets": [{"name": "dam", "title": "the dam"}],
    "stance_question": "What does it say of the dam?",
    "stances": [
        {"name": "pro", "definition": "For it.", "hotkey": "p"},
        {"name": "con", "definition": "Not for it.", "hotkey": "c"},
    ],
    "topic_question": "What is it about?",
    "topics": [
        {"name": "fish", "definition": "Fish.", "hotkey": "1"},
        {"name": "power", "definition": "Power.", "hotkey": "2"},
        {"name": "none", "definition": "Nothing.", "hotkey": "0", "exclusive": True},
    ],
    "unsure": {"title": "Not sure", "hotkey": "u"},
}


def river(*, targets: tuple[str, ...] = ("dam",)) -> Schema:
    return Schema.model_validate({**RIVER, "targets": [{"name": name, "title": f"the {name}"} for name in targets]})


def written(folder: Path, change: Callable[[Document], object]) -> Path:
    document = copy.deepcopy(RIVER)
    change(document)
    path = folder / "labels.yaml"
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    return path


def test_the_packaged_schema_has_one_target(schema: Schema) -> None:
    (target,) = schema.targets
    assert target.name == "us_policy_iraq"
    assert target.title == "the Trump administration's policy towards Iraq"
    assert target.definition


def test_the_packaged_stances_and_their_hotkeys_are_those_of_the_codebook(schema: Schema) -> None:
    assert {label.name: label.hotkey for label in schema.stances} == STANCES
    assert schema.stance_names == tuple(STANCES)


def test_the_packaged_topics_and_their_hotkeys_are_those_of_the_codebook(schema: Schema) -> None:
    assert {label.name: label.hotkey for label in schema.topics} == TOPICS
    assert schema.topic_names == tuple(TOPICS)
    assert [label.name for label in schema.topics if label.exclusive] == ["other"]


def test_the_packaged_unsure_tick_has_the_key_u(schema: Schema) -> None:
    assert (schema.unsure.title, schema.unsure.hotkey) == ("Not sure", "u")


def test_every_packaged_label_is_defined_on_one_line(schema: Schema) -> None:
    for label in (*schema.stances, *schema.topics):
        assert label.definition.endswith(".")
        assert "\n" not in label.definition


def test_without_a_path_the_packaged_schema_is_read() -> None:
    assert load_schema() == packaged_schema()


def test_a_copy_of_the_packaged_schema_reads_the_same(tmp_path: Path, schema: Schema) -> None:
    path = tmp_path / "copy.yaml"
    path.write_text(yaml.safe_dump(schema.model_dump(mode="json")), encoding="utf-8")
    assert load_schema(path) == schema


def test_a_schema_of_another_subject_is_read_from_its_file(tmp_path: Path) -> None:
    read = load_schema(written(tmp_path, lambda _: None))
    assert read.target_names == ("dam",)
    assert read.stance_names == ("pro", "con")
    assert read.topic_names == ("fish", "power", "none")


def test_a_schema_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = written(tmp_path, lambda _: None)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert load_schema(path) == river()


def test_what_a_schema_leaves_out_has_a_default(tmp_path: Path) -> None:
    read = load_schema(written(tmp_path, lambda document: document.pop("unsure")))
    assert (read.language, read.unsure.title, read.unsure.hotkey) == ("en", "Not sure", None)


def test_one_target_has_the_column_stance() -> None:
    assert river().stance_columns == {"dam": "stance"}


def test_two_targets_have_a_column_each() -> None:
    assert river(targets=("dam", "canal")).stance_columns == {"dam": "stance_dam", "canal": "stance_canal"}


def test_two_targets_leave_the_stances_keys_to_the_topics(tmp_path: Path) -> None:
    """A key cannot answer two questions, so that stances have none and a topic may use the same."""

    def two_targets_and_a_shared_key(document: Document) -> None:
        document["targets"].append({"name": "canal", "title": "the canal"})
        document["topics"][0]["hotkey"] = "p"

    assert load_schema(written(tmp_path, two_targets_and_a_shared_key)).topics[0].hotkey == "p"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.update(colours=1), r"colours: Extra inputs are not permitted"),
        (lambda d: d["stances"][0].update(colours=1), r"stances\.0\.colours: Extra inputs are not permitted"),
        (lambda d: d["topics"][1].pop("definition"), r"topics\.1\.definition: Field required"),
        (lambda d: d["topics"][1].update(definition=""), r"topics\.1\.definition: .*at least 1 character"),
        (lambda d: d["stances"][1].update(name="pro"), r"stance 'pro' stands twice"),
        (lambda d: d["topics"][1].update(name="fish"), r"topic 'fish' stands twice"),
        (lambda d: d["targets"].append(d["targets"][0]), r"target 'dam' stands twice"),
        (lambda d: d["topics"][1].update(hotkey="1"), r"hotkey '1' stands twice"),
        (lambda d: d["topics"][1].update(hotkey="p"), r"hotkey 'p' stands twice"),
        (lambda d: d["topics"][1].update(hotkey="u"), r"hotkey 'u' stands twice"),
        (lambda d: d["topics"][1].update(hotkey="12"), r"topics\.1\.hotkey: .*at most 1 character"),
        (lambda d: d["topics"][1].update(hotkey=2), r"topics\.1\.hotkey: .*valid string"),
        (lambda d: d["stances"].pop(), r"stances: .*at least 2 items"),
        (lambda d: d["topics"].clear(), r"topics: .*at least 1 item"),
        (lambda d: d["targets"].clear(), r"targets: .*at least 1 item"),
        (lambda d: d.pop("topics"), r"topics: Field required"),
        (lambda d: d["topics"][0].update(name="two words"), r"topics\.0\.name: .*pattern"),
        (lambda d: d["topics"][0].update(name="line\n"), r"topics\.0\.name: .*pattern"),
        (lambda d: d["topics"][0].update(name=False), r"topics\.0\.name: .*valid string"),
        (lambda d: d["topics"][0].update(name="x" * 61), r"topics\.0\.name: .*at most 60 characters"),
    ],
    ids=[
        "unknown-field",
        "unknown-field-of-a-label",
        "no-definition",
        "empty-definition",
        "stance-twice",
        "topic-twice",
        "target-twice",
        "hotkey-twice",
        "hotkey-of-a-stance",
        "hotkey-of-unsure",
        "long-hotkey",
        "number-as-hotkey",
        "one-stance",
        "empty-topics",
        "no-target",
        "no-topics",
        "name-of-two-words",
        "name-with-a-line-end",
        "name-that-yaml-reads-as-no",
        "long-name",
    ],
)
def test_a_wrong_schema_is_refused_with_its_field(
    tmp_path: Path, change: Callable[[Document], object], message: str
) -> None:
    path = written(tmp_path, change)
    with pytest.raises(
        SchemaError, match=rf"labels\.yaml: (the file: )?{message}.*Compare it with the packaged schema\.yaml"
    ):
        load_schema(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"name: [river\nversion: 1\n", r"labels\.yaml: line \d+: the schema is no YAML.*Mend the file"),
        (b"name: \xff\n", r"labels\.yaml.*: the schema is no YAML"),
        (b"\x00\x01\x02", r"labels\.yaml.*: the schema is no YAML"),
        (b"", r"labels\.yaml: the file: Input should be a valid dictionary"),
        (b"- pro\n- con\n", r"labels\.yaml: the file: Input should be a valid dictionary"),
        (b"just words", r"labels\.yaml: the file: Input should be a valid dictionary"),
        (b"name: river\nversion: 2025-13-45\n", r"labels\.yaml"),
        (b"name: !!python/object/apply:os.getcwd []\n", r"labels\.yaml.*: the schema is no YAML"),
    ],
    ids=["open-bracket", "not-utf8", "binary", "empty", "list", "words", "no-such-date", "python-object"],
)
def test_a_file_that_is_no_schema_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "labels.yaml"
    path.write_bytes(content)
    with pytest.raises(SchemaError, match=message):
        load_schema(path)


def test_a_missing_schema_is_named(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match=r"absent\.yaml: the schema cannot be read \(got No such file or directory\)"):
        load_schema(tmp_path / "absent.yaml")


def test_a_folder_is_no_schema(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match=r"the schema cannot be read \(got Is a directory\)"):
        load_schema(tmp_path)


def test_a_schema_cannot_be_changed(schema: Schema) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        schema.name = "other"


@settings(max_examples=100)
@given(st.lists(st.sampled_from(list(TOPICS))))
def test_topics_are_ordered_as_in_the_schema_each_once(topics: list[str]) -> None:
    assert packaged_schema().ordered_topics(topics) == tuple(name for name in TOPICS if name in topics)


@pytest.mark.parametrize("stance", list(STANCES))
def test_a_known_stance_has_no_fault(schema: Schema, stance: str) -> None:
    assert schema.stance_fault(stance) == ""


@pytest.mark.parametrize("stance", ["Favor", "", "pro", None, 3, ["favor"], {"favor": 1}], ids=repr)
def test_an_unknown_stance_is_told_with_those_expected(schema: Schema, stance: object) -> None:
    fault = schema.stance_fault(stance)
    assert fault == f"{stance!r} is no stance of this schema; expected one of favor, against, neutral"


@pytest.mark.parametrize(
    ("topics", "fault"),
    [
        (["iran"], ""),
        (["economy", "iran"], ""),
        (["other"], ""),
        ([], "no topic is given; expected one or more"),
        (["iran", "iran"], "a topic is given twice"),
        (["iran", "other"], "'other' never stands beside another topic"),
        (["iran", "weather"], "'weather' is no topic of this schema; expected among armed_factions, us_forces"),
        ([None], "None is no topic of this schema"),
        ([["iran"]], "['iran'] is no topic of this schema"),
        ([{"iran": 1}, {"iran": 1}], "{'iran': 1} is no topic of this schema"),
    ],
    ids=["one", "two", "exclusive-alone", "none", "twice", "exclusive", "unknown", "null", "list", "object"],
)
def test_what_is_wrong_with_a_set_of_topics(schema: Schema, topics: list[object], fault: str) -> None:
    found = schema.topics_fault(topics)
    assert found.startswith(fault)
    assert bool(found) is bool(fault)

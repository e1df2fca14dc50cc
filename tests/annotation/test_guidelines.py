"""What annotators read says what the schema says."""

from importlib.resources import files

import pytest
from iraqstance.annotation.schema import LabelDefinition, Schema, packaged_schema

LABELS = [*packaged_schema().stances, *packaged_schema().topics]


@pytest.fixture(scope="module")
def guidelines() -> str:
    """The guidelines with every run of white space as one."""
    return " ".join(files("iraqstance.annotation").joinpath("guidelines.md").read_text(encoding="utf-8").split())


@pytest.mark.parametrize("label", LABELS, ids=lambda label: label.name)
def test_every_label_stands_beside_its_key_and_definition(guidelines: str, label: LabelDefinition) -> None:
    assert f"| `{label.name}` | {str(label.hotkey).upper()} | {label.definition} |" in guidelines


def test_the_target_and_its_definition_stand_word_for_word(guidelines: str, schema: Schema) -> None:
    for target in schema.targets:
        assert target.title in guidelines
        assert target.definition in guidelines


def test_the_questions_stand_word_for_word(guidelines: str, schema: Schema) -> None:
    assert schema.stance_question in guidelines
    assert schema.topic_question in guidelines


def test_the_unsure_tick_stands_with_its_key(guidelines: str, schema: Schema) -> None:
    assert f"*{schema.unsure.title}* (key {str(schema.unsure.hotkey).upper()})" in guidelines


def test_the_guidelines_name_the_version_of_the_schema(guidelines: str, schema: Schema) -> None:
    assert f"Codebook version {schema.version}." in guidelines

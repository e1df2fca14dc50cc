"""What annotators read says what the schema says."""

from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest
from conftest import TEA
from iraqstance.annotation.errors import InputError
from iraqstance.annotation.guidelines import guidelines_html
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


# As a page of HTML


class Page(HTMLParser):
    """Collects what a page shows and what it is made of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.shown = ""
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.feed(html)
        self.close()
        self.shown = " ".join(self.shown.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag and where it leads."""
        self.tags.add(tag)
        self.links += [str(value) for name, value in attrs if name in {"href", "src"}]

    def handle_data(self, data: str) -> None:
        """Keep the text between tags."""
        self.shown += data


def test_the_page_of_the_packaged_schema_is_the_packaged_guidelines(schema: Schema) -> None:
    page = Page(guidelines_html(schema))
    assert {"h1", "h2", "table", "td", "ol", "li"} <= page.tags
    for label in LABELS:
        assert f"{label.name} {str(label.hotkey).upper()} {label.definition}" in page.shown
    assert not set("*|#`") & set(page.shown)


def test_another_schema_has_a_page_of_its_questions_and_definitions() -> None:
    page = Page(guidelines_html(TEA))
    for said in (TEA.stance_question, TEA.topic_question, *(target.title for target in TEA.targets)):
        assert said in page.shown
    for label in (*TEA.stances, *TEA.topics):
        assert f"{label.name}: {label.definition}" in page.shown


def test_signs_in_a_schema_are_shown_and_not_obeyed() -> None:
    signs = "<b>3 & 4</b> <script>alert(1)</script>"
    labels = TEA.model_copy(update={"stance_question": signs, "topic_question": signs})
    page = Page(guidelines_html(labels))
    assert page.shown.count(signs) == 3
    assert "script" not in page.tags


def test_a_file_of_your_own_takes_the_place_of_the_packaged_guidelines(schema: Schema, tmp_path: Path) -> None:
    file = tmp_path / "own.md"
    file.write_text("# نهر\n\n- *one*\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n", encoding="utf-8")
    page = Page(guidelines_html(schema, file))
    assert page.shown.replace("• ", "") == "نهر one two a b 1 2"
    assert {"h1", "ul", "li", "em", "table"} <= page.tags


def test_a_file_cannot_bring_a_script_into_the_page(schema: Schema, tmp_path: Path) -> None:
    file = tmp_path / "own.md"
    file.write_text("<script>alert(1)</script>\n\n[a](javascript:alert(1)) [b](https://example.org)", encoding="utf-8")
    page = Page(guidelines_html(schema, file))
    assert "script" not in page.tags
    assert page.links == ["https://example.org"]


def test_a_file_that_is_not_there_is_named(schema: Schema, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no\.md: the guidelines cannot be read \(got No such file or directory\)"):
        guidelines_html(schema, tmp_path / "no.md")


def test_a_file_that_is_not_utf_8_is_named(schema: Schema, tmp_path: Path) -> None:
    file = tmp_path / "latin.md"
    file.write_bytes("für alle".encode("latin-1"))
    with pytest.raises(InputError, match=r"latin\.md: the guidelines are not UTF-8\. Save them as UTF-8"):
        guidelines_html(schema, file)

"""The labelling interface: accepted by Label Studio's own validation, with every definition and key in it."""

from collections.abc import Iterator
from html.parser import HTMLParser
from xml.etree.ElementTree import Element, fromstring, tostring

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iraqstance.annotation.guidelines import guidelines_html
from iraqstance.annotation.interface import COMMENT, TEXT, TOPICS, UNSURE, VOTES, interface_xml
from iraqstance.annotation.schema import LabelDefinition, Schema, packaged_schema

SIGNS = "<b>&amp;</b> \"quoted\" 'so' & 3 < 4 > 2 $text {{x}} نهر 🌊"


def river(*targets: str, definition: str = SIGNS) -> Schema:
    return Schema.model_validate(
        {
            "name": "river",
            "version": 1,
            "targets": [
                {"name": name, "title": f"the {name} {definition}", "definition": f"Of stone. {definition}"}
                for name in targets
            ],
            "stance_question": f"What does it say? {definition}",
            "stances": [
                {"name": "pro", "definition": f"For it. {definition}", "hotkey": "p"},
                {"name": "con", "definition": f"Not for it. {definition}", "hotkey": "c"},
            ],
            "topic_question": f"What is it about? {definition}",
            "topics": [
                {"name": "fish", "definition": f"Fish. {definition}", "hotkey": "1"},
                {"name": "power", "definition": f"Power. {definition}"},
            ],
            "unsure": {"title": f"Unsure {definition}", "hotkey": "u"},
        }
    )


SCHEMAS = {"packaged": packaged_schema(), "one-target": river("dam"), "two-targets": river("dam", "canal")}
every_schema = pytest.mark.parametrize("labels", SCHEMAS.values(), ids=SCHEMAS)


def controls(labels: Schema) -> dict[str, Element]:
    """The controls of the interface by name."""
    tree = fromstring(interface_xml(labels))  # noqa: S314 - made a line before
    return {str(element.get("name")): element for element in tree.iter() if element.get("toName")}


def headers(labels: Schema) -> list[str]:
    tree = fromstring(interface_xml(labels))  # noqa: S314 - made a line before
    return [str(element.get("value")) for element in tree.iter("Header")]


class Browser(HTMLParser):
    """Collects what a browser shows of a piece of HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.shown = ""

    def handle_data(self, data: str) -> None:
        """Keep the text between tags."""
        self.shown += data


def read_text(markup: str) -> str:
    browser = Browser()
    browser.feed(markup)
    browser.close()
    return browser.shown


def shown(choices: Element) -> Iterator[tuple[str, str, str | None]]:
    """The value, what is read beside it, and the key of each choice."""
    for choice in choices.iter("Choice"):
        yield str(choice.get("value")), read_text(str(choice.get("html"))), choice.get("hotkey")


def expected(definitions: tuple[LabelDefinition, ...], *, keys: bool) -> list[tuple[str, str, str | None]]:
    return [(label.name, f"{label.name}: {label.definition}", label.hotkey if keys else None) for label in definitions]


@every_schema
def test_the_interface_passes_label_studio_s_own_validation(labels: Schema) -> None:
    from label_studio_sdk.label_interface import LabelInterface

    interface = LabelInterface(interface_xml(labels))
    interface.validate()
    assert interface.validate_task({"data": {TEXT: "Rain fell."}})
    assert not interface.validate_task({"data": {"other": "Rain fell."}})
    columns = set(labels.stance_columns.values())
    assert {control.name for control in interface.controls} == {*columns, TOPICS, UNSURE, COMMENT}


@every_schema
def test_every_topic_is_offered_with_its_definition_and_key(labels: Schema) -> None:
    assert list(shown(controls(labels)[TOPICS])) == expected(labels.topics, keys=True)


@every_schema
def test_every_stance_is_offered_with_its_definition_for_each_target(labels: Schema) -> None:
    """With two targets one key would answer two questions, so that stances have none."""
    for column in labels.stance_columns.values():
        assert list(shown(controls(labels)[column])) == expected(labels.stances, keys=len(labels.targets) == 1)


@every_schema
def test_the_unsure_tick_has_its_title_and_key(labels: Schema) -> None:
    assert list(shown(controls(labels)[UNSURE])) == [(UNSURE, labels.unsure.title, labels.unsure.hotkey)]


@every_schema
def test_each_target_s_title_and_the_question_of_topics_are_read_above_the_answers(labels: Schema) -> None:
    tree = fromstring(interface_xml(labels))  # noqa: S314 - made a line before
    read = [str(one.get("value") or one.get("name")) for one in tree.iter() if one.tag in {"Header", "Choices"}]
    expected = []
    for target in labels.targets:
        expected += [f"Stance towards {target.title}: choose one.", labels.stance_column(target.name)]
    assert read == [*expected, f"Topics: {labels.topic_question}", TOPICS, UNSURE]


@every_schema
def test_what_the_screen_has_no_room_for_is_read_at_the_instructions(labels: Schema) -> None:
    """What counts as the target decides the stance: its definition and the question are one click away."""
    page = read_text(guidelines_html(labels))
    assert " ".join(labels.stance_question.split()) in " ".join(page.split())
    assert all(" ".join(target.definition.split()) in " ".join(page.split()) for target in labels.targets)


@every_schema
def test_an_adjudicator_reads_the_votes_below_the_paragraph_and_is_asked_the_same(labels: Schema) -> None:
    from label_studio_sdk.label_interface import LabelInterface

    tree = fromstring(interface_xml(labels, votes=True))  # noqa: S314 - made a line before
    shown = [str(one.get("value")) for one in tree.iter("Text")]
    assert shown == [f"${TEXT}", f"${VOTES}"]
    plain = [tostring(control) for control in controls(labels).values()]
    assert [tostring(element) for element in tree.iter() if element.get("toName")] == plain
    LabelInterface(interface_xml(labels, votes=True)).validate()


@every_schema
def test_stance_and_topics_have_to_be_answered_and_the_rest_need_not(labels: Schema) -> None:
    required = {name for name, control in controls(labels).items() if control.get("required") == "true"}
    assert required == {*labels.stance_columns.values(), TOPICS}
    assert all(controls(labels)[name].get("requiredMessage") for name in required)


@every_schema
def test_a_stance_is_one_choice_and_topics_are_several(labels: Schema) -> None:
    kinds = {name: control.get("choice") for name, control in controls(labels).items()}
    assert {kinds[column] for column in labels.stance_columns.values()} == {"single-radio"}
    assert kinds[TOPICS] == "multiple"


@every_schema
def test_every_control_asks_about_the_paragraph(labels: Schema) -> None:
    assert {control.get("toName") for control in controls(labels).values()} == {TEXT}


def test_no_key_stands_twice_on_the_screen() -> None:
    for labels in SCHEMAS.values():
        keys = [key for control in controls(labels).values() for _, _, key in shown(control) if key]
        assert len(keys) == len(set(keys))


def test_the_same_schema_gives_the_same_interface() -> None:
    assert interface_xml(river("dam", "canal")) == interface_xml(river("dam", "canal"))


@settings(max_examples=50)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), min_size=1, max_size=40) | st.just("two\nlines"))
def test_any_definition_is_shown_as_it_was_written(definition: str) -> None:
    from label_studio_sdk.label_interface import LabelInterface

    labels = river("dam", "canal", definition=definition)
    LabelInterface(interface_xml(labels)).validate()
    assert list(shown(controls(labels)[TOPICS])) == expected(labels.topics, keys=True)
    assert list(shown(controls(labels)["stance_canal"])) == expected(labels.stances, keys=False)
    assert f"Stance towards the canal {definition}: choose one." in headers(labels)

"""Label Studio's tasks: paragraphs, suggestions and votes as its import file and its API take them."""

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from conftest import TEA
from hypothesis import given
from hypothesis import strategies as st
from iraqstance.annotation.errors import InputError, UsageError
from iraqstance.annotation.interface import VOTES, interface_xml
from iraqstance.annotation.normalise import fingerprint
from iraqstance.annotation.records import Judgement, Paragraph
from iraqstance.annotation.results import interface_checks
from iraqstance.annotation.schema import Schema, packaged_schema
from iraqstance.annotation.tasks import (
    Suggestion,
    checked_tasks,
    is_withheld,
    results_of,
    tasks_of,
    with_suggestions,
    with_votes,
)
from labelling import paragraphs_of

SCHEMAS = {"one-target": packaged_schema(), "two-targets": TEA}
every_schema = pytest.mark.parametrize("labels", SCHEMAS.values(), ids=SCHEMAS)
TARGET = "us_policy_iraq"


# Paragraphs


def test_a_task_holds_the_paragraph_s_id_text_and_hash() -> None:
    paragraph = Paragraph("a/001", "a", 5, 9, "Rain", fingerprint("Rain"))
    assert list(tasks_of([paragraph])) == [
        {"data": {"paragraph": "a/001", "text": "Rain", "sha256": fingerprint("Rain")}}
    ]


def test_tasks_are_made_one_at_a_time() -> None:
    def endless() -> Iterator[Paragraph]:
        for number in itertools.count(1):
            yield Paragraph(f"a/{number:03d}", "a", 0, 4, "Rain", "")

    made = list(itertools.islice(tasks_of(endless()), 2))
    assert [task["data"]["paragraph"] for task in made] == ["a/001", "a/002"]


def test_a_stand_off_paragraph_cannot_be_labelled() -> None:
    with pytest.raises(InputError, match=r"^a/001: the paragraph has no text to label.*iraqstance dataset hydrate"):
        list(tasks_of([Paragraph("a/001", "a", 5, 9, "", "0" * 64)]))


def test_a_paragraph_cannot_be_labelled_as_two_tasks() -> None:
    paragraph = Paragraph("a/001", "a", 5, 9, "Rain", fingerprint("Rain"))
    with pytest.raises(InputError, match=r"^a/001: the paragraph stands twice.*Remove one"):
        list(tasks_of([paragraph, paragraph]))


@every_schema
def test_tasks_pass_label_studio_s_own_validation(labels: Schema) -> None:
    paragraphs = paragraphs_of(["Rain.", '<b>$text</b> & "so"', "نهر دجلة", "0", "{}", " ", "{{text}}"])
    made, note = checked_tasks(paragraphs, labels)
    assert made == list(tasks_of(paragraphs))
    assert note == ""


# Suggestions

TASKS = list(tasks_of(paragraphs_of([f"Rain {number}." for number in range(200)], article="rain")))
SHARES = st.floats(0, 1)


def suggested(tasks: Sequence[dict[str, Any]], share: float) -> list[str]:
    """The paragraphs that go out with a suggestion."""
    suggestion = Suggestion({TARGET: "against"}, ("iran",), 0.75)
    made = with_suggestions(tasks, [suggestion] * len(tasks), packaged_schema(), model="m", withhold=share)
    assert [bool(task.get("predictions")) for task in made] == ["suggestion" not in task["data"] for task in made]
    assert all(task["data"].get("suggestion", "withheld") == "withheld" for task in made)
    return [task["data"]["paragraph"] for task in made if task.get("predictions")]


@every_schema
def test_a_suggestion_is_a_prediction_that_label_studio_takes(labels: Schema) -> None:
    stances = dict.fromkeys(labels.target_names, labels.stance_names[0])
    suggestion = Suggestion(stances, labels.topic_names[:1], 0.75)
    (task,) = with_suggestions(TASKS[:1], [suggestion], labels, model="model-1", withhold=0)
    (prediction,) = task["predictions"]
    assert task["data"] == TASKS[0]["data"]
    assert (prediction["model_version"], prediction["score"]) == ("model-1", 0.75)
    judgement = Judgement("rain/001", "m", stances, labels.topic_names[:1])
    assert prediction["result"] == results_of(judgement, labels)
    assert list(interface_checks(labels)(prediction["result"])) == []


@pytest.mark.parametrize(
    ("stances", "topics", "controls"),
    [({TARGET: "favor"}, (), ["stance"]), ({}, ("iran", "economy"), ["topics"]), ({}, (), [])],
    ids=["stance-alone", "topics-alone", "nothing"],
)
def test_a_model_may_know_stances_or_topics_alone(
    stances: dict[str, str], topics: tuple[str, ...], controls: list[str]
) -> None:
    suggestion = Suggestion(stances, topics, 0.5)
    (task,) = with_suggestions(TASKS[:1], [suggestion], packaged_schema(), model="m", withhold=0)
    assert [entry["from_name"] for entry in task["predictions"][0]["result"]] == controls


@pytest.mark.parametrize(
    ("suggestion", "fault"),
    [
        (Suggestion({TARGET: "likes"}, ("iran",), 0.5), "'likes' is no stance of this schema"),
        (Suggestion({TARGET: "favor"}, ("taste",), 0.5), "'taste' is no topic of this schema"),
        (Suggestion({TARGET: "favor"}, ("iran", "other"), 0.5), "'other' never stands beside another topic"),
    ],
    ids=["stance", "topic", "topics"],
)
@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_suggestion_of_another_subject_is_refused_even_where_it_is_withheld(
    suggestion: Suggestion, fault: str, share: float
) -> None:
    with pytest.raises(UsageError, match=rf"^the model does not fit the schema: {fault}.*Name a model of this schema"):
        with_suggestions(TASKS[:1], [suggestion], packaged_schema(), model="m", withhold=share)


@pytest.mark.parametrize("share", [-0.01, 1.01, math.nan, math.inf])
def test_a_share_out_of_range_is_refused(share: float) -> None:
    with pytest.raises(UsageError, match=r"^the share without suggestion is out of range \(expected 0 to 1, got "):
        with_suggestions([], [], packaged_schema(), model="m", withhold=share)


def test_a_share_of_0_withholds_nothing_and_one_of_1_everything() -> None:
    assert len(suggested(TASKS, 0)) == len(TASKS)
    assert suggested(TASKS, 1) == []


@pytest.mark.parametrize("share", [0.1, 0.2, 0.5, 0.9])
def test_about_the_share_is_withheld(share: float) -> None:
    withheld = sum(is_withheld(f"any/{number:03d}", share) for number in range(10_000))
    assert withheld / 10_000 == pytest.approx(share, abs=0.02)


@given(SHARES, SHARES)
def test_a_larger_share_holds_every_smaller_one(one: float, other: float) -> None:
    assert set(suggested(TASKS, max(one, other))) <= set(suggested(TASKS, min(one, other)))


@given(SHARES, st.permutations(TASKS[:20]))
def test_what_is_withheld_hangs_on_the_paragraph_alone(share: float, tasks: list[dict[str, object]]) -> None:
    """Not on the order, on what else is pushed, or on what is suggested."""
    whole = set(suggested(TASKS, share))
    assert set(suggested(tasks, share)) == {str(task["data"]["paragraph"]) for task in tasks} & whole  # type: ignore[index]


def test_the_same_paragraphs_are_withheld_in_every_version() -> None:
    """A change of the rule would mix paragraphs labelled with suggestions into those that measure agreement."""
    withheld = [task["data"]["paragraph"] for task in TASKS[:30] if is_withheld(task["data"]["paragraph"], 0.2)]
    assert withheld == ["rain/011", "rain/023", "rain/025", "rain/027", "rain/030"]


# Votes


def judged(annotator: str, stance: str, *topics: str, **fields: object) -> Judgement:
    return Judgement("rain/001", annotator, {TARGET: stance}, topics, **fields)  # type: ignore[arg-type]


def test_an_adjudicator_reads_what_each_annotator_chose() -> None:
    votes = [
        judged("annotator-8", "favor", "economy"),
        judged("annotator-9", "neutral", "iran", "economy", unsure=True, comment="Praise?\nOr\tnot?"),
        judged("annotator-7", "against", "economy", round="tie-break"),
        judged("annotator-6", "against", "economy", round="adjudication"),
    ]
    other = Judgement("rain/002", "annotator-8", {TARGET: "favor"}, ("iran",))
    first, second = with_votes(TASKS[:2], [*votes, other], packaged_schema())
    assert first["data"] == TASKS[0]["data"] | {
        "votes": "annotator-8: favor; economy\nannotator-9: neutral; iran, economy (not sure) — Praise? Or not?",
        "round": "adjudication",
    }
    assert second["data"][VOTES] == "annotator-8: favor; iran"


def test_with_several_targets_each_vote_names_its_target() -> None:
    vote = Judgement("rain/001", "annotator-1", {"black": "dislikes", "green": "likes"}, ("taste",))
    (task,) = with_votes(TASKS[:1], [vote], TEA)
    assert task["data"][VOTES] == "annotator-1: green: likes; black: dislikes; taste"


@every_schema
def test_tasks_with_votes_pass_label_studio_s_own_validation(labels: Schema) -> None:
    from label_studio_sdk.label_interface import LabelInterface

    stances = dict.fromkeys(labels.target_names, labels.stance_names[0])
    vote = Judgement("rain/001", "annotator-1", stances, labels.topic_names[:1], comment="<b>$text</b> {{x}} 🌊")
    (task,) = with_votes(TASKS[:1], [vote], labels)
    interface = LabelInterface(interface_xml(labels, votes=True))
    interface.validate()
    assert interface.validate_task(task)
    assert not interface.validate_task(TASKS[0])

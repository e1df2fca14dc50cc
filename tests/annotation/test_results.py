"""Label Studio's exports: what was answered comes back whole, and every fault is told by its code."""

import copy
import itertools
import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from conftest import RIVER
from hypothesis import given, settings
from hypothesis import strategies as st
from iraqstance.annotation.errors import InputError
from iraqstance.annotation.normalise import fingerprint
from iraqstance.annotation.records import KINDS, ROUNDS, SUGGESTIONS, Issue, Judgement, Paragraph
from iraqstance.annotation.results import import_export, interface_checks, joined, judgements_of
from iraqstance.annotation.rows import judgement_row
from iraqstance.annotation.schema import Schema, packaged_schema
from iraqstance.annotation.tasks import results_of, tasks_of

Json = Any
Document = dict[str, Any]

NOTHING = {"name": "none", "definition": "Nothing.", "exclusive": True}
CANAL = Schema.model_validate({**RIVER, "topics": [*RIVER["topics"], NOTHING]})
SCHEMAS = {"one-target": packaged_schema(), "two-targets": CANAL}
every_schema = pytest.mark.parametrize("labels", SCHEMAS.values(), ids=SCHEMAS)
TARGET = "us_policy_iraq"
EARLY, LATE, LAST = (f"2026-11-20T10:0{minute}:00.000000Z" for minute in range(3))


@cache
def sdk_check(name: str) -> Callable[[Sequence[object]], Sequence[str]]:
    """Label Studio's own check; building it takes a second."""
    return interface_checks(SCHEMAS[name])


# An export as the community server writes it.


def annotation_of(number: int, account: object, result: Json, **fields: Json) -> Document:
    return {
        "id": number,
        "completed_by": account,
        "result": result,
        "was_cancelled": False,
        "ground_truth": False,
        "created_at": EARLY,
        "updated_at": EARLY,
        "draft_created_at": None,
        "lead_time": 4.25,
        "prediction": {},
        "result_count": len(result) if isinstance(result, list) else 0,
        "unique_id": f"00000000-0000-4000-8000-{number:012d}",
        "import_id": None,
        "last_action": None,
        "bulk_created": False,
        "task": number,
        "project": 1,
        "updated_by": None,
        "parent_prediction": None,
        "parent_annotation": None,
        "last_created_by": None,
        **fields,
    }


def task_of(number: int, paragraph: str, annotations: Json, text: str = "Rain fell.") -> Document:
    return {
        "id": number,
        "annotations": annotations,
        "file_upload": "0a1b2c3d-tasks.json",
        "drafts": [],
        "predictions": [],
        "data": {"paragraph": paragraph, "text": text, "sha256": fingerprint(text)},
        "meta": {},
        "created_at": EARLY,
        "updated_at": EARLY,
        "inner_id": number,
        "total_annotations": len(annotations) if isinstance(annotations, list) else 0,
        "cancelled_annotations": 0,
        "total_predictions": 0,
        "comment_count": 0,
        "unresolved_comment_count": 0,
        "last_comment_updated_at": None,
        "project": 1,
        "updated_by": None,
        "comment_authors": [],
    }


def exported(result: Iterable[Document]) -> list[Document]:
    """What the screen adds to each entry of a result."""
    return [{**entry, "id": f"Kx{number}", "origin": "manual"} for number, entry in enumerate(result)]


def answer(stance: str = "against", topics: Sequence[Json] = ("iran",), **fields: Json) -> list[Document]:
    judgement = Judgement("", "", {TARGET: stance}, tuple(topics), **fields)
    return exported(results_of(judgement, packaged_schema()))


def rules(issues: Iterable[Issue]) -> list[str]:
    return [issue.rule for issue in issues]


# Strategies

TEXT = st.text(min_size=1, max_size=30)


def judgements(labels: Schema) -> st.SearchStrategy[Judgement]:
    alone = [label.name for label in labels.topics if label.exclusive]
    together = [label.name for label in labels.topics if not label.exclusive]
    sets = st.sets(st.sampled_from(together), min_size=1) | st.sampled_from(alone).map(lambda name: {name})
    return st.builds(
        Judgement,
        paragraph=TEXT,
        annotator=st.integers(1, 9).map("annotator-{}".format),
        stances=st.fixed_dictionaries(
            {target: st.sampled_from(labels.stance_names) for target in labels.target_names},
        ),
        topics=sets.map(labels.ordered_topics),
        unsure=st.booleans(),
        kind=st.sampled_from(KINDS),
        round=st.sampled_from(ROUNDS),
        comment=st.just("") | TEXT,
        seconds=st.none() | st.integers(0, 10**7).map(lambda milliseconds: milliseconds / 1000),
        suggestion=st.sampled_from(SUGGESTIONS),
    )


def judged(labels: Schema) -> st.SearchStrategy[list[Judgement]]:
    return st.lists(judgements(labels), max_size=12, unique_by=lambda j: (j.paragraph, j.annotator))


def by_paragraph(found: Iterable[Judgement]) -> list[tuple[str, list[Judgement]]]:
    groups: dict[str, list[Judgement]] = {}
    for judgement in found:
        groups.setdefault(judgement.paragraph, []).append(judgement)
    return list(groups.items())


def export_of(found: Iterable[Judgement], labels: Schema) -> list[Document]:
    """The export of a project in which these were given, those of a paragraph in the order of their accounts."""
    numbers = itertools.count(1)
    return [
        task_of(task, paragraph, [submitted(next(numbers), judgement, labels) for judgement in group])
        for task, (paragraph, group) in enumerate(by_paragraph(found), 1)
    ]


def submitted(number: int, judgement: Judgement, labels: Schema) -> Document:
    """An annotation; what was suggested is what was chosen, or has one topic less or more."""
    result = exported(results_of(judgement, labels))
    account = int(judgement.annotator.rpartition("-")[2])
    shown: dict[str, Document] = {
        "kept": {"id": 3, "result": list(reversed(result))},
        "changed": {"id": 3, "result": [entry("topics", "fish", "power", "iran")]},
    }
    return annotation_of(
        number, account, result, lead_time=judgement.seconds, prediction=shown.get(judgement.suggestion, {})
    )


def told_by_the_annotation(judgement: Judgement) -> Judgement:
    """What an annotation alone says; who judged, in which round and what was withheld is said elsewhere."""
    suggestion = "" if judgement.suggestion == "withheld" else judgement.suggestion
    return replace(judgement, kind="person", round="independent", suggestion=suggestion)


def through_json(value: Json) -> Json:
    return json.loads(json.dumps(value))


def in_task_order(found: Iterable[Judgement]) -> list[Judgement]:
    """As they come back: by task, then by account."""
    return [
        told_by_the_annotation(judgement)
        for _, group in by_paragraph(found)
        for judgement in sorted(group, key=lambda judgement: judgement.annotator)
    ]


# The round trip


@every_schema
@settings(max_examples=100)
@given(data=st.data())
def test_judgements_of_several_annotators_come_back_from_an_export(labels: Schema, data: st.DataObject) -> None:
    found = data.draw(judged(labels))
    read = judgements_of(through_json(export_of(found, labels)), labels)
    assert list(read.judgements) == in_task_order(found)
    assert read.issues == ()


@settings(max_examples=100)
@given(data=st.data())
def test_the_order_of_annotations_in_an_export_does_not_matter(data: st.DataObject) -> None:
    """Labelling again, or another version of the server, may change it."""
    labels = packaged_schema()
    export = export_of(data.draw(judged(labels)), labels)
    shuffled = [{**task, "annotations": data.draw(st.permutations(task["annotations"]))} for task in export]
    assert judgements_of(shuffled, labels) == judgements_of(export, labels)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("usual_round", ROUNDS)
@pytest.mark.parametrize("own_round", ["", *ROUNDS, "final", 3])
def test_a_task_names_its_round_or_has_the_usual_one(kind: str, usual_round: str, own_round: Json) -> None:
    task = task_of(1, "a/001", [annotation_of(2, 4, answer())])
    task["data"] |= {"round": own_round} if own_round else {}
    (judgement,) = judgements_of([task], packaged_schema(), kind=kind, usual_round=usual_round).judgements
    assert (judgement.kind, judgement.round) == (kind, own_round if own_round in ROUNDS else usual_round)


@every_schema
@settings(max_examples=100)
@given(data=st.data())
def test_the_order_in_which_the_controls_were_answered_does_not_matter(labels: Schema, data: st.DataObject) -> None:
    judgement = data.draw(judgements(labels))
    (task,) = export_of([judgement], labels)
    task["annotations"][0]["result"] = data.draw(st.permutations(task["annotations"][0]["result"]))
    assert judgements_of([task], labels).judgements == (told_by_the_annotation(judgement),)


@pytest.mark.parametrize("name", SCHEMAS)
@settings(max_examples=100)
@given(data=st.data())
def test_a_result_made_of_a_judgement_passes_label_studio_s_own_check(name: str, data: st.DataObject) -> None:
    judgement = data.draw(judgements(SCHEMAS[name]))
    assert list(sdk_check(name)(results_of(judgement, SCHEMAS[name]))) == []


@settings(max_examples=100)
@given(data=st.data())
def test_skipped_tasks_drafts_and_predictions_take_nothing_away(data: st.DataObject) -> None:
    """They are reported, each, and the submitted judgements come back as if they were not there."""
    labels = packaged_schema()
    found = data.draw(judged(labels))
    export = export_of(found, labels)
    skipped = drafts = 0
    for task in export:
        task["predictions"] = data.draw(st.sampled_from([[], [5], [{"result": answer(), "score": 2}]]))
        if data.draw(st.booleans()):
            task["drafts"] = [{"id": 3, "user": "sam@example.org", "result": answer("favor")}]
            drafts += 1
        if data.draw(st.booleans()):
            place = data.draw(st.integers(0, len(task["annotations"])))
            task["annotations"].insert(place, annotation_of(99, 12, [], was_cancelled=True))
            skipped += 1
    read = judgements_of(through_json(export), labels)
    assert list(read.judgements) == in_task_order(found)
    assert sorted(rules(read.issues)) == ["draft"] * drafts + ["skipped"] * skipped
    assert {issue.severity for issue in read.issues} <= {"warning"}


def test_paragraphs_labels_and_export_meet_over_the_whole_way() -> None:
    """Paragraphs become tasks, a server adds annotations, and the export names the same paragraphs."""
    labels = packaged_schema()
    paragraphs = [Paragraph(f"a/00{n}", "a", 0, 4, f"Rain {n}", fingerprint(f"Rain {n}")) for n in (1, 2)]
    export = [
        {**task_of(number, "", [annotation_of(number, 4, answer("favor"))]), **task}
        for number, task in enumerate(tasks_of(paragraphs), 1)
    ]
    read, note = import_export(through_json(export), labels)
    assert [judgement.paragraph for judgement in read.judgements] == ["a/001", "a/002"]
    assert (read.issues, note) == ((), "")


# What is reported, one code after the other

Change = Callable[[Document], object]


def on_task(change: Change) -> Change:
    return change


def on_annotation(change: Change) -> Change:
    return lambda task: change(task["annotations"][0])


def on_result(change: Callable[[list[Json]], object]) -> Change:
    return lambda task: change(task["annotations"][0]["result"])


def entry(name: str, *choices: Json) -> Document:
    return {"from_name": name, "to_name": "text", "type": "choices", "value": {"choices": list(choices)}}


FATAL: list[tuple[str, str, str, Change]] = [
    ("paragraph-missing", "no-paragraph", "names no paragraph", lambda t: t["data"].pop("paragraph")),
    ("paragraph-empty", "no-paragraph", "names no paragraph", lambda t: t["data"].update(paragraph="")),
    ("paragraph-number", "no-paragraph", "names no paragraph", lambda t: t["data"].update(paragraph=7)),
    ("annotations-missing", "no-annotations", "export the project as JSON", lambda t: t.pop("annotations")),
    ("annotations-null", "no-annotations", "no list of annotations", lambda t: t.update(annotations=None)),
    ("annotations-count", "no-annotations", "no list of annotations", lambda t: t.update(annotations=2)),
    ("annotations-object", "no-annotations", "no list of annotations", lambda t: t.update(annotations={"1": []})),
    ("data-missing", "no-task", "no task with data", lambda t: t.pop("data")),
    ("data-text", "no-task", "no task with data", lambda t: t.update(data="Rain fell.")),
    ("annotation-number", "no-annotation", "is no object", lambda t: t["annotations"].__setitem__(0, 12)),
    ("annotation-null", "no-annotation", "is no object", lambda t: t["annotations"].__setitem__(0, None)),
    ("result-empty", "empty-result", "nothing was chosen", on_annotation(lambda a: a.update(result=[]))),
    ("result-null", "empty-result", "nothing was chosen", on_annotation(lambda a: a.update(result=None))),
    ("result-text", "empty-result", "nothing was chosen", on_annotation(lambda a: a.update(result="against"))),
    ("stance-missing", "no-stance", "stance has 0 answers, expected 1", on_result(lambda r: r.pop(0))),
    (
        "stance-two-choices",
        "several-stances",
        "stance has 2 answers, expected 1",
        on_result(lambda r: r[0]["value"]["choices"].append("favor")),
    ),
    (
        "stance-two-entries",
        "several-stances",
        "stance has 2 answers, expected 1",
        on_result(lambda r: r.append(entry("stance", "favor"))),
    ),
    (
        "stance-unknown",
        "unknown-stance",
        "'Against' is no stance of this schema; expected one of favor",
        on_result(lambda r: r[0]["value"].update(choices=["Against"])),
    ),
    (
        "stance-object",
        "unknown-stance",
        "is no stance of this schema",
        on_result(lambda r: r[0]["value"].update(choices=[{"against": 1}])),
    ),
    ("topics-missing", "bad-topics", "no topic is given", on_result(lambda r: r.pop(1))),
    ("topics-none", "bad-topics", "no topic is given", on_result(lambda r: r[1]["value"].update(choices=[]))),
    (
        "topics-unknown",
        "bad-topics",
        "'weather' is no topic of this schema; expected among",
        on_result(lambda r: r[1]["value"]["choices"].append("weather")),
    ),
    (
        "topics-twice",
        "bad-topics",
        "a topic is given twice",
        on_result(lambda r: r[1]["value"]["choices"].append("iran")),
    ),
    (
        "topics-exclusive",
        "bad-topics",
        "'other' never stands beside another topic",
        on_result(lambda r: r[1]["value"]["choices"].append("other")),
    ),
    (
        "choices-missing",
        "no-choices",
        "stance holds no list of choices",
        on_result(lambda r: r[0].update(value={"text": ["against"]})),
    ),
    (
        "choices-text",
        "no-choices",
        "topics holds no list of choices",
        on_result(lambda r: r[1]["value"].update(choices="iran")),
    ),
    ("value-null", "no-choices", "stance holds no list of choices", on_result(lambda r: r[0].update(value=None))),
]

HARMLESS: list[tuple[str, str, str, Change]] = [
    ("text-edited", "text-changed", "kept, check them", lambda t: t["data"].update(text="Snow fell.")),
    ("draft", "draft", "1 unsubmitted draft", lambda t: t.update(drafts=[{"id": 1, "result": []}])),
    ("account-missing", "no-annotator", "names no account", on_annotation(lambda a: a.pop("completed_by"))),
    ("account-null", "no-annotator", "names no account", on_annotation(lambda a: a.update(completed_by=None))),
    ("account-list", "no-annotator", "names no account", on_annotation(lambda a: a.update(completed_by=[4]))),
    ("account-empty", "no-annotator", "names no account", on_annotation(lambda a: a.update(completed_by={}))),
    ("account-true", "no-annotator", "names no account", on_annotation(lambda a: a.update(completed_by=True))),
    (
        "control-unknown",
        "unknown-control",
        "'mood' is no control of this interface",
        on_result(lambda r: r.append(entry("mood", "good"))),
    ),
    ("entry-null", "unknown-control", "is no control of this interface", on_result(lambda r: r.append(None))),
    (
        "control-list",
        "unknown-control",
        "is no control of this interface",
        on_result(lambda r: r.append({**entry("x"), "from_name": ["stance"]})),
    ),
    (
        "control-object",
        "unknown-control",
        "is no control of this interface",
        on_result(lambda r: r.append({**entry("x"), "from_name": {"stance": 1}})),
    ),
]


def cases(table: list[tuple[str, str, str, Change]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("rule", "message", "change"), [pytest.param(*row[1:], id=f"{row[1]}-{row[0]}") for row in table]
    )


def broken(change: Change) -> Document:
    task = task_of(31, "a/001", [annotation_of(71, 4, answer("against", ["iran"]))])
    change(task)
    return task


@cases(FATAL)
def test_a_fault_that_spoils_an_answer_is_an_error_and_leaves_it_out(rule: str, message: str, change: Change) -> None:
    read = judgements_of([broken(change)], packaged_schema())
    assert read.judgements == ()
    (issue,) = [issue for issue in read.issues if issue.rule == rule]
    assert issue.severity == "error"
    assert message in issue.message
    assert issue.where.startswith("task 31" if rule != "no-task" else "task 1")


@cases(HARMLESS)
def test_a_fault_beside_the_answer_is_a_warning_and_keeps_it(rule: str, message: str, change: Change) -> None:
    read = judgements_of([broken(change)], packaged_schema())
    (judgement,) = read.judgements
    assert (judgement.paragraph, judgement.stances, judgement.topics) == ("a/001", {TARGET: "against"}, ("iran",))
    (issue,) = read.issues
    assert (issue.rule, issue.severity) == (rule, "warning")
    assert message in issue.message
    assert issue.where.startswith("task 31")


@cases(FATAL)
def test_one_bad_answer_loses_nothing_else(rule: str, message: str, change: Change) -> None:
    """Whatever is wrong with one task, those before and after it come back."""
    sound = [task_of(n, f"b/00{n}", [annotation_of(n, 5, answer("favor"))]) for n in (1, 2)]
    read = judgements_of([sound[0], broken(change), sound[1]], packaged_schema())
    assert [judgement.paragraph for judgement in read.judgements] == ["b/001", "b/002"]
    assert rule in rules(read.issues)
    assert any(message in issue.message for issue in read.issues)


@pytest.mark.parametrize("place", [0, 1, 2])
@cases([row for row in FATAL if row[1] not in {"no-task", "no-paragraph", "no-annotations"}])
def test_one_bad_answer_loses_no_other_of_its_paragraph(rule: str, message: str, change: Change, place: int) -> None:
    (bad,) = broken(change)["annotations"]
    annotations = [annotation_of(n, n, answer("favor")) for n in (5, 6)]
    annotations.insert(place, bad)
    read = judgements_of([task_of(1, "b/001", annotations)], packaged_schema())
    assert [judgement.annotator for judgement in read.judgements] == ["annotator-5", "annotator-6"]
    assert rule in rules(read.issues)
    assert any(message in issue.message for issue in read.issues)


def test_a_skipped_paragraph_is_a_warning_and_no_judgement() -> None:
    read = judgements_of([task_of(31, "a/001", [annotation_of(71, 4, [], was_cancelled=True)])], packaged_schema())
    assert read.judgements == ()
    assert read.issues == (Issue("skipped", "warning", "task 31, annotation 71", "a/001 was skipped; left out"),)


def test_a_skipped_paragraph_is_left_out_although_something_was_chosen() -> None:
    read = judgements_of([task_of(1, "a/001", [annotation_of(2, 4, answer(), was_cancelled=True)])], packaged_schema())
    assert (read.judgements, rules(read.issues)) == ((), ["skipped"])


@pytest.mark.parametrize("task", [None, 7, "task", [], [{}], True, {}], ids=repr)
def test_what_is_no_task_is_named_by_its_place(task: Json) -> None:
    sound = task_of(40, "a/001", [annotation_of(1, 4, answer())])
    read = judgements_of([sound, task], packaged_schema())
    assert len(read.judgements) == 1
    assert read.issues == (Issue("no-task", "error", "task 2", "this is no task with data; left out"),)


def test_a_target_without_an_answer_spoils_the_judgement_of_both() -> None:
    judgement = Judgement("a/001", "annotator-1", {"dam": "pro", "canal": "con"}, ("fish",))
    (task,) = export_of([judgement], CANAL)
    task["annotations"][0]["result"] = [
        found for found in task["annotations"][0]["result"] if found["from_name"] != "stance_canal"
    ]
    read = judgements_of([task], CANAL)
    assert read.judgements == ()
    assert rules(read.issues) == ["no-stance"]
    assert read.issues[0].message.startswith("stance_canal has 0 answers")


@pytest.mark.parametrize("export", [{}, {"tasks": []}, None, "[]", 3, True], ids=repr)
def test_what_is_no_list_of_tasks_is_no_export(export: Json) -> None:
    with pytest.raises(
        InputError,
        match=r"no Label Studio export \(expected a JSON list of tasks, got \w+\)\. Export the project as JSON",
    ):
        judgements_of(export, packaged_schema())


def test_an_export_without_tasks_holds_no_judgements() -> None:
    read = judgements_of([], packaged_schema())
    assert (read.judgements, read.issues) == ((), ())


def test_a_paragraph_that_nobody_has_labelled_yet_is_no_fault() -> None:
    assert judgements_of([task_of(1, "a/001", [])], packaged_schema()).issues == ()


def test_a_task_without_a_hash_is_taken_as_it_is() -> None:
    task = task_of(1, "a/001", [annotation_of(1, 4, answer())])
    del task["data"]["sha256"]
    assert judgements_of([task], packaged_schema()).issues == ()


# Two submissions of one annotator


def submissions(times: Iterable[Document]) -> list[Document]:
    """Submissions of one annotator: the stance tells the one that was written last, by the key of its time."""
    return [
        {**annotation_of(number, 4, answer(fields.pop("stance"))), **fields}
        for number, fields in enumerate(map(dict, times), 1)
    ]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=lambda order: "".join(map(str, order)))
def test_the_last_of_several_submissions_counts_whatever_their_order(order: tuple[int, ...]) -> None:
    times: list[Document] = [
        {"stance": "favor", "updated_at": EARLY},
        {"stance": "neutral", "updated_at": LATE},
        {"stance": "against", "updated_at": LAST},
    ]
    read = judgements_of([task_of(1, "a/001", submissions(times[n] for n in order))], packaged_schema())
    assert [judgement.stances[TARGET] for judgement in read.judgements] == ["against"]
    assert rules(read.issues) == ["judged-twice", "judged-twice"]
    assert "annotator-4 judged a/001 more than once" in read.issues[0].message


@pytest.mark.parametrize("backwards", [False, True], ids=["forwards", "backwards"])
@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ({"updated_at": EARLY}, {"updated_at": LATE}),
        ({"updated_at": None, "created_at": EARLY}, {"updated_at": None, "created_at": LATE}),
        ({"updated_at": "2026-11-20T10:00:00Z"}, {"updated_at": "2026-11-20T10:00:00.250000Z"}),
        ({"updated_at": "2026-09-30T23:59:59Z"}, {"updated_at": "2026-10-01T00:00:00Z"}),
    ],
    ids=["updated", "created", "fraction-of-a-second", "month"],
)
def test_the_later_of_two_submissions_counts(earlier: Document, later: Document, *, backwards: bool) -> None:
    """The server leaves the fraction out where it is zero."""
    times = [{**earlier, "stance": "favor"}, {**later, "stance": "against"}]
    found = submissions(reversed(times) if backwards else times)
    read = judgements_of([task_of(1, "a/001", found)], packaged_schema())
    assert [judgement.stances[TARGET] for judgement in read.judgements] == ["against"]
    assert rules(read.issues) == ["judged-twice"]


def test_of_two_submissions_without_a_time_the_later_in_the_export_counts() -> None:
    found = submissions([{"stance": "favor"}, {"stance": "against"}])
    for annotation in found:
        del annotation["updated_at"], annotation["created_at"]
    read = judgements_of([task_of(1, "a/001", found)], packaged_schema())
    assert [judgement.stances[TARGET] for judgement in read.judgements] == ["against"]


def test_a_paragraph_imported_as_two_tasks_is_judged_twice() -> None:
    export = [task_of(n, "a/001", [annotation_of(n, 4, answer(), updated_at=f"{n}")]) for n in (1, 2)]
    read = judgements_of(export, packaged_schema())
    assert len(read.judgements) == 1
    assert rules(read.issues) == ["judged-twice"]
    assert read.issues[0].where == "task 2, annotation 2"


def test_a_later_submission_that_cannot_be_read_does_not_displace_a_sound_one() -> None:
    found = submissions([{"stance": "favor", "updated_at": EARLY}, {"stance": "warm", "updated_at": LATE}])
    read = judgements_of([task_of(1, "a/001", found)], packaged_schema())
    assert [judgement.stances[TARGET] for judgement in read.judgements] == ["favor"]
    assert rules(read.issues) == ["unknown-stance"]


# Who annotated

ADDRESS = "sam.reader@example.org"


@pytest.mark.parametrize(
    ("account", "annotator"),
    [
        (4, "annotator-4"),
        ({"id": 4}, "annotator-4"),
        ({"id": 4, "email": ADDRESS, "first_name": "Sam", "last_name": "Reader"}, "annotator-4"),
        (ADDRESS, "annotator-x1"),
        ({"email": ADDRESS}, "annotator-x1"),
    ],
    ids=["number", "object", "object-with-address", "address", "object-with-address-only"],
)
def test_an_annotator_is_known_by_a_number(account: Json, annotator: str) -> None:
    read = judgements_of([task_of(1, "a/001", [annotation_of(2, account, answer())])], packaged_schema())
    assert [judgement.annotator for judgement in read.judgements] == [annotator]
    assert read.issues == ()


@pytest.mark.parametrize(
    "account",
    [
        ADDRESS,
        {"email": ADDRESS},
        {"id": 4, "email": ADDRESS},
        {"id": None, "email": ADDRESS},
        {"id": ADDRESS},
        {"id": [ADDRESS]},
        {"id": {"email": ADDRESS}},
        {"username": ADDRESS},
        [ADDRESS],
        [[{"email": ADDRESS}]],
    ],
    ids=repr,
)
def test_no_address_of_an_annotator_reaches_the_output(account: Json) -> None:
    annotations = [
        annotation_of(2, account, answer()),
        annotation_of(3, account, answer(), updated_at=LATE),
        annotation_of(4, account, [], was_cancelled=True),
        annotation_of(5, account, answer("warm")),
        annotation_of(6, account, []),
    ]
    read = judgements_of([task_of(1, "a/001", annotations)], packaged_schema(), check=sdk_check("one-target"))
    rows = [judgement_row(judgement, packaged_schema()) for judgement in read.judgements]
    assert rows
    assert "@" not in json.dumps(rows)
    assert "example" not in json.dumps([[issue.where, issue.message] for issue in read.issues])


def test_one_address_is_one_annotator_and_two_are_two() -> None:
    export = [
        task_of(n, f"a/00{n}", [annotation_of(n, "sam@example.org", answer()), annotation_of(n + 9, name, answer())])
        for n, name in ((1, "kim@example.org"), (2, {"email": "kim@example.org"}))
    ]
    read = judgements_of(export, packaged_schema())
    who = [judgement.annotator for judgement in read.judgements]
    assert who == ["annotator-x1", "annotator-x2"] * 2


def test_annotations_without_an_account_are_kept_apart() -> None:
    annotations = [annotation_of(n, None, answer("favor")) for n in (7, 8)]
    read = judgements_of([task_of(1, "a/001", annotations)], packaged_schema())
    assert [judgement.annotator for judgement in read.judgements] == ["annotator-of-7", "annotator-of-8"]


def test_annotations_without_an_account_or_a_number_are_all_kept() -> None:
    annotations = [annotation_of(n, None, answer(stance)) for n, stance in ((7, "favor"), (8, "against"))]
    for annotation in annotations:
        del annotation["id"]
    read = judgements_of([task_of(1, "a/001", annotations)], packaged_schema())
    assert [judgement.stances[TARGET] for judgement in read.judgements] == ["favor", "against"]


# Label Studio's own check


@pytest.mark.parametrize(
    "change",
    [
        on_result(lambda r: r.append(entry("unsure", "perhaps"))),
        on_result(lambda r: r[0].update(type="rating")),
        on_result(lambda r: r[0].update(to_name="picture")),
        on_result(lambda r: r[0].update(type=None)),
    ],
    ids=["unsure-unknown", "other-type", "other-object", "no-type"],
)
def test_what_only_label_studio_s_check_finds_is_a_warning(change: Change) -> None:
    """The stance and the topics are sound, so that the judgement stays."""
    read = judgements_of([broken(change)], packaged_schema(), check=sdk_check("one-target"))
    assert len(read.judgements) == 1
    assert [(issue.rule, issue.severity) for issue in read.issues] == [("interface", "warning")]


@cases(FATAL)
def test_a_spoilt_answer_is_told_alike_with_label_studio_s_check_and_without(
    rule: str, message: str, change: Change
) -> None:
    """It is an error already, and left out: the further check would say the same again."""
    checked = judgements_of([broken(change)], packaged_schema(), check=sdk_check("one-target"))
    assert checked == judgements_of([broken(change)], packaged_schema())
    assert rule in rules(checked.issues)
    assert any(message in issue.message for issue in checked.issues)


def test_a_further_check_sees_each_result_and_is_heard() -> None:
    seen: list[Sequence[object]] = []

    def check(result: Sequence[object]) -> Sequence[str]:
        seen.append(result)
        return ["too quick"]

    result = answer()
    read = judgements_of([task_of(1, "a/001", [annotation_of(2, 4, result)])], packaged_schema(), check=check)
    assert seen == [result]
    assert read.issues == (Issue("interface", "warning", "task 1, annotation 2", "too quick"),)


@pytest.mark.parametrize(
    ("kind", "tie_break", "name"), [("person", False, "independent"), ("model", True, "tie-break")]
)
def test_an_import_is_marked_with_who_judged_and_in_which_round(kind: str, name: str, *, tie_break: bool) -> None:
    export = [task_of(1, "a/001", [annotation_of(2, 4, answer())])]
    read, note = import_export(export, packaged_schema(), kind=kind, tie_break=tie_break)
    assert [(judgement.kind, judgement.round) for judgement in read.judgements] == [(kind, name)]
    assert note == ""


def test_an_import_runs_label_studio_s_check_too() -> None:
    read, _ = import_export([broken(on_result(lambda r: r.append(entry("unsure", "perhaps"))))], packaged_schema())
    assert rules(read.issues) == ["interface"]


# Comments


@pytest.mark.parametrize(
    ("text", "comment"),
    [
        (["Hard."], "Hard."),
        (["One.", "Two."], "One.\nTwo."),
        ("Hard.", "Hard."),
        ([], ""),
        (None, ""),
        ([""], ""),
        ([7, None], "7\nNone"),
    ],
    ids=["one", "two", "text", "none", "null", "empty", "no-texts"],
)
def test_a_comment_is_kept_beside_the_answer(text: Json, comment: str) -> None:
    result = [*answer(), {"from_name": "comment", "to_name": "text", "type": "textarea", "value": {"text": text}}]
    (judgement,) = judgements_of([task_of(1, "a/001", [annotation_of(2, 4, result)])], packaged_schema()).judgements
    assert judgement.comment == comment


# Time, suggestions and the text


@pytest.mark.parametrize(
    ("lead_time", "seconds"),
    [
        (4.25, 4.25),
        (0, 0.0),
        (12, 12.0),
        (1.23456789, 1.235),
        (None, None),
        (-1, None),
        (True, None),
        ("4", None),
        (math.inf, None),
        (math.nan, None),
        ([4], None),
    ],
    ids=repr,
)
def test_the_time_spent_is_kept_in_seconds(lead_time: Json, seconds: float | None) -> None:
    task = task_of(1, "a/001", [annotation_of(2, 4, answer(), lead_time=lead_time)])
    (judgement,) = judgements_of([task], packaged_schema()).judgements
    assert judgement.seconds == seconds
    assert type(judgement.seconds) is type(seconds)


SHOWN = [entry("stance", "against"), entry("topics", "iran", "economy")]


@pytest.mark.parametrize(
    ("chosen", "became"),
    [
        (answer("against", ["iran", "economy"]), "kept"),
        (answer("against", ["economy", "iran"]), "kept"),
        (answer("against", ["iran", "economy"], unsure=True, comment="Hard."), "kept"),
        (answer("favor", ["iran", "economy"]), "changed"),
        (answer("against", ["iran"]), "changed"),
        (answer("against", ["iran", "economy", "sanctions"]), "changed"),
    ],
    ids=["same", "other-order", "with-comment", "stance", "topic-less", "topic-more"],
)
@pytest.mark.parametrize("withheld", [False, True], ids=["", "withheld-before"])
def test_whether_a_suggestion_was_changed_is_told(chosen: Json, became: str, *, withheld: bool) -> None:
    """What the annotator saw counts, even where the task was first meant to go without."""
    task = task_of(1, "a/001", [annotation_of(2, 4, chosen, prediction={"id": 3, "result": SHOWN})])
    task["data"] |= {"suggestion": "withheld"} if withheld else {}
    assert [judgement.suggestion for judgement in judgements_of([task], packaged_schema()).judgements] == [became]


@pytest.mark.parametrize("shown", [None, {}, [], 7, "none", {"id": 3}, {"result": None}, {"result": []}], ids=repr)
@pytest.mark.parametrize("withheld", [False, True], ids=["", "withheld"])
def test_without_a_suggestion_none_was_kept_or_changed(shown: Json, *, withheld: bool) -> None:
    task = task_of(1, "a/001", [annotation_of(2, 4, answer(), prediction=shown)])
    task["data"] |= {"suggestion": "withheld"} if withheld else {}
    (judgement,) = judgements_of([task], packaged_schema()).judgements
    assert judgement.suggestion == ("withheld" if withheld else "")


def test_a_suggestion_of_topics_alone_is_kept_whatever_the_stance() -> None:
    task = task_of(1, "a/001", [annotation_of(2, 4, answer("favor", ["iran"]), prediction={"result": [SHOWN[1]]})])
    other = task_of(2, "a/002", [annotation_of(3, 4, answer("favor", ["iran", "economy"]))])
    other["annotations"][0]["prediction"] = {"result": [SHOWN[1]]}
    read = judgements_of([task, other], packaged_schema())
    assert [judgement.suggestion for judgement in read.judgements] == ["changed", "kept"]


def test_a_judgement_belongs_to_the_text_that_was_shown() -> None:
    """Not to the one that was exported: judgements of an edited text must not go to the paragraph as it was."""
    task = task_of(1, "a/001", [annotation_of(2, 4, answer())])
    task["data"]["text"] = "Snow fell."
    (judgement,) = judgements_of([task], packaged_schema()).judgements
    assert judgement.sha256 == fingerprint("Snow fell.") != task["data"]["sha256"]


# Joining


def judgement_by(annotator: str, stance: str = "favor", **fields: Json) -> Judgement:
    return Judgement("a/001", annotator, {TARGET: stance}, ("iran",), **fields)


def test_joined_judgements_are_the_former_and_the_pulled_each_once() -> None:
    former = [judgement_by("annotator-1"), judgement_by("annotator-2", "against")]
    pulled = [judgement_by("annotator-3", round="adjudication")]
    assert joined(former, pulled) == ((*former, *pulled), ())
    assert joined(joined(former, pulled)[0], pulled) == ((*former, *pulled), ())


def test_of_the_same_judgement_the_pulled_one_counts_in_the_former_s_place() -> None:
    former = [judgement_by("annotator-1"), judgement_by("annotator-2")]
    changed = judgement_by("annotator-1", "against")
    assert joined(former, [changed])[0] == (changed, former[1])


def test_who_settles_a_dispute_should_not_be_one_of_its_annotators() -> None:
    former = [judgement_by("annotator-1"), judgement_by("annotator-2", "against")]
    own = judgement_by("annotator-2", round="adjudication")
    together, issues = joined(former, [own])
    assert together == (*former, own)
    assert [(issue.rule, issue.severity, issue.where) for issue in issues] == [
        ("own-dispute", "warning", "a/001: annotator-2")
    ]


# Anything at all

WEIRD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["stance", "topics", "unsure", "comment", "iran", "favor", "choices"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "choices", "text", "value", "from_name", "email"]), inner, max_size=3)
    ),
    max_leaves=6,
)


def places(value: Json, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a document, as the keys and indices that lead to it."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


def with_change(document: Json, path: tuple[Any, ...], value: Json) -> Json:
    changed = copy.deepcopy(document)
    node = changed
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    return changed


WHOLE = task_of(
    2,
    "a/002",
    [
        annotation_of(21, 4, answer("favor", ["iran", "economy"], unsure=True, comment="Hard.")),
        annotation_of(22, {"id": 5, "email": ADDRESS}, answer("neutral")),
        annotation_of(23, 6, [], was_cancelled=True),
    ],
)
NEIGHBOURS = [
    task_of(n, f"a/00{n}", [annotation_of(n, 4, answer("favor")), annotation_of(n, 5, answer())]) for n in (1, 3)
]


@pytest.mark.parametrize("checked", [False, True], ids=["own-checks", "and-label-studio-s"])
@settings(max_examples=200)
@given(path=st.sampled_from(list(places(WHOLE))), value=WEIRD)
def test_a_wrong_value_anywhere_never_stops_the_import(path: tuple[Any, ...], value: Json, *, checked: bool) -> None:
    """What comes back is valid, and the tasks before and after are whole."""
    labels = packaged_schema()
    export = [NEIGHBOURS[0], with_change(WHOLE, path, value), NEIGHBOURS[1]]
    read = judgements_of(export, labels, check=sdk_check("one-target") if checked else None)
    for judgement in read.judgements:
        assert not labels.stance_fault(judgement.stances[TARGET])
        assert not labels.topics_fault(judgement.topics)
    around = [judgement for judgement in read.judgements if judgement.paragraph in {"a/001", "a/003"}]
    assert around == list(judgements_of(NEIGHBOURS, labels).judgements)


@settings(max_examples=200)
@given(st.lists(WEIRD, max_size=4))
def test_a_list_of_anything_never_stops_the_import(export: list[Json]) -> None:
    read = judgements_of(export, packaged_schema())
    assert read.judgements == ()
    assert len(read.issues) == len(export)


@settings(max_examples=200)
@given(st.lists(WEIRD, max_size=4))
def test_a_result_of_anything_is_no_judgement(result: list[Json]) -> None:
    task = task_of(1, "a/001", [annotation_of(2, 4, result)])
    read = judgements_of([task], packaged_schema(), check=sdk_check("one-target"))
    assert read.judgements == ()
    assert "error" in {issue.severity for issue in read.issues}


@pytest.mark.parametrize("place", ["text", "paragraph", "comment"])
def test_half_a_character_never_stops_the_import(place: str) -> None:
    """JSON can spell half of a surrogate pair, which no UTF-8 file can hold."""
    half = json.loads(r'"\ud83d"')
    task = task_of(1, "a/001", [annotation_of(2, 4, answer(comment=half if place == "comment" else ""))])
    if place != "comment":
        task["data"][place] = half
    read = judgements_of([task, NEIGHBOURS[1]], packaged_schema())
    assert [judgement.paragraph for judgement in read.judgements][-2:] == ["a/003", "a/003"]


def test_a_pulled_answer_that_differs_from_the_former_one_is_told() -> None:
    former = Judgement("tale/001", "annotator-1", {"us_policy_iraq": "favor"}, ("iran",))
    pulled = Judgement("tale/001", "annotator-1", {"us_policy_iraq": "against"}, ("iran",))
    together, issues = joined([former], [pulled])
    assert together == (pulled,)
    assert [issue.rule for issue in issues] == ["replaced"]
    assert joined([former], [former]) == ((former,), ())

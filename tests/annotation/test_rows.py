"""Records as JSON lines and back: nothing lost, every wrong row named."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iraqstance.annotation.errors import InputError, IraqstanceError, SchemaError
from iraqstance.annotation.normalise import fingerprint
from iraqstance.annotation.records import Judgement, Label, Paragraph
from iraqstance.annotation.rows import (
    judgement_row,
    label_row,
    paragraph_line,
    paragraph_row,
    read_judgements,
    read_labels,
    read_paragraphs,
    write_judgements,
    write_labels,
    write_paragraphs,
)
from iraqstance.annotation.schema import Schema

Row = dict[str, Any]

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
TOPICS = ("fish", "power", "trade")
STANCES = ("pro", "con", "even")
TARGETS = ("dam", "canal")


def river(*targets: str) -> Schema:
    return Schema.model_validate(
        {
            "name": "river",
            "version": 1,
            "targets": [{"name": name, "title": f"the {name}"} for name in targets],
            "stance_question": "What does it say?",
            "stances": [{"name": name, "definition": name} for name in STANCES],
            "topic_question": "What is it about?",
            "topics": [
                *({"name": name, "definition": name} for name in TOPICS),
                {"name": "none", "definition": "None.", "exclusive": True},
            ],
        }
    )


ONE, TWO = river("dam"), river(*TARGETS)


@st.composite
def paragraphs(draw: st.DrawFn) -> Paragraph:
    text = draw(TEXT)
    start = draw(st.integers(0, 10**9))
    return Paragraph(draw(TEXT), draw(TEXT), start, start + len(text), text, fingerprint(text))


TOPIC_SETS = st.just(("none",)) | st.sets(st.sampled_from(TOPICS), min_size=1).map(ONE.ordered_topics)
STANCE_MAPS = st.fixed_dictionaries({target: st.sampled_from(STANCES) for target in TARGETS})
JUDGEMENTS = st.builds(
    Judgement,
    paragraph=TEXT,
    annotator=TEXT,
    stances=STANCE_MAPS,
    topics=TOPIC_SETS,
    unsure=st.booleans(),
    kind=st.sampled_from(["person", "model"]),
    round=st.sampled_from(["independent", "tie-break", "adjudication"]),
    comment=st.just("") | TEXT,
)
LABELS = st.builds(
    Label,
    paragraph=TEXT,
    stances=STANCE_MAPS,
    topics=TOPIC_SETS,
    votes=st.dictionaries(TEXT, st.dictionaries(TEXT, st.integers(1, 9), max_size=3), max_size=3),
    settled_by=st.dictionaries(
        TEXT, st.sampled_from(["majority", "dawid-skene", "tie-break", "adjudication"]), max_size=3
    ),
    confidence=st.dictionaries(TEXT, st.floats(0, 1).map(lambda value: round(value, 6)), max_size=3),
)


def saved(folder: Path, *rows: Row) -> Path:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def judged(**fields: object) -> Row:
    return {"paragraph": "a/001", "annotator": "annotator-1", "stance": "pro", "topics": ["fish"], **fields}


@settings(max_examples=100)
@given(st.lists(paragraphs(), max_size=4, unique_by=lambda paragraph: paragraph.id))
def test_paragraphs_come_back_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, written: list[Paragraph]
) -> None:
    path = tmp_path_factory.mktemp("rows") / "paragraphs.jsonl"
    assert write_paragraphs(path, written) == len(written)
    assert read_paragraphs(path) == written


@settings(max_examples=100)
@given(paragraphs())
def test_a_paragraph_is_the_same_line_alone_and_among_others(
    tmp_path_factory: pytest.TempPathFactory, paragraph: Paragraph
) -> None:
    path = tmp_path_factory.mktemp("rows") / "paragraphs.jsonl"
    write_paragraphs(path, [paragraph])
    assert path.read_bytes().decode() == paragraph_line(paragraph)
    assert json.loads(paragraph_line(paragraph)) == paragraph_row(paragraph)


@settings(max_examples=100)
@given(st.lists(JUDGEMENTS, max_size=4, unique_by=lambda j: (j.paragraph, j.annotator, j.round)))
def test_judgements_come_back_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, written: list[Judgement]
) -> None:
    path = tmp_path_factory.mktemp("rows") / "judgements.jsonl"
    assert write_judgements(path, written, TWO) == len(written)
    assert read_judgements(path, TWO) == written


@settings(max_examples=100)
@given(st.lists(LABELS, max_size=4, unique_by=lambda label: label.paragraph))
def test_labels_come_back_as_they_were_written(tmp_path_factory: pytest.TempPathFactory, written: list[Label]) -> None:
    path = tmp_path_factory.mktemp("rows") / "labels.jsonl"
    assert write_labels(path, written, TWO) == len(written)
    assert read_labels(path, TWO) == written


def test_stand_off_paragraphs_hold_no_text(tmp_path: Path) -> None:
    paragraph = Paragraph("a/001", "a", 5, 9, "Rain", fingerprint("Rain"))
    path = tmp_path / "paragraphs.jsonl"
    write_paragraphs(path, [paragraph], text=False)
    assert "Rain" not in path.read_text(encoding="utf-8")
    assert read_paragraphs(path) == [Paragraph("a/001", "a", 5, 9, "", fingerprint("Rain"))]


def test_an_id_and_a_text_make_a_paragraph(tmp_path: Path) -> None:
    path = saved(tmp_path, {"id": "river/007", "text": "Rain fell."}, {"id": "loose", "text": "Snow."})
    assert read_paragraphs(path) == [
        Paragraph("river/007", "river", 0, 10, "Rain fell.", fingerprint("Rain fell.")),
        Paragraph("loose", "loose", 0, 5, "Snow.", fingerprint("Snow.")),
    ]


def test_further_columns_of_a_paragraph_are_passed_over(tmp_path: Path) -> None:
    (paragraph,) = read_paragraphs(saved(tmp_path, {"id": "a/001", "text": "Rain.", "group": "a", "mine": [1]}))
    assert paragraph.text == "Rain."


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"text": "Rain."}, r"line 1: the field 'id' is missing \(got fields text\)"),
        ({"id": "a/001"}, r'line 1: the paragraph has neither text nor hash \(expected "text" or "sha256"\)'),
        ({"id": 1, "text": "Rain."}, r"line 1: the field 'id' has the wrong type \(expected str, got int\)"),
        ({"id": "a/001", "text": ["Rain."]}, r"line 1: the field 'text' has the wrong type \(expected str, got list\)"),
        ({"id": "a/001", "text": None}, r"line 1: the field 'text' has the wrong type \(expected str, got NoneType\)"),
        ({"id": "a/001", "text": "Rain.", "start": "0"}, r"line 1: the field 'start' .*expected int, got str"),
        ({"id": "a/001", "text": "Rain.", "start": True}, r"line 1: the field 'start' .*expected int, got bool"),
        ({"id": "a/001", "text": "Rain.", "end": 2.5}, r"line 1: the field 'end' .*expected int, got float"),
        ({"id": "", "text": "Rain."}, r"line 1: .*'id'"),
        (
            {"id": "a/001", "text": "Rain.", "sha256": fingerprint("Snow.")},
            r"line 1 \(a/001\): the text does not match its hash \(expected \w{64}, got \w{64}\)\. Segment the article",
        ),
    ],
    ids=[
        "no-id",
        "id-alone",
        "number-as-id",
        "list-as-text",
        "null-as-text",
        "string-as-offset",
        "truth-as-offset",
        "fraction-as-offset",
        "empty-id",
        "other-hash",
    ],
)
def test_a_wrong_paragraph_is_named(tmp_path: Path, row: Row, message: str) -> None:
    with pytest.raises(InputError, match=rf"rows\.jsonl: {message}"):
        read_paragraphs(saved(tmp_path, row))


def test_half_a_character_in_a_text_is_no_crash(tmp_path: Path) -> None:
    """JSON can spell half of a surrogate pair, which has no UTF-8 and so no hash."""
    with pytest.raises(InputError, match=r"rows\.jsonl: line 1"):
        read_paragraphs(saved(tmp_path, {"id": "a/001", "text": "\ud83d"}))


def test_white_space_does_not_change_what_a_hash_covers(tmp_path: Path) -> None:
    row = {"id": "a/001", "text": "Rain  fell.", "sha256": fingerprint("Rain fell.")}
    assert read_paragraphs(saved(tmp_path, row))[0].text == "Rain  fell."


def test_a_judgement_needs_no_more_than_who_judged_what_and_how(tmp_path: Path) -> None:
    (judgement,) = read_judgements(saved(tmp_path, judged()), ONE)
    assert judgement == Judgement("a/001", "annotator-1", {"dam": "pro"}, ("fish",))


def test_one_target_is_written_as_stance_and_two_by_name() -> None:
    judgement = Judgement("a/001", "annotator-1", {"dam": "pro", "canal": "con"}, ("fish",))
    assert judgement_row(judgement, ONE)["stance"] == "pro"
    row = judgement_row(judgement, TWO)
    assert (row["stance_dam"], row["stance_canal"]) == ("pro", "con")
    assert "stance" not in row


def test_a_comment_is_written_only_where_there_is_one() -> None:
    silent = Judgement("a/001", "annotator-1", {"dam": "pro"}, ("fish",))
    spoken = Judgement("a/001", "annotator-1", {"dam": "pro"}, ("fish",), comment="Hard.")
    assert "comment" not in judgement_row(silent, ONE)
    assert judgement_row(spoken, ONE)["comment"] == "Hard."


def test_topics_are_read_in_the_schema_s_order(tmp_path: Path) -> None:
    (judgement,) = read_judgements(saved(tmp_path, judged(topics=["trade", "fish"])), ONE)
    assert judgement.topics == ("fish", "trade")


@pytest.mark.parametrize(
    ("fields", "kind", "message"),
    [
        ({"stance": "Pro"}, SchemaError, r"'Pro' is no stance of this schema; expected one of pro, con, even"),
        ({"stance": ["pro"]}, SchemaError, r"\['pro'\] is no stance of this schema"),
        ({"stance": None}, InputError, r"'stance' is missing or open"),
        ({"topics": ["rain"]}, SchemaError, r"'rain' is no topic of this schema; expected among fish, power"),
        ({"topics": []}, SchemaError, r"no topic is given; expected one or more"),
        ({"topics": ["fish", "fish"]}, SchemaError, r"a topic is given twice"),
        ({"topics": ["fish", "none"]}, SchemaError, r"'none' never stands beside another topic"),
        ({"topics": [{"fish": 1}]}, SchemaError, r"\{'fish': 1\} is no topic of this schema"),
        ({"topics": "fish"}, InputError, r"the field 'topics' has the wrong type \(expected list, got str\)"),
        ({"paragraph": 7}, InputError, r"the field 'paragraph' has the wrong type \(expected str, got int\)"),
        ({"annotator": None}, InputError, r"the field 'annotator' has the wrong type \(expected str, got NoneType\)"),
        ({"unsure": 1}, InputError, r"the field 'unsure' has the wrong type \(expected bool, got int\)"),
        ({"comment": ["x"]}, InputError, r"the field 'comment' has the wrong type \(expected str, got list\)"),
        ({"kind": "robot"}, InputError, r".*robot"),
        ({"round": "tiebreak"}, InputError, r".*tiebreak"),
    ],
    ids=[
        "unknown-stance",
        "list-as-stance",
        "null-as-stance",
        "unknown-topic",
        "no-topic",
        "topic-twice",
        "exclusive-topic",
        "object-as-topic",
        "string-as-topics",
        "number-as-paragraph",
        "null-as-annotator",
        "number-as-unsure",
        "list-as-comment",
        "unknown-kind",
        "unknown-round",
    ],
)
def test_a_wrong_judgement_is_named_with_its_line(
    tmp_path: Path, fields: Row, kind: type[IraqstanceError], message: str
) -> None:
    """A misspelt round would otherwise vanish from the agreement and settle ties unnoticed."""
    with pytest.raises(kind, match=rf"rows\.jsonl: line 2: {message}"):
        read_judgements(saved(tmp_path, judged(annotator="annotator-0"), judged(**fields)), ONE)


@pytest.mark.parametrize("field", ["paragraph", "annotator", "stance", "topics"])
def test_a_judgement_without_a_field_is_named(tmp_path: Path, field: str) -> None:
    row = judged()
    del row[field]
    with pytest.raises(InputError, match=rf"rows\.jsonl: line 1: .*'{field}' is missing"):
        read_judgements(saved(tmp_path, row), ONE)


def test_a_judgement_of_one_target_does_not_answer_for_two(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"line 1: 'stance_dam' is missing"):
        read_judgements(saved(tmp_path, judged()), TWO)


@pytest.mark.parametrize(
    ("read", "rows", "message"),
    [
        (
            read_paragraphs,
            [{"id": "a/001", "text": "Rain."}, {"id": "a/001", "text": "Snow."}],
            "a paragraph stands twice: a/001",
        ),
        (
            lambda path: read_judgements(path, ONE),
            [judged(), judged(stance="con")],
            r"a judgement stands twice: a/001 by annotator-1 \(independent\)",
        ),
        (
            lambda path: read_labels(path, ONE),
            [judged(), judged(annotator="annotator-2")],
            "a label stands twice: a/001",
        ),
    ],
    ids=["paragraph", "judgement", "label"],
)
def test_a_row_that_stands_twice_is_named(
    tmp_path: Path, read: Callable[[Path], object], rows: list[Row], message: str
) -> None:
    with pytest.raises(InputError, match=rf"rows\.jsonl: {message}.*Remove one of the two rows"):
        read(saved(tmp_path, *rows))


def test_one_annotator_may_judge_once_in_each_round(tmp_path: Path) -> None:
    read = read_judgements(saved(tmp_path, judged(), judged(round="tie-break")), ONE)
    assert [judgement.round for judgement in read] == ["independent", "tie-break"]


def test_an_open_tie_is_written_as_null_and_as_no_topics() -> None:
    label = Label("a/001", {"dam": ""}, (), {"stance": {"pro": 1, "con": 1}}, {"stance": "open", "topics": "open"})
    assert label_row(label, ONE) == {
        "paragraph": "a/001",
        "stance": None,
        "topics": [],
        "votes": {"stance": {"pro": 1, "con": 1}},
        "settled_by": {"stance": "open", "topics": "open"},
    }


@pytest.mark.parametrize(
    ("stance", "topics", "opened"),
    [("", ("fish",), "stance"), ("pro", (), "topics")],
    ids=["stance", "topics"],
)
def test_a_label_with_an_open_tie_is_not_read_as_settled(
    tmp_path: Path, stance: str, topics: tuple[str, ...], opened: str
) -> None:
    path = tmp_path / "labels.jsonl"
    write_labels(path, [Label("a/001", {"dam": stance}, topics, {}, {opened: "open"})], ONE)
    with pytest.raises(InputError, match=rf"labels\.jsonl: line 1: .*{opened}.*open.*Settle the tie"):
        read_labels(path, ONE)


def test_labels_need_neither_votes_nor_how_they_were_settled(tmp_path: Path) -> None:
    (label,) = read_labels(saved(tmp_path, {"paragraph": "a/001", "stance": "con", "topics": ["fish"]}), ONE)
    assert label == Label("a/001", {"dam": "con"}, ("fish",), {}, {})


def test_a_confidence_is_written_only_where_there_is_one_and_to_six_digits() -> None:
    by_majority = Label("a/001", {"dam": "pro"}, ("fish",), {}, {"stance": "majority"})
    by_model = Label(
        "a/001", {"dam": "pro"}, ("fish",), {}, {"stance": "dawid-skene"}, {"stance": 2 / 3, "topics": 1.0}
    )
    assert "confidence" not in label_row(by_majority, ONE)
    assert label_row(by_model, ONE)["confidence"] == {"stance": 0.666667, "topics": 1.0}


def test_a_confidence_may_be_a_whole_number(tmp_path: Path) -> None:
    (label,) = read_labels(saved(tmp_path, judged(confidence={"stance": 1, "topics": 0})), ONE)
    assert label.confidence == {"stance": 1.0, "topics": 0.0}


@pytest.mark.parametrize(
    ("confidence", "message"),
    [
        ([0.5], r"the field 'confidence' has the wrong type \(expected dict, got list\)"),
        (
            {"stance": "high"},
            r"the confidence of 'stance' is no probability \(expected a number from 0 to 1, got high\)",
        ),
        ({"topics": 1.5}, r"the confidence of 'topics' is no probability .*got 1\.5"),
        ({"topics": -0.1}, r"the confidence of 'topics' is no probability .*got -0\.1"),
        ({"topics": True}, r"the confidence of 'topics' is no probability .*got True"),
        ({"topics": None}, r"the confidence of 'topics' is no probability .*got None"),
    ],
    ids=["list", "word", "above-one", "negative", "truth", "null"],
)
def test_a_wrong_confidence_is_named_with_its_line(tmp_path: Path, confidence: object, message: str) -> None:
    with pytest.raises(InputError, match=rf"rows\.jsonl: line 1: {message}"):
        read_labels(saved(tmp_path, judged(confidence=confidence)), ONE)

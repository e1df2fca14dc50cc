"""Editions: the packaged ones, and how paragraphs and labels are joined."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from conftest import TEA
from iraqstance.annotation.adjudicate import adjudicate, open_ties
from iraqstance.annotation.errors import InputError, SchemaError, UsageError
from iraqstance.annotation.normalise import fingerprint
from iraqstance.annotation.records import Judgement, Label, Paragraph
from iraqstance.annotation.rows import write_judgements, write_labels, write_paragraphs
from iraqstance.annotation.schema import Schema
from iraqstance.annotation.storage import write_rows
from iraqstance.dataset.editions import Edition, Intention, edition_of, labelled_rows, packaged_edition


def paragraph(number: int) -> Paragraph:
    text = f"The cup with the number {number} stands on the table."
    return Paragraph(f"tale/{number:03d}", "tale", 0, len(text), text, fingerprint(text))


def judgement(number: int, annotator: str, green: str = "likes", topics: tuple[str, ...] = ("taste",)) -> Judgement:
    return Judgement(f"tale/{number:03d}", annotator, {"green": green, "black": "dislikes"}, topics)


def edition(*judgements: Judgement, paragraphs: int = 1) -> Edition:
    return Edition("mine", tuple(map(paragraph, range(1, paragraphs + 1))), judgements)


@pytest.mark.parametrize("name", ["open", "source"])
def test_every_paragraph_of_a_packaged_edition_was_judged_by_three_who_did_not_confer(name: str) -> None:
    packaged = packaged_edition(name)
    voters = Counter(judged.paragraph for judged in packaged.judgements if judged.round == "independent")
    assert set(voters) == {paragraph.id for paragraph in packaged.paragraphs}
    assert set(voters.values()) == {3}


@pytest.mark.parametrize("name", ["open", "source"])
def test_a_packaged_edition_has_a_label_for_every_paragraph_and_no_open_tie(name: str, schema: Schema) -> None:
    packaged = packaged_edition(name)
    rows, issues = labelled_rows(packaged, schema)
    assert not issues
    assert not open_ties(adjudicate(packaged.judgements, schema))
    assert [row["id"] for row in rows] == [paragraph.id for paragraph in packaged.paragraphs]


def test_the_source_edition_holds_109_paragraphs_and_no_word_of_them() -> None:
    source = packaged_edition("source")
    assert len(source.paragraphs) == 109
    assert not source.has_text
    assert not any(paragraph.text for paragraph in source.paragraphs)
    assert not any(judged.comment for judged in source.judgements)


def test_the_source_edition_runs_through_each_article_without_overlap() -> None:
    paragraphs = packaged_edition("source").paragraphs
    assert all(left.start < left.end for left in paragraphs)
    assert all(left.end <= right.start for left, right in pairwise(paragraphs) if left.article == right.article)


def test_the_open_edition_restates_every_source_paragraph_in_the_same_group() -> None:
    source = {paragraph.id: paragraph for paragraph in packaged_edition("source").paragraphs}
    opened = packaged_edition("open")
    assert set(opened.restates.values()) == set(source)
    assert all(opened.groups[name] == source[origin].article for name, origin in opened.restates.items())


def test_a_restatement_was_judged_like_its_source(schema: Schema) -> None:
    source, opened = packaged_edition("source"), packaged_edition("open")
    wanted = {label.paragraph: (label.stances, label.topics) for label in adjudicate(source.judgements, schema)}
    found = {label.paragraph: (label.stances, label.topics) for label in adjudicate(opened.judgements, schema)}
    assert {name: found[name] for name in opened.restates} == {
        name: wanted[origin] for name, origin in opened.restates.items()
    }


def test_the_open_edition_has_text_and_hashes_that_agree() -> None:
    opened = packaged_edition("open")
    assert opened.has_text
    assert all(paragraph.sha256 == fingerprint(paragraph.text) for paragraph in opened.paragraphs)


def test_no_annotator_of_a_packaged_edition_is_a_mail_address() -> None:
    names = {judged.annotator for name in ("open", "source") for judged in packaged_edition(name).judgements}
    assert names
    assert not any("@" in name for name in names)


def test_a_paragraph_has_one_row_for_each_target() -> None:
    rows, issues = labelled_rows(edition(judgement(1, "a")), TEA)
    assert not issues
    assert [(row["target"], row["stance"], row["topics"]) for row in rows] == [
        ("green", "likes", ["taste"]),
        ("black", "dislikes", ["taste"]),
    ]


def test_a_row_with_text_has_no_offsets_and_a_stand_off_row_no_text() -> None:
    with_text = edition(judgement(1, "a"))
    stand_off = replace(with_text, paragraphs=(replace(with_text.paragraphs[0], text=""),))
    (row, _), _ = labelled_rows(with_text, TEA)
    (bare, _), _ = labelled_rows(stand_off, TEA)
    assert list(row) == ["id", "group", "text", "sha256", "target", "stance", "topics"]
    assert list(bare) == ["id", "group", "article", "start", "end", "sha256", "target", "stance", "topics"]


def test_the_group_is_the_article_unless_another_is_named() -> None:
    plain = edition(judgement(1, "a"), judgement(2, "a"), paragraphs=2)
    rows, _ = labelled_rows(replace(plain, groups={"tale/002": "another"}), TEA)
    assert [row["group"] for row in rows] == ["tale", "tale", "another", "another"]


def test_only_some_paragraphs_need_restate_another() -> None:
    plain = edition(judgement(1, "a"), judgement(2, "a"), paragraphs=2)
    rows, _ = labelled_rows(replace(plain, restates={"tale/002": "source/007"}), TEA)
    assert [row["restates"] for row in rows] == [None, None, "source/007", "source/007"]


def test_what_has_no_label_an_open_tie_or_no_paragraph_is_left_out_and_named() -> None:
    mixed = edition(
        judgement(1, "a"), judgement(2, "a"), judgement(2, "b", green="dislikes"), judgement(9, "a"), paragraphs=3
    )
    rows, issues = labelled_rows(mixed, TEA)
    assert {row["id"] for row in rows} == {"tale/001"}
    assert {(issue.rule, issue.where) for issue in issues} == {
        ("open-tie", "tale/002"),
        ("unlabelled", "tale/003"),
        ("unknown-paragraph", "tale/009"),
    }


def test_labels_that_are_given_go_before_the_judgements() -> None:
    given = [Label("tale/001", {"green": "dislikes", "black": "likes"}, ("price",), {}, {})]
    rows, issues = labelled_rows(edition(judgement(1, "a")), TEA, given)
    assert not issues
    assert [(row["stance"], row["topics"]) for row in rows] == [("dislikes", ["price"]), ("likes", ["price"])]


def test_an_edition_is_read_from_files(tmp_path: Path) -> None:
    judged = [judgement(1, "a"), judgement(1, "b")]
    write_paragraphs(tmp_path / "p.jsonl", [paragraph(1)])
    write_judgements(tmp_path / "j.jsonl", judged, TEA)
    found, labels = edition_of(tmp_path / "p.jsonl", TEA, judgements=tmp_path / "j.jsonl")
    assert found.paragraphs == (paragraph(1),)
    assert found.judgements == tuple(judged)
    assert labels is None


def test_labels_alone_make_an_edition(tmp_path: Path) -> None:
    write_paragraphs(tmp_path / "p.jsonl", [paragraph(1)])
    write_labels(tmp_path / "l.jsonl", adjudicate([judgement(1, "a")], TEA), TEA)
    found, labels = edition_of(tmp_path / "p.jsonl", TEA, labels=tmp_path / "l.jsonl")
    assert found.judgements == ()
    assert labels is not None
    assert [label.paragraph for label in labels["default"]] == ["tale/001"]


def test_paragraphs_alone_are_refused_with_the_remedy(tmp_path: Path) -> None:
    write_paragraphs(tmp_path / "p.jsonl", [paragraph(1)])
    with pytest.raises(UsageError, match=r"paragraphs alone make no dataset .*--judgements or --labels"):
        edition_of(tmp_path / "p.jsonl", TEA)


def test_judgements_of_another_schema_are_refused_with_their_line(tmp_path: Path, schema: Schema) -> None:
    other = Judgement("tale/001", "a", {"us_policy_iraq": "favor"}, ("iran",))
    write_paragraphs(tmp_path / "p.jsonl", [paragraph(1)])
    write_judgements(tmp_path / "j.jsonl", [other], schema)
    with pytest.raises((InputError, SchemaError), match=r"j\.jsonl: line 1: 'stance_green' is missing"):
        edition_of(tmp_path / "p.jsonl", TEA, judgements=tmp_path / "j.jsonl")


def test_labels_never_go_to_another_text_than_was_judged(schema: Schema) -> None:
    """An article that was cut again may give its paragraphs other numbers."""
    edition = packaged_edition("open")
    first, second, *others = edition.paragraphs
    swapped = replace(edition, paragraphs=(replace(second, id=first.id), *others))
    rows, issues = labelled_rows(swapped, schema)
    assert first.id not in {row["id"] for row in rows}
    changed = issues[0]
    assert (changed.rule, changed.severity, changed.where) == ("text-changed", "error", first.id)


def written(tmp_path: Path, **extras: object) -> Path:
    """Write a paragraph with more fields, and a judgement of it."""
    write_judgements(tmp_path / "j.jsonl", [judgement(1, "a")], TEA)
    write_rows(tmp_path / "p.jsonl", [{"id": "tale/001", "text": "The cup stands there.", **extras}])
    return tmp_path / "p.jsonl"


def test_what_a_row_says_beside_the_paragraph_is_read(tmp_path: Path) -> None:
    meant = {"stance_green": "likes", "stance_black": "dislikes", "topics": ["price", "taste"]}
    extras = {"group": "story", "restates": "old/007", "genre": "tale", "split": "dev", "intended": meant, "mood": 3}
    found, _ = edition_of(written(tmp_path, **extras), TEA, judgements=tmp_path / "j.jsonl")
    assert found.groups == {"tale/001": "story"}
    assert found.restates == {"tale/001": "old/007"}
    assert found.genres == {"tale/001": "tale"}
    assert found.splits == {"tale/001": "dev"}
    assert found.intended == {"tale/001": Intention({"green": "likes", "black": "dislikes"}, ("taste", "price"))}


def test_null_is_as_good_as_absent(tmp_path: Path) -> None:
    nothing = dict.fromkeys(("group", "restates", "genre", "split", "intended"))
    found, _ = edition_of(written(tmp_path, **nothing), TEA, judgements=tmp_path / "j.jsonl")
    assert found == edition_of(written(tmp_path), TEA, judgements=tmp_path / "j.jsonl")[0]


@pytest.mark.parametrize(
    ("extras", "message"),
    [
        ({"group": 3}, r"the field 'group': .*string.*got 3"),
        ({"group": ""}, r"the field 'group': .*got ''"),
        ({"split": "my/test"}, r"the field 'split': .*got 'my/test'"),
        ({"intended": "likes"}, r"the field 'intended': .*got 'likes'"),
        ({"intended": {"topics": ["taste"]}}, r"intended: None is no stance of this schema"),
        ({"intended": {"stance_green": "likes", "stance_black": "likes"}}, r"intended: 'topics' is no list"),
    ],
)
def test_a_field_beside_the_paragraph_that_cannot_be_used_is_named_with_its_line(
    tmp_path: Path, extras: dict[str, object], message: str
) -> None:
    with pytest.raises((InputError, SchemaError), match=rf"p\.jsonl: line 1: {message}"):
        edition_of(written(tmp_path, **extras), TEA, judgements=tmp_path / "j.jsonl")

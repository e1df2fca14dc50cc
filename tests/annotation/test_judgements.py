"""The committed judgements: whole, valid, by number and without a word of what was judged."""

import re
from collections import Counter
from pathlib import Path

import pytest
from iraqstance.annotation.adjudicate import adjudicate, open_ties
from iraqstance.annotation.records import Judgement, Label
from iraqstance.annotation.rows import read_judgements
from iraqstance.annotation.schema import Schema
from iraqstance.annotation.storage import read_rows
from iraqstance.dataset.editions import packaged_edition

FOLDER = Path(__file__).resolve().parents[2] / "annotation" / "judgements"
FILES = sorted(FOLDER.glob("*.jsonl"))

every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
both_editions = pytest.mark.parametrize("edition", ["source", "open"])


def independent(edition: str, schema: Schema) -> list[Judgement]:
    return [
        judgement
        for judgement in read_judgements(FOLDER / f"{edition}.jsonl", schema)
        if judgement.round == "independent"
    ]


def labels(edition: str, schema: Schema) -> dict[str, Label]:
    return {
        label.paragraph: label for label in adjudicate(read_judgements(FOLDER / f"{edition}.jsonl", schema), schema)
    }


def test_there_are_judgements_of_both_editions() -> None:
    assert {"source", "open"} <= {path.stem for path in FILES}


@both_editions
def test_every_paragraph_was_judged_three_times_and_independently(edition: str, schema: Schema) -> None:
    judged = Counter(judgement.paragraph for judgement in independent(edition, schema))
    paragraphs = [paragraph.id for paragraph in packaged_edition(edition).paragraphs]
    assert judged == dict.fromkeys(paragraphs, 3)


@both_editions
def test_the_three_judgements_of_a_paragraph_are_of_three_annotators(edition: str, schema: Schema) -> None:
    pairs = [(judgement.paragraph, judgement.annotator) for judgement in independent(edition, schema)]
    assert len(pairs) == len(set(pairs))


@every_file
def test_every_judgement_says_that_a_model_judged(path: Path, schema: Schema) -> None:
    judgements = read_judgements(path, schema)
    assert {judgement.kind for judgement in judgements} == {"model"}
    assert {judgement.round for judgement in judgements} <= {"independent", "tie-break"}


@every_file
def test_every_judgement_is_valid(path: Path, schema: Schema) -> None:
    for row in read_rows(path):
        assert not schema.stance_fault(row.value["stance"]), row.where
        assert not schema.topics_fault(row.value["topics"]), row.where
        assert row.value["topics"] == list(schema.ordered_topics(row.value["topics"])), row.where


@every_file
def test_a_judgement_holds_ids_and_labels_and_no_text(path: Path) -> None:
    """The articles' words belong to their publishers: no field has room for one."""
    known = {"paragraph", "annotator", "kind", "round", "stance", "topics", "unsure", "sha256"}
    for row in read_rows(path):
        assert row.value.keys() == known, row.where
        assert re.fullmatch(r"[a-z0-9-]+/\d{3}", row.value["paragraph"]), row.where
        assert re.fullmatch(r"[a-z]+-[0-9x]+", row.value["annotator"]), row.where


@every_file
def test_no_address_stands_in_the_judgements(path: Path) -> None:
    assert "@" not in path.read_text(encoding="utf-8")


@both_editions
def test_no_tie_is_open(edition: str, schema: Schema) -> None:
    assert open_ties(labels(edition, schema).values()) == []


@both_editions
def test_a_tie_break_stands_only_where_there_is_a_tie(edition: str, schema: Schema) -> None:
    tied = {label.paragraph for label in open_ties(adjudicate(independent(edition, schema), schema))}
    judgements = read_judgements(FOLDER / f"{edition}.jsonl", schema)
    assert {judgement.paragraph for judgement in judgements if judgement.round == "tie-break"} == tied


def test_every_restatement_has_the_labels_of_its_source(schema: Schema) -> None:
    restates = packaged_edition("open").restates
    source, restated = labels("source", schema), labels("open", schema)
    assert sorted(restates.values()) == sorted(source)
    differing = [
        name
        for name, original in restates.items()
        if (restated[name].stances, restated[name].topics) != (source[original].stances, source[original].topics)
    ]
    assert differing == []

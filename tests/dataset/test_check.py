"""The validator: each rule on a small broken dataset, and silence on a valid one."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, TEA
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from iraqstance.annotation.errors import InputError, UsageError
from iraqstance.annotation.normalise import fingerprint
from iraqstance.annotation.records import Judgement, Paragraph
from iraqstance.annotation.schema import load_schema, packaged_schema
from iraqstance.dataset.build import build
from iraqstance.dataset.check import Report, check
from iraqstance.dataset.duplicates import near_duplicate_pairs
from iraqstance.dataset.editions import Edition
from iraqstance.dataset.rules import RULES, rules_table

BROKEN = Path(__file__).parent / "broken"
CASES = sorted(path.name for path in BROKEN.iterdir() if path.is_dir())


def made(case: str, folder: Path) -> Path:
    """Copy a case, with its Parquet files made from what is committed: rows as JSON lines, and their features."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from datasets import Features

    shutil.copytree(BROKEN / case, folder, ignore=shutil.ignore_patterns("expected.json", "case.json"))
    for rows in folder.rglob("*.parquet.jsonl"):
        features = rows.with_suffix(".features.json")
        values = [json.loads(line) for line in rows.read_text(encoding="utf-8").splitlines()]
        declared = Features.from_dict(json.loads(features.read_text(encoding="utf-8")))
        pq.write_table(pa.Table.from_pylist(values, schema=declared.arrow_schema), rows.with_suffix(""))
        rows.unlink()
        features.unlink()
    for damaged in folder.rglob("*.parquet.broken"):
        damaged.rename(damaged.with_suffix(""))
    return folder


def checked(case: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Report:
    """Check a case as its ``case.json`` says."""
    place = made(case, folder / case)
    monkeypatch.chdir(place)
    told = BROKEN / case / "case.json"
    said: dict[str, Any] = json.loads(told.read_text(encoding="utf-8")) if told.exists() else {}
    schema = load_schema(said["schema"]) if "schema" in said else None
    return check(said.get("data", "."), schema=schema, columns=said.get("columns"), against=said.get("against"))


def plainly(report: Report) -> list[dict[str, str]]:
    return [
        {"rule": one.rule, "severity": one.severity, "where": one.where, "message": one.message}
        for one in report.issues
    ]


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("case", CASES)
def test_a_broken_dataset_has_exactly_the_expected_report(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = json.loads((BROKEN / case / "expected.json").read_text(encoding="utf-8"))
    assert plainly(checked(case, tmp_path, monkeypatch)) == expected


def test_there_are_thirty_broken_datasets_and_they_break_every_rule() -> None:
    """Two rules depend on where the package stands: on its own folder, and on what is installed."""
    found = {one["rule"] for case in CASES for one in json.loads((BROKEN / case / "expected.json").read_text("utf-8"))}
    assert len(CASES) > 30
    assert set(RULES) - found == {"card-stale", "near-duplicates-unchecked"}


def test_the_clean_case_has_no_issue() -> None:
    assert json.loads((BROKEN / "clean" / "expected.json").read_text(encoding="utf-8")) == []


def test_the_packaged_dataset_has_no_error() -> None:
    report = check()
    assert [one for one in report.issues if one.severity == "error"] == []
    assert {file.configuration for file in report.files} == {"open", "source", "judgements"}


def test_a_made_part_of_the_packaged_card_that_is_stale_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from iraqstance.dataset import check_card
    from iraqstance.dataset.editions import packaged_folder

    card = (packaged_folder() / "README.md").read_text(encoding="utf-8")
    (tmp_path / "README.md").write_text(card.replace("| `favor` |", "| `fovor` |"), encoding="utf-8")
    small = Edition(
        "open",
        (Paragraph("cup/001", "cup", 0, 4, "Tea.", fingerprint("Tea.")),),
        (Judgement("cup/001", "a", {"us_policy_iraq": "neutral"}, ("other",)),),
    )
    monkeypatch.setattr(check_card, "packaged_edition", lambda _: small)
    stale = {one.message.split("'")[1] for one in check_card.stale_parts(tmp_path)}
    assert "labels" in stale


def test_near_duplicates_are_left_out_where_they_cannot_be_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "datasketch", None)
    monkeypatch.chdir(BROKEN / "clean")
    assert [one.rule for one in check("data/train.jsonl").issues] == ["near-duplicates-unchecked"]
    assert check("data/train.jsonl", near_duplicates=False).issues == ()


def test_the_copy_of_the_rules_in_the_documentation_is_current() -> None:
    assert rules_table() in (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["gone", "gone.csv"])
def test_what_is_not_there_is_a_clear_error(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no such file or folder|cannot be read"):
        check(tmp_path / name)


def test_another_kind_of_file_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "rows.txt").write_text("tea", encoding="utf-8")
    with pytest.raises(UsageError, match="not known"):
        check(tmp_path / "rows.txt")


def test_a_folder_of_texts_without_texts_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(BROKEN / "clean")
    with pytest.raises(InputError, match="there is no text in the folder"):
        check("data/train.jsonl", against=tmp_path)


def test_a_borrowed_run_is_not_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = checked("borrowed-text", tmp_path, monkeypatch)
    said = [one.message for one in report.issues if one.rule == "borrowed-text"]
    assert said
    assert not any("kettle" in message for message in said)


def test_pairs_of_near_duplicates_hold_every_repetition() -> None:
    text = "The kettle in the corner of the station café has been out of order since the spring."
    assert near_duplicate_pairs([text, "Something else stands here.", text.upper(), f"{text[:-1]} now.", "…"]) == [
        (0, 2),
        (0, 3),
    ]


WORDS = st.sampled_from(
    ["kettle", "cup", "leaf", "water", "spoon", "saucer", "table", "steam", "honey", "lemon", "guest"]
)
TEXT = st.lists(WORDS, min_size=8, max_size=20).map(" ".join)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(TEXT, min_size=2, max_size=12, unique=True), data=st.data())
def test_a_valid_dataset_has_no_error(tmp_path: Path, texts: list[str], data: st.DataObject) -> None:
    """Whatever its texts, its schema, its votes and its paragraphs' number."""
    schema = data.draw(st.sampled_from([packaged_schema(), TEA]))
    paragraphs, judgements = [], []
    for number, text in enumerate(texts, 1):
        name = f"tale/{number:03d}"
        paragraphs.append(Paragraph(name, "tale", 0, len(text), text, fingerprint(text)))
        for annotator in ("reader-1", "reader-2", "reader-3")[: data.draw(st.sampled_from([1, 3]))]:
            stances = {target: data.draw(st.sampled_from(schema.stance_names)) for target in schema.target_names}
            topics = (data.draw(st.sampled_from(schema.topic_names)),)
            judgements.append(Judgement(name, annotator, stances, topics))
    # One at least is settled: without any label there is no dataset.
    first = dict.fromkeys(schema.target_names, schema.stance_names[0])
    judgements = [one for one in judgements if one.paragraph != "tale/001"]
    judgements.append(Judgement("tale/001", "reader-1", first, schema.topic_names[:1]))
    shutil.rmtree(tmp_path / "set", ignore_errors=True)
    build([Edition("tales", tuple(paragraphs), tuple(judgements))], schema, tmp_path / "set")
    assert [one for one in check(tmp_path / "set", schema=schema).issues if one.severity == "error"] == []

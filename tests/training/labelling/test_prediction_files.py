"""What is labelled is written whole or not at all, and a run that was interrupted goes on."""

import json
import math
import os
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from threading import Event, Thread

import pytest
from conftest import files_no_larger_than
from hypothesis import given, settings
from hypothesis import strategies as st
from iraqstance.annotation.errors import InputError, UsageError
from iraqstance.training.classifier import Classifier, fit
from iraqstance.training.corpus import Corpus
from iraqstance.training.flat.scorer import Scorer
from iraqstance.training.labelling import prediction_files
from iraqstance.training.labelling.labeller import Labeller
from iraqstance.training.labelling.prediction_files import Run, Written, write_labelled
from iraqstance.training.labelling.text_rows import LONGEST, TextRow
from iraqstance.training.labelling.texts import read_texts
from opinions import ODD_TEXTS, TEXTS, run_of, table_of, texts_of, write


@pytest.mark.parametrize("text", ODD_TEXTS, ids=[repr(text)[:20] for text in ODD_TEXTS])
@pytest.mark.parametrize("name", ["out.jsonl", "out.csv", "out.tsv", "out.parquet"])
def test_any_text_is_labelled_and_written(model: Classifier, tmp_path: Path, text: str, name: str) -> None:
    assert write(tmp_path / name, model, [TextRow(text)]) == Written(1, 0)
    assert texts_of(tmp_path / name) == [text]
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "there is no text."),
        (" \n\u3000", "there is no text."),
        ("Milk \ud83d", "the text is not UTF-8."),
        (
            "tea " * (LONGEST // 4 + 1),
            "the text has 1,000,004 characters, more than 1,000,000. Cut it into paragraphs.",
        ),
        ("x" * 10_000_000, "the text has 10,000,000 characters, more than 1,000,000. Cut it into paragraphs."),
    ],
    ids=["empty", "white space", "half a character", "too long", "ten megabytes"],
)
@pytest.mark.parametrize("name", ["out.jsonl", "out.csv", "out.parquet"])
def test_a_text_that_cannot_be_labelled_has_a_row_with_the_reason(
    model: Classifier, tmp_path: Path, text: str, error: str, name: str
) -> None:
    said: list[tuple[str, str]] = []
    rows = [TextRow("Tea", others={"id": 1}), TextRow(text, others={"id": 2}, where="here")]
    path = tmp_path / name
    done = write_labelled(str(path), rows, Labeller(model), report=lambda where, why: said.append((where, why)))
    assert (done, said) == (Written(2, 1), [("here", error)])
    if name == "out.jsonl":
        first, second = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
        assert "error" not in first
        assert (second["id"], second["error"]) == (2, error)
        assert {second[column] for column in ("stance", "stance_scores", "topics", "topic_scores")} == {None}
    elif name == "out.csv":
        first, second = table_of(path)
        assert (first["error"], second["error"], second["id"], second["stance"]) == ("", error, "2", "")
    else:
        first, second = pytest.importorskip("pyarrow.parquet").read_table(path).to_pylist()
        assert (first["error"], second["error"], second["id"], second["topics"]) == (None, error, "2", None)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), min_size=1, max_size=5))
@settings(max_examples=60)
def test_whatever_is_written_can_be_read_again(model: Classifier, texts: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name in ("out.csv", "out.jsonl", "out.parquet"):
            write(Path(folder) / name, model, map(TextRow, texts))
            assert texts_of(Path(folder) / name) == texts


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv", "out.parquet"])
def test_other_columns_are_kept_under_names_that_are_not_ours(model: Classifier, tmp_path: Path, name: str) -> None:
    (tmp_path / "in.csv").write_text("id,body,stance,error,text,input_stance\n7,Tea,pro,none,T,x\n", encoding="utf-8")
    rows = list(read_texts(str(tmp_path / "in.csv"), text_column="body"))
    write(tmp_path / name, model, rows)
    kept = ["id", "input_input_stance", "input_error", "input_text", "input_stance"]
    own = ["text", "stance", "stance_score_dislikes", "stance_score_likes", "topics"]
    own += ["topic_score_coffee", "topic_score_tea", "error"]
    if name == "out.jsonl":
        row = json.loads((tmp_path / name).read_text(encoding="utf-8"))
        assert list(row) == ["text", "stance", "stance_scores", "topics", "topic_scores", *kept]
    elif name == "out.csv":
        (row,) = table_of(tmp_path / name)
        assert list(row) == own + kept
    else:
        (row,) = pytest.importorskip("pyarrow.parquet").read_table(tmp_path / name).to_pylist()
        assert list(row) == own + kept
    assert [row[column] for column in kept] == ["7", "pro", "none", "T", "x"]
    write_labelled(str(tmp_path / name), rows, Labeller(model, keep_columns=False))
    assert b"input_" not in (tmp_path / name).read_bytes()


def test_a_column_that_comes_late_is_left_out_of_a_table_and_its_row_says_so(model: Classifier, tmp_path: Path) -> None:
    rows = [TextRow("Tea", others={"id": 1})] * 1_000 + [TextRow("Tea", others={"id": 2, "late": [1]})]
    assert write(tmp_path / "out.csv", model, rows).faults == 1
    last = table_of(tmp_path / "out.csv")[-1]
    assert last["error"] == "left out, as no row at the beginning has them: columns late."
    assert last["stance"]
    assert write(tmp_path / "out.jsonl", model, rows).faults == 0


def test_parquet_keeps_the_types_of_parquet(model: Classifier, tmp_path: Path) -> None:
    from datetime import UTC, datetime

    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    when = datetime(2025, 1, 20, tzinfo=UTC)
    columns = {"text": ["Tea", None], "stance": [1, 2], "when": [when, None], "tags": [["a"], []], "x": [1.5, math.nan]}
    source = str(tmp_path / "in.parquet")
    pq.write_table(pa.table(columns), source)
    write_labelled(str(tmp_path / "out.parquet"), read_texts(source), Labeller(model), Run(source))
    found = pq.read_table(tmp_path / "out.parquet")
    assert found["input_stance"].to_pylist() == [1, 2]
    assert found["when"].to_pylist() == [when, None]
    assert found["tags"].to_pylist() == [["a"], []]
    assert found["topics"].to_pylist()[1] is None
    write_labelled(str(tmp_path / "out.jsonl"), read_texts(source), Labeller(model), Run(source))
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(row["when"], row["x"]) for row in rows] == [("2025-01-20T00:00:00+00:00", 1.5), (None, None)]


def test_an_explanation_sums_to_its_score_and_goes_with_json_alone(model: Classifier, tmp_path: Path) -> None:
    labeller = Labeller(model, terms=2)
    write_labelled(str(tmp_path / "out.jsonl"), [TextRow("Lovely stale tea"), TextRow("")], labeller)
    row, bad = (json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines())
    found = row["explanation"]
    assert found["label"] == max(row["stance_scores"], key=row["stance_scores"].get)
    parts = [term["contribution"] for term in found["terms"]] + [found["intercept"], found["rest"]]
    assert len(found["terms"]) == 4
    assert sum(parts) == pytest.approx(found["score"], abs=1e-9)
    assert "explanation" not in bad
    with pytest.raises(UsageError, match=r"out\.csv: a table holds no explanations .*\.jsonl"):
        write_labelled(str(tmp_path / "out.csv"), [], labeller)


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv", "out.parquet"])
@pytest.mark.parametrize("stop", [0, 1, 999, 1_000, 2_300])
def test_an_interrupted_run_goes_on_to_the_same_bytes(model: Classifier, tmp_path: Path, name: str, stop: int) -> None:
    """Whatever the interruption leaves behind what is sure is cut off."""
    lines = ["{"] + [json.dumps({"text": f"{TEXTS[number % 6]}\n{number}", "n": number}) for number in range(2_500)]
    source, path = tmp_path / "in.jsonl", tmp_path / name
    source.write_text("\n".join(lines), encoding="utf-8")
    whole = write_labelled(str(tmp_path / f"whole-{name}"), read_texts(str(source)), Labeller(model), run_of(source))

    def broken() -> Iterator[TextRow]:
        yield from islice(read_texts(str(source)), stop)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_labelled(str(path), broken(), Labeller(model), run_of(source))
    assert not path.exists()
    partial = tmp_path / f".{name}.partial"
    if partial.exists():
        with (partial / "rows").open("ab") as stream:
            stream.write(b"half a ro")
    done = write_labelled(str(path), read_texts(str(source)), Labeller(model), run_of(source, resume=True))
    assert done == (whole.rows, whole.faults, stop // 1_000 * 1_000) == (2_501, 1, stop // 1_000 * 1_000)
    assert path.read_bytes() == (tmp_path / f"whole-{name}").read_bytes()
    assert not partial.exists()


def test_a_run_that_waits_writes_the_file_after_another_one(model: Classifier, tmp_path: Path) -> None:
    path, begun, go_on = tmp_path / "out.jsonl", Event(), Event()

    def slowly() -> Iterator[TextRow]:
        for number in range(1_500):  # more than are labelled at once
            if number == 1_200:
                begun.set()
                go_on.wait()
            yield TextRow("Tea")

    first = Thread(target=write_labelled, args=(str(path), slowly(), Labeller(model)))
    first.start()
    begun.wait()
    with pytest.raises(UsageError, match="another run is writing this file"):
        write_labelled(str(path), [TextRow("Milk")], Labeller(model))
    second = Thread(target=write_labelled, args=(str(path), [TextRow("Milk")], Labeller(model), Run(waits=True)))
    second.start()
    assert second.is_alive()
    go_on.set()
    first.join()
    second.join()
    assert [json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()] == ["Milk"]
    assert list(tmp_path.iterdir()) == [path]


def test_a_run_does_not_go_on_from_another_one(model: Classifier, tmp_path: Path) -> None:
    source, path = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text('{"text": "Tea"}\n' * 1_500, encoding="utf-8")

    def broken() -> Iterator[TextRow]:
        yield from islice(read_texts(str(source)), 1_200)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_labelled(str(path), broken(), Labeller(model), run_of(source))
    other = run_of(source, resume=True)
    assert other.made_from
    with pytest.raises(UsageError, match=r"the interrupted run had another model\. Repeat it as it was"):
        write_labelled(
            str(path),
            read_texts(str(source)),
            Labeller(model),
            other._replace(made_from={**other.made_from, "model": "n"}),
        )
    source.write_text('{"text": "Milk"}\n' * 1_500, encoding="utf-8")
    with pytest.raises(UsageError, match=r"the interrupted run had another input\. .*start again without --resume"):
        write_labelled(str(path), read_texts(str(source)), Labeller(model), run_of(source, resume=True))
    assert write_labelled(str(path), read_texts(str(source)), Labeller(model), run_of(source)) == Written(1_500, 0)


def test_two_runs_do_not_write_the_same_file(model: Classifier, tmp_path: Path) -> None:
    path = str(tmp_path / "out.jsonl")

    def rows() -> Iterator[TextRow]:
        for _ in range(1_000):
            yield TextRow("Tea")
        with pytest.raises(UsageError, match="another run is writing this file"):
            write_labelled(path, [TextRow("Milk")], Labeller(model))
        yield TextRow("Coffee")

    # The first thousand are labelled before anything is made.
    rows_then_more = (row for part in (rows(), [TextRow("Last")]) for row in part)
    assert write_labelled(path, rows_then_more, Labeller(model)) == Written(1_002, 0)
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]


def test_a_full_disk_leaves_no_file_and_the_run_goes_on_later(model: Classifier, tmp_path: Path) -> None:
    source, path = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text('{"text": "Tea"}\n' * 3_000, encoding="utf-8")
    with (
        files_no_larger_than(200_000),
        pytest.raises(InputError, match=r"out\.jsonl: .* \(got File too large\).*--resume"),
    ):
        write_labelled(str(path), read_texts(str(source)), Labeller(model), run_of(source))
    assert not path.exists()
    done = write_labelled(str(path), read_texts(str(source)), Labeller(model), run_of(source, resume=True))
    assert done.rows == 3_000
    assert done.resumed == 1_000


def test_json_lines_hold_one_object_a_text_with_what_the_model_holds(model: Classifier, tmp_path: Path) -> None:
    write(tmp_path / "out.jsonl", model, [TextRow("Lovely tea ☕"), TextRow("Awful")])
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [list(row) for row in rows] == [["text", "stance", "stance_scores", "topics", "topic_scores"]] * 2
    assert rows[0]["text"] == "Lovely tea ☕"
    assert "☕" in (tmp_path / "out.jsonl").read_text(encoding="utf-8")
    assert math.isclose(sum(rows[0]["stance_scores"].values()), 1, abs_tol=1e-5)


@pytest.mark.parametrize("name", ["out.csv", "out.tsv"])
def test_a_table_has_a_column_for_each_score(model: Classifier, tmp_path: Path, name: str) -> None:
    write(tmp_path / name, model, [TextRow("Lovely tea")])
    (row,) = table_of(tmp_path / name)
    (found,) = model.predict(["Lovely tea"])
    assert row == {
        "text": "Lovely tea",
        "stance": found.stance,
        **{f"stance_score_{label}": str(round(score, 6)) for label, score in (found.stance_scores or {}).items()},
        "topics": "|".join(found.topics or ()),
        **{f"topic_score_{label}": str(round(score, 6)) for label, score in (found.topic_scores or {}).items()},
        "error": "",
    }


def test_a_csv_file_holds_the_scores_of_targets_whose_stances_differ(tmp_path: Path) -> None:
    """One target of a model may never have been opposed in its training data."""
    corpus = Corpus(
        "cups",
        ("Lovely", "Awful", "Grand", "Plain"),
        ("likes", "dislikes", "likes", "indifferent"),
        targets=("ours", "ours", "theirs", "theirs"),
    )
    rows = [TextRow("Lovely", "ours"), TextRow("Plain", "theirs")]
    write(tmp_path / "out.csv", fit(corpus), rows)
    ours, theirs = table_of(tmp_path / "out.csv")
    assert float(ours["stance_score_likes"]) + float(ours["stance_score_dislikes"]) == pytest.approx(1, abs=1e-5)
    assert float(theirs["stance_score_likes"]) + float(theirs["stance_score_indifferent"]) == pytest.approx(1, abs=1e-5)


def test_another_ending_is_refused_before_anything_is_read(model: Classifier, tmp_path: Path) -> None:
    def never() -> Iterator[TextRow]:
        yield from ()
        pytest.fail("a text was read")

    with pytest.raises(UsageError, match=r"out\.xlsx: predictions cannot be written so .*\.jsonl, .* or \.parquet"):
        write(tmp_path / "out.xlsx", model, never())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv", "out.parquet"])
def test_a_fault_of_the_whole_in_the_middle_leaves_the_old_file(model: Classifier, tmp_path: Path, name: str) -> None:
    def rows() -> Iterator[TextRow]:
        yield from [TextRow("Tea")] * 1_500
        raise InputError("the disk is gone")

    (tmp_path / name).write_text("what was there", encoding="utf-8")
    with pytest.raises(InputError, match="the disk is gone"):
        write(tmp_path / name, model, rows())
    assert (tmp_path / name).read_text(encoding="utf-8") == "what was there"
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv", "out.parquet"])
def test_no_texts_make_a_file_without_rows(model: Classifier, tmp_path: Path, name: str) -> None:
    assert write(tmp_path / name, model, []) == Written(0, 0)
    assert texts_of(tmp_path / name) == []
    if name == "out.csv":
        assert (tmp_path / name).read_text(encoding="utf-8").startswith("text,stance,stance_score_")


def test_a_folder_is_no_file_to_write(model: Classifier, tmp_path: Path) -> None:
    (tmp_path / "out.csv").mkdir()
    with pytest.raises(InputError, match=r"out\.csv: the file cannot be written \(got a folder\)"):
        write(tmp_path / "out.csv", model, [])
    with pytest.raises(InputError, match=r"the file cannot be written \(got No such file"):
        write(tmp_path / "gone" / "out.csv", model, [])


def test_what_a_note_claims_is_on_the_disk_before_it(
    model: Classifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a loss of power nothing is believed that is not there."""
    source = tmp_path / "in.jsonl"
    source.write_text('{"text": "Tea"}\n' * 2_500, encoding="utf-8")
    events: list[str] = []
    sync, replace = os.fsync, Path.replace

    def noted_sync(handle: int) -> None:
        name = Path(f"/proc/self/fd/{handle}").readlink().name
        events.append(f"sync {name}")
        sync(handle)

    def noted_replace(self: Path, target: Path) -> Path:
        events.append(f"rename {Path(target).name}")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    monkeypatch.setattr(prediction_files, "_SURE_EVERY", 0.0)
    write_labelled(str(tmp_path / "out.jsonl"), read_texts(str(source)), Labeller(model), run_of(source))
    note = ["sync rows", "sync state.part", "rename state.json", "sync .out.jsonl.partial"]
    assert events == [*note * 3, "sync rows", "rename out.jsonl", f"sync {tmp_path.name}"]


def test_rows_that_were_lost_are_labelled_again(model: Classifier, tmp_path: Path) -> None:
    source, path = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text('{"text": "Tea"}\n' * 2_500, encoding="utf-8")

    def broken() -> Iterator[TextRow]:
        yield from islice(read_texts(str(source)), 2_200)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_labelled(str(path), broken(), Labeller(model), run_of(source))
    rows = tmp_path / ".out.jsonl.partial" / "rows"
    os.truncate(rows, rows.stat().st_size - 1)
    done = write_labelled(str(path), read_texts(str(source)), Labeller(model), run_of(source, resume=True))
    assert done == Written(2_500, 0, 0)
    assert len(path.read_text(encoding="utf-8").splitlines()) == 2_500


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv", "out.parquet"])
@pytest.mark.parametrize("stop", [1_000, 5_000, 7_777])
def test_a_scorers_run_goes_on_to_the_same_bytes(scorer: Scorer, tmp_path: Path, name: str, stop: int) -> None:
    source, path = tmp_path / "in.jsonl", tmp_path / name
    lines = [json.dumps({"text": f"{TEXTS[number % 6]}\n{number}", "n": number}) for number in range(9_000)]
    source.write_text("\n".join(lines), encoding="utf-8")
    write_labelled(str(tmp_path / f"whole-{name}"), read_texts(str(source)), Labeller(scorer), run_of(source))

    def broken() -> Iterator[TextRow]:
        yield from islice(read_texts(str(source)), stop)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_labelled(str(path), broken(), Labeller(scorer), run_of(source))
    done = write_labelled(str(path), read_texts(str(source)), Labeller(scorer), run_of(source, resume=True))
    assert done.resumed > 0
    assert path.read_bytes() == (tmp_path / f"whole-{name}").read_bytes()


def test_a_note_that_lacks_something_is_no_note(tmp_path: Path, model: Classifier) -> None:
    partial = tmp_path / ".out.jsonl.partial"
    partial.mkdir()
    (partial / "rows").write_bytes(b"{}\n")
    (partial / "state.json").write_text('{"rows": 1}', encoding="utf-8")
    run = Run("in.jsonl", {"model": "one"}, resume=True)
    written = write_labelled(str(tmp_path / "out.jsonl"), [TextRow("Lovely tea")], Labeller(model), run)
    assert written == Written(rows=1, faults=0)
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]

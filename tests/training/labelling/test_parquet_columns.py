"""A Parquet file that is labelled by its columns gives the bytes of one that is labelled by its rows."""

import json
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from iraqstance.training.classifier import Classifier
from iraqstance.training.flat.scorer import Scorer
from iraqstance.training.labelling.labeller import Labeller
from iraqstance.training.labelling.parquet_columns import goes_by_columns, labelled_columns
from iraqstance.training.labelling.prediction_files import Run, write_labelled
from iraqstance.training.labelling.prediction_tables import table_for
from iraqstance.training.labelling.text_rows import LONGEST
from iraqstance.training.labelling.texts import read_texts
from opinions import TEXTS

COUNT = 5_000  # more than are scored without compiled code
ODD = ["", " \n\u3000", "#FreshTea", "İ Σ", "كان الشاي", "\u00a0", "\u2003tea", "\x1f", "☕", "a\0b", None, "“Tea”"]


def texts_with(odd: list[Any], count: int = COUNT) -> list[Any]:
    """Return many texts, odd ones among them."""
    return [
        odd[number // 7 % len(odd)] if number % 7 == 3 else f"{TEXTS[number % 6]} {number}" for number in range(count)
    ]


def label(source: Path, labeller: Labeller, target: str | None = None, *, by_columns: bool) -> tuple[Any, ...]:
    """Label a file in one of the two ways."""
    said: list[tuple[str, str]] = []
    path = source.with_name(f"out-{by_columns}.parquet")
    rows = read_texts(str(source), target_column=target)
    run = Run(str(source), columns=("text", target) if by_columns else None)
    written = write_labelled(str(path), rows, labeller, run, lambda where, error: said.append((where, error)))
    return path.read_bytes(), written, said


def both_ways(table: Any, folder: Path, labeller: Labeller, target: str | None = None, **written: Any) -> Any:
    """Return what both ways give, which is the same."""
    source = folder / "in.parquet"
    pq.write_table(table, source, **written)
    by_rows = label(source, labeller, target, by_columns=False)
    assert label(source, labeller, target, by_columns=True) == by_rows
    return by_rows


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())], ids=str)
@pytest.mark.parametrize("min_confidence", [0.0, 0.6])
def test_odd_texts_give_the_same_bytes(scorer: Scorer, tmp_path: Path, kind: Any, min_confidence: float) -> None:
    texts = pa.array(texts_with(ODD)).cast(kind) if not pa.types.is_dictionary(kind) else None
    texts = pa.array(texts_with(ODD)).dictionary_encode() if texts is None else texts
    table = pa.table({"id": range(COUNT), "text": texts})
    _, written, said = both_ways(table, tmp_path, Labeller(scorer, min_confidence=min_confidence))
    assert written.rows == COUNT
    assert written.faults == len(said) > 200
    assert {error for _, error in said} == {"there is no text."}


def test_other_columns_give_the_same_bytes(scorer: Scorer, tmp_path: Path) -> None:
    when = datetime(2025, 1, 20, tzinfo=UTC)
    columns = {
        "stance": [1, None] * (COUNT // 2),
        "text": texts_with(ODD),
        "when": [when, None] * (COUNT // 2),
        "tags": [["a", "b"], [], None, [None]] * (COUNT // 4),
        "deep": [{"x": 1.5, "y": "z"}, None] * (COUNT // 2),
        "error": ["no", None] * (COUNT // 2),
        "x": [float("nan"), -0.0] * (COUNT // 2),
        "named": pa.array(["one", "two", None, "one"] * (COUNT // 4)).dictionary_encode(),
        "long": pa.array(["ключ", None] * (COUNT // 2), pa.large_string()),
        "none": pa.nulls(COUNT),
    }
    both_ways(pa.table(columns), tmp_path, Labeller(scorer), row_group_size=700)
    both_ways(pa.table(columns), tmp_path, Labeller(scorer, keep_columns=False))


def test_rows_of_several_targets_give_the_same_bytes(two_target_scorer: Scorer, tmp_path: Path) -> None:
    names = ["ours", "theirs", "ours", "ours", "theirs"] * (COUNT // 5)
    table = pa.table({"text": texts_with(["Tea"]), "about": names})
    both_ways(table, tmp_path, Labeller(two_target_scorer), "about")
    names[5], names[4], names[4_900] = "nobody's", "", ""
    table = pa.table({"text": texts_with([*ODD]), "about": names})
    _, _, said = both_ways(table, tmp_path, Labeller(two_target_scorer), "about")
    assert {error for _, error in said} >= {"the row names no target.", 'the model holds no such target: "nobody\'s".'}
    both_ways(table, tmp_path, Labeller(two_target_scorer, "ours"), "about")


def test_rows_with_other_faults_give_the_same_bytes(scorer: Scorer, tmp_path: Path) -> None:
    texts = [text.encode() for text in texts_with(["Tea"])]
    texts[4_321], texts[77] = b"caf\xe9", b"x" * (LONGEST + 1)
    broken = pa.Array.from_buffers(pa.string(), COUNT, pa.array(texts).buffers())
    _, written, said = both_ways(pa.table({"text": broken, "n": range(COUNT)}), tmp_path, Labeller(scorer))
    assert written.faults == 2
    assert said[1] == (f"{tmp_path / 'in.parquet'}: row 4322", "the text is not UTF-8.")


def test_few_rows_and_threads_change_nothing(flat: Path, tmp_path: Path) -> None:
    few = pa.table({"text": texts_with(ODD, 100)})
    both_ways(few, tmp_path, Labeller(Scorer(flat)))
    many = pa.table({"text": texts_with(ODD, 12_345)})
    found = both_ways(many, tmp_path, Labeller(Scorer(flat)))
    assert label(tmp_path / "in.parquet", Labeller(Scorer(flat, jobs=2), jobs=2), by_columns=True) == found


def test_odd_columns_beside_a_bad_text_are_kept_as_they_are(scorer: Scorer, tmp_path: Path) -> None:
    bad = pa.Array.from_buffers(pa.string(), 2, pa.array([b"tea", b"caf\xe9"]).buffers())
    columns = {
        "hash": pa.array([b"\xff" * 4, None], pa.binary(4)),
        "when": pa.array([2**59, 0]).view(pa.timestamp("us")),
        "twice": pa.array([[1], [2]]),
    }
    both_ways(pa.table({"text": bad, **columns}), tmp_path, Labeller(scorer))
    made = pq.read_table(tmp_path / "out-True.parquet")
    assert made.select(list(columns)).equals(pa.table(columns))
    assert made["error"].to_pylist() == [None, "the text is not UTF-8."]


@pytest.mark.parametrize("before", [0, 1, 999, 1_000, 2_047, 2_048, 2_049, 4_999, COUNT])
def test_a_run_goes_on_at_any_row(scorer: Scorer, tmp_path: Path, before: int) -> None:
    source = tmp_path / "in.parquet"
    pq.write_table(pa.table({"text": texts_with(["Tea"])}), source, row_group_size=1_000)
    labeller = Labeller(scorer)

    def found(start: int) -> list[str]:
        table = table_for(".parquet", labeller, {}, lambda _where, _error: None)
        parts = labelled_columns(str(source), ("text", None), labeller, table, start)  # type: ignore[arg-type]
        streams = (pa.ipc.open_stream(part).read_all()["text"].to_pylist() for part in parts)
        return [text for texts in streams for text in texts]

    assert found(before) == list(islice(found(0), before, None))


@pytest.mark.parametrize("kept", [False, True])
def test_few_long_texts_that_a_dictionary_repeats_are_never_all_held(
    scorer: Scorer, tmp_path: Path, *, kept: bool
) -> None:
    long = pa.array(["tea " * 30_000, "milk " * 30_000]).take(pa.array([0, 1] * 100))
    columns = {"text": ["Tea"] * 200, "beside": long} if kept else {"text": long.dictionary_encode()}
    source = tmp_path / "in.parquet"
    pq.write_table(pa.table(columns), source)
    assert source.stat().st_size < 1_000_000
    labeller = Labeller(scorer)
    table = table_for(".parquet", labeller, {}, lambda _where, _error: None)
    sizes = [len(part) for part in labelled_columns(str(source), ("text", None), labeller, table, 0)]  # type: ignore[arg-type]
    assert table.rows == 200
    assert sum(sizes) > 25_000_000
    assert max(sizes) < 5_000_000


def test_what_has_no_such_columns_goes_by_rows(model: Classifier, scorer: Scorer, tmp_path: Path) -> None:
    source = tmp_path / "in.parquet"
    columns = ("text", None)

    def goes(table: Any, labeller: Labeller) -> bool:
        pq.write_table(table, source)
        return goes_by_columns(str(source), columns, labeller)

    assert goes(pa.table({"text": ["Tea"], "n": [1]}), Labeller(scorer))
    assert not goes(pa.table({"text": ["Tea"], "n": [1]}), Labeller(model))
    assert not goes(pa.table({"text": pa.array([], pa.string())}), Labeller(scorer))
    assert not goes(pa.table({"text": [b"Tea"]}), Labeller(scorer))
    raw = pa.table({"text": ["Tea"], "raw": [b"\xff"]})
    assert not goes(raw, Labeller(scorer))
    assert goes(raw, Labeller(scorer, keep_columns=False))


def test_parquet_becomes_lines_as_rows_do(model: Classifier, scorer: Scorer, tmp_path: Path) -> None:
    source = tmp_path / "in.parquet"
    pq.write_table(pa.table({"id": range(2_000), "text": texts_with(ODD, 2_000)}), source)
    for name, one in (("a", model), ("b", scorer)):
        write_labelled(str(tmp_path / f"{name}.jsonl"), read_texts(str(source)), Labeller(one))
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
    assert json.loads((tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()[3])["error"]

"""The quick way gives the bytes of the general one, whatever stands in a row."""

from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iraqstance.training.classifier import Classifier, fit
from iraqstance.training.corpus import Corpus
from iraqstance.training.flat.flattening import write_flat
from iraqstance.training.flat.scorer import Scorer
from iraqstance.training.labelling.labeller import Labeller
from iraqstance.training.labelling.prediction_tables import Table, table_for
from iraqstance.training.labelling.text_rows import LONGEST, TextRow
from opinions import ODD_TEXTS, STANCES, TEXTS, TOPICS

ENDINGS = (".jsonl", ".csv", ".tsv", ".parquet")
ODD = [
    *map(TextRow, ODD_TEXTS),
    TextRow(""),
    TextRow(" \n\u3000", where="here"),
    TextRow("Milk \ud83d"),
    TextRow("x" * (LONGEST + 1)),
    TextRow("Well said #FreshTea, #stale"),
    TextRow("ΤΣΑΪ İstanbul Σ"),
    TextRow("Tea", others={"id": 1, "text": "T", "stance": 'a "quoted", one', "topics": ["a", "b"]}),
    TextRow("Tea", others={"id": True, "x": 1.5, "y": float("nan"), "z": None, "input_stance": -0.0}),
    TextRow("Tea", others={"deep": {"a": [1, {"b": None}]}, "line": "a\r\nb\tc", "big": 10**30}),
    TextRow("Tea", others={"half": "\udc80"}),
    TextRow("Tea", others={"stance%b": "%s {}", "ключ": "значение"}),
    TextRow("Tea", error="the row is damaged."),
    TextRow("", error="the row is damaged.", others={"id": 7}),
]


def said_by(labeller: Labeller, ending: str, rows: Sequence[TextRow], *, quickly: bool, folder: Path) -> list[object]:
    """Return bytes, faults and reports of a table that is made in one of the two ways."""
    said: list[object] = []
    table = table_for(ending, labeller, {}, lambda where, error: said.append((where, error)))
    parts = list(_quick(table, labeller, rows) if quickly else map(table.encoded, labeller.label(rows)))
    content = b"".join(parts)
    if ending == ".parquet":
        (folder / "rows").write_bytes(content)
        assert table.finish(str(folder / "rows"), str(folder / "table"))
        content = (folder / "table").read_bytes()
    return [content, table.rows, table.faults, table.columns, said]


def _quick(table: Table, labeller: Labeller, rows: Iterable[TextRow]) -> Iterable[bytes]:
    for chunk, findings in labeller.find(rows):
        yield table.found(chunk, findings)


def both_ways(labeller: Labeller, ending: str, rows: Sequence[TextRow], folder: Path) -> list[object]:
    """Return what both ways give."""
    general = said_by(labeller, ending, rows, quickly=False, folder=folder)
    assert said_by(labeller, ending, rows, quickly=True, folder=folder) == general
    return general


def without_halves(rows: Iterable[TextRow]) -> list[TextRow]:
    """Return the rows less those with half of a character in another column, which only JSON can spell."""
    return [row for row in rows if "half" not in row.others]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("min_confidence", [0.0, 0.55, 1.0])
@pytest.mark.parametrize("keep_columns", [True, False])
def test_odd_rows_give_the_same_bytes(
    scorer: Scorer, tmp_path: Path, ending: str, min_confidence: float, *, keep_columns: bool
) -> None:
    """A thousand plain rows come first, for in a table the first thousand go the general way."""
    labeller = Labeller(scorer, min_confidence=min_confidence, keep_columns=keep_columns)
    plain = [TextRow(f"{TEXTS[number % 6]} {number}", others={"id": number}) for number in range(1_200)]
    rows = [*plain, *(ODD if ending == ".jsonl" else without_halves(ODD)), *plain[:50], ODD[0]]
    found = both_ways(labeller, ending, rows, tmp_path)
    assert found[1] == len(rows)


@pytest.mark.parametrize("ending", ENDINGS)
def test_odd_rows_among_the_first_give_the_same_bytes(scorer: Scorer, tmp_path: Path, ending: str) -> None:
    both_ways(Labeller(scorer), ending, ODD if ending == ".jsonl" else without_halves(ODD), tmp_path)


@pytest.mark.parametrize("ending", ENDINGS)
def test_two_targets_give_the_same_bytes(two_target_scorer: Scorer, tmp_path: Path, ending: str) -> None:
    names = ("ours", "theirs", "", "nobody's", None)
    rows = [TextRow(f"{TEXTS[number % 6]} {number}", names[number % 5]) for number in range(1_500)]
    found = both_ways(Labeller(two_target_scorer, "theirs"), ending, rows, tmp_path)
    assert found[2] == 300
    both_ways(Labeller(two_target_scorer), ending, [row for row in rows if row.target is not None], tmp_path)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("part", ["stance", "topics", "one topic", "many topics"])
def test_models_of_one_kind_give_the_same_bytes(tmp_path: Path, ending: str, part: str) -> None:
    many = tuple((f"topic {number}", f"100% {number}", 'a "b"') for number in range(6))
    corpus = {
        "stance": Corpus("cups", TEXTS, STANCES),
        "topics": Corpus("cups", TEXTS, None, TOPICS),
        "one topic": Corpus("cups", TEXTS, None, tuple(("tea",) if "tea" in text else () for text in TEXTS)),
        "many topics": Corpus("cups", TEXTS, STANCES, many),
    }[part]
    write_flat(fit(corpus), tmp_path / "model.flat")
    rows = [TextRow(f"{TEXTS[number % 6]} {number}") for number in range(1_100)]
    both_ways(Labeller(Scorer(tmp_path / "model.flat"), min_confidence=0.4), ending, rows, tmp_path)


@given(
    st.lists(
        st.tuples(
            st.text(max_size=40),
            st.dictionaries(
                st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
                st.none()
                | st.booleans()
                | st.integers()
                | st.floats()
                | st.text(st.characters(exclude_categories=["Cs"]))
                | st.lists(st.integers(), max_size=2),
                max_size=3,
            ),
        ),
        max_size=8,
    )
)
@settings(max_examples=60)
def test_any_rows_give_the_same_lines(scorer: Scorer, rows: list[tuple[str, dict[str, object]]]) -> None:
    labeller = Labeller(scorer)
    given_rows = [TextRow(text, others=others) for text, others in rows]
    both_ways(labeller, ".jsonl", given_rows, Path())


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_threads_change_nothing(flat: Path, tmp_path: Path, jobs: int) -> None:
    rows = [TextRow(f"{TEXTS[number % 6]} {number}", others={"id": number}) for number in range(9_000)]
    one = said_by(Labeller(Scorer(flat)), ".jsonl", rows, quickly=True, folder=tmp_path)
    labeller = Labeller(Scorer(flat, jobs=jobs), jobs=jobs, is_large=True)
    assert said_by(labeller, ".jsonl", rows, quickly=True, folder=tmp_path) == one


def test_a_scorer_says_what_its_classifier_says(model: Classifier, scorer: Scorer, tmp_path: Path) -> None:
    rows = [TextRow(f"{TEXTS[number % 6]} {number}") for number in range(1_100)]
    quick = said_by(Labeller(scorer), ".jsonl", rows, quickly=True, folder=tmp_path)
    assert said_by(Labeller(model), ".jsonl", rows, quickly=False, folder=tmp_path) == quick


def test_rows_are_read_no_further_than_the_next_chunk(flat: Path) -> None:
    """Of a stream without end, with threads one chunk more."""
    taken: list[int] = []

    def endless() -> Iterable[TextRow]:
        for number in range(1_000_000):
            taken.append(number)
            yield TextRow(f"Tea {number}")

    found = Labeller(Scorer(flat, jobs=2), jobs=2).find(endless())
    assert len(list(islice(found, 1))) == 1
    assert len(taken) <= 2_000
    found.close()  # type: ignore[attr-defined]

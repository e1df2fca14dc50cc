"""The standard library alone scores a text as the pipelines do."""

import math
import re
import subprocess
import sys
from pathlib import Path

import pytest
from flat_models import LONG_TEXTS, MODELS, ODD_TEXTS, any_texts, assert_alike, content_of
from hypothesis import given, settings
from hypothesis import strategies as st
from iraqstance.training.flat.file import Output
from iraqstance.training.flat.one_text import chances, words_of

HEAVY = ("joblib", "numba", "numpy", "pandas", "pyarrow", "pydantic", "rich", "scipy", "sklearn", "typer", "yaml")
SCORES = st.lists(st.floats(-1e3, 1e3), min_size=3, max_size=3)


@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=5)
@given(texts=any_texts(2))
def test_any_text_is_scored_as_by_the_pipelines(name: str, texts: list[str]) -> None:
    assert_alike(name, "one text", texts)


@pytest.mark.parametrize("name", MODELS)
def test_odd_texts_are_scored_as_by_the_pipelines(name: str) -> None:
    assert_alike(name, "one text", ODD_TEXTS)


def test_long_texts_are_scored_as_by_the_pipelines() -> None:
    assert_alike("two stances", "one text", LONG_TEXTS)


@given(st.text(st.characters()))
def test_words_are_those_of_scikit_learns_pattern(text: str) -> None:
    assert words_of(text) == re.findall(r"(?u)\b\w\w+\b", text)


@given(SCORES)
def test_chances_of_stances_sum_to_one_however_far_scores_are_apart(scores: list[float]) -> None:
    found = chances(Output("stance", ("a", "b", "c"), "softmax", columns=3), scores)
    assert math.isclose(sum(found), 1)
    assert max(found) == found[scores.index(max(scores))]


@given(SCORES)
def test_chances_of_two_stances_and_of_topics_are_logistic(scores: list[float]) -> None:
    topics = chances(Output("topics", ("a", "b", "c"), "sigmoid", columns=3), scores)
    assert topics == pytest.approx([(1 + math.tanh(score / 2)) / 2 for score in scores])
    for number, share in enumerate(topics):
        output = Output("stance", ("a", "b"), "logistic", first=number, columns=1)
        assert chances(output, scores) == [1 - share, share]


def test_a_constant_says_the_same_of_everything() -> None:
    assert chances(Output("stance", ("a", "b"), "constant", shares=(0.25, 0.75)), []) == [0.25, 0.75]


@pytest.mark.parametrize(
    ("imported", "done"),
    [
        ("iraqstance.training.flat.file", ""),
        ("iraqstance.training.flat.one_text", ""),
        (
            "iraqstance.training.flat.scorer",
            "iraqstance.training.flat.scorer.Scorer(sys.argv[1]).predict(['Fresh tea'] * 5)",
        ),
    ],
)
def test_nothing_heavy_is_imported_for_a_few_texts(imported: str, done: str, tmp_path: Path) -> None:
    file = tmp_path / "cups.flat"
    file.write_bytes(content_of("fit: stance and topics"))
    code = f"import sys, {imported}; {done or 'None'}; print(*sorted(m for m in sys.modules if m in {HEAVY}))"
    ran = subprocess.run([sys.executable, "-c", code, str(file)], check=True, capture_output=True, text=True)
    assert ran.stdout == "\n"

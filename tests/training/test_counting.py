"""Counting in compiled code gives what scikit-learn's ``CountVectorizer`` gives, whatever the texts hold."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iraqstance.training import counting, features
from iraqstance.training.counting import countable, word_counts
from iraqstance.training.recipe import word_features
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

# Words that share beginnings, letters of two bytes to four, and what small letters, marks and digits do to a word.
WORDS = st.one_of(
    st.sampled_from(
        [
            "tea",
            "Tea",
            "teas",
            "a",
            "o'clock",
            "_x",
            "1,000",
            "İzmir",
            "ΑΣ",
            "ΑΣΑ",
            "ß",
            "ǅ",
            "e\u0301té",
            "茶",
            "𝒯𝒯",
            "\ud800k",
        ]
    ),
    st.text(max_size=12),
)
TEXTS = st.lists(st.lists(WORDS, max_size=12).map(" ".join), min_size=2, max_size=12)


def both(texts: Sequence[str], **options: Any) -> tuple[Any, Any]:
    """Return the vectorisers with what each counts, or the error that each raises."""
    made = []
    for count in (CountVectorizer.fit_transform, word_counts):
        tool = TfidfVectorizer(**options)
        try:
            counts = count(tool, texts)
            counts.sort_indices()
            made.append((tool.vocabulary_, counts))
        except ValueError as error:
            made.append((str(error), None))
    return made[0], made[1]


def assert_equal(texts: Sequence[str], **options: Any) -> None:
    (vocabulary, counts), (own_vocabulary, own_counts) = both(texts, **options)
    assert own_vocabulary == vocabulary
    if counts is not None:
        assert own_counts.shape == counts.shape
        assert own_counts.dtype == counts.dtype
        assert all(
            np.array_equal(getattr(own_counts, part), getattr(counts, part)) for part in ("indptr", "indices", "data")
        )


@settings(max_examples=150)
@given(
    TEXTS,
    st.sampled_from([(1, 1), (1, 2), (1, 3)]),
    st.sampled_from([1, 2]),
    st.sampled_from([{}, {"lowercase": False}]),
)
def test_vocabulary_and_counts_are_those_of_scikit_learn(
    texts: list[str], ngram_range: tuple[int, int], least: int, more: dict[str, bool]
) -> None:
    assert_equal(texts, ngram_range=ngram_range, min_df=least, **more)


def test_tables_that_grow_and_texts_in_several_parts_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(7)
    texts = [" ".join(f"w{number}" for number in random.zipf(1.4, 40) % 5_000) for _ in range(900)]
    monkeypatch.setattr(counting, "_TEXTS", 70)
    assert_equal(texts, ngram_range=(1, 3), min_df=2)


@pytest.mark.parametrize("texts", [["", "a b"], ["one", "two"]], ids=["no word", "no word twice"])
def test_texts_without_a_term_raise_what_scikit_learn_raises(texts: list[str]) -> None:
    (expected, _), (said, _) = both(texts, min_df=2)
    assert said == expected


@pytest.mark.parametrize(
    "options",
    [
        {"analyzer": "char_wb"},
        {"ngram_range": (2, 2)},
        {"min_df": 0.5},
        {"max_features": 10},
        {"stop_words": "english"},
        {"token_pattern": r"\S+"},
        {"strip_accents": "unicode"},
        {"binary": True},
    ],
    ids=str,
)
def test_other_ways_of_counting_are_left_to_scikit_learn(options: dict[str, Any]) -> None:
    assert not countable(TfidfVectorizer(**options))


def test_many_texts_are_counted_in_compiled_code_with_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["tea with milk", "milk with tea", "no tea"] * 3
    expected = features.counted(word_features(), texts)
    monkeypatch.setattr(features, "_MANY", 5)
    called = []
    monkeypatch.setattr(counting, "word_counts", lambda *given: called.append(given) or word_counts(*given))
    found = features.counted(word_features(), texts)
    assert len(called) == 1
    assert (found["word"] != expected["word"]).nnz == 0


def test_without_compiled_code_scikit_learn_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "_MANY", 1)
    monkeypatch.setattr(features, "find_spec", lambda _: None)
    monkeypatch.setattr(counting, "word_counts", lambda *_: pytest.fail("called"))
    assert features.counted(word_features(), ["tea and tea", "tea"])["word"].shape == (2, 1)

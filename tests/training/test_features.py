"""Counts that are made once give the same features as fitting anew."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from iraqstance.training.features import Blocks, counted, lumped, weighted, weighted_apart
from iraqstance.training.recipe import baseline_features, word_features
from scipy import sparse

TEXTS = ["Fine tea, fine cup", "Good tea", "Bad tea", "Poor coffee and milk", "fine coffee", "Bad fine tea"]


def side_by_side(blocks: object) -> np.ndarray:
    return np.asarray(sparse.hstack(list(blocks.values())).todense())  # type: ignore[attr-defined]


@given(st.lists(st.lists(st.sampled_from(["tea", "Tea", "a", "cup", "çay", "No"]), max_size=6), min_size=3, max_size=8))
def test_weighting_counts_fits_the_features_as_they_fit_themselves(rows: list[list[str]]) -> None:
    texts = [*map(" ".join, rows), "fine tea", "fine tea"]
    for make in (baseline_features, word_features):
        features, plain = make(), make()
        found = side_by_side(weighted(features, counted(features, texts)))
        expected = plain.fit_transform(texts).toarray()
        assert found == pytest.approx(expected)
        assert features.transform(texts).toarray() == pytest.approx(expected)
        for (_, own), (_, other) in zip(features.transformer_list, plain.transformer_list, strict=True):
            assert own.vocabulary_ == other.vocabulary_


def each_alone(counts: Blocks) -> dict[str, np.ndarray]:
    return {name: np.ones(block.shape[1], dtype=np.int64) for name, block in counts.items()}


def test_held_out_rows_are_seen_as_by_features_fitted_on_the_others() -> None:
    features = baseline_features()
    rows, held_out = np.array([0, 2, 3]), np.array([1, 4, 5])
    counts = counted(features, TEXTS)
    here, there = weighted_apart(features, counts, each_alone(counts), rows, held_out)
    plain = baseline_features().fit([TEXTS[row] for row in rows])
    assert side_by_side(here) == pytest.approx(plain.transform([TEXTS[row] for row in rows]).toarray())
    assert side_by_side(there) == pytest.approx(plain.transform([TEXTS[row] for row in held_out]).toarray())


def test_equal_columns_made_one_keep_every_scalar_product() -> None:
    """Of the rows learned from, and of those with the held-out ones: that is all that a linear machine sees."""
    features = baseline_features()
    rows, held_out = np.array([0, 2, 3, 5]), np.array([1, 4])
    counts = counted(features, TEXTS)
    fewer, copies = lumped(counts)
    for name, block in counts.items():
        assert fewer[name].shape[1] < block.shape[1]
        assert copies[name].sum() == block.shape[1]
        assert fewer[name] @ copies[name] == pytest.approx(np.asarray(block.sum(axis=1)).ravel())
        assert len(np.unique(fewer[name].toarray(), axis=1).T) == fewer[name].shape[1]
    here, there = map(side_by_side, weighted_apart(features, fewer, copies, rows, held_out))
    plain, others = map(side_by_side, weighted_apart(features, counts, each_alone(counts), rows, held_out))
    assert here @ here.T == pytest.approx(plain @ plain.T)
    assert there @ here.T == pytest.approx(others @ plain.T)


@pytest.mark.parametrize(
    ("texts", "message"),
    [(["?", "a"], "empty vocabulary"), ([""], "empty vocabulary"), (["fine tea", "good coffee"], "no terms remain")],
)
def test_texts_without_words_have_no_vocabulary(texts: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        counted(word_features(), texts)

"""The pipelines are the ones that the measurements recommend, made of scikit-learn's own types."""

from typing import Any

import pytest
from iraqstance.training.recipe import (
    baseline_features,
    constant_pipeline,
    settings_for,
    stance_pipeline,
    topics_pipeline,
)

TEXTS = ["fine tea", "good tea", "bad tea", "poor coffee", "fine coffee", "bad milk"]
STANCES = ["pro", "pro", "con", "con", "pro", "con"]
TOPICS = [[1, 0], [1, 0], [1, 0], [0, 1], [0, 1], [1, 1]]


def fitted() -> dict[str, Any]:
    return {
        "stance": stance_pipeline().fit(TEXTS, STANCES),
        "topics": topics_pipeline().fit(TEXTS, TOPICS),
        "constant": constant_pipeline().fit(TEXTS, STANCES),
    }


def test_features_are_words_beside_characters_within_words() -> None:
    vectorisers = dict(baseline_features().transformer_list)
    assert {
        name: (tool.analyzer, tool.ngram_range, tool.sublinear_tf, tool.lowercase) for name, tool in vectorisers.items()
    } == {
        "word": ("word", (1, 2), True, True),
        "char": ("char_wb", (2, 5), True, True),
    }


def test_pipelines_end_in_logistic_regressions() -> None:
    assert type(stance_pipeline()["classifier"]).__name__ == "LogisticRegression"
    topics = topics_pipeline()["classifier"]
    assert (type(topics).__name__, type(topics.estimator).__name__) == ("OneVsRestClassifier", "LogisticRegression")


@pytest.mark.parametrize(
    ("rows", "blocks", "folds"),
    [(3, ["word", "char"], 5), (2_000, ["word", "char"], 5), (2_001, ["word", "char"], 1), (20_001, ["word"], 1)],
)
def test_settings_go_with_the_size_of_the_data(rows: int, blocks: list[str], folds: int) -> None:
    settings = settings_for(["what fine tea"] * rows)
    assert [name for name, _ in settings.features().transformer_list] == blocks
    assert {name for one in settings.candidates for member in one.members for name in member.blocks} == set(blocks)
    assert settings.calibrated_on == folds
    assert settings.balanced == (len(blocks) == 2)


def test_characters_stay_where_a_script_does_not_divide_words() -> None:
    settings = settings_for(["这杯茶很好喝"] * 20_001)
    assert [name for name, _ in settings.features().transformer_list] == ["word", "char"]


def test_the_simplest_candidate_comes_first() -> None:
    for rows in (10, 20_001):
        assert len(settings_for(["what fine tea"] * rows).candidates[0].members) == 1


@pytest.mark.parametrize("name", ["stance", "topics", "constant"])
def test_a_fitted_pipeline_needs_no_type_to_be_trusted(name: str) -> None:
    import skops.io

    assert skops.io.get_untrusted_types(data=skops.io.dumps(fitted()[name])) == []


@pytest.mark.parametrize("name", ["stance", "topics", "constant"])
def test_fitting_twice_gives_the_same_figures(name: str) -> None:
    first, second = fitted()[name].predict_proba(TEXTS), fitted()[name].predict_proba(TEXTS)
    assert first.tolist() == second.tolist()


def test_a_constant_says_the_commonest_label() -> None:
    constant = constant_pipeline().fit(["a", "b", "c"], ["con", "pro", "pro"])
    assert list(constant.predict(["x", ""])) == ["pro", "pro"]

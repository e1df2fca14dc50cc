"""The pipelines are the ones that the measurements recommend, made of scikit-learn's own types."""

from typing import Any

import pytest
from iraqstance.training.recipe import baseline_features, constant_pipeline, stance_pipeline, topics_pipeline

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


def test_stance_is_a_balanced_logistic_regression() -> None:
    classifier = stance_pipeline()["classifier"]
    assert type(classifier).__name__ == "LogisticRegression"
    assert classifier.class_weight == "balanced"


def test_topics_are_one_balanced_logistic_regression_each() -> None:
    classifier = topics_pipeline()["classifier"]
    assert type(classifier).__name__ == "OneVsRestClassifier"
    assert type(classifier.estimator).__name__ == "LogisticRegression"
    assert classifier.estimator.class_weight == "balanced"


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

"""The pipelines: TF-IDF of words and characters, then balanced logistic regression."""

from typing import Any

from iraqstance.annotation.errors import from_extra

__all__ = ["baseline_features", "constant_pipeline", "stance_pipeline", "topics_pipeline"]

_STRENGTH = 3.0  # inverse of the regularisation strength: see the measurements that the README names
_ITERATIONS = 2000


def stance_pipeline() -> Any:
    """Return an unfitted scikit-learn pipeline from texts to one stance.

    Raises:
        MissingExtraError: Without the extra ``train``.
    """
    with from_extra("train"):
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import Pipeline
    regression = LogisticRegression(C=_STRENGTH, class_weight="balanced", max_iter=_ITERATIONS)
    return Pipeline([("features", baseline_features()), ("classifier", regression)])


def constant_pipeline() -> Any:
    """Return an unfitted pipeline that gives every text the commonest label."""
    from sklearn.dummy import DummyClassifier
    from sklearn.pipeline import Pipeline

    return Pipeline([("classifier", DummyClassifier(strategy="prior"))])


def topics_pipeline() -> Any:
    """Return an unfitted scikit-learn pipeline from texts to a table of topics, one column each, one-vs-rest.

    Raises:
        MissingExtraError: Without the extra ``train``.
    """
    with from_extra("train"):
        from sklearn.linear_model import LogisticRegression
        from sklearn.multiclass import OneVsRestClassifier
        from sklearn.pipeline import Pipeline
    regression = LogisticRegression(C=_STRENGTH, class_weight="balanced", max_iter=_ITERATIONS)
    return Pipeline([("features", baseline_features()), ("classifier", OneVsRestClassifier(regression))])


def baseline_features() -> Any:
    """Return TF-IDF of word 1-2-grams beside TF-IDF of character 2-5-grams within words, both sublinear."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import FeatureUnion

    return FeatureUnion(
        [
            ("word", TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)),
            ("char", TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)),
        ]
    )

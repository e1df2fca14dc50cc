"""The unfitted parts: features, members, and the settings that go with the size of the data."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from iraqstance.annotation.errors import from_extra
from iraqstance.annotation.normalise import sha256_of

__all__ = [
    "COARSE",
    "Candidate",
    "Member",
    "Settings",
    "baseline_features",
    "constant_pipeline",
    "recipe_fingerprint",
    "settings_for",
    "stance_pipeline",
    "topics_pipeline",
    "word_features",
]

#: Tolerance beyond a few rows, and for models that are only tried: scores differ by some thousandths, in half the time.
COARSE = 0.05
_FEW, _LARGE = 2_000, 20_000  # rows
_WORDS = 3  # a text on average, where words are told apart by spaces


@dataclass(frozen=True, slots=True)
class Member:
    """A linear support vector machine, one-vs-rest, on some blocks of the features.

    Attributes:
        blocks: Names of the blocks.
        strength: Inverse of the regularisation strength, above 0.
        tolerance: Of the solver.
    """

    blocks: tuple[str, ...]
    strength: float
    tolerance: float = 1e-4


@dataclass(frozen=True, slots=True)
class Candidate:
    """Members whose scores are averaged."""

    name: str
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """What suits a number of rows.

    Attributes:
        candidates: What is chosen among, the simplest first; without a choice, the first.
        balanced: Whether the rare label weighs as much as the common one.
        chosen_on: Rows that the choice is made on, at most.
        calibrated_on: Folds of five that are held out in turn to calibrate.
    """

    candidates: tuple[Candidate, ...]
    balanced: bool
    chosen_on: int
    calibrated_on: int

    def features(self) -> Any:
        """Return the unfitted features that hold the members' blocks.

        Raises:
            MissingExtraError: Without the extra ``train``.
        """
        return word_features() if self.candidates is _BIG else baseline_features()


_BOTH = ("word", "char")


def _with_characters(tolerance: float) -> tuple[Candidate, ...]:
    whole, words = Member(_BOTH, 1.0, tolerance), Member(("word",), 1.0, tolerance)
    return (
        Candidate("both, C = 1", (whole,)),
        Candidate("both, C = 0.1", (Member(_BOTH, 0.1, tolerance),)),
        Candidate("both, words and characters averaged", (whole, words, Member(("char",), 1.0, tolerance))),
        # Fitted for the average anyway; last, for on little data characters seldom harm.
        Candidate("words, C = 1", (words,)),
    )


_SMALL, _MIDDLE = _with_characters(1e-4), _with_characters(COARSE)
_BIG = tuple(
    Candidate(f"words, C = {strength}", (Member(("word",), strength, COARSE),)) for strength in (0.1, 0.3, 1.0)
)


def settings_for(texts: Sequence[str]) -> Settings:
    """Return the settings for so many texts.

    Up to 2,000 rows every fold of five is held out in turn, for the choice and the calibration alike. Beyond, the
    choice is made on a sample and one fold calibrates. Beyond 20,000 there are enough rows of rare labels too: nothing
    is weighted, and probabilities keep the labels' own frequencies. Words are enough there, in a script that has them:
    characters cost five times the time and gain nothing.
    """
    rows = len(texts)
    if rows <= _LARGE or sum(len(text.split()) for text in texts) < _WORDS * rows:
        few = rows <= _FEW
        return Settings(
            _SMALL if few else _MIDDLE, balanced=rows <= _LARGE, chosen_on=_FEW, calibrated_on=5 if few else 1
        )
    return Settings(_BIG, balanced=False, chosen_on=10_000, calibrated_on=1)


def baseline_features() -> Any:
    """Return TF-IDF of word 1-2-grams beside TF-IDF of character 2-5-grams within words, both sublinear.

    Raises:
        MissingExtraError: Without the extra ``train``.
    """
    with from_extra("train"):
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.pipeline import FeatureUnion

    return FeatureUnion(
        [
            ("word", TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)),
            ("char", TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)),
        ]
    )


def word_features() -> Any:
    """Return TF-IDF of the word 1-2-grams that two texts or more have, sublinear.

    Raises:
        MissingExtraError: Without the extra ``train``.
    """
    with from_extra("train"):
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.pipeline import FeatureUnion

    return FeatureUnion([("word", TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True))])


def stance_pipeline() -> Any:
    """Return the unfitted shape of a pipeline from texts to one stance.

    Raises:
        MissingExtraError: Without the extra ``train``.
    """
    with from_extra("train"):
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import Pipeline
    return Pipeline([("features", baseline_features()), ("classifier", LogisticRegression())])


def topics_pipeline() -> Any:
    """Return the unfitted shape of a pipeline from texts to a table of topics, one column each, one-vs-rest.

    Raises:
        MissingExtraError: Without the extra ``train``.
    """
    with from_extra("train"):
        from sklearn.linear_model import LogisticRegression
        from sklearn.multiclass import OneVsRestClassifier
        from sklearn.pipeline import Pipeline
    return Pipeline([("features", baseline_features()), ("classifier", OneVsRestClassifier(LogisticRegression()))])


def constant_pipeline() -> Any:
    """Return an unfitted pipeline that gives every text the commonest label."""
    from sklearn.dummy import DummyClassifier
    from sklearn.pipeline import Pipeline

    return Pipeline([("classifier", DummyClassifier(strategy="prior"))])


def recipe_fingerprint() -> str:
    """Return a hash of everything that decides what is fitted, at every size of data.

    Raises:
        MissingExtraError: Without the extra ``train``.
    """
    whole = 10**6  # characters: shorter ones would be cut
    settings = [settings_for(["some three words"] * rows) for rows in (1, _FEW + 1, _LARGE + 1)]
    parts = (stance_pipeline(), topics_pipeline(), *(one.features() for one in settings))
    shown = (" ".join(part.__repr__(N_CHAR_MAX=whole).split()) for part in parts)
    return sha256_of(json.dumps([*shown, *map(repr, settings), COARSE]))

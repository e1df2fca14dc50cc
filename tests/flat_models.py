"""Classifiers of every shape that a flat file holds, and texts of every kind, for tests of what scores them."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from cups import CORPUS
from hypothesis import strategies as st
from iraqstance.training.classifier import Classifier, fit
from iraqstance.training.corpus import Corpus
from iraqstance.training.flat.flattening import flattened
from iraqstance.training.flat.one_text import scores_of
from iraqstance.training.flat.scorer import Scorer
from iraqstance.training.preparation import prepared
from numpy.typing import NDArray
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import FeatureUnion, Pipeline

__all__ = [
    "ENGINES",
    "LONG_TEXTS",
    "MODELS",
    "ODD_TEXTS",
    "TRAINED_ON",
    "any_texts",
    "assert_alike",
    "content_of",
    "engine",
    "model_of",
    "one_stance",
    "scorer_of",
    "scores_by",
    "true_scores",
    "union",
]

Floats = NDArray[np.float64]

WORDS = (
    *("tea", "Tea", "TEA", "coffee", "fresh", "stale", "a", "I", "ab", "of", "it's", "don’t", "o'clock", "tea-coffee"),
    *("10", "10.5", "1,000", "7", "²", "½", "Ⅷ", "٣٤", "x_y", "_", "__", "_a"),
    *("İstanbul", "İ", "ı", "I\u0307", "Σίσυφος", "ΟΔΥΣΣΕΥΣ", "οδυσσεύς", "ΑΣ", "ΑΣΑ", "ΑΣ'Α", "Σ", "ς", "σ"),
    *("ß", "STRASSE", "ẞ", "ǅ", "ǅungla", "K", "ﬁn", "e\u0301", "\u0301", "n\u0303o", "q\u0307\u0323", "Ω", "ᾈ"),
    *(
        "日本語",
        "テスト",
        "茶",
        "شاي",
        "كان",
        "कॉफ़ी",
        "кофе",
        "teaчай",
        "😀",
        "👩‍👩‍👧",
        "😀tea",
        "te\u200ba",
        "te\u00ada",
    ),
    *("\0", "\0tea", "tea\0", "\0\0", "te\x07a", "\ud800", "te\ud83da", "\udfff", "\ufeff", "\uffff", "\U0010ffff"),
    *("#USOutOfTea", "#tea", "#FreshTea2024", "#", "x#y", "&#8217;", "#Σ", "#شاي_أخضر", "##FreshTea", "C#Sharp"),
    *("t" * size for size in (45, 46, 47, 48, 49, 50, 63, 64, 65, 66, 200)),
    *("tea" * 15, "tea" * 16, "tea" * 17, "tea" * 21, "tea" * 22, "茶" * 48, "茶" * 49, "ab-" * 20, "Σ" * 49),
)
SPACES = (
    *(" ", "  ", "\n", "\t", "\r\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x1f", "\x85", "\u00a0", "\u1680"),
    *("\u2000", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000", ", ", ".", "-", "’", "/", "\u200b", "\u180e"),
)
ODD_TEXTS = (
    "",
    *SPACES,
    *WORDS,
    *(f"{word} {word}" for word in WORDS),
    " ".join(WORDS),
    "tea".join(SPACES),
    "tea " * 300 + "coffee " * 299 + "fresh",
    "\0 tea \0tea",
    "a b c d e",
)
LONG_TEXTS = (
    "fresh tea " * 20_000,
    "tea" * 20_000,
    " ".join(f"tea{number} coffee" for number in range(3_000)),
)


@cache
def _made(count: int = 40) -> tuple[str, ...]:
    chance = random.Random(7)  # noqa: S311 - no secret
    return tuple(
        "".join(f"{chance.choice(WORDS)}{chance.choice(SPACES)}" for _ in range(chance.randrange(1, 30)))
        for _ in range(count)
    )


#: Texts of all these words, each word in two or more of them.
TRAINED_ON = (*_made(), " ".join(WORDS), " ".join(WORDS[::-1]))


def any_texts(most: int = 5) -> st.SearchStrategy[list[str]]:
    """Return lists of texts: known words and any others, some of them many times, between white space of all kinds."""
    word = st.sampled_from(WORDS) | st.text(max_size=6) | st.text(st.characters(), min_size=40, max_size=70)
    turn = st.tuples(word, st.sampled_from(SPACES), st.sampled_from((*(1,) * 15, 2, 3, 5, 300)))
    text = st.lists(turn, max_size=9).map(lambda turns: "".join((part + space) * times for part, space, times in turns))
    return st.lists(text | text.map(str.strip) | st.text(), max_size=most)


def words(shortest: int = 1, longest: int = 2, **options: Any) -> tuple[str, Any]:
    return "word", TfidfVectorizer(ngram_range=(shortest, longest), **({"sublinear_tf": True} | options))


def letters(shortest: int = 2, longest: int = 5, **options: Any) -> tuple[str, Any]:
    made = {"sublinear_tf": True} | options
    return "char", TfidfVectorizer(analyzer="char_wb", ngram_range=(shortest, longest), **made)


def union(*blocks: tuple[str, Any]) -> Any:
    return FeatureUnion(list(blocks))


def _labels(number: int, rows: int) -> list[str]:
    return [f"label {row * row * 7 % 11 % number}" for row in range(rows)]


def one_stance(features: Any, number: int = 3, texts: Sequence[str] = TRAINED_ON, classifier: Any = None) -> Any:
    """Return a fitted pipeline of a stance of so many labels."""
    whole = Pipeline([("features", features), ("classifier", classifier or LogisticRegression(C=30.0, tol=0.01))])
    return whole.fit(texts, _labels(number, len(texts)))


def some_topics(features: Any, number: int) -> Any:
    """Return a fitted pipeline of so many topics."""
    rows = np.arange(len(TRAINED_ON))[:, None]
    table = ((rows + np.arange(number)) * (np.arange(number) % 6 + 1) % 7 < 3).astype(np.int64)
    whole = OneVsRestClassifier(LogisticRegression(C=30.0, tol=0.01))
    return Pipeline([("features", features), ("classifier", whole)]).fit(TRAINED_ON, table)


def _alone(*blocks: tuple[str, Any], number: int = 3) -> Classifier:
    return Classifier({"": one_stance(union(*blocks), number)})


def _with_topics(number: int, stances: int = 2) -> Classifier:
    topics = some_topics(union(words(), letters()), number)
    names = tuple(f"topic {one}" for one in range(number))
    return Classifier({"": one_stance(topics[0], stances)}, topics, names, 0.4)


def _constant() -> Any:
    return Pipeline([("classifier", DummyClassifier(strategy="prior"))])


def _shared() -> Classifier:
    features = union(words(), letters()).fit(TRAINED_ON)
    made = {}
    for target, number in (("ours", 2), ("theirs", 4)):
        classifier = LogisticRegression(C=30.0, tol=0.01)
        classifier.fit(features.transform(TRAINED_ON), _labels(number, len(TRAINED_ON)))
        made[target] = Pipeline([("features", features), ("classifier", classifier)])
    return Classifier(made)


def _apart() -> Classifier:
    half = len(TRAINED_ON) // 2
    first = one_stance(union(words(), letters()), 2, TRAINED_ON[:half])
    second = one_stance(union(words(), letters()), 3, TRAINED_ON[half:])
    constant = _constant().fit(["tea", "coffee"], ["label 1", "label 1"])
    return Classifier({"ours": first, "theirs": second, "nobody's": constant})


MODELS: Mapping[str, Callable[[], Classifier]] = {
    "fit: stance and topics": lambda: fit(CORPUS),
    "fit: topics alone": lambda: fit(replace(CORPUS, stances=None)),
    "fit: a topic that never varies": lambda: fit(
        replace(CORPUS, topics=tuple((*topics, "drink") for topics in CORPUS.topics or ()))
    ),
    "fit: two targets, one of them constant": lambda: fit(
        Corpus(
            "cups",
            CORPUS.texts * 2,
            (*(CORPUS.stances or ()), *("likes",) * 10),
            None,
            None,
            ("ours",) * 10 + ("theirs",) * 10,
        ),
        constant=True,
    ),
    "a constant alone": lambda: Classifier({"": _constant().fit(["tea", "coffee"], ["likes", "likes"])}),
    "two stances": lambda: _alone(words(), letters(), number=2),
    "three stances": lambda: _alone(words(), letters(), number=3),
    "one topic": lambda: replace(_with_topics(1), stance={}),
    "nine topics": lambda: _with_topics(9, 3),
    "targets that share words": _shared,
    "targets with words of their own": _apart,
    "no union": lambda: Classifier({"": one_stance(words()[1])}),
    "characters before words": lambda: _alone(letters(), words()),
    "words alone": lambda: _alone(words(1, 2)),
    "single words": lambda: _alone(words(1, 1)),
    "two or three words": lambda: _alone(words(2, 3)),
    "one to three words": lambda: _alone(words(1, 3)),
    "characters alone": lambda: _alone(letters(2, 5)),
    "single characters": lambda: _alone(letters(1, 1)),
    "three to five characters": lambda: _alone(letters(3, 5)),
    "four to six characters": lambda: _alone(letters(4, 6)),
    "one to sixteen of each": lambda: _alone(words(1, 16), letters(1, 16)),
    "not sublinear": lambda: _alone(words(sublinear_tf=False), letters(sublinear_tf=False)),
    "words sublinear alone": lambda: _alone(words(), letters(sublinear_tf=False)),
    "no norm": lambda: _alone(words(norm=None), letters(norm=None)),
    "as written": lambda: _alone(words(lowercase=False), letters(lowercase=False)),
    "no document frequency": lambda: _alone(words(use_idf=False), letters(use_idf=False)),
}
#: Each engine with the number of texts up to which Python scores, and from which compiled code does.
ENGINES = {"one text": (1 << 60, 1 << 60), "arrays": (-1, 1 << 60), "compiled": (-1, -1)}


@contextmanager
def engine(name: str) -> Iterator[None]:
    """Let scorers use one engine for everything."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("iraqstance.training.flat.scorer._FEW", ENGINES[name][0])
        patch.setattr("iraqstance.training.flat.scorer._MANY", ENGINES[name][1])
        yield


@cache
def model_of(name: str) -> Classifier:
    return MODELS[name]()


@cache
def content_of(name: str) -> bytes:
    return flattened(model_of(name))


def opened(name: str, **options: Any) -> Scorer:
    """Return a scorer of a model; its file is gone, the mapping stays."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "cups.flat")
        path.write_bytes(content_of(name))
        return Scorer(path, **options)


@cache
def scorer_of(name: str, by: str) -> Scorer:
    """Return the scorer of a model for an engine, always the same one, so that what it remembers is tested too."""
    del by
    return opened(name)


def scores_by(name: str, by: str, texts: Sequence[str]) -> Floats:
    """Return what an engine makes of texts, of shape (texts, columns)."""
    scorer = scorer_of(name, by)
    if by == "one text":
        found = [scores_of(scorer.model, prepared(text)) for text in texts]
        return np.array(found).reshape(len(texts), scorer.model.columns)
    with engine(by):
        return scorer.scores(texts)


def true_scores(classifier: Classifier, texts: Sequence[str]) -> Floats:
    """Return the decision function of all pipelines, of shape (texts, columns)."""
    shown = list(map(prepared, texts))
    found: list[Any] = [np.empty((len(texts), 0))]
    found.extend(
        pipeline.decision_function(shown).reshape(len(texts), -1)
        for pipeline in classifier.stance.values()
        if len(pipeline.steps) > 1
    )
    if classifier.topics is not None:
        features = classifier.topics[:-1].transform(shown)
        found.extend(one.decision_function(features)[:, None] for one in classifier.topics[-1].estimators_)
    return np.hstack(found)


def assert_alike(name: str, by: str, texts: Sequence[str]) -> None:
    """Assert that an engine's scores are those of the pipelines to 1e-9, and its decisions the same."""
    classifier, scorer = model_of(name), scorer_of(name, by)
    if texts:
        np.testing.assert_allclose(scores_by(name, by, texts), true_scores(classifier, texts), rtol=0, atol=1e-9)
    targets = classifier.targets or (None,)
    if by == "one text":  # which takes long
        targets = (targets[sum(map(len, texts)) % len(targets)],)
    for target in targets:
        with engine(by):
            found = scorer.predict(texts, target)
        for one, true in zip(found, classifier.predict(texts, target), strict=True):
            assert (one.text, one.stance, one.topics) == (true.text, true.stance, true.topics)
            for ours, theirs in ((one.stance_scores, true.stance_scores), (one.topic_scores, true.topic_scores)):
                assert list(ours or ()) == list(theirs or ())
                assert ours is None or ours == pytest.approx(theirs, abs=1e-9, rel=0)

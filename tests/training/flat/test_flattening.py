"""A fitted classifier becomes one flat file, or is refused where that would not say the same."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cups import CORPUS
from flat_models import MODELS, TRAINED_ON, content_of, letters, model_of, one_stance, union, words
from iraqstance.annotation.errors import InputError
from iraqstance.training.classifier import Classifier, fit
from iraqstance.training.flat.array_engine import Arrays
from iraqstance.training.flat.file import open_flat
from iraqstance.training.flat.flattening import UnflatError, flattened, write_flat
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import MaxAbsScaler

TEXTS = TRAINED_ON[:12]


@pytest.mark.parametrize("name", MODELS)
def test_the_same_classifier_gives_the_same_bytes(name: str) -> None:
    assert flattened(model_of(name)) == content_of(name)


def test_the_same_fit_gives_the_same_bytes() -> None:
    assert flattened(fit(CORPUS)) == content_of("fit: stance and topics")


def test_another_fit_gives_other_bytes() -> None:
    assert flattened(fit(replace(CORPUS, topics=None))) != content_of("fit: stance and topics")


def test_the_written_file_is_what_was_compiled(tmp_path: Path) -> None:
    write_flat(model_of("three stances"), tmp_path / "cups.flat")
    assert (tmp_path / "cups.flat").read_bytes() == content_of("three stances")
    assert [file.name for file in tmp_path.iterdir()] == ["cups.flat"]


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cups\.flat"):
        write_flat(model_of("three stances"), tmp_path / "nowhere" / "cups.flat")


@pytest.mark.parametrize("name", MODELS)
def test_every_ngram_has_a_row_of_its_own_and_half_of_the_places_are_free(name: str, tmp_path: Path) -> None:
    file = tmp_path / "cups.flat"
    file.write_bytes(content_of(name))
    arrays = Arrays.of(open_flat(file))
    taken = np.flatnonzero(arrays.keys)
    assert sorted(arrays.ids[taken]) == list(range(len(arrays.rows)))
    assert len(set(arrays.keys[taken])) == len(taken) <= len(arrays.keys) / 2


@pytest.mark.parametrize(
    ("name", "spaces"),
    [
        ("targets that share words", 1),
        ("targets with words of their own", 2),
        ("nine topics", 1),
        ("a constant alone", 0),
    ],
)
def test_equal_features_are_held_once(name: str, spaces: int, tmp_path: Path) -> None:
    (tmp_path / "cups.flat").write_bytes(content_of(name))
    assert open_flat(tmp_path / "cups.flat").spaces == spaces


def test_ngrams_that_meet_in_one_key_get_another_seed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    classifier = model_of("single characters")
    plain = "iraqstance.training.flat.flattening.character_key"
    with pytest.MonkeyPatch.context() as patch:
        from iraqstance.training.flat.hashing import character_key, seeded

        patch.setattr(plain, lambda start, ngram: 1 if start == seeded(0, 1) else character_key(start, ngram))
        write_flat(classifier, tmp_path / "cups.flat")
    assert open_flat(tmp_path / "cups.flat").seed == 1
    monkeypatch.setattr(plain, lambda _start, _ngram: 1)
    with pytest.raises(UnflatError, match="keys meet"):
        flattened(classifier)


def _stance(*blocks: Any, number: int = 3, classifier: Any = None) -> Classifier:
    return Classifier({"": one_stance(union(*blocks), number, TEXTS, classifier)})


def _topics(classifier: Any, table: Any) -> Classifier:
    pipeline = Pipeline([("features", union(words())), ("classifier", classifier)]).fit(TEXTS, table)
    return Classifier({}, pipeline, ("a", "b", "c"))


def _two_targets(first: Any, second: Any) -> Classifier:
    return Classifier({"ours": one_stance(first, 2, TEXTS), "theirs": one_stance(second, 2, TEXTS)})


def _other_steps() -> Classifier:
    steps = [("features", words()[1]), ("scaler", MaxAbsScaler()), ("classifier", LogisticRegression())]
    return Classifier({"": Pipeline(steps).fit(TEXTS, ["a", "b"] * 6)})


def _weighted() -> Classifier:
    return Classifier({"": one_stance(FeatureUnion([words(), letters()], transformer_weights={"word": 2}), 3, TEXTS)})


def _constant(**options: Any) -> Classifier:
    dummy = DummyClassifier(**options)
    return Classifier({"": Pipeline([("classifier", dummy)]).fit(TEXTS, ["a", "b", "b"] * 4)})


class _OwnWords(TfidfVectorizer):
    """Words in another way."""

    def build_tokenizer(self) -> Callable[[str], list[str]]:
        return str.split


MULTICLASS = np.array(["a", "b", "c"] * 4)
TABLE = np.eye(3, dtype=int)[[0, 1, 2] * 4]
UNFLAT: dict[str, tuple[Callable[[], Classifier], str]] = {
    "characters across words": (
        lambda: _stance(("char", TfidfVectorizer(analyzer="char", ngram_range=(2, 3)))),
        "features of char",
    ),
    "a function for an analyzer": (lambda: _stance(("word", TfidfVectorizer(analyzer=str.split))), "features of"),
    "stop words": (lambda: _stance(words(stop_words=["tea"])), "other options"),
    "another pattern": (lambda: _stance(words(token_pattern=r"\w+")), "other options"),  # noqa: S106 - no secret
    "a tokenizer": (lambda: _stance(words(tokenizer=str.split)), "other options"),
    "a preprocessor": (lambda: _stance(words(preprocessor=str.upper)), "other options"),
    "accents stripped": (lambda: _stance(words(strip_accents="unicode")), "other options"),
    "there or not": (lambda: _stance(words(binary=True)), "other options"),
    "another norm": (lambda: _stance(words(norm="l1")), "other options"),
    "half the digits": (lambda: _stance(words(dtype=np.float32)), "other options"),
    "n-grams of seventeen": (lambda: _stance(words(1, 17)), "n-grams of 1 to 17"),
    "n-grams of nothing": (lambda: _stance(words(0, 2)), "n-grams of 0 to 2"),
    "words twice": (lambda: _stance(words(), ("more", words()[1])), "features of word, word"),
    "counts": (lambda: _stance(("word", CountVectorizer())), "features of type CountVectorizer"),
    "a class of one's own": (lambda: _stance(("word", _OwnWords())), "features of type _OwnWords"),
    "a dropped block": (lambda: _stance(words(), ("char", "drop")), "features of type drop"),
    "weighted blocks": (_weighted, "weighted"),
    "blocks that differ in lowercase": (lambda: _stance(words(), letters(lowercase=False)), "differ in lowercase"),
    "a step more": (_other_steps, "other steps"),
    "another linear classifier": (
        lambda: _stance(words(), classifier=SGDClassifier(loss="log_loss", random_state=0)),
        "SGDClassifier",
    ),
    "another classifier": (lambda: _stance(words(), classifier=MultinomialNB()), "MultinomialNB"),
    "a constant that is sure": (lambda: _constant(strategy="most_frequent"), "DummyClassifier"),
    "a constant by chance": (lambda: _constant(strategy="stratified", random_state=0), "DummyClassifier"),
    "one stance against the rest": (
        lambda: _stance(words(), classifier=OneVsRestClassifier(LogisticRegression())),
        "OneVsRestClassifier",
    ),
    "topics that exclude each other": (
        lambda: _topics(OneVsRestClassifier(LogisticRegression()), MULTICLASS),
        "OneVsRestClassifier",
    ),
    "topics by another classifier": (lambda: _topics(OneVsRestClassifier(MultinomialNB()), TABLE), "MultinomialNB"),
    "targets with other n-grams": (
        lambda: _two_targets(words(1, 1)[1], words(1, 2)[1]),
        "differ from target to target",
    ),
    "targets that count in other ways": (
        lambda: _two_targets(words()[1], words(sublinear_tf=False)[1]),
        "differ from target to target",
    ),
    "targets with other norms": (lambda: _two_targets(words()[1], words(norm=None)[1]), "differ from target to target"),
}


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")
@pytest.mark.parametrize(("make", "message"), UNFLAT.values(), ids=list(UNFLAT))
def test_what_would_not_say_the_same_is_refused(make: Callable[[], Classifier], message: str) -> None:
    classifier = make()
    with pytest.raises(UnflatError, match=f"cannot be compiled to a flat file .*{message}.*Use its pipelines"):
        flattened(classifier)


def test_more_weights_than_a_file_may_hold_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    made = partial(flattened, model_of("three stances"))
    monkeypatch.setattr("iraqstance.training.flat.flattening._LIMIT", 1_000)
    with pytest.raises(UnflatError, match=r"[\d,]+ bytes of weights, more than 1,000"):
        made()

"""An explanation is the model's own sum, term by term, with the place of each."""

from typing import Any

import pytest
from cups import CORPUS, STANCES, TEXTS
from hypothesis import given, settings
from hypothesis import strategies as st
from iraqstance.annotation.errors import UsageError
from iraqstance.training.classifier import Classifier, fit
from iraqstance.training.corpus import Corpus
from iraqstance.training.explain import Span, explain, word_shares
from iraqstance.training.preparation import prepared

# Words that the models know, letters that grow in small letters, marks, tags, and whatever else there is.
WORDS = st.sampled_from(
    ["tea", "Lovely", "#FreshTea", "burnt", "İ", "ΑΣ", "ﬃ", "ß", "a", "\x1c", "\u3000", "كان", "☕️"]
)
ANY = st.lists(WORDS | st.text(max_size=8), max_size=12).map(" ".join)
THREE = Corpus("cups", TEXTS, (*STANCES[:-2], "neither", "neither"))


@pytest.fixture(scope="module")
def model() -> Classifier:
    return fit(CORPUS)


@pytest.fixture(scope="module")
def three() -> Classifier:
    return fit(THREE, constant=True)


def decisions(pipeline: Any, text: str) -> list[float]:
    """Return the decision function for each label, that of the first of two being the second's in reverse."""
    (found,) = pipeline.decision_function([prepared(text)]).tolist()
    return found if isinstance(found, list) else [-found, found]


@given(ANY)
@settings(max_examples=150)
def test_the_terms_and_the_intercept_sum_to_the_decision(model: Classifier, three: Classifier, text: str) -> None:
    for pipeline, labels in (
        (model.stance[""], ["dislikes", "likes"]),
        (three.stance[""], ["dislikes", "likes", "neither"]),
        (model.topics, [0, 1]),
    ):
        for label, score in zip(labels, decisions(pipeline, text), strict=True):
            assert explain(pipeline, text, label).score == pytest.approx(score, abs=1e-9)
            assert explain(pipeline, text, label).strongest(2).score == pytest.approx(score, abs=1e-9)


@given(ANY)
@settings(max_examples=150)
def test_a_term_stands_where_its_spans_say(model: Classifier, text: str) -> None:
    for term in explain(model.stance[""], text, "likes").terms:
        for start, end in term.spans:
            assert 0 <= start < end <= len(text)
            if end == len(text) and "#" in text:  # the words of a tag may have been cut off behind it
                continue
            words = [word for word in text[start:end].lower().split() if term.block == "char" or len(word) > 1]
            assert term.ngram.strip() in text[start:end].lower() or term.ngram.split()[0] in words[0]


@given(ANY)
@settings(max_examples=100)
def test_the_words_share_what_the_placed_terms_add(model: Classifier, text: str) -> None:
    explanation = explain(model.stance[""], text, "likes")
    placed = sum(term.contribution for term in explanation.terms if term.spans)
    shares = word_shares(explanation, text)
    assert [text[start:end] for (start, end), _ in shares] == text.split()
    assert sum(share for _, share in shares) == pytest.approx(placed, abs=1e-9)


def test_places_are_those_of_the_text_though_small_letters_are_more(model: Classifier) -> None:
    """The dotted capital I becomes two characters."""
    terms = {term.ngram: term for term in explain(model.stance[""], "İİ İ LOVELY Tea", "likes").terms}
    assert terms["lovely"].spans == (Span(5, 11),)
    assert terms["tea"].spans == (Span(12, 15),)
    assert terms[" tea "].spans == (Span(12, 15),)


def test_the_words_of_a_tag_have_no_place(model: Classifier) -> None:
    terms = {term.ngram: term for term in explain(model.stance[""], "#LovelyTea", "likes").terms}
    assert terms["lovely"].spans == ()
    assert terms["lovely"].contribution > 0


def test_the_two_stances_of_a_model_have_opposite_terms(model: Classifier) -> None:
    one, other = (explain(model.stance[""], "Lovely stale tea", label) for label in ("likes", "dislikes"))
    assert one.score == -other.score
    assert [term.contribution for term in one.terms] == [-term.contribution for term in other.terms]


def test_the_strongest_terms_of_each_side_come_first(model: Classifier) -> None:
    explanation = explain(model.stance[""], "Lovely stale tea", "likes").strongest(2)
    assert sorted(term.contribution > 0 for term in explanation.terms) == [False, False, True, True]
    assert sorted(explanation.terms, key=lambda term: -abs(term.contribution)) == list(explanation.terms)
    assert explanation.strongest(0).terms == ()


def test_one_block_of_words_is_explained_too() -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline

    pipeline = Pipeline([("features", TfidfVectorizer()), ("classifier", LogisticRegression())]).fit(TEXTS, STANCES)
    explanation = explain(pipeline, "Lovely tea", "likes")
    assert explanation.score == pytest.approx(decisions(pipeline, "Lovely tea")[1], abs=1e-9)
    assert {term.block for term in explanation.terms} == {"word"}


def test_a_constant_has_no_terms() -> None:
    constant = fit(Corpus("cups", TEXTS[:2], ("likes", "likes")), constant=True)
    explanation = explain(constant.stance[""], "Lovely tea", "likes")
    assert (explanation.terms, explanation.score) == ((), 0)


def test_a_label_that_the_model_does_not_know_is_refused(model: Classifier) -> None:
    with pytest.raises(UsageError, match=r"no label 'loves' .*dislikes, likes"):
        explain(model.stance[""], "Tea", "loves")
    with pytest.raises(UsageError, match="no label 2"):
        explain(model.topics, "Tea", 2)

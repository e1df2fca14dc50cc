"""Why a model said what it said: the terms of its linear sum, and where each stands in the text."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
from iraqstance.annotation.errors import UsageError
from iraqstance.training.preparation import prepared

__all__ = ["Explanation", "Span", "Term", "explain", "word_shares"]

_WORD = re.compile(r"\S+")


class Span(NamedTuple):
    """A stretch of a text, from its first character, counted from 0, to one past its last."""

    start: int
    end: int


class Term(NamedTuple):
    """One addend of the sum.

    Attributes:
        ngram: The n-gram as the model knows it, in small letters; one of characters has a blank where a word ends.
        block: ``word`` or ``char``.
        spans: Where it stands in the text, in order; empty if only among the words of a hashtag told apart.
        value: TF-IDF of the n-gram in the text, in (0, 1].
        weight: The model's weight of it for the label.
    """

    ngram: str
    block: str
    spans: tuple[Span, ...]
    value: float
    weight: float

    @property
    def contribution(self) -> float:
        """What it adds to the score: above 0 it speaks for the label, below against it."""
        return self.value * self.weight


@dataclass(frozen=True, slots=True)
class Explanation:
    """The score of one label for one text, as a sum.

    Attributes:
        label: The label.
        intercept: What the model says without any evidence.
        terms: The addends, the largest first, whatever their sign.
        rest: Sum of the addends that :meth:`strongest` left out.
    """

    label: str
    intercept: float
    terms: tuple[Term, ...]
    rest: float = 0.0

    @property
    def score(self) -> float:
        """The model's decision function for the label: a log-odds, or what softmax takes among several labels."""
        return math.fsum([self.intercept, self.rest, *(term.contribution for term in self.terms)])

    def strongest(self, most: int) -> "Explanation":
        """Return the explanation with so many terms for the label and so many against it; the others add up to rest."""
        speaking = [term for term in self.terms if term.contribution > 0][:most]
        speaking += [term for term in self.terms if term.contribution < 0][:most]
        kept = sorted(speaking, key=_strength)
        left = set(self.terms) - set(kept)
        return replace(self, terms=tuple(kept), rest=self.rest + math.fsum(term.contribution for term in left))


def _strength(term: Term) -> tuple[float, str, str]:
    return -abs(term.contribution), term.ngram, term.block


def explain(pipeline: Any, text: str, label: str | int) -> Explanation:
    """Return the terms of a fitted pipeline's linear sum for a label.

    Args:
        pipeline: A pipeline of a :class:`Classifier`: TF-IDF features and a logistic regression, one-vs-rest logistic
            regressions, or a constant, which has no terms and the intercept 0.
        text: The text as the user has it.
        label: A stance, or the number of a topic's column.

    Raises:
        UsageError: Where the pipeline does not know the label.
    """
    weights, intercept = _sum_of(pipeline[-1], label)
    if len(pipeline) == 1 or weights is None:
        return Explanation(str(label), intercept, ())
    whole = prepared(text)
    features = pipeline[0]
    blocks = getattr(features, "transformer_list", None) or [(_analyzer(features), features)]
    terms: list[Term] = []
    start = 0
    for _, vectorizer in blocks:
        end = start + len(vectorizer.vocabulary_)
        terms += _terms(vectorizer, whole, len(text), weights[start:end])
        start = end
    return Explanation(str(label), intercept, tuple(sorted(terms, key=_strength)))


def _sum_of(model: Any, label: str | int) -> tuple[Any, float]:
    """Return the weights, of shape (features,), or ``None`` for a constant, and the intercept."""
    estimators = getattr(model, "estimators_", None)
    names = range(len(estimators)) if estimators is not None else list(model.classes_)
    if label not in names:
        raise UsageError(f"the model knows no label {label!r}", expected=f"one of {', '.join(map(str, names))}")
    number = names.index(label)  # type: ignore[arg-type]
    if estimators is not None:
        model, number = estimators[number], 0
        if not hasattr(model, "coef_"):  # of a topic that never varied
            return None, float(np.ravel(model.y_)[0])
    elif not hasattr(model, "coef_"):
        return None, 0.0
    elif len(model.coef_) == 1:  # the one row of two classes speaks for the second
        sign = 1.0 if number else -1.0
        return sign * model.coef_[0], sign * float(model.intercept_[0])
    return model.coef_[number], float(model.intercept_[number])


def _analyzer(vectorizer: Any) -> str:
    return "word" if vectorizer.analyzer == "word" else "char"


def _terms(vectorizer: Any, text: str, length: int, weights: Any) -> Iterator[Term]:
    """Yield one block's terms; places beyond the text's own length are no place in it."""
    row = vectorizer.transform([text]).tocsr()
    if not row.nnz:
        return
    spans: dict[str, list[Span]] = {}
    for ngram, (start, end) in (_words if _analyzer(vectorizer) == "word" else _characters)(vectorizer, text):
        if ngram in vectorizer.vocabulary_:
            places = spans.setdefault(ngram, [])
            if start < length:
                places.append(Span(start, min(end, length)))
    values = dict(zip(row.indices.tolist(), row.data.tolist(), strict=True))
    for ngram, places in spans.items():
        column = vectorizer.vocabulary_[ngram]
        yield Term(ngram, _analyzer(vectorizer), tuple(sorted(set(places))), values[column], float(weights[column]))


def _lowered(vectorizer: Any, text: str) -> tuple[str, list[int]]:
    """Return the text in small letters, and for each of its characters, and its end, the character it came from."""
    if not vectorizer.lowercase or text.isascii():
        return text.lower() if vectorizer.lowercase else text, list(range(len(text) + 1))
    # One letter may become two; which letters it becomes may depend on its neighbours, but not how many.
    origin = [number for number, letter in enumerate(text) for _ in letter.lower()]
    return text.lower(), [*origin, len(text)]


def _words(vectorizer: Any, text: str) -> Iterator[tuple[str, Span]]:
    """Yield the n-grams of words, as scikit-learn makes them, with their places."""
    lowered, origin = _lowered(vectorizer, text)
    tokens = list(re.finditer(vectorizer.token_pattern, lowered))
    shortest, longest = vectorizer.ngram_range
    for number in range(shortest, longest + 1):
        for first in range(len(tokens) - number + 1):
            run = tokens[first : first + number]
            place = Span(origin[run[0].start()], origin[run[-1].end() - 1] + 1)
            yield " ".join(token[0] for token in run), place


def _characters(vectorizer: Any, text: str) -> Iterator[tuple[str, Span]]:
    """Yield the n-grams of characters within words, as scikit-learn makes them, with their places.

    A word has a blank on either side, which has no place of its own. A word that is shorter counts once.
    """
    lowered, origin = _lowered(vectorizer, text)
    shortest, longest = vectorizer.ngram_range
    for word in _WORD.finditer(lowered):
        padded = f" {word[0]} "
        for number in range(shortest, longest + 1):
            for offset in range(max(1, len(padded) - number + 1)):
                first = word.start() + max(0, offset - 1)
                last = min(word.end(), word.start() + offset - 1 + number)
                yield padded[offset : offset + number], Span(origin[first], origin[max(first, last - 1)] + 1)
            if number >= len(padded):
                break


def word_shares(explanation: Explanation, text: str) -> list[tuple[Span, float]]:
    """Return what each word of the text adds to the score, in the order of the text.

    A term's contribution is shared alike by the places where it stands, and there by the characters of words. Terms
    without a place are left out, so the shares need not sum to the score.

    Args:
        explanation: All terms of the text.
        text: The text that was explained.

    Returns:
        The words, which white space divides, and their shares.
    """
    words = [Span(*found.span()) for found in _WORD.finditer(text)]
    inked = [0, *accumulate(not letter.isspace() for letter in text)]
    steps = np.zeros(len(text) + 1)
    for term in explanation.terms:
        places = [place for place in term.spans if inked[place.end] > inked[place.start]]
        for place in places:
            share = term.contribution / len(places) / (inked[place.end] - inked[place.start])
            steps[place.start] += share
            steps[place.end] -= share
    shares = np.cumsum(steps)
    return [(word, float(shares[word.start : word.end].sum())) for word in words]

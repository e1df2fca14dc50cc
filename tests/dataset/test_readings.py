"""Runs of words are read as a sketched paragraph, with something foreign between them or with changes."""

from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iraqstance.dataset.readings import INSERTED, Pairs, altered, interrupted, unaltered
from iraqstance.dataset.sketch import Words

PARAGRAPH = Words(
    "The ferry that crosses the lake every morning will stop at the old pier again, its captain told the villagers "
    "who had waited on the shore since the winter, and nobody will have to walk around the bay any longer."
).digits
BEFORE = Words("Apples are cheaper this week than they were in the spring, says a grocer near the station.").digits
AFTER = Words("A museum of clocks opens on Sunday, with a hundred of them that still tell the right time.").digits

bits = st.text("01", max_size=40)


def rises(pairs: Pairs) -> bool:
    return all(one < two and here < there for (one, here), (two, there) in pairwise(pairs))


def test_an_unaltered_paragraph_is_found_where_it_stands() -> None:
    score, pairs = next(altered(PARAGRAPH, BEFORE + PARAGRAPH + AFTER, 0.0))
    assert pairs == [(word, len(BEFORE) + word) for word in range(len(PARAGRAPH))]
    assert score == pytest.approx(unaltered(len(PARAGRAPH)))


@pytest.mark.parametrize(
    "change", [PARAGRAPH[:20] + PARAGRAPH[21:], PARAGRAPH[:20] + "01" + PARAGRAPH[20:]], ids=["one less", "two more"]
)
def test_an_altered_paragraph_agrees_less(change: str) -> None:
    score, pairs = next(altered(PARAGRAPH, BEFORE + change + AFTER, 0.0))
    assert unaltered(len(PARAGRAPH)) - 8 < score < unaltered(len(PARAGRAPH))
    assert pairs[0] == (0, len(BEFORE))
    assert pairs[-1] == (len(PARAGRAPH) - 1, len(BEFORE) + len(change) - 1)


def test_a_paragraph_that_stands_twice_is_found_twice() -> None:
    ways = list(islice(altered(PARAGRAPH, PARAGRAPH + BEFORE + PARAGRAPH, 20.0), 3))
    assert [pairs[0] for _, pairs in ways] == [(0, 0), (0, len(PARAGRAPH) + len(BEFORE))]


@given(bits, bits)
def test_what_agrees_rises_and_is_the_same(digits: str, other: str) -> None:
    scores = []
    for score, pairs in altered(digits, other, 0.0):
        scores.append(score)
        assert rises(pairs)
        assert all(digits[word] == other[place] for word, place in pairs)
    assert scores == sorted(scores, reverse=True)
    assert all(score <= unaltered(len(digits)) + 1e-9 for score in scores)


@pytest.mark.parametrize("foreign", [BEFORE, AFTER + BEFORE], ids=["a sentence", "two sentences"])
def test_a_paragraph_with_something_foreign_inside_is_read_around_it(foreign: str) -> None:
    copy = AFTER + PARAGRAPH[:18] + foreign + PARAGRAPH[18:] + BEFORE
    places = [*range(18), *range(18 + len(foreign), len(foreign) + len(PARAGRAPH))]
    true = [(word, len(AFTER) + place) for word, place in enumerate(places)]
    assert true in islice(interrupted(PARAGRAPH, copy), 1000)


@given(bits, bits)
def test_an_interrupted_reading_has_every_word_and_stretches_that_are_no_edits(digits: str, other: str) -> None:
    for pairs in islice(interrupted(digits, other), 50):
        assert [word for word, _ in pairs] == list(range(len(digits)))
        assert rises(pairs)
        assert all(digits[word] == other[place] for word, place in pairs)
        assert all(there - here == 1 or there - here - 1 > INSERTED for (_, here), (_, there) in pairwise(pairs))


def test_a_short_paragraph_in_a_long_text_is_not_looked_for_in_parts() -> None:
    assert not list(interrupted("0110", "0" * 2000))

"""Hashtags keep their form and give their words; nothing else changes."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from iraqstance.annotation.errors import UsageError
from iraqstance.training.preparation import listed, prepared


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Enough #MakeTeaGreat", "Enough #MakeTeaGreat Make Tea Great"),
        ("#USTroopsOut now", "#USTroopsOut now US Troops Out"),
        ("#Tea2024Now", "#Tea2024Now Tea 2024 Now"),
        ("#green_tea", "#green_tea green tea"),
        ("#OneTea and #TwoTeas, #OneTea", "#OneTea and #TwoTeas, #OneTea One Tea Two Teas"),
        ("#tea", "#tea"),
        ("#TEA", "#TEA"),
        ("#شاي_أخضر", "#شاي_أخضر شاي أخضر"),
        ("number #1, item&#8217;s, C#Sharp, # alone", "number #1, item&#8217;s, C#Sharp, # alone"),
        ("", ""),
    ],
)
def test_the_words_of_a_hashtag_follow_the_text(text: str, expected: str) -> None:
    assert prepared(text) == expected


@given(st.text().filter(lambda text: "#" not in text))
def test_a_text_without_hashtags_stays_as_it_is(text: str) -> None:
    assert prepared(text) == text


@given(st.text(alphabet="aBC1 #_é\n"))
def test_preparing_twice_changes_nothing_more(text: str) -> None:
    assert prepared(prepared(text)) == prepared(text)


@given(st.text(alphabet="aBC1 #_é\n"))
def test_the_text_itself_comes_first(text: str) -> None:
    assert prepared(text).startswith(text)


def test_texts_may_come_in_any_order_of_things() -> None:
    for given_texts in (["tea", "milk"], ("tea", "milk"), np.array(["tea", "milk"]), iter(["tea", "milk"])):
        assert listed(given_texts) == ["tea", "milk"]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("tea", r"a single text where several are wanted\. Put it into a list"),
        (b"tea", "a single text where several are wanted"),
        (["tea", None], r"number 2 of what is to be labelled is no text \(got NoneType\)"),
        ([b"tea"], r"number 1 of what is to be labelled is no text \(got bytes\)"),
    ],
)
def test_what_is_no_list_of_texts_is_refused(texts: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        listed(texts)

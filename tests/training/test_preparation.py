"""Hashtags keep their form and give their words; nothing else changes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iraqstance.training.preparation import prepared


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

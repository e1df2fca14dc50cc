"""White space and composed letters: what a hash does not see."""

import hashlib
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from iraqstance.annotation.normalise import BLANKS, ZERO_WIDTH, collapse, fingerprint, sha256_of

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
#: The same with many of the characters that the rules are about.
SPACED = st.text(st.sampled_from([*BLANKS, *"aéeب\u0301\u200c\u200d\x1f\x85"]), max_size=60)


@pytest.mark.parametrize(
    ("text", "collapsed"),
    [
        pytest.param("  two\t words \n", "two words", id="ends and tabs"),
        pytest.param("two\u00a0words", "two words", id="non-breaking space"),
        pytest.param("two\u202fwords\u3000here", "two words here", id="narrow and ideographic spaces"),
        pytest.param("one\u200bword", "oneword", id="zero-width space"),
        pytest.param("\ufeffone\u2060word", "oneword", id="byte-order mark and word joiner"),
        pytest.param("two \u200b words", "two words", id="zero-width space between spaces"),
        pytest.param("two\r\nlines\u2028three", "two lines three", id="line ends"),
        pytest.param(" \u200b\u00a0 ", "", id="nothing but blanks"),
        pytest.param("", "", id="empty"),
    ],
)
def test_white_space_becomes_single_spaces_and_zero_width_spaces_go(text: str, collapsed: str) -> None:
    assert collapse(text) == collapsed


@pytest.mark.parametrize("joiner", ["\u200c", "\u200d"], ids=["non-joiner", "joiner"])
def test_the_joiners_that_shape_letters_stay(joiner: str) -> None:
    """Kurdish and Persian words and emoji are spelled with them."""
    assert collapse(f"نە{joiner}بوو") == f"نە{joiner}بوو"


@given(TEXTS | SPACED)
@settings(max_examples=150)
def test_collapsing_twice_is_collapsing_once(text: str) -> None:
    once = collapse(text)
    assert collapse(once) == once
    assert "  " not in once
    assert not set(once) & set(ZERO_WIDTH)
    assert once == once.strip()


@given(TEXTS | SPACED)
@settings(max_examples=150)
def test_collapsing_touches_nothing_but_white_space(text: str) -> None:
    def inked(words: str) -> list[str]:
        return [character for character in words if not character.isspace() and character not in ZERO_WIDTH]

    assert inked(collapse(text)) == inked(text)


def test_a_fingerprint_is_the_sha256_of_the_collapsed_text_in_utf_8() -> None:
    expected = hashlib.sha256("café au lait".encode()).hexdigest()
    assert fingerprint(" café\u00a0au\n\nlait ") == expected == sha256_of("café au lait")
    assert len(expected) == 64


def test_the_fingerprint_of_nothing_is_the_hash_of_no_bytes() -> None:
    assert fingerprint(" \n") == sha256_of("") == hashlib.sha256(b"").hexdigest()


@given(TEXTS | SPACED)
@settings(max_examples=150)
def test_every_normal_form_of_a_text_has_one_fingerprint(text: str) -> None:
    forms = [text, unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)]
    assert len({fingerprint(form) for form in forms}) == 1


@given(TEXTS | SPACED)
@example("caf e\u200b\u0301")
@settings(max_examples=150)
def test_white_space_never_changes_a_fingerprint(text: str) -> None:
    """Collapsing first, as a reader of a paragraph file does, gives the same hash."""
    assert fingerprint(collapse(text)) == fingerprint(text)
    assert fingerprint(f"\ufeff  {text}\n") == fingerprint(text)


def test_a_hash_of_a_text_as_it_is_sees_its_white_space() -> None:
    assert sha256_of("a  b") != sha256_of("a b")


@pytest.mark.parametrize("blank", [*BLANKS], ids=[f"U+{ord(blank):04X}" for blank in BLANKS])
def test_every_blank_collapses_to_nothing(blank: str) -> None:
    assert collapse(blank) == ""

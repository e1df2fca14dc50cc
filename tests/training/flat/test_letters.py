"""The tables of letters say what Python says of each character."""

import re

import numpy as np
import pytest
from iraqstance.training.flat.letters import SPACE, SPECIAL, WORD, letters

EVERY = list(map(chr, range(0x110000)))


@pytest.mark.parametrize("lowercase", [True, False])
def test_white_space_is_what_python_splits_at(lowercase: bool) -> None:  # noqa: FBT001 - a parameter of the test
    spaces = [not character.split() for character in EVERY]
    assert ((letters(lowercase=lowercase).kinds & SPACE > 0) == spaces).all()


def test_a_part_of_a_word_is_what_the_pattern_finds() -> None:
    pattern = re.compile(r"(?u)\b\w\w+\b")
    words = [pattern.fullmatch(character * 2) is not None for character in EVERY]
    assert ((letters().kinds & WORD > 0) == words).all()


def test_a_small_letter_is_the_one_of_python_whatever_stands_beside_it() -> None:
    small = letters().small
    special = letters().kinds & SPECIAL > 0
    for character in EVERY:
        place = ord(character)
        if not special[place]:
            assert (
                character.lower()
                == f"a{character}a".lower()[1:-1]
                == f" {character} ".lower()[1:-1]
                == chr(small[place])
            )


def test_small_letters_stay_as_they_are() -> None:
    """What Python has made small is made small again by the kernel."""
    small = letters().small
    assert (small[small] == small).all()
    lowered = {letter for character in EVERY for letter in character.lower()}
    assert all(small[ord(letter)] == ord(letter) for letter in lowered)


def test_only_three_characters_are_left_to_python() -> None:
    assert [chr(place) for place in np.flatnonzero(letters().kinds & SPECIAL)] == ["#", "İ", "Σ"]


def test_as_written_only_the_number_sign_is_left_to_python() -> None:
    table = letters(lowercase=False)
    assert [chr(place) for place in np.flatnonzero(table.kinds & SPECIAL)] == ["#"]
    assert (table.small == np.arange(0x110000)).all()

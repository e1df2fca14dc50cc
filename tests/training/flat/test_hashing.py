"""The keys of n-grams are the same everywhere and for ever: files hold them."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iraqstance.training.flat.hashing import MASK, character_key, finished, seeded, stepped, word_key

STARTS = st.builds(seeded, st.integers(0, 1 << 32), st.sampled_from((0, 1)))


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (seeded(0, 0), 0xAA1EDC39F66D14A9),
        (seeded(0, 1), 0x3758D2C1F7F17C9A),
        (character_key(seeded(0, 1), " tea "), 0xF701B5413063AA43),
        (character_key(seeded(7, 1), "ΣΣ😀\0"), 0xFBB55B3B6A820945),
        (word_key(seeded(0, 0), ["fresh", "tea"]), 0xBF7056A7246F0985),
    ],
)
def test_keys_never_change_from_version_to_version(key: int, expected: int) -> None:
    """Otherwise the version of the flat file has to change with them."""
    assert key == expected


@given(STARTS, st.text(st.characters()))
def test_a_key_has_64_bits_and_is_never_0(start: int, ngram: str) -> None:
    assert 0 < character_key(start, ngram) <= MASK


def test_the_state_0_has_a_key_too() -> None:
    assert finished(0) == 1


@given(STARTS, st.text(st.characters()), st.characters())
def test_a_longer_ngram_goes_on_from_the_shorter(start: int, ngram: str, more: str) -> None:
    state = start
    for character in ngram + more:
        state = stepped(state, ord(character))
    assert character_key(start, ngram + more) == finished(state)


@given(STARTS, st.lists(st.text(st.characters(), max_size=4), unique=True, max_size=30))
def test_distinct_ngrams_have_distinct_keys(start: int, ngrams: list[str]) -> None:
    keys = [character_key(start, ngram) for ngram in ngrams]
    keys += [word_key(start, [ngram]) for ngram in ngrams]
    keys += [word_key(start, [ngram, other]) for ngram in ngrams[:5] for other in ngrams[:5]]
    assert len(set(keys)) == len(keys)


def test_blocks_and_seeds_have_keys_of_their_own() -> None:
    keys = {character_key(seeded(seed, block), "tea") for seed in range(100) for block in (0, 1)}
    assert len(keys) == 200


def test_the_order_of_words_counts() -> None:
    assert word_key(seeded(0, 0), ["fresh", "tea"]) != word_key(seeded(0, 0), ["tea", "fresh"])


def test_keys_do_not_depend_on_the_process() -> None:
    code = "from iraqstance.training.flat.hashing import *; print(word_key(seeded(3, 0), ['fresh', 'tea']))"
    made = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": str(seed)}, check=True, capture_output=True, text=True
        ).stdout
        for seed in (1, 2)
    }
    assert made == {f"{word_key(seeded(3, 0), ['fresh', 'tea'])}\n"}

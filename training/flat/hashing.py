"""The keys of n-grams: 64-bit hashes that every scorer makes alike, in Python, NumPy and compiled code.

An n-gram of characters is hashed character by character, so that a longer one goes on from the shorter; an n-gram of
words goes on from the hashes of its words. Two n-grams meet in one key with a chance of 2^-64; a model is written with
another seed where two of its own do.
"""

__all__ = ["FINISH", "MASK", "STEP", "character_key", "finished", "seeded", "stepped", "word_key"]

MASK = (1 << 64) - 1
#: Odd multipliers: the golden ratio's fraction, and one of Stafford's for the end (SplitMix64).
STEP = 0x9E3779B97F4A7C15
FINISH = 0xBF58476D1CE4E5B9


def seeded(seed: int, block: int) -> int:
    """Return the hash that n-grams of a block of features begin with.

    Args:
        seed: Of the model, from 0.
        block: 0 for words, 1 for characters.
    """
    return finished((2 * seed + block + 1) * STEP & MASK)


def stepped(state: int, part: int) -> int:
    """Return the hash after one more part: a character's code point, or the hash of a word."""
    return (state ^ part) * STEP & MASK


def finished(state: int) -> int:
    """Return the key of a state, which is never 0: that marks a free place."""
    state ^= state >> 32
    state = state * FINISH & MASK
    return (state ^ (state >> 29)) or 1


def character_key(start: int, ngram: str) -> int:
    """Return the key of an n-gram of characters.

    Args:
        start: The block's beginning, of :func:`seeded`.
        ngram: Its characters, blanks around words among them.
    """
    for character in ngram:
        start = stepped(start, ord(character))
    return finished(start)


def word_key(start: int, words: list[str]) -> int:
    """Return the key of an n-gram of words."""
    state = start
    for word in words:
        state = stepped(state, character_key(start, word))
    return finished(state)

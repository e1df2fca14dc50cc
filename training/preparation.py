"""What is done to a text before the pipeline: words run together in a hashtag are told apart."""

import re

__all__ = ["prepared"]

_TAG = re.compile(r"(?<![\w&#])#(\w*[^\W\d_]\w*)")
# A run of capitals before a capitalised word, a capitalised or small word, what is left of capitals, digits, other.
_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_A-Za-z]+")


def prepared(text: str) -> str:
    """Return the text with the words of its hashtags at its end; a text without them as it is.

    ``Well said #USOutOfIraq`` becomes ``Well said #USOutOfIraq US Out Of Iraq``. The tags stay, for a tag is a term
    too. A tag of one word adds nothing. Preparing twice gives the same as preparing once.
    """
    if "#" not in text:
        return text
    split = [_WORDS.findall(tag) for tag in dict.fromkeys(_TAG.findall(text))]
    added = " ".join(" ".join(words) for words in split if len(words) > 1)
    return text if not added or text.endswith(f" {added}") else f"{text} {added}"

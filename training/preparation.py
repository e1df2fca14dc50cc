"""What is done to texts before they are read: looked over, the words of hashtags told apart, many cut into runs."""

import re
from collections.abc import Iterable, Iterator, Sequence

from iraqstance.annotation.errors import UsageError

__all__ = ["listed", "prepared", "runs_of"]

_TAG = re.compile(r"(?<![\w&#])#(\w*[^\W\d_]\w*)")
# A run of capitals before a capitalised word, a capitalised or small word, what is left of capitals, digits, other.
_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_A-Za-z]+")


def listed(texts: Iterable[str]) -> list[str]:
    """Return texts as a list, whatever held them.

    Raises:
        UsageError: Where they are one text, or one of them is no text.
    """
    if isinstance(texts, (str, bytes)):
        raise UsageError("a single text where several are wanted", remedy="Put it into a list: predict([text])")
    found = list(texts)
    for number, text in enumerate(found, 1):
        if not isinstance(text, str):
            raise UsageError(f"number {number} of what is to be labelled is no text", got=type(text).__name__)
    return found


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


def runs_of(texts: Sequence[str], most: int, characters: int) -> Iterator[Sequence[str]]:
    """Yield texts, in order, in runs that are bounded; a text that is longer is a run of its own.

    Args:
        texts: The texts.
        most: Texts of a run, at most.
        characters: Characters of a run, at most.
    """
    first = size = 0
    for number, text in enumerate(texts):
        if number > first and (number - first == most or size + len(text) > characters):
            yield texts[first:number]
            first, size = number, 0
        size += len(text)
    if len(texts) > first:
        yield texts[first:]

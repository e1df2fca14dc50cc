"""What befalls copies of articles: what editors, browsers, pages and publishers do to a text."""

import random
import re
import textwrap
import unicodedata
from collections.abc import Callable
from functools import partial, reduce
from pathlib import Path

__all__ = [
    "ADVERTISEMENT",
    "ALTERATIONS",
    "AROUND",
    "DAMAGE",
    "EDITS",
    "MARKS",
    "Alteration",
    "altered",
    "blocks",
    "reworded",
    "shortened",
    "swapped",
]

Alteration = Callable[[str], str]

# What an editor, a browser or an operating system does to a text without changing its words.
ALTERATIONS: dict[str, Alteration] = {
    "Windows line ends": lambda text: text.replace("\n", "\r\n"),
    "old Macintosh line ends": lambda text: text.replace("\n", "\r"),
    "a byte-order mark": lambda text: "\ufeff" + text,
    "decomposed letters": lambda text: unicodedata.normalize("NFD", text),
}
AROUND: dict[str, Alteration] = {
    "blank lines between": lambda text: text.replace("\n", "\n\n"),
    "blank lines before": lambda text: "\n\n\n" + text,
    "blanks at line ends": lambda text: text.replace("\n", "  \n"),
    "doubled spaces": lambda text: text.replace(" ", "  "),
    "non-breaking spaces": lambda text: text.replace(" ", "\u00a0"),
    "a line of navigation": lambda text: "Home | News | Contact\n\n" + text,
    "pasted twice": lambda text: text + "\n" + text,
}

ADVERTISEMENT = (
    "Advertisement: order a basket of fresh apples today, get the second one for half the price at your door"
)
MARKS = {"“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "--", "…": "..."}
LIGATURES = {"ffi": "ﬃ", "fi": "ﬁ", "fl": "ﬂ"}


def blocks(text: str) -> list[str]:
    """Return what line ends part."""
    return [block for block in text.split("\n") if block.strip()]


def each(text: str, alter: Callable[[str], str], between: str = "\n\n") -> str:
    return between.join(map(alter, blocks(text)))


def swapped(text: str, marks: dict[str, str]) -> str:
    return reduce(lambda words, mark: words.replace(*mark), marks.items(), text)


def cut_at(words: str, place: float, between: str) -> str:
    """Part a block at a share of its words, but no heading."""
    parts = words.split(" ")
    at = int(len(parts) * place)
    return f"{' '.join(parts[:at])}{between}{' '.join(parts[at:])}" if len(parts) > 11 else words


def hyphenated(words: str) -> str:
    return re.sub(r"\b(\w{4,7})(?<=[a-z])([a-z]{4})\b(?= \w+ \w+ \w)", "\\1-\n\\2", words, count=2)


def edited(words: str, how: str) -> str:
    """Edit two words of a block, but of no heading."""
    parts = words.split(" ")
    for turn in (7, 11) if len(parts) > 11 else ():
        at = len(words) * turn % len(parts)
        parts[at : at + (how != "insert")] = [] if how == "delete" else ["porcelain"]
    return " ".join(parts)


# What a browser does to the words' looks and a page to their surroundings: the words can be proven to be the same.
DAMAGE: dict[str, Alteration] = {
    "straight quotes and hyphens": partial(swapped, marks=MARKS),
    "other quotes": partial(swapped, marks={"“": "«\u00a0", "”": "\u00a0»", "’": "`"}),
    "hyphens that do not break": partial(swapped, marks={"-": "‑", " — ": "—"}),
    "ligatures": partial(swapped, marks=LIGATURES),
    "thin spaces": partial(swapped, marks={" ": "\u2009"}),
    "soft hyphens": lambda text: re.sub(r"([a-z]{4})([a-z]{4})", "\\1\u00ad\\2", text),
    "line breaks in other places": partial(each, alter=partial(textwrap.fill, width=60)),
    "narrow lines without blank ones": partial(each, alter=partial(textwrap.fill, width=36), between="\n"),
    "hyphenation": partial(each, alter=hyphenated),
    "no byline": lambda text: re.sub(r"(?m)^By .*\n", "", text),
    "advertisements between": partial(each, alter=str, between=f"\n\n{ADVERTISEMENT}\n\n"),
    "advertisements inside": partial(each, alter=partial(cut_at, place=0.5, between=f"\n\n{ADVERTISEMENT}\n\n")),
    "advertisements on the same line": partial(each, alter=partial(cut_at, place=0.5, between=f" {ADVERTISEMENT} ")),
    "half pasted twice": lambda text: f"{text[: len(text) // 2]}\n\n{text}",
    "pasted twice in another typography": lambda text: swapped(f"{text[: len(text) * 2 // 3]}\n\n{text}", MARKS),
    "one paragraph": partial(each, alter=str, between=" "),
    "paragraphs split": partial(each, alter=partial(cut_at, place=0.4, between="\n\n")),
    "several at once": lambda text: each(
        swapped(text, MARKS | LIGATURES), partial(textwrap.fill, width=50), f"\n\n{ADVERTISEMENT}\n\n"
    ),
}
EDITS: dict[str, Alteration] = {
    how: partial(each, alter=partial(edited, how=how)) for how in ("replace", "delete", "insert")
}


def reworded(text: str, share: float, seed: int) -> str:
    """Replace, leave out and put in words at random, a share of those in each block, but in no heading."""
    chance = random.Random(seed)  # noqa: S311 - no secret

    def turned(word: str) -> list[str]:
        if chance.random() >= share:
            return [word]
        return chance.choice([["porcelain"], [], [word, "porcelain"], ["said"], [], [word, "also"]])

    def turn(words: str) -> str:
        parts = words.split(" ")
        return " ".join(new for word in parts for new in turned(word)) if len(parts) > 11 else words

    return each(text, turn)


def shortened(text: str, seed: int) -> str:
    """Leave out one sentence, at random, of each block that has three or more."""
    chance = random.Random(seed)  # noqa: S311 - no secret

    def shorten(words: str) -> str:
        sentences = re.split(r"(?<=[.!?”]) +", words)
        if len(sentences) > 2:
            del sentences[chance.randrange(len(sentences))]
        return " ".join(sentences)

    return each(text, shorten)


def altered(folder: Path, articles: Path, *alterations: Alteration) -> Path:
    """Copy the articles into a folder, each altered."""
    folder.mkdir()
    for file in articles.glob("*.txt"):
        text = reduce(lambda words, alter: alter(words), alterations, file.read_text(encoding="utf-8"))
        (folder / file.name).write_bytes(text.encode())
    return folder

"""The lines around an article that are not part of it, as the rules in ``furniture.yaml`` name them."""

import re
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import yaml
from iraqstance.annotation.lines import ends_sentence
from pydantic import BaseModel, ConfigDict

__all__ = ["FurnitureRule", "furniture_rule", "furniture_rules", "opens_list_of"]

_LONGEST_LIST_HEAD = 60
_TAIL = 120  # characters at a line's end in which a cue is looked for

# What follows these in short lines is links; what follows the others is references.
_LINKS = re.compile(
    r"(?:read also|also read|see also|related(?: (?:articles?|stories|posts?|news|content|topics|coverage|links?))?"
    r"|recommended(?: (?:for you|stories|reading))?|most (?:read|popular|viewed|shared)|trending(?: now| stories)?"
    r"|popular(?: (?:posts|stories|now))?|latest(?: (?:news|stories|posts|articles|headlines|from .{0,20}))?"
    r"|more (?:news|stories|from .{0,40}|on this(?: story| topic)?)|you (?:may|might) also like"
    r"|recent (?:posts|news|articles|stories|comments)|top stories|editor[’']?s[’']? picks?|don[’']t miss|archives?"
    r"|categories|tags|follow us|اقرأ أيضا|مواضيع ذات صلة)\s*:?\Z",
    re.IGNORECASE,
)
_REFERENCES = re.compile(
    r"(?:references|sources|footnotes|endnotes|notes|bibliography|works cited|المراجع|المصادر|الهوامش)\s*:?\Z",
    re.IGNORECASE,
)


class FurnitureRule(BaseModel):
    """One kind of furniture. The head of ``furniture.yaml`` says how a rule is read.

    Attributes:
        name: What the rule catches.
        longest: Characters that such a line has at most.
        cased: Whether the patterns see the line as it stands, and not in lower case.
        labels: Patterns for whole lines that do not end a sentence.
        sentences: Patterns for any whole line.
        contains: Patterns that match somewhere in a line that holds a cue.
        cues: What a line has to hold near its end, in lower case, before ``contains`` is tried.
        examples: Lines that the rule must catch.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    longest: int
    cased: bool = False
    labels: tuple[str, ...] = ()
    sentences: tuple[str, ...] = ()
    contains: tuple[str, ...] = ()
    cues: tuple[str, ...] = ()
    examples: tuple[str, ...]


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    macros: dict[str, str]
    rules: tuple[FurnitureRule, ...]


@cache
def _file() -> _File:
    return _File.model_validate(yaml.safe_load(files(__package__).joinpath("furniture.yaml").read_bytes()))


def furniture_rules() -> tuple[FurnitureRule, ...]:
    """Return the rules in the order in which they are tried."""
    return _file().rules


@cache
def _macros() -> dict[str, str]:
    macros = dict(_file().macros)
    for name, text in macros.items():  # a macro may use those before it
        macros[name] = _filled(text, macros)
    return macros


def _filled(pattern: str, macros: dict[str, str]) -> str:
    for name, text in macros.items():
        pattern = pattern.replace(f"{{{name}}}", text)
    return pattern


def _compiled(pattern: str, flags: int = 0) -> re.Pattern[str]:
    return re.compile(_filled(pattern, _macros()), re.VERBOSE | flags)


class _Whole(NamedTuple):
    """One rule's patterns for whole lines, ready to match. Apart from each other they reject a line fastest."""

    name: str
    longest: int
    cased: bool
    match: Callable[[str], re.Match[str] | None]


@cache
def _wholes(*, sentence: bool) -> tuple[_Whole, ...]:
    """Return the patterns to try on a line that ends a sentence, or on one that does not."""
    found = []
    for rule in _file().rules:
        patterns = rule.sentences if sentence else rule.labels + rule.sentences
        if patterns:
            match = _compiled("|".join(patterns), re.IGNORECASE if rule.cased else 0).fullmatch
            found.append(_Whole(rule.name, rule.longest, rule.cased, match))
    return tuple(found)


@cache
def _cues() -> dict[str, tuple[str, int, re.Pattern[str]]]:
    """Return the rule, its greatest length and its pattern for each word that makes a line worth a closer look."""
    return {
        word: (rule.name, rule.longest, _compiled("|".join(rule.contains)))
        for rule in _file().rules
        for word in rule.cues
    }


def furniture_rule(line: str) -> str | None:
    """Return the name of the first rule that catches the stripped line, or ``None``."""
    length, lower = len(line), line.lower()
    for name, longest, cased, match in _wholes(sentence=ends_sentence(line)):
        if length <= longest and match(line if cased else lower):
            return name
    tail, cues = lower[-_TAIL:], _cues()
    for word in cues:
        if word in tail:
            rule, longest, pattern = cues[word]
            if length <= longest and pattern.search(lower):
                return rule
    return None


def opens_list_of(line: str) -> str:
    """Return "links" or "references" where the line heads such a list, whose short lines are furniture too, or ""."""
    if len(line) > _LONGEST_LIST_HEAD:
        return ""
    return "links" if _LINKS.match(line) else "references" if _REFERENCES.match(line) else ""

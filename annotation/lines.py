"""What a single line tells: how it ends, how it begins, which mark it carries."""

import re

from iraqstance.annotation.normalise import BLANKS, ZERO_WIDTH, collapse

__all__ = [
    "breaks_off",
    "content_start",
    "ends_clause",
    "ends_sentence",
    "ends_with_abbreviation",
    "ends_with_title",
    "is_rule",
    "is_title_case",
    "opens_lower",
    "opens_quotation",
    "render",
    "without_trailing_dash",
]

_DASHES = "-–—‒―"
_BULLETS = "•▪◦‣●○■□►▶➤✓✔*·∙"
_SPACE = rf"[\s{ZERO_WIDTH}]"
_RULE = re.compile(rf"(?:[{_DASHES}{_BULLETS}_=~#]|{_SPACE})+\Z")
_RULE_OPENERS = frozenset(_DASHES + _BULLETS + "_=~#" + ZERO_WIDTH)
_MARK = re.compile(
    rf"{_SPACE}*(?:[{_BULLETS}]{_SPACE}*|[{_DASHES}]{_SPACE}+|o{_SPACE}+"
    rf"|\(?\d{{1,2}}(?:[.)]|[-–](?!{_SPACE}*\d)){_SPACE}+|\([a-z]\){_SPACE}+|[a-z]\){_SPACE}+|\([ivx]+\){_SPACE}+|[ivx]+\){_SPACE}+)(?=\S)"
)
_MARK_OPENERS = frozenset(_DASHES + _BULLETS + "o(0123456789abcdefghijklmnopqrstuvwxyz")
_MARK_SIGNS = " ().-–\t\u00a0" + ZERO_WIDTH
_CLOSERS = "\"'”’»)]›“"
_STOPS = frozenset(".!?…؟۔。")
_SENTENCE_END = re.compile(rf"[.!?…؟۔。][{re.escape(_CLOSERS)}]*(?:\s?\[\d+\]|[¹²³⁴⁵⁶⁷⁸⁹⁰])*+\Z")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(“\"])(?:(?:[A-Za-z]\.){2,}|(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|Gen|Col|Lt|Sgt|Gov|Sen|Rep|St|Jr|Sr|Inc|Ltd|Co|Corp|vs|No|Jan|Feb|Mar|Apr|Aug|Sept|Oct|Nov|Dec)\.)\Z"
)
_FUNCTION_WORD = re.compile(
    r"(?:^|\s)(?:a|an|and|as|at|by|for|from|in|into|of|on|or|over|that|the|their|its|to|under|with|which|who|whose|between"
    r"|against|Mr|Mrs|Dr|President|Minister|General|Gen|Sen|Ayatollah|Sheikh)\.?\Z"
)
_TITLE = re.compile(r"(?:^|\s)(?:Mr|Mrs|Ms|Dr|Prof|Gen|Col|Lt|Sgt|Gov|Sen|Rep|St)\.\Z")
_TRAILING_DASH = re.compile(rf"(?<=[.!?…؟۔\"”’)])\s+[{_DASHES}]+\s*\Z")
_SMALL_WORDS = frozenset(
    word
    for line in (
        "a amid an and as at but by for from in into is",
        "of off on or out over per so the then to up via vs w with yet",
    )
    for word in line.split()
)
_QUOTES = "“”\"«„‹‘’'"


def is_rule(line: str) -> bool:
    """Tell whether a line that is not blank holds only dashes, bullets or drawn rules."""
    return line[0] in _RULE_OPENERS and _RULE.match(line) is not None


def content_start(line: str, previous: str | None = None) -> int:
    """Return where the content of a list item begins, or 0 for a line without a list mark.

    After a line of some length that leaves its sentence open and is no item, a dash before a lower-case word, and a
    number other than the first, go on with that sentence.

    Args:
        line: The line, less the white space around it.
        previous: The line before it in the same way, where no blank line stands between.
    """
    head = line.lstrip()[:1]
    if head not in _MARK_OPENERS:
        return 0
    found = _MARK.match(line)
    if not found:
        return 0
    if previous and _may_run_on(previous):
        mark = found[0].strip(_MARK_SIGNS)
        dash = head in "–—" and line[found.end()].islower()
        if dash or (mark.isdecimal() and mark != "1"):
            return 0
    return found.end()


def _may_run_on(line: str) -> bool:
    return len(line.split()) > 5 and not ends_clause(line) and not _MARK.match(line)


def ends_sentence(line: str) -> bool:
    """Tell whether the line ends with a sentence, quotation marks, brackets and footnote marks left aside."""
    return line[-1:] in _STOPS or _SENTENCE_END.search(line[-40:]) is not None


def ends_clause(line: str) -> bool:
    """Tell whether the line ends with a sentence, a colon or a semicolon."""
    return line.endswith((":", ";")) or ends_sentence(line)


def breaks_off(line: str) -> bool:
    """Tell whether the line cannot end where it does: after a comma, a hyphen, "the", "President" and the like."""
    return line.endswith((",", "،", "-", "–", "—", "(", "“", "/", "&")) or _FUNCTION_WORD.search(line[-20:]) is not None


def ends_with_abbreviation(line: str) -> bool:
    """Tell whether the line's last full stop may belong to an abbreviation."""
    return line.endswith(".") and _ABBREVIATION.search(line[-12:]) is not None


def ends_with_title(line: str) -> bool:
    """Tell whether the line ends with a title that a name follows, such as "Mr."."""
    return line.endswith(".") and _TITLE.search(line[-8:]) is not None


def opens_lower(line: str) -> bool:
    """Tell whether the line begins with a lower-case word, as a continued sentence does and "iPhone" does not."""
    return line[:1].islower() and not line[1:2].isupper()


def opens_quotation(line: str) -> bool:
    """Tell whether the line begins with an opening quotation mark."""
    return line[:1] in _QUOTES and line[:1] != ""


def is_title_case(line: str) -> bool:
    """Tell whether at least 85 % of the line's weighty words begin with a capital or a digit, out of two or more."""
    words = [
        word
        for raw in line.split()
        if (word := raw.strip("“”\"'‘’«»()[]:,;.!?–—-")) and word.lower() not in _SMALL_WORDS
    ]
    capital = sum(not word[0].islower() for word in words)
    return len(words) > 1 and capital >= 0.85 * len(words) and any(word[0].isupper() for word in words)


def without_trailing_dash(line: str) -> str:
    """Return the stripped line without a dash that was left behind its last sentence."""
    return _TRAILING_DASH.sub("", line).rstrip() if line[-1:] in _DASHES else line


def render(extract: str) -> str:
    """Return the text of a paragraph from the characters between its offsets.

    Lines are joined by single spaces; list marks, lines of dashes and dashes left behind a sentence go. A word
    that was divided at a hyphen keeps its hyphen and loses the space.
    """
    if "\n" not in extract:
        line = extract.strip(BLANKS)
        if line[:1].isupper():  # no list mark begins so, and most paragraphs do
            return collapse(without_trailing_dash(line))
        return collapse(without_trailing_dash(line[content_start(line) :]))
    parts: list[str] = []
    previous: str | None = None
    for whole in extract.split("\n"):
        line = whole.strip(BLANKS)
        if not line or is_rule(line):
            continue
        content = without_trailing_dash(line[content_start(line, previous) :])
        previous = line
        if parts and content[:1].islower() and parts[-1][-1:] == "-" and parts[-1][-2:-1].isalpha():
            parts[-1] += content
        else:
            parts.append(content)
    return collapse(" ".join(parts))

"""Groups become paragraphs or go: titles, section headings, menus, and the lead-ins that belong to what follows."""

import re
from collections.abc import Iterable, Iterator

from iraqstance.annotation import lines as look
from iraqstance.annotation.grouping import Group

__all__ = ["bodies"]

_CLAUSE = re.compile(
    r"\b(?:is|are|was|were|be|been|has|have|had|will|would|can|could|may|might|must|should|do|does|did|say|says|said|include[sd]?|told|wrote|added|expects?|argues?)\b",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    r"(?:(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|section|part|chapter|annex|phase|step)(?:ly)?\b"
    r"(?: \d+)?\s*[:,.–—-]|[IVX]{1,4}[.):]|\d{1,2}(?:\.\d{1,2})*[.):]?\s|[A-H][.)]\s"
    r"|(?:أولا|ثانيا|ثالثا|رابعا)[ًا]?\s*[:،]|یەکەم|دووەم|سێیەم)",
    re.IGNORECASE,
)
_QUESTION_WORD = re.compile(r"(?:what|why|how|who|where|when|which)\b", re.IGNORECASE)
_QUESTION_LABEL = re.compile(r"(?:Q|Question|Interviewer|س)\s?\d*\s?[.:]", re.IGNORECASE)
_LETTER_OR_FIGURE = re.compile(r"[^\W_]")
_SEVERAL_SENTENCES = re.compile(r"[a-z\d”\"’)][.!?]\s+[“\"‘]?[A-Z]")


def bodies(groups: Iterable[Group]) -> Iterator[Group]:
    """Rules ``heading`` and ``lead-in``: drop what is no sentence, join short lead-ins to what they lead to."""
    lead: Group | None = None
    head = True
    dropped: set[str] = set()  # headings before the first paragraph, which a second paste brings again
    for group in groups:
        text = group.text
        if not group.is_list and _is_lead_in(text):
            if lead:
                yield lead
            lead = group
            continue
        if _is_menu(group) or text in dropped or (_may_be_heading(group) and _is_heading(text, head=head)):
            if lead:
                yield lead
                lead = None
            if head:
                dropped.add(text)
            continue
        if lead and group.rows[0].gap != "cut":
            yield Group(lead.rows + group.rows)
        else:
            if lead:
                yield lead
            yield group
        lead = None
        head = False
    if lead:
        yield lead


def _may_be_heading(group: Group) -> bool:
    return len(group.rows) == 1 or not group.is_list


def _is_menu(group: Group) -> bool:
    """Tell whether the group is a list of links: two or more items, each short, no sentence, no lead-in."""
    return (
        len(group.rows) > 1
        and group.rows[0].item
        and all(len(row.body.split()) <= 5 and not look.ends_clause(row.body) for row in group.rows)
    )


def _is_lead_in(text: str) -> bool:
    if not text.endswith(":") or len(text.split()) > 14:
        return False
    is_label = _NUMBERED.match(text) or _QUESTION_WORD.match(text) or look.is_title_case(text)
    return not is_label and _CLAUSE.search(text) is not None


def _is_heading(text: str, *, head: bool) -> bool:
    """Tell whether the text is a title, a heading or a row of dots; ``head``: no paragraph has come before it."""
    if len(text) > 300:
        return False
    if not _LETTER_OR_FIGURE.search(text):
        return True
    if look.ends_sentence(text):
        return _is_sentence_heading(text, head=head)
    words = len(text.split())
    if text.endswith(":"):
        return words <= 14
    if text.endswith((",", ";", "،")):
        return False
    return words <= (25 if head else 15) or (words <= 25 and look.is_title_case(text))


def _is_sentence_heading(text: str, *, head: bool) -> bool:
    """Tell whether a text that ends as a sentence does is a heading: a short question, or "Back in the U.S."."""
    if text.rstrip("\"'”’»)").endswith((".", "…", "۔", "。")):
        return look.ends_with_abbreviation(text) and len(text.split()) <= 16 and look.is_title_case(text)
    if _SEVERAL_SENTENCES.search(text) or _QUESTION_LABEL.match(text):
        return False
    words = len(text.split())
    return words <= (25 if head else 8) or (words <= 20 and look.is_title_case(text))

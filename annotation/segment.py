"""Cut an article into the paragraphs that a careful editor would list.

Lines become groups, groups become paragraphs or furniture. The rules, by name:

``blank``       A blank line ends a group.
``rule``        A line of dashes goes, and ends a group that is no list.
``furniture``   A line that a pattern of :data:`FURNITURE` names goes.
``wrap``        In text wrapped at a column, a full line goes on in the next.
``broken``      A line that leaves its sentence open goes on in the next.
``list``        List items, and the line ending in a colon before them, are one paragraph.
``quotation``   A quotation on a line of its own belongs to the line that introduces it.
``lead-in``     A short clause ending in a colon belongs to the paragraph after it.
``heading``     A title, kicker, byline or section heading goes: short, and no sentence.
``link-list``   Short lines under a heading such as "Related" or "References" go.
``repeat``      A paragraph that the article already held goes.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from iraqstance.annotation import lines as look
from iraqstance.annotation.furniture import furniture_rule, opens_link_list
from iraqstance.annotation.normalise import ZERO_WIDTH, collapse, sha256_of
from iraqstance.annotation.reading import Line, open_binary, read_lines
from iraqstance.annotation.records import Paragraph

__all__ = ["segment", "segment_file"]

_BLOCK_LINES = 500  # a longer run without a blank line is looked at in pieces
_REMEMBERED = 50_000  # paragraphs of one article that a repeat is looked for among
_WIDEST_WRAP = 140
_PUNCTUATION = re.compile(r"[^\w\s]+")
_BLANKS = " \t\r\n\v\f" + ZERO_WIDTH + "".join(map(chr, (0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000)))
_CLAUSE = re.compile(
    r"\b(?:is|are|was|were|be|been|has|have|had|will|would|can|could|may|might|must|should|do|does|did|say|says|said|include[sd]?|told|wrote|added|expects?|argues?)\b",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    r"(?:(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|section|part|chapter|annex|phase|step)(?:ly)?\b"
    r"(?: \d+)?\s*[:,.–—-]|[IVX]{1,4}[.):]|\d{1,2}(?:\.\d{1,2})*[.):]?\s|[A-H][.)]\s|(?:أولا|ثانيا|ثالثا|رابعا)[ًا]?\s*[:،]|یەکەم|دووەم|سێیەم)",
    re.IGNORECASE,
)
_QUESTION_WORD = re.compile(r"(?:what|why|how|who|where|when|which)\b", re.IGNORECASE)
_QUESTION_LABEL = re.compile(r"(?:Q|Question|Interviewer|س)\s?\d*\s?[.:]", re.IGNORECASE)
_SEVERAL_SENTENCES = re.compile(r"[a-z\d”\"’)][.!?]\s+[“\"‘]?[A-Z]")


def segment_file(path: str | Path, article: str | None = None) -> Iterator[Paragraph]:
    """Yield the paragraphs of a UTF-8 text file, or of standard input for ``-``, in a single pass.

    Args:
        path: The file.
        article: Id of the article; without it, the file's name less its ending (``stdin`` for standard input).

    Raises:
        InputError: Where the file cannot be read or is not UTF-8 text, when the pass gets there.
    """
    name = "standard input" if str(path) == "-" else str(path)
    with open_binary(path) as stream:
        yield from segment(read_lines(stream, name), article or ("stdin" if str(path) == "-" else Path(path).stem))


def segment(lines: Iterable[Line], article: str) -> Iterator[Paragraph]:
    """Yield the paragraphs of one normalised article, holding no more than a block of its lines at a time.

    Args:
        lines: The article's lines in order, as :func:`read_lines` yields them.
        article: Id of the article.
    """
    seen: dict[bytes, None] = {}
    number = 0
    for group in _bodies(_groups(_blocks(lines))):
        text = group.text
        key = _words_key(text)
        if key in seen:
            continue
        seen[key] = None
        if len(seen) > _REMEMBERED:
            del seen[next(iter(seen))]
        number += 1
        yield Paragraph(f"{article}/{number:03d}", article, group.start, group.end, text, sha256_of(text))


def _words_key(text: str) -> bytes:
    """Return what two copies of a paragraph share though their quotes, dashes and case may differ."""
    return hashlib.blake2b(_PUNCTUATION.sub("", text).casefold().encode(), digest_size=8).digest()


@dataclass(slots=True)
class _Row:
    """A line that is not blank."""

    start: int
    raw: str  # as it stands, less the white space around it
    body: str  # less its list mark and a dash left at its end
    item: bool  # carries a list mark
    indent: int
    gap: str  # what stood before it: "" for a line, "blank", "rule" or "cut" (furniture)
    width: int = 0  # the column at which its block is wrapped, or 0
    packed: bool = True  # many lines stand in its block: line ends may be paragraph ends


@dataclass(slots=True)
class _Group:
    """Rows that belong together."""

    rows: list[_Row]

    @property
    def start(self) -> int:
        return self.rows[0].start

    @property
    def end(self) -> int:
        last = self.rows[-1]
        return last.start + len(look.without_trailing_dash(last.raw))

    @property
    def text(self) -> str:
        if len(self.rows) == 1:
            return collapse(self.rows[0].body)
        return look.render("\n".join(row.raw for row in self.rows))

    @property
    def is_list(self) -> bool:
        return any(row.item for row in self.rows)

    @property
    def introduced(self) -> bool:
        return not self.rows[0].item


def _blocks(lines: Iterable[Line]) -> Iterator[list[_Row]]:
    """Collect the rows between blank lines, and find the column at which a block is wrapped."""
    block: list[_Row] = []
    gap, width, blocks = "blank", 0, 0
    previous: str | None = None
    for start, text in lines:
        raw = text.strip()
        if not raw.isascii():
            raw = raw.strip(_BLANKS)
        if not raw:
            if block:
                width = _wrap(block, width, first=not blocks)
                yield block
                blocks += 1
            block, gap, previous = [], gap if gap == "rule" else "blank", None
            continue
        if look.is_rule(raw):
            gap = "rule"
            continue
        mark = look.content_start(raw, previous)
        body = look.without_trailing_dash(raw[mark:] if mark else raw)
        indent = 0 if len(raw) == len(text) else text.index(raw[0])
        block.append(_Row(start + indent, raw, body, mark > 0, indent, gap))
        gap, previous = "", raw
        if len(block) >= _BLOCK_LINES:
            width = _wrap(block, width, first=not blocks)
            yield block
            block = []
    if block:
        _wrap(block, width, first=not blocks)
        yield block


def _wrap(block: list[_Row], width: int, *, first: bool) -> int:
    """Mark the rows of a block that is wrapped at a column; return that column, or the one known before.

    A block is wrapped where at least a third of its lines, and at least one, leave a sentence open before a word
    without a capital, and four in five do that or had no room for the word after them.
    """
    lengths = [len(row.raw) + row.indent for row in block]
    longest = max(lengths)
    if len(block) <= 3 and not first:
        for row in block:
            row.packed = False
    if len(block) < 2 or longest > _WIDEST_WRAP or longest < 40:
        return width
    breaks = full = broken = 0
    for (length, row), after in zip(zip(lengths, block, strict=True), block[1:], strict=False):
        if after.item or after.gap:
            continue
        breaks += 1
        runs_on = not look.ends_clause(row.raw) and not after.raw[0].isupper()
        full += runs_on or _is_full(length, after, longest)
        broken += runs_on
    wrapped = breaks and full >= 0.8 * breaks and broken >= max(1, breaks / 3)
    known = width and breaks and longest <= width and full == breaks and _is_full(lengths[0], block[1], width)
    if wrapped or known:
        column = max(longest, width if known else 0)
        for row in block:
            row.width = column
        return column
    return width


def _is_full(length: int, after: _Row, width: int) -> bool:
    return length + 1 + len(after.raw.split(None, 1)[0]) > 0.9 * width


def _runs_on(last: _Row, row: _Row) -> bool:
    """Tell whether a line of a wrapped block goes on in the next: it is full, or long and leaves its sentence open."""
    length = len(last.raw) + last.indent
    return _is_full(length, row, last.width) or (length > 0.6 * last.width and not look.ends_clause(last.raw))


def _groups(blocks: Iterable[list[_Row]]) -> Iterator[_Group]:
    """Join the rows that belong together; drop furniture and link lists."""
    group: _Group | None = None
    cut: _Row | None = None  # the furniture that stood just before
    links = False
    for block in blocks:
        for row in block:
            if group and row.gap != "rule" and not cut and _continues(group, row):
                group.rows.append(row)
                continue
            wrapped_on = cut and cut.width and not row.gap and look.opens_lower(row.body) and _runs_on(cut, row)
            opens = opens_link_list(row.body)
            if opens or wrapped_on or furniture_rule(row.body) or (links and not _ends_link_list(row)):
                links = links or opens
                cut = row
                continue
            links = False
            if cut:
                row.gap, cut = "cut", None
            if group and row.gap != "cut" and (_extends_list(group, row) or _is_introduced(group, row)):
                group.rows.append(row)
                continue
            if group:
                yield group
            group = _Group([row])
    if group:
        yield group


def _ends_link_list(row: _Row) -> bool:
    return len(row.body.split()) >= 25 and look.ends_sentence(row.body)


def _continues(group: _Group, row: _Row) -> bool:
    """Rules ``wrap`` and ``broken``: whether the row goes on with the group's last sentence."""
    last = group.rows[-1]
    if row.item:
        return False
    if last.width and not row.gap:
        indented = row.indent >= last.indent + 2 and not group.is_list and look.ends_sentence(last.body)
        return _runs_on(last, row) and not indented
    lower = look.opens_lower(row.body)
    if group.is_list and last.item and not row.gap and row.indent > last.indent and row.indent > 1:
        return True
    if look.ends_clause(last.body):
        open_end = last.body.endswith(";") or look.ends_with_abbreviation(last.body)
        return lower and open_end and not row.gap
    words = len(last.body.split())
    if lower:
        long = (words > 5 and not group.is_list) or (group.is_list and not row.gap)
        return look.breaks_off(last.body) or (long and not look.is_title_case(last.body))
    if words > 5 and look.breaks_off(last.body) and not look.opens_quotation(row.body):
        return True
    return words > 11 and not row.gap and not row.packed and not look.opens_quotation(row.body)


def _extends_list(group: _Group, row: _Row) -> bool:
    """Rule ``list``: whether the row is an item of the group's list, or the first after its lead-in."""
    return row.item and (group.is_list or group.rows[-1].body.endswith(":"))


def _is_introduced(group: _Group, row: _Row) -> bool:
    """Rule ``quotation``: whether the row is a quotation that the group's last line introduces."""
    introduces = group.rows[-1].body.endswith((":", ",", "،", "—", "–"))
    return introduces and look.opens_quotation(row.body)


def _bodies(groups: Iterable[_Group]) -> Iterator[_Group]:
    """Rules ``heading`` and ``lead-in``: drop what is no sentence, join short lead-ins to what they lead to."""
    lead: _Group | None = None
    head = True
    for group in groups:
        if _is_menu(group):
            continue
        text = group.text
        if not group.is_list and _is_lead_in(text):
            if lead:
                yield lead
            lead = group
            continue
        if len(group.rows) == 1 or not group.is_list:
            if _is_heading(text, head=head):
                continue
        if lead:
            if group.rows[0].gap == "cut":
                yield lead
            else:
                group = _Group(lead.rows + group.rows)
            lead = None
        head = False
        yield group
    if lead:
        yield lead


def _is_menu(group: _Group) -> bool:
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
    """Tell whether the text is a title or heading; ``head`` says that no paragraph has come before it."""
    if len(text) > 300:
        return False
    words = len(text.split())
    if text.endswith(":"):
        return words <= 14
    if look.ends_sentence(text):
        if text.rstrip("\"'”’»)").endswith((".", "…", "۔", "。")):
            return words <= 16 and look.ends_with_abbreviation(text) and look.is_title_case(text)
        if _SEVERAL_SENTENCES.search(text) or _QUESTION_LABEL.match(text):
            return False
        return words <= (25 if head else 8) or (words <= 20 and look.is_title_case(text))
    if text.endswith((",", ";", "،")):
        return False
    return words <= (25 if head else 15) or (words <= 25 and look.is_title_case(text))

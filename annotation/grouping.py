"""Lines become groups: which lines of an article belong together, and which are furniture."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from iraqstance.annotation import lines as look
from iraqstance.annotation.furniture import furniture_rule, opens_list_of
from iraqstance.annotation.normalise import BLANKS
from iraqstance.annotation.reading import Line

__all__ = ["Group", "Row", "groups_of"]

_BLOCK_LINES = 500  # a longer run without a blank line is looked at in pieces
_WIDEST_WRAP = 140
_NARROWEST_WRAP = 40


@dataclass(slots=True)
class Row:
    """A line that is not blank.

    Attributes:
        start: Offset of its first character that is not white space.
        raw: The line as it stands, less the white space around it.
        body: The same less its list mark and a dash left at its end.
        item: Whether it carries a list mark.
        indent: Characters of white space before it.
        gap: What stood before it: "" for a line, "blank", "rule", or "cut" for furniture.
        width: The column at which its block is wrapped, or 0.
        packed: Whether many lines stand in its block, so that line ends may be paragraph ends.
    """

    start: int
    raw: str
    body: str
    item: bool
    indent: int
    gap: str
    width: int = 0
    packed: bool = True


@dataclass(slots=True)
class Group:
    """Rows that belong together."""

    rows: list[Row]
    is_list: bool = False  # whether any row carries a list mark

    def __post_init__(self) -> None:
        self.is_list = any(row.item for row in self.rows)

    def add(self, row: Row) -> None:
        """Take in one more row."""
        self.rows.append(row)
        self.is_list = self.is_list or row.item

    @property
    def start(self) -> int:
        """Offset of the first character."""
        return self.rows[0].start

    @property
    def end(self) -> int:
        """Offset after the last character, a dash left behind it not counted."""
        last = self.rows[-1]
        return last.start + len(look.without_trailing_dash(last.raw))

    @property
    def text(self) -> str:
        """The rendered text."""
        return look.render("\n".join(row.raw for row in self.rows))


def groups_of(lines: Iterable[Line]) -> Iterator[Group]:
    """Join the lines that belong together; drop furniture, rules and link lists."""
    group: Group | None = None
    cut: Row | None = None  # the furniture that stood just before
    listed = ""  # the kind of list of links that is being passed over
    for block in _blocks(lines):
        for row in block:
            if group and row.gap != "rule" and not cut and _continues(group, row):
                group.add(row)
                continue
            wrapped_on = cut and cut.width and not row.gap and look.opens_lower(row.body) and _runs_on(cut, row)
            opens = opens_list_of(row.body)
            if opens or wrapped_on or furniture_rule(row.body) or (listed and not _ends_list_of(listed, row)):
                listed = opens or listed
                cut = row
                continue
            listed = ""
            if cut:
                row.gap, cut = "cut", None
            if group and row.gap != "cut" and (_extends_list(group, row) or _is_introduced(group, row)):
                group.add(row)
                continue
            if group:
                yield group
            group = Group([row])
    if group:
        yield group


def _ends_list_of(kind: str, row: Row) -> bool:
    """Tell whether a row after a list of links or references is text again. References may be sentences of a length."""
    return not row.item and look.ends_sentence(row.body) and len(row.body.split()) >= (8 if kind == "links" else 25)


def _continues(group: Group, row: Row) -> bool:
    """Rules ``wrap`` and ``broken``: whether the row goes on with the group's last sentence."""
    last = group.rows[-1]
    if row.item:
        return False
    if last.width and not row.gap:
        indented = row.indent >= last.indent + 2 and not group.is_list and look.ends_sentence(last.body)
        return _runs_on(last, row) and not indented
    if group.is_list and last.item and not row.gap and row.indent > max(last.indent, 1):
        return True
    if look.ends_clause(last.body):
        open_end = last.body.endswith(";") or look.ends_with_abbreviation(last.body)
        goes_on = look.opens_lower(row.body) and open_end
        return not row.gap and (goes_on or look.ends_with_title(last.body))
    return _is_left_open(group, row)


def _is_left_open(group: Group, row: Row) -> bool:
    """Tell whether the row goes on with the group's last line, which ends neither a sentence nor a clause."""
    last = group.rows[-1].body
    words = len(last.split())
    if look.opens_lower(row.body.lstrip("–— ")):
        long = not row.gap if group.is_list else words > 5
        return look.breaks_off(last) or (long and not look.is_title_case(last))
    if look.opens_quotation(row.body):
        return False
    return (words > 5 and look.breaks_off(last)) or (words > 11 and not row.gap and not row.packed)


def _extends_list(group: Group, row: Row) -> bool:
    """Rule ``list``: whether the row is an item of the group's list, or the first after its lead-in."""
    return row.item and (group.is_list or group.rows[-1].body.endswith(":"))


def _is_introduced(group: Group, row: Row) -> bool:
    """Rule ``quotation``: whether the row is a quotation that the group's last line introduces."""
    introduces = group.rows[-1].body.endswith((":", ",", "،", "—", "–"))
    return introduces and look.opens_quotation(row.body)


def _blocks(lines: Iterable[Line]) -> Iterator[list[Row]]:
    """Collect the rows between blank lines, and find the column at which a block is wrapped."""
    block: list[Row] = []
    gap, width, blocks = "blank", 0, 0
    previous: str | None = None
    for start, text in lines:
        raw = text.strip()
        if not raw.isascii():
            raw = raw.strip(BLANKS)
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
        block.append(Row(start + indent, raw, body, mark > 0, indent, gap))
        gap, previous = "", raw
        if len(block) >= _BLOCK_LINES:
            width = _wrap(block, width, first=not blocks)
            yield block
            block = []
    if block:
        _wrap(block, width, first=not blocks)
        yield block


def _wrap(block: list[Row], width: int, *, first: bool) -> int:
    """Mark the rows of a block that is wrapped at a column; return that column, or the one known before.

    A block is wrapped where at least a third of its lines, and at least one, leave a sentence open before a word
    without a capital, and four in five do that or had no room for the word after them.
    """
    if len(block) <= 3 and not first:
        for row in block:
            row.packed = False
    if len(block) == 1:
        return width
    lengths = [len(row.raw) + row.indent for row in block]
    longest = max(lengths)
    if longest > _WIDEST_WRAP or longest < _NARROWEST_WRAP:
        return width
    breaks = full = broken = 0
    for (length, row), after in zip(zip(lengths, block, strict=True), block[1:], strict=False):
        if after.item or after.gap:
            continue
        breaks += 1
        runs_on = length > 0.6 * longest and _leaves_open(row, after)
        number = length > 0.6 * longest and after.raw[0].isdigit() and not look.ends_clause(row.raw)
        full += runs_on or number or _is_full(length, after, longest)
        broken += runs_on
    wrapped = breaks and full >= 0.8 * breaks and broken >= max(1, breaks / 3)
    known = width and breaks and longest <= width and full == breaks and _is_full(lengths[0], block[1], width)
    if wrapped or known:
        column = max(longest, width if known else 0)
        for row in block:
            row.width = column
        return column
    return width


def _leaves_open(row: Row, after: Row) -> bool:
    """Tell whether the row leaves its sentence open before a small word, or in a script without capitals."""
    head = after.raw[0]
    small = look.opens_lower(after.raw) or (head.isalpha() and head == head.upper() == head.lower())
    return small and not look.ends_clause(row.raw) and not look.is_title_case(row.raw)


def _is_full(length: int, after: Row, width: int) -> bool:
    return length + 1 + len(after.raw.split(None, 1)[0]) > 0.9 * width


def _runs_on(last: Row, row: Row) -> bool:
    """Tell whether a line of a wrapped block goes on in the next: full, or long and leaving its sentence open."""
    length = len(last.raw) + last.indent
    return _is_full(length, row, last.width) or (length > 0.6 * last.width and not look.ends_clause(last.raw))

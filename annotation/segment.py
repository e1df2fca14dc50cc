"""Cut an article into the paragraphs that a careful editor would list.

Lines become groups, groups become paragraphs or furniture. The rules, by name:

``blank``       A blank line ends a group.
``rule``        A line of dashes goes, and ends a group that is no list.
``furniture``   A line that a rule of ``furniture.yaml`` catches goes.
``wrap``        In text wrapped at a column, a full line goes on in the next.
``broken``      A line that leaves its sentence open goes on in the next.
``list``        List items, and the line ending in a colon before them, are one paragraph.
``quotation``   A quotation on a line of its own belongs to the line that introduces it.
``lead-in``     A short clause ending in a colon belongs to the paragraph after it.
``heading``     A title, kicker, byline or section heading goes: short, and no sentence.
``menu``        A list of short links without a lead-in goes.
``link-list``   Short lines under a heading such as "Related" or "References" go.
``repeat``      A paragraph that the article already held goes.
"""

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

from iraqstance.annotation.grouping import groups_of
from iraqstance.annotation.headings import bodies
from iraqstance.annotation.normalise import sha256_of
from iraqstance.annotation.reading import Line, open_binary, read_lines
from iraqstance.annotation.records import Paragraph

__all__ = ["segment", "segment_file"]

_REMEMBERED = 20_000  # paragraphs of one article that a repeat is looked for among
_MARKS = "“”\"‘’'«»–—-"


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
    seen: set[bytes] = set()
    order: deque[bytes] = deque()
    number = 0
    for group in bodies(groups_of(lines)):
        text = group.text
        key = _words_key(text)
        if key in seen:
            continue
        seen.add(key)
        order.append(key)
        if len(order) > _REMEMBERED:
            seen.remove(order.popleft())
        number += 1
        yield Paragraph(f"{article}/{number:03d}", article, group.start, group.end, text, sha256_of(text))


def _words_key(text: str) -> bytes:
    """Return what two copies of a paragraph share though their quotes, dashes and case may differ."""
    for mark in _MARKS:
        text = text.replace(mark, "")
    return hashlib.blake2b(text.casefold().encode(), digest_size=8).digest()

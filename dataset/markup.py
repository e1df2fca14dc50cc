"""Text out of HTML: an article that was saved as the source of its page."""

import re
import unicodedata
from html.entities import html5
from html.parser import HTMLParser

__all__ = ["holds_markup", "text_of"]

_TAGS = (
    "a|abbr|article|aside|b|blockquote|body|br|button|cite|code|dd|del|div|dl|dt|em|figcaption|figure|font|footer|form"
    "|h[1-6]|head|header|hr|html|i|iframe|img|input|ins|label|li|link|main|meta|nav|noscript|ol|p|picture|pre|q|s"
    "|script|section|small|source|span|strong|style|sub|sup|svg|table|tbody|td|template|tfoot|th|thead|time|title|tr|u"
    "|ul|video"
)
_TAG = re.compile(rf"</?(?:{_TAGS})(?:\s[^<>]*)?/?>|<!doctype\s|<!--", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|([a-z][a-z0-9]{1,31}));", re.IGNORECASE)
# Where these tags stand, line ends in the source are white space like any other.
_FLOWING = re.compile(r"<(?:body|div|html|p)(?:\s[^<>]*)?>", re.IGNORECASE)
_BLOCK = re.compile(
    "article|aside|blockquote|body|br|center|d[dlt]|div|figcaption|figure|footer|form|h[1-6]|head|header|hr|html|li"
    "|main|nav|[ou]l|p|pre|section|table|tbody|t[dhr]|tfoot|thead|title"
)
_UNREAD = frozenset(("iframe", "noscript", "script", "style", "svg", "template"))
_TIMES = 3  # what was escaped twice is still HTML when it has been read once


def holds_markup(text: str) -> bool:
    """Tell whether a text holds an HTML tag or entity."""
    return bool(_TAG.search(text)) or any(
        found[1] is None or f"{found[1]};" in html5 for found in _ENTITY.finditer(text)
    )


def text_of(html: str) -> str:
    """Return the text of HTML, its blocks divided by blank lines, normalised as articles are.

    What only looks like a tag and is never closed stays; :func:`holds_markup` tells of it.
    """
    text = html
    for _ in range(_TIMES):
        reader = _Reader(flowing=bool(_FLOWING.search(text)))
        reader.feed(text)
        reader.close()
        text = "\n".join(unicodedata.normalize("NFC", "".join(reader.parts)).splitlines())
        if not holds_markup(text):
            break
    return text


class _Reader(HTMLParser):
    """What a browser shows of a page, as pieces of text."""

    def __init__(self, *, flowing: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._flowing = flowing
        self._unread = ""  # the tag in which nothing is read

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the parser's
        if not self._unread and tag in _UNREAD:
            self._unread = tag
        self._part(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the parser's
        self._part(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == self._unread:
            self._unread = ""
        self._part(tag)

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.parts.append(re.sub(r"[ \t\n\r\f]+", " ", data) if self._flowing else data)

    def _part(self, tag: str) -> None:
        if _BLOCK.fullmatch(tag):
            self.parts.append("\n" if tag == "br" else "\n\n")

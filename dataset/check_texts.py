"""Rules for the words of a text alone: quality, encoding, and runs of words that another text has too."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from iraqstance.annotation.errors import InputError
from iraqstance.annotation.normalise import collapse

__all__ = ["Known", "borrowed", "known_runs", "text_faults"]

_SHORT_WORDS, _SHORT_CHARACTERS, _LONG_WORDS = 5, 25, 500
_REPEATED = 12  # words
_RUN = 10  # words in a row that are no coincidence

_WORD = re.compile(r"[^\W_]+")
_BREAK = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_TAGS = (
    "a|abbr|b|blockquote|br|div|em|font|h[1-6]|hr|i|iframe|img|li|ol|p|pre|script|span|strong|style|sub|sup|table|tbody"
    "|td|th|thead|tr|u|ul"
)
_ENTITIES = r"amp|lt|gt|quot|apos|nbsp|[lr][sd]quo|[nm]dash|hellip|#\d{2,6}|#x[0-9a-f]{2,5}"
_HTML = re.compile(rf"</?(?:{_TAGS})\b[^<>]*>|<!--|&(?:{_ENTITIES});", re.IGNORECASE)

# What the bytes 80 to BF become where UTF-8 is read as Windows-1252, or as Latin-1 where that has no character.
_REST = "".join(bytes([byte]).decode("cp1252", errors="ignore") or chr(byte) for byte in range(0x80, 0xC0))
_REST += "".join(map(chr, range(0x80, 0xA0)))
_C = f"[{re.escape(_REST)}]"
_MOJIBAKE = re.compile(
    rf"(?<![A-ZÀ-Þ])[ÃÂ]{_C}|â[€\x80‚„†ˆ‰–—˜œ]{_C}|ï(?:»¿|¿½)|ðŸ{_C}{{2}}|(?:[ÐÑ]{_C}){{2}}|(?:[ØÙÚÛ]{_C}){{2}}"
)


def text_faults(text: str) -> Iterator[tuple[str, str]]:
    """Yield the rules that a text breaks, each with a message."""
    yield from _encoding_faults(text)
    if control := _CONTROL.search(text):
        yield "control-character", f"it holds U+{ord(control[0]):04X} at character {control.start() + 1}"
    words = text.split()
    if not _WORD.search(text):
        yield "empty-text", "it holds no word"
        return
    if len(words) < _SHORT_WORDS and len(text) < _SHORT_CHARACTERS:
        yield "short-text", f"it has {_counted(len(words), 'word')}"
    if len(words) > _LONG_WORDS:
        yield "long-text", f"it has {len(words)} words"
    if found := _BREAK.search(text.strip()):
        place = found.start() + len(text) - len(text.lstrip()) + 1
        yield "line-break", f"it holds a line break at character {place}; write a paragraph as one line"
    elif text != collapse(text):
        yield "loose-space", "its white space is not single spaces between words"
    if html := _HTML.search(text):
        yield "html", f"it holds {html[0][:30]!r} at character {html.start() + 1}"
    repeated = _repeated(words)
    if repeated:
        one, other = repeated
        yield "repeated-passage", f"the {_REPEATED} words from word {one + 1} stand again from word {other + 1}"


def _encoding_faults(text: str) -> Iterator[tuple[str, str]]:
    if text.isascii():
        return
    if half := _SURROGATE.search(text):
        yield "lone-surrogate", f"it holds U+{ord(half[0]):04X} at character {half.start() + 1}"
    if "\ufffd" in text:
        yield "replacement-character", f"a character was lost at character {text.index(chr(0xFFFD)) + 1}"
    if found := _MOJIBAKE.search(text):
        yield "mojibake", f"it holds {found[0]!r} at character {found.start() + 1}; read its source as UTF-8"
    if not unicodedata.is_normalized("NFC", text):
        yield "not-nfc", "it is not in normal form C"


def _repeated(words: Sequence[str]) -> tuple[int, int] | None:
    """Return the places of the first run of words that stands twice."""
    if len(words) - len(set(words)) < _REPEATED:
        return None
    seen: dict[tuple[str, ...], int] = {}
    for start in range(len(words) - _REPEATED + 1):
        first = seen.setdefault(tuple(words[start : start + _REPEATED]), start)
        if first != start:
            return first, start
    return None


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


#: The words of each text by name, and where each run of ten words stands first: name and number of the first word.
Known = tuple[Mapping[str, Sequence[str]], Mapping[tuple[str, ...], tuple[str, int]]]


def known_runs(folder: str | Path) -> Known:
    """Read a folder of texts, to find what others borrow from them.

    Raises:
        InputError: Where there is no such folder, or no ``.txt`` or ``.md`` file in it.
    """
    root = Path(folder)
    files = sorted(file for file in root.rglob("*") if file.suffix.lower() in {".txt", ".md"} and file.is_file())
    if not files:
        raise InputError(
            "there is no text in the folder" if root.is_dir() else "there is no such folder",
            where=str(folder),
            expected="a folder of .txt files",
        )
    texts = {}
    runs: dict[tuple[str, ...], tuple[str, int]] = {}
    for file in files:
        name = file.relative_to(root).as_posix()
        texts[name] = _words(file.read_text(encoding="utf-8", errors="replace"))
        for start in range(len(texts[name]) - _RUN + 1):
            runs.setdefault(tuple(texts[name][start : start + _RUN]), (name, start))
    return texts, runs


def borrowed(text: str, known: Known) -> Iterator[str]:
    """Yield a message for every run of ten words or more that the text shares, without its words."""
    texts, runs = known
    words = _words(text)
    start = 0
    while start + _RUN <= len(words):
        found = runs.get(tuple(words[start : start + _RUN]))
        if found is None:
            start += 1
            continue
        name, place = found
        length = _RUN
        other = texts[name]
        while words[start + length : start + length + 1] == other[place + length : place + length + 1] != []:
            length += 1
        yield f"{length} words from word {start + 1} also stand in {name} from word {place + 1}"
        start += length


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(unicodedata.normalize("NFKC", text))]

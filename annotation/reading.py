"""Bytes in, normalised lines out, with the byte of every fault."""

import sys
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from iraqstance.annotation.errors import InputError

__all__ = ["Line", "article_files", "open_binary", "read_lines", "read_text"]

# The longer marks come first: that of UTF-32 begins with that of UTF-16.
_WIDE_MARKS = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}


class Line(NamedTuple):
    """One line of a normalised article: its first character's offset, and its text without the line end."""

    start: int
    text: str


def read_lines(stream: Iterable[bytes], name: str) -> Iterator[Line]:
    r"""Yield the normalised lines of a UTF-8 byte stream, one at a time.

    Args:
        stream: Binary lines, as a binary file yields them.
        name: What messages call the stream.

    Raises:
        InputError: At the first NUL byte or invalid UTF-8 byte, with its offset.
    """
    offset = byte = 0
    for raw in stream:
        try:
            text = raw.decode()
        except UnicodeDecodeError as error:
            raise _fault(raw, name, byte, error) from None
        if "\0" in text:
            raise _fault(raw, name, byte)
        if byte == 0:
            text = text.removeprefix("\ufeff")
        byte += len(raw)
        if not text.isascii():
            text = unicodedata.normalize("NFC", text)
        for line in text.splitlines() if text else ():
            yield Line(offset, line)
            offset += len(line) + 1


def _fault(raw: bytes, name: str, byte: int, error: UnicodeDecodeError | None = None) -> InputError:
    """Return the error for a line that is no UTF-8 text and begins at a byte."""
    wide = next((code for mark, code in _WIDE_MARKS.items() if raw.startswith(mark)), "") if byte == 0 else ""
    if wide:
        return InputError(
            f"the file is {wide}, not UTF-8",
            where=f"{name}: byte 0",
            remedy=f"Convert it with: iconv -f {wide} -t UTF-8 OLD > NEW",
        )
    if error is None or 0 in raw[: error.start]:
        return InputError(
            "the file holds binary data, not text",
            where=f"{name}: byte {byte + raw.index(0)}",
            expected="UTF-8 text",
            got="a NUL byte",
            remedy="Save the article as plain text first",
        )
    return InputError(
        "invalid UTF-8",
        where=f"{name}: byte {byte + error.start}",
        expected="UTF-8 text",
        got=f"0x{raw[error.start]:02X}",
        remedy="Convert the file, for example with: iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW",
    )


@contextmanager
def open_binary(path: str | Path) -> Iterator[BinaryIO]:
    """Open a file for reading bytes, or standard input for ``-``.

    Raises:
        InputError: Where there is no such file, or it may not be read.
    """
    if str(path) == "-":
        yield sys.stdin.buffer
        return
    try:
        stream = Path(path).open("rb")  # noqa: SIM115 - closed below, where its errors are the caller's
    except OSError as error:
        raise InputError(
            "the file cannot be read", where=str(path), got=error.strerror or "", remedy="Check the path"
        ) from None
    with stream:
        yield stream


def read_text(path: str | Path) -> str:
    """Return a whole normalised article.

    Raises:
        InputError: As :func:`read_lines` and :func:`open_binary`.
    """
    with open_binary(path) as stream:
        return "\n".join(line.text for line in read_lines(stream, str(path)))


def article_files(paths: Iterable[str | Path]) -> list[Path]:
    """Return the article files that the paths name: a file is itself, a folder is its ``*.txt`` files by name.

    Raises:
        InputError: For a folder without text files, and for two files that would get one article id.
    """
    files: list[Path] = []
    for path in map(Path, paths):
        found = sorted(path.glob("*.txt")) if path.is_dir() else [path]
        if not found:
            raise InputError(
                "the folder holds no article",
                where=str(path),
                expected="files named *.txt",
                remedy="Name a folder of text files, or the files themselves",
            )
        files += found
    seen: dict[str, Path] = {}
    for file in files:
        first = seen.setdefault(file.stem, file)
        if first is not file:
            raise InputError(
                f"two files would both be article {file.stem!r}",
                where=f"{first} and {file}",
                remedy="Rename one: the file's name without its ending is the article's id",
            )
    return files

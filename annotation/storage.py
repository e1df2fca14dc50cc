"""JSON lines and whole files: read with the line of every fault, written beside and renamed into place."""

import json
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import platformdirs
from iraqstance.annotation.errors import InputError
from iraqstance.annotation.reading import open_binary

__all__ = [
    "Row",
    "cache_folder",
    "encoded",
    "is_private",
    "is_whole",
    "read_json",
    "read_rows",
    "replacing",
    "write_bytes",
    "write_json",
    "write_rows",
    "write_secret",
]


class Row(NamedTuple):
    """One JSON object and the place it was read from, such as ``labels.jsonl: line 3``."""

    where: str
    value: dict[str, Any]


@contextmanager
def replacing(path: str | Path) -> Iterator[TextIO]:
    """Open a text file that takes the place of ``path`` when the block ends well, and vanishes when it does not.

    ``-`` is standard output.

    Raises:
        InputError: Where the folder does not exist or may not be written.
    """
    if str(path) == "-":
        yield sys.stdout
        return
    target = Path(path)
    if target.exists() and not target.is_file() and not target.is_dir():
        with target.open("w", encoding="utf-8", newline="\n") as stream:  # a pipe or a device stays what it is
            yield stream
        return
    if target.is_dir():
        raise InputError("the file cannot be written", where=str(path), got="a folder", remedy="Name a file")
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    except OSError as error:
        raise InputError(
            "the file cannot be written", where=str(path), got=error.strerror or "", remedy="Check the folder"
        ) from None
    beside = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            yield stream
        beside.chmod(0o666 & ~_umask())
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def write_rows(path: str | Path, rows: Iterable[Mapping[str, object]]) -> int:
    """Write one JSON object a line and return how many."""
    count = 0
    with replacing(path) as stream:
        for row in rows:
            stream.write(encoded(row) + "\n")
            count += 1
    return count


def read_rows(path: str | Path, *, lines: Iterable[bytes] | None = None) -> Iterator[Row]:
    """Yield the JSON objects of a JSON-lines file, or of standard input for ``-``; blank lines are passed over.

    Args:
        path: The file.
        lines: Its lines, where the caller has opened it already.

    Raises:
        InputError: Where the file cannot be read, or a line is no JSON object; the message names the line.
    """
    name = "standard input" if str(path) == "-" else str(path)
    if lines is None:
        with open_binary(path) as stream:
            yield from _rows(stream, name)
    else:
        yield from _rows(lines, name)


def _rows(lines: Iterable[bytes], name: str) -> Iterator[Row]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"{name}: line {number}"
        value = _decoded(line.removeprefix(b"\xef\xbb\xbf"), where)
        if b"\\u" in line and not is_whole(json.dumps(value, ensure_ascii=False)):
            raise InputError("the row holds half of a surrogate pair", where=where, remedy="Correct the text")
        if not isinstance(value, dict):
            raise InputError("the line is no JSON object", where=where, got=type(value).__name__)
        yield Row(where, value)


def _decoded(text: bytes, where: str) -> object:
    try:
        return json.loads(text)
    except UnicodeDecodeError:
        raise InputError("the text is not UTF-8", where=where, remedy="Save the file as UTF-8") from None
    except json.JSONDecodeError as error:
        raise InputError(f"invalid JSON: {error.msg} at column {error.colno}", where=where) from None
    except (RecursionError, ValueError) as error:
        raise InputError(
            "the JSON is nested too deep or holds too long a number", where=where, got=str(error)
        ) from None


def read_json(path: str | Path) -> object:
    """Return the content of a JSON file, or of standard input for ``-``.

    Raises:
        InputError: Where it cannot be read or is no JSON.
    """
    with open_binary(path) as stream:
        return _decoded(stream.read(), "standard input" if str(path) == "-" else str(path))


def write_bytes(path: str | Path, content: bytes) -> None:
    """Write a file that is no text."""
    with replacing(path) as stream:
        stream.buffer.write(content)


def write_json(path: str | Path, value: object) -> None:
    """Write one indented JSON document."""
    with replacing(path) as stream:
        stream.write(encoded(value, indent=2) + "\n")


def encoded(value: object, indent: int | None = None) -> str:
    """Return the value as JSON, in plain characters as far as UTF-8 has them."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return text if is_whole(text) else json.dumps(value, indent=indent)


def is_whole(text: str) -> bool:
    """Tell whether the text holds no half of a surrogate pair, which JSON can spell and UTF-8 cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def cache_folder() -> Path:
    """Return the user's cache folder for this package, or the one that ``IRAQSTANCE_CACHE`` names; it may not exist."""
    return Path(os.environ.get("IRAQSTANCE_CACHE") or platformdirs.user_cache_path("iraqstance")).absolute()


def write_secret(path: Path, secret: str) -> None:
    """Write a file that its owner alone may read, never for a moment readable by others."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # made with mode 0600
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        stream.write(secret + "\n")
    Path(name).replace(path)


def is_private(path: Path) -> bool:
    """Tell whether nobody but its owner may read or write a file, as far as the system knows such modes."""
    return sys.platform == "win32" or path.stat().st_mode & 0o077 == 0

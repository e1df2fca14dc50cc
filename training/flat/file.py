"""A classifier as one flat file: data alone, memory-mapped, opened with the standard library.

The file begins with a mark, its version, its size and the SHA-256 of all that follows; then a header in JSON, and four
sections of little-endian numbers, one after the other, each at the next multiple of 64 bytes. The header tells how many
numbers each section holds:

``keys``
    Hash table of n-grams, open addressing with steps of one: 64-bit keys of :mod:`iraqstance.training.flat.hashing`, 0
    where a place is free; a power of two of places, at most half of them taken, and never more than 4096 in a row.
``ids``
    The row of each key, 32 bits.
``rows``
    A row for each n-gram, of ``stride`` doubles: for each column the weight times the inverse document frequency, for
    each space of features the square of that frequency, and zeros.
``intercepts``
    One double a column.

A score is ``intercept + sum over blocks of sum(tf * weight) / sqrt(sum((tf * idf)^2))``.
"""

import json
import mmap
import os
from hashlib import sha256
from math import isfinite
from typing import Any

from iraqstance.annotation.errors import InputError

__all__ = ["LONGEST_NGRAM", "LONGEST_RUN", "SUFFIX", "Block", "FlatModel", "Output", "flat_bytes", "open_flat"]

#: How the name of such a file ends.
SUFFIX = ".flat"
#: Words or characters of an n-gram, at most.
LONGEST_NGRAM = 16
#: Places of the hash table that are taken one after the other, at most: a hundred in tables of ours.
LONGEST_RUN = 4096

_MARK = b"iraqflat"
_VERSION = 1
_FIXED = 56  # bytes before the header: mark, version, length of the header, size of the file, SHA-256
_ALIGNED = 64
_HEADER_LIMIT = 1 << 24
_SIZES = {"keys": 8, "ids": 4, "rows": 8, "intercepts": 8}  # bytes of a number
_LINKS = {"stance": ("softmax", "logistic", "constant"), "topics": ("sigmoid",)}
_REMEDY = "Copy it again from where it came, or train the model again"


class Block:
    """One kind of features.

    Attributes:
        analyzer: ``word`` or ``char_wb``.
        shortest: Words or characters of the shortest n-gram, 1 or more.
        longest: Those of the longest.
        sublinear: Whether a term frequency counts as one more than its logarithm.
        lowercase: Whether texts are put in small letters first.
        normalised: Whether a text's values are divided by their Euclidean norm.
    """

    __slots__ = ("analyzer", "longest", "lowercase", "normalised", "shortest", "sublinear")

    def __init__(  # noqa: PLR0913 - dataclasses take longer to import than all of this
        self,
        analyzer: str,
        shortest: int,
        longest: int,
        *,
        sublinear: bool,
        lowercase: bool,
        normalised: bool,
    ) -> None:
        self.analyzer, self.shortest, self.longest = analyzer, shortest, longest
        self.sublinear, self.lowercase, self.normalised = sublinear, lowercase, normalised

    def as_json(self) -> dict[str, Any]:
        """Return it as the header holds it."""
        return {name: getattr(self, name) for name in self.__slots__}


class Output:
    """What one pipeline of the classifier tells.

    Attributes:
        kind: ``stance`` or ``topics``.
        target: The target of a stance, or an empty string.
        names: The labels, in the order of their columns.
        link: How scores become probabilities: ``softmax`` over the columns; ``logistic``, whose one column speaks for
            the second of two stances; ``sigmoid``, each column on its own; or ``constant``, without a column.
        first: Number of the first column.
        columns: How many columns it has.
        space: Number of the space of features that its weights are for.
        threshold: Probability from which a topic is given.
        shares: The probabilities of a constant.
    """

    __slots__ = ("columns", "first", "kind", "link", "names", "shares", "space", "target", "threshold")

    def __init__(  # noqa: PLR0913 - the same
        self,
        kind: str,
        names: "tuple[str, ...]",
        link: str,
        *,
        target: str = "",
        first: int = 0,
        columns: int = 0,
        space: int = 0,
        threshold: float = 0.5,
        shares: "tuple[float, ...]" = (),
    ) -> None:
        self.kind, self.names, self.link, self.target = kind, names, link, target
        self.first, self.columns, self.space = first, columns, space
        self.threshold, self.shares = threshold, shares

    def as_json(self) -> dict[str, Any]:
        """Return it as the header holds it."""
        return {name: getattr(self, name) for name in self.__slots__}


class FlatModel:
    """An opened flat file. Its sections are read-only views of the mapped file.

    Attributes:
        sha256: SHA-256 of what the file holds, in hexadecimal digits.
        seed: Seed of the keys.
        blocks: The kinds of features, words before characters.
        word_rows: How many rows are of n-grams of words; they come first.
        outputs: What the model tells.
        columns: Number of columns in all.
        spaces: Number of spaces of features.
        stride: Doubles of a row.
        keys: See the module; of shape (places,).
        ids: Of shape (places,).
        rows: Of shape (n-grams * stride,).
        intercepts: Of shape (columns,).
    """

    __slots__ = (
        "blocks",
        "columns",
        "ids",
        "intercepts",
        "keys",
        "outputs",
        "rows",
        "seed",
        "sha256",
        "spaces",
        "stride",
        "word_rows",
    )

    def __init__(self, header: dict[str, Any], digest: str) -> None:
        self.sha256 = digest
        self.seed = _number(header, "seed", 0, 1 << 32)
        self.columns = _number(header, "columns", 0, 1 << 20)
        self.outputs = tuple(map(_output, _list(header, "outputs")))
        self.spaces = _number(header, "spaces", 0, len(self.outputs))
        width = self.columns + self.spaces
        self.stride = _number(header, "stride", width, width + 3)
        self.word_rows = _number(header, "word_rows", 0, 1 << 31)
        self.blocks = tuple(map(_block, _list(header, "blocks")))
        if [one.analyzer for one in self.blocks] not in ([], ["word"], ["char_wb"], ["word", "char_wb"]):
            raise ValueError("blocks")
        if len({one.lowercase for one in self.blocks}) > 1:
            raise ValueError("blocks that differ in lowercase")
        first = 0
        for one in self.outputs:
            if one.first != first or (one.columns and one.space >= self.spaces):
                raise ValueError("an output's columns")
            first += one.columns
        if first != self.columns or len({(one.kind, one.target) for one in self.outputs}) < len(self.outputs):
            raise ValueError("outputs")

    def hold(self, sections: dict[str, memoryview]) -> None:
        """Take the sections over, where they fit each other."""
        self.keys, self.ids = sections["keys"].cast("Q"), sections["ids"].cast("I")
        self.rows, self.intercepts = sections["rows"].cast("d"), sections["intercepts"].cast("d")
        places = len(self.keys)
        if places & (places - 1) or not places or len(self.ids) != places:
            raise ValueError("places")
        rows = len(self.rows) // self.stride if self.stride else 0
        if len(self.rows) != rows * self.stride or not self.word_rows <= rows < 1 << 31:
            raise ValueError("rows")
        if len(self.intercepts) != self.columns or not all(map(isfinite, self.intercepts)):
            raise ValueError("intercepts")

    def give_back(self) -> None:
        """Give back the memory of what was read of the file; what is asked for next is read again."""
        mapped = self.keys.obj
        if isinstance(mapped, mmap.mmap) and hasattr(mapped, "madvise"):
            mapped.madvise(mmap.MADV_DONTNEED)

    def row_of(self, key: int) -> int:
        """Return the number of an n-gram's row, or -1 where the model does not know it.

        Raises:
            ValueError: Where more places are taken in a row than in any table of ours.
        """
        keys, last = self.keys, len(self.keys) - 1
        place = key & last
        for _ in range(LONGEST_RUN):
            held = keys[place]
            if held == key:
                return int(self.ids[place])
            if not held:
                return -1
            place = (place + 1) & last
        raise ValueError("a hash table without free places")


def _number(header: dict[str, Any], name: str, least: int, most: int) -> int:
    value = header[name]
    if type(value) is not int or not least <= value <= most:
        raise ValueError(name)
    return value


def _list(header: dict[str, Any], name: str) -> list[Any]:
    value = header[name]
    if type(value) is not list:
        raise ValueError(name)
    return value


def _names(found: dict[str, Any], name: str) -> tuple[str, ...]:
    values = _list(found, name)
    if not values or any(type(value) is not str for value in values) or len(set(values)) < len(values):
        raise ValueError(name)
    return tuple(values)


def _share(value: Any) -> float:
    """Return a probability as it stands; NaN is none."""
    if type(value) not in {int, float} or not 0 <= value <= 1:
        raise ValueError("a probability")
    return float(value)


def _block(found: dict[str, Any]) -> Block:
    shortest = _number(found, "shortest", 1, LONGEST_NGRAM)
    flags = {name: found[name] for name in ("sublinear", "lowercase", "normalised")}
    if any(type(flag) is not bool for flag in flags.values()):
        raise ValueError("a block's flag")
    return Block(str(found["analyzer"]), shortest, _number(found, "longest", shortest, LONGEST_NGRAM), **flags)


def _output(found: dict[str, Any]) -> Output:
    kind, link, target = found["kind"], found["link"], found["target"]
    names, shares = _names(found, "names"), tuple(map(_share, _list(found, "shares")))
    columns = {"softmax": len(names), "sigmoid": len(names), "logistic": 1, "constant": 0}[link]
    if link not in _LINKS[kind] or type(target) is not str or (link == "logistic" and len(names) != 2):
        raise ValueError("an output's kind")
    if len(shares) != (len(names) if link == "constant" else 0):
        raise ValueError("an output's shares")
    return Output(
        kind,
        names,
        link,
        target=target,
        first=_number(found, "first", 0, 1 << 20),
        columns=_number(found, "columns", columns, columns),
        space=_number(found, "space", 0, 1 << 20),
        threshold=_share(found["threshold"]),
        shares=shares,
    )


def flat_bytes(header: dict[str, Any], sections: dict[str, bytes]) -> bytes:
    """Return the content of a flat file.

    Args:
        header: What :class:`FlatModel` takes.
        sections: The bytes of each section.
    """
    counts = {name: len(sections[name]) // size for name, size in _SIZES.items()}
    head = json.dumps({**header, "sections": counts}, sort_keys=True, separators=(",", ":")).encode("ascii")
    head += b" " * (_padded(_FIXED + len(head)) - _FIXED - len(head))
    body = head + b"".join(sections[name] + bytes(-len(sections[name]) % _ALIGNED) for name in _SIZES)
    fixed = _MARK + _VERSION.to_bytes(4, "little") + len(head).to_bytes(4, "little")
    return fixed + (_FIXED + len(body)).to_bytes(8, "little") + sha256(body).digest() + body


def _padded(size: int) -> int:
    return size + -size % _ALIGNED


def open_flat(path: "str | os.PathLike[str]") -> FlatModel:
    """Map a flat file into memory, and check that it is whole.

    Args:
        path: The file.

    Raises:
        InputError: Where it cannot be read, is of another kind or version, cut off, or damaged.
    """
    where = os.fspath(path)
    if os.path.exists(where) and not os.path.isfile(where):  # noqa: PTH110, PTH113 - a pipe would be waited for
        raise InputError("the file cannot be read", where=where, got="no regular file", remedy="Name a flat file")
    try:
        with open(where, "rb") as stream:  # noqa: PTH123 - pathlib takes longer to import than all of this
            size = os.fstat(stream.fileno()).st_size
            if size < _FIXED:
                raise _refused(where, "no flat model", f"{size} bytes")
            view = memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))
    except (OSError, ValueError) as error:
        got = getattr(error, "strerror", None) or str(error)
        raise InputError("the file cannot be read", where=where, got=got, remedy="Check the path") from None
    return _opened(view, where)


def _opened(view: memoryview, where: str) -> FlatModel:
    version, length = int.from_bytes(view[8:12], "little"), int.from_bytes(view[12:16], "little")
    size = int.from_bytes(view[16:24], "little")
    if view[:8] != _MARK:
        raise _refused(where, "no flat model", "another beginning")
    if version != _VERSION:
        raise InputError(
            "the flat model is of another version",
            where=where,
            expected=str(_VERSION),
            got=str(version),
            remedy="Train the model again with this version of iraqstance",
        )
    if size != len(view):
        raise _refused(where, "the flat model is cut off, or something was added to it", f"{len(view)} of {size} bytes")
    if length > min(_HEADER_LIMIT, size - _FIXED) or sha256(view[_FIXED:]).digest() != view[24:_FIXED]:
        raise _refused(where, "the flat model is damaged", "another SHA-256 than it names")
    try:
        header = json.loads(bytes(view[_FIXED : _FIXED + length]))
        model = FlatModel(header, bytes(view[24:_FIXED]).hex())
        model.hold(_sections(view, _FIXED + length, header["sections"]))
    except (AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError) as error:
        raise _refused(where, "the flat model contradicts itself", f"{type(error).__name__}: {error}"[:100]) from None
    return model


def _sections(view: memoryview, start: int, counts: dict[str, Any]) -> dict[str, memoryview]:
    """Return the bytes of each section; together with the padding behind each they fill the file."""
    if start % _ALIGNED:
        raise ValueError("the header's length")
    found = {}
    for name, size in _SIZES.items():
        end = start + _number(counts, name, 0, len(view)) * size
        found[name] = view[start:end]
        start = _padded(end)
    if start != len(view):
        raise ValueError("sections")
    return found


def _refused(where: str, what: str, got: str) -> InputError:
    return InputError(what, where=where, got=got, remedy=_REMEDY)

"""A flat file is data alone: whatever is wrong with one is told in one sentence, and nothing else happens."""

import json
import os
import random
import struct
from collections.abc import Callable
from hashlib import sha256
from math import inf, nan
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from flat_models import ENGINES, MODELS, TRAINED_ON, content_of, engine
from iraqstance.annotation.errors import InputError
from iraqstance.training.flat.file import flat_bytes, open_flat
from iraqstance.training.flat.scorer import Scorer

MODEL = "fit: stance and topics"
FIXED = 56
SIZES = {"keys": 8, "ids": 4, "rows": 8, "intercepts": 8}
TEXTS = [*TRAINED_ON[:10], "Lovely fresh tea", "Awful burnt coffee", ""]


class Parts(NamedTuple):
    """What a flat file is made of."""

    header: dict[str, Any]
    sections: dict[str, bytes]


def parts_of(content: bytes) -> Parts:
    length = int.from_bytes(content[12:16], "little")
    header, start, sections = json.loads(content[FIXED : FIXED + length]), FIXED + length, {}
    counts = header.pop("sections")
    for name, size in SIZES.items():
        sections[name] = content[start : start + counts[name] * size]
        start += -(-len(sections[name]) // 64) * 64
    return Parts(header, sections)


def sealed(body: bytes, length: int, version: int = 1) -> bytes:
    """Return a file with a valid checksum around anything."""
    fixed = b"iraqflat" + struct.pack("<IIQ", version, length, FIXED + len(body))
    return fixed + sha256(body).digest() + body


def with_head(head: bytes, content: bytes) -> bytes:
    """Return a file with another header."""
    length = int.from_bytes(content[12:16], "little")
    head += b" " * (-(FIXED + len(head)) % 64)
    return sealed(head + content[FIXED + length :], len(head))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "cups.flat"
    path.write_bytes(content_of(MODEL))
    return path


def assert_refused(path: Path, message: str | None = None) -> None:
    with pytest.raises(InputError, match=message) as caught:
        open_flat(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize("name", MODELS)
def test_what_was_written_is_read(name: str, tmp_path: Path) -> None:
    path, content = tmp_path / "cups.flat", content_of(name)
    path.write_bytes(content)
    model, (header, sections) = open_flat(path), parts_of(content)
    assert flat_bytes(header, sections) == content
    assert [output.as_json() for output in model.outputs] == [
        {**one, "names": tuple(one["names"]), "shares": tuple(one["shares"])} for one in header["outputs"]
    ]
    assert [block.as_json() for block in model.blocks] == header["blocks"]
    assert {name: bytes(getattr(model, name)) for name in SIZES} == sections
    assert model.sha256 == sha256(content[FIXED:]).hexdigest()


def test_sections_begin_where_processors_like_them(file: Path) -> None:
    content = file.read_bytes()
    assert (FIXED + int.from_bytes(content[12:16], "little")) % 64 == len(content) % 64 == 0


def test_the_file_may_be_removed_while_it_is_open(file: Path) -> None:
    model = open_flat(file)
    file.unlink()
    assert model.row_of(0x123) == -1


def test_every_flipped_byte_is_noticed(file: Path) -> None:
    content = file.read_bytes()
    chance = random.Random(5)  # noqa: S311 - no secret
    for place in (*range(2_000), *(chance.randrange(2_000, len(content)) for _ in range(200))):
        for flip in (chance.randrange(1, 256),) if place >= FIXED else (1, 64, 128, 255):
            file.write_bytes(content[:place] + bytes([content[place] ^ flip]) + content[place + 1 :])
            assert_refused(file)


def test_every_cut_is_noticed(file: Path) -> None:
    content = file.read_bytes()
    chance = random.Random(6)  # noqa: S311 - no secret
    for size in (*range(130), *(chance.randrange(130, len(content)) for _ in range(200)), len(content) - 1):
        file.write_bytes(content[:size])
        assert_refused(file, "no flat model" if size < FIXED else "cut off")


@pytest.mark.parametrize("added", [b"\0", b"\n", b" " * 64, bytes(4096)])
def test_added_bytes_are_noticed(file: Path, added: bytes) -> None:
    file.write_bytes(file.read_bytes() + added)
    assert_refused(file, "cut off, or something was added")


def test_another_version_is_named(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[:8] + struct.pack("<I", 2) + content[12:])
    assert_refused(file, r"of another version \(expected 1, got 2\)\. Train the model again with this version")


@pytest.mark.parametrize(
    "content", [b"", b"x", b"PK\x03\x04" + bytes(200), b"iraqflat", bytes(56), bytes(5_000), b"\xff" * 100]
)
def test_a_foreign_file_is_no_flat_model(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "strange.flat"
    path.write_bytes(content)
    assert_refused(path, "no flat model")


def test_what_is_missing_or_no_regular_file_cannot_be_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert_refused(tmp_path / "nowhere.flat", "cannot be read .*No such file")
    for path in (tmp_path, tmp_path / "pipe", Path(os.devnull)):
        assert_refused(path, "cannot be read .*no regular file")


Change = Callable[[dict[str, Any]], object]


def _set(name: str, value: Any) -> Change:
    return lambda header: header.update({name: value})


def _first(kind: str, name: str, value: Any, number: int = 0) -> Change:
    return lambda header: header[kind][number].update({name: value})


def _dropped(*names: str) -> Change:
    def drop(header: dict[str, Any]) -> None:
        for name in names[:-1]:
            header = header[name] if isinstance(header[name], dict) else header[name][0]
        del header[names[-1]]

    return drop


ODD_VALUES: tuple[Any, ...] = (None, "3", 3.5, True, [], {}, -1, 1 << 40, 10**400, nan, inf)
HEADERS: dict[str, Change] = {
    **{
        f"{name} is {str(value)[:8]!r}": _set(name, value)
        for name in ("columns", "spaces", "stride", "seed", "word_rows")
        for value in ODD_VALUES
    },
    **{
        f"{name} is {value!r}": _set(name, value)
        for name in ("blocks", "outputs", "sections")
        for value in (None, 1, "", "x", [], {}, [1], [[]], [{}], {"keys": 1})
        if not (name == "blocks" and value == [])
    },
    **{
        f"{name} of keys is {str(value)[:8]!r}": lambda header, name=name, value=value: header["sections"].update(
            {name: value}
        )
        for name in SIZES
        for value in (*ODD_VALUES, 0, 1, 63, 1 << 61)
    },
    **{
        f"a block's {name} is {value!r}": _first("blocks", name, value)
        for name in ("shortest", "longest")
        for value in (None, "1", 0, -1, 17, 1 << 31, True)
    },
    **{
        f"a block's {name} is {value!r}": _first("blocks", name, value)
        for name in ("sublinear", "lowercase", "normalised")
        for value in (None, 1, "true", [])
    },
    **{
        f"a block's analyzer is {value!r}": _first("blocks", "analyzer", value)
        for value in (None, "char", "char_wb", [], 1)
    },
    "blocks in another order": lambda header: header["blocks"].reverse(),
    "three blocks": lambda header: header["blocks"].append(header["blocks"][0]),
    "blocks that differ in lowercase": lambda header: header["blocks"][1].update(lowercase=False),
    "shortest above longest": _first("blocks", "shortest", 3),
    **{
        f"an output's {name} is {value!r}": _first("outputs", name, value)
        for name in ("first", "columns", "space")
        for value in (None, "1", -1, 7, 1 << 40, True, 1.0)
    },
    "the second output begins where the first does": _first("outputs", "first", 0, 1),
    **{
        f"an output's names are {value!r}": _first("outputs", "names", value)
        for value in (None, [], ["likes"], ["likes", 2], ["likes", "likes"], ["a", "b", "c"], "ab", {"a": 1, "b": 2})
    },
    **{
        f"an output's link is {value!r}": _first("outputs", "link", value)
        for value in (None, "sigmoid", "softmax", "constant", "identity", [], 1)
    },
    **{
        f"an output's kind is {value!r}": _first("outputs", "kind", value) for value in (None, "topics", "other", [], 1)
    },
    **{f"an output's target is {value!r}": _first("outputs", "target", value) for value in (None, 1, [])},
    **{
        f"an output's shares are {value!r}": _first("outputs", "shares", value)
        for value in (None, [0.5, 0.5], [nan], "ab", 0.5)
    },
    **{
        f"the threshold is {value!r}": _first("outputs", "threshold", value, 1)
        for value in (None, nan, inf, -0.1, 1.1, "0.5", [], True)
    },
    "the same output twice": lambda header: header["outputs"].append(header["outputs"][0]),
    "columns without an output": lambda header: header["outputs"].pop(),
    **{
        f"without {' '.join(names)}": _dropped(*names)
        for names in (
            ("columns",),
            ("spaces",),
            ("stride",),
            ("seed",),
            ("word_rows",),
            ("blocks",),
            ("outputs",),
            ("sections",),
            ("sections", "keys"),
            ("sections", "intercepts"),
            ("blocks", "analyzer"),
            ("blocks", "longest"),
            ("blocks", "lowercase"),
            ("outputs", "kind"),
            ("outputs", "names"),
            ("outputs", "threshold"),
            ("outputs", "link"),
        )
    },
}
HEADS: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"{",
    "no UTF-8": b"\xff\xfe",
    "a list": b"[]",
    "a string": b'"columns"',
    "nothing of JSON": b"null",
    "a number": b"1",
    "lists 100,000 deep": b"[" * 100_000 + b"]" * 100_000,
    "objects 100,000 deep": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a number of 100,000 digits": b'{"columns":' + b"9" * 100_000 + b"}",
    "half a surrogate pair": b'{"columns":"\\ud800"}',
}


@pytest.mark.parametrize("change", HEADERS.values(), ids=list(HEADERS))
def test_a_header_that_contradicts_itself_is_refused(file: Path, change: Change) -> None:
    """The checksum of the file is valid: a stranger can make one."""
    content = file.read_bytes()
    header = json.loads(content[FIXED : FIXED + int.from_bytes(content[12:16], "little")])
    change(header)
    file.write_bytes(with_head(json.dumps(header).encode(), content))
    assert_refused(file, "contradicts itself")


@pytest.mark.parametrize("head", HEADS.values(), ids=list(HEADS))
def test_a_header_that_is_none_is_refused(file: Path, head: bytes) -> None:
    file.write_bytes(with_head(head, file.read_bytes()))
    assert_refused(file, "contradicts itself")


@pytest.mark.parametrize("length", [0, 1, 64, 1 << 24, (1 << 24) + 1, (1 << 32) - 1])
def test_a_header_of_another_length_is_refused(file: Path, length: int) -> None:
    content = file.read_bytes()
    file.write_bytes(sealed(content[FIXED:], length))
    assert_refused(file, "contradicts itself|damaged")


def test_sections_in_other_places_are_refused(file: Path) -> None:
    """Each begins at a multiple of 64 bytes: elsewhere other code would have to be compiled for it."""
    content = file.read_bytes()
    header, sections = parts_of(content)
    counts = {name: len(sections[name]) // size for name, size in SIZES.items()}
    head = json.dumps({**header, "sections": counts}).encode()
    head += b" " * (-(FIXED + len(head)) % 64 + 8)
    body = head
    for name in SIZES:
        body += sections[name]
        body += bytes(-(FIXED + len(body)) % 64)
    file.write_bytes(sealed(body, len(head)))
    assert_refused(file, "contradicts itself")


@pytest.mark.parametrize("added", [1, 64, 4096])
def test_bytes_of_no_section_are_refused(file: Path, added: int) -> None:
    content = file.read_bytes()
    file.write_bytes(sealed(content[FIXED:] + bytes(added), int.from_bytes(content[12:16], "little")))
    assert_refused(file, "contradicts itself")


def test_rows_wider_than_their_numbers_are_refused(file: Path) -> None:
    """A small file would ask for much memory."""
    header, sections = parts_of(file.read_bytes())
    empty = {"keys": bytes(8), "ids": bytes(4), "rows": b""}
    file.write_bytes(flat_bytes({**header, "stride": 1 << 20, "word_rows": 0}, {**sections, **empty}))
    assert_refused(file, "contradicts itself")


def _numbers(section: str, kind: str, change: Callable[[Any], Any]) -> Callable[[dict[str, bytes]], None]:
    def turn(sections: dict[str, bytes]) -> None:
        values = np.frombuffer(sections[section], dtype=kind).copy()
        changed = change(values)
        sections[section] = (values if changed is None else changed).astype(kind).tobytes()

    return turn


def _filled(keys: Any) -> None:
    free = np.flatnonzero(keys == 0)
    keys[free] = np.arange(1, len(free) + 1)


def _everywhere(value: float) -> Callable[[Any], Any]:
    return lambda values: np.full_like(values, value)


SECTIONS: dict[str, Callable[[dict[str, bytes]], None]] = {
    "ids beyond the rows": _numbers("ids", "<u4", _everywhere(10**6)),
    "the greatest ids": _numbers("ids", "<u4", _everywhere(2**32 - 1)),
    "a hash table without a free place": _numbers("keys", "<u8", _filled),
    "weights that are no numbers": _numbers("rows", "<f8", _everywhere(nan)),
    "weights without end": _numbers("rows", "<f8", _everywhere(inf)),
    "weights whose sum has no end": _numbers("rows", "<f8", _everywhere(1.7e308)),
    "weights and squares below 0": _numbers("rows", "<f8", _everywhere(-1.0)),
    "an intercept that is no number": _numbers("intercepts", "<f8", _everywhere(nan)),
    "an intercept without end": _numbers("intercepts", "<f8", _everywhere(-inf)),
    "no rows": _numbers("rows", "<f8", lambda rows: rows[:0]),
    "fewer rows": _numbers("rows", "<f8", lambda rows: rows[: len(rows) // 8 * 4]),
    "part of a row": _numbers("rows", "<f8", lambda rows: rows[:-1]),
    "no places": _numbers("keys", "<u8", lambda keys: keys[:0]),
    "other places than a power of two": _numbers("keys", "<u8", lambda keys: keys[:-1]),
    "half the places": _numbers("keys", "<u8", lambda keys: keys[: len(keys) // 2]),
    "an id more": _numbers("ids", "<u4", lambda ids: np.append(ids, 0)),
    "an intercept more": _numbers("intercepts", "<f8", lambda values: np.append(values, 0.0)),
    "no intercepts": _numbers("intercepts", "<f8", lambda values: values[:0]),
}


@pytest.mark.parametrize("by", ENGINES)
@pytest.mark.parametrize("change", SECTIONS.values(), ids=list(SECTIONS))
def test_numbers_that_no_model_holds_are_refused_by_every_engine(
    file: Path, by: str, change: Callable[[dict[str, bytes]], None]
) -> None:
    header, sections = parts_of(file.read_bytes())
    change(sections)
    file.write_bytes(flat_bytes(header, sections))
    with engine(by), pytest.raises(InputError, match="contradicts itself") as caught:
        Scorer(file).predict(TEXTS)
    assert str(caught.value).startswith(f"{file}: ")


@pytest.mark.parametrize("by", ENGINES)
def test_a_table_with_a_long_run_of_taken_places_is_refused(file: Path, by: str) -> None:
    """Looking up an n-gram that is not there would go through all of them."""
    header, sections = parts_of(file.read_bytes())
    keys = np.arange(1, 1 << 16, dtype="<u8")
    keys[1 << 15 :] = 0
    sections["keys"] = np.append(keys, np.uint64(0)).tobytes()
    sections["ids"] = bytes(4 << 16)
    file.write_bytes(flat_bytes(header, sections))
    with engine(by), pytest.raises(InputError, match="hash table without free places"):
        Scorer(file).predict([*TEXTS, " ".join(map(str, range(100, 2_000)))])

"""JSON files: read with the line of every fault, replaced whole or not at all."""

import io
import json
import os
import stat
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iraqstance.annotation.errors import InputError
from iraqstance.annotation.storage import read_json, read_rows, replacing, write_json, write_rows

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
ROWS = st.lists(st.dictionaries(st.text(), JSON, max_size=3), max_size=4)
DEEP = b"[" * 200_000
LONG = b"1" * 5_000


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def write_and_fail(path: Path, fault: type[BaseException]) -> None:
    with replacing(path) as stream:
        stream.write("new")
        raise fault


@settings(max_examples=100)
@given(ROWS)
def test_rows_come_back_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, object]]
) -> None:
    path = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    assert write_rows(path, rows) == len(rows)
    assert [row.value for row in read_rows(path)] == rows


@settings(max_examples=100)
@given(JSON)
def test_a_document_comes_back_as_it_was_written(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    path = tmp_path_factory.mktemp("json") / "value.json"
    write_json(path, value)
    assert read_json(path) == value


def test_a_file_of_rows_is_utf8_with_one_object_a_line(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.jsonl", [{"word": "نهر"}, {"word": "two\nlines"}])
    assert (tmp_path / "rows.jsonl").read_bytes() == '{"word": "نهر"}\n{"word": "two\\nlines"}\n'.encode()


def test_a_row_knows_its_line_and_blank_lines_count(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}\r\n\r\n  \n{"a": 2}')
    assert [(row.where, row.value) for row in read_rows(path)] == [
        (f"{path}: line 1", {"a": 1}),
        (f"{path}: line 4", {"a": 2}),
    ]


def test_an_empty_file_holds_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.touch()
    assert list(read_rows(path)) == []


def test_rows_are_read_one_at_a_time(tmp_path: Path) -> None:
    """The first row is there although the second is broken."""
    path = tmp_path / "rows.jsonl"
    path.write_text('{"a": 1}\nnonsense\n', encoding="utf-8")
    rows = read_rows(path)
    assert next(rows).value == {"a": 1}
    with pytest.raises(InputError, match="line 2"):
        next(rows)


def test_lines_that_were_opened_already_keep_the_name_of_their_file() -> None:
    rows = list(read_rows("open.jsonl", lines=[b'{"a": 1}\n', b"\n", b'{"a": 2}\n']))
    assert [row.where for row in rows] == ["open.jsonl: line 1", "open.jsonl: line 3"]


def test_a_dash_reads_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"a": 1}\n')))
    assert [tuple(row) for row in read_rows("-")] == [("standard input: line 1", {"a": 1})]


def test_a_dash_writes_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert write_rows("-", [{"a": 1}]) == 1
    write_json("-", {"b": 2})
    assert capsys.readouterr().out == '{"a": 1}\n{\n  "b": 2\n}\n'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"a": 1}\n{"a": \n', r"rows\.jsonl: line 2: invalid JSON: .* at column \d+"),
        (b'{"a": 1}\n[1]\n', r"rows\.jsonl: line 2: the line is no JSON object \(got list\)"),
        (b"null\n", r"rows\.jsonl: line 1: the line is no JSON object \(got NoneType\)"),
        (b'{"a": "\xff"}\n', r"rows\.jsonl: line 1: the text is not UTF-8.*Save the file as UTF-8"),
        (b'{"a": ' + DEEP + b"\n", r"rows\.jsonl: line 1"),
        (b'{"a": ' + LONG + b"}\n", r"rows\.jsonl: line 1"),
    ],
    ids=["broken", "list", "null", "latin-1", "nested-too-deep", "number-too-long"],
)
def test_a_broken_row_is_named_with_its_line(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        list(read_rows(path))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"value\.json: invalid JSON: .* at column 1"),
        (b"{]", r"value\.json: invalid JSON: .* at column 2"),
        (b'"\xff"', r"value\.json: the text is not UTF-8.*Save the file as UTF-8"),
        (DEEP, r"value\.json"),
        (LONG, r"value\.json"),
    ],
    ids=["empty", "broken", "latin-1", "nested-too-deep", "number-too-long"],
)
def test_a_broken_document_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "value.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_json(path)


def test_a_document_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "value.json"
    path.write_bytes(b"\xef\xbb\xbf[1]")
    assert read_json(path) == [1]


@pytest.mark.parametrize("read", [read_json, lambda path: list(read_rows(path))], ids=["document", "rows"])
def test_a_missing_file_and_a_folder_are_named(tmp_path: Path, read: object) -> None:
    assert callable(read)
    with pytest.raises(InputError, match=r"absent: the file cannot be read \(got No such file.*Check the path"):
        read(tmp_path / "absent")
    with pytest.raises(InputError, match=r"the file cannot be read \(got Is a directory\)"):
        read(tmp_path)


def test_a_file_is_replaced_when_its_writing_ends_well(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_text("old", encoding="utf-8")
    with replacing(path) as stream:
        stream.write("new")
        assert path.read_text(encoding="utf-8") == "old"
    assert path.read_text(encoding="utf-8") == "new"
    assert names(tmp_path) == ["out.txt"]


@pytest.mark.parametrize("fault", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_interrupted_writing_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, fault: type[BaseException]
) -> None:
    path = tmp_path / "out.txt"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(fault):
        write_and_fail(path, fault)
    assert path.read_text(encoding="utf-8") == "old"
    assert names(tmp_path) == ["out.txt"]


def test_rows_that_fail_half_way_leave_no_file(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="not JSON serializable"):
        write_rows(tmp_path / "rows.jsonl", [{"a": 1}, {"a": object()}])
    assert names(tmp_path) == []


def test_lines_end_with_a_single_character_on_every_system(tmp_path: Path) -> None:
    with replacing(tmp_path / "out.txt") as stream:
        stream.write("one\ntwo\n")
    assert (tmp_path / "out.txt").read_bytes() == b"one\ntwo\n"


def test_a_new_file_has_the_permissions_of_any_other(tmp_path: Path) -> None:
    """A temporary file is its owner's alone; what takes its place is as readable as the rest of the folder."""
    (tmp_path / "plain").touch()
    write_json(tmp_path / "made", 1)
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("plain", "made")}
    assert len(modes) == 1


@pytest.mark.parametrize("where", ["absent/out.json", "file/out.json"])
def test_a_file_in_no_folder_cannot_be_written(tmp_path: Path, where: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"out\.json: the file cannot be written \(got N.*Check the folder"):
        write_json(tmp_path / where, 1)


def test_a_folder_cannot_be_overwritten(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match=r"folder: the file cannot be written"):
        write_json(tmp_path / "folder", 1)
    assert names(tmp_path) == ["folder"]


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    """What is no plain file, such as a pipe or /dev/null, must stay what it is."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_json(path, 1)
        assert path.is_fifo()
        assert os.read(reader, 100) == b"1\n"
    finally:
        os.close(reader)


def test_half_a_character_is_written_so_that_it_can_be_read_or_is_refused(tmp_path: Path) -> None:
    """JSON can spell half of a surrogate pair, which UTF-8 cannot hold."""
    path = tmp_path / "value.json"
    value = json.loads(r'"\ud83d"')
    try:
        write_json(path, value)
    except InputError:
        assert names(tmp_path) == []
    else:
        assert read_json(path) == value

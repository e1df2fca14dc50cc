"""Bytes become normalised lines, or an error that names the byte."""

import io
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iraqstance.annotation.errors import InputError
from iraqstance.annotation.reading import Line, article_files, open_binary, read_lines, read_text

CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
#: Whatever ends a line for Python ends it here.
LINE_ENDS = ("\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029")
TEXTS = st.text(CHARACTERS, max_size=200) | st.lists(st.sampled_from([*LINE_ENDS, "a", "é", "e\u0301", "\ufeff"])).map(
    "".join
)


def lines_of(data: bytes, name: str = "article.txt") -> list[Line]:
    return list(read_lines(io.BytesIO(data), name))


def texts_of(data: bytes) -> list[str]:
    return [line.text for line in lines_of(data)]


def test_a_line_knows_the_offset_of_its_first_character() -> None:
    assert lines_of(b"one\n\nthree\n") == [Line(0, "one"), Line(4, ""), Line(5, "three")]


def test_offsets_count_characters_and_not_bytes() -> None:
    assert lines_of("é€😀\nx".encode()) == [Line(0, "é€😀"), Line(4, "x")]


@pytest.mark.parametrize("end", LINE_ENDS, ids=ascii)
def test_every_line_end_counts_as_one_character(end: str) -> None:
    assert lines_of(f"one{end}two{end}".encode()) == [Line(0, "one"), Line(4, "two")]


def test_a_mix_of_line_ends_is_read_as_one_kind() -> None:
    assert texts_of(b"a\r\nb\rc\nd\r\n\r\ne") == ["a", "b", "c", "d", "", "e"]


def test_a_byte_order_mark_at_the_beginning_is_not_part_of_the_text() -> None:
    assert lines_of("\ufeffone\ntwo".encode()) == lines_of(b"one\ntwo")


def test_a_byte_order_mark_elsewhere_stays() -> None:
    assert texts_of("one\n\ufefftwo".encode()) == ["one", "\ufefftwo"]


def test_text_is_brought_to_nfc_before_offsets_are_counted() -> None:
    assert lines_of("cafe\u0301\nx".encode()) == [Line(0, "café"), Line(5, "x")]


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf"], ids=["empty", "only a byte-order mark"])
def test_an_empty_text_has_no_lines(data: bytes) -> None:
    assert lines_of(data) == []


@given(TEXTS)
@settings(max_examples=200)
def test_lines_joined_by_line_feeds_are_the_text_that_offsets_point_into(text: str) -> None:
    lines = lines_of(text.encode())
    whole = "\n".join(line.text for line in lines)
    assert all(whole[line.start : line.start + len(line.text)] == line.text for line in lines)
    assert unicodedata.is_normalized("NFC", whole)
    assert whole.splitlines() == [line.text for line in lines][: len(whole.splitlines())]


@given(TEXTS)
@settings(max_examples=100)
def test_nfd_and_nfc_of_a_text_have_the_same_lines(text: str) -> None:
    decomposed = unicodedata.normalize("NFD", text).encode()
    assert lines_of(decomposed) == lines_of(unicodedata.normalize("NFC", text).encode()) == lines_of(text.encode())


@given(TEXTS)
@settings(max_examples=100)
def test_reading_what_was_read_changes_nothing(text: str) -> None:
    whole = "\n".join(texts_of(text.encode()))
    assert "\n".join(texts_of(whole.encode())).rstrip("\n") == whole.removeprefix("\ufeff").rstrip("\n")


@given(st.binary(max_size=200))
@settings(max_examples=200)
def test_any_bytes_are_lines_or_an_input_error(data: bytes) -> None:
    try:
        lines = lines_of(data)
    except InputError as error:
        found = re.search(r"article\.txt: byte (\d+): ", str(error))
        assert found
        assert int(found[1]) < len(data)
    else:
        assert "\0" not in data.decode()
        assert bool(lines) == (data not in {b"", b"\xef\xbb\xbf"})


def test_lines_come_one_at_a_time() -> None:
    """A fault further on does not keep the lines before it."""
    lines = read_lines(io.BytesIO(b"fine\n\xff"), "article.txt")
    assert next(lines) == Line(0, "fine")
    with pytest.raises(InputError, match="byte 5"):
        next(lines)


def test_no_more_of_the_stream_is_taken_than_the_lines_asked_for() -> None:
    taken: list[bytes] = []

    def stream() -> Iterator[bytes]:
        for line in (b"one\n", b"two\n", b"three\n"):
            taken.append(line)
            yield line

    lines = read_lines(stream(), "article.txt")
    next(lines)
    next(lines)
    assert taken == [b"one\n", b"two\n"]


@pytest.mark.parametrize(
    ("data", "byte", "got"),
    [
        pytest.param(b"caf\xe9 noir", 3, "0xE9", id="Latin-1"),
        pytest.param(b"\x93quoted\x94", 0, "0x93", id="Windows quotation mark first"),
        pytest.param("é\nü\n".encode() + b"abc\xff\n", 9, "0xFF", id="third line after letters of two bytes"),
        pytest.param(b"\xef\xbb\xbfok\n\xff", 6, "0xFF", id="byte-order mark counted"),
        pytest.param(b"one\r\n\xfe", 5, "0xFE", id="both bytes of CRLF counted"),
        pytest.param(b"one\rtwo\r\x80", 8, "0x80", id="carriage returns alone"),
        pytest.param(b"end \xe2\x82", 4, "0xE2", id="cut inside a character"),
        pytest.param(b"\xed\xa0\x80", 0, "0xED", id="surrogate"),
        pytest.param(b"\xc0\xaf", 0, "0xC0", id="overlong"),
        pytest.param(b"bad \xff before \0", 4, "0xFF", id="before a NUL byte"),
    ],
)
def test_invalid_utf_8_is_named_with_its_byte_and_a_remedy(data: bytes, byte: int, got: str) -> None:
    with pytest.raises(InputError) as caught:
        lines_of(data)
    assert str(caught.value) == (
        f"article.txt: byte {byte}: invalid UTF-8 (expected UTF-8 text, got {got})."
        " Convert the file, for example with: iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW"
    )


@pytest.mark.parametrize(
    ("data", "byte"),
    [
        pytest.param(b"ab\0c", 2, id="first line"),
        pytest.param(b"one\ntwo\nthr\0ee", 11, id="third line"),
        pytest.param("é\n".encode() + b"\0", 3, id="after a letter of two bytes"),
        pytest.param(b"\x89PNG\r\n\x1a\n\0\0"[1:], 7, id="picture"),
        pytest.param("plain".encode("utf-16-le"), 1, id="UTF-16 without its mark"),
        pytest.param("plain".encode("utf-16-be"), 0, id="UTF-16 big-endian without its mark"),
        pytest.param(b"\0\0 then \xff", 0, id="before invalid UTF-8"),
    ],
)
def test_binary_data_is_named_with_its_first_nul_byte(data: bytes, byte: int) -> None:
    with pytest.raises(InputError) as caught:
        lines_of(data)
    assert str(caught.value) == (
        f"article.txt: byte {byte}: the file holds binary data, not text (expected UTF-8 text, got a NUL byte)."
        " Save the article as plain text first"
    )


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff"], ids=["little-endian", "big-endian"])
def test_utf_16_is_recognised_by_its_mark(mark: bytes) -> None:
    encoding = "utf-16-le" if mark == b"\xff\xfe" else "utf-16-be"
    with pytest.raises(InputError) as caught:
        lines_of(mark + "A title\nand a line.\n".encode(encoding))
    assert str(caught.value) == (
        "article.txt: byte 0: the file is UTF-16, not UTF-8. Convert it with: iconv -f UTF-16 -t UTF-8 OLD > NEW"
    )


def test_bytes_like_the_mark_of_utf_16_further_on_are_invalid_utf_8() -> None:
    with pytest.raises(InputError, match=r"byte 3: invalid UTF-8 \(expected UTF-8 text, got 0xFF\)"):
        lines_of(b"ok\n\xff\xfe")


def test_a_file_is_opened_for_its_bytes(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(b"one\r\n")
    with open_binary(file) as stream:
        assert stream.read() == b"one\r\n"
    assert stream.closed


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "missing.txt"
    with pytest.raises(InputError) as caught, open_binary(missing):
        pass
    assert str(caught.value) == f"{missing}: the file cannot be read (got No such file or directory). Check the path"


def test_a_folder_in_place_of_a_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught, open_binary(tmp_path):
        pass
    assert str(caught.value) == f"{tmp_path}: the file cannot be read (got Is a directory). Check the path"


def test_a_whole_text_is_normalised(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes("\ufeffcafe\u0301\r\n\r\ntwo\r\n".encode())
    assert read_text(file) == "café\n\ntwo"


def test_the_fault_of_a_whole_text_names_its_file(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(b"\xff")
    with pytest.raises(InputError, match=rf"^{re.escape(str(file))}: byte 0: invalid UTF-8"):
        read_text(file)


def test_a_folder_stands_for_its_text_files_by_name(tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt", "notes.md", "c.txt.bak"):
        (tmp_path / name).touch()
    assert article_files([tmp_path]) == [tmp_path / "a.txt", tmp_path / "b.txt"]


def test_files_keep_the_order_in_which_they_were_named(tmp_path: Path) -> None:
    folder = tmp_path / "more"
    folder.mkdir()
    (folder / "a.txt").touch()
    files = [tmp_path / "z.txt", folder, tmp_path / "b.md"]
    assert article_files(files) == [tmp_path / "z.txt", folder / "a.txt", tmp_path / "b.md"]


def test_paths_may_be_strings(tmp_path: Path) -> None:
    assert article_files([str(tmp_path / "a.txt")]) == [tmp_path / "a.txt"]


def test_no_paths_are_no_files() -> None:
    assert article_files([]) == []


def test_a_folder_without_text_files_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "article.html").touch()
    with pytest.raises(InputError) as caught:
        article_files([tmp_path])
    assert str(caught.value) == (
        f"{tmp_path}: the folder holds no article (expected files named *.txt)."
        " Name a folder of text files, or the files themselves"
    )


def test_two_files_that_would_be_one_article_are_an_error(tmp_path: Path) -> None:
    first, second = tmp_path / "march" / "water.txt", tmp_path / "april" / "water.txt"
    with pytest.raises(InputError) as caught:
        article_files([first, second])
    assert str(caught.value) == (
        f"{first} and {second}: two files would both be article 'water'."
        " Rename one: the file's name without its ending is the article's id"
    )


def test_a_file_named_twice_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "water.txt").touch()
    with pytest.raises(InputError, match="two files would both be article 'water'"):
        article_files([tmp_path, tmp_path / "water.txt"])

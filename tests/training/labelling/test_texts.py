"""Texts come in order from every kind of file, and a fault is named by its row."""

import csv
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from iraqstance.annotation.errors import InputError, UsageError
from iraqstance.training.classifier import Classifier
from iraqstance.training.labelling.labeller import Labeller
from iraqstance.training.labelling.text_rows import TextRow
from iraqstance.training.labelling.texts import EmptyArticleWarning, read_texts
from opinions import ODD_TEXTS, texts_of

Feed = Callable[[bytes], None]


@pytest.fixture
def feed(monkeypatch: pytest.MonkeyPatch) -> Feed:
    """Put bytes on standard input."""

    def put(content: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))

    return put


def errors_of(path: str | Path, **columns: str) -> list[tuple[str, str]]:
    """Return place and error of the rows that have one."""
    return [(row.where, row.error) for row in read_texts(str(path), **columns) if row.error]


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        (b"", []),
        (b"\n \n\n", []),
        (b"one\ntwo\n", ["one", "two"]),
        (b"one\n\n  two  ", ["one", "two"]),
        (b"one\r\ntwo\r\n", ["one", "two"]),
        ("قهوة ☕\n".encode(), ["قهوة ☕"]),
        (b"\xef\xbb\xbfone\ntwo\n", ["one", "two"]),
        (b"a\0b\n", ["a\0b"]),
        (b'["no", "object"]\n', ['["no", "object"]']),
        (b"plain\n" + b'{"text": "not JSON here"}\n', ["plain", '{"text": "not JSON here"}']),
        (b'{"text": "one"}\n{"text": "two\\nlines"}\n', ["one", "two\nlines"]),
        (b'\n  {"text": ""}\n\n{"text": "two"}', ["", "two"]),
        (b'\xef\xbb\xbf{"text": "one"}\n', ["one"]),
    ],
    ids=[
        "nothing",
        "blank lines",
        "two lines",
        "blanks around",
        "Windows line ends",
        "other scripts",
        "a byte-order mark",
        "a NUL byte",
        "a JSON list",
        "JSON after plain text",
        "JSON lines",
        "JSON lines with blank ones",
        "JSON lines with a byte-order mark",
    ],
)
def test_standard_input_is_one_text_a_line_or_json_lines(feed: Feed, content: bytes, texts: list[str]) -> None:
    feed(content)
    assert texts_of("-") == texts


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"one\ncaf\xe9\n", ("standard input: line 2", "the text is not UTF-8.")),
        (b'\n\n{"text": "one"}\n{"text": 2}\n', ("standard input: line 4", "'text' holds no text (got int).")),
        (b"\n\none\ncaf\xe9\n", ("standard input: line 4", "the text is not UTF-8.")),
        (b'{"text": "one"}\n[1]\n', ("standard input: line 2", "the line is no JSON object (got list).")),
        (b'{"text": "one"}\nplain\n', ("standard input: line 2", "invalid JSON: Expecting value at column 1.")),
        (
            b'{"text": "one"}\n{"text": "Milk \\ud83d"}',
            ("standard input: line 2", "the row holds half of a surrogate pair. Correct the text."),
        ),
    ],
)
def test_a_bad_line_of_standard_input_is_named_and_stops_no_other(
    feed: Feed, content: bytes, error: tuple[str, str]
) -> None:
    feed(content)
    rows = list(read_texts("-"))
    assert [(row.where, row.error) for row in rows] == [(rows[0].where, ""), error]
    assert rows[0].text == "one"


def test_a_column_that_no_row_has_stops_at_once(feed: Feed) -> None:
    feed(b'{"words": "one"}\n{"body": "two"}\n')
    with pytest.raises(InputError, match=r"standard input: there is no column 'text' .*words, body.*--text-column"):
        texts_of("-")


def test_the_columns_of_json_lines_on_standard_input_can_be_named(feed: Feed) -> None:
    feed(b'{"words": "one", "about": "tea"}\n{"words": "two"}\n')
    assert list(read_texts("-", text_column="words", target_column="about")) == [
        TextRow("one", "tea", {"about": "tea"}, "standard input: line 1"),
        TextRow("two", "", {}, "standard input: line 2"),
    ]


def test_an_article_is_cut_into_paragraphs(tmp_path: Path) -> None:
    first = "The café at the corner of the square opened its doors for the first time in the spring."
    second = "Its owner said that he would keep the price of a cup as low as anybody can remember."
    article = f"Home > Food\n\nThe café at the corner\n\nBy A. Writer\n\n{first}\n\n{second}\n\nNo Comments\n"
    (tmp_path / "tale.txt").write_text(article, encoding="utf-8")
    assert texts_of(tmp_path / "tale.txt") == [first, second]


def test_tables_give_one_text_a_row_in_order(tmp_path: Path) -> None:
    wanted = [text for text in ODD_TEXTS if "\r" not in text]
    with (tmp_path / "rows.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("id", "text"), *enumerate(wanted)])
    lines = [json.dumps({"id": number, "text": text}) for number, text in enumerate(wanted)]
    (tmp_path / "rows.jsonl").write_text("\n".join(lines), encoding="utf-8")
    assert texts_of(tmp_path / "rows.csv") == texts_of(tmp_path / "rows.jsonl") == wanted


def test_a_table_without_the_column_is_refused_with_those_it_has(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("id,words\n1,tea\n", encoding="utf-8")
    with pytest.raises(
        InputError, match=r"rows\.csv: there is no column 'text' \(got columns id, words\)\. .*--text-col"
    ):
        texts_of(tmp_path / "rows.csv")
    with pytest.raises(InputError, match=r"there is no column 'about'"):
        texts_of(tmp_path / "rows.csv", text_column="words", target_column="about")


def test_bad_rows_of_a_csv_file_are_named_by_their_first_line(tmp_path: Path) -> None:
    content = (
        b'\xef\xbb\xbfid,text\r\n1,"two\r\nlines"\r\n2\r\n\r\n3,caf\xe9\r\n4,"a"b\r\n5,a,b\r\n6,last\r\n7,"open\r\n'
    )
    (tmp_path / "rows.csv").write_bytes(content)
    rows = list(read_texts(str(tmp_path / "rows.csv")))
    assert [(row.where.rpartition(" ")[2], row.others.get("id"), row.text, row.error) for row in rows] == [
        ("2", "1", "two\r\nlines", ""),
        ("4", "2", "", "the row has 1 fields, the head 2."),
        ("6", "3", "caf\ufffd", "the text is not UTF-8."),
        ("7", None, "", "the row is damaged: ',' expected after '\"'. Check its quotation marks."),
        ("8", "5", "a", "the row has 3 fields, the head 2."),
        ("9", "6", "last", ""),
        ("10", None, "", "the row is damaged: unexpected end of data. Check its quotation marks."),
    ]


def test_repeated_columns_are_numbered_and_may_not_be_those_of_the_text(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("id,text,id,id.2\n1,tea,2,3\n", encoding="utf-8")
    (row,) = read_texts(str(tmp_path / "rows.csv"))
    assert row.others == {"id": "1", "id.3": "2", "id.2": "3"}
    (tmp_path / "rows.csv").write_text("text,text\n1,tea\n", encoding="utf-8")
    with pytest.raises(InputError, match="several columns are called 'text'"):
        texts_of(tmp_path / "rows.csv")


@pytest.mark.parametrize(
    ("ending", "mark", "marks"),
    [("csv", ";", "semicolons"), ("csv", "\t", "tabs"), ("csv", "|", "bars"), ("tsv", ",", "commas")],
)
def test_a_table_with_other_dividers_is_told(tmp_path: Path, ending: str, mark: str, marks: str) -> None:
    """Texts may hold the right ones, and quotation marks."""
    file = tmp_path / f"rows.{ending}"
    file.write_text(f'id{mark}"text"\n1{mark}"tea, or\tmilk; or|both"\n', encoding="utf-8")
    with pytest.raises(InputError, match=f"rows.{ending}: its columns are divided by {marks} "):
        texts_of(file)


def test_a_column_may_be_called_what_others_divide_by(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("tea;milk\nboth\n", encoding="utf-8")
    assert [row.text for row in read_texts(str(file), text_column="tea;milk")] == ["both"]


@pytest.mark.parametrize("kind", ["string", "large_string", "string_view", "dictionary", "binary"])
def test_parquet_gives_its_texts_whatever_their_type(tmp_path: Path, kind: str) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    texts = ["one", None, "قهوة", ""]
    wanted = {
        "dictionary": lambda: pa.array(texts).dictionary_encode(),
        "binary": lambda: pa.array([b"one", None, "قهوة".encode(), b""]),
    }.get(kind, lambda: pa.array(texts, getattr(pa, kind)()))()
    try:
        pq.write_table(pa.table({"text": wanted, "n": [1, 2, 3, 4]}), tmp_path / "rows.parquet")
    except pa.ArrowNotImplementedError as error:
        if kind != "string_view":  # which pyarrow 16 reads and does not write
            raise
        pytest.skip(f"this pyarrow cannot write such a file: {error}")
    rows = list(read_texts(str(tmp_path / "rows.parquet")))
    assert [(row.text, row.others["n"]) for row in rows] == [("one", 1), ("", 2), ("قهوة", 3), ("", 4)]
    assert rows[1].where.endswith("rows.parquet: row 2")


def test_parquet_that_cannot_be_labelled_is_refused_or_named(tmp_path: Path) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "rows.parquet"
    broken = pa.Array.from_buffers(pa.string(), 2, pa.array([b"tea", b"caf\xe9"]).buffers())
    pq.write_table(pa.table({"text": broken}), path)
    assert errors_of(path) == [(f"{path}: row 2", "the text is not UTF-8.")]
    pq.write_table(pa.table({"text": [1, 2]}), path)
    with pytest.raises(InputError, match=r"the column 'text' holds no text \(got int64\)"):
        texts_of(path)
    pq.write_table(pa.table({"words": ["a"]}), path)
    with pytest.raises(InputError, match=r"there is no column 'text' \(got columns words\)"):
        texts_of(path)
    path.write_bytes(b"PAR1")
    with pytest.raises(InputError, match="no Parquet file that can be read"):
        texts_of(path)


def test_an_article_that_cannot_be_read_stops_no_other(tmp_path: Path) -> None:
    words = "The café at the corner of the square opened its doors for the first time in the spring."
    for name, content in (("a", words.encode()), ("b", b"caf\xe9"), ("c", words.encode())):
        (tmp_path / f"{name}.txt").write_bytes(content)
    rows = list(read_texts(str(tmp_path)))
    assert [(row.others["id"], bool(row.error)) for row in rows] == [("a/001", False), ("b", True), ("c/001", False)]
    with pytest.raises(InputError, match=r"gone\.txt: the file cannot be read"):
        texts_of(tmp_path / "gone.txt")


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rows.docx").write_bytes(b"PK")
    with pytest.raises(UsageError, match=r"rows\.docx: this kind of file is not known"):
        texts_of(tmp_path / "rows.docx")


def test_a_row_without_the_column_is_an_error_of_the_row_alone(feed: Feed, model: Classifier) -> None:
    feed(b'{"text": "one"}\n{"words": "two"}\n{"text": null}\n{"text": ""}\n{"text": " \\n"}\n{"text": "six"}')
    (found,) = Labeller(model).label(read_texts("-"))
    assert [row.row.error for row in found] == ["", *["there is no text."] * 4, ""]
    assert [row.prediction is None for row in found] == [False, True, True, True, True, False]


def test_articles_in_folders_within_a_folder_are_pointed_to(tmp_path: Path) -> None:
    (tmp_path / "all" / "one").mkdir(parents=True)
    (tmp_path / "all" / "one" / "a.txt").write_text("The café at the corner opened its doors.", encoding="utf-8")
    with pytest.raises(InputError, match=r"stand in folders within this one\. Name them, such as .*all/one"):
        texts_of(tmp_path / "all")


def test_an_article_without_a_paragraph_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("", encoding="utf-8")
    with pytest.warns(EmptyArticleWarning, match=r"a\.txt: no paragraph in it"):
        assert texts_of(tmp_path / "a.txt") == []

"""Many texts are labelled in order, whatever they hold and wherever they come from."""

import csv
import io
import json
import math
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from itertools import count, islice
from pathlib import Path

import pytest
from conftest import files_no_larger_than
from hypothesis import given, settings
from hypothesis import strategies as st
from iraqstance.annotation.errors import InputError, UsageError
from iraqstance.annotation.records import Prediction
from iraqstance.training.classifier import Classifier, fit
from iraqstance.training.corpus import Corpus
from iraqstance.training.labelling import (
    LONGEST,
    Labeller,
    Run,
    TextRow,
    Written,
    input_identity,
    label_texts,
    left_open,
    prediction_row,
    read_texts,
    write_labelled,
)

TEXTS = ("Lovely tea", "Fresh tea", "Stale tea", "Awful coffee", "Burnt coffee", "Mild coffee")
STANCES = ("likes", "likes", "dislikes", "dislikes", "dislikes", "likes")
TOPICS = (("tea",), ("tea",), ("tea",), ("coffee",), ("coffee",), ("coffee",))
ODD_TEXTS = [
    "a",
    "☕️🔥",
    "كان الشاي طازجا",
    "tea\0cup",
    "long " * 20_000,
    "two\nlines",
    "a\rb",
    '"quoted", and more',
]

Feed = Callable[[bytes], None]


@pytest.fixture(scope="module")
def model() -> Classifier:
    return fit(Corpus("cups", TEXTS, STANCES, TOPICS))


@pytest.fixture(scope="module")
def two_targets() -> Classifier:
    """A model of two targets, which says the opposite of one what it says of the other."""
    opposite = tuple("likes" if stance == "dislikes" else "dislikes" for stance in STANCES)
    return fit(Corpus("cups", TEXTS * 2, STANCES + opposite, None, None, ("ours",) * 6 + ("theirs",) * 6))


@pytest.fixture
def feed(monkeypatch: pytest.MonkeyPatch) -> Feed:
    """Put bytes on standard input."""

    def put(content: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))

    return put


def errors_of(path: str | Path, **columns: str) -> list[tuple[str, str]]:
    """Return place and error of the rows that have one."""
    return [(row.where, row.error) for row in read_texts(str(path), **columns) if row.error]


def write(path: Path, model: Classifier, rows: Iterable[TextRow]) -> Written:
    return write_labelled(str(path), rows, Labeller(model))


def table_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t" if path.suffix == ".tsv" else ","))


def texts_of(path: str | Path, **columns: str) -> list[str]:
    return [row.text for row in read_texts(str(path), **columns)]


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


def test_a_row_without_the_column_is_an_error_of_the_row_alone(feed: Feed, model: Classifier) -> None:
    feed(b'{"text": "one"}\n{"words": "two"}\n{"text": null}\n{"text": ""}\n{"text": " \\n"}\n{"text": "six"}')
    (found,) = Labeller(model).label(read_texts("-"))
    assert [row.row.error for row in found] == ["", *["there is no text."] * 4, ""]
    assert [row.prediction is None for row in found] == [False, True, True, True, True, False]


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


@pytest.mark.parametrize("kind", ["string", "large_string", "string_view", "dictionary", "binary"])
def test_parquet_gives_its_texts_whatever_their_type(tmp_path: Path, kind: str) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    column = pa.array(["one", None, "قهوة", ""])
    wanted = {
        "dictionary": column.dictionary_encode,
        "binary": lambda: pa.array([b"one", None, "قهوة".encode(), b""]),
    }.get(kind, lambda: column.cast(getattr(pa, kind)()))()
    pq.write_table(pa.table({"text": wanted, "n": [1, 2, 3, 4]}), tmp_path / "rows.parquet")
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


def test_the_order_is_kept_over_many_texts(model: Classifier) -> None:
    """More than are labelled at a time."""
    texts = [f"{TEXTS[number % 6]} {number}" for number in range(2_500)]
    found = list(label_texts(model, map(TextRow, texts)))
    assert [prediction.text for prediction in found] == texts
    assert [prediction.stance for prediction in found[-6:]] == [prediction.stance for prediction in found[4:10]]


def test_each_row_may_have_a_target_of_its_own(two_targets: Classifier) -> None:
    rows = [TextRow(TEXTS[0], ("ours", "theirs", None)[number % 3]) for number in range(1_200)]
    found = [prediction.stance for prediction in label_texts(two_targets, rows, "theirs")]
    assert found == ["likes", "dislikes", "dislikes"] * 400


def test_a_row_without_a_target_needs_one_where_the_model_has_several(two_targets: Classifier) -> None:
    with pytest.raises(UsageError, match=r"the model holds several targets .*ours, theirs"):
        list(label_texts(two_targets, [TextRow("Tea", "ours"), TextRow("Tea")]))


def test_texts_are_read_no_further_than_needed(model: Classifier) -> None:
    """A stream without end is labelled as it comes."""
    taken: list[int] = []

    def endless() -> Iterator[TextRow]:
        for number in count():
            taken.append(number)
            yield TextRow(f"Tea {number}")

    assert len(list(islice(label_texts(model, endless()), 5))) == 5
    assert len(taken) <= 1_000


@pytest.mark.parametrize("text", ODD_TEXTS, ids=[repr(text)[:20] for text in ODD_TEXTS])
@pytest.mark.parametrize("name", ["out.jsonl", "out.csv", "out.tsv", "out.parquet"])
def test_any_text_is_labelled_and_written(model: Classifier, tmp_path: Path, text: str, name: str) -> None:
    assert write(tmp_path / name, model, [TextRow(text)]) == Written(1, 0)
    assert texts_of(tmp_path / name) == [text]
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "there is no text."),
        (" \n\u3000", "there is no text."),
        ("Milk \ud83d", "the text is not UTF-8."),
        (
            "tea " * (LONGEST // 4 + 1),
            "the text has 1,000,004 characters, more than 1,000,000. Cut it into paragraphs.",
        ),
        ("x" * 10_000_000, "the text has 10,000,000 characters, more than 1,000,000. Cut it into paragraphs."),
    ],
    ids=["empty", "white space", "half a character", "too long", "ten megabytes"],
)
@pytest.mark.parametrize("name", ["out.jsonl", "out.csv", "out.parquet"])
def test_a_text_that_cannot_be_labelled_has_a_row_with_the_reason(
    model: Classifier, tmp_path: Path, text: str, error: str, name: str
) -> None:
    said: list[tuple[str, str]] = []
    rows = [TextRow("Tea", others={"id": 1}), TextRow(text, others={"id": 2}, where="here")]
    path = tmp_path / name
    done = write_labelled(str(path), rows, Labeller(model), report=lambda where, why: said.append((where, why)))
    assert (done, said) == (Written(2, 1), [("here", error)])
    if name == "out.jsonl":
        first, second = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
        assert "error" not in first
        assert (second["id"], second["error"]) == (2, error)
        assert {second[column] for column in ("stance", "stance_scores", "topics", "topic_scores")} == {None}
    elif name == "out.csv":
        first, second = table_of(path)
        assert (first["error"], second["error"], second["id"], second["stance"]) == ("", error, "2", "")
    else:
        first, second = pytest.importorskip("pyarrow.parquet").read_table(path).to_pylist()
        assert (first["error"], second["error"], second["id"], second["topics"]) == (None, error, "2", None)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_whatever_is_written_can_be_read_again(model: Classifier, texts: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name in ("out.csv", "out.jsonl", "out.parquet"):
            write(Path(folder) / name, model, map(TextRow, texts))
            assert texts_of(Path(folder) / name) == texts


def test_below_the_bound_the_stance_is_left_open_and_topics_go() -> None:
    said = Prediction("Tea", "pro", {"con": 0.25, "pro": 0.75}, ("hot", "sweet"), {"hot": 0.5, "sweet": 0.625})
    assert left_open(said, 0) == left_open(said, 0.5) == said
    assert left_open(said, 0.75).stance == "pro"
    found = left_open(said, 0.76)
    assert (found.stance, found.stance_scores, found.topics, found.topic_scores) == (
        None,
        said.stance_scores,
        (),
        said.topic_scores,
    )
    assert left_open(said, 0.6).topics == ("sweet",)
    assert left_open(Prediction("Tea", None, None, ("hot",), {"hot": 0.5}), 1).stance is None
    for bound in (-0.1, 1.1, math.nan):
        with pytest.raises(UsageError, match="expected 0 to 1"):
            left_open(said, bound)


def test_an_open_stance_is_written_as_nothing() -> None:
    row = prediction_row(Prediction("Tea", None, {"con": 0.5, "pro": 0.5}, (), {"hot": 0.1}))
    assert row["stance"] is None
    assert row["topics"] == []


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv", "out.parquet"])
def test_other_columns_are_kept_under_names_that_are_not_ours(model: Classifier, tmp_path: Path, name: str) -> None:
    (tmp_path / "in.csv").write_text("id,body,stance,error,text,input_stance\n7,Tea,pro,none,T,x\n", encoding="utf-8")
    rows = list(read_texts(str(tmp_path / "in.csv"), text_column="body"))
    write(tmp_path / name, model, rows)
    kept = ["id", "input_input_stance", "input_error", "input_text", "input_stance"]
    own = ["text", "stance", "stance_score_dislikes", "stance_score_likes", "topics"]
    own += ["topic_score_coffee", "topic_score_tea", "error"]
    if name == "out.jsonl":
        row = json.loads((tmp_path / name).read_text(encoding="utf-8"))
        assert list(row) == ["text", "stance", "stance_scores", "topics", "topic_scores", *kept]
    elif name == "out.csv":
        (row,) = table_of(tmp_path / name)
        assert list(row) == own + kept
    else:
        (row,) = pytest.importorskip("pyarrow.parquet").read_table(tmp_path / name).to_pylist()
        assert list(row) == own + kept
    assert [row[column] for column in kept] == ["7", "pro", "none", "T", "x"]
    write_labelled(str(tmp_path / name), rows, Labeller(model, keep_columns=False))
    assert b"input_" not in (tmp_path / name).read_bytes()


def test_a_column_that_comes_late_is_left_out_of_a_table_and_its_row_says_so(model: Classifier, tmp_path: Path) -> None:
    rows = [TextRow("Tea", others={"id": 1})] * 1_000 + [TextRow("Tea", others={"id": 2, "late": [1]})]
    assert write(tmp_path / "out.csv", model, rows).faults == 1
    last = table_of(tmp_path / "out.csv")[-1]
    assert last["error"] == "left out, as no row at the beginning has them: columns late."
    assert last["stance"]
    assert write(tmp_path / "out.jsonl", model, rows).faults == 0


def test_parquet_keeps_the_types_of_parquet(model: Classifier, tmp_path: Path) -> None:
    from datetime import UTC, datetime

    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    when = datetime(2025, 1, 20, tzinfo=UTC)
    columns = {"text": ["Tea", None], "stance": [1, 2], "when": [when, None], "tags": [["a"], []], "x": [1.5, math.nan]}
    source = str(tmp_path / "in.parquet")
    pq.write_table(pa.table(columns), source)
    write_labelled(str(tmp_path / "out.parquet"), read_texts(source), Labeller(model), Run(source))
    found = pq.read_table(tmp_path / "out.parquet")
    assert found["input_stance"].to_pylist() == [1, 2]
    assert found["when"].to_pylist() == [when, None]
    assert found["tags"].to_pylist() == [["a"], []]
    assert found["topics"].to_pylist()[1] is None
    write_labelled(str(tmp_path / "out.jsonl"), read_texts(source), Labeller(model), Run(source))
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(row["when"], row["x"]) for row in rows] == [("2025-01-20T00:00:00+00:00", 1.5), (None, None)]


def test_an_explanation_sums_to_its_score_and_goes_with_json_alone(model: Classifier, tmp_path: Path) -> None:
    labeller = Labeller(model, terms=2)
    write_labelled(str(tmp_path / "out.jsonl"), [TextRow("Lovely stale tea"), TextRow("")], labeller)
    row, bad = (json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines())
    found = row["explanation"]
    assert found["label"] == max(row["stance_scores"], key=row["stance_scores"].get)
    parts = [term["contribution"] for term in found["terms"]] + [found["intercept"], found["rest"]]
    assert len(found["terms"]) == 4
    assert sum(parts) == pytest.approx(found["score"], abs=1e-9)
    assert "explanation" not in bad
    with pytest.raises(UsageError, match=r"out\.csv: a table holds no explanations .*\.jsonl"):
        write_labelled(str(tmp_path / "out.csv"), [], labeller)


def test_a_model_of_topics_explains_the_most_probable_topic() -> None:
    topics = fit(Corpus("cups", TEXTS, None, TOPICS))
    labeller = Labeller(topics, terms=1)
    ((labelled,),) = labeller.label([TextRow("Burnt coffee")])
    explanation = labeller.explain(labelled)
    assert explanation is not None
    assert explanation.label == "coffee"


def test_rows_of_an_unknown_target_have_an_error(two_targets: Classifier) -> None:
    rows = [TextRow("Tea", name) for name in ("ours", "", "nobody's", "theirs")]
    (found,) = Labeller(two_targets).label(rows)
    errors = [one.row.error for one in found]
    assert errors == ["", "the row names no target.", 'the model holds no such target: "nobody\'s".', ""]
    (found,) = Labeller(two_targets, "ours").label(rows)
    assert [bool(one.row.error) for one in found] == [False, False, True, False]


def run_of(source: Path, *, resume: bool = False) -> Run:
    return Run(str(source), {"input": input_identity(str(source)), "model": "m"}, resume)


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv", "out.parquet"])
@pytest.mark.parametrize("stop", [0, 1, 999, 1_000, 2_300])
def test_an_interrupted_run_goes_on_to_the_same_bytes(model: Classifier, tmp_path: Path, name: str, stop: int) -> None:
    """Whatever the interruption leaves behind what is sure is cut off."""
    lines = ["{"] + [json.dumps({"text": f"{TEXTS[number % 6]}\n{number}", "n": number}) for number in range(2_500)]
    source, path = tmp_path / "in.jsonl", tmp_path / name
    source.write_text("\n".join(lines), encoding="utf-8")
    whole = write_labelled(str(tmp_path / f"whole-{name}"), read_texts(str(source)), Labeller(model), run_of(source))

    def broken() -> Iterator[TextRow]:
        yield from islice(read_texts(str(source)), stop)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_labelled(str(path), broken(), Labeller(model), run_of(source))
    assert not path.exists()
    partial = tmp_path / f".{name}.partial"
    if partial.exists():
        with (partial / "rows").open("ab") as stream:
            stream.write(b"half a ro")
    done = write_labelled(str(path), read_texts(str(source)), Labeller(model), run_of(source, resume=True))
    assert done == (whole.rows, whole.faults, stop // 1_000 * 1_000) == (2_501, 1, stop // 1_000 * 1_000)
    assert path.read_bytes() == (tmp_path / f"whole-{name}").read_bytes()
    assert not partial.exists()


def test_a_run_does_not_go_on_from_another_one(model: Classifier, tmp_path: Path) -> None:
    source, path = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text('{"text": "Tea"}\n' * 1_500, encoding="utf-8")

    def broken() -> Iterator[TextRow]:
        yield from islice(read_texts(str(source)), 1_200)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_labelled(str(path), broken(), Labeller(model), run_of(source))
    other = run_of(source, resume=True)
    assert other.made_from
    with pytest.raises(UsageError, match=r'the interrupted run had another model \(expected "m", got "n"\)'):
        write_labelled(
            str(path),
            read_texts(str(source)),
            Labeller(model),
            other._replace(made_from={**other.made_from, "model": "n"}),
        )
    source.write_text('{"text": "Milk"}\n' * 1_500, encoding="utf-8")
    with pytest.raises(UsageError, match=r"the interrupted run had another input .*start again without --resume"):
        write_labelled(str(path), read_texts(str(source)), Labeller(model), run_of(source, resume=True))
    assert write_labelled(str(path), read_texts(str(source)), Labeller(model), run_of(source)) == Written(1_500, 0)


def test_two_runs_do_not_write_the_same_file(model: Classifier, tmp_path: Path) -> None:
    path = str(tmp_path / "out.jsonl")

    def rows() -> Iterator[TextRow]:
        for _ in range(1_000):
            yield TextRow("Tea")
        with pytest.raises(UsageError, match="another run is writing this file"):
            write_labelled(path, [TextRow("Milk")], Labeller(model))
        yield TextRow("Coffee")

    # The first thousand are labelled before anything is made.
    rows_then_more = (row for part in (rows(), [TextRow("Last")]) for row in part)
    assert write_labelled(path, rows_then_more, Labeller(model)) == Written(1_002, 0)
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]


def test_a_full_disk_leaves_no_file_and_the_run_goes_on_later(model: Classifier, tmp_path: Path) -> None:
    source, path = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text('{"text": "Tea"}\n' * 3_000, encoding="utf-8")
    with (
        files_no_larger_than(200_000),
        pytest.raises(InputError, match=r"out\.jsonl: .* \(got File too large\).*--resume"),
    ):
        write_labelled(str(path), read_texts(str(source)), Labeller(model), run_of(source))
    assert not path.exists()
    done = write_labelled(str(path), read_texts(str(source)), Labeller(model), run_of(source, resume=True))
    assert done.rows == 3_000
    assert done.resumed == 1_000


def test_json_lines_hold_one_object_a_text_with_what_the_model_holds(model: Classifier, tmp_path: Path) -> None:
    write(tmp_path / "out.jsonl", model, [TextRow("Lovely tea ☕"), TextRow("Awful")])
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [list(row) for row in rows] == [["text", "stance", "stance_scores", "topics", "topic_scores"]] * 2
    assert rows[0]["text"] == "Lovely tea ☕"
    assert "☕" in (tmp_path / "out.jsonl").read_text(encoding="utf-8")
    assert math.isclose(sum(rows[0]["stance_scores"].values()), 1, abs_tol=1e-5)


def test_a_row_leaves_out_what_the_model_does_not_hold() -> None:
    assert prediction_row(Prediction("Tea", "pro", {"pro": 1.0})) == {
        "text": "Tea",
        "stance": "pro",
        "stance_scores": {"pro": 1.0},
    }
    assert prediction_row(Prediction("Tea", None, None, ("hot",), {"hot": 2 / 3})) == {
        "text": "Tea",
        "topics": ["hot"],
        "topic_scores": {"hot": 0.666667},
    }


@pytest.mark.parametrize("name", ["out.csv", "out.tsv"])
def test_a_table_has_a_column_for_each_score(model: Classifier, tmp_path: Path, name: str) -> None:
    write(tmp_path / name, model, [TextRow("Lovely tea")])
    (row,) = table_of(tmp_path / name)
    (found,) = model.predict(["Lovely tea"])
    assert row == {
        "text": "Lovely tea",
        "stance": found.stance,
        **{f"stance_score_{label}": str(round(score, 6)) for label, score in (found.stance_scores or {}).items()},
        "topics": "|".join(found.topics or ()),
        **{f"topic_score_{label}": str(round(score, 6)) for label, score in (found.topic_scores or {}).items()},
        "error": "",
    }


def test_a_csv_file_holds_the_scores_of_targets_whose_stances_differ(tmp_path: Path) -> None:
    """One target of a model may never have been opposed in its training data."""
    corpus = Corpus(
        "cups",
        ("Lovely", "Awful", "Grand", "Plain"),
        ("likes", "dislikes", "likes", "indifferent"),
        targets=("ours", "ours", "theirs", "theirs"),
    )
    rows = [TextRow("Lovely", "ours"), TextRow("Plain", "theirs")]
    write(tmp_path / "out.csv", fit(corpus), rows)
    ours, theirs = table_of(tmp_path / "out.csv")
    assert float(ours["stance_score_likes"]) + float(ours["stance_score_dislikes"]) == pytest.approx(1, abs=1e-5)
    assert float(theirs["stance_score_likes"]) + float(theirs["stance_score_indifferent"]) == pytest.approx(1, abs=1e-5)


def test_another_ending_is_refused_before_anything_is_read(model: Classifier, tmp_path: Path) -> None:
    def never() -> Iterator[TextRow]:
        yield from ()
        pytest.fail("a text was read")

    with pytest.raises(UsageError, match=r"out\.xlsx: predictions cannot be written so .*\.jsonl, .* or \.parquet"):
        write(tmp_path / "out.xlsx", model, never())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv", "out.parquet"])
def test_a_fault_of_the_whole_in_the_middle_leaves_the_old_file(model: Classifier, tmp_path: Path, name: str) -> None:
    def rows() -> Iterator[TextRow]:
        yield from [TextRow("Tea")] * 1_500
        raise InputError("the disk is gone")

    (tmp_path / name).write_text("what was there", encoding="utf-8")
    with pytest.raises(InputError, match="the disk is gone"):
        write(tmp_path / name, model, rows())
    assert (tmp_path / name).read_text(encoding="utf-8") == "what was there"
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv", "out.parquet"])
def test_no_texts_make_a_file_without_rows(model: Classifier, tmp_path: Path, name: str) -> None:
    assert write(tmp_path / name, model, []) == Written(0, 0)
    assert texts_of(tmp_path / name) == []
    if name == "out.csv":
        assert (tmp_path / name).read_text(encoding="utf-8").startswith("text,stance,stance_score_")


def test_a_folder_is_no_file_to_write(model: Classifier, tmp_path: Path) -> None:
    (tmp_path / "out.csv").mkdir()
    with pytest.raises(InputError, match=r"out\.csv: the file cannot be written \(got a folder\)"):
        write(tmp_path / "out.csv", model, [])
    with pytest.raises(InputError, match=r"the file cannot be written \(got No such file"):
        write(tmp_path / "gone" / "out.csv", model, [])


def test_the_classifier_is_loaded_by_the_room_itself() -> None:
    import iraqstance.training
    from iraqstance.training.model_folder import load_classifier

    assert iraqstance.training.load_classifier is load_classifier
    with pytest.raises(AttributeError, match="no attribute 'load'"):
        _ = iraqstance.training.load

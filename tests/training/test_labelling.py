"""Many texts are labelled in order, whatever they hold and wherever they come from."""

import csv
import io
import json
import math
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import count, islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iraqstance.annotation.errors import InputError, UsageError
from iraqstance.annotation.records import Prediction
from iraqstance.training.classifier import Classifier, fit
from iraqstance.training.corpus import Corpus
from iraqstance.training.labelling import TextRow, label_texts, prediction_row, read_texts, write_predictions

TEXTS = ("Lovely tea", "Fresh tea", "Stale tea", "Awful coffee", "Burnt coffee", "Mild coffee")
STANCES = ("likes", "likes", "dislikes", "dislikes", "dislikes", "likes")
TOPICS = (("tea",), ("tea",), ("tea",), ("coffee",), ("coffee",), ("coffee",))
ODD_TEXTS = [
    "",
    "a",
    "☕️🔥",
    "كان الشاي طازجا",
    "tea\0cup",
    "long " * 20_000,
    "two\nlines",
    "a\rb",
    '"quoted", and more',
    " ",
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
    ("content", "message"),
    [
        (b"one\ncaf\xe9\n", r"standard input: line 2: the text is not UTF-8"),
        (b'{"text": "one"}\n{"words": "two"}\n', r"standard input: line 2: there is no text in 'text' .*columns words"),
        (b'\n\n{"text": "one"}\n{"words": "two"}\n', r"standard input: line 4: there is no text in 'text'"),
        (b"\n\none\ncaf\xe9\n", r"standard input: line 4: the text is not UTF-8"),
        (b'{"text": "one"}\n{"text": 2}\n', r"standard input: line 2: there is no text in 'text'.*--text-column"),
        (b'{"text": "one"}\nplain\n', "standard input: line 2: invalid JSON"),
    ],
)
def test_a_fault_on_standard_input_is_named_with_its_line(feed: Feed, content: bytes, message: str) -> None:
    feed(content)
    with pytest.raises(InputError, match=message):
        texts_of("-")


def test_the_columns_of_json_lines_on_standard_input_can_be_named(feed: Feed) -> None:
    feed(b'{"words": "one", "about": "tea"}\n{"words": "two"}\n')
    assert list(read_texts("-", text_column="words", target_column="about")) == [TextRow("one", "tea"), TextRow("two")]


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
    with pytest.raises(InputError, match=r"rows\.csv: line 2: .*'text' \(got columns id, words\)\. .*--text-column"):
        texts_of(tmp_path / "rows.csv")


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
@pytest.mark.parametrize("name", ["out.jsonl", "out.csv"])
def test_any_text_is_labelled_and_written(model: Classifier, tmp_path: Path, text: str, name: str) -> None:
    assert write_predictions(str(tmp_path / name), label_texts(model, [TextRow(text)])) == 1
    assert texts_of(tmp_path / name) == [text]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), min_size=1, max_size=5))
@settings(max_examples=100, deadline=None)
def test_whatever_is_written_can_be_read_again(texts: list[str]) -> None:
    predictions = [Prediction(text, "pro", {"con": 0.25, "pro": 0.75}) for text in texts]
    with tempfile.TemporaryDirectory() as folder:
        for name in ("out.csv", "out.jsonl"):
            path = f"{folder}/{name}"
            write_predictions(path, predictions)
            assert texts_of(path) == texts


def test_json_lines_hold_one_object_a_text_with_what_the_model_holds(model: Classifier, tmp_path: Path) -> None:
    write_predictions(str(tmp_path / "out.jsonl"), label_texts(model, [TextRow("Lovely tea ☕"), TextRow("Awful")]))
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


def test_a_csv_file_has_a_column_for_each_score(tmp_path: Path) -> None:
    predictions = [Prediction("Tea", "pro", {"con": 0.25, "pro": 0.75}, ("hot", "sweet"), {"hot": 0.5, "sweet": 0.625})]
    write_predictions(str(tmp_path / "out.csv"), predictions)
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert row == {
        "text": "Tea",
        "stance": "pro",
        "stance_score_con": "0.25",
        "stance_score_pro": "0.75",
        "topics": "hot|sweet",
        "topic_score_hot": "0.5",
        "topic_score_sweet": "0.625",
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
    write_predictions(str(tmp_path / "out.csv"), label_texts(fit(corpus), rows))
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as stream:
        ours, theirs = csv.DictReader(stream)
    assert float(ours["stance_score_likes"]) + float(ours["stance_score_dislikes"]) == pytest.approx(1, abs=1e-5)
    assert float(theirs["stance_score_likes"]) + float(theirs["stance_score_indifferent"]) == pytest.approx(1, abs=1e-5)


def test_another_ending_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    def never() -> Iterator[Prediction]:
        yield from ()
        pytest.fail("a text was labelled")

    with pytest.raises(UsageError, match=r"out\.xlsx: predictions cannot be written so .*\.jsonl or \.csv"):
        write_predictions(str(tmp_path / "out.xlsx"), never())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv"])
def test_a_fault_in_the_middle_leaves_the_old_file(model: Classifier, tmp_path: Path, name: str) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": "Tea"}\n' * 1_500 + "{\n", encoding="utf-8")
    (tmp_path / name).write_text("what was there", encoding="utf-8")
    with pytest.raises(InputError, match=r"in\.jsonl: line 1501: invalid JSON"):
        write_predictions(str(tmp_path / name), label_texts(model, read_texts(str(tmp_path / "in.jsonl"))))
    assert (tmp_path / name).read_text(encoding="utf-8") == "what was there"
    assert {path.name for path in tmp_path.iterdir()} == {"in.jsonl", name}


def test_half_a_character_is_labelled_or_named_with_its_line(model: Classifier, feed: Feed, tmp_path: Path) -> None:
    """JSON can hold half an emoji, as programs make that cut texts at a length; UTF-8 cannot."""
    feed(b'{"text": "Tea"}\n{"text": "Milk \\ud83d"}\n')
    try:
        written = write_predictions(str(tmp_path / "out.jsonl"), label_texts(model, read_texts("-")))
    except InputError as error:
        assert "line 2" in str(error)  # noqa: PT017 - either answer is a clear one
    else:
        assert written == 2


def test_no_texts_make_an_empty_file(model: Classifier, tmp_path: Path) -> None:
    assert write_predictions(str(tmp_path / "out.jsonl"), label_texts(model, [])) == 0
    assert (tmp_path / "out.jsonl").read_bytes() == b""

"""Labelled texts are read from any table, and what cannot be read is named."""

import csv
import json
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iraqstance.annotation.errors import InputError, IraqstanceError, UsageError
from iraqstance.training.corpus import Columns, ContradictionWarning, Corpus, read_corpus, read_table

TEXTS = ("Tea, hot and strong.", 'She said "no"\nand left.', "قهوة مرّة ☕")
STANCES = ("likes", "dislikes", "likes")
TOPICS = (("taste",), ("taste", "price"), ("price",))
GROUPS = ("g1", "g1", "g2")
TARGETS = ("tea", "tea", "coffee")
EXPECTED = (TEXTS, STANCES, TOPICS, GROUPS, TARGETS)

Writer = Callable[[Path], Path]


def fields(corpus: Corpus) -> tuple[object, ...]:
    return corpus.texts, corpus.stances, corpus.topics, corpus.groups, corpus.targets


def rows() -> list[dict[str, object]]:
    return [
        {"text": text, "stance": stance, "topics": list(topics), "group": group, "target": target}
        for text, stance, topics, group, target in zip(*EXPECTED, strict=True)
    ]


def write_delimited(path: Path, delimiter: str, *, joined: str = "|", head: bytes = b"", ends: str = "\n") -> Path:
    with path.open("wb") as file:
        file.write(head)
    with path.open("a", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows()[0]), delimiter=delimiter, lineterminator=ends)
        writer.writeheader()
        writer.writerows({**row, "topics": joined.join(row["topics"])} for row in rows())  # type: ignore[call-overload]
    return path


def write_jsonl(folder: Path, name: str = "rows.jsonl", head: str = "") -> Path:
    lines = "\n\n".join(json.dumps(row, ensure_ascii=False) for row in rows())
    (folder / name).write_text(head + lines + "\n", encoding="utf-8")
    return folder / name


def write_parquet(folder: Path, *, class_labels: bool = False) -> Path:
    from datasets import ClassLabel, Dataset, Features, List, Value

    plain = {name: Value("string") for name in ("text", "group", "target")}
    coded = {"stance": ClassLabel(names=["dislikes", "likes"]), "topics": List(ClassLabel(names=["price", "taste"]))}
    features = Features({**plain, **coded}) if class_labels else None
    Dataset.from_list(rows(), features=features).to_parquet(folder / "rows.parquet")
    return folder / "rows.parquet"


def write_folder(folder: Path) -> Path:
    (folder / "set" / "data").mkdir(parents=True)
    write_parquet(folder, class_labels=True).rename(folder / "set" / "data" / "train.parquet")
    return folder / "set"


WRITERS: dict[str, Writer] = {
    "CSV": lambda folder: write_delimited(folder / "rows.csv", ","),
    "CSV in capitals": lambda folder: write_delimited(folder / "ROWS.CSV", ","),
    "CSV with a byte-order mark": lambda folder: write_delimited(folder / "rows.csv", ",", head=b"\xef\xbb\xbf"),
    "CSV with Windows line ends": lambda folder: write_delimited(folder / "rows.csv", ",", ends="\r\n"),
    "CSV with semicolons in topics": lambda folder: write_delimited(folder / "rows.csv", ",", joined=" ; "),
    "CSV with commas in topics": lambda folder: write_delimited(folder / "rows.csv", ",", joined=", "),
    "TSV": lambda folder: write_delimited(folder / "rows.tsv", "\t"),
    "JSON lines": write_jsonl,
    "JSON lines with a byte-order mark": lambda folder: write_jsonl(folder, head="\ufeff"),
    "JSON lines by their other name": lambda folder: write_jsonl(folder, "rows.ndjson"),
    "Parquet": write_parquet,
    "Parquet with class labels": lambda folder: write_parquet(folder, class_labels=True),
    "a dataset folder": write_folder,
}


@pytest.mark.parametrize("write", WRITERS.values(), ids=list(WRITERS))
def test_every_kind_of_file_gives_the_same_corpus(tmp_path: Path, write: Writer) -> None:
    corpus = read_corpus(write(tmp_path))
    assert fields(corpus) == EXPECTED
    assert len(corpus) == 3


@pytest.mark.parametrize(
    ("cell", "topics"),
    [
        ("price|taste", ("price", "taste")),
        ("price ; taste", ("price", "taste")),
        ("price, taste", ("price", "taste")),
        ('["price", "taste"]', ("price", "taste")),
        (' ["price"]', ("price",)),
        ("price", ("price",)),
        ("price|price", ("price",)),
        ("|price|", ("price",)),
        ("price tag", ("price tag",)),
    ],
)
def test_topics_in_one_cell_are_divided(tmp_path: Path, cell: str, topics: tuple[str, ...]) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text(json.dumps({"text": "Tea.", "topics": cell}), encoding="utf-8")
    assert read_corpus(file).topics == (topics,)


def write_csv(folder: Path, text: str, name: str = "rows.csv") -> Path:
    (folder / name).write_bytes(text.encode())
    return folder / name


def test_columns_may_have_other_names(tmp_path: Path) -> None:
    file = write_csv(tmp_path, "tweet,view,themes,author,about\nTea.,pro,hot|cold,ann,tea\n")
    corpus = read_corpus(file, Columns("tweet", "view", "themes", "author", "about"))
    assert fields(corpus) == (("Tea.",), ("pro",), (("hot", "cold"),), ("ann",), ("tea",))


def test_usual_columns_that_are_absent_are_left_out(tmp_path: Path) -> None:
    corpus = read_corpus(write_csv(tmp_path, "text,stance\nTea.,pro\n"))
    assert fields(corpus) == (("Tea.",), ("pro",), None, None, None)


def test_a_label_column_that_is_not_wanted_is_left_out(tmp_path: Path) -> None:
    corpus = read_corpus(write_csv(tmp_path, "text,stance,topics\nTea.,pro,hot\n"), Columns(stance=None))
    assert corpus.stances is None
    assert corpus.topics == (("hot",),)


def test_numbers_are_labels_too(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text('{"text": "Tea.", "stance": 1, "topics": [3, 4]}\n', encoding="utf-8")
    assert (read_corpus(file).stances, read_corpus(file).topics) == (("1",), (("3", "4"),))


@pytest.mark.parametrize(
    ("text", "columns", "message"),
    [
        ("words,stance\nTea.,pro\n", None, r"there is no column 'text' .*got columns words, stance.*--text-column"),
        ('"text";"stance"\n"Tea, nice";pro\n', None, r"divided by semicolons \(expected commas in a .csv, got"),
        ("text,view\nTea.,pro\n", None, r"neither a stance nor a topics column .*--stance-column or --topics-column"),
        ("text,stance\nTea.,pro\n", Columns(group="author"), r"there is no column 'author' .*got columns text, stance"),
        ("text,stance\nTea.,pro\n", Columns(stance="view"), "there is no column 'view'"),
        ("text,stance\nTea.,pro\n ,con\n", None, r"line 3: 'text' is empty\. Fill it in or remove the row"),
        ("text,stance\nTea.,\n", None, "line 2: 'stance' is empty"),
        ("text,stance\nTea.,\nMilk.,\n", None, r"line 2: 'stance' is empty \(got 2 such rows in all\)\. Fill them in"),
        ("text,group,stance\nTea.,,pro\n", None, "line 2: 'group' is empty"),
        ("text,topics\nTea.,hot\nCoffee.,\n", None, "line 3: 'topics' is empty"),
        ("text,stance\nTea.,pro,more\n", None, "line 2: the row does not have as many fields as the head"),
        ("text,stance\nTea.,pro\nCoffee.\n", None, "line 3: the row does not have as many fields as the head"),
        ('text,stance\n"Tea\n\nand more.",pro\nTea.\n', None, "line 5: the row does not have as many fields"),
        ('text,topics\nTea.,"[hot"\n', None, r"line 2: 'topics' is no JSON list \(got \[hot\)"),
        ("text,stance\n", None, r"there is no row in it \(expected labelled texts\)"),
        ("", None, "there is no row in it"),
        ("\n\n", None, "there is no row in it"),
    ],
    ids=[
        "no text column",
        "other dividers",
        "no label column",
        "no such group column",
        "no such stance column",
        "blank text",
        "empty stance",
        "two empty stances",
        "empty group",
        "empty topics",
        "a field too many",
        "a field too few",
        "a short row after a long one",
        "broken list",
        "head only",
        "empty file",
        "blank lines only",
    ],
)
def test_a_fault_in_a_table_is_named(tmp_path: Path, text: str, columns: Columns | None, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        read_corpus(write_csv(tmp_path, text), columns)
    assert str(tmp_path / "rows.csv") in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ['stance,text\npro,"Tea.\ncon,Coffee.\npro,Milk.\n', 'text,stance\nTea.,"pro\nCoffee.,con\n'],
    ids=["in a text", "in a label"],
)
def test_a_quotation_mark_that_is_not_closed_does_not_swallow_rows(tmp_path: Path, text: str) -> None:
    """All rows behind it would be one text: a benchmark should not shrink unseen."""
    with pytest.raises(InputError, match=r"rows\.csv"):
        read_corpus(write_csv(tmp_path, text))


@pytest.mark.parametrize(
    "text",
    ["text,stance\rTea.,pro\rCoffee.,con\r", "text,stance\nTea\rtime.,pro\nCoffee.,con\n"],
    ids=["old Macintosh line ends", "one inside a row"],
)
def test_a_bare_carriage_return_is_read_or_named(tmp_path: Path, text: str) -> None:
    try:
        stances = read_corpus(write_csv(tmp_path, text)).stances
    except InputError as error:
        assert "rows.csv" in str(error)  # noqa: PT017 - either answer is a clear one
    else:
        assert stances == ("pro", "con")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("rows.csv", "text,stance\nTea.,pro\ncafé,con\n".encode("latin-1"), r"line 3: the text is not UTF-8\. Save it"),
        ("rows.csv", "text,stance\nTea.,pro\n".encode("utf-16"), "line 1: the text is not UTF-8"),
        (
            "rows.jsonl",
            '{"text": "café"}\n'.encode("latin-1"),
            r"line 1: the text is not UTF-8\. Save the file",
        ),
        ("rows.jsonl", b'{"text": "Tea."\n', "line 1: invalid JSON: .* at column"),
        ("rows.jsonl", b'\n["Tea."]\n', r"line 2: the line is no JSON object \(got list\)"),
        (
            "rows.jsonl",
            b'{"text": "Tea.", "topics": 3}\n',
            r"line 1: 'topics' is no list .*divided by .*got int",
        ),
        ("rows.jsonl", b'{"text": "Tea.", "stance": "pro"}\n{"text": "Milk."}\n', "line 2: 'stance' is empty"),
        ("rows.jsonl", b'{"text": null, "stance": "pro"}\n', "line 1: 'text' is empty"),
        ("rows.jsonl", b"", "there is no row in it"),
        ("rows.parquet", b"", "this is no Parquet file that can be read"),
        ("rows.parquet", b"text,stance\nTea.,pro\n", "this is no Parquet file that can be read"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        read_corpus(tmp_path / name)
    assert name in str(caught.value)


def test_half_a_character_is_named_with_its_line(tmp_path: Path) -> None:
    """JSON can hold half an emoji, as programs make that cut texts at a length; UTF-8 cannot."""
    file = tmp_path / "rows.jsonl"
    file.write_text('{"text": "Tea.", "stance": "pro"}\n{"text": "Milk \\ud83d", "stance": "con"}\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"rows\.jsonl: line 2"):
        assert read_corpus(file).sha256


@pytest.mark.parametrize("name", ["rows.csv", "rows.tsv", "rows.jsonl", "rows.parquet"])
def test_a_missing_file_is_said_to_be_missing(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=f"{name}: .*(No such file|not there)"):
        read_corpus(tmp_path / name)


@pytest.mark.parametrize("name", ["rows.xlsx", "rows.json", "rows", "rows.csv.gz"])
def test_an_unknown_ending_is_refused_with_those_that_are_known(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"text,stance\nTea.,pro\n")
    with pytest.raises(UsageError, match=rf"{name}: this kind of file is not known .*\.csv, \.tsv, \.jsonl"):
        read_corpus(tmp_path / name)


def test_an_empty_folder_is_no_dataset(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the dataset folder cannot be loaded"):
        read_corpus(tmp_path)


def test_a_class_label_that_was_left_open_is_an_empty_one(tmp_path: Path) -> None:
    from datasets import ClassLabel, Dataset, Features, Value

    features = Features({"text": Value("string"), "stance": ClassLabel(names=["con", "pro"])})
    open_rows = [{"text": "Tea.", "stance": "pro"}, {"text": "Milk.", "stance": -1}]
    Dataset.from_list(open_rows, features=features).to_parquet(tmp_path / "rows.parquet")
    with pytest.raises(InputError, match=r"rows\.parquet: row 2: 'stance' is empty"):
        read_corpus(tmp_path / "rows.parquet")


def test_a_row_knows_its_place(tmp_path: Path) -> None:
    file = write_csv(tmp_path, 'text,stance\n"Tea\nand more.",pro\nMilk.,con\n')
    assert [row.where for row in read_table(file)] == [f"{file}: line 3", f"{file}: line 4"]


@pytest.mark.parametrize(
    ("content", "columns", "ids"),
    [
        ("text,stance\nTea.,pro\nMilk.,con\n", None, None),
        ("text,stance,id\nTea.,pro,a/001\nMilk.,con,\n", None, ("a/001", "")),
        ("text,stance,id\nTea.,pro,1\nMilk.,con,2\n", Columns(id=None), None),
        ("text,stance,key\nTea.,pro,1\nMilk.,con,2\n", Columns(id="key"), ("1", "2")),
        ("text,stance,key\nTea.,pro,1\nMilk.,con,2\n", Columns(), None),
    ],
    ids=["none", "the usual name, one empty", "not wanted", "another name", "under a name that was not given"],
)
def test_ids_are_read_where_the_table_has_them(
    tmp_path: Path, content: str, columns: Columns | None, ids: tuple[str, ...] | None
) -> None:
    assert read_corpus(write_csv(tmp_path, content), columns).ids == ids


def test_numbers_are_ids_too_and_a_column_of_ids_that_is_named_must_be_there(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text('{"text": "Tea.", "stance": "pro", "id": 7}\n', encoding="utf-8")
    assert read_corpus(file).ids == ("7",)
    with pytest.raises(InputError, match="there is no column 'key'"):
        read_corpus(file, Columns(id="key"))


def test_ids_go_with_their_rows() -> None:
    named = replace(corpus(), ids=("a", "b", "c"))
    assert named.take([2, 0]).ids == ("c", "a")
    assert named.for_target("coffee").ids == ("c",)
    assert named.joined(named).ids == ("a", "b", "c") * 2
    assert named.joined(corpus()).ids is None
    assert replace(named, texts=("x", "x", "y")).distinct().ids == ("a", "c")


def test_the_hash_does_not_cover_ids() -> None:
    assert replace(corpus(), ids=("a", "b", "c")).sha256 == corpus().sha256


words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40).filter(lambda text: text.strip())
labelled = st.lists(st.tuples(words, words), min_size=1, max_size=6)


@given(labelled, st.sampled_from([("rows.csv", ","), ("rows.tsv", "\t")]))
@settings(max_examples=100)
def test_any_text_that_is_quoted_comes_back(pairs: list[tuple[str, str]], kind: tuple[str, str]) -> None:
    name, delimiter = kind
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, delimiter=delimiter, quoting=csv.QUOTE_ALL)
            writer.writerows([("text", "stance"), *pairs])
        corpus = read_corpus(path)
    assert (corpus.texts, corpus.stances) == tuple(zip(*pairs, strict=True))


@given(labelled)
@settings(max_examples=50)
def test_any_json_lines_come_back(pairs: list[tuple[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        lines = [json.dumps({"text": text, "stance": stance}) + "\n" for text, stance in pairs]
        path.write_text("".join(lines), encoding="utf-8")
        corpus = read_corpus(path)
    assert (corpus.texts, corpus.stances) == tuple(zip(*pairs, strict=True))


def corpus() -> Corpus:
    return Corpus("tea", *EXPECTED)


@given(st.lists(st.integers(0, 2), max_size=8))
def test_taking_rows_takes_every_field_in_the_given_order(chosen: list[int]) -> None:
    taken = corpus().take(chosen)
    assert fields(taken) == tuple(tuple(field[row] for row in chosen) for field in EXPECTED)


def test_joined_corpora_keep_the_fields_that_both_have() -> None:
    joined = corpus().joined(Corpus("more", ("Milk.",), stances=("likes",), groups=("g3",)))
    assert fields(joined) == ((*TEXTS, "Milk."), (*STANCES, "likes"), None, (*GROUPS, "g3"), None)


def test_the_rows_of_one_target_are_found() -> None:
    assert corpus().target_names == ("tea", "coffee")
    assert corpus().for_target("coffee").texts == TEXTS[2:]


def test_a_corpus_without_targets_is_about_one_that_has_no_name() -> None:
    plain = Corpus("tea", TEXTS, STANCES)
    assert plain.target_names == ("",)
    assert plain.for_target("") == plain


def test_a_text_that_stands_once_for_each_target_counts_once() -> None:
    twice = Corpus("tea", ("a", "a", "b"), targets=("x", "y", "x"), stances=("p", "q", "p"))
    assert fields(twice.distinct())[:2] == (("a", "b"), ("p", "p"))


@pytest.mark.parametrize("place", range(5))
def test_the_hash_changes_with_every_field(place: int) -> None:
    changed: list[object] = list(EXPECTED)
    changed[place] = tuple(reversed(EXPECTED[place]))
    other = Corpus("tea", *changed)  # type: ignore[arg-type]
    assert (other.sha256 == corpus().sha256) is (changed[place] == EXPECTED[place])


def test_the_hash_does_not_depend_on_the_file(tmp_path: Path) -> None:
    hashes = {read_corpus(write(tmp_path)).sha256 for write in (write_jsonl, write_parquet)}
    assert hashes == {corpus().sha256}


pieces = st.sampled_from([b"a", b",", b'"', b"\r", b"\n", b"\xc3\xa9", b"\xff", b"\0", b"[", b"{", b"}", b":", b"PAR1"])


@given(st.lists(pieces, max_size=30), st.sampled_from([".csv", ".tsv", ".jsonl", ".parquet"]))
@settings(max_examples=200)
def test_no_bytes_whatever_end_in_a_traceback(content: list[bytes], ending: str) -> None:
    """What can be read is read; anything else is an error of ours."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"rows{ending}"
        path.write_bytes(b"text,stance\n" * (ending == ".csv") + b"".join(content))
        try:
            corpus = read_corpus(path)
        except IraqstanceError as error:
            assert f"rows{ending}" in str(error)  # noqa: PT017 - either answer is a clear one
        else:
            assert len(corpus) == len(corpus.texts) > 0


def test_one_text_with_different_topics_is_told(tmp_path: Path) -> None:
    file = write_csv(tmp_path, "text,topics\nTea.,hot|sweet\nMilk.,cold\nTea.,sweet|hot\nTea.,zoo\n")
    with pytest.warns(ContradictionWarning, match=r"a text stands in several rows with different topics.*'Tea\.'"):
        corpus = read_corpus(file)
    assert corpus.distinct().topics == (("hot", "sweet"), ("cold",))

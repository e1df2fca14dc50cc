"""Articles become paragraphs: the corpus, the source articles, and the laws that hold for any text."""

import hashlib
import io
import json
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from iraqstance.annotation.errors import InputError
from iraqstance.annotation.furniture import furniture_rules
from iraqstance.annotation.lines import render
from iraqstance.annotation.normalise import ZERO_WIDTH, fingerprint
from iraqstance.annotation.reading import read_lines, read_text
from iraqstance.annotation.records import Paragraph
from iraqstance.annotation.segment import segment, segment_file

ROOT = Path(__file__).parents[2]
CORPUS = sorted(Path(__file__).with_name("articles").glob("*.txt"))
#: Articles in which one paragraph too many is known.
ONE_EXTRA = {"01_us_national_daily", "04_email_wrap50"}

WELLS = "The council of the lower valley counted its wells this spring and found that forty of them had run dry."
CANAL = "Farmers at the far end of the canal said that they had not seen water in it since the dam was closed."
DAM = "Nobody at the dam would say when its gates might open again, or who had ordered that they be shut."


def paragraphs(text: str) -> list[Paragraph]:
    return list(segment(read_lines(io.BytesIO(text.encode()), "article"), "a"))


def texts(text: str) -> list[str]:
    return [paragraph.text for paragraph in paragraphs(text)]


def normalised(text: str) -> str:
    return "\n".join(line.text for line in read_lines(io.BytesIO(text.encode()), "article"))


# the corpus: every article has its paragraphs beside it, one a line, as an editor listed them


def gold(article: Path) -> list[str]:
    return article.with_suffix(".paragraphs").read_text(encoding="utf-8").splitlines()


def content(article: Path) -> str:
    """Return the article with its own line ends."""
    return article.read_bytes().decode()


corpus = pytest.mark.parametrize("article", CORPUS, ids=lambda article: article.stem)


def test_every_article_has_its_paragraphs_beside_it() -> None:
    assert len(CORPUS) > 60
    assert {file.stem for file in CORPUS} == {file.stem for file in CORPUS[0].parent.glob("*.paragraphs")}


@corpus
def test_an_article_is_cut_as_an_editor_would(article: Path) -> None:
    found = [paragraph.text for paragraph in segment_file(article)]
    expected = gold(article)
    if article.stem in ONE_EXTRA:
        assert [text for text in found if text in expected] == expected
        assert len(found) <= len(expected) + 1
    else:
        assert found == expected


@corpus
def test_an_article_pasted_twice_in_one_file_counts_once(article: Path) -> None:
    once = content(article)
    assert texts(f"{once}\n\n{once}") == texts(once)


@corpus
def test_neither_line_ends_nor_normal_forms_nor_a_byte_order_mark_change_an_article(article: Path) -> None:
    text = content(article)
    lines = re.sub("\r\n?", "\n", text)
    variants = {
        "LF": lines,
        "CRLF": lines.replace("\n", "\r\n"),
        "CR": lines.replace("\n", "\r"),
        "NFD": unicodedata.normalize("NFD", text),
        "NFC": unicodedata.normalize("NFC", text),
        "BOM": "\ufeff" + text,
        "spaces at line ends": lines.replace("\n", " \u00a0\n"),
        "blank lines before": "\n\n" + text,
    }
    expected = texts(text)
    assert [name for name, variant in variants.items() if texts(variant) != expected] == []


@corpus
def test_the_offsets_of_an_article_point_at_its_paragraphs(article: Path) -> None:
    text = read_text(article)
    for paragraph in segment_file(article):
        assert render(text[paragraph.start : paragraph.end]) == paragraph.text
        assert fingerprint(paragraph.text) == paragraph.sha256


# the source articles


def stand_off(article: str) -> list[tuple[str, int, int, str]]:
    """Return what the repository keeps of an article: ids, offsets and hashes."""
    with (ROOT / "dataset" / "source" / "paragraphs.jsonl").open(encoding="utf-8") as stream:
        rows = [json.loads(line) for line in stream]
    return [(row["id"], row["start"], row["end"], row["sha256"]) for row in rows if row["article"] == article]


@pytest.mark.parametrize(
    ("place", "count"), list(enumerate([19, 9, 15, 37, 29])), ids=["1st", "2nd", "3rd", "4th", "5th"]
)
def test_a_source_article_is_cut_as_the_repository_has_it(articles: Path, place: int, count: int) -> None:
    file = sorted(articles.glob("*.txt"))[place]
    found = list(segment_file(file))
    assert len(found) == count
    assert [(one.id, one.start, one.end, one.sha256) for one in found] == stand_off(file.stem)


@pytest.mark.parametrize("place", range(5))
def test_a_source_article_pasted_twice_counts_once(articles: Path, place: int) -> None:
    once = content(sorted(articles.glob("*.txt"))[place])
    assert texts(f"{once}\n\n{once}") == texts(once)


# laws for any text

CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
PIECES = [
    "the", "of", "and", "that", "Baghdad", "wells", "water.", "water", "waited", "said,", "said:", "it is:",
    "closed;", "Mr.", "U.S.",
    "“We", "go”", '"No', 'one"', "»", "first", "12", "10", "word-", "iPhone", "é", "e\u0301", "\u0301", "مياه",
    "،", "؟", "بیر",
    "-", "–", "—", "- ", "•", "* ", "1. ", "2) ", "(a) ", "o ", "---", "***", "===", "…", "!", "?", ".", ":", "[1]",
    "¹",
    "Read More", "Related", "No Comments", "By Nadia Karim", "Second: Economic Dimension:", "The Dry Canal",
    WELLS, CANAL, "She said this:", "The report names these causes:",
    "\n", "\n", "\n", "\n\n", "\n\n", " \n", "\r\n", "\r", "\v", "\x1f", "\x85", "\u2028", "\t", "    ", "\u00a0",
    "\u200b", "\u2060", "\ufeff",
]  # fmt: skip
MIXED = st.builds(
    str.join, st.sampled_from(["", " ", " ", "\n", "\n\n"]), st.lists(st.sampled_from(PIECES), max_size=50)
)
TEXTS = MIXED | st.text(CHARACTERS, max_size=200) | st.lists(MIXED, max_size=4).map("\n\n".join)

law = settings(max_examples=150)

LEAD_IN_HEADING = f"{WELLS}\n\nShe said this was the plan:\n\nA Better Canal\n\n{CANAL}"
SEPARATOR = f"{WELLS}\n\u200b\x1f\u200b\nand so on."
JOINED_ACCENT = f"In the cafe\u200b\u0301 by the canal nobody spoke. {WELLS}"

_DASHES = "-–—‒―"
_BULLETS = "•▪◦‣●○■□►▶➤✓✔*·∙"
_BLANK = rf"[\s{ZERO_WIDTH}]"
_MARK = re.compile(
    rf"[{_BULLETS}]|[{_DASHES}](?={_BLANK})|o(?={_BLANK})|\(?\d\d?{_BLANK}?[-–.)](?={_BLANK})|\(?(?:[a-z]|[ivx]+)\)(?={_BLANK})"
)


def inked(text: str) -> str:
    return re.sub(_BLANK, "", text)


def forms(line: str) -> set[str]:
    """Return what may be left of a line in its paragraph, less white space."""
    line = re.sub(rf"^{_BLANK}+", "", line)
    mark = _MARK.match(line)
    whole = {inked(line), inked(line[mark.end() :] if mark else line)}
    nothing = {""} if not inked(line).strip(f"{_DASHES}{_BULLETS}_=~#") else set()
    return whole | {form.rstrip(_DASHES) for form in whole} | nothing


def is_made_of(text: str, extract: str) -> bool:
    """Tell whether the text is the extract less white space, list marks and stray dashes."""
    rest = inked(text)
    ends = {0}
    for line in extract.split("\n"):
        ends = {end + len(form) for end in ends for form in forms(line) if rest.startswith(form, end)}
    return len(rest) in ends


@given(TEXTS)
@example(SEPARATOR)
@law
def test_any_text_can_be_cut(text: str) -> None:
    for paragraph in paragraphs(text):
        assert paragraph.text
        assert paragraph.article == "a"


@given(TEXTS)
@law
def test_ids_are_numbered_from_001(text: str) -> None:
    found = paragraphs(text)
    assert [paragraph.id for paragraph in found] == [f"a/{number:03d}" for number in range(1, len(found) + 1)]


@given(TEXTS)
@law
def test_offsets_increase_and_lie_within_the_text(text: str) -> None:
    end = 0
    for paragraph in paragraphs(text):
        assert end <= paragraph.start < paragraph.end
        end = paragraph.end
    assert end <= len(normalised(text))


@given(TEXTS)
@example(f"{WELLS} \x1f")
@example(f" \u200b{WELLS} –\n\n{CANAL}\u2060")
@law
def test_offsets_leave_blanks_around_a_paragraph_out(text: str) -> None:
    whole = normalised(text)
    for paragraph in paragraphs(text):
        for edge in (whole[paragraph.start], whole[paragraph.end - 1]):
            assert not edge.isspace()
            assert edge not in ZERO_WIDTH


@given(TEXTS)
@example(LEAD_IN_HEADING)
@example("The report names:\n- a canal;\n\x1f---\n- a dam.")
@law
def test_the_text_between_two_offsets_renders_as_the_paragraph(text: str) -> None:
    whole = normalised(text)
    for paragraph in paragraphs(text):
        assert render(whole[paragraph.start : paragraph.end]) == paragraph.text


@given(TEXTS)
@example(LEAD_IN_HEADING)
@law
def test_nothing_but_white_space_list_marks_and_stray_dashes_is_left_out_of_a_paragraph(text: str) -> None:
    whole = normalised(text)
    for paragraph in paragraphs(text):
        assert is_made_of(paragraph.text, whole[paragraph.start : paragraph.end])


@given(TEXTS)
@example(JOINED_ACCENT)
@law
def test_the_hash_is_that_of_the_paragraph_in_every_normal_form(text: str) -> None:
    for paragraph in paragraphs(text):
        assert paragraph.sha256 == hashlib.sha256(paragraph.text.encode()).hexdigest()
        assert paragraph.sha256 == fingerprint(paragraph.text)


@given(TEXTS)
@law
def test_no_paragraph_stands_twice(text: str) -> None:
    found = texts(text)
    assert len(set(found)) == len(found)


@given(TEXTS)
@law
def test_the_same_text_gives_the_same_paragraphs(text: str) -> None:
    assert paragraphs(text) == paragraphs(text)


@given(TEXTS)
@law
def test_cutting_the_normalised_text_gives_the_same_paragraphs(text: str) -> None:
    """Offsets hold for whoever reads the article in its normalised form."""
    whole = normalised(text)
    if not whole.startswith("\ufeff"):
        assert paragraphs(whole) == paragraphs(text)


@given(TEXTS)
@law
def test_line_ends_of_every_system_give_the_same_paragraphs(text: str) -> None:
    lines = re.sub("\r\n?", "\n", text)
    expected = paragraphs(lines)
    assert paragraphs(lines.replace("\n", "\r\n")) == expected
    assert paragraphs(lines.replace("\n", "\r")) == expected


@given(TEXTS)
@law
def test_nfd_and_nfc_give_the_same_paragraphs(text: str) -> None:
    expected = paragraphs(text)
    assert paragraphs(unicodedata.normalize("NFD", text)) == expected
    assert paragraphs(unicodedata.normalize("NFC", text)) == expected


@given(TEXTS.map(lambda text: text.lstrip("\ufeff")))
@law
def test_a_byte_order_mark_changes_nothing(text: str) -> None:
    assert paragraphs("\ufeff" + text) == paragraphs(text)


# a law for articles: head, body and furniture, in any number and order

WORDS = ("canal", "council", "dam", "farmer", "gate", "harvest", "minister", "pump", "rain", "river", "valley", "water")
FURNITURE = [line for rule in furniture_rules() for line in rule.examples if not line.startswith("Related")]

words = st.sampled_from(WORDS)
sentences = st.lists(words, min_size=8, max_size=30).map(lambda found: " ".join(found).capitalize() + ".")
bodies = st.lists(sentences, min_size=1, max_size=3).map(" ".join)
titles = st.builds(
    lambda found, mark, shape: shape(" ".join(found)) + mark,
    st.lists(words, min_size=1, max_size=24),
    st.sampled_from(["", "", "?", "!"]),
    st.sampled_from([str.title, str.capitalize, str.upper]),
)
lists = st.builds(
    lambda lead, items: "\n".join([f"{lead[:-1]}:", *(f"- {item.lower()}" for item in items)]),
    sentences,
    st.lists(sentences, min_size=2, max_size=4),
)
quotations = st.builds("{}:\n“{}”".format, sentences.map(lambda text: text[:-1]), sentences)
heads = st.lists(titles | st.sampled_from(FURNITURE), max_size=4)
middles = st.lists(bodies | bodies | lists | quotations | titles | st.sampled_from(FURNITURE), max_size=8)
articles_made = st.builds(lambda head, middle, last: "\n\n".join([*head, *middle, last]), heads, middles, bodies)


@given(articles_made)
@example(f"Who will pay for the water of the lower valley when the wells are dry?\n\n{WELLS}\n\n{CANAL}")
@example(f"{' '.join(['what the farmers of the valley expect'] * 3)}\n\n{WELLS}\n\n{CANAL}")
@law
def test_an_article_pasted_twice_gives_its_paragraphs_once(article: str) -> None:
    assert texts(f"{article}\n\n{article}") == texts(article)


# repeats


def test_a_paragraph_that_comes_again_goes() -> None:
    assert texts(f"{WELLS}\n\n{CANAL}\n\n{WELLS}\n\n{DAM}") == [WELLS, CANAL, DAM]


def test_quotation_marks_dashes_and_capitals_do_not_hide_a_repeat() -> None:
    first = "“We have no water” – nor has anybody else in the village."
    again = '"We have no Water" — nor has anybody else in the Village.'
    assert texts(f"{first}\n\n{WELLS}\n\n{again}") == [first, WELLS]


def test_a_paragraph_that_differs_in_a_word_stays() -> None:
    other = WELLS.replace("forty", "fifty")
    assert texts(f"{WELLS}\n\n{other}") == [WELLS, other]


def test_a_short_question_after_the_second_title_does_not_become_a_paragraph() -> None:
    once = f"Will There Be Water in the Lower Valley in the Year of the Dam?\n\n{WELLS}\n\n{CANAL}"
    assert texts(f"{once}\n\n{once}") == [WELLS, CANAL]


# a whole article


def test_an_article_is_cut_into_its_paragraphs() -> None:
    article = f"""\
Home > Valley > Water

FORTY DRY WELLS
What the spring has left
By Nadia Karim
3 April 2025

{WELLS} –

Read More

First: The Farmers:

{CANAL.removesuffix(" since the dam was closed.")}
since the dam was closed.

The oldest of them put it like this:
“Nobody here has water.”

The report of the council names these causes:
• leaking canals,
• old pumps.

-
{DAM}

No Comments
Original Source: www.example.org
"""
    found = paragraphs(article)
    assert [(paragraph.id, paragraph.text) for paragraph in found] == [
        ("a/001", WELLS),
        ("a/002", CANAL),
        ("a/003", "The oldest of them put it like this: “Nobody here has water.”"),
        ("a/004", "The report of the council names these causes: leaking canals, old pumps."),
        ("a/005", DAM),
    ]
    assert article[found[0].start : found[0].end] == WELLS
    assert article[found[3].start : found[3].end].startswith("The report")
    assert article[found[3].start : found[3].end].endswith("• old pumps.")


def test_odd_spaces_are_plain_in_a_paragraph_and_count_in_its_offsets() -> None:
    article = f"\u00a0{WELLS.replace(' ', chr(0xA0), 1)}\u200b"
    (paragraph,) = paragraphs(article)
    assert paragraph.text == WELLS
    assert (paragraph.start, paragraph.end) == (1, 1 + len(WELLS))


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff", " \u200b\n", "---\n***"], ids=ascii)
def test_a_text_without_words_has_no_paragraphs(text: str) -> None:
    assert paragraphs(text) == []


def test_numbers_beyond_999_have_four_digits() -> None:
    article = "\n\n".join(f"Well number {number} was found to be dry." for number in range(1, 1002))
    found = paragraphs(article)
    assert (found[98].id, found[-1].id) == ("a/099", "a/1001")


# files


def test_the_name_of_a_file_is_the_id_of_its_article(tmp_path: Path) -> None:
    file = tmp_path / "valley-2025.04.txt"
    file.write_text(WELLS, encoding="utf-8")
    (paragraph,) = segment_file(file)
    assert paragraph == Paragraph(
        id="valley-2025.04/001",
        article="valley-2025.04",
        start=0,
        end=len(WELLS),
        text=WELLS,
        sha256=hashlib.sha256(WELLS.encode()).hexdigest(),
    )


def test_an_article_may_be_given_an_id(tmp_path: Path) -> None:
    file = tmp_path / "draft.txt"
    file.write_text(WELLS, encoding="utf-8")
    assert [(one.id, one.article) for one in segment_file(str(file), "wells")] == [("wells/001", "wells")]


def test_an_empty_file_has_no_paragraphs(tmp_path: Path) -> None:
    file = tmp_path / "empty.txt"
    file.touch()
    assert list(segment_file(file)) == []


def test_a_fault_far_into_a_file_names_its_byte(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    lines = (f"{WELLS}\n\n" * 2000).encode()
    file.write_bytes(lines + b"caf\xe9")
    with pytest.raises(InputError, match=rf"{re.escape(str(file))}: byte {len(lines) + 3}: invalid UTF-8"):
        list(segment_file(file))


def test_paragraphs_come_before_the_article_has_been_read_to_its_end() -> None:
    taken = 0

    def stream() -> Iterator[bytes]:
        nonlocal taken
        for number in range(2000):
            taken += 1
            yield f"Well number {number} of the valley was found to be dry.\n\n".encode()

    first = next(segment(read_lines(stream(), "article"), "a"))
    assert first.text == "Well number 0 of the valley was found to be dry."
    assert taken < 10


# sizes

TEN_MEGABYTES = 10_000_000


@pytest.mark.parametrize(
    ("piece", "count"),
    [
        pytest.param("The council counted its wells. ", 1, id="sentences"),
        pytest.param("the council counted its wells and ", 1, id="no capital and no stop"),
        pytest.param("w", 1, id="one word"),
        pytest.param("مياه ", 1, id="Arabic"),
        pytest.param("—", 0, id="dashes"),
        pytest.param("- ", 0, id="list marks"),
        pytest.param("\u200b", 0, id="zero-width spaces"),
        pytest.param("1", 1, id="digits"),
        pytest.param("(", 1, id="brackets"),
    ],
)
def test_one_line_of_ten_megabytes_is_cut(piece: str, count: int) -> None:
    line = piece * (TEN_MEGABYTES // len(piece.encode()))
    assert len(paragraphs(line)) == count


HOSTILE = {
    "digits after a network": "WhatsApp: " + "0" * 60 + " (call)",
    "times after a network": "Share " + "10:30 " * 15 + "today.",
    "byline without a stop": "By Nadia" + "m" * 120 + "!",
    "byline of initials": "By " + "A" * 120 + "!",
    "footer of many links": "Terms | " + "Privacy | Contact | Cookies | " * 7 + "v1.2!",
    "many footnotes": "The wells are dry." + "¹" * 34 + "x",
    "many brackets": "(photo " * 50 + "x",
    "many days": "Monday, " * 18 + "!",
    "many links": "Home » " * 50 + "x.",
    "many dots": "The wells are dry" + ". " * 200 + "x",
}


def cut_within_seconds(text: str, seconds: float) -> subprocess.CompletedProcess[bytes]:
    """Cut the text in a process of its own, since nothing else can stop a pattern that runs for hours."""
    program = (
        "import sys\n"
        "from iraqstance.annotation.reading import read_lines\n"
        "from iraqstance.annotation.segment import segment\n"
        "print(sum(1 for _ in segment(read_lines(sys.stdin.buffer, 'article'), 'a')))\n"
    )
    return subprocess.run(
        [sys.executable, "-c", program], input=text.encode(), capture_output=True, timeout=seconds, check=True
    )


@pytest.mark.parametrize("line", HOSTILE.values(), ids=HOSTILE)
def test_no_line_keeps_a_pattern_busy(line: str) -> None:
    """Lines such as these made a regular expression try every way of dividing them."""
    article = f"{WELLS}\n\n{line}\n\n{CANAL}"
    assert int(cut_within_seconds(article, 5).stdout) >= 2


def test_a_transcript_without_capitals_or_stops_takes_time_in_proportion_to_its_length() -> None:
    line = "so the water came down to the valley and the people went out and stood on the bank for a long while and "
    transcript = (line + "looked at it and nobody spoke a word about the dam or\n") * 40_000
    assert int(cut_within_seconds(transcript, 10).stdout) == 1

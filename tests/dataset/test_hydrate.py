"""Stand-off labels find their text in the user's own copies, or say what they miss."""

import json
import re
import tempfile
from dataclasses import replace
from difflib import SequenceMatcher
from functools import reduce
from html import escape
from itertools import pairwise
from pathlib import Path

import pytest
from damage import ALTERATIONS, AROUND, DAMAGE, EDITS, MARKS, Alteration, altered, blocks, reworded, swapped
from hypothesis import given, settings
from hypothesis import strategies as st
from iraqstance.annotation.errors import InputError
from iraqstance.annotation.normalise import fingerprint
from iraqstance.annotation.reading import read_text
from iraqstance.annotation.records import Judgement
from iraqstance.annotation.schema import packaged_schema
from iraqstance.annotation.segment import segment_file
from iraqstance.annotation.storage import read_rows
from iraqstance.dataset.alignment import needed
from iraqstance.dataset.catalogue import catalogue
from iraqstance.dataset.editions import Edition, packaged_edition, packaged_folder
from iraqstance.dataset.hydrate import Hydration, hydrate, hydrated_rows
from iraqstance.dataset.markup import text_of
from iraqstance.dataset.sketch import fold, read_sketches, sketch_of
from iraqstance.dataset.sketch import stand_off as stand_off_rows

TALE = """Home > Food > Café life

The town council looks again at the old café

By A. Writer

The café at the corner of the square opened its doors for the first time in the spring of that year.

Its owner said that he would keep the price of a cup “as low as anybody can remember”, and so he did.

The council listed three reasons for its visit:
- the tables that stand in the street,
- the music that plays until late at night,
- the “naïve” sign above the door.

وقال صاحب المقهى إنه سيجيب عن أسئلة المجلس في الأسبوع المقبل بعد أن يقرأ الرسالة كلها.

Neighbours who had complained about the noise in summer were seen at the tables again before the winter came.

No Comments
"""


def stand_off(folder: Path) -> Edition:
    """Write the tale to a folder and return what was labelled of it, without its words."""
    folder.mkdir(exist_ok=True)
    (folder / "tale.txt").write_text(TALE, encoding="utf-8")
    whole = list(segment_file(folder / "tale.txt"))
    paragraphs = tuple(replace(found, text="") for found in whole)
    judgements = tuple(Judgement(found.id, "a", {"us_policy_iraq": "neutral"}, ("other",)) for found in paragraphs)
    return Edition("source", paragraphs, judgements, sketches={one.id: sketch_of(one.text) for one in whole})


def faults(found: Hydration) -> dict[str, list[str]]:
    """Return the places of the errors by rule."""
    by_rule: dict[str, list[str]] = {}
    for issue in found.issues:
        if issue.severity == "error":
            by_rule.setdefault(issue.rule, []).append(issue.where)
    return by_rule


def test_five_paragraphs_of_the_tale_are_labelled(tmp_path: Path) -> None:
    edition = stand_off(tmp_path / "a")
    assert [paragraph.id for paragraph in edition.paragraphs] == [f"tale/{n:03d}" for n in range(1, 6)]
    assert not edition.has_text


def test_the_words_come_back_by_their_offsets(tmp_path: Path) -> None:
    edition = stand_off(tmp_path / "a")
    found = hydrate(edition, tmp_path / "a")
    assert found.edition.paragraphs == tuple(segment_file(tmp_path / "a" / "tale.txt"))
    assert found.edition.judgements == edition.judgements
    assert found.moved == 0
    assert not faults(found)


def test_an_article_that_the_catalogue_does_not_know_is_no_finding(tmp_path: Path) -> None:
    """Every paragraph was verified by its hash; there is no text of record to compare the rest with."""
    found = hydrate(stand_off(tmp_path / "a"), tmp_path / "a")
    assert found.issues == ()


@given(st.lists(st.sampled_from([*ALTERATIONS.values(), *AROUND.values()]), max_size=5, unique=True))
@settings(max_examples=100)
def test_no_mixture_of_harmless_alterations_hides_a_paragraph(alterations: list[Alteration]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        edition = stand_off(folder)
        text = reduce(lambda words, alter: alter(words), alterations, TALE)
        (folder / "tale.txt").write_bytes(text.encode())
        found = hydrate(edition, folder)
    assert [paragraph.id for paragraph in found.edition.paragraphs] == [item.id for item in edition.paragraphs]
    assert all(fingerprint(paragraph.text) == paragraph.sha256 for paragraph in found.edition.paragraphs)


def test_a_paragraph_that_moved_gets_the_offsets_of_the_users_copy(tmp_path: Path) -> None:
    edition = stand_off(tmp_path / "a")
    (tmp_path / "a" / "tale.txt").write_text("Home | News | Contact\n\n" + TALE, encoding="utf-8")
    found = hydrate(edition, tmp_path / "a")
    text = read_text(tmp_path / "a" / "tale.txt")
    assert found.moved == 5
    first = found.edition.paragraphs[0]
    assert text[first.start : first.end] == first.text


def test_where_the_hash_alone_counts_a_changed_word_loses_its_paragraph_and_no_other(tmp_path: Path) -> None:
    edition = stand_off(tmp_path / "a")
    (tmp_path / "a" / "tale.txt").write_text(TALE.replace("anybody", "somebody"), encoding="utf-8")
    found = hydrate(edition, tmp_path / "a", exact=True)
    assert [paragraph.id for paragraph in found.edition.paragraphs] == ["tale/001", "tale/003", "tale/004", "tale/005"]
    assert set(faults(found)) == {"altered-article", "altered-paragraph"}
    (message,) = [issue.message for issue in found.issues if issue.rule == "altered-paragraph"]
    assert f"tale/002 is not there; expected text with SHA-256 {edition.paragraphs[1].sha256}" in message


def test_another_article_is_said_to_be_another(tmp_path: Path) -> None:
    edition = stand_off(tmp_path / "a")
    (tmp_path / "a" / "tale.txt").write_text(
        "The cat sat on the mat for the whole of the long day.\n", encoding="utf-8"
    )
    found = hydrate(edition, tmp_path / "a")
    assert found.edition.paragraphs == ()
    assert faults(found) == {"wrong-article": [str(tmp_path / "a" / "tale.txt")]}
    assert "5 of 5 paragraphs are not in it" in found.issues[0].message
    assert "this is another article" in found.issues[0].message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"The caf\xe9 opened.\n", r"byte 7: invalid UTF-8 .*got 0xE9.*iconv"),
        ("The café opened.\n".encode("utf-16"), "UTF-16, not UTF-8.*iconv"),
        (b"%PDF-1.7\n\x00\x01\x02", "binary data, not text"),
    ],
    ids=["another encoding", "UTF-16", "binary"],
)
def test_a_file_that_cannot_be_read_is_named_with_the_byte(tmp_path: Path, content: bytes, message: str) -> None:
    edition = stand_off(tmp_path / "a")
    (tmp_path / "a" / "tale.txt").write_bytes(content)
    found = hydrate(edition, tmp_path / "a")
    (issue,) = found.issues
    assert issue.rule == "unreadable-article"
    assert str(tmp_path / "a" / "tale.txt") in issue.where
    assert re.search(message, f"{issue.where}: {issue.message}")
    assert issue.where not in issue.message  # it would be printed twice


def test_an_empty_file_is_the_wrong_article(tmp_path: Path) -> None:
    edition = stand_off(tmp_path / "a")
    (tmp_path / "a" / "tale.txt").write_bytes(b"")
    assert set(faults(hydrate(edition, tmp_path / "a"))) == {"wrong-article"}


def test_a_folder_in_place_of_an_article_is_a_missing_article(tmp_path: Path) -> None:
    edition = stand_off(tmp_path / "a")
    (tmp_path / "a" / "tale.txt").unlink()
    (tmp_path / "a" / "tale.txt").mkdir()
    assert faults(hydrate(edition, tmp_path / "a")) == {"missing-article": [str(tmp_path / "a" / "tale.txt")]}


@pytest.mark.parametrize("name", ["nowhere", "file"])
def test_a_folder_that_is_none_is_refused_with_what_was_expected(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    with pytest.raises(InputError, match=rf"{name}: there is no such folder .*one <article id>\.txt for each article"):
        hydrate(packaged_edition("source"), tmp_path / name)


def test_an_empty_folder_names_every_article_with_title_publisher_and_address(tmp_path: Path) -> None:
    found = hydrate(packaged_edition("source"), tmp_path)
    assert found.edition.paragraphs == ()
    assert {Path(issue.where).stem: issue.rule for issue in found.issues} == dict.fromkeys(
        catalogue(), "missing-article"
    )
    for issue in found.issues:
        article = catalogue()[Path(issue.where).stem]
        assert article.title in issue.message
        assert article.publisher in issue.message
        assert (article.url or "no address known") in issue.message


def test_all_109_paragraphs_are_verified(articles: Path) -> None:
    found = hydrate(packaged_edition("source"), articles)
    assert found.issues == ()
    assert found.moved == 0
    assert len(found.edition.paragraphs) == 109
    assert all(fingerprint(paragraph.text) == paragraph.sha256 for paragraph in found.edition.paragraphs)


@pytest.mark.parametrize("alter", ALTERATIONS.values(), ids=list(ALTERATIONS))
def test_another_encoding_of_the_same_text_is_the_same_text(articles: Path, tmp_path: Path, alter: Alteration) -> None:
    found = hydrate(packaged_edition("source"), altered(tmp_path / "copies", articles, alter))
    assert found.issues == ()
    assert found.moved == 0
    assert len(found.edition.paragraphs) == 109


@pytest.mark.parametrize("alter", AROUND.values(), ids=list(AROUND))
def test_other_white_space_or_surroundings_are_a_warning(articles: Path, tmp_path: Path, alter: Alteration) -> None:
    found = hydrate(packaged_edition("source"), altered(tmp_path / "copies", articles, alter))
    assert len(found.edition.paragraphs) == 109
    assert {(issue.rule, issue.severity) for issue in found.issues} == {("altered-article", "warning")}


def test_every_encoding_at_once_is_still_the_same_text(articles: Path, tmp_path: Path) -> None:
    several = [ALTERATIONS[name] for name in ("decomposed letters", "a byte-order mark", "Windows line ends")]
    found = hydrate(packaged_edition("source"), altered(tmp_path / "copies", articles, *several))
    assert found.issues == ()
    assert len(found.edition.paragraphs) == 109


@pytest.mark.parametrize("name", sorted(catalogue()))
def test_a_word_put_into_an_article_is_found(articles: Path, tmp_path: Path, name: str) -> None:
    folder = altered(tmp_path / "copies", articles)
    source = packaged_edition("source")
    hit = [paragraph for paragraph in source.paragraphs if paragraph.article == name][2]
    text = read_text(folder / f"{name}.txt")
    words = text[hit.start : hit.end]
    place = words.index(" ", len(words) // 2)
    # An article may stand twice in its file: each copy is altered.
    changed = text.replace(words, f"{words[:place]} porcelain{words[place:]}")
    (folder / f"{name}.txt").write_text(changed, encoding="utf-8")
    lenient = hydrate(source, folder)
    assert (lenient.exact, lenient.aligned, lenient.missing) == (108, 1, 0)
    assert 0.7 < lenient.matches[hit.id].score < 1
    found = hydrate(source, folder, exact=True)
    assert len(found.edition.paragraphs) == 108
    assert hit.id not in {paragraph.id for paragraph in found.edition.paragraphs}
    assert set(faults(found)) == {"altered-article", "altered-paragraph"}
    assert all(name in issue.where for issue in found.issues)
    assert any(catalogue()[name].sha256 in issue.message for issue in found.issues)
    assert any(hit.sha256 in issue.message for issue in found.issues)


def test_an_article_under_the_name_of_another_is_found(articles: Path, tmp_path: Path) -> None:
    folder = altered(tmp_path / "copies", articles)
    one, other = sorted(catalogue())[:2]
    (folder / f"{one}.txt").write_bytes((folder / f"{other}.txt").read_bytes())
    found = hydrate(packaged_edition("source"), folder)
    assert faults(found) == {"wrong-article": [str(folder / f"{one}.txt")]}
    assert one not in {paragraph.article for paragraph in found.edition.paragraphs}
    assert other in {paragraph.article for paragraph in found.edition.paragraphs}


def test_a_missing_article_does_not_keep_the_others_from_being_filled_in(articles: Path, tmp_path: Path) -> None:
    folder = altered(tmp_path / "copies", articles)
    gone, *others = sorted(catalogue())
    (folder / f"{gone}.txt").unlink()
    found = hydrate(packaged_edition("source"), folder)
    assert faults(found) == {"missing-article": [str(folder / f"{gone}.txt")]}
    assert {paragraph.article for paragraph in found.edition.paragraphs} == set(others)


def likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, fold(one), fold(other), autojunk=False).ratio()


def apart(found: Hydration) -> bool:
    """Tell whether no two paragraphs of an article overlap."""
    spans = sorted((one.article, one.start, one.end) for one in found.edition.paragraphs)
    return all(one[0] != two[0] or one[2] <= two[1] for one, two in pairwise(spans))


@pytest.mark.parametrize("alter", DAMAGE.values(), ids=list(DAMAGE))
def test_the_words_of_the_tale_are_proven_in_a_damaged_copy(tmp_path: Path, alter: Alteration) -> None:
    edition = stand_off(tmp_path)
    wanted = {one.id: one.text for one in segment_file(tmp_path / "tale.txt")}
    (tmp_path / "tale.txt").write_text(alter(TALE), encoding="utf-8")
    found = hydrate(edition, tmp_path)
    assert {key: match.score for key, match in found.matches.items()} == dict.fromkeys(wanted, 1.0)
    assert {one.id: fold(one.text) for one in found.edition.paragraphs} == {k: fold(v) for k, v in wanted.items()}
    assert not faults(found)
    assert apart(found)


@pytest.mark.parametrize("alter", EDITS.values(), ids=list(EDITS))
def test_two_edited_words_in_every_paragraph_are_aligned_and_named(tmp_path: Path, alter: Alteration) -> None:
    edition = stand_off(tmp_path)
    (tmp_path / "tale.txt").write_text(alter(TALE), encoding="utf-8")
    found = hydrate(edition, tmp_path)
    aligned = [key for key, match in found.matches.items() if match.kind == "aligned"]
    assert found.missing <= 2  # with no neighbour as it was, two changed words in twenty may be too much
    assert len(aligned) >= 2
    named = [issue.message.split()[0] for issue in found.issues if issue.rule == "aligned-paragraph"]
    assert named == aligned
    assert all(1 / 3 < found.matches[key].score < 1 for key in aligned)


@pytest.mark.parametrize("alter", DAMAGE.values(), ids=list(DAMAGE))
def test_every_source_paragraph_is_found_in_a_damaged_copy(articles: Path, tmp_path: Path, alter: Alteration) -> None:
    """All but one are proven: several lines, each damaged in several ways, are more than one bit a word can follow."""
    found = hydrate(packaged_edition("source"), altered(tmp_path / "copies", articles, alter))
    wanted = {one.id: one.text for file in articles.glob("*.txt") for one in segment_file(file)}
    proven = {key for key, match in found.matches.items() if match.score == 1}
    assert found.missing == 0
    assert len(proven) >= 108
    assert all(likeness(one.text, wanted[one.id]) == 1 for one in found.edition.paragraphs if one.id in proven)
    assert all(likeness(one.text, wanted[one.id]) > 0.8 for one in found.edition.paragraphs)
    assert apart(found)


@pytest.mark.parametrize("alter", EDITS.values(), ids=list(EDITS))
def test_source_paragraphs_with_two_edited_words_are_aligned_or_missing(
    articles: Path, tmp_path: Path, alter: Alteration
) -> None:
    found = hydrate(packaged_edition("source"), altered(tmp_path / "copies", articles, alter))
    wanted = {one.id: one.text for file in articles.glob("*.txt") for one in segment_file(file)}
    assert found.missing <= 3
    assert all(likeness(one.text, wanted[one.id]) > 0.7 for one in found.edition.paragraphs)
    assert apart(found)


@pytest.mark.parametrize("turn", [0, 1, 2])
def test_a_restatement_among_the_articles_own_paragraphs_is_not_taken(
    articles: Path, tmp_path: Path, turn: int
) -> None:
    """Neighbours that were found tell where a paragraph should stand, not that it does."""
    restated = packaged_edition("open")
    rewritten = {restated.restates[one.id]: one.text for one in restated.paragraphs if one.id in restated.restates}
    gone = set()
    for file in articles.glob("*.txt"):
        text = read_text(file)
        for one in list(segment_file(file))[turn::3]:
            text = text.replace(read_text(file)[one.start : one.end], rewritten[one.id])
            gone.add(one.id)
        (tmp_path / file.name).write_text(reworded(text, 0.02, turn), encoding="utf-8")
    found = hydrate(packaged_edition("source"), tmp_path)
    assert gone.isdisjoint(found.matches)
    assert found.missing == len(gone)


def test_no_restatement_is_taken_for_its_source(tmp_path: Path) -> None:
    source, restated = packaged_edition("source"), packaged_edition("open")
    for name in catalogue():
        texts = [one.text for one in restated.paragraphs if restated.restates.get(one.id, "").startswith(f"{name}/")]
        (tmp_path / f"{name}.txt").write_text("\n\n".join(texts), encoding="utf-8")
    found = hydrate(source, tmp_path)
    assert (found.exact, found.aligned, found.missing) == (0, 0, 109)
    assert set(faults(found)) == {"wrong-article"}


def test_no_text_of_the_open_edition_is_taken_for_an_article(tmp_path: Path) -> None:
    """An article's file holds its own restatements, and a fifth of the stories."""
    edition = packaged_edition("open")
    stories = [one for one in edition.paragraphs if one.id not in edition.restates]
    for number, name in enumerate(catalogue()):
        own = [one for one in edition.paragraphs if edition.restates.get(one.id, "").startswith(f"{name}/")]
        assert own
        text = "\n\n".join(one.text for one in [*own, *stories[number::5]])
        (tmp_path / f"{name}.txt").write_text(text, encoding="utf-8")
    assert hydrate(packaged_edition("source"), tmp_path).matches == {}


@pytest.mark.parametrize("turn", [1, 2, 3, 4])
def test_no_other_article_is_taken_for_an_article(articles: Path, tmp_path: Path, turn: int) -> None:
    names = sorted(catalogue())
    for place, name in enumerate(names):
        (tmp_path / f"{names[(place + turn) % 5]}.txt").write_bytes((articles / f"{name}.txt").read_bytes())
    assert hydrate(packaged_edition("source"), tmp_path).matches == {}


def test_one_altered_paragraph_alone_does_not_make_an_article(tmp_path: Path) -> None:
    """Another report may quote one; what is proven is taken all the same."""
    edition = stand_off(tmp_path)
    last = blocks(TALE)[-2]
    (tmp_path / "tale.txt").write_text(last.replace("winter", "snow"), encoding="utf-8")
    assert hydrate(edition, tmp_path).matches == {}
    (tmp_path / "tale.txt").write_text(last.upper(), encoding="utf-8")
    assert {match.score for match in hydrate(edition, tmp_path).matches.values()} == {1.0}


def test_of_a_text_pasted_twice_the_first_whole_one_is_taken(tmp_path: Path) -> None:
    edition = stand_off(tmp_path)
    plain = swapped(TALE, MARKS)
    (tmp_path / "tale.txt").write_text(f"{plain[:420]}\n\n{plain}\n\n{plain}", encoding="utf-8")
    second = hydrate(edition, tmp_path).edition.paragraphs[1]
    assert "as low as anybody can remember" in second.text
    assert second.start < 420


def test_an_advertisement_inside_a_paragraph_is_left_out_and_reported(tmp_path: Path) -> None:
    edition = stand_off(tmp_path)
    (tmp_path / "tale.txt").write_text(DAMAGE["advertisements inside"](TALE), encoding="utf-8")
    found = hydrate(edition, tmp_path)
    assert not any("Advertisement" in one.text for one in found.edition.paragraphs)
    assert any("less 19 words that stand between its own" in issue.message for issue in found.issues)


def as_page(text: str) -> str:
    """Return a page with the text's blocks as paragraphs, with links, entities and what browsers do not show."""
    shown = [
        escape(block).translate({ord("’"): "&rsquo;", ord("“"): "&#8220;", ord("”"): "&#x201d;"})
        for block in blocks(text)
    ]
    linked = [
        re.sub(r"(\w+ \w+) (\w+)", '<a href="/?a=1&b=2">\\1</a>\n <em>\\2</em>', block, count=3) for block in shown
    ]
    body = "\n".join(f'<p class="x">{block}</p>' for block in linked)
    head = "<!DOCTYPE html><html><head><script>var p = '<p>';</script></head>"
    return f"{head}<body><nav>Home</nav>{body}<!-- end --></body></html>"


def with_inline_tags(text: str) -> str:
    return re.sub(r"(?m)^(\w+ \w+) (\w+)", '<strong>\\1</strong> <a href="https://example.org">\\2</a>', escape(text))


HTML: dict[str, Alteration] = {
    "a page": as_page,
    "a page escaped twice": lambda text: as_page(escape(text)),
    "lines with tags inside": with_inline_tags,
    "line breaks in one block": lambda text: f"<div>{'<br><br>'.join(map(escape, blocks(text)))}</div>",
    "entities alone": lambda text: text.replace("’", "&rsquo;").replace("“", "&ldquo;").replace("”", "&rdquo;"),
    "a tag that is never closed": lambda text: as_page(text).replace('<p class="x">', '<p class="x"', 2),
}


def untagged(found: Hydration) -> bool:
    return not any(re.search(r"[<>]|&[#\w]+;", one.text) for one in found.edition.paragraphs)


@pytest.mark.parametrize("alter", HTML.values(), ids=list(HTML))
def test_the_tale_saved_as_html_is_read_without_tags_and_that_is_reported(tmp_path: Path, alter: Alteration) -> None:
    edition = stand_off(tmp_path)
    wanted = {one.id: fold(one.text) for one in segment_file(tmp_path / "tale.txt")}
    (tmp_path / "tale.txt").write_text(alter(TALE), encoding="utf-8")
    found = hydrate(edition, tmp_path)
    assert found.missing == 0
    assert {one.id: fold(one.text) for one in found.edition.paragraphs} == wanted
    assert untagged(found)
    (told,) = [issue for issue in found.issues if issue.rule == "html-article"]
    assert (told.severity, told.where) == ("warning", str(tmp_path / "tale.txt"))
    assert "it is HTML; its text was read without tags" in told.message


def test_offsets_of_a_page_count_its_text(tmp_path: Path) -> None:
    edition = stand_off(tmp_path)
    (tmp_path / "tale.txt").write_text(as_page(TALE), encoding="utf-8")
    text = text_of(read_text(tmp_path / "tale.txt"))
    found = hydrate(edition, tmp_path).edition.paragraphs
    assert [fold(text[one.start : one.end]) for one in found] == [fold(one.text) for one in found]


def test_a_paragraph_in_which_a_tag_is_left_is_missing(tmp_path: Path) -> None:
    edition = stand_off(tmp_path)
    # What was escaped many times is not text yet after a few readings.
    escaped = TALE.replace("a cup", "a &amp;amp;amp;amp;amp;lt;b&amp;amp;amp;amp;amp;gt; cup")
    (tmp_path / "tale.txt").write_text(escaped, encoding="utf-8")
    found = hydrate(edition, tmp_path)
    assert [one.id for one in found.edition.paragraphs] == ["tale/001", "tale/003", "tale/004", "tale/005"]
    assert set(faults(found)) == {"altered-article", "altered-paragraph"}


@pytest.mark.parametrize("alter", HTML.values(), ids=list(HTML))
def test_articles_saved_as_html_are_read_without_tags(articles: Path, tmp_path: Path, alter: Alteration) -> None:
    found = hydrate(packaged_edition("source"), altered(tmp_path / "copies", articles, alter))
    wanted = {one.id: one.text for file in articles.glob("*.txt") for one in segment_file(file)}
    assert found.missing <= 2
    assert untagged(found)
    assert all(likeness(one.text, wanted[one.id]) == 1 for one in found.edition.paragraphs)
    assert sum(issue.rule == "html-article" for issue in found.issues) == 5


def test_rows_tell_how_each_was_found(tmp_path: Path) -> None:
    edition = stand_off(tmp_path)
    (tmp_path / "tale.txt").write_text(TALE.replace("anybody", "somebody"), encoding="utf-8")
    found = hydrate(edition, tmp_path)
    rows = {str(row["id"]): row for row in hydrated_rows(found, packaged_schema())}
    assert [row["match"] for row in rows.values()] == ["exact", "aligned", "exact", "exact", "exact"]
    assert rows["tale/002"]["sha256"] == fingerprint(str(rows["tale/002"]["text"])) != edition.paragraphs[1].sha256
    (warning,) = [issue for issue in found.issues if issue.rule == "aligned-paragraph"]
    assert f"expected SHA-256 {edition.paragraphs[1].sha256}, got {rows['tale/002']['sha256']}" in warning.message


def test_an_edition_without_sketches_is_found_by_its_hashes_alone(tmp_path: Path) -> None:
    edition = replace(stand_off(tmp_path), sketches={})
    (tmp_path / "tale.txt").write_text(TALE.replace("anybody", "somebody"), encoding="utf-8")
    found = hydrate(edition, tmp_path)
    assert (found.exact, found.aligned, found.missing) == (4, 0, 1)


def test_the_packaged_stand_off_data_is_what_the_articles_make_now(articles: Path) -> None:
    made = list(stand_off_rows(one for file in sorted(articles.glob("*.txt")) for one in segment_file(file)))
    assert made == [row.value for row in read_rows(packaged_folder() / "source" / "paragraphs.jsonl")]


def test_a_sketch_holds_one_bit_a_word_and_no_case_marks_or_spaces() -> None:
    sketch = sketch_of("“The ﬁne café – its owner’s pride”")
    assert sketch == sketch_of('the FINE cafe\u0301 - its owner\'s\u00a0"pride"')
    assert re.fullmatch("[01]{6}", sketch.digits)
    assert len(sketch.sha256) == 64


def test_half_of_all_words_share_their_bit() -> None:
    bits = [bit for sketch in packaged_edition("source").sketches.values() for bit in sketch.digits]
    assert 0.45 < bits.count("1") / len(bits) < 0.55


def test_paragraphs_without_text_make_no_sketch(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"tale/001: a paragraph without text has no sketch.*Hydrate it first"):
        list(stand_off_rows(stand_off(tmp_path).paragraphs))


@pytest.mark.parametrize(
    ("sketch", "sha256"), [("0f3a", "0" * 64), ("0110", "0" * 63), ("0110", "")], ids=["of four bits", "short", "none"]
)
def test_a_sketch_that_is_none_is_named_with_its_line(tmp_path: Path, sketch: str, sha256: str) -> None:
    row = {"id": "a/001", "sketch": sketch, "words_sha256": sha256}
    (tmp_path / "p.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"p\.jsonl: line 1: the sketch is none .*binary digits.*stand_off"):
        read_sketches(tmp_path / "p.jsonl")


def test_in_a_longer_text_more_has_to_agree() -> None:
    bits = [needed(places) for places in (0, 1, 100, 10_000, 1_000_000)]
    assert bits == sorted(bits)
    assert needed(1024) == 15
    assert needed(1024, between=True) == 13


def test_an_article_is_found_inside_a_book(tmp_path: Path) -> None:
    """Long copies are read in pieces; what stands across two of them is found too."""
    edition = stand_off(tmp_path)
    filling = [f"Chapter {number} tells of {number * 7} boats and of nobody else." for number in range(2_200)]
    for place in (0, 1_985, 2_200):
        lines = [*filling[:place], TALE.replace("anybody", "somebody"), *filling[place:]]
        (tmp_path / "tale.txt").write_text("\n\n".join(lines), encoding="utf-8")
        found = hydrate(edition, tmp_path)
        assert (found.exact, found.aligned, found.missing) == (4, 1, 0)

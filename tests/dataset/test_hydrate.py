"""Stand-off labels find their text in the user's own copies, or say what they miss."""

import re
import tempfile
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iraqstance.annotation.errors import InputError
from iraqstance.annotation.normalise import fingerprint
from iraqstance.annotation.reading import read_text
from iraqstance.annotation.records import Judgement
from iraqstance.annotation.segment import segment_file
from iraqstance.dataset.catalogue import catalogue
from iraqstance.dataset.editions import Edition, packaged_edition
from iraqstance.dataset.hydrate import Hydration, hydrate

Alteration = Callable[[str], str]

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

# What an editor, a browser or an operating system does to a text without changing its words.
ALTERATIONS: dict[str, Alteration] = {
    "Windows line ends": lambda text: text.replace("\n", "\r\n"),
    "old Macintosh line ends": lambda text: text.replace("\n", "\r"),
    "a byte-order mark": lambda text: "\ufeff" + text,
    "decomposed letters": lambda text: unicodedata.normalize("NFD", text),
}
AROUND: dict[str, Alteration] = {
    "blank lines between": lambda text: text.replace("\n", "\n\n"),
    "blank lines before": lambda text: "\n\n\n" + text,
    "blanks at line ends": lambda text: text.replace("\n", "  \n"),
    "doubled spaces": lambda text: text.replace(" ", "  "),
    "non-breaking spaces": lambda text: text.replace(" ", "\u00a0"),
    "a line of navigation": lambda text: "Home | News | Contact\n\n" + text,
    "pasted twice": lambda text: text + "\n" + text,
}


def stand_off(folder: Path) -> Edition:
    """Write the tale to a folder and return what was labelled of it, without its words."""
    folder.mkdir(exist_ok=True)
    (folder / "tale.txt").write_text(TALE, encoding="utf-8")
    paragraphs = tuple(replace(found, text="") for found in segment_file(folder / "tale.txt"))
    judgements = tuple(Judgement(found.id, "a", {"us_policy_iraq": "neutral"}, ("other",)) for found in paragraphs)
    return Edition("source", paragraphs, judgements)


def altered(folder: Path, articles: Path, *alterations: Alteration) -> Path:
    """Copy the articles into a folder, each altered."""
    folder.mkdir()
    for file in articles.glob("*.txt"):
        text = reduce(lambda words, alter: alter(words), alterations, file.read_text(encoding="utf-8"))
        (folder / file.name).write_bytes(text.encode())
    return folder


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
@settings(max_examples=100, deadline=None)
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


def test_a_changed_word_loses_its_paragraph_and_no_other(tmp_path: Path) -> None:
    edition = stand_off(tmp_path / "a")
    (tmp_path / "a" / "tale.txt").write_text(TALE.replace("anybody", "somebody"), encoding="utf-8")
    found = hydrate(edition, tmp_path / "a")
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
    found = hydrate(source, folder)
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

"""The report: one page that needs nothing else, readable on a telephone and in the dark, the same bytes every time."""

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from iraqstance.annotation.errors import InputError
from iraqstance.training.corpus import Corpus
from iraqstance.training.evaluate import Evaluation, evaluate, metrics
from iraqstance.training.report import mistakes, report_html, write_report
from playwright.sync_api import Browser, Page

KIND = ("lovely", "fresh", "mild")
HARSH = ("awful", "stale", "burnt")
ODD = '<script>alert("tea")</script> & a-very-long-word-' + "x" * 200


def cups(rows: int = 60, groups: int = 12) -> Corpus:
    """Return opinions of two targets, some of which nobody could learn."""
    numbers = range(rows)
    stances = ["favor" if n % 2 else "against" if n % 4 else "neutral" for n in numbers]
    stances[3], stances[10] = "against", "favor"
    texts = [f"{(KIND if n % 2 else HARSH)[n % 3]} {'tea' if n % 4 < 2 else 'coffee'}, cup {n}" for n in numbers]
    texts[3] += f" {ODD}"
    texts[10] += f" {ODD}"
    return Corpus(
        "cups <&>",
        tuple(texts),
        tuple(stances),
        tuple(("tea",) if n % 4 < 2 else ("coffee", "price_of_everything_that_is_drunk") for n in numbers),
        tuple(f"group {n % groups}" for n in numbers),
        tuple("green" if n // 12 % 2 else "black <tea>" for n in numbers),
        tuple(f"cup/{n}" for n in numbers),
    )


@pytest.fixture(scope="module")
def found() -> Evaluation:
    return evaluate(cups(), detail=True)


@pytest.fixture(scope="module")
def folder(found: Evaluation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("report")
    write_report(found, made)
    return made


@pytest.fixture(params=[(1280, "light"), (1280, "dark"), (360, "light"), (360, "dark")], ids=str)
def page(request: pytest.FixtureRequest, browser: Browser, folder: Path) -> Iterator[tuple[Page, int, str, list[str]]]:
    """Return the report in a browser, the width and colours of the window, and what the page asked for."""
    width, scheme = request.param
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    shown, asked = context.new_page(), []
    shown.on("request", lambda one: asked.append(one.url))
    shown.on("console", lambda one: asked.append(one.text))
    shown.goto((folder / "report.html").as_uri())
    yield shown, width, scheme, asked
    context.close()


def test_the_page_fits_its_window_loads_nothing_and_follows_the_readers_colours(
    page: tuple[Page, int, str, list[str]], folder: Path
) -> None:
    shown, width, scheme, asked = page
    for closed in shown.locator("summary").all():
        closed.click()
    assert shown.evaluate("document.documentElement.scrollWidth") == width
    assert asked == [(folder / "report.html").as_uri()]
    paper, ink, drawn = shown.evaluate(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color,"
        " getComputedStyle(document.querySelector('svg text')).fill]"
    )
    light, dark = sum(eval_rgb(paper)), sum(eval_rgb(ink))
    assert (light > dark) == (scheme == "light")
    assert drawn == ink


def eval_rgb(colour: str) -> list[int]:
    return [int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(",")]


@pytest.mark.parametrize("page", [(360, "light")], indirect=True, ids=str)
def test_a_reader_who_does_not_see_finds_headings_names_of_pictures_and_heads_of_tables(
    page: tuple[Page, int, str, list[str]],
) -> None:
    shown = page[0]
    levels = shown.evaluate("[...document.querySelectorAll('h1,h2,h3')].map(one => +one.tagName[1])")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    pictures = shown.locator("[role=img]").all()
    assert len(pictures) == 7  # two of each target, two of the topics, the learning curve
    assert all(one.get_attribute("aria-label") for one in pictures)
    assert shown.evaluate(
        "[...document.querySelectorAll('table')].every(one => one.querySelector('thead th[scope=col]'))"
    )
    names = shown.evaluate("[...document.querySelectorAll('[id]')].map(one => one.id)")
    assert len(names) == len(set(names))
    assert shown.locator("html").get_attribute("lang") == "en"


def test_what_a_text_or_a_name_says_is_never_part_of_the_page(found: Evaluation) -> None:
    page = report_html(found)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "cups &lt;&amp;&gt;" in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org/", "")


def test_the_same_evaluation_gives_the_same_bytes_on_one_core_as_on_two(folder: Path, tmp_path: Path) -> None:
    write_report(evaluate(cups(), detail=True, jobs=2), tmp_path / "again")
    for name in ("report.html", "metrics.json"):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()
    assert sorted(path.name for path in (tmp_path / "again").iterdir()) == ["metrics.json", "report.html"]


def test_the_figures_file_holds_the_figures(folder: Path, found: Evaluation) -> None:
    assert json.loads((folder / "metrics.json").read_text(encoding="utf-8")) == metrics(found)


def test_texts_can_be_left_out(found: Evaluation) -> None:
    page = report_html(found, texts=False)
    assert "<blockquote" not in page
    assert "a-very-long-word" not in page
    assert "cup/3 " in page


def test_the_surest_mistakes_come_first(found: Evaluation) -> None:
    wrong = mistakes(found, "green")
    assert wrong
    assert all(one.true != one.given for one in wrong)
    assert [one.confidence for one in wrong] == sorted((one.confidence for one in wrong), reverse=True)
    for one in wrong:
        assert (one.true, one.id) == ((cups().stances or ())[one.row], f"cup/{one.row}")


def test_a_wrong_topic_is_named_with_what_it_should_have_been() -> None:
    corpus = replace(cups(24, 3), stances=None, targets=None)
    labels = list(corpus.topics or ())
    labels[0] = ("coffee",)
    found = evaluate(replace(corpus, topics=tuple(labels)))
    said = {(one.row, one.true, one.given) for one in mistakes(found, None)}
    assert (0, "coffee", "not coffee") in said or (0, "not tea", "tea") in said


@pytest.mark.parametrize(
    "corpus",
    [
        replace(cups(24), topics=None),
        replace(cups(24), stances=None, targets=None),
        replace(cups(24), groups=None, targets=None, ids=None),
        replace(cups(24), topics=(("tea",),) * 24, targets=None),
        Corpus("two", ("good tea", "bad tea"), ("pro", "con"), (("a",), ("b",)), ("g", "h")),
    ],
    ids=["no topics", "no stances", "no groups", "one topic", "two rows"],
)
def test_a_report_can_be_made_of_little(corpus: Corpus) -> None:
    page = report_html(evaluate(corpus, detail=True))
    assert page.startswith("<!DOCTYPE html>")
    assert ">Topics</h2>" in page if corpus.topics else ">Topics</h2>" not in page


def test_a_folder_that_cannot_be_made_is_refused(found: Evaluation, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match=r"file: the folder of the report cannot be made .*--report"):
        write_report(found, tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"

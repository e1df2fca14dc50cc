"""The labelling page, used as annotators use it: a real server, a real browser."""

from collections.abc import Iterator
from itertools import count

import pytest
from iraqstance.annotation.connection import Server
from iraqstance.annotation.guidelines import guidelines_html
from iraqstance.annotation.interface import interface_xml
from iraqstance.annotation.records import Judgement
from iraqstance.annotation.schema import Schema
from iraqstance.annotation.server import ACCOUNT, LocalServer
from iraqstance.annotation.studio import Project, pull, push
from iraqstance.annotation.tasks import Suggestion, is_withheld, tasks_of, with_suggestions, with_votes
from labelling import TEXTS, Account, Annotator, paragraphs_of, signed_up
from playwright.sync_api import Browser

_numbers = count(1)

SIXTY_WORDS = (
    "Officials in the capital said on Monday that the ministry had asked the visiting delegation for a written answer "
    "to each of its questions before the end of the month, and that the committee would meet again in the new year to "
    "weigh what the replies would mean for the budget, for all the contracts, and for the companies concerned."
)


@pytest.fixture
def title() -> str:
    return f"labelling {next(_numbers)}"


@pytest.fixture
def lead(browser: Browser, server: Server, studio: LocalServer) -> Iterator[Annotator]:
    account = Account(ACCOUNT, studio.password_file.read_text().strip())
    annotator = Annotator(browser, server, account)
    yield annotator
    annotator.close()


@pytest.fixture
def second(browser: Browser, server: Server) -> Iterator[Annotator]:
    annotator = Annotator(browser, server, signed_up(server, "second"))
    yield annotator
    annotator.close()


def test_two_annotators_label_the_same_paragraphs_and_the_pull_gives_what_they_clicked(
    lead: Annotator, second: Annotator, server: Server, schema: Schema, title: str
) -> None:
    paragraphs = paragraphs_of(TEXTS[:2])
    project = push(server, Project(title, schema, overlap=2), list(tasks_of(paragraphs))).project
    lead.open(project)
    assert lead.text == TEXTS[0]
    lead.tick("favor")
    lead.tick("sanctions")
    lead.tick("economy")
    lead.submit()
    lead.wait_for_other(TEXTS[0])
    assert lead.text == TEXTS[1]
    assert lead.ticked() == []
    lead.press("a4u")
    lead.page.fill("[name=comment]", "Who is the deputy?")
    lead.submit()

    second.open(project)
    assert second.text == TEXTS[0]
    assert second.ticked() == []
    second.press("n5")
    second.submit(by_key=True)
    second.wait_for_other(TEXTS[0])
    assert second.ticked() == []
    second.press("af466")  # a second stance takes the place of the first
    second.submit(by_key=True)

    got = pull(server, title, schema).read
    assert got.issues == ()
    first, other = sorted({judgement.annotator for judgement in got.judgements}, key=lambda name: int(name[10:]))
    assert got.judgements == (
        _judged("made-up/001", first, "favor", ("sanctions", "economy"), got),
        _judged("made-up/001", other, "neutral", ("economy",), got),
        _judged("made-up/002", first, "against", ("sanctions",), got, unsure=True, comment="Who is the deputy?"),
        _judged("made-up/002", other, "favor", ("sanctions",), got),
    )
    assert all(judgement.seconds for judgement in got.judgements)
    assert [judgement.sha256 for judgement in got.judgements[::2]] == [paragraph.sha256 for paragraph in paragraphs]
    assert pull(server, title, schema).read == got


def _judged(
    paragraph: str, annotator: str, stance: str, topics: tuple[str, ...], got: object, **others: object
) -> Judgement:
    """Return the judgement that is expected; how long it took is the browser's to say."""
    seconds = next(
        judgement.seconds
        for judgement in got.judgements  # type: ignore[attr-defined]
        if (judgement.paragraph, judgement.annotator) == (paragraph, annotator)
    )
    return Judgement(paragraph, annotator, {"us_policy_iraq": stance}, topics, seconds=seconds, **others)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("keys", "missed"),
    [("f", "Tick at least one topic"), ("12", "Choose one stance"), ("u", "Choose one stance")],
)
def test_a_required_answer_that_is_missed_is_asked_for_and_nothing_is_stored(
    lead: Annotator, server: Server, schema: Schema, title: str, keys: str, missed: str
) -> None:
    project = push(server, Project(title, schema), list(tasks_of(paragraphs_of()))).project
    lead.open(project)
    lead.press(keys)
    lead.page.click("button:has-text('Submit')")
    lead.page.wait_for_selector(f"text={missed}")
    assert lead.text == TEXTS[0]
    assert pull(server, title, schema).read.judgements == ()


def test_a_skipped_paragraph_is_left_out_and_reported(
    lead: Annotator, server: Server, schema: Schema, title: str
) -> None:
    project = push(server, Project(title, schema), list(tasks_of(paragraphs_of(TEXTS[:2])))).project
    lead.open(project)
    lead.page.click("button:has-text('Skip')")
    lead.wait_for_other(TEXTS[0])
    lead.press("n5")
    lead.submit()
    got = pull(server, title, schema).read
    assert [judgement.paragraph for judgement in got.judgements] == ["made-up/002"]
    assert [issue.rule for issue in got.issues] == ["skipped"]


def test_an_empty_form_cannot_be_submitted(lead: Annotator, server: Server, schema: Schema, title: str) -> None:
    lead.open(push(server, Project(title, schema), list(tasks_of(paragraphs_of()))).project)
    assert lead.page.is_disabled("button:has-text('Submit')")


@pytest.mark.parametrize("size", [(1280, 720), (1440, 900)])
def test_everything_is_on_one_screen_with_a_paragraph_of_sixty_words(
    lead: Annotator, server: Server, schema: Schema, title: str, size: tuple[int, int]
) -> None:
    assert len(SIXTY_WORDS.split()) == 60
    done = push(
        server,
        Project(title, schema, guidelines_html(schema)),
        list(tasks_of(paragraphs_of([SIXTY_WORDS]))),
    )
    page = lead.page
    page.set_viewport_size({"width": size[0], "height": size[1]})
    lead.open(done.project)
    assert page.evaluate(
        "(() => { const e = document.querySelector('.lsf-main-content'); return e.scrollHeight <= e.clientHeight; })()"
    )
    for label in (*schema.stance_names, *schema.topic_names, "unsure", "comment"):
        box = page.locator(f"[name='{label}']").bounding_box()
        assert box
        assert box["y"] > 0
        assert box["y"] + box["height"] < page.locator("button:has-text('Submit')").bounding_box()["y"]  # type: ignore[index]
    body = page.inner_text(".iraqstance")
    for label in (*schema.stances, *schema.topics):
        assert label.definition in body
        assert f"[{label.hotkey}]" in body
    assert schema.targets[0].title in body
    assert int(page.eval_on_selector(".iraqstance-paragraph *", "e => parseInt(getComputedStyle(e).fontSize)")) >= 18


def test_the_guidelines_are_one_click_away(lead: Annotator, server: Server, schema: Schema, title: str) -> None:
    done = push(server, Project(title, schema, guidelines_html(schema)), list(tasks_of(paragraphs_of())))
    lead.open(done.project)
    assert lead.page.locator("text=Guidelines for annotators").count() == 0
    lead.page.click("button:has-text('Instructions')")
    lead.page.wait_for_selector("h1:has-text('Guidelines for annotators')")
    assert lead.page.locator("table td:has-text('armed_factions')").count()


def test_what_became_of_a_suggestion_is_known(lead: Annotator, server: Server, schema: Schema, title: str) -> None:
    paragraphs = paragraphs_of()
    suggested = Suggestion({"us_policy_iraq": "against"}, ("sanctions", "economy"), 0.75)
    tasks = with_suggestions(tasks_of(paragraphs), [suggested] * len(paragraphs), schema, model="model-1", withhold=0.5)
    withheld = [is_withheld(paragraph.id, 0.5) for paragraph in paragraphs]
    assert set(withheld) == {True, False}
    done = push(server, Project(title, schema), tasks)
    assert done.suggested == withheld.count(False)
    lead.open(done.project)
    expected = []
    for paragraph, without in zip(paragraphs, withheld, strict=True):
        assert lead.text == paragraph.text
        assert lead.ticked() == ([] if without else ["against", "sanctions", "economy"])
        if without:
            lead.press("n5")
            expected.append("withheld")
        elif "changed" in expected:
            expected.append("kept")
        else:
            lead.press("f")
            expected.append("changed")
        lead.submit()
        if paragraph is not paragraphs[-1]:
            lead.wait_for_other(paragraph.text)
    got = pull(server, title, schema).read
    assert got.issues == ()
    assert [judgement.suggestion for judgement in got.judgements] == expected
    assert {"changed", "kept", "withheld"} == set(expected)


def test_the_adjudicator_sees_what_annotators_chose_and_decides(
    lead: Annotator, server: Server, schema: Schema, title: str
) -> None:
    paragraphs = paragraphs_of(TEXTS[:1])
    votes = [
        Judgement("made-up/001", "annotator-8", {"us_policy_iraq": "favor"}, ("economy",)),
        Judgement(
            "made-up/001",
            "annotator-9",
            {"us_policy_iraq": "neutral"},
            ("economy", "sanctions"),
            unsure=True,
            comment="Is <b>a blessing</b> praise?",
        ),
    ]
    tasks = with_votes(tasks_of(paragraphs), votes, schema)
    done = push(server, Project(title, schema, interface=interface_xml(schema, votes=True)), tasks)
    lead.open(done.project)
    shown = lead.page.inner_text(".iraqstance-votes").split("\n")
    assert [line.strip() for line in shown if line.strip()] == [
        "annotator-8: favor; economy",
        "annotator-9: neutral; economy, sanctions (not sure) — Is <b>a blessing</b> praise?",
    ]
    lead.press("f5")
    lead.submit()
    (judgement,) = pull(server, title, schema).read.judgements
    assert judgement.round == "adjudication"
    assert judgement.stances == {"us_policy_iraq": "favor"}

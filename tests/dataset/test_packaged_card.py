"""The packaged dataset's card: every section that its readers expect, and one version everywhere."""

import re
from pathlib import Path

import huggingface_hub
import pytest
from iraqstance.dataset.editions import packaged_folder

CARD = (packaged_folder() / "README.md").read_text(encoding="utf-8")
TEMPLATE = Path(huggingface_hub.__file__).parent / "templates" / "datasetcard_template.md"

# Gebru et al., "Datasheets for Datasets": the questions' key words, as the paper groups them.
DATASHEET = {
    "Motivation": ("purpose", "Who created", "funded"),
    "Composition": (
        "instances represent",
        "How many",
        "sample",
        "instance consist",
        "label for each",
        "information missing",
        "relations between instances",
        "recommended splits",
        "errors, noise or redundancies",
        "self-contained",
        "confidential",
        "offend",
        "subpopulations",
        "individuals be identified",
        "sensitive",
    ),
    "Collection Process": (
        "acquired",
        "procedures",
        "sampling strategy",
        "paid",
        "Over what time",
        "ethical review",
        "notice and consent",
        "impact",
    ),
    "Preprocessing, Cleaning, Labelling": ("preprocessed", "raw data", "software"),
    "Uses of the Dataset": ("been used", "list of works", "What else", "limit its use", "not be used"),
    "Distribution of the Dataset": ("third parties?", "How?", "licence", "rights", "export"),
    "Maintenance": ("maintains", "erratum", "updated", "retention", "older versions", "contribute"),
}


def headings(text: str) -> list[str]:
    return re.findall(r"^#{2,4} (.+?)(?: \[optional\])?$", text, re.MULTILINE)


def section(heading: str) -> str:
    """Return what stands under a heading, down to the next one of its level or above."""
    found = re.search(rf"^(#{{2,4}}) {re.escape(heading)}\n", CARD, re.MULTILINE)
    assert found, heading
    rest = CARD[found.end() :]
    following = re.search(rf"^#{{2,{len(found[1])}}} ", rest, re.MULTILINE)
    return rest[: following.start()] if following else rest


@pytest.mark.parametrize("heading", headings(TEMPLATE.read_text(encoding="utf-8")))
def test_every_section_of_the_hugging_face_card_is_written(heading: str) -> None:
    assert len(re.findall(r"\w+", section(heading))) >= 3


@pytest.mark.parametrize(("part", "questions"), DATASHEET.items())
def test_every_question_of_the_datasheet_is_answered(part: str, questions: tuple[str, ...]) -> None:
    answers = re.findall(r"^- \*\*(.+?)\*\*(.*?)(?=^- |\Z)", section(part), re.MULTILINE | re.DOTALL)
    for question in questions:
        (answer,) = [answer for asked, answer in answers if question in asked]
        assert len(answer.split()) >= 1


def test_nothing_is_left_to_be_written() -> None:
    assert not re.search(r"more information needed|TODO|TBD|[A-Z]{3,}_WORDS", CARD, re.IGNORECASE)


def test_every_picture_and_page_that_the_card_links_is_there() -> None:
    linked = re.findall(r"\]\((?!https?:)([^)#]+)\)", CARD)
    assert len(linked) >= 5
    assert [link for link in linked if not (packaged_folder() / link).is_file()] == []


def test_the_citation_in_the_card_is_of_this_version() -> None:
    (version,) = re.findall(r"^- Version: (\S+)$", CARD, re.MULTILINE)
    assert f"version = {{{version}}}" in CARD
    assert f"(Version {version})" in CARD

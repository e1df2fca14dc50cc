"""Groups become paragraphs: the rules heading and lead-in, and menus."""

import io

import pytest
from iraqstance.annotation.grouping import groups_of
from iraqstance.annotation.headings import bodies
from iraqstance.annotation.reading import read_lines

WELLS = "The council of the lower valley counted its wells this spring and found that forty of them had run dry."
CANAL = "Farmers at the far end of the canal said that they had not seen water in it since the dam was closed."
DAM = "Nobody at the dam would say when its gates might open again, or who had ordered that they be shut."


def texts(*blocks: str) -> list[str]:
    article = "\n\n".join(blocks)
    return [group.text for group in bodies(groups_of(read_lines(io.BytesIO(article.encode()), "article")))]


# titles, kickers and bylines before the first paragraph


@pytest.mark.parametrize(
    "title",
    [
        "Forty Dry Wells",
        "FORTY DRY WELLS",
        "Water",
        "Forty wells dry in the lower valley",
        "What the farmers of the lower valley expect from a council that has promised water for ten years",
        "Who will pay for the water of the lower valley?",
        "No more wells!",
        "Water: the valley's last hope",
        "“Forty Dry Wells”",
        "Analysis |",
        "The Valley Letter, Issue 12",
        "أربعون بئرا جافة في الوادي",
        "چل بیری وشک لە دۆڵەکە",
    ],
)
def test_a_title_goes(title: str) -> None:
    assert texts(title, WELLS, CANAL) == [WELLS, CANAL]


def test_all_the_lines_of_a_head_go() -> None:
    head = [
        "Middle Valley",
        "Forty Dry Wells",
        "A spring without rain leaves villages waiting",
        "Nadia Karim",
        "Staff Writer",
    ]
    assert texts(*head, WELLS) == [WELLS]
    assert texts("\n".join(head), WELLS) == [WELLS]


def test_a_standfirst_that_is_a_sentence_stays() -> None:
    standfirst = "A spring without rain leaves villages waiting."
    assert texts("Forty Dry Wells", standfirst, WELLS) == [standfirst, WELLS]


# section headings


@pytest.mark.parametrize(
    "heading",
    [
        "The Canal",
        "The canal",
        "What the farmers say",
        "Who pays?",
        "What next for the valley?",
        "Why the Farmers of the Lower Valley No Longer Trust the Council?",
        "Water, water everywhere",
        "A promise:",
        "First: The Wells",
        "Second: Economic Dimension:",
        "Third - The Dam",
        "Secondly: the canal",
        "Fourth, the dam",
        "1. The Wells",
        "2.1 The wells of the valley",
        "II. The Canal",
        "IV) The Dam",
        "Part 2: The Canal",
        "Section 3. The Dam",
        "B. The Canal",
        "Back to the U.S.",
        "أولا: الآبار",
        "ثانياً: البعد الاقتصادي:",
        "یەکەم: بیرەکان",
        "الخلاصة",
    ],
)
def test_a_section_heading_goes(heading: str) -> None:
    assert texts(WELLS, heading, CANAL) == [WELLS, CANAL]
    assert texts(f"{WELLS}\n{heading}\n{CANAL}") == [WELLS, CANAL]


def test_a_heading_at_the_end_goes() -> None:
    assert texts(WELLS, "The Canal") == [WELLS]


def test_headings_alone_leave_nothing() -> None:
    assert texts("Forty Dry Wells", "The Canal", "The Dam") == []


def test_nothing_comes_of_nothing() -> None:
    assert texts("") == []


# sentences that are short, and long texts without a stop


@pytest.mark.parametrize(
    "sentence",
    [
        "The wells are dry.",
        "No water came.",
        "Nobody knows why…",
        "“We have no water.”",
        "“Nobody here has water,” she said.",
        "He went to the U.S.",
        "The Valley Water Company Is Owned by Nadia Karim.",
        "And who will pay for the wells that have to be dug before the summer, if the council does not?",
        "Is there water? Nobody knows!",
        "Q: Who will pay?",
        "Question 4: Who will pay?",
        "جفت الآبار.",
    ],
)
def test_a_short_sentence_stays(sentence: str) -> None:
    assert texts(WELLS, sentence, CANAL) == [WELLS, sentence, CANAL]


def test_a_sentence_that_lost_its_full_stop_stays_when_it_is_long() -> None:
    sentence = WELLS.removesuffix(".")
    assert texts("Forty Dry Wells", CANAL, sentence, DAM) == [CANAL, sentence, DAM]


def test_a_long_text_in_capitals_is_no_heading() -> None:
    assert texts(CANAL, WELLS.upper()) == [CANAL, WELLS.upper()]


def test_a_line_of_more_than_300_characters_is_no_heading() -> None:
    line = "Wells " * 60 + "Wells"
    assert texts(line, CANAL) == [line, CANAL]


@pytest.mark.parametrize("dots", [". . .", "…", "...", "+++", "§"])
def test_a_line_without_a_letter_or_a_figure_is_no_paragraph(dots: str) -> None:
    """Editors part sections with such lines; nobody can judge their stance."""
    assert texts(WELLS, dots, CANAL) == [WELLS, CANAL]


# menus


def test_a_list_of_short_links_goes() -> None:
    assert texts("- Home\n- News\n- Water and wells\n- About us", WELLS) == [WELLS]


def test_a_list_of_sentences_stays() -> None:
    assert texts(WELLS, "- The canals leak.\n- The pumps are old.") == [WELLS, "The canals leak. The pumps are old."]


def test_a_list_with_a_lead_in_stays_though_its_items_are_short() -> None:
    assert texts(WELLS, "The council blames three things:\n- the canal\n- the pumps\n- the dam") == [
        WELLS,
        "The council blames three things: the canal the pumps the dam",
    ]


def test_a_heading_before_a_list_goes_and_the_list_stays() -> None:
    items = "- The canals leak and nobody mends them.\n- The pumps are older than the farmers."
    assert texts(WELLS, "In Brief", items) == [
        WELLS,
        "The canals leak and nobody mends them. The pumps are older than the farmers.",
    ]


# lead-ins


@pytest.mark.parametrize(
    "lead", ["The governor said this was the plan:", "Here is what the council has found:", "She added:"]
)
def test_a_short_lead_in_belongs_to_the_paragraph_after_it(lead: str) -> None:
    assert texts(WELLS, lead, CANAL, DAM) == [WELLS, f"{lead} {CANAL}", DAM]


@pytest.mark.parametrize(
    "label", ["The Farmers:", "First, what the farmers said:", "What the council has found:", "Wells:"]
)
def test_a_label_with_a_colon_is_a_heading_and_no_lead_in(label: str) -> None:
    assert texts(WELLS, label, CANAL) == [WELLS, CANAL]


def test_a_long_clause_with_a_colon_is_a_paragraph() -> None:
    lead = "The governor, who had been waiting in the hall for the better part of an hour, said this was the plan:"
    assert texts(lead, CANAL) == [lead, CANAL]


def test_a_lead_in_that_leads_to_nothing_stays() -> None:
    assert texts(WELLS, "The governor said this was the plan:") == [WELLS, "The governor said this was the plan:"]


def test_two_lead_ins_are_not_joined() -> None:
    first, second = "The governor said this was the plan:", "The council has added this:"
    assert texts(WELLS, first, second, CANAL) == [WELLS, first, f"{second} {CANAL}"]


def test_a_lead_in_does_not_reach_over_furniture() -> None:
    lead = "The governor said this was the plan:"
    assert texts(WELLS, lead, "Advertisement", CANAL) == [WELLS, lead, CANAL]


@pytest.mark.parametrize(
    "between", ["A Better Canal", "Second: The Canal:", "- Home\n- News"], ids=["title", "label", "menu"]
)
def test_a_lead_in_does_not_reach_over_a_heading_or_a_menu(between: str) -> None:
    """A paragraph is all that stands between its offsets."""
    lead = "The governor said this was the plan:"
    assert texts(WELLS, lead, between, CANAL) == [WELLS, lead, CANAL]


def test_a_lead_in_leads_to_a_list_after_a_blank_line() -> None:
    assert texts(WELLS, "The governor said this was the plan:", "• a canal,\n• a dam.", DAM) == [
        WELLS,
        "The governor said this was the plan: a canal, a dam.",
        DAM,
    ]

"""The lines around an article are caught by their rule; the article's own sentences are not."""

import io
import re

import pytest
from iraqstance.annotation.furniture import FurnitureRule, furniture_rule, furniture_rules, opens_list_of
from iraqstance.annotation.reading import read_lines
from iraqstance.annotation.segment import segment

RULES = furniture_rules()
EXAMPLES = [pytest.param(rule.name, line, id=f"{rule.name}-{line[:40]}") for rule in RULES for line in rule.examples]

FIRST = "The council of the lower valley counted its wells this spring and found that forty of them had run dry."
LAST = "Farmers at the far end of the canal said that they had not seen water in it since the dam was closed."


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_has_a_name_patterns_and_examples(rule: FurnitureRule) -> None:
    assert re.fullmatch(r"[a-z]+(?:-[a-z]+)*", rule.name)
    assert rule.labels or rule.sentences
    assert rule.examples
    assert all(len(line) <= rule.longest for line in rule.examples)
    assert bool(rule.contains) == bool(rule.cues)


def test_no_two_rules_share_a_name() -> None:
    names = [rule.name for rule in RULES]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize(("name", "line"), EXAMPLES)
def test_a_rule_catches_its_examples(name: str, line: str) -> None:
    assert furniture_rule(line) == name


@pytest.mark.parametrize(("name", "line"), EXAMPLES)
def test_a_rule_does_not_depend_on_capitals(name: str, line: str) -> None:
    assert furniture_rule(line.upper()) == name


@pytest.mark.parametrize(("name", "line"), EXAMPLES)
def test_an_example_between_two_paragraphs_leaves_only_them(name: str, line: str) -> None:
    article = f"{FIRST}\n\n{line}\n\n{LAST}\n"
    texts = [paragraph.text for paragraph in segment(read_lines(io.BytesIO(article.encode()), "article"), "a")]
    assert texts == [FIRST, LAST], name


@pytest.mark.parametrize(
    "line",
    [
        "3 April 2025",
        "2025-04-03",
        "03/04/2025",
        "Thursday, April 3, 2025 - 09:15",
        "April 3rd, 2025 at 6:14 p.m. ET",
        "Posted on April 3, 2025 by the web desk",
        "Updated 20 minutes ago",
        "2 hours ago",
        "14:05",
        "By Nadia Karim",
        "BY NADIA KARIM",
        "By Nadia Karim and Sara Aziz, Staff Writers",
        "Written by Nadia Karim",
        "Author: Nadia Karim",
        "بقلم: نادية كريم",
        "Read more »",
        "Read More…",
        "Continue Reading",
        "See also: Wells of the lower valley",
        "You may also like",
        "اقرأ المزيد",
        "No Comments",
        "0 Comments",
        "Comments",
        "Comments (4)",
        "Leave a comment",
        "Add a comment",
        "لا توجد تعليقات",
        "Source: Valley Press",
        "Via: Valley Press",
        "Original Source: https://example.org/wells",
        "المصدر: وكالة الوادي",
        "Share",
        "Share this article",
        "Facebook | Twitter | Telegram",
        "Print",
        "312 shares",
        "Subscribe",
        "Sign up for our newsletter",
        "Follow us",
        "Photo: Valley Press",
        "Image credit: Valley Press",
        "A dry well near the town. (Photo by Nadia Karim)",
        "Advertisement",
        "Sponsored content",
        "Copyright 2025 Valley Press",
        "© Valley Press",
        "All rights reserved.",
        "Opinions expressed in this article are those of the author.",
        "We use cookies to improve your visit.",
        "12 minute read",
        "Home » News » Water",
        "Home | News | Water | Contact",
        "Skip to content",
        "Back to top",
        "Menu",
        "Page 2 of 5",
        "Filed under: water, wells",
        "[3] N. Karim, “Forty Wells”, Valley Press, 2023.",
        "www.example.org",
        "desk@example.org",
        "#wells #water",
        "- END -",
    ],
)
def test_lines_that_every_news_page_has_are_furniture(line: str) -> None:
    assert furniture_rule(line) is not None


@pytest.mark.parametrize(
    "line",
    [
        # date
        "May was the driest month on record.",
        "March 3, 2024 was the last day on which it rained.",
        "On 12 May 2019, in a small hall, the two sides signed.",
        "On 4 March 2020, by order of the governor, the market was closed.",
        "Published figures for 2024 show a fall in rice imports.",
        "Updated maps drawn in 2019 show the old canal.",
        "Two days ago the pumps stopped.",
        "In 2019, the wells were full.",
        # byline and credits
        "By the end of the month the pumps will stop.",
        "By Tuesday evening the shops had reopened.",
        "By Ramadan the price had doubled.",
        "Written by hand, the register lists four hundred names.",
        "Analysis by the central bank shows that prices will fall.",
        "Reported by nine farms out of ten, the disease is spreading.",
        "Produced by three small dairies, the cheese is sold only in the town.",
        "Writing by hand is still taught in the village school.",
        "Reporting by local radio brought the case to light.",
        "She contributed to the report and to the debate that followed.",
        # read more, comments
        "Read more books, the teacher told them.",
        "See also how the canal bends here, he said.",
        "Related to this is the question of who owns the wells.",
        "Recommended doses vary from farm to farm.",
        "No reply came from the council.",
        "No response was received by evening.",
        "No comment was available from the council.",
        "No discussion followed.",
        "12 responses were recorded in the first hour.",
        "Comments by the governor angered the farmers.",
        # source
        "Sources close to the council denied it.",
        "The source of the river lies above the tree line.",
        "The original report was published in 1958 and named eleven villages.",
        # share, subscription
        "Share prices fell again.",
        "Like this one, most wells in the valley were dug by hand.",
        "Like our neighbours, we depend on the river.",
        "900 shares were sold in a morning.",
        "Print runs fell by half in ten years.",
        "Follow the channel south and you reach the old port.",
        "Get the ships through the channel before dusk, the pilots were told.",
        "Donations came from every house in the village.",
        # caption
        "Figures by themselves prove little.",
        "Video by itself proves little, the judge said.",
        "Images of the flood reached the capital within an hour.",
        "The council keeps every letter that it gets (there is a public archive).",
        "The figures were first given by a news agency (AP).",
        "The suit was brought by Getty Images.",
        # advertisement, rights, disclaimer
        "Advertisements for the post appeared in three newspapers.",
        "Ads for pumps fill the local paper.",
        "Copyright law was last changed in 1971, and nobody enforces it.",
        "Terms of the loan were not disclosed.",
        "Privacy was never a concern in a house of nine.",
        "The views of the author changed after the war, and his later books show it.",
        "The views from the dam are wide.",
        "This site uses more power than the whole district.",
        # reading time, navigation
        "12 minutes later the lights went out.",
        "300 words were cut from the speech.",
        "Home prices fell in the spring.",
        "Search teams reached the valley at noon.",
        "Next came the question of the wells.",
        "Tags on the crates gave the port of origin.",
        "Menu prices rose in every café on the square.",
        "Page 12 of the treaty names the river.",
        # address
        "Phone lines were cut during the storm, leaving the valley on its own.",
        "Media contacts say the minister will resign, but nobody confirms it.",
        "Website traffic fell, according to the company.",
        "For more information, the farmers turned to the radio.",
        "Ends of the rope were tied to the pier.",
        # whole sentences of other kinds
        "أغلقت الوزارة السد في الربيع.",
        "وەزارەت بەنداوەکەی داخست.",
        "“We have no water,” she said.",
    ],
)  # fmt: skip
def test_a_sentence_of_the_article_is_no_furniture(line: str) -> None:
    """Text that is cut by mistake is lost without a word, so a rule has to know furniture from a sentence like it."""
    assert furniture_rule(line) is None


def test_a_line_longer_than_its_rule_allows_is_no_furniture() -> None:
    assert furniture_rule(f"Source: {'wells and ' * 40}water") is None


def test_a_line_without_words_is_no_furniture() -> None:
    assert furniture_rule("") is None
    assert furniture_rule("—") is None


@pytest.mark.parametrize(
    "line",
    [
        "Related", "RELATED", "Related:", "Related stories", "Read also", "See also:", "Most read", "Trending now",
        "Latest news",
        "More from the valley", "You may also like", "Recent posts", "Top stories", "Editor’s picks", "Don't miss",
        "References",
        "Notes:", "Works cited", "Follow us", "المصادر", "اقرأ أيضا",
    ],
)  # fmt: skip
def test_some_headings_open_a_list_of_links(line: str) -> None:
    assert opens_list_of(line)


@pytest.mark.parametrize(
    "line",
    [
        "Related to this is the question of who owns the wells, and who may dig new ones.",
        "Notes were passed from hand to hand.",
        "References to the dam were removed.",
        "More water",
        "Sources of the river",
        "Read",
        "",
    ],
)
def test_other_lines_open_none(line: str) -> None:
    assert not opens_list_of(line)

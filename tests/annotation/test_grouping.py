"""Lines become groups: the rules blank, rule, furniture, wrap, broken, list and quotation."""

import io
from collections.abc import Iterator

import pytest
from iraqstance.annotation.grouping import Group, groups_of
from iraqstance.annotation.reading import read_lines

WELLS = "The council of the lower valley counted its wells this spring and found that forty of them had run dry."
CANAL = "Farmers at the far end of the canal said that they had not seen water in it since the dam was closed."
DAM = "Nobody at the dam would say when its gates might open again, or who had ordered that they be shut."

#: Wrapped at 60 columns.
WRAPPED = """\
The council of the lower valley counted its wells this
spring and found that forty of them had run dry. It asked
the owners of the others to share what was left with their
neighbours until the first rain of the autumn."""


def groups(article: str) -> list[Group]:
    return list(groups_of(read_lines(io.BytesIO(article.encode()), "article")))


def texts(article: str) -> list[str]:
    return [group.text for group in groups(article)]


def one_line(text: str) -> str:
    return " ".join(text.split())


# blank


def test_a_blank_line_ends_a_group() -> None:
    assert texts(f"{WELLS}\n\n{CANAL}") == [WELLS, CANAL]


@pytest.mark.parametrize("blank", ["   ", "\t", "\u00a0", "\u200b", "\u3000\u2009", "\ufeff"], ids=ascii)
def test_a_line_of_spaces_of_any_kind_is_blank(blank: str) -> None:
    article = WRAPPED + f"\n{blank}\n" + WRAPPED.replace("wells", "dams")
    assert texts(article) == [one_line(WRAPPED), one_line(WRAPPED.replace("wells", "dams"))]


def test_complete_lines_are_paragraphs_without_blank_lines_too() -> None:
    assert texts(f"{WELLS}\n{CANAL}\n{DAM}") == [WELLS, CANAL, DAM]


@pytest.mark.parametrize("article", ["", "\n", "\n \n\t\n", "\u200b\n\u00a0"], ids=["none", "one", "three", "odd"])
def test_blank_lines_alone_make_no_group(article: str) -> None:
    assert groups(article) == []


def test_offsets_leave_white_space_and_stray_dashes_out() -> None:
    (group,) = groups(f"\n  {WELLS} –  \n")
    assert (group.start, group.end) == (3, 3 + len(WELLS))


# rule


@pytest.mark.parametrize("rule", ["-", "---", "* * *", "_____", "• • •", "====", "—"])
def test_a_rule_goes_and_ends_a_group(rule: str) -> None:
    assert texts(f"{WELLS}\n{rule}\n{CANAL}") == [WELLS, CANAL]


def test_a_rule_ends_a_group_whose_sentence_is_open() -> None:
    assert texts("The council of the valley counted the wells of\n---\nthe farmers.") == [
        "The council of the valley counted the wells of",
        "the farmers.",
    ]


def test_a_rule_between_items_does_not_end_their_list() -> None:
    assert texts("The report names these causes:\n- leaking canals;\n---\n- old pumps.") == [
        "The report names these causes: leaking canals; old pumps."
    ]


# furniture


@pytest.mark.parametrize("line", ["Read More", "No Comments", "Advertisement", "Share on Facebook", "3 April 2025"])
def test_furniture_goes(line: str) -> None:
    assert texts(f"{WELLS}\n\n{line}\n\n{CANAL}\n{line}\n{DAM}") == [WELLS, CANAL, DAM]


def test_furniture_with_a_list_mark_goes() -> None:
    assert texts(f"{WELLS}\n\n- Read More\n\n{CANAL}") == [WELLS, CANAL]


def test_furniture_ends_a_list() -> None:
    """What stands between two offsets is the paragraph's own text."""
    assert texts("The report names these causes:\n- canals;\nAdvertisement\n- pumps.") == [
        "The report names these causes: canals;",
        "pumps.",
    ]


def test_what_follows_furniture_knows_it() -> None:
    before, after = groups(f"{WELLS}\n\nAdvertisement\n\n{CANAL}")
    assert (before.rows[0].gap, after.rows[0].gap) == ("blank", "cut")


def test_wrapped_furniture_goes_whole() -> None:
    """The second line of a wrapped notice is no paragraph either."""
    notice = "You are receiving this message because you once asked\nthe valley's letter for it.\n"
    assert texts(f"{WRAPPED}\n\n{WRAPPED.replace('wells', 'dams')}\n\n{notice}") == [
        one_line(WRAPPED),
        one_line(WRAPPED.replace("wells", "dams")),
    ]


@pytest.mark.parametrize("heading", ["Related", "Most Read", "Latest news", "References", "Sources:"])
def test_short_lines_under_a_heading_of_links_go(heading: str) -> None:
    article = f"{WELLS}\n\n{heading}\n\nForty Dry Wells\nA dam and its keepers\n\n- Who owns the canal?\n"
    assert texts(article) == [WELLS]


def test_references_that_are_sentences_go_with_their_heading() -> None:
    article = (
        f"{WELLS}\n\nReferences\n1. N. Karim, Forty Wells. Valley Press, 2023.\n2. S. Aziz, The Dam. Valley Press.\n"
    )
    assert texts(article) == [WELLS]


def test_a_long_sentence_ends_a_list_of_links() -> None:
    long = f"{WELLS[:-1]}, and that is why nobody in the valley expects the harvest to be as large as it was last year."
    assert texts(f"Related\nForty Dry Wells\n\n{long}\n\n{CANAL}") == [long, CANAL]


@pytest.mark.parametrize(
    "box", ["Related\nForty Dry Wells\nA Dam and Its Keepers", "Read also: Forty Dry Wells", "Related: Forty Dry Wells"]
)
def test_sentences_after_a_box_of_links_in_the_middle_of_an_article_stay(box: str) -> None:
    """News paragraphs are short: twenty words, and the box ended before them."""
    short = "The governor has promised to visit the town before the end of the month."
    assert texts(f"{WELLS}\n\n{box}\n\n{CANAL}\n\n{short}\n\n{DAM}") == [WELLS, CANAL, short, DAM]


# wrap


def test_lines_wrapped_at_a_column_are_one_paragraph() -> None:
    assert texts(WRAPPED) == [one_line(WRAPPED)]


def test_wrapped_paragraphs_are_told_apart_by_blank_lines() -> None:
    other = WRAPPED.replace("wells", "dams")
    assert texts(f"{WRAPPED}\n\n{other}") == [one_line(WRAPPED), one_line(other)]


def test_a_full_stop_at_the_end_of_a_full_line_does_not_end_a_wrapped_paragraph() -> None:
    article = """\
The council of the valley counted its wells in this spring
and found that forty of them had run dry before the summer.
It asked the owners of the others to share what was left to
them until the first rain of the autumn."""
    assert texts(article) == [one_line(article)]


def test_a_short_line_ends_a_wrapped_paragraph() -> None:
    article = f"{WRAPPED}\n{WRAPPED.replace('wells', 'dams')}"
    assert texts(article) == [one_line(WRAPPED), one_line(WRAPPED.replace("wells", "dams"))]


def test_an_indented_line_begins_a_wrapped_paragraph() -> None:
    lines = WRAPPED.replace("autumn.", "autumn, as they do.").splitlines()
    article = "\n".join(["    " + lines[0], *lines[1:]])
    assert texts(f"{article}\n{article.replace('wells', 'dams')}") == [
        one_line(article),
        one_line(article.replace("wells", "dams")),
    ]


def test_a_wrapped_line_may_begin_with_a_capital_or_a_figure() -> None:
    article = """\
The council of the valley met in the small house of Sheikh
Karim and counted its wells, and found that no fewer than
40 had run dry. It asked the owners of the others, who are
cousins of the sheikh, to share what was left."""
    assert texts(article) == [one_line(article)]


@pytest.mark.parametrize(
    ("end", "number"),
    [("on June", "30."), ("under article", "12)"), ("numbered", "9.")],
    ids=["date", "bracket", "count"],
)
def test_a_wrapped_line_may_begin_with_what_looks_like_the_number_of_an_item(end: str, number: str) -> None:
    """Where a line breaks before a day of the month, the sentence goes on and loses nothing."""
    article = f"""\
The two councils came to their first agreement (on the canal) {end}
{number} They had talked for eleven years, and the text that came out
of it is only four pages long, with a map that nobody has ever been
able to read or to place on the ground."""
    assert texts(article) == [one_line(article)]


def test_wrapped_items_are_joined_with_their_following_lines() -> None:
    article = """\
The report of the council, which was sent to the ministry
in the spring, names three causes:
* canals that lose half of their water before it reaches
  the fields;
* pumps that are older than the farmers; and
* no rain."""
    assert texts(article) == [one_line(article.replace("* ", ""))]


def test_a_word_divided_at_the_end_of_a_line_loses_the_space() -> None:
    article = WRAPPED.replace(
        "lower valley counted its wells this\nspring", "lower valley counted all the well-\nsprings"
    )
    assert "all the well-springs and" in texts(article)[0]


def test_lines_longer_than_a_wrapped_line_are_paragraphs() -> None:
    long = [" ".join([sentence] * 2) for sentence in (WELLS, CANAL, DAM)]
    assert texts("\n".join(long)) == long


# broken


@pytest.mark.parametrize("between", ["\n", "\n\n", "\n \n\n"], ids=["next line", "blank line", "blank lines"])
def test_a_sentence_broken_over_two_lines_is_one_paragraph(between: str) -> None:
    head, tail = WELLS.split(" and found")
    assert texts(f"{CANAL}\n\n{head}{between}and found{tail}\n\n{DAM}") == [CANAL, WELLS, DAM]


@pytest.mark.parametrize("end", ["the", "of", "and", "that", "with", "President", "Mr.", "Gen.", "Dr."])
def test_a_line_that_ends_in_a_little_word_goes_on_before_a_capital(end: str) -> None:
    article = f"The farmers of the valley had waited for {end}\nKarim since the spring."
    assert texts(f"{CANAL}\n\n{article}\n\n{DAM}") == [CANAL, one_line(article), DAM]


def test_a_line_that_ends_in_a_comma_goes_on() -> None:
    article = "The farmers of the valley have waited long,\nKarim longer than all of them."
    assert texts(f"{CANAL}\n\n{article}") == [CANAL, one_line(article)]


def test_a_clause_that_ends_in_a_semicolon_goes_on_in_lower_case() -> None:
    assert texts("The first cause is the canal;\nthe second is the pump.") == [
        "The first cause is the canal; the second is the pump."
    ]


def test_an_abbreviation_at_the_end_of_a_line_does_not_end_the_sentence() -> None:
    assert texts(f"{WELLS}\n\nThe wells of the valley belong to the U.S.\ncompany that dug them.") == [
        WELLS,
        "The wells of the valley belong to the U.S. company that dug them.",
    ]


def test_a_title_does_not_run_into_the_paragraph_after_it() -> None:
    assert texts(f"The Dry Wells of the Lower Valley\n{WELLS}") == ["The Dry Wells of the Lower Valley", WELLS]


@pytest.mark.parametrize(
    "line",
    [
        "eBay sells the pumps that the valley needs.",
        "40 wells have run dry.",
        "“Nobody here has water,” said a farmer.",
    ],
    ids=["brand", "figure", "quotation"],
)
def test_a_title_does_not_run_into_a_line_that_begins_without_a_capital(line: str) -> None:
    title = "The Dry Wells of the Lower Valley and Their Owners"
    assert texts(f"{title}\n{line}\n\n{WELLS}") == [title, line, WELLS]


def test_a_dash_at_the_beginning_of_a_line_goes_on_with_an_open_sentence() -> None:
    article = "The canal that feeds the lower fields\n– or what is left of it – is dry."
    assert texts(article) == [one_line(article)]


# list


def test_a_list_and_its_lead_in_are_one_paragraph() -> None:
    assert texts("The report names these causes:\n- leaking canals,\n- old pumps,\n- no rain.") == [
        "The report names these causes: leaking canals, old pumps, no rain."
    ]


@pytest.mark.parametrize("mark", ["•", "- ", "– ", "* ", "▪ ", "o ", "{}. ", "{}) ", "({}) "])
def test_every_list_mark_makes_a_list(mark: str) -> None:
    causes = ["leaking canals,", "old pumps,", "no rain."]
    items = "\n".join(mark.format(number) + cause for number, cause in enumerate(causes, 1))
    assert texts(f"The report names these causes:\n\n{items}\n\n{DAM}") == [
        "The report names these causes: leaking canals, old pumps, no rain.",
        DAM,
    ]


def test_blank_lines_between_items_do_not_end_a_list() -> None:
    assert texts(f"The report names these causes:\n\n• leaking canals,\n\n• old pumps.\n\n{DAM}") == [
        "The report names these causes: leaking canals, old pumps.",
        DAM,
    ]


def test_items_without_a_lead_in_are_one_paragraph_of_their_own() -> None:
    assert texts(f"{WELLS}\n\n- The canals leak.\n- The pumps are old.\n\n{DAM}") == [
        WELLS,
        "The canals leak. The pumps are old.",
        DAM,
    ]


def test_nested_items_belong_to_their_list() -> None:
    assert texts("The report names these causes:\n• canals:\n    – old ones,\n    – leaking ones,\n• pumps.") == [
        "The report names these causes: canals: old ones, leaking ones, pumps."
    ]


def test_a_paragraph_after_a_list_is_its_own() -> None:
    assert texts(f"The report names these causes:\n- canals;\n- pumps.\n{DAM}") == [
        "The report names these causes: canals; pumps.",
        DAM,
    ]


def test_a_group_knows_whether_it_is_a_list() -> None:
    words, items = groups(f"{WELLS}\n\n- canals;\n- pumps.")
    assert not words.is_list
    assert items.is_list


def test_a_range_of_numbers_does_not_make_a_list() -> None:
    line = "10 – 15 tankers leave the port of the valley every day, the harbour master said."
    assert texts(f"{WELLS}\n\n{line}") == [WELLS, line]


# quotation


@pytest.mark.parametrize("quote", ["“{}”", '"{}"', "«{}»", "‘{}’"])
@pytest.mark.parametrize("between", ["\n", "\n\n"], ids=["next line", "blank line"])
def test_a_quotation_belongs_to_the_line_that_introduces_it(quote: str, between: str) -> None:
    quotation = quote.format("Nobody here has water.")
    assert texts(f"The oldest of the farmers put it like this:{between}{quotation}\n\n{DAM}") == [
        f"The oldest of the farmers put it like this: {quotation}",
        DAM,
    ]


@pytest.mark.parametrize("end", [",", " –", " —"])
def test_a_comma_or_a_dash_introduces_a_quotation_too(end: str) -> None:
    assert texts(f"The oldest of the farmers said{end}\n“Nobody here has water.”") == [
        f"The oldest of the farmers said{end} “Nobody here has water.”"
    ]


def test_a_quotation_after_a_sentence_is_a_paragraph() -> None:
    assert texts(f"{WELLS}\n“Nobody here has water,” said one of the farmers.\n{DAM}") == [
        WELLS,
        "“Nobody here has water,” said one of the farmers.",
        DAM,
    ]


def test_who_said_it_belongs_to_the_quotation() -> None:
    assert texts(f"“Nobody in this village has any water,”\nsaid the oldest of the farmers.\n\n{DAM}") == [
        "“Nobody in this village has any water,” said the oldest of the farmers.",
        DAM,
    ]


# letters without case


def test_lines_in_arabic_are_paragraphs() -> None:
    lines = [
        "قالت الوزارة إن كمية المياه التي تصل إلى الجنوب انخفضت هذا العام بنسبة كبيرة.",
        "وقال المزارعون إن الحصة لا تكفي لزراعة ثانية في هذا الموسم الصعب.",
        "وأضافت الوزارة أنها ستدرس الأمر.",
        "ولم يتضح بعد متى تنتهي الدراسة ولا من يقوم بها في المحافظات كلها.",
    ]
    assert texts("\n".join(lines)) == lines
    assert texts("\n\n".join(lines)) == lines


def test_furniture_between_lines_in_arabic_takes_no_line_with_it() -> None:
    before = "قالت الوزارة إن كمية المياه التي تصل إلى الجنوب انخفضت هذا العام بنسبة كبيرة."
    after = "وقال المزارعون إن الحصة لا تكفي لزراعة ثانية في هذا الموسم الصعب."
    assert texts(f"{before}\nإعلان\n{after}") == [before, after]


def test_lines_in_kurdish_are_paragraphs() -> None:
    lines = ["ئەنجوومەنی شار ژمارەی بیرەکانی ڕاگەیاند.", "جووتیاران دەڵێن ئاو نەماوە لە جۆگەکەدا."]
    assert texts("\n".join(lines)) == lines


# sizes


def test_a_run_of_lines_longer_than_a_block_is_read_in_pieces_without_a_seam() -> None:
    wells = [
        f"Well number {number} of the valley was found to be dry when the council came to look."
        for number in range(1200)
    ]
    found = texts("\n".join(wells))
    assert found == wells


def test_groups_come_before_the_article_has_been_read_to_its_end() -> None:
    taken = 0

    def stream() -> Iterator[bytes]:
        nonlocal taken
        for _ in range(1000):
            taken += 1
            yield f"{WELLS}\n".encode()
            yield b"\n"

    next(groups_of(read_lines(stream(), "article")))
    assert taken < 10

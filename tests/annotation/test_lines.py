"""What a single line tells: its end, its beginning, its mark."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iraqstance.annotation import lines as look
from iraqstance.annotation.normalise import BLANKS, collapse

CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
LINES = st.text(CHARACTERS, max_size=120).map(lambda text: "".join(text.splitlines()))


def named(*lines: str) -> list[object]:
    """Return the lines as parameters whose ids can be read."""
    return [pytest.param(line, id=line.encode("ascii", "backslashreplace").decode()[:40] or "empty") for line in lines]


@pytest.mark.parametrize(
    "line", named("-", "---", "– – –", "—", "***", "* * *", "___", "=====", "~~~", "###", "• • •", "-\u200b-", "- =")
)
def test_dashes_bullets_and_drawn_lines_are_rules(line: str) -> None:
    assert look.is_rule(line)


@pytest.mark.parametrize("line", named("- a", "a -", "-5", "# 1", "*Note", "--- end ---", ".", "…", "1"))
def test_a_line_with_a_word_or_a_number_is_no_rule(line: str) -> None:
    assert not look.is_rule(line)


@pytest.mark.parametrize(
    "mark",
    named(
        "• ", "•", "▪ ", "◦ ", "● ", "* ", "*", "· ", "✓ ", "- ", "– ", "— ", "-\u00a0", "-\t", "o ", "1. ", "12. ",
        "1) ", "(1) ", "12) ", "(12) ", "1.\u00a0", "a) ", "(b) ", "ii) ", "(iv) ", "  • ", "•\u200b ",
    ),
)  # fmt: skip
def test_a_list_mark_is_told_from_the_words_after_it(mark: str) -> None:
    line = f"{mark}Wells are dug by hand"
    assert line[look.content_start(line) :] == "Wells are dug by hand"


@pytest.mark.parametrize(
    "line",
    named(
        "Wells are dug by hand",
        "1921 was a dry year",
        "1921. That was a dry year",
        "3.5 million people drink from it",
        "-5 degrees at night",
        "-wells",
        "of all the wells one is left",
        "a well was dug",
        "Iraq) and its rivers",
        "(see the map) Wells are dug",
        "“Wells are dug by hand",
        "12 wells are dug by hand",
        "•",
        "-",
        "",
    ),
)
def test_a_line_without_a_list_mark_begins_at_its_first_character(line: str) -> None:
    assert look.content_start(line) == 0


@pytest.mark.parametrize(
    "line",
    named(
        "10 – 15 tankers leave the port every day",
        "20 - 30 villages have no well",
        "5–6 tankers leave",
        "7 — seven! — wells are left",
    ),
)
def test_a_range_of_numbers_is_no_list_mark(line: str) -> None:
    """A paragraph that begins with "10 – 15" keeps both numbers."""
    assert look.render(line) == line


def test_a_dash_goes_on_with_the_sentence_of_the_line_before() -> None:
    before = "The canal that feeds the lower fields"
    assert look.content_start("– or what is left of it – is dry.", before) == 0
    assert look.content_start("— or what is left of it — is dry.", before) == 0


@pytest.mark.parametrize(
    ("line", "before"),
    [
        pytest.param("– old wells", "The report of the council names these causes:", id="after a lead-in"),
        pytest.param("– old wells", "The canal that feeds the fields is dry.", id="after a sentence"),
        pytest.param("– Old wells", "The canal that feeds the lower fields", id="before a capital"),
        pytest.param("- old wells", "The canal that feeds the lower fields", id="a hyphen"),
        pytest.param("– old wells", "Three causes", id="after a few words"),
        pytest.param("– old wells", None, id="after nothing"),
    ],
)
def test_a_dash_is_a_list_mark_where_no_sentence_was_left_open(line: str, before: str | None) -> None:
    assert look.content_start(line, before) == 2


@pytest.mark.parametrize(
    "line",
    named(
        "It is dry.", "It is dry!", "Is it dry?", "It is dry…", "It is dry...", "“It is dry.”", "It is dry.'",
        "(It is dry.)",
        "«It is dry.»", "It is dry.[3]", "It is dry. [12]", "It is dry.[1][2]", "It is dry.²", "It is dry.”¹⁴",
        "هل جف النهر؟", "نهر ۔",
    ),
)  # fmt: skip
def test_a_sentence_ends_at_its_stop_whatever_closes_behind_it(line: str) -> None:
    assert look.ends_sentence(line)
    assert look.ends_clause(line)


@pytest.mark.parametrize(
    "line", named("It is dry", "It is dry,", "It is dry. And", "v2.0", "3.5 m", "It is dry. –", "", "”")
)
def test_a_line_without_a_stop_at_its_end_ends_no_sentence(line: str) -> None:
    assert not look.ends_sentence(line)
    assert not look.ends_clause(line)


@pytest.mark.parametrize("line", named("These are dry:", "One is dry;"))
def test_a_colon_and_a_semicolon_end_a_clause_and_no_sentence(line: str) -> None:
    assert look.ends_clause(line)
    assert not look.ends_sentence(line)


@pytest.mark.parametrize(
    "line",
    named(
        "the wells, the canal,", "قال،", "the half-", "the wells –", "the wells —", "the wells (", "she said “",
        "and/", "salt &",
        "the water of the", "the water that", "said President", "they met Mr.", "they met Gen", "salt and", "in",
    ),
)  # fmt: skip
def test_a_line_breaks_off_at_a_comma_a_hyphen_or_a_little_word(line: str) -> None:
    assert look.breaks_off(line)


@pytest.mark.parametrize("line", named("the water is gone", "the water is gone.", "Aswan", "the bath", "the plan:", ""))
def test_a_line_that_may_end_where_it_does_does_not_break_off(line: str) -> None:
    assert not look.breaks_off(line)


@pytest.mark.parametrize(
    "line",
    named(
        "in the U.S.", "they met Dr.", "with Gov.", "on 3 Sept.", "wells, dams, etc. vs.", "(U.N.", "J.", "Tigris Co."
    ),
)
def test_the_full_stop_of_an_abbreviation_is_known(line: str) -> None:
    assert look.ends_with_abbreviation(line)


@pytest.mark.parametrize("line", named("it is dry.", "in the US", "they met Dr", "in the mango.", "the cold war.", ""))
def test_a_full_stop_after_a_word_ends_a_sentence(line: str) -> None:
    assert not look.ends_with_abbreviation(line)


@pytest.mark.parametrize(("line", "lower"), [("wells", True), ("élan", True), ("Wells", False), ("iPhone", False)])
def test_a_brand_with_an_inner_capital_does_not_go_on_with_a_sentence(line: str, *, lower: bool) -> None:
    assert look.opens_lower(line) is lower


@pytest.mark.parametrize("line", named("", "9 wells", "بئر", "“wells"))
def test_figures_letters_without_case_and_quotes_do_not_open_in_lower_case(line: str) -> None:
    assert not look.opens_lower(line)


@pytest.mark.parametrize("line", named("“No”", '"No"', "«No»", "„No“", "‘No’", "'No'"))
def test_every_kind_of_quotation_mark_opens_a_quotation(line: str) -> None:
    assert look.opens_quotation(line)


@pytest.mark.parametrize("line", named("No”", "(“No”)", ""))
def test_a_quotation_opens_at_the_first_character(line: str) -> None:
    assert not look.opens_quotation(line)


@pytest.mark.parametrize(
    "line",
    named(
        "Water of the South", "A Canal in Ruins", "Who Pays for the Water?", "“Second Rivers” and the Sea",
        "Ten Wells, 12 Villages",
        "THE LAST CANAL",
    ),
)  # fmt: skip
def test_a_title_capitalises_its_weighty_words(line: str) -> None:
    assert look.is_title_case(line)


@pytest.mark.parametrize(
    "line", named("Water of the south is gone", "Water", "", "12 13 14", "of the", "النهر والبحر", "— –")
)
def test_a_sentence_a_single_word_and_letters_without_case_are_no_title_case(line: str) -> None:
    assert not look.is_title_case(line)


@pytest.mark.parametrize("dash", [*"-–—‒―", "--", "—\u00a0"], ids=ascii)
def test_a_dash_behind_the_last_sentence_goes(dash: str) -> None:
    assert look.without_trailing_dash(f"The canal is dry. {dash}".strip(BLANKS)) == "The canal is dry."


@pytest.mark.parametrize(
    "line", named("The canal –", "The canal is dry", "The canal is half-", "1914–", "The canal is dry.-", "")
)
def test_a_dash_that_belongs_to_the_sentence_stays(line: str) -> None:
    assert look.without_trailing_dash(line) == line


@pytest.mark.parametrize(
    ("extract", "text"),
    [
        pytest.param("The canal\nis dry.", "The canal is dry.", id="lines are joined"),
        pytest.param("The canal\n\n  is\tdry.", "The canal is dry.", id="blank lines and tabs"),
        pytest.param("Three causes:\n- salt;\n- heat.", "Three causes: salt; heat.", id="list marks go"),
        pytest.param("• salt;\n• heat.", "salt; heat.", id="a list without lead-in"),
        pytest.param("Three causes:\n1. salt;\n2. heat.", "Three causes: salt; heat.", id="numbers of a list go"),
        pytest.param("One.\n---\nTwo.", "One. Two.", id="rules go"),
        pytest.param("One. –\nTwo. -", "One. Two.", id="stray dashes go"),
        pytest.param("- One.", "One.", id="a dash before a paragraph goes"),
        pytest.param("inter-\nnational", "inter-national", id="a divided word loses its space"),
        pytest.param("in 1914-\nnobody", "in 1914- nobody", id="a number and a hyphen keep theirs"),
        pytest.param("pro-\nSaudi", "pro- Saudi", id="a capital after a hyphen keeps its space"),
        pytest.param("a\u00a0b\u200bc", "a bc", id="odd spaces"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_a_paragraph_is_rendered_as_one_line(extract: str, text: str) -> None:
    assert look.render(extract) == text


@given(st.lists(LINES, max_size=6).map("\n".join))
@settings(max_examples=200)
def test_rendered_text_is_collapsed(extract: str) -> None:
    assert look.render(extract) == collapse(look.render(extract))


@given(LINES.filter(lambda line: line.strip(BLANKS) != ""), st.text(st.sampled_from(BLANKS), max_size=5))
@settings(max_examples=200)
def test_blanks_around_lines_do_not_change_the_rendering(line: str, blanks: str) -> None:
    padded = "\n".join([blanks + line + blanks, blanks, "Nobody came."])
    assert look.render(padded) == look.render(f"{line}\nNobody came.")

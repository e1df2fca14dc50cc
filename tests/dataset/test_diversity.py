"""How varied texts are: known answers, equal samples, and the stored figures."""

import json
import math
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, replace

import pytest
from conftest import ARTICLES, ROOT
from iraqstance.annotation.errors import InputError, MissingExtraError
from iraqstance.dataset.diversity import (
    SAMPLING,
    Diversity,
    article_texts,
    closeness,
    distinct,
    diversity,
    diversity_table,
    echoing,
    measurement,
    open_texts,
    openings,
    phrases,
    stock_share,
    words_of,
)

MEASURED = ROOT / "dataset" / "measured" / "diversity.json"
SMALL = replace(SAMPLING, mixed=20, words=12, paragraphs=2, grouped=20, groups=2, group_words=6, passage_words=3)


def split(*texts: str) -> list[list[str]]:
    return list(map(words_of, texts))


def numbered(groups: int, words: int) -> dict[str, list[str]]:
    """Return groups of two texts in which no word ever comes back."""
    return {
        f"group {group}": [" ".join(f"w{group}x{text}x{word}" for word in range(words)) for text in range(2)]
        for group in range(groups)
    }


# --- words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Baghdad, BAGHDAD — baghdad!", ["baghdad", "baghdad", "baghdad"]),
        ("Iraq’s and Iraq's", ["iraq", "s", "and", "iraq", "s"]),
        ("a well-kept\n\tport", ["a", "well", "kept", "port"]),
        ("2,500 men", ["2", "500", "men"]),
        ("ﬁne Straße", ["fine", "strasse"]),
        ("… — !", []),
        ("", []),
    ],
)
def test_words_are_runs_of_letters_and_digits_in_one_case(text: str, words: list[str]) -> None:
    assert words_of(text) == words


# --- distinct-n


@pytest.mark.parametrize("size", [1, 2, 3])
def test_distinct_is_1_where_nothing_comes_back(size: int) -> None:
    assert distinct(split("the river rose at night"), size) == 1


@pytest.mark.parametrize(("size", "share"), [(1, 2 / 6), (2, 2 / 5), (3, 2 / 4)])
def test_distinct_is_the_share_of_distinct_runs_among_all(size: int, share: float) -> None:
    """Of *a b a b a b*: a, b; ab, ba; aba, bab."""
    assert distinct(split("a b a b a b"), size) == pytest.approx(share)


def test_no_run_crosses_from_one_paragraph_into_the_next() -> None:
    assert distinct(split("a b", "a b"), 2) == 1 / 2  # ab, ab, and no ba
    assert math.isnan(distinct(split("a", "b"), 2))


def test_distinct_of_nothing_is_undefined() -> None:
    assert math.isnan(distinct([], 1))
    assert math.isnan(distinct([[]], 1))


# --- openings


def test_openings_are_the_share_of_distinct_first_three_words() -> None:
    given = split("The port said no.", "the port said: yes", "The port closed", "Then")
    assert openings(given) == 3 / 4
    assert math.isnan(openings([]))


# --- closeness


def test_passages_of_the_same_words_in_different_groups_have_a_cosine_of_1() -> None:
    assert closeness(split("rain on tin", "tin on rain"), [1, 2]) == pytest.approx((1, 1))


def test_passages_without_a_word_in_common_have_a_cosine_of_0() -> None:
    assert closeness(split("rain on tin", "sun at noon"), [1, 2]) == (0, 0)


def test_likeness_inside_a_group_does_not_count() -> None:
    assert closeness(split("rain on tin", "rain on tin", "sun at noon"), [1, 1, 2]) == (0, 0)


def test_the_best_cosine_takes_the_nearest_passage_and_the_mean_takes_all() -> None:
    """Two pairs of equal words in four groups: each passage has one like it among three."""
    assert closeness(split("a b", "a b", "c d", "c d"), [1, 2, 3, 4]) == pytest.approx((1, 1 / 3))


def test_the_cosine_is_the_one_worked_by_hand() -> None:
    """*a b* and *a c*: smoothed idf is 1 for a, and 1 + ln(3 / 2) for b and c."""
    rare = 1 + math.log(3 / 2)
    assert closeness(split("a b", "a c"), ["x", "y"])[0] == pytest.approx(1 / (1 + rare**2))


@pytest.mark.parametrize(
    ("passages", "groups"), [([], []), ([["a"]], [1]), ([["a"], ["a"]], [1, 1]), ([[], []], [1, 2])]
)
def test_closeness_needs_two_groups_and_a_word(passages: list[list[str]], groups: list[int]) -> None:
    assert all(map(math.isnan, closeness(passages, groups)))


def test_cosines_need_the_extra_train(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.feature_extraction.text", None)
    with pytest.raises(MissingExtraError, match=r"iraqstance\[train\]"):
        closeness(split("a b", "a c"), [1, 2])


# --- phrases


def test_echoing_is_the_share_of_passages_with_five_words_of_another_group() -> None:
    given = split("he sold the last blue boat", "she sold the last blue boat", "he sold the last boat", "gone")
    assert echoing(given, [1, 2, 3, 3]) == 2 / 4
    assert echoing(given[:2], [1, 1]) == 0
    assert math.isnan(echoing([], []))


def test_a_phrase_counts_once_for_each_group_that_uses_it() -> None:
    used = phrases(
        {"x": ["One two three four five.", "one two three four five six"], "y": ["One, two, three, four, five"]}
    )
    assert list(used.items()) == [("one two three four five", 2), ("two three four five six", 1)]
    assert phrases({"x": ["too short for one"]}) == {}


def test_a_stock_phrase_stands_in_three_other_groups() -> None:
    stock = "at the end of the day"
    four = {name: [stock, f"here the {name} boat left again"] for name in "abcd"}
    assert stock_share(four) == 1 / 2
    assert stock_share({name: four[name] for name in "abc"}) == 0
    assert stock_share({"a": [stock] * 9}) == 0
    assert math.isnan(stock_share({}))


# --- whole sets


def test_a_set_in_which_nothing_comes_back_is_wholly_distinct() -> None:
    found = diversity(numbered(groups=3, words=5), SMALL)
    assert (found.paragraphs, found.groups, found.words, found.length) == (6, 3, 30, (5, 5, 5))
    assert {found.distinct_1, found.distinct_2, found.distinct_3, found.openings} == {(1, 1, 1)}
    assert {found.grouped_distinct_1, found.grouped_distinct_2, found.grouped_distinct_3} == {(1, 1, 1)}
    assert {found.best_cosine, found.mean_cosine, found.echoing} == {(0, 0, 0)}


def test_a_set_of_one_repeated_word_is_as_little_distinct_as_its_samples_allow() -> None:
    found = diversity({"x": ["no no no no no no"], "y": ["no no no no no no"]}, SMALL)
    assert found.distinct_1 == pytest.approx((1 / 12,) * 3)
    assert found.distinct_2 == pytest.approx((1 / 10,) * 3)  # two paragraphs of five pairs
    assert found.openings == pytest.approx((1 / 2,) * 3)
    assert found.best_cosine == found.mean_cosine == pytest.approx((1, 1, 1))


def test_a_larger_set_of_the_same_variety_has_the_same_figures() -> None:
    """Shares of a whole set would fall with its size; those of equal samples do not."""
    few, many = (diversity(numbered(groups, words=5), SMALL) for groups in (3, 40))
    assert asdict(few) | {"paragraphs": 80, "groups": 40, "words": 400} == asdict(many)


def test_the_order_of_groups_and_texts_does_not_matter() -> None:
    texts = open_texts()["stories: opinion"]
    turned = {name: texts[name][::-1] for name in reversed(texts)}
    sampling = replace(SAMPLING, mixed=5, grouped=5)
    assert diversity(turned, sampling) == diversity(texts, sampling)


def test_case_and_marks_do_not_matter() -> None:
    texts = numbered(groups=3, words=5)
    shouted = {name: [f"“{text.upper()}!” " for text in given] for name, given in texts.items()}
    assert diversity(shouted, SMALL) == diversity(texts, SMALL)


@pytest.mark.parametrize("texts", [{}, {"x": []}, {"x": ["", "—"]}])
def test_a_set_without_words_has_no_figures(texts: Mapping[str, list[str]]) -> None:
    assert diversity(texts) == Diversity(0, 0, 0, *[None] * 11)


def test_a_set_smaller_than_its_samples_is_not_measured_on_smaller_ones() -> None:
    found = diversity({"x": ["one paragraph of six words only"]}, SMALL)
    assert (found.paragraphs, found.length) == (1, (6, 6, 6))
    assert {
        value for key, value in asdict(found).items() if key not in {"paragraphs", "groups", "words", "length"}
    } == {None}


def test_groups_too_short_for_a_grouped_sample_are_passed_over() -> None:
    texts = numbered(groups=2, words=5) | {"short": ["w0x0x0 w0x0x1"]}
    assert diversity(texts, SMALL).best_cosine == (0, 0, 0)
    texts["short"][0] += " w0x0x2 w0x0x3 w0x0x4 and one more"
    assert diversity(texts, SMALL).best_cosine != (0, 0, 0)


# --- the table


def test_the_table_has_two_decimals_and_says_what_is_undefined() -> None:
    row = {"name": "few", **asdict(diversity({"x": ["one two three"]}, SMALL))}
    row["distinct_2"] = [0.12345, 0.1, 0.2]
    head, lines = diversity_table([row])
    cells = dict(zip(head, lines[0], strict=True))
    assert cells["texts"] == "few"
    assert cells["words"] == "3 [3, 3]"
    assert cells["distinct-2"] == "0.12 [0.10, 0.20]"
    assert cells["best cosine"] == "undefined"


# --- the stored figures


def test_the_stored_figures_are_those_of_the_data() -> None:
    """With the articles at hand all of them, otherwise those of the open edition."""
    stored = json.loads(MEASURED.read_text(encoding="utf-8"))
    assert [row["name"] for row in stored["rows"]][-2:] == ["restatements", "articles"]
    articles = ARTICLES if ARTICLES.is_dir() else None
    found = measurement(articles)
    if articles is None:
        stored["rows"] = [row for row in stored["rows"] if row["name"] != "articles"]
        stored["data"] = {name: value for name, value in stored["data"].items() if name.endswith(".parquet")}
    assert found == stored, "run: python benchmarks/diversity.py --articles FOLDER --write"


def test_the_stored_phrases_are_the_open_editions_own() -> None:
    stored = json.loads(MEASURED.read_text(encoding="utf-8"))
    own = [" ".join(words_of(text)) for texts in open_texts()["stories"].values() for text in texts]
    assert stored["phrases"]["top"]
    for phrase, groups in stored["phrases"]["top"]:
        assert sum(phrase in text for text in own) >= groups


def test_articles_that_are_not_the_catalogued_ones_are_not_measured() -> None:
    with pytest.raises(InputError, match=r"964media-2024-12\.txt.*the file is not there"):
        article_texts(ROOT / "benchmarks")


def test_figures_without_the_articles_are_not_stored() -> None:
    command = [sys.executable, ROOT / "benchmarks" / "diversity.py", "--write"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--write needs --articles" in done.stderr

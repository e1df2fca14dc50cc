"""The order of labelling: what is unsure first, in turns over what differs, repetitions last."""

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import pytest
from cups import CORPUS, STANCES, TEXTS
from hypothesis import given, settings
from hypothesis import strategies as st
from iraqstance.annotation.errors import UsageError
from iraqstance.training.classifier import Classifier, fit
from iraqstance.training.corpus import Corpus, packaged_corpus
from iraqstance.training.selection import Ranked, ranked, uncertainty_order

# What each place sells: words that the model has never seen, so that they change no probability much.
PLACES = {
    "harbour": "ropes anchors oars nets buoys sails crates gulls",
    "school": "chalk pupils exams benches maps pencils classes headmaster",
    "clinic": "nurses doctors syringes wards vaccines bandages patients surgeons",
    "stadium": "goals referees whistles pitches cups trainers penalties supporters",
}


@pytest.fixture(scope="module")
def model() -> Classifier:
    return fit(CORPUS)


@pytest.fixture(scope="module")
def stance_model() -> Classifier:
    return fit(replace(CORPUS, topics=None))


def margin(shares: Sequence[float]) -> float:
    first, second = sorted(shares, reverse=True)[:2]
    return 1 - (first - second)


odd = st.sampled_from(["", " ", "?!", "☕️", "a", "قهوة مرّة", "这杯茶很好喝", "tea \ud83d", "te\u200ba", "x" * 3000])
any_text = st.text(max_size=40) | odd | st.sampled_from(TEXTS)


@given(st.lists(any_text, max_size=12), st.lists(any_text, max_size=4))
@settings(max_examples=60)
def test_every_text_has_one_place_and_always_the_same(model: Classifier, texts: list[str], labelled: list[str]) -> None:
    found = ranked(model, texts, labelled)
    assert sorted(place.row for place in found) == list(range(len(texts)))
    assert all(0 <= place.uncertainty <= 1 for place in found)
    assert [place.near_duplicate for place in found] == sorted(place.near_duplicate for place in found)
    assert ranked(model, list(texts), tuple(labelled)) == found
    assert uncertainty_order(model, texts, labelled) == [place.row for place in found]


def test_the_unsure_text_comes_first_and_what_teaches_nothing_last(stance_model: Classifier) -> None:
    texts = ["?!", "“the TEA   was stale”", "Such lovely fresh tea", "Lovely and awful at once", "Burnt and bitter"]
    found = ranked(stance_model, texts, labelled=TEXTS)
    assert found[0].row == 3
    assert [place.row for place in found][-2:] == [1, 0]
    assert [place.near_duplicate for place in found] == [False, False, False, True, True]


def test_uncertainty_of_stance_is_the_margin_of_the_two_best(stance_model: Classifier) -> None:
    texts = ["Lovely", "Awful tea", "Lovely awful coffee", ""]
    unsure = {place.row: place.uncertainty for place in ranked(stance_model, texts)}
    for row, said in enumerate(stance_model.predict(texts)):
        assert unsure[row] == pytest.approx(margin(list((said.stance_scores or {}).values())), abs=1e-8)


@pytest.mark.parametrize("threshold", [0.5, 0.2])
def test_uncertainty_of_topics_is_that_of_the_topic_nearest_to_the_threshold(threshold: float) -> None:
    model = replace(fit(replace(CORPUS, stances=None)), threshold=threshold)
    texts = ["Tea", "Coffee", "Lovely", "Coffee or tea"]
    unsure = {place.row: place.uncertainty for place in ranked(model, texts)}
    for row, said in enumerate(model.predict(texts)):
        shares = (said.topic_scores or {}).values()
        near = max(share / threshold if share < threshold else (1 - share) / (1 - threshold) for share in shares)
        assert unsure[row] == pytest.approx(near, abs=1e-8)


def test_stance_and_topics_count_alike(model: Classifier) -> None:
    texts = ["Lovely", "Awful tea", "Coffee"]
    both, stance, topics = (
        {place.row: place.uncertainty for place in ranked(one, texts)}
        for one in (model, replace(model, topics=None), replace(model, stance={}))
    )
    assert all(both[row] == pytest.approx((stance[row] + topics[row]) / 2, abs=1e-8) for row in range(3))


@pytest.mark.parametrize("stances", [("likes",) * 10, STANCES], ids=["a stance that never varies", "two stances"])
def test_a_model_of_two_targets_counts_their_mean_or_the_named_one(stances: tuple[str, ...]) -> None:
    both = Corpus("cups", TEXTS * 2, STANCES + stances[::-1], None, None, ("ours",) * 10 + ("theirs",) * 10)
    model, texts = fit(both, constant=True), ["Lovely", "Awful tea", "Coffee"]
    mean, ours, theirs = (
        {place.row: place.uncertainty for place in ranked(model, texts, target=target)}
        for target in (None, "ours", "theirs")
    )
    assert all(mean[row] == pytest.approx((ours[row] + theirs[row]) / 2, abs=1e-8) for row in range(3))
    if len(set(stances)) == 1:
        assert set(theirs.values()) == {0}
    with pytest.raises(UsageError, match="the model holds no such target"):
        ranked(model, texts, target="yours")


def test_no_texts_have_no_order_and_one_text_is_first(model: Classifier) -> None:
    assert ranked(model, []) == []
    assert uncertainty_order(model, ["Lovely tea"], labelled=[]) == [0]
    assert ranked(model, [""]) == [Ranked(0, ranked(model, [""])[0].uncertainty, near_duplicate=True)]


def test_equal_texts_keep_their_order_and_only_the_first_is_no_repetition(model: Classifier) -> None:
    found = ranked(model, ["Lovely tea"] * 50)
    assert [place.row for place in found] == list(range(50))
    assert [place.near_duplicate for place in found] == [False] + [True] * 49


LONG = (
    "The minister said on Monday that the talks about gas, water and the border posts would go on for another week, "
    "and that nobody in the “working group” had asked for more than that."
)


@pytest.mark.parametrize(
    "text",
    [
        LONG.upper(),
        LONG.replace("“", '"').replace("”", '"'),
        LONG.replace("“", "«").replace("”", "»"),
        LONG.replace(" ", "\u00a0 \n"),
        f"  — {LONG} …",
        LONG.replace("talks", "ta\u200blks"),
        LONG.replace("gas", "ｇａｓ"),
        LONG.replace("Monday", "Sunday"),
        LONG.replace("another week", "another month"),
        LONG + " He was brief.",
    ],
    ids=["case", "quotes", "other quotes", "spaces", "marks", "zero width", "wide letters", "word", "two words", "end"],
)
def test_what_nearly_repeats_a_labelled_text_comes_last(model: Classifier, text: str) -> None:
    found = ranked(model, [text, "Lovely tea", "The coffee was burnt in the harbour"], labelled=["Tea", LONG])
    assert (found[-1].row, found[-1].near_duplicate) == (0, True)
    assert not any(place.near_duplicate for place in found[:-1])


@pytest.mark.parametrize(
    "text",
    [
        LONG[: len(LONG) // 2],
        LONG + " " + LONG[::-1],
        "The minister said on Monday that no talks were planned.",
        "The tea was fresh",
    ],
    ids=["half of it", "twice as long", "the same beginning", "another text"],
)
def test_what_merely_shares_words_with_a_labelled_text_is_no_repetition(model: Classifier, text: str) -> None:
    assert not ranked(model, [text], labelled=[LONG])[0].near_duplicate


def test_of_texts_that_repeat_one_another_the_first_of_the_order_stays(model: Classifier) -> None:
    texts = [LONG, "Lovely tea", LONG.replace("Monday", "Sunday"), LONG.upper(), "Awful burnt coffee"]
    found = ranked(model, texts)
    repeats = [place for place in found if place.row in {0, 2, 3}]
    assert [place.near_duplicate for place in repeats] == [False, True, True]
    assert repeats[0].uncertainty == max(place.uncertainty for place in repeats)
    assert [place.row for place in found[-2:]] == [place.row for place in repeats[1:]]


def similarity(left: str, right: str) -> float:
    """Return the Jaccard similarity of 5-character shingles of texts in plain small letters."""
    one, other = ({text[place : place + 5] for place in range(max(1, len(text) - 4))} for text in (left, right))
    return len(one & other) / len(one | other)


def test_repetitions_are_those_of_the_given_similarity(model: Classifier) -> None:
    """Candidates are drawn by chance with a fixed seed: none is taken unverified, none of 0.85 or more is missed."""
    draw = random.Random(20250120)  # noqa: S311 - no secret
    words = " ".join(PLACES.values()).split()
    originals = [draw.choices(words, k=40) for _ in range(30)]
    edited = [
        [draw.choice(words) if draw.random() < share else word for word in original]
        for original in originals
        for share in (0.01, 0.03, 0.06, 0.1, 0.2)
    ]
    texts = [" ".join(text) for text in edited]
    labelled = [" ".join(text) for text in originals]
    found = ranked(model, texts, labelled)
    held = labelled + [texts[place.row] for place in found if not place.near_duplicate]
    for place in found:
        others = [text for text in held if place.near_duplicate or text is not texts[place.row]]
        nearest = max(similarity(texts[place.row], other) for other in others)
        assert nearest >= 0.8 if place.near_duplicate else nearest < 0.85
    assert 20 < sum(place.near_duplicate for place in found) < 130


def crowd() -> tuple[list[str], list[str]]:
    """Return texts and their places: two dozen unsure ones of the harbour, fewer and surer ones of other places."""
    draw = random.Random(7)  # noqa: S311 - no secret
    texts, places = [], []
    for place, words in PLACES.items():
        for number in range(24 if place == "harbour" else 8):
            view = "Lovely and awful" if place == "harbour" else ("Lovely, fresh", "Awful, burnt")[number % 2]
            texts.append(f"{view}: {' '.join(draw.sample(words.split(), 6))}")
            places.append(place)
    return texts, places


def test_the_first_texts_differ_more_than_those_of_the_smallest_margin(stance_model: Classifier) -> None:
    texts, places = crowd()
    found = ranked(stance_model, texts)
    assert not any(place.near_duplicate for place in found)
    by_margin = sorted(found, key=lambda place: -place.uncertainty)[:8]
    assert {places[place.row] for place in by_margin} == {"harbour"}
    assert {places[place.row] for place in found[:8]} == set(PLACES)
    assert alike(texts, found[:8]) < alike(texts, by_margin) / 2
    assert found[0].row == by_margin[0].row


def alike(texts: Sequence[str], places: Sequence[Ranked]) -> float:
    """Return the mean share of words that two of the texts have in common."""
    words = [set(texts[place.row].casefold().split()) for place in places]
    pairs = list(combinations(words, 2))
    return sum(len(left & right) / len(left | right) for left, right in pairs) / len(pairs)


def test_within_a_cluster_the_more_uncertain_text_comes_first(stance_model: Classifier) -> None:
    """And so all of the texts are in order of uncertainty where there is one cluster."""
    found = ranked(stance_model, ["Lovely", "Lovely and awful", "Awful, burnt"])
    assert [place.uncertainty for place in found] == sorted((place.uncertainty for place in found), reverse=True)


def test_texts_without_two_letters_in_a_row_are_ordered_too(model: Classifier) -> None:
    assert sorted(uncertainty_order(model, ["a", "b", "c d", "1", "2", "x y z", "ث", "茶"])) == list(range(8))


def test_labelling_an_edition_in_rounds_reads_every_paragraph_once() -> None:
    corpus = packaged_corpus("validation")
    labelled, left = list(range(30)), list(range(30, len(corpus)))
    while left:
        model = fit(corpus.take(labelled), constant=True)
        known = [corpus.texts[row] for row in labelled]
        found = ranked(model, [corpus.texts[row] for row in left] + known[:3], known)
        assert {place.row for place in found[-3:]} == {len(left), len(left) + 1, len(left) + 2}
        assert [place.near_duplicate for place in found] == [False] * len(left) + [True] * 3
        unsure = [place.uncertainty for place in found[: len(left)]]
        assert unsure[0] == max(unsure)
        chosen = [left[place.row] for place in found[: min(40, len(left))]]
        labelled += chosen
        left = [row for row in left if row not in chosen]
    assert sorted(labelled) == list(range(len(corpus)))

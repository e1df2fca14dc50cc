"""Near-duplicates are found one by one and in crowds, and each is named with a few partners, not with all."""

import random
from collections.abc import Iterable
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iraqstance.annotation.normalise import fingerprint
from iraqstance.annotation.records import Paragraph
from iraqstance.dataset import duplicates
from iraqstance.dataset.duplicates import SIMILAR, NearDuplicates, near_duplicate_pairs, plain_text
from iraqstance.dataset.editions import Edition
from iraqstance.dataset.shingles import SHINGLE, ShingleSets
from iraqstance.dataset.ties import Tie, bundles_of, ties_of

LETTERS = "abcdefghijklmnop"


def words(chance: random.Random, count: int) -> list[str]:
    return ["".join(chance.choices(LETTERS, k=chance.randint(3, 8))) for _ in range(count)]


def repeated(count: int, edits: int, seed: int = 1, length: int = 60) -> list[str]:
    """Return texts that share one long passage, in each of which some words are others."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    passage, others = words(chance, length), words(chance, 400)
    texts = []
    for number in range(count):
        own = list(passage)
        for place in chance.sample(range(length), edits):
            own[place] = chance.choice(others)
        texts.append(" ".join([*own, f"cup{number}"]))
    return texts


def shingles(text: str) -> set[str]:
    return {text[start : start + SHINGLE] for start in range(max(1, len(text) - SHINGLE + 1))}


def jaccard(one: str, other: str) -> float:
    left, right = shingles(one), shingles(other)
    return len(left & right) / len(left | right)


@given(
    texts=st.lists(st.text(alphabet="abc é𝄞", max_size=30), min_size=1, max_size=12),
    crowded=st.sets(st.integers(0, 11)),
)
@settings(max_examples=200)
def test_similarities_are_those_of_the_sets_in_a_crowd_and_outside(texts: list[str], crowded: set[int]) -> None:
    crowd = np.array(sorted(number for number in crowded if number < len(texts)), dtype=np.int64)
    sets = ShingleSets(texts, crowd)
    for one in range(len(texts)):
        others = np.delete(np.arange(len(texts)), one)
        exact = [jaccard(texts[one], texts[other]) for other in others]
        expected = [found if found >= SIMILAR else 0 for found in exact]
        assert sets.similarities(one, others, SIMILAR).tolist() == expected


def test_a_crowd_is_compared_as_exactly_as_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is frequent and rare in it, and though the matrix holds but a part."""
    texts = [plain_text(text) for seed in range(3) for text in repeated(60, seed + 2, seed)]
    monkeypatch.setattr("iraqstance.dataset.shingles._FREQUENT", 8)
    monkeypatch.setattr("iraqstance.dataset.shingles._CELLS", 180 * 40)
    monkeypatch.setattr("iraqstance.dataset.shingles._BLOCK", 180 * 7)
    sets = ShingleSets(texts, np.arange(len(texts)))
    for one in range(0, len(texts), 7):
        found = sets.similarities(one, np.arange(len(texts)), 0.5)
        exact = np.array([jaccard(texts[one], other) for other in texts])
        found[one] = exact[one] = 0  # which nobody asks
        assert found.tolist() == np.where(exact >= 0.5, exact, 0).tolist()


@pytest.mark.parametrize("many", [0, 512], ids=["as a crowd", "one by one"])
def test_every_text_that_nearly_repeats_earlier_ones_is_named_with_the_first_five(
    monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    monkeypatch.setattr(duplicates, "_MANY", many)
    pairs = near_duplicate_pairs(repeated(40, 1))
    assert {other for _, other in pairs} == set(range(1, 40))
    assert all(sum(pair[1] == number for pair in pairs) == min(number, 5) for number in range(40))


def near_in(texts: list[str]) -> set[tuple[int, int]]:
    """Return all pairs that the index finds, each text on a side of its own."""
    return set(near_duplicate_pairs(texts, range(len(texts))))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("many", [5, 512], ids=["as a crowd", "one by one"])
def test_every_text_near_to_another_split_has_a_partner_there(
    monkeypatch: pytest.MonkeyPatch, seed: int, many: int
) -> None:
    """The earlier of the two as well, and each copy of the same words in another case."""
    monkeypatch.setattr(duplicates, "_MANY", many)
    chance = random.Random(seed)  # noqa: S311 - no secret
    texts = [*repeated(60, 5, seed), *repeated(20, 1, seed + 10), *repeated(20, 8, seed + 20)]
    texts += [text.upper() for text in texts[::4]]
    chance.shuffle(texts)
    sides = [chance.choice(["train", "validation", "test"]) for _ in texts]
    every, some = near_in(texts), set(near_duplicate_pairs(texts, sides))
    assert some < every
    assert across(some, sides) == across(every, sides)
    assert {other for _, other in some} >= {other for one, other in every if sides[one] == sides[other]}


def across(pairs: Iterable[tuple[int, int]], sides: list[str]) -> set[tuple[int, str]]:
    """Return which text has a partner in which other split."""
    both = [pair for one, other in pairs for pair in ((one, other), (other, one))]
    return {(one, sides[other]) for one, other in both if sides[one] != sides[other]}


def test_a_crowd_and_single_texts_give_the_same_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [*repeated(50, 4), *repeated(50, 2, 5, 20), *repeated(30, 1, 7, 9)]
    one_by_one = near_in(texts)
    monkeypatch.setattr(duplicates, "_MANY", 3)
    assert near_in(texts) == one_by_one
    plain = [plain_text(text) for text in texts]
    truth = {pair for pair in combinations(range(len(texts)), 2) if jaccard(plain[pair[0]], plain[pair[1]]) >= SIMILAR}
    assert one_by_one <= truth
    assert len(one_by_one) > 0.95 * len(truth)


@pytest.mark.parametrize("many", [3, 512], ids=["as a crowd", "one by one"])
def test_ties_join_exactly_what_is_near(monkeypatch: pytest.MonkeyPatch, many: int) -> None:
    monkeypatch.setattr(duplicates, "_MANY", many)
    texts = [*repeated(30, 3), *repeated(30, 9, 4)]
    groups = [f"g{number:02d}" for number in range(60)]
    paragraphs = [
        Paragraph(f"{group}/001", group, 0, len(text), text, fingerprint(text))
        for group, text in zip(groups, texts, strict=True)
    ]
    rows = [{"id": one.id, "group": one.article, "sha256": one.sha256, "text": one.text} for one in paragraphs]
    ties = ties_of(rows, Edition("cups", tuple(paragraphs), ()))
    bundles = bundles_of(groups, ties)
    assert bundles == bundles_of(groups, [Tie(groups[one], groups[other]) for one, other in near_in(texts)])
    assert len(ties) == 60 - len(bundles)


@pytest.mark.parametrize(("edits", "named"), [(0, 2_999), (4, 0)], ids=["near", "below the bound"])
def test_thousands_of_texts_that_share_a_passage_are_compared_in_full(edits: int, named: int) -> None:
    """Each has hundreds of candidates at least, and thousands where they are near."""
    pairs = near_duplicate_pairs(repeated(3_000, edits, length=40))
    assert named <= len({other for _, other in pairs}) <= named + 300
    assert len(pairs) <= 5 * 3_000


def test_the_index_holds_what_it_was_told_to_hold() -> None:
    texts = [plain_text(text) for text in repeated(4, 1)]
    index = NearDuplicates(5)
    numbers = dict(index.sketched([*texts, ""]))
    index.hold(texts[0], numbers[texts[0]])
    index.hold(texts[2], numbers[texts[2]])
    index.hold("", numbers[""])
    assert index.near(texts[3], numbers[texts[3]]).tolist() == [0, 2]
    assert index.near("", numbers[""]).tolist() == []

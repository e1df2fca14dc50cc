"""Groups are given out to splits."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iraqstance.annotation.errors import UsageError
from iraqstance.annotation.schema import Schema
from iraqstance.dataset.editions import labelled_rows, packaged_edition
from iraqstance.dataset.splits import SPLITS, split_groups, tied_groups

Rows = list[tuple[str, list[str]]]

some_rows = st.lists(
    st.tuples(st.sampled_from([f"story-{number}" for number in range(30)]), st.lists(st.sampled_from("abc"))),
    min_size=1,
    max_size=200,
)


@given(some_rows)
def test_every_group_gets_one_of_the_splits_whatever_the_order_of_rows(rows: Rows) -> None:
    found = split_groups(rows)
    assert set(found) == {group for group, _ in rows}
    assert set(found.values()) <= set(SPLITS)
    assert split_groups(rows[::-1]) == found


@given(some_rows, st.dictionaries(st.sampled_from(["story-1", "story-2"]), st.sampled_from(["train", "test"])))
def test_what_is_fixed_stays(rows: Rows, fixed: dict[str, str]) -> None:
    found = split_groups(rows, fixed=fixed)
    assert all(found[group] == split for group, split in fixed.items() if group in found)


@given(some_rows, st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29)), max_size=5))
def test_tied_groups_stay_together(rows: Rows, numbers: list[tuple[int, int]]) -> None:
    ties = [(f"story-{one}", f"story-{other}") for one, other in numbers]
    found = split_groups(rows, ties=ties)
    assert all(found[one] == found[other] for one, other in ties if one in found and other in found)


def test_each_split_gets_its_share_of_rows_and_of_each_label() -> None:
    chance = random.Random(7)  # noqa: S311 - no secret
    rows = [(f"story-{number % 200}", chance.choices(["a", "b", "c"], [5, 3, 2])) for number in range(1000)]
    found = split_groups(rows)
    for label in ("a", "b", "c"):
        counts = Counter(found[group] for group, labels in rows if label in labels)
        for split, share in SPLITS.items():
            assert counts[split] / counts.total() == pytest.approx(share, abs=0.04)


@pytest.mark.parametrize("shares", [{}, {"train": 0.7}, {"train": 1.5, "test": -0.5}])
def test_shares_that_do_not_sum_to_one_are_refused(shares: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="do not sum to 1"):
        split_groups([("story", ["a"])], shares)


def test_ties_between_two_fixed_splits_are_refused() -> None:
    rows: Rows = [("one", ["a"]), ("two", ["a"])]
    with pytest.raises(UsageError, match="two splits"):
        split_groups(rows, fixed={"one": "train", "two": "test"}, ties=[("one", "two")])
    with pytest.raises(UsageError, match="unknown"):
        split_groups(rows, fixed={"one": "dev"})


def test_rows_that_repeat_each_other_tie_their_groups() -> None:
    assert tied_groups([(0, 1), (1, 2), (0, 2)], ["one", "one", "two"]) == [("one", "two")]


def test_no_story_or_article_of_the_open_edition_stands_in_two_splits(schema: Schema) -> None:
    edition = packaged_edition("open")
    splits: dict[str, set[str]] = {}
    for paragraph in edition.paragraphs:
        splits.setdefault(edition.group(paragraph), set()).add(edition.splits[paragraph.id])
    assert all(len(found) == 1 for found in splits.values())
    assert {edition.splits[name] for name in edition.restates} == {"test"}
    rows, _ = labelled_rows(edition, schema)
    for stance in schema.stance_names:
        shares = [
            sum(row["stance"] == stance for row in part) / len(part)
            for split in SPLITS
            if (part := [row for row in rows if edition.splits[str(row["id"])] == split])
        ]
        assert max(shares) - min(shares) < 0.06

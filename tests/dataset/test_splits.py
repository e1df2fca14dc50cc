"""Groups are given out to splits."""

import random
from collections import Counter
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from conftest import TEA
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from iraqstance.annotation.errors import InputError, MissingExtraError, UsageError
from iraqstance.annotation.normalise import fingerprint
from iraqstance.annotation.records import Judgement, Paragraph
from iraqstance.annotation.schema import Schema
from iraqstance.dataset.build import build
from iraqstance.dataset.check import check
from iraqstance.dataset.duplicates import near_duplicate_pairs
from iraqstance.dataset.editions import Edition, labelled_rows, packaged_edition
from iraqstance.dataset.splits import SPLITS, shares_of, split_edition, split_groups, splits_in
from iraqstance.dataset.ties import Tie

Rows = list[tuple[str, list[str]]]

LEAKS = {"text-across-splits", "near-duplicate-across-splits", "restatement-across-splits", "group-across-splits"}
SYLLABLES = ("tea", "cup", "pot", "leaf", "milk", "sip", "kin", "let", "mor", "ver", "han", "dul")
WORDS = ["".join(parts) for parts in product(SYLLABLES, repeat=3)]

some_rows = st.lists(
    st.tuples(st.sampled_from([f"story-{number}" for number in range(30)]), st.lists(st.sampled_from("abc"))),
    min_size=1,
    max_size=200,
).filter(lambda rows: len({group for group, _ in rows}) >= len(SPLITS))


def tales(articles: int = 20, each: int = 3) -> Edition:
    """Return an edition about tea, in which no two texts are alike."""
    chance = random.Random(3)  # noqa: S311 - no secret
    paragraphs, judgements = [], []
    for number in range(articles * each):
        name = f"tale-{number // each:02d}/{number % each + 1:03d}"
        text = " ".join(chance.choices(WORDS, k=30))
        paragraphs.append(Paragraph(name, name.partition("/")[0], 0, len(text), text, fingerprint(text)))
        stances = {target: chance.choice(TEA.stance_names) for target in TEA.target_names}
        judgements.append(Judgement(name, "reader-1", stances, (chance.choice(TEA.topic_names),)))
    return Edition("default", tuple(paragraphs), tuple(judgements))


def with_text(edition: Edition, **texts: str) -> Edition:
    """Return the edition with other texts in the first paragraph of some articles, such as ``tale_03``."""
    said = {f"{article.replace('_', '-')}/001": text for article, text in texts.items()}
    changed = [
        replace(one, text=said[one.id], sha256=fingerprint(said[one.id])) if one.id in said else one
        for one in edition.paragraphs
    ]
    return replace(edition, paragraphs=tuple(changed))


def split_of(edition: Edition, *articles: str) -> set[str]:
    return {split for name, split in edition.splits.items() if name.partition("/")[0] in articles}


@given(some_rows)
def test_every_group_gets_one_of_the_splits_whatever_the_order_of_rows(rows: Rows) -> None:
    found = split_groups(rows)
    assert set(found) == {group for group, _ in rows}
    assert set(found.values()) == set(SPLITS)
    assert split_groups(rows[::-1]) == found


@given(some_rows, st.dictionaries(st.sampled_from(["story-1", "story-2"]), st.sampled_from(["train", "test"])))
def test_what_is_fixed_stays(rows: Rows, fixed: dict[str, str]) -> None:
    assume(len({group for group, _ in rows} - set(fixed)) >= len(SPLITS))
    found = split_groups(rows, fixed=fixed)
    assert all(found[group] == split for group, split in fixed.items() if group in found)


@given(some_rows, st.lists(st.tuples(st.integers(0, 35), st.integers(0, 35)), max_size=5))
def test_tied_groups_stay_together(rows: Rows, numbers: list[tuple[int, int]]) -> None:
    assume(len({group for group, _ in rows}) >= len(SPLITS) + len(numbers))
    ties = [Tie(f"story-{one}", f"story-{other}") for one, other in numbers]
    found = split_groups(rows, ties=ties)
    assert all(found[tie.one] == found[tie.other] for tie in ties if {tie.one, tie.other} <= set(found))
    assert split_groups(rows, ties=ties[::-1]) == found


def test_ties_lead_over_groups_without_rows() -> None:
    rows: Rows = [(f"story-{number}", []) for number in range(9)]
    found = split_groups(rows, ties=[Tie("story-1", "gone"), Tie("gone", "story-7")])
    assert found["story-1"] == found["story-7"]


def test_each_split_gets_its_share_of_rows_and_of_each_label() -> None:
    chance = random.Random(7)  # noqa: S311 - no secret
    rows = [(f"story-{number % 200}", chance.choices(["a", "b", "c"], [5, 3, 2])) for number in range(1000)]
    found = split_groups(rows)
    for label in ("a", "b", "c"):
        counts = Counter(found[group] for group, labels in rows if label in labels)
        for split, share in SPLITS.items():
            assert counts[split] / counts.total() == pytest.approx(share, abs=0.04)


@pytest.mark.parametrize("shares", [{}, {"train": 0.7}, {"train": 1.5, "test": -0.5}, {"train": float("nan")}])
def test_shares_that_do_not_sum_to_one_are_refused(shares: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="do not sum to 1"):
        split_groups([("story", ["a"])], shares)


def test_ties_between_two_fixed_splits_are_refused() -> None:
    rows: Rows = [("one", ["a"]), ("two", ["a"])]
    tie = Tie("one", "two", "one/001 nearly repeats two/001")
    with pytest.raises(
        InputError, match=r"^one, two: .*two splits .*one in train, two in test.*nearly repeats two/001"
    ):
        split_groups(rows, fixed={"one": "train", "two": "test"}, ties=[tie])
    with pytest.raises(InputError, match=r"^one: the split is unknown .*got dev"):
        split_groups(rows, fixed={"one": "dev"})


def test_too_few_groups_are_refused_with_their_number_and_what_ties_them() -> None:
    rows: Rows = [("one", []), ("two", []), ("three", [])]
    assert set(split_groups(rows).values()) == set(SPLITS)
    with pytest.raises(InputError, match=r"too few groups.*3 groups, 2 when tied ones count once.*one, two stay"):
        split_groups(rows, ties=[Tie("one", "two")])
    with pytest.raises(InputError, match=r"too few groups.*expected one for each of train, validation, test"):
        split_groups(rows, fixed={"one": "train", "two": "train"})


@pytest.mark.parametrize(
    ("text", "shares"),
    [
        ("0.8,0.1,0.1", {"train": 0.8, "validation": 0.1, "test": 0.1}),
        (" train = 0.8, test=.2", {"train": 0.8, "test": 0.2}),
        ("dev=0.5,eval=0.5", {"dev": 0.5, "eval": 0.5}),
    ],
)
def test_shares_are_read(text: str, shares: dict[str, float]) -> None:
    assert shares_of(text) == shares


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "cannot be read: ''"),
        ("0.8,0.2", "cannot be read: '0.8'"),
        ("train=0.8,0.2", "cannot be read: '0.2'"),
        ("train=most,test=0.2", "cannot be read: 'train=most'"),
        ("train=1,test=0", "cannot be read: 'test=0'"),
        ("train=nan,test=0.2", "cannot be read: 'train=nan'"),
        ("../train=0.8,test=0.2", r"cannot be read: '\.\./train=0\.8'"),
        ("80,10,10", "do not sum to 1 .*train 80, validation 10"),
        ("train=inf", "do not sum to 1"),
        ("0.8,0.3", r"do not sum to 1 .expected 1, got 1\.1: 0\.8, 0\.3"),
        ("0.5", r"do not sum to 1 .expected 1, got 0\.5"),
        ("0.4,0.3,0.2,0.2", r"do not sum to 1 .expected 1, got 1\.1"),
        ("0.4,0.2,0.2,0.2", "cannot be read: '0.4'"),
        ("0.8,-0.3", "cannot be read: '0.8'"),
        ("train=0.5,train=0.5", "a split has two shares"),
    ],
)
def test_shares_that_cannot_be_read_are_named(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        shares_of(text)


def test_whole_articles_are_given_to_splits_of_the_shares() -> None:
    done = split_edition(tales(), TEA)
    assert all(len(split_of(done.edition, f"tale-{number:02d}")) == 1 for number in range(20))
    assert Counter(done.edition.splits.values()) == {"train": 42, "validation": 6, "test": 12}
    assert done.issues == ()


def test_the_deviation_is_the_largest_of_any_label() -> None:
    done = split_edition(tales(), TEA)
    rows, _ = labelled_rows(done.edition, TEA)
    said: dict[str, set[str]] = {}
    for row in rows:
        topics = row["topics"]
        assert isinstance(topics, list)
        stance = f"stance {row['stance']} towards {row['target']}"
        said.setdefault(str(row["id"]), set()).update({stance, *(f"topic {topic}" for topic in topics)})
    found = {}
    for label in set().union(*said.values()):
        overall = sum(label in labels for labels in said.values()) / len(said)
        for split in SPLITS:
            held = [label in labels for name, labels in said.items() if done.edition.splits[name] == split]
            found[label, split] = abs(sum(held) / len(held) - overall)
    assert done.deviation is not None
    assert done.deviation.size == pytest.approx(max(found.values()))
    assert done.deviation.size == pytest.approx(found[done.deviation.label, done.deviation.split])


def test_the_order_of_paragraphs_and_judgements_changes_nothing() -> None:
    edition = with_text(tales(), tale_03="The kettle sings in the hall.", tale_11="The KETTLE sings in the hall!")
    turned = replace(edition, paragraphs=edition.paragraphs[::-1], judgements=edition.judgements[::-1])
    assert split_edition(turned, TEA).edition.splits == split_edition(edition, TEA).edition.splits


def test_near_duplicates_tie_their_groups_and_those_to_others() -> None:
    long = " ".join(WORDS[::40])
    chain = [f"{long} {more}" for more in ("in the hall", "in the hall at four", "in the hall at four and at five")]
    edition = with_text(tales(), tale_01=chain[0], tale_05=chain[1], tale_09=chain[2], tale_13=chain[2].upper())
    done = split_edition(edition, TEA, shares_of("train=0.5,test=0.5"))
    assert len(split_of(done.edition, "tale-01", "tale-05", "tale-09", "tale-13")) == 1


def test_restatements_stay_with_their_source_and_with_each_other() -> None:
    there = {"tale-02/001": "tale-07/002", "tale-08/001": "elsewhere/001", "tale-15/001": "elsewhere/001"}
    done = split_edition(replace(tales(), restates=there), TEA, shares_of("train=0.5,test=0.5"))
    assert len(split_of(done.edition, "tale-02", "tale-07")) == 1
    assert len(split_of(done.edition, "tale-08", "tale-15")) == 1


def test_equal_texts_stay_together_without_their_text_too() -> None:
    edition = with_text(tales(), tale_04="The kettle sings.", tale_16="The kettle  sings.")
    bare = replace(edition, paragraphs=tuple(replace(one, text="") for one in edition.paragraphs))
    done = split_edition(bare, TEA, shares_of("train=0.5,test=0.5"))
    assert len(split_of(done.edition, "tale-04", "tale-16")) == 1


@settings(max_examples=25)
@given(data=st.data())
def test_no_leak_is_left_to_be_found_whatever_is_repeated(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Repeated as it is, in capitals, or with another ending."""
    edition = tales(articles=12, each=2)
    numbers = st.integers(0, 11)
    texts = {}
    for one, other, ending in data.draw(
        st.lists(st.tuples(numbers, numbers, st.sampled_from(["", "!", " now"])), max_size=4)
    ):
        texts[f"tale_{one:02d}"] = edition.paragraphs[2 * other].text.upper() + ending
    edition = with_text(edition, **texts)
    restates = data.draw(st.dictionaries(numbers, numbers, max_size=2))
    edition = replace(edition, restates={f"tale-{a:02d}/001": f"tale-{b:02d}/002" for a, b in restates.items()})
    folder = tmp_path_factory.mktemp("set")
    build([split_edition(edition, TEA).edition], TEA, folder)
    assert LEAKS.isdisjoint(issue.rule for issue in check(folder, schema=TEA).issues)


def test_a_share_that_whole_groups_cannot_meet_is_told_with_numbers() -> None:
    groups = {one.id: "saga" for one in tales().paragraphs if one.article <= "tale-15"}
    done = split_edition(replace(tales(), groups=groups), TEA, shares_of("0.4,0.3,0.3"))
    told = {issue.where: issue.message for issue in done.issues}
    assert {(issue.rule, issue.severity) for issue in done.issues} == {("missed-share", "warning")}
    assert told["train"].startswith("it has 48 of 60 paragraphs, a share of 0.800 where 0.400 was asked")
    assert set(told) == {"train", "validation", "test"}


def test_a_large_bundle_of_tied_groups_is_told_with_what_ties_it() -> None:
    same = {f"tale_{number:02d}": "The kettle sings in the hall." for number in range(15)}
    done = split_edition(with_text(tales(), **same), TEA)
    (told,) = [issue for issue in done.issues if issue.rule == "tied-groups"]
    assert (told.severity, told.where) == ("warning", "15 groups")
    assert told.message.startswith(
        "tale-00, tale-01, tale-02, tale-03, tale-04 and 10 more stay together in train, 45 of 60 paragraphs: "
        "tale-01/001 has the text of tale-00/001, "
    )


def test_the_splits_that_paragraphs_have_stay() -> None:
    edition = replace(tales(), splits={"tale-03/001": "test", "tale-03/002": "test", "tale-04/001": "validation"})
    done = split_edition(edition, TEA).edition
    assert (split_of(done, "tale-03"), split_of(done, "tale-04")) == ({"test"}, {"validation"})
    torn = replace(edition, splits={"tale-03/001": "test", "tale-03/002": "train"})
    with pytest.raises(InputError, match=r"^tale-03/002: the group 'tale-03' is to be in two splits"):
        split_edition(torn, TEA)


def test_groups_of_an_older_dataset_stay_when_paragraphs_join(tmp_path: Path) -> None:
    grown = tales()
    fewer = replace(grown, paragraphs=grown.paragraphs[:-9])
    older = split_edition(fewer, TEA).edition
    build([older], TEA, tmp_path)
    kept = splits_in(tmp_path)
    assert kept == {older.group(one): older.splits[one.id] for one in older.paragraphs}
    newer = split_edition(grown, TEA, kept=kept).edition.splits
    assert {name: newer[name] for name in older.splits} == older.splits
    assert len(newer) == len(older.splits) + 9


def test_an_older_dataset_that_parts_a_group_or_has_none_is_refused(tmp_path: Path) -> None:
    torn = replace(tales(), splits={"tale-03/001": "test"})
    build([torn], TEA, tmp_path / "torn")
    with pytest.raises(InputError, match=r"torn: the group 'tale-03' is in two splits \(got in train and test\)"):
        splits_in(tmp_path / "torn")
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "train.csv").write_text("text,stance\nTea.,pro\n", encoding="utf-8")
    with pytest.raises(InputError, match="there are no groups in splits"):
        splits_in(tmp_path / "bare")
    (tmp_path / "bare" / "train.csv").unlink()
    with pytest.raises(InputError, match="there is no data file in the folder"):
        splits_in(tmp_path / "bare")


def test_without_its_extra_near_duplicates_are_not_passed_over_in_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "datasketch", None)
    with pytest.raises(MissingExtraError, match=r"iraqstance\[check\]"):
        split_edition(tales(), TEA)


def test_the_committed_splits_of_the_stories_are_those_that_are_made(schema: Schema) -> None:
    """The restatements stand in test beside them, and do not count, since their labels are those of the articles.

    The stories of 0.2.0 were split first, and kept their splits when those of 0.3.0 came.
    """
    edition = packaged_edition("open")
    stories = tuple(one for one in edition.paragraphs if one.id not in edition.restates)
    first = tuple(one for one in stories if one.article <= "story-338")
    made = split_edition(replace(edition, paragraphs=first, splits={}), schema)
    done = split_edition(replace(edition, paragraphs=stories, splits=made.edition.splits), schema)
    assert {**done.edition.splits, **dict.fromkeys(edition.restates, "test")} == edition.splits
    assert done.issues == ()
    assert done.deviation is not None
    assert done.deviation.size < 0.05


def test_no_pair_of_near_duplicates_of_the_open_edition_stands_in_two_splits() -> None:
    edition = packaged_edition("open")
    splits = [edition.splits[one.id] for one in edition.paragraphs]
    pairs = near_duplicate_pairs([one.text for one in edition.paragraphs])
    assert [pair for pair in pairs if splits[pair[0]] != splits[pair[1]]] == []


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
            if (
                part := [
                    row for row in rows if row["id"] not in edition.restates and edition.splits[str(row["id"])] == split
                ]
            )
        ]
        assert max(shares) - min(shares) < 0.06

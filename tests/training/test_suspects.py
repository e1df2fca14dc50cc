"""Labels in doubt: flipped ones are found, and what cannot be judged is said or left in peace."""

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iraqstance.annotation.errors import InputError
from iraqstance.annotation.normalise import fingerprint
from iraqstance.training.corpus import Corpus
from iraqstance.training.evaluate import out_of_fold
from iraqstance.training.suspects import Suspect, contents, paragraphs_of, suspects

VIEWS = {
    "likes": ["lovely", "fresh", "mild", "splendid", "fragrant"],
    "dislikes": ["awful", "stale", "burnt", "dreadful", "rancid"],
    "neutral": ["served", "poured", "listed", "counted", "weighed"],
}
SUBJECTS = {
    "tea": ["leaves", "kettle", "oolong"],
    "coffee": ["beans", "espresso", "roast"],
    "price": ["dinars", "bill", "cheap"],
    "place": ["corner", "street", "terrace"],
}
FLIPPED = 12


def cups(rows: int = 240, groups: int = 6) -> Corpus:
    """Return a corpus in which every stance and every topic has words of its own."""
    draw = random.Random(1)  # noqa: S311 - no secret
    made = []
    for number in range(rows):
        stance = draw.choice(list(VIEWS))
        topics = tuple(draw.sample(list(SUBJECTS), draw.choice((1, 1, 2))))
        words = draw.sample(VIEWS[stance], 2) + [word for topic in topics for word in draw.sample(SUBJECTS[topic], 2)]
        made.append((f"{' '.join(words)}, cup {number}", stance, topics, f"group {number % groups}"))
    texts, stances, topic_sets, names = zip(*made, strict=True)
    return Corpus("cups", texts, stances, topic_sets, names, ids=tuple(f"cup/{number}" for number in range(rows)))


def flipped(corpus: Corpus, seed: int = 2) -> tuple[Corpus, set[int], set[tuple[int, str]]]:
    """Return the corpus with some wrong stances and topics, the rows of the former, and the latter as they are given.

    A wrong topic in the place of a right one are two wrong labels: the one that is given, and the lack of the other.
    """
    draw = random.Random(seed)  # noqa: S311 - no secret
    stances, topics = list(corpus.stances or ()), list(corpus.topics or ())
    rows = set(draw.sample(range(len(corpus)), FLIPPED))
    for row in sorted(rows):
        stances[row] = draw.choice([name for name in VIEWS if name != stances[row]])
    wrong = set()
    for row in draw.sample(range(len(corpus)), FLIPPED):
        right, other = topics[row][0], draw.choice([name for name in SUBJECTS if name not in topics[row]])
        topics[row] = (*topics[row][1:], other)
        wrong |= {(row, other), (row, f"not {right}")}
    return replace(corpus, stances=tuple(stances), topics=tuple(topics)), rows, wrong


@pytest.fixture(scope="module")
def found() -> list[Suspect]:
    return suspects(flipped(cups())[0])


def test_most_flipped_stances_are_found_and_stand_first(found: list[Suspect]) -> None:
    _, rows, _ = flipped(cups())
    hits = [suspect.row in rows for suspect in found if suspect.column == "stance"]
    assert sum(hits) >= 0.75 * FLIPPED
    assert sum(hits) >= 0.9 * len(hits)
    assert sum(hits[:FLIPPED]) == sum(hits)


def test_most_flipped_topics_are_found_and_stand_first(found: list[Suspect]) -> None:
    _, _, wrong = flipped(cups())
    hits = [(suspect.row, suspect.given) in wrong for suspect in found if suspect.column == "topics"]
    assert sum(hits) >= 0.75 * len(wrong)
    assert sum(hits) >= 0.9 * len(hits)
    assert sum(hits[: len(wrong)]) == sum(hits)


def test_the_right_label_is_suggested(found: list[Suspect]) -> None:
    right, wrong = cups(), flipped(cups())[1]
    for suspect in found:
        if suspect.column == "stance" and suspect.row in wrong:
            assert suspect.suggested == (right.stances or ())[suspect.row]


def test_a_suspect_names_its_row_and_the_probability_of_its_label(found: list[Suspect]) -> None:
    corpus = flipped(cups())[0]
    said = out_of_fold(corpus)
    assert [suspect.score for suspect in found] == sorted(suspect.score for suspect in found)
    for suspect in found:
        stance, topics = dict(said[suspect.row].stance_scores or {}), dict(said[suspect.row].topic_scores or {})
        negated = suspect.given.startswith("not ")
        given = 1 - topics[suspect.suggested] if negated else (stance | topics)[suspect.given]
        assert suspect.score == pytest.approx(given, abs=1e-3)  # the folds are tried on rows in another order
        assert 0 <= suspect.score < 0.5
        assert suspect.text == corpus.texts[suspect.row]
        assert suspect.group == (corpus.groups or ())[suspect.row]
        assert suspect.id == f"cup/{suspect.row}"
        if suspect.column == "stance":
            assert suspect.given == (corpus.stances or ())[suspect.row]
        else:
            assert (suspect.given in (corpus.topics or ())[suspect.row]) is not negated


@pytest.mark.parametrize("groups", [6, 15, None], ids=["each held out", "five folds", "no groups"])
def test_the_order_of_rows_changes_nothing(groups: int | None) -> None:
    corpus = flipped(cups(90, groups or 6))[0]
    corpus = corpus if groups else replace(corpus, groups=None)
    order = list(range(len(corpus)))
    random.Random(3).shuffle(order)  # noqa: S311 - no secret
    shuffled = suspects(corpus.take(order))
    assert [replace(suspect, row=order[suspect.row]) for suspect in shuffled] == suspects(corpus)


def test_two_processes_give_the_result_of_one_and_tell_of_every_fold(found: list[Suspect]) -> None:
    told: list[int] = []

    def progress(finished: Iterator[Any], total: int) -> Iterator[Any]:
        for fold in finished:
            told.append(total)
            yield fold

    assert suspects(flipped(cups())[0], jobs=2, progress=progress) == found
    assert told == [6] * 6


def test_stance_and_topics_are_each_checked_alone(found: list[Suspect]) -> None:
    corpus = flipped(cups())[0]
    assert suspects(replace(corpus, topics=None)) == [one for one in found if one.column == "stance"]
    assert suspects(replace(corpus, stances=None)) == [one for one in found if one.column == "topics"]


def test_a_table_without_groups_and_ids_has_suspects_without(found: list[Suspect]) -> None:
    (first, *_) = suspects(replace(flipped(cups())[0], groups=None, ids=None))
    assert (first.group, first.id) == (None, None)
    assert suspects(replace(flipped(cups())[0], ids=("",) * 240))[0] == replace(found[0], id=None)


def test_each_target_is_checked_by_its_own_model_and_topics_once() -> None:
    """The second target's stances are the opposite of the first one's, and one more is wrong there."""
    corpus = cups(120)
    swapped = {"likes": "dislikes", "dislikes": "likes", "neutral": "neutral"}
    opposite = [swapped[stance] for stance in corpus.stances or ()]
    row = opposite.index("likes")
    opposite[row] = "dislikes"
    both = replace(
        corpus.joined(corpus), stances=(*(corpus.stances or ()), *opposite), targets=("a",) * 120 + ("b",) * 120
    )
    found = suspects(both)
    assert [(one.row, one.column, one.given, one.suggested) for one in found if one.column != "topics"] == [
        (120 + row, "stance towards b", "dislikes", "likes")
    ]
    alone = [one for one in suspects(corpus) if one.column == "topics"]
    assert [one for one in found if one.column == "topics"] == alone


@pytest.mark.parametrize(
    ("corpus", "message"),
    [
        (replace(cups(24), stances=("likes",) * 24, topics=None), r"cups: no label varies.*two stances.*Check the col"),
        (replace(cups(24), stances=None, topics=(("tea", "price"),) * 24), "cups: no label varies"),
        (replace(cups(24), stances=("likes",) * 24, topics=(("tea",),) * 24), "cups: no label varies"),
        (replace(cups(4), groups=None), r"cups: too few rows for five folds \(got 4 rows\)"),
        (replace(cups(12), groups=("one",) * 12), "cups: all rows belong to one group"),
        (replace(cups(1)), "cups: no label varies"),
    ],
    ids=["one stance", "one set of topics", "neither varies", "four rows", "one group", "one row"],
)
def test_what_cannot_be_checked_is_refused_in_plain_words(corpus: Corpus, message: str) -> None:
    with pytest.raises(InputError, match=message):
        suspects(corpus)


def test_a_column_that_never_varies_is_passed_over() -> None:
    corpus = flipped(cups())[0]
    assert {one.column for one in suspects(replace(corpus, stances=("likes",) * 240))} == {"topics"}
    assert {one.column for one in suspects(replace(corpus, topics=(("tea",),) * 240))} == {"stance"}


def test_a_label_that_one_fold_alone_has_is_left_in_peace() -> None:
    """No model that held it out could have given it: a stance and a topic of one text, and those of one group."""
    corpus = cups(120)
    stances, topics = list(corpus.stances or ()), list(corpus.topics or ())
    stances[7], topics[8] = "adores", ("spoons",)
    for row in range(5, 120, 6):
        stances[row], topics[row] = "forgets", ("forks",)
    found = suspects(replace(corpus, stances=tuple(stances), topics=tuple(topics)))
    assert not {"adores", "spoons", "forgets", "forks"} & {one.given for one in found}


@st.composite
def small(draw: st.DrawFn) -> Corpus:
    """Draw up to a dozen rows with any labels."""
    rows = draw(st.integers(1, 12))

    def column(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        return st.lists(values, min_size=rows, max_size=rows).map(tuple)

    words = st.lists(st.sampled_from(["tea", "coffee", "milk", "water"]), min_size=1, max_size=3).map(" ".join)
    sets = st.lists(st.sampled_from("xyz"), min_size=1, max_size=2, unique=True).map(tuple)
    stances, topics = draw(st.none() | column(st.sampled_from("abc"))), draw(st.none() | column(sets))
    return Corpus(
        "drawn",
        draw(column(words)),
        stances or (None if topics else ("a",) * rows),
        topics,
        draw(st.none() | column(st.sampled_from("gh"))),
        draw(st.none() | column(st.sampled_from("tu"))) if stances else None,
    )


@given(small())
@settings(max_examples=60)
def test_any_small_table_is_checked_or_refused(corpus: Corpus) -> None:
    """Without a traceback, and without a warning of the libraries."""
    try:
        found = suspects(corpus)
    except InputError as error:
        assert "drawn" in str(error)  # noqa: PT017 - either answer is a clear one
    else:
        assert all(0 <= one.score <= 1 and one.given != one.suggested for one in found)


def test_contents_are_counted() -> None:
    corpus = Corpus("cups", ("a", "a", "b"), ("pro", "con", "pro"), (("y", "x"), ("y", "x"), ("y",)), ("g", "g", "h"))
    held = contents(replace(corpus, targets=("t", "u", "t")))
    assert (held.data, held.rows, held.texts, held.groups) == ("cups", 3, 2, 2)
    assert held.stances == {"t": {"pro": 2}, "u": {"con": 1}}
    assert list(held.topics.items()) == [("x", 1), ("y", 2)]
    assert held.issues == ()


def test_what_is_absent_is_not_counted() -> None:
    held = contents(Corpus("cups", ("a", "b"), topics=(("x",), ("x",))))
    assert (held.groups, held.stances, held.topics) == (None, {}, {"x": 2})
    assert contents(Corpus("cups", ("a", "b"), ("pro", "con"))).topics == {}


def test_one_text_with_different_labels_is_an_error_and_names_its_rows() -> None:
    texts = ("Tea.", "Milk.", "Tea. ", "Milk.", "Tea.")
    corpus = Corpus(
        "cups", texts, ("pro", "con", "con", "con", "pro"), (("x",), ("x", "y"), ("x",), ("y", "x"), ("y",))
    )
    stance, topics = contents(corpus).issues
    assert (stance.rule, stance.severity, stance.where) == ("conflicting-labels", "error", "cups: rows 1, 3, 5")
    assert "different labels in stance: pro; con" in stance.message
    assert (topics.where, "different labels in topics: x; y" in topics.message) == ("cups: rows 1, 3, 5", True)


def test_one_text_may_have_another_stance_towards_another_target() -> None:
    corpus = Corpus("cups", ("Tea.",) * 3, ("pro", "con", "con"), targets=("green", "black", "black"))
    assert contents(corpus).issues == ()
    (issue,) = contents(replace(corpus, stances=("pro", "con", "pro"))).issues
    assert "stance towards black" in issue.message


def suspect(row: int, text: str, score: float = 0.1) -> Suspect:
    return Suspect(row, text, "stance", "pro", "con", score)


def test_texts_to_be_read_again_stand_once_by_id_and_without_labels() -> None:
    corpus = Corpus("cups", ("Tea.", "Milk.", "Water."), ("pro",) * 3, ids=("z/002", "a/001", "b/007"))
    made = paragraphs_of(corpus, [suspect(0, "Tea.", 0.01), suspect(1, "Milk.", 0.2), suspect(0, "Tea.", 0.3)])
    assert [(one.id, one.article, one.text) for one in made] == [("a/001", "a", "Milk."), ("z/002", "z", "Tea.")]
    assert [(one.start, one.end, one.sha256) for one in made] == [
        (0, 5, fingerprint("Milk.")),
        (0, 4, fingerprint("Tea.")),
    ]


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (None, ["cups/001", "cups/003"]),
        (("", "", ""), ["cups/001", "cups/003"]),
        (("", "own", ""), ["cups/003", "own"]),
        (("x", "y", "x/2"), ["x", "x/2"]),
    ],
    ids=["no ids", "empty ids", "the second row's", "the first row's"],
)
def test_a_text_without_an_id_has_the_number_of_its_first_row(ids: tuple[str, ...] | None, expected: list[str]) -> None:
    corpus = Corpus("/data/cups.csv", ("Tea.", "Tea.", "Milk."), ("pro",) * 3, ids=ids)
    assert [one.id for one in paragraphs_of(corpus, [suspect(1, "Tea."), suspect(2, "Milk.")])] == expected


def test_two_texts_with_one_id_are_not_told_apart_later_and_refused_now() -> None:
    corpus = Corpus("cups", ("Tea.", "Milk."), ("pro",) * 2, ids=("x", "x"))
    with pytest.raises(InputError, match=r"cups: two texts have one id \(got x\)\. .*--id-column"):
        paragraphs_of(corpus, [suspect(1, "Milk.")])
    assert paragraphs_of(corpus, []) == []

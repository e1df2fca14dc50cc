"""From judgements to labels: the majority decides, ties stay open until a further reading settles them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iraqstance.annotation.adjudicate import adjudicate, open_ties
from iraqstance.annotation.records import Judgement, Label
from iraqstance.annotation.schema import Schema

TOPICS = ("fish", "power", "trade")


def river(*targets: str) -> Schema:
    return Schema.model_validate(
        {
            "name": "river",
            "version": 1,
            "targets": [{"name": name, "title": f"the {name}"} for name in targets],
            "stance_question": "What does it say?",
            "stances": [{"name": name, "definition": name} for name in ("pro", "con", "even")],
            "topic_question": "What is it about?",
            "topics": [
                *({"name": name, "definition": name} for name in TOPICS),
                {"name": "none", "definition": "None.", "exclusive": True},
            ],
        }
    )


RIVER = river("dam")


def said(*answers: str, breaking: str = "", paragraph: str = "p") -> list[Judgement]:
    """Judgements such as ``pro fish power``: a stance, then topics. The last may be a tie-break."""
    rounds = [(answer, "independent") for answer in answers] + [(breaking, "tie-break")] * bool(breaking)
    return [
        Judgement(
            paragraph,
            f"annotator-{number}",
            {"dam": answer.split()[0]},
            RIVER.ordered_topics(answer.split()[1:]),
            round=name,
        )
        for number, (answer, name) in enumerate(rounds, 1)
    ]


def decided(*answers: str, breaking: str = "") -> Label:
    (label,) = adjudicate(said(*answers, breaking=breaking), RIVER)
    return label


# Stances


@pytest.mark.parametrize(
    ("answers", "stance", "how"),
    [
        (["pro fish"], "pro", "majority"),
        (["pro fish", "pro fish"], "pro", "majority"),
        (["pro fish", "con fish"], "", "open"),
        (["pro fish", "con fish", "con fish"], "con", "majority"),
        (["pro fish", "con fish", "even fish"], "", "open"),
        (["pro fish", "pro fish", "con fish", "con fish"], "", "open"),
        (["pro fish", "pro fish", "con fish", "even fish"], "", "open"),
        (["pro fish", "pro fish", "pro fish", "con fish", "even fish"], "pro", "majority"),
    ],
    ids=["one", "two-agree", "two-differ", "two-of-three", "three-ways", "two-and-two", "half", "three-of-five"],
)
def test_more_than_half_of_the_annotators_decide_a_stance(answers: list[str], stance: str, how: str) -> None:
    label = decided(*answers)
    assert label.stances == {"dam": stance}
    assert label.settled_by["stance"] == how
    assert bool(open_ties([label])) is (how == "open")


def test_a_tie_break_settles_a_stance() -> None:
    label = decided("pro fish", "con fish", breaking="even fish")
    assert label.stances == {"dam": "even"}
    assert label.settled_by["stance"] == "tie-break"
    assert open_ties([label]) == []


def test_a_tie_break_overrules_no_majority() -> None:
    label = decided("pro fish", "pro fish", "con fish", breaking="con trade")
    assert (label.stances, label.topics) == ({"dam": "pro"}, ("fish",))
    assert label.settled_by == {"stance": "majority", "topics": "majority"}


def test_a_tie_break_settles_one_question_and_leaves_the_other_to_the_majority() -> None:
    label = decided("pro fish", "con fish", breaking="con trade")
    assert (label.stances, label.topics) == ({"dam": "con"}, ("fish",))
    assert label.settled_by == {"stance": "tie-break", "topics": "majority"}


def test_two_targets_are_decided_apart() -> None:
    judgements = [
        Judgement("p", f"annotator-{number}", {"dam": dam, "canal": canal}, ("fish",))
        for number, (dam, canal) in enumerate([("pro", "con"), ("pro", "even")])
    ]
    (label,) = adjudicate(judgements, river("dam", "canal"))
    assert label.stances == {"dam": "pro", "canal": ""}
    assert label.settled_by == {"stance_dam": "majority", "stance_canal": "open", "topics": "majority"}
    assert label.votes["stance_canal"] == {"con": 1, "even": 1}


# Topics


@pytest.mark.parametrize(
    ("answers", "topics"),
    [
        (["pro power fish"], ("fish", "power")),
        (["pro fish power", "pro fish power"], ("fish", "power")),
        (["pro fish power", "pro fish", "pro fish trade"], ("fish",)),
        (["pro fish power", "pro power trade", "pro trade fish"], ("fish", "power", "trade")),
        (["pro none", "pro none", "pro fish"], ("none",)),
        (["pro none", "pro fish", "pro fish"], ("fish",)),
    ],
    ids=["one", "two-agree", "three", "each-by-two", "exclusive", "not-exclusive"],
)
def test_each_topic_is_decided_on_its_own(answers: list[str], topics: tuple[str, ...]) -> None:
    label = decided(*answers)
    assert label.topics == topics
    assert label.settled_by["topics"] == "majority"


@pytest.mark.parametrize(
    "answers",
    [
        ["pro fish", "pro power"],
        ["pro fish power", "pro fish trade"],
        ["pro fish", "pro power", "pro trade"],
        ["pro none", "pro fish"],
        ["pro fish", "pro fish", "pro none", "pro none"],
    ],
    ids=["two-differ", "two-differ-in-part", "three-ways", "exclusive-or-not", "two-and-two"],
)
def test_topics_without_a_majority_are_open(answers: list[str]) -> None:
    label = decided(*answers)
    assert label.settled_by == {"stance": "majority", "topics": "open"}
    assert label.topics == ()
    assert open_ties([label]) == [label]


@pytest.mark.parametrize(
    ("answers", "breaking", "topics"),
    [
        (["pro fish", "pro power"], "pro power", ("power",)),
        (["pro fish", "pro power"], "pro fish power", ("fish", "power")),
        (["pro fish", "pro power"], "pro trade", ("trade",)),
        (["pro fish power", "pro fish trade"], "pro trade", ("fish", "trade")),
        (["pro fish power", "pro fish trade"], "pro fish", ("fish",)),
        (["pro fish", "pro power", "pro trade"], "pro power trade", ("power", "trade")),
        (["pro none", "pro fish"], "pro none", ("none",)),
        (["pro none", "pro fish"], "pro fish", ("fish",)),
        (["pro none", "pro fish"], "pro power", ("power",)),
    ],
    ids=[
        "one-of-two",
        "both",
        "a-third",
        "beside-a-majority",
        "majority-alone",
        "three-ways",
        "exclusive",
        "not-exclusive",
        "neither",
    ],
)
def test_a_tie_break_settles_the_topics_that_were_tied(
    answers: list[str], breaking: str, topics: tuple[str, ...]
) -> None:
    label = decided(*answers, breaking=breaking)
    assert label.topics == topics
    assert label.settled_by["topics"] == "tie-break"


@pytest.mark.parametrize("breaking", ["", "pro fish none"], ids=["by-majority", "by-tie-break"])
def test_an_exclusive_topic_gives_way_to_those_that_win_beside_it(breaking: str) -> None:
    answers = ["pro fish none", "pro fish none"] if not breaking else ["pro fish", "pro none"]
    assert decided(*answers, breaking=breaking).topics == ("fish",)


# Votes, rounds, order


def test_the_votes_are_shown_in_the_schema_s_order() -> None:
    label = decided("con trade fish", "pro fish", "con power fish")
    assert {column: list(counts.items()) for column, counts in label.votes.items()} == {
        "stance": [("pro", 1), ("con", 2)],
        "topics": [("fish", 3), ("power", 1), ("trade", 1)],
    }


def test_a_tie_break_is_no_vote() -> None:
    label = decided("pro fish", "con fish", breaking="con trade")
    assert label.votes == {"stance": {"pro": 1, "con": 1}, "topics": {"fish": 2}}


def test_the_last_of_several_tie_breaks_counts() -> None:
    judgements = [*said("pro fish", "con fish", breaking="even fish"), *said(breaking="con fish")]
    (label,) = adjudicate(judgements, RIVER)
    assert label.stances == {"dam": "con"}


def test_a_tie_break_alone_settles_what_nobody_else_judged() -> None:
    label = decided(breaking="con trade")
    assert (label.stances, label.topics) == ({"dam": "con"}, ("trade",))
    assert label.settled_by == {"stance": "tie-break", "topics": "tie-break"}
    assert label.votes == {"stance": {}, "topics": {}}


def test_paragraphs_keep_the_order_of_their_first_judgement() -> None:
    judgements = [said("pro fish", paragraph=name)[0] for name in ("q", "b", "q", "a", "b")]
    assert [label.paragraph for label in adjudicate(judgements, RIVER)] == ["q", "b", "a"]


def test_nothing_judged_is_nothing_labelled() -> None:
    assert adjudicate([], RIVER) == []


def test_open_ties_are_those_of_any_question() -> None:
    labels = [decided("pro fish", "pro fish"), decided("pro fish", "con fish"), decided("pro fish", "pro power")]
    assert open_ties(labels) == labels[1:]


ANSWERS = st.builds(
    " ".join,
    st.tuples(
        st.sampled_from(["pro", "con", "even"]),
        st.just("none") | st.sets(st.sampled_from(TOPICS), min_size=1).map(lambda found: " ".join(sorted(found))),
    ),
)


@settings(max_examples=100, deadline=None)
@given(ANSWERS, st.integers(1, 5))
def test_annotators_of_one_mind_are_followed(answer: str, annotators: int) -> None:
    label = decided(*[answer] * annotators)
    (judgement,) = said(answer)
    assert (label.stances, label.topics) == (judgement.stances, judgement.topics)
    assert set(label.settled_by.values()) == {"majority"}


@settings(max_examples=200, deadline=None)
@given(st.lists(ANSWERS, min_size=1, max_size=6), st.just("") | ANSWERS, st.data())
def test_the_order_of_annotators_decides_nothing(answers: list[str], breaking: str, data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(said(*answers, breaking=breaking)))
    assert adjudicate(shuffled, RIVER) == [decided(*answers, breaking=breaking)]


@settings(max_examples=200, deadline=None)
@given(st.lists(ANSWERS, min_size=1, max_size=6), ANSWERS)
def test_a_tie_break_leaves_no_tie_and_every_label_is_valid(answers: list[str], breaking: str) -> None:
    label = decided(*answers, breaking=breaking)
    assert open_ties([label]) == []
    assert RIVER.stance_fault(label.stances["dam"]) == ""
    assert RIVER.topics_fault(label.topics) == ""
    assert sum(label.votes["stance"].values()) == len(answers)

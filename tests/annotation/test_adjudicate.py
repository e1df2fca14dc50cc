"""From judgements to labels: the annotators decide, ties stay open until a further reading settles them."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iraqstance.annotation.adjudicate import METHODS, adjudicate, disputed, open_ties, stance_models
from iraqstance.annotation.errors import UsageError
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


def said(*answers: str, breaking: str = "", deciding: str = "", paragraph: str = "p") -> list[Judgement]:
    """Judgements such as ``pro fish power``: a stance, then topics. The last may be a tie-break and an adjudication."""
    rounds = [(answer, "independent") for answer in answers]
    rounds += [(answer, name) for answer, name in ((breaking, "tie-break"), (deciding, "adjudication")) if answer]
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


def decided(*answers: str, breaking: str = "", deciding: str = "", method: str = "majority") -> Label:
    (label,) = adjudicate(said(*answers, breaking=breaking, deciding=deciding), RIVER, method=method)
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


@settings(max_examples=100)
@given(ANSWERS, st.integers(1, 5))
def test_annotators_of_one_mind_are_followed(answer: str, annotators: int) -> None:
    label = decided(*[answer] * annotators)
    (judgement,) = said(answer)
    assert (label.stances, label.topics) == (judgement.stances, judgement.topics)
    assert set(label.settled_by.values()) == {"majority"}


@settings(max_examples=200)
@given(st.lists(ANSWERS, min_size=1, max_size=6), st.just("") | ANSWERS, st.data())
def test_the_order_of_annotators_decides_nothing(answers: list[str], breaking: str, data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(said(*answers, breaking=breaking)))
    assert adjudicate(shuffled, RIVER) == [decided(*answers, breaking=breaking)]


@settings(max_examples=200)
@given(st.lists(ANSWERS, min_size=1, max_size=6), ANSWERS)
def test_a_tie_break_leaves_no_tie_and_every_label_is_valid(answers: list[str], breaking: str) -> None:
    label = decided(*answers, breaking=breaking)
    assert open_ties([label]) == []
    assert RIVER.stance_fault(label.stances["dam"]) == ""
    assert RIVER.topics_fault(label.topics) == ""
    assert sum(label.votes["stance"].values()) == len(answers)


# Dawid and Skene


def crowd(accuracies: Sequence[float], paragraphs: int, seed: int) -> tuple[list[str], list[Judgement]]:
    """The true stances, and judgements of annotators who are right so often; each names one topic, *fish* by rights."""
    generator = np.random.default_rng(seed)
    names = RIVER.stance_names
    truth = generator.integers(0, 3, paragraphs)
    judgements = [
        Judgement(
            f"p/{number:03d}",
            f"annotator-{column}",
            {"dam": names[(stance + (generator.random() >= accuracy) * generator.integers(1, 3)) % 3]},
            ("fish",) if generator.random() < accuracy else (TOPICS[generator.integers(0, 3)],),
        )
        for number, stance in enumerate(truth)
        for column, accuracy in enumerate(accuracies)
    ]
    return [names[stance] for stance in truth], judgements


GOOD_AND_BAD = (0.95, 0.5, 0.5, 0.5, 0.5)


@pytest.mark.parametrize("seed", range(3))
def test_one_reliable_annotator_can_outweigh_the_majority(seed: int) -> None:
    truth, judgements = crowd(GOOD_AND_BAD, 400, seed)
    right = {
        method: sum(
            label.stances["dam"] == stance
            for label, stance in zip(adjudicate(judgements, RIVER, method=method), truth, strict=True)
        )
        for method in METHODS
    }
    assert right["dawid-skene"] > right["majority"] + 20


def test_the_model_of_a_stance_tells_how_reliable_each_annotator_is() -> None:
    _, judgements = crowd(GOOD_AND_BAD, 400, 1)
    annotators, models = stance_models(judgements, RIVER)
    assert annotators == tuple(f"annotator-{number}" for number in range(5))
    assert list(models) == ["stance"]
    assert models["stance"].accuracy == pytest.approx(GOOD_AND_BAD, abs=0.1)


def test_a_model_leaves_no_tie_where_annotators_differ_in_care() -> None:
    _, judgements = crowd(GOOD_AND_BAD, 100, 1)
    labels = adjudicate(judgements, RIVER, method="dawid-skene")
    assert open_ties(adjudicate(judgements, RIVER))
    assert not open_ties(labels)
    assert {how for label in labels for how in label.settled_by.values()} == {"dawid-skene"}


def test_votes_are_those_of_the_majority_and_only_the_model_is_confident() -> None:
    _, judgements = crowd(GOOD_AND_BAD, 60, 1)
    by_majority, by_model = (adjudicate(judgements, RIVER, method=method) for method in METHODS)
    assert [label.votes for label in by_model] == [label.votes for label in by_majority]
    assert all(label.confidence == {} for label in by_majority)
    for label in by_model:
        assert set(label.confidence) == {"stance", "topics"}
        assert 1 / 3 < label.confidence["stance"] <= 1
        assert 0 <= label.confidence["topics"] <= 1


def test_only_independent_judgements_enter_the_model() -> None:
    _, judgements = crowd(GOOD_AND_BAD, 60, 1)
    others = [
        Judgement(f"p/{number:03d}", who, {"dam": "pro"}, ("trade",), round=name)
        for number in range(60)
        for who, name in (("annotator-0", "tie-break"), ("annotator-9", "tie-break"))
    ]
    assert adjudicate([*judgements, *others], RIVER, method="dawid-skene") == adjudicate(
        judgements, RIVER, method="dawid-skene"
    )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("seed", range(3))
def test_neither_names_of_annotators_nor_order_of_judgements_matter(method: str, seed: int) -> None:
    _, judgements = crowd((0.9, 0.7, 0.6, 0.5), 40, seed)
    generator = np.random.default_rng(seed)
    names = generator.permutation(4)
    renamed = [
        Judgement(j.paragraph, f"reader-{names[int(j.annotator[-1])]}", j.stances, j.topics)
        for j in (judgements[number] for number in generator.permutation(len(judgements)))
    ]
    found = {label.paragraph: label for label in adjudicate(renamed, RIVER, method=method)}
    for label in adjudicate(judgements, RIVER, method=method):
        other = found[label.paragraph]
        assert (label.stances, label.topics, label.settled_by) == (other.stances, other.topics, other.settled_by)
        assert other.confidence == pytest.approx(label.confidence, abs=1e-6)


def test_two_equally_probable_answers_are_a_tie_under_the_model_too() -> None:
    tied = decided("pro fish", "con power", method="dawid-skene")
    assert (tied.stances, tied.topics, tied.confidence) == ({"dam": ""}, (), {})
    assert tied.settled_by == {"stance": "open", "topics": "open"}
    broken = decided("pro fish", "con power", breaking="con fish", method="dawid-skene")
    assert (broken.stances, broken.topics, broken.confidence) == ({"dam": "con"}, ("fish",), {})
    assert broken.settled_by == {"stance": "tie-break", "topics": "tie-break"}


def test_where_no_topic_is_probable_the_most_probable_one_is_taken() -> None:
    answers = ["pro fish", "pro fish", "pro power", "pro trade", "pro none"]
    assert decided(*answers).settled_by["topics"] == "open"
    label = decided(*answers, method="dawid-skene")
    assert (label.topics, label.settled_by["topics"]) == (("fish",), "dawid-skene")
    assert label.confidence["topics"] < 1 / 2


@pytest.mark.parametrize(
    ("breaking", "topics"),
    [("", ()), ("pro power", ("power",)), ("pro power none", ("power",)), ("pro none", ("none",))],
    ids=["open", "one-of-them", "beside-an-exclusive-one", "another"],
)
def test_where_several_topics_are_most_probable_they_are_tied(breaking: str, topics: tuple[str, ...]) -> None:
    label = decided("pro fish", "pro power", "pro trade", breaking=breaking, method="dawid-skene")
    assert label.topics == topics
    assert label.settled_by == {"stance": "dawid-skene", "topics": "tie-break" if breaking else "open"}


def test_an_exclusive_topic_gives_way_and_the_confidence_tells_it() -> None:
    judgements = [
        judgement
        for number in range(30)
        for judgement in said("pro fish none", "pro fish none", paragraph=f"p{number}")
    ]
    label = adjudicate([*judgements, *said("pro power", "pro power", paragraph="q")], RIVER, method="dawid-skene")[0]
    assert (label.topics, label.settled_by["topics"]) == (("fish",), "dawid-skene")
    assert label.confidence["topics"] < 0.1


def test_of_exclusive_topics_alone_the_most_probable_one_stays() -> None:
    """One annotator never sees power and another never fish, so that what each of these sees is believed."""
    schema = RIVER.model_copy(
        update={"topics": tuple(label.model_copy(update={"exclusive": True}) for label in RIVER.topics[:3])}
    )
    triples = [("fish", "trade", "fish")] * 20 + [("trade", "power", "power")] * 30 + [("trade", "trade", "trade")] * 40
    judgements = [
        Judgement(f"p/{number:03d}", f"annotator-{column}", {"dam": "pro"}, (topic,))
        for number, topics in enumerate([*triples, ("fish", "power")])
        for column, topic in enumerate(topics)
    ]
    label = adjudicate(judgements, schema, method="dawid-skene")[-1]
    assert (label.topics, label.settled_by["topics"]) == (("power",), "dawid-skene")
    assert label.confidence["topics"] < 0.1


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(UsageError, match=r"'average' is unknown \(expected majority or dawid-skene\)"):
        adjudicate([], RIVER, method="average")


def test_nothing_judged_independently_leaves_the_model_nothing() -> None:
    assert adjudicate([], RIVER, method="dawid-skene") == []
    label = decided(breaking="con trade", method="dawid-skene")
    assert (label.stances, label.topics, label.confidence) == ({"dam": "con"}, ("trade",), {})
    assert label.settled_by == {"stance": "tie-break", "topics": "tie-break"}


# Adjudication


@pytest.mark.parametrize("method", METHODS)
def test_an_adjudication_overrules_everybody(method: str) -> None:
    answers = ["pro fish", "pro fish", "con power"]
    label = decided(*answers, breaking="pro fish", deciding="even trade", method=method)
    assert (label.stances, label.topics) == ({"dam": "even"}, ("trade",))
    assert label.settled_by == {"stance": "adjudication", "topics": "adjudication"}
    assert label.votes == {"stance": {"pro": 2, "con": 1}, "topics": {"fish": 2, "power": 1}}
    assert label.confidence == {}


@pytest.mark.parametrize("method", METHODS)
def test_an_adjudication_that_follows_a_majority_is_still_one(method: str) -> None:
    label = decided("pro fish", "pro fish", "con fish power", deciding="pro fish", method=method)
    assert (label.stances, label.topics) == ({"dam": "pro"}, ("fish",))
    assert label.settled_by == {"stance": "adjudication", "topics": "adjudication"}


@pytest.mark.parametrize("method", METHODS)
def test_where_all_were_of_one_mind_and_the_adjudicator_agrees_nothing_changes(method: str) -> None:
    answers = ["pro fish", "pro power", "pro fish"]
    label = decided(*answers, deciding="pro power", method=method)
    assert (label.stances, label.topics) == ({"dam": "pro"}, ("power",))
    assert label.settled_by == {"stance": method, "topics": "adjudication"}
    assert label.confidence.get("stance") == decided(*answers, method=method).confidence.get("stance")


@pytest.mark.parametrize("method", METHODS)
def test_an_adjudicator_may_disagree_with_all(method: str) -> None:
    label = decided("pro fish power", "pro power fish", deciding="con fish", method=method)
    assert (label.stances, label.topics) == ({"dam": "con"}, ("fish",))
    assert set(label.settled_by.values()) == {"adjudication"}


@pytest.mark.parametrize("method", METHODS)
def test_an_adjudication_alone_is_the_label(method: str) -> None:
    label = decided(deciding="con trade fish", method=method)
    assert (label.stances, label.topics) == ({"dam": "con"}, ("fish", "trade"))
    assert label.settled_by == {"stance": "adjudication", "topics": "adjudication"}
    assert label.votes == {"stance": {}, "topics": {}}


@pytest.mark.parametrize("method", METHODS)
def test_the_last_of_several_adjudications_counts(method: str) -> None:
    judgements = [*said("pro fish", "con fish", deciding="even fish"), *said(deciding="con power")]
    (label,) = adjudicate(judgements, RIVER, method=method)
    assert (label.stances, label.topics) == ({"dam": "con"}, ("power",))


# What is to be adjudicated


def test_paragraphs_on_which_annotators_differ_are_disputed() -> None:
    judgements = [
        *said("pro fish", "pro fish", paragraph="agreed"),
        *said("pro fish", "pro fish", "con fish", paragraph="majority"),
        *said("pro fish", paragraph="one"),
        *said("pro fish power", "pro power fish", paragraph="other-order"),
        *said("pro fish power", "pro fish", paragraph="topics"),
        *said("pro fish", "con fish", breaking="con fish", paragraph="broken"),
        *said("pro fish", "con fish", deciding="pro fish", paragraph="adjudicated"),
        *said(breaking="pro fish", paragraph="nobody"),
        *said("pro fish", "con fish", paragraph="tied"),
    ]
    assert disputed(judgements, RIVER) == ["majority", "topics", "broken", "tied"]
    assert disputed(judgements, RIVER, ties_only=True) == ["topics", "tied"]
    assert disputed(iter(judgements), RIVER, ties_only=True) == ["topics", "tied"]


def test_a_dispute_over_the_second_of_two_targets_is_one() -> None:
    judgements = [
        Judgement("p", f"annotator-{number}", {"dam": "pro", "canal": canal}, ("fish",))
        for number, canal in enumerate(("con", "even"))
    ]
    assert disputed(judgements, river("dam", "canal")) == ["p"]
    assert disputed(judgements, RIVER) == []


def test_a_tie_break_does_not_put_a_paragraph_before_the_others() -> None:
    judgements = [*said(breaking="pro fish", paragraph="b"), *said("pro fish", "con fish", paragraph="a")]
    judgements += said("pro fish", "con fish", paragraph="b")
    assert disputed(judgements, RIVER) == ["b", "a"]


# Laws of both methods

SAID = st.lists(st.tuples(st.sampled_from("pqr"), st.sampled_from("xyz"), ANSWERS), min_size=1, max_size=12)


@settings(max_examples=100)
@given(SAID, st.sampled_from(METHODS))
def test_every_label_is_valid_or_open(answers: list[tuple[str, str, str]], method: str) -> None:
    judgements = [
        Judgement(paragraph, annotator, {"dam": answer.split()[0]}, RIVER.ordered_topics(answer.split()[1:]))
        for paragraph, annotator, answer in answers
    ]
    labels = adjudicate(judgements, RIVER, method=method)
    assert [label.paragraph for label in labels] == list(dict.fromkeys(paragraph for paragraph, _, _ in answers))
    for label in labels:
        assert (label.stances["dam"] == "") is (label.settled_by["stance"] == "open")
        assert (label.topics == ()) is (label.settled_by["topics"] == "open")
        assert label.topics == () or RIVER.topics_fault(label.topics) == ""
        assert set(label.settled_by.values()) <= {method, "open"}
        assert set(label.confidence) == {column for column, how in label.settled_by.items() if how == "dawid-skene"}
        assert all(0 <= value <= 1 for value in label.confidence.values())


@settings(max_examples=100)
@given(ANSWERS, st.integers(1, 5), st.sampled_from(METHODS))
def test_what_all_say_is_the_label_by_either_method(answer: str, annotators: int, method: str) -> None:
    label = decided(*[answer] * annotators, method=method)
    (judgement,) = said(answer)
    assert (label.stances, label.topics) == (judgement.stances, judgement.topics)
    assert set(label.settled_by.values()) == {method}


@settings(max_examples=100)
@given(SAID, ANSWERS, st.sampled_from(METHODS))
def test_an_adjudication_leaves_nothing_open_and_is_followed(
    answers: list[tuple[str, str, str]], deciding: str, method: str
) -> None:
    judgements = [
        Judgement(paragraph, annotator, {"dam": answer.split()[0]}, RIVER.ordered_topics(answer.split()[1:]))
        for paragraph, annotator, answer in answers
    ]
    (decision,) = said(deciding=deciding, paragraph=judgements[0].paragraph)
    label = adjudicate([*judgements, decision], RIVER, method=method)[0]
    assert (label.stances, label.topics) == (decision.stances, decision.topics)
    assert not open_ties([label])
    assert judgements[0].paragraph not in disputed([*judgements, decision], RIVER)

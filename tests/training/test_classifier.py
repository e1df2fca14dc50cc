"""A classifier learns stance and topics, and says something of any text."""

import math
from dataclasses import replace

import numpy as np
import pytest
from cups import CORPUS, STANCES, TEXTS, TOPICS
from iraqstance.annotation.errors import InputError, UsageError
from iraqstance.training.classifier import Classifier, fit
from iraqstance.training.corpus import Corpus

ODD_TEXTS = {
    "nothing": "",
    "a blank": " ",
    "a letter": "a",
    "marks": "?!… —",
    "emoji": "👩‍👩‍👧 ☕️🔥",
    "Arabic": "كان الشاي طازجا ولذيذا",
    "Kurdish": "چایەکە زۆر خۆش بوو",
    "Chinese": "这杯茶很好喝",
    "control characters": "tea\0\x07\x1b[31m",
    "zero-width": "te\u200ba\ufeff",
    "half a character": "tea \ud83d",
    "one long word": "tea" * 20_000,
    "many words": "fresh tea " * 20_000,
}


@pytest.fixture(scope="module")
def model() -> Classifier:
    return fit(CORPUS)


def test_it_learns_what_it_was_shown(model: Classifier) -> None:
    found = model.predict(TEXTS)
    assert tuple(prediction.stance for prediction in found) == STANCES
    assert tuple(prediction.topics for prediction in found) == TOPICS


def test_it_carries_over_to_new_texts(model: Classifier) -> None:
    kind, harsh = model.predict(["Such fresh and lovely tea", "Such burnt and awful coffee"])
    assert (kind.stance, kind.topics) == ("likes", ("tea",))
    assert (harsh.stance, harsh.topics) == ("dislikes", ("coffee",))


@pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=list(ODD_TEXTS))
def test_any_text_gets_an_answer_with_sound_figures(model: Classifier, text: str) -> None:
    (found,) = model.predict([text])
    assert found.text == text
    assert found.stance_scores is not None
    assert found.topic_scores is not None
    assert math.isclose(sum(found.stance_scores.values()), 1)
    assert all(0 <= share <= 1 for share in (*found.stance_scores.values(), *found.topic_scores.values()))
    assert found.stance == max(found.stance_scores, key=found.stance_scores.__getitem__)
    assert found.topics


def test_a_text_gets_the_same_answer_alone_and_among_others(model: Classifier) -> None:
    together = model.predict([*ODD_TEXTS.values()])
    for text, found in zip(ODD_TEXTS.values(), together, strict=True):
        (alone,) = model.predict([text])
        assert alone.stance == found.stance
        assert alone.topics == found.topics
        assert alone.stance_scores == pytest.approx(found.stance_scores)


def test_no_texts_no_predictions(model: Classifier) -> None:
    assert model.predict([]) == []
    assert model.topics_of([]) == []


def test_topics_are_those_that_reach_the_threshold_or_the_best_one(model: Classifier) -> None:
    for threshold in (0.01, 0.5, 0.999):
        for found in replace(model, threshold=threshold).predict(TEXTS):
            shares = found.topic_scores or {}
            reached = tuple(name for name, share in shares.items() if share >= threshold)
            assert found.topics == (reached or (max(shares, key=shares.__getitem__),))


def test_fitting_twice_gives_the_same_model(model: Classifier) -> None:
    assert fit(CORPUS).predict(TEXTS) == model.predict(TEXTS)


def test_a_model_of_stance_alone_says_nothing_of_topics() -> None:
    (found,) = fit(replace(CORPUS, topics=None)).predict(["Lovely tea"])
    assert (found.stance, found.topics, found.topic_scores) == ("likes", None, None)


def test_a_model_of_topics_alone_says_nothing_of_stance() -> None:
    model = fit(replace(CORPUS, stances=None))
    (found,) = model.predict(["Lovely coffee"], "whatever")
    assert (found.stance, found.stance_scores, found.topics) == (None, None, ("coffee",))
    assert model.topics_of(["Lovely coffee"]) == [("coffee",)]


def test_each_target_has_a_model_of_its_own() -> None:
    opposite = tuple("dislikes" if stance == "likes" else "likes" for stance in STANCES)
    both = Corpus("cups", TEXTS * 2, STANCES + opposite, None, None, ("ours",) * 10 + ("theirs",) * 10)
    model = fit(both)
    assert model.targets == ("ours", "theirs")
    assert [prediction.stance for prediction in model.predict(TEXTS, "ours")] == list(STANCES)
    assert [prediction.stance for prediction in model.predict(TEXTS, "theirs")] == list(opposite)


def test_the_only_target_need_not_be_named() -> None:
    model = fit(replace(CORPUS, targets=("tea",) * 10))
    assert model.predict(["Lovely"]) == model.predict(["Lovely"], "tea")


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (None, r"the model holds several targets \(expected one of ours, theirs\)\. Name one with --target"),
        ("yours", r"the model holds no such target \(expected one of ours, theirs, got yours\)"),
    ],
)
def test_a_target_that_is_not_clear_is_asked_for(target: str | None, message: str) -> None:
    model = fit(Corpus("cups", TEXTS * 2, STANCES * 2, None, None, ("ours",) * 10 + ("theirs",) * 10))
    with pytest.raises(UsageError, match=message):
        model.predict(["Lovely"], target)


def test_a_target_is_refused_in_plain_words_where_the_model_names_none(model: Classifier) -> None:
    """An empty name is no answer to what was expected."""
    with pytest.raises(UsageError, match="target") as caught:
        model.predict(["Lovely"], "tea")
    assert "one of ," not in str(caught.value)
    assert "Name one" not in str(caught.value)


@pytest.mark.parametrize(
    ("corpus", "message"),
    [
        (replace(CORPUS, stances=("likes",) * 10), r"cups: there is only one stance to learn \(.*got likes\)"),
        (
            replace(CORPUS, stances=("likes",) * 10, targets=("tea",) * 10),
            r"only one stance to learn for target 'tea' .*Check the column, or train without it",
        ),
        (replace(CORPUS, topics=(("tea",),) * 10), r"there is only one set of topics to learn"),
    ],
)
def test_what_never_varies_cannot_be_learned(corpus: Corpus, message: str) -> None:
    with pytest.raises(InputError, match=message):
        fit(corpus)


def test_what_never_varies_is_a_constant_where_that_is_wanted() -> None:
    (found,) = fit(replace(CORPUS, stances=("likes",) * 10, topics=None), constant=True).predict(["Awful"])
    assert (found.stance, found.stance_scores) == ("likes", {"likes": 1})


@pytest.mark.parametrize(
    "topics",
    [(("tea",),) * 10, (("tea", "drink"),) * 10, (("tea",),) * 9 + (("tea", "drink"),)],
    ids=["one topic", "one set of two", "one in all and one in some"],
)
def test_a_topic_that_every_text_has_is_given_to_every_text(topics: tuple[tuple[str, ...], ...]) -> None:
    model = fit(replace(CORPUS, stances=None, topics=topics), constant=True)
    assert all("tea" in (prediction.topics or ()) for prediction in model.predict(["Lovely", "Awful", ""]))


@pytest.mark.parametrize("texts", [("?", "!"), ("a", "b")], ids=["marks", "letters"])
def test_texts_without_a_word_are_refused_by_name(texts: tuple[str, str]) -> None:
    """A column of ratings or of keys was taken for the texts, most likely."""
    with pytest.raises(InputError, match="cups"):
        fit(Corpus("cups", texts, ("likes", "dislikes")))


def test_a_text_in_a_script_without_spaces_can_be_learned() -> None:
    model = fit(Corpus("cups", ("这杯茶很好喝", "那杯茶很难喝"), ("likes", "dislikes")))
    assert [prediction.stance for prediction in model.predict(["这杯茶很好喝", "那杯茶很难喝"])] == [
        "likes",
        "dislikes",
    ]


def test_the_words_of_a_hashtag_count() -> None:
    texts = tuple(text.replace("A lovely", "#ALovely").replace("Awful", "#Awful") for text in TEXTS)
    model = fit(replace(CORPUS, texts=texts))
    plain, tagged = model.predict(["Such burnt awful coffee #BurntCoffee", "Such #BurntAwfulCoffee"])
    assert (plain.stance, tagged.stance) == ("dislikes", "dislikes")
    assert tagged.text == "Such #BurntAwfulCoffee"


def opinions(rows: int) -> Corpus:
    """Return opinions on two drinks, three texts a group, a few of them rated the wrong way."""
    random = np.random.default_rng(11)
    sides, drinks, wrong = random.integers(0, 2, rows), random.integers(0, 2, rows), random.random(rows) < 0.1
    words = (("stale", "bitter", "burnt", "awful"), ("fresh", "mild", "sweet", "lovely"))
    texts = tuple(
        f"{' '.join(random.choice(words[side], 2))} {('tea', 'coffee')[drink]} number {number}"
        for number, (side, drink) in enumerate(zip(sides, drinks, strict=True))
    )
    return Corpus(
        "opinions",
        texts,
        tuple(("dislikes", "likes")[int(side != odd)] for side, odd in zip(sides, wrong, strict=True)),
        tuple((("tea",), ("coffee", "strong"))[drink] for drink in drinks),
        tuple(f"story {number // 3}" for number in range(rows)),
    )


@pytest.mark.parametrize("rows", [5, 40, 100, 2_100])
def test_any_size_of_data_is_learned_and_always_alike(rows: int) -> None:
    corpus = opinions(rows)
    model, again = fit(corpus, constant=True), fit(corpus, constant=True)
    assert model.predict(corpus.texts[:50]) == again.predict(corpus.texts[:50])
    assert model.threshold == again.threshold
    if rows >= 40:
        kind, harsh = model.predict(["lovely mild tea", "awful burnt coffee"])
        assert (kind.stance, kind.topics) == ("likes", ("tea",))
        assert (harsh.stance, harsh.topics) == ("dislikes", ("coffee", "strong"))


def test_probabilities_mean_what_they_say() -> None:
    """A tenth of the labels is wrong, so nothing can be surer than nine in ten."""
    corpus = opinions(1_200)
    tested = corpus.take(range(600, 1_200))
    said = fit(corpus.take(range(600))).predict(tested.texts)
    sure = [max((prediction.stance_scores or {}).values()) for prediction in said]
    right = np.mean([one.stance == label for one, label in zip(said, tested.stances or (), strict=True)])
    assert np.mean(sure) == pytest.approx(right, abs=0.05)


@pytest.mark.parametrize("rows", [160, 5_400])
def test_targets_that_share_features_keep_their_own_stances(rows: int) -> None:
    """Where the same rare words mean the same of both, the targets' pipelines hold the same features."""
    random = np.random.default_rng(4)
    words = ["".join(random.choice(list("abcdefghijklmnopqrstuvwxyz"), 6)) for _ in range(rows * 3 // 4)]
    kind, harsh = words[: len(words) // 2], words[len(words) // 2 :]
    likes = random.integers(0, 2, rows)
    texts = tuple(" ".join(random.choice(kind if liked else harsh, 4)) for liked in likes)
    stances = tuple("likes" if liked else "dislikes" for liked in likes)
    model = fit(Corpus("cups", texts, stances, targets=tuple("ours" if row % 2 else "theirs" for row in range(rows))))
    assert model.targets == ("theirs", "ours")
    assert model.stance["ours"]["features"] is model.stance["theirs"]["features"]
    for target in model.targets:
        said = model.predict([" ".join(kind[:8]), " ".join(harsh[:8])], target)
        assert [one.stance for one in said] == ["likes", "dislikes"]


def test_more_texts_than_characters_are_needed_for_are_learned_from_words() -> None:
    model = fit(replace(opinions(20_100), topics=None))
    assert [name for name, _ in model.stance[""]["features"].transformer_list] == ["word"]
    kind, harsh = model.predict(["lovely mild tea", "awful burnt coffee"])
    assert (kind.stance, harsh.stance) == ("likes", "dislikes")

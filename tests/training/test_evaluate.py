"""Cross-validation: no group stands on both sides, and every figure is what it is called."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from iraqstance.annotation.errors import InputError, UsageError
from iraqstance.training.classifier import fit
from iraqstance.training.corpus import Corpus
from iraqstance.training.evaluate import Evaluation, evaluate, evaluate_saved, folds_of, metrics, out_of_fold
from iraqstance.training.metrics import stance_scores, topic_scores

KIND = ("lovely", "fresh", "mild")
HARSH = ("awful", "stale", "burnt")


def cups(rows: int, groups: int = 3, offset: int = 0) -> Corpus:
    """Return a corpus that is easy to learn, of as many rows and groups."""
    numbers = range(offset, offset + rows)
    return Corpus(
        "cups",
        tuple(f"{(KIND if n % 2 else HARSH)[n % 3]} {'tea' if n % 4 < 2 else 'coffee'}, cup {n}" for n in numbers),
        tuple("likes" if n % 2 else "dislikes" for n in numbers),
        tuple(("tea",) if n % 4 < 2 else ("coffee",) if n % 3 else ("coffee", "price") for n in numbers),
        tuple(f"group {n // 2 % groups}" for n in numbers),
    )


def two_targets(corpus: Corpus) -> Corpus:
    """Return the corpus with every text once for each of two targets."""
    twice = corpus.joined(corpus)
    return replace(twice, targets=("ours",) * len(corpus) + ("theirs",) * len(corpus))


@st.composite
def grouped(draw: st.DrawFn) -> Corpus:
    """Draw a corpus in up to fifteen groups of any sizes, each stance at least five times."""
    rows = draw(st.integers(10, 40))
    groups = draw(st.lists(st.integers(0, draw(st.integers(1, 14))), min_size=rows, max_size=rows))
    assume(len(set(groups)) > 1)
    return replace(cups(rows), groups=tuple(map(str, groups)))


@st.composite
def anything(draw: st.DrawFn) -> Corpus:
    """Draw five rows or more, of any stances and texts, in two groups or more, or in none."""
    rows = draw(st.integers(5, 24))
    several = st.lists(st.integers(0, 12), min_size=rows, max_size=rows)
    stances = draw(st.lists(st.sampled_from("abc"), min_size=rows, max_size=rows))
    texts = draw(several)
    groups = draw(st.none() | several.filter(lambda names: len(set(names)) > 1))
    assume(groups is not None or len(set(texts)) >= 5)
    named = None if groups is None else tuple(map(str, groups))
    return Corpus("drawn", tuple(f"text {number}" for number in texts), tuple(stances), groups=named)


@given(grouped())
@settings(max_examples=150)
def test_no_group_ever_stands_on_both_sides(corpus: Corpus) -> None:
    """And every row is tested once, after training on all rows of the other groups."""
    assert corpus.groups is not None
    folds, _ = folds_of(corpus)
    assert sorted(row for fold in folds for row in fold.test) == list(range(len(corpus)))
    for fold in folds:
        assert not {corpus.groups[row] for row in fold.train} & {corpus.groups[row] for row in fold.test}
        assert sorted(fold.train + fold.test) == list(range(len(corpus)))
        assert fold.train
        assert fold.test


@given(anything())
@settings(max_examples=150)
def test_five_texts_or_two_groups_can_always_be_divided(corpus: Corpus) -> None:
    """However rare a stance is. What is kept together is the group, or else the text."""
    folds, _ = folds_of(corpus)
    together = corpus.groups or corpus.texts
    assert sorted(row for fold in folds for row in fold.test) == list(range(len(corpus)))
    for fold in folds:
        assert fold.train
        assert fold.test
        assert not {together[row] for row in fold.train} & {together[row] for row in fold.test}


@pytest.mark.parametrize("groups", [2, 3, 10])
def test_up_to_ten_groups_are_each_held_out_once(groups: int) -> None:
    folds, scheme = folds_of(cups(40, groups))
    assert scheme == "leaving one group out"
    assert [fold.held_out for fold in folds] == sorted(f"group {number}" for number in range(groups))


def test_more_than_ten_groups_make_five_folds() -> None:
    folds, scheme = folds_of(cups(44, 11))
    assert scheme == "five folds of whole groups"
    assert [fold.held_out for fold in folds] == [f"fold {number}" for number in range(1, 6)]


def test_folds_without_groups_are_said_to_flatter() -> None:
    folds, scheme = folds_of(replace(cups(20), groups=None))
    assert len(folds) == 5
    assert "they flatter" in scheme


def test_folds_without_groups_hold_each_stance_in_proportion() -> None:
    corpus = replace(cups(40), groups=None)
    folds, _ = folds_of(corpus)
    counts = [Counter((corpus.stances or ())[row] for row in fold.test) for fold in folds]
    assert all(count == {"likes": 4, "dislikes": 4} for count in counts)


def test_folds_are_the_same_every_time() -> None:
    corpus = replace(cups(30), groups=None)
    assert folds_of(corpus) == folds_of(corpus)


def test_the_rows_of_one_text_about_several_targets_stay_together() -> None:
    corpus = two_targets(replace(cups(20), groups=None))
    for fold in folds_of(corpus)[0]:
        assert not {corpus.texts[row] for row in fold.train} & {corpus.texts[row] for row in fold.test}


@pytest.mark.parametrize(
    ("corpus", "message"),
    [
        (replace(cups(8), groups=("one",) * 8), r"cups: all rows belong to one group.*got group 'one'.*--group-column"),
        (replace(cups(4), groups=None), r"cups: too few rows for five folds \(got 4 rows\)"),
        (two_targets(replace(cups(3), groups=None)), "cups: too few .* for five folds"),
    ],
    ids=["one group", "four rows", "three texts about two targets"],
)
def test_what_cannot_be_divided_is_refused(corpus: Corpus, message: str) -> None:
    with pytest.raises(InputError, match=message):
        evaluate(corpus)


@pytest.fixture(scope="module")
def found() -> Evaluation:
    return evaluate(cups(24))


def test_an_evaluation_tests_every_row_and_names_what_was_held_out(found: Evaluation) -> None:
    assert (found.data, found.rows, found.folds) == ("cups", 24, ("group 0", "group 1", "group 2"))
    assert set(found.stance) == {""}
    assert found.topics is not None
    assert set(found.stance[""]) == set(found.topics) == {"model", "majority", "random", "unigram"}
    assert sum(score.support for score in found.stance[""]["model"].labels.values()) == 24


def test_what_is_easy_is_learned_and_the_baselines_are_left_behind(found: Evaluation) -> None:
    scores = found.stance[""]
    assert scores["model"].macro_f1 > 0.9 > scores["random"].macro_f1 > 0.3
    assert scores["model"].macro_f1 > scores["majority"].macro_f1


def test_the_figures_are_those_of_models_that_never_saw_the_group(found: Evaluation) -> None:
    assert found.stance[""]["model"] == pooled(cups(24))[0]
    assert found.topics is not None
    assert found.topics["model"] == pooled(cups(24))[1]


@pytest.mark.parametrize("groups", [3, 12], ids=["each held out", "five folds"])
def test_what_is_said_out_of_fold_is_what_was_evaluated_in_the_order_of_the_rows(groups: int) -> None:
    corpus = cups(48, groups)
    said = out_of_fold(corpus, jobs=2)
    assert tuple(prediction.text for prediction in said) == corpus.texts
    names = sorted(set(corpus.stances or ()))
    assert (
        stance_scores(corpus.stances or (), [prediction.stance or "" for prediction in said], names)
        == evaluate(corpus).stance[""]["model"]
    )


def test_what_is_said_out_of_fold_is_about_the_target_of_the_row() -> None:
    corpus = two_targets(replace(cups(24), topics=None))
    opposite = tuple("likes" if stance == "dislikes" else "dislikes" for stance in (corpus.stances or ())[24:])
    said = out_of_fold(replace(corpus, stances=(corpus.stances or ())[:24] + opposite))
    assert sum(said[row].stance != said[row + 24].stance for row in range(24)) > 20


def pooled(corpus: Corpus, extra: Corpus | None = None, *, leak: bool = False) -> tuple[Any, Any]:
    """Score out-of-fold predictions the plain way: fit on what is left, predict what is held out."""
    guesses: dict[int, Any] = {}
    groups = corpus.groups or ()
    for held_out in set(groups):
        train = corpus.take(row for row, name in enumerate(groups) if name != held_out)
        if extra is not None:
            others = (row for row, name in enumerate(extra.groups or ()) if leak or name != held_out)
            train = train.joined(extra.take(others))
        rows = [row for row, name in enumerate(groups) if name == held_out]
        guesses |= dict(zip(rows, fit(train, constant=True).predict([corpus.texts[row] for row in rows]), strict=True))
    names = sorted(set(corpus.stances or ()))
    topics = sorted({topic for row in corpus.topics or () for topic in row})
    in_order = [guesses[row] for row in range(len(corpus))]
    return (
        stance_scores(corpus.stances or (), [guess.stance for guess in in_order], names),
        topic_scores(corpus.topics, [guess.topics for guess in in_order], topics) if corpus.topics else None,
    )


def test_further_training_rows_of_the_held_out_group_are_left_out() -> None:
    """Here they are the tested texts themselves with the opposite stance, so that a leak would show."""
    corpus = replace(cups(12, 3), topics=None)
    flipped = tuple("likes" if stance == "dislikes" else "dislikes" for stance in corpus.stances or ())
    extra = replace(corpus, name="restatements", stances=flipped).joined(replace(cups(6, 3, offset=100), topics=None))
    found = evaluate(corpus, extra=extra)
    assert found.stance[""]["model"] == pooled(corpus, extra)[0]
    assert found.stance[""]["model"] != pooled(corpus, extra, leak=True)[0]
    assert "training also on restatements less the held-out groups" in found.scheme


def test_further_training_rows_are_left_out_of_larger_folds_too() -> None:
    """With more than ten groups a fold holds several of them out."""
    corpus = replace(cups(48, 12), topics=None)
    same = evaluate(corpus, extra=corpus)
    assert same.stance[""]["model"].macro_f1 == pytest.approx(evaluate(corpus).stance[""]["model"].macro_f1, abs=0.1)
    assert same.rows == 48


@pytest.mark.parametrize("lacking", ["groups", "stances", "topics", "targets"])
def test_further_training_rows_that_lack_a_column_are_refused_by_name(lacking: str) -> None:
    corpus = two_targets(cups(12))
    extra = replace(corpus, name="further", **{lacking: None})
    with pytest.raises(InputError, match=r"^further: ") as caught:
        evaluate(corpus, extra=extra)
    assert lacking.removesuffix("s") in str(caught.value)


def test_further_training_rows_need_groups_in_the_tested_rows_too() -> None:
    with pytest.raises(InputError, match=r"cups: further training texts need groups.*--group-column"):
        evaluate(replace(cups(12), groups=None), extra=cups(12))


def test_further_training_rows_may_bring_labels_that_are_never_tested() -> None:
    """They count as wrong where they are given, and nothing is said beside the result."""
    strange = replace(cups(12, offset=100), stances=("unheard",) * 12, topics=(("unheard",),) * 12)
    found = evaluate(cups(12), extra=strange)
    assert set(found.stance[""]["model"].labels) == {"likes", "dislikes"}
    assert found.topics is not None
    assert set(found.topics["model"].labels) == {"tea", "coffee", "price"}


def test_two_processes_give_the_result_of_one(found: Evaluation) -> None:
    assert evaluate(cups(24), jobs=2) == found


def test_progress_is_told_for_every_fitted_model() -> None:
    told: list[int] = []

    def progress(finished: Iterator[Any], total: int) -> Iterator[Any]:
        for outcome in finished:
            told.append(total)
            yield outcome

    evaluate(replace(cups(12), topics=None), progress=progress)
    assert told == [6] * 6  # the classifier and the bag of words, in three folds


@pytest.mark.parametrize(
    ("stances", "topics"),
    [
        (("likes",) * 4 + ("dislikes",) * 4, None),
        (None, (("tea",),) * 4 + (("coffee",),) * 4),
        (("likes",) * 4 + ("dislikes",) * 4, (("tea",),) * 4 + (("coffee",),) * 4),
        (None, (("tea",), ("coffee",)) * 2 + (("tea",),) * 4),
    ],
    ids=["stance", "topic", "both", "topics in one of two folds"],
)
def test_a_fold_may_have_one_label_only_to_learn_from(
    stances: tuple[str, ...] | None, topics: tuple[tuple[str, ...], ...] | None
) -> None:
    corpus = replace(cups(8), stances=stances, topics=topics, groups=("g",) * 4 + ("h",) * 4)
    found = evaluate(corpus)
    assert found.folds == ("g", "h")
    if stances:
        assert found.stance[""]["model"].accuracy == 0


def test_the_majority_is_that_of_the_training_rows() -> None:
    """Held out, the group of the greater half leaves the smaller one as the majority."""
    corpus = replace(cups(8), stances=("likes",) * 5 + ("dislikes",) * 3, groups=("g",) * 5 + ("h",) * 3, topics=None)
    assert evaluate(corpus).stance[""]["majority"].accuracy == 0


def test_each_target_has_figures_of_its_own() -> None:
    corpus = two_targets(replace(cups(12), topics=None))
    opposite = tuple("likes" if stance == "dislikes" else "dislikes" for stance in (corpus.stances or ())[12:])
    found = evaluate(replace(corpus, stances=(corpus.stances or ())[:12] + opposite))
    assert list(found.stance) == ["ours", "theirs"]
    assert found.rows == 24
    for scores in found.stance.values():
        assert scores["model"].macro_f1 > 0.6
        assert sum(score.support for score in scores["model"].labels.values()) == 12


def test_a_text_counts_once_among_the_topics_though_it_has_several_targets(found: Evaluation) -> None:
    """The same model, since its topics are learned of each text once."""
    both = evaluate(two_targets(cups(24)))
    assert both.topics is not None
    assert found.topics is not None
    assert both.topics["model"] == found.topics["model"]


def test_a_target_that_only_the_held_out_group_is_about_is_named() -> None:
    """Nothing can be learned of it, and ``evaluate`` has no ``--target`` to name another."""
    corpus = replace(cups(12, 3), targets=("ours",) * 12, topics=None)
    alone = tuple("theirs" if group == "group 1" else "ours" for group in corpus.groups or ())
    with pytest.raises(InputError, match="theirs") as caught:
        evaluate(replace(corpus, targets=alone))
    assert "--target" not in str(caught.value).replace("--target-column", "")


def test_stance_and_topics_can_each_be_left_out() -> None:
    assert evaluate(replace(cups(6), topics=None)).topics is None
    assert evaluate(replace(cups(12), stances=None)).stance == {}


def test_a_held_out_corpus_is_tested_by_a_model_of_the_other_alone() -> None:
    train, test = cups(24), replace(cups(12, offset=24), name="later", groups=("new",) * 12)
    found = evaluate(train, test=test)
    model = fit(train, constant=True)
    assert (found.data, found.rows, found.folds) == ("later", 12, ("later",))
    assert found.scheme == "trained on 24 rows of cups"
    said = [one.stance or "" for one in model.predict(test.texts)]
    assert found.stance[""]["model"] == stance_scores(test.stances or (), said, ["dislikes", "likes"])


def test_a_model_that_is_fitted_already_is_not_fitted_again_where_no_row_is_left_out() -> None:
    """Here one that was fitted on the opposite labels, so that it shows whose answers are scored."""
    train, test = replace(cups(24), topics=None), replace(cups(12, offset=24), topics=None, groups=("new",) * 12)
    flipped = tuple("likes" if stance == "dislikes" else "dislikes" for stance in train.stances or ())
    opposite = fit(replace(train, stances=flipped))
    assert evaluate(train, test=test, model=fit(train)) == evaluate(train, test=test)
    assert evaluate(train, test=test, model=opposite, jobs=2).stance[""]["model"].accuracy == 0
    overlapping = replace(test, groups=("group 1",) * 12)
    assert evaluate(train, test=overlapping, model=opposite).stance[""]["model"].accuracy == 1


def test_training_rows_of_a_tested_group_are_left_out_and_counted() -> None:
    train, test = cups(24), replace(cups(8, offset=24), name="later", groups=("group 1",) * 8)
    assert evaluate(train, test=test).scheme == "trained on 16 rows of cups, less 8 of tested groups"
    with pytest.raises(InputError, match=r"cups: every training row belongs to a group that is tested.*--group-column"):
        evaluate(train, test=train)


def test_tested_texts_that_were_trained_on_are_counted() -> None:
    train = replace(cups(24), groups=None)
    found = evaluate(train, test=replace(train.take(range(6)), name="again"))
    assert "6 tested texts stand among them word for word" in found.scheme


def test_a_label_that_was_never_trained_is_counted_and_wrong() -> None:
    test = replace(cups(6, offset=24), name="later", groups=("new",) * 6)
    strange = replace(
        test, stances=("unheard", *(test.stances or ())[1:]), topics=(("unsaid",), *(test.topics or ())[1:])
    )
    found = evaluate(cups(24), test=strange)
    assert found.untrained_stances == {"": {"unheard": 1}}
    assert found.untrained_topics == {"unsaid": 1}
    assert found.stance[""]["model"].labels["unheard"].recall == 0
    assert found.stance_figures[""].systems["model"]["log_loss"].value > 36 / 6
    assert evaluate(cups(24), test=test).untrained_stances == {}


def test_a_stance_that_a_fold_has_to_itself_is_counted() -> None:
    corpus = replace(cups(12, 3), topics=None)
    alone = tuple(
        "rare" if group == "group 0" else stance
        for group, stance in zip(corpus.groups or (), corpus.stances or (), strict=True)
    )
    assert evaluate(replace(corpus, stances=alone)).untrained_stances == {"": {"rare": 4}}


@pytest.mark.parametrize(
    ("sides", "message"),
    [
        (
            ("likes", "hates"),
            r"cups: no tested row has the stance 'hates' \(expected two of dislikes, likes\).*--sides",
        ),
        (("likes", "likes"), "both sides are the same stance"),
    ],
)
def test_sides_are_stances_of_the_data(sides: tuple[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        evaluate(cups(12), sides=sides)


def test_the_f1_of_the_sides_is_their_mean_where_a_target_has_both(found: Evaluation) -> None:
    assert "sides_f1" not in found.stance_figures[""].systems["model"]
    named = evaluate(replace(cups(12), topics=None), sides=("likes", "dislikes"))
    figures = metrics(named)["stance"][""]["model"]
    assert figures["favor_against_f1"] == figures["macro_f1"]


def test_the_model_is_compared_with_every_other_system_on_the_same_resamples() -> None:
    corpus = replace(cups(24), topics=None)
    found = evaluate(corpus, extra=replace(corpus, name="more"))
    figures = found.stance_figures[""]
    assert list(figures.systems) == ["model", "without", "majority", "random", "unigram"]
    assert list(figures.changes) == ["without", "majority", "random", "unigram"]
    for name, changes in figures.changes.items():
        for figure, change in changes.items():
            apart = figures.systems["model"][figure].value - figures.systems[name][figure].value
            assert change.value == pytest.approx(apart)
            assert change.low <= change.high
    alone = evaluate(corpus).stance[""]["model"]
    assert found.stance[""]["without"] == alone


def test_topics_have_the_figures_of_their_probabilities(found: Evaluation) -> None:
    """Those who ignore the words are charged for the shares of the training texts, and a topic never seen for none."""
    assert found.topic_figures is not None
    systems = found.topic_figures.systems
    assert systems["model"]["log_loss"].value < systems["majority"]["log_loss"].value
    assert systems["random"]["log_loss"] == systems["majority"]["log_loss"]
    assert "log_loss" in found.topic_figures.changes["unigram"]
    test = replace(cups(6, offset=24), name="later", groups=("new",) * 6)
    strange = replace(test, topics=(("unsaid",),) * 6, stances=None)
    figures = evaluate(replace(cups(24), stances=None), test=strange).topic_figures
    assert figures is not None
    assert figures.systems["majority"]["log_loss"].value == pytest.approx(36.04, abs=0.01)


def test_several_targets_have_a_mean() -> None:
    corpus = two_targets(replace(cups(24), topics=None))
    found = evaluate(corpus)
    assert found.mean_figures is not None
    each = [figures.systems["model"] for figures in found.stance_figures.values()]
    for name, one in found.mean_figures.systems["model"].items():
        assert one.value == pytest.approx(sum(figures[name].value for figures in each) / 2)
    assert evaluate(replace(cups(12), topics=None)).mean_figures is None


@pytest.mark.parametrize(
    ("corpus", "words"),
    [
        (cups(48, 24), "of whole groups"),
        (cups(24, 3), "of rows within each group"),
        (replace(cups(24), groups=None), "of single rows"),
    ],
    ids=["many groups", "few groups", "no groups"],
)
def test_the_scheme_of_the_intervals_is_told_in_words(corpus: Corpus, words: str) -> None:
    assert words in metrics(evaluate(corpus))["intervals"]


def test_the_figures_are_json_of_six_digits(found: Evaluation) -> None:
    plain = metrics(found)
    assert plain["data"] == {"name": "cups", "rows": 24, "sha256": cups(24).sha256}
    for systems in (*plain["stance"].values(), plain["topics"]):
        for figures in systems.values():
            for name, values in figures.items():
                if name != "labels":
                    assert [round(value, 6) for value in values] == values
                    assert len(values) == 3
    assert plain["stance"][""]["model"]["macro_f1"][0] == round(found.stance[""]["model"].macro_f1, 6)
    assert list(plain["topics"]["model"]) == ["micro_f1", "macro_f1", "exact", "log_loss", "ece", "labels"]
    for steps in (plain["coverage"]["stance"][""], plain["coverage"]["topics"]):
        shares = [share for _, share, _ in steps]
        assert shares == sorted(set(shares))
        assert shares[-1] == 1
    assert "curve" not in plain


def test_a_learning_curve_grows_to_all_training_rows_and_holds_whole_groups() -> None:
    found = evaluate(cups(96, 24), detail=True)
    counts = [point.rows for point in found.curve]
    assert counts == sorted(set(counts))
    assert counts[-1] == pytest.approx(96 * 4 / 5)
    assert len(counts) == 4
    last = found.curve[-1]
    assert last.stance == found.stance_figures[""].systems["model"]["macro_f1"]
    assert found.topic_figures is not None
    assert last.topics == found.topic_figures.systems["model"]["micro_f1"]


def test_what_tells_a_label_is_what_only_its_texts_hold() -> None:
    found = evaluate(cups(48, 12), detail=True)
    assert {term.words for term in found.stance_terms[""]["likes"]} & set(KIND)
    assert {term.words for term in found.stance_terms[""]["dislikes"]} & set(HARSH)
    assert "tea" in {term.words for term in found.topic_terms["tea"]}
    assert not {term.words for term in found.stance_terms[""]["likes"]} & set(HARSH)


def test_two_rows_in_two_groups_are_evaluated_in_full() -> None:
    found = evaluate(Corpus("two", ("good tea", "bad tea"), ("pro", "con"), (("a",), ("b",)), ("g", "h")), detail=True)
    assert found.rows == 2
    assert found.untrained_stances == {"": {"con": 1, "pro": 1}}
    assert found.stance[""]["model"].accuracy == 0


def test_a_saved_model_has_the_figures_that_it_has_where_it_is_trained_and_tested_at_once() -> None:
    train, test = (replace(two_targets(one), groups=None) for one in (cups(24), cups(12, offset=24)))
    once = evaluate(train, test=test)
    later = evaluate_saved(test, fit(train))
    assert set(later.stance["ours"]) == {"model"}
    assert metrics(later)["stance"]["ours"]["model"] == metrics(once)["stance"]["ours"]["model"]
    assert metrics(later)["topics"]["model"] == metrics(once)["topics"]["model"]
    assert later.predictions == once.predictions


def test_two_saved_models_are_compared_on_the_same_rows() -> None:
    test = cups(12, offset=24)
    wrong = fit(replace(cups(24), stances=tuple("dislikes" if n % 2 else "likes" for n in range(24))))
    found = evaluate_saved(test, fit(cups(24)), wrong)
    change = found.stance_figures[""].changes["other"]["accuracy"]
    assert (change.value, change.low) == (1.0, 1.0)
    assert found.topic_figures is not None
    assert found.topic_figures.changes["other"]["micro_f1"].value == 0


def test_a_saved_model_is_tested_on_the_labels_that_it_gives() -> None:
    found = evaluate_saved(cups(12), fit(replace(cups(24), topics=None)))
    assert found.topics is None
    assert list(found.stance) == [""]
    assert evaluate_saved(cups(12), fit(replace(cups(24), targets=("cups",) * 24))).stance[""]["model"].accuracy == 1


def test_labels_that_a_saved_model_never_saw_are_told() -> None:
    strange = replace(cups(12), stances=("loves", *(cups(12).stances or ())[1:]))
    assert evaluate_saved(strange, fit(cups(24))).untrained_stances == {"": {"loves": 1}}


@pytest.mark.parametrize(
    ("tested", "train", "message"),
    [
        (
            replace(cups(12), topics=None),
            replace(cups(24), stances=None),
            "the model gives no label that the rows have",
        ),
        (replace(cups(12), targets=("his",) * 12), two_targets(cups(24)), "no target 'his' .*'ours' or 'theirs'"),
        (cups(12), two_targets(cups(24)), "model holds several targets, the rows name none"),
        (two_targets(cups(12)), cups(24), "model names no target, the rows do"),
    ],
    ids=["other labels", "another target", "no target", "a model without"],
)
def test_a_model_for_something_else_is_refused(tested: Corpus, train: Corpus, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        evaluate_saved(tested, fit(train))


def test_what_one_of_two_models_does_not_give_is_left_out_and_said() -> None:
    found = evaluate_saved(cups(12), fit(cups(24)), fit(replace(cups(24), topics=None)))
    assert found.topics is None
    assert found.scheme.endswith("; no topics, which other does not give")
    with pytest.raises(UsageError, match="the models give no label in common that the rows have"):
        evaluate_saved(cups(12), fit(replace(cups(24), stances=None)), fit(replace(cups(24), topics=None)))


def test_the_usual_sides_may_be_spelled_in_capitals() -> None:
    names = {"likes": "FAVOR", "dislikes": "AGAINST"}
    found = evaluate(replace(cups(24), stances=tuple(names[name] for name in cups(24).stances or ())))
    assert found.sides == ("FAVOR", "AGAINST")
    assert "sides_f1" in found.stance_figures[""].systems["model"]


def test_a_topic_that_only_a_repeated_text_has_is_not_among_the_figures() -> None:
    """Of rows with the same text the first counts, in what is asked and in what is averaged."""
    whole = cups(24).joined(replace(cups(24).take([0]), topics=(("zoo",),)))
    topics = evaluate(replace(whole, groups=None)).topics
    assert topics is not None
    assert "zoo" not in topics["model"].labels

"""Baselines by edition: no model sees what it is tested on, and the figures kept are those that are measured."""

import json
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from iraqstance.annotation.errors import InputError, UsageError
from iraqstance.dataset.editions import packaged_edition
from iraqstance.training.baselines import (
    TRAINED_ON,
    Comparison,
    Curve,
    compare,
    curve_draws,
    data_hashes,
    learning_curve,
    record,
    source_corpus,
    stories_of,
    system_trials,
)
from iraqstance.training.corpus import Corpus, packaged_corpus
from iraqstance.training.evaluate import evaluate
from iraqstance.training.model_folder import library_versions
from iraqstance.training.recipe import recipe_fingerprint

ARTICLES = ("cafe", "kiosk", "tavern")
WORDS = {"favor": ("lovely", "fresh", "mild"), "against": ("awful", "stale", "burnt"), "neutral": ("green", "hot")}


def cups(rows: int, groups: int, name: str, prefix: str = "story") -> Corpus:
    """Return opinions of tea and coffee that are easy to learn, in as many groups."""
    stances = [tuple(WORDS)[number % 3] for number in range(rows)]
    texts = [
        f"{WORDS[stance][number % len(WORDS[stance])]} {'tea' if number % 4 < 2 else 'coffee'}, {name} {number}"
        for number, stance in enumerate(stances)
    ]
    return Corpus(
        name,
        tuple(texts),
        tuple(stances),
        tuple(("tea",) if number % 4 < 2 else ("coffee", "price")[: 1 + number % 2] for number in range(rows)),
        tuple(f"{prefix} {number % groups}" for number in range(rows)),
        ids=tuple(f"{name}/{number}" for number in range(rows)),
    )


def of_articles(rows: int, name: str) -> Corpus:
    return replace(cups(rows, 3, name), groups=tuple(ARTICLES[number % 7 % 3] for number in range(rows)))


SOURCE = of_articles(24, "source")
STORIES = cups(60, 12, "stories")
OPEN = STORIES.joined(of_articles(18, "restated"))


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return compare(system_trials(SOURCE, OPEN))


@pytest.fixture(scope="module")
def curve() -> Curve:
    return learning_curve(curve_draws(STORIES, SOURCE, sizes=(15, 30), repeats=2), SOURCE, "source")


def ids(corpus: Corpus) -> set[str]:
    return set(corpus.ids or ())


def test_no_row_of_the_held_out_article_nor_its_restatement_is_trained_on() -> None:
    trials = system_trials(SOURCE, OPEN)
    assert {(trial.system, trial.held_out) for trial in trials} == {(s, a) for s in TRAINED_ON for a in ARTICLES}
    for trial in trials:
        assert set(trial.test.groups or ()) == {trial.held_out}
        assert trial.held_out not in (trial.train.groups or ())
        assert not set(trial.test.texts) & set(trial.train.texts)


def test_a_model_is_trained_on_everything_else_of_its_editions() -> None:
    for trial in system_trials(SOURCE, OPEN):
        own = {
            name for name, group in zip(SOURCE.ids or (), SOURCE.groups or (), strict=True) if group == trial.held_out
        }
        told = {name for name, group in zip(OPEN.ids or (), OPEN.groups or (), strict=True) if group == trial.held_out}
        articles, stories = ids(SOURCE) - own, ids(OPEN) - told
        wanted = {"open edition": stories, "articles": articles, "both": articles | stories}
        assert ids(trial.train) == wanted[trial.system]
        assert ids(trial.test) == own


def test_every_paragraph_is_tested_once_by_each_system() -> None:
    for system in TRAINED_ON:
        tested = [name for t in system_trials(SOURCE, OPEN) if t.system == system for name in t.test.ids or ()]
        assert sorted(tested) == sorted(SOURCE.ids or ())


def test_a_curve_draws_whole_stories_and_none_that_is_tested_or_restates() -> None:
    sizes = {name: (STORIES.groups or ()).count(name) for name in STORIES.groups or ()}
    for draw in curve_draws(OPEN, SOURCE, sizes=(15, 30), repeats=3):
        groups = draw.train.groups or ()
        assert not set(groups) & set(ARTICLES)
        assert all(groups.count(name) == sizes[name] for name in groups)
        assert abs(len(draw.train) - draw.paragraphs) <= max(sizes.values()) / 2


def test_a_curve_holds_each_size_as_often_as_asked_and_all_stories_once() -> None:
    draws = curve_draws(STORIES, SOURCE, sizes=(15, 30, 600), repeats=3)
    assert [(draw.paragraphs, draw.repeat) for draw in draws] == [
        *((size, repeat) for size in (15, 30) for repeat in range(3)),
        (60, 0),
    ]
    assert draws[-1].train == STORIES
    assert len({draw.train for draw in draws}) == len(draws)


def test_a_greater_draw_holds_the_smaller_one() -> None:
    draws = curve_draws(STORIES, SOURCE, sizes=(15, 30), repeats=3)
    for repeat in range(3):
        small, large = (ids(draw.train) for draw in draws[:-1] if draw.repeat == repeat)
        assert small < large


def test_stories_are_what_restates_nothing() -> None:
    assert stories_of(OPEN, SOURCE) == replace(STORIES, name=OPEN.name)


def test_the_figures_are_those_of_a_cross_validation(comparison: Comparison) -> None:
    """Trained on the other articles, a model is the one that ``evaluate`` scores; so are its baselines."""
    wanted = evaluate(SOURCE)
    assert wanted.topics is not None
    found = {system.name: system.figures for system in comparison.systems}
    for system, name in (("model", "articles"), ("majority", "majority of articles"), ("random", "random of articles")):
        scores, topics = wanted.stance[""][system], wanted.topics[system]
        assert found[name]["stance_macro_f1"].value == pytest.approx(scores.macro_f1)
        assert found[name]["stance_accuracy"].value == pytest.approx(scores.accuracy)
        assert found[name]["stance_f1_favor"].value == pytest.approx(scores.labels["favor"].f1)
        assert found[name]["topics_micro_f1"].value == pytest.approx(topics.micro_f1)
        assert found[name]["topics_macro_f1"].value == pytest.approx(topics.macro_f1)
        assert found[name]["topics_exact"].value == pytest.approx(topics.exact)
    with_both = evaluate(SOURCE, extra=OPEN).stance[""]["model"]
    assert found["both"]["stance_macro_f1"].value == pytest.approx(with_both.macro_f1)


def test_intervals_hold_their_figures(comparison: Comparison) -> None:
    for system in comparison.systems:
        for figures in (system.figures, system.over_articles):
            for interval in figures.values():
                # A mean of a hundred draws is exact but for the last digits.
                assert interval.low - 1e-12 <= interval.value <= interval.high + 1e-12
                assert interval.low >= 0
                assert interval.high <= 1 + 1e-12


def test_both_sides_are_averaged_and_the_neutral_is_left_out(comparison: Comparison) -> None:
    figures = comparison.systems[0].figures
    mean = (figures["stance_f1_favor"].value + figures["stance_f1_against"].value) / 2
    assert figures["stance_sides_f1"].value == pytest.approx(mean)


def test_differences_are_between_the_figures_of_their_systems(comparison: Comparison) -> None:
    figures = {system.name: system.figures for system in comparison.systems}
    assert len(comparison.differences) == 3
    for one in comparison.differences:
        for name, change in one.figures.items():
            assert change.value == pytest.approx(figures[one.left][name].value - figures[one.right][name].value)
            assert change.low <= change.high
            assert 0 <= change.above <= 1


def test_models_trained_on_the_same_rows_do_not_differ() -> None:
    trials = [replace(trial, train=STORIES) for trial in system_trials(SOURCE, OPEN)]
    for one in compare(trials).differences:
        assert all(astuple(change) == (0, 0, 0, 0) for change in (*one.figures.values(), *one.over_articles.values()))


def test_two_processes_give_the_result_of_one(comparison: Comparison, curve: Curve) -> None:
    assert compare(system_trials(SOURCE, OPEN), jobs=2) == comparison
    draws = curve_draws(STORIES, SOURCE, sizes=(15, 30), repeats=2)
    assert learning_curve(draws, SOURCE, "source", jobs=2) == curve


def test_progress_is_told_for_every_model() -> None:
    told: list[int] = []

    def progress(finished: Iterator[Any], total: int) -> Iterator[Any]:
        for outcome in finished:
            told.append(total)
            yield outcome

    learning_curve(curve_draws(STORIES, SOURCE, sizes=(15,), repeats=2), SOURCE, "source", progress=progress)
    assert told == [3, 3, 3]


def test_a_curve_ends_with_what_one_more_doubling_gives(curve: Curve) -> None:
    """Here from 30 to 60 paragraphs, which is one."""
    assert [point.paragraphs for point in curve.points] == [15, 30, 60]
    assert (curve.slope.first, curve.slope.last) == (30, 60)
    small, whole = curve.points[-2:]
    for figure, (mean, least, greatest) in curve.slope.figures.items():
        assert mean == pytest.approx(whole.figures[figure][0] - small.figures[figure][0])
        assert least == pytest.approx(whole.figures[figure][0] - small.figures[figure][2])
        assert greatest == pytest.approx(whole.figures[figure][0] - small.figures[figure][1])
        assert curve.slope.over_paragraphs[figure].value == pytest.approx(mean)


def test_less_than_a_doubling_is_counted_as_such() -> None:
    found = learning_curve(curve_draws(STORIES, SOURCE, sizes=(40,), repeats=1), SOURCE, "source")
    small, whole = (point.figures["stance_macro_f1"][0] for point in found.points)
    assert found.slope.figures["stance_macro_f1"][0] == pytest.approx((whole - small) / 0.5849625)


def test_the_test_split_of_the_open_edition_is_not_drawn_from_for_the_curve_on_validation() -> None:
    """Nor are restatements, all of which stand in it."""
    train, validation, test = (packaged_corpus(split) for split in ("train", "validation", "test"))
    for draw in curve_draws(train, validation):
        assert ids(draw.train) <= ids(train)
        assert not set(draw.train.groups or ()) & {*(validation.groups or ()), *(test.groups or ())}


def test_a_restatement_belongs_to_the_group_of_its_article() -> None:
    """Upon which all leaving out rests."""
    edition = packaged_edition("open")
    groups = dict(zip(packaged_corpus().ids or (), packaged_corpus().groups or (), strict=True))
    assert len(edition.restates) == 109
    for name, source in edition.restates.items():
        assert groups[name] == source.rpartition("/")[0]


@pytest.mark.parametrize("field", ["groups", "stances", "topics"])
def test_texts_without_a_column_are_refused_by_name(field: str) -> None:
    with pytest.raises(UsageError, match=f"stories: the texts have no {field}"):
        system_trials(SOURCE, replace(STORIES, **{field: None}))


def test_texts_about_several_targets_are_refused() -> None:
    several = replace(SOURCE, targets=("tea", "coffee") * 12)
    with pytest.raises(UsageError, match="about several targets"):
        system_trials(several, several)


def test_a_curve_needs_more_paragraphs_than_its_smallest_size() -> None:
    with pytest.raises(UsageError, match=r"too few stories for a curve .*got 60 paragraphs"):
        curve_draws(STORIES, SOURCE, sizes=(75, 150))


def test_articles_that_are_not_there_word_for_word_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="109 of 109 paragraphs are not in the articles word for word"):
        source_corpus(tmp_path)


def test_the_record_is_plain_json_with_every_figure(comparison: Comparison, curve: Curve) -> None:
    found = record(SOURCE, OPEN, comparison, [curve])
    assert json.loads(json.dumps(found)) == found
    kept: Any = found
    assert kept["data"]["source_paragraphs"] == 24
    assert [len(kept[name]) for name in ("systems", "differences", "curve", "slopes")] == [9, 3, 3, 1]
    assert all(len(system["stance_macro_f1"]) == 3 for system in kept["systems"])
    assert all(len(one["over_articles"]["topics_exact"]) == 4 for one in kept["differences"])
    assert kept["curve"][0].keys() == {"paragraphs", "tested_on", "stance_macro_f1", "topics_micro_f1"}


@pytest.fixture(scope="module")
def kept() -> Any:
    return json.loads((ROOT / "dataset" / "measured" / "baselines.json").read_text(encoding="utf-8"))


def test_the_figures_kept_are_of_the_data_and_the_recipe_as_they_are(kept: Any) -> None:
    """Otherwise: python benchmarks/baselines.py --articles FOLDER --jobs 2 --write."""
    assert kept["data"]["files"] == data_hashes()
    assert kept["recipe"] == recipe_fingerprint()


def test_the_figures_kept_of_sentence_embeddings_are_of_the_data_as_they_are() -> None:
    """Otherwise: python benchmarks/sentences.py --articles FOLDER --write."""
    found = json.loads((ROOT / "dataset" / "measured" / "sentences.json").read_text(encoding="utf-8"))
    assert found["data"]["files"] == data_hashes()


def test_the_figures_kept_are_measured_again(kept: Any, articles: Path) -> None:
    """Those of the models that learn from the other articles, which take little time."""
    wanted = next(system for system in kept["systems"] if system["name"] == "articles")
    found = evaluate(source_corpus(articles))
    stance = found.stance["us_policy_iraq"]["model"]
    assert found.topics is not None
    topics = found.topics["model"]
    measured = {
        "stance_macro_f1": stance.macro_f1,
        "stance_accuracy": stance.accuracy,
        **{f"stance_f1_{name}": score.f1 for name, score in stance.labels.items()},
        "topics_micro_f1": topics.micro_f1,
        "topics_macro_f1": topics.macro_f1,
        "topics_exact": topics.exact,
        **{f"topics_f1_{name}": score.f1 for name, score in topics.labels.items()},
    }
    # Another version may label a paragraph or two otherwise.
    allowed = 1e-4 if library_versions() == kept["libraries"] else 0.05
    assert measured == pytest.approx({name: wanted[name][0] for name in measured}, abs=allowed)


def test_the_picture_of_the_curves_is_a_png_without_a_trace_of_when_it_was_made() -> None:
    content = (ROOT / "dataset" / "figures" / "learning-curve.png").read_bytes()
    width, height = struct.unpack(">II", content[16:24])
    assert content.startswith(b"\x89PNG")
    assert width > height > 500
    assert b"tEXt" not in content


def test_the_script_names_what_is_wrong_with_the_articles(tmp_path: Path) -> None:
    script = ROOT / "benchmarks" / "baselines.py"
    done = subprocess.run(
        [sys.executable, script, "--articles", tmp_path / "none"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "there is no such folder of articles" in done.stderr
    assert "Traceback" not in done.stderr

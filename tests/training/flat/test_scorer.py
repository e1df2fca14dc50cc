"""A scorer labels texts as the classifier that its file was compiled from does, whichever engine it uses."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cups import STANCES, TEXTS, TOPICS
from flat_models import ENGINES, MODELS, ODD_TEXTS, TRAINED_ON, content_of, engine, model_of, opened
from iraqstance.annotation.errors import InputError, UsageError
from iraqstance.training.flat.array_engine import ArrayEngine
from iraqstance.training.flat.compiled_engine import CompiledEngine
from iraqstance.training.flat.scorer import Scorer

MODEL = "fit: stance and topics"


@contextmanager
def used_engines() -> Iterator[list[str]]:
    """Note which engine scores, in order."""
    used: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        for kind in (ArrayEngine, CompiledEngine):

            def scores(self: Any, texts: Any, *, own: Any = kind.scores) -> Any:
                used.append(type(self).__name__)
                return own(self, texts)

            patch.setattr(kind, "scores", scores)
        yield used


@pytest.mark.parametrize("by", ENGINES)
def test_it_labels_what_the_classifier_was_shown(by: str) -> None:
    with engine(by):
        found = opened(MODEL).predict(TEXTS)
    assert tuple(prediction.stance for prediction in found) == STANCES
    assert tuple(prediction.topics for prediction in found) == TOPICS


@pytest.mark.parametrize("name", MODELS)
def test_it_knows_the_labels_of_its_classifier(name: str) -> None:
    classifier, scorer = model_of(name), opened(name)
    assert scorer.targets == classifier.targets == tuple(scorer.stances)
    assert scorer.topic_names == classifier.topic_names
    assert (scorer.topics is None) == (classifier.topics is None)
    assert scorer.topics is None or scorer.topics.threshold == classifier.threshold
    own = {target: classifier.stance_names(target) for target in classifier.targets}
    assert {target: scorer.stance_names(target) for target in scorer.targets} == own
    assert scorer.every_stance() == tuple(sorted({stance for names in own.values() for stance in names}))


def test_few_texts_are_scored_by_python_more_by_numpy_and_many_by_compiled_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("iraqstance.training.flat.scorer._FEW", 3)
    monkeypatch.setattr("iraqstance.training.flat.scorer._MANY", 10)
    scorer, classifier = opened(MODEL), model_of(MODEL)
    with used_engines() as used:
        for count, expected in ((1, []), (3, []), (4, ["ArrayEngine"]), (2, ["ArrayEngine"]), (1, ["CompiledEngine"])):
            found, true = scorer.predict(TEXTS[:count]), classifier.predict(TEXTS[:count])
            assert used == expected
            assert [one.topics for one in found] == [one.topics for one in true]
            assert [one.stance_scores for one in found] == [pytest.approx(one.stance_scores, abs=1e-12) for one in true]
            used.clear()


def test_thousands_of_texts_are_labelled_as_by_the_classifier() -> None:
    texts = [*ODD_TEXTS, *TRAINED_ON] * 40
    with used_engines() as used:
        found = opened("nine topics").predict(texts)
    true = model_of("nine topics").predict([*ODD_TEXTS, *TRAINED_ON]) * 40
    assert used == ["CompiledEngine"]
    assert [(one.text, one.stance, one.topics) for one in found] == [(one.text, one.stance, one.topics) for one in true]


@pytest.mark.parametrize("by", ["arrays", "compiled"])
def test_probabilities_have_a_row_for_each_text_and_a_column_for_each_label(by: str) -> None:
    scorer = opened("targets with words of their own")
    with engine(by):
        found = scorer.probabilities(["Fresh tea", "", "Stale coffee"])
    assert [shares.shape for shares in found] == [(3, len(output.names)) for output in scorer.model.outputs]
    for shares in found:
        np.testing.assert_allclose(shares.sum(axis=1), 1)
    alone = scorer.one("Stale coffee")
    for number, shares in enumerate(found):
        assert alone[number] == pytest.approx(shares[2], abs=1e-12)


def test_scores_however_far_apart_have_probabilities() -> None:
    scorer = opened("nine topics")
    for shares in scorer.probabilities_of(np.full((2, scorer.model.columns), [[1e300], [-1e300]])):
        assert ((shares >= 0) & (shares <= 1)).all()


@pytest.mark.parametrize("by", ENGINES)
@pytest.mark.parametrize("name", ["fit: stance and topics", "a constant alone", "fit: topics alone"])
def test_no_texts_no_predictions(name: str, by: str) -> None:
    with engine(by):
        assert opened(name).predict([]) == []


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("targets that share words", None),
        ("targets that share words", "yours"),
        ("fit: stance and topics", "tea"),
    ],
)
def test_a_target_that_is_not_clear_is_asked_for_in_the_classifiers_words(name: str, target: str | None) -> None:
    with pytest.raises(UsageError) as expected:
        model_of(name).predict(["Lovely"], target)
    with pytest.raises(UsageError) as caught:
        opened(name).predict(["Lovely"], target)
    assert str(caught.value) == str(expected.value)


def test_a_model_of_topics_alone_says_nothing_of_stance() -> None:
    (found,) = opened("fit: topics alone").predict(["Lovely coffee"], "whatever")
    assert (found.stance, found.stance_scores, found.topics) == (None, None, ("coffee",))


def test_stances_that_a_target_never_had_get_no_share() -> None:
    (found,) = opened("targets with words of their own").predict(["Lovely"], "nobody's")
    assert found.stance_scores == {"label 0": 0, "label 1": 1} | {
        name: 0 for name in opened("targets with words of their own").every_stance() if name != "label 1"
    }


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 1.0])
def test_topics_are_those_that_reach_the_threshold_or_the_best_one(share: float) -> None:
    scorer = opened("nine topics")
    assert scorer.topics is not None
    scorer.topics.threshold = share
    shares = {"a": 0.2, "b": 0.5, "c": 0.3}
    assert scorer.chosen(shares) == (tuple(name for name in shares if shares[name] >= share) or ("b",))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.flat: the file cannot be read"):
        Scorer(tmp_path / "nowhere.flat")


def test_without_numba_numpy_scores_any_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    with engine("compiled"), used_engines() as used:
        found = opened(MODEL).predict(TEXTS)
    assert used == ["ArrayEngine"]
    assert tuple(prediction.stance for prediction in found) == STANCES


@pytest.mark.parametrize(
    "broken",
    ["raise ImportError('Numba needs NumPy 2.2 or less')", "raise ModuleNotFoundError('no llvmlite', name='llvmlite')"],
)
def test_a_numba_that_cannot_be_imported_counts_as_none(broken: str, tmp_path: Path) -> None:
    (tmp_path / "cups.flat").write_bytes(content_of(MODEL))
    (tmp_path / "numba.py").write_text(broken)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from iraqstance.training.flat.scorer import Scorer\n"
        "print({one.stance for one in Scorer(sys.argv[1] + '/cups.flat').predict(['Lovely tea'] * 5_000)})\n"
    )
    ran = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, capture_output=True, text=True)
    assert ran.stdout == "{'likes'}\n"


def test_numpy_alone_is_imported_for_some_texts_and_numba_for_many(tmp_path: Path) -> None:
    (tmp_path / "cups.flat").write_bytes(content_of(MODEL))
    code = (
        "import sys\n"
        "from iraqstance.training.flat.scorer import Scorer\n"
        "scorer = Scorer(sys.argv[1])\n"
        "for count in (20, 21, 3_900, 100):\n"
        "    scorer.predict(['Lovely tea'] * count)\n"
        "    print([name for name in ('numpy', 'numba', 'scipy', 'sklearn') if name in sys.modules])\n"
    )
    file = str(tmp_path / "cups.flat")
    ran = subprocess.run([sys.executable, "-c", code, file], check=True, capture_output=True, text=True)
    assert ran.stdout.splitlines()[:3] == ["[]", "['numpy']", "['numpy']"]
    assert "'numba'" in ran.stdout.splitlines()[3]
    assert "'sklearn'" not in ran.stdout


@pytest.mark.parametrize("by", ENGINES)
def test_a_model_whose_memory_was_given_back_labels_as_before(by: str) -> None:
    texts = ["Fresh tea", "Stale coffee", "milk"] * 10
    with engine(by):
        scorer = opened("fit: stance and topics")
        before = scorer.predict(texts)
        scorer.model.give_back()
        assert scorer.predict(texts) == before

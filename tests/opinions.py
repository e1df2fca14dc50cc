"""What tests of labelling many texts share: short opinions of tea and coffee, and ways to read what was written."""

import csv
from collections.abc import Iterable
from pathlib import Path

from iraqstance.training.classifier import Classifier, fit
from iraqstance.training.corpus import Corpus
from iraqstance.training.labelling.labeller import Labeller
from iraqstance.training.labelling.prediction_files import Run, Written, input_identity, write_labelled
from iraqstance.training.labelling.text_rows import TextRow
from iraqstance.training.labelling.texts import read_texts

TEXTS = ("Lovely tea", "Fresh tea", "Stale tea", "Awful coffee", "Burnt coffee", "Mild coffee")
STANCES = ("likes", "likes", "dislikes", "dislikes", "dislikes", "likes")
TOPICS = (("tea",), ("tea",), ("tea",), ("coffee",), ("coffee",), ("coffee",))
ODD_TEXTS = [
    "a",
    "☕️🔥",
    "كان الشاي طازجا",
    "tea\0cup",
    "long " * 20_000,
    "two\nlines",
    "a\rb",
    '"quoted", and more',
]


def opinions() -> Classifier:
    """Return a model of stance and topics."""
    return fit(Corpus("cups", TEXTS, STANCES, TOPICS))


def opposite_opinions() -> Classifier:
    """Return a model of two targets, which says the opposite of one what it says of the other."""
    opposite = tuple("likes" if stance == "dislikes" else "dislikes" for stance in STANCES)
    return fit(Corpus("cups", TEXTS * 2, STANCES + opposite, None, None, ("ours",) * 6 + ("theirs",) * 6))


def write(path: Path, model: Classifier, rows: Iterable[TextRow]) -> Written:
    """Label rows and write them."""
    return write_labelled(str(path), rows, Labeller(model))


def run_of(source: Path, *, resume: bool = False) -> Run:
    """Return a run that can go on."""
    return Run(str(source), {"input": input_identity(str(source)), "model": "m"}, resume)


def table_of(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV or TSV file."""
    csv.field_size_limit(1 << 28)  # some are long
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t" if path.suffix == ".tsv" else ","))


def texts_of(path: str | Path, **columns: str) -> list[str]:
    """Return the texts of a file."""
    return [row.text for row in read_texts(str(path), **columns)]

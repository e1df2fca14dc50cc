"""One system that labels paragraphs: a process that prepares itself once, and labels whenever it is told to.

It runs in the environment of its system, so that nothing is imported here that one of them lacks. A number on standard
input is how many of the paragraphs to label; the answer is one JSON object a line, with seconds of the CPU and of the
clock from paragraphs in memory to a label each.

Usage: python systems.py SYSTEM FOLDER
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, NamedTuple

COMPARED = 500  # paragraphs whose stances are told
EPOCHS = 20


class System(NamedTuple):
    """A system that is ready.

    Attributes:
        label: Labels what ``prepare`` made of the paragraphs.
        stances: Returns the stances in what ``label`` returned.
        prepare: Brings the paragraphs into the system's own shape; this is not timed.
    """

    label: Callable[[Any], Any]
    stances: Callable[[Any], list[str]]
    prepare: Callable[[list[str]], Any] = list


def ours(folder: Path, model: str, engine: str = "compiled", jobs: int = 1) -> System:
    """Return our flat scorer, with compiled code or with NumPy alone."""
    import numpy as np
    from iraqstance.training.flat.array_engine import ArrayEngine, Arrays
    from iraqstance.training.flat.scorer import Scorer

    scorer = Scorer(folder / f"{model}.flat", jobs=jobs)
    if engine == "compiled":
        compiled = scorer.compiled()
        if compiled is None:
            raise ImportError("numba is missing, or does not suit NumPy")
        scores = compiled.scores
    else:
        scores = ArrayEngine(scorer.model, Arrays.of(scorer.model)).scores

    def label(texts: list[str]) -> list[Any]:
        shares = scorer.probabilities_of(scores(texts))
        return [
            own >= output.threshold if output.kind == "topics" else np.array(output.names)[own.argmax(axis=1)]
            for output, own in zip(scorer.model.outputs, shares, strict=True)
        ]

    return System(label, lambda found: found[0].tolist())


def our_predictions(folder: Path) -> System:
    """Return our flat scorer giving whole predictions, with the probability of each label by its name."""
    from iraqstance.training.flat.scorer import Scorer

    scorer = Scorer(folder / "default.flat")
    scorer.scores(["compiled code is chosen from some thousands on"] * 10_000)
    return System(scorer.predict, predicted_stances)


def predicted_stances(found: list[Any]) -> list[str]:
    """Return the stances of predictions."""
    return [one.stance for one in found]


def pipelines(folder: Path, model: str, parts: str = "both") -> System:
    """Return scikit-learn's pipelines of a classifier: for the stance, the topics, or both."""
    import joblib

    classifier = joblib.load(folder / f"{model}.joblib")
    stance = next(iter(classifier.stance.values()))

    def label(texts: list[str]) -> list[Any]:
        found = []
        if parts in {"both", "stance"}:
            found.append(stance.classes_[stance.predict_proba(texts).argmax(axis=1)])
        if parts in {"both", "topics"} and classifier.topics is not None:
            found.append(classifier.topics.predict_proba(texts) >= classifier.threshold)
        return found

    return System(label, lambda found: [] if parts == "topics" else found[0].tolist())


def pipeline_predictions(folder: Path) -> System:
    """Return the classifier of scikit-learn's pipelines giving whole predictions."""
    import joblib

    return System(joblib.load(folder / "default.joblib").predict, predicted_stances)


def fasttext(folder: Path, shortest: int = 0, longest: int = 0) -> System:
    """Return fastText of dimension 10 with word 2-grams, and with subwords where lengths are given."""
    import fasttext

    rows = json.loads((folder / "learned.json").read_text(encoding="utf-8"))
    lines = folder / f"fasttext-{longest}.txt"
    lines.write_text("".join(f"__label__{stance} {text}\n" for text, stance in rows), encoding="utf-8")
    options = {"dim": 10, "wordNgrams": 2, "minn": shortest, "maxn": longest}
    model = fasttext.train_supervised(str(lines), lr=0.5, epoch=EPOCHS, thread=1, seed=1, verbose=0, **options)
    return System(model.predict, lambda found: [labels[0].removeprefix("__label__") for labels in found[0]])


def vowpal_wabbit(folder: Path) -> System:
    """Return Vowpal Wabbit with 2-grams, reading its own text format from a file as its command line does."""
    from vowpalwabbit import Workspace

    rows = json.loads((folder / "learned.json").read_text(encoding="utf-8"))
    names = sorted({stance for _, stance in rows})
    model, lines, said = (str(folder / f"vw.{name}") for name in ("model", "txt", "said"))
    learner = Workspace(f"--oaa {len(names)} --ngram 2 -b 20 --quiet -f {model}")
    for _ in range(EPOCHS):
        for text, stance in rows:
            learner.learn(f"{names.index(stance) + 1} | {plain(text)}")
    learner.finish()

    def prepare(texts: list[str]) -> str:
        Path(lines).write_text("".join(f"| {plain(text)}\n" for text in texts), encoding="utf-8")
        return lines

    def label(file: str) -> str:
        Workspace(i=model, t=True, data=file, p=said, quiet=True).finish()
        return said

    def stances(file: str) -> list[str]:
        numbers = Path(file).read_text(encoding="utf-8").split()
        return [names[round(float(number)) - 1] for number in numbers]

    return System(label, stances, prepare)


def plain(text: str) -> str:
    """Return a text in small letters without what Vowpal Wabbit's format gives a meaning."""
    return text.lower().replace("|", " ").replace(":", " ")


def spacy(folder: Path) -> System:
    """Return spaCy's tokenizer with its bag of words and 2-grams."""
    import spacy as library
    from spacy.training import Example

    rows = json.loads((folder / "learned.json").read_text(encoding="utf-8"))
    names = sorted({stance for _, stance in rows})
    nlp = library.blank("en")
    architecture = {"@architectures": "spacy.TextCatBOW.v3", "exclusive_classes": True, "ngram_size": 2}
    part = nlp.add_pipe("textcat", config={"model": {**architecture, "length": 2**18, "no_output_layer": False}})
    for name in names:
        part.add_label(name)
    examples = [
        Example.from_dict(nlp.make_doc(text), {"cats": {name: float(name == stance) for name in names}})
        for text, stance in rows
    ]
    nlp.initialize(lambda: examples)
    for _ in range(3):
        for first in range(0, len(examples), 64):
            nlp.update(examples[first : first + 64])

    def label(texts: list[str]) -> list[str]:
        return [max(document.cats, key=document.cats.get) for document in nlp.pipe(texts, batch_size=1000)]

    return System(label, list)


MADE: dict[str, Callable[[Path], System]] = {
    "word ours": lambda folder: ours(folder, "word"),
    "word numpy": lambda folder: ours(folder, "word", engine="numpy"),
    "word scikit-learn": lambda folder: pipelines(folder, "word"),
    "word fasttext": fasttext,
    "word vowpalwabbit": vowpal_wabbit,
    "word spacy": spacy,
    "default ours": lambda folder: ours(folder, "default"),
    "default threads": lambda folder: ours(folder, "default", jobs=2),
    "default numpy": lambda folder: ours(folder, "default", engine="numpy"),
    "default scikit-learn": lambda folder: pipelines(folder, "default"),
    "default stance": lambda folder: pipelines(folder, "default", "stance"),
    "default topics": lambda folder: pipelines(folder, "default", "topics"),
    "default fasttext": fasttext,
    "default subwords": lambda folder: fasttext(folder, 2, 5),
    "whole ours": our_predictions,
    "whole scikit-learn": pipeline_predictions,
}


def main() -> None:
    """Prepare, then take a turn for each line of standard input."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is no answer

    def answer(**fields: object) -> None:
        answers.write(json.dumps(fields) + "\n")
        answers.flush()

    name, folder = sys.argv[1], Path(sys.argv[2])
    texts = (folder / "texts.txt").read_text(encoding="utf-8").split("\n")[:-1]
    system = MADE[name](folder)
    answer(stances=system.stances(system.label(system.prepare(texts[:COMPARED]))))
    for line in sys.stdin:
        given = system.prepare(texts[: int(line)])
        cpu, clock = process_time(), perf_counter()
        found = system.label(given)
        answer(cpu=process_time() - cpu, clock=perf_counter() - clock)
        del given, found


if __name__ == "__main__":
    main()

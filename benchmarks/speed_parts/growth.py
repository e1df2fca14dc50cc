"""How the cost of labelling grows with the paragraphs, the vocabulary and the length of a text."""

from collections.abc import Callable, Iterator
from pathlib import Path
from time import process_time
from typing import NamedTuple

import numpy as np
from iraqstance.training.classifier import Classifier
from iraqstance.training.flat.flattening import write_flat
from iraqstance.training.flat.scorer import Scorer
from iraqstance.training.linear import Linear, logistic
from speed_parts.texts import SEED, remixed

PARAGRAPHS = (1_000, 10_000, 100_000, 1_000_000)
VOCABULARY = (10_000, 100_000, 500_000, 2_000_000)
LENGTHS = (10, 100, 1_000, 10_000)
NEW = (0, 2, 10, 50)  # of 100 words, such as no text before had
BLOCK = 10_000  # paragraphs that are given at once
WORDS = 1_000_000  # of all texts of one length
SLOWLY = 10_000  # paragraphs that scikit-learn labels at most
STANCES = ("against", "favor", "neutral")


class Point(NamedTuple):
    """What labelling costs at one size.

    Attributes:
        along: What grows: ``paragraphs``, ``n-grams``, ``words`` or ``new words``.
        size: How much of it.
        system: Who labels.
        unit: Of the values.
        values: One a round.
    """

    along: str
    size: int
    system: str
    unit: str
    values: list[float]


class Scale(NamedTuple):
    """One size: what grows, how much of it, and the unit of its costs."""

    along: str
    size: int
    unit: str


class Job(NamedTuple):
    """What is timed, and by how many units a second of it is divided."""

    run: Callable[[], object]
    units: float


def grown(folder: Path, texts: tuple[str, ...], rounds: int, most: int) -> Iterator[Point]:
    """Yield the points, those of one size side by side in each round.

    Args:
        folder: Where the models are.
        texts: What paragraphs are made of.
        rounds: How many rounds.
        most: The greatest size of paragraphs and n-grams.
    """
    flat = {"words": folder / "word.flat", "words and characters": folder / "default.flat"}
    fitted = {"words": folder / "word.joblib", "words and characters": folder / "default.joblib"}
    kept = remixed(texts, 10 * BLOCK)
    for size in (size for size in PARAGRAPHS if size <= most):
        blocks = [kept[first % len(kept) :][: min(BLOCK, size)] for first in range(0, size, BLOCK)]
        jobs = {f"ours, {name}": Job(_fresh(path, blocks), size / 1e6) for name, path in flat.items()}
        if size <= SLOWLY:
            jobs |= {
                f"scikit-learn, {name}": Job(_pipelines(path, blocks), size / 1e6) for name, path in fitted.items()
            }
        yield from _points(Scale("paragraphs", size, "µs a paragraph"), jobs, rounds)
    for size in (size for size in VOCABULARY if size <= most):
        shown = _write_wide(folder, size)
        few = shown[:SLOWLY]
        jobs = {"ours, words": Job(_fresh(folder / "wide.flat", [shown]), len(shown) / 1e6)}
        jobs["scikit-learn, words"] = Job(_pipelines(folder / "wide.joblib", [few]), len(few) / 1e6)
        yield from _points(Scale("n-grams", size, "µs a paragraph"), jobs, rounds)
    for size in LENGTHS:
        long = remixed(texts, WORDS // size, size)
        few = long[: max(1, len(long) // 10)]
        jobs = {f"ours, {name}": Job(_fresh(path, [long]), size * len(long) / 1e9) for name, path in flat.items()}
        for name, path in fitted.items():
            jobs[f"scikit-learn, {name}"] = Job(_pipelines(path, [few]), size * len(few) / 1e9)
        yield from _points(Scale("words", size, "ns a word"), jobs, rounds)
    for size in NEW:
        shown = renewed(kept[: 2 * BLOCK], size)
        few = shown[: BLOCK // 5]
        jobs = {f"ours, {name}": Job(_fresh(path, [shown]), len(shown) / 1e6) for name, path in flat.items()}
        for name, path in fitted.items():
            jobs[f"scikit-learn, {name}"] = Job(_pipelines(path, [few]), len(few) / 1e6)
        yield from _points(Scale("new words", size, "µs a paragraph"), jobs, rounds)


def renewed(texts: list[str], share: int) -> list[str]:
    """Return the texts with so many of 100 words replaced by letters drawn at random."""
    random = np.random.default_rng(SEED)
    pool = np.array(" ".join(texts).split(), dtype=object)
    new = np.flatnonzero(random.random(len(pool)) < share / 100)
    letters = random.integers(ord("a"), ord("z") + 1, (len(new), 8), dtype=np.uint8)
    pool[new] = [bytes(row).decode() for row in letters]
    ends = np.cumsum([len(text.split()) for text in texts])
    return [" ".join(words) for words in np.split(pool, ends[:-1])]


def _points(scale: Scale, jobs: dict[str, Job], rounds: int) -> list[Point]:
    """Return what each job costs, the jobs in turn."""
    found: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            start = process_time()
            job.run()
            found[name].append((process_time() - start) / job.units)
    return [Point(scale.along, scale.size, name, scale.unit, values) for name, values in found.items()]


def _fresh(path: Path, blocks: list[list[str]]) -> Callable[[], object]:
    """Return a job that opens the model, which knows no word yet, and labels the blocks."""

    def job() -> None:
        scorer = Scorer(path)
        engine = scorer.compiled()
        if engine is None:
            raise ImportError("numba is missing")
        for block in blocks:
            scorer.probabilities_of(engine.scores(block))

    Scorer(path).compiled().scores(["so that compiled code is there"])  # type: ignore[union-attr]
    return job


def _pipelines(path: Path, blocks: list[list[str]]) -> Callable[[], object]:
    """Return a job that labels the blocks with the classifier's pipelines."""
    import joblib

    classifier = joblib.load(path)
    pipelines = [*classifier.stance.values(), *filter(None, [classifier.topics])]
    return lambda: [pipeline.predict_proba(block) for block in blocks for pipeline in pipelines]


def _write_wide(folder: Path, size: int) -> list[str]:
    """Write a stance model of so many word 1-2-grams, drawn by Zipf's law, and return texts of them."""
    import joblib
    from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
    from sklearn.pipeline import FeatureUnion, Pipeline

    from training import vocabulary  # of benchmarks/

    random = np.random.default_rng(SEED)
    names = vocabulary(random)
    shares = 1 / np.arange(1, len(names) + 1)
    rows = -(-size // 15)  # a text brings some fifteen n-grams that none before it had, even the two millionth
    drawn = names[random.choice(len(names), (max(rows, 20_000), 47), p=shares / shares.sum())]
    texts = [" ".join(row) for row in drawn]
    known = CountVectorizer(ngram_range=(1, 2), max_features=size).fit(texts).vocabulary_
    if len(known) < size:
        raise ValueError(f"{len(known)} n-grams instead of {size}")
    tool = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, vocabulary=known)
    tool.idf_ = random.uniform(1, 10, size)
    weights = Linear(random.normal(0, 1, (len(STANCES), size)), np.zeros(len(STANCES)))
    steps = [("features", FeatureUnion([("word", tool)])), ("classifier", logistic(weights, STANCES))]
    classifier = Classifier(stance={"": Pipeline(steps)})
    joblib.dump(classifier, folder / "wide.joblib")
    write_flat(classifier, folder / "wide.flat")
    return texts[:20_000]

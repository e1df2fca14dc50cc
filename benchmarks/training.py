"""How long training takes, and how good it is, beside scikit-learn's plain text classifier.

The plain one is ``TfidfVectorizer(ngram_range=(1, 2))`` with ``LogisticRegression(max_iter=1000)``, whose solver is
lbfgs. Both learn one stance from the same texts in this process, on one core, in turn. The times are of the CPU, from
texts to a fitted model. The accuracy is that of 10,000 further texts.

The texts are drawn, always the same: words by Zipf's law, tilted by the stance, half of them following from the word
before, as in set phrases; a tenth of the stances is wrong. ``--data`` names a table of your own instead; of its rows a
tenth, at most 10,000, are tested, and the rest is trained on, at most as many as each size says.

On a million texts lbfgs takes hours: ``--against svc`` learns by ``LinearSVC`` in its place. ``--alone`` leaves the
plain one out, and prints the peak of memory.

Usage: python benchmarks/training.py [--sizes 100 1000 20000 120000 200000] [--words 47] [--rounds 3] [--data FILE]
                                     [--against lbfgs|svc] [--alone]
"""

import argparse
import resource
import statistics
import sys
from time import process_time

import numpy as np
from iraqstance.annotation.errors import IraqstanceError
from iraqstance.cli.console import complain, print_table
from iraqstance.training.classifier import fit
from iraqstance.training.corpus import Corpus, read_corpus
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC
from threadpoolctl import threadpool_limits

STANCES = ("against", "favor", "neutral")
TESTED = 10_000
VOCABULARY = 30_000
TILT = 0.3  # standard deviation of the log of a word's frequency between stances
WRONG = 0.1
SUCCESSORS = 5
SEED = 20250120
SOLVERS = {"lbfgs": lambda: LogisticRegression(max_iter=1000), "svc": LinearSVC}


def drawn(rows: int, words: int) -> Corpus:
    """Return texts of so many words each, with stances."""
    random = np.random.default_rng(SEED)
    names = vocabulary(random)
    frequency = 1 / np.arange(1, VOCABULARY + 1)
    tilts = np.exp(random.normal(0, TILT, (len(STANCES), VOCABULARY)))
    successors = random.choice(VOCABULARY, (VOCABULARY, SUCCESSORS), p=frequency / frequency.sum())
    stances = random.integers(len(STANCES), size=rows)
    chosen = np.empty((rows, words), dtype=np.int64)
    for stance, tilt in enumerate(tilts):
        own = np.flatnonzero(stances == stance)
        shares = frequency * tilt
        chosen[own] = random.choice(VOCABULARY, (len(own), words), p=shares / shares.sum())
    for place in range(1, words):
        follows = np.flatnonzero(random.random(rows) < 0.5)
        before = chosen[follows, place - 1]
        chosen[follows, place] = successors[before, random.integers(SUCCESSORS, size=len(follows))]
    wrong = random.random(rows) < WRONG
    stances[wrong] = random.integers(len(STANCES), size=wrong.sum())
    texts = tuple(" ".join(names[row]) for row in chosen)
    return Corpus("drawn texts", texts, tuple(STANCES[stance] for stance in stances))


def vocabulary(random: np.random.Generator) -> np.ndarray:
    """Return different words of consonants and vowels, the shortest first."""
    found: dict[str, None] = {}
    while len(found) < VOCABULARY:
        syllables = random.integers(2, 5)
        pairs = zip(
            random.choice(list("bdfgklmnprstvz"), syllables), random.choice(list("aeiou"), syllables), strict=True
        )
        found.setdefault("".join(map("".join, pairs)))
    return np.array(sorted(found, key=len))


def accuracy(said: list[str], true: tuple[str, ...]) -> float:
    """Return the share of right answers."""
    return float(np.mean([left == right for left, right in zip(said, true, strict=True)]))


def plain(train: Corpus, test: Corpus, solver: str) -> tuple[float, float]:
    """Return CPU seconds and accuracy of the plain classifier."""
    start = process_time()
    model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), SOLVERS[solver]())
    model.fit(train.texts, train.stances)
    seconds = process_time() - start
    return seconds, accuracy([str(stance) for stance in model.predict(test.texts)], test.stances or ())


def ours(train: Corpus, test: Corpus) -> tuple[float, float]:
    """Return CPU seconds and accuracy of our training."""
    start = process_time()
    model = fit(train)
    seconds = process_time() - start
    return seconds, accuracy([str(said.stance) for said in model.predict(test.texts)], test.stances or ())


def measured(train: Corpus, test: Corpus, rounds: int, solver: str) -> list[object]:
    """Return a row of the table."""
    found = [(plain(train, test, solver), ours(train, test)) for _ in range(rounds)]
    ratios = [own[0] / other[0] for other, own in found]
    (_, plainly), (_, own) = found[-1]
    return [
        len(train),
        f"{statistics.median(other[0] for other, _ in found):.1f} s",
        f"{statistics.median(own[0] for _, own in found):.1f} s",
        " ".join(f"{ratio:.2f}" for ratio in ratios),
        f"{plainly:.4f}",
        f"{own:.4f}",
        f"{100 * (own - plainly):+.2f}",
    ]


def alone(train: Corpus, test: Corpus) -> list[object]:
    """Return a row of the table of our training alone; the peak is that of the process so far, texts included."""
    seconds, own = ours(train, test)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return [len(train), f"{seconds:.1f} s", f"{own:.4f}", f"{peak:.1f} GiB"]


def main() -> None:
    """Parse the options and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1000, 20_000, 120_000, 200_000])
    parser.add_argument("--words", type=int, default=47)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--data", help="a table with a text and a stance column")
    parser.add_argument("--against", choices=tuple(SOLVERS), default="lbfgs", help="what the plain one learns by")
    parser.add_argument("--alone", action="store_true", help="leave scikit-learn out, and print the peak of memory")
    options = parser.parse_args()
    try:
        if options.data:
            corpus = read_corpus(options.data)
            order = np.random.default_rng(SEED).permutation(len(corpus)).tolist()
            corpus = corpus.take(order)
        else:
            corpus = drawn(max(options.sizes) + TESTED, options.words)
        tested = min(TESTED, len(corpus) // 10) if options.data else TESTED
        test, rest = corpus.take(range(tested)), corpus.take(range(tested, len(corpus)))
        with threadpool_limits(1):
            parts = [rest.take(range(min(size, len(rest)))) for size in options.sizes]
            if options.alone:
                rows = [alone(part, test) for part in parts]
            else:
                rows = [measured(part, test, options.rounds, options.against) for part in parts]
    except IraqstanceError as error:
        complain(str(error))
        sys.exit(1)
    if options.alone:
        print_table(["texts", "CPU time", "accuracy", "peak of memory"], rows)
    else:
        print_table(["texts", "plain", "ours", "ratio, each round", "accuracy, plain", "ours", "points"], rows)


if __name__ == "__main__":
    main()

"""What is labelled, and the models that label it: paragraphs, fitted pipelines, flat files."""

import json
from pathlib import Path

import numpy as np
from iraqstance.annotation.errors import InputError
from iraqstance.training.classifier import Classifier, fit
from iraqstance.training.corpus import Corpus, packaged_corpus, read_corpus
from iraqstance.training.flat.flattening import write_flat
from iraqstance.training.preparation import prepared

SEED = 20250120
WORDS = 47  # of a paragraph
RUN = 8  # words that stay together
LEARNED = 5_000  # rows of a table of your own that are learned from, at most


def corpora(data: str | None) -> tuple[Corpus, tuple[str, ...]]:
    """Return what models learn from, and the texts that paragraphs are made of.

    Of the open edition the test split is not learned from, so that some of what is labelled is new, as it always is.

    Raises:
        InputError: Where the table has no stances.
    """
    if data is None:
        return packaged_corpus("train", "validation"), packaged_corpus().texts
    corpus = read_corpus(data)
    if corpus.stances is None:
        raise InputError("the table has no stances", where=data, remedy="Name the column 'stance'")
    corpus = corpus.for_target(corpus.target_names[0])
    order = np.random.default_rng(SEED).permutation(len(corpus)).tolist()
    return corpus.take(order[:LEARNED]), corpus.texts


def remixed(texts: tuple[str, ...], count: int, words: int = WORDS) -> list[str]:
    """Return paragraphs of so many words, in runs of eight from the texts; always the same."""
    pool = np.array(" ".join(texts).split(), dtype=object)
    random = np.random.default_rng(SEED)
    starts = random.integers(len(pool) - RUN, size=(count, -(-words // RUN)))
    places = (starts[:, :, None] + np.arange(RUN)).reshape(count, -1)[:, :words]
    return [" ".join(pool[row]) for row in places]


def given(texts: tuple[str, ...], count: int) -> list[str]:
    """Return the texts as they are, one a line, from the first again after the last."""
    lines = [" ".join(text.split()) for text in texts]
    return [lines[number % len(lines)] for number in range(count)]


def word_classifier(corpus: Corpus) -> Classifier:
    """Return a stance classifier of word 1-2-grams alone."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import FeatureUnion, Pipeline

    words = FeatureUnion([("word", TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True))])
    pipeline = Pipeline([("features", words), ("classifier", LogisticRegression(C=10, max_iter=1000))])
    return Classifier(stance={"": pipeline.fit(list(map(prepared, corpus.texts)), corpus.stances)})


def write_models(corpus: Corpus, folder: Path) -> dict[str, int]:
    """Write both models as pipelines and as flat files, and what others learn from; return their n-grams."""
    import joblib

    sizes = {}
    for name, classifier in (("word", word_classifier(corpus)), ("default", fit(corpus))):
        joblib.dump(classifier, folder / f"{name}.joblib")
        write_flat(classifier, folder / f"{name}.flat")
        union = next(iter(classifier.stance.values()))[0]
        sizes[name] = sum(len(tool.vocabulary_) for _, tool in union.transformer_list)
    rows = [[" ".join(text.split()), stance] for text, stance in zip(corpus.texts, corpus.stances or (), strict=True)]
    (folder / "learned.json").write_text(json.dumps(rows), encoding="utf-8")
    return sizes


def write_texts(texts: list[str], folder: Path) -> None:
    """Write the paragraphs, one a line."""
    with (folder / "texts.txt").open("w", encoding="utf-8") as stream:
        stream.writelines(f"{text}\n" for text in texts)

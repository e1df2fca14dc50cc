"""Compile a fitted classifier to one flat file, which scores the same texts in the same way, only faster."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from iraqstance.annotation.errors import InputError
from iraqstance.annotation.storage import write_bytes
from iraqstance.training.classifier import Classifier
from iraqstance.training.flat.file import LONGEST_NGRAM, Block, Output, flat_bytes
from iraqstance.training.flat.hashing import character_key, seeded, word_key
from numpy.typing import NDArray

__all__ = ["UnflatError", "flattened", "write_flat"]

_LIMIT = 1 << 31  # bytes of the rows: beyond, a model folder would be mostly this file
_SEEDS = 100
_ANALYZERS = ("word", "char_wb")
_SMALLEST_TABLE = 64


class UnflatError(InputError):
    """The classifier has parts that a flat file cannot hold; its pipelines still work."""


class _Space(NamedTuple):
    """What one pipeline, or several, know of texts: by analyzer, n-grams with their inverse document frequencies."""

    blocks: Mapping[str, Block]
    vocabularies: Mapping[str, Mapping[str, int]]
    frequencies: Mapping[str, NDArray[np.float64]]


class _Part(NamedTuple):
    """One pipeline.

    Attributes:
        output: What it tells; its columns and its space are not yet numbered.
        space: What it knows, or ``None`` for a constant.
        weights: By analyzer, of shape (columns, n-grams).
        intercepts: Of shape (columns,).
    """

    output: Output
    space: _Space | None
    weights: Mapping[str, NDArray[np.float64]]
    intercepts: NDArray[np.float64]


def write_flat(classifier: Classifier, path: str | Path) -> None:
    """Write a classifier as a flat file, beside its place and then renamed.

    Raises:
        UnflatError: Where it cannot be compiled.
        InputError: Where the file cannot be written.
    """
    write_bytes(path, flattened(classifier))


def flattened(classifier: Classifier) -> bytes:
    """Return a classifier as the content of a flat file; the same for the same fit.

    Raises:
        UnflatError: Where it has other features than TF-IDF of words and of characters within words, other
            classifiers than those that ``fit`` makes, or more weights than a flat file may hold.
    """
    parts = [_stance_part(target, pipeline) for target, pipeline in classifier.stance.items()]
    if classifier.topics is not None:
        parts.append(_topics_part(classifier))
    spaces = _numbered(parts)
    columns = sum(len(part.intercepts) for part in parts)
    blocks = _blocks(spaces)
    terms = {analyzer: _terms(analyzer, spaces) for analyzer in blocks}
    rows = _rows(parts, spaces, terms, columns)
    header = {
        "columns": columns,
        "spaces": len(spaces),
        "stride": rows.shape[1],
        "word_rows": len(terms.get("word", ())),
        "blocks": [block.as_json() for block in blocks.values()],
        "outputs": [part.output.as_json() for part in parts],
    }
    seed, keys = _keys(terms)
    places, ids = _table(keys)
    sections = {
        "keys": places.astype("<u8").tobytes(),
        "ids": ids.astype("<u4").tobytes(),
        "rows": rows.astype("<f8").tobytes(),
        "intercepts": np.concatenate([[], *(part.intercepts for part in parts)]).astype("<f8").tobytes(),
    }
    return flat_bytes({**header, "seed": seed}, sections)


def _stance_part(target: str, pipeline: Any) -> _Part:
    from sklearn.dummy import DummyClassifier

    classifier = pipeline[-1]
    names = tuple(map(str, classifier.classes_))
    if type(classifier) is DummyClassifier and classifier.strategy == "prior":
        shares = tuple(map(float, classifier.class_prior_))
        return _Part(Output("stance", names, "constant", target=target, shares=shares), None, {}, np.empty(0))
    _refuse_unlike(classifier)
    link = "logistic" if len(names) == 2 else "softmax"
    return _linear(Output("stance", names, link, target=target), pipeline, classifier.coef_, classifier.intercept_)


def _topics_part(classifier: Classifier) -> _Part:
    from sklearn.multiclass import OneVsRestClassifier

    pipeline: Any = classifier.topics
    one_vs_rest = pipeline[-1]
    if type(one_vs_rest) is not OneVsRestClassifier or not (
        one_vs_rest.multilabel_ or len(classifier.topic_names) == 1
    ):
        raise _unflat(f"topics told by {type(one_vs_rest).__name__}")
    for one in one_vs_rest.estimators_:
        _refuse_unlike(one)
    output = Output("topics", classifier.topic_names, "sigmoid", threshold=float(classifier.threshold))
    weights = np.concatenate([one.coef_ for one in one_vs_rest.estimators_])
    intercepts = np.concatenate([one.intercept_ for one in one_vs_rest.estimators_])
    return _linear(output, pipeline, weights, intercepts)


def _refuse_unlike(classifier: Any) -> None:
    """Raise where a classifier is none whose probabilities are the logistic function of its scores, or the softmax."""
    from sklearn.linear_model import LogisticRegression

    if type(classifier) is not LogisticRegression:
        raise _unflat(type(classifier).__name__)
    # Before scikit-learn 1.8 there were two ways more from scores to probabilities.
    if getattr(classifier, "multi_class", "auto") not in {"auto", "deprecated"} or (
        classifier.solver == "liblinear" and len(classifier.classes_) > 2
    ):
        raise _unflat("a logistic regression with other options")


def _linear(output: Output, pipeline: Any, weights: NDArray[np.float64], intercepts: NDArray[np.float64]) -> _Part:
    if [name for name, _ in pipeline.steps] != ["features", "classifier"]:
        raise _unflat("a pipeline of other steps")
    tools = _tools(pipeline[0])
    analyzers = [str(tool.analyzer) for tool in tools]
    if len(set(analyzers)) < len(analyzers) or not set(analyzers) <= set(_ANALYZERS):
        raise _unflat(f"features of {', '.join(analyzers)}")
    space = _Space(
        {name: _block(tool) for name, tool in zip(analyzers, tools, strict=True)},
        {name: tool.vocabulary_ for name, tool in zip(analyzers, tools, strict=True)},
        {name: _frequencies(tool) for name, tool in zip(analyzers, tools, strict=True)},
    )
    ends = np.cumsum([len(tool.vocabulary_) for tool in tools])
    own = dict(zip(analyzers, np.split(np.asarray(weights, dtype=np.float64), ends[:-1], axis=1), strict=True))
    return _Part(output, space, own, np.asarray(intercepts, dtype=np.float64))


def _tools(features: Any) -> list[Any]:
    """Return the vectorizers of features."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import FeatureUnion

    tools = [features]
    if type(features) is FeatureUnion:
        if features.transformer_weights:
            raise _unflat("features that are weighted")
        tools = [tool for _, tool in features.transformer_list]
    for tool in tools:
        if type(tool) is not TfidfVectorizer:
            raise _unflat(f"features of type {tool if type(tool) is str else type(tool).__name__}")
    return tools


def _block(tool: Any) -> Block:
    usual = type(tool)()
    fixed = ("input", "preprocessor", "tokenizer", "strip_accents", "stop_words", "token_pattern", "binary", "dtype")
    if any(getattr(tool, name) != getattr(usual, name) for name in fixed) or tool.norm not in {"l2", None}:
        raise _unflat("a vectorizer with other options")
    shortest, longest = tool.ngram_range
    if not 1 <= shortest <= longest <= LONGEST_NGRAM:
        raise _unflat(f"n-grams of {shortest} to {longest}")
    return Block(
        tool.analyzer,
        int(shortest),
        int(longest),
        sublinear=bool(tool.sublinear_tf),
        lowercase=bool(tool.lowercase),
        normalised=tool.norm == "l2",
    )


def _frequencies(tool: Any) -> NDArray[np.float64]:
    if not tool.use_idf:
        return np.ones(len(tool.vocabulary_))
    return np.asarray(tool.idf_, dtype=np.float64)


def _numbered(parts: Sequence[_Part]) -> list[_Space]:
    """Number the columns and the spaces of the parts' outputs, and return the distinct spaces."""
    spaces: list[_Space] = []
    first = 0
    for part in parts:
        part.output.first, part.output.columns = first, len(part.intercepts)
        first += len(part.intercepts)
        if part.space is None:
            continue
        known = next((number for number, one in enumerate(spaces) if _same(one, part.space)), None)
        part.output.space = len(spaces) if known is None else known
        if known is None:
            spaces.append(part.space)
    return spaces


def _same(one: _Space, other: _Space) -> bool:
    return one.vocabularies == other.vocabularies and all(
        np.array_equal(values, other.frequencies[name]) and one.blocks[name].as_json() == other.blocks[name].as_json()
        for name, values in one.frequencies.items()
    )


def _blocks(spaces: Sequence[_Space]) -> dict[str, Block]:
    """Return the blocks of all spaces, words first; they must be read alike in all of them."""
    found: dict[str, Block] = {}
    for analyzer in _ANALYZERS:
        blocks = [space.blocks[analyzer] for space in spaces if analyzer in space.blocks]
        if any(one.as_json() != blocks[0].as_json() for one in blocks):
            raise _unflat("features that differ from target to target")
        if blocks:
            found[analyzer] = blocks[0]
    if len({block.lowercase for block in found.values()}) > 1:
        raise _unflat("features that differ in lowercase")
    return found


def _terms(analyzer: str, spaces: Sequence[_Space]) -> dict[str, int]:
    """Return the rows of all n-grams of an analyzer, from 0; where there is one space, its own columns."""
    known = [space.vocabularies[analyzer] for space in spaces if analyzer in space.vocabularies]
    if len(known) == 1:
        return dict(known[0])
    return {term: row for row, term in enumerate(sorted(set().union(*known)))}


def _rows(
    parts: Sequence[_Part], spaces: Sequence[_Space], terms: Mapping[str, Mapping[str, int]], columns: int
) -> NDArray[np.float64]:
    width = columns + len(spaces)
    stride = -(-width // 4) * 4 if width > 4 else width  # processors add four doubles at once
    size = sum(map(len, terms.values())) * stride * 8
    if size > _LIMIT:
        raise _unflat(f"{size:,} bytes of weights, more than {_LIMIT:,}")
    starts = {"word": 0, "char_wb": len(terms.get("word", ()))}
    rows = np.zeros((sum(map(len, terms.values())), stride))
    places = [
        {
            name: starts[name] + np.fromiter((terms[name][term] for term in _in_order(words)), np.int64, len(words))
            for name, words in space.vocabularies.items()
        }
        for space in spaces
    ]
    for number, space in enumerate(spaces):
        for name, values in space.frequencies.items():
            rows[places[number][name], columns + number] = values**2
    for part in parts:
        if part.space is None:
            continue
        number, first = part.output.space, part.output.first
        for name, weights in part.weights.items():
            values = (weights * spaces[number].frequencies[name]).T
            rows[places[number][name], first : first + part.output.columns] = values
    return rows


def _in_order(vocabulary: Mapping[str, int]) -> list[str]:
    """Return the n-grams in the order of their columns."""
    found = [""] * len(vocabulary)
    for term, column in vocabulary.items():
        found[column] = term
    return found


def _keys(terms: Mapping[str, Mapping[str, int]]) -> tuple[int, NDArray[np.uint64]]:
    """Return the first seed with which no two n-grams meet, and the keys of all rows."""
    for seed in range(_SEEDS):
        made: list[int] = []
        for analyzer, rows in terms.items():
            start = seeded(seed, _ANALYZERS.index(analyzer))
            ordered = _in_order(rows)
            if analyzer == "word":
                made += [word_key(start, term.split(" ")) for term in ordered]
            else:
                made += [character_key(start, term) for term in ordered]
        if len(set(made)) == len(made):
            return seed, np.array(made, dtype=np.uint64)
    raise _unflat("n-grams whose keys meet with every seed")


def _table(keys: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.uint32]]:
    """Return the places of a hash table, at most half of them taken, and the row that each one names."""
    size = max(_SMALLEST_TABLE, 1 << (2 * len(keys) - 1).bit_length()) if len(keys) else _SMALLEST_TABLE
    places, ids = np.zeros(size, dtype=np.uint64), np.zeros(size, dtype=np.uint32)
    last = np.uint64(size - 1)
    waiting = np.arange(len(keys))
    wanted = (keys & last).astype(np.int64)
    while len(waiting):
        # Of those that want a free place the first in order takes it; the others step on.
        free = places[wanted] == 0
        taken, who = np.unique(wanted[free], return_index=True)
        winners = waiting[free][who]
        places[taken], ids[taken] = keys[winners], winners.astype(np.uint32)
        left = np.ones(len(waiting), dtype=bool)
        left[np.flatnonzero(free)[who]] = False
        waiting, wanted = waiting[left], (wanted[left] + 1) & (size - 1)
    return places, ids


def _unflat(got: str) -> UnflatError:
    return UnflatError("the classifier cannot be compiled to a flat file", got=got, remedy="Use its pipelines")

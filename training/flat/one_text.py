"""Score one text by a flat model with the standard library alone, which is ready before NumPy would be imported."""

from math import exp, isfinite, log, sqrt

from iraqstance.training.flat.file import Block, FlatModel, Output
from iraqstance.training.flat.hashing import FINISH, MASK, STEP, character_key, finished, seeded

__all__ = ["chances", "scores_of", "words_of"]


def scores_of(model: FlatModel, text: str) -> list[float]:
    """Return the score of each column for a text.

    Args:
        model: The model.
        text: A text after :func:`~iraqstance.training.preparation.prepared`.

    Raises:
        ValueError: Where the text meets what no model of ours holds: a hash table without free places, numbers that are
            not finite, or squares below 0.
        IndexError: Where it meets a row that is not there.
    """
    columns, stride = model.columns, model.stride
    spaces = [output.space for output in model.outputs for _ in range(output.columns)]
    scores = list(model.intercepts)
    for block in model.blocks:
        is_word = block.analyzer == "word"
        start = seeded(model.seed, 0 if is_word else 1)
        shown = text.lower() if block.lowercase else text
        counts = _word_counts(model, block, start, shown) if is_word else _character_counts(model, block, start, shown)
        sums, squares = [0.0] * columns, [0.0] * model.spaces
        for row, count in counts.items():
            frequency = 1.0 + log(count) if block.sublinear else float(count)
            values = model.rows[row * stride : row * stride + columns + model.spaces].tolist()
            for column in range(columns):
                sums[column] += frequency * values[column]
            for space in range(model.spaces):
                squares[space] += frequency * frequency * values[columns + space]
        for column, total in enumerate(sums):
            norm = sqrt(squares[spaces[column]]) if block.normalised else 1.0
            scores[column] += total / norm if norm else 0.0
    if not all(map(isfinite, scores)):
        raise ValueError("numbers that are not finite")
    return scores


def words_of(text: str) -> list[str]:
    r"""Return the words of two letters or more, as the pattern ``(?u)\b\w\w+\b`` finds them."""
    plain = "".join(letter if letter.isalnum() or letter == "_" else " " for letter in text)
    return [word for word in plain.split(" ") if len(word) > 1]


def _word_counts(model: FlatModel, block: Block, start: int, text: str) -> dict[int, int]:
    """Return how often each known n-gram of words stands in the text, by its row."""
    counts: dict[int, int] = {}
    hashes = [character_key(start, word) for word in words_of(text)]
    for first in range(len(hashes)):
        state = start
        for number, part in enumerate(hashes[first : first + block.longest], 1):
            state = (state ^ part) * STEP & MASK
            if number >= block.shortest and (row := model.row_of(finished(state))) >= 0:
                counts[row] = counts.get(row, 0) + 1
    return counts


def _character_counts(model: FlatModel, block: Block, start: int, text: str) -> dict[int, int]:
    """Return how often each known n-gram of characters within words stands in the text, by its row.

    A word has a blank on either side. One that is shorter than an n-gram, blanks included, counts once as a whole.
    """
    counts: dict[int, int] = {}
    row_of, shortest, longest = model.row_of, block.shortest, block.longest
    for word in text.split():
        points = [32, *map(ord, word), 32]
        length = len(points)
        for first in range(length):
            state = start
            for number, point in enumerate(points[first : first + longest], 1):
                state = (state ^ point) * STEP & MASK
                if number < shortest and not (first == 0 and number == length):
                    continue
                # What hashing.finished does, without a call a thousand times a text.
                key = (state ^ (state >> 32)) * FINISH & MASK
                row = row_of((key ^ (key >> 29)) or 1)
                if row >= 0:
                    counts[row] = counts.get(row, 0) + 1
    return counts


def chances(output: Output, scores: list[float]) -> list[float]:
    """Return the probability of each of an output's labels.

    Args:
        output: The output.
        scores: Of :func:`scores_of`.
    """
    own = scores[output.first : output.first + output.columns]
    if output.link == "constant":
        return list(output.shares)
    if output.link == "softmax":
        highest = max(own)
        parts = [exp(score - highest) for score in own]
        total = sum(parts)
        return [part / total for part in parts]
    found = [1 / (1 + exp(-score)) if score >= 0 else exp(score) / (1 + exp(score)) for score in own]
    return [1 - found[0], found[0]] if output.link == "logistic" else found

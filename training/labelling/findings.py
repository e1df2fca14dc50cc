"""What a scorer says of many texts, as arrays: the labels as they are given, and the scores as they are written."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from iraqstance.annotation.errors import UsageError
from iraqstance.annotation.records import Prediction
from iraqstance.training.flat.letters import letters
from iraqstance.training.flat.scorer import Scorer
from iraqstance.training.labelling.resident import give_back_compiler, give_back_freed
from numpy.typing import NDArray

if TYPE_CHECKING:
    from iraqstance.training.flat.compiled_engine import CompiledEngine

__all__ = ["MILLION", "Finder", "Findings", "millionths"]

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]

#: Scores are written with six digits.
MILLION = 1_000_000

_NEAR = 1e-6  # of a millionth: what lies so near to the middle of two is left to Python


class Findings(NamedTuple):
    """What a scorer says of some texts.

    Attributes:
        stances: The stances that the model can give; none where it holds no stance.
        topics: The topics; none where it holds no topics.
        stance: The number of each text's stance, or -1 where it was left open, of shape (texts,).
        stance_scores: Probability of each stance in millionths, of shape (texts, stances).
        chosen: Which topics are given, of shape (texts, topics).
        topic_scores: Probability of each topic in millionths, of shape (texts, topics).
    """

    stances: tuple[str, ...]
    topics: tuple[str, ...]
    stance: Numbers
    stance_scores: Numbers
    chosen: NDArray[np.bool_]
    topic_scores: Numbers

    def prediction(self, number: int, text: str) -> Prediction:
        """Return what is said of one text, the scores rounded to six digits."""
        stance = int(self.stance[number])
        given = tuple(self.topics[topic] for topic in np.flatnonzero(self.chosen[number]))
        return Prediction(
            text,
            None if stance < 0 or not self.stances else self.stances[stance],
            _named(self.stances, self.stance_scores[number]),
            given if self.topics else None,
            _named(self.topics, self.topic_scores[number]),
        )


def _named(names: Sequence[str], scores: Numbers) -> dict[str, float] | None:
    return dict(zip(names, (scores / MILLION).tolist(), strict=True)) if names else None


def millionths(shares: Floats) -> Numbers:
    """Return probabilities in millionths, so that a millionth of each is what ``round(share, 6)`` gives.

    Args:
        shares: Of any shape, each in [0, 1].
    """
    scaled = shares * MILLION
    found = np.rint(scaled).astype(np.int64)
    # The product is rounded, and Python's rounding is not: near the middle it decides.
    near = np.abs(np.abs(scaled - found) - 0.5) < _NEAR
    if near.any():
        found[near] = [round(round(share, 6) * MILLION) for share in shares[near].tolist()]
    return found


class Finder:
    """Finds labels and scores of many texts.

    Args:
        scorer: The scorer.
        min_confidence: The bound of :func:`iraqstance.training.labelling.labeller.left_open`.

    Raises:
        UsageError: For another bound than a probability.
    """

    def __init__(self, scorer: Scorer, min_confidence: float) -> None:
        if not 0 <= min_confidence <= 1:
            raise UsageError("the least confidence is no probability", expected="0 to 1", got=str(min_confidence))
        self._scorer, self._least = scorer, min_confidence
        self._stances = scorer.every_stance()
        self._is_ready = False

    def get_ready(self) -> "CompiledEngine | None":
        """Load compiled code, where there is some: best before other large libraries, for it takes memory meanwhile."""
        if self._is_ready:
            return self._scorer.compiled()
        letters(lowercase=True)  # takes five times as much to make as to keep
        give_back_freed()
        engine = self._scorer.compiled()
        if engine is not None:
            engine.scores(["a"])
            give_back_compiler()
        self._is_ready = True
        return engine

    def of_texts(self, texts: Sequence[str], targets: Sequence[str | None], *, compiled: bool) -> Findings:
        """Label texts.

        Args:
            texts: The texts.
            targets: Whose stance to give for each.
            compiled: Whether there are so many that compiled code pays.

        Raises:
            UsageError: Where the model needs a target, and one is not named.
        """
        engine = self.get_ready() if compiled else None
        scores = engine.scores(texts) if engine else self._scorer.scores(texts)
        return self._of_scores(scores, targets)

    def of_buffer(
        self,
        data: NDArray[np.uint8],
        offsets: Numbers,
        text_of: Callable[[int], str],
        targets: Sequence[str | None],
        *,
        compiled: bool,
    ) -> Findings:
        """Label texts that stand in one buffer of UTF-8.

        Args:
            data: The buffer, with four bytes or more behind the last text.
            offsets: Where each text begins and the last ends, of shape (texts + 1,).
            text_of: Gives one of them by its number.
            targets: Whose stance to give for each.
            compiled: Whether there are so many that compiled code pays.

        Raises:
            UsageError: Where the model needs a target, and one is not named.
        """
        engine = self.get_ready() if compiled else None
        if engine is None:
            texts = [text_of(number) for number in range(len(offsets) - 1)]
            return self.of_texts(texts, targets, compiled=False)
        scores, read = engine.scores_of_buffer(data, offsets)
        left = np.flatnonzero(~read)
        if len(left):
            scores[left] = engine.scores([text_of(number) for number in left.tolist()])
        return self._of_scores(scores, targets)

    def _of_scores(self, scores: Floats, targets: Sequence[str | None]) -> Findings:
        shares = self._scorer.probabilities_of(scores)
        outputs = self._scorer.model.outputs
        topics = next((found for found, one in zip(shares, outputs, strict=True) if one.kind == "topics"), None)
        stance_shares = self._stance_shares(shares, targets)
        stance = np.full(len(scores), -1)
        if self._stances and len(scores):
            stance = stance_shares.argmax(axis=1)
            stance[stance_shares.max(axis=1) < self._least] = -1
        if topics is None:
            topics = np.empty((len(scores), 0))
        return Findings(
            self._stances,
            self._scorer.topic_names,
            stance,
            millionths(stance_shares),
            self._chosen(topics),
            millionths(topics),
        )

    def _stance_shares(self, shares: Sequence[Floats], targets: Sequence[str | None]) -> Floats:
        """Return the probability of every stance, 0 for those never seen towards a text's target."""
        found = np.zeros((len(targets), len(self._stances)))
        if not self._stances:
            return found
        numbers = {one.target: number for number, one in enumerate(self._scorer.model.outputs) if one.kind == "stance"}
        names = dict.fromkeys(targets)
        for name in names:
            number = numbers[self._scorer.target(name)]
            columns = [self._stances.index(stance) for stance in self._scorer.model.outputs[number].names]
            if len(names) == 1:
                found[:, columns] = shares[number]
                break
            rows = np.flatnonzero([target == name for target in targets])
            found[rows[:, None], columns] = shares[number][rows]
        return found

    def _chosen(self, shares: Floats) -> NDArray[np.bool_]:
        """Return the topics that reach the threshold, or the most probable one; less those that are left open."""
        if not shares.size:
            return np.zeros(shares.shape, dtype=bool)
        threshold = self._scorer.topics.threshold if self._scorer.topics else 0.5
        chosen = shares >= threshold
        none = np.flatnonzero(~chosen.any(axis=1))
        chosen[none, shares[none].argmax(axis=1)] = True
        found: NDArray[np.bool_] = chosen & (shares >= self._least)
        return found

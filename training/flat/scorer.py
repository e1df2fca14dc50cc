"""Label texts by a flat model, in the way that is the quickest for so many of them."""

import os
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from iraqstance.annotation.errors import InputError, MissingExtraError
from iraqstance.training.flat.file import FlatModel, Output, open_flat
from iraqstance.training.flat.one_text import chances, scores_of
from iraqstance.training.preparation import listed, prepared
from iraqstance.training.targets import target_of

if TYPE_CHECKING:
    from iraqstance.annotation.records import Prediction
    from iraqstance.training.flat.array_engine import ArrayEngine, Arrays, Floats
    from iraqstance.training.flat.compiled_engine import CompiledEngine

__all__ = ["Scorer"]

_FEW = 20  # texts that Python scores before NumPy is imported
_MANY = 4_000  # texts from which loading compiled code pays


class Scorer:
    """A flat model that labels texts as the classifier that it was compiled from does.

    A few texts are scored by the standard library alone. More are scored with NumPy, and once there were some thousands
    of them in compiled code, where the extra ``fast`` is installed. Scores agree to 1e-12 or better. A scorer
    serves one caller at a time: it remembers words from text to text.

    Args:
        path: A flat file.
        jobs: Threads for many texts; the result does not depend on them.

    Raises:
        InputError: Where the file cannot be read, is no flat model, or is damaged.
    """

    def __init__(self, path: "str | os.PathLike[str]", *, jobs: int = 1) -> None:
        self.model: FlatModel = open_flat(path)
        self._path, self._jobs, self._seen = os.fspath(path), jobs, 0
        self._arrays: Arrays | None = None
        self._array_engine: ArrayEngine | None = None
        self._compiled_engine: CompiledEngine | None = None

    @property
    def stances(self) -> dict[str, Output]:
        """The output of each target."""
        return {output.target: output for output in self.model.outputs if output.kind == "stance"}

    @property
    def targets(self) -> tuple[str, ...]:
        """Names of the stance targets that the model holds."""
        return tuple(self.stances)

    @property
    def topics(self) -> Output | None:
        """The output of the topics, or ``None``."""
        return next((output for output in self.model.outputs if output.kind == "topics"), None)

    @property
    def topic_names(self) -> tuple[str, ...]:
        """The topics that the model tells apart."""
        return self.topics.names if self.topics else ()

    def stance_names(self, target: str) -> tuple[str, ...]:
        """Return the stances that the model can give for a target, in alphabetical order."""
        return self.stances[target].names

    def every_stance(self) -> tuple[str, ...]:
        """Return the stances that the model can give for any target, in alphabetical order."""
        return tuple(sorted({name for output in self.stances.values() for name in output.names}))

    def target(self, name: str | None) -> str:
        """Return the target that a name means; without one, the only target.

        Raises:
            UsageError: Where there are several, or none of that name.
        """
        return target_of(self.stances, name)

    def one(self, text: str) -> dict[int, list[float]]:
        """Return the probabilities of each output, by its number, for one text, with the standard library alone."""
        try:
            scores = scores_of(self.model, prepared(text))
        except IndexError:
            raise self._contradicts("a row that is not there") from None
        except ValueError as error:
            raise self._contradicts(str(error)) from None
        return {number: chances(output, scores) for number, output in enumerate(self.model.outputs)}

    def probabilities(self, texts: Sequence[str]) -> "list[Floats]":
        """Return the probabilities of each output: arrays of shape (texts, labels)."""
        return self.probabilities_of(self.scores(texts))

    def probabilities_of(self, scores: "Floats") -> "list[Floats]":
        """Return the probabilities of each output, of shape (texts, labels), for scores of shape (texts, columns)."""
        return [_shares(output, scores) for output in self.model.outputs]

    def scores(self, texts: Sequence[str]) -> "Floats":
        """Return the scores of texts, of shape (texts, columns)."""
        self._seen += len(texts)
        if self._seen > _MANY and (engine := self.compiled()) is not None:
            return engine.scores(texts)
        if self._array_engine is None:
            from iraqstance.training.flat.array_engine import ArrayEngine

            self._array_engine = ArrayEngine(self.model, self._held())
        return self._array_engine.scores(texts)

    def compiled(self) -> "CompiledEngine | None":
        """Return the compiled engine, or ``None`` where its library is not installed."""
        if self._compiled_engine is None and find_spec("numba") is not None:
            from iraqstance.training.flat.compiled_engine import CompiledEngine

            try:
                self._compiled_engine = CompiledEngine(self.model, self._held(), jobs=self._jobs)
            except (MissingExtraError, ImportError):  # numba says the latter of a NumPy that is too new for it
                return None
        return self._compiled_engine

    def _held(self) -> "Arrays":
        if self._arrays is None:
            from iraqstance.training.flat.array_engine import Arrays

            try:
                self._arrays = Arrays.of(self.model)
            except ValueError as error:
                raise self._contradicts(str(error)) from None
        return self._arrays

    def _contradicts(self, got: str) -> InputError:
        return InputError(
            "the flat model contradicts itself",
            where=self._path,
            got=got,
            remedy="Copy it again from where it came, or train the model again",
        )

    def predict(self, texts: Sequence[str], target: str | None = None) -> "list[Prediction]":
        """Label texts, in order.

        Args:
            texts: The texts; an empty one gets what the model says without any evidence.
            target: Whose stance to give, for a model with several targets.

        Raises:
            UsageError: Where the target is unknown, or not named though the model has several; and where one of
                the texts is no text.
        """
        from iraqstance.annotation.records import Prediction

        texts = listed(texts)
        if not texts:
            return []
        name = self.target(target) if self.stances else None
        shares = self._few(texts) if len(texts) <= _FEW and self._arrays is None else self._many(texts)
        none = dict.fromkeys(self.every_stance(), 0.0)
        made = []
        for number, text in enumerate(texts):
            stance_scores = topic_scores = None
            for output, rows in zip(self.model.outputs, shares, strict=True):
                found = dict(zip(output.names, rows[number], strict=True))
                if output.kind == "topics":
                    topic_scores = found
                elif output.target == name:
                    stance_scores = none | found
            stance = _best(stance_scores) if stance_scores else None
            topics = self.chosen(topic_scores) if topic_scores else None
            made.append(Prediction(text, stance, stance_scores, topics, topic_scores))
        return made

    def chosen(self, shares: Mapping[str, float]) -> tuple[str, ...]:
        """Return the topics whose probability reaches the threshold; where none does, the most probable one."""
        threshold = self.topics.threshold if self.topics else 0.5
        return tuple(name for name, share in shares.items() if share >= threshold) or (_best(shares),)

    def _few(self, texts: Sequence[str]) -> list[list[list[float]]]:
        self._seen += len(texts)
        found = [self.one(text) for text in texts]
        return [[one[number] for one in found] for number in range(len(self.model.outputs))]

    def _many(self, texts: Sequence[str]) -> list[Any]:
        return [shares.tolist() for shares in self.probabilities(texts)]


def _best(scores: Mapping[str, float]) -> str:
    return max(scores, key=lambda name: scores[name])


def _shares(output: Output, scores: "Floats") -> "Floats":
    import numpy as np

    own = scores[:, output.first : output.first + output.columns]
    if output.link == "constant":
        return np.tile(output.shares, (len(scores), 1))
    if output.link == "softmax":
        parts = np.exp(own - own.max(axis=1, keepdims=True))
        softmax: Floats = parts / parts.sum(axis=1, keepdims=True)
        return softmax
    small = np.exp(-np.abs(own))
    found: Floats = np.where(own >= 0, 1.0, small) / (1.0 + small)
    return np.hstack([1 - found, found]) if output.link == "logistic" else found

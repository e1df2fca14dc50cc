"""Label rows with a model, some thousands at a time, each with an answer or the reason why there is none."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from iraqstance.annotation.errors import UsageError
from iraqstance.annotation.records import Prediction
from iraqstance.training.flat.scorer import Scorer
from iraqstance.training.labelling.prediction_rows import flat, free_names, prediction_row
from iraqstance.training.labelling.text_rows import TextRow, checked

if TYPE_CHECKING:
    from iraqstance.training.classifier import Classifier
    from iraqstance.training.explain import Explanation
    from iraqstance.training.labelling.findings import Finder, Findings

__all__ = [
    "COMPILED_FROM",
    "Labelled",
    "Labeller",
    "ahead",
    "label_texts",
    "left_open",
    "output_row",
    "rows_at_once",
]

T = TypeVar("T")
R = TypeVar("R")

_CHUNK = 1000  # rows
_CHUNK_CHARACTERS = 2_000_000
_PER_JOB = 2048  # rows

#: The row of an input from which compiled code is loaded. It depends on the row alone, so that a run that goes on after
#: an interruption scores each row as it would have been scored without.
COMPILED_FROM = 4 * _CHUNK


class Labelled(NamedTuple):
    """A row and what the model says of it; nothing where the row cannot be labelled."""

    row: TextRow
    prediction: Prediction | None


def left_open(prediction: Prediction, min_confidence: float) -> Prediction:
    """Return the prediction less the labels whose probability is below a bound; the scores stay.

    Args:
        prediction: What a classifier says.
        min_confidence: The bound, in [0, 1]. The stance becomes ``None`` where the most probable one stays below it;
            of the topics, those that reach it stay, perhaps none.

    Raises:
        UsageError: For another bound.
    """
    if not 0 <= min_confidence <= 1:
        raise UsageError("the least confidence is no probability", expected="0 to 1", got=str(min_confidence))
    stance, topics = prediction.stance, prediction.topics
    if prediction.stance_scores and max(prediction.stance_scores.values()) < min_confidence:
        stance = None
    if topics is not None and prediction.topic_scores is not None:
        topics = tuple(topic for topic in topics if prediction.topic_scores[topic] >= min_confidence)
    return replace(prediction, stance=stance, topics=topics)


@dataclass(frozen=True)
class Labeller:
    """A model and how it is asked.

    Attributes:
        classifier: The model: a classifier, or the scorer of a flat one, which says the same and is quicker.
        target: Whose stance to give where a row does not say so, for a model with several targets.
        min_confidence: See :func:`left_open`.
        terms: Terms for and against that an output row holds at most, or ``None`` for no explanation, which a scorer
            cannot give.
        keep_columns: Whether an output row holds the other columns of the input.
        jobs: Threads of a scorer: with two or more, rows are read and written while others are scored.
        is_large: Whether a scorer is known to get many rows, and may load compiled code for the first of them.
    """

    classifier: "Classifier | Scorer"
    target: str | None = None
    min_confidence: float = 0.0
    terms: int | None = None
    keep_columns: bool = True
    jobs: int = 1
    is_large: bool = False

    def label(self, rows: Iterable[TextRow]) -> Iterator[list[Labelled]]:
        """Yield the rows in order with what the model says of them, up to a thousand at a time.

        Raises:
            UsageError: Where neither a row nor the labeller names a target that the model needs.
        """
        for read in _chunks(map(checked, rows)):
            chunk = self.with_known_targets(read)
            found = iter(_predictions(self.classifier, [row for row in chunk if not row.error], self.target))
            yield [Labelled(row, None if row.error else left_open(next(found), self.min_confidence)) for row in chunk]

    def find(self, rows: Iterable[TextRow], before: int = 0) -> "Iterator[tuple[list[TextRow], Findings]]":
        """Yield the rows in order, some thousands at a time, with what a scorer says of those without an error.

        Args:
            rows: The rows.
            before: How many rows of the input come before them.

        Raises:
            UsageError: Where neither a row nor the labeller names a target that the model needs.
        """
        chunks = (
            (first, self.with_known_targets(chunk)) for first, chunk in _growing(map(checked, rows), before, self.jobs)
        )
        for (_, chunk), findings in ahead(chunks, lambda item: self._found(item[1], item[0]), self.jobs):
            yield chunk, findings

    def _found(self, rows: Sequence[TextRow], first: int) -> "Findings":
        sound = [row for row in rows if not row.error]
        targets = [row.target or self.target for row in sound]
        return self.finder.of_texts(
            [row.text for row in sound], targets, compiled=self.is_large or first >= COMPILED_FROM
        )

    @cached_property
    def finder(self) -> "Finder":
        """What finds the labels of many texts, where the model is a scorer."""
        from iraqstance.training.labelling.findings import Finder

        if not isinstance(self.classifier, Scorer):
            raise TypeError(type(self.classifier).__name__)
        return Finder(self.classifier, self.min_confidence)

    def with_known_targets(self, chunk: Sequence[TextRow]) -> list[TextRow]:
        """Return the rows, with an error in those that name a target of their own that the model does not hold."""
        faults = {}
        for name in {row.target for row in chunk if not row.error and row.target is not None}:
            if fault := self.target_fault(name):
                faults[name] = fault
        if not faults:
            return list(chunk)
        return [row._replace(error=row.error or faults.get(row.target or "", "")) for row in chunk]

    def target_fault(self, name: str) -> str:
        """Return what is wrong with the target that a row names, or nothing."""
        try:
            self._refuse_unknown(name or self.target)
        except UsageError as error:
            return f"{error.what}: {name!r}." if name else "the row names no target."
        return ""

    def _refuse_unknown(self, target: str | None) -> None:
        model = self.classifier
        if not isinstance(model, Scorer):
            model.predict([""], target)
        elif model.stances:
            model.target(target)

    def explain(self, labelled: Labelled) -> "Explanation | None":
        """Explain the most probable stance, or topic where the model holds no stance; ``None`` for an error's row."""
        from iraqstance.training.explain import explain

        prediction, model = labelled.prediction, self.classifier
        if isinstance(model, Scorer):
            raise UsageError("a flat model gives no explanation", remedy="Name a model folder with --model")
        if prediction is None:
            return None
        if prediction.stance_scores:
            name = labelled.row.target or self.target
            pipeline = model.stance[next(iter(model.stance)) if name is None else name]
            return explain(pipeline, prediction.text, _most_probable(prediction.stance_scores))
        topic = _most_probable(prediction.topic_scores or {})
        column = model.topic_names.index(topic)
        return replace(explain(model.topics, prediction.text, column), label=topic)

    @cached_property
    def blank(self) -> dict[str, object]:
        """An output row of nothing, which has every score that the model gives."""
        return prediction_row(self.classifier.predict([""], next(iter(self.classifier.targets), None))[0])

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Columns of a table of output rows, less those that are kept from the input."""
        return (*flat(self.blank), "error")

    def kept_names(self, others: Iterable[str]) -> list[str]:
        """Return the names of other columns as an output row has them, which are none of ours."""
        return free_names(others, {*self.blank, *self.columns, "explanation"})


def _most_probable(scores: Mapping[str, float]) -> str:
    return max(scores, key=lambda name: scores[name])


def _chunks(rows: Iterable[TextRow]) -> Iterator[list[TextRow]]:
    """Yield the rows in lists that are bounded in rows and in characters."""
    chunk: list[TextRow] = []
    characters = 0
    for row in rows:
        chunk.append(row)
        characters += len(row.text)
        if len(chunk) == _CHUNK or characters >= _CHUNK_CHARACTERS:
            yield chunk
            chunk, characters = [], 0
    if chunk:
        yield chunk


def rows_at_once(before: int, jobs: int) -> int:
    """Return how many rows are taken together: more of them after the first thousands, and for several threads."""
    return _CHUNK - before % _CHUNK if before < COMPILED_FROM else _PER_JOB * jobs


def ahead(items: Iterable[T], work: Callable[[T], R], jobs: int) -> Iterator[tuple[T, R]]:
    """Yield each item with what work makes of it; for two jobs or more, the next is worked on in a thread meanwhile."""
    if jobs == 1:
        for item in items:
            yield item, work(item)
        return
    from concurrent.futures import Future, ThreadPoolExecutor  # takes longer to import than to label one text

    with ThreadPoolExecutor(1) as pool:
        waiting: tuple[T, Future[R]] | None = None
        for item in items:
            begun = item, pool.submit(work, item)
            if waiting is not None:
                yield waiting[0], waiting[1].result()
            waiting = begun
        if waiting is not None:
            yield waiting[0], waiting[1].result()


def _growing(rows: Iterable[TextRow], before: int, jobs: int) -> Iterator[tuple[int, list[TextRow]]]:
    """Yield the rows in lists that are bounded in rows and in characters, with how many rows come before each."""
    chunk: list[TextRow] = []
    characters, most = 0, rows_at_once(before, jobs)
    for row in rows:
        chunk.append(row)
        characters += len(row.text)
        # Not more characters for more jobs: the first rows decide the columns of a table.
        if len(chunk) == most or characters >= _CHUNK_CHARACTERS:
            yield before, chunk
            before += len(chunk)
            chunk, characters, most = [], 0, rows_at_once(before, jobs)
    if chunk:
        yield before, chunk


def label_texts(
    classifier: "Classifier | Scorer", texts: Iterable[TextRow], target: str | None = None
) -> Iterator[Prediction]:
    """Yield one prediction for each text, whatever it holds, in order.

    Args:
        classifier: The model.
        texts: The texts; a row's own target goes before ``target``.
        target: Whose stance to give, for a model with several targets.
    """
    for chunk in _chunks(texts):
        yield from _predictions(classifier, chunk, target)


def _predictions(classifier: "Classifier | Scorer", chunk: Sequence[TextRow], target: str | None) -> list[Prediction]:
    predictions: dict[int, Prediction] = {}
    for name in dict.fromkeys(row.target or target for row in chunk):
        rows = [number for number, row in enumerate(chunk) if (row.target or target) == name]
        found = classifier.predict([chunk[number].text for number in rows], name)
        predictions |= dict(zip(rows, found, strict=True))
    return [predictions[number] for number in range(len(chunk))]


def output_row(labelled: Labelled, labeller: Labeller) -> dict[str, object]:
    """Return a row as a JSON object: the prediction, its explanation or the error, and the other columns.

    In a row with an error every label and score is ``None``. Another column that has one of our names gets ``input_``
    before its own.
    """
    if labelled.prediction is None:
        row = dict.fromkeys(labeller.blank) | {"text": labelled.row.text, "error": labelled.row.error}
    else:
        row = prediction_row(labelled.prediction)
        if labeller.terms is not None and (explanation := labeller.explain(labelled)):
            row["explanation"] = _explanation_row(explanation.strongest(labeller.terms))
    if not labeller.keep_columns:
        return row
    others = labelled.row.others
    return row | dict(zip(labeller.kept_names(others), others.values(), strict=True))


def _explanation_row(explanation: "Explanation") -> dict[str, object]:
    """Return the explanation as a JSON object, unrounded: its parts sum to the score."""
    return {
        "label": explanation.label,
        "score": explanation.score,
        "intercept": explanation.intercept,
        "terms": [term._asdict() | {"contribution": term.contribution} for term in explanation.terms],
        "rest": explanation.rest,
    }

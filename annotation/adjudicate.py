"""From several annotators' judgements to one label for each paragraph, by majority or by how reliable each is."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from iraqstance.annotation.dawid_skene import Consensus, dawid_skene_counts
from iraqstance.annotation.errors import UsageError
from iraqstance.annotation.records import Judgement, Label
from iraqstance.annotation.schema import Schema
from numpy.typing import NDArray

__all__ = ["METHODS", "adjudicate", "disputed", "open_ties", "stance_models"]

T = TypeVar("T")

TOPICS = "topics"

#: How the independent judgements may be put together.
METHODS = ("majority", "dawid-skene")

#: Probability of each label of one paragraph, by column: stances sum to 1, each topic stands alone.
Odds = Mapping[str, Mapping[str, float]]

_SMOOTHING = 5.0  # as if each annotator had judged five more paragraphs of each category, four of them rightly
_EQUAL = 1e-9  # probabilities no further apart than this are a tie


def adjudicate(judgements: Iterable[Judgement], schema: Schema, *, method: str = "majority") -> list[Label]:
    """Return one label for each paragraph, in the order in which the paragraphs first appear.

    By ``majority`` a stance, and each topic on its own, is settled by more than half of the independent judgements.
    By ``dawid-skene`` all independent judgements are fitted with :func:`dawid_skene_counts`, each stance column as one
    question and each topic as a question of yes or no. The most probable stance is the label; topics above one half
    are ticked, or the most probable one where none is.

    What has no majority, or two equally probable answers, is a tie: a ``tie-break`` judgement settles it; without one
    it stays open (an empty stance, no topics). Topics are open as a whole where any topic is tied or, by majority,
    none has one. An exclusive topic that wins beside others gives way to them. An ``adjudication`` decides its
    paragraph; where the independent judgements were of one mind and it agrees, what settled the column stands. Of
    several the last counts. Votes count independent judgements only.

    Raises:
        UsageError: For an unknown method.
    """
    if method not in METHODS:
        raise UsageError(f"the method {method!r} is unknown", expected=" or ".join(METHODS))
    by_paragraph = _by_paragraph(judgements)
    odds = _odds(by_paragraph, schema) if method == "dawid-skene" else {}
    return [_label(paragraph, group, schema, odds.get(paragraph)) for paragraph, group in by_paragraph.items()]


def open_ties(labels: Iterable[Label]) -> list[Label]:
    """Return the labels that a further judgement has to settle."""
    return [label for label in labels if "open" in label.settled_by.values()]


def disputed(judgements: Iterable[Judgement], schema: Schema, *, ties_only: bool = False) -> list[str]:
    """Return the paragraphs that are to be adjudicated, in the order in which they first appear.

    Their independent judgements differ on a stance or on the set of topics, and they have no adjudication yet.

    Args:
        judgements: Of every round.
        schema: The label schema.
        ties_only: Leave out what :func:`adjudicate` settles by majority or tie-break.
    """
    by_paragraph = _by_paragraph(judgements)
    labels = (_label(paragraph, group, schema, None) for paragraph, group in by_paragraph.items())
    ties = {label.paragraph for label in open_ties(labels)} if ties_only else set(by_paragraph)
    return [paragraph for paragraph, group in by_paragraph.items() if paragraph in ties and _in_dispute(group, schema)]


def stance_models(judgements: Iterable[Judgement], schema: Schema) -> tuple[tuple[str, ...], dict[str, Consensus]]:
    """Return the independent annotators, and the model of each stance column with annotators in their order.

    By these models :func:`adjudicate` settles the stances with ``dawid-skene``.
    """
    answers = _answers(judgements)
    return tuple(answers.annotators), answers.stances(schema)


def _by_paragraph(judgements: Iterable[Judgement]) -> dict[str, list[Judgement]]:
    groups: dict[str, list[Judgement]] = {}
    for judgement in judgements:
        groups.setdefault(judgement.paragraph, []).append(judgement)
    return groups


def _in_dispute(judgements: Sequence[Judgement], schema: Schema) -> bool:
    answers = {
        (*(judgement.stances[target] for target in schema.target_names), schema.ordered_topics(judgement.topics))
        for judgement in judgements
        if judgement.round == "independent"
    }
    return len(answers) > 1 and all(judgement.round != "adjudication" for judgement in judgements)


@dataclass(frozen=True, slots=True)
class _Answers:
    """The independent judgements, with the number of each one's paragraph and annotator, and what the numbers mean."""

    judgements: Sequence[Judgement]
    places: tuple[NDArray[np.int64], NDArray[np.int64]]
    paragraphs: Mapping[str, int]
    annotators: Mapping[str, int]

    def stances(self, schema: Schema) -> dict[str, Consensus]:
        """Return the model of each stance column."""
        numbers = {name: number for number, name in enumerate(schema.stance_names)}
        return {
            column: self._model([numbers[judgement.stances[target]] for judgement in self.judgements], len(numbers))
            for target, column in schema.stance_columns.items()
        }

    def topic(self, name: str) -> Consensus:
        """Return the model of one topic; category 1 is *ticked*."""
        return self._model([int(name in judgement.topics) for judgement in self.judgements], 2)

    def _model(self, answers: Sequence[int], categories: int) -> Consensus:
        counts = np.zeros((len(self.paragraphs), len(self.annotators), categories))
        np.add.at(counts, (*self.places, np.array(answers, dtype=np.int64)), 1)
        return dawid_skene_counts(counts, smoothing=_SMOOTHING)


def _answers(judgements: Iterable[Judgement]) -> _Answers:
    independent = [judgement for judgement in judgements if judgement.round == "independent"]
    paragraphs = {name: number for number, name in enumerate(dict.fromkeys(j.paragraph for j in independent))}
    annotators = {name: number for number, name in enumerate(sorted({j.annotator for j in independent}))}
    rows = np.array([paragraphs[judgement.paragraph] for judgement in independent], dtype=np.int64)
    columns = np.array([annotators[judgement.annotator] for judgement in independent], dtype=np.int64)
    return _Answers(independent, (rows, columns), paragraphs, annotators)


def _odds(by_paragraph: Mapping[str, Sequence[Judgement]], schema: Schema) -> dict[str, Odds]:
    """Return the model's probabilities, by paragraph. Without an independent judgement a paragraph has none."""
    answers = _answers(judgement for group in by_paragraph.values() for judgement in group)
    stances = {column: model.posterior.tolist() for column, model in answers.stances(schema).items()}
    topics = {name: answers.topic(name).posterior[:, 1].tolist() for name in schema.topic_names}
    return {
        paragraph: {
            **{column: dict(zip(schema.stance_names, rows[number], strict=True)) for column, rows in stances.items()},
            TOPICS: {name: probabilities[number] for name, probabilities in topics.items()},
        }
        for paragraph, number in answers.paragraphs.items()
    }


def _label(paragraph: str, judgements: Sequence[Judgement], schema: Schema, odds: Odds | None) -> Label:
    """Return the label by the model's probabilities, or by majority where there are none."""
    independent = [judgement for judgement in judgements if judgement.round == "independent"]
    last = {judgement.round: judgement for judgement in judgements}
    breaking, decision = last.get("tie-break"), last.get("adjudication")
    method = "dawid-skene" if odds else "majority"
    stances: dict[str, str] = {}
    votes: dict[str, dict[str, int]] = {}
    settled: dict[str, str] = {}
    for target, column in schema.stance_columns.items():
        said = [judgement.stances[target] for judgement in independent]
        votes[column] = _votes(said, schema.stance_names)
        winner = _likely_stance(odds[column]) if odds else _majority_stance(votes[column], len(said))
        broken, decided = (judgement.stances[target] if judgement else "" for judgement in (breaking, decision))
        stances[target], settled[column] = _settled(said, winner, broken, decided, method)
    sets = [schema.ordered_topics(judgement.topics) for judgement in independent]
    votes[TOPICS] = _votes([topic for topics in sets for topic in topics], schema.topic_names)
    likely = odds[TOPICS] if odds else None
    chosen, tied = _likely_topics(odds[TOPICS]) if odds else _majority_topics(votes[TOPICS], len(sets))
    last_topics = set(breaking.topics) if breaking else set()
    broken_topics = (chosen | (tied & last_topics) or last_topics) if breaking else set()
    topics, settled[TOPICS] = _settled(
        sets,
        () if tied else schema.without_exclusive(chosen, likely),
        schema.without_exclusive(broken_topics, likely),
        schema.without_exclusive(decision.topics if decision else (), likely),
        method,
    )
    confidence = _confidence(stances, topics, settled, odds, schema) if odds else {}
    return Label(paragraph, stances, topics, votes, settled, confidence)


def _votes(answers: Sequence[str], names: Sequence[str]) -> dict[str, int]:
    counts = Counter(answers)
    return {name: counts[name] for name in names if counts[name]}


def _settled(said: Sequence[T], winner: T, broken: T, decided: T, method: str) -> tuple[T, str]:
    """Return what stands in one column and what settled it. An empty answer is none.

    Args:
        said: What each annotator answered.
        winner: What the method made of that.
        broken: What the tie-break makes of it.
        decided: The adjudication's answer.
        method: Name of the method.
    """
    if decided and not set(said) == {winner} == {decided}:
        return decided, "adjudication"
    if winner:
        return winner, method
    return broken, "tie-break" if broken else "open"


def _majority_stance(votes: Mapping[str, int], voters: int) -> str:
    return next((name for name, count in votes.items() if 2 * count > voters), "")


def _majority_topics(votes: Mapping[str, int], voters: int) -> tuple[set[str], set[str]]:
    """Return the topics with a majority, and those that are tied."""
    chosen = {name for name, count in votes.items() if 2 * count > voters}
    return chosen, {name for name, count in votes.items() if 2 * count == voters}


def _likely_stance(odds: Mapping[str, float]) -> str:
    likeliest = _likeliest(odds)
    return likeliest.pop() if len(likeliest) == 1 else ""


def _likely_topics(odds: Mapping[str, float]) -> tuple[set[str], set[str]]:
    """Return the topics to be ticked, and those that are tied: as probable as not, or the most probable of all."""
    tied = {name for name, value in odds.items() if abs(2 * value - 1) <= _EQUAL}
    chosen = {name for name, value in odds.items() if value > 1 / 2} - tied
    if chosen or tied:
        return chosen, tied
    likeliest = _likeliest(odds)
    return (likeliest, set()) if len(likeliest) == 1 else (set(), likeliest)


def _likeliest(odds: Mapping[str, float]) -> set[str]:
    best = max(odds.values())
    return {name for name, value in odds.items() if best - value <= _EQUAL}


def _confidence(
    stances: Mapping[str, str], topics: Sequence[str], settled: Mapping[str, str], odds: Odds, schema: Schema
) -> dict[str, float]:
    """Return the probability of what the model settled, by column; of the topics, that of the least sure decision."""
    columns = {column: target for target, column in schema.stance_columns.items() if settled[column] == "dawid-skene"}
    confidence = {column: odds[column][stances[target]] for column, target in columns.items()}
    if settled[TOPICS] == "dawid-skene":
        confidence[TOPICS] = min(value if name in topics else 1 - value for name, value in odds[TOPICS].items())
    return confidence

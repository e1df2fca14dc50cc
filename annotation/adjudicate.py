"""From several annotators' judgements to one label for each paragraph, by majority."""

from collections import Counter
from collections.abc import Iterable, Sequence

from iraqstance.annotation.records import Judgement, Label
from iraqstance.annotation.schema import Schema

__all__ = ["adjudicate", "open_ties"]

TOPICS = "topics"


def adjudicate(judgements: Iterable[Judgement], schema: Schema) -> list[Label]:
    """Return one label for each paragraph, in the order in which the paragraphs first appear.

    A stance, and each topic on its own, is settled by more than half of the independent judgements. What has no such
    majority is a tie: a ``tie-break`` judgement settles it; without one it stays open (an empty stance, no topics).
    Topics are open as a whole where any topic is tied or none has a majority. An exclusive topic that wins beside
    others gives way to them. Votes count independent judgements only.
    """
    by_paragraph: dict[str, list[Judgement]] = {}
    for judgement in judgements:
        by_paragraph.setdefault(judgement.paragraph, []).append(judgement)
    return [_label(paragraph, group, schema) for paragraph, group in by_paragraph.items()]


def open_ties(labels: Iterable[Label]) -> list[Label]:
    """Return the labels that a further judgement has to settle."""
    return [label for label in labels if "open" in label.settled_by.values()]


def _label(paragraph: str, judgements: Sequence[Judgement], schema: Schema) -> Label:
    independent = [judgement for judgement in judgements if judgement.round == "independent"]
    breaking = [judgement for judgement in judgements if judgement.round != "independent"]
    stances: dict[str, str] = {}
    votes: dict[str, dict[str, int]] = {}
    settled: dict[str, str] = {}
    for target, column in schema.stance_columns.items():
        counts = Counter(judgement.stances[target] for judgement in independent)
        votes[column] = {name: counts[name] for name in schema.stance_names if counts[name]}
        winner = [name for name, count in counts.items() if 2 * count > len(independent)]
        stances[target], settled[column] = _settled(winner, [judgement.stances[target] for judgement in breaking])
    counts = Counter(topic for judgement in independent for topic in judgement.topics)
    votes[TOPICS] = {name: counts[name] for name in schema.topic_names if counts[name]}
    topics, settled[TOPICS] = _settled_topics(counts, len(independent), breaking, schema)
    return Label(paragraph, stances, topics, votes, settled)


def _settled(winner: Sequence[str], breaking: Sequence[str]) -> tuple[str, str]:
    if winner:
        return winner[0], "majority"
    if breaking:
        return breaking[-1], "tie-break"
    return "", "open"


def _settled_topics(
    counts: Counter[str], voters: int, breaking: Sequence[Judgement], schema: Schema
) -> tuple[tuple[str, ...], str]:
    chosen = {name for name, count in counts.items() if 2 * count > voters}
    tied = {name for name, count in counts.items() if 2 * count == voters}
    if chosen and not tied:
        return schema.ordered_topics(_without_exclusive(chosen, schema)), "majority"
    if breaking:
        last = set(breaking[-1].topics)
        return schema.ordered_topics(_without_exclusive(chosen | (tied & last) or last, schema)), "tie-break"
    return (), "open"


def _without_exclusive(chosen: set[str], schema: Schema) -> set[str]:
    exclusive = {label.name for label in schema.topics if label.exclusive}
    return chosen - exclusive or chosen

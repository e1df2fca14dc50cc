"""The types that cross a border between rooms. All are frozen."""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["KINDS", "ROUNDS", "SUGGESTIONS", "Issue", "Judgement", "Label", "Paragraph", "Prediction"]

#: Who may have judged, and in which round. The first of each is what a record says that does not say.
KINDS = ("person", "model")
ROUNDS = ("independent", "tie-break", "adjudication")

#: What became of a model's suggestion: there was none, it was withheld on purpose, it was kept, it was changed.
SUGGESTIONS = ("", "withheld", "kept", "changed")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph of an article.

    Attributes:
        id: ``<article>/<number>``, the number from 1 with at least three digits.
        article: Name of the article, unique in a collection.
        start: First character in the normalised article (as :func:`read_lines` yields it), from 0.
        end: One past the last character.
        text: The words between them, white space collapsed and list marks removed. Empty in stand-off data.
        sha256: :func:`fingerprint` of the text.
    """

    id: str
    article: str
    start: int
    end: int
    text: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one annotator said of one paragraph.

    Attributes:
        paragraph: Id of the paragraph.
        annotator: Pseudonym.
        stances: Label of each stance target, by the target's name.
        topics: Topic labels in schema order, at least one.
        unsure: Whether the annotator ticked *unsure*.
        kind: Who judged: ``person`` or ``model``.
        round: ``independent``; ``tie-break`` for the blind reading that settles a tie; ``adjudication`` for the
            decision of somebody who saw what the annotators chose.
        comment: What the annotator wrote beside it.
        seconds: Time spent on it as the labelling tool measured it, at least 0, or ``None``.
        suggestion: One of :data:`SUGGESTIONS`: what the annotator made of a model's suggestion.
        sha256: Hash of the text that was judged, or empty where it is not known. Two judgements are equal without it.
    """

    paragraph: str
    annotator: str
    stances: Mapping[str, str]
    topics: tuple[str, ...]
    unsure: bool = False
    kind: str = "person"
    round: str = "independent"
    comment: str = ""
    seconds: float | None = None
    suggestion: str = ""
    sha256: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Label:
    """What adjudication made of a paragraph's judgements.

    Attributes:
        paragraph: Id of the paragraph.
        stances: Adjudicated label of each target, by the target's name; empty string where a tie is open.
        topics: Adjudicated topics in schema order; empty where a tie on any topic is open, or none has a majority.
        votes: How many independent annotators chose each label, by column and label.
        settled_by: For each column, ``majority`` or ``dawid-skene``, as the annotators themselves settled it;
            ``tie-break``; ``adjudication``; or ``open``.
        confidence: Where it was settled by ``dawid-skene``, the model's probability of the answer, in [0, 1], by
            column. For the topics the smallest among the decisions on each, ticked or not: a product would only tell
            how many topics there are.
    """

    paragraph: str
    stances: Mapping[str, str]
    topics: tuple[str, ...]
    votes: Mapping[str, Mapping[str, int]]
    settled_by: Mapping[str, str]
    confidence: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a classifier says of one text. Fields that its model does not hold are ``None``.

    Attributes:
        text: The text.
        stance: The most probable stance; ``None`` beside scores where it was left open, too improbable to be given.
        stance_scores: Probability of each stance, in [0, 1], summing to 1.
        topics: Topics whose probability reaches the threshold; the most probable one where none does. Of these, those
            that were not left open, perhaps none.
        topic_scores: Probability of each topic on its own, in [0, 1].
    """

    text: str
    stance: str | None = None
    stance_scores: Mapping[str, float] | None = None
    topics: tuple[str, ...] | None = None
    topic_scores: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Issue:
    """One finding of a validator.

    Attributes:
        rule: Short name of the rule, such as ``unknown-label``.
        severity: ``error`` or ``warning``.
        where: The place, such as ``export.json: task 12, annotation 7``.
        message: What is wrong there, and what to do.
    """

    rule: str
    severity: str
    where: str
    message: str

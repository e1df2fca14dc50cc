"""The declared features of each configuration, made from the label schema."""

from typing import TYPE_CHECKING

from iraqstance.annotation.errors import from_extra
from iraqstance.annotation.schema import Schema

if TYPE_CHECKING:
    from datasets import Features

__all__ = ["edition_features", "judgement_features"]


def edition_features(
    schema: Schema, *, text: bool, restates: bool, genre: bool = False, intended: bool = False
) -> "Features":
    """Return the features of an edition: with its text, or stand-off with article and offsets.

    Args:
        schema: The label schema.
        text: Whether it carries its text.
        restates: Whether it holds restatements.
        genre: Whether it knows genres.
        intended: Whether it knows what its writers meant.

    Raises:
        MissingExtraError: Without the extra ``dataset``.
    """
    with from_extra("dataset"):
        from datasets import Features, Value
    place = (
        {"text": Value("string")}
        if text
        else {
            "article": Value("string"),
            "start": Value("int32"),
            "end": Value("int32"),
        }
    )
    labels = _label_features(schema)
    intention = {"intended_stance": labels["stance"], "intended_topics": labels["topics"]}
    return Features(
        {
            "id": Value("string"),
            "group": Value("string"),
            **({"restates": Value("string")} if restates else {}),
            **({"genre": Value("string")} if genre else {}),
            **place,
            "sha256": Value("string"),
            **labels,
            **(intention if intended else {}),
        }
    )


def judgement_features(schema: Schema) -> "Features":
    """Return the features of the judgements: one row for each edition, paragraph, annotator and target.

    Raises:
        MissingExtraError: Without the extra ``dataset``.
    """
    with from_extra("dataset"):
        from datasets import Features, Value
    return Features(
        {
            "edition": Value("string"),
            "paragraph": Value("string"),
            "annotator": Value("string"),
            "kind": Value("string"),
            "round": Value("string"),
            **_label_features(schema),
            "unsure": Value("bool"),
            "comment": Value("string"),
            "seconds": Value("float32"),
            "suggestion": Value("string"),
        }
    )


def _label_features(schema: Schema) -> dict[str, object]:
    from datasets import ClassLabel, List, Value

    return {
        "target": Value("string"),
        "stance": ClassLabel(names=list(schema.stance_names)),
        "topics": List(ClassLabel(names=list(schema.topic_names))),
    }

"""The declared features of each configuration."""

import pytest
from iraqstance.annotation.schema import LabelDefinition, Schema, Target
from iraqstance.dataset.features import edition_features, judgement_features

TEA = Schema(
    name="tea",
    version=1,
    targets=(Target(name="green", title="green tea"), Target(name="black", title="black tea")),
    stance_question="Does it like the tea?",
    stances=tuple(LabelDefinition(name=name, definition="A stance.") for name in ("zest", "likes", "dislikes")),
    topic_question="What is it about?",
    topics=tuple(LabelDefinition(name=name, definition="A topic.") for name in ("taste", "price", "colour", "age")),
)


def test_labels_are_class_labels_in_the_order_of_the_schema() -> None:
    from datasets import ClassLabel, List

    for features in (edition_features(TEA, text=True, restates=False), judgement_features(TEA)):
        assert features["stance"] == ClassLabel(names=["zest", "likes", "dislikes"])
        assert features["topics"] == List(ClassLabel(names=["taste", "price", "colour", "age"]))


def test_the_packaged_schema_makes_the_packaged_features(schema: Schema) -> None:
    features = edition_features(schema, text=True, restates=True)
    assert features["stance"].names == ["favor", "against", "neutral"]
    assert len(features["topics"].feature.names) == 9


@pytest.mark.parametrize(
    ("text", "restates", "columns"),
    [
        (True, False, ["id", "group", "text", "sha256", "target", "stance", "topics"]),
        (True, True, ["id", "group", "restates", "text", "sha256", "target", "stance", "topics"]),
        (False, False, ["id", "group", "article", "start", "end", "sha256", "target", "stance", "topics"]),
    ],
    ids=["with text", "restating", "stand-off"],
)
def test_an_edition_has_these_columns(text: bool, restates: bool, columns: list[str]) -> None:  # noqa: FBT001
    assert list(edition_features(TEA, text=text, restates=restates)) == columns


def test_judgements_have_these_columns() -> None:
    assert list(judgement_features(TEA)) == [
        "edition",
        "paragraph",
        "annotator",
        "kind",
        "round",
        "target",
        "stance",
        "topics",
        "unsure",
        "comment",
        "seconds",
        "suggestion",
    ]


def test_features_survive_the_metadata_of_a_card() -> None:
    from datasets import Features

    features = edition_features(TEA, text=False, restates=True)
    assert Features._from_yaml_list(features._to_yaml_list()) == features  # noqa: SLF001 - how Hugging Face reads a card

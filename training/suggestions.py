"""What a classifier suggests to annotators."""

import json
from collections.abc import Sequence
from pathlib import Path

from iraqstance.annotation.errors import UsageError
from iraqstance.annotation.normalise import sha256_of
from iraqstance.annotation.schema import Schema
from iraqstance.annotation.tasks import Suggestion
from iraqstance.training.classifier import Classifier
from iraqstance.training.default_model import default_model_folder
from iraqstance.training.model_folder import read_manifest

__all__ = ["known_targets", "model_name", "suggestions"]


def model_name(model: str) -> str:
    """Return the name and version by which Label Studio keeps a model's suggestions apart: folder and short hash.

    Args:
        model: A model folder, or ``default``.
    """
    folder = default_model_folder() if model == "default" else Path(model)
    manifest = json.dumps(read_manifest(folder).model_dump(mode="json"), sort_keys=True)
    return f"{'default' if model == 'default' else folder.resolve().name}-{sha256_of(manifest)[:8]}"


def suggestions(classifier: Classifier, texts: Sequence[str], schema: Schema) -> list[Suggestion]:
    """Return what a classifier suggests for each text, in order.

    The score is the probability of the chosen stance (the smallest over the targets); of a model without stances, the
    smallest probability of a decision on a topic, chosen or not.

    Raises:
        UsageError: As :func:`known_targets`.
    """
    targets = known_targets(classifier, schema)
    by_target = {target: classifier.predict(texts, name) for target, name in targets.items()}
    plain = next(iter(by_target.values())) if by_target else classifier.predict(texts)
    made = []
    for row, prediction in enumerate(plain):
        stances = {target: str(predictions[row].stance) for target, predictions in by_target.items()}
        sure = [max((predictions[row].stance_scores or {"": 0.0}).values()) for predictions in by_target.values()]
        shares = (prediction.topic_scores or {}).values()
        score = min(sure or [max(share, 1 - share) for share in shares], default=0.0)
        made.append(Suggestion(stances, schema.without_exclusive(prediction.topics or ()), round(score, 6)))
    return made


def known_targets(classifier: Classifier, schema: Schema) -> dict[str, str | None]:
    """Return the model's name of each target of the schema that it knows.

    Raises:
        UsageError: Where it knows none of the schema's targets, or gives a label that is not the schema's.
    """
    targets = _targets(classifier, schema)
    stances = {stance for name in targets.values() for stance in classifier.stance_names(name or "")}
    for what, given, known in (
        ("stance", stances, schema.stance_names),
        ("topic", set(classifier.topic_names), schema.topic_names),
    ):
        if unknown := sorted(given - set(known)):
            raise UsageError(
                f"the model does not fit the schema: {unknown[0]!r} is no {what} of it",
                expected=f"among {', '.join(known)}",
                remedy="Name a model of this schema, or the model's schema with --schema",
            )
    return targets


def _targets(classifier: Classifier, schema: Schema) -> dict[str, str | None]:
    """Return the model's name of each target of the schema that it knows."""
    if classifier.targets == ("",):
        if len(schema.targets) > 1:
            raise UsageError("the model names no target, and the schema has several")
        return {schema.target_names[0]: None}
    known: dict[str, str | None] = {name: name for name in schema.target_names if name in classifier.targets}
    if classifier.targets and not known:
        raise UsageError(
            "the model knows no target of the schema",
            expected=f"one of {', '.join(schema.target_names)}",
            got=", ".join(classifier.targets),
            remedy="Name another model",
        )
    return known

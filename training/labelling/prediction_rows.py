"""Predictions as rows: JSON objects, or what a table's columns hold."""

import json
import math
from collections.abc import Collection, Iterable, Mapping
from datetime import date, time

from iraqstance.annotation.records import Prediction

__all__ = ["cell", "flat", "free_names", "original_name", "plain", "prediction_row"]


def prediction_row(prediction: Prediction) -> dict[str, object]:
    """Return the prediction as a JSON object, less what its model does not hold. Scores have six digits."""
    row: dict[str, object] = {"text": prediction.text}
    if prediction.stance_scores is not None:
        row |= {"stance": prediction.stance, "stance_scores": _rounded(prediction.stance_scores)}
    if prediction.topic_scores is not None:
        row |= {"topics": list(prediction.topics or ()), "topic_scores": _rounded(prediction.topic_scores)}
    return row


def _rounded(scores: Mapping[str, float]) -> dict[str, float]:
    return {name: round(score, 6) for name, score in scores.items()}


def free_names(names: Iterable[str], taken: Collection[str]) -> list[str]:
    """Return names under which other columns can stand beside ours: one that is taken gets ``input_`` before it."""
    others = list(names)
    found = []
    for name in others:
        free = name
        while free in taken or (free != name and free in others):
            free = f"input_{free}"
        found.append(free)
    return found


def original_name(name: str) -> str:
    """Return the name that a renamed column had in the input."""
    while name.startswith("input_"):
        name = name.removeprefix("input_")
    return name


def flat(row: Mapping[str, object]) -> dict[str, object]:
    """Return the row with a column for each score."""
    found: dict[str, object] = {}
    for name, value in row.items():
        if name in {"stance_scores", "topic_scores"} and isinstance(value, dict):
            found |= {f"{name.removesuffix('_scores')}_score_{label}": score for label, score in value.items()}
        else:
            found[name] = value
    return found


def plain(value: object) -> object:
    """Return a value as JSON can hold it: what Parquet has beyond that becomes text, and what is no number nothing."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return value.isoformat() if isinstance(value, date | time) else str(value)


def cell(value: object) -> str | None:
    """Return a value as one field of a table: text as it is, anything else as JSON."""
    found = plain(value)
    return found if found is None or isinstance(found, str) else json.dumps(found, ensure_ascii=False)

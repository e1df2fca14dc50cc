"""Label many texts: read them from a file or a stream, write one prediction for each in the same order."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

from iraqstance.annotation.errors import InputError, UsageError
from iraqstance.annotation.reading import article_files, open_binary
from iraqstance.annotation.records import Prediction
from iraqstance.annotation.segment import segment_file
from iraqstance.annotation.storage import encoded, read_rows, replacing
from iraqstance.training.classifier import Classifier
from iraqstance.training.corpus import read_table

__all__ = ["TextRow", "label_texts", "prediction_row", "read_texts", "write_predictions"]

_CHUNK = 1000
_BOM = b"\xef\xbb\xbf"


class TextRow(NamedTuple):
    """One text to label, and what its stance is about, where the input says so."""

    text: str
    target: str | None = None


def read_texts(path: str, *, text_column: str = "text", target_column: str | None = None) -> Iterator[TextRow]:
    """Yield the texts of a file in order.

    A ``.txt`` file, or each one of a folder, is an article and is cut into paragraphs; CSV, TSV, JSON lines, Parquet
    and dataset folders give one text a row. Standard input (``-``) is JSON lines where its first line begins with
    ``{``, and else one text a line.

    Raises:
        InputError: Where the input cannot be read or a row has no text; the message names the row.
    """
    if path == "-":
        yield from _standard_input(text_column, target_column)
    elif Path(path).suffix.lower() == ".txt" or _is_folder_of_articles(Path(path)):
        for file in article_files([path]):
            yield from (TextRow(paragraph.text) for paragraph in segment_file(file))
    else:
        for row in read_table(path):
            yield _text_row(row.value, row.where, text_column, target_column)


def _is_folder_of_articles(path: Path) -> bool:
    """Tell whether a folder holds articles, and not a dataset with its card."""
    return path.is_dir() and any(path.glob("*.txt")) and not (path / "README.md").exists()


def _standard_input(text_column: str, target_column: str | None) -> Iterator[TextRow]:
    with open_binary("-") as stream:
        lines = list(_opening(stream))
        if lines and lines[-1].removeprefix(_BOM).lstrip().startswith(b"{"):
            for row in read_rows("-", lines=chain(lines, stream)):
                yield _text_row(row.value, row.where, text_column, target_column)
            return
        for number, line in enumerate(chain(lines, stream), 1):
            try:
                text = line.removeprefix(_BOM if number == 1 else b"").decode().strip()
            except UnicodeDecodeError:
                raise InputError("the text is not UTF-8", where=f"standard input: line {number}") from None
            if text:
                yield TextRow(text)


def _opening(stream: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines up to and with the first that is not blank."""
    for line in stream:
        yield line
        if line.strip():
            return


def _text_row(row: dict[str, object], where: str, text_column: str, target_column: str | None) -> TextRow:
    text = row.get(text_column)
    if not isinstance(text, str):
        raise InputError(
            f"there is no text in {text_column!r}",
            where=where,
            got=f"columns {', '.join(map(str, row))}",
            remedy="Name the column of the texts with --text-column",
        )
    target = row.get(target_column) if target_column else None
    return TextRow(text, None if target is None else str(target))


def label_texts(classifier: Classifier, texts: Iterable[TextRow], target: str | None = None) -> Iterator[Prediction]:
    """Yield one prediction for each text, in order, a thousand at a time.

    Args:
        classifier: The model.
        texts: The texts; a row's own target goes before ``target``.
        target: Whose stance to give, for a model with several targets.
    """
    rest = iter(texts)
    while chunk := list(islice(rest, _CHUNK)):
        yield from _chunk_predictions(classifier, chunk, target)


def _chunk_predictions(classifier: Classifier, chunk: Sequence[TextRow], target: str | None) -> list[Prediction]:
    if all(row.target is None for row in chunk):
        return classifier.predict([row.text for row in chunk], target)
    predictions: dict[int, Prediction] = {}
    for name in dict.fromkeys(row.target for row in chunk):
        rows = [number for number, row in enumerate(chunk) if row.target == name]
        found = classifier.predict([chunk[number].text for number in rows], name or target)
        predictions |= dict(zip(rows, found, strict=True))
    return [predictions[number] for number in range(len(chunk))]


def prediction_row(prediction: Prediction) -> dict[str, object]:
    """Return the prediction as a JSON object, less what its model does not hold. Scores have six digits."""
    row: dict[str, object] = {"text": prediction.text}
    if prediction.stance is not None:
        row |= {"stance": prediction.stance, "stance_scores": _rounded(prediction.stance_scores or {})}
    if prediction.topics is not None:
        row |= {"topics": list(prediction.topics), "topic_scores": _rounded(prediction.topic_scores or {})}
    return row


def _rounded(scores: Mapping[str, float]) -> dict[str, float]:
    return {name: round(score, 6) for name, score in scores.items()}


def write_predictions(path: str, predictions: Iterable[Prediction]) -> int:
    """Write predictions as JSON lines or CSV, by the ending of the file's name, and return how many.

    In CSV, topics are divided by ``|`` and each score has a column of its own.

    Raises:
        UsageError: For another ending.
    """
    ending = Path(path).suffix.lower()
    if path != "-" and ending not in {".jsonl", ".ndjson", ".csv"}:
        raise UsageError(f"{path}: predictions cannot be written so", expected="a name ending in .jsonl or .csv")
    count = 0
    with replacing(path) as stream:
        table = csv.writer(stream)
        for count, prediction in enumerate(predictions, 1):
            if ending != ".csv":
                stream.write(encoded(prediction_row(prediction)) + "\n")
                continue
            row = _csv_row(prediction)
            if count == 1:
                table.writerow(row)
            table.writerow(row.values())
    return count


def _csv_row(prediction: Prediction) -> dict[str, object]:
    row: dict[str, object] = {}
    for name, value in prediction_row(prediction).items():
        if isinstance(value, dict):
            row |= {f"{name.removesuffix('_scores')}_score_{label}": score for label, score in value.items()}
        else:
            row[name] = "|".join(value) if isinstance(value, list) else value
    return row

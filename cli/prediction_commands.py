"""The command that labels new text."""

from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from iraqstance.cli.columns import TargetColumn, TextColumn
from iraqstance.cli.console import note, print_table, tracked

if TYPE_CHECKING:
    from collections.abc import Iterable

    from iraqstance.annotation.records import Prediction
    from iraqstance.training.classifier import Classifier

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(predict)


def predict(
    texts: Annotated[list[str] | None, typer.Argument(help="Texts to label, or - for standard input.")] = None,
    input_file: Annotated[
        str | None, typer.Option("--input", "-i", help=".txt article, or .csv, .tsv, .jsonl, .parquet.", metavar="FILE")
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", help="File to write: .jsonl or .csv.", metavar="FILE")
    ] = None,
    model: Annotated[
        Path | None, typer.Option("--model", help="Model folder. Without it, the default model.", metavar="MODEL")
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target", help="Whose stance, for a model with several targets.", metavar="NAME")
    ] = None,
    text_column: TextColumn = "text",
    target_column: TargetColumn = "",
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line instead of a table.")] = False,
) -> None:
    """Label texts with a stance and topics.

    Standard input is one text a line, or JSON lines. The default model is made once from the packaged open edition.

    Example: iraqstance predict "Iraqi officials fear that new sanctions would cripple the banks."
    """
    from iraqstance.annotation.errors import UsageError
    from iraqstance.training.labelling import TextRow, label_texts, read_texts, write_predictions

    if bool(texts) == bool(input_file):
        raise UsageError("nothing to label" if not texts else "both texts and a file", expected="texts, -, or -i FILE")
    if texts and texts != ["-"]:
        rows = iter([TextRow(text) for text in texts])
    else:
        rows = read_texts(input_file or "-", text_column=text_column, target_column=target_column or None)
    # A fault of the input shows before the model is opened.
    opening = list(islice(rows, 1))
    rows = chain(opening, rows)
    predictions = tracked(label_texts(_model(model), rows, target), None, "Labelling")
    if output:
        count = write_predictions(output, predictions)
        note(f"{output}: {count} texts labelled")
    elif json:
        write_predictions("-", predictions)
    else:
        _print_predictions(predictions)


def _model(folder: Path | None) -> "Classifier":
    from iraqstance.training.default_model import default_model, default_model_folder
    from iraqstance.training.model_folder import load_classifier

    if folder is not None:
        return load_classifier(folder)
    if not default_model_folder().exists():
        note("Training the default model from the packaged open edition; this happens once.")
    return default_model()


def _print_predictions(predictions: "Iterable[Prediction]") -> None:
    """Print predictions as a table, most probable topics first."""
    rows = []
    for prediction in predictions:
        scores, shares = prediction.stance_scores or {}, prediction.topic_scores or {}
        stance = f"{prediction.stance} {scores[prediction.stance]:.2f}" if prediction.stance else ""
        topics = sorted(prediction.topics or (), key=lambda topic: -shares[topic])
        rows.append((stance, ", ".join(f"{topic} {shares[topic]:.2f}" for topic in topics), prediction.text))
    print_table(("stance", "topics", "text"), rows, wide="text")

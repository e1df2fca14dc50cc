"""Commands of the training room: train, evaluate, predict."""

from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from iraqstance.cli.console import note, print_json, print_table, tracked

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from iraqstance.annotation.records import Prediction
    from iraqstance.training.classifier import Classifier
    from iraqstance.training.corpus import Columns
    from iraqstance.training.evaluate import Evaluation
    from iraqstance.training.metrics import LabelScore

__all__ = [
    "DATA_HELP",
    "GroupColumn",
    "Jobs",
    "StanceColumn",
    "TargetColumn",
    "TextColumn",
    "TopicsColumn",
    "columns_of",
    "print_evaluation",
    "print_predictions",
    "register",
]

DATA_HELP = "CSV, TSV, JSON-lines or Parquet file, or a Hugging Face dataset folder."
Data = Annotated[str, typer.Argument(help=DATA_HELP)]
Jobs = Annotated[int, typer.Option("--jobs", help="Processes to fit folds in.", min=1)]
TextColumn = Annotated[str, typer.Option("--text-column", help="Column of the texts.", metavar="NAME")]
StanceColumn = Annotated[
    str, typer.Option("--stance-column", help="Column of the stances; '' for none.", metavar="NAME")
]
TopicsColumn = Annotated[
    str, typer.Option("--topics-column", help="Column of the topics; '' for none.", metavar="NAME")
]
GroupColumn = Annotated[
    str, typer.Option("--group-column", help="Column of what stays together in a fold; '' for none.", metavar="NAME")
]
TargetColumn = Annotated[
    str, typer.Option("--target-column", help="Column of what a stance is about; '' for none.", metavar="NAME")
]


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.command()(train)
    app.command()(evaluate)
    app.command()(predict)


def train(
    data: Data,
    output: Annotated[Path, typer.Option("--output", "-o", help="Model folder to write.", metavar="MODEL")],
    text_column: TextColumn = "text",
    stance_column: StanceColumn = "stance",
    topics_column: TopicsColumn = "topics",
    group_column: GroupColumn = "group",
    target_column: TargetColumn = "target",
) -> None:
    """Fit a classifier of stance, topics or both, and save it.

    Example: iraqstance train dataset -o model
    """
    from iraqstance.training.classifier import fit
    from iraqstance.training.corpus import read_corpus
    from iraqstance.training.model_folder import refuse_taken, save_classifier

    refuse_taken(output)
    corpus = read_corpus(data, columns_of(text_column, stance_column, topics_column, group_column, target_column))
    manifest = save_classifier(fit(corpus), output, corpus)
    held = [
        f"{len(names)} stances{f' towards {target}' if target else ''}" for target, names in manifest.stances.items()
    ]
    held += [f"{len(manifest.topics)} topics"] if manifest.topics else []
    note(f"{output}: {' and '.join(held)}, learned from {len(corpus)} rows")


def evaluate(
    data: Data,
    extra: Annotated[
        str | None,
        typer.Option("--with", help="Further data to train on, less the group that a fold holds out.", metavar="DATA"),
    ] = None,
    jobs: Jobs = 1,
    text_column: TextColumn = "text",
    stance_column: StanceColumn = "stance",
    topics_column: TopicsColumn = "topics",
    group_column: GroupColumn = "group",
    target_column: TargetColumn = "target",
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Cross-validate the classifier, holding whole groups out, beside a majority and a random baseline.

    Example: iraqstance evaluate dataset
    """
    from iraqstance.training.corpus import read_corpus
    from iraqstance.training.evaluate import evaluate as cross_validate

    columns = columns_of(text_column, stance_column, topics_column, group_column, target_column)
    further = read_corpus(extra, columns) if extra else None
    found = cross_validate(
        read_corpus(data, columns),
        extra=further,
        jobs=jobs,
        progress=lambda folds, total: tracked(folds, total, "Evaluating"),
    )
    if json:
        print_json(found)
    else:
        print_evaluation(found)


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
        print_predictions(predictions)


def columns_of(text: str, stance: str, topics: str, group: str, target: str, identity: str = "id") -> "Columns":
    """Return the columns as options name them, where an empty name means none."""
    from iraqstance.training.corpus import Columns

    return Columns(text, stance or None, topics or None, group or None, target or None, identity or None)


def _model(folder: Path | None) -> "Classifier":
    from iraqstance.training.default_model import default_model, default_model_folder
    from iraqstance.training.model_folder import load_classifier

    if folder is not None:
        return load_classifier(folder)
    if not default_model_folder().exists():
        note("Training the default model from the packaged open edition; this happens once.")
    return default_model()


def print_predictions(predictions: "Iterable[Prediction]") -> None:
    """Print predictions as a table, most probable topics first."""
    rows = []
    for prediction in predictions:
        scores, shares = prediction.stance_scores or {}, prediction.topic_scores or {}
        stance = f"{prediction.stance} {scores[prediction.stance]:.2f}" if prediction.stance else ""
        topics = sorted(prediction.topics or (), key=lambda topic: -shares[topic])
        rows.append((stance, ", ".join(f"{topic} {shares[topic]:.2f}" for topic in topics), prediction.text))
    print_table(("stance", "topics", "text"), rows, wide="text")


def print_evaluation(found: "Evaluation") -> None:
    """Print an evaluation: systems beside each other, then the model's labels."""
    print(f"{found.data}: {found.rows} rows, {len(found.folds)} folds ({found.scheme})")
    for target, systems in found.stance.items():
        title = f"stance towards {target}" if target else "stance"
        rows = [(name, scores.macro_f1, scores.accuracy) for name, scores in systems.items()]
        print_table((title, "macro-F1", "accuracy"), rows)
        _print_labels(systems["model"].labels)
    if found.topics:
        topics = [(name, scores.micro_f1, scores.macro_f1, scores.exact) for name, scores in found.topics.items()]
        print_table(("topics", "micro-F1", "macro-F1", "exact set"), topics)
        _print_labels(found.topics["model"].labels)


def _print_labels(labels: "Mapping[str, LabelScore]") -> None:
    rows = [(name, score.precision, score.recall, score.f1, score.support) for name, score in labels.items()]
    print_table(("model, by label", "precision", "recall", "F1", "support"), rows)

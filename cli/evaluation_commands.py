"""The command that evaluates."""

from typing import TYPE_CHECKING, Annotated

import typer
from iraqstance.cli.columns import (
    Data,
    GroupColumn,
    Jobs,
    StanceColumn,
    TargetColumn,
    TextColumn,
    TopicsColumn,
    columns_of,
)
from iraqstance.cli.console import print_json, print_table, tracked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iraqstance.training.evaluate import Evaluation
    from iraqstance.training.metrics import LabelScore

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(evaluate)


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
        _print_evaluation(found)


def _print_evaluation(found: "Evaluation") -> None:
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

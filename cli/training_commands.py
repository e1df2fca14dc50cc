"""The command that trains."""

from pathlib import Path
from typing import Annotated

import typer
from iraqstance.cli.columns import (
    Data,
    GroupColumn,
    StanceColumn,
    TargetColumn,
    TextColumn,
    TopicsColumn,
    columns_of,
)
from iraqstance.cli.console import note

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(train)


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

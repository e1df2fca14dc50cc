"""The options by which commands name the columns of a table."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from iraqstance.training.corpus import Columns

__all__ = [
    "DATA_HELP",
    "HELD_OUT_HELP",
    "Data",
    "GroupColumn",
    "Jobs",
    "StanceColumn",
    "TargetColumn",
    "TextColumn",
    "TopicsColumn",
    "columns_of",
]

_KINDS = "CSV, TSV, JSON-lines or Parquet file, or a Hugging Face dataset folder"
DATA_HELP = f"{_KINDS} (its split train, if it has one)."
HELD_OUT_HELP = f"{_KINDS} (its split test, if it has one)."
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


def columns_of(text: str, stance: str, topics: str, group: str, target: str, identity: str = "id") -> "Columns":
    """Return the columns as options name them, where an empty name means none."""
    from iraqstance.training.corpus import Columns

    return Columns(text, stance or None, topics or None, group or None, target or None, identity or None)

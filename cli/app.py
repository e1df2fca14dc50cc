"""The command's tree."""

from typing import Annotated

import typer
from iraqstance.cli import (
    annotation_commands,
    dataset_commands,
    demonstration,
    evaluation_commands,
    prediction_commands,
    studio_commands,
    training_commands,
)

__all__ = ["app"]

app = typer.Typer(
    name="iraqstance",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:  # noqa: FBT001 - Typer calls it with the flag's value
    if wanted:
        from iraqstance import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def iraqstance(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Stance and topics of paragraphs about US policy towards Iraq: annotate, build the dataset, train, predict."""


annotation_commands.register(app)
studio_commands.register(app)
dataset_commands.register(app)
training_commands.register(app)
evaluation_commands.register(app)
prediction_commands.register(app)
demonstration.register(app)

"""The command's tree, and how it ends: 0 done, 1 findings or failure, 2 wrong usage."""

import os
import sys
from io import TextIOWrapper
from typing import Annotated

import typer
from iraqstance.annotation.errors import IraqstanceError, UsageError
from iraqstance.cli import (
    annotation_commands,
    dataset_commands,
    demonstration,
    evaluation_commands,
    prediction_commands,
    studio_commands,
    training_commands,
)
from iraqstance.cli.console import complain

__all__ = ["app", "main"]

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


def main() -> None:
    """Run the command. A user's mistake ends in one clear line on standard error, not in a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        app()
    except UsageError as error:
        complain(str(error))
        sys.exit(2)
    except IraqstanceError as error:
        complain(str(error))
        sys.exit(1)
    except BrokenPipeError:
        # The reader, such as `head`, has had enough. Keep Python from complaining once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except KeyboardInterrupt:
        complain("interrupted; nothing half-written was left behind")
        sys.exit(130)

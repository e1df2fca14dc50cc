"""The command that labels new text."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from iraqstance.annotation.errors import UsageError
from iraqstance.cli.cluster_prediction import run_on_cluster
from iraqstance.cli.columns import TargetColumn, TextColumn
from iraqstance.cli.prediction import Call, run

__all__ = ["Engine", "register"]


class Engine(StrEnum):
    """What labels."""

    local = "local"
    dask = "dask"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(predict)


def predict(
    texts: Annotated[list[str] | None, typer.Argument(help="Texts to label, or - for standard input.")] = None,
    input_file: Annotated[
        str | None,
        typer.Option(
            "--input",
            "-i",
            help=".csv, .tsv, .jsonl or .parquet file, .txt article, folder of articles, or dataset folder.",
            metavar="FILE",
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", help="File to write: .jsonl, .csv, .tsv or .parquet.", metavar="FILE"),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option("--model", help="Model folder, or FILE.flat. Without it, the default model.", metavar="MODEL"),
    ] = None,
    target: Annotated[
        str | None, typer.Option("--target", help="Whose stance, for a model with several targets.", metavar="NAME")
    ] = None,
    text_column: TextColumn = "text",
    target_column: TargetColumn = "",
    keep_columns: Annotated[
        bool, typer.Option(help="Write the other columns of the input too; input_NAME for a name that predict uses.")
    ] = True,
    min_confidence: Annotated[
        float, typer.Option("--min-confidence", help="Leave open what is less probable than this.", min=0, max=1)
    ] = 0.0,
    explanation: Annotated[
        bool, typer.Option("--explain", help="Show the words and letters that spoke for and against the label.")
    ] = False,
    terms: Annotated[
        int, typer.Option("--terms", help="With --explain: terms for, and as many against.", min=0, metavar="N")
    ] = 10,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where an interrupted run to the same file stopped.")
    ] = False,
    jobs: Annotated[int, typer.Option("--jobs", help="Threads to label in.", min=1)] = 1,
    engine: Annotated[
        Engine, typer.Option("--engine", help="Where: on this machine, or a folder of Parquet files on a Dask cluster.")
    ] = Engine.local,
    scheduler: Annotated[
        str | None,
        typer.Option("--scheduler", help="With --engine dask: the scheduler, tcp://HOST:PORT.", metavar="ADDRESS"),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line instead of a table.")] = False,
) -> None:
    """Label texts with a stance and topics.

    Standard input is one text a line, or JSON lines. The default model is made once from the packaged open edition.

    With --engine dask, -i and -o are folders that every worker of the cluster sees; what is finished is not done again.

    A row that cannot be labelled is named on standard error and does not stop the others: its output row has the
    reason in "error" and no labels, and the exit code is 1. An interrupted run goes on with --resume.

    Example: iraqstance predict "Iraqi officials fear that new sanctions would cripple the banks."
    """
    call = Call(
        texts=tuple(texts or ()),
        input_file=input_file,
        output=output,
        model=model,
        target=target,
        text_column=text_column,
        target_column=target_column,
        keep_columns=keep_columns,
        min_confidence=min_confidence,
        terms=terms if explanation else None,
        resume=resume,
        jobs=jobs,
        as_json=json,
    )
    if scheduler is not None and engine is Engine.local:
        raise UsageError("--scheduler goes with --engine dask")
    code = run_on_cluster(call, scheduler) if engine is Engine.dask else run(call)
    if code:
        raise typer.Exit(code)

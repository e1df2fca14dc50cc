"""The command that labels new text."""

import sys
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from iraqstance.cli.columns import TargetColumn, TextColumn
from iraqstance.cli.console import complain, note, print_table, tracked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from iraqstance.training.classifier import Classifier
    from iraqstance.training.explain import Explanation
    from iraqstance.training.labelling import Labelled, Labeller, TextRow
    from rich.text import Text

__all__ = ["register"]

_TABLE_ROWS = 1000
_REPORTED = 20  # faults of rows that are printed; all are in the output
_CONTROL = {code: "\ufffd" for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n\r\x85"}


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
        Path | None, typer.Option("--model", help="Model folder. Without it, the default model.", metavar="MODEL")
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
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line instead of a table.")] = False,
) -> None:
    """Label texts with a stance and topics.

    Standard input is one text a line, or JSON lines. The default model is made once from the packaged open edition.

    A row that cannot be labelled is named on standard error and does not stop the others: its output row has the
    reason in "error" and no labels, and the exit code is 1. An interrupted run goes on with --resume.

    Example: iraqstance predict "Iraqi officials fear that new sanctions would cripple the banks."
    """
    from iraqstance.annotation.errors import UsageError
    from iraqstance.training.labelling import Labeller, Run, input_identity, write_labelled

    if bool(texts) == bool(input_file):
        raise UsageError("nothing to label" if not texts else "both texts and a file", expected="texts, -, or -i FILE")
    if resume and (not output or output == "-" or not input_file or input_file == "-"):
        raise UsageError("standard input and output cannot be resumed", expected="-i FILE and -o FILE")
    if output and json:
        raise UsageError("both a file and --json", expected="-o FILE, or --json")
    rows = _rows(texts, input_file, text_column, target_column)
    # A fault of the input shows before the model is opened.
    rows = tracked(chain(list(islice(rows, 1)), rows), None, "Labelling")
    classifier, digest = _model(model)
    labeller = Labeller(classifier, target, min_confidence, terms if explanation else None, keep_columns)
    faults = _Faults()
    if output or json:
        made_from = None
        if output and input_file and input_file != "-":
            options = [text_column, target_column, target, keep_columns, min_confidence, labeller.terms]
            made_from = {"input": input_identity(input_file), "model": digest, "options": options}
        try:
            run = Run(input_file, made_from, resume)
            written = write_labelled(output or "-", rows, labeller, run, faults.report)
        except KeyboardInterrupt:
            if made_from is None:
                raise
            complain("interrupted; to go on, repeat the command with --resume")
            raise typer.Exit(130) from None
        faults.count = written.faults
        if output and output != "-":
            before = f", {written.resumed} of them before" if written.resumed else ""
            note(f"{output}: {written.rows - written.faults} texts labelled{before}")
    else:
        _print_rows(labeller, rows, faults)
    faults.end()


def _rows(texts: list[str] | None, input_file: str | None, text_column: str, target_column: str) -> "Iterator[TextRow]":
    from iraqstance.training.labelling import TextRow, read_texts

    if texts and texts != ["-"]:
        return iter([TextRow(text, where=f"text {number}") for number, text in enumerate(texts, 1)])
    return read_texts(input_file or "-", text_column=text_column, target_column=target_column or None)


def _model(folder: Path | None) -> "tuple[Classifier, dict[str, str]]":
    """Return the model, and the hashes of its files and versions of its libraries."""
    from iraqstance.training.default_model import default_model, default_model_folder
    from iraqstance.training.model_folder import library_versions, load_classifier, read_manifest

    if folder is not None:
        classifier = load_classifier(folder)
    else:
        if not default_model_folder().exists():
            note("Training the default model from the packaged open edition; this happens once.")
        classifier = default_model()
    return classifier, {**read_manifest(folder or default_model_folder()).files, **library_versions()}


class _Faults:
    """The rows that could not be labelled, of which the first are named."""

    def __init__(self) -> None:
        self.count = self._named = 0

    def report(self, where: str, error: str) -> None:
        """Name a row."""
        self.count += 1
        if self._named < _REPORTED:
            self._named += 1
            complain(f"{where}: {error}")

    def end(self) -> None:
        """End with exit code 1 where there was a fault."""
        if self.count:
            if self.count > self._named:
                note(f"{self.count} rows have an error; the output's error column names each")
            raise typer.Exit(1)


def _print_rows(labeller: "Labeller", rows: "Iterable[TextRow]", faults: _Faults) -> None:
    """Print a table for each thousand rows, or with explanations a paragraph for each row."""
    for chunk in labeller.label(rows):
        for labelled in chunk:
            if labelled.prediction is None:
                faults.report(labelled.row.where, labelled.row.error)
        if labeller.terms is None:
            print_table(("stance", "topics", "text"), map(_table_row, chunk), wide="text")
        else:
            for labelled in chunk:
                _print_explained(labeller, labelled)
        sys.stdout.flush()


def _table_row(labelled: "Labelled") -> tuple[str, str, str]:
    text = labelled.row.text.translate(_CONTROL)
    if labelled.prediction is None:
        return "error", "", text
    return _stance(labelled), _topics(labelled), text


def _stance(labelled: "Labelled") -> str:
    """Return the stance with its probability; one that was left open in brackets."""
    if labelled.prediction is None or not labelled.prediction.stance_scores:
        return ""
    scores = labelled.prediction.stance_scores
    best = max(scores, key=lambda name: scores[name])
    given = f"{best} {scores[best]:.2f}"
    return given if labelled.prediction.stance else f"({given})"


def _topics(labelled: "Labelled") -> str:
    """Return the topics with their probabilities, most probable first."""
    if labelled.prediction is None or not labelled.prediction.topic_scores:
        return ""
    shares = labelled.prediction.topic_scores
    topics = sorted(labelled.prediction.topics or (), key=lambda topic: -shares[topic])
    return ", ".join(f"{topic} {shares[topic]:.2f}" for topic in topics)


def _print_explained(labeller: "Labeller", labelled: "Labelled") -> None:
    """Print a text with the words that spoke for and against its label marked, and the terms behind them."""
    from rich.console import Console

    console = Console(highlight=False, markup=False, soft_wrap=True)
    explanation = labeller.explain(labelled)
    if explanation is None:
        console.print(f"error  {labelled.row.text.translate(_CONTROL)}\n")
        return
    given = "  ".join(filter(None, (_stance(labelled), _topics(labelled))))
    console.print(given, style="bold")
    console.print(_marked(explanation, labelled.row.text, labeller.terms or 0))
    rows = [
        ("for" if term.contribution > 0 else "against", f"{term.contribution:+.3f}", term.block, f"'{term.ngram}'")
        for term in explanation.strongest(labeller.terms or 0).terms
    ]
    if rows:
        rows.sort(key=lambda row: row[0] != "for")
        print_table((explanation.label, "adds", "of", "term"), rows)
    rest = explanation.strongest(labeller.terms or 0).rest
    console.print(
        f"score {explanation.score:+.3f} = shown terms, others {rest:+.3f}, intercept {explanation.intercept:+.3f}\n"
    )


def _marked(explanation: "Explanation", text: str, most: int) -> "Text":
    """Return the text with the strongest words for the label as [+word] and against it as [-word], in colour too."""
    from iraqstance.training.explain import word_shares
    from rich.text import Text

    shares = word_shares(explanation, text)
    spoken = sorted((one for one in shares if one[1]), key=lambda one: -abs(one[1]))
    chosen = [one for one in spoken if one[1] > 0][:most] + [one for one in spoken if one[1] < 0][:most]
    marked, end = Text(), 0
    for (start, stop), share in sorted(chosen):
        marked.append(text[end:start].translate(_CONTROL))
        sign, style = ("+", "bold green") if share > 0 else ("-", "bold red")
        marked.append(f"[{sign}{text[start:stop].translate(_CONTROL)}]", style=style)
        end = stop
    return marked.append(text[end:].translate(_CONTROL))

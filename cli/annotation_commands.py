"""Commands of the annotation room: segment, tasks, agreement, adjudicate."""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from iraqstance.cli.console import complain, note, print_issues, print_json, print_table, tracked

if TYPE_CHECKING:
    from iraqstance.annotation.agreement import Agreement, Annotator, Estimate

__all__ = ["register"]

SchemaFile = Annotated[
    Path | None, typer.Option("--schema", help="Label schema (YAML). Without it, the packaged one.", metavar="FILE")
]
_WIDE_PAIRS = 3  # so many pairs of annotators have room beside each other
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]

Kind = Annotated[str, typer.Option("--kind", help="Who judged: person or model.")]
IssuesAsJson = Annotated[bool, typer.Option("--json", help="Print the issues as JSON on standard error.")]

tasks = typer.Typer(help="Label Studio by file: write its import file, read its JSON export.", no_args_is_help=True)


def refuse_unknown_kind(kind: str) -> None:
    """Raise a :class:`UsageError` for a kind of annotator that there is not."""
    from iraqstance.annotation.errors import UsageError
    from iraqstance.annotation.records import KINDS

    if kind not in KINDS:
        raise UsageError(f"--kind {kind}", expected=" or ".join(KINDS))


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.command()(segment)
    app.add_typer(tasks, name="tasks")
    app.command()(agreement)
    app.command()(adjudicate)


def segment(
    articles: Annotated[
        list[str], typer.Argument(help="Article text files (UTF-8), folders of *.txt files, or - for standard input.")
    ],
    output: Annotated[str, typer.Option("--output", "-o", help="JSON-lines file to write.", metavar="FILE")] = "-",
    article: Annotated[
        str | None, typer.Option("--article", help="Id of the article, for a single one.", metavar="ID")
    ] = None,
) -> None:
    """Cut articles into paragraphs, without titles, bylines, navigation and the like.

    A file that cannot be read is reported and does not stop the others; the exit code is 1 then.

    Example: iraqstance segment articles/*.txt -o paragraphs.jsonl
    """
    from iraqstance.annotation.errors import InputError, UsageError
    from iraqstance.annotation.reading import article_files
    from iraqstance.annotation.rows import paragraph_line
    from iraqstance.annotation.segment import segment_file
    from iraqstance.annotation.storage import replacing

    files: list[str | Path] = ["-"] if articles == ["-"] else [*article_files(articles)]
    if article and len(files) > 1:
        raise UsageError("--article names a single article", got=f"{len(files)} files")
    failed = False
    count = 0
    with replacing(output) as stream:
        for file in tracked(files, len(files), "Segmenting"):
            before, place = count, stream.tell() if output != "-" else 0
            try:
                for paragraph in segment_file(file, article):
                    stream.write(paragraph_line(paragraph))
                    count += 1
            except InputError as error:
                complain(str(error))
                failed = True
                if output != "-":  # what was written of the file before its fault goes
                    stream.seek(place)
                    stream.truncate()
                    count = before
            else:
                if count == before:
                    note(f"warning: {'standard input' if file == '-' else file}: no paragraph in it")
        note(f"{count} paragraph{'s' * (count != 1)} from {len(files)} article{'s' * (len(files) != 1)}")
        if failed and not count:
            raise typer.Exit(1)  # inside, so that a former file stays
    if failed:
        raise typer.Exit(1)


@tasks.command("export")
def tasks_export(
    paragraphs: Annotated[str, typer.Argument(help="Paragraphs as `segment` writes them, or - for standard input.")],
    output: Annotated[str, typer.Option("--output", "-o", help="Import file to write.", metavar="FILE")] = "-",
    interface: Annotated[
        str | None, typer.Option("--interface", help="Write the labelling interface here.", metavar="FILE")
    ] = None,
    schema: SchemaFile = None,
) -> None:
    """Write the paragraphs as a Label Studio import file, and the labelling interface.

    Example: iraqstance tasks export paragraphs.jsonl -o tasks.json --interface interface.xml
    """
    from iraqstance.annotation.interface import interface_xml
    from iraqstance.annotation.rows import read_paragraphs
    from iraqstance.annotation.schema import load_schema
    from iraqstance.annotation.storage import replacing, write_json
    from iraqstance.annotation.tasks import checked_tasks

    labels = load_schema(schema)
    made, unchecked = checked_tasks(read_paragraphs(paragraphs), labels)
    write_json(output, made)
    if interface:
        with replacing(interface) as stream:
            stream.write(interface_xml(labels))
    note(f"{len(made)} tasks; {unchecked or 'interface and tasks pass the validation of Label Studio itself'}")


@tasks.command("import")
def tasks_import(
    export: Annotated[str, typer.Argument(help="JSON export of a Label Studio project, or - for standard input.")],
    output: Annotated[
        str, typer.Option("--output", "-o", help="Judgements to write (JSON lines).", metavar="FILE")
    ] = "-",
    kind: Kind = "person",
    tie_break: Annotated[
        bool, typer.Option("--tie-break", help="Mark the judgements as the reading that settles ties.")
    ] = False,
    schema: SchemaFile = None,
    json: IssuesAsJson = False,
) -> None:
    """Read a Label Studio JSON export: judgements out, and a list of what was left out and why.

    Valid judgements are always written. The exit code is 1 where an invalid result was found.

    Example: iraqstance tasks import export.json -o judgements.jsonl
    """
    from iraqstance.annotation.results import import_export
    from iraqstance.annotation.rows import write_judgements
    from iraqstance.annotation.schema import load_schema
    from iraqstance.annotation.storage import read_json

    refuse_unknown_kind(kind)
    labels = load_schema(schema)
    read, unchecked = import_export(read_json(export), labels, kind=kind, tie_break=tie_break)
    count = write_judgements(output, read.judgements, labels)
    failed = print_issues(read.issues, as_json=json)
    if not json:
        note(f"{count} judgements, {len(read.issues)} issues")
    if unchecked:
        note(f"note: {unchecked}")
    if failed:
        raise typer.Exit(1)


def agreement(
    judgements: Annotated[str, typer.Argument(help="Judgements (JSON lines), or - for standard input.")],
    per_annotator: Annotated[
        bool, typer.Option("--per-annotator", help="Print each annotator and each label, too.")
    ] = False,
    picture: Annotated[
        Path | None, typer.Option("--picture", help="Draw everything (*.png or *.svg).", metavar="FILE")
    ] = None,
    schema: SchemaFile = None,
    json: Annotated[bool, typer.Option("--json", help="Print everything as JSON instead of tables.")] = False,
) -> None:
    """Print Cohen's kappa of each pair of annotators and Krippendorff's alpha, with 95 % bootstrap intervals.

    n is the number of paragraphs that the figures rest on. Where a figure is "undefined", a line below the table says
    why. Paragraphs that were labelled from a model's suggestion are left out; their number is told.

    Example: iraqstance agreement judgements.jsonl --picture agreement.png
    """
    from iraqstance.annotation import agreement as figures
    from iraqstance.annotation.agreement_plot import agreement_picture
    from iraqstance.annotation.rows import read_judgements
    from iraqstance.annotation.schema import load_schema

    labels = load_schema(schema)
    rows = read_judgements(judgements, labels)
    questions, annotators = figures.agreement(rows, labels), figures.annotators(rows)
    left_out = len(figures.left_out(rows))
    if left_out:
        were = "paragraph left out: it was" if left_out == 1 else "paragraphs left out: they were"
        note(f"{left_out} {were} labelled from a model's suggestion")
    if picture:
        agreement_picture(questions, annotators, picture)
    if json:
        print_json({"questions": questions, "annotators": annotators, "left_out": left_out})
        return
    _print_agreement(questions)
    if per_annotator:
        _print_annotators(questions, annotators)
        _print_labels(questions)


def _print_agreement(questions: Sequence["Agreement"]) -> None:
    pairs = list(dict.fromkeys(pair for question in questions for pair in question.kappas))
    if len(pairs) <= _WIDE_PAIRS:
        head = ("question", "n", "alpha", *(f"kappa\n{' ~ '.join(pair)}" for pair in pairs))
        print_table(head, [_agreement_row(question, pairs) for question in questions])
    else:
        rows: list[tuple[object, ...]] = []
        for question in questions:
            rows.append((question.question, "alpha, all", question.alpha.count, _interval(question.alpha)))
            rows += [("", " ~ ".join(pair), kappa.count, _interval(kappa)) for pair, kappa in question.kappas.items()]
        print_table(("question", "figure", "n", "value"), rows)
    _print_reasons(estimate for question in questions for estimate in (question.alpha, *question.kappas.values()))


def _print_annotators(questions: Sequence["Agreement"], annotators: Sequence["Annotator"]) -> None:
    print_table(
        ("annotator", "kind", "judgements", "shared", "unsure", "median\nseconds", "suggestions\nkept", "\nchanged"),
        [
            (
                annotator.name,
                annotator.kind,
                annotator.judgements,
                f"{100 * annotator.shared:.0f} %",
                f"{100 * annotator.unsure:.0f} %",
                "" if annotator.seconds is None else f"{annotator.seconds:.1f}",
                annotator.kept,
                annotator.changed,
            )
            for annotator in annotators
        ],
    )
    whole = [question for question in questions if not question.question.startswith("topic ")]
    found = {annotator.name: [question.rest[annotator.name] for question in whole] for annotator in annotators}
    print_table(
        ("annotator\nagainst the rest", "n", *(f"kappa\n{question.question}" for question in whole)),
        [(name, estimates[0].count, *map(_interval, estimates)) for name, estimates in found.items()],
    )
    _print_reasons(estimate for estimates in found.values() for estimate in estimates)


def _print_labels(questions: Sequence["Agreement"]) -> None:
    rows = [
        (question.question, label, specific.count, _interval(specific), _interval(question.label_alphas[label]))
        for question in questions
        for label, specific in question.labels.items()
    ]
    print_table(("question", "label", "n", "agreement\non the label", "alpha\nlabel or not"), rows)
    _print_reasons(
        estimate
        for question in questions
        for estimates in (question.labels, question.label_alphas)
        for estimate in estimates.values()
    )


def _print_reasons(estimates: Iterable["Estimate"]) -> None:
    """Say below a table why figures in it are undefined."""
    for reason in dict.fromkeys(estimate.reason for estimate in estimates if estimate.reason):
        print(f"undefined: {reason}")


def _agreement_row(question: "Agreement", pairs: Sequence[tuple[str, str]]) -> tuple[object, ...]:
    kappas = [_interval(question.kappas[pair]) if pair in question.kappas else "" for pair in pairs]
    return (question.question, question.alpha.count, _interval(question.alpha), *kappas)


def _interval(estimate: "Estimate") -> str:
    if math.isnan(estimate.value):
        return "undefined"
    return f"{estimate.value:z.2f} [{estimate.low:z.2f}, {estimate.high:z.2f}]"


def adjudicate(
    judgements: Annotated[str, typer.Argument(help="Judgements (JSON lines), or - for standard input.")],
    output: Annotated[str, typer.Option("--output", "-o", help="Labels to write (JSON lines).", metavar="FILE")] = "-",
    method: Annotated[str, typer.Option("--method", help="majority or dawid-skene.")] = "majority",
    schema: SchemaFile = None,
) -> None:
    """Make one label for each paragraph from its judgements, with the votes; ties are marked and counted.

    The exit code is 1 while a tie is open: add a `tie-break` judgement of that paragraph and run it again. An
    `adjudication` decides its paragraph under either method.

    --method dawid-skene weighs the annotators by how reliable their agreement shows each to be, gives the probability
    of each label, and prints the accuracy that it estimates. It is worth it for many annotators of unequal care; with
    three it is about the majority.

    Example: iraqstance adjudicate judgements.jsonl -o labels.jsonl
    """
    from iraqstance.annotation.adjudicate import METHODS, open_ties, stance_models
    from iraqstance.annotation.adjudicate import adjudicate as decide
    from iraqstance.annotation.errors import UsageError
    from iraqstance.annotation.rows import read_judgements, write_labels
    from iraqstance.annotation.schema import load_schema

    if method not in METHODS:
        raise UsageError(f"--method {method}", expected=" or ".join(METHODS))
    labels = load_schema(schema)
    judged = read_judgements(judgements, labels)
    decided = decide(judged, labels, method=method)
    write_labels(output, decided, labels)
    ties = open_ties(decided)
    for label in ties:
        columns = [column for column, how in label.settled_by.items() if how == "open"]
        note(f"tie: {label.paragraph}: {', '.join(f'{column} {dict(label.votes[column])}' for column in columns)}")
    broken, decisions = (
        sum(how in label.settled_by.values() for label in decided) for how in ("tie-break", "adjudication")
    )
    by_adjudication = f", {decisions} by adjudication" if decisions else ""
    note(f"{len(decided)} paragraphs: {broken} settled by tie-break{by_adjudication}, {len(ties)} with an open tie")
    for target, column in labels.stance_columns.items():
        note(_counted(column, [label.stances[target] for label in decided], labels.stance_names))
    note(_counted("topics", [topic for label in decided for topic in label.topics], labels.topic_names))
    if method == "dawid-skene":
        annotators, models = stance_models(judged, labels)
        for number, annotator in enumerate(annotators):
            figures = [f"{column} {model.accuracy[number]:.2f}" for column, model in models.items()]
            note(f"estimated accuracy of {annotator}: {', '.join(figures)}")
    if ties:
        raise typer.Exit(1)


def _counted(what: str, values: Sequence[str], names: Sequence[str]) -> str:
    return f"{what}: " + ", ".join(f"{name} {values.count(name)}" for name in names)

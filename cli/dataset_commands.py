"""Commands of the dataset room: build, hydrate, articles."""

from pathlib import Path
from typing import Annotated

import typer
from iraqstance.cli.annotation_commands import SchemaFile
from iraqstance.cli.console import note, print_issues, print_json, print_table

__all__ = ["register"]

dataset = typer.Typer(
    help="Make the dataset, and fill it in from your own copies of the articles.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.add_typer(dataset, name="dataset")


@dataset.command("build")
def build(
    paragraphs: Annotated[
        str | None,
        typer.Argument(help="Paragraphs (JSON lines). Without them, the packaged open and source editions."),
    ] = None,
    judgements: Annotated[
        str | None, typer.Option("--judgements", help="Judgements of the paragraphs.", metavar="FILE")
    ] = None,
    labels: Annotated[
        str | None,
        typer.Option("--labels", help="Labels from `adjudicate`. Without them, the majority.", metavar="FILE"),
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Dataset folder.", metavar="DIR")] = Path("dataset"),
    schema: SchemaFile = None,
) -> None:
    """Make a Hugging Face dataset folder: Parquet files with declared features, and the card.

    Example: iraqstance dataset build paragraphs.jsonl --judgements judgements.jsonl -o my-dataset
    """
    from iraqstance.annotation.schema import load_schema
    from iraqstance.dataset.build import build as make
    from iraqstance.dataset.editions import edition_of, packaged_edition

    rules = load_schema(schema)
    if paragraphs is None:
        made = make([packaged_edition("open"), packaged_edition("source")], rules, output)
    else:
        edition, decided = edition_of(paragraphs, rules, judgements=judgements, labels=labels)
        made = make([edition], rules, output, labels=decided)
    print_issues(made.issues)
    rows = [(table.name, table.split, table.rows, made.folder / table.file) for table in made.tables]
    print_table(("configuration", "split", "rows", "file"), rows)


@dataset.command("hydrate")
def hydrate(
    articles: Annotated[Path, typer.Argument(help="Folder with your copies of the articles, <article id>.txt each.")],
    output: Annotated[str, typer.Option("--output", "-o", help="JSON-lines file to write.", metavar="FILE")] = "-",
    partial: Annotated[
        bool, typer.Option("--partial", help="Write the paragraphs that were verified though others were not.")
    ] = False,
) -> None:
    """Join the source edition's labels to your own copies of the articles, checking every paragraph's hash.

    A missing, wrong or altered article is named with what was expected; nothing is written then, unless --partial.

    Example: iraqstance dataset hydrate articles/ -o source.jsonl
    """
    from iraqstance.annotation.schema import packaged_schema
    from iraqstance.annotation.storage import write_rows
    from iraqstance.dataset.editions import labelled_rows, packaged_edition
    from iraqstance.dataset.hydrate import hydrate as fill_in

    edition = packaged_edition("source")
    found = fill_in(edition, articles)
    failed = print_issues(found.issues)
    verified = len(found.edition.paragraphs)
    if partial or not failed:
        # Judgements of paragraphs that were not found are no finding of their own here.
        rows, _ = labelled_rows(found.edition, packaged_schema())
        write_rows(output, rows)
    moved = f", {found.moved} of them at other offsets" if found.moved else ""
    note(f"{verified} of {len(edition.paragraphs)} paragraphs verified by their hash{moved}")
    if failed:
        raise typer.Exit(1)


@dataset.command("articles")
def articles(
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """List the source articles, whose text is not part of the dataset.

    Example: iraqstance dataset articles --json
    """
    from iraqstance.dataset.catalogue import catalogue

    found = list(catalogue().values())
    if json:
        print_json([article.model_dump() for article in found])
        return
    rows = [(article.id, article.publisher, article.date, article.title) for article in found]
    print_table(("id", "publisher", "date", "title"), rows, wide="title")

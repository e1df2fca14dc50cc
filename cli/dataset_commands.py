"""Commands of the dataset room: build, hydrate, articles, publish, figures, and check, which asks training too."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from iraqstance.cli.annotation_commands import SchemaFile
from iraqstance.cli.columns import (
    DATA_HELP,
    GroupColumn,
    Jobs,
    StanceColumn,
    TargetColumn,
    TextColumn,
    TopicsColumn,
    columns_of,
)
from iraqstance.cli.console import note, print_issues, print_json, print_table, tracked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iraqstance.annotation.records import Issue
    from iraqstance.dataset.check import Report
    from iraqstance.training.corpus import Columns, Corpus
    from iraqstance.training.suspects import Contents, Suspect

__all__ = ["register"]

_SHOWN = 20  # findings of each rule
_UNREADABLE = {"card-metadata", "missing-file", "no-data", "unreadable-file", "unreadable-row"}

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
    split: Annotated[
        bool, typer.Option("--split", help="Make the splits train (0.7), validation (0.1) and test (0.2).")
    ] = False,
    shares: Annotated[
        str | None,
        typer.Option(
            "--shares", help="Make splits of these shares: 0.8,0.1,0.1 or train=0.8,test=0.2.", metavar="SHARES"
        ),
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option("--keep", help="Make splits in which the groups of an older dataset stay.", metavar="DIR"),
    ] = None,
) -> None:
    """Make a Hugging Face dataset folder: Parquet files with declared features, and the card.

    Splits have like shares of every stance and topic. Whole groups stay on one side (the column group of the
    paragraphs, or else their article), together with groups that hold near-duplicates or restatements of their
    paragraphs. Paragraphs with a column split keep theirs. What an earlier build made in the folder and this one does
    not is removed at the end, and named.

    Example: iraqstance dataset build paragraphs.jsonl --judgements judgements.jsonl --split -o my-dataset
    """
    from iraqstance.annotation.errors import UsageError
    from iraqstance.annotation.schema import load_schema
    from iraqstance.dataset.build import build as make
    from iraqstance.dataset.editions import edition_of, packaged_edition
    from iraqstance.dataset.splits import SPLITS, shares_of, split_edition, splits_in

    wanted = shares_of(shares) if shares is not None else SPLITS if split or keep else None
    if wanted and paragraphs is None:
        raise UsageError("the packaged editions have splits", expected="paragraphs beside --split, --shares and --keep")
    rules = load_schema(schema)
    splitting = None
    if paragraphs is None:
        made = make([packaged_edition("open"), packaged_edition("source")], rules, output)
    else:
        edition, decided = edition_of(paragraphs, rules, judgements=judgements, labels=labels)
        if wanted:
            kept = splits_in(keep) if keep else None
            splitting = split_edition(edition, rules, wanted, labels=(decided or {}).get(edition.name), kept=kept)
            edition = splitting.edition
        made = make([edition], rules, output, labels=decided)
    print_issues([*made.issues, *(splitting.issues if splitting else ())])
    for file in made.removed:
        note(f"removed {made.folder / file}: an earlier build made it, and the card no longer names it")
    rows = [(table.name, table.split, table.rows, made.folder / table.file) for table in made.tables]
    print_table(("configuration", "split", "rows", "file"), rows)
    if splitting and (most := splitting.deviation):
        print(
            f"largest deviation of a label's share: {most.size:.3f} ({most.label}: {most.share:.3f} of {most.split}, "
            f"{most.overall:.3f} of all)"
        )


@dataset.command("hydrate")
def hydrate(
    articles: Annotated[Path, typer.Argument(help="Folder with your copies of the articles, <article id>.txt each.")],
    output: Annotated[str, typer.Option("--output", "-o", help="JSON-lines file to write.", metavar="FILE")] = "-",
    partial: Annotated[
        bool, typer.Option("--partial", help="Write the paragraphs that were found though others were not.")
    ] = False,
    exact: Annotated[
        bool, typer.Option("--exact", help="Take only paragraphs whose SHA-256 is the expected one.")
    ] = False,
) -> None:
    """Join the source edition's labels to your own copies of the articles, checking every paragraph.

    A paragraph is exact (its SHA-256 was found), aligned (the same words in another typography, or a few of them
    altered; each is named with its score) or missing. Where one is missing it is named with what was expected, nothing
    is written unless --partial, and the exit code is 1. The columns match and score tell each row's case. A copy that
    was saved as HTML is read without its tags.

    Example: iraqstance dataset hydrate articles/ -o source.jsonl
    """
    from iraqstance.annotation.schema import packaged_schema
    from iraqstance.annotation.storage import write_rows
    from iraqstance.dataset.editions import packaged_edition
    from iraqstance.dataset.hydrate import hydrate as fill_in
    from iraqstance.dataset.hydrate import hydrated_rows

    found = fill_in(packaged_edition("source"), articles, exact=exact)
    failed = print_issues(found.issues)
    if partial or not failed:
        write_rows(output, hydrated_rows(found, packaged_schema()))
    moved = f"; {found.moved} exact at other offsets" if found.moved else ""
    note(f"{found.wanted} paragraphs: {found.exact} exact, {found.aligned} aligned, {found.missing} missing{moved}")
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


@dataset.command("publish")
def publish(
    folder: Annotated[Path | None, typer.Argument(help="Dataset folder. Without it, the packaged one.")] = None,
    repo: Annotated[
        str | None,
        typer.Option("--repo", help="Repository on the Hub; it is made where it is not there.", metavar="OWNER/NAME"),
    ] = None,
    private: Annotated[bool, typer.Option("--private", help="Let nobody but its owner see the dataset.")] = False,
    dry_run: Annotated[
        Path | None,
        typer.Option("--dry-run", help="Send nothing; write into this folder what the Hub would get.", metavar="DIR"),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Put a dataset folder on the Hugging Face Hub, in one commit, once it has passed `check`.

    Published are the card, the Parquet files that it names, the pictures that it shows, and LICENSE, ERRATA.md,
    articles.yaml and croissant.json where they are there. Text of the source articles is refused. The token is that of
    `hf auth login` or HF_TOKEN. Files of an earlier version below data/ and figures/ are deleted.

    Example: iraqstance dataset publish my-dataset --repo me/my-dataset --private
    """
    from iraqstance.annotation.errors import UsageError
    from iraqstance.dataset.publish import check_name, prepare, upload, write_release

    if not repo and not dry_run:
        raise UsageError("publish where?", expected="--repo OWNER/NAME, or --dry-run DIR")
    if repo:
        check_name(repo)
    release = prepare(folder)
    if print_issues(release.issues):
        raise typer.Exit(1)
    url = None
    if dry_run:
        write_release(release, dry_run)
    elif repo:
        url = upload(release, repo, private=private)
    if json:
        print_json({"files": release.files, "repo": repo, "url": url})
        return
    print_table(("path", "size", "sha256"), [(file.path, file.size, file.sha256) for file in release.files])
    print(url or f"{dry_run}: nothing was sent")


@dataset.command("figures")
def figures(
    folder: Annotated[Path | None, typer.Argument(help="Dataset folder. Without it, the packaged one.")] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Folder to write into; FOLDER/figures, or dataset/figures for the packaged one.",
            metavar="DIR",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the numbers that the pictures show.")] = False,
) -> None:
    """Draw a dataset folder: its labels, topics together, lengths of paragraphs, and agreement, a PNG each.

    The same data gives the same pictures. Each carries a hash of the numbers that it shows, under Data-SHA256.

    Example: iraqstance dataset figures my-dataset
    """
    from iraqstance.dataset.figure_numbers import figure_numbers
    from iraqstance.dataset.figures import data_hashes, write_figures

    numbers = figure_numbers(folder)
    written = write_figures(numbers, output or (folder or Path("dataset")) / "figures")
    if json:
        print_json(numbers)
        return
    hashes = data_hashes(numbers)
    print_table(("picture", "SHA-256 of its data"), [(path, hashes[path.name]) for path in written])
    card = folder / "README.md" if folder and not output else None
    if card and card.is_file():
        text = card.read_text(encoding="utf-8", errors="replace")
        lacking = [path.name for path in written if f"figures/{path.name}" not in text]
        if lacking:
            note(
                f"To show them in {card}, add: " + " ".join(f"![{Path(name).stem}](figures/{name})" for name in lacking)
            )


@dataset.command("check")
def check(
    data: Annotated[str | None, typer.Argument(help=f"{DATA_HELP} Without it, the packaged one.")] = None,
    suspects: Annotated[
        bool, typer.Option("--suspects", help="List the labels that out-of-fold predictions contradict.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="With --suspects, write their texts to be read again: .json for Label Studio, .jsonl as paragraphs.",
            metavar="FILE",
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", help="With --suspects, list so many, the most suspicious.", min=1, metavar="N"),
    ] = None,
    jobs: Jobs = 1,
    text_column: TextColumn = "text",
    stance_column: StanceColumn = "stance",
    topics_column: TopicsColumn = "topics",
    group_column: GroupColumn = "group",
    target_column: TargetColumn = "target",
    id_column: Annotated[
        str, typer.Option("--id-column", help="Column of the texts' ids; '' for none.", metavar="NAME")
    ] = "id",
    schema: Annotated[
        Path | None,
        typer.Option("--schema", help="Label schema (YAML). Without it, the labels of the data.", metavar="FILE"),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option("--against", help="Folder of texts that no ten words in a row may come from.", metavar="DIR"),
    ] = None,
    near_duplicates: Annotated[
        bool, typer.Option("--near-duplicates/--no-near-duplicates", help="Look for texts that nearly repeat another.")
    ] = True,
    every: Annotated[bool, typer.Option("--all", help="Print every finding, not the first 20 of each rule.")] = False,
    rules: Annotated[
        bool, typer.Option("--rules", help="Print the table of rules (Markdown), and nothing else.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Check a dataset folder or a table against every rule of --rules, and count what it holds.

    The exit code is 1 where an error was found; warnings leave it 0. With --suspects, the command lists instead the
    labels that models contradict which never saw them, the most suspicious first. They are no faults: read those texts
    again, blind. The file of -o therefore holds neither labels nor predictions, and its order tells nothing.

    Example: iraqstance dataset check my-dataset --json
    """
    from iraqstance.annotation.errors import UsageError
    from iraqstance.training.corpus import packaged_corpus, read_corpus
    from iraqstance.training.suspects import suspects as find

    if rules:
        from iraqstance.dataset.rules import rules_table

        print(rules_table())
        return
    if output and not suspects:
        raise UsageError("-o writes suspects", expected="--suspects beside it")
    if limit and not suspects:
        raise UsageError("--limit goes with --suspects")
    if output and output.suffix.lower() not in {".json", ".jsonl"}:
        raise UsageError(f"{output}: texts cannot be written so", expected="a name ending in .json or .jsonl")
    columns = columns_of(text_column, stance_column, topics_column, group_column, target_column, id_column)
    if suspects:
        corpus = read_corpus(data, columns) if data else packaged_corpus()
        found = find(corpus, jobs=jobs, progress=lambda folds, total: tracked(folds, total, "Checking"))[:limit]
        _print_suspects(found, json=json)
        if output:
            _write_again(corpus, found, output)
        return
    report = _checked(data, columns, schema, against, near_duplicates=near_duplicates)
    held = _held(data, columns, report)
    if json:
        print_json(_as_json(report, held))
    else:
        if held:
            _print_contents(held)
        _print_report(report, every=every)
    if report.failed:
        raise typer.Exit(1)


def _checked(
    data: str | None, columns: "Columns", schema: Path | None, against: Path | None, *, near_duplicates: bool
) -> "Report":
    from dataclasses import asdict

    from iraqstance.annotation.schema import load_schema
    from iraqstance.dataset.check import check as find_issues

    return find_issues(
        data,
        schema=load_schema(schema) if schema else None,
        columns=asdict(columns),
        against=against,
        near_duplicates=near_duplicates,
    )


def _held(data: str | None, columns: "Columns", report: "Report") -> "Contents | None":
    """Return what the data holds, or nothing where faults keep it from being read as `train` reads it."""
    from iraqstance.annotation.errors import IraqstanceError
    from iraqstance.training.corpus import packaged_corpus, read_corpus
    from iraqstance.training.suspects import contents

    if any(issue.rule in _UNREADABLE for issue in report.issues):
        return None
    try:
        return contents(read_corpus(data, columns, every_split=True) if data else packaged_corpus())
    except IraqstanceError as error:
        if not report.failed:
            note(f"not counted: {error}")
        return None


def _as_json(report: "Report", held: "Contents | None") -> dict[str, object]:
    from dataclasses import asdict

    errors = sum(issue.severity == "error" for issue in report.issues)
    counted = {"errors": errors, "warnings": len(report.issues) - errors}
    return {**(asdict(held) if held else {}), **asdict(report), **counted}


def _print_report(report: "Report", *, every: bool) -> None:
    by_rule: dict[str, list[Issue]] = {}
    for issue in report.issues:
        by_rule.setdefault(issue.rule, []).append(issue)
    for rule, issues in by_rule.items():
        print(f"{rule} ({issues[0].severity}): {len(issues)}")
        shown = issues if every else issues[:_SHOWN]
        for issue in shown:
            print(f"  {issue.where}: {issue.message}")
        if len(shown) < len(issues):
            print(f"  and {len(issues) - len(shown)} more; --all prints them")
    errors = sum(issue.severity == "error" for issue in report.issues)
    warnings = len(report.issues) - errors
    print(f"{errors} error{'s' * (errors != 1)}, {warnings} warning{'s' * (warnings != 1)}")


def _write_again(corpus: "Corpus", found: "Sequence[Suspect]", output: Path) -> None:
    """Write the suspects' texts in the form that the file's name asks for."""
    from iraqstance.annotation.rows import write_paragraphs
    from iraqstance.annotation.storage import write_json
    from iraqstance.annotation.tasks import tasks_of
    from iraqstance.training.suspects import paragraphs_of

    paragraphs = paragraphs_of(corpus, found)
    if output.suffix.lower() == ".json":
        write_json(output, list(tasks_of(paragraphs)))
    else:
        write_paragraphs(output, paragraphs)
    note(f"{output}: {len(paragraphs)} text{'s' * (len(paragraphs) != 1)} to be read again, without labels")


def _print_suspects(found: "Sequence[Suspect]", *, json: bool) -> None:
    if json:
        print_json(found)
        return
    rows = [(one.column, one.given, one.suggested, one.score, one.text) for one in found]
    print_table(("column", "given", "suggested", "score", "text"), rows, wide="text", cut=True)
    note(f"{len(found)} label{'s' * (len(found) != 1)} that predictions contradict")


def _print_contents(held: "Contents") -> None:
    counted = f"{held.data}: {held.rows} rows, {held.texts} texts"
    print(counted if held.groups is None else f"{counted}, {held.groups} groups")
    for target, counts in held.stances.items():
        print_table((f"stance towards {target}" if target else "stance", "rows"), counts.items())
    if held.topics:
        print_table(("topics", "texts"), held.topics.items())

"""The command that trains."""

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from iraqstance.cli.columns import (
    HELD_OUT_HELP,
    Data,
    GroupColumn,
    Jobs,
    StanceColumn,
    TargetColumn,
    TextColumn,
    TopicsColumn,
    columns_of,
)
from iraqstance.cli.console import note, print_table, print_untrained, tracked

if TYPE_CHECKING:
    from iraqstance.training.classifier import Classifier
    from iraqstance.training.corpus import Corpus

__all__ = ["register"]

_SHORT = {
    "mean F1 of favor and against": "F1 favor/against",
    "expected calibration error": "ECE",
    "exact set of topics": "exact set",
}
_INTERVAL = re.compile(r"\[(-?[\d.]+), (-?[\d.]+)\]")
_EVALUATED = 5_000  # rows; beyond, cross-validation takes much longer than the training that was asked for


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(train)


def train(
    data: Data,
    output: Annotated[Path, typer.Option("--output", "-o", help="Model folder to write.", metavar="MODEL")],
    test: Annotated[
        str | None,
        typer.Option("--test", help=f"Held-out data to measure on. {HELD_OUT_HELP}", metavar="DATA"),
    ] = None,
    evaluate: Annotated[
        bool, typer.Option(help=f"Measure: on --test, or by cross-validation up to {_EVALUATED:,} rows.")
    ] = True,
    licence: Annotated[
        str | None,
        typer.Option("--license", help="The model's licence for its card, such as apache-2.0.", metavar="NAME"),
    ] = None,
    jobs: Jobs = 1,
    text_column: TextColumn = "text",
    stance_column: StanceColumn = "stance",
    topics_column: TopicsColumn = "topics",
    group_column: GroupColumn = "group",
    target_column: TargetColumn = "target",
) -> None:
    """Fit a classifier of stance, topics or both, measure it, and save it with a model card.

    Example: iraqstance train dataset -o model
    """
    from iraqstance.annotation.errors import UsageError
    from iraqstance.training.classifier import fit
    from iraqstance.training.corpus import read_corpus
    from iraqstance.training.model_folder import refuse_taken, save_classifier

    if test and not evaluate:
        raise UsageError("--test and --no-evaluate do not go together", remedy="Leave one of them out")
    refuse_taken(output)
    columns = columns_of(text_column, stance_column, topics_column, group_column, target_column)
    corpus = read_corpus(data, columns)
    held_out = read_corpus(test, columns, held_out=True) if test else None
    classifier = fit(corpus)
    metrics = _measured(corpus, held_out, classifier, jobs) if evaluate else None
    manifest = save_classifier(classifier, output, corpus, metrics=metrics, licence=licence)
    if metrics:
        _print_figures(metrics)
    _note_seen_once(corpus)
    held = [
        f"{len(names)} stances{f' towards {target}' if target else ''}" for target, names in manifest.stances.items()
    ]
    held += [f"{len(manifest.topics)} topics"] if manifest.topics else []
    note(f"{output}: {' and '.join(held)}, learned from {len(corpus)} rows")


def _measured(corpus: "Corpus", test: "Corpus | None", model: "Classifier", jobs: int) -> dict[str, Any] | None:
    """Return the figures, or nothing where cross-validation takes long or the rows do not suffice for it."""
    from iraqstance.annotation.errors import InputError
    from iraqstance.training.evaluate import evaluate, metrics

    if test is None and len(corpus) > _EVALUATED:
        note(
            f"not measured: {len(corpus)} rows are many to cross-validate. Name held-out data with --test, or run "
            "iraqstance evaluate"
        )
        return None
    try:
        found = evaluate(
            corpus,
            test=test,
            model=model,
            jobs=jobs,
            progress=lambda fitted, total: tracked(fitted, total, "Evaluating"),
        )
    except InputError as error:
        if test is not None:
            raise
        note(f"not measured: {error}")
        return None
    figures: dict[str, Any] = metrics(found)
    return figures


def _print_figures(metrics: dict[str, Any]) -> None:
    from iraqstance.training.model_card import figure_tables

    print(f"{metrics['data']['name']}: {metrics['data']['rows']} rows, {metrics['scheme']}")
    for head, rows in figure_tables(metrics):
        print_table([_SHORT.get(name, name) for name in head], [[_shorter(cell) for cell in row] for row in rows])
    for counts in (*metrics["untrained"]["stance"].values(), metrics["untrained"]["topics"]):
        print_untrained(counts)
    print(f"In brackets: {metrics['intervals']}.")


def _shorter(cell: str) -> str:
    """Return a figure with two digits of its interval, so that a table fits a terminal."""
    return _INTERVAL.sub(lambda found: f"[{float(found[1]):.2f}, {float(found[2]):.2f}]", cell)


def _note_seen_once(corpus: "Corpus") -> None:
    """Tell of labels that a single row has, which hardly teaches them."""
    once = []
    for target in corpus.target_names:
        counts = Counter(corpus.for_target(target).stances or ())
        once += [f"{name!r}{f' towards {target}' if target else ''}" for name, count in counts.items() if count == 1]
    topics = Counter(topic for row in corpus.distinct().topics or () for topic in row)
    once += [f"topic {name!r}" for name, count in topics.items() if count == 1]
    if once:
        note(f"one training row each, too few to learn from: {', '.join(once)}")

"""The command that evaluates."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from iraqstance.annotation.errors import UsageError
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
from iraqstance.cli.console import note, print_json, print_table, print_untrained, tracked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from iraqstance.training.answers import Step
    from iraqstance.training.corpus import Corpus
    from iraqstance.training.evaluate import Evaluation, Figures, Model
    from iraqstance.training.intervals import Change, Interval
    from iraqstance.training.metrics import LabelScore

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(evaluate)


def evaluate(
    data: Data,
    extra: Annotated[
        str | None,
        typer.Option("--with", help="Further data to train on, less the groups that are tested.", metavar="DATA"),
    ] = None,
    test: Annotated[
        str | None,
        typer.Option(
            "--test",
            help=f"Test on this instead of cross-validating. {HELD_OUT_HELP}",
            metavar="DATA",
        ),
    ] = None,
    models: Annotated[
        list[Path] | None,
        typer.Option(
            "--model",
            help="Train nothing: test this model (folder or .flat) on DATA, of a dataset folder on its split test. "
            "Given twice, the first is compared with the second.",
            metavar="MODEL",
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option("--report", help="Folder for report.html and metrics.json; takes longer.", metavar="DIR"),
    ] = None,
    texts: Annotated[
        bool, typer.Option("--texts/--no-texts", help="Show the texts of the worst mistakes in the report.")
    ] = True,
    sides: Annotated[
        str | None,
        typer.Option(
            "--sides", help="Two stances whose F1 is averaged.  [default: favor,against]", metavar="ONE,OTHER"
        ),
    ] = None,
    jobs: Jobs = 1,
    text_column: TextColumn = "text",
    stance_column: StanceColumn = "stance",
    topics_column: TopicsColumn = "topics",
    group_column: GroupColumn = "group",
    target_column: TargetColumn = "target",
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Test the classifier, holding whole groups out or on data of its own, beside three baselines; or saved models.

    Example: iraqstance evaluate dataset --report report
    """
    from iraqstance.training.corpus import read_corpus
    from iraqstance.training.evaluate import evaluate as tested
    from iraqstance.training.evaluate import metrics
    from iraqstance.training.report import make_folder, write_report

    pair = _pair(sides)
    _refuse_training_options(models or (), extra, test)
    columns = columns_of(text_column, stance_column, topics_column, group_column, target_column)
    further = read_corpus(extra, columns) if extra else None
    held_out = read_corpus(test, columns, held_out=True) if test else None
    corpus = read_corpus(data, columns, held_out=bool(models))
    opened = [_opened(path, corpus, jobs) for path in models or ()]
    if report:
        make_folder(report)
    if models:
        found = _tested_saved(corpus, models, opened, pair)
    else:
        found = tested(
            corpus,
            extra=further,
            test=held_out,
            sides=pair,
            detail=report is not None,
            jobs=jobs,
            progress=lambda fitted, total: tracked(fitted, total, "Evaluating"),
        )
    if report:
        write_report(found, report, texts=texts)
        note(f"{report / 'report.html'}: open it in a browser; the figures are in {report / 'metrics.json'}")
    if json:
        print_json(metrics(found))
    else:
        _print_evaluation(found)


def _refuse_training_options(models: "Sequence[Path]", extra: str | None, test: str | None) -> None:
    if models and extra:
        raise UsageError("--with trains, --model does not", remedy="Leave one of them out")
    if models and test:
        raise UsageError("--test does not go with --model", remedy="Name the data to test on first: evaluate DATA")
    if len(models) > 2:
        raise UsageError("--model names one model or two", got=str(len(models)))


def _opened(path: Path, corpus: "Corpus", jobs: int) -> "Model":
    """Open a saved model; tell where it has learned from this very table, read in the same way."""
    from iraqstance.training.flat.folder import flat_named
    from iraqstance.training.flat.scorer import Scorer
    from iraqstance.training.model_folder import load_classifier, read_manifest

    flat = flat_named(path)
    model: Model = load_classifier(path) if flat is None else Scorer(flat, jobs=jobs)
    if path.is_dir() and read_manifest(path).data.sha256 == corpus.sha256:
        note(f"{path} has learned from these very rows, which flatters it")
    return model


def _tested_saved(
    corpus: "Corpus", paths: "Sequence[Path]", models: "Sequence[Model]", sides: tuple[str, str] | None
) -> "Evaluation":
    from iraqstance.training.evaluate import evaluate_saved

    found = evaluate_saved(corpus, *models, sides=sides)
    named = ", ".join(f"{system}: {path}" for system, path in zip(("model", "other"), paths, strict=False))
    return replace(found, scheme=f"{named}; {found.scheme}")


def _pair(sides: str | None) -> tuple[str, str] | None:
    if sides is None:
        return None
    names = [name.strip() for name in sides.split(",")]
    if len(names) != 2 or not all(names):
        raise UsageError("--sides names two stances", expected="ONE,OTHER", got=sides)
    return names[0], names[1]


def _print_evaluation(found: "Evaluation") -> None:
    """Print an evaluation: systems beside each other, what the model gains, its surest answers, and its labels."""
    from iraqstance.training.answers import stance_steps, topic_steps

    folds = f", {len(found.folds)} folds" if len(found.folds) > 1 else ""
    print(f"{found.data}: {found.rows} rows{folds} ({found.scheme})")
    tested, said = found.tested, found.predictions
    for target, figures in found.stance_figures.items():
        title = f"stance towards {target}" if target else "stance"
        _print_systems(title, figures, found.sides)
        _print_surest("stances", "accuracy", stance_steps(tested, said, target))
        _print_single("stance", found.stance[target]["model"].labels)
        print_untrained(found.untrained_stances.get(target, {}))
        _print_labels(found.stance[target]["model"].labels)
    if found.mean_figures:
        _print_systems("stance, mean over targets", found.mean_figures, found.sides)
    if found.topics and found.topic_figures:
        _print_systems("topics", found.topic_figures, found.sides)
        _print_surest("topics", "right of the given", topic_steps(tested, said))
        _print_single("topic", found.topics["model"].labels)
        print_untrained(found.untrained_topics)
        _print_labels(found.topics["model"].labels)


def _print_systems(title: str, figures: "Figures", sides: tuple[str, ...]) -> None:
    heads = {
        "micro_f1": "micro-F1",
        "macro_f1": "macro-F1",
        "accuracy": "accuracy",
        "exact": "exact set",
        "sides_f1": f"F1 {'/'.join(sides)}",
        "log_loss": "log loss",
        "ece": "ECE",
    }
    names = [name for name in heads if name in figures.systems["model"]]
    ranged = [name for name in names if name not in {"log_loss", "ece"}]
    print_table(
        (title, *(heads[name] for name in names)),
        [
            (system, *(_ranged(one[name]) if name in ranged else one[name].value for name in names))
            for system, one in figures.systems.items()
        ],
    )
    if figures.changes:
        print_table(
            ("model less", *(heads[name] for name in ranged)),
            [(system, *(_ranged(one[name]) for name in ranged)) for system, one in figures.changes.items()],
        )


def _print_surest(what: str, right: str, steps: "Sequence[Step]") -> None:
    """Print what is right of the surest answers, at each quarter of them."""
    from iraqstance.training.metrics import surest_quarters

    shares, parts, least = surest_quarters(steps)
    print_table((f"model, the surest {what}", *shares), [(right, *parts), ("--min-confidence", *least)])


def _ranged(one: "Interval | Change") -> str:
    return f"{one.value:z.3f} [{one.low:z.2f}, {one.high:z.2f}]"


def _print_single(what: str, labels: "Mapping[str, LabelScore]") -> None:
    if len(labels) == 1:
        print(f"every tested row has the one {what} {next(iter(labels))!r}: the figures tell little")


def _print_labels(labels: "Mapping[str, LabelScore]") -> None:
    rows = [(name, score.precision, score.recall, score.f1, score.support) for name, score in labels.items()]
    print_table(("model, by label", "precision", "recall", "F1", "support"), rows)

"""The command that shows the whole path in one go, each step with the command that does it alone."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from iraqstance.cli.console import note, print_issues, print_table, tracked
from iraqstance.cli.training_commands import print_evaluation, print_predictions

if TYPE_CHECKING:
    from iraqstance.annotation.records import Label, Paragraph
    from iraqstance.dataset.editions import Edition

__all__ = ["register"]

# Written for this page: one text for each stance, as an analyst would bring them.
_TEXTS = (
    "Business groups in Basra welcomed Washington's new approach under Trump, saying that American investment in oil and"
    " gas would bring jobs and a steadier power supply.",
    "Lawmakers in Baghdad fear that the sanctions threatened by the Trump administration will cripple the country's banks"
    " and push up the price of the dollar.",
    "Iraq's parliament will hold its next session on Sunday to discuss the budget, the speaker's office said.",
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    articles: Annotated[
        Path | None,
        typer.Argument(help="Folder with your copies of the source articles. Without it, the open edition is used."),
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for what the steps make.", metavar="DIR")] = Path(
        "demo"
    ),
) -> None:
    """Run the whole path: articles, paragraphs, judgements, agreement, labels, dataset, classifier, predictions.

    Example: iraqstance demo
    """
    from iraqstance.annotation.schema import packaged_schema
    from iraqstance.dataset.editions import packaged_edition

    started = time.monotonic()
    output.mkdir(parents=True, exist_ok=True)
    schema = packaged_schema()
    if articles is None:
        edition = packaged_edition("open")
        articles = output / "articles"
        _write_articles(edition, articles)
    else:
        edition = _hydrated(articles)
    names = list(dict.fromkeys(paragraph.article for paragraph in edition.paragraphs))
    steps: Sequence[tuple[str, str, Callable[[], None]]] = (
        ("Paragraphs", f"segment {articles} -o {output}/paragraphs.jsonl", lambda: _segment(articles, names, output)),
        (
            "Label Studio files",
            f"tasks export {output}/paragraphs.jsonl -o {output}/tasks.json --interface {output}/interface.xml",
            lambda: _export(edition, output),
        ),
        ("Agreement", f"agreement {output}/judgements.jsonl", lambda: _agreement(edition, output)),
        (
            "Labels",
            f"adjudicate {output}/judgements.jsonl -o {output}/labels.jsonl",
            lambda: _adjudicate(edition, output),
        ),
        (
            "Dataset",
            f"dataset build {output}/paragraphs.jsonl --judgements {output}/judgements.jsonl -o {output}/dataset",
            lambda: _build(edition, output),
        ),
        ("Classifier", f"train {output}/dataset -o {output}/model", lambda: _train(output)),
        ("Cross-validation", f"evaluate {output}/dataset", lambda: _evaluate(output)),
        ("Predictions", f'predict --model {output}/model "…"', lambda: _predict(output)),
    )
    for number, (title, command, run) in enumerate(steps, 1):
        print(f"\n{number}. {title}\n   $ iraqstance {command}")
        run()
    note(f"\nAll of it is in {output}/ ({schema.name} schema, {time.monotonic() - started:.0f} s)")


def _write_articles(edition: "Edition", folder: Path) -> None:
    """Write the open edition as article files with the furniture that real ones have."""
    from iraqstance.annotation.storage import replacing
    from iraqstance.dataset.catalogue import catalogue

    folder.mkdir(parents=True, exist_ok=True)
    for name in dict.fromkeys(paragraph.article for paragraph in edition.paragraphs):
        paragraphs = [paragraph for paragraph in edition.paragraphs if paragraph.article == name]
        source = catalogue()[edition.groups[paragraphs[0].id]]
        head = ["Home > Reports > Iraq", f"{source.title} (restated)", "By the iraqstance project", source.date]
        with replacing(folder / f"{name}.txt") as stream:
            stream.write("\n\n".join([*head, *(paragraph.text for paragraph in paragraphs), "No Comments"]) + "\n")


def _hydrated(articles: Path) -> "Edition":
    from iraqstance.dataset.editions import packaged_edition
    from iraqstance.dataset.hydrate import hydrate

    found = hydrate(packaged_edition("source"), articles)
    if print_issues(found.issues):
        raise typer.Exit(1)
    return found.edition


def _segment(articles: Path, names: Sequence[str], output: Path) -> None:
    from iraqstance.annotation.rows import write_paragraphs
    from iraqstance.annotation.segment import segment_file

    found: list[Paragraph] = [p for name in names for p in segment_file(articles / f"{name}.txt")]
    write_paragraphs(output / "paragraphs.jsonl", found)
    counts = Counter(paragraph.article for paragraph in found)
    words = Counter({name: sum(len(p.text.split()) for p in found if p.article == name) for name in counts})
    print_table(("article", "paragraphs", "words"), [(name, counts[name], words[name]) for name in counts])


def _export(edition: "Edition", output: Path) -> None:
    from iraqstance.annotation.interface import interface_xml
    from iraqstance.annotation.schema import packaged_schema
    from iraqstance.annotation.storage import replacing, write_json
    from iraqstance.annotation.tasks import checked_tasks

    schema = packaged_schema()
    tasks, unchecked = checked_tasks(edition.paragraphs, schema)
    write_json(output / "tasks.json", tasks)
    with replacing(output / "interface.xml") as stream:
        stream.write(interface_xml(schema))
    print(f"   {len(tasks)} tasks; {len(schema.stances)} stances and {len(schema.topics)} topics to choose from")
    print(f"   {unchecked}" if unchecked else "   interface and tasks pass Label Studio's own validation")


def _agreement(edition: "Edition", output: Path) -> None:
    from iraqstance.annotation.agreement import agreement
    from iraqstance.annotation.rows import write_judgements
    from iraqstance.annotation.schema import packaged_schema

    schema = packaged_schema()
    count = write_judgements(output / "judgements.jsonl", edition.judgements, schema)
    annotators = sorted({judgement.annotator for judgement in edition.judgements})
    print(f"   {count} judgements by {len(annotators)} passes of one language model; no person has judged yet")
    questions = agreement(edition.judgements, schema)
    rows = [(q.question, q.alpha.value, q.alpha.low, q.alpha.high, q.alpha.observed) for q in questions]
    print_table(("Krippendorff's alpha", "value", "2.5 %", "97.5 %", "observed"), rows)


def _adjudicate(edition: "Edition", output: Path) -> None:
    from iraqstance.annotation.adjudicate import adjudicate, open_ties
    from iraqstance.annotation.rows import write_labels
    from iraqstance.annotation.schema import packaged_schema

    schema = packaged_schema()
    labels: list[Label] = adjudicate(edition.judgements, schema)
    write_labels(output / "labels.jsonl", labels, schema)
    stances = Counter(stance for label in labels for stance in label.stances.values())
    topics = Counter(topic for label in labels for topic in label.topics)
    print(f"   {len(labels)} paragraphs, {len(open_ties(labels))} with an open tie")
    print_table(
        ("label", "paragraphs"),
        [*((f"stance {name}", stances[name]) for name in schema.stance_names)]
        + [(f"topic {name}", topics[name]) for name in schema.topic_names],
    )


def _build(edition: "Edition", output: Path) -> None:
    from dataclasses import replace

    from iraqstance.annotation.schema import packaged_schema
    from iraqstance.dataset.build import build
    from iraqstance.dataset.load import load_folder

    made = build([replace(edition, name="default", split="train")], packaged_schema(), output / "dataset")
    print_issues(made.issues)
    loaded = load_folder(output / "dataset")
    row = loaded[0]
    print_table(
        ("column", "feature", "first row"),
        [(name, type(feature).__name__, str(row[name])[:60]) for name, feature in loaded.features.items()],
    )


def _train(output: Path) -> None:
    from iraqstance.training.classifier import fit
    from iraqstance.training.corpus import read_corpus
    from iraqstance.training.model_folder import save_classifier

    corpus = read_corpus(output / "dataset")
    manifest = save_classifier(fit(corpus), output / "model", corpus)
    sizes = [(name, (output / "model" / name).stat().st_size // 1024, digest[:16]) for name, digest in manifest.files.items()]
    print_table(("file", "KiB", "SHA-256"), sizes)


def _evaluate(output: Path) -> None:
    from iraqstance.training.corpus import read_corpus
    from iraqstance.training.evaluate import evaluate

    corpus = read_corpus(output / "dataset")
    print_evaluation(evaluate(corpus, jobs=2, progress=lambda folds, total: tracked(folds, total, "Evaluating")))


def _predict(output: Path) -> None:
    from iraqstance.training.model_folder import load_classifier

    print_predictions(load_classifier(output / "model").predict(_TEXTS))

"""The command that shows the whole path: it runs the other commands one after the other, as a user would."""

import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from iraqstance.cli.console import complain, note

if TYPE_CHECKING:
    from iraqstance.dataset.editions import Edition

__all__ = ["register"]

_PREVIEW = 120  # characters of a file's first line that are shown

# Written for this page, as an analyst would bring them.
_TEXTS = (
    "Business groups in Basra welcomed Washington's new approach under Trump and hope for American investment in gas.",
    "Lawmakers in Baghdad fear that the sanctions threatened by the Trump administration will cripple the banks.",
    "Iraq's parliament will hold its next session on Sunday to discuss the budget, the speaker's office said.",
)


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def demo(
        articles: Annotated[
            Path | None,
            typer.Argument(help="Folder with your copies of the source articles. Without it, the open edition."),
        ] = None,
        output: Annotated[
            Path, typer.Option("--output", "-o", help="Folder for what the steps make.", metavar="DIR")
        ] = Path("demo"),
    ) -> None:
        """Run the whole path: articles, paragraphs, judgements, agreement, labels, dataset, classifier, predictions.

        Example: iraqstance demo
        """
        _run_all(app, articles, output)


def _run_all(app: typer.Typer, articles: Path | None, output: Path) -> None:
    from iraqstance.annotation.rows import write_judgements
    from iraqstance.annotation.schema import packaged_schema
    from iraqstance.dataset.editions import packaged_edition

    started = time.monotonic()
    output.mkdir(parents=True, exist_ok=True)
    edition = packaged_edition("source" if articles else "open")
    folder = articles or output / "articles"
    if articles is None:
        _write_articles(edition, folder)
    judgements = output / "judgements.jsonl"
    write_judgements(judgements, edition.judgements, packaged_schema())
    for title, arguments, made in _steps(folder, output, own_copies=articles is not None):
        print(f"\n== {title}\n$ {shlex.join(['iraqstance', *arguments])}", flush=True)
        code = app(arguments, standalone_mode=False)
        if code:
            complain(f"the demo stops here: iraqstance {arguments[0]} ended with {code}")
            raise typer.Exit(code)
        if made:
            print(f"{made}: {_first_line(made)}", flush=True)
    note(f"\nEverything made is in {output}. The whole path took {time.monotonic() - started:.0f} s.")


def _steps(articles: Path, output: Path, *, own_copies: bool) -> list[tuple[str, list[str], Path | None]]:
    """Return each step's title, its command, and the file whose first line shows what it made."""
    paragraphs, judgements = output / "paragraphs.jsonl", output / "judgements.jsonl"
    tasks, labels = output / "tasks.json", output / "labels.jsonl"
    dataset, model = output / "dataset", output / "model"
    steps: list[tuple[str, list[object], Path | None]] = [
        ("Articles are cut into paragraphs", ["segment", articles, "-o", paragraphs], paragraphs),
        (
            "Paragraphs become Label Studio tasks, the label schema its interface",
            ["tasks", "export", paragraphs, "-o", tasks, "--interface", output / "interface.xml"],
            None,
        ),
        (
            f"Annotators judge; {judgements} holds three passes of a language model, no person's",
            ["agreement", judgements],
            judgements,
        ),
        ("The majority becomes the label", ["adjudicate", judgements, "-o", labels], labels),
        (
            "Paragraphs and labels become a Hugging Face dataset",
            ["dataset", "build", paragraphs, "--judgements", judgements, "--labels", labels, "-o", dataset],
            None,
        ),
        ("A classifier is trained on it", ["train", dataset, "-o", model, "--no-evaluate"], None),
        ("It is cross-validated, holding whole stories and articles out", ["evaluate", dataset, "--jobs", "2"], None),
        ("It labels new text", ["predict", "--model", model, *_TEXTS], None),
    ]
    if own_copies:
        verify = ["dataset", "hydrate", articles, "-o", output / "source.jsonl"]
        steps.insert(0, ("Your copies of the articles are the ones that were labelled", verify, None))
    return [(title, list(map(str, arguments)), made) for title, arguments, made in steps]


def _first_line(path: Path) -> str:
    with path.open(encoding="utf-8") as stream:
        line = stream.readline().rstrip("\n")
    return line if len(line) <= _PREVIEW else line[:_PREVIEW] + "…"


def _write_articles(edition: "Edition", folder: Path) -> None:
    """Write the open edition as article files, with the furniture that real ones have."""
    from iraqstance.annotation.storage import replacing
    from iraqstance.dataset.catalogue import catalogue

    folder.mkdir(parents=True, exist_ok=True)
    for name in dict.fromkeys(paragraph.article for paragraph in edition.paragraphs):
        paragraphs = [paragraph for paragraph in edition.paragraphs if paragraph.article == name]
        source = catalogue().get(edition.group(paragraphs[0]))
        title, date = (f"{source.title} (restated)", source.date) if source else (f"{name} (made up)", "")
        head = ["Home > Reports > Iraq", title, "By the iraqstance project", *([date] if date else [])]
        with replacing(folder / f"{name}.txt") as stream:
            stream.write("\n\n".join([*head, *(paragraph.text for paragraph in paragraphs), "No Comments"]) + "\n")

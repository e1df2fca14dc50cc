"""What the classifier learns from each edition, tested on the source articles, and how it grows with the stories.

Prints the figures with their intervals. With ``--write`` they are kept in ``dataset/measured/baselines.json``, whose
layout ``training/baselines.py`` documents, and the learning curves are drawn to ``dataset/figures/learning-curve.png``.
It needs your own copies of the five source articles, and takes some minutes on two cores.

Usage: python benchmarks/baselines.py --articles FOLDER [--jobs 2] [--write]
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from iraqstance.annotation.drawing import BLUE, GREY, ORANGE, picture_bytes, styled
from iraqstance.annotation.errors import IraqstanceError
from iraqstance.annotation.storage import replacing, write_bytes
from iraqstance.cli.console import complain, note, print_table, tracked
from iraqstance.training.baselines import (
    Curve,
    compare,
    curve_draws,
    learning_curve,
    record,
    source_corpus,
    stories_of,
    system_trials,
)
from iraqstance.training.corpus import packaged_corpus

DATASET = Path(__file__).resolve().parent.parent / "dataset"
RECORD = DATASET / "measured" / "baselines.json"
PICTURE = DATASET / "figures" / "learning-curve.png"

HEADS = {
    "stance_macro_f1": "stance macro-F1",
    "stance_sides_f1": "F favor, against",
    "stance_accuracy": "accuracy",
    "stance_f1_favor": "F1 favor",
    "stance_f1_against": "F1 against",
    "stance_f1_neutral": "F1 neutral",
    "topics_micro_f1": "topics micro-F1",
    "topics_macro_f1": "topics macro-F1",
    "topics_exact": "exact set",
}
TESTED_ON = {"source": "the source articles", "validation": "the validation split"}

COLOURS = {"stance_macro_f1": BLUE, "topics_micro_f1": ORANGE}
MARKS = {"stance_macro_f1": "o-", "topics_micro_f1": "s--"}


def measured(articles: Path, jobs: int) -> tuple[dict[str, Any], list[Curve]]:
    """Fit and test everything."""

    def progress(what: str) -> Any:
        return lambda finished, total: tracked(finished, total, what)

    source, open_edition = source_corpus(articles), packaged_corpus()
    comparison = compare(system_trials(source, open_edition), jobs=jobs, progress=progress("Articles held out"))
    curves = []
    tested = {"source": (open_edition, source), "validation": (packaged_corpus("train"), packaged_corpus("validation"))}
    for name, (training, rows) in tested.items():
        draws = curve_draws(stories_of(training, source), rows)
        curves.append(learning_curve(draws, rows, name, jobs=jobs, progress=progress(f"Curve on {name}")))
    return record(source, open_edition, comparison, curves), curves


def print_all(found: Mapping[str, Any]) -> None:
    """Print the systems, their differences and the curves."""
    data = found["data"]
    print(f"{data['source_paragraphs']} paragraphs, {data['articles']} articles, each held out once")
    print("\nEach figure with its 95 % interval for these very articles; it says nothing about others")
    print_figures(found["systems"], [system["name"] for system in found["systems"]])
    print("\nThe same with articles resampled too: of five articles a rough hint")
    print_figures([system["over_articles"] for system in found["systems"]], [one["name"] for one in found["systems"]])
    names = [f"{one['left']} less {one['right']}" for one in found["differences"]]
    print("\nDifferences on the same resamples of these articles, and the share of resamples above 0")
    print_figures(found["differences"], names)
    print("\nThe same with articles resampled too")
    print_figures([one["over_articles"] for one in found["differences"]], names)
    print("\nLearning curves: mean, least and greatest over draws of stories")
    print_table(
        ["tested on", "paragraphs", *(HEADS[figure] for figure in COLOURS)],
        [
            [point["tested_on"], point["paragraphs"], *(words(point[figure]) for figure in COLOURS)]
            for point in found["curve"]
        ],
    )
    for slope in found["slopes"]:
        for figure in COLOURS:
            print(sentence(slope, figure))


def print_figures(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> None:
    """Print a table of three figures at a time."""
    figures = list(HEADS)
    for start in range(0, len(figures), 3):
        part = figures[start : start + 3]
        table = [[name, *(words(row[figure]) for figure in part)] for name, row in zip(names, rows, strict=True)]
        print_table(["", *(HEADS[figure] for figure in part)], table)


def words(figure: Sequence[float]) -> str:
    """Return a figure, its interval, and the share above 0 where it has one."""
    value, low, high, *above = figure
    return f"{value:z.3f} [{low:z.3f}, {high:z.3f}]" + "".join(f"  {share:.2f} > 0" for share in above)


def sentence(slope: Mapping[str, Any], figure: str) -> str:
    """Return what a doubling of the stories gave at the end of a curve."""
    mean, least, greatest = slope[figure]
    _, low, high, _ = slope["over_paragraphs"][figure]
    return (
        f"{HEADS[figure]} on {TESTED_ON[slope['tested_on']]}: {mean:+z.3f} a doubling between {slope['first']} and"
        f" {slope['last']} paragraphs ({least:+z.3f} to {greatest:+z.3f} over draws;"
        f" 95 % interval over the tested paragraphs {low:+z.3f} to {high:+z.3f})."
    )


def lines(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield the record as JSON, one line for each item of a list."""
    for number, (name, value) in enumerate(found.items()):
        end = "," if number < len(found) - 1 else ""
        if isinstance(value, list):
            yield f"  {json.dumps(name)}: [\n" + ",\n".join(f"    {json.dumps(item)}" for item in value) + f"\n  ]{end}"
        else:
            yield f"  {json.dumps(name)}: {json.dumps(value)}{end}"


def draw(curves: Sequence[Curve], path: Path) -> None:
    """Draw the learning curves; the same figures give the same bytes."""
    with styled(7.5, 7.5):
        from matplotlib.figure import Figure

        figure = Figure(figsize=(7.2, 3.1), facecolor="white", layout="constrained")
        for axes, curve in zip(figure.subplots(1, len(curves), sharey=True), curves, strict=True):
            sizes = [point.paragraphs for point in curve.points]
            upper = max(COLOURS, key=lambda name: curve.points[-1].figures[name])
            for name, colour in COLOURS.items():
                means, low, high = zip(*(point.figures[name] for point in curve.points), strict=True)
                # All stories can be drawn once only, so the last point has no spread to show.
                axes.fill_between(sizes[:-1], low[:-1], high[:-1], color=colour, alpha=0.18, linewidth=0)
                axes.plot(sizes, means, MARKS[name], color=colour, markersize=3.5, linewidth=1.2)
                place = {"xytext": (15, 7), "va": "bottom"} if name == upper else {"xytext": (15, -8), "va": "top"}
                end = (sizes[-1], means[-1])
                axes.annotate(HEADS[name], end, textcoords="offset points", color=colour, ha="right", **place)
            axes.set_xscale("log", base=2)
            axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
            axes.minorticks_off()
            axes.set(xlim=(0.7 * sizes[0], 1.3 * sizes[-1]), ylim=(0, 1))
            axes.set_title(f"Tested on {TESTED_ON[curve.tested_on]} (n = {curve.rows})", loc="left", weight="bold")
            axes.set_xlabel("story paragraphs trained on")
            axes.grid(axis="y", color="#E4E4E4", linewidth=0.6)
            axes.spines[["top", "right"]].set_visible(False)
        figure.supxlabel(
            "Points: mean over five draws of whole stories; at the end, all of them. Bands: least to greatest draw.",
            size=6.5,
            color=GREY,
        )
        content = picture_bytes(figure, "png", 200)
    write_bytes(path, content)


def main() -> None:
    """Parse the options, measure, print, and write what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    try:
        found, curves = measured(options.articles, options.jobs)
        print_all(found)
        if options.write:
            for path in (RECORD, PICTURE):
                path.parent.mkdir(exist_ok=True)
            draw(curves, PICTURE)
            with replacing(RECORD) as stream:
                stream.write("{\n" + "\n".join(lines(found)) + "\n}\n")
            note(f"written: {RECORD}, {PICTURE}")
    except IraqstanceError as error:
        complain(str(error))
        sys.exit(1)


if __name__ == "__main__":
    main()

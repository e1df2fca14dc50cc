"""What the README shows of the figures: a table, notes in plain words, a picture."""

import re
import statistics
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from iraqstance.annotation.drawing import BLUE, GREY, Sheet, picture_bytes, styled, text_width
from iraqstance.dataset.card_parts import markdown_table

BLOCK = re.compile(r"(<!-- speed -->\n).*?(<!-- /speed -->)", re.DOTALL)
Spread = tuple[float, float, float]  # median, lowest, highest

WHY_MISSED = "missed: each row passes through Python, which only whole columns are spared"
FORMATS = {"jsonl": "JSON lines", "parquet": "Parquet", "csv": "CSV"}
GROUPS = {
    "word": "Word model: a stance, by words and pairs of words",
    "default": "Default model: a stance and topics, by words and characters",
    "whole": "Default model, every probability by its name",
}


@dataclass(frozen=True, slots=True)
class Known:
    """How a system is called, and how many times as fast ours is to be."""

    name: str
    aim: float | None = None


SYSTEMS = {
    "word ours": Known("iraqstance"),
    "word numpy": Known("iraqstance without numba"),
    "word scikit-learn": Known("scikit-learn, the same features", 15),
    "word fasttext": Known("fastText, dimension 10", 2),
    "word vowpalwabbit": Known("Vowpal Wabbit"),
    "word spacy": Known("spaCy, bag of words"),
    "default ours": Known("iraqstance"),
    "default numpy": Known("iraqstance without numba"),
    "default scikit-learn": Known("scikit-learn, the same features", 15),
    "default stance": Known("scikit-learn, the stance alone"),
    "default topics": Known("scikit-learn, the topics alone"),
    "default fasttext": Known("fastText, dimension 10, the stance alone", 0.7),
    "default subwords": Known("fastText with subwords, the stance alone", 1),
    "whole ours": Known("iraqstance"),
    "whole scikit-learn": Known("scikit-learn, the same features"),
}
THREADS, THREADS_AIM = "default threads", 1.6
COLD_AIM = 2.2
PEAK_AIM, GROWTH_AIM = 250, 25  # MiB
BUSY = 0.5  # load from which figures are not to be trusted
BILLION = 1e9 / 3600  # paragraphs a second that take an hour

GROWING = {
    "words": "words of a text",
    "n-grams": "n-grams of the model",
    "new words": "words of 100 that nothing before had",
}

# Lengths are in inches, sizes of letters in points.
_SIZE, _SMALL = 8.0, 7.0
_DPI, _WIDTH, _MARGIN, _ROW, _BAR = 200, 8.2, 0.25, 0.21, 0.62


@dataclass(frozen=True, slots=True)
class Row:
    """One system of the comparison.

    Attributes:
        group: Key of its group.
        name: What it is called.
        rate: Paragraphs a second.
        ratio: How many times as fast ours is, round by round; ``None`` for ours.
        aim: What the ratio is to be at least.
    """

    group: str
    name: str
    rate: Spread
    ratio: Spread | None
    aim: float | None

    @property
    def is_ours(self) -> bool:
        """Whether others are measured by it."""
        return self.ratio is None

    @property
    def ratio_words(self) -> str:
        """The ratio with its range."""
        return "" if self.ratio is None else spread_words(self.ratio)

    @property
    def aim_words(self) -> str:
        """The aim, and whether it is met."""
        return "" if self.aim is None or self.ratio is None else aim_words(self.ratio[0], self.aim)


def spread(values: Sequence[float]) -> Spread:
    """Return median, lowest and highest."""
    return statistics.median(values), min(values), max(values)


def aim_words(value: float, aim: float) -> str:
    """Return an aim, and whether a figure reaches it."""
    return f"{aim:g}, {'met' if value >= aim else 'missed'}"


def spread_words(values: Spread) -> str:
    """Return a ratio with its range."""
    low, high = figure(values[1]), figure(values[2])
    return f"{figure(values[0])} ({low}–{high})" if low != high else figure(values[0])


def figure(value: float) -> str:
    """Return a number with two digits that count, or three from 10 to 99."""
    if value >= 100:
        return f"{float(f'{value:.2g}'):,.0f}"
    return f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def comparison_rows(result: Mapping[str, Any]) -> list[Row]:
    """Return the systems that were measured, as they are listed, ours first in its group."""
    rates = {name: values["cpu"] for name, values in result["rates"].items()}
    rows = []
    for name, known in SYSTEMS.items():
        if name in rates:
            group = name.split()[0]
            own = rates.get(f"{group} ours")
            ratio = None
            if own and name != f"{group} ours":
                ratio = spread([one / other for one, other in zip(own, rates[name], strict=True)])
            rows.append(Row(group, known.name, spread(rates[name]), ratio, known.aim))
    return rows


def table(stored: Mapping[str, Any]) -> str:
    """Return the comparison as a Markdown table."""
    lines: list[list[str]] = []
    rows = comparison_rows(stored["compared"]["result"])
    for group, title in GROUPS.items():
        own = [row for row in rows if row.group == group]
        lines += [[f"**{title}**", "", "", ""]] if own else []
        lines += [[row.name, figure(row.rate[0]), row.ratio_words, row.aim_words] for row in own]
    return markdown_table(["on one core", "paragraphs a second", "iraqstance is so many times as fast", "aim"], lines)


def machine_words(stored: Mapping[str, Any]) -> str:
    """Return when and on what machine it was measured."""
    machine, result = stored["compared"]["machine"], stored["compared"]["result"]
    libraries = [f"{name} {number}" for name, number in machine["libraries"].items() if name in _NAMED]
    peers = [peer["package"].replace("==", " ") for peer in result["peers"].values() if "package" in peer]
    busy = " The machine was busy with other work, so that these figures are preliminary."
    return (
        f"Measured on {machine['date']}: {machine['processor']}, {machine['cores']} cores, {machine['system']}, "
        f"Python {machine['python']}, {', '.join(libraries + peers)}.{busy * (machine['load'] > BUSY)}"
    )


_NAMED = ("numpy", "scikit-learn", "numba")


def notes(stored: Mapping[str, Any]) -> list[str]:
    """Return what else was measured, in sentences; a table for growth."""
    found = {name: stored[name]["result"] for name in ("compared", "growth", "streams", "cold") if name in stored}
    lines: list[str] = []
    if "compared" in found:
        lines += _comparison_notes(found["compared"])
    if "cold" in found:
        lines += [_cold_note(found["cold"])]
    if "streams" in found:
        lines += _stream_notes(found["streams"])
    if "growth" in found:
        lines += [
            "What labelling costs as the work grows, on one core. Our scorer is opened anew at each size:",
            growth_table(found["growth"]),
        ]
    return lines


def _comparison_notes(result: Mapping[str, Any]) -> Iterator[str]:
    rates = result["rates"]
    if THREADS in rates and "default ours" in rates:
        pairs = zip(rates[THREADS]["clock"], rates["default ours"]["clock"], strict=True)
        ratio = spread([two / one for two, one in pairs])
        yield (
            f"Two threads label {spread_words(ratio)} times as many as one, by the clock "
            f"(aim {aim_words(ratio[0], THREADS_AIM)})."
        )
    hours = {
        name: f"{figure(BILLION / statistics.median(rates[f'{group} ours']['cpu']))} core hours {name}"
        for group, name in (("word", "by the word model"), ("default", "by the default model"))
        if f"{group} ours" in rates
    }
    if hours:
        yield f"At these rates a billion paragraphs cost {' and '.join(hours.values())}, without reading and writing."
    for name, fault in result["faults"].items():
        yield f"Left out: {SYSTEMS[name].name if name in SYSTEMS else name}, which {fault}."


def _cold_note(result: Mapping[str, Sequence[float]]) -> str:
    ratio = spread([one / other for one, other in zip(result["predict"], result["numpy"], strict=True)])
    own, other = (1000 * statistics.median(result[name]) for name in ("predict", "numpy"))
    met = "met" if ratio[0] <= COLD_AIM else "missed"
    return (
        f'One `iraqstance predict "…"` from a cold start takes {own:.0f} ms of the CPU, `python -c "import numpy"` '
        f"{other:.0f} ms: {spread_words(ratio)} times (aim at most {COLD_AIM}, {met})."
    )


def _stream_notes(result: Mapping[str, Any]) -> Iterator[str]:
    scoring = statistics.median(result["scoring"])
    for ending, name in FORMATS.items():
        runs = sorted((run for run in result["runs"] if run["format"] == ending), key=lambda run: run["rows"])
        if not runs:
            continue
        small, large = runs[0], runs[-1]
        if large["rows"] == small["rows"]:
            continue
        used = statistics.median(large["cpu"]) - statistics.median(small["cpu"])
        if used <= 0:
            yield f"On {name} both sizes cost the same: take more rows."
            continue
        row = used / (large["rows"] - small["rows"])
        peaks = [max(run["peak"]) for run in (small, large)]
        is_small = peaks[1] <= PEAK_AIM and peaks[1] - peaks[0] < GROWTH_AIM
        yield (
            f"`iraqstance predict -i FILE -o FILE` on {name}: {figure(1 / row)} rows a second of one core, "
            f"{scoring / row:.0%} of it scoring and the rest reading and writing (aim at least half, "
            f"{'met' if scoring / row >= 0.5 else WHY_MISSED}); a billion rows cost "
            f"{figure(BILLION * row)} core hours. Peak memory {peaks[0]:.0f} MiB at {small['rows']:,} rows, "
            f"{peaks[1]:.0f} MiB at {large['rows']:,} (aim at most {PEAK_AIM} and less than {GROWTH_AIM} more, "
            f"{'met' if is_small else 'missed'})."
        )


def growth_table(points: Sequence[Mapping[str, Any]]) -> str:
    """Return a Markdown table, a line for what grows, a column a system, the sizes one after the other."""
    systems = list(dict.fromkeys(point["system"] for point in points))
    lines = []
    for along in dict.fromkeys(point["along"] for point in points):
        own = [point for point in points if point["along"] == along]
        sizes = list(dict.fromkeys(point["size"] for point in own))
        costs = {(point["size"], point["system"]): statistics.median(point["values"]) for point in own}
        cells = [" · ".join(_cost(costs.get((size, system))) for size in sizes) for system in systems]
        name = GROWING.get(along, along)
        lines.append([f"{name}: {' · '.join(f'{size:,}' for size in sizes)}", own[0]["unit"], *map(_empty, cells)])
    return markdown_table(["what grows", "cost", *systems], lines)


def _cost(value: float | None) -> str:
    return "–" if value is None else figure(value)


def _empty(cell: str) -> str:
    return cell if set(cell) - set("– ·") else ""


def block(stored: Mapping[str, Any]) -> str:
    """Return what stands between the README's markers."""
    if "compared" not in stored:
        return "\n\n".join(map(_wrapped, notes(stored))) + "\n"
    result = stored["compared"]["result"]
    rounds = len(next(iter(result["rates"].values()))["cpu"])
    how = (
        f"`python benchmarks/speed.py` measures how many {result['text']} are labelled in a second of one core's CPU "
        f"time, from texts in memory to labels. All systems learn from the same {result['learned']:,} paragraphs and "
        f"take turns in one run: medians of {rounds} rounds, and of the ratios in each round median and range."
    )
    picture_line = "![Paragraphs labelled in a second, by system](docs/speed.png)"
    parts = [how, table(stored), picture_line, *notes(stored), machine_words(stored)]
    return "\n\n".join(map(_wrapped, parts)) + "\n"


def _wrapped(part: str) -> str:
    """Return a paragraph in lines as the README has them; a table and a picture stay as they are."""
    if part.startswith(("|", "!")):
        return part
    return textwrap.fill(part, 125, break_long_words=False, break_on_hyphens=False)


def renewed(readme: str, stored: Mapping[str, Any]) -> str:
    """Return the README with what is stored between its markers."""
    if not BLOCK.search(readme):
        raise ValueError("README.md has no markers <!-- speed --> and <!-- /speed -->")
    return BLOCK.sub(lambda found: found[1] + block(stored) + found[2], readme) if stored else readme


def picture(stored: Mapping[str, Any]) -> bytes:
    """Return a PNG: a bar for each system, its range across the rounds as a line, ours in blue."""
    rows = comparison_rows(stored["compared"]["result"])
    groups = {group: [row for row in rows if row.group == group] for group in GROUPS}
    groups = {group: own for group, own in groups.items() if own}
    with styled(_SIZE, _SMALL):
        names = max(text_width(row.name, _SIZE, bold=row.is_ours) for row in rows) + 0.1
        numbers = 1.35
        height = 0.62 + sum(0.42 + _ROW * len(own) for own in groups.values()) + 0.6
        sheet = Sheet(_WIDTH, height)
        title = f"How many {stored['compared']['result']['text']} are labelled in a second of one core"
        sheet.text(_MARGIN, 0.2, title, size=10, weight="bold")
        top, most = 0.62, max(row.rate[2] for row in rows)
        left, width = _MARGIN + names, _WIDTH - 2 * _MARGIN - names - numbers
        for group, own in groups.items():
            sheet.text(_MARGIN, top, GROUPS[group], weight="bold", color="#333333")
            top += 0.24
            axes = sheet.axes(left, top, width, _ROW * len(own))
            axes.set(xlim=(0, most), ylim=(len(own) - 0.5, -0.5))
            axes.spines["bottom"].set_visible(False)
            axes.set_xticks([])
            axes.axvline(0, color="#8A8A8A", linewidth=0.7)
            for place, row in enumerate(own):
                colour = BLUE if row.is_ours or "iraqstance" in row.name else GREY
                axes.barh(place, row.rate[0], _BAR, color=colour, alpha=1 if row.is_ours or colour == GREY else 0.55)
                axes.plot(
                    row.rate[1:], [place, place], color="black", linewidth=0.9, solid_capstyle="butt", clip_on=False
                )
                middle = top + (place + 0.5) * _ROW
                weight = "bold" if row.is_ours else "normal"
                sheet.text(left - 0.08, middle, row.name, ha="right", va="center", weight=weight)
                beside = left + width * row.rate[2] / most + 0.06
                sheet.text(beside, middle, figure(row.rate[0]), va="center", weight=weight)
            top += _ROW * len(own) + 0.18
        sheet.text(
            _MARGIN, top, "Bars: medians of the rounds; lines: lowest and highest.", size=_SMALL, color="#555555"
        )
        for line in textwrap.wrap(machine_words(stored), 150):
            top += 0.15
            sheet.text(_MARGIN, top, line, size=_SMALL - 1, color="#555555")
        return picture_bytes(sheet.figure, "png", _DPI)

"""Agreement as a picture: figures with their intervals, pairs of annotators, and each annotator against the rest."""

import math
import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iraqstance.annotation.agreement import RESAMPLES, Agreement, Annotator, Estimate
from iraqstance.annotation.drawing import (
    BLUE,
    GREEN,
    GREY,
    MAP,
    ORANGE,
    PALE,
    Mark,
    Sheet,
    draw_mark,
    draw_scale,
    estimate_words,
    fitted,
    number_words,
    picture_bytes,
    room_of,
    styled,
)
from iraqstance.annotation.errors import UsageError
from iraqstance.annotation.storage import write_bytes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["agreement_picture"]

# Lengths are in inches, sizes of letters in points.
_ROW = 0.185  # from one line of a forest plot to the next
_MARGIN, _GAP = 0.3, 0.25
_SIZE, _SMALL = 7.5, 6.5
_NAME, _LABEL = 1.7, 2.4  # the longest room of an annotator's name, and of a label's
_VALUES = 1.22  # the room of a figure with its interval in words
_CELL, _LEAST_CELL = 0.48, 0.11  # the side of a heat map's cell, at most and at least
_NUMBERED = 0.26  # the least cell that has room for a number
_HEAD = 0.45  # the room of a panel's letter and title
_KEY = 2.35  # the room beside the heat maps, and of what annotators did

_PATCH = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}  # below a word on hatching
_ABSENT: Mapping[str, Any] = {"facecolor": "white", "edgecolor": "#B0B0B0", "linewidth": 0.6}
_UNDEFINED: Mapping[str, Any] = {**_ABSENT, "hatch": "/////"}
_CAPTION = {
    "a": "Alpha of each question (topics as sets, by MASI distance) and of each label against all others. Dotted: .667"
    " and .800, Krippendorff’s least values for tentative and for firm conclusions.",
    "b": "Of the pairs of answers to a paragraph in which one is the label, the share in which the other is too. n:"
    " paragraphs where somebody chose it.",
    "c": "Above the diagonal, where there is room, the number of paragraphs judged by both.",
    "d": "Kappa over the pairs of the annotator’s answer and each other’s, every paragraph weighing the same. judged:"
    " all paragraphs judged. n: those that kappa rests on. unsure: share so marked. seconds: median time.",
}


def agreement_picture(questions: Sequence[Agreement], annotators: Sequence[Annotator], path: str | Path) -> None:
    """Draw what :func:`agreement` and :func:`annotators` returned, and write it; the same figures give the same bytes.

    From above: alpha of every question and label beside the label-wise agreement; a heat map of the kappas of pairs for
    each stance column and the topics; each annotator against the rest, beside what each did; a caption.

    Args:
        questions: At least one, as :func:`agreement` orders them.
        annotators: Those whose pairs and names are shown, in this order: 2 to 20 are readable.
        path: The file to write, PNG or SVG by its ending.

    Raises:
        InputError: Where the file cannot be written.
        MissingExtraError: Without matplotlib.
        UsageError: For a file of another ending.
    """
    ending = Path(path).suffix.lower().removeprefix(".")
    if ending not in {"png", "svg"}:
        raise UsageError(
            "a picture is written as PNG or SVG",
            where=str(path),
            expected="a file name that ends in .png or .svg",
            got=f".{ending}" if ending else "no ending",
        )
    with styled(_SIZE, _SMALL):
        content = picture_bytes(_figure(questions, annotators), ending, dpi=200)
    write_bytes(path, content)


_QUESTION, _ONE_LABEL, _SHARE = Mark(BLUE, 4.6), Mark(BLUE, 3.2), Mark(ORANGE, 3.2)
_AGAINST_REST = Mark(GREEN, 4.6, worded=_SMALL)


@dataclass(frozen=True)
class _Line:
    """One line of the forest plots: a question, or a label below its question."""

    name: str
    alpha: Estimate
    specific: Estimate | None = None
    below: bool = False


def _figure(questions: Sequence[Agreement], annotators: Sequence[Annotator]) -> "Figure":
    lines = _lines(questions)
    whole = [question for question in questions if not question.question.startswith("topic ")]
    count = len(annotators)
    label = room_of([line.name for line in lines if not line.below], _LABEL, _SIZE)
    label = max(label, 0.12 + room_of([line.name for line in lines if line.below], _LABEL, _SIZE))
    name = 0.25 + room_of([annotator.name for annotator in annotators], _NAME, _SIZE)
    panel = max(1.75, _LEAST_CELL * count)
    width = max(9.0, 2 * _MARGIN + name + len(whole) * (panel + _GAP) + _KEY)
    panel = min((width - 2 * _MARGIN - name - _KEY) / len(whole) - _GAP, 3.2)
    side = min(_CELL * count, panel)
    caption = [
        (letter * (number == 0), line)
        for letter, part in _caption(questions, whole).items()
        for number, line in enumerate(textwrap.wrap(part, int(width * 16.5)))
    ]

    forest = 0.62
    pairs = forest + _HEAD + len(lines) * _ROW + 0.5
    rest = pairs + _HEAD + 0.15 + max(side, 1.25) + 0.3
    words = rest + _HEAD + count * _ROW + 0.45
    sheet = Sheet(width, words + 0.16 * len(caption) + _MARGIN)
    sheet.text(_MARGIN, 0.22, _headline(questions, annotators), size=10, weight="bold")
    _forest(sheet, forest, lines, label)
    _pairs(sheet, pairs, whole, annotators, _Columns(_MARGIN + name, panel, side))
    _rest(sheet, rest, whole, annotators, _Columns(_MARGIN + name, panel, side))
    for number, (letter, line) in enumerate(caption):
        sheet.text(_MARGIN, words + 0.16 * number, letter, weight="bold")
        sheet.text(_MARGIN + 0.16, words + 0.16 * number, line, color="#333333")
    return sheet.figure


@dataclass(frozen=True)
class _Columns:
    """Where the panels of questions stand beside each other."""

    left: float
    panel: float
    side: float

    def at(self, number: int) -> float:
        return self.left + number * (self.panel + _GAP)


def _lines(questions: Sequence[Agreement]) -> list[_Line]:
    lines = []
    for question in questions:
        topic = question.question.removeprefix("topic ")
        if topic != question.question:
            lines.append(_Line(topic, question.alpha, question.labels["ticked"], below=True))
            continue
        lines.append(_Line("topics (sets)" if topic == "topics" else topic, question.alpha))
        lines += [
            _Line(label, question.label_alphas[label], specific, below=True)
            for label, specific in question.labels.items()
        ]
    return lines


def _forest(sheet: Sheet, top: float, lines: Sequence[_Line], label: float) -> None:
    """Draw alpha and, beside it, label-wise agreement, with the figures in words."""
    count = 0.42
    plot = (sheet.width - 2 * _MARGIN - label - 2 * _VALUES - count - 0.45) / 2
    first = _MARGIN + label + 0.12
    second = first + plot + _VALUES + 0.3
    above = top + _HEAD
    height = len(lines) * _ROW
    _heading(sheet, _MARGIN, top, "a", "Krippendorff’s alpha of each question and label")
    _heading(sheet, second, top, "b", "Label-wise agreement")
    for left, words in ((first + plot + 0.1, "alpha [95 % interval]"), (second + plot + 0.1, "share [95 % interval]")):
        sheet.text(left, above - 0.05, words, size=_SMALL, color=GREY, va="bottom")
    sheet.text(sheet.width - _MARGIN - 0.05, above - 0.05, "n", size=_SMALL, color=GREY, va="bottom", ha="right")
    band = sheet.axes(_MARGIN, above, sheet.width - 2 * _MARGIN, height)
    band.set_axis_off()
    band.set(xlim=(0, 1), ylim=(len(lines), 0))
    for number in range(0, len(lines), 2):
        band.axhspan(number, number + 1, color=PALE, linewidth=0)
    alphas = sheet.axes(first, above, plot, height)
    shares = sheet.axes(second, above, plot, height)
    for limit in (0.667, 0.8):
        alphas.axvline(limit, color=GREY, linewidth=0.6, linestyle=(0, (1, 2)))
    draw_scale(alphas, len(lines), [line.alpha for line in lines])
    draw_scale(shares, len(lines), [])
    for number, line in enumerate(lines):
        middle = above + (number + 0.5) * _ROW
        shift = 0.12 if line.below else 0
        words = fitted(line.name, _LABEL - shift, _SIZE)
        sheet.text(_MARGIN + 0.04 + shift, middle, words, va="center_baseline", weight="normal" if shift else "bold")
        draw_mark(alphas, number + 0.5, line.alpha, _ONE_LABEL if line.below else _QUESTION)
        sheet.text(first + plot + 0.1, middle, estimate_words(line.alpha), size=_SMALL, va="center_baseline")
        if line.specific:
            draw_mark(shares, number + 0.5, line.specific, _SHARE)
            sheet.text(second + plot + 0.1, middle, estimate_words(line.specific), size=_SMALL, va="center_baseline")
            sheet.text(
                sheet.width - _MARGIN - 0.05,
                middle,
                str(line.specific.count),
                size=_SMALL,
                va="center_baseline",
                ha="right",
            )


def _pairs(
    sheet: Sheet, top: float, questions: Sequence[Agreement], annotators: Sequence[Annotator], columns: _Columns
) -> None:
    """Draw a heat map of the kappas of pairs for each question, the paragraphs they share above the diagonal."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    names = [annotator.name for annotator in annotators]
    cell = columns.side / len(names)
    _heading(sheet, _MARGIN, top, "c", "Cohen’s kappa of each pair")
    above = top + _HEAD + 0.15
    scale = ScalarMappable(Normalize(-0.12, 1), MAP)  # from a little below, so that 0 is not white
    _names(sheet, columns.left, above, cell, names)
    for column, question in enumerate(questions):
        left = columns.at(column)
        title = fitted(question.question, columns.panel, _SIZE)
        sheet.text(left, above - 0.19, title, size=_SIZE, weight="bold", va="bottom")
        axes = sheet.axes(left, above, columns.side, columns.side)
        axes.set(xlim=(0, len(names)), ylim=(len(names), 0), xticks=[])
        axes.spines["bottom"].set_visible(False)
        for number in range(len(names)):
            axes.text(number + 0.5, -0.05 / cell, str(number + 1), ha="center", size=min(_SMALL, cell * 40), color=GREY)
        _cells(axes, question.kappas, names, cell, scale)
    _key(sheet, columns.at(len(questions)), above, questions, scale)


def _cells(
    axes: "Axes", kappas: Mapping[tuple[str, str], Estimate], names: Sequence[str], cell: float, scale: Any
) -> None:
    from matplotlib.patches import Rectangle

    def square(column: int, row: int, **style: Any) -> None:
        axes.add_patch(Rectangle((column, row), 1, 1, **{"edgecolor": "white", "linewidth": 0.8, **style}))

    def word(column: int, row: int, words: str, **style: Any) -> None:
        axes.text(column + 0.5, row + 0.5, words, ha="center", va="center", **style)

    for row, lower in enumerate(names):
        square(row, row, facecolor="#E4E4E4")
        for column, upper in enumerate(names[:row]):
            kappa = kappas.get((upper, lower)) or kappas.get((lower, upper))
            if kappa is None:
                continue
            undefined, numbered = math.isnan(kappa.value), cell >= _NUMBERED
            square(column, row, **_UNDEFINED if undefined else {"facecolor": scale.to_rgba(max(kappa.value, 0))})
            if numbered and undefined:
                word(column, row, "undefined", size=cell * 11, bbox=_PATCH)
            elif numbered:
                colour = "white" if kappa.value > 0.55 else "black"
                word(column, row, number_words(kappa.value), size=min(_SIZE, cell * 20), color=colour)
            if numbered:
                word(row, column, str(kappa.count), size=min(_SMALL, cell * 17), color=GREY)


def _key(sheet: Sheet, left: float, top: float, questions: Sequence[Agreement], scale: Any) -> None:
    """Draw what the colours of the heat maps mean."""
    from matplotlib.patches import Rectangle

    left += 0.1
    kappas = [kappa for question in questions for kappa in question.kappas.values()]
    low, high = min(kappa.count for kappa in kappas), max(kappa.count for kappa in kappas)
    sheet.text(left, top, "kappa" + " (below 0 as 0)" * any(kappa.value < 0 for kappa in kappas), size=_SMALL)
    bar = sheet.axes(left, top + 0.15, _KEY - 0.6, 0.11)
    colours = sheet.figure.colorbar(scale, cax=bar, orientation="horizontal", ticks=[0, 0.2, 0.4, 0.6, 0.8, 1])
    colours.set_ticklabels(["0", "0.2", "0.4", "0.6", "0.8", "1"])
    colours.outline.set_linewidth(0.4)
    bar.set_xlim(0, 1)
    shared = f"n = {low}" if low == high else f"n from {low} to {high}"
    sheet.text(left, top + 0.5, f"paragraphs judged by both: {shared}", size=_SMALL)
    signs = sheet.axes(left, top + 0.72, 0.2, 0.32)
    signs.set_axis_off()
    signs.set(xlim=(0, 0.2), ylim=(0.32, 0))
    for place, words, style in ((0.0, "undefined", _UNDEFINED), (0.18, "no paragraph judged by both", _ABSENT)):
        signs.add_patch(Rectangle((0, place), 0.2, 0.13, clip_on=False, **style))
        sheet.text(left + 0.28, top + 0.785 + place, words, size=_SMALL, va="center_baseline")


def _rest(
    sheet: Sheet, top: float, questions: Sequence[Agreement], annotators: Sequence[Annotator], columns: _Columns
) -> None:
    """Draw each annotator against the rest for each question, and what each did."""
    height = len(annotators) * _ROW
    above = top + _HEAD
    _heading(sheet, _MARGIN, top, "d", "Kappa of each annotator against the rest, and what each did")
    found = [question.rest[annotator.name] for question in questions for annotator in annotators]
    for column, question in enumerate(questions):
        axes = sheet.axes(columns.at(column), above, columns.panel, height)
        title = fitted(question.question, columns.panel, _SIZE)
        sheet.text(columns.at(column), above - 0.06, title, size=_SIZE, weight="bold", va="bottom")
        draw_scale(axes, len(annotators), found)
        for number, annotator in enumerate(annotators):
            if number % 2 == 0:
                axes.axhspan(number, number + 1, color=PALE, linewidth=0, zorder=0)
            draw_mark(axes, number + 0.5, question.rest[annotator.name], _AGAINST_REST)
    _names(sheet, columns.left, above, _ROW, [annotator.name for annotator in annotators])
    heads = ("judged", "n", "unsure", "seconds")
    places = [columns.at(len(questions)) + 0.45 + 0.55 * number for number in range(len(heads))]
    for place, head in zip(places, heads, strict=True):
        sheet.text(place, above - 0.06, head, size=_SMALL, color=GREY, va="bottom", ha="right")
    for number, annotator in enumerate(annotators):
        middle = above + (number + 0.5) * _ROW
        did = (
            str(annotator.judgements),
            str(questions[0].rest[annotator.name].count),
            f"{100 * annotator.unsure:.0f} %",
            "–" if annotator.seconds is None else f"{annotator.seconds:.0f}",
        )
        for place, words in zip(places, did, strict=True):
            sheet.text(place, middle, words, size=_SMALL, va="center_baseline", ha="right")


def _heading(sheet: Sheet, left: float, top: float, letter: str, words: str) -> None:
    sheet.text(left, top, letter, size=9, weight="bold")
    sheet.text(left + 0.16, top, words, size=9)


def _names(sheet: Sheet, right: float, above: float, line: float, names: Sequence[str]) -> None:
    """Write annotators' names and numbers to the left of a place, a line each."""
    size = min(_SIZE, line * 62)
    for number, name in enumerate(names):
        middle = above + (number + 0.5) * line
        sheet.text(right - 0.25, middle, fitted(name, _NAME, _SIZE), size=size, va="center_baseline", ha="right")
        words = str(number + 1)
        sheet.text(right - 0.08, middle, words, size=min(size, _SMALL), color=GREY, va="center_baseline", ha="right")


def _headline(questions: Sequence[Agreement], annotators: Sequence[Annotator]) -> str:
    count = questions[0].alpha.count
    kinds = Counter(annotator.kind for annotator in annotators)
    named = {"person": "person", "model": "pass of a model|passes of a model"}  # several passes may be of one model
    forms = {kind: named.get(kind, kind).split("|") for kind in kinds}
    who = ", ".join(
        f"{number} {forms[kind][0] if number == 1 else forms[kind][1] if len(forms[kind]) > 1 else f'{kind}s'}"
        for kind, number in kinds.items()
    )
    return f"Agreement of {who}: n = {count} paragraph{'s' * (count != 1)} judged at least twice"


def _caption(questions: Sequence[Agreement], whole: Sequence[Agreement]) -> dict[str, str]:
    """Return the caption: what holds of the whole picture, and of each panel by its letter."""
    shown = [
        *(estimate for question in questions for estimate in (question.alpha, *question.labels.values())),
        *(estimate for question in questions for estimate in question.label_alphas.values()),
        *(estimate for question in whole for estimate in (*question.kappas.values(), *question.rest.values())),
    ]
    reasons = dict.fromkeys(estimate.reason for estimate in shown if estimate.reason)
    first = f"Points: estimates. Bars: 95 % percentile-bootstrap intervals over paragraphs, {RESAMPLES} resamples."
    return {"": f"{first} Undefined: {'; '.join(reasons)}." if reasons else first, **_CAPTION}

"""The plots of a report as SVG that takes its colours from the page, so that they suit light and dark."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from iraqstance.annotation.drawing import picture_bytes, styled
from iraqstance.training.intervals import Interval
from iraqstance.training.metrics import Bin

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["coverage_plot", "curve_plot", "reliability_plot"]

_WIDTH, _SIZE, _SMALL = 4.2, 9.0, 8.0  # inches; letters in points: readable where a phone shrinks it to 328 pixels
# What is drawn in these colours takes the page's own.
_INK, _FIRST, _SECOND, _LINE = "#000000", "#0072b2", "#d55e00", "#c8c8c8"
_OF_PAGE = {_INK: "currentColor", _FIRST: "var(--first)", _SECOND: "var(--second)", _LINE: "var(--line)"}
_MOST_STEPS = 200  # of a coverage curve


def curve_plot(name: str, rows: Sequence[float], lines: Sequence[tuple[str, Sequence[Interval]]]) -> str:
    """Return a learning curve.

    Args:
        name: Of the plot, unique in its page, a word.
        rows: Training rows of each point, growing.
        lines: One or two figures with their name, one interval a point.
    """
    with styled(_SIZE, _SMALL):
        figure, axes = _axes(2.5)
        for (label, points), colour, mark in zip(lines, (_FIRST, _SECOND), ("o", "s"), strict=False):
            low, high = [point.low for point in points], [point.high for point in points]
            axes.plot(rows, [point.value for point in points], f"-{mark}", color=colour, markersize=4, label=label)
            axes.vlines(list(rows), low, high, color=colour, linewidth=1)
        axes.set_xscale("log", base=2)
        axes.set_xticks(list(rows), [f"{count:,.0f}" for count in rows])
        axes.minorticks_off()
        axes.set(xlabel="training rows (log scale)", ylim=(0, 1))
        axes.legend(frameon=False, loc="lower right")
        return _svg(figure, name)


def reliability_plot(name: str, bins: Sequence[Bin], across: str, up: str) -> str:
    """Return a reliability diagram above the histogram of confidences.

    Args:
        name: Of the plot, unique in its page, a word.
        bins: Those of :func:`~iraqstance.training.metrics.reliability`.
        across: What the x-axis shows.
        up: What the y-axis shows.
    """
    with styled(_SIZE, _SMALL):
        from matplotlib.figure import Figure

        figure = Figure(figsize=(_WIDTH, 3.6), layout="constrained", facecolor="none")
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        for axes in (upper, lower):
            _bare(axes)
        held = [one for one in bins if one.count]
        width = bins[0].high - bins[0].low
        upper.plot([0, 1], [0, 1], "--", color=_INK, linewidth=0.8, label="perfect calibration")
        upper.plot(
            [one.confidence for one in held],
            [one.accuracy for one in held],
            "-o",
            color=_FIRST,
            markersize=4,
            clip_on=False,
        )
        upper.set(ylabel=up, xlim=(0, 1), ylim=(0, 1))
        upper.legend(frameon=False, loc="best")
        lower.bar([one.low for one in bins], [one.count for one in bins], width * 0.9, align="edge", color=_SECOND)
        lower.set(xlabel=across, ylabel="count")
        return _svg(figure, name)


def coverage_plot(name: str, steps: Sequence[tuple[float, float, float]], across: str, up: str) -> str:
    """Return what is right of the surest answers against how many they are.

    Args:
        name: Of the plot, unique in its page, a word.
        steps: Those of :func:`~iraqstance.training.metrics.coverage`.
        across: What the x-axis shows.
        up: What the y-axis shows.
    """
    kept = [steps[round(place * (len(steps) - 1) / _MOST_STEPS)] for place in range(_MOST_STEPS + 1)]
    with styled(_SIZE, _SMALL):
        figure, axes = _axes(2.5)
        shown = list(dict.fromkeys(kept if len(steps) > _MOST_STEPS else steps))
        axes.plot([share for _, share, _ in shown], [right for _, _, right in shown], "-", color=_FIRST)
        axes.plot([steps[-1][1]], [steps[-1][2]], "o", color=_FIRST, markersize=4)
        axes.set(xlabel=across, ylabel=up)
        axes.set(xlim=(0, 1.02), ylim=(0, 1.02))
        return _svg(figure, name)


def _axes(height: float) -> "tuple[Figure, Axes]":
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, height), layout="constrained", facecolor="none")
    axes: Any = figure.subplots()
    _bare(axes)
    return figure, axes


def _bare(axes: "Axes") -> None:
    axes.set_facecolor("none")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(visible=True, axis="y", color=_LINE, linewidth=0.5)
    axes.set_axisbelow(True)


def _svg(figure: "Figure", name: str) -> str:
    """Return the figure as an element of a page: its own names, the page's colours, no metadata."""
    drawn = picture_bytes(figure, "svg", 72).decode()
    drawn = re.sub(r"<metadata>.*?</metadata>", "", drawn[drawn.index("<svg") :], flags=re.DOTALL)
    drawn = re.sub(r'\b(id="|href="#|url\(#)', rf"\g<1>{name}-", drawn)
    drawn = re.sub(
        r'(<svg[^>]*?) width="[^"]*"', r"\1", re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", drawn, count=1), count=1
    )
    drawn = drawn.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)
    for colour, of_page in _OF_PAGE.items():
        drawn = drawn.replace(colour, of_page)
    return drawn

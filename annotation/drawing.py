"""What pictures have in common: one style, places in inches, names that fit their room, estimates with intervals.

Lengths are in inches, sizes of letters in points. Matplotlib is imported where it is used.
"""

import math
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from iraqstance.annotation.agreement import Estimate
from iraqstance.annotation.errors import from_extra

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "BLUE",
    "GREEN",
    "GREY",
    "MAP",
    "ORANGE",
    "PALE",
    "PURPLE",
    "Mark",
    "Sheet",
    "draw_mark",
    "draw_scale",
    "estimate_words",
    "fitted",
    "number_words",
    "picture_bytes",
    "printable",
    "room_of",
    "styled",
    "text_width",
    "wrapped",
]

# Okabe and Ito's colours, which colour-blind readers tell apart; the heat maps' run from light to dark.
BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
GREY, PALE, MAP = "#767676", "#F3F3F3", "YlGnBu"
_STYLE: Any = {
    "axes.linewidth": 0.6,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib
    "hatch.color": "#B8B8B8",
    "hatch.linewidth": 0.5,
    "svg.fonttype": "none",
    "svg.hashsalt": "iraqstance",
    "text.parse_math": False,
    "xtick.major.size": 2.5,
    "xtick.major.width": 0.6,
}
_PART = re.compile(r"[^\s_\-/]*[_\-/]*\s*")  # of a text that may be broken after it


@contextmanager
def styled(size: float, small: float) -> Iterator[None]:
    """Draw in this style whatever the user's is, and leave that as it was.

    Args:
        size: Of letters where nothing else is said.
        small: Of the letters at ticks.

    Raises:
        MissingExtraError: Without matplotlib.
    """
    with from_extra("plot"):
        import matplotlib as mpl
    with mpl.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")  # a name's letter that the font has not: a box stands for it
        mpl.rcdefaults()
        mpl.rcParams.update({**_STYLE, "font.size": size, "xtick.labelsize": small})
        yield


def picture_bytes(figure: "Figure", ending: str, dpi: float) -> bytes:
    """Return the figure as a file, the same bytes whenever it is the same figure.

    Args:
        figure: Drawn within :func:`styled`, as this call has to be.
        ending: ``png`` or ``svg``.
        dpi: Pixels an inch of a PNG.
    """
    content = BytesIO()
    dated = {"Software": None} if ending == "png" else {"Creator": None, "Date": None}
    figure.savefig(content, format=ending, dpi=dpi, metadata=dated)
    return content.getvalue()


class Sheet:
    """A figure on which places are told in inches from its upper left corner."""

    def __init__(self, width: float, height: float) -> None:
        from matplotlib.figure import Figure

        self.width, self.height = width, height
        self.figure: Figure = Figure(figsize=(width, height), facecolor="white")

    def axes(self, left: float, top: float, width: float, height: float) -> "Axes":
        """Return axes without frame and ticks but for the x-axis."""
        place = (left / self.width, 1 - (top + height) / self.height, width / self.width, height / self.height)
        axes = self.figure.add_axes(place)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.set_yticks([])
        return axes

    def text(self, left: float, top: float, words: str, **style: Any) -> None:
        """Write words whose upper left corner, or what ``style`` says, is there."""
        self.figure.text(left / self.width, 1 - top / self.height, words, **{"va": "top", **style})


@dataclass(frozen=True, slots=True)
class Mark:
    """How an estimate is drawn, and the size of the word at an undefined one: 0 where the word is in the next column.

    Attributes:
        colour: Of point and interval.
        size: Of the point, in points.
        worded: Size of the word's letters.
    """

    colour: str
    size: float
    worded: float = 0


def draw_scale(axes: "Axes", height: float, estimates: Sequence[Estimate], start: float = 0.0) -> None:
    """Set the axes of a forest plot: from above to a height, and from a start, or the lowest end below it, to 1."""
    lowest = min([start, *(estimate.low for estimate in estimates if not math.isnan(estimate.low))])
    start = math.floor(round(lowest * 5, 9)) / 5
    space = (1 - start) / 50
    axes.set(xlim=(start - space, 1 + space) if start > 0 else (start - 0.02, 1.02), ylim=(height, 0))
    step = 0.1 if start > 0.4 else 0.2 if start > -0.6 else 0.5
    ticks = [round(tick * step, 1) for tick in range(math.ceil(start / step - 1e-9), round(1 / step) + 1)]
    axes.set_xticks(ticks, [f"{tick:g}".replace("-", "−") for tick in ticks])
    for tick in ticks:
        axes.axvline(tick, color="#C8C8C8" if tick else "#8A8A8A", linewidth=0.4 if tick else 0.7, zorder=0.5)
    axes.set_facecolor("none")


def draw_mark(axes: "Axes", height: float, estimate: Estimate, mark: Mark) -> None:
    """Draw an estimate and its interval; an empty mark where it is undefined."""
    if math.isnan(estimate.value):
        low, high = axes.get_xlim()
        place = low + (high - low) / 30
        axes.plot(
            [place], [height], "o", markersize=mark.size, color="white", markeredgecolor=GREY, markeredgewidth=0.7
        )
        if mark.worded:
            place += (high - low) / 30
            axes.text(place, height, "undefined", size=mark.worded, color=GREY, va="center_baseline")
        return
    axes.plot([estimate.low, estimate.high], [height, height], color=mark.colour, linewidth=1.1, solid_capstyle="butt")
    axes.plot(
        [estimate.value], [height], "o", markersize=mark.size, color=mark.colour, markeredgewidth=0, clip_on=False
    )


def estimate_words(estimate: Estimate) -> str:
    """Return an estimate with its interval, such as ``0.93 [0.89, 0.96]``, or ``undefined``."""
    if math.isnan(estimate.value):
        return "undefined"
    return f"{number_words(estimate.value)} [{number_words(estimate.low)}, {number_words(estimate.high)}]"


def number_words(value: float) -> str:
    """Return a number with two decimals and a minus sign of its own."""
    return f"{value:z.2f}".replace("-", "−")


def room_of(names: Sequence[str], most: float, size: float) -> float:
    """Return the room in inches that the longest of the names needs in bold letters, but ``most`` at most."""
    return max((min(text_width(printable(name), size, bold=True), most) for name in names), default=0.0)


def fitted(name: str, room: float, size: float, *, bold: bool = True) -> str:
    """Return a name short enough for a room in inches, an ellipsis in its middle."""
    name = printable(name)
    if text_width(name, size, bold=bold) <= room:
        return name
    kept = len(name)
    while kept > 2 and text_width(_shortened(name, kept), size, bold=bold) > room:
        kept -= 1
    return _shortened(name, kept)


def _shortened(name: str, kept: int) -> str:
    return f"{name[: kept - kept // 2]}…{name[len(name) - kept // 2 :]}"


def wrapped(text: str, room: float, size: float, most: int | None = None, *, bold: bool = True) -> list[str]:
    """Return a text in lines that fit a room in inches, broken after spaces, ``_``, ``-`` and ``/``.

    Args:
        text: One word at least.
        room: Width of a line.
        size: Of the letters.
        most: How many lines there may be; what is left is shortened into the last.
        bold: Whether the letters are bold.
    """
    lines = [""]
    for part in filter(None, _PART.findall(printable(text))):
        longer = lines[-1] + part
        if text_width(longer.rstrip(), size, bold=bold) <= room or not lines[-1] or len(lines) == most:
            lines[-1] = longer
        else:
            lines.append(part)
    return [fitted(line.rstrip(), room, size, bold=bold) for line in lines]


def printable(name: str) -> str:
    """Return a name without line ends and control characters, a mark in the place of each."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)


def text_width(words: str, size: float, *, bold: bool = False) -> float:
    """Return the width of words in inches."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(size=size, weight="bold" if bold else "normal")
    width, _, _ = text_to_path.get_text_width_height_descent(words, font, ismath=False)
    return width / 72 if words.strip() else 0.0

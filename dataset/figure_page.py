"""A page of a dataset's pictures: filled from above, its rows named, what it says of editions and annotators."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from iraqstance.annotation.drawing import BLUE, GREEN, ORANGE, PALE, PURPLE, Sheet, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "MARGIN",
    "SIZE",
    "SMALL",
    "WIDTH",
    "NamedRow",
    "Page",
    "counted",
    "draw_bands",
    "edition_colour",
    "judges_words",
    "named_rows",
    "rectangle",
    "share_words",
    "towards",
    "write_name",
]

# Lengths are in inches, sizes of letters in points. A page is narrow, so that its letters are large on a small screen.
WIDTH, MARGIN = 6.0, 0.22
SIZE, SMALL, _TITLE, _HEADING = 9.0, 8.2, 11.5, 10.0
_LINE, _NAME_LINE = 0.165, 0.15  # from one line of text to the next, and of a name
_SPACE = 0.09  # between what is drawn for two names

_COLOURS = (BLUE, ORANGE, GREEN, PURPLE, "#56B4E9", "#E69F00")
_TEXT = "#333333"


class Page:
    """A picture that is filled from above: what is told of a place is drawn when its height is known."""

    def __init__(self, title: str, width: float = WIDTH) -> None:
        self.width, self.top = width, 0.16
        self._drawn: list[Callable[[Sheet], None]] = []
        self.lines(title, _TITLE, weight="bold")

    @property
    def room(self) -> float:
        """The width between the margins."""
        return self.width - 2 * MARGIN

    def add(self, draw: Callable[[Sheet], None], height: float) -> None:
        """Draw with the sheet, from this height on."""
        self._drawn.append(draw)
        self.top += height

    def lines(self, words: str, size: float = SIZE, **style: Any) -> None:
        """Write words in as many lines as they need."""
        for line in wrapped(words, self.room, size, bold="weight" in style):
            top = self.top
            self.add(
                lambda sheet, top=top, line=line: sheet.text(MARGIN, top, line, size=size, **style),  # type: ignore[misc]
                size * 0.0185,
            )
        self.top += 0.03

    def heading(self, words: str) -> None:
        """Write the heading of a panel."""
        self.top += 0.16
        self.lines(words, _HEADING, weight="bold")

    def key(self, entries: Sequence[tuple[str, str]]) -> None:
        """Write what colours mean, one entry a line."""
        for colour, words in entries:
            for number, line in enumerate(wrapped(words, self.room - 0.2, SIZE, bold=False)):
                top = self.top + 0.02

                def draw(
                    sheet: Sheet, top: float = top, line: str = line, colour: str = "" if number else colour
                ) -> None:
                    if colour:
                        square = sheet.axes(MARGIN, top + 0.01, 0.12, 0.12)
                        square.set_axis_off()
                        square.add_patch(rectangle(0, 0, 1, 1, facecolor=colour))
                    sheet.text(MARGIN + 0.2, top, line, size=SIZE)

                self.add(draw, _LINE)
        self.top += 0.06

    def figure(self, caption: Iterable[str]) -> "Figure":
        """Return the picture with its caption."""
        self.top += 0.12
        for part in caption:
            self.lines(part, SMALL, color=_TEXT)
        sheet = Sheet(self.width, self.top + 0.1)
        for draw in self._drawn:
            draw(sheet)
        return sheet.figure


def rectangle(left: float, top: float, width: float, height: float, **style: Any) -> Any:
    """Return a rectangle without an edge, or what ``style`` says."""
    from matplotlib.patches import Rectangle

    return Rectangle((left, top), width, height, **{"edgecolor": "none", "linewidth": 0, **style})


@dataclass(frozen=True)
class NamedRow:
    """A label's lines of text, and the heights of the lines that are drawn for it: its name stands at their middle."""

    lines: tuple[str, ...]
    top: float
    places: tuple[float, ...]
    height: float
    bold: bool = False


def named_rows(names: Sequence[tuple[str, int, bool]], room: float, step: float) -> list[NamedRow]:
    """Return where labels stand that have so many lines each, one below another, from 0."""
    found = []
    top = 0.0
    for name, count, bold in names:
        lines = tuple(wrapped(name, room, SIZE, most=2)) if name else ()
        height = max(count * step, len(lines) * _NAME_LINE) + _SPACE
        first = top + (height - count * step) / 2
        found.append(
            NamedRow(lines, top, tuple(first + (number + 0.5) * step for number in range(count)), height, bold)
        )
        top += height
    return found


def write_name(sheet: Sheet, left: float, top: float, named: NamedRow) -> None:
    """Write a row's name at the middle of the row, where the first row's top is ``top``."""
    for number, line in enumerate(named.lines):
        middle = top + named.top + named.height / 2 + (number - (len(named.lines) - 1) / 2) * _NAME_LINE
        weight = "bold" if named.bold else "normal"
        sheet.text(left, middle, line, size=SIZE, va="center_baseline", weight=weight)


def draw_bands(axes: "Axes", rows: Sequence[NamedRow]) -> None:
    """Draw every second row on grey; the axes' y is in inches from above."""
    for row in rows[::2]:
        axes.axhspan(row.top, row.top + row.height, color=PALE, linewidth=0, zorder=0)


def edition_colour(number: int) -> str:
    """Return the colour of an edition by its number, from 0; the seventh has the first one's."""
    return _COLOURS[number % len(_COLOURS)]


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, such as ``1,309 paragraphs``."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


def share_words(part: int, whole: int) -> str:
    """Return a share of a whole that is not 0, such as ``34 %``."""
    share = 100 * part / whole
    return "<1 %" if 0 < share < 0.5 else f"{share:.0f} %"


def towards(target: str) -> str:
    """Return what a panel about the stance towards a target is called."""
    return f"Stance towards {target}" if target else "Stance"


def judges_words(annotators: Mapping[str, int]) -> str:
    """Return who made the judgements, in words."""
    if not annotators:
        return "The dataset does not say who judged."
    if set(annotators) == {"model"}:
        passes = f"{annotators['model']} pass{'es' * (annotators['model'] != 1)}"
        return f"Judgements are by {passes} of a model, none by a person."
    people = annotators.get("person", 0)
    words = [f"{people} person{'s' * (people != 1)}"] if people else []
    words += [f"{count} {kind} pass{'es' * (count != 1)}" for kind, count in annotators.items() if kind != "person"]
    return f"Judgements are by {' and '.join(words)}."

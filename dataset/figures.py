"""Pictures of a dataset, drawn from its data: labels, topics together, lengths, and agreement of the annotators.

The same data and the same matplotlib give the same bytes. A picture carries, under the key ``Data-SHA256``, a hash of
the numbers that it shows.
"""

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING, Any

from iraqstance.annotation.agreement import RESAMPLES, Estimate
from iraqstance.annotation.drawing import (
    GREY,
    MAP,
    Mark,
    Sheet,
    draw_mark,
    draw_scale,
    estimate_words,
    picture_bytes,
    room_of,
    styled,
    text_width,
    wrapped,
)
from iraqstance.annotation.errors import InputError
from iraqstance.annotation.storage import replacing
from iraqstance.dataset.figure_numbers import AgreementNumbers, FigureNumbers, LengthNumbers, TopicNumbers
from iraqstance.dataset.figure_page import (
    MARGIN,
    SIZE,
    SMALL,
    WIDTH,
    Page,
    counted,
    draw_bands,
    edition_colour,
    judges_words,
    named_rows,
    rectangle,
    share_words,
    towards,
    write_name,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

__all__ = ["DATA_KEY", "data_hashes", "draw_figures", "figure_files", "write_figures"]

#: The key of a picture's text under which the hash of its numbers stands.
DATA_KEY = "Data-SHA256"

# Lengths are in inches, sizes of letters in points.
_DPI = 240
_NAME = 1.75  # the longest room of a label's name
_BAR, _FOREST, _SPREAD = 0.17, 0.185, 0.24  # from one bar, mark or row of points to the next
_CELL, _LEAST_CELL, _ROW = 0.4, 0.29, 0.29  # sides of a cell, and the height of a row of stances alone
_WIDEST = 11.0  # beyond it cells shrink, and those too small for a number have none
_NUMBERED = 0.22
_POINTS, _BOXED = 400, 5  # most points of a row, and the fewest that have a box


def data_hashes(numbers: FigureNumbers) -> dict[str, str]:
    """Return the SHA-256 of what each picture shows, by the picture's file name; figures count to four decimals."""
    shown = {name: asdict(numbers)[name.removesuffix(".png")] for name in _PICTURES}
    return {
        name: hashlib.sha256(
            json.dumps([_plain(part), dict(numbers.annotators)], ensure_ascii=False, allow_nan=False).encode()
        ).hexdigest()
        for name, part in shown.items()
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 4) + 0.0
    return value


def draw_figures(numbers: FigureNumbers) -> "dict[str, Figure]":
    """Return the four pictures as matplotlib figures, by file name, 1,440 pixels wide or wider at 240 dots an inch.

    ``labels.png``: shares of stances and topics by edition; ``topics.png``: topics together, and topics by stance;
    ``lengths.png``: lengths of paragraphs in characters by edition and genre; ``agreement.png``: alpha by question,
    and by genre. What the data does not tell is said in the picture.

    Raises:
        MissingExtraError: Without matplotlib.
    """
    with styled(SIZE, SMALL):
        return {name: draw(numbers) for name, draw in _PICTURES.items()}


def figure_files(numbers: FigureNumbers) -> dict[str, bytes]:
    """Return the four pictures as PNG files, by file name; see :func:`draw_figures`.

    Raises:
        MissingExtraError: Without matplotlib.
    """
    hashes = data_hashes(numbers)
    with styled(SIZE, SMALL):
        return {
            name: _with_text(picture_bytes(draw(numbers), "png", _DPI), {DATA_KEY: hashes[name]})
            for name, draw in _PICTURES.items()
        }


def _with_text(png: bytes, text: Mapping[str, str]) -> bytes:
    """Return a PNG in 256 colours, which are enough and make it a third as large, with text beside the picture."""
    from PIL import Image, PngImagePlugin

    beside = PngImagePlugin.PngInfo()
    for key, words in text.items():
        beside.add_text(key, words)
    content = BytesIO()
    image = Image.open(BytesIO(png)).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    image.save(content, "PNG", optimize=True, pnginfo=beside)
    return content.getvalue()


def write_figures(numbers: FigureNumbers, folder: str | Path) -> list[Path]:
    """Write the four pictures into a folder, which is made where it does not exist, and return their paths.

    Where one cannot be written none is, and earlier ones stay.

    Raises:
        InputError: Where the folder cannot be written.
        MissingExtraError: Without matplotlib.
    """
    folder, contents = Path(folder), figure_files(numbers)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:  # all are written when the first is renamed
            for name, content in contents.items():
                stream = stack.enter_context(replacing(folder / name))
                stream.buffer.write(content)
                stream.flush()
    except OSError as error:
        raise InputError(
            "the pictures cannot be written", where=str(folder), got=error.strerror or str(error)
        ) from None
    return [folder / name for name in contents]


# --- labels


def _draw_labels(numbers: FigureNumbers) -> "Figure":
    editions = numbers.labels
    page = Page("Stances and topics: share of each edition’s paragraphs")
    page.key(
        [
            (edition_colour(number), f"{one.edition}: n = {counted(one.paragraphs, 'paragraph')}")
            for number, one in enumerate(editions)
        ]
    )
    labels = {label for one in editions for found in (one.topics, *one.stances.values()) for label in found}
    name = room_of(list(labels), _NAME, SIZE)
    for target in dict.fromkeys(target for one in editions for target in one.stances):
        page.heading(towards(target))
        counts = [one.stances.get(target, {}) for one in editions]
        _draw_bars(page, counts, [sum(found.values()) for found in counts], name)
    caption = [judges_words(numbers.annotators)]
    if any(one.with_topics for one in editions):
        page.heading("Topics")
        _draw_bars(page, [one.topics for one in editions], [one.with_topics for one in editions], name)
        caption.insert(0, "In brackets: paragraphs. A paragraph has one stance and may have several topics.")
    else:
        caption.insert(0, "In brackets: paragraphs.")
    return page.figure(caption)


def _draw_bars(page: Page, counts: Sequence[Mapping[str, int]], wholes: Sequence[int], name: float) -> None:
    """Draw a bar for each label and edition, with share and count in words beside it."""
    labels = list(dict.fromkeys(label for found in counts for label in found))
    shown = [number for number, whole in enumerate(wholes) if whole]
    rows = named_rows([(label, len(shown), False) for label in labels], name, _BAR)
    words = {
        (label, number): f"{share_words(found, wholes[number])} ({found:,})"
        for label in labels
        for number in shown
        for found in [counts[number].get(label, 0)]
    }
    after = max(text_width(one, SMALL) for one in words.values()) + 0.12
    plot = page.room - name - 0.12 - after
    most = max(counts[number].get(label, 0) / wholes[number] for label in labels for number in shown)
    most = max(math.ceil(most * 10 - 1e-9) / 10, 0.1)
    height = rows[-1].top + rows[-1].height
    top = page.top

    def draw(sheet: Sheet) -> None:
        band = sheet.axes(MARGIN, top, page.room, height)
        band.set_axis_off()
        band.set(xlim=(0, 1), ylim=(height, 0))
        draw_bands(band, rows)
        left = MARGIN + name + 0.12
        axes = sheet.axes(left, top, plot, height)
        axes.set(xlim=(0, most), ylim=(height, 0), facecolor="none")
        ticks = [tick / 10 for tick in range(0, round(most * 10) + 1, 1 if most < 0.55 else 2)]
        axes.set_xticks(ticks, [f"{100 * tick:.0f} %" for tick in ticks])
        for tick in ticks[1:]:
            axes.axvline(tick, color="#D8D8D8", linewidth=0.5, zorder=0.5)
        axes.axvline(0, color="#8A8A8A", linewidth=0.8)
        for label, row in zip(labels, rows, strict=True):
            write_name(sheet, MARGIN + 0.04, top, row)
            for number, place in zip(shown, row.places, strict=True):
                share = counts[number].get(label, 0) / wholes[number]
                axes.add_patch(rectangle(0, place - 0.065, share, 0.13, facecolor=edition_colour(number), zorder=2))
                end = left + share / most * plot + 0.05
                sheet.text(end, top + place, words[label, number], size=SMALL, va="center_baseline")

    page.add(draw, height + 0.3)


# --- topics


def _draw_topics(numbers: FigureNumbers) -> "Figure":
    editions = numbers.topics
    if not editions:
        page = Page("Topics together")
        page.lines("The dataset has no topics.")
        return page.figure([judges_words(numbers.annotators)])
    count = max(len(one.topics) for one in editions)
    name = 0.36 + max(room_of(one.topics, _NAME, SIZE) for one in editions)
    stances = [list(found) for one in editions for found in one.stances.values()]
    targets = list(dict.fromkeys(target for one in editions for target in one.stances))
    beside = _beside(stances, count, name) if len(targets) == 1 else 0
    cells = count + beside
    width = min(max(WIDTH, 2 * MARGIN + name + cells * _LEAST_CELL + 0.3), _WIDEST)
    page = Page("Topics that paragraphs have together" + (", and with each stance" if stances else ""), width)
    cell = min((page.room - name - 0.2 * bool(beside)) / cells, _CELL)
    for one in editions:
        page.heading(f"{one.edition}: n = {counted(one.paragraphs, 'paragraph')}")
        _draw_edition(page, one, name, cell, beside=bool(beside))
    page.top += 0.1
    _draw_colours(page)
    numbered = "Numbers: paragraphs" if cell >= _NUMBERED else "Cells are too small for numbers of paragraphs"
    about = f" The stance is that towards {targets[0]}." if beside and targets[0] else ""
    caption = (
        f"{numbered}; on the grey diagonal, all with the topic. Colour: their share of the paragraphs with the topic of"
        f" the row. Columns are numbered as rows.{about}"
    )
    return page.figure([caption, judges_words(numbers.annotators)])


def _beside(stances: Sequence[Sequence[str]], topics: int, name: float) -> int:
    """Return how many columns of stances stand beside the topics: none where they need lines of their own."""
    columns = max((len(found) for found in stances), default=0)
    return columns if 2 * MARGIN + name + (topics + columns) * _LEAST_CELL + 0.3 <= WIDTH else 0


def _draw_edition(page: Page, numbers: TopicNumbers, name: float, cell: float, *, beside: bool) -> None:
    """Draw the topics together, and each topic's stances, beside them or below."""
    whole = [numbers.together[line][line] for line in range(len(numbers.topics))]
    targets = list(numbers.stances)
    together = [list(line) for line in numbers.together]
    head = 0.2
    if beside and targets:
        head = max(head, _turned(list(numbers.stances[targets[0]])))
    top = page.top + head
    left = MARGIN + name
    heads = [str(number + 1) for number in range(len(numbers.topics))]

    def draw(sheet: Sheet) -> None:
        _write_topics(sheet, top, numbers.topics, name, cell)
        _draw_cells(sheet, (left, top, cell, cell), together, whole, diagonal=True)
        for number, words in enumerate(heads):
            sheet.text(
                left + (number + 0.5) * cell, top - 0.04, words, size=min(SMALL, cell * 30), ha="center", va="bottom"
            )
        if beside and targets:
            _draw_stances(sheet, numbers, targets[0], whole, (left + len(whole) * cell + 0.2, top, cell, cell))

    page.add(draw, head + len(whole) * cell + 0.08)
    if beside and targets:
        return
    for target in targets:
        _draw_below(page, numbers, target, whole, name)


def _draw_below(page: Page, numbers: TopicNumbers, target: str, whole: Sequence[int], name: float) -> None:
    page.top += 0.1
    page.lines(f"{towards(target)}, by topic", SIZE, weight="bold")
    stances = list(numbers.stances[target])
    wide = min((page.room - name) / len(stances), 0.8)
    head = _turned(stances)
    top = page.top + head

    def draw(sheet: Sheet) -> None:
        _write_topics(sheet, top, numbers.topics, name, _ROW)
        _draw_stances(sheet, numbers, target, whole, (MARGIN + name, top, wide, _ROW))

    page.add(draw, head + len(whole) * _ROW + 0.08)


def _turned(names: Sequence[str]) -> float:
    """Return the height of names that stand upright."""
    return room_of(names, 1.5, SMALL) + 0.12


def _write_topics(sheet: Sheet, top: float, topics: Sequence[str], name: float, cell: float) -> None:
    for number, topic in enumerate(topics):
        middle = top + (number + 0.5) * cell
        sheet.text(
            MARGIN + name - 0.07, middle, str(number + 1), size=SMALL, color=GREY, ha="right", va="center_baseline"
        )
        lines = wrapped(topic, name - 0.34, SIZE, most=2)
        size = min(SIZE, cell * 58 / len(lines))
        for place, line in enumerate(lines):
            shift = (place - (len(lines) - 1) / 2) * size / 68
            sheet.text(MARGIN + name - 0.32, middle + shift, line, size=size, ha="right", va="center_baseline")


def _draw_stances(
    sheet: Sheet,
    numbers: TopicNumbers,
    target: str,
    whole: Sequence[int],
    place: tuple[float, float, float, float],
) -> None:
    left, top, wide, _ = place
    stances = numbers.stances[target]
    _draw_cells(sheet, place, [list(line) for line in zip(*stances.values(), strict=True)], whole)
    for number, stance in enumerate(stances):
        words = wrapped(stance, 1.5, SMALL, most=1)[0]
        middle = left + (number + 0.5) * wide
        sheet.text(middle, top - 0.05, words, size=SMALL, rotation=90, ha="center", va="bottom")


def _draw_cells(
    sheet: Sheet,
    place: tuple[float, float, float, float],
    counts: Sequence[Sequence[int]],
    whole: Sequence[int],
    *,
    diagonal: bool = False,
) -> None:
    """Draw counts in cells whose colour is their share of the line's whole; a place is left, top, width and height."""
    left, top, wide, high = place
    lines, columns = len(counts), len(counts[0])
    axes = sheet.axes(left, top, columns * wide, lines * high)
    axes.set_axis_off()
    axes.set(xlim=(0, columns), ylim=(lines, 0))
    longest = max(len(str(count)) for line in counts for count in line)
    size = min(SMALL, high * 40, wide * 100 / longest)
    colours = _steps()
    for line, theirs in enumerate(counts):
        for column, count in enumerate(theirs):
            own = diagonal and line == column
            share = count / whole[line] if whole[line] else 0.0
            colour = "#E4E4E4" if own else colours(share)
            axes.add_patch(rectangle(column, line, 1, 1, facecolor=colour, edgecolor="white", linewidth=0.8))
            if min(wide, high) >= _NUMBERED:
                axes.text(
                    column + 0.5,
                    line + 0.5,
                    str(count),
                    size=size,
                    color="white" if share >= 0.6 and not own else "black",
                    ha="center",
                    va="center_baseline",
                )


def _steps() -> "Colormap":
    """Return the colours of shares, one for each tenth."""
    from matplotlib import colormaps

    return colormaps[MAP].resampled(10)


def _draw_colours(page: Page) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    top = page.top

    def draw(sheet: Sheet) -> None:
        sheet.text(MARGIN, top, "share of the row’s topic", size=SMALL)
        bar = sheet.axes(MARGIN + 1.65, top + 0.01, 2.2, 0.12)
        colours = sheet.figure.colorbar(ScalarMappable(Normalize(0, 1), _steps()), cax=bar, orientation="horizontal")
        colours.set_ticks([0, 0.2, 0.4, 0.6, 0.8, 1], labels=["0", "20", "40", "60", "80", "100 %"])
        colours.outline.set_linewidth(0.4)

    page.add(draw, 0.36)


# --- lengths


def _draw_lengths(numbers: FigureNumbers) -> "Figure":
    page = Page("Length of paragraphs in characters, by edition and genre")
    parts = numbers.lengths
    names = [(one.genre or one.edition, 1, not one.genre) for one in parts]
    name = room_of([words for words, _, _ in names], _NAME, SIZE)
    rows = named_rows(names, name, _SPREAD)
    middle = [_quartiles(one) for one in parts]
    columns = [
        ("n", [f"{len(one.characters):,}" for one in parts]),
        ("median", [f"{found[1]:,.0f}" for found in middle]),
        ("middle half", [f"{found[0]:,.0f} to {found[2]:,.0f}" for found in middle]),
    ]
    widths = [max(text_width(words, SMALL) for words in (head, *column)) + 0.13 for head, column in columns]
    plot = page.room - name - 0.14 - sum(widths)
    height = rows[-1].top + rows[-1].height
    top = page.top + 0.24
    longest = max(one.characters[-1] for one in parts)

    def draw(sheet: Sheet) -> None:
        band = sheet.axes(MARGIN, top, page.room, height)
        band.set_axis_off()
        band.set(xlim=(0, 1), ylim=(height, 0))
        draw_bands(band, rows)
        axes = sheet.axes(MARGIN + name + 0.14, top, plot, height)
        axes.set(xlim=(0, max(longest, 1) * 1.03), ylim=(height, 0), facecolor="none")
        _count_ticks(axes)
        edition = -1
        for one, found, row in zip(parts, middle, rows, strict=True):
            edition += not one.genre
            write_name(sheet, MARGIN + 0.04, top, row)
            _draw_spread(axes, row.places[0], one.characters, found, edition_colour(edition))
        right = MARGIN + page.room - sum(widths)
        for (head, column), width in zip(columns, widths, strict=True):
            right += width
            sheet.text(right - 0.04, top - 0.05, head, size=SMALL, color=GREY, ha="right", va="bottom")
            for words, row in zip(column, rows, strict=True):
                sheet.text(right - 0.04, top + row.places[0], words, size=SMALL, ha="right", va="center_baseline")

    page.add(draw, 0.24 + height + 0.3)
    _draw_axis_name(page, MARGIN + name + 0.14 + plot / 2, "characters")
    standoff = [one.edition for one in parts if one.standoff and not one.genre]
    unit = "Characters, not words, for every edition has them."
    if standoff:
        unit = (
            f"Characters, not words, for the text of {_listed(standoff)} is not here: its lengths are those of the"
            " places in the articles (end − start)."
        )
    spread = "Points: paragraphs. Box: the middle half. Line in it: median. Whiskers: 5th and 95th percentile."
    if any(len(one.characters) > _POINTS for one in parts):
        spread += f" At most {_POINTS} points a row, evenly spread by rank."
    return page.figure([spread, unit])


def _quartiles(one: LengthNumbers) -> tuple[float, float, float]:
    """Return the quartiles; quantiles interpolate between the lengths themselves."""
    if len(one.characters) < 2:
        return (float(one.characters[0]),) * 3
    low, middle, high = quantiles(one.characters, n=4, method="inclusive")
    return low, middle, high


def _draw_spread(
    axes: "Axes", place: float, lengths: Sequence[int], middle: tuple[float, float, float], colour: str
) -> None:
    """Draw one line of points with a box; the points' heights follow no chance."""
    shown = lengths
    if len(lengths) > _POINTS:
        shown = [lengths[round(number * (len(lengths) - 1) / (_POINTS - 1))] for number in range(_POINTS)]
    heights = [place + 0.16 * (number * 0.618034 % 1 - 0.5) for number in range(len(shown))]
    few = len(lengths) < _BOXED
    size, alpha = (4.0, 0.9) if few else (1.9, 0.35)
    axes.plot(shown, heights, "o", markersize=size, color=colour, alpha=alpha, markeredgewidth=0, zorder=2)
    if few:
        return
    cuts = quantiles(lengths, n=20, method="inclusive")
    line = {"color": "black", "linewidth": 0.9, "solid_capstyle": "butt", "zorder": 3}
    axes.plot([cuts[0], middle[0]], [place, place], **line)  # type: ignore[arg-type]
    axes.plot([middle[2], cuts[-1]], [place, place], **line)  # type: ignore[arg-type]
    axes.add_patch(
        rectangle(
            middle[0],
            place - 0.07,
            middle[2] - middle[0],
            0.14,
            facecolor=(1, 1, 1, 0.55),
            edgecolor="black",
            linewidth=0.9,
            zorder=3,
        )
    )
    axes.plot([middle[1]] * 2, [place - 0.07, place + 0.07], **{**line, "linewidth": 1.8})  # type: ignore[arg-type]


def _count_ticks(axes: "Axes") -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.grid(axis="x", color="#D8D8D8", linewidth=0.5)
    axes.set_axisbelow(True)


def _draw_axis_name(page: Page, middle: float, words: str) -> None:
    top = page.top - 0.04
    page.add(lambda sheet: sheet.text(middle, top, words, size=SMALL, ha="center"), 0.12)


def _listed(names: Sequence[str]) -> str:
    names = [f"“{name}”" for name in names]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


# --- agreement

_Compared = tuple[str, bool, Sequence[tuple[int, Estimate]]]  # name, whether it is bold, estimates by edition's number


def _draw_agreement(numbers: FigureNumbers) -> "Figure":
    whole = [one for one in numbers.agreement if not one.genre]
    page = Page("Agreement: Krippendorff’s alpha with 95 % intervals")
    if not whole:
        page.lines("The dataset has no judgements, so agreement is undefined.")
        return page.figure([judges_words(numbers.annotators)])
    entries = [(edition_colour(number), _judged(one)) for number, one in enumerate(whole)]
    page.key(entries)
    measured = [one for one in whole if one.alphas]
    names = {words for one in numbers.agreement for words in (one.genre, *map(_asked, one.alphas))}
    name = room_of(list(names), _NAME, SIZE)
    if measured:
        page.heading("By question")
        questions = list(dict.fromkeys(question for one in measured for question in one.alphas))
        shown = [(number, one) for number, one in enumerate(whole) if one.alphas]
        _draw_forest(
            page,
            [
                (_asked(question), not question.startswith("topic "), [(n, one.alphas[question]) for n, one in shown])
                for question in questions
            ],
            name,
            _every_alpha(numbers),
        )
    _draw_genres(page, numbers, [one.edition for one in whole], name)
    return page.figure(_agreement_caption(numbers))


def _judged(one: AgreementNumbers) -> str:
    if one.reason:
        return f"{one.edition}: undefined, for {one.reason}"
    return f"{one.edition}: n = {counted(one.paragraphs, 'paragraph')} judged at least twice"


def _asked(question: str) -> str:
    return "topics (sets)" if question == "topics" else question.removeprefix("topic ")


def _every_alpha(numbers: FigureNumbers) -> list[Estimate]:
    return [estimate for one in numbers.agreement for estimate in one.alphas.values()]


def _draw_genres(page: Page, numbers: FigureNumbers, editions: Sequence[str], name: float) -> None:
    """Draw the alphas of genres, a panel for each question."""
    genres = [one for one in numbers.agreement if one.genre]
    for question in dict.fromkeys(question for one in genres for question in one.alphas):
        page.heading(f"By genre: {_asked(question)}")
        rows = []
        for genre in dict.fromkeys(one.genre for one in genres):
            theirs = [
                (editions.index(one.edition), one.alphas.get(question) or _unmeasured(one.reason))
                for one in genres
                if one.genre == genre
            ]
            rows.append((genre, False, theirs))
        _draw_forest(page, rows, name, _every_alpha(numbers))


def _unmeasured(reason: str) -> Estimate:
    nothing = float("nan")
    return Estimate(nothing, nothing, nothing, 0, nothing, reason)


def _draw_forest(page: Page, lines: Sequence[_Compared], name: float, scale: Sequence[Estimate]) -> None:
    """Draw a mark for each line and edition, with the figures and n in words beside it."""
    rows = named_rows([(words, len(found), bold) for words, bold, found in lines], name, _FOREST)
    estimates = [estimate for _, _, found in lines for _, estimate in found]
    values = max(text_width(estimate_words(one), SMALL) for one in estimates) + 0.08
    values = max(values, text_width("alpha [95 % interval]", SMALL) + 0.08)
    counts = max(text_width(f"{one.count:,}", SMALL) for one in estimates) + 0.14
    plot = page.room - name - 0.14 - values - counts - 0.1
    height = rows[-1].top + rows[-1].height
    top = page.top + 0.16

    def draw(sheet: Sheet) -> None:
        band = sheet.axes(MARGIN, top, page.room, height)
        band.set_axis_off()
        band.set(xlim=(0, 1), ylim=(height, 0))
        draw_bands(band, rows)
        axes = sheet.axes(MARGIN + name + 0.14, top, plot, height)
        draw_scale(axes, height, scale, start=0.6)
        for limit in (0.667, 0.8):
            axes.axvline(limit, color=GREY, linewidth=0.8, linestyle=(0, (1, 2)))
        left, right = MARGIN + name + 0.14 + plot + 0.1, MARGIN + page.room - 0.04
        sheet.text(left, top - 0.04, "alpha [95 % interval]", size=SMALL, color=GREY, va="bottom")
        sheet.text(right, top - 0.04, "n", size=SMALL, color=GREY, va="bottom", ha="right")
        for (_, _, found), row in zip(lines, rows, strict=True):
            write_name(sheet, MARGIN + 0.04, top, row)
            for (edition, estimate), place in zip(found, row.places, strict=True):
                draw_mark(axes, place, estimate, Mark(edition_colour(edition), 4.4))
                sheet.text(left, top + place, estimate_words(estimate), size=SMALL, va="center_baseline")
                sheet.text(right, top + place, f"{estimate.count:,}", size=SMALL, va="center_baseline", ha="right")

    page.add(draw, 0.16 + height + 0.3)


def _agreement_caption(numbers: FigureNumbers) -> list[str]:
    shown = _every_alpha(numbers)
    caption = []
    if numbers.annotators:
        said = judges_words(numbers.annotators)
        only = set(numbers.annotators) == {"model"}
        caption.append(said + " Agreement between passes of one model is not agreement between people." * only)
    if shown:
        caption.append(
            f"Bars: percentile bootstrap over paragraphs, {RESAMPLES:,} resamples. Topics as sets by MASI distance,"
            " each topic as ticked or not. Dotted: .667 and .800, Krippendorff’s least values for tentative and for"
            " firm conclusions. The axis need not begin at 0."
        )
    reasons = [estimate.reason for estimate in shown] + [one.reason for one in numbers.agreement if one.genre]
    named = [reason for reason in dict.fromkeys(reasons) if reason]
    return [*caption, f"Undefined: {'; '.join(named)}."] if named else caption


_PICTURES: "dict[str, Callable[[FigureNumbers], Figure]]" = {
    "labels.png": _draw_labels,
    "topics.png": _draw_topics,
    "lengths.png": _draw_lengths,
    "agreement.png": _draw_agreement,
}

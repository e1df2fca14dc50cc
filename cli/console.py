"""What commands print: results on standard output, everything else on standard error."""

import json
import math
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from typing import TypeVar

from iraqstance.annotation.records import Issue

__all__ = ["complain", "note", "print_issues", "print_json", "print_table", "print_untrained", "tracked"]

T = TypeVar("T")

_WIDTH = 120  # of a table that is no terminal's


def complain(message: str) -> None:
    """Print an error."""
    sys.stdout.flush()
    print(f"error: {message}", file=sys.stderr)


def note(message: str) -> None:
    """Print what a person may want to know, out of the way of the results."""
    sys.stdout.flush()
    print(message, file=sys.stderr)


def print_issues(issues: Iterable[Issue], *, as_json: bool = False) -> bool:
    """Print a validator's findings on standard error and tell whether there was an error among them."""
    found = list(issues)
    if as_json:
        note(json.dumps([asdict(issue) for issue in found], ensure_ascii=False))
    else:
        for issue in found:
            note(f"{issue.severity}: {issue.where}: {issue.message} [{issue.rule}]")
    return any(issue.severity == "error" for issue in found)


def print_json(value: object) -> None:
    """Print one JSON document; records become objects, undefined figures ``null``."""
    print(json.dumps(_plain(value), ensure_ascii=False, indent=2))


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if isinstance(value, dict):
        return {" / ".join(key) if isinstance(key, tuple) else key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and math.isnan(value):
        return None
    return value


def print_untrained(counts: Mapping[str, int]) -> None:
    """Print which labels of tested rows no training row had, and how many rows have each."""
    for name, count in counts.items():
        print(f"never trained: {name!r}, the label of {count} tested row{'s' * (count != 1)}")


def print_table(head: Sequence[str], rows: Iterable[Sequence[object]], *, wide: str = "", cut: bool = False) -> None:
    """Print a table. Numbers are set right; the column named ``wide`` takes the room that is left.

    What is longer than that wraps, or is cut to one line where ``cut`` is set.
    """
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = _WIDTH
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    lines = [[_cell(value) for value in row] for row in rows]
    if cut:
        lines = _cut(lines, head, head.index(wide), console.width)
    for number, name in enumerate(head):
        numeric = all(line[number][:1] in "-0123456789" for line in lines)
        table.add_column(
            name,
            justify="right" if numeric else "left",
            overflow="fold",
            no_wrap=numeric,
            ratio=1 if name == wide else None,
        )
    for line in lines:
        table.add_row(*line)
    console.print(table)


def _cut(lines: Sequence[Sequence[str]], head: Sequence[str], wide: int, width: int) -> list[list[str]]:
    """Return the rows with the wide column cut to the room that the others leave, but to ten cells at least."""
    from rich.cells import cell_len
    from rich.text import Text

    others = [number for number in range(len(head)) if number != wide]
    taken = sum(3 + max(cell_len(line[number]) for line in (head, *lines)) for number in others)

    def shortened(text: str) -> str:
        words = Text(" ".join(text.split()))
        words.truncate(max(10, width - taken - 2), overflow="ellipsis")
        return words.plain

    return [[shortened(text) if number == wide else text for number, text in enumerate(line)] for line in lines]


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "undefined" if math.isnan(value) else f"{value:.3f}"
    return str(value)


def tracked(steps: Iterable[T], total: int | None, what: str) -> Iterator[T]:
    """Yield the steps, with a progress bar on standard error where that is a terminal."""
    if not sys.stderr.isatty():
        yield from steps
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(steps, description=what, total=total, console=Console(stderr=True), transient=True)

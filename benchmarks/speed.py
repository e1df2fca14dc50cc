"""How fast texts are labelled, beside other libraries: paragraphs a second of one core.

All systems run in one go, each as a process of its own that is loaded and warm, and take turns: each round every one
labels paragraphs for about a second. The time is that of the CPU, from paragraphs in memory to a label each; for two
threads it is that of the clock. Ratios are taken round by round, so that what else the machine does weighs little.

The paragraphs are made of the open edition, always the same: runs of eight words from it, 47 words together. Its test
split is not learned from. ``--data`` names a table of your own instead, whose texts are labelled as they are. Peers are
installed into ``build/peers``, once; one that cannot be installed or run is told, and left out.

``--growth``   what a paragraph costs as their number, the vocabulary and their length grow
``--streams``  ``iraqstance predict -i … -o …`` from end to end: rows a second, the share of scoring, memory
``--cold``     ``iraqstance predict "…"`` from a cold start, against ``python -c "import numpy"``
``--all``      the comparison and all of these
``--write``    stores what was measured in ``benchmarks/speed.json``, draws ``docs/speed.png`` and fills the README in
``--redraw``   draws and fills in from what is stored; ``--check`` exits with 1 where that would change the README

Usage: python benchmarks/speed.py [--growth] [--streams] [--cold] [--all] [--write] [--data FILE] [--rounds 7]
"""

import argparse
import json
import os
import platform
import sys
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from iraqstance.annotation.errors import IraqstanceError
from iraqstance.annotation.storage import write_json
from iraqstance.cli.console import complain, note, print_table
from speed_parts.page import BUSY, comparison_rows, notes, picture, renewed
from speed_parts.texts import WORDS, corpora, given, remixed, write_models, write_texts
from speed_parts.turns import HINDRANCES, installed, measured

ROOT = Path(__file__).resolve().parent.parent
STORED, README, PICTURE = ROOT / "benchmarks" / "speed.json", ROOT / "README.md", ROOT / "docs" / "speed.png"
LIBRARIES = ("numpy", "scipy", "scikit-learn", "numba", "pyarrow", "matplotlib")


def machine() -> dict[str, Any]:
    """Return what the figures depend on besides the code."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        processor = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        processor = platform.processor() or platform.machine()
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "processor": processor,
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "load": round(os.getloadavg()[0], 1),
    }


def compared(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Measure all systems in turns."""
    learned, texts = corpora(options.data)
    sizes = write_models(learned, folder)
    write_texts(given(texts, options.texts) if options.data else remixed(texts, options.texts), folder)
    found = measured(folder, options.texts, options.rounds, options.seconds, options.systems)
    peers = installed() if options.systems is None else {}
    text = f"the texts of {Path(options.data).name}" if options.data else f"paragraphs of {WORDS} words"
    return {"text": text, "learned": len(learned), "n-grams": sizes, "peers": peers, **found}


def grown(folder: Path, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Measure cost as work grows."""
    from speed_parts.growth import grown as points

    learned, texts = corpora(options.data)
    write_models(learned, folder)
    found = []
    for point in points(folder, texts, min(3, options.rounds), options.most):
        print(f"{point.along} {point.size:,}: {point.system} {min(point.values):.2f} {point.unit}", file=sys.stderr)
        found.append(point._asdict())
    return found


def streamed(folder: Path, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Measure files from end to end."""
    from speed_parts.commands import streams

    _, texts = corpora(options.data)
    return streams(folder, texts, options.rows, min(3, options.rounds))


def started(_: Path, options: argparse.Namespace) -> dict[str, list[float]]:
    """Measure cold starts."""
    from speed_parts.commands import cold

    return cold(3 * options.rounds)


PARTS = {"compared": compared, "growth": grown, "streams": streamed, "cold": started}


def show(found: dict[str, Any]) -> None:
    """Print what was measured."""
    if "compared" in found:
        print_table(
            ["system", "paragraphs/s", "lowest", "highest", "ours is so many times as fast", "aim"],
            [
                [row.name, *(f"{value:,.0f}" for value in row.rate), row.ratio_words, row.aim_words]
                for row in comparison_rows(found["compared"]["result"])
            ],
        )
        for name, share in found["compared"]["result"]["agreement"].items():
            print(f"{name}: {share:.1%} of the stances as scikit-learn's pipeline")
        for name, fault in found["compared"]["result"]["faults"].items():
            print(f"{name}: left out, {fault}")
    for line in notes(found):
        print(line)


def draw(stored: dict[str, Any]) -> None:
    """Draw the picture, where systems were compared, and fill the README in."""
    if "compared" in stored:
        PICTURE.write_bytes(picture(stored))
    README.write_text(renewed(README.read_text(encoding="utf-8"), stored), encoding="utf-8")


def redrawn(stored: dict[str, Any], *, check: bool) -> None:
    """Draw and fill in from what is stored; or exit with 1 where that would change the README."""
    readme = README.read_text(encoding="utf-8")
    if not check:
        draw(stored)
    elif readme != renewed(readme, stored):
        sys.exit("README.md does not show what benchmarks/speed.json holds. Run: python benchmarks/speed.py --redraw")


def taken(options: argparse.Namespace) -> dict[str, Any]:
    """Measure what is asked for, and return it by part, each with the machine as it was."""
    asked = [name for name in ("growth", "streams", "cold") if options.all or getattr(options, name)]
    found = {}
    for name in ["compared", *asked] if options.all or not asked else asked:
        about = machine()
        if about["load"] > BUSY:
            note(f"the machine is busy (load {about['load']}): figures suffer")
        with tempfile.TemporaryDirectory() as folder:
            found[name] = {"machine": about, "result": PARTS[name](Path(folder), options)}
    return found


def main() -> None:
    """Measure what is asked for, print, and store where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("growth", "streams", "cold", "all", "write", "redraw", "check"):
        parser.add_argument(f"--{name}", action="store_true")
    parser.add_argument("--data", help="a table with a text and a stance column, and topics where it has them")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1.0, help="of one turn")
    parser.add_argument("--texts", type=int, default=200_000, help="paragraphs that are made")
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 1_000_000], help="of the streams' files")
    parser.add_argument("--most", type=int, default=2_000_000, help="the greatest size of --growth")
    parser.add_argument("--systems", nargs="+", metavar="NAME", help="some systems only, such as 'word ours'")
    options = parser.parse_args()
    if options.write and options.systems:
        parser.error("--write stores all systems: leave --systems out")
    stored = json.loads(STORED.read_text(encoding="utf-8")) if STORED.exists() else {}
    if options.check or options.redraw:
        redrawn(stored, check=options.check)
        return
    for name in HINDRANCES:
        os.environ.pop(name, None)
    try:
        found = taken(options)
        show(found)
        if options.write:
            stored |= found
            write_json(STORED, stored)
            draw(stored)
    except IraqstanceError as error:
        complain(str(error))
        sys.exit(1)


if __name__ == "__main__":
    main()

"""The command as a user runs it: files from end to end, and one text from a cold start."""

import csv
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from iraqstance.training.default_model import default_model, default_model_folder
from iraqstance.training.flat.folder import FLAT
from iraqstance.training.flat.scorer import Scorer
from segmentation import cost
from speed_parts.page import FORMATS
from speed_parts.texts import remixed
from speed_parts.turns import environment

COMMAND = str(Path(sys.executable).with_name("iraqstance"))
TEXT = "Iraqi officials fear that new sanctions would cripple the banks."
BLOCK = 10_000  # rows
# A small process that starts another: the peak of a process counts what the one before it in its place had.
CHILD = """
import json, resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps(used.ru_utime + used.ru_stime))
"""


def streams(folder: Path, texts: tuple[str, ...], sizes: list[int], rounds: int) -> dict[str, Any]:
    """Return what files of so many rows cost, and what scoring their texts alone costs.

    Returns:
        ``runs``: for each format and size seconds of the CPU and of the clock, and peaks of memory in MiB, by round;
        ``scoring``: seconds of the CPU for a row, by round.
    """
    default_model()  # made once, as at a user's first prediction
    kept = remixed(texts, BLOCK * 5)
    runs = {}
    for ending in FORMATS:
        for size in sizes:
            write_rows(folder / f"{size}.{ending}", kept, size)
            runs[ending, size] = {"format": ending, "rows": size, "cpu": [], "clock": [], "peak": []}
    scoring = []
    for number in range(rounds):
        scoring.append(scored(kept) / len(kept))
        for (ending, size), found in runs.items():
            out = folder / f"out.{ending}"
            clock = perf_counter()
            cpu, peak = cost([COMMAND, "predict", "-i", str(folder / f"{size}.{ending}"), "-o", str(out)])
            found["clock"].append(perf_counter() - clock)
            found["cpu"].append(cpu)
            found["peak"].append(peak)
            out.unlink()
            print(f"round {number + 1}: {ending}, {size:,} rows: {cpu:.1f} s, {peak:.0f} MiB", file=sys.stderr)
    return {"runs": list(runs.values()), "scoring": scoring}


def scored(texts: list[str]) -> float:
    """Return the CPU seconds in which compiled code gives the probabilities of texts."""
    scorer = Scorer(default_model_folder() / FLAT)
    engine = scorer.compiled()
    if engine is None:
        raise ImportError("numba is missing")
    engine.scores(texts[:1000])
    start = process_time()
    for first in range(0, len(texts), BLOCK):
        scorer.probabilities_of(engine.scores(texts[first : first + BLOCK]))
    return process_time() - start


def write_rows(path: Path, texts: list[str], size: int) -> None:
    """Write a table of so many rows, the texts again and again, each row with a number of its own."""
    if path.suffix == ".jsonl":
        with path.open("w", encoding="utf-8") as stream:
            for number in range(size):
                row = {"id": number, "text": texts[number % len(texts)]}
                stream.write(json.dumps(row, ensure_ascii=False) + "\n")
        return
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as stream:
            table = csv.writer(stream)
            table.writerow(("id", "text"))
            table.writerows((number, texts[number % len(texts)]) for number in range(size))
        return
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetWriter(path, pa.schema([("id", pa.int64()), ("text", pa.string())])) as table:
        for numbers, part in _blocks(texts, size):
            table.write_table(pa.table({"id": pa.array(numbers, pa.int64()), "text": part}))


def _blocks(texts: list[str], size: int) -> Iterator[tuple[range, list[str]]]:
    for first in range(0, size, BLOCK):
        numbers = range(first, min(first + BLOCK, size))
        yield numbers, [texts[number % len(texts)] for number in numbers]


def cold(rounds: int) -> dict[str, list[float]]:
    """Return the CPU seconds of one prediction, and of a Python that imports NumPy, in turns."""
    default_model()
    commands = {"predict": [COMMAND, "predict", TEXT], "numpy": [sys.executable, "-c", "import numpy"]}
    found: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            done = subprocess.run(
                [sys.executable, "-S", "-c", CHILD, *command], check=True, stdout=subprocess.PIPE, env=environment()
            )
            if number:  # the first is to be warm
                found[name].append(json.loads(done.stdout))
    print(
        f"medians: { ({name: round(statistics.median(values), 4) for name, values in found.items()}) }", file=sys.stderr
    )
    return found

"""How fast ``iraqstance dataset check`` reads a large table: against a pass that only parses and hashes its rows.

Both run on the same made-up rows, in turn; the figure is the ratio of their CPU times in each round. Near-duplicates
are left out, since their cost depends on how alike the texts are.

Usage: python benchmarks/checking.py [--rows 100000] [--rounds 3]
"""

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

from iraqstance.annotation.normalise import fingerprint
from iraqstance.dataset.check import check


def write_rows(path: Path, count: int) -> None:
    """Write rows without a fault: 40 words each, in 500 groups."""
    words = [f"word{number}" for number in range(5000)]
    with path.open("w", encoding="utf-8") as stream:
        for number in range(count):
            text = " ".join(words[(number * 7 + place * place) % 5000] for place in range(40)) + f" {number}"
            row = {"id": f"a/{number:06d}", "group": f"g{number % 500}", "text": text, "sha256": fingerprint(text)}
            stream.write(json.dumps({**row, "stance": ("pro", "con")[number % 2], "topics": ["tea"]}) + "\n")


def bare(path: Path) -> float:
    """Return the CPU seconds of parsing and hashing every row."""
    started = time.process_time()
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            fingerprint(json.loads(line)["text"])
    return time.process_time() - started


def checked(path: Path) -> float:
    """Return the CPU seconds of the validator."""
    started = time.process_time()
    found = check(path, near_duplicates=False).issues
    if found:
        raise SystemExit(f"the rows should have no fault: {found[0]}")
    return time.process_time() - started


def main() -> None:
    """Print the ratio of every round and their median."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.jsonl"
        write_rows(path, arguments.rows)
        ratios = []
        for number in range(1, arguments.rounds + 1):
            least, whole = bare(path), checked(path)
            ratios.append(whole / least)
            print(f"round {number}: {whole:.1f} s against {least:.1f} s, {ratios[-1]:.1f} times")
    print(f"{arguments.rows} rows: median {statistics.median(ratios):.1f} times")


if __name__ == "__main__":
    main()

"""How well and how fast articles are cut into paragraphs.

Well: precision, recall and F1 of exact paragraphs over ``tests/annotation/articles``, whose gold paragraphs stand
beside them. The rules were made on these articles, so this is no estimate for others.

Fast: ``segment`` against a pass that only reads, decodes, normalises, hashes and writes the same JSON a line, both
as processes of their own on one stream of articles, in turn. Memory: the peak of ``segment`` at a tenth of the stream
and at all of it.

Usage: python benchmarks/segmentation.py [--megabytes 100] [--rounds 3]
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from iraqstance.annotation.segment import segment_file
from iraqstance.dataset.editions import packaged_edition

CORPUS = Path(__file__).resolve().parent.parent / "tests" / "annotation" / "articles"

BASELINE = """
import hashlib, json, sys, unicodedata
offset = 0
with open(sys.argv[1], "rb") as stream, open(sys.argv[2], "w", encoding="utf-8") as out:
    for number, raw in enumerate(stream):
        line = unicodedata.normalize("NFC", raw.decode().rstrip("\\r\\n"))
        text = " ".join(line.split())
        if text:
            row = {"id": f"stream/{number:03d}", "article": "stream", "start": offset, "end": offset + len(line),
                   "text": text, "sha256": hashlib.sha256(text.encode()).hexdigest()}
            out.write(json.dumps(row, ensure_ascii=False) + "\\n")
        offset += len(line) + 1
"""


def accuracy() -> None:
    """Print precision, recall and F1 over the corpus."""
    right = extra = missing = articles = 0
    for gold_file in sorted(CORPUS.glob("*.paragraphs")):
        gold = set(gold_file.read_text(encoding="utf-8").splitlines())
        found = {paragraph.text for paragraph in segment_file(gold_file.with_suffix(".txt"))}
        right += len(gold & found)
        extra += len(found - gold)
        missing += len(gold - found)
        articles += 1
    precision, recall = right / (right + extra), right / (right + missing)
    score = 2 * precision * recall / (precision + recall)
    print(f"{articles} articles, {right + missing} paragraphs:")
    print(f"precision {precision:.3f}, recall {recall:.3f}, F1 {score:.3f}")


def write_stream(path: Path, size: int) -> None:
    """Write articles made of the open edition's paragraphs, with the furniture of a web page, up to a size in bytes.

    Each paragraph carries a number of its own, so that none repeats another.
    """
    texts = [paragraph.text for paragraph in packaged_edition("open").paragraphs]
    written = number = 0
    with path.open("w", encoding="utf-8") as stream:
        while written < size:
            parts = ["Home > Reports > Iraq", f"What the new policy means for Baghdad, part {number}", "March 19, 2025"]
            for _ in range(12):
                if number % 5 == 0:
                    parts.append("What comes next")
                parts.append(f"Report {number}. {texts[number % len(texts)]}")
                number += 1
            parts += ["Share on Facebook", "No Comments", ""]
            article = "\n\n".join(parts) + "\n"
            stream.write(article)
            written += len(article.encode())


def cost(command: list[str]) -> tuple[float, float]:
    """Run a command and return its CPU seconds and peak resident memory in MiB."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    program = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True); "
    program += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    peak = subprocess.run(
        [sys.executable, "-c", program, *command], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, int(peak) / 1024


def speed(megabytes: int, rounds: int) -> None:
    """Print the ratio of CPU times, round by round, and the peaks of memory."""
    with tempfile.TemporaryDirectory() as folder:
        stream, small, out = Path(folder, "stream.txt"), Path(folder, "small.txt"), Path(folder, "out.jsonl")
        write_stream(stream, megabytes * 1_000_000)
        write_stream(small, megabytes * 100_000)
        segment = [sys.executable, "-m", "iraqstance.cli", "segment"]
        _, little = cost([*segment, str(small), "-o", str(out)])
        ratios, peaks = [], []
        for number in range(rounds):
            baseline, _ = cost([sys.executable, "-c", BASELINE, str(stream), str(out)])
            ours, peak = cost([*segment, str(stream), "-o", str(out)])
            ratios.append(ours / baseline)
            peaks.append(peak)
            print(
                f"round {number + 1}: bare pass {baseline:.1f} s, segment {ours:.1f} s of CPU, ratio {ratios[-1]:.2f}"
            )
        with out.open(encoding="utf-8") as rows:
            count = sum(bool(json.loads(row)["id"]) for row in rows)
    print(f"{megabytes} MB, {count} paragraphs: median ratio {statistics.median(ratios):.2f}")
    print(f"peak memory {max(peaks):.0f} MiB, at a tenth of the stream {little:.0f} MiB")


def main() -> None:
    """Parse the options and print both parts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    accuracy()
    speed(options.megabytes, options.rounds)


if __name__ == "__main__":
    main()

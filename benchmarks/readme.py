"""Put the true output of the demo into the README, or check that it is there.

In the README, ``<!-- output: NAME -->`` stands before each block. ``demo`` is the run on the open edition;
``articles`` is the run on the source articles, for which their folder has to be given. ``--block`` names one of the two
alone. A timing alone changes nothing.

Usage: python benchmarks/readme.py [--check] [--articles FOLDER] [--block NAME]
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"
BLOCK = re.compile(r"(<!-- output: ([a-z]+) -->\n```text\n)(.*?)(^```$)", re.DOTALL | re.MULTILINE)
TIMING = re.compile(r"took \d+ s")


def demo_output(articles: Path | None) -> str:
    """Return what ``iraqstance demo`` prints, in an empty folder, with the articles under the name ``articles``."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = []
        if articles is not None:
            Path(folder, "articles").symlink_to(articles.resolve())
            arguments = ["articles"]
        done = subprocess.run(
            [sys.executable, "-m", "iraqstance.cli", "demo", *arguments],
            cwd=folder,
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(Path(folder, "hf"))},
        )
    lines = "\n".join(line.rstrip() for line in done.stdout.decode().splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip("\n") + "\n"


def main() -> None:
    """Rewrite the blocks, or exit with 1 where one is not what the command prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--articles", type=Path)
    parser.add_argument("--block", choices=("demo", "articles"))
    options = parser.parse_args()
    stale = []

    def renewed(block: re.Match[str]) -> str:
        name, shown = block[2], block[3]
        if options.block not in {None, name} or (name == "articles" and options.articles is None):
            return block[0]
        true = demo_output(options.articles if name == "articles" else None)
        if TIMING.sub("", true) == TIMING.sub("", shown):
            return block[0]
        stale.append(name)
        return f"{block[1]}{true}{block[4]}"

    text = BLOCK.sub(renewed, README.read_text(encoding="utf-8"))
    if options.check and stale:
        sys.exit(f"README.md does not show the true output of: {', '.join(stale)}. Run: make readme")
    if not options.check:
        README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

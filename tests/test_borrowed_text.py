"""No sentence of a source article enters the repository."""

import re
import subprocess
from pathlib import Path

from conftest import ROOT

RUN = 10  # words in a row that are no coincidence
WORD = re.compile(r"[^\W_]+")


def runs(text: str) -> set[tuple[str, ...]]:
    words = [word.lower() for word in WORD.findall(text)]
    return {tuple(words[start : start + RUN]) for start in range(len(words) - RUN + 1)}


def test_no_file_shares_ten_words_in_a_row_with_an_article(articles: Path) -> None:
    """Titles are bibliographic facts and do not count."""
    known: set[tuple[str, ...]] = set()
    for path in articles.glob("*.txt"):
        text = path.read_text(encoding="utf-8")
        known |= runs(text)
        for title in text.splitlines()[:3]:
            if len(WORD.findall(title)) < 40:
                known -= runs(title)
    listed = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard", "-z"], capture_output=True, text=True, check=True
    )
    texts = [ROOT / name for name in listed.stdout.split("\0") if name and not name.endswith(".parquet")]
    borrowed = {
        str(path.relative_to(ROOT)): " ".join(min(shared))
        for path in texts
        if path.is_file() and (shared := runs(path.read_text(encoding="utf-8", errors="replace")) & known)
    }
    assert borrowed == {}

"""How many bits a word a sketch needs to find paragraphs in damaged copies of the articles, and nothing else.

For each number of bits and each kind of damage, the share of paragraphs that are ``exact`` or proven by the SHA-256 of
their words, ``aligned``, or missing, and of ``wrong`` ones: found and wanted text share less than two thirds of their
letters. The thresholds were set on these articles and kinds of damage, so this is no estimate for others.
Then what is found although it is not there: paragraphs that are replaced by their restatements of the open edition
among others that are not, articles of which everything is restated, and other articles.

Usage: python benchmarks/alignment.py --articles FOLDER [--bits 1 2 3 4] [--seeds 3]
"""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from difflib import SequenceMatcher
from functools import partial
from pathlib import Path
from unittest.mock import patch

from iraqstance.annotation.normalise import sha256_of
from iraqstance.annotation.reading import read_text
from iraqstance.annotation.records import Paragraph
from iraqstance.annotation.segment import segment_file
from iraqstance.dataset import sketch
from iraqstance.dataset.catalogue import catalogue
from iraqstance.dataset.editions import Edition, packaged_edition
from iraqstance.dataset.hydrate import hydrate

TESTS = Path(__file__).resolve().parent.parent / "tests"
sys.path.insert(0, str(TESTS))

from damage import ALTERATIONS, AROUND, DAMAGE, EDITS, Alteration, altered, reworded, shortened  # noqa: E402

SAME = 2 / 3  # share of the letters of text found and wanted, from which it is the paragraph


def whole(folder: Path) -> dict[str, Paragraph]:
    """Return the articles' paragraphs by id, or stop where an article is not the catalogued one."""
    for name, article in catalogue().items():
        if sha256_of(read_text(folder / f"{name}.txt")) != article.sha256:
            sys.exit(f"{folder / name}.txt: another text than the catalogued one; expected SHA-256 {article.sha256}")
    return {one.id: one for name in catalogue() for one in segment_file(folder / f"{name}.txt")}


def damages(seeds: int) -> Iterator[tuple[str, Alteration]]:
    """Yield kinds of damage by name; those at random once for each seed."""
    for kinds in (ALTERATIONS, AROUND, DAMAGE):
        yield from kinds.items()
    yield from ((f"two words in each: {name}", alter) for name, alter in EDITS.items())
    for seed in range(seeds):
        for share in (0.03, 0.06, 0.1):
            yield f"{share:.0%} of words altered", partial(reworded, share=share, seed=seed)
        yield "a sentence of each dropped", partial(shortened, seed=seed)
        between = DAMAGE["advertisements inside"]
        yield "3% altered, advertisements inside", lambda text, s=seed, b=between: b(reworded(text, 0.03, s))  # type: ignore[misc]


def outcomes(edition: Edition, folder: Path, paragraphs: Mapping[str, Paragraph]) -> Counter[str]:
    """Return how many paragraphs are proven, aligned, missing and wrong in a folder of copies."""
    found = hydrate(edition, folder)
    counts = Counter(missing=found.missing)
    for one in found.edition.paragraphs:
        texts = sketch.fold(one.text), sketch.fold(paragraphs[one.id].text)
        right = SequenceMatcher(None, *texts, autojunk=False).ratio() >= SAME
        counts["wrong" if not right else "proven" if found.matches[one.id].score == 1 else "aligned"] += 1
    return counts


def false_places(edition: Edition, articles: Path, paragraphs: Mapping[str, Paragraph], seeds: int) -> None:
    """Print what is found although it is not there."""
    restated = packaged_edition("open")
    other_words = {restated.restates[one.id]: one.text for one in restated.paragraphs if one.id in restated.restates}
    false = gone = 0
    for turn in range(3):
        for seed in range(seeds):
            with tempfile.TemporaryDirectory() as name:
                rewritten = {one for number, one in enumerate(paragraphs) if number % 3 == turn}
                for article in catalogue():
                    text = read_text(articles / f"{article}.txt")
                    for one in rewritten:
                        if paragraphs[one].article == article:
                            own = read_text(articles / f"{article}.txt")[paragraphs[one].start : paragraphs[one].end]
                            text = text.replace(own, other_words[one])
                    Path(name, f"{article}.txt").write_text(reworded(text, 0.03, seed), encoding="utf-8")
                false += len(rewritten & hydrate(edition, name).matches.keys())
                gone += len(rewritten)
    print(f"  found of a third that is restated among the others: {false} of {gone}")
    everything = "\n\n".join(one.text for one in restated.paragraphs)
    texts: dict[str, Callable[[str], str]] = {
        "in articles of restatements": lambda name: "\n\n".join(
            text for one, text in other_words.items() if paragraphs[one].article == name
        ),
        "in the whole open edition": lambda _: everything,
    }
    names = sorted(catalogue())
    for turn in range(1, len(names)):
        texts[f"in another article ({turn})"] = lambda name, t=turn: read_text(  # type: ignore[misc]
            articles / f"{names[(names.index(name) + t) % len(names)]}.txt"
        )
    unrelated = sorted((TESTS / "annotation" / "articles").glob("*.txt"))
    strangers = "\n\n".join(read_text(file) for file in unrelated)
    texts[f"in {len(unrelated)} unrelated articles"] = lambda _: strangers
    for where, text_of in texts.items():
        with tempfile.TemporaryDirectory() as name:
            for article in names:
                Path(name, f"{article}.txt").write_text(text_of(article), encoding="utf-8")
            print(f"  found {where}: {len(hydrate(edition, name).matches)} of {len(paragraphs)}")


def main() -> None:
    """Parse the options and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=Path, required=True)
    parser.add_argument("--bits", type=int, nargs="+", default=[1, 2, 3, 4])
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    paragraphs = whole(options.articles)
    for bits in options.bits:
        with patch.object(sketch, "BITS", bits):
            sketches = {one.id: sketch.sketch_of(one.text) for one in paragraphs.values()}
            edition = replace(packaged_edition("source"), sketches=sketches)
            totals: dict[str, Counter[str]] = {}
            for kind, alter in damages(options.seeds):
                with tempfile.TemporaryDirectory() as name:
                    counts = outcomes(edition, altered(Path(name, "copies"), options.articles, alter), paragraphs)
                totals.setdefault(kind, Counter()).update(counts)
            print(f"{bits} bits a word{'':23} {'proven':>8} {'aligned':>8} {'missing':>8} {'wrong':>8}")
            for kind, counts in totals.items():
                shares = (counts[how] / counts.total() for how in ("proven", "aligned", "missing", "wrong"))
                print(f"  {kind:34} " + " ".join(f"{share:8.1%}" for share in shares))
            false_places(edition, options.articles, paragraphs, options.seeds)


if __name__ == "__main__":
    main()

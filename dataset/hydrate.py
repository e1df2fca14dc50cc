"""Join stand-off labels to the user's own copies of the articles, checking the hash of every paragraph."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from iraqstance.annotation.errors import InputError
from iraqstance.annotation.lines import render
from iraqstance.annotation.normalise import fingerprint, sha256_of
from iraqstance.annotation.reading import Line, read_text
from iraqstance.annotation.records import Issue, Paragraph
from iraqstance.annotation.segment import segment
from iraqstance.dataset.catalogue import Article, catalogue
from iraqstance.dataset.editions import Edition

__all__ = ["Hydration", "hydrate"]


@dataclass(frozen=True, slots=True)
class Hydration:
    """A stand-off edition with the text that could be verified.

    Attributes:
        edition: The edition, its paragraphs those whose hash was found, with text and offsets in the user's copy.
        issues: Articles and paragraphs that are missing or differ, with what was expected. An article that differs
            only around its paragraphs is a warning; empty when all is well.
        moved: How many paragraphs stood at other offsets than in the catalogued copy; their words are the same.
    """

    edition: Edition
    issues: tuple[Issue, ...]
    moved: int


def hydrate(edition: Edition, folder: str | Path) -> Hydration:
    """Fill a stand-off edition with the text of the articles in a folder, one ``<article id>.txt`` each.

    A paragraph is taken where its offsets lead to text with its SHA-256, or where the segmented article holds a
    paragraph with that SHA-256 elsewhere. Anything else is missing: nothing is guessed.

    Raises:
        InputError: Where the folder does not exist.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(
            "there is no such folder of articles",
            where=str(folder),
            expected="a folder with one <article id>.txt for each article",
            remedy="Save the articles there first; `iraqstance dataset articles` lists them",
        )
    articles = catalogue()
    found: list[Paragraph] = []
    issues: list[Issue] = []
    moved = 0
    for name in dict.fromkeys(paragraph.article for paragraph in edition.paragraphs):
        paragraphs = [paragraph for paragraph in edition.paragraphs if paragraph.article == name]
        copy = _Copy.read(folder / f"{name}.txt", articles.get(name), issues)
        if copy is None:
            continue
        verified = [(paragraph, copy.find(paragraph)) for paragraph in paragraphs]
        moved += sum(hit is not None and hit.start != paragraph.start for paragraph, hit in verified)
        found += [hit for _, hit in verified if hit]
        lost = [paragraph for paragraph, hit in verified if hit is None]
        issues += _differences(copy, paragraphs, lost)
    kept = replace(edition, paragraphs=tuple(found))
    return Hydration(kept, tuple(issues), moved)


@dataclass(frozen=True, slots=True)
class _Copy:
    """The user's copy of an article."""

    path: Path
    article: Article | None
    text: str
    by_hash: dict[str, Paragraph]

    @classmethod
    def read(cls, path: Path, article: Article | None, issues: list[Issue]) -> "_Copy | None":
        if not path.is_file():
            title = (
                f"{article.title!r}, {article.publisher}, {article.url or 'no address known'}" if article else path.stem
            )
            issues.append(Issue("missing-article", "error", str(path), f"the file is not there; expected {title}"))
            return None
        try:
            text = read_text(path)
        except InputError as error:
            issues.append(Issue("unreadable-article", "error", error.where, error.message))
            return None
        offset = 0
        lines = []
        for line in text.split("\n"):
            lines.append(Line(offset, line))
            offset += len(line) + 1
        return cls(path, article, text, {found.sha256: found for found in segment(lines, path.stem)})

    def find(self, paragraph: Paragraph) -> Paragraph | None:
        text = render(self.text[paragraph.start : paragraph.end])
        if fingerprint(text) == paragraph.sha256:
            return replace(paragraph, text=text)
        elsewhere = self.by_hash.get(paragraph.sha256)
        return replace(elsewhere, id=paragraph.id, article=paragraph.article) if elsewhere else None


def _differences(copy: _Copy, paragraphs: Sequence[Paragraph], lost: Sequence[Paragraph]) -> list[Issue]:
    expected = copy.article.sha256 if copy.article else "of the labelled text"
    if not lost:
        got = sha256_of(copy.text)
        if copy.article is None or got == expected:
            return []
        message = f"every paragraph is in it, but the text around them differs; expected SHA-256 {expected}, got {got}"
        return [Issue("altered-article", "warning", str(copy.path), message)]
    share = f"{len(lost)} of {len(paragraphs)} paragraphs are not in it"
    rule = "wrong-article" if len(lost) == len(paragraphs) else "altered-article"
    advice = "this is another article" if rule == "wrong-article" else "copy the article again, unedited"
    issues = [
        Issue(
            rule,
            "error",
            str(copy.path),
            f"{share}; expected SHA-256 {expected}, got {sha256_of(copy.text)}; {advice}",
        )
    ]
    if rule == "altered-article":
        issues += [
            Issue(
                "altered-paragraph",
                "error",
                f"{copy.path}: characters {paragraph.start} to {paragraph.end}",
                f"{paragraph.id} is not there; expected text with SHA-256 {paragraph.sha256}",
            )
            for paragraph in lost
        ]
    return issues

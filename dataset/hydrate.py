"""Join stand-off labels to the user's own copies of the articles, checking every paragraph by hash and by sketch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from iraqstance.annotation.errors import InputError
from iraqstance.annotation.lines import render
from iraqstance.annotation.normalise import fingerprint, sha256_of
from iraqstance.annotation.reading import Line, read_text
from iraqstance.annotation.records import Issue, Paragraph
from iraqstance.annotation.schema import Schema
from iraqstance.annotation.segment import segment
from iraqstance.dataset.alignment import Place, align
from iraqstance.dataset.catalogue import Article, catalogue
from iraqstance.dataset.editions import Edition, LabelledRow, labelled_rows
from iraqstance.dataset.markup import holds_markup, text_of
from iraqstance.dataset.sketch import Sketch, Words

__all__ = ["Hydration", "Match", "hydrate", "hydrated_rows"]

_RECOGNISED = 0.5  # share of an article's paragraphs that a copy must hold before altered ones are taken from it


@dataclass(frozen=True, slots=True)
class Match:
    """How a paragraph was found.

    Attributes:
        kind: ``exact`` where the text has the expected SHA-256, otherwise ``aligned``.
        score: In [0, 1]: 1 where it is exact, or the same words in another typography, which the SHA-256 of the folded
            words proves; otherwise the share of the bits in which an unaltered copy would agree, and less than 1.
        sha256: The expected SHA-256.
    """

    kind: str
    score: float
    sha256: str


@dataclass(frozen=True, slots=True)
class Hydration:
    """A stand-off edition with the text that was found.

    Attributes:
        edition: The edition, its paragraphs those that were found, with text, offsets and hash of the user's copy.
        issues: Articles and paragraphs that are missing (errors) or differ (warnings), with what was expected; empty
            when all is well.
        moved: How many exact paragraphs stood at other offsets than in the catalogued copy.
        matches: How each paragraph was found, by id.
        wanted: How many paragraphs the stand-off edition holds.
    """

    edition: Edition
    issues: tuple[Issue, ...]
    moved: int
    matches: Mapping[str, Match] = field(default_factory=dict)
    wanted: int = 0

    @property
    def exact(self) -> int:
        """How many paragraphs have the expected SHA-256."""
        return sum(match.kind == "exact" for match in self.matches.values())

    @property
    def aligned(self) -> int:
        """How many paragraphs were found in other typography or with altered words."""
        return len(self.matches) - self.exact

    @property
    def missing(self) -> int:
        """How many paragraphs were not found."""
        return self.wanted - len(self.matches)


def hydrate(edition: Edition, folder: str | Path, *, exact: bool = False) -> Hydration:
    """Fill a stand-off edition with the text of the articles in a folder, one ``<article id>.txt`` each.

    A paragraph is ``exact`` where its offsets lead to text with its SHA-256, or such text stands elsewhere; ``aligned``
    where the same letters and digits stand in another typography, or where its words agree in more bits than chance
    would (:func:`~iraqstance.dataset.alignment.needed` says how many), in a copy that holds at least half of the
    article's paragraphs. Anything else is missing: among altered ones the shortest. Of a copy that is HTML the text is
    read, which offsets then count; a paragraph in which a tag or an entity is left is missing.

    Args:
        edition: The paragraphs, their judgements and sketches.
        folder: The folder of articles.
        exact: Whether aligned paragraphs are missing too.

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
    matches: dict[str, Match] = {}
    moved = 0
    for name in dict.fromkeys(paragraph.article for paragraph in edition.paragraphs):
        paragraphs = [paragraph for paragraph in edition.paragraphs if paragraph.article == name]
        copy = _Copy.read(folder / f"{name}.txt", articles.get(name), issues)
        if copy is None:
            continue
        hits = copy.find(paragraphs, edition.sketches)
        if copy.html:
            hits = {key: hit for key, hit in hits.items() if not holds_markup(hit.paragraph.text)}
        if exact:
            hits = {key: hit for key, hit in hits.items() if hit.match.kind == "exact"}
        kept = [(paragraph, hits[paragraph.id]) for paragraph in paragraphs if paragraph.id in hits]
        matches |= {paragraph.id: hit.match for paragraph, hit in kept}
        moved += sum(hit.match.kind == "exact" and hit.paragraph.start != wanted.start for wanted, hit in kept)
        found += [hit.paragraph for _, hit in kept]
        issues += _differences(copy, paragraphs, hits)
    return Hydration(replace(edition, paragraphs=tuple(found)), tuple(issues), moved, matches, len(edition.paragraphs))


def hydrated_rows(found: Hydration, schema: Schema) -> list[LabelledRow]:
    """Return :func:`labelled_rows` of what was found, with two more columns: ``match`` and ``score``.

    ``sha256`` is that of the text in the row, which for ``aligned`` ones is not the expected one.
    """
    hashes = {paragraph.id: paragraph.sha256 for paragraph in found.edition.paragraphs}
    # The labels were given to the expected text, and are joined to it.
    expected = tuple(replace(one, sha256=found.matches[one.id].sha256) for one in found.edition.paragraphs)
    rows, _ = labelled_rows(replace(found.edition, paragraphs=expected), schema)
    for row in rows:
        name = str(row["id"])
        row |= {"sha256": hashes[name], "match": found.matches[name].kind, "score": round(found.matches[name].score, 4)}
    return rows


@dataclass(frozen=True, slots=True)
class _Hit:
    """A paragraph as the user's copy has it."""

    paragraph: Paragraph
    match: Match
    foreign: int = 0


@dataclass(frozen=True, slots=True)
class _Copy:
    """The user's copy of an article."""

    path: Path
    article: Article | None
    text: str
    by_hash: dict[str, Paragraph]
    html: bool = False

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
        if html := holds_markup(text):
            text = text_of(text)
            message = "it is HTML; its text was read without tags and entities, and offsets count that text"
            issues.append(Issue("html-article", "warning", str(path), message))
        offset = 0
        lines = []
        for line in text.split("\n"):
            lines.append(Line(offset, line))
            offset += len(line) + 1
        return cls(path, article, text, {found.sha256: found for found in segment(lines, path.stem)}, html=html)

    def find(self, paragraphs: Sequence[Paragraph], sketches: Mapping[str, Sketch]) -> dict[str, _Hit]:
        """Return the paragraphs of one article that the copy holds, by id."""
        hits = {}
        for paragraph in paragraphs:
            verified = self._verified(paragraph)
            if verified:
                hits[paragraph.id] = _Hit(verified, Match("exact", 1.0, paragraph.sha256))
        if len(hits) == len(paragraphs):
            return hits
        known = {key: (hit.paragraph.start, hit.paragraph.end) for key, hit in hits.items()}
        places = align(Words(self.text), paragraphs, sketches, known)
        recognised = len(hits) + len(places) >= _RECOGNISED * len(paragraphs)
        for paragraph in paragraphs:
            place = places.get(paragraph.id)
            if place and (place.proven or recognised):
                hits[paragraph.id] = _hit(paragraph, place)
        return hits

    def _verified(self, paragraph: Paragraph) -> Paragraph | None:
        text = render(self.text[paragraph.start : paragraph.end])
        if fingerprint(text) == paragraph.sha256:
            return replace(paragraph, text=text)
        elsewhere = self.by_hash.get(paragraph.sha256)
        return replace(elsewhere, id=paragraph.id, article=paragraph.article) if elsewhere else None


def _hit(paragraph: Paragraph, place: Place) -> _Hit:
    kind = "exact" if place.exact else "aligned"
    own = replace(paragraph, start=place.start, end=place.end, text=place.text, sha256=fingerprint(place.text))
    return _Hit(own, Match(kind, place.score, paragraph.sha256), place.foreign)


def _differences(copy: _Copy, paragraphs: Sequence[Paragraph], hits: Mapping[str, _Hit]) -> list[Issue]:
    expected = copy.article.sha256 if copy.article else "of the labelled text"
    got = sha256_of(copy.text)
    lost = [paragraph for paragraph in paragraphs if paragraph.id not in hits]
    aligned = [_alignment(copy, hit) for hit in hits.values() if hit.match.kind == "aligned"]
    apart = [_interruption(copy, hit) for hit in hits.values() if hit.match.kind == "exact" and hit.foreign]
    if not lost:
        if not aligned and (copy.article is None or got == expected):
            return apart
        differs = f"{len(aligned)} of them differ" if aligned else "the text around them differs"
        message = f"every paragraph is in it, but {differs}; expected SHA-256 {expected}, got {got}"
        return [Issue("altered-article", "warning", str(copy.path), message), *aligned, *apart]
    share = f"{len(lost)} of {len(paragraphs)} paragraphs are not in it"
    rule = "wrong-article" if len(lost) == len(paragraphs) else "altered-article"
    advice = "this is another article" if rule == "wrong-article" else "copy the article again, unedited"
    issues = [Issue(rule, "error", str(copy.path), f"{share}; expected SHA-256 {expected}, got {got}; {advice}")]
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
    return [*issues, *aligned, *apart]


def _interruption(copy: _Copy, hit: _Hit) -> Issue:
    own = hit.paragraph
    message = f"{own.id} is there, less {hit.foreign} words that stand between its own"
    return Issue("interrupted-paragraph", "warning", f"{copy.path}: characters {own.start} to {own.end}", message)


def _alignment(copy: _Copy, hit: _Hit) -> Issue:
    own = hit.paragraph
    how = "in another typography" if hit.match.score == 1 else "with other words"
    left_out = f", less {hit.foreign} words that stand between its own" if hit.foreign else ""
    return Issue(
        "aligned-paragraph",
        "warning",
        f"{copy.path}: characters {own.start} to {own.end}",
        f"{own.id} is there {how} (score {hit.match.score:.2f}){left_out};"
        f" expected SHA-256 {hit.match.sha256}, got {own.sha256}",
    )

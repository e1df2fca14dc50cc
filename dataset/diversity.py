"""How varied texts are: distinct words and phrases, likeness between groups, openings, lengths, stock phrases.

Every such figure falls or rises with the size of what it is counted in, so sets of texts are compared on random samples
of equal size, in two ways, and a figure is the mean over the samples with the range of the middle 95 % of them.

*Mixed* samples draw paragraphs from anywhere in a set and cut them to an equal number of words. This is the text as a
reader meets it who shuffles the set. It favours sets of many groups: a sample of the stories comes from dozens of
invented situations, one of the source articles from five texts, each of which goes on naming the same people.

*Grouped* samples draw an equal number of groups and from each an equal number of words, its paragraphs in random order,
and cut these into passages of equal length. Then the samples also agree in the number of groups, in the number of
passages from other groups that a passage can resemble, and in their length, on which cosines depend. This is the fairer
comparison of stories with articles. It does not make them alike: the articles are about one subject in one season, and
the stories' situations were drawn by lot so that they differ. A genre's stories share that much more.

Five articles are all there are, and mixed samples of them overlap by half. So their range tells how far the choice of
paragraphs moves a figure, and nothing of other articles. No range here is a confidence interval.

Li, J., et al. (2016). A diversity-promoting objective function for neural conversation models. *NAACL* (distinct-n).
Salton, G., & Buckley, C. (1988). Term-weighting approaches in automatic text retrieval. *Information Processing &
Management* 24 (TF-IDF and its cosine).
Zhu, Y., et al. (2018). Texygen: a benchmarking platform for text generation models. *SIGIR* (self-BLEU). Not used: on
paragraphs its longer n-grams hardly ever match, and the smoothing then makes the figure. The best cosine asks the
same of words, and :func:`echoing` of phrases.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from hashlib import sha256
from operator import itemgetter
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
from iraqstance.annotation.errors import InputError, from_extra
from iraqstance.dataset.catalogue import catalogue
from iraqstance.dataset.duplicates import plain_text
from iraqstance.dataset.editions import packaged_edition, packaged_folder
from iraqstance.dataset.hydrate import hydrate
from iraqstance.dataset.load import load

__all__ = [
    "SAMPLING",
    "Diversity",
    "Groups",
    "Measurement",
    "Phrases",
    "Sampling",
    "article_texts",
    "closeness",
    "distinct",
    "diversity",
    "diversity_table",
    "echoing",
    "measurement",
    "open_texts",
    "openings",
    "phrases",
    "stock_share",
    "words_of",
]

#: Texts by the group they belong to: a story or an article.
Groups = Mapping[str, Sequence[str]]
#: Mean over samples, and the 2.5th and 97.5th percentile of them.
Figure = tuple[float, float, float]

_PHRASE = 5  # words
_OPENING = 3  # words
_STOCK = 3  # other groups that use a stock phrase
_SHOWN = 15  # phrases
_DECIMALS = 3


@dataclass(frozen=True, slots=True)
class Sampling:
    """Number and size of the samples.

    Attributes:
        mixed: How many mixed samples.
        words: Words of each; less than half of what the articles hold.
        paragraphs: Paragraphs whose openings are compared, of each.
        grouped: How many grouped samples.
        groups: Groups of each: as many as there are articles.
        group_words: Words from each group; groups with fewer are passed over, which few stories are.
        passage_words: Words of a passage.
        seed: Of the random numbers; every set starts with it anew.
    """

    mixed: int = 100
    words: int = 2500
    paragraphs: int = 50
    grouped: int = 300
    groups: int = 5
    group_words: int = 150
    passage_words: int = 50
    seed: int = 20250120


#: The published figures rest on it.
SAMPLING = Sampling()


@dataclass(frozen=True, slots=True)
class Diversity:
    """How varied a set of texts is. A figure is ``None`` where the set is too small for its samples.

    Attributes:
        paragraphs: Texts with a word in them.
        groups: Groups with such a text.
        words: Words in all.
        length: Words of a paragraph: median, 5th and 95th percentile.
        distinct_1: Share of distinct words among all words of a mixed sample, in [0, 1].
        distinct_2: The same of pairs of words.
        distinct_3: The same of three words in a row.
        openings: Share of distinct first three words among the paragraphs of a mixed sample, in [0, 1].
        grouped_distinct_1: As above, in grouped samples.
        grouped_distinct_2: As above.
        grouped_distinct_3: As above.
        best_cosine: Mean over the passages of a grouped sample of the highest TF-IDF cosine with a passage of another
            group, in [0, 1].
        mean_cosine: The mean of all of these cosines.
        echoing: Share of the passages with five words in a row that also stand in another group of the sample.
    """

    paragraphs: int
    groups: int
    words: int
    length: Figure | None
    distinct_1: Figure | None
    distinct_2: Figure | None
    distinct_3: Figure | None
    openings: Figure | None
    grouped_distinct_1: Figure | None
    grouped_distinct_2: Figure | None
    grouped_distinct_3: Figure | None
    best_cosine: Figure | None
    mean_cosine: Figure | None
    echoing: Figure | None


def words_of(text: str) -> list[str]:
    """Return the words of a text: runs of letters and digits, in one case; an apostrophe or a hyphen parts two."""
    return plain_text(text).split()


def distinct(pieces: Iterable[Sequence[str]], size: int) -> float:
    """Return distinct-n: the share of distinct runs of ``size`` words among all of them, in (0, 1].

    Runs do not cross from one piece into the next. NaN where there is no such run.
    """
    found = [run for piece in pieces for run in _runs(piece, size)]
    return len(set(found)) / len(found) if found else math.nan


def openings(paragraphs: Sequence[Sequence[str]]) -> float:
    """Return the share of distinct first three words among paragraphs, in (0, 1]; NaN without any."""
    return len({tuple(words[:_OPENING]) for words in paragraphs}) / len(paragraphs) if paragraphs else math.nan


def closeness(passages: Sequence[Sequence[str]], groups: Sequence[object]) -> tuple[float, float]:
    """Return how much passages resemble those of other groups: the mean best and the mean TF-IDF cosine, in [0, 1].

    Inverse document frequencies are those of the passages themselves, so that words which all of them use count little.
    NaN where there are not two groups, or no word.

    Args:
        passages: Their words.
        groups: The group of each.

    Raises:
        MissingExtraError: Without the extra ``train``.
    """
    if len(set(groups)) < 2 or not any(passages):
        return math.nan, math.nan
    with from_extra("train"):
        from sklearn.feature_extraction.text import TfidfVectorizer
    weights = TfidfVectorizer(analyzer=list).fit_transform(passages)
    cosines = (weights @ weights.T).toarray()
    numbers = np.unique([str(group) for group in groups], return_inverse=True)[1]
    outside = numbers[:, None] != numbers
    return float(np.where(outside, cosines, 0).max(axis=1).mean()), float(cosines[outside].mean())


def echoing(passages: Sequence[Sequence[str]], groups: Sequence[object]) -> float:
    """Return the share of passages with a phrase of five words that another group has too; NaN without passages."""
    users = _users(zip(passages, groups, strict=True))
    echoes = [any(len(users[run]) > 1 for run in _runs(words, _PHRASE)) for words in passages]
    return sum(echoes) / len(echoes) if echoes else math.nan


def phrases(groups: Groups) -> dict[str, int]:
    """Return how many groups use each phrase of five words, the most used first, then by the alphabet."""
    users = _users((words_of(text), name) for name, texts in groups.items() for text in texts)
    counts = {" ".join(run): len(names) for run, names in users.items()}
    return dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))


def stock_share(groups: Groups) -> float:
    """Return the share of texts with a phrase of five words that at least three other groups use; NaN without texts.

    It grows with the set: compare it over time, and not between sets of different sizes.
    """
    counts = phrases(groups)
    texts = [words_of(text) for each in groups.values() for text in each]
    stock = [any(counts[" ".join(run)] > _STOCK for run in _runs(words, _PHRASE)) for words in texts]
    return sum(stock) / len(stock) if stock else math.nan


def _runs(words: Sequence[str], size: int) -> Iterator[tuple[str, ...]]:
    return zip(*(words[start:] for start in range(size)), strict=False)


def _users(texts: Iterable[tuple[Sequence[str], object]]) -> Mapping[tuple[str, ...], set[object]]:
    users: dict[tuple[str, ...], set[object]] = defaultdict(set)
    for words, group in texts:
        for run in _runs(words, _PHRASE):
            users[run].add(group)
    return users


def diversity(groups: Groups, sampling: Sampling = SAMPLING) -> Diversity:
    """Measure a set of texts. The order of groups and of texts in them does not matter.

    Raises:
        MissingExtraError: Without the extra ``train``.
    """
    split = {name: sorted(filter(None, map(words_of, groups[name]))) for name in sorted(groups)}
    texts = [paragraphs for paragraphs in split.values() if paragraphs]
    every = [words for paragraphs in texts for words in paragraphs]
    lengths = [len(words) for words in every]
    random = np.random.default_rng(sampling.seed)
    mixed = list(_mixed(every, sampling, random))
    firsts = list(_some(every, sampling, random))
    grouped = list(_grouped(texts, sampling, random))
    whole = [[piece for pieces in sample for piece in pieces] for sample in grouped]
    passages = [_passages(sample, sampling.passage_words) for sample in grouped]
    cosines = [closeness(*sample) for sample in passages]
    return Diversity(
        paragraphs=len(every),
        groups=len(texts),
        words=sum(lengths),
        length=_percentiles(lengths, (50, 5, 95)) if lengths else None,
        distinct_1=_over(mixed, partial(distinct, size=1)),
        distinct_2=_over(mixed, partial(distinct, size=2)),
        distinct_3=_over(mixed, partial(distinct, size=3)),
        openings=_over(firsts, openings),
        grouped_distinct_1=_over(whole, partial(distinct, size=1)),
        grouped_distinct_2=_over(whole, partial(distinct, size=2)),
        grouped_distinct_3=_over(whole, partial(distinct, size=3)),
        best_cosine=_over(cosines, itemgetter(0)),
        mean_cosine=_over(cosines, itemgetter(1)),
        echoing=_over(passages, lambda sample: echoing(*sample)),
    )


_Pieces = list[Sequence[str]]


def _mixed(texts: Sequence[Sequence[str]], sampling: Sampling, random: np.random.Generator) -> Iterator[_Pieces]:
    if sum(map(len, texts)) >= sampling.words:
        for _ in range(sampling.mixed):
            yield _cut(texts, sampling.words, random)


def _some(texts: Sequence[Sequence[str]], sampling: Sampling, random: np.random.Generator) -> Iterator[_Pieces]:
    if len(texts) >= sampling.paragraphs:
        for _ in range(sampling.mixed):
            yield [texts[place] for place in random.choice(len(texts), sampling.paragraphs, replace=False)]


def _grouped(
    groups: Sequence[Sequence[Sequence[str]]], sampling: Sampling, random: np.random.Generator
) -> Iterator[list[_Pieces]]:
    long = [texts for texts in groups if sum(map(len, texts)) >= sampling.group_words]
    if len(long) >= sampling.groups:
        for _ in range(sampling.grouped):
            drawn = random.choice(len(long), sampling.groups, replace=False)
            yield [_cut(long[place], sampling.group_words, random) for place in drawn]


def _cut(texts: Sequence[Sequence[str]], words: int, random: np.random.Generator) -> _Pieces:
    """Return texts in random order, so many words of them; the last one is cut."""
    pieces: _Pieces = []
    for place in random.permutation(len(texts)):
        if words <= 0:
            break
        pieces.append(texts[place][:words])
        words -= len(pieces[-1])
    return pieces


def _passages(sample: Sequence[_Pieces], length: int) -> tuple[list[list[str]], list[int]]:
    """Return the passages of a grouped sample and the number of each one's group."""
    passages, groups = [], []
    for number, pieces in enumerate(sample):
        words = [word for piece in pieces for word in piece]
        for start in range(0, len(words), length):
            passages.append(words[start : start + length])
            groups.append(number)
    return passages, groups


def _over(samples: Sequence[Any], measure: Callable[[Any], float]) -> Figure | None:
    """Return mean and range of a measure over samples of whatever shape it takes."""
    values = [measure(sample) for sample in samples]
    if not values:
        return None
    _, low, high = _percentiles(values, (50, 2.5, 97.5))
    return float(np.mean(values)), low, high


def _percentiles(values: Sequence[float], at: tuple[float, float, float]) -> Figure:
    one, two, three = np.percentile(values, at)
    return float(one), float(two), float(three)


def open_texts() -> dict[str, dict[str, list[str]]]:
    """Return the packaged open edition's texts by group: the stories, those of each genre, and the restatements.

    Raises:
        MissingExtraError: Without the extra ``dataset``.
    """
    sets: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in load("open"):
        names = ("restatements",) if row["restates"] else ("stories", f"stories: {row['genre']}")
        for name in names:
            sets[name][row["group"]].append(row["text"])
    return {name: sets[name] for name in sorted(sets, key=lambda name: (not name.startswith("stories"), name))}


def article_texts(folder: str | Path) -> dict[str, list[str]]:
    """Return the source articles' paragraphs by article, from copies in a folder.

    Raises:
        InputError: Where an article is missing or is not exactly the catalogued text.
    """
    found = hydrate(packaged_edition("source"), folder, exact=True)
    for issue in found.issues:
        raise InputError(issue.message, where=issue.where, remedy="Measure the catalogued text alone")
    texts: dict[str, list[str]] = defaultdict(list)
    for paragraph in found.edition.paragraphs:
        texts[paragraph.article].append(paragraph.text)
    return texts


class Phrases(TypedDict):
    """Stock phrases: the share of texts that hold one (:func:`stock_share`), and the most used with their groups."""

    share: float
    top: list[list[str | int]]


class Measurement(TypedDict):
    """What ``measured/diversity.json`` holds; nothing in it is text of the articles.

    Attributes:
        data: SHA-256 of the Parquet files, and of the articles' texts as the catalogue has them.
        sample: :class:`Sampling`.
        rows: ``name`` and :class:`Diversity` of each set of texts, to three decimals.
        phrases: Of the stories.
    """

    data: dict[str, str]
    sample: dict[str, int]
    rows: list[dict[str, object]]
    phrases: Phrases


def measurement(articles: str | Path | None = None) -> Measurement:
    """Measure the packaged open edition, and the source articles where their folder is given.

    Raises:
        InputError: Where an article is missing or is not exactly the catalogued text.
        MissingExtraError: Without the extras ``dataset`` and ``train``.
    """
    sets: dict[str, Groups] = dict(open_texts())
    files = sorted((packaged_folder() / "data").glob("open-*.parquet"))
    data = {file.name: sha256(file.read_bytes()).hexdigest() for file in files}
    if articles is not None:
        sets["articles"] = article_texts(articles)
        data |= {f"{article.id}.txt": article.sha256 for article in catalogue().values()}
    stories = sets["stories"]
    return {
        "data": data,
        "sample": asdict(SAMPLING),
        "rows": [{"name": name, **_rounded(asdict(diversity(groups)))} for name, groups in sets.items()],
        "phrases": {
            "share": round(stock_share(stories), _DECIMALS),
            "top": [list(entry) for entry in list(phrases(stories).items())[:_SHOWN]],
        },
    }


def _rounded(row: Mapping[str, object]) -> dict[str, object]:
    return {
        key: [round(part, _DECIMALS) for part in value] if isinstance(value, tuple) else value
        for key, value in row.items()
    }


_COLUMNS = (
    ("distinct-1", "distinct_1"),
    ("distinct-2", "distinct_2"),
    ("distinct-3", "distinct_3"),
    ("openings", "openings"),
    ("grouped distinct-2", "grouped_distinct_2"),
    ("best cosine", "best_cosine"),
    ("mean cosine", "mean_cosine"),
    ("echoing", "echoing"),
)


def diversity_table(rows: Iterable[Mapping[str, object]]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return head and lines of a table of the rows of a :class:`Measurement`: to two decimals, with ranges."""
    lines = []
    for row in rows:
        figures = (_cell(row[key], 2) for _, key in _COLUMNS)
        lines.append((str(row["name"]), str(row["paragraphs"]), _cell(row["length"], 0), *figures))
    return ("texts", "n", "words", *(name for name, _ in _COLUMNS)), lines


def _cell(figure: object, decimals: int) -> str:
    if not isinstance(figure, Sequence):
        return "undefined"
    value, low, high = (f"{part:.{decimals}f}" for part in figure)
    return f"{value} [{low}, {high}]"

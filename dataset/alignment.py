"""Where a sketched paragraph stands in a copy that differs from the one it was made from."""

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, pairwise
from typing import NamedTuple

from iraqstance.annotation.lines import ends_sentence, render
from iraqstance.annotation.normalise import fingerprint, sha256_of
from iraqstance.annotation.records import Paragraph
from iraqstance.dataset.readings import INSERTED, Pairs, altered, interrupted, unaltered
from iraqstance.dataset.sketch import Sketch, Words, fold

__all__ = ["Place", "Wanted", "align", "candidates", "needed", "settle"]

_Gaps = Sequence[tuple[int, int]]  # words of the copy that are not the paragraph's, first and one past the last

_CANDIDATES = 6  # places that are looked at for one paragraph
_PIECE, _OVERLAP = 20_000, 1_000  # words that are aligned at once, and that two such pieces share
_READINGS = 1000  # readings of an interrupted paragraph that are tried
_MOVED = 8  # words that a gap is moved by
# Bits of agreement beside those that tell the places apart, in the whole copy and between found neighbours.
_CERTAINTY = 5.0
_CERTAINTY_BETWEEN = 3.0
_LEAST = 1 / 3  # share of the bits of an unaltered copy: what agrees in fewer is another paragraph
_OPENERS = re.compile(r"[\[(“‘«‹„¿¡]+[^\S\n]?\Z")
_CLOSERS = re.compile(r"[^\S\n]?[\])”’»›.!?…]+")
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")
_DIVIDED = re.compile(r"(?<=[^\W\d_])[-‐]\s*\n\s*(?=[^\W\d_A-Z])")
_SOFT = re.compile("\u00ad\\s*")


class Wanted(NamedTuple):
    """What is known of a paragraph: its sketch and the SHA-256 of its text."""

    sketch: Sketch
    sha256: str


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a copy where a paragraph may stand.

    Attributes:
        first: Its first word in the copy, from 0.
        last: Its last word.
        start: First character in the copy.
        end: One past the last.
        text: The words, white space collapsed; lines that stand between them and are not theirs are left out.
        score: In [0, 1]: 1 where the letters and digits are the expected ones, which their SHA-256 proves; otherwise
            the share of the bits in which an unaltered copy would agree, and less than 1.
        exact: Whether the text has the expected SHA-256.
        foreign: How many words between the first and the last were left out.
        pairs: The words that agree.
    """

    first: int
    last: int
    start: int
    end: int
    text: str
    score: float
    exact: bool
    foreign: int = 0
    pairs: Pairs = field(default_factory=list, repr=False)

    @property
    def proven(self) -> bool:
        """Whether a SHA-256 says that these are the words."""
        return self.exact or self.score == 1

    @property
    def core(self) -> tuple[int, int]:
        """First and last word of the copy that agree."""
        return (self.pairs[0][1], self.pairs[-1][1]) if self.pairs and not self.proven else (self.first, self.last)


def needed(places: int, *, between: bool = False) -> float:
    """Return how many bits of agreement tell a paragraph from chance among so many places where it may begin.

    Chance reaches S bits of a log-odds score in about 2 ** -S of the places (Karlin and Altschul 1990). Five bits more
    are asked for, three between neighbours that were found: the paragraph is looked for where it should stand.
    The figures are set by what the 109 source paragraphs reach in other articles and in their restatements.

    Args:
        places: How many words the paragraph is looked for in.
        between: Whether these stand between its neighbours.
    """
    return math.log2(max(places, 1)) + (_CERTAINTY_BETWEEN if between else _CERTAINTY)


def candidates(copy: Words, paragraph: Wanted, within: tuple[int, int] | None = None) -> list[Place]:
    """Return where a paragraph may stand in a copy, the likelier first; at most six places.

    Places that a SHA-256 proves; where there is none, those that agree in a third of the bits of an unaltered copy,
    and in more than chance would (:func:`needed`).

    Args:
        copy: The copy's words.
        paragraph: What is looked for.
        within: First word between the paragraph's neighbours, and one past the last; without it, the whole copy.
    """
    least = needed(within[1] - within[0] if within else len(copy.digits), between=within is not None)
    low, high = within = within or (0, len(copy.digits))
    digits, most = paragraph.sketch.digits, unaltered(len(paragraph.sketch.digits))
    whole = list(islice(_settled(copy, paragraph, _as_they_are(copy.digits, digits, within), within), _CANDIDATES))
    if whole:
        return sorted(whole, key=lambda place: (-place.exact, place.first))
    found: dict[tuple[int, int], Place] = {}
    for begin in range(low, max(low + 1, high - _OVERLAP), _PIECE - _OVERLAP):
        other = copy.digits[begin : min(begin + _PIECE, high)]
        readings = (_from(begin, pairs) for pairs in islice(interrupted(digits, other), _READINGS))
        # The first that is proven is enough: others differ in what is left out.
        proven = next(_settled(copy, paragraph, readings, within), None)
        if proven:
            return [proven]
        for bits, pairs in islice(altered(digits, other, max(least, _LEAST * most)), _CANDIDATES):
            place = settle(copy, paragraph, _unstrayed(_from(begin, pairs), copy), bits / most, within)
            found.setdefault((place.first, place.last), place)
    return sorted(found.values(), key=lambda place: (-place.exact, -place.score, place.first))[:_CANDIDATES]


def _settled(copy: Words, paragraph: Wanted, readings: Iterable[Pairs], within: tuple[int, int]) -> Iterator[Place]:
    """Yield the places of readings whose words are the paragraph's, which their SHA-256 proves."""
    for pairs in readings:
        if sha256_of("".join(copy.folded[place] for _, place in pairs)) == paragraph.sketch.sha256:
            place = settle(copy, paragraph, pairs, 0.0, within)
            if place.proven:
                yield place


def _as_they_are(other: str, digits: str, within: tuple[int, int]) -> Iterator[Pairs]:
    """Yield where the sketch stands as it is."""
    start = other.find(digits, *within) if digits else -1
    while start >= 0:
        yield [(word, start + word) for word in range(len(digits))]
        start = other.find(digits, start + 1, within[1])


def _from(low: int, pairs: Pairs) -> Pairs:
    return [(word, low + place) for word, place in pairs]


def _unstrayed(pairs: Pairs, copy: Words) -> Pairs:
    """Return the pairs less one or two at an end that a blank line parts from the others: chance put them there."""
    low, high = 0, len(pairs)
    for number in (1, 2):
        for at in {number, len(pairs) - number} if len(pairs) > 4 else ():
            between = copy.spans[pairs[at - 1][1]][1], copy.spans[pairs[at][1]][0]
            if _BLANK_LINE.search(copy.text, *between):
                low, high = (max(low, at), high) if at <= 2 else (low, min(high, at))
    return pairs[low:high]


def _on_lines(copy: Words, digits: str, pairs: Pairs) -> Pairs:
    """Return the pairs with gaps moved to where lines begin and end, as far as the digits beside them allow it."""
    moved = dict(pairs)
    for (word, place), (next_word, following) in pairwise(pairs):
        if next_word > word + 1 or following - place - 1 <= INSERTED:
            continue
        for step in sorted(range(-_MOVED, _MOVED + 1), key=abs):
            first, last = place + 1 + step, following - 1 + step
            before = [(next_word + one, place + 1 + one) for one in range(step)]
            after = [(word - one, following - 1 - one) for one in range(-step)]
            if (
                last < len(copy.spans)
                and all(0 <= own < len(digits) and digits[own] == copy.digits[at] for own, at in before + after)
                and _at_edge(copy, first, -1)
                and _at_edge(copy, last, 1)
            ):
                moved |= before + after
                break
    return sorted(moved.items())


def settle(copy: Words, paragraph: Wanted, pairs: Pairs, score: float, within: tuple[int, int]) -> Place:
    """Return the place that words in agreement make, its ends refined.

    Args:
        copy: The copy's words.
        paragraph: What is looked for.
        pairs: Words of the sketch and of the copy that agree, both rising.
        score: The score of a place that no SHA-256 proves.
        within: First word of the copy that may be taken, and one past the last.
    """
    pairs = _on_lines(copy, paragraph.sketch.digits, pairs)
    refined = _refined(copy, paragraph.sketch, pairs, *within)
    between = [_lines_between(copy, pairs, sure=True), _lines_between(copy, pairs, sure=False), _gaps(pairs)]
    places = (
        _place(copy, paragraph, pairs, ends, gaps)
        for ends in dict.fromkeys([refined, (pairs[0][1], pairs[-1][1])])
        for gaps in dict.fromkeys(map(tuple, between))
    )
    first = next(places)
    proven = first if first.proven else next((place for place in places if place.proven), None)
    # The same words would be proven: what is not proven is not quite the same.
    return proven or replace(first, score=min(score, 1 - 1 / (len(paragraph.sketch.digits) + 1)))


def _refined(copy: Words, sketch: Sketch, pairs: Pairs, low: int, high: int) -> tuple[int, int]:
    """Return first and last word, with words at the ends that the publisher may have changed.

    So many words are taken as the sketch has left over at that end, and up to two more that reach the end of a line; no
    further than a blank line, and beyond the end of a sentence only to the end of another one.
    """
    first, last = pairs[0][1], pairs[-1][1]
    return (
        _reach(copy, first, -1, pairs[0][0], low),
        _reach(copy, last, 1, len(sketch.digits) - 1 - pairs[-1][0], high - 1),
    )


def _reach(copy: Words, word: int, step: int, left_over: int, limit: int) -> int:
    best, plain, crossed = word, word, False
    for count in range(1, max(left_over, 2) + 1):
        near, far = word + step * (count - 1), word + step * count
        if (step > 0 and far > limit) or (step < 0 and far < limit):
            break
        one, two = sorted((near, far))
        between = copy.text[copy.spans[one][1] : copy.spans[two][0]]
        crossed = crossed or ends_sentence(copy.text[slice(*copy.spans[one])] + between.strip())
        if _BLANK_LINE.search(between) or ("\n" in between and crossed) or (crossed and count > left_over):
            break
        if "\n" in between and count > left_over:
            break
        if not crossed and count <= left_over:
            plain = far
        if _at_edge(copy, far, step) or (count <= left_over and _at_sentence(copy, far, step)):
            best = far
    return best if best != word else plain


def _at_edge(copy: Words, word: int, step: int) -> bool:
    """Tell whether a line begins or ends with the word."""
    start, end = copy.spans[word]
    if step > 0:
        return "\n" in copy.text[end : copy.spans[word + 1][0]] if word + 1 < len(copy.spans) else True
    return "\n" in copy.text[copy.spans[word - 1][1] : start] if word else True


def _at_sentence(copy: Words, word: int, step: int) -> bool:
    """Tell whether a sentence begins or ends with the word."""
    if step > 0:
        return ends_sentence(copy.text[slice(*copy.spans[word])])
    return word == 0 or ends_sentence(copy.text[slice(*copy.spans[word - 1])])


def _gaps(pairs: Pairs) -> list[tuple[int, int]]:
    """Return the words that stand in the copy where the sketch has none, first and one past the last."""
    return [
        (place + 1, following)
        for (word, place), (next_word, following) in pairwise(pairs)
        if following - place > INSERTED and next_word == word + 1
    ]


def _lines_between(copy: Words, pairs: Pairs, *, sure: bool) -> list[tuple[int, int]]:
    """Return the words on whole lines in gaps; where it has to be sure, of lines next to a blank line."""
    found = []
    for (word, place), (next_word, following) in pairwise(pairs):
        first, last, own = place + 1, following - 1, next_word - word - 1
        while first <= last and not _at_edge(copy, first, -1):
            first += 1
        while last >= first and not _at_edge(copy, last, 1):
            last -= 1
        if first > last or last - first + 1 <= 2 * own:
            continue
        before = copy.text[copy.spans[first - 1][1] : copy.spans[first][0]]
        after = copy.text[copy.spans[last][1] : copy.spans[last + 1][0]]
        if not sure or _BLANK_LINE.search(before) or _BLANK_LINE.search(after):
            found.append((first, last + 1))
    return found


def _place(copy: Words, paragraph: Wanted, pairs: Pairs, ends: tuple[int, int], gaps: _Gaps) -> Place:
    first, last = ends
    start, end = copy.spans[first][0], copy.spans[last][1]
    opener = _OPENERS.search(copy.text[copy.spans[first - 1][1] if first else 0 : start])
    closer = _CLOSERS.match(copy.text, end)
    start, end = start - len(opener[0]) if opener else start, closer.end() if closer else end
    pieces, begin = [], start
    for gap, stop in gaps:
        pieces.append(copy.text[begin : copy.spans[gap - 1][1]])
        begin = copy.spans[stop][0]
    pieces.append(copy.text[begin:end])
    foreign = sum(stop - gap for gap, stop in gaps)
    extract = _SOFT.sub("", "\n".join(pieces))
    text = _joined(extract, paragraph.sketch.digits)
    exact = next((one for one in (text, render(extract)) if fingerprint(one) == paragraph.sha256), None)
    if exact is not None:
        text, score = exact, 1.0
    elif sha256_of(fold(text)) == paragraph.sketch.sha256:
        score = 1.0
    else:
        score = 0.0
    return Place(first, last, start, end, text, score, exact=exact is not None, foreign=foreign, pairs=pairs)


def _joined(extract: str, digits: str) -> str:
    """Return the rendered text; a hyphen at the end of a line goes where the sketch has one word."""
    position = 0
    while found := _DIVIDED.search(extract, position):
        without = extract[: found.start()] + extract[found.end() :]
        kept = extract[: found.start()] + "-" + extract[found.end() :]
        extract = max((without, kept), key=lambda text: _agreement(digits, text))
        position = found.start()
    return render(extract)


def _agreement(digits: str, text: str) -> float:
    """Return in how many bits a text agrees with a sketch at best."""
    return next((bits for bits, _ in altered(digits, Words(text).digits, 0.0)), 0.0)


def align(
    copy: Words, paragraphs: Sequence[Paragraph], sketches: Mapping[str, Sketch], known: Mapping[str, tuple[int, int]]
) -> dict[str, Place]:
    """Return where the paragraphs stand in a copy, by id; no two overlap, and one that is nowhere is left out.

    The places that follow each other in the order of the paragraphs and agree best together are taken, among equals the
    first; then paragraphs that stand elsewhere take the best place that is left. Paragraphs that agree too little for
    the whole copy are looked for again between their neighbours, where chance has fewer places.

    Args:
        copy: The copy's words.
        paragraphs: One article's paragraphs in order.
        sketches: Their sketches by id; paragraphs without one are not looked for.
        known: The characters of paragraphs that were found already, by id. They are not returned.
    """
    wanted = {one.id: Wanted(sketches[one.id], one.sha256) for one in paragraphs if one.id in sketches}
    chosen = _chain(
        [
            [_known(copy, *known[one.id])]
            if one.id in known
            else candidates(copy, wanted[one.id])
            if one.id in wanted
            else []
            for one in paragraphs
        ]
    )
    while any(chosen):
        before = sum(place is None for place in chosen)
        for number, one in enumerate(paragraphs):
            if chosen[number] is None and one.id in wanted:
                chosen[number] = _between(copy, wanted[one.id], chosen[:number], chosen[number + 1 :])
        if before == sum(place is None for place in chosen):
            break
    found = {}
    for number, one in enumerate(paragraphs):
        place = chosen[number]
        if place is None or one.id in known:
            continue
        taken = sorted(other.core for other in chosen if other)
        at = taken.index(place.core)
        low = taken[at - 1][1] + 1 if at else 0
        high = taken[at + 1][0] if at + 1 < len(taken) else len(copy.digits)
        inside = place.proven or (low <= place.first and place.last < high)
        settled = place if inside else settle(copy, wanted[one.id], place.pairs, place.score, (low, high))
        found[one.id] = chosen[number] = settled
    return found


def _between(
    copy: Words, paragraph: Wanted, before: Sequence[Place | None], after: Sequence[Place | None]
) -> Place | None:
    """Return the place of a paragraph between those before it and those after it."""
    low = max((place.last + 1 for place in before if place), default=0)
    high = min((place.first for place in after if place), default=len(copy.digits))
    return next(iter(candidates(copy, paragraph, (low, high))), None) if low < high else None


def _known(copy: Words, start: int, end: int) -> Place:
    """Return the place of characters that are a paragraph's own."""
    first = bisect_left(copy.spans, (start, 0))
    last = bisect_left(copy.spans, (end, 0)) - 1
    return Place(first, last, start, end, "", 1.0, exact=True)


class _Link(NamedTuple):
    """A paragraph's place and those before it."""

    number: int
    place: Place
    before: "_Link | None"


def _chain(places: Sequence[Sequence[Place]]) -> list[Place | None]:
    # Ends of chains and their totals, both rising; each chain is its last link and the chain before it.
    ends, totals = [-1], [0.0]
    chains: list[_Link | None] = [None]
    for number, options in enumerate(places):
        longer = []
        for place in options:
            before = bisect_right(ends, place.core[0] - 1) - 1
            longer.append((place.core[1], totals[before] + _weight(place), _Link(number, place, chains[before])))
        for last, total, new in longer:
            at = bisect_right(ends, last)
            if totals[at - 1] >= total - 1e-9:
                continue
            stop = at
            while stop < len(ends) and totals[stop] <= total:
                stop += 1
            if ends[at - 1] == last:
                at -= 1
            ends[at:stop], totals[at:stop], chains[at:stop] = [last], [total], [new]
    chosen: list[Place | None] = [None] * len(places)
    link = chains[-1]
    while link:
        chosen[link.number] = link.place
        link = link.before
    for number, options in enumerate(places):
        if chosen[number] is None:
            chosen[number] = next((place for place in options if not _overlaps(place, chosen)), None)
    return chosen


def _weight(place: Place) -> float:
    """Return how much a place counts: its words by their score, and what is proven twice."""
    return (place.core[1] - place.core[0] + 1) * (place.score + place.proven + 0.1 * place.exact)


def _overlaps(place: Place, others: Sequence[Place | None]) -> bool:
    return any(other and place.core[0] <= other.core[1] and other.core[0] <= place.core[1] for other in others)

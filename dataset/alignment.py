"""Where a sketched paragraph stands in a copy that differs from the one it was made from."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from iraqstance.annotation.errors import from_extra
from iraqstance.annotation.lines import ends_sentence, render
from iraqstance.annotation.normalise import fingerprint, sha256_of
from iraqstance.annotation.records import Paragraph
from iraqstance.dataset.sketch import SEED, Sketch, Words, fold

__all__ = ["Place", "Wanted", "align", "candidates", "cutoff", "settle"]

_Pairs = list[tuple[int, int]]  # a word of the sketch and the word of the copy that agrees with it, both rising
_Gaps = Sequence[tuple[int, int]]  # words of the copy that are not the paragraph's, first and one past the last

_CANDIDATES = 6  # places that are looked at for one paragraph
_FOREIGN = 80  # words that may stand inside a paragraph and not be its own
_INSERTED = 3  # fewer words inside a line are the publisher's edit, not something foreign
_FARTHEST = 3.0  # what a gap costs at most, in words that agree: three of them in a row are chance once in 4096
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
            the Indel similarity of the two sketches, and less than 1.
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
    pairs: _Pairs = field(default_factory=list, repr=False)

    @property
    def proven(self) -> bool:
        """Whether a SHA-256 says that these are the words."""
        return self.exact or self.score == 1

    @property
    def core(self) -> tuple[int, int]:
        """First and last word of the copy that agree."""
        return (self.pairs[0][1], self.pairs[-1][1]) if self.pairs and not self.proven else (self.first, self.last)


def cutoff(words: int) -> float:
    """Return the score, in [0, 1], from which a paragraph of so many words is taken without a proof by SHA-256.

    It is 0.65 and 1.8 in the number of words: 0.75 for 18 words, 0.69 for 50, 0.67 for 100; under eight words only a
    SHA-256 counts. A short sketch finds more agreement by chance: the best of 60 random sketches in a random text of
    20 000 words scored up to 0.86 for 8 words, 0.67 for 12, 0.62 for 20, 0.52 for 30 and 0.47 for 50. The 109 source
    paragraphs scored at most 0.61 in the other articles and 0.63 in the open edition, which restates each of them
    (median 0.43 and 0.46); in their own articles with two words replaced in every paragraph at least 0.84, median 0.96.
    """
    if words < 8:
        return 1.0
    return 0.65 + 1.8 / words


def candidates(copy: Words, paragraph: Wanted) -> list[Place]:
    """Return where a paragraph may stand in a copy, the likelier first; at most six places.

    Args:
        copy: The copy's words.
        paragraph: What is looked for.
    """
    sketch = paragraph.sketch
    found = []
    for start in _same(copy.digits, sketch.digits):
        pairs = [(word, start + word) for word in range(len(sketch.digits))]
        place = settle(copy, paragraph, pairs)
        if place.proven:
            found.append(place)
            if len(found) == _CANDIDATES:
                return found
    if not found:
        found += [_likeliest(copy, paragraph, hits) for hits in _regions(copy, sketch.digits)]
    least = cutoff(len(sketch.digits)) - 0.1
    kept = {(place.first, place.last): place for place in found if place.proven or place.score >= least}
    return sorted(kept.values(), key=lambda place: (-place.exact, -place.score, place.first))[:_CANDIDATES]


def _same(digits: str, wanted: str) -> Iterator[int]:
    """Yield where the sketch stands as it is."""
    start = digits.find(wanted) if wanted else -1
    while start >= 0:
        yield start
        start = digits.find(wanted, start + 1)


def _regions(copy: Words, digits: str) -> list[_Pairs]:
    """Return the stretches of the copy in which most runs of four words agree, as the words where they begin."""
    hits = copy.seeds(digits)
    width = len(digits) + _FOREIGN
    votes: list[tuple[int, int, int]] = []
    counts: dict[int, int] = {}
    left = 0
    for right, (here, there) in enumerate(hits):
        counts[there] = counts.get(there, 0) + 1
        while hits[left][0] < here - width:
            counts[hits[left][1]] -= 1
            if not counts[hits[left][1]]:
                del counts[hits[left][1]]
            left += 1
        votes.append((-len(counts), left, right))
    regions: list[tuple[int, int]] = []
    votes.sort()
    for vote, left, right in votes:
        if 4 * vote > votes[0][0]:  # a quarter of the best and less is chance
            break
        if all(hits[right][0] < hits[low][0] or hits[high][0] < hits[left][0] for low, high in regions):
            regions.append((left, right))
            if len(regions) == _CANDIDATES:
                break
    return [[(there, here) for here, there in hits[left : right + 1]] for left, right in regions]


def _likeliest(copy: Words, paragraph: Wanted, hits: _Pairs) -> Place:
    """Return the better of two readings: one that bridges long gaps lightly, and one that does not."""
    ways = []
    for farthest in (_FARTHEST, 2 * _FARTHEST):
        pairs = _agreeing(paragraph.sketch.digits, copy, hits, farthest)
        if pairs not in ways:
            ways.append(pairs)
    places = [settle(copy, paragraph, pairs) for pairs in ways]
    return max(places, key=lambda place: (place.exact, place.score))


def _agreeing(digits: str, copy: Words, hits: _Pairs, farthest: float) -> _Pairs:
    """Return the words that agree around runs of four: chained runs, what agrees between them and beside them."""
    other = copy.digits
    chained = _chained_runs(hits, farthest)
    (first, here), (last, there) = chained[0], chained[-1]
    low, high = max(0, here - first - 2), there + len(digits) - last + 2
    pairs = [(word, low + place) for word, place in _common(digits[:first], other[low:here])]
    pairs.append(chained[0])
    for (word, place), (next_word, following) in pairwise(chained):
        own, foreign = digits[word + 1 : next_word], other[place + 1 : following]
        if len(foreign) > 2 * len(own) + 4:  # what agrees amid so much that is foreign is chance
            near = _common(own, foreign[: len(own) + 1])
            rest = near[-1][0] + 1 if near else 0
            begin = len(foreign) - (len(own) - rest + 1)
            far = [(rest + one, begin + two) for one, two in _common(own[rest:], foreign[begin:])]
            between = near + far
        else:
            between = _common(own, foreign)
        pairs += [(word + 1 + one, place + 1 + two) for one, two in between]
        pairs.append((next_word, following))
    pairs += [
        (last + 1 + word, there + 1 + place) for word, place in _common(digits[last + 1 :], other[there + 1 : high])
    ]
    return _unstrayed(_densest(pairs, farthest), copy)


def _chained_runs(hits: _Pairs, farthest: float) -> _Pairs:
    """Return the runs of words that follow each other best: 1 a word, less what gaps cost."""
    runs: dict[int, list[tuple[int, int]]] = {}
    for word, place in sorted(hits):
        ends = runs.setdefault(place - word, [])
        if ends and word <= ends[-1][1]:
            ends[-1] = (ends[-1][0], word + SEED)
        else:
            ends.append((word, word + SEED))
    found = sorted((begin, stop, offset) for offset, ends in runs.items() for begin, stop in ends)
    totals: list[float] = []
    before: list[int | None] = []
    starts: list[int] = []
    for number, (begin, stop, offset) in enumerate(found):
        total, link, start = float(stop - begin), None, begin
        for earlier, (_, end, other) in enumerate(found[:number]):
            # Runs that overlap share their words: the later one begins after the earlier.
            cut = max(begin, end, end + other - offset)
            if cut >= stop:
                continue
            cost = min((2 * cut + offset - 2 * end - other) / 2, farthest)
            if totals[earlier] + stop - cut - cost > total:
                total, link, start = totals[earlier] + stop - cut - cost, earlier, cut
        totals.append(total)
        before.append(link)
        starts.append(start)
    at: int | None = max(range(len(found)), key=totals.__getitem__)
    chained: _Pairs = []
    while at is not None:
        chained[:0] = [(word, word + found[at][2]) for word in range(starts[at], found[at][1])]
        at = before[at]
    return chained


def _common(one: str, other: str) -> _Pairs:
    """Return the longest common subsequence of two short stretches."""
    if not one or not other:
        return []
    with from_extra("dataset"):
        from rapidfuzz.distance import LCSseq

    return [
        (block.src_start + step, block.dest_start + step)
        for block in LCSseq.opcodes(one, other)
        if block.tag == "equal"
        for step in range(block.src_end - block.src_start)
    ]


def _densest(pairs: _Pairs, farthest: float) -> _Pairs:
    """Return the run of pairs with the most agreement: 1 a pair, less half a word of gap up to a highest cost."""
    best, best_ends, start, total = 0.0, (0, 0), 0, 0.0
    for number, (word, place) in enumerate(pairs):
        if number:
            gap = word - pairs[number - 1][0] + place - pairs[number - 1][1] - 2
            total -= min(gap / 2, farthest)
        if total <= 0:
            start, total = number, 0.0
        total += 1
        if total > best:
            best, best_ends = total, (start, number + 1)
    return pairs[slice(*best_ends)]


def _unstrayed(pairs: _Pairs, copy: Words) -> _Pairs:
    """Return the pairs less one or two at an end that a blank line parts from the others: chance put them there."""
    low, high = 0, len(pairs)
    for number in (1, 2):
        for at in {number, len(pairs) - number} if len(pairs) > 4 else ():
            between = copy.spans[pairs[at - 1][1]][1], copy.spans[pairs[at][1]][0]
            if _BLANK_LINE.search(copy.text, *between):
                low, high = (max(low, at), high) if at <= 2 else (low, min(high, at))
    return pairs[low:high]


def _closed_up(pairs: _Pairs, other: str, digits: str, most: int) -> _Pairs:
    """Move up to so many words beside a gap to the words after it, where the copy holds the same digits there."""
    moved, count = list(pairs), 0
    for number in range(len(moved) - 2, -1, -1):
        word, place = moved[number]
        next_word, following = moved[number + 1]
        beside = next_word == word + 1 and following > place + 1
        count = count + 1 if beside else 0
        if beside and count <= most and other[following - 1] == digits[word]:
            moved[number] = (word, following - 1)
    return moved


def _closed_down(pairs: _Pairs, other: str, digits: str) -> _Pairs:
    """Move words beside a gap to the words before it, likewise."""
    moved = list(pairs)
    for number in range(1, len(moved)):
        word, place = moved[number]
        last_word, before = moved[number - 1]
        if last_word == word - 1 and before < place - 1 and other[before + 1] == digits[word]:
            moved[number] = (word, before + 1)
    return moved


def settle(copy: Words, paragraph: Wanted, pairs: _Pairs, low: int = 0, high: int | None = None) -> Place:
    """Return the place that words in agreement make, its ends refined.

    Args:
        copy: The copy's words.
        paragraph: What is looked for.
        pairs: Words of the sketch and of the copy that agree, both rising.
        low: First word of the copy that may be taken.
        high: One past the last; without it, the end of the copy.
    """
    high = len(copy.digits) if high is None else high
    likeliest: list[Place] = []
    for variant in _variants(pairs, copy.digits, paragraph.sketch.digits):
        refined = _refined(copy, paragraph.sketch, variant, low, high)
        between = [_lines_between(copy, variant, sure=True), _lines_between(copy, variant, sure=False), _gaps(variant)]
        for ends in dict.fromkeys([refined, (variant[0][1], variant[-1][1])]):
            for number, gaps in enumerate(between):
                if number and gaps in between[:number]:
                    continue
                place = _place(copy, paragraph, variant, ends, gaps)
                if place.proven:
                    return place
                if ends == refined and not number:
                    likeliest.append(place)
    return max(likeliest, key=lambda place: place.score)


def _variants(pairs: _Pairs, other: str, digits: str) -> list[_Pairs]:
    """Return the ways in which the same agreement may be read around gaps."""
    down = _closed_down(pairs, other, digits)
    ways = [pairs, down, *(_closed_up(down, other, digits, most) for most in (1, 2, 3, 4))]
    return [way for number, way in enumerate(ways) if way not in ways[:number]]


def _refined(copy: Words, sketch: Sketch, pairs: _Pairs, low: int, high: int) -> tuple[int, int]:
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


def _gaps(pairs: _Pairs) -> list[tuple[int, int]]:
    """Return the words that stand in the copy where the sketch has none, first and one past the last."""
    return [
        (place + 1, following)
        for (word, place), (next_word, following) in pairwise(pairs)
        if following - place > _INSERTED and next_word == word + 1
    ]


def _lines_between(copy: Words, pairs: _Pairs, *, sure: bool) -> list[tuple[int, int]]:
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


def _place(copy: Words, paragraph: Wanted, pairs: _Pairs, ends: tuple[int, int], gaps: _Gaps) -> Place:
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
    extract = _SOFT.sub("", "\n".join(pieces))
    text = _joined(extract, paragraph.sketch.digits)
    exact = next((one for one in (text, render(extract)) if fingerprint(one) == paragraph.sha256), None)
    if exact is not None:
        text, score = exact, 1.0
    elif sha256_of(fold(text)) == paragraph.sketch.sha256:
        score = 1.0
    else:
        score = _similarity(text, paragraph.sketch.digits)
    foreign = sum(stop - gap for gap, stop in gaps)
    return Place(first, last, start, end, text, score, exact=exact is not None, foreign=foreign, pairs=pairs)


def _joined(extract: str, digits: str) -> str:
    """Return the rendered text; a hyphen at the end of a line goes where the sketch has one word."""
    position = 0
    while found := _DIVIDED.search(extract, position):
        without = extract[: found.start()] + extract[found.end() :]
        kept = extract[: found.start()] + "-" + extract[found.end() :]
        extract = max((without, kept), key=lambda text: _likeness(Words(text).digits, digits))
        position = found.start()
    return render(extract)


def _similarity(text: str, digits: str) -> float:
    """Return the Indel similarity of a text's sketch to another, less than 1: the same words would be proven."""
    return min(_likeness(Words(text).digits, digits), 1 - 1 / (len(digits) + 1))


def _likeness(one: str, other: str) -> float:
    with from_extra("dataset"):
        from rapidfuzz.distance import Indel

    return float(Indel.normalized_similarity(one, other))


def align(
    copy: Words, paragraphs: Sequence[Paragraph], sketches: Mapping[str, Sketch], known: Mapping[str, tuple[int, int]]
) -> dict[str, Place]:
    """Return where the paragraphs stand in a copy, by id; no two overlap, and one that is nowhere is left out.

    The places that follow each other in the order of the paragraphs and agree best together are taken, among equals the
    first; then paragraphs that stand elsewhere take the best place that is left.

    Args:
        copy: The copy's words.
        paragraphs: One article's paragraphs in order.
        sketches: Their sketches by id; paragraphs without one are not looked for.
        known: The characters of paragraphs that were found already, by id. They are not returned.
    """
    places = [
        [_known(copy, *known[paragraph.id])]
        if paragraph.id in known
        else candidates(copy, Wanted(sketches[paragraph.id], paragraph.sha256))
        if paragraph.id in sketches
        else []
        for paragraph in paragraphs
    ]
    chosen = _chain(places)
    taken = sorted(place.core for place in chosen if place)
    found = {}
    for paragraph, place in zip(paragraphs, chosen, strict=True):
        if place is None or paragraph.id in known:
            continue
        at = taken.index(place.core)
        low = taken[at - 1][1] + 1 if at else 0
        high = taken[at + 1][0] if at + 1 < len(taken) else len(copy.digits)
        inside = place.proven or (low <= place.first and place.last < high)
        wanted = Wanted(sketches[paragraph.id], paragraph.sha256)
        settled = place if inside else settle(copy, wanted, place.pairs, low, high)
        if settled.proven or settled.score >= cutoff(len(wanted.sketch.digits)):
            found[paragraph.id] = settled
            taken[at] = (min(place.core[0], settled.first), max(place.core[1], settled.last))
    return found


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

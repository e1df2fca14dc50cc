"""What ties groups of paragraphs together, so that no split may part them.

Groups are tied that hold the same text, near-duplicates as :mod:`iraqstance.dataset.duplicates` has them, a restatement
and its source, or two restatements of one source.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from iraqstance.dataset.duplicates import NearDuplicates, plain_text
from iraqstance.dataset.editions import Edition, LabelledRow

__all__ = ["Tie", "bundles_of", "reasons_of", "some", "ties_of"]

_NAMED = 5  # of the names or reasons of one message


class Tie(NamedTuple):
    """Two groups that stay together, and why."""

    one: str
    other: str
    why: str = ""


class _Joined:
    """Groups that are joined, by the first name of each set (disjoint sets with path halving)."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def first(self, group: str) -> str:
        """Return the first name among those that the group is joined to."""
        parent = self._parent
        while (above := parent.setdefault(group, group)) != group:
            parent[group] = parent[above]
            group = parent[group]
        return group

    def join(self, one: str, other: str) -> bool:
        """Join two groups; tell whether they were apart."""
        first, second = sorted((self.first(one), self.first(other)))
        self._parent[second] = first
        return first != second


class _Ties:
    """Ties as they are found; those between groups that are joined already are left out."""

    def __init__(self) -> None:
        self.found: list[Tie] = []
        self._joined = _Joined()

    def bundle(self, row: LabelledRow) -> str:
        """Return the first name among the groups that a paragraph's group is joined to."""
        return self._joined.first(str(row["group"]))

    def add(self, row: LabelledRow, other: object, why: str) -> None:
        """Tie a paragraph's group to another group."""
        if self._joined.join(str(row["group"]), str(other)):
            self.found.append(Tie(str(row["group"]), str(other), f"{row['id']} {why}"))


def ties_of(rows: Iterable[LabelledRow], edition: Edition) -> list[Tie]:
    """Return ties enough to join all groups that stay together, whatever the order of the rows.

    Args:
        rows: Labelled rows of the edition, one for each paragraph.
        edition: Their edition, where sources of restatements are looked up.

    Raises:
        MissingExtraError: Without the extra ``check``, for paragraphs with text.
    """
    ties = _Ties()
    ordered = sorted(rows, key=lambda row: str(row["id"]))
    same: dict[object, LabelledRow] = {}
    for row in ordered:
        before = same.setdefault(row["sha256"], row)
        ties.add(row, before["group"], f"has the text of {before['id']}")
    _tie_restatements(ordered, edition, ties)
    if edition.has_text:
        _tie_near_duplicates(ordered, ties)
    return ties.found


def _tie_restatements(rows: Iterable[LabelledRow], edition: Edition, ties: _Ties) -> None:
    sources = {paragraph.id: (paragraph.id, edition.group(paragraph)) for paragraph in edition.paragraphs}
    for row in rows:
        source = edition.restates.get(str(row["id"]))
        if source:
            # A source that is not there stands for itself by the first of its restatements.
            name, group = sources.setdefault(source, (str(row["id"]), str(row["group"])))
            ties.add(row, group, f"restates {source}" + ("" if name == source else f", as {name} does"))


def _tie_near_duplicates(rows: Iterable[LabelledRow], ties: _Ties) -> None:
    first: dict[str, LabelledRow] = {}
    for row in rows:
        text = plain_text(str(row["text"]))
        if text:
            before = first.setdefault(text, row)
            ties.add(row, before["group"], f"nearly repeats {before['id']}")
    held = list(first.values())
    # Which of the held rows are joined already: comparing takes long, and what is joined need not be compared.
    names = {name: number for number, name in enumerate(dict.fromkeys(map(ties.bundle, held)))}
    bundles = np.array([names[ties.bundle(row)] for row in held], dtype=np.int64)
    index = NearDuplicates(len(held))
    for text, number in index.sketched(first):
        among = index.candidates(number)
        near = index.near(text, number, among[bundles[among] != bundles[number]])
        while len(near):
            other = int(near[0])
            ties.add(held[number], held[other]["group"], f"nearly repeats {held[other]['id']}")
            bundles[bundles == bundles[other]] = bundles[number]
            near = near[bundles[near] != bundles[number]]
        index.hold(text, number)


def bundles_of(groups: Iterable[str], ties: Iterable[Tie]) -> dict[str, list[str]]:
    """Return the groups that stay together, in order, by the first name of each bundle.

    Ties may lead over names that are not among the groups.
    """
    joined = _Joined()
    for tie in ties:
        joined.join(tie.one, tie.other)
    bundles: dict[str, list[str]] = {}
    for group in sorted(groups):
        bundles.setdefault(joined.first(group), []).append(group)
    return {members[0]: members for members in bundles.values()}


def reasons_of(members: Iterable[str], ties: Iterable[Tie]) -> str:
    """Return in words why some groups stay together: the first few reasons."""
    among = set(members)
    return some(sorted({tie.why for tie in ties if tie.why and {tie.one, tie.other} & among})) or "they are tied"


def some(names: Sequence[str]) -> str:
    """Return the first few names, and how many more there are."""
    rest = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + rest

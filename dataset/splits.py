"""Train, validation and test: whole groups on one side, stances and topics alike on all sides.

What shares a group, a story or an article, stays together. So do groups that near-duplicates tie to one another.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence

from iraqstance.annotation.errors import UsageError
from iraqstance.annotation.normalise import sha256_of

__all__ = ["SPLITS", "split_groups", "tied_groups"]

#: The usual shares.
SPLITS: Mapping[str, float] = {"train": 0.7, "validation": 0.1, "test": 0.2}


def split_groups(
    rows: Iterable[tuple[str, Sequence[Hashable]]],
    shares: Mapping[str, float] = SPLITS,
    *,
    fixed: Mapping[str, str] | None = None,
    ties: Iterable[tuple[str, str]] = (),
) -> dict[str, str]:
    """Return the split of each group, so that every split has its share of rows and of each label.

    Groups are given out one after the other, those with the most rows first; each goes where it brings the counts of
    rows and labels nearest to what they should be (squared distances, each divided by the count in all). This is
    iterative stratification (Sechidis, Tsoumakas and Vlahavas, "On the Stratification of Multi-Label Data", ECML PKDD
    2011) for groups in place of rows. The result does not depend on the order of the rows.

    Args:
        rows: For each row its group and its labels, such as its stance and topics.
        shares: Share of each split; they sum to 1.
        fixed: Split of groups that are not free.
        ties: Pairs of groups that stay together, as :func:`tied_groups` finds them.

    Raises:
        UsageError: Where the shares do not sum to 1, or a fixed split is none of them, or ties join two fixed splits.
    """
    if not shares or min(shares.values()) < 0 or abs(sum(shares.values()) - 1) > 1e-6:
        raise UsageError("the shares of the splits do not sum to 1", got=str(dict(shares)))
    counts: dict[str, Counter[Hashable]] = {}
    for group, labels in rows:
        counts.setdefault(group, Counter()).update([None, *labels])  # None stands for the row itself
    bundles = _bundles(counts, ties)
    wanted = _fixed(bundles, fixed or {}, shares)
    together = {first: sum((counts[group] for group in members), Counter()) for first, members in bundles.items()}
    total: Counter[Hashable] = sum(together.values(), Counter())
    held: dict[str, Counter[Hashable]] = {split: Counter() for split in shares}
    for first, split in wanted.items():
        held[split] += together[first]
    free = [first for first in together if first not in wanted]
    for first in sorted(free, key=lambda name: (-together[name][None], sha256_of(name))):
        split = min(shares, key=lambda name: _distance(held, name, together[first], shares, total))
        wanted[first] = split
        held[split] += together[first]
    return {group: wanted[first] for first, members in bundles.items() for group in members}


def _distance(
    held: Mapping[str, Counter[Hashable]],
    chosen: str,
    added: Counter[Hashable],
    shares: Mapping[str, float],
    total: Counter[Hashable],
) -> float:
    """Return how much further from the wanted counts the labels are when a split gets some more; less is better."""
    distance = 0.0
    for label, count in added.items():
        before = held[chosen][label] - shares[chosen] * total[label]
        distance += ((before + count) ** 2 - before**2) / total[label]
    return distance


def _bundles(groups: Iterable[str], ties: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return the groups that stay together, by the first name of each bundle."""
    parent = {group: group for group in groups}

    def root(group: str) -> str:
        while parent[group] != group:
            group = parent[group]
        return group

    for one, other in ties:
        if one in parent and other in parent:
            first, second = sorted((root(one), root(other)))
            parent[second] = first
    bundles: dict[str, list[str]] = {}
    for group in sorted(parent):
        bundles.setdefault(root(group), []).append(group)
    return bundles


def _fixed(
    bundles: Mapping[str, Sequence[str]], fixed: Mapping[str, str], shares: Mapping[str, float]
) -> dict[str, str]:
    wanted = {}
    for first, members in bundles.items():
        splits = sorted({fixed[group] for group in members if group in fixed})
        if len(splits) > 1 or (splits and splits[0] not in shares):
            raise UsageError(
                "groups that stay together are to be in two splits" if len(splits) > 1 else "the split is unknown",
                where=", ".join(members),
                expected=f"one of {', '.join(shares)}",
                got=", ".join(splits),
            )
        if splits:
            wanted[first] = splits[0]
    return wanted


def tied_groups(pairs: Iterable[tuple[int, int]], groups: Sequence[str]) -> list[tuple[str, str]]:
    """Return the pairs of different groups whose rows nearly repeat each other.

    Args:
        pairs: Numbers of rows that are near-duplicates.
        groups: Group of each row.
    """
    return sorted({(groups[one], groups[other]) for one, other in pairs if groups[one] != groups[other]})

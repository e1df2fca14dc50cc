"""Train, validation and test: whole groups on one side, stances and topics alike on all sides.

What shares a group, a story or an article, stays together. So do groups that near-duplicates, or a restatement and its
source, tie to one another.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import fsum
from pathlib import Path
from typing import NamedTuple

from iraqstance.annotation.errors import InputError, UsageError
from iraqstance.annotation.normalise import sha256_of
from iraqstance.annotation.records import Issue, Label
from iraqstance.annotation.schema import Schema
from iraqstance.dataset.check_rows import is_judgements
from iraqstance.dataset.editions import SPLIT_NAME, Edition, LabelledRow, labelled_rows
from iraqstance.dataset.tables import read_tables
from iraqstance.dataset.ties import Tie, bundles_of, reasons_of, some, ties_of

__all__ = ["SPLITS", "Deviation", "Splitting", "shares_of", "split_edition", "split_groups", "splits_in"]

#: The usual shares.
SPLITS: Mapping[str, float] = {"train": 0.7, "validation": 0.1, "test": 0.2}

_WRONG_SUM = "the shares of the splits do not sum to 1"
_TOLERANCE = 0.05  # by which a split's share of the paragraphs may miss what was asked


class Deviation(NamedTuple):
    """How far a label's share in a split is from its share of all paragraphs.

    Attributes:
        label: Such as ``stance favor`` or ``topic iran``.
        split: Name of the split.
        share: Its share of the split's paragraphs, in [0, 1].
        overall: Its share of all paragraphs, in [0, 1].
    """

    label: str
    split: str
    share: float
    overall: float

    @property
    def size(self) -> float:
        """The distance of the two shares, in [0, 1]."""
        return abs(self.share - self.overall)


@dataclass(frozen=True, slots=True)
class Splitting:
    """An edition whose labelled paragraphs have splits.

    Attributes:
        edition: The edition with :attr:`Edition.splits`.
        issues: ``missed-share`` where a split holds too much or too little, and ``tied-groups`` for groups that ties
            make so large a bundle that they are hard to place; all warnings.
        deviation: The largest of any label in any split; ``None`` where nothing is labelled.
    """

    edition: Edition
    issues: tuple[Issue, ...] = ()
    deviation: Deviation | None = None


def shares_of(text: str) -> dict[str, float]:
    """Return shares by split, from ``0.8,0.1,0.1`` (train, validation, test) or from ``train=0.8,test=0.2``.

    Raises:
        UsageError: Where a share is no number above 0, a split is named twice or wrongly, or they do not sum to 1.
    """
    parts = [part.strip() for part in text.split(",")]
    if "=" not in text and len(parts) == len(SPLITS):
        parts = [f"{split}={part}" for split, part in zip(SPLITS, parts, strict=True)]
    shares: dict[str, float] = {}
    for part in parts:
        split, _, share = (word.strip() for word in part.partition("="))
        try:
            shares[split] = float(share)
        except ValueError:
            shares[split] = 0
        if not (re.fullmatch(SPLIT_NAME, split) and shares[split] > 0):
            _refuse_wrong_numbers(parts)
            raise UsageError(
                f"the shares of the splits cannot be read: {part!r}",
                expected="shares above 0, such as 0.8,0.1,0.1 or train=0.8,test=0.2",
                got=text,
            )
    if len(shares) < len(parts):
        raise UsageError("a split has two shares", got=text)
    _refuse_wrong_sum(shares)
    return shares


def _refuse_wrong_numbers(parts: Sequence[str]) -> None:
    """Raise where numbers that name no split do not sum to 1: that is wrong whatever splits they are meant for."""
    try:
        shares = [float(part) for part in parts]
    except ValueError:
        return
    if min(shares) > 0 and not _is_one(fsum(shares)):
        remedy = "Give those of train, validation and test, or name the splits: train=0.8,test=0.2"
        raise UsageError(_WRONG_SUM, expected="1", got=f"{fsum(shares):g}: {', '.join(parts)}", remedy=remedy)


def _refuse_wrong_sum(shares: Mapping[str, float]) -> None:
    total = fsum(shares.values())
    if not (shares and min(shares.values()) >= 0 and _is_one(total)):
        parts = ", ".join(f"{split} {share:g}" for split, share in shares.items())
        raise UsageError(_WRONG_SUM, expected="1", got=f"{total:g}: {parts}" if parts else "no share")


def _is_one(total: float) -> bool:
    return abs(total - 1) <= 1e-6


def splits_in(folder: str | Path) -> dict[str, str]:
    """Return the split of each group of a dataset that was built before, whatever its configurations.

    Raises:
        InputError: Where it cannot be read, has no groups, or has a group in two splits.
        MissingExtraError: Without the extra ``dataset``.
    """
    read = read_tables(folder)
    failed = next((issue for issue in read.issues if issue.severity == "error"), None)
    if failed:
        raise InputError(failed.message, where=f"{folder}: {failed.where}", remedy="See `iraqstance dataset check`")
    found: dict[str, str] = {}
    for table in read.tables:
        if table.split and not is_judgements(table):
            for group in dict.fromkeys(filter(None, table.columns.get("group", ()))):
                if found.setdefault(group, table.split) != table.split:
                    splits = f"in {found[group]} and {table.split}"
                    raise InputError(f"the group {group!r} is in two splits", where=str(folder), got=splits)
    if not found:
        raise InputError("there are no groups in splits", where=str(folder), remedy="Name a dataset that was built")
    return found


def split_edition(
    edition: Edition,
    schema: Schema,
    shares: Mapping[str, float] = SPLITS,
    *,
    labels: Iterable[Label] | None = None,
    kept: Mapping[str, str] | None = None,
) -> Splitting:
    """Give the labelled paragraphs of an edition to splits by :func:`split_groups`.

    Groups stay together that hold the same text, near-duplicates as :mod:`iraqstance.dataset.duplicates` has them, a
    restatement and its source, or two restatements of one source; so ``iraqstance dataset check`` finds no leakage.
    Paragraphs that have a split in the edition keep it, with all of their group.

    Every group's place depends on what the others hold: one more paragraph may move many. ``kept`` prevents it.

    Args:
        edition: The paragraphs and judgements.
        schema: The label schema.
        shares: Share of each split; they sum to 1.
        labels: Adjudicated labels; without them the edition's judgements are adjudicated.
        kept: Splits that groups keep, as :func:`splits_in` reads them; groups that are not in the edition are ignored.

    Raises:
        InputError: Where there are fewer bundles of groups than splits, or what must stay together is to be in two.
        UsageError: Where the shares do not sum to 1.
        MissingExtraError: Without the extra ``check``, for paragraphs with text.
    """
    found, _ = labelled_rows(edition, schema, labels)
    if not found:
        return Splitting(edition)
    labelled = _by_paragraph(found)
    rows = [rows[0] for _, rows in sorted(labelled.items())]
    fixed = _kept_splits(edition, {str(row["group"]) for row in rows}, kept or {})
    ties = ties_of(rows, edition)
    said = {name: _labels(rows) for name, rows in labelled.items()}
    groups = split_groups(((str(row["group"]), said[str(row["id"])]) for row in rows), shares, fixed=fixed, ties=ties)
    splits = {str(row["id"]): groups[str(row["group"])] for row in rows}
    issues = (*_missed(splits, shares), *_bundled(rows, groups, shares, ties))
    return Splitting(replace(edition, splits=splits), issues, _deviation(splits, said))


def _by_paragraph(rows: Iterable[LabelledRow]) -> dict[str, list[LabelledRow]]:
    found: dict[str, list[LabelledRow]] = {}
    for row in rows:
        found.setdefault(str(row["id"]), []).append(row)
    return found


def _labels(rows: Sequence[LabelledRow]) -> list[str]:
    """Return the labels of a paragraph, of which there is one row for each target, and its genre."""
    several = len(rows) > 1
    stances = [f"stance {row['stance']}" + (f" towards {row['target']}" if several else "") for row in rows]
    genre = [f"genre {rows[0]['genre']}"] if rows[0].get("genre") else []
    return stances + genre + [f"topic {topic}" for topic in rows[0]["topics"]]  # type: ignore[attr-defined]


def _kept_splits(edition: Edition, groups: set[str], kept: Mapping[str, str]) -> dict[str, str]:
    """Return the split that each group has already."""
    fixed = {group: split for group, split in kept.items() if group in groups}
    for paragraph in edition.paragraphs:
        group, split = edition.group(paragraph), edition.splits.get(paragraph.id)
        if split and group in groups and fixed.setdefault(group, split) != split:
            raise InputError(
                f"the group {group!r} is to be in two splits",
                where=paragraph.id,
                expected=fixed[group],
                got=split,
                remedy="Give its paragraphs one split, or groups of their own",
            )
    return fixed


def split_groups(
    rows: Iterable[tuple[str, Sequence[str]]],
    shares: Mapping[str, float] = SPLITS,
    *,
    fixed: Mapping[str, str] | None = None,
    ties: Iterable[Tie] = (),
) -> dict[str, str]:
    """Return the split of each group, so that every split has its share of rows and of each label.

    Groups are given out one after the other, those with the most rows first; each goes where it brings the counts of
    rows and labels nearest to what they should be (squared distances, each divided by the count in all). This is
    iterative stratification (Sechidis, Tsoumakas and Vlahavas, "On the Stratification of Multi-Label Data", ECML PKDD
    2011) for groups in place of rows. No split stays empty. The result does not depend on the order of the rows.

    Args:
        rows: For each row its group and its labels, such as its stance and topics.
        shares: Share of each split; they sum to 1.
        fixed: Split of groups that are not free.
        ties: Groups that stay together; they may lead over groups without rows.

    Raises:
        UsageError: Where the shares do not sum to 1.
        InputError: Where a fixed split is none of them, ties join two fixed splits, or there are too few groups.
    """
    _refuse_wrong_sum(shares)
    counts: dict[str, Counter[str]] = {}
    for group, labels in rows:
        counts.setdefault(group, Counter()).update([_ROW, *labels])
    ties = list(ties)
    bundles = bundles_of(counts, ties)
    wanted = _fixed(bundles, fixed or {}, shares, ties)
    together = {first: sum((counts[group] for group in members), Counter()) for first, members in bundles.items()}
    total: Counter[str] = sum(together.values(), Counter())
    held: dict[str, Counter[str]] = {split: Counter() for split in shares}
    for first, split in wanted.items():
        held[split] += together[first]
    free = sorted(together.keys() - wanted, key=lambda name: (-together[name][_ROW], sha256_of(name)))
    if len(free) < len(_empty(held, shares)):
        raise _too_few(bundles, shares, ties)
    for number, first in enumerate(free):
        empty = _empty(held, shares)
        among = empty if len(empty) == len(free) - number else shares  # the last ones fill what is empty
        split = min(among, key=lambda name: _distance(held, name, together[first], shares, total))
        wanted[first] = split
        held[split] += together[first]
    return {group: wanted[first] for first, members in bundles.items() for group in members}


_ROW = ""  # stands among the labels for the row itself


def _empty(held: Mapping[str, Counter[str]], shares: Mapping[str, float]) -> list[str]:
    return [split for split, share in shares.items() if share and not held[split][_ROW]]


def _distance(
    held: Mapping[str, Counter[str]],
    chosen: str,
    added: Counter[str],
    shares: Mapping[str, float],
    total: Counter[str],
) -> float:
    """Return how much further from the wanted counts the labels are when a split gets some more; less is better."""
    changes = []
    for label, count in added.items():
        before = held[chosen][label] - shares[chosen] * total[label]
        changes.append(((before + count) ** 2 - before**2) / total[label])
    return fsum(changes)  # whatever the order of the labels


def _fixed(
    bundles: Mapping[str, Sequence[str]], fixed: Mapping[str, str], shares: Mapping[str, float], ties: Sequence[Tie]
) -> dict[str, str]:
    wanted = {}
    for first, members in bundles.items():
        splits = sorted({fixed[group] for group in members if group in fixed})
        if len(splits) > 1:
            raise InputError(
                "groups that stay together are to be in two splits",
                where=some(members),
                got=some([f"{group} in {fixed[group]}" for group in members if group in fixed]),
                remedy=f"{reasons_of(members, ties)}. Remove what ties them, or let one of them go free",
            )
        if splits and splits[0] not in shares:
            raise InputError(
                "the split is unknown",
                where=some(members),
                expected=f"one of {', '.join(shares)}",
                got=splits[0],
                remedy=f"The groups have this split already: give {splits[0]} a share, or do not keep the splits",
            )
        if splits:
            wanted[first] = splits[0]
    return wanted


def _too_few(bundles: Mapping[str, Sequence[str]], shares: Mapping[str, float], ties: Sequence[Tie]) -> InputError:
    groups = [group for members in bundles.values() for group in members]
    tied = max(bundles.values(), key=len, default=[])
    why = f"{some(tied)} stay together: {reasons_of(tied, ties)}. " if len(tied) > 1 else ""
    return InputError(
        "there are too few groups, so that a split would be empty",
        expected=f"one for each of {', '.join(split for split, share in shares.items() if share)}",
        got=f"{_counted(len(groups), 'group')}, {len(bundles)} when tied ones count once",
        remedy=f"{why}Ask for fewer splits, or add paragraphs of other groups",
    )


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _missed(splits: Mapping[str, str], shares: Mapping[str, float]) -> list[Issue]:
    held = Counter(splits.values())
    return [
        Issue(
            "missed-share",
            "warning",
            split,
            f"it has {held[split]} of {len(splits)} paragraphs, a share of {held[split] / len(splits):.3f} where "
            f"{share:.3f} was asked; whole groups come no nearer",
        )
        for split, share in shares.items()
        if abs(held[split] / len(splits) - share) > _TOLERANCE
    ]


def _bundled(
    rows: Sequence[LabelledRow], groups: Mapping[str, str], shares: Mapping[str, float], ties: Sequence[Tie]
) -> list[Issue]:
    """Return what is tied to a bundle larger than the smallest split should be."""
    held = Counter(str(row["group"]) for row in rows)
    issues = []
    for members in bundles_of(groups, ties).values():
        count = sum(held[group] for group in members)
        if len(members) > 1 and count > min(filter(None, shares.values())) * len(rows):
            stay = f"{some(members)} stay together in {groups[members[0]]}"
            message = f"{stay}, {count} of {len(rows)} paragraphs: {reasons_of(members, ties)}"
            issues.append(Issue("tied-groups", "warning", _counted(len(members), "group"), message))
    return issues


def _deviation(splits: Mapping[str, str], labels: Mapping[str, Sequence[str]]) -> Deviation:
    """Return the largest deviation of a label's share in a split."""
    sizes = Counter(splits.values())
    overall = Counter(label for said in labels.values() for label in said)
    held = Counter((label, splits[name]) for name, said in labels.items() for label in said)
    return max(
        (
            Deviation(label, split, held[label, split] / sizes[split], overall[label] / len(splits))
            for label in sorted(overall)
            for split in sorted(sizes)
        ),
        key=lambda one: one.size,
    )

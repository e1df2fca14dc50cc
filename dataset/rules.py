"""The rules of ``iraqstance dataset check``: what each is called, how grave it is, and what it holds."""

from typing import NamedTuple

from iraqstance.dataset.card_parts import markdown_table

__all__ = ["RULES", "Rule", "rules_table"]


class Rule(NamedTuple):
    """One rule.

    Attributes:
        severity: ``error`` or ``warning``.
        sentence: What is wrong where it is broken.
    """

    severity: str
    sentence: str


def _error(sentence: str) -> Rule:
    return Rule("error", sentence)


def _warning(sentence: str) -> Rule:
    return Rule("warning", sentence)


#: Every rule by its id, in the order of a report.
RULES = {
    # files and the card
    "no-data": _error("The folder holds no data file, or a file holds no row."),
    "missing-file": _error("The card names a file that is not there."),
    "unlisted-file": _warning("A data file lies in the folder that no configuration of the card names."),
    "unreadable-file": _error("A data file cannot be read."),
    "unreadable-row": _error("A line of a text file is no row."),
    "missing-card": _warning("The folder has Parquet files in `data`, and no card, so that `publish` refuses it."),
    "card-metadata": _error("The card's metadata cannot be read, or does not say what Hugging Face expects."),
    "card-features": _error("The features that the card declares are not those of the data."),
    "card-counts": _error("The card's number of rows is not that of the data, or it counts a split that is not there."),
    "card-sizes": _warning("A size in the card is not that of the data."),
    "card-unwritten": _warning("The card still asks its author for what a new card leaves open."),
    "card-stale": _error("A made part of the card is not what `dataset build` makes of the data now."),
    "croissant-unreadable": _error("`croissant.json` is no JSON, or does not hold what Croissant does."),
    "croissant-file": _error("`croissant.json` names a file that is not there, or does not name a data file that is."),
    "croissant-hash": _error("A SHA-256 or a size in `croissant.json` is not the file's."),
    "croissant-columns": _error("The columns or types that `croissant.json` declares are not those of the data."),
    # schema
    "missing-column": _error("A column that the rows need is not there."),
    "unknown-column": _warning("A column is none that this package reads."),
    "wrong-type": _error("A value or a column has the wrong type."),
    "label-out-of-range": _error("The number of a class label is none of the declared ones."),
    "unknown-label": _error("A stance, a topic or a target is none of the schema."),
    # ids and offsets
    "missing-id": _error("A row has no id."),
    "duplicate-id": _error("An id stands twice in a configuration, for one target or with different texts."),
    "malformed-id": _warning("An id holds white space, or is not `<article>/<number>` as others are."),
    "unknown-source": _warning("A paragraph restates one that is in no configuration."),
    "bad-offsets": _error("A paragraph does not start before it ends, or lacks an offset."),
    "overlapping-paragraphs": _error("Two paragraphs of an article overlap."),
    "out-of-order": _warning("The paragraphs of an article are not in the order of their offsets."),
    # hashes
    "malformed-hash": _error("A hash is missing or not 64 hexadecimal digits."),
    "hash-mismatch": _error("A text does not have the hash that stands beside it."),
    "judged-other-text": _error("A judgement carries the hash of another text than the paragraph's."),
    # labels
    "missing-label": _error("A row has no stance or no target where others have one."),
    "no-topic": _error("A row has no topic."),
    "repeated-topic": _error("A row has a topic twice."),
    "exclusive-topic": _error("A topic that stands alone stands beside another."),
    "topics-differ": _error("The rows of one paragraph's targets have different topics."),
    "conflicting-labels": _error("One text stands there more than once with different labels."),
    # judgements
    "unknown-paragraph": _error("A judgement is of a paragraph or an edition that is not there."),
    "unjudged-paragraph": _error("A paragraph has no judgement where others of its configuration have."),
    "judged-twice": _error("An annotator judged a paragraph twice in one round."),
    "incomplete-judgement": _error("A judgement lacks a stance, a target, topics or its annotator."),
    "label-against-votes": _error("A label is not what the judgements give, by majority or by Dawid and Skene."),
    "e-mail-address": _error("A judgement holds an e-mail address."),
    "phone-number": _error("A judgement holds what looks like a phone number."),
    "annotator-name": _warning("An annotator is not called by a pseudonym, such as `reader-1`."),
    # text
    "empty-text": _error("A text holds no word."),
    "short-text": _warning("A text is too short for a paragraph: under 5 words and 25 characters."),
    "long-text": _warning("A text is too long for a paragraph: over 500 words."),
    "line-break": _warning("A text holds a line break."),
    "loose-space": _warning("A text begins or ends with white space, or holds more than one space in a row."),
    "control-character": _error("A text holds a control character."),
    "html": _warning("A text holds an HTML tag or entity."),
    "repeated-passage": _warning("A text holds a run of 12 words or more twice."),
    # encoding
    "lone-surrogate": _error("A text holds half of a surrogate pair."),
    "replacement-character": _error("A text holds U+FFFD, the mark of a character that was lost."),
    "mojibake": _error("A text holds UTF-8 that was read as another encoding, such as “â€™” for an apostrophe."),
    "not-nfc": _warning("A text is not in Unicode's normal form C."),
    # duplicates and leakage
    "duplicate-text": _warning("A text stands more than once in a split."),
    "near-duplicate": _warning("Two texts of a split nearly repeat each other: a Jaccard similarity of 0.8 or more."),
    "text-across-splits": _error("A text stands in two splits."),
    "near-duplicate-across-splits": _error("Two texts of different splits nearly repeat each other."),
    "restatement-across-splits": _error("A restatement and its source stand in different splits."),
    "group-across-splits": _error("A group stands in two splits."),
    "near-duplicates-unchecked": _warning("Near-duplicates were not looked for: datasketch is not installed."),
    # groups and balance
    "no-groups": _warning("There is no column of groups, so that related texts may be parted."),
    "missing-group": _error("A row has no group where others have one."),
    "one-group": _warning("All rows are of one group, so that none can be held out."),
    "one-class": _warning("All rows have one stance."),
    "absent-class": _warning("A split lacks a stance or topic that the schema or another split has."),
    "rare-class": _warning("A stance or topic has under 2 % of a split's rows."),
    # borrowed text
    "borrowed-text": _error("A text shares ten or more words in a row with a text of `--against`."),
}


def rules_table() -> str:
    """Return the table of rules in Markdown."""
    return markdown_table(
        ("rule", "severity", "what is wrong"),
        [(f"`{name}`", rule.severity, rule.sentence) for name, rule in RULES.items()],
    )

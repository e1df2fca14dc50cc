"""Labels to read again: those that contradict each other, and those that out-of-fold predictions contradict."""

import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from iraqstance.annotation.errors import InputError, from_extra
from iraqstance.annotation.normalise import fingerprint
from iraqstance.annotation.records import Issue, Paragraph, Prediction
from iraqstance.training.corpus import Corpus
from iraqstance.training.evaluate import Progress, out_of_fold

__all__ = ["Contents", "Suspect", "contents", "paragraphs_of", "suspects"]


@dataclass(frozen=True, slots=True)
class Contents:
    """What a table of labelled texts holds.

    Attributes:
        data: Where it comes from.
        rows: Number of rows.
        texts: Number of different texts, white space apart.
        groups: Number of groups, or ``None`` where it names none.
        stances: Rows of each stance, by target (empty where the data names none).
        topics: Texts of each topic; empty for data without topics.
        issues: Texts that stand there more than once with different labels.
    """

    data: str
    rows: int
    texts: int
    groups: int | None
    stances: Mapping[str, Mapping[str, int]]
    topics: Mapping[str, int]
    issues: tuple[Issue, ...]


@dataclass(frozen=True, slots=True)
class Suspect:
    """A label that predictions contradict.

    Attributes:
        row: Its row in the corpus, from 0.
        text: The text.
        column: ``stance``, ``stance towards <target>``, or ``topics``.
        given: The label. Of topics, one topic, or ``not <topic>`` where the text has not got it.
        suggested: What the prediction says instead.
        score: Probability that the prediction gives to ``given``, in [0, 1]: the lower, the more suspicious.
        group: The row's group, where the corpus has groups.
        id: The row's id, where it has one.
    """

    row: int
    text: str
    column: str
    given: str
    suggested: str
    score: float
    group: str | None = None
    id: str | None = None


def contents(corpus: Corpus) -> Contents:
    """Count what a corpus holds, and find texts that stand there more than once with different labels."""
    stances = {}
    for target in corpus.target_names if corpus.stances is not None else ():
        stances[target] = _counted(corpus.for_target(target).stances or ())
    return Contents(
        data=corpus.name,
        rows=len(corpus),
        texts=len(set(map(fingerprint, corpus.texts))),
        groups=None if corpus.groups is None else len(set(corpus.groups)),
        stances=stances,
        topics=_counted([topic for topics in corpus.distinct().topics or () for topic in topics]),
        issues=tuple(_conflicts(corpus)),
    )


def _counted(labels: Sequence[str]) -> dict[str, int]:
    return dict(sorted(Counter(labels).items()))


def _conflicts(corpus: Corpus) -> Iterator[Issue]:
    rows_of: dict[str, list[int]] = {}
    for row, text in enumerate(corpus.texts):
        rows_of.setdefault(fingerprint(text), []).append(row)
    for rows in rows_of.values():
        if len(rows) < 2:
            continue
        for column, labels in _labels_of(corpus, rows):
            if len(set(labels.values())) > 1:
                where = f"{corpus.name}: rows {', '.join(str(row + 1) for row in labels)}"
                found = "; ".join(dict.fromkeys(labels.values()))
                message = f"one text has different labels in {column}: {found}. Decide on one, or remove a row"
                yield Issue("conflicting-labels", "error", where, message)


def _labels_of(corpus: Corpus, rows: Sequence[int]) -> Iterator[tuple[str, dict[int, str]]]:
    """Yield the labels of the rows by column; a set of topics is one label."""
    if corpus.stances is not None:
        for target in corpus.target_names:
            chosen = [row for row in rows if corpus.targets is None or corpus.targets[row] == target]
            yield _column(target), {row: corpus.stances[row] for row in chosen}
    if corpus.topics is not None:
        yield "topics", {row: ", ".join(sorted(corpus.topics[row])) for row in rows}


def _column(target: str) -> str:
    return f"stance towards {target}" if target else "stance"


def suspects(corpus: Corpus, *, jobs: int = 1, progress: Progress | None = None) -> list[Suspect]:
    """Return the labels that predictions contradict, the most suspicious first; no order of rows changes them.

    The predictions are those of :func:`out_of_fold`. Confident learning (Northcutt, Jiang and Chuang, "Confident
    Learning: Estimating Uncertainty in Dataset Labels", JAIR 70, 2021) chooses among them with cleanlab's defaults:
    stances of each target as classes, topics as yes or no each. Left out are labels that occur in one fold alone, since
    no model that held it out could have given them, and stances and topics that never vary.

    Args:
        corpus: The labelled texts.
        jobs: Processes to fit folds in; the result does not depend on it.
        progress: Wraps the iterator over finished folds, given their number.

    Raises:
        InputError: Where no label varies, or there are too few groups or texts for two folds.
        MissingExtraError: Without the extras ``check`` and ``train``.
    """
    with from_extra("check"):
        import cleanlab.filter  # noqa: F401 - what is missing shows before anything is fitted
    _refuse_constant(corpus)
    order = sorted(range(len(corpus)), key=lambda row: _contents_of(corpus, row))
    ordered = corpus.take(order)
    said = out_of_fold(ordered, jobs=jobs, progress=progress)
    found = [
        Suspect(
            row=order[row],
            text=ordered.texts[row],
            column=column,
            given=given,
            suggested=suggested,
            score=score,
            group=ordered.groups[row] if ordered.groups else None,
            id=(ordered.ids[row] or None) if ordered.ids else None,
        )
        for row, column, given, suggested, score in (*_stance_findings(ordered, said), *_topic_findings(ordered, said))
    ]
    return sorted(found, key=lambda one: (one.score, one.column, one.text, one.given, one.group, one.id or "", one.row))


_Finding = tuple[int, str, str, str, float]  # row, column, given, suggested, score


def _contents_of(corpus: Corpus, row: int) -> tuple[object, ...]:
    columns = (corpus.texts, corpus.targets, corpus.stances, corpus.topics, corpus.groups, corpus.ids)
    return tuple(column[row] for column in columns if column is not None)


def _refuse_constant(corpus: Corpus) -> None:
    stances = [set(corpus.for_target(target).stances or ()) for target in corpus.target_names]
    if max(map(len, stances)) < 2 and len(set(corpus.topics or ())) < 2:
        raise InputError(
            "no label varies, so no prediction can contradict one",
            where=corpus.name,
            expected="two stances or more, or texts of different topics",
            remedy="Check the columns",
        )


def _stance_findings(corpus: Corpus, said: Sequence[Prediction]) -> Iterator[_Finding]:
    from cleanlab.filter import find_label_issues

    for target in corpus.target_names if corpus.stances is not None else ():
        rows = [row for row in range(len(corpus)) if corpus.targets is None or corpus.targets[row] == target]
        stances = [(corpus.stances or ())[row] for row in rows]
        names = sorted(set(stances))
        if len(names) < 2:
            continue
        labels = np.array([names.index(stance) for stance in stances])
        # A stance that the fold's training rows lack has no probability of its own, which is one of 0.
        shares = np.array([[(said[row].stance_scores or {}).get(name, 0.0) for name in names] for row in rows])
        with _rare_labels_allowed():
            places = find_label_issues(labels, shares, return_indices_ranked_by="self_confidence", n_jobs=1)
        for place in map(int, places):
            score = float(shares[place, labels[place]])
            if score:
                yield rows[place], _column(target), stances[place], names[int(shares[place].argmax())], score


def _topic_findings(corpus: Corpus, said: Sequence[Prediction]) -> Iterator[_Finding]:
    from cleanlab.multilabel_classification.filter import find_multilabel_issues_per_class

    rows, labels = _topic_rows(corpus)
    # A topic that every text has cannot be put in doubt.
    names = [name for name in sorted(set().union(*labels)) if not all(name in topics for topics in labels)]
    if not names:
        return
    numbers = [[number for number, name in enumerate(names) if name in topics] for topics in labels]
    shares = np.array([[(said[row].topic_scores or {}).get(name, 0.0) for name in names] for row in rows])
    with _rare_labels_allowed():
        places_of, _, _ = find_multilabel_issues_per_class(
            numbers, shares, return_indices_ranked_by="self_confidence", n_jobs=1
        )
    for number, name in enumerate(names):
        for place in map(int, places_of[number]):
            share = float(shares[place, number])
            if name not in labels[place]:
                yield rows[place], "topics", f"not {name}", name, 1 - share
            elif share:
                yield rows[place], "topics", name, f"not {name}", share


def _topic_rows(corpus: Corpus) -> tuple[list[int], list[set[str]]]:
    """Return one row for each text, and its topics: with several targets, a text stands once for each of them.

    A text that stands there again with other topics, or in another group, counts again.
    """
    if corpus.topics is None:
        return [], []
    first: dict[tuple[object, ...], int] = {}
    for row, text in enumerate(corpus.texts):
        key = (text, tuple(sorted(corpus.topics[row])), corpus.groups[row] if corpus.groups else None)
        first.setdefault(key, row)
    return list(first.values()), [set(corpus.topics[row]) for row in first.values()]


@contextmanager
def _rare_labels_allowed() -> Iterator[None]:
    """Be silent where a label stands once only: cleanlab never puts it in doubt, and warns of that."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="May not flag all label issues in class", category=UserWarning)
        yield


def paragraphs_of(corpus: Corpus, found: Sequence[Suspect]) -> list[Paragraph]:
    """Return the suspects' texts as paragraphs to be read again, each once, by id and without any label.

    A text without an id is called ``<name of the data>/<number of its first row>``.

    Raises:
        InputError: Where two texts have one id.
    """
    names = _names(corpus)
    held = Counter(names.values())
    made = []
    for text in sorted({suspect.text for suspect in found}):
        name = names[text]
        if held[name] > 1:
            raise InputError(
                "two texts have one id",
                where=corpus.name,
                got=name,
                remedy="Mend the ids, or leave them out with --id-column ''",
            )
        made.append(Paragraph(name, name.rpartition("/")[0] or name, 0, len(text), text, fingerprint(text)))
    return sorted(made, key=lambda paragraph: paragraph.id)


def _names(corpus: Corpus) -> dict[str, str]:
    """Return the name of each text: its first id, or the number of its first row."""
    stem = Path(corpus.name).resolve().stem
    rows = range(len(corpus) - 1, -1, -1)
    numbered = {corpus.texts[row]: f"{stem}/{row + 1:03d}" for row in rows}
    return numbered | {corpus.texts[row]: corpus.ids[row] for row in rows if corpus.ids and corpus.ids[row]}

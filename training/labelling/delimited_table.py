"""Predictions as CSV or TSV."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from iraqstance.training.labelling.labeller import Labeller
from iraqstance.training.labelling.prediction_rows import cell
from iraqstance.training.labelling.prediction_tables import Report, Table, sound_numbers
from iraqstance.training.labelling.text_rows import TextRow

if TYPE_CHECKING:
    from iraqstance.training.labelling.findings import Findings

__all__ = ["DelimitedTable"]

_REMEMBERED = 1000  # sets of topics


class DelimitedTable(Table):
    """One row a line, with a head; ``|`` divides topics.

    Args:
        labeller: The model and how it is asked.
        report: Called with the place and the error of each row that has one.
        delimiter: What divides fields.
    """

    def __init__(self, labeller: Labeller, report: Report, delimiter: str) -> None:
        super().__init__(labeller, report)
        self._delimiter = delimiter
        self._topic_fields: dict[tuple[bool, ...], str] = {}

    def _bytes(self, rows: Sequence[Mapping[str, object]], *, is_first: bool) -> bytes:
        head = [self.columns] if is_first else []
        return self._lines([*head, *map(_fields, rows)])

    def _lines(self, rows: Sequence[Sequence[str | None]]) -> bytes:
        text = io.StringIO()
        csv.writer(text, delimiter=self._delimiter).writerows(rows)
        return text.getvalue().encode()

    def _quick(self, rows: Sequence[TextRow], findings: "Findings", odd: Mapping[int, Mapping[str, object]]) -> bytes:
        sound, numbers = sound_numbers(rows, odd)
        quoted = self._quoted
        columns: list[Sequence[str]] = [[quoted(row.text) for row in sound], *self._answers(findings, numbers)]
        columns += [[""] * len(sound), *([quoted(value) for value in values] for values in self._others(sound))]
        # Of a score the writer would look at every digit, for none of them to be quoted.
        line = self._delimiter.join(["%s"] * len(columns)) + "\r\n"
        lines = list(map(line.__mod__, zip(*columns, strict=True)))
        for place, row in sorted(odd.items()):
            lines.insert(place, self._lines([_fields(row)]).decode())
        return "".join(lines).encode()

    def _quoted(self, value: str | None) -> str:
        """Return a field as the writer of :mod:`csv` writes it."""
        if value is None:
            return ""
        if '"' in value or self._delimiter in value or "\n" in value or "\r" in value:
            return '"' + value.replace('"', '""') + '"'
        return value

    def _answers(self, findings: "Findings", numbers: list[int] | slice) -> list[Sequence[str]]:
        """Return the labels and scores of the findings with these numbers, a list for each column."""
        from iraqstance.training.labelling.score_digits import score_strings

        columns: list[Sequence[str]] = []
        if findings.stances:
            names = [*map(self._quoted, findings.stances), ""]  # an open one is -1: the last
            columns.append([names[stance] for stance in findings.stance[numbers].tolist()])
            columns += score_strings(findings.stance_scores[numbers])
        if findings.topics:
            columns.append(
                [self._topics(findings.topics, row) for row in map(tuple, findings.chosen[numbers].tolist())]
            )
            columns += score_strings(findings.topic_scores[numbers])
        return columns

    def _topics(self, topics: Sequence[str], chosen: tuple[bool, ...]) -> str:
        """Return the topics of one row as a field."""
        field = self._topic_fields.get(chosen)
        if field is None:
            field = self._quoted("|".join(topic for topic, is_given in zip(topics, chosen, strict=True) if is_given))
            if len(self._topic_fields) < _REMEMBERED:
                self._topic_fields[chosen] = field
        return field

    def _others(self, rows: Sequence[TextRow]) -> list[list[str | None]]:
        """Return the kept columns."""
        names = self.kept
        kept: list[list[str | None]] = [[None] * len(rows) for _ in names]
        if not kept:
            return kept
        for number, row in enumerate(rows):
            for place, value in zip(self.places_of(row), row.others.values(), strict=True):
                kept[place][number] = value if type(value) is str else _field(names[place], value)
        return kept


def _fields(row: Mapping[str, object]) -> list[str | None]:
    return [_field(name, value) for name, value in row.items()]


def _field(name: str, value: Any) -> str | None:
    is_joined = name == "topics" and isinstance(value, list) and all(isinstance(one, str) for one in value)
    return "|".join(value) if is_joined else cell(value)

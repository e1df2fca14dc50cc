"""Predictions as JSON lines."""

from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any

from iraqstance.annotation.storage import encoded
from iraqstance.training.labelling.labeller import Labeller
from iraqstance.training.labelling.prediction_rows import plain
from iraqstance.training.labelling.prediction_tables import Report, Table, sound_numbers
from iraqstance.training.labelling.text_rows import TextRow

if TYPE_CHECKING:
    from iraqstance.training.labelling.findings import Findings

__all__ = ["JsonTable"]

_REMEMBERED = 1000  # sets of topics, and of other columns
_CONSTANTS = {None: "null", True: "true", False: "false"}


class JsonTable(Table):
    """One JSON object a line."""

    is_json = True

    def __init__(self, labeller: Labeller, report: Report) -> None:
        super().__init__(labeller, report)
        self._labels: dict[bytes, bytes] = {}
        self._heads: dict[tuple[str, ...], list[str]] = {}

    def fitted(self, rows: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
        """Return the rows as they are: each has the columns that it has."""
        return [dict(row) for row in rows]

    def _bytes(self, rows: Sequence[Mapping[str, object]], *, is_first: bool) -> bytes:
        del is_first
        return b"".join(map(_line, rows))

    def _quick(self, rows: Sequence[TextRow], findings: "Findings", odd: Mapping[int, Mapping[str, object]]) -> bytes:
        sound, numbers = sound_numbers(rows, odd)
        columns: list[Sequence[bytes]] = [[encode_basestring(row.text).encode() for row in sound]]
        columns += self._answers(findings, numbers)
        columns.append(
            [self._others(row.others) for row in sound] if self.labeller.keep_columns else [b""] * len(sound)
        )
        lines = list(map(_template(findings).__mod__, zip(*columns, strict=True)))
        for place, row in sorted(odd.items()):
            lines.insert(place, _line(row))
        return b"".join(lines)

    def _answers(self, findings: "Findings", numbers: list[int] | slice) -> list[Sequence[bytes]]:
        """Return the labels and scores of the findings with these numbers, a list for each place in the line."""
        from iraqstance.training.labelling.score_digits import score_texts

        columns: list[Sequence[bytes]] = []
        if findings.stances:
            names = [encoded(name).encode() for name in (*findings.stances, None)]  # an open one is -1: the last
            columns.append([names[stance] for stance in findings.stance[numbers].tolist()])
            columns += score_texts(findings.stance_scores[numbers])
        if findings.topics:
            columns.append(self._topics(findings.topics, findings.chosen[numbers]))
            columns += score_texts(findings.topic_scores[numbers])
        return columns

    def _topics(self, topics: Sequence[str], chosen: Any) -> list[bytes]:
        import numpy as np

        bits = np.packbits(chosen, axis=1)
        keys = [bits[number].tobytes() for number in range(len(bits))] if bits.shape[1] > 8 else _short_keys(bits)
        found = []
        for number, key in enumerate(keys):
            text = self._labels.get(key)
            if text is None:
                names = [topics[topic] for topic in np.flatnonzero(chosen[number])]
                text = encoded(names).encode()
                if len(self._labels) < _REMEMBERED:
                    self._labels[key] = text
            found.append(text)
        return found

    def _others(self, others: Mapping[str, object]) -> bytes:
        """Return the other columns as the end of an object, a comma before each."""
        if not others:
            return b""
        names = tuple(others)
        heads = self._heads.get(names)
        if heads is None:
            heads = [f", {encoded(name)}: " for name in self.labeller.kept_names(names)]
            if len(self._heads) < _REMEMBERED:
                self._heads[names] = heads
        text = ""
        for head, value in zip(heads, others.values(), strict=True):
            text += head + (encode_basestring(value) if type(value) is str else _value(value))
        return text.encode()


def _short_keys(bits: Any) -> list[bytes]:
    keys: list[bytes] = bits.view(f"V{bits.shape[1]}").ravel().tolist()
    return keys


def _value(value: object) -> str:
    if type(value) is int:
        return str(value)
    if value is None or value is True or value is False:
        return _CONSTANTS[value]
    return encoded(plain(value))


def _line(row: Mapping[str, object]) -> bytes:
    return f"{encoded(plain(row))}\n".encode()


def _template(findings: "Findings") -> bytes:
    """Return the line of a row, with a place for each part that varies."""
    text = '{"text": %b'
    if findings.stances:
        text += f', "stance": %b, "stance_scores": {_places(findings.stances)}'
    if findings.topics:
        text += f', "topics": %b, "topic_scores": {_places(findings.topics)}'
    return f"{text}%b}}\n".encode()


def _places(names: Sequence[str]) -> str:
    return "{" + ", ".join(encoded(name).replace("%", "%%") + ": %b" for name in names) + "}"

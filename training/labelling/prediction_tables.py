"""Output rows as bytes, some thousands at a time: the one way that suits every row, which the quicker ones agree with.

:func:`table_for` gives the table of a kind of file. Each kind has a module of its own, where predictions become bytes
column by column; what is odd about a row goes through :meth:`Table.encoded`'s way.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from iraqstance.annotation.errors import from_extra
from iraqstance.training.labelling.labeller import Labelled, Labeller, output_row
from iraqstance.training.labelling.prediction_rows import flat
from iraqstance.training.labelling.text_rows import TextRow

if TYPE_CHECKING:
    from iraqstance.training.labelling.findings import Findings

__all__ = ["ENDINGS", "Report", "Table", "sound_numbers", "table_for"]

#: How the names of files end that predictions are written to.
ENDINGS = (".jsonl", ".ndjson", ".csv", ".tsv", ".parquet")

_SHAPES = 1000  # sets of other columns that are remembered

Report = Callable[[str, str], None]


class Table(ABC):
    """Output rows as bytes, and how many there were.

    Args:
        labeller: The model and how it is asked.
        report: Called with the place and the error of each row that has one.

    Attributes:
        rows: How many rows there were.
        faults: How many of them had an error.
        columns: The table's columns, which the first rows decide; of JSON lines none.
        is_json: Whether each row is an object of its own.
    """

    is_json = False

    def __init__(self, labeller: Labeller, report: Report) -> None:
        self.labeller, self.report, self.rows, self.faults = labeller, report, 0, 0
        self.columns: list[str] = []
        self._places: dict[tuple[str, ...], list[int]] = {}

    def encoded(self, chunk: Sequence[Labelled]) -> bytes:
        """Return labelled rows as bytes; before the first, what such a file begins with."""
        is_first = not self.columns
        rows = self.fitted([output_row(one, self.labeller) for one in chunk])
        for one, row in zip(chunk, rows, strict=True):
            self._note(one.row, row)
        self.rows += len(rows)
        return self._bytes(rows, is_first=is_first)

    def found(self, rows: Sequence[TextRow], findings: "Findings") -> bytes:
        """Return rows as bytes, as :meth:`encoded` does.

        Args:
            rows: The rows.
            findings: What the model says of those without an error.
        """
        if not self.columns and not self.is_json:
            return self.encoded(self._labelled(rows, findings))
        odd = self._odd(rows)
        added = [self._odd_row(row, number, findings) for row, number in odd.values()]
        for (row, _), found in zip(odd.values(), added, strict=True):
            self._note(row, found)
        self.rows += len(rows)
        try:
            return self._quick(rows, findings, dict(zip(odd, added, strict=True)))
        except UnicodeEncodeError:  # half of a surrogate pair in another column, which JSON can spell
            labelled = self._labelled(rows, findings)
            return self._bytes(self.fitted([output_row(one, self.labeller) for one in labelled]), is_first=False)

    def _labelled(self, rows: Sequence[TextRow], findings: "Findings") -> list[Labelled]:
        numbers = iter(range(len(rows)))
        return [Labelled(row, None if row.error else findings.prediction(next(numbers), row.text)) for row in rows]

    def _odd(self, rows: Sequence[TextRow]) -> dict[int, tuple[TextRow, int]]:
        """Return the rows that :meth:`_quick` cannot write, by their place, with the number of their findings."""
        odd, faults = {}, 0
        for place, row in enumerate(rows):
            if row.error or not self._is_plain(row):
                odd[place] = row, place - faults
                faults += bool(row.error)
        return odd

    def _odd_row(self, row: TextRow, number: int, findings: "Findings") -> dict[str, object]:
        labelled = Labelled(row, None if row.error else findings.prediction(number, row.text))
        return self.fitted([output_row(labelled, self.labeller)])[0]

    def _note(self, row: TextRow, written: Mapping[str, object]) -> None:
        if written.get("error"):
            self.faults += 1
            self.report(row.where, str(written["error"]))

    def fitted(self, rows: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
        """Return the rows with the table's columns, which the first ones decide."""
        every = [flat(row) for row in rows]
        if not self.columns:
            others = dict.fromkeys(name for row in every for name in row)
            columns = dict.fromkeys([*self.labeller.columns, *others])
            # An error's row lacks single scores, but has the names of both groups.
            self.columns = [name for name in columns if name not in {"stance_scores", "topic_scores"}]
        for row in every:
            late = [name for name in row if name not in self.columns and row[name] is not None]
            if late:
                row["error"] = f"left out, as no row at the beginning has them: columns {', '.join(late)}."
        return [{name: row.get(name) for name in self.columns} for row in every]

    def places_of(self, row: TextRow) -> list[int]:
        """Return where each of a row's other columns stands among the kept ones, or -1."""
        names = tuple(row.others)
        places = self._places.get(names)
        if places is None:
            kept = self.kept
            places = [kept.index(name) if name in kept else -1 for name in self.labeller.kept_names(names)]
            if len(self._places) < _SHAPES:
                self._places[names] = places
        return places

    @property
    def kept(self) -> list[str]:
        """The columns that are kept from the input."""
        return self.columns[len(self.labeller.columns) :]

    def finish(self, rows: str, path: str) -> bool:
        """Make the file of the bytes that were written to ``rows``, where they are not the file themselves.

        Args:
            rows: The file of the bytes.
            path: The file to make.

        Returns:
            Whether it was made.
        """
        del rows, path
        return False

    def _is_plain(self, row: TextRow) -> bool:
        """Tell whether a row without an error can be written by :meth:`_quick`: the table has all its columns."""
        return self.is_json or not self.labeller.keep_columns or -1 not in self.places_of(row)

    @abstractmethod
    def _bytes(self, rows: Sequence[Mapping[str, object]], *, is_first: bool) -> bytes:
        """Return output rows as bytes."""

    @abstractmethod
    def _quick(self, rows: Sequence[TextRow], findings: "Findings", odd: Mapping[int, Mapping[str, object]]) -> bytes:
        """Return rows as bytes; in the places of the odd ones, these.

        Args:
            rows: The rows.
            findings: What the model says of those without an error.
            odd: Output rows by their place.
        """


def sound_numbers(rows: Sequence[TextRow], odd: Mapping[int, object]) -> tuple[list[TextRow], list[int] | slice]:
    """Return the rows that are not odd, and the numbers of their findings."""
    if not odd:
        return list(rows), slice(None)
    sound, numbers, faults = [], [], 0
    for place, row in enumerate(rows):
        if place not in odd:
            sound.append(row)
            numbers.append(place - faults)
        faults += bool(row.error)
    return sound, numbers


def table_for(ending: str, labeller: Labeller, types: Mapping[str, Any], report: Report) -> Table:
    """Return the table of a kind of file.

    Args:
        ending: One of :data:`ENDINGS`.
        labeller: The model and how it is asked.
        types: Arrow types of the input's columns, for Parquet.
        report: Called with the place and the error of each row that has one.

    Raises:
        MissingExtraError: For Parquet, without the extra ``dataset``.
    """
    if ending == ".parquet":
        with from_extra("dataset"):
            from iraqstance.training.labelling.arrow_table import ArrowTable

        return ArrowTable(labeller, report, types)
    if ending in {".csv", ".tsv"}:
        from iraqstance.training.labelling.delimited_table import DelimitedTable

        return DelimitedTable(labeller, report, "\t" if ending == ".tsv" else ",")
    from iraqstance.training.labelling.json_table import JsonTable

    return JsonTable(labeller, report)

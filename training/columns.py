"""What to say where a table has no column of the name that its texts should have."""

from collections.abc import Iterable

from iraqstance.annotation.errors import InputError

__all__ = ["no_text_column"]

_DIVIDERS = {";": "semicolons", "\t": "tabs", "|": "bars"}


def no_text_column(name: str, columns: Iterable[str], where: str) -> InputError:
    """Return the error of a table without that column.

    A head that is one name with dividers in it is that of a spreadsheet saved with other dividers.

    Args:
        name: The column that is not there.
        columns: Those that are.
        where: The table.
    """
    found = list(columns)
    if len(found) == 1:
        for mark, marks in _DIVIDERS.items():
            if mark in found[0]:
                return InputError(
                    f"its columns are divided by {marks}",
                    where=where,
                    expected="commas in .csv, tabs in .tsv",
                    got=found[0],
                    remedy="Save it anew",
                )
    return InputError(
        f"there is no column {name!r}",
        where=where,
        got=f"columns {', '.join(found)}",
        remedy="Name the column of the texts with --text-column",
    )

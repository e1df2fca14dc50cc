"""What divides the columns of a table, where it is not what its ending says."""

from iraqstance.annotation.errors import InputError

__all__ = ["refuse_other_dividers"]

_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


def refuse_other_dividers(head: str, delimiter: str, path: str) -> None:
    """Refuse a table whose first line has no delimiter, but a mark that other tables are divided by.

    Spreadsheets save such tables in many countries. It is looked for before the rows, whose texts hold any mark.

    Args:
        head: The first line.
        delimiter: What the table's ending says.
        path: The table.

    Raises:
        InputError: Where the line looks divided by another mark.
    """
    if delimiter in head:
        return
    ending = ".tsv" if delimiter == "\t" else ".csv"
    for mark, name in _NAMES.items():
        if mark in head:
            raise InputError(
                f"its columns are divided by {name}",
                where=path,
                expected=f"{_NAMES[delimiter]} in a {ending}",
                got=head.strip()[:60],
                remedy="Save it anew as one of these: .csv with commas, .tsv with tabs",
            )

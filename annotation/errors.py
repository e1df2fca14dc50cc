"""What can go wrong for a user, as a small family of exceptions."""

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = [
    "InputError",
    "IraqstanceError",
    "IraqstanceWarning",
    "MissingExtraError",
    "SchemaError",
    "UsageError",
    "from_extra",
]


class IraqstanceError(Exception):
    """A mistake that its user can mend: what, where, expected, got, and what to do.

    Args:
        what: The fault in one clause.
        where: File, line, byte or row that shows it.
        expected: What would have been right.
        got: What stood there instead.
        remedy: The next step.
    """

    def __init__(self, what: str, *, where: str = "", expected: str = "", got: str = "", remedy: str = "") -> None:
        self.what = what
        self.where = where
        self.expected = expected
        self.got = got
        self.remedy = remedy
        super().__init__(f"{where}: {self.message}" if where else self.message)

    @property
    def message(self) -> str:
        """The error in words, without the place."""
        details = [f"{name} {value}" for name, value in (("expected", self.expected), ("got", self.got)) if value]
        body = f"{self.what} ({', '.join(details)})" if details else self.what
        return f"{body}. {self.remedy}" if self.remedy else f"{body}."


class IraqstanceWarning(UserWarning):
    """What a user should know of something that works all the same; commands print it in one line."""


class InputError(IraqstanceError):
    """A file, a row or a text that cannot be used as it is."""


class SchemaError(IraqstanceError):
    """A label schema that contradicts itself, or data that contradicts its schema."""


class UsageError(IraqstanceError):
    """A call whose arguments do not go together."""


class MissingExtraError(IraqstanceError):
    """A part of the package whose optional dependencies are not installed.

    Args:
        module: The module that could not be imported.
        extra: The extra that brings it.
    """

    def __init__(self, module: str, extra: str) -> None:
        super().__init__(
            f"this needs the Python package {module}, which is not installed",
            remedy=f"Install it with: pip install 'iraqstance[{extra}]'",
        )


@contextmanager
def from_extra(extra: str) -> Iterator[None]:
    """Wrap the imports of an optional part: what is missing becomes a :class:`MissingExtraError`."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "it", extra) from None

"""How the command ends: 0 done, 1 findings or failure, 2 wrong usage."""

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from typing import TextIO

from iraqstance.annotation.errors import IraqstanceError, IraqstanceWarning, UsageError

__all__ = ["INTERRUPTED", "ending"]

#: Exit code of a run that was interrupted, as shells have it.
INTERRUPTED = 130


@contextmanager
def ending() -> Iterator[None]:
    """Write UTF-8 whatever the terminal says, and turn what goes wrong into a line and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    warnings.showwarning = _show_in_one_line
    try:
        yield
    except UsageError as error:
        _complain(str(error))
        sys.exit(2)
    except IraqstanceError as error:
        _complain(str(error))
        sys.exit(1)
    except BrokenPipeError:
        # The reader, such as `head`, has had enough. Keep Python from complaining once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except KeyboardInterrupt:
        _complain("interrupted; nothing half-written was left behind")
        sys.exit(INTERRUPTED)


def _complain(message: str) -> None:
    from iraqstance.cli.console import complain

    complain(message)


def _show_in_one_line(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Show a warning of ours as a user reads it, without the place in the code; every other as Python does."""
    if issubclass(category, IraqstanceWarning):
        from iraqstance.cli.console import note

        note(f"warning: {message}")
    else:
        (file or sys.stderr).write(warnings.formatwarning(message, category, filename, lineno, line))

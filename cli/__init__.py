"""The ``iraqstance`` command."""

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from iraqstance.cli.app import app

__all__ = ["app", "main"]


def main() -> None:
    """Run the command. A user's mistake ends in one clear line on standard error, not in a traceback."""
    from iraqstance.cli.ending import ending
    from iraqstance.cli.quick import answered

    with ending():
        if not answered(sys.argv[1:]):
            from iraqstance.cli.app import app

            app()


def __getattr__(name: str) -> Any:
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from iraqstance.cli.app import app

    return app

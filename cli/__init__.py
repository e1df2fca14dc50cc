"""The ``iraqstance`` command; the tree of its commands, :mod:`iraqstance.cli.app`, is imported where it is needed."""

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command. A user's mistake ends in one clear line on standard error, not in a traceback."""
    from iraqstance.cli.ending import ending
    from iraqstance.cli.quick import answered

    with ending():
        if not answered(sys.argv[1:]):
            from iraqstance.cli.app import app

            app()

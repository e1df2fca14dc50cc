"""The ``iraqstance`` command."""

from iraqstance.cli.app import app, main

__all__ = ["app", "main"]

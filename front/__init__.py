"""Stance and topics of news paragraphs about US policy towards Iraq.

Four rooms, each importing only those to its right:
``iraqstance.cli`` -> ``iraqstance.training`` -> ``iraqstance.dataset`` -> ``iraqstance.annotation``.
"""

from typing import Any

__all__ = ["__version__"]


def __getattr__(name: str) -> Any:
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import version  # takes longer to import than to label a text

    globals()[name] = version("iraqstance")
    return globals()[name]

"""Stance and topics of news paragraphs about US policy towards Iraq.

Four rooms, each importing only those to its right:
``iraqstance.cli`` -> ``iraqstance.training`` -> ``iraqstance.dataset`` -> ``iraqstance.annotation``.
"""

from importlib.metadata import version

__all__ = ["__version__"]

__version__ = version("iraqstance")

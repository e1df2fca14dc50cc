"""Judgements and text in, a Hugging Face dataset out."""

from iraqstance.dataset.load import load

__all__ = ["load"]

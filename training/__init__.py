"""A dataset in, a classifier and its report out."""

from iraqstance.training.model_folder import load_classifier

__all__ = ["load_classifier"]

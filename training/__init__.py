"""A dataset in, a classifier and its report out.

What others call stands here and is imported when it is asked for, so that a single module of this package stays light.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from iraqstance.training.classifier import fit
    from iraqstance.training.corpus import read_corpus
    from iraqstance.training.flat.scorer import Scorer
    from iraqstance.training.model_folder import load_classifier, save_classifier

__all__ = ["Scorer", "fit", "load_classifier", "read_corpus", "save_classifier"]

_MODULES = {
    "Scorer": "flat.scorer",
    "fit": "classifier",
    "load_classifier": "model_folder",
    "read_corpus": "corpus",
    "save_classifier": "model_folder",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

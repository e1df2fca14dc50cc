"""The model that ``predict`` uses when none is named: made once from the open edition, less its test split."""

import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryFile

from iraqstance.annotation.errors import InputError, IraqstanceError
from iraqstance.annotation.normalise import sha256_of
from iraqstance.dataset.editions import packaged_folder
from iraqstance.training.classifier import Classifier, fit
from iraqstance.training.corpus import packaged_corpus
from iraqstance.training.flat.folder import models_folder, note_default
from iraqstance.training.model_folder import library_versions, load_classifier, save_classifier
from iraqstance.training.recipe import recipe_fingerprint

# The split that is left out is there to test the model on.
_TRAINED_ON = ("train", "validation")

__all__ = ["default_model", "default_model_folder"]


def default_model_folder() -> Path:
    """Return where the default model is, or will be: named by the data, the recipe and the libraries that make it.

    The parent folder is the user's cache folder, or ``IRAQSTANCE_CACHE`` where that is set.
    """
    files = sorted((packaged_folder() / "data").glob("open*.parquet"))
    data = [sha256(file.read_bytes()).hexdigest() for file in files]
    name = sha256_of(f"{data} {recipe_fingerprint()} {sorted(library_versions().items())}")[:16]
    return models_folder() / name


def default_model(announce: Callable[[str], None] = lambda _: None) -> Classifier:
    """Return the default model, training it where it is not in the cache, or no longer in order there.

    Args:
        announce: Called with a sentence before it is trained, which takes a while.

    Raises:
        InputError: Where the cache folder cannot be written.
        MissingExtraError: Without the extras ``dataset`` and ``train``.
    """
    folder = default_model_folder()
    if folder.exists():
        try:
            classifier = load_classifier(folder)
        except IraqstanceError:
            _refuse_unwritable(folder.parent)
            # A damaged copy of our own is made again.
            if folder.is_dir():
                shutil.rmtree(folder)
            else:
                folder.unlink()
        else:
            note_default(folder)
            return classifier
    _refuse_unwritable(folder.parent)  # before the work, not behind it
    announce("Training the default model from the packaged open edition; this happens once.")
    corpus = packaged_corpus(*_TRAINED_ON)
    classifier = fit(corpus)
    save_classifier(classifier, folder, corpus)
    note_default(folder)
    return classifier


def _refuse_unwritable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(
            "the default model cannot be kept",
            where=str(folder),
            got=error.strerror or str(error),
            remedy="Name a folder that can be written in the environment variable IRAQSTANCE_CACHE",
        ) from None

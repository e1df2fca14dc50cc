"""The flat file of a model folder, checked with the standard library alone.

Anything that is not in order gives no flat file: then :mod:`iraqstance.training.model_folder` opens the folder, and
says what is wrong.
"""

import json
import os
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from iraqstance.annotation.errors import InputError
from iraqstance.annotation.storage import cache_folder, write_json
from iraqstance.training.flat.file import SUFFIX

__all__ = [
    "BESIDE",
    "FLAT",
    "FORMAT",
    "MANIFEST",
    "MANIFEST_LIMIT",
    "default_flat",
    "flat_named",
    "flat_of",
    "models_folder",
    "note_default",
]

#: The flat file's name in a model folder.
FLAT = f"classifier{SUFFIX}"
#: Number of the layout of a model folder.
FORMAT = 2
MANIFEST = "manifest.json"
MANIFEST_LIMIT = 2**20  # bytes
#: What others put beside: the card, which may be edited, a licence, and what Git and the Hub keep (names with a dot).
BESIDE = frozenset({"README.md", "LICENSE", "LICENSE.md", "LICENSE.txt"})

_CURRENT = "current.json"
_LIBRARIES = ("numpy", "scipy", "sklearn", "skops")


def flat_of(folder: "str | os.PathLike[str]") -> Path | None:
    """Return the flat file of a model folder in which every file is the one that the manifest names, or ``None``.

    Args:
        folder: The folder.
    """
    root = Path(folder)
    try:
        with (root / MANIFEST).open("rb") as stream:
            manifest = json.loads(stream.read(MANIFEST_LIMIT))
        files: dict[str, Any] = manifest["files"]
        names = {entry.name for entry in os.scandir(root) if not entry.name.startswith(".")}
        is_whole = manifest["format"] == FORMAT and names - BESIDE == {*files, MANIFEST} and FLAT in files
        if is_whole and all(_digest(root / name) == digest for name, digest in files.items()):
            return root / FLAT
    except (AttributeError, LookupError, OSError, RecursionError, TypeError, ValueError):
        pass
    return None


def flat_named(model: Path | None) -> Path | None:
    """Return the flat file that a model's name means, or ``None`` where it has none that is in order.

    Args:
        model: A flat file, a model folder, or ``None`` for the default model.
    """
    if model is None:
        return default_flat()
    return model if model.suffix == SUFFIX and not model.is_dir() else flat_of(model)


def _digest(path: Path) -> str:
    if not path.is_file():
        raise ValueError("no regular file")
    return sha256(path.read_bytes()).hexdigest()


def models_folder() -> Path:
    """Return the folder of default models, in the user's cache folder."""
    return cache_folder() / "models"


def default_flat() -> Path | None:
    """Return the flat file of the default model, where that was made of the data, code and libraries of now."""
    try:
        found = json.loads((models_folder() / _CURRENT).read_bytes())
        is_current = found["witnesses"] == _witnesses()
        return flat_of(models_folder() / str(found["folder"])) if is_current else None
    except (LookupError, OSError, TypeError, ValueError):
        return None


def note_default(folder: Path) -> None:
    """Note which folder holds the default model of now, so that it is found without importing what makes it."""
    try:
        write_json(models_folder() / _CURRENT, {"folder": folder.name, "witnesses": _witnesses()})
    except InputError:  # a cache that may only be read is slow, and no fault
        return


def _witnesses() -> dict[str, list[int]]:
    """Return size and time of change of the files that decide what the default model is."""
    here = Path(__file__).parent.parent
    dataset = find_spec("iraqstance.dataset")
    data = Path(dataset.origin).parent / "data" if dataset and dataset.origin else here
    files = [*here.rglob("*.py"), *data.glob("open*.parquet")]
    for name in _LIBRARIES:
        spec = find_spec(name)
        if spec and spec.origin:
            files.append(Path(spec.origin))
    return {str(file): [found.st_size, found.st_mtime_ns] for file in sorted(files) for found in [file.stat()]}

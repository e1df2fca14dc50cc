"""Load a packaged edition, a dataset folder or a Parquet file, without touching the network."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from iraqstance.annotation.errors import InputError, UsageError, from_extra
from iraqstance.dataset.editions import packaged_folder

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["load", "load_folder", "load_parquet"]

_CONFIGURATIONS = ("open", "source", "judgements")


def load(edition: str = "open") -> "Dataset":
    """Return a packaged configuration.

    Args:
        edition: ``open`` (text written for this project), ``source`` (stand-off) or ``judgements``.

    Raises:
        UsageError: For another name.
        MissingExtraError: Without the extra ``dataset``.
    """
    if edition not in _CONFIGURATIONS:
        raise UsageError(f"there is no edition {edition!r}", expected=f"one of {', '.join(_CONFIGURATIONS)}")
    return load_parquet(packaged_folder() / "data" / f"{edition}.parquet")


def load_parquet(path: str | Path) -> "Dataset":
    """Return a Parquet file as a dataset, with the features that it declares.

    Raises:
        InputError: Where it cannot be read.
        MissingExtraError: Without the extra ``dataset``.
    """
    with from_extra("dataset"):
        import pyarrow as pa
        import pyarrow.parquet as pq
        from datasets import Dataset
    if not Path(path).is_file():
        raise InputError("the file is not there", where=str(path), remedy="Check the path")
    try:
        return Dataset(pq.read_table(path))
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError("this is no Parquet file that can be read", where=str(path), got=str(error)[:100]) from None


def load_folder(path: str | Path) -> "Dataset":
    """Return the default configuration of a dataset folder: its split ``train``, or its first one.

    Raises:
        InputError: Where the folder cannot be loaded.
        MissingExtraError: Without the extra ``dataset``.
    """
    with from_extra("dataset"):
        import datasets
    try:
        with _progress_on_terminals_only():
            splits = datasets.load_dataset(str(path))
    except (OSError, ValueError, yaml.YAMLError, datasets.exceptions.DatasetGenerationError) as error:
        raise InputError("the dataset folder cannot be loaded", where=str(path), got=str(error)[:200]) from None
    return splits["train" if "train" in splits else next(iter(splits))]


@contextmanager
def _progress_on_terminals_only() -> Iterator[None]:
    import datasets

    hide = not sys.stderr.isatty() and not datasets.are_progress_bars_disabled()
    if hide:
        datasets.disable_progress_bars()
    try:
        yield
    finally:
        if hide:
            datasets.enable_progress_bars()

"""Load a packaged edition, a dataset folder or a Parquet file, without touching the network."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from iraqstance.annotation.errors import InputError, UsageError, from_extra
from iraqstance.dataset.editions import packaged_folder

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["load", "load_folder", "load_parquet"]

_CONFIGURATIONS = ("open", "source", "judgements")
_FORMS = ("datasets", "pandas", "arrays")


def load(edition: str = "open", split: str | None = None, *, form: str = "datasets") -> Any:
    """Return a packaged configuration.

    Args:
        edition: ``open`` (text written for this project), ``source`` (stand-off) or ``judgements``.
        split: ``train``, ``validation`` or ``test``; without it every row, in the order of the splits.
        form: ``datasets`` for a Hugging Face ``Dataset`` with class labels as integers; ``pandas`` for a ``DataFrame``
            with labels as names; ``arrays`` for the open edition as scikit-learn takes it: ``(texts, stances, topics,
            groups)``. ``texts`` (dtype object), ``stances`` and ``groups`` (names, as NumPy strings) have the shape
            (rows,); ``topics`` (int64, 0 or 1) has the shape (rows, topics), its columns in the order of the label
            schema, which is that of ``features["topics"].feature.names``.

    Raises:
        UsageError: For another name, split or form, or for an edition without text in the form of arrays.
        MissingExtraError: Without the extra ``dataset``.
    """
    if edition not in _CONFIGURATIONS:
        raise UsageError(f"there is no edition {edition!r}", expected=f"one of {', '.join(_CONFIGURATIONS)}")
    if form not in _FORMS:
        raise UsageError(f"there is no form {form!r}", expected=f"one of {', '.join(_FORMS)}")
    files = _files(edition)
    if split is not None and split not in files:
        raise UsageError(f"edition {edition!r} has no split {split!r}", expected=f"one of {', '.join(files)}")
    with from_extra("dataset"):
        from datasets import concatenate_datasets
    parts = [load_parquet(file) for name, file in files.items() if split in {None, name}]
    dataset = parts[0] if len(parts) == 1 else concatenate_datasets(parts)
    if form == "datasets":
        return dataset
    if form == "pandas":
        return _frame(dataset)
    if "text" not in dataset.features:
        raise UsageError(
            f"edition {edition!r} has no text for arrays",
            remedy="Hydrate it: iraqstance dataset hydrate FOLDER" if edition == "source" else "Load the form pandas",
        )
    return _arrays(dataset)


def _files(edition: str) -> dict[str, Path]:
    """Return the Parquet file of each split of a packaged edition, in the usual order, as the card names them."""
    text = (packaged_folder() / "README.md").read_text(encoding="utf-8")
    metadata = yaml.safe_load(text.split("---\n")[1])
    config = next(config for config in metadata["configs"] if config["config_name"] == edition)
    return {part["split"]: packaged_folder() / part["path"] for part in config["data_files"]}


def _frame(dataset: "Dataset") -> Any:
    """Return the rows as a DataFrame, labels as names."""
    from datasets import ClassLabel

    frame = dataset.to_pandas()
    for name, feature in dataset.features.items():
        inner = getattr(feature, "feature", None)
        if isinstance(feature, ClassLabel):
            names = dict(enumerate(feature.names))
            frame[name] = [names.get(value) for value in dataset[name]]
        elif isinstance(inner, ClassLabel):
            frame[name] = [
                None if values is None else [inner.names[value] for value in values] for values in dataset[name]
            ]
    return frame


def _arrays(dataset: "Dataset") -> tuple[Any, Any, Any, Any]:
    """Return texts, stances, topics and groups."""
    import numpy as np

    topics = np.zeros((len(dataset), len(dataset.features["topics"].feature.names)), dtype=np.int64)
    for row, values in enumerate(dataset["topics"]):
        topics[row, values] = 1
    stances = np.array(dataset.features["stance"].names)[np.array(dataset["stance"])]
    return np.array(dataset["text"], dtype=object), stances, topics, np.array(dataset["group"])


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


def load_folder(path: str | Path, *, every_split: bool = False, held_out: bool = False) -> "Dataset":
    """Return the default configuration of a dataset folder: its split ``train``, or its first one.

    Args:
        path: The folder.
        every_split: Whether the rows of all its splits are returned, in their order.
        held_out: Whether the split ``test`` is returned, where there is one.

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
    except RuntimeError as error:  # a folder `x` with a file `x.py` is taken for a loading script, which is refused
        raise InputError(
            "the dataset folder cannot be loaded", where=str(path), got=str(error)[:200], remedy="Rename the folder"
        ) from None
    if every_split:
        return datasets.concatenate_datasets(list(splits.values()))
    wanted = "test" if held_out else "train"
    return splits[next((name for name in (wanted, "train") if name in splits), next(iter(splits)))]


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

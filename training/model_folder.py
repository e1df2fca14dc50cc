"""Keep a classifier in a folder that others can open without trusting it, laid out as the Hugging Face Hub expects.

The folder holds skops files, which are data and not code; ``classifier.flat``, the same for quick labelling;
``README.md``, the model card; ``metrics.json``, where something was measured; and ``manifest.json``: labels, data,
versions of the libraries, and hashes.
"""

import json
import shutil
import stat
import tempfile
import warnings
from collections.abc import Iterable, Mapping
from contextlib import suppress
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal

from iraqstance.annotation.errors import InputError, IraqstanceWarning, from_extra
from iraqstance.annotation.storage import write_json
from iraqstance.training.classifier import Classifier
from iraqstance.training.corpus import Corpus
from iraqstance.training.flat.flattening import UnflatError, write_flat
from iraqstance.training.flat.folder import BESIDE, FLAT, FORMAT, MANIFEST, MANIFEST_LIMIT
from iraqstance.training.model_card import model_card
from iraqstance.training.model_file import PACKED_LIMIT, canonical_hash, opened, packed, refuse_unfit, shown
from pydantic import BaseModel, ConfigDict, Field, ValidationError

__all__ = [
    "DataFacts",
    "Manifest",
    "ModelVersionWarning",
    "library_versions",
    "load_classifier",
    "read_manifest",
    "refuse_taken",
    "save_classifier",
]

_METRICS = "metrics.json"
_TOPICS = "topics.skops"
_LIBRARIES = ("iraqstance", "numpy", "scikit-learn", "scipy", "skops")

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class ModelVersionWarning(IraqstanceWarning):
    """A model was fitted with another version of scikit-learn than the installed one."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DataFacts(_Frozen):
    """The data that a model was trained on: its name, number of rows, and :attr:`Corpus.sha256`."""

    name: str
    rows: int
    sha256: str


class Manifest(_Frozen):
    """What a model folder says of itself.

    Attributes:
        format: Version of this layout.
        stances: The stances of each target, by the target's name.
        topics: The topics.
        threshold: Probability from which a topic is given, in (0, 1).
        data: What the model was trained on.
        libraries: Versions that fitted it.
        pipelines: Canonical hash of each pipeline, by its file: the same for the same fit
            (:func:`~iraqstance.training.model_file.canonical_hash`).
        files: SHA-256 of each file, save the manifest itself and the card, which may be edited.
    """

    format: Literal[2] = 2
    stances: dict[str, tuple[str, ...]]
    topics: tuple[str, ...]
    threshold: Annotated[float, Field(gt=0, lt=1)]
    data: DataFacts
    libraries: dict[str, str]
    pipelines: dict[str, Digest]
    files: dict[str, Digest]

    @property
    def pipeline_files(self) -> tuple[str, ...]:
        """The files of the pipelines: one for each target in order, and one for the topics."""
        return (*_stance_files(len(self.stances)), *([_TOPICS] if self.topics else []))


class _Format(BaseModel):
    """The one field that every format of the manifest has."""

    format: int


def save_classifier(
    classifier: Classifier,
    folder: str | Path,
    corpus: Corpus,
    *,
    metrics: Mapping[str, Any] | None = None,
    licence: str | None = None,
) -> Manifest:
    """Write a model folder, in place of a former one of the same name, when all of it is written.

    Args:
        classifier: The fitted classifier.
        folder: Where to.
        corpus: What it was trained on.
        metrics: What was measured of it (:func:`iraqstance.training.evaluate.metrics`).
        licence: The model's licence, as the Hub calls it; for the card.

    Raises:
        InputError: Where the path is taken by something that is no model folder, or cannot be written, or the
            classifier holds what could not be opened again.
        MissingExtraError: Without the extra ``train``.
    """
    folder = Path(folder)
    refuse_taken(folder)
    if metrics is not None:
        # A folder for others does not tell where the data lay.
        metrics = {**metrics, "data": {**metrics["data"], "name": Path(metrics["data"]["name"]).name}}
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    except OSError as error:
        raise _unwritten(folder, error) from None
    try:
        canonical = _write_pipelines(classifier, beside)
        with suppress(UnflatError):  # then the pipelines are what there is
            write_flat(classifier, beside / FLAT)
        if metrics is not None:
            write_json(beside / _METRICS, metrics)
        manifest = _manifest(classifier, corpus, beside, canonical)
        card = model_card(manifest, folder.resolve().name, metrics=metrics, licence=licence)
        (beside / "README.md").write_text(card, encoding="utf-8", newline="\n")
        write_json(beside / MANIFEST, manifest.model_dump())
        beside.chmod(0o755)
        _swap(beside, folder)
    except OSError as error:
        raise _unwritten(folder, error) from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return manifest


def _unwritten(folder: Path, error: OSError) -> InputError:
    return InputError(
        "the model cannot be written",
        where=str(folder),
        got=error.strerror or "",
        remedy="Check the folder and the disk",
    )


def _write_pipelines(classifier: Classifier, folder: Path) -> dict[str, str]:
    """Write each pipeline's file and return the canonical hash of each."""
    hashes = {}
    for name, pipeline, labels in _pipelines(classifier):
        refuse_unfit(pipeline, name, **labels)
        content = packed(pipeline, name)
        (folder / name).write_bytes(content)
        hashes[name] = canonical_hash(content)
    return hashes


def refuse_taken(folder: str | Path) -> None:
    """Raise where a model may not be saved, so that nobody waits for one first.

    Raises:
        InputError: Where the path is taken by something that is no model folder.
    """
    folder = Path(folder)
    if folder.resolve() == Path.cwd() or (folder.exists() and not _may_be_replaced(folder)):
        raise InputError(
            "this path is taken by something that is no model folder",
            where=str(folder),
            remedy="Name another folder, or remove it",
        )


def _may_be_replaced(path: Path) -> bool:
    """Tell whether the path is an empty folder or a former model, and nothing else."""
    if not path.is_dir():
        return False
    if not any(path.iterdir()):
        return True
    try:
        # Also one of a former format, or damaged: its own files may go, whatever the manifest says of them.
        former = json.loads(_manifest_bytes(path))
        kept = (
            {*former["files"], MANIFEST, "README.md"} if {"format", "stances", "libraries"} <= former.keys() else set()
        )
    except (AttributeError, InputError, LookupError, RecursionError, TypeError, ValueError):
        return False
    return {file.name for file in path.iterdir()} <= kept


def _swap(beside: Path, folder: Path) -> None:
    """Rename a new folder into place; the old one, if any, is moved away first and removed last."""
    if not folder.exists():
        beside.replace(folder)
        return
    old = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.old."))
    folder.replace(old)
    beside.replace(folder)
    shutil.rmtree(old)


def _pipelines(classifier: Classifier) -> Iterable[tuple[str, Any, dict[str, Any]]]:
    """Yield the file, the pipeline and the labels of each target, and those of the topics."""
    for name, (target, pipeline) in zip(_stance_files(len(classifier.stance)), classifier.stance.items(), strict=True):
        yield name, pipeline, {"stances": classifier.stance_names(target)}
    if classifier.topics is not None:
        yield _TOPICS, classifier.topics, {"topics": classifier.topic_names}


def _stance_files(targets: int) -> list[str]:
    """Return the file of each target's pipeline. Targets are numbered, since their names may be no file names."""
    return ["stance.skops"] if targets == 1 else [f"stance-{number}.skops" for number in range(1, targets + 1)]


def _manifest(classifier: Classifier, corpus: Corpus, folder: Path, canonical: Mapping[str, str]) -> Manifest:
    return Manifest(
        stances={target: classifier.stance_names(target) for target in classifier.targets},
        topics=classifier.topic_names,
        threshold=classifier.threshold,
        data=DataFacts(name=Path(corpus.name).name, rows=len(corpus), sha256=corpus.sha256),
        libraries=library_versions(),
        pipelines=dict(canonical),
        files={path.name: sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())},
    )


def library_versions() -> dict[str, str]:
    """Return the installed versions of what a fitted model depends on.

    Raises:
        MissingExtraError: Without the extra ``train``.
    """
    with from_extra("train"):
        return {name: version(name) for name in _LIBRARIES}


def read_manifest(folder: str | Path) -> Manifest:
    """Read a model folder's manifest.

    Raises:
        InputError: Where there is none, or it is not of this version, or it contradicts itself.
    """
    path = Path(folder) / MANIFEST
    content = _manifest_bytes(Path(folder))
    try:
        found = _Format.model_validate_json(content).format
        if found > FORMAT:
            raise InputError(
                "the model was saved by a newer version of iraqstance",
                where=str(path),
                expected=f"format {FORMAT} or less",
                got=f"format {found}",
                remedy="Update it: pip install --upgrade iraqstance",
            )
        manifest = Manifest.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        if first["type"] == "json_invalid":
            message = "the manifest is damaged: " + first["msg"].removeprefix("Invalid JSON: ")
        else:
            message = f"the manifest is not one of this version: {'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise InputError(
            shown(message), where=str(path), remedy="Copy it again from where it came, or train the model again"
        ) from None
    expected = set(manifest.pipeline_files)
    if manifest.files.keys() - {_METRICS, FLAT} != expected or manifest.pipelines.keys() != expected:
        raise InputError(
            "the manifest names other files than such a model has",
            where=str(path),
            expected=", ".join(sorted(expected)),
            got=shown(", ".join(sorted(manifest.files))),
            remedy="Copy the model again from where it came",
        )
    return manifest


def _manifest_bytes(folder: Path) -> bytes:
    try:
        return _content(folder / MANIFEST, MANIFEST_LIMIT)
    except OSError:
        raise InputError(
            "this is no model folder",
            where=str(folder),
            expected=f"a folder with {MANIFEST}",
            remedy="Make one with: iraqstance train DATA -o MODEL",
        ) from None


def _content(path: Path, limit: int) -> bytes:
    """Return a file's bytes. A link is followed, for the Hub's cache holds links; a pipe or a device is no file.

    Raises:
        InputError: Where it is larger than the limit.
        OSError: Where it cannot be read.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
        raise InputError("this is no regular file", where=str(path), remedy="Do not use it")
    if status.st_size > limit:
        raise InputError(
            "the file is larger than any of a model of ours",
            where=str(path),
            expected=f"{limit} bytes at most",
            got=f"{status.st_size} bytes",
            remedy="Do not use it",
        )
    return path.read_bytes()


def load_classifier(folder: str | Path) -> Classifier:
    """Open a model folder. Every file is checked against the manifest, and nothing is unpickled.

    Warns:
        ModelVersionWarning: Once, where another version of scikit-learn is installed than fitted the model.

    Raises:
        InputError: Where a file is missing, changed, too large or one too many; or holds a type that no model of ours
            holds, other labels than the manifest, or weights that do not fit; or does not work with the installed
            scikit-learn.
        MissingExtraError: Without the extra ``train``.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    _refuse_more(folder, manifest)
    for name in manifest.files.keys() - manifest.pipelines.keys():
        _vouched(folder, name, manifest)
    files = _stance_files(len(manifest.stances))
    stance = {
        target: _opened(folder, name, manifest, stances=names)
        for (target, names), name in zip(manifest.stances.items(), files, strict=True)
    }
    topics = _opened(folder, _TOPICS, manifest, topics=manifest.topics) if manifest.topics else None
    _warn_of_version(folder, manifest)
    return Classifier(stance, topics, manifest.topics, manifest.threshold)


def _refuse_more(folder: Path, manifest: Manifest) -> None:
    known = {MANIFEST, *BESIDE, *manifest.files}
    more = sorted(path.name for path in folder.iterdir() if path.name not in known and not path.name.startswith("."))
    if more:
        raise InputError(
            "the folder holds files that its manifest does not name",
            where=str(folder),
            got=shown(", ".join(more)),
            remedy="Remove them, if you trust the rest",
        )


def _warn_of_version(folder: Path, manifest: Manifest) -> None:
    fitted, installed = manifest.libraries.get("scikit-learn", "unknown"), version("scikit-learn")
    if fitted != installed:
        warnings.warn(
            f"{folder}: the model was fitted with scikit-learn {shown(fitted)}, and {installed} is installed: it "
            "opens, but may label otherwise. Train it again, or install that version.",
            ModelVersionWarning,
            stacklevel=3,
        )


def _vouched(folder: Path, name: str, manifest: Manifest) -> bytes:
    """Return the bytes of a file that is the one that the manifest names."""
    path = folder / name
    try:
        content = _content(path, PACKED_LIMIT)
    except OSError as error:
        raise InputError("a file of the model cannot be read", where=str(path), got=error.strerror or "") from None
    found = sha256(content).hexdigest()
    if found != manifest.files[name]:
        raise InputError(
            "the file is not the one that was saved",
            where=str(path),
            expected=f"SHA-256 {manifest.files[name]}",
            got=found,
            remedy="Copy the model again from where it came",
        )
    return content


def _opened(folder: Path, name: str, manifest: Manifest, **labels: tuple[str, ...]) -> Any:
    pipeline = opened(_vouched(folder, name, manifest), str(folder / name))
    refuse_unfit(pipeline, str(folder / name), **labels)
    return pipeline

"""Keep a classifier in a folder that others can open without trusting it.

The folder holds skops files, which are data and not code, and ``manifest.json``: a hash of every file, the labels,
the data it was trained on, and the versions of the libraries.
"""

import json
import shutil
import tempfile
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal
from zipfile import ZIP_DEFLATED, BadZipFile

from iraqstance.annotation.errors import InputError, from_extra
from iraqstance.training.classifier import Classifier
from iraqstance.training.corpus import Corpus
from pydantic import BaseModel, ConfigDict, ValidationError

__all__ = [
    "DataFacts",
    "Manifest",
    "library_versions",
    "load_classifier",
    "read_manifest",
    "refuse_taken",
    "save_classifier",
]

_MANIFEST = "manifest.json"
_TOPICS = "topics.skops"
_LIBRARIES = ("iraqstance", "numpy", "scikit-learn", "scipy", "skops")
# Every type beyond scikit-learn's own plain ones that a model of ours holds. Nothing else is ever loaded.
_TRUSTED: tuple[str, ...] = ("sklearn.multiclass._ConstantPredictor",)  # of a topic that every training text has


# What skops raises on files that are none of its own, depending on how far it gets.
_DAMAGE = (ArithmeticError, AttributeError, BadZipFile, EOFError, LookupError, OSError, TypeError, ValueError)


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
        threshold: Probability from which a topic is given.
        data: What the model was trained on.
        libraries: Versions that fitted it.
        files: SHA-256 of each file beside the manifest.
    """

    format: Literal[1] = 1
    stances: dict[str, tuple[str, ...]]
    topics: tuple[str, ...]
    threshold: float
    data: DataFacts
    libraries: dict[str, str]
    files: dict[str, str]


def save_classifier(classifier: Classifier, folder: str | Path, corpus: Corpus) -> Manifest:
    """Write a model folder, in place of a former one of the same name, when all of it is written.

    Raises:
        InputError: Where the path is taken by something that is no model folder, or cannot be written.
        MissingExtraError: Without the extra ``train``.
    """
    with from_extra("train"):
        import skops.io
    folder = Path(folder)
    refuse_taken(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    except OSError as error:
        raise InputError("the model cannot be written", where=str(folder), got=error.strerror or "") from None
    try:
        for name, pipeline in _pipelines(classifier).items():
            skops.io.dump(pipeline, beside / name, compression=ZIP_DEFLATED)
        manifest = _manifest(classifier, corpus, beside)
        text = json.dumps(manifest.model_dump(), indent=2, ensure_ascii=False)
        (beside / _MANIFEST).write_text(text + "\n", encoding="utf-8")
        beside.chmod(0o755)
        _swap(beside, folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return manifest


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
        kept = {*read_manifest(path).files, _MANIFEST}
    except InputError:
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


def _pipelines(classifier: Classifier) -> dict[str, Any]:
    files = dict(zip(_stance_files(len(classifier.stance)), classifier.stance.values(), strict=True))
    if classifier.topics is not None:
        files[_TOPICS] = classifier.topics
    return files


def _stance_files(targets: int) -> list[str]:
    """Return the file of each target's pipeline. Targets are numbered, since their names may be no file names."""
    return ["stance.skops"] if targets == 1 else [f"stance-{number}.skops" for number in range(1, targets + 1)]


def _manifest(classifier: Classifier, corpus: Corpus, folder: Path) -> Manifest:
    return Manifest(
        stances={target: classifier.stance_names(target) for target in classifier.targets},
        topics=classifier.topic_names,
        threshold=classifier.threshold,
        data=DataFacts(name=Path(corpus.name).name, rows=len(corpus), sha256=corpus.sha256),
        libraries=library_versions(),
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
        InputError: Where there is none, or it is not of this version.
    """
    path = Path(folder) / _MANIFEST
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except OSError:
        raise InputError(
            "this is no model folder",
            where=str(folder),
            expected=f"a folder with {_MANIFEST}",
            remedy="Make one with: iraqstance train DATA -o MODEL",
        ) from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise InputError(
            f"the manifest is not one of this version: {'.'.join(map(str, first['loc']))}: {first['msg']}",
            where=str(path),
            remedy="Train the model again",
        ) from None


def load_classifier(folder: str | Path) -> Classifier:
    """Open a model folder. Every file is checked against the manifest, and nothing is unpickled.

    Raises:
        InputError: Where a file is missing, changed, or holds a type that no model of ours holds.
        MissingExtraError: Without the extra ``train``.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    names = _stance_files(len(manifest.stances))
    stance = {target: _opened(folder, name, manifest) for target, name in zip(manifest.stances, names, strict=True)}
    topics = _opened(folder, _TOPICS, manifest) if manifest.topics else None
    return Classifier(stance, topics, manifest.topics, manifest.threshold)


def _opened(folder: Path, name: str, manifest: Manifest) -> Any:
    with from_extra("train"):
        import skops.io
        from sklearn.pipeline import Pipeline
    path = folder / name
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError("a file of the model cannot be read", where=str(path), got=error.strerror or "") from None
    found = sha256(content).hexdigest()
    if found != manifest.files.get(name):
        raise InputError(
            "the file is not the one that was saved",
            where=str(path),
            expected=f"SHA-256 {manifest.files.get(name, 'in the manifest')}",
            got=found,
            remedy="Copy the model again from where it came",
        )
    try:
        foreign = sorted(set(skops.io.get_untrusted_types(data=content)) - set(_TRUSTED))
        if foreign:
            raise InputError(
                "the file holds types that no model of ours holds",
                where=str(path),
                got=", ".join(foreign),
                remedy="Do not use it",
            )
        pipeline = skops.io.loads(content, trusted=list(_TRUSTED))
    except (
        ArithmeticError,
        AttributeError,
        BadZipFile,
        EOFError,
        LookupError,
        OSError,
        TypeError,
        ValueError,
    ) as error:
        raise InputError(
            "this is no skops file",
            where=str(path),
            got=f"{type(error).__name__}: {error}"[:200],
            remedy="Do not use it",
        ) from None
    if not isinstance(pipeline, Pipeline):
        raise InputError(
            "the file holds no scikit-learn pipeline",
            where=str(path),
            got=type(pipeline).__name__,
            remedy="Train the model again",
        )
    return pipeline

"""One fitted pipeline in a skops file, opened without trusting the file.

A skops file is a ZIP archive of ``schema.json``, a tree of typed nodes, and NumPy's files of the arrays. skops alone
loads every estimator of scikit-learn; here a literal list says which types a model of ours holds, and what it holds is
checked before it is used: array indices out of range would reach compiled code.
"""

import io
import json
import math
import re
import zlib
from collections.abc import Sequence
from hashlib import sha256
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

import numpy as np
from iraqstance.annotation.errors import InputError, from_extra

__all__ = ["PACKED_LIMIT", "canonical_hash", "opened", "packed", "refuse_unfit", "shown"]

#: Bytes that a model's file may have.
PACKED_LIMIT = 256 * 2**20
_UNPACKED_LIMIT = 2 * 2**30  # bytes: some 2.5 million terms
_RATIO = 200  # of unpacked to packed bytes; files of ours reach 40, deflate itself 1,032
_SLACK = 2**20  # bytes that a small file may unpack to, whatever its ratio
_MEMBERS = 20_000  # a topic takes three
_SCHEMA = "schema.json"
_MEMBER = re.compile(r"schema\.json|[0-9]{1,20}\.npy")
_NUMBERS_AND_TEXT = "biufU"  # NumPy's kinds of what an array of ours holds

# Module, name and skops loader of every type that a model of ours holds. Nothing else is ever loaded.
_TYPES = frozenset(
    {
        ("builtins", "dict", "DictNode"),
        ("builtins", "list", "ListNode"),
        ("builtins", "str", "JsonNode"),  # of null, numbers, truth values and text
        ("builtins", "str", "TypeNode"),  # of a mapping's keys
        ("builtins", "tuple", "TupleNode"),
        ("numpy", "float64", "TypeNode"),
        ("numpy", "ndarray", "NdArrayNode"),
        ("sklearn.dummy", "DummyClassifier", "ObjectNode"),
        ("sklearn.feature_extraction.text", "TfidfTransformer", "ObjectNode"),
        ("sklearn.feature_extraction.text", "TfidfVectorizer", "ObjectNode"),
        ("sklearn.linear_model._logistic", "LogisticRegression", "ObjectNode"),
        ("sklearn.multiclass", "OneVsRestClassifier", "ObjectNode"),
        ("sklearn.pipeline", "FeatureUnion", "ObjectNode"),
        ("sklearn.pipeline", "Pipeline", "ObjectNode"),
        ("sklearn.preprocessing._label", "LabelBinarizer", "ObjectNode"),
    }
)

# What zipfile, json, NumPy and skops raise on files that are none of ours, depending on how far they get.
_DAMAGE = (
    ArithmeticError,
    AttributeError,
    BadZipFile,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,  # nested too deep, encrypted, a kind of compression that Python lacks
    SyntaxError,
    TypeError,
    ValueError,
    zlib.error,
)


def packed(pipeline: Any, where: str) -> bytes:
    """Return a fitted pipeline as the content of a deflated skops file.

    Raises:
        InputError: Where it holds a type, or is so large, that it could not be opened again.
        MissingExtraError: Without the extra ``train``.
    """
    with from_extra("train"):
        import skops.io
    content: bytes = skops.io.dumps(pipeline, compression=ZIP_DEFLATED)
    _members(content, where)
    return content


def canonical_hash(content: bytes) -> str:
    """Return the SHA-256 of what a skops file of ours holds, the same for the same fit.

    The bytes of the file differ each time, for skops names objects by their addresses. Here addresses are left out,
    arrays stand with the hash of their bytes, and keys are sorted.
    """
    with ZipFile(io.BytesIO(content)) as archive:
        arrays = {name: sha256(archive.read(name)).hexdigest() for name in archive.namelist() if name.endswith(".npy")}

        def canonical(value: dict[str, Any]) -> dict[str, Any]:
            for address in ("__id__", "_stop_words_id", "_skops_version"):
                value.pop(address, None)
            if "__loader__" in value and "file" in value:
                value["file"] = arrays[value["file"]]
            return value

        tree = json.loads(archive.read(_SCHEMA), object_hook=canonical)
    return sha256(json.dumps(tree, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def opened(content: bytes, where: str) -> Any:
    """Return what a skops file holds: types of ours alone, unpacked to no more than a limit.

    Args:
        content: The file's bytes.
        where: The file, for messages.

    Raises:
        InputError: Where the file is no skops file, unpacks to too much, or holds what no model of ours holds.
        MissingExtraError: Without the extra ``train``.
    """
    with from_extra("train"):
        import skops.io
        from sklearn.exceptions import InconsistentVersionWarning
    import warnings

    members = _members(content, where)
    stored = io.BytesIO()
    with ZipFile(stored, "w", ZIP_STORED) as archive:  # skops unpacks without a limit: so it gets nothing packed
        for name, data in members.items():
            archive.writestr(name, data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", InconsistentVersionWarning)  # the folder warns once for all
            return skops.io.loads(stored.getvalue(), trusted=[])
    except _DAMAGE as error:
        raise _damaged(error, where) from None


def _members(content: bytes, where: str) -> dict[str, bytes]:
    """Return the unpacked members by name, none of them of a foreign kind or holding a foreign type."""
    try:
        members = _unpacked(content, where)
        foreign = _foreign(members[_SCHEMA])
        for name in members.keys() - {_SCHEMA}:
            if not _is_plain_array(members[name]):
                foreign.add(f"{name}, no array of numbers or text")
    except InputError:
        raise
    except _DAMAGE as error:
        raise _damaged(error, where) from None
    if foreign:
        raise InputError(
            "the file holds types that no model of ours holds",
            where=where,
            got=shown(", ".join(sorted(foreign))),
            remedy="Do not use it",
        )
    return members


def _unpacked(content: bytes, where: str) -> dict[str, bytes]:
    limit = min(_UNPACKED_LIMIT, _RATIO * len(content) + _SLACK)
    members: dict[str, bytes] = {}
    with ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        if len(entries) > _MEMBERS or len(content) > PACKED_LIMIT:
            raise _too_large(where, f"{len(content)} bytes in {len(entries)} members")
        if sum(entry.file_size for entry in entries) > limit:
            raise _too_large(where, f"{sum(entry.file_size for entry in entries)} bytes from {len(content)}")
        for entry in entries:
            if not _MEMBER.fullmatch(entry.orig_filename) or entry.filename in members:
                raise InputError(
                    "the file holds a member that no model of ours holds",
                    where=where,
                    expected="schema.json and arrays, each once",
                    got=shown(entry.orig_filename),
                    remedy="Do not use it",
                )
            if entry.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
                raise BadZipFile(f"compression {entry.compress_type}")
            with archive.open(entry) as stream:
                # A bounded read: what a member unpacks to beyond the size that it declares is never made.
                members[entry.filename] = stream.read(entry.file_size + 1)
            if len(members[entry.filename]) != entry.file_size:
                raise BadZipFile(f"{entry.filename} is shorter than it declares")
    return members


def _foreign(schema: bytes) -> set[str]:
    """Return the names of all types in a schema that are none of ours."""
    foreign: set[str] = set()

    def look(node: dict[str, Any]) -> None:
        if "__loader__" not in node:
            return
        module, name, loader = (node.get(key) for key in ("__module__", "__class__", "__loader__"))
        if (str(module), str(name), str(loader)) not in _TYPES:
            foreign.add(f"{module}.{name}" + ("" if str(loader) in {"ObjectNode", "TypeNode"} else f" ({loader})"))
        elif loader == "NdArrayNode" and node.get("type") != "numpy":
            foreign.add("numpy.ndarray of objects")

    json.loads(schema, object_hook=look)  # every object of the text passes, wherever it stands
    return foreign


def _is_plain_array(data: bytes) -> bool:
    """Tell whether the bytes are one array, in NumPy's format, of the shape and the size that its head declares."""
    stream = io.BytesIO(data)
    form: Any = np.lib.format  # NumPy gives these no types
    if form.read_magic(stream) != (1, 0):
        return False
    shape, _, kind = form.read_array_header_1_0(stream)
    size = math.prod(shape) * kind.itemsize
    return kind.kind in _NUMBERS_AND_TEXT and min(shape, default=0) >= 0 and size == len(data) - stream.tell()


def refuse_unfit(pipeline: Any, where: str, *, stances: Sequence[str] = (), topics: Sequence[str] = ()) -> None:
    """Raise where something is no fitted pipeline of ours for these stances, or these topics.

    Its parts are of the types that :func:`~iraqstance.training.classifier.fit` makes, its weights finite and of one
    shape with its vocabulary, no attribute takes a method's place or reaches out of the process, and it labels a text.

    Args:
        pipeline: What was opened.
        where: The file, for messages.
        stances: The stances that it should tell apart, or empty for topics.
        topics: The topics that it should give.

    Raises:
        InputError: Where it does not fit.
        MissingExtraError: Without the extra ``train``.
    """
    with from_extra("train"):
        from sklearn.pipeline import Pipeline
    if type(pipeline) is not Pipeline:
        raise InputError(
            "the file holds no scikit-learn pipeline",
            where=where,
            got=type(pipeline).__name__,
            remedy="Train the model again",
        )
    try:
        fault = _fault(pipeline, stances, len(topics))
    except _DAMAGE as error:
        fault = f"a part of it is missing or of another kind: {type(error).__name__}: {error}"
    if fault:
        raise InputError(
            "the pipeline is none of ours, or damaged",
            where=where,
            got=shown(fault),
            remedy="Copy the model again from where it came, or train it again",
        )
    _try_out(pipeline, where, len(stances) or len(topics))


def _fault(pipeline: Any, stances: Sequence[str], topics: int) -> str:
    """Return what is wrong with a pipeline, or an empty string."""
    names = [name for name, _ in pipeline.steps]
    if names not in (["features", "classifier"], ["classifier"]):
        return f"steps {', '.join(map(str, names))}"
    if pipeline.memory is not None or _shadows(pipeline) or _shadows(pipeline.steps[-1][1]):
        return "a pipeline that does more than it should"
    columns, fault = _columns(pipeline.steps[0][1]) if len(names) == 2 else (None, "")
    return fault or _classifier_fault(pipeline.steps[-1][1], columns, stances, topics)


def _classifier_fault(classifier: Any, columns: int | None, stances: Sequence[str], topics: int) -> str:
    """Return what is wrong with a classifier on so many features; on none, a constant is right."""
    from sklearn.dummy import DummyClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier

    if topics and columns is not None and type(classifier) is OneVsRestClassifier:
        return _one_vs_rest_fault(classifier, columns, topics)
    found = tuple(map(str, classifier.classes_))
    if topics or found != tuple(stances):
        return f"labels {', '.join(found)} where the manifest has {', '.join(stances) or f'{topics} topics'}"
    if type(classifier) is DummyClassifier:
        return _array_fault("class_prior_", classifier.class_prior_, (len(found),))
    if columns is not None and type(classifier) is LogisticRegression:
        return _linear_fault(classifier, columns, 1 if len(found) == 2 else len(found))
    return f"a classifier of type {type(classifier).__name__}"


def _shadows(estimator: Any) -> bool:
    """Tell whether an attribute stands in the place of a method."""
    return any(callable(getattr(type(estimator), name, None)) for name in vars(estimator))


def _columns(features: Any) -> tuple[int, str]:
    """Return how many features there are, and what is wrong with them or an empty string."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import FeatureUnion

    tools = [features]
    if type(features) is FeatureUnion:
        if features.n_jobs is not None or features.transformer_weights is not None or _shadows(features):
            return 0, "a feature union that does more than it should"
        tools = [tool for _, tool in features.transformer_list]
    columns = 0
    for tool in tools:
        if type(tool) is not TfidfVectorizer:
            return 0, f"features of type {type(tool).__name__}"
        fault = _vectorizer_fault(tool, TfidfVectorizer())
        if fault:
            return 0, fault
        columns += len(tool.vocabulary_)
    return columns, ""


def _vectorizer_fault(tool: Any, usual: Any) -> str:
    fixed = ("input", "preprocessor", "tokenizer", "token_pattern", "dtype")
    if any(getattr(tool, name) != getattr(usual, name) for name in fixed) or _shadows(tool) or _shadows(tool._tfidf):  # noqa: SLF001 - no other way to it
        return "a vectorizer that does more than it should"
    if tool.analyzer not in {"word", "char", "char_wb"}:
        return f"analyzer {tool.analyzer}"
    places = list(tool.vocabulary_.values())
    if any(type(place) is not int for place in places) or sorted(places) != list(range(len(places))):
        return "a vocabulary whose columns are not 0, 1, 2 and so on"
    return _array_fault("idf_", tool.idf_, (len(places),))


def _one_vs_rest_fault(classifier: Any, columns: int, topics: int) -> str:
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import LabelBinarizer

    if len(classifier.estimators_) != topics:
        return f"{len(classifier.estimators_)} topics where the manifest has {topics}"
    if type(classifier.label_binarizer_) is not LabelBinarizer or _shadows(classifier.label_binarizer_):
        return "topics that are not told by a LabelBinarizer"
    for estimator in classifier.estimators_:
        if type(estimator) is not LogisticRegression or _shadows(estimator) or list(estimator.classes_) != [0, 1]:
            return f"a topic's classifier of type {type(estimator).__name__}"
        fault = _linear_fault(estimator, columns, 1)
        if fault:
            return fault
    return ""


def _linear_fault(regression: Any, columns: int, rows: int) -> str:
    if regression.n_features_in_ != columns:
        return f"n_features_in_ {regression.n_features_in_} where the vocabulary has {columns}"
    return _array_fault("coef_", regression.coef_, (rows, columns)) or _array_fault(
        "intercept_", regression.intercept_, (rows,)
    )


def _array_fault(name: str, array: Any, shape: tuple[int, ...]) -> str:
    if not isinstance(array, np.ndarray) or array.dtype.kind != "f" or array.shape != shape:
        return f"{name} of shape {getattr(array, 'shape', None)}, not {shape}"
    return "" if np.isfinite(array).all() else f"{name} with values that are no finite numbers"


def _try_out(pipeline: Any, where: str, labels: int) -> None:
    """Raise where the pipeline does not label a text: scikit-learn changes attributes from version to version."""
    from importlib.metadata import version

    got = ""
    try:
        shares = pipeline.predict_proba(["A text to try it out."])
        # scikit-learn gives two columns for one topic.
        if shares.shape not in {(1, labels), (1, max(labels, 2))} or not np.isfinite(shares).all():
            got = f"probabilities of shape {shares.shape}"
    except _DAMAGE as error:
        got = f"{type(error).__name__}: {error}"
    if got:
        raise InputError(
            f"the pipeline does not work with the installed scikit-learn {version('scikit-learn')}",
            where=where,
            got=shown(got),
            remedy="Install the version that the manifest names, or train the model again",
        )


def _too_large(where: str, got: str) -> InputError:
    return InputError(
        "the file is, or unpacks to, more than a model of ours",
        where=where,
        expected=f"{PACKED_LIMIT} bytes, {_UNPACKED_LIMIT} unpacked and {_RATIO} times its size at most",
        got=got,
        remedy="Do not use it",
    )


def _damaged(error: BaseException, where: str) -> InputError:
    return InputError(
        "this is no skops file", where=where, got=shown(f"{type(error).__name__}: {error}"), remedy="Do not use it"
    )


def shown(text: str) -> str:
    """Return what a stranger wrote, short and without control characters, for a terminal."""
    plain = "".join(character if character.isprintable() else "?" for character in text[:200])
    return plain + ("…" if len(text) > 200 else "")

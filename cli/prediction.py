"""What ``predict`` does, however its options were read."""

import os
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from iraqstance.cli.console import complain, note, tracked
from iraqstance.cli.ending import INTERRUPTED
from iraqstance.cli.prediction_output import Faults, print_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from iraqstance.training.classifier import Classifier
    from iraqstance.training.flat.scorer import Scorer
    from iraqstance.training.labelling.labeller import Labeller
    from iraqstance.training.labelling.text_rows import TextRow

__all__ = ["Call", "run"]

T = TypeVar("T")

_LARGE = 1 << 20  # bytes of a file whose rows are thousands
_NAME = 200  # characters of a path, at most


class Call(NamedTuple):
    """The options of ``predict``, as its help tells of them.

    Attributes:
        texts: Texts to label, or ``-`` alone.
        input_file: File to label.
        output: File to write.
        model: Model folder or flat file.
        target: Whose stance.
        text_column: Column of the texts.
        target_column: Column of the targets, or an empty string.
        keep_columns: Whether other columns are kept.
        min_confidence: Least probability of a label, in [0, 1].
        terms: Terms of an explanation, or ``None`` for none.
        resume: Whether to go on where an interrupted run stopped.
        jobs: Threads, 1 or more.
        as_json: Whether to print JSON lines.
    """

    texts: tuple[str, ...] = ()
    input_file: str | None = None
    output: str | None = None
    model: Path | None = None
    target: str | None = None
    text_column: str = "text"
    target_column: str = ""
    keep_columns: bool = True
    min_confidence: float = 0.0
    terms: int | None = None
    resume: bool = False
    jobs: int = 1
    as_json: bool = False

    @property
    def has_texts(self) -> bool:
        """Whether texts are given: they are few, and progress would flicker."""
        return bool(self.texts) and self.texts != ("-",)


def run(call: Call) -> int:
    """Label what the call names, and return the exit code: 0, 1 where a row has an error, 130 when interrupted.

    Raises:
        IraqstanceError: Where the call, the input or the model is not in order.
    """
    from iraqstance.training.labelling.labeller import Labeller

    _refuse_contradictions(call)
    rows = _rows(call)
    is_explained = call.terms is not None
    scorer = None if is_explained else _scorer(call.model, call.jobs)
    is_large = bool(scorer and call.input_file and _got_ready(scorer, call.input_file))
    # A fault of the input shows before a model is opened that takes long.
    rows = chain(list(islice(rows, 1)), rows)
    model, digest = (scorer, _digest(scorer)) if scorer else _model(call.model, call.jobs, explained=is_explained)
    labeller = Labeller(model, call.target, call.min_confidence, call.terms, call.keep_columns, call.jobs, is_large)
    faults = Faults()
    if not call.output and not call.as_json:
        print_rows(labeller, rows if call.has_texts else _tracked(rows), faults)
    elif not _written(call, rows, labeller, digest, faults):
        return INTERRUPTED
    return int(faults.end())


def _refuse_contradictions(call: Call) -> None:
    from iraqstance.annotation.errors import UsageError

    if bool(call.texts) == bool(call.input_file):
        what = "both texts and a file" if call.texts else "nothing to label"
        raise UsageError(what, expected="texts, -, or -i FILE")
    if call.resume and {call.input_file or "-", call.output or "-"} & {"-"}:
        raise UsageError("standard input and output cannot be resumed", expected="-i FILE and -o FILE")
    if call.output and call.as_json:
        raise UsageError("both a file and --json", expected="-o FILE, or --json")
    if call.input_file and call.output and _same(call.input_file, call.output):
        raise UsageError("input and output are the same file", got=call.output, remedy="Name another with -o")
    for text in call.texts:
        if text != "-" and len(text) < _NAME and Path(text).is_file():
            note(f"{text!r} is labelled as a text; to label what the file of that name holds: -i {text}")


def _same(one: str, other: str) -> bool:
    try:
        return Path(one).samefile(other)
    except OSError:  # one of them is not there
        return False


def _written(
    call: Call, rows: "Iterable[TextRow]", labeller: "Labeller", digest: dict[str, str], faults: Faults
) -> bool:
    """Write the rows labelled, and tell whether that came to its end: an interrupted run may go on."""
    from iraqstance.training.labelling.prediction_files import Run, input_identity, write_labelled

    made_from = None
    if call.output and call.input_file and call.input_file != "-":
        made_from = {
            "input": input_identity(call.input_file),
            "model": digest,
            "--text-column": call.text_column,
            "--target-column": call.target_column,
            "--target": call.target,
            "--keep-columns": call.keep_columns,
            "--min-confidence": call.min_confidence,
            "--explain --terms": call.terms,
        }
    columns = (call.text_column, call.target_column or None) if call.input_file else None
    track = iter if call.has_texts else _tracked
    try:
        run = Run(call.input_file, made_from, call.resume, columns, track)
        written = write_labelled(call.output or "-", rows, labeller, run, faults.report)
    except KeyboardInterrupt:
        if made_from is None:
            raise
        complain("interrupted; to go on, repeat the command with --resume")
        return False
    faults.count = written.faults
    if call.output and call.output != "-":
        before = f", {written.resumed} of them before" if written.resumed else ""
        labelled = written.rows - written.faults
        note(f"{call.output}: {labelled} text{'s' * (labelled != 1)} labelled{before}")
    return True


def _tracked(steps: "Iterable[T]") -> "Iterable[T]":
    return tracked(steps, None, "Labelling")


def _rows(call: Call) -> "Iterator[TextRow]":
    from iraqstance.training.labelling.text_rows import TextRow
    from iraqstance.training.labelling.texts import read_texts

    if call.has_texts:
        return iter([TextRow(text, where=f"text {number}") for number, text in enumerate(call.texts, 1)])
    target_column = call.target_column or None
    return read_texts(
        call.input_file or "-", text_column=call.text_column, target_column=target_column, others=call.keep_columns
    )


def _scorer(path: Path | None, jobs: int) -> "Scorer | None":
    """Return the scorer of the flat file that a path names, or that a model folder holds; without one, ``None``."""
    from iraqstance.training.flat.folder import flat_named
    from iraqstance.training.flat.scorer import Scorer

    flat = flat_named(path)
    return None if flat is None else Scorer(flat, jobs=jobs)


def _digest(scorer: "Scorer") -> dict[str, str]:
    return {"flat": scorer.model.sha256}


def _got_ready(scorer: "Scorer", input_file: str) -> bool:
    """Load compiled code where there is much to label, and tell whether there is.

    It is loaded before Arrow, so that memory is never needed for loading both.
    """
    from iraqstance.training.labelling.findings import Finder
    from iraqstance.training.labelling.resident import keep_little

    keep_little()
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")  # it gives memory back sooner
    try:
        is_large = Path(input_file).stat().st_size > _LARGE
    except OSError:  # which the reader explains
        return False
    return is_large and Finder(scorer, 0).get_ready() is not None


def _model(path: Path | None, jobs: int, *, explained: bool) -> "tuple[Classifier | Scorer, dict[str, str]]":
    """Return a model that has no flat file, or is to explain; a default model that was made just now as a scorer."""
    from iraqstance.annotation.errors import UsageError
    from iraqstance.training.flat.file import SUFFIX

    if path is not None and path.suffix == SUFFIX and not path.is_dir():
        raise UsageError(f"{path}: a flat model gives no explanation", remedy="Name a model folder with --model")
    classifier, digest = _classifier(path)
    scorer = _scorer(None, jobs) if path is None and not explained else None
    return (scorer, _digest(scorer)) if scorer else (classifier, digest)


def _classifier(folder: Path | None) -> "tuple[Classifier, dict[str, str]]":
    from iraqstance.training.default_model import default_model, default_model_folder
    from iraqstance.training.model_folder import library_versions, load_classifier, read_manifest

    classifier = load_classifier(folder) if folder is not None else default_model(note)
    return classifier, {**read_manifest(folder or default_model_folder()).files, **library_versions()}

"""``predict`` in plain calls, answered before the rest of the command would be imported.

A few texts are labelled with the standard library alone; files without the libraries that read options and show help.

What is not such a call, or not quite in order, is left to the whole command, which answers it or says what is wrong.
"""

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from iraqstance.training.labelling.labeller import Labeller

__all__ = ["answered"]

_TEXTS = 20  # at most
_CHARACTERS = 20_000  # of all texts, at most
# What may be said of texts, and what of a file alone.
_SHORT = {"-i": "--input", "-o": "--output"}
_VALUES = frozenset(
    {"--input", "--output", "--model", "--target", "--text-column", "--target-column", "--min-confidence", "--jobs"}
)
_FLAGS = frozenset({"--json", "--resume", "--keep-columns", "--no-keep-columns"})
_OF_TEXTS = frozenset({"--model", "--target", "--min-confidence", "--json"})


class _Call(NamedTuple):
    """A plain call.

    Attributes:
        texts: The texts.
        values: Values of options by their names; of flags, an empty one.
    """

    texts: list[str]
    values: dict[str, str]


def answered(arguments: Sequence[str]) -> bool:
    """Answer a plain call of ``predict`` and tell whether it was one.

    Args:
        arguments: What follows the command's name.

    Raises:
        SystemExit: Where a file was labelled, and not every row of it.
        IraqstanceError: Where a file cannot be labelled.
    """
    call = _plain_call(arguments)
    if call is None:
        return False
    if not call.texts:
        return _file_answered(call)
    labeller = _labeller(call)
    return labeller is not None and _print(call, labeller)


def _plain_call(arguments: Sequence[str]) -> _Call | None:
    """Return what the arguments say, or ``None`` for other calls than plain ones."""
    if list(arguments[:1]) != ["predict"] or os.name == "nt" or "_IRAQSTANCE_COMPLETE" in os.environ:
        return None
    call = _Call([], {})
    rest = iter(arguments[1:])
    for argument in rest:
        name, is_joined, value = argument.partition("=")
        name = name if is_joined else _SHORT.get(name, name)
        if name in call.values:
            return None
        if name in _VALUES:
            value = value if is_joined else next(rest, "")
            if not value or (value.startswith("-") and value != "-"):
                return None
            call.values[name] = value
        elif argument in _FLAGS:
            call.values[argument] = ""
        elif argument.startswith("-"):
            return None
        else:
            call.texts.append(argument)
    return call if _is_plain(call) else None


def _is_plain(call: _Call) -> bool:
    if not call.texts:
        return "--input" in call.values and ("--output" in call.values) != ("--json" in call.values)
    fits = len(call.texts) <= _TEXTS and sum(map(len, call.texts)) <= _CHARACTERS
    fits = fits and not any(map(os.path.isfile, call.texts))  # which is perhaps not what was meant
    return fits and call.values.keys() <= _OF_TEXTS and call.values.get("--target") != "-"


def _file_answered(call: _Call) -> bool:
    """Label a file, or tell that the call is not in order."""
    from pathlib import Path

    from iraqstance.cli.prediction import Call, run

    values = call.values
    try:
        least, jobs = float(values.get("--min-confidence", "0")), int(values.get("--jobs", "1"))
    except ValueError:
        return False
    if not 0 <= least <= 1 or jobs < 1 or {"--keep-columns", "--no-keep-columns"} <= values.keys():
        return False
    code = run(
        Call(
            input_file=values["--input"],
            output=values.get("--output"),
            model=Path(values["--model"]) if "--model" in values else None,
            target=values.get("--target"),
            text_column=values.get("--text-column", "text"),
            target_column=values.get("--target-column", ""),
            keep_columns="--no-keep-columns" not in values,
            min_confidence=least,
            resume="--resume" in values,
            jobs=jobs,
            as_json="--json" in values,
        )
    )
    if code:
        sys.exit(code)
    return True


def _labeller(call: _Call) -> "Labeller | None":
    """Return the model as the call asks it, or ``None`` where it has no flat file or the call is not in order."""
    from pathlib import Path

    from iraqstance.annotation.errors import IraqstanceError
    from iraqstance.training.flat.folder import flat_named
    from iraqstance.training.flat.scorer import Scorer
    from iraqstance.training.labelling.labeller import Labeller

    try:
        least = float(call.values.get("--min-confidence", "0"))
        if not 0 <= least <= 1:
            return None
        model = call.values.get("--model")
        flat = flat_named(None if model is None else Path(model))
        if flat is None:
            return None
        scorer = Scorer(flat)
        if scorer.stances:
            scorer.target(call.values.get("--target"))
    except (IraqstanceError, ValueError):
        return None
    return Labeller(scorer, call.values.get("--target"), least)


def _print(call: _Call, labeller: "Labeller") -> bool:
    """Print what the model says, unless one of the texts has an error."""
    from iraqstance.annotation.errors import IraqstanceError
    from iraqstance.training.labelling.text_rows import TextRow

    try:
        chunk = next(labeller.label(map(TextRow, call.texts)))
    except IraqstanceError:
        return False
    if any(one.prediction is None for one in chunk):
        return False
    if "--json" in call.values:
        from iraqstance.training.labelling.prediction_tables import table_for

        content = table_for(".jsonl", labeller, {}, lambda _where, _error: None).encoded(chunk)
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        from iraqstance.cli.prediction_output import print_labels

        print_labels(chunk)
        sys.stdout.flush()
    return True

"""What ``predict --engine dask`` does."""

from pathlib import Path
from typing import TYPE_CHECKING

from iraqstance.cli.console import complain, note, tracked
from iraqstance.cli.ending import INTERRUPTED
from iraqstance.cli.prediction_output import Faults

if TYPE_CHECKING:
    from iraqstance.cli.prediction import Call

__all__ = ["run_on_cluster"]


def run_on_cluster(call: "Call", scheduler: str | None) -> int:
    """Label a folder of Parquet files on a Dask cluster, and return the exit code.

    It is 0, 1 where a row has an error, and 130 when interrupted.

    Raises:
        IraqstanceError: Where the call, the folders or the cluster is not in order.
    """
    from iraqstance.annotation.errors import UsageError
    from iraqstance.training.labelling.cluster import Job, label_folder

    if scheduler is None:
        raise UsageError("which cluster?", expected="--scheduler tcp://HOST:PORT beside --engine dask")
    if call.input_file is None or call.output is None or call.texts or "-" in {call.input_file, call.output}:
        raise UsageError("a cluster labels folders", expected="-i FOLDER and -o FOLDER")
    if call.terms is not None or call.as_json:
        raise UsageError("a cluster neither explains nor prints", remedy="Leave --explain and --json out")
    if call.jobs != 1:
        raise UsageError("a cluster's workers have their own threads", remedy="Leave --jobs out")
    job = Job(
        _flat(call.model),
        call.text_column,
        call.target_column or None,
        call.target,
        call.min_confidence,
        call.keep_columns,
    )
    faults = Faults()
    try:
        written = label_folder(
            Path(call.input_file),
            Path(call.output),
            job,
            scheduler,
            progress=lambda files, total: tracked(files, total, "Labelling"),
            report=faults.report,
        )
    except KeyboardInterrupt:
        complain("interrupted; repeat the command to go on: what is finished is not done again")
        return INTERRUPTED
    faults.count = written.faults
    before = f", {written.before} before" if written.before else ""
    note(f"{call.output}: {written.rows - written.faults} texts labelled in {written.files} files{before}")
    return int(faults.end())


def _flat(model: Path | None) -> Path:
    """Return the flat file of a model, making the default model where none is named.

    Raises:
        InputError: Where a model folder has none, or is not in order.
    """
    from iraqstance.annotation.errors import InputError
    from iraqstance.training.flat.folder import flat_named

    found = flat_named(model)
    if found is None and model is None:
        from iraqstance.training.default_model import default_model

        default_model(note)
        found = flat_named(None)
    if found is None:
        if model is not None:
            from iraqstance.training.model_folder import load_classifier

            load_classifier(model)  # says what is wrong, if it is that
        raise InputError("the model has no flat file", where=str(model or ""), remedy="Train it again")
    return found

"""The card of a model folder: metadata as the Hugging Face Hub reads it, and what a user should know.

Everything in it comes from the manifest, the label schema that is packaged, and what was measured.
"""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from iraqstance.annotation.errors import from_extra
from iraqstance.annotation.schema import LabelDefinition, packaged_schema

if TYPE_CHECKING:
    from iraqstance.training.model_folder import Manifest

__all__ = ["figure_tables", "model_card"]

_TAGS = ("iraqstance", "stance-detection", "topic-classification", "text-classification", "skops")
_DIGITS = 4  # of a figure in the metadata
_OUTSIDE_A_NAME = re.compile(r"[^A-Za-z0-9._-]+")
# Metric's type on the Hub, and its name in words, by its name in metrics.json.
_METRICS = {
    "macro_f1": ("f1", "macro-F1"),
    "favor_against_f1": ("f1", "mean F1 of favor and against"),
    "micro_f1": ("f1", "micro-F1"),
    "accuracy": ("accuracy", "accuracy"),
    "exact": ("accuracy", "exact set of topics"),
    "log_loss": ("log_loss", "log loss"),
    "ece": ("expected_calibration_error", "expected calibration error"),
}
_SYSTEMS = {
    "model": "this model",
    "majority": "the commonest label",
    "random": "labels drawn at random",
    "unigram": "single words",
}

Figures = Mapping[str, Any]


def model_card(
    manifest: "Manifest", name: str, *, metrics: Mapping[str, Any] | None = None, licence: str | None = None
) -> str:
    """Return the text of a model folder's ``README.md``.

    Args:
        manifest: What the folder holds.
        name: The folder's name, as examples call it.
        metrics: What was measured, as in ``metrics.json``; without it the card says that nothing was.
        licence: The model's licence, as the Hub calls it (``apache-2.0``); without it that is left to the user.

    Raises:
        MissingExtraError: Without the extra ``train``.
    """
    with from_extra("train"):
        from huggingface_hub import ModelCardData
    dataset = _slug(manifest.data.name)
    data = ModelCardData(
        datasets=[dataset],
        eval_results=list(_results(metrics)) or None,
        library_name="sklearn",
        license=licence,
        model_name=name,
        pipeline_tag="text-classification",
        tags=list(_TAGS),
    )
    sections = [
        f"# {name}",
        _what(manifest),
        "## Labels",
        *_labels(manifest),
        "## Training",
        _training(manifest),
        "## Measured results",
        *_measured(metrics),
        "## Intended use",
        _USE,
        "## Limits",
        _LIMITS,
        "## How to use it",
        *_usage(manifest, name),
        "## Security",
        _SECURITY,
    ]
    metadata = data.to_yaml(line_break="\n")
    return f"---\n{metadata}\n---\n\n" + "\n\n".join(sections) + "\n"


_USE = """\
To label paragraphs of the kind that it was trained on, many at a time, and to count labels over them; to be a baseline
that other models are compared with. A label is a guess with a probability: have people read a sample of your own texts
before you rely on it."""

_LIMITS = """\
- It is not for judging persons: it must not be used to rate, sort, watch or decide about anybody by what they write.
- It knows words and their parts, no sentences and no world: irony, quotation and negation mislead it.
- A paragraph unlike the training texts, of another time, genre or language, gets a label all the same.
- Probabilities are calibrated on the training data. Where labels are otherwise distributed, they are off.
- The labels of the data that comes with the package iraqstance were made by a language model, which also wrote most of
  its texts; no person has checked them. A model that learned from them repeats that model's readings. Labels of other
  data are as good as those who made them."""

_SECURITY = """\
The `.skops` files are data and not pickles. `iraqstance` opens them with a literal list of types, checks sizes and
shapes first, and holds every file against the hash in `manifest.json`. The hashes show that a copy is whole. They do
not show who made it: take models from where you trust their maker."""


def _slug(name: str) -> str:
    """Return a name that may stand in the metadata."""
    return _OUTSIDE_A_NAME.sub("-", name).strip("-.") or "data"


def _towards(target: str) -> str:
    return f" towards {target}" if target else ""


def _what(manifest: "Manifest") -> str:
    held = [f"one of {len(names)} stances{_towards(target)}" for target, names in manifest.stances.items()]
    held += [f"any of {len(manifest.topics)} topics"] if manifest.topics else []
    return (
        f"Gives a paragraph {' and '.join(held)}, each with a probability. A linear model over TF-IDF of words and "
        f"characters, of scikit-learn's own types, made with iraqstance {manifest.libraries.get('iraqstance', '')}."
    )


def _labels(manifest: "Manifest") -> Iterator[str]:
    schema = packaged_schema()
    titles = {target.name: target.title for target in schema.targets}
    for target, names in manifest.stances.items():
        ours = target in titles and set(names) <= set(schema.stance_names)
        yield f"Stance{_towards(target)}{f' ({titles[target]})' if ours else ''}:"
        yield _listed(names, schema.stances if ours else ())
    if manifest.topics:
        ours = set(manifest.topics) <= set(schema.topic_names)
        yield f"Topics, given from a probability of {manifest.threshold:.2f}; where none reaches it, the most probable:"
        yield _listed(manifest.topics, schema.topics if ours else ())


def _listed(names: Sequence[str], definitions: Sequence[LabelDefinition]) -> str:
    known = {label.name: " ".join(label.definition.split()) for label in definitions}
    return "\n".join(f"- `{name}`" + (f": {known[name]}" if name in known else "") for name in names)


def _training(manifest: "Manifest") -> str:
    data = manifest.data
    libraries = ", ".join(f"{name} {number}" for name, number in manifest.libraries.items())
    hashes = "\n".join(f"| `{name}` | `{digest}` |" for name, digest in manifest.pipelines.items())
    return (
        f"Trained on {data.name}: {data.rows} rows, SHA-256 of the rows `{data.sha256}`. Settings, calibration "
        "and threshold were chosen by cross-validation inside these rows, by whole groups where the data names any. "
        f"Fitted with {libraries}.\n\n"
        "The same data and versions give the same pipelines, by the canonical hash of what they hold (the files' own "
        f"bytes differ each time):\n\n| pipeline | canonical SHA-256 |\n|---|---|\n{hashes}"
    )


def _measured(metrics: Mapping[str, Any] | None) -> Iterator[str]:
    if not metrics:
        yield "Nothing was measured. `iraqstance evaluate DATA` measures on data of yours."
        return
    data = metrics["data"]
    yield f"On {data['name']}, {data['rows']} rows (SHA-256 `{data['sha256']}`): {metrics['scheme']}."
    yield f"In brackets: {metrics['intervals']}."
    kept = metrics.get("coverage") or {}
    coverage = [*(kept.get("stance") or {}).values(), *filter(None, [kept.get("topics")])]
    tables = zip_longest(figure_tables(metrics), _measurements(metrics), coverage)
    for (head, rows), (title, systems), steps in tables:
        yield _markdown(head, rows)
        yield _label_table(systems["model"]["labels"])
        if steps:
            yield _coverage_table("topics" if title == "topics" else "stances", steps)


def figure_tables(metrics: Mapping[str, Any]) -> Iterator[tuple[list[str], list[list[str]]]]:
    """Yield head and rows of a table of figures for each target's stance, and for the topics; one row a system.

    Args:
        metrics: What was measured, as in ``metrics.json``.
    """
    for title, systems in _measurements(metrics):
        figures = [figure for figure in _METRICS if any(figure in system for system in systems.values())]
        rows = [
            # Resamples are always worse calibrated than the whole, so that their interval may leave the figure out.
            [_SYSTEMS.get(name, name), *(_figure(system.get(one), bare=one == "ece") for one in figures)]
            for name, system in systems.items()
        ]
        yield [title, *(_METRICS[figure][1] for figure in figures)], rows


def _measurements(metrics: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Figures]]]:
    """Yield what was measured of each target's stance, and of the topics, by system."""
    for target, systems in metrics["stance"].items():
        yield f"stance{_towards(target)}", systems
    if metrics["topics"]:
        yield "topics", metrics["topics"]


def _label_table(labels: Mapping[str, Figures]) -> str:
    rows = [
        [f"`{name}`", *(f"{score[figure]:.3f}" for figure in ("precision", "recall", "f1")), str(score["support"])]
        for name, score in labels.items()
    ]
    return _markdown(["this model, by label", "precision", "recall", "F1", "rows"], rows)


def _coverage_table(what: str, steps: Sequence[Sequence[float]]) -> str:
    """Return what is right of the surest answers, with the option that gives at least these."""
    from iraqstance.training.metrics import surest_quarters

    shares, right, least = surest_quarters(steps)
    name = "accuracy" if what == "stances" else "right of the given"
    head = [f"this model, the surest {what}", *shares]
    return _markdown(head, [[name, *(f"{part:.3f}" for part in right)], ["`--min-confidence`", *least]])


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _figure(measured: Sequence[float | None] | None, *, bare: bool = False) -> str:
    """Return a figure with its interval, as far as there is one and it is wanted."""
    if measured is None or measured[0] is None:
        return ""
    value, low, high = measured
    return f"{value:.3f}" if bare or low is None or high is None else f"{value:.3f} [{low:.3f}, {high:.3f}]"


def _results(metrics: Mapping[str, Any] | None) -> Iterator[Any]:
    """Yield what was measured of the model as the Hub's ``model-index`` holds it."""
    from huggingface_hub import EvalResult

    if not metrics:
        return
    name = metrics["data"]["name"]
    for title, systems in _measurements(metrics):
        for figure, (kind, words) in _METRICS.items():
            value = (systems["model"].get(figure) or [None])[0]
            if value is not None:
                yield EvalResult(
                    task_type="text-classification",
                    task_name="Stance and topics",
                    dataset_type=_slug(name),
                    dataset_name=name,
                    metric_type=kind,
                    metric_value=round(value, _DIGITS),
                    metric_name=f"{words} ({title})",
                )


def _usage(manifest: "Manifest", name: str) -> Iterator[str]:
    target = next(iter(manifest.stances), "") if len(manifest.stances) > 1 else ""
    named = f", target={target!r}" if target else ""
    option = f" --target {shlex.quote(target)}" if target else ""
    yield "In Python, after `pip install 'iraqstance[train]'`:"
    yield (
        "```python\n"
        "from iraqstance.training import load_classifier\n\n"
        f"model = load_classifier({name!r})\n"
        f'for found in model.predict(["A paragraph of news.", "Another one."]{named}):\n'
        "    print(found.stance, found.stance_scores, found.topics, found.topic_scores)\n"
        "```"
    )
    yield "On the command line:"
    yield f"```console\n$ iraqstance predict --model {shlex.quote(name)}{option} 'A paragraph of news.'\n```"
    yield (
        "With scikit-learn and skops alone: nothing needs to be trusted beyond what skops trusts by itself. Hold the "
        "file against its hash in the manifest first. In texts with hashtags, "
        "`iraqstance.training.preparation.prepared` tells their words apart before the pipeline."
    )
    file = next(iter(manifest.pipelines))
    shown = "pipeline.classes_, " if manifest.stances else ""
    yield (
        "```python\n"
        "import skops.io\n\n"
        f"pipeline = skops.io.load({f'{name}/{file}'!r}, trusted=[])\n"
        f'print({shown}pipeline.predict_proba(["A paragraph of news."]))\n'
        "```"
    )

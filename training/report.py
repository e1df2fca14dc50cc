"""The report of an evaluation: one HTML file that needs nothing else, and its figures as JSON."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from iraqstance.annotation.errors import InputError, from_extra
from iraqstance.annotation.storage import replacing, write_json
from iraqstance.training.answers import Step, stance_answers, stance_steps, topic_answers, topic_steps
from iraqstance.training.evaluate import Evaluation, Figures, metrics
from iraqstance.training.intervals import Change, Interval
from iraqstance.training.metrics import LabelScore, nearest_steps, reliability
from iraqstance.training.plots import coverage_plot, curve_plot, reliability_plot

__all__ = ["Mistake", "make_folder", "mistakes", "report_html", "write_report"]

_MOST = 12  # mistakes that are shown
_LONGEST = 600  # characters of a text that are shown
_SYSTEMS: Mapping[str, str] = {
    "model": "the classifier",
    "other": "the other model",
    "without": "the classifier without the further data",
    "majority": "the commonest training label",
    "random": "labels drawn as in training",
    "unigram": "bag of words, logistic regression",
}
_FIGURES: Mapping[str, str] = {
    "macro_f1": "macro-F1",
    "sides_f1": "F1 of the sides",
    "accuracy": "accuracy",
    "log_loss": "log loss",
    "ece": "calibration error",
    "micro_f1": "micro-F1",
    "exact": "exact set",
}


@dataclass(frozen=True, slots=True)
class Mistake:
    """A wrong answer.

    Attributes:
        row: Its row among the tested ones, from 0.
        true: The label. Of topics, one topic, or ``not <topic>`` where the text has not got it.
        given: What the model said.
        confidence: Probability that the model gave to its answer, in [0, 1].
        text: The text; empty where texts are left out.
        id: The row's id, where it has one.
        group: The row's group, where the corpus has groups.
    """

    row: int
    true: str
    given: str
    confidence: float
    text: str = ""
    id: str = ""
    group: str = ""


def make_folder(folder: str | Path) -> None:
    """Make the folder of a report, and see that it can be written and that everything for it is installed.

    Raises:
        InputError: Where it cannot be made or is no folder.
        MissingExtraError: Without the extra ``report``.
    """
    with from_extra("report"):
        import jinja2  # noqa: F401 - what is missing shows before anything is fitted
        import matplotlib as mpl  # noqa: F401
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        with replacing(Path(folder) / ".written"):
            pass
        (Path(folder) / ".written").unlink()
    except OSError as error:
        raise InputError(
            "the folder of the report cannot be made",
            where=str(folder),
            got=error.strerror or "",
            remedy="Name another with --report",
        ) from None


def write_report(evaluation: Evaluation, folder: str | Path, *, texts: bool = True) -> None:
    """Write ``report.html`` and ``metrics.json`` into a folder, each renamed into place; other files stay.

    Args:
        evaluation: One with detail.
        folder: The folder; it is made where it is missing.
        texts: Whether the worst mistakes are shown with their texts. N-grams are shown in any case.

    Raises:
        InputError: Where the folder cannot be written.
        MissingExtraError: Without the extra ``report``.
    """
    make_folder(folder)
    page = report_html(evaluation, texts=texts)
    with replacing(Path(folder) / "report.html") as stream:
        stream.write(page)
    write_json(Path(folder) / "metrics.json", metrics(evaluation))


def report_html(evaluation: Evaluation, *, texts: bool = True) -> str:
    """Return the report as one HTML page that loads nothing; the same evaluation gives the same page.

    Args:
        evaluation: One with detail.
        texts: Whether the worst mistakes are shown with their texts.

    Raises:
        MissingExtraError: Without the extra ``report``.
    """
    with from_extra("report"):
        from jinja2 import Environment, StrictUndefined
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string((files("iraqstance.training") / "report.html.j2").read_text(encoding="utf-8"))
    plain = metrics(evaluation)
    page = template.render(
        evaluation=evaluation,
        data=plain["data"],
        intervals=plain["intervals"],
        targets=[_target(evaluation, target, number, texts=texts) for number, target in enumerate(evaluation.stance)],
        mean=_systems(evaluation.mean_figures, _sides(evaluation)),
        topics=_topics(evaluation, texts=texts),
        curve=_curve(evaluation),
        texts=texts,
    )
    # Half of a surrogate pair is no text, and a file cannot hold it.
    return page.strip().encode("utf-8", "replace").decode() + "\n"


def mistakes(evaluation: Evaluation, target: str | None, *, texts: bool = True) -> list[Mistake]:
    """Return the most confident wrong answers, the worst first.

    Args:
        evaluation: The evaluation.
        target: Of the stance towards this target; ``None`` for the topics, each a yes or no of its own.
        texts: Whether to add the texts.
    """
    tested = evaluation.tested
    found = list(_wrong_topics(evaluation) if target is None else _wrong_stances(evaluation, target))
    worst = sorted(found, key=lambda one: (-round(one.confidence, 9), one.row, one.true))[:_MOST]
    return [
        Mistake(
            one.row,
            one.true,
            one.given,
            one.confidence,
            _shortened(tested.texts[one.row]) if texts else "",
            tested.ids[one.row] if tested.ids else "",
            tested.groups[one.row] if tested.groups else "",
        )
        for one in worst
    ]


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[:_LONGEST].rstrip() + "…"


def _wrong_stances(evaluation: Evaluation, target: str) -> list[Mistake]:
    return [
        Mistake(row, true, given, confidence)
        for row, true, given, confidence in stance_answers(evaluation.tested, evaluation.predictions, target)
        if true != given
    ]


def _wrong_topics(evaluation: Evaluation) -> list[Mistake]:
    found = []
    for row, name, has, given, share in topic_answers(evaluation.tested, evaluation.predictions):
        if has != given:
            true, said = (f"not {name}", name) if given else (name, f"not {name}")
            found.append(Mistake(row, true, said, share if given else 1 - share))
    return found


def _sides(evaluation: Evaluation) -> str:
    return f"F1 of {evaluation.sides[0]} and {evaluation.sides[1]}"


def _systems(figures: Figures | None, sides: str) -> dict[str, Any] | None:
    """Return the tables of systems and of comparisons."""
    if figures is None:
        return None
    names = [name for name in figures.systems["model"] if not name.startswith("f1_")]
    names.sort(key=list(_FIGURES).index)
    if "micro_f1" in names:
        names.sort(key=["micro_f1", "macro_f1", "exact", "log_loss", "ece"].index)
    return {
        "head": [sides if name == "sides_f1" else _FIGURES[name] for name in names],
        "rows": [
            (system, _SYSTEMS[system], [_words(found[name], bare=name == "ece") for name in names])
            for system, found in figures.systems.items()
        ],
        "changes": [
            (system, _SYSTEMS[system], [_words(found[name], bare=name == "ece") for name in names])
            for system, found in figures.changes.items()
        ],
    }


def _words(one: Interval | Change, *, bare: bool = False) -> dict[str, Any]:
    signed = isinstance(one, Change)
    if bare:  # resamples are always worse calibrated than the whole: their interval may leave the figure out
        return {"value": _number(one.value, signed=signed), "range": "", "bold": False}
    return {
        "value": _number(one.value, signed=signed),
        "range": f"{_number(one.low, signed=signed)} to {_number(one.high, signed=signed)}",
        "bold": signed and (one.low > 0 or one.high < 0),
    }


def _number(value: float, *, signed: bool = False) -> str:
    return f"{value:{'+' if signed else ''}z.3f}".replace("-", "−")


def _labels(labels: Mapping[str, LabelScore], figures: Mapping[str, Interval]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "precision": _number(score.precision),
            "recall": _number(score.recall),
            "f1": _words(figures[f"f1_{name}"]),
            "support": score.support,
        }
        for name, score in labels.items()
    ]


def _target(evaluation: Evaluation, target: str, number: int, *, texts: bool) -> dict[str, Any]:
    figures, scores = evaluation.stance_figures[target], evaluation.stance[target]
    answers = stance_answers(evaluation.tested, evaluation.predictions, target)
    right = [one.true == one.given for one in answers]
    bins = reliability([one.confidence for one in answers], right)
    steps = stance_steps(evaluation.tested, evaluation.predictions, target)
    return {
        "name": target,
        "id": f"stance-{number}",
        "systems": _systems(figures, _sides(evaluation)),
        "labels": _labels(scores["model"].labels, figures.systems["model"]),
        "confusion": _confusion([(one.true, one.given) for one in answers]),
        "reliability": reliability_plot(f"r{number}", bins, "confidence", "accuracy"),
        "bins": _bins(bins),
        "coverage": coverage_plot(
            f"c{number}", steps, "share of the rows that get an answer", "accuracy of the answers"
        ),
        "steps": _steps(steps),
        "terms": _terms(evaluation.stance_terms.get(target, {})),
        "mistakes": mistakes(evaluation, target, texts=texts),
        "wrong": right.count(False),
        "untrained": evaluation.untrained_stances.get(target, {}),
    }


def _confusion(pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return how often each true stance got each answer, and which share of its row each cell is."""
    true = sorted({left for left, _ in pairs})
    given = true + sorted({right for _, right in pairs} - set(true))
    counts = Counter(pairs)
    sums = Counter(left for left, _ in pairs)
    rows = [
        (left, sums[left], [(counts[left, right], counts[left, right] / sums[left], left == right) for right in given])
        for left in true
    ]
    return {"given": given, "rows": rows}


def _bins(bins: Sequence[Any]) -> list[tuple[str, int, str, str]]:
    return [
        (f"{one.low:.2f} to {one.high:.2f}", one.count, _number(one.confidence), _number(one.accuracy))
        for one in bins
        if one.count
    ]


def _steps(steps: Sequence[Step]) -> list[tuple[str, str, str]]:
    """Return the steps next to each tenth of coverage."""
    return [(_number(share), _number(right), _number(least)) for least, share, right in nearest_steps(steps, 10)]


def _terms(by_label: Mapping[str, Sequence[Any]]) -> list[tuple[str, list[str], list[str]]]:
    return [
        (
            label,
            [term.words for term in terms if not term.characters],
            [term.words for term in terms if term.characters],
        )
        for label, terms in by_label.items()
    ]


def _topics(evaluation: Evaluation, *, texts: bool) -> dict[str, Any] | None:
    figures = evaluation.topic_figures
    if figures is None or evaluation.topics is None:
        return None
    decisions = topic_answers(evaluation.tested, evaluation.predictions)
    bins = reliability([one.share for one in decisions], [one.has for one in decisions])
    steps = topic_steps(evaluation.tested, evaluation.predictions)
    counts = Counter((one.topic, one.has, one.given) for one in decisions)
    names = list(evaluation.topics["model"].labels)
    return {
        "systems": _systems(figures, ""),
        "labels": _labels(evaluation.topics["model"].labels, figures.systems["model"]),
        "confusion": [
            (
                name,
                *(
                    counts[name, has, given]
                    for has, given in ((True, True), (True, False), (False, True), (False, False))
                ),
            )
            for name in names
        ],
        "reliability": reliability_plot("rt", bins, "probability of a topic", "share that has it"),
        "bins": _bins(bins),
        "coverage": coverage_plot(
            "ct", steps, "share of the given topics that are kept", "share of these that is right"
        ),
        "steps": _steps(steps),
        "terms": _terms(evaluation.topic_terms),
        "mistakes": mistakes(evaluation, None, texts=texts),
        "wrong": sum(one.has != one.given for one in decisions),
        "untrained": evaluation.untrained_topics,
    }


def _curve(evaluation: Evaluation) -> dict[str, Any] | None:
    points = evaluation.curve
    if len(points) < 2:
        return None
    stance = [point.stance for point in points if point.stance]
    topics = [point.topics for point in points if point.topics]
    mean = ", mean over targets" if evaluation.mean_figures else ""
    lines = [(f"stance macro-F1{mean}", stance), ("topics micro-F1", topics)]
    lines = [line for line in lines if line[1]]
    rows = [point.rows for point in points]
    return {
        "plot": curve_plot("lc", rows, lines),
        "drawn": "Whole groups" if evaluation.tested.groups else "Rows",
        "head": [name for name, _ in lines],
        "rows": [(f"{count:,.0f}", [_words(line[place]) for _, line in lines]) for place, count in enumerate(rows)],
    }

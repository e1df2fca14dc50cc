"""What ``predict`` prints: the table, explanations, and the rows that could not be labelled."""

import sys
from typing import TYPE_CHECKING

from iraqstance.cli.console import complain, note, print_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from iraqstance.training.explain import Explanation
    from iraqstance.training.labelling.labeller import Labelled, Labeller
    from iraqstance.training.labelling.text_rows import TextRow
    from rich.text import Text

__all__ = ["Faults", "print_labels", "print_rows"]

_REPORTED = 20  # faults of rows that are printed; all are in the output
_CONTROL = {code: "\ufffd" for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n\r\x85"}


class Faults:
    """The rows that could not be labelled, of which the first are named."""

    def __init__(self) -> None:
        self.count = self._named = 0

    def report(self, where: str, error: str) -> None:
        """Name a row."""
        self.count += 1
        if self._named < _REPORTED:
            self._named += 1
            complain(f"{where}: {error}")

    def end(self) -> bool:
        """Tell whether there was a fault, and say how many if not all of them were named."""
        if self.count > self._named:
            note(f"{self.count} rows have an error; the output's error column names each")
        return self.count > 0


def print_rows(labeller: "Labeller", rows: "Iterable[TextRow]", faults: Faults) -> None:
    """Print a table for each thousand rows, or with explanations a paragraph for each row."""
    for chunk in labeller.label(rows):
        for labelled in chunk:
            if labelled.prediction is None:
                faults.report(labelled.row.where, labelled.row.error)
        if labeller.terms is None:
            print_labels(chunk)
        else:
            for labelled in chunk:
                _print_explained(labeller, labelled)
        sys.stdout.flush()


def print_labels(chunk: "Sequence[Labelled]") -> None:
    """Print a table of labelled rows."""
    print_table(("stance", "topics", "text"), map(_table_row, chunk), wide="text")


def _table_row(labelled: "Labelled") -> tuple[str, str, str]:
    text = labelled.row.text.translate(_CONTROL)
    if labelled.prediction is None:
        return "error", "", text
    return _stance(labelled), _topics(labelled), text


def _stance(labelled: "Labelled") -> str:
    """Return the stance with its probability; one that was left open in brackets."""
    if labelled.prediction is None or not labelled.prediction.stance_scores:
        return ""
    scores = labelled.prediction.stance_scores
    best = max(scores, key=lambda name: scores[name])
    given = f"{best} {scores[best]:.2f}"
    return given if labelled.prediction.stance else f"({given})"


def _topics(labelled: "Labelled") -> str:
    """Return the topics with their probabilities, most probable first."""
    if labelled.prediction is None or not labelled.prediction.topic_scores:
        return ""
    shares = labelled.prediction.topic_scores
    topics = sorted(labelled.prediction.topics or (), key=lambda topic: -shares[topic])
    return ", ".join(f"{topic} {shares[topic]:.2f}" for topic in topics)


def _print_explained(labeller: "Labeller", labelled: "Labelled") -> None:
    """Print a text with the words that spoke for and against its label marked, and the terms behind them."""
    from rich.console import Console

    console = Console(highlight=False, markup=False, soft_wrap=True)
    explanation = labeller.explain(labelled)
    if explanation is None:
        console.print(f"error  {labelled.row.text.translate(_CONTROL)}\n")
        return
    given = "  ".join(filter(None, (_stance(labelled), _topics(labelled))))
    console.print(given, style="bold")
    console.print(_marked(explanation, labelled.row.text, labeller.terms or 0))
    rows = [
        ("for" if term.contribution > 0 else "against", f"{term.contribution:+.3f}", term.block, f"'{term.ngram}'")
        for term in explanation.strongest(labeller.terms or 0).terms
    ]
    if rows:
        rows.sort(key=lambda row: row[0] != "for")
        print_table((explanation.label, "adds", "of", "term"), rows)
    rest = explanation.strongest(labeller.terms or 0).rest
    console.print(
        f"score {explanation.score:+.3f} = shown terms, others {rest:+.3f}, intercept {explanation.intercept:+.3f}\n"
    )


def _marked(explanation: "Explanation", text: str, most: int) -> "Text":
    """Return the text with the strongest words for the label as [+word] and against it as [-word], in colour too."""
    from iraqstance.training.explain import word_shares
    from rich.text import Text

    shares = word_shares(explanation, text)
    spoken = sorted((one for one in shares if one[1]), key=lambda one: -abs(one[1]))
    chosen = [one for one in spoken if one[1] > 0][:most] + [one for one in spoken if one[1] < 0][:most]
    marked, end = Text(), 0
    for (start, stop), share in sorted(chosen):
        marked.append(text[end:start].translate(_CONTROL))
        sign, style = ("+", "bold green") if share > 0 else ("-", "bold red")
        marked.append(f"[{sign}{text[start:stop].translate(_CONTROL)}]", style=style)
        end = stop
    return marked.append(text[end:].translate(_CONTROL))

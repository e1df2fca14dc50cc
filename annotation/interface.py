"""The labelling interface of Label Studio, made from the label schema."""

from html import escape
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from iraqstance.annotation.schema import LabelDefinition, Schema, Target

__all__ = ["COMMENT", "TEXT", "TOPICS", "UNSURE", "interface_xml"]

#: Names of the object and of the controls; a target's control is named by :meth:`Schema.stance_column`.
TEXT = "text"
TOPICS = "topics"
UNSURE = "unsure"
COMMENT = "comment"

_STYLE = """
.iraqstance-paragraph * { font-size: 18px !important; line-height: 1.5; }
"""


def interface_xml(schema: Schema) -> str:
    """Return the labelling configuration: the paragraph, one stance a target, topics, an *unsure* tick, a comment."""
    view = Element("View")
    SubElement(view, "Style").text = _STYLE
    paragraph = SubElement(view, "View", className="iraqstance-paragraph")
    SubElement(paragraph, "Text", name=TEXT, value=f"${TEXT}", granularity="word")
    for number, target in enumerate(schema.targets, 1):
        _stance(view, schema, target, number)
    _topics(view, schema)
    unsure = SubElement(view, "Choices", name=UNSURE, toName=TEXT, choice="multiple", showInline="true")
    SubElement(unsure, "Choice", value=UNSURE, html=escape(schema.unsure.title), attrib=_hotkey(schema.unsure.hotkey))
    SubElement(
        view, "TextArea", name=COMMENT, toName=TEXT, rows="2", maxSubmissions="1", placeholder="Comment (optional)"
    )
    indent(view)
    return tostring(view, encoding="unicode") + "\n"


def _stance(view: Element, schema: Schema, target: Target, number: int) -> None:
    several = len(schema.targets) > 1
    heading = f"Question 1{chr(96 + number) if several else ''}: stance towards {target.title}"
    SubElement(view, "Header", value=heading, size="5")
    SubElement(view, "Header", value=schema.stance_question, size="6")
    if target.definition:
        panel = SubElement(SubElement(view, "Collapse"), "Panel", value=f"What counts as {target.title}")
        SubElement(panel, "Header", value=target.definition, size="6")
    choices = SubElement(
        view,
        "Choices",
        name=schema.stance_column(target.name),
        toName=TEXT,
        choice="single-radio",
        required="true",
        requiredMessage=f"Choose one stance towards {target.title}.",
    )
    for label in schema.stances:
        _choice(choices, label, hotkey=not several)


def _topics(view: Element, schema: Schema) -> None:
    SubElement(view, "Header", value=f"Question 2: topics. {schema.topic_question}", size="5")
    choices = SubElement(
        view,
        "Choices",
        name=TOPICS,
        toName=TEXT,
        choice="multiple",
        required="true",
        requiredMessage="Tick at least one topic.",
    )
    for label in schema.topics:
        _choice(choices, label, hotkey=True)


def _choice(choices: Element, label: LabelDefinition, *, hotkey: bool) -> None:
    key = _hotkey(label.hotkey) if hotkey else {}
    # The html attribute is what shows a definition beside the label; the stored value stays the plain name.
    html = f"<b>{escape(label.name)}</b>: <span style='font-weight: normal'>{escape(label.definition)}</span>"
    SubElement(choices, "Choice", value=label.name, html=html, attrib=key)


def _hotkey(key: str | None) -> dict[str, str]:
    return {"hotkey": key} if key else {}

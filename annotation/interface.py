"""The labelling interface of Label Studio, made from the label schema."""

from html import escape
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from iraqstance.annotation.schema import LabelDefinition, Schema, Target

__all__ = ["COMMENT", "TEXT", "TOPICS", "UNSURE", "VOTES", "interface_xml"]

#: Names of the object and of the controls; a target's control is named by :meth:`Schema.stance_column`.
TEXT = "text"
TOPICS = "topics"
UNSURE = "unsure"
COMMENT = "comment"
VOTES = "votes"

# Label Studio's own spacing fills two screens. These rules bring a paragraph of 60 words, three stances and nine
# topics with their definitions onto one screen of 1280 x 720. The class names are those of Label Studio 1.23; where
# another version names them differently, the page only gets longer.
_STYLE = """
.iraqstance-paragraph * { font-size: 20px !important; line-height: 1.45; }
.iraqstance-votes * { font-size: 14px !important; line-height: 1.4; white-space: pre-line; }
.iraqstance h4 { margin: 8px 0 2px 0 !important; font-size: 16px !important; }
.iraqstance .lsf-choices { margin: 0 !important; }
.iraqstance .lsf-choice, .iraqstance .lsf-choice__item { margin: 0 !important; padding: 0 !important; }
.iraqstance .lsf-choice__item label { margin: 0 !important; padding: 1px 0 !important; line-height: 20px; }
.iraqstance .lsf-choice__item, .iraqstance .lsf-choice__item * { font-size: 13.5px; }
.iraqstance .lsf-choice__item .lsf-hint { font-size: 10px; margin-left: 2px; }
.iraqstance-last { display: flex; gap: 24px; align-items: baseline; margin-top: 6px; }
.iraqstance-last .lsf-text-area { flex: 1; margin: 0 !important; }
.iraqstance-last [data-testid=textarea-submit-section] { display: none; }
"""


def interface_xml(schema: Schema, *, votes: bool = False) -> str:
    """Return the labelling configuration: the paragraph, one stance a target, topics, an *unsure* tick, a comment.

    Args:
        schema: The label schema.
        votes: Whether the tasks carry what annotators chose, to be shown above the questions.
    """
    view = Element("View", className="iraqstance")
    SubElement(view, "Style").text = _STYLE
    paragraph = SubElement(view, "View", className="iraqstance-paragraph")
    SubElement(paragraph, "Text", name=TEXT, value=f"${TEXT}", granularity="word")
    if votes:
        SubElement(view, "Header", value="What annotators chose. The decision is yours.", size="5")
        shown = SubElement(view, "View", className="iraqstance-votes")
        SubElement(shown, "Text", name=VOTES, value=f"${VOTES}", granularity="word")
    for target in schema.targets:
        _stance(view, schema, target)
    _topics(view, schema)
    last = SubElement(view, "View", className="iraqstance-last")
    unsure = SubElement(last, "Choices", name=UNSURE, toName=TEXT, choice="multiple", showInline="true")
    SubElement(unsure, "Choice", value=UNSURE, html=escape(schema.unsure.title), attrib=_hotkey(schema.unsure.hotkey))
    SubElement(
        last, "TextArea", name=COMMENT, toName=TEXT, rows="1", maxSubmissions="1", placeholder="Comment (optional)"
    )
    indent(view)
    return tostring(view, encoding="unicode") + "\n"


def _stance(view: Element, schema: Schema, target: Target) -> None:
    SubElement(view, "Header", value=f"Stance towards {target.title}: choose one.", size="5")
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
        _choice(choices, label, hotkey=len(schema.targets) == 1)


def _topics(view: Element, schema: Schema) -> None:
    SubElement(view, "Header", value=f"Topics: {schema.topic_question}", size="5")
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

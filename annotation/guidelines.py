"""What annotators read: the guidelines as HTML, for the page that Label Studio opens at "Instructions"."""

from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path

from iraqstance.annotation.errors import InputError, from_extra
from iraqstance.annotation.schema import LabelDefinition, Schema, packaged_schema

__all__ = ["guidelines_html"]

# Label Studio shows the page without any space between paragraphs and without lines in tables.
_STYLES = {
    "<p>": '<p style="margin: 0 0 10px 0">',
    "<h1>": '<h1 style="margin: 0 0 10px 0">',
    "<h2>": '<h2 style="margin: 18px 0 8px 0">',
    "<ul>": '<ul style="margin: 0 0 10px 20px; list-style: disc">',
    "<ol>": '<ol style="margin: 0 0 10px 20px; list-style: decimal">',
    "<li>": '<li style="margin: 0 0 4px 0">',
    "<table>": '<table style="margin: 0 0 10px 0; border-collapse: collapse">',
    "<th>": '<th style="text-align: left; padding: 4px 12px 4px 0; border-bottom: 1px solid #8888">',
    "<td>": '<td style="vertical-align: top; padding: 4px 12px 4px 0; border-bottom: 1px solid #8884">',
}


def guidelines_html(schema: Schema, path: str | Path | None = None) -> str:
    """Return the guidelines as HTML.

    Args:
        schema: The label schema. Without a file, the packaged schema has the packaged guidelines, and another schema
            a page made of its questions and definitions.
        path: A Markdown file (UTF-8).

    Raises:
        InputError: Where the file cannot be read.
        MissingExtraError: Without the extra ``studio``.
    """
    if path is not None:
        try:
            return _html(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError("the guidelines cannot be read", where=str(path), got=error.strerror or "") from None
        except UnicodeDecodeError:
            raise InputError("the guidelines are not UTF-8", where=str(path), remedy="Save them as UTF-8") from None
    if schema == packaged_schema():
        return _html(files(__package__).joinpath("guidelines.md").read_text(encoding="utf-8"))
    return _styled(_from_schema(schema))


@cache
def _html(markdown: str) -> str:
    with from_extra("studio"):
        from markdown_it import MarkdownIt
    return _styled(MarkdownIt("js-default").render(markdown))


def _styled(html: str) -> str:
    for tag, styled in _STYLES.items():
        html = html.replace(tag, styled)
    return html


def _from_schema(schema: Schema) -> str:
    parts = []
    for target in schema.targets:
        parts.append(f"<h2>Stance towards {escape(target.title)}</h2>")
        parts += [f"<p>{escape(text)}</p>" for text in (target.definition, schema.stance_question) if text]
        parts.append(_list(schema.stances))
    parts += ["<h2>Topics</h2>", f"<p>{escape(schema.topic_question)}</p>", _list(schema.topics)]
    return "\n".join(parts)


def _list(labels: tuple[LabelDefinition, ...]) -> str:
    items = (f"<li><b>{escape(label.name)}</b>: {escape(label.definition)}</li>" for label in labels)
    return f"<ul>{''.join(items)}</ul>"

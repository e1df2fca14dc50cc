"""What annotators read: the guidelines as HTML, for the page that Label Studio opens at "Instructions"."""

from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from iraqstance.annotation.errors import InputError, from_extra
from iraqstance.annotation.schema import LabelDefinition, Schema, packaged_schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.token import Token

__all__ = ["guidelines_html"]

# Label Studio removes styles and sets no space between blocks; empty lines and a border it leaves.
_SPACED = {
    "</p>": "</p><br>",
    "</ul>": "</ul><br>",
    "</ol>": "</ol><br>",
    "</table>": "</table><br>",
    "<table>": '<table border="1" cellpadding="6">',
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
    return _spaced(_from_schema(schema))


@cache
def _html(markdown: str) -> str:
    with from_extra("studio"):
        from markdown_it import MarkdownIt
    parser = MarkdownIt("js-default")
    parser.add_render_rule("list_item_open", _list_item)
    return _spaced(parser.render(markdown))


def _list_item(_renderer: object, tokens: "Sequence[Token]", number: int, _options: object, _env: object) -> str:
    """Return the start of a list item with its mark, which Label Studio does not show."""
    token = tokens[number]
    return f"<li>{token.info}{token.markup} " if token.info else "<li>• "


def _spaced(html: str) -> str:
    for tag, spaced in _SPACED.items():
        html = html.replace(tag, spaced)
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
    items = (f"<li>• <b>{escape(label.name)}</b>: {escape(label.definition)}</li>" for label in labels)
    return f"<ul>{''.join(items)}</ul>"

"""The label schema: targets, stances, topics and their definitions, read from one YAML file."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Self

import yaml
from iraqstance.annotation.errors import SchemaError
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

__all__ = ["LabelDefinition", "Schema", "Target", "Unsure", "load_schema", "packaged_schema"]

Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$", max_length=60)]
Text = Annotated[str, Field(min_length=1)]
Hotkey = Annotated[str, Field(min_length=1, max_length=1)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LabelDefinition(_Frozen):
    """One label.

    Attributes:
        name: What is stored.
        definition: What annotators read beside it.
        hotkey: The key that ticks it, or ``None``. With several targets a stance has no hotkey.
        colour: CSS colour of its mark in plots, or ``None``.
        exclusive: Whether it stands alone, never beside another topic.
    """

    name: Name
    definition: Text
    hotkey: Hotkey | None = None
    colour: str | None = None
    exclusive: bool = False


class Target(_Frozen):
    """What a stance is about: ``name`` is stored, ``title`` and ``definition`` are read."""

    name: Name
    title: Text
    definition: str = ""


class Unsure(_Frozen):
    """The *unsure* tick."""

    title: Text = "Not sure"
    hotkey: Hotkey | None = None


class Schema(_Frozen):
    """Every label of a project. See ``schema.yaml`` for the packaged one."""

    name: Name
    version: int
    language: str = "en"
    targets: tuple[Target, ...] = Field(min_length=1)
    stance_question: Text
    stances: tuple[LabelDefinition, ...] = Field(min_length=2)
    topic_question: Text
    topics: tuple[LabelDefinition, ...] = Field(min_length=1)
    unsure: Unsure = Unsure()

    @model_validator(mode="after")
    def _names_and_hotkeys_differ(self) -> Self:
        for what, names in (
            ("target", [target.name for target in self.targets]),
            ("stance", [label.name for label in self.stances]),
            ("topic", [label.name for label in self.topics]),
            ("hotkey", [key for key in self._hotkeys() if key]),
        ):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                message = f"{what} {twice[0]!r} stands twice"
                raise ValueError(message)
        return self

    def _hotkeys(self) -> list[str | None]:
        stances = [label.hotkey for label in self.stances] if len(self.targets) == 1 else []
        return [*stances, *(label.hotkey for label in self.topics), self.unsure.hotkey]

    @property
    def stance_names(self) -> tuple[str, ...]:
        """Names of the stances, in order."""
        return tuple(label.name for label in self.stances)

    @property
    def topic_names(self) -> tuple[str, ...]:
        """Names of the topics, in order."""
        return tuple(label.name for label in self.topics)

    @property
    def target_names(self) -> tuple[str, ...]:
        """Names of the targets, in order."""
        return tuple(target.name for target in self.targets)

    def stance_column(self, target: str) -> str:
        """Return the column that holds a target's stance: ``stance``, or ``stance_<target>`` where there are several.

        The labelling interface uses the same name for the control.
        """
        return "stance" if len(self.targets) == 1 else f"stance_{target}"

    @property
    def stance_columns(self) -> dict[str, str]:
        """Column of each target's stance, by the target's name."""
        return {target: self.stance_column(target) for target in self.target_names}

    def ordered_topics(self, topics: Iterable[str]) -> tuple[str, ...]:
        """Return the topics in schema order, each once. Unknown ones are dropped: check before."""
        chosen = set(topics)
        return tuple(name for name in self.topic_names if name in chosen)

    def without_exclusive(self, topics: Iterable[str], odds: Mapping[str, float] | None = None) -> tuple[str, ...]:
        """Return the topics in schema order, less exclusive ones that stand beside others.

        Of several exclusive ones alone, the one with the best odds stays, or the first without odds.
        """
        chosen = self.ordered_topics(topics)
        shared = tuple(label.name for label in self.topics if label.name in chosen and not label.exclusive)
        if shared or len(chosen) < 2:
            return shared or chosen
        return (max(chosen, key=lambda name: odds[name] if odds else 0),)

    def stance_fault(self, stance: object) -> str:
        """Return what is wrong with a stance label, or an empty string."""
        if stance in self.stance_names:
            return ""
        return f"{stance!r} is no stance of this schema; expected one of {', '.join(self.stance_names)}"

    def topics_fault(self, topics: Sequence[object]) -> str:
        """Return what is wrong with a set of topics, or an empty string."""
        if not topics:
            return "no topic is given; expected one or more"
        unknown = [topic for topic in topics if topic not in self.topic_names]
        if unknown:
            return f"{unknown[0]!r} is no topic of this schema; expected among {', '.join(self.topic_names)}"
        if len(set(topics)) < len(topics):
            return "a topic is given twice"
        alone = [label.name for label in self.topics if label.exclusive and label.name in topics]
        if alone and len(topics) > 1:
            return f"{alone[0]!r} never stands beside another topic"
        return ""


def load_schema(path: str | Path | None = None) -> Schema:
    """Read a label schema, or return the packaged one without a path.

    Raises:
        SchemaError: Where the file is missing, no YAML, or no schema; the message names the field.
    """
    if path is None:
        return packaged_schema()
    try:
        text = Path(path).read_bytes()
    except OSError as error:
        raise SchemaError("the schema cannot be read", where=str(path), got=error.strerror or "") from None
    return _parsed(text, str(path))


@cache
def packaged_schema() -> Schema:
    """Return the schema that comes with the package."""
    return _parsed(files(__package__).joinpath("schema.yaml").read_bytes(), "schema.yaml")


def _parsed(text: bytes, where: str) -> Schema:
    try:
        return Schema.model_validate(yaml.safe_load(text))
    except (yaml.YAMLError, ValueError) as error:
        if isinstance(error, ValidationError):
            raise _invalid(error, where) from None
        mark = getattr(error, "problem_mark", None)
        line = f": line {mark.line + 1}" if mark else ""
        raise SchemaError("the schema is no YAML", where=f"{where}{line}", remedy="Mend the file") from None


def _invalid(error: ValidationError, where: str) -> SchemaError:
    first = error.errors(include_url=False)[0]
    field = ".".join(map(str, first["loc"])) or "the file"
    given = first["input"]
    return SchemaError(
        f"{field}: {first['msg'].removeprefix('Value error, ')}",
        where=where,
        got=repr(given)[:60] if isinstance(given, (str, int, float)) else "",
        remedy="Compare it with the packaged schema.yaml",
    )

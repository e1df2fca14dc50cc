"""The dataset card: metadata and figures made from the data, everything else as people wrote it.

A card holds generated parts between ``<!-- made: NAME -->`` and ``<!-- /made -->``; the rest is left as it stands.
"""

import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from iraqstance.annotation.errors import InputError
from iraqstance.annotation.schema import Schema
from iraqstance.dataset.card_parts import card_parts
from iraqstance.dataset.editions import Edition, LabelledRow

if TYPE_CHECKING:
    from iraqstance.dataset.build import Table

__all__ = ["card_text"]

_CLOSE = "<!-- /made -->"
_MADE = re.compile(rf"(<!-- made: ([a-z-]+) -->\n).*?({_CLOSE})", re.DOTALL)
_OPENS = re.compile(r"<!-- made: ([a-z-]+) -->")


def card_text(
    folder: Path,
    tables: "Sequence[Table]",
    editions: Sequence[Edition],
    rows: Mapping[str, Sequence[LabelledRow]],
    schema: Schema,
) -> str:
    """Return the text of ``README.md``: a new card, or the present one with its metadata and made parts renewed.

    Args:
        folder: The dataset folder, whose present card is read.
        tables: The configurations, the default one first.
        editions: What they were made from.
        rows: The labelled rows of each edition, by its name.
        schema: The label schema.

    Raises:
        InputError: Where the present card cannot be read, its metadata is no YAML, or a made part is unknown or open.
    """
    from huggingface_hub import DatasetCard

    path = folder / "README.md"
    new = not path.exists()
    try:
        text = _new_card(schema) if new else path.read_text(encoding="utf-8")
        card = DatasetCard(text, ignore_metadata_errors=True)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InputError(
            "the dataset card cannot be read",
            where=str(path),
            got=str(error).partition("\n")[0],
            remedy="Mend or move it",
        ) from None
    if new:
        data: Any = card.data
        data.language = [schema.language]
    _describe(card, tables)
    parts = card_parts(folder, tables, editions, rows, schema)

    content = str(card)
    _refuse_open_parts(content, path)

    def made(found: re.Match[str]) -> str:
        if found[2] not in parts:
            raise InputError(
                f"the card asks for the made part {found[2]!r}", where=str(path), expected=f"one of {', '.join(parts)}"
            )
        return f"{found[1]}{parts[found[2]]()}\n{found[3]}"

    return _MADE.sub(made, content).rstrip("\n") + "\n"


def _refuse_open_parts(content: str, path: Path) -> None:
    """Raise where a made part is not closed before the next one opens: it would swallow what stands between."""
    for opening in _OPENS.finditer(content):
        rest = content[opening.end() :]
        following = _OPENS.search(rest)
        if _CLOSE not in (rest[: following.start()] if following else rest):
            raise InputError(f"the made part {opening[1]!r} is not closed", where=str(path), expected=_CLOSE)


def _new_card(schema: Schema) -> str:
    template = files(__package__).joinpath("card_template.md").read_text(encoding="utf-8")
    titles = "; ".join(target.title for target in schema.targets)
    return template.replace("{name}", schema.name).replace("{targets}", titles)


def _describe(card: object, tables: "Sequence[Table]") -> None:
    """Set ``configs`` and ``dataset_info`` in the card's metadata, as Hugging Face itself writes them."""
    from datasets import DatasetInfo, SplitDict, SplitInfo
    from datasets.info import DatasetInfosDict
    from datasets.utils.metadata import MetadataConfigs

    configs: dict[str, Any] = {}
    infos = {}
    for name in dict.fromkeys(table.name for table in tables):
        parts = [table for table in tables if table.name == name]
        default = {} if configs else {"default": True}
        configs[name] = {"data_files": [{"split": part.split, "path": part.file} for part in parts], **default}
        splits = [SplitInfo(name=part.split, num_bytes=part.num_bytes, num_examples=part.rows) for part in parts]
        infos[name] = DatasetInfo(
            features=parts[0].features,
            splits=SplitDict({split.name: split for split in splits}),
            download_size=sum(part.file_bytes for part in parts),
            dataset_size=sum(part.num_bytes for part in parts),
            config_name=name,
        )
    data = card.data  # type: ignore[attr-defined]
    data.configs = data.dataset_info = None
    MetadataConfigs(configs).to_dataset_card_data(data)
    DatasetInfosDict(infos).to_dataset_card_data(data)

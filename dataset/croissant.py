"""``croissant.json``: the dataset described for machines, as MLCommons Croissant 1.1.

What is made from the data is renewed with it; everything else stands as people wrote it. Specification:
http://mlcommons.org/croissant/1.1
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from iraqstance.annotation.errors import InputError
from iraqstance.annotation.schema import LabelDefinition, Schema
from iraqstance.annotation.storage import encoded, read_json

if TYPE_CHECKING:
    from iraqstance.dataset.build import Table

__all__ = ["CROISSANT", "croissant_text", "data_type", "file_sha256"]

#: Name of the file, beside the card.
CROISSANT = "croissant.json"

_VERSION = "http://mlcommons.org/croissant/1.1"
_A_VERSION = re.compile(r"http://mlcommons\.org/croissant/\d+\.\d+")
_PARQUET = "application/x-parquet"

# The terms that mlcroissant asks for, and the others of the specification's appendix 1. Its ``value`` is left out:
# mlcroissant reads constant values under schema.org's name.
_CONTEXT: dict[str, object] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "annotation": "cr:annotation",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "excludes": "cr:excludes",
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "readLines": "cr:readLines",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "sdVersion": "cr:sdVersion",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
    "unArchive": "cr:unArchive",
}

# What each column of `features.py` means.
_MEANINGS = {
    "id": "Id of the paragraph: its article, a slash and its number",
    "group": "What the paragraph stays together with in a split, such as its article or story",
    "restates": "Id of the paragraph that this one restates; null where it restates none",
    "genre": "What kind of text the paragraph is written as",
    "text": "The paragraph, its white space collapsed",
    "article": "Id of the article that the paragraph stands in",
    "start": "Where the paragraph begins, in characters of the article's normalised text",
    "end": "Where the paragraph ends, in characters of the article's normalised text",
    "sha256": "SHA-256 of the paragraph's text in UTF-8, its white space collapsed",
    "target": "What the stance is about",
    "stance": "Stance towards the target",
    "topics": "Topics of the paragraph, one or more",
    "intended_stance": "Stance that the writer meant to convey, which is never the label; null where it is not known",
    "intended_topics": "Topics that the writer meant, which are never the label; null where they are not known",
    "edition": "Configuration that holds the judged paragraph",
    "paragraph": "Id of the judged paragraph",
    "annotator": "Pseudonym of the annotator",
    "kind": "Who judged: `person` or `model`",
    "round": "`independent`, `tie-break` or `adjudication`",
    "unsure": "Whether the annotator ticked that the answer is not sure",
    "comment": "What the annotator wrote beside the judgement",
    "seconds": "Time spent on the judgement, in seconds; null where it was not measured",
    "suggestion": "What became of a model's suggestion: `kept`, `changed` or `withheld`; null or empty without one",
}

_LABELS = ("stance", "topics")
_KEYS = (("id", "target"), ("edition", "paragraph", "annotator", "round", "target"))
_SPLIT_URLS = {"train": "cr:TrainingSplit", "validation": "cr:ValidationSplit", "test": "cr:TestSplit"}


def croissant_text(folder: Path, card: str, tables: "Sequence[Table]", schema: Schema) -> str:
    """Return the text of ``croissant.json``: new, or the present one with what is made from the data renewed.

    Renewed are ``distribution``, ``recordSet``, the version in ``conformsTo`` and the terms of ``@context`` that the
    specification gives. What the present file does not say and the card does is taken from the card: name, description,
    licence, language and keywords. What neither says, such as ``url`` or ``citeAs``, is left out.

    Args:
        folder: The dataset folder, whose present file is read.
        card: Text of the card that is written beside it.
        tables: The splits of each configuration, as they are written.
        schema: The label schema.

    Raises:
        InputError: Where the present file cannot be read, or is no JSON object.
    """
    present = _present(folder / CROISSANT)
    standards = present.pop("conformsTo", [])
    others = [one for one in _listed(standards) if not _A_VERSION.fullmatch(str(one))]
    described = {
        "@context": {**present.pop("@context", {}), **_CONTEXT},
        "@type": "sc:Dataset",
        "conformsTo": [_VERSION, *others] if others else _VERSION,
        **_from_card(card, schema),
        **present,
        "distribution": list(_distribution(tables)),
        "recordSet": list(_record_sets(tables, schema)),
    }
    return encoded(described, indent=2) + "\n"


def _present(path: Path) -> dict[str, Any]:
    """Return what people wrote, without what is made from the data."""
    if not path.exists():
        return {}
    value = read_json(path)
    for what, part in (("the file", value), ("its @context", isinstance(value, dict) and value.get("@context", {}))):
        if not isinstance(part, dict):
            raise InputError(f"{what} is no JSON object", where=str(path), remedy="Mend or move it")
    return {key: part for key, part in value.items() if key not in {"@type", "distribution", "recordSet"}}  # type: ignore[attr-defined]


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _from_card(card: str, schema: Schema) -> dict[str, object]:
    from huggingface_hub import DatasetCard

    data: Any = DatasetCard(card, ignore_metadata_errors=True).data
    titles = "; ".join(target.title for target in schema.targets)
    found = {
        "name": data.get("pretty_name") or schema.name,
        "description": f"Paragraphs labelled with one stance towards each target ({titles}) and one or more topics.",
        "license": _one_or_more(map(_license, _listed(data.get("license") or []))),
        "inLanguage": _one_or_more(_listed(data.get("language") or [])),
        "keywords": _listed(data.get("tags") or []),
    }
    return {key: value for key, value in found.items() if value}


def _one_or_more(values: Iterable[object]) -> object:
    listed = list(values)
    return listed[0] if len(listed) == 1 else listed


def _license(name: object) -> str:
    """Return the address of a licence that SPDX lists, whatever its case; any other as the card calls it."""
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    try:
        spdx = canonicalize_license_expression(str(name))
    except InvalidLicenseExpression:
        return str(name)
    return str(name) if " " in spdx else f"https://spdx.org/licenses/{spdx}.html"


def _by_configuration(tables: "Sequence[Table]") -> "dict[str, list[Table]]":
    found: dict[str, list[Table]] = {}
    for table in tables:
        found.setdefault(table.name, []).append(table)
    return found


def _files_id(parts: "Sequence[Table]") -> str:
    """Return the id of a configuration's file, or of the set of its files."""
    return quote(parts[0].file if len(parts) == 1 else f"data/{parts[0].name}-*.parquet", safe="/*")


def _distribution(tables: "Sequence[Table]") -> Iterator[dict[str, object]]:
    for table in tables:
        yield {
            "@type": "cr:FileObject",
            "@id": quote(table.file),
            "name": Path(table.file).name,
            "description": f"Configuration {table.name}, split {table.split}: {table.rows} rows.",
            "contentUrl": table.file,
            "contentSize": f"{table.file_bytes} B",
            "encodingFormat": _PARQUET,
            "sha256": table.sha256,
        }
    for name, parts in _by_configuration(tables).items():
        if len(parts) > 1:
            yield {
                "@type": "cr:FileSet",
                "@id": _files_id(parts),
                "name": name,
                "description": f"All splits of configuration {name}.",
                "encodingFormat": _PARQUET,
                "includes": [escape(part.file) for part in parts],
            }


def _record_sets(tables: "Sequence[Table]", schema: Schema) -> Iterator[dict[str, object]]:
    configurations = _by_configuration(tables)
    taken = {quote(name, safe="") for name in configurations}
    splits = {table.split: _SPLIT_URLS.get(table.split) for table in tables}
    names = _free("splits", taken)
    fields: dict[str, object] = {"name": "sc:Text", "url": ["sc:URL", "cr:Split"]}
    yield {**_enumeration(names, fields, splits.items()), "description": "The splits.", "dataType": "cr:Split"}
    for name, question, labels in (
        ("stances", schema.stance_question, schema.stances),
        ("topics", schema.topic_question, schema.topics),
    ):
        yield {**_labels(_free(name, taken), labels), "description": question}
    for name, parts in configurations.items():
        yield _configuration(name, parts, schema, f"{names}/name")


def _free(name: str, taken: Iterable[str]) -> str:
    """Return a name that no configuration has."""
    while name in taken:
        name += "_"
    return name


def _labels(name: str, labels: Iterable[LabelDefinition]) -> dict[str, object]:
    fields: dict[str, object] = {"id": "sc:Integer", "name": "sc:Text", "description": "sc:Text"}
    rows = [(number, label.name, label.definition) for number, label in enumerate(labels)]
    return {**_enumeration(name, fields, rows), "dataType": "sc:Enumeration"}


def _enumeration(name: str, fields: Mapping[str, object], rows: Iterable[Sequence[object]]) -> dict[str, object]:
    """Return a record set that carries its rows with it; its first field is the key."""
    ids = [f"{name}/{field}" for field in fields]
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "key": {"@id": ids[0]},
        "field": [
            {"@type": "cr:Field", "@id": f"{name}/{field}", "name": field, "dataType": kind}
            for field, kind in fields.items()
        ],
        "data": [dict(zip(ids, row, strict=True)) for row in rows],
    }


def _configuration(name: str, parts: "Sequence[Table]", schema: Schema, split_names: str) -> dict[str, object]:
    identifier = quote(name, safe="")
    features: Mapping[str, object] = parts[0].features  # type: ignore[assignment]
    counts = ", ".join(f"{part.split} ({part.rows} rows)" for part in parts)
    key = next(key for key in _KEYS if set(key) <= set(features))
    fields = [_split_field(identifier, parts, split_names)]
    fields += [_field(identifier, column, feature, parts, schema) for column, feature in features.items()]
    return {
        "@type": "cr:RecordSet",
        "@id": identifier,
        "name": name,
        "description": f"Configuration {name}: {counts}.",
        "key": [{"@id": f"{identifier}/{column}"} for column in key],
        "field": fields,
    }


def _split_field(identifier: str, parts: "Sequence[Table]", split_names: str) -> dict[str, object]:
    """Return the field that tells each row's split, by the name of its file where there are several."""
    field = {
        "@type": "cr:Field",
        "@id": f"{identifier}/split",
        "name": "split",
        "description": "Split that the row belongs to.",
        "dataType": "sc:Text",
        "references": {"field": {"@id": split_names}},
    }
    if len(parts) == 1:
        return {**field, "value": parts[0].split}
    splits = "|".join(re.escape(part.split) for part in parts)
    # mlcroissant applies it twice, to the path and then to the split: it must find the split in both.
    regex = rf"^(?:{re.escape(f'data/{parts[0].name}-')})?({splits})(?:\.parquet)?$"
    source = {
        "fileSet": {"@id": _files_id(parts)},
        "extract": {"fileProperty": "fullpath"},
        "transform": {"regex": regex},
    }
    return {**field, "source": source}


def _field(
    identifier: str, column: str, feature: object, parts: "Sequence[Table]", schema: Schema
) -> dict[str, object]:
    kind, is_array = data_type(feature)
    # Label columns do not reference the record sets of labels: mlcroissant then finds no row of a split any more.
    return {
        "@type": "cr:Field",
        "@id": f"{identifier}/{column}",
        "name": column,
        "description": _meaning(column, feature, schema),
        "dataType": [kind, "cr:Label"] if column in _LABELS else kind,
        **({"isArray": True} if is_array else {}),
        "source": {
            ("fileObject" if len(parts) == 1 else "fileSet"): {"@id": _files_id(parts)},
            "extract": {"column": column},
        },
    }


def _meaning(column: str, feature: object, schema: Schema) -> str:
    names = getattr(getattr(feature, "feature", feature), "names", None)
    if names:
        told = ", ".join(f"{name} ({number})" for number, name in enumerate(names))
    elif column == "target":
        told = "; ".join(f"{target.name} ({target.title})" for target in schema.targets)
    else:
        return f"{_MEANINGS[column]}."
    return f"{_MEANINGS[column]}: {told}."


def data_type(feature: Any) -> tuple[str, bool]:
    """Return the Croissant type of a Hugging Face feature, and whether a value is a list of it.

    Class labels are integers. What is neither a number nor a truth value counts as text.
    """
    inner = getattr(feature, "feature", None)
    if inner is not None:
        return data_type(inner)[0], True
    dtype = str(getattr(feature, "dtype", ""))
    kinds = {"int": "sc:Integer", "uint": "sc:Integer", "float": "sc:Float", "bool": "sc:Boolean"}
    return kinds.get(dtype.rstrip("0123456789"), "sc:Text"), False


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal digits.

    Raises:
        OSError: Where it cannot be read.
    """
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()

"""The dataset card: figures made from the data, everything else as people wrote it."""

import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from iraqstance.annotation.errors import InputError
from iraqstance.annotation.normalise import fingerprint
from iraqstance.annotation.records import Judgement, Label, Paragraph
from iraqstance.annotation.schema import LabelDefinition, Schema, Target
from iraqstance.dataset.build import build
from iraqstance.dataset.card_parts import markdown_table
from iraqstance.dataset.editions import Edition, packaged_folder
from iraqstance.dataset.load import load_parquet

TEA = Schema(
    name="tea",
    version=1,
    targets=(
        Target(name="green", title="green tea", definition="Not roasted."),
        Target(name="black", title="black tea"),
    ),
    stance_question="Does it like the tea?",
    stances=(LabelDefinition(name="likes", definition="Yes."), LabelDefinition(name="dislikes", definition="No.")),
    topic_question="What is it about?",
    topics=(LabelDefinition(name="taste", definition="Taste."), LabelDefinition(name="price", definition="Price.")),
)
HAND_WRITTEN = r"Written by hand: “é” \1 \g<0> 100 % | a --- <!-- a remark --> ``code``"


def paragraph(number: int) -> Paragraph:
    text = f"The cup with the number {number} stands on the table."
    return Paragraph(f"tale/{number:03d}", "tale", 0, len(text), text, fingerprint(text))


def edition(paragraphs: int = 4) -> Edition:
    numbers = range(1, paragraphs + 1)
    judgements = tuple(
        Judgement(
            f"tale/{number:03d}", name, {"green": "likes" if number > 1 else "dislikes", "black": "likes"}, topics
        )
        for number in numbers
        for name, topics in (("a", ("taste",)), ("b", ("taste", "price") if number == 2 else ("taste",)))
    )
    breaking = Judgement("tale/002", "c", {"green": "likes", "black": "likes"}, ("taste",), round="tie-break")
    return Edition("mine", tuple(map(paragraph, numbers)), (*judgements, breaking) if paragraphs > 1 else judgements)


def card(folder: Path) -> str:
    return (folder / "README.md").read_text(encoding="utf-8")


def metadata(text: str) -> dict[str, Any]:
    found = yaml.safe_load(text.split("---\n")[1])
    assert isinstance(found, dict)
    return found


def part(text: str, name: str) -> str:
    """Return what stands in a made part of a card."""
    found = re.search(rf"<!-- made: {name} -->\n(.*?)<!-- /made -->", text, re.DOTALL)
    assert found
    return found[1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    build([edition()], TEA, tmp_path)
    return tmp_path


def test_a_new_card_is_filled_in_throughout(folder: Path) -> None:
    text = card(folder)
    assert not re.search(r"\{\w+\}", text)
    assert "More Information Needed" not in text
    assert all(part(text, name).strip() for name in ("configurations", "labels", "distribution", "agreement"))


def test_the_metadata_names_each_configuration_with_its_file_and_the_default(folder: Path) -> None:
    configs = {entry["config_name"]: entry for entry in metadata(card(folder))["configs"]}
    assert set(configs) == {"mine", "judgements"}
    assert configs["mine"] == {
        "config_name": "mine",
        "data_files": [{"split": "train", "path": "data/mine.parquet"}],
        "default": True,
    }
    assert "default" not in configs["judgements"]


def test_the_metadata_counts_what_is_there(folder: Path) -> None:
    for info in metadata(card(folder))["dataset_info"]:
        (split,) = info["splits"]
        file = folder / "data" / f"{info['config_name']}.parquet"
        assert split["num_examples"] == len(load_parquet(file))
        assert info["download_size"] == file.stat().st_size
        assert info["dataset_size"] == split["num_bytes"] > 0


def test_the_card_defines_every_target_stance_and_topic(folder: Path) -> None:
    labels = part(card(folder), "labels")
    assert "- `green`: **green tea**. Not roasted." in labels
    assert "- `black`: **black tea**" in labels
    assert all(f"| `{label.name}` | {label.definition} |" in labels for label in (*TEA.stances, *TEA.topics))


def test_the_card_counts_rows_stances_and_topics(folder: Path) -> None:
    lines = part(card(folder), "distribution").splitlines()
    assert lines[2:7] == [
        "| paragraphs and targets | 8 |",
        "| stance `likes` | 7 |",
        "| stance `dislikes` | 1 |",
        "| topic `taste` | 8 |",
        "| topic `price` | 0 |",
    ]


def test_the_distribution_is_that_of_the_labels_that_were_given(tmp_path: Path) -> None:
    labels = [
        Label(f"tale/{number:03d}", {"green": "dislikes", "black": "likes"}, ("price",), {}, {}) for number in (1, 2)
    ]
    build([replace(edition(2), judgements=())], TEA, tmp_path, labels={"mine": labels})
    rows = load_parquet(tmp_path / "data" / "mine.parquet")
    counts = Counter(rows.features["stance"].int2str(value) for value in rows["stance"])
    distribution = part(card(tmp_path), "distribution")
    assert f"| stance `likes` | {counts['likes']} |" in distribution
    assert f"| stance `dislikes` | {counts['dislikes']} |" in distribution
    assert f"| topic `price` | {len(rows)} |" in distribution


def test_agreement_that_is_undefined_is_called_so(folder: Path) -> None:
    agreement = part(card(folder), "agreement")
    assert "| `stance_green` | 1.00 [1.00, 1.00] |" in agreement
    assert "| `stance_black` | undefined |" in agreement
    assert "nan" not in agreement


def test_agreement_on_suggestions_alone_is_called_undefined(tmp_path: Path) -> None:
    mine = edition()
    suggested = tuple(replace(judgement, suggestion="kept") for judgement in mine.judgements)
    build([replace(mine, judgements=suggested)], TEA, tmp_path)
    assert part(card(tmp_path), "agreement") == "Undefined: no paragraph was judged by two annotators.\n"


def test_a_rebuild_renews_the_figures_and_keeps_what_people_wrote(folder: Path) -> None:
    written = card(folder).replace("## Labels\n", f"## How to read this\n\n{HAND_WRITTEN}\n\n## Labels\n")
    (folder / "README.md").write_text(written, encoding="utf-8")
    build([edition(3)], TEA, folder)
    after = card(folder)
    assert f"\n## How to read this\n\n{HAND_WRITTEN}\n\n## Labels\n" in after
    assert "| `mine` | `train` | 6 |" in part(after, "configurations")
    assert "| paragraphs and targets | 6 |" in part(after, "distribution")


def test_a_rebuild_of_the_same_data_leaves_the_card_as_it_is(folder: Path) -> None:
    written = card(folder).replace("# tea\n", f"# tea\n\n{HAND_WRITTEN}\n", 1)
    (folder / "README.md").write_text(written, encoding="utf-8")
    build([edition()], TEA, folder)
    assert card(folder) == written


def test_the_metadata_that_people_wrote_is_kept(folder: Path) -> None:
    own = "license: cc-by-4.0\nannotations_creators:\n- machine-generated\nauthor: Ælfric\nfor: {tea: 'no', cups: 3}\n"
    (folder / "README.md").write_text(card(folder).replace("---\n", f"---\n{own}", 1), encoding="utf-8")
    build([edition(2)], TEA, folder)
    kept = metadata(card(folder))
    assert kept["license"] == "cc-by-4.0"
    assert kept["annotations_creators"] == ["machine-generated"]
    assert kept["author"] == "Ælfric"
    assert kept["for"] == {"tea": "no", "cups": 3}
    assert kept["language"] == ["en"]
    assert "Ælfric" in card(folder)


def test_a_part_that_people_removed_stays_away(folder: Path) -> None:
    without = re.sub(r"## Agreement.*", "", card(folder), flags=re.DOTALL)
    (folder / "README.md").write_text(without, encoding="utf-8")
    build([edition(2)], TEA, folder)
    assert "made: agreement" not in card(folder)
    assert "made: labels" in card(folder)


def test_a_card_without_metadata_gets_it_and_keeps_its_words(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(f"# My tea\n\n{HAND_WRITTEN}\n", encoding="utf-8")
    build([edition()], TEA, tmp_path)
    assert card(tmp_path).endswith(f"# My tea\n\n{HAND_WRITTEN}\n")
    assert {entry["config_name"] for entry in metadata(card(tmp_path))["configs"]} == {"mine", "judgements"}


def test_a_card_with_other_line_ends_is_renewed(folder: Path) -> None:
    before = card(folder)
    (folder / "README.md").write_bytes(before.replace("\n", "\r\n").encode())
    build([edition(2)], TEA, folder)
    assert "| `mine` | `train` | 4 |" in part(card(folder).replace("\r\n", "\n"), "configurations")


def test_an_unknown_part_is_named_with_those_that_there_are(folder: Path) -> None:
    (folder / "README.md").write_text(card(folder) + "\n<!-- made: nonsense -->\n<!-- /made -->\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"README\.md: .*'nonsense' \(expected one of configurations, labels"):
        build([edition()], TEA, folder)


def test_a_part_that_is_not_closed_does_not_swallow_what_follows(folder: Path) -> None:
    """The end of the next part is no end of this one."""
    torn = card(folder).replace("<!-- /made -->\n\n## Labels\n", f"\n## Labels\n\n{HAND_WRITTEN}\n", 1)
    (folder / "README.md").write_text(torn, encoding="utf-8")
    with pytest.raises(InputError, match=r"README\.md.*configurations"):
        build([edition()], TEA, folder)
    assert card(folder) == torn


def test_metadata_that_is_no_yaml_is_named_with_the_file(folder: Path) -> None:
    (folder / "README.md").write_text("---\nlicense: [\n---\n\n# Tea\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"README\.md"):
        build([edition()], TEA, folder)


@pytest.mark.parametrize("language", ["en", "no", "y"])
def test_the_language_of_the_schema_is_the_language_of_the_card(tmp_path: Path, language: str) -> None:
    """Norwegian is called ``no``, which YAML reads as a truth value unless it is quoted."""
    build([edition()], TEA.model_copy(update={"language": language}), tmp_path)
    assert metadata(card(tmp_path))["language"] == [language]


@pytest.mark.parametrize("definition", ["Either this | or that.", "One line.\nAnother line.\n"], ids=["a bar", "lines"])
def test_any_definition_stays_in_its_cell(tmp_path: Path, definition: str) -> None:
    stances = (LabelDefinition(name="likes", definition=definition), TEA.stances[1])
    build([edition()], TEA.model_copy(update={"stances": stances}), tmp_path)
    labels = part(card(tmp_path), "labels").splitlines()
    (line,) = [line for line in labels if line.startswith("| `likes`")]
    assert len(re.split(r"(?<!\\)\|", line)) == 4


def test_a_table_has_a_head_a_rule_and_a_line_for_each_row() -> None:
    assert markdown_table(("a", "b"), [(1, "x"), (2, "y")]) == "| a | b |\n| --- | --- |\n| 1 | x |\n| 2 | y |"


def test_the_packaged_card_uses_values_that_hugging_face_knows() -> None:
    import datasets

    lists = Path(datasets.__file__).parent / "utils" / "resources"
    known = {
        "language": "languages.json",
        "size_categories": "size_categories.json",
        "multilinguality": "multilingualities.json",
        "annotations_creators": "creators.json",
        "language_creators": "creators.json",
    }
    values = metadata(card(packaged_folder()))
    assert values["language"] == ["en"]
    for field, file in known.items():
        allowed = json.loads((lists / file).read_text(encoding="utf-8"))
        if file == "creators.json":
            allowed = allowed[{"annotations_creators": "annotations", "language_creators": "language"}[field]]
        assert set(values.get(field, [])) <= set(allowed)

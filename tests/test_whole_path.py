"""Another subject goes the whole way by the commands: own articles, own schema, two targets, other labels."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from iraqstance.annotation.records import Judgement
from iraqstance.annotation.schema import Schema, load_schema
from iraqstance.annotation.tasks import results_of
from iraqstance.training.model_folder import read_manifest

Run = Callable[..., CompletedProcess[str]]

SCHEMA = """
name: harbour-town
version: 1
language: en
targets:
  - name: tram
    title: the plan for a tram line
  - name: bypass
    title: the plan for a bypass road
stance_question: What does the paragraph make of the plan?
stances:
  - {name: backs, definition: It speaks for the plan.}
  - {name: resists, definition: It speaks against the plan.}
  - {name: silent, definition: It takes no side or does not mention the plan.}
topic_question: What is it about?
topics:
  - {name: money, definition: 'Costs, taxes and prices.', hotkey: '1'}
  - {name: traffic, definition: 'Streets, stops and journeys.', hotkey: '2'}
  - {name: nature, definition: 'Trees, air and water.', hotkey: '3'}
  - {name: elsewhere, definition: None of these., hotkey: '4', exclusive: true}
"""

# Article by article: stance towards the tram, stance towards the bypass, topic, words.
TOWN = {
    "harbour-post": """
backs silent traffic Shopkeepers on the quay welcome the tram, which would bring visitors to their doors.
backs silent money A tram pays for itself within twelve years, the treasurer was glad to report on Monday.
silent resists nature Anglers warn that the bypass would poison the brook in which the trout have returned.
silent resists money The bypass would ruin the town, in the view of those who have read its bill twice.
silent silent elsewhere The brass band will play on the market square at noon on the last Sunday in May.
backs resists traffic Nurses support the tram for its early service and call the bypass a useless detour.
""",
    "hill-gazette": """
resists silent money Ratepayers on the hill reject the tram, whose rails alone would swallow the school budget.
resists silent traffic Drivers fear that the tram would take away the last parking places in the old streets.
silent backs traffic Hauliers welcome the bypass, since their lorries could at last avoid the narrow bridge.
silent backs money The quarry is glad of the bypass and offers to pay for a third of the gravel itself.
silent silent elsewhere The library stays closed on Friday while its new shelves are put up by volunteers.
resists backs traffic The hill club calls the tram a useless toy and supports the bypass without reserve.
""",
    "valley-letter": """
backs silent nature Gardeners support the tram because clean air would do the old lime trees a great favour.
silent resists nature Beekeepers reject the bypass, as it would cut the meadow from the orchard for ever.
silent resists traffic Parents fear the bypass, which would lead lorries past the gate of the village school.
silent backs money The innkeeper welcomes the bypass and hopes for guests who would otherwise drive by.
silent silent elsewhere A lost parrot was found asleep in the bell tower by the sexton early on Tuesday.
resists silent nature Walkers warn that the tram would need the felling of forty chestnut trees by the lake.
""",
    "island-news": """
resists silent money Islanders reject the tram, for which they would pay and on which they would never ride.
backs silent traffic The ferry master is glad of the tram, whose last stop would lie beside his jetty.
silent backs nature A botanist supports the bypass since it would keep the heavy traffic from the marsh.
silent resists money Fishermen fear the bypass, whose toll they would have to add to the price of every crate.
silent silent elsewhere The winner of the chess cup is twelve years old and learned the game from her aunt.
backs backs traffic The postmaster welcomes tram and bypass alike, for letters come late by either road.
""",
}
HEAD = "Home > Town > News\n\nThe council and its plans\n\nBy A. Writer\n\n"
TIED = "hill-gazette/003"


def paragraphs(article: str) -> list[tuple[str, str, str, str]]:
    """Return both stances, the topic and the words of each paragraph of an article."""
    rows = [line.split(" ", 3) for line in TOWN[article].strip().splitlines()]
    return [(tram, bypass, topic, words) for tram, bypass, topic, words in rows]


@pytest.fixture
def schema_file(tmp_path: Path) -> Path:
    (tmp_path / "town.yaml").write_text(SCHEMA, encoding="utf-8")
    return tmp_path / "town.yaml"


def write_articles(folder: Path) -> None:
    folder.mkdir()
    for name in TOWN:
        body = "\n\n".join(words for *_, words in paragraphs(name))
        (folder / f"{name}.txt").write_text(f"{HEAD}{body}\n\nNo Comments\n", encoding="utf-8")


def judged(paragraph: str, tram: str, bypass: str, topic: str) -> Judgement:
    return Judgement(paragraph, "nobody", {"tram": tram, "bypass": bypass}, (topic,))


def answers() -> Iterator[tuple[str, Judgement, int]]:
    """Yield what three people answered: they agree but for one paragraph, on which each of them differs."""
    for article in TOWN:
        for number, (tram, bypass, topic, _) in enumerate(paragraphs(article), 1):
            paragraph = f"{article}/{number:03d}"
            for person, other in enumerate(("backs", "resists", "silent"), 7):
                yield paragraph, judged(paragraph, tram, other if paragraph == TIED else bypass, topic), person


def export(tasks: list[dict[str, object]], given: list[tuple[str, Judgement, int]], schema: Schema) -> str:
    """Return what Label Studio would export of the imported tasks once the answers were given."""
    by_paragraph: dict[str, list[dict[str, object]]] = {}
    for number, (paragraph, judgement, person) in enumerate(given, 1):
        annotation = {
            "id": number,
            "completed_by": {"id": person, "email": f"person{person}@town.example"},
            "was_cancelled": False,
            "result": results_of(judgement, schema),
            "updated_at": "2026-01-01T00:00:00Z",
        }
        by_paragraph.setdefault(paragraph, []).append(annotation)
    exported = []
    for number, task in enumerate(tasks, 1):
        data = task["data"]
        assert isinstance(data, dict)
        annotations = by_paragraph.get(data["paragraph"], [])
        exported.append({"id": number, "data": data, "annotations": annotations, "drafts": []})
    return json.dumps([task for task in exported if task["annotations"]])


def done(finished: CompletedProcess[str], code: int = 0) -> CompletedProcess[str]:
    assert finished.returncode == code, finished.stderr
    assert "Traceback" not in finished.stderr
    return finished


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def annotate(run: Run, folder: Path, schema: Path) -> None:
    """Articles become paragraphs, paragraphs tasks, answers judgements and judgements labels."""
    write_articles(folder / "articles")
    done(run("segment", "articles", "-o", "paragraphs.jsonl"))
    words = [words for name in sorted(TOWN) for *_, words in paragraphs(name)]
    assert [row["text"] for row in lines_of(folder / "paragraphs.jsonl")] == words
    done(run("tasks", "export", "paragraphs.jsonl", "--schema", schema, "-o", "tasks.json", "--interface", "view.xml"))
    interface = (folder / "view.xml").read_text(encoding="utf-8")
    assert all(f'name="{name}"' in interface for name in ("stance_tram", "stance_bypass", "topics"))
    tasks = json.loads((folder / "tasks.json").read_text(encoding="utf-8"))
    labels = load_schema(schema)
    (folder / "export.json").write_text(export(tasks, list(answers()), labels), encoding="utf-8")
    imported = done(run("tasks", "import", "export.json", "--schema", schema, "-o", "judgements.jsonl"))
    assert "72 judgements, 0 issues" in imported.stderr
    assert "@" not in (folder / "judgements.jsonl").read_text(encoding="utf-8")
    tied = done(run("adjudicate", "judgements.jsonl", "--schema", schema, "-o", "labels.jsonl"), 1)
    assert f"tie: {TIED}: stance_bypass" in tied.stderr
    settling = [(TIED, judged(TIED, "silent", "backs", "traffic"), 10)]
    (folder / "tie.json").write_text(export(tasks, settling, labels), encoding="utf-8")
    broken = done(run("tasks", "import", "tie.json", "--tie-break", "--schema", schema))
    with (folder / "judgements.jsonl").open("a", encoding="utf-8") as stream:
        stream.write(broken.stdout)
    settled = done(run("adjudicate", "judgements.jsonl", "--schema", schema, "-o", "labels.jsonl"))
    assert "24 paragraphs: 1 settled by tie-break, 0 with an open tie" in settled.stderr


def check_labels(path: Path) -> None:
    found = {row["paragraph"]: (row["stance_tram"], row["stance_bypass"], row["topics"]) for row in lines_of(path)}
    assert found == {
        f"{name}/{number:03d}": (tram, bypass, [topic])
        for name in TOWN
        for number, (tram, bypass, topic, _) in enumerate(paragraphs(name), 1)
    }


def check_agreement(run: Run, schema: Path) -> None:
    found = json.loads(done(run("agreement", "judgements.jsonl", "--schema", schema, "--json")).stdout)
    alphas = {question["question"]: question["alpha"]["value"] for question in found["questions"]}
    assert list(alphas)[:3] == ["stance_tram", "stance_bypass", "topics"]
    assert alphas["stance_tram"] == 1
    assert 0.8 < alphas["stance_bypass"] < 1


def check_dataset(folder: Path) -> None:
    """Hugging Face's own function finds the labels of the schema in what was built."""
    from datasets import load_dataset

    rows = load_dataset(str(folder), "default")["train"]
    assert len(rows) == 48
    assert rows.features["stance"].names == ["backs", "resists", "silent"]
    assert rows.features["topics"].feature.names == ["money", "traffic", "nature", "elsewhere"]
    assert set(rows["group"]) == set(TOWN)
    found = {(row["text"], row["target"]): rows.features["stance"].int2str(row["stance"]) for row in rows}
    assert found == {
        (words, target): stance
        for name in TOWN
        for tram, bypass, _, words in paragraphs(name)
        for target, stance in (("tram", tram), ("bypass", bypass))
    }
    assert len(load_dataset(str(folder), "judgements")["train"]) == 2 * 73
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "the plan for a tram line; the plan for a bypass road" in card
    assert "Iraq" not in card


def test_another_subject_goes_the_whole_way(run: Run, tmp_path: Path, schema_file: Path) -> None:
    annotate(run, tmp_path, schema_file)
    check_labels(tmp_path / "labels.jsonl")
    check_agreement(run, schema_file)
    build = ["--judgements", "judgements.jsonl", "--labels", "labels.jsonl", "--schema", schema_file, "-o", "set"]
    assert done(run("dataset", "build", "paragraphs.jsonl", *build)).stderr == ""
    check_dataset(tmp_path / "set")
    done(run("train", "set", "-o", "model"))
    manifest = read_manifest(tmp_path / "model")
    assert manifest.stances == {"tram": ("backs", "resists", "silent"), "bypass": ("backs", "resists", "silent")}
    assert manifest.topics == ("elsewhere", "money", "nature", "traffic")
    evaluated = done(run("evaluate", "set")).stdout
    assert re.search(r"set: 48 rows, 4 folds \(leaving one group out\)", evaluated)
    assert all(re.search(rf"stance towards {name} +macro-F1 +accuracy", evaluated) for name in ("tram", "bypass"))
    (tmp_path / "new.csv").write_text("words\nBakers welcome the tram.\nBakers reject the tram.\n", encoding="utf-8")
    options = ["--text-column", "words", "--model", "model", "--target", "tram", "-o", "labelled.jsonl"]
    assert done(run("predict", "-i", "new.csv", *options)).stderr == "labelled.jsonl: 2 texts labelled\n"
    found = lines_of(tmp_path / "labelled.jsonl")
    assert [row["stance"] for row in found] == ["backs", "resists"]
    assert all(list(row["stance_scores"]) == ["backs", "resists", "silent"] for row in found)
    assert all(len(row["topic_scores"]) == 4 for row in found)

"""A model card says what a model is, in words and as the Hugging Face Hub reads it."""

import json
import re
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import ModelCard
from iraqstance.annotation.schema import packaged_schema
from iraqstance.training.classifier import fit
from iraqstance.training.corpus import Corpus
from iraqstance.training.evaluate import evaluate, metrics
from iraqstance.training.model_card import model_card
from iraqstance.training.model_folder import Manifest, save_classifier

CORPUS = Corpus(
    "cups.csv",
    tuple(f"{word} {drink}" for drink in ("tea", "coffee", "milk") for word in ("Lovely", "Fresh", "Stale", "Awful")),
    ("likes", "likes", "dislikes", "dislikes") * 3,
    (("tea",),) * 4 + (("coffee", "price"),) * 4 + (("milk",),) * 4,
    ("one", "two", "one", "two") * 3,
)
MEASURED: dict[str, Any] = {
    "data": {"name": "held-out cups.csv", "rows": 7, "sha256": "ab" * 32},
    "scheme": "tested on rows of their own",
    "stance": {
        "tea": {
            "model": {
                "macro_f1": [0.71234567, 0.6, 0.8],
                "accuracy": [0.7, 0.6, 0.8],
                "log_loss": [0.5, 0.4, 0.6],
                "ece": [None, None, None],
                "labels": {"likes": {"precision": 0.5, "recall": 1.0, "f1": 0.667, "support": 3}},
            },
            "majority": {"macro_f1": [0.3, 0.3, 0.3], "accuracy": [0.5, 0.4, 0.6], "labels": {}},
        }
    },
    "topics": {"model": {"micro_f1": [0.9, 0.8, 1.0], "exact": [0.5, 0.4, 0.6], "labels": {}}},
    "intervals": "95 % bootstrap of rows",
}
PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def saved(tmp_path: Path, corpus: Corpus = CORPUS, **options: Any) -> Manifest:
    return save_classifier(fit(corpus), tmp_path / "our model", corpus, **options)


def card_of(tmp_path: Path) -> ModelCard:
    return ModelCard.load(tmp_path / "our model" / "README.md")


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return saved(tmp_path_factory.mktemp("card"))


def test_the_hub_reads_what_it_needs(manifest: Manifest) -> None:
    card = ModelCard(model_card(manifest, "our model"))
    data = card.data.to_dict()
    assert data["library_name"] == "sklearn"
    assert data["pipeline_tag"] == "text-classification"
    assert data["datasets"] == ["cups.csv"]
    assert {"iraqstance", "stance-detection"} <= set(data["tags"])
    assert "license" not in data
    assert "model-index" not in data


def test_the_licence_stands_where_it_is_given(manifest: Manifest) -> None:
    assert ModelCard(model_card(manifest, "our model", licence="apache-2.0")).data.license == "apache-2.0"


def test_what_was_measured_stands_in_the_index_and_with_intervals_in_the_text(manifest: Manifest) -> None:
    card = ModelCard(model_card(manifest, "our model", metrics=MEASURED))
    found = {result.metric_name: result for result in card.data.eval_results or []}
    assert {name: result.metric_value for name, result in found.items()} == {
        "macro-F1 (stance towards tea)": 0.7123,
        "accuracy (stance towards tea)": 0.7,
        "log loss (stance towards tea)": 0.5,
        "micro-F1 (topics)": 0.9,
        "exact set of topics (topics)": 0.5,
    }
    assert {result.dataset_name for result in found.values()} == {"held-out cups.csv"}
    assert {result.dataset_type for result in found.values()} == {"held-out-cups.csv"}
    assert {result.task_type for result in found.values()} == {"text-classification"}
    assert card.data.model_name == "our model"
    assert "| this model | 0.712 [0.600, 0.800] | 0.700 [0.600, 0.800] | 0.500 [0.400, 0.600] |  |" in card.text
    assert "| the commonest label | 0.300 [0.300, 0.300] |" in card.text
    assert "| `likes` | 0.500 | 1.000 | 0.667 | 3 |" in card.text
    assert "tested on rows of their own" in card.text
    assert "95 % bootstrap of rows" in card.text


def test_a_card_without_figures_says_that_nothing_was_measured(manifest: Manifest) -> None:
    assert "Nothing was measured." in model_card(manifest, "our model")
    assert "Nothing was measured." not in model_card(manifest, "our model", metrics=MEASURED)


def test_what_evaluate_measures_becomes_a_card(tmp_path: Path) -> None:
    found = metrics(evaluate(CORPUS))
    saved(tmp_path, metrics=found)
    results = {result.metric_name: result.metric_value for result in card_of(tmp_path).data.eval_results or []}
    assert results["macro-F1 (stance)"] == round(found["stance"][""]["model"]["macro_f1"][0], 4)
    assert results["micro-F1 (topics)"] == round(found["topics"]["model"]["micro_f1"][0], 4)
    written = (tmp_path / "our model" / "metrics.json").read_text(encoding="utf-8")
    assert json.loads(written) == found


def test_a_card_names_labels_data_versions_and_hashes(manifest: Manifest) -> None:
    text = model_card(manifest, "our model")
    for name in ("likes", "dislikes", "coffee", "price", "tea"):
        assert f"- `{name}`\n" in text
    for fact in ("12 rows", CORPUS.sha256, f"scikit-learn {manifest.libraries['scikit-learn']}"):
        assert fact in text
    assert all(digest in text for digest in manifest.pipelines.values())


def test_labels_of_the_packaged_schema_stand_with_their_definitions(manifest: Manifest) -> None:
    schema = packaged_schema()
    ours = manifest.model_copy(
        update={"stances": {schema.target_names[0]: schema.stance_names}, "topics": schema.topic_names[:2]}
    )
    text = model_card(ours, "our model")
    assert schema.targets[0].title in text
    for label in (*schema.stances, *schema.topics[:2]):
        assert f"- `{label.name}`: {' '.join(label.definition.split())}\n" in text
    strange = ours.model_copy(update={"stances": {"tea": schema.stance_names}})
    assert schema.stances[0].definition not in model_card(strange, "our model")


def test_a_card_says_what_a_model_is_not_for_and_who_made_the_labels(manifest: Manifest) -> None:
    text = model_card(manifest, "our model")
    assert "not for judging persons" in text
    assert "made by a language model" in text
    assert "## Security" in text


def test_the_same_facts_give_the_same_card(manifest: Manifest) -> None:
    assert model_card(manifest, "our model", metrics=MEASURED) == model_card(manifest, "our model", metrics=MEASURED)


@pytest.mark.parametrize(
    "corpus",
    [
        CORPUS,
        replace(CORPUS, stances=None),
        replace(CORPUS, topics=None, targets=("our's", "theirs", "theirs", "our's") * 3),
    ],
    ids=["stance and topics", "topics alone", "two targets"],
)
def test_the_cards_python_and_command_run_as_they_stand(tmp_path: Path, corpus: Corpus) -> None:
    saved(tmp_path, corpus)
    text = card_of(tmp_path).text
    snippets = PYTHON.findall(text)
    assert len(snippets) == 2
    for snippet in snippets:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", snippet], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout
    command = re.search(r"^\$ iraqstance (.*)$", text, re.MULTILINE)
    assert command
    done = subprocess.run(
        [sys.executable, "-m", "iraqstance.cli", *shlex.split(command[1])],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "A paragraph of news." in done.stdout


def test_the_package_loads_nothing_heavy_and_names_what_it_has() -> None:
    program = (
        "import sys, iraqstance.training as training\n"
        "heavy = {'sklearn', 'datasets', 'pandas', 'numpy', 'pyarrow', 'scipy', 'skops', 'huggingface_hub'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "assert set(training.__all__) <= set(dir(training))\n"
        "assert all(callable(getattr(training, name)) for name in training.__all__)\n"
        "assert not hasattr(training, 'nothing')"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_it_says_what_is_right_of_the_surest(manifest: Manifest) -> None:
    steps = [[1 - part / 40, part / 20, 1 - part / 80] for part in range(1, 21)]
    text = model_card(manifest, "cups", metrics=MEASURED | {"coverage": {"stance": {"tea": steps}, "topics": steps}})
    tables = re.findall(r"\| this model, the surest (.*?) \|(.*?)\n\| ---.*\n(.*)\n(.*)", text)
    assert [kind for kind, *_ in tables] == ["stances", "topics"]
    _, head, right, least = tables[0]
    assert head.split(" | ") == [" 25%", "50%", "75%", "100% |"]
    assert right == "| accuracy | 0.938 | 0.875 | 0.812 | 0.750 |"
    assert least == "| `--min-confidence` | 0.875 | 0.750 | 0.625 | 0.500 |"
    assert "surest" not in model_card(manifest, "cups", metrics=MEASURED)

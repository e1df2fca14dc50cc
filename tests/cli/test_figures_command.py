"""`iraqstance dataset figures`, as a user runs it."""

import json
from pathlib import Path

from conftest import Run
from iraqstance.dataset.editions import packaged_folder

NAMES = ["agreement.png", "labels.png", "lengths.png", "topics.png"]


def dataset_folder(folder: Path) -> Path:
    row = {"id": "a/001", "text": "Fish swim in the river.", "target": "dam", "stance": "pro", "topics": ["fish"]}
    folder.mkdir()
    (folder / "train.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    return folder


def test_a_folder_of_ones_own_gets_its_pictures_below_it(run: Run, tmp_path: Path) -> None:
    dataset_folder(tmp_path / "mine")
    done = run("dataset", "figures", "mine")
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(path.name for path in (tmp_path / "mine" / "figures").iterdir()) == NAMES
    assert all(f"mine/figures/{name}" in done.stdout for name in NAMES)


def test_it_tells_how_the_card_shows_them(run: Run, tmp_path: Path) -> None:
    card = dataset_folder(tmp_path / "mine") / "README.md"
    card.write_text("# Mine\n\n![Labels](figures/labels.png)\n", encoding="utf-8")
    said = run("dataset", "figures", "mine").stderr
    assert said.startswith("To show them in mine/README.md, add: ![")
    assert sorted(name for name in NAMES if f"](figures/{name})" in said) == [n for n in NAMES if n != "labels.png"]
    card.write_text("\n".join(f"![](figures/{name})" for name in NAMES), encoding="utf-8")
    assert run("dataset", "figures", "mine").stderr == ""


def test_the_packaged_dataset_is_drawn_into_the_folder_that_build_writes_too(run: Run, tmp_path: Path) -> None:
    before = sorted((packaged_folder() / "figures").iterdir())
    done = run("dataset", "figures")
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(path.name for path in (tmp_path / "dataset" / "figures").iterdir()) == NAMES
    assert sorted((packaged_folder() / "figures").iterdir()) == before


def test_json_tells_the_numbers(run: Run, tmp_path: Path) -> None:
    dataset_folder(tmp_path / "mine")
    done = run("dataset", "figures", "mine", "--output", "elsewhere", "--json")
    found = json.loads(done.stdout)
    assert found["labels"][0]["stances"] == {"dam": {"pro": 1}}
    assert found["lengths"][0]["characters"] == [23]
    assert sorted(path.name for path in (tmp_path / "elsewhere").iterdir()) == NAMES
    assert not (tmp_path / "mine" / "figures").exists()


def test_what_is_wrong_is_said_in_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder, said in (("absent", "there is no such dataset folder"), ("empty", "there is no data file")):
        done = run("dataset", "figures", folder)
        assert (done.returncode, done.stdout) == (1, "")
        assert said in done.stderr
        assert done.stderr.count("\n") == 1
        assert not (tmp_path / folder / "figures").exists()


def test_help_shows_an_example(run: Run) -> None:
    done = run("dataset", "figures", "--help")
    assert "iraqstance dataset figures" in done.stdout.partition("Example:")[2]

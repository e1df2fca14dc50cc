"""``iraqstance dataset build --split``: train, validation and test of one's own, and the proof by ``check``."""

import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from iraqstance.annotation.schema import packaged_schema
from iraqstance.dataset.load import load_parquet

Run = Callable[..., CompletedProcess[str]]
Rows = list[dict[str, object]]

BUILD = ("dataset", "build", "p.jsonl", "--judgements", "j.jsonl")
LONG = "The old kettle in the corner of the station hall has been singing to itself since the first train of spring."


def write_lines(path: Path, rows: Rows) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def write_tales(folder: Path, articles: int = 20, each: int = 3) -> Rows:
    """Write paragraphs and judgements of articles that have nothing in common, and return the paragraphs."""
    chance = random.Random(5)  # noqa: S311 - no secret
    schema = packaged_schema()
    paragraphs: Rows = []
    judgements: Rows = []
    for number in range(articles * each):
        name = f"tale-{number // each:02d}/{number % each + 1:03d}"
        text = " ".join("".join(chance.choices("abcdefghijklmnop", k=6)) for _ in range(20))
        paragraphs.append({"id": name, "text": text})
        labels: dict[str, object] = {"stance": chance.choice(schema.stance_names)}
        labels["topics"] = [chance.choice(schema.topic_names)]
        judgements.append({"paragraph": name, "annotator": "reader-1", **labels})
    write_lines(folder / "p.jsonl", paragraphs)
    write_lines(folder / "j.jsonl", judgements)
    return paragraphs


def splits_in(folder: Path) -> dict[str, str]:
    """Return the split of every paragraph of the built dataset."""
    files = {file.stem.removeprefix("default-"): file for file in (folder / "data").glob("default-*.parquet")}
    return {name: split for split, file in files.items() for name in load_parquet(file)["id"]}


def leaks(run: Run, folder: str) -> list[str]:
    found = json.loads(run("dataset", "check", folder, "--json").stdout)
    return sorted(issue["rule"] for issue in found["issues"] if issue["rule"].endswith("-across-splits"))


def test_splits_are_made_by_article_and_told_with_their_rows_and_the_largest_deviation(
    run: Run, tmp_path: Path
) -> None:
    write_tales(tmp_path)
    done = run(*BUILD, "--split", "-o", "mine")
    assert (done.returncode, done.stderr) == (0, "")
    for split, rows in (("train", 42), ("validation", 6), ("test", 12)):
        assert re.search(rf"default +{split} +{rows} +mine/data/default-{split}\.parquet", done.stdout)
    last = done.stdout.splitlines()[-1]
    assert re.fullmatch(
        r"largest deviation of a label's share: (0\.\d{3}) \((stance|topic) \w+: 0\.\d{3} of \w+, 0\.\d{3} of all\)",
        last,
    )
    by_article: dict[str, set[str]] = {}
    for name, split in splits_in(tmp_path / "mine").items():
        by_article.setdefault(name.partition("/")[0], set()).add(split)
    assert {len(splits) for splits in by_article.values()} == {1}
    assert leaks(run, "mine") == []


def test_shares_and_names_of_splits_may_be_chosen(run: Run, tmp_path: Path) -> None:
    write_tales(tmp_path)
    done = run(*BUILD, "--shares", "dev=0.4,eval=0.6", "-o", "mine")
    assert done.returncode == 0, done.stderr
    found = list(splits_in(tmp_path / "mine").values())
    assert (found.count("dev"), found.count("eval")) == (24, 36)


def test_the_same_rows_in_another_order_get_the_same_splits(run: Run, tmp_path: Path) -> None:
    paragraphs = write_tales(tmp_path)
    assert run(*BUILD, "--split", "-o", "one").returncode == 0
    write_lines(tmp_path / "p.jsonl", paragraphs[::-1])
    assert run(*BUILD, "--split", "-o", "two").returncode == 0
    assert splits_in(tmp_path / "one") == splits_in(tmp_path / "two")


def test_near_duplicates_never_stand_apart_and_check_finds_those_that_are_planted(run: Run, tmp_path: Path) -> None:
    paragraphs = write_tales(tmp_path)
    for place, text in ((0, LONG), (30, LONG.upper()), (57, f"{LONG[:-1]} or so.")):
        paragraphs[place]["text"] = text
    write_lines(tmp_path / "p.jsonl", paragraphs)
    assert run(*BUILD, "--split", "-o", "made").returncode == 0
    assert leaks(run, "made") == []
    assert run(*BUILD, "-o", "whole").returncode == 0
    assert leaks(run, "whole") == []
    for place, split in ((0, "train"), (30, "test"), (57, "validation")):
        paragraphs[place]["split"] = split
    write_lines(tmp_path / "p.jsonl", paragraphs)
    assert run(*BUILD, "-o", "planted").returncode == 0
    assert set(leaks(run, "planted")) == {"near-duplicate-across-splits", "group-across-splits"}


def test_groups_and_splits_of_the_paragraphs_file_are_honoured(run: Run, tmp_path: Path) -> None:
    paragraphs = write_tales(tmp_path)
    for place, row in enumerate(paragraphs):
        row["group"] = f"story-{place % 15}"
        row["split"] = "test" if place % 15 == 4 else None
    write_lines(tmp_path / "p.jsonl", paragraphs)
    assert run(*BUILD, "--split", "-o", "mine").returncode == 0
    splits = splits_in(tmp_path / "mine")
    by_group = {(row["group"], splits[str(row["id"])]) for row in paragraphs}
    assert len(by_group) == 15
    assert ("story-4", "test") in by_group
    assert leaks(run, "mine") == []
    assert set(load_parquet(tmp_path / "mine" / "data" / "default-test.parquet")["group"]) >= {"story-4"}


def test_paragraphs_from_standard_input_keep_their_groups(run: Run, tmp_path: Path) -> None:
    paragraphs = write_tales(tmp_path)
    lines = "".join(json.dumps({**row, "group": f"story-{place % 2}"}) + "\n" for place, row in enumerate(paragraphs))
    done = run("dataset", "build", "-", "--judgements", "j.jsonl", "-o", "mine", stdin=lines)
    assert done.returncode == 0, done.stderr
    assert set(load_parquet(tmp_path / "mine" / "data" / "default.parquet")["group"]) == {"story-0", "story-1"}
    done = run("dataset", "build", "-", "--judgements", "j.jsonl", "-o", "mine", stdin='{"id": 3}\n')
    assert done.returncode == 1
    assert "standard input: line 1: the field 'id' has the wrong type" in done.stderr


def test_an_older_dataset_keeps_its_splits_when_it_grows(run: Run, tmp_path: Path) -> None:
    paragraphs = write_tales(tmp_path)
    write_lines(tmp_path / "p.jsonl", paragraphs[:-9])
    assert run(*BUILD, "--split", "-o", "older").returncode == 0
    write_lines(tmp_path / "p.jsonl", paragraphs)
    done = run(*BUILD, "--keep", "older", "-o", "newer")
    assert done.returncode == 0, done.stderr
    older, newer = splits_in(tmp_path / "older"), splits_in(tmp_path / "newer")
    assert {name: newer[name] for name in older} == older
    assert len(newer) == len(paragraphs)


def test_what_keeps_a_share_from_being_met_is_a_warning_with_numbers(run: Run, tmp_path: Path) -> None:
    paragraphs = write_tales(tmp_path)
    for row in paragraphs[:45:3]:
        row["text"] = LONG
    write_lines(tmp_path / "p.jsonl", paragraphs)
    done = run(*BUILD, "--shares", "0.4,0.3,0.3", "-o", "mine")
    assert done.returncode == 0
    assert re.search(
        r"^warning: train: it has 45 of 60 paragraphs, a share of 0\.750 where 0\.400 was asked.*\[missed-share\]$",
        done.stderr,
        re.MULTILINE,
    )
    assert re.search(
        r"^warning: 15 groups: tale-00, .* and 10 more stay together in train, 45 of 60 paragraphs: "
        r"tale-01/001 has the text of tale-00/001.*\[tied-groups\]$",
        done.stderr,
        re.MULTILINE,
    )


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([*BUILD, "--shares", "0.8,0.2"], 2, r"shares of the splits cannot be read: '0\.8'.*train=0\.8,test=0\.2"),
        (
            [*BUILD, "--shares", "0.8,0.2,0.2"],
            2,
            r"do not sum to 1 \(expected 1, got 1\.2: train 0\.8, validation 0\.2, test 0\.2\)",
        ),
        ([*BUILD, "--shares", "0.8,0.3"], 2, r"do not sum to 1 \(expected 1, got 1\.1: 0\.8, 0\.3\)\. Give those of"),
        ([*BUILD, "--shares", ""], 2, r"shares of the splits cannot be read: ''"),
        (["dataset", "build", "--split"], 2, r"the packaged editions have splits \(expected paragraphs beside --split"),
        ([*BUILD, "--keep", "gone"], 1, r"gone: there is no such file or folder"),
        (
            ["dataset", "build", "two.jsonl", "--judgements", "j.jsonl", "--split"],
            1,
            r"too few groups.*expected one for each of train, validation, test, got 2 groups",
        ),
        (
            ["dataset", "build", "odd.jsonl", "--judgements", "j.jsonl"],
            1,
            r"odd\.jsonl: line 1: the field 'split': .*got '\.\./test'",
        ),
        (
            ["dataset", "build", "dev.jsonl", "--judgements", "j.jsonl", "--split"],
            1,
            r"tale-00: the split is unknown \(expected one of train, validation, test, got dev\)",
        ),
    ],
)
def test_what_cannot_be_split_is_told_in_one_line_and_nothing_is_written(
    run: Run, tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    paragraphs = write_tales(tmp_path)
    write_lines(tmp_path / "two.jsonl", paragraphs[:6])
    write_lines(tmp_path / "odd.jsonl", [{**paragraphs[0], "split": "../test"}])
    write_lines(tmp_path / "dev.jsonl", [{**paragraphs[0], "split": "dev"}, *paragraphs[1:]])
    done = run(*arguments, "-o", "mine")
    assert (done.returncode, done.stdout) == (code, "")
    assert re.search(message, done.stderr), done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "mine").exists()

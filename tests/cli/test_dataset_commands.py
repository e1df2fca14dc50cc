"""``iraqstance dataset``: build, hydrate, articles, check."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from iraqstance.annotation.normalise import fingerprint
from iraqstance.annotation.rows import read_paragraphs
from iraqstance.annotation.tasks import tasks_of
from iraqstance.dataset.catalogue import catalogue
from iraqstance.dataset.editions import packaged_edition, packaged_folder
from iraqstance.dataset.load import load, load_parquet
from iraqstance.dataset.rules import rules_table
from iraqstance.training.corpus import read_corpus

Run = Callable[..., CompletedProcess[str]]
Fault = Callable[[Path], None]

ARTICLE = "964media-2024-12"
PARAGRAPHS = [{"id": f"tale/{number:03d}", "text": f"The cup number {number} stands there."} for number in (1, 2, 3)]


def write_lines(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def judgements() -> list[dict[str, object]]:
    return [
        {"paragraph": row["id"], "annotator": name, "stance": "neutral", "topics": ["other"]}
        for row in PARAGRAPHS
        for name in ("ann", "ben")
    ]


def written_with_this_pyarrow(file: Path) -> bool:
    import pyarrow as pa
    import pyarrow.parquet as pq

    created_by: str = pq.read_metadata(file).created_by
    return created_by == f"parquet-cpp-arrow version {pa.__version__}"


def test_the_committed_dataset_is_what_build_makes_now(run: Run, tmp_path: Path) -> None:
    """What people wrote and what scripts measured is kept, so the command starts from what is there."""
    folder = packaged_folder()
    card = (folder / "README.md").read_bytes()
    described = (folder / "croissant.json").read_bytes()
    shutil.copytree(folder / "measured", tmp_path / "made" / "measured")
    (tmp_path / "made" / "README.md").write_bytes(card)
    (tmp_path / "made" / "croissant.json").write_bytes(described)
    done = run("dataset", "build", "-o", "made")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    committed = {file.name: file for file in (folder / "data").iterdir()}
    assert set(committed) == {
        *(f"open-{split}.parquet" for split in ("train", "validation", "test")),
        "source.parquet",
        "judgements.parquet",
    }
    for name, file in committed.items():
        made = tmp_path / "made" / "data" / name
        assert load_parquet(made).to_list() == load_parquet(file).to_list()
        if written_with_this_pyarrow(file):
            assert made.read_bytes() == file.read_bytes()
            assert (tmp_path / "made" / "README.md").read_bytes() == card
            assert (tmp_path / "made" / "croissant.json").read_bytes() == described


def test_the_rows_of_every_split_of_a_folder_are_counted(run: Run) -> None:
    done = run("dataset", "check", packaged_folder(), "--no-near-duplicates")
    assert done.returncode == 0, done.stderr
    assert f"{packaged_folder()}: {len(load('open'))} rows," in " ".join(done.stdout.split())


def test_a_folder_that_hugging_face_takes_for_a_script_is_named_without_a_traceback(run: Run, tmp_path: Path) -> None:
    shutil.copytree(packaged_folder(), tmp_path / "card", ignore=shutil.ignore_patterns("__pycache__"))
    done = run("train", "card", "-o", "model")
    assert done.returncode == 1
    assert done.stderr.startswith("error: card: the dataset folder cannot be loaded")
    assert done.stderr.rstrip().endswith("Rename the folder.") or "Rename the folder" in done.stderr


def test_build_makes_a_dataset_of_ones_own_and_reports_what_it_leaves_out(run: Run, tmp_path: Path) -> None:
    paragraphs = write_lines(tmp_path / "p.jsonl", list(PARAGRAPHS))
    judged = write_lines(tmp_path / "j.jsonl", judgements()[:4])
    done = run("dataset", "build", paragraphs, "--judgements", judged, "-o", "mine")
    assert done.returncode == 0
    assert done.stderr == "warning: tale/003: no judgement names this paragraph; left out [unlabelled]\n"
    assert re.search(r"default\s+train\s+2\s+mine/data/default\.parquet", done.stdout)
    assert load_parquet(tmp_path / "mine" / "data" / "default.parquet")["text"][0] == PARAGRAPHS[0]["text"]


def test_build_names_the_files_of_an_earlier_build_that_it_removes(run: Run, tmp_path: Path) -> None:
    rows = [{**row, "split": split} for row, split in zip(PARAGRAPHS, ("train", "test", "test"), strict=True)]
    judged = write_lines(tmp_path / "j.jsonl", judgements())
    parted = write_lines(tmp_path / "p.jsonl", rows)
    assert run("dataset", "build", parted, "--judgements", judged, "-o", "mine").stderr == ""
    whole = write_lines(tmp_path / "q.jsonl", list(PARAGRAPHS))
    done = run("dataset", "build", whole, "--judgements", judged, "-o", "mine")
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        f"removed mine/data/default-{split}.parquet: an earlier build made it, and the card no longer names it"
        for split in ("test", "train")
    ]
    assert sorted(file.name for file in (tmp_path / "mine" / "data").iterdir()) == [
        "default.parquet",
        "judgements.parquet",
    ]
    assert "unlisted-file" not in run("dataset", "check", "mine").stdout


def test_check_and_publish_agree_that_a_card_is_missing(run: Run, tmp_path: Path) -> None:
    paragraphs = write_lines(tmp_path / "p.jsonl", list(PARAGRAPHS))
    judged = write_lines(tmp_path / "j.jsonl", judgements())
    run("dataset", "build", paragraphs, "--judgements", judged, "-o", "mine")
    (tmp_path / "mine" / "README.md").unlink()
    found = json.loads(run("dataset", "check", "mine", "--json").stdout)["issues"]
    assert [issue["severity"] for issue in found if issue["rule"] == "missing-card"] == ["warning"]
    assert "there is no dataset card" in run("dataset", "publish", "mine", "--dry-run", "out").stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["p.jsonl"], 2, r"error: paragraphs alone make no dataset .*--judgements or --labels"),
        (["gone.jsonl", "--judgements", "j.jsonl"], 1, r"error: gone\.jsonl: the file cannot be read"),
        (["p.jsonl", "--judgements", "p.jsonl"], 1, r"error: p\.jsonl: line 1: 'stance' is missing"),
        (["p.jsonl", "--labels", "open.jsonl"], 1, r"error: open\.jsonl: line 1: 'stance' is missing or open.*Settle"),
        (["p.jsonl", "--judgements", "j.jsonl", "--schema", "gone.yaml"], 1, r"error: gone\.yaml: the schema cannot"),
    ],
)
def test_build_says_what_is_wrong_in_one_line(
    run: Run, tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    write_lines(tmp_path / "p.jsonl", list(PARAGRAPHS))
    write_lines(tmp_path / "j.jsonl", judgements())
    write_lines(tmp_path / "open.jsonl", [{"paragraph": "tale/001", "stance": None, "topics": []}])
    done = run("dataset", "build", *arguments)
    assert done.returncode == code
    assert re.search(message, done.stderr)
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "dataset").exists()


def test_articles_lists_the_catalogue(run: Run) -> None:
    shown = run("dataset", "articles").stdout
    listed = json.loads(run("dataset", "articles", "--json").stdout)
    assert [entry["id"] for entry in listed] == list(catalogue())
    assert listed == [article.model_dump() for article in catalogue().values()]
    assert all(name in shown for name in catalogue())


@pytest.mark.parametrize("command", ["build", "hydrate", "articles", "check"])
def test_every_command_shows_an_example(run: Run, command: str) -> None:
    done = run("dataset", command, "--help")
    assert done.returncode == 0
    assert f"iraqstance dataset {command}" in done.stdout.partition("Example:")[2]


def test_an_empty_folder_of_articles_names_every_article_and_writes_nothing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = run("dataset", "hydrate", "empty", "-o", "source.jsonl")
    assert done.returncode == 1
    assert done.stdout == ""
    assert all(f"empty/{name}.txt: the file is not there; expected" in done.stderr for name in catalogue())
    assert "109 paragraphs: 0 exact, 0 aligned, 109 missing\n" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]


def test_a_folder_that_is_none_is_named_with_the_remedy(run: Run) -> None:
    done = run("dataset", "hydrate", "nowhere")
    assert done.returncode == 1
    assert done.stderr.startswith("error: nowhere: there is no such folder of articles")
    assert "iraqstance dataset articles" in done.stderr


def test_hydrate_fills_in_the_source_edition(run: Run, articles: Path, tmp_path: Path) -> None:
    done = run("dataset", "hydrate", articles, "-o", "source.jsonl")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "109 paragraphs: 109 exact, 0 aligned, 0 missing\n"
    rows = [json.loads(line) for line in (tmp_path / "source.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["id"] for row in rows] == [paragraph.id for paragraph in packaged_edition("source").paragraphs]
    assert all(fingerprint(row["text"]) == row["sha256"] for row in rows)
    assert {(row["match"], row["score"]) for row in rows} == {("exact", 1.0)}
    corpus = read_corpus(tmp_path / "source.jsonl")
    assert set(corpus.groups or ()) == set(catalogue())
    labels = load_parquet(packaged_folder() / "data" / "source.parquet")
    assert list(corpus.stances or ()) == [labels.features["stance"].int2str(value) for value in labels["stance"]]


def test_hydrate_writes_to_standard_output_too(run: Run, articles: Path) -> None:
    done = run("dataset", "hydrate", articles)
    assert done.returncode == 0
    assert len([json.loads(line) for line in done.stdout.splitlines()]) == 109


def _remove(file: Path) -> None:
    file.unlink()


def _put_another_in_its_place(file: Path) -> None:
    other = next(name for name in sorted(catalogue()) if name != ARTICLE)
    file.write_bytes((file.parent / f"{other}.txt").read_bytes())


def _alter_a_sentence(file: Path) -> None:
    hit = [paragraph for paragraph in packaged_edition("source").paragraphs if paragraph.article == ARTICLE][2]
    text = file.read_text(encoding="utf-8")
    place = text.index(" ", (hit.start + hit.end) // 2)
    file.write_text(f"{text[:place]} porcelain{text[place:]}", encoding="utf-8")


def _save_in_another_encoding(file: Path) -> None:
    file.write_bytes(b"caf\xe9\n" + file.read_bytes())


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (_remove, r"964media-2024-12\.txt: the file is not there; expected 'Baghdad .*, 964media, https://.*29935"),
        (_put_another_in_its_place, r"19 of 19 paragraphs are not in it; expected SHA-256 c931ec83.*another article"),
        (_alter_a_sentence, r"964media-2024-12/003 is not there; expected text with SHA-256 [0-9a-f]{64}"),
        (_save_in_another_encoding, r"964media-2024-12\.txt: byte 3: invalid UTF-8 .*expected UTF-8 text, got 0xE9"),
    ],
)
def test_hydrate_names_a_fault_and_writes_nothing_unless_part_of_it_is_wanted(
    run: Run, articles: Path, tmp_path: Path, fault: Fault, message: str
) -> None:
    (tmp_path / "copies").mkdir()
    for file in articles.glob("*.txt"):
        (tmp_path / "copies" / file.name).write_bytes(file.read_bytes())
    fault(tmp_path / "copies" / f"{ARTICLE}.txt")
    (tmp_path / "old.jsonl").write_text("what was there", encoding="utf-8")
    verified = 108 if fault is _alter_a_sentence else 90
    whole = run("dataset", "hydrate", "copies", "-o", "old.jsonl", "--exact")
    assert whole.returncode == 1
    assert re.search(message, whole.stderr)
    assert f"109 paragraphs: {verified} exact, 0 aligned, {109 - verified} missing" in whole.stderr
    assert (tmp_path / "old.jsonl").read_text(encoding="utf-8") == "what was there"
    part = run("dataset", "hydrate", "copies", "-o", "old.jsonl", "--exact", "--partial")
    assert (part.returncode, part.stderr) == (1, whole.stderr)
    assert len((tmp_path / "old.jsonl").read_text(encoding="utf-8").splitlines()) == verified


def test_an_altered_paragraph_is_written_with_its_score_and_a_warning(run: Run, articles: Path, tmp_path: Path) -> None:
    (tmp_path / "copies").mkdir()
    for file in articles.glob("*.txt"):
        (tmp_path / "copies" / file.name).write_bytes(file.read_bytes())
    _alter_a_sentence(tmp_path / "copies" / f"{ARTICLE}.txt")
    done = run("dataset", "hydrate", "copies", "-o", "source.jsonl")
    assert done.returncode == 0
    assert "error" not in done.stderr
    assert len(re.findall(r"warning: .*/003 is there with other words \(score 0\.8\d\); expected", done.stderr)) == 1
    assert "109 paragraphs: 108 exact, 1 aligned, 0 missing; 16 exact at other offsets\n" in done.stderr
    rows = [json.loads(line) for line in (tmp_path / "source.jsonl").read_text(encoding="utf-8").splitlines()]
    (altered,) = [row for row in rows if row["match"] == "aligned"]
    assert altered["id"] == f"{ARTICLE}/003"
    assert "porcelain" in altered["text"]
    assert fingerprint(altered["text"]) == altered["sha256"]
    assert 0.8 < altered["score"] < 0.9


def test_the_demo_stops_where_a_step_fails(run: Run, tmp_path: Path) -> None:
    """Articles that are not the labelled ones have no labels, and what follows would hide that."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "tale.txt").write_text(
        "The tea was brewed at noon, as it is every day here.\n", encoding="utf-8"
    )
    done = run("demo", "mine")
    assert done.returncode == 1
    assert "[missing-article]" in done.stderr
    assert "Articles are cut into paragraphs" not in done.stdout


def write_cups(path: Path, *, ids: bool = True) -> Path:
    """Write a small table in three groups, with one wrong stance and one wrong topic, under usual names."""
    rows: list[dict[str, object]] = []
    for number in range(36):
        kind, tea = number % 2 == 0, number % 4 < 2
        words = "lovely fresh mild" if kind else "awful stale burnt"
        row = {
            "text": f"{words} {'kettle and leaves' if tea else 'beans and espresso'}, {number}",
            "stance": "pro" if kind else "con",
            "topics": ["tea" if tea else "coffee"],
            "group": f"g{number % 3}",
        }
        rows.append(row | ({"id": f"cup/{99 - number}"} if ids else {}))
    rows[6]["stance"], rows[9]["topics"] = "con", ["coffee"]
    return write_lines(path, rows)


def test_check_counts_what_the_packaged_open_edition_holds(run: Run) -> None:
    done = run("dataset", "check")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"the open edition: \d+ rows, \d+ texts, \d+ groups\n", done.stdout)
    assert "stance towards us_policy_iraq" in done.stdout
    assert re.search(r"^0 errors, \d+ warnings?$", done.stdout, re.MULTILINE)
    held = json.loads(run("dataset", "check", "--json").stdout)
    rows = len(packaged_edition("open").paragraphs)
    assert (held["rows"], held["errors"]) == (rows, 0)
    assert sum(held["stances"]["us_policy_iraq"].values()) == rows


def test_check_names_texts_with_different_labels(run: Run, tmp_path: Path) -> None:
    (tmp_path / "cups.csv").write_text("words,view\nTea.,pro\nMilk.,con\nTea. ,con\n", encoding="utf-8")
    columns = ["--text-column=words", "--stance-column=view"]
    done = run("dataset", "check", "cups.csv", *columns)
    assert (done.returncode, done.stderr) == (1, "")
    assert re.search(
        r"^conflicting-labels \(error\): 1\n  cups\.csv: lines 2, 4: .* in stance: pro; con", done.stdout, re.MULTILINE
    )
    assert "cups.csv: 3 rows, 2 texts\n" in done.stdout
    listed = run("dataset", "check", "cups.csv", *columns, "--json")
    assert (listed.returncode, listed.stderr) == (1, "")
    found = json.loads(listed.stdout)
    assert (found["errors"], found["rows"]) == (1, 3)
    assert [issue["rule"] for issue in found["issues"] if issue["severity"] == "error"] == ["conflicting-labels"]


def test_check_prints_twenty_findings_of_a_rule_unless_all_are_wanted(run: Run, tmp_path: Path) -> None:
    write_lines(tmp_path / "cups.jsonl", [{"text": f"Cup {n}.", "stance": "pro"} for n in range(25)])
    some, every = (run("dataset", "check", "cups.jsonl", *more).stdout for more in ([], ["--all"]))
    assert "short-text (warning): 25\n" in some
    assert "  and 5 more; --all prints them\n" in some
    assert (some.count("it has 2 words"), every.count("it has 2 words")) == (20, 25)


def test_check_prints_its_rules(run: Run) -> None:
    done = run("dataset", "check", "--rules")
    assert (done.returncode, done.stdout) == (0, rules_table() + "\n")


def test_check_reads_the_schema_and_the_texts_that_nothing_may_come_from(run: Run, tmp_path: Path) -> None:
    words = "The old kettle in the corner was the only one that ever worked."
    write_lines(tmp_path / "cups.jsonl", [{"text": words, "stance": "pro"}, {"text": "Nobody knows.", "stance": "con"}])
    (tmp_path / "tales").mkdir()
    (tmp_path / "tales" / "old.txt").write_text(f"Once. {words}", encoding="utf-8")
    done = run("dataset", "check", "cups.jsonl", "--schema", packaged_folder().parent / "annotation" / "schema.yaml")
    assert "stance: 'pro' is unknown; expected one of favor, against, neutral" in done.stdout
    assert done.returncode == 1
    done = run("dataset", "check", "cups.jsonl", "--against", "tales")
    assert "cups.jsonl: line 1: 13 words from word 1 also stand in old.txt from word 2" in done.stdout
    assert done.returncode == 1


@pytest.mark.parametrize(
    "content", ["", "---\nconfigs: [\n---\n", "---\nconfigs: 3\ndataset_info: {features: 3}\n---\n"]
)
def test_check_ends_without_a_traceback_where_a_folder_is_broken(run: Run, tmp_path: Path, content: str) -> None:
    (tmp_path / "cups" / "data").mkdir(parents=True)
    (tmp_path / "cups" / "README.md").write_text(content, encoding="utf-8")
    (tmp_path / "cups" / "data" / "train.parquet").write_bytes(b"PAR1")
    done = run("dataset", "check", "cups")
    assert (done.returncode, done.stderr) == (1, "")
    assert "unreadable-file (error): 1\n" in done.stdout


def test_check_lists_the_labels_that_predictions_contradict(run: Run, tmp_path: Path) -> None:
    write_cups(tmp_path / "cups.jsonl")
    done = run("dataset", "check", "cups.jsonl", "--suspects")
    assert (done.returncode, done.stderr) == (0, "3 labels that predictions contradict\n")
    assert re.search(
        r"stance +con +pro +0\.\d{3} +lovely fresh mild beans and espresso, 6 *$", done.stdout, re.MULTILINE
    )
    assert re.search(r"topics +coffee +not coffee +0\.\d{3} +awful stale burnt kettle", done.stdout)
    found = json.loads(run("dataset", "check", "cups.jsonl", "--suspects", "--json").stdout)
    assert {(one["column"], one["row"], one["given"], one["suggested"], one["id"], one["group"]) for one in found} == {
        ("stance", 6, "con", "pro", "cup/93", "g0"),
        ("topics", 9, "coffee", "not coffee", "cup/90", "g0"),
        ("topics", 9, "not tea", "tea", "cup/90", "g0"),
    }
    assert [one["score"] for one in found] == sorted(one["score"] for one in found)


def test_a_long_text_is_cut_to_one_line_of_the_table(run: Run) -> None:
    some = packaged_folder() / "data" / "open-validation.parquet"
    done = run("dataset", "check", some, "--suspects", "--topics-column", "")
    lines = [line for line in done.stdout.splitlines() if line.startswith(" stance towards ")]
    assert len(lines) > 3
    assert all(line.rstrip().endswith("…") and len(line) <= 120 for line in lines)


@pytest.mark.parametrize(("ids", "names"), [(True, ["cup/90", "cup/93"]), (False, ["cups/007", "cups/010"])])
def test_suspects_are_written_to_be_read_again_blind(run: Run, tmp_path: Path, ids: bool, names: list[str]) -> None:  # noqa: FBT001
    """Once each, by id, in the forms that the labelling server and the other commands read."""
    write_cups(tmp_path / "cups.jsonl", ids=ids)
    for name in ("again.json", "again.jsonl"):
        done = run("dataset", "check", "cups.jsonl", "--suspects", "-o", name)
        assert done.returncode == 0
        assert f"{name}: 2 texts to be read again, without labels\n" in done.stderr
    paragraphs = read_paragraphs(tmp_path / "again.jsonl")
    assert [paragraph.id for paragraph in paragraphs] == names
    assert json.loads((tmp_path / "again.json").read_text(encoding="utf-8")) == list(tasks_of(paragraphs))
    written = (tmp_path / "again.jsonl").read_text(encoding="utf-8")
    assert {key for line in written.splitlines() for key in json.loads(line)} == {
        "id",
        "article",
        "start",
        "end",
        "text",
        "sha256",
    }
    exported = run("tasks", "export", "again.jsonl", "-o", "tasks.json")
    assert exported.returncode == 0
    assert json.loads((tmp_path / "tasks.json").read_text(encoding="utf-8")) == list(tasks_of(paragraphs))


def test_where_nothing_is_contradicted_the_file_is_empty_and_the_code_0(run: Run, tmp_path: Path) -> None:
    write_cups(tmp_path / "cups.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "cups.jsonl").read_text(encoding="utf-8").splitlines()]
    write_lines(tmp_path / "cups.jsonl", [row for number, row in enumerate(rows) if number not in {6, 9}])
    done = run("dataset", "check", "cups.jsonl", "--suspects", "-o", "again.json")
    assert (done.returncode, json.loads((tmp_path / "again.json").read_text(encoding="utf-8"))) == (0, [])
    assert "again.json: 0 texts" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["gone.csv"], 1, r"error: gone\.csv: the file cannot be read"),
        (["cups.jsonl", "-o", "again.json"], 2, r"error: -o writes suspects \(expected --suspects beside it\)"),
        (["cups.jsonl", "--suspects", "-o", "again.csv"], 2, r"error: again\.csv: .*ending in \.json or \.jsonl"),
        (["cups.jsonl", "--id-column", "key"], 1, r"error: cups\.jsonl: there is no column 'key'"),
        (["few.jsonl", "--suspects"], 1, r"error: few\.jsonl: too few rows for five folds"),
        (["same.jsonl", "--suspects"], 1, r"error: same\.jsonl: no label varies"),
    ],
)
def test_check_says_what_is_wrong_in_one_line(
    run: Run, tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    write_cups(tmp_path / "cups.jsonl")
    labels = ["pro", "con", "pro"]
    write_lines(
        tmp_path / "few.jsonl", [{"text": f"Cup {label} {n}", "stance": label} for n, label in enumerate(labels)]
    )
    write_lines(tmp_path / "same.jsonl", [{"text": f"Cup {n}", "stance": "pro"} for n in range(9)])
    before = sorted(path.name for path in tmp_path.iterdir())
    done = run("dataset", "check", *arguments)
    assert done.returncode == code
    assert re.search(message, done.stderr)
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_suspects_may_be_limited_to_the_most_suspicious(run: Run, tmp_path: Path) -> None:
    write_cups(tmp_path / "cups.jsonl")
    every = json.loads(run("dataset", "check", "cups.jsonl", "--suspects", "--json").stdout)
    done = run("dataset", "check", "cups.jsonl", "--suspects", "--limit", "2", "--json", "-o", "again.jsonl")
    assert done.returncode == 0
    assert len(every) > 2
    assert json.loads(done.stdout) == every[:2]
    assert run("dataset", "check", "--limit", "3").returncode == 2

"""What is published of a dataset folder, what never is, and how it is written for a look before it is sent."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from iraqstance.annotation.errors import InputError, UsageError
from iraqstance.annotation.normalise import fingerprint
from iraqstance.annotation.records import Judgement, Paragraph
from iraqstance.annotation.schema import Schema
from iraqstance.dataset.build import build
from iraqstance.dataset.editions import Edition, packaged_edition, packaged_folder
from iraqstance.dataset.hydrate import hydrate
from iraqstance.dataset.publish import Release, prepare, upload, write_release

PNG = b"\x89PNG\r\n\x1a\n"
SAYS = ("approves of", "rejects", "describes")

# What a user of the Hugging Face library finds in two folders, in a process that has never loaded anything.
COMPARE = """
import sys
from datasets import get_dataset_config_names, load_dataset
one, other = sys.argv[1:]
names = get_dataset_config_names(one)
assert get_dataset_config_names(other) == names
for name in names:
    left, right = load_dataset(one, name), load_dataset(other, name)
    assert list(left) == list(right)
    for split in left:
        assert left[split].features == right[split].features
        assert left[split].to_list() == right[split].to_list()
print(*names)
"""


def edition(texts: list[str], schema: Schema) -> Edition:
    stances = schema.stance_names
    return Edition(
        "cups",
        tuple(
            Paragraph(f"tale/{n:03d}", "tale", 0, len(text), text, fingerprint(text)) for n, text in enumerate(texts)
        ),
        tuple(
            Judgement(f"tale/{n:03d}", name, {"us_policy_iraq": stances[n % len(stances)]}, ("other",))
            for n in range(len(texts))
            for name in ("reader-1", "reader-2")
        ),
    )


@pytest.fixture
def built(tmp_path: Path, schema: Schema) -> Path:
    """A dataset folder of a user's own, as ``dataset build`` makes it."""
    folder = tmp_path / "cups"
    texts = [f"The cup with the number {n} {SAYS[n % 3]} the table on which it stands." for n in range(6)]
    build([edition(texts, schema)], schema, folder)
    return folder


def add_to_card(folder: Path, text: str) -> None:
    card = folder / "README.md"
    card.write_text(card.read_text(encoding="utf-8") + text, encoding="utf-8")


def paths(release: Release) -> list[str]:
    return [file.path for file in release.files]


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(scope="module")
def packaged() -> Release:
    return prepare()


def test_of_the_packaged_folder_the_data_goes_and_no_code(packaged: Release) -> None:
    assert not packaged.failed
    metadata = yaml.safe_load((packaged_folder() / "README.md").read_text(encoding="utf-8").split("---\n")[1])
    named = {part["path"] for config in metadata["configs"] for part in config["data_files"]}
    others = set(paths(packaged)) - named
    assert named <= set(paths(packaged))
    assert {"README.md", "articles.yaml"} <= others
    assert {name for name in others if not name.startswith("figures/")} <= {
        *("README.md", "articles.yaml", "ERRATA.md", "LICENSE", "croissant.json")
    }


def test_each_file_is_told_with_its_size_and_hash(packaged: Release) -> None:
    for file in packaged.files:
        held = (packaged_folder() / file.path).read_bytes()
        assert (file.size, file.sha256) == (len(held), hashlib.sha256(held).hexdigest())


def test_what_a_dry_run_writes_loads_as_the_original_does(packaged: Release, tmp_path: Path) -> None:
    write_release(packaged, tmp_path / "out")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", COMPARE, str(packaged_folder()), str(tmp_path / "out")],
        env={**os.environ, "HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.split()) == ["judgements", "open", "source"]


def test_a_dry_run_writes_the_bytes_of_the_release_and_nothing_else(built: Path, tmp_path: Path) -> None:
    release = prepare(built)
    write_release(release, tmp_path / "deep" / "out")
    assert content(tmp_path / "deep" / "out") == {name: (built / name).read_bytes() for name in paths(release)}
    assert names_in(tmp_path / "deep") == ["out"]


def test_what_the_card_does_not_name_stays_at_home(built: Path) -> None:
    add_to_card(built, "\n![Shares](figures/shares.png) ![Elsewhere](https://example.org/x.svg)\n")
    for name in (
        *("figures/shares.png", "figures/unseen.png", "build.py", "__init__.py", ".env", ".git/config", "data/.hidden"),
        *("open/paragraphs.jsonl", "source/paragraphs.jsonl", "token", "notes.txt", "data/notes.md", "ERRATA.md"),
        *("LICENSE", ".gitattributes"),
    ):
        (built / name).parent.mkdir(exist_ok=True)
        (built / name).write_bytes(PNG)
    assert paths(prepare(built)) == [
        *("ERRATA.md", "LICENSE", "README.md", "croissant.json"),
        *("data/cups.parquet", "data/judgements.parquet", "figures/shares.png"),
    ]


def test_a_table_that_no_configuration_names_is_told_and_stays_at_home(built: Path) -> None:
    shutil.copy(built / "data" / "cups.parquet", built / "data" / "spare.parquet")
    release = prepare(built)
    assert "data/spare.parquet" not in paths(release)
    assert ("unlisted-file", "data/spare.parquet") in [(issue.rule, issue.where) for issue in release.issues]


def test_pictures_are_found_however_the_card_shows_them(built: Path) -> None:
    add_to_card(built, '\n![](./figures/a.png "A") ![b]( figures/b.png )\n<img width="9" src="figures/c.png">\n')
    (built / "figures").mkdir()
    for name in "abc":
        (built / "figures" / f"{name}.png").write_bytes(PNG)
    assert paths(prepare(built))[-3:] == ["figures/a.png", "figures/b.png", "figures/c.png"]


@pytest.mark.parametrize(
    ("shown", "message"),
    [
        ("figures/gone.png", r"the card shows a file that is not there .got figures/gone\.png"),
        (
            "figures/../secret.png",
            "the card shows a file that is not published .expected figures/.*got figures/.*secret",
        ),
        ("../secret.png", "the card shows a file that is not published"),
        ("/etc/passwd", "the card shows a file that is not published"),
        ("figures/.secret.png", "the card shows a file that is not published"),
        ("data/cups.parquet", "the card shows a file that is not published"),
    ],
)
def test_a_picture_that_cannot_go_along_is_named(built: Path, shown: str, message: str) -> None:
    add_to_card(built, f"\n![]({shown})\n")
    with pytest.raises(InputError, match=message):
        prepare(built)


def move_out_of_data(folder: Path) -> None:
    (folder / "croissant.json").unlink()  # it names the file too
    (folder / "data" / "cups.parquet").rename(folder / "cups.parquet")
    card = folder / "README.md"
    card.write_text(card.read_text(encoding="utf-8").replace("data/cups.parquet", "cups.parquet"), encoding="utf-8")


def lead_out(folder: Path) -> None:
    (folder / "data" / "cups.parquet").rename(folder.parent / "elsewhere.parquet")
    (folder / "data" / "cups.parquet").symlink_to(folder.parent / "elsewhere.parquet")


def name_nothing(folder: Path) -> None:
    (folder / "README.md").write_text("---\nlicense: mit\n---\n\n# Cups\n", encoding="utf-8")


def write(name: str, text: str) -> Callable[[Path], None]:
    def fault(folder: Path) -> None:
        (folder / name).write_text(text, encoding="utf-8")

    return fault


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (
            lambda folder: (folder / "README.md").unlink(),
            r"README\.md: there is no dataset card.*iraqstance dataset build",
        ),
        (name_nothing, r"README\.md: the card names no data .expected configs"),
        (
            move_out_of_data,
            r"README\.md: the card names a file that is not published .*data/\*\.parquet, got cups\.parq",
        ),
        (lead_out, r"cups\.parquet: the link leads out of the dataset folder"),
        (write("articles.yaml", "- id: a\n  text: It was a cold night.\n"), r"articles\.yaml: this is no catalogue"),
        (write("articles.yaml", "just words"), r"articles\.yaml: this is no catalogue"),
        (write("articles.yaml", "[\n"), r"articles\.yaml: this is no catalogue"),
    ],
)
def test_a_folder_that_cannot_be_published_is_refused(
    built: Path, fault: Callable[[Path], object], message: str
) -> None:
    fault(built)
    with pytest.raises(InputError, match=message):
        prepare(built)


@pytest.mark.parametrize(("name", "text"), [("README.md", "---\nconfigs: [\n---\n"), ("croissant.json", "{")])
def test_what_the_validator_refuses_is_told_as_it_tells_it(built: Path, name: str, text: str) -> None:
    write(name, text)(built)
    release = prepare(built)
    assert release.failed
    assert name in {issue.where for issue in release.issues if issue.severity == "error"}


def test_a_file_and_a_missing_folder_are_refused(tmp_path: Path, built: Path) -> None:
    with pytest.raises(InputError, match=r"this is no dataset folder .got a file"):
        prepare(built / "data" / "cups.parquet")
    with pytest.raises(InputError, match=r"gone: there is no such file or folder"):
        prepare(tmp_path / "gone")


def test_a_dataset_with_errors_is_neither_written_nor_sent(built: Path, tmp_path: Path) -> None:
    (built / "data" / "judgements.parquet").unlink()
    release = prepare(built)
    assert release.failed
    assert release.files == ()
    assert "missing-file" in {issue.rule for issue in release.issues}
    for publish in (lambda: write_release(release, tmp_path / "out"), lambda: upload(release, "me/cups")):
        with pytest.raises(InputError, match=r"the dataset has errors and is not published.*dataset check .*cups"):
            publish()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "repo", ["cups", "me/my/cups", "me/", "/cups", "me/cups cups", "me/a..b", "https://x.org/a", ""]
)
def test_a_name_that_is_no_repository_is_refused(built: Path, repo: str) -> None:
    with pytest.raises(UsageError, match=r"this is no name of a repository .expected OWNER/NAME"):
        upload(prepare(built), repo)


def test_a_dry_run_replaces_what_it_wrote_before(built: Path, tmp_path: Path, schema: Schema) -> None:
    write_release(prepare(built), tmp_path / "out")
    texts = ["The saucer leans on the wall.", "No saucer has ever left the wall.", "Nobody counts the saucers."]
    build([edition(texts, schema)], schema, built)
    write_release(prepare(built), tmp_path / "out")
    assert content(tmp_path / "out") == content(built)
    assert names_in(tmp_path) == ["cups", "out"]


@pytest.mark.parametrize("other", ["notes.txt", ".git/config", "data/old.parquet"])
def test_a_dry_run_leaves_a_folder_alone_that_holds_something_else(built: Path, tmp_path: Path, other: str) -> None:
    out = tmp_path / "out"
    write_release(prepare(built), out)
    (out / other).parent.mkdir(exist_ok=True)
    (out / other).write_text("mine", encoding="utf-8")
    before = content(out)
    with pytest.raises(InputError, match=r"out: the folder holds something else .*got \S+\)\. Name a new folder"):
        write_release(prepare(built), out)
    assert content(out) == before


def test_a_dry_run_takes_an_empty_folder_and_no_file(built: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    write_release(prepare(built), tmp_path / "empty")
    assert content(tmp_path / "empty") == content(built)
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="a file stands in the place of the folder"):
        write_release(prepare(built), tmp_path / "file")


def test_a_file_that_vanishes_leaves_the_old_folder(built: Path, tmp_path: Path) -> None:
    release = prepare(built)
    write_release(release, tmp_path / "out")
    before = content(tmp_path / "out")
    (built / "data" / "judgements.parquet").unlink()
    with pytest.raises(InputError, match=r"the folder cannot be written .got No such file"):
        write_release(release, tmp_path / "out")
    assert content(tmp_path / "out") == before
    assert names_in(tmp_path) == ["cups", "out"]


def typed_anew(text: str) -> str:
    return text.replace("’", "'").replace("“", '"').replace("—", " - ").upper()


def in_company(text: str) -> str:
    return f"A sentence of somebody else stands before it. {text} Another one follows."


@pytest.mark.parametrize("change", [str, typed_anew, in_company])
def test_hydrated_text_is_never_published(
    articles: Path, tmp_path: Path, schema: Schema, change: Callable[[str], str]
) -> None:
    found = hydrate(packaged_edition("source"), articles).edition.paragraphs
    longest = max(found, key=lambda paragraph: len(paragraph.text))
    texts = ["The saucer leans on the wall.", "No saucer has ever left the wall.", change(longest.text)]
    build([edition(texts, schema)], schema, tmp_path / "leak")
    with pytest.raises(InputError, match=r"cups\.parquet: row 3: the text of a source article belongs to") as raised:
        prepare(tmp_path / "leak")
    assert raised.value.got.startswith(f"the paragraph {longest.id}")
    assert longest.text[:20] not in str(raised.value)


def test_a_card_that_quotes_a_source_paragraph_is_refused(articles: Path, built: Path) -> None:
    found = hydrate(packaged_edition("source"), articles).edition.paragraphs
    add_to_card(built, f"\n> {max((one.text for one in found), key=len)}\n")
    with pytest.raises(InputError, match=r"README\.md: the text of a source article belongs to its publisher"):
        prepare(built)


def test_every_hydrated_paragraph_is_recognised(articles: Path, tmp_path: Path, schema: Schema) -> None:
    """Each stands in a folder of its own making: none slips through because another was found first."""
    found = hydrate(packaged_edition("source"), articles).edition.paragraphs
    build([edition([one.text for one in found], schema)], schema, tmp_path / "leak")
    with pytest.raises(InputError, match=rf"and {len(found) - 1} more of the kind"):
        prepare(tmp_path / "leak")

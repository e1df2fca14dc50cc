"""A Hugging Face dataset folder is made: the same input gives the same bytes, and a failure leaves the old files."""

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import TEA, files_no_larger_than
from iraqstance.annotation.errors import InputError
from iraqstance.annotation.normalise import fingerprint
from iraqstance.annotation.records import Judgement, Label, Paragraph
from iraqstance.annotation.schema import Schema
from iraqstance.dataset.build import build, judgement_rows
from iraqstance.dataset.editions import Edition, packaged_edition
from iraqstance.dataset.load import load_folder, load_parquet


def paragraph(number: int) -> Paragraph:
    text = f"The cup with the number {number} stands on the table."
    return Paragraph(f"tale/{number:03d}", "tale", 0, len(text), text, fingerprint(text))


def judgement(number: int, annotator: str, black: str = "dislikes") -> Judgement:
    return Judgement(f"tale/{number:03d}", annotator, {"green": "likes", "black": black}, ("taste",), comment="“é”")


def edition(paragraphs: int = 4, annotators: str = "ab") -> Edition:
    numbers = range(1, paragraphs + 1)
    judgements = tuple(judgement(number, name) for number in numbers for name in annotators)
    return Edition("mine", tuple(map(paragraph, numbers)), judgements)


def contents(folder: Path) -> dict[str, bytes | None]:
    """Return everything in a folder: the bytes of files, ``None`` for folders."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def test_a_build_makes_the_parquet_files_what_describes_them_and_nothing_else(tmp_path: Path) -> None:
    made = build([edition()], TEA, tmp_path / "set")
    assert set(contents(tmp_path / "set")) == {
        "README.md",
        "croissant.json",
        "data",
        "data/judgements.parquet",
        "data/mine.parquet",
    }
    assert [(table.name, table.split, table.file, table.rows) for table in made.tables] == [
        ("mine", "train", "data/mine.parquet", 8),
        ("judgements", "train", "data/judgements.parquet", 16),
    ]
    assert not made.issues


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    """Anew in the same folder, and in another one."""
    build([edition()], TEA, tmp_path / "one")
    first = contents(tmp_path / "one")
    build([edition()], TEA, tmp_path / "one")
    build([edition()], TEA, tmp_path / "two")
    assert contents(tmp_path / "one") == first
    assert contents(tmp_path / "two") == first


def test_the_tables_state_the_sizes_of_their_files(tmp_path: Path) -> None:
    made = build([edition()], TEA, tmp_path)
    assert [table.file_bytes for table in made.tables] == [
        (tmp_path / table.file).stat().st_size for table in made.tables
    ]
    assert [table.rows for table in made.tables] == [len(load_parquet(tmp_path / table.file)) for table in made.tables]


def test_text_labels_and_comments_come_back_as_they_went_in(tmp_path: Path) -> None:
    build([edition(1)], TEA, tmp_path)
    rows = load_parquet(tmp_path / "data" / "mine.parquet")
    judged = load_parquet(tmp_path / "data" / "judgements.parquet")
    assert rows["text"][0] == paragraph(1).text
    assert [rows.features["stance"].int2str(value) for value in rows["stance"]] == ["likes", "dislikes"]
    assert set(judged["comment"]) == {"“é”"}


def test_every_judgement_is_published_once_for_each_target() -> None:
    rows = judgement_rows([edition(2)], TEA)
    assert len({(row["paragraph"], row["annotator"], row["target"]) for row in rows}) == len(rows) == 8
    assert {row["edition"] for row in rows} == {"mine"}


def test_a_build_without_paragraphs_that_were_judged_says_what_it_got(tmp_path: Path) -> None:
    stray = replace(edition(1), judgements=(judgement(7, "a"),))
    with pytest.raises(InputError, match=r"edition 'mine' has no labelled paragraph .*1 paragraphs, 1 judgements"):
        build([stray], TEA, tmp_path / "set")
    assert not (tmp_path / "set").exists()


def test_left_out_paragraphs_are_reported(tmp_path: Path) -> None:
    torn = replace(edition(2), judgements=(judgement(1, "a"), judgement(1, "b"), judgement(2, "a")))
    tied = replace(torn, judgements=(*torn.judgements, judgement(2, "b", black="likes")))
    made = build([tied], TEA, tmp_path)
    assert [(issue.rule, issue.where) for issue in made.issues] == [("open-tie", "tale/002")]
    assert len(load_parquet(tmp_path / "data" / "mine.parquet")) == 2


def test_the_judgements_of_a_single_annotator_make_a_dataset(tmp_path: Path) -> None:
    """Agreement is undefined then; the labels are not."""
    made = build([edition(annotators="a")], TEA, tmp_path)
    assert [table.rows for table in made.tables] == [8, 8]


def test_labels_alone_make_a_dataset_without_judgements(tmp_path: Path) -> None:
    labels = [
        Label(f"tale/{number:03d}", {"green": "likes", "black": "likes"}, ("price",), {}, {}) for number in (1, 2)
    ]
    made = build([replace(edition(2), judgements=())], TEA, tmp_path, labels={"mine": labels})
    assert [table.name for table in made.tables] == ["mine"]
    assert set(load_parquet(tmp_path / "data" / "mine.parquet")["topics"][0]) == {1}


def test_an_edition_of_which_some_paragraphs_lack_their_text_is_refused(tmp_path: Path) -> None:
    """Leaving out the text of all the others would lose it in silence."""
    first, *others = edition().paragraphs
    mixed = replace(edition(), paragraphs=(replace(first, text=""), *others))
    with pytest.raises(InputError, match="text"):
        build([mixed], TEA, tmp_path)


def test_a_rebuild_without_judgements_no_longer_names_them(tmp_path: Path) -> None:
    labels = [Label("tale/001", {"green": "likes", "black": "likes"}, ("price",), {}, {})]
    build([edition(1)], TEA, tmp_path)
    build([replace(edition(1), judgements=())], TEA, tmp_path, labels={"mine": labels})
    assert "judgements" not in (tmp_path / "README.md").read_text(encoding="utf-8").split("---")[1]
    assert len(load_folder(tmp_path)) == 2


def parted(paragraphs: int = 4) -> Edition:
    """Return the edition in two splits."""
    whole = edition(paragraphs)
    return replace(whole, splits={one.id: ("test", "train")[place % 2] for place, one in enumerate(whole.paragraphs)})


def test_what_an_earlier_build_made_and_this_one_does_not_is_removed_and_named(tmp_path: Path) -> None:
    build([parted()], TEA, tmp_path)
    made = build([edition()], TEA, tmp_path)
    assert made.removed == ("data/mine-test.parquet", "data/mine-train.parquet")
    assert sorted(contents(tmp_path / "data")) == ["judgements.parquet", "mine.parquet"]
    assert build([edition()], TEA, tmp_path).removed == ()


def test_judgements_that_are_no_longer_there_are_removed(tmp_path: Path) -> None:
    labels = [Label("tale/001", {"green": "likes", "black": "likes"}, ("price",), {}, {})]
    build([edition(1)], TEA, tmp_path)
    made = build([replace(edition(1), judgements=())], TEA, tmp_path, labels={"mine": labels})
    assert made.removed == ("data/judgements.parquet",)


def test_files_that_no_build_made_or_the_card_did_not_name_are_left_alone(tmp_path: Path) -> None:
    build([parted()], TEA, tmp_path)
    card = tmp_path / "README.md"
    own = "- config_name: own\n  data_files:\n  - split: train\n    path: data/cups.parquet\n"
    out = "- config_name: ../../out\n  data_files:\n  - split: train\n    path: data/../../out.parquet\n"
    text = card.read_text(encoding="utf-8")
    card.write_text(text.replace("configs:\n", f"configs:\n{own}{out}"), encoding="utf-8")
    kept = ["data/cups.parquet", "data/mine-dev.parquet", "data/mine-test.csv", "mine-test.parquet"]
    for name in kept:
        (tmp_path / name).write_bytes(b"mine")
    (tmp_path.parent / "out.parquet").write_bytes(b"mine")
    made = build([edition()], TEA, tmp_path)
    assert made.removed == ("data/mine-test.parquet", "data/mine-train.parquet")
    assert all((tmp_path / name).read_bytes() == b"mine" for name in [*kept, "../out.parquet"])


def test_a_failing_build_removes_nothing(tmp_path: Path) -> None:
    build([parted()], TEA, tmp_path)
    (tmp_path / "data" / "mine.parquet").mkdir()
    before = contents(tmp_path)
    with pytest.raises(InputError, match="a folder stands in the place of a file"):
        build([edition()], TEA, tmp_path)
    assert contents(tmp_path) == before


INTERRUPTED = """
import sys
sys.path[:0] = sys.argv[2:]
from test_build import TEA, build, edition, parted

def watch(event, arguments):
    global left
    if event in {"os.rename", "os.remove"} and folder in str(arguments):
        left -= 1
        if left < 0:
            raise KeyboardInterrupt

folder, left = "nowhere", 0
sys.addaudithook(watch)
for calls in range(7):
    folder, left = f"{sys.argv[1]}/{calls}", 1_000
    build([parted()], TEA, folder)
    left = calls
    try:
        build([edition()], TEA, folder)
    except KeyboardInterrupt:
        print("interrupted", end=" ")
"""


def test_wherever_a_build_is_interrupted_the_card_names_no_missing_file(tmp_path: Path) -> None:
    """At each of the calls that put four files into place or remove two; in a process of its own, for it is watched."""
    here = Path(__file__).parent
    command = [sys.executable, "-c", INTERRUPTED, tmp_path, here, here.parent]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.stdout.split() == ["interrupted"] * 6, done.stderr
    for folder in tmp_path.iterdir():
        named = re.findall(r"path: (data/\S+)", (folder / "README.md").read_text(encoding="utf-8"))
        assert len(named) == (3 if int(folder.name) < 4 else 2)
        assert all((folder / name).is_file() for name in named)


@pytest.mark.parametrize("below", ["", "set"], ids=["a file", "a folder under a file"])
def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("taken", encoding="utf-8")
    with pytest.raises(InputError, match=r"file.*the dataset folder cannot be written \(got Not a directory\)"):
        build([edition()], TEA, tmp_path / "file" / below)
    assert (tmp_path / "file").read_text(encoding="utf-8") == "taken"


def _ask_for_an_unknown_part(folder: Path) -> None:
    with (folder / "README.md").open("a", encoding="utf-8") as card:
        card.write("\n<!-- made: nonsense -->\n<!-- /made -->\n")


def _break_the_metadata(folder: Path) -> None:
    (folder / "README.md").write_text("---\nlicense: [\n---\n\n# Tea\n", encoding="utf-8")


def _put_a_folder_in_place_of_the_card(folder: Path) -> None:
    (folder / "README.md").unlink()
    (folder / "README.md").mkdir()


def _put_a_folder_in_place_of_a_table(folder: Path) -> None:
    (folder / "data" / "mine.parquet").unlink()
    (folder / "data" / "mine.parquet").mkdir()


@pytest.mark.parametrize(
    "fault",
    [
        _ask_for_an_unknown_part,
        _break_the_metadata,
        _put_a_folder_in_place_of_the_card,
        _put_a_folder_in_place_of_a_table,
    ],
)
def test_a_failing_build_leaves_the_old_files_whole(tmp_path: Path, fault: Callable[[Path], None]) -> None:
    """Tables and card belong together: either all are new or all are old."""
    build([edition()], TEA, tmp_path)
    fault(tmp_path)
    before = contents(tmp_path)
    with pytest.raises(InputError, match=r"README\.md|mine\.parquet"):
        build([edition(2)], TEA, tmp_path)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("size", [1_000, 10_000], ids=["while a table is written", "while the card is written"])
def test_a_full_disk_leaves_the_old_files_whole(tmp_path: Path, size: int) -> None:
    build([edition()], TEA, tmp_path)
    with (tmp_path / "README.md").open("a", encoding="utf-8") as card:
        card.write("\nA long story about tea.\n" * 1_000)
    before = contents(tmp_path)
    with pytest.raises((InputError, OSError), match=r"written|too large"), files_no_larger_than(size):
        build([edition(3)], TEA, tmp_path)
    assert contents(tmp_path) == before


def test_an_interrupted_build_leaves_the_old_files_whole(tmp_path: Path) -> None:
    """The signal comes while the labels are read, as from a person at the keyboard."""
    build([edition()], TEA, tmp_path)
    before = contents(tmp_path)

    def labels() -> Iterator[Label]:
        yield Label("tale/001", {"green": "likes", "black": "likes"}, ("price",), {}, {})
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        build([edition()], TEA, tmp_path, labels={"mine": labels()})
    assert contents(tmp_path) == before


def test_what_a_killed_build_left_behind_does_not_disturb_the_dataset(tmp_path: Path) -> None:
    build([edition()], TEA, tmp_path)
    left = tmp_path / "data" / ".build.abandoned"
    left.mkdir()
    (left / "mine.parquet").write_bytes(b"PAR1 cut short")
    assert len(load_folder(tmp_path)) == 8
    assert build([edition(2)], TEA, tmp_path).tables[0].rows == 4


def test_the_packaged_editions_build_without_a_finding(tmp_path: Path, schema: Schema) -> None:
    made = build([packaged_edition("open"), packaged_edition("source")], schema, tmp_path)
    assert not made.issues
    assert list(dict.fromkeys(table.name for table in made.tables)) == ["open", "source", "judgements"]


def test_paragraphs_with_neither_text_nor_a_place_are_refused_as_with_a_mistyped_field(tmp_path: Path) -> None:
    nowhere = [replace(one, text="", start=0, end=0) for one in edition().paragraphs]
    with pytest.raises(InputError, match=r"have neither text nor a place in an article, such as .*Check the names"):
        build([replace(edition(), paragraphs=tuple(nowhere))], TEA, tmp_path)
    assert not (tmp_path / "README.md").exists()

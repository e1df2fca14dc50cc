"""Pictures of datasets: the numbers they show, that every word can be read, and that they are current."""

import json
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from io import BytesIO
from itertools import combinations
from pathlib import Path
from platform import machine
from random import Random
from typing import Any

import matplotlib as mpl
import pyarrow.parquet as pq
import pytest
from conftest import ROOT, files_no_larger_than
from iraqstance.annotation.agreement import agreement
from iraqstance.annotation.drawing import styled
from iraqstance.annotation.errors import InputError, MissingExtraError
from iraqstance.annotation.rows import read_judgements
from iraqstance.annotation.schema import packaged_schema
from iraqstance.dataset.editions import packaged_edition, packaged_folder
from iraqstance.dataset.figure_numbers import FigureNumbers, figure_numbers
from iraqstance.dataset.figures import DATA_KEY, data_hashes, draw_figures, figure_files, write_figures
from iraqstance.dataset.load import load
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from PIL import Image

NAMES = ["agreement.png", "labels.png", "lengths.png", "topics.png"]
LONG = [
    "international_coalition_against_the_islamic_state_groups",
    "electricity_and_gas_imports_from_neighbouring_countries",
    "a" * 60,
    *(f"topic_with_a_rather_long_name_number_{number}" for number in range(17)),
]


def lines(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def folder_of(
    folder: Path,
    targets: Sequence[str],
    stances: Sequence[str],
    topics: Sequence[str],
    count: int = 40,
    annotators: Sequence[str] = ("ann", "ben"),
    genres: Sequence[str] = (),
) -> Path:
    """Make a dataset folder whose labels and judgements are drawn by lot."""
    lot = Random(3)  # noqa: S311 - no secret
    rows: list[dict[str, Any]] = []
    judged: list[dict[str, Any]] = []
    for number in range(count):
        chosen = lot.sample(topics, min(len(topics), lot.choice([1, 1, 2, 3])))
        genre = {"genre": lot.choice(genres)} if genres else {}
        text = "word " * lot.randrange(5, 150)
        for target in targets:
            stance = lot.choice(stances)
            labels = {"target": target, "stance": stance, "topics": chosen}
            rows.append({"id": f"a/{number:03d}", "text": text, **genre, **labels})
            judged += [
                {
                    "edition": "default",
                    "paragraph": f"a/{number:03d}",
                    "annotator": name,
                    **labels,
                    "stance": lot.choice([stance, lot.choice(stances)]),
                }
                for name in annotators
            ]
    (folder / "data").mkdir(parents=True)
    files = {"default": rows, "judgements": judged}
    configs = []
    for name, theirs in files.items():
        if theirs:
            lines(folder / "data" / f"{name}.jsonl", theirs)
            configs.append(f"- config_name: {name}\n  data_files: data/{name}.jsonl\n")
    (folder / "README.md").write_text(f"---\nconfigs:\n{''.join(configs)}---\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def packaged() -> FigureNumbers:
    return figure_numbers()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> FigureNumbers:
    """Two genres, one target, two annotators."""
    folder = tmp_path_factory.mktemp("small") / "set"
    return figure_numbers(folder_of(folder, ["dam"], ["pro", "con"], ["fish", "power"], genres=["note", "list"]))


def boxes(figure: Figure) -> list[tuple[str, Bbox]]:
    """Return every word that is seen, and its box in pixels."""
    with styled(9, 8.2):
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        renderer = canvas.get_renderer()
        seen = [text for text in figure.findobj(Text) if isinstance(text, Text) and text.get_visible()]
        return [
            (text.get_text(), text.get_window_extent(renderer))
            for text in seen
            if text.get_text().strip() and (text.axes is None or text.axes.axison or text in text.axes.texts)
        ]


def texts(figure: Figure) -> list[str]:
    return [words for words, _ in boxes(figure)]


def all_words(numbers: FigureNumbers, name: str) -> str:
    return " ".join(texts(draw_figures(numbers)[name]))


def data_hash(content: bytes) -> str:
    """Return the hash that a picture carries."""
    with Image.open(BytesIO(content)) as picture:
        return str(picture.info[DATA_KEY])


def drawn_as_locked() -> bool:
    """Tell whether the libraries that draw are those of the lock file, on the kind of machine that drew."""
    locked = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"]
    wanted = {one["name"]: one["version"] for one in locked if one["name"] in {"matplotlib", "numpy", "pillow"}}
    return all(version(name) == found for name, found in wanted.items()) and machine() == "x86_64"


def column(name: str, files: str) -> list[Any]:
    paths = sorted((packaged_folder() / "data").glob(files))
    return [value for path in paths for value in pq.read_table(path)[name].to_pylist()]


# --- the numbers


def test_the_counts_of_labels_are_those_of_the_parquet_files(packaged: FigureNumbers) -> None:
    schema = packaged_schema()
    assert [one.edition for one in packaged.labels] == ["open", "source"]
    for one, files in zip(packaged.labels, ("open-*", "source*"), strict=True):
        stances, topics = Counter(column("stance", files)), column("topics", files)
        assert one.paragraphs == one.with_topics == len(topics)
        assert one.stances == {
            "us_policy_iraq": {name: stances[number] for number, name in enumerate(schema.stance_names)}
        }
        assert one.topics == {
            name: sum(number in chosen for chosen in topics) for number, name in enumerate(schema.topic_names)
        }


def test_topics_together_are_those_of_the_parquet_files(packaged: FigureNumbers) -> None:
    topics, stances = column("topics", "source*"), column("stance", "source*")
    found = packaged.topics[1]
    for one in range(len(found.topics)):
        for other in range(len(found.topics)):
            assert found.together[one][other] == sum({one, other} <= set(chosen) for chosen in topics)
        for stance, name in enumerate(packaged_schema().stance_names):
            expected = sum(one in chosen and said == stance for chosen, said in zip(topics, stances, strict=True))
            assert found.stances["us_policy_iraq"][name][one] == expected


def test_lengths_are_of_texts_and_of_places_where_there_is_no_text(packaged: FigureNumbers) -> None:
    by_name = {(one.edition, one.genre): one for one in packaged.lengths}
    texts, genres = column("text", "open-*"), column("genre", "open-*")
    assert by_name["open", ""].characters == tuple(sorted(map(len, texts)))
    assert {genre for edition, genre in by_name if edition == "open"} == {"", *genres}
    some = (len(text) for text, genre in zip(texts, genres, strict=True) if genre == "list")
    assert by_name["open", "list"].characters == tuple(sorted(some))
    places = zip(column("start", "source*"), column("end", "source*"), strict=True)
    assert by_name["source", ""].characters == tuple(sorted(end - start for start, end in places))
    assert [one.standoff for one in packaged.lengths if not one.genre] == [False, True]


def test_alphas_are_those_of_the_judgements_as_they_were_written(packaged: FigureNumbers) -> None:
    written = packaged_folder().parent / "annotation" / "judgements" / "source.jsonl"
    expected = agreement(read_judgements(written, packaged_schema()), packaged_schema())
    found = next(one for one in packaged.agreement if one.edition == "source")
    assert found.alphas == {question.question: question.alpha for question in expected}
    assert found.paragraphs == 109
    assert packaged.annotators == {"model": 3}


def test_alphas_of_a_genre_are_those_of_its_judgements(packaged: FigureNumbers) -> None:
    edition = packaged_edition("open")
    theirs = [one for one in edition.judgements if edition.genres.get(one.paragraph) == "news report"]
    found = next(one for one in packaged.agreement if one.genre == "news report")
    expected = {question.question: question.alpha for question in agreement(theirs, packaged_schema())}
    assert set(found.alphas) == {"stance", "topics"}
    assert all(expected[question] == alpha for question, alpha in found.alphas.items())


def test_a_paragraph_with_several_targets_counts_once(tmp_path: Path) -> None:
    numbers = figure_numbers(folder_of(tmp_path / "set", ["dam", "canal"], ["pro", "con"], ["fish", "power"], 10))
    (one,) = numbers.labels
    assert one.paragraphs == one.with_topics == 10
    assert [sum(found.values()) for found in one.stances.values()] == [10, 10]
    assert max(one.topics.values()) <= 10
    assert len(numbers.lengths[0].characters) == 10
    assert set(numbers.agreement[0].alphas) == {"stance_dam", "stance_canal", "topics", "topic fish", "topic power"}


# --- the pictures


def test_the_committed_pictures_are_current(packaged: FigureNumbers) -> None:
    """Versions of matplotlib draw differently, so that bytes are compared where all is as it is locked."""
    hashes, drawn = data_hashes(packaged), figure_files(packaged)
    for name, content in drawn.items():
        committed = (packaged_folder() / "figures" / name).read_bytes()
        assert data_hash(committed) == hashes[name], "run: iraqstance dataset figures"
        assert len(committed) < 200_000
        if drawn_as_locked():
            assert committed == content, "run: iraqstance dataset figures"


def test_a_change_of_a_number_changes_the_hash_of_its_picture_alone(packaged: FigureNumbers) -> None:
    first, *others = packaged.lengths
    changed = replace(packaged, lengths=(replace(first, characters=(1, *first.characters[1:])), *others))
    before, after = data_hashes(packaged), data_hashes(changed)
    assert [name for name in before if before[name] != after[name]] == ["lengths.png"]


@pytest.mark.parametrize(
    ("targets", "stances", "topics", "count", "annotators", "genres"),
    [
        pytest.param(
            ["the_dam_on_the_upper_river_near_the_border", "canal"],
            ["strongly_in_favour", "mildly_in_favour", "against", "no_position_at_all"],
            LONG,
            60,
            ["ann", "ben"],
            [],
            id="two targets, four stances, twenty long topics",
        ),
        pytest.param(["dam"], ["pro", "con"], ["fish", "power"], 3, ["ann", "ben"], [], id="three rows"),
        pytest.param(["dam"], ["pro", "con"], ["fish"], 1, [], [], id="one row without judgements"),
        pytest.param(
            ["سياسة الولايات المتحدة"],
            ["مؤيد", "معارض", "محايد"],
            ["الاقتصاد", "العقوبات المفروضة على المصارف العراقية", "القوات_الأمريكية"],
            30,
            ["ann", "ben"],
            ["تقرير إخباري", "مقال رأي"],
            id="Arabic",
        ),
        pytest.param(
            ["$x_1$ & $y^2$"],
            ["$pro$", "con_$", "<b>"],
            [r"$\frac{1}{2}$", "a_b_$c_", "50 % of $"],
            30,
            ["ann", "ben"],
            ["$g$", "h_1$"],
            id="signs of formulae",
        ),
    ],
)
def test_no_words_overlap_and_none_are_cut_off(
    tmp_path: Path,
    targets: list[str],
    stances: list[str],
    topics: list[str],
    count: int,
    annotators: list[str],
    genres: list[str],
) -> None:
    numbers = figure_numbers(folder_of(tmp_path / "set", targets, stances, topics, count, annotators, genres))
    for figure in draw_figures(numbers).values():
        assert_legible(figure)


def test_no_words_of_the_packaged_pictures_overlap_and_none_are_cut_off(packaged: FigureNumbers) -> None:
    for figure in draw_figures(packaged).values():
        assert_legible(figure)
        assert figure.get_figwidth() == 6  # so that its smallest letters are 7 pixels high on a phone


def assert_legible(figure: Figure) -> None:
    found = boxes(figure)
    assert min(min(box.x0, box.y0) for _, box in found) >= 0
    assert max(box.x1 for _, box in found) <= figure.bbox.width
    assert max(box.y1 for _, box in found) <= figure.bbox.height
    overlapping = [
        (one, other)
        for (one, left), (other, right) in combinations(found, 2)
        if min(left.x1, right.x1) - max(left.x0, right.x0) > 1 and min(left.y1, right.y1) - max(left.y0, right.y0) > 4
    ]
    assert overlapping == []


def test_labels_are_shown_as_they_are_spelt(tmp_path: Path) -> None:
    """A dollar sign starts no formula."""
    folder = folder_of(tmp_path / "set", ["$x_1$"], ["$pro$", "con_"], ["$a$", "b_c"], genres=["$g$"])
    figures = draw_figures(figure_numbers(folder))
    assert {"$pro$", "con_", "$a$", "b_c", "Stance towards $x_1$"} <= set(texts(figures["labels.png"]))
    assert "$g$" in texts(figures["lengths.png"])


def test_the_numbers_stand_in_the_pictures(packaged: FigureNumbers) -> None:
    stances = load("open", form="pandas")["stance"]
    favor = int((stances == "favor").sum())
    expected = {f"open: n = {len(stances):,} paragraphs", f"{100 * favor / len(stances):.0f} % ({favor})", "7 % (8)"}
    assert expected <= set(texts(draw_figures(packaged)["labels.png"]))
    topics = texts(draw_figures(packaged)["topics.png"])
    cells = [str(count) for one in packaged.topics for line in one.together for count in line]
    assert Counter(cells) - Counter(topics) == Counter()


def test_captions_tell_who_judged(packaged: FigureNumbers, small: FigureNumbers) -> None:
    for name in ("labels.png", "topics.png", "agreement.png"):
        assert "Judgements are by 3 passes of a model, none by a person." in all_words(packaged, name)
        assert "Judgements are by 2 persons." in all_words(small, name)
    said = "Agreement between passes of one model is not agreement between people."
    assert said in all_words(packaged, "agreement.png")
    assert said not in all_words(small, "agreement.png")


def test_lengths_are_told_to_be_characters_and_why(packaged: FigureNumbers, small: FigureNumbers) -> None:
    assert "the text of “source” is not here" in all_words(packaged, "lengths.png")
    assert "for every edition has them" in all_words(small, "lengths.png")


def test_what_is_undefined_is_called_so_and_why(tmp_path: Path) -> None:
    alone = figure_numbers(folder_of(tmp_path / "alone", ["dam"], ["pro", "con"], ["fish"], 3, ["ann"]))
    without = figure_numbers(folder_of(tmp_path / "without", ["dam"], ["pro", "con"], ["fish"], 3, []))
    flat = figure_numbers(folder_of(tmp_path / "flat", ["dam"], ["pro", "con"], ["fish"], 3))
    assert "undefined, for no paragraph was judged by two annotators" in all_words(alone, "agreement.png")
    assert "The dataset has no judgements, so agreement is undefined." in all_words(without, "agreement.png")
    assert "Undefined: answers do not vary." in all_words(flat, "agreement.png")
    assert "nan" not in all_words(flat, "agreement.png")


def test_a_dataset_without_topics_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    (folder / "data").mkdir(parents=True)
    lines(folder / "data" / "train.jsonl", [{"id": "a/001", "text": "word", "target": "dam", "stance": "pro"}])
    numbers = figure_numbers(folder)
    assert numbers.topics == ()
    assert "The dataset has no topics." in all_words(numbers, "topics.png")
    assert "Topics" not in texts(draw_figures(numbers)["labels.png"])


# --- the files


def test_the_same_numbers_give_the_same_bytes(tmp_path: Path) -> None:
    """Also in another process, and whatever the user's own style is."""
    folder = folder_of(tmp_path / "set", ["dam"], ["pro", "con"], ["fish", "power"], 5)
    write_figures(figure_numbers(folder), tmp_path / "here")
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "black", "text.parse_math": True}):
        write_figures(figure_numbers(folder), tmp_path / "styled")
    code = (
        "import sys; from iraqstance.dataset.figure_numbers import figure_numbers\n"
        "from iraqstance.dataset.figures import write_figures\n"
        f"write_figures(figure_numbers({str(folder)!r}), {str(tmp_path / 'there')!r})\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONHASHSEED": "1"})
    for name in NAMES:
        content = (tmp_path / "here" / name).read_bytes()
        assert (tmp_path / "styled" / name).read_bytes() == content
        assert (tmp_path / "there" / name).read_bytes() == content
        with Image.open(BytesIO(content)) as picture:
            assert set(picture.info) <= {DATA_KEY}


def test_four_pictures_are_written_and_nothing_else(tmp_path: Path, small: FigureNumbers) -> None:
    written = write_figures(small, tmp_path / "new" / "figures")
    assert sorted(path.name for path in (tmp_path / "new" / "figures").iterdir()) == NAMES
    assert all(data_hash(path.read_bytes()) == data_hashes(small)[path.name] for path in written)


def test_a_full_disk_leaves_the_earlier_pictures(tmp_path: Path, small: FigureNumbers) -> None:
    (tmp_path / "labels.png").write_bytes(b"earlier")
    with files_no_larger_than(20_000), pytest.raises(InputError, match="the pictures cannot be written"):
        write_figures(small, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["labels.png"]
    assert (tmp_path / "labels.png").read_bytes() == b"earlier"


def test_a_folder_in_the_place_of_a_picture_is_named_and_nothing_written(tmp_path: Path, small: FigureNumbers) -> None:
    (tmp_path / "lengths.png").mkdir()
    with pytest.raises(InputError, match=r"lengths\.png: the file cannot be written .got a folder"):
        write_figures(small, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["lengths.png"]


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path, small: FigureNumbers) -> None:
    (tmp_path / "figures").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match=r"figures: the pictures cannot be written .got File exists"):
        write_figures(small, tmp_path / "figures")


def test_without_matplotlib_the_extra_is_named(
    tmp_path: Path, small: FigureNumbers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"package matplotlib.*pip install 'iraqstance\[plot\]'"):
        write_figures(small, tmp_path / "figures")
    assert list(tmp_path.iterdir()) == []


# --- folders that cannot be drawn


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match=r"absent: there is no such dataset folder"):
        figure_numbers(tmp_path / "absent")
    with pytest.raises(InputError, match=r"file: there is no such dataset folder .got a file"):
        figure_numbers(tmp_path / "file")


def test_a_folder_without_data_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there is no data file in the folder.*iraqstance dataset check"):
        figure_numbers(tmp_path)


def test_a_folder_without_labels_is_named(tmp_path: Path) -> None:
    lines(tmp_path / "train.jsonl", [{"id": "a/001", "text": "word", "stance": None}])
    with pytest.raises(InputError, match="there is no labelled row to draw"):
        figure_numbers(tmp_path)


def test_damaged_data_is_named_with_its_place(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "set", ["dam"], ["pro", "con"], ["fish"], 3)
    (folder / "data" / "default.jsonl").write_text('{"id": "a/001"', encoding="utf-8")
    with pytest.raises(InputError, match=r"set.data.default\.jsonl: line 1: invalid JSON"):
        figure_numbers(folder)


@pytest.mark.parametrize(
    ("again", "said"),
    [
        ({"stance": "con"}, r"judgements\.jsonl: line 2: its annotator judged the paragraph already"),
        ({"annotator": "ben", "stance": None}, r"judgements\.jsonl: line 2: the judgement lacks a stance"),
    ],
)
def test_judgements_that_contradict_themselves_are_named(tmp_path: Path, again: dict[str, str], said: str) -> None:
    folder = folder_of(tmp_path / "set", ["dam"], ["pro", "con"], ["fish"], 1, ["ann"])
    path = folder / "data" / "judgements.jsonl"
    first = json.loads(path.read_text(encoding="utf-8"))
    lines(path, [first, {**first, **again}])
    with pytest.raises(InputError, match=said):
        figure_numbers(folder)

"""Pictures of agreement, read back: what stands in them, that no words overlap, and that they are always the same."""

import re
import struct
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import NamedTuple
from xml.etree.ElementTree import fromstring

import matplotlib as mpl
import numpy as np
import pytest
from iraqstance.annotation.agreement import agreement, annotators
from iraqstance.annotation.agreement_plot import agreement_picture
from iraqstance.annotation.errors import InputError, MissingExtraError, UsageError
from iraqstance.annotation.records import Judgement
from iraqstance.annotation.schema import LabelDefinition, Schema, Target
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

LONG = "the_international_coalition_against_the_islamic_state_groups"
SVG = "{http://www.w3.org/2000/svg}"


def subject(targets: Sequence[str], topics: Sequence[str]) -> Schema:
    return Schema(
        name="river",
        version=1,
        targets=tuple(Target(name=name, title=name) for name in targets),
        stance_question="What does it say?",
        stances=tuple(LabelDefinition(name=name, definition=name) for name in ("pro", "con", "neither")),
        topic_question="What is it about?",
        topics=tuple(LabelDefinition(name=name, definition=name) for name in topics),
    )


SMALL = subject(["dam"], ["fish", "power"])
LARGE = subject(["dam", "canal", "the_tunnel_below_the_old_town"], [LONG, *(f"topic_{number}" for number in range(29))])


def judged(labels: Schema, paragraphs: int, names: Sequence[str], missing: float = 0.0) -> list[Judgement]:
    """Judgements of annotators who choose blindly, some of them missing."""
    generator = np.random.default_rng(7)
    return [
        Judgement(
            f"a/{number:03d}",
            name,
            {target: str(generator.choice(labels.stance_names)) for target in labels.target_names},
            labels.ordered_topics(generator.choice(labels.topic_names, 2).tolist()),
            unsure=bool(generator.random() < 0.2),
            seconds=float(generator.integers(5, 60)),
        )
        for number in range(paragraphs)
        for name in names
        if generator.random() >= missing
    ]


def drawn(judgements: Sequence[Judgement], labels: Schema, path: Path) -> Path:
    agreement_picture(agreement(judgements, labels), annotators(judgements), path)
    return path


class Words(NamedTuple):
    """Words of an SVG picture and their box, the y-axis pointing down."""

    text: str
    left: float
    right: float
    top: float
    bottom: float


def words(path: Path) -> Iterator[Words]:
    """Read the words of a picture back; their widths are those of the font that they are set in."""
    for element in fromstring(path.read_text(encoding="utf-8")).iter(f"{SVG}text"):  # noqa: S314 - ours
        text = element.text or ""
        style = dict(part.strip().split(": ", 1) for part in element.attrib["style"].split(";"))
        size = float(style["font-size"].removesuffix("px"))
        font = FontProperties(weight="bold" if style.get("font-weight") == "700" else "normal")
        width = TextPath((0, 0), text.replace("$", r"\$"), size=size, prop=font).get_extents().width if text else 0
        x, y = float(element.attrib["x"]), float(element.attrib["y"])
        left = x - width * {"start": 0, "middle": 0.5, "end": 1}[style.get("text-anchor", "start")]
        yield Words(text, left, left + width, y - 0.7 * size, y)


def texts(path: Path) -> list[str]:
    return [found.text for found in words(path)]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three annotators of forty paragraphs."""
    return drawn(judged(SMALL, 40, ("ann", "ben", "cat")), SMALL, tmp_path_factory.mktemp("small") / "picture.svg")


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty annotators with names of all lengths, three targets, thirty topics, most answers missing."""
    names = ["Zbigniew-from-the-archive-of-the-university", "$x_1$", "a<b>&c", *(f"annotator-{n}" for n in range(17))]
    return drawn(judged(LARGE, 60, names, 0.5), LARGE, tmp_path_factory.mktemp("large") / "picture.svg")


@pytest.fixture(scope="module")
def undefined(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two who say the same of everything, and one who judged something else."""
    judgements = [
        Judgement(paragraph, name, {"dam": "pro"}, ("fish",))
        for paragraph, name in (("p", "ann"), ("p", "ben"), ("q", "ann"), ("q", "ben"), ("r", "cat"))
    ]
    return drawn(judgements, SMALL, tmp_path_factory.mktemp("undefined") / "picture.svg")


def test_names_questions_labels_and_n_stand_in_the_picture(small: Path) -> None:
    found = texts(small)
    assert "Agreement of 3 persons: n = 40 paragraphs judged at least twice" in found
    for name in ("ann", "ben", "cat"):
        assert found.count(name) == 2  # beside the heat maps, and against the rest
    assert {"stance", "topics (sets)", "pro", "con", "neither", "fish", "power"} <= set(found)
    assert "paragraphs judged by both: n = 40" in found


def test_figures_stand_in_words_beside_their_marks(small: Path) -> None:
    question = agreement(judged(SMALL, 40, ("ann", "ben", "cat")), SMALL)[0]
    alpha = question.alpha
    expected = f"{alpha.value:.2f} [{alpha.low:.2f}, {alpha.high:.2f}]".replace("-", "−")
    found = texts(small)
    assert expected in found
    assert f"{question.kappas['ann', 'ben'].value:.2f}".replace("-", "−") in found


def test_the_caption_tells_what_the_intervals_are(small: Path) -> None:
    caption = " ".join(texts(small))
    assert "Bars: 95 % percentile-bootstrap intervals over paragraphs, 2000 resamples." in caption
    assert "Undefined:" not in caption


def test_what_is_undefined_is_called_so_and_the_reasons_are_told(undefined: Path) -> None:
    found = texts(undefined)
    assert found.count("undefined") > 10
    assert "nan" not in " ".join(found)
    for reason in ("answers do not vary", "nobody chose it", "no paragraph was judged by another annotator too"):
        assert reason in " ".join(found)


def test_twenty_annotators_have_no_numbers_in_their_cells_but_the_range_of_n(large: Path) -> None:
    found = texts(large)
    assert not any(re.fullmatch(r"−?\d\.\d\d", text) for text in found)
    assert any(text.startswith("paragraphs judged by both: n from ") for text in found)


def test_long_names_are_shortened_in_their_middle_and_odd_ones_are_kept(large: Path) -> None:
    found = texts(large)
    assert {"$x_1$", "a<b>&c"} <= set(found)
    assert any(text.startswith("Zbigniew") and "…" in text and text.endswith("university") for text in found)
    assert any(text.startswith("the_international") and "…" in text for text in found)


@pytest.mark.parametrize("picture", ["small", "large", "undefined"])
def test_no_words_overlap_and_none_leave_the_picture(picture: str, request: pytest.FixtureRequest) -> None:
    path: Path = request.getfixturevalue(picture)
    root = fromstring(path.read_text(encoding="utf-8"))  # noqa: S314 - ours
    width, height = (float(root.attrib[side].removesuffix("pt")) for side in ("width", "height"))
    found = [box for box in words(path) if box.text.strip()]
    assert min(min(box.left, box.top) for box in found) >= 0
    assert max(box.right for box in found) <= width
    assert max(box.bottom for box in found) <= height
    overlapping = [
        (one.text, other.text)
        for one, other in combinations(found, 2)
        if min(one.right, other.right) - max(one.left, other.left) > 0.3
        and min(one.bottom, other.bottom) - max(one.top, other.top) > 0.3
    ]
    assert overlapping == []


def test_a_png_has_the_shape_of_the_picture(tmp_path: Path) -> None:
    few = judged(SMALL, 10, ("ann", "ben"))
    sizes = []
    for name, judgements in (("few.png", few), ("many.png", judged(SMALL, 10, [f"annotator-{n}" for n in range(12)]))):
        content = drawn(judgements, SMALL, tmp_path / name).read_bytes()
        assert content.startswith(b"\x89PNG\r\n\x1a\n")
        sizes.append(struct.unpack(">II", content[16:24]))
    assert sizes[0][0] == 1800
    assert sizes[1][1] > sizes[0][1] > 1000


@pytest.mark.parametrize("ending", ["png", "svg", "SVG"])
def test_the_same_figures_give_the_same_bytes(tmp_path: Path, ending: str) -> None:
    """Also in another process, whose sets and dates are others."""
    judgements = judged(SMALL, 10, ("ann", "ben"))
    here = drawn(judgements, SMALL, tmp_path / f"here.{ending}").read_bytes()
    assert drawn(judgements, SMALL, tmp_path / f"again.{ending}").read_bytes() == here
    there = tmp_path / f"there.{ending}"
    code = (
        "from test_agreement_plot import SMALL, drawn, judged\n"
        "from pathlib import Path\n"
        f"drawn(judged(SMALL, 10, ('ann', 'ben')), SMALL, Path({str(there)!r}))\n"
        "import sys\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parent, env={"PYTHONHASHSEED": "1"})
    assert there.read_bytes() == here
    assert b"2026" not in here


def test_the_users_own_style_changes_nothing_and_stays(tmp_path: Path) -> None:
    judgements = judged(SMALL, 10, ("ann", "ben"))
    plain = drawn(judgements, SMALL, tmp_path / "plain.svg").read_bytes()
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "black", "svg.hashsalt": None}):
        assert drawn(judgements, SMALL, tmp_path / "styled.svg").read_bytes() == plain
        assert mpl.rcParams["font.size"] == 30


@pytest.mark.parametrize(
    ("name", "got"), [("picture.pdf", ".pdf"), ("picture", "no ending"), ("-", "no ending"), ("a.svg.gz", ".gz")]
)
def test_another_ending_is_refused_and_nothing_is_written(tmp_path: Path, name: str, got: str) -> None:
    with pytest.raises(UsageError, match=rf"expected a file name that ends in \.png or \.svg, got {got}\)"):
        drawn(judged(SMALL, 4, ("ann", "ben")), SMALL, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent.picture\.png: the file cannot be written"):
        drawn(judged(SMALL, 4, ("ann", "ben")), SMALL, tmp_path / "absent" / "picture.png")


def test_without_matplotlib_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"package matplotlib.*pip install 'iraqstance\[plot\]'"):
        drawn(judged(SMALL, 4, ("ann", "ben")), SMALL, tmp_path / "picture.png")
    assert list(tmp_path.iterdir()) == []


def test_letters_that_the_font_has_not_are_no_warning(tmp_path: Path) -> None:
    path = drawn(judged(SMALL, 4, ("河", "line\nend")), SMALL, tmp_path / "picture.svg")
    assert {"河", "line\N{REPLACEMENT CHARACTER}end"} <= set(texts(path))


def test_a_single_paragraph_makes_a_picture(tmp_path: Path) -> None:
    judgements = judged(SMALL, 1, ("ann", "ben"))
    assert "Agreement of 2 persons: n = 1 paragraph judged at least twice" in texts(
        drawn(judgements, SMALL, tmp_path / "picture.svg")
    )

"""Compiled code scores texts as the pipelines do, whatever it remembers of other texts."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flat_models import LONG_TEXTS, MODELS, ODD_TEXTS, TRAINED_ON, any_texts, assert_alike, content_of, scorer_of
from hypothesis import given, settings
from hypothesis import strategies as st
from iraqstance.training.flat import kernel
from iraqstance.training.flat.array_engine import Arrays
from iraqstance.training.flat.compiled_engine import CompiledEngine
from numpy.typing import NDArray

MODEL = "nine topics"
MANY = [*ODD_TEXTS, *TRAINED_ON, *(f"tea{number} x{number}y fresh-{number}" for number in range(2_500)), *ODD_TEXTS]
# Words of many tokens, so that their hashes are more than there is room for.
DATES = [
    " ".join(f"{number}-ab-cd-ef-gh-ij-kl-mn-op" for number in range(first, first + 50))
    for first in range(0, 1_000, 50)
]


def engine_of(name: str = MODEL, *, jobs: int = 1) -> CompiledEngine:
    model = scorer_of(name, "compiled").model
    return CompiledEngine(model, Arrays.of(model), jobs=jobs)


@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=8)
@given(texts=any_texts())
def test_any_texts_are_scored_as_by_the_pipelines(name: str, texts: list[str]) -> None:
    assert_alike(name, "compiled", texts)


@pytest.mark.parametrize("name", MODELS)
def test_odd_texts_are_scored_as_by_the_pipelines(name: str) -> None:
    assert_alike(name, "compiled", ODD_TEXTS)


@pytest.mark.parametrize("name", ["two stances", "one to sixteen of each", "two or three words"])
def test_long_texts_are_scored_as_by_the_pipelines(name: str) -> None:
    """A sum of many thousand equal parts, less most of them, would have lost digits."""
    assert_alike(name, "compiled", LONG_TEXTS)


@pytest.mark.parametrize("name", ["nine topics", "a constant alone"])
def test_no_texts_have_no_scores(name: str) -> None:
    engine = engine_of(name)
    assert engine.scores([]).shape == (0, scorer_of(name, "compiled").model.columns)


def test_a_text_has_the_same_scores_alone_among_others_and_again() -> None:
    engine = engine_of()
    whole = engine.scores(MANY)
    assert (engine.scores(MANY) == whole).all()
    assert (engine.scores(MANY[::-1])[::-1] == whole).all()
    assert (np.vstack([engine.scores([text]) for text in MANY]) == whole).all()
    assert (np.vstack([engine_of().scores([text]) for text in ODD_TEXTS[:20]]) == whole[:20]).all()


@pytest.mark.parametrize("first", ["\0tea", "\0\0tea", "\0", "tea\0"])
def test_words_that_begin_with_nothing_are_no_others(first: str) -> None:
    """A NUL leaves a hash that begins with 0 as it was."""
    engine = engine_of()
    expected = engine_of().scores(["tea"])
    assert (engine.scores([first, "tea"])[1] == expected).all()


@given(order=st.permutations(range(len(ODD_TEXTS))))
@settings(max_examples=10)
def test_the_order_of_texts_does_not_count(order: list[int]) -> None:
    whole = scorer_of(MODEL, "compiled").compiled()
    assert whole is not None
    expected = whole.scores(ODD_TEXTS)
    assert (whole.scores([ODD_TEXTS[number] for number in order]) == expected[order]).all()


@pytest.mark.parametrize("jobs", [2, 3])
def test_threads_change_nothing(jobs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iraqstance.training.flat.compiled_engine._TEXTS", 5)
    engine = engine_of(jobs=jobs)
    for texts in (MANY, MANY[:7], MANY[:1], []):
        assert (engine.scores(texts) == engine_of().scores(texts)).all()


@pytest.mark.parametrize(
    "sizes",
    [{"_WORDS": 1}, {"_WORDS": 4}, {"_WORDS": 32}, {"_NOTES": 1}],
    ids=["one word", "four words", "some words", "few notes"],
)
def test_the_memory_may_overflow(sizes: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [*MANY, *DATES, *MANY]
    expected = engine_of().scores(texts)
    for name, size in sizes.items():
        monkeypatch.setattr(kernel, name, size)
    assert (engine_of().scores(texts) == expected).all()


@pytest.mark.parametrize("before", [0, 1, 2, 5, 300, 600])
def test_counts_may_begin_again(before: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts go on from text to text, above a base, until that comes near to the greatest number."""
    made = kernel.memory_for
    memories = []

    def late(*arguments: int) -> Any:
        memories.append(made(*arguments))
        memories[-1].sizes[2] = (1 << 30) - before
        return memories[-1]

    expected = engine_of().scores([*ODD_TEXTS, *ODD_TEXTS])
    monkeypatch.setattr(kernel, "memory_for", late)
    assert (engine_of().scores([*ODD_TEXTS, *ODD_TEXTS]) == expected).all()
    assert memories[0].sizes[2] < 1 << 20


def buffer_of(*parts: bytes, beside: bytes = b"\0\0\0\0") -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    data = np.frombuffer(b"".join((*parts, beside)), dtype=np.uint8)
    return data, np.cumsum([0, *map(len, parts)])


def test_texts_in_a_buffer_are_read_save_those_that_python_has_to_prepare() -> None:
    texts = ["fresh tea", "#FreshTea", "", "Σίσυφος", "σίσυφος", "İstanbul", "Istanbul", "x#", "TEA"]
    scores, read = engine_of().scores_of_buffer(*buffer_of(*map(str.encode, texts)))
    assert [text for text, was_read in zip(texts, read, strict=True) if not was_read] == [
        "#FreshTea",
        "Σίσυφος",
        "İstanbul",
        "x#",
    ]
    assert (scores[read] == engine_of().scores(texts)[read]).all()


def test_texts_as_written_are_all_read_save_those_with_a_number_sign() -> None:
    texts = ["#FreshTea", "Σίσυφος", "İstanbul", "TEA"]
    _, read = engine_of("as written").scores_of_buffer(*buffer_of(*map(str.encode, texts)))
    assert read.tolist() == [False, True, True, True]


def test_a_buffer_may_be_one_part_of_another_and_hold_smaller_numbers() -> None:
    """So Arrow's buffers are: with offsets of 32 bits, that begin anywhere."""
    data, offsets = buffer_of(b"fresh tea", b"stale coffee", b"tea")
    whole, _ = engine_of().scores_of_buffer(data, offsets)
    part, _ = engine_of().scores_of_buffer(data.copy(), offsets[1:].astype(np.int32))
    assert (part == whole[1:]).all()


@pytest.mark.parametrize("offsets", [[0, 12], [-1, 4], [0, 5, 4, 6], [0, 1 << 40], [10, 9]])
def test_offsets_that_leave_the_buffer_are_refused(offsets: list[int]) -> None:
    with pytest.raises(ValueError, match="offsets that leave the buffer"):
        engine_of().scores_of_buffer(np.zeros(12, dtype=np.uint8), np.array(offsets))


PIECES = st.one_of(
    st.binary(max_size=40),
    st.text(st.characters()).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.lists(
        st.sampled_from([b"\xc0\xa3", b"\xf8", b"\xff", b"\xed\xa0\x80", b"\xe2\x80", b"tea ", b"\xf4\x90\x80\x80"])
    ).map(b"".join),
)


@given(st.lists(PIECES, max_size=8))
def test_bytes_that_are_no_utf_8_are_read_without_a_look_beyond(parts: list[bytes]) -> None:
    """What stands behind a text, another one or nothing, does not change its scores."""
    engine = scorer_of(MODEL, "compiled").compiled()
    assert engine is not None
    scores, read = engine.scores_of_buffer(*buffer_of(*parts))
    assert np.isfinite(scores).all()
    for number, part in enumerate(parts):
        for beside in (b"\0\0\0\0", b"\xbf\xbf\xbf\xbf", b"tea tea"):
            alone, read_alone = engine.scores_of_buffer(*buffer_of(part, beside=beside))
            assert read_alone[0] == read[number]
            assert not read[number] or (alone[0] == scores[number]).all()


@given(st.binary(max_size=200), st.data())
def test_texts_may_begin_anywhere_in_a_buffer(content: bytes, data: st.DataObject) -> None:
    edges = sorted(data.draw(st.lists(st.integers(0, len(content)), min_size=1, max_size=6)))
    engine = scorer_of(MODEL, "compiled").compiled()
    assert engine is not None
    scores, read = engine.scores_of_buffer(buffer_of(content)[0], np.array(edges))
    assert scores.shape == (len(edges) - 1, scorer_of(MODEL, "compiled").model.columns)
    for number, (first, last) in enumerate(pairwise(edges)):
        try:
            text = content[first:last].decode()
        except UnicodeDecodeError:
            continue
        assert not read[number] or np.allclose(scores[number], engine.scores([text])[0], rtol=0, atol=1e-12)


def test_a_cut_character_at_the_end_is_left_to_python() -> None:
    cut = "tea 茶".encode()[:-1]
    _, read = engine_of().scores_of_buffer(*buffer_of(cut, b"tea", cut[:-1]))
    assert read.tolist() == [False, True, False]


SCORED = """
import sys
from pathlib import Path
from iraqstance.annotation.errors import MissingExtraError
from iraqstance.training.flat.array_engine import Arrays
from iraqstance.training.flat.file import open_flat
from iraqstance.training.flat.compiled_engine import CompiledEngine
model = open_flat(sys.argv[1])
try:
    CompiledEngine(model, Arrays.of(model))
except MissingExtraError as error:
    print(error)
else:
    print("made")
"""


def test_without_numba_the_extra_is_named(tmp_path: Path) -> None:
    file = tmp_path / "cups.flat"
    file.write_bytes(content_of("fit: stance and topics"))
    code = f"import sys; sys.modules['numba'] = None\n{SCORED}"
    ran = subprocess.run([sys.executable, "-c", code, str(file)], check=True, capture_output=True, text=True)
    assert ran.stdout == (
        "this needs the Python package numba, which is not installed. Install it with: pip install 'iraqstance[fast]'\n"
    )


def test_code_is_compiled_where_no_folder_can_keep_it(tmp_path: Path) -> None:
    file = tmp_path / "cups.flat"
    file.write_bytes(content_of("fit: stance and topics"))
    code = (
        "from numba.core import caching\n"
        "caching.FunctionCache._impl_class._locator_classes = []\n"  # what a system without a writable folder leaves
        f"{SCORED}"
    )
    ran = subprocess.run([sys.executable, "-c", code, str(file)], check=True, capture_output=True, text=True)
    assert ran.stdout == "made\n"


@pytest.mark.parametrize(("prepared", "plain"), [("b", "c"), ("c", "b"), ("tea", "milk")])
def test_a_word_that_python_prepared_is_not_taken_for_another(prepared: str, plain: str) -> None:
    """A text with a hashtag is read by another route than one without."""
    engine = engine_of()
    for text in (plain, f"#0B {prepared} ", plain):
        assert (engine.scores([text]) == engine_of().scores([text])).all()

"""``iraqstance segment``: articles in, paragraphs out, and a clear word for every input that is no article."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from iraqstance.annotation.rows import read_paragraphs

Run = Callable[..., subprocess.CompletedProcess[str]]

WELLS = "The council of the lower valley counted its wells this spring and found that forty of them had run dry."
CANAL = "Farmers at the far end of the canal said that they had not seen water in it since the dam was closed."
ARTICLE = f"Forty Dry Wells\nBy Nadia Karim\n\n{WELLS}\n\nRead More\n\n{CANAL}\n"

UTF_8_REMEDY = "Convert the file, for example with: iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW"


def rows(output: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in output.split("\n") if line]


def row(article: str, number: int, start: int, text: str) -> dict[str, object]:
    return {
        "id": f"{article}/{number:03d}",
        "article": article,
        "start": start,
        "end": start + len(text),
        "text": text,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
    }


def test_paragraphs_of_an_article_are_json_lines_on_standard_output(run: Run, tmp_path: Path) -> None:
    (tmp_path / "wells.txt").write_text(ARTICLE, encoding="utf-8")
    done = run("segment", "wells.txt")
    assert done.returncode == 0
    assert rows(done.stdout) == [
        row("wells", 1, ARTICLE.index(WELLS), WELLS),
        row("wells", 2, ARTICLE.index(CANAL), CANAL),
    ]
    assert done.stderr == "2 paragraphs from 1 article\n"


def test_a_file_of_paragraphs_can_be_read_again(run: Run, tmp_path: Path) -> None:
    (tmp_path / "wells.txt").write_text(ARTICLE, encoding="utf-8")
    done = run("segment", "wells.txt", "-o", "paragraphs.jsonl")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "2 paragraphs from 1 article\n")
    assert [one.text for one in read_paragraphs(tmp_path / "paragraphs.jsonl")] == [WELLS, CANAL]


def test_the_same_articles_give_the_same_bytes(run: Run, tmp_path: Path) -> None:
    (tmp_path / "wells.txt").write_text(ARTICLE, encoding="utf-8")
    for name in ("one.jsonl", "two.jsonl"):
        run("segment", "wells.txt", "-o", name)
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes()
    assert run("segment", "wells.txt").stdout.encode() == (tmp_path / "one.jsonl").read_bytes()


def test_a_folder_stands_for_its_text_files_by_name(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "wells.txt").write_text(WELLS, encoding="utf-8")
    (folder / "canal.txt").write_text(CANAL, encoding="utf-8")
    (folder / "notes.md").write_text("Notes that are no article.", encoding="utf-8")
    done = run("segment", "articles")
    assert rows(done.stdout) == [row("canal", 1, 0, CANAL), row("wells", 1, 0, WELLS)]
    assert (done.returncode, done.stderr) == (0, "2 paragraphs from 2 articles\n")


def test_a_single_paragraph_is_counted_in_the_singular(run: Run, tmp_path: Path) -> None:
    (tmp_path / "wells.txt").write_text(WELLS, encoding="utf-8")
    assert run("segment", "wells.txt").stderr == "1 paragraph from 1 article\n"


def test_an_article_may_be_given_an_id(run: Run, tmp_path: Path) -> None:
    (tmp_path / "draft.txt").write_text(WELLS, encoding="utf-8")
    done = run("segment", "draft.txt", "--article", "wells")
    assert (done.returncode, rows(done.stdout)) == (0, [row("wells", 1, 0, WELLS)])


def test_one_id_for_two_articles_is_wrong_usage(run: Run, tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(WELLS, encoding="utf-8")
    done = run("segment", "a.txt", "b.txt", "--article", "wells")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: --article names a single article (got 2 files).\n"


# standard input and output


def test_standard_input_is_an_article(run: Run) -> None:
    done = run("segment", "-", stdin=ARTICLE)
    assert done.returncode == 0
    assert [one["id"] for one in rows(done.stdout)] == ["stdin/001", "stdin/002"]


def test_standard_input_may_be_given_an_id(run: Run) -> None:
    assert rows(run("segment", "-", "--article", "wells", stdin=WELLS).stdout) == [row("wells", 1, 0, WELLS)]


def test_standard_input_may_stand_among_files(run: Run, tmp_path: Path) -> None:
    (tmp_path / "canal.txt").write_text(CANAL, encoding="utf-8")
    done = run("segment", "canal.txt", "-", stdin=WELLS)
    assert (done.returncode, rows(done.stdout)) == (0, [row("canal", 1, 0, CANAL), row("stdin", 1, 0, WELLS)])


def test_a_fault_in_standard_input_names_it(run: Run) -> None:
    done = run("segment", "-", stdin=b"caf\xe9")
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == (
        f"error: standard input: byte 3: invalid UTF-8 (expected UTF-8 text, got 0xE9). {UTF_8_REMEDY}"
    )


def test_empty_standard_input_is_named_in_the_warning(run: Run) -> None:
    done = run("segment", "-", stdin="")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.splitlines()[0] == "warning: standard input: no paragraph in it"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_output_is_utf_8_whatever_the_terminal_speaks(run: Run, encoding: str) -> None:
    line = "أغلقت الوزارة السد في الربيع ولم تقل متى تفتحه."
    done = run("segment", "-", stdin=line, PYTHONIOENCODING=encoding)
    assert (done.returncode, rows(done.stdout)) == (0, [row("stdin", 1, 0, line)])


def test_a_reader_that_has_had_enough_ends_the_command_quietly(tmp_path: Path) -> None:
    (tmp_path / "wells.txt").write_text(
        "\n\n".join(f"Well number {number} of the valley was found to be dry." for number in range(20_000)),
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "iraqstance.cli", "segment", str(tmp_path / "wells.txt")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ}) as process:
        assert process.stdout
        assert process.stderr
        assert b"wells/001" in process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()
    assert process.returncode == 1
    assert said == b""


# inputs of every kind


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(ARTICLE.encode(), id="UTF-8"),
        pytest.param(b"\xef\xbb\xbf" + ARTICLE.encode(), id="byte-order mark"),
        pytest.param(ARTICLE.replace("\n", "\r\n").encode(), id="CRLF"),
        pytest.param(ARTICLE.replace("\n", "\r").encode(), id="CR"),
        pytest.param(ARTICLE.replace(" ", "\u00a0").encode(), id="non-breaking spaces"),
    ],
)
def test_an_article_may_be_saved_in_many_ways(run: Run, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "wells.txt").write_bytes(data)
    done = run("segment", "wells.txt")
    assert [(one["text"], one["start"]) for one in rows(done.stdout)] == [
        (WELLS, ARTICLE.index(WELLS)),
        (CANAL, ARTICLE.index(CANAL)),
    ]


def test_arabic_and_kurdish_are_written_as_they_are(run: Run) -> None:
    lines = ["أغلقت الوزارة السد في الربيع ولم تقل متى تفتحه.", "ئەنجوومەنی شار ژمارەی بیرە وشکەکانی ڕاگەیاند."]
    done = run("segment", "-", stdin="\n\n".join(lines))
    assert [one["text"] for one in rows(done.stdout)] == lines
    assert lines[0] in done.stdout


def test_one_line_of_ten_megabytes_is_one_paragraph(run: Run, tmp_path: Path) -> None:
    line = (WELLS + " ") * (10_000_000 // (len(WELLS) + 1)) + CANAL
    (tmp_path / "long.txt").write_text(line, encoding="utf-8")
    done = run("segment", "long.txt", "-o", "long.jsonl")
    assert done.returncode == 0
    (found,) = rows((tmp_path / "long.jsonl").read_text(encoding="utf-8"))
    assert found == row("long", 1, 0, line)


def test_an_empty_file_has_no_paragraphs_and_a_warning(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").touch()
    done = run("segment", "empty.txt")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "warning: empty.txt: no paragraph in it\n0 paragraphs from 1 article\n"


def test_a_file_of_furniture_has_no_paragraphs_and_a_warning(run: Run, tmp_path: Path) -> None:
    (tmp_path / "menu.txt").write_text("Home | News | Contact\nRead More\n", encoding="utf-8")
    done = run("segment", "menu.txt")
    assert (done.returncode, done.stdout) == (0, "")
    assert "warning: menu.txt: no paragraph in it\n" in done.stderr


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(
            f"{WELLS} caf".encode() + b"\xe9",
            f"byte {len(WELLS) + 4}: invalid UTF-8 (expected UTF-8 text, got 0xE9). {UTF_8_REMEDY}",
            id="Latin-1",
        ),
        pytest.param(
            "é\n".encode() + b"\x80",
            f"byte 3: invalid UTF-8 (expected UTF-8 text, got 0x80). {UTF_8_REMEDY}",
            id="second line",
        ),
        pytest.param(
            b"PK\x03\x04\0\0",
            "byte 4: the file holds binary data, not text (expected UTF-8 text, got a NUL byte)."
            " Save the article as plain text first",
            id="binary data",
        ),
        pytest.param(
            b"\xff\xfe" + WELLS.encode("utf-16-le"),
            "byte 0: the file is UTF-16, not UTF-8. Convert it with: iconv -f UTF-16 -t UTF-8 OLD > NEW",
            id="UTF-16",
        ),
        pytest.param(
            b"\xfe\xff" + WELLS.encode("utf-16-be"),
            "byte 0: the file is UTF-16, not UTF-8. Convert it with: iconv -f UTF-16 -t UTF-8 OLD > NEW",
            id="UTF-16 big-endian",
        ),
    ],
)
def test_a_file_that_is_no_utf_8_text_is_named_with_byte_and_remedy(
    run: Run, tmp_path: Path, data: bytes, message: str
) -> None:
    (tmp_path / "odd.txt").write_bytes(data)
    done = run("segment", "odd.txt")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"error: odd.txt: {message}\n0 paragraphs from 1 article\n"


def test_a_missing_file_is_named(run: Run) -> None:
    done = run("segment", "missing.txt")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[0] == (
        "error: missing.txt: the file cannot be read (got No such file or directory). Check the path"
    )


def test_a_folder_that_is_named_like_an_article_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "articles" / "wells.txt").mkdir(parents=True)
    done = run("segment", "articles")
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == (
        "error: articles/wells.txt: the file cannot be read (got Is a directory). Check the path"
    )


def test_a_folder_without_text_files_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    done = run("segment", "none")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "error: none: the folder holds no article (expected files named *.txt)."
        " Name a folder of text files, or the files themselves\n"
    )


def test_two_files_that_would_be_one_article_are_named(run: Run, tmp_path: Path) -> None:
    for folder in ("march", "april"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "wells.txt").write_text(WELLS, encoding="utf-8")
    done = run("segment", "march", "april", "-o", "paragraphs.jsonl")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "error: march/wells.txt and april/wells.txt: two files would both be article 'wells'."
        " Rename one: the file's name without its ending is the article's id\n"
    )
    assert not (tmp_path / "paragraphs.jsonl").exists()


def test_a_file_that_cannot_be_read_does_not_stop_the_others(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xff")
    (tmp_path / "b.txt").write_text(WELLS, encoding="utf-8")
    (tmp_path / "d.txt").write_text(CANAL, encoding="utf-8")
    done = run("segment", "a.txt", "b.txt", "c.txt", "d.txt")
    assert done.returncode == 1
    assert rows(done.stdout) == [row("b", 1, 0, WELLS), row("d", 1, 0, CANAL)]
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == [
        "error", "error", "2 paragraphs from 4 articles",
    ]  # fmt: skip
    assert "a.txt: byte 0: " in done.stderr
    assert "c.txt: the file cannot be read" in done.stderr


# the file to write


def test_a_file_is_replaced_whole(run: Run, tmp_path: Path) -> None:
    (tmp_path / "wells.txt").write_text(WELLS, encoding="utf-8")
    output = tmp_path / "paragraphs.jsonl"
    output.write_text("what was there before\n" * 100, encoding="utf-8")
    run("segment", "wells.txt", "-o", output)
    assert rows(output.read_text(encoding="utf-8")) == [row("wells", 1, 0, WELLS)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["paragraphs.jsonl", "wells.txt"]


def test_an_output_in_a_missing_folder_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "wells.txt").write_text(WELLS, encoding="utf-8")
    done = run("segment", "wells.txt", "-o", "nowhere/paragraphs.jsonl")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "error: nowhere/paragraphs.jsonl: the file cannot be written (got No such file or directory)."
        " Check the folder\n"
    )


def test_a_folder_in_place_of_the_output_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "wells.txt").write_text(WELLS, encoding="utf-8")
    (tmp_path / "out").mkdir()
    done = run("segment", "wells.txt", "-o", "out")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: out: the file cannot be written (got a folder). Name a file\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "wells.txt"]


# usage


def test_no_article_is_wrong_usage(run: Run) -> None:
    done = run("segment")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Missing argument" in done.stderr


def test_an_unknown_option_is_wrong_usage(run: Run) -> None:
    done = run("segment", "wells.txt", "--bogus")
    assert (done.returncode, done.stdout) == (2, "")
    assert "No such option: --bogus" in done.stderr


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_has_an_example(run: Run, option: str) -> None:
    done = run("segment", option, COLUMNS="100", NO_COLOR="1")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Example: iraqstance segment articles/*.txt -o paragraphs.jsonl" in done.stdout
    for name in ("--output", "--article"):
        assert name in done.stdout


def test_a_former_file_stays_when_nothing_could_be_read(run: Run, tmp_path: Path) -> None:
    (tmp_path / "kept.jsonl").write_text("kept\n", encoding="utf-8")
    assert run("segment", "gone.txt", "-o", "kept.jsonl").returncode == 1
    assert (tmp_path / "kept.jsonl").read_text(encoding="utf-8") == "kept\n"

"""The annotation room's commands as a user runs them: tasks out and in, agreement, adjudication."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
import yaml
from conftest import RIVER
from iraqstance.annotation.normalise import fingerprint

Run = Callable[..., CompletedProcess[str]]
Row = dict[str, Any]

PARAGRAPHS: list[Row] = [
    {"id": "a/001", "text": "Rain fell on the “old” town."},
    {"id": "a/002", "text": "The نهر rose."},
]


def saved(folder: Path, name: str, rows: Sequence[Row]) -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def rows_of(text: str) -> list[Row]:
    return [json.loads(line) for line in text.splitlines()]


def judged(paragraph: str, annotator: str, stance: str, *topics: str, **fields: object) -> Row:
    return {"paragraph": paragraph, "annotator": annotator, "stance": stance, "topics": topics or ["iran"], **fields}


def chosen(control: str, *choices: str) -> Row:
    return {
        "id": "Kx1",
        "from_name": control,
        "to_name": "text",
        "type": "choices",
        "origin": "manual",
        "value": {"choices": list(choices)},
    }


def annotation(number: int, account: object, *result: Row, **fields: object) -> Row:
    return {
        "id": number,
        "completed_by": account,
        "result": list(result),
        "was_cancelled": False,
        "ground_truth": False,
        "created_at": "2026-11-20T10:00:00.000000Z",
        "updated_at": "2026-11-20T10:00:00.000000Z",
        "lead_time": 3.5,
        **fields,
    }


def task(number: int, paragraph: str, *annotations: Row, drafts: Sequence[Row] = ()) -> Row:
    text = "Rain fell."
    return {
        "id": number,
        "data": {"paragraph": paragraph, "text": text, "sha256": fingerprint(text)},
        "annotations": list(annotations),
        "drafts": list(drafts),
        "predictions": [],
    }


FAVOR, AGAINST, IRAN = chosen("stance", "favor"), chosen("stance", "against"), chosen("topics", "iran")
SOUND: list[Row] = [
    task(1, "a/001", annotation(11, 4, FAVOR, IRAN), annotation(12, 5, AGAINST, IRAN, chosen("unsure", "unsure"))),
    task(2, "a/002", annotation(13, 4, FAVOR, IRAN), annotation(14, 5, was_cancelled=True), drafts=[{"id": 1}]),
]
SPOILT: list[Row] = [*SOUND, task(3, "a/003", annotation(15, 4, IRAN), annotation(16, 5, FAVOR, IRAN))]


def test_paragraphs_become_an_import_file_and_an_interface(run: Run, tmp_path: Path) -> None:
    saved(tmp_path, "paragraphs.jsonl", PARAGRAPHS)
    done = run("tasks", "export", "paragraphs.jsonl", "-o", "tasks.json", "--interface", "interface.xml")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "2 tasks; interface and tasks pass the validation of Label Studio itself\n"
    tasks = json.loads((tmp_path / "tasks.json").read_text(encoding="utf-8"))
    assert [found["data"]["paragraph"] for found in tasks] == ["a/001", "a/002"]
    assert [found["data"]["text"] for found in tasks] == [found["text"] for found in PARAGRAPHS]
    interface = fromstring((tmp_path / "interface.xml").read_text(encoding="utf-8"))  # noqa: S314 - ours
    names = {element.get("name") for element in interface.iter()}
    assert names >= {"text", "stance", "topics", "unsure", "comment"}


def test_tasks_go_from_standard_input_to_standard_output(run: Run, tmp_path: Path) -> None:
    saved(tmp_path, "labels.yaml", [RIVER])
    done = run(
        *("tasks", "export", "-", "--schema", "labels.yaml", "--interface", "interface.xml"),
        stdin="\n".join(map(json.dumps, PARAGRAPHS)),
    )
    assert done.returncode == 0
    assert len(json.loads(done.stdout)) == 2
    interface = (tmp_path / "interface.xml").read_text(encoding="utf-8")
    assert 'name="stance_dam"' in interface
    assert 'name="stance_canal"' in interface


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"id": "a/002", "sha256": "0" * 64}, "error: a/002: the paragraph has no text to label. Stand-off"),
        (PARAGRAPHS[0], "error: paragraphs.jsonl: a paragraph stands twice: a/001"),
        ({"text": "Rain."}, "error: paragraphs.jsonl: line 2: the field 'id' is missing"),
    ],
    ids=["stand-off", "twice", "no-id"],
)
def test_paragraphs_that_cannot_be_labelled_leave_no_file(run: Run, tmp_path: Path, row: Row, message: str) -> None:
    saved(tmp_path, "paragraphs.jsonl", [PARAGRAPHS[0], row])
    done = run("tasks", "export", "paragraphs.jsonl", "-o", "tasks.json", "--interface", "interface.xml")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(message)
    assert [path.name for path in tmp_path.iterdir()] == ["paragraphs.jsonl"]


def test_files_are_made_and_read_without_the_label_studio_package(run: Run, tmp_path: Path) -> None:
    """Its own validation is left out then, and that is said."""
    absent = tmp_path / "absent" / "label_studio_sdk"
    absent.mkdir(parents=True)
    (absent / "__init__.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'label_studio_sdk'\", name='label_studio_sdk')\n", encoding="utf-8"
    )
    saved(tmp_path, "paragraphs.jsonl", PARAGRAPHS)
    (tmp_path / "export.json").write_text(json.dumps(SOUND), encoding="utf-8")
    out = run("tasks", "export", "paragraphs.jsonl", "-o", "tasks.json", PYTHONPATH=str(absent.parent))
    back = run("tasks", "import", "export.json", PYTHONPATH=str(absent.parent))
    assert (out.returncode, back.returncode) == (0, 0)
    assert len(rows_of(back.stdout)) == 3
    for done in (out, back):
        assert (
            "Label Studio's own validation was left out: this needs the Python package label_studio_sdk" in done.stderr
        )
        assert "pip install 'iraqstance[studio]'" in done.stderr


def test_an_export_becomes_judgements_and_its_harmless_faults_are_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "export.json").write_text(json.dumps(SOUND), encoding="utf-8")
    done = run("tasks", "import", "export.json", "-o", "judgements.jsonl")
    assert (done.returncode, done.stdout) == (0, "")
    rows = rows_of((tmp_path / "judgements.jsonl").read_text(encoding="utf-8"))
    assert all(len(row.pop("sha256")) == 64 for row in rows)
    assert rows == [
        judged("a/001", "annotator-4", "favor", kind="person", round="independent", unsure=False, seconds=3.5),
        judged("a/001", "annotator-5", "against", kind="person", round="independent", unsure=True, seconds=3.5),
        judged("a/002", "annotator-4", "favor", kind="person", round="independent", unsure=False, seconds=3.5),
    ]
    assert done.stderr.splitlines() == [
        "warning: task 2: 1 unsubmitted draft(s) left out [draft]",
        "warning: task 2, annotation 14: a/002 was skipped; left out [skipped]",
        "3 judgements, 2 issues",
    ]


def test_an_invalid_answer_is_an_error_and_the_valid_ones_are_written(run: Run) -> None:
    done = run("tasks", "import", "-", "--kind", "model", "--tie-break", stdin=json.dumps(SPOILT))
    assert done.returncode == 1
    rows = rows_of(done.stdout)
    assert [(row["paragraph"], row["annotator"]) for row in rows][-1] == ("a/003", "annotator-5")
    assert {(row["kind"], row["round"]) for row in rows} == {("model", "tie-break")}
    assert "error: task 3, annotation 15: stance has 0 answers, expected 1; left out [no-stance]" in done.stderr


def test_issues_can_be_read_by_a_program(run: Run, tmp_path: Path) -> None:
    (tmp_path / "export.json").write_text(json.dumps(SPOILT), encoding="utf-8")
    done = run("tasks", "import", "export.json", "-o", "judgements.jsonl", "--json")
    assert (done.returncode, done.stdout) == (1, "")
    issues = json.loads(done.stderr)
    assert [(issue["rule"], issue["severity"], issue["where"]) for issue in issues] == [
        ("draft", "warning", "task 2"),
        ("skipped", "warning", "task 2, annotation 14"),
        ("no-stance", "error", "task 3, annotation 15"),
    ]


def test_no_address_of_an_annotator_is_written_or_printed(run: Run) -> None:
    export = [
        task(1, "a/001", annotation(1, "sam@example.org", FAVOR, IRAN)),
        task(2, "a/002", annotation(2, {"id": 3, "email": "kim@example.org"}, IRAN)),
        task(
            3, "a/003", annotation(3, {"email": "kim@example.org"}, FAVOR, IRAN), drafts=[{"user": "sam@example.org"}]
        ),
    ]
    done = run("tasks", "import", "-", stdin=json.dumps(export))
    assert len(rows_of(done.stdout)) == 2
    assert "@" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "stdin", "code", "message"),
    [
        (["-"], "{}", 1, "error: this is no Label Studio export (expected a JSON list of tasks, got dict)"),
        (["-"], "id,text\n", 1, "error: standard input: invalid JSON: "),
        (["absent.json"], "", 1, "error: absent.json: the file cannot be read (got No such file or directory)"),
        (["-", "--kind", "robot"], "[]", 2, "error: --kind robot (expected person or model)"),
        (["-", "--schema", "absent.yaml"], "[]", 1, "error: absent.yaml: the schema cannot be read"),
        (["-", "-o", "absent/judgements.jsonl"], "[]", 1, "error: absent/judgements.jsonl: the file cannot be written"),
    ],
    ids=["no-export", "no-json", "no-file", "unknown-kind", "no-schema", "no-folder"],
)
def test_an_import_that_cannot_be_done_ends_in_one_clear_line(
    run: Run, arguments: list[str], stdin: str, code: int, message: str
) -> None:
    done = run("tasks", "import", *arguments, stdin=stdin)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == 1


def test_half_a_character_in_a_comment_is_no_crash(run: Run, tmp_path: Path) -> None:
    """JSON can spell half of a surrogate pair, which no UTF-8 file can hold."""
    comment = {
        "from_name": "comment",
        "to_name": "text",
        "type": "textarea",
        "value": {"text": [json.loads(r'"\ud83d"')]},
    }
    export = [task(1, "a/001", annotation(1, 4, FAVOR, IRAN, comment)), task(2, "a/002", annotation(2, 4, FAVOR, IRAN))]
    (tmp_path / "export.json").write_text(json.dumps(export), encoding="utf-8")
    done = run("tasks", "import", "export.json", "-o", "judgements.jsonl")
    assert "Traceback" not in done.stderr
    assert [row["paragraph"] for row in rows_of((tmp_path / "judgements.jsonl").read_text(encoding="utf-8"))][
        -1
    ] == "a/002"


# Three annotators of eight paragraphs; z is of another mind on two.
THREE: list[Row] = [
    judged(f"a/{number:03d}", who, "favor" if (number % 2 == 0) != (who == "z" and number < 2) else "against")
    for number in range(8)
    for who in "xyz"
]


def test_agreement_is_printed_for_every_question_and_pair(run: Run, tmp_path: Path) -> None:
    saved(tmp_path, "judgements.jsonl", THREE)
    done = run("agreement", "judgements.jsonl")
    assert (done.returncode, done.stderr) == (0, "")
    (head,) = [line for line in done.stdout.splitlines() if line.split()[:1] == ["question"]]
    assert head.split() == ["question", "n", "alpha", "x", "~", "y", "x", "~", "z", "y", "~", "z"]
    (stance,) = [line for line in done.stdout.splitlines() if line.split()[:1] == ["stance"]]
    assert stance.split()[:2] == ["stance", "8"]
    assert "1.00 [1.00, 1.00]" in stance
    assert stance.count("[") == 4


def test_what_does_not_vary_is_printed_as_undefined(run: Run) -> None:
    rows = [judged(f"a/00{n}", who, "favor") for n in (1, 2) for who in "xy"]
    done = run("agreement", "-", stdin="\n".join(map(json.dumps, rows)))
    assert done.returncode == 0
    (stance,) = [line for line in done.stdout.splitlines() if line.split()[:1] == ["stance"]]
    assert stance.split() == ["stance", "2", "undefined", "undefined"]
    assert "nan" not in done.stdout.lower()
    assert done.stdout.splitlines()[-1] == "undefined: answers do not vary"


def test_annotators_and_labels_are_printed_where_they_are_asked_for(run: Run, tmp_path: Path) -> None:
    saved(tmp_path, "judgements.jsonl", [{**row, "seconds": 4, "unsure": row["annotator"] == "y"} for row in THREE])
    short, done = run("agreement", "judgements.jsonl"), run("agreement", "judgements.jsonl", "--per-annotator")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(short.stdout)
    words = [line.split() for line in done.stdout.removeprefix(short.stdout).splitlines()]
    assert ["y", "person", "8", "100", "%", "100", "%", "4.0", "0", "0"] in words
    (against_rest,) = [line for line in words if line[:2] == ["z", "8"]]
    assert against_rest[-1] == "undefined"
    assert ["stance", "neutral", "0", "undefined", "undefined"] in words
    (ticked,) = [line for line in words if line[:3] == ["topic", "iran", "ticked"]]
    assert ticked == ["topic", "iran", "ticked", "8", "1.00", "[1.00,", "1.00]", "undefined"]
    assert words[-2:] == [["undefined:", "nobody", "chose", "it"], ["undefined:", "answers", "do", "not", "vary"]]


def test_paragraphs_labelled_from_a_suggestion_are_left_out_and_counted(run: Run) -> None:
    rows = [{**row, "suggestion": "kept"} if row["paragraph"] in {"a/000", "a/001"} else row for row in THREE]
    done = run("agreement", "-", "--json", stdin="\n".join(map(json.dumps, rows)))
    assert done.returncode == 0
    assert done.stderr == "2 paragraphs left out: they were labelled from a model's suggestion\n"
    document = json.loads(done.stdout)
    assert document["left_out"] == 2
    assert document["questions"][0]["alpha"]["count"] == 6
    assert document["annotators"][0]["kept"] == 2


def test_agreement_on_suggestions_alone_is_a_clear_error(run: Run) -> None:
    rows = [{**row, "suggestion": "changed"} for row in THREE]
    done = run("agreement", "-", stdin="\n".join(map(json.dumps, rows)))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(
        "error: every paragraph was labelled from a model's suggestion (got 24 judgements of 8"
    )


@pytest.mark.parametrize(("name", "start"), [("a.png", b"\x89PNG\r\n"), ("a.svg", b"<?xml")], ids=["png", "svg"])
def test_a_picture_is_drawn_beside_the_table(run: Run, tmp_path: Path, name: str, start: bytes) -> None:
    saved(tmp_path, "judgements.jsonl", THREE)
    done = run("agreement", "judgements.jsonl", "--picture", name)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == run("agreement", "judgements.jsonl").stdout
    assert (tmp_path / name).read_bytes().startswith(start)


def test_a_picture_of_another_kind_is_refused_before_anything_is_printed(run: Run, tmp_path: Path) -> None:
    saved(tmp_path, "judgements.jsonl", THREE)
    done = run("agreement", "judgements.jsonl", "--picture", "agreement.pdf")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: agreement.pdf: a picture is written as PNG or SVG (expected a file name that")
    assert [path.name for path in tmp_path.iterdir()] == ["judgements.jsonl"]


def test_agreement_as_json_has_null_where_it_is_undefined(run: Run, tmp_path: Path) -> None:
    saved(tmp_path, "judgements.jsonl", THREE)
    done = run("agreement", "judgements.jsonl", "--json")
    assert done.returncode == 0
    document = json.loads(done.stdout, parse_constant=pytest.fail)
    assert list(document) == ["questions", "annotators", "left_out"]
    found = {question["question"]: question for question in document["questions"]}
    assert list(found)[:2] == ["stance", "topics"]
    alpha = found["stance"]["alpha"]
    assert alpha["low"] <= alpha["value"] <= alpha["high"]
    assert alpha["count"] == 8
    assert found["stance"]["kappas"]["x / y"]["value"] == 1
    assert found["topic iran"]["alpha"] == {
        "value": None,
        "low": None,
        "high": None,
        "count": 8,
        "observed": 1.0,
        "reason": "answers do not vary",
    }
    assert found["topic iran"]["labels"]["ticked"]["value"] == 1
    assert found["topic economy"]["labels"]["ticked"]["reason"] == "nobody chose it"
    assert found["stance"]["rest"]["z"]["value"] < found["stance"]["rest"]["x"]["value"] < 1
    assert list(found["stance"]["labels"]) == ["favor", "against", "neutral"]
    assert document["annotators"][0] == {
        "name": "x",
        "kind": "person",
        "judgements": 8,
        "unsure": 0.0,
        "seconds": None,
        "kept": 0,
        "changed": 0,
        "shared": 1.0,
    }
    assert document["left_out"] == 0


def test_agreement_is_told_for_each_of_two_targets_and_many_annotators(run: Run, tmp_path: Path) -> None:
    saved(tmp_path, "labels.yaml", [RIVER])
    rows = [
        {
            "paragraph": f"a/00{number}",
            "annotator": who,
            "stance_dam": ("pro", "con")[number % 2],
            "stance_canal": ("pro", "con")[who == "z"],
            "topics": ["fish"],
        }
        for number in range(4)
        for who in "wxyz"
    ]
    saved(tmp_path, "judgements.jsonl", rows)
    done = run("agreement", "judgements.jsonl", "--schema", "labels.yaml")
    assert done.returncode == 0
    words = [line.split() for line in done.stdout.splitlines()]
    assert ["stance_dam", "alpha,", "all", "4", "1.00", "[1.00,", "1.00]"] in words
    assert sum(line[:3] == ["w", "~", "z"] for line in words) == 5


def test_agreement_of_one_annotator_is_a_clear_error(run: Run) -> None:
    done = run("agreement", "-", stdin=json.dumps(judged("a/001", "x", "favor")))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: no paragraph was judged by two annotators (got 1 judgements of 1 paragraphs)")


def test_judgements_become_labels_with_their_votes(run: Run, tmp_path: Path) -> None:
    rows = [judged("b/002", "x", "favor"), judged("b/002", "y", "favor"), judged("b/002", "z", "neutral", "economy")]
    saved(tmp_path, "judgements.jsonl", [*rows, judged("a/001", "x", "against", "other")])
    done = run("adjudicate", "judgements.jsonl", "-o", "labels.jsonl")
    assert (done.returncode, done.stdout) == (0, "")
    assert rows_of((tmp_path / "labels.jsonl").read_text(encoding="utf-8")) == [
        {
            "paragraph": "b/002",
            "stance": "favor",
            "topics": ["iran"],
            "votes": {"stance": {"favor": 2, "neutral": 1}, "topics": {"iran": 2, "economy": 1}},
            "settled_by": {"stance": "majority", "topics": "majority"},
        },
        {
            "paragraph": "a/001",
            "stance": "against",
            "topics": ["other"],
            "votes": {"stance": {"against": 1}, "topics": {"other": 1}},
            "settled_by": {"stance": "majority", "topics": "majority"},
        },
    ]
    assert "2 paragraphs: 0 settled by tie-break, 0 with an open tie" in done.stderr
    assert "stance: favor 1, against 1, neutral 0" in done.stderr


def test_an_open_tie_is_marked_and_a_further_reading_settles_it(run: Run) -> None:
    tied = [judged("a/001", "x", "favor"), judged("a/001", "y", "against")]
    done = run("adjudicate", "-", stdin="\n".join(map(json.dumps, tied)))
    assert done.returncode == 1
    (label,) = rows_of(done.stdout)
    assert (label["stance"], label["settled_by"]["stance"]) == (None, "open")
    assert "tie: a/001: stance {'favor': 1, 'against': 1}\n" in done.stderr
    assert "1 paragraphs: 0 settled by tie-break, 1 with an open tie" in done.stderr
    again = run(
        "adjudicate", "-", stdin="\n".join(map(json.dumps, [*tied, judged("a/001", "z", "against", round="tie-break")]))
    )
    assert again.returncode == 0
    (label,) = rows_of(again.stdout)
    assert (label["stance"], label["settled_by"]["stance"]) == ("against", "tie-break")
    assert "1 settled by tie-break, 0 with an open tie" in again.stderr


def test_an_adjudication_decides_and_is_counted(run: Run) -> None:
    rows = [judged("a/001", "x", "favor"), judged("a/001", "y", "against"), judged("a/002", "x", "favor", "other")]
    rows += [judged("a/001", "lead", "neutral", "economy", round="adjudication")]
    done = run("adjudicate", "-", stdin="\n".join(map(json.dumps, rows)))
    assert done.returncode == 0
    first, second = rows_of(done.stdout)
    assert (first["stance"], first["topics"]) == ("neutral", ["economy"])
    assert first["settled_by"] == {"stance": "adjudication", "topics": "adjudication"}
    assert first["votes"] == {"stance": {"favor": 1, "against": 1}, "topics": {"iran": 2}}
    assert second["settled_by"] == {"stance": "majority", "topics": "majority"}
    assert "2 paragraphs: 0 settled by tie-break, 1 by adjudication, 0 with an open tie\n" in done.stderr


# Three annotators are right on each of thirty paragraphs but for a slip, and four always tick the first answer.
CROWD: list[Row] = [
    judged(f"a/{number:03d}", who, "favor" if who in "stuv" else ("favor", "against", "neutral")[number % 3])
    for number in range(30)
    for who in "xyzstuv"
    if (number, who) not in {(4, "x"), (5, "y")}
]


def test_annotators_can_be_weighed_by_their_reliability(run: Run, tmp_path: Path) -> None:
    saved(tmp_path, "judgements.jsonl", CROWD)
    majority = run("adjudicate", "judgements.jsonl")
    assert [row["stance"] for row in rows_of(majority.stdout)] == ["favor"] * 30
    assert "accuracy" not in majority.stderr
    done = run("adjudicate", "judgements.jsonl", "--method", "dawid-skene", "-o", "labels.jsonl")
    assert (done.returncode, done.stdout) == (0, "")
    rows = rows_of((tmp_path / "labels.jsonl").read_text(encoding="utf-8"))
    assert [row["stance"] for row in rows] == ["favor", "against", "neutral"] * 10
    assert {how for row in rows for how in row["settled_by"].values()} == {"dawid-skene"}
    assert all(0.9 < value <= 1 for row in rows for value in row["confidence"].values())
    assert "30 paragraphs: 0 settled by tie-break, 0 with an open tie" in done.stderr
    told = [line for line in done.stderr.splitlines() if line.startswith("estimated accuracy of ")]
    accuracies = {line.split()[3].rstrip(":"): float(line.split()[-1]) for line in told}
    assert list(accuracies) == sorted("xyzstuv")
    assert min(accuracies[who] for who in "xyz") > 0.9
    assert max(accuracies[who] for who in "stuv") < 0.5


def test_the_accuracy_is_told_for_each_of_two_targets_beside_the_labels(run: Run, tmp_path: Path) -> None:
    saved(tmp_path, "labels.yaml", [RIVER])
    rows = [
        {
            "paragraph": f"a/{number:03d}",
            "annotator": who,
            "stance_dam": ("pro", "con")[number % 2],
            "stance_canal": ("pro", "con")[(number + (who == "z")) % 2],
            "topics": ["fish"],
        }
        for number in range(10)
        for who in "xyz"
    ]
    done = run(
        *("adjudicate", "-", "--schema", "labels.yaml", "--method", "dawid-skene"),
        stdin="\n".join(map(json.dumps, rows)),
    )
    assert done.returncode == 0
    assert len(rows_of(done.stdout)) == 10
    assert "estimated accuracy of x: stance_dam 0.90, stance_canal 0.90\n" in done.stderr
    assert "estimated accuracy of z: stance_dam 0.90, stance_canal 0.40\n" in done.stderr


def test_an_unknown_method_is_a_usage_error(run: Run, tmp_path: Path) -> None:
    done = run("adjudicate", "absent.jsonl", "--method", "average", "-o", "labels.jsonl")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: --method average (expected majority or dawid-skene).\n"
    assert not (tmp_path / "labels.jsonl").exists()


def test_the_help_says_when_to_weigh_annotators(run: Run) -> None:
    told = " ".join(run("adjudicate", "--help", COLUMNS="200", NO_COLOR="1").stdout.split())
    assert "worth it for many annotators of unequal care; with three it is about the majority" in told


def test_an_unknown_label_is_named_with_its_line(run: Run, tmp_path: Path) -> None:
    saved(tmp_path, "judgements.jsonl", [judged("a/001", "x", "favor"), judged("a/001", "y", "pro")])
    done = run("adjudicate", "judgements.jsonl", "-o", "labels.jsonl")
    assert done.returncode == 1
    assert done.stderr.startswith("error: judgements.jsonl: line 2: 'pro' is no stance of this schema; expected one of")
    assert not (tmp_path / "labels.jsonl").exists()


def test_another_subject_goes_the_whole_way(run: Run, tmp_path: Path) -> None:
    """Paragraphs, tasks, an export with two annotators, judgements, agreement and labels, under a schema of its own."""
    (tmp_path / "labels.yaml").write_text(yaml.safe_dump(RIVER), encoding="utf-8")
    saved(tmp_path, "paragraphs.jsonl", PARAGRAPHS)
    schema = ("--schema", "labels.yaml")
    assert run("tasks", "export", "paragraphs.jsonl", "-o", "tasks.json", *schema).returncode == 0
    export = [
        {
            **made,
            "id": number,
            "annotations": [
                annotation(
                    10 * number + account,
                    account,
                    chosen("stance_dam", "pro" if number == 1 else "con"),
                    chosen("stance_canal", "con"),
                    chosen("topics", "fish", *["power"] * (number == 2)),
                )
                for account in (4, 5)
            ],
        }
        for number, made in enumerate(json.loads((tmp_path / "tasks.json").read_text(encoding="utf-8")), 1)
    ]
    (tmp_path / "export.json").write_text(json.dumps(export), encoding="utf-8")
    done = run("tasks", "import", "export.json", "-o", "judgements.jsonl", *schema)
    assert (done.returncode, done.stderr) == (0, "4 judgements, 0 issues\n")
    measured = json.loads(run("agreement", "judgements.jsonl", "--json", *schema).stdout)
    found = {row["question"]: row for row in measured["questions"]}
    assert found["stance_dam"]["alpha"]["value"] == 1
    assert found["stance_canal"]["alpha"]["value"] is None
    labels = rows_of(run("adjudicate", "judgements.jsonl", *schema).stdout)
    assert [(row["stance_dam"], row["stance_canal"], row["topics"]) for row in labels] == [
        ("pro", "con", ["fish"]),
        ("con", "con", ["fish", "power"]),
    ]


@pytest.mark.parametrize(
    "command", [["tasks", "export"], ["tasks", "import"], ["agreement"], ["adjudicate"]], ids=" ".join
)
def test_every_command_shows_an_example(run: Run, command: list[str]) -> None:
    done = run(*command, "--help", COLUMNS="200", NO_COLOR="1")
    assert done.returncode == 0
    assert f"Example: iraqstance {' '.join(command)}" in done.stdout

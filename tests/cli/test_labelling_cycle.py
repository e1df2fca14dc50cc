"""The whole cycle of a labelling project, by the commands that README names, on a real server."""

import json
from pathlib import Path

import httpx
import pytest
from conftest import Run
from iraqstance.annotation.connection import Server
from iraqstance.annotation.records import Judgement
from iraqstance.annotation.rows import write_paragraphs
from iraqstance.annotation.schema import Schema
from iraqstance.annotation.tasks import results_of
from labelling import TEXTS, paragraphs_of, signed_up

# What two annotators say of each text: the same of the first three, then another stance, then other topics.
AGREED = (("favor", "economy"), ("against", "sanctions"), ("neutral", "economy"))
FIRST = (*AGREED, ("neutral", "other"), ("neutral", "other"))
SECOND = (*AGREED, ("against", "other"), ("neutral", "diplomacy"))


@pytest.fixture
def environment(server: Server) -> dict[str, str]:
    return {"LABEL_STUDIO_API_KEY": server.token, "LABEL_STUDIO_URL": server.url}


def judge(server: Server, schema: Schema, project: int, account: int, answers: dict[str, tuple[str, str]]) -> None:
    """Submit answers as somebody's, by the paragraph's id."""
    tasks = server.get("/api/tasks", project=project, fields="task_only", include="id,data", page_size=100)["tasks"]
    for task in tasks:
        stance, topic = answers[task["data"]["paragraph"]]
        judgement = Judgement("-", "-", {schema.target_names[0]: stance}, (topic,))
        body = {"result": results_of(judgement, schema), "completed_by": account, "lead_time": 4.5}
        answer = httpx.post(f"{server.url}/api/tasks/{task['id']}/annotations/", json=body, headers=server.headers)
        assert answer.status_code == 201


def test_label_agree_adjudicate_and_build(
    run: Run, server: Server, schema: Schema, environment: dict[str, str], tmp_path: Path
) -> None:
    paragraphs = paragraphs_of()
    ids = [paragraph.id for paragraph in paragraphs]
    write_paragraphs(tmp_path / "paragraphs.jsonl", paragraphs)
    title = ("--project", "whole cycle")
    pushed = run("studio", "push", "paragraphs.jsonl", *title, "--overlap", "2", "--json", **environment)
    assert pushed.returncode == 0, pushed.stderr
    project = json.loads(pushed.stdout)["project"]
    signed_up(server, "cycle")
    signed_up(server, "cycle")
    people = sorted(account["id"] for account in server.get("/api/users/"))
    lead, (first, second) = people[0], people[-2:]
    judge(server, schema, project, first, dict(zip(ids, FIRST, strict=True)))
    judge(server, schema, project, second, dict(zip(ids, SECOND, strict=True)))

    status = run("studio", "status", *title, **environment)
    assert "5 of 5 paragraphs are judged; 5 of them 2 times" in status.stdout
    assert f"annotator-{first}" in status.stdout
    pulled = run("studio", "pull", *title, "-o", "judgements.jsonl", **environment)
    assert pulled.returncode == 0, pulled.stderr
    rows = [json.loads(line) for line in (tmp_path / "judgements.jsonl").read_text().splitlines()]
    assert len(rows) == 10
    assert {row["seconds"] for row in rows} == {4.5}

    agreement = run("agreement", "judgements.jsonl", "--per-annotator", "--picture", "agreement.png")
    assert agreement.returncode == 0, agreement.stderr
    assert f"annotator-{first}" in agreement.stdout
    assert (tmp_path / "agreement.png").read_bytes().startswith(b"\x89PNG")

    disputed = run(
        "studio", "push", "paragraphs.jsonl", *title, "--disagreements", "judgements.jsonl", "--json", **environment
    )
    assert disputed.returncode == 0, disputed.stderr
    second_project = json.loads(disputed.stdout)
    assert second_project["sent"] == 2
    judge(
        server,
        schema,
        second_project["project"],
        lead,
        {ids[3]: ("against", "other"), ids[4]: ("neutral", "diplomacy")},
    )
    adjudication = ("--project", "whole cycle adjudication", "--join", "judgements.jsonl", "-o", "all.jsonl")
    joined = run("studio", "pull", *adjudication, **environment)
    assert joined.returncode == 0, joined.stderr
    assert len((tmp_path / "all.jsonl").read_text().splitlines()) == 12

    labelled = run("adjudicate", "all.jsonl", "-o", "labels.jsonl")
    assert labelled.returncode == 0, labelled.stderr
    labels = [json.loads(line) for line in (tmp_path / "labels.jsonl").read_text().splitlines()]
    assert [(label["stance"], label["topics"]) for label in labels] == [(stance, [topic]) for stance, topic in SECOND]
    assert labels[3]["settled_by"] == {"stance": "adjudication", "topics": "majority"}
    built = run(
        *("dataset", "build", "paragraphs.jsonl", "--judgements", "all.jsonl", "--labels", "labels.jsonl", "-o", "made")
    )
    assert built.returncode == 0, built.stderr
    assert (tmp_path / "made" / "README.md").exists()
    assert TEXTS[0].encode() in (tmp_path / "made" / "data" / "default.parquet").read_bytes()


def test_without_paragraphs_a_project_keeps_to_its_own(run: Run, environment: dict[str, str], tmp_path: Path) -> None:
    write_paragraphs(tmp_path / "paragraphs.jsonl", paragraphs_of())
    title = ("--project", "keeps to its own")
    assert run("studio", "push", "paragraphs.jsonl", *title, **environment).returncode == 0
    again = run("studio", "push", *title, "--json", **environment)
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["sent"] == 0
    assert json.loads(again.stdout)["present"] == 5

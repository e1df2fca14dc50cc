"""How much longer push and pull take than the bare requests they are made of, on a Label Studio of the benchmark's own.

    python benchmarks/studio.py [--tasks 5000] [--rounds 3]

Each round runs every pair one after the other, on the same server. Times are wall-clock seconds: the server's work
counts. The paragraphs are those of the open edition, numbered so that no two are alike.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from iraqstance.annotation.connection import Server, connect
from iraqstance.annotation.interface import interface_xml
from iraqstance.annotation.normalise import fingerprint
from iraqstance.annotation.records import Judgement, Paragraph
from iraqstance.annotation.schema import packaged_schema
from iraqstance.annotation.server import start_server
from iraqstance.annotation.studio import Project, pull, push
from iraqstance.annotation.tasks import results_of, tasks_of
from iraqstance.dataset.editions import packaged_edition

BATCH = 500
SCHEMA = packaged_schema()


def main() -> None:
    """Run the rounds and print the ratios."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tasks", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    tasks = made_tasks(options.tasks)
    rounds: dict[str, list[tuple[float, float]]] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        start_server(Path(folder)) as local,
        connect(local.url, local.token) as server,
    ):
        for number in range(options.rounds):
            for name, pair in one_round(server, tasks, number).items():
                rounds.setdefault(name, []).append(pair)
    print(f"{options.tasks} tasks, {options.rounds} rounds; median seconds, and the ratio of each round")
    for name, pairs in rounds.items():
        ours, bare = median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)
        ratios = ", ".join(f"{ours / bare:.2f}" for ours, bare in pairs)
        print(f"{name}: {ours:.1f} s, bare {bare:.1f} s, ratio {ratios}")


def one_round(server: Server, tasks: list[dict[str, Any]], number: int) -> dict[str, tuple[float, float]]:
    """Return the seconds of ours and of the bare requests, by what they do."""
    judged = [task | {"annotations": two_annotations()} for task in tasks]
    bare_project = made_project(server, f"bare {number}")
    bare_import = seconds(lambda: bare_imports(server, bare_project, tasks))
    ours = Project(f"ours {number}", SCHEMA)
    push_first = seconds(lambda: push(server, ours, tasks))
    bare_list = seconds(lambda: listing(server, bare_project))
    push_again = seconds(lambda: push(server, ours, tasks))
    judged_project = made_project(server, f"judged {number}")
    bare_imports(server, judged_project, judged)
    bare_export = seconds(lambda: exported(server, judged_project))
    pulled = seconds(lambda: pull(server, f"judged {number}", SCHEMA))
    return {
        "push, against the import requests": (push_first, bare_import),
        "push again, against one listing": (push_again, bare_list),
        "pull, against the export": (pulled, bare_export),
    }


def made_tasks(count: int) -> list[dict[str, Any]]:
    """Return so many tasks of different texts."""
    sources = packaged_edition("open").paragraphs
    texts = (f"{sources[number % len(sources)].text} ({number})" for number in range(count))
    paragraphs = (
        Paragraph(f"benchmark/{number:06d}", "benchmark", 0, len(text), text, fingerprint(text))
        for number, text in enumerate(texts, 1)
    )
    return list(tasks_of(paragraphs))


def two_annotations() -> list[dict[str, Any]]:
    """Return two annotators' answers, as an import holds them."""
    target = SCHEMA.target_names[0]
    judgements = (
        Judgement("-", "-", {target: SCHEMA.stance_names[0]}, SCHEMA.topic_names[:2]),
        Judgement("-", "-", {target: SCHEMA.stance_names[1]}, SCHEMA.topic_names[1:2], unsure=True),
    )
    return [{"result": results_of(judgement, SCHEMA), "ground_truth": False} for judgement in judgements]


def made_project(server: Server, title: str) -> int:
    """Make an empty project and return its number."""
    return int(server.sdk.projects.create(title=title, label_config=interface_xml(SCHEMA)).id or 0)


def bare_imports(server: Server, project: int, tasks: list[dict[str, Any]]) -> None:
    """Send the import requests and nothing else."""
    for start in range(0, len(tasks), BATCH):
        url = f"{server.url}/api/projects/{project}/import"
        server.http.post(url, json=tasks[start : start + BATCH], headers=server.headers).raise_for_status()


def listing(server: Server, project: int) -> None:
    """List the project's tasks with their data, in one request."""
    server.get("/api/tasks", project=project, fields="task_only", include="id,data", page_size=100_000)


def exported(server: Server, project: int) -> None:
    """Download the project's JSON export."""
    server.get(f"/api/projects/{project}/export", exportType="JSON", download_all_tasks="true")


def seconds(work: Callable[[], object]) -> float:
    """Return how long the work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()

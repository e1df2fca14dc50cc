"""Commands of a labelling project on a Label Studio server: start, push, status, pull."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from iraqstance.cli.annotation_commands import IssuesAsJson, Json, Kind, SchemaFile, refuse_unknown_kind
from iraqstance.cli.console import note, print_issues, print_json, print_table, tracked

if TYPE_CHECKING:
    from iraqstance.annotation.connection import Server
    from iraqstance.annotation.records import Paragraph
    from iraqstance.annotation.schema import Schema
    from iraqstance.annotation.studio import Project, Pull, Push

__all__ = ["register"]

Paragraphs = Annotated[
    str | None,
    typer.Argument(
        help="Paragraphs (JSON lines), or -. Without them the project's own; of a new one, the open edition."
    ),
]
Data = Annotated[
    Path | None, typer.Option("--data", help="Data folder of the local server.", metavar="DIR", show_default=False)
]
Title = Annotated[
    str | None, typer.Option("--project", help="Title of the project. Without it, the schema's name.", metavar="TITLE")
]
Guidelines = Annotated[
    Path | None, typer.Option("--guidelines", help="Guidelines (Markdown) that annotators read.", metavar="FILE")
]
Overlap = Annotated[
    int | None, typer.Option("--overlap", help="How many annotators judge each paragraph.", min=1, metavar="N")
]
Url = Annotated[
    str | None,
    typer.Option("--url", help="Server. Without it, the local one.", envvar="LABEL_STUDIO_URL", metavar="URL"),
]
TokenFile = Annotated[
    Path | None,
    typer.Option("--token-file", help="File with the API token, else LABEL_STUDIO_API_KEY holds it.", metavar="FILE"),
]
Insecure = Annotated[bool, typer.Option("--insecure", help="Send the token over plain HTTP to another machine.")]

studio = typer.Typer(help="Label in a browser, with Label Studio: a local server, or any by URL.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(studio, name="studio")


@studio.command("start")
def start(
    paragraphs: Paragraphs = None,
    data: Data = None,
    port: Annotated[
        int | None, typer.Option("--port", help="Port. Without it the last one, 8080, or a free one.", min=1, max=65535)
    ] = None,
    project: Title = None,
    schema: SchemaFile = None,
    guidelines: Guidelines = None,
    overlap: Overlap = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the labelling page.")] = True,
) -> None:
    """Start a local Label Studio with the project ready to label, and keep it running until Ctrl-C.

    The server is installed into your cache folder at the first start (about 1 GB), keeps its data in a folder of
    yours, and answers this machine alone. Started again it is the same project, and no paragraph is there twice.

    Example: iraqstance studio start paragraphs.jsonl --overlap 2
    """
    from iraqstance.annotation.connection import connect
    from iraqstance.annotation.errors import IraqstanceError
    from iraqstance.annotation.server import ACCOUNT, start_server

    wanted = _project(project, schema, guidelines, overlap)
    tasks = _tasks(_paragraphs(paragraphs)) if paragraphs is not None else None  # what is wrong is told at once
    with _one_interrupt(), start_server(data, port=port, note=note) as server:
        with server.turn(), connect(server.url, server.token) as connected:
            done = _push(connected, wanted, tasks or _tasks(_held(connected, wanted.title)))
        print(f"Label at {done.url}")
        print(f"Log in as {ACCOUNT}; the password is in {server.password_file}")
        print(f"Project {wanted.title!r}: {_counts(done)}", flush=True)
        print_issues(done.issues)
        try:
            note("Stop with Ctrl-C." if server.ours else "Another `iraqstance studio start` keeps this server running.")
            if browser:
                _open(done.url)
            if not server.ours:
                return
            server.wait()
        except KeyboardInterrupt:
            note("")
        else:
            raise IraqstanceError("Label Studio has ended by itself", remedy="Start it again; its data is kept")
    note("Label Studio is stopped. What was labelled is kept.")


@studio.command("push")
def push(
    paragraphs: Paragraphs = None,
    url: Url = None,
    data: Data = None,
    token_file: TokenFile = None,
    insecure: Insecure = False,
    project: Title = None,
    schema: SchemaFile = None,
    guidelines: Guidelines = None,
    overlap: Overlap = None,
    disagreements: Annotated[
        str | None,
        typer.Option(
            "--disagreements",
            help="Judgements: send only the paragraphs that their annotators dispute, with what each chose, "
            "into a project of its own.",
            metavar="FILE",
        ),
    ] = None,
    ties_only: Annotated[
        bool, typer.Option("--ties-only", help="Of the disagreements, only those that no majority settles.")
    ] = False,
    suggest: Annotated[
        str | None,
        typer.Option("--suggest", help="Model folder whose suggestions annotators see, or `default`.", metavar="MODEL"),
    ] = None,
    withhold: Annotated[
        float, typer.Option("--withhold", help="Share of the paragraphs that go without suggestion.", min=0, max=1)
    ] = 0.2,
    order: Annotated[
        str, typer.Option("--order", help="given, or uncertainty: the most informative paragraphs first.")
    ] = "given",
    model: Annotated[
        str | None,
        typer.Option("--model", help="Model for the order. Without it that of --suggest, or the default one."),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", help="Send so many new paragraphs at most.", min=1, metavar="N")
    ] = None,
    update_interface: Annotated[
        bool, typer.Option("--update-interface", help="Replace an interface that was changed by hand.")
    ] = False,
    json: Json = False,
) -> None:
    """Bring paragraphs into a project of a Label Studio server, each once, however often it is run.

    The project is made where it is not there. An interrupted push is finished by running it again.

    Example: iraqstance studio push paragraphs.jsonl --url https://studio.example.org --overlap 2
    """
    from dataclasses import replace

    from iraqstance.annotation.errors import UsageError

    _check_order(order, model)
    if ties_only and not disagreements:
        raise UsageError("--ties-only goes with --disagreements")
    wanted = _project(project, schema, guidelines, overlap)
    given = _paragraphs(paragraphs) if paragraphs is not None else None
    server = _server(url, data, token_file, insecure=insecure)
    given = _held(server, wanted.title) if given is None else given
    if disagreements:
        wanted, tasks = _disputed(wanted, given, disagreements, ties_only=ties_only)
    else:
        tasks = _tasks(given)
    if suggest:
        tasks = _suggested(tasks, suggest, wanted.schema, withhold)
        wanted = replace(wanted, description=_suggesting(suggest, withhold))
    if order == "uncertainty":
        tasks = _by_uncertainty(tasks, server, wanted, model or suggest or "default")
    if limit:
        tasks = _limited(tasks, server, wanted.title, limit)
    done = _push(server, wanted, tasks, update_interface=update_interface)
    if json:
        print_json(done)
        failed = any(issue.severity == "error" for issue in done.issues)
    else:
        failed = print_issues(done.issues)
        print(f"Label at {done.url}")
        print(f"Project {wanted.title!r}: {_counts(done)}")
        if suggest:
            withheld = sum(task["data"].get("suggestion") == "withheld" for task in tasks)
            print(f"{withheld} of {len(tasks)} paragraphs go without suggestion; agreement is measured on those")
    if failed:
        raise typer.Exit(1)


@studio.command("status")
def status(
    url: Url = None,
    data: Data = None,
    token_file: TokenFile = None,
    insecure: Insecure = False,
    project: Title = None,
    schema: SchemaFile = None,
    json: Json = False,
) -> None:
    """Tell how far a project is: paragraphs, judgements of each annotator, what was skipped or is invalid.

    Example: iraqstance studio status
    """
    from collections import Counter

    from iraqstance.annotation.agreement import annotators

    got = _pull(_server(url, data, token_file, insecure=insecure), project, schema)
    judgements = got.read.judgements
    times = Counter(Counter(judgement.paragraph for judgement in judgements).values())
    issues = Counter(issue.rule for issue in got.read.issues)
    people = annotators(judgements)
    if json:
        facts = {"tasks": got.tasks, "judged": got.judged, "judged_times": dict(sorted(times.items()))}
        print_json({**facts, "annotators": people, "issues": dict(sorted(issues.items()))})
        return
    often = "".join(f"; {count} of them {number} times" for number, count in sorted(times.items()) if number > 1)
    print(f"{got.judged} of {got.tasks} paragraphs are judged{often}")
    rows = [
        (one.name, one.judgements, f"{one.unsure:.0%}", "" if one.seconds is None else f"{one.seconds:.0f}")
        for one in people
    ]
    if rows:
        print_table(("annotator", "judgements", "unsure", "median seconds"), rows)
    for rule, count in sorted(issues.items()):
        print(f"{rule}: {count}")


@studio.command("pull")
def pull(
    output: Annotated[
        str, typer.Option("--output", "-o", help="Judgements to write (JSON lines).", metavar="FILE")
    ] = "-",
    url: Url = None,
    data: Data = None,
    token_file: TokenFile = None,
    insecure: Insecure = False,
    project: Title = None,
    schema: SchemaFile = None,
    join: Annotated[
        str | None,
        typer.Option("--join", help="Judgements that the pulled ones join, as after adjudication.", metavar="FILE"),
    ] = None,
    kind: Kind = "person",
    json: IssuesAsJson = False,
) -> None:
    """Write the judgements of a project, with pseudonyms, time spent, and what became of suggestions.

    Skipped paragraphs and invalid answers are left out and reported; the exit code is 1 where one is invalid.

    Example: iraqstance studio pull -o judgements.jsonl
    """
    from iraqstance.annotation.results import joined
    from iraqstance.annotation.rows import read_judgements, write_judgements
    from iraqstance.annotation.schema import load_schema

    refuse_unknown_kind(kind)
    labels = load_schema(schema)
    former = read_judgements(join, labels) if join else None
    got = _pull(_server(url, data, token_file, insecure=insecure), project, schema, kind=kind)
    judgements, issues = got.read.judgements, got.read.issues
    if former is not None:
        judgements, more = joined(former, judgements)
        issues += more
    count = write_judgements(output, judgements, labels)
    failed = print_issues(issues, as_json=json)
    if not json:
        note(
            f"{count} judgements; {got.judged} of the project's {got.tasks} paragraphs are judged; {len(issues)} issues"
        )
    if failed:
        raise typer.Exit(1)


def _project(title: str | None, schema: Path | None, guidelines: Path | None, overlap: int | None) -> "Project":
    from iraqstance.annotation.guidelines import guidelines_html
    from iraqstance.annotation.schema import load_schema
    from iraqstance.annotation.studio import Project, check_project

    labels = load_schema(schema)
    wanted = Project(_title(title, labels), labels, guidelines_html(labels, guidelines), overlap=overlap)
    check_project(wanted)
    return wanted


def _title(title: str | None, schema: "Schema") -> str:
    return title if title is not None else schema.name


def _paragraphs(path: str) -> "Sequence[Paragraph]":
    from iraqstance.annotation.rows import read_paragraphs

    return read_paragraphs(path)


def _held(server: "Server", title: str) -> "Sequence[Paragraph]":
    """Return what is meant where no paragraphs are named: the project's own, or for a new one the open edition."""
    from iraqstance.annotation.studio import project_paragraphs
    from iraqstance.dataset.editions import packaged_edition

    return project_paragraphs(server, title) or packaged_edition("open").paragraphs


def _tasks(paragraphs: "Sequence[Paragraph]") -> list[dict[str, Any]]:
    from iraqstance.annotation.tasks import tasks_of

    made = list(tasks_of(paragraphs))
    if not made:
        from iraqstance.annotation.errors import InputError

        raise InputError("there is no paragraph to label", remedy="Segment articles first: iraqstance segment")
    return made


def _server(url: str | None, data: Path | None, token_file: Path | None, *, insecure: bool) -> "Server":
    """Return the server that the user named, or the local one that runs on the data folder."""
    from iraqstance.annotation.connection import connect
    from iraqstance.annotation.errors import UsageError
    from iraqstance.annotation.server import data_folder, running_server

    if url:
        if data is not None:
            raise UsageError("--data and --url (or LABEL_STUDIO_URL) exclude each other", remedy="Name one server")
        return connect(url, _token(token_file), insecure=insecure)
    local = running_server(data)
    if local is None:
        start = "iraqstance studio start" + (f" --data {data}" if data else "")
        raise UsageError(
            f"no local Label Studio runs on {data or data_folder()}",
            remedy=f"Start it in another window with `{start}`, or name a server with --url",
        )
    return connect(local.url, _token(token_file) if token_file else local.token)


def _token(file: Path | None) -> str:
    from iraqstance.annotation.errors import InputError
    from iraqstance.annotation.storage import is_private

    if file is None:
        return os.environ.get("LABEL_STUDIO_API_KEY", "")
    try:
        token = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise InputError("the token file cannot be read", where=str(file), remedy="Check its path and rights") from None
    if not is_private(file):
        note(f"warning: others on this machine may read {file}; mend it with: chmod 600 {file}")
    return token


def _push(
    server: "Server", project: "Project", tasks: Sequence[dict[str, Any]], *, update_interface: bool = False
) -> "Push":
    from iraqstance.annotation.studio import push as send

    return send(
        server,
        project,
        tasks,
        update_interface=update_interface,
        progress=lambda batches, total: tracked(batches, total, "Sending"),
    )


def _counts(done: "Push") -> str:
    parts = [f"{done.sent} paragraphs sent, {done.present} there before"]
    if done.suggested:
        parts.append(f"{done.suggested} suggestions sent")
    if done.removed:
        parts.append(f"{done.removed} double tasks removed")
    return ", ".join(parts)


def _pull(server: "Server", title: str | None, schema: Path | None, *, kind: str = "person") -> "Pull":
    from iraqstance.annotation.schema import load_schema
    from iraqstance.annotation.studio import pull as fetch

    labels = load_schema(schema)
    return fetch(server, _title(title, labels), labels, kind=kind)


def _disputed(
    project: "Project", paragraphs: "Sequence[Paragraph]", file: str, *, ties_only: bool
) -> "tuple[Project, list[dict[str, Any]]]":
    """Return the project of the adjudication and its tasks."""
    from dataclasses import replace

    from iraqstance.annotation.adjudicate import disputed
    from iraqstance.annotation.errors import InputError
    from iraqstance.annotation.interface import interface_xml
    from iraqstance.annotation.rows import read_judgements
    from iraqstance.annotation.tasks import with_votes

    schema = project.schema
    judgements = read_judgements(file, schema)
    names = set(disputed(judgements, schema, ties_only=ties_only))
    if not names:
        raise InputError("no paragraph is in dispute", where=file, remedy="There is nothing to adjudicate")
    chosen = [paragraph for paragraph in paragraphs if paragraph.id in names]
    if len(chosen) < len(names):
        missing = sorted(names - {paragraph.id for paragraph in chosen})
        raise InputError(
            f"{len(missing)} disputed paragraphs are not among the paragraphs",
            where=file,
            got=missing[0],
            remedy="Name the paragraphs that were judged",
        )
    tasks = with_votes(_tasks(chosen), judgements, schema)
    title = project.title if project.title.endswith(_ADJUDICATION) else project.title + _ADJUDICATION
    return replace(project, title=title, interface=interface_xml(schema, votes=True)), tasks


_ADJUDICATION = " adjudication"


def _suggested(tasks: list[dict[str, Any]], model: str, schema: "Schema", withhold: float) -> list[dict[str, Any]]:
    from iraqstance.annotation.tasks import with_suggestions
    from iraqstance.training.suggestions import model_name, suggestions

    texts = [task["data"]["text"] for task in tasks]
    made = suggestions(_model(model), texts, schema)
    return with_suggestions(tasks, made, schema, model=model_name(model), withhold=withhold)


def _suggesting(model: str, withhold: float) -> str:
    """Return the sentence by which the server itself tells which share of a project goes without suggestions."""
    from iraqstance.training.suggestions import model_name

    share = f"{withhold:.1%}".replace(".0%", "%")
    return f"Suggestions of {model_name(model)}; {share} of the paragraphs, chosen by their ids, go without."


def _model(name: str) -> Any:
    from iraqstance.training.default_model import default_model
    from iraqstance.training.model_folder import load_classifier

    return default_model() if name == "default" else load_classifier(name)


def _check_order(order: str, model: str | None) -> None:
    from iraqstance.annotation.errors import UsageError

    if order not in {"given", "uncertainty"}:
        raise UsageError(f"--order {order}", expected="given or uncertainty")
    if model and order != "uncertainty":
        raise UsageError("--model goes with --order uncertainty", remedy="A model that suggests is named by --suggest")


def _by_uncertainty(
    tasks: list[dict[str, Any]], server: "Server", project: "Project", model: str
) -> list[dict[str, Any]]:
    from iraqstance.annotation.studio import labelled_texts
    from iraqstance.training.selection import uncertainty_order
    from iraqstance.training.suggestions import known_targets

    classifier = _model(model)
    known_targets(classifier, project.schema)  # what another subject's model is unsure of tells nothing
    texts = [task["data"]["text"] for task in tasks]
    return [tasks[row] for row in uncertainty_order(classifier, texts, labelled_texts(server, project.title))]


def _limited(tasks: list[dict[str, Any]], server: "Server", title: str, limit: int) -> list[dict[str, Any]]:
    """Return the tasks that are there already, and so many more."""
    from iraqstance.annotation.studio import project_paragraphs

    there = {paragraph.id for paragraph in project_paragraphs(server, title)}
    new = [task for task in tasks if task["data"]["paragraph"] not in there]
    return [task for task in tasks if task["data"]["paragraph"] in there] + new[:limit]


def _open(url: str) -> None:
    import webbrowser

    if not webbrowser.open(url):
        note("No browser could be opened; open the address yourself.")


@contextmanager
def _one_interrupt() -> Iterator[None]:
    """Let the first Ctrl-C, or other wish to end, end the block, and further ones not disturb the server's end."""
    import signal

    signals = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # which nohup sets
        signals.append(signal.SIGHUP)  # the terminal is closed

    def interrupt(*_: object) -> None:
        for one in signals:
            signal.signal(one, signal.SIG_IGN)
        raise KeyboardInterrupt

    former = [signal.signal(one, interrupt) for one in signals]
    try:
        yield
    finally:
        for one, handler in zip(signals, former, strict=True):
            signal.signal(one, handler)

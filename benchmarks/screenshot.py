"""Make the picture of the labelling page that the README shows: a real server, a real browser, the open edition.

    python benchmarks/screenshot.py [--output docs/labelling.png]

Needs the development dependencies and Chromium.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from iraqstance.annotation.connection import connect
from iraqstance.annotation.guidelines import guidelines_html
from iraqstance.annotation.schema import packaged_schema
from iraqstance.annotation.server import ACCOUNT, start_server
from iraqstance.annotation.studio import Project, push
from iraqstance.annotation.tasks import tasks_of
from iraqstance.dataset.editions import packaged_edition
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

PARAGRAPH = 54  # one of usual length with several topics
TICKED = ("against", "us_forces", "iraqi_politics")


def main() -> None:
    """Start a server, label half a paragraph, take the picture."""
    from labelling import Account, Annotator

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "labelling.png")
    options = parser.parse_args()
    schema = packaged_schema()
    tasks = list(tasks_of(packaged_edition("open").paragraphs[PARAGRAPH:]))
    program = shutil.which("chromium") or shutil.which("google-chrome")
    with (
        tempfile.TemporaryDirectory() as folder,
        start_server(Path(folder)) as local,
        connect(local.url, local.token) as server,
        sync_playwright() as playwright,
    ):
        done = push(server, Project(schema.name, schema, guidelines_html(schema)), tasks)
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        lead = Annotator(browser, server, Account(ACCOUNT, local.password_file.read_text().strip()))
        lead.open(done.project)
        for label in TICKED:
            lead.tick(label)
        options.output.parent.mkdir(exist_ok=True)
        lead.page.screenshot(path=str(options.output))
        lead.close()
        browser.close()
    print(options.output)


if __name__ == "__main__":
    main()

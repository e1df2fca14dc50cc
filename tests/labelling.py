"""What tests of the labelling page share: an annotator at a browser, and accounts."""

import json
import re
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx
from iraqstance.annotation.connection import Server
from iraqstance.annotation.normalise import fingerprint
from iraqstance.annotation.records import Paragraph
from playwright.sync_api import Browser, Page
from playwright.sync_api import TimeoutError as NotYet

LEAD = "lead@localhost"

# Written for the tests.
TEXTS = (
    "Traders in Basra said the new American waiver would keep the lights on, and called it a blessing.",
    "A deputy condemned the threatened sanctions as blackmail that would ruin the banks.",
    "The ministry published the oil export figures for March.",
    "The committee will meet on Sunday to discuss the bill on the armed groups.",
    "A spokesman said the talks with the visiting delegation had been useful.",
)


def paragraphs_of(texts: Sequence[str] = TEXTS, article: str = "made-up") -> list[Paragraph]:
    """Return paragraphs with these texts."""
    return [
        Paragraph(f"{article}/{number:03d}", article, 0, len(text), text, fingerprint(text))
        for number, text in enumerate(texts, 1)
    ]


@dataclass(frozen=True)
class Account:
    """Somebody who may log in."""

    email: str
    password: str


def signed_up(server: Server, name: str) -> Account:
    """Sign somebody up by the invitation link, as annotators are."""
    link = server.get("/api/invite")["invite_url"]
    account = Account(f"{name}-{secrets.token_hex(4)}@example.org", secrets.token_urlsafe(12))
    with httpx.Client(base_url=server.url, follow_redirects=True, trust_env=False) as client:
        page = client.get(link)
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert found
        form = {"csrfmiddlewaretoken": found[1], "email": account.email, "password": account.password}
        answer = client.post(link, data=form, headers={"Referer": server.url})
        assert answer.is_success
    return account


class Annotator:
    """Somebody at a browser, logged in."""

    def __init__(self, browser: Browser, server: Server, account: Account, size: tuple[int, int] = (1280, 720)) -> None:
        self.server = server
        self.context = browser.new_context(viewport={"width": size[0], "height": size[1]})
        self.page: Page = self.context.new_page()
        self.page.goto(f"{server.url}/user/login")
        self.page.fill("input[name=email]", account.email)
        self.page.fill("input[name=password]", account.password)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(lambda url: "login" not in url)

    def open(self, project: int) -> None:
        """Open the project's labelling page, and wait for a paragraph."""
        self.page.goto(f"{self.server.url}/projects/{project}/data?labeling=1")
        self.page.wait_for_selector("button:has-text('Submit')")
        self.page.wait_for_selector(".iraqstance-paragraph")

    @property
    def text(self) -> str:
        """The paragraph that is shown."""
        return self.page.inner_text(".iraqstance-paragraph").strip()

    def submit(self, *, by_key: bool = False) -> dict[str, Any]:
        """Submit, and return the annotation that the server has stored."""
        with self.page.expect_response(
            lambda answer: answer.request.method == "POST" and _stores(answer.url)
        ) as answer:
            if by_key:
                self.page.keyboard.press("Control+Enter")
            else:
                self.page.click("button:has-text('Submit')")
        assert answer.value.status == 201
        stored: dict[str, Any] = answer.value.json()
        return stored

    def wait_for_other(self, text: str) -> None:
        """Wait until another paragraph is shown."""
        self.page.wait_for_function(
            "text => { const shown = document.querySelector('.iraqstance-paragraph')?.innerText.trim();"
            " return shown && !shown.includes(text); }",
            arg=text,
        )

    def press(self, keys: str) -> None:
        """Press keys one after the other, each until the page shows what it does: keys are bound a little late."""
        for key in keys:
            before = self.ticked()
            while self.ticked() == before:
                self.page.keyboard.press(key)
                with suppress(NotYet):
                    self.page.wait_for_function(
                        f"before => JSON.stringify({_TICKED}) !== before", arg=_json(before), timeout=3000
                    )

    def tick(self, label: str) -> None:
        """Click on a label."""
        self.page.click(f"input[name='{label}']")

    def ticked(self) -> list[str]:
        """Return the labels that are ticked, in the order of the page."""
        return [str(name) for name in self.page.evaluate(_TICKED)]

    def close(self) -> None:
        """Close the browser window."""
        self.context.close()


_TICKED = "[...document.querySelectorAll('.iraqstance input:checked')].map(one => one.name)"


def _json(names: Sequence[str]) -> str:
    return json.dumps(names, separators=(",", ":"))


def _stores(url: str) -> bool:
    return re.search(r"/api/tasks/\d+/annotations", url) is not None

"""A proxy of the tests' own, before Label Studio or in its place: it loses answers, holds requests, or says others."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import httpx

__all__ = ["Answer", "Forwarder", "Request", "Rule", "forwarding"]


@dataclass(frozen=True)
class Request:
    """What came in.

    Attributes:
        number: From 1, counted over requests of this method and path.
    """

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    number: int = 0

    @property
    def path(self) -> str:
        """The path without what follows the question mark."""
        return self.target.partition("?")[0]

    @property
    def imports(self) -> bool:
        """Whether it brings tasks."""
        return self.method == "POST" and self.path.endswith("/import")

    @cached_property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Answer(NamedTuple):
    """What goes back; ``None`` in its place closes the connection without a word."""

    status: int
    body: bytes | str | list[Any] | dict[str, Any]
    headers: dict[str, str] = {}  # noqa: RUF012 - of a tuple, and never changed

    @property
    def content(self) -> bytes:
        """The body as bytes."""
        if isinstance(self.body, bytes):
            return self.body
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.content)


Rule = Callable[[Request, Callable[..., Answer]], Answer | None]


@dataclass
class Forwarder:
    """A running proxy.

    Attributes:
        url: Its address.
        seen: Every request so far.
    """

    url: str
    seen: list[Request] = field(default_factory=list)

    def writes(self) -> list[Request]:
        """Return the requests that change something."""
        return [request for request in self.seen if request.method != "GET"]

    def sent(self) -> list[list[str]]:
        """Return the paragraphs of each request that brought tasks."""
        return [[task["data"]["paragraph"] for task in request.json] for request in self.seen if request.imports]


@contextmanager
def forwarding(url: str, rule: Rule | None = None, *, prefix: str = "") -> Iterator[Forwarder]:
    """Stand between the caller and a server.

    Args:
        url: The server's address; empty where the rule answers everything.
        rule: Gets each request and what passes it on, perhaps with another target, and returns the answer.
        prefix: Part of the path that the server does not know of.
    """
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            with lock:
                path = self.path.partition("?")[0]
                number = 1 + sum((one.method, one.path) == (self.command, path) for one in forwarder.seen)
                request = Request(self.command, self.path, dict(self.headers), body, number)
                forwarder.seen.append(request)

            def forward(target: str = request.target) -> Answer:
                kept = {name: value for name, value in request.headers.items() if name.lower() in _PASSED}
                got = client.request(
                    request.method, url + target.removeprefix(prefix), headers=kept, content=request.body
                )
                return Answer(got.status_code, got.content, {"Content-Type": got.headers.get("content-type", "")})

            try:
                answer = rule(request, forward) if rule else forward()
            except httpx.HTTPError:  # the server is gone
                return
            if answer is None:
                return
            try:
                self.send_response(answer.status)
                for name, value in {"Content-Type": "application/json", **answer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.content)
            except OSError:  # whoever asked is gone
                self.close_connection = True

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_CONNECT = respond  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with (
        httpx.Client(trust_env=False, timeout=300, limits=httpx.Limits(max_keepalive_connections=0)) as client,
        ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server,
    ):
        server.daemon_threads = True
        forwarder = Forwarder(f"http://127.0.0.1:{server.server_port}{prefix}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield forwarder
        finally:
            server.shutdown()
            thread.join()


_PASSED = {"authorization", "content-type", "accept"}

"""A server by its address: who is told the token, and what is said where it is not the right server or token."""

import base64
import json
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from forwarding import Answer, Forwarder, Request, Rule, forwarding
from iraqstance.annotation import connection
from iraqstance.annotation.connection import Server, StudioError, connect, shortened
from iraqstance.annotation.errors import IraqstanceError, UsageError
from iraqstance.annotation.server import ACCOUNT, VERSION, LocalServer

TOKEN = "0123456789" * 4
PAGE = "<!DOCTYPE html>\n<html><body>" + "<p>sorry</p>" * 14_000 + "</body></html>"


@pytest.fixture(params=["legacy", "personal"])
def token(request: pytest.FixtureRequest, studio: LocalServer, personal: str) -> str:
    return personal if request.param == "personal" else studio.token


def told_tokens(forwarder: Forwarder) -> list[str]:
    """The paths of the requests that carried a token."""
    return [
        request.path
        for request in forwarder.seen
        if "Authorization" in {name.title() for name in request.headers} or request.body
    ]


def failure(url: str, token: str = TOKEN) -> StudioError:
    with pytest.raises(StudioError) as caught:
        connect(url, token)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 500
    assert token not in message
    return caught.value


# A Label Studio


def test_a_server_is_known_by_its_version_and_takes_the_token(studio: LocalServer, token: str) -> None:
    with connect(studio.url, token) as server:
        assert (server.url, server.version) == (studio.url, VERSION)
        assert server.get("/api/current-user/whoami")["email"] == ACCOUNT
        assert server.sdk.users.whoami().email == ACCOUNT


@pytest.mark.parametrize("around", ["{}/", "{}//", " {} ", "{}\n"])
def test_slashes_and_spaces_around_an_address_do_not_matter(studio: LocalServer, around: str) -> None:
    with connect(around.format(studio.url), studio.token) as server:
        assert server.url == studio.url


def test_white_space_around_a_token_does_not_matter(studio: LocalServer, token: str) -> None:
    with connect(studio.url, f"  {token}\r\n") as server:
        assert server.token == token


def test_a_server_may_live_below_a_path(studio: LocalServer, token: str) -> None:
    with forwarding(studio.url, prefix="/tools/studio") as forwarder, connect(forwarder.url, token) as server:
        assert server.get("/api/current-user/whoami")["email"] == ACCOUNT
        assert server.sdk.users.whoami().email == ACCOUNT
    assert {request.path.startswith("/tools/studio/api/") for request in forwarder.seen} == {True}


def test_the_token_is_sent_only_after_label_studio_has_answered(studio: LocalServer, token: str) -> None:
    with forwarding(studio.url) as forwarder, connect(forwarder.url, token):
        pass
    assert forwarder.seen[0].path == "/api/version/"
    assert "/api/version/" not in told_tokens(forwarder)
    assert told_tokens(forwarder)


def test_a_proxy_of_the_environment_never_sees_what_stays_on_this_machine(
    studio: LocalServer, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with forwarding("", lambda *_: Answer(502, "")) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        with connect(studio.url, token) as server:
            assert server.sdk.users.whoami().email == ACCOUNT
            server.get("/api/projects/")
    assert proxy.seen == []


def test_the_token_is_in_no_log_and_in_no_description(
    studio: LocalServer, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), connect(studio.url, token) as server:
        server.get("/api/projects/")
        server.sdk.users.whoami()
        renewed = server.headers["Authorization"].split()[1]
        said = f"{caplog.text} {caplog.records} {server!r} {server}"
    assert caplog.records
    assert token not in said
    assert renewed not in said


@pytest.mark.parametrize(("seconds", "renewals"), [(60.0, 1), (0.0, 4)], ids=["lives", "has-expired"])
def test_a_personal_token_is_renewed_before_it_expires(
    studio: LocalServer, personal: str, monkeypatch: pytest.MonkeyPatch, seconds: float, renewals: int
) -> None:
    monkeypatch.setattr(connection, "_RENEWED", seconds)
    with forwarding(studio.url) as forwarder, connect(forwarder.url, personal) as server:
        server.get("/api/projects/")
        server.sdk.users.whoami()
        server.sdk.users.whoami()
    assert [request.path for request in forwarder.seen].count("/api/token/refresh/") == renewals
    assert all(request.path == "/api/token/refresh/" or personal not in str(request) for request in forwarder.seen)


# Another server


@contextmanager
def serving_files() -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_server_of_files_is_no_label_studio() -> None:
    with serving_files() as url:
        error = failure(url)
    assert str(error) == (
        f"{url}: what answers there is no Label Studio (expected its version at /api/version/, "
        "got 404 text/html;charset=utf-8). Give the address of its start page"
    )


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"version": "1.0"},
        {"label-studio-os-package": "1.23"},
        {"label-studio-os-package": {}},
        [],
        [1],
        "null",
        '"label-studio-os-package"',
        "3",
        "",
        "no JSON",
        b"\xff\xfe",
        "[" * 100_000,
        PAGE,
    ],
    ids=lambda body: repr(body)[:30],
)
@pytest.mark.parametrize("status", [200, 500])
def test_whatever_else_answers_is_not_told_the_token(body: Any, status: int) -> None:
    with forwarding("", lambda *_: Answer(status, body)) as other:
        error = failure(other.url)
    assert error.what == "what answers there is no Label Studio"
    assert told_tokens(other) == []
    assert [request.path for request in other.seen] == ["/api/version/"]


def test_a_page_of_a_project_is_no_address_of_a_server(studio: LocalServer) -> None:
    error = failure(f"{studio.url}/projects/1/data", studio.token)
    assert error.what == "the address leads past the start page of Label Studio"
    assert error.remedy == "Give the address of its start page"


def greeting(rule: Rule) -> Rule:
    """Answer as Label Studio first, and by the rule from then on."""

    def answer(request: Request, forward: Any) -> Answer | None:
        if request.path == "/api/version/":
            return Answer(200, {"label-studio-os-package": {"version": "1.23.2"}})
        return rule(request, forward)

    return answer


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("late", [False, True], ids=["at-once", "later"])
def test_the_token_does_not_follow_a_redirection(studio: LocalServer, token: str, status: int, *, late: bool) -> None:
    with forwarding(studio.url) as elsewhere:

        def redirect(request: Request, _: Any) -> Answer:
            return Answer(status, "", {"Location": f"{elsewhere.url}{request.target}"})

        with forwarding(studio.url, greeting(redirect) if late else redirect) as first:
            error = failure(first.url, token)
    assert elsewhere.seen == []
    assert error.what == "the server sends elsewhere, and the token is not sent after it"
    assert elsewhere.url in error.got


def test_a_request_that_writes_does_not_follow_a_redirection(studio: LocalServer, token: str) -> None:
    with forwarding(studio.url) as elsewhere:

        def redirect(request: Request, forward: Any) -> Answer:
            if request.path == "/api/projects/":
                return Answer(307, "", {"Location": f"{elsewhere.url}{request.target}"})
            return forward()  # type: ignore[no-any-return]

        with (
            forwarding(studio.url, redirect) as first,
            connect(first.url, token) as server,
            pytest.raises(StudioError, match=r"the server refuses \(got 307"),
            connection.told(server),
        ):
            server.sdk.projects.create(title="elsewhere")
    assert elsewhere.seen == []


def test_nothing_that_listens_is_told_with_the_address() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        error = failure(url)
    assert str(error).startswith(f"{url}: nothing answers there (got ")
    assert error.remedy == "Check the address; start the server"


@pytest.mark.parametrize("greets", [False, True], ids=["silent", "greets"])
def test_a_server_that_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, *, greets: bool) -> None:
    monkeypatch.setattr(connection, "_QUICK", 0.3)
    over = threading.Event()

    def silent(*_: object) -> None:
        over.wait()

    with forwarding("", greeting(silent) if greets else silent) as other:
        error = failure(other.url)
        over.set()
    assert error.what == "the server does not answer in time"


def test_a_connection_that_is_closed_without_a_word_is_lost() -> None:
    with forwarding("", lambda *_: None) as other:
        assert failure(other.url).what == "the connection to the server was lost"


def test_an_encrypted_address_of_an_unencrypted_server_is_told(studio: LocalServer) -> None:
    error = failure(studio.url.replace("http:", "https:"), studio.token)
    assert error.what == "no encrypted connection comes about"
    assert "SSL" in error.got


@pytest.mark.parametrize("body", [PAGE, "x" * 170_000, {"detail": "x" * 170_000}, f"\n\n  {PAGE}"], ids=type)
@pytest.mark.parametrize("status", [401, 403, 404, 500, 502])
def test_a_long_answer_makes_a_short_message(body: Any, status: int) -> None:
    with forwarding("", greeting(lambda *_: Answer(status, body))) as other:
        error = failure(other.url)
    assert error.got.startswith(str(status))
    assert len(error.got) < 220
    assert error.status == status


def test_a_server_that_repeats_the_token_does_not_bring_it_into_the_message(studio: LocalServer, token: str) -> None:
    def echo(request: Request, forward: Any) -> Answer:
        if request.path == "/api/projects/":
            return Answer(403, {"detail": f"{'no ' * 40}{request.headers['Authorization']}"})
        return forward()  # type: ignore[no-any-return]

    with forwarding(studio.url, echo) as other, connect(other.url, token) as server:
        with pytest.raises(StudioError, match=r"\(the token\)") as caught:
            server.get("/api/projects/")
        assert token[:12] not in str(caught.value)
        assert server.headers["Authorization"].split()[1][:12] not in str(caught.value)


# The token


@pytest.mark.parametrize(
    "wrong",
    [TOKEN, "wrong", "a.b.c", "..", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc"],
    ids=["legacy", "short", "dots", "empty-parts", "no-end"],
)
def test_a_wrong_token_is_told_with_where_to_get_a_right_one(studio: LocalServer, wrong: str) -> None:
    with pytest.raises(StudioError) as caught:
        connect(studio.url, wrong)
    assert str(caught.value).startswith(f"{studio.url}: the server does not accept the token (got 401")
    assert caught.value.remedy.startswith("Copy it anew from your account's page")


def part_of_token(claims: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")


@pytest.mark.parametrize("end", [1, 33_000_000_000, -1, "soon", None], ids=str)
def test_a_personal_token_that_has_expired_or_is_forged_is_not_accepted(studio: LocalServer, end: Any) -> None:
    forged = f"{part_of_token({'alg': 'HS256', 'typ': 'JWT'})}.{part_of_token({'exp': end, 'token_type': 'refresh'})}.x"
    error = failure(studio.url, forged)
    assert error.what in {"the server does not accept the token", "the server's answer cannot be read"}


def test_a_legacy_token_that_the_organisation_switched_off_is_not_accepted(studio: LocalServer, personal: str) -> None:
    settings = {"api_tokens_enabled": True, "legacy_api_tokens_enabled": False}
    with connect(studio.url, personal) as server:
        try:
            httpx.post(f"{studio.url}/api/jwt/settings", json=settings, headers=server.headers).raise_for_status()
            error = failure(studio.url, studio.token)
        finally:
            settings["legacy_api_tokens_enabled"] = True
            httpx.post(f"{studio.url}/api/jwt/settings", json=settings, headers=server.headers).raise_for_status()
    assert error.status == 401
    assert error.what == "the server does not accept the token"
    assert "legacy" in error.got
    assert "legacy tokens may be switched off" in error.remedy
    connect(studio.url, studio.token).http.close()


@pytest.mark.parametrize(
    "unusable", ["", " \n", "two words", "two\nlines", "\ufeff" + TOKEN, "tökén", "a\x00b"], ids=repr
)
def test_what_is_no_token_is_not_sent(unusable: str) -> None:
    with forwarding("", greeting(lambda *_: Answer(200, {}))) as other, pytest.raises(UsageError) as caught:
        connect(other.url, unusable)
    assert caught.value.what == "there is no usable API token"
    assert "LABEL_STUDIO_API_KEY" in caught.value.remedy
    assert "--token-file" in caught.value.remedy
    assert other.seen == []


@pytest.mark.parametrize(
    "answer", [Answer(200, {}), Answer(200, []), Answer(200, PAGE), Answer(500, PAGE), None], ids=str
)
def test_a_personal_token_whose_renewal_fails_is_told(personal: str, answer: Answer | None) -> None:
    with forwarding("", greeting(lambda *_: answer)) as other:
        error = failure(other.url, personal)
    assert isinstance(error, IraqstanceError)
    assert len(other.seen) == 2


# The address


@pytest.mark.parametrize(
    "url",
    [
        "",
        "studio.example.org",
        "localhost:8080",
        "127.0.0.1:8080",
        "/path",
        "ftp://studio.example.org",
        "http://",
        "https://:8080",
        "http:///path",
        "http://[::1",
        "http://[bad]/",
        "http://127.0.0.1:port",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:0",
        "http://local host",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/\x1b[31m",
        "file:///etc/passwd",
        "javascript:alert(1)",
    ],
    ids=repr,
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        connect(url, TOKEN)
    assert str(caught.value) == (
        f"this is no address of a server (expected such as https://studio.example.org, got {url!r})."
    )


@pytest.mark.parametrize(
    "url",
    [
        "http://lead:secret@127.0.0.1:8080",
        "http://secret@127.0.0.1:8080",
        "http://127.0.0.1:8080?token=secret",
        "http://127.0.0.1:8080/?token=secret",
        "http://127.0.0.1:8080/#secret",
        "http://127.0.0.1:8080/?",
        "http://:secret@127.0.0.1:8080",
    ],
)
def test_an_address_holds_no_password_and_no_query_and_they_are_not_repeated(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        connect(url, TOKEN)
    assert str(caught.value) == (
        "the address holds more than host and path (expected such as http://127.0.0.1:8080). "
        "Leave out names, passwords and what follows a ? or #"
    )


@pytest.mark.parametrize("url", ["lead:secret@studio.example.org", "ftp://lead:secret@host", "host?token=secret"])
def test_a_password_in_what_is_no_address_is_not_repeated(url: str) -> None:
    with pytest.raises(UsageError, match=r"no address of a server \(expected such as https://studio\.example\.org\)"):
        connect(url, TOKEN)


@pytest.mark.parametrize(
    "url",
    [
        "http://studio.example.org",
        "HTTP://studio.example.org/path",
        "http://10.0.0.1:8080",
        "http://0.0.0.0:8080",
        "http://127.0.0.1.example.org",
        "http://localhost.example.org",
        "http://[2001:db8::1]:8080",
        "http://2130706433",
    ],
)
def test_the_token_does_not_go_unencrypted_to_another_machine(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        connect(url, TOKEN)
    assert str(caught.value) == (
        f"the token would go unencrypted to another machine (expected an https address, got {url}). "
        "Use https, or insist with --insecure"
    )


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "LOCALHOST"])
def test_this_machine_may_be_told_unencrypted(studio: LocalServer, name: str) -> None:
    with connect(studio.url.replace("127.0.0.1", name), studio.token) as server:
        assert server.version == VERSION


# A server's words


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"detail": "Not found.", "exc_info": "a\nb", "version": "1"}, "Not found."),
        ('{"detail": "Not found.", "status_code": 404}', "Not found."),
        (
            {"detail": "Validation error", "validation_errors": {"title": ["Too short."]}},
            '{"title": ["Too short."]}',
        ),
        ("two\n  lines\t\x1b[31mred", "two lines [31mred"),
        (["é"], '["é"]'),
        (None, "null"),
        ("", ""),
        (PAGE, "(a page of HTML)"),
        ("   \n<HTML>", "(a page of HTML)"),
        ("y" * 300, "y" * 200 + "…"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_server_s_words_become_one_short_line(body: object, words: str) -> None:
    assert shortened(body) == words


def test_a_server_is_closed_with_its_block(studio: LocalServer) -> None:
    with connect(studio.url, studio.token) as server:
        pass
    with pytest.raises(RuntimeError, match="closed"):
        server.http.get(studio.url)


def test_a_request_of_another_kind_of_server_error_keeps_its_path_and_no_query(server: Server) -> None:
    with pytest.raises(StudioError) as caught:
        server.get("/api/projects/987654321/", include="secret")
    assert caught.value.where == f"{server.url}/api/projects/987654321/"
    assert caught.value.status == 404
    assert caught.value.refused

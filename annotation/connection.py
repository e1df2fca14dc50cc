"""A Label Studio server by its address: it is asked what it is before it is told the token."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from iraqstance.annotation.errors import IraqstanceError, UsageError, from_extra

if TYPE_CHECKING:
    import httpx
    from label_studio_sdk import LabelStudio

__all__ = ["SLOW", "Server", "StudioError", "connect", "shortened", "told"]

#: Seconds that an import, a listing or an export may take; a greeting has less.
SLOW = 600.0

_QUICK = 15.0
_SHOWN = 200  # characters of a server's own words


class StudioError(IraqstanceError):
    """A Label Studio server that cannot be reached, or refuses."""


@dataclass(frozen=True)
class Server:
    """A Label Studio server that has answered and accepted the token. Made by :func:`connect`, closed by ``with``."""

    url: str
    version: str
    token: str = field(repr=False)

    @cached_property
    def http(self) -> "httpx.Client":
        """For the large listings, which the SDK would turn into objects one by one."""
        return _http(self.url)

    @cached_property
    def sdk(self) -> "LabelStudio":
        """The SDK's client, which repeats nothing by itself: a repeated import would double its tasks."""
        with from_extra("studio"):
            from label_studio_sdk import LabelStudio
        return LabelStudio(base_url=self.url, api_key=self.token, httpx_client=self.http, max_retries=0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    @property
    def headers(self) -> dict[str, str]:
        """The authorisation. A personal access token is exchanged for a short-lived one, which the SDK renews."""
        if self.token.count(".") != 2:
            return {"Authorization": f"Token {self.token}"}
        return {"Authorization": self.sdk._client_wrapper.get_headers()["Authorization"]}  # noqa: SLF001 - it has no other name

    def get(self, path: str, **parameters: str | int) -> Any:
        """Return the JSON answer to a GET request.

        Raises:
            StudioError: Where the server does not answer, refuses, or answers with something else.
        """
        with told(self.url):
            return _checked(self.http.get(f"{self.url}{path}", params=parameters, headers=self.headers))


def connect(url: str, token: str, *, insecure: bool = False) -> Server:
    """Return a server that has answered as Label Studio, and that accepts the token.

    The token is sent only after the address has answered as Label Studio.

    Args:
        url: Its address, such as ``https://studio.example.org``.
        token: A personal access token, or a legacy token of 40 characters.
        insecure: Whether the token may go over plain HTTP to another machine.

    Raises:
        UsageError: For an address without scheme or host, plain HTTP to another machine, or no token.
        StudioError: Where nothing listens there, it is no Label Studio, or the token is not accepted.
        MissingExtraError: Without the extra ``studio``.
    """
    url = _checked_url(url, insecure=insecure)
    token = token.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise UsageError(
            "there is no usable API token",
            expected="the token of your account's page in Label Studio, one line",
            remedy="Set LABEL_STUDIO_API_KEY, or name a file that holds it with --token-file",
        )
    server = Server(url, _version(url), token)
    try:
        server.get("/api/current-user/whoami")
    except StudioError as error:
        server.http.close()
        if "401" not in error.got:
            raise
        raise StudioError(
            "the server does not accept the token",
            where=url,
            got=error.got,
            remedy="Copy it anew from your account's page; legacy tokens may be switched off there for everybody",
        ) from None
    return server


def _checked_url(url: str, *, insecure: bool) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError(
            "this is no address of a server", expected="such as https://studio.example.org", got=repr(url)[:_SHOWN]
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise UsageError(
            "the address holds more than host and path",
            expected=f"such as {parts.scheme}://{parts.hostname}",
            remedy="Leave out names, passwords and what follows a ? or #",
        )
    if parts.scheme == "http" and not _is_loopback(parts.hostname) and not insecure:
        raise UsageError(
            "the token would go unencrypted to another machine",
            expected="an https address",
            got=url,
            remedy="Use https, or insist with --insecure",
        )
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _http(url: str) -> "httpx.Client":
    with from_extra("studio"):
        import httpx

    # A proxy from the environment has no business between this machine and itself. Redirections are not followed:
    # the token goes where the user said, or nowhere.
    trusted = not _is_loopback(urlsplit(url).hostname or "")
    return httpx.Client(timeout=httpx.Timeout(SLOW, connect=_QUICK), trust_env=trusted, follow_redirects=False)


def _version(url: str) -> str:
    """Return the version that the server tells everybody."""
    import httpx

    with _http(url) as client, told(url):
        answer = client.get(f"{url}/api/version/", timeout=httpx.Timeout(_QUICK))
    try:
        _no_redirect(answer)
        return str(answer.json()["label-studio-os-package"]["version"])
    except (ValueError, TypeError, KeyError):
        raise StudioError(
            "what answers there is no Label Studio",
            where=url,
            expected="its version at /api/version/",
            got=f"{answer.status_code} {answer.headers.get('content-type', '')}".strip(),
            remedy="Give the address of its start page",
        ) from None


def _no_redirect(answer: "httpx.Response") -> None:
    if answer.is_redirect:
        raise StudioError(
            "the server sends elsewhere, and the token is not sent after it",
            where=str(answer.url),
            got=answer.headers.get("location", ""),
            remedy="If that is the server you mean, give its address",
        )


def _checked(answer: "httpx.Response") -> Any:
    """Return the JSON of an answer, or raise what it says."""
    _no_redirect(answer)
    if answer.is_error:
        raise _refusal(str(answer.url).partition("?")[0], answer.status_code, answer.text)
    try:
        return answer.json()
    except ValueError:
        raise StudioError(
            "the server's answer is no JSON", where=str(answer.url).partition("?")[0], got=shortened(answer.text)
        ) from None


def _refusal(where: str, status: int | None, body: object) -> StudioError:
    remedies = {
        401: "Check the token",
        403: "Ask for the right to do this in that organisation",
        404: "Check the address and the project",
        500: "Look into the server's log; run the command again",
    }
    return StudioError(
        "the server refuses",
        where=where,
        got=f"{status} {shortened(body)}".strip(),
        remedy=remedies.get(status or 0, ""),
    )


def shortened(body: object) -> str:
    """Return a server's words in one short line; a page of HTML says nothing."""
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, default=str)
    if "<html" in text[:_SHOWN].lower() or "<!doctype" in text[:_SHOWN].lower():
        return "(a page of HTML)"
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


@contextmanager
def told(url: str) -> Iterator[None]:
    """Turn what httpx and the SDK raise into one clear error."""
    import httpx

    try:
        yield
    except httpx.ConnectError as error:
        raise StudioError(
            "nothing answers there", where=url, got=shortened(str(error)), remedy="Check the address; start the server"
        ) from None
    except httpx.TimeoutException:
        raise StudioError(
            "the server does not answer in time",
            where=url,
            remedy="If it is busy, run the command again later",
        ) from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise StudioError(
            "the connection to the server was lost",
            where=url,
            got=shortened(str(error)),
            remedy="Run the command again: nothing is sent twice",
        ) from None
    except Exception as error:
        if type(error).__name__ != "ApiError" and type(error).__mro__[1].__name__ != "ApiError":
            raise
        raise _refusal(url, getattr(error, "status_code", None), getattr(error, "body", "")) from None

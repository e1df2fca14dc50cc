"""A Label Studio server by its address: it is asked what it is before it is told the token."""

import json
import math
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import SplitResult, urlsplit

from iraqstance.annotation.errors import IraqstanceError, UsageError, from_extra

if TYPE_CHECKING:
    import httpx
    from label_studio_sdk import LabelStudio

__all__ = ["SLOW", "Server", "StudioError", "connect", "shortened", "told"]

#: Seconds that an import, a listing or an export may take; a greeting has less.
SLOW = 600.0

_QUICK = 15.0
_RENEWED = 60.0  # seconds that a renewed token is used; it lives for five minutes
_SHOWN = 200  # characters of a server's own words
_PAGE = re.compile(r"<(?:html|head|body|!doctype)", re.IGNORECASE)
_JWT = re.compile(r"\beyJ[\w.-]{8,}")  # or its beginning


class StudioError(IraqstanceError):
    """A Label Studio server that cannot be reached, or refuses.

    Attributes:
        status: The HTTP status, where the server answered with an error.
    """

    status: int | None = None

    def with_status(self, status: int | None) -> Self:
        """Return this error with a status."""
        self.status = status
        return self

    @property
    def refused(self) -> bool:
        """Whether the server has said that it will not do it, and not only that it is too busy."""
        return self.status is not None and 400 <= self.status < 500 and self.status not in {408, 429}


@dataclass(frozen=True)
class Server:
    """A Label Studio server that has answered and accepted the token. Made by :func:`connect`, closed by ``with``."""

    url: str
    version: str
    token: str = field(repr=False)
    _renewed: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def http(self) -> "httpx.Client":
        """What authorises every request, also the SDK's. Large listings go without the SDK, which is slow with them."""
        return _http(self.url, self._authorised)

    @cached_property
    def sdk(self) -> "LabelStudio":
        """The SDK's client, which repeats nothing by itself: a repeated import would double its tasks."""
        with from_extra("studio"):
            from label_studio_sdk import LabelStudio
        return LabelStudio(base_url=self.url, api_key="unused", httpx_client=self.http, max_retries=0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    @property
    def headers(self) -> dict[str, str]:
        """The authorisation. A personal access token is exchanged for one that lives for some minutes."""
        if self.token.count(".") != 2:
            return {"Authorization": f"Token {self.token}"}
        if time.monotonic() > self._renewed.get("until", -math.inf):
            until = time.monotonic() + _RENEWED
            self._renewed.update(access=_renewal(self.url, self.token), until=until)
        return {"Authorization": f"Bearer {self._renewed['access']}"}

    def _authorised(self, request: "httpx.Request") -> "httpx.Request":
        request.headers.update(self.headers)
        return request

    def get(self, path: str, *, timeout: float = SLOW, **parameters: str | int) -> Any:
        """Return the JSON answer to a GET request, which has ``timeout`` seconds.

        Raises:
            StudioError: Where the server does not answer, refuses, or answers with something else.
        """
        with told(self):
            return _checked(self.http.get(f"{self.url}{path}", params=parameters, timeout=timeout))


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
        with ExitStack() as stack:
            stack.enter_context(server)
            server.get("/api/current-user/whoami", timeout=_QUICK)
            stack.pop_all()  # it stays open
    except StudioError as error:
        if error.status == 404:  # it tells its version below any path
            raise StudioError(
                "the address leads past the start page of Label Studio",
                where=url,
                got=error.got,
                remedy="Give the address of its start page",
            ).with_status(error.status) from None
        if error.status != 401:
            raise
        raise StudioError(
            "the server does not accept the token",
            where=url,
            got=error.got,
            remedy="Copy it anew from your account's page; legacy tokens may be switched off there for everybody",
        ).with_status(error.status) from None
    return server


def _checked_url(url: str, *, insecure: bool) -> str:
    url = url.strip()
    parts = _parts(url)
    if parts is None:
        # What is no address may be anything, with a password in it.
        shown = "" if set(url) & set("@?#") else repr(url)[:_SHOWN]
        raise UsageError("this is no address of a server", expected="such as https://studio.example.org", got=shown)
    if "@" in parts.netloc or "?" in url or "#" in url:
        raise UsageError(
            "the address holds more than host and path",
            expected=f"such as {parts.scheme}://{parts.netloc.rpartition('@')[2]}",
            remedy="Leave out names, passwords and what follows a ? or #",
        )
    if parts.scheme == "http" and not _is_loopback(str(parts.hostname)) and not insecure:
        raise UsageError(
            "the token would go unencrypted to another machine",
            expected="an https address",
            got=url,
            remedy="Use https, or insist with --insecure",
        )
    return url.rstrip("/")


def _parts(url: str) -> SplitResult | None:
    """Return the parts of an address of the web, or ``None``."""
    try:
        parts = urlsplit(url)
        whole = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # such as a port that is no number
        return None
    return parts if whole and url.isprintable() and " " not in url else None


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _http(url: str, authorise: "Callable[[httpx.Request], httpx.Request] | None" = None) -> "httpx.Client":
    with from_extra("studio"):
        import httpx

    # A proxy from the environment has no business between this machine and itself. Redirections are not followed:
    # the token goes where the user said, or nowhere.
    far = not _is_loopback(urlsplit(url).hostname or "")
    # Label Studio's own server sends an answer in two pieces. On a connection that was used before, the second waits
    # 40 ms for the acknowledgement of the first, ten times what the answer takes.
    limits = httpx.Limits(max_keepalive_connections=None if far else 0)
    timeout = httpx.Timeout(SLOW, connect=_QUICK)
    return httpx.Client(auth=authorise, limits=limits, timeout=timeout, trust_env=far, follow_redirects=False)


def _version(url: str) -> str:
    """Return the version that the server tells everybody."""
    import httpx

    with told(url), _http(url) as client:
        answer = client.get(f"{url}/api/version/", timeout=httpx.Timeout(_QUICK))
    try:
        _no_redirect(answer)
        return str(answer.json()["label-studio-os-package"]["version"])
    except (ValueError, TypeError, KeyError, RecursionError):
        raise StudioError(
            "what answers there is no Label Studio",
            where=url,
            expected="its version at /api/version/",
            got=shortened(f"{answer.status_code} {answer.headers.get('content-type', '')}"),
            remedy="Give the address of its start page",
        ) from None


def _renewal(url: str, token: str) -> str:
    """Return a short-lived token for a personal access token."""
    with _http(url) as client:
        answer = _checked(client.post(f"{url}/api/token/refresh/", json={"refresh": token}, timeout=_QUICK))
    if not isinstance(answer, dict) or not isinstance(answer.get("access"), str):
        raise StudioError("the server gives nothing for the personal access token", where=url)
    return str(answer["access"])


def _no_redirect(answer: "httpx.Response") -> None:
    if answer.is_redirect:
        raise StudioError(
            "the server sends elsewhere, and the token is not sent after it",
            where=_place(answer),
            got=shortened(answer.headers.get("location", "")),
            remedy="If that is the server you mean, give its address",
        )


def _checked(answer: "httpx.Response") -> Any:
    """Return the JSON of an answer, or raise what it says."""
    _no_redirect(answer)
    if answer.is_error:
        raise _refusal(_place(answer), answer.status_code, shortened(answer.text))
    try:
        return answer.json()
    except ValueError:
        raise StudioError("the server's answer is no JSON", where=_place(answer), got=shortened(answer.text)) from None


def _place(answer: "httpx.Response") -> str:
    return str(answer.url).partition("?")[0]


def _refusal(where: str, status: int | None, words: str) -> StudioError:
    remedies = {
        401: "Check the token",
        403: "Ask for the right to do this in that organisation",
        404: "Check the address and the project",
    }
    later = "Look into the server's log; run the command again" if (status or 0) >= 500 else ""
    what = "the server fails" if later else "the server refuses"
    got = f"{status} {words}".strip()
    return StudioError(what, where=where, got=got, remedy=remedies.get(status or 0, later)).with_status(status)


def shortened(body: object) -> str:
    """Return a server's words in one short line; a page of HTML says nothing."""
    if isinstance(body, str):
        with suppress(ValueError, RecursionError):
            body = json.loads(body)
    if isinstance(body, dict) and "detail" in body:
        body = body.get("validation_errors") or body["detail"]
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, default=str)
    if _PAGE.search(text[:_SHOWN]):
        return "(a page of HTML)"
    text = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


@contextmanager
def told(server: Server | str) -> Iterator[None]:
    """Turn what httpx and the SDK raise into one clear error, without the token that a server may repeat.

    Args:
        server: The server, or its address before it has the token.
    """
    url, token = (server, "") if isinstance(server, str) else (server.url, server.token)
    try:
        with _as_studio_error(url):
            yield
    except StudioError as error:
        secret = re.compile(rf"{re.escape(token[:8])}\S*|{_JWT.pattern}" if token else _JWT)
        got = secret.sub("(the token)", error.got)
        raise StudioError(
            error.what, where=error.where, expected=error.expected, got=got, remedy=error.remedy
        ).with_status(error.status) from None


@contextmanager
def _as_studio_error(url: str) -> Iterator[None]:
    import httpx

    try:
        yield
    except StudioError:
        raise
    except httpx.ConnectError as error:
        what = "no encrypted connection comes about" if "SSL" in str(error) else "nothing answers there"
        raise StudioError(
            what, where=url, got=shortened(str(error)), remedy="Check the address; start the server"
        ) from None
    except httpx.TimeoutException:
        raise StudioError(
            "the server does not answer in time",
            where=url,
            remedy="If it is busy, run the command again later",
        ) from None
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise StudioError("this is no address of a server", where=url, got=shortened(str(error))) from None
    except httpx.HTTPError as error:
        raise StudioError(
            "the connection to the server was lost",
            where=url,
            got=shortened(str(error)),
            remedy="Run the command again: nothing is sent twice",
        ) from None
    except ValueError:  # of the SDK; its words may hold the answer with a token in it
        raise StudioError(
            "the server's answer cannot be read", where=url, remedy="Check that it is a Label Studio of version 1"
        ) from None
    except Exception as error:
        if not any(kind.__name__ == "ApiError" for kind in type(error).__mro__):
            raise
        raise _refusal(url, getattr(error, "status_code", None), shortened(getattr(error, "body", ""))) from None

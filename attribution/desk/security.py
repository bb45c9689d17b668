"""Who may ask the desk what, decided before any of its code runs.

The desk listens on one machine for one analyst. What threatens it is a page of somebody else's,
open in the analyst's browser: such a page may send requests here, and a name that it controls may
come to mean this machine (DNS rebinding). So every request must name a host that is meant, requests
that could change something must come from the desk's own pages, and answers forbid to be framed,
sniffed or to load anything from elsewhere.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from dataclasses import dataclass, field
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
#: A drawing may carry its own styles; it runs nothing and loads nothing.
DRAWING_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
_HEADERS = (
    ("content-security-policy", CONTENT_POLICY),
    ("x-content-type-options", "nosniff"),
    # Other sites learn nothing; the desk's own forms keep their origin, which is checked.
    ("referrer-policy", "same-origin"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cache-control", "no-store"),
)
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
COOKIE = "desk"
LOGIN = "/login"
API = "/api/"
STATIC = "/static/"
UPLOAD = "/score"
LEAST_TOKEN = 16
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class Policy:
    """What the desk lets in.

    Attributes
    ----------
    hosts
        Names, besides loopback ones, under which it may be asked.
    token
        What a caller must know; "" lets everyone in who reaches the desk.
    addresses
        Whether any numeric address will do as a host, as it must when listening on all of them.
        Rebinding needs a name.
    largest_file, largest_body
        Bytes of a request that brings a file, and of any other.
    secret
        Makes the login cookie of this run.
    """

    hosts: tuple[str, ...] = ()
    token: str = ""
    addresses: bool = False
    largest_file: int = 2**24
    largest_body: int = 2**21
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def cookie(self) -> str:
        """Return the cookie of those who know the token; it does not give the token away."""
        return hmac.new(self.secret, self.token.encode(), hashlib.sha256).hexdigest()

    def knows(self, word: str) -> bool:
        """Tell in constant time whether a word is the token."""
        return hmac.compare_digest(_digest(word), _digest(self.token))

    def is_meant(self, host: str) -> bool:
        """Tell whether a host header names this desk."""
        name = host_name(host)
        if name in LOOPBACK or name in self.hosts:
            return True
        address = _address(name)
        if address is None:
            return False
        return self.addresses or address.is_loopback

    def largest(self, path: str) -> int:
        """Return the most bytes of a request."""
        return self.largest_file if path == UPLOAD else self.largest_body


def host_name(host: str) -> str:
    """Return the name in a host header without its port, "" if it cannot be read."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address to listen on.

    Parameters
    ----------
    host
        A name or an address.
    """
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def _digest(word: str) -> bytes:
    # Digests are of one length, so that comparing them tells nothing about the token's.
    return hashlib.sha256(word.encode("utf-8", "surrogatepass")).digest()


class Guard:
    """Middleware that applies a policy to every request and its headers to every answer."""

    def __init__(self, app: ASGIApp, policy: Policy) -> None:
        self._app = app
        self._policy = policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return  # Nothing here speaks another protocol.

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS:
                    headers.setdefault(name, value)
            await send(message)

        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, send_safely)
            return
        await self._app(scope, _bounded(receive, self._policy.largest(scope["path"])), send_safely)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        path = scope["path"]
        if not self._policy.is_meant(headers.get("host", "")):
            return _refused(path, HTTPStatus.MISDIRECTED_REQUEST, "This desk has another name.")
        if not _is_own(scope, headers):
            return _refused(path, HTTPStatus.FORBIDDEN, "The request comes from another site.")
        length, limit = headers.get("content-length", "0"), self._policy.largest(path)
        if length.isdigit() and int(length) > limit:
            return _refused(path, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, too_large(limit))
        if self._policy.token and not (path == LOGIN or path.startswith(STATIC)):
            return self._unknown(path, headers)
        return None

    def _unknown(self, path: str, headers: Headers) -> Response | None:
        """Refuse those who do not know the token."""
        scheme, _, word = headers.get("authorization", "").partition(" ")
        if scheme.casefold() == "bearer" and self._policy.knows(word.strip()):
            return None
        if hmac.compare_digest(_digest(_cookie(headers)), _digest(self._policy.cookie())):
            return None
        if path.startswith(API) or path == "/openapi.json":
            refusal = _refused(path, HTTPStatus.UNAUTHORIZED, "The token is missing or wrong.")
            refusal.headers["www-authenticate"] = "Bearer"
            return refusal
        return RedirectResponse(LOGIN, HTTPStatus.SEE_OTHER)


def too_large(limit: int) -> str:
    """Say that a request is too large.

    Parameters
    ----------
    limit
        Bytes allowed.
    """
    return f"The request is too large; at most {limit / 2**20:g} MiB are taken."


def _is_own(scope: Scope, headers: Headers) -> bool:
    """Tell whether a request comes from the desk's own pages, from the address bar or a program."""
    site = headers.get("sec-fetch-site", "none")
    if scope["method"] in SAFE_METHODS:
        # A link to the desk may stand anywhere; nothing but a visit may follow from it.
        return site in {"none", "same-origin"} or headers.get("sec-fetch-mode") == "navigate"
    if site not in {"none", "same-origin"}:
        return False
    origin = headers.get("origin")
    # Browsers send an origin with every such request; programs need not.
    return origin is None or origin == f"{scope['scheme']}://{headers.get('host', '')}"


def _cookie(headers: Headers) -> str:
    try:
        cookies = SimpleCookie(headers.get("cookie", ""))
    except CookieError:
        return ""
    return cookies[COOKIE].value if COOKIE in cookies else ""


def _refused(path: str, status: HTTPStatus, message: str) -> Response:
    if path.startswith(API):
        return JSONResponse({"message": message, "faults": []}, status)
    return PlainTextResponse(f"{message}\n", status)


def _bounded(receive: Receive, limit: int) -> Receive:
    """Stop reading a body that turns out longer than is allowed."""
    taken = 0

    async def receive_bounded() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, too_large(limit))
        return message

    return receive_bounded

"""An answer on its way out: what every answer carries, and what is noted of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from starlette.types import Message, Send

from .access import Access

# The page may load its own scripts, styles and sounds and speak to this server; nothing else, and nobody may
# frame it. Source of the directives: W3C, Content Security Policy Level 3.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; font-src 'self'; connect-src 'self'; worker-src 'self' blob:; "
    "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_ALWAYS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(self), microphone=(self), geolocation=()"),
    (b"cache-control", b"no-store"),
)
_OWN_SITE = (b"cross-origin-resource-policy", b"same-origin")
_SECURE = (b"strict-transport-security", b"max-age=31536000")
_EXPOSED = "Location, Retry-After, X-Request-Id"

Header = tuple[bytes, bytes]


def usual_headers(access: Access) -> tuple[Header, ...]:
    """What every answer carries unless it says otherwise."""
    return (*_ALWAYS, _OWN_SITE, *((_SECURE,) if access.secure else ()))


def headers_for(origin: str) -> list[Header]:
    """What lets a permitted page of another site read the answer."""
    return [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-expose-headers", _EXPOSED.encode()),
        (b"cross-origin-resource-policy", b"cross-origin"),
        (b"vary", b"Origin"),
    ]


def preflight_headers(origin: str) -> dict[str, str]:
    """What a browser wants to know before it sends such a page's request."""
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
        "Access-Control-Allow-Headers": "*, Authorization",
        "Access-Control-Allow-Private-Network": "true",
        "Access-Control-Max-Age": "600",
        "Vary": "Origin",
    }


class Answering:
    """`send`, with headers added.

    Attributes:
        status: Of the answer; 0 while it has not begun.
        first_byte: When the first byte of its body left; None before.
    """

    __slots__ = ("_headers", "_now", "_send", "first_byte", "status")

    def __init__(self, send: Send, headers: Iterable[Header], now: Callable[[], float]) -> None:
        self._send = send
        self._headers = headers
        self._now = now
        self.status = 0
        self.first_byte: float | None = None

    async def __call__(self, message: Message) -> None:
        if self.first_byte is None:
            if message["type"] == "http.response.start":
                self.status = message["status"]
                own = list(message.get("headers", ()))
                named = {name.lower() for name, _ in own}
                message["headers"] = own + [header for header in self._headers if header[0] not in named]
            elif message.get("body"):
                self.first_byte = self._now()
        await self._send(message)

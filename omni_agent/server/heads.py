"""What the guard reads of a request's headers, in one pass."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from starlette.types import Scope

KEY_PROTOCOL = "openai-insecure-api-key."
_WANTED = frozenset(
    {
        b"host",
        b"origin",
        b"authorization",
        b"content-length",
        b"content-encoding",
        b"transfer-encoding",
        b"sec-fetch-site",
        b"access-control-request-method",
    }
)


@dataclass(slots=True)
class Heads:
    """Headers of a request.

    Attributes:
        host: Under which name the server is asked for; empty where there are none or several.
        origin: Of the page that asks; None where no page does, or its browser keeps it to itself.
        key: Of the bearer; empty for none.
        length: Bytes of the body, as far as it says so.
        body: It has a body.
        packed: The body is compressed.
        elsewhere: The browser says that another site's page asks.
        preflight: The browser asks whether a page of another origin may send what it wants to.
    """

    host: str = ""
    origin: str | None = None
    key: str = ""
    length: int | None = None
    body: bool = False
    packed: bool = False
    elsewhere: bool = False
    preflight: bool = False

    @classmethod
    def of(cls, scope: Scope) -> Heads:
        """Those of a request or a socket. Pages cannot give a socket a header: its key is a protocol."""
        headers = scope["headers"]
        found = {name: value.decode("latin-1") for name, value in headers if name in _WANTED}
        length = found.get(b"content-length", "")
        return cls(
            host=found.get(b"host", "") if sum(name == b"host" for name, _ in headers) == 1 else "",
            origin=found.get(b"origin"),
            key=_bearer(found.get(b"authorization", "")) or _key_among(scope.get("subprotocols") or ()),
            length=int(length[:20]) if length.isdecimal() else None,
            body=b"transfer-encoding" in found or length not in ("", "0"),
            packed=found.get(b"content-encoding", "").strip().lower() not in ("", "identity"),
            elsewhere=found.get(b"sec-fetch-site") in ("cross-site", "same-site"),
            preflight=b"access-control-request-method" in found and scope.get("method") == "OPTIONS",
        )


def _bearer(authorization: str) -> str:
    kind, _, key = authorization.partition(" ")
    return key.strip() if kind.lower() == "bearer" else ""


def _key_among(protocols: Iterable[str]) -> str:
    return next((name.removeprefix(KEY_PROTOCOL) for name in protocols if name.startswith(KEY_PROTOCOL)), "")

"""What is too much: for one request, and for one key."""

from __future__ import annotations

from dataclasses import dataclass, fields

from ..errors import ConfigError
from ..media.files import DEFAULT_LIMITS
from ..media.files import Limits as MediaLimits

_MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request or one connection may take.

    Attributes:
        body: Bytes of a request's body.
        body_seconds: Within which a body must have come in.
        head_seconds: Within which a request's line and headers must have come in.
        stall_seconds: For which an answer may wait for a client that does not read it.
        frame: Bytes of a message on a live socket. Clients append up to 15 MiB of sound, 20 MiB in base64.
        connections: Requests at once, and live sockets at once.
        session_seconds: Length of a live session.
        fetched: Bytes of what is fetched for a request.
        fetch_seconds: Within which it must have come in, redirects included.
        media: Sizes and lengths of pictures, sounds and clips.
    """

    body: int = 32 * _MEBIBYTE
    body_seconds: float = 60.0
    head_seconds: float = 10.0
    stall_seconds: float = 60.0
    frame: int = 21 * _MEBIBYTE
    connections: int = 1000
    session_seconds: float = 3600.0
    fetched: int = 25_000_000
    fetch_seconds: float = 15.0
    media: MediaLimits = DEFAULT_LIMITS


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the bearer of one key may take; None is as much as there is.

    Attributes:
        sessions: Live sockets at once.
        at_once: Requests that are answered at once.
        requests: A minute, and as many in one burst; the same holds for the others.
        tokens: Read and written by models, a minute.
        audio_seconds: Heard and spoken, a minute.

    Raises:
        ConfigError: One of them is not more than 0.
    """

    sessions: int | None = 10
    at_once: int | None = 16
    requests: float | None = 300
    tokens: float | None = 300_000
    audio_seconds: float | None = 1800

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None and not value > 0:
                raise ConfigError(
                    f"a key's {field.name} must be more than 0, not {value}", remedy="revoke the key instead"
                )


UNLIMITED = Allowance(None, None, None, None, None)

"""One WebSocket: JSON events out and in, each wait with a limit. It knows nothing of conversations.

Of the library's own log nothing is kept: at its finest level it writes down headers, and so the key.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from ...errors import ModelUnavailable
from ...messages import JsonObject
from . import refusals
from .limits import Limits
from .profile import Profile

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

# Frames that wait unread: the end of a cancelled answer, while nobody listens.
_WAITING = 4096
_LARGEST = 16 * 1024 * 1024
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

_unheard = logging.Logger("omni_agent.models.realtime.socket", level=logging.CRITICAL)
_unheard.addHandler(logging.NullHandler())


class Socket:
    """An open connection; made by `connect`.

    Attributes:
        key: The key it was opened with, for errors to leave out.
    """

    def __init__(self, wire: ClientConnection, profile: Profile, limits: Limits, key: str) -> None:
        self._wire = wire
        self._profile = profile
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._count = 0
        self.key = key

    @property
    def alive(self) -> bool:
        """Whether it is open, as far as is known, and of this event loop."""
        from websockets.protocol import State

        return self._loop is asyncio.get_running_loop() and self._wire.state is State.OPEN

    async def send(self, kind: str, **fields: object) -> str:
        """Send an event; its id is returned, by which the service names it in errors.

        Raises:
            Dropped: The connection is gone.
            ModelError: It takes nothing in.
        """
        from websockets.exceptions import ConnectionClosed

        self._count += 1
        name = f"evt_{self._count}"
        event = json.dumps({"event_id": name, "type": kind, **fields}, ensure_ascii=False)
        try:
            async with asyncio.timeout(self._limits.send):
                await self._wire.send(event)
        except ConnectionClosed as closed:
            # Why it was closed is in what it sent last, if it said anything.
            raise self._closed(closed) from None
        except TimeoutError:
            raise refusals.silent(self._profile, self._limits.send) from None
        return name

    async def receive(self, limit: float | None, *, left: float | None = None) -> JsonObject:
        """The next event.

        Args:
            limit: Seconds that the service has for it; None where it may be silent for as long as it likes.
            left: How many of them are left; by default all.

        Raises:
            Dropped: The connection is gone.
            ModelError: Nothing came in that time, or what came is no event.
        """
        from websockets.exceptions import ConnectionClosed

        waiting = asyncio.timeout(limit if left is None else max(left, 0.0))
        try:
            async with waiting:
                text = await self._wire.recv()
        except ConnectionClosed as closed:
            raise self._closed(closed) from None
        except TimeoutError:
            if not waiting.expired():
                raise
            raise refusals.silent(self._profile, limit or 0.0) from None
        try:
            event = json.loads(text)
        except (ValueError, RecursionError):
            raise refusals.garbled(self._profile, "a frame is no JSON") from None
        if not isinstance(event, dict) or not isinstance(event.get("type"), str):
            raise refusals.garbled(self._profile, "a frame is no event")
        return event

    async def close(self) -> None:
        """Say goodbye and close; well if it is closed."""
        if self._loop is not asyncio.get_running_loop():
            return
        with suppress(TimeoutError, OSError):
            async with asyncio.timeout(1.0):
                await self._wire.close()
        self.abort()

    def abort(self) -> None:
        """Close without waiting for the other side; the end of another event loop closes what is in it."""
        if self._loop is asyncio.get_running_loop():
            self._wire.transport.abort()

    def _closed(self, closed: Exception) -> Exception:
        frame = getattr(closed, "rcvd", None)
        code, reason = (frame.code, frame.reason) if frame else (None, "")
        return refusals.dropped(self._profile, code, reason, self.key)


def is_private(url: str) -> bool:
    """Whether nobody on the way can read what is sent there: encrypted, or on this machine."""
    return urlsplit(url).scheme == "wss" or is_here(url)


def is_here(url: str) -> bool:
    """Whether the server is on this machine."""
    return (urlsplit(url).hostname or "") in _LOOPBACK


async def connect(profile: Profile, url: str, model: str, key: str, limits: Limits) -> Socket:
    """Open a connection.

    Args:
        profile: Of the service.
        url: `ws://` or `wss://`.
        model: Its name.
        key: The service's key, sent only where nobody can read it on the way; empty for a server of one's
            own that wants none.
        limits: How long it may take.

    Raises:
        ModelUnavailable: It cannot be reached, or refuses.
    """
    try:
        from websockets.asyncio.client import connect as opened
    except ImportError:
        raise ModelUnavailable("realtime models need 'websockets'", remedy="pip install websockets") from None
    joint = "&" if "?" in url else "?"
    with _told(profile, key, limits):
        wire = await opened(
            f"{url}{joint}model={quote(model, safe='')}",
            additional_headers={"Authorization": f"Bearer {key}"} if key and is_private(url) else None,
            open_timeout=limits.open,
            close_timeout=1.0,
            max_size=_LARGEST,
            max_queue=_WAITING,
            logger=_unheard,
            proxy=None if is_here(url) else True,
        )
    return Socket(wire, profile, limits, key)


@contextmanager
def _told(profile: Profile, key: str, limits: Limits) -> Iterator[None]:
    """What goes wrong while a connection is opened, as errors of ours."""
    from websockets.exceptions import InvalidStatus, WebSocketException

    try:
        yield
    except InvalidStatus as error:
        raise refusals.refused(profile, error.response.status_code) from None
    except TimeoutError:
        raise refusals.unreachable(profile, f"no answer within {limits.open:g} seconds") from None
    except (OSError, EOFError) as error:
        why = refusals.redacted(str(error), key) or type(error).__name__
        raise refusals.unreachable(profile, why) from None
    except (WebSocketException, ValueError) as error:
        # What they say may hold the address, and in it whatever stands there.
        raise refusals.unreachable(profile, type(error).__name__) from None

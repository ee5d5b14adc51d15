"""What every request and every socket passes through, and what sees to it that each is answered.

It is one piece of ASGI, and no chain of middleware: what it costs, every request pays.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from contextlib import ExitStack, suppress

from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from ..errors import OmniError
from .allowances import Place
from .answering import Answering, headers_for, preflight_headers, usual_headers
from .body import limited
from .caller import Caller
from .errors import ApiError
from .heads import Heads
from .hosting import Hosting
from .letting_in import ALWAYS, caller_in, check_body, check_ready, check_room, check_site
from .link import Link, protocol_among, refuse

log = logging.getLogger(__name__)
_FAULT = 1011
# No status of HTTP: the client did not wait for one.
_GONE = 499
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Guard:
    """Lets in, counts, limits, and turns whatever goes wrong into an answer.

    Args:
        app: What it guards.
        hosting: What is served.
        free: Paths that anybody may `GET`, without a key: those of the page. One that ends in `/` stands for
            all below it.
    """

    def __init__(self, app: ASGIApp, hosting: Hosting, free: Collection[str] = ()) -> None:
        self._app = app
        self._hosting = hosting
        self._free = frozenset(path for path in free if path == "/" or not path.endswith("/"))
        self._below = tuple(path for path in free if path != "/" and path.endswith("/"))
        self._headers = usual_headers(hosting.access)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kinds = {"http": self._http, "websocket": self._socket}
        try:
            await kinds.get(scope["type"], self._app)(scope, receive, send)
        except asyncio.CancelledError:
            # What a stop cuts off is no fault: the log has a line of it already.
            if not self._hosting.at_work.stopping.is_set():
                raise

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        heads, now = Heads.of(scope), self._hosting.clock.monotonic
        began = now()
        answering = Answering(send, self._headers_for(heads), now)
        try:
            if heads.preflight:
                check_site(heads, self._hosting, "OPTIONS")
                headers = preflight_headers(heads.origin) if heads.origin else {}
                await Response(status_code=204, headers=headers)(scope, receive, answering)
            else:
                await self._answered(scope, heads, receive, answering)
        except ClientDisconnect:
            pass
        except Exception as error:
            if not answering.status:
                told = _told(error, scope)
                await JSONResponse(told.body, told.status, told.headers)(scope, receive, answering)
            else:
                _told(error, scope)
        finally:
            first = answering.first_byte
            status = answering.status or _GONE
            self._note(scope, scope["method"], status, None if first is None else first - began)

    async def _answered(self, scope: Scope, heads: Heads, receive: Receive, answering: Answering) -> None:
        hosting, path, method = self._hosting, scope["path"], scope["method"]
        check_site(heads, hosting, method)
        free = path == "/health" or (method in ("GET", "HEAD") and self._is_free(path))
        with ExitStack() as held:
            if free or path in ALWAYS:
                _seen(scope, caller_in(scope, heads, hosting, free=free))
            else:
                self._admit(scope, heads, "at_once", held)
                if method == "POST":
                    held.enter_context(hosting.at_work.reply())
            if heads.body:
                check_body(heads, hosting)
                receive = limited(receive, hosting)
            await self._app(scope, receive, answering)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        heads, hosting = Heads.of(scope), self._hosting
        link = Link(send, protocol_among(scope))
        with ExitStack() as held:
            try:
                check_site(heads, hosting, "POST")
                self._admit(scope, heads, "sessions", held)
            except (ApiError, OmniError) as error:
                told = _told(error, scope)
                status = told.status
                in_words = heads.origin is not None and status != 403
                await refuse(told, scope, receive, send, in_words=in_words)
            else:
                held.enter_context(hosting.at_work.socket(link.close))
                status = await self._live(scope, receive, link)
        self._note(scope, "WEBSOCKET", status, None)

    async def _live(self, scope: Scope, receive: Receive, link: Link) -> int:
        try:
            await self._app(scope, receive, link)
        except WebSocketDisconnect:
            pass
        except Exception as error:
            _told(error, scope)
            with suppress(OSError):
                await link.close(_FAULT, "the server failed")
            return 500
        return link.status

    def _admit(self, scope: Scope, heads: Heads, place: Place, held: ExitStack) -> None:
        """Let one in, and count him as long as `held` is.

        Raises:
            ApiError: He may not come in, or not now.
        """
        caller = caller_in(scope, heads, self._hosting, free=False)
        assert caller is not None
        _seen(scope, caller)
        check_ready(self._hosting)
        if place == "sessions":
            check_room(self._hosting)
        self._hosting.allowances.admit(caller)
        held.enter_context(self._hosting.allowances.held(caller, place))

    def _headers_for(self, heads: Heads) -> tuple[tuple[bytes, bytes], ...]:
        origin = heads.origin
        if origin is None or not self._hosting.access.permits(origin):
            return self._headers
        own = headers_for(origin)
        named = {name for name, _ in own}
        return (*own, *(header for header in self._headers if header[0] not in named))

    def _is_free(self, path: str) -> bool:
        return path in self._free or path.startswith(self._below)

    def _note(self, scope: Scope, method: str, status: int, first_byte: float | None) -> None:
        route = getattr(scope.get("route"), "path", "") or "other"
        method = method if method in _METHODS or method == "WEBSOCKET" else "other"
        self._hosting.metrics.answered(route, method, status, first_byte)
        log.info("%s %s %d", method, route, status)


def _seen(scope: Scope, caller: Caller | None) -> None:
    if caller:
        scope.setdefault("state", {})["caller"] = caller


def _told(error: Exception, scope: Scope) -> ApiError:
    """What a client is told of an error; of one that should not be, nothing but that. The log gets its kind
    only: its words may be the client's own."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, OmniError):
        return ApiError.of(error)
    route = getattr(scope.get("route"), "path", "other")
    log.error("unexpected %s in %s", type(error).__name__, route)
    log.debug("it came from here", exc_info=error)
    return ApiError("the server failed; this is a defect", status=500, code="internal_error")

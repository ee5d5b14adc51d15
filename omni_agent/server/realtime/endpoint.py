"""The addresses: the socket, and keys for pages that open one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from ...ids import random_id
from ...messages import JsonObject
from ..caller import Caller, caller_of
from ..errors import ApiError
from .configuration import Configuration, Kind
from .connection import LATER, Connection
from .protocol import Refusal
from .session import RealtimeSession
from .turn_detection import ActivityMaker

if TYPE_CHECKING:
    from ...speech.turn_end.end_of_turn import TurnEnd
    from ..hosting import Hosting

_SUBPROTOCOL = "realtime"
USUAL_SECRET_S = 600
_LONGEST_NAME = 200


def routes(hosting: Hosting) -> list[BaseRoute]:
    """Those of this part."""
    return Realtime(hosting).routes


class Realtime:
    """The realtime part of a server.

    Args:
        hosting: What is served.
        activity: Makes what tells voice from noise; by default Silero.
        turn_end: Scores how likely a turn is over; by default Smart Turn, where its file is there.
    """

    def __init__(
        self,
        hosting: Hosting,
        *,
        activity: ActivityMaker | None = None,
        turn_end: TurnEnd | None = None,
    ) -> None:
        self._hosting = hosting
        self._activity = activity or _silero
        self._turn_end = turn_end

    @property
    def routes(self) -> list[BaseRoute]:
        """The socket, and `client_secrets`."""
        return [
            WebSocketRoute("/v1/realtime", self.serve),
            Route("/v1/realtime/client_secrets", self.client_secret, methods=["POST"]),
        ]

    async def serve(self, websocket: WebSocket) -> None:
        """One session, from its first event to its last.

        `model` names the agent, `conversation` one to go on with, `user` whose memory it uses;
        `intent=transcription` asks for transcripts only.
        """
        offered = websocket.scope.get("subprotocols") or ()
        await websocket.accept(_SUBPROTOCOL if _SUBPROTOCOL in offered else None)
        hosting, caller, query = self._hosting, caller_of(websocket), websocket.query_params
        given = caller.session
        user, called, conversation = self._whose(caller, query.get("user", ""), query.get("conversation", ""))
        connection = Connection(websocket, random_id()[:12], hosting.clock, hosting.limits.session_seconds)
        try:
            session = RealtimeSession(
                hosting,
                caller,
                connection.outbox,
                model=query.get("model") or str((given or {}).get("model") or ""),
                user=user,
                called=called,
                conversation=conversation,
                kind=_kind(query.get("intent"), given),
                activity=self._activity,
                turn_end=self._scorer(),
            )
        except Refusal as refusal:
            await websocket.send_json({"event_id": "event_refused", **refusal.event})
            await websocket.close(LATER, refusal.code)
            return
        await connection.run(session, given)

    async def client_secret(self, request: Request) -> JSONResponse:
        """`POST /v1/realtime/client_secrets`: a short-lived key for a page, and the session that it opens."""
        body = await _body(request)
        given = body.get("session")
        given = given if isinstance(given, dict) else {}
        conf = Configuration(
            f"sess_{random_id()}", self._hosting.name(str(given.get("model") or "")), kind=_kind(None, given)
        )
        try:
            if problem := conf.update(given):
                raise problem
        except Refusal as refusal:
            raise ApiError(refusal.message, code=refusal.code, param=refusal.param) from None
        after = body.get("expires_after")
        seconds = after.get("seconds", USUAL_SECRET_S) if isinstance(after, dict) else USUAL_SECRET_S
        if not isinstance(seconds, int | float) or isinstance(seconds, bool):
            raise ApiError("'seconds' is a number", code="invalid_value", param="expires_after.seconds")
        value, until = self._hosting.keys.ephemeral(caller_of(request), float(seconds), given)
        conf.expires_at = until
        return JSONResponse({"value": value, "expires_at": until, "session": conf.shape})

    def _whose(self, caller: Caller, user: str, conversation: str) -> tuple[str | None, str, str]:
        """Whose memory, the user as the client calls him, and which conversation.

        Who holds a short-lived key has the memory that its maker meant for him, and else none: a page's
        visitor is not its owner.
        """
        named = conversation[:_LONGEST_NAME]
        fresh = f"conv_{random_id()}"
        if caller.session is not None:
            user = str(caller.session.get("user") or "")
            if not user:
                return None, "", fresh
        called = user[:_LONGEST_NAME]
        return self._hosting.memory_user(caller, called), called, named or fresh

    def _scorer(self) -> TurnEnd:
        if self._turn_end is None:
            from ...conversation.session import turn_end_at_hand

            self._turn_end = turn_end_at_hand()
        return self._turn_end


def _kind(intent: str | None, given: JsonObject | None) -> Kind:
    transcribes = intent == "transcription" or (given or {}).get("type") == "transcription"
    return "transcription" if transcribes else "realtime"


def _silero() -> Any:
    from ...speech.hearing.activity import VoiceActivity

    return VoiceActivity()


async def _body(request: Request) -> JsonObject:
    try:
        body = await request.json() if await request.body() else {}
    except (ValueError, RecursionError):
        raise ApiError("the body is no JSON", code="invalid_json") from None
    if not isinstance(body, dict):
        raise ApiError("the body is a JSON object", code="invalid_json")
    return cast(JsonObject, body)

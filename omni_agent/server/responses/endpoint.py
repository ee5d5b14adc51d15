"""`POST /v1/responses`, and what is kept of them.

Source of the protocol: `openai` 3.57, `resources/responses/responses.py`.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ...agent import Agent
from ...config import home
from ...ids import random_id
from ...kept_answers import FILE, KeptAnswers
from ...messages import Message
from ...nodes.recall import open_calls
from ..api.described import JSON, described
from ..caller import caller_of
from ..chat.event_stream import CLIENT_CLOSED, EventStream, while_there
from ..chat.parsing import parse, unsupported
from ..chat.standing import Standing
from ..errors import ApiError
from ..hosting import Hosting
from ..streaming import EVENT_STREAM
from .conditions import check, terms_of
from .creation import Creation
from .looking_back import still_kept
from .reading import conversation_of
from .requests import ResponsesRequest
from .resource import Resource


class Responses:
    """The endpoints.

    Args:
        hosting: The agents that answer.
    """

    def __init__(self, hosting: Hosting) -> None:
        self._hosting = hosting
        # An agent that forgets everything with the process leaves no answers behind either.
        self._lasting, self._passing = KeptAnswers(home() / FILE), KeptAnswers()

    @described("Answer", tag="Responses", body=ResponsesRequest, others=(JSON, EVENT_STREAM))
    async def create(self, request: Request) -> Response:
        """Answer a request, whole or piece by piece.

        Raises:
            ApiError: It cannot be answered.
            OmniError: The agent failed at it.
        """
        asked = parse(ResponsesRequest, await request.body())
        check(asked)
        creation = await self._creation(request, asked)
        if asked.stream:
            return EventStream(creation.pieces())
        body = await while_there(request, creation.whole)
        return Response(status_code=CLIENT_CLOSED) if body is None else JSONResponse(body)

    @described("Read an answer again", tag="Responses", others=(JSON,))
    async def retrieve(self, request: Request) -> Response:
        """An answer that is kept.

        Raises:
            ApiError: The caller has none of that id.
        """
        if request.query_params.get("stream", "false") != "false":
            raise unsupported("stream", "cannot be had of an answer that is over")
        caller, id_ = caller_of(request).name, request.path_params["id"]
        for store in self._stores:
            if body := await asyncio.to_thread(store.body, caller, id_):
                return JSONResponse(body)
        raise _unknown(id_)

    @described("Forget an answer", tag="Responses", others=(JSON,))
    async def delete(self, request: Request) -> Response:
        """Forget an answer.

        Raises:
            ApiError: The caller has none of that id.
        """
        caller, id_ = caller_of(request).name, request.path_params["id"]
        for store in self._stores:
            if await asyncio.to_thread(store.delete, caller, id_):
                return JSONResponse({"id": id_, "object": "response", "deleted": True})
        raise _unknown(id_)

    @property
    def _stores(self) -> tuple[KeptAnswers, KeptAnswers]:
        return self._passing, self._lasting

    def _store(self, agent: Agent) -> KeptAnswers:
        return self._lasting if agent.memory else self._passing

    async def _creation(self, request: Request, asked: ResponsesRequest) -> Creation:
        id_ = f"resp_{random_id()}"
        standing = Standing.of(request, self._hosting, asked.model, asked.user or "", asked.session)
        root, earlier = standing.session or id_, await _open_turn(asked, standing)
        if asked.previous_response_id:
            root, earlier = await self._before(standing, asked.previous_response_id)
        if standing.user is not None and not standing.session:
            # What is remembered of a chain of answers is one conversation.
            standing = replace(standing, session=root)
        said = await conversation_of(asked, standing.attachments, earlier)
        terms = terms_of(asked, said.instructions, standing.own_tools)
        standing.check((*earlier, *said.messages), "input")
        created_at = int(standing.agent.clock.now().timestamp())
        # What it carried may be large, and is read.
        asked = asked.model_copy(update={"input": ""})
        resource = Resource(id_, created_at, standing.model, asked, asked.session)
        store = self._store(standing.agent)
        return Creation(resource, standing, root, earlier, said.messages, terms, store)

    async def _before(self, standing: Standing, id_: str) -> tuple[str, tuple[Message, ...]]:
        for store in self._stores:
            if found := await asyncio.to_thread(store.conversation, standing.caller.name, id_):
                root, messages = found
                media = standing.agent.parts.media
                return root, await asyncio.to_thread(still_kept, messages, media)
        raise ApiError(
            "there is no such response, or it was not stored",
            code="previous_response_not_found",
            param="previous_response_id",
        )


async def _open_turn(asked: ResponsesRequest, standing: Standing) -> tuple[Message, ...]:
    """The turn of a named conversation that waits for just what the client brings: results of its calls."""
    if not (standing.session and standing.user is not None and asked.brings_only_results):
        return ()
    parts = standing.agent.parts
    for record in await parts.memory.history(parts.scope(standing.user), standing.session, limit=1):
        if open_calls(record.messages):
            return record.messages
    return ()


def _unknown(id_: str) -> ApiError:
    return ApiError(f"there is no response '{id_[:80]}'", status=404, code="response_not_found", param="id")

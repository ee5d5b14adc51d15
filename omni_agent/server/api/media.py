"""The sounds, pictures and clips of a conversation, for whose conversation it is."""

from __future__ import annotations

import asyncio

from pydantic import Field
from starlette.requests import Request
from starlette.responses import FileResponse

from ...errors import MediaError
from ...media.store import SCHEME
from ..errors import ApiError
from .described import described
from .reading import query_of
from .sessions import history
from .whose import LONGEST_NAME, Asked, Whose

_TURNS = 1000


class MediaQuery(Whose):
    """In which conversation it is."""

    session: str = Field(max_length=LONGEST_NAME, description="The conversation that it is part of.")


@described(
    "Fetch a sound, picture or clip", tag="Sessions", query=MediaQuery, others=("application/octet-stream",)
)
async def media(request: Request) -> FileResponse:
    """Only what is in one of the caller's own conversations is found, by its digest."""
    query = query_of(request, MediaQuery)
    asked, ref = Asked.of(request, query), SCHEME + request.path_params["digest"]
    turns = await history(asked, query.session, _TURNS)
    kept = {part.ref: part for turn in turns for message in turn.messages for part in message.media}
    try:
        if ref not in kept:
            raise MediaError("not there", code="media_unknown")
        path = await asyncio.to_thread(asked.agent.parts.media.path, ref)
    except MediaError:
        raise ApiError(
            "there is no such media in this session", status=404, code="media_unknown", param="digest"
        ) from None
    return FileResponse(path, media_type=kept[ref].mime, filename=path.name)

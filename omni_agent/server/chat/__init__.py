"""Chat Completions: the API that most clients speak.

A request's way:

1. `requests.py`: its shape; `parsing.py`: from bytes to that, or an error that names the field.
2. `standing.py`: which agent answers, and whose memory it uses; `spending.py`: what that takes.
3. `reading.py`: the conversation as the agent's messages; `attachments.py`: its pictures and sounds;
   `spoken_answers.py`: what an earlier spoken answer said.
4. `conditions.py`: the tools, the choice and the limits as `Terms`; `schemas.py`: schemas of strangers.
5. `completions.py`: the endpoint; `choices.py`: several turns at once.
6. `answers.py`: the events of a turn as one body, `chunks.py`: as a stream; `envelope.py`: what both share;
   `sound.py`: speech in the format that is asked for.
7. `event_stream.py`: pieces to a client as long as he is there.
"""

from __future__ import annotations

from starlette.routing import BaseRoute, Route

from ..hosting import Hosting
from .completions import ChatCompletions


def routes(hosting: Hosting) -> list[BaseRoute]:
    """`POST /v1/chat/completions`."""
    return [Route("/v1/chat/completions", ChatCompletions(hosting).create, methods=["POST"])]

"""`POST /v1/chat/completions`.

Source of the protocol: `openai` 3.57, `resources/chat/completions/completions.py`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ...events import AgentEvent, Usage
from ...ids import random_id
from ...messages import JsonObject, Message
from ...terms import Terms
from ..api.described import JSON, described
from ..hosting import Hosting
from ..streaming import EVENT_STREAM
from .answers import Answer, Speech
from .choices import numbered
from .chunks import Deltas
from .conditions import ENGINE_SEEDS, check, terms_of
from .envelope import Envelope, told, usage_body
from .event_stream import CLIENT_CLOSED, DONE, EventStream, packed, while_there
from .parsing import invalid, parse
from .reading import conversation_of
from .requests import ChatRequest
from .spoken_answers import KEPT_SECONDS, SpokenAnswers
from .standing import Standing


class ChatCompletions:
    """The endpoint.

    Args:
        hosting: The agents that answer.
    """

    def __init__(self, hosting: Hosting) -> None:
        self._hosting = hosting
        self._spoken = SpokenAnswers()

    @described("Answer a conversation", tag="Chat", body=ChatRequest, others=(JSON, EVENT_STREAM))
    async def create(self, request: Request) -> Response:
        """Answer a request, whole or piece by piece.

        Raises:
            ApiError: It cannot be answered.
            OmniError: The agent failed at it.
        """
        asked = parse(ChatRequest, await request.body())
        check(asked)
        standing = Standing.of(request, self._hosting, asked.model, asked.user or "", asked.session)
        if standing.session and asked.choices > 1:
            raise invalid("n", "must be 1 in a conversation that is remembered")
        said = await conversation_of(
            asked, standing.attachments, partial(self._spoken.words, standing.caller)
        )
        voice = standing.voice(asked.audio.voice_name) if asked.audio else ""
        terms = terms_of(asked, said.instructions, standing.own_tools, voice)
        standing.check(said.messages, "messages", speak=asked.speaks)
        # What it carried may be large, and is read.
        asked = asked.model_copy(update={"messages": ()})
        completion = Completion(asked, standing, said.messages, terms, self._spoken)
        if asked.stream:
            return EventStream(completion.pieces())
        body = await while_there(request, completion.whole)
        return Response(status_code=CLIENT_CLOSED) if body is None else JSONResponse(body)


@dataclass(frozen=True)
class Completion:
    """One completion.

    Attributes:
        asked: The request.
        standing: Who answers whom.
        messages: The conversation.
        terms: What the caller sets.
        spoken: Where the words of a spoken answer are kept.
    """

    asked: ChatRequest
    standing: Standing
    messages: tuple[Message, ...]
    terms: Terms
    spoken: SpokenAnswers

    async def whole(self) -> JsonObject:
        """Its body.

        Raises:
            ApiError: It failed.
            OmniError: The same, where it did not begin.
        """
        answers = [Answer(i, self._speech()) for i in range(self.asked.choices)]
        async with aclosing(numbered(self._turns())) as events:
            async for number, event in events:
                answers[number].take(event)
        for answer in answers:
            self._keep(answer.speech, answer.text)
        usage = sum((answer.usage for answer in answers), Usage())
        return self._envelope().body([await answer.choice() for answer in answers], usage)

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Its chunks, as server-sent events. One that fails ends with an error and without `[DONE]`."""
        try:
            async with aclosing(self._chunks()) as chunks:
                async for chunk in chunks:
                    yield packed(chunk)
            yield DONE
        except Exception as error:
            yield packed(told(error).body)

    async def _chunks(self) -> AsyncGenerator[JsonObject, None]:
        envelope, counts = self._envelope(), self.asked.counts
        uncounted = {"usage": None} if counts else {}
        choices = [Deltas(i, self._speech()) for i in range(self.asked.choices)]
        for choice in choices:
            yield envelope.chunk([choice.begin()], **uncounted)
        async with aclosing(numbered(self._turns())) as events:
            async for number, event in events:
                for delta in choices[number].take(event):
                    yield envelope.chunk([delta], **uncounted)
        for choice in choices:
            self._keep(choice.speech, choice.text)
        if counts:
            yield envelope.chunk([], usage=usage_body(sum((choice.usage for choice in choices), Usage())))

    def _turns(self) -> list[AsyncGenerator[AgentEvent, None]]:
        """A turn for each choice. The first is the one that is remembered; the others are what might have
        been said instead."""
        unremembered = replace(self.standing, user=None)
        return [
            (self.standing if number == 0 else unremembered).answer(
                self.messages,
                replace(self.terms, seed=(self.terms.seed + number) % ENGINE_SEEDS),
                speak=self.asked.speaks,
            )
            for number in range(self.asked.choices)
        ]

    def _envelope(self) -> Envelope:
        return Envelope(f"chatcmpl-{random_id()}", self._now(), self.standing.model)

    def _speech(self) -> Speech | None:
        if not (self.asked.speaks and self.asked.audio):
            return None
        return Speech(f"audio_{random_id()}", self.asked.audio.format, self._now() + KEPT_SECONDS)

    def _keep(self, speech: Speech | None, words: str) -> None:
        if speech:
            self.spoken.keep(self.standing.caller, speech.id, words)

    def _now(self) -> int:
        return int(self.standing.agent.clock.now().timestamp())

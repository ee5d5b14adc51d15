"""A model behind an HTTP server, of any dialect."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ...errors import ModelError, ModelUnavailable
from ...events import Usage
from ...messages import JsonObject, Message, Text, ToolCall
from ...senses import Senses
from ..base import Capabilities, Done, ModelEvent, Request, TextDelta
from ..keys import Found, Key
from ..parsing import new_call_id
from ..prompt import fit
from .answer import Answer
from .attachments import loaded
from .body import body, offered
from .connection import Connection, Limits
from .known import for_model
from .refusal import Asked

if TYPE_CHECKING:
    import httpx

    from ...media import MediaStore
    from .address import Address
    from .dialect import Dialect

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Manner:
    """How a model is asked, where that is a choice.

    Attributes:
        single: Tools and speech in one request, even where the dialect's servers may read calls aloud.
        thinking: The model's prompt ends with `<think>` and the server does not take thoughts out.
    """

    single: bool = False
    thinking: bool = False


class HttpModel:
    """Answers by asking a server.

    While tools may be called it asks for words only, and if none is called, for the spoken answer: most
    servers read calls aloud. The words of the spoken answer are those that are given.

    Args:
        dialect: What the server speaks and can do.
        address: Where it is, and the model's name.
        key: Its key, or where to find it when it is first needed; empty for none.
        senses: For what it cannot do.
        limits: How long to wait.
        manner: How it is asked.
        media: Where sounds and pictures are kept; the user's store by default.
        transport: Instead of the network.
        new_id: Makes the id of a call that has none.
    """

    def __init__(
        self,
        dialect: Dialect,
        address: Address,
        *,
        key: Key | str = "",
        senses: Senses | None = None,
        limits: Limits | None = None,
        manner: Manner | None = None,
        media: MediaStore | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        new_id: Callable[[], str] = new_call_id,
    ) -> None:
        self._model = address.model or dialect.model
        self._dialect = dialect = for_model(dialect, self._model)
        self._senses = senses or Senses()
        self._manner = manner or Manner()
        self._media = media
        self._new_id = new_id
        self._limits = limits or Limits()
        self._key = key if isinstance(key, Key) else None
        self._unlocked = self._key is None and bool(key or not dialect.key_needed)
        address = replace(address, url=address.url or dialect.base)
        self._asked = Asked(dialect, address.url, self._model, key if isinstance(key, str) else "", self._key)
        self._connection = Connection(self._asked, self._limits, here=address.here, transport=transport)

    def __repr__(self) -> str:
        return f"HttpModel({self._dialect.name!r}, {self._asked.url!r}, {self._model!r})"

    @property
    def capabilities(self) -> Capabilities:
        """What the dialect's servers let their models do."""
        return self._dialect.capabilities

    @property
    def senses(self) -> Senses:
        """What was given for the rest."""
        return self._senses

    async def stream(self, request: Request) -> AsyncGenerator[ModelEvent, None]:
        """Answer, event by event, ending with `Usage` and `Done`.

        Closing the generator or cancelling its consumer closes the request, which stops the server.

        Raises:
            ModelUnavailable: Nobody answers there, the key is missing or refused, or the model is not there.
            ModelError: The server refused or failed; `code` says how: `model_overloaded`, `context_exceeded`,
                `request_refused`, `answer_garbled`, `answer_cut`, `answer_stalled`, `speech_invalid`,
                `speech_missing`, `call_in_speech`, `call_invalid`.
        """
        asked = offered(request, self._dialect)
        speaks = request.speech and self.capabilities.speech and request.format is None
        spent, called = Usage(), False
        if speaks and asked.tools and not self._at_once:
            async with aclosing(self._answered(asked, speaks=False)) as events:
                async for event in events:
                    if isinstance(event, Usage):
                        spent = event
                    # Its words are not those that will be spoken; nobody speaks those before a call.
                    elif not isinstance(event, TextDelta | Done):
                        called = called or isinstance(event, ToolCall)
                        yield event
            if called:
                yield spent
                yield Done("tool_calls")
                return
            asked = replace(asked, tools=(), tool_choice="")
        async with aclosing(self._answered(asked, speaks=speaks)) as events:
            async for event in events:
                yield spent + event if isinstance(event, Usage) else event

    async def prewarm(self, request: Request | None = None) -> None:
        """Open the connection, and have a server of one's own compute the prefix of `request`.

        Raises:
            ModelUnavailable: As for `stream`.
            ModelError: As for `stream`.
        """
        await self._unlock()
        if request is None or not self._dialect.prefills:
            await self._connection.models()
            return
        messages = request.messages or (Message("user", (Text("Hello."),)),)
        asked = replace(request, messages=messages, max_tokens=1, format=None, context="")
        sent = await self._body(self._fitted(offered(asked, self._dialect)), None)
        # Whatever the one token is, it is no answer.
        async with aclosing(self._connection.chunks(sent, lambda: True)) as chunks:
            async for _ in chunks:
                pass

    async def close(self) -> None:
        """Close the connections and the senses; the next use opens them again."""
        await self._connection.close()
        for sense in (self._senses.ears, self._senses.eyes, self._senses.voice):
            if sense:
                await sense.close()

    @property
    def _at_once(self) -> bool:
        return self._manner.single or self.capabilities.tools_with_speech

    async def _unlock(self) -> None:
        """Find the key, once."""
        if self._unlocked:
            return
        key = self._key or Key(self._dialect.key)
        found = await key.read() if self._key else Found()
        if not found.value and self._dialect.key_needed:
            raise key.missing(self._dialect.title, found)
        if found.trouble:
            log.warning("the keyring was not asked for %s: %s", key.name, found.trouble)
        self._asked = self._connection.asked = replace(self._asked, key=found.value)
        self._unlocked = True

    async def _answered(self, request: Request, *, speaks: bool) -> AsyncGenerator[ModelEvent, None]:
        """The answer to as much of the conversation as the server takes."""
        await self._unlock()
        request, begun = self._fitted(request), False
        while True:
            try:
                async with aclosing(self._chunks_read(request, speaks=speaks)) as events:
                    async for event in events:
                        begun = True
                        yield event
                return
            except ModelError as error:
                shorter = _shorter(request) if error.code == "context_exceeded" else request
                if begun or shorter is request:
                    raise
                request = shorter

    async def _chunks_read(self, request: Request, *, speaks: bool) -> AsyncGenerator[ModelEvent, None]:
        names = [spec.name for spec in request.tools]
        answer = Answer(
            names,
            barred=request.withheld,
            speaks=self.capabilities.speech_rate if speaks else 0,
            plain=request.format is not None,
            thinking=self._manner.thinking,
            new_id=self._new_id,
        )
        sent = await self._body(request, self._voice(request.voice) if speaks else None)
        # Some releases end the words with a reason and go on speaking.
        tail = self._limits.between if speaks else 0.0
        async with aclosing(self._connection.chunks(sent, lambda: bool(answer.reason), tail=tail)) as chunks:
            async for chunk in chunks:
                for event in answer.take(self._dialect.read(chunk)):
                    yield event
        for event in answer.finish():
            yield event

    async def _body(self, request: Request, voice: str | None) -> JsonObject:
        model = await self._named()
        media = await loaded(request.messages, self._store(), self.capabilities.inputs)
        return body(request, self._dialect, model, media, voice=voice)

    def _fitted(self, request: Request) -> Request:
        """The request without the oldest turns that are surely too many."""
        context = self.capabilities.context_tokens
        room = context - min(request.max_tokens, context // 4)
        length = len(request.system) + len(request.background) + len(request.context)
        length += sum(len(message.text) for message in request.messages)
        # A letter is a token at most, so that what is short need not be counted.
        return fit(request, room) if length > room // 2 else request

    def _voice(self, wanted: str) -> str:
        """The wanted voice, as the server spells it; another one's name is none of its voices."""
        known = {name.lower(): name for name in self.capabilities.voices}
        return known.get(wanted.lower(), "") if known else wanted

    async def _named(self) -> str:
        """The model's name: given, or the first that the server serves."""
        if not self._model:
            served = await self._connection.models()
            if not served:
                raise ModelUnavailable(
                    f"{self._dialect.title} at {self._asked.url} names no model",
                    code="model_missing",
                    remedy=self._dialect.absent.format(model="MODEL")
                    or f"name one behind a #: {self._asked.url}#model",
                )
            self._model = served[0]
            self._dialect = for_model(self._dialect, self._model)
        return self._model

    def _store(self) -> MediaStore:
        if self._media is None:
            from ...media import MediaStore

            self._media = MediaStore()
        return self._media


def _shorter(request: Request) -> Request:
    """The request without the older half of its turns; the same where there is but one."""
    starts = [index for index, message in enumerate(request.messages) if message.role == "user"]
    if len(starts) < 2:
        return request
    return replace(request, messages=request.messages[starts[len(starts) // 2] :])

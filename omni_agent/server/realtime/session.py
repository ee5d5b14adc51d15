"""One realtime session: what each event of the client does, and when the agent replies by itself.

All of it runs in one event loop, so what a handler does between two awaits happens at once. At most one
response of the conversation is active.

| acquired                        | released                                             |
|---------------------------------|------------------------------------------------------|
| replies                         | by their end, a cancel, or `close`, which joins them |
| hearing, transcripts, timers    | by `close`                                           |
| the socket, its writer          | by `connection.py`                                   |
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from ...errors import MemoryStoreError
from ...messages import JsonObject
from . import protocol as sent
from .configuration import Configuration, Kind, metadata_of
from .items import Content, Conversation, Item
from .microphone import Microphone
from .prompting import recent
from .protocol import Refusal
from .reading import ItemReader
from .remembering import Remembered
from .responding import Responses
from .shown_items import ShownItems
from .tasks import Tasks
from .transcribing import transcribe
from .turn_detection import ActivityMaker
from .utterance import Listener, Utterance

if TYPE_CHECKING:
    from ...speech.turn_end.end_of_turn import TurnEnd
    from ..caller import Caller
    from ..hosting import Hosting
    from .outbox import Outbox

MOST_ITEMS = 5_000


class RealtimeSession:
    """A session with one client.

    Args:
        hosting: What is served.
        caller: Who the client is.
        outbox: Takes what goes to him.
        model: Which agent he asked for.
        user: Whose memory it uses; None for nobody's.
        called: The user as the client calls him; empty for none.
        conversation: Id of the conversation; where memory has it, it is gone on with.
        kind: What the session is for.
        activity: Makes what tells voice from noise.
        turn_end: Scores how likely a turn is over.
    """

    def __init__(
        self,
        hosting: Hosting,
        caller: Caller,
        outbox: Outbox,
        *,
        model: str,
        user: str | None,
        called: str = "",
        conversation: str,
        kind: Kind,
        activity: ActivityMaker,
        turn_end: TurnEnd,
    ) -> None:
        self._hosting, self._caller = hosting, caller
        self._put = outbox.put
        self._user = user
        self._model = hosting.name(model)
        self._agent = hosting.agents[self._model]
        parts = self._agent.parts
        expires = int(hosting.clock.now().timestamp() + hosting.limits.session_seconds)
        self._conf = Configuration(self._new("sess"), self._model, expires_at=expires, kind=kind)
        self._tasks = Tasks()
        self._conversation = Conversation()
        self._items = ShownItems(self._conversation, outbox.put, self._remember_heard)
        self._remembered = Remembered(parts, user or "", conversation)
        self._listener = Listener(parts, self._tasks.start)
        self._listener.earlier = lambda: recent(self._conversation)
        self._listener.limits = hosting.limits.media
        self._reader = ItemReader(self._listener, self._new_item)
        self._microphone = Microphone(
            self, self._listener, self._new_item, self._tasks.start, activity=activity, turn_end=turn_end
        )
        self._responses = Responses(
            hosting,
            caller,
            model=self._model,
            user=user,
            called=called,
            conversation=self._conversation,
            conversation_id=conversation,
            remembered=self._remembered,
            put=outbox.put,
            room=outbox.room,
            over=self._fall_silent,
        )
        self._idle: asyncio.Task[Any] | None = None

    async def open(self, given: JsonObject | None = None) -> None:
        """Greet the client, and tell what was said before.

        Args:
            given: What is set from the beginning, as by an ephemeral key.
        """
        # The first use imports LangGraph, which takes a second.
        await asyncio.to_thread(lambda: self._agent.graph)
        if given:
            self._conf.update(given)
        self._apply()
        self._put({"type": "session.created", "session": self._conf.shape})
        if self._user is None:
            return
        try:
            before = await self._remembered.items(self._new_item)
            waits = await self._remembered.question(self._agent, self._new_item)
        except MemoryStoreError as error:
            raise Refusal(str(error), error.code, kind=sent.SERVER) from None
        for item in filter(None, (*before, waits)):
            self._items.add(item)

    async def handle(self, event: sent.ClientEvent) -> None:
        """Do what an event of the client says.

        Raises:
            Refusal: It cannot be done.
        """
        if work := _HANDLERS[type(event)](self, event):
            await work

    def append(self, audio: str) -> None:
        """`input_audio_buffer.append`, which comes fifty times a second.

        Raises:
            Refusal: It is no sound, or too much.
        """
        self._microphone.append(audio)

    async def close(self) -> None:
        """End what runs, and join it."""
        self._microphone.close()
        await self._responses.close()
        await self._tasks.close()

    # What the microphone makes out.

    def started(self, item_id: str, at_ms: int) -> None:
        """See `Hearer`: clients stop playing at this event, so it comes before the end of the response."""
        self._stop_idling()
        self._put({"type": "input_audio_buffer.speech_started", "audio_start_ms": at_ms, "item_id": item_id})
        detection = self._conf.turn_detection
        if detection and detection.interrupt_response:
            self._responses.cancel("turn_detected")

    def stopped(self, item_id: str, at_ms: int) -> None:
        """See `Hearer`."""
        self._put({"type": "input_audio_buffer.speech_stopped", "audio_end_ms": at_ms, "item_id": item_id})

    def committed(self, item_id: str, utterance: Utterance, *, by_voice: bool) -> None:
        """See `Hearer`."""
        content = Content("input_audio", known=False, utterance=utterance)
        item = Item(item_id, role="user", content=[content])
        told = {"item_id": item_id, "previous_item_id": self._conversation.last}
        self._put({"type": "input_audio_buffer.committed", **told})
        self._items.add(item)
        self._hosting.spent(self._caller, model=self._model, heard=utterance.seconds)
        wanted = self._conf.transcription is not None
        if wanted or self._listener.hears_at_once:
            self._tasks.start(transcribe(item, utterance, self._put, told=wanted))
        detection = self._conf.turn_detection
        answered = by_voice and detection and detection.create_response
        if answered and self._conf.kind == "realtime":
            self._responses.answer_voice(self._conf)

    # What the client sends.

    def _update(self, event: sent.SessionUpdate) -> None:
        problem = self._conf.update(event.session)
        self._put({"type": "session.updated", "session": self._conf.shape})
        self._apply()
        if problem:
            raise problem

    def _commit(self, event: sent.AudioCommit) -> None:
        self._microphone.commit()

    def _clear(self, event: sent.AudioClear) -> None:
        self._microphone.clear()
        self._put({"type": "input_audio_buffer.cleared"})

    def _clear_output(self, event: sent.OutputClear) -> None:
        """Over a WebSocket the client holds what is not played yet."""

    async def _create_item(self, event: sent.ItemCreate) -> None:
        if len(self._conversation) >= MOST_ITEMS:
            raise Refusal(f"a conversation has at most {MOST_ITEMS} items", "too_many_items", "item")
        item = await self._reader.read(event.item, self._conf.hears)
        self._stop_idling()
        self._items.add(item, event.previous_item_id)

    async def _create_response(self, event: sent.ResponseCreate) -> None:
        told = event.response or {}
        apart = told.get("conversation") == "none"
        self._responses.check_free(apart=apart)
        if self._conf.kind == "transcription":
            raise Refusal("a transcription session has no responses", "invalid_value", "type")
        conf = self._conf.merged(told)
        items: tuple[Item, ...] | None = None
        if isinstance(told.get("input"), list):
            items = tuple([await self._input(one, n) for n, one in enumerate(told["input"])])
            self._responses.check_free(apart=apart)
        if not apart:
            self._stop_idling()
        self._responses.begin(conf, items, apart=apart, metadata=metadata_of(told.get("metadata")))

    def _cancel_response(self, event: sent.ResponseCancel) -> None:
        if not self._responses.cancel("client_cancelled", event.response_id or ""):
            raise Refusal(
                "Cancellation failed: no active response found", "response_cancel_not_active", "response_id"
            )

    async def _input(self, told: Any, place: int) -> Item:
        where = f"response.input[{place}]"
        if not isinstance(told, dict):
            raise Refusal("an item is an object", "invalid_value", where)
        if told.get("type") == "item_reference":
            return self._items.found(str(told.get("id")), "invalid_item_reference", f"{where}.id")
        return await self._reader.read(told, self._conf.hears, where)

    # Silence.

    def _fall_silent(self, unheard: float) -> None:
        """A response is over, of which so many seconds are still to be heard."""
        self._stop_idling()
        detection = self._conf.turn_detection
        if detection and detection.idle_timeout_ms and not self._microphone.speaking:
            wait = unheard + detection.idle_timeout_ms / 1000
            self._idle = self._tasks.start(self._idle_out(wait))

    async def _idle_out(self, seconds: float) -> None:
        await self._agent.parts.clock.sleep(seconds)
        if self._microphone.speaking or self._responses.active:
            return
        self._idle = None
        item, begin, end = self._microphone.silence()
        told = {"audio_start_ms": begin, "audio_end_ms": end, "item_id": item}
        self._put({"type": "input_audio_buffer.timeout_triggered", **told})
        self._microphone.commit_silence(item)
        self._responses.begin(self._conf, insists=True)

    def _stop_idling(self) -> None:
        if self._idle:
            self._idle.cancel()
            self._idle = None

    # The rest.

    def _apply(self) -> None:
        """What is set is in force from now on."""
        conf, transcription = self._conf, self._conf.transcription
        self._listener.language = str((transcription or {}).get("language") or "")
        self._listener.wanted = transcription is not None
        self._listener.tools = conf.tools
        self._microphone.set(conf.turn_detection, conf.hears)

    def _remember_heard(self, item: Item) -> None:
        self._responses.tasks.start(self._remembered.heard(item.turn, item.text))

    def _new(self, what: str) -> str:
        return f"{what}_{self._agent.ids()}"

    def _new_item(self) -> str:
        return self._new("item")


Handler = Callable[[RealtimeSession, Any], Awaitable[None] | None]

_HANDLERS: dict[type[Any], Handler] = {
    sent.SessionUpdate: RealtimeSession._update,
    sent.AudioAppend: lambda session, event: session.append(event.audio),
    sent.AudioCommit: RealtimeSession._commit,
    sent.AudioClear: RealtimeSession._clear,
    sent.OutputClear: RealtimeSession._clear_output,
    sent.ItemCreate: RealtimeSession._create_item,
    sent.ItemRetrieve: lambda session, event: session._items.retrieve(event),
    sent.ItemTruncate: lambda session, event: session._items.truncate(event),
    sent.ItemDelete: lambda session, event: session._items.delete(event),
    sent.ResponseCreate: RealtimeSession._create_response,
    sent.ResponseCancel: RealtimeSession._cancel_response,
}

"""What holds in every session, whatever clients do; see docs/server-realtime.md."""

from __future__ import annotations

from omni_agent.messages import JsonObject

_PLACES = ("response_id", "item_id", "output_index", "content_index")


class Invariants:
    """Watches the events of one session.

    1. At most one response of the conversation is active; those out of band run beside it.
    2. Every `response.created` has one `response.done`.
    3. Nothing of a response comes after its end.
    4. What is added or started has its end, in the order of nesting.
    5. A voice that interrupts ends the response before the next commit.
    6. No sample is used twice: turns of sound do not overlap.
    7. The id of an utterance's item is the same from its start on.
    8. `previous_item_id` tells the order of the items.
    9. Ids of events are unique.
    """

    def __init__(self) -> None:
        self.items: list[str] = []
        self._active: dict[str, bool] = {}
        self._over: set[str] = set()
        self._open: dict[str, list[tuple[str, ...]]] = {}
        self._adding: set[str] = set()
        self._speaking: str | None = None
        self._begun: str | None = None
        self._committed = 0
        self._turn_start = 0
        self._interrupts = True
        self._ids: set[str] = set()
        self._session: JsonObject = {}

    def sent(self, event: JsonObject) -> None:
        """The client sends this."""

    def received(self, event: JsonObject) -> None:
        """The client gets this."""
        assert event["event_id"] not in self._ids
        self._ids.add(event["event_id"])
        if handler := getattr(self, "_" + event["type"].replace(".", "_"), None):
            handler(event)
        if response := event.get("response_id"):
            assert response in self._active, f"{event['type']} of a response that is not active"
        self._nested(event)

    def finish(self) -> None:
        """The session is over: nothing is left open, unless the client left in the middle."""

    def settled(self) -> None:
        """Nothing goes on any more."""
        assert not self._active
        assert not self._adding

    def _session_updated(self, event: JsonObject) -> None:
        self._session = event["session"]

    _session_created = _session_updated

    def _response_created(self, event: JsonObject) -> None:
        name = event["response"]["id"]
        in_conversation = event["response"]["conversation_id"] is not None
        assert not (in_conversation and any(self._active.values())), "two responses at once"
        assert name not in self._over
        assert name not in self._active
        self._active[name], self._open[name] = in_conversation, []
        assert event["response"]["status"] == "in_progress"

    def _response_done(self, event: JsonObject) -> None:
        name = event["response"]["id"]
        assert name in self._active
        assert not self._open[name], f"left open: {self._open[name]}"
        assert not {item["id"] for item in event["response"]["output"]} & self._adding
        del self._active[name], self._open[name]
        self._over.add(name)

    def _nested(self, event: JsonObject) -> None:
        kind = event["type"]
        place = tuple(str(event.get(name)) for name in _PLACES)
        opened = self._open.get(event.get("response_id", ""), [])
        if kind == "response.output_item.added":
            assert not opened
            opened.append(("item", event["item"]["id"]))
        elif kind == "response.output_item.done":
            assert opened.pop() == ("item", event["item"]["id"])
        elif kind == "response.content_part.added":
            opened.append(("part", *place))
        elif kind == "response.content_part.done":
            assert opened.pop() == ("part", *place)
        elif kind.endswith((".output_text.delta", ".output_audio.delta", ".output_audio_transcript.delta")):
            assert opened[-1] == ("part", *place)

    def _conversation_item_added(self, event: JsonObject) -> None:
        name, previous = event["item"]["id"], event.get("previous_item_id")
        assert name not in self.items
        place = self.items.index(previous) + 1 if previous else 0
        self.items.insert(place, name)
        self._adding.add(name)

    def _conversation_item_done(self, event: JsonObject) -> None:
        name, previous = event["item"]["id"], event.get("previous_item_id")
        self._adding.discard(name)
        if name in self.items:
            place = self.items.index(name)
            assert (self.items[place - 1] if place else None) == previous

    def _conversation_item_deleted(self, event: JsonObject) -> None:
        self.items.remove(event["item_id"])

    def _input_audio_buffer_speech_started(self, event: JsonObject) -> None:
        assert self._speaking is None
        assert event["audio_start_ms"] >= self._committed
        self._speaking = self._begun = event["item_id"]
        self._turn_start = event["audio_start_ms"]

    def _input_audio_buffer_speech_stopped(self, event: JsonObject) -> None:
        assert event["item_id"] == self._speaking
        assert event["audio_end_ms"] >= self._turn_start
        self._committed = event["audio_end_ms"]
        self._speaking = None

    def _input_audio_buffer_committed(self, event: JsonObject) -> None:
        assert self._speaking is None
        assert event.get("previous_item_id") == (self.items[-1] if self.items else None)
        if self._begun:
            detection = (self._session["audio"]["input"].get("turn_detection")) or {}
            if detection.get("interrupt_response") and event["item_id"] == self._begun:
                assert not any(self._active.values()), (
                    "a voice that interrupts ends the response before the commit"
                )
        self._begun = None

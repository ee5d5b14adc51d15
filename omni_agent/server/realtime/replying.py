"""One response: the agent answers, and what it says and calls becomes the events of a response's life."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from ...errors import InputError, OmniError
from ...events import (
    AgentEvent,
    ErrorRaised,
    SpeechChunk,
    TextDelta,
    ToolRequested,
    TurnEnded,
    TurnStarted,
    Usage,
)
from ...messages import JsonObject
from ...terms import Terms
from ...tokens import estimated_tokens
from ..errors import ApiError
from .items import Content, Conversation, Item
from .life_cycle import Began, Called, Ended, Event, Phase, Sounded, Words, step
from .plan import Plan
from .prompting import Prompt, prompt_of
from .protocol import INVALID, SERVER
from .speech import Speech
from .usage import usage

if TYPE_CHECKING:
    from ...agent import Agent
    from .remembering import Remembered

log = logging.getLogger(__name__)


class Reply:
    """Runs a response.

    Args:
        plan: What it is to be.
        agent: Answers.
        conversation: Where its items go.
        remembered: Where a reply is kept that nobody asked for.
        put: Sends an event.
        room: Waits while the client is far behind.
        watch: Is shown each event of the agent's turn.

    Attributes:
        item: The message that it says, once it says one.
        tokens: What it took, as far as that is known.
        speech: What of it sounds.
    """

    def __init__(
        self,
        plan: Plan,
        agent: Agent,
        conversation: Conversation,
        remembered: Remembered,
        *,
        put: Callable[[JsonObject], None],
        room: Callable[[], Awaitable[None]],
        watch: Callable[[AgentEvent], None],
    ) -> None:
        self._plan = plan
        self._agent = agent
        self._conversation = conversation
        self._remembered = remembered
        self._put = put
        self._room = room
        self._watch = watch
        self._life = plan.life
        self._text = ""
        self._turn = ""
        self._calls: list[ToolRequested] = []
        self._failure: ErrorRaised | None = None
        self._unasked = False
        self.item: Item | None = None
        self.tokens = Usage()
        self.speech = Speech(plan.sends, agent.parts.clock, tempo=plan.tempo, accounted=self.in_conversation)

    @property
    def id(self) -> str:
        """The response's."""
        return self._life.id

    @property
    def number(self) -> int:
        """Which response of the session it is."""
        return self._plan.number

    @property
    def begun(self) -> bool:
        """Whether the agent's turn has begun."""
        return bool(self._turn)

    @property
    def over(self) -> bool:
        """Its `response.done` was sent."""
        return self._life.phase is Phase.OVER

    @property
    def in_conversation(self) -> bool:
        """Whether its items are the conversation's."""
        return bool(self._life.conversation)

    def begin(self) -> None:
        """Tell that it is created."""
        self._feed(Began())

    def cancel(self, reason: str) -> None:
        """End it now: no more is sent. Of its speech no more can have been heard than there was time for."""
        if self.over:
            return
        # The model tells what it took at its end, which nobody waits for.
        self.tokens = Usage(completion_tokens=estimated_tokens(self._text))
        self._feed(Ended("cancelled", reason, usage=usage(self.tokens)))
        since = self.speech.since
        if self.item and since is not None and self.item.heard_ms is None:
            self.item.cut(round((self._agent.parts.clock.monotonic() - since) * 1000))

    async def run(self, admit: Callable[[], None]) -> None:
        """Answer. Whatever happens, the response ends.

        Args:
            admit: Raises where the caller may have no more replies now.
        """
        try:
            admit()
            await self._answer()
        except ApiError as error:
            self._fail(error.code or "refused", error.message, INVALID)
        except OmniError as error:
            self._fail(error.code, str(error), INVALID if isinstance(error, InputError) else SERVER)
        except Exception:
            log.exception("a response failed")
            self._fail("internal_error", "this is a defect; the server's log holds the details", SERVER)
        finally:
            self.cancel("client_cancelled")

    async def settle(self) -> None:
        """Memory holds what was heard, now that the turn is over."""
        item = self.item
        if item is None or not item.turn:
            return
        if self._unasked:
            await self._remembered.said(item.turn, item.text)
        elif item.heard_ms is not None and item.heard_ms < item.milliseconds:
            await self._remembered.heard(item.turn, item.text)

    async def _answer(self) -> None:
        plan = self._plan
        items = self._conversation if plan.items is None else plan.items
        prompt = await prompt_of(items, plan.number)
        if prompt.silent and not plan.insists:
            # A noise is no question.
            self._feed(Ended(usage=usage(Usage())))
            return
        answering = self._agent.answer(
            prompt.messages,
            terms=_with(plan.terms, prompt),
            user=None if prompt.unasked else plan.user,
            session="" if prompt.unasked else plan.session,
            speak=self._life.speaks,
        )
        self._unasked = prompt.unasked and plan.user is not None
        async with aclosing(answering) as events:
            async for event in events:
                self._watch(event)
                self._take(event)
                await self._room()

    def _take(self, event: AgentEvent) -> None:
        match event:
            case TurnStarted(turn=turn):
                self._turn = turn
            case TextDelta(text=text):
                self._text += text
                self._feed(Words(text))
                self._speak()
            case SpeechChunk() if self._life.speaks:
                self.speech.take(event)
                self._speak()
            case ToolRequested():
                self._calls.append(event)
            case ErrorRaised(severity="error"):
                self._failure = event
            case ErrorRaised():
                log.info("in a response: %s %s", event.message, event.remedy)
            case TurnEnded():
                self._end(event)
            case _:
                pass

    def _speak(self, *, all_of_it: bool = False) -> None:
        if self.over or not self._life.speaks:
            return
        for delta in self.speech.rest() if all_of_it else self.speech.due(len(self._text)):
            self._feed(Sounded(delta))
        self._measure()

    def _end(self, ended: TurnEnded) -> None:
        self._speak(all_of_it=True)
        self.tokens = ended.usage
        tokens = usage(ended.usage)
        if self._failure:
            kind = INVALID if self._failure.code.startswith("input") else SERVER
            self._fail(self._failure.code, f"{self._failure.message} ({self._failure.remedy})", kind, tokens)
            return
        self.speech.complete(len(self._text))
        if self._calls and self.item:
            # The turn goes on, and memory has these words with the calls.
            self.item.turn = ""
        for call in self._calls:
            self._feed(Called(call.id, call.name, json.dumps(call.arguments, ensure_ascii=False)))
        if ended.truncated:
            self._feed(Ended("incomplete", "max_output_tokens", usage=tokens))
        else:
            self._feed(Ended(usage=tokens))

    def _fail(self, code: str, message: str, kind: str, tokens: JsonObject | None = None) -> None:
        error = {"type": kind, "code": code, "message": message}
        self._feed(Ended("failed", error=error, usage=tokens or usage(Usage())))

    def _feed(self, event: Event) -> None:
        self._life, events = step(self._life, event)
        for told in events:
            self._tell(told)

    def _tell(self, event: JsonObject) -> None:
        if event["type"] == "conversation.item.added":
            previous = self._conversation.add(self._item(event["item"]))
            event = {**event, "previous_item_id": previous}
        elif event["type"] == "conversation.item.done":
            self._finish(event["item"])
            event = {**event, "previous_item_id": self._conversation.previous(event["item"]["id"])}
        self._put(event)

    def _item(self, wire: JsonObject) -> Item:
        if wire["type"] == "function_call":
            return Item(
                wire["id"],
                "function_call",
                status=wire["status"],
                call_id=wire["call_id"],
                name=wire["name"],
                asked=self._plan.number,
            )
        content = [Content("output_audio" if self._life.speaks else "output_text")]
        turn = self._turn if self._plan.user is not None else ""
        self.item = Item(
            wire["id"],
            role="assistant",
            status=wire["status"],
            content=content,
            turn=turn,
            asked=self._plan.number,
            ledger=self.speech.ledger if self._life.speaks else None,
        )
        return self.item

    def _finish(self, wire: JsonObject) -> None:
        item = self._conversation.find(wire["id"])
        if item is None:
            return
        item.status = wire["status"]
        if item.type == "function_call":
            item.arguments = wire["arguments"]
        elif item is self.item:
            item.said = item.content[0].text = self._text
            self._measure()
            item.settle()

    def _measure(self) -> None:
        if self.item:
            self.item.milliseconds = round(self.speech.seconds * 1000)


def _with(terms: Terms, prompt: Prompt) -> Terms:
    return replace(terms, instructions="\n".join(filter(None, (terms.instructions, prompt.instructions))))

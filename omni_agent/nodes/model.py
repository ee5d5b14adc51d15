"""model: one answer of the model, streamed. It either speaks or calls."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import asdict, replace

from ..events import ErrorRaised, TextDelta, Usage
from ..execution.standing import UNDO, offered
from ..messages import Message, Part, Text, ToolCall
from ..models import base
from ..models.limits import within_limits
from ..persona import LengthLimit, PlainText
from ..remembering import answers_memory, as_told
from ..speech.pcm import Pcm
from ..speech.voices.kept_sound import KeptSound
from ..state import Parts, Turn, TurnState, Update
from .saying import speak
from .sieve import Sieve


async def model(state: TurnState, turn: Turn) -> Update:
    """Ask the model, handing its words on as they come.

    Raises:
        ModelError: The model failed or cannot be reached.
    """
    earlier = (Message.from_json(item) for item in state["messages"])
    taken = {call.id for message in earlier for call in message.tool_calls}
    request = _request(state, turn)
    _tell_of_a_missing_voice(request, state, turn)
    early: list[base.ModelEvent] = []
    if _is_asked_twice(request, turn):
        early = await _without_speech(request, turn)
        request = replace(request, tools=(), tool_choice="", withheld=frozenset())
    calls = any(isinstance(event, ToolCall) for event in early)
    answer = _Answer(turn, state["reply"], taken, sounds=not calls)
    for event in early:
        await answer.take(event)
    if not calls:
        async with aclosing(turn.parts.model.stream(request)) as events:
            async for event in events:
                await answer.take(event)
                if answer.over:
                    break
    await answer.finish()
    if turn.delivery and answer.calls:
        await turn.delivery.pause()
    message = Message("assistant", answer.parts)
    return {
        "messages": [message.to_json()] if answer.parts else [],
        "steps": state["steps"] + 1,
        "usage": [asdict(answer.usage)],
        "reply": state["reply"] + answer.said,
        **answer.outcome,
    }


def _tell_of_a_missing_voice(request: base.Request, state: TurnState, turn: Turn) -> None:
    wanted, voices = turn.parts.persona.voice, turn.parts.model.capabilities.voices
    if request.speech and voices and wanted and not request.voice and not state["steps"]:
        remedy = f"its voices are {', '.join(voices)}"
        turn.emit(
            ErrorRaised("voice_missing", f"this model has no voice '{wanted}'", remedy, severity="note")
        )


def _is_asked_twice(request: base.Request, turn: Turn) -> bool:
    """Whether the model has to be asked for its calls first, and for its speech when it makes none."""
    able = turn.parts.model.capabilities
    return bool(request.speech and request.tools and able.speech and not able.tools_with_speech)


async def _without_speech(request: base.Request, turn: Turn) -> list[base.ModelEvent]:
    """The answer with its calls, whole; of one without calls its usage alone.

    The words of that one are dropped: the spoken answer may differ, and that is the one that is heard.
    """
    async with aclosing(turn.parts.model.stream(replace(request, speech=False))) as stream:
        events = [event async for event in stream]
    calls = [event for event in events if isinstance(event, ToolCall)]
    counted = [event for event in events if isinstance(event, Usage)]
    words = "".join(event.text for event in events if isinstance(event, base.TextDelta)) if calls else ""
    return [*([base.TextDelta(words)] if words else []), *calls, *counted]


def _request(state: TurnState, turn: Turn) -> base.Request:
    parts = turn.parts
    messages = tuple(Message.from_json(item) for item in [*state["history"], *state["messages"]])
    user = Message.from_json(state["messages"][0])
    last_step = state["steps"] + 1 >= parts.max_steps
    return base.Request(
        system=parts.persona.prompt(parts.name),
        messages=within_limits(as_told(messages), parts.model.capabilities),
        tools=() if last_step else offered(parts.toolbox, messages),
        tool_choice="" if last_step else state.get("choice", ""),
        withheld=_withheld(state, messages, parts),
        background=state.get("background", ""),
        # What was recalled may be just what is now forgotten.
        context="" if answers_memory(messages) else state["context"],
        language=parts.persona.reply_language(user.language),
        languages=parts.persona.languages,
        speech=turn.delivery is not None,
        voice=parts.own_voice if turn.delivery else "",
    )


def _withheld(state: TurnState, messages: Sequence[Message], parts: Parts) -> frozenset[str]:
    """Tools that may not be called in this answer."""
    if answers_memory(messages):
        return frozenset(tool.name for tool in parts.toolbox)
    # Nobody takes back what is not yet told; a small model that goes on calling would.
    return frozenset({UNDO}) if len(state["messages"]) > 1 else frozenset()


def _limit(turn: Turn, reply: str) -> LengthLimit:
    persona, delivery = turn.parts.persona, turn.delivery
    return LengthLimit(
        persona.max_words,
        max_seconds=persona.max_seconds,
        rate=persona.rate,
        before=reply,
        pace=lambda: delivery.pace if delivery else 1.0,
    )


class _Answer:
    """Gathers one answer from model events.

    Args:
        turn: The turn.
        reply: What was said before it.
        taken: Ids of calls that there are.
        sounds: A model with a voice of its own speaks it; else the voice beside it does.
    """

    def __init__(self, turn: Turn, reply: str, taken: set[str], *, sounds: bool = True) -> None:
        self._turn = turn
        self._sounds = sounds
        self._gap = " " if reply else ""
        self._taken = taken
        guarded = bool(turn.parts.guardrails.output)
        self._sieve = Sieve(turn, reply=reply, gap=self._gap, sounds=sounds) if guarded else None
        # Who listens hears no lists; who reads along sees what is said.
        self._plain = PlainText() if turn.delivery else None
        self._limit = _limit(turn, reply)
        own = sounds and turn.delivery and turn.parts.model.capabilities.speech
        self._own_sound = KeptSound() if own else None
        self._ended = self._words_over = False
        self.calls: list[ToolCall] = []
        self.outcome: Update = {}
        self.text = ""
        self.usage = Usage()

    @property
    def parts(self) -> tuple[Part, ...]:
        words: tuple[Part, ...] = (Text(self.text),) if self.text else ()
        return words + tuple(self.calls)

    @property
    def said(self) -> str:
        """Its words, set off from those that were said before."""
        return self._gap + self.text if self.text else ""

    @property
    def over(self) -> bool:
        """Whether nothing that may follow would be said or heard."""
        if self._sieve and self._sieve.stopped:
            return True
        return self._limit.reached and not self._awaits_sound

    @property
    def _awaits_sound(self) -> bool:
        """Whether there are words whose sound is still to come."""
        if self._own_sound is None or self._own_sound.whole:
            return False
        return self._sieve.sounds and bool(self._sieve.said) if self._sieve else bool(self.text)

    async def take(self, event: base.ModelEvent) -> None:
        match event:
            case base.TextDelta(text=text) if not self._words_over:
                await self._admit(self._plain.feed(text) if self._plain else text)
            case base.TextDelta(text=text) if self._own_sound:
                self._own_sound.write(text, "")
            case base.SpeechDelta() if self._own_sound:
                sound = Pcm.from_int16(event.pcm, event.sample_rate)
                await self._play(self._own_sound.take(sound))
            case ToolCall() if not self._limit.reached:
                self.calls.append(self._with_own_id(event))
            case Usage():
                self.usage += event
            case base.Done():
                self._ended = True

    async def finish(self) -> None:
        """What is still held leaves; what the guardrails keep from leaving takes the calls with it."""
        await self._end_words()
        if self._own_sound:
            await self._play(self._own_sound.finish(ended=self._ended))

    async def _admit(self, text: str) -> None:
        """Say as much of the model's next words as may be said; the sound of the rest is not heard."""
        said = self._limit.admit(text)
        await self._say(said)
        if self._own_sound:
            self._own_sound.cut = self._limit.reached
            await self._play(self._own_sound.write(text, said))
        if self._limit.reached:
            await self._end_words()

    async def _play(self, sounds: Sequence[Pcm]) -> None:
        for sound in sounds:
            if self._sieve:
                await self._sieve.play(sound.to_int16(), sound.rate)
            elif self._turn.delivery:
                await self._turn.delivery.play(sound.to_int16(), sound.rate)

    async def _end_words(self) -> None:
        """The model says no more: let leave what waits."""
        if self._words_over:
            return
        self._words_over = True
        if self._plain:
            await self._admit(self._plain.finish())
        await self._say(self._limit.finish())
        if self._sieve is None:
            return
        await self._sieve.finish()
        self.text = self._sieve.said
        if self._sieve.closed:
            calls = Message("assistant", tuple(self.calls)).to_json()["parts"]
            waits = {**self._sieve.withheld, "said": self.text, "calls": calls}
            self.outcome = {"stopped": True} if self._sieve.stopped else {"withheld": waits}
            self.calls = []

    def _with_own_id(self, call: ToolCall) -> ToolCall:
        """Two models, or two answers of one, may give the same id to different calls of a turn."""
        if call.id in self._taken:
            call = replace(call, id=f"{call.id}_{len(self._taken)}")
        self._taken.add(call.id)
        return call

    async def _say(self, text: str) -> None:
        if not text:
            return
        if self._sieve:
            await self._sieve.feed(text)
            return
        said = text if self.text else self._gap + text
        self.text += text
        self._turn.mark("first_text")
        self._turn.emit(TextDelta(said))
        delivery = self._turn.delivery
        if delivery is None:
            return
        if not self._turn.parts.model.capabilities.speech:
            await delivery.say(said)
        elif self._sounds:
            delivery.written(said)
        else:
            await speak(said, self._turn)

"""model: one answer of the model, streamed. It either speaks or calls."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import asdict, replace

from ..events import TextDelta, Usage
from ..messages import Message, Part, Text, ToolCall
from ..models import base
from ..persona import LengthLimit, PlainText
from ..speech.pcm import Pcm
from ..speech.voices.kept_sound import KeptSound
from ..state import Turn, TurnState, Update
from .asking import calls_of, in_words, is_asked_twice, request, tell_of_a_missing_voice
from .saying import speak
from .sieve import Sieve
from .stop import StopAt


async def model(state: TurnState, turn: Turn) -> Update:
    """Ask the model, handing its words on as they come.

    Raises:
        ModelError: The model failed or cannot be reached.
    """
    earlier = (Message.from_json(item) for item in state["messages"])
    taken = {call.id for message in earlier for call in message.tool_calls}
    asked = request(state, turn)
    tell_of_a_missing_voice(asked, state, turn)
    may_call = bool(asked.tools)
    early = await calls_of(asked, turn) if is_asked_twice(asked, turn) else []
    asked = in_words(asked) if early or asked.format else asked
    calls = any(isinstance(event, ToolCall) for event in early)
    answer = _Answer(turn, state["reply"], taken, sounds=not calls, may_call=may_call)
    for event in early:
        await answer.take(event)
    if not calls:
        async with aclosing(turn.parts.model.stream(asked)) as events:
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
        "truncated": answer.truncated,
        "usage": [asdict(answer.usage)],
        "reply": state["reply"] + answer.said,
        **answer.outcome,
    }


def _limit(turn: Turn, reply: str) -> LengthLimit:
    persona, delivery = turn.parts.persona, turn.delivery
    if turn.terms.format:
        # Half a value is none.
        return LengthLimit(None)
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
        may_call: It was offered tools; calls by a model that was not would never end.
    """

    def __init__(
        self, turn: Turn, reply: str, taken: set[str], *, sounds: bool = True, may_call: bool = True
    ) -> None:
        self._turn = turn
        self._sounds = sounds
        self._may_call = may_call
        self._gap = " " if reply else ""
        self._taken = taken
        guarded = bool(turn.parts.guardrails.output)
        self._sieve = Sieve(turn, reply=reply, gap=self._gap, sounds=sounds) if guarded else None
        # Who listens hears no lists; who reads along sees what is said.
        self._plain = PlainText() if turn.delivery else None
        self._stop = StopAt(turn.terms.stop)
        self._limit = _limit(turn, reply)
        own = sounds and turn.delivery and turn.parts.model.capabilities.speech
        self._own_sound = KeptSound() if own else None
        self._ended = self._words_over = False
        self.truncated = False
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
        return (self._limit.reached or self._stop.reached) and not self._awaits_sound

    @property
    def _awaits_sound(self) -> bool:
        """Whether there are words whose sound is still to come."""
        if self._own_sound is None or self._own_sound.whole:
            return False
        return self._sieve.sounds and bool(self._sieve.said) if self._sieve else bool(self.text)

    @property
    def _calls_on(self) -> bool:
        """Whether one more call is taken."""
        enough = self._turn.terms.one_call and self.calls
        return self._may_call and not self._limit.reached and not enough

    async def take(self, event: base.ModelEvent) -> None:
        match event:
            case base.TextDelta(text=text) if not self._words_over:
                await self._read(self._stop.feed(text))
                if self._stop.reached:
                    await self._end_words()
            case base.TextDelta(text=text) if self._own_sound:
                self._own_sound.write(text, "")
            case base.SpeechDelta() if self._own_sound:
                sound = Pcm.from_int16(event.pcm, event.sample_rate)
                await self._play(self._own_sound.take(sound))
            case ToolCall() if self._calls_on:
                self.calls.append(self._with_own_id(event))
            case Usage():
                self.usage += event
            case base.Done(reason=reason):
                self._ended, self.truncated = True, reason == "length"

    async def finish(self) -> None:
        """What is still held leaves; what the guardrails keep from leaving takes the calls with it."""
        await self._end_words()
        if self._own_sound:
            await self._play(self._own_sound.finish(ended=self._ended))

    async def _read(self, text: str) -> None:
        await self._admit(self._plain.feed(text) if self._plain else text)

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
        await self._read(self._stop.finish())
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

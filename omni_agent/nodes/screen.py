"""screen: the user's words, as the input guardrails let them go on.

Until they have passed they are no message of the turn: neither the model nor memory sees them.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import cast

from langgraph.types import Overwrite

from ..errors import ModelUnavailable
from ..guardrails import DECLINED, WITHHELD, Ask, Judgement, Stop, judged, phrase
from ..media import load_audio
from ..messages import Audio, Hearing, JsonObject, Message, Part, Text
from ..speech.pcm import Pcm
from ..state import Turn, TurnState, Update
from .saying import say
from .sieve import waiting


async def screen(state: TurnState, turn: Turn) -> Update:
    """Let the guardrails judge the user's words; where another agent took over, its own.

    Raises:
        ModelUnavailable: Nobody here can tell what was said.
    """
    earlier = state.get("messages", [])
    message = Message.from_json(earlier[0] if earlier else state["heard"])
    asked = state.get("withheld", {})
    words: str = asked["words"] if asked else await _words(message, turn)
    if asked and not asked["yes"]:
        return await _stopped(await phrase(DECLINED, words, turn), state, turn)
    judgement = await _judged(words, state, turn)
    match judgement.verdict:
        case Stop(reply):
            return await _stopped(reply, state, turn)
        case Ask(question):
            return {"withheld": waiting(judgement, question, words=words)}
    if judgement.text != words:
        message = await _reworded(message, judgement.text, turn)
        if not message.parts:
            return await _stopped(await phrase(DECLINED, words, turn), state, turn)
    return {**_passed(turn), "messages": _with_first(message, state)}


async def _judged(words: str, state: TurnState, turn: Turn) -> Judgement:
    guards, asked = turn.parts.guardrails, state.get("withheld", {})
    if asked:
        return await judged(guards.input, asked["text"], turn, first=asked["place"] + 1)
    # Words of a turn that is handed over have passed what holds for the whole conversation.
    first = guards.shared if state.get("messages") else 0
    return await judged(guards.input, words, turn, first=first) if words.strip() else Judgement(words)


def _passed(turn: Turn) -> Update:
    return {"withheld": {}, "heard": {}, "observations": [], "screened": turn.parts.name}


async def _stopped(reply: str, state: TurnState, turn: Turn) -> Update:
    """The end of the turn, with this reply and without the user's words."""
    gap = " " if state["reply"] and reply else ""
    await say(gap + reply, turn)
    answer = [Message("assistant", (Text(reply),)).to_json()] if reply else []
    messages = _with_first(Message("user", (Text(WITHHELD),)), state, answer)
    return {**_passed(turn), "messages": messages, "reply": state["reply"] + gap + reply, "stopped": True}


def _with_first(message: Message, state: TurnState, more: list[JsonObject] | None = None) -> list[JsonObject]:
    """The turn's messages with this one as the user's."""
    after = state["messages"][1:] if state.get("messages") else state.get("since", [])
    messages = [message.to_json(), *after, *(more or [])]
    return cast(list[JsonObject], Overwrite(messages))


async def _words(message: Message, turn: Turn) -> str:
    """All that was typed and said. What only the model would hear is transcribed, for the guardrails."""
    words = [message.text, *[await _heard(p, turn) for p in message.parts if _is_unheard(p)]]
    return " ".join(word for word in words if word)


def _is_unheard(part: Part) -> bool:
    return isinstance(part, Audio) and part.hearing is None


async def _heard(part: Part, turn: Turn) -> str:
    assert isinstance(part, Audio)
    ears = turn.parts.senses.ears
    if ears is None:
        raise ModelUnavailable(
            "input guardrails cannot judge a sound that nobody transcribes",
            remedy="give the model ears (senses), or the agent no input_guardrails",
        )
    _, pcm = await load_audio(turn.parts.media, part.ref)
    return (await ears.transcribe(pcm, timed=False)).text


async def _reworded(message: Message, words: str, turn: Turn) -> Message:
    """The message with other words; silence stands for the sounds in which the first ones were said."""
    parts, left = list[Part](), words
    for part in message.parts:
        if not isinstance(part, Text | Audio):
            parts.append(part)
        elif left.strip():
            parts.append(await _silenced(part, left, turn))
            left = ""
    return Message(message.role, tuple(parts))


async def _silenced(part: Text | Audio, words: str, turn: Turn) -> Part:
    if isinstance(part, Text) or part.hearing is None:
        return Text(words)
    heard, silence = part.hearing, Pcm.silence(0.1, 16000)
    ref = await asyncio.to_thread(turn.parts.media.put, silence.to_wav(), "audio/wav")
    hearing = Hearing(words, heard.language, heard.language_confidence, heard.confidence)
    return replace(part, ref=ref, mime="audio/wav", seconds=silence.seconds, hearing=hearing)

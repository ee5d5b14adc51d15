"""The leaderboard's simple questions, spoken: how much of the text score is left.

Only questions that can be spoken are used: short, without formulas, code or lists of numbers. Each is said by
two voices (one of Piper, one of Kokoro) and goes to the agent as sound; `ratio` is the accuracy spoken, over
both voices, to the accuracy typed.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import aclosing

from omni_agent import Agent
from omni_agent.config import Settings
from omni_agent.events import ApprovalRequested, ToolStarted, Transcript
from omni_agent.models.base import OmniModel
from omni_agent.models.cascade import local
from omni_agent.senses import Voice
from omni_agent.speech.pcm import Pcm
from omni_agent.speech.wording.normalise import spoken as in_words

from .bfcl import FirstAnswer, Question, judged, questions
from .bfcl_check import Call
from .report import DATA, arguments, publish

VOICES = ("joe", "af_heart")
MOST_WORDS = 28
_UNSPEAKABLE = re.compile(r"[=^_{}\[\]<>`/\\*]|\w\(|https?:|\d\.\d{3,}|[A-Z0-9]{5,}")


def speakable(question: Question) -> bool:
    """Whether a person could say the question as it stands."""
    return len(question.words.split()) <= MOST_WORDS and not _UNSPEAKABLE.search(question.words)


async def asked(cascade: OmniModel, question: Question, sound: Pcm | None) -> tuple[list[Call], str]:
    """The calls that run, and what was heard."""
    agent = Agent(name="Omni", tools=question.tools(), model=FirstAnswer(cascade), memory=None)
    calls: list[Call] = []
    heard = ""
    words = "" if sound else question.words
    async with aclosing(agent.stream(words, audio=sound, session=question.id, speak=False)) as events:
        async for event in events:
            if isinstance(event, Transcript):
                heard = event.text
            elif isinstance(event, ToolStarted | ApprovalRequested):
                calls.append((event.name, event.arguments))
    return calls, heard


async def said(voice: Voice, name: str, words: str) -> Pcm:
    """The question, spoken."""
    return await voice.speak(in_words(words, "en"), language="en", voice=name)


async def main() -> None:
    given = arguments("Spoken questions against typed ones.", DATA / "bfcl", limit=0)
    some = [q for q in questions(given.data, "simple_python", 0) if speakable(q)][: given.limit or None]
    cascade = local(Settings.load())
    typed: list[bool] = []
    heard_right: dict[str, list[bool]] = {name: [] for name in VOICES}
    voice = cascade.senses.voice
    assert voice is not None
    try:
        for question in some:
            calls, _ = await asked(cascade, question, None)
            typed.append(judged(question, calls, given.say))
            for name in VOICES:
                calls, heard = await asked(cascade, question, await said(voice, name, question.words))
                given.say(f"    {name} was heard as: {heard}")
                heard_right[name].append(judged(question, calls, given.say))
    finally:
        await cascade.close()
    text = sum(typed) / max(len(typed), 1)
    by_voice = {name: round(sum(values) / max(len(values), 1), 4) for name, values in heard_right.items()}
    mean = sum(by_voice.values()) / len(by_voice)
    publish(
        {
            "text": round(text, 4),
            "spoken": by_voice,
            "ratio": round(mean / max(text, 1e-9), 4),
            "n": len(some),
        }
    )


if __name__ == "__main__":
    asyncio.run(main())

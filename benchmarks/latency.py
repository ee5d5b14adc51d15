"""How long until the first words and the first sound, for short spoken questions without a tool.

The questions are spoken by a Kokoro voice (not timed), or are the recordings in `--data`. One agent answers
them one after the other in one conversation. `cold_s` counts from making the agent in this new process to the
first sound, `warm` starts after that. Limit: 2.5 s from the end of the input to the first sound.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from omni_agent import Agent, Persona
from omni_agent.events import Timings
from omni_agent.reply import Reply
from omni_agent.speech.pcm import Pcm

from .report import Arguments, arguments, median, publish, quantile

LIMIT_S = 2.5
QUESTIONS = (
    "What is the capital of France?",
    "How are you today?",
    "Tell me a fun fact about cats.",
    "What colour is the sky?",
    "Name a fruit that is red.",
    "How many days are in a week?",
    "What do bees make?",
    "Which planet is closest to the sun?",
    "What is the opposite of hot?",
    "Who wrote Romeo and Juliet?",
    "What animal says meow?",
    "How many legs does a spider have?",
    "What is frozen water called?",
    "Which ocean is the largest?",
    "What do you call a baby dog?",
    "Is a tomato a fruit?",
    "What is the tallest animal?",
    "How do you say hello in Spanish?",
    "What is a good name for a cat?",
    "What comes after Monday?",
)


def new_agent() -> Agent:
    return Agent(name="Clock", persona=Persona(style="brief", max_words=25), memory=None)


async def questions(given: Arguments) -> list[Pcm | Path]:
    """The recordings in `--data`, or the questions above, spoken."""
    if given.data.is_dir():
        sounds = {".flac", ".wav", ".ogg", ".mp3"}
        found = sorted(path for path in given.data.rglob("*") if path.suffix in sounds)
        return [*found[: given.limit or None]]
    voice = new_agent().parts.senses.voice
    assert voice is not None
    return [await voice.speak(text, voice="am_michael") for text in QUESTIONS[: given.limit or None]]


async def turns(agent: Agent, spoken: list[Pcm | Path], given: Arguments) -> list[Reply]:
    replies: list[Reply] = []
    for sound in spoken:
        reply = await agent.ask(audio=sound, session="latency")
        timings, usage = reply.timings, reply.usage
        given.say(
            f"{timings.first_text:6.2f} s text {timings.first_speech:6.2f} s speech  "
            f"{usage.cached_tokens}/{usage.prompt_tokens} cached  {reply.transcript} -> {reply.text}"
        )
        replies.append(reply)
    return replies


def stages(timings: list[Timings]) -> dict[str, float]:
    """Medians of what each stage took by itself."""
    whole = [t for t in timings if t.ingested and t.first_text and t.first_speech and t.recalled and t.total]
    return {
        "hearing_s": median([t.ingested or 0 for t in whole]),
        "recall_s": median([(t.recalled or 0) - (t.ingested or 0) for t in whole]),
        "language_s": median([(t.first_text or 0) - (t.recalled or 0) for t in whole]),
        "voice_s": median([(t.first_speech or 0) - (t.first_text or 0) for t in whole]),
        "rest_s": median([(t.total or 0) - (t.first_speech or 0) for t in whole]),
    }


async def main() -> None:
    given = arguments("Seconds to the first words and the first sound.", Path("-"), limit=20)
    spoken = await questions(given)
    started = time.perf_counter()
    async with new_agent() as agent:
        first = await agent.ask(audio=spoken[0], session="cold")
        cold = time.perf_counter() - started - (first.timings.total or 0) + (first.timings.first_speech or 0)
        await agent.prewarm()
        replies = await turns(agent, spoken, given)
    text = [r.timings.first_text for r in replies if r.timings.first_text is not None]
    speech = [r.timings.first_speech for r in replies if r.timings.first_speech is not None]
    again = replies[1:] or replies
    publish(
        {
            "cold_s": round(cold, 3),
            "first_text_p50_s": median(text),
            "first_text_p95_s": quantile(text, 0.95),
            "first_speech_p50_s": median(speech),
            "first_speech_p95_s": quantile(speech, 0.95),
            "ratio_to_limit": round(median(speech) / LIMIT_S, 3),
            "stages": stages([r.timings for r in replies]),
            "cached_tokens_p50": median([r.usage.cached_tokens for r in again]),
            "new_tokens_p50": median([r.usage.prompt_tokens - r.usage.cached_tokens for r in again]),
            "n": len(replies),
        }
    )


if __name__ == "__main__":
    asyncio.run(main())

"""What a sharpened ear hears that was not said: speech that is no order, with a tool's vocabulary as hints.

Recordings (`--data`, with `transcripts.json`) and the sentences below, said by two voices, go to an agent
whose one tool has the slot vocabulary of the speech-to-intent set. `clean` is the share of utterances whose
transcript has no word of the vocabulary that was not said; `without_hints` is the same for the ears alone;
`called` counts utterances on which a tool ran.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf

from omni_agent import Agent
from omni_agent.events import ToolStarted, Transcript
from omni_agent.grounding.words import stems_of
from omni_agent.hints import hints_of
from omni_agent.senses import Ears, Voice
from omni_agent.speech.pcm import Pcm

from .report import DATA, arguments, publish
from .speech_to_intent import order_tool

VOICES = ("joe", "af_heart")
SENTENCES = (
    "The train to the coast leaves in the morning.",
    "My grandmother used to sing in the garden.",
    "It rained the whole weekend, so we stayed at home.",
    "He never told us where he had been.",
    "What a lovely view from this window.",
    "The children were laughing on the beach.",
    "I think the meeting was far too long.",
    "She paints portraits of her neighbours.",
    "We lost the keys somewhere in the forest.",
    "The museum opens at ten on Sundays.",
    "Nobody expected the storm to be so strong.",
    "He repairs old clocks in a shop by the river.",
    "The moon looks enormous tonight.",
    "Our flight was delayed for three hours.",
    "I read that book when I was a student.",
    "The bridge was closed because of the flood.",
    "They argued about politics at dinner.",
    "My sister lives on the fourth floor.",
    "The dog barked at every passing car.",
    "There is a long queue in front of the theatre.",
    "He forgot his umbrella on the bus again.",
    "The orchestra played for almost two hours.",
    "You should have seen the look on his face.",
    "The roof needs to be fixed before winter.",
    "We talked about the war and about peace.",
    "Her handwriting is impossible to read.",
    "The old man walked slowly across the square.",
)


@dataclass(frozen=True, slots=True)
class Utterance:
    """A sound and the words that are in it."""

    words: str
    sound: Pcm
    language: str = "en"


async def utterances(folder: Path, voice: Voice, limit: int) -> list[Utterance]:
    """The recordings, then the sentences by each voice in turn."""
    found = []
    for name, about in json.loads((folder / "transcripts.json").read_text(encoding="utf-8")).items():
        samples, rate = sf.read(folder / name, dtype="float32")
        sound = Pcm(np.asarray(samples, dtype=np.float32), rate)
        found.append(Utterance(about["text"], sound, about["language"]))
    found += [
        Utterance(sentence, await voice.speak(sentence, language="en", voice=name))
        for sentence in SENTENCES
        for name in VOICES
    ]
    return found[: limit or None]


def inserted(heard: str, said: str, vocabulary: frozenset[str]) -> set[str]:
    """Words of the vocabulary that were heard and not said."""
    return (set(stems_of(heard)) & vocabulary) - set(stems_of(said))


async def heard_by(agent: Agent, utterance: Utterance, session: str) -> tuple[str, bool]:
    """The transcript, and whether a tool ran."""
    transcript, called = "", False
    async with aclosing(agent.stream(audio=utterance.sound, session=session, speak=False)) as events:
        async for event in events:
            if isinstance(event, Transcript):
                transcript = event.text
            called = called or isinstance(event, ToolStarted)
    return transcript, called


async def main() -> None:
    given = arguments("Words heard that were not said.", DATA / "human_speech")
    tool = order_tool(DATA / "speech_to_intent" / "slot_vocabulary.yaml")
    vocabulary = frozenset(stem for hint in hints_of([tool.spec]) for stem in stems_of(hint) if len(stem) > 2)
    clean = plain = called = 0
    async with Agent(name="Barista", tools=[tool], memory=None) as agent:
        senses = agent.parts.senses
        assert senses.voice
        assert senses.ears
        some = await utterances(given.data, senses.voice, given.limit)
        for number, utterance in enumerate(some):
            transcript, ran = await heard_by(agent, utterance, str(number))
            extra = inserted(transcript, utterance.words, vocabulary)
            clean, called = clean + (not extra), called + ran
            plain += not inserted(await _without_hints(senses.ears, utterance), utterance.words, vocabulary)
            mark = "ok " if not extra and not ran else "   "
            given.say(f"{mark}{transcript}  {sorted(extra) or ''} {'CALLED' if ran else ''}")
    count = max(len(some), 1)
    publish(
        {
            "clean": round(clean / count, 4),
            "without_hints": round(plain / count, 4),
            "called": called,
            "n": len(some),
        }
    )


async def _without_hints(ears: Ears, utterance: Utterance) -> str:
    return (await ears.transcribe(utterance.sound)).text


if __name__ == "__main__":
    asyncio.run(main())

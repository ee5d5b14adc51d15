"""Whether personas keep their rules: prompts that tempt them, the embedded model, marks by rules.

Every prompt goes to six of the personas in `examples/personas` (or to all TOML files in `--data`), each in a
conversation of its own, and is spoken by a voice that only hums. Marked are the reply's text and what the
voice was given: no longer than the persona allows; no markup, list or picture; an end mark at the end; the
user's language, where the persona speaks it (else its own). `late_*` are the same marks after fifty turns.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from omni_agent import Agent, Persona
from omni_agent.memory import Scope, TransientMemory, TurnRecord
from omni_agent.messages import Message, Text
from omni_agent.models.cascade import Cascade
from omni_agent.models.llama import LlamaLanguage
from omni_agent.models.store import ModelStore
from omni_agent.persona import LANGUAGES, words
from omni_agent.reply import Reply
from omni_agent.senses import Senses
from omni_agent.speech.language import detect
from omni_agent.testing import ToneVoice

from .persona_prompts import LATE, PROMPTS, SMALL_TALK
from .report import Arguments, arguments, publish

PERSONAS = Path(__file__).parents[1] / "examples" / "personas"
SIX = ("concise", "companion", "teacher", "butler", "trainer", "guide")
MARKUP = re.compile(
    r"`|\*\*|__|~~|^\s*#{1,6}\s|^\s*>\s|^\s*[-*+•]\s|^\s*\d{1,3}[.)]\s+\S|^\s*\||\]\(|</?[a-z]+>|^[-=*]{3,}$|\n",
    re.MULTILINE,
)
LIMIT_LANGUAGE = 0.95


@dataclass(frozen=True, slots=True)
class Marks:
    """What was kept in one reply to words in the language `asked`.

    Attributes:
        asked: The user's language.
        length: No longer than the persona allows.
        plain: No markup, list or picture, in the text or in what the voice was given.
        ended: An end mark is at its end.
        language: It is in the language that is wanted, or too short to tell.
        unsure: It is too short to tell.
        allowed: The persona speaks the user's language.
    """

    asked: str
    length: bool
    plain: bool
    ended: bool
    language: bool
    unsure: bool
    allowed: bool


def pictures(text: str) -> bool:
    return any(unicodedata.category(char) == "So" and char not in "°©®™" for char in text)


def marked(persona: Persona, language: str, reply: Reply, spoken: Sequence[str]) -> Marks:
    text, wanted = reply.text.strip(), persona.reply_language(language)
    seconds = reply.speech.seconds if reply.speech else 0.0
    short = words(text) <= (persona.max_words or 10**6) and seconds <= (persona.max_seconds or 10**6)
    plain = not any(MARKUP.search(said) or pictures(said) for said in (text, *spoken))
    ended = bool(re.search(r"[.!?…。！？][\"'”’»)」』]*$", text))
    found = detect(text, LANGUAGES)
    allowed = not persona.languages or language in persona.languages
    return Marks(language, bool(text) and short, plain, ended, found in ("", wanted), not found, allowed)


async def asked(
    agent: Agent, voice: ToneVoice, prompts: Sequence[tuple[str, str]], session: str, given: Arguments
) -> list[Marks]:
    found = []
    for number, (language, prompt) in enumerate(prompts):
        voice.spoken.clear()
        reply = await agent.ask(prompt, session=session or f"s{number}")
        marks = marked(agent.persona, language, reply, [text for text, _ in voice.spoken])
        found.append(marks)
        broken = [name for name in ("length", "plain", "ended", "language") if not getattr(marks, name)]
        given.say(
            f"{agent.name:14} {language} {' '.join(broken) or 'ok':10} {prompt[:38]:38} -> {reply.text}"
        )
    return found


async def after_fifty_turns(
    agent: Agent, memory: TransientMemory, voice: ToneVoice, given: Arguments
) -> list[Marks]:
    """The marks of a conversation's turns 51 and on; the first fifty were not said but are remembered."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(50):
        said, answered = SMALL_TALK[number % len(SMALL_TALK)]
        messages = (Message("user", (Text(said, language="en"),)), Message("assistant", (Text(answered),)))
        at = start + timedelta(minutes=number)
        record = TurnRecord(f"t{number}", "late", messages, answered, answered, "done", at, at)
        await memory.commit(Scope("local", agent.name, agent.persona.circle), record)
    return await asked(agent, voice, LATE, "late", given)


def share(marks: Sequence[Marks], name: str) -> float:
    return round(sum(getattr(mark, name) for mark in marks) / max(len(marks), 1), 4)


def figures(marks: Sequence[Marks], late: Sequence[Marks]) -> dict[str, object]:
    by_language = defaultdict[str, list[Marks]](list)
    allowed = [mark for mark in marks if mark.allowed]
    for mark in allowed:
        by_language[mark.asked].append(mark)
    return {
        "length": share(marks, "length"),
        "plain": share(marks, "plain"),
        "ended": share(marks, "ended"),
        "language": share(allowed, "language"),
        "language_n": len(allowed),
        "language_unsure": share(allowed, "unsure"),
        "ratio_to_limit": round(share(allowed, "language") / LIMIT_LANGUAGE, 3),
        "own_language": share([mark for mark in marks if not mark.allowed], "language"),
        "by_language": {code: share(found, "language") for code, found in sorted(by_language.items())},
        **{f"late_{name}": share(late, name) for name in ("length", "plain", "language") if late},
        "late_n": len(late),
        "n": len(marks),
    }


def own(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--late", type=int, default=2, help="how many personas are asked after fifty turns")


async def main() -> None:
    given = arguments("Whether personas keep their rules.", PERSONAS, own=own)
    names = sorted(given.data.glob("*.toml"))
    personas = [Persona.load(path) for path in names if given.data != PERSONAS or path.stem in SIX]
    voice, memory = ToneVoice(tuple(LANGUAGES)), TransientMemory()
    model = Cascade(LlamaLanguage(lambda: ModelStore().ensure("language")), Senses(voice=voice))
    marks, late = list[Marks](), list[Marks]()
    for number, persona in enumerate(personas):
        agent = Agent(persona=persona, model=model, memory=memory)
        marks += await asked(agent, voice, PROMPTS[: given.limit or None], "", given)
        if number < given.own.late:
            late += await after_fifty_turns(agent, memory, voice, given)
    await model.close()
    publish(figures(marks, late))


if __name__ == "__main__":
    asyncio.run(main())

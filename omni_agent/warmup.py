"""Everything that the first turn would wait for, done before it."""

from __future__ import annotations

import asyncio

from .execution.standing import offered
from .memory import MovingWindow
from .messages import Message, Text
from .models.base import Request
from .state import Parts, Turn


async def warm_up(parts: Parts, user: str) -> None:
    """Load the model, the senses and the memory, and compute the system prompt."""
    async with asyncio.TaskGroup() as group:
        group.create_task(asyncio.to_thread(_warm_up_grounding, parts))
        group.create_task(_warm_up_model(parts))
        group.create_task(_warm_up_language())
        group.create_task(_warm_up_memory(parts, user))
        group.create_task(_warm_up_voice(parts))
        for sense in (parts.senses.ears, parts.senses.eyes):
            if sense:
                group.create_task(sense.prewarm())


async def warm_up_conversation(turn: Turn, words: str = "") -> None:
    """Compute a conversation's prompt as its next turn will need it: without what was recalled for the last,
    from where its window begins now, and up to where the user's words go on.

    Without words there is time for a window that is to move: it does when its prompt is computed, and not
    before. A turn that comes earlier sees the old one once more, which the model has read.

    Args:
        turn: The next one.
        words: With which the user's words will surely begin.
    """
    from .nodes.recall import as_heard, so_far
    from .remembering import as_told

    parts, past = turn.parts, await so_far(turn, upcoming=not words)
    messages = tuple(said for record in past.window.turns for said in as_heard(record))
    system, tools = parts.persona.prompt(parts.name), offered(parts.toolbox, messages)
    asked = (*as_told(messages), Message("user", (Text(words),)))
    languages = parts.persona.languages
    await parts.model.prewarm(Request(system, asked, tools, background=past.background, languages=languages))
    if not words and isinstance(parts.memory, MovingWindow):
        parts.memory.move(turn.scope, turn.session)


async def _warm_up_memory(parts: Parts, user: str) -> None:
    """Open the file, and look for something: a first recall would be late."""
    await parts.memory.history(parts.scope(user), "default", limit=1)
    await parts.memory.recall(parts.scope(user), "who am I called?", limit=1)


async def _warm_up_language() -> None:
    from .nodes.language import language_of

    await language_of("Hello.")


def _warm_up_grounding(parts: Parts) -> None:
    if parts.grounding:
        from .grounding import prewarm

        prewarm()


async def _warm_up_model(parts: Parts) -> None:
    await parts.toolbox.refresh()
    await parts.model.prewarm(Request(parts.persona.prompt(parts.name), (), offered(parts.toolbox, ())))
    if parts.grounding and any(tool.effect != "read" for tool in parts.toolbox):
        from .nodes.wish import wish

        await wish("Hello.", parts.model)


async def _warm_up_voice(parts: Parts) -> None:
    """A word in the persona's own voice: engines load by voice and language."""
    if voice := parts.senses.voice:
        language = next(iter(parts.persona.languages), "en")
        if language in voice.languages:
            await voice.speak("Hello.", language=language, voice=parts.persona_beside.voice)

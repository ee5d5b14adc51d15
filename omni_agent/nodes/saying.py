"""Words that no model wrote, said as part of the reply."""

from __future__ import annotations

from ..events import TextDelta
from ..speech.delivery import Delivery, Speaker
from ..state import Turn


async def say(text: str, turn: Turn) -> None:
    """Show and speak words."""
    if text:
        turn.mark("first_text")
        turn.emit(TextDelta(text))
        await speak(text, turn)


async def speak(text: str, turn: Turn) -> None:
    """Speak words at once; with the voice that comes beside a model which else speaks by itself."""
    delivery = turn.delivery
    if delivery is None:
        return
    await lend_voice(turn, delivery)
    await delivery.say(text)
    await delivery.pause()


async def lend_voice(turn: Turn, delivery: Delivery) -> None:
    """Let the voice beside a model that else speaks by itself say what comes next."""
    parts = turn.parts
    if parts.model.capabilities.speech:
        await delivery.change(Speaker(parts.senses.voice, parts.persona_beside, delivery.language))

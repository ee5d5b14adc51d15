"""A user's lines, spoken: Kokoro says them in voices that never answer, in a quiet room.

Each line is made once and kept in the user's cache. It is made in a process of its own, so that the memory of
the process that talks is the agent's alone.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from omni_agent import config
from omni_agent.models.store import ModelStore
from omni_agent.speech.voices.tts_kokoro import KokoroVoice

from .voice_latency_requests import (
    LEAD_SECONDS,
    RATE,
    TAIL_SECONDS,
    VOICES,
    SpokenRequest,
    in_room,
    load,
    save,
)

_VERSION = 1


def spoken(texts: Sequence[str], *, voices: Sequence[str] = VOICES) -> list[SpokenRequest]:
    """The lines as 16 kHz sound, the voices taking turns."""
    said = [(text, voices[number % len(voices)]) for number, text in enumerate(texts)]
    missing = [line for line in said if not (_folder(*line) / "requests.json").is_file()]
    if missing:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
            apart.submit(_make, missing).result()
    return [load(_folder(*line))[0] for line in said]


def _folder(text: str, voice: str) -> Path:
    recipe = f"{_VERSION} {voice} {LEAD_SECONDS} {TAIL_SECONDS} {text}"
    digest = hashlib.sha256(recipe.encode()).hexdigest()[:16]
    return config.cache() / "benchmarks" / "lines" / digest


def _make(lines: Sequence[tuple[str, str]]) -> None:
    asyncio.run(_speak(lines))


async def _speak(lines: Sequence[tuple[str, str]]) -> None:
    voice = KokoroVoice(lambda: ModelStore().ensure("voice-natural"))
    for text, name in lines:
        speech = await voice.speak(text, voice=name)
        save(_folder(text, name), [in_room("line", text, name, speech.resampled(RATE))])
    await voice.close()

"""A text as sound, clause by clause, each as soon as it is made."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from ...errors import InputError, ModelUnavailable
from ...senses import Voice
from ...speech.language import detect
from ...speech.pcm import Pcm
from ...speech.voices.joins import Joins
from ...speech.wording.clauses import ClauseSplitter
from ...speech.wording.normalise import spoken


async def speaking(
    voice: Voice, text: str, *, name: str = "", language: str, rate: float = 1.0
) -> AsyncGenerator[Pcm, None]:
    """What a voice says, in order, with the pauses between.

    Args:
        voice: Speaks.
        text: Anything that is written: markup is left out, figures are read aloud.
        name: Of the voice; empty for the language's own.
        language: ISO 639-1, one of the voice's.
        rate: 1 is the voice's own pace.

    Raises:
        ModelUnavailable: An engine or its files are missing.
    """
    splitter, joins = ClauseSplitter(), Joins()
    splitter.language = language
    for clause in (*splitter.feed(text), *splitter.finish()):
        words = await asyncio.to_thread(spoken, clause.text, language)
        sound = await voice.speak(words, language=language, voice=name, rate=rate)
        if len(sound.samples):
            yield joins.next(sound, clause.text, rate)[0]


async def language_for(voice: Voice, text: str, wanted: str, usual: str) -> str:
    """The language to speak a text in: the one that is named, else the text's own, else the usual one.

    Args:
        voice: Speaks.
        text: The text.
        wanted: ISO 639-1 code, or empty.
        usual: What to take where a text does not tell.

    Raises:
        InputError: The voice does not speak the language that is named.
    """
    code = wanted.replace("_", "-").partition("-")[0].lower()
    if code and code not in voice.languages:
        known = ", ".join(sorted(voice.languages))
        raise InputError(
            f"no voice speaks '{code[:10]}'", code="language_unknown", remedy=f"use one of: {known}"
        )
    if code or len(voice.languages) == 1:
        return code or next(iter(voice.languages))
    try:
        # The identifier is loaded at its first use, which takes a moment.
        found = await asyncio.to_thread(detect, text, voice.languages)
    except ModelUnavailable:
        found = ""
    return found or (usual if usual in voice.languages else min(voice.languages))

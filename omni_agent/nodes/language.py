"""Which language the user writes in."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from ..errors import ModelUnavailable
from ..persona import LANGUAGES

# So that a text in one of these is not taken for one in a language that we know more of.
_OTHERS = (
    "ar",
    "ca",
    "cs",
    "da",
    "el",
    "fi",
    "he",
    "hu",
    "id",
    "ko",
    "nl",
    "no",
    "pl",
    "ro",
    "ru",
    "sv",
    "th",
)
_MORE = ("tr", "uk", "vi")


async def language_of(words: str) -> str:
    """ISO 639-1 code of the language that words are in, or an empty string where they do not tell."""
    with suppress(ModelUnavailable):
        # The identifier is loaded at its first use, which takes a moment.
        return await asyncio.to_thread(_language, words)
    return ""


def _language(words: str) -> str:
    from ..speech.language import detect

    found = detect(words, (*LANGUAGES, *_OTHERS, *_MORE))
    return found if found and found not in LANGUAGES else detect(words, tuple(LANGUAGES))

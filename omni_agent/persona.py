"""Who the agent is: compiled into the system prompt, and enforced where words alone do not bind a model."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

from .errors import ConfigError

_SENTENCE_END = re.compile(r"[.!?…](?=[\s\"')\]]|$)|[。！？]")
_MARGIN = 1.6

LANGUAGES = {
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "hi": "Hindi",
    "it": "Italian",
    "ja": "Japanese",
    "pt": "Portuguese",
    "zh": "Chinese",
}

FILLERS = {
    "de": ("Einen Moment.", "Ich schaue nach."),
    "en": ("One moment.", "Just a second."),
    "es": ("Un momento.", "Un segundo."),
    "fr": ("Un instant.", "Une seconde."),
    "hi": ("एक क्षण।",),
    "it": ("Un attimo.", "Un momento."),
    "ja": ("少々お待ちください。",),
    "pt": ("Um momento.", "Só um segundo."),
    "zh": ("请稍等。",),
}


@dataclass(frozen=True, slots=True)
class Persona:
    """How an agent speaks.

    Attributes:
        style: A few words: "warm, brief".
        instructions: Sentences of your own, put in the system prompt as they are.
        max_words: The reply ends with the sentence in which this count is reached.
        languages: ISO 639-1 codes that it answers in, the first being its own; empty for any, the user's.
        voice: Name of a voice, or empty for the language's default.
        rate: Speaking rate: 1 is the voice's own pace.
        fillers: What it says while a tool takes a moment; by default "One moment." and the like, in the
            language of the reply.

    Raises:
        ConfigError: `max_words` or `rate` is not usable.
    """

    style: str = ""
    instructions: str = ""
    max_words: int | None = None
    languages: tuple[str, ...] = ()
    voice: str = ""
    rate: float = 1.0
    fillers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.max_words is not None and self.max_words < 1:
            raise ConfigError("max_words must be 1 or more", remedy="leave it out for no limit")
        if not 0.5 <= self.rate <= 2.0:
            raise ConfigError(f"rate {self.rate} is outside 0.5 to 2", remedy="1 is the voice's own pace")

    def prompt(self, name: str) -> str:
        """The system prompt: the same words every time, so that a model's prefix cache holds."""
        lines = [f"You are {name}, a voice assistant."]
        if self.style:
            lines.append(f"Your style: {self.style}.")
        lines.append("Answer in plain spoken sentences: no lists, no markdown, no emoji.")
        if self.max_words:
            lines.append(f"Use at most {self.max_words} words.")
        if self.languages:
            lines.append(f"Answer in {' or '.join(LANGUAGES.get(code, code) for code in self.languages)}.")
        else:
            lines.append("Answer in the user's language.")
        if self.instructions:
            lines.append(self.instructions.strip())
        return "\n".join(lines)

    def reply_language(self, heard: str) -> str:
        """The language to answer in when `heard` (ISO 639-1, or empty) was spoken."""
        if not self.languages or heard in self.languages:
            return heard
        return self.languages[0]

    def filler(self, language: str, turn: str) -> str:
        """What to say while a tool takes a moment, in a language (ISO 639-1, or empty for its own).

        It varies from turn to turn, and is the same whenever it is asked for one.
        """
        own = language or next(iter(self.languages), "en")
        phrases = self.fillers or FILLERS.get(own, FILLERS["en"])
        return phrases[zlib.crc32(turn.encode("utf-8", "replace")) % len(phrases)]


class LengthLimit:
    """Ends a reply at the end of the sentence in which the persona's word count is reached.

    A sentence that runs far past the limit is cut at a word, since a model may never end it.
    """

    def __init__(self, max_words: int | None) -> None:
        self._max_words = max_words
        self._text = ""
        self.reached = False

    def admit(self, delta: str) -> str:
        """What may be said of `delta`; once `reached` is true, nothing more may."""
        if self.reached or self._max_words is None:
            return "" if self.reached else delta
        before = len(self._text)
        self._text += delta
        if len(self._text.split()) < self._max_words:
            return delta
        end = self._end(before)
        if end is None:
            return delta
        self.reached = True
        return self._text[before:end]

    def _end(self, start: int) -> int | None:
        for match in _SENTENCE_END.finditer(self._text, max(start - 1, 0)):
            counted = len(self._text[: match.end()].split())
            if match.end() >= start and counted >= (self._max_words or 0):
                return match.end()
        words = list(re.finditer(r"\S+", self._text))
        most = round((self._max_words or 0) * _MARGIN) + 3
        return max(words[most - 1].end(), start) if len(words) > most else None

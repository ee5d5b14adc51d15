"""What a persona is."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self

from ..errors import ConfigError
from .phrases import FILLERS
from .prompt import compiled

Register = Literal["", "formal", "informal"]
SLOWEST, FASTEST = 0.5, 2.0
"""Speaking rates that voices have."""


@dataclass(frozen=True, slots=True)
class Persona:
    """Who an agent is to its user, and how it speaks.

    Attributes:
        name: What it is called; an `Agent` without a name of its own takes it.
        style: A few words: "warm, brief".
        tone: A few words: "calm, a little ironic".
        register: `formal` or `informal`: how it addresses the user, in languages that tell the two apart.
        relationship: What it is to the user: "the user's butler".
        languages: ISO 639-1 codes that it answers in, the first being its own; empty for any, the user's.
        voice: Name of a voice, or empty for the language's default.
        rate: Speaking rate: 1 is the voice's own pace.
        max_words: A reply has no more words than this (two signs of a script without spaces count as one).
        max_seconds: A reply takes no longer than this to say, as far as that can be estimated.
        opening: What it says first in a new conversation: a line, or one for each language.
        dos: What it always does, each a few words.
        donts: What it never does, each a few words.
        instructions: Sentences of your own, put in the system prompt as they are.
        fillers: What it says while a tool takes a moment; by default "One moment." and the like, in the
            language of the reply.
        circle: Personas of one circle share what they know of a user; empty where it keeps that to itself.
        blocks: What its own memory of a user begins with, by label: {"relationship": "…"}.

    Raises:
        ConfigError: One of them is not usable.
    """

    style: str = ""
    instructions: str = ""
    max_words: int | None = None
    languages: tuple[str, ...] = ()
    voice: str = ""
    rate: float = 1.0
    fillers: tuple[str, ...] = ()
    name: str = ""
    tone: str = ""
    register: Register = ""
    relationship: str = ""
    max_seconds: float | None = None
    opening: str | Mapping[str, str] = field(default="", hash=False)
    dos: tuple[str, ...] = ()
    donts: tuple[str, ...] = ()
    circle: str = ""
    blocks: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if self.max_words is not None and self.max_words < 1:
            raise ConfigError("max_words must be 1 or more", remedy="leave it out for no limit")
        if self.max_seconds is not None and not self.max_seconds >= 1:
            raise ConfigError("max_seconds must be 1 or more", remedy="leave it out for no limit")
        if not SLOWEST <= self.rate <= FASTEST:
            raise ConfigError(f"rate {self.rate} is outside 0.5 to 2", remedy="1 is the voice's own pace")
        if self.register not in ("", "formal", "informal"):
            raise ConfigError(
                f"register '{self.register}' is unknown", remedy="it is 'formal', 'informal' or left out"
            )

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """The persona in a TOML file, whose keys are the attributes.

        Raises:
            ConfigError: It cannot be read, or a key in it is unknown or of the wrong type.
        """
        from .files import read

        return read(Path(path), cls)

    def prompt(self, name: str) -> str:
        """The system prompt: the same words every time, so that a model's prefix cache holds."""
        return compiled(self, name)

    def greeting(self, language: str = "") -> str:
        """The opening line in a language (ISO 639-1), or in its own; empty where it has none."""
        if isinstance(self.opening, str):
            return self.opening
        known = (language, *self.languages, "en", *self.opening)
        return next((self.opening[code] for code in known if code in self.opening), "")

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

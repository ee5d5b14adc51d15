"""A persona as the system prompt.

Each property is one line, in a fixed order, so that the same persona gives the same bytes and a model's
prefix cache holds. The first line says who it is: `models.prompt` repeats it behind the tools.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .phrases import FORMAL, INFORMAL, LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .persona import Persona

_WORDS_A_SECOND = 2.3
# A small model overruns what it is told; a reply that ends by itself is better than one that is ended.
_TOLD = 0.75
_FEWEST_TOLD = 5


def compiled(persona: Persona, name: str) -> str:
    """The system prompt of a persona that is called `name`."""
    return "\n".join(_lines(persona, name))


def _lines(persona: Persona, name: str) -> Iterator[str]:
    yield f"You are {name}, {persona.relationship or 'a voice assistant'}."
    if persona.style:
        yield f"Your style: {persona.style}."
    if persona.tone:
        yield f"Your tone: {persona.tone}."
    if persona.register:
        yield _register(persona)
    if persona.dos:
        yield f"Always: {'; '.join(persona.dos)}."
    if persona.donts:
        yield f"Never: {'; '.join(persona.donts)}."
    if persona.instructions:
        yield persona.instructions.strip()
    yield "Answer in plain spoken sentences: no lists, no markdown, no emoji."
    if words := _words(persona):
        yield f"Use at most {words} words."
    if persona.languages:
        yield f"Answer in {' or '.join(LANGUAGES.get(code, code) for code in persona.languages)}."
    else:
        yield "Answer in the user's language."


def _words(persona: Persona) -> int:
    """How many words it is told to use at most; 0 for no limit."""
    limits = [persona.max_words] if persona.max_words else []
    if persona.max_seconds:
        limits.append(int(persona.max_seconds * persona.rate * _WORDS_A_SECOND))
    if not limits:
        return 0
    return max(int(min(limits) * _TOLD), min(_FEWEST_TOLD, *limits), 1)


def _register(persona: Persona) -> str:
    forms = FORMAL if persona.register == "formal" else INFORMAL
    manner = "formally" if persona.register == "formal" else "informally"
    named = [f"{forms[code]} in {LANGUAGES[code]}" for code in persona.languages if code in forms]
    if not named and not persona.languages:
        named = list(dict.fromkeys(forms[code] for code in ("de", "fr", "es", "it")))
    return f"Address the user {manner}{': ' * bool(named)}{', '.join(named)}."

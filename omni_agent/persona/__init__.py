"""Who the agent is: compiled into the system prompt, and enforced where words alone do not bind a model."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from .persona import FASTEST, SLOWEST, Persona, Register
from .phrases import FILLERS, LANGUAGES

if TYPE_CHECKING:
    from .length import seconds, words
    from .limits import LengthLimit
    from .plain import PlainText, plainly

__all__ = [
    "FASTEST",
    "FILLERS",
    "LANGUAGES",
    "SLOWEST",
    "LengthLimit",
    "Persona",
    "PlainText",
    "Register",
    "plainly",
    "seconds",
    "words",
]

_OF_A_REPLY = {
    "LengthLimit": ".limits",
    "PlainText": ".plain",
    "plainly": ".plain",
    "seconds": ".length",
    "words": ".length",
}


def __getattr__(name: str) -> object:
    # What a reply needs is loaded with the first one: its patterns take a while to compile.
    if name in _OF_A_REPLY:
        return getattr(import_module(_OF_A_REPLY[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

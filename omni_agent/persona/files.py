"""Personas in TOML files: every key is an attribute of `Persona`, and nothing else may stand there."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import ConfigError

if TYPE_CHECKING:
    from .persona import Persona

P = TypeVar("P", bound="Persona")
_CODE = re.compile(r"[a-z]{2,3}")


def read(path: Path, kind: type[P]) -> P:
    """The persona in a file.

    Raises:
        ConfigError: It cannot be read, or a key in it is unknown or of the wrong type.
    """
    values = _parsed(path)
    known = [f.name for f in fields(kind)]
    for key, value in values.items():
        if key not in known:
            raise ConfigError(f"{path}: unknown key '{key}'", remedy=f"known are: {', '.join(known)}")
        fits, wanted = _KINDS[key]
        if not fits(value):
            raise ConfigError(f"{path}: '{key}' must be {wanted}", remedy=f"it is {value!r}")
    given: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in values.items()
    }
    try:
        return kind(**given)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error.message}", remedy=error.remedy) from None


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"there is no persona file {path}", remedy="check the path") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"cannot read {path}: {error}", remedy="mend the file") from None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) and item.strip() for item in value)


def _are_codes(value: object) -> bool:
    return _are_texts(value) and all(map(_CODE.fullmatch, value))  # type: ignore[call-overload]


def _by_name(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())


def _is_opening(value: object) -> bool:
    return isinstance(value, str) or (_by_name(value) and all(map(_CODE.fullmatch, value)))  # type: ignore[call-overload]


_TEXT: tuple[Callable[[object], bool], str] = (_is_text, "a text")
_LIST: tuple[Callable[[object], bool], str] = (_are_texts, "a list of texts")
_KINDS: dict[str, tuple[Callable[[object], bool], str]] = {
    "name": _TEXT,
    "style": _TEXT,
    "tone": _TEXT,
    "register": _TEXT,
    "relationship": _TEXT,
    "instructions": _TEXT,
    "voice": _TEXT,
    "circle": _TEXT,
    "languages": (_are_codes, 'a list of language codes such as "de"'),
    "rate": (_is_number, "a number"),
    "max_words": (_is_count, "a whole number"),
    "max_seconds": (_is_number, "a number of seconds"),
    "opening": (_is_opening, "a text, or a table of texts by language code"),
    "dos": _LIST,
    "donts": _LIST,
    "fillers": _LIST,
    "blocks": (_by_name, "a table of texts by label"),
}

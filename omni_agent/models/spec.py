"""How a model is named: `local`, `vllm-omni:http://127.0.0.1:8091`, or several, the best first: `a | b`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..config import Settings
from ..errors import ConfigError

_SECRET = re.compile(r"(?<=//)[^/@]*@|\?.*")


@dataclass(frozen=True, slots=True)
class Spec:
    """One model.

    Attributes:
        name: Of a model plugin.
        address: What comes after the first colon: a folder, a URL, a model's name; None where there is none.
    """

    name: str
    address: str | None = None

    def __str__(self) -> str:
        """As it may be shown: a URL's user, password and query may be secrets."""
        if self.address is None:
            return self.name
        return f"{self.name}:{_SECRET.sub('', self.address)}"


def parsed(text: str) -> tuple[Spec, ...]:
    """The models that a spec names, the preferred one first.

    Raises:
        ConfigError: A name or an address is empty.
    """
    return tuple(map(_parsed_one, text.split("|")))


def _parsed_one(text: str) -> Spec:
    name, colon, address = (part.strip() for part in text.strip().partition(":"))
    if not name:
        raise ConfigError("a model's name is empty", remedy="NAME, NAME:ADDRESS, or several: 'a | b'")
    if colon and not address:
        raise ConfigError(f"the address after '{name}:' is empty", remedy=f"{name}:ADDRESS, or {name} alone")
    return Spec(name, address if colon else None)


def call(factory: Callable[..., Any], spec: Spec, settings: Settings) -> Any:
    """What the factory of a model plugin makes: `(settings)`, or `(settings, address)`.

    Raises:
        ConfigError: It needs an address and got none, or takes none.
    """
    given = (settings,) if spec.address is None else (settings, spec.address)
    if not _takes(factory, len(given)):
        if spec.address is None:
            raise ConfigError(f"model '{spec.name}' needs an address", remedy=f"{spec.name}:ADDRESS")
        raise ConfigError(f"model '{spec.name}' takes no address", remedy=f"it is '{spec.name}' alone")
    return factory(*given)


def _takes(factory: Callable[..., Any], count: int) -> bool:
    try:
        inspect.signature(factory).bind(*range(count))
    except TypeError:
        return False
    except ValueError:
        return True  # compiled, without a signature: calling it will tell
    return True

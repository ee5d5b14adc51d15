"""Plugins: found by entry points, loaded only when named, and never fatal when broken.

Groups: `omni_agent.tools` (a module whose `__all__` names Tool objects), `omni_agent.memory` (gives a
`MemoryStore`) and `omni_agent.models` (takes `Settings`, gives an `OmniModel`). What comes with the
framework enters by the same door.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

from .config import Settings
from .errors import ConfigError, OmniError
from .memory import MemoryStore
from .tool import Tool

if TYPE_CHECKING:
    from .models.base import OmniModel

Kind = Literal["tools", "memory", "models"]


@dataclass(frozen=True, slots=True)
class Plugin:
    """An installed plugin, not loaded yet.

    Attributes:
        kind: What it offers.
        name: The name it is asked for by.
        source: Distribution that installed it.
        version: That distribution's version.
    """

    kind: Kind
    name: str
    source: str
    version: str
    entry: EntryPoint

    def load(self) -> Any:
        """The object behind the entry point.

        Raises:
            ConfigError: It cannot be imported; the cause is named.
        """
        try:
            return self.entry.load()
        except OmniError:
            raise
        except Exception as error:
            cause = f"{type(error).__name__}: {error}".splitlines()[0]
            raise ConfigError(
                f"plugin '{self.name}' of {self.source} cannot be loaded: {cause}",
                remedy=f"update or uninstall {self.source}",
            ) from error


def installed(kind: Kind) -> dict[str, Plugin]:
    """Plugins of a kind by name; where two share a name, the first found keeps it."""
    found: dict[str, Plugin] = {}
    for entry in entry_points(group=f"omni_agent.{kind}"):
        distribution = entry.dist
        source, version = (distribution.name, distribution.version) if distribution else ("?", "?")
        found.setdefault(entry.name, Plugin(kind, entry.name, source, version, entry))
    return found


def load_tools(names: Iterable[str], *, deny: Iterable[str] = ()) -> tuple[list[Tool], list[OmniError]]:
    """The tools of the named plugins, and what was wrong with those that could not be loaded."""
    tools: list[Tool] = []
    problems: list[OmniError] = []
    refused = set(deny)
    for name in names:
        if name in refused:
            continue
        try:
            tools.extend(_tools_of(_named("tools", name)))
        except OmniError as error:
            problems.append(error)
    return tools, problems


def load_memory(name: str) -> MemoryStore:
    """The named memory store.

    Raises:
        ConfigError: There is none of that name, or it is broken.
    """
    store = _named("memory", name).load()()
    if not isinstance(store, MemoryStore):
        raise ConfigError(f"memory plugin '{name}' does not give a MemoryStore")
    return store


def load_model(name: str, settings: Settings) -> OmniModel:
    """The named model, not loaded into memory yet.

    Raises:
        ConfigError: There is none of that name, or it is broken.
    """
    from .models.base import OmniModel

    model = _named("models", name).load()(settings)
    if not isinstance(model, OmniModel):
        raise ConfigError(f"model plugin '{name}' does not give an OmniModel")
    return model


def _named(kind: Kind, name: str) -> Plugin:
    found = installed(kind)
    if name not in found:
        known = ", ".join(sorted(found)) or "none"
        raise ConfigError(f"there is no {kind.rstrip('s')} plugin '{name}'", remedy=f"installed are: {known}")
    return found[name]


def _tools_of(plugin: Plugin) -> list[Tool]:
    loaded = plugin.load()
    if isinstance(loaded, Tool):
        return [loaded]
    if isinstance(loaded, ModuleType):
        names = getattr(loaded, "__all__", None) or vars(loaded)
        tools = [item for item in (getattr(loaded, name, None) for name in names) if isinstance(item, Tool)]
        if tools:
            return tools
    raise ConfigError(
        f"plugin '{plugin.name}' of {plugin.source} offers no tools",
        remedy="its module needs @tool functions",
    )

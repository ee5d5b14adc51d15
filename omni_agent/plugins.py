"""Plugins: found by entry points, loaded only when named, and never fatal when broken.

Groups: `omni_agent.tools` (a module whose `__all__` names Tool objects, a Tool, or a class or function that
takes the options in `[plugins.NAME]` and gives tools), `omni_agent.memory` (gives a `MemoryStore`) and
`omni_agent.models` (takes `Settings`, and an address if there is one, gives an `OmniModel`). What comes with
the framework enters by the same door. Tools may also stand in plain files of a folder that the user names.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any, Literal

from .config import Settings
from .errors import ConfigError, OmniError
from .memory import MemoryStore
from .plugin_modules import cause_of, in_module, must_fit, tool_files, tools_in
from .plugin_options import keywords, take_none
from .tool import Tool, Toolbox

if TYPE_CHECKING:
    from .clock import Clock
    from .models.base import OmniModel
    from .models.spec import Spec

Kind = Literal["tools", "memory", "models"]
Options = Mapping[str, Mapping[str, Any]]
NO_OPTIONS: Options = MappingProxyType({})


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
            ConfigError: It cannot be imported, and why; or it was made for a newer plugin interface.
        """
        try:
            loaded = self.entry.load()
        except (OmniError, KeyboardInterrupt):
            raise
        except BaseException as error:  # also those of compiled code, which are no Exception
            raise ConfigError(
                f"plugin '{self.name}' of {self.source} cannot be loaded: {cause_of(error)}",
                remedy=f"update or uninstall {self.source}",
            ) from error
        must_fit(sys.modules.get(self.entry.module), f"plugin '{self.name}' of {self.source}")
        return loaded

    def tools(self, options: Mapping[str, Any] = MappingProxyType({})) -> list[Tool]:
        """The tools of a tool plugin.

        Args:
            options: For the class or function behind the entry point, as its keyword arguments.

        Raises:
            ConfigError: It is broken, offers no tools, or does not take these options.
        """
        loaded = self.load()
        try:
            if isinstance(loaded, ModuleType):
                take_none(self.name, options)
                made = in_module(loaded, f"plugin '{self.name}' of {self.source}")
            elif inspect.isclass(loaded) or inspect.isfunction(loaded) or inspect.isbuiltin(loaded):
                made = list(Toolbox([loaded(**keywords(loaded, options, self.name))]))
            else:
                take_none(self.name, options)
                made = list(Toolbox([loaded]))
        except (OmniError, KeyboardInterrupt):
            raise
        except BaseException as error:  # also those of compiled code, which are no Exception
            raise ConfigError(
                f"plugin '{self.name}' of {self.source} cannot be made: {cause_of(error)}",
                remedy=f"look at [plugins.{self.name}], or update {self.source}",
            ) from error
        if not made:
            raise ConfigError(
                f"plugin '{self.name}' of {self.source} offers no tools",
                remedy="its module needs @tool functions",
            )
        return made


def installed(kind: Kind) -> dict[str, Plugin]:
    """Plugins of a kind by name; where two share a name, the first found keeps it."""
    found: dict[str, Plugin] = {}
    for entry in entry_points(group=f"omni_agent.{kind}"):
        distribution = entry.dist
        source, version = (distribution.name, distribution.version) if distribution else ("?", "?")
        found.setdefault(entry.name, Plugin(kind, entry.name, source, version, entry))
    return found


def load_tools(
    names: Iterable[str], *, deny: Iterable[str] = (), options: Options = NO_OPTIONS
) -> tuple[list[Tool], list[OmniError]]:
    """The tools of the named plugins, and what was wrong with those that could not be loaded.

    Args:
        names: Entry points; no other plugin is imported.
        deny: Plugins that are not loaded ("notes") and tools that are left out ("delete_note",
            "notes.delete_note").
        options: Keyword arguments by plugin.
    """
    tools: list[Tool] = []
    problems: list[OmniError] = []
    refused = set(deny)
    for name in dict.fromkeys(names):
        if name in refused:
            continue
        try:
            found = named("tools", name).tools(options.get(name, {}))
        except OmniError as error:
            problems.append(error)
        else:
            tools += allowed(name, found, refused)
            problems += _misnamed(name, found, refused)
    return _apart(tools, problems)


def tools_from(folder: Path, *, deny: Iterable[str] = ()) -> tuple[list[Tool], list[OmniError]]:
    """The tools in the Python files of a folder, and what was wrong with those that could not be loaded.

    Each file gives the tools that its `__all__` names, or all that it holds. A file whose name begins with _
    is for the others to import.

    Args:
        folder: One that the user named: its files are run.
        deny: As in `load_tools`; a file's name without `.py` stands for the plugin.
    """
    tools: list[Tool] = []
    problems: list[OmniError] = []
    refused = set(deny)
    try:
        files = tool_files(folder)
    except OmniError as error:
        return [], [error]
    for path in files:
        if path.stem in refused:
            continue
        try:
            tools += allowed(path.stem, tools_in(path), refused)
        except OmniError as error:
            problems.append(error)
    return _apart(tools, problems)


def settled(settings: Settings, folder: str = "") -> tuple[list[Tool], list[OmniError]]:
    """The tools that the settings name, and what was wrong with some.

    Args:
        settings: Plugins, their options, a folder of tools and what is denied.
        folder: Instead of the settings' `tools_dir`.
    """
    tools, problems = load_tools(settings.tools, deny=settings.deny, options=settings.plugins)
    for name in settings.plugins.keys() - installed("tools").keys():
        problems.append(ConfigError(f"[plugins.{name}] is for no installed plugin", remedy="check the name"))
    if place := folder or settings.tools_dir:
        more, wrong = tools_from(Path(place).expanduser(), deny=settings.deny)
        return _apart([*tools, *more], [*problems, *wrong])
    return tools, problems


def allowed(plugin: str, tools: Iterable[Tool], deny: Iterable[str]) -> list[Tool]:
    """Those of a plugin's tools that are not denied, by the plugin's name or by their own."""
    refused = set(deny)
    return [tool for tool in tools if not refused & {plugin, tool.name, f"{plugin}.{tool.name}"}]


def load_memory(name: str) -> MemoryStore:
    """The named memory store.

    Raises:
        ConfigError: There is none of that name, or it is broken.
    """
    store = named("memory", name).load()()
    if not isinstance(store, MemoryStore):
        raise ConfigError(f"memory plugin '{name}' does not give a MemoryStore")
    return store


def load_model(spec: str, settings: Settings, *, clock: Clock | None = None) -> OmniModel:
    """The model of a spec, not loaded into memory yet.

    Args:
        spec: `NAME` or `NAME:ADDRESS` of a model plugin, or several in order of preference: `a | b`.
        settings: For the plugin.
        clock: By which a chain tries again what was down; by default the machine's.

    Raises:
        ConfigError: There is none of that name, it is broken, or its address is missing or wrong.
    """
    from .models.spec import parsed

    specs = parsed(spec)
    models = [_model(one, settings) for one in specs]
    if len(models) == 1:
        return models[0]
    from .models.fallback import Fallback

    return Fallback(models, names=[str(one) for one in specs], clock=clock)


def _model(spec: Spec, settings: Settings) -> OmniModel:
    from .models.base import OmniModel
    from .models.spec import call

    plugin = named("models", spec.name)
    factory = plugin.load()
    try:
        model = call(factory, spec, settings)
    except (OmniError, KeyboardInterrupt):
        raise
    except BaseException as error:  # also those of compiled code, which are no Exception
        cause = cause_of(error).replace(spec.address or spec.name, str(spec))
        raise ConfigError(
            f"model plugin '{plugin.name}' of {plugin.source} cannot be made: {cause}",
            remedy=f"check its address, or update {plugin.source}",
        ) from error
    if not isinstance(model, OmniModel):
        raise ConfigError(f"model plugin '{spec.name}' does not give an OmniModel")
    return model


def named(kind: Kind, name: str) -> Plugin:
    """The plugin of that name.

    Raises:
        ConfigError: There is none.
    """
    found = installed(kind)
    if name not in found:
        known = ", ".join(sorted(found)) or "none"
        raise ConfigError(f"there is no {kind.rstrip('s')} plugin '{name}'", remedy=f"installed are: {known}")
    return found[name]


def _apart(tools: Iterable[Tool], problems: Iterable[OmniError]) -> tuple[list[Tool], list[OmniError]]:
    """The first tool of each name; the others are problems."""
    kept: dict[str, Tool] = {}
    wrong = list(problems)
    for tool in tools:
        if tool.name in kept:
            wrong.append(
                ConfigError(f"two tools are called '{tool.name}'", remedy="the first is used; deny a plugin")
            )
        kept.setdefault(tool.name, tool)
    return list(kept.values()), wrong


def _misnamed(plugin: str, tools: Sequence[Tool], deny: Iterable[str]) -> list[ConfigError]:
    """What is denied of a plugin that has no such tool: a slip there would leave a tool on."""
    known = {f"{plugin}.{tool.name}" for tool in tools}
    wrong = [name for name in deny if name.startswith(f"{plugin}.") and name not in known]
    return [
        ConfigError(f"'{name}' is denied, but is no tool", remedy=f"there are: {', '.join(sorted(known))}")
        for name in wrong
    ]

"""Finding the agent that `--agent` names."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from ..errors import ConfigError

if TYPE_CHECKING:
    from ..agent import Agent
    from ..persona import Persona


def load_agent(where: str | None, tools_dir: str = "", persona: Path | None = None, model: str = "") -> Agent:
    """The agent at `FILE.py[:name]` or `module:name`; the default one for None.

    Args:
        where: The agent.
        tools_dir: A folder with tools for the default agent.
        persona: A TOML file with the persona that it is to have.
        model: The spec of a model that it is to have instead of its own.

    Raises:
        ConfigError: There is no such file, module or agent, or it cannot be imported; or there are tools for
            an agent that has its own; or the persona's file is wrong.
    """
    from ..persona import Persona

    chosen = Persona.load(persona) if persona else None
    if where is None:
        return default_agent(tools_dir, chosen, model)
    if tools_dir:
        raise ConfigError(
            "--tools-dir is for the default agent; the one of --agent has its own tools",
            remedy="leave one of them out, or give the agent tools_from(folder)",
        )
    place, _, name = where.partition(":")
    module = _from_file(Path(place)) if place.endswith(".py") else _from_name(place)
    agent = _agent_in(module, name, where)
    agent.model = model or agent.model
    return agent.with_persona(chosen) if chosen else agent


def default_agent(tools_dir: str = "", persona: Persona | None = None, model: str = "") -> Agent:
    """An agent with the tools that the settings name, and those in the files of a folder."""
    from ..agent import Agent
    from ..config import Settings
    from ..persona import Persona
    from ..plugins import settled

    settings = Settings.load()
    tools, problems = settled(settings, tools_dir)
    for problem in problems:
        print(f"omni-agent: {problem}", file=sys.stderr)
    servers = []
    if settings.mcp:
        from ..mcp.configured import configured

        servers = configured(settings.mcp)
    persona = persona or Persona(style="warm, brief", max_words=60)
    persona = replace(persona, voice=persona.voice or settings.voice)
    return Agent(persona=persona, tools=[*tools, *servers], model=model or None, settings=settings)


def _from_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise ConfigError(f"there is no agent file {path}", remedy="check the path")
    spec = importlib.util.spec_from_file_location(f"_agent_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    sys.path.insert(0, str(path.parent.resolve()))
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise _broken(str(path), error) from error
    finally:
        sys.path.pop(0)
    return module


def _from_name(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as error:
        raise _broken(name, error) from error


def _broken(what: str, error: Exception) -> ConfigError:
    if isinstance(error, ConfigError):
        return error
    place = f" line {error.lineno}" if isinstance(error, SyntaxError) else ""
    cause = error.msg if isinstance(error, SyntaxError) else str(error)
    return ConfigError(
        f"{what} cannot be loaded: {type(error).__name__}{place}: {cause}", remedy="mend the agent file"
    )


def _agent_in(module: ModuleType, name: str, where: str) -> Agent:
    from ..agent import Agent

    found = {key: item for key, item in vars(module).items() if isinstance(item, Agent)}
    if name:
        if name not in found:
            raise ConfigError(
                f"{where}: no agent '{name}' there", remedy=f"there are: {', '.join(found) or 'none'}"
            )
        return found[name]
    if len(set(map(id, found.values()))) != 1:
        raise ConfigError(f"{where} holds {len(found)} agents", remedy="name one: FILE.py:name")
    return next(iter(found.values()))

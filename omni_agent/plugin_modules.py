"""Modules and files that hold tools: run, read, and held against the plugin interface."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from .errors import ConfigError, OmniError
from .tool import Tool

# What a plugin may state as `__omni_api__` in its module: it goes up when plugins have to be changed.
API = 1


def tool_files(folder: Path) -> list[Path]:
    """The Python files of a folder that may hold tools, in order of their names.

    Raises:
        ConfigError: There is no such folder.
    """
    if not folder.is_dir():
        raise ConfigError(f"there is no folder {folder} of tools", remedy="check --tools-dir")
    return sorted(path for path in folder.glob("*.py") if not path.name.startswith("_"))


def tools_in(path: Path) -> list[Tool]:
    """The tools in one Python file, which is run.

    Raises:
        ConfigError: It cannot be run, or holds no tools.
    """
    # In sys.modules, since types are looked up there; under a name that no package has.
    name = f"_tools_in_{path.stem}_{abs(hash(path.resolve())):x}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"{path} is not a Python file")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    folder = str(path.parent.resolve())
    sys.path.insert(0, folder)
    try:
        spec.loader.exec_module(module)
        must_fit(module, "it")
        found = in_module(module, "it")
    except BaseException as error:
        sys.modules.pop(name, None)
        if isinstance(error, KeyboardInterrupt):
            raise
        if isinstance(error, OmniError):
            raise ConfigError(f"{path.name}: {error.message}", remedy=error.remedy) from error
        raise ConfigError(
            f"{path} cannot be loaded: {cause_of(error)}", remedy="mend the file, or call it _….py"
        ) from error
    finally:
        if folder in sys.path:
            sys.path.remove(folder)
    if not found:
        raise ConfigError(f"{path} offers no tools", remedy="it needs @tool functions, or a name with _")
    return found


def in_module(module: ModuleType, who: str) -> list[Tool]:
    """The tools that a module's `__all__` names, or all that it holds.

    Raises:
        ConfigError: `__all__` names what is not there.
    """
    names = getattr(module, "__all__", None) or vars(module)
    if missing := [name for name in names if not hasattr(module, name)]:
        raise ConfigError(f"{who} has no '{missing[0]}', which its __all__ names", remedy="correct __all__")
    found = (getattr(module, name) for name in names)
    return list({id(item): item for item in found if isinstance(item, Tool)}.values())


def must_fit(module: ModuleType | None, who: str) -> None:
    """Refuse a module that was written for another plugin interface than `API`.

    Raises:
        ConfigError: Its `__omni_api__` is newer, or no whole number.
    """
    version = getattr(module, "__omni_api__", API)
    if not isinstance(version, int) or version > API:
        raise ConfigError(
            f"{who} is made for plugin interface {version}; this omni_agent has {API}",
            remedy="update omni-agent-framework, or install an older version of the plugin",
        )


def cause_of(error: BaseException) -> str:
    """What went wrong, on one line."""
    return f"{type(error).__name__}: {error}".splitlines()[0]

"""The beginning of a plugin: a package that works, which its author then changes."""

from __future__ import annotations

import keyword
import re
import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template

from ..errors import ConfigError
from ..plugin_modules import API
from ..plugins import installed

__all__ = ["write"]

LONGEST_NAME = 24
_NAME = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
_END = ".tmpl"


def write(name: str, into: Path) -> Path:
    """Write the package `omni-agent-NAME` into a folder; gives its own folder.

    Raises:
        ConfigError: The name cannot be used, or something stands there already.
    """
    plugin = _plugin(name)
    title = plugin.replace("_", "-")
    target = into.expanduser() / f"omni-agent-{title}"
    if target.exists():
        raise ConfigError(f"{target} is there already", remedy="take another name or folder, or remove it")
    values = {
        "plugin": plugin,
        "title": title,
        "words": plugin.replace("_", " "),
        "distribution": f"omni-agent-{title}",
        "package": f"omni_agent_{plugin}",
        "api": str(API),
        "framework": _framework(),
    }
    try:
        _copy(files(__name__) / "template", target, values)
    except OSError as error:
        raise ConfigError(
            f"cannot write {target}: {error.strerror}", remedy="name a folder by --into"
        ) from None
    return target


def _plugin(name: str) -> str:
    if not _NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise ConfigError(
            f"'{name}' cannot be a plugin's name",
            remedy=f"small letters, digits and _, up to {LONGEST_NAME}: garden",
        )
    plugin = name.replace("-", "_")
    if keyword.iskeyword(plugin) or plugin in sys.stdlib_module_names:
        raise ConfigError(f"'{name}' means something in Python", remedy="take another name")
    if plugin in installed("tools"):
        raise ConfigError(f"a plugin '{name}' is installed already", remedy="take another name")
    return plugin


def _framework() -> str:
    try:
        return ".".join(version("omni-agent-framework").split(".")[:2])
    except PackageNotFoundError:
        return "0.1"


def _copy(source: Traversable, target: Path, values: dict[str, str]) -> None:
    target.mkdir(parents=True)
    for item in source.iterdir():
        if item.is_dir():
            if not item.name.startswith("__"):
                _copy(item, target / item.name.replace("package", values["package"]), values)
        else:
            text = Template(item.read_text(encoding="utf-8")).substitute(values)
            (target / item.name.removesuffix(_END)).write_text(text, encoding="utf-8")

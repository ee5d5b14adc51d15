"""Settings: one file `omni-agent.toml`, the environment over it, arguments over both.

The file is looked for in the working folder, then in `OMNI_AGENT_HOME`. Every setting `name` has the
environment variable `OMNI_AGENT_NAME`, but for the tables in `plugins`, `mcp` and `retention`.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from .errors import ConfigError

FILE_NAME = "omni-agent.toml"
_TABLES = frozenset({"plugins", "mcp", "retention"})
_NAMES_KEY = re.compile(r"[?&]key=")


def home() -> Path:
    """Where all state lives: databases, media, checkpoints, configuration."""
    import platformdirs

    return Path(
        os.environ.get("OMNI_AGENT_HOME") or platformdirs.user_data_dir("omni-agent", appauthor=False)
    )


def cache() -> Path:
    """Where model files live, shared by all projects of this user."""
    import platformdirs

    return Path(
        os.environ.get("OMNI_AGENT_CACHE") or platformdirs.user_cache_dir("omni-agent", appauthor=False)
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be set.

    Attributes:
        model: Name of a model plugin, `name:address`, or several, `a | b`; `local` is the embedded cascade.
        memory: Name of a memory plugin.
        voice: Name of a voice for the command line's default agent, or empty for each language's own.
        threads: Processor cores that each model may use; 0 for all.
        tools: Plugins to load, by entry-point name, for the command line's default agent.
        deny: Plugins that never load, and tools that are never offered: "notes", "delete_note".
        tools_dir: A folder whose Python files hold tools, for the command line's default agent. Not to be
            set in the working folder's file.
        plugins: Options of tool plugins, a table each: `[plugins.files]` with `root = "..."`.
        retention: How long what was said is kept, by kind (`turns`, `media`, `facts`): "90d", "12w", "2y".
            Empty means for ever; facts may outlive their turns ("forever", or an age of their own).
        mcp: Servers of the Model Context Protocol, a table each: `[mcp.files]` with `command` and `args`, or
            `url`. Not to be set in the working folder's file.
    """

    model: str = "local"
    memory: str = "sqlite"
    voice: str = ""
    threads: int = 0
    tools: tuple[str, ...] = ("clock", "calculator", "timer", "notes", "units")
    deny: tuple[str, ...] = field(default=())
    tools_dir: str = ""
    plugins: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, hash=False)
    retention: Mapping[str, str] = field(default_factory=dict, hash=False)
    mcp: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, hash=False)

    @classmethod
    def load(cls, folder: Path | None = None) -> Settings:
        """Read the file and the environment.

        Raises:
            ConfigError: The file is not TOML, or a setting in it is unknown or of the wrong type.
        """
        settings = cls()
        for path in ((folder or Path.cwd()) / FILE_NAME, home() / FILE_NAME):
            if path.is_file():
                values = _read(path)
                _check_safe(values, path)
                settings = settings._updated(values, str(path))
                break
        prefix = "OMNI_AGENT_"
        named = {
            f.name: os.environ[prefix + f.name.upper()]
            for f in fields(cls)
            if prefix + f.name.upper() in os.environ and f.name not in _TABLES
        }
        return settings._updated(
            {name: _parsed(name, text) for name, text in named.items()}, "the environment"
        )

    def _updated(self, values: dict[str, Any], where: str) -> Settings:
        known = {f.name: getattr(self, f.name) for f in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise ConfigError(
                    f"unknown setting '{name}' in {where}", remedy=f"known are: {', '.join(known)}"
                )
            if not _fits(name, value, known[name]):
                kind = type(known[name]).__name__
                wanted = {"tuple": "list of names", "dict": "table of tables"}.get(kind, kind)
                wanted = "table of texts" if name == "retention" else wanted
                raise ConfigError(
                    f"setting '{name}' in {where} must be a {wanted}", remedy=f"it is {value!r}"
                )
        changed: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        return replace(self, **changed)


def _check_safe(values: dict[str, Any], path: Path) -> None:
    """A folder that one happens to stand in must not choose what code runs."""
    wrong = {"tools_dir", "mcp"} & set(values)
    if wrong and path.parent != home():
        raise ConfigError(
            f"{path} may not set '{min(wrong)}', because whoever enters its folder would run what it names",
            remedy=f"set it in {home() / FILE_NAME}",
        )
    model = values.get("model")
    if isinstance(model, str) and _NAMES_KEY.search(model) and path.parent != home():
        raise ConfigError(
            f"{path} may not name a key, because it would be sent to whatever server is named beside it",
            remedy=f"set 'model' in {home() / FILE_NAME}",
        )


def _fits(name: str, value: object, current: object) -> bool:
    if isinstance(current, tuple):
        return isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)
    if isinstance(current, dict):
        kind = str if name == "retention" else dict
        return isinstance(value, dict) and all(isinstance(item, kind) for item in value.values())
    return type(value) is type(current)


def _parsed(name: str, text: str) -> object:
    if name in {"tools", "deny"}:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    return int(text) if name == "threads" and text.isdigit() else text


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"cannot read {path}: {error}", remedy="mend the file or remove it") from None

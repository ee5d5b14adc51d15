"""The servers that a user's settings name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import ConfigError
from ..plugin_options import keywords
from .server import MCPServer


def configured(tables: Mapping[str, Mapping[str, Any]]) -> list[MCPServer]:
    """A server for each table `[mcp.NAME]`: with `url` over HTTP, with `command` and `args` as a process.

    Raises:
        ConfigError: A table has neither of them, or what is not known or of another type.
    """
    return [_server(name, dict(table)) for name, table in tables.items()]


def _server(name: str, table: dict[str, Any]) -> MCPServer:
    table.setdefault("name", name)
    if "url" in table:
        return MCPServer.http(**keywords(MCPServer.http, table, f"mcp.{name}"))
    args = table.pop("args", [])
    if not isinstance(args, list):
        raise ConfigError(f"[mcp.{name}] args must be a list", remedy="see docs/mcp.md")
    given = keywords(MCPServer.stdio, table, f"mcp.{name}")
    return MCPServer.stdio(given.pop("command"), *map(str, args), **given)

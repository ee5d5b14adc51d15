"""Servers named in the settings."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from omni_agent.cli.agent_file import default_agent
from omni_agent.config import Settings, home
from omni_agent.errors import ConfigError
from omni_agent.mcp.configured import configured

pytestmark = pytest.mark.anyio
ODD = Path(__file__).parent / "servers" / "odd.py"


async def test_the_default_agent_has_the_tools_of_the_servers_in_the_users_settings(tmp_path: Path) -> None:
    home().mkdir(parents=True, exist_ok=True)
    arguments = [str(ODD), str(tmp_path / "starts")]
    (home() / "omni-agent.toml").write_text(
        f'tools = []\n[mcp.odd]\ncommand = "{sys.executable}"\nargs = {arguments}\nonly = ["echo"]\n'
    )
    agent = default_agent()
    assert await agent.toolbox.refresh() == []
    assert [tool.name for tool in agent.toolbox] == ["odd__echo"]
    for source in agent.toolbox.sources:
        await source.close()


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({}, "command"),
        ({"command": "a", "url": "http://b"}, "command"),
        ({"command": "a", "colour": "red"}, "colour"),
        ({"command": 5}, "command"),
        ({"command": "a", "args": "b"}, "args must be a list"),
        ({"url": "ftp://b"}, "b"),
    ],
)
def test_a_table_that_is_wrong_is_named(table: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        configured({"odd": table})


def test_a_folder_that_one_stands_in_starts_no_servers(tmp_path: Path) -> None:
    (tmp_path / "omni-agent.toml").write_text('[mcp.evil]\ncommand = "evil"\n')
    with pytest.raises(ConfigError, match="may not set 'mcp'"):
        Settings.load(tmp_path)

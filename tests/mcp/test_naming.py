"""Names and descriptions of strangers' tools."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.mcp.naming import named_after, named_after_host, server_name, shortened, tool_names

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")


@given(st.text(), st.lists(st.text(max_size=90)))
def test_any_names_become_ones_that_can_be_called_and_differ(server: str, names: list[str]) -> None:
    made = tool_names(server_name(server), names)
    assert set(made) == set(names)
    assert len(set(made.values())) == len(made)
    assert all(NAME.fullmatch(name) for name in made.values())
    assert made == tool_names(server_name(server), list(reversed(names)))


def test_a_name_that_needed_no_cleaning_keeps_its_place() -> None:
    made = tool_names("s", ["a_b", "a.b", "c"])
    assert made["a_b"] == "s__a_b"
    assert made["c"] == "s__c"
    assert re.fullmatch(r"s__a_b_[0-9a-f]{6}", made["a.b"])


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("npx -y @modelcontextprotocol/server-everything", "everything"),
        ("npx -y @acme/mcp-server-lamps@1.2.3", "lamps"),
        ("uvx mcp-server-git --repository /srv", "git"),
        ("/usr/bin/python3.11 /opt/weather_server.py", "weather"),
        ("docker run -i --rm mcp/fetch", "fetch"),
        ("/opt/bin/house --token secret", "house"),
        ("server", "server"),
    ],
)
def test_a_server_is_named_after_its_command(command: str, name: str) -> None:
    program, *arguments = command.split()
    assert named_after(program, arguments) == name


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://mcp.example.com/mcp", "example"),
        ("http://localhost:8000/mcp", "localhost"),
        ("http://127.0.0.1:8000/mcp", "s127"),
    ],
)
def test_a_server_is_named_after_its_host(url: str, name: str) -> None:
    assert named_after_host(url) == name


@given(st.text(), st.integers(min_value=10, max_value=60))
def test_what_is_shortened_is_one_line_of_that_length(text: str, most: int) -> None:
    assert len(shortened(text, most)) <= most
    assert "\n" not in shortened(text, most)


def test_a_description_ends_after_a_sentence_or_a_word() -> None:
    assert shortened("Finds birds. Knows all of them by name.", 20) == "Finds birds."
    assert shortened("Finds all the birds of the world", 20) == "Finds all the…"
    assert shortened("Finds birds.\n\nLong explanation.", 100) == "Finds birds."

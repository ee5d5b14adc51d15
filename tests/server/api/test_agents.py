"""The agents and their tools; one that only reads may be called."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.server.api.house import house

pytestmark = pytest.mark.anyio


@pytest.fixture
async def anna(home: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with house(home) as server, server.client("anna") as client:
        yield client


async def test_an_agent_tells_who_it_is_and_what_it_can_do(anna: httpx.AsyncClient) -> None:
    (agent,) = (await anna.get("/api/agents")).json()["data"]
    assert (agent["id"], agent["name"], agent["description"]) == ("butler", "Butler", "Keeps house.")
    assert agent["default"]
    assert agent["persona"]["style"] == "brief"
    assert agent["persona"]["opening"] == "Good day."
    assert agent["capabilities"]["inputs"] == ["audio", "text"]
    assert agent["capabilities"]["model_inputs"] == ["text"]
    assert agent["capabilities"]["speech"]
    assert agent["capabilities"]["spoken_languages"] == ["de", "en"]
    assert {"weather", "add_note", "delete_note"} <= set(agent["tools"])
    assert (await anna.get("/api/agents/butler")).json() == agent


async def test_its_tools_have_schemas_and_effects(anna: httpx.AsyncClient) -> None:
    tools = {tool["name"]: tool for tool in (await anna.get("/api/agents/butler/tools")).json()["data"]}
    assert tools["weather"]["effect"] == "read"
    assert tools["delete_note"]["effect"] == "irreversible"
    assert tools["weather"]["parameters"]["required"] == ["town"]
    assert (await anna.get("/api/agents/butler/tools/weather")).json() == tools["weather"]


@pytest.mark.parametrize(
    "path",
    [
        "/api/agents/cook",
        "/api/agents/cook/tools",
        "/api/agents/butler/tools/fly",
        "/api/agents/cook/tools/weather",
    ],
)
async def test_what_is_not_there_is_not_found(anna: httpx.AsyncClient, path: str) -> None:
    answer = await anna.get(path)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] in ("agent_not_found", "tool_not_found")


async def test_a_tool_that_reads_may_be_called(anna: httpx.AsyncClient) -> None:
    answer = await anna.post("/api/agents/butler/tools/weather/call", json={"arguments": {"town": "Bonn"}})
    assert answer.json() == {
        "tool": "weather",
        "status": "done",
        "result": "It is sunny in Bonn.",
        "media": [],
    }


async def test_its_failure_is_a_result(anna: httpx.AsyncClient) -> None:
    answer = await anna.post(
        "/api/agents/butler/tools/weather/call", json={"arguments": {"town": "Atlantis"}}
    )
    assert answer.status_code == 200
    assert answer.json()["status"] == "failed"
    assert "under water" in answer.json()["result"]


@pytest.mark.parametrize("name", ["add_note", "delete_note", "remember", "forget", "undo"])
async def test_a_tool_that_does_more_is_not_called(anna: httpx.AsyncClient, name: str) -> None:
    answer = await anna.post(f"/api/agents/butler/tools/{name}/call", json={"arguments": {"title": "x"}})
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "tool_not_read_only"


@pytest.mark.parametrize("arguments", [{}, {"town": None}, {"town": ["a"]}, "Bonn"])
async def test_arguments_that_do_not_fit_are_named(anna: httpx.AsyncClient, arguments: object) -> None:
    answer = await anna.post("/api/agents/butler/tools/weather/call", json={"arguments": arguments})
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "arguments"


async def test_without_a_key_nothing_is_told(home: Path) -> None:
    async with house(home) as server, server.client() as nobody:
        for path in ("/api/agents", "/api/memory", "/api/sessions", "/api/events", "/openapi.json"):
            assert (await nobody.get(path)).status_code == 401

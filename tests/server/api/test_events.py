"""Server-sent events of what happens under a key, over a real connection."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from omni_agent.server.api import events
from omni_agent.server.running import running
from omni_agent.testing import Step
from tests.server.api.house import House, house

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def served(home: Path, *steps: Step) -> AsyncIterator[tuple[House, httpx.AsyncClient]]:
    async with house(home, *steps) as server, running(server.hosting) as address:
        headers = {"Authorization": f"Bearer {server.keys['anna']}"}
        async with httpx.AsyncClient(base_url=address, headers=headers, trust_env=False) as client:
            yield server, client


class Stream:
    """The events of a response as they come."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.aiter_lines()

    async def block(self) -> list[str]:
        """The lines up to the next empty one."""
        lines = list[str]()
        async for line in self._lines:
            if not line:
                return lines
            lines.append(line)
        raise EOFError

    async def next(self) -> tuple[str, str, dict[str, Any]]:
        """Id, name and data of the next event."""
        while True:
            fields = dict(line.split(": ", 1) for line in await self.block() if not line.startswith(":"))
            if "data" in fields:
                return fields.get("id", ""), fields["event"], json.loads(fields["data"])

    async def until(self, name: str) -> list[tuple[str, str, dict[str, Any]]]:
        """The events up to the next of that name."""
        seen = [await self.next()]
        while seen[-1][1] != name:
            seen.append(await self.next())
        return seen


@asynccontextmanager
async def followed(client: httpx.AsyncClient, **named: Any) -> AsyncIterator[Stream]:
    async with client.stream("GET", "/api/events", **named) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        stream = Stream(response)
        assert await stream.block() == ["retry: 2000"]
        yield stream


async def test_a_turn_is_seen_as_it_happens(home: Path) -> None:
    async with served(home, Step(says="Good evening.")) as (server, client), followed(client) as stream:
        await server.say("anna", "hello", session="kitchen")
        seen = await stream.until("turn.ended")
        assert seen[0][1] == "turn.started"
        assert {about["session"] for _, _, about in seen} == {"kitchen"}
        assert {about["agent"] for _, _, about in seen} == {"butler"}
        deltas = [about["event"]["text"] for _, name, about in seen if name == "text.delta"]
        assert "".join(deltas) == "Good evening."
        assert seen[-1][2]["event"]["status"] == "done"
        assert len({number for number, _, _ in seen}) == len(seen)


async def test_who_comes_back_goes_on_where_he_was(home: Path) -> None:
    async with served(home, Step(says="One."), Step(says="Two.")) as (server, client):
        async with followed(client) as stream:
            await server.say("anna", "hello")
            last, _, _ = (await stream.until("turn.ended"))[-1]
        await server.say("anna", "and?")
        for named in ({"headers": {"Last-Event-ID": last}}, {"params": {"after": last}}):
            async with followed(client, **named) as stream:
                seen = await stream.until("turn.ended")
                assert seen[0][1] == "turn.started"
                assert seen[-1][2]["event"]["text"] == "Two."


async def test_who_missed_something_is_told(home: Path) -> None:
    async with served(home, Step(says="One.")) as (server, client):
        await server.say("anna", "hello")
        async with followed(client, headers={"Last-Event-ID": "another-7"}) as stream:
            assert (await stream.next())[1] == "missed"
            assert (await stream.next())[1] == "turn.started"


async def test_other_keys_and_what_is_not_wanted_are_left_out(home: Path) -> None:
    async with (
        served(home, *[Step(says="Yes.")] * 3) as (server, client),
        followed(client, params={"session": "kitchen"}) as stream,
    ):
        await server.say("ben", "a secret", session="kitchen")
        await server.say("anna", "hello", session="bedroom")
        await server.say("anna", "hello", session="kitchen")
        seen = await stream.until("turn.ended")
        assert {about["session"] for _, _, about in seen} == {"kitchen"}
        assert len({about["turn"] for _, _, about in seen}) == 1


async def test_a_silent_line_is_kept_up(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "HEARTBEAT", 0.01)
    async with served(home) as (_, client), followed(client) as stream:
        assert await stream.block() == [": nothing new"]


async def test_it_ends_when_the_server_stops(home: Path) -> None:
    async with served(home) as (server, client), followed(client) as stream:
        server.hosting.at_work.stopping.set()
        with pytest.raises(EOFError):
            await stream.next()


async def test_nothing_is_left_of_those_who_leave(home: Path) -> None:
    before = asyncio.all_tasks()
    async with served(home) as (server, client):
        for _ in range(3):
            async with followed(client):
                pass
    assert server.hosting.watching._rings["anna"].followers == 0
    assert asyncio.all_tasks() == before


@pytest.mark.parametrize("params", [{"after": "x" * 100}, {"session": "x" * 1000}])
async def test_what_is_too_long_is_refused(home: Path, params: dict[str, str]) -> None:
    async with served(home) as (_, client):
        assert (await client.get("/api/events", params=params)).status_code == 400


async def test_a_trace_shows_a_turn_step_by_step(home: Path) -> None:
    steps = Step(calls={"weather": {"town": "Bonn"}}), Step(says="Sunny.")
    async with house(home, *steps) as server, server.client("anna") as anna:
        await server.say("anna", "weather in Bonn?")
        (listed,) = (await anna.get("/api/traces", params={"session": "one", "limit": 5})).json()["data"]
        assert listed["status"] == "done"
        assert listed["timings"]["total"] >= listed["timings"]["first_text"]
        assert (await anna.get("/api/traces", params={"session": "two"})).json()["data"] == []
        whole = (await anna.get(f"/api/traces/{listed['turn']}")).json()
        kinds = [step["event"]["type"] for step in whole["steps"]]
        assert kinds[0] == "turn.started"
        assert kinds[-1] == "turn.ended"
        assert kinds.index("tool.started") < kinds.index("tool.finished")
        assert "text.delta" not in kinds
        assert whole["pieces"] >= 1
        assert (await anna.get("/api/traces/nothing")).status_code == 404


async def test_what_openais_clients_ask_is_seen_too(home: Path) -> None:
    steps = Step(says="Good evening."), Step(says="Again.")
    async with house(home, *steps) as server, server.client("anna") as anna:
        body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}], "user": "tom"}
        assert (await anna.post("/v1/chat/completions", json=body)).status_code == 200
        assert (await anna.post("/v1/responses", json={"input": "hello"})).status_code == 200
        second, first = (await anna.get("/api/traces")).json()["data"]
    assert (first["agent"], first["user"], first["status"]) == ("butler", "tom", "done")
    assert (second["agent"], second["user"]) == ("butler", "")

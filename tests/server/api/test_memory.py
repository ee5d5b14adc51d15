"""What is known of a user is his to see, take along, bring back and erase, over HTTP too."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from omni_agent.testing import Step
from tests.server.api.house import House, house

pytestmark = pytest.mark.anyio


@pytest.fixture
async def server(home: Path) -> AsyncIterator[House]:
    async with house(home, Step(says="Noted."), Step(says="Noted.")) as server:
        kept = server.hosting.agent("").memory_of("anna")
        await kept.remember("I am allergic to nuts")
        await kept.remember("My dentist is Dr. Huber")
        yield server


@pytest.fixture
async def anna(server: House) -> AsyncIterator[httpx.AsyncClient]:
    async with server.client("anna") as client:
        yield client


async def texts(client: httpx.AsyncClient, **params: str) -> list[str]:
    return [fact["text"] for fact in (await client.get("/api/memory", params=params)).json()["facts"]]


async def test_facts_are_shown_with_their_source(anna: httpx.AsyncClient) -> None:
    shown = (await anna.get("/api/memory")).json()
    assert shown["counts"]["facts"] == len(shown["facts"]) == 2
    (fact,) = [fact for fact in shown["facts"] if "nuts" in fact["text"]]
    assert fact["current"]
    assert fact["turns"]
    assert len(await texts(anna, about="dentist", limit="1")) == 1


async def test_it_is_searched(anna: httpx.AsyncClient) -> None:
    found = (await anna.get("/api/memory/search", params={"q": "who is my dentist?"})).json()["data"]
    assert "Huber" in found[0]["text"]
    assert (await anna.get("/api/memory/search")).status_code == 400


async def test_it_is_taken_along_and_brought_back(anna: httpx.AsyncClient) -> None:
    document = (await anna.get("/api/memory/export")).json()
    assert document["format"] == "omni-agent-memory"
    gone = await anna.post("/api/memory/forget", json={"everything": True})
    assert len(gone.json()["facts"]) == 2
    assert await texts(anna) == []
    added = await anna.post("/api/memory/import", json=document)
    assert added.json()["facts"] == 2
    assert len(await texts(anna)) == 2
    assert (await anna.post("/api/memory/import", json=document)).json()["facts"] == 0


async def test_one_thing_is_forgotten_after_a_look(anna: httpx.AsyncClient, server: House) -> None:
    await server.say("anna", "My dentist moved")
    would = await anna.post("/api/memory/forget", json={"what": "my dentist", "preview": True})
    assert would.json()["preview"]
    assert would.json()["facts"]
    assert len(await texts(anna)) == 2
    gone = (await anna.post("/api/memory/forget", json={"what": "my dentist"})).json()
    assert gone["facts"] == would.json()["facts"]
    assert [text for text in await texts(anna) if "Huber" in text] == []


async def test_what_is_forgotten_is_not_watched_any_more(anna: httpx.AsyncClient, server: House) -> None:
    await server.say("anna", "the code is swordfish", session="one")
    assert (await anna.get("/api/traces")).json()["data"]
    await anna.delete("/api/sessions/one")
    assert (await anna.get("/api/traces")).json()["data"] == []


@pytest.mark.parametrize(
    "body", [{}, {"what": "  "}, {"what": "tea", "everything": True}, {"session": "a", "what": "tea"}]
)
async def test_exactly_one_thing_is_to_be_said(anna: httpx.AsyncClient, body: dict[str, object]) -> None:
    answer = await anna.post("/api/memory/forget", json=body)
    assert answer.status_code == 400
    assert len(await texts(anna)) == 2


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"format": "other", "version": 1},
        {"format": "omni-agent-memory", "version": 2},
        {"format": "omni-agent-memory", "version": 1, "sessions": [{"id": 3}]},
    ],
)
async def test_what_is_no_export_is_not_imported(
    anna: httpx.AsyncClient, document: dict[str, object]
) -> None:
    answer = await anna.post("/api/memory/import", json=document)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]


async def test_another_key_knows_nothing_of_it(server: House) -> None:
    async with server.client("ben") as ben:
        for user in ("", "anna", "/anna", "../anna"):
            assert await texts(ben, user=user) == []
            document = (await ben.get("/api/memory/export", params={"user": user})).json()
            assert document["facts"] == []
            await ben.post("/api/memory/forget", json={"everything": True, "user": user})
    async with server.client("anna") as anna:
        assert len(await texts(anna)) == 2

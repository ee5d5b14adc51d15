"""Conversations are seen as they were heard, by those whose they are."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest
from PIL import Image

from omni_agent.memory import TurnRecord
from omni_agent.messages import Image as Picture
from omni_agent.messages import Message, Text
from omni_agent.testing import Step
from tests.server.api.house import House, house

pytestmark = pytest.mark.anyio


async def test_a_conversation_is_listed_and_read(home: Path) -> None:
    steps = Step("Bonn", calls={"weather": {"town": "Bonn"}}), Step("sunny", says="Sunshine in Bonn.")
    async with house(home, *steps) as server, server.client("anna") as anna:
        await server.say("anna", "How is the weather in Bonn?")
        (listed,) = (await anna.get("/api/sessions")).json()["data"]
        assert (listed["id"], listed["turns"]) == ("one", 1)
        (turn,) = (await anna.get("/api/sessions/one")).json()["turns"]
        assert turn["user"] == "How is the weather in Bonn?"
        assert turn["text"] == turn["heard_text"] == "Sunshine in Bonn."
        assert turn["status"] == "done"
        (call,) = turn["calls"]
        assert (call["name"], call["arguments"], call["status"]) == ("weather", {"town": "Bonn"}, "done")
        assert call["result"] == "It is sunny in Bonn."
        assert turn["timings"]["recalled"] is not None


async def test_what_was_not_heard_is_told_apart(home: Path) -> None:
    async with house(home, Step(says="one two three four five six")) as server, server.client("anna") as anna:
        stream = server.hosting.agent("").stream("count", user="anna", session="one", speak=False)
        async for event in stream:
            if event.type == "text.delta":
                break
        await stream.aclose()
        (turn,) = (await anna.get("/api/sessions/one")).json()["turns"]
        assert turn["status"] == "interrupted"
        assert len(turn["heard_text"]) < len("one two three four five six")


async def test_users_of_one_key_have_conversations_of_their_own(home: Path) -> None:
    steps = Step(says="Hello Tom."), Step(says="Hello.")
    async with house(home, *steps) as server, server.client("anna") as anna:
        await server.say("anna", "I am Tom", user="tom")
        await server.say("anna", "hello", session="two")
        listed = (await anna.get("/api/sessions", params={"user": "tom"})).json()["data"]
        assert [one["id"] for one in listed] == ["one"]
        assert [one["id"] for one in (await anna.get("/api/sessions")).json()["data"]] == ["two"]


@pytest.mark.parametrize("name", ["one", "with/slash", "with space & ?", "Ünïcode 会話", ".."])
async def test_any_name_of_a_session_works(home: Path, name: str) -> None:
    async with house(home, Step(says="Yes.")) as server, server.client("anna") as anna:
        await server.say("anna", "hello", session=name)
        path = f"/api/sessions/{quote(name, safe='').replace('..', '%2E%2E')}"
        assert (await anna.get(path)).json()["id"] == name
        assert (await anna.delete(path)).json()["turns"] == 1
        assert (await anna.get(path)).status_code == 404


class TestAnotherKey:
    """What Anna has, Ben does not find, whatever he calls his users."""

    async def _anna_has(self, server: House) -> str:
        await server.say("anna", "hello")
        picture = io.BytesIO()
        Image.new("RGB", (8, 8), "red").save(picture, "PNG")
        agent = server.hosting.agent("")
        ref = agent.parts.media.put(picture.getvalue(), "image/png")
        return ref.rpartition("/")[2]

    @pytest.mark.parametrize("user", ["", "anna", "../anna", "anna/", "ben/../anna"])
    async def test_sees_and_deletes_nothing_of_hers(self, home: Path, user: str) -> None:
        async with house(home, Step(says="Hello Anna.")) as server:
            digest = await self._anna_has(server)
            async with server.client("ben") as ben, server.client("anna") as anna:
                whose = {"user": user}
                assert (await ben.get("/api/sessions", params=whose)).json()["data"] == []
                for method, path in (("GET", "/api/sessions/one"), ("DELETE", "/api/sessions/one")):
                    assert (await ben.request(method, path, params=whose)).status_code == 404
                answer = await ben.get(f"/api/media/{digest}", params={"session": "one", **whose})
                assert answer.status_code == 404
                assert (await ben.get("/api/traces")).json()["data"] == []
                (trace,) = (await anna.get("/api/traces")).json()["data"]
                assert (await ben.get(f"/api/traces/{trace['turn']}")).status_code == 404
                assert (await anna.get("/api/sessions/one")).status_code == 200


async def test_media_are_found_in_their_conversation_only(home: Path) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(picture, "PNG")
    async with house(home, Step(says="A red square."), Step(says="Hello.")) as server:
        agent = server.hosting.agent("")
        ref = agent.parts.media.put(picture.getvalue(), "image/png")
        message = Message("user", (Text("look"), Picture(ref, "image/png", 8, 8)))
        now = datetime(2026, 11, 28, tzinfo=UTC)
        record = TurnRecord("t1", "one", (message,), "Red.", "Red.", "done", now, now)
        await agent.parts.memory.commit(agent.parts.scope("anna"), record)
        await server.say("anna", "hello", session="two")
        async with server.client("anna") as anna:
            (turn,) = (await anna.get("/api/sessions/one")).json()["turns"]
            (media,) = turn["media"]
            assert (media["kind"], media["mime"]) == ("image", "image/png")
            found = await anna.get(f"/api/media/{media['digest']}", params={"session": "one"})
            assert found.content == picture.getvalue()
            assert found.headers["content-type"] == "image/png"
            for digest, session in ((media["digest"], "two"), ("0" * 64, "one"), ("passwd", "one")):
                answer = await anna.get(f"/api/media/{digest}", params={"session": session})
                assert answer.status_code == 404
            assert (await anna.get(f"/api/media/{media['digest']}")).status_code == 400

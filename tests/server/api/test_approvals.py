"""A yes over HTTP is a yes to just what was shown, by whose conversation it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from omni_agent.testing import Step
from tests.server.api.house import house

pytestmark = pytest.mark.anyio

ASKS = Step("garage", calls={"delete_note": {"title": "garage"}})
ASKED = "delete the note garage"


async def waiting(client: httpx.AsyncClient, **params: str) -> list[dict[str, Any]]:
    return list((await client.get("/api/approvals", params=params)).json()["data"])


def named(one: dict[str, Any], **others: str) -> dict[str, Any]:
    return {
        "session": one["session"],
        "calls": [{"id": call["id"], "digest": call["digest"]} | others for call in one["questions"]],
    }


async def test_what_waits_is_listed_and_runs_after_a_yes(home: Path) -> None:
    async with house(home, ASKS, Step(says="It is gone.")) as server, server.client("anna") as anna:
        await server.say("anna", ASKED)
        (one,) = await waiting(anna)
        assert one["session"] == "one"
        (call,) = one["questions"]
        assert (call["name"], call["arguments"]) == ("delete_note", {"title": "garage"})
        assert call["question"] == "Delete the note 'garage'?"
        assert await waiting(anna, session="two") == []
        resumed = (await anna.post("/api/approvals/approve", json=named(one))).json()
        assert server.deleted == ["garage"]
        assert (resumed["status"], resumed["text"]) == ("done", "It is gone.")
        assert resumed["calls"] == ["delete_note"]
        assert await waiting(anna) == []
        assert (await anna.post("/api/approvals/approve", json=named(one))).status_code == 404


async def test_after_a_no_nothing_runs(home: Path) -> None:
    async with house(home, ASKS, Step(says="All right, it stays.")) as server, server.client("anna") as anna:
        await server.say("anna", ASKED)
        (one,) = await waiting(anna)
        denied = (await anna.post("/api/approvals/deny", json=named(one))).json()
        assert denied["text"] == "All right, it stays."
        assert server.deleted == []
        assert await waiting(anna) == []


async def test_a_yes_to_other_arguments_is_none(home: Path) -> None:
    async with house(home, ASKS) as server, server.client("anna") as anna:
        await server.say("anna", ASKED)
        (one,) = await waiting(anna)
        for path in ("approve", "deny"):
            answer = await anna.post(f"/api/approvals/{path}", json=named(one, digest="0" * 64))
            assert answer.status_code == 409
            assert answer.json()["error"]["code"] == "approval_outdated"
        answer = await anna.post("/api/approvals/approve", json=named(one, id="another"))
        assert answer.status_code == 409
        assert server.deleted == []
        assert await waiting(anna) == [one]


async def test_it_waits_through_a_restart(home: Path) -> None:
    async with house(home, ASKS) as server:
        await server.say("anna", ASKED)
    async with (
        house(home, Step(says="It is gone."), keys=server.keys) as anew,
        anew.client("anna") as anna,
    ):
        (one,) = await waiting(anna)
        await anna.post("/api/approvals/approve", json=named(one))
        assert anew.deleted == ["garage"]


async def test_another_key_neither_sees_nor_answers(home: Path) -> None:
    async with house(home, ASKS) as server, server.client("anna") as anna, server.client("ben") as ben:
        await server.say("anna", ASKED)
        (one,) = await waiting(anna)
        for user in ("", "anna", "/anna"):
            assert await waiting(ben, user=user) == []
            assert await waiting(ben, user=user, session="one") == []
            for path in ("approve", "deny"):
                answer = await ben.post(f"/api/approvals/{path}", json=named(one) | {"user": user})
                assert answer.status_code == 404
        assert server.deleted == []
        assert await waiting(anna) == [one]


async def test_slashes_in_names_do_not_lead_into_anothers_conversation(home: Path) -> None:
    async with house(home, ASKS) as server, server.client("anna") as anna:
        await server.say("anna", ASKED, session="one", user="Butler")
        assert await waiting(anna, session="Butler/one") == []
        assert await waiting(anna) == []
        assert len(await waiting(anna, user="Butler")) == 1


async def test_the_rest_of_the_turn_is_watched(home: Path) -> None:
    async with house(home, ASKS, Step(says="It is gone.")) as server, server.client("anna") as anna:
        await server.say("anna", ASKED)
        (one,) = await waiting(anna)
        await anna.post("/api/approvals/approve", json=named(one))
        rest, asked = (await anna.get("/api/traces")).json()["data"]
        assert asked["status"] == "waiting"
        assert rest["status"] == "done"
        assert rest["turn"] == asked["turn"]


@pytest.mark.parametrize(
    "body", [{}, {"session": "one"}, {"session": "one", "calls": []}, {"session": "", "calls": [{"id": "a"}]}]
)
async def test_a_decision_names_its_calls(home: Path, body: dict[str, Any]) -> None:
    async with house(home) as server, server.client("anna") as anna:
        assert (await anna.post("/api/approvals/approve", json=body)).status_code == 400

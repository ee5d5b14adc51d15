"""Attacks by web pages: another site's page, and one whose name was made to lead here."""

from __future__ import annotations

import json

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from omni_agent.errors import ConfigError
from omni_agent.server.access import Access
from tests.server.probing import Probe, hosted, probed, socket_to

pytestmark = pytest.mark.anyio

FOREIGN = [
    "https://evil.example",
    "http://localhost:1",
    "http://127.0.0.1",
    "null",
    "file://",
    "http://127.0.0.1.evil.example",
    "http://[::1]:1",
    "",
]


def own(client: httpx.AsyncClient) -> str:
    return str(client.base_url).rstrip("/")


@pytest.mark.parametrize("origin", FOREIGN)
async def test_pages_of_other_sites_may_not_post(origin: str) -> None:
    probe = Probe()
    async with probed(probe=probe) as client:
        answer = await client.post("/probe", content=b"steal", headers={"Origin": origin})
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "origin_not_allowed"
    assert probe.read == 0
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("origin", FOREIGN)
async def test_pages_of_other_sites_may_not_open_a_socket(origin: str) -> None:
    probe = Probe()
    async with probed(probe=probe) as client:
        with pytest.raises(InvalidStatus) as refused:
            await socket_to(client, additional_headers={"Origin": origin})
    assert refused.value.response.status_code == 403
    assert not probe.begun.is_set()


async def test_a_form_of_another_site_without_an_origin_may_not_post() -> None:
    async with probed() as client:
        answer = await client.post("/probe", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


async def test_the_own_page_and_programs_may() -> None:
    async with probed() as client:
        for headers in ({}, {"Origin": own(client)}, {"Origin": own(client), "Sec-Fetch-Site": "same-origin"}):
            assert (await client.post("/probe", headers=headers)).status_code == 200
            async with socket_to(client, additional_headers=headers) as live:
                assert json.loads(await live.recv())["caller"] == "local"


async def test_a_permitted_site_may_and_is_told_so() -> None:
    there = "https://friend.example"
    hosting = hosted(access=Access(origins=frozenset({there})))
    asked = {"Origin": there, "Access-Control-Request-Method": "POST"}
    async with probed(hosting) as client:
        before = await client.options("/probe", headers=asked)
        answer = await client.post("/probe", headers={"Origin": there})
        async with socket_to(client, additional_headers={"Origin": there}) as live:
            await live.recv()
        stranger = await client.options("/probe", headers=asked | {"Origin": "https://evil.example"})
    assert (before.status_code, before.headers["access-control-allow-origin"]) == (204, there)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, there)
    assert answer.headers["vary"] == "Origin"
    assert stranger.status_code == 403
    assert "access-control-allow-origin" not in stranger.headers


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8000", "127.0.0.1.nip.example", "localhost.evil.example", "10.0.0.1", "a b", ""],
)
async def test_a_rebound_name_is_refused(host: str) -> None:
    probe = Probe()
    async with probed(probe=probe) as client:
        answer = await client.post("/probe", headers={"Host": host, "Origin": f"http://{host}"})
        plain = await client.get("/v1/models", headers={"Host": host})
    assert (answer.status_code, plain.status_code) == (403, 403)
    assert plain.json()["error"]["code"] == "host_not_allowed"


async def test_a_rebound_name_opens_no_socket() -> None:
    async with probed() as client:
        port = client.base_url.port
        assert port
        host = {"Host": f"evil.example:{port}", "Origin": f"http://evil.example:{port}"}
        # The client library sends a Host of its own, so this one speaks the protocol by hand.
        answer = await client.get(
            "/probe/live",
            headers=host
            | {
                "Connection": "Upgrade",
                "Upgrade": "websocket",
                "Sec-WebSocket-Version": "13",
                "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
            },
        )
    assert answer.status_code == 403


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:99", "127.1.2.3", "localhost."])
async def test_names_of_this_machine_pass(host: str) -> None:
    async with probed() as client:
        assert (await client.get("/health", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    ("listens", "passes", "fails"),
    [
        ("0.0.0.0", ["192.168.1.7:8000", "[fd00::1]", "localhost", "named.example"], ["evil.example"]),
        ("192.168.1.7", ["192.168.1.7:8000", "named.example"], ["10.0.0.1", "localhost", "evil.example"]),
        ("kitchen.lan", ["kitchen.lan", "KITCHEN.LAN.:80"], ["xkitchen.lan", "kitchen.lan.evil.example"]),
    ],
)
def test_names_elsewhere(listens: str, passes: list[str], fails: list[str]) -> None:
    access = Access(host=listens, hosts=frozenset({"named.example"}))
    assert all(map(access.named, passes))
    assert not any(map(access.named, fails))


def test_the_usual_port_may_be_left_out() -> None:
    access = Access()
    assert access.same("https://here.example", "here.example:443")
    assert access.same("http://here.example:80", "here.example")
    assert not access.same("http://here.example:81", "here.example")
    assert not access.same("ftp://here.example", "here.example")


@pytest.mark.parametrize("origin", ["example.com", "https://example.com/", "ftp://example.com", "*", "https://"])
def test_an_origin_that_is_none_is_a_mistake(origin: str) -> None:
    with pytest.raises(ConfigError, match="no origin"):
        Access(origins=frozenset({origin}))


async def test_a_socket_agrees_on_a_protocol() -> None:
    async with probed() as client:
        async with socket_to(client, subprotocols=["realtime", "openai-agents-sdk.1"]) as live:  # type: ignore[list-item]
            assert live.subprotocol == "realtime"
        async with socket_to(client) as live:
            assert live.subprotocol is None


async def test_every_answer_is_marked() -> None:
    async with probed() as client:
        for answer in (
            await client.get("/health"),
            await client.get("/nowhere"),
            await client.get("/probe/broken"),
            await client.post("/probe", headers={"Host": "evil.example"}),
        ):
            assert "default-src 'none'" in answer.headers["content-security-policy"]
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["x-frame-options"] == "DENY"
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert answer.headers["cache-control"] == "no-store"
            assert "server" not in answer.headers


async def test_a_socket_that_breaks_says_nothing_of_why() -> None:
    async with probed() as client, socket_to(client) as live:
        await live.recv()
        await live.send("break")
        with pytest.raises(ConnectionClosed) as closed:
            await live.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1011
    assert "swordfish" not in closed.value.rcvd.reason

"""How a server stops: replies end, sockets are told."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from omni_agent.server.at_work import AtWork
from omni_agent.server.running import Place, running
from omni_agent.testing import in_virtual_time
from tests.server.probing import Probe, hosted, probed, socket_to

pytestmark = pytest.mark.anyio


async def test_running_replies_end_and_sockets_are_closed_with_1001() -> None:
    probe, hosting = Probe(), hosted()
    stack = running(hosting, None, probe.routes())
    address = await stack.__aenter__()
    async with httpx.AsyncClient(base_url=address, trust_env=False) as client, socket_to(client) as live:
        await live.recv()
        probe.begun.clear()
        asked = asyncio.create_task(client.post("/probe/slow"))
        await probe.begun.wait()
        stopping = asyncio.create_task(stack.__aexit__(None, None, None))
        await hosting.at_work.stopping.wait()
        assert not stopping.done()
        with pytest.raises(httpx.ConnectError):
            await client.get("/health")
        probe.go.set()
        assert (await asked).text == "begun ended"
        with pytest.raises(ConnectionClosed) as closed:
            await live.recv()
        await stopping
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1001, "the server stops")
    assert (hosting.at_work.replies, hosting.at_work.sockets) == (0, 0)


async def test_what_does_not_end_is_cut_off() -> None:
    probe, hosting = Probe(), hosted()
    place = replace(Place(), drain_seconds=0.05)
    async with httpx.AsyncClient(trust_env=False) as client:
        async with running(hosting, place, probe.routes()) as address:
            asked = asyncio.create_task(client.post(address + "/probe/slow"))
            await probe.begun.wait()
        with pytest.raises(httpx.RemoteProtocolError):
            await asked
    assert hosting.at_work.replies == 0


async def test_a_connection_that_is_kept_is_refused_once_it_stops() -> None:
    hosting = hosted()
    async with probed(hosting) as client:
        assert (await client.post("/probe")).status_code == 200
        hosting.at_work.stopping.set()
        answer, health = await client.post("/probe"), await client.get("/health")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "server_stopping")
    assert (health.status_code, health.json()["status"]) == (503, "stopping")


async def test_nothing_is_left_after_many_sockets_and_requests() -> None:
    hosting = hosted()
    before = asyncio.all_tasks()
    async with probed(hosting) as client:
        for _ in range(10):
            async with socket_to(client) as one, socket_to(client) as other:
                await asyncio.gather(one.recv(), other.recv(), client.post("/probe", content=b"x"))
    assert hosting.at_work.sockets == 0
    assert asyncio.all_tasks() <= before


@in_virtual_time
async def test_a_stop_waits_for_replies_no_longer_than_it_may() -> None:
    work, closed = AtWork(), list[int]()

    async def close(code: int, reason: str) -> None:
        closed.append(code)

    loop = asyncio.get_running_loop()
    with work.socket(close):
        with work.reply():
            began = loop.time()
            assert not await work.stop(30)
            assert loop.time() - began == 30
        assert await work.stop(30)
    assert closed == [1001, 1001]


async def test_a_socket_that_cannot_be_closed_does_not_hold_up_the_others() -> None:
    work, closed = AtWork(), list[int]()

    async def breaks(code: int, reason: str) -> None:
        raise OSError("gone")

    async def close(code: int, reason: str) -> None:
        closed.append(code)

    with work.socket(breaks), work.socket(close):
        assert await work.stop(1)
    assert closed == [1001]

"""The socket that a server listens on."""

from __future__ import annotations

import asyncio
import socket

import pytest

from omni_agent.errors import ConfigError
from omni_agent.listening import listening

pytestmark = pytest.mark.anyio


async def test_small_packets_do_not_wait_for_one_another() -> None:
    at_once = list[int]()

    async def look(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        taken = writer.get_extra_info("socket")
        at_once.append(taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    with listening("127.0.0.1", 0) as bound:
        async with await asyncio.start_server(look, sock=bound):
            reader, writer = await asyncio.open_connection(*bound.getsockname())
            assert await reader.read() == b""
            writer.close()
    assert at_once == [1]


async def test_a_port_that_is_taken_is_named() -> None:
    with listening("127.0.0.1", 0) as bound:
        port = bound.getsockname()[1]
        with pytest.raises(ConfigError, match=f"port {port} cannot be had") as refused:
            listening("127.0.0.1", port)
    assert "--port 0" in refused.value.remedy

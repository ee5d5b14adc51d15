"""Attacks by size and by slowness."""

from __future__ import annotations

import asyncio
import io
import struct
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route
from websockets.exceptions import ConnectionClosed, InvalidStatus

from omni_agent.errors import MediaError
from omni_agent.media import MediaStore, load_image
from omni_agent.server.limits import Limits
from omni_agent.server.running import running
from tests.server.probing import Probe, hosted, probed, socket_to

pytestmark = pytest.mark.anyio

GIGABYTE = 1 << 30
MOST = 200_000


@asynccontextmanager
async def line(client: httpx.AsyncClient) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection on which anything can be sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
    try:
        yield reader, writer
    finally:
        writer.close()


def head(*further: str) -> bytes:
    lines = ["POST /probe HTTP/1.1", "Host: 127.0.0.1", *further, "", ""]
    return "\r\n".join(lines).encode()


async def flood(writer: asyncio.StreamWriter) -> None:
    for _ in range(GIGABYTE // 0x10000):
        writer.write(b"x" * 0x10000)
        await writer.drain()


async def status(reader: asyncio.StreamReader) -> int:
    return int((await reader.readline()).split()[1])


async def test_a_gigabyte_is_refused_before_it_is_sent() -> None:
    probe = Probe()
    async with probed(probe=probe) as client, line(client) as (reader, writer):
        writer.write(head(f"Content-Length: {GIGABYTE}", "Expect: 100-continue"))
        assert await status(reader) == 413
    assert probe.read == 0


async def test_a_gigabyte_that_does_not_say_so_is_refused_while_it_comes() -> None:
    probe, sent = Probe(), 0
    async with probed(hosted(limits=Limits(body=MOST)), probe) as client, line(client) as (reader, writer):
        writer.write(head("Transfer-Encoding: chunked"))
        answer = asyncio.create_task(status(reader))
        piece = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        try:
            while sent < GIGABYTE:
                writer.write(piece)
                await writer.drain()
                sent += 0x10000
        except ConnectionError:
            pass
        assert await answer == 413
    assert probe.read <= MOST
    assert sent < GIGABYTE / 10


async def test_what_goes_on_sending_after_its_refusal_is_cut_off() -> None:
    async with probed() as client, line(client) as (reader, writer):
        writer.write(head(f"Content-Length: {GIGABYTE}"))
        assert await status(reader) == 413
        with pytest.raises(ConnectionError):
            await flood(writer)


async def test_a_refused_body_leaves_the_connection_usable() -> None:
    limits = Limits(body=MOST)
    async with probed(hosted(limits=limits)) as client:
        assert (await client.post("/probe", content=b"x" * (MOST + 1))).status_code == 413
        assert (await client.post("/probe", content=b"x" * MOST)).status_code == 200


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity, gzip"])
async def test_a_packed_body_is_refused(encoding: str) -> None:
    probe = Probe()
    bomb = zlib.compress(bytes(10_000_000))
    async with probed(probe=probe) as client:
        answer = await client.post("/probe", content=bomb, headers={"Content-Encoding": encoding})
    assert answer.status_code == 415
    assert probe.read == 0


async def test_a_slow_body_is_given_up() -> None:
    limits = Limits(body_seconds=0.05)
    async with probed(hosted(limits=limits)) as client, line(client) as (reader, writer):
        writer.write(head("Content-Length: 10") + b"x")
        assert await status(reader) == 408


@pytest.mark.parametrize("sent", [b"", b"POST /probe HT", head("Content-Length: 3")[:-2] + b"X-Slow: "])
async def test_a_slow_head_is_given_up(sent: bytes) -> None:
    limits = Limits(head_seconds=0.05)
    async with probed(hosted(limits=limits)) as client, line(client) as (reader, writer):
        writer.write(sent)
        assert await reader.read() == b""


async def test_dripping_a_head_does_not_buy_time() -> None:
    limits = Limits(head_seconds=0.1)
    async with probed(hosted(limits=limits)) as client, line(client) as (reader, writer):
        writer.write(head()[:-2])
        gone = asyncio.create_task(reader.read())
        while not gone.done():
            writer.write(b"X-Slow: 1\r\n")
            await asyncio.wait({gone}, timeout=0.02)
        assert gone.exception() or not gone.result()


async def test_dripping_a_second_head_does_not_buy_time_either() -> None:
    limits = Limits(head_seconds=0.1)
    async with probed(hosted(limits=limits)) as client, line(client) as (reader, writer):
        writer.write(head())
        assert await status(reader) == 200
        writer.write(head()[:-2])
        assert (await reader.read()).endswith(b'{"caller":"local"}')


async def test_a_reply_may_take_longer_than_a_head() -> None:
    probe, limits = Probe(), Limits(head_seconds=0.05)
    async with probed(hosted(limits=limits), probe) as client:
        asked = asyncio.create_task(client.post("/probe/slow"))
        await probe.begun.wait()
        await asyncio.wait({asked}, timeout=0.15)
        probe.go.set()
        assert (await asked).text == "begun ended"


async def test_a_socket_may_take_longer_than_a_head() -> None:
    limits = Limits(head_seconds=0.05)
    async with probed(hosted(limits=limits)) as client, socket_to(client) as live:
        await live.recv()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(live.recv(), 0.15)
        await live.send("abc")
        assert await live.recv() == "3"


async def test_whoever_does_not_read_his_answer_is_cut_off() -> None:
    ended = asyncio.Event()

    async def endless(request: Request) -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            try:
                while True:
                    yield bytes(0x10000)
                    await asyncio.sleep(0)
            finally:
                ended.set()

        return StreamingResponse(pieces())

    limits = Limits(stall_seconds=0.05)
    async with running(hosted(limits=limits), further=[Route("/endless", endless)]) as address:
        _, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
        writer.write(b"GET /endless HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        await ended.wait()
        writer.close()


async def test_there_are_so_many_live_sockets_and_no_more() -> None:
    hosting = hosted(limits=Limits(connections=1))
    async with probed(hosting) as client, socket_to(client) as live:
        await live.recv()
        with pytest.raises(InvalidStatus) as refused:
            await socket_to(client)
    assert refused.value.response.status_code == 503


async def test_a_large_head_is_refused() -> None:
    async with probed() as client, line(client) as (reader, writer):
        writer.write(head("X-Large: " + "x" * 1_000_000))
        assert await status(reader) == 400


async def test_the_largest_frame_passes_and_a_larger_one_does_not() -> None:
    limits = Limits(frame=1000)
    async with probed(hosted(limits=limits)) as client, socket_to(client) as live:
        await live.recv()
        await live.send("x" * 1000)
        assert await live.recv() == "1000"
        await live.send("x" * 1001)
        with pytest.raises(ConnectionClosed) as closed:
            await live.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


async def test_fifteen_mebibytes_of_sound_fit_in_a_frame() -> None:
    async with probed() as client, socket_to(client) as live:
        await live.recv()
        await live.send("A" * (20 << 20))
        assert await live.recv() == str(20 << 20)


def bomb(side: int) -> bytes:
    """A PNG of so many pixels a side in a few kilobytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    shape = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", shape) + chunk(b"IDAT", zlib.compress(bytes(1000)))


async def test_an_image_bomb_is_an_error_and_not_unpacked() -> None:
    with pytest.raises(MediaError, match="too large"):
        await load_image(MediaStore(), bomb(50_000))


async def test_a_bomb_of_text_in_a_picture_is_an_error() -> None:
    packed = zlib.compress(bytes(50_000_000))
    text = b"note\x00\x00" + packed
    chunk = struct.pack(">I", len(text)) + b"zTXt" + text + struct.pack(">I", zlib.crc32(b"zTXt" + text))
    from PIL import Image

    kept = io.BytesIO()
    Image.new("RGB", (2, 2)).save(kept, "PNG")
    plain = kept.getvalue()
    with pytest.raises(MediaError):
        await load_image(MediaStore(), plain[:33] + chunk + plain[33:])

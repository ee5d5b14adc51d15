"""Attacks by addresses in requests: what is private, what leads there, what has no end."""

from __future__ import annotations

import asyncio
import gzip
import ipaddress
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest

from omni_agent import visiting
from omni_agent.errors import InputError
from omni_agent.server import Hosting, fetching
from omni_agent.server.errors import ApiError
from omni_agent.server.fetching import fetched
from omni_agent.server.limits import Limits
from omni_agent.visiting import Visit
from tests.server.probing import hosted

pytestmark = pytest.mark.anyio

PICTURE = b"\x89PNG a picture"
Answer = Callable[[str], bytes]


def open_hosting(**limits: Any) -> Hosting:
    return hosted(fetch_urls=True, limits=Limits(**limits))


async def refusal(url: str, hosting: Hosting | None = None) -> str:
    with pytest.raises(ApiError) as refused:
        await fetched(url, hosting or open_hosting())
    assert (refused.value.status, refused.value.code) == (400, "url_not_fetched")
    return refused.value.message


@asynccontextmanager
async def site(answer: Answer, seen: list[str] | None = None) -> AsyncIterator[int]:
    """A web site on this machine; gives its port."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = (await reader.readuntil(b"\r\n\r\n")).decode()
        if seen is not None:
            seen.append(asked)
        writer.write(answer(asked.split()[1]))
        try:
            await writer.drain()
            writer.close()
            await writer.wait_closed()
        except ConnectionError:
            pass

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def page(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "Connection: close", "", ""]).encode() + body


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Addresses by name, instead of what the network says."""
    known = dict[str, list[str]]()

    async def lookup(host: str, port: int) -> list[Any]:
        if host not in known:
            raise InputError("There is no such site.")
        return [ipaddress.ip_address(address) for address in known[host]]

    monkeypatch.setattr(visiting, "lookup", lookup)
    return known


@pytest.fixture
def port_of_site(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let one port of this machine pass for the public internet's."""

    def permit(port: int) -> None:
        monkeypatch.setattr(fetching, "Visit", partial(Visit, ports=frozenset({80, 443, port})))
        monkeypatch.setattr(
            visiting, "reachable", lambda address, *, private: str(address) == "127.0.0.1" and not private
        )

    return permit


async def test_nothing_is_fetched_unless_that_is_allowed(names: dict[str, list[str]]) -> None:
    assert "fetches nothing" in await refusal("https://example.com/a.png", hosted())


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost/",
        "http://[::1]/",
        "http://10.0.0.1/",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://0/",
        "http://0.0.0.0/",
        "http://[fe80::1%25eth0]/",
        "http://[fd00::1]/",
        "http://example.com@127.0.0.1/",
        "http://127.0.0.1#@example.com/",
        "http://127.0.0.1:22/",
        "https://example.com:8443/",
        "http://user:secret@example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "media://0000",
        "data:text/plain,x",
        "//example.com/",
        "/etc/passwd",
        "../../etc/passwd",
        "",
        "http://",
        "http://xn--/",
        "http://exa mple.com/",
        "https://" + "a" * 300 + "/",
    ],
)
async def test_what_is_not_the_public_internet_is_refused(
    url: str, names: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    names.update({"localhost": ["127.0.0.1"], "example.com": ["93.184.215.14"], "a" * 300: ["10.0.0.1"]})

    def connect(*_: Any, **__: Any) -> None:
        raise AssertionError("nothing may be connected to")

    monkeypatch.setattr(asyncio.BaseEventLoop, "create_connection", connect)
    monkeypatch.setattr(socket.socket, "connect", connect)
    await refusal(url)


async def test_one_private_address_among_public_ones_is_enough(names: dict[str, list[str]]) -> None:
    names["both.example"] = ["93.184.215.14", "127.0.0.1"]
    assert "public internet" in await refusal("http://both.example/")


async def test_a_picture_comes_from_the_address_that_was_checked(
    names: dict[str, list[str]], port_of_site: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    names["pictures.example"] = ["127.0.0.1"]
    seen = list[str]()

    def again(*_: Any, **__: Any) -> None:
        raise AssertionError("the name may not be looked up again")

    async with site(lambda path: page(PICTURE), seen) as port:
        port_of_site(port)
        monkeypatch.setattr(socket, "gethostbyname", again)
        assert await fetched(f"http://pictures.example:{port}/a.png?x=1#y", open_hosting()) == PICTURE
    assert seen[0].startswith("GET /a.png?x=1 HTTP/1.1")
    assert f"host: pictures.example:{port}" in seen[0].lower()
    assert "accept-encoding: identity" in seen[0].lower()


@pytest.mark.parametrize(
    "where",
    [
        "http://10.0.0.1/",
        "http://169.254.169.254/",
        "file:///etc/passwd",
        "http://inside.example/",
        "//[::1]/",
        "\\\\x",
    ],
)
async def test_a_redirect_is_checked_again(
    where: str, names: dict[str, list[str]], port_of_site: Callable[[int], None]
) -> None:
    names.update({"pictures.example": ["127.0.0.1"], "inside.example": ["10.0.0.1"]})
    seen = list[str]()
    async with site(lambda path: page(b"", f"Location: {where}", status="302 Found"), seen) as port:
        port_of_site(port)
        await refusal(f"http://pictures.example:{port}/")
    assert len(seen) <= 4


async def test_redirects_end(names: dict[str, list[str]], port_of_site: Callable[[int], None]) -> None:
    names["pictures.example"] = ["127.0.0.1"]
    seen = list[str]()
    async with site(lambda path: page(b"", f"Location: {path}x", status="302 Found"), seen) as port:
        port_of_site(port)
        assert "without end" in await refusal(f"http://pictures.example:{port}/")
    assert len(seen) == 4


async def test_a_redirect_may_lead_to_a_picture(
    names: dict[str, list[str]], port_of_site: Callable[[int], None]
) -> None:
    names["pictures.example"] = ["127.0.0.1"]

    def answer(path: str) -> bytes:
        return page(PICTURE) if path == "/there" else page(b"", "Location: there", status="301 Moved")

    async with site(answer) as port:
        port_of_site(port)
        assert await fetched(f"http://pictures.example:{port}/", open_hosting()) == PICTURE


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (page(b"x" * 10_000), "more than"),
        (page(b"", "Content-Length: 99999999999"), ""),
        (page(gzip.compress(bytes(10_000_000)), "Content-Encoding: gzip"), "packs it"),
        (page(b"no", status="404 Not Found"), "404"),
        (b"no HTTP at all\r\n\r\n", "broke off"),
        (b"", "broke off"),
    ],
)
async def test_what_is_no_answer_is_refused(
    answer: bytes, why: str, names: dict[str, list[str]], port_of_site: Callable[[int], None]
) -> None:
    names["pictures.example"] = ["127.0.0.1"]
    async with site(lambda path: answer) as port:
        port_of_site(port)
        assert why in await refusal(f"http://pictures.example:{port}/", open_hosting(fetched=5000))


async def test_what_comes_too_slowly_is_given_up(
    names: dict[str, list[str]], port_of_site: Callable[[int], None]
) -> None:
    names["pictures.example"] = ["127.0.0.1"]

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        port_of_site(port)
        assert "within" in await refusal(f"http://pictures.example:{port}/", open_hosting(fetch_seconds=0.1))


async def test_a_name_that_nobody_has() -> None:
    message = await refusal("http://nobody.invalid/")
    assert "nobody.invalid" in message

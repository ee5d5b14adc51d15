"""Addresses visited for somebody else: only where that is allowed, and nowhere but where it was checked.

All addresses of a host are checked before the first byte is sent, and the connection goes to one that was
checked, so that a name cannot lead elsewhere in between (server-side request forgery, DNS rebinding). A
redirect is checked like a new request. Proxies and passwords of the environment are not used.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from .addresses import literal, lookup, reachable
from .errors import InputError

if TYPE_CHECKING:
    import ssl

    import httpx

__all__ = ["Visit", "visited"]

T = TypeVar("T")
_CONNECT_S = 5.0
_TRIED = 4
_MOVED = frozenset({301, 302, 303, 307, 308})
_USUAL = {"http": 80, "https": 443}
_HOST = re.compile(r"(?:[\w-]+\.)*[\w-]+")
_LONGEST_HOST = 253


def _anywhere(host: str, written: str) -> None:
    """No host is refused."""


@dataclass(frozen=True, slots=True)
class Visit:
    """How addresses are visited.

    Attributes:
        seconds: Time for all of it, from the first look-up to the last byte.
        headers: What is sent along.
        redirects: How often an address may lead to another.
        private: Also go to this machine and the home network.
        ports: Ports that an address may name.
        admit: Gets each host, as it is asked for and as it was written, before it is looked up; raises what
            it will where the host is not to be visited.
    """

    seconds: float
    headers: Mapping[str, str]
    redirects: int = 5
    private: bool = False
    ports: frozenset[int] = frozenset(_USUAL.values())
    admit: Callable[[str, str], None] = _anywhere


async def visited(url: str, visit: Visit, read: Callable[[httpx.Response], Awaitable[T]]) -> T:
    """What `read` makes of the answer of an address, wherever it has moved to.

    Args:
        url: `http` or `https`.
        visit: What is allowed.
        read: Gets the answer before its body is read: `aiter_raw` gives that as it was sent.

    Raises:
        InputError: It may not be visited, cannot be had, or takes too long.
    """
    try:
        async with asyncio.timeout(visit.seconds):
            # Importing it and reading the certificates takes a tenth of a second.
            tls = await asyncio.to_thread(_tls)
            return await _followed(url, visit, read, tls)
    except TimeoutError:
        raise InputError(f"The page did not come within {visit.seconds:g} seconds.") from None


async def _followed(
    url: str, visit: Visit, read: Callable[[httpx.Response], Awaitable[T]], tls: ssl.SSLContext
) -> T:
    import httpx

    there = _parsed(url)
    try:
        # A connection is proven for one host only, so none is kept for the next.
        async with httpx.AsyncClient(
            verify=tls,
            trust_env=False,
            headers=dict(visit.headers),
            limits=httpx.Limits(max_keepalive_connections=0),
            timeout=httpx.Timeout(visit.seconds, connect=min(_CONNECT_S, visit.seconds)),
        ) as client:
            for _ in range(visit.redirects + 1):
                response = await _answer(client, there, visit)
                try:
                    moved = _moved(response, there)
                    if moved is None:
                        return await read(response)
                    there = moved
                finally:
                    await response.aclose()
                    client.cookies.clear()
    except httpx.TimeoutException:
        raise TimeoutError from None
    except httpx.ConnectError:
        raise InputError("The site cannot be reached, or cannot prove that it is that site.") from None
    except httpx.HTTPError:
        raise InputError("The site broke off, or what it sent is no web page.") from None
    raise InputError("That address leads from one to the next without end.")


async def _answer(client: httpx.AsyncClient, url: httpx.URL, visit: Visit) -> httpx.Response:
    """The answer to one request, its body not read yet."""
    import httpx

    host = _host(url, visit)
    there = literal(host)
    addresses = [there] if there else await lookup(host, _port(url))
    if not all(reachable(address, private=visit.private) for address in addresses):
        raise InputError(f"'{host[:60]}' is not on the public internet. It may not be read.")
    failed: httpx.TransportError | None = None
    for address in addresses[:_TRIED]:
        request = client.build_request(
            "GET",
            url.copy_with(host=str(address), fragment=None),
            headers={"Host": url.netloc.decode("ascii")},
            extensions={} if there else {"sni_hostname": host},
        )
        try:
            return await client.send(request, stream=True, follow_redirects=False)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            failed = error
        except UnicodeError:
            # httpx reads where a redirect leads, followed or not.
            raise InputError("The site sends on to something that is no web address.") from None
    raise failed or InputError(f"There is no site called '{host[:60]}'.")


def _host(url: httpx.URL, visit: Visit) -> str:
    """The host of an address that may be asked for.

    Raises:
        InputError: It may not; says why.
    """
    host = url.raw_host.decode("ascii").lower().rstrip(".")
    if url.scheme not in _USUAL:
        raise InputError("Only web addresses can be read: those with http or https.")
    if url.userinfo:
        raise InputError("An address with a user's name or password in it is not read. Leave it out.")
    if _port(url) not in visit.ports:
        raise InputError(f"Port {_port(url)} may not be used. Leave it out of the address.")
    if literal(host) is None and (not _HOST.fullmatch(host) or len(host) > _LONGEST_HOST):
        raise InputError(f"'{host[:60]}' is not the name of a site, like example.com.")
    visit.admit(host, url.host.lower().rstrip("."))
    return host


def _parsed(text: str) -> httpx.URL:
    import httpx

    try:
        url = httpx.URL(text)
        # Decoded only when it is asked for: after "xn--" there may be anything.
        host = url.host
    except (httpx.InvalidURL, UnicodeError):
        url, host = httpx.URL(""), ""
    # A backslash is a slash to some readers of an address and part of a name to others.
    if not host or "\\" in text:
        raise InputError(f"'{text[:60]}' is no web address. Give one like example.com/news.")
    return url


def _moved(response: httpx.Response, url: httpx.URL) -> httpx.URL | None:
    """Where a redirect leads; None if it is none."""
    import httpx

    where = response.headers.get("location", "")
    if response.status_code not in _MOVED or not where:
        return None
    try:
        there = _parsed(str(url.join(where)))
    except httpx.InvalidURL:
        raise InputError("The site sends on to something that is no web address.") from None
    if url.scheme == "https" and there.scheme == "http":
        raise InputError("The site sends on to a page that is not secure. It is not read.")
    return there


def _port(url: httpx.URL) -> int:
    return url.port or _USUAL.get(url.scheme, 0)


@cache
def _tls() -> ssl.SSLContext:
    import httpx

    return httpx.create_ssl_context(trust_env=False)

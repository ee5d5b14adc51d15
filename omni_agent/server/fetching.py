"""What a request names by its address, fetched: where that is allowed, and from the public internet only.

All addresses of a host are checked before the first byte is sent, and the connection goes to one that was
checked, so that a name cannot lead elsewhere in between (server-side request forgery, DNS rebinding). A
redirect is checked like a new request. Proxies and passwords of the environment are not used.
"""

from __future__ import annotations

import asyncio
from functools import cache
from typing import TYPE_CHECKING

from ..addresses import literal, lookup, reachable
from ..errors import InputError
from .errors import ApiError
from .hosting import Hosting

if TYPE_CHECKING:
    import ssl

    import httpx

    from .limits import Limits

_PORTS = frozenset({80, 443})
_USUAL = {"http": 80, "https": 443}
_MOVED = frozenset({301, 302, 303, 307, 308})
_REDIRECTS = 3
_CONNECT_S = 5.0
_TRIED = 3
_HEADERS = {"User-Agent": "omni-agent", "Accept": "*/*", "Accept-Encoding": "identity"}


async def fetched(url: str, hosting: Hosting) -> bytes:
    """The bytes at an address of the public internet.

    Args:
        url: `http` or `https`.
        hosting: Says whether anything is fetched, and how much.

    Raises:
        ApiError: 400: it may not be fetched, cannot be had, is too large or takes too long.
    """
    import httpx

    if not hosting.fetch_urls:
        raise _refused("this server fetches nothing; send the data itself, as data:…;base64,…")
    limits = hosting.limits
    try:
        async with asyncio.timeout(limits.fetch_seconds):
            return await _followed(httpx.URL(url), limits)
    except TimeoutError:
        raise _refused(f"it did not come within {limits.fetch_seconds:g} s") from None
    except InputError as error:
        raise _refused(error.message) from None
    except (httpx.InvalidURL, UnicodeError):
        raise _refused("that is no address") from None
    except httpx.HTTPError:
        raise _refused("its server cannot be reached, or broke off") from None


async def _followed(url: httpx.URL, limits: Limits) -> bytes:
    import httpx

    # A connection is proven for one host only, so none is kept for the next.
    async with httpx.AsyncClient(
        verify=_tls(),
        trust_env=False,
        headers=_HEADERS,
        limits=httpx.Limits(max_keepalive_connections=0),
        timeout=httpx.Timeout(limits.fetch_seconds, connect=min(_CONNECT_S, limits.fetch_seconds)),
    ) as client:
        for _ in range(_REDIRECTS + 1):
            response = await _answer(client, url)
            try:
                if response.status_code not in _MOVED:
                    return await _body(response, limits.fetched)
                url = _moved(url, response.headers.get("location", ""))
            finally:
                await response.aclose()
                client.cookies.clear()
    raise _refused("it leads from one address to the next without end")


async def _answer(client: httpx.AsyncClient, url: httpx.URL) -> httpx.Response:
    """The answer of an address that was checked, its body not read yet."""
    import httpx

    host, port = url.raw_host.decode("ascii").lower().rstrip("."), url.port or _USUAL.get(url.scheme, 0)
    if url.scheme not in _USUAL or url.userinfo or port not in _PORTS or not host:
        raise _refused("only http and https are fetched, from their usual ports and without a password")
    there = literal(host)
    addresses = [there] if there else await lookup(host, port)
    if not addresses or not all(map(reachable, addresses)):
        raise _refused("it is not on the public internet")
    failed: Exception | None = None
    for address in addresses[:_TRIED]:
        request = client.build_request(
            "GET",
            url.copy_with(host=str(address), fragment=None),
            headers={"Host": url.netloc.decode("ascii")},
            extensions={} if there else {"sni_hostname": host},
        )
        try:
            return await client.send(request, stream=True, follow_redirects=False)
        except httpx.ConnectError as error:
            failed = error
    raise failed or _refused("its server cannot be reached")


async def _body(response: httpx.Response, most: int) -> bytes:
    if not response.is_success:
        raise _refused(f"its server answers {response.status_code}")
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise _refused("its server packs it though it was asked not to")
    body = bytearray()
    async for piece in response.aiter_raw():
        body += piece
        if len(body) > most:
            raise _refused(f"it has more than {most / 1e6:g} MB")
    return bytes(body)


def _moved(url: httpx.URL, where: str) -> httpx.URL:
    there = url.join(where)
    if url.scheme == "https" and there.scheme != "https":
        raise _refused("it leads on to what is not secure")
    return there


@cache
def _tls() -> ssl.SSLContext:
    import httpx

    return httpx.create_ssl_context(trust_env=False)


def _refused(why: str) -> ApiError:
    return ApiError(f"the address in the request is not fetched: {why}", code="url_not_fetched")

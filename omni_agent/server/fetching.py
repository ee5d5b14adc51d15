"""What a request names by its address, fetched: where that is allowed, and from the public internet only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import InputError
from ..visiting import Visit, visited
from .errors import ApiError
from .hosting import Hosting

if TYPE_CHECKING:
    import httpx

_REDIRECTS = 3
_HEADERS = {"User-Agent": "omni-agent", "Accept": "*/*", "Accept-Encoding": "identity"}


async def fetched(url: str, hosting: Hosting) -> bytes:
    """The bytes at an address of the public internet.

    Args:
        url: `http` or `https`.
        hosting: Says whether anything is fetched, and how much.

    Raises:
        ApiError: 400: it may not be fetched, cannot be had, is too large or takes too long.
    """
    if not hosting.fetch_urls:
        raise _refused("this server fetches nothing; send the data itself, as data:…;base64,…")
    limits = hosting.limits
    visit = Visit(limits.fetch_seconds, _HEADERS, _REDIRECTS)
    try:
        return await visited(url, visit, lambda response: _body(response, limits.fetched))
    except InputError as error:
        raise _refused(error.message) from None


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


def _refused(why: str) -> ApiError:
    return ApiError(f"the address in the request is not fetched: {why}", code="url_not_fetched")

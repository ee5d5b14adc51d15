"""A tool that fetches web pages, and reaches nothing but the public internet.

Every address of a host is checked before the first byte is sent, and the connection goes to an address
that was checked, so that a name cannot lead elsewhere in between. A redirect is checked like a new call.
Proxies and passwords of the environment are not used.
"""

from __future__ import annotations

import asyncio
import math
import re
import zlib
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING

from omni_agent.errors import ConfigError, ToolError
from omni_agent.tool import tool

from .addresses import Address, literal, lookup, reachable
from .readable import check_kind, readable

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable

    import httpx

__all__ = ["Web"]

_LONGEST_S = 110.0
_CONNECT_S = 5.0
_REDIRECTS = 5
_TRIED = 4
_MOVED = frozenset({301, 302, 303, 307, 308})
_LOCAL = ("localhost", "local", "localdomain", "internal")
_HEADERS = {
    "User-Agent": "Mozilla/5.0 (compatible; omni-agent)",
    "Accept": "text/html,application/xhtml+xml,text/plain,application/json;q=0.9,*/*;q=0.5",
    "Accept-Encoding": "gzip",
}
_HOST = re.compile(r"(?:[\w-]+\.)*[\w-]+")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_SPOKEN = {
    "dot": ".",
    "slash": "/",
    "colon": ":",
    "dash": "-",
    "hyphen": "-",
    "underscore": "_",
}


class Web:
    """The web, as far as it may be read.

    Args:
        allow: Hosts that may be reached, with those below them ("example.com" lets in "www.example.com");
            empty for all of the public internet.
        deny: Hosts that may not, with those below them.
        seconds: Time for one page, from the first look-up to the last word; 110 at most.
        largest: Bytes of a page at most, unpacked.
        private: Also reach this machine and the home network.
        ports: Ports that an address may name.

    Raises:
        ConfigError: A limit is not more than 0, or a host is written with more than its name.
    """

    def __init__(
        self,
        *,
        allow: tuple[str, ...] = (),
        deny: tuple[str, ...] = (),
        seconds: float = 15,
        largest: int = 2_000_000,
        private: bool = False,
        ports: tuple[int, ...] = (80, 443),
    ) -> None:
        if not (math.isfinite(seconds) and 0 < seconds <= _LONGEST_S):
            raise ConfigError(f"web: seconds must be more than 0 and at most {_LONGEST_S:.0f}, not {seconds}")
        if largest <= 0:
            raise ConfigError(f"web: largest must be more than 0 bytes, not {largest}")
        self._allow, self._deny = _hosts(allow), _hosts(deny)
        self._seconds, self._largest = seconds, largest
        self._private, self._ports = private, frozenset(ports)

    @tool(effect="read", untrusted=True, timeout=120)
    async def fetch_page(self, url: str) -> str:
        """Fetch a page of the web and read its text.

        Args:
            url: The page's address, for example example.com/news.
        """
        import httpx

        try:
            async with asyncio.timeout(self._seconds):
                body, content_type = await self._fetch(_parsed(_written(url)))
                return await asyncio.to_thread(readable, body, content_type)
        except (TimeoutError, httpx.TimeoutException):
            raise ToolError(f"The page did not come within {self._seconds:g} seconds.") from None
        except httpx.ConnectError:
            raise ToolError("The site cannot be reached, or cannot prove that it is that site.") from None
        except httpx.HTTPError:
            raise ToolError("The site broke off, or what it sent is no web page.") from None

    async def _fetch(self, url: httpx.URL) -> tuple[bytes, str]:
        """Body and content type of a page, wherever it has moved to."""
        import httpx

        # A connection is proven for one host only, so none is kept for the next.
        async with httpx.AsyncClient(
            verify=_tls(),
            trust_env=False,
            headers=_HEADERS,
            limits=httpx.Limits(max_keepalive_connections=0),
            timeout=httpx.Timeout(self._seconds, connect=min(_CONNECT_S, self._seconds)),
        ) as client:
            for _ in range(_REDIRECTS + 1):
                response = await self._answer(client, url)
                try:
                    moved = _moved(response, url)
                    if moved is None:
                        return await self._body(response), response.headers.get("content-type", "")
                    url = moved
                finally:
                    await response.aclose()
                    client.cookies.clear()
        raise ToolError("That address leads from one to the next without end.")

    async def _answer(self, client: httpx.AsyncClient, url: httpx.URL) -> httpx.Response:
        """The answer to one request, its body not read yet."""
        import httpx

        host = self._host(url)
        there = literal(host)
        addresses = [there] if there else await lookup(host, url.port or _port(url))
        self._check(host, addresses)
        failed: httpx.TransportError | None = None
        for address in addresses[:_TRIED]:
            request = client.build_request(
                "GET",
                url.copy_with(host=str(address), fragment=None),
                headers={"Host": url.netloc.decode("ascii")},
                extensions={} if there else {"sni_hostname": host},
            )
            try:
                return await client.send(request, stream=True)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failed = error
            except UnicodeError:
                # httpx reads where a redirect leads, followed or not.
                raise ToolError("The site sends on to something that is no web address.") from None
        raise failed or ToolError(f"There is no site called '{host[:60]}'.")

    def _host(self, url: httpx.URL) -> str:
        """The host of an address that may be asked for.

        Raises:
            ToolError: It may not; says why.
        """
        host = url.raw_host.decode("ascii").lower().rstrip(".")
        if url.scheme not in ("http", "https"):
            raise ToolError("Only web addresses can be read: those with http or https.")
        if url.userinfo:
            raise ToolError("An address with a user's name or password in it is not read. Leave it out.")
        if _port(url) not in self._ports:
            raise ToolError(f"Port {_port(url)} may not be used. Leave it out of the address.")
        if literal(host) is None and (not _HOST.fullmatch(host) or len(host) > 253):
            raise ToolError(f"'{host[:60]}' is not the name of a site, like example.com.")
        if not self._private and _within(host, _LOCAL):
            raise ToolError(f"'{host[:60]}' is a name of this machine or home. It may not be read.")
        names = (host, url.host.lower().rstrip("."))
        if any(_within(name, self._deny) for name in names):
            raise ToolError(f"{host[:60]} may not be read.")
        if self._allow and not any(_within(name, self._allow) for name in names):
            raise ToolError(f"{host[:60]} may not be read. These may: {', '.join(self._allow[:20])}.")
        return host

    def _check(self, host: str, addresses: Iterable[Address]) -> None:
        """Refuse a host if even one of its addresses may not be reached.

        Raises:
            ToolError: It has such an address.
        """
        if not all(reachable(address, private=self._private) for address in addresses):
            raise ToolError(f"'{host[:60]}' is not on the public internet. It may not be read.")

    async def _body(self, response: httpx.Response) -> bytes:
        """All of a page, unpacked while it comes in.

        Raises:
            ToolError: The site refused, or the page is too large or of a kind that cannot be read.
        """
        if not response.is_success:
            raise ToolError(_status(response.status_code))
        check_kind(response.headers.get("content-type", ""))
        packed = response.headers.get("content-encoding", "").strip().lower()
        if packed not in ("", "identity", "gzip", "x-gzip"):
            raise ToolError("The page is packed in a way that cannot be unpacked.")
        # httpx would unpack all of a chunk at once, and a thousandfold is possible.
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16) if packed.endswith("gzip") else None
        body = bytearray()
        async for chunk in response.aiter_raw():
            try:
                body += unpacker.decompress(chunk, self._largest + 1 - len(body)) if unpacker else chunk
            except zlib.error:
                raise ToolError("The page is broken: it cannot be unpacked.") from None
            if len(body) > self._largest:
                raise ToolError(f"The page is too large: more than {_spoken(self._largest)}.")
            if unpacker and unpacker.eof:
                break
        return bytes(body)


@cache
def _tls() -> ssl.SSLContext:
    import httpx

    return httpx.create_ssl_context(trust_env=False)


def _written(said: str) -> str:
    """An address as it is written: "example dot com slash news" is https://example.com/news."""
    text = said.strip().strip("<>\"'`“”").rstrip(".,!?")
    host = _SCHEME.sub("", text, count=1).partition("/")[0]
    if len(host.split()) > 1:
        words = re.sub(r"\bforward slash\b", "slash", text, flags=re.IGNORECASE).split()
        text = "".join(_SPOKEN.get(word.casefold(), word) for word in words)
        if "." not in text:
            raise ToolError(f"'{said.strip()[:60]}' is no web address. Give one like example.com/news.")
    text = re.sub(r"\s", "%20", text)
    return text if _SCHEME.match(text) else f"https://{text}"


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
        raise ToolError(f"'{text[:60]}' is no web address. Give one like example.com/news.")
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
        raise ToolError("The site sends on to something that is no web address.") from None
    if url.scheme == "https" and there.scheme == "http":
        raise ToolError("The site sends on to a page that is not secure. It is not read.")
    return there


def _port(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _status(code: int) -> str:
    """What a refusal means; in our own words, because the site's own are a stranger's."""
    words = {status.value: status.phrase.lower() for status in HTTPStatus}
    return f"The site gave no page: {words.get(code, 'an error')} ({code})."


def _hosts(names: Iterable[str]) -> tuple[str, ...]:
    hosts = tuple(name.strip().lower().rstrip(".") for name in names)
    for host in hosts:
        if not re.fullmatch(r"[\w.:-]+", host) or "//" in host:
            raise ConfigError(f"web: '{host}' is no host", remedy="write its name alone, like example.com")
    return hosts


def _within(host: str, hosts: Iterable[str]) -> bool:
    return any(host == known or host.endswith(f".{known}") for known in hosts)


def _spoken(size: int) -> str:
    return f"{size / 1_000_000:g} megabytes" if size >= 1_000_000 else f"{size:,} bytes"

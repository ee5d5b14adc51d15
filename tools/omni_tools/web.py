"""A tool that fetches web pages, and reaches nothing but the public internet (`omni_agent.visiting`)."""

from __future__ import annotations

import asyncio
import math
import re
import zlib
from http import HTTPStatus
from typing import TYPE_CHECKING

from omni_agent.errors import ConfigError, InputError, ToolError
from omni_agent.tool import tool
from omni_agent.visiting import Visit, visited

from .readable import check_kind, readable

if TYPE_CHECKING:
    from collections.abc import Iterable

    import httpx

__all__ = ["Web"]

_LONGEST_S = 110.0
_LOCAL = ("localhost", "local", "localdomain", "internal")
_HEADERS = {
    "User-Agent": "Mozilla/5.0 (compatible; omni-agent)",
    "Accept": "text/html,application/xhtml+xml,text/plain,application/json;q=0.9,*/*;q=0.5",
    "Accept-Encoding": "gzip",
}
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
        self._largest, self._private = largest, private
        self._visit = Visit(seconds, _HEADERS, private=private, ports=frozenset(ports), admit=self._admit)

    @tool(effect="read", untrusted=True, timeout=120)
    async def fetch_page(self, url: str) -> str:
        """Fetch a page of the web and read its text.

        Args:
            url: The page's address, for example example.com/news.
        """
        try:
            return await visited(_written(url), self._visit, self._text)
        except InputError as error:
            raise ToolError(error.message) from None

    def _admit(self, host: str, written: str) -> None:
        """Refuse a host that the user does not let the tool visit, in either of its forms.

        Raises:
            ToolError: It is one.
        """
        if not self._private and _within(host, _LOCAL):
            raise ToolError(f"'{host[:60]}' is a name of this machine or home. It may not be read.")
        names = (host, written)
        if any(_within(name, self._deny) for name in names):
            raise ToolError(f"{host[:60]} may not be read.")
        if self._allow and not any(_within(name, self._allow) for name in names):
            raise ToolError(f"{host[:60]} may not be read. These may: {', '.join(self._allow[:20])}.")

    async def _text(self, response: httpx.Response) -> str:
        """What is to be read of a page.

        Raises:
            ToolError: The site refused, or the page has no text, is too large or of a kind that cannot be
                read.
        """
        if not response.is_success:
            raise ToolError(_status(response.status_code))
        kind = response.headers.get("content-type", "")
        check_kind(kind)
        return await asyncio.to_thread(readable, await self._body(response), kind)

    async def _body(self, response: httpx.Response) -> bytes:
        """All of a page, unpacked while it comes in.

        Raises:
            ToolError: It is too large, or cannot be unpacked.
        """
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

"""The way to a server: one httpx client, tries with back-off, and a limit to each stage of waiting."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...errors import ModelError
from ...messages import JsonObject
from .lines import DONE, Events
from .reading import decoded, garbled, whole
from .refusal import Asked, broken_off, may_pass, refused, stalled, unreachable, wait_of

if TYPE_CHECKING:
    import httpx

_LARGE = 100_000


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds, and tries.

    Attributes:
        connect: Until a connection stands.
        first: Until the first byte of the answer; 0 for what the dialect's servers need.
        between: From one piece of the answer to the next.
        tail: For what may follow the answer's end: the count of tokens.
        tries: How often a request is made that failed in a way that may pass.
        pause: Before the second try; twice as long before the third.
        longest: A server that asks for more patience than this before the next try is not asked again.
    """

    connect: float = 5.0
    first: float = 0.0
    between: float = 30.0
    tail: float = 2.0
    tries: int = 3
    pause: float = 0.25
    longest: float = 5.0


class Connection:
    """Asks one server.

    Args:
        asked: Who is asked; its key goes into a header, and nowhere else.
        limits: How long to wait.
        here: The server is on this machine: no proxy leads there.
        transport: Instead of the network.
        chance: Gives a number from 0 to 1 that spreads tries of many clients.

    Attributes:
        asked: Who is asked; with another key it is put here before the first request.
    """

    def __init__(
        self,
        asked: Asked,
        limits: Limits,
        *,
        here: bool = False,
        transport: httpx.AsyncBaseTransport | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.asked = asked
        self._limits = limits
        self._here = here
        self._transport = transport
        self._chance = chance
        self._client: httpx.AsyncClient | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def chunks(
        self, body: JsonObject, over: Callable[[], bool], *, tail: float = 0.0
    ) -> AsyncGenerator[JsonObject, None]:
        """The chunks of the answer to a request; closing the generator ends the request at once.

        Args:
            body: Of the request.
            over: Whether the answer has said that it is over.
            tail: Seconds to wait for more after that; 0 for the limit's.

        Raises:
            ModelUnavailable: Nobody answers, the key is refused, or the model is not there.
            ModelError: The server refused or failed, its answer cannot be read or broke off, or nothing came
                for too long.
        """
        response = await self._opened(await _encoded(body))
        try:
            async with aclosing(self._texts(response, over, tail or self._limits.tail)) as texts:
                async for text in texts:
                    for chunk in self._decoded(text, response):
                        yield chunk
            if not over():
                raise broken_off(self.asked)
        finally:
            await response.aclose()

    async def models(self) -> list[str]:
        """Names of the models that the server serves; also opens the connection.

        Raises:
            ModelUnavailable: Nobody answers, or the key is refused.
        """
        path = "/api/tags" if self.asked.dialect.endpoint.startswith("/api") else "/models"
        response = await self._sent("GET", self.asked.url + path, None)
        try:
            text = (await self._all(response)).decode("utf-8", "replace")
            if response.status_code in {401, 403}:
                raise refused(self.asked, response.status_code, response.headers, text)
        finally:
            await response.aclose()
        return _names(text) if response.status_code == 200 else []

    async def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        client, self._client = self._client, None
        if client is not None and self._loop is asyncio.get_running_loop():
            await client.aclose()

    async def _opened(self, content: bytes) -> httpx.Response:
        """A response that succeeded, its body not read yet."""
        url = self.asked.url + self.asked.dialect.endpoint
        for attempt in range(1, self._limits.tries + 1):
            response = await self._sent("POST", url, content)
            if response.status_code == 200:
                return response
            try:
                text = (await self._all(response)).decode("utf-8", "replace")
            finally:
                await response.aclose()
            error = refused(self.asked, response.status_code, response.headers, text)
            wait = wait_of(response.headers)
            pause = self._pause(attempt) if wait is None else wait
            final = attempt == self._limits.tries or not may_pass(response.status_code, text)
            if final or pause > self._limits.longest:
                raise error
            await asyncio.sleep(pause)
        raise broken_off(self.asked)

    def _pause(self, attempt: int) -> float:
        return self._limits.pause * (1 << attempt - 1) * (0.5 + self._chance() / 2)

    async def _sent(self, method: str, url: str, content: bytes | None) -> httpx.Response:
        """The head of a response. A connection that the server had closed meanwhile is made anew, once."""
        import httpx

        for again in (True, False):
            client = self._ready()
            request = client.build_request(method, url, content=content)
            try:
                async with asyncio.timeout(self._first):
                    return await client.send(request, stream=True)
            except TimeoutError:
                raise stalled(self.asked, self._first) from None
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                raise unreachable(self.asked, str(error) or "it took too long to connect") from None
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
                if not again:
                    raise broken_off(self.asked) from None
            except httpx.HTTPError as error:
                raise unreachable(self.asked, str(error) or type(error).__name__) from None
        raise broken_off(self.asked)

    @property
    def _first(self) -> float:
        return self._limits.first or self.asked.dialect.patience

    async def _texts(
        self, response: httpx.Response, over: Callable[[], bool], tail: float
    ) -> AsyncGenerator[str, None]:
        """The JSON texts of a response, without the mark of its end."""
        if self._is_whole(response):
            yield (await self._all(response)).decode("utf-8", "replace")
            return
        framed = self.asked.dialect.framing()
        ended = False
        limit = self._first
        parts = response.aiter_bytes()
        while data := await self._next(
            parts, min(limit, tail) if over() or ended else limit, ended or over()
        ):
            # Read on after the end: a response that was not read whole costs the connection.
            for text in framed.feed(data):
                ended = ended or text.strip() == DONE
                if not ended:
                    yield text
            limit = self._limits.between
        for text in framed.finish():
            ended = ended or text.strip() == DONE
            if not ended:
                yield text

    async def _next(self, parts: AsyncIterator[bytes], limit: float, over: bool) -> bytes:
        """The next bytes of a response; none at its end."""
        import httpx

        try:
            async with asyncio.timeout(limit):
                while not (data := await anext(parts)):
                    pass
                return data
        except StopAsyncIteration:
            return b""
        except TimeoutError:
            if over:
                return b""
            raise stalled(self.asked, limit) from None
        except httpx.HTTPError:
            if over:
                return b""
            raise broken_off(self.asked) from None

    async def _all(self, response: httpx.Response) -> bytes:
        import httpx

        try:
            async with asyncio.timeout(self._first):
                return await response.aread()
        except TimeoutError:
            raise stalled(self.asked, self._first) from None
        except httpx.HTTPError:
            raise broken_off(self.asked) from None

    def _decoded(self, text: str, response: httpx.Response) -> list[JsonObject]:
        title = self.asked.dialect.title
        if response.headers.get("content-type", "").startswith("text/html"):
            raise garbled(title)
        try:
            chunk = decoded(text, title)
        except ModelError as error:
            message = self.asked.without_key(error.message)
            raise ModelError(message, code=error.code, remedy=error.remedy) from None
        return whole(chunk) if self._is_whole(response) and "choices" in chunk else [chunk]

    def _is_whole(self, response: httpx.Response) -> bool:
        """Whether the server answers in one piece, though a stream of events was asked for."""
        kind: str = response.headers.get("content-type", "")
        return kind.startswith("application/json") and self.asked.dialect.framing is Events

    def _ready(self) -> httpx.AsyncClient:
        """The client, made at the first use in each event loop: its connections belong to one."""
        import httpx

        loop = asyncio.get_running_loop()
        if self._client is None or self._loop is not loop:
            # What is compressed arrives in blocks, and late.
            headers = {"Accept-Encoding": "identity", "User-Agent": "omni-agent"}
            if self.asked.key:
                headers["Authorization"] = f"Bearer {self.asked.key}"
            self._client = httpx.AsyncClient(
                headers={**headers, "Content-Type": "application/json"},
                timeout=httpx.Timeout(None, connect=self._limits.connect),
                # People think between two turns for longer than httpx keeps a connection by itself.
                limits=httpx.Limits(max_connections=16, max_keepalive_connections=4, keepalive_expiry=120.0),
                trust_env=not self._here,
                transport=self._transport,
            )
            self._loop = loop
        return self._client


async def _encoded(body: JsonObject) -> bytes:
    """The body as JSON, made in a thread where it holds media."""

    def encode() -> bytes:
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")

    large = any(_size(message.get("content")) > _LARGE for message in body["messages"])
    return await asyncio.to_thread(encode) if large or "audios" in body or "videos" in body else encode()


def _size(content: object) -> int:
    return len(content) if isinstance(content, str) else _LARGE + 1 if isinstance(content, list) else 0


def _names(text: str) -> list[str]:
    """Model names in OpenAI's list or in Ollama's."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return []
    listed = found.get("data") or found.get("models") or () if isinstance(found, dict) else ()
    entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    names = (entry.get("id") or entry.get("name") for entry in entries)
    return [name for name in names if isinstance(name, str)]

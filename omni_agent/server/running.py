"""A server that runs: in a program's event loop, or until a signal."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import socket
import ssl
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.routing import BaseRoute
from uvicorn.loops.auto import auto_loop_factory

from ..errors import ConfigError
from ..listening import listening
from .access import LOOPBACK
from .app import create_app
from .hosting import Hosting
from .protocol import HttpProtocol, SocketProtocol

log = logging.getLogger(__name__)
_PING_S = 20.0
# Longer than clients and proxies keep theirs: who closes first must not be us.
_KEEP_S = 65
_GOODBYE_S = 2.0
_LAST_S = 0.5


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server listens.

    Attributes:
        host: Address or name.
        port: 0 takes a free one.
        certificate: File of a TLS certificate and those that it rests on, PEM; None for plain HTTP.
        private_key: File of its key; None where it is in the same file.
        drain_seconds: How long a stop waits for replies that run.
    """

    host: str = LOOPBACK
    port: int = 0
    certificate: Path | None = None
    private_key: Path | None = None
    drain_seconds: float = 30.0


@asynccontextmanager
async def running(
    hosting: Hosting, place: Place | None = None, further: Sequence[BaseRoute] = ()
) -> AsyncIterator[str]:
    """Serve in this event loop until it is left; gives the address, such as `http://127.0.0.1:8000`.

    Nothing is loaded beforehand: the first reply loads what it needs.

    Raises:
        ConfigError: The port cannot be had, or the certificate cannot be used.
    """
    place = place or Place()
    with listening(place.host, place.port) as bound:
        server = _Server(_config(hosting, place, further), hosting, place)
        scheme = "https" if place.certificate else "http"
        port = bound.getsockname()[1]
        host = f"[{place.host}]" if ":" in place.host else place.host
        serving = asyncio.create_task(server.serve(sockets=[bound]))
        await server.begun.wait()
        try:
            if serving.done():
                serving.result()
            yield f"{scheme}://{host}:{port}"
        finally:
            server.stop()
            await serving


def server_loop() -> asyncio.AbstractEventLoop:
    """A loop for a server: uvloop's, where there is one, which does a tenth less for each frame."""
    return auto_loop_factory()()


async def serve(hosting: Hosting, place: Place) -> None:
    """Serve until SIGTERM or SIGINT: replies that run may end, live sessions are closed with 1001, then the
    agents. A second signal ends the process at once.

    Raises:
        OmniError: The port cannot be had, or a model cannot be loaded.
    """
    stop = asyncio.Event()
    hosting.readiness.waiting = list(hosting.agents)
    async with AsyncExitStack() as stack:
        stack.enter_context(_signals(hosting, stop))
        for agent in hosting.agents.values():
            await stack.enter_async_context(agent)
        address = await stack.enter_async_context(running(hosting, place))
        log.info("listening on %s, loading %s", address, ", ".join(hosting.agents))
        try:
            async with asyncio.TaskGroup() as group:
                loading = group.create_task(_loaded(hosting, address))
                await stop.wait()
                loading.cancel()
        except BaseExceptionGroup as failed:
            raise _first(failed) from None


def _first(error: BaseException) -> BaseException:
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


async def load(hosting: Hosting) -> None:
    """Load what the agents need, and keep it out of the collector's way: this process serves, and all of it
    stays. A full collection would look through half a million objects and stop every session for a tenth of
    a second.

    Raises:
        OmniError: A model cannot be loaded.
    """
    await hosting.readiness.prewarm(hosting)
    gc.collect()
    gc.freeze()


async def _loaded(hosting: Hosting, address: str) -> None:
    await load(hosting)
    log.info("ready on %s: %s", address, ", ".join(hosting.agents))


@contextmanager
def _signals(hosting: Hosting, stop: asyncio.Event) -> Iterator[None]:
    """The first signal sets `stop`. What the second cuts off is to the journal of calls what a crash is."""
    loop = asyncio.get_running_loop()

    def told() -> None:
        if stop.is_set():
            os._exit(1)
        stop.set()
        log.info("stopping: %d replies run; another signal ends at once", hosting.at_work.replies)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


class _Server(uvicorn.Server):
    """uvicorn's, which stops in our order: it lets replies end, and says goodbye to live sockets."""

    def __init__(self, config: uvicorn.Config, hosting: Hosting, place: Place) -> None:
        super().__init__(config)
        self._hosting = hosting
        self._place = place
        self._asked = asyncio.Event()
        self.begun = asyncio.Event()

    def stop(self) -> None:
        self.should_exit = True
        self._asked.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        finally:
            self.begun.set()

    async def main_loop(self) -> None:
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self._asked.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        drained = await self._hosting.at_work.stop(self._place.drain_seconds)
        if not drained:
            log.warning("%d replies did not end in time and are cut off", self._hosting.at_work.replies)
        await self._goodbye()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        if tasks := list(self.server_state.tasks):
            _, late = await asyncio.wait(tasks, timeout=_LAST_S)
            for task in late:
                task.cancel()
            await asyncio.wait(tasks, timeout=_GOODBYE_S)

    async def _goodbye(self) -> None:
        """Wait until the other sides have answered that they close, else they would see a broken line."""
        sockets = [one for one in self.server_state.connections if isinstance(one, SocketProtocol)]
        with suppress(TimeoutError):
            async with asyncio.timeout(_GOODBYE_S):
                for one in sockets:
                    await one.gone.wait()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # Signals are for whoever runs the program: `serve` takes them.
        yield


def _config(hosting: Hosting, place: Place, further: Sequence[BaseRoute]) -> uvicorn.Config:
    limits = hosting.limits
    config = uvicorn.Config(
        create_app(hosting, further),
        http=HttpProtocol.within(limits.head_seconds, limits.stall_seconds),
        ws=SocketProtocol,
        ws_max_size=limits.frame,
        ws_ping_interval=_PING_S,
        ws_ping_timeout=_PING_S,
        # Sound hardly shrinks, and shrinking it takes longer than sending it.
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        access_log=False,
        # A proxy's word about who asks is not needed, and anybody could give it.
        proxy_headers=False,
        server_header=False,
        # It counts live sockets too, whose number the guard limits.
        limit_concurrency=2 * limits.connections,
        timeout_keep_alive=_KEEP_S,
        ssl_certfile=place.certificate,
        ssl_keyfile=place.private_key,
        # Without one, OpenSSL would ask the terminal for a password.
        ssl_keyfile_password="-",
    )
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"the certificate cannot be used: {error.strerror or error}",
            remedy="--certificate and --private-key want PEM files of one pair, the key without a password",
        ) from None
    return config

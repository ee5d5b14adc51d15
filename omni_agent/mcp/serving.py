"""What an offered server runs over: standard input and output, or HTTP on this machine."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

from ..listening import listening

if TYPE_CHECKING:
    from mcp.server import Server

HOST = "127.0.0.1"


async def over_stdio(server: Server[dict[str, Any]]) -> None:
    """Serve until standard input ends; whatever else is printed goes to standard error."""
    from mcp.server.stdio import stdio_server

    async with stdio_server() as (reading, writing):
        # The SDK turns the file descriptor away; what Python had buffered would come through at the end.
        with redirect_stdout(sys.stderr):
            await server.run(reading, writing, server.create_initialization_options())


async def over_http(server: Server[dict[str, Any]], port: int) -> None:
    """Serve programs of this machine until a signal, and print the address.

    The SDK turns away requests that name another host or come from a web page.

    Raises:
        ConfigError: The port is taken.
    """
    import uvicorn

    with listening(HOST, port) as bound:
        app = server.streamable_http_app(host=HOST)
        config = uvicorn.Config(app, log_level="warning", ws="none", timeout_graceful_shutdown=2)
        print(f"http://{HOST}:{bound.getsockname()[1]}/mcp", flush=True)
        await uvicorn.Server(config).serve(sockets=[bound])

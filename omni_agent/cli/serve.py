"""`omni-agent serve`: agents for other programs, over OpenAI's API, or an agent's tools by MCP."""

from __future__ import annotations

import asyncio
import sys
from contextlib import nullcontext, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import ConfigError

if TYPE_CHECKING:
    from ..agent import Agent
    from ..server.hosting import Hosting
    from ..server.running import Place

_MCP_PORT, _PORT = 8765, 8000
_FIRST_KEY = "first"


def serve(
    agent: Annotated[
        list[str] | None, typer.Option(help="FILE.py[:name] or module:name; again for each further agent.")
    ] = None,
    model: Annotated[str, typer.Option(help="NAME, NAME:ADDRESS, or several: 'a | b'.")] = "",
    persona: Annotated[Path | None, typer.Option(help="A TOML file: who it is.")] = None,
    host: Annotated[
        str, typer.Option(help="Where to listen; others than this machine's own want a key.")
    ] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(help="0 takes a free one.", min=0, max=65535)] = None,
    certificate: Annotated[Path | None, typer.Option(help="PEM file, for TLS.")] = None,
    private_key: Annotated[Path | None, typer.Option(help="PEM file of the certificate's key.")] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Without TLS, though others may listen in.")
    ] = False,
    require_key: Annotated[bool, typer.Option("--require-key", help="Also on this machine.")] = False,
    allow_host: Annotated[list[str] | None, typer.Option(help="A further name of this server.")] = None,
    allow_origin: Annotated[
        list[str] | None, typer.Option(help="A site whose pages may use it: https://example.com.")
    ] = None,
    fetch_urls: Annotated[
        bool, typer.Option("--fetch-urls", help="Fetch what requests name by address.")
    ] = False,
    drain: Annotated[float, typer.Option(help="Seconds that a stop waits for replies.", min=0)] = 30.0,
    mcp: Annotated[
        bool, typer.Option("--mcp", help="Offer the tools, by the Model Context Protocol.")
    ] = False,
    http: Annotated[
        bool, typer.Option("--http", help="--mcp over HTTP, not standard input and output.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="--mcp: run what cannot be taken back unasked.")] = False,
) -> None:
    """Serve agents to any client of OpenAI's API; or, with --mcp, an agent's tools."""
    if mcp:
        _offer(agent or [], model, persona, _MCP_PORT if port is None else port, http=http, yes=yes)
        return
    from .keys import check_installed

    check_installed()
    from ..server.access import Access, is_loopback
    from ..server.hosting import Hosting, by_model_name
    from ..server.metrics import PrometheusMetrics
    from ..server.running import Place

    _check_secure(host, certificate, private_key, insecure=insecure, near=is_loopback(host))
    access = Access(
        host=host,
        hosts=frozenset(name.lower() for name in allow_host or ()),
        origins=frozenset(allow_origin or ()),
        keys=require_key or not is_loopback(host),
        secure=certificate is not None,
    )
    agents = by_model_name(_agents(agent or [], model, persona))
    hosting = Hosting(agents, access=access, fetch_urls=fetch_urls, metrics=PrometheusMetrics())
    place = Place(host, _PORT if port is None else port, certificate, private_key, drain)
    _first_key(hosting)
    _run(hosting, place)


def _run(hosting: Hosting, place: Place) -> None:
    from ..server.logs import logged
    from ..server.running import serve, server_loop

    with logged(), asyncio.Runner(loop_factory=server_loop) as runner:
        runner.run(serve(hosting, place))


def _agents(where: list[str], model: str, persona: Path | None) -> list[Agent]:
    from .agent_file import load_agent

    if persona and len(where) > 1:
        raise ConfigError("--persona is for one agent, and there are several", remedy="leave it out")
    chosen: list[str | None] = [*where] or [None]
    return [load_agent(one, persona=persona, model=model) for one in chosen]


def _check_secure(
    host: str, certificate: Path | None, private_key: Path | None, *, insecure: bool, near: bool
) -> None:
    if private_key and not certificate:
        raise ConfigError("--private-key belongs to a certificate", remedy="--certificate FILE.pem")
    if not (near or certificate or insecure):
        raise ConfigError(
            f"on {host} everybody on the way could listen in",
            remedy="--certificate FILE --private-key FILE, or --insecure behind a proxy that does TLS",
        )


def _first_key(hosting: Hosting) -> None:
    """Where a key is needed and there is none: make one, and show it this once."""
    if hosting.access.keys and not hosting.keys.known():
        value = hosting.keys.new(_FIRST_KEY)
        print(f"key '{_FIRST_KEY}', shown this once: {value}", flush=True)


def _offer(where: list[str], model: str, persona: Path | None, port: int, *, http: bool, yes: bool) -> None:
    if len(where) > 1:
        raise ConfigError("--mcp offers the tools of one agent", remedy="give --agent once")
    _check_mcp()
    with nullcontext() if http else redirect_stdout(sys.stderr):
        chosen = _agents(where, model, persona)[0]
    asyncio.run(_offered(chosen, http=http, port=port, yes=yes))


async def _offered(agent: Agent, *, http: bool, port: int, yes: bool) -> None:
    from ..mcp.calling import Calls
    from ..mcp.offering import Offering
    from ..mcp.serving import over_http, over_stdio

    async with agent:
        server = Offering(agent.toolbox, Calls(agent.parts), name=agent.name, yes=yes).server()
        await (over_http(server, port) if http else over_stdio(server))


def _check_mcp() -> None:
    import importlib.util

    if importlib.util.find_spec("mcp") is None:
        raise ConfigError("--mcp needs the package mcp", remedy="pip install 'omni-agent-framework[mcp]'")

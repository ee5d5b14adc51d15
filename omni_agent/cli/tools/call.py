"""`omni-agent tools call`: one call of one tool, without a model."""

from __future__ import annotations

import asyncio
import json as jsonlib
import sys
import time
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Annotated, Any
from uuid import uuid4

import typer

from ...errors import ConfigError, InputError, OmniError, ToolError, ToolTimeout

if TYPE_CHECKING:
    from ...messages import JsonObject
    from ...tool import Tool


def call_tool(
    tool: Annotated[str, typer.Argument(help="TOOL, or PLUGIN.TOOL for a plugin that is not on.")],
    arguments: Annotated[str, typer.Argument(help="A JSON object.")] = "{}",
    yes: Annotated[bool, typer.Option("--yes", help="Run what is irreversible without asking.")] = False,
    user: Annotated[str, typer.Option(help="As whom.")] = "local",
    tools_dir: Annotated[str, typer.Option(help="A folder of Python files with tools.")] = "",
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Run a tool for real and show its result."""
    # What a tool prints is not its result.
    with redirect_stdout(sys.stderr):
        chosen = _chosen(tool, tools_dir)
    given = chosen.validate(_read(arguments))
    if chosen.effect == "irreversible" and not yes:
        _ask(chosen, given)
    started = time.perf_counter()
    try:
        with redirect_stdout(sys.stderr):
            text, media = asyncio.run(_run(chosen, given, user))
    except OmniError as error:
        if not json:
            raise
        _show(chosen, "failed", error.message, [], started)
        raise typer.Exit(1) from None
    if json:
        _show(chosen, "done", text, media, started)
        return
    for line in [text, *media]:
        if line:
            typer.echo(line)


def _chosen(name: str, tools_dir: str) -> Tool:
    """The tool of that name among those that are on, or in the plugin before the dot."""
    from ...config import Settings
    from ...plugins import installed, named, settled

    settings = Settings.load()
    plugin, _, own = name.rpartition(".")
    if {name, plugin, own} & set(settings.deny):
        raise ConfigError(f"'{name}' is denied", remedy="take it out of the setting deny")
    if plugin and plugin in installed("tools"):
        tools = named("tools", plugin).tools(settings.plugins.get(plugin, {}))
    else:
        own = name
        tools, problems = settled(settings, tools_dir)
        for problem in problems:
            typer.echo(f"omni-agent: {problem}", err=True)
    for tool in tools:
        if tool.name == own:
            return tool
    known = ", ".join(tool.name for tool in tools) or "none"
    raise ConfigError(f"there is no tool '{name}' that is on", remedy=f"there are: {known}")


def _read(arguments: str) -> Any:
    try:
        return jsonlib.loads(arguments)
    except (ValueError, RecursionError) as error:
        raise InputError(f"the arguments are not JSON: {error}", remedy='write {"name": "value"}') from None


def _ask(tool: Tool, arguments: JsonObject) -> None:
    """Go on only after a yes.

    Raises:
        InputError: Nobody can be asked, or the answer was no.
    """
    from ...approval.question import question_of
    from ...messages import ToolCall

    if not sys.stdin.isatty():
        raise InputError(f"{tool.name} is irreversible, and nobody can be asked", remedy="say --yes")
    if not typer.confirm(question_of(tool, ToolCall("", tool.name, arguments), "irreversible")):
        raise InputError("nothing was done")


async def _run(tool: Tool, arguments: JsonObject, user: str) -> tuple[str, list[str]]:
    from ...alarms import Alarms, ToolAlarms
    from ...config import Settings, home
    from ...memory import Scope
    from ...plugins import load_memory
    from ...tool import Cancellation, ToolContext, ToolMemory
    from ...tool.result import split

    cancellation, call = Cancellation(), uuid4().hex
    memory, alarms = load_memory(Settings.load().memory), Alarms(home() / "alarms.db")
    context = ToolContext(
        user=user,
        session="tools call",
        turn=call,
        call_id=call,
        idempotency_key=call,
        report=lambda message: typer.echo(f"… {message}", err=True),
        memory=ToolMemory(memory, Scope(user, "Omni"), "tools call"),
        alarms=ToolAlarms(alarms, user),
        cancellation=cancellation,
    )
    limit = asyncio.timeout(tool.timeout)
    try:
        async with limit:
            text, media = split(await tool.run(arguments, context))
    except OmniError:
        raise
    except Exception as error:
        if limit.expired():
            raise ToolTimeout(f"{tool.name} did not finish within {tool.timeout:g} seconds") from None
        raise ToolError(f"{tool.name} failed: {type(error).__name__}: {error}") from error
    finally:
        cancellation.request()
        alarms.close()
        await memory.close()
    return text.encode("utf-8", "replace").decode(), [f"[{part.type}] {part.ref}" for part in media]


def _show(tool: Tool, status: str, result: str, media: list[str], started: float) -> None:
    seconds = round(time.perf_counter() - started, 3)
    about = {"tool": tool.name, "status": status, "result": result, "media": media, "seconds": seconds}
    typer.echo(jsonlib.dumps(about, ensure_ascii=False))

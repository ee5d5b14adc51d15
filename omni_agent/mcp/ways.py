"""Where a server is: a command that starts it, or an address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ..errors import ToolError
from .connection import Connection, Ended
from .naming import one_line
from .stderr import Stderr
from .transports import Opened, http, process

CODE = "mcp_unavailable"


class Way(Protocol):
    """How a server is come by."""

    def opened(self, stderr: Stderr, timeout: float) -> Opened:
        """What a connection runs on, not yet begun; a process says on `stderr` what it has to say."""
        ...

    def failure(self, server: str, error: Exception, connection: Connection, stderr: Stderr) -> ToolError:
        """Why the server cannot be had, in one line."""
        ...


@dataclass(frozen=True, slots=True)
class Command:
    """A process of ours; `env` comes on top of a few harmless variables, such as PATH and HOME."""

    command: str
    arguments: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    cwd: Path | None = None

    def opened(self, stderr: Stderr, timeout: float) -> Opened:
        """The process, not yet started."""
        from mcp import StdioServerParameters

        parameters = StdioServerParameters(
            command=self.command,
            args=list(self.arguments),
            env=dict(self.env),
            cwd=self.cwd,
            # A line of log in another encoding would end the reading, without a word.
            encoding_error_handler="replace",
        )
        return process(parameters, stderr)

    def failure(self, server: str, error: Exception, connection: Connection, stderr: Stderr) -> ToolError:
        """Why it did not start, in one line."""
        remedy = f"start it by hand to see why: {self.command}"
        match error:
            case FileNotFoundError() | NotADirectoryError():
                why = f"cannot be started: there is no {error.filename}"
                remedy = "install it, or mend its path"
            case OSError() if not isinstance(error, TimeoutError):
                why = f"cannot be started: {error.strerror or error}"
            case Ended():
                why = f"cannot be used: {error}"
            case _ if _is_late(error):
                why = "started, but does not answer"
            case _ if _is_closed(error):
                why = "ended before it answered"
            case _:
                why = f"cannot be used: {one_line(error)}"
        if connection.garbage and connection.garbage not in why:
            why += f"; it wrote what is no MCP message: {connection.garbage!r}"
        if stderr.last_line:
            why += f"; its last words: {stderr.last_line}"
        return ToolError(f"the server '{server}' {why}", code=CODE, remedy=remedy)


@dataclass(frozen=True, slots=True)
class Address:
    """A server that somebody else runs."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def opened(self, stderr: Stderr, timeout: float) -> Opened:
        """The address, not yet called."""
        return http(self.url, self.headers, timeout)

    def failure(self, server: str, error: Exception, connection: Connection, stderr: Stderr) -> ToolError:
        """Why it cannot be reached, in one line."""
        remedy = "check that it runs, and its address"
        status = connection.answers[-1].status if connection.answers else 0
        if _is_late(error):
            why = "does not answer"
        elif status >= 400:
            why = f"answered with HTTP status {status}"
            remedy = "check the headers that it wants" if status in (401, 403) else remedy
        else:
            why = f"cannot be reached: {one_line(error) or type(error).__name__}"
        return ToolError(f"the server '{server}' at {self.url} {why}", code=CODE, remedy=remedy)


def _is_late(error: Exception) -> bool:
    from mcp.shared.exceptions import MCPError
    from mcp.types import REQUEST_TIMEOUT

    return isinstance(error, TimeoutError) or (isinstance(error, MCPError) and error.code == REQUEST_TIMEOUT)


def _is_closed(error: Exception) -> bool:
    from mcp.shared.exceptions import MCPError
    from mcp.types import CONNECTION_CLOSED

    return isinstance(error, MCPError) and error.code == CONNECTION_CLOSED

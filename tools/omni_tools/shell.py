"""A tool that runs programs of this computer: those that were allowed, one at a time, and never a shell.

Works on Linux and macOS. Windows has no process groups, by which a program's children are stopped.
"""

from __future__ import annotations

import math
import os
import selectors
import shlex
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from pydantic import Field

from omni_agent.errors import ConfigError, ToolError
from omni_agent.tool import Tool, ToolContext, tool

from .allowlist import permitted, words_of
from .readable import printable

__all__ = ["Shell"]

_LONGEST_S = 590.0
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/homebrew/bin"
_PASSED = ("HOME", "LANG", "TZ")
_LOOK_S = 0.1
_STOP_S = 5.0
_CHUNK = 65_536


class Shell:
    """Programs that may be run.

    Args:
        allow: What a command must begin with, word by word: "df", "git status". `allowlist.py` says
            what that lets in.
        folder: Where programs run; None for the user's home folder.
        seconds: Time for one program; 590 at most.
        output: Bytes of its output that are kept.

    Raises:
        ConfigError: The folder is not there, a limit is not more than 0, or an entry is no command.
    """

    def __init__(
        self,
        *,
        allow: tuple[str, ...] = (),
        folder: Path | None = None,
        seconds: float = 20,
        output: int = 20_000,
    ) -> None:
        if not (math.isfinite(seconds) and 0 < seconds <= _LONGEST_S):
            raise ConfigError(
                f"shell: seconds must be more than 0 and at most {_LONGEST_S:.0f}, not {seconds}"
            )
        if output <= 0:
            raise ConfigError(f"shell: output must be more than 0 bytes, not {output}")
        if folder is not None and not folder.is_dir():
            raise ConfigError(f"shell: there is no folder {folder}")
        self._allow = tuple(map(_entry, allow))
        self._folder, self._seconds, self._output = folder, seconds, output
        # An object's own attribute stands before its class's: the model is to know what is allowed.
        vars(self)["run_command"] = _told(type(self).run_command.__get__(self), self._allow)

    @tool(effect="irreversible", untrusted=True, timeout=600, question="Run: {command}?")
    def run_command(
        self, context: ToolContext, command: Annotated[str, Field(json_schema_extra={"x-ground": False})]
    ) -> str:
        """Run one allowed program of this computer.

        Args:
            command: The program and its options, for example df -h.
        """
        words = words_of(command)
        permitted(words, self._allow)
        program = words[0] if "/" in words[0] else shutil.which(words[0], path=_PATH)
        if program is None:
            raise ToolError(f"The program '{words[0]}' is not installed.")
        context.raise_if_cancelled()
        try:
            process = subprocess.Popen(
                words,
                executable=program,
                cwd=self._folder or Path.home(),
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", "") or "it cannot be started"
            raise ToolError(f"'{words[0]}' did not start: {reason.lower()}.") from None
        output, ended = _watched(process, self._output, time.monotonic() + self._seconds, context)
        context.raise_if_cancelled()
        return _report(output, self._output, _ending(process.returncode, ended, self._seconds))


def _watched(
    process: subprocess.Popen[bytes], most: int, deadline: float, context: ToolContext
) -> tuple[bytes, bool]:
    """The start of a program's output, and whether it ended by itself; nothing of it runs any more then."""
    assert process.stdout is not None
    kept, ended = bytearray(), False
    pipe = process.stdout.fileno()
    os.set_blocking(pipe, False)
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)
            while not context.cancelled and time.monotonic() < deadline:
                if selector.get_map() and selector.select(_LOOK_S) and not _read(pipe, kept, most):
                    selector.unregister(pipe)
                ended = _over(process, 0 if selector.get_map() else _LOOK_S)
                if ended:
                    break
    finally:
        # Children that it left behind are of its group. Those that left the group are not found.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        # What runs as another user cannot be killed, and is not waited for.
        with suppress(subprocess.TimeoutExpired, PermissionError):
            process.kill()
            process.wait(_STOP_S)
        # Not to the end: a child that left the group may keep the pipe open.
        while len(kept) <= most and _read(pipe, kept, most):
            pass
        process.stdout.close()
    return bytes(kept), ended


def _read(pipe: int, kept: bytearray, most: int) -> bool:
    """Read what there is, and keep it up to one byte more than may be told; False if there is nothing."""
    try:
        chunk = os.read(pipe, _CHUNK)
    except BlockingIOError:
        return False
    kept += chunk[: most + 1 - len(kept)]
    return bool(chunk)


def _over(process: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _environment() -> dict[str, str]:
    """What a program is told of the environment: nothing secret."""
    passed = {name: os.environ[name] for name in _PASSED if name in os.environ}
    return {"LANG": "C.UTF-8", **passed, "PATH": _PATH}


def _entry(text: str) -> tuple[str, ...]:
    """The words of an entry of the allow list."""
    try:
        words = tuple(shlex.split(text))
    except ValueError:
        words = ()
    if not words or not words[0]:
        raise ConfigError(f"shell: '{text}' in allow is no command", remedy="write it like 'git status'")
    if "/" in words[0] and not words[0].startswith("/"):
        raise ConfigError(f"shell: '{text}' in allow is a path that begins in no known folder")
    return words


def _told(made: Tool, allow: tuple[tuple[str, ...], ...]) -> Tool:
    """The tool with what is allowed in its description, as far as a small model should read."""
    names = ", ".join(map(shlex.join, allow)) or "nothing"
    if len(names) > 60:
        names = names[:60].rpartition(", ")[0] + " and more"
    description = f"Run one allowed program of this computer: {names}."
    return replace(made, spec=replace(made.spec, description=description))


def _ending(status: int | None, ended: bool, seconds: float) -> str:
    """How a program ended, in words; empty if all was well."""
    if status is None:
        return "It took too long and could not be stopped: it still runs."
    if not ended:
        return f"It was stopped after {seconds:g} second{'' if seconds == 1 else 's'}."
    if status < 0:
        return f"It was ended by a signal: {signal.strsignal(-status) or -status}."
    return f"It ended with the exit status {status}, which often means that it failed." if status else ""


def _report(output: bytes, most: int, ending: str) -> str:
    text = printable(output[:most].decode("utf-8", "replace")).strip()
    more = "There was more output than is shown." if len(output) > most else ""
    return "\n".join(filter(None, (ending, text, more))) or "It is done, and printed nothing."

"""Tools for the desktop that the agent runs on: the clipboard, and opening applications."""

from __future__ import annotations

import configparser
import os
import shlex
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path

from omni_agent.errors import ToolError
from omni_agent.tool import ToolContext, tool

from .names import closest

__all__ = ["Desktop"]

_LONGEST = 100_000
_KEPT = 20


class Desktop:
    """The clipboard and the applications of a desktop.

    Args:
        apps: Names of the applications that may be opened; empty for all that stand in the desktop's menu.
    """

    def __init__(self, *, apps: tuple[str, ...] = ()) -> None:
        self._apps = apps
        self._before: OrderedDict[str, tuple[str, str]] = OrderedDict()

    @tool(effect="read", untrusted=True)
    def read_clipboard(self) -> str:
        """Read the text on the clipboard."""
        return _paste() or "The clipboard is empty."

    def _put_back(self, context: ToolContext) -> str:
        if context.undoes not in self._before:
            raise ToolError("What was on the clipboard before is not known any more.")
        before, copied = self._before[context.undoes]
        # Some clipboards give back other ends of lines.
        if _paste().splitlines() != copied.splitlines():
            raise ToolError("There is something else on the clipboard by now, so it is left as it is.")
        _copy(before)
        del self._before[context.undoes]
        return "The clipboard is as it was."

    @tool(effect="write", undo=_put_back)
    def copy_to_clipboard(self, context: ToolContext, text: str) -> str:
        """Put text on the clipboard.

        Args:
            text: The text to copy.
        """
        text = text.encode("utf-8", "replace").decode("utf-8")
        if len(text) > _LONGEST:
            raise ToolError(f"The text is too long for the clipboard: {_LONGEST} characters at most.")
        if context.idempotency_key not in self._before:
            self._before[context.idempotency_key] = _paste(), text
            while len(self._before) > _KEPT:
                self._before.popitem(last=False)
        _copy(text)
        return "It is on the clipboard."

    @tool(effect="write")
    def open_app(self, name: str) -> str:
        """Open an application on this computer.

        Args:
            name: The application's name, for example Firefox.
        """
        known = {title: command for title, command in _installed().items() if self._may(title)}
        meant = closest(name, list(known))
        if len(meant) != 1:
            shown = ", ".join((meant or sorted(known))[:8]) or "none"
            raise ToolError(f"'{name[:40]}' is no application that I can open. There are: {shown}.")
        _start(known[meant[0]])
        return f"{meant[0]} is opening."

    def _may(self, title: str) -> bool:
        return not self._apps or title.casefold() in {app.casefold() for app in self._apps}


def _paste() -> str:
    import pyperclip

    try:
        return str(pyperclip.paste())
    except pyperclip.PyperclipException:
        raise _no_clipboard() from None


def _copy(text: str) -> None:
    import pyperclip

    try:
        pyperclip.copy(text)
    except pyperclip.PyperclipException:
        raise _no_clipboard() from None


def _no_clipboard() -> ToolError:
    return ToolError(
        "There is no clipboard here.", remedy="on Linux, install xclip or wl-clipboard and run on a desktop"
    )


def _installed() -> Mapping[str, list[str]]:
    """The applications in the desktop's menu, and the command that opens each."""
    if sys.platform == "darwin":
        folders = (Path("/Applications"), Path("/System/Applications"), Path.home() / "Applications")
        return {app.stem: ["open", "-a", str(app)] for place in folders for app in place.glob("*.app")}
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise ToolError("There is no desktop here, so nothing can be opened.")
    return dict(_entries())


def _entries() -> Iterator[tuple[str, list[str]]]:
    """Names and commands of the menu, as freedesktop.org's Desktop Entry Specification has them."""
    own = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    shared = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    for place in (*reversed(shared.split(":")), own):
        for path in sorted(Path(place).glob("applications/*.desktop")):
            if entry := _entry(path):
                yield entry


def _entry(path: Path) -> tuple[str, list[str]] | None:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(path.read_text(encoding="utf-8", errors="replace"))
        entry = parser["Desktop Entry"]
        command = [word for word in shlex.split(entry["Exec"]) if not _is_field(word)]
    except (OSError, KeyError, ValueError, configparser.Error):
        return None
    hidden = any(entry.get(key, "false").casefold() == "true" for key in ("NoDisplay", "Hidden", "Terminal"))
    if entry.get("Type") != "Application" or hidden or not command or not entry.get("Name"):
        return None
    return entry["Name"], command


def _is_field(word: str) -> bool:
    """`%U` and the like, which stand for files that are to be opened: none are."""
    return len(word) == 2 and word[0] == "%"


def _start(command: list[str]) -> None:
    nothing = subprocess.DEVNULL
    try:
        opened = subprocess.Popen(
            command, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True
        )
    except OSError as error:
        raise ToolError(f"It cannot be opened: {error.strerror or error}.") from None
    # It may outlive this program; while this one lives, somebody has to take note of its end.
    threading.Thread(target=opened.wait, name="omni-agent-app", daemon=True).start()

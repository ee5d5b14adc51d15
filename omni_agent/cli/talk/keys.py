"""The keys of `omni-agent talk`, read from a terminal one by one, elsewhere as lines."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Literal

Kind = Literal["talk", "mute", "interrupt", "leave", "say"]

HELP = "space talk · m mute · i stop it · Enter write · q leave"
_KEYS: dict[str, Kind] = {" ": "talk", "m": "mute", "i": "interrupt", "q": "leave", "\x1b": "interrupt"}
_COMMANDS: dict[str, Kind] = {"/talk": "talk", "/mute": "mute", "/stop": "interrupt", "/quit": "leave"}
_END, _ERASE, _CLEAR, _EOF, _ESCAPE = "\r\n", "\x7f\b", "\x15", "\x04", "\x1b"


@dataclass(frozen=True, slots=True)
class Action:
    """What the user wants; `text` is what he says by typing it."""

    kind: Kind
    text: str = ""


class Keys:
    """Makes actions of what is typed.

    A key that means something does so while no line is being written. Enter begins a line, and so does any
    other letter; Enter says it, Escape drops it.

    Attributes:
        draft: The line that is being written; None while there is none.
    """

    def __init__(self) -> None:
        self.draft: str | None = None

    def feed(self, typed: str) -> list[Action]:
        """What follows from what was read in one go: a key, an arrow's sequence, or pasted text."""
        if typed.startswith(_ESCAPE) and len(typed) > 1:
            # An arrow or a function key; nothing is moved about here.
            return []
        if self.draft is None and len(typed.rstrip(_END)) > 1:
            self.draft = ""
        return [action for key in typed if (action := self._key(key))]

    def _key(self, key: str) -> Action | None:
        if key == _EOF:
            return Action("leave")
        if self.draft is not None:
            return self._write(self.draft, key)
        if kind := _KEYS.get(key.casefold()):
            return Action(kind)
        if key in _END:
            self.draft = ""
        elif key.isprintable():
            self.draft = key
        return None

    def _write(self, draft: str, key: str) -> Action | None:
        if key in _END or key == _ESCAPE:
            self.draft = None
            said = draft.strip()
            return Action("say", said) if said and key in _END else None
        if key in _ERASE:
            self.draft = draft[:-1]
        elif key == _CLEAR:
            self.draft = ""
        elif key.isprintable():
            self.draft = draft + key
        return None


def line_action(line: str) -> Action | None:
    """What a whole line means, where there is no terminal."""
    line = line.strip()
    if not line:
        return None
    kind = _COMMANDS.get(line)
    return Action(kind) if kind else Action("say", line)


@contextmanager
def keyboard(keys: Keys, act: Callable[[Action], None]) -> Iterator[None]:
    """Read standard input while entered: key by key on a terminal, else line by line until it ends.

    Args:
        keys: What the keys mean.
        act: Called in the running event loop.
    """
    loop = asyncio.get_running_loop()
    if sys.stdin is None or not sys.stdin.isatty():
        _read_lines(loop, act)
        yield
        return
    import termios
    import tty

    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)

    def read() -> None:
        typed = os.read(terminal, 4096)
        if not typed:
            loop.remove_reader(terminal)
            return act(Action("leave"))
        for action in keys.feed(typed.decode(errors="ignore")):
            act(action)
        return None

    # Signals stay as they are, so that Ctrl-C is one.
    tty.setcbreak(terminal)
    loop.add_reader(terminal, read)
    try:
        yield
    finally:
        loop.remove_reader(terminal)
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _read_lines(loop: asyncio.AbstractEventLoop, act: Callable[[Action], None]) -> None:
    def read() -> None:
        # Standard input may be closed, and the loop may: then there is nothing more to say.
        with suppress(OSError, ValueError, RuntimeError):
            for line in sys.stdin or ():
                if action := line_action(line):
                    loop.call_soon_threadsafe(act, action)

    # Nothing can end a read of a pipe; the thread must not keep the program from ending.
    threading.Thread(target=read, name="omni-agent-lines", daemon=True).start()

"""What a plugin does to the machine, seen by Python's audit events; the worst of it is stopped.

Writing or deleting outside of the sandbox raises `PermissionError`, and without leave so does the network,
with an `OSError`. What compiled code does by itself is not seen.
"""

from __future__ import annotations

import errno
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from .sandbox import Sandbox, inside

Kind = Literal["write", "delete", "process", "network"]

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_DELETING = {"os.remove", "os.rmdir", "shutil.rmtree"}
_CHANGING = {"os.mkdir", "os.truncate", "os.chmod", "os.chown", "os.symlink", "os.link", "os.rename"}
_STARTING = {
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.spawn",
    "os.fork",
    "os.forkpty",
    "os.startfile",
    "os.kill",
    "os.killpg",
    "pty.spawn",
}
_LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")
_DEVICES = (Path("/dev"),)


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that was done while the watch looked on.

    Attributes:
        what: The path, program or address.
        stopped: It was not let through.
    """

    kind: Kind
    what: str
    stopped: bool = False


class Watch:
    """Stands guard for good, since an audit hook cannot be removed, and keeps what is done while `on` is set.

    Args:
        sandbox: Where changes are let through.
        network: Whether other machines may be reached.
    """

    def __init__(self, sandbox: Sandbox, *, network: bool) -> None:
        self._inside = (*sandbox.watched, *sandbox.free, *_DEVICES)
        self._free = (*sandbox.free, *_DEVICES)
        self._network = network
        self._deeds: list[Deed] = []
        self.on = False
        sys.addaudithook(self._hook)

    def take(self) -> list[Deed]:
        """What was done since the last time."""
        taken, self._deeds = self._deeds, []
        return list(dict.fromkeys(taken))

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            # Python opens for reading and writing where a mode says so, os.open where its flags do.
            if isinstance(path, str | bytes | os.PathLike) and (flags or 0) & _WRITING:
                self._touched("write", path)
        elif event in _DELETING:
            self._touched("delete", arguments[0])
        elif event in _CHANGING:
            for path in arguments[:2] if event in {"os.rename", "os.link", "os.symlink"} else arguments[:1]:
                self._touched("write", path)
        elif event in _STARTING:
            self._keep(Deed("process", _program(event, arguments)))
        elif event in {"socket.connect", "socket.getaddrinfo", "socket.sendto"}:
            self._connected(arguments[0] if event == "socket.getaddrinfo" else arguments[1])

    def _touched(self, kind: Literal["write", "delete"], path: Any) -> None:
        if isinstance(path, int):
            return
        name = os.fsdecode(path)
        if not inside(name, self._inside):
            self._keep(Deed(kind, name, stopped=True))
            raise PermissionError(
                errno.EACCES, "the conformance kit allows no change outside of its home", name
            )
        if not inside(name, self._free):
            self._keep(Deed(kind, name))

    def _connected(self, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else address
        if not isinstance(host, str) or host.startswith(("/", "\0", *_LOOPBACK)) or not host:
            return
        self._keep(Deed("network", host, stopped=not self._network))
        if not self._network:
            raise OSError(errno.ENETUNREACH, "the conformance kit gives no network")

    def _keep(self, deed: Deed) -> None:
        if self.on:
            self._deeds.append(deed)


def _program(event: str, arguments: tuple[Any, ...]) -> str:
    if event in {"os.fork", "os.forkpty"}:
        return "a copy of itself"
    if event.startswith("os.kill"):
        return f"a signal to process {arguments[0]}"
    first = arguments[0]
    if event == "subprocess.Popen" and not first and arguments[1]:
        first = arguments[1][0] if not isinstance(arguments[1], str) else arguments[1]
    return os.fsdecode(first) if isinstance(first, str | bytes | os.PathLike) else str(first)

"""The bytes of a streamed answer, cut into the JSON texts that it is made of.

Lines end with a line feed, a carriage return, or both, and with nothing else: JSON may hold the other marks
that Python takes for line ends (U+2028 and its like) as they are. Sources: the HTML standard, "Server-sent
events"; ndjson.org.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...errors import ModelError

DONE = "[DONE]"
LONGEST = 64 * 1024 * 1024
"""Bytes of one line from which on a server is taken for one that will never end it."""


class Lines:
    """Bytes, however they are cut, to lines."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._after_return = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The lines that are whole now, without their ends.

        Raises:
            ModelError: A line is longer than any server means it to be.
        """
        if self._after_return and data.startswith(b"\n"):
            data = data[1:]
        self._after_return = data.endswith(b"\r") if data else self._after_return
        if b"\n" not in data and b"\r" not in data:
            self._hold(data)
            return
        whole = bytes(self._held) + data
        self._held.clear()
        *lines, rest = whole.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._hold(rest)
        yield from lines

    def finish(self) -> bytes:
        """What came without an end."""
        rest = bytes(self._held)
        self._held.clear()
        return rest

    def _hold(self, data: bytes) -> None:
        self._held += data
        if len(self._held) > LONGEST:
            raise ModelError(
                "the server sent a line without an end", remedy="see whether its address is that of the API"
            )


class Events:
    """Server-sent events: the data of each, comments and other fields left out."""

    def __init__(self) -> None:
        self._lines = Lines()
        self._data: list[bytes] = []

    def feed(self, data: bytes) -> Iterator[str]:
        """The data of the events that are whole now."""
        for line in self._lines.feed(data):
            if not line:
                yield from self._event()
            else:
                self._take(line)

    def finish(self) -> Iterator[str]:
        """An event whose blank line never came: servers leave it out after the last."""
        if rest := self._lines.finish():
            self._take(rest)
        yield from self._event()

    def _take(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        # Older releases of llama.cpp's server report a failure in a field of its own.
        if name in {b"data", b"error"}:
            self._data.append(value.removeprefix(b" "))
        elif name.lstrip().startswith((b"{", b"<")):
            # No event at all, but a body that an error page or a plain answer has.
            self._data.append(line)

    def _event(self) -> Iterator[str]:
        if self._data:
            text = b"\n".join(self._data).decode("utf-8", "replace")
            self._data = []
            yield text


class JsonLines:
    """A JSON text on each line."""

    def __init__(self) -> None:
        self._lines = Lines()

    def feed(self, data: bytes) -> Iterator[str]:
        """The texts that are whole now."""
        for line in self._lines.feed(data):
            if line.strip():
                yield line.decode("utf-8", "replace")

    def finish(self) -> Iterator[str]:
        """A last line without an end."""
        if rest := self._lines.finish().strip():
            yield rest.decode("utf-8", "replace")


Framing = Callable[[], Events | JsonLines]

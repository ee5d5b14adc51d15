"""The text of an iCalendar file (RFC 5545), taken apart only as far as its events must be told apart.

What is not touched stays byte for byte as it was, whichever program wrote it and whatever it means.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NoReturn

from omni_agent.errors import ToolError

from .readable import printable

__all__ = ["Ics", "IcsEvent", "parsed"]

_MARK = re.compile(
    rb"^(?:\A\xef\xbb\xbf)?(BEGIN|END):[ \t]*([A-Z0-9-]+)[ \t]*\r?(?:\n|\Z)", re.MULTILINE | re.IGNORECASE
)
_FOLD = re.compile(rb"\r?\n[ \t]")
_LINE = re.compile(rb"[^\n]*(?:\n[ \t][^\n]*)*(?:\n|\Z)")
_NAME = re.compile(rb"[A-Za-z0-9-]*")
_PARAMETERS = rb'((?:;[^:"\r\n]*(?:"[^"\r\n]*"[^:"\r\n]*)*)?)'
_NAMES = (
    b"UID", b"DTSTART", b"DTEND", b"DURATION", b"RRULE", b"RDATE", b"EXDATE", b"RECURRENCE-ID", b"STATUS",
    b"SEQUENCE", b"SUMMARY", b"LOCATION", b"DESCRIPTION", b"TZID",
)  # fmt: skip
_PROPERTY = {
    name: re.compile(rb"^" + name + _PARAMETERS + rb":([^\r\n]*)", re.MULTILINE | re.IGNORECASE)
    for name in _NAMES
}
_ESCAPED = re.compile(r"\\(.)")
_BLANK = b"\xef\xbb\xbf \t\r\n"
_DEEPEST = 8
_NEW = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//omni-agent//calendar//EN\r\n"


@dataclass(frozen=True)
class IcsEvent:
    """One component of a calendar as it stands in the file: an event, or a time zone.

    Attributes:
        at: Where it begins in the file, in bytes.
        raw: All of its lines.
    """

    at: int
    raw: bytes = field(repr=False)

    @cached_property
    def own(self) -> bytes:
        """Its lines, unfolded, without those of the alarms in it."""
        unfolded = _FOLD.sub(b"", self.raw)
        if len(_MARK.findall(unfolded)) == 2:
            return unfolded
        return b"".join(line for depth, line in _by_depth(unfolded) if depth == 1)

    @cached_property
    def key(self) -> str:
        """Its UID, or a digest where it has none; the exceptions of a repeating event share its UID."""
        uid = self.value(b"UID")
        return (uid[1].decode("utf-8", "replace") if uid else "") or hashlib.sha256(self.raw).hexdigest()

    def lines(self, name: bytes) -> list[bytes]:
        """All properties of that name as they are written, unfolded."""
        return [found[0] for found in _PROPERTY[name].finditer(self.own)]

    def value(self, name: bytes) -> tuple[bytes, bytes] | None:
        """Parameters (with their semicolon) and value of the first property of that name, as written."""
        found = _PROPERTY[name].search(self.own)
        return (found[1], found[2]) if found else None

    def values(self, name: bytes) -> list[bytes]:
        """The values of all properties of that name."""
        return [found[2] for found in _PROPERTY[name].finditer(self.own)]

    def text(self, name: bytes) -> str:
        """A text property on one line; empty where there is none."""
        found = self.value(name)
        if not found:
            return ""
        written = found[1].decode("utf-8", "replace")
        return " ".join(printable(_ESCAPED.sub(_unescaped, written)).split())

    @property
    def repeats(self) -> bool:
        """Whether it has rules or dates of repetition."""
        return bool(self.value(b"RRULE") or self.value(b"RDATE"))

    def edited(self, drop: Collection[bytes], add: Iterable[bytes]) -> bytes:
        """Its text without some properties, and with other lines at its start; alarms stay as they are."""
        end = b"\r\n" if b"\r\n" in self.raw else b"\n"
        first, *kept = [line for depth, line in _by_depth(self.raw) if depth != 1 or _name(line) not in drop]
        lines = [*add] if self.value(b"UID") else [b"UID:" + self.key.encode(), *add]
        return b"".join([first, *(line + end for line in lines), *kept])


@dataclass(frozen=True)
class Ics:
    """A file of events.

    Attributes:
        data: All of it.
        events: Its events, in order.
        zones: The time zones that it defines.
        end: Where a new event goes, in bytes; None where the file is empty.
    """

    data: bytes = field(repr=False)
    events: tuple[IcsEvent, ...] = field(repr=False)
    zones: tuple[IcsEvent, ...] = field(repr=False)
    end: int | None

    @cached_property
    def groups(self) -> dict[str, list[IcsEvent]]:
        """The events by their key, each with its exceptions."""
        groups: dict[str, list[IcsEvent]] = {}
        for event in self.events:
            groups.setdefault(event.key, []).append(event)
        return groups

    def raw(self, key: str) -> bytes:
        """The text of all events of a key."""
        return b"".join(event.raw for event in self.groups.get(key, ()))

    def fitted(self, raw: bytes) -> bytes:
        """A text with the ends of lines that the file has."""
        return raw.replace(b"\r\n", b"\n") if self.data and b"\r\n" not in self.data else raw

    def next_key(self, key: str) -> str:
        """The key of the event that stands after the first one of a key; empty where none does."""
        keys = [event.key for event in self.events]
        after = keys[keys.index(key) + 1 :] if key in self.groups else []
        return next((other for other in after if other != key), "")

    def replaced(self, key: str, raw: bytes, *, above: str = "") -> bytes:
        """The file with another text for the events of a key, or with one more, or without them.

        Args:
            key: The key.
            raw: The text; empty where the events go.
            above: The key of the event above which a new one goes; it goes to the end where there is none.
        """
        if self.end is None:
            return _NEW + raw + b"END:VCALENDAR\r\n"
        there = self.groups.get(key, ())
        place = there or self.groups.get(above, ())
        at = place[0].at if place else self.end
        pieces, last = [self.data[:at], raw], at
        for event in there:
            pieces.append(self.data[last : event.at])
            last = event.at + len(event.raw)
        return b"".join([*pieces, self.data[last:]])


def parsed(data: bytes) -> Ics:
    """Take a file apart; one with nothing in it is a calendar without events.

    Raises:
        ToolError: It is no iCalendar file, or not a whole one.
    """
    stack, events, zones = list[tuple[bytes, int]](), list[IcsEvent](), list[IcsEvent]()
    first, end = len(data), None
    for mark in _MARK.finditer(data):
        name = mark[2].upper()
        if mark[1].upper() == b"BEGIN":
            if (not stack) != (name == b"VCALENDAR") or len(stack) > _DEEPEST:
                _broken(data, mark.start(1))
            first = min(first, mark.start(1))
            stack.append((name, mark.start(1)))
            continue
        if not stack or stack[-1][0] != name:
            _broken(data, mark.start(1))
        _, start = stack.pop()
        if not stack:
            end = mark.start(1)
        elif len(stack) == 1 and name in (b"VEVENT", b"VTIMEZONE"):
            kind = events if name == b"VEVENT" else zones
            kind.append(IcsEvent(start, data[start : mark.end()]))
    if stack or data[:first].strip(_BLANK):
        _broken(data, len(data) if stack else 0)
    return Ics(data, tuple(events), tuple(zones), end)


def _by_depth(text: bytes) -> Iterator[tuple[int, bytes]]:
    """The lines of a component, each with what is folded under it; those of the alarms in it are at 2."""
    depth = 0
    for found in _LINE.finditer(text):
        mark = _MARK.match(found[0])
        depth += mark is not None and mark[1].upper() == b"BEGIN"
        if found[0]:
            yield depth, found[0]
        depth -= mark is not None and mark[1].upper() == b"END"


def _name(line: bytes) -> bytes:
    found = _NAME.match(line)
    return found[0].upper() if found else b""


def _broken(data: bytes, at: int) -> NoReturn:
    line = data.count(b"\n", 0, at) + 1
    raise ToolError(f"The calendar's file is broken at line {line}, so it is left as it is.")


def _unescaped(match: re.Match[str]) -> str:
    return " " if match[1] in "nN" else match[1]

"""What the `format`s of a JSON Schema mean here: each is checked, with the standard library alone.

Where a value stands for a moment, a span or an id, whatever pydantic reads as one is let through (a time
without an offset, `10:00` without seconds), since the function gets it in its own type.
"""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Callable
from datetime import date, datetime, time
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import UUID

if TYPE_CHECKING:
    from jsonschema import FormatChecker

_DURATION = re.compile(
    r"[-+]?P(?=[\dT])(\d+([.,]\d+)?[YMWD])*(T(?=\d)(\d+([.,]\d+)?[HMS])+)?"
    r"|[-+]?(\d+ days?,? )?\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?"
)
_CLOCK = r"\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?([Zz]|[-+]\d{2}:?\d{2})?"
_LABEL = r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)"
_WHOLE = {"int32": 2**31, "int64": 2**63}


def _matches(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda text: compiled.fullmatch(text) is not None


def _parses(
    parse: Callable[[str], object], pattern: str = r"[\s\S]*", *, but: type[Exception] = ValueError
) -> Callable[[str], bool]:
    shape = re.compile(pattern)

    def check(text: str) -> bool:
        try:
            parse(text)
        except but:
            return False
        return shape.fullmatch(text) is not None

    return check


def _is_uri(text: str) -> bool:
    try:
        parts = urlsplit(text)
        named = bool(parts.hostname) or parts.scheme not in ("http", "https", "ws", "wss", "ftp")
    except ValueError:
        return False
    return bool(parts.scheme) and named and _is_reference(text)


def _is_reference(text: str) -> bool:
    return _parses(urlsplit, r"[^\s<>\"{}|\\^`]*")(text)


def _base64(alphabet: bytes | None) -> Callable[[str], bool]:
    def decode(text: str) -> object:
        padded = text + "=" * (-len(text) % 4)
        return base64.b64decode(padded, altchars=alphabet, validate=True)

    # binascii.Error is a ValueError.
    return _parses(decode, r"[A-Za-z0-9+/_=-]*")


_TEXT: dict[str, Callable[[str], bool]] = {
    "date": _parses(date.fromisoformat, r"\d{4}-\d{2}-\d{2}"),
    "time": _parses(time.fromisoformat, _CLOCK),
    "date-time": _parses(datetime.fromisoformat, rf"\d{{4}}-\d{{2}}-\d{{2}}[Tt ]{_CLOCK}"),
    "duration": lambda text: _DURATION.fullmatch(text) is not None,
    "uuid": _parses(UUID),
    **{f"uuid{version}": _parses(UUID) for version in range(1, 9)},
    "email": _matches(r"[^@\s]+@[^@\s]+"),
    "idn-email": _matches(r"[^@\s]+@[^@\s]+"),
    "name-email": _matches(r"[^@]*[^@\s]+@[^@\s]+"),
    "uri": _is_uri,
    "uri-reference": _is_reference,
    "multi-host-uri": _matches(r"[A-Za-z][A-Za-z0-9+.-]*://\S+"),
    "hostname": _matches(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*"),
    "ipv4": _parses(ipaddress.IPv4Address),
    "ipv6": _parses(ipaddress.IPv6Address),
    "ipv4network": _parses(ipaddress.IPv4Network),
    "ipv6network": _parses(ipaddress.IPv6Network),
    "ipv4interface": _parses(ipaddress.IPv4Interface),
    "ipv6interface": _parses(ipaddress.IPv6Interface),
    "ipvanyaddress": _parses(ipaddress.ip_address),
    "ipvanynetwork": _parses(ipaddress.ip_network),
    "ipvanyinterface": _parses(ipaddress.ip_interface),
    "json-pointer": _matches(r"(/([^~/]|~[01])*)*"),
    "regex": _parses(re.compile, but=re.error),
    "byte": _base64(None),
    "base64": _base64(None),
    "base64url": _base64(b"-_"),
    "color": _matches(r"#?[0-9a-fA-F]{3,8}|[A-Za-z]+|(rgb|hsl)a?\(.*\)"),
}

# Pydantic and OpenAPI write these to say what a value is for; any text or number will do.
_ANYTHING = frozenset(
    {"password", "binary", "path", "file-path", "directory-path", "json-string", "decimal", "float", "double"}
)

KNOWN = frozenset(_TEXT) | _ANYTHING | frozenset(_WHOLE)


@cache
def format_checker() -> FormatChecker:
    """Checks every format in `KNOWN`; of another type than the format is about, anything passes."""
    from jsonschema import FormatChecker

    checker = FormatChecker(formats=())
    for name, check in _TEXT.items():
        checker.checks(name)(_of_text(check))
    for name, most in _WHOLE.items():
        checker.checks(name)(_of_whole(most))
    return checker


def _of_text(check: Callable[[str], bool]) -> Callable[[object], bool]:
    return lambda value: not isinstance(value, str) or check(value)


def _of_whole(most: int) -> Callable[[object], bool]:
    return lambda value: not isinstance(value, int) or -most <= value < most

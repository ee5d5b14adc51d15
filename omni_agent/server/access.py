"""Under which names a server may be asked for, and which web pages may use it.

A page of another site can make a browser send requests here. It gives itself away by its `Origin`; and where
it has its own name lead to this machine (DNS rebinding), by the `Host` that it then asks for.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from ..errors import ConfigError

LOOPBACK = "127.0.0.1"
_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?")
_USUAL = {"http": "80", "https": "443"}


@dataclass(frozen=True, slots=True)
class Access:
    """Who may come in.

    Attributes:
        host: Where it listens.
        hosts: Further names under which it is asked for, in lower case.
        origins: Further origins whose pages may use it, such as `https://example.com`.
        keys: Nobody comes in without a key.
        secure: It is spoken to by TLS.
    """

    host: str = LOOPBACK
    hosts: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()
    keys: bool = False
    secure: bool = False

    def __post_init__(self) -> None:
        for origin in self.origins - {"null"}:
            parts = urlsplit(origin)
            if (
                parts.scheme not in _USUAL
                or not parts.hostname
                or f"{parts.scheme}://{parts.netloc}" != origin
            ):
                raise ConfigError(
                    f"'{origin}' is no origin of web pages",
                    remedy="give one as https://example.com, without a path",
                )

    def named(self, host: str) -> bool:
        """Whether `Host` is a name of this server.

        Where it listens on all addresses, any address is: rebinding needs a name.
        """
        found = _HOST.fullmatch(host)
        if not found:
            return False
        name = found.group(1).strip("[]").lower().rstrip(".")
        if name in self.hosts or name == self.host.lower():
            return True
        address = _address(name)
        if is_loopback(self.host):
            return name == "localhost" or (address is not None and address.is_loopback)
        if self._everywhere:
            return address is not None or name in ("localhost", socket.gethostname().lower())
        return False

    def same(self, origin: str, host: str) -> bool:
        """Whether a page comes from this very server.

        The scheme is left out of it: it changes where a proxy in front of the server ends TLS.
        """
        scheme, _, place = origin.lower().partition("://")
        usual = _USUAL.get(scheme)
        return usual is not None and _with_port(place, usual) == _with_port(host.lower(), usual)

    def permits(self, origin: str) -> bool:
        """Whether an origin's pages may use it though they are another site's."""
        return origin in self.origins

    @property
    def _everywhere(self) -> bool:
        address = _address(self.host)
        return address is not None and address.is_unspecified


def is_loopback(host: str) -> bool:
    """Whether nothing but this machine reaches what listens there."""
    address = _address(host)
    return host.lower() == "localhost" or (address is not None and address.is_loopback)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _with_port(place: str, usual: str) -> str:
    return place if re.search(r":\d+$", place) else f"{place}:{usual}"

"""Which internet addresses may be reached for somebody else, and what a host's name leads to."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from .errors import InputError

__all__ = ["Address", "literal", "lookup", "reachable"]

Address = IPv4Address | IPv6Address

# IANA's registries of special-purpose addresses, as of 2025; `ipaddress` answers differently from one
# release of Python to the next.
_CLOSED_4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
            "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
            "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
        ),
    )
)  # fmt: skip
_GLOBAL_6 = IPv6Network("2000::/3")
_CLOSED_6 = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "3fff::/20")))
_HOME = tuple(
    map(
        ipaddress.ip_network,
        (
            "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128",
            "fc00::/7",
        ),
    )
)  # fmt: skip
_SIX_TO_FOUR = IPv6Network("2002::/16")
_NAT64 = IPv6Network("64:ff9b::/96")
_NUMBER = re.compile(r"(?:0x[0-9a-f]*|\d+)", re.IGNORECASE)


def reachable(address: Address, *, private: bool = False) -> bool:
    """Whether an address is one of the public internet; with `private`, also of this machine or home.

    An IPv6 address that carries an IPv4 address (mapped, 6to4, NAT64) is what that one is. Addresses that
    are local to one link are never reachable: clouds keep their machines' secrets there.
    """
    address = _carried(address)
    if private and any(address in network for network in _HOME):
        return True
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _CLOSED_4)
    return address in _GLOBAL_6 and not any(address in network for network in _CLOSED_6)


def literal(host: str) -> Address | None:
    """The address that a host is written as; None where it is a name.

    Raises:
        InputError: It is an address in disguise: in one number, octal, hexadecimal, shortened, or with a
            zone.
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        # Whatever ends in a number is an address to some resolvers (https://url.spec.whatwg.org/#host-parsing).
        if ":" in host or _NUMBER.fullmatch(host.rpartition(".")[2]):
            raise InputError(f"'{host[:60]}' is no address of a web page. Give the site's name.") from None
        return None
    if isinstance(address, IPv6Address) and address.scope_id:
        raise InputError(f"'{host[:60]}' is an address of this machine's own network, and no web page.")
    return address


async def lookup(host: str, port: int) -> list[Address]:
    """All addresses of a host's name, in the order in which to try them.

    Raises:
        InputError: The name is not known, or cannot be looked up now.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise InputError(f"There is no site called '{host[:60]}', or the network is down.") from None
    return [ipaddress.ip_address(str(where[0])) for *_, where in found]


def _carried(address: Address) -> Address:
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped:
        return address.ipv4_mapped
    if address in _SIX_TO_FOUR:
        return IPv4Address(int(address) >> 80 & 0xFFFF_FFFF)
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address

"""Which addresses are public: against the standard library, and in every disguise."""

from __future__ import annotations

import ipaddress
import socket
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from omni_agent.addresses import literal, reachable
from omni_agent.errors import InputError

FOURS = st.ip_addresses(v=4) | st.ip_addresses(v=4, network="10.0.0.0/8") | st.sampled_from(
    [
        IPv4Address(text)
        for text in (
            "0.0.0.0", "8.8.8.8", "100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0",
            "126.255.255.255", "127.0.0.1", "128.0.0.0", "169.254.169.254", "172.15.255.255", "172.16.0.0",
            "172.31.255.255", "172.32.0.0", "192.0.0.9", "192.0.2.1", "192.168.0.1", "198.18.0.1",
            "198.51.100.7", "203.0.113.9", "223.255.255.255", "224.0.0.1", "240.0.0.1", "255.255.255.255",
        )
    ]
)  # fmt: skip
ANY = FOURS | st.ip_addresses(v=6) | st.ip_addresses(v=6, network="2000::/3")


@given(ANY)
def test_what_is_reachable_is_global(address: IPv4Address | IPv6Address) -> None:
    carriers = list(map(ipaddress.ip_network, ("::ffff:0:0/96", "64:ff9b::/96", "2002::/16")))
    if reachable(address) and not any(address in network for network in carriers):
        assert not address.is_private
        assert not address.is_loopback
        assert not address.is_link_local
        assert not address.is_multicast
        assert not address.is_reserved
        assert not address.is_unspecified


@given(FOURS)
def test_four_parts_agree_with_the_standard_library(address: IPv4Address) -> None:
    relays = ipaddress.ip_network("192.88.99.0/24"), ipaddress.ip_network("192.0.0.0/24")
    if not any(address in network for network in relays):
        assert reachable(address) == (address.is_global and not address.is_multicast)


@given(FOURS, st.booleans())
@example(IPv4Address("127.0.0.1"), False)
@example(IPv4Address("8.8.8.8"), False)
def test_an_address_inside_another_is_what_it_is(address: IPv4Address, private: bool) -> None:
    expected = reachable(address, private=private)
    for outer in (
        IPv6Address(f"::ffff:{address}"),
        IPv6Address(f"64:ff9b::{address}"),
        IPv6Address((0x2002 << 112) | (int(address) << 80) | 1),
    ):
        assert reachable(outer, private=private) is expected
    assert not reachable(IPv6Address(int(address)))


@pytest.mark.parametrize(
    ("text", "public", "at_home"),
    [
        ("1.1.1.1", True, True),
        ("2606:4700::1111", True, True),
        ("127.0.0.1", False, True),
        ("192.168.1.1", False, True),
        ("100.100.100.200", False, True),
        ("::1", False, True),
        ("fd00::1", False, True),
        ("::ffff:10.0.0.1", False, True),
        ("169.254.169.254", False, False),
        ("fe80::1", False, False),
        ("fec0::1", False, False),
        ("ff02::1", False, False),
        ("224.0.0.1", False, False),
        ("0.0.0.0", False, False),
        ("::", False, False),
        ("::127.0.0.1", False, False),
        ("2001::1", False, False),
        ("2001:db8::1", False, False),
        ("3fff::1", False, False),
        ("5f00::1", False, False),
        ("64:ff9b:1::1", False, False),
        ("100::1", False, False),
        ("240.0.0.1", False, False),
    ],
)
def test_known_addresses(text: str, public: bool, at_home: bool) -> None:
    address = ipaddress.ip_address(text)
    assert (reachable(address), reachable(address, private=True)) == (public, at_home)


@given(FOURS | st.ip_addresses(v=6))
def test_an_address_is_read_as_it_is_written(address: IPv4Address | IPv6Address) -> None:
    assert literal(str(address)) == address


@given(FOURS, st.sampled_from(["{0}", "0x{0:x}", "0{0:o}", "{1}.{2}", "{1}.0x{2:x}", "0{1:o}.{3}.{4}.{5}"]))
def test_an_address_in_disguise_is_refused(address: IPv4Address, form: str) -> None:
    whole = int(address)
    parts = address.packed
    text = form.format(whole, parts[0], whole & 0xFF_FFFF, parts[1], parts[2], parts[3])
    if text.startswith("00."):
        assert socket.inet_aton(text)
    with pytest.raises(InputError):
        literal(text)


@pytest.mark.parametrize(
    "text", ["fe80::1%eth0", "1.2.3.4.5", "1.2.3.256", "1:2", "a.0x", "0x7f", "127.0.0.1:80"]
)
def test_broken_addresses_are_refused(text: str) -> None:
    with pytest.raises(InputError):
        literal(text)


@pytest.mark.parametrize(
    "text", ["example.com", "4chan.org", "a.b.c0", "localhost", "1password.com", "0xa.io"]
)
def test_names_are_no_addresses(text: str) -> None:
    assert literal(text) is None

"""Which internet addresses a tool may reach: the core's answer, told to the model."""

from __future__ import annotations

from omni_agent import addresses
from omni_agent.addresses import Address, reachable
from omni_agent.errors import InputError, ToolError

__all__ = ["Address", "literal", "lookup", "reachable"]


def literal(host: str) -> Address | None:
    """The address that a host is written as; None where it is a name.

    Raises:
        ToolError: It is an address in disguise.
    """
    try:
        return addresses.literal(host)
    except InputError as error:
        raise ToolError(error.message) from None


async def lookup(host: str, port: int) -> list[Address]:
    """All addresses of a host's name, in the order in which to try them.

    Raises:
        ToolError: The name is not known, or cannot be looked up now.
    """
    try:
        return await addresses.lookup(host, port)
    except InputError as error:
        raise ToolError(error.message) from None

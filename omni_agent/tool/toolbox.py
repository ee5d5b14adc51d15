"""The tools that an agent holds."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

from ..errors import ToolDefinitionError, ToolNotFound
from .definition import Tool, tool

if TYPE_CHECKING:
    from ..messages import ToolSpec

# A `Tool`, a function, a toolbox or list of them, or any object with `@tool` methods.
Offer: TypeAlias = object


class Toolbox:
    """Tools by name, in the order they were given.

    Args:
        offers: Each a `Tool`, a function, a bound method, another toolbox or list of tools, or an object
            whose class has `@tool` methods: these become tools that share the object.

    Raises:
        ToolDefinitionError: Two tools have the same name, or something cannot be a tool.
    """

    def __init__(self, offers: Iterable[Offer] = ()) -> None:
        self._tools: dict[str, Tool] = {}
        for offer in offers:
            for made in _made(offer):
                if made.name in self._tools:
                    raise ToolDefinitionError(
                        f"two tools are called '{made.name}'", remedy="rename or prefix one of them"
                    )
                self._tools[made.name] = made

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """What a model is shown."""
        return tuple(item.spec for item in self._tools.values())

    def __iter__(self) -> Iterator[Tool]:
        return iter(self._tools.values())

    def __len__(self) -> int:
        return len(self._tools)

    def __contains__(self, name: object) -> bool:
        return name in self._tools

    def __getitem__(self, name: str) -> Tool:
        try:
            return self._tools[name]
        except KeyError:
            known = ", ".join(self._tools) or "none"
            raise ToolNotFound(f"there is no tool '{name}'; there are: {known}") from None

    def __repr__(self) -> str:
        return f"Toolbox({', '.join(self._tools)})"


def tools_of(owner: object) -> tuple[Tool, ...]:
    """The `@tool` methods of an object, bound to it, in the order of its class; those it inherits first."""
    names = dict.fromkeys(name for part in reversed(type(owner).__mro__) for name in vars(part))
    found = (name for name in names if isinstance(inspect.getattr_static(type(owner), name, None), Tool))
    return tuple(getattr(owner, name) for name in found)


def _made(offer: Any) -> Iterable[Tool]:
    if isinstance(offer, Tool):
        if offer.method is not None:
            raise ToolDefinitionError(
                f"tool '{offer.name}' is a method without an object", remedy="give the object to the toolbox"
            )
        return (offer,)
    if isinstance(offer, Toolbox | list | tuple):
        return [made for item in offer for made in _made(item)]
    if inspect.isclass(offer):
        raise ToolDefinitionError(
            f"{offer.__name__} is a class", remedy=f"give an object: {offer.__name__}()"
        )
    return tools_of(offer) or (tool(offer),)

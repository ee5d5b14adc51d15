"""The tools that an agent holds."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

from ..errors import OmniError, ToolDefinitionError, ToolNotFound
from .definition import Tool, tool

if TYPE_CHECKING:
    from ..messages import ToolSpec

# A `Tool`, a function, a toolbox or list of them, a `ToolSource`, or any object with `@tool` methods.
Offer: TypeAlias = object


@runtime_checkable
class ToolSource(Protocol):
    """Tools that come and go: those of a server, for example."""

    async def tools(self) -> Sequence[Tool]:
        """What there is now; connects at the first call, and is cheap when nothing has changed.

        Raises:
            ToolError: The source cannot be reached.
        """
        ...

    async def close(self) -> None:
        """Let go of what it holds; it may be used again."""
        ...


class Toolbox:
    """Tools by name, in the order they were given.

    Args:
        offers: Each a `Tool`, a function, a bound method, another toolbox or list of tools, a source, or
            an object whose class has `@tool` methods: these become tools that share the object.

    The tools of a source are there after `refresh`.

    Raises:
        ToolDefinitionError: Two tools have the same name, or something cannot be a tool.
    """

    def __init__(self, offers: Iterable[Offer] = ()) -> None:
        self._offers = [made for offer in offers for made in _made(offer)]
        self._found: dict[int, Sequence[Tool]] = {}
        self._tools = self._by_name()

    @property
    def sources(self) -> tuple[ToolSource, ...]:
        """Where tools come and go."""
        return tuple(offer for offer in self._offers if not isinstance(offer, Tool))

    async def refresh(self) -> list[OmniError]:
        """Ask every source what it offers now; gives what went wrong.

        A source that cannot be reached keeps the tools that it had: calling them tells why they fail.
        """
        answers = await asyncio.gather(*(source.tools() for source in self.sources), return_exceptions=True)
        problems = list[OmniError]()
        for source, answer in zip(self.sources, answers, strict=True):
            if isinstance(answer, OmniError):
                problems.append(answer)
            elif isinstance(answer, BaseException):
                raise answer
            else:
                problems += self._take(source, answer)
        return problems

    def _take(self, source: ToolSource, tools: Sequence[Tool]) -> list[OmniError]:
        before = self._found.get(id(source), ())
        self._found[id(source)] = tools
        try:
            self._tools = self._by_name()
        except ToolDefinitionError as error:
            self._found[id(source)] = before
            return [error]
        return []

    def _by_name(self) -> dict[str, Tool]:
        tools: dict[str, Tool] = {}
        for offer in self._offers:
            for made in (offer,) if isinstance(offer, Tool) else self._found.get(id(offer), ()):
                if made.name in tools:
                    raise ToolDefinitionError(
                        f"two tools are called '{made.name}'", remedy="rename or prefix one of them"
                    )
                tools[made.name] = made
        return tools

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


def _made(offer: Any) -> Iterable[Tool | ToolSource]:
    if isinstance(offer, Tool):
        if offer.method is not None:
            raise ToolDefinitionError(
                f"tool '{offer.name}' is a method without an object", remedy="give the object to the toolbox"
            )
        return (offer,)
    if isinstance(offer, Toolbox):
        return offer._offers
    if isinstance(offer, list | tuple):
        return [made for item in offer for made in _made(item)]
    if inspect.isclass(offer):
        raise ToolDefinitionError(
            f"{offer.__name__} is a class", remedy=f"give an object: {offer.__name__}()"
        )
    if isinstance(offer, ToolSource):
        return (offer,)
    return tools_of(offer) or (tool(offer),)

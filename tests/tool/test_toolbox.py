"""Whatever can be a tool goes into a toolbox as it is."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from omni_agent import Tool, Toolbox, ToolContext, tool, tools_of
from omni_agent.errors import ToolDefinitionError, ToolNotFound
from tests.tool.running import context, run


def call(made: Tool, **arguments: Any) -> object:
    return run(made.run(made.validate(arguments), context()))


class Counter:
    """Counts, in steps of its own."""

    def __init__(self, step: int) -> None:
        self.step, self.count = step, 0

    @property
    def touched(self) -> str:
        raise AssertionError("a property is nobody's tool")

    @tool
    def add(self, times: int = 1) -> int:
        """Add to the count."""
        self.count += self.step * times
        return self.count

    @tool(name="read_count", effect="read", timeout=5)
    async def read(self, context: ToolContext) -> str:
        """Read the count."""
        return f"{context.user}: {self.count}"

    def reset(self) -> None:
        """Start again."""
        self.count = 0


class Twice(Counter):
    @tool
    def add(self, times: int = 1) -> int:
        """Add double to the count."""
        self.count += 2 * self.step * times
        return self.count

    @tool
    def twice(self) -> str:
        """Say so."""
        return "twice"


def test_methods_share_the_state_of_their_object() -> None:
    one, other = Counter(1), Counter(10)
    box, second = Toolbox([one, one.reset]), Toolbox([other])
    assert [t.name for t in box] == ["add", "read_count", "reset"]
    assert box["add"].spec.parameters["properties"].keys() == {"times"}
    assert (box["read_count"].effect, box["read_count"].timeout) == ("read", 5)
    assert call(box["add"]) == 1
    assert call(second["add"], times=2) == 20
    assert call(box["read_count"]) == "u: 1"
    call(box["reset"])
    assert (one.count, other.count) == (0, 20)


def test_a_subclass_has_its_own_and_the_inherited_tools() -> None:
    twice = Twice(1)
    assert [t.name for t in tools_of(twice)] == ["add", "read_count", "twice"]
    assert call(twice.add) == 2
    assert tools_of(object()) == ()


def test_toolboxes_nest() -> None:
    box = Toolbox([Toolbox([Counter(1)]), [len_of, tool(name="size")(len_of)]])
    assert [t.name for t in box] == ["add", "read_count", "len_of", "size"]
    assert "size" in box
    assert "weight" not in box
    assert repr(box) == "Toolbox(add, read_count, len_of, size)"
    with pytest.raises(ToolNotFound, match="there are: add"):
        box["weight"]


def len_of(text: str) -> int:
    """Length of a text."""
    return len(text)


@pytest.mark.parametrize(
    ("offer", "why"),
    [
        (Counter, r"is a class \(give an object: Counter\(\)\)"),
        (Counter.add, "a method without an object"),
        (object(), "cannot be a tool"),
        ("clock", "cannot be a tool"),
        (lambda: 1, "no description"),
    ],
)
def test_what_is_no_tool_is_refused(offer: Any, why: str) -> None:
    with pytest.raises(ToolDefinitionError, match=why):
        Toolbox([offer])


def test_names_are_unique() -> None:
    with pytest.raises(ToolDefinitionError, match="two tools are called 'add'"):
        Toolbox([Counter(1), Counter(2)])


def test_a_plain_function_has_a_thread_of_its_own() -> None:
    """A dozen that wait for each other all get to run, however few places a pool would have."""
    barrier = threading.Barrier(40)

    @tool
    def meet() -> int:
        """Meet the others."""
        return barrier.wait(timeout=30)

    async def main() -> list[object]:
        return await asyncio.gather(*(meet.run({}, context()) for _ in range(40)))

    assert sorted(asyncio.run(main()), key=str) == sorted(range(40), key=str)


def test_what_a_function_raises_arrives() -> None:
    @tool
    def stop() -> None:
        """Stop."""
        raise StopIteration("early")

    @tool
    def leave() -> None:
        """Leave."""
        raise KeyError("door")

    with pytest.raises(RuntimeError, match="early"):
        call(stop)
    with pytest.raises(KeyError, match="door"):
        call(leave)


def test_a_function_may_give_a_coroutine() -> None:
    async def late() -> str:
        return "late"

    @tool
    def early() -> Any:
        """Give something to wait for."""
        return late()

    assert call(early) == "late"

"""Wrappers change one thing, leave what they were given alone, and go around each other."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent import Tool, Toolbox, ToolContext, tool
from omni_agent.errors import ToolDefinitionError, ToolError, ToolNotFound
from omni_agent.tool import approval, only, prefix, rename, retry, timeout, without
from tests.tool.running import run


@tool(effect="read")
def look(thing: str) -> str:
    """Look at a thing."""
    return f"saw {thing}"


@tool
def push(thing: str) -> str:
    """Push a thing."""
    return f"pushed {thing}"


def names(box: Toolbox) -> list[str]:
    return [item.name for item in box]


def call(made: Tool, context: ToolContext | None = None, **arguments: Any) -> object:
    context = context or ToolContext("u", "s", "t", "c", "k", report=lambda message: None)
    return run(made.run(made.validate(arguments), context))


class Failing:
    """Fails so often, then works."""

    def __init__(self, error: Exception, times: int) -> None:
        self.error, self.left, self.keys = error, times, list[str]()

    @tool
    async def work(self, context: ToolContext) -> str:
        """Work."""
        self.keys.append(context.idempotency_key)
        if self.left:
            self.left -= 1
            raise self.error
        return "done"


def test_prefix_and_rename_change_the_name_only() -> None:
    box = Toolbox([look, push])
    assert names(prefix(box, "room_")) == ["room_look", "room_push"]
    assert names(rename(box, {"push": "shove"})) == ["look", "shove"]
    assert names(box) == ["look", "push"]
    seen = rename(prefix(look, "a_"), "see")
    assert (seen.name, seen.effect, call(seen, thing="it")) == ("see", "read", "saw it")
    with pytest.raises(ToolDefinitionError, match="cannot be a tool's name"):
        prefix(look, "a.")
    with pytest.raises(ToolDefinitionError, match="cannot be a tool's name"):
        prefix(box, "x" * 64)
    with pytest.raises(ToolDefinitionError, match="two tools"):
        rename(box, {"push": "look"})
    with pytest.raises(ToolNotFound, match="pull"):
        rename(box, {"pull": "push"})


def test_some_of_the_tools() -> None:
    box = Toolbox([look, push])
    assert names(only(box, "push")) == ["push"]
    assert names(without(box, "push")) == ["look"]
    assert names(only([look, push], lambda item: item.effect == "read")) == ["look"]
    assert names(only(box)) == []
    for choose in (only, without):
        with pytest.raises(ToolNotFound, match="pull"):
            choose(box, "pull")


def test_approval_and_timeout() -> None:
    asked = approval(Toolbox([look, push]))
    assert [item.effect for item in asked] == ["irreversible", "irreversible"]
    assert push.effect == "write"
    assert timeout(push, 3).timeout == 3
    assert [item.timeout for item in timeout([look, push], 2)] == [2, 2]
    with pytest.raises(ToolDefinitionError, match="more than 0"):
        timeout(push, 0)


def test_retry_goes_on_until_it_works() -> None:
    failing, told = Failing(OSError("line is busy"), 2), list[str]()
    context = ToolContext("u", "s", "t", "c", "same", report=told.append)
    assert call(retry(failing.work, 3, delay=0), context) == "done"
    assert failing.keys == ["same", "same", "same"]
    assert told == ["trying again, 2 of 3", "trying again, 3 of 3"]


@pytest.mark.parametrize(
    ("error", "on", "attempts"),
    [
        (OSError("busy"), (Exception,), 3),
        (OSError("busy"), (ValueError,), 1),
        (ToolError("no such room"), (Exception,), 1),
        (ToolError("not yet"), (ToolError,), 3),
    ],
)
def test_retry_gives_up(error: Exception, on: tuple[type[Exception], ...], attempts: int) -> None:
    failing = Failing(error, 9)
    with pytest.raises(type(error)):
        call(retry(failing.work, 3, delay=0, on=on))
    assert len(failing.keys) == attempts


def test_retry_stops_when_nobody_waits() -> None:
    failing = Failing(OSError("busy"), 9)
    context = ToolContext("u", "s", "t", "c", "k", report=lambda message: None)
    context.cancellation.request()
    with pytest.raises(OSError, match="busy"):
        call(retry(failing.work, delay=0), context)
    assert len(failing.keys) == 1


def test_what_is_irreversible_is_not_tried_twice() -> None:
    with pytest.raises(ToolDefinitionError, match="must not be tried twice"):
        retry(approval(push))
    assert approval(retry(push)).effect == "irreversible"
    with pytest.raises(ToolDefinitionError, match="at least one"):
        retry(push, 0)


def test_a_wrapper_goes_around_a_method_in_its_class() -> None:
    class Lamp:
        def __init__(self) -> None:
            self.tries = 0

        @timeout_of_five
        @retry_at_once
        @tool
        def switch(self, on: bool) -> str:
            """Switch the lamp."""
            self.tries += 1
            if self.tries == 1:
                raise OSError("no answer")
            return "on" if on else "off"

    lamp = Lamp()
    assert call(lamp.switch, on=True) == "on"
    assert (lamp.tries, lamp.switch.timeout) == (2, 5)


def retry_at_once(made: Tool) -> Tool:
    return retry(made, delay=0)


def timeout_of_five(made: Tool) -> Tool:
    return timeout(made, 5)


texts = st.from_regex(r"[a-z_]{1,8}", fullmatch=True)


@given(texts, texts)
def test_wrappers_compose(first: str, second: str) -> None:
    box = Toolbox([look, push])
    twice = prefix(prefix(box, first), second)
    assert names(twice) == names(prefix(box, second + first))
    assert names(only(twice, f"{second}{first}push")) == names(prefix(only(box, "push"), second + first))
    assert names(without(twice, f"{second}{first}push")) == names(
        prefix(without(box, "push"), second + first)
    )
    one = timeout(approval(prefix(look, first)), 2)
    other = prefix(approval(timeout(look, 2)), first)
    assert (one.spec, one.effect, one.timeout) == (other.spec, other.effect, other.timeout)
    assert call(one, thing="it") == "saw it"

"""What an agent can do of itself: take back what was done, and read on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from omni_tools import notes, timer

from omni_agent import Agent, tool
from omni_agent.errors import ToolDefinitionError, ToolError
from omni_agent.execution.standing import LONGEST_RESULT, shortened
from omni_agent.memory import TransientMemory
from omni_agent.testing import ScriptedModel, Step
from omni_agent.tool import ToolContext

pytestmark = pytest.mark.anyio


class Lamps:
    """Lamps, and what was done to them."""

    def __init__(self) -> None:
        self.on: list[str] = []
        self.keys: list[tuple[str, str]] = []

    def _off(self, context: ToolContext, room: str) -> str:
        self.keys.append((context.undoes, context.idempotency_key))
        self.on.remove(room)
        return f"The lamp in the {room} is off again."

    @tool(undo=_off)
    def light(self, context: ToolContext, room: str, percent: int = 100) -> str:
        """Switch a lamp on.

        Args:
            room: Where it is.
            percent: How bright.
        """
        self.on.append(room)
        return context.idempotency_key

    @tool(effect="read")
    def look(self) -> str:
        """Look at the lamps."""
        return ", ".join(self.on)

    @tool
    def ring(self) -> str:
        """Ring the bell."""
        return "It rang."


def agent(lamps: Lamps, *steps: Step, memory: Any = None) -> Agent:
    return Agent(name="L", model=ScriptedModel(*steps), memory=memory, tools=[lamps])


async def test_undo_takes_back_all_of_the_last_turn_that_did_something() -> None:
    lamps = Lamps()
    house = agent(
        lamps,
        Step(calls=[("light", {"room": "hall"}), ("light", {"room": "attic", "percent": 5})]),
        Step(says="On."),
        Step(calls={"look": {}}),
        Step(says="Two."),
        Step(calls={"undo": {}}),
        Step("The lamp in the attic is off again. The lamp in the hall is off again.", says="Off again."),
        Step(calls={"undo": {}}),
        Step("nothing to take back", says="There is nothing."),
    )
    first = await house.ask("light hall and attic", speak=False)
    await house.ask("which are on?", speak=False)
    await house.ask("undo that", speak=False)
    assert lamps.on == []
    assert [undoes for undoes, _ in lamps.keys] == [call.result for call in reversed(first.tool_calls)]
    assert all(undoes != own for undoes, own in lamps.keys)
    await house.ask("undo that", speak=False)


async def test_what_cannot_be_taken_back_is_said_and_nothing_older_is() -> None:
    lamps = Lamps()
    house = agent(
        lamps,
        Step(calls={"light": {"room": "hall"}}),
        Step(says="On."),
        Step(calls={"ring": {}}),
        Step(says="Rang."),
        Step(calls={"undo": {}}),
        Step("Ring cannot be taken back.", says="I can't unring it."),
    )
    for said in ("light the hall", "ring", "undo that"):
        await house.ask(said, speak=False)
    assert lamps.on == ["hall"]


async def test_undo_works_after_a_restart_and_once() -> None:
    lamps, memory = Lamps(), TransientMemory()
    first = agent(lamps, Step(calls={"light": {"room": "hall"}}), Step(says="On."), memory=memory)
    await first.ask("light the hall", speak=False)
    first.parts.executor.journal.close()
    undoing = Step(calls=[("undo", {}), ("undo", {})])
    second = agent(lamps, undoing, Step(says="Off."), memory=memory)
    await second.ask("undo that", speak=False)
    assert lamps.on == []
    await second.close()


async def test_a_model_that_goes_on_calling_takes_nothing_back_of_what_it_did_just_now() -> None:
    lamps = Lamps()
    house = agent(
        lamps,
        Step(calls={"light": {"room": "hall"}}),
        Step(calls={"undo": {}}),
        Step("it was done just now", says="On."),
    )
    await house.ask("light the hall", speak=False)
    assert lamps.on == ["hall"]


async def test_a_compensator_that_fails_leaves_the_call_to_be_taken_back() -> None:
    def stuck(room: str) -> str:
        raise ToolError("The switch is stuck.")

    @tool(undo=stuck)
    def light(room: str) -> str:
        """Switch a lamp on."""
        return "On."

    model = ScriptedModel(
        Step(calls={"light": {"room": "hall"}}),
        Step(says="On."),
        Step(calls={"undo": {}}),
        Step("Light was not taken back: The switch is stuck.", says="It is stuck."),
        Step(calls={"undo": {}}),
        Step("The switch is stuck.", says="Still stuck."),
    )
    house = Agent(model=model, memory=None, tools=[light])
    for said in ("light", "undo", "undo it now"):
        await house.ask(said, speak=False)
    model.finish()


def test_an_undo_gets_what_the_tool_has_and_nothing_else() -> None:
    def wrong(colour: str) -> str:
        return colour

    with pytest.raises(ToolDefinitionError, match="colour"):

        @tool(undo=wrong)
        def light(room: str) -> str:
            """Switch a lamp on."""
            return room

    with pytest.raises(ToolDefinitionError, match="colour"):

        @tool(question="Light it {colour}?")
        def paint(room: str) -> str:
            """Paint."""
            return room


def test_only_an_agent_that_can_take_something_back_shows_undo() -> None:
    ringing = Agent(model=ScriptedModel(), memory=None, tools=[Lamps().ring])
    assert [item.name for item in ringing.parts.toolbox] == ["ring", "read_on"]
    assert "undo" in Agent(model=ScriptedModel(), memory=None, tools=[Lamps()]).parts.toolbox


async def test_the_timer_and_the_note_of_a_moment_ago_are_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMNI_AGENT_HOME", str(tmp_path))
    model = ScriptedModel(
        Step(calls=[("set_timer", {"minutes": 5, "label": "tea"}), ("add_note", {"text": "buy milk"})]),
        Step(says="Done."),
        Step(calls={"undo": {}}),
        Step(says="Taken back."),
        Step(calls=[("list_timers", {}), ("find_notes", {})]),
        Step("There are no timers. There are no notes.", says="Nothing there."),
    )
    tools = [timer.set_timer, timer.list_timers, notes.add_note, notes.find_notes]
    async with Agent(model=model, memory=None, tools=tools) as house:
        for said in ("tea timer and a note", "undo that", "what is there?"):
            await house.ask(said, speak=False)
    model.finish()


async def test_a_long_result_is_read_on_in_parts() -> None:
    text = " ".join(f"line {number}" for number in range(2000))

    @tool(effect="read")
    def read() -> str:
        """Read."""
        return text

    def first(request: Any) -> bool:
        told = "part 1 of 5; read_on gives the others" in request.messages[-1].parts[0].content
        return told and "read_on" in {spec.name for spec in request.tools}

    def second(request: Any) -> bool:
        content = request.messages[-1].parts[0].content
        return content.startswith("[part 2 of 5]") and len(content) <= LONGEST_RESULT and content[14:] in text

    model = ScriptedModel(
        Step(lambda request: "read_on" not in {spec.name for spec in request.tools}, calls={"read": {}}),
        Step(first, calls={"read_on": {"part": 2}}),
        Step(second, calls={"read_on": {"part": 9}}),
        Step("has the parts 1 to 5", says="That was it."),
    )
    await Agent(model=model, memory=None, tools=[read]).ask("read it", speak=False)
    model.finish()


def test_shortened_text_is_never_longer_than_it_may_be() -> None:
    for length in (0, LONGEST_RESULT, LONGEST_RESULT + 1, 10 * LONGEST_RESULT):
        assert len(shortened("x" * length)) <= LONGEST_RESULT
    assert shortened("a\ud800b") == "a?b"

"""Answers as values of the caller's type."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date
from typing import Literal, assert_type

import pytest
from pydantic import BaseModel, Field, TypeAdapter, field_validator
from typing_extensions import TypedDict

from omni_agent import Agent, Reply, tool
from omni_agent.errors import ConfigError, ModelError
from omni_agent.guardrails import GuardContext, Stop
from omni_agent.memory import Scope, TransientMemory
from omni_agent.messages import ToolResult
from omni_agent.models.base import Request
from omni_agent.models.grammar import grammar
from omni_agent.output import Form
from omni_agent.senses import Senses
from omni_agent.testing import ScriptedModel, Step, ToneVoice

pytestmark = pytest.mark.anyio


class Line(BaseModel):
    what: str
    price: float = Field(ge=0)


class Receipt(BaseModel):
    """What was bought."""

    shop: str
    day: date
    lines: list[Line]
    paid_by: Literal["cash", "card"] = "card"

    @field_validator("shop")
    @classmethod
    def named(cls, shop: str) -> str:
        if not shop.istitle():
            raise ValueError("begin the shop's name with a capital letter")
        return shop


@dataclass
class Point:
    x: int
    y: int


class Options(TypedDict, total=False):
    loud: bool


class Tree(BaseModel):
    name: str
    under: list[Tree] = []


BOUGHT = {"shop": "Corner", "day": "2026-03-01", "lines": [{"what": "milk", "price": 1.5}]}


@tool(effect="read")
def lookup(what: str) -> str:
    """Look something up.

    Args:
        what: What.
    """
    return f"{what}: 1.50 at Corner"


@tool(effect="irreversible")
def destroy() -> str:
    """Destroy it."""
    return "gone"


def forced(request: Request) -> bool:
    return request.tool_choice == "hand_in" and [spec.name for spec in request.tools] == ["hand_in"]


async def test_the_answer_is_said_and_comes_as_a_value() -> None:
    voice, memory = ToneVoice(), TransientMemory()
    with ScriptedModel(
        Step("receipt", calls={"lookup": {"what": "milk"}}),
        Step("1.50", says="You paid 1.50 for milk."),
        Step(forced, calls={"hand_in": BOUGHT}),
        senses=Senses(voice=voice),
    ) as model:
        agent = Agent(name="A", model=model, memory=memory, tools=[lookup])
        reply = await agent.ask("read the receipt", output=Receipt)
    assert reply.text == "You paid 1.50 for milk."
    assert reply.speech is not None
    assert_type(reply, Reply[Receipt])
    assert_type(reply.output, Receipt | None)
    assert reply.output == Receipt(
        shop="Corner", day=date(2026, 3, 1), lines=[Line(what="milk", price=1.5)], paid_by="card"
    )
    assert [message.role for message in model.requests[2].messages] == [
        *("user", "assistant", "tool", "assistant"),
        "user",
    ]
    assert reply.usage.prompt_tokens == sum(len(request.messages) for request in model.requests)
    [record] = await memory.history(Scope("local", "A"), "default")
    assert "hand_in" not in str(record)


async def test_without_a_type_nothing_more_is_asked() -> None:
    with ScriptedModel(Step(says="Hello.")) as model:
        reply = await Agent(model=model, memory=None).ask("hello", speak=False)
    assert_type(reply, Reply)
    assert reply.output is None


async def test_what_does_not_fit_is_mended() -> None:
    wrong = {"shop": "corner", "day": "soon", "lines": [{"what": "milk", "price": -1}]}
    with ScriptedModel(
        Step(says="Milk."),
        Step(says="Here it is."),
        Step("That was no call", calls={"hand_in": wrong}),
        Step("begin the shop's name with a capital letter", calls={"hand_in": BOUGHT}),
    ) as model:
        reply = await Agent(model=model, memory=None).ask("the receipt", output=Receipt, speak=False)
    assert reply.output == Receipt.model_validate(BOUGHT)
    assert reply.text == "Milk."
    [told] = model.requests[-1].messages[-1].parts
    assert isinstance(told, ToolResult)
    assert told.status == "failed"
    assert all(place in told.content for place in ("shop", "day", "lines.0.price"))


async def test_three_attempts_then_one_clear_error() -> None:
    memory = TransientMemory()
    with ScriptedModel(Step(says="Well."), *[Step(calls={"hand_in": {"x": "far"}})] * 3) as model:
        agent = Agent(name="A", model=model, memory=memory)
        with pytest.raises(ModelError, match="x: Input should be a valid integer") as raised:
            await agent.ask("where?", output=Point, speak=False)
    assert raised.value.code == "output_invalid"
    assert raised.value.remedy
    [record] = await memory.history(Scope("local", "A"), "default")
    assert (record.status, record.text) == ("done", "Well.")


@pytest.mark.parametrize(
    ("wanted", "arguments", "value"),
    [
        (Point, {"x": 1, "y": "2"}, Point(1, 2)),
        (Options, {"loud": True}, {"loud": True}),
        (int, {"value": 3}, 3),
        (list[Point], {"value": [{"x": 1, "y": 2}]}, [Point(1, 2)]),
        (TypeAdapter(Literal["yes", "no"]), {"value": "no"}, "no"),
        (TypeAdapter(Point | None), {"value": None}, None),
        (dict[str, int], {"a": 1}, {"a": 1}),
        (tuple[int, str], {"value": [1, "a"]}, (1, "a")),
        (set[int], {"value": [1, 2]}, {1, 2}),
        (Tree, {"value": {"name": "a", "under": [{"name": "b"}]}}, Tree(name="a", under=[Tree(name="b")])),
    ],
)
async def test_any_type_that_pydantic_knows(
    wanted: type[object] | TypeAdapter[object], arguments: dict[str, object], value: object
) -> None:
    with ScriptedModel(Step(says="So."), Step(forced, calls={"hand_in": arguments})) as model:
        reply = await Agent(model=model, memory=None).ask("go", output=wanted, speak=False)
    assert reply.output == value
    # Every engine gets it as the grammar of a call.
    assert "hand_in" in grammar(model.requests[-1].tools, "hand_in")


class Opaque:
    pass


@pytest.mark.parametrize("wanted", [Opaque, asyncio.Event])
async def test_a_type_without_a_schema_is_refused_before_the_turn(wanted: type) -> None:
    model = ScriptedModel()
    with pytest.raises(ConfigError, match="output="):
        await Agent(model=model, memory=None).ask("go", output=wanted)
    assert model.requests == []


async def test_a_turn_that_waits_has_no_value() -> None:
    with ScriptedModel(Step(calls={"destroy": {}})) as model:
        agent = Agent(model=model, memory=None, tools=[destroy])
        reply = await agent.ask("destroy it", output=Point, speak=False)
    assert (reply.status, reply.output) == ("waiting", None)


async def test_a_turn_that_was_cut_has_no_value() -> None:
    begun = asyncio.Event()

    def asked(request: Request) -> bool:
        begun.set()
        return True

    model = ScriptedModel(Step(asked, says="One two", holds=asyncio.Event()))
    agent = Agent(model=model, memory=None)
    task = asyncio.create_task(agent.ask("go", output=Point, speak=False))
    await begun.wait()
    assert agent.interrupt()
    reply = await task
    assert (reply.status, reply.output) == ("interrupted", None)


async def test_a_turn_that_a_guardrail_ended_has_no_value() -> None:
    def stop(text: str, context: GuardContext) -> Stop:
        return Stop("No.")

    with ScriptedModel(Step(says="Something.")) as model:
        agent = Agent(model=model, memory=None, output_guardrails=[stop])
        reply = await agent.ask("go", output=Point, speak=False)
    assert (reply.text, reply.output) == ("No.", None)
    unheard = ScriptedModel()
    agent = Agent(model=unheard, memory=None, input_guardrails=[stop])
    assert (await agent.ask("go", output=Point, speak=False)).output is None
    assert unheard.requests == []


async def test_who_took_over_hands_in() -> None:
    expert = Agent(
        name="Expert",
        description="Knows it.",
        model=ScriptedModel(Step(says="Here."), Step(forced, calls={"hand_in": {"x": 1, "y": 2}})),
    )
    model = ScriptedModel(Step(calls={"transfer_to_expert": {}}))
    agent = Agent(model=model, memory=None, handoffs=[expert])
    assert (await agent.ask("where?", output=Point, speak=False)).output == Point(1, 2)


def test_the_schema_is_short() -> None:
    spec = Form(Receipt).spec
    assert "$defs" not in spec.parameters
    assert spec.parameters["required"] == ["shop", "day", "lines"]

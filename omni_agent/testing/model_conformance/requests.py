"""What the suite asks. Short questions: a slow model answers each in a few seconds."""

from __future__ import annotations

from dataclasses import replace

from ...messages import Message, Part, Text, ToolCall, ToolResult, ToolSpec
from ...models.base import Request

SYSTEM = "You are Ada. Answer in a few plain words."

TIMER = ToolSpec(
    "set_timer",
    "Start a countdown timer.",
    {
        "type": "object",
        "properties": {
            "minutes": {"type": "number", "description": "How long it runs."},
            "label": {"type": "string", "description": "What it is for."},
        },
        "required": ["minutes"],
        "additionalProperties": False,
    },
)
LAMP = ToolSpec(
    "switch_lamp",
    "Switch a lamp on or off.",
    {
        "type": "object",
        "properties": {
            "room": {"type": "string", "description": "Which room's lamp."},
            "on": {"type": "boolean", "description": "On, or off."},
        },
        "required": ["room", "on"],
        "additionalProperties": False,
    },
)
TOOLS = (TIMER, LAMP)
ANSWER_SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "country": {"type": "string"}},
    "required": ["city", "country"],
    "additionalProperties": False,
}


def asked(*parts: Part | str) -> Request:
    """A request of one message by the user."""
    made = tuple(Text(part, language="en") if isinstance(part, str) else part for part in parts)
    return Request(SYSTEM, (Message("user", made),), max_tokens=48)


PLAIN = asked("What colour is the sky on a clear day?")
SPOKEN = replace(PLAIN, speech=True)
# Long enough to be stopped on its way.
LONG = replace(asked("Count from one to two hundred, in words."), max_tokens=256)
ORDER = replace(asked("Please set a timer for ten minutes."), tools=TOOLS, max_tokens=96)
CAT = "Miso"
KNOWN = replace(
    asked("What is my cat called?"),
    background="What is known of the user:\n- lives in Graz",
    context=f"The user said on Monday: my cat is called {CAT}.",
    language="en",
    languages=("en", "de"),
)
FORMAT = replace(
    asked("Graz is a city in Austria. Which city, in which country?"), format=ANSWER_SCHEMA, max_tokens=96
)


def after_call(*results: ToolResult) -> Request:
    """The order, its call, and what became of it."""
    call = ToolCall(results[0].call_id, TIMER.name, {"minutes": 10})
    messages = (*ORDER.messages, Message("assistant", (call,)), Message("tool", results))
    return replace(ORDER, messages=messages)


DONE = ToolResult("call_1", TIMER.name, "done", "The timer runs for 10 minutes.")
FAILED = replace(DONE, status="failed", content="There are no timers left: “0” of 3.")

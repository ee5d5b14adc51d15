"""Clients that do anything at any time: what holds in every session holds in theirs."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from omni_agent.errors import ModelError
from omni_agent.models.base import Request
from omni_agent.testing import Step, noise, run_virtually, said
from tests.server.realtime.client import Client
from tests.server.realtime.serving import serving

WEATHER = {"type": "function", "name": "weather", "parameters": {"type": "object", "properties": {}}}
ANSWERS = (
    Step(says="Yes."),
    Step(says="One, two, three. Four, five, six. Seven, eight, nine.", pace=0.2),
    Step(says="Let me see.", calls={"weather": {}}),
    Step(calls={"weather": {}}, takes=0.7),
    Step(says="I am af", raises=ModelError("it broke", remedy="ask again")),
    Step(says="One two", stops="length"),
    Step(says=""),
)
DETECTIONS = (
    None,
    {"type": "server_vad"},
    {"type": "server_vad", "interrupt_response": False, "silence_duration_ms": 200},
    {"type": "server_vad", "create_response": False},
    {"type": "server_vad", "idle_timeout_ms": 3000},
    {"type": "semantic_vad", "eagerness": "high"},
)


def session(**audio: Any) -> dict[str, Any]:
    return {"type": "realtime", "audio": {"input": audio}}


def event(kind: str, **fields: Any) -> st.SearchStrategy[tuple[str, Any]]:
    return st.tuples(st.just(kind), st.fixed_dictionaries(fields))


PLACE = st.integers(0, 30)
ASIDE = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "which topic?"}]}
RESPONSES = st.sampled_from(
    [
        None,
        {"output_modalities": ["text"], "metadata": {"a": "b"}},
        {"conversation": "none"},
        {"conversation": "none", "input": []},
        {"conversation": "none", "input": [ASIDE], "output_modalities": ["text"]},
        {"tools": [], "instructions": "be brief"},
    ]
)
ACTIONS = st.one_of(
    event("wait", seconds=st.sampled_from([0.0, 0.05, 0.5, 3.0])),
    event(
        "speak", words=st.sampled_from(["", "hello there", "stop"]), silence=st.sampled_from([0.0, 0.3, 0.9])
    ),
    event("say", text=st.sampled_from(["hello", "and now?"])),
    event("response.create", response=RESPONSES),
    event("response.create", response=st.none()),
    event("response.cancel"),
    event("cancel one", place=PLACE),
    event("input_audio_buffer.commit"),
    event("input_audio_buffer.clear"),
    event("retrieve", place=PLACE),
    event("delete", place=PLACE),
    event("truncate", place=PLACE, ms=st.sampled_from([0, 300, 10**7])),
    event("result", place=PLACE),
    event("session.update", session=st.sampled_from([session(turn_detection=d) for d in DETECTIONS])),
    event("session.update", session=st.just({"type": "realtime", "tools": [WEATHER]})),
    event(
        "session.update",
        session=st.sampled_from([session(format={"type": f"audio/{f}"}) for f in ("pcm", "pcmu")]),
    ),
    event("nonsense"),
)


def do(client: Client, kind: str, fields: dict[str, Any]) -> None:
    items = client.invariants.items or ["nothing"]
    item = items[fields.get("place", 0) % len(items)]
    match kind:
        case "speak":
            words = fields["words"]
            client.speak(said(words) if words else noise(0.2), silence=fields["silence"])
        case "say":
            client.say(fields["text"])
        case "retrieve" | "delete":
            client.send(f"conversation.item.{kind}", item_id=item)
        case "truncate":
            client.send(
                "conversation.item.truncate", item_id=item, content_index=0, audio_end_ms=fields["ms"]
            )
        case "cancel one":
            begun = [e["response"]["id"] for e in client.of("response.created")] or ["nothing"]
            client.send("response.cancel", response_id=begun[fields["place"] % len(begun)])
        case "result":
            calls = [
                i["call_id"]
                for e in client.of("response.done")
                for i in e["response"]["output"]
                if "call_id" in i
            ]
            call = calls[fields["place"] % len(calls)] if calls else "unknown"
            result = {"type": "function_call_output", "call_id": call, "output": "sunny"}
            client.send("conversation.item.create", item=result)
        case _:
            client.send(kind, **fields)


async def live(actions: list[tuple[str, dict[str, Any]]], answers: list[Step], *, leaves: bool) -> None:
    steps = itertools.cycle(answers)

    def answer(request: Request) -> Step:
        step = next(steps)
        able = any(tool.name == "weather" for tool in request.tools)
        return Step(says="I cannot know.") if step.calls and not able else step

    async with serving(otherwise=answer, hears_in=0.1, speaks_in=0.05) as served:
        before = asyncio.all_tasks()
        async with Client(served.app, "conversation=c&user=ana") as client:
            for kind, fields in actions:
                if kind == "wait":
                    await asyncio.sleep(fields["seconds"])
                else:
                    do(client, kind, fields)
            if not leaves:
                await asyncio.sleep(1)
                client.send("session.update", session=session(turn_detection=None))
                await asyncio.sleep(120)
                client.invariants.settled()
                assert client.closed is None
                assert len(client.of("response.created")) == len(client.of("response.done"))
        assert asyncio.all_tasks() == before
        assert not served.hosting.at_work.replies
        assert not served.hosting.at_work.sockets


@settings(max_examples=25)
@given(
    st.lists(ACTIONS, min_size=1, max_size=30),
    st.lists(st.sampled_from(ANSWERS), min_size=1, max_size=6),
    st.booleans(),
)
def test_invariants_hold(
    actions: list[tuple[str, dict[str, Any]]], answers: list[Step], leaves: bool
) -> None:
    run_virtually(live(actions, answers, leaves=leaves))

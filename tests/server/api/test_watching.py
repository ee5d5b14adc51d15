"""What turns show is seen by those who watch under the same key, and by nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from omni_agent import Agent
from omni_agent.errors import ModelError
from omni_agent.events import (
    AgentEvent,
    ErrorRaised,
    SpeechChunk,
    TextDelta,
    ToolFinished,
    TurnEnded,
    TurnStarted,
)
from omni_agent.senses import Senses
from omni_agent.server import Hosting
from omni_agent.server.api.watching import EVENTS, KEYS, TURNS, Place, Watching, watched
from omni_agent.server.caller import Caller
from omni_agent.testing import ScriptedModel, Step, ToneVoice, VirtualClock

pytestmark = pytest.mark.anyio

ANNA, BEN = Caller("anna"), Caller("ben")
KITCHEN = Place("omni", "", "kitchen")


def hosting(*steps: Step) -> Hosting:
    model = ScriptedModel(*steps, senses=Senses(voice=ToneVoice()))
    return Hosting({"omni": Agent(model=model, memory=None)})


async def turn(hosting: Hosting, caller: Caller, session: str, *, agent: str = "") -> list[AgentEvent]:
    events = hosting.agent(agent).stream("hello", user=caller.name, session=session)
    return [event async for event in watched(hosting, caller, "", session, events, agent=agent)]


async def test_events_pass_unchanged_and_are_kept_without_sound() -> None:
    host = hosting(Step(says="Good evening to you."))
    passed = await turn(host, ANNA, "kitchen")
    assert any(isinstance(event, SpeechChunk) and event.pcm for event in passed)
    with host.watching.following(ANNA, "before-1") as follower:
        seen = await follower.next()
    assert [type(one.event) for one in seen] == [type(event) for event in passed]
    assert not any(one.event.pcm for one in seen if isinstance(one.event, SpeechChunk))
    assert {one.place for one in seen} == {KITCHEN}
    started = next(event for event in passed if isinstance(event, TurnStarted))
    assert {one.turn for one in seen} == {started.turn}


async def test_a_turn_leaves_a_trace_with_the_times_of_its_steps() -> None:
    host = hosting(Step(says="Good evening."), Step(says="Good night."))
    await turn(host, ANNA, "kitchen")
    passed = await turn(host, ANNA, "bedroom")
    latest, earlier = host.watching.turns(ANNA)
    assert [latest.place.session, earlier.place.session] == ["bedroom", "kitchen"]
    assert latest.end == passed[-1]
    assert latest.pieces == sum(isinstance(event, TextDelta | SpeechChunk) for event in passed)
    assert isinstance(latest.steps[0][1], TurnStarted)
    assert latest.steps[-1][1] == passed[-1]
    assert host.watching.turns(BEN) == []


async def test_another_key_sees_nothing() -> None:
    host = hosting(Step(says="A secret."))
    with host.watching.following(BEN) as ben, host.watching.following(ANNA) as anna:
        waiting = asyncio.ensure_future(ben.next())
        await turn(host, ANNA, "kitchen")
        assert await anna.next()
        assert not waiting.done()
        waiting.cancel()


async def test_who_comes_back_gets_what_came_since() -> None:
    watching = Watching()
    tell = watching.observer(ANNA, KITCHEN)
    for word in "abc":
        tell(TextDelta(word))
    with watching.following(ANNA, f"{watching.run}-0") as follower:
        first, *_ = await follower.next()
    with watching.following(ANNA, follower.id(first)) as follower:
        assert [seen.event for seen in await follower.next()] == [TextDelta("b"), TextDelta("c")]
        assert not follower.missed
    with watching.following(ANNA, "0123abcd-2") as follower:
        assert len(await follower.next()) == 3, "the server began anew: its numbers mean nothing here"
        assert follower.missed


@pytest.mark.parametrize("after", ["x", "-", "run-", "run--1", "run-²", "run-1e9", "run-" + "9" * 400])
async def test_an_id_of_nobodys_is_no_failure(after: str) -> None:
    watching = Watching()
    watching.observer(ANNA, KITCHEN)(TextDelta("a"))
    with watching.following(ANNA, after.replace("run", watching.run)) as follower:
        await follower.next()
        assert follower.missed


async def test_who_is_too_slow_is_told_and_holds_nobody_up() -> None:
    watching = Watching()
    tell = watching.observer(ANNA, KITCHEN)
    with watching.following(ANNA) as follower:
        for number in range(EVENTS + 10):
            tell(TextDelta(str(number)))
        seen = await follower.next()
        assert follower.missed
        assert len(seen) == EVENTS
        assert seen[-1].event == TextDelta(str(EVENTS + 9))
        tell(TextDelta("more"))
        assert [one.event for one in await follower.next()] == [TextDelta("more")]
        assert not follower.missed


async def test_followers_are_woken_by_what_happens() -> None:
    watching = Watching()
    with watching.following(ANNA) as one, watching.following(ANNA) as other:
        waiting = asyncio.gather(one.next(), other.next())
        await asyncio.sleep(0)
        watching.observer(ANNA, KITCHEN)(TextDelta("now"))
        assert [[seen.event for seen in new] for new in await waiting] == [[TextDelta("now")]] * 2


async def test_what_is_kept_is_bounded() -> None:
    watching = Watching(VirtualClock())
    tell = watching.observer(ANNA, KITCHEN)
    for number in range(TURNS + 5):
        tell(TurnStarted(str(number), "kitchen"))
    assert [trace.id for trace in watching.turns(ANNA)][:2] == [str(TURNS + 4), str(TURNS + 3)]
    assert len(watching.turns(ANNA)) == TURNS
    for number in range(KEYS):
        watching.observer(Caller(f"key-{number}"), KITCHEN)
    assert watching.turns(ANNA) == []


async def test_a_key_that_is_followed_keeps_its_ring() -> None:
    watching = Watching()
    with watching.following(ANNA) as follower:
        for number in range(KEYS + 1):
            watching.observer(Caller(f"key-{number}"), KITCHEN)
        watching.observer(ANNA, KITCHEN)(TextDelta("still"))
        assert [seen.event for seen in await follower.next()] == [TextDelta("still")]


async def test_what_is_forgotten_is_gone_from_here_too() -> None:
    watching = Watching()
    for session in ("kitchen", "bedroom"):
        tell = watching.observer(ANNA, Place("omni", "", session))
        tell(TurnStarted(session, session))
        tell(TextDelta(session))
    watching.forget(ANNA, agent="omni", user="", session="kitchen")
    assert [trace.id for trace in watching.turns(ANNA)] == ["bedroom"]
    with watching.following(ANNA, f"{watching.run}-0") as follower:
        assert {seen.turn for seen in await follower.next()} == {"bedroom"}
        assert not follower.missed
    watching.forget(ANNA, agent="omni", user="")
    assert watching.turns(ANNA) == []


async def test_what_is_erased_in_conversation_is_gone_too() -> None:
    watching = Watching()
    for session in ("kitchen", "bedroom"):
        tell = watching.observer(ANNA, Place("omni", "", session))
        tell(TurnStarted(session, session))
    for status, left in (("failed", 2), ("done", 0)):
        tell(ToolFinished("call", "forget", status, ""))
        assert len(watching.turns(ANNA)) == left


async def test_leaving_early_closes_the_turn() -> None:
    closed = asyncio.Event()

    async def endless() -> AsyncIterator[AgentEvent]:
        try:
            while True:
                yield TextDelta("and ")
        finally:
            closed.set()

    host = hosting()
    stream = watched(host, ANNA, "", "kitchen", endless())
    await anext(stream)
    await stream.aclose()
    assert closed.is_set()


async def test_a_failed_turn_leaves_no_stack_behind() -> None:
    host = hosting(Step(raises=ModelError("it broke", remedy="mend it")))
    passed = await turn(host, ANNA, "kitchen")
    assert any(isinstance(event, ErrorRaised) and event.cause for event in passed)
    (trace,) = host.watching.turns(ANNA)
    errors = [event for _, event in trace.steps if isinstance(event, ErrorRaised)]
    assert [(error.message, error.cause) for error in errors] == [("it broke", None)]
    assert isinstance(trace.steps[-1][1], TurnEnded)


async def test_an_unknown_model_is_seen_under_the_agent_that_answers() -> None:
    host = hosting(Step(says="Yes."))
    await turn(host, ANNA, "kitchen", agent="gpt-4o")
    assert host.watching.turns(ANNA)[0].place == KITCHEN

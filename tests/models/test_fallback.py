"""Several models as one: who answers, and who is left alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.errors import ConfigError, InputError, ModelError, ModelUnavailable, OmniError
from omni_agent.models.base import ModelEvent, Request, TextDelta
from omni_agent.models.breaker import Breaker
from omni_agent.models.fallback import Fallback
from omni_agent.testing import (
    LoopClock,
    ScriptedModel,
    Step,
    VirtualClock,
    in_virtual_time,
)
from tests.models.chains import DOWN, HI, Moody, Refusing, said, saying

pytestmark = pytest.mark.anyio


async def test_the_next_one_answers_where_the_first_cannot() -> None:
    first, second = Refusing(DOWN), saying("Hello.")
    assert await said(Fallback([first, second])) == "Hello."
    assert first.asked == len(second.requests) == 1


@pytest.mark.parametrize(
    "error", [ZeroDivisionError("secret"), ConnectionError("secret"), TimeoutError("secret")]
)
async def test_other_errors_than_ours_are_no_end_either(error: Exception) -> None:
    model = Fallback([Refusing(error), Refusing(error)], names=["a", "b"])
    with pytest.raises(ModelUnavailable) as caught:
        await said(model)
    assert caught.value.message.startswith("no model answered: a: unexpected ")
    assert "secret" not in str(caught.value)
    assert await said(Fallback([Refusing(error), saying("Hello.")])) == "Hello."


async def test_after_the_first_word_nobody_takes_over() -> None:
    second = saying("Hello.")
    model = Fallback(
        [ScriptedModel(Step(says="Well", raises=ModelError("it broke", remedy="try again"))), second]
    )
    events = model.stream(HI)
    assert await anext(events) == TextDelta("Well")
    with pytest.raises(ModelError, match="it broke"):
        await anext(events)
    assert second.requests == []


async def test_where_none_answers_the_error_names_each() -> None:
    model = Fallback(
        [Refusing(DOWN), Refusing(ModelError("too hot", remedy="cool it"))], names=["gpu", "local"]
    )
    with pytest.raises(ModelUnavailable) as caught:
        await said(model)
    assert str(caught.value) == "no model answered: gpu: the server is down; local: too hot (start it)"
    with pytest.raises(ModelUnavailable) as alone:
        await said(Fallback([Refusing(DOWN)]))
    assert alone.value is DOWN


async def test_what_is_wrong_with_the_request_is_nobodys_fault() -> None:
    second = saying("Hello.")
    wrong = Refusing(InputError("that is no sound", remedy="another file"))
    model = Fallback([wrong, second], names=["a", "b"])
    for _ in range(3):
        with pytest.raises(InputError):
            await said(model)
    assert second.requests == []
    assert model.health == {"a": True, "b": True}
    short = Refusing(ModelError("too long", code="context_exceeded", remedy="shorten it"))
    model = Fallback([short, second], names=["a", "b"])
    for _ in range(3):
        assert await said(model) == "Hello."
    assert model.health["a"]
    assert short.asked == 3


def test_a_chain_of_none_is_refused() -> None:
    with pytest.raises(ConfigError):
        Fallback([])


@in_virtual_time
async def test_who_does_not_begin_in_time_is_passed_over_unless_it_is_the_last() -> None:
    slow = ScriptedModel(otherwise=lambda request: Step(says="At last.", takes=100))
    assert await said(Fallback([slow, saying("Hello.")], patience=5, clock=LoopClock())) == "Hello."
    assert await said(Fallback([Refusing(DOWN), slow], patience=5, clock=LoopClock())) == "At last."


# Health


async def test_who_failed_twice_is_left_alone_and_tried_once_after_its_rest() -> None:
    clock, ill = VirtualClock(), Refusing(DOWN)
    model = Fallback([ill, saying("Hello.")], names=["a", "b"], clock=clock)
    for asked in (1, 2, 2, 2):
        await said(model)
        assert ill.asked == asked
    assert model.health == {"a": False, "b": True}
    clock.advance(15)
    assert model.health["a"]
    await said(model)
    await said(model)
    assert ill.asked == 3
    clock.advance(29)
    await said(model)
    assert ill.asked == 3
    clock.advance(1)
    await said(model)
    assert ill.asked == 4


async def test_who_is_well_again_is_preferred_again() -> None:
    clock = VirtualClock()
    steps = [Step(raises=DOWN), Step(raises=DOWN)]
    first = ScriptedModel(*steps, otherwise=lambda request: Step(says="I am back."))
    model = Fallback([first, saying("Hello.")], clock=clock)
    assert [await said(model) for _ in range(3)] == ["Hello."] * 3
    clock.advance(20)
    assert [await said(model) for _ in range(2)] == ["I am back."] * 2


async def test_where_all_are_ill_they_are_tried_all_the_same() -> None:
    first, second = Refusing(DOWN), Refusing(DOWN)
    model = Fallback([first, second], clock=VirtualClock())
    for _ in range(4):
        with pytest.raises(ModelUnavailable):
            await said(model)
    assert first.asked == second.asked == 4


@in_virtual_time
async def test_only_one_request_tries_who_was_ill() -> None:
    clock, gate = VirtualClock(), asyncio.Event()
    model = Fallback([Refusing(DOWN), saying("Hello.")], clock=clock)
    for _ in range(2):
        await said(model)
    clock.advance(15)
    trying = ScriptedModel(otherwise=lambda request: Step(says="Back.", holds=gate))
    model._members[0].model = trying
    async with asyncio.TaskGroup() as group:
        trial = group.create_task(said(model))
        await asyncio.sleep(0)
        assert await said(model) == "Hello."
        gate.set()
    assert trial.result() == "Back."
    assert await said(model) == "Back."


@in_virtual_time
async def test_a_trial_that_is_given_up_shows_nothing() -> None:
    clock = VirtualClock()
    model = Fallback([Refusing(DOWN), saying("Hello.")], names=["a", "b"], clock=clock)
    for _ in range(2):
        await said(model)
    clock.advance(15)
    never = asyncio.Event()

    class Waiting(ScriptedModel):
        async def stream(self, request: Request) -> AsyncGenerator[ModelEvent, None]:
            await never.wait()
            yield TextDelta("")

    model._members[0].model = Waiting()
    task = asyncio.create_task(said(model))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert model.health["a"]


OUTCOME = st.sampled_from(["well", "down", "broken", "wrong", "long"])


@given(
    st.lists(st.tuples(st.integers(0, 40), st.tuples(OUTCOME, OUTCOME, OUTCOME)), max_size=25),
)
def test_one_model_gives_an_answer_and_it_is_the_first_that_can(
    story: list[tuple[int, tuple[str, str, str]]],
) -> None:
    asyncio.run(_told(story))


async def _told(story: Sequence[tuple[int, tuple[str, ...]]]) -> None:
    clock = VirtualClock()
    models = [Moody(str(place)) for place in range(3)]
    chain = Fallback(models, names=[model.name for model in models], clock=clock)
    for seconds, moods in story:
        clock.advance(seconds)
        for model, mood in zip(models, moods, strict=True):
            model.mood, model.asked = mood, 0
        well = [model for model in models if chain.health[model.name]]
        order = well + [model for model in models if model not in well]
        got, error = [], None
        try:
            async with aclosing(chain.stream(HI)) as events:
                async for event in events:
                    got.append(event)  # noqa: PERF401
        except OmniError as failed:
            error = failed
        asked = [model for model in models if model.asked]
        assert all(model.asked == 1 for model in asked)
        spoke = {event.text for event in got if isinstance(event, TextDelta)}
        assert len(spoke) <= 1
        ending = [model for model in order if model.mood in ("well", "broken", "wrong")]
        if not well or (ending and ending[0] not in well):
            # All that are well were asked before any other was.
            assert set(map(id, asked)) >= set(map(id, well))
        else:
            ended = next((model for model in well if model.mood in ("well", "broken", "wrong")), None)
            assert ended is None or set(map(id, asked)) == set(map(id, order[: order.index(ended) + 1]))
        if spoke:
            (speaker,) = (model for model in models if model.name in spoke)
            assert speaker is asked[-1] or speaker in asked
            assert (error is not None) == (speaker.mood == "broken")
        else:
            assert error is not None


@given(
    st.lists(st.tuples(st.integers(0, 700), st.booleans()), max_size=40),
    st.integers(1, 4),
)
def test_a_breaker_never_rests_longer_than_it_may_and_closes_at_the_first_success(
    story: list[tuple[int, bool]], trips: int
) -> None:
    breaker, now, row = Breaker(trips=trips, rest=10, longest=300), 0.0, 0
    for seconds, works in story:
        now += seconds
        assert breaker.retry_at <= now + 300
        if not breaker.allows(now):
            assert row >= trips
            continue
        breaker.begin()
        if works:
            breaker.succeed()
            row = 0
            assert breaker.retry_at == 0
        else:
            breaker.fail(now)
            row += 1
            assert (breaker.retry_at > now) == (row >= trips)

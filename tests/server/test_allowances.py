"""How much a key may take."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import InvalidStatus

from omni_agent.errors import ConfigError
from omni_agent.events import Usage
from omni_agent.server.access import Access
from omni_agent.server.allowances import Allowances
from omni_agent.server.bucket import Bucket
from omni_agent.server.caller import Caller
from omni_agent.server.errors import ApiError
from omni_agent.server.limits import Allowance
from omni_agent.testing import VirtualClock
from tests.server.probing import Probe, hosted, probed, socket_to

pytestmark = pytest.mark.anyio

RATES = st.floats(0.1, 1e6)
GAPS = st.floats(-5, 300)
TINY = 1e-6


@given(RATES, st.lists(st.tuples(GAPS, st.floats(0, 2)), max_size=60))
def test_no_more_is_let_through_than_the_rate_and_one_burst(
    rate: float, asked: list[tuple[float, float]]
) -> None:
    bucket, now, latest, through = Bucket.full(rate, 0.0), 0.0, 0.0, 0.0
    for gap, share in asked:
        now += gap
        latest = max(latest, now)
        amount = share * rate
        if amount <= rate and bucket.wait(amount, now) == 0:
            bucket = bucket.taken(amount, now)
            through += amount
        assert through <= rate * (1 + latest / 60) * (1 + TINY)


@given(RATES, st.floats(0, 5), st.floats(0, 1), st.floats(0, 1e6))
def test_whoever_waits_as_long_as_he_is_told_is_let_through(
    rate: float, taken: float, wanted: float, now: float
) -> None:
    bucket = Bucket.full(rate, now).taken(taken * rate, now)
    wait = bucket.wait(wanted * rate, now)
    assert wait >= 0
    later = now + wait * (1 + TINY) + TINY
    assert bucket.wait(wanted * rate, later) <= TINY


@given(RATES, st.floats(0, 3), st.floats(0, 1), st.floats(0, 120), st.floats(0, 120))
def test_waiting_longer_never_waits_longer(
    rate: float, taken: float, wanted: float, one: float, other: float
) -> None:
    bucket = Bucket.full(rate, 0).taken(taken * rate, 0)
    sooner, later = sorted((one, other))
    assert bucket.wait(wanted * rate, later) <= bucket.wait(wanted * rate, sooner)


@given(RATES, st.lists(GAPS, max_size=20))
def test_looking_takes_nothing(rate: float, gaps: list[float]) -> None:
    bucket, looked, now = Bucket.full(rate, 0).taken(rate, 0), Bucket.full(rate, 0).taken(rate, 0), 0.0
    for gap in gaps:
        now += gap
        looked = looked.filled(now)
    latest = max([0.0, now, looked.at])
    assert looked.filled(latest).level == pytest.approx(bucket.filled(latest).level, rel=1e-6, abs=1e-6)


def asking(clock: VirtualClock, allowances: Allowances, caller: Caller) -> str:
    """What he is told: empty where he is let in, else when to come back."""
    try:
        allowances.admit(caller)
    except ApiError as refused:
        return refused.headers["Retry-After"]
    return ""


def test_requests_a_minute() -> None:
    clock = VirtualClock()
    allowances, anna = Allowances(clock), Caller("anna", Allowance(requests=3))
    assert [asking(clock, allowances, anna) for _ in range(4)] == ["", "", "", "20"]
    clock.advance(19)
    assert asking(clock, allowances, anna) == "1"
    clock.advance(1)
    assert [asking(clock, allowances, anna) for _ in range(2)] == ["", "20"]
    assert asking(clock, allowances, Caller("ben", Allowance(requests=3))) == ""


def test_tokens_and_sound_are_paid_for_afterwards() -> None:
    clock = VirtualClock()
    allowances, anna = Allowances(clock), Caller("anna", Allowance(tokens=600, audio_seconds=60))
    allowances.spend(anna, tokens=1200)
    assert asking(clock, allowances, anna) == "61"
    clock.advance(61)
    assert asking(clock, allowances, anna) == ""
    allowances.spend(anna, audio_seconds=90)
    assert asking(clock, allowances, anna) == "31"


def test_a_refusal_costs_nothing() -> None:
    clock = VirtualClock()
    allowances, anna = Allowances(clock), Caller("anna", Allowance(requests=60))
    told = [asking(clock, allowances, anna) for _ in range(1000)]
    assert told.count("") == 60
    clock.advance(60)
    assert asking(clock, allowances, anna) == ""


def test_nobody_counts_where_no_key_is_needed() -> None:
    clock = VirtualClock()
    allowances = Allowances(clock)
    allowances.spend(Caller(), tokens=1e9, audio_seconds=1e9)
    assert not any(asking(clock, allowances, Caller()) for _ in range(1000))


@pytest.mark.parametrize("limit", ["sessions", "at_once", "requests", "tokens", "audio_seconds"])
@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_an_allowance_of_nothing_is_a_mistake(limit: str, value: float) -> None:
    with pytest.raises(ConfigError, match=limit):
        Allowance(**{limit: value})  # type: ignore[arg-type]


async def test_what_is_too_much_is_told_over_the_wire() -> None:
    clock = VirtualClock()
    hosting = hosted(access=Access(keys=True), clock=clock)
    anna = {"Authorization": f"Bearer {hosting.keys.new('anna', Allowance(requests=2, sessions=1))}"}
    ben = {"Authorization": f"Bearer {hosting.keys.new('ben')}"}
    async with probed(hosting) as client:
        told = [(await client.post("/probe", headers=anna)).status_code for _ in range(3)]
        refused = await client.post("/probe", headers=anna)
        other = await client.post("/probe", headers=ben)
    assert told == [200, 200, 429]
    assert refused.headers["retry-after"] == "30"
    assert refused.json()["error"]["type"] == "rate_limit_error"
    assert other.status_code == 200


async def test_sessions_at_once() -> None:
    hosting = hosted(access=Access(keys=True))
    anna = {"Authorization": f"Bearer {hosting.keys.new('anna', Allowance(sessions=1))}"}
    async with probed(hosting) as client:
        async with socket_to(client, additional_headers=anna) as live:
            await live.recv()
            with pytest.raises(InvalidStatus) as refused:
                await socket_to(client, additional_headers=anna)
            # Another key of the same server is not held up.
            ben = {"Authorization": f"Bearer {hosting.keys.new('ben')}"}
            async with socket_to(client, additional_headers=ben):
                pass
        async with socket_to(client, additional_headers=anna) as live:
            await live.recv()
    assert refused.value.response.status_code == 429
    assert refused.value.response.headers["Retry-After"] == "1"


async def test_requests_at_once() -> None:
    probe, hosting = Probe(), hosted(access=Access(keys=True))
    anna = {"Authorization": f"Bearer {hosting.keys.new('anna', Allowance(at_once=1))}"}
    async with probed(hosting, probe) as client:
        first = asyncio.create_task(client.post("/probe/slow", headers=anna))
        await probe.begun.wait()
        second = await client.post("/probe", headers=anna)
        probe.go.set()
        assert (await first).status_code == 200
        third = await client.post("/probe", headers=anna)
    assert (second.status_code, third.status_code) == (429, 200)


def test_what_was_spent_counts_against_the_key() -> None:
    clock = VirtualClock()
    hosting = hosted(clock=clock)
    anna = Caller("anna", Allowance(tokens=100))
    hosting.allowances.admit(anna)
    hosting.spent(anna, model="gpt-4o", usage=Usage(80, 10, 40), heard=1.0, spoken=2.0)
    with pytest.raises(ApiError, match="100 tokens a minute"):
        hosting.allowances.admit(anna)

"""Sound on its way: nothing is lost, nothing is given twice but what is asked for again."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.models.realtime.backlog import LONGEST, RATE, Backlog

SIZES = st.lists(st.integers(1, 3_000), min_size=1, max_size=40)


def drained(backlog: Backlog, count: int) -> list[np.ndarray]:
    taken = []
    while len(packet := backlog.take(count)):
        taken.append(packet)
    return taken


@given(SIZES, st.integers(1, 2_000))
def test_packets_are_what_came_in(sizes: list[int], count: int) -> None:
    backlog = Backlog(0.1)
    sound = np.arange(sum(sizes), dtype=np.float32)
    taken, at = [], 0
    for size in sizes:
        backlog.add(sound[at : at + size])
        at += size
        taken += drained(backlog, count)
    assert all(len(packet) == count for packet in taken)
    given_out = np.concatenate([np.zeros(0, np.float32), *taken])
    assert np.array_equal(given_out, sound[: len(given_out)])
    assert len(sound) - len(given_out) < count
    assert backlog.end == len(sound)


@given(SIZES, st.integers(1, 2_000))
def test_the_last_of_it_is_given_again(sizes: list[int], count: int) -> None:
    backlog = Backlog(0.1)
    sound = np.arange(sum(sizes), dtype=np.float32)
    at = 0
    for size in sizes:
        backlog.add(sound[at : at + size])
        at += size
        drained(backlog, count)
    given_out = len(sound) // count * count
    begin = backlog.again()
    assert begin == max(0, given_out - round(0.1 * RATE))
    again = np.concatenate([np.zeros(0, np.float32), *drained(backlog, 1)])
    assert np.array_equal(again, sound[begin:])


def test_what_waits_too_long_is_dropped_and_that_is_known() -> None:
    backlog = Backlog(0.4)
    for _ in range(round(LONGEST) + 2):
        backlog.add(np.zeros(RATE, np.float32))
        assert not len(backlog.take(2 * int(LONGEST) * RATE))
    assert backlog.overrun
    assert not len(backlog.take(1))
    assert backlog.end - backlog.again() <= LONGEST * RATE
    assert len(backlog.take(1))

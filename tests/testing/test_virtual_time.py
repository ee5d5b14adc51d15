"""Programs in virtual time: what passes, in which order, and what becomes of programs that cannot go on."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from datetime import timedelta

import aiosqlite
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.testing import LoopClock, VirtualTimeError, in_virtual_time, run_virtually


def now() -> float:
    return asyncio.get_running_loop().time()


def test_a_day_passes_at_once() -> None:
    async def main() -> float:
        for _ in range(24):
            await asyncio.sleep(3599.999_999_9)
        return now()

    began = time.process_time()
    assert run_virtually(main()) == 86_399.999_997_6
    assert time.process_time() - began < 5


@in_virtual_time
async def test_sums_of_times_are_exact() -> None:
    for _ in range(3):
        await asyncio.sleep(0.1)
    assert now() == 0.3


@in_virtual_time
async def test_the_clock_shows_the_time_of_the_loop() -> None:
    clock = LoopClock()
    began = clock.now()
    await clock.sleep(90)
    await asyncio.sleep(30)
    assert clock.monotonic() == 120
    assert clock.now() - began == timedelta(minutes=2)
    assert await asyncio.to_thread(clock.monotonic) == 120


def test_a_clock_that_no_loop_has_shown_says_so() -> None:
    with pytest.raises(RuntimeError):
        LoopClock().now()


@in_virtual_time
async def test_timeouts_are_virtual() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(10):
            await asyncio.sleep(11)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.Event().wait(), 5)
    assert now() == 15


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=12))
def test_sleepers_wake_in_order(naps: list[tuple[int, int]]) -> None:
    async def main() -> list[tuple[float, int, int]]:
        woken: list[tuple[float, int, int]] = []

        async def sleeper(number: int, *seconds: int) -> None:
            for stage, nap in enumerate(seconds):
                await asyncio.sleep(nap / 10)
                woken.append((now(), stage, number))

        async with asyncio.TaskGroup() as group:
            for number, seconds in enumerate(naps):
                group.create_task(sleeper(number, *seconds))
        return woken

    first = run_virtually(main())
    assert [when for when, *_ in first] == sorted(when for when, *_ in first)
    expected = {
        (round(sum(seconds[: stage + 1]) / 10, 9), stage, number)
        for number, seconds in enumerate(naps)
        for stage in range(2)
    }
    assert {(round(when, 9), stage, number) for when, stage, number in first} == expected
    assert run_virtually(main()) == first


@in_virtual_time
async def test_time_stands_still_while_a_thread_works() -> None:
    timer = asyncio.create_task(asyncio.sleep(0.001))
    await asyncio.to_thread(time.sleep, 0.05)
    assert (now(), timer.done()) == (0, False)
    await asyncio.sleep(0.001)
    assert timer.done()


@given(st.permutations(range(4)))
def test_the_speed_of_threads_does_not_show(ranks: list[int]) -> None:
    """Each work waits for another one's end, so that they end in a given order."""

    async def main() -> list[int]:
        ended = [threading.Event() for _ in ranks]
        order: list[int] = []

        def work(rank: int) -> None:
            if rank:
                ended[rank - 1].wait()
            ended[rank].set()

        async def step(number: int, rank: int) -> None:
            await asyncio.get_running_loop().run_in_executor(pool, work, rank)
            order.append(number)

        with ThreadPoolExecutor(len(ranks)) as pool:
            await asyncio.gather(*(step(number, rank) for number, rank in enumerate(ranks)))
        return order

    assert run_virtually(main()) == [0, 1, 2, 3]


@in_virtual_time
async def test_a_thread_may_wait_for_the_loop() -> None:
    loop, asked, answered = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    def work() -> bool:
        loop.call_soon_threadsafe(asked.set)
        return answered.wait(20)

    working = asyncio.create_task(asyncio.to_thread(work))
    await asked.wait()
    answered.set()
    assert await working
    assert now() == 0


@in_virtual_time
async def test_what_a_thread_takes_back_is_not_done() -> None:
    loop = asyncio.get_running_loop()
    done: list[int] = []

    def work() -> None:
        loop.call_soon_threadsafe(done.append, 1).cancel()
        loop.call_soon_threadsafe(done.append, 2)

    await asyncio.to_thread(work)
    await asyncio.sleep(1)
    assert done == [2]


@in_virtual_time
async def test_a_thread_that_nobody_announced_is_heard() -> None:
    loop, event = asyncio.get_running_loop(), asyncio.Event()
    thread = threading.Thread(target=lambda: loop.call_soon_threadsafe(event.set))
    thread.start()
    await event.wait()
    thread.join()


@in_virtual_time
async def test_results_errors_and_context_come_from_threads() -> None:
    variable: ContextVar[str] = ContextVar("variable")
    variable.set("seen")
    assert await asyncio.to_thread(variable.get) == "seen"
    with pytest.raises(ZeroDivisionError):
        await asyncio.to_thread(divmod, 1, 0)


async def rows(connection: aiosqlite.Connection) -> list[int]:
    async with connection.execute("SELECT number FROM numbers ORDER BY rowid") as cursor:
        return [row[0] async for row in cursor]


@in_virtual_time
async def test_databases_take_no_time() -> None:
    async def ticking() -> None:
        for _ in range(100):
            await asyncio.sleep(0.001)
            ticks.append(now())

    ticks: list[float] = []
    async with aiosqlite.connect(":memory:") as connection:
        ticker = asyncio.create_task(ticking())
        await connection.execute("CREATE TABLE numbers (number)")
        for number in range(50):
            await connection.execute("INSERT INTO numbers VALUES (?)", (number,))
        assert await rows(connection) == list(range(50))
        assert ticks == []
        await ticker
        assert len(ticks) == 100


@in_virtual_time
async def test_two_databases_answer_in_the_order_of_their_questions() -> None:
    order: list[int] = []

    async def ask(number: int, connection: aiosqlite.Connection) -> None:
        await connection.execute("SELECT 1")
        order.append(number)

    async with aiosqlite.connect(":memory:") as one, aiosqlite.connect(":memory:") as other:
        for _ in range(20):
            order.clear()
            await asyncio.gather(*(ask(number, (one, other)[number % 2]) for number in range(6)))
            assert order == sorted(order)


def test_a_deadlock_names_who_waits_and_where() -> None:
    async def left_alone() -> None:
        await asyncio.Event().wait()

    async def main() -> None:
        task = asyncio.create_task(left_alone(), name="forgotten")
        await task

    with pytest.raises(VirtualTimeError, match=r"(?s)deadlock.*forgotten: .*left_alone.*Event\.wait"):
        run_virtually(main())


def test_a_thread_that_hangs_is_named() -> None:
    released = threading.Event()

    def hanging() -> None:
        released.wait(20)

    async def main() -> None:
        async with asyncio.timeout(3600):
            await asyncio.to_thread(hanging)

    threads = threading.active_count()
    with pytest.raises(VirtualTimeError, match=r"0\.05 real seconds.*hanging"):
        run_virtually(main(), patience=0.05)
    assert threading.active_count() > threads
    released.set()


def test_a_program_without_end_is_stopped() -> None:
    async def main() -> None:
        heart = asyncio.create_task(beating())
        await asyncio.Event().wait()
        heart.cancel()

    async def beating() -> None:
        while True:  # noqa: ASYNC110 (this is the case)
            await asyncio.sleep(60)

    with pytest.raises(VirtualTimeError, match=r"(?s)3600 virtual seconds.*beating"):
        run_virtually(main(), limit=3600)


def test_a_program_that_spins_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("omni_agent.testing.virtual_loop._PASSES", 5_000)

    async def main() -> None:
        while now() < 1:  # noqa: ASYNC110 (this is the case)
            await asyncio.sleep(0)

    with pytest.raises(VirtualTimeError, match="round and round"):
        run_virtually(main())


@in_virtual_time
async def test_who_spins_until_a_thread_has_ended_sees_its_end() -> None:
    working = asyncio.create_task(asyncio.to_thread(threading.get_ident))
    while not working.done():  # noqa: ASYNC110 (this is the case)
        await asyncio.sleep(0)
    assert working.result() != threading.get_ident()


def test_errors_come_through() -> None:
    async def main() -> None:
        await asyncio.sleep(5)
        raise LookupError("lost")

    with pytest.raises(LookupError, match="lost"):
        run_virtually(main())


def test_cancelling_comes_through_and_is_cleaned_up_after() -> None:
    ends: list[float] = []

    async def main() -> None:
        async def sleeper() -> None:
            try:
                await asyncio.sleep(100)
            finally:
                await asyncio.sleep(1)
                ends.append(now())

        kept = asyncio.create_task(sleeper())
        await asyncio.sleep(10)
        kept.cancel()
        with pytest.raises(asyncio.CancelledError):
            await kept
        ends.append(-1)
        left = asyncio.create_task(sleeper())
        await asyncio.sleep(10)
        assert not left.done()

    run_virtually(main())
    assert ends == [11, -1, 22]


def test_the_loop_is_closed_and_nothing_is_left() -> None:
    seen: list[asyncio.AbstractEventLoop] = []

    async def main() -> None:
        seen.append(asyncio.get_running_loop())
        await asyncio.to_thread(int)

    threads = threading.active_count()
    run_virtually(main())
    assert seen[0].is_closed()
    assert threading.active_count() == threads
    with pytest.raises(RuntimeError, match="closed"):
        seen[0].call_soon_threadsafe(print)
    with pytest.raises(RuntimeError, match="closed"):
        seen[0].run_in_executor(None, print)
    seen.clear()
    gc.collect()


@in_virtual_time
async def test_inside_a_running_loop_it_refuses() -> None:
    with pytest.raises(RuntimeError, match="running event loop"):
        run_virtually(asyncio.sleep(1))


@pytest.fixture
def seven() -> int:
    return 7


@pytest.mark.parametrize("factor", [1, 2])
@in_virtual_time(limit=100)
async def test_fixtures_and_parameters_reach_a_decorated_test(seven: int, factor: int) -> None:
    await asyncio.sleep(seven * factor)
    assert now() == 7 * factor


def test_work_that_was_given_up_is_waited_for_at_the_end() -> None:
    steps: list[str] = []
    go_on = threading.Event()

    def work() -> None:
        go_on.wait(20)
        steps.append("worked")

    async def main() -> None:
        working = asyncio.create_task(asyncio.to_thread(work))
        await asyncio.sleep(0)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        steps.append("given up")
        go_on.set()

    run_virtually(main())
    assert steps == ["given up", "worked"]


@pytest.mark.parametrize("work", [lambda: None, int])
def test_a_pool_that_is_shut_refuses(work: Callable[[], object]) -> None:
    async def main() -> None:
        pool = ThreadPoolExecutor(1)
        pool.shutdown()
        with pytest.raises(RuntimeError):
            await asyncio.get_running_loop().run_in_executor(pool, work)
        await asyncio.sleep(1)

    run_virtually(main())

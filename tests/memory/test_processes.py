"""Several stores, tasks and processes on one file; a process that dies."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable
from pathlib import Path

from omni_memory import SqliteMemory

from omni_agent.memory import Scope, TurnRecord

ANNA = Scope("anna", "butler")
MakeTurn = Callable[..., TurnRecord]
Start = Callable[..., "subprocess.Popen[str]"]


def test_many_tasks_and_two_stores_never_find_it_locked(turn: MakeTurn, home: Path) -> None:
    async def main() -> None:
        stores = [SqliteMemory(), SqliteMemory()]
        async with asyncio.TaskGroup() as group:
            for number in range(60):
                store = stores[number % 2]
                group.create_task(store.commit(ANNA, turn(str(number), session=str(number % 3))))
                group.create_task(store.history(ANNA, str(number % 3)))
                group.create_task(store.sessions(ANNA))
        for session in range(3):
            found = await stores[0].history(ANNA, str(session))
            assert sorted(int(one.id) for one in found) == list(range(session, 60, 3))
        for store in stores:
            await store.close()

    asyncio.run(main())


def test_processes_race_to_open_and_write_a_new_file(tmp_path: Path, process: Start) -> None:
    script = """
async def main():
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(10):
        await memory.commit(ANNA, turn(f"{sys.argv[2]}-{number}"))
        assert await memory.history(ANNA, "s")
    await memory.close()
asyncio.run(main())
"""
    path = tmp_path / "new" / "memory.db"
    started = [process(script, path, name) for name in "abc"]
    for one in started:
        assert one.stdout
        assert one.stdout.readline() == "ready\n"
    for one in started:
        assert one.stdin
        one.stdin.write("go\n")
        one.stdin.flush()
    for one in started:
        assert one.communicate(timeout=60) == ("", "")
        assert one.returncode == 0

    async def look() -> list[str]:
        memory = SqliteMemory(path)
        found = [one.id for one in await memory.history(ANNA, "s")]
        await memory.close()
        return found

    found = asyncio.run(look())
    assert sorted(found) == sorted(f"{name}-{number}" for name in "abc" for number in range(10))
    for name in "abc":
        own = [one for one in found if one.startswith(name)]
        assert own == [f"{name}-{number}" for number in range(10)]


def test_a_turn_survives_the_killing_of_its_process(tmp_path: Path, process: Start) -> None:
    script = """
async def main():
    await memory.commit(ANNA, turn("last words"))
    print("committed", flush=True)
    sys.stdin.readline()
asyncio.run(main())
"""
    path = tmp_path / "memory.db"
    dying = process(script, path)
    assert dying.stdout
    assert dying.stdout.readline() == "committed\n"
    dying.kill()
    dying.communicate(timeout=60)

    async def look() -> None:
        memory = SqliteMemory(path)
        assert [one.id for one in await memory.history(ANNA, "s")] == ["last words"]
        await memory.close()

    asyncio.run(look())


def test_a_program_that_never_closes_ends_all_the_same_and_quietly(tmp_path: Path, process: Start) -> None:
    ended = process('asyncio.run(memory.commit(ANNA, turn("1")))', tmp_path / "memory.db")
    assert ended.communicate(timeout=60) == ("", "")
    assert ended.returncode == 0


def test_no_more_room_is_an_error_and_costs_no_turn(tmp_path: Path, process: Start) -> None:
    script = """
import resource

async def main():
    await memory.commit(ANNA, turn("0"))
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
    written = 1
    try:
        for number in range(1, 100):
            await memory.commit(ANNA, turn(str(number), "long " * 4000))
            written += 1
    except MemoryStoreError as error:
        assert error.remedy and "long" not in str(error), error
    else:
        raise SystemExit("nothing ran out")
    assert len(await memory.history(ANNA, "s", limit=100)) == written
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    await memory.commit(ANNA, turn("room again"))
    assert len(await memory.history(ANNA, "s", limit=100)) == written + 1
    await memory.close()
asyncio.run(main())
"""
    filled = process(script, tmp_path / "memory.db")
    assert filled.communicate(timeout=60) == ("", "")
    assert filled.returncode == 0

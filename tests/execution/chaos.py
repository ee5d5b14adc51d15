"""Schedules of interruption, duplicate calls, sudden death and restart, each in processes of its own.

Run as a script: for every seed in the command line's range it forks lives of one conversation until all that
the user wants is done. A life may be killed (SIGKILL) at any moment by its parent, or by itself at the
places where it hurts most. What the tools did stands in a file that only they write to. Prints one line
of JSON for each schedule that went wrong, and how many lives and kills there were.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any

# What only a running agent loads is loaded before the first fork: a child then takes milliseconds.
import omni_memory.store
import omni_memory.upgrading

import omni_agent.graph
import omni_agent.turns  # noqa: F401
from omni_agent import Agent, tool
from omni_agent.events import ApprovalRequested, ErrorRaised, TurnEnded
from omni_agent.execution import Journal
from omni_agent.memory import Scope
from omni_agent.messages import Message, ToolCall, ToolResult
from omni_agent.models.base import Capabilities, Done, ModelEvent, Request, TextDelta, Usage
from omni_agent.senses import Senses
from omni_agent.testing import ScriptedModel, Step

WANTED = 3
MOST_LIVES = 20
MOST_TRIES = 60
LONGEST_LIFE = 120  # seconds; it takes less than one, so one that is still there waits for nothing
VERBS = ("look", "book", "pay")


def verb(number: int) -> str:
    return VERBS[number % len(VERBS)]


class Log:
    """What the tools did, a line each, in a file."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "effects.log"

    def add(self, deed: str) -> None:
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, f"{deed}\n".encode())
        os.close(file)

    def counted(self) -> Counter[str]:
        return Counter(self._path.read_text().split("\n")[:-1]) if self._path.exists() else Counter()


class EagerModel:
    """Calls the tool that the user names; now and then twice at once, or once more after the result."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._calls = 0
        self.capabilities = Capabilities()
        self.senses = Senses()

    async def stream(self, request: Request) -> AsyncGenerator[ModelEvent, None]:
        said = next(m.text for m in reversed(request.messages) if m.role == "user")
        name, _, number = said.partition(" ")
        results = request.messages[-1].role == "tool"
        await asyncio.sleep(self._chance.choice([0, 0, 0.001, 0.003]))
        if name in VERBS and request.tools and (not results or self._chance.random() < 0.2):
            for _ in range(self._chance.choice([1, 1, 2])):
                self._calls += 1
                call = f"c{os.getpid()}-{self._calls}-{self._chance.random()}"
                yield ToolCall(call, name, {"number": int(number)})
            yield Done("tool_calls")
            return
        for word in ("So", " it", " is."):
            yield TextDelta(word)
            await asyncio.sleep(self._chance.choice([0, 0.001]))
        yield Usage()
        yield Done("stop")

    async def prewarm(self, request: Request | None = None) -> None: ...

    async def close(self) -> None: ...


def tools(log: Log, chance: random.Random, die: Any) -> list[Any]:
    def work(deed: str) -> str:
        time.sleep(chance.choice([0, 0, 0.002, 0.01]))
        die("before the deed")
        log.add(deed)
        die("after the deed")
        time.sleep(chance.choice([0, 0, 0.002]))
        return f"{deed} is done"

    @tool(effect="read")
    def look(number: int) -> str:
        """Look at a number."""
        return work(f"look {number}")

    @tool(effect="write")
    async def book(number: int) -> str:
        """Book a number."""
        await asyncio.sleep(chance.choice([0, 0.001, 0.005]))
        return await asyncio.to_thread(work, f"book {number}")

    @tool(effect="irreversible")
    def pay(number: int) -> str:
        """Pay for a number."""
        return work(f"pay {number}")

    return [look, book, pay]


def deadly(chance: random.Random) -> Any:
    """What ends this process at once, at one place of its choice, on its way past for the nth time."""
    places = ("claimed", "before the deed", "after the deed", "settled", "decided", "never", "never")
    where, left = chance.choice(places), chance.randrange(1, 4)

    def die(place: str) -> None:
        nonlocal left
        if place == where:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def after(owner: type, name: str, place: str) -> None:
        before = getattr(owner, name)

        def method(self: Any, *given: Any, **named: Any) -> Any:
            result = before(self, *given, **named)
            die(place)
            return result

        setattr(owner, name, method)

    after(Journal, "claim", "claimed")
    after(Journal, "settle", "settled")
    after(Journal, "decide", "decided")
    return die


async def converse(folder: Path, chance: random.Random, log: Log, die: Any) -> None:
    """One life: the user says what is not done yet, and says it again until it is."""
    agent = Agent(name="Chaos", model=EagerModel(chance), tools=tools(log, chance, die))
    progress = folder / "progress"
    done = set(progress.read_text().split()) if progress.exists() else set()
    async with agent:
        for number in range(WANTED):
            if str(number) in done:
                continue
            await insist(agent, f"{verb(number)} {number}", chance, log)
            with progress.open("a") as file:
                file.write(f"{number}\n")
        await history_is_valid(agent)


async def insist(agent: Agent, wish: str, chance: random.Random, log: Log) -> None:
    said = wish
    for _ in range(MOST_TRIES):
        status, asked = await turn(agent, said, chance)
        if asked:
            # The user looks before saying yes: what is done is not to be done again.
            said = "no" if log.counted()[wish] else "yes"
            continue
        said = wish
        if status == "done" and (log.counted()[wish] or wish.startswith("look")):
            return
    raise AssertionError(f"{wish!r} was never done")


async def turn(agent: Agent, said: str, chance: random.Random) -> tuple[str, bool]:
    """How the turn ended, and whether it asks something."""
    status, asked = "left", False
    leave_after, cut_after = chance.choice([99, 99, 99, 2, 4]), chance.choice([None, None, 0.0, 0.002, 0.01])
    cut = asyncio.get_running_loop().call_later(cut_after, agent.interrupt) if cut_after is not None else None
    count = 0
    async with aclosing(agent.stream(said, speak=False)) as events:
        async for event in events:
            count += 1
            if isinstance(event, ApprovalRequested):
                asked = True
            if isinstance(event, ErrorRaised):
                assert event.code == "tool_unknown", event
            if isinstance(event, TurnEnded):
                status = event.status
            if count >= leave_after:
                break
    if cut:
        cut.cancel()
    return status, asked


async def history_is_valid(agent: Agent) -> None:
    for record in await agent.parts.memory.history(Scope("local", "Chaos"), "default", limit=1000):
        check(record.messages)


def check(messages: tuple[Message, ...]) -> None:
    """The user's message first, and after every call, at once, its one result."""
    assert messages[0].role == "user", messages
    for index, message in enumerate(messages):
        calls = [call.id for call in message.tool_calls]
        if calls:
            results = [part for part in messages[index + 1].parts if isinstance(part, ToolResult)]
            assert [result.call_id for result in results] == calls, messages
        if message.role == "tool":
            assert messages[index - 1].tool_calls, messages


def live(folder: Path, seed: str) -> None:
    """One life in this process, which never returns."""
    os.environ["OMNI_AGENT_HOME"] = str(folder / "home")
    chance = random.Random(seed)
    status = 0
    try:
        log = Log(folder)
        asyncio.run(asyncio.wait_for(converse(folder, chance, log, deadly(chance)), LONGEST_LIFE))
    except BaseException as error:
        import traceback

        (folder / "error").write_text("".join(traceback.format_exception(error)))
        status = 1
    os._exit(status)


def schedule(seed: int, folder: Path) -> tuple[str, int, int]:
    """Lives until all is done; what went wrong, or nothing, the number of lives and of kills."""
    chance = random.Random(seed)
    kills = 0
    for life in range(1, MOST_LIVES + 1):
        child = os.fork()
        if child == 0:
            live(folder, f"{seed}/{life}")
        if chance.random() < 0.4:
            time.sleep(chance.random() * 0.12)
            os.kill(child, signal.SIGKILL)
        _, ended = os.waitpid(child, 0)
        if os.WIFSIGNALED(ended):
            kills += 1
        elif os.WEXITSTATUS(ended):
            return (folder / "error").read_text(), life, kills
        else:
            return verdict(folder), life, kills
    return "it never came to an end", MOST_LIVES, kills


def verdict(folder: Path) -> str:
    counted = Log(folder).counted()
    wishes = [f"{verb(n)} {n}" for n in range(WANTED)]
    wrong = {wish: counted[wish] for wish in wishes if not wish.startswith("look") and counted[wish] != 1}
    return f"not once: {wrong}" if wrong else ""


async def practise() -> None:
    """A life without trouble: what an agent puts together at its first turn is there before the forks."""
    async with Agent(model=ScriptedModel(Step(says="Hello."))) as agent:
        await agent.ask("I like tea.", speak=False)


def main() -> None:
    first, last = map(int, sys.argv[1:3])
    lives = kills = 0
    prepared = Path(tempfile.mkdtemp(prefix="chaos-"))
    omni_memory.upgrading.prepare(prepared / "memory.db")
    with tempfile.TemporaryDirectory() as home:
        os.environ["OMNI_AGENT_HOME"] = home
        asyncio.run(practise())
    for made in tools(Log(prepared), random.Random(0), print):
        made.validate({"number": 1})
    for seed in range(first, last):
        folder = Path(tempfile.mkdtemp(prefix="chaos-"))
        shutil.copytree(prepared, folder / "home")
        wrong, lived, killed = schedule(seed, folder)
        lives, kills = lives + lived, kills + killed
        if wrong:
            print(json.dumps({"seed": seed, "wrong": wrong[-3000:]}), flush=True)
        shutil.rmtree(folder)
    shutil.rmtree(prepared)
    print(json.dumps({"schedules": last - first, "lives": lives, "kills": kills}))


if __name__ == "__main__":
    main()

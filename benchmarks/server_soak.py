"""Two thousand turns over fifty connections that come and go: what is left of them.

`growth` is how much more memory the server holds at the end than after the first fifth of the turns, as a
share; its limit is 5 %. `tasks` and `sockets` are how many more there are than before the first connection;
none may be. Some connections leave in the middle of a reply, some in the middle of a word.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
from collections.abc import Iterator

from websockets.asyncio.client import ClientConnection, connect

from .report import DATA, Arguments, arguments, publish
from .server_load_client import SPEECH_FRAMES, Realtime
from .server_process import Process, served

LIMIT = 0.05
_LEAVES = 0.1
_PATIENCE_S = 60.0


def own(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--turns", type=int, default=2000)
    parser.add_argument("--connections", type=int, default=50)
    parser.add_argument(
        "--turns-each", type=int, default=8, help="turns that a connection takes before it goes"
    )


class Soak:
    """Fifty clients that take turns from one heap."""

    def __init__(self, url: str, given: Arguments) -> None:
        self._url = url
        self._given = given
        self._left = iter(range(given.own.turns))
        self._expected: set[str] = set()
        self.done = 0
        self.broken_off = 0

    async def client(self, seed: int, until: int) -> None:
        """Connect, talk, go, and come again, until so many turns are done."""
        chance = random.Random(seed)
        while self.done < until:
            async with connect(
                self._url, max_size=None, compression=None, proxy=None, open_timeout=60
            ) as connection:
                dialect = Realtime(self._expected)
                for text in dialect.hello:
                    await connection.send(text)
                for _ in range(self._given.own.turns_each):
                    if self.done >= until:
                        return
                    self.done += 1
                    leaves = chance.random() < _LEAVES
                    async with asyncio.timeout(_PATIENCE_S):
                        await (spoken if chance.random() < 0.5 else written)(
                            connection, dialect, leaves=leaves
                        )
                    if leaves:
                        self.broken_off += 1
                        break


async def spoken(connection: ClientConnection, dialect: Realtime, *, leaves: bool) -> None:
    """A spoken turn, sent as fast as it goes."""
    for frame in frames(dialect):
        await connection.send(frame)
        if leaves and dialect.quiet == frame:
            return
    await taken_in(connection, dialect, leaves=leaves)


async def written(connection: ClientConnection, dialect: Realtime, *, leaves: bool) -> None:
    """A written one."""
    content = [{"type": "input_text", "text": "Say it again."}]
    item = {"type": "message", "role": "user", "content": content}
    await connection.send(json.dumps({"type": "conversation.item.create", "item": item}))
    await connection.send(json.dumps({"type": "response.create"}))
    await taken_in(connection, dialect, leaves=leaves)


async def taken_in(connection: ClientConnection, dialect: Realtime, *, leaves: bool) -> None:
    async for message in connection:
        sound = dialect.heard(message)
        if sound is None or (leaves and sound):
            return


def frames(dialect: Realtime) -> Iterator[str]:
    for _ in range(SPEECH_FRAMES):
        yield dialect.loud
    # Longer than the turn's own silence, so that it ends for sure.
    for _ in range(20):
        yield dialect.quiet


async def settled(process: Process, before: dict[str, int]) -> dict[str, int]:
    """How the server fares once what was left behind is gone, or after ten seconds."""
    state = await process.state()
    for _ in range(100):
        if state["tasks"] <= before["tasks"] and state["sockets"] <= before["sockets"]:
            break
        await asyncio.sleep(0.1)
        state = await process.state()
    return state


async def measured(given: Arguments) -> dict[str, object]:
    async with served([sys.executable, "-m", "benchmarks.server_load_server"]) as process:
        soak = Soak(process.address.replace("http", "ws", 1) + "/v1/realtime", given)
        # What a first turn loads and makes is there for good.
        idle = await process.state()
        await soak.client(0, 1)
        before = await settled(process, idle)
        states = []
        for fifth in range(1, 6):
            until = given.own.turns * fifth // 5
            async with asyncio.TaskGroup() as group:
                for number in range(given.own.connections):
                    group.create_task(soak.client(1000 * fifth + number, until))
            states.append(await settled(process, before))
            given.say(json.dumps({"turns": soak.done, **states[-1]}))
    growth = states[-1]["rss"] / states[0]["rss"] - 1
    left = {name: states[-1][name] - before[name] for name in ("tasks", "sockets")}
    within = growth <= LIMIT and not any(value > 0 for value in left.values())
    rss = [round(state["rss"] / 2**20, 1) for state in states]
    return {
        "turns": soak.done,
        "broken_off": soak.broken_off,
        "growth": round(growth, 4),
        "limit": LIMIT,
        "rss_mib": rss,
        **left,
        "within": within,
    }


def main() -> None:
    given = arguments(__doc__ or "", DATA, own=own)
    publish({"benchmark": "server_soak", **asyncio.run(measured(given))})


if __name__ == "__main__":
    main()

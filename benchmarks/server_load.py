"""How many realtime sessions a server holds that speak in real time and are spoken to.

`p99_ms` is of what the server adds: from the frame by which a turn can be known to be over to the first sound
of the reply, with a model, ears and a voice that take no time. `most` is the highest number of sessions with
`p99_ms` within the limit of 100 ms and nothing lost or out of order. Pipecat's WebSocket server is measured
in the same run with the same sound and the same turns, where `--pipecat` names a Python that has
`pipecat-ai[websocket]` and uvicorn; of its replies only the delay is looked at. `late_p99_ms` is how late our
own client was: where it comes near the delays, it was the limit. Client and server share the machine's
cores; `server_cores` is how many of them the server took.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from base64 import b64decode
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from .report import DATA, Arguments, arguments, publish
from .server_load_client import Dialect, Frames, Realtime, Seen, spoken_to
from .server_load_detection import frames_of_silence
from .server_process import Process, served

LIMIT_MS = 100.0
GOAL = 200
_FEWEST = 5


def own(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sessions", type=int, default=0, help="measure this number, and search for none")
    parser.add_argument("--seconds", type=float, default=15.0, help="that each number is measured for")
    parser.add_argument("--most", type=int, default=400, help="where the search ends")
    parser.add_argument("--silero", action="store_true", help="tell voice from noise by the network")
    parser.add_argument("--pipecat", type=Path, help="a Python that has pipecat-ai[websocket] and uvicorn")


class Load:
    """Presses one server.

    Args:
        process: The server.
        path: Of its socket.
        dialect: Makes the dialect of a session.
        given: The command line.
        quiet_s: As in `spoken_to`.
    """

    def __init__(
        self,
        process: Process,
        path: str,
        dialect: Callable[[], Dialect],
        given: Arguments,
        *,
        quiet_s: float = 0.0,
    ) -> None:
        self._process = process
        self._url = process.address.replace("http", "ws", 1) + path
        self._dialect = dialect
        self._given = given
        self._quiet_s = quiet_s

    async def run(self, count: int) -> dict[str, object]:
        """The figures with so many sessions."""
        before = await self._process.state()
        began = asyncio.get_running_loop().time()
        seen = await spoken_to(
            self._url, count, self._given.own.seconds, self._dialect, quiet_s=self._quiet_s
        )
        spent = asyncio.get_running_loop().time() - began
        after = await self._process.state()
        figures = figured(seen, count) | {
            "server_cores": round((after["cpu_s"] - before["cpu_s"]) / spent, 2)
        }
        self._given.say(json.dumps(figures))
        return figures

    async def search(self) -> tuple[int, list[dict[str, object]]]:
        """The highest number within the limit, to a tenth, and all that was measured."""
        if self._given.own.sessions:
            run = await self.run(self._given.own.sessions)
            return (self._given.own.sessions if run["within"] else 0), [run]
        runs: list[dict[str, object]] = []
        good, bad, count = 0, self._given.own.most + 1, min(50, self._given.own.most)
        while bad - good > max(_FEWEST, good // 10) and count:
            run = await self.run(count)
            runs.append(run)
            good, bad = (count, bad) if run["within"] else (good, count)
            count = min(2 * good, self._given.own.most) if bad > self._given.own.most else (good + bad) // 2
            if count == good:
                break
        return good, runs


def figured(seen: Seen, count: int) -> dict[str, object]:
    """What a run says."""
    delays = [1000 * delay for delay in seen.delays] or [float("inf")]
    p99 = _quantile(delays, 0.99)
    return {
        "sessions": count,
        "turns": seen.turns,
        "p50_ms": _quantile(delays, 0.5),
        "p99_ms": p99,
        "late_p99_ms": _quantile([1000 * late for late in seen.late] or [0.0], 0.99),
        "faults": len(seen.faults),
        "first_faults": sorted(set(seen.faults))[:3],
        "within": p99 <= LIMIT_MS and not seen.faults,
    }


def _quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1)


async def ours(given: Arguments) -> tuple[int, list[dict[str, object]]]:
    command = [sys.executable, "-m", "benchmarks.server_load_server"]
    expected: set[str] = set()
    # In a thread: it runs a loop of its own, whose time is virtual.
    needed = await asyncio.to_thread(frames_of_silence)
    given.say(f"a turn can be known to be over after {needed} frames of silence")
    async with served([*command, *(["--silero"] if given.own.silero else [])]) as process:
        return await Load(process, "/v1/realtime", partial(Realtime, expected, needed), given).search()


async def pipecats(given: Arguments) -> tuple[int, list[dict[str, object]]]:
    command = [str(given.own.pipecat), "-m", "benchmarks.peers.pipecat_socket"]
    async with served(command, lines=2) as process:
        loud, quiet = (b64decode(frame) for frame in json.loads(process.told))
        # It sends a reply's sound in real time and does not say when that is over.
        return await Load(process, "/ws", partial(Frames, loud, quiet), given, quiet_s=0.5).search()


async def measured(given: Arguments) -> dict[str, object]:
    most, runs = await ours(given)
    figures: dict[str, object] = {"most": most, "goal": GOAL, "limit_ms": LIMIT_MS, "runs": runs}
    if given.own.pipecat:
        most, runs = await pipecats(given)
        figures |= {"pipecat_most": most, "pipecat_runs": runs}
    return figures


def main() -> None:
    given = arguments(__doc__ or "", DATA, own=own)
    publish({"benchmark": "server_load", "silero": given.own.silero, **asyncio.run(measured(given))})


if __name__ == "__main__":
    main()

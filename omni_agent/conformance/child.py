"""The process in which one plugin is checked: `python -m omni_agent.conformance.child JOB EVENTS`.

It writes what it finds to EVENTS, a JSON object a line, and before each step what it is about to do: so its
parent knows where it ended if it did not end by itself. It starts in the sandbox already.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, TextIO

from ..errors import OmniError
from ..plugin_modules import tools_in
from ..plugins import Plugin
from ..tool import Tool
from .calling import Caller
from .job import Job
from .lag import LoopWatch
from .looks import looked_at
from .report import Finding
from .sandbox import Sandbox
from .tools import ToolCheck
from .watch import Watch

# A plugin may take so many times the patience with a call to be imported.
IMPORT = 20
# Seconds, beyond the patience with a call, for which the event loop may be held up.
HUNG = 2.0
# Characters of what a tool raised or refused, which may be a whole page.
LONGEST_REASON = 600


@dataclass
class Child:
    """Checks one plugin."""

    job: Job
    events: TextIO
    sandbox: Sandbox
    watch: Watch

    def tell(self, event: str, **about: Any) -> None:
        """Write an event for the parent."""
        print(json.dumps({"event": event, **about}), file=self.events, flush=True)

    def find(self, finding: Finding) -> None:
        """Write a finding for the parent."""
        self.tell("finding", **asdict(replace(finding, reason=_readable(finding.reason))))

    def run(self) -> None:
        """Import the plugin, look at its tools, and run them."""
        self.tell("begin", tool="", check="import", seconds=max(2.0, IMPORT * self.job.patience))
        tools = self._imported()
        for tool in tools:
            self.tell("tool", tool=tool.name, effect=tool.effect)
        names = [tool.name for tool in tools]
        for tool in tools:
            if tool.name not in self.job.done:
                others = {*self.job.taken, *(name for name in names if names.count(name) > 1)}
                for finding in looked_at(self.job.name, tool, others):
                    self.find(finding)
        if self.job.run and tools:
            # Not asyncio.run: at its end it waits for what a tool has left behind, which may never end.
            asyncio.new_event_loop().run_until_complete(self._called(tools))

    def _imported(self) -> list[Tool]:
        before, variables = _surroundings(self.sandbox), dict(os.environ)
        self.watch.on = True
        try:
            tools = _load(self.job)
        except OmniError as error:
            self._import("failed", error.message, error.remedy)
            return []
        finally:
            self.watch.on = False
        deeds = self.watch.take()
        after = _surroundings(self.sandbox)
        wrong = [f"{deed.kind}: {deed.what}" for deed in deeds]
        wrong += [
            f"{name}: {', '.join(new)}" for name in after if (new := sorted(after[name] - before[name]))
        ]
        wrong += [f"environment: {name}" for name in sorted(_changed(variables, os.environ))]
        if wrong:
            remedy = "do it in the tools, when they are called"
            self._import(
                "failed", f"importing it does more than define tools: {'; '.join(wrong[:6])}", remedy
            )
        else:
            self._import("ok", "", "")
        return tools

    def _import(self, outcome: Any, reason: str, remedy: str) -> None:
        self.find(Finding(self.job.name, "", "import", outcome, reason, remedy))

    async def _called(self, tools: list[Tool]) -> None:
        lag = LoopWatch("_into_the_tool", self.job.patience + HUNG, self._hung)
        beat = asyncio.create_task(lag.beat())
        caller = Caller(self.sandbox, self.watch, self.job.patience, _own(self.job))
        check = ToolCheck(self.job, caller, lag, self.find, self.tell)
        try:
            await check.all(tools)
        finally:
            beat.cancel()

    def _hung(self, place: str) -> None:
        self.tell("hung", place=place)
        os._exit(1)


def _load(job: Job) -> list[Tool]:
    if job.value.endswith(".py"):
        return tools_in(Path(job.value))
    entry = EntryPoint(job.name, job.value, "omni_agent.tools")
    return Plugin("tools", job.name, job.name, "", entry).tools(job.options)


def _readable(reason: str) -> str:
    """In one line of a bearable length, of what any terminal can show."""
    line = " ".join(reason.encode("utf-8", "replace").decode().split())
    return line if len(line) <= LONGEST_REASON else f"{line[:LONGEST_REASON]}…"


def _own(job: Job) -> tuple[str, ...]:
    """How the names of the plugin's source files begin."""
    if job.value.endswith(".py"):
        return (str(Path(job.value).parent) + os.sep,)
    module = sys.modules[job.value.partition(":")[0].partition(".")[0]]
    folders = [str(folder) + os.sep for folder in getattr(module, "__path__", ())]
    return tuple(folders) or (str(module.__file__),)


def _surroundings(sandbox: Sandbox) -> dict[str, set[str]]:
    """What importing must leave as it is."""
    sys.stdout.flush()
    sys.stderr.flush()
    return {
        "threads": {thread.name for thread in threading.enumerate()},
        "working folder": {os.getcwd()},
        "files": {thing[1] for thing in sandbox.things()},
        "characters printed": {str(_printed())},
    }


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> set[str]:
    """Variables that are new, gone or of another value."""
    return {name for name in {*before, *after} if before.get(name) != after.get(name)}


def _printed() -> int:
    """Bytes written so far to standard output and error, which are files here."""
    return sum(os.fstat(descriptor).st_size for descriptor in (1, 2))


def main(job: Path, events: Path) -> None:
    """Check the plugin that the job names."""
    about = Job.read(job)
    # They are switched on for the plugin's own files; those of its dependencies would count as printed.
    warnings.simplefilter("ignore", EncodingWarning)
    sys.path[:0] = about.path
    sandbox = Sandbox(Path(about.root))
    with events.open("a", encoding="utf-8") as stream:
        child = Child(about, stream, sandbox, Watch(sandbox, network=about.network))
        child.run()
        child.tell("end")
        # A plugin's threads and exit handlers are nobody's matter any more.
        os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

"""The checks of one tool after the other that need calls."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import ToolArgumentError
from ..messages import JsonObject
from ..tool import Tool, handed_over
from . import behaviour, effects, stress
from .calling import Call, Caller
from .effects import Verdict
from .examples import NoExample, examples, meant, said
from .job import Job
from .lag import LoopWatch
from .report import CHECKS, STATIC, Finding

# Seconds beyond which a tool is not given many bad values.
BRISK = 0.5
# Seconds for the parent to wait for a step, whatever the patience with one call.
STEP = 15.0


@dataclass
class ToolCheck:
    """Runs the tools of a plugin, which share the sandbox: what one writes, another may read or delete.

    Args:
        find: Takes a finding.
        tell: Takes what is about to be done.
    """

    job: Job
    caller: Caller
    lag: LoopWatch
    find: Callable[[Finding], None]
    tell: Callable[..., None]
    known: dict[str, Any] = field(default_factory=dict)
    worked: dict[str, tuple[Tool, JsonObject]] = field(default_factory=dict)

    async def all(self, tools: Sequence[Tool]) -> None:
        """Check every tool that was not checked before and may be run; writing ones first."""
        shown = self._media() if "x-media" in str([tool.spec.parameters for tool in tools]) else {}
        self.known = said(tool.spec.parameters for tool in tools)
        waiting = [tool for tool in tools if tool.name not in self.job.done]
        for tool in waiting:
            if tool.effect == "write":
                await self._first(tool, shown)
        for tool in sorted(waiting, key=lambda tool: tool.effect == "read"):
            if tool.effect == "irreversible" and not self.job.irreversible:
                self._unseen(tool, "what is irreversible is not run", "--run-irreversible runs it")
                continue
            self._begin(tool, "arguments")
            try:
                given = self._examples(tool, shown)
            except NoExample as missing:
                self._unseen(tool, f"no value is known for '{missing}'", "give arguments by --arguments")
                continue
            await self._one(tool, given)

    async def _first(self, tool: Tool, shown: dict[str, list[str]]) -> None:
        """Find arguments with which a tool does something, for others to find it done."""
        self._begin(tool, "arguments")
        try:
            given = self._examples(tool, shown)
        except NoExample:
            return
        made = await self.caller.bare(tool, given[0])
        if made.ending == "result" and made.seconds < BRISK:
            self.worked[tool.name] = tool, given[0]

    async def _one(self, tool: Tool, given: list[JsonObject]) -> None:
        held: dict[str, tuple[int, float]] = {}
        calls = [await self._call(tool, arguments, held) for arguments in given]
        good = next((call for call in calls if call.ending == "result"), None)
        if good and tool.effect == "write" and good.seconds < BRISK:
            self.worked[tool.name] = tool, good.arguments
        self._found(tool, "arguments", behaviour.arguments(tool, calls))
        self._found(tool, "serialisation", behaviour.serialisation(calls))
        if good and good.seconds > BRISK:
            # The first call may have had to load something.
            good = await self._call(tool, good.arguments, held)
            calls.append(good)
        slow = calls[-1].ending == "cut off" or calls[-1].seconds > BRISK
        if not slow:
            self._begin(tool, "errors")
            bad = await self._hostile(tool, (good or calls[0]).arguments, held)
            self._found(tool, "errors", behaviour.errors(tool, bad))
            calls += bad
        else:
            self._found(tool, "errors", ("not observable", "its calls take too long to try bad values", ""))
        if good and not slow and good.seconds > 0.3:
            calls.append(await self._cut_off(tool, good, held))
        if held and good:
            await self._call(tool, good.arguments, held)
        self._found(tool, "effect", effects.effect(tool, calls))
        self._found(tool, "loop", behaviour.loop(held))
        self._found(tool, "timeout", behaviour.timeout(tool, calls, self.job.patience))
        self._found(tool, "cancellation", behaviour.cancellation(tool, calls))
        await self._again(tool, good, calls, held=bool(held))

    async def _again(self, tool: Tool, good: Call | None, calls: list[Call], *, held: bool) -> None:
        """What needs a call that works: done twice, taken back, at once, and elsewhere."""
        steps: dict[str, Callable[[Call], Coroutine[Any, Any, Verdict]]] = {
            "locale": lambda call: stress.abroad(self.caller, tool, calls),
            "threads": lambda call: stress.threads(self.caller, tool, call),
        }
        if tool.effect == "read":
            for check in ("undo", "idempotency"):
                self._found(tool, check, ("ok", "it only reads", ""))
        else:
            steps |= {
                "undo": lambda call: effects.undo(self.caller, tool, call),
                "idempotency": lambda call: effects.idempotency(self.caller, tool, call),
            }
        for check, step in steps.items():
            if good is None:
                self._found(tool, check, ("not observable", "no example gave a result", ""))
            elif held and check == "threads":
                self._found(tool, check, ("not observable", "it holds up the event loop", ""))
            else:
                self._begin(tool, check)
                await self._seed(but=tool)
                self._found(tool, check, await step(good))

    async def _call(self, tool: Tool, arguments: JsonObject, held: dict[str, tuple[int, float]]) -> Call:
        await self._seed(but=tool)
        # What held up the loop so far was another tool, or another check.
        self.lag.take()
        made = await self.caller.call(tool, arguments)
        self._note(held)
        return made

    async def _hostile(self, tool: Tool, good: JsonObject, held: dict[str, tuple[int, float]]) -> list[Call]:
        calls: list[Call] = []
        for arguments in behaviour.hostile(tool.spec.parameters, good):
            try:
                fitting = tool.validate(arguments)
            except ToolArgumentError:
                continue
            calls.append(await self.caller.call(tool, fitting))
            self._note(held)
            if calls[-1].seconds > BRISK:
                break
        return calls

    async def _cut_off(self, tool: Tool, good: Call, held: dict[str, tuple[int, float]]) -> Call:
        made = await self.caller.call(tool, good.arguments, limit=good.seconds / 3)
        self._note(held)
        return made

    def _note(self, held: dict[str, tuple[int, float]]) -> None:
        for place, seconds in self.lag.take().items():
            times, most = held.get(place, (0, 0.0))
            held[place] = times + 1, max(most, seconds)

    async def _seed(self, but: Tool) -> None:
        """Do what the writing tools do once more, so that there is something to read, change or delete."""
        for name, (tool, arguments) in self.worked.items():
            if name != but.name:
                await self.caller.bare(tool, arguments)

    def _examples(self, tool: Tool, shown: dict[str, list[str]]) -> list[JsonObject]:
        made = [dict(item) for item in self.job.arguments.get(tool.name, ())]
        schema = tool.spec.parameters
        fitting: list[JsonObject] = []
        for arguments in made or examples(meant(schema, self.known)):
            try:
                fitting.append(tool.validate(handed_over(arguments, schema, shown)))
            except ToolArgumentError as error:
                if made:
                    # Those that an author gave have to fit.
                    raise NoExample(error.message) from None
        if not fitting:
            raise NoExample(", ".join(schema.get("required", ())))
        return fitting

    def _media(self) -> dict[str, list[str]]:
        """A picture and a sound, as references, for tools that take such."""
        import io

        import numpy as np
        from PIL import Image as Picture

        from ..speech.pcm import Pcm

        png = io.BytesIO()
        Picture.new("RGB", (32, 24), "white").save(png, "PNG")
        tone = np.sin(np.arange(8000) / 8).astype(np.float32) * 0.3
        return {
            "image": [self.caller.media.put(png.getvalue(), "image/png")],
            "audio": [self.caller.media.put(Pcm(tone, 8000).to_wav(), "audio/wav")],
        }

    def _unseen(self, tool: Tool, reason: str, remedy: str) -> None:
        for check in CHECKS:
            if check not in STATIC and check != "timeout":
                self._found(tool, check, ("not observable", reason, remedy))

    def _begin(self, tool: Tool, check: str) -> None:
        self.tell("begin", tool=tool.name, check=check, seconds=STEP + 4 * self.job.patience)

    def _found(self, tool: Tool, check: str, verdict: Verdict) -> None:
        outcome, reason, remedy = verdict
        self.find(Finding(self.job.name, tool.name, check, outcome, reason, remedy))

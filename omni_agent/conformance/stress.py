"""Many calls at once, and calls in another part of the world."""

from __future__ import annotations

import asyncio
import locale
import os
import random
import sys
import threading
import time
import unicodedata
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from types import FrameType
from typing import Any, TextIO

from ..messages import JsonObject
from ..tool import Tool
from .calling import THREAD, Call, Caller
from .effects import OK, Verdict

AT_ONCE = 8
ROUNDS = 3
# A thread pauses at so many of the tool's own lines, for so many seconds each.
MOST_PAUSES = 60
PAUSE = 0.0005
# Much less, and threads do little but change places.
SWITCH = 1e-4

ABROAD = "Asia/Kathmandu"
COMMAS = ("de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "fr_FR.utf8", "nl_NL.UTF-8", "it_IT.UTF-8")
FOREIGN = "Zoë Ångström 北京 \N{SMILING FACE WITH SUNGLASSES}"


async def threads(caller: Caller, tool: Tool, call: Call) -> Verdict:
    """Whether calls at the same time give what they give one after the other."""
    alone, sizes = list[Call](), [caller.sandbox.sizes()]
    for _ in range(AT_ONCE):
        alone.append(await caller.bare(tool, call.arguments))
        sizes.append(caller.sandbox.sizes())
    if (
        any(item.ending == "cut off" for item in alone)
        or sum(item.seconds for item in alone) > caller.patience
    ):
        return "not observable", "its calls take too long to be run many times", ""
    limit = max(3 * caller.patience, 20 * sum(item.seconds for item in alone))
    for _ in range(ROUNDS):
        before = caller.sandbox.sizes()
        with _hurried(caller.own, seed=7):
            together = await _at_once(caller, tool, call, limit)
        if any(item.ending == "cut off" for item in together):
            # All the changing of places takes its time; only what does not end without it either is stuck.
            together = await _at_once(caller, tool, call, limit)
        # What was told a minute ago may be another thing now, also without company.
        after = caller.sandbox.sizes()
        now = await caller.bare(tool, call.arguments)
        company = before, after, caller.sandbox.sizes()
        if problem := _different(alone, together, now) or _lost(sizes, *company):
            return "failed", f"{AT_ONCE} calls at once: {problem}", "put a lock around what the calls share"
    return OK


async def _at_once(caller: Caller, tool: Tool, call: Call, limit: float) -> list[Call]:
    calls = (caller.bare(tool, call.arguments, limit=limit) for _ in range(AT_ONCE))
    return await asyncio.gather(*calls)


def _different(alone: Sequence[Call], together: Sequence[Call], now: Call) -> str:
    expected = {(item.ending, type(item.value)) for item in alone}
    for item in together:
        if (item.ending, type(item.value)) not in expected:
            return f"one ended with '{item.text or item.ending}', unlike any that ran alone"
    one_by_one, at_once = {item.text for item in alone}, {item.text for item in together}
    if len(one_by_one) == len(alone) and len(at_once) < len(together):
        return "two gave the same result, where calls one by one all give different ones: an update was lost"
    if len(one_by_one) == 1 and not at_once <= {*one_by_one, now.text}:
        return "they gave different results, where calls one by one always give the same"
    return ""


def _lost(
    alone: Sequence[Counter[str]], before: Counter[str], after: Counter[str], later: Counter[str]
) -> str:
    """Where each call by itself adds something, also the one after them, those at once must all add it."""
    for name in later:
        least = min(then[name] - first[name] for first, then in pairwise(alone))
        # Less by a little is a number or a date that is shorter.
        if least > 0 and later[name] > after[name] and after[name] - before[name] < least * (AT_ONCE - 0.75):
            return f"less was added to {name} than by calls one by one: an update was lost"
    return ""


@contextmanager
def _hurried(own: tuple[str, ...], seed: int) -> Iterator[None]:
    """Threads change places as often as can be, above all between the tool's own lines."""
    interval, before = sys.getswitchinterval(), threading.gettrace()
    sys.setswitchinterval(SWITCH)
    threading.settrace(_pausing(own, random.Random(seed)))
    try:
        yield
    finally:
        threading.settrace(before)
        sys.setswitchinterval(interval)


def _pausing(own: tuple[str, ...], chance: random.Random) -> Callable[[FrameType, str, Any], Any]:
    paused: dict[int, int] = {}

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        if threading.current_thread().name != THREAD or not frame.f_code.co_filename.startswith(own):
            return None
        if event == "line" and chance.random() < 0.5:
            me = threading.get_ident()
            paused[me] = paused.get(me, 0) + 1
            if paused[me] < MOST_PAUSES:
                time.sleep(PAUSE)
        return trace

    return trace


async def abroad(caller: Caller, tool: Tool, calls: Sequence[Call]) -> Verdict:
    """Whether it works in another time zone and language as it does at home, with any letters."""
    worked = next((call for call in calls if call.ending == "result"), None)
    if worked is None:
        return "not observable", "no example gave a result", ""
    with _elsewhere() as comma, _encodings(caller.own) as unsaid:
        away = await caller.bare(tool, worked.arguments)
        foreign = [await caller.bare(tool, changed) for changed in _foreign(tool, worked)]
    if unsaid:
        return (
            "failed",
            f"{unsaid[0]} opens a file in whatever encoding the machine has",
            'write encoding="utf-8"',
        )
    if away.ending not in {"result", "refused"} or (away.ending, type(away.value)) != (
        "result",
        type(worked.value),
    ):
        return (
            "failed",
            f"in another time zone and language it ended with: {away.text[:120]}",
            "use no locale",
        )
    if comma and (number := _with_comma(worked.text, away.text)):
        return "failed", f"in another language it wrote {number}", "write numbers by f-strings, not by locale"
    rude = any(call.ending == "raised" for call in calls)
    for call in foreign:
        if (problem := _mangled(worked, call)) and not (rude and call.ending == "raised"):
            return "failed", problem, "treat all texts as Unicode"
    return "ok", "" if comma else "no language with a decimal comma is installed here", ""


def _foreign(tool: Tool, worked: Call) -> Iterator[JsonObject]:
    properties = tool.spec.parameters.get("properties", {})
    for name, value in worked.arguments.items():
        part = properties.get(name, {})
        if not isinstance(part, dict):
            continue
        bound = {"enum", "const", "format", "pattern", "x-media"} & set(part)
        if isinstance(value, str) and not bound and part.get("maxLength", 1000) >= len(FOREIGN):
            yield {**worked.arguments, name: FOREIGN}


def _mangled(worked: Call, call: Call) -> str:
    if call.ending == "raised":
        return f"{FOREIGN!r} raised {call.text[:120]}"
    if call.ending != "result":
        return ""
    told = unicodedata.normalize("NFC", call.text)
    for name, value in call.arguments.items():
        before = worked.arguments[name]
        echoed = isinstance(before, str) and len(before) > 3 and before in worked.text
        if value == FOREIGN and before != FOREIGN and echoed and "\\u" in told:
            return f"it answers {FOREIGN!r} with {told[:80]!r}"
        if value == FOREIGN and before != FOREIGN and echoed and ("?" * 2 in told or "\ufffd" in told):
            return f"it answers {FOREIGN!r} with {told[:80]!r}"
    return ""


def _with_comma(home: str, away: str) -> str:
    for word in home.split():
        number = word.strip(".,;:!?()")
        comma = number.replace(".", ",")
        if (
            number.count(".") == 1
            and number.replace(".", "").isdigit()
            and number not in away
            and comma in away
        ):
            return f"{comma} for {number}"
    return ""


@contextmanager
def _elsewhere() -> Iterator[bool]:
    """In another time zone, and a language with a decimal comma; says whether one is installed."""
    zone, before = os.environ.get("TZ"), locale.setlocale(locale.LC_ALL)
    os.environ["TZ"] = ABROAD
    _tell_the_time()
    comma = False
    for name in COMMAS:
        try:
            locale.setlocale(locale.LC_ALL, name)
        except locale.Error:
            continue
        comma = True
        break
    try:
        yield comma
    finally:
        locale.setlocale(locale.LC_ALL, before)
        os.environ.pop("TZ") if zone is None else os.environ.__setitem__("TZ", zone)
        _tell_the_time()


def _tell_the_time() -> None:
    if hasattr(time, "tzset"):
        time.tzset()


@contextmanager
def _encodings(own: tuple[str, ...]) -> Iterator[list[str]]:
    """The places that open text files without saying an encoding (PEP 597)."""
    found: list[str] = []
    show = warnings.showwarning

    def note(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if issubclass(category, EncodingWarning) and filename.startswith(own):
            found.append(f"{os.path.basename(filename)}:{lineno}")

    with warnings.catch_warnings():
        warnings.simplefilter("always", EncodingWarning)
        warnings.showwarning = note
        try:
            yield found
        finally:
            warnings.showwarning = show

"""The declared effect against what was seen, and whether calls can be repeated and taken back."""

from __future__ import annotations

from collections.abc import Sequence

from ..tool import Tool
from .calling import Call, Caller
from .report import Outcome
from .sandbox import lost, named
from .watch import Deed

Verdict = tuple[Outcome, str, str]
OK: Verdict = ("ok", "", "")


def effect(tool: Tool, calls: Sequence[Call]) -> Verdict:
    """Whether what the calls did is what the tool says of itself."""
    deeds = list(dict.fromkeys(deed for call in calls for deed in call.deeds))
    changes = [call for call in calls if call.changed]
    if tool.effect == "read":
        return _read(deeds, changes)
    gone = next((words for call in calls if (words := _lost(call, deeds))), "")
    if gone and tool.effect == "write" and tool.undo is None:
        return (
            "failed",
            f"it says 'write', but {gone}, and nothing takes it back",
            "declare effect='irreversible', or give it an undo",
        )
    if changes:
        return "ok", f"changed {named(changes[0].changed)}{_remarks(deeds)}", ""
    return "not observable", f"it changed nothing in its sandbox{_remarks(deeds)}", _more(calls)


def _read(deeds: Sequence[Deed], changes: Sequence[Call]) -> Verdict:
    remedy = "declare effect='write', or keep it in memory or in the cache folder"
    if changes:
        return "failed", f"it says 'read', but changed {named(changes[0].changed)}", remedy
    for deed in deeds:
        if deed.kind in {"write", "delete"} and deed.stopped:
            done = "write to" if deed.kind == "write" else "delete"
            return "failed", f"it says 'read', but wanted to {done} {deed.what}", remedy
    if any(deed.kind == "process" for deed in deeds):
        return "not observable", f"what its programs do is not seen{_remarks(deeds)}", ""
    return "ok", _remarks(deeds).removeprefix("; "), ""


def _lost(call: Call, deeds: Sequence[Deed]) -> str:
    outside = next((deed.what for deed in deeds if deed.kind == "delete" and deed.stopped), "")
    inside = lost(call.before, call.after)
    return f"deleted {inside}" if inside else f"wanted to delete {outside}" if outside else ""


def _remarks(deeds: Sequence[Deed]) -> str:
    words = {"process": "it started", "network": "it asked for the network:", "write": "", "delete": ""}
    told = [f"{words[deed.kind]} {deed.what}" for deed in deeds if words[deed.kind]]
    told += [f"it was kept from {deed.what}" for deed in deeds if deed.stopped and not words[deed.kind]]
    return "".join(f"; {line}" for line in told[:3])


def _more(calls: Sequence[Call]) -> str:
    worked = any(call.ending == "result" for call in calls)
    return "" if worked else "give arguments with which it works, in a file for --arguments"


async def idempotency(caller: Caller, tool: Tool, call: Call) -> Verdict:
    """Whether a second attempt at a call does the work twice."""
    first = await caller.call(tool, call.arguments, key=f"{call.key}-twice")
    if first.ending != "result" or not first.changed:
        return "not observable", "the call changed nothing in its sandbox", ""
    second = await caller.call(tool, call.arguments, key=f"{call.key}-twice")
    if second.changed:
        return (
            "failed",
            f"the same idempotency_key changed {named(second.changed)} twice",
            "keep context.idempotency_key with what was done, and do nothing when it is there",
        )
    if second.ending == "raised":
        return "failed", f"a second attempt raised {second.text}", "answer as the first attempt did"
    return OK


async def undo(caller: Caller, tool: Tool, call: Call) -> Verdict:
    """Whether what takes a call back does so."""
    if tool.undo is None:
        return "ok", "it declares none", ""
    done = await caller.call(tool, call.arguments, key=f"{call.key}-undone")
    if done.ending != "result":
        return "not observable", f"the call ended with: {done.text}", ""
    back = await caller.call(tool, call.arguments, undoes=done.key)
    if back.ending != "result":
        why = back.text or "it did not end"
        return "failed", f"its undo, right after the call, ended with: {why}", "take back what the call did"
    if not done.changed:
        return "not observable", "the call changed nothing in its sandbox", ""
    if gone := done.was - back.now:
        return "failed", f"after its undo {named(gone)} is not as before the call", "put back what was there"
    added, left = done.now - done.was, back.now - done.was
    if added and added <= left:
        return "failed", f"after its undo {named(added)} is still there", "remove what the call added"
    return "ok", f"it left {named(left)} behind" if left else "", ""

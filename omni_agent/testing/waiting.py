"""What a program waits for, in words, and the error that says so."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import FrameType
from typing import Any

_ASYNCIO = str(Path(asyncio.__file__).parent)


class VirtualTimeError(RuntimeError):
    """Virtual time cannot go on: nothing is left to wait for, or something is waited for in vain."""


def waiting(loop: asyncio.AbstractEventLoop) -> str:
    """The loop's tasks, one a line: name, where it waits, and by which call."""
    tasks = sorted(asyncio.all_tasks(loop), key=lambda task: (len(task.get_name()), task.get_name()))
    return "".join(f"\n  {task.get_name()}: {_place(task)}" for task in tasks)


def _place(task: asyncio.Task[Any]) -> str:
    frames = _frames(task.get_coro())
    if not frames:
        return repr(task)
    own = [frame for frame in frames if not frame.f_code.co_filename.startswith(_ASYNCIO)]
    frame, last = (own or frames)[-1], frames[-1]
    place = f"{frame.f_code.co_qualname} ({frame.f_code.co_filename}:{frame.f_lineno})"
    return place if last is frame else f"{place} in {last.f_code.co_qualname}"


def _frames(awaited: object) -> list[FrameType]:
    """The frames of a coroutine that is suspended, the outermost first."""
    frames: list[FrameType] = []
    while awaited is not None:
        own = (getattr(awaited, name, None) for name in ("cr_frame", "gi_frame", "ag_frame"))
        frames.extend(filter(None, own))
        follow = ("cr_await", "gi_yieldfrom", "ag_await")
        awaited = next((inner for name in follow if (inner := getattr(awaited, name, None))), None)
    return frames

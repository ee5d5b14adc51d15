"""Showing a turn: for people as it streams, for programs as one JSON object a line."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from .. import events as e
from ..speech.pcm import Pcm

if TYPE_CHECKING:
    from rich.console import Console

    from ..media import MediaStore


class Screen(Protocol):
    """Shows events, one after the other."""

    def show(self, event: e.AgentEvent) -> None:
        """Show the next event."""
        ...


class JsonScreen:
    """One agent event a line on standard output; speech is kept as media and appears as a reference."""

    def __init__(self, media: MediaStore) -> None:
        self._media = media

    def show(self, event: e.AgentEvent) -> None:
        if isinstance(event, e.SpeechChunk):
            wav = Pcm.from_int16(event.pcm, event.sample_rate).to_wav()
            event = replace(event, ref=self._media.put(wav, "audio/wav"))
        print(json.dumps(e.to_json(event), ensure_ascii=False), flush=True)


class TextScreen:
    """What was heard, which tools run with what, the answer as it comes, and the timings."""

    def __init__(self, console: Console | None = None) -> None:
        from rich.console import Console

        self._console = console or Console(highlight=False, soft_wrap=True)
        self._in_reply = False

    def show(self, event: e.AgentEvent) -> None:
        match event:
            case e.TextDelta(text=text):
                self._reply(text)
            case e.SpeechChunk() | e.TurnStarted() | e.MemoryWritten():
                pass
            case _:
                self._line(event)

    def _reply(self, text: str) -> None:
        if not self._in_reply:
            self._console.print("[green]agent ›[/] ", end="")
            self._in_reply = True
        self._console.print(text, end="", markup=False)
        self._console.file.flush()

    def _line(self, event: e.AgentEvent) -> None:
        if self._in_reply:
            self._console.print()
            self._in_reply = False
        for style, line in _lines(event):
            self._console.print(line, style=style, markup=False)


def _lines(event: e.AgentEvent) -> list[tuple[str, str]]:
    match event:
        case e.Transcript():
            return [("cyan", f"heard › {event.text}  ({event.language}, {event.confidence:.0%} sure)")]
        case e.ToolStarted():
            given = ", ".join(f"{k}={json.dumps(v, ensure_ascii=False)}" for k, v in event.arguments.items())
            return [("magenta", f" call › {event.name}({given})")]
        case e.ToolProgress():
            return [("dim", f"      … {event.message}")]
        case e.ToolFinished():
            style = "dim" if event.status == "done" else "yellow"
            return [(style, f"      ‹ {event.status}: {_short(event.result)}")]
        case e.ApprovalRequested():
            # The question itself is what the agent says.
            return [("yellow", f"      (waits for a yes: {event.reason})")]
        case e.AlarmRaised():
            return [("yellow", f"alarm › {event.text}")]
        case e.Interrupted():
            return [("yellow", "      (stopped here)")]
        case e.ErrorRaised(severity="note"):
            return [("yellow", f" note › {event.message}" + (f" ({event.remedy})" if event.remedy else ""))]
        case e.TurnEnded():
            return [("dim", _timings(event))]
        case _:
            return []


def _timings(event: e.TurnEnded) -> str:
    timings, usage = event.timings, event.usage
    named = [
        ("input ready", timings.ingested),
        ("first words", timings.first_text),
        ("first speech", timings.first_speech),
        ("tools", timings.tools or None),
        ("total", timings.total),
    ]
    stages = [f"{name} {seconds:.2f} s" for name, seconds in named if seconds is not None]
    return "      " + " · ".join(
        [*stages, f"{usage.cached_tokens} of {usage.prompt_tokens} prompt tokens cached"]
    )


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 200 else flat[:199] + "…"

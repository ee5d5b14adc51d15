"""The screen of `omni-agent talk`: what was said above, what is going on now below."""

from __future__ import annotations

import math
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from ... import events as e
from ..screen import TextScreen
from .keys import HELP, Keys
from .view import State, View

if TYPE_CHECKING:
    from ...speech.pcm import Pcm

METER = 20
# The quietest level that moves the meter, in decibels below full scale.
FLOOR_DB = -60.0
# How fast the meter falls, in decibels a second: it has to be read.
FALL_DB = 40.0
_STATES: dict[State, tuple[str, str]] = {
    "listening": ("cyan", "listening"),
    "hearing": ("bold cyan", "hearing you"),
    "thinking": ("yellow", "thinking"),
    "speaking": ("green", "speaking"),
    "held": ("magenta", "held"),
}
_WHILE_LIVE = (e.TextDelta, e.SpeechChunk, e.WordSpoken, e.PartialTranscript)


class TalkScreen:
    """Shows a live conversation while entered. Where there is no terminal it prints what has happened only.

    Args:
        view: What is going on; it is kept up to date by whoever shows events.
        keys: For the line that is being written.
        console: By default standard output.
    """

    def __init__(self, view: View, keys: Keys, console: Console | None = None) -> None:
        self._view, self._keys = view, keys
        self._console = console or Console(highlight=False, soft_wrap=True)
        self._lines = TextScreen(self._console)
        self._level = FLOOR_DB
        self._live = Live(
            console=self._console, get_renderable=self.render, refresh_per_second=12, transient=True
        )

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def level(self, frame: Pcm) -> None:
        """The microphone heard this."""
        loud = float((frame.samples**2).mean()) if len(frame.samples) else 0.0
        level = 10 * math.log10(loud) if loud > 0 else FLOOR_DB
        self._level = max(level, self._level - FALL_DB * frame.seconds, FLOOR_DB)

    def show(self, event: e.AgentEvent) -> None:
        """An event happened, which the view has taken already."""
        match event:
            case e.TurnEnded():
                self._reply(event)
                self._lines.show(event)
            case e.MemoryWritten():
                self._print("dim", f"      remembered as turn {event.turn}")
            case e.HandedOver():
                self._print("magenta", f"      {event.agent} goes on")
            case e.ErrorRaised(severity="error"):
                self._print("red", f"error › {_with_remedy(event)}")
            case e.Interrupted():
                pass
            case _ if not isinstance(event, _WHILE_LIVE):
                self._lines.show(event)

    def render(self) -> Group:
        """What is below: captions, then the state and the meter, then the keys or the line being written."""
        rows = []
        if self._view.partial:
            rows.append(Text.assemble(("  you › ", "cyan"), (self._view.partial, "italic cyan")))
        if self._view.said:
            rows.append(Text.assemble(("agent › ", "green"), self._view.said))
        rows.append(self._status())
        if self._keys.draft is None:
            rows.append(Text(HELP, "dim"))
        else:
            rows.append(Text.assemble(("write › ", "cyan"), self._keys.draft, ("▏", "cyan")))
        return Group(*rows)

    def _status(self) -> Text:
        style, name = _STATES[self._view.state]
        status = Text.assemble(self._meter(), "  ", (f"● {name}", style))
        if self._view.muted:
            status.append("  muted", "bold red")
        elif self._view.push_to_talk:
            status.append("  on the air" if self._view.held_down else "  space to talk", "bold")
        for device in sorted(self._view.away):
            status.append(f"  no {device}", "bold yellow")
        return status

    def _meter(self) -> Text:
        filled = round(METER * (1 - self._level / FLOOR_DB)) if not self._view.muted else 0
        return Text.assemble(("▮" * filled, "green"), ("▯" * (METER - filled), "dim"))

    def _reply(self, event: e.TurnEnded) -> None:
        cut = event.status == "interrupted"
        text = event.heard_text if cut else event.text
        if text.strip():
            self._print("", f"agent › {text.strip()}{' …' if cut else ''}")
        elif cut:
            self._print("dim", "      (stopped before a word was heard)")

    def _print(self, style: str, line: str) -> None:
        self._console.print(line, style=style, markup=False)


def _with_remedy(event: e.ErrorRaised) -> str:
    return event.message + (f" ({event.remedy})" if event.remedy else "")

"""What there is to be seen of a live conversation at this moment, from its events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ... import events as e

State = Literal["listening", "hearing", "thinking", "speaking", "held"]


@dataclass(slots=True)
class View:
    """The conversation now.

    Attributes:
        state: `listening` to silence, `hearing` the user, `thinking`, `speaking`, or `held`: the agent fell
            silent for a voice that may want the floor.
        partial: What is understood so far of what the user is saying.
        said: The words of the reply that were heard.
        failed: The last error that was no note.
        muted: The microphone is muted.
        push_to_talk: The voice has to be let in by a key.
        held_down: And is let in.
        away: What is unplugged: `microphone`, `loudspeaker`.
    """

    state: State = "listening"
    partial: str = ""
    said: str = ""
    failed: e.ErrorRaised | None = None
    muted: bool = False
    push_to_talk: bool = False
    held_down: bool = False
    away: set[str] = field(default_factory=set)
    _reply: str = ""

    def take(self, event: e.AgentEvent) -> None:
        """An event happened."""
        match event:
            case e.PartialTranscript(text=text):
                self.partial = text
            case e.Transcript():
                self.partial = ""
            case e.TextDelta(text=text):
                self._reply += text
            case e.WordSpoken():
                self._heard(event)
            case e.ErrorRaised(severity="error"):
                self.failed = event
            case e.TurnStarted():
                self.said = self._reply = ""
            case e.TurnEnded():
                self.said = self._reply = self.partial = ""
        self.state = self._next(event)

    def _next(self, event: e.AgentEvent) -> State:
        match event:
            case e.UserStarted():
                return "hearing"
            # A voice of no length was none.
            case e.UserStopped(seconds=0):
                return "listening"
            # The end of a reply that was cut is told after the beginning of what cut it.
            case e.TurnEnded() if self.state != "hearing":
                return "listening"
            case e.UserStopped() | e.TurnStarted():
                return "thinking"
            case e.SpeechChunk() | e.WordSpoken() if self.state != "held":
                return "speaking"
            case e.SpeechResumed():
                return "speaking"
            case e.SpeechHeld():
                return "held"
            case _:
                return self.state

    def _heard(self, word: e.WordSpoken) -> None:
        if len(self._reply) >= word.end:
            self.said = self._reply[: word.end]
        else:
            self.said = f"{self.said} {word.text}".strip()

"""How long each stage may take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds.

    Attributes:
        open: To connect and to be greeted.
        send: To hand over one event.
        first: From asking for an answer to its first event.
        between: From one event of an answer to the next.
        ending: For the last words of a cancelled answer, before the session is given up.
        again: Before a session that listens is opened for the third time in a row.
        margin: Before the end of a session's life from which it is not used any more.
    """

    open: float = 15.0
    send: float = 15.0
    first: float = 30.0
    between: float = 20.0
    ending: float = 2.0
    again: float = 1.0
    margin: float = 300.0

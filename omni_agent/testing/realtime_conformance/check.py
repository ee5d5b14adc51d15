"""One check: a requirement, and the code that looks whether it is met."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from .manifest import Requirement, requirements
from .report import Finding, Outcome

if TYPE_CHECKING:
    from .subject import Subject

Look: TypeAlias = "Callable[[Subject], Awaitable[None]]"


MISSHAPEN = (AttributeError, IndexError, KeyError, TypeError, ValueError)
"""What comes of reading an event that is not as it should be."""


class Verdict(Exception):
    """Ends a check.

    Args:
        reason: What was seen.
    """

    outcome: Outcome = "failed"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Failed(Verdict):
    """The server does not do what is required."""


class Inconclusive(Verdict):
    """Nothing was seen that would tell."""

    outcome: Outcome = "inconclusive"


@dataclass(frozen=True, slots=True)
class Check:
    """A requirement that can be looked at.

    Attributes:
        requirement: Which.
        look: Comes back where all is well, else raises a `Verdict`.
    """

    requirement: Requirement
    look: Look

    def __str__(self) -> str:
        return self.requirement.id

    async def of(self, subject: Subject) -> Finding:
        """Look, and put what was seen into a finding."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        outcome: Outcome = "ok"
        reason = ""
        try:
            await self.look(subject)
        except Verdict as verdict:
            outcome, reason = verdict.outcome, verdict.reason
        except MISSHAPEN as error:
            # What is wrong with the shape, `events.shape` tells.
            outcome, reason = "inconclusive", f"an event has another shape: {type(error).__name__}"
        return Finding(self.requirement, outcome, reason, round(loop.time() - began, 3))


def check(name: str) -> Callable[[Look], Check]:
    """Make a check of the function that looks.

    Args:
        name: Id of the requirement.
    """
    return lambda look: Check(requirements()[name], look)

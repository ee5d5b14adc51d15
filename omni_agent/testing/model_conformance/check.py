"""One check: what is required of a model, why, and the code that looks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from ...models.base import Capabilities, OmniModel
from .report import Finding, Outcome

if TYPE_CHECKING:
    from .subject import Subject

Look: TypeAlias = "Callable[[Subject], Awaitable[None]]"
Unless: TypeAlias = Callable[[Capabilities], str]

OUR_ERRORS = "raise a ModelError, ModelUnavailable or InputError, and say in its remedy what to do"


class Verdict(Exception):
    """Ends a check.

    Args:
        reason: What was seen.
        remedy: What the model's author can do.
    """

    outcome: Outcome = "failed"

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy


class Failed(Verdict):
    """The model does not do what is required."""


class Skipped(Verdict):
    """It does not claim the thing."""

    outcome: Outcome = "skipped"


class Inconclusive(Verdict):
    """Nothing was seen that would tell."""

    outcome: Outcome = "inconclusive"


@dataclass(frozen=True, slots=True)
class Check:
    """A requirement that can be looked at.

    Attributes:
        id: Stable: a program may compare it.
        requires: What is required, in a sentence.
        why: What goes wrong where it is not so.
        look: Comes back where all is well, else raises a `Verdict`.
        unless: The reason why these capabilities make it no matter; empty where it is one.
    """

    id: str
    requires: str
    why: str
    look: Look
    unless: Unless

    def __str__(self) -> str:
        return self.id

    async def __call__(self, model: OmniModel, *, reproducible: bool = False) -> Finding:
        """Check a model by this alone; for a parametrised test. The arguments are those of `check_model`."""
        from .subject import subject_of

        with subject_of(model, reproducible=reproducible) as subject:
            return await self.of(subject)

    async def of(self, subject: Subject) -> Finding:
        """Look, and put what was seen into a finding; whatever the model raises is one."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            if reason := self.unless(subject.capabilities):
                raise Skipped(reason)
            await self.look(subject)
        except Verdict as verdict:
            seen = verdict
        except Exception as error:
            seen = Failed(f"it raised {type(error).__name__}: {error}"[:300], OUR_ERRORS)
        else:
            return Finding(self.id, self.requires, self.why, "ok", seconds=round(loop.time() - began, 3))
        spent = round(loop.time() - began, 3)
        return Finding(self.id, self.requires, self.why, seen.outcome, seen.reason, seen.remedy, spent)


def check(name: str, *, requires: str, why: str, unless: Unless = lambda able: "") -> Callable[[Look], Check]:
    """Make a check of the function that looks."""
    return lambda look: Check(name, requires, why, look, unless)

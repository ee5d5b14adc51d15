"""What the suite found of a server: one finding a requirement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ...messages import JsonObject
from .manifest import Requirement

Outcome = Literal["ok", "failed", "inconclusive"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one requirement.

    Attributes:
        requirement: Which.
        outcome: `inconclusive` where nothing came that would tell, as of a server whose model calls no tool.
        reason: What was seen.
        seconds: How long it took, with the conversations that were held for it.
    """

    requirement: Requirement
    outcome: Outcome
    reason: str = ""
    seconds: float = 0.0

    def __str__(self) -> str:
        reason = f": {self.reason}" if self.reason else ""
        return f"{self.requirement.id} {self.outcome}{reason}"

    def to_json(self) -> JsonObject:
        """As plain JSON."""
        asked = self.requirement
        about: JsonObject = {"id": asked.id, "level": asked.level, "requires": asked.requires}
        seen: JsonObject = {"outcome": self.outcome, "reason": self.reason, "seconds": self.seconds}
        return {**about, "source": asked.source, **seen}


@dataclass(frozen=True, slots=True)
class Report:
    """What was found of a server.

    Attributes:
        subject: Its address.
        findings: One a requirement, in the manifest's order.
        typed: Whether events were also held against the types of the package `openai`.
    """

    subject: str
    findings: tuple[Finding, ...]
    typed: bool = True

    @property
    def failed(self) -> tuple[Finding, ...]:
        """What failed, of either level."""
        return tuple(finding for finding in self.findings if finding.outcome == "failed")

    @property
    def ok(self) -> bool:
        """Whether nothing failed that a server must do."""
        return not any(finding.requirement.level == "must" for finding in self.failed)

    def of(self, requirement: str) -> Finding:
        """The finding of a requirement.

        Raises:
            KeyError: There is none.
        """
        for finding in self.findings:
            if finding.requirement.id == requirement:
                return finding
        raise KeyError(requirement)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __str__(self) -> str:
        """What failed, a line each: for `assert report.ok, str(report)`."""
        return "\n".join(map(str, self.failed)) or f"{self.subject}: {len(self.findings)} checks, none failed"

    def to_json(self) -> JsonObject:
        """As plain JSON."""
        findings = [finding.to_json() for finding in self.findings]
        return {"subject": self.subject, "ok": self.ok, "typed": self.typed, "findings": findings}

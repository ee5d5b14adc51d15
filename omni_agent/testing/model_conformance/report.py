"""What the suite found of a model: one finding a check."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Literal

from ...messages import JsonObject

Outcome = Literal["ok", "failed", "skipped", "inconclusive"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes:
        check: Id of the check.
        requires: What is required, in a sentence.
        why: What goes wrong where it is not so.
        outcome: `skipped` where the model does not claim the thing; `inconclusive` where it did nothing that
            would tell, as a model does that answers an order in words.
        reason: What was seen.
        remedy: What the model's author can do, where something can be done.
        seconds: How long the check took.
    """

    check: str
    requires: str
    why: str
    outcome: Outcome
    reason: str = ""
    remedy: str = ""
    seconds: float = 0.0

    def __str__(self) -> str:
        reason = f": {self.reason}" if self.reason else ""
        remedy = f" ({self.remedy})" if self.remedy else ""
        return f"{self.check} {self.outcome}{reason}{remedy}"


@dataclass(frozen=True, slots=True)
class Report:
    """What was found of a model.

    Attributes:
        subject: What it is called.
        findings: One a check, in order.
    """

    subject: str
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        return not self.failed

    @property
    def failed(self) -> tuple[Finding, ...]:
        """What failed."""
        return tuple(finding for finding in self.findings if finding.outcome == "failed")

    def of(self, check: str) -> Finding:
        """The finding of a check.

        Raises:
            KeyError: There is none.
        """
        for finding in self.findings:
            if finding.check == check:
                return finding
        raise KeyError(check)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __str__(self) -> str:
        """What failed, a line each: for `assert report.ok, str(report)`."""
        return "\n".join(map(str, self.failed)) or f"{self.subject}: {len(self.findings)} checks, none failed"

    def to_json(self) -> JsonObject:
        """As plain JSON."""
        findings = [asdict(finding) for finding in self.findings]
        return {"subject": self.subject, "ok": self.ok, "findings": findings}

"""What the kit found: one finding for each check of each tool."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from ..messages import JsonObject

Outcome = Literal["ok", "failed", "not observable"]

# In the order in which they are shown; `import` is about a plugin, the others about a tool.
CHECKS = (
    "import",
    "names",
    "docstring",
    "schema",
    "timeout",
    "arguments",
    "errors",
    "serialisation",
    "effect",
    "undo",
    "idempotency",
    "loop",
    "cancellation",
    "threads",
    "locale",
)
# Those that need the tool's source alone, not a call.
STATIC = frozenset({"import", "names", "docstring", "schema"})


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes:
        plugin: Name of the plugin or file.
        tool: Name of the tool; empty where it is about the plugin.
        check: One of `CHECKS`.
        outcome: `not observable` where nothing that would tell was seen.
        reason: What was seen, in a sentence.
        remedy: What the author can do, where something can be done.
    """

    plugin: str
    tool: str
    check: str
    outcome: Outcome
    reason: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        place = f"{self.plugin}.{self.tool}" if self.tool else self.plugin
        remedy = f" ({self.remedy})" if self.remedy else ""
        return f"{place} {self.check} {self.outcome}: {self.reason}{remedy}"


@dataclass(frozen=True, slots=True)
class Checked:
    """A tool that was checked."""

    plugin: str
    tool: str
    effect: str


@dataclass(frozen=True, slots=True)
class Report:
    """What was found in a plugin, package or folder.

    Attributes:
        subject: What was asked for.
        tools: The tools that are in it.
        findings: One for each check, in order.
    """

    subject: str
    tools: tuple[Checked, ...]
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        return not self.failed

    @property
    def failed(self) -> tuple[Finding, ...]:
        """What failed."""
        return tuple(finding for finding in self.findings if finding.outcome == "failed")

    def of(self, tool: str, check: str) -> Finding:
        """The finding of a check of a tool; `tool` is empty for what is about the plugin.

        Raises:
            KeyError: There is none.
        """
        for finding in self.findings:
            if (finding.tool, finding.check) == (tool, check):
                return finding
        raise KeyError(f"{tool} {check}")

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __str__(self) -> str:
        """What failed, a line each: for `assert report.ok, str(report)`."""
        return "\n".join(map(str, self.failed)) or f"{self.subject}: {len(self.findings)} checks, none failed"

    def to_json(self) -> JsonObject:
        """As plain JSON."""
        made: dict[str, Any] = {"subject": self.subject, "ok": self.ok}
        return made | {
            "tools": [asdict(tool) for tool in self.tools],
            "findings": [asdict(finding) for finding in self.findings],
        }

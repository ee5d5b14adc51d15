"""A kit that checks plugins: does each tool do what it says, and nothing else?

    from omni_agent.conformance import check

    def test_the_garden_conforms():
        report = check("garden")
        assert report.ok, str(report)

Tools run in a process of their own with an empty home, so that one that crashes or hangs is a finding too. A
tool that writes is run: what it does to other machines, with leave, is done for good.
"""

from .kit import check
from .report import CHECKS, Checked, Finding, Outcome, Report

__all__ = ["CHECKS", "Checked", "Finding", "Outcome", "Report", "check"]

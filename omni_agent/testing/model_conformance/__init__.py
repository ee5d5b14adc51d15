"""What every model must do: a suite of checks for any `OmniModel`.

    async def test_the_model_conforms():
        report = await check_model(MyModel(settings))
        assert report.ok, str(report)

    @pytest.mark.parametrize("check", CHECKS, ids=str)
    async def test_it_conforms(check):
        finding = await check(MyModel(settings))
        assert finding.outcome != "failed", str(finding)

The questions are harmless, short and about fifty; most answers are taken whole. Sounds and pictures that are
handed in lie in the media store of `OMNI_AGENT_HOME` while it runs.
"""

from __future__ import annotations

from ...models.base import OmniModel
from . import calling, holding, speaking, stopping, taking_in, writing
from .check import Check
from .report import Finding, Outcome, Report
from .subject import subject_of

CHECKS: tuple[Check, ...] = (
    *holding.FIRST,
    *writing.CHECKS,
    *stopping.CHECKS,
    *calling.CHECKS,
    *speaking.CHECKS,
    *taking_in.CHECKS,
    *holding.LAST,
)
"""All checks, in the order in which they are made."""


async def check_model(
    model: OmniModel,
    *,
    name: str = "",
    reproducible: bool = False,
    patience: float = 120.0,
    soon: float = 5.0,
) -> Report:
    """Check a model by all of `CHECKS`, one after the other. It is closed on the way, and not at the end.

    Args:
        model: The model.
        name: What the report calls it; by default its class.
        reproducible: It claims that temperature 0 and a seed give the same answer again, also after others.
        patience: Seconds that one answer may take.
        soon: Seconds within which an answer that nobody wants any more must have stopped.

    Raises:
        ModelUnavailable: It cannot be loaded or reached, so that there is nothing to check.
    """
    await model.prewarm()
    options = {"patience": patience, "soon": soon}
    with subject_of(model, reproducible=reproducible, **options) as subject:
        findings = [await check.of(subject) for check in CHECKS]
    return Report(name or type(model).__name__, tuple(findings))


__all__ = ["CHECKS", "Check", "Finding", "Outcome", "Report", "check_model"]

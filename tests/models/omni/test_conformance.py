"""What every model must do, done by the tiny checkpoints of both families, with speech."""

from __future__ import annotations

import asyncio

import pytest

from omni_agent.models.omni import Options, TransformersOmni
from omni_agent.testing.model_conformance import CHECKS, Report, check_model

pytestmark = [
    # transformers' remark is silenced when it speaks; a test's own filters come after that.
    pytest.mark.filterwarnings("ignore:Passing `repetition_penalty`"),
]
BY_ID = {check.id: check for check in CHECKS}
# Random weights write letters, whatever they are told, to the last token that they may.
UNDECIDED = {
    "text.known",
    "format",
    "together",
    "calls.deltas",
    "calls.arguments",
    "calls.reason",
    "calls.withheld",
    "calls.choice",
    "speech.calls",
}
# The first speaks when its words are done; a prompt over this context is not tried.
SKIPPED = {"speech.first", "input.described", "errors.context"}


@pytest.mark.parametrize("family", ["qwen3", "qwen25"])
def test_a_tiny_model_conforms(family: str, request: pytest.FixtureRequest) -> None:
    options = Options(str(request.getfixturevalue(family)), device="cpu", seconds=1)
    report = asyncio.run(_report(TransformersOmni(options)))
    assert report.ok, str(report)
    seen = {finding.check: finding.outcome for finding in report}
    assert {check for check, outcome in seen.items() if outcome == "inconclusive"} <= UNDECIDED
    assert {check for check, outcome in seen.items() if outcome == "skipped"} == SKIPPED


def test_too_long_a_message_is_an_error_that_says_what_to_do(short3: TransformersOmni) -> None:
    finding = asyncio.run(BY_ID["errors.context"](short3))
    assert finding.outcome == "ok", str(finding)


async def _report(model: TransformersOmni) -> Report:
    try:
        return await check_model(model, reproducible=True)
    finally:
        await model.close()

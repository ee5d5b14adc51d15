"""What every model must do, done by each dialect on a server that answers in its form."""

from __future__ import annotations

import pytest

from omni_agent.testing.model_conformance import Report, check_model
from tests.models.http.asking import NAMES, run
from tests.models.http.knowing import knowing

QWEN25 = "Qwen/Qwen2.5-Omni-7B"


async def report_of(name: str, model: str) -> Report:
    async with knowing(name, model) as made:
        return await check_model(made, name=name, reproducible=True, patience=20)


@pytest.mark.parametrize(
    ("name", "model"), [*((name, "m") for name in NAMES), ("vllm-omni", QWEN25), ("vllm", QWEN25)]
)
def test_a_dialect_conforms(name: str, model: str) -> None:
    report = run(report_of(name, model))
    assert report.ok, str(report)
    assert {finding.check for finding in report if finding.outcome == "inconclusive"} <= {"input.most"}

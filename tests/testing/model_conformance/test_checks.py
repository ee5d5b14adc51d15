"""Each check passes on a model that does what is required, and fails on one that does not."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path

import pytest

from omni_agent.errors import ModelError, ModelUnavailable
from omni_agent.media import MediaStore
from omni_agent.messages import ToolCall
from omni_agent.models.base import (
    Capabilities,
    Done,
    ModelEvent,
    OmniModel,
    Request,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from omni_agent.testing import ScriptedModel, Step, in_virtual_time, run_virtually
from omni_agent.testing.model_conformance import CHECKS, Check, Finding, check_model
from omni_agent.testing.model_conformance.subject import subject_of
from tests.testing.model_conformance.bad import BAD, Bad
from tests.testing.model_conformance.models import BLIND, EVERYTHING, conforming

BY_ID = {check.id: check for check in CHECKS}


@in_virtual_time
async def test_a_model_that_does_everything_passes_every_check() -> None:
    report = await check_model(conforming(), name="scripted", reproducible=True)
    seen = {finding.check: str(finding) for finding in report if finding.outcome != "ok"}
    assert seen == {"input.described": "input.described skipped: it hears and sees by itself"}
    assert report.ok
    assert str(report) == f"scripted: {len(CHECKS)} checks, none failed"


@in_virtual_time
async def test_what_a_model_does_not_claim_is_skipped() -> None:
    report = await check_model(conforming(replace(BLIND, tools=False)))
    assert report.ok, str(report)
    outcomes = {finding.check: finding.outcome for finding in report}
    assert {check for check, outcome in outcomes.items() if outcome == "skipped"} >= {
        "calls.results",
        "speech.rate",
        "speech.voices",
        "input.most",
        "input.missing",
    }
    assert outcomes["input.described"] == outcomes["input.image"] == "ok"
    assert report.of("speech.rate").reason == "it has no voice of its own"


@in_virtual_time
async def test_who_only_talks_is_not_blamed_for_it() -> None:
    talks = ScriptedModel(otherwise=lambda request: Step(says="Well.", pace=0.1), capabilities=EVERYTHING)
    report = await check_model(talks)
    undecided = {finding.check for finding in report if finding.outcome == "inconclusive"}
    assert undecided >= {
        "calls.deltas",
        "calls.arguments",
        "calls.choice",
        "calls.withheld",
        "format",
        "length",
    }
    assert "it answered in words" in report.of("calls.choice").reason


def test_there_is_a_bad_model_for_each_check() -> None:
    assert list(BAD) == [check.id for check in CHECKS]


@pytest.mark.parametrize("check", CHECKS, ids=str)
def test_a_bad_model_is_found_out(check: Check) -> None:
    bad = BAD[check.id]()
    finding = run_virtually(_alone(check, bad))
    assert finding.outcome == "failed", str(finding)
    assert finding.reason
    good = run_virtually(_alone(check, conforming(bad.able if check.id != "capabilities" else EVERYTHING)))
    assert good.outcome == "ok", str(good)


async def _alone(check: Check, model: OmniModel) -> Finding:
    if check.id != "errors.remedy":
        return await check(model, reproducible=True)
    with subject_of(model) as subject:
        await BY_ID["errors.context"].of(subject)
        return await check.of(subject)


@pytest.mark.parametrize("check", CHECKS, ids=str)
def test_a_model_that_only_crashes_fails_and_never_ends_the_suite(check: Check) -> None:
    class Crashing(Bad):
        async def prewarm(self, request: Request | None = None) -> None:
            raise ZeroDivisionError("by the way")

        async def close(self) -> None:
            raise ZeroDivisionError("by the way")

    def crash(model: Bad, request: Request) -> AsyncGenerator[ModelEvent, None]:
        raise ZeroDivisionError("by the way")

    finding = run_virtually(check(Crashing(crash)))
    assert finding.outcome == "failed" or finding.check in {
        "capabilities",
        "input.described",
        "errors.remedy",
    }
    if finding.outcome == "failed":
        assert "ZeroDivisionError: by the way" in finding.reason


@in_virtual_time
async def test_an_answer_without_an_end_is_a_finding() -> None:
    async def endless(model: Bad, request: Request) -> AsyncGenerator[ModelEvent, None]:
        while True:
            yield TextDelta("and on ")

    finding = await BY_ID["text.words"](Bad(endless))
    assert "goes on for over" in finding.reason


@in_virtual_time
async def test_half_a_character_is_a_finding() -> None:
    halves = ScriptedModel(otherwise=lambda request: Step(says="caf\udcc3"))
    assert "half a character" in (await BY_ID["text.events"](halves)).reason


@in_virtual_time
async def test_silence_is_a_finding() -> None:
    silent = ScriptedModel(otherwise=lambda request: Step(says="late", takes=1000))
    report = await check_model(silent, patience=5)
    assert report.of("text.words").reason == "its answer did not end within 5 seconds"
    assert report.of("close").outcome == "failed"


@in_virtual_time
async def test_a_model_that_cannot_be_loaded_is_no_report() -> None:
    class Away(ScriptedModel):
        async def prewarm(self, request: Request | None = None) -> None:
            raise ModelUnavailable("there is no server", remedy="start it")

    with pytest.raises(ModelUnavailable, match="no server"):
        await check_model(Away())


@in_virtual_time
async def test_the_media_store_is_left_as_it_was() -> None:
    await check_model(conforming())
    assert [path for path in MediaStore().root.rglob("*") if path.is_file()] == []


@in_virtual_time
async def test_a_call_torn_apart_in_deltas_is_put_together() -> None:
    async def torn(model: Bad, request: Request) -> AsyncGenerator[ModelEvent, None]:
        yield ToolCallDelta(0, "set_timer", "")
        yield ToolCallDelta(0, "set_timer", '{"minutes"')
        yield ToolCallDelta(0, "set_timer", ": 10}")
        yield ToolCall("c", "set_timer", {"minutes": 10})
        yield Usage()
        yield Done("tool_calls")

    assert (await BY_ID["calls.deltas"](Bad(torn))).outcome == "ok"


@in_virtual_time
async def test_a_report_is_plain_json() -> None:
    def refuses(request: Request) -> Step:
        return Step(raises=ModelError("no", remedy="ask another"))

    report = await check_model(ScriptedModel(otherwise=refuses, capabilities=Capabilities()), name="no")
    told = report.to_json()
    assert told["subject"] == "no"
    assert told["ok"] is False
    finding = next(item for item in told["findings"] if item["check"] == "text.words")
    assert finding["outcome"] == "failed"
    assert finding["reason"] == "it refused: no (ask another)"
    assert set(finding) == {"check", "requires", "why", "outcome", "reason", "remedy", "seconds"}
    with pytest.raises(KeyError):
        report.of("nothing")


def test_the_documentation_speaks_of_every_check() -> None:
    page = (Path(__file__).parents[3] / "docs" / "plugins.md").read_text(encoding="utf-8")
    spoken_of = set(re.findall(r"^\| (`.*`) \|", page, re.MULTILINE))
    patterns = [name for cell in spoken_of for name in re.findall(r"`([^`]+)`", cell)]
    assert [check.id for check in CHECKS if not any(fnmatch(check.id, name) for name in patterns)] == []


@pytest.mark.models
@pytest.mark.anyio
async def test_the_embedded_model_conforms() -> None:
    from omni_agent.models.llama import LlamaLanguage
    from omni_agent.models.store import ModelStore

    # The small one: the larger one takes the same code three times as long.
    model = LlamaLanguage(ModelStore().ensure("language-small"))
    try:
        report = await check_model(model, name="language-small")
    finally:
        await model.close()
    assert report.ok, str(report)
    assert report.of("calls.arguments").outcome == "ok"

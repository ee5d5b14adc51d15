"""The suite for all models, on each profile."""

from __future__ import annotations

import pytest

from omni_agent.models.realtime import DASHSCOPE_35, DASHSCOPE_38, DASHSCOPE_FLASH, OPENAI, Limits, Profile
from omni_agent.testing.model_conformance import check_model
from tests.models.realtime.asking import paired
from tests.models.realtime.dashscope_service import DashScopeService
from tests.models.realtime.openai_service import OpenAIService

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("profile", "service"),
    [
        (OPENAI, OpenAIService),
        (DASHSCOPE_FLASH, DashScopeService),
        (DASHSCOPE_35, DashScopeService),
        (DASHSCOPE_38, DashScopeService),
    ],
    ids=["openai", "flash", "3.5", "3.8"],
)
async def test_a_profile_conforms(profile: Profile, service: type) -> None:
    async with paired(service(), profile, limits=Limits()) as pair:
        report = await check_model(pair.model, name=profile.model, patience=10.0)
    assert report.ok, str(report)

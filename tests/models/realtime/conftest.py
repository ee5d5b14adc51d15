"""A fake service of each kind, and a model that talks to it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from omni_agent.models.realtime import DASHSCOPE_35, DASHSCOPE_FLASH, OPENAI
from tests.models.realtime.asking import Pair, paired
from tests.models.realtime.dashscope_service import DashScopeService
from tests.models.realtime.openai_service import OpenAIService


@pytest.fixture(params=["openai", "dashscope"])
async def pair(request: pytest.FixtureRequest) -> AsyncIterator[Pair]:
    """Each profile that can do everything."""
    service = OpenAIService() if request.param == "openai" else DashScopeService()
    async with paired(service, OPENAI if request.param == "openai" else DASHSCOPE_35) as made:
        yield made


@pytest.fixture
async def openai() -> AsyncIterator[Pair]:
    async with paired(OpenAIService(), OPENAI) as made:
        yield made


@pytest.fixture
async def dashscope() -> AsyncIterator[Pair]:
    async with paired(DashScopeService(), DASHSCOPE_35) as made:
        yield made


@pytest.fixture
async def flash() -> AsyncIterator[Pair]:
    async with paired(DashScopeService(), DASHSCOPE_FLASH) as made:
        yield made

"""Specs: `realtime+dashscope:MODEL`, `realtime+openai:MODEL`, and addresses of one's own."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from omni_agent.config import Settings
from omni_agent.errors import ConfigError
from omni_agent.models.base import OmniModel
from omni_agent.models.realtime import (
    DASHSCOPE_35,
    DASHSCOPE_38,
    DASHSCOPE_FLASH,
    OPENAI,
    Profile,
    dashscope_profile,
)
from omni_agent.models.realtime.factories import dashscope, openai
from omni_agent.models.spec import call, parsed


@pytest.mark.parametrize(
    ("model", "profile"),
    [
        ("qwen3-omni-flash-realtime", DASHSCOPE_FLASH),
        ("qwen3-omni-flash-realtime-2025-12-01", DASHSCOPE_FLASH),
        ("qwen3.5-omni-flash-realtime", DASHSCOPE_35),
        ("qwen3.8-omni-flash-realtime", DASHSCOPE_38),
    ],
)
def test_a_models_name_tells_its_profile(model: str, profile: Profile) -> None:
    assert dashscope_profile(model) is profile
    assert dashscope(Settings(), model).capabilities == profile.able


def test_a_spec_makes_a_model() -> None:
    (spec,) = parsed("realtime+openai:gpt-realtime-mini")
    model = call(openai, spec, Settings())
    assert isinstance(model, OmniModel)
    assert repr(model) == "RealtimeModel(OpenAI, 'gpt-realtime-mini')"
    assert model.capabilities == OPENAI.able


def test_without_a_model_the_profiles_own_is_used() -> None:
    assert "gpt-realtime" in repr(openai(Settings()))


def test_an_address_of_ones_own() -> None:
    model = openai(Settings(), "ws://127.0.0.1:8000/v1/realtime#my-model")
    assert "my-model" in repr(model)


@pytest.mark.parametrize("address", ["http://localhost/v1#m", "ws://", "wss://me:secret@host/v1#m"])
def test_a_wrong_address_says_so_and_tells_no_secret(address: str) -> None:
    with pytest.raises(ConfigError) as caught:
        openai(Settings(), address)
    assert caught.value.remedy
    assert "secret" not in str(caught.value)


def test_both_are_entry_points() -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text("utf-8"))["project"]
    models = project["entry-points"]["omni_agent.models"]
    assert models["realtime+dashscope"] == "omni_agent.models.realtime.factories:dashscope"
    assert models["realtime+openai"] == "omni_agent.models.realtime.factories:openai"
    assert any(name.startswith("websockets") for name in project["dependencies"])

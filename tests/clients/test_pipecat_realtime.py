"""Pipecat's models of the protocol, which end its receiving where one does not fit."""

from __future__ import annotations

import json
from typing import Any

import pytest

from omni_agent.testing import run_virtually
from tests.clients.recording import recorded

events: Any = pytest.importorskip(
    "pipecat.services.openai.realtime.events",
    reason="pipecat is not installed: pip install pipecat-ai[openai]",
)

# Pipecat passes these over.
UNKNOWN = {"input_audio_buffer.timeout_triggered"}


def test_its_models_take_every_event() -> None:
    for event in run_virtually(recorded()):
        parsed = events.parse_server_event(json.dumps(event))
        assert (parsed is None) == (event["type"] in UNKNOWN), event["type"]

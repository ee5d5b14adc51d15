"""@openai/agents-realtime in node, as it is: its schemas over our events, and a talk with a running server.

`OMNI_AGENT_TEST_NODE` names a folder in which `npm install @openai/agents-realtime ws` was run.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from omni_agent.speech.pcm import Pcm
from omni_agent.testing import run_virtually, said
from tests.clients.realtime_server import realtime_server
from tests.clients.recording import recorded

NODE = shutil.which("node")
FOLDER = Path(os.environ.get("OMNI_AGENT_TEST_NODE") or ".").resolve()
SCRIPT = Path(__file__).with_name("agents_js.mjs")

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(NODE is None, reason="there is no node"),
    pytest.mark.skipif(
        not (FOLDER / "node_modules/@openai/agents-realtime").is_dir(),
        reason="OMNI_AGENT_TEST_NODE names no folder with @openai/agents-realtime in it",
    ),
]


async def node(*arguments: str, fed: str) -> Any:
    """What the script found."""
    assert NODE
    running = await asyncio.create_subprocess_exec(
        NODE,
        str(SCRIPT),
        str(FOLDER),
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await running.communicate(fed.encode())
    assert running.returncode == 0, errors.decode()
    return json.loads(out)


def test_its_schemas_know_every_event() -> None:
    events = run_virtually(recorded())
    lines = "\n".join(map(json.dumps, events))
    # Of these OpenAI sends some that its own client does not know.
    assert set(asyncio.run(node("schemas", fed=lines))) == {"input_audio_buffer.timeout_triggered"}


async def test_text_tool_voice_and_barge_in() -> None:
    def sound(words: str, silence: float) -> str:
        pcm = Pcm.joined([said(words), Pcm.silence(silence, 24_000)], 24_000)
        return base64.b64encode(pcm.to_int16()).decode()

    sounds = {
        "evening": sound("good evening", 0.8),
        "count": sound("please count", 0.8),
        "stop": sound("stop", 0.8),
    }
    async with realtime_server() as address:
        url = f"{address.replace('http', 'ws')}/v1/realtime?model=local-omni"
        seen = await node("talk", url, fed=json.dumps(sounds))
    assert not seen["errors"]
    assert seen["text"] > 24_000
    assert seen["tool"] == "sunny in Oslo"
    assert seen["interrupted"]
    assert ["assistant", "You said hello."] in seen["history"]
    assert ["assistant", "You said good evening."] in seen["history"]

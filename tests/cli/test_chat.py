"""`omni-agent chat` in a real terminal (a pseudo-terminal), driven key by key."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

AGENT = '''
import asyncio
from omni_agent import Agent, tool
from omni_agent.testing import ScriptedModel, Step

@tool(effect="irreversible")
def delete_all() -> str:
    """Delete everything."""
    return "all gone"

agent = Agent(name="Talker", tools=[delete_all], model=ScriptedModel(
    Step("hello", says="Hello to you."),
    Step("count", says="One two three", holds=asyncio.Event()),
    Step(lambda request: request.messages[-2].text.endswith("—"), says="Still here."),
    Step(calls={"delete_all": {}}),
    Step("all gone", says="It is done."),
))
'''


def _heed_ctrl_c() -> None:
    # What a shell starts in the background ignores it, and so would all that this starts.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def chat(tmp_path: Path, home: Path) -> Iterator[pexpect.spawn[str]]:
    (tmp_path / "talker.py").write_text(AGENT)
    env = {**os.environ, "OMNI_AGENT_HOME": str(home), "TERM": "dumb"}
    command = ["-m", "omni_agent", "chat", "--agent", str(tmp_path / "talker.py")]
    with pexpect.spawn(
        sys.executable,
        command,
        env=env,
        encoding="utf-8",
        timeout=60,
        dimensions=(50, 200),
        preexec_fn=_heed_ctrl_c,
    ) as terminal:
        yield terminal


def test_a_conversation_survives_ctrl_c_and_asks_before_it_deletes(chat: pexpect.spawn[str]) -> None:
    chat.expect_exact("Talker: a new conversation")
    for said, answer in (("hello", "Hello to you."), ("count", "One two three")):
        chat.expect_exact("you ›")
        chat.sendline(said)
        chat.expect_exact(answer)
    chat.sendintr()
    chat.expect_exact("the conversation goes on")
    for said, answer in (
        ("are you there?", "Still here."),
        ("delete everything", "Delete all?"),
    ):
        chat.expect_exact("you ›")
        chat.sendline(said)
        chat.expect_exact(answer)
    chat.expect_exact("you ›")
    chat.sendline("y")
    chat.expect_exact("It is done.")
    chat.expect_exact("you ›")
    chat.sendline("/quit")
    chat.expect(pexpect.EOF)
    chat.wait()
    assert chat.exitstatus == 0

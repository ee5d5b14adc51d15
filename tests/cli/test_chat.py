"""`omni-agent chat` in a real terminal (a pseudo-terminal), driven key by key."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

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
    Step(lambda request: "[interrupted here]" in request.messages[-2].text, says="Still here."),
    Step(calls={"delete_all": {}}),
    Step("all gone", says="It is done."),
))
'''


class Terminal:
    """A program in a pseudo-terminal."""

    def __init__(self, command: list[str], env: dict[str, str]) -> None:
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=env, start_new_session=True
        )
        os.close(slave)
        self.seen = ""

    def expect(self, text: str, seconds: float = 30) -> None:
        """Read until `text` has come since the last call."""
        end = time.monotonic() + seconds
        while text not in self.seen:
            left = end - time.monotonic()
            assert left > 0, f"waited for {text!r}, saw: {self.seen!r}"
            if select.select([self.master], [], [], left)[0]:
                self.seen += os.read(self.master, 4096).decode("utf-8", "replace")
        self.seen = self.seen.partition(text)[2]

    def type(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def close(self) -> int:
        code = self.process.wait(30)
        os.close(self.master)
        return code


@pytest.fixture
def chat(tmp_path: Path, home: Path) -> Iterator[Terminal]:
    (tmp_path / "talker.py").write_text(AGENT)
    env = {**os.environ, "OMNI_AGENT_HOME": str(home), "TERM": "dumb", "COLUMNS": "200"}
    terminal = Terminal(
        [sys.executable, "-m", "omni_agent", "chat", "--agent", str(tmp_path / "talker.py")], env
    )
    yield terminal
    if terminal.process.poll() is None:
        terminal.process.kill()
        terminal.close()


def test_a_conversation_survives_ctrl_c_and_asks_before_it_deletes(chat: Terminal) -> None:
    chat.expect("Talker: a new conversation")
    chat.expect("you ›")
    chat.type("hello\n")
    chat.expect("Hello to you.")
    chat.expect("you ›")
    chat.type("count\n")
    chat.expect("One two three")
    chat.type("\x03")
    chat.expect("the conversation goes on")
    chat.expect("you ›")
    chat.type("are you there?\n")
    chat.expect("Still here.")
    chat.expect("you ›")
    chat.type("delete everything\n")
    chat.expect("[y/N]")
    chat.type("y\n")
    chat.expect("It is done.")
    chat.expect("you ›")
    chat.type("/quit\n")
    assert chat.close() == 0

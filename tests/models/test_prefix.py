"""Computed prompts on disk: the second start finds them, and a damaged file is a miss, never a crash."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from omni_agent.events import Usage
from omni_agent.messages import Message, Text, ToolSpec
from omni_agent.models.base import Request
from omni_agent.models.llama import LlamaLanguage
from omni_agent.models.prefix import MOST_FILES, PrefixCache, prefix_name
from omni_agent.models.store import ModelStore


@dataclass
class Port:
    """llama.cpp's slot actions: saves a few bytes, restores what is there."""

    folder: Path
    address: str = ""
    asked: list[str] = field(default_factory=list)
    refuses: bool = False

    def answer(self, action: str, name: str, key: str) -> int:
        self.asked.append(action)
        if key != "Bearer secret" or self.refuses:
            return 400
        if action == "save":
            (self.folder / name).write_bytes(b"computed")
        return 200


@pytest.fixture
def port(tmp_path: Path) -> Iterator[Port]:
    made = Port(tmp_path)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            name = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["filename"]
            action = self.path.partition("action=")[2]
            self.send_response(made.answer(action, name, self.headers["Authorization"]))
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        made.address = f"http://127.0.0.1:{server.server_port}"
        yield made
        server.shutdown()
        thread.join()


def cache(port: Port, *, model: str = "m", key: str = "secret") -> PrefixCache:
    return PrefixCache(port.folder, port.address, key, model)


NAME = prefix_name([{"role": "system", "content": "You are kind."}])


def test_what_was_saved_is_found_again_by_the_same_model_only(port: Port) -> None:
    assert not cache(port).restore(NAME)
    cache(port).save(NAME)
    assert cache(port).restore(NAME)
    assert not cache(port, model="another").restore(NAME)
    assert not cache(port).restore(prefix_name([]))
    assert port.asked == ["save", "restore"]


def test_a_damaged_file_is_never_handed_to_the_engine(port: Port) -> None:
    cache(port).save(NAME)
    [file] = port.folder.glob("*.kv")
    file.write_bytes(b"comp")
    assert not cache(port).restore(NAME)
    assert "restore" not in port.asked
    assert not file.exists()


def test_an_engine_that_refuses_or_is_gone_is_a_miss(port: Port) -> None:
    cache(port).save(NAME)
    port.refuses = True
    assert not cache(port).restore(NAME)
    cache(port).save(NAME)
    gone = PrefixCache(port.folder, "http://127.0.0.1:9", "secret", "m")
    gone.save(NAME)
    assert list(port.folder.glob("*.kv")) == []


def test_the_longest_unused_are_dropped(port: Port) -> None:
    names = [prefix_name([index]) for index in range(MOST_FILES + 3)]
    for name in names:
        cache(port).save(name)
    assert len(list(port.folder.glob("*.kv"))) == MOST_FILES
    assert cache(port).restore(names[-1])


@pytest.mark.models
def test_a_second_start_does_not_compute_the_prompt_again(tmp_path: Path) -> None:
    small = ModelStore().ensure("language-small")
    tools = (ToolSpec("ring", "Ring the bell.", {"type": "object", "properties": {}}),)
    request = Request("You are a butler.", (Message("user", (Text("Good morning"),)),), tools, max_tokens=8)

    async def first_answer() -> Usage:
        model = LlamaLanguage(small, prefixes=tmp_path / "prefixes")
        try:
            async with aclosing(model.stream(request)) as events:
                [usage] = [event async for event in events if isinstance(event, Usage)]
            return usage
        finally:
            await model.close()

    asyncio.run(first_answer())
    [saved] = (tmp_path / "prefixes").glob("*.kv")
    assert saved.stat().st_size > 100_000
    again = asyncio.run(first_answer())
    assert again.prompt_tokens - again.cached_tokens < 30
    assert [path.name for path in (tmp_path / "prefixes").glob("*.kv")] == [saved.name]

"""`omni-agent conformance`, against a server on loopback."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from omni_agent.cli import run
from omni_agent.testing.realtime_conformance import requirements
from tests.testing.realtime_conformance.fake_server import serving
from tests.testing.realtime_conformance.fake_session import Flaw
from tests.testing.realtime_conformance.flaws import ways


@contextmanager
def server(flaw: Flaw | None = None) -> Iterator[str]:
    """A server in a thread of its own, as the command runs a loop of its own."""
    ready, told = threading.Event(), list[str]()
    loop, over = asyncio.new_event_loop(), asyncio.Event()

    async def serve() -> None:
        async with serving(flaw) as url:
            told.append(url)
            ready.set()
            await over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(10)
        yield told[0]
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


def test_a_good_server_is_told_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    with server() as url:
        assert run(["conformance", url, "--only", "session.created", "--only", "error.cancel_idle"]) == 0
    out = capsys.readouterr().out
    assert "✓ session.created" in out
    assert out.splitlines()[-1].endswith("2 ok, 0 failed, 0 inconclusive")


def test_a_bad_one_is_told_why_and_by_the_exit_status(capsys: pytest.CaptureFixture[str]) -> None:
    with server(ways("other code")) as url:
        assert run(["conformance", url, "--only", "error.cancel_idle"]) == 1
    out = capsys.readouterr().out
    assert "✗ error.cancel_idle failed: the error's code is 'no_response'" in out
    assert requirements()["error.cancel_idle"].source in out


def test_what_it_should_do_counts_where_asked() -> None:
    with server(ways("strict")) as url:
        asked = ["conformance", url, "--only", "session.unknown_fields"]
        assert run(asked) == 0
        assert run([*asked, "--strict"]) == 1


def test_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    with server() as url:
        assert run(["conformance", url, "--only", "session.created", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["ok"]
    assert [row["id"] for row in report["findings"]] == ["session.created"]


def test_the_requirements_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["conformance", "--list", "--json"]) == 0
    assert [row["id"] for row in json.loads(capsys.readouterr().out)] == list(requirements())


def test_an_unreachable_server_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["conformance", "http://127.0.0.1:9/v1"]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "cannot be opened" in error


def test_without_an_address_it_is_wrong_usage() -> None:
    assert run(["conformance"]) == 2

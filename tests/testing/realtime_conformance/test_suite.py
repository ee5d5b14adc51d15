"""The suite passes a server that is right, and finds each thing that is wrong by its own requirement."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omni_agent.errors import ConfigError, MediaError, ModelUnavailable
from omni_agent.testing import in_virtual_time, run_virtually
from omni_agent.testing.realtime_conformance import CHECKS, address, check_server, requirements
from omni_agent.testing.realtime_conformance.shapes import FIELDS
from tests.testing.realtime_conformance.fake_server import dial, serving
from tests.testing.realtime_conformance.fake_session import Event, Flaw
from tests.testing.realtime_conformance.flaws import FLAWS

NAMES = {name for fields in FIELDS.values() for name in fields} | {
    "type",
    "event_id",
    "id",
    "output",
    "content",
    "audio",
}


def test_each_requirement_has_one_check() -> None:
    assert Counter(check.requirement.id for check in CHECKS) == Counter(requirements().keys())


def test_each_requirement_says_what_and_where_from() -> None:
    for row in requirements().values():
        assert row.level in ("must", "should")
        assert row.requires.endswith(".")
        assert row.source


@in_virtual_time
async def test_a_server_that_is_right_passes() -> None:
    report = await check_server(dial=dial(Flaw()))
    assert [str(finding) for finding in report if finding.outcome != "ok"] == []
    assert report.ok
    assert report.typed


@pytest.mark.parametrize("name", FLAWS)
def test_a_server_that_is_wrong_fails_by_that_alone(name: str) -> None:
    @in_virtual_time
    async def look() -> None:
        flaw, requirement = FLAWS[name]
        report = await check_server(dial=dial(flaw))
        assert [finding.requirement.id for finding in report.failed] == [requirement], str(report)
        assert report.of(requirement).reason
        assert report.ok is (requirements()[requirement].level == "should")

    look()


ODD = st.sampled_from([None, 1, "", "odd", [], {}, [1], {"id": 1}, True])


def mangled(event: Event, key: str, value: object) -> Event:
    """An event in which every field of a name, wherever it is, is something else."""

    def changed(held: Any) -> Any:
        if isinstance(held, dict):
            return {name: value if name == key else changed(inner) for name, inner in held.items()}
        return [changed(inner) for inner in held] if isinstance(held, list) else held

    return dict(changed(event))


@settings(max_examples=25)
@given(key=st.sampled_from(sorted(NAMES)), value=ODD)
def test_no_shape_of_events_brings_the_suite_down(key: str, value: object) -> None:
    flaw = Flaw(lambda event: [mangled(event, key, value)])
    report = run_virtually(check_server(dial=dial(flaw), patience=2.0))
    assert len(report.findings) == len(CHECKS)


@in_virtual_time
async def test_some_can_be_chosen() -> None:
    report = await check_server(dial=dial(Flaw()), only=["voice", "session.merge"])
    names = [finding.requirement.id for finding in report]
    assert "session.merge" in names
    assert all(name == "session.merge" or name.startswith("voice.") for name in names)


@in_virtual_time
async def test_a_requirement_that_there_is_not_is_refused() -> None:
    with pytest.raises(ConfigError, match="voyce"):
        await check_server(dial=dial(Flaw()), only=["voyce"])


@in_virtual_time
async def test_the_report_is_plain_json() -> None:
    report = await check_server(dial=dial(Flaw()), only=["session.created"])
    (row,) = json.loads(json.dumps(report.to_json()))["findings"]
    assert (row["id"], row["level"], row["outcome"]) == ("session.created", "must", "ok")


@in_virtual_time
async def test_a_recording_that_is_none_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "voice.wav"
    broken.write_bytes(b"no sound")
    with pytest.raises(MediaError, match="no sound"):
        await check_server(dial=dial(Flaw()), spoken=broken)


@pytest.mark.anyio
async def test_a_server_is_checked_over_its_socket() -> None:
    chosen = [
        "transport.subprotocol",
        "session.created",
        "session.object",
        "response.metadata",
        "error.survives",
    ]
    async with serving() as url:
        report = await check_server(url, only=chosen, quiet=0.0)
    # What is required of every event wants every conversation, which is half a minute of real speech.
    assert report.ok, str(report)


@pytest.mark.anyio
async def test_a_server_that_is_not_there_is_told_as_such() -> None:
    with pytest.raises(ModelUnavailable, match="cannot be opened"):
        await check_server("http://127.0.0.1:9/v1", only=["session.created"])


@pytest.mark.parametrize(
    ("url", "model", "socket"),
    [
        ("http://127.0.0.1:8000", "", "ws://127.0.0.1:8000/v1/realtime"),
        ("http://127.0.0.1:8000/v1/", "", "ws://127.0.0.1:8000/v1/realtime"),
        ("https://host/openai/v1", "m", "wss://host/openai/v1/realtime?model=m"),
        ("ws://host/own/path", "", "ws://host/own/path"),
        ("wss://host/v1/realtime?model=a", "b", "wss://host/v1/realtime?model=b"),
    ],
)
def test_the_socket_is_found(url: str, model: str, socket: str) -> None:
    assert address(url, model) == socket


@pytest.mark.parametrize("url", ["", "host:8000", "ftp://host/v1"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="no address"):
        address(url)

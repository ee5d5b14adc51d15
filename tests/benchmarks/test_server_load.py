"""What the load of the server takes for lost and out of order."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from benchmarks.server_load import figured
from benchmarks.server_load_client import Fault, Realtime, Seen


def reply(name: str = "resp_1") -> list[dict[str, Any]]:
    """A whole one."""
    sounds = [base64.b64encode(bytes([number] * 8)).decode() for number in range(3)]
    words = ["Well", ", ", "well."]
    kind = "response.output_audio"
    return [
        {"type": "response.created", "response": {"id": name}},
        *({"type": f"{kind}_transcript.delta", "response_id": name, "delta": word} for word in words),
        *({"type": f"{kind}.delta", "response_id": name, "delta": sound} for sound in sounds),
        {"type": f"{kind}_transcript.done", "response_id": name, "transcript": "".join(words)},
        {"type": "response.done", "response": {"id": name, "status": "completed"}},
    ]


def taken(dialect: Realtime, events: list[dict[str, Any]]) -> list[float | None]:
    return [dialect.heard(json.dumps(event)) for event in events]


def test_a_whole_reply_is_sound_and_an_end() -> None:
    dialect = Realtime(set())
    assert [sound for sound in taken(dialect, reply()) if sound != 0] == [4 / 24_000] * 3 + [None]
    assert taken(dialect, reply("resp_2"))[-1] is None


@pytest.mark.parametrize("place", range(len(reply()) - 1))
def test_whatever_is_left_out_is_missed(place: int) -> None:
    dialect = Realtime(set())
    taken(dialect, reply("resp_0"))
    events = reply()
    if events[place]["type"].endswith("transcript.done"):
        pytest.skip("it says again what the deltas said")
    del events[place]
    with pytest.raises(Fault):
        taken(dialect, events)


@pytest.mark.parametrize("place", [1, 2, 4, 5])
def test_what_is_out_of_order_is_seen(place: int) -> None:
    dialect = Realtime(set())
    taken(dialect, reply("resp_0"))
    events = reply()
    events[place], events[place + 1] = events[place + 1], events[place]
    if events[place]["type"] != events[place + 1]["type"]:
        pytest.skip("sound and words may come in any order")
    with pytest.raises(Fault):
        taken(dialect, events)


def test_a_run_is_within_where_nothing_is_lost_and_the_slowest_are_quick() -> None:
    quick = Seen(delays=[0.01] * 99 + [0.09], turns=100)
    assert figured(quick, 3)["within"]
    assert figured(quick, 3)["p50_ms"] == 10.0
    assert not figured(Seen(delays=[0.01] * 98 + [0.2] * 2, turns=100), 3)["within"]
    assert not figured(Seen(delays=[0.01], faults=["a turn was not answered"], turns=1), 3)["within"]
    assert not figured(Seen(), 3)["within"]

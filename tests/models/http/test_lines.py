"""Bytes of a stream to JSON texts."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.errors import ModelError
from omni_agent.models.http import lines
from omni_agent.models.http.lines import Events, JsonLines

TEXT = st.text(st.characters(blacklist_categories=("Cs",)))


def cut(data: bytes, places: list[int]) -> list[bytes]:
    ends = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[start:end] for start, end in pairwise(ends)]


@given(st.lists(TEXT, min_size=1), st.lists(st.integers(0)), st.sampled_from(["\n", "\r\n", "\r"]))
def test_events_are_the_same_however_they_are_cut(said: list[str], places: list[int], end: str) -> None:
    texts = [json.dumps({"x": text}, ensure_ascii=False) for text in said]
    data = "".join(f": ping{end}data: {text}{end}{end}" for text in texts).encode()
    events = Events()
    got = [text for part in cut(data, places) for text in events.feed(part)] + list(events.finish())
    assert got == texts


@given(st.lists(TEXT, min_size=1), st.lists(st.integers(0)), st.booleans())
def test_json_lines_are_the_same_however_they_are_cut(
    said: list[str], places: list[int], ended: bool
) -> None:
    texts = [json.dumps({"x": text}, ensure_ascii=False) for text in said]
    data = ("\n".join(texts) + ("\n" if ended else "")).encode()
    framed = JsonLines()
    got = [text for part in cut(data, places) for text in framed.feed(part)] + list(framed.finish())
    assert got == texts


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c"])
def test_a_line_separator_within_json_ends_no_line(mark: str) -> None:
    """`str.splitlines`, which httpx's own reader of lines uses, would cut there."""
    assert list(Events().feed(f"data: a{mark}b\n\n".encode())) == [f"a{mark}b"]


def test_the_last_event_needs_no_blank_line() -> None:
    events = Events()
    assert list(events.feed(b'data: {"a":1}')) == []
    assert list(events.finish()) == ['{"a":1}']


def test_data_without_a_space_and_on_two_lines() -> None:
    assert list(Events().feed(b"data:a\ndata: b\n\n")) == ["a\nb"]


def test_a_failure_in_a_field_of_its_own_is_read() -> None:
    assert list(Events().feed(b'error: {"code":500}\n\n')) == ['{"code":500}']


def test_a_line_that_never_ends_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LONGEST", 1000)
    events = Events()
    for _ in range(10):
        assert list(events.feed(b"x" * 100)) == []
    with pytest.raises(ModelError, match="without an end"):
        list(events.feed(b"x"))

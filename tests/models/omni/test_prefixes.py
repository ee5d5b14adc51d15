"""What of a computed prompt serves the next, how much fits, and what the relay makes of failures."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.errors import MediaError, ModelError
from omni_agent.messages import Audio, Image, Message, Text, ToolCall, ToolResult, Video
from omni_agent.models.base import Request
from omni_agent.models.omni.encoding import Encoded, Placed, Prompt
from omni_agent.models.omni.fitting import fit
from omni_agent.models.omni.prefixes import MOST, Prefix, Prefixes
from omni_agent.models.omni.relay import AHEAD, Relay
from omni_agent.models.omni.thinker import Stopped


class Cache:
    """Keys and values, as a number of tokens."""

    def __init__(self, length: int) -> None:
        self.length = length

    def get_seq_length(self) -> int:
        return self.length

    def crop(self, count: int) -> None:
        assert count < 0, "transformers 5 takes what is to go, not what is to stay"
        self.length += count


def placed(start: int, end: int, key: str) -> Placed:
    return Placed(start, end, Encoded(key, "sound", (0,) * (end - start), None))


def prefix(ids: str, *media: Placed) -> Prefix:
    return Prefix(Cache(len(ids)), [ord(letter) for letter in ids], media)


def prompt(ids: str, *media: Placed) -> Prompt:
    return Prompt([ord(letter) for letter in ids], media)


@given(st.text("ab", max_size=12), st.text("ab", min_size=1, max_size=12))
def test_what_is_shared_is_the_same_and_never_all(known: str, asked: str) -> None:
    shared = prefix(known).shared(prompt(asked))
    assert known[:shared] == asked[:shared]
    assert shared < len(asked)
    if shared < min(len(known), len(asked) - 1):
        assert known[shared] != asked[shared]


@pytest.mark.parametrize(
    ("own", "theirs", "shared"),
    [
        ((), (), 9),
        ((placed(2, 5, "a"),), (placed(2, 5, "a"),), 9),
        ((placed(2, 5, "a"),), (placed(2, 5, "b"),), 2),
        ((placed(2, 5, "a"),), (placed(2, 4, "a"),), 2),
        ((placed(2, 5, "a"),), (), 2),
        ((placed(2, 5, "a"),), (placed(2, 5, "a"), placed(6, 8, "c")), 6),
        ((placed(2, 5, "a"), placed(6, 8, "c")), (placed(2, 5, "a"), placed(6, 8, "d")), 6),
    ],
)
def test_a_prefix_is_good_up_to_the_medium_that_differs(
    own: tuple[Placed, ...], theirs: tuple[Placed, ...], shared: int
) -> None:
    assert prefix("xxxxxxxxxx", *own).shared(prompt("xxxxxxxxxx", *theirs)) == shared


def test_a_prefix_is_cut_to_what_is_shared() -> None:
    kept = Prefixes()
    kept.keep(prefix("abcdefgh", placed(1, 3, "a"), placed(5, 7, "b")))
    taken = kept.take(prompt("abcdezzz", placed(1, 3, "a")), speech=False)
    assert taken is not None
    assert (len(taken.ids), taken.cache.length, len(taken.placed)) == (5, 5, 1)
    assert kept.take(prompt("abcde"), speech=False) is None


def test_a_little_in_common_is_left_to_whom_it_belongs() -> None:
    kept = Prefixes()
    kept.keep(prefix("abcdefgh"))
    assert kept.take(prompt("abzzzzzz"), speech=False) is None
    kept.keep(prefix("zzzz"))
    assert kept.take(prompt("abcdefgh"), speech=False) is not None


def test_speech_needs_the_layers_of_the_prefix() -> None:
    kept = Prefixes()
    kept.keep(prefix("abcdefgh"))
    assert kept.take(prompt("abcdefghi"), speech=True) is None


def test_the_longest_unused_goes() -> None:
    kept = Prefixes()
    for ids in ("aaaa", "bbbb", "cccc")[: MOST + 1]:
        kept.keep(prefix(ids))
    assert kept.take(prompt("aaaaa"), speech=False) is None


def user(*parts: Text | Audio | Image | Video) -> Message:
    return Message("user", parts)


def test_whole_turns_go_and_the_last_stays() -> None:
    call = Message("assistant", (ToolCall("c", "x", {"a": 1}),))
    result = Message("tool", (ToolResult("c", "x", "done", "y" * 300),))
    turn = (user(Text("b" * 300)), call, result)
    messages = turn * 5
    cut = fit(Request("", messages), 700).messages
    assert 0 < len(cut) < len(messages)
    assert len(cut) % 3 == 0
    assert cut[0].role == "user"
    assert fit(Request("", messages), 1).messages == turn
    assert fit(Request("", messages), 100_000).messages == messages


def test_media_count() -> None:
    ref = "media://" + "0" * 64
    heavy = user(Audio(ref, seconds=60), Image(ref), Video(ref, seconds=9))
    assert len(fit(Request("", (heavy, user(Text("hi")))), 2000).messages) == 1


def heard(work: Callable[[Relay[int]], None]) -> list[int]:
    async def main() -> list[int]:
        relay: Relay[int] = Relay()
        with ThreadPoolExecutor(1) as workers:
            async with aclosing(relay.listen(workers, lambda: work(relay))) as items:
                return [item async for item in items]

    return asyncio.run(main())


def test_all_that_is_put_is_heard_in_order() -> None:
    def work(relay: Relay[int]) -> None:
        for number in range(3 * AHEAD):
            relay.put(number)

    assert heard(work) == list(range(3 * AHEAD))


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (MediaError("broken"), "media_invalid"),
        (ValueError("two\nlines"), "model_error"),
        (RuntimeError("CUDA out of memory. Tried"), "out_of_memory"),
        (MemoryError(), "out_of_memory"),
        (Stopped(), "model_closed"),
    ],
)
def test_what_fails_there_is_an_error_here(raised: Exception, code: str) -> None:
    def work(relay: Relay[int]) -> None:
        raise raised

    with pytest.raises((ModelError, MediaError)) as caught:
        heard(work)
    assert caught.value.code == code
    assert "\n" not in str(caught.value)


def test_who_stops_listening_stops_the_worker() -> None:
    stopped: list[bool] = []

    def work(relay: Relay[int]) -> None:
        try:
            for number in range(100 * AHEAD):
                relay.put(number)
        except Stopped:
            stopped.append(relay.closed())
            raise

    async def main() -> None:
        relay: Relay[int] = Relay()
        with ThreadPoolExecutor(1) as workers:
            async with aclosing(relay.listen(workers, lambda: work(relay))) as items:
                async for _ in items:
                    break

    asyncio.run(main())
    assert stopped == [True]

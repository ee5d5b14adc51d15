"""The playback ledger: what was heard, from what was played."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omni_agent.events import SpeechChunk, WordTime
from omni_agent.speech.playback import Heard, PlaybackLedger

TEXT = "One two three."
RATE = 1000


def chunk(milliseconds: int, span: tuple[int, int], *words: tuple[int, int, int, int]) -> SpeechChunk:
    times = tuple(WordTime(*word) for word in words)
    return SpeechChunk(bytes(2 * milliseconds), RATE, span, milliseconds, words=times)


def whole() -> SpeechChunk:
    """100 ms of silence, "One" to 400 ms, "two" to 700, "three." to 1200, silence to 1300."""
    return chunk(1300, (0, 14), (0, 3, 100, 400), (4, 7, 400, 700), (8, 14, 700, 1200))


@pytest.mark.parametrize(
    ("seconds", "heard"),
    [
        (0.0, ""),
        (0.1, ""),
        (0.27, ""),
        (0.29, "One"),
        (0.57, "One"),
        (0.59, "One two"),
        (0.99, "One two"),
        (1.01, TEXT),
        (9.0, TEXT),
    ],
)
def test_a_word_counts_when_most_of_it_was_played(seconds: float, heard: str) -> None:
    ledger = PlaybackLedger()
    ledger.queued(whole())
    ledger.played(seconds)
    assert ledger.heard_text(TEXT) == heard


def test_the_words_are_told_as_they_are_heard() -> None:
    ledger = PlaybackLedger()
    ledger.queued(whole())
    told = [ledger.played(0.1) for _ in range(13)]
    assert [TEXT[slice(*word)] for words in told for word in words] == ["One", "two", "three."]
    assert told[2] == [(0, 3)]
    assert ledger.remaining == pytest.approx(0)


def test_the_record_says_which_samples_of_which_words_were_played_when() -> None:
    ledger = PlaybackLedger()
    ledger.queued(whole())
    ledger.queued(chunk(500, (15, 18), (15, 18, 0, 500)))
    for at, seconds in ((10.0, 0.05), (10.5, 0.4), (11.5, 1.0)):
        ledger.played(seconds, at=at)
    assert [(line.at, line.chunk, line.begin, line.until, line.words) for line in ledger.record] == [
        (10.0, 0, 0, 50, ()),
        (10.5, 0, 50, 450, ((0, 3), (4, 7))),
        (11.5, 0, 450, 1300, ((4, 7), (8, 14))),
        (11.5, 1, 0, 150, ((15, 18),)),
    ]


def test_a_cut_ends_it() -> None:
    ledger = PlaybackLedger()
    ledger.queued(whole())
    ledger.played(0.6)
    cut = ledger.cut()
    assert cut == Heard(7, 0.6, 1.3 - 0.6, whole=False)
    ledger.queued(whole())
    assert ledger.played(5.0) == []
    assert ledger.cut() == cut
    assert (ledger.heard, ledger.remaining) == (7, 0.0)


def test_a_chunk_without_words_is_heard_as_one() -> None:
    ledger = PlaybackLedger()
    ledger.queued(chunk(1000, (0, 14)))
    assert ledger.played(0.5) == []
    assert ledger.played(0.2) == [(0, 14)]


def test_an_interjection_takes_time_and_no_text() -> None:
    ledger = PlaybackLedger()
    ledger.queued(chunk(500, (0, 0)))
    ledger.queued(whole())
    ledger.played(0.7)
    assert ledger.heard == 0
    ledger.played(0.1)
    assert ledger.heard == 3


def test_silence_of_an_empty_queue_is_not_saved_up() -> None:
    ledger = PlaybackLedger()
    ledger.played(10.0)
    ledger.queued(whole())
    assert ledger.played(0.2) == []
    assert ledger.remaining == pytest.approx(1.1)


def test_what_has_no_sound_is_heard_with_the_end() -> None:
    ledger = PlaybackLedger()
    ledger.queued(whole())
    ledger.complete(40)
    ledger.played(1.2)
    assert ledger.heard == 14
    ledger.played(0.1)
    assert ledger.heard == 40
    assert ledger.cut().whole
    spoken_first = PlaybackLedger()
    spoken_first.queued(whole())
    spoken_first.played(1.3)
    spoken_first.complete(40)
    assert spoken_first.heard == 40


@st.composite
def replies(draw: st.DrawFn) -> list[SpeechChunk]:
    """Chunks as a delivery makes them: spans in order, words in order of text and of time."""
    chunks, at = [], 0
    for lengths in draw(st.lists(st.lists(st.integers(1, 9), max_size=5), max_size=5)):
        words, start = [], at
        edges = sorted(draw(st.lists(st.integers(0, 900), min_size=len(lengths), max_size=len(lengths))))
        for length, begin, until in zip(lengths, edges, [*edges[1:], 900], strict=False):
            words.append((at, at + length, begin, until))
            at += length + 1
        end = at - 1 if words else start
        chunks.append(
            chunk(draw(st.integers(900, 1200)), (start, end), *words if draw(st.booleans()) else ())
        )
    return chunks


def account(
    chunks: list[SpeechChunk], steps: list[int]
) -> tuple[PlaybackLedger, list[int], list[tuple[int, int]]]:
    heard: list[int] = []
    words: list[tuple[int, int]] = []
    ledger = PlaybackLedger()
    for one in chunks:
        ledger.queued(one)
    for step in steps:
        words += ledger.played(step / RATE)
        heard.append(ledger.heard)
    return ledger, heard, words


@given(replies(), st.lists(st.integers(0, 700), max_size=12))
def test_what_is_heard_grows_and_never_passes_what_was_queued(
    chunks: list[SpeechChunk], steps: list[int]
) -> None:
    ledger, heard, _ = account(chunks, steps)
    assert all(one <= two for one, two in pairwise([0, *heard]))
    queued = sum(len(one.pcm) // 2 for one in chunks) / RATE
    # Seconds are added up chunk by chunk, which may round up.
    assert ledger.seconds <= queued + 1e-9
    assert ledger.seconds + ledger.remaining == pytest.approx(queued)
    assert ledger.heard <= max([0, *(one.span[1] for one in chunks)])
    boundaries = {0} | {word.end for one in chunks for word in one.words} | {one.span[1] for one in chunks}
    assert set(heard) <= boundaries


@given(replies())
def test_everything_played_is_everything_heard(chunks: list[SpeechChunk]) -> None:
    ledger, _, words = account(chunks, [10_000])
    assert ledger.heard == max([0, *(one.span[1] for one in chunks if one.span[0] < one.span[1])])
    assert words == sorted(set(words))
    played: dict[int, int] = {}
    for line in ledger.record:
        assert line.begin == played.get(line.chunk, 0)
        played[line.chunk] = line.until
    assert [played[number] for number in range(len(chunks))] == [len(one.pcm) // 2 for one in chunks]


@given(replies(), st.lists(st.integers(0, 700), max_size=12))
def test_any_way_of_playing_comes_to_the_same(chunks: list[SpeechChunk], steps: list[int]) -> None:
    ledger, _, words = account(chunks, steps)
    other, _, others = account(chunks, [sum(steps)])
    third, _, thirds = account(chunks, [1] * sum(steps))
    assert ledger.heard == other.heard == third.heard
    assert words == others == thirds

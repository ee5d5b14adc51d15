"""A reply on its way to the player: each chunk knows when each word of its span is said."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import numpy as np
import pytest

from omni_agent.events import ErrorRaised, SpeechChunk
from omni_agent.persona import Persona
from omni_agent.speech.delivery import HEAD_START, Delivery
from omni_agent.speech.pcm import Pcm
from omni_agent.speech.playback import PlaybackLedger
from omni_agent.speech.spoken import Spoken, SpokenWord
from omni_agent.speech.voices.joins import COMMA_PAUSE, SENTENCE_PAUSE
from omni_agent.speech.voices.sounding import stretches
from omni_agent.speech.voices.word_times import words_of
from omni_agent.testing import LoopClock, SaidVoice, in_virtual_time

pytestmark = pytest.mark.anyio

RATE = 16_000
TEXT = "Well, the train leaves at 3:30 pm. It costs $20, I think. Shall I book it?"


class SteadyVoice:
    """Half a second a word; silence around each clause, as some engines leave it."""

    languages = frozenset({"en"})

    def __init__(self, *, tells: bool) -> None:
        self._tells = tells

    async def speak(self, text: str, *, language: str = "en", voice: str = "", rate: float = 1.0) -> Pcm:
        words = words_of(text)
        tone = 0.3 * np.sin(np.arange(round(0.5 * len(words) * RATE)) * 0.1)
        samples = np.concatenate([np.zeros(round(0.2 * RATE)), tone, np.zeros(round(0.7 * RATE))])
        times = tuple(SpokenWord(word, 0.2 + 0.5 * n, 0.7 + 0.5 * n) for n, word in enumerate(words))
        return Spoken(samples.astype(np.float32), RATE, times if self._tells else ())

    async def prewarm(self) -> None: ...

    async def close(self) -> None: ...


async def delivered(text: str, *, tells: bool = True, filler: str = "") -> list[SpeechChunk]:
    chunks: list[SpeechChunk] = []

    async def send(event: SpeechChunk | ErrorRaised) -> None:
        assert isinstance(event, SpeechChunk), event
        chunks.append(event)

    delivery = Delivery(SteadyVoice(tells=tells), Persona(), language="en", send=send)
    async with asyncio.TaskGroup() as group:
        group.create_task(delivery.run())
        if filler:
            await delivery.interject(filler)
        for word in text.split(" "):
            await delivery.say(f"{word} ")
        await delivery.finish()
    return chunks


@in_virtual_time
async def test_who_writes_waits_for_the_first_clause_to_be_spoken_but_not_for_long() -> None:
    clock = LoopClock()
    for takes, waits in ((0.2, 0.2), (3.0, HEAD_START)):

        async def send(_: SpeechChunk | ErrorRaised) -> None: ...

        delivery = Delivery(SaidVoice(clock=clock, takes=takes), Persona(), language="en", send=send)
        async with asyncio.TaskGroup() as group:
            group.create_task(delivery.run())
            began = clock.monotonic()
            await delivery.say("Dinner is ready now. And it ")
            assert clock.monotonic() - began == pytest.approx(waits)
            await asyncio.sleep(takes)
            began = clock.monotonic()
            await delivery.say("is warm outside. So ")
            assert clock.monotonic() == began
            await delivery.finish()


@pytest.mark.parametrize("tells", [True, False])
async def test_every_word_of_the_reply_has_its_time(tells: bool) -> None:
    chunks = await delivered(TEXT, tells=tells)
    words = [word for chunk in chunks for word in chunk.words]
    assert [TEXT[word.start : word.end] for word in words] == TEXT.split()
    for chunk in chunks:
        edges = [0, *(edge for word in chunk.words for edge in (word.begin, word.until)), chunk.milliseconds]
        assert edges == sorted(edges)


async def test_a_figure_has_the_time_of_all_its_words() -> None:
    chunks = await delivered(TEXT)
    lengths = {TEXT[w.start : w.end]: w.until - w.begin for chunk in chunks for w in chunk.words}
    assert lengths["train"] == pytest.approx(500, abs=20)
    assert lengths["3:30"] == pytest.approx(1000, abs=20)
    assert lengths["$20,"] == pytest.approx(1000, abs=20)


async def test_the_times_are_those_of_the_sound_that_is_sent() -> None:
    for chunk in await delivered(TEXT):
        spans = stretches(Pcm.from_int16(chunk.pcm, RATE).samples, RATE)
        assert chunk.words[0].begin == pytest.approx(1000 * spans[0][0], abs=15)
        assert chunk.words[-1].until == pytest.approx(1000 * spans[-1][1], abs=15)


async def test_pauses_between_clauses_go_by_their_marks() -> None:
    chunks = await delivered(TEXT)
    whole = Pcm.joined([Pcm.from_int16(chunk.pcm, RATE) for chunk in chunks], RATE)
    spans = stretches(whole.samples, RATE)
    found = [two[0] - one[1] for one, two in pairwise(spans)]
    marks = [TEXT[slice(*chunk.span)][-1] for chunk in chunks[:-1]]
    # Between two words of a sentence the pause is too short to tell from a consonant.
    wanted = [COMMA_PAUSE if mark == "," else SENTENCE_PAUSE for mark in marks if not mark.isalnum()]
    assert found == [pytest.approx(pause, abs=0.02) for pause in wanted]
    # The voice's own silence at the end is gone too: the reply is over when its last word is.
    assert whole.seconds - spans[-1][1] < 0.12


async def test_a_filler_claims_no_words() -> None:
    chunks = await delivered(TEXT, filler="Let me see.")
    assert chunks[0].span == (0, 0)
    assert chunks[0].words == ()
    ledger = PlaybackLedger()
    for chunk in chunks:
        ledger.queued(chunk)
    ledger.played(chunks[0].milliseconds / 1000)
    assert ledger.heard == 0
    ledger.played(100.0)
    assert ledger.heard_text(TEXT) == TEXT


async def test_a_model_with_a_voice_of_its_own_goes_by_rate() -> None:
    chunks: list[SpeechChunk] = []

    async def send(event: SpeechChunk | ErrorRaised) -> None:
        assert isinstance(event, SpeechChunk)
        chunks.append(event)

    delivery = Delivery(None, Persona(), send=send)
    delivery.written(TEXT)
    tone = Pcm((0.3 * np.sin(np.arange(RATE) * 0.1)).astype(np.float32), RATE).to_int16()
    for _ in range(3):
        await delivery.play(tone, RATE)
    words = [TEXT[word.start : word.end] for chunk in chunks for word in chunk.words]
    assert words == TEXT.split()[: len(words)]
    assert 3 < len(words) < len(TEXT.split())
    assert [chunk.span[0] for chunk in chunks[1:]] == [chunk.span[1] for chunk in chunks[:-1]]

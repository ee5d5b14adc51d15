"""Sound that carries its own words, and the doubles that go by it."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omni_agent.senses import Ears, Voice
from omni_agent.speech.hearing.activity import WINDOW
from omni_agent.speech.pcm import Pcm
from omni_agent.testing import (
    SaidEars,
    SaidVoice,
    ScriptedActivity,
    ScriptedTurnEnd,
    in_virtual_time,
    noise,
    said,
    words_in,
)

SENTENCE = "Wie spät ist es jetzt in 東京, please?"
words = st.text(st.characters(exclude_categories=("Z", "C")), min_size=1, max_size=12)


def text_of(audio: Pcm) -> str:
    return " ".join(word.text for word in words_in(audio))


@given(st.lists(words, max_size=6), st.sampled_from([8000, 16_000, 22_050, 24_000, 48_000]))
@settings(max_examples=50)
def test_what_is_said_is_heard(said_words: list[str], rate: int) -> None:
    text = " ".join(said_words)
    assert text_of(said(text, rate=rate)) == " ".join(text.split())


@given(st.integers(0, 4000), st.floats(0.003, 0.6), st.integers(0, 4000))
@settings(max_examples=50)
def test_place_and_level_do_not_matter(before: int, level: float, after: int) -> None:
    sound = said(SENTENCE, level=level).samples
    samples = np.concatenate([np.zeros(before, np.float32), sound, np.zeros(after, np.float32)])
    assert text_of(Pcm(samples, 16_000)) == SENTENCE


def test_a_prefix_gives_the_words_so_far() -> None:
    sound = said("what time is it in Tokyo", seconds=2.4)
    assert sound.seconds == 2.4
    texts = [text_of(Pcm(sound.samples[:end], sound.rate)) for end in range(0, len(sound.samples) + 1, 480)]
    assert all("what time is it in Tokyo".startswith(text) for text in texts)
    assert [len(text) for text in texts] == sorted(len(text) for text in texts)
    for spoken in sound.words:
        begun, over = round(spoken.begin * sound.rate), round(spoken.end * sound.rate)
        assert spoken.text not in text_of(Pcm(sound.samples[:begun], sound.rate)).split()
        assert spoken.text in text_of(Pcm(sound.samples[:over], sound.rate)).split()


def test_words_are_heard_when_they_are_said() -> None:
    sound = said("one two three four")
    for heard, spoken in zip(words_in(sound), sound.words, strict=True):
        assert heard.start == pytest.approx(spoken.begin, abs=0.015)
        assert heard.end == pytest.approx(spoken.end, abs=0.015)


def test_sounds_can_be_joined_with_pauses() -> None:
    sound = Pcm.joined([said("so I"), Pcm.silence(0.8, 16_000), said("think so")], 24_000)
    assert text_of(sound) == "so I think so"


def test_a_quiet_room_does_not_matter_but_another_voice_does() -> None:
    sound = said("turn the light on").samples
    assert text_of(Pcm(sound + noise(len(sound) / 16_000, level=0.01).samples, 16_000)) == "turn the light on"
    other = said("never in my life").samples
    length = min(len(sound), len(other))
    assert text_of(Pcm(sound[:length] + 2 * other[:length], 16_000)) != "turn the light on"


def test_neither_silence_nor_noise_says_anything() -> None:
    assert words_in(Pcm.silence(1, 16_000)) == words_in(Pcm.silence(0, 16_000)) == ()
    assert words_in(noise(2)) == ()
    assert said("").seconds == 0
    assert said("", seconds=0.5).seconds == 0.5


def test_what_cannot_be_said_is_refused() -> None:
    with pytest.raises(ValueError, match=r"needs 0\.36 s"):
        said("quick words", seconds=0.2)
    with pytest.raises(ValueError, match="255"):
        said("a" * 256)


@in_virtual_time
async def test_ears_understand_a_voice() -> None:
    ears, voice = SaidEars(language="de", takes=0.2), SaidVoice(("en", "de"), 22_050, takes=0.1)
    assert isinstance(ears, Ears)
    assert isinstance(voice, Voice)
    spoken = await voice.speak("Guten Tag, Frau Öz.", language="de")
    hearing = await ears.transcribe(spoken)
    assert (hearing.text, hearing.language, hearing.confidence) == ("Guten Tag, Frau Öz.", "de", 1)
    assert [word.text for word in spoken.words] == [word.text for word in hearing.words]
    assert asyncio.get_running_loop().time() == pytest.approx(0.3)
    assert (await ears.transcribe(noise(1))).text == ""
    assert [heard.language for heard in ears.heard] == ["de", ""]
    assert voice.spoken == [("Guten Tag, Frau Öz.", "de")]


@in_virtual_time
async def test_a_voice_can_hurry() -> None:
    voice = SaidVoice()
    slow, fast = await voice.speak("well then good luck"), await voice.speak("well then good luck", rate=1.5)
    assert fast.seconds == pytest.approx(slow.seconds / 1.5)
    assert text_of(fast) == "well then good luck"


@given(st.lists(st.integers(1, 2000), max_size=20))
def test_activity_is_the_same_however_it_is_fed(sizes: list[int]) -> None:
    sound = Pcm.joined(
        [Pcm.silence(0.5, 16_000), said("hello there"), Pcm.silence(0.5, 16_000)], 16_000
    ).samples
    whole = ScriptedActivity().feed(sound)
    activity, position, windows = ScriptedActivity(), 0, []
    for size in [*sizes, len(sound)]:
        windows += activity.feed(sound[position : position + size])
        position += size
    assert windows == whole
    assert [window.end for window in whole] == [WINDOW * n for n in range(1, len(whole) + 1)]


def test_a_voice_is_active_from_its_first_word_to_its_last() -> None:
    sound = Pcm.joined([Pcm.silence(0.512, 16_000), said("hello there", seconds=1.024)], 16_000).samples
    windows = ScriptedActivity().feed(np.concatenate([sound, np.zeros(WINDOW * 5, np.float32)]))
    assert [window.probability for window in windows] == [0.0] * 16 + [1.0] * 32 + [0.0] * 5
    assert windows[0].level == -120
    assert windows[20].level == pytest.approx(-16.5, abs=1)


@in_virtual_time
async def test_the_turn_ends_as_scripted() -> None:
    turn_end = ScriptedTurnEnd({"and": 0.02, "salt and": 0.5}, takes=0.03)
    silence = Pcm.silence(0.2, 16_000)
    said_words = ["Milk, and…", "salt and", "sand", ""]
    scores = [await turn_end.score(silence, asked) for asked in said_words]
    assert scores == [0.02, 0.5, 0.95, 0.95]
    assert turn_end.asked == list(zip(said_words, scores, strict=True))
    assert asyncio.get_running_loop().time() == pytest.approx(0.12)

"""Pictures and sound of a clip, on one scale; the clips are made here."""

from __future__ import annotations

import asyncio
import io
import threading
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from omni_agent.errors import MediaError
from omni_agent.media.clips import open_container, video_stream
from omni_agent.media.files import open_media
from omni_agent.vision.budget import BY_CHANGE, Budget
from omni_agent.vision.choosing import changed, difference, spaced
from omni_agent.vision.clip import Clip, open_clip
from omni_agent.vision.decoding import Decoder
from omni_agent.vision.frames import Frame, sample_frames
from omni_agent.vision.timeline import timeline
from tests.vision.clips import made, plain, tone


def opened(data: bytes, budget: Budget = BY_CHANGE, **options: Any) -> Clip:
    return asyncio.run(open_clip(data, budget, **options))


def sample(data: bytes, budget: Budget) -> list[Frame]:
    return asyncio.run(sample_frames(data, budget))


def times(frames: Any) -> list[float]:
    return [round(frame.seconds, 2) for frame in frames]


def onset(clip: Clip, after: float = 0.0) -> float:
    """Seconds at which its sound is first loud."""
    assert clip.sound is not None
    loud = np.abs(clip.sound.samples) > 0.1
    loud[: round(after * clip.sound.rate)] = False
    return float(np.argmax(loud)) / clip.sound.rate


def shades(*levels: tuple[float, int]) -> list[tuple[float, Any]]:
    return [(at, plain(level)) for at, level in levels]


def test_a_clap_is_seen_and_heard_at_the_same_time() -> None:
    pictures = shades(*[(i / 10, 255 if i == 30 else 0) for i in range(50)])
    clip = opened(made(pictures, [(0.0, tone(3.0, level=0.0)), (3.0, tone(0.5))]))
    assert times(clip.frames)[:2] == [0.0, 3.0]
    assert onset(clip) == pytest.approx(3.0, abs=0.01)
    assert clip.seconds == pytest.approx(5.0, abs=0.15)


def test_a_sound_that_begins_late_is_late() -> None:
    clip = opened(made(shades((0, 0), (1, 200), (2, 0), (3, 200)), [(1.5, tone(1.0))]))
    assert onset(clip) == pytest.approx(1.5, abs=0.01)
    assert times(clip.frames) == [0.0, 1.0, 2.0, 3.0]


def test_a_sound_that_begins_first_sets_the_scale_for_both() -> None:
    data = made(shades((2.0, 0), (3.0, 200)), [(0.0, tone(1.0, level=0)), (1.0, tone(1.5))])
    clip = opened(data)
    assert times(clip.frames) == [2.0, 3.0]
    assert onset(clip) == pytest.approx(1.0, abs=0.01)
    assert times(asyncio.run(sample_frames(data, 2))) == [2.0, 3.0]


def test_gaps_in_the_sound_stay_gaps() -> None:
    clip = opened(made(shades((0, 0), (4, 200)), [(0.0, tone(0.5)), (3.0, tone(0.5))]))
    assert onset(clip, after=0.6) == pytest.approx(3.0, abs=0.06)
    assert clip.sound
    assert clip.sound.seconds == pytest.approx(3.5, abs=0.06)


def test_a_silent_clip_has_pictures_only() -> None:
    clip = opened(made(shades((0, 0), (1, 200))))
    assert clip.sound is None
    assert times(clip.frames) == [0.0, 1.0]


@pytest.mark.parametrize("rate", [8_000, 44_100])
def test_any_rate_becomes_the_one_asked_for(rate: int) -> None:
    clip = opened(made(shades((0, 0), (1, 200)), [(0.5, tone(0.5, rate))], rate=rate), rate=16_000)
    assert clip.sound
    assert clip.sound.rate == 16_000
    assert clip.sound.seconds == pytest.approx(1.0, abs=0.02)
    assert onset(clip) == pytest.approx(0.5, abs=0.02)


def test_a_variable_frame_rate_is_sampled_in_time_not_in_frames() -> None:
    """Twenty pictures in the first second and one a second after it."""
    pictures = shades(*[(i / 20, 5 * i) for i in range(20)], *[(i, 100 + 10 * i) for i in range(1, 11)])
    frames = sample(made(pictures), Budget(frames=6))
    assert times(frames) == [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]


def test_seconds_bound_the_pictures() -> None:
    data = made(shades(*[(i / 10, 5 * i) for i in range(41)]))
    assert len(sample(data, Budget(frames=16, every=1.0))) == 5
    assert len(sample(data, Budget(frames=3, every=1.0))) == 3


def test_pixels_bound_the_pictures_together() -> None:
    data = made([(float(i), plain(40 * i, (640, 480))) for i in range(4)])
    frames = sample(data, Budget(frames=4, pixels=120_000))
    sizes = [Image.open(io.BytesIO(frame.png)).size for frame in frames]
    assert sum(width * height for width, height in sizes) <= 120_000
    assert sizes == [(200, 150)] * 4
    assert Image.open(io.BytesIO(sample(data, Budget(frames=4, side=320))[0].png)).size == (320, 240)


def test_a_clip_in_which_nothing_happens_gives_one_picture() -> None:
    assert len(sample(made(shades(*[(i / 5, 90) for i in range(50)])), BY_CHANGE)) == 1


def test_the_moment_in_which_something_happens_is_found() -> None:
    """Half a second in a minute, between the even steps of 16 pictures."""
    pictures = shades(*[(i / 4, 220 if i in (134, 135) else 30) for i in range(240)])
    frames = sample(made(pictures), BY_CHANGE)
    assert times(frames) == [0.0, 33.5, 34.0]


def test_where_all_of_it_moves_the_steps_are_even() -> None:
    frames = sample(made(shades(*[(i / 10, 2 * i) for i in range(120)])), Budget(frames=5, change=0.01))
    assert times(frames) == pytest.approx([0, 3, 6, 9, 11.9], abs=0.8)


def test_a_line_of_text_counts_as_a_change() -> None:
    before, after = plain(250, (320, 240)), plain(250, (320, 240))
    after[200:210, 40:160] = 20
    assert len(sample(made([(0.0, before), (2.0, before), (4.0, after)]), BY_CHANGE)) == 2


def test_one_long_stretch_without_key_frames_is_decoded_once() -> None:
    data = made(shades(*[(i / 10, 4 * i) for i in range(60)]), key_every=600)
    with open_media(data) as file, open_container(file, "a video") as container:
        stream = video_stream(file, container)
        when = timeline(file, container, stream, None)
        decoder = Decoder(container, stream, when, lambda: False, allowance=10**9)
        assert len(list(decoder.near(spaced(when.shown, 12)))) == 12
        assert 10**9 - decoder._left <= 61 * 64 * 48


def test_beyond_its_allowance_only_key_frames_are_decoded() -> None:
    data = made(shades(*[(i / 10, 4 * i) for i in range(60)]), key_every=20)
    with open_media(data) as file, open_container(file, "a video") as container:
        stream = video_stream(file, container)
        when = timeline(file, container, stream, None)
        decoder = Decoder(container, stream, when, lambda: False, allowance=0)
        found = [frame.pts for _, frame in decoder.near(spaced(when.shown, 12))]
    assert 3 <= len(found) < 60
    assert set(found) <= set(when.keys)


def test_who_stops_waiting_stops_the_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    began, told = threading.Event(), threading.Event()

    def endless(*_: Any, **__: Any) -> list[Frame]:
        stopped = _[-1]
        began.set()
        while not stopped():
            pass
        told.set()
        return []

    monkeypatch.setattr("omni_agent.vision.frames.sampled", endless)

    async def main() -> None:
        task = asyncio.create_task(sample_frames(made(shades((0, 0))), 1))
        await asyncio.to_thread(began.wait)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert told.wait(10)


def attempted(data: bytes) -> Clip | None:
    """The clip, or None where it was refused as it should be."""
    try:
        return opened(data, Budget(frames=3))
    except MediaError as error:
        if not error.remedy:
            raise
        return None


@pytest.mark.parametrize("keep", [0.1, 0.3, 0.6, 0.9])
def test_a_clip_cut_off_anywhere_gives_what_is_there_or_says_why(keep: float) -> None:
    whole = made(
        [(i / 10, np.random.default_rng(i).integers(0, 255, (48, 64, 3), np.uint8)) for i in range(40)],
        [(0.0, tone(4.0))],
    )
    clip = attempted(whole[: int(len(whole) * keep)])
    assert clip is None or (clip.frames and clip.seconds <= 5)


@given(st.data())
def test_a_damaged_clip_never_ends_in_anything_but_a_media_error(data: st.DataObject) -> None:
    broken = bytearray(DAMAGED)
    for _ in range(data.draw(st.integers(1, 8))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    clip = attempted(bytes(broken))
    assert clip is None or clip.frames


DAMAGED = made(shades(*[(i / 5, 20 * i) for i in range(10)]), [(0.0, tone(1.0))])


def test_pictures_too_large_to_decode_are_refused_by_their_header() -> None:
    class Huge:
        width, height = 60_000, 60_000

    class Stream:
        codec_context = Huge()
        disposition = ""

    container = SimpleNamespace(
        format=SimpleNamespace(name="matroska,webm"), streams=SimpleNamespace(video=(Stream(),))
    )
    with open_media(b"x") as file, pytest.raises(MediaError) as caught:
        video_stream(file, container)
    assert caught.value.code == "media_too_large"
    assert caught.value.remedy


SMALL = st.lists(st.integers(0, 255), min_size=1, max_size=40)


@given(SMALL, st.integers(1, 8), st.floats(0.0, 0.5))
def test_what_is_chosen_begins_with_the_first_is_in_order_and_within_the_count(
    levels: list[int], count: int, least: float
) -> None:
    pictures = [(at, np.full((4, 4, 3), level, np.uint8)) for at, level in enumerate(levels)]
    places = changed(pictures, count, least=least, apart=2)
    assert places[0] == 0
    assert places == sorted(set(places))
    assert len(places) <= count
    assert all(b - a >= 2 for a, b in pairwise(places))
    if count >= len(levels):
        assert all(difference(pictures[a][1], pictures[b][1]) >= least for a, b in pairwise(places))


@given(st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=60, unique=True), st.integers(1, 12))
def test_even_steps_hold_both_ends(values: list[int], count: int) -> None:
    ordered = sorted(values)
    found = spaced(ordered, count)
    assert set(found) <= set(ordered)
    assert 1 <= len(found) <= count
    assert found[0] == ordered[0]
    if count > 1:
        assert found[-1] == ordered[-1]

"""A few pictures out of a clip; the clips are made here."""

from __future__ import annotations

import asyncio
import io
import struct
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from omni_agent.errors import MediaError
from omni_agent.media import Limits, MediaStore, load_audio, load_video
from omni_agent.vision.frames import Frame, sample_frames

av = pytest.importorskip("av")


def clip(
    frames: int = 30,
    rate: int = 10,
    kind: str = "mp4",
    codec: str = "mpeg4",
    size: tuple[int, int] = (64, 48),
) -> bytes:
    """Frames that grow brighter from black to white."""
    data = io.BytesIO()
    with av.open(data, "w", format=kind) as container:
        track = container.add_stream(codec, rate=rate)
        track.width, track.height = size
        track.pix_fmt = "yuv420p"
        for i in range(frames):
            level = round(255 * i / max(1, frames - 1))
            pixels = np.full((size[1], size[0], 3), level, dtype=np.uint8)
            container.mux(track.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(track.encode(None))
    return data.getvalue()


def sample(source: Path | bytes, count: int = 4) -> list[Frame]:
    return asyncio.run(sample_frames(source, count))


def picture(frame: Frame) -> Image.Image:
    return Image.open(io.BytesIO(frame.png))


def brightness(frame: Frame) -> float:
    return float(np.asarray(picture(frame).convert("L")).mean())


@pytest.mark.parametrize(("kind", "codec"), [("mp4", "mpeg4"), ("webm", "libvpx"), ("avi", "mpeg4")])
@pytest.mark.parametrize("count", [2, 4, 7])
def test_first_last_and_even_steps_between(kind: str, codec: str, count: int) -> None:
    frames = sample(clip(kind=kind, codec=codec), count)
    assert len(frames) == count
    assert frames[0].seconds == 0.0
    assert frames[-1].seconds == pytest.approx(2.9, abs=0.01)
    assert brightness(frames[0]) < 12
    assert brightness(frames[-1]) > 243
    steps = [after.seconds - before.seconds for before, after in pairwise(frames)]
    assert steps == pytest.approx([2.9 / (count - 1)] * (count - 1), abs=0.11)
    for frame in frames:
        assert brightness(frame) == pytest.approx(255 * frame.seconds / 2.9, abs=14)


def test_a_short_clip_gives_all_it_has() -> None:
    assert [f.seconds for f in sample(clip(2), 5)] == pytest.approx([0.0, 0.1])
    assert len(sample(clip(1), 5)) == 1
    assert [f.seconds for f in sample(clip(), 1)] == [0.0]


def test_none_are_not_asked_for() -> None:
    with pytest.raises(ValueError, match="count"):
        sample(clip(1), 0)


def test_a_path_will_do_and_large_pictures_are_scaled_down(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(clip(3, size=(1920, 1080)))
    assert [picture(frame).size for frame in sample(path)] == [(1280, 720)] * 3


@pytest.mark.parametrize(("turn", "corner"), [(90, (1, 0)), (-90, (0, 1)), (180, (1, 1))])
def test_a_clip_recorded_lying_is_set_upright(turn: int, corner: tuple[int, int]) -> None:
    """`turn` is clockwise; the dark corner at the top left goes to `corner`: (right, bottom)."""
    data = io.BytesIO()
    pixels = np.full((48, 64, 3), 255, dtype=np.uint8)
    pixels[:16, :16] = 0
    with av.open(data, "w", format="mp4") as container:
        track = container.add_stream("mpeg4", rate=10)
        track.width, track.height, track.pix_fmt = 64, 48, "yuv420p"
        container.mux(track.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(track.encode(None))
    raw = bytearray(data.getvalue())
    # ISO 14496-12: the track header's matrix, 16.16 fixed point, 40 bytes into its version 0 body.
    at = raw.index(b"tkhd") + 4 + 40
    a, b, c, d = {90: (0, 1, -1, 0), -90: (0, -1, 1, 0), 180: (-1, 0, 0, -1)}[turn]
    raw[at : at + 36] = struct.pack(">9i", a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30)
    seen = np.asarray(picture(sample(bytes(raw))[0]).convert("L"))
    assert seen.shape == ((48, 64) if turn == 180 else (64, 48))
    across, down = (-4 if side else 4 for side in corner)
    assert seen[down, across] < 60
    assert seen[-down, -across] > 200


def test_a_clip_cut_short_gives_what_is_there() -> None:
    whole = clip(60, kind="webm", codec="libvpx", size=(320, 240))
    frames = sample(whole[: len(whole) * 2 // 3])
    assert frames[0].seconds == 0.0
    assert 0 < frames[-1].seconds < 5.9


@pytest.mark.parametrize("data", [b"no clip at all" * 50, b"\0" * 500, clip()[:60]])
def test_what_is_no_clip_is_refused(data: bytes) -> None:
    with pytest.raises(MediaError) as caught:
        sample(data)
    assert caught.value.remedy


def test_a_picture_is_no_clip() -> None:
    for kind in ("PNG", "GIF", "JPEG", "WEBP"):
        data = io.BytesIO()
        Image.new("RGB", (32, 32), "red").save(data, kind)
        with pytest.raises(MediaError):
            sample(data.getvalue())


def test_without_pyav_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    data = clip(1)
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MediaError, match=r"omni-agent-framework\[local\]"):
        sample(data)


@pytest.mark.parametrize(
    ("kind", "codec", "mime"),
    [
        ("mp4", "mpeg4", "video/mp4"),
        ("webm", "libvpx", "video/webm"),
        ("matroska", "libvpx", "video/x-matroska"),
    ],
)
def test_a_clip_is_kept_as_it_is(tmp_path: Path, kind: str, codec: str, mime: str) -> None:
    store, data = MediaStore(tmp_path / "media"), clip(kind=kind, codec=codec)
    part = asyncio.run(load_video(store, data))
    assert part.mime == mime
    assert part.seconds == pytest.approx(3.0, abs=0.15)
    assert store.get(part.ref) == data
    assert sample(store.path(part.ref))


def test_a_clip_without_a_length_is_measured(tmp_path: Path) -> None:
    """As a browser records it: nobody goes back to write the length into the header."""

    class OneWay(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: int) -> int:
            raise OSError

    data = OneWay()
    with av.open(data, "w", format="webm") as container:
        track = container.add_stream("libvpx", rate=10)
        track.width, track.height, track.pix_fmt = 64, 48, "yuv420p"
        for _ in range(30):
            pixels = np.zeros((48, 64, 3), dtype=np.uint8)
            container.mux(track.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(track.encode(None))
    store = MediaStore(tmp_path / "media")
    assert asyncio.run(load_video(store, data.getvalue())).seconds == pytest.approx(3.0, abs=0.15)
    with pytest.raises(MediaError, match="too long: 3 s, at most 1 s"):
        asyncio.run(load_video(store, data.getvalue(), limits=Limits(video_seconds=1.0)))


def test_a_silent_clip_has_no_sound(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="no sound"):
        asyncio.run(load_audio(MediaStore(tmp_path / "media"), clip()))

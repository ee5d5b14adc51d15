"""The media store, and files of every kind turned into parts of messages."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import io
import os
import struct
import sys
import tempfile
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from omni_agent.errors import MediaError, OmniError
from omni_agent.media import Limits, MediaStore, load_audio, load_image, load_video, write_atomically
from omni_agent.messages import Audio
from omni_agent.speech.pcm import Pcm

T = TypeVar("T")
ROOT_USER = hasattr(os, "geteuid") and os.geteuid() == 0


@pytest.fixture
def store(tmp_path: Path) -> MediaStore:
    return MediaStore(tmp_path / "media")


def tone(seconds: float = 0.5, rate: int = 16_000, level: float = 0.5) -> np.ndarray:
    return (level * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def sound_file(
    samples: np.ndarray, rate: int = 16_000, kind: str = "WAV", subtype: str | None = None
) -> bytes:
    data = io.BytesIO()
    soundfile.write(data, samples, rate, format=kind, subtype=subtype)
    return data.getvalue()


SHORT_WAV = sound_file(tone(0.02))


def picture_file(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    data = io.BytesIO()
    picture.save(data, kind, **options)
    return data.getvalue()


def hear(store: MediaStore, source: str | Path | bytes, limits: Limits | None = None) -> tuple[Audio, Pcm]:
    return asyncio.run(load_audio(store, source, limits=limits or Limits()))


def picture_of(store: MediaStore, source: str | Path | bytes) -> Image.Image:
    part = asyncio.run(load_image(store, source))
    kept = Image.open(io.BytesIO(store.get(part.ref)))
    kept.load()
    assert kept.size == (part.width, part.height)
    return kept


def attempt(act: Callable[[], T]) -> tuple[T | None, str]:
    """What came of it, or the words with which it was refused."""
    try:
        return act(), ""
    except MediaError as error:
        return None, str(error)


class TestWriting:
    def test_replaces_what_was_there(self, tmp_path: Path) -> None:
        path = tmp_path / "a.bin"
        write_atomically(path, b"old")
        write_atomically(path, b"new")
        assert path.read_bytes() == b"new"
        assert [p.name for p in tmp_path.iterdir()] == ["a.bin"]

    @pytest.mark.parametrize("call", ["fsync", "replace"])
    def test_a_full_disk_leaves_the_old_file_alone(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
    ) -> None:
        path = tmp_path / "a.bin"
        path.write_bytes(b"old")

        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, call, full)
        with pytest.raises(OmniError, match="No space left") as caught:
            write_atomically(path, b"new")
        assert caught.value.remedy
        assert path.read_bytes() == b"old"
        assert [p.name for p in tmp_path.iterdir()] == ["a.bin"]

    def test_an_interrupt_leaves_nothing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def interrupt(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(os, "fsync", interrupt)
        with pytest.raises(KeyboardInterrupt):
            write_atomically(tmp_path / "a.bin", b"new")
        assert not list(tmp_path.iterdir())

    def test_a_missing_folder_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(OmniError, match=r"nowhere.*No such file"):
            write_atomically(tmp_path / "nowhere" / "a.bin", b"new")


class TestStore:
    @given(data=st.binary(max_size=2000), mime=st.sampled_from(["image/png", "audio/wav", "x/unheard-of"]))
    def test_what_is_put_is_got_by_the_same_reference_always(self, data: bytes, mime: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            store = MediaStore(Path(folder))
            ref = store.put(data, mime)
            assert ref == f"media://{hashlib.sha256(data).hexdigest()}"
            assert store.put(data, "image/jpeg") == ref == store.put_file(io.BytesIO(data), mime)
            assert MediaStore(Path(folder)).get(ref) == data
            assert len([p for p in Path(folder).rglob("*") if p.is_file()]) == 1

    def test_lives_in_the_home_by_default(self, home: Path) -> None:
        ref = MediaStore().put(b"abc", "image/png")
        assert MediaStore().path(ref).is_relative_to(home / "media")
        assert MediaStore().path(ref).suffix == ".png"

    @pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
    def test_others_may_not_look_in(self, store: MediaStore) -> None:
        store.put(b"abc", "image/png")
        assert store.root.stat().st_mode & 0o077 == 0

    @pytest.mark.parametrize(
        "ref", ["media://" + "0" * 64, "media://../../etc/passwd", "media://" + "0" * 63, "", "/etc/passwd"]
    )
    def test_unknown_references_are_refused(self, store: MediaStore, ref: str) -> None:
        store.put(b"abc", "image/png")
        for use in (store.get, store.path):
            with pytest.raises(MediaError) as caught:
                use(ref)
            assert caught.value.code == "media_unknown"
            assert caught.value.remedy

    def test_deleted_is_gone_and_may_be_deleted_again(self, store: MediaStore) -> None:
        ref = store.put(b"abc", "image/png")
        store.delete(ref)
        store.delete(ref)
        with pytest.raises(MediaError):
            store.get(ref)
        with pytest.raises(MediaError):
            store.delete("media://*")

    def test_damage_on_the_disk_is_noticed(self, store: MediaStore) -> None:
        ref = store.put(b"abc", "image/png")
        store.path(ref).write_bytes(b"abd")
        with pytest.raises(MediaError, match="damaged"):
            store.get(ref)

    def test_a_folder_that_cannot_be_made_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "media").write_text("a file is in the way")
        with pytest.raises(OmniError, match="cannot write") as caught:
            MediaStore(tmp_path / "media").put(b"abc", "image/png")
        assert caught.value.remedy


class TestSounds:
    @given(
        kind=st.sampled_from(
            [
                ("WAV", "PCM_16"), ("WAV", "PCM_24"), ("WAV", "PCM_U8"), ("WAV", "FLOAT"), ("WAV", "DOUBLE"),
                ("WAV", "PCM_32"), ("FLAC", "PCM_16"), ("FLAC", "PCM_24"), ("AIFF", "PCM_16"),
            ]
        ),
        rate=st.sampled_from([8_000, 11_025, 16_000, 44_100, 48_000]),
        channels=st.integers(1, 4),
        samples=st.lists(st.integers(-32_000, 32_000), min_size=1, max_size=300),
    )  # fmt: skip
    def test_any_format_gives_its_samples_back(
        self, kind: tuple[str, str], rate: int, channels: int, samples: list[int]
    ) -> None:
        mono = np.array(samples, dtype=np.float32) / 32_767
        data = sound_file(np.repeat(mono[:, None], channels, axis=1), rate, *kind)
        with tempfile.TemporaryDirectory() as folder:
            part, pcm = hear(MediaStore(Path(folder)), data)
        assert (pcm.rate, len(pcm.samples), part.seconds) == (rate, len(mono), len(mono) / rate)
        assert np.abs(pcm.samples - mono).max() < (2e-2 if kind[1] == "PCM_U8" else 2e-4)

    @settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
    @given(
        data=st.one_of(
            st.binary(max_size=400),
            st.builds(
                lambda start, rest: start + rest,
                st.sampled_from([b"RIFF\x24\0\0\0WAVEfmt ", b"fLaC\0\0\0", b"OggS", b"ID3", b"\xff\xfb\x90"]),
                st.binary(max_size=400),
            ),
            st.builds(
                lambda at, value: SHORT_WAV[:at] + bytes([value]) + SHORT_WAV[at + 1 :],
                st.integers(0, 43),
                st.integers(0, 255),
            ),
        )
    )  # fmt: skip
    def test_garbage_is_refused_in_one_line(self, data: bytes) -> None:
        with tempfile.TemporaryDirectory() as folder:
            heard, refused = attempt(lambda: hear(MediaStore(Path(folder)), data)[1])
        assert "\n" not in refused
        assert heard is None or (len(heard.samples) and np.isfinite(heard.samples).all())

    def test_what_is_kept_is_what_is_returned_and_can_be_had_again(self, store: MediaStore) -> None:
        part, pcm = hear(store, sound_file(tone(rate=44_100), 44_100, "FLAC", "PCM_24"))
        again, same = hear(store, part.ref)
        assert again == part
        assert np.array_equal(same.samples, pcm.samples)
        assert store.get(part.ref) == pcm.to_wav()
        assert part.mime == "audio/wav"

    @pytest.mark.parametrize("kind", [("OGG", "VORBIS"), ("MP3", None)])
    def test_lossy_formats_sound_alike(self, store: MediaStore, kind: tuple[str, str | None]) -> None:
        _, pcm = hear(store, sound_file(tone(1.0), 16_000, *kind))
        assert pcm.rate == 16_000
        assert pcm.seconds == pytest.approx(1.0, abs=0.15)
        spectrum = np.abs(np.fft.rfft(pcm.samples))
        assert np.argmax(spectrum) * pcm.rate / len(pcm.samples) == pytest.approx(440, abs=5)

    def test_high_rates_are_brought_down_to_48_khz(self, store: MediaStore) -> None:
        _, pcm = hear(store, sound_file(tone(0.5, 96_000), 96_000))
        assert pcm.rate == 48_000
        assert len(pcm.samples) == pytest.approx(24_000, abs=2)
        assert np.abs(pcm.samples - tone(0.5, 48_000)[: len(pcm.samples)])[100:-100].max() < 0.01

    def test_channels_are_averaged(self, store: MediaStore) -> None:
        _, pcm = hear(store, sound_file(np.stack([tone(), np.zeros_like(tone())], axis=1)))
        assert np.abs(pcm.samples).max() == pytest.approx(0.25, abs=0.01)

    def test_what_is_no_number_is_silence(self, store: MediaStore) -> None:
        samples = tone()
        samples[10:20], samples[30], samples[31] = np.nan, np.inf, -np.inf
        _, pcm = hear(store, sound_file(samples, subtype="FLOAT"))
        assert np.isfinite(pcm.samples).all()
        assert not pcm.samples[10:20].any()
        assert (pcm.samples[30], pcm.samples[31]) == (1.0, -1.0)

    def test_silence_is_a_sound(self, store: MediaStore) -> None:
        part, pcm = hear(store, sound_file(np.zeros(16_000, dtype=np.float32)))
        assert part.seconds == 1.0
        assert not pcm.samples.any()

    @pytest.mark.parametrize("kind", ["WAV", "FLAC"])
    def test_a_file_cut_short_gives_what_is_there(self, store: MediaStore, kind: str) -> None:
        noise = np.random.default_rng(1).normal(0, 0.1, 48_000).astype(np.float32)
        whole = sound_file(noise, kind=kind)
        _, pcm = hear(store, whole[: len(whole) // 2])
        assert 0.5 < pcm.seconds < 2.0

    def test_a_header_alone_is_no_sound(self, store: MediaStore, tmp_path: Path) -> None:
        path = tmp_path / "cut.wav"
        path.write_bytes(sound_file(tone())[:44])
        with pytest.raises(MediaError, match=r"cut\.wav holds no sound"):
            hear(store, path)

    def test_three_hours_are_refused_by_the_header(
        self, store: MediaStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "long.flac"
        with soundfile.SoundFile(path, "w", 8_000, 1) as file:
            for _ in range(108):
                file.write(np.zeros(800_000, dtype=np.int16))
        monkeypatch.setattr(soundfile.SoundFile, "read", lambda *_, **__: pytest.fail("it was decoded"))
        with pytest.raises(MediaError, match=r"long\.flac is too long: 3\.0 h, at most 30 min") as caught:
            hear(store, path)
        assert caught.value.code == "media_too_long"

    def test_a_header_that_lies_does_not_help(self, store: MediaStore) -> None:
        data = bytearray(sound_file(tone(4.0), kind="FLAC"))
        data[21] &= 0xF0
        data[22:26] = b"\0\0\0\0"  # a FLAC of unknown length
        with pytest.raises(MediaError, match="too long"):
            hear(store, bytes(data), Limits(audio_seconds=1.0))

    def test_too_large_is_refused(self, store: MediaStore) -> None:
        with pytest.raises(MediaError, match="too large"):
            hear(store, sound_file(tone()), Limits(audio_bytes=1000))

    def test_the_sound_of_a_container_is_found(self, store: MediaStore, tmp_path: Path) -> None:
        av = pytest.importorskip("av")
        path = tmp_path / "voice.m4a"
        with av.open(str(path), "w", format="mp4") as container:
            track = container.add_stream("aac", rate=16_000, layout="mono")
            frame = av.AudioFrame.from_ndarray(tone(2.0)[None, :], format="fltp", layout="mono")
            frame.sample_rate = 16_000
            for packet in [*track.encode(frame), *track.encode(None)]:
                container.mux(packet)
        _, pcm = hear(store, path)
        assert pcm.seconds == pytest.approx(2.0, abs=0.2)
        assert np.abs(pcm.samples).max() == pytest.approx(0.5, abs=0.1)
        with pytest.raises(MediaError, match="too long"):
            hear(store, path, Limits(audio_seconds=1.0))
        with pytest.raises(MediaError, match="no video"):
            asyncio.run(load_video(store, path))

    def test_without_pyav_the_remedy_is_named(
        self, store: MediaStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "av", None)
        with pytest.raises(MediaError, match=r"omni-agent-framework\[local\]"):
            hear(store, b"\0\0\0\x20ftypM4A ")


class TestPictures:
    def test_a_plain_one_is_kept_as_it_is(self, store: MediaStore) -> None:
        for kind, mime in (("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp")):
            data = picture_file(Image.new("RGB", (30, 20), "red"), kind)
            part = asyncio.run(load_image(store, data))
            assert (part.mime, part.width, part.height) == (mime, 30, 20)
            assert store.get(part.ref) == data

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_is_stored_upright(self, store: MediaStore, orientation: int) -> None:
        upright = Image.new("RGB", (40, 20), "white")
        upright.paste("red", (0, 0, 10, 10))
        undo: dict[int, list[Image.Transpose]] = {
            1: [], 2: [Image.Transpose.FLIP_LEFT_RIGHT], 3: [Image.Transpose.ROTATE_180],
            4: [Image.Transpose.FLIP_TOP_BOTTOM], 5: [Image.Transpose.TRANSPOSE],
            6: [Image.Transpose.ROTATE_90], 7: [Image.Transpose.TRANSVERSE], 8: [Image.Transpose.ROTATE_270],
        }  # fmt: skip
        lying = upright
        for step in undo[orientation]:
            lying = lying.transpose(step)
        mark = Image.Exif()
        mark[0x0112] = orientation
        kept = picture_of(store, picture_file(lying, "PNG", exif=mark)).convert("RGB")
        assert kept.size == (40, 20)
        assert kept.getpixel((3, 3)) == (255, 0, 0)
        assert kept.getpixel((30, 15)) == (255, 255, 255)
        assert kept.getexif().get(0x0112, 1) == 1

    def test_of_an_animation_the_first_frame(self, store: MediaStore) -> None:
        frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
        kept = picture_of(store, picture_file(frames[0], "GIF", save_all=True, append_images=frames[1:]))
        assert getattr(kept, "n_frames", 1) == 1
        assert kept.convert("RGB").getpixel((5, 5)) == (255, 0, 0)

    @pytest.mark.parametrize(
        ("picture", "kind", "seen"),
        [
            (Image.new("CMYK", (9, 9), (0, 255, 255, 0)), "TIFF", (255, 0, 0)),
            (Image.new("RGBA", (9, 9), (0, 0, 0, 0)), "PNG", (255, 255, 255)),
            (Image.new("LA", (9, 9), (0, 255)), "PNG", (0, 0, 0)),
            (Image.fromarray(np.full((9, 9), 32768, dtype=np.uint16)), "PNG", (128, 128, 128)),
            (Image.fromarray(np.full((9, 9), 0.25, dtype=np.float32)), "TIFF", (0, 0, 0)),
            (Image.new("1", (9, 9), 1), "TIFF", (255, 255, 255)),
            (Image.new("P", (9, 9), 0), "BMP", (0, 0, 0)),
        ],
    )
    def test_any_kind_of_pixel(
        self, store: MediaStore, picture: Image.Image, kind: str, seen: tuple[int, int, int]
    ) -> None:
        pixel = picture_of(store, picture_file(picture, kind)).convert("RGB").getpixel((4, 4))
        assert pixel == pytest.approx(seen, abs=2)

    @pytest.mark.parametrize("kind", ["PNG", "JPEG"])
    def test_a_big_one_is_scaled_down(self, store: MediaStore, kind: str) -> None:
        kept = picture_of(store, picture_file(Image.new("RGB", (5000, 2500), "green"), kind))
        assert kept.format == kind
        assert kept.size == (2048, 1024)

    @pytest.mark.parametrize("side", [30_000, 11_000, 7_000])
    def test_a_bomb_is_refused_by_its_header(self, store: MediaStore, tmp_path: Path, side: int) -> None:
        def chunk(name: bytes, data: bytes) -> bytes:
            return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

        path = tmp_path / "bomb.png"
        path.write_bytes(
            b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(b"\0" * (side * (side // 8 + 1))))
            + chunk(b"IEND", b"")
        )
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            with pytest.raises(MediaError, match=rf"bomb\.png is too large: {side} x {side}"):
                asyncio.run(load_image(store, path))
        assert not warned

    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "TIFF"])
    def test_a_truncated_one_is_refused(self, store: MediaStore, kind: str) -> None:
        noise = np.random.default_rng(2).integers(0, 255, (200, 200, 3), dtype=np.uint8)
        data = picture_file(Image.fromarray(noise), kind)
        with pytest.raises(MediaError, match="data of"):
            asyncio.run(load_image(store, data[: len(data) // 2]))

    @settings(deadline=None)
    @given(
        start=st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a", b"II*\0", b"BM"]),
        rest=st.binary(max_size=300),
    )  # fmt: skip
    def test_garbage_is_refused_in_one_line(self, start: bytes, rest: bytes) -> None:
        with tempfile.TemporaryDirectory() as folder:
            store = MediaStore(Path(folder))
            _, refused = attempt(lambda: asyncio.run(load_image(store, start + rest)))
        assert "\n" not in refused


def load(store: MediaStore, noun: str, source: str | Path | bytes) -> None:
    match noun:
        case "sound":
            asyncio.run(load_audio(store, source))
        case "picture":
            asyncio.run(load_image(store, source))
        case _:
            asyncio.run(load_video(store, source))


@pytest.mark.parametrize("noun", ["sound", "picture", "clip"])
class TestBadSources:
    def test_missing(self, store: MediaStore, tmp_path: Path, noun: str) -> None:
        with pytest.raises(MediaError, match=r"gone\.bin does not exist") as caught:
            load(store, noun, tmp_path / "gone.bin")
        assert caught.value.code == "media_not_found"

    def test_a_folder(self, store: MediaStore, tmp_path: Path, noun: str) -> None:
        with pytest.raises(MediaError, match="is a folder"):
            load(store, noun, str(tmp_path))

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="POSIX")
    def test_a_pipe_is_not_waited_for(self, store: MediaStore, tmp_path: Path, noun: str) -> None:
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(MediaError, match="no regular file"):
            load(store, noun, tmp_path / "pipe")

    @pytest.mark.skipif(ROOT_USER, reason="root may read everything")
    def test_forbidden(self, store: MediaStore, tmp_path: Path, noun: str) -> None:
        path = tmp_path / "secret.bin"
        path.write_bytes(b"abc")
        path.chmod(0)
        with pytest.raises(MediaError, match="cannot be read"):
            load(store, noun, path)

    def test_unreadable(
        self, store: MediaStore, tmp_path: Path, noun: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "secret.bin"
        path.write_bytes(b"abc")

        def refuse(*_: object, **__: object) -> None:
            raise PermissionError(errno.EACCES, "Permission denied")

        monkeypatch.setattr("builtins.open", refuse)
        with pytest.raises(MediaError, match=r"secret\.bin.*cannot be read: Permission denied"):
            load(store, noun, path)

    def test_a_name_that_is_none(self, store: MediaStore, noun: str) -> None:
        with pytest.raises(MediaError, match="cannot be read"):
            load(store, noun, "a\0b")
        with pytest.raises(MediaError, match=r"cannot be read|does not exist"):
            load(store, noun, "x" * 5000)

    def test_empty(self, store: MediaStore, tmp_path: Path, noun: str) -> None:
        (tmp_path / "empty.wav").touch()
        for source in (tmp_path / "empty.wav", b""):
            with pytest.raises(MediaError, match="is empty"):
                load(store, noun, source)

    @pytest.mark.parametrize("name", ["words.wav", "words.png", "words.mp4", "words"])
    def test_text_in_disguise(self, store: MediaStore, tmp_path: Path, noun: str, name: str) -> None:
        path = tmp_path / name
        path.write_text("Not what my name says.\n" * 50)
        with pytest.raises(MediaError, match=name) as caught:
            load(store, noun, path)
        assert caught.value.remedy
        assert not list(store.root.rglob("*"))

    def test_an_unknown_reference(self, store: MediaStore, noun: str) -> None:
        with pytest.raises(MediaError, match="is not in"):
            load(store, noun, "media://" + "0" * 64)


@pytest.mark.parametrize(
    "listing",
    [
        "ffconcat version 1.0\nfile '{name}'\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{name}\n#EXT-X-ENDLIST\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
    ],
    ids=["list", "playlist", "line"],
)
@pytest.mark.parametrize("load", [load_audio, load_video])
def test_a_file_that_names_others_opens_none(
    store: MediaStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listing: str, load: Callable[..., Any]
) -> None:
    """Whoever may hand in a sound must not be read a file of this machine, or have one fetched."""
    pytest.importorskip("av")
    (tmp_path / "private.wav").write_bytes(SHORT_WAV)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MediaError):
        asyncio.run(load(store, listing.format(name="private.wav").encode()))

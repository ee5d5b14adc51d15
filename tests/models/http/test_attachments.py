"""Media that go along with a request."""

from __future__ import annotations

import asyncio
from pathlib import Path

import av
import numpy as np
import pytest

from omni_agent.errors import MediaError
from omni_agent.media import MediaStore
from omni_agent.messages import Audio, Image, Message, ToolResult, Video
from omni_agent.models.base import Modality
from omni_agent.models.http.attachments import Attachments, loaded
from tests.models.http.asking import user

ALL: frozenset[Modality] = frozenset({"text", "audio", "image", "video"})


def load(
    messages: list[Message], store: MediaStore, inputs: frozenset[Modality] = ALL, most: int = 100
) -> Attachments:
    return asyncio.run(loaded(messages, store, inputs, most))


def picture(store: MediaStore, size: int, letter: bytes = b"x") -> Image:
    return Image(store.put(letter * size, "image/png"))


def test_the_newest_go_along_up_to_a_size_and_the_last_messages_always() -> None:
    store = MediaStore()
    old, middle, new = picture(store, 60, b"a"), picture(store, 60, b"b"), picture(store, 500, b"c")
    messages = [Message("user", (part,)) for part in (old, middle, new)]
    assert set(load(messages, store).data) == {new.ref}
    messages = [Message("user", (part,)) for part in (old, middle)]
    assert set(load(messages, store).data) == {middle.ref}
    assert set(load(messages, store, most=120).data) == {old.ref, middle.ref}


def test_one_picture_shown_twice_counts_once() -> None:
    store = MediaStore()
    again = picture(store, 60)
    assert set(load([Message("user", (again,))] * 3 + [user("and?")], store).data) == {again.ref}


def test_what_the_model_does_not_take_in_stays_behind() -> None:
    store = MediaStore()
    sound = Audio(store.put(b"sound", "audio/wav"))
    asked = [Message("user", (sound, picture(store, 5)))]
    assert set(load(asked, store, frozenset({"text", "audio"})).data) == {sound.ref}
    assert load(asked, store, frozenset({"text"})) == Attachments()


def test_what_a_tool_showed_goes_along() -> None:
    store = MediaStore()
    shown = picture(store, 5)
    result = ToolResult("c", "look", "done", "[picture]", media=(shown,))
    assert set(load([user("look"), Message("tool", (result,))], store).data) == {shown.ref}


def test_only_the_last_messages_media_must_be_there() -> None:
    gone = Image("media://" + "0" * 64)
    assert load([Message("user", (gone,)), user("and?")], MediaStore()).data == {}
    with pytest.raises(MediaError):
        load([Message("user", (gone,))], MediaStore())


def clip(path: Path, *, sound: bool) -> bytes:
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=10)
        video.width = video.height = 64
        video.pix_fmt = "yuv420p"
        audio = container.add_stream("aac", rate=16_000, layout="mono") if sound else None
        for _ in range(5):
            frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            container.mux(video.encode(frame))
        container.mux(video.encode())
        if audio:
            heard = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            heard.sample_rate = 16_000
            container.mux(audio.encode(heard))
            container.mux(audio.encode())
    return path.read_bytes()


def test_clips_are_heard_only_where_each_of_them_has_a_sound(tmp_path: Path) -> None:
    """A server that is told to hear a silent clip fails."""
    store = MediaStore()
    loud = Video(store.put(clip(tmp_path / "a.mp4", sound=True), "video/mp4"))
    silent = Video(store.put(clip(tmp_path / "b.mp4", sound=False), "video/mp4"))
    broken = Video(store.put(b"no clip", "video/mp4"))
    for clips, heard in (
        ((loud,), True),
        ((silent,), False),
        ((loud, silent), False),
        ((broken,), True),
        ((), False),
    ):
        asked = [Message("user", (part,)) for part in clips] or [user("hi")]
        assert load(asked, store, most=10**6).clips_sound is heard

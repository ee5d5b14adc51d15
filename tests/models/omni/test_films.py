"""Clips handed over whole, by tiny models; patches are cut by a stand-in for torchvision's processor."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from omni_agent.events import Usage
from omni_agent.media import MediaStore, load_video
from omni_agent.messages import Audio, Image, Message, Text, Video
from omni_agent.models.omni import Options, TransformersOmni, loading
from omni_agent.models.omni.inputs import tensors, times
from omni_agent.models.omni.libraries import library
from omni_agent.models.omni.media import film_tokens
from omni_agent.models.omni.talker import sequences, waveform
from omni_agent.models.omni.thinker import seeded
from tests.models.omni.conftest import answered, ask, sound_of, text_of, user
from tests.models.omni.test_qwen3 import IGNORED, clip, prompt_of

pytestmark = IGNORED


class Patches:
    """Cuts each pair of pictures into four tokens, of one brightness each."""

    merge_size = temporal_patch_size = 2

    def __init__(self, patch_size: int) -> None:
        self.patch_size = patch_size

    def __call__(self, videos: list[Any], **how: Any) -> dict[str, Any]:
        torch, (film,) = library("torch"), videos
        assert how["size"]["shortest_edge"] <= how["size"]["longest_edge"]
        if len(film) % 2:
            film = torch.cat([film, film[-1:]])
        light = film.float().mean(dim=(1, 2, 3)).reshape(-1, 2).mean(dim=1) / 255
        values = light.repeat_interleave(16)[:, None].expand(-1, 6 * self.patch_size**2)
        return {"pixel_values_videos": values, "video_grid_thw": torch.tensor([[len(light), 4, 4]])}


def filming(folder: Path, store: MediaStore, patch_size: int) -> Iterator[TransformersOmni]:
    """A model that takes clips whole, as where torchvision imports."""
    patched = pytest.MonkeyPatch()
    patched.setattr(loading, "importable", lambda name: True)
    videos = type("Auto", (), {"from_pretrained": staticmethod(lambda folder: Patches(patch_size))})
    patched.setattr(library("transformers"), "AutoVideoProcessor", videos, raising=False)
    model = TransformersOmni(Options(str(folder), device="cpu", seconds=1), store=store)
    yield model
    asyncio.run(model.close())
    patched.undo()


@pytest.fixture(scope="module")
def film3(qwen3: Path, store: MediaStore) -> Iterator[TransformersOmni]:
    yield from filming(qwen3, store, 16)


@pytest.fixture(scope="module")
def film25(qwen25: Path, store: MediaStore) -> Iterator[TransformersOmni]:
    yield from filming(qwen25, store, 14)


@pytest.fixture(scope="module")
def sounding(store: MediaStore) -> Video:
    return asyncio.run(load_video(store, clip(sound=True)))


@pytest.fixture(scope="module")
def silent(store: MediaStore) -> Video:
    return asyncio.run(load_video(store, clip(sound=False)))


def kinds(model: TransformersOmni, store: MediaStore, *messages: Message) -> list[str]:
    """What stands for media in the prompt."""
    _, prompt = prompt_of(model, ask(*messages), store)
    return [item.encoded.kind for item in prompt.placed]


def test_pictures_and_sound_stand_among_each_other(
    film3: TransformersOmni, store: MediaStore, sounding: Video
) -> None:
    loaded, prompt = prompt_of(film3, ask(user("look", sounding)), store)
    (placed,) = prompt.placed
    named = loaded.tokenizer.convert_ids_to_tokens(prompt.ids[placed.start - 1 : placed.end + 1])
    assert named[:7] == ["<|vision_start|>", "<|audio_start|>", *["<|video_pad|>"] * 4, "<|audio_pad|>"]
    assert named[-2:] == ["<|audio_end|>", "<|vision_end|>"]
    # Two seconds: five pictures, the last of them with itself, and 13 tokens of sound a second.
    assert named.count("<|video_pad|>") == 3 * 4
    assert named.count("<|audio_pad|>") == pytest.approx(26, abs=3)
    assert "a clip of" not in loaded.tokenizer.decode(prompt.ids)


@pytest.mark.parametrize("family", ["film3", "film25"])
@pytest.mark.parametrize("shown", ["clip", "silent clip", "all"])
def test_words_and_sound_are_those_of_plain_generate(
    family: str,
    shown: str,
    request: pytest.FixtureRequest,
    store: MediaStore,
    sounding: Video,
    silent: Video,
    tone: Audio,
    photo: Image,
) -> None:
    model: TransformersOmni = request.getfixturevalue(family)
    shows = {"clip": (sounding,), "silent clip": (silent,), "all": (photo, sounding, tone, silent)}
    asked = ask(user("what is this?", *shows[shown]), speech=True)
    torch = library("torch")
    loaded, prompt = prompt_of(model, asked, store)
    given = tensors(prompt.placed, loaded.device, torch.float32)
    # Without the prefix Qwen2.5-Omni hands them to its talker, which does not know them.
    given |= {f"thinker_{name}": given.pop(name) for name in list(given) if name.startswith("pixel_values")}
    # 80 ms of each: a frame of Qwen3-Omni's codec and four of Qwen2.5-Omni's.
    frames = 12 if family == "film3" else 50
    with torch.no_grad(), seeded(asked.seed, loaded.device):
        made = loaded.whole.generate(
            input_ids=torch.tensor([prompt.ids]),
            attention_mask=torch.ones(1, len(prompt.ids), dtype=torch.long),
            speaker=loaded.checkpoint.voices[0],
            thinker_max_new_tokens=asked.max_tokens,
            thinker_do_sample=False,
            talker_max_new_tokens=frames,
            thinker_eos_token_id=list(loaded.ends),
            **given,
            **times(prompt.placed, loaded.device),
        )
    ids = sequences(made)[0, len(prompt.ids) :].tolist()
    words = loaded.tokenizer.decode([token for token in ids if token not in loaded.ends])
    events = answered(model, asked)
    assert text_of(events).lstrip() == words.lstrip() != ""
    assert sound_of(events).shape == tuple(waveform(made).shape)
    assert np.abs(sound_of(events) - waveform(made).numpy()).max() < 1e-4


def test_a_silent_clip_has_no_sound_unless_another_has(
    film3: TransformersOmni, store: MediaStore, sounding: Video, silent: Video
) -> None:
    _, alone = prompt_of(film3, ask(user(silent)), store)
    _, both = prompt_of(film3, ask(user(silent), Message("assistant", (Text("ok"),)), user(sounding)), store)
    assert [item.encoded.heard is not None for item in alone.placed] == [False]
    assert [item.encoded.heard is not None for item in both.placed] == [True, True]


def test_the_next_turn_does_not_read_the_clip_again(film3: TransformersOmni, sounding: Video) -> None:
    first = user("look", sounding)
    said = text_of(answered(film3, ask(first)))
    later = answered(film3, ask(first, Message("assistant", (Text(said),)), user("and now?")))
    usage = next(event for event in later if isinstance(event, Usage))
    assert usage.cached_tokens > 40


def test_other_media_beside_it_keep_their_order(
    film3: TransformersOmni, store: MediaStore, sounding: Video, tone: Audio, photo: Image
) -> None:
    assert kinds(film3, store, user(tone, sounding, photo)) == ["sound", "film", "picture"]


def test_clips_are_pictures_where_that_is_wished(
    film3: TransformersOmni, qwen3: Path, store: MediaStore, sounding: Video
) -> None:
    model = TransformersOmni(Options.parse(f"{qwen3}?device=cpu&clips=pictures"), store=store)
    assert kinds(model, store, user(sounding)) == ["picture", "picture", "sound"]
    asyncio.run(model.close())


def test_the_pictures_of_a_film_are_half_a_second_apart(store: MediaStore, sounding: Video) -> None:
    from omni_agent.models.omni.media import Film, MediaReader

    read = asyncio.run(MediaReader(store, lambda: True).read([user(sounding)]))
    (film,) = read.values()
    assert isinstance(film, Film)
    assert len(film.frames) == 5
    assert len(set(film.frames)) == 5
    assert film.sound is not None
    assert film.sound.pcm.seconds == pytest.approx(2.0, abs=0.2)


def test_long_films_have_less_for_each_picture() -> None:
    assert film_tokens(5) == 768
    assert film_tokens(100) == 204
    assert film_tokens(400) == 128

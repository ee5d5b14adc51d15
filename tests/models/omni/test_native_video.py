"""Clips handed over whole with torchvision, against transformers' own processors.

Off unless OMNI_AGENT_TEST_VIDEO=1: torchvision wants the torch that it was built for (see the marker).
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from omni_agent.media import MediaStore, load_video
from omni_agent.messages import Video
from omni_agent.models.omni import Options, TransformersOmni
from omni_agent.models.omni.inputs import tensors, times
from omni_agent.models.omni.libraries import importable, library
from omni_agent.models.omni.media import Film, MediaReader
from omni_agent.models.omni.patches import opened
from omni_agent.models.omni.talker import sequences
from tests.models.omni.conftest import answered, ask, text_of, user
from tests.models.omni.test_qwen3 import IGNORED, clip, prompt_of

pytestmark = [
    pytest.mark.video,
    IGNORED,
    # transformers' processors hand tensors to NumPy in a way that it will not take for ever.
    pytest.mark.filterwarnings("ignore:__array__ implementation"),
    pytest.mark.skipif(
        os.environ.get("OMNI_AGENT_TEST_VIDEO") != "1", reason="only with OMNI_AGENT_TEST_VIDEO=1"
    ),
]
PROCESSORS = {"qwen3": "Qwen3OmniMoeProcessor", "qwen25": "Qwen2_5OmniProcessor"}


@pytest.fixture(scope="module", autouse=True)
def torchvision(libraries: None) -> None:
    if not importable("torchvision"):
        pytest.skip("torchvision does not import: pip install torch==2.14.1 torchvision==0.29.1")


@pytest.mark.parametrize("sound", [True, False])
@pytest.mark.parametrize("family", PROCESSORS)
def test_the_prompt_is_that_of_the_processor(
    family: str, sound: bool, request: pytest.FixtureRequest, store: MediaStore
) -> None:
    folder: Path = request.getfixturevalue(family)
    video = asyncio.run(load_video(store, clip(sound=sound)))
    model = TransformersOmni(Options(str(folder), device="cpu", seconds=1), store=store)
    asked = ask(user("what is this?", video))
    loaded, prompt = prompt_of(model, asked, store)
    theirs = processed(family, loaded, film_of(store, video), loaded.tokenizer.decode(text_ids(prompt)))
    torch = library("torch")
    assert theirs["input_ids"][0].tolist() == prompt.ids
    ours = tensors(prompt.placed, loaded.device, torch.float32)
    for name in ("pixel_values_videos", "video_grid_thw"):
        assert torch.equal(ours[name], theirs[name]), name
    assert torch.allclose(
        times(prompt.placed, loaded.device)["video_second_per_grid"],
        torch.as_tensor(theirs["video_second_per_grid"]).float(),
    )
    with torch.no_grad():
        made = loaded.thinker.generate(
            **{name: value for name, value in theirs.items() if name != "num_audio_tokens"},
            use_audio_in_video=sound,
            max_new_tokens=asked.max_tokens,
            do_sample=False,
        )
    ids = sequences(made)[0, len(prompt.ids) :].tolist()
    words = loaded.tokenizer.decode([token for token in ids if token not in loaded.ends])
    assert text_of(answered(model, asked)).lstrip() == words.lstrip() != ""
    asyncio.run(model.close())


def film_of(store: MediaStore, video: Video) -> Film:
    (film,) = asyncio.run(MediaReader(store, lambda: True).read([user(video)])).values()
    assert isinstance(film, Film)
    return film


def text_ids(prompt: Any) -> list[int]:
    """The prompt with the film's placeholder written once, as the template does."""
    (placed,) = prompt.placed
    seen = next(token for token in placed.encoded.ids if placed.encoded.ids.count(token) > 1)
    return [*prompt.ids[: placed.start], seen, *prompt.ids[placed.end :]]


def processed(family: str, loaded: Any, film: Film, text: str) -> Any:
    """What transformers' processor makes of the same pictures and sound."""
    torch = library("torch")
    processor = getattr(library("transformers"), PROCESSORS[family])(
        image_processor=loaded.pictures,
        video_processor=loaded.videos,
        feature_extractor=loaded.features,
        tokenizer=loaded.tokenizer,
        chat_template=loaded.template,
    )
    frames = torch.from_numpy(np.stack([np.array(opened(png)) for png in film.frames])).permute(0, 3, 1, 2)
    square = (loaded.videos.patch_size * loaded.videos.merge_size) ** 2
    heard: dict[str, Any] = {"audio_from_video_indices": [0], "load_audio_from_video": True}
    if film.sound:
        heard["audio"] = [film.sound.pcm.samples]
    return processor(
        text=[text],
        videos=[frames],
        fps=2.0,
        size={"shortest_edge": 128 * square, "longest_edge": film.tokens * square},
        position_id_per_seconds=loaded.thinker.config.position_id_per_seconds,
        return_tensors="pt",
        padding=True,
        **(heard if film.sound else {}),
    )

"""A clip reaches each model in the way that it can take it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from omni_agent import Agent, ToolContext, tool
from omni_agent.errors import ModelUnavailable
from omni_agent.media import MediaStore, load_video
from omni_agent.messages import Audio, Hearing, Image, Media, Message, ToolResult, Video
from omni_agent.models.base import Capabilities, Modality, Request
from omni_agent.models.clip_limits import longest_clip, pictures_of
from omni_agent.models.lending import Lender
from omni_agent.models.limits import described
from omni_agent.models.prompt import render
from omni_agent.senses import Senses
from omni_agent.testing import ScriptedEars, ScriptedEyes, ScriptedModel, Step
from tests.vision.clips import made, plain, tone

pytestmark = pytest.mark.anyio


def able(*inputs: Modality, **options: Any) -> Capabilities:
    return Capabilities(inputs=frozenset({"text", *inputs}), **options)


def senses() -> Senses:
    return Senses(ears=ScriptedEars(Hearing("mind the gap", "en")), eyes=ScriptedEyes("EXIT"))


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Six seconds; the picture changes once a second, and there is a sound."""
    path = tmp_path / "film.mkv"
    pictures = [(i / 4, plain(40 * (i // 4) + 10)) for i in range(24)]
    path.write_bytes(made(pictures, [(1.0, tone(2.0))]))
    return path


@pytest.fixture
def silent(tmp_path: Path) -> Path:
    path = tmp_path / "silent.mkv"
    path.write_bytes(made([(float(i), plain(40 * i)) for i in range(4)]))
    return path


async def shown(path: Path, capabilities: Capabilities, lent: Senses | None = None) -> tuple[Media, ...]:
    model = ScriptedModel(Step(says="Nice."), capabilities=capabilities, senses=lent or Senses())
    await Agent(model=model, memory=None).ask("look", video=path, speak=False)
    return model.requests[0].messages[0].media


def kinds(media: tuple[Media, ...]) -> list[str]:
    return [part.type for part in media]


def moments(media: tuple[Media, ...]) -> list[tuple[str, str]]:
    clip = media[0]
    assert isinstance(clip, Video)
    return [(moment.kind, moment.text) for moment in clip.moments or ()]


async def test_a_model_that_sees_and_hears_clips_gets_it_as_it_is(film: Path) -> None:
    media = await shown(film, able("video", video_sound=True), senses())
    assert kinds(media) == ["video"]
    assert media[0].moments is None  # type: ignore[union-attr]


async def test_the_sound_goes_beside_a_clip_whose_own_is_not_heard(film: Path) -> None:
    clip, sound = await shown(film, able("video", "audio"))
    assert isinstance(clip, Video)
    assert isinstance(sound, Audio)
    assert sound.hearing is None
    assert sound.seconds == pytest.approx(3.0, abs=0.05)


async def test_a_deaf_model_reads_what_is_said_in_a_clip_that_it_sees(film: Path) -> None:
    media = await shown(film, able("video"), senses())
    assert kinds(media) == ["video"]
    assert moments(media) == [("heard", "mind the gap")]


async def test_pictures_and_sound_for_a_model_without_clips(film: Path) -> None:
    media = await shown(film, able("image", "audio"))
    assert kinds(media) == ["video", *["image"] * 4, "audio"]
    assert moments(media) == [("shown", "")] * 4


async def test_pictures_for_the_eyes_that_it_has_and_words_for_the_ears_that_it_has_not(film: Path) -> None:
    media = await shown(film, able("image", context_tokens=32_768), senses())
    assert kinds(media) == ["video", *["image"] * 6]
    assert [kind for kind, _ in moments(media)].count("shown") == 6
    assert ("heard", "mind the gap") in moments(media)


async def test_all_of_it_in_words_for_a_model_of_words(film: Path) -> None:
    media = await shown(film, able(), senses())
    assert kinds(media) == ["video"]
    assert moments(media) == [("heard", "mind the gap"), ("read", "EXIT")]
    request = Request(system="You watch.", messages=(Message("user", media),))
    assert render(request)[-1]["content"].splitlines() == [
        "[a clip of 5.8 s",
        '0 s to 3 s it says: "mind the gap"',
        'at 0 s it shows: "EXIT"]',
    ]
    assert "mind the gap" in described(media[0])


async def test_a_silent_clip_needs_no_ears(silent: Path) -> None:
    assert kinds(await shown(silent, able("video", "audio"))) == ["video"]
    assert moments(await shown(silent, able(), Senses(eyes=ScriptedEyes("EXIT")))) == [("read", "EXIT")]


async def test_who_cannot_see_at_all_says_so(silent: Path) -> None:
    with pytest.raises(ModelUnavailable, match="cannot see"):
        await shown(silent, able())


async def test_a_clip_longer_than_the_model_takes_is_taken_apart(film: Path) -> None:
    short = able("video", "image", "audio", video_sound=True, context_tokens=1500)
    assert longest_clip(short) == pytest.approx(5.0)
    assert kinds(await shown(film, short)) == ["video", *["image"] * 4, "audio"]
    assert kinds(await shown(film, able("video", video_sound=True, context_tokens=1900))) == ["video"]


def test_the_context_bounds_the_pictures() -> None:
    assert [pictures_of(able("image", context_tokens=n), 99) for n in (2048, 8192, 32_768, 65_536)] == [
        4,
        4,
        12,
        16,
    ]
    assert pictures_of(able("image"), 2) == 2


async def test_the_pictures_of_a_clip_are_counted_among_the_others(film: Path) -> None:
    media = await shown(film, able("image", most={"image": 3}))
    assert kinds(media) == ["video", *["image"] * 3]


async def test_what_a_tool_films_is_told_with_its_times(film: Path) -> None:
    @tool
    def record(context: ToolContext) -> Video:
        """Film."""
        return Video(context.media.put(film.read_bytes(), "video/x-matroska"))

    model = ScriptedModel(Step(calls={"record": {}}), Step(says="Done."), senses=senses())
    await Agent(model=model, memory=None, tools=[record]).ask("film it", speak=False)
    (result,) = model.requests[1].messages[-1].parts
    assert isinstance(result, ToolResult)
    assert result.content.splitlines() == [
        "[a clip of 5.8 s",
        '0 s to 3 s it says: "mind the gap"',
        'at 0 s it shows: "EXIT"]',
    ]


async def test_a_model_that_stands_in_is_told_what_the_first_would_have_seen(film: Path) -> None:
    agent = Agent(model=ScriptedModel(), memory=None)
    clip = await load_video(agent.parts.media, film)
    request = Request("", (Message("user", (clip,)),))
    lender = Lender(senses())
    for _ in range(2):
        # The second time from what is kept: the ears' script is over.
        (part,) = (await lender.fitted(request, able())).messages[0].parts
        assert isinstance(part, Video)
        assert [moment.text for moment in part.moments or ()] == ["mind the gap", "EXIT"]
    with pytest.raises(ModelUnavailable):
        await Lender(Senses()).fitted(request, able())


async def test_pictures_that_stand_beside_a_clip_are_pictures(silent: Path) -> None:
    assert all(isinstance(part, Image) for part in (await shown(silent, able("image")))[1:])


async def test_a_clip_that_is_too_long_is_not_sent_to_a_server_all_the_same(film: Path) -> None:
    from omni_agent.models.http.attachments import loaded

    short = able("video", "image", video_sound=True, context_tokens=1500)
    media = await shown(film, short, senses())
    assert isinstance(media[0], Video)
    assert media[0].apart
    sent = (await loaded([Message("user", media)], MediaStore(), short.inputs)).data
    assert media[0].ref not in sent
    assert all(picture.ref in sent for picture in media[1:])


async def test_a_clip_that_is_too_long_is_told_to_a_model_in_process(film: Path) -> None:
    from omni_agent.models.omni.media import MediaReader

    media = await shown(film, able("video", "image", video_sound=True, context_tokens=1500), senses())
    read = await MediaReader(MediaStore()).read([Message("user", media)])
    assert set(read) == {picture.ref for picture in media[1:]}

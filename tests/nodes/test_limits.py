"""A model that takes only so many sounds, pictures and clips in one message gets no more."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Picture

from omni_agent import Agent, ToolContext, tool
from omni_agent.errors import InputError
from omni_agent.messages import Audio, Hearing, Image, Media, Message, Part, Reading, Text, ToolResult, Video
from omni_agent.models.base import Capabilities, Modality, Request
from omni_agent.models.limits import within_limits
from omni_agent.senses import Senses
from omni_agent.speech.pcm import Pcm
from omni_agent.state import Observation
from omni_agent.testing import ScriptedEars, ScriptedEyes, ScriptedModel, Step
from omni_agent.testing.model_conformance.samples import Samples

pytestmark = pytest.mark.anyio
SEES = frozenset[Modality]({"text", "image"})


def able(inputs: frozenset[Modality] = SEES, **most: int) -> Capabilities:
    return Capabilities(inputs=inputs, most=most)  # type: ignore[arg-type]


def png(color: str) -> bytes:
    out = io.BytesIO()
    Picture.new("RGB", (40, 30), color).save(out, "PNG")
    return out.getvalue()


RED, GREEN, BLUE = map(png, ("red", "green", "blue"))


async def asked(
    capabilities: Capabilities, senses: Senses | None = None, images: Sequence[bytes] = (RED, GREEN, BLUE)
) -> Request:
    model = ScriptedModel(Step(says="Nice."), capabilities=capabilities, senses=senses)
    await Agent(model=model, memory=None).ask("look", images=images, speak=False)
    return model.requests[0]


async def test_the_newest_picture_is_kept_and_the_eyes_read_the_others() -> None:
    request = await asked(able(image=1), Senses(eyes=ScriptedEyes("EXIT")))
    words, first, second, last = request.messages[0].parts
    assert words == Text("look", language="en")
    assert first == second == Text('[picture; it says: "EXIT"]')
    (alone,) = (await asked(able(image=1), images=[BLUE])).messages[0].media
    assert last == alone


async def test_as_many_as_the_model_takes_stay_pictures() -> None:
    request = await asked(able(image=3))
    assert len(request.messages[0].media) == 3
    assert len((await asked(able())).messages[0].media) == 3


async def test_without_eyes_more_is_refused_before_anything_is_sent() -> None:
    model = ScriptedModel(capabilities=able(image=2))
    with pytest.raises(InputError) as caught:
        await Agent(model=model, memory=None).ask("look", images=[RED, GREEN, BLUE], speak=False)
    assert caught.value.code == "input_too_many"
    assert str(caught.value) == "this model takes at most 2 picture(s) at once (hand in fewer)"
    assert model.requests == []


async def test_the_message_keeps_what_the_request_leaves_out() -> None:
    model = ScriptedModel(
        Step(says="Nice."),
        Step(says="Again."),
        capabilities=able(image=1),
        senses=Senses(eyes=ScriptedEyes("EXIT")),
    )
    agent = Agent(model=model, memory=None)
    await agent.ask("look", images=[RED, GREEN], speak=False)
    record, *_ = await agent.parts.memory.history(agent.parts.scope("local"), "default")
    assert len(record.messages[0].media) == 2
    await agent.ask("and now?", images=[BLUE], speak=False)
    first, _, second = model.requests[1].messages
    assert len(first.media) == len(second.media) == 1


async def test_a_clip_gives_no_more_pictures_than_the_model_takes() -> None:
    samples = Samples()
    (clip,) = await samples.some("video")
    agent = Agent(model=ScriptedModel(Step(says="Nice."), capabilities=able(image=2)), memory=None)
    assert isinstance(agent.model, ScriptedModel)
    await agent.ask("look", video=agent.parts.media.path(clip.ref), speak=False)
    kinds = [part.type for part in agent.model.requests[0].messages[0].parts]
    assert kinds == ["text", "video", "image", "image"]


async def test_a_second_clip_is_refused_where_nobody_can_look_at_its_pictures() -> None:
    (clip,) = await Samples().some("video")
    model = ScriptedModel(capabilities=able(frozenset({"text", "video"}), video=1))
    agent = Agent(model=model, memory=None)
    path = str(agent.parts.media.path(clip.ref))
    observations: list[Observation] = [{"kind": "video", "content": path}] * 2
    with pytest.raises(InputError, match="at most 1 clip"):
        await agent.graph.ainvoke({"observations": observations})


async def test_an_earlier_sound_is_put_into_words() -> None:
    hears = able(frozenset({"text", "audio"}), audio=1)
    ears = ScriptedEars(Hearing("the first one", "en", 0.9, 0.9))
    model = ScriptedModel(Step(says="Yes."), capabilities=hears, senses=Senses(ears=ears))
    agent = Agent(model=model, memory=None)
    sounds = [Pcm.silence(seconds, 16_000) for seconds in (0.5, 1.0)]
    refs = [agent.parts.media.put(sound.to_wav(), "audio/wav") for sound in sounds]
    await agent.graph.ainvoke({"observations": [{"kind": "audio", "content": ref} for ref in refs]})
    first, second = model.requests[0].messages[0].parts
    assert first == Text('[sound; it says: "the first one"]')
    assert isinstance(second, Audio)
    assert second.seconds == pytest.approx(1.0)


@pytest.mark.parametrize("eyes", [None, ScriptedEyes("EXIT")])
async def test_what_tools_show_is_limited_too(eyes: ScriptedEyes | None) -> None:
    @tool
    def draw(context: ToolContext) -> list[Image]:
        """Draw."""
        return [Image(context.media.put(data, "image/png")) for data in (RED, GREEN, BLUE)]

    model = ScriptedModel(
        Step(calls={"draw": {}}), Step(says="Done."), capabilities=able(image=1), senses=Senses(eyes=eyes)
    )
    await Agent(model=model, memory=None, tools=[draw]).ask("draw", speak=False)
    (result,) = model.requests[1].messages[-1].parts
    assert isinstance(result, ToolResult)
    assert len(result.media) == 1
    says = '[picture; it says: "EXIT"]' if eyes else "[a picture that you cannot see]"
    assert result.content.splitlines()[:3] == [says, says, "[picture]"]


REF = f"media://{'1' * 64}"
PARTS = st.lists(
    st.sampled_from([
        Text("words"),
        Image(REF),
        Image(REF, reading=Reading()),
        Audio(REF, hearing=Hearing("well", "en")),
        Audio(REF),
        Video(REF),
        ToolResult("c", "draw", "done", "[picture]", (Image(REF), Video(REF), Image(REF))),
    ]),
    max_size=8,
)  # fmt: skip


@given(
    st.lists(PARTS, max_size=4),
    st.dictionaries(st.sampled_from(["image", "audio", "video"]), st.integers(1, 3)),
)
def test_no_message_is_over_the_limit_and_the_newest_stay(
    conversation: list[list[Part]], most: dict[Modality, int]
) -> None:
    before = [Message("user", tuple(parts)) for parts in conversation]
    after = within_limits(before, Capabilities(inputs=frozenset({"text", *most}), most=most))
    assert len(after) == len(before)
    for old, new in zip(before, after, strict=True):
        assert len(new.parts) == len(old.parts)
        for kind in ("image", "audio", "video"):
            had, has = ([part for part in message.media if part.type == kind] for message in (old, new))
            count = min(len(had), most.get(kind, len(had)))
            assert has == had[len(had) - count :]


def test_media_that_nobody_described_are_spoken_of() -> None:
    parts: list[Media] = [Image(REF), Audio(REF), Video(REF)]
    limits = Capabilities(most={"image": 1, "audio": 1, "video": 1})
    (message,) = within_limits([Message("user", (*parts, *parts))], limits)
    assert [part.text for part in message.parts if isinstance(part, Text)] == [
        "[a picture that is not shown: only the newest are]",
        "[a sound that is not played: only the newest are]",
        "[a clip that is not shown as such]",
    ]

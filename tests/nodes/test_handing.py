"""Tools that take media get what was shown, whatever the model wrote for it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Picture

from omni_agent import Agent, tool
from omni_agent.events import ToolStarted
from omni_agent.messages import Audio, Hearing, Image
from omni_agent.models.base import Capabilities
from omni_agent.senses import Senses
from omni_agent.speech.pcm import Pcm
from omni_agent.testing import ScriptedEars, ScriptedEyes, ScriptedModel, Step

pytestmark = pytest.mark.anyio

seen: list[Any] = []


@pytest.fixture(autouse=True)
def nothing_seen() -> None:
    seen.clear()


@tool(effect="read")
async def count_coins(photo: Image) -> int:
    """Count the coins in a photo."""
    seen.append(photo)
    return 3


@tool(effect="read")
async def compare(photos: list[Image], other: Image | None = None) -> str:
    """Compare photos."""
    seen.append((photos, other))
    return "They are alike."


@tool(effect="read")
async def name_song(sound: Audio) -> str:
    """Name the song in a sound."""
    seen.append(sound)
    return "Blackbird"


def picture(folder: Path, colour: str) -> Path:
    data = io.BytesIO()
    Picture.new("RGB", (8, 6), colour).save(data, "PNG")
    (folder / f"{colour}.png").write_bytes(data.getvalue())
    return folder / f"{colour}.png"


def agent(*steps: Step, invents: bool = True) -> Agent:
    return Agent(
        model=ScriptedModel(
            *steps,
            capabilities=Capabilities(invents=invents),
            senses=Senses(
                ears=ScriptedEars(Hearing("what song is this", "en", 0.9, 0.9)), eyes=ScriptedEyes()
            ),
        ),
        tools=[count_coins, compare, name_song],
        memory=None,
    )


@pytest.mark.parametrize("invents", [True, False])
@pytest.mark.parametrize("written", [{"photo": "image"}, {"photo": "the picture"}, {}])
async def test_a_tool_gets_the_picture_that_was_shown(
    tmp_path: Path, written: dict[str, Any], invents: bool
) -> None:
    asked = agent(Step(calls={"count_coins": written}), Step("3", says="Three."), invents=invents)
    reply = await asked.ask("count the coins", images=[picture(tmp_path, "red")], speak=False)
    [photo] = seen
    assert (photo.width, photo.height) == (8, 6)
    assert reply.tool_calls[0].arguments == {"photo": photo.ref}


async def test_its_provenance_is_the_picture(tmp_path: Path) -> None:
    asked = agent(Step(calls={"count_coins": {"photo": "image"}}), Step("3", says="Three."))
    events = [
        event
        async for event in asked.stream("count the coins", images=[picture(tmp_path, "red")], speak=False)
    ]
    [started] = [event for event in events if isinstance(event, ToolStarted)]
    assert started.provenance == {"photo": {"source": "media", "text": seen[0].ref}}


async def test_a_list_takes_all_and_what_may_be_left_out_is(tmp_path: Path) -> None:
    asked = agent(Step(calls={"compare": {"photos": ["image"]}}), Step("alike", says="Alike."))
    shown = [picture(tmp_path, "red"), picture(tmp_path, "blue")]
    await asked.ask("compare these photos", images=shown, speak=False)
    [(photos, other)] = seen
    assert len({photo.ref for photo in photos}) == 2
    assert other is None


async def test_several_calls_get_one_after_the_other(tmp_path: Path) -> None:
    calls = [("count_coins", {"photo": "image"})] * 2
    asked = agent(Step(calls=calls), Step("3", says="Three each."), invents=False)
    shown = [picture(tmp_path, "red"), picture(tmp_path, "blue")]
    await asked.ask("count the coins in both", images=shown, speak=False)
    assert len({photo.ref for photo in seen}) == 2


async def test_a_sound_is_handed_over_too() -> None:
    asked = agent(Step(calls={"name_song": {"sound": "audio"}}), Step("Blackbird", says="That one."))
    await asked.ask(audio=Pcm.silence(1.0, 16_000), speak=False)
    assert seen[0].seconds == pytest.approx(1.0)


async def test_without_a_picture_it_is_asked_for() -> None:
    asked = agent(Step(calls={"count_coins": {"photo": "image"}}), Step("photo", says="Which?"))
    reply = await asked.ask("count the coins", speak=False)
    assert seen == []
    assert reply.text == "Which?"

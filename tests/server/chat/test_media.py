"""Pictures and sounds in a request, speech in an answer."""

from __future__ import annotations

import io
from base64 import b64decode, b64encode
from typing import Any

import pytest
import soundfile
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from PIL import Image as Picture
from pydantic import TypeAdapter

from omni_agent import Agent
from omni_agent.messages import Audio, Hearing, Image
from omni_agent.models.base import Capabilities, Request
from omni_agent.senses import Senses
from omni_agent.server.audio.codecs import RATE
from omni_agent.server.caller import Caller
from omni_agent.server.chat.spoken_answers import SpokenAnswers
from omni_agent.speech.pcm import Pcm
from omni_agent.testing import ScriptedEars, ScriptedEyes, ScriptedModel, Step, ToneVoice
from tests.server.chat.serving import serving

pytestmark = pytest.mark.anyio

PATH = "/chat/completions"
WHOLE, CHUNK = TypeAdapter(ChatCompletion), TypeAdapter(ChatCompletionChunk)


def base64(data: bytes) -> str:
    return b64encode(data).decode()


def png() -> bytes:
    file = io.BytesIO()
    Picture.new("RGB", (60, 30), "white").save(file, "PNG")
    return file.getvalue()


def picture(url: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url, "detail": "high"}}


def sound(data: str) -> dict[str, Any]:
    return {"type": "input_audio", "input_audio": {"data": data, "format": "wav"}}


def showing(*parts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"model": "omni", "messages": [{"role": "user", "content": list(parts)}], **more}


def spoken(form: str, **more: Any) -> dict[str, Any]:
    audio = {"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": form}}
    return {"model": "omni", "messages": [{"role": "user", "content": "Hello."}], **audio, **more}


def speaking(*steps: Step) -> Agent:
    return Agent(model=ScriptedModel(*steps, senses=Senses(voice=ToneVoice())), memory=None)


async def test_a_picture_reaches_a_model_that_sees() -> None:
    able = Capabilities(inputs=frozenset({"text", "image"}))
    model = ScriptedModel(Step(says="White."), capabilities=able)
    body = showing(
        {"type": "text", "text": "Which colour?"}, picture(f"data:image/png;base64,{base64(png())}")
    )
    async with serving(Agent(model=model, memory=None)) as server:
        answer = WHOLE.validate_json((await server.post(PATH, body)).content)
    assert answer.choices[0].message.content == "White."
    [seen] = [part for part in model.requests[0].messages[0].parts if isinstance(part, Image)]
    assert (seen.width, seen.height) == (60, 30)


async def test_a_picture_is_read_for_a_model_that_does_not_see() -> None:
    model = ScriptedModel(Step(says="It says exit."), senses=Senses(eyes=ScriptedEyes("EXIT")))
    body = showing(picture(f"data:image/png;base64,{base64(png())}"))
    async with serving(Agent(model=model, memory=None)) as server:
        assert (await server.post(PATH, body)).status_code == 200
    [shown] = [part for part in model.requests[0].messages[0].parts if isinstance(part, Image)]
    assert shown.reading
    assert shown.reading.text == "EXIT"


async def test_a_sound_is_heard() -> None:
    ears = ScriptedEars(Hearing("What time is it?", "en", 1.0, 1.0))
    model = ScriptedModel(Step("What time", says="Noon."), senses=Senses(ears=ears))
    wav = Pcm.silence(0.3, 16_000).to_wav()
    async with serving(Agent(model=model, memory=None)) as server:
        answer = WHOLE.validate_json((await server.post(PATH, showing(sound(base64(wav))))).content)
    assert answer.choices[0].message.content == "Noon."
    assert isinstance(model.requests[0].messages[0].parts[0], Audio)


@pytest.mark.parametrize(
    ("part", "param"),
    [
        (picture("https://169.254.169.254/latest"), "image_url.url"),
        (picture("file:///etc/passwd"), "image_url.url"),
        (picture("media://" + "0" * 64), "image_url.url"),
        (picture("/etc/passwd"), "image_url.url"),
        (picture("data:image/png;base64,%%%"), "image_url.url"),
        (picture("data:image/png;base64,"), "image_url.url"),
        (picture("data:image/png;base64," + base64(b"no picture")), "image_url.url"),
        (sound("%%%"), "input_audio.data"),
        (sound(base64(b"no sound at all")), "input_audio.data"),
        ({"type": "file", "file": {"file_id": "x"}}, ""),
    ],
)
async def test_what_is_no_picture_or_sound_is_refused_with_its_place(
    part: dict[str, Any], param: str
) -> None:
    async with serving(Agent(model=ScriptedModel(), memory=None)) as server:
        answer = await server.post(PATH, showing(part))
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == ".".join(filter(None, ("messages[0].content[0]", param)))


@pytest.mark.parametrize("form", ["wav", "mp3", "flac", "opus", "pcm16"])
async def test_an_answer_is_spoken_in_the_format_that_is_wanted(form: str) -> None:
    async with serving(speaking(Step(says="Good day to you."))) as server:
        answer = WHOLE.validate_json((await server.post(PATH, spoken(form))).content)
    message = answer.choices[0].message
    assert message.content is None
    assert message.audio
    assert message.audio.transcript == "Good day to you."
    data = b64decode(message.audio.data)
    if form == "pcm16":
        seconds = len(data) / 2 / RATE
    else:
        samples, rate = soundfile.read(io.BytesIO(data))
        seconds = len(samples) / rate
    assert seconds == pytest.approx(16 * 0.06, abs=0.25)


async def test_a_spoken_stream_comes_in_openais_order() -> None:
    async with serving(speaking(Step(says="Good day to you. And to me."))) as server:
        *data, last = await server.events(PATH, spoken("pcm16", stream=True))
    assert last == "[DONE]"
    seen = [CHUNK.validate_json(item).choices[0] for item in data]
    first, *middle, expiry, end = seen
    assert first.delta.role == "assistant"
    audio = [choice.delta.audio for choice in middle]
    assert audio[0]
    assert audio[0].id
    assert audio[0].transcript
    assert all(item and not item.id for item in audio[1:])
    assert "".join(item.transcript or "" for item in audio if item) == "Good day to you. And to me."
    assert any(item.data for item in audio if item)
    assert expiry.delta.audio
    assert expiry.delta.audio.expires_at
    assert (end.finish_reason, end.delta.audio) == ("stop", None)
    assert all(choice.delta.content is None for choice in seen)


async def test_a_streamed_answer_can_only_be_pcm() -> None:
    async with serving(speaking()) as server:
        answer = await server.post(PATH, spoken("mp3", stream=True))
    assert answer.json()["error"]["param"] == "audio.format"


async def test_a_later_message_refers_to_a_spoken_answer_by_its_id() -> None:
    agent = speaking(Step(says="Good day."), Step(says="I said so."), Step(says="I do not know."))
    async with serving(agent) as server:
        first = WHOLE.validate_json((await server.post(PATH, spoken("wav"))).content).choices[0].message
        assert first.audio
        for id_ in (first.audio.id, "audio_of_another_server"):
            body = spoken("wav")
            body["messages"] += [
                {"role": "assistant", "audio": {"id": id_}},
                {"role": "user", "content": "What did you say?"},
            ]
            assert (await server.post(PATH, body)).status_code == 200
    model = agent.model
    assert isinstance(model, ScriptedModel)
    assert [_told(request) for request in model.requests[1:]] == [
        ["Hello.", "Good day.", "What did you say?"],
        ["Hello.", "What did you say?"],
    ]


def _told(request: Request) -> list[str]:
    return [message.text for message in request.messages]


def test_nobody_hears_what_was_said_to_another() -> None:
    spoken_answers = SpokenAnswers(most=2)
    for number in range(3):
        spoken_answers.keep(Caller("ana"), str(number), f"words {number}")
    assert spoken_answers.words(Caller("ana"), "2") == "words 2"
    assert spoken_answers.words(Caller("ana"), "0") == ""
    assert spoken_answers.words(Caller("bob"), "2") == ""

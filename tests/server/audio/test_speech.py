"""A text is spoken by the voice that is meant, piece by piece, and no longer than somebody listens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import numpy as np
import pytest

from omni_agent import Agent, Persona
from omni_agent.errors import ModelError
from omni_agent.senses import Senses
from omni_agent.server import Hosting
from omni_agent.server.access import Access
from omni_agent.server.keys import Keys
from omni_agent.server.limits import Allowance
from omni_agent.server.running import running
from omni_agent.speech.pcm import Pcm
from omni_agent.testing import ScriptedModel

pytestmark = pytest.mark.anyio

TEXT = "The ferry leaves at noon today. Bring a warm coat with you. Be early at the pier."


class Speaker:
    """A voice with named voices. `said` keeps what it was asked for; it goes on with `go`, and fails after
    so many clauses."""

    voices: Mapping[str, str] = {"en_joe": "en", "af_heart": "en", "jf_alpha": "ja"}

    def __init__(self, *languages: str) -> None:
        self.languages = frozenset(languages or ("en",))
        self.said: list[dict[str, Any]] = []
        self.go = asyncio.Event()
        self.go.set()
        self.fails_after = 1000
        self.asked_again = asyncio.Event()
        self.stopped = asyncio.Event()

    async def speak(self, text: str, *, language: str = "en", voice: str = "", rate: float = 1.0) -> Pcm:
        self.said.append({"text": text, "language": language, "voice": voice, "rate": rate})
        if len(self.said) > 1:
            self.asked_again.set()
            try:
                await self.go.wait()
            except asyncio.CancelledError:
                self.stopped.set()
                raise
        if len(self.said) > self.fails_after:
            raise ModelError("the voice broke", remedy="try again")
        return Pcm(np.full(12_000, 0.1, np.float32), 24_000)

    async def prewarm(self) -> None: ...

    async def close(self) -> None: ...


@asynccontextmanager
async def serving(
    speaker: Speaker | None, persona: Persona | None = None, **named: Any
) -> AsyncIterator[httpx.AsyncClient]:
    model = ScriptedModel(senses=Senses(voice=speaker))
    async with Agent(model=model, memory=None, persona=persona) as agent:
        hosting = Hosting({"omni": agent}, **named)
        async with (
            running(hosting) as address,
            httpx.AsyncClient(base_url=address, trust_env=False, timeout=20) as client,
        ):
            yield client


async def ask(client: httpx.AsyncClient, **named: Any) -> httpx.Response:
    body = {"model": "tts-1", "voice": "alloy", "input": TEXT, "response_format": "pcm"}
    return await client.post("/v1/audio/speech", json=body | named)


@pytest.mark.parametrize(
    ("wanted", "voice"),
    [
        ("alloy", "af_heart"),
        ("Marin", "af_heart"),
        ("", "af_heart"),
        ("en_joe", "en_joe"),
        ("EN_JOE", "en_joe"),
    ],
)
async def test_openais_voices_are_the_personas_own_and_ours_go_by_name(wanted: str, voice: str) -> None:
    speaker = Speaker()
    async with serving(speaker, Persona(voice="af_heart")) as client:
        assert (await ask(client, voice=wanted)).status_code == 200
        assert (await ask(client, voice={"id": wanted})).status_code == 200
    assert {said["voice"] for said in speaker.said} == {voice}


async def test_an_unknown_voice_is_refused_with_those_that_there_are() -> None:
    async with serving(Speaker()) as client:
        error = (await ask(client, voice="jöe")).json()["error"]
    assert error["code"] == "voice_not_found"
    assert "en_joe, af_heart, jf_alpha" in error["message"]


async def test_speed_and_the_personas_rate_both_count() -> None:
    speaker = Speaker()
    async with serving(speaker, Persona(rate=1.2)) as client:
        await ask(client, speed=0.5)
    assert speaker.said[0]["rate"] == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("named", "language"),
    [
        ({"input": "Der Zug nach Hamburg fährt heute leider erst um halb neun ab."}, "de"),
        ({"input": "The train to Hamburg leaves at half past eight today, I am afraid."}, "en"),
        ({"input": "12"}, "de"),
        ({"input": "Taxi", "language": "en-GB"}, "en"),
    ],
)
async def test_the_text_tells_its_language(named: dict[str, str], language: str) -> None:
    speaker = Speaker("en", "de", "fr")
    async with serving(speaker, Persona(languages=("de",))) as client:
        await ask(client, **named)
    assert {said["language"] for said in speaker.said} == {language}


async def test_what_is_written_is_read_aloud() -> None:
    speaker = Speaker()
    async with serving(speaker) as client:
        await ask(client, input="It costs **15 %** more.")
    assert speaker.said[0]["text"] == "It costs fifteen percent more."


async def test_the_first_sound_comes_while_the_rest_is_still_to_be_spoken() -> None:
    speaker = Speaker()
    speaker.go.clear()
    body = {"input": TEXT, "response_format": "pcm"}
    async with (
        serving(speaker) as client,
        client.stream("POST", "/v1/audio/speech", json=body) as response,
    ):
        pieces = response.aiter_bytes()
        assert len(await anext(pieces)) > 0
        assert len(speaker.said) <= 2
        speaker.go.set()
        rest = [piece async for piece in pieces]
    assert rest
    assert len(speaker.said) >= 3


async def test_nobody_speaks_to_a_client_that_left() -> None:
    speaker = Speaker()
    speaker.go.clear()
    body = {"input": TEXT, "response_format": "mp3"}
    async with serving(speaker) as client:
        async with client.stream("POST", "/v1/audio/speech", json=body):
            await speaker.asked_again.wait()
        await speaker.stopped.wait()


async def test_a_failure_before_the_first_sound_is_an_error_as_any() -> None:
    speaker = Speaker()
    speaker.fails_after = 0
    async with serving(speaker) as client:
        answer = await ask(client)
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "model_error"


async def test_a_failure_later_breaks_the_body_off() -> None:
    """No client takes it for the whole."""
    speaker = Speaker()
    speaker.fails_after = 1
    async with serving(speaker) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await ask(client)


async def test_an_agent_without_a_voice_says_so() -> None:
    async with serving(None) as client:
        answer = await ask(client)
    assert answer.status_code == 503
    assert "no voice" in answer.json()["error"]["message"]


async def test_sound_counts_against_the_keys_allowance() -> None:
    key = Keys().new("anna", Allowance(audio_seconds=1.0))
    async with serving(Speaker(), access=Access(keys=True)) as client:
        client.headers["Authorization"] = f"Bearer {key}"
        assert (await ask(client)).status_code == 200
        assert (await ask(client)).status_code == 429


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"a"', b"\xff", b'{"input": "\\ud800"}', b'{"input": 3}']
)
async def test_a_body_that_is_none_is_a_400(body: bytes) -> None:
    async with serving(Speaker()) as client:
        answer = await client.post("/v1/audio/speech", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]

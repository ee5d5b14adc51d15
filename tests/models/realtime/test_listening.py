"""The user's turns as the services tell them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import numpy as np
import pytest

from omni_agent.config import Settings
from omni_agent.errors import ConfigError, ModelError, ModelUnavailable
from omni_agent.models.fallback import Fallback
from omni_agent.models.realtime import (
    DASHSCOPE_35,
    DASHSCOPE_38,
    DASHSCOPE_FLASH,
    OPENAI,
    Limits,
    Profile,
    RealtimeModel,
)
from omni_agent.models.realtime.factories import dashscope, openai
from omni_agent.models.realtime.profile import Detection
from omni_agent.models.realtime.turns import TRIES, RealtimeTurns
from omni_agent.speech.hearing.onset import VoicePaused, VoiceStarted
from omni_agent.speech.turn_end.service import Told, TurnOver
from omni_agent.testing import ScriptedModel
from tests.models.realtime.asking import HI, KEY, events_of
from tests.models.realtime.dashscope_service import DashScopeService
from tests.models.realtime.openai_service import OpenAIService
from tests.models.realtime.service import Event, Service

pytestmark = pytest.mark.anyio

RATE = 16_000
HASTY = Limits(open=5.0, again=0.001)
FRAME = RATE // 50


@dataclass
class Listener:
    """A service that hears a user, and what it told."""

    service: Service
    turns: RealtimeTurns
    running: asyncio.Task[None]
    told: list[Told] = field(default_factory=list)
    heard: int = 0

    async def say(self, seconds: float, loud: float = 0.3) -> None:
        """So much voice, or silence, at the pace at which the service keeps up."""
        for _ in range(round(seconds * RATE / FRAME)):
            await self._frame(loud)

    async def until(self, kind: type[Told], count: int = 1) -> None:
        """Silence, until the service has told so many of a kind."""
        async with asyncio.timeout(20):
            while sum(isinstance(one, kind) for one in self.told) < count:
                if self.running.done():
                    self.running.result()
                await self._frame(0.0)

    async def _frame(self, loud: float) -> None:
        at = np.arange(FRAME, dtype=np.float32) / RATE
        self.turns.hear((loud * np.sin(2 * np.pi * 220 * at)).astype(np.float32))
        self.heard += FRAME
        await asyncio.sleep(0.001)
        self.told += self.turns.told()

    @property
    def kinds(self) -> list[type]:
        return [type(one) for one in self.told]


@asynccontextmanager
async def listening(
    profile: Profile, detection: Detection = "server", service: Service | None = None
) -> AsyncIterator[Listener]:
    service = service or (OpenAIService() if profile.shape == "openai" else DashScopeService())
    async with service:
        model = RealtimeModel(profile, url=service.url, key=KEY, turns=detection, limits=HASTY)
        turns = model.turn_service()
        assert turns is not None
        await turns.open()
        running = asyncio.create_task(turns.run())
        try:
            yield Listener(service, turns, running)
        finally:
            running.cancel()
            await asyncio.wait([running])
            await turns.close()


PROFILES = pytest.mark.parametrize("profile", [OPENAI, DASHSCOPE_FLASH, DASHSCOPE_38], ids=lambda p: p.model)


@PROFILES
async def test_a_turn_begins_pauses_and_is_over(profile: Profile) -> None:
    async with listening(profile) as user:
        await user.say(0.5, 0.0)
        await user.say(1.0)
        await user.until(TurnOver)
        assert user.kinds == [VoiceStarted, VoicePaused, TurnOver]
        started, paused, over = user.told
        assert isinstance(started, VoiceStarted)
        assert isinstance(paused, VoicePaused)
        # The service counts in packets of a tenth, and goes back 0.3 s from where it was sure.
        assert abs(started.said_from / RATE - 0.2) <= 0.11
        assert abs(paused.since / RATE - 1.5) <= 0.11
        assert started.said_from <= started.at <= paused.at <= over.at <= user.heard


@PROFILES
async def test_every_turn_is_told_in_the_times_of_the_whole_stream(profile: Profile) -> None:
    async with listening(profile) as user:
        for number in range(1, 4):
            begins = user.heard
            await user.say(0.6)
            await user.until(TurnOver, number)
            started = [one for one in user.told if isinstance(one, VoiceStarted)][-1]
            paused = [one for one in user.told if isinstance(one, VoicePaused)][-1]
            assert -0.42 <= (started.said_from - begins) / RATE <= 0.11
            assert abs((paused.since - begins) / RATE - 0.6) <= 0.11
        assert user.kinds == [VoiceStarted, VoicePaused, TurnOver] * 3


async def test_openai_is_told_not_to_answer_what_it_hears() -> None:
    async with listening(OPENAI, "semantic") as user:
        await user.say(0.5)
        await user.until(TurnOver)
        (update,) = user.service.of("session.update")
        assert update["session"]["audio"]["input"]["turn_detection"] == {
            "type": "semantic_vad",
            "create_response": False,
            "interrupt_response": False,
        }
        (talk,) = user.service.talks
        assert not [event for event in talk.sent if event["type"].startswith("response.")]
        # What was said is not kept there: the conversation is elsewhere.
        while not user.service.of("conversation.item.delete"):
            await user.say(0.02, 0.0)


async def test_dashscopes_answer_is_not_waited_for() -> None:
    async with listening(DASHSCOPE_35, "semantic") as user:
        await user.say(0.5)
        await user.until(TurnOver)
        await user.say(0.5)
        await user.until(TurnOver, 2)
        first = user.service.of("session.update")[0]["session"]
        assert first["turn_detection"] == {"type": "semantic_vad"}
        assert (first["modalities"], first["max_tokens"]) == (["text"], 1)
        assert len(user.service.talks) >= 2
        assert not user.service.of("response.create")
        assert not user.service.of("conversation.item.delete")


async def test_a_voice_that_begins_while_a_session_is_renewed_is_heard_from_its_beginning() -> None:
    async with listening(DASHSCOPE_FLASH) as user:
        await user.say(0.5)
        await user.until(TurnOver)
        begins = user.heard
        await user.say(0.6)
        await user.until(TurnOver, 2)
        started = user.told[3]
        assert isinstance(started, VoiceStarted)
        assert started.said_from <= begins + 0.11 * RATE


@PROFILES
async def test_a_session_that_is_lost_in_mid_voice_is_opened_anew(profile: Profile) -> None:
    async with listening(profile) as user:
        await user.say(0.5)
        while VoiceStarted not in user.kinds:
            await user.say(0.02)
        user.service.talks[0].wire.transport.abort()
        while VoicePaused not in user.kinds:
            await user.say(0.02)
        await user.say(0.5)
        await user.until(TurnOver)
        assert user.kinds == [VoiceStarted, VoicePaused, VoiceStarted, VoicePaused, TurnOver]
        assert len(user.service.talks) >= 2


async def test_a_service_that_refuses_is_not_asked_again() -> None:
    service = OpenAIService()
    service.refuses = [401, 401]
    with pytest.raises(ModelUnavailable) as caught:
        async with listening(OPENAI, service=service):
            pass
    assert caught.value.code == "key_refused"
    assert service.refuses == [401]


async def test_settings_that_are_refused_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(talk: object, event: Event) -> None:
        await talk.complain("invalid_value", "no such turn detection", event)  # type: ignore[attr-defined]

    monkeypatch.setattr(OpenAIService.talk, "on_session_update", refuse)
    async with listening(OPENAI) as user:
        with pytest.raises(ModelUnavailable, match="no such turn detection") as caught:
            await user.until(TurnOver)
        assert caught.value.code == "turns_refused"
        assert len(user.service.talks) == 1


async def test_a_session_that_cannot_be_had_again_is_given_up_after_a_few_tries() -> None:
    async with listening(OPENAI) as user:
        user.service.refuses = [503] * 10
        user.service.talks[0].wire.transport.abort()
        with pytest.raises(ModelError, match="503"):
            await user.until(TurnOver)
        assert len(user.service.refuses) == 10 - (TRIES - 1)


async def test_other_errors_and_events_are_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    async with listening(OPENAI) as user:
        (talk,) = user.service.talks
        await talk.complain("server_error", f"it hiccuped over {KEY}")
        await talk.wire.send('{"type": "input_audio_buffer.speech_stopped"}')
        await talk.wire.send('{"type": "input_audio_buffer.committed"}')
        await user.say(0.5)
        await user.until(TurnOver)
        assert user.kinds == [VoiceStarted, VoicePaused, TurnOver]
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("omni_agent")]
    assert any("hiccuped" in line for line in ours)
    assert not any(KEY in line for line in ours)


async def test_answers_are_asked_for_in_another_session_whose_turns_are_ours() -> None:
    async with OpenAIService() as service:
        model = RealtimeModel(OPENAI, url=service.url, key=KEY, turns="server")
        await events_of(model, HI)
        (update,) = service.of("session.update")
        assert update["session"]["audio"]["input"]["turn_detection"] is None
        await model.close()


def test_a_spec_says_who_ends_the_turns() -> None:
    model = openai(Settings(), "gpt-realtime?turns=semantic")
    assert model.capabilities.tells_turns
    assert repr(model.turn_service()) == "RealtimeTurns(OpenAI, 'semantic')"
    for address in ("", "gpt-realtime", "gpt-realtime?turns=local"):
        assert not openai(Settings(), address).capabilities.tells_turns
        assert openai(Settings(), address).turn_service() is None
    given = dashscope(Settings(), "wss://host/path?workspace=w&turns=server#qwen3-omni-flash-realtime")
    assert (given._url, given._model) == ("wss://host/path?workspace=w", "qwen3-omni-flash-realtime")
    assert given.capabilities.tells_turns


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("qwen3-omni-flash-realtime?turns=semantic", "there are: local, server"),
        ("qwen3.5-omni-flash-realtime?turns=both", "there are: local, server, semantic"),
        ("qwen3.5-omni-flash-realtime?turn=server", "'turn' is no option"),
    ],
)
def test_a_wrong_option_is_named(address: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        dashscope(Settings(), address)


def test_a_chain_has_its_turns_told_by_the_first() -> None:
    first = RealtimeModel(OPENAI, key=KEY, turns="server")
    other = ScriptedModel()
    assert isinstance(Fallback([first, other]).turn_service(), RealtimeTurns)
    assert Fallback([first, other]).capabilities.tells_turns
    assert Fallback([other, first]).turn_service() is None

"""Keys: the environment first, then the keyring; told to nobody."""

from __future__ import annotations

import asyncio
import builtins
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from omni_agent.config import Settings
from omni_agent.errors import ConfigError, ModelUnavailable
from omni_agent.models import keys
from omni_agent.models.base import Done
from omni_agent.models.http import dialects
from omni_agent.models.http.address import Address
from omni_agent.models.http.factories import made
from omni_agent.models.http.model import HttpModel
from omni_agent.models.http.refusal import Asked, refused
from omni_agent.models.keys import Found, Key
from omni_agent.models.realtime import OPENAI, Limits, RealtimeModel
from omni_agent.models.realtime.factories import openai
from tests.models.http.asking import answer, ask
from tests.models.http.server import Server, serving
from tests.models.http.wires import WIRES
from tests.models.realtime.asking import HI, events_of, paired
from tests.models.realtime.openai_service import OpenAIService

keyring = pytest.importorskip("keyring")
errors = pytest.importorskip("keyring.errors")
NAME, SECRET = "DASHSCOPE_API_KEY", "sk-0123456789-secret"

pytestmark = pytest.mark.anyio


class Drawer(keyring.backend.KeyringBackend):  # type: ignore[misc, name-defined]
    """A keyring in memory.

    Attributes:
        kept: Keys by service and name.
        asked: Names that were looked for.
        failure: What is raised in place of an answer.
        forgetful: It takes keys and keeps none.
    """

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}
        self.asked: list[str] = []
        self.failure: Exception | None = None
        self.forgetful = False

    def get_password(self, service: str, username: str) -> str | None:
        self.asked.append(username)
        self._fail()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._fail()
        if not self.forgetful:
            self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._fail()
        del self.kept[service, username]

    def _fail(self) -> None:
        if self.failure:
            raise self.failure


@pytest.fixture
def drawer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Drawer]:
    monkeypatch.delenv(NAME, raising=False)
    before, mine = keyring.get_keyring(), Drawer()
    keyring.set_keyring(mine)
    yield mine
    keyring.set_keyring(before)


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the package is not installed."""
    found = builtins.__import__

    def hidden(name: str, *rest: Any, **more: Any) -> Any:
        if name.partition(".")[0] == "keyring":
            raise ImportError(name)
        return found(name, *rest, **more)

    monkeypatch.delenv(NAME, raising=False)
    monkeypatch.setattr(builtins, "__import__", hidden)


async def test_the_key_of_the_environment_is_sent(without: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, f" {SECRET} \n")
    wire = WIRES["dashscope"]
    async with serving(Server(wire.reply(["Hi."]), models=wire.served())) as server:
        model = made(dialects.DASHSCOPE, Settings(), f"{server.url}/v1#m")
        assert (await answer(model, ask())).text == "Hi."
        await model.close()
    assert server.asked[0].headers["authorization"] == f"Bearer {SECRET}"
    assert SECRET not in repr(model)


async def test_the_environment_goes_before_the_keyring(
    drawer: Drawer, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys.keep(NAME, "of-the-keyring")
    assert await Key(NAME).read() == Found("of-the-keyring", "keyring")
    monkeypatch.setenv(NAME, "  of-the-environment \n")
    drawer.asked.clear()
    assert await Key(NAME).read() == Found("of-the-environment", "environment")
    assert not drawer.asked


async def test_what_the_keyring_gave_is_asked_for_once(drawer: Drawer) -> None:
    keys.keep(NAME, SECRET)
    drawer.asked.clear()
    key = Key(NAME)
    assert [(await key.read()).value for _ in range(3)] == [SECRET] * 3
    assert drawer.asked == [NAME]


async def test_each_agent_may_have_a_key_of_its_own(drawer: Drawer) -> None:
    keys.keep("WORK_KEY", "of-work")
    keys.keep(NAME, "of-home")
    wire = WIRES["dashscope"]
    async with serving(Server(wire.reply(["Hi."]), models=wire.served())) as server:
        for option in ("", "?key=WORK_KEY"):
            model = made(dialects.DASHSCOPE, Settings(), f"{server.url}/v1{option}#m")
            assert (await answer(model, ask())).text == "Hi."
            await model.close()
    sent = [asked.headers["authorization"] for asked in server.asked]
    assert sent == ["Bearer of-home", "Bearer of-work"]


async def test_a_realtime_session_is_opened_with_the_key_of_its_agent(drawer: Drawer) -> None:
    keys.keep("WORK_KEY", SECRET)
    async with paired(OpenAIService(), OPENAI, key=Key("WORK_KEY"), limits=Limits()) as pair:
        await events_of(pair.model, HI)
        assert pair.service.talks[0].request.headers["Authorization"] == f"Bearer {SECRET}"
    model = openai(Settings(), "ws://127.0.0.1:1/v1?region=eu&key=WORK_KEY#m")
    assert model._url == "ws://127.0.0.1:1/v1?region=eu"
    assert isinstance(model._key, Key)
    assert model._key.name == "WORK_KEY"


async def test_a_server_on_this_machine_is_no_reason_to_open_the_keyring(drawer: Drawer) -> None:
    reply = WIRES["vllm"].reply(["Hi."])
    async with serving(Server(reply, models=WIRES["vllm"].served())) as server:
        model = made(dialects.VLLM, Settings(), f"{server.url}#m")
        assert isinstance((await answer(model, ask())).events[-1], Done)
        await model.close()
    assert not drawer.asked


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (errors.KeyringLocked(SECRET), "it is locked"),
        (errors.InitError(SECRET), "it cannot be opened"),
        (RuntimeError(SECRET), r"it failed \(RuntimeError\)"),
    ],
)
async def test_a_keyring_that_fails_is_named_where_a_key_is_missing(
    drawer: Drawer, failure: Exception, told: str
) -> None:
    drawer.failure = failure
    model = made(dialects.DASHSCOPE, Settings(), "qwen3-omni-flash")
    with pytest.raises(ModelUnavailable, match=f"no key for .*{told}") as caught:
        await model.prewarm()
    assert caught.value.code == "key_missing"
    assert f"omni-agent models key {NAME}" in caught.value.remedy
    assert SECRET not in str(caught.value)


async def test_a_server_that_needs_no_key_is_asked_without_one_where_the_keyring_fails(
    drawer: Drawer, caplog: pytest.LogCaptureFixture
) -> None:
    drawer.failure = errors.KeyringLocked(SECRET)
    async with serving(Server(WIRES["vllm"].reply(["Hi."]), models=WIRES["vllm"].served())) as server:
        model = made(dialects.VLLM, Settings(), f"{server.url}?key=MY_KEY#m")
        assert (await answer(model, ask())).text == "Hi."
        await model.close()
    assert "MY_KEY: it is locked" in caplog.text
    assert SECRET not in caplog.text


async def test_a_keyring_that_does_not_answer_is_not_waited_for_for_ever(
    drawer: Drawer, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = threading.Event()
    monkeypatch.setattr(drawer, "get_password", lambda service, name: opened.wait() and None)
    monkeypatch.setattr(keys, "PATIENCE", 0.01)
    try:
        found = await Key(NAME).read()
    finally:
        opened.set()
    assert found == Found(trouble="it did not answer within 0.01 seconds")


async def test_a_system_without_a_keyring_has_no_key(drawer: Drawer) -> None:
    drawer.failure = errors.NoKeyringError()
    assert await Key(NAME).read() == Found()
    with pytest.raises(ConfigError, match="this system has none"):
        keys.keep(NAME, SECRET)


async def test_nothing_needs_the_package(without: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await Key(NAME).read() == Found()
    monkeypatch.setenv(NAME, SECRET)
    assert (await Key(NAME).read()).value == SECRET
    for change in (lambda: keys.keep(NAME, SECRET), lambda: keys.forget(NAME)):
        with pytest.raises(ConfigError, match="not installed") as caught:
            change()
        assert "omni-agent-framework[keyring]" in caught.value.remedy


def test_a_key_is_kept_and_forgotten(drawer: Drawer) -> None:
    keys.keep(NAME, f" {SECRET}\n")
    assert drawer.kept == {(keys.SERVICE, NAME): SECRET}
    assert keys.forget(NAME)
    assert not keys.forget(NAME)


@pytest.mark.parametrize("wrong", ["", "  ", "two words", "sk-\x07bell", "schlüssel"])
def test_what_cannot_be_a_key_is_not_kept(drawer: Drawer, wrong: str) -> None:
    with pytest.raises(ConfigError, match="that is no key"):
        keys.keep(NAME, wrong)
    assert not drawer.kept


async def test_what_cannot_be_a_key_is_not_sent(drawer: Drawer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "sk-secret and more")
    with pytest.raises(ModelUnavailable, match=f"the environment has as {NAME} is no key") as caught:
        await Key(NAME).read()
    assert "sk-secret" not in str(caught.value)


def test_a_keyring_that_keeps_nothing_or_fails_says_so(drawer: Drawer) -> None:
    drawer.forgetful = True
    with pytest.raises(ConfigError, match="it keeps nothing"):
        keys.keep(NAME, SECRET)
    drawer.failure = RuntimeError(SECRET)
    for change in (lambda: keys.keep(NAME, SECRET), lambda: keys.forget(NAME)):
        with pytest.raises(ConfigError, match="RuntimeError") as caught:
            change()
        assert SECRET not in str(caught.value)
        assert caught.value.__cause__ is None


@pytest.mark.parametrize("text", [SECRET, "", "lower_case", "A" * 65, "1ST", "A-B", "KEY\n"])
def test_a_key_in_the_place_of_its_name_is_refused_and_not_told(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        keys.named(text)
    assert not text or text not in str(caught.value)


@pytest.mark.parametrize(
    "factory", [lambda a: made(dialects.OPENAI, Settings(), a), lambda a: openai(Settings(), a)]
)
def test_an_address_with_a_key_in_it_is_refused(factory: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        factory(f"gpt?key={SECRET}")
    assert SECRET not in str(caught.value)


def test_no_repr_shows_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, SECRET)
    shown = [
        repr(Key(NAME)),
        repr(asyncio.run(Key(NAME).read())),
        repr(Asked(dialects.DASHSCOPE, "https://h", "m", SECRET)),
        repr(HttpModel(dialects.DASHSCOPE, Address("https://h", "m"), key=SECRET)),
        repr(RealtimeModel(OPENAI, key=SECRET)),
    ]
    assert not any(SECRET in text for text in shown)


def test_a_key_that_is_refused_is_called_by_its_name() -> None:
    asked = Asked(dialects.DASHSCOPE, "https://h", "m", SECRET, Key("WORK_KEY"))
    error = refused(asked, 401, {}, f"Incorrect API key {SECRET}")
    assert "WORK_KEY" in error.remedy
    assert SECRET not in str(error)

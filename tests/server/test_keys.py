"""Keys: wrong, revoked, expired and out of their scope; what is kept of them."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from omni_agent.errors import ConfigError
from omni_agent.server import Hosting
from omni_agent.server.access import Access
from omni_agent.server.caller import Caller
from omni_agent.server.errors import ApiError
from omni_agent.server.keys import Keys
from omni_agent.server.limits import Allowance
from omni_agent.testing import VirtualClock
from tests.server.probing import Probe, hosted, probed, socket_to

pytestmark = pytest.mark.anyio


def guarded() -> Hosting:
    return hosted(access=Access(keys=True))


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.mark.parametrize(
    "sent",
    [
        {},
        bearer("wrong"),
        bearer("omni_"),
        {"Authorization": "Basic dXNlcjpwYXNz"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer \xff\xfe"},
        {"X-Api-Key": "wrong"},
    ],
)
async def test_without_the_right_key_nothing_is_answered(sent: dict[str, str]) -> None:
    hosting, probe = guarded(), Probe()
    hosting.keys.new("anna")
    async with probed(hosting, probe) as client:
        headers = {name.encode(): value.encode("latin-1") for name, value in sent.items()}
        answer = await client.post("/probe", headers=headers, content=b"x")
        models = await client.get("/v1/models", headers=headers)
        figures = await client.get("/metrics", headers=headers)
        nowhere = await client.get("/nowhere", headers=headers)
    assert {one.status_code for one in (answer, models, figures, nowhere)} == {401}
    assert answer.json()["error"]["code"] == "invalid_api_key"
    assert answer.headers["www-authenticate"] == "Bearer"
    assert probe.read == 0


async def test_the_right_key_says_who_asks() -> None:
    hosting = guarded()
    anna, ben = hosting.keys.new("anna"), hosting.keys.new("ben")
    async with probed(hosting) as client:
        told = [(await client.post("/probe", headers=bearer(key))).json()["caller"] for key in (anna, ben)]
        async with socket_to(client, additional_headers=bearer(ben)) as live:
            assert json.loads(await live.recv())["caller"] == "ben"
        protocols = ["realtime", f"openai-insecure-api-key.{anna}", "openai-agents-sdk.0"]
        async with socket_to(client, subprotocols=protocols) as live:  # type: ignore[arg-type]
            assert json.loads(await live.recv())["caller"] == "anna"
            assert live.subprotocol == "realtime"
    assert told == ["anna", "ben"]


async def test_health_needs_no_key_and_names_nobody() -> None:
    hosting = guarded()
    key = hosting.keys.new("anna")
    hosting.readiness.waiting = ["probe"]
    async with probed(hosting) as client:
        stranger = await client.get("/health")
        known = await client.get("/health", headers=bearer(key))
        other = await client.post("/probe", headers=bearer(key))
    assert (stranger.status_code, stranger.json()) == (503, {"status": "loading"})
    assert known.json() == {"status": "loading", "waiting_for": ["probe"]}
    assert (other.status_code, other.json()["error"]["code"]) == (503, "model_loading")


async def test_a_program_without_a_key_opens_no_socket() -> None:
    async with probed(guarded()) as client:
        with pytest.raises(InvalidStatus) as refused:
            await socket_to(client, additional_headers=bearer("wrong"))
    assert refused.value.response.status_code == 401


async def test_a_page_is_told_why_its_socket_is_refused() -> None:
    async with probed(guarded()) as client:
        headers = {"Origin": str(client.base_url).rstrip("/")}
        protocols = ["realtime", "openai-insecure-api-key.wrong"]
        async with socket_to(client, additional_headers=headers, subprotocols=protocols) as live:  # type: ignore[arg-type]
            event = json.loads(await live.recv())
            with pytest.raises(ConnectionClosed) as closed:
                await live.recv()
    assert (event["type"], event["error"]["code"]) == ("error", "invalid_api_key")
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008


async def test_any_key_will_do_where_none_is_needed() -> None:
    async with probed() as client:
        answers = [await client.post("/probe", headers=bearer(key)) for key in ("x", "sk-none", "omni_none")]
        expired = await client.post("/probe", headers=bearer("ek_none"))
    assert {answer.json()["caller"] for answer in answers} == {"local"}
    assert expired.status_code == 401


async def test_an_ephemeral_key_opens_its_session_and_nothing_else() -> None:
    hosting = guarded()
    hosting.keys.new("anna")
    bound = {"type": "realtime", "instructions": "be brief"}
    value, _ = hosting.keys.ephemeral(Caller("anna"), 60, bound)
    async with probed(hosting) as client:
        protocols = ["realtime", f"openai-insecure-api-key.{value}"]
        async with socket_to(client, "/v1/realtime", subprotocols=protocols) as live:  # type: ignore[arg-type]
            assert json.loads(await live.recv()) == {"caller": "anna", "session": bound}
        with pytest.raises(InvalidStatus) as refused:
            await socket_to(client, "/probe/live", additional_headers=bearer(value))
        posted = await client.post("/probe", headers=bearer(value))
    assert refused.value.response.status_code == 403
    assert (posted.status_code, posted.json()["error"]["code"]) == (403, "key_out_of_scope")


async def test_an_ephemeral_key_expires() -> None:
    clock = VirtualClock()
    hosting = hosted(access=Access(keys=True), clock=clock)
    hosting.keys.new("anna")
    value, until = hosting.keys.ephemeral(Caller("anna"), 10, {})
    assert until - clock.now().timestamp() == pytest.approx(10, abs=1)
    async with probed(hosting) as client:
        async with socket_to(client, "/v1/realtime", additional_headers=bearer(value)) as live:
            await live.recv()
        clock.advance(11)
        with pytest.raises(InvalidStatus) as refused:
            await socket_to(client, "/v1/realtime", additional_headers=bearer(value))
    assert refused.value.response.status_code == 401


@pytest.mark.parametrize("seconds", [9.9, 7201, -1, float("nan"), float("inf")])
def test_an_ephemeral_key_lives_neither_short_nor_long(seconds: float) -> None:
    with pytest.raises(ApiError, match="10 to 7200"):
        Keys().ephemeral(Caller(), seconds, {})


def test_ephemeral_keys_are_not_made_without_end() -> None:
    keys = Keys(clock=VirtualClock())
    for _ in range(1000):
        keys.ephemeral(Caller("anna"), 7200, {})
    with pytest.raises(ApiError) as refused:
        keys.ephemeral(Caller("anna"), 7200, {})
    assert refused.value.status == 429
    keys.ephemeral(Caller("ben"), 10, {})


def test_a_revoked_key_is_worth_nothing_within_a_second_nor_is_what_was_made_with_it() -> None:
    clock = VirtualClock()
    keys = Keys(clock=clock)
    value = keys.new("anna")
    caller = keys.caller(value)
    assert caller is not None
    short, _ = keys.ephemeral(caller, 60, {})
    assert keys.caller(short)
    # Another process revokes it.
    Keys().revoke("anna")
    clock.advance(1.1)
    assert keys.caller(value) is None
    assert keys.caller(short) is None


def test_a_key_made_by_another_process_counts_within_a_second() -> None:
    clock = VirtualClock()
    keys = Keys(clock=clock)
    assert keys.caller("omni_x") is None
    value = Keys().new("ben", Allowance(requests=7))
    clock.advance(1.1)
    assert keys.caller(value) == Caller("ben", Allowance(requests=7))


def test_nothing_of_a_key_is_kept_but_its_digest(home: Path) -> None:
    keys = Keys()
    value = keys.new("anna")
    assert len(value) >= 48
    kept = keys.path.read_text()
    assert value not in kept
    assert value.removeprefix("omni_") not in kept
    assert keys.path.stat().st_mode & 0o077 == 0
    assert home in keys.path.parents


@pytest.mark.parametrize("name", ["local", "", "a/b", "../x", "Anna", "a b", "-a", "a" * 65, "ä"])
def test_names_that_would_reach_into_anothers_memory_are_no_names(name: str) -> None:
    with pytest.raises(ConfigError):
        Keys().new(name)


def test_a_name_is_given_once() -> None:
    Keys().new("anna")
    with pytest.raises(ConfigError, match="already"):
        Keys().new("anna")
    with pytest.raises(ConfigError, match="no key"):
        Keys().revoke("ben")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"keys": [{"name": "x"}]}', "\x00"])
def test_a_broken_file_of_keys_lets_nobody_in(home: Path, text: str) -> None:
    home.mkdir(exist_ok=True)
    keys = Keys()
    keys.path.write_text(text)
    with pytest.raises(ConfigError, match="no file of keys"):
        keys.caller("omni_x")


@pytest.mark.parametrize(
    ("one", "other"), [(("a", "b"), ("ab", "")), (("a", ""), ("a", "b")), (("a", "b/c"), ("b", "c"))]
)
def test_two_keys_never_share_a_user(one: tuple[str, str], other: tuple[str, str]) -> None:
    hosting = hosted()
    assert hosting.memory_user(Caller(one[0]), one[1]) != hosting.memory_user(Caller(other[0]), other[1])


async def test_a_key_is_compared_whole(home: Path) -> None:
    hosting = guarded()
    key = hosting.keys.new("anna")
    async with probed(hosting) as client:
        answers: list[httpx.Response] = [
            await client.post("/probe", headers=bearer(wrong)) for wrong in (key[:-1], key + "A", key.upper())
        ]
        digest = json.loads(hosting.keys.path.read_text())["keys"][0]["digest"]
        answers.append(await client.post("/probe", headers=bearer(digest)))
    assert {answer.status_code for answer in answers} == {401}

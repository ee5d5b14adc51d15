"""What the server itself answers: health, models, errors, figures, its log."""

from __future__ import annotations

import asyncio
import logging
import sys

import httpx
import pytest
from openai import AsyncOpenAI, NotFoundError
from prometheus_client.parser import text_string_to_metric_families
from starlette.responses import JSONResponse
from starlette.routing import Route

from omni_agent import Agent
from omni_agent.errors import ConfigError, ModelUnavailable
from omni_agent.events import Usage
from omni_agent.models.base import Request
from omni_agent.server import Hosting
from omni_agent.server.caller import Caller
from omni_agent.server.hosting import by_model_name, model_name
from omni_agent.server.logs import Discreet, discreet
from omni_agent.server.metrics import PrometheusMetrics
from omni_agent.server.running import running
from omni_agent.testing import ScriptedModel
from tests.server.probing import Probe, hosted, probed, socket_to

pytestmark = pytest.mark.anyio


def named(name: str) -> Agent:
    return Agent(name=name, model=ScriptedModel(), memory=None, grounding=False)


def test_agents_are_asked_for_by_their_names() -> None:
    agents = by_model_name([named("Kitchen Aid"), named("Über_Haus!")])
    assert list(agents) == ["kitchen-aid", "über-haus"]
    hosting = Hosting(agents)
    assert hosting.agent("über-haus").name == "Über_Haus!"
    assert hosting.agent("gpt-4o").name == "Kitchen Aid"
    assert model_name("?!") == "omni"


def test_two_agents_of_one_name_are_a_mistake() -> None:
    with pytest.raises(ConfigError, match=r"'kitchen-aid': 'Kitchen Aid' and 'kitchen aid'"):
        by_model_name([named("Kitchen Aid"), named("kitchen aid")])


@pytest.mark.parametrize("base", ["/v1", ""])
async def test_an_openai_client_finds_the_models(base: str) -> None:
    hosting = Hosting(by_model_name([named("Kitchen"), named("Garage")]))
    async with (
        running(hosting) as address,
        AsyncOpenAI(base_url=address + base, api_key="x", max_retries=0) as client,
    ):
        assert [model.id async for model in client.models.list()] == ["kitchen", "garage"]
        assert (await client.models.retrieve("garage")).owned_by == "omni_agent"
        with pytest.raises(NotFoundError, match="no agent is called that") as missing:
            await client.models.retrieve("gpt-4o")
    assert missing.value.code == "model_not_found"


async def test_errors_have_the_shape_that_clients_read() -> None:
    async def unavailable(request: object) -> JSONResponse:
        raise ModelUnavailable("the model is not here", remedy="omni-agent models pull")

    routes = [Route("/away", unavailable), *Probe().routes()]
    paths = ("/nowhere", "/away", "/probe/broken")
    async with running(hosted(), further=routes) as address, httpx.AsyncClient(base_url=address) as client:
        found = {path: await client.get(path) for path in paths}
        wrong = await client.delete("/probe")
    told = {path: (answer.status_code, answer.json()["error"]) for path, answer in found.items()}
    assert told["/nowhere"][0] == 404
    assert told["/nowhere"][1]["type"] == "not_found_error"
    assert told["/away"][0] == 503
    assert "models pull" in told["/away"][1]["message"]
    assert wrong.status_code == 405
    assert "POST" in wrong.headers["allow"]
    status, error = told["/probe/broken"]
    assert (status, error["code"]) == (500, "internal_error")
    assert "swordfish" not in error["message"]


async def test_health_waits_for_the_models() -> None:
    class Slow(ScriptedModel):
        async def prewarm(self, request: Request | None = None) -> None:
            asked.set()
            await loaded.wait()

    asked, loaded = asyncio.Event(), asyncio.Event()
    first, second = named("First"), Agent(name="Second", model=Slow(), memory=None, grounding=False)
    hosting = Hosting(by_model_name([first, second]))
    async with probed(hosting) as client:
        loading = asyncio.create_task(hosting.readiness.prewarm(hosting))
        await asked.wait()
        before, refused = await client.get("/health"), await client.post("/probe")
        loaded.set()
        await loading
        after, answered = await client.get("/health"), await client.post("/probe")
    assert (before.status_code, before.json()) == (503, {"status": "loading", "waiting_for": ["second"]})
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
    assert (after.status_code, answered.status_code) == (200, 200)


async def test_figures_for_prometheus() -> None:
    hosting = hosted(metrics=PrometheusMetrics())
    async with probed(hosting) as client:
        await client.post("/probe?user=anna")
        await client.post("/probe/secret-of-anna")
        await client.request("ANNA", "/probe")
        hosting.spent(Caller("anna"), model="gpt-anna", usage=Usage(10, 4, 3), heard=1.5, spoken=2.5)
        async with socket_to(client) as live:
            await live.recv()
            text = (await client.get("/metrics")).text
    found = {
        (sample.name, tuple(sorted(sample.labels.values()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert found["omni_agent_requests_total", ("/probe", "200", "POST")] == 1
    assert found["omni_agent_requests_total", ("404", "POST", "other")] == 1
    assert found["omni_agent_requests_total", ("/probe", "405", "other")] == 1
    assert found["omni_agent_first_byte_seconds_count", ("/probe",)] == 2
    assert found["omni_agent_tokens_total", ("probe", "prompt")] == 10
    assert found["omni_agent_tokens_total", ("cached", "probe")] == 4
    assert found["omni_agent_tokens_total", ("completion", "probe")] == 3
    assert found["omni_agent_audio_seconds_total", ("heard", "probe")] == 1.5
    assert found["omni_agent_audio_seconds_total", ("probe", "spoken")] == 2.5
    assert found["omni_agent_sockets_live", ()] == 1
    assert found["omni_agent_replies_running", ()] == 0
    assert found["omni_agent_ready", ()] == 1
    assert "anna" not in text.lower()


async def test_a_server_that_counts_nothing_says_so() -> None:
    async with probed() as client:
        assert (await client.get("/metrics")).status_code == 404


async def test_the_log_holds_no_secrets(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("omni_agent.server").setLevel(logging.INFO)
    async with probed() as client:
        await client.post(
            "/probe?api_key=hunter2", content=b"hunter2", headers={"Authorization": "Bearer hunter2"}
        )
        await client.get("/probe/broken?x=hunter2")
        await client.get("/hunter2")
        protocols = ["realtime", "openai-insecure-api-key.hunter2"]
        async with socket_to(client, subprotocols=protocols) as live:  # type: ignore[arg-type]
            await live.recv()
            await live.send("hunter2")
            await live.recv()
    ours = [record for record in caplog.records if record.name.startswith(("omni_agent", "uvicorn"))]
    text = "\n".join(discreet(record.getMessage()) for record in ours)
    assert "POST /probe 200" in text
    assert "unexpected RuntimeError in /probe/broken" in text
    assert "hunter2" not in text
    assert "swordfish" not in text
    assert not [record for record in ours if record.exc_info]


def test_of_an_exception_the_log_keeps_its_kind() -> None:
    try:
        raise ValueError("swordfish")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "", 0, "failed\n", (), sys.exc_info())
    assert Discreet().filter(record)
    assert logging.Formatter().format(record) == "failed (ValueError)"


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("GET /v1/realtime?model=a&key=b HTTP/1.1", "GET /v1/realtime?… HTTP/1.1"),
        ("Authorization: Bearer abc", "Authorization: Bearer …"),
        ("openai-insecure-api-key.abc, realtime", "openai-insecure-api-key.…, realtime"),
        (f"key omni_{'aB3-_' * 9} here", "key … here"),
        (f"ek_{'aB3-_' * 9}", "…"),
        (
            "omni_agent.server.guard, omni_agent_requests_total",
            "omni_agent.server.guard, omni_agent_requests_total",
        ),
        ("UklGR" * 40, "…"),
        ("nothing to hide: 12 items", "nothing to hide: 12 items"),
    ],
)
def test_what_libraries_log_is_filtered(said: str, left: str) -> None:
    record = logging.LogRecord("x", logging.INFO, "", 0, "%s", (said,), None)
    assert Discreet().filter(record)
    assert record.getMessage() == left

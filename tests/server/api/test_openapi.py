"""The description of the server is true: whatever fits it, or just does not, is answered as it says."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import numpy as np
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.routing import Route

from omni_agent import Agent, tool
from omni_agent.senses import Senses
from omni_agent.server import Hosting, create_app
from omni_agent.server.api.openapi import document
from omni_agent.server.running import running
from omni_agent.speech.pcm import Pcm
from omni_agent.testing import SaidEars, ScriptedModel, Step

EXAMPLES = 3
_ENDLESS = "/api/events"


class QuickVoice:
    """A voice that says anything in 20 ms."""

    languages = frozenset({"en"})

    async def speak(self, text: str, *, language: str = "en", voice: str = "", rate: float = 1.0) -> Pcm:
        return Pcm(np.full(320, 0.1, np.float32), 16_000)

    async def prewarm(self) -> None: ...

    async def close(self) -> None: ...


def hosting() -> Hosting:
    @tool(effect="read")
    async def weather(town: str) -> str:
        """What the weather is like.

        Args:
            town: Where.
        """
        return f"It is sunny in {town}."

    senses = Senses(ears=SaidEars(), voice=QuickVoice())
    model = ScriptedModel(senses=senses, otherwise=lambda request: Step(says="All is well."))
    return Hosting({"omni": Agent(model=model, learns=False, tools=[weather])})


def described() -> dict[str, Any]:
    return document(create_app(hosting()).routes, "0")


schema = schemathesis.openapi.from_dict(described())
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that runs in a loop of its own, in another thread."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMNI_AGENT_HOME", str(tmp_path_factory.mktemp("home")))
        yield from served()


def served() -> Iterator[str]:
    ready: Future[str] = Future()
    loop = asyncio.new_event_loop()
    done = asyncio.Event()

    async def serve() -> None:
        served = hosting()
        async with served.agents["omni"] as agent, running(served) as address:
            await agent.ask("hello", session="s", speak=False)
            ready.set_result(address)
            await done.wait()

    def run() -> None:
        try:
            loop.run_until_complete(serve())
        except BaseException as error:
            ready.set_exception(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    yield ready.result()
    loop.call_soon_threadsafe(done.set)
    thread.join()
    loop.close()


@schema.exclude(path=_ENDLESS).parametrize()
@settings(
    max_examples=EXAMPLES,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
    ],
)
def test_every_endpoint_answers_as_it_is_described(case: Case[Any], address: str) -> None:
    case.call_and_validate(base_url=address, checks=CHECKS)


def test_every_endpoint_is_described() -> None:
    app = create_app(hosting())
    paths = document(app.routes, "0")["paths"]
    routes = [route for route in app.routes if isinstance(route, Route) and route.include_in_schema]
    ours = {route.path.replace(":path", "") for route in routes if route.path.startswith(("/api/", "/v1/"))}
    assert ours - set(paths) == set()

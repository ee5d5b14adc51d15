"""`omni-agent serve` and `omni-agent keys`, as processes."""

from __future__ import annotations

import json
import os
import re
import signal
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import trustme

from omni_agent.cli import run

ROOT = Path(__file__).parents[2]

AGENTS = """
from omni_agent import Agent
from omni_agent.errors import ModelUnavailable
from omni_agent.testing import ScriptedModel


class Missing(ScriptedModel):
    async def prewarm(self, request):
        raise ModelUnavailable("the model's file is not there", remedy="omni-agent models pull")


class Never(ScriptedModel):
    async def prewarm(self, request):
        import asyncio

        await asyncio.Event().wait()


kitchen = Agent(name="Kitchen", model=ScriptedModel(), memory=None, grounding=False)
garage = Agent(name="The Garage", model=ScriptedModel(), memory=None, grounding=False)
twin = Agent(name="kitchen", model=ScriptedModel(), memory=None, grounding=False)
missing = Agent(name="Missing", model=Missing(), memory=None, grounding=False)
never = Agent(name="Never", model=Never(), memory=None, grounding=False)
"""

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def environment(home: Path) -> dict[str, str]:
    paths = [str(ROOT), str(ROOT / "tools"), str(ROOT / "memory"), *sys.path]
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths)), "OMNI_AGENT_HOME": str(home)}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "agents.py"
    path.write_text(AGENTS)
    return path


@pytest.fixture
def start(environment: dict[str, str]) -> Iterator[Start]:
    begun = list[subprocess.Popen[str]]()

    def start(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "omni_agent", "serve", "--port", "0", *arguments]
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        begun.append(process)
        return process

    yield start
    for process in begun:
        process.kill()
        process.communicate()


def said(process: subprocess.Popen[str], wanted: str) -> str:
    """The first line of the log with these words."""
    assert process.stderr
    seen = list[str]()
    for line in process.stderr:
        seen.append(line)
        if wanted in line:
            return line
    raise AssertionError("".join(seen))


def address(line: str) -> str:
    found = re.search(r"https?://\S+?(?=[:,]? )", line)
    assert found
    return found.group().rstrip(":,")


class Ran:
    """A command, run here."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        """Exit status, standard output and standard error."""
        status = run(arguments)
        out, err = self._capsys.readouterr()
        return status, out, err


@pytest.fixture
def ran(capsys: pytest.CaptureFixture[str]) -> Ran:
    return Ran(capsys)


def test_it_says_what_it_waits_for_and_a_second_signal_ends_it_at_once(start: Start, file: Path) -> None:
    process = start("--agent", f"{file}:never")
    url = address(said(process, "listening on"))
    health = httpx.get(f"{url}/health", trust_env=False)
    assert (health.status_code, health.json()["waiting_for"]) == (503, ["never"])
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    _, log = process.communicate(timeout=30)
    assert process.returncode in (0, 1)
    assert "Traceback" not in log


def test_a_model_that_cannot_be_loaded_is_one_line(ran: Ran, file: Path) -> None:
    status, _, log = ran("serve", "--port", "0", "--agent", f"{file}:kitchen", "--agent", f"{file}:missing")
    assert status == 1
    assert log.splitlines()[-1] == "omni-agent: the model's file is not there (omni-agent models pull)"
    assert "Traceback" not in log
    assert "ready" not in log


def test_two_agents_of_one_name_are_one_line(ran: Ran, file: Path) -> None:
    status, _, log = ran("serve", "--agent", f"{file}:kitchen", "--agent", f"{file}:twin")
    assert status == 1
    assert "asked for as 'kitchen'" in log
    assert len(log.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--host", "0.0.0.0"], "listen in"),
        (["--private-key", "x.pem"], "--certificate"),
        (["--certificate", "nowhere.pem"], "certificate cannot be used"),
        (["--allow-origin", "example.com"], "no origin"),
        (["--host", "192.0.2.1", "--insecure"], "cannot be had"),
        (["--mcp", "--agent", "x.py"], "--mcp offers the tools of one agent"),
    ],
)
def test_what_cannot_be_served_is_one_line(
    ran: Ran, file: Path, arguments: list[str], complaint: str
) -> None:
    status, out, log = ran("serve", "--port", "0", "--agent", f"{file}:kitchen", *arguments)
    assert status == 1
    assert complaint in log
    assert len(log.splitlines()) == 1
    assert ("omni_" in out) == (complaint == "cannot be had")


def test_several_agents_elsewhere_by_tls_with_a_key_that_is_shown_once(
    start: Start, file: Path, tmp_path: Path, home: Path
) -> None:
    authority = trustme.CA()
    pem = tmp_path / "server.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(pem))
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    agents = ["--agent", f"{file}:kitchen", "--agent", f"{file}:garage"]

    process = start(*agents, "--host", "0.0.0.0", "--certificate", str(pem))
    assert process.stdout
    line = process.stdout.readline()
    key = line.rsplit(maxsplit=1)[-1]
    url = address(said(process, "ready on")).replace("0.0.0.0", "127.0.0.1")
    with httpx.Client(base_url=url, verify=trusting, trust_env=False) as client:
        answer = client.get("/v1/models", headers={"Authorization": f"Bearer {key}"})
        figures = client.get("/metrics", headers={"Authorization": f"Bearer {key}"})
        assert client.get("/v1/models").status_code == 401
        assert client.get("/health").json() == {"status": "ok"}
    process.send_signal(signal.SIGTERM)
    out, log = process.communicate(timeout=30)
    assert [model["id"] for model in answer.json()["data"]] == ["kitchen", "the-garage"]
    assert answer.headers["strict-transport-security"]
    assert "omni_agent_ready 1.0" in figures.text
    assert process.returncode == 0
    assert "stopping: 0 replies run" in log
    assert "Traceback" not in log
    assert line.startswith("key 'first', shown this once: omni_")
    assert key not in out + log + (home / "server-keys.json").read_text()


def test_a_key_is_not_made_where_there_is_one(ran: Ran, file: Path) -> None:
    ran("keys", "new", "anna")
    status, out, _ = ran("serve", "--require-key", "--port", "0", "--agent", f"{file}:missing")
    assert (status, out) == (1, "")


def test_keys(ran: Ran) -> None:
    _, made, _ = ran("keys", "new", "anna", "--requests", "7")
    _, _, again = ran("keys", "new", "anna")
    _, listed, _ = ran("keys", "list", "--json")
    _, shown, _ = ran("keys", "list")
    gone, missing = ran("keys", "revoke", "anna"), ran("keys", "revoke", "anna")
    assert re.fullmatch(r"omni_[\w-]{43}\n", made)
    assert "already" in again
    assert [(key["name"], key["requests"]) for key in json.loads(listed)] == [("anna", 7)]
    assert "anna" in shown
    assert made.strip() not in listed + shown
    assert (gone[0], missing[0]) == (0, 1)

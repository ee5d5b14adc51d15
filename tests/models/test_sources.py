"""Registries' answers, the way to the registries, and downloads that are cut at any place."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omni_agent.errors import ConfigError
from omni_agent.models.catalog import Archive, ArchiveKind
from omni_agent.models.download import Download, SourceError, WrongBytesError
from omni_agent.models.endpoints import Endpoints
from omni_agent.models.sources import Remote, in_index, in_registry, is_file_of

WHEEL = Archive("wheel", "My.Thing", "1.0")
PAGE = "https://user:secret@index.example/simple/my-thing/"
DEFAULTS: dict[ArchiveKind, str] = {
    "wheel": "https://w.example",
    "npm": "https://n.example",
    "hub": "https://h.example",
}

KEYS = ["files", "filename", "url", "hashes", "sha256", "size"]
KEYS += ["versions", "1.0", "dist", "tarball", "integrity", "shasum"]
ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.just("my_thing-1.0-py3.whl"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=5,
        )
    ),
)


def entry(**changes: object) -> dict[str, object]:
    return {
        "filename": "my_thing-1.0-py3-none-any.whl",
        "url": "x.whl",
        "hashes": {"sha256": "AB"},
        **changes,
    }


def test_the_wheel_is_found_by_name_and_version() -> None:
    others = [entry(filename="my_thing-1.0.tar.gz"), entry(filename="my_thing-1.0.1-py3-none-any.whl")]
    found = in_index({"files": [*others, entry(size=7)]}, WHEEL, PAGE)
    assert found == Remote("https://user:secret@index.example/simple/my-thing/x.whl", 7, "sha256:ab")


@pytest.mark.parametrize(
    ("url", "login"),
    [
        ("https://index.example/f/x.whl", True),
        ("https://elsewhere.example/x.whl", False),
        ("http://index.example/x.whl", False),
    ],
)
def test_the_login_goes_to_the_same_host_only(url: str, login: bool) -> None:
    assert ("secret" in in_index({"files": [entry(url=url)]}, WHEEL, PAGE).url) is login


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://[bad", "", None, "https://:80/x"])
def test_only_http_is_followed(url: object) -> None:
    with pytest.raises(SourceError) as caught:
        in_index({"files": [entry(url=url)]}, WHEEL, "file:///index/")
    assert "secret" not in str(caught.value)


def test_a_mirror_is_asked_instead_of_the_public_host() -> None:
    dist = {"tarball": "https://registry.npmjs.org/t/-/t-1.0.tgz", "shasum": "AB"}
    found = in_registry(
        {"versions": {"1.0": {"dist": dist}}}, Archive("npm", "t", "1.0"), "http://m.example/npm/t"
    )
    assert found == Remote("http://m.example/t/-/t-1.0.tgz", None, "sha1:ab")


@given(ANY_JSON)
def test_any_answer_is_understood_or_refused(document: object) -> None:
    for find in (in_index, in_registry):
        try:
            remote = find(document, WHEEL, PAGE)
        except SourceError:
            continue
        assert remote.url.startswith(("http://", "https://"))
        assert remote.size is None or remote.size >= 0


def test_names_of_files_fetched_beforehand() -> None:
    assert is_file_of("my_thing-1.0-py3-none-any.whl", WHEEL)
    assert not is_file_of("my_thing_two-1.0-py3-none-any.whl", WHEEL)
    assert is_file_of("me-thing-1.0.tgz", Archive("npm", "@me/thing", "1.0"))


def test_the_environment_says_where_to_ask(tmp_path: Path) -> None:
    (tmp_path / "pip.conf").write_text(
        f"[global]\nindex_url = https://file.example/simple\ncert = {tmp_path}\nproxy = http://p.example:1\n"
        f"find-links = {tmp_path / 'none'}\n  {tmp_path.as_uri()}\n"
    )
    environ = {"PIP_CONFIG_FILE": str(tmp_path / "pip.conf"), "npm_config_registry": "https://npm.example/"}
    found = Endpoints.configured(DEFAULTS, environ=environ)
    assert found.urls == {
        "wheel": "https://file.example/simple/",
        "npm": "https://npm.example/",
        "hub": "https://h.example/",
    }
    assert (found.certificates, found.proxy, found.folders) == (tmp_path, "http://p.example:1", (tmp_path,))
    environ |= {"PIP_INDEX_URL": "https://env.example", "HF_ENDPOINT": "https://hub.example"}
    found = Endpoints.configured(DEFAULTS, environ=environ)
    assert (found.urls["wheel"], found.urls["hub"]) == ("https://env.example/", "https://hub.example/")
    found = Endpoints.configured(DEFAULTS, index_url="https://given.example", environ=environ)
    assert found.urls["wheel"] == "https://given.example/"


@pytest.mark.parametrize("name", ["PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_certificates_that_are_not_there_are_an_error(name: str) -> None:
    environ = {"PIP_CONFIG_FILE": os.devnull, name: "/no/such/file.pem"}
    with pytest.raises(ConfigError, match=r"no certificates at /no/such/file\.pem"):
        Endpoints.configured(DEFAULTS, environ=environ)


def test_a_file_without_certificates_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("hello")
    environ = {"PIP_CONFIG_FILE": os.devnull, "PIP_CERT": str(tmp_path / "ca.pem")}
    with pytest.raises(ConfigError, match="holds no certificates"):
        Endpoints.configured(DEFAULTS, environ=environ).client()


BODY = bytes(range(256)) * 4


class Line(httpx.BaseTransport):
    """Serves BODY, breaking off each answer after the next number of bytes; counts what it sends."""

    def __init__(self, drops: list[int], *, ranges: bool) -> None:
        self._drops = iter(drops)
        self._ranges = ranges
        self.sent = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        asked = request.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-")
        start = int(asked) if self._ranges else 0
        head = {"Content-Length": str(len(BODY) - start)}
        if start:
            head["Content-Range"] = f"bytes {start}-{len(BODY) - 1}/{len(BODY)}"
        return httpx.Response(206 if start else 200, headers=head, stream=Breaking(self, start))

    def break_after(self) -> int:
        return next(self._drops, len(BODY))


class Breaking(httpx.SyncByteStream):
    def __init__(self, line: Line, start: int) -> None:
        self._line, self._start = line, start

    def __iter__(self) -> Iterator[bytes]:
        end = self._start + self._line.break_after()
        for at in range(self._start, min(end, len(BODY)), 100):
            block = BODY[at : min(at + 100, end)]
            self._line.sent += len(block)
            yield block
        if end < len(BODY):
            raise httpx.ReadError("gone")


@given(drops=st.lists(st.integers(1, 400), max_size=12), ranges=st.booleans(), told=st.booleans())
@settings(max_examples=60)
def test_a_download_survives_any_sequence_of_drops(
    tmp_path_factory: pytest.TempPathFactory, drops: list[int], ranges: bool, told: bool
) -> None:
    line, target = Line(drops, ranges=ranges), tmp_path_factory.mktemp("got") / "file"
    shares: list[float] = []
    with httpx.Client(transport=line) as client:
        download = Download(client, lambda seconds: None, "it")
        digest = "sha256:" + hashlib.sha256(BODY).hexdigest()
        size = len(BODY) if told else None
        try:
            download.fetch("http://x/", target, size=size, digest=digest, watch=shares.append)
        except SourceError:
            # Without ranges an answer gets no further than the one before, and five such are enough.
            assert not ranges
            assert len(drops) >= 5
            return
    assert target.read_bytes() == BODY
    assert shares[-1] == 1.0
    if ranges:
        assert line.sent == len(BODY)


def test_more_bytes_than_promised_are_refused(tmp_path: Path) -> None:
    with httpx.Client(transport=Line([], ranges=True)) as client:
        download = Download(client, lambda seconds: None, "it")
        with pytest.raises(WrongBytesError):
            download.fetch(
                "http://x/", tmp_path / "f", size=100, digest="sha256:00", watch=lambda share: None
            )
    assert not (tmp_path / "f").exists()


@pytest.mark.parametrize(
    ("status", "pauses"), [(503, [0.5, 1.0, 2.0, 4.0]), (429, [0.5, 1.0, 2.0, 4.0]), (404, []), (403, [])]
)
def test_only_what_may_pass_is_tried_again(status: int, pauses: list[float]) -> None:
    waited: list[float] = []
    transport = httpx.MockTransport(lambda request: httpx.Response(status))
    with httpx.Client(transport=transport) as client, pytest.raises(SourceError, match=str(status)):
        Download(client, waited.append, "it").document("http://x/", {})
    assert waited == pauses


def test_a_server_that_sends_another_range_is_asked_afresh(tmp_path: Path) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if "Range" in request.headers:
            return httpx.Response(
                206, headers={"Content-Range": "bytes 0-9/20"}, stream=httpx.ByteStream(b"0" * 10)
            )
        return httpx.Response(200, stream=httpx.ByteStream(b"right"))

    target = tmp_path / "file"
    target.write_bytes(b"ri")
    digest = "sha256:" + hashlib.sha256(b"right").hexdigest()
    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        Download(client, lambda s: None, "it").fetch(
            "http://x/", target, size=5, digest=digest, watch=lambda s: None
        )
    assert target.read_bytes() == b"right"

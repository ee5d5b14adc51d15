"""The guard without a network: whatever comes, one answer goes out, and it is not a failure."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message, Scope

from omni_agent.server import create_app
from omni_agent.server.access import Access
from tests.server.probing import Probe, hosted

NAMES = st.sampled_from(
    [
        b"host",
        b"origin",
        b"authorization",
        b"content-length",
        b"content-encoding",
        b"transfer-encoding",
        b"sec-fetch-site",
        b"access-control-request-method",
        b"x-other",
    ]
)
VALUES = st.binary(max_size=30) | st.sampled_from(
    [
        b"127.0.0.1:8000",
        b"localhost",
        b"[::1]",
        b"http://127.0.0.1:8000",
        b"null",
        b"Bearer x",
        b"Bearer ek_x",
        b"bearer",
        b"9" * 5000,
        b"-1",
        b"10",
        "٣".encode(),
        b"gzip",
        b"cross-site",
        b"POST",
    ]
)
HEADERS = st.lists(st.tuples(NAMES, VALUES), max_size=8)
PATHS = st.sampled_from(
    ["/probe", "/health", "/metrics", "/v1/models", "/", "//", "/probe/", "*", ""]
) | st.text(max_size=20)
METHODS = st.sampled_from(["GET", "HEAD", "POST", "OPTIONS", "DELETE", "TRACE", "PROPFIND", ""])
EVENTS = st.lists(
    st.builds(
        lambda body, more: {"type": "http.request", "body": body, "more_body": more},
        st.binary(),
        st.booleans(),
    ),
    max_size=4,
)

OPEN = create_app(hosted(), Probe().routes())
CLOSED = create_app(hosted(access=Access(keys=True)), Probe().routes())


def scope_of(kind: str, path: str, headers: list[tuple[bytes, bytes]], **named: Any) -> Scope:
    return {
        "type": kind,
        "path": path,
        "raw_path": path.encode("utf-8", "replace"),
        "root_path": "",
        "scheme": "http",
        "query_string": b"",
        "headers": headers,
        "server": ("127.0.0.1", 8000),
        "client": None,
        "http_version": "1.1",
        "state": {},
        **named,
    }


def sent(app: Any, scope: Scope, events: list[dict[str, Any]]) -> list[Message]:
    """What goes out when that comes in."""
    out, left = list[Message](), iter(events)

    async def receive() -> Message:
        return next(left, {"type": "http.disconnect" if scope["type"] == "http" else "websocket.disconnect"})

    async def send(message: Message) -> None:
        out.append(message)

    asyncio.run(app(scope, receive, send))
    return out


@given(PATHS, METHODS, HEADERS, EVENTS)
def test_every_request_gets_one_answer(
    path: str, method: str, headers: list[tuple[bytes, bytes]], events: list[dict[str, Any]]
) -> None:
    out = sent(OPEN, scope_of("http", path, headers, method=method), events)
    starts = [message for message in out if message["type"] == "http.response.start"]
    assert len(starts) <= 1
    for start in starts:
        assert start["status"] < 500
        names = [name for name, _ in start["headers"]]
        assert names.count(b"content-security-policy") == 1
    assert sum(not message.get("more_body", False) for message in out if message not in starts) == len(starts)


@given(PATHS, METHODS, HEADERS, EVENTS)
def test_without_a_key_nothing_is_told_but_that(
    path: str, method: str, headers: list[tuple[bytes, bytes]], events: list[dict[str, Any]]
) -> None:
    out = sent(CLOSED, scope_of("http", path, headers, method=method), events)
    status = out[0]["status"]
    if path == "/health":
        assert status in (200, 204, 401, 403, 405, 413, 415)
    else:
        assert status in (204, 401, 403)
        if status != 204:
            assert set(json.loads(out[1]["body"])) == {"error"}


@given(PATHS, HEADERS, st.lists(st.text(max_size=40), max_size=3))
def test_no_socket_is_opened_without_a_key(
    path: str, headers: list[tuple[bytes, bytes]], protocols: list[str]
) -> None:
    scope = scope_of(
        "websocket", path, headers, subprotocols=protocols, extensions={"websocket.http.response": {}}
    )
    out = sent(CLOSED, scope, [{"type": "websocket.connect"}])
    kinds = [message["type"] for message in out]
    if "websocket.accept" in kinds:
        # For a page: the reason in words, and the end.
        assert kinds == ["websocket.accept", "websocket.send", "websocket.close"]
        assert json.loads(out[1]["text"])["error"]["code"] == "invalid_api_key"
    else:
        assert out[0]["status"] in (401, 403)

"""Whether a request or a socket may come in, and as whose; in the order in which it is asked."""

from __future__ import annotations

from starlette.types import Scope

from .caller import Caller
from .ephemeral import PREFIX as EPHEMERAL
from .errors import ApiError
from .heads import Heads
from .hosting import Hosting

_LIVE = frozenset({"/v1/realtime", "/realtime"})
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
ALWAYS = frozenset({"/health", "/metrics"})


def check_site(heads: Heads, hosting: Hosting, method: str) -> None:
    """Refuse who asks for another name than ours, and pages of other sites.

    Programs send no `Origin`, and pass; every browser sends it with a `POST` and with a socket.

    Raises:
        ApiError: 403.
    """
    access = hosting.access
    if not access.named(heads.host):
        raise ApiError(
            "this server is not asked for under that Host; --allow-host NAME adds a name",
            status=403,
            code="host_not_allowed",
        )
    if heads.origin is None:
        foreign = heads.elsewhere and method not in _READING
    else:
        foreign = not access.same(heads.origin, heads.host) and not access.permits(heads.origin)
    if foreign:
        raise ApiError(
            "pages of another site may not use this server; --allow-origin ORIGIN lets one in",
            status=403,
            code="origin_not_allowed",
        )


def caller_in(scope: Scope, heads: Heads, hosting: Hosting, *, free: bool) -> Caller | None:
    """Who asks; None for nobody known at a place that is free to all.

    Args:
        scope: What he asks for.
        heads: With which headers.
        hosting: Of whom.
        free: It needs no key.

    Raises:
        ApiError: 401 for a key that is missing, wrong or expired; 403 for one that is not for this.
    """
    found = hosting.keys.caller(heads.key) if heads.key else None
    if found is None:
        # Where none is needed any will do, since clients insist on sending one; but not one made to expire.
        if not hosting.access.keys and not heads.key.startswith(EPHEMERAL):
            return Caller()
        if free:
            return None
        raise ApiError(
            "a key is needed, as 'Authorization: Bearer KEY'"
            if not heads.key
            else "the key is wrong, or has expired",
            status=401,
            code="invalid_api_key",
            headers={"WWW-Authenticate": "Bearer"},
        )
    if found.session is not None and not (scope["type"] == "websocket" and scope["path"] in _LIVE):
        if free:
            return None
        raise ApiError("an ephemeral key opens live sessions only", status=403, code="key_out_of_scope")
    return found


def check_ready(hosting: Hosting) -> None:
    """Refuse what cannot be answered now.

    Raises:
        ApiError: 503.
    """
    if hosting.at_work.stopping.is_set():
        raise ApiError("the server stops", status=503, code="server_stopping", headers={"Retry-After": "10"})
    if hosting.readiness.waiting:
        raise ApiError(
            "the models are being loaded; GET /health tells when they are",
            status=503,
            code="model_loading",
            headers={"Retry-After": "2"},
        )


def check_room(hosting: Hosting) -> None:
    """Refuse one more live socket where there are as many as may be.

    Raises:
        ApiError: 503.
    """
    if hosting.at_work.sockets >= hosting.limits.connections:
        raise ApiError(
            "there are as many live sessions as this server may have; try again later",
            status=503,
            code="session_limit_reached",
            headers={"Retry-After": "10"},
        )


def check_body(heads: Heads, hosting: Hosting) -> None:
    """Refuse a body by what its headers say of it.

    Raises:
        ApiError: 413, or 415 for a compressed one, whose size nobody knows.
    """
    if heads.packed:
        raise ApiError(
            "compressed bodies are not taken in; send it as it is", status=415, code="unsupported_encoding"
        )
    if heads.length is not None and heads.length > hosting.limits.body:
        raise too_large(hosting)


def too_large(hosting: Hosting) -> ApiError:
    """What a body that is too large is answered by."""
    most = hosting.limits.body / (1 << 20)
    return ApiError(
        f"a request may have {most:g} MiB; send less at once", status=413, code="request_too_large"
    )

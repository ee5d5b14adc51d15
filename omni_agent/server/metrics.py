"""Figures for Prometheus. Labels hold names of routes and agents, nothing of what callers send."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..errors import ConfigError
from ..events import Usage
from .errors import ApiError

if TYPE_CHECKING:
    from .hosting import Hosting

_FIRST_BYTE_S = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """Counts nothing."""

    def answered(self, route: str, method: str, status: int, first_byte: float | None) -> None:
        """A request was answered, its first byte after so many seconds; None where there was none."""

    def spent(self, model: str, usage: Usage, heard: float, spoken: float) -> None:
        """A reply took tokens, and seconds of sound."""

    def text(self, hosting: Hosting) -> tuple[bytes, str]:
        """All figures, and their content type.

        Raises:
            ApiError: Nothing is counted here.
        """
        raise ApiError("this server counts nothing", status=404, code="not_found")


class PrometheusMetrics(Metrics):
    """Counts.

    Raises:
        ConfigError: The package prometheus-client is not installed.
    """

    def __init__(self) -> None:
        try:
            from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
        except ImportError:
            raise ConfigError(
                "the server needs the package prometheus-client",
                remedy="pip install 'omni-agent-framework[serve]'",
            ) from None
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._requests = Counter(
            "omni_agent_requests",
            "Requests that were answered.",
            ("route", "method", "status"),
            registry=registry,
        )
        self._first_byte = Histogram(
            "omni_agent_first_byte_seconds",
            "From a request's headers to the first byte of the answer's body.",
            ("route",),
            buckets=_FIRST_BYTE_S,
            registry=registry,
        )
        self._tokens = Counter(
            "omni_agent_tokens", "Tokens that models read and wrote.", ("model", "kind"), registry=registry
        )
        self._audio = Counter(
            "omni_agent_audio_seconds",
            "Seconds of sound that were heard and spoken.",
            ("model", "direction"),
            registry=registry,
        )
        self._replies = Gauge("omni_agent_replies_running", "Replies that run.", registry=registry)
        self._sockets = Gauge("omni_agent_sockets_live", "Sockets that live.", registry=registry)
        self._ready = Gauge("omni_agent_ready", "1 where requests are answered.", registry=registry)

    def answered(self, route: str, method: str, status: int, first_byte: float | None) -> None:
        self._requests.labels(route, method, str(status)).inc()
        if first_byte is not None:
            self._first_byte.labels(route).observe(first_byte)

    def spent(self, model: str, usage: Usage, heard: float, spoken: float) -> None:
        for kind in ("prompt", "cached", "completion"):
            if tokens := getattr(usage, f"{kind}_tokens"):
                self._tokens.labels(model, kind).inc(tokens)
        for direction, seconds in (("heard", heard), ("spoken", spoken)):
            if seconds:
                self._audio.labels(model, direction).inc(seconds)

    def text(self, hosting: Hosting) -> tuple[bytes, str]:
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

        self._replies.set(hosting.at_work.replies)
        self._sockets.set(hosting.at_work.sockets)
        self._ready.set(not hosting.readiness.waiting and not hosting.at_work.stopping.is_set())
        return generate_latest(self._registry), CONTENT_TYPE_LATEST


def routes(hosting: Hosting) -> list[Route]:
    """`GET /metrics`."""

    async def metrics(request: Request) -> Response:
        body, kind = hosting.metrics.text(hosting)
        return Response(body, media_type=kind)

    return [Route("/metrics", metrics)]

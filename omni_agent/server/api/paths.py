"""The paths of `/api`, and `/openapi.json`."""

from __future__ import annotations

from starlette.routing import BaseRoute, Route

from . import agents, approvals, calling, events, forgetting, media, memory, openapi, sessions, traces


def paths() -> list[BaseRoute]:
    """All of them."""
    return [
        Route("/openapi.json", openapi.openapi),
        Route("/api/agents", agents.agents),
        Route("/api/agents/{agent}", agents.agent),
        Route("/api/agents/{agent}/tools", agents.tools),
        Route("/api/agents/{agent}/tools/{tool}", agents.tool),
        Route("/api/agents/{agent}/tools/{tool}/call", calling.call, methods=["POST"]),
        Route("/api/sessions", sessions.sessions),
        Route("/api/sessions/{session:path}", sessions.session),
        Route("/api/sessions/{session:path}", forgetting.forget_session, methods=["DELETE"]),
        Route("/api/media/{digest}", media.media),
        Route("/api/memory", memory.memory),
        Route("/api/memory/search", memory.search),
        Route("/api/memory/export", memory.export),
        Route("/api/memory/import", memory.restore, methods=["POST"]),
        Route("/api/memory/forget", forgetting.forget, methods=["POST"]),
        Route("/api/approvals", approvals.approvals),
        Route("/api/approvals/approve", approvals.approve, methods=["POST"]),
        Route("/api/approvals/deny", approvals.deny, methods=["POST"]),
        Route("/api/events", events.events),
        Route("/api/traces", traces.traces),
        Route("/api/traces/{turn}", traces.trace),
    ]

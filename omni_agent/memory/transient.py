"""Memory that lasts as long as the process."""

from __future__ import annotations

from .records import InView, Recollection, Scope, SessionSummary, TurnRecord


class TransientMemory:
    """Memory that lasts as long as the process: for examples, tests and agents that should forget."""

    def __init__(self) -> None:
        self._turns: dict[tuple[Scope, str], dict[str, TurnRecord]] = {}

    async def history(self, scope: Scope, session: str, *, limit: int = 40) -> list[TurnRecord]:
        return list(self._turns.get((scope, session), {}).values())[-limit:]

    async def recall(
        self, scope: Scope, query: str, *, limit: int = 8, seen: InView | None = None
    ) -> list[Recollection]:
        return []

    async def commit(self, scope: Scope, turn: TurnRecord) -> None:
        self._turns.setdefault((scope, turn.session), {})[turn.id] = turn

    async def sessions(self, scope: Scope, *, limit: int = 50) -> list[SessionSummary]:
        found = [
            (name, list(turns.values())) for (owner, name), turns in self._turns.items() if owner == scope
        ]
        made = [SessionSummary(name, len(t), t[0].started_at, t[-1].ended_at) for name, t in found]
        return sorted(made, key=lambda summary: summary.last_at, reverse=True)[:limit]

    async def close(self) -> None:
        self._turns.clear()

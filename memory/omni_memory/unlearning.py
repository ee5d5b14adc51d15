"""Taking back what one turn taught, as if it had not been said."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select

from omni_agent.memory import Fact, Origin, Scope

from .repository import noting
from .repository.conversations import begin_turn
from .repository.fact_rows import load
from .repository.jobs import FACTS, READING
from .repository.repository import Repository
from .repository.scoping import known_to, of_persona
from .tables import Fact as FactRow
from .tables import FactSource, Job


async def unlearn(
    repository: Repository, scope: Scope, session: str, turn: str, origin: Origin, *, now: datetime
) -> list[Fact]:
    """The facts that no longer count; those whose place they had taken count again.

    Args:
        repository: The open file.
        scope: Whose.
        session: The conversation of `turn`.
        turn: The turn that taught them. What other turns taught too stays.
        origin: The turn in which they are taken back.
        now: When that is.

    Raises:
        MemoryStoreError: The file cannot be written.
    """
    source = noting.Source(scope, origin, now)
    here = (FactSource.session == session) & (FactSource.turn == turn)
    taught = select(FactSource.fact).where(of_persona(FactSource, scope), here)
    elsewhere = select(FactSource.fact).where(
        FactSource.fact == FactRow.id, ~here | FactSource.turn.is_(None)
    )
    query = select(FactRow.id).where(
        known_to(FactRow, scope),
        FactRow.id.in_(taught),
        ~elsewhere.exists(),
        FactRow.superseded_at.is_(None),
    )
    async with repository.database.writing() as connection:
        await connection.run_sync(begin_turn, scope, "", origin)
        ids = (await connection.execute(query.order_by(FactRow.id))).scalars().all()
        gone = await load(connection, ids)
        await noting.retire(connection, source, ids, restoring=True)
        # Else the turn would be studied later, and teach the same again.
        of_turn = (Job.session == session) & (Job.turn == turn) & Job.kind.in_((FACTS, READING))
        await connection.execute(delete(Job).where(of_persona(Job, scope), of_turn))
        return gone

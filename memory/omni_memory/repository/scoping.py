"""Whose rows a statement may touch."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, or_

from omni_agent.memory import Scope

from ..tables import Entity, Fact, FactSource, Job, MediaUse, ProfileBlock, Session, Summary, Turn, Utterance

OfPersona = type[Session | Turn | Utterance | MediaUse | Summary | ProfileBlock | Job | FactSource]


def of_persona(table: OfPersona, scope: Scope) -> ColumnElement[bool]:
    """Rows that are one user's with one persona."""
    return and_(table.user == scope.user, table.persona == scope.persona)


def known_to(table: type[Fact | Entity], scope: Scope) -> ColumnElement[bool]:
    """What a persona knows of a user: its own, and what its circle shares."""
    # What a circle shares has no persona, which must not be one without a name.
    own = and_(table.persona == scope.persona, table.circle == "")
    if not scope.circle:
        return and_(table.user == scope.user, own)
    return and_(table.user == scope.user, or_(own, table.circle == scope.circle))


# The same two rules for statements that SQLAlchemy cannot write; parameters `user`, `persona` and `circle`.
OF_PERSONA_SQL = "{0}.user = :user AND {0}.persona = :persona"
KNOWN_TO_SQL = "{0}.user = :user AND ({0}.persona = :persona OR (:circle != '' AND {0}.circle = :circle))"


def owner(scope: Scope, *, private: bool = False) -> dict[str, str]:
    """The columns of a new fact or entity: whose it is. What is `private` stays with the persona."""
    shared = bool(scope.circle) and not private
    return {
        "user": scope.user,
        "persona": "" if shared else scope.persona,
        "circle": scope.circle if shared else "",
    }

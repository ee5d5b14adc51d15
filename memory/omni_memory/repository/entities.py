"""Whom and what facts are about: names, and what else the user calls them."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from omni_agent.memory import AGENT, USER, Scope, Statement

from ..kin import names_for
from ..predicates import RELATIONS
from ..tables import Entity, EntityAlias
from .rows import sound
from .scoping import known_to, owner

_FIXED = frozenset({USER, AGENT})
_ARTICLES = ("a ", "an ", "the ", "no ", "not ")


async def resolve(connection: AsyncConnection, scope: Scope, subject: str) -> str:
    """The name of whom `subject` means: "sister" is Eva, where there is one sister; else `subject` itself."""
    if subject in _FIXED:
        return subject
    found = await called(connection, scope, [_plain(subject)])
    return found[0] if len(found) == 1 else subject


async def called(connection: AsyncConnection, scope: Scope, words: list[str]) -> list[str]:
    """The names of all that are called one of these words (lower case)."""
    query = (
        select(Entity.name)
        .distinct()
        .join(EntityAlias, EntityAlias.entity == Entity.id)
        .where(known_to(Entity, scope), EntityAlias.alias.in_(words))
        .order_by(Entity.name)
    )
    return list((await connection.execute(query)).scalars())


async def names(connection: AsyncConnection, scope: Scope) -> dict[str, str]:
    """Every name and other name that leads to one only, in lower case, with the name it leads to."""
    query = (
        select(EntityAlias.alias, Entity.name)
        .join(Entity, EntityAlias.entity == Entity.id)
        .where(known_to(Entity, scope))
    )
    found: dict[str, set[str]] = {}
    for alias, name in (await connection.execute(query)).all():
        found.setdefault(alias, set()).add(name)
    return {alias: next(iter(of)) for alias, of in found.items() if len(of) == 1}


async def other_names(connection: AsyncConnection, scope: Scope, name: str) -> list[str]:
    """What else a name is called, as subjects of facts are written: "sister", "best_friend"."""
    if name in _FIXED:
        return []
    leading = await names(connection, scope)
    others = [alias for alias, of in leading.items() if of == name]
    return [spelled for alias in others for spelled in (alias, alias.replace(" ", "_"))]


async def introduce(connection: AsyncConnection, scope: Scope, said: Statement) -> None:
    """Note whom a statement names: its subject, and in a relation the other side too ("my sister" is Eva)."""
    if said.subject not in _FIXED and _is_name(said.subject):
        await _add(connection, scope, said.subject, "", ())
    if said.predicate in RELATIONS and _is_name(said.object):
        aliases = names_for(said.predicate) if said.subject == USER else _of_other(said)
        await _add(connection, scope, said.object, said.predicate, aliases)


async def part(connection: AsyncConnection, scope: Scope, said: Statement) -> None:
    """Take away the other names that a relation gave, since it holds no more."""
    if said.predicate not in RELATIONS:
        return
    aliases = names_for(said.predicate) if said.subject == USER else _of_other(said)
    ours = select(Entity.id).where(known_to(Entity, scope), Entity.name == said.object).scalar_subquery()
    await connection.execute(
        delete(EntityAlias).where(EntityAlias.entity.in_(ours), EntityAlias.alias.in_(aliases))
    )


def _of_other(said: Statement) -> tuple[str, ...]:
    return (f"{_plain(said.subject)}'s {said.predicate.replace('_', ' ')}",)


def _is_name(text: str) -> bool:
    return (
        bool(text) and not text.lower().startswith(_ARTICLES) and (text[:1].isupper() or not text.isascii())
    )


def _plain(name: str) -> str:
    return sound(name).lower().replace("_", " ").strip()


async def _add(
    connection: AsyncConnection, scope: Scope, name: str, kind: str, aliases: tuple[str, ...]
) -> None:
    pool = owner(scope)
    await connection.execute(
        insert(Entity).values(**pool, name=sound(name), kind=kind).on_conflict_do_nothing()
    )
    here = [getattr(Entity, column) == value for column, value in pool.items()]
    found = (
        await connection.execute(select(Entity.id).where(*here, Entity.name == sound(name)))
    ).scalar_one()
    for alias in dict.fromkeys((_plain(name), *aliases)):
        await connection.execute(
            insert(EntityAlias).values(entity=found, alias=alias).on_conflict_do_nothing()
        )

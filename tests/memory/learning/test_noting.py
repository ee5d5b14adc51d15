"""What is noted stays: superseded, ended or confirmed, with its source, and nobody else's."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from omni_memory.database import Database
from omni_memory.predicates import is_many
from omni_memory.repository.repository import Repository
from sqlalchemy import text

from omni_agent.memory import AGENT, USER, Fact, Origin, Scope, Statement

from .saying import ANNA, NOON, Speaker, said

pytestmark = pytest.mark.anyio


def texts(facts: Sequence[Fact]) -> list[str]:
    return [fact.said.text for fact in facts]


async def test_a_new_value_supersedes_and_the_old_one_stays(repository: Repository) -> None:
    speaker = Speaker(repository)
    (old,) = await speaker.states(said("lives_in", "Graz"))
    (new,) = await speaker.states(said("lives_in", "Linz"))
    assert texts(await repository.facts.known(ANNA)) == ["The user lives in Linz."]
    (now, before) = await repository.facts.known(ANNA, past=True)
    assert (now.id, before.id) == (new.id, old.id)
    assert before.superseded_by == new.id
    assert before.superseded_at == speaker.now


async def test_what_is_said_again_only_gets_another_source(repository: Repository) -> None:
    speaker = Speaker(repository)
    await speaker.states(said("car", "a red Golf"))
    (fact,) = await speaker.states(said("car", "the red golf"))
    assert fact.turns == ("t1", "t2")
    assert len(await repository.facts.known(ANNA, past=True)) == 1


@pytest.mark.parametrize("again", ["the tea", "Tea!", "some TEA", "tea"])
async def test_case_articles_and_marks_make_no_other_value(repository: Repository, again: str) -> None:
    speaker = Speaker(repository)
    await speaker.states(said("likes", "a tea"))
    await speaker.states(said("likes", again))
    assert len(await repository.facts.known(ANNA)) == 1


async def test_several_may_hold_at_once_but_not_with_their_opposite(repository: Repository) -> None:
    speaker = Speaker(repository)
    await speaker.states(said("likes", "tea"), said("likes", "cake"))
    await speaker.states(said("dislikes", "tea"))
    assert sorted(texts(await repository.facts.known(ANNA))) == [
        "The user does not like tea.",
        "The user likes cake.",
    ]


async def test_an_end_without_replacement_sets_the_time(repository: Repository) -> None:
    speaker = Speaker(repository)
    await speaker.states(said("car", "a red Golf"))
    (fact,) = await speaker.states(said("car", "", ends=True, valid_to=NOON + timedelta(days=3)))
    assert fact.said.valid_to == NOON + timedelta(days=3)
    assert fact.turns == ("t1", "t2")
    assert await repository.facts.known(ANNA) == []


async def test_an_end_that_could_mean_several_means_none(repository: Repository) -> None:
    speaker = Speaker(repository)
    await speaker.states(said("dog", "Bello"), said("dog", "Rex"))
    assert await speaker.states(said("dog", "", ends=True, valid_to=NOON)) == []
    assert len(await repository.facts.known(ANNA)) == 2


async def test_what_ended_before_it_was_known_is_noted_once_as_past(repository: Repository) -> None:
    speaker = Speaker(repository)
    ended = said("works_at", "Siemens", ends=True, valid_to=NOON)
    await speaker.states(ended)
    (fact,) = await speaker.states(ended)
    assert not fact.current
    assert len(await repository.facts.known(ANNA, past=True)) == 1


async def test_a_turn_studied_late_does_not_undo_what_was_said_since(repository: Repository) -> None:
    await repository.facts.note(ANNA, [said("lives_in", "Linz")], turn("new", 5), now=at(6), said="x")
    await repository.facts.note(ANNA, [said("lives_in", "Graz")], turn("old", 1), now=at(7), said="x")
    assert texts(await repository.facts.known(ANNA)) == ["The user lives in Linz."]
    assert len(await repository.facts.known(ANNA, past=True)) == 2


async def test_a_sister_is_the_same_by_her_name(repository: Repository) -> None:
    speaker = Speaker(repository)
    await speaker.states(said("lives_in", "Graz", subject="sister"))
    await speaker.states(said("sister", "Eva"))
    await speaker.states(said("lives_in", "Linz", subject="Eva"))
    assert "The user's sister lives in Graz." not in texts(await repository.facts.known(ANNA))
    await speaker.states(said("job", "a pilot", subject="sister"))
    found = texts(await repository.facts.known(ANNA, about="what does my sister do?"))
    assert {"Eva works as a pilot.", "Eva lives in Linz.", "The user's sister is Eva."} <= set(found)


async def test_two_sisters_are_not_mixed_up(repository: Repository) -> None:
    speaker = Speaker(repository)
    await speaker.states(said("sister", "Eva"), said("sister", "Mia"))
    (fact,) = await speaker.states(said("lives_in", "Graz", subject="sister"))
    assert fact.said.subject == "sister"


async def test_facts_are_found_by_words_names_and_signs(repository: Repository) -> None:
    speaker = Speaker(repository)
    await speaker.states(said("dentist", "Dr. Huber"), said("likes", "寿司"), said("lives_in", "Wien"))
    assert texts(await repository.facts.known(ANNA, about="who is my dentist")) == [
        "The user's dentist is Dr. Huber."
    ]
    assert texts(await repository.facts.known(ANNA, about="寿司は好き")) == ["The user likes 寿司."]
    assert texts(await repository.facts.known(ANNA, about="where do I live?")) == ["The user lives in Wien."]
    assert await repository.facts.known(ANNA, about='"AND (the user) NEAR *') == []


async def test_the_important_comes_first_and_no_more_than_asked(repository: Repository) -> None:
    speaker = Speaker(repository)
    await speaker.states(said("likes", "tea"), said("name", "Anna"), said("allergic_to", "nuts"))
    found = texts(await repository.facts.known(ANNA, limit=2))
    assert found == ["The user's name is Anna.", "The user is allergic to nuts."]


async def test_a_circle_shares_what_is_said_of_the_user_but_not_of_the_agent(repository: Repository) -> None:
    coach, butler = Scope("anna", "coach", "home"), Scope("anna", "butler", "home")
    statements = [said("name", "Anna"), said("name", "Jeeves", subject=AGENT)]
    await repository.facts.note(coach, statements, turn("1", 1), now=at(1), said="x")
    (shared,) = await repository.facts.known(butler)
    assert (shared.said.subject, shared.shared) == (USER, True)
    assert len(await repository.facts.known(coach)) == 2
    assert await repository.facts.known(Scope("anna", "butler")) == []
    assert await repository.facts.known(Scope("eve", "coach", "home")) == []
    assert await repository.facts.known(Scope("anna", "")) == []


async def test_facts_may_rest_on_no_turn(repository: Repository) -> None:
    (fact,) = await repository.facts.note(ANNA, [said("name", "Anna")], None, now=NOON, kind="import")
    assert fact.turns == ()


def turn(name: str, hour: int) -> Origin:
    return Origin("s", name, at(hour))


def at(hour: int) -> datetime:
    return datetime(2026, 11, 1, hour, tzinfo=UTC)


predicates = st.sampled_from(["lives_in", "name", "likes", "dislikes", "dog", "car"])
subjects = st.sampled_from([USER, USER, AGENT, "Eva"])
statements = st.builds(
    lambda subject, predicate, value, ends: said(predicate, value, subject=subject, ends=ends),
    subjects,
    predicates,
    st.sampled_from(["", "Graz", "graz", "a Linz", "Rex"]),
    st.sampled_from([False, False, True]),
)
scopes = st.builds(Scope, st.sampled_from("ab"), st.sampled_from("xy"), st.sampled_from(["", "c"]))
histories = st.lists(st.tuples(scopes, st.lists(statements, min_size=1, max_size=3)), max_size=6)
files = itertools.count()


@settings(max_examples=15)
@given(history=histories)
async def test_one_value_counts_every_fact_has_a_source_and_nothing_crosses(
    empty: Path, history: list[tuple[Scope, list[Statement]]]
) -> None:
    repository = Repository(Database(empty))
    world = next(files)
    try:
        seen: dict[Scope, int] = {}
        for index, (scope, stated) in enumerate(history):
            mine = Scope(f"{scope.user}{world}", scope.persona, scope.circle)
            origin = Origin("s", f"{world}-{index}", NOON + timedelta(minutes=index))
            before = await counted(repository, mine.user)
            await repository.facts.note(
                mine, [s for s in stated if s.object or s.ends], origin, now=NOON, said="x"
            )
            assert await counted(repository, mine.user) >= before
            seen[mine] = index
        for scope in seen:
            await check_single(repository, scope)
        await check_sources(repository)
        assert not {s.user for s in seen} & {f"{user}{world - 1}" for user in "ab"}
    finally:
        await repository.close()


async def counted(repository: Repository, user: str) -> int:
    async with repository.database.reading() as connection:
        query = text("SELECT count(*) FROM facts WHERE user = :user")
        return int((await connection.execute(query, {"user": user})).scalar_one())


async def check_single(repository: Repository, scope: Scope) -> None:
    current = await repository.facts.known(scope, limit=500)
    singles = [(f.shared, f.said.subject, f.said.predicate) for f in current if not is_many(f.said.predicate)]
    assert len(singles) == len(set(singles))
    assert not any(fact.shared for fact in current) or scope.circle
    assert not any(fact.shared and fact.said.subject == AGENT for fact in current)


async def check_sources(repository: Repository) -> None:
    async with repository.database.reading() as connection:
        lost = "SELECT count(*) FROM facts WHERE id NOT IN (SELECT fact FROM fact_sources)"
        assert (await connection.execute(text(lost))).scalar() == 0
        foreign = (
            "SELECT count(*) FROM facts JOIN fact_sources s ON s.fact = facts.id WHERE s.user != facts.user"
        )
        assert (await connection.execute(text(foreign))).scalar() == 0

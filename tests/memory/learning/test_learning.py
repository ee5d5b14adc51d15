"""From turns, wishes and corrections to facts."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from omni_memory import SqliteMemory, database
from omni_memory.learning import correct, remember, study
from omni_memory.learning.asking import grounded
from omni_memory.predicates import TOLD
from omni_memory.repository.repository import Repository

from omni_agent.errors import ModelError
from omni_agent.memory import Fact, TurnRecord
from omni_agent.messages import Image, Message, Reading, Text, TextBox
from omni_agent.testing import ScriptedModel, Step
from tests.scissors import Scissors

from .saying import ANNA, NOON, Speaker, said

pytestmark = pytest.mark.anyio

NOTHING = Step(says="[]")


def answer(*facts: tuple[str, str, str]) -> Step:
    return Step(
        says=json.dumps([dict(zip(("who", "relation", "value"), fact, strict=True)) for fact in facts])
    )


async def studied(repository: Repository, speaker: Speaker, model: ScriptedModel | None = None) -> int:
    """Does all work on facts that is left; how many pieces there were."""
    count = 0
    while (work := await repository.jobs.next()) and work.kind != "summary":
        assert await study(repository, model or ScriptedModel(), now=speaker.now)
        count += 1
    return count


async def known(repository: Repository, *, past: bool = False) -> list[str]:
    facts = await repository.facts.known(ANNA, past=past)
    return [fact.said.text for fact in facts if fact.said.predicate != TOLD]


async def test_a_turn_is_studied_once_and_its_facts_rest_on_it(repository: Repository) -> None:
    speaker = Speaker(repository)
    await speaker.says("My dentist is Dr. Huber and I live in Linz.")
    assert await studied(repository, speaker) == 1
    assert await studied(repository, speaker) == 0
    facts = await repository.facts.known(ANNA)
    assert [fact.turns for fact in facts] == [("t1",)] * 3


async def test_only_the_users_own_words_count(repository: Repository) -> None:
    speaker = Speaker(repository)
    sign = Image("media://" + "0" * 64, reading=Reading((TextBox("I live in Rome", (0, 0, 9, 9)),)))
    await speaker.says("Look at this.", sign)
    await studied(repository, speaker)
    assert await known(repository) == []


async def test_the_model_reads_what_the_rules_leave_open(repository: Repository) -> None:
    speaker = Speaker(repository)
    await speaker.says("Metformin twice a day keeps me going.")
    model = ScriptedModel(answer(("user", "takes", "metformin"), ("user", "takes", "aspirin")))
    await studied(repository, speaker, model)
    (fact,) = [one for one in await repository.facts.known(ANNA) if one.said.predicate == "takes"]
    assert (fact.said.text, fact.said.confidence) == ("Metformin twice a day keeps the user going.", 0.6)
    assert model.requests[0].format is not None


async def test_the_model_takes_the_place_of_no_sure_fact(repository: Repository) -> None:
    speaker = Speaker(repository)
    await speaker.says("I live in Linz.")
    await speaker.says("I feel quite at home around Graz.")
    await studied(repository, speaker, ScriptedModel(answer(("user", "lives_in", "Graz"))))
    assert await known(repository) == ["The user lives in Linz."]


async def test_the_model_may_tell_of_a_change(repository: Repository) -> None:
    speaker = Speaker(repository)
    await speaker.says("I live in Linz.")
    await speaker.says("Graz suits us much better now.")
    await studied(repository, speaker, ScriptedModel(answer(("user", "lives_in", "Graz"))))
    assert await known(repository) == ["Graz suits the user much better now."]


async def test_a_failing_model_costs_no_sure_fact_and_is_given_up_in_the_end(repository: Repository) -> None:
    speaker = Speaker(repository)
    await speaker.says("I live in Linz. Metformin twice a day keeps me going.")
    model = ScriptedModel(*[Step(raises=ModelError("broken")) for _ in range(3)])
    assert await studied(repository, speaker, model) == 1 + 3
    assert await known(repository) == ["The user lives in Linz."]


async def test_work_that_is_cut_off_is_done_later(repository: Repository) -> None:
    speaker = Speaker(repository)
    await speaker.says("Metformin twice a day keeps me going.")
    assert await study(repository, None, now=speaker.now)
    never = asyncio.Event()
    task = asyncio.create_task(study(repository, ScriptedModel(Step(holds=never)), now=speaker.now))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    model = ScriptedModel(answer(("user", "takes", "metformin")))
    assert await studied(repository, speaker, model) == 1
    assert await known(repository) == ["Metformin twice a day keeps the user going."]


@pytest.mark.parametrize("read", [False, True], ids=["rules", "model"])
async def test_work_that_is_cut_off_at_any_step_leaves_no_writer_waiting(
    home: Path, monkeypatch: pytest.MonkeyPatch, read: bool
) -> None:
    """A transaction that is left open would keep every other connection from writing."""
    monkeypatch.setattr(database, "_PRAGMAS", (*database._PRAGMAS, "busy_timeout=2000"))
    mine, others = SqliteMemory(), SqliteMemory()
    scissors, number = Scissors(monkeypatch), 0
    task: asyncio.Task[bool] | None = None
    while task is None or task.cancelled():
        number += 1
        words = Message("user", (Text(f"I live in Linz. Metformin {number} times a day keeps me going."),))
        turn = TurnRecord(f"t{number}", "s", (words,), "fine", "fine", "done", NOON, NOON)
        await mine.commit(ANNA, turn)
        if read:
            while await mine.study(None):
                pass
        task = await scissors.cut(mine.study(ScriptedModel(NOTHING) if read else None), number)
        await others.commit(ANNA, replace(turn, session="others"))
    assert number > 30
    await mine.close()
    await others.close()


async def test_a_joke_restores_what_it_had_replaced(repository: Repository) -> None:
    speaker = Speaker(repository)
    for words in ("I live in Linz.", "I live in Atlantis.", "Just kidding!"):
        await speaker.says(words)
    await studied(repository, speaker)
    assert await known(repository) == ["The user lives in Linz."]
    assert len(await known(repository, past=True)) == 3


async def test_a_correction_in_passing_replaces_the_one_that_is_meant(repository: Repository) -> None:
    speaker = Speaker(repository)
    await speaker.says("My dog is called Bello.")
    await speaker.says("No, my dog is called Rex.")
    await studied(repository, speaker)
    assert await known(repository) == ["The user's dog is Rex."]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("my dentist is Dr. Huber", ["The user's dentist is Dr. Huber."]),
        ("that the spare key is under the mat", ["The spare key is under the mat."]),
        ("I parked on level 3", ["The user parked on level 3."]),
        ("my sister likes my old bike", ["The user's sister likes the user's old bike."]),
        ("der Schlüssel liegt unter der Matte", ["The user said: “der Schlüssel liegt unter der Matte”."]),
        ("", []),
    ],
)
async def test_what_is_to_be_remembered_is_noted(
    repository: Repository, words: str, wanted: list[str]
) -> None:
    facts = await remember(repository, ANNA, words, Speaker(repository).turn())
    assert [fact.said.text for fact in facts] == wanted
    assert await known(repository) == wanted


async def test_what_is_remembered_rests_on_the_turn_that_goes_on(repository: Repository) -> None:
    speaker = Speaker(repository)
    (fact,) = await remember(repository, ANNA, "my dentist is Dr. Huber", speaker.turn())
    assert fact.turns == ("t1",)
    assert [turn.id for turn in await repository.conversations.history(ANNA, "s", 9)] == ["t1"]


@pytest.mark.parametrize(
    ("words", "told", "old", "new"),
    [
        ("no, it's Dr. Maier", "Your dentist is Dr. Huber.", "dentist", "The user's dentist is Dr. Maier."),
        ("that's wrong", "Your dentist is Dr. Huber.", "dentist", ""),
        ("That's not right, I live in Linz.", "You live in Graz.", "lives_in", "The user lives in Linz."),
        ("not Bello but Rex", "How is Bello today?", "dog", "The user's dog is Rex."),
        ("no, he's called Rex", "Your dog is called Bello.", "dog", "The user's dog is Rex."),
        ("wrong, my name is Anna with two n", "Hello Ana!", "name", "The user's name is Anna."),
        (
            "nein, es ist Dr. Maier",
            "Dein Zahnarzt ist Dr. Huber.",
            "dentist",
            "The user's dentist is Dr. Maier.",
        ),
    ],
)
async def test_what_is_wrong_goes_for_what_is_right(
    repository: Repository, words: str, told: str, old: str, new: str
) -> None:
    speaker = Speaker(repository)
    statements = (
        said("dentist", "Dr. Huber"),
        said("lives_in", "Graz"),
        said("dog", "Bello"),
        said("name", "Ana"),
    )
    await speaker.states(*statements)
    done = await correct(repository, ANNA, words, told, speaker.turn())
    assert [fact.said.predicate for fact in done.old] == [old]
    assert [fact.said.text for fact in done.new] == [new] * bool(new)
    assert all(not fact.current for fact in done.old)
    assert len(await known(repository)) == 3 + bool(new)


async def test_the_right_value_of_something_unknown_is_noted(repository: Repository) -> None:
    done = await correct(
        repository, ANNA, "no, it's Dr. Maier", "Your dentist is Dr. Huber.", Speaker(repository).turn()
    )
    assert [fact.said.text for fact in done.new] == ["The user's dentist is Dr. Maier."]


async def test_a_slip_is_put_right_where_the_agent_had_said_nothing_of_it(repository: Repository) -> None:
    speaker = Speaker(repository)
    await speaker.says("I live in Graz.")
    await speaker.says("My boss is a Captain Trelawny.")
    while await study(repository, None, now=speaker.now):
        pass
    words = "No, that's wrong. Trelawney. He'd have the hat back for that."
    await correct(repository, ANNA, words, "That's a very interesting job.", speaker.turn())
    facts = [fact.said.text for fact in await repository.facts.known(ANNA)]
    assert "The user's boss is a Captain Trelawney." in facts
    assert "The user lives in Graz." in facts
    assert not any("Trelawny" in text for text in facts)


async def test_a_correction_of_nothing_changes_nothing(repository: Repository) -> None:
    speaker = Speaker(repository)
    (fact,) = await speaker.states(said("name", "Anna"))
    done = await correct(repository, ANNA, "that's wrong", "It will rain.", speaker.turn())
    assert (done.old, done.new) == ((), ())
    assert (await first(repository)).id == fact.id


async def first(repository: Repository) -> Fact:
    return (await repository.facts.known(ANNA))[0]


@pytest.mark.parametrize("text", ["", "nonsense", "{}", "[1]", '[{"who": "user"}]', '[{"relation": "job"'])
def test_an_answer_that_is_no_list_of_facts_gives_none(text: str) -> None:
    assert grounded(text, "I am a nurse") == []


def test_values_that_only_point_give_no_fact() -> None:
    text = json.dumps([{"who": "user", "relation": "likes", "value": "this song"}])
    assert grounded(text, "I love this song") == []


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("Oh no, sorry, it's Fairlawn, not Fairfield.", "Fairlawn"),
        ("No, wait, it's Fairlawn, with an L.", "Fairlawn"),
        ("No, it's because of the weather.", "Fairfield"),
        ("Sorry, I am late.", "Fairfield"),
    ],
)
async def test_a_slip_of_the_turn_before_is_put_right(
    repository: Repository, words: str, wanted: str
) -> None:
    speaker = Speaker(repository)
    await speaker.says("My school is called Fairfield.")
    await speaker.says(words)
    await studied(repository, speaker, ScriptedModel(NOTHING))
    assert await known(repository) == [f"The user's school is {wanted}."]


async def test_a_thing_is_sold_by_the_name_of_its_make(repository: Repository) -> None:
    speaker = Speaker(repository)
    for words in ("My car is a green Fiesta.", "I like the sea.", "We sold the Fiesta."):
        await speaker.says(words)
    await studied(repository, speaker)
    assert await known(repository) == ["The user likes the sea."]


async def test_what_is_known_of_somebody_follows_the_right_name(repository: Repository) -> None:
    speaker = Speaker(repository)
    await speaker.states(said("sister", "Eva"), said("lives_in", "Graz", subject="Eva"))
    await correct(repository, ANNA, "no, she's called Eve", "Your sister is Eva.", speaker.turn())
    assert sorted(await known(repository)) == ["Eve lives in Graz.", "The user's sister is Eve."]

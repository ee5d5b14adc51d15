"""A question in other words than its answer: facts by what they tell, statements by meaning; no chaff."""

from __future__ import annotations

import pytest
from omni_memory.recall import meant

from omni_agent.grounding import meaning
from omni_agent.memory import Scope

from .talk import ANNA, Talk

pytestmark = pytest.mark.anyio
vectors = pytest.mark.skipif(not meaning.available(), reason="needs the word vectors of wordllama")


@pytest.mark.parametrize(
    ("question", "fact"),
    [
        ("What's my profession?", "The user works as a potter"),
        ("Which city is my home?", "The user lives in Graz"),
        ("What's my sister called?", "The user's sister is Eva"),
        ("Wie heißt meine Schwester?", "The user's sister is Eva"),
        ("我的工作是什么", "The user works as a potter"),
    ],
)
async def test_a_fact_is_found_by_what_it_is_about(talk: Talk, question: str, fact: str) -> None:
    await talk.note("I work as a potter", "I live in Graz", "my sister is called Eva", "my name is Anna")
    best = (await talk.ask(question))[0]
    assert fact in best.text
    assert best.score > 0.4  # signs that join a word with the next one count as words too


async def test_what_is_known_of_somebody_else_does_not_answer(talk: Talk) -> None:
    await talk.note("my name is Anna")
    assert all(one.score < 0.3 for one in await talk.ask("What's the name of my dog?"))


async def test_the_agents_assent_and_mere_questions_are_not_told(talk: Talk) -> None:
    told = await talk.say("The oboe is what I play.")
    await talk.say("Do you like it when I play?")
    assert await talk.sources("Which instrument do I play?") == [f"turn:{told}/user"]


async def test_what_the_agent_said_is_told_where_it_is_asked_for(talk: Talk) -> None:
    id_ = await talk.say("Any ideas?", "Read Middlemarch, a novel.")
    assert f"turn:{id_}/agent" in await talk.sources("Which novel did you recommend to me?")


async def test_an_order_to_forget_is_not_told(talk: Talk) -> None:
    await talk.say("Please forget what I told you about the password.")
    assert await talk.ask("What's the password?") == []


@vectors
async def test_what_the_user_stated_is_found_by_meaning(talk: Talk) -> None:
    meaning.vector("loaded")
    for words in ("The weather was awful.", "We painted the fence.", "Do beagles bite?"):
        await talk.say(words)
    id_ = await talk.say("Our beagle sleeps on the sofa.")
    assert (await talk.sources("What breed of dog do I have?"))[0] == f"turn:{id_}/user"


@vectors
async def test_what_was_erased_is_not_found_by_meaning(talk: Talk) -> None:
    meaning.vector("loaded")
    id_ = await talk.say("Our beagle sleeps on the sofa.")
    other = Scope("ben", "butler")
    question = "What breed of dog do I have?"
    assert f"turn:{id_}/user" in await talk.sources(question)
    assert await talk.ask(question, other) == []
    await talk.memory.forget(ANNA, "the beagle")
    assert f"turn:{id_}/user" not in await talk.sources(question)
    later = await talk.say("Our poodle barks at cyclists.")
    assert f"turn:{later}/user" in await talk.sources(question)


@vectors
async def test_a_long_history_is_caught_up_with_between_questions(talk: Talk) -> None:
    meaning.vector("loaded")
    id_ = await talk.say("Our beagle sleeps on the sofa.")
    for number in range(80):
        await talk.say(f"The train number {number} was late.")
    question = "What breed of dog do I have?"
    assert any([f"turn:{id_}/user" in await talk.sources(question) for _ in range(200)])


@pytest.mark.parametrize(
    ("text", "stated"),
    [("I have a dog.", True), ("Do I have a dog?", False), ("Forget my dog.", False), ("Okay.", False)],
)
@vectors
def test_what_states_something(text: str, stated: bool) -> None:
    assert bool(meant.vectors([text]).any()) is stated

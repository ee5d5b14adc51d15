"""What is told beside words that do not ask memory for anything: little, as each word of it costs time."""

from __future__ import annotations

import pytest

from omni_agent.memory import InView

from .talk import NOW, Talk

pytestmark = pytest.mark.anyio
HERE = InView("now", NOW)
FAMILY = "My brother Anselm plays the trombone in a brass band."


async def told(talk: Talk, words: str) -> list[str]:
    return [one.text for one in await talk.ask(words, seen=HERE)]


async def chatter(talk: Talk) -> None:
    for matter in ("chess", "old maps", "snow", "clay pots"):
        await talk.say(f"I read a long article about {matter} on the train.", "Did you?", session=matter)
        await talk.say(f"Honestly, I know far too little about {matter}.", "I see.", session=matter)


@pytest.mark.parametrize(
    "words",
    [
        "I read a long article about lighthouses on the train.",
        "Honestly, I know far too little about birds.",
        "How would you explain snow and chess to a child?",
        "What do you think of chess?",
        "Tell me something short about snow.",
        "Why do people like clay pots so much?",
        "What is the nicest thing about old maps?",
    ],
)
async def test_talk_of_the_world_that_resembles_other_talk_costs_nothing(talk: Talk, words: str) -> None:
    await chatter(talk)
    assert await told(talk, words) == []
    assert await talk.ask(words), "a search finds what is alike"


@pytest.mark.parametrize(
    "words", ["I talked to Anselm today.", "When does Anselm's band play?", "Hey, is Anselm any good?"]
)
async def test_whom_the_words_name_is_told_of(talk: Talk, words: str) -> None:
    await talk.say(FAMILY, "How nice.")
    await chatter(talk)
    found = await told(talk, words)
    assert FAMILY in found[0]
    assert len(found) <= 2


async def test_the_one_thing_that_the_words_mean_is_told(talk: Talk) -> None:
    await talk.say("I have an interview at the harbour office on Monday.", "Good luck!")
    await chatter(talk)
    assert "interview" in (await told(talk, "The interview at the harbour went quite well."))[0]


@pytest.mark.parametrize(
    "words", ["When is the interview?", "Is the interview at the harbour?", "Hey, what about that interview?"]
)
async def test_a_question_is_told_what_meets_nearly_all_of_it(talk: Talk, words: str) -> None:
    await talk.say("I have an interview at the harbour office on Monday.", "Good luck!")
    await chatter(talk)
    assert "interview" in (await told(talk, words))[0]


@pytest.mark.parametrize("words", ["Good morning!", "Hello again.", "Thanks, that's nice of you.", "Okay."])
async def test_a_greeting_costs_nothing(talk: Talk, words: str) -> None:
    await talk.say("Good morning, I'm in a hurry again.", "Good morning!")
    await chatter(talk)
    assert await told(talk, words) == []


async def test_the_same_turn_of_phrase_about_something_else_is_no_match(talk: Talk) -> None:
    await talk.say("Somebody at work talked about thunderstorms all morning.", "Did they?")
    assert await told(talk, "Somebody at work talked about handwriting all morning.") == []


@pytest.mark.parametrize(
    "words", ["What did I read about on the train?", "What was the article about?", "¿Qué leí de chess?"]
)
async def test_a_question_about_the_user_or_what_was_is_given_all_that_fits(talk: Talk, words: str) -> None:
    await chatter(talk)
    assert len(await told(talk, words)) > 2


async def test_what_was_asked_or_answered_is_not_told_in_passing(talk: Talk) -> None:
    await talk.say("Is there a ferry to Corfu?", "There is a ferry to Corfu at noon.", days_ago=2)
    assert await told(talk, "Corfu has no ferry in winter.") == []
    assert await told(talk, "What did you say about the ferry to Corfu?")

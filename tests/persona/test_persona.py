"""Who the agent is: the prompt that says so, and the languages, openings and fillers."""

from __future__ import annotations

from typing import Any

import pytest

from omni_agent import Persona
from omni_agent.errors import ConfigError
from omni_agent.persona import FILLERS

FULL = Persona(
    name="Johann",
    relationship="the butler of the house",
    style="choice words",
    tone="calm",
    register="formal",
    languages=("de", "fr"),
    max_words=40,
    dos=("offer tea", "bow"),
    donts=("hurry",),
    instructions="Never mention coffee.",
)


def test_the_prompt_says_what_was_asked_for_and_does_not_change() -> None:
    prompt = FULL.prompt("Johann")
    assert prompt == FULL.prompt("Johann")
    assert prompt.splitlines() == [
        "You are Johann, the butler of the house.",
        "Your style: choice words.",
        "Your tone: calm.",
        "Address the user formally: Sie in German, vous in French.",
        "Always: offer tea; bow.",
        "Never: hurry.",
        "Never mention coffee.",
        "Answer in plain spoken sentences: no lists, no markdown, no emoji.",
        "Use at most 30 words.",
        "Answer in German or French.",
    ]


def test_a_persona_without_properties_says_little() -> None:
    assert Persona().prompt("Omni").splitlines() == [
        "You are Omni, a voice assistant.",
        "Answer in plain spoken sentences: no lists, no markdown, no emoji.",
        "Answer in the user's language.",
    ]


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ({"max_words": 3}, 3),
        ({"max_words": 1}, 1),
        ({"max_words": 100}, 75),
        ({"max_seconds": 20.0}, 34),
        ({"max_seconds": 20.0, "rate": 0.5}, 17),
        ({"max_seconds": 20.0, "max_words": 8}, 6),
    ],
)
def test_it_is_told_to_stay_below_its_limit(limits: dict[str, Any], told: int) -> None:
    assert f"Use at most {told} words." in Persona(**limits).prompt("Omni")


def test_it_addresses_people_in_any_language_as_it_was_told() -> None:
    assert "informally: du, tu, tú." in Persona(register="informal").prompt("Omni")
    assert "Address the user formally." in Persona(register="formal", languages=("en",)).prompt("Omni")


def test_the_reply_is_in_the_users_language_unless_the_persona_has_its_own() -> None:
    assert Persona().reply_language("fr") == "fr"
    assert Persona(languages=("en", "de")).reply_language("de") == "de"
    assert Persona(languages=("en", "de")).reply_language("fr") == "en"
    assert Persona(languages=("en",)).reply_language("") == "en"


def test_it_opens_in_the_language_that_is_wanted_or_else_in_its_own() -> None:
    table = {"fr": "Bonjour.", "de": "Guten Tag."}
    assert Persona(opening=table).greeting("de") == "Guten Tag."
    assert Persona(opening=table, languages=("de",)).greeting("es") == "Guten Tag."
    assert Persona(opening=table).greeting() == "Bonjour."
    assert Persona(opening="Ahoy!").greeting("de") == "Ahoy!"
    assert Persona().greeting() == ""


def test_it_covers_a_wait_in_its_own_words_or_in_those_of_its_language() -> None:
    assert Persona(fillers=("Hold fast.",)).filler("de", "t") == "Hold fast."
    assert Persona(languages=("de",)).filler("", "t") in FILLERS["de"]
    assert Persona().filler("xx", "t") in FILLERS["en"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_words": 0},
        {"rate": 5.0},
        {"rate": 0.0},
        {"max_seconds": 0.5},
        {"max_seconds": float("nan")},
        {"register": "royal"},
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        Persona(**wrong)

"""What the rules read out of people's words, and what they leave alone."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from omni_memory.learning.reading import read
from omni_memory.learning.sentences import sentences

from omni_agent.memory import AGENT, USER, Statement

from .saying import NOON

CASES = [
    case
    for name in ("cases", "everyday")
    for case in tomllib.loads((Path(__file__).parent / f"{name}.toml").read_text(encoding="utf-8"))["case"]
]


def stated(words: str, **options: Any) -> list[Statement]:
    """What says something by itself: an end without a value goes with another."""
    found = read(words, NOON, **options).statements
    return [said for said in found if said.object or said.valid_to]


def told(words: str, **options: Any) -> list[str]:
    return [said.text for said in stated(words, **options)]


@pytest.mark.parametrize("case", [c for c in CASES if "facts" not in c], ids=lambda case: case["said"][:40])
def test_questions_jokes_quotes_and_play_state_nothing(case: dict[str, Any]) -> None:
    assert told(case["said"]) == []


def test_the_rules_read_the_sure_cases() -> None:
    wanted = [
        (case["said"], want) for case in CASES if case.get("by") != "model" for want in case.get("facts", ())
    ]
    missed = [(words, want) for words, want in wanted if not any(map(fits(want), stated(words)))]
    assert missed == []


def test_the_rules_read_nothing_else() -> None:
    wrong = [
        (case["said"], said.text)
        for case in CASES
        for said in stated(case["said"])
        if not any(fits(want)(said) for want in case.get("facts", ()))
    ]
    assert wrong == []


def fits(wanted: str) -> Any:
    subject, predicate, value = (part.strip().casefold() for part in wanted.split("|"))

    def fitting(said: Statement) -> bool:
        named = predicate in ("*", said.predicate)
        return named and said.subject.casefold() == subject and value in said.object.casefold()

    return fitting


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("Ich heiße Jonas und wohne in Kiel.", ["The user's name is Jonas.", "The user lives in Kiel."]),
        ("Meine Schwester Lena wohnt in Bremen.", ["The user's sister is Lena.", "Lena lives in Bremen."]),
        ("Ich bin allergisch gegen Erdbeeren.", ["The user is allergic to Erdbeeren."]),
        (
            "Je m'appelle Chloé et j'habite à Nantes.",
            ["The user's name is Chloé.", "The user lives in Nantes."],
        ),
        ("Mon chat s'appelle Moka.", ["The user's cat is Moka."]),
        ("Me llamo Diego y vivo en Bilbao.", ["The user's name is Diego.", "The user lives in Bilbao."]),
        ("No me gusta el pescado.", ["The user does not like pescado."]),
        ("Mi chiamo Marco e vivo a Torino.", ["The user's name is Marco.", "The user lives in Torino."]),
        ("Ho 52 anni.", ["The user is 52 years old."]),
        ("Meu nome é Rita e moro em Braga.", ["The user's name is Rita.", "The user lives in Braga."]),
        ("Sou alérgica a amendoim.", ["The user is allergic to amendoim."]),
        ("私の名前は佐藤です。京都に住んでいます。", ["The user's name is 佐藤.", "The user lives in 京都."]),
        ("猫の名前はタマです。", ["The user's cat is タマ."]),
        ("我叫李雷，我住在上海。", ["The user's name is 李雷.", "The user lives in 上海."]),
        ("我不喜欢咖啡。", ["The user does not like 咖啡."]),
    ],
)
def test_other_languages_are_read_without_being_named(words: str, wanted: list[str]) -> None:
    assert told(words) == wanted


@pytest.mark.parametrize(
    "words",
    [
        "Wohne ich in Kiel?",
        "Wenn ich in Kiel wohnen würde, wäre ich froh.",
        "Er sagt: „Ich liebe Bier“.",
        "Si j'habitais à Nantes, je serais heureuse.",
        "¿Dónde vivo?",
        "Se io vivessi a Torino sarei felice.",
        "Talvez eu seja alérgica a amendoim.",
        "私はどこに住んでいますか",
        "如果我住在上海就好了",
    ],
)
def test_questions_and_wishes_of_other_languages_state_nothing(words: str) -> None:
    assert told(words) == []


def test_a_statement_before_a_question_counts() -> None:
    assert told("I'm allergic to nuts, what can I eat?") == ["The user is allergic to nuts."]
    assert told("My name is Bo, isn't it?") == []


def test_a_statement_before_a_wish_counts() -> None:
    assert read("Plum and ginger jam, that's what I like best, I'd have it on everything.", NOON).notes == (
        "Plum and ginger jam, that's what I like best.",
    )
    assert read("Given the chance, I'd be a sailor.", NOON).notes == ()


def test_a_joke_takes_back_its_own_turn_or_the_one_before() -> None:
    assert not read("I live on the moon. Just kidding!", NOON).joke
    assert told("I live on the moon. Just kidding, I live in Kiel.") == ["The user lives in Kiel."]
    assert read("Just kidding!", NOON).joke


def test_pronouns_go_to_whom_was_spoken_of() -> None:
    said = told("I have a sister. Her name is Eva. She lives in Graz and works at the zoo.")
    assert said[1:] == ["The user's sister is Eva.", "Eva lives in Graz.", "Eva works at the zoo."]


def test_names_are_known_from_before() -> None:
    assert told("eva lives in graz", names={"eva": "Eva"}) == ["Eva lives in Graz."]
    assert told("eva lives in graz") == []


def test_what_is_said_of_the_agent_is_about_the_agent() -> None:
    (said,) = stated("From now on I'll call you Jeeves.")
    assert (said.subject, said.predicate, said.object) == (AGENT, "name", "Jeeves")


def test_times_say_since_when() -> None:
    (since,) = stated("We have lived in Kiel since 2019.")
    assert since.valid_from is not None
    assert (since.object, since.valid_from.year) == ("Kiel", 2019)
    (sold,) = stated("We sold the boat last year.")
    assert sold.ends
    assert sold.valid_to is not None
    assert sold.valid_to.year == 2025


def test_an_age_holds_from_when_it_was_said() -> None:
    (said,) = stated("I'm 41.")
    assert said.valid_from == NOON


def test_what_is_over_ends() -> None:
    (said,) = stated("I no longer work at Siemens.")
    assert (said.ends, said.object, said.valid_to) == (True, "Siemens", NOON)


def test_what_the_rules_leave_is_open_for_the_model() -> None:
    assert read("Metformin twice a day keeps me going.", NOON).open == (
        "Metformin twice a day keeps me going",
    )
    assert read("The sky is blue. What do I take?", NOON).open == ()
    assert read("I'm so tired.", NOON).open == ()


def test_full_stops_in_names_and_dates_end_no_sentence() -> None:
    found = [sentence.text for sentence in sentences("My dentist is Dr. Huber. Is it? Ja, am 3. Mai.")]
    assert found == ["My dentist is Dr. Huber", "Is it", "Ja, am 3. Mai"]


@given(st.text(max_size=60), st.sampled_from(["", "en", "de", "fr", "es", "it", "pt", "ja", "zh"]))
def test_any_words_are_read_without_failing(words: str, language: str) -> None:
    for said in read(words, NOON, language=language).statements:
        assert said.predicate
        assert said.subject


@given(
    st.lists(
        st.sampled_from(["i", "my", "live", "in", "name", "is", "and", ",", "dog", "Rex", "?", '"']),
        max_size=14,
    )
)
def test_values_are_the_users_words(words: list[str]) -> None:
    line = " ".join(words)
    for said in read(line, NOON).statements:
        assert set(said.object.casefold().split()) <= set(
            line.casefold().replace("?", " ").replace('"', " ").replace(",", " ").split()
        )
        assert said.subject == USER or said.subject.casefold() in line.casefold()

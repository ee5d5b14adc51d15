"""What is taken for a request to memory, in eight languages, and what is not."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from omni_agent.memory import TurnRecord
from omni_agent.messages import Audio, Hearing, Image, Message, Text, ToolCall
from omni_agent.remembering import asked, request_of, rests_on
from omni_agent.remembering.phrases import LANGUAGES

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TABLES = tomllib.loads((Path(__file__).parent / "cases.toml").read_text(encoding="utf-8"))
CASES = [
    (language, table["told"], *(part.strip() for part in line.split("|")))
    for language, table in TABLES.items()
    for line in table["cases"].strip().splitlines()
]
TOLD = "Your dentist is Dr. Huber."


def found(words: str, told: str, language: str) -> tuple[str, str]:
    request = asked(words, told, language)
    if request is None:
        return "none", ""
    return request.kind, "" if request.kind == "correct" else request.what


def turn(said: str, answer: str, *calls: str, id: str = "t1") -> TurnRecord:  # noqa: A002 - the field's name
    called = tuple(ToolCall(f"call_{name}", name, {}) for name in calls)
    messages = (Message("user", (Text(said),)), Message("assistant", (*called, Text(answer))))
    return TurnRecord(id, "s", messages, answer, answer, "done", NOON, NOON)


def typed(words: str) -> Message:
    return Message("user", (Text(words),))


def call_of(words: str, *history: TurnRecord) -> tuple[str, dict[str, object]] | None:
    call = request_of(typed(words), history)
    return (call.name, call.arguments) if call else None


@pytest.mark.parametrize("hint", ["own", ""])
def test_the_table(hint: str) -> None:
    wrong = [
        (words, got, (kind, what))
        for language, told, kind, what, words in CASES
        if (got := found(words, told, language if hint else "")) != (kind, what.replace("’", "'"))
    ]
    assert not wrong
    assert len(CASES) >= 120
    assert set(TABLES) == set(LANGUAGES)


@pytest.mark.parametrize(
    "change", [str.upper, str.lower, lambda words: words.rstrip(".!。").replace(",", "")]
)
def test_case_and_punctuation_do_not_matter(change: Callable[[str], str]) -> None:
    """Recognisers write as they like. A comma is all that tells some corrections from plain sentences."""
    told = {language: table["told"] for language, table in TABLES.items()}
    sure = [(lang, words, kind) for lang, _, kind, _, words in CASES if kind in ("forget_all", "about")]
    assert sure
    for language, words, kind in sure:
        assert found(change(words), told[language], language)[0] == kind, words


WORD = st.sampled_from(sorted({word for *_, words in CASES for word in words.split()}))


@given(st.lists(WORD, max_size=25).map(" ".join) | st.text(max_size=80), st.sampled_from(["", TOLD]))
@example("remember " + "." * 500, TOLD)
@example("no " + ", . " * 140, TOLD)
@example("remember that \ud800 is mine", "")
def test_nothing_breaks_it(words: str, told: str) -> None:
    for language in ("", "en", "xx"):
        request = asked(words, told, language, noted=True)
        assert request is None or request.what == request.what.strip()
        assert request is None or told or request.kind != "correct"


@given(
    st.sampled_from([(words, told, lang) for lang, told, *_, words in CASES]), st.text(" \n\t.,!", max_size=6)
)
def test_space_around_changes_nothing(case: tuple[str, str, str], around: str) -> None:
    words, told, language = case
    got, plain = found(around + words, told, language), found(words, told, language)
    assert got[0] == plain[0]


def test_a_long_text_is_no_request() -> None:
    assert asked("Remember that my dentist is Dr. Huber. " + "This was in the letter. " * 40, "") is None


def test_the_words_become_a_call() -> None:
    assert call_of("Remember that my dentist is Dr. Huber.") == (
        "remember",
        {"what": "my dentist is Dr. Huber"},
    )
    assert call_of("Forget my address.") == ("forget", {"what": "my address"})
    assert call_of("Forget everything about me.") == ("forget", {})
    assert call_of("What do you know about me?") == ("about_me", {})
    assert call_of("What do you know about my family?") == ("about_me", {"topic": "my family"})
    assert call_of("What is the weather?") is None


def test_a_correction_needs_something_told_from_memory() -> None:
    words = "That's wrong, it's Dr. Maier."
    assert call_of(words, turn("Who is my dentist?", TOLD)) == (
        "correct_memory",
        {"said": words, "told": TOLD},
    )
    assert call_of(words, turn("What do you know about me?", TOLD, "about_me")) is not None
    assert call_of(words, turn("Who is my dentist?", "Dr. Huber is the dentist.")) is not None
    assert call_of(words) is None
    assert call_of("That's wrong, it's 12.", turn("What is five and six?", "Five and six is ten.")) is None
    assert call_of(words, turn("Who has an appointment?", "Your guest is Dr. Huber.", "calendar")) is None


def test_what_was_said_just_before_is_remembered() -> None:
    before = turn("My sister is called Eva", "Nice!")
    assert call_of("Remember that.", before) == ("remember", {"what": "My sister is called Eva"})
    assert call_of("Forget what I just said.", before) == ("forget", {"what": "My sister is called Eva"})
    assert call_of("Remember that.") is None
    assert call_of("Remember that.", turn("Who is my sister?", "Eva.")) is None
    shown = Message("user", (Text("Remember this."), Image("media://" + "0" * 64)))
    assert request_of(shown, [before]) is None


def test_undoing_needs_something_noted() -> None:
    noted = turn("Remember that I like tea", "I will.", "remember")
    assert call_of("Undo that.", noted) == ("undo", {})
    assert call_of("Forget it.", noted) == ("undo", {})
    assert call_of("Vergiss das.", noted) == ("undo", {})
    assert call_of("Forget it.", turn("Set a timer", "It runs.", "set_timer")) is None


def test_the_id_is_stable_and_of_this_place_only() -> None:
    one, other = turn("Hi", "Hello", id="t1"), turn("Hi", "Hello", id="t2")
    ids = [getattr(request_of(typed("Forget my address."), [past]), "id", "") for past in (one, one, other)]
    assert ids[0] == ids[1] != ids[2]


def test_what_an_argument_rests_on() -> None:
    heard = Hearing("Remember that I’m out on Mondays", language="en", confidence=0.9)
    message = Message("user", (Audio("media://" + "0" * 64, hearing=heard),))
    call = request_of(message, [], "en")
    assert call
    (rests,) = rests_on(call, message).values()
    first, last = rests["span"]
    assert heard.text[first:last] == "I’m out on Mondays"
    before = request_of(typed("Remember that."), [turn("I like tea", "Fine.")])
    assert before
    assert rests_on(before, typed("Remember that."))["what"] == {"source": "earlier", "text": "I like tea"}

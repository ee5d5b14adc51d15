"""Ground: what is kept, dropped, mended, filled in and asked for; what holds of any call and any words."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from omni_agent.grounding import Evidence, Grounded, ground, meaning, prewarm
from omni_agent.messages import Audio, Hearing, JsonObject, Message, Text, ToolCall, ToolResult, ToolSpec
from tests.grounding.case import Case, cases

NOW = datetime(2026, 11, 23, 10)
CASES = list(cases())
PARAMETERS: JsonObject = {
    "type": "object",
    "required": ["place", "minutes"],
    "properties": {
        "place": {"enum": ["attic", "cellar", "front hall"]},
        "minutes": {"type": "integer", "x-unit": "minute", "minimum": 1, "maximum": 500},
        "level": {"type": "integer", "description": "How strong."},
        "silent": {"type": "boolean"},
        "note": {"type": "string"},
        "day": {"type": "string", "format": "date"},
        "who": {"type": "string", "x-vocabulary": ["John Smith", "Anne Marchand"]},
        "letter": {"type": "string", "x-ground": False},
        "colours": {"type": "array", "items": {"enum": ["red", "blue", "green"]}},
    },
}
TOOL = ToolSpec("inspect", "Inspect a place.", PARAMETERS)


def grounded(said: str, arguments: JsonObject, language: str = "", **evidence: Any) -> Grounded:
    (one,) = ground([ToolCall("c", TOOL.name, arguments)], [TOOL], Evidence(said, NOW, language, **evidence))
    return one


def kept(said: str, language: str = "", **arguments: Any) -> JsonObject:
    return grounded(said, arguments, language).call.arguments


@pytest.mark.parametrize(
    ("said", "written", "expected"),
    [
        ("the attic, ten minutes", {"place": "attic", "minutes": 10}, {"place": "attic", "minutes": 10}),
        ("the attic", {"place": "attic", "level": 3}, {"place": "attic"}),
        ("the attic", {"place": "cellar"}, {"place": "attic"}),
        ("the attic, no, the cellar", {"place": "attic"}, {"place": "cellar"}),
        ("the attic for half an hour", {"place": "attic"}, {"place": "attic", "minutes": 30}),
        ("the attic, level four", {"place": "attic", "level": 5}, {"place": "attic", "level": 4}),
        ("the attic, silent", {"place": "attic"}, {"place": "attic", "silent": True}),
        ("the attic, not silent", {"place": "attic", "silent": True}, {"place": "attic", "silent": False}),
        ("red and green, not blue", {"colours": ["red", "blue"]}, {"colours": ["red", "green"]}),
        ("tomorrow", {"day": "2026-12-31"}, {"day": "2026-11-24"}),
        ("with Jon Smyth", {"who": "Jon Smyth"}, {"who": "John Smith"}),
        ("the attic", {"place": "attic", "note": "Bring a ladder"}, {"place": "attic"}),
    ],
)
def test_values_rest_on_words(said: str, written: JsonObject, expected: JsonObject) -> None:
    assert kept(said, **written) == expected


MEASURED: JsonObject = {
    "type": "object",
    "required": ["field", "seconds", "speed", "symbol"],
    "properties": {
        "field": {"type": "integer", "description": "Of the magnet, in tesla."},
        "seconds": {"type": "integer", "description": "The change in time in seconds."},
        "speed": {"type": "number", "description": "At the start, in metres a second."},
        "symbol": {"type": "string"},
    },
}


@pytest.mark.parametrize(
    ("said", "name", "value"),
    [
        ("it started from rest", "speed", 0),
        ("it was not at home", "speed", None),
        ("a change of 10 seconds", "seconds", 10),
        ("shares of Apple and Microsoft", "symbol", "AAPL"),
        ("shares of Apple and Microsoft", "symbol", "MSFT"),
        ("shares of Apple and Microsoft", "symbol", "TSLA"),
        ("a bag of apples", "symbol", "AAPL"),
    ],
)
def test_what_is_said_for_nothing_and_what_letters_are_short_for(said: str, name: str, value: object) -> None:
    tool = ToolSpec("measure", "Measure.", MEASURED)
    written = {"field": 10} if name == "seconds" else {}
    (one,) = ground(
        [ToolCall("c", "measure", {**written, name: 0 if value is None else value})], [tool], Evidence(said)
    )
    refused = value in (None, "TSLA") or said == "a bag of apples"
    assert one.call.arguments == ({} if refused else {name: value})


def test_a_required_value_that_nothing_supports_is_asked_for() -> None:
    one = grounded("the attic", {"place": "attic", "minutes": 45})
    assert one.missing == ("minutes",)
    assert "minutes" not in one.call.arguments


def test_a_text_that_the_model_composes_is_kept_as_it_is() -> None:
    one = grounded("the attic", {"place": "attic", "letter": "Dear all, we came and saw. Yours"})
    assert one.call.arguments["letter"] == "Dear all, we came and saw. Yours"
    assert one.provenance["letter"].source == "meaning"


def test_words_of_a_composed_text_stay_free_for_others() -> None:
    assert kept("the attic", letter="In the attic")["place"] == "attic"


def test_provenance_has_the_words_and_when_they_were_spoken() -> None:
    said = "the attic"
    one = grounded(said, {"place": "attic"}, seconds={(0, 3): (0.0, 0.2), (4, 9): (0.3, 0.8)})
    rests = one.provenance["place"]
    assert (rests.source, rests.text, rests.span, rests.seconds) == ("words", "attic", (4, 9), (0.3, 0.8))
    assert rests.to_json() == {"source": "words", "text": "attic", "span": [4, 9], "seconds": [0.3, 0.8]}


def test_pictures_results_and_earlier_turns_support_too() -> None:
    picture = grounded("like in the photo", {"place": "cellar"}, pictures=("Cellar, 20 min",))
    assert picture.provenance["place"].source == "picture"
    result = grounded("where it is", {"place": "cellar"}, results=("It is in the cellar",))
    assert result.provenance["place"].source == "result"
    both = grounded("where it is", {"place": "cellar"}, pictures=("A house",), results=("In the cellar",))
    assert both.provenance["place"].source == "result"
    call = Message("assistant", (ToolCall("e", TOOL.name, {"place": "attic", "minutes": 5}),))
    again = grounded("the same again", {}, earlier=(call,))
    assert again.call.arguments == {"place": "attic", "minutes": 5}
    assert {rests.source for rests in again.provenance.values()} == {"earlier"}


def test_a_switch_is_not_confused_with_the_number_one() -> None:
    call = Message("assistant", (ToolCall("e", TOOL.name, {"level": 1}),))
    assert "silent" not in grounded("do it there", {"silent": True}, earlier=(call,)).call.arguments


def test_evidence_of_a_turn_is_what_was_typed_heard_and_done() -> None:
    user = Message("user", (Text("the"), Audio("a", hearing=Hearing("attic", "en"))))
    result = Message("tool", (ToolResult("c", "look", "done", "42"),))
    evidence = Evidence.of((), (user, result), NOW)
    assert (evidence.said, evidence.results) == ("the attic", ("42",))


def test_a_call_of_an_unknown_tool_stays_as_it_is() -> None:
    call = ToolCall("c", "unknown", {"place": "moon"})
    assert ground([call], [TOOL], Evidence("the attic", NOW)) == [Grounded(call, {})]


def test_two_calls_in_one_breath_keep_their_own_values() -> None:
    calls = [
        ToolCall("a", TOOL.name, {"place": "attic", "minutes": 5}),
        ToolCall("b", TOOL.name, {"place": "cellar", "minutes": 5}),
    ]
    evidence = Evidence("the attic for five minutes and the cellar for ten minutes", NOW)
    made = [one.call.arguments for one in ground(calls, [TOOL], evidence)]
    assert made == [{"place": "attic", "minutes": 5}, {"place": "cellar", "minutes": 10}]


class TestOtherLanguages:
    """The words of a schema are English while the user speaks another language."""

    @pytest.mark.parametrize(
        ("language", "said"),
        [("de", "Schau bitte leise im Keller nach"), ("fr", "Regarde à la cave"), ("ja", "地下室を見て")],
    )
    def test_what_was_chosen_from_the_schema_stands(self, language: str, said: str) -> None:
        written = {"place": "cellar", "silent": True, "colours": ["red"], "day": "2026-11-24"}
        assert kept(said, language, **written) == written

    @pytest.mark.parametrize(
        ("language", "said", "level"),
        [("de", "Stufe einundzwanzig", 21), ("de", "Stufe 4", 4), ("fr", "niveau vingt-deux", 22)],
    )
    def test_numbers_rest_on_digits_and_number_words(self, language: str, said: str, level: int) -> None:
        assert kept(said, language, level=level) == {"level": level}
        assert kept(said, language, level=level + 1) == {}

    def test_number_words_that_cannot_be_read_are_believed(self) -> None:
        assert kept("taso kaksi", "fi", level=2) == {"level": 2}
        assert kept("zwei Stunden", "de", minutes=120) == {"minutes": 120}

    def test_an_optional_text_rests_on_the_words_a_required_one_is_kept(self) -> None:
        assert kept("Notiz: Leiter mitbringen", "de", note="Leiter mitbringen") == {
            "note": "Leiter mitbringen"
        }
        assert kept("Schau im Keller", "de", note="Leiter mitbringen") == {}
        assert kept("メモは梯子です", "ja", note="梯子") == {"note": "梯子"}
        needed = ToolSpec("say", "", {"required": ["text"], "properties": {"text": {"type": "string"}}})
        (one,) = ground([ToolCall("c", "say", {"text": "hello"})], [needed], Evidence("Hallo", NOW, "de"))
        assert (one.call.arguments, one.missing) == ({"text": "hello"}, ())

    def test_nothing_is_filled_in(self) -> None:
        assert kept("attic", "de", level=None) == {}
        assert grounded("attic", {}, "de").missing == ("place", "minutes")

    @pytest.mark.parametrize("language", ["de", "ja", "fi"])
    def test_choices_of_every_case_stand(self, language: str) -> None:
        """Objects within a call included."""
        for case in CASES:
            said = case.evidence("Wie besprochen", language)
            for call, one in zip(case.calls, ground(case.calls, case.tools, said), strict=True):
                schema = next(tool.parameters for tool in case.tools if tool.name == call.name)
                for name, part in schema["properties"].items():
                    if name in call.arguments and ("enum" in part or part.get("type") == "boolean"):
                        assert one.call.arguments[name] == call.arguments[name]


def loosely(schema: JsonObject) -> st.SearchStrategy[Any]:
    """Values that a model may write for a schema: mostly of its type, not always within its limits."""
    if "enum" in schema:
        return st.sampled_from([*schema["enum"], "none of these"])
    match schema.get("type"):
        case "integer" | "number":
            return st.integers(-5, 5000) | st.floats(allow_nan=False, allow_infinity=False)
        case "boolean":
            return st.booleans()
        case "array":
            return st.lists(loosely(schema.get("items", {})), max_size=3)
        case "object":
            members = {name: loosely(part) for name, part in schema.get("properties", {}).items()}
            return st.fixed_dictionaries({}, optional=members)
        case _:
            dates = st.sampled_from(["2026-11-24", "18:30", "2026-11-24T18:30:00", "", "tomorrow"])
            return dates | st.text(max_size=20)


@st.composite
def loose_calls(draw: st.DrawFn) -> tuple[Case, list[ToolCall], str]:
    """A case's tools, calls of them, and words: any, or some of several cases."""
    case = draw(st.sampled_from(CASES))
    chosen = draw(st.lists(st.sampled_from(case.tools), min_size=1, max_size=3))
    calls = [ToolCall(f"c{i}", tool.name, draw(loosely(tool.parameters))) for i, tool in enumerate(chosen)]
    spoken = st.sampled_from(CASES).map(lambda other: str(other.data["said"]))
    said = draw(st.text(max_size=60) | st.lists(spoken, max_size=2).map(" ".join))
    return case, calls, said


@given(loose_calls(), st.sampled_from(["", "en", "de", "ja", "fi", "xx"]))
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_no_call_and_no_words_break_it(drawn: tuple[Case, list[ToolCall], str], language: str) -> None:
    case, calls, said = drawn
    made = ground(calls, case.tools, case.evidence(said, language))
    assert len(made) >= len(calls)
    for one in made:
        for rests in one.provenance.values():
            assert rests.span is None or said[slice(*rests.span)] == rests.text


@st.composite
def quoted_calls(draw: st.DrawFn) -> tuple[str, JsonObject, JsonObject]:
    """A schema of enums and numbers, a call, and a sentence that names each of its values."""
    words = ["crimson", "velvet", "copper", "walnut", "granite", "marble", "linen", "cedar", "ivory"]
    names = draw(st.lists(st.sampled_from(["finish", "frame", "cover"]), min_size=1, max_size=3, unique=True))
    values = draw(st.permutations(words))
    properties: JsonObject = {
        name: {"enum": list(values[i * 3 : i * 3 + 3])} for i, name in enumerate(names)
    } | {name: {"type": "integer"} for name in ("depth", "height")}
    arguments = {name: draw(st.sampled_from(properties[name]["enum"])) for name in names}
    arguments |= {name: draw(st.integers(2, 9999)) for name in ("depth", "height")}
    said = ", ".join(f"{name} {value}" for name, value in draw(st.permutations(list(arguments.items()))))
    return said, {"type": "object", "required": names, "properties": properties}, arguments


@given(quoted_calls())
def test_what_is_quoted_comes_back_unchanged(drawn: tuple[str, JsonObject, JsonObject]) -> None:
    said, schema, arguments = drawn
    tool = ToolSpec("order", "", schema)
    (one,) = ground([ToolCall("c", "order", arguments)], [tool], Evidence(said, NOW))
    assert (one.call.arguments, one.missing) == (arguments, ())
    assert {rests.source for rests in one.provenance.values()} == {"words"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_twice_is_once(case: Case) -> None:
    once = case.ground()
    twice = ground([one.call for one in once], case.tools, case.evidence())
    assert [one.call.arguments for one in twice] == [one.call.arguments for one in once]


def test_without_word_vectors_nothing_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meaning, "available", lambda: False)
    passed = [case.passes() for case in CASES]
    assert math.fsum(passed) > 0.8 * len(passed)


def test_prewarm_may_be_called_again() -> None:
    prewarm()
    prewarm()

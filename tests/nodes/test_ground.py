"""What runs of what a model calls: grounded in what was said."""

from __future__ import annotations

from typing import Any

import pytest

from omni_agent.errors import ModelError
from omni_agent.events import ToolFinished
from omni_agent.memory import TransientMemory
from omni_agent.messages import HeardWord, Hearing, ToolCall, ToolResult
from omni_agent.models.base import Capabilities
from omni_agent.speech.pcm import Pcm
from omni_agent.testing import ScriptedEars, Step
from tests.nodes.bar import INVENTS, agent, collected, ran, remembered, started, turn

pytestmark = pytest.mark.anyio


async def test_what_nobody_said_is_dropped_before_the_tool_runs() -> None:
    memory = TransientMemory()
    invented = {"drink": "latte", "size": "large", "sugar": True}
    await turn(
        "a large latte please",
        Step(calls={"order": invented}),
        Step("large latte", says="Coming."),
        memory=memory,
    )
    assert ran == [("order", {"drink": "latte", "size": "large", "sugar": False})]
    _, said, result, _ = await remembered(memory)
    assert said.tool_calls == (ToolCall("call_1", "order", {"drink": "latte", "size": "large"}),)
    assert isinstance(result.parts[0], ToolResult)
    assert result.parts[0].call_id == "call_1"


async def test_the_model_sees_of_itself_what_ran() -> None:
    def shown(request: Any) -> bool:
        calls = [call.arguments for message in request.messages for call in message.tool_calls]
        return calls == [{"drink": "latte", "size": "large"}]

    await turn(
        "a large latte please",
        Step(says="Right away.", calls={"order": {"drink": "latte", "sugar": True}}),
        Step(lambda request: shown(request) and request.messages[-2].text == "Right away.", says="Done."),
    )


async def test_what_the_model_forgot_is_filled_in() -> None:
    await turn(
        "a large latte please", Step(calls={"order": {"drink": "latte"}}), Step("large latte", says="Coming.")
    )
    assert ran == [("order", {"drink": "latte", "size": "large", "sugar": False})]


async def test_what_is_needed_and_was_not_said_is_asked_for() -> None:
    events = await turn(
        "set a timer please",
        Step(calls={"set_timer": {"minutes": 10}}),
        Step("Not run: the user did not say: minutes. Ask for it.", says="For how long?"),
    )
    assert ran == []
    assert started(events) == []
    assert events[-1].text == "For how long?"


@pytest.mark.parametrize("words", ["what kind of car do I drive?", "my knee hurts again"])
async def test_nobody_is_asked_for_the_arguments_of_a_call_that_he_does_not_want(words: str) -> None:
    refusal = Step("Not run: this is not what the user asked for.", says="A Volvo.")
    events = await turn(words, Step(calls={"set_timer": {"minutes": 10}}), refusal)
    assert ran == []
    assert events[-1].text == "A Volvo."


async def test_the_answer_to_that_question_counts() -> None:
    memory = TransientMemory()
    asked = agent(
        Step(calls={"set_timer": {"minutes": 10}}),
        Step("Ask for it", says="For how many minutes?"),
        Step("seven", calls={"set_timer": {"minutes": 7}}),
        Step("7 minutes", says="It runs."),
        memory=memory,
    )
    await asked.ask("set a timer please", speak=False)
    await asked.ask("seven", speak=False)
    assert ran == [("set_timer", {"minutes": 7})]


async def test_a_tool_that_has_nothing_to_do_with_the_request_is_not_run() -> None:
    pytest.importorskip("wordllama")
    events = await turn(
        "what is the capital of France",
        Step(calls={"water_garden": {}}),
        Step("Not run: this is not what the user asked for.", says="Paris."),
    )
    assert ran == []
    assert events[-1].text == "Paris."


WRITTEN = Step(calls={"send_message": {"name": "Rome", "text": "History"}})
FAR = "tell me something interesting about the history of Rome"


async def test_what_may_not_be_wanted_is_held_against_the_wish_behind_the_words() -> None:
    pytest.importorskip("wordllama")
    wished = Step(
        lambda request: not request.tools and request.messages[-1].text == FAR, says="Answer a question."
    )
    events = await turn(FAR, WRITTEN, wished, Step("may not be what the user wants", says="Rome is old."))
    assert ran == []
    assert events[-1].text == "Rome is old."
    ran.clear()
    wished = Step(lambda request: not request.tools, says="send a message to somebody")
    await turn(FAR, WRITTEN, wished, Step("Sent.", says="It is sent."))
    assert [name for name, _ in ran] == ["send_message"]


async def test_a_model_that_cannot_say_what_is_wanted_is_not_held_to_it() -> None:
    pytest.importorskip("wordllama")
    await turn(FAR, WRITTEN, Step(raises=ModelError("out of breath")), Step("Sent.", says="It is sent."))
    assert [name for name, _ in ran] == ["send_message"]


async def test_what_only_reads_has_the_benefit_of_the_doubt() -> None:
    pytest.importorskip("wordllama")
    await turn(FAR, Step(calls={"find_number": {"name": "Rome"}}), Step("Rome: 5550142", says="Well."))
    assert [name for name, _ in ran] == ["find_number"]


async def test_what_the_user_says_yes_to_runs() -> None:
    pytest.importorskip("wordllama")
    memory = TransientMemory()
    asked = agent(
        WRITTEN,
        Step(says="answer a question"),
        Step(says="Shall I write to Rome?"),
        WRITTEN,
        Step(says="Sent."),
        memory=memory,
    )
    await asked.ask(FAR, speak=False)
    assert ran == []
    await asked.ask("yes please", speak=False)
    assert [name for name, _ in ran] == ["send_message"]


async def test_the_model_is_asked_again_for_the_tool_that_the_words_speak_of() -> None:
    pytest.importorskip("wordllama")
    asked = agent(
        Step(calls={"set_timer": {"minutes": 15}}),
        Step(
            lambda request: request.tool_choice == "find_number" and len(request.messages) == 1,
            calls={"find_number": {"name": "Anna"}},
        ),
        Step(lambda request: request.tool_choice == "", says="It is 5550142."),
    )
    events = await collected(asked.stream("please look up the number of Anna", speak=False))
    assert ran == [("find_number", {"name": "Anna"})]
    assert [event.name for event in started(events)] == ["find_number"]
    assert events[-1].status == "done"  # type: ignore[union-attr]


async def test_it_is_asked_again_once() -> None:
    pytest.importorskip("wordllama")
    wrong = Step(calls={"set_timer": {"minutes": 15}})
    refused = Step("this is not what the user asked for", says="I can't look that up.")
    await turn("please look up the number of Anna", wrong, wrong, refused)
    assert ran == []


async def test_not_after_words_that_it_could_contradict() -> None:
    pytest.importorskip("wordllama")
    await turn(
        "please look up the number of Anna",
        Step(says="I set a timer.", calls={"set_timer": {"minutes": 15}}),
        Step("this is not what the user asked for", says="No, I did not."),
    )
    assert ran == []


async def test_it_is_shown_what_every_argument_rests_on() -> None:
    said = "a large latte please"
    [call] = started(
        await turn(said, Step(calls={"order": {"drink": "latte", "size": "large"}}), Step(says="Coming."))
    )
    assert call.provenance == {
        "drink": {"source": "words", "text": "latte", "span": [8, 13]},
        "size": {"source": "words", "text": "large", "span": [2, 7]},
    }
    assert said[8:13] == "latte"


async def test_what_was_spoken_has_its_seconds() -> None:
    words = (HeardWord("a", 0.1, 0.2), HeardWord("large", 0.2, 0.6), HeardWord("latte", 0.7, 1.1))
    ears = ScriptedEars(Hearing("a large latte", "en", 0.9, 0.9, words=words))
    asked = agent(Step(calls={"order": {"drink": "latte"}}), Step(says="Coming."), ears=ears)
    [call] = started(await collected(asked.stream(audio=Pcm.silence(2.0, 16_000), speak=False)))
    assert call.provenance["drink"]["seconds"] == [0.7, 1.1]
    assert call.provenance["size"]["seconds"] == [0.2, 0.6]


@pytest.mark.parametrize("remembered_one", [5, 10])
async def test_a_call_that_the_model_forgot_runs_too(remembered_one: int) -> None:
    memory = TransientMemory()

    def both(request: Any) -> bool:
        return [part.content for part in request.messages[-1].parts] == [
            "The timer runs for 5 minutes.",
            "The timer runs for 10 minutes.",
        ]

    events = await turn(
        "set timers for 5 and 10 minutes",
        Step(calls={"set_timer": {"minutes": remembered_one}}),
        Step(both, says="Both run."),
        memory=memory,
    )
    assert sorted(minutes["minutes"] for _, minutes in ran) == [5, 10]
    ids = [event.id for event in started(events)]
    assert len(set(ids)) == 2
    assert "call_1" in ids
    assert {event.id for event in events if isinstance(event, ToolFinished)} == set(ids)
    _, said, results, _ = await remembered(memory)
    assert [call.id for call in said.tool_calls] == [part.call_id for part in results.parts]  # type: ignore[union-attr]


async def test_the_model_may_make_up_what_is_not_to_be_grounded() -> None:
    written = {"name": "Anna", "text": "Hi Anna, I will be there a little later. See you!"}
    [call] = started(
        await turn(
            "send a message to Anna that I am late",
            Step(calls={"send_message": written}),
            Step("Sent.", says="It is sent."),
        )
    )
    assert ran == [("send_message", written)]
    assert call.provenance["text"]["source"] == "meaning"


async def test_a_call_that_the_model_forgot_has_what_it_made_up() -> None:
    written = {"name": "Bob", "text": "I am late."}
    await turn(
        "send a message to Bob and Alice",
        Step(calls={"send_message": written}),
        Step("Sent.", says="They are sent."),
    )
    assert [arguments["name"] for _, arguments in ran] == ["Bob", "Alice"]
    assert {arguments["text"] for _, arguments in ran} == {"I am late."}


async def test_what_does_not_fit_its_schema_keeps_its_place() -> None:
    memory = TransientMemory()
    calls: list[tuple[str, dict[str, Any]]] = [
        ("set_timer", {"minutes": "soon"}),
        ("order", {"drink": "latte", "sugar": True}),
    ]
    await turn(
        "a latte, and a timer", Step(calls=calls), Step("did not say: minutes", says="When?"), memory=memory
    )
    assert ran == [("order", {"drink": "latte", "size": None, "sugar": False})]
    said = (await remembered(memory))[1]
    assert [call.id for call in said.tool_calls] == ["call_1", "call_2"]
    assert said.tool_calls[0].arguments == {}


@pytest.mark.parametrize(
    ("capabilities", "grounding"), [(Capabilities(), None), (Capabilities(), False), (INVENTS, False)]
)
async def test_without_grounding_nothing_is_touched(capabilities: Capabilities, grounding: bool) -> None:
    memory = TransientMemory()
    made_up = {"drink": "latte", "size": "small", "sugar": True}
    [call] = started(
        await turn(
            "what is the capital of France",
            Step(calls={"order": made_up}),
            Step(says="Here."),
            memory=memory,
            capabilities=capabilities,
            grounding=grounding,
        )
    )
    assert ran == [("order", made_up)]
    assert call.provenance == {}
    assert (await remembered(memory))[1].tool_calls[0].arguments == made_up


async def test_grounding_can_be_asked_for() -> None:
    await turn(
        "a latte please",
        Step(calls={"order": {"drink": "latte", "sugar": True}}),
        Step(says="Coming."),
        capabilities=Capabilities(),
        grounding=True,
    )
    assert ran == [("order", {"drink": "latte", "size": None, "sugar": False})]


LOOKED_UP = Step(calls={"find_number": {"name": "Bob Miller"}})
SAID = "look up the telephone number of Bob Miller and call it"


async def test_what_a_tool_found_may_be_handed_on() -> None:
    events = await turn(
        SAID,
        LOOKED_UP,
        Step("5550142", calls={"call_number": {"number": "5550142"}}),
        Step("It rings.", says="It rings."),
    )
    assert ran == [("find_number", {"name": "Bob Miller"}), ("call_number", {"number": "5550142"})]
    assert started(events)[1].provenance["number"]["source"] == "result"


async def test_what_a_result_leads_to_is_the_models_to_say() -> None:
    pytest.importorskip("wordllama")
    watered = Step(calls={"water_garden": {}})
    await turn("who wrote Hamlet", watered, Step("Not run: this is not what the user asked for.", says="No."))
    assert ran == []
    await turn(SAID, LOOKED_UP, watered, Step("The flowers are wet.", says="Done."))
    assert [name for name, _ in ran] == ["find_number", "water_garden"]


async def test_what_neither_the_user_nor_a_tool_named_may_not() -> None:
    await turn(
        SAID,
        LOOKED_UP,
        Step("5550142", calls={"call_number": {"number": "5559999"}}),
        Step("", says="Which number?"),
    )
    assert ("call_number", {"number": "5559999"}) not in ran


async def test_the_choices_in_a_refusal_are_no_evidence() -> None:
    await turn(
        "please order a drink for me",
        Step(calls={"order": {"drink": "milk"}}),
        Step("did not say: drink", calls={"order": {"drink": "espresso"}}),
        Step("Not run: the user did not say: drink.", says="Which drink?"),
    )
    assert ran == []

"""A conversation outlives its connection and its server."""

from __future__ import annotations

from pathlib import Path

from omni_agent import tool
from omni_agent.memory import Scope
from omni_agent.testing import Step, in_virtual_time, said
from tests.server.realtime.client import Client, transcript
from tests.server.realtime.serving import serving

deleted: list[str] = []


@tool(effect="irreversible", question="Delete the recipe '{title}'?")
async def delete_recipe(title: str) -> str:
    """Delete a recipe.

    Args:
        title: Which one.
    """
    deleted.append(title)
    return f"Deleted {title}."


@in_virtual_time
async def test_what_began_in_voice_goes_on_in_text() -> None:
    from omni_memory.store import SqliteMemory

    where = "conversation=kitchen&user=ana"
    soup, asked = Step("soup", says="Soup it is."), Step("what", says="You asked for soup.")
    async with serving(soup, memory=SqliteMemory()) as served, Client(served.app, where) as client:
        client.speak(said("soup please"), silence=0.8)
        await client.answer()
    async with serving(asked, memory=SqliteMemory()) as served, Client(served.app, where) as client:
        client.send("session.update", session={"type": "realtime", "output_modalities": ["text"]})
        client.ask("what did I ask for?")
        assert transcript(await client.answer()) == "You asked for soup."
        client.invariants.settled()
    told = [e["item"] for e in client.of("conversation.item.done")][:2]
    assert [item["role"] for item in told] == ["user", "assistant"]
    assert told[0]["content"] == [{"type": "input_audio", "transcript": "soup please"}]
    assert told[1]["content"] == [{"type": "output_text", "text": "Soup it is."}]
    texts = [message.text for message in served.model.requests[0].messages]
    assert texts == ["soup please", "Soup it is.", "what did I ask for?"]


@in_virtual_time
async def test_a_question_waits_for_the_yes_over_a_new_connection(home: Path) -> None:
    deleted.clear()
    where = "conversation=kitchen&user=ana"
    steps = Step(calls={"delete_recipe": {"title": "soup"}}), Step(says="It is gone.")
    async with serving(*steps, tools=[delete_recipe]) as served:
        async with Client(served.app, where) as client:
            client.ask("delete the recipe soup")
            assert "Delete the recipe 'soup'?" in transcript(await client.answer())
        assert not deleted
        async with Client(served.app, where) as client:
            await client.until(lambda e: e["type"] == "conversation.item.done" and "Delete" in str(e))
            [asked] = [e["item"] for e in client.of("conversation.item.done")]
            assert (asked["role"], asked["status"]) == ("assistant", "completed")
            assert asked["content"] == [{"type": "output_text", "text": "Delete the recipe 'soup'?"}]
            client.ask("yes, please")
            assert transcript(await client.answer()) == "It is gone."
    assert deleted == ["soup"]


@in_virtual_time
async def test_a_dropped_connection_keeps_what_was_heard_of_the_reply() -> None:
    long = "One, two, three. Four, five, six. Seven, eight, nine. Ten, eleven, twelve."
    async with serving(Step(says=long, pace=0.2), Step(says="Yes.")) as served:
        async with Client(served.app, "conversation=c&user=ana") as client:
            client.ask("count")
            await client.one("response.output_audio.delta")
        [record] = await served.agent.parts.memory.history(Scope("ana", "test"), "c")
        assert record.status == "interrupted"
        assert len(record.heard_text) < len(long)
        async with Client(served.app, "conversation=c&user=ana") as client:
            client.ask("go on")
            await client.answer()
    assert "count" in [m.text for m in served.model.requests[1].messages]


@in_virtual_time
async def test_people_and_conversations_are_kept_apart() -> None:
    async with serving(Step(says="Noted."), Step(says="No."), Step(says="Hm.")) as served:
        for where in ("conversation=c&user=ana", "conversation=c&user=ben", "conversation=d&user=ana"):
            async with Client(served.app, where) as client:
                client.ask(f"I am at {where}")
                await client.answer()
    assert [len(request.messages) for request in served.model.requests] == [1, 1, 1]

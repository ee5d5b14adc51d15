"""Written turns."""

from __future__ import annotations

from omni_agent.testing import Step, in_virtual_time
from tests.server.realtime.client import Client, kinds, spoken, transcript
from tests.server.realtime.serving import serving


@in_virtual_time
async def test_a_written_question_is_answered_aloud_in_the_order_of_the_protocol() -> None:
    async with (
        serving(Step("hello", says="Hello there, how are you?")) as served,
        Client(served.app) as client,
    ):
        await client.one("session.created")
        client.send("session.update", session={"type": "realtime", "instructions": "be brief"})
        await client.one("session.updated")
        client.ask("hello")
        seen = await client.until("response.done")
        client.invariants.settled()
    assert transcript(seen[-1]["response"]) == "Hello there, how are you?"
    assert spoken(seen).seconds > 1
    order = list(dict.fromkeys(kinds(seen)))
    assert order == [
        "conversation.item.added",
        "conversation.item.done",
        "response.created",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_audio_transcript.delta",
        "response.output_audio.delta",
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.done",
    ]


@in_virtual_time
async def test_a_session_of_text_gets_text() -> None:
    async with serving(Step("hello", says="Hello there.")) as served, Client(served.app) as client:
        client.send("session.update", session={"type": "realtime", "output_modalities": ["text"]})
        client.ask("hello")
        seen = await client.until("response.done")
        client.invariants.settled()
    assert seen[-1]["response"]["output"][0]["content"] == [{"type": "output_text", "text": "Hello there."}]
    assert [e["part"] for e in seen if e["type"] == "response.content_part.done"] == [
        {"type": "text", "text": "Hello there."}
    ]
    assert "".join(e["delta"] for e in seen if e["type"] == "response.output_text.delta") == "Hello there."
    assert not spoken(seen).seconds
    assert not served.voice.spoken


@in_virtual_time
async def test_what_is_set_for_one_response_is_gone_with_the_next() -> None:
    steps = Step(says="One."), Step(says="Two.")
    async with serving(*steps) as served, Client(served.app) as client:
        client.send("session.update", session={"type": "realtime", "instructions": "be brief"})
        client.say("hello")
        wish = {
            "output_modalities": ["text"],
            "instructions": "be loud",
            "metadata": {"client_event_id": "7"},
        }
        client.send("response.create", response=wish)
        created = (await client.one("response.created"))["response"]
        first = await client.answer()
        client.send("response.create", response={"instructions": None, "tools": None})
        second = await client.answer()
    assert created["metadata"] == first["metadata"] == {"client_event_id": "7"}
    assert created["output_modalities"] == ["text"]
    assert second["output_modalities"] == ["audio"]
    assert "be loud" in served.model.requests[0].system + served.model.requests[0].context
    assert "be brief" in served.model.requests[1].system + served.model.requests[1].context


@in_virtual_time
async def test_a_response_out_of_band_leaves_no_trace() -> None:
    steps = Step(says="Blue."), Step("which", says="A colour."), Step("again", says="Blue again.")
    async with serving(*steps) as served, Client(served.app, "conversation=c1") as client:
        client.ask("my colour?")
        await client.answer()
        given = [
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "which topic?"}]}
        ]
        client.send(
            "response.create",
            response={
                "conversation": "none",
                "input": given,
                "output_modalities": ["text"],
                "metadata": {"x": "y"},
            },
        )
        seen = await client.until("response.done")
        client.ask("again?")
        await client.answer()
        client.invariants.settled()
    assert seen[-1]["response"]["conversation_id"] is None
    assert not [e for e in seen if e["type"].startswith("conversation.")]
    assert [m.text for m in served.model.requests[1].messages] == ["which topic?"]
    assert [m.text for m in served.model.requests[2].messages] == ["my colour?", "Blue.", "again?"]


@in_virtual_time
async def test_input_may_refer_to_items() -> None:
    async with serving(Step("red", says="Red.")) as served, Client(served.app) as client:
        client.say("I like red", item_id="mine")
        client.say("I like blue")
        given = [{"type": "item_reference", "id": "mine"}]
        client.send("response.create", response={"conversation": "none", "input": given})
        await client.answer()
    assert [m.text for m in served.model.requests[0].messages] == ["I like red"]


@in_virtual_time
async def test_an_agent_may_speak_first() -> None:
    async with serving(Step(says="Welcome!"), Step("thanks", says="Sure.")) as served:
        async with Client(served.app, "conversation=c1&user=ana") as client:
            client.send("response.create", response={"instructions": "Greet the user."})
            assert transcript(await client.answer()) == "Welcome!"
            client.ask("thanks")
            await client.answer()
            client.invariants.settled()
        async with Client(served.app, "conversation=c1&user=ana") as client:
            await client.until(lambda e: e["type"].endswith("item.done") and "Sure" in str(e))
            assert [e["item"]["role"] for e in client.of("conversation.item.added")] == [
                "assistant",
                "user",
                "assistant",
            ]
    assert [m.text for m in served.model.requests[1].messages] == ["Welcome!", "thanks"]


@in_virtual_time
async def test_pictures_are_taken_in() -> None:
    import base64
    import io

    from PIL import Image

    picture = io.BytesIO()
    Image.new("RGB", (20, 20), "white").save(picture, "PNG")
    url = "data:image/png;base64," + base64.b64encode(picture.getvalue()).decode()
    async with serving(Step("what", says="An exit.")) as served, Client(served.app) as client:
        content = [{"type": "input_image", "image_url": url}, {"type": "input_text", "text": "what is it?"}]
        client.send("conversation.item.create", item={"type": "message", "role": "user", "content": content})
        client.send("response.create")
        added = await client.one("conversation.item.added")
        assert transcript(await client.answer()) == "An exit."
    assert added["item"]["content"][0] == {"type": "input_image", "image_url": url}
    [shown] = [part for part in served.model.requests[0].messages[-1].parts if part.type == "image"]
    assert shown.reading
    assert shown.reading.text == "EXIT"


@in_virtual_time
async def test_a_deleted_item_is_forgotten_and_a_system_item_instructs() -> None:
    steps = Step(says="Noted."), Step("hello", says="Hi.")
    async with serving(*steps) as served, Client(served.app) as client:
        client.ask("my code is 1234")
        await client.answer()
        for item in list(client.invariants.items):
            client.send("conversation.item.delete", item_id=item)
            await client.one("conversation.item.deleted")
        system = {"type": "message", "role": "system", "content": [{"type": "input_text", "text": "Rhyme."}]}
        client.send("conversation.item.create", item=system)
        client.ask("hello")
        await client.answer()
    assert [m.text for m in served.model.requests[1].messages] == ["hello"]
    assert "Rhyme." in served.model.requests[1].system + served.model.requests[1].context


@in_virtual_time
async def test_an_answer_that_runs_out_of_tokens_is_incomplete() -> None:
    async with serving(Step(says="One two", stops="length")) as served, Client(served.app) as client:
        client.say("count")
        client.send("response.create", response={"max_output_tokens": 2})
        response = await client.answer()
    assert served.model.requests[0].max_tokens == 2
    assert response["status"] == "incomplete"
    assert response["status_details"] == {"type": "incomplete", "reason": "max_output_tokens"}
    assert response["usage"]["total_tokens"] > 0

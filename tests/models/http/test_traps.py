"""What the servers' documentation, sources and issue lists warn of; a test a trap."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from omni_agent.errors import ModelError
from omni_agent.media import MediaStore
from omni_agent.messages import Audio, Image, Message, Part, Text, ToolCall, ToolResult, Video
from omni_agent.models.base import Request, SpeechDelta, TextDelta
from omni_agent.models.http.address import Address
from omni_agent.models.http.dialects import DIALECTS
from omni_agent.models.http.model import HttpModel, Manner
from tests.models.http.asking import OTHER, PCM, QUICK, SPEC, answer, ask, asking, run, user
from tests.models.http.server import STALL, Reply, Server, failure, serving
from tests.models.http.wires import WIRES, _frame, base64_of, sse, wav


def kept(store: MediaStore) -> dict[str, Part]:
    """A sound, a picture and a clip in a store."""
    return {
        "audio": Audio(store.put(wav(PCM, 16_000), "audio/wav"), seconds=0.3),
        "image": Image(store.put(b"\x89PNG picture", "image/png")),
        "video": Video(store.put(b"clip", "video/mp4"), seconds=2.0),
    }


async def sent(name: str, request: Request, **able: Any) -> dict[str, Any]:
    """The body that goes to a server, which must take it."""
    async with asking(name, WIRES[name].reply(["Hi."], speech=()), **able) as (model, server):
        # The answer has no speech, which is an error where some was asked for.
        with suppress(ModelError):
            await answer(model, request)
        (body,) = server.bodies
        return dict(body)


def all_of_it(*text: str) -> Message:
    media = kept(MediaStore())
    return Message("user", (media["audio"], media["image"], media["video"], *map(Text, text)))


# vLLM-Omni


def test_vllm_omni_has_its_voice_at_the_top_and_not_in_audio() -> None:
    body = run(sent("vllm-omni", ask(speech=True, voice="chelsie")))
    assert body["voice"] == "Chelsie"
    assert body["audio"] == {"format": "wav"}


def test_vllm_omni_speaks_unless_it_is_asked_for_text_only() -> None:
    assert run(sent("vllm-omni", ask()))["modalities"] == ["text"]


def test_vllm_omni_has_base64_in_the_content_that_is_no_text() -> None:
    async def main() -> None:
        async with asking("vllm-omni", WIRES["vllm-omni"].reply(["Hi."], speech=[PCM])) as (model, _):
            came = await answer(model, ask(speech=True))
            assert came.text == "Hi."
            assert came.pcm == PCM

    run(main())


def test_vllm_omni_may_send_an_empty_piece_of_speech_without_metadata() -> None:
    async def main() -> None:
        wire = WIRES["vllm-omni"]
        empty = sse({**_frame({"role": "assistant", "content": ""}), "modality": "audio"})
        reply = wire.reply(["Hi."], speech=[PCM])
        async with asking("vllm-omni", Reply([empty, *reply.parts])) as (model, _):
            assert (await answer(model, ask(speech=True))).pcm == PCM

    run(main())


def test_vllm_omni_counts_no_words_with_its_speech() -> None:
    async def main() -> None:
        wire = WIRES["vllm-omni"]
        usage = {"prompt_tokens": 40, "completion_tokens": 7, "total_tokens": 47}
        words = sse({**wire.words("Hi."), "usage": usage})
        assert wire.spoken
        parts = [words, sse(wire.spoken(PCM)), sse({**_frame({}, "stop"), "modality": "audio"})]
        async with asking("vllm-omni", Reply(parts)) as (model, _):
            assert (await answer(model, ask(speech=True))).usage.completion_tokens == 7

    run(main())


def test_vllm_omni_may_speak_at_the_rate_of_another_model() -> None:
    """Ming-flash-omni's is 44.1 kHz."""

    async def main() -> None:
        about = {"format": "pcm", "sample_rate_hz": 44_100, "frame_count": len(PCM) // 2, "channels": 1}
        sound = {**_frame({"content": base64_of(PCM)}, audio_metadata=about), "modality": "audio"}
        parts = [sse(WIRES["vllm-omni"].words("Hi.")), sse(sound), *WIRES["vllm-omni"].end("stop")]
        async with asking("vllm-omni", Reply(parts)) as (model, _):
            assert (await answer(model, ask(speech=True))).rates == {44_100}

    run(main())


def test_vllm_omni_may_give_its_reason_with_the_words_and_go_on_speaking() -> None:
    """As releases before 0.30 did."""

    async def main() -> None:
        wire = WIRES["vllm-omni"]
        assert wire.spoken
        words = sse({**_frame({"content": "Hi."}, "stop"), "modality": "text"})
        late = asyncio.Event()
        parts = [words, sse(wire.spoken(PCM[:400])), sse(wire.spoken(PCM[400:])), sse("[DONE]")]
        async with asking("vllm-omni", Reply(parts, late=late)) as (model, _):
            late.set()
            assert (await answer(model, ask(speech=True))).pcm == PCM

    run(main())


def test_vllm_omni_leaves_the_talkers_seed_to_the_server() -> None:
    """Its deployment seeds the talker with 42, because unseeded draws derail; a request's seed is the
    thinker's, and a list of its own would replace both."""
    body = run(sent("vllm-omni", ask(speech=True, seed=7)))
    assert body["seed"] == 7
    assert "sampling_params_list" not in body


def test_vllm_hears_its_clips_only_when_told_and_then_throughout() -> None:
    heard = {"use_audio_in_video": True}
    for name in ("vllm-omni", "vllm"):
        assert run(sent(name, Request("", (all_of_it("see"),))))["mm_processor_kwargs"] == heard
        assert "mm_processor_kwargs" not in run(sent(name, ask()))


def test_vllm_without_a_parser_refuses_tools_and_the_error_says_how_to_start_it() -> None:
    async def main() -> None:
        said = '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'
        async with asking("vllm-omni", failure(400, said)) as (model, _):
            with pytest.raises(ModelError) as raised:
                await answer(model, ask(tools=(SPEC,)))
            assert "--enable-auto-tool-choice --tool-call-parser hermes" in raised.value.remedy

    run(main())


def test_vllms_hermes_parser_drops_empty_arguments() -> None:
    async def main() -> None:
        call = {"index": 0, "id": "c", "type": "function", "function": {"name": "look"}}
        parts = [sse(_frame({"tool_calls": [call]})), *WIRES["vllm"].end("tool_calls")]
        async with asking("vllm", Reply(parts)) as (model, _):
            assert (await answer(model, ask(tools=(OTHER,)))).calls == [("look", {})]

    run(main())


def test_vllm_may_pass_a_call_on_as_text() -> None:
    async def main() -> None:
        text = 'Well. <tool_call>\n{"name": "set_timer", "arguments": {"minutes": 3}}\n</tool_call>'
        parts = [*(sse(_frame({"content": sign})) for sign in text), *WIRES["vllm"].end("stop")]
        async with asking("vllm", Reply(parts)) as (model, _):
            came = await answer(model, ask(tools=(SPEC,)))
            assert came.calls == [("set_timer", {"minutes": 3})]
            assert came.text.strip() == "Well."
            assert came.reason == "tool_calls"

    run(main())


def test_a_call_in_both_places_is_one() -> None:
    async def main() -> None:
        text = '<tool_call>{"name": "set_timer", "arguments": {"minutes": 3}}</tool_call>'
        wire = WIRES["vllm"]
        reply = wire.reply([text], calls=[("set_timer", '{"minutes": 3}')])
        async with asking("vllm", reply) as (model, _):
            assert (await answer(model, ask(tools=(SPEC,)))).calls == [("set_timer", {"minutes": 3})]

    run(main())


# Qwen2.5-Omni, on the servers that apply its own template


def test_qwen25_omni_speaks_under_its_own_system_prompt_only_so_the_persona_is_an_exchange() -> None:
    async def main() -> None:
        wire = WIRES["vllm-omni"]
        reply = wire.reply(["Hi."], speech=[PCM])
        async with asking("vllm-omni", reply, model="Qwen/Qwen2.5-Omni-7B") as (model, server):
            await answer(model, ask(speech=True, voice="Ethan"))
            system, persona, agreed, said = server.bodies[0]["messages"]
            assert system["content"].startswith("You are Qwen, a virtual human developed by the Qwen Team")
            assert persona == {"role": "user", "content": "You are Ada."}
            assert agreed["role"] == "assistant"
            assert said == {"role": "user", "content": "hi"}
            assert model.capabilities.voices == ("Chelsie", "Ethan")
            assert not model.capabilities.streams_speech

    run(main())


@pytest.mark.parametrize("name", ["vllm-omni", "vllm", "transformers-serve"])
def test_qwen25_omnis_template_ignores_tools_so_they_are_words(name: str) -> None:
    async def main() -> None:
        wire = WIRES[name]
        text = '<tool_call>{"name": "look", "arguments": {}}</tool_call>'
        async with asking(name, wire.reply([text]), model="Qwen/Qwen2.5-Omni-7B") as (model, server):
            assert (await answer(model, ask(tools=(OTHER,)))).calls == [("look", {})]
            assert "tools" not in server.bodies[0]
            assert '"name": "look"' in json.dumps(server.bodies[0]["messages"]).replace("\\", "")

    run(main())


def test_qwen25_omni_is_known_by_what_the_server_lists_too() -> None:
    async def main() -> None:
        wire = WIRES["vllm"]
        served = Reply([b'{"data": [{"id": "Qwen/Qwen2.5-Omni-3B"}]}'], kind="application/json")
        server = Server(wire.reply(["Hi."]), models=served)
        async with serving(server):
            model = HttpModel(DIALECTS["vllm"], Address.parse(server.url), limits=QUICK)
            await answer(model, ask(tools=(OTHER,)))
            assert "tools" not in server.bodies[0]
            await model.close()

    run(main())


# SGLang-Omni


def test_sglang_omni_has_the_media_of_the_last_message_at_the_top() -> None:
    body = run(sent("sglang-omni", Request("", (all_of_it("see"),))))
    assert body["audios"] == [f"data:audio/wav;base64,{base64_of(wav(PCM, 16_000))}"]
    assert body["images"] == [f"data:image/png;base64,{base64_of(bytes([0x89]) + b'PNG picture')}"]
    assert body["videos"] == [f"data:video/mp4;base64,{base64_of(b'clip')}"]
    assert body["use_audio_in_video"] is True
    assert body["messages"][-1] == {"role": "user", "content": "see"}


def test_sglang_omni_would_move_the_media_of_earlier_messages_so_they_stay_in_place() -> None:
    body = run(sent("sglang-omni", Request("", (all_of_it("see"), user("and?")))))
    assert "audios" not in body
    kinds = [part["type"] for part in body["messages"][0]["content"]]
    assert kinds == ["input_audio", "image_url", "video_url", "text"]


def test_sglang_omni_ignores_tools_so_they_stand_in_the_prompt() -> None:
    body = run(sent("sglang-omni", ask(tools=(SPEC,))))
    assert "tools" not in body
    system = body["messages"][0]["content"]
    assert system.startswith("You are Ada.\n\n# Tools")
    assert '"name": "set_timer"' in system


def test_sglang_omni_drops_calls_and_results_so_they_are_words() -> None:
    call = ToolCall("c", "set_timer", {"minutes": 3, "name": "Ömer"})
    done = ToolResult("c", "set_timer", "done", "runs")
    asked = (user("a timer"), Message("assistant", (call,)), Message("tool", (done,)))
    body = run(sent("sglang-omni", Request("", asked, (SPEC,))))
    _, said, result = body["messages"][-3:]
    written = '{"name": "set_timer", "arguments": {"minutes": 3, "name": "Ömer"}}'
    assert said == {"role": "assistant", "content": f"<tool_call>\n{written}\n</tool_call>"}
    assert result == {"role": "user", "content": "<tool_response>\nruns\n</tool_response>"}


def test_sglang_omni_reports_a_failure_in_the_stream_with_status_200() -> None:
    async def main() -> None:
        error = {"error": {"message": "talker crashed", "type": "server_error", "code": 500}}
        parts = [sse(WIRES["sglang-omni"].words("Hi.")), sse(error), sse("[DONE]")]
        async with asking("sglang-omni", Reply(parts)) as (model, _):
            with pytest.raises(ModelError, match="talker crashed"):
                await answer(model, ask())

    run(main())


def test_sglang_omni_says_in_the_stream_that_the_conversation_is_too_long() -> None:
    async def main() -> None:
        said = "Please reduce the length of the input messages or the completion to fit within the limit."
        error = {"error": {"message": said, "type": "invalid_request_error", "code": 400}}
        refusal = Reply([sse(error), sse("[DONE]")])
        messages = tuple(user(f"turn {number}") for number in range(4))
        async with asking("sglang-omni", refusal, WIRES["sglang-omni"].reply(["Hi."])) as (model, server):
            assert (await answer(model, Request("Ada", messages))).text == "Hi."
            assert [len(body["messages"]) - 1 for body in server.bodies] == [4, 2]

    run(main())


# DashScope


def test_dashscope_takes_one_other_modality_a_message() -> None:
    body = run(sent("dashscope", Request("", (all_of_it("what is it?"),))))
    kinds = [[part["type"] for part in message["content"]] for message in body["messages"]]
    assert kinds == [["input_audio"], ["image_url"], ["video_url", "text"]]
    assert {message["role"] for message in body["messages"]} == {"user"}


def test_dashscope_takes_sounds_as_data_urls() -> None:
    body = run(sent("dashscope", Request("", (Message("user", (kept(MediaStore())["audio"],)),))))
    sound = body["messages"][0]["content"][0]["input_audio"]
    assert sound == {"data": f"data:;base64,{base64_of(wav(PCM, 16_000))}", "format": "wav"}


def test_dashscope_streams_only() -> None:
    assert run(sent("dashscope", ask()))["stream"] is True


def test_dashscope_sends_bare_samples_where_wav_was_asked_for() -> None:
    async def main() -> None:
        wire = WIRES["dashscope"]
        async with asking("dashscope", wire.reply(["Hi."], speech=[PCM[:7], PCM[7:]])) as (model, server):
            came = await answer(model, ask(speech=True))
            assert (came.pcm, came.rates) == (PCM, {24_000})
            assert server.bodies[0]["audio"] == {"voice": "Cherry", "format": "wav"}

    run(main())


def test_dashscope_cuts_its_base64_anywhere() -> None:
    async def main() -> None:
        text = base64_of(PCM)
        cuts = [text[start : start + 101] for start in range(0, len(text), 101)]
        sounds = [sse(_frame({"audio": {"data": cut, "id": "a", "expires_at": 1}})) for cut in cuts]
        parts = [sse(_frame({"content": "Hi."})), *sounds, *WIRES["dashscope"].end("stop")]
        async with asking("dashscope", Reply(parts)) as (model, _):
            assert (await answer(model, ask(speech=True))).pcm == PCM

    run(main())


def test_dashscopes_older_models_have_their_words_in_the_transcript() -> None:
    async def main() -> None:
        words = [sse(_frame({"content": None, "audio": {"transcript": word}})) for word in ("Hi ", "you.")]
        sound = sse(_frame({"audio": {"data": base64_of(PCM)}}))
        async with asking("dashscope", Reply([*words, sound, *WIRES["dashscope"].end("stop")])) as (model, _):
            came = await answer(model, ask(speech=True))
            assert (came.text, came.pcm) == ("Hi you.", PCM)

    run(main())


def test_words_that_come_as_content_and_as_transcript_are_said_once() -> None:
    async def main() -> None:
        both = sse(_frame({"content": "Hi.", "audio": {"transcript": "Hi.", "data": base64_of(PCM)}}))
        again = sse(_frame({"audio": {"transcript": "Hi."}}))
        async with asking("dashscope", Reply([both, again, *WIRES["dashscope"].end("stop")])) as (model, _):
            assert (await answer(model, ask(speech=True))).text == "Hi."

    run(main())


def test_dashscopes_last_chunk_has_no_choices() -> None:
    async def main() -> None:
        ending = WIRES["dashscope"].end("stop")
        assert json.loads(ending[1].decode().removeprefix("data: "))["choices"] == []
        async with asking("dashscope", Reply([sse(_frame({"content": "Hi."})), *ending])) as (model, _):
            assert (await answer(model, ask())).usage.prompt_tokens == 40

    run(main())


def test_dashscope_speaks_its_calls_so_tools_and_speech_never_go_together() -> None:
    """QwenLM/Qwen3-Omni, issue 126."""

    async def main() -> None:
        wire = WIRES["dashscope"]
        async with asking("dashscope", wire.reply(["No."]), wire.reply(["Hi."], speech=[PCM])) as (
            model,
            server,
        ):
            await answer(model, ask(tools=(SPEC,), speech=True))
            assert all(not ("tools" in body and "audio" in body) for body in server.bodies)

    run(main())


def test_a_limit_that_includes_the_speech_would_cut_it_off_in_the_middle() -> None:
    assert "max_tokens" not in run(sent("dashscope", ask(speech=True)))
    assert "max_completion_tokens" not in run(sent("openai", ask(speech=True)))
    assert run(sent("dashscope", ask()))["max_tokens"] == 512
    assert run(sent("vllm-omni", ask(speech=True)))["max_tokens"] == 512


# OpenAI


def test_openai_streams_speech_as_pcm16_only() -> None:
    assert run(sent("openai", ask(speech=True)))["audio"] == {"voice": "alloy", "format": "pcm16"}


def test_openai_takes_its_limit_under_another_name() -> None:
    body = run(sent("openai", ask()))
    assert body["max_completion_tokens"] == 512
    assert "max_tokens" not in body


def test_openai_reads_no_call_aloud_so_one_request_does() -> None:
    async def main() -> None:
        async with asking("openai", WIRES["openai"].reply(["Hi."], speech=[PCM])) as (model, server):
            assert (await answer(model, ask(tools=(SPEC,), speech=True))).pcm == PCM
            (body,) = server.bodies
            assert {"tools", "audio"} <= set(body)

    run(main())


def test_openais_last_piece_of_speech_has_a_date_only() -> None:
    async def main() -> None:
        wire = WIRES["openai"]
        assert wire.spoken
        last = sse(_frame({"audio": {"expires_at": 1_795_003_600}}))
        parts = [sse(_frame({"audio": {"id": "a", "transcript": "Hi."}})), sse(wire.spoken(PCM)), last]
        async with asking("openai", Reply([*parts, *wire.end("stop")])) as (model, _):
            came = await answer(model, ask(speech=True))
            assert (came.text, came.pcm) == ("Hi.", PCM)

    run(main())


def test_openai_sees_nothing_so_pictures_are_told() -> None:
    picture = kept(MediaStore())["image"]
    body = run(sent("openai", Request("", (Message("user", (picture, Text("see"))),))))
    assert body["messages"][0]["content"] == "[picture]\nsee"


# llama.cpp


def test_llama_cpps_tool_choice_is_a_word_so_only_the_one_tool_is_offered() -> None:
    body = run(sent("llama.cpp", ask(tools=(SPEC, OTHER), tool_choice="look")))
    assert body["tool_choice"] == "required"
    assert [tool["function"]["name"] for tool in body["tools"]] == ["look"]


def test_llama_cpp_is_asked_again_while_it_loads() -> None:
    async def main() -> None:
        loading = failure(503, "Loading model")
        async with asking("llama.cpp", loading, loading, WIRES["llama.cpp"].reply(["Hi."])) as (
            model,
            server,
        ):
            assert (await answer(model, ask())).text == "Hi."
            assert len(server.bodies) == 3

    run(main())


def test_a_conversation_longer_than_the_context_goes_without_its_older_half() -> None:
    async def main() -> None:
        said = "the request exceeds the available context size. try increasing the context size"
        messages = tuple(user(f"turn {number}") for number in range(8))
        reply = WIRES["llama.cpp"].reply(["Hi."])
        async with asking("llama.cpp", failure(400, said), failure(400, said), reply) as (model, server):
            assert (await answer(model, Request("Ada", messages))).text == "Hi."
            sizes = [len(body["messages"]) - 1 for body in server.bodies]
            assert sizes == [8, 4, 2]
            assert server.bodies[-1]["messages"][-1]["content"] == "turn 7"

    run(main())


def test_one_message_longer_than_the_context_is_an_error() -> None:
    async def main() -> None:
        said = "This model's maximum context length is 32768 tokens. However, you requested 40000 tokens"
        async with asking("vllm", failure(400, said)) as (model, server):
            with pytest.raises(ModelError) as raised:
                await answer(model, ask())
            assert raised.value.code == "context_exceeded"
            assert len(server.bodies) == 1

    run(main())


def test_llama_cpp_makes_one_call_an_answer_unless_more_are_asked_for() -> None:
    assert run(sent("llama.cpp", ask(tools=(SPEC,))))["parallel_tool_calls"] is True
    assert "parallel_tool_calls" not in run(sent("llama.cpp", ask()))


def test_llama_cpp_without_a_projector_fails_with_500_which_will_not_pass() -> None:
    async def main() -> None:
        said = (
            "audio input is not supported - hint: if this is unexpected, you may need to provide the mmproj"
        )
        async with asking("llama.cpp", failure(500, said)) as (model, server):
            with pytest.raises(ModelError) as raised:
                await answer(model, ask())
            assert "?inputs=text" in raised.value.remedy
            assert len(server.bodies) == 1

    run(main())


# transformers serve


def test_transformers_serve_gets_no_field_that_it_refuses_or_ignores() -> None:
    body = run(sent("transformers-serve", ask(tools=(SPEC,), speech=True, tool_choice="set_timer")))
    assert set(body) == {"model", "messages", "stream", "temperature", "seed", "max_tokens", "tools"}


def test_transformers_serve_ends_without_a_mark() -> None:
    async def main() -> None:
        reply = WIRES["transformers-serve"].reply(["Hi."])
        assert not any(b"[DONE]" in part for part in reply.parts if isinstance(part, bytes))
        async with asking("transformers-serve", reply) as (model, _):
            assert (await answer(model, ask())).reason == "stop"

    run(main())


def test_transformers_serve_puts_its_error_between_quotes_as_it_is() -> None:
    async def main() -> None:
        parts = [b'data: {"error": "shape "a" does not fit\\"}\n\n']
        async with asking("transformers-serve", Reply(parts)) as (model, _):
            with pytest.raises(ModelError, match='shape "a" does not fit'):
                await answer(model, ask())

    run(main())


def test_transformers_serve_has_fastapis_shape_of_refusals() -> None:
    async def main() -> None:
        body = json.dumps({"detail": "Server is pinned to 'a'; requested 'b'."}).encode()
        async with asking("transformers-serve", Reply([body], 400, "application/json")) as (model, _):
            with pytest.raises(ModelError, match="pinned to 'a'"):
                await answer(model, ask())

    run(main())


# Ollama


def test_ollama_forgets_the_beginning_unless_it_is_told_the_length() -> None:
    assert run(sent("ollama", ask(), context_tokens=16_384))["options"]["num_ctx"] == 16_384


def test_ollama_has_pictures_beside_the_words_and_without_a_prefix() -> None:
    picture = kept(MediaStore())["image"]
    asked = Request("", (Message("user", (picture, Text("see"))),))
    body = run(sent("ollama", asked, inputs=frozenset({"text", "image"})))
    assert body["messages"] == [{"role": "user", "content": "see", "images": [base64_of(b"\x89PNG picture")]}]


def test_ollama_has_arguments_as_objects_and_results_by_name() -> None:
    call, done = ToolCall("c", "look", {"at": 1}), ToolResult("c", "look", "done", "nothing")
    asked = (user("look"), Message("assistant", (call,)), Message("tool", (done,)))
    body = run(sent("ollama", Request("", asked, (OTHER,))))
    _, said, result = body["messages"]
    assert said["tool_calls"] == [{"function": {"name": "look", "arguments": {"at": 1}}}]
    assert result == {"role": "tool", "content": "nothing", "tool_name": "look"}


def test_ollama_gives_each_call_the_same_index() -> None:
    async def main() -> None:
        calls = [("set_timer", '{"minutes": 1}'), ("set_timer", '{"minutes": 2}')]
        async with asking("ollama", WIRES["ollama"].reply(calls=calls)) as (model, _):
            came = await answer(model, ask(tools=(SPEC,)))
            assert came.calls == [("set_timer", {"minutes": 1}), ("set_timer", {"minutes": 2})]

    run(main())


def test_ollama_without_the_model_says_how_to_pull_it() -> None:
    async def main() -> None:
        body = json.dumps({"error": "model 'm' not found"}).encode()
        async with asking("ollama", Reply([body], 404, "application/json")) as (model, _):
            with pytest.raises(ModelError) as raised:
                await answer(model, ask())
            assert raised.value.remedy == "ollama pull m"

    run(main())


def test_ollama_reports_a_failure_on_a_line_of_the_stream() -> None:
    async def main() -> None:
        wire = WIRES["ollama"]
        parts = [wire.frame(wire.words("Hi")), b'{"error":"an error was encountered while running"}\n']
        async with asking("ollama", Reply(parts, kind=wire.kind)) as (model, _):
            with pytest.raises(ModelError, match="while running"):
                await answer(model, ask())

    run(main())


# All of them


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning", "thinking"])
def test_thoughts_are_never_words(field: str) -> None:
    async def main() -> None:
        parts = [sse(_frame({field: "The user wants"})), *WIRES["vllm"].reply(["Hi."]).parts]
        async with asking("vllm", Reply(parts)) as (model, _):
            assert (await answer(model, ask())).text == "Hi."

    run(main())


def test_thoughts_in_the_words_are_left_out() -> None:
    async def main() -> None:
        tagged = WIRES["vllm"].reply(["<think>The user", " wants</think>", "Hi."])
        async with asking("vllm", tagged) as (model, _):
            assert (await answer(model, ask())).text == "Hi."
        begun = WIRES["vllm"].reply(["The user", " wants</think>", "Hi."])
        async with asking("vllm", begun, manner=Manner(thinking=True)) as (model, _):
            assert (await answer(model, ask())).text == "Hi."

    run(main())


def test_in_one_request_speech_ends_where_a_call_begins() -> None:
    """A call after words that were spoken: its markup comes first as text, then as sound."""

    async def main() -> None:
        wire = WIRES["vllm-omni"]
        assert wire.spoken
        markup = '<tool_call>\n{"name": "look", "arguments": {}}\n</tool_call>'
        parts = [
            *(sse(wire.words("Let me see. ")), sse(wire.spoken(PCM))),
            *(sse(wire.words(sign)) for sign in markup),
            *(sse(wire.spoken(b"\x7f\x7f" * 100)), *wire.end("stop")),
        ]
        async with asking("vllm-omni", Reply(parts), manner=Manner(single=True)) as (model, server):
            came = await answer(model, ask(tools=(OTHER,), speech=True))
            assert came.calls == [("look", {})]
            assert came.pcm == PCM
            assert came.text.strip() == "Let me see."
            assert len(server.bodies) == 1

    run(main())


def test_speech_waits_while_words_may_become_a_call() -> None:
    async def main() -> None:
        wire = WIRES["vllm-omni"]
        assert wire.spoken
        doubtful, sound = sse(wire.words("<")), sse(wire.spoken(PCM))
        parts = [doubtful, sound, sse(wire.words(" 3 minutes.")), *wire.end("stop")]
        async with asking("vllm-omni", Reply(parts), manner=Manner(single=True)) as (model, _):
            events = (await answer(model, ask(tools=(OTHER,), speech=True))).events
            assert events[0] == TextDelta("< 3 minutes.")
            assert isinstance(events[1], SpeechDelta)

    run(main())


@pytest.mark.parametrize("arguments", ["{", '{"minutes": }', "[1]", '"three"'])
def test_a_call_that_cannot_be_read_is_neither_made_nor_spoken(arguments: str) -> None:
    async def main() -> None:
        async with asking("vllm", WIRES["vllm"].reply(calls=[("set_timer", arguments)])) as (model, _):
            with pytest.raises(ModelError) as raised:
                await answer(model, ask(tools=(SPEC,)))
            assert raised.value.code == "call_invalid"

    run(main())


def test_a_call_that_the_limit_cut_is_not_made() -> None:
    async def main() -> None:
        reply = WIRES["vllm"].reply(calls=[("set_timer", '{"minutes": 3')], reason="length")
        async with asking("vllm", reply) as (model, _):
            came = await answer(model, ask(tools=(SPEC,)))
            assert (came.calls, came.reason) == ([], "length")

    run(main())


def test_a_tool_that_is_withheld_is_neither_offered_nor_called() -> None:
    async def main() -> None:
        calls = [("look", "{}"), ("set_timer", '{"minutes": 3}')]
        async with asking("vllm", WIRES["vllm"].reply(calls=calls)) as (model, server):
            request = ask(tools=(SPEC, OTHER), withheld=frozenset({"look"}))
            assert (await answer(model, request)).calls == [("set_timer", {"minutes": 3})]
            assert "look" not in json.dumps(server.bodies[0]["tools"])

    run(main())


def test_a_call_that_nobody_offered_is_not_made() -> None:
    async def main() -> None:
        async with asking("vllm", WIRES["vllm"].reply(["Hi."], calls=[("look", "{}")])) as (model, _):
            came = await answer(model, ask())
            assert (came.text, came.calls) == ("Hi.", [])

    run(main())


def test_names_and_ids_come_once_or_with_every_part() -> None:
    async def main() -> None:
        def part(index: int, call: str, name: str, arguments: str) -> bytes:
            function = {"name": name, "arguments": arguments}
            return sse(_frame({"tool_calls": [{"index": index, "id": call, "function": function}]}))

        repeated = [part(0, "a", "set_timer", '{"min'), part(0, "a", "set_timer", 'utes": 1}')]
        emptied = [part(1, "b", "set_timer", '{"min'), part(1, "", "", 'utes": 2}')]
        same_index = [part(1, "c", "look", "{}")]
        parts = [*repeated, *emptied, *same_index, *WIRES["vllm"].end("tool_calls")]
        async with asking("vllm", Reply(parts)) as (model, _):
            came = await answer(model, ask(tools=(SPEC, OTHER)))
            assert came.calls == [("set_timer", {"minutes": 1}), ("set_timer", {"minutes": 2}), ("look", {})]

    run(main())


def test_arguments_keep_their_letters() -> None:
    call = ToolCall("c", "set_timer", {"minutes": 3, "name": "茶"})
    asked = (
        user("a timer"),
        Message("assistant", (call,)),
        Message("tool", (ToolResult("c", "x", "done", ""),)),
    )
    body = run(sent("vllm", Request("", asked, (SPEC,))))
    assert body["messages"][1]["tool_calls"][0]["function"]["arguments"] == '{"minutes": 3, "name": "茶"}'


def test_assistants_speech_is_no_part_of_the_history_and_old_sounds_are_their_words() -> None:
    from omni_agent.messages import Hearing

    sound = kept(MediaStore())["audio"]
    assert isinstance(sound, Audio)
    heard = replace(sound, hearing=Hearing("good morning", "en"))
    asked = (Message("user", (heard,)), Message("assistant", (Text("Hello."),)), Message("user", (heard,)))
    body = run(sent("vllm-omni", Request("", asked)))
    assert body["messages"][:2] == [
        {"role": "user", "content": "good morning"},
        {"role": "assistant", "content": "Hello."},
    ]
    assert body["messages"][2]["content"][0]["type"] == "input_audio"


def test_media_that_are_gone_from_the_store_are_told_unless_they_are_the_question(tmp_path: Path) -> None:
    gone = Image("media://" + "0" * 64)
    asked = (Message("user", (gone, Text("see"))), user("and?"))
    body = run(sent("vllm", Request("", asked)))
    assert body["messages"][0]["content"] == "[picture]\nsee"


def test_what_a_tool_showed_follows_its_result_as_the_users() -> None:
    picture = kept(MediaStore())["image"]
    assert isinstance(picture, Image)
    call = ToolCall("c", "look", {})
    done = ToolResult("c", "look", "done", "[picture]", media=(picture,))
    asked = (user("look"), Message("assistant", (call,)), Message("tool", (done,)))
    body = run(sent("vllm", Request("", asked, (OTHER,))))
    assert [message["role"] for message in body["messages"]] == ["user", "assistant", "tool", "user"]
    assert body["messages"][-1]["content"][1]["type"] == "image_url"


def test_a_schema_goes_into_the_prompt_where_the_server_constrains_nothing() -> None:
    schema = {"type": "object", "properties": {"name": {"type": "string"}}}
    json_text = '{"name": "Ada", "arguments": {}}'

    async def main() -> None:
        for name, wire in WIRES.items():
            async with asking(name, wire.reply([json_text])) as (model, server):
                came = await answer(model, ask(format=schema, tools=(SPEC,), speech=True))
                assert came.text == json_text
                (body,) = server.bodies
                in_prompt = json.dumps(schema) in body["messages"][0]["content"]
                assert in_prompt == (name in {"sglang-omni", "dashscope", "transformers-serve"})
                assert "tools" not in body

    run(main())


def test_a_proxy_in_the_environment_is_not_asked_for_a_server_on_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)

    async def main() -> None:
        async with asking("vllm", WIRES["vllm"].reply(["Hi."])) as (model, _):
            assert (await answer(model, ask())).text == "Hi."

    run(main())


def test_a_connection_that_the_server_closed_meanwhile_costs_no_turn() -> None:
    async def main() -> None:
        wire = WIRES["vllm"]
        server = Server(wire.reply(["Hi."]), models=wire.served())
        async with serving(server):
            address = Address.parse(f"{server.url}#m")
            model = HttpModel(DIALECTS["vllm"], address, limits=QUICK)
            await answer(model, ask())
            await server.close()
            assert (await answer(model, ask())).text == "Hi."
            await model.close()

    run(main())


def test_one_model_serves_several_event_loops() -> None:
    """Each program of `run_sync` has a loop of its own; connections belong to one."""
    wire = WIRES["vllm"]
    made: list[HttpModel] = []

    async def main() -> None:
        server = Server(wire.reply(["Hi."]), models=wire.served())
        async with serving(server):
            if not made:
                made.append(HttpModel(DIALECTS["vllm"], Address.parse(f"{server.url}#m"), limits=QUICK))
            made[0]._asked = replace(made[0]._asked, url=f"{server.url}/v1")
            made[0]._connection.asked = made[0]._asked
            assert (await answer(made[0], ask())).text == "Hi."
            await made[0].close()

    run(main())
    run(main())


def test_a_server_that_keeps_the_connection_open_after_the_end_is_not_waited_for() -> None:
    async def main() -> None:
        reply = WIRES["vllm"].reply(["Hi."])
        async with asking("vllm", Reply([*reply.parts, STALL])) as (model, _):
            assert (await answer(model, ask())).text == "Hi."

    run(main())

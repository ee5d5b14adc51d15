"""The engine's driver, on a scripted engine; and, marked `models`, on llama.cpp itself."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import aclosing
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from omni_agent.errors import ModelError, ModelUnavailable
from omni_agent.events import Usage
from omni_agent.messages import Message, Text, ToolCall, ToolResult, ToolSpec
from omni_agent.models.base import Done, ModelEvent, Request, TextDelta
from omni_agent.models.llama import LlamaLanguage

TIMER = ToolSpec(
    "set_timer",
    "Start a countdown timer.",
    {
        "type": "object",
        "properties": {"minutes": {"type": "number", "description": "How long."}},
        "required": ["minutes"],
        "additionalProperties": False,
    },
)
PATIENCE = 60.0


def user(text: str) -> Message:
    return Message("user", (Text(text),))


def ask(text: str = "hi", **fields: Any) -> Request:
    return Request("You are Ada.", (user(text),), **fields)


def piece(text: str) -> dict[str, Any]:
    return {"choices": [{"delta": {"content": text}, "finish_reason": None}]}


def end(reason: str = "stop") -> dict[str, Any]:
    timings = {"cache_n": 30, "prompt_n": 12, "predicted_n": 5}
    return {"choices": [{"delta": {}, "finish_reason": reason}], "timings": timings}


def too_long(tokens: int, context: int) -> dict[str, Any]:
    kind = "exceed_context_size_error"
    return {"error": {"type": kind, "message": "too long", "n_prompt_tokens": tokens, "n_ctx": context}}


class Engine:
    """Stands in for `xllamacpp.Server`: plays a script, and may be held before a chunk."""

    def __init__(self) -> None:
        self.script: Callable[[dict[str, Any]], list[dict[str, Any]]] = lambda _: [piece("Hi."), end()]
        self.asked: list[dict[str, Any]] = []
        self.params: list[SimpleNamespace] = []
        self.held: dict[str, threading.Event] = {}
        self.reached = threading.Semaphore(0)
        self.stopped = threading.Semaphore(0)
        self.broken = False

    def load(self, params: SimpleNamespace) -> Engine:
        self.params.append(params)
        if self.broken:
            raise RuntimeError("Failed to init server")
        return self

    def hold(self, text: str) -> threading.Event:
        """Hold the engine before it gives this piece, until the event is set."""
        self.held[text] = threading.Event()
        return self.held[text]

    def handle_chat_completions(
        self, body: dict[str, Any], callback: Callable[[dict[str, Any]], bool]
    ) -> None:
        self.asked.append(body)
        for chunk in self.script(body):
            text = chunk.get("choices", [{}])[0].get("delta", {}).get("content")
            if gate := self.held.get(text):
                self.reached.release()
                assert gate.wait(PATIENCE)
            if callback(chunk):
                self.stopped.release()
                return


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    engine = Engine()
    module = ModuleType("xllamacpp")

    def params() -> SimpleNamespace:
        parts = {name: SimpleNamespace() for name in ("model", "cpuparams", "cpuparams_batch")}
        return SimpleNamespace(**parts)

    module.__dict__.update(CommonParams=params, Server=engine.load)
    monkeypatch.setitem(sys.modules, "xllamacpp", module)
    return engine


@pytest.fixture
def gguf(tmp_path: Path) -> Path:
    file = tmp_path / "m.gguf"
    file.write_bytes(b"GGUF and so on")
    return file


async def all_of(model: LlamaLanguage, request: Request) -> list[ModelEvent]:
    async with aclosing(model.stream(request)) as events:
        return [event async for event in events]


def run(model: LlamaLanguage, request: Request) -> list[ModelEvent]:
    async def main() -> list[ModelEvent]:
        try:
            return await all_of(model, request)
        finally:
            await model.close()

    return asyncio.run(main())


def text_of(events: list[ModelEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


async def passed(semaphore: threading.Semaphore) -> None:
    assert await asyncio.to_thread(semaphore.acquire, timeout=PATIENCE)


def test_words_then_usage_then_done(engine: Engine, gguf: Path) -> None:
    events = run(LlamaLanguage(gguf), ask())
    assert events == [TextDelta("Hi."), Usage(42, 30, 5), Done("stop")]


def test_a_call_ends_the_answer_with_tool_calls(engine: Engine, gguf: Path) -> None:
    engine.script = lambda _: [piece("set_timer "), piece('{"minutes": 3}'), end()]
    events = run(LlamaLanguage(gguf, new_id=lambda: "call_1"), ask(tools=(TIMER,)))
    assert ToolCall("call_1", "set_timer", {"minutes": 3}) in events
    assert events[-1] == Done("tool_calls")
    assert text_of(events) == ""


def test_an_answer_cut_by_its_limit_says_so(engine: Engine, gguf: Path) -> None:
    engine.script = lambda _: [piece('set_timer {"min'), end("length")]
    assert run(LlamaLanguage(gguf), ask(tools=(TIMER,)))[-1] == Done("length")


def test_the_first_words_do_not_wait_for_the_last(engine: Engine, gguf: Path) -> None:
    engine.script = lambda _: [piece("One"), piece(" two"), end()]
    release = engine.hold(" two")

    async def main() -> None:
        model = LlamaLanguage(gguf)
        async with aclosing(model.stream(ask())) as events:
            assert await asyncio.wait_for(anext(events), PATIENCE) == TextDelta("One")
            release.set()
            assert await anext(events) == TextDelta(" two")
        await model.close()

    asyncio.run(main())


@pytest.mark.parametrize("cancel", [True, False])
def test_who_stops_listening_stops_the_engine_at_the_next_token(
    engine: Engine, gguf: Path, cancel: bool
) -> None:
    engine.script = lambda _: [piece("One"), piece(" two"), *[piece(" more")] * 1000, end()]
    release = engine.hold(" two")

    async def main() -> None:
        model = LlamaLanguage(gguf)
        events = model.stream(ask())
        await anext(events)
        await passed(engine.reached)
        if cancel:
            waiting = asyncio.ensure_future(anext(events))
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        else:
            await events.aclose()
        release.set()
        await passed(engine.stopped)
        engine.script = lambda _: [piece("Again."), end()]
        assert text_of(await all_of(model, ask())) == "Again."
        await model.close()

    asyncio.run(main())


def test_two_are_answered_at_once_and_a_third_waits(engine: Engine, gguf: Path) -> None:
    engine.script = lambda body: [piece(body["messages"][-1]["content"]), end()]
    gates = [engine.hold(name) for name in ("one", "two")]

    async def main() -> None:
        model = LlamaLanguage(gguf)
        asked = [asyncio.ensure_future(all_of(model, ask(name))) for name in ("one", "two", "three")]
        await passed(engine.reached)
        await passed(engine.reached)
        assert len(engine.asked) == 2
        for gate in gates:
            gate.set()
        assert [text_of(events) for events in await asyncio.gather(*asked)] == ["one", "two", "three"]
        await model.close()

    asyncio.run(main())
    assert len(engine.params) == 1


def test_one_that_waits_can_be_given_up(engine: Engine, gguf: Path) -> None:
    engine.script = lambda body: [piece(body["messages"][-1]["content"]), end()]
    gates = [engine.hold(name) for name in ("one", "two")]

    async def main() -> None:
        model = LlamaLanguage(gguf)
        asked = [asyncio.ensure_future(all_of(model, ask(name))) for name in ("one", "two", "three")]
        await passed(engine.reached)
        await passed(engine.reached)
        asked[2].cancel()
        await asyncio.gather(asked[2], return_exceptions=True)
        for gate in gates:
            gate.set()
        await asyncio.gather(*asked[:2])
        await model.close()

    asyncio.run(main())
    assert [body["messages"][-1]["content"] for body in engine.asked] == ["one", "two"]


def test_closing_ends_what_runs_and_what_waits_and_the_next_use_loads_again(
    engine: Engine, gguf: Path
) -> None:
    engine.script = lambda _: [piece("One"), piece(" two"), end()]
    release = engine.hold(" two")

    async def main() -> None:
        model = LlamaLanguage(gguf)
        asked = [asyncio.ensure_future(all_of(model, ask())) for _ in range(3)]
        await passed(engine.reached)
        await passed(engine.reached)
        closing = asyncio.ensure_future(model.close())
        await asyncio.sleep(0)
        release.set()
        ended = await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), PATIENCE)
        await closing
        assert [getattr(error, "code", None) for error in ended] == ["model_closed"] * 3
        assert text_of(await all_of(model, ask())) == "One two"
        await model.close()

    asyncio.run(main())
    assert len(engine.params) == 2


def conversation(turns: int) -> tuple[Message, ...]:
    said = (
        message
        for n in range(turns)
        for message in (user(f"question {n}"), Message("assistant", (Text("Yes."),)))
    )
    return (*said, user("and now?"))


def test_when_the_engine_finds_it_too_long_the_oldest_turns_go(engine: Engine, gguf: Path) -> None:
    def script(body: dict[str, Any]) -> list[dict[str, Any]]:
        messages = len(body["messages"])
        return [too_long(messages * 100, 1500)] if messages > 15 else [piece("Now."), end()]

    engine.script = script
    assert text_of(run(LlamaLanguage(gguf), Request("You are Ada.", conversation(20)))) == "Now."
    sent = engine.asked[-1]["messages"]
    assert sent[0]["role"] == "system"
    assert sent[-1]["content"] == "and now?"
    assert sent[1]["role"] == "user"


def test_a_last_message_that_is_too_long_by_itself_is_refused(engine: Engine, gguf: Path) -> None:
    engine.script = lambda _: [too_long(9000, 8192)]
    with pytest.raises(ModelError) as caught:
        run(LlamaLanguage(gguf), Request("You are Ada.", conversation(3)))
    assert caught.value.code == "context_exceeded"
    assert caught.value.remedy


def test_what_else_the_engine_refuses_is_an_error(engine: Engine, gguf: Path) -> None:
    engine.script = lambda _: [{"error": {"type": "invalid_request_error", "message": "no such thing"}}]
    with pytest.raises(ModelError, match="no such thing"):
        run(LlamaLanguage(gguf), ask())


def test_an_engine_that_fails_is_an_error(engine: Engine, gguf: Path) -> None:
    def script(_: dict[str, Any]) -> list[dict[str, Any]]:
        raise RuntimeError("out of memory")

    engine.script = script
    with pytest.raises(ModelError, match="out of memory"):
        run(LlamaLanguage(gguf), ask())


def test_a_grammar_binds_where_calls_are_possible_or_were_made(engine: Engine, gguf: Path) -> None:
    call = Message("assistant", (ToolCall("c", "set_timer", {"minutes": 3}),))
    result = Message("tool", (ToolResult("c", "set_timer", "done", "ok"),))
    run(LlamaLanguage(gguf), ask())
    run(LlamaLanguage(gguf), ask(tools=(TIMER,)))
    run(LlamaLanguage(gguf), Request("", (user("x"), call, result)))
    none, calls, words = (body.get("grammar", "") for body in engine.asked)
    assert none == ""
    assert "set_timer" in calls
    assert "set_timer" not in words
    assert "say" in words


def test_who_holds_on_to_a_word_holds_the_engine(engine: Engine, gguf: Path) -> None:
    engine.script = lambda _: [piece("One "), piece("two "), piece("three."), end()]
    two, three = engine.hold("two "), engine.hold("three.")
    two.set()

    async def main() -> list[str]:
        model = LlamaLanguage(gguf)
        words: list[str] = []
        async for event in model.stream(Request("", (user("Count."),), ())):
            if isinstance(event, TextDelta):
                words.append(event.text)
            if words == ["One "]:
                await asyncio.to_thread(engine.reached.acquire)
                # It hands over the second word meanwhile, and waits with it.
                assert not engine.reached.acquire(blocking=False)
                three.set()
        await model.close()
        return words

    assert "".join(asyncio.run(main())) == "One two three."


def test_prewarm_computes_the_prefix_and_writes_nothing(engine: Engine, gguf: Path) -> None:
    async def main() -> None:
        model = LlamaLanguage(gguf)
        await model.prewarm()
        assert engine.asked == []
        await model.prewarm(Request("You are Ada.", (), (TIMER,)))
        await model.close()

    asyncio.run(main())
    assert engine.asked[0]["max_tokens"] == 0
    assert "You are Ada." in str(engine.asked[0]["messages"])
    assert len(engine.params) == 1


def test_the_path_may_be_a_folder_and_is_asked_for_at_the_first_use(engine: Engine, gguf: Path) -> None:
    asked: list[int] = []

    def fetch() -> Path:
        asked.append(threading.get_ident())
        return gguf.parent

    model = LlamaLanguage(fetch)
    assert not asked
    assert model.capabilities.context_tokens == 8192
    run(model, ask())
    assert len(asked) == 1
    assert asked[0] != threading.get_ident()
    assert engine.params[0].model.path == str(gguf)


def test_the_port_that_the_engine_opens_is_locked(engine: Engine, gguf: Path) -> None:
    for _ in range(2):
        run(LlamaLanguage(gguf), ask())
    keys = [tuple(params.api_keys) for params in engine.params]
    assert all(len(key) >= 32 for (key,) in keys)
    assert keys[0] != keys[1]


def test_without_the_package_the_remedy_installs_it(gguf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    with pytest.raises(ModelUnavailable) as caught:
        run(LlamaLanguage(gguf), ask())
    assert "omni-agent-framework[local]" in caught.value.remedy


@pytest.mark.parametrize("content", [None, b"", b"a web page"])
def test_a_file_that_is_no_model_is_named(engine: Engine, tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "bad.gguf"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ModelUnavailable, match=r"bad\.gguf"):
        run(LlamaLanguage(file), ask())
    assert engine.params == []


def test_a_file_that_the_engine_cannot_load_is_named(engine: Engine, gguf: Path) -> None:
    engine.broken = True
    with pytest.raises(ModelUnavailable, match=r"m\.gguf"):
        run(LlamaLanguage(gguf), ask())


@pytest.fixture(scope="module")
def small() -> Path:
    from omni_agent.models.store import ModelStore

    return ModelStore().ensure("language-small")


@pytest.fixture(scope="module")
def model(small: Path) -> Iterator[LlamaLanguage]:
    model = LlamaLanguage(small, context_tokens=2048)
    yield model
    asyncio.run(model.close())


@pytest.mark.models
def test_a_turn_computes_only_what_is_new(model: LlamaLanguage) -> None:
    call = ToolCall("c", "set_timer", {"minutes": 10})
    turns = [
        [user("Please set a timer for ten minutes.")],
        [
            Message("assistant", (call,)),
            Message("tool", (ToolResult("c", "set_timer", "done", "Timer 1 set"),)),
        ],
        [Message("assistant", (Text("The timer is set."),)), user("Thank you!")],
    ]

    async def main() -> list[Usage]:
        background = Request("You sum up.", (user("I moved to Graz. " * 20),), max_tokens=4)
        used, messages = [], []
        await model.prewarm(Request("You are Ada.", (), (TIMER,)))
        for turn in turns:
            messages += turn
            events = await all_of(model, Request("You are Ada.", tuple(messages), (TIMER,), max_tokens=20))
            used += [event for event in events if isinstance(event, Usage)]
            await all_of(model, background)
        return used

    for usage in asyncio.run(main()):
        assert usage.prompt_tokens - usage.cached_tokens <= 60


@pytest.mark.models
def test_llama_cpp_takes_the_grammars_and_the_calls_fit(model: LlamaLanguage) -> None:
    nested = {
        "type": "array",
        "items": {"type": "object", "properties": {"kind": {"enum": ["a", "b c"]}}, "required": ["kind"]},
    }
    specs = (
        ToolSpec("free", "Store anything.", {"type": "object"}),
        ToolSpec(
            "store",
            "Store a record.",
            {
                "type": "object",
                "properties": {
                    "title": {"type": "string", "maxLength": 12, "pattern": "^[A-Z]"},
                    "day": {"type": "string", "format": "date"},
                    "size": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
                    "rows": nested,
                    "more": {"type": "object", "additionalProperties": {"type": "number"}},
                },
                "required": ["rows", "size"],
                "additionalProperties": False,
            },
        ),
    )
    validators = {spec.name: Draft202012Validator(_without_patterns(spec.parameters)) for spec in specs}

    async def main() -> list[ToolCall]:
        calls = []
        for seed in range(4):
            request = ask(
                "Store a record: two rows of kind a.", tools=specs, temperature=1.0, seed=seed, max_tokens=200
            )
            calls += [event for event in await all_of(model, request) if isinstance(event, ToolCall)]
        return calls

    calls = asyncio.run(main())
    assert calls
    for call in calls:
        validators[call.name].validate(call.arguments)


def _without_patterns(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {key: _without_patterns(value) for key, value in schema.items() if key != "pattern"}
    return schema


@pytest.mark.models
def test_a_conversation_longer_than_the_context_loses_its_oldest_turns(model: LlamaLanguage) -> None:
    long = tuple(user("Zürich 12345 67890 " * 12) for _ in range(60))
    events = asyncio.run(all_of(model, Request("You are Ada.", (*long, user("Say yes.")), max_tokens=5)))
    assert events[-1] in (Done("stop"), Done("length"))
    with pytest.raises(ModelError) as caught:
        asyncio.run(all_of(model, ask("Zürich 12345 67890 " * 1000)))
    assert caught.value.code == "context_exceeded"


@pytest.mark.models
def test_an_answer_that_is_given_up_leaves_the_model_free(model: LlamaLanguage) -> None:
    async def main() -> str:
        async with aclosing(
            model.stream(ask("Count from one to two hundred in words.", max_tokens=1500))
        ) as events:
            await anext(events)
        return text_of(await asyncio.wait_for(all_of(model, ask("Say yes.", max_tokens=5)), PATIENCE))

    assert asyncio.run(main())


@pytest.mark.models
def test_the_engine_prints_nothing(small: Path) -> None:
    program = f"""
import asyncio
from pathlib import Path
from omni_agent.messages import Message, Text
from omni_agent.models.base import Request
from omni_agent.models.llama import LlamaLanguage

async def main():
    model = LlamaLanguage(Path({str(small)!r}), context_tokens=512)
    async for _ in model.stream(Request("", (Message("user", (Text("hi"),)),), max_tokens=2)):
        pass
    await model.close()

asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, timeout=PATIENCE * 2, check=True
    )
    assert (done.stdout, done.stderr) == (b"", b"")

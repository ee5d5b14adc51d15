"""The main job, with the real embedded models."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import wave
from itertools import pairwise
from pathlib import Path

import pytest

from omni_agent import Agent, Persona, tool
from omni_agent.events import SpeechChunk, TextDelta
from omni_agent.models.cascade import Cascade

pytestmark = [pytest.mark.models, pytest.mark.anyio]

ROOT = Path(__file__).parents[2]


@tool(effect="read")
async def weather(city: str) -> str:
    """Current weather in a city.

    Args:
        city: Name of the city.
    """
    return f"{city}: rain, 14 degrees"


@tool(effect="read")
async def bus(stop: str) -> str:
    """When the next bus leaves.

    Args:
        stop: Name of the bus stop.
    """
    return f"The next bus from {stop} leaves in 7 minutes"


@tool
async def set_timer(minutes: float, label: str = "timer") -> str:
    """Start a countdown timer.

    Args:
        minutes: How long, in minutes.
        label: What the timer is for.
    """
    return f"The {label} timer runs for {minutes:g} minutes"


@tool(effect="read")
async def phone_book(name: str) -> str:
    """Look up a person's phone extension.

    Args:
        name: Who.
    """
    return f"{name} has extension 42"


@tool(effect="read")
async def multiply(a: float, b: float) -> str:
    """Multiply two numbers.

    Args:
        a: One number.
        b: The other.
    """
    return f"{a * b:g}"


TOOLS = [weather, bus, set_timer, phone_book, multiply]
SPOKEN = [
    ("What is the weather in Berlin?", {"14", "fourteen"}),
    ("When does the next bus leave from Main Street?", {"7", "seven"}),
    ("Set a timer for ten minutes for the pasta.", {"10", "ten"}),
    ("What is the phone extension of Anna?", {"42", "forty-two", "forty two"}),
    ("Multiply six by seven, please.", {"42", "forty-two", "forty two"}),
]


@pytest.mark.parametrize(("request_", "holds"), SPOKEN, ids=[words.split()[-1] for words, _ in SPOKEN])
async def test_spoken_by_one_voice_answered_by_another_and_understood(
    request_: str, holds: set[str], cascade: Cascade
) -> None:
    voice, ears = cascade.senses.voice, cascade.senses.ears
    assert voice
    assert ears
    asked = await voice.speak(request_, voice="am_michael")
    agent = Agent(
        name="Desk", model=cascade, memory=None, tools=TOOLS, persona=Persona(style="brief", max_words=30)
    )
    reply = await agent.ask(audio=asked)
    assert [call.status for call in reply.tool_calls] == ["done"], reply
    assert reply.speech is not None
    heard = [(await ears.transcribe(reply.speech)).text.lower()]
    if not any(number in heard[0] for number in holds):
        # A voice never says the same twice; words that are misheard once may be clear the next time.
        heard.append((await ears.transcribe(await voice.speak(reply.text))).text.lower())
    assert any(number in words for words in heard for number in holds), (reply.text, heard)
    assert all(mark not in reply.text for mark in "{}<>`")


async def test_words_and_sound_come_while_the_rest_is_written(cascade: Cascade) -> None:
    agent = Agent(model=cascade, memory=None, persona=Persona(max_words=60))
    question = "Tell me three sentences about the sea."
    kinds = [
        type(event) async for event in agent.stream(question) if isinstance(event, TextDelta | SpeechChunk)
    ]
    first_sound = kinds.index(SpeechChunk)
    assert TextDelta in kinds[first_sound:]


@pytest.mark.parametrize(
    ("text", "language", "voice"),
    [("Wie viele Tage hat eine Woche?", "de", ""), ("¿Cuántos días tiene una semana?", "es", "ef_dora")],
)
async def test_it_answers_in_the_language_that_was_spoken(
    text: str, language: str, voice: str, cascade: Cascade
) -> None:
    from omni_agent.speech.language import detect

    if voice:
        assert cascade.senses.voice
        reply = await Agent(model=cascade, memory=None).ask(
            audio=await cascade.senses.voice.speak(text, language=language)
        )
        assert reply.language == language
        assert reply.speech is not None
    else:
        reply = await Agent(model=cascade, memory=None).ask(text)
    assert detect(reply.text, {"en", "de", "es", "fr", "it"}) == language, reply.text


async def test_a_warm_turn_computes_only_what_is_new(cascade: Cascade) -> None:
    agent = Agent(name="Warm", model=cascade, memory=None, tools=TOOLS)
    await agent.prewarm()
    turns = [
        await agent.ask(words, speak=False)
        for words in ("Hello!", "What is the weather in Rome?", "Thank you.")
    ]
    for before, after in pairwise(turns):
        assert after.usage.cached_tokens > 0.8 * before.usage.prompt_tokens / max(
            len(before.tool_calls) + 1, 1
        )
    assert turns[0].usage.prompt_tokens - turns[0].usage.cached_tokens < 60
    assert turns[2].usage.prompt_tokens - turns[2].usage.cached_tokens < 60


TALK = """
import asyncio, json, sys
from omni_agent import Agent
async def main():
    async with Agent(name="Friend") as agent:
        for words in json.loads(sys.argv[1]):
            reply = await agent.ask(words, session="six", speak=False)
            print(json.dumps(reply.text), flush=True)
asyncio.run(main())
"""


# What `resource` tells of a child includes the parent that it was forked from.
WATCHED = """
import atexit, pathlib, runpy, sys
status = pathlib.Path(sys.argv.pop(1))
atexit.register(lambda: status.write_text(pathlib.Path("/proc/self/status").read_text()))
runpy.run_module("omni_agent", run_name="__main__")
"""


def talk(words: list[str]) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", TALK, json.dumps(words)],
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


async def test_a_conversation_goes_on_after_a_restart(cascade: Cascade) -> None:
    told = "Hi, my name is Rosalind and I have a dog called Biscuit.", "What is two plus two?", "Thank you."
    async with Agent(name="Friend", model=cascade) as agent:
        for words in told:
            await agent.ask(words, session="six", speak=False)
    # Another process: nothing but the memory's file is left of the first.
    replies = await asyncio.to_thread(
        talk, ["What colour is grass?", "And the sky?", "What is my dog called?"]
    )
    assert "biscuit" in replies[-1].lower()


def test_the_demo_runs_within_its_memory(tmp_path: Path) -> None:
    target, status = tmp_path / "reply.wav", tmp_path / "status"
    command = [
        "ask",
        "--agent",
        "examples/02_tool.py",
        "--audio",
        "examples/timer.wav",
        "--speak",
        str(target),
    ]
    env = {**os.environ, "OMNI_AGENT_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, str(status), *command],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    for words in ("heard ›", "call › set_timer(minutes=10", "pasta", "agent ›", "first speech"):
        assert words in done.stdout
    with wave.open(str(target)) as file:
        assert file.getnframes() / file.getframerate() > 0.8
    peak = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
    assert peak
    assert int(peak[1]) / 2**20 < 3.5

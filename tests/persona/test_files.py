"""Personas in files: read strictly; the ready ones load and keep their rules."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from omni_agent import Agent, Persona
from omni_agent.errors import ConfigError
from omni_agent.memory import TransientMemory, TurnRecord
from omni_agent.messages import Message, Text
from omni_agent.models.base import Capabilities, Done, ModelEvent, Request, TextDelta
from omni_agent.models.prompt import estimated_tokens
from omni_agent.persona import LANGUAGES, words
from omni_agent.senses import Senses
from omni_agent.testing import ToneVoice

READY = sorted((Path(__file__).parents[2] / "examples" / "personas").glob("*.toml"))
ESSAYS = {
    "en": "## The sea\n\nThe **sea** is wide and blue 🌊:\n\n"
    + "- It has waves, fish and very old ships\n" * 12,
    "de": "## Das Meer\n\nDas **Meer** ist weit und blau 🌊:\n\n"
    + "- Es hat Wellen, Fische und alte Schiffe\n" * 12,
    "fr": "## La mer\n\nLa **mer** est grande et bleue 🌊 :\n\n"
    + "- Elle a des vagues et de vieux bateaux\n" * 12,
    "es": "## El mar\n\nEl **mar** es ancho y azul 🌊:\n\n"
    + "- Tiene olas, peces y barcos muy viejos\n" * 12,
    "ja": "## 海\n\n**海**は広くて青いです🌊：\n\n" + "- 波と魚と古い船がたくさんあります\n" * 12,
}


def test_there_are_ready_ones_in_several_languages() -> None:
    personas = [Persona.load(path) for path in READY]
    assert len(personas) >= 6
    assert len({persona.name for persona in personas}) == len(personas)
    assert sum(persona.languages[:1] not in ((), ("en",)) for persona in personas) >= 2


@pytest.mark.parametrize("path", READY, ids=[path.stem for path in READY])
def test_a_ready_one_is_whole_and_short(path: Path) -> None:
    persona = Persona.load(path)
    assert persona == Persona.load(path)
    assert persona.name
    assert persona.greeting()
    assert persona.max_words or persona.max_seconds
    assert set(persona.languages) <= set(LANGUAGES)
    assert estimated_tokens(persona.prompt(persona.name)) <= 190


class Essayist:
    """A model that answers everything with an essay in Markdown."""

    def __init__(self, essay: str) -> None:
        self._essay = essay
        self.voice = ToneVoice(tuple(LANGUAGES))
        self.requests: list[Request] = []

    capabilities = Capabilities()

    @property
    def senses(self) -> Senses:
        return Senses(voice=self.voice)

    async def stream(self, request: Request) -> AsyncGenerator[ModelEvent, None]:
        self.requests.append(request)
        for start in range(0, len(self._essay), 7):
            yield TextDelta(self._essay[start : start + 7])
        yield Done("stop")

    async def prewarm(self, request: Request | None = None) -> None:
        """Nothing to load."""

    async def close(self) -> None:
        """Nothing to free."""


def small_talk(number: int) -> TurnRecord:
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
    messages = (Message("user", (Text(f"And {number}?"),)), Message("assistant", (Text("- yes"),)))
    return TurnRecord(f"t{number}", "default", messages, "- yes", "- yes", "done", at, at)


@pytest.mark.anyio
@pytest.mark.parametrize("path", READY, ids=[path.stem for path in READY])
async def test_a_ready_one_keeps_its_rules_from_the_first_turn_to_the_fiftieth(path: Path) -> None:
    persona = Persona.load(path)
    model = Essayist(ESSAYS[next(iter(persona.languages), "en")])
    memory = TransientMemory()
    agent = Agent(model=model, memory=memory, persona=persona)
    first = await agent.ask("Tell me all about the sea.")
    for number in range(48):
        await memory.commit(agent.parts.scope("local"), small_talk(number))
    replies = [first, await agent.ask("Tell me all about the sea, once more.")]
    assert len(model.requests[1].messages) == 2 * 49 + 1
    for reply in replies:
        assert words(reply.text) <= (persona.max_words or 1000)
        assert reply.speech is not None
        assert reply.speech.seconds <= (persona.max_seconds or 1000)
        assert reply.text[-1] in ".!?…。"
    said = [reply.text for reply in replies] + [text for text, _ in model.voice.spoken]
    assert not any(mark in text for text in said for mark in ("*", "#", "🌊", "\n", "- "))
    assert len({request.system for request in model.requests}) == 1
    assert {request.language for request in model.requests} == {persona.reply_language("en")}


def written(folder: Path, text: str) -> Path:
    path = folder / "p.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_attribute_can_stand_in_a_file(tmp_path: Path) -> None:
    text = """
    name = "N"
    style = "s"
    tone = "t"
    register = "formal"
    relationship = "r"
    languages = ["de", "fr"]
    voice = "v"
    rate = 1
    max_words = 10
    max_seconds = 7.5
    opening = {de = "Hallo.", fr = "Salut."}
    dos = ["d"]
    donts = ["x", "y"]
    instructions = "i"
    fillers = ["f"]
    circle = "c"
    blocks = {relationship = "old friends"}
    """
    assert Persona.load(written(tmp_path, text)) == Persona(
        name="N",
        style="s",
        tone="t",
        register="formal",
        relationship="r",
        languages=("de", "fr"),
        voice="v",
        rate=1,
        max_words=10,
        max_seconds=7.5,
        opening={"de": "Hallo.", "fr": "Salut."},
        dos=("d",),
        donts=("x", "y"),
        instructions="i",
        fillers=("f",),
        circle="c",
        blocks={"relationship": "old friends"},
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("max_word = 3", "unknown key 'max_word' (known are: style,"),
        ("max_words = 'many'", "'max_words' must be a whole number (it is 'many')"),
        ("max_words = true", "'max_words' must be a whole number"),
        ("max_words = 0", "max_words must be 1 or more (leave it out"),
        ("rate = 9", "outside 0.5 to 2"),
        ("register = 'royal'", "register 'royal' is unknown"),
        ("languages = 'de'", "'languages' must be a list of language codes"),
        ("languages = ['German']", "'languages' must be a list of language codes"),
        ("opening = 3", "'opening' must be a text, or a table"),
        ("opening = {German = 'Hallo'}", "'opening' must be a text, or a table"),
        ("dos = ['']", "'dos' must be a list of texts"),
        ("blocks = {a = 1}", "'blocks' must be a table of texts"),
        ("name = ", "end of document"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(text: str, says: str, tmp_path: Path) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        Persona.load(path)
    assert str(path) in str(caught.value)
    assert says in str(caught.value)
    assert caught.value.remedy


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no persona file"):
        Persona.load(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="cannot read"):
        Persona.load(tmp_path)
    (tmp_path / "latin.toml").write_bytes("name = 'José'".encode("latin-1"))
    with pytest.raises(ConfigError, match="cannot read"):
        Persona.load(tmp_path / "latin.toml")

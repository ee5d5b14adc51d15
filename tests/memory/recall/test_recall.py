"""What was said comes back for the words that ask for it, to whom it was said, and with its date."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from omni_memory import SqliteMemory

from omni_agent.memory import InView, Scope, TurnRecord
from omni_agent.messages import Message, Text

from .talk import ANNA, NOW, StandingClock, Talk, talking

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def filled(empty_file: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with some chatter, to be copied."""
    path = tmp_path_factory.mktemp("filled") / "memory.db"
    path.write_bytes(empty_file)

    async def said() -> None:
        async with talking(path) as made:
            for number, words in enumerate(_CHATTER):
                await made.say(words, "I see.", session="chatter", days_ago=90 - number)

    asyncio.run(said())
    return path


@pytest.fixture
async def talk(filled: Path, tmp_path: Path) -> AsyncIterator[Talk]:
    async with talking(Path(copy(filled, tmp_path / "memory.db")), vectors=False) as made:
        yield made


_CHATTER = (
    "the garden needs water", "we had soup for lunch", "my bicycle has a flat tyre",
    "the train was late again", "I read a book about whales", "the neighbours have a new piano",
    "it rained all afternoon", "my shoes are too small", "the cheese was excellent",
    "I lost my umbrella on the bus",
)  # fmt: skip


async def test_what_fits_comes_first_and_says_when_and_who(talk: Talk) -> None:
    id_ = await talk.say("My dentist is Dr. Huber in the Lindenstrasse.", "Noted.")
    first = (await talk.ask("who is my dentist?"))[0]
    assert first.source == f"turn:{id_}/user"
    assert first.text == 'On 28 October 2026 the user said: "My dentist is Dr. Huber in the Lindenstrasse."'
    assert first.at == NOW - timedelta(days=30)
    assert first.score > 0


async def test_the_agents_words_are_told_as_you_said(talk: Talk) -> None:
    id_ = await talk.say("what should I cook?", "Try a risotto with saffron.")
    first = (await talk.ask("which risotto did you recommend?"))[0]
    assert first.source == f"turn:{id_}/agent"
    assert "you said:" in first.text


async def test_an_answer_is_found_by_its_question(talk: Talk) -> None:
    await talk.say("hm", "Who repaired your roof?")
    id_ = await talk.say("Someone called Pichler, last spring.")
    assert f"turn:{id_}/user" in (await talk.sources("who repaired my roof?"))[:2]


@pytest.mark.parametrize(
    "words",
    ["hello", "thanks!", "Good morning", "ok, cool", "what time is it?", "danke", "merci", "こんにちは",
     "谢谢", "", "how are you?", "?!", "please", "what is the capital of Mongolia?"],
)  # fmt: skip
async def test_words_that_ask_for_nothing_recall_nothing(talk: Talk, words: str) -> None:
    assert await talk.ask(words) == []


async def test_forms_and_words_of_the_same_meaning_find_each_other(talk: Talk) -> None:
    went = await talk.say("we went to the opera")
    mum = await talk.say("mum sings in a choir")
    assert f"turn:{went}/user" in await talk.sources("when did I go to the opera?")
    assert (await talk.sources("what does my mother do?"))[0] == f"turn:{mum}/user"


async def test_who_is_asked_about_is_likelier_to_have_said_it(talk: Talk) -> None:
    id_ = await talk.say("My plan is hiking in Norway.", "My plan is hiking in Norway.")
    assert (await talk.sources("what is my plan in Norway?"))[0] == f"turn:{id_}/user"
    assert (await talk.sources("what did you say of the plan in Norway?"))[0] == f"turn:{id_}/agent"
    assert (await talk.sources("what is the butler's plan in Norway?"))[0] == f"turn:{id_}/agent"


async def test_a_named_time_decides_between_equals(talk: Talk) -> None:
    old = await talk.say("I met Clara at the market", days_ago=200, session="old")
    new = await talk.say("I met Clara at the market hall", days_ago=1, session="new")
    assert (await talk.sources("when did I meet Clara yesterday?"))[0] == f"turn:{new}/user"
    assert (await talk.sources("did I meet Clara in May?"))[0] == f"turn:{old}/user"


async def test_a_time_alone_recalls_what_was_said_then(talk: Talk) -> None:
    id_ = await talk.say("the boiler broke", days_ago=1, session="new")
    assert (await talk.sources("what did I say yesterday?"))[0] == f"turn:{id_}/user"


async def test_what_the_model_sees_anyway_is_left_out(talk: Talk) -> None:
    before = await talk.say("the safe's code is in the blue folder", session="now", days_ago=3)
    after = await talk.say("where is the code of the safe?", "In the blue folder.", session="now", days_ago=1)
    found = await talk.sources("code of the safe", seen=InView("now", NOW - timedelta(days=2)))
    assert f"turn:{before}/user" in found
    assert not [source for source in found if source.startswith(f"turn:{after}/")]


async def test_a_long_utterance_is_cut_around_what_was_asked_for(talk: Talk) -> None:
    padding = " ".join(f"word{number}" for number in range(100))
    await talk.say(f"{padding} the alarm code is 4711 {padding}")
    text = (await talk.ask("what is the alarm code?"))[0].text
    assert "alarm code is 4711" in text
    assert len(text.split()) < 45


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("私の犬の名前はポチです。", "犬の名前は何ですか？"),
        ("我的牙医是王医生。", "谁是我的牙医？"),
        ("우리 고양이 이름은 나비예요", "고양이 이름이 뭐예요?"),
        ("私はラーメンが好きです", "ラーメンについて何と言った？"),
    ],
)
async def test_scripts_without_spaces_are_found(talk: Talk, said: str, asked: str) -> None:
    id_ = await talk.say(said)
    assert (await talk.sources(asked))[0] == f"turn:{id_}/user"


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("Mein Zahnarzt heißt Huber.", "Wie heißt mein Zahnarzt?"),
        ("Mon médecin s'appelle Dupont.", "Comment s'appelle mon medecin ?"),
        ("Mi hermana vive en Sevilla.", "¿dónde vive mi hermana?"),
        ("Meu irmão mora em Lisboa.", "onde mora o meu irmão?"),
        ("Mia sorella abita a Torino.", "dove abita mia sorella?"),
    ],
)
async def test_other_languages_are_found(talk: Talk, said: str, asked: str) -> None:
    id_ = await talk.say(said)
    assert (await talk.sources(asked))[0] == f"turn:{id_}/user"


async def test_repetitions_give_way_to_something_else(talk: Talk) -> None:
    for number in range(5):
        await talk.say("I want to learn the violin", session=f"v{number}")
    other = await talk.say("the violin of my grandfather is in the attic", session="w")
    assert f"turn:{other}/user" in (await talk.sources("violin", limit=2))


@pytest.mark.parametrize(
    "first", ["I live in Leeds.", "Every winter I keep a sledge in the hall. I live in Leeds, by the canal."]
)
async def test_what_is_no_longer_so_is_told_for_the_past_only(home: Path, first: str) -> None:
    """Also where the same turn said something else, which still is so."""
    memory = SqliteMemory(clock=StandingClock())
    for number, said in enumerate((first, "I live in Bristol now.")):
        words = (Message("user", (Text(said),)),)
        turn = TurnRecord(f"t{number}", f"s{number}", words, "", "", "done", NOW, NOW + timedelta(seconds=1))
        await memory.commit(ANNA, turn)
        while await memory.study(None):
            pass
    now = " ".join(item.text for item in await memory.recall(ANNA, "Where do I live?"))
    before = " ".join(item.text for item in await memory.recall(ANNA, "Where did I live before?"))
    sledge = await memory.recall(ANNA, "Where do I keep my sledge?")
    await memory.close()
    assert any("hall" in item.text for item in sledge) is ("hall" in first)
    assert "Bristol" in now
    assert "Leeds" not in now
    assert "Leeds" in before


async def test_limit_is_kept(talk: Talk) -> None:
    for number in range(12):
        await talk.say(f"violin lesson number{number} was fine", session=f"v{number}")
    assert len(await talk.ask("violin lesson", limit=3)) == 3
    assert await talk.ask("violin lesson", limit=0) == []


async def test_a_replaced_turn_is_found_by_its_new_words_only(talk: Talk) -> None:
    id_ = await talk.say("the password is swordfish")
    at = NOW - timedelta(days=1)
    await talk.memory.commit(
        ANNA, TurnRecord(id_, "s", (Message("user", (Text("a zebra"),)),), "", "", "done", at, at)
    )
    assert await talk.ask("swordfish password") == []
    assert await talk.sources("zebra") == [f"turn:{id_}/user"]


async def test_vectors_find_by_meaning_and_stay_in_the_file(filled: Path, tmp_path: Path) -> None:
    pytest.importorskip("wordllama")
    path = Path(copy(filled, tmp_path / "memory.db"))
    async with talking(path, vectors=False) as talk:
        id_ = await talk.say("the doctor prescribed antibiotics for the infection")
        assert await talk.ask("which medicine was it?") == []
    for _ in range(2):
        async with talking(path, vectors=True) as talk:
            assert (await talk.sources("which medicine was it?"))[0] == f"turn:{id_}/user"
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM embeddings").fetchone() == (21,)


_SCOPES = [Scope(u, p, c) for u in ("ada", "Ada b") for p in ("x", "y") for c in ("", "ring")]
_SENTENCES = ("red fox", "blue fox", "fox and hare", "狐です", "the hare")


@given(
    st.lists(
        st.tuples(st.sampled_from(_SCOPES), st.sampled_from(_SENTENCES), st.sampled_from(_SENTENCES)),
        max_size=6,
    ),
    st.sampled_from(_SCOPES),
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_crosses(
    empty_file: bytes,
    tmp_path_factory: pytest.TempPathFactory,
    said: list[tuple[Scope, str, str]],
    asking: Scope,
) -> None:
    async def scene() -> None:
        path = tmp_path_factory.mktemp("scopes") / "memory.db"
        path.write_bytes(empty_file)
        async with talking(path) as talk:
            own = set()
            for scope, words, answer in said:
                id_ = await talk.say(words, answer, scope=scope)
                if (scope.user, scope.persona) == (asking.user, asking.persona):
                    own.add(id_)
            for query in ("fox", "hare", "狐", "what did I say in October 2026 about the fox?"):
                found = await talk.sources(query, asking, limit=50)
                assert {source.removeprefix("turn:").partition("/")[0] for source in found} <= own

    asyncio.run(scene())


@given(
    st.lists(
        st.text(max_size=30)
        | st.sampled_from(['"', "NEAR(", "a AND b*", "{text}:", "'); --", "\0", "\ud800"]),
        max_size=4,
    )
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_words_break_a_search(broken: Iterator[Any], words: list[str]) -> None:
    run, talk = broken
    run(talk.ask(" ".join(words)))


@pytest.fixture(scope="module")
def broken(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A loop and a memory that all examples share."""
    with asyncio.Runner() as runner:
        talk = Talk(Path(copy(filled, tmp_path_factory.mktemp("broken") / "memory.db")))
        for words in ("NEAR AND OR NOT", "a b c", "狐です"):
            runner.run(talk.say(words))
        yield runner.run, talk
        runner.run(talk.memory.close())

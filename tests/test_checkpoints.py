"""The file of turns that wait: it is there for those, and for nothing else."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, TypedDict

import pytest
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt

from omni_agent import Agent, tool
from omni_agent.checkpoints import Checkpoints
from omni_agent.errors import MemoryStoreError
from omni_agent.testing import ScriptedModel, Step
from tests.scissors import Scissors

pytestmark = pytest.mark.anyio


class Told(TypedDict, total=False):
    words: str
    answer: str
    other: str


def asking(times: int = 1) -> Any:
    """A graph with one node that asks so many questions, and another one beside it that asks none."""

    async def ask(state: Told) -> Told:
        answers = [str(interrupt(f"question {number}")) for number in range(times)]
        return {"answer": " ".join(answers)}

    async def beside(state: Told) -> Told:
        return {"other": state["words"].upper()}

    graph = StateGraph(Told)
    graph.add_node("ask", ask)
    graph.add_node("beside", beside)
    for name in ("ask", "beside"):
        graph.add_edge(START, name)
        graph.add_edge(name, END)
    return graph.compile()


async def step(checkpoints: Checkpoints, graph: Any, start: Any, thread: str = "t") -> tuple[Any, list[Any]]:
    """Run it as a turn does; its state, and the questions that wait afterwards."""
    config = {"configurable": {"thread_id": thread}}
    async with checkpoints.open() as saver:
        resumable = graph.copy(update={"checkpointer": saver})
        state = await resumable.ainvoke(start, config, durability="exit")
    async with checkpoints.open() as saver:
        found = await graph.copy(update={"checkpointer": saver}).aget_state(config)
    return state, [one.value for one in found.interrupts]


async def test_a_turn_that_ends_opens_no_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "checkpoints.db"
    state, waits = await step(Checkpoints(path), asking(0), {"words": "hi"})
    assert (state["other"], waits) == ("HI", [])
    assert not path.parent.exists()


async def test_a_turn_that_waits_is_found_by_whoever_opens_the_file_next(tmp_path: Path) -> None:
    path = tmp_path / "checkpoints.db"
    graph = asking(2)
    _, waits = await step(Checkpoints(path), graph, {"words": "hi"})
    assert waits == ["question 0"]
    assert path.stat().st_mode & 0o777 == 0o600
    _, waits = await step(Checkpoints(path), graph, Command(resume="yes"))
    assert waits == ["question 1"]
    state, waits = await step(Checkpoints(path), graph, Command(resume="no"))
    assert (state["answer"], waits) == ("yes no", [])
    # What ran beside the question was kept, too.
    assert state["other"] == "HI"


async def test_threads_do_not_see_each_other(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / "checkpoints.db")
    await step(checkpoints, asking(), {"words": "one"}, "one")
    state, waits = await step(checkpoints, asking(0), {"words": "two"}, "two")
    assert (state["other"], waits) == ("TWO", [])
    async with checkpoints.open() as saver:
        await saver.adelete_thread("two")
        kept = [found.config["configurable"]["thread_id"] async for found in saver.alist(None)]
        assert set(kept) == {"one"}
        await saver.adelete_thread("one")
        assert [found async for found in saver.alist(None)] == []


async def test_what_is_held_can_be_read_before_it_is_kept(tmp_path: Path) -> None:
    config = {"configurable": {"thread_id": "t"}}
    async with Checkpoints(tmp_path / "checkpoints.db").open() as saver:
        graph = asking(0).copy(update={"checkpointer": saver})
        await graph.ainvoke({"words": "hi"}, config, durability="exit")
        assert (await graph.aget_state(config)).values["other"] == "HI"


async def test_a_file_that_is_no_database_says_so(tmp_path: Path) -> None:
    path = tmp_path / "checkpoints.db"
    path.write_bytes(b"no database, but a text " * 100)
    with pytest.raises(MemoryStoreError, match=r"checkpoints\.db"):
        async with Checkpoints(path).open():
            pass


async def test_an_agents_turns_leave_nothing_in_the_file(home: Path) -> None:
    @tool(effect="irreversible")
    def delete_all() -> str:
        """Delete all."""
        return "gone"

    steps = (Step("hello", says="Hi."), Step("delete", calls={"delete_all": {}}), Step(says="It is gone."))
    with ScriptedModel(*steps) as model:
        async with Agent(model=model, memory=None, tools=[delete_all]) as agent:
            await agent.ask("hello")
            assert not (home / "checkpoints.db").exists()
            assert (await agent.ask("delete all of it")).status == "waiting"
            assert (await agent.ask("yes")).text == "It is gone."
    with closing(sqlite3.connect(home / "checkpoints.db")) as file:
        assert file.execute("SELECT count(*) FROM checkpoints").fetchone() == (0,)
        assert file.execute("SELECT count(*) FROM writes").fetchone() == (0,)


async def test_a_turn_cut_off_anywhere_keeps_no_other_from_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is cut at its first step in the file, at its second, and so on, until it is not cut any more."""
    path = tmp_path / "checkpoints.db"
    scissors, number = Scissors(monkeypatch), 0
    task: asyncio.Task[Any] | None = None
    while task is None or task.cancelled():
        number += 1
        task = await scissors.cut(step(Checkpoints(path), asking(1), {"words": "hi"}, f"t{number}"), number)
        with closing(sqlite3.connect(path, timeout=2.0, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            other.execute("ROLLBACK")
    assert number > 20
    assert task.result()[1] == ["question 0"]

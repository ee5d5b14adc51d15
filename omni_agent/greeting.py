"""An agent's opening line: a turn that no user began, written, spoken and cut like any other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime

from .messages import Message, Text
from .nodes.commit import commit
from .nodes.saying import say
from .state import Turn, TurnInput, TurnState, Update

if TYPE_CHECKING:
    from .graph import TurnGraph


def opening(turn: str, words: str) -> TurnInput:
    """What such a turn starts from."""
    line = Message("assistant", (Text(words),))
    return {"turn": turn, "heard": line.to_json(), "observations": []}


def build() -> TurnGraph:
    """The graph of such a turn: the line is said, and goes to memory."""
    graph = StateGraph(TurnState, context_schema=Turn, input_schema=TurnInput)
    graph.add_node("begin", _begin)
    graph.add_node("say", _say)
    graph.add_node("commit", _commit)
    graph.add_edge(START, "begin")
    graph.add_edge("begin", "say")
    graph.add_edge("say", "commit")
    graph.add_edge("commit", END)
    return graph.compile()


async def _begin(state: Any, runtime: Runtime[Turn]) -> Update:
    # A step by itself, so that a line that is cut while it is said is remembered as far as it was heard.
    line = Message.from_json(state["heard"])
    return {"messages": [line.to_json()], "reply": line.text}


async def _say(state: Any, runtime: Runtime[Turn]) -> Update:
    turn = runtime.context
    turn.emit = runtime.stream_writer
    await say(state["reply"], turn)
    return {}


async def _commit(state: Any, runtime: Runtime[Turn]) -> Update:
    turn = runtime.context
    turn.emit = runtime.stream_writer
    return await commit(state, turn)

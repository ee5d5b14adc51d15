"""The state machine of a turn: its nodes and their edges, on one page.

    START → ingest → recall → model ─(calls)→ ground → gate → act (one for each call) → collect ─→ model …
                              │   ↑              │                                         │
                              │   └─(other tool)─┘                         (calls that the caller runs)
                              └─(answer)→ commit → END                                     └─→ commit → END

With guardrails the user's words pass `screen` before `recall`, and again where another agent takes over.
Where one asks, the turn waits in `consent`, and goes on in `screen` or, with the rest of an answer, in
`release`:

    ingest → screen → recall …          model → consent → release → ground | commit | consent
              ↑  ↓                      screen → commit, where one ends the turn
             consent

Words that ask memory to do something ("forget that …") go from `recall` to `gate`: no model is asked what
they mean.

Nodes are plain functions `(state, turn) -> update`, one a file in `omni_agent.nodes`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeAlias

from langgraph.config import get_config
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Send

from . import nodes
from .errors import MemoryStoreError
from .messages import Message
from .state import Parts, Turn, TurnInput, TurnState, Update

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph

Node = Callable[[Any, Turn], Awaitable[Update]]
TurnGraph: TypeAlias = "CompiledStateGraph[TurnState, Turn, TurnInput, TurnState]"


def build(parts: Parts) -> TurnGraph:
    """Compile an agent's graph, without a checkpointer.

    It can be nested in another LangGraph program: its input is `{"observations": [...]}`, its output holds
    `reply` and `messages`. Run that way it needs no context; `thread_id` names the session.
    """
    graph = StateGraph(TurnState, context_schema=Turn, input_schema=TurnInput)
    for node in (
        nodes.ingest,
        nodes.screen,
        nodes.consent,
        nodes.recall,
        nodes.model,
        nodes.release,
        nodes.ground,
        nodes.gate,
        nodes.act,
        nodes.collect,
        nodes.commit,
    ):
        graph.add_node(node.__name__, _bound(node, parts))
    graph.add_edge(START, "ingest")
    graph.add_conditional_edges("ingest", _after_ingest, ["screen", "recall"])
    graph.add_conditional_edges("screen", _after_screen, ["consent", "recall", "model", "commit"])
    graph.add_conditional_edges("consent", _after_consent, ["screen", "release"])
    graph.add_conditional_edges("recall", _after_recall, ["gate", "model"])
    graph.add_conditional_edges("model", _after_model, ["ground", "consent", "commit"])
    graph.add_conditional_edges("release", _after_model, ["ground", "consent", "commit"])
    graph.add_conditional_edges("ground", _after_ground, ["model", "gate"])
    graph.add_conditional_edges("gate", _after_gate, ["act", "collect"])
    graph.add_edge("act", "collect")
    graph.add_conditional_edges("collect", _after_collect(parts), ["screen", "model", "commit"])
    graph.add_edge("commit", END)
    return graph.compile()


def _after_ingest(state: TurnState) -> str:
    return "recall" if state.get("messages") else "screen"


def _after_screen(state: TurnState) -> str:
    if state.get("withheld"):
        return "consent"
    if state.get("stopped"):
        return "commit"
    return "recall" if state.get("context") is None else "model"


def _after_recall(state: TurnState) -> str:
    # What memory is asked to do is called without the model.
    return "gate" if Message.from_json(state["messages"][-1]).tool_calls else "model"


def _after_consent(state: TurnState) -> str:
    # An answer that waits says what was said of it before; the user's words have nothing before them.
    return "release" if "said" in state["withheld"] else "screen"


def _after_collect(parts: Parts) -> Any:
    async def follow(state: TurnState, runtime: Runtime[Turn]) -> str:
        if state["handed"]:
            return "commit"
        turn = runtime.context or await _nested_turn(state, parts)
        guards = turn.parts.guardrails
        own = len(guards.input) > guards.shared and state.get("screened", "") != turn.parts.name
        return "screen" if own else "model"

    return follow


def _after_model(state: TurnState) -> str:
    if state.get("withheld"):
        return "consent"
    return "ground" if Message.from_json(state["messages"][-1]).tool_calls else "commit"


def _after_ground(state: TurnState) -> str:
    return "model" if state["choice"] else "gate"


def _after_gate(state: TurnState) -> list[Send] | str:
    return [Send("act", call) for call in state["allowed"]] or "collect"


def _bound(node: Node, parts: Parts) -> Any:
    async def run(state: Any, runtime: Runtime[Turn]) -> Update:
        turn = runtime.context or await _nested_turn(state, parts)
        turn.emit = runtime.stream_writer
        return await node(state, turn)

    run.__name__ = node.__name__
    return run


async def _nested_turn(state: Any, parts: Parts) -> Turn:
    """A turn for a graph that another program runs."""
    turn = state.get("turn") or parts.ids()
    session = str(get_config().get("configurable", {}).get("thread_id") or turn)
    scope = parts.scope("local")
    with suppress(MemoryStoreError):
        parts = await parts.team.answering(scope, session)
    return Turn(parts, turn, scope, session, parts.clock.monotonic())

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
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias, cast, get_type_hints

from langgraph.config import get_config
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command, Overwrite, Send

from . import nodes
from .errors import MemoryStoreError
from .messages import Message
from .state import Parts, Turn, TurnInput, TurnState, Update

if TYPE_CHECKING:
    from langgraph.graph.state import CompiledStateGraph

Node = Callable[[Any, Turn], Awaitable[Update]]
Follow = Callable[[TurnState, Turn], str | list[Send]]
TurnGraph: TypeAlias = "CompiledStateGraph[TurnState, Turn, TurnInput, TurnState]"


def build(parts: Parts) -> TurnGraph:
    """Compile an agent's graph, without a checkpointer.

    It can be nested in another LangGraph program: its input is `{"observations": [...]}`, its output holds
    `reply` and `messages`. Run that way it needs no context; `thread_id` names the session.
    """
    graph = StateGraph(TurnState, context_schema=Turn, input_schema=TurnInput)
    for node, follow, ends in _NODES:
        graph.add_node(node.__name__, _bound(node, follow, parts), destinations=ends)
    graph.add_node("act", _bound(nodes.act, None, parts))
    graph.add_node("commit", _bound(nodes.commit, None, parts))
    graph.add_edge(START, "ingest")
    graph.add_edge("act", "collect")
    graph.add_edge("commit", END)
    return graph.compile()


def _after_ingest(state: TurnState, turn: Turn) -> str:
    return "recall" if state.get("messages") else "screen"


def _after_screen(state: TurnState, turn: Turn) -> str:
    if state.get("withheld"):
        return "consent"
    if state.get("stopped"):
        return "commit"
    return "recall" if state.get("context") is None else "model"


def _after_recall(state: TurnState, turn: Turn) -> str:
    # What memory is asked to do is called without the model.
    return "gate" if Message.from_json(state["messages"][-1]).tool_calls else "model"


def _after_consent(state: TurnState, turn: Turn) -> str:
    # An answer that waits says what was said of it before; the user's words have nothing before them.
    return "release" if "said" in state["withheld"] else "screen"


def _after_collect(state: TurnState, turn: Turn) -> str:
    if state["handed"]:
        return "commit"
    guards = turn.parts.guardrails
    own = len(guards.input) > guards.shared and state.get("screened", "") != turn.parts.name
    return "screen" if own else "model"


def _after_model(state: TurnState, turn: Turn) -> str:
    if state.get("withheld"):
        return "consent"
    return "ground" if Message.from_json(state["messages"][-1]).tool_calls else "commit"


def _after_ground(state: TurnState, turn: Turn) -> str:
    return "model" if state["choice"] else "gate"


def _after_gate(state: TurnState, turn: Turn) -> list[Send] | str:
    return [Send("act", call) for call in state["allowed"]] or "collect"


_NODES: tuple[tuple[Node, Follow, tuple[str, ...]], ...] = (
    (nodes.ingest, _after_ingest, ("screen", "recall")),
    (nodes.screen, _after_screen, ("consent", "recall", "model", "commit")),
    (nodes.consent, _after_consent, ("screen", "release")),
    (nodes.recall, _after_recall, ("gate", "model")),
    (nodes.model, _after_model, ("ground", "consent", "commit")),
    (nodes.release, _after_model, ("ground", "consent", "commit")),
    (nodes.ground, _after_ground, ("model", "gate")),
    (nodes.gate, _after_gate, ("act", "collect")),
    (nodes.collect, _after_collect, ("screen", "model", "commit")),
)
"""The nodes that something follows by what they found, what says which, and what it may be."""


def _bound(node: Node, follow: Follow | None, parts: Parts) -> Any:
    # A conditional edge would read the whole state anew, which takes longer than most nodes do.
    async def run(state: Any, runtime: Runtime[Turn]) -> Update | Command[Any]:
        turn = runtime.context or await _nested_turn(state, parts)
        turn.emit = runtime.stream_writer
        update = await node(state, turn)
        return Command(update=update, goto=follow(_after(state, update), turn)) if follow else update

    run.__name__ = node.__name__
    return run


def _after(state: TurnState, update: Update) -> TurnState:
    """The state with an update in it, as LangGraph will make it."""
    changed: dict[str, Any] = {}
    for name, value in update.items():
        if isinstance(value, Overwrite):
            changed[name] = value.value
        elif (join := _joins().get(name)) and name in state:
            changed[name] = join(state[name], value)  # type: ignore[literal-required]
        else:
            changed[name] = value
    return cast(TurnState, {**state, **changed})


@cache
def _joins() -> dict[str, Callable[[Any, Any], Any]]:
    """What joins an update to what there is, for the parts of the state where it does not take its place."""
    hints = get_type_hints(TurnState, include_extras=True)
    return {name: hint.__metadata__[0] for name, hint in hints.items() if hasattr(hint, "__metadata__")}


async def _nested_turn(state: Any, parts: Parts) -> Turn:
    """A turn for a graph that another program runs."""
    turn = state.get("turn") or parts.ids()
    session = str(get_config().get("configurable", {}).get("thread_id") or turn)
    scope = parts.scope("local")
    with suppress(MemoryStoreError):
        parts = await parts.team.answering(scope, session)
    return Turn(parts, turn, scope, session, parts.clock.monotonic())

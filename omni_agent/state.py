"""What flows through the graph: plain JSON in state, everything else in the turn beside it.

State is what a checkpoint keeps: no media, no objects. `Turn` is what the nodes work with: the agent's
parts, the clock, the way out for events. It is never stored; a resumed turn gets a new one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from operator import add, or_
from typing import TYPE_CHECKING, Annotated, Literal, NotRequired, Protocol, TypedDict

from .alarms import Alarms
from .anticipation import Anticipation
from .clock import Clock
from .events import AgentEvent, Timings, Usage
from .execution import Executor
from .guardrails import Guardrails
from .ids import random_id
from .memory import KnowledgeStore, MemoryStore, Scope
from .messages import JsonObject
from .persona import Persona
from .terms import Terms
from .tool import Toolbox

if TYPE_CHECKING:
    from .handoff import Team
    from .media import MediaStore
    from .models.base import OmniModel
    from .senses import Senses
    from .speech.delivery import Delivery
    from .study import Study


class Observation(TypedDict):
    """What came in: words in `content`, or a file's path or `media://` reference there."""

    kind: Literal["text", "audio", "image", "video"]
    content: str


class TurnInput(TypedDict):
    """What a turn starts from.

    `turn` is its id, made where it is missing; `heard` is the user's message, where the observations are one
    already. `history` is the conversation before it, where the caller keeps that; `since` is what was said
    after the user's message, where the turn goes on with results of calls that the caller has run.
    """

    turn: NotRequired[str]
    heard: NotRequired[JsonObject]
    history: NotRequired[list[JsonObject]]
    since: NotRequired[list[JsonObject]]
    observations: list[Observation]


class TurnState(TypedDict, total=False):
    """A turn so far.

    Attributes:
        turn: The turn's id.
        said_at: The user's local time when it began, in ISO 8601, so that "tomorrow" keeps its meaning while
            an approval is waited for.
        observations: What came in.
        heard: What came in, as the user's message, where that was made before or is yet to be judged.
        since: What was said after the user's message, where the turn goes on with results from the caller.
        screened: The agent whose input guardrails have let the user's words pass.
        withheld: Words that wait for the user's yes, with the question; empty where none do.
        stopped: A guardrail, or a no to its question, has ended the turn.
        late: Keys of calls of earlier turns whose end is told in this one.
        history: Messages of earlier turns, oldest first, as JSON.
        background: What is known of the user, and the conversation before `history` in short.
        recalling: The answer stands in `context`, and nothing else is shown beside it.
        context: What memory recalled for this turn, as words for the model.
        messages: Messages of this turn, as JSON, in order.
        choice: Name of the tool that the model is to call in its next answer; empty leaves it to the model.
        provenance: What the arguments of this turn's calls rest on, by call id.
        allowed: Calls of the last message that passed the gate.
        handed: Those of them that the caller is to run.
        results: Results of this turn's calls, by call id.
        steps: How often the model has answered.
        truncated: The last answer ended for want of tokens.
        usage: Tokens of each of those answers.
        reply: The words of the answer.
    """

    turn: str
    said_at: str
    observations: list[Observation]
    heard: JsonObject
    since: list[JsonObject]
    screened: str
    withheld: JsonObject
    stopped: bool
    late: list[str]
    history: list[JsonObject]
    background: str
    recalling: bool
    context: str
    messages: Annotated[list[JsonObject], add]
    choice: str
    provenance: Annotated[dict[str, JsonObject], or_]
    allowed: list[JsonObject]
    handed: list[JsonObject]
    results: Annotated[dict[str, JsonObject], or_]
    steps: int
    truncated: bool
    usage: Annotated[list[JsonObject], add]
    reply: str


Update = TurnState


@dataclass(frozen=True, slots=True)
class Parts:
    """What an agent is made of; the same for all of its turns. Another one that takes over brings its own.

    Attributes:
        name: The agent's name.
        persona: How it speaks.
        model: Answers; what it cannot do itself, `senses` do.
        senses: Ears, eyes and voice.
        toolbox: What may be called.
        memory: Where turns go.
        media: Where sounds and pictures go.
        clock: Time.
        executor: Runs calls, each once.
        alarms: What is to be said at a later moment.
        team: Who may take over.
        guardrails: See words before these go on.
        max_steps: How often the model may answer in one turn, calls included.
        recall_budget: Seconds that recall may take.
        recall_tokens: How many tokens of recollections a turn may add to the model's prompt.
        anticipation: Recalls that began before the user had ended.
        study: Learns between the turns; None where nothing is learnt.
        grounding: Calls are held against what was said before they run.
        ids: Makes the ids of turns and notes.
    """

    name: str
    persona: Persona
    model: OmniModel
    senses: Senses
    toolbox: Toolbox
    memory: MemoryStore
    media: MediaStore
    clock: Clock
    executor: Executor
    alarms: Alarms
    team: Team
    guardrails: Guardrails = field(default_factory=Guardrails)
    max_steps: int = 6
    recall_budget: float = 0.03
    recall_tokens: int = 160
    anticipation: Anticipation = field(default_factory=Anticipation)
    study: Study | None = None
    grounding: bool = False
    ids: Callable[[], str] = random_id

    @property
    def knowledge(self) -> KnowledgeStore | None:
        """The memory, where it also knows facts."""
        return self.memory if isinstance(self.memory, KnowledgeStore) else None

    @property
    def own_voice(self) -> str:
        """Which of the model's own voices the persona names; empty for the usual one."""
        wanted = self.persona.voice.casefold()
        return next((name for name in self.model.capabilities.voices if name.casefold() == wanted), "")

    @property
    def persona_beside(self) -> Persona:
        """The persona for the voice beside the model, which has none of the model's own voices."""
        return replace(self.persona, voice="") if self.own_voice else self.persona

    def scope(self, user: str) -> Scope:
        """Whose memory it is when this agent talks with a user."""
        return Scope(user, self.name, self.persona.circle)


class Live(Protocol):
    """The listener of a turn in a live conversation: the turn begins before it is sure that the user has
    ended, and is not over before it was heard."""

    @property
    def certain(self) -> bool:
        """Whether the user has ended for sure. A turn that is cut before has never been."""
        ...

    async def authorised(self) -> None:
        """Wait until it is certain: before that nothing may take effect."""
        ...

    @property
    def heard(self) -> int:
        """Up to which offset of the reply's text it was heard."""
        ...

    async def room(self) -> None:
        """Wait while much of its speech is still to be heard: what is cut was then not made for nothing."""
        ...

    async def heard_out(self, seconds: float) -> None:
        """Wait until all of the reply's speech, so many seconds, has been heard."""
        ...


@dataclass(slots=True)
class Turn:
    """One run of the graph, while it lasts.

    Attributes:
        parts: Those of the agent that answers.
        id: The turn's id, the same after an approval.
        scope: Whose memory.
        session: Which conversation.
        started: Clock reading when the input came.
        delivery: Speaks the answer; None for text only.
        live: Who listens, in a live conversation.
        terms: What a caller has set who brings his own conversation.
        asks: The user can be asked for a yes.
        emit: Where events go.
        timings: Filled in as the turn goes on.
    """

    parts: Parts
    id: str
    scope: Scope
    session: str
    started: float
    delivery: Delivery | None = None
    live: Live | None = None
    terms: Terms = field(default_factory=Terms)
    asks: bool = True
    emit: Callable[[AgentEvent], None] = lambda event: None
    timings: Timings = field(default_factory=Timings)

    async def authorised(self) -> None:
        """Wait until it is sure that the user has ended: what takes effect comes after this."""
        if self.live:
            await self.live.authorised()

    def elapsed(self) -> float:
        """Seconds since the input came."""
        return self.parts.clock.monotonic() - self.started

    def mark(self, stage: Literal["ingested", "recalled", "first_text", "first_speech", "total"]) -> None:
        """Note when a stage was first reached."""
        if getattr(self.timings, stage) is None:
            self.timings = replace(self.timings, **{stage: round(self.elapsed(), 4)})


def total_usage(state: TurnState) -> Usage:
    """Tokens of the whole turn."""
    return sum((Usage(**item) for item in state.get("usage", [])), Usage())

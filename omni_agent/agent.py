"""An agent: a persona, a model, tools and memory. Start reading here.

`Agent` holds what does not change from turn to turn. `turns.py` begins each turn, `runner.py` runs it through
the graph (`graph.py`). None of them knows anything of devices, servers or terminals.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from copy import copy
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Self

from typing_extensions import TypeVar

from .clock import Clock, SystemClock
from .config import Settings
from .errors import ConfigError
from .events import AgentEvent, ApprovalRequested
from .guardrails import Guardrail, Guardrails
from .ids import random_id
from .memory import MemoryStore
from .messages import Message
from .models.base import OmniModel
from .observation import Source, observe
from .persona import Persona
from .reply import Reply
from .speech.pcm import Pcm
from .terms import Terms
from .tool import Effect, Offer, Tool, Toolbox

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    from .approval import Pending
    from .conversation import Activity, AgentSession
    from .graph import TurnGraph
    from .speech.devices.protocols import Speaker
    from .speech.turn_end.end_of_turn import TurnEnd
    from .state import Parts
    from .turns import Turns
    from .user_memory import UserMemory

LOCAL_USER = "local"
T = TypeVar("T", default=None)


class Agent:
    """Something to talk to.

    Args:
        name: What it is called; the persona's memory is kept under this name. By default the persona's own,
            or "Omni".
        description: What it is there for, in a sentence: other agents choose by it.
        persona: How it speaks.
        tools: Functions, `Tool` objects, toolboxes, objects with `@tool` methods, agents to be asked
            (`as_tool`), or a mix.
        handoffs: Agents that it may hand a conversation over to; `agent.handoffs` may also be set later,
            before the first turn.
        model: A model, or the spec of one (`name`, `name:address`, `a | b`); by default what the settings say
            (`local`).
        memory: A store, or the name of a memory plugin; by default what the settings say (`sqlite`).
            `None` forgets everything with the process.
        learns: Draw facts and summaries from the conversations, between their turns, where the memory can.
        max_steps: How often the model may answer in one turn, tool calls included.
        grounding: Hold every call against what was said: drop what the model invented, fill in what it
            forgot, ask for what is missing. By default for models that need it.
        input_guardrails: Functions that see the user's words before memory and the model.
        output_guardrails: Functions that see each clause of an answer before it is shown or spoken.
        settings: By default read from `omni-agent.toml` and the environment.
        clock: Where time comes from.
        ids: Makes the ids of turns and notes; by default random ones. With a clock and ids of its own, a
            scripted agent does the same to the last bit whenever it runs.

    Nothing is loaded before the first turn or `prewarm()`.
    """

    def __init__(
        self,
        *,
        name: str = "",
        description: str = "",
        persona: Persona | None = None,
        tools: Iterable[Offer] = (),
        handoffs: Iterable[Agent] = (),
        model: str | OmniModel | None = None,
        memory: str | MemoryStore | None = "",
        learns: bool = True,
        max_steps: int = 6,
        grounding: bool | None = None,
        input_guardrails: Iterable[Guardrail] = (),
        output_guardrails: Iterable[Guardrail] = (),
        settings: Settings | None = None,
        clock: Clock | None = None,
        ids: Callable[[], str] = random_id,
    ) -> None:
        self.name = name or (persona.name if persona else "") or "Omni"
        self.description = description
        self.persona = persona or Persona()
        offers = list(tools)
        self.delegates = tuple(offer for offer in offers if isinstance(offer, Agent))
        self.toolbox = Toolbox(offer.as_tool() if isinstance(offer, Agent) else offer for offer in offers)
        self.handoffs: Sequence[Agent] = list(handoffs)
        self.settings = settings or Settings.load()
        self.model = self.settings.model if model is None else model
        self.memory = (memory or self.settings.memory) if isinstance(memory, str) else memory
        self.learns = learns
        self.max_steps = max_steps
        self.grounding = grounding
        self.guardrails = Guardrails.of(input_guardrails, output_guardrails)
        self.clock = clock or SystemClock()
        self.ids = ids

    async def ask(
        self,
        text: str = "",
        *,
        audio: Source | Pcm | None = None,
        images: Sequence[Source] = (),
        video: Source | None = None,
        session: str = "default",
        user: str = LOCAL_USER,
        speak: bool = True,
        output: type[T] | TypeAdapter[T] | None = None,
    ) -> Reply[T]:
        """One turn, whole. The other arguments are those of `stream`.

        Args:
            output: A type that pydantic knows, or its adapter: `reply.output` is then the answer as a value
                of it, for which the model is asked once more. None where the turn waits, was cut, or a
                guardrail ended it.

        Raises:
            OmniError: The turn failed; its class says what the caller can do.
            ModelError: The answer did not become such a value (`output_invalid`); it was said all the same.
        """
        observations = observe(self.parts.media, text, audio, images, video)
        if output is None:
            return await Reply[T].of(self._turns.contribute(observations, user, session, speak=speak))
        from .output import Form

        form = Form(output)
        turn = self._turns.contribute(observations, user, session, speak=speak, ended=form.keep)
        return await form.reply(turn)

    def stream(
        self,
        text: str = "",
        *,
        audio: Source | Pcm | None = None,
        images: Sequence[Source] = (),
        video: Source | None = None,
        session: str = "default",
        user: str = LOCAL_USER,
        speak: bool = True,
    ) -> AsyncGenerator[AgentEvent, None]:
        """One turn, event by event. Leaving the stream early stops the reply and keeps what was heard.

        Args:
            text: What the user writes.
            audio: What the user says: a file's path, its bytes, or samples.
            images: What the user shows: paths or bytes.
            video: A clip that the user shows.
            session: Which conversation it goes on with; turns of one session wait for each other.
            user: Whose memory it uses.
            speak: Speak the answer, where there is a voice.

        Raises:
            InputError: Nothing was handed in.
        """
        observations = observe(self.parts.media, text, audio, images, video)
        return self._turns.contribute(observations, user, session, speak=speak)

    def answer(
        self,
        messages: Sequence[Message],
        *,
        terms: Terms | None = None,
        user: str | None = None,
        session: str = "",
        speak: bool = False,
    ) -> AsyncGenerator[AgentEvent, None]:
        """One turn of a conversation that the caller keeps, event by event.

        Args:
            messages: The conversation, oldest first, up to the user's last message or the results of the
                calls that the last turn ended with. Media are in the agent's media store; what the model
                cannot take in is heard and read here.
            terms: What the caller sets for this turn.
            user: Whose memory is used, and gets the turn; None: nobody's, nothing is remembered.
            session: The conversation that it is remembered in; by default one of its own. Calls that need a
                yes wait in a named one, and are not run without.
            speak: Speak the answer, where there is a voice.

        Raises:
            InputError: There is nothing to answer.
        """
        return self._turns.answer(messages, terms or Terms(), user, session, speak=speak)

    def session(
        self,
        *,
        user: str = LOCAL_USER,
        session: str = "default",
        speaker: Speaker | None = None,
        activity: Activity | None = None,
        turn_end: TurnEnd | None = None,
        hands_free: bool = True,
        idle: float | None = None,
    ) -> AgentSession:
        """A live conversation, to be entered with `async with`: see `AgentSession`.

        Args:
            user: Whose memory it uses.
            session: Which conversation it goes on with. Only one live conversation may go on in it.
            speaker: Where it is heard; by default by whoever reads `AgentSession.audio`.
            activity: Tells voice from noise; by default Silero.
            turn_end: Scores how likely a turn is over; by default Smart Turn.
            hands_free: The user's voice takes the floor by itself; else a key does.
            idle: Seconds of silence after which `Idle` is told; None for never.
        """
        from .conversation import AgentSession

        return AgentSession(
            self.parts,
            self._turns,
            user,
            session,
            speaker=speaker,
            activity=activity,
            turn_end=turn_end,
            hands_free=hands_free,
            idle=idle,
        )

    def decide(
        self,
        answers: Mapping[str, bool],
        *,
        session: str = "default",
        user: str = LOCAL_USER,
        speak: bool = True,
        shown: Sequence[ApprovalRequested] = (),
    ) -> AsyncGenerator[AgentEvent, None]:
        """Answer `ApprovalRequested` events and go on with the turn that waits, also after a restart.

        What the user says next is an answer too: this is for programs that show the questions themselves.

        Args:
            answers: Yes or no by call id; a call that is not named is denied.
            session: The conversation that waits.
            user: Whose it is.
            speak: Speak the rest of the answer.
            shown: The questions that are answered; each must still wait, with the same arguments.

        Raises:
            InputError: Nothing waits in this session, or not what was shown.
        """

        def choose(pending: Pending) -> Mapping[str, bool]:
            pending.check(shown)
            return answers

        return self._turns.decide(choose, user, session, speak=speak)

    async def pending(self, *, session: str = "default", user: str = LOCAL_USER) -> Pending | None:
        """The questions that wait for a yes in a session, also after a restart; None where none do."""
        return await self._turns.pending(user, session)

    async def all_pending(self, *, user: str = LOCAL_USER) -> Mapping[str, Pending]:
        """The questions that wait in any of a user's sessions, by session."""
        return await self._turns.all_pending(user)

    async def approve(
        self,
        *requests: ApprovalRequested,
        session: str = "default",
        user: str = LOCAL_USER,
        speak: bool = True,
    ) -> Reply:
        """Say yes to these questions, and no to the others of their turn; the rest of the turn.

        Raises:
            InputError: One of them does not wait, or no longer with these arguments.
            OmniError: The turn failed.
        """

        def choose(pending: Pending) -> dict[str, bool]:
            pending.check(requests)
            return {request.id: True for request in requests}

        return await Reply.of(self._turns.decide(choose, user, session, speak=speak))

    async def deny(self, *, session: str = "default", user: str = LOCAL_USER, speak: bool = True) -> Reply:
        """Say no to all that waits in a session; the rest of the turn.

        Raises:
            InputError: Nothing waits.
            OmniError: The turn failed.
        """
        return await Reply.of(self.decide({}, session=session, user=user, speak=speak))

    def notices(
        self, *, session: str = "", user: str = LOCAL_USER, speak: bool = False
    ) -> AsyncGenerator[AgentEvent, None]:
        """What happens between turns, as it happens, until it is closed: alarms that are due, and the ends
        of calls that outlived their turn.

        Args:
            session: The conversation whose late calls are told; empty for all of the user's.
            user: Whose alarms are raised.
            speak: Speak the alarms: `AlarmRaised` is followed by its `SpeechChunk`s.
        """
        from .notices import notices

        return notices(self.parts, self.parts.scope(user), session, speak=speak)

    def anticipate(self, words: str, *, session: str = "default", user: str = LOCAL_USER) -> None:
        """Begin to recall on what was understood of an utterance so far; the turn takes it up if that was all
        of it. For programs that transcribe while the user speaks."""
        parts = self.parts
        parts.anticipation.begin(parts.memory, parts.scope(user), session, words, parts.clock.now())

    async def settled(self) -> None:
        """Have done now what the turns left to do: facts noted, long conversations summed up.

        It is done by itself when nobody talks for a second; a turn that begins stops it.
        """
        if self.parts.study:
            await self.parts.study.settled()

    def memory_of(self, user: str = LOCAL_USER) -> UserMemory:
        """What it keeps of a user: to look into, add to, take along and erase."""
        from .user_memory import UserMemory

        return UserMemory.of(self.parts, user)

    def interrupt(self, *, session: str = "default", user: str = LOCAL_USER) -> bool:
        """Cut the reply that runs in a session; its stream ends with `Interrupted`. False where none runs."""
        return self._turns.interrupt(user, session)

    def as_tool(
        self, *, name: str = "", description: str = "", effect: Effect | None = None, timeout: float = 60.0
    ) -> Tool:
        """A tool that asks this agent: it works on a request in a turn of its own, without speech.

        It keeps a conversation of its own under the caller's. What needs the user's yes it does not do:
        nobody may say yes in the user's place.

        Args:
            name: Instead of the agent's, in lower case with underscores.
            description: Instead of the agent's.
            effect: By default `read` where all of its tools only read, else `write`.
            timeout: Seconds that a request may take.

        Raises:
            ToolDefinitionError: There is no description, or the name cannot be called.
        """
        from .delegation import as_tool

        return as_tool(self, name=name, description=description, effect=effect, timeout=timeout)

    def with_persona(self, persona: Persona) -> Agent:
        """This agent under another persona: the same model, tools, memory and clock.

        What one of them is told the other does not know, unless both personas are of one `circle`: then they
        share what they know of a user, but not their conversations. Closing one closes what they share.

        Raises:
            ConfigError: The persona has no name by which its memory can be told from this one's.
        """
        if persona.name in ("", self.name):
            raise ConfigError(
                f"a second persona of '{self.name}' needs a name of its own", remedy="Persona(name=…)"
            )
        other = copy(self)
        other.name, other.persona = persona.name, persona
        for made_of_it in ("graph", "_turns"):
            other.__dict__.pop(made_of_it, None)
        from .parts import shared

        other.__dict__["parts"] = shared(other, self.parts)
        return other

    def greet(
        self, *, session: str = "default", user: str = LOCAL_USER, speak: bool = True, language: str = ""
    ) -> AsyncGenerator[AgentEvent, None]:
        """The persona's opening line, as a turn that the agent begins; nothing where it has none, or where
        the conversation has begun.

        Args:
            session: The new conversation.
            user: With whom.
            speak: Speak it, where there is a voice.
            language: ISO 639-1 code of the line, where there are several; by default the persona's own.
        """
        return self._turns.greet(self.persona.greeting(language), user, session, speak=speak)

    async def prewarm(self) -> None:
        """Load the model and the senses, and compute the system prompt, so that the first reply is quick.

        The agents that it asks or hands over to are covered.
        """
        from .warmup import warm_up

        # Compiling the graph imports LangGraph, which takes a second.
        await asyncio.to_thread(lambda: self.graph)
        taking_over = self.parts.team.others
        for other in self.others:
            await warm_up(taking_over.get(other) or other.parts, LOCAL_USER)
        await warm_up(self.parts, LOCAL_USER)

    async def close(self) -> None:
        """Free the model and the memory; the agent may be used again.

        Calls that may not be cut off get ten seconds to end. The agents that it asks or hands over to are
        closed too.
        """
        await self._close()
        for other in self.others:
            await other._close()

    async def _close(self) -> None:
        if "parts" in self.__dict__:
            if self.parts.study:
                await self.parts.study.close()
            self.parts.anticipation.close()
            await self.parts.executor.close()
            await asyncio.gather(*(source.close() for source in self.parts.toolbox.sources))
            self.parts.alarms.close()
            await self.parts.model.close()
            await self.parts.memory.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @cached_property
    def parts(self) -> Parts:
        """What the agent is made of, loaded by name where a name was given."""
        from .parts import made

        return made(self)

    @property
    def others(self) -> list[Agent]:
        """The agents that it asks or hands over to, by themselves or by one another."""
        from .handoff import reached

        return reached(self, lambda agent: (*agent.handoffs, *agent.delegates))[1:]

    @cached_property
    def graph(self) -> TurnGraph:
        """The compiled LangGraph, to run or to nest in another one."""
        from .graph import build

        return build(self.parts)

    @cached_property
    def _turns(self) -> Turns:
        from .turns import Turns

        return Turns(self.parts, self.graph)

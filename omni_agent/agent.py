"""An agent: a persona, a model, tools and memory. Start reading here.

`Agent` holds what does not change from turn to turn and hands each turn to the graph (`graph.py`) through a
`Runner` (`runner.py`). It knows nothing of devices, servers or terminals.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast
from uuid import uuid4
from weakref import WeakValueDictionary

from .checkpoints import Checkpoints
from .clock import Clock, SystemClock
from .config import Settings
from .errors import InputError
from .events import AgentEvent
from .media import MediaStore
from .memory import MemoryStore, Scope, TransientMemory
from .models.base import OmniModel, Request
from .observation import Source, observe
from .persona import Persona
from .plugins import load_memory, load_model
from .reply import Reply
from .speech.pcm import Pcm
from .state import Parts, Turn, TurnInput, TurnState
from .tool import Offer, Toolbox

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig
    from langgraph.checkpoint.base import BaseCheckpointSaver
    from langgraph.types import Command

    from .graph import TurnGraph
    from .runner import Runner
    from .speech.delivery import Delivery

LOCAL_USER = "local"


class Agent:
    """Something to talk to.

    Args:
        name: What it is called; the persona's memory is kept under this name.
        persona: How it speaks.
        tools: Functions, `Tool` objects, toolboxes, objects with `@tool` methods, or a mix.
        model: A model, or the name of a model plugin; by default what the settings say (`local`).
        memory: A store, or the name of a memory plugin; by default what the settings say (`sqlite`).
            `None` forgets everything with the process.
        max_steps: How often the model may answer in one turn, tool calls included.
        grounding: Hold every call against what was said: drop what the model invented, fill in what it
            forgot, ask for what is missing. By default for models that need it.
        settings: By default read from `omni-agent.toml` and the environment.
        clock: Where time comes from.

    Nothing is loaded before the first turn or `prewarm()`.
    """

    def __init__(
        self,
        *,
        name: str = "Omni",
        persona: Persona | None = None,
        tools: Iterable[Offer] = (),
        model: str | OmniModel | None = None,
        memory: str | MemoryStore | None = "",
        max_steps: int = 6,
        grounding: bool | None = None,
        settings: Settings | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.name = name
        self.persona = persona or Persona()
        self.toolbox = Toolbox(tools)
        self.settings = settings or Settings.load()
        self.model = self.settings.model if model is None else model
        self._memory = (memory or self.settings.memory) if isinstance(memory, str) else memory
        self._max_steps = max_steps
        self._grounding = grounding
        self._clock = clock or SystemClock()
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        self._running: dict[tuple[str, str], Runner] = {}

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
    ) -> Reply:
        """One turn, whole. The arguments are those of `stream`.

        Raises:
            OmniError: The turn failed; its class says what the caller can do.
        """
        events = self.stream(
            text, audio=audio, images=images, video=video, session=session, user=user, speak=speak
        )
        return await Reply.of(events)

    async def stream(
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
        async with self._lock(user, session), self._checkpoints.open() as saver:
            await self._supersede(saver, user, session)
            turn = self._turn(user, session, uuid4().hex)
            async with aclosing(
                self._run(saver, turn, {"turn": turn.id, "observations": observations}, speak)
            ) as events:
                async for event in events:
                    yield event

    async def decide(
        self,
        answers: Mapping[str, bool],
        *,
        session: str = "default",
        user: str = LOCAL_USER,
        speak: bool = True,
    ) -> AsyncGenerator[AgentEvent, None]:
        """Answer `ApprovalRequested` events and go on with the turn that waits, also after a restart.

        Args:
            answers: Yes or no by call id; a call that is not named is denied.
            session: The conversation that waits.
            user: Whose it is.
            speak: Speak the rest of the answer.

        Raises:
            InputError: Nothing waits in this session.
        """
        from langgraph.types import Command

        async with self._lock(user, session), self._checkpoints.open() as saver:
            waiting = await self._with(saver).aget_state(self._config(user, session))
            if not waiting.interrupts:
                raise InputError(
                    f"nothing waits for approval in session '{session}'", remedy="name the right session"
                )
            asked = [question["id"] for item in waiting.interrupts for question in item.value]
            resume: Command[Any] = Command(resume={call: answers.get(call, False) for call in asked})
            turn = self._turn(user, session, waiting.values["turn"])
            async with aclosing(self._run(saver, turn, resume, speak)) as events:
                async for event in events:
                    yield event

    def interrupt(self, *, session: str = "default", user: str = LOCAL_USER) -> bool:
        """Cut the reply that runs in a session; its stream ends with `Interrupted`. False where none runs."""
        runner = self._running.get((user, session))
        if runner:
            runner.cut()
        return runner is not None

    async def prewarm(self) -> None:
        """Load the model and the senses, and compute the system prompt, so that the first reply is quick."""
        parts = self.parts
        senses = (parts.senses.ears, parts.senses.eyes)
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.to_thread(self._prewarm_graph))
            group.create_task(self._prewarm_model())
            group.create_task(parts.memory.history(Scope(LOCAL_USER, self.name), "default", limit=1))
            group.create_task(self._prewarm_voice())
            for sense in senses:
                if sense:
                    group.create_task(sense.prewarm())

    async def close(self) -> None:
        """Free the model and the memory; the agent may be used again."""
        if "parts" in self.__dict__:
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
        model = load_model(self.model, self.settings) if isinstance(self.model, str) else self.model
        memory = load_memory(self._memory) if isinstance(self._memory, str) else self._memory
        return Parts(
            name=self.name,
            persona=self.persona,
            model=model,
            senses=model.senses,
            toolbox=self.toolbox,
            memory=memory or TransientMemory(),
            media=MediaStore(),
            clock=self._clock,
            max_steps=self._max_steps,
            grounding=model.capabilities.invents if self._grounding is None else self._grounding,
        )

    @cached_property
    def graph(self) -> TurnGraph:
        """The compiled LangGraph, to run or to nest in another one."""
        from .graph import build

        return build(self.parts)

    @cached_property
    def _checkpoints(self) -> Checkpoints:
        return Checkpoints()

    def _lock(self, user: str, session: str) -> asyncio.Lock:
        return self._locks.setdefault((user, session), asyncio.Lock())

    def _with(self, saver: BaseCheckpointSaver[str]) -> TurnGraph:
        return self.graph.copy(update={"checkpointer": saver})

    def _thread(self, user: str, session: str) -> str:
        return f"{user}/{self.name}/{session}"

    def _config(self, user: str, session: str) -> RunnableConfig:
        return {"configurable": {"thread_id": self._thread(user, session)}}

    def _turn(self, user: str, session: str, turn: str) -> Turn:
        return Turn(self.parts, turn, Scope(user, self.name), session, self._clock.monotonic())

    async def _run(
        self, saver: BaseCheckpointSaver[str], turn: Turn, start: TurnInput | Command[Any], speak: bool
    ) -> AsyncGenerator[AgentEvent, None]:
        from .runner import Runner

        user, session = turn.scope.user, turn.session
        runner = Runner(self._with(saver), self._config(user, session), turn)
        turn.delivery = self._delivery(runner) if speak else None
        self._running[user, session] = runner
        try:
            async with aclosing(runner.events(start)) as events:
                async for event in events:
                    yield event
        finally:
            del self._running[user, session]
            if not runner.waiting:
                await saver.adelete_thread(self._thread(user, session))

    def _prewarm_graph(self) -> None:
        if self.graph and self.parts.grounding:
            from .grounding import prewarm

            prewarm()

    async def _prewarm_model(self) -> None:
        parts = self.parts
        await parts.model.prewarm(Request(parts.persona.prompt(parts.name), (), parts.toolbox.specs))
        if parts.grounding and any(tool.effect != "read" for tool in parts.toolbox):
            from .nodes.wish import wish

            await wish("Hello.", parts.model)

    async def _prewarm_voice(self) -> None:
        """A word in the persona's own voice: engines load by voice and language."""
        if voice := self.parts.senses.voice:
            language = next(iter(self.persona.languages), "en")
            if language in voice.languages:
                await voice.speak("Hello.", language=language, voice=self.persona.voice)

    def _delivery(self, runner: Runner) -> Delivery | None:
        from .speech.delivery import Delivery

        speaks = self.parts.model.capabilities.speech
        if not speaks and self.parts.senses.voice is None:
            return None
        return Delivery(None if speaks else self.parts.senses.voice, self.persona, send=runner.put)

    async def _supersede(self, saver: BaseCheckpointSaver[str], user: str, session: str) -> None:
        """A new turn is a no to whatever still waits for approval; the turn that waited goes to memory so."""
        waiting = await self._with(saver).aget_state(self._config(user, session))
        if waiting.interrupts:
            from .runner import settle_waiting

            await settle_waiting(
                cast(TurnState, waiting.values), self._turn(user, session, waiting.values["turn"])
            )
        if waiting.next:
            await saver.adelete_thread(self._thread(user, session))

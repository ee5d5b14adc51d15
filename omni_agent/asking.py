"""What one does with an agent: talk to it, turn by turn or live, and follow what happens between turns."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncGenerator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from typing_extensions import TypeVar

from .approval.deciding import Deciding
from .events import AgentEvent
from .memory import LOCAL_USER
from .messages import Message
from .observation import Source, observe
from .reply import Reply
from .speech.pcm import Pcm
from .terms import Terms

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    from .conversation import Activity, AgentSession
    from .speech.devices.protocols import Speaker
    from .speech.turn_end.end_of_turn import TurnEnd
    from .state import Parts

T = TypeVar("T", default=None)


class Asking(Deciding):
    """Begins turns, from a text, a sound or a picture, and ends them."""

    @cached_property
    @abstractmethod
    def parts(self) -> Parts:
        """What the turns work with."""

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
            activity: Tells voice from noise; by default Silero, where the model does not tell turns itself.
            turn_end: Scores how likely a turn is over; by default Smart Turn, where the model does not tell
                turns itself.
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
        return self._turns.greet(self.parts.persona.greeting(language), user, session, speak=speak)

    def interrupt(self, *, session: str = "default", user: str = LOCAL_USER) -> bool:
        """Cut the reply that runs in a session; its stream ends with `Interrupted`. False where none runs."""
        return self._turns.interrupt(user, session)

    def anticipate(self, words: str, *, session: str = "default", user: str = LOCAL_USER) -> None:
        """Begin to recall on what was understood of an utterance so far; the turn takes it up if that was all
        of it. For programs that transcribe while the user speaks."""
        parts = self.parts
        parts.anticipation.begin(parts.memory, parts.scope(user), session, words, parts.clock.now())

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

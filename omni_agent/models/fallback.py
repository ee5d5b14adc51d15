"""Several models as one: the first that is well answers.

    Agent(model="vllm-omni:http://gpu.home:8091 | local")

A model that fails before its first event costs the answer nothing but time: the next one gives it. After the
first event nobody takes over, because what was said cannot be unsaid. What failed twice in a row is left
alone for a while (`breaker.py`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from types import TracebackType
from typing import TYPE_CHECKING, cast

from ..clock import Clock, SystemClock
from ..errors import ConfigError, InputError, ModelError, ModelUnavailable, OmniError
from ..senses import Senses
from .base import Capabilities, ModelEvent, OmniModel, Request, TellsTurns
from .breaker import Breaker
from .lending import NO_SENSES, Lender, voiced

if TYPE_CHECKING:
    from ..speech.turn_end.service import TurnService

log = logging.getLogger(__name__)

PATIENCE = 60.0
"""Seconds that a model may take to its first event where another one could answer."""

# What is wrong with the request, not with the model: another one may still take it.
_OF_THE_REQUEST = frozenset({"context_exceeded", NO_SENSES})


@dataclass
class _Member:
    """One of the models."""

    name: str
    model: OmniModel
    breaker: Breaker


class Fallback:
    """A chain of models.

    It claims what its first model can do. When a lesser one stands in, sounds and pictures are put into words
    for it by the ears and eyes that come with any of the models, and their voice speaks what it cannot; the
    context is that of the shortest, and calls are grounded if any of the models needs that.

    Args:
        models: The preferred one first.
        names: What they are called in errors and logs; by default their classes.
        clock: Tells when one is tried again.
        breaker: Makes the breaker of each.
        patience: Seconds that each but the last may take to its first event.

    Raises:
        ConfigError: There is none.
    """

    def __init__(
        self,
        models: Sequence[OmniModel],
        *,
        names: Sequence[str] = (),
        clock: Clock | None = None,
        breaker: Callable[[], Breaker] = Breaker,
        patience: float = PATIENCE,
    ) -> None:
        if not models:
            raise ConfigError("a chain needs a model", remedy="name one: 'a | b'")
        called = names or [type(model).__name__ for model in models]
        self._members = [_Member(name, model, breaker()) for name, model in zip(called, models, strict=True)]
        self._clock = clock or SystemClock()
        self._patience = patience
        self._senses = _joined([model.senses for model in models])
        self._lender = Lender(self._senses)

    @property
    def capabilities(self) -> Capabilities:
        able = [member.model.capabilities for member in self._members]
        rates = {each.speech_rate for each in able if each.speech}
        return replace(
            able[0],
            speech_rate=able[0].speech_rate if len(rates) == 1 else 0,
            context_tokens=min(each.context_tokens for each in able),
            invents=any(each.invents for each in able),
        )

    @property
    def senses(self) -> Senses:
        """Of each kind the first that any of them brings along."""
        return self._senses

    @property
    def health(self) -> dict[str, bool]:
        """By name, whether a model would be asked now."""
        now = self._clock.monotonic()
        return {member.name: member.breaker.allows(now) for member in self._members}

    async def stream(self, request: Request) -> AsyncGenerator[ModelEvent, None]:
        """The answer of the first model that gives one.

        Raises:
            ModelUnavailable: None of them does; it says why, model by model.
            ModelError: The one that answered failed on the way.
            InputError: What the request holds cannot be used.
        """
        failed = _Failures()
        for member, last in self._in_turn():
            trial = _Trial(member, self._clock, failed)
            async with aclosing(self._answer(member, request, trial, last=last)) as events:
                async for event in events:
                    yield event
            if trial.answered:
                return
        raise failed.summed_up([member.name for member in self._members])

    def turn_service(self) -> TurnService | None:
        """The first model's, where it tells turns."""
        first = self._members[0].model
        return cast(TellsTurns, first).turn_service() if first.capabilities.tells_turns else None

    async def prewarm(self, request: Request | None = None) -> None:
        """Load the first model that can be loaded; the others load when they are needed.

        Raises:
            ModelUnavailable: None can.
        """
        failed = _Failures()
        for member, _ in self._in_turn():
            trial = _Trial(member, self._clock, failed)
            with trial:
                await member.model.prewarm(await self._ahead(member, request))
            if trial.answered:
                return
        raise failed.summed_up([member.name for member in self._members])

    async def close(self) -> None:
        """Free what any of them holds.

        Raises:
            OmniError: One could not be closed; the others are.
        """
        ends = await asyncio.gather(
            *(member.model.close() for member in self._members), return_exceptions=True
        )
        for end in ends:
            if isinstance(end, BaseException):
                raise end

    async def _answer(
        self, member: _Member, request: Request, trial: _Trial, *, last: bool
    ) -> AsyncGenerator[ModelEvent, None]:
        """The answer of one; nothing where it fails before its first event, which the trial then notes."""
        with trial:
            async with aclosing(await self._opened(member, request)) as events:
                first = await self._first(events, None if last else self._patience)
                trial.begun = True
                yield first
                async for event in events:
                    yield event

    async def _opened(self, member: _Member, request: Request) -> AsyncGenerator[ModelEvent, None]:
        """The events of one, with the senses and the voice that it needs."""
        able = self.capabilities
        asked = request if able.speech else replace(request, speech=False)
        fitted = await self._lender.fitted(asked, member.model.capabilities)
        events, voice = member.model.stream(fitted), self._senses.voice
        if asked.speech and not fitted.speech and voice:
            return voiced(events, voice, asked, able.speech_rate)
        return events

    async def _first(self, events: AsyncGenerator[ModelEvent, None], patience: float | None) -> ModelEvent:
        limit = asyncio.timeout(patience)
        try:
            async with limit:
                return await anext(events)
        except StopAsyncIteration:
            raise ModelError("it gave an empty answer", remedy="try again") from None
        except TimeoutError:
            if not limit.expired():
                raise
            what = f"it did not begin within {patience:g} seconds"
            raise ModelUnavailable(what, remedy="see what it is doing") from None

    async def _ahead(self, member: _Member, request: Request | None) -> Request | None:
        """What one can compute ahead: what of it has gone since will be told when it is asked."""
        with suppress(InputError):
            return request and await self._lender.fitted(request, member.model.capabilities)
        return None

    def _in_turn(self) -> list[tuple[_Member, bool]]:
        """Those that are well in their order, then the others; and whether none that is well comes after."""
        now = self._clock.monotonic()
        well = [member for member in self._members if member.breaker.allows(now)]
        others = [member for member in self._members if member not in well]
        others.sort(key=lambda member: member.breaker.retry_at)
        order = well + others
        final = {len(well) - 1, len(order) - 1}
        return [(member, place in final) for place, member in enumerate(order)]


class _Failures:
    """Why those that were asked did not answer."""

    def __init__(self) -> None:
        self._causes: list[tuple[str, Exception]] = []

    def note(self, name: str, error: Exception) -> None:
        self._causes.append((name, error))

    def summed_up(self, names: Sequence[str]) -> OmniError:
        """One error for all, in the order of the names; the only one itself."""
        self._causes.sort(key=lambda cause: names.index(cause[0]))
        (_, first), *others = self._causes
        if isinstance(first, OmniError) and not others:
            return first
        told = "; ".join(f"{name}: {_line(error)}" for name, error in self._causes)
        remedies = (error.remedy for _, error in self._causes if isinstance(error, OmniError))
        remedy = next(filter(None, remedies), "see the log, or name another model")
        return ModelUnavailable(f"no model answered: {told}", remedy=remedy)


class _Trial:
    """One model's turn: what comes of it is noted in its breaker, and lets the next one try or not.

    Attributes:
        begun: Its first event has left.
        answered: It came to its end.
    """

    def __init__(self, member: _Member, clock: Clock, failures: _Failures) -> None:
        self._member = member
        self._clock = clock
        self._failures = failures
        self.begun = False
        self.answered = False

    def __enter__(self) -> None:
        self._member.breaker.begin()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        breaker = self._member.breaker
        if error is None or (self.begun and not isinstance(error, Exception)):
            # Whoever stops listening to an answer stops a model that works.
            self.answered = error is None
            breaker.succeed()
            return False
        if not isinstance(error, Exception) or isinstance(error, InputError):
            breaker.let_go()
            return False
        if isinstance(error, OmniError) and error.code in _OF_THE_REQUEST:
            breaker.let_go()
        else:
            breaker.fail(self._clock.monotonic())
        if self.begun:
            return False
        log.warning("model '%s' did not answer: %s", self._member.name, _line(error))
        self._failures.note(self._member.name, error)
        return True


def _joined(senses: Sequence[Senses]) -> Senses:
    return Senses(
        ears=next((each.ears for each in senses if each.ears), None),
        eyes=next((each.eyes for each in senses if each.eyes), None),
        voice=next((each.voice for each in senses if each.voice), None),
    )


def _line(error: Exception) -> str:
    """What is told of an error; of one that is not ours its kind alone, since it may hold anything."""
    return error.message if isinstance(error, OmniError) else f"unexpected {type(error).__name__}"

"""Guardrails: your own functions that see words before these go on.

Those of the input see what the user typed or was heard to say, before memory and the model. Those of the
output see each clause of the answer before it is shown or spoken. Each lets the words pass (`None`), goes on
with others (`Rewrite`), asks the user (`Ask`), or ends the turn (`Stop`). One that fails ends it too.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from .errors import ModelUnavailable
from .events import ErrorRaised

if TYPE_CHECKING:
    from .state import Turn

log = logging.getLogger(__name__)

WITHHELD = "[withheld]"
"""What stands in memory for words of the user that did not pass."""

FAILED = {
    "de": "Da ist etwas schiefgegangen, dazu kann ich nichts sagen.",
    "en": "Something went wrong, so I can't say more about that.",
    "es": "Algo ha fallado y no puedo decir más sobre eso.",
    "fr": "Il y a eu un problème, je ne peux pas en dire plus.",
    "hi": "कुछ गड़बड़ हो गई, इस पर मैं और कुछ नहीं कह सकता।",
    "it": "Qualcosa è andato storto, non posso dire altro.",
    "ja": "問題が起きたため、これ以上お答えできません。",
    "pt": "Algo correu mal e não posso dizer mais sobre isso.",
    "zh": "出了点问题，这个我没法再说了。",
}
DECLINED = {
    "de": "In Ordnung, dann nicht.",
    "en": "All right, I'll leave it.",
    "es": "De acuerdo, lo dejo.",
    "fr": "D'accord, je laisse.",
    "hi": "ठीक है, रहने देते हैं।",
    "it": "Va bene, lascio stare.",
    "ja": "わかりました。やめておきます。",
    "pt": "Está bem, deixo assim.",
    "zh": "好的，那就算了。",
}


@dataclass(frozen=True, slots=True)
class Stop:
    """Nothing more is done or said in this turn but `reply`, which may be empty."""

    reply: str


@dataclass(frozen=True, slots=True)
class Rewrite:
    """The turn goes on with these words instead; empty ones leave a clause out."""

    text: str


@dataclass(frozen=True, slots=True)
class Ask:
    """The user is asked, and only a yes lets the words pass."""

    question: str


Verdict: TypeAlias = Stop | Rewrite | Ask


@dataclass(frozen=True, slots=True)
class GuardContext:
    """What a guardrail may know.

    Attributes:
        user: Whose turn it is.
        session: Which conversation.
        turn: The turn's id.
        so_far: What was said of the reply before this clause; empty for the input.
    """

    user: str
    session: str
    turn: str
    so_far: str = ""


Guardrail: TypeAlias = Callable[[str, GuardContext], "Verdict | Awaitable[Verdict | None] | None"]


@dataclass(frozen=True, slots=True)
class Guardrails:
    """Those of an agent, in the order in which they judge.

    Attributes:
        input: See the user's words.
        output: See each clause of the answer.
        shared: How many of the input's hold for a whole conversation, whoever answers in it.
    """

    input: tuple[Guardrail, ...] = ()
    output: tuple[Guardrail, ...] = ()
    shared: int = 0

    @classmethod
    def of(cls, before: Iterable[Guardrail], after: Iterable[Guardrail]) -> Guardrails:
        """Those of an agent that a program talks to."""
        seen = tuple(before)
        return cls(seen, tuple(after), len(seen))

    def joined(self, other: Guardrails) -> Guardrails:
        """These, and those of another agent that takes over: it gets no conversation out of their reach."""
        return Guardrails(
            (*self.input, *(guard for guard in other.input if guard not in self.input)),
            (*self.output, *(guard for guard in other.output if guard not in self.output)),
            len(self.input),
        )


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of words.

    Attributes:
        text: The words as they may go on.
        verdict: What keeps them from it, if anything does.
        place: Which guardrail said so.
        name: Its name.
    """

    text: str
    verdict: Stop | Ask | None = None
    place: int = 0
    name: str = ""


async def judged(
    guards: Sequence[Guardrail], text: str, turn: Turn, *, so_far: str = "", first: int = 0
) -> Judgement:
    """Let guardrails judge words, one after the other; each sees what the one before it let pass.

    Args:
        guards: The guardrails.
        text: The words.
        turn: Where they were said.
        so_far: What was said of the reply before.
        first: The first one that judges.
    """
    context = GuardContext(turn.scope.user, turn.session, turn.id, so_far)
    for place, guard in enumerate(guards[first:], first):
        try:
            verdict = await _verdict(guard, text, context)
        except Exception as error:
            verdict = await _failed(guard, error, text, turn)
        if isinstance(verdict, Rewrite):
            text = verdict.text
            if not text.strip():
                return Judgement("")
        elif verdict:
            return Judgement(text, verdict, place, _name(guard))
    return Judgement(text)


async def phrase(phrases: dict[str, str], words: str, turn: Turn) -> str:
    """One of our own phrases, in the language of the conversation.

    Args:
        phrases: By language.
        words: What was said, to tell the language by where nobody spoke.
        turn: The turn.
    """
    language = turn.delivery.language if turn.delivery else ""
    with suppress(ModelUnavailable):
        if not language:
            from .speech.language import detect

            language = await asyncio.to_thread(detect, words, phrases)
    known = language or next(iter(turn.parts.persona.languages), "en")
    return phrases.get(known, phrases["en"])


async def _verdict(guard: Guardrail, text: str, context: GuardContext) -> Verdict | None:
    """What it says. A plain function runs in a thread: it may block."""
    call = cast("Callable[[str, GuardContext], Any]", guard)
    inner = getattr(call, "__call__", None)  # noqa: B004 - an object may have an async one
    if inspect.iscoroutinefunction(call) or inspect.iscoroutinefunction(inner):
        said = await call(text, context)
    else:
        said = await asyncio.to_thread(call, text, context)
        if inspect.isawaitable(said):
            said = await said
    if said is None or isinstance(said, Stop | Rewrite | Ask):
        return said
    raise TypeError(f"gave {type(said).__name__}, not Stop, Rewrite, Ask or None")


async def _failed(guard: Guardrail, error: Exception, text: str, turn: Turn) -> Stop:
    name = _name(guard)
    log.error("the guardrail '%s' failed", name, exc_info=error)
    # The error's own words may hold what is to be withheld.
    what = f"the guardrail '{name}' failed ({type(error).__name__}), so the turn was stopped"
    turn.emit(ErrorRaised("guardrail_failed", what, "the log holds the details", severity="note"))
    return Stop(await phrase(FAILED, text, turn))


def _name(guard: Guardrail) -> str:
    return str(getattr(guard, "__name__", type(guard).__name__))

"""Whether a question that is spoken is answered as well as one that is typed: the same hundred, both ways.

Sums, facts that were told before, and tool calls (`spoken_typed_questions.py`), each in a conversation of its
own. Typed they go through `agent.ask`; spoken by other voices, as 20 ms frames in real time, through
`agent.session`. The replies are heard in a fraction of their time, but to their end, so that tools and memory
do all that they would. The facts are told in writing, to two users who know nothing of each other.

`typed` and `spoken` are the shares answered rightly, `ratio` the second to the first, at least 0.95;
`by_kind` gives for each kind how many were right typed, spoken, and of how many. A call that waits for a yes
counts by its arguments; `asked` tells how many did, typed and spoken. `unanswered` had no turn or one that
failed.

`--limit` takes so many, with the three kinds in their shares.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from omni_agent import Agent, Persona
from omni_agent.clock import Clock
from omni_agent.config import Settings
from omni_agent.conversation import AgentSession
from omni_agent.conversation.session import turn_end_at_hand
from omni_agent.errors import OmniError
from omni_agent.plugins import load_model

from .report import Arguments, arguments, publish
from .spoken_lines import spoken
from .spoken_talk import HastySpeaker, Partner
from .spoken_turns import HeardTurn
from .spoken_typed_questions import TOOLS, Question, questions, right
from .voice_latency_requests import SpokenRequest

LEAST_RATIO = 0.95
PERSONA = Persona(style="brief", max_words=30)
TYPED, SPOKEN = "typed", "spoken"


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a question one way: its turns as one, and whether that was right."""

    question: Question
    turn: HeardTurn
    right: bool

    @classmethod
    def of(cls, question: Question, turns: Sequence[HeardTurn]) -> Answer:
        """Marked; a question that fell apart into several turns has all that was said and called in them."""
        whole = HeardTurn(
            0,
            " | ".join(turn.transcript for turn in turns),
            " ".join(turn.said for turn in turns),
            turns[-1].status if turns else "",
            [call for turn in turns for call in turn.calls],
            any(turn.asked for turn in turns),
            errors=[error for turn in turns for error in turn.errors],
        )
        return cls(question, whole, right(question, whole.said, whole.calls))


class Both:
    """Asks both ways.

    Args:
        agent: Answers.
        live: A live conversation of that name with `SPOKEN`.
        given: What the command line says.
        clock: Paces what is said.
    """

    def __init__(
        self,
        agent: Agent,
        live: Callable[[str], AgentSession],
        given: Arguments,
        clock: Clock | None = None,
    ) -> None:
        self._agent = agent
        self._live = live
        self._given = given
        self._clock = clock

    async def tell(self, asked: Sequence[Question]) -> None:
        """Both users tell what will be asked for."""
        for user in (TYPED, SPOKEN):
            for question in asked:
                if question.told:
                    await self._agent.ask(question.told, user=user, session="told", speak=False)
            await self._agent.settled()

    async def typed(self, asked: Sequence[Question]) -> list[Answer]:
        """All of them in writing."""
        found = []
        for number, question in enumerate(asked):
            turn = HeardTurn(0, status="failed")
            try:
                reply = await self._agent.ask(
                    question.asks, user=TYPED, session=f"{TYPED}-{number}", speak=False
                )
            except OmniError as error:
                turn.errors.append(str(error))
            else:
                calls = [(call.name, call.arguments) for call in reply.tool_calls]
                calls += [(call.name, call.arguments) for call in reply.approvals]
                turn = HeardTurn(0, "", reply.text, reply.status, calls, bool(reply.approvals))
            found.append(self._marked(TYPED, Answer.of(question, [turn])))
        return found

    async def spoken(self, asked: Sequence[Question], requests: Sequence[SpokenRequest]) -> list[Answer]:
        """All of them aloud."""
        found = []
        for number, (question, request) in enumerate(zip(asked, requests, strict=True)):
            turns = await self._aloud(request, f"{SPOKEN}-{number}")
            found.append(self._marked(SPOKEN, Answer.of(question, turns)))
        return found

    async def _aloud(self, request: SpokenRequest, name: str) -> list[HeardTurn]:
        async with self._live(name) as session:
            partner = Partner(session, self._clock)
            listening = asyncio.create_task(partner.listen())
            end = await partner.say(request)
            await partner.hear_out(end)
            listening.cancel()
        return partner.turns

    def _marked(self, way: str, answer: Answer) -> Answer:
        turn = answer.turn
        heard = f" {turn.transcript!r}" if way == SPOKEN else ""
        called = "".join(f" [{name} {arguments}]" for name, arguments in turn.calls)
        flaws = " ".join([turn.status * (turn.status != "done"), *turn.errors])
        asked = f"{'+' if answer.right else '-'} {way} {answer.question.asks}{heard}"
        self._given.say(f" {asked} -> {turn.said}{called} {flaws}")
        return answer


def figures(typed: Sequence[Answer], aloud: Sequence[Answer]) -> dict[str, object]:
    """What is published."""
    kinds = Counter(answer.question.kind for answer in typed)
    hits = {
        way: Counter(answer.question.kind for answer in answers if answer.right)
        for way, answers in ((TYPED, typed), (SPOKEN, aloud))
    }
    n = max(len(typed), 1)
    first, second = hits[TYPED].total(), hits[SPOKEN].total()
    return {
        "typed": round(first / n, 4),
        "spoken": round(second / n, 4),
        "ratio": round(second / first, 4) if first else None,
        "ratio_limit": LEAST_RATIO,
        "by_kind": {
            kind: [hits[TYPED][kind], hits[SPOKEN][kind], count] for kind, count in sorted(kinds.items())
        },
        "asked": [sum(answer.turn.asked for answer in answers) for answers in (typed, aloud)],
        "unanswered": [sum(not answer.turn.replied for answer in answers) for answers in (typed, aloud)],
        "several_turns": sum(" | " in answer.turn.transcript for answer in aloud),
        "n": len(typed),
    }


async def main() -> None:
    given = arguments("The same questions typed and spoken.", Path("-"))
    asked = questions(given.limit)
    requests = spoken([question.asks for question in asked])
    started = time.perf_counter()
    with TemporaryDirectory() as folder:
        os.environ["OMNI_AGENT_HOME"] = folder
        model = load_model("local", Settings.load())
        async with Agent(name="Omni", persona=PERSONA, model=model, tools=TOOLS) as agent:
            await agent.prewarm()
            turn_end = turn_end_at_hand()

            def live(name: str) -> AgentSession:
                return agent.session(user=SPOKEN, session=name, speaker=HastySpeaker(), turn_end=turn_end)

            both = Both(agent, live, given)
            await both.tell(asked)
            typed = await both.typed(asked)
            aloud = await both.spoken(asked, requests)
    publish({**figures(typed, aloud), "seconds": round(time.perf_counter() - started, 1)})


if __name__ == "__main__":
    asyncio.run(main())

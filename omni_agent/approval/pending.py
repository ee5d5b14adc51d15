"""Questions that wait for an answer, kept by the checkpoint of the turn that asked them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ..errors import InputError
from ..events import ApprovalRequested
from ..messages import JsonObject, Message
from ..tool import as_text
from .answer import Answer, answer_to

PATIENCE = timedelta(minutes=2)
"""How long words may answer a question; a silence that is longer is a no."""


@dataclass(frozen=True, slots=True)
class Pending:
    """The questions of one turn.

    Attributes:
        turn: The turn that waits.
        questions: What it asked.
        asked_at: When.
    """

    turn: str
    questions: tuple[ApprovalRequested, ...]
    asked_at: datetime

    @classmethod
    def of(cls, turn: str, interrupts: Sequence[Any]) -> Pending:
        """From what the gate handed to LangGraph's `interrupt`."""
        (asked,) = {item.value["asked_at"] for item in interrupts}
        questions = (question for item in interrupts for question in item.value["questions"])
        return cls(turn, tuple(ApprovalRequested(**q) for q in questions), datetime.fromisoformat(asked))

    @property
    def words(self) -> str:
        """All questions, as they are said."""
        return " ".join(question.question for question in self.questions)

    def check(self, requests: Sequence[ApprovalRequested]) -> None:
        """See that these are open questions, about the same arguments.

        Raises:
            InputError: One is not.
        """
        open_ = {(question.id, question.digest) for question in self.questions}
        for request in requests:
            if (request.id, request.digest) not in open_:
                raise InputError(
                    f"'{request.question}' does not wait for an answer", remedy="answer what was asked last"
                )

    def answer(self, message: Message, now: datetime) -> Answer:
        """What the user's words mean for all of the questions; too late, they mean something else."""
        if now - self.asked_at > PATIENCE:
            return Answer.OTHER
        values = " ".join(as_text(value) for q in self.questions for value in q.arguments.values())
        return answer_to(self.words, values, message)

    def resume(self, answers: Mapping[str, bool]) -> JsonObject:
        """What the gate goes on with: for each call the answer, and the digest of the arguments it is about.

        A call that is not named is denied.
        """
        return {q.id: {"yes": answers.get(q.id) is True, "digest": q.digest} for q in self.questions}

"""LoCoMo as conversations of this framework: who said what and when, and which utterances hold an answer.

The data (CC BY-NC 4.0, snap-research/LoCoMo) are for measuring only and never part of this repository. The
caption that the set gives for a shared picture (`blip_caption`) counts as words of the utterance, as what a
model with eyes would have noted. Ids of evidence are read leniently (`D8:6; D9:17`, `D:11:26`), as is usual.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from omni_agent.memory import Scope, TurnRecord
from omni_agent.messages import Message, Text

CATEGORIES = {1: "multi_hop", 2: "temporal", 3: "open_domain", 4: "single_hop"}
_ID = re.compile(r"D:?\s*(\d+)\s*:\s*(\d+)")
_SESSION = re.compile(r"session_(\d+)")
# The pace of a conversation, of which the data know the start only.
_PACE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Utterance:
    """One contribution, with the picture's caption at its end."""

    id: str
    session: str
    speaker: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Question:
    """A question with the ids of the utterances that hold its answer, and its category (1 to 4)."""

    text: str
    category: int
    evidence: frozenset[str]


@dataclass(frozen=True, slots=True)
class Conversation:
    """A long conversation of two people; the first is taken for the user, the second for the persona."""

    user: str
    persona: str
    utterances: tuple[Utterance, ...]
    questions: tuple[Question, ...]

    @property
    def scope(self) -> Scope:
        """Whose conversation."""
        return Scope(self.user, self.persona)

    @property
    def end(self) -> datetime:
        """When the questions are asked: a day after the last word."""
        return self.utterances[-1].at + timedelta(days=1)


def conversations(data: Path) -> list[Conversation]:
    """Every conversation of a file, or of all JSON files of a folder."""
    files = sorted(data.glob("*.json")) if data.is_dir() else [data]
    samples: list[dict[str, Any]] = []
    for file in files:
        read = json.loads(file.read_text(encoding="utf-8"))
        samples += read if isinstance(read, list) else [read]
    return [_conversation(sample) for sample in samples]


def turns(conversation: Conversation) -> list[tuple[TurnRecord, dict[str, str]]]:
    """The conversation as turns of the user and the persona, and by `user` and `agent` the ids of the set.

    An utterance without its partner makes a turn with one side.
    """
    made = []
    pair: list[Utterance] = []
    for utterance in (*conversation.utterances, None):
        if pair and (utterance is None or not _answers(conversation, pair, utterance)):
            made.append(_turn(conversation, pair, len(made)))
            pair = []
        if utterance:
            pair.append(utterance)
    return made


def _answers(conversation: Conversation, pair: list[Utterance], utterance: Utterance) -> bool:
    alone = len(pair) == 1 and pair[0].speaker == conversation.user
    return alone and utterance.speaker == conversation.persona and utterance.session == pair[0].session


def _turn(
    conversation: Conversation, pair: list[Utterance], number: int
) -> tuple[TurnRecord, dict[str, str]]:
    asked = next((one for one in pair if one.speaker == conversation.user), None)
    answered = next((one for one in pair if one.speaker != conversation.user), None)
    said = answered.text if answered else ""
    messages = (Message("user", (Text(asked.text if asked else ""),)), Message("assistant", (Text(said),)))
    record = TurnRecord(f"t{number}", pair[0].session, messages, said, said, "done", pair[0].at, pair[-1].at)
    sides = {"user": asked, "agent": answered}
    return record, {side: one.id for side, one in sides.items() if one}


def _conversation(sample: dict[str, Any]) -> Conversation:
    talk = sample["conversation"]
    numbers = sorted(int(match.group(1)) for key in talk if (match := _SESSION.fullmatch(key)))
    utterances = tuple(one for number in numbers for one in _session(talk, number))
    ids = {utterance.id for utterance in utterances}
    questions = (
        Question(entry["question"], entry["category"], _evidence(entry["evidence"]) & ids)
        for entry in sample["qa"]
        if entry["category"] in CATEGORIES
    )
    return Conversation(
        talk["speaker_a"], talk["speaker_b"], utterances, tuple(one for one in questions if one.evidence)
    )


def _session(talk: dict[str, Any], number: int) -> list[Utterance]:
    began = datetime.strptime(talk[f"session_{number}_date_time"], "%I:%M %p on %d %B, %Y")
    return [
        Utterance(
            _evidence_id(entry["dia_id"]),
            f"session_{number}",
            entry["speaker"],
            " ".join(filter(None, (entry["text"], entry.get("blip_caption")))),
            began.replace(tzinfo=UTC) + place * _PACE,
        )
        for place, entry in enumerate(talk[f"session_{number}"])
    ]


def _evidence(listed: list[str]) -> frozenset[str]:
    return frozenset(f"D{int(a)}:{int(b)}" for entry in listed for a, b in _ID.findall(entry))


def _evidence_id(written: str) -> str:
    (one,) = _evidence([written])
    return one

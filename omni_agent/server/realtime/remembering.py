"""What memory has of a conversation: to go on with it when the connection or the server was gone, and to hold
no more of a reply than was heard."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from ...errors import MemoryStoreError
from ...memory import TurnRecord, window_of
from ...messages import Audio, Image, Message, Text
from .items import Content, Item

if TYPE_CHECKING:
    from ...agent import Agent
    from ...state import Parts

log = logging.getLogger(__name__)

RECENT = 8
"""How many turns back a reply may be that is still being cut."""
_BEFORE = -1_000_000
"""Stands for the response, of another session, that an item was answered by."""


class Remembered:
    """A conversation in memory.

    Args:
        parts: The agent's.
        user: Whose.
        conversation: Its id.
    """

    def __init__(self, parts: Parts, user: str, conversation: str) -> None:
        self._parts = parts
        self._user, self._scope = user, parts.scope(user)
        self._conversation = conversation
        self._writing = asyncio.Lock()

    async def items(self, ids: Callable[[], str]) -> list[Item]:
        """What was said before, oldest first: words and transcripts, without their sound.

        Raises:
            MemoryStoreError: It cannot be read.
        """
        window = await window_of(self._parts.memory, self._scope, self._conversation)
        return [
            item for number, record in enumerate(window.turns) for item in _items(record, -1 - number, ids)
        ]

    async def question(self, agent: Agent, ids: Callable[[], str]) -> Item | None:
        """What a turn waits to be answered, as the agent said it; None where none waits.

        Raises:
            MemoryStoreError: It cannot be read.
        """
        pending = await agent.pending(session=self._conversation, user=self._user)
        if pending is None:
            return None
        asked = [Content("output_text", pending.words)]
        return Item(ids(), role="assistant", content=asked, asked=_BEFORE)

    async def heard(self, turn: str, text: str) -> None:
        """Of the reply of this turn no more was heard than this."""
        async with self._writing:
            try:
                for record in await self._recent():
                    if record.id == turn and record.heard_text != text:
                        cut = replace(record, heard_text=text, status="interrupted")
                        await self._parts.memory.commit(self._scope, cut)
            except MemoryStoreError as error:
                log.warning("a reply that was cut stays whole in memory: %s", error)

    async def said(self, turn: str, text: str) -> None:
        """The agent said this without being asked."""
        now = self._parts.clock.now()
        words = Message("assistant", (Text(text),))
        record = TurnRecord(
            turn, self._conversation, (words,), text, text, "done", now, now, asked_by="agent"
        )
        async with self._writing:
            try:
                await self._parts.memory.commit(self._scope, record)
            except MemoryStoreError as error:
                log.warning("what the agent said by itself is not remembered: %s", error)

    async def _recent(self) -> list[TurnRecord]:
        return await self._parts.memory.history(self._scope, self._conversation, limit=RECENT)


def _items(record: TurnRecord, asked: int, ids: Callable[[], str]) -> list[Item]:
    made = [
        Item(ids(), role="user", content=content, asked=asked)
        for message in record.messages
        if message.role == "user" and (content := _content(message))
    ]
    said = record.heard_text if record.status in ("interrupted", "failed") else record.text
    if said:
        made.append(
            Item(ids(), role="assistant", content=[Content("output_text", said)], turn=record.id, asked=asked)
        )
    return made


def _content(message: Message) -> list[Content]:
    content: list[Content] = []
    for part in message.parts:
        match part:
            case Text():
                content.append(Content("input_text", part.text))
            case Audio():
                heard = part.hearing.text if part.hearing else ""
                content.append(Content("input_audio", heard, known=part.hearing is not None, media=part))
            case Image():
                content.append(Content("input_image", media=part))
            case _:
                pass
    return content

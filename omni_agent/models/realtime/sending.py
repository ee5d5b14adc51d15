"""Entries of a conversation put into a server's: as items where it takes them, else as sound and pictures.

DashScope takes no messages: of the user it takes a committed utterance with pictures in it, of the tools
their results. Typed words stand in its instructions; what makes it listen then is a moment of silence.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from uuid import uuid4

from ...errors import MediaError
from ...messages import Audio, Image, JsonObject, Media, Part, Text, ToolCall, ToolResult
from ...speech.pcm import Pcm
from . import wording
from .attached import picture_of, sound_of
from .entries import Entry
from .held import Held, server_call_id, short_id
from .profile import Profile
from .socket import Socket
from .sound import packets

_SILENCE = 0.2


class Sender:
    """Puts entries into one session's conversation.

    Args:
        socket: The connection.
        profile: Of the service.
    """

    def __init__(self, socket: Socket, profile: Profile) -> None:
        self._socket = socket
        self._profile = profile
        self._shown_at: float | None = None

    async def send(self, entry: Entry, held: Sequence[Held], *, now: bool) -> Held:
        """Send an entry.

        Args:
            entry: The entry.
            held: What is there before it.
            now: It is to be answered; what is older may be told in words.

        Raises:
            MediaError: A sound or picture that is to be answered is gone.
        """
        if self._profile.makes_items:
            return await self._item(entry, held, now=now)
        if not now:
            return Held(entry, itself=False)
        if entry.kind == "result":
            return await self._given_back(entry, held)
        return await self._heard(entry)

    async def prompt(self) -> None:
        """Commit a silence, so that there is something to answer."""
        await self._utter([], [])

    async def _item(self, entry: Entry, held: Sequence[Held], *, now: bool) -> Held:
        part = entry.parts[0]
        if isinstance(part, ToolCall):
            return await self._call(entry, part)
        if isinstance(part, ToolResult):
            return await self._result(entry, part, held, now=now)
        if entry.kind == "reply":
            content: list[JsonObject] = [{"type": "output_text", "text": wording.told(part)}]
            return Held(entry, (await self._create(type="message", role="assistant", content=content),))
        return Held(entry, await self._user(entry.parts, now=now))

    async def _user(self, parts: Sequence[Part], *, now: bool) -> tuple[str, ...]:
        """The user's parts in their order: what is typed and shown as items, what is said as utterances."""
        names: list[str] = []
        content: list[JsonObject] = []
        for part in parts:
            if isinstance(part, Audio) and (now or not part.hearing):
                sound = await self._sound(part, now=now)
                if sound and content:
                    names.append(await self._create(type="message", role="user", content=content))
                    content = []
                if sound:
                    await self._utter(sound, [])
                    continue
            content.append(await self._content(part, now=now))
        if content:
            names.append(await self._create(type="message", role="user", content=content))
        return tuple(names)

    async def _content(self, part: Part, *, now: bool) -> JsonObject:
        if isinstance(part, Image) and (data := await self._picture(part, now=now)):
            return {"type": "input_image", "image_url": f"data:image/jpeg;base64,{data}"}
        return {"type": "input_text", "text": wording.told(part)}

    async def _call(self, entry: Entry, part: ToolCall) -> Held:
        name = short_id(part.id)
        arguments = json.dumps(part.arguments, ensure_ascii=False)
        item = await self._create(type="function_call", call_id=name, name=part.name, arguments=arguments)
        return Held(entry, (item,), call_id=name)

    async def _result(self, entry: Entry, part: ToolResult, held: Sequence[Held], *, now: bool) -> Held:
        said = wording.result(part)
        if name := server_call_id(held, part.call_id):
            items = (await self._create(type="function_call_output", call_id=name, output=said),)
        else:
            said = f"[What {part.name} gave: {said}]"
            items = (await self._create(type="message", role="user", content=[_typed(said)]),)
        shown = [picture for picture in part.media if isinstance(picture, Image)]
        return Held(entry, items + (await self._user(shown, now=now) if shown else ()))

    async def _create(self, **item: object) -> str:
        name = f"item_{uuid4().hex[:24]}"
        await self._socket.send("conversation.item.create", item={"id": name, **item})
        return name

    async def _given_back(self, entry: Entry, held: Sequence[Held]) -> Held:
        part = entry.parts[0]
        assert isinstance(part, ToolResult)
        name = server_call_id(held, part.call_id)
        if name:
            item = {"type": "function_call_output", "call_id": name, "output": wording.result(part)}
            await self._socket.send("conversation.item.create", item=item)
        if shown := [picture for picture in part.media if isinstance(picture, Image)]:
            await self._utter([], shown)
        return Held(entry, itself=bool(name))

    async def _heard(self, entry: Entry) -> Held:
        """An utterance with its pictures; typed words are told, so it is not all there itself."""
        sound = [
            packet
            for part in entry.parts
            if isinstance(part, Audio)
            for packet in await sound_of(part, self._profile)
        ]
        await self._utter(sound, [part for part in entry.parts if isinstance(part, Image)])
        return Held(entry, itself=not any(map(is_told, entry.parts)))

    async def _utter(self, sound: Sequence[str], shown: Sequence[Image]) -> None:
        """Append sound, with pictures behind its first packet, and commit it.

        A picture before any sound is refused: "Error append image before append audio."
        """
        rate = self._profile.hears_at
        first, *others = sound or list(packets(Pcm.silence(_SILENCE, rate), rate))
        await self._socket.send("input_audio_buffer.append", audio=first)
        for part in shown:
            data = await picture_of(part, self._profile)
            await self._paced()
            await self._socket.send("input_image_buffer.append", image=data)
        for packet in others:
            await self._socket.send("input_audio_buffer.append", audio=packet)
        await self._socket.send("input_audio_buffer.commit")

    async def _paced(self) -> None:
        """Wait until the next picture may be shown."""
        time = asyncio.get_running_loop().time
        if self._shown_at is not None:
            await asyncio.sleep(max(0.0, self._shown_at + self._profile.pictures.gap - time()))
        self._shown_at = time()

    async def _sound(self, part: Audio, *, now: bool) -> list[str]:
        try:
            return await sound_of(part, self._profile)
        except MediaError:
            # Erased since: the conversation goes on without it.
            if now:
                raise
            return []

    async def _picture(self, part: Image, *, now: bool) -> str:
        try:
            return await picture_of(part, self._profile)
        except MediaError:
            if now:
                raise
            return ""


def is_told(part: Part) -> bool:
    """Whether a part of the user's is told in the instructions where no messages are taken."""
    return isinstance(part, Text) or (isinstance(part, Media) and not isinstance(part, Audio | Image))


def _typed(text: str) -> JsonObject:
    return {"type": "input_text", "text": text}

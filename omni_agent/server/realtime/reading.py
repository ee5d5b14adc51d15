"""Items as clients send them, read: `conversation.item.create`, and `input` of `response.create`."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from typing import Any, Literal, cast

from ...errors import OmniError
from ...messages import JsonObject
from .items import LONGEST_IMAGE_TOLD, Content, Item, Role
from .protocol import Refusal
from .sound import Format, decoded, whole
from .utterance import Listener, Utterance

LONGEST_TEXT = 1 << 20
_LONGEST_ID = 512
_OLD_NAMES = {"text": {"user": "input_text", "system": "input_text", "assistant": "output_text"}}
_ALLOWED = {
    "user": {"input_text", "input_audio", "input_image"},
    "system": {"input_text"},
    "assistant": {"output_text", "output_audio"},
}


class ItemReader:
    """Reads items.

    Args:
        listener: Hears and keeps sounds, and keeps pictures.
        ids: Makes the ids of items that have none.
    """

    def __init__(self, listener: Listener, ids: Callable[[], str]) -> None:
        self._listener = listener
        self._ids = ids

    async def read(self, told: JsonObject, hears: Format, where: str = "item") -> Item:
        """An item.

        Args:
            told: As it was sent.
            hears: In which format sounds are.
            where: Which field of the event it is.

        Raises:
            Refusal: It is none.
        """
        kind = told.get("type", "message")
        given = told.get("id")
        if isinstance(given, str) and len(given) > _LONGEST_ID:
            raise Refusal(
                f"an id has at most {_LONGEST_ID} characters", "string_above_max_length", f"{where}.id"
            )
        name = given if isinstance(given, str) and given else self._ids()
        if kind == "message":
            return await self._message(told, name, hears, where)
        if kind == "function_call":
            call_id, tool = _text(told, "call_id", where), _text(told, "name", where)
            arguments = _written(told.get("arguments", "{}"))
            return Item(name, "function_call", call_id=call_id, name=tool, arguments=arguments)
        if kind == "function_call_output":
            call_id = _text(told, "call_id", where)
            return Item(
                name, "function_call_output", call_id=call_id, output=_written(told.get("output", ""))
            )
        raise Refusal(
            f"items of type {str(kind)[:40]!r} are not served; there are message, function_call and "
            "function_call_output",
            "invalid_value",
            f"{where}.type",
        )

    async def _message(self, told: JsonObject, name: str, hears: Format, where: str) -> Item:
        role = told.get("role", "user")
        role = "system" if role == "developer" else role
        if role not in _ALLOWED:
            raise Refusal("a role is user, assistant or system", "invalid_value", f"{where}.role")
        given = told.get("content", [])
        if isinstance(given, str):
            given = [{"type": "text", "text": given}]
        if not isinstance(given, list):
            raise Refusal("'content' is a list", "invalid_value", f"{where}.content")
        content = [
            await self._content(part, role, hears, f"{where}.content[{place}]")
            for place, part in enumerate(given)
        ]
        return Item(name, role=cast(Role, role), content=content)

    async def _content(self, part: Any, role: str, hears: Format, where: str) -> Content:
        kind = part.get("type") if isinstance(part, dict) else None
        kind = _OLD_NAMES.get(str(kind), {}).get(role, "output_audio" if kind == "audio" else kind)
        if kind not in _ALLOWED[role]:
            allowed = ", ".join(sorted(_ALLOWED[role]))
            raise Refusal(
                f"content of a {role} message is one of: {allowed}", "invalid_value", f"{where}.type"
            )
        match kind:
            case "input_audio":
                return self._sound(part, hears, where)
            case "input_image":
                return await self._picture(part, where)
            case "output_audio":
                return Content("output_audio", str(part.get("transcript") or ""))
            case _:
                named = cast(Literal["input_text", "output_text"], kind)
                return Content(named, _text(part, "text", where, most=LONGEST_TEXT))

    def _sound(self, part: JsonObject, hears: Format, where: str) -> Content:
        transcript = part.get("transcript")
        known = isinstance(transcript, str)
        if not part.get("audio") and known:
            # Told again by a client that has lost the sound.
            return Content("input_audio", str(transcript))
        pcm = whole(decoded(_text(part, "audio", where), f"{where}.audio"), hears)
        if not len(pcm.samples):
            raise Refusal("there is no sound in it", "invalid_audio", f"{where}.audio")
        text = str(transcript) if known else ""
        return Content("input_audio", text, known=known, utterance=Utterance(pcm, self._listener))

    async def _picture(self, part: JsonObject, where: str) -> Content:
        url = part.get("image_url")
        url = url.get("url") if isinstance(url, dict) else url
        head, _, data = url.partition(",") if isinstance(url, str) else ("", "", "")
        if not head.startswith("data:image/") or not head.endswith(";base64"):
            raise Refusal(
                "a picture is a data URI, 'data:image/png;base64,…'; none is fetched",
                "invalid_value",
                f"{where}.image_url",
            )
        try:
            image = await self._listener.show(base64.b64decode(data, validate=True))
        except (binascii.Error, ValueError):
            raise Refusal("the picture is no base64", "invalid_value", f"{where}.image_url") from None
        except OmniError as error:
            raise Refusal(str(error), error.code, f"{where}.image_url") from None
        shown: JsonObject = {"image_url": url} if len(str(url)) <= LONGEST_IMAGE_TOLD else {}
        if part.get("detail") in ("auto", "low", "high"):
            shown["detail"] = part["detail"]
        return Content("input_image", media=image, shown=shown)


def _text(told: JsonObject, name: str, where: str, *, most: int = 1 << 24) -> str:
    value = told.get(name)
    if not isinstance(value, str):
        raise Refusal(f"'{name}' is missing", "missing_required_parameter", f"{where}.{name}")
    if len(value) > most:
        raise Refusal(f"'{name}' is too long", "string_above_max_length", f"{where}.{name}")
    # What JSON can hold of broken surrogates nothing behind here can.
    return value.encode("utf-8", "replace").decode()


def _written(value: Any) -> str:
    """A string, whatever was sent in its place."""
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode("utf-8", "replace").decode()

"""A conversation as the messages of a chat, in OpenAI's shape.

What is stable comes first, so that servers find it in their caches: the persona, then the background; what
was recalled stands in the last of the user's messages.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...messages import Audio, JsonObject, Media, Message, Text, ToolCall, ToolResult, Video
from .. import injected
from ..base import Request
from ..prompt import aside, clean, named_media, suffixes, told_result
from ..qwen_omni import AGREED
from .attachments import attached, told


@dataclass(frozen=True, slots=True)
class ChatForm:
    """How a dialect's messages differ.

    Attributes:
        tools_in_prompt: Tools, calls and results are words of the system prompt and of messages.
        one_kind: A message holds one kind of media at most, beside its words.
        fixed_system: The only system prompt under which the model works; what ours says becomes an exchange
            before the conversation. Empty for a model that takes any.
    """

    tools_in_prompt: bool = False
    one_kind: bool = False
    fixed_system: str = ""


def chat(request: Request, form: ChatForm, media: Mapping[str, str]) -> list[JsonObject]:
    """The request's messages, the system's first.

    Args:
        request: With the tools that are offered.
        form: How the dialect wants them.
        media: What goes along, in base64 by reference; the rest is told in words.
    """
    return _Writer(request, form, media).messages()


class _Writer:
    """Writes the messages of one request."""

    def __init__(self, request: Request, form: ChatForm, media: Mapping[str, str]) -> None:
        self._request = request
        self._form = form
        self._media = media
        self._kinds = {part.ref: part.type for message in request.messages for part in message.media}

    def messages(self) -> list[JsonObject]:
        written = self._opening()
        users = [index for index, message in enumerate(self._request.messages) if message.role == "user"]
        added = self._added(users)
        for index, message in enumerate(self._request.messages):
            if message.role == "user":
                old = index != users[-1]
                written += self._user(self._parts(message, added.get(index, ""), old=old))
            elif message.role == "assistant":
                written += self._assistant(message)
            else:
                written += self._results(message)
        return written

    def _added(self, users: Sequence[int]) -> Mapping[int, str]:
        """What is added to the user's messages; what a task is about may be in any language."""
        if self._request.talk:
            return suffixes(self._request)
        return {users[-1]: aside(self._request)} if users else {}

    def _opening(self) -> list[JsonObject]:
        system = self._system()
        # A task is not spoken, so it needs no exchange that the user never had.
        fixed = self._form.fixed_system if self._request.talk else ""
        opening: list[JsonObject] = []
        if fixed or system:
            opening.append({"role": "system", "content": fixed or system})
        if fixed and system:
            opening += [{"role": "user", "content": system}, {"role": "assistant", "content": AGREED}]
        return opening

    def _system(self) -> str:
        request = self._request
        parts = [request.system.strip(), clean(request.background.strip())]
        if self._form.tools_in_prompt and request.tools:
            parts.insert(1, injected.block(request.tools, request.tool_choice))
        return "\n\n".join(filter(None, parts))

    def _parts(self, message: Message, suffix: str, *, old: bool) -> list[str | Media]:
        """Words and media of a user's message in their order, words that follow each other as one."""
        parts: list[str | Media] = []
        for part in message.parts:
            if isinstance(part, Text):
                parts.append(clean(part.text))
            elif isinstance(part, Media):
                goes = self._goes(part, old=old)
                parts.append(part if goes else clean(told(part)))
                if goes and isinstance(part, Video) and part.moments:
                    # Who sees the clip may not hear it.
                    parts.append(clean(told(part)))
        if suffix and parts and isinstance(parts[-1], str):
            parts[-1] += suffix
        elif suffix:
            parts.append(suffix.strip())
        return parts

    def _goes(self, part: Media, *, old: bool) -> bool:
        """Whether the part itself goes along: an old sound whose words are known need not."""
        return part.ref in self._media and not (old and isinstance(part, Audio) and part.hearing)

    def _user(self, parts: Sequence[str | Media]) -> list[JsonObject]:
        if all(isinstance(part, str) for part in parts):
            return [{"role": "user", "content": "\n".join(part for part in parts if isinstance(part, str))}]
        groups = self._by_kind(parts) if self._form.one_kind else [parts]
        return [{"role": "user", "content": [self._written(part) for part in group]} for group in groups]

    def _by_kind(self, parts: Sequence[str | Media]) -> list[list[str | Media]]:
        """One message for each kind of media, the words with the last."""
        media = [part for part in parts if isinstance(part, Media)]
        kinds = dict.fromkeys(part.type for part in media)
        groups: list[list[str | Media]] = [[part for part in media if part.type == kind] for kind in kinds]
        groups[-1] += [part for part in parts if isinstance(part, str)]
        return groups

    def _written(self, part: str | Media) -> JsonObject:
        if isinstance(part, str):
            return {"type": "text", "text": part}
        return attached(part, self._media[part.ref])

    def _assistant(self, message: Message) -> list[JsonObject]:
        words, calls = message.text.strip(), message.tool_calls
        if self._form.tools_in_prompt:
            content = "\n".join(filter(None, (words, named_media(injected.called(calls), self._kinds))))
            return [{"role": "assistant", "content": content}] if content else []
        if not calls:
            return [{"role": "assistant", "content": words}] if words else []
        written = [self._call(call) for call in calls]
        return [{"role": "assistant", "content": words or None, "tool_calls": written}]

    def _call(self, call: ToolCall) -> JsonObject:
        # A string on the wire, with letters as they are: escaped ones cost tokens and confuse models.
        arguments = named_media(json.dumps(call.arguments, ensure_ascii=False), self._kinds)
        function = {"name": call.name, "arguments": arguments}
        return {"id": call.id, "type": "function", "function": function}

    def _results(self, message: Message) -> list[JsonObject]:
        results = [part for part in message.parts if isinstance(part, ToolResult)]
        shown: list[str | Media] = [part for part in message.media if part.ref in self._media]
        if self._form.tools_in_prompt:
            return self._user([injected.answered(results), *shown])
        written: list[JsonObject] = [
            {"role": "tool", "tool_call_id": result.call_id, "content": told_result(result)}
            for result in results
        ]
        # No dialect takes media in a tool's own message.
        return written + (self._user(["[This is what was shown:]", *shown]) if shown else [])

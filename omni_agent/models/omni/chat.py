"""A request as the conversation that the chat templates of both families render.

Qwen3-Omni's template is the checkpoint's own and knows tools. Qwen2.5-Omni speaks only under one system
prompt, and its template drops tools and calls: persona and tools go into an exchange in front of the
conversation (its README, "Customization Settings"), calls and results are written out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypedDict

from ...messages import Audio, Image, Media, Message, Text, ToolResult, Video
from .. import injected
from ..notation import dumps
from ..prompt import aside, clean, told_result
from ..qwen_omni import AGREED, QWEN25_SYSTEM
from .media import Clip, Decoded, Picture, Sound

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..base import Request
    from .checkpoint import Checkpoint

# Qwen3-Omni-Thinking needs words beside what it hears or sees (its README).
_SPELLED_OUT = "Answer what is said and shown here."


class ChatPart(TypedDict, total=False):
    """A part of a message as the templates read it; `audio` and `image` only say that there is one."""

    type: Literal["text", "audio", "image"]
    text: str
    audio: str
    image: str


class ChatMessage(TypedDict, total=False):
    """A message as the templates read it."""

    role: Literal["system", "user", "assistant", "tool"]
    content: list[ChatPart] | str
    tool_calls: list[dict[str, Any]]


class Chat:
    """A conversation in the making, and the sounds and pictures in the order of their placeholders."""

    def __init__(self) -> None:
        self.messages: list[ChatMessage] = []
        self.shown: list[Sound | Picture] = []

    def add(self, role: Literal["system", "user", "assistant", "tool"], *parts: ChatPart) -> None:
        """Add a message; one of the same role as the last goes on with it, but for tools' results."""
        if not parts:
            return
        last = self.messages[-1] if self.messages else None
        if last and role == last["role"] == "user":
            content = last["content"]
            last["content"] = [*(content if isinstance(content, list) else []), _text("\n"), *parts]
        else:
            self.messages.append({"role": role, "content": list(parts)})


def render(request: Request, checkpoint: Checkpoint, decoded: Mapping[str, Decoded]) -> Chat:
    """The request as a conversation.

    Args:
        request: What is asked.
        checkpoint: Whose template will read it.
        decoded: What its references lead to.
    """
    chat = Chat()
    if checkpoint.variant == "captioner":
        _caption(request, decoded, chat)
        return chat
    own = checkpoint.family == "qwen2.5"
    # A task is not spoken, so it needs neither the fixed prompt nor an exchange that the user never had.
    _open(request, chat, exchange=own and request.talk)
    last = max((i for i, message in enumerate(request.messages) if message.role == "user"), default=-1)
    for index, message in enumerate(request.messages):
        if message.role == "user":
            parts = list(_user(message, decoded, chat))
            if checkpoint.variant == "thinking" and not any("text" in part for part in parts):
                parts.append(_text(_SPELLED_OUT))
            if index == last and (aside := _aside(request)):
                parts.append(_text(aside))
            chat.add("user", *parts)
        elif message.role == "assistant":
            _assistant(message, chat, written_out=own)
        else:
            _results(message, decoded, chat, written_out=own)
    return chat


def _caption(request: Request, decoded: Mapping[str, Decoded], chat: Chat) -> None:
    """Nothing but the last sound: the Captioner takes one, and no words (its README)."""
    sounds = [p for message in request.messages for p in message.media if isinstance(p, Audio)]
    chat.add("user", *_media(sounds[-1], decoded, chat) if sounds else ())


def _open(request: Request, chat: Chat, *, exchange: bool) -> None:
    """The system prompt, or the fixed one and the persona as what the user said first."""
    persona = "\n\n".join(filter(None, (request.system.strip(), clean(request.background.strip()))))
    if request.format is not None:
        persona = (
            f"{persona}\n\nAnswer with JSON only, that fits this schema: {dumps(request.format)}".strip()
        )
    if not exchange:
        chat.add("system", *([_text(persona)] if persona else []))
        return
    chat.add("system", _text(QWEN25_SYSTEM))
    calling = injected.block(request.tools) if request.tools else ""
    if told := "\n\n".join(filter(None, (persona, calling))):
        chat.add("user", _text(told))
        chat.add("assistant", _text(AGREED))


def _user(message: Message, decoded: Mapping[str, Decoded], chat: Chat) -> Iterator[ChatPart]:
    for part in message.parts:
        match part:
            case Text(text=text) if text.strip():
                yield _text(clean(text))
            case Video(apart=True):
                yield _text(clean(part.in_words))
            case Audio() | Image() | Video():
                yield from _media(part, decoded, chat)


def _media(part: Media, decoded: Mapping[str, Decoded], chat: Chat) -> Iterator[ChatPart]:
    """Placeholders. OpenAI's `input_audio` is not one: the templates render it as nothing."""
    match decoded[part.ref]:
        case Sound() | Picture() as shown:
            yield _placeholder(shown, chat)
        case Clip() as clip:
            times = ", ".join(f"{picture.seconds:.1f}" for picture in clip.pictures)
            sound = ", and its sound" if clip.sound else ", without sound"
            yield _text(f"[a clip of {clip.seconds:.1f} s, its pictures at {times} s{sound}]")
            yield from (_placeholder(picture, chat) for picture in clip.pictures)
            if clip.sound:
                yield _placeholder(clip.sound, chat)


def _placeholder(shown: Sound | Picture, chat: Chat) -> ChatPart:
    chat.shown.append(shown)
    if isinstance(shown, Sound):
        return {"type": "audio", "audio": shown.key}
    return {"type": "image", "image": shown.key}


def _aside(request: Request) -> str:
    """What is added to the last of the user's messages: what was recalled, and how to answer."""
    return aside(request) + (f"\n({request.demand})" if request.demand else "")


def _assistant(message: Message, chat: Chat, *, written_out: bool) -> None:
    words, calls = message.text.strip(), message.tool_calls
    if written_out:
        told = "\n".join(filter(None, (clean(words), injected.called(calls))))
        chat.add("assistant", *([_text(told)] if told else []))
    elif words or calls:
        # Templates join an assistant's content to its calls as text; a list of parts is not that to all.
        said: ChatMessage = {"role": "assistant", "content": clean(words)}
        if calls:
            # Templates write a dict out; a string they would quote once more.
            asked = [{"name": call.name, "arguments": call.arguments} for call in calls]
            said["tool_calls"] = [{"type": "function", "function": call} for call in asked]
        chat.messages.append(said)


def _results(message: Message, decoded: Mapping[str, Decoded], chat: Chat, *, written_out: bool) -> None:
    results = [part for part in message.parts if isinstance(part, ToolResult)]
    if written_out:
        chat.add("user", _text(injected.answered(results)))
    else:
        for part in results:
            chat.messages.append({"role": "tool", "content": told_result(part)})
    for part in results:
        shown = [piece for medium in _given(part) for piece in _media(medium, decoded, chat)]
        chat.add("user", *([_text(f"[shown by {part.name}]"), *shown] if shown else []))


def _given(result: ToolResult) -> list[Media]:
    """What a result shows, without a clip that is too long for the model: the words tell of it."""
    return [part for part in result.media if not (isinstance(part, Video) and part.apart)]


def _text(text: str) -> ChatPart:
    return {"type": "text", "text": text}

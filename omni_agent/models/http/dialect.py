"""What sets one kind of server apart from the others: data, and two small functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from ...messages import JsonObject
from ..base import Capabilities
from .chat import ChatForm
from .lines import Events, Framing
from .piece import Piece
from .reading import read_openai

Speaking = Callable[[str], JsonObject]
"""Takes the voice's name, gives the fields that ask for speech."""


Finish = Callable[[JsonObject, int], JsonObject]
"""Takes a body in OpenAI's shape and the length of the context in tokens, gives the dialect's."""


def unchanged(body: JsonObject, context: int) -> JsonObject:
    """The body of a server that takes OpenAI's."""
    return body


@dataclass(frozen=True, slots=True)
class Dialect:
    """A kind of server.

    Attributes:
        name: As the model plugin is called.
        title: As people call it.
        base: Base URL where the address names none.
        model: The model where the address names none; empty to ask the server.
        path: Of the base URL, where an address has none.
        endpoint: Where the chat is, beneath it.
        key: Environment variable that holds the key; servers of one's own need none.
        key_needed: Nothing can be asked without one.
        start: The command that starts a server; empty for a service.
        absent: What to do when the model is not there.
        capabilities: What its models can do, as far as the server lets them.
        form: How its messages differ.
        finish: Makes its body of OpenAI's.
        speaking: The fields that ask for speech; None where it has none.
        silent: The fields that ask for words only.
        clips_heard: The fields that say that clips are to be heard, not only seen.
        read: Reads a chunk.
        framing: Cuts its answers into chunks.
        tool_choice: How a call of one tool is asked for: by name, as any call (only that tool is then
            offered), or not at all.
        schema: How JSON of a form is asked for; `prompt` where the server does not constrain its model.
        counts: It counts tokens only if asked to (`stream_options`).
        limit: The field for the most tokens.
        counts_speech: That limit includes the tokens of the speech.
        prefills: A request of one token is worth its price: the server is one's own and keeps prefixes.
        patience: Seconds until the first byte of an answer: a server may load its model then.
    """

    name: str
    title: str
    base: str
    capabilities: Capabilities
    model: str = ""
    path: str = "/v1"
    endpoint: str = "/chat/completions"
    key: str = ""
    key_needed: bool = False
    start: str = ""
    absent: str = ""
    form: ChatForm = field(default_factory=ChatForm)
    finish: Finish = unchanged
    speaking: Speaking | None = None
    silent: JsonObject = field(default_factory=dict)
    clips_heard: JsonObject = field(default_factory=dict)
    read: Callable[[JsonObject], Piece] = read_openai
    framing: Framing = Events
    tool_choice: Literal["named", "required", "none"] = "named"
    schema: Literal["response_format", "prompt"] = "response_format"
    counts: bool = True
    limit: str = "max_tokens"
    counts_speech: bool = False
    prefills: bool = True
    patience: float = 30.0

"""What the model is asked: the conversation, the tools, and what the turn adds to them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace

from ..events import ErrorRaised, Usage
from ..execution.standing import UNDO, offered
from ..messages import JsonObject, Message, ToolCall
from ..models import base
from ..models.limits import within_limits
from ..models.notation import dumps
from ..remembering import answers_memory, as_told
from ..state import Parts, Turn, TurnState
from ..terms import ANY_TOOL, NO_TOOL, Terms

FORM_TOKENS = 1024
"""Most tokens of an answer that has to fit a schema, where the caller names no number."""
_FORM = "Answer with JSON that fits this schema, and with nothing else: {schema}"


def request(state: TurnState, turn: Turn) -> base.Request:
    """The next request of a turn."""
    parts, terms = turn.parts, turn.terms
    messages = tuple(Message.from_json(item) for item in [*state["history"], *state["messages"]])
    user = Message.from_json(state["messages"][0])
    last_step = state["steps"] + 1 >= parts.max_steps
    # What was recalled may be just what is now forgotten.
    context = "" if answers_memory(messages) else state["context"]
    asked = base.Request(
        system="\n".join(filter(None, (parts.persona.prompt(parts.name), terms.instructions))),
        messages=within_limits(as_told(messages), parts.model.capabilities),
        tools=() if last_step or terms.tool_choice == NO_TOOL else offered(parts.toolbox, messages),
        tool_choice="" if last_step else state.get("choice", "") or _choice(terms, state, parts),
        withheld=_withheld(state, messages, parts),
        background=state.get("background", ""),
        recalling=bool(context) and state.get("recalling", False),
        context=context,
        language=parts.persona.reply_language(user.language),
        languages=parts.persona.languages,
        temperature=terms.temperature,
        seed=terms.seed,
        speech=turn.delivery is not None,
        voice=parts.own_voice if turn.delivery else "",
        format=terms.format,
    )
    most = terms.max_tokens or (FORM_TOKENS if terms.format else asked.max_tokens)
    return replace(asked, max_tokens=most)


def _choice(terms: Terms, state: TurnState, parts: Parts) -> str:
    """The tool that the caller wants called, until one is."""
    if len(state["messages"]) > 1:
        return ""
    if terms.tool_choice == ANY_TOOL:
        return base.ANY_TOOL
    return terms.tool_choice if terms.tool_choice in parts.toolbox else ""


def _withheld(state: TurnState, messages: Sequence[Message], parts: Parts) -> frozenset[str]:
    """Tools that may not be called in this answer."""
    if answers_memory(messages):
        return frozenset(tool.name for tool in parts.toolbox)
    # Nobody takes back what is not yet told; a small model that goes on calling would.
    return frozenset({UNDO}) if len(state["messages"]) > 1 else frozenset()


def tell_of_a_missing_voice(asked: base.Request, state: TurnState, turn: Turn) -> None:
    """Note, once in a turn, that the model has no voice of the persona's name."""
    wanted, voices = turn.parts.persona.voice, turn.parts.model.capabilities.voices
    if asked.speech and voices and wanted and not asked.voice and not state["steps"]:
        remedy = f"its voices are {', '.join(voices)}"
        turn.emit(
            ErrorRaised("voice_missing", f"this model has no voice '{wanted}'", remedy, severity="note")
        )


def is_asked_twice(asked: base.Request, turn: Turn) -> bool:
    """Whether the model has to be asked for its calls first, and for its words when it makes none: words that
    it speaks itself, or that have to fit a schema."""
    able = turn.parts.model.capabilities
    speaks = asked.speech and able.speech and not able.tools_with_speech
    return bool(asked.tools and (speaks or asked.format))


async def calls_of(asked: base.Request, turn: Turn) -> list[base.ModelEvent]:
    """The answer with its calls, whole; of one without calls its usage alone.

    The words of that one are dropped: the answer that is heard or read may differ.
    """
    first = replace(asked, speech=False, format=None)
    async with aclosing(turn.parts.model.stream(first)) as stream:
        events = [event async for event in stream]
    calls = [event for event in events if isinstance(event, ToolCall)]
    counted = [event for event in events if isinstance(event, Usage)]
    words = "".join(event.text for event in events if isinstance(event, base.TextDelta)) if calls else ""
    return [*([base.TextDelta(words)] if words else []), *calls, *counted]


def in_words(asked: base.Request) -> base.Request:
    """The request for an answer in words alone; those that have to fit a schema are told it."""
    asked = replace(asked, tools=(), tool_choice="", withheld=frozenset())
    return replace(asked, context=_with_form(asked.context, asked.format)) if asked.format else asked


def _with_form(context: str, schema: JsonObject) -> str:
    return "\n".join(filter(None, (context, _FORM.format(schema=dumps(schema)))))

"""What is required of a model as a whole: its claims, its errors, its beginning and its end."""

from __future__ import annotations

from dataclasses import replace

from ...models.base import Capabilities, OmniModel
from ...senses import Senses
from .check import OUR_ERRORS, Failed, Inconclusive, Skipped, check
from .requests import PLAIN, asked
from .subject import Subject

_KINDS = frozenset({"text", "audio", "image", "video"})
# A prompt over the end of a longer context takes too long, costs money, or fills the memory of a model that
# does not look at its length.
_LONGEST_TRIED = 8192
# Tokenizers that read whole words at once read digits one by one: about one token a character or two.
_DIGITS = "3 1 4 1 5 9 2 6 5 3 "


@check(
    "capabilities",
    requires="The claims agree with one another, and stay the same.",
    why="The graph goes by them before it sends anything.",
)
async def claims_agree(subject: Subject) -> None:
    model: object = subject.model
    able: object = subject.capabilities
    if not isinstance(model, OmniModel) or not isinstance(able, Capabilities):
        raise Failed("it is no OmniModel with Capabilities", "see omni_agent.models.base")
    if not isinstance(model.senses, Senses):
        raise Failed("its senses are no Senses", "Senses() for none")
    if wrong := _contradiction(able):
        raise Failed(wrong, "mend its Capabilities")
    if model.capabilities != able:
        raise Failed("its claims change from one look to the next")


@check(
    "prewarm",
    requires="prewarm() and prewarm(request) come back, and the model then answers.",
    why="It is called whenever a conversation begins or its prompt changes.",
)
async def can_be_prewarmed(subject: Subject) -> None:
    await subject.model.prewarm()
    await subject.model.prewarm(replace(PLAIN, messages=()))
    await subject.model.prewarm(PLAIN)
    await subject.ask(PLAIN)


@check(
    "errors.context",
    requires="A message that is longer than the context is an OmniError, or shortened.",
    why="Somebody pastes a book.",
)
async def stands_too_long_a_message(subject: Subject) -> None:
    tokens = subject.capabilities.context_tokens
    if tokens > _LONGEST_TRIED:
        raise Skipped(f"a prompt of over {tokens} tokens is not tried")
    await subject.attempt(asked(_DIGITS * (5 * tokens // (2 * len(_DIGITS)) + 1)))


@check(
    "errors.remedy",
    requires="Every error says what happened and, in its remedy, what to do.",
    why="It is shown and spoken to the user.",
)
async def tells_what_to_do(subject: Subject) -> None:
    if not subject.errors:
        raise Inconclusive("nothing made it give an error")
    for error in subject.errors:
        if not error.message.strip() or not error.remedy.strip():
            raise Failed(f"{type(error).__name__} without a remedy: {error.message[:120]}", OUR_ERRORS)
        if "Traceback (most recent call last)" in error.message:
            raise Failed("an error's message holds a traceback", "say the cause in one line")


@check(
    "close.again",
    requires="A closed model answers again; closing twice does no harm.",
    why="An agent that is left and entered again goes on with it.",
)
async def can_be_used_again(subject: Subject) -> None:
    await subject.plain()
    await subject.model.close()
    await subject.model.close()
    await subject.usable("after close()")


def _contradiction(able: Capabilities) -> str:
    """What is wrong with the claims; empty where nothing is."""
    wrong = {
        f"it does not take text, but {sorted(able.inputs)}": "text" not in able.inputs,
        f"there is no such modality: {sorted(able.inputs - _KINDS)}": bool(able.inputs - _KINDS),
        "it limits media that it does not take": bool(set(able.most) - able.inputs),
        "a limit is below 1": min(able.most.values(), default=1) < 1,
        "it hears the sound of clips and takes no clips": able.video_sound and "video" not in able.inputs,
        "it streams speech and does not speak": able.streams_speech and not able.speech,
        "it has voices and does not speak": bool(able.voices) and not able.speech,
        "it calls while it speaks and does not do both": able.tools_with_speech
        and not (able.tools and able.speech),
        f"its context has {able.context_tokens} tokens": able.context_tokens < 1,
        "its speech has a rate below 0": able.speech_rate < 0,
    }
    return next((what for what, so in wrong.items() if so), "")


FIRST = (claims_agree, can_be_prewarmed)
LAST = (stands_too_long_a_message, tells_what_to_do, can_be_used_again)

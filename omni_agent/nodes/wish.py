"""wish: what kind of thing the user wants, in the model's own plain words.

It is asked for without the tools, which would put words into its mouth, and where a call is in doubt only:
"wake me at 7" is far from the words of any alarm, "set an alarm" is not.
"""

from __future__ import annotations

from contextlib import aclosing

from ..errors import ModelError
from ..events import Usage
from ..messages import Message, Text
from ..models.base import OmniModel, Request, TextDelta

_TASK = "Say in a few plain words, without names and numbers, what kind of thing the user wants done."
_EXAMPLES = (
    ("how's the traffic on my way to work?", "look up the traffic on a route"),
    ("I'm cold in here", "turn up the heating"),
    ("what's the cube root of 27?", "calculate a cube root"),
    ("two eggs, six minutes", "start a timer for eggs"),
    ("who painted Guernica?", "answer a question about art"),
    ("keep in mind that Mary is allergic to nuts", "make a note"),
    ("what was it that I wanted to buy?", "look up a note"),
    ("tell Mary I'll be there at five", "send a message to somebody"),
)
_MOST_TOKENS = 16


def _request(said: str) -> Request:
    """What the model is asked."""
    pairs = (
        (Message("user", (Text(words),)), Message("assistant", (Text(does),))) for words, does in _EXAMPLES
    )
    messages = [message for pair in pairs for message in pair]
    return Request(_TASK, (*messages, Message("user", (Text(said),))), talk=False, max_tokens=_MOST_TOKENS)


async def wish(said: str, model: OmniModel) -> tuple[str, Usage]:
    """The wish behind what was said, and the tokens that it took; empty where the model fails."""
    words, usage = "", Usage()
    try:
        async with aclosing(model.stream(_request(said))) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    words += event.text
                elif isinstance(event, Usage):
                    usage += event
    except ModelError:
        return "", usage
    return words.strip().rstrip("."), usage

"""What is known of each realtime service, as data: addresses, rates, limits, and what its protocol can do.

Facts of DashScope are from its pages "client events", "server events" and "realtime"
(alibabacloud.com/help/en/model-studio, seen 2025-11 to 2026-06) and from the
`dashscope` wheel 2.0.2; those of OpenAI from the types of the `openai` wheel 3.57 and the Realtime guide.
`docs/realtime-models.md` says which are not certain.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from ..base import Capabilities

Detection: TypeAlias = Literal["server", "semantic"]

_MEDIA = frozenset[Literal["text", "audio", "image", "video"]]({"text", "audio", "image"})


@dataclass(frozen=True, slots=True)
class Pictures:
    """What a service takes of pictures.

    Attributes:
        most_base64: Characters of one picture in base64.
        long_side, short_side: Pixels at most.
        gap: Seconds between two pictures of a session.
    """

    most_base64: int
    long_side: int
    short_side: int
    gap: float = 0.0


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of service.

    Attributes:
        title: What errors call it.
        url: Where it is, without the model.
        key: The environment variable that holds its key.
        model: The model where none is named.
        shape: Whose events are spoken: `openai` is the GA protocol, `dashscope` the older one with flat
            session settings.
        able: What the model can do.
        hears_at: Samples a second of the sound that is sent.
        speaks_at: Samples a second of the speech that comes.
        pictures: What it takes of them.
        nested_audio: Formats and voice stand in `session.audio`, though the rest is flat.
        makes_items: Messages of the user and the assistant, and calls, can be put into the conversation;
            where not, they are told in the instructions.
        amends_items: Items can be cut to what was heard and deleted.
        detects: What can end the user's turns there: silence (`server`), or what he says too (`semantic`).
        answers_itself: A turn that it ends it answers, whatever it is told.
        ends_cancelled: A cancelled response comes to its `response.done`.
        seconds: How long a session may last.
        idle: Seconds after which a session that is not used ends; 0 where it does not.
        most_output: Tokens of the longest answer.
        speech_tokens: Tokens that a spoken answer takes for each token of its words.
    """

    title: str
    url: str
    key: str
    model: str
    shape: Literal["openai", "dashscope"]
    able: Capabilities
    hears_at: int
    speaks_at: int
    pictures: Pictures
    nested_audio: bool = False
    makes_items: bool = False
    amends_items: bool = False
    detects: tuple[Detection, ...] = ("server",)
    answers_itself: bool = False
    ends_cancelled: bool = False
    seconds: float = 7200.0
    idle: float = 0.0
    most_output: int = 16_384
    speech_tokens: int = 1


# Of 2025-12-01, in the order of the documentation; 3.5 and 3.8 have others.
_FLASH_VOICES = (
    "Cherry", "Serena", "Ethan", "Chelsie", "Momo", "Vivian", "Moon", "Maia", "Kai", "Nofish", "Bella",
    "Jennifer", "Ryan", "Katerina", "Aiden", "Eldric Sage", "Mia", "Mochi", "Bellona", "Vincent", "Bunny",
    "Neil", "Elias", "Arthur", "Nini", "Ebona", "Seren", "Pip", "Stella", "Bodega", "Sonrisa", "Alek",
    "Dolce", "Sohee", "Ono Anna", "Lenn", "Emilien", "Andre", "Radio Gol", "Jada", "Dylan", "Li", "Marcus",
    "Roy", "Peter", "Sunny", "Eric", "Rocky", "Kiki",
)  # fmt: skip
_OPENAI_VOICES = (
    "marin", "cedar", "alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse",
)  # fmt: skip

DASHSCOPE_FLASH = Profile(
    title="DashScope",
    url="wss://dashscope.aliyuncs.com/api-ws/v1/realtime",
    key="DASHSCOPE_API_KEY",
    model="qwen3-omni-flash-realtime",
    shape="dashscope",
    able=Capabilities(
        inputs=_MEDIA,
        # More would hold the answer up: two a second at most are taken.
        most={"image": 2},
        speech=True,
        streams_speech=True,
        voices=_FLASH_VOICES,
        speech_rate=24_000,
        # It takes tools and never calls one (sierra-research/tau2-bench, pull request 449).
        tools=False,
        context_tokens=65_536,
    ),
    hears_at=16_000,
    speaks_at=24_000,
    pictures=Pictures(256 * 1024, 1920, 1080, gap=0.5),
    answers_itself=True,
    seconds=7200.0,
    idle=300.0,
)

DASHSCOPE_35 = replace(
    DASHSCOPE_FLASH,
    model="qwen3.5-omni-flash-realtime",
    # The usual voice; of the others the names are not known here (docs.qwencloud.com, realtime-python-sdk).
    able=replace(DASHSCOPE_FLASH.able, voices=("Tina",), tools=True, tools_with_speech=True),
    detects=("server", "semantic"),
)

DASHSCOPE_38 = replace(
    DASHSCOPE_35,
    model="qwen3.8-omni-flash-realtime",
    nested_audio=True,
)

OPENAI = Profile(
    title="OpenAI",
    url="wss://api.openai.com/v1/realtime",
    key="OPENAI_API_KEY",
    # What OpenAI names in place of gpt-realtime, which ends on 20 January 2027; known to openai 3.57.0.
    model="gpt-realtime-2.1",
    shape="openai",
    able=Capabilities(
        inputs=_MEDIA,
        speech=True,
        streams_speech=True,
        voices=_OPENAI_VOICES,
        speech_rate=24_000,
        tools=True,
        tools_with_speech=True,
        context_tokens=32_000,
    ),
    hears_at=24_000,
    speaks_at=24_000,
    pictures=Pictures(1024 * 1024, 2048, 2048),
    makes_items=True,
    amends_items=True,
    detects=("server", "semantic"),
    ends_cancelled=True,
    seconds=3600.0,
    most_output=4096,
    # A second of its speech is 20 tokens, and about 3 of words.
    speech_tokens=8,
)


def dashscope_profile(model: str) -> Profile:
    """The profile of a DashScope model by its name; of one that is not known that of its nearest kin."""
    if "3.8" in model:
        return DASHSCOPE_38
    return DASHSCOPE_35 if "3.5" in model else DASHSCOPE_FLASH

"""A conversation as what the thinker takes: token ids, and the tensors behind its placeholders."""

from __future__ import annotations

import io
import re
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...errors import ModelError
from .libraries import library
from .media import HEARING_RATE, Picture, Sound

if TYPE_CHECKING:
    from .chat import Chat
    from .checkpoint import Family
    from .loading import Loaded

_KEPT = 64
# As Qwen3's templates write it where thinking is switched off.
_NO_THOUGHT = "\n\n</think>\n\n"
# Shorter sounds have no frame of the spectrum that the encoder could read.
_SHORTEST = HEARING_RATE // 10
# A picture costs one token for 32 x 32 pixels in Qwen3-Omni (28 x 28 in Qwen2.5-Omni); more than the 1280
# tokens that the hosted model allows show nothing more.
_MOST_PIXELS = 1280 * 32 * 32


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """A sound or picture.

    Attributes:
        key: What it was made of.
        hears: It is a sound.
        tokens: How many placeholders it takes.
        values: A sound's mel spectrum, (bins, frames); a picture's patches, (patches, values).
        grid: A picture's patches in time, height and width, (1, 3); None for a sound.
    """

    key: str
    hears: bool
    tokens: int
    values: Any
    grid: Any = None


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """Where an encoded medium stands among the ids: from `start` to before `end`."""

    start: int
    end: int
    encoded: Encoded

    def same(self, other: Placed) -> bool:
        """Whether the other is the same medium at the same place."""
        own = (self.start, self.end, self.encoded.key)
        return own == (other.start, other.end, other.encoded.key)


@dataclass(frozen=True, slots=True, eq=False)
class Prompt:
    """What the thinker reads.

    Attributes:
        ids: All tokens.
        placed: The media in their order.
        thinking: It ends within a thought that the answer goes on with.
    """

    ids: list[int]
    placed: tuple[Placed, ...]
    thinking: bool = False


class Encoder:
    """Makes prompts, keeping the last sounds and pictures encoded.

    Args:
        loaded: Whose tokenizer, processors and template.
    """

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._kept: OrderedDict[str, Encoded] = OrderedDict()
        tokenizer = loaded.tokenizer
        self._marks = re.compile(f"{re.escape(tokenizer.audio_token)}|{re.escape(tokenizer.image_token)}")

    def encode(
        self,
        chat: Chat,
        tools: Sequence[dict[str, Any]] = (),
        *,
        answer: bool = True,
        thinks: bool = True,
    ) -> Prompt:
        """A conversation as a prompt.

        Args:
            chat: What was said and shown.
            tools: For the template, if it knows them.
            answer: The model's turn begins at the end.
            thinks: A thought that the template opens is the model's to end; else it is left empty.

        Raises:
            ModelError: The template shows other placeholders than there are media (`template_mismatch`).
        """
        text = self._loaded.tokenizer.apply_chat_template(
            chat.messages,
            tools=list(tools) or None,
            chat_template=self._loaded.template,
            tokenize=False,
            add_generation_prompt=answer,
        )
        thinking = text.rstrip().endswith("<think>")
        if thinking and not thinks:
            text, thinking = text.rstrip() + _NO_THOUGHT, False
        media = [self._encoded(shown) for shown in chat.shown]
        ids, placed = self._filled(text, media)
        return Prompt(ids, tuple(placed), thinking=thinking)

    def _filled(self, text: str, media: Sequence[Encoded]) -> tuple[list[int], list[Placed]]:
        """Ids of the text with as many placeholders for each medium as it takes."""
        tokenizer = self._loaded.tokenizer
        found = list(self._marks.finditer(text))
        if [mark[0] == tokenizer.audio_token for mark in found] != [item.hears for item in media]:
            raise ModelError(
                f"the template of {self._loaded.checkpoint.source} does not show all sounds and pictures",
                code="template_mismatch",
                remedy="use the chat template of the published checkpoint",
            )
        ids: list[int] = []
        placed: list[Placed] = []
        before = 0
        for mark, item in zip(found, media, strict=True):
            ids += tokenizer(text[before : mark.start()], add_special_tokens=False).input_ids
            placed.append(Placed(len(ids), len(ids) + item.tokens, item))
            ids += [tokenizer.convert_tokens_to_ids(mark[0])] * item.tokens
            before = mark.end()
        return [*ids, *tokenizer(text[before:], add_special_tokens=False).input_ids], placed

    def _encoded(self, shown: Sound | Picture) -> Encoded:
        encoded = self._kept.pop(shown.key, None)
        if encoded is None:
            encoded = self._sound(shown) if isinstance(shown, Sound) else self._picture(shown)
        self._kept[shown.key] = encoded
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return encoded

    def _sound(self, sound: Sound) -> Encoded:
        import numpy as np

        samples = sound.pcm.samples
        if len(samples) < _SHORTEST:
            samples = np.pad(samples, (0, _SHORTEST - len(samples)))
        made = self._loaded.features(
            [samples],
            sampling_rate=HEARING_RATE,
            padding=True,
            truncation=False,
            return_attention_mask=True,
            return_tensors="pt",
        )
        frames = int(made["attention_mask"].sum())
        tokens = audio_tokens(frames, self._loaded.checkpoint.family)
        return Encoded(sound.key, True, tokens, made["input_features"][0, :, :frames])

    def _picture(self, picture: Picture) -> Encoded:
        from PIL import Image

        with Image.open(io.BytesIO(picture.data)) as opened:
            shown = opened.convert("RGB")
        if shown.width * shown.height > _MOST_PIXELS:
            scale = (_MOST_PIXELS / (shown.width * shown.height)) ** 0.5
            shown.thumbnail((int(shown.width * scale), int(shown.height * scale)))
        made = self._loaded.pictures([shown], return_tensors="pt")
        grid = made["image_grid_thw"]
        tokens = int(grid.prod()) // self._loaded.pictures.merge_size**2
        return Encoded(picture.key, False, tokens, made["pixel_values"], grid)


def audio_tokens(frames: int, family: Family) -> int:
    """Placeholders of a sound of so many frames of 10 ms.

    Qwen3-Omni reads windows of 100 frames, 13 tokens each; Qwen2.5-Omni halves the frames twice
    (`_get_feat_extract_output_lengths` of transformers, for each).
    """
    if family == "qwen2.5":
        return ((frames - 1) // 2 + 1 - 2) // 2 + 1
    rest = frames % 100
    halved = (rest - 1) // 2 + 1
    return ((halved - 1) // 2 + 1 - 1) // 2 + 1 + frames // 100 * 13


def tensors(placed: Iterable[Placed], device: Any, dtype: Any) -> dict[str, Any]:
    """The media as the keyword arguments that both thinkers know.

    Args:
        placed: Which of them; none gives nothing.
        device: Where they go.
        dtype: Of the spectra and patches.
    """
    torch = library("torch")
    items = [item.encoded for item in placed]
    sounds = [item.values for item in items if item.hears]
    pictures = [item for item in items if not item.hears]
    made: dict[str, Any] = {}
    if sounds:
        longest = max(sound.shape[1] for sound in sounds)
        mask = torch.zeros(len(sounds), longest, dtype=torch.long)
        padded = torch.zeros(len(sounds), sounds[0].shape[0], longest)
        for row, sound in enumerate(sounds):
            padded[row, :, : sound.shape[1]] = sound
            mask[row, : sound.shape[1]] = 1
        made["input_features"] = padded.to(device, dtype)
        made["feature_attention_mask"] = mask.to(device)
    if pictures:
        made["pixel_values"] = torch.cat([item.values for item in pictures]).to(device, dtype)
        made["image_grid_thw"] = torch.cat([item.grid for item in pictures]).to(device)
    return made

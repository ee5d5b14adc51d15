"""A conversation as what the thinker takes: token ids, and the tensors behind its placeholders."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ...errors import ModelError
from .interleaving import interleaved
from .media import FILM_STEP, HEARING_RATE, Film, Picture, Sound
from .patches import film_patches, opened

if TYPE_CHECKING:
    from .chat import Chat
    from .checkpoint import Family
    from .loading import Loaded

_KEPT = 64
# The patches of one take some 250 MB.
_FILMS_KEPT = 2
# As Qwen3's templates write it where thinking is switched off.
_NO_THOUGHT = "\n\n</think>\n\n"
# Shorter sounds have no frame of the spectrum that the encoder could read.
_SHORTEST = HEARING_RATE // 10
# A picture costs one token for 32 x 32 pixels in Qwen3-Omni (28 x 28 in Qwen2.5-Omni); more than the 1280
# tokens that the hosted model allows show nothing more.
_MOST_PIXELS = 1280 * 32 * 32


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """A sound, picture or film.

    Attributes:
        key: What it was made of.
        kind: Which of the three.
        ids: Its placeholders.
        values: A sound's mel spectrum, (bins, frames); the patches of pictures, (patches, values).
        grid: Patches in time, height and width, (1, 3); None for a sound.
        heard: The spectrum of a film's sound; None for a silent one.
        seconds: From one pair of a film's pictures to the next.
    """

    key: str
    kind: Literal["sound", "picture", "film"]
    ids: tuple[int, ...]
    values: Any
    grid: Any = None
    heard: Any = None
    seconds: float = 0.0

    @property
    def hears(self) -> bool:
        """Whether it is a sound by itself."""
        return self.kind == "sound"


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
        self._kinds = {
            tokenizer.audio_token: "sound",
            tokenizer.image_token: "picture",
            tokenizer.video_token: "film",
        }
        self._marks = re.compile("|".join(map(re.escape, self._kinds)))

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
        # The models take it one way for all films of a conversation, so silence stands for what is silent.
        sounding = any(isinstance(shown, Film) and shown.sound for shown in chat.shown)
        media = [self._encoded(shown, sounding=sounding) for shown in chat.shown]
        ids, placed = self._filled(text, media)
        return Prompt(ids, tuple(placed), thinking=thinking)

    def _filled(self, text: str, media: Sequence[Encoded]) -> tuple[list[int], list[Placed]]:
        """Ids of the text with as many placeholders for each medium as it takes."""
        tokenizer = self._loaded.tokenizer
        found = list(self._marks.finditer(text))
        if [self._kinds[mark[0]] for mark in found] != [item.kind for item in media]:
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
            placed.append(Placed(len(ids), len(ids) + len(item.ids), item))
            ids += item.ids
            before = mark.end()
        return [*ids, *tokenizer(text[before:], add_special_tokens=False).input_ids], placed

    def _encoded(self, shown: Sound | Picture | Film, *, sounding: bool) -> Encoded:
        key = f"{shown.key}+" if isinstance(shown, Film) and sounding else shown.key
        encoded = self._kept.pop(key, None) or self._made(shown, key, sounding)
        self._kept[key] = encoded
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        films = [key for key, kept in self._kept.items() if kept.kind == "film"]
        for old in films[:-_FILMS_KEPT]:
            del self._kept[old]
        return encoded

    def _made(self, shown: Sound | Picture | Film, key: str, sounding: bool) -> Encoded:
        if isinstance(shown, Film):
            return self._film(shown, key, sounding)
        return self._sound(shown) if isinstance(shown, Sound) else self._picture(shown)

    def _sound(self, sound: Sound) -> Encoded:
        spectrum = self._spectrum(sound.pcm.samples)
        count = audio_tokens(spectrum.shape[1], self._loaded.checkpoint.family)
        return Encoded(sound.key, "sound", (self._id(self._loaded.tokenizer.audio_token),) * count, spectrum)

    def _spectrum(self, samples: Any) -> Any:
        import numpy as np

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
        return made["input_features"][0, :, : int(made["attention_mask"].sum())]

    def _picture(self, picture: Picture) -> Encoded:
        shown = opened(picture.data)
        if shown.width * shown.height > _MOST_PIXELS:
            scale = (_MOST_PIXELS / (shown.width * shown.height)) ** 0.5
            shown.thumbnail((int(shown.width * scale), int(shown.height * scale)))
        made = self._loaded.pictures([shown], return_tensors="pt")
        grid = made["image_grid_thw"]
        count = int(grid.prod()) // self._loaded.pictures.merge_size**2
        ids = (self._id(self._loaded.tokenizer.image_token),) * count
        return Encoded(picture.key, "picture", ids, made["pixel_values"], grid)

    def _film(self, film: Film, key: str, sounding: bool) -> Encoded:
        loaded, tokenizer = self._loaded, self._loaded.tokenizer
        made = film_patches(loaded.videos, film)
        grid, seconds = made["video_grid_thw"], loaded.videos.temporal_patch_size * FILM_STEP
        pairs, each = int(grid[0, 0]), int(grid[0, 1:].prod()) // loaded.videos.merge_size**2
        seen = self._id(tokenizer.video_token)
        patches = made["pixel_values_videos"]
        if not sounding:
            return Encoded(key, "film", (seen,) * (pairs * each), patches, grid, seconds=seconds)
        spectrum = self._spectrum(_heard(film))
        order = interleaved(
            loaded.checkpoint.family,
            pairs=pairs,
            each=each,
            seconds=seconds,
            sounds=audio_tokens(spectrum.shape[1], loaded.checkpoint.family),
            rate=loaded.thinker.config.position_id_per_seconds,
        )
        heard, begins, ends = map(
            self._id, (tokenizer.audio_token, tokenizer.audio_bos_token, tokenizer.audio_eos_token)
        )
        ids = (begins, *(seen if shown else heard for shown in order), ends)
        return Encoded(key, "film", ids, patches, grid, spectrum, seconds)

    def _id(self, token: str) -> int:
        return int(self._loaded.tokenizer.convert_tokens_to_ids(token))


def _heard(film: Film) -> Any:
    """The samples of a film's sound, or as much silence."""
    import numpy as np

    if film.sound is not None:
        return film.sound.pcm.samples
    return np.zeros(int(len(film.frames) * FILM_STEP * HEARING_RATE), np.float32)


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

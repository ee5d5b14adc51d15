"""What a checkpoint of the Qwen-Omni families is and can do, read from its `config.json` without torch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ...errors import ModelUnavailable
from ..base import Capabilities
from ..qwen_omni import QWEN3_VOICES, QWEN25_VOICES, SPEECH_RATE

if TYPE_CHECKING:
    from .options import Options

Family = Literal["qwen3", "qwen2.5"]
Variant = Literal["instruct", "thinking", "captioner"]

_FAMILIES: dict[str, Family] = {"qwen3_omni_moe": "qwen3", "qwen2_5_omni": "qwen2.5"}
_VOICES: dict[Family, tuple[str, ...]] = {"qwen3": QWEN3_VOICES, "qwen2.5": QWEN25_VOICES}
# max_position_embeddings of the published thinkers.
_CONTEXT: dict[Family, int] = {"qwen3": 65_536, "qwen2.5": 32_768}
# More frames of a clip than this fill the context without telling more.
MOST_PICTURES = 16


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint.

    Attributes:
        source: Folder or repository.
        folder: Where its files lie; None while they are not on this machine.
        family: Which of the two architectures.
        variant: Qwen3-Omni comes in three; Qwen2.5-Omni is always `instruct`.
        talks: Its files hold a talker, and it is wanted.
        voices: The usual one first.
        context_tokens: Prompt and answer together.
        quantised: How its weights are packed, as its configuration says ("gptq"); empty where they are not.
    """

    source: str
    folder: Path | None
    family: Family
    variant: Variant
    talks: bool
    voices: tuple[str, ...]
    context_tokens: int
    quantised: str = ""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do by itself.

        The Captioner takes one sound and nothing else; its answer is text (its README). Qwen2.5-Omni was not
        trained to call tools: it does so by instruction, so what it calls is grounded like a small model's.
        """
        if self.variant == "captioner":
            return Capabilities(
                inputs=frozenset({"audio"}),
                most={"audio": 1},
                tools=False,
                context_tokens=self.context_tokens,
            )
        return Capabilities(
            inputs=frozenset({"text", "audio", "image", "video"}),
            most={"image": MOST_PICTURES, "video": 1},
            video_sound=True,
            speech=self.talks,
            voices=self.voices if self.talks else (),
            speech_rate=SPEECH_RATE if self.talks else 0,
            tools_with_speech=self.talks,
            context_tokens=self.context_tokens,
            invents=self.family == "qwen2.5",
        )

    def voice(self, wanted: str) -> str:
        """The name of a voice as the model's own table spells it: Qwen2.5-Omni's is particular about case.

        An unknown name gives the usual voice; a persona's may be that of another model.
        """
        by_name = {name.lower(): name for name in self.voices}
        return by_name.get(wanted.lower(), self.voices[0] if self.voices else "")


def describe(options: Options) -> Checkpoint:
    """Read what is known of a checkpoint, without loading or fetching it.

    Raises:
        ModelUnavailable: The folder holds no Qwen-Omni model.
    """
    folder = local_folder(options.source)
    if folder is None and "/" not in options.source.strip("/"):
        raise ModelUnavailable(
            f"there is no folder {options.source}", remedy="give a folder with config.json, or owner/name"
        )
    config = _config(folder) if folder else {}
    family = _FAMILIES.get(config["model_type"]) if "model_type" in config else _family(options.source)
    if family is None:
        kind = config.get("model_type", "of another kind")
        raise ModelUnavailable(
            f"{options.source} is no Qwen-Omni model, but {kind}",
            remedy="give Qwen3-Omni or Qwen2.5-Omni; serve other models and use their server's name",
        )
    variant = _variant(options.source, folder)
    has_talker = bool(config.get("enable_audio_output", variant == "instruct")) and variant == "instruct"
    return Checkpoint(
        options.source,
        folder,
        family,
        variant,
        talks=has_talker and options.talker,
        voices=_voices(family, config),
        context_tokens=_context(family, config),
        quantised=str(config.get("quantization_config", {}).get("quant_method", "")),
    )


def local_folder(source: str) -> Path | None:
    """Where the files of a folder, or of a repository that was fetched before, lie on this machine."""
    path = Path(source).expanduser()
    if path.is_dir():
        return path
    try:
        from huggingface_hub import try_to_load_from_cache
        from huggingface_hub.errors import HFValidationError
    except ImportError:
        return None
    try:
        found = try_to_load_from_cache(source, "config.json")
    except HFValidationError:
        return None
    return Path(found).parent if isinstance(found, str) else None


def _config(folder: Path) -> dict[str, Any]:
    try:
        config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelUnavailable(
            f"{folder} holds no model: config.json cannot be read ({error})",
            remedy="give the folder that holds config.json and the weights",
        ) from None
    return config


def _family(source: str) -> Family | None:
    name = source.lower()
    if "qwen3-omni" in name:
        return "qwen3"
    return "qwen2.5" if "qwen2.5-omni" in name or "qwen2_5-omni" in name else None


def _variant(source: str, folder: Path | None) -> Variant:
    """By name, because the three differ in their weights and not in their configuration."""
    name = f"{source} {folder.name if folder else ''}".lower()
    if "captioner" in name:
        return "captioner"
    return "thinking" if "thinking" in name else "instruct"


def _voices(family: Family, config: dict[str, Any]) -> tuple[str, ...]:
    """Qwen3-Omni's configuration names its voices, in lower case; Qwen2.5-Omni's lie beside its weights."""
    speakers = config.get("talker_config", {}).get("speaker_id") if family == "qwen3" else None
    if not speakers:
        return _VOICES[family]
    named = [name for name in _VOICES[family] if name.lower() in speakers]
    known = {name.lower() for name in named}
    return (*named, *(name.capitalize() for name in speakers if name not in known))


def _context(family: Family, config: dict[str, Any]) -> int:
    text = config.get("thinker_config", {}).get("text_config", {})
    return int(text.get("max_position_embeddings", _CONTEXT[family]))

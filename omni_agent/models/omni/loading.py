"""A checkpoint of Qwen3-Omni or Qwen2.5-Omni made ready: weights on their device, tokenizer, processors."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ...errors import ModelUnavailable, OmniError
from ..store import ModelStore
from .checkpoint import Checkpoint, describe
from .footprint import check_room, free_main_memory
from .libraries import importable, library, quiet
from .options import Options

_WHOLE = {
    "qwen3": "Qwen3OmniMoeForConditionalGeneration",
    "qwen2.5": "Qwen2_5OmniForConditionalGeneration",
}
# Of these little is gained by four bits, and what they compute suffers.
_KEPT_WHOLE = ["lm_head", "visual", "audio_tower", "talker", "code2wav", "token2wav"]


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """A model in memory.

    Attributes:
        checkpoint: What it is.
        whole: The transformers model; its `thinker` writes, its `talker`, if there is one, speaks.
        tokenizer: Its tokenizer.
        features: Makes mel spectra of sounds, 16 kHz mono.
        pictures: Cuts pictures into patches, through PIL.
        videos: Cuts films into patches, through torchvision; None where clips are given as pictures.
        template: The checkpoint's own chat template (Jinja).
        ends: Ids that end an answer.
    """

    checkpoint: Checkpoint
    whole: Any
    tokenizer: Any
    features: Any
    pictures: Any
    videos: Any
    template: str
    ends: tuple[int, ...]

    @property
    def thinker(self) -> Any:
        """The part that reads and writes."""
        return self.whole.thinker

    @property
    def device(self) -> Any:
        """Where the thinker takes its input."""
        return self.whole.thinker.device


def load(options: Options) -> Loaded:
    """Load a checkpoint, fetching it from the hub if it is not here yet; blocks.

    Raises:
        ModelUnavailable: A library or file is missing, it is no such model, or it needs more memory than
            there is (`model_too_large`).
    """
    checkpoint = describe(options)
    transformers = library("transformers")
    quiet()
    device, dtype = placed(options)
    _check_room(checkpoint, options, device, dtype)
    try:
        folder = _fetched(options.source)
        checkpoint = checkpoint if checkpoint.folder else describe(options)
        whole = _whole(transformers, checkpoint, folder, options, device, dtype)
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        features = transformers.AutoFeatureExtractor.from_pretrained(folder)
        pictures = _pictures(transformers, folder)
        videos = transformers.AutoVideoProcessor.from_pretrained(folder) if films(options) else None
    except OmniError:
        raise
    except Exception as error:
        raise ModelUnavailable(
            f"{options.source} cannot be loaded: {_first_line(error)}", remedy=_remedy(error)
        ) from error
    _check_voices(checkpoint, whole)
    _mend(checkpoint, whole)
    return Loaded(
        checkpoint,
        whole,
        tokenizer,
        features,
        pictures,
        videos,
        _template(folder, tokenizer),
        _ends(tokenizer),
    )


def films(options: Options) -> bool:
    """Whether clips are handed over whole. Imports torchvision, so not for the event loop."""
    return options.clips == "auto" and importable("torchvision")


def _fetched(source: str) -> Path:
    """The folder of a checkpoint; of a repository what is missing is fetched, unless that is forbidden."""
    path = Path(source).expanduser()
    if path.is_dir():
        return path
    hub = library("huggingface_hub")
    return Path(hub.snapshot_download(source, local_files_only=ModelStore().offline))


def placed(options: Options) -> tuple[str, str]:
    """Device and dtype as torch is told; `auto` where the files' own dtype is kept.

    A graphics card comes before the processor. One without bfloat16 computes in float16.

    Raises:
        ModelUnavailable: torch is missing, or has no such device.
    """
    torch = library("torch")
    device = options.device
    if device == "auto":
        mps = torch.backends.mps.is_available()
        device = "cuda" if torch.cuda.is_available() else "mps" if mps else "cpu"
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ModelUnavailable(
            f"torch has no device '{device}': {_first_line(error)}",
            remedy="leave device= out, give cpu, or install a torch that was built for it",
        ) from None
    if options.dtype != "auto":
        return device, options.dtype
    old = device.startswith("cuda") and not torch.cuda.is_bf16_supported()
    return device, "float16" if old else "auto"


def _check_room(checkpoint: Checkpoint, options: Options, device: str, dtype: str) -> None:
    torch = library("torch")
    if device.startswith("cuda"):
        cards = range(torch.cuda.device_count()) if device == "cuda" else [torch.device(device)]
        free, where = sum(torch.cuda.mem_get_info(card)[0] for card in cards), device
    else:
        free, where = free_main_memory(), "the processor's memory"
    check_room(checkpoint, options, dtype=dtype, free=free, where=where)


def _whole(
    transformers: Any, checkpoint: Checkpoint, folder: Path, options: Options, device: str, dtype: str
) -> Any:
    config = transformers.AutoConfig.from_pretrained(folder)
    # What is not made takes no memory; `disable_talker` would free it only after it was loaded.
    config.enable_audio_output = checkpoint.talks
    how: dict[str, Any] = {"config": config, "dtype": dtype, **_quantised(transformers, checkpoint, options)}
    if attention := _attention(options, device, dtype):
        how["attn_implementation"] = attention
    spread = device == "cuda" and find_spec("accelerate") is not None
    if spread or "quantization_config" in how:
        how["device_map"] = "auto" if spread else {"": device}
    whole = getattr(transformers, _WHOLE[checkpoint.family]).from_pretrained(folder, **how).eval()
    return whole if "device_map" in how else whole.to(device)


def _quantised(transformers: Any, checkpoint: Checkpoint, options: Options) -> dict[str, Any]:
    """Four bits by bitsandbytes, if wanted; a checkpoint that is packed already needs its own library.

    Raises:
        ModelUnavailable: The library that packs or unpacks is not installed.
    """
    needed = {"gptq": "gptqmodel", "awq": "awq", "bitsandbytes": "bitsandbytes"}.get(checkpoint.quantised)
    if options.bits == 4 and not checkpoint.quantised:
        needed = "bitsandbytes"
    missing = [name for name in (needed, "accelerate") if needed and name and find_spec(name) is None]
    if missing:
        package = " ".join("autoawq" if name == "awq" else name for name in missing)
        raise ModelUnavailable(
            f"{checkpoint.source} in four bits needs {package}", remedy=f"pip install {package}, or bits=0"
        )
    if options.bits != 4 or checkpoint.quantised:
        return {}
    packing = transformers.BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_compute_dtype=library("torch").bfloat16,
        llm_int8_skip_modules=_KEPT_WHOLE,
    )
    return {"quantization_config": packing}


def _attention(options: Options, device: str, dtype: str) -> str:
    """How attention is computed; empty for transformers' choice."""
    if options.attention != "auto":
        return options.attention
    # FlashAttention computes in half precision only, and on Nvidia's cards.
    usable = device.startswith("cuda") and dtype != "float32" and find_spec("flash_attn") is not None
    return "flash_attention_2" if usable else ""


def _pictures(transformers: Any, folder: Path) -> Any:
    """The processor of pictures that works through PIL, so that torchvision is not needed."""
    five = int(transformers.__version__.partition(".")[0]) >= 5
    return transformers.AutoImageProcessor.from_pretrained(
        folder, **({"backend": "pil"} if five else {"use_fast": False})
    )


def _template(folder: Path, tokenizer: Any) -> str:
    """The checkpoint's chat template, wherever its version of transformers kept it.

    Raises:
        ModelUnavailable: It has none.
    """
    jinja, packed = folder / "chat_template.jinja", folder / "chat_template.json"
    if jinja.is_file():
        return jinja.read_text(encoding="utf-8")
    if packed.is_file():
        return str(json.loads(packed.read_text(encoding="utf-8"))["chat_template"])
    if isinstance(tokenizer.chat_template, str):
        return tokenizer.chat_template
    raise ModelUnavailable(
        f"{folder} has no chat template", remedy="add the chat_template.json of the published checkpoint"
    )


def _ends(tokenizer: Any) -> tuple[int, ...]:
    """Ids that end an answer, by name: the classes' own defaults are those of other checkpoints."""
    named = (tokenizer.convert_tokens_to_ids(token) for token in ("<|im_end|>", "<|endoftext|>"))
    ids = (*named, tokenizer.eos_token_id)
    return tuple(dict.fromkeys(number for number in ids if number is not None))


def _check_voices(checkpoint: Checkpoint, whole: Any) -> None:
    if checkpoint.talks and checkpoint.family == "qwen2.5" and not whole.speaker_map:
        raise ModelUnavailable(
            f"{checkpoint.source} has no voices", remedy="add its spk_dict.pt, or ask for talker=off"
        )


def _mend(checkpoint: Checkpoint, whole: Any) -> None:
    """Tell Qwen3-Omni's talker how its sounds are encoded: transformers 5.23 asks it, and it does not know.

    Without that an answer to a picture and a sound together is written, but ends in an AttributeError when it
    is to be spoken.
    """
    if checkpoint.talks and checkpoint.family == "qwen3" and not hasattr(whole.talker.config, "audio_config"):
        whole.talker.config.audio_config = whole.config.thinker_config.audio_config


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _remedy(error: Exception) -> str:
    if type(error).__name__ == "LocalEntryNotFoundError":
        return "allow fetching (OMNI_AGENT_OFFLINE, HF_HUB_OFFLINE), or give a folder that has all files"
    if "spk_dict" in str(error):
        return "fetch spk_dict.pt, the voices of Qwen2.5-Omni, beside its weights"
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        return "close other programs, or try talker=off, bits=4 or a smaller model"
    return "check the folder and the network, then: pip install -U 'omni-agent-framework[omni]'"

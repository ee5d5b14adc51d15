"""A GGUF model and the projector beside it: which files they are, and which senses the projector gives it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..errors import ModelUnavailable
from .base import Modality
from .gguf_header import Value, metadata
from .gguf_projector import checked_projector

_ENCODERS: tuple[tuple[str, Modality], ...] = (
    ("clip.has_audio_encoder", "audio"),
    ("clip.has_vision_encoder", "image"),
)
_PROJECTOR = "mmproj"


@dataclass(frozen=True, slots=True)
class GgufFiles:
    """The files of a model.

    Attributes:
        model: The language model.
        projector: Encodes sounds and pictures for it; None where it has none.
        senses: What the projector takes in.
        context_tokens: What the model was trained to read; 0 where its file does not say.
    """

    model: Path
    projector: Path | None
    senses: frozenset[Modality]
    context_tokens: int


def found(address: str) -> GgufFiles:
    """The files at an address: a `.gguf` file, or a folder that holds one besides projectors.

    The projector is a file with `mmproj` in its name in the same folder; of several the one that shares most
    of its name with the model, and of these the first by name.

    Raises:
        ModelUnavailable: There is no such file, more than one model, a file that is not GGUF, or a projector
            whose tensors do not fit each other.
    """
    path = Path(address).expanduser()
    folder = path if path.is_dir() else path.parent
    beside = sorted(folder.glob("*.gguf")) if folder.is_dir() else []
    models = [file for file in beside if _PROJECTOR not in file.name.lower()] if path.is_dir() else [path]
    if len(models) != 1 or not models[0].is_file():
        what = "more than one model" if len(models) > 1 else "no GGUF model"
        raise ModelUnavailable(
            f"there is {what} at {path}",
            remedy="name the file: gguf:FOLDER/MODEL.gguf; or omni-agent models pull qwen2.5-omni-3b",
        )
    model = models[0]
    about = _read(model)
    projectors = [file for file in beside if _PROJECTOR in file.name.lower() and file != model]
    projector = max(projectors, key=lambda file: _shared(file, model), default=None)
    senses = _senses(projector) if projector else frozenset[Modality]()
    context = about.get(f"{about.get('general.architecture', '')}.context_length", 0)
    return GgufFiles(model, projector, senses, int(context) if isinstance(context, int) else 0)


def _senses(projector: Path) -> frozenset[Modality]:
    about = _read(projector, lambda path: checked_projector(path).about)
    return frozenset(modality for key, modality in _ENCODERS if about.get(key) is True)


def _read(path: Path, read: Callable[[Path], dict[str, Value]] = metadata) -> dict[str, Value]:
    try:
        return read(path)
    except (OSError, ValueError) as error:
        raise ModelUnavailable(
            f"{path} is no GGUF file that can be read: {error}", remedy="fetch it again"
        ) from None


def _shared(projector: Path, model: Path) -> int:
    """How many parts of its name the projector shares with the model."""
    return len(set(projector.stem.lower().split("-")) & set(model.stem.lower().split("-")))

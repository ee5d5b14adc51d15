"""Encoded pictures as the pixels and patches that processors of transformers take and make."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from .libraries import library
from .media import FEWEST_TOKENS

if TYPE_CHECKING:
    from .media import Film


def opened(data: bytes) -> Any:
    """A picture as Pillow has it, in RGB."""
    from PIL import Image

    with Image.open(io.BytesIO(data)) as file:
        return file.convert("RGB")


def film_patches(processor: Any, film: Film) -> Any:
    """A film cut into patches: `pixel_values_videos`, (patches, values), and `video_grid_thw`, (1, 3).

    Args:
        processor: The video processor of the checkpoint.
        film: Whose pictures.
    """
    import numpy as np

    torch = library("torch")
    pixels = {png: np.array(opened(png)) for png in set(film.frames)}
    # Pixels of one picture; a pair of them is a token for each square of the size that is merged.
    square = (processor.patch_size * processor.merge_size) ** 2
    return processor(
        [torch.from_numpy(np.stack([pixels[png] for png in film.frames])).permute(0, 3, 1, 2)],
        size={"shortest_edge": FEWEST_TOKENS * square, "longest_edge": film.tokens * square},
        do_sample_frames=False,
        return_tensors="pt",
    )

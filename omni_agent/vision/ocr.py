"""Eyes: PP-OCR through RapidOCR, with the networks that lie in its wheel.

PP-OCRv6 small reads Chinese, English and the other languages in Latin script.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from ..errors import ModelError, ModelUnavailable
from ..media.files import DEFAULT_LIMITS, open_media
from ..media.pictures import upright_pixels
from ..messages import Reading, TextBox
from .layout import in_reading_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy as np
    from numpy.typing import NDArray

    Found: TypeAlias = Iterable[tuple[Any, str, float]]
    Engine: TypeAlias = Callable[[NDArray[np.uint8]], Found]

LEAST_CONFIDENCE = 0.6
# Arrows and pictograms are read as lone ideographs, at up to 0.86 in photos of signs.
_LONE_SIGN_CONFIDENCE = 0.9
_NETWORKS = {
    "Det": "PP-OCRv6_det_small.onnx",
    "Cls": "ch_ppocr_mobile_v2.0_cls_mobile.onnx",
    "Rec": "PP-OCRv6_rec_small.onnx",
}
_REMEDY = "pip install --upgrade 'omni-agent-framework[local]'"


class RapidEyes:
    """Reads the text in a picture, line by line.

    The networks load at the first use, in a thread of its own where all its work is done in turn.

    Args:
        threads: Processor cores; 0 for all.
        load: Makes the engine; a call of it takes BGR pixels and gives (corners, text, confidence) a line.
    """

    def __init__(self, *, threads: int = 0, load: Callable[[int], Engine] | None = None) -> None:
        self._threads = threads
        self._load = load or load_rapidocr
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="eyes")
        self._engine: Engine | None = None

    async def read(self, image: bytes) -> Reading:
        """The text in an encoded picture, in reading order; see `omni_agent.senses.Eyes`.

        Lines below `LEAST_CONFIDENCE` are left out, and lone signs outside ASCII unless they are all but
        sure. Boxes are in pixels of the picture as it is seen, its orientation mark obeyed.

        Raises:
            MediaError: It is no picture, broken, or too large.
            ModelUnavailable: RapidOCR is not installed, or its networks are missing.
            ModelError: The engine failed.
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._read, image)

    async def prewarm(self) -> None:
        """Load the networks now.

        Raises:
            ModelUnavailable: As for `read`.
        """
        await asyncio.get_running_loop().run_in_executor(self._thread, self._loaded)

    async def close(self) -> None:
        """Free the networks; the next use loads them again."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._free)

    def _free(self) -> None:
        self._engine = None

    def _loaded(self) -> Engine:
        if self._engine is None:
            self._engine = self._load(self._threads)
        return self._engine

    def _read(self, image: bytes) -> Reading:
        with open_media(image, "the picture") as file:
            pixels = upright_pixels(file, DEFAULT_LIMITS)
        engine = self._loaded()
        try:
            found = list(engine(pixels[:, :, ::-1]))
        except Exception as error:  # RapidOCR raises its own, OpenCV's and ONNX Runtime's
            raise ModelError(
                f"the picture could not be read: {error}", remedy="try another picture"
            ) from error
        height, width = pixels.shape[:2]
        lines = [
            TextBox(text.strip(), _box(corners, width, height), float(confidence))
            for corners, text, confidence in found
            if text.strip() and confidence >= _needed(text.strip())
        ]
        return Reading(tuple(in_reading_order(lines)))


def load_rapidocr(threads: int) -> Engine:
    """RapidOCR with the networks of its own wheel; nothing is fetched and nothing logged.

    Raises:
        ModelUnavailable: It is not installed, or its networks are missing or broken.
    """
    spec = importlib.util.find_spec("rapidocr")
    if spec is None or spec.origin is None:
        raise ModelUnavailable("the eyes cannot be loaded: rapidocr is not installed", remedy=_REMEDY)
    folder = Path(spec.origin).parent / "models"
    # A network that is not there would be fetched.
    missing = [name for name in _NETWORKS.values() if not (folder / name).is_file()]
    if missing:
        raise ModelUnavailable(f"rapidocr came without {', '.join(missing)}", remedy=_REMEDY)
    try:
        from rapidocr import RapidOCR

        engine = RapidOCR(
            params={
                "Global.log_level": "critical",
                "EngineConfig.onnxruntime.intra_op_num_threads": threads or os.cpu_count() or 1,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
                **{f"{part}.model_path": str(folder / name) for part, name in _NETWORKS.items()},
            }
        )
    except Exception as error:  # also what its own dependencies raise while they are imported
        raise ModelUnavailable(f"the eyes cannot be loaded: {error}", remedy=_REMEDY) from None

    def read(pixels: NDArray[np.uint8]) -> Found:
        result: Any = engine(pixels)
        if result.boxes is None or result.txts is None:
            return []
        return zip(result.boxes, result.txts, result.scores, strict=True)

    return read


def _needed(text: str) -> float:
    return _LONE_SIGN_CONFIDENCE if len(text) == 1 and not text.isascii() else LEAST_CONFIDENCE


def _box(corners: Any, width: int, height: int) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of four corners, inside the picture."""
    across = [min(max(round(float(x)), 0), width) for x, _ in corners]
    down = [min(max(round(float(y)), 0), height) for _, y in corners]
    return min(across), min(down), max(across), max(down)

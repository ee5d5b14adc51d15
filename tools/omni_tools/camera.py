"""A tool that takes a picture with a camera of this computer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from omni_agent.errors import ToolError
from omni_agent.messages import Image
from omni_agent.tool import ToolContext, tool

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["Camera"]

_DARK = 16.0
"""Mean brightness, 0 to 255, below which a camera is still adjusting to the light."""


class Camera:
    """A camera.

    Args:
        device: Its number, 0 being the first.
        warm_up: Seconds that it gets to adjust to the light.
    """

    def __init__(self, *, device: int = 0, warm_up: float = 1.5) -> None:
        self._device = device
        self._warm_up = warm_up

    @tool(effect="read", timeout=20, untrusted=True)
    def take_picture(self, context: ToolContext) -> list[str | Image]:
        """Take a picture with the camera and look at it."""
        cv2 = _opencv()
        camera = _opened(cv2, self._device)
        try:
            frame = self._frame(camera, context)
        finally:
            camera.release()
        encoded, png = cv2.imencode(".png", frame)
        if not encoded:
            raise ToolError("The camera's picture cannot be read.")
        return ["The camera shows:", Image(context.media.put(png.tobytes(), "image/png"))]

    def _frame(self, camera: Any, context: ToolContext) -> Any:
        """The first bright frame, or the last one of the warm-up."""
        until, last = time.monotonic() + self._warm_up, None
        while True:
            context.raise_if_cancelled()
            given, frame = camera.read()
            if not given:
                break
            last = frame
            if frame.mean() >= _DARK or time.monotonic() >= until:
                break
        if last is None:
            raise ToolError("The camera gives no picture. Another program may be using it.")
        return last


def _opencv() -> ModuleType:
    try:
        import cv2
    except ImportError:
        raise ToolError(
            "Pictures cannot be taken here: OpenCV is missing.", remedy="pip install opencv-python-headless"
        ) from None
    return cv2


def _opened(cv2: Any, device: int | str) -> Any:
    camera = cv2.VideoCapture(device)
    if not camera.isOpened():
        camera.release()
        raise ToolError("There is no camera here, or it may not be used.")
    return camera

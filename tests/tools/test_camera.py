"""A picture taken with a camera: a clip stands in for the device."""

from __future__ import annotations

import asyncio
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from omni_tools import camera as module
from omni_tools.camera import Camera

from omni_agent import Toolbox
from omni_agent.errors import ToolError
from omni_agent.messages import Image
from omni_agent.tool import ToolContext

cv2: Any = pytest.importorskip("cv2")


def clip(path: Path, brightness: list[int]) -> Path:
    """A clip with a frame for each brightness."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (64, 48))
    for level in brightness:
        writer.write(np.full((48, 64, 3), level, np.uint8))
    writer.release()
    return path


def taken(path: Path, monkeypatch: pytest.MonkeyPatch, **options: Any) -> float:
    """The mean brightness of the picture that the tool gives."""
    opened = module._opened
    monkeypatch.setattr(module, "_opened", lambda library, device: opened(library, str(path)))
    context = ToolContext("ada", "s", "t", "c", "k", lambda message: None)
    words, shown = asyncio.run(Toolbox([Camera(**options)])["take_picture"].run({}, context))  # type: ignore[arg-type, misc]
    assert words == "The camera shows:"
    assert isinstance(shown, Image)
    with PIL.Image.open(BytesIO(context.media.get(shown.ref))) as picture:
        assert picture.size == (64, 48)
        return float(np.asarray(picture).mean())


def test_dark_frames_of_the_warm_up_are_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = clip(tmp_path / "clip.avi", [0, 2, 5, 120, 200])
    assert taken(path, monkeypatch) == pytest.approx(120, abs=6)


def test_a_dark_room_is_shown_dark_after_the_warm_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert taken(clip(tmp_path / "clip.avi", [3] * 5), monkeypatch) == pytest.approx(3, abs=3)
    assert taken(clip(tmp_path / "two.avi", [3, 200]), monkeypatch, warm_up=0) == pytest.approx(3, abs=3)


@pytest.mark.filterwarnings("ignore")
def test_no_camera_and_no_library_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    context = ToolContext("ada", "s", "t", "c", "k", lambda message: None)
    take = Toolbox([Camera(device=97)])["take_picture"]
    with pytest.raises(ToolError, match="no camera"):
        asyncio.run(take.run({}, context))  # type: ignore[arg-type]
    monkeypatch.setitem(__import__("sys").modules, "cv2", None)
    with pytest.raises(ToolError, match="OpenCV is missing"):
        asyncio.run(take.run({}, context))  # type: ignore[arg-type]


def test_a_call_that_was_cut_off_takes_no_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = clip(tmp_path / "clip.avi", [0, 2])
    opened = module._opened
    monkeypatch.setattr(module, "_opened", lambda library, device: opened(library, str(path)))
    context = ToolContext("ada", "s", "t", "c", "k", lambda message: None)
    context.cancellation.request()
    with pytest.raises(ToolError, match="cut off"):
        asyncio.run(Toolbox([Camera()])["take_picture"].run({}, context))  # type: ignore[arg-type]

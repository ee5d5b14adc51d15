"""The eyes: what they make of the engine's findings, and what they read in earnest."""

from __future__ import annotations

import asyncio
import io
import socket
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from omni_agent.errors import MediaError, ModelError, ModelUnavailable
from omni_agent.messages import Reading
from omni_agent.senses import Eyes
from omni_agent.vision.ocr import RapidEyes, load_rapidocr

Line = tuple[list[tuple[float, float]], str, float]


def picture(size: tuple[int, int] = (200, 100), colour: str = "white", **options: Any) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", size, colour).save(data, "PNG", **options)
    return data.getvalue()


def found(text: str, top: float = 10, confidence: float = 0.99) -> Line:
    return [(10, top), (90.6, top), (90.6, top + 20), (10, top + 20)], text, confidence


def read(image: bytes, engine: Callable[[np.ndarray], Iterable[Line]]) -> Reading:
    eyes = RapidEyes(load=lambda _: engine)
    try:
        return asyncio.run(eyes.read(image))
    finally:
        asyncio.run(eyes.close())


def test_they_are_eyes() -> None:
    assert isinstance(RapidEyes(), Eyes)


def test_lines_are_ordered_and_boxed() -> None:
    reading = read(picture(), lambda _: [found("below", 50), found("above", 10)])
    assert reading.text == "above\nbelow"
    assert reading.lines[0].box == (10, 10, 91, 30)
    assert reading.lines[0].confidence == 0.99


def test_boxes_stay_inside_the_picture() -> None:
    corners = [(-5.0, -3.0), (220.0, -3.0), (220.0, 120.0), (-5.0, 120.0)]
    assert read(picture(), lambda _: [(corners, "all", 1.0)]).lines[0].box == (0, 0, 200, 100)


@pytest.mark.parametrize(
    ("text", "confidence", "kept"),
    [("word", 0.6, True), ("word", 0.59, False), ("  ", 0.99, False), ("穴", 0.86, False), ("穴", 0.95, True),
     ("7", 0.7, True)],
)  # fmt: skip
def test_what_is_unsure_is_left_out(text: str, confidence: float, kept: bool) -> None:
    assert bool(read(picture(), lambda _: [found(text, confidence=confidence)]).lines) is kept


def test_the_engine_sees_the_picture_upright_blue_first() -> None:
    seen: list[np.ndarray] = []
    mark = Image.Exif()
    mark[0x0112] = 6

    def look(pixels: np.ndarray) -> list[Line]:
        seen.append(pixels)
        return []

    read(picture((200, 100), "red", exif=mark), look)
    assert seen[0].shape == (200, 100, 3)
    assert tuple(seen[0][0, 0]) == (0, 0, 255)


def test_a_blank_page_is_an_empty_reading() -> None:
    assert read(picture(), lambda _: []) == Reading()


def test_what_is_no_picture_is_refused() -> None:
    for data in (b"", b"words", picture()[:60]):
        with pytest.raises(MediaError):
            read(data, lambda _: [])


def test_a_failing_engine_is_named() -> None:
    def fail(_: np.ndarray) -> list[Line]:
        raise RuntimeError("out of memory")

    with pytest.raises(ModelError, match="out of memory"):
        read(picture(), fail)


def test_the_engine_loads_once_and_late() -> None:
    loaded: list[int] = []

    def load(threads: int) -> Callable[[np.ndarray], list[Line]]:
        loaded.append(threads)
        return lambda _: []

    eyes = RapidEyes(threads=3, load=load)
    assert not loaded

    async def main() -> None:
        await asyncio.gather(eyes.prewarm(), eyes.read(picture()), eyes.read(picture()))

    asyncio.run(main())
    asyncio.run(eyes.close())
    assert loaded == [3]


def test_without_the_package_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    with pytest.raises(ModelUnavailable) as caught:
        load_rapidocr(1)
    assert "omni-agent-framework[local]" in caught.value.remedy


def test_networks_that_are_missing_are_not_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "rapidocr"
    package.mkdir()
    (package / "__init__.py").touch()
    for name in [name for name in sys.modules if name.split(".")[0] == "rapidocr"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModelUnavailable, match=r"came without PP-OCR"):
        load_rapidocr(1)


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.models
@pytest.mark.data
@pytest.mark.usefixtures("no_network")
def test_scans_and_photos_are_read(test_data: Path, capfd: pytest.CaptureFixture[str]) -> None:
    eyes = RapidEyes()

    async def texts(*names: str) -> list[str]:
        return [(await eyes.read((test_data / "ocr" / name).read_bytes())).text for name in names]

    page, languages, sign = asyncio.run(
        texts("tesseract_phototest.tif", "tesseract_eurotext.tif", "easyocr_french.jpg")
    )
    asyncio.run(eyes.close())
    truth = (test_data / "ocr" / "tesseract_phototest.gold.txt").read_text(encoding="utf-8")
    assert page.split() == truth.split()
    wanted = set((test_data / "ocr" / "tesseract_eurotext.txt").read_text(encoding="utf-8").split())
    assert len(wanted & set(languages.split())) / len(wanted) > 0.95
    assert {"Palais", "LOUVRE", "DÉCORATIFS", "Théâtre", "PALAIS-ROYAL"} <= set(sign.split())
    assert "".join(capfd.readouterr()) == ""

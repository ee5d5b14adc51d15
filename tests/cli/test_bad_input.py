"""Whatever is handed in: one clear line, exit 1, nothing half written."""

from __future__ import annotations

import struct
import wave
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from omni_agent.cli import run

AGENT = """
from omni_agent import Agent
from omni_agent.messages import Hearing
from omni_agent.senses import Senses
from omni_agent.testing import ScriptedEars, ScriptedEyes, ScriptedModel
agent = Agent(model=ScriptedModel(senses=Senses(ears=ScriptedEars(Hearing("")), eyes=ScriptedEyes())))
"""


def empty(path: Path) -> None:
    path.touch()


def text(path: Path) -> None:
    path.write_text("this is a shopping list, not a recording\n" * 50)


def folder(path: Path) -> None:
    path.mkdir()


def nothing(path: Path) -> None:
    """Leaves the file missing."""


def header_only(path: Path) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(b"\x00\x00" * 16000)
    path.write_bytes(path.read_bytes()[:44])


def three_hours(path: Path) -> None:
    """A sparse file: its header is true, its samples are zeros that take no disk."""
    size = 3 * 3600 * 8000
    header = (
        b"RIFF"
        + struct.pack("<I", 36 + size)
        + b"WAVEfmt "
        + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8)
    )
    with path.open("wb") as file:
        file.write(header + b"data" + struct.pack("<I", size))
        file.truncate(44 + size)


def silence(path: Path) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(b"\x00\x00" * 16000)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def huge_png(path: Path) -> None:
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 99))
        + chunk(b"IEND", b"")
    )


def truncated_png(path: Path) -> None:
    from PIL import Image

    Image.effect_noise((200, 200), 50).save(path)
    path.write_bytes(path.read_bytes()[:2000])


SOUNDS = [nothing, empty, folder, text, header_only, three_hours, silence]
PICTURES = [nothing, empty, folder, text, huge_png, truncated_png]
CASES = [("--audio", "order.wav", make) for make in SOUNDS] + [
    ("--image", "photo.png", make) for make in PICTURES
]


@pytest.mark.parametrize(
    ("option", "name", "make"), CASES, ids=[f"{o[2:]}-{m.__name__}" for o, _, m in CASES]
)
def test_unusable_media(
    option: str,
    name: str,
    make: Callable[[Path], None],
    tmp_path: Path,
    home: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "agent.py").write_text(AGENT)
    make(tmp_path / name)
    target = tmp_path / "reply.wav"
    status = run(
        ["ask", option, str(tmp_path / name), "--agent", str(tmp_path / "agent.py"), "--speak", str(target)]
    )
    lines = capsys.readouterr().err.strip().splitlines()
    assert status == 1
    assert len(lines) == 1
    assert lines[0].startswith("omni-agent: ")
    assert "unexpected" not in lines[0]
    assert name in lines[0] or make is silence
    assert "(" in lines[0], "a remedy is named"
    assert not target.exists()
    kept = [path for path in home.rglob("*") if path.is_file() and "media" in path.parts]
    assert kept == [] or make is silence


def test_a_target_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = AGENT.replace("ScriptedModel(", "ScriptedModel(Step(says='Hello.'), ", 1).replace(
        "import ScriptedEars", "import Step, ToneVoice, ScriptedEars"
    )
    (tmp_path / "agent.py").write_text(source.replace("eyes=", "voice=ToneVoice(), eyes="))
    target = tmp_path / "no" / "such" / "folder" / "reply.wav"
    assert run(["ask", "hi", "--agent", str(tmp_path / "agent.py"), "--speak", str(target)]) == 1
    [line] = capsys.readouterr().err.strip().splitlines()
    assert "reply.wav" in line

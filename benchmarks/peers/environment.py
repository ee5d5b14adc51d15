"""The Python environment that Pipecat is measured in: made once, in the user's cache."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from filelock import FileLock

from omni_agent import config

PIPECAT = "pipecat-ai[whisper,piper,openai]==1.14.0"
# Both sides run the same engines: a newer one would be a gain that is not the pipeline's.
_ENGINES = ("faster-whisper", "ctranslate2", "onnxruntime", "piper-tts", "numpy")


def pipecat_python(given: Path | None, say: Callable[[str], None]) -> Path:
    """The Python that has Pipecat: the given one (or the environment's folder), or our own, made if need be.

    Raises:
        subprocess.CalledProcessError: It cannot be made.
    """
    if given:
        return given / "bin" / "python" if given.is_dir() else given
    folder = config.cache() / "benchmarks" / "pipecat"
    python, ready = folder / "bin" / "python", folder / "ready"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not ready.is_file() or ready.read_text("utf-8") != PIPECAT:
            say(f"making an environment with {PIPECAT} in {folder}")
            subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
            engines = [f"{name}=={version(name)}" for name in _ENGINES]
            quiet = ["--quiet", "--disable-pip-version-check"]
            subprocess.run([python, "-m", "pip", "install", *quiet, PIPECAT, *engines], check=True)
            ready.write_text(PIPECAT, "utf-8")
    return python


def pipecat_version(python: Path) -> str:
    """Which Pipecat that Python has."""
    code = "from importlib.metadata import version; print(version('pipecat-ai'))"
    return subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()

"""Projectors that llama.cpp would end the process over are refused by their header."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import run
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from omni_agent.errors import ModelUnavailable
from omni_agent.models.gguf_files import found
from omni_agent.models.gguf_header import header
from omni_agent.models.gguf_projector import checked_projector
from tests.models import tiny_gguf

Change = Callable[[dict[str, Any], dict[str, NDArray[Any]]], object]


def shaped(name: str, *shape: int) -> Change:
    """One tensor of another shape."""
    return lambda about, tensors: tensors.update({name: np.zeros(shape, np.float32)})


def without(name: str) -> Change:
    """One tensor less."""
    return lambda about, tensors: tensors.pop(name)


def told(key: str, value: Any) -> Change:
    """Another value of a key."""
    return lambda about, tensors: about.update({key: value})


BROKEN: dict[str, tuple[str, Change, str]] = {
    "ffn": ("ears", shaped("a.blk.0.ffn_up.weight", 48, 32), "ffn_up.weight gives 48 values"),
    "attention": ("ears", shaped("a.blk.0.attn_k.weight", 32, 48), "attn_k.weight has the shape"),
    "bias": ("ears", shaped("mm.a.fc.bias", 64), "mm.a.fc.weight gives 32 values and its bias has 64"),
    "norm": ("ears", shaped("a.post_ln.weight", 48), "a.post_ln.weight gives 48"),
    "bands": ("ears", told("clip.audio.num_mel_bins", 80), "128 bands of sound, and there are 80"),
    "heads": ("ears", told("clip.audio.attention.head_count", 5), "width 32 cannot have 5 heads"),
    "width": ("ears", told("clip.audio.embedding_length", 64), "in an encoder of width 64"),
    "no patches": ("eyes", without("v.patch_embd.weight"), "v.patch_embd.weight is missing"),
    "patches": ("eyes", shaped("v.patch_embd.weight", 32, 3, 14, 14), "patches of 14 x 14 pixels"),
    "no queries": ("eyes", without("v.blk.0.attn_q.weight"), "attn_q.weight is missing"),
    "outlet": ("eyes", shaped("mm.0.weight", 32, 48), "mm.0.weight takes 48 values"),
    "chain": ("eyes", shaped("mm.2.weight", 32, 40), "mm.2.weight takes 40 values"),
}


def changed(monkeypatch: pytest.MonkeyPatch, path: Path, kind: str, change: Change) -> Path:
    """A tiny projector, changed."""
    plain = tiny_gguf.written

    def written(path: Path, about: Any, tensors: Any) -> Path:
        new_about, new_tensors = dict(about), dict(tensors)
        change(new_about, new_tensors)
        return plain(path, new_about, new_tensors)

    with monkeypatch.context() as patched:
        patched.setattr(tiny_gguf, "written", written)
        return {"ears": tiny_gguf.ears, "eyes": tiny_gguf.eyes}[kind](path)


@pytest.mark.parametrize("name", BROKEN)
def test_tensors_that_do_not_fit_are_named(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, change, told = BROKEN[name]
    tiny_gguf.language(tmp_path / "tiny.gguf")
    changed(monkeypatch, tmp_path / "mmproj-tiny.gguf", kind, change)
    with pytest.raises(ModelUnavailable, match=told) as caught:
        found(str(tmp_path))
    assert "fetch it again" in caught.value.remedy


@pytest.mark.models
def test_llama_cpp_itself_would_end_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason for all this; where it no longer does, the check can go."""
    pytest.importorskip("xllamacpp")
    model = tiny_gguf.language(tmp_path / "tiny.gguf")
    projector = changed(monkeypatch, tmp_path / "mmproj-tiny.gguf", *BROKEN["ffn"][:2])
    program = (
        "import sys; from pathlib import Path; from omni_agent.models.engine import load; "
        "load(Path(sys.argv[1]), 1, 512, None, Path(sys.argv[2]))"
    )
    # Its own account of the stack takes a debugger and seconds.
    quiet = {**os.environ, "GGML_NO_BACKTRACE": "1"}
    command = [sys.executable, "-c", program, str(model), str(projector)]
    ended = run(command, capture_output=True, check=False, env=quiet)
    assert ended.returncode < 0


@pytest.mark.parametrize("kind", ["ears", "eyes"])
def test_what_fits_is_let_pass(tmp_path: Path, kind: str) -> None:
    path = {"ears": tiny_gguf.ears, "eyes": tiny_gguf.eyes}[kind](tmp_path / "mmproj.gguf")
    read = checked_projector(path)
    assert path.stat().st_size - read.ends < 32
    assert read.shapes["mm.a.fc.weight" if kind == "ears" else "mm.0.weight"] == (32, 32)


def test_the_two_names_of_old_files_may_be_the_other_way_round(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def swapped(about: dict[str, Any], tensors: dict[str, NDArray[Any]]) -> None:
        for part in ("weight", "bias"):
            up, down = f"v.blk.0.ffn_up.{part}", f"v.blk.0.ffn_down.{part}"
            tensors[up], tensors[down] = tensors[down], tensors[up]

    checked_projector(changed(monkeypatch, tmp_path / "mmproj.gguf", "eyes", swapped))


def test_a_file_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    tiny_gguf.language(tmp_path / "tiny.gguf")
    path = tiny_gguf.ears(tmp_path / "mmproj-tiny.gguf")
    path.write_bytes(path.read_bytes()[:-4000])
    with pytest.raises(ModelUnavailable, match="it ends after"):
        found(str(tmp_path))


def test_a_language_model_in_its_place_is_refused(tmp_path: Path) -> None:
    tiny_gguf.language(tmp_path / "tiny.gguf")
    tiny_gguf.language(tmp_path / "mmproj-tiny.gguf")
    with pytest.raises(ModelUnavailable, match="not a projector"):
        found(str(tmp_path))


@given(st.data())
def test_a_broken_header_is_refused(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.mktemp("gguf") / "m.gguf"
    whole = bytearray(tiny_gguf.eyes(path).read_bytes())
    for _ in range(data.draw(st.integers(0, 4))):
        whole[data.draw(st.integers(0, 2500))] = data.draw(st.integers(0, 255))
    path.write_bytes(whole)
    try:
        checked_projector(path)
    except (ModelUnavailable, ValueError):
        return
    assert header(path).shapes

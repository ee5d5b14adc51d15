"""What a checkpoint is, how it is asked for and what room it takes; needs neither torch nor transformers."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from omni_agent.config import Settings
from omni_agent.errors import ConfigError, ModelUnavailable
from omni_agent.models.base import OmniModel
from omni_agent.models.omni import Options, in_process
from omni_agent.models.omni.checkpoint import describe
from omni_agent.models.omni.encoding import audio_tokens
from omni_agent.models.omni.footprint import bytes_needed, check_room, free_main_memory, tensor_bytes

QWEN3 = {
    "model_type": "qwen3_omni_moe",
    "enable_audio_output": True,
    "talker_config": {"speaker_id": {"chelsie": 1, "ethan": 2, "aiden": 3, "nora": 4}},
    "thinker_config": {"text_config": {"max_position_embeddings": 65_536}},
}
QWEN25 = {"model_type": "qwen2_5_omni", "enable_audio_output": True}


def folder(path: Path, config: dict[str, Any], **tensors: tuple[str, list[int]]) -> str:
    path.mkdir(parents=True, exist_ok=True)
    (path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    header = {
        name.replace("__", "."): {"dtype": kind, "shape": shape, "data_offsets": [0, 0]}
        for name, (kind, shape) in tensors.items()
    }
    written = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    (path / "model.safetensors").write_bytes(struct.pack("<Q", len(written)) + written)
    return str(path)


def test_an_address_is_a_source_and_options() -> None:
    parsed = Options.parse("Qwen/Qwen2.5-Omni-3B?device=cuda:1&dtype=bfloat16&bits=4&talker=off&seconds=20")
    assert parsed == Options("Qwen/Qwen2.5-Omni-3B", "cuda:1", "bfloat16", 4, False, seconds=20)
    assert Options.parse("C:/models/omni") == Options("C:/models/omni")


@pytest.mark.parametrize(
    "address",
    ["", "?device=cpu", "x?colour=red", "x?bits=3", "x?dtype=int8", "x?talker=maybe", "x?seconds=0"],
)
def test_a_slip_in_an_address_is_named(address: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Options.parse(address)
    assert caught.value.remedy


def test_qwen3_speaks_calls_hears_and_sees(tmp_path: Path) -> None:
    found = describe(Options(folder(tmp_path / "Qwen3-Omni", QWEN3)))
    able = found.capabilities
    assert (found.family, found.variant) == ("qwen3", "instruct")
    assert able.inputs == {"text", "audio", "image", "video"}
    assert (able.speech, able.tools, able.tools_with_speech, able.streams_speech) == (True, True, True, False)
    assert able.voices == ("Ethan", "Chelsie", "Aiden", "Nora")
    assert (able.speech_rate, able.context_tokens) == (24_000, 65_536)
    assert able.video_sound


def test_qwen25_calls_only_by_instruction(tmp_path: Path) -> None:
    able = describe(Options(folder(tmp_path / "m", QWEN25))).capabilities
    assert able.voices == ("Chelsie", "Ethan")
    assert able.invents


def test_trap_the_thinking_model_has_no_talker(tmp_path: Path) -> None:
    found = describe(Options(folder(tmp_path / "Qwen3-Omni-30B-A3B-Thinking", QWEN3)))
    assert found.variant == "thinking"
    assert not found.capabilities.speech


def test_the_captioner_takes_one_sound(tmp_path: Path) -> None:
    able = describe(Options(folder(tmp_path / "Qwen3-Omni-30B-A3B-Captioner", QWEN3))).capabilities
    assert able.inputs == {"audio"}
    assert able.most == {"audio": 1}
    assert not able.tools
    assert not able.speech


def test_without_its_talker_it_has_no_voices(tmp_path: Path) -> None:
    able = describe(Options(folder(tmp_path / "m", QWEN3), talker=False)).capabilities
    assert (able.speech, able.voices, able.speech_rate, able.tools_with_speech) == (False, (), 0, False)


def test_a_repository_that_is_not_here_is_known_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    found = describe(Options("Qwen/Qwen3-Omni-30B-A3B-Instruct"))
    assert (found.folder, found.family, found.talks) == (None, "qwen3", True)
    assert describe(Options("Qwen/Qwen2.5-Omni-7B")).family == "qwen2.5"


@pytest.mark.parametrize("source", ["gpt2", "some/other-model", "/nowhere/at/all"])
def test_what_is_no_such_model_is_refused(source: str) -> None:
    with pytest.raises(ModelUnavailable) as caught:
        describe(Options(source))
    assert caught.value.remedy


def test_a_folder_of_another_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="llama"):
        describe(Options(folder(tmp_path / "m", {"model_type": "llama"})))
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelUnavailable, match=r"config\.json"):
        describe(Options(str(tmp_path / "empty")))


def test_the_factory_gives_a_model_that_is_not_loaded_yet(tmp_path: Path) -> None:
    model = in_process(Settings(), folder(tmp_path / "m", QWEN3))
    assert isinstance(model, OmniModel)
    assert model.senses.voice is None
    with pytest.raises(ConfigError):
        in_process(Settings())


def test_voices_are_found_whatever_their_case(tmp_path: Path) -> None:
    found = describe(Options(folder(tmp_path / "m", QWEN25)))
    assert [found.voice(name) for name in ("ETHAN", "chelsie", "Nobody", "")] == [
        "Ethan",
        "Chelsie",
        "Chelsie",
        "Chelsie",
    ]


def test_the_estimate_counts_what_will_be_loaded(tmp_path: Path) -> None:
    path = folder(
        tmp_path / "m",
        QWEN3,
        thinker__w=("BF16", [1000, 1000]),
        talker__w=("BF16", [500, 1000]),
        code2wav__w=("F32", [10, 10]),
        thinker__ids=("I64", [10]),
    )
    assert tensor_bytes(Path(path)) == {
        "thinker.w": 2_000_000,
        "talker.w": 1_000_000,
        "code2wav.w": 400,
        "thinker.ids": 80,
    }
    both, silent = Options(path), Options(path, talker=False)
    assert bytes_needed(describe(both), both, "auto") == pytest.approx(3_000_480 * 1.2, rel=1e-6)
    assert bytes_needed(describe(silent), silent, "auto") == pytest.approx(2_000_080 * 1.2, rel=1e-6)
    assert bytes_needed(describe(silent), silent, "float32") == pytest.approx(4_000_080 * 1.2, rel=1e-6)
    packed = Options(path, talker=False, bits=4)
    assert bytes_needed(describe(packed), packed, "auto") < 1_000_000


def test_what_is_not_here_is_estimated_by_published_figures() -> None:
    large = Options("Qwen/Qwen3-Omni-30B-A3B-Instruct")
    silent = Options("Qwen/Qwen3-Omni-30B-A3B-Instruct", talker=False)
    assert bytes_needed(describe(large), large, "auto") == pytest.approx(78.85e9)
    assert bytes_needed(describe(silent), silent, "auto") == pytest.approx(68.85e9)
    assert bytes_needed(describe(large), large, "float32") == pytest.approx(2 * 78.85e9)


def test_what_cannot_fit_is_refused_before_it_is_loaded() -> None:
    large = Options("Qwen/Qwen3-Omni-30B-A3B-Instruct")
    with pytest.raises(ModelUnavailable) as caught:
        check_room(describe(large), large, dtype="auto", free=24_000_000_000, where="cuda")
    assert caught.value.code == "model_too_large"
    assert "needs about 78.8 GB, but cuda has 24.0 GB free" in caught.value.message
    assert "talker=off" in caught.value.remedy
    assert "bits=4" in caught.value.remedy


def test_what_fits_or_is_not_known_is_let_through() -> None:
    large = Options("Qwen/Qwen3-Omni-30B-A3B-Instruct")
    check_room(describe(large), large, dtype="auto", free=10**12, where="cuda")
    check_room(describe(large), large, dtype="auto", free=0, where="cuda")
    sure = Options("Qwen/Qwen3-Omni-30B-A3B-Instruct", memory=False)
    check_room(describe(sure), sure, dtype="auto", free=1, where="cuda")


def test_a_damaged_file_is_no_reason_to_fail(tmp_path: Path) -> None:
    (tmp_path / "broken.safetensors").write_bytes(b"\x01")
    assert tensor_bytes(tmp_path) == {}


def test_free_memory_is_told_where_the_system_tells() -> None:
    assert free_main_memory() >= 0


def test_a_second_of_sound_is_13_tokens_of_qwen3_and_25_of_qwen25() -> None:
    assert audio_tokens(100, "qwen3") == 13
    assert audio_tokens(6000, "qwen3") == 780
    assert audio_tokens(100, "qwen2.5") == 25


def test_a_download_that_was_broken_off_tells_no_size(tmp_path: Path) -> None:
    path = Path(folder(tmp_path / "m", QWEN3, thinker__w=("BF16", [1000])))
    index = {"weight_map": {"thinker.w": "model.safetensors"}}
    (path / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    assert tensor_bytes(path) == {"thinker.w": 2000}
    index["weight_map"]["talker.w"] = "model-2.safetensors"
    (path / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    assert tensor_bytes(path) == {}

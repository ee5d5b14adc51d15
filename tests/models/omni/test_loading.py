"""Loading tiny checkpoints: where they go, what they lack, and what transformers expects of them."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from omni_agent.errors import ModelUnavailable
from omni_agent.events import Usage
from omni_agent.media import MediaStore
from omni_agent.messages import Audio, Image
from omni_agent.models.base import Done, TextDelta
from omni_agent.models.omni import Options, TransformersOmni, loading
from omni_agent.models.omni.encoding import audio_tokens
from omni_agent.models.omni.footprint import bytes_needed
from omni_agent.models.omni.libraries import library
from omni_agent.models.omni.talker import sequences, waveform
from tests.models.omni.conftest import answered, ask, sound_of, text_of, user


def test_without_torch_the_remedy_is_the_extra(qwen3: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(ModelUnavailable) as caught:
        answered(TransformersOmni(Options(str(qwen3))), ask())
    assert caught.value.remedy == "pip install 'omni-agent-framework[omni]'"


def test_a_device_that_is_not_there_is_named(qwen3: Path) -> None:
    with pytest.raises(ModelUnavailable, match="no device 'cuda:7'"):
        answered(TransformersOmni(Options(str(qwen3), device="cuda:7")), ask())


def test_four_bits_need_their_library(qwen3: Path) -> None:
    pytest.importorskip("torch")
    with pytest.raises(ModelUnavailable) as caught:
        answered(TransformersOmni(Options(str(qwen3), bits=4)), ask())
    assert "bitsandbytes" in caught.value.remedy


def test_four_bits_leave_ears_eyes_and_voice_whole(monkeypatch: pytest.MonkeyPatch, libraries: None) -> None:
    monkeypatch.setattr(loading, "find_spec", lambda name: SimpleNamespace())
    options = Options("Qwen/Qwen2.5-Omni-3B", bits=4)
    how = loading._quantised(library("transformers"), loading.describe(options), options)
    packing = how["quantization_config"]
    assert packing.load_in_4bit
    assert {"talker", "token2wav", "audio_tower", "visual"} <= set(packing.llm_int8_skip_modules)


@pytest.mark.parametrize(
    ("device", "dtype", "installed", "wanted"),
    [
        ("cuda", "auto", True, "flash_attention_2"),
        ("cuda", "float32", True, ""),
        ("cuda", "auto", False, ""),
        ("cpu", "auto", True, ""),
    ],
)
def test_flash_attention_is_used_where_it_can_be(
    monkeypatch: pytest.MonkeyPatch, device: str, dtype: str, installed: bool, wanted: str
) -> None:
    monkeypatch.setattr(loading, "find_spec", lambda name: SimpleNamespace() if installed else None)
    assert loading._attention(Options("x"), device, dtype) == wanted
    assert loading._attention(Options("x", attention="eager"), device, dtype) == "eager"


def test_what_does_not_fit_is_refused_before_it_is_read(qwen3: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "free_main_memory", lambda: 1_000_000)
    with pytest.raises(ModelUnavailable) as caught:
        answered(TransformersOmni(Options(str(qwen3), device="cpu")), ask())
    assert caught.value.code == "model_too_large"


def test_the_estimate_is_the_models_own_size(qwen3: Path, omni3: TransformersOmni) -> None:
    loaded = omni3._loaded()._loaded
    held = sum(weight.numel() * weight.element_size() for weight in loaded.whole.parameters())
    options = Options(str(qwen3))
    assert bytes_needed(loading.describe(options), options, "auto") == pytest.approx(held * 1.2, rel=0.01)


def test_half_precision_is_loaded_and_speaks(
    qwen3: Path, store: MediaStore, tone: Audio, photo: Image
) -> None:
    options = Options(str(qwen3), device="cpu", dtype="bfloat16", seconds=1)
    model = TransformersOmni(options, store=store)
    events = answered(model, ask(user("hi", tone, photo), speech=True))
    assert model._loaded()._loaded.thinker.dtype == library("torch").bfloat16
    assert text_of(events)
    assert np.abs(sound_of(events)).max() > 0.01
    asyncio.run(model.close())


def test_a_thinking_model_keeps_its_thought_to_itself(
    tmp_path: Path, store: MediaStore, libraries: None
) -> None:
    from tests.models.omni.tiny import make_qwen3

    folder = make_qwen3(tmp_path / "tiny-Thinking", talker=False, thinking=True)
    model = TransformersOmni(Options(str(folder), device="cpu"), store=store)
    events = answered(model, ask(speech=True))
    assert not model.capabilities.speech
    # Its random words never end the thought.
    assert not [event for event in events if isinstance(event, TextDelta)]
    assert events[-1] == Done("length")
    asyncio.run(model.close())


def test_a_captioner_answers_to_a_sound(qwen3: Path, tmp_path: Path, store: MediaStore, tone: Audio) -> None:
    folder = tmp_path / "tiny-Captioner"
    shutil.copytree(qwen3, folder)
    model = TransformersOmni(Options(str(folder), device="cpu"), store=store)
    assert text_of(answered(model, ask(user("what?", tone))))
    asyncio.run(model.close())


def test_a_template_may_lie_in_either_place(qwen3: Path, tmp_path: Path, libraries: None) -> None:
    tokenizer = SimpleNamespace(chat_template=None)
    with pytest.raises(ModelUnavailable, match="no chat template"):
        loading._template(tmp_path, tokenizer)
    (tmp_path / "chat_template.json").write_text(json.dumps({"chat_template": "A"}), encoding="utf-8")
    assert loading._template(tmp_path, tokenizer) == "A"
    (tmp_path / "chat_template.jinja").write_text("B", encoding="utf-8")
    assert loading._template(tmp_path, tokenizer) == "B"


def test_trap_ids_are_the_tokenizers_and_not_the_classes_defaults(omni3: TransformersOmni) -> None:
    """`thinker_eos_token_id` is 151645 by default, and audio tokens of the configuration class differ."""
    loaded = omni3._loaded()._loaded
    assert loaded.ends[0] == loaded.tokenizer.convert_tokens_to_ids("<|im_end|>") < 300
    defaults = library("transformers").Qwen3OmniMoeConfig().thinker_config
    assert loaded.whole.config.thinker_config.audio_token_id != defaults.audio_token_id


def test_trap_a_picture_and_a_sound_together_are_spoken_of(
    omni3: TransformersOmni, photo: Image, tone: Audio
) -> None:
    """transformers 5.23's talker asks its configuration for that of the ears, which only the thinker has."""
    bare = library("transformers").AutoConfig.from_pretrained(omni3.checkpoint.source).talker_config
    assert not hasattr(bare, "audio_config")
    assert len(sound_of(answered(omni3, ask(user(photo, tone), speech=True))))


def test_trap_1024_tokens_are_no_limit(omni3: TransformersOmni) -> None:
    """`generate` of the whole model would end an answer there without a word."""
    events = answered(omni3, ask(max_tokens=1040))
    usage = next(event for event in events if isinstance(event, Usage))
    assert usage.completion_tokens > 1024


def test_no_weight_of_the_tiny_models_is_what_the_memory_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, libraries: None
) -> None:
    """What transformers itself leaves unfilled would be NaN on some machines and not on others."""
    import torch
    from safetensors.torch import load_file

    from tests.models.omni.tiny import make_qwen3, make_qwen25

    real = torch.empty

    def unfilled(*size: Any, **options: Any) -> torch.Tensor:
        made = real(*size, **options)
        return made.fill_(float("nan")) if made.is_floating_point() else made

    monkeypatch.setattr(torch, "empty", unfilled)
    for make in (make_qwen3, make_qwen25):
        for file in make(tmp_path / make.__name__).glob("*.safetensors"):
            unset = [name for name, weight in load_file(file).items() if not weight.isfinite().all()]
            assert not unset, f"{make.__name__} leaves {unset} unfilled"


@pytest.mark.parametrize("frames", [1, 2, 7, 99, 100, 101, 350, 3000])
def test_placeholders_are_as_many_as_the_encoders_give(frames: int, omni25: TransformersOmni) -> None:
    torch = library("torch")
    module = library("transformers.models.qwen3_omni_moe.processing_qwen3_omni_moe")
    lengths = module._get_feat_extract_output_lengths(torch.tensor([frames]))
    assert audio_tokens(frames, "qwen3") == int(lengths[0])
    tower = (
        omni25._loaded()._loaded.thinker.audio_tower
        if hasattr(omni25._loaded()._loaded.thinker, "audio_tower")
        else omni25._loaded()._loaded.thinker.model.audio_tower
    )
    assert audio_tokens(frames, "qwen2.5") == int(
        tower._get_feat_extract_output_lengths(torch.tensor([frames]))[1][0]
    )


def test_trap_generate_returns_four_shapes(libraries: None) -> None:
    """5.x: ids, or a pair of ids and sound; 4.57: a pair of a dict-like output, and sound or None."""
    torch = library("torch")
    ids, sound = torch.tensor([[1, 2]]), torch.rand(1, 1, 4)
    output = SimpleNamespace(sequences=ids)
    shapes: list[tuple[Any, Any]] = [
        (ids, 0),
        (output, 0),
        ((output, None), 0),
        ((ids, sound), 4),
        ((output, sound), 4),
        ((ids, sound.reshape(-1)), 4),
        ((ids, [sound.reshape(-1)]), 4),
    ]
    for made, count in shapes:
        assert torch.equal(sequences(made), ids)
        assert waveform(made).shape == (count,)


def test_where_fetching_is_forbidden_nothing_is_fetched(
    monkeypatch: pytest.MonkeyPatch, libraries: None, tmp_path: Path
) -> None:
    monkeypatch.setenv("OMNI_AGENT_OFFLINE", "1")
    monkeypatch.setenv("OMNI_AGENT_CACHE", str(tmp_path))
    with pytest.raises(ModelUnavailable) as caught:
        loading.load(Options("Qwen/Qwen2.5-Omni-3B", memory=False))
    assert "OMNI_AGENT_OFFLINE" in caught.value.remedy

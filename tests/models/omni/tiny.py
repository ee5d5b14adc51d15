"""Checkpoints of both families with random weights, small enough to be made in a test.

Their templates are our own, of the same form as the published ones: Qwen3-Omni's writes tools and calls in
the Hermes form, Qwen2.5-Omni's knows neither. All ids come from the tokenizer, because the configuration
classes' defaults are those of the published vocabularies.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from omni_agent.models.omni.libraries import library, quiet
from tests.models.omni.tiny_parts import code2wav, talker3, talker25, thinker3, thinker25, token2wav

_TURNS = """\
{%- for message in messages -%}
{%- if message.role == 'tool' -%}
<|im_start|>user
<tool_response>
{{ message.content }}
</tool_response><|im_end|>
{% else -%}
<|im_start|>{{ message.role }}
{% if message.content is string %}{{ message.content }}{% else %}{% for part in message.content -%}
{%- if part.type == 'audio' or 'audio' in part -%}AUDIO
{%- elif part.type == 'image' or 'image' in part -%}IMAGE
{%- elif part.type == 'video' or 'video' in part -%}VIDEO
{%- elif 'text' in part -%}{{ part.text }}{%- endif -%}
{%- endfor %}{% endif %}CALLS<|im_end|>
{% endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}<|im_start|>assistant
THOUGHT{% endif -%}"""
_TOOLS = """\
{%- if tools -%}<|im_start|>system
{% if messages[0].role == 'system' %}{% set first = messages[0].content %}\
{{ first if first is string else first[0].text }}{% set messages = messages[1:] %}{% endif %}

# Tools
<tools>
{% for tool in tools %}{{ tool | tojson }}
{% endfor %}</tools><|im_end|>
{% if true %}{% endif %}{%- endif -%}
"""
_CALLS = """\
{% for call in message.tool_calls or [] %}
<tool_call>
{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}
</tool_call>{% endfor %}"""


def qwen3_template(*, thinking: bool = False) -> str:
    """A template in the form of Qwen3-Omni's."""
    return (
        (_TOOLS + _TURNS)
        .replace("CALLS", _CALLS)
        .replace("THOUGHT", "<think>\n" if thinking else "")
        .replace("AUDIO", "<|audio_start|><|audio_pad|><|audio_end|>")
        .replace("IMAGE", "<|vision_start|><|image_pad|><|vision_end|>")
        .replace("VIDEO", "<|vision_start|><|video_pad|><|vision_end|>")
    )


def qwen25_template() -> str:
    """A template in the form of Qwen2.5-Omni's: no tools, no calls."""
    return (
        _TURNS.replace("CALLS", "")
        .replace("THOUGHT", "")
        .replace("AUDIO", "<|audio_bos|><|AUDIO|><|audio_eos|>")
        .replace("IMAGE", "<|vision_bos|><|IMAGE|><|vision_eos|>")
        .replace("VIDEO", "<|vision_bos|><|VIDEO|><|vision_eos|>")
    )


def make_qwen3(folder: Path, *, talker: bool = True, thinking: bool = False, window: int = 72) -> Path:
    """A tiny Qwen3-Omni in `folder`; `window` is how many frames its decoder's transformer looks back."""
    quiet()
    torch, transformers = library("torch"), library("transformers")
    names = ("audio_start", "audio_end", "audio_pad", "vision_start", "vision_end", "image_pad", "video_pad")
    tokens: dict[str, str] = {name: f"<|{name}|>" for name in names}
    tokenizer = _tokenizer(tokens, ("<tts_pad>", "<tts_text_bos>", "<tts_text_eod>"))
    _processors(tokenizer, folder, qwen3_template(thinking=thinking), patch=16)
    named = tokenizer.convert_tokens_to_ids
    shared = {
        "audio_token_id": named("<|audio_pad|>"),
        "image_token_id": named("<|image_pad|>"),
        "video_token_id": named("<|video_pad|>"),
        "vision_start_token_id": named("<|vision_start|>"),
        "audio_start_token_id": named("<|audio_start|>"),
    }
    config = transformers.Qwen3OmniMoeConfig(
        thinker_config=thinker3(len(tokenizer)) | shared | {"user_token_id": named("user")},
        talker_config=talker3() | shared,
        code2wav_config=code2wav(window),
        enable_audio_output=talker,
        im_start_token_id=named("<|im_start|>"),
        im_end_token_id=named("<|im_end|>"),
        tts_pad_token_id=named("<tts_pad>"),
        tts_bos_token_id=named("<tts_text_bos>"),
        tts_eos_token_id=named("<tts_text_eod>"),
        system_token_id=named("system"),
        user_token_id=named("user"),
        assistant_token_id=named("assistant"),
    )
    torch.manual_seed(0)
    whole = transformers.Qwen3OmniMoeForConditionalGeneration(config).eval()
    _write_letters(whole, tokenizer)
    if talker:
        _fill_experts(whole.talker)
        decoder = whole.code2wav
        codes = torch.randint(0, 2048, (1, 4, 8))
        _sound_loud(decoder, decoder.decoder[-1].conv.weight, lambda: decoder(codes))
    whole.save_pretrained(folder)
    return folder


def make_qwen25(folder: Path) -> Path:
    """A tiny Qwen2.5-Omni in `folder`, with its two voices."""
    quiet()
    torch, transformers = library("torch"), library("transformers")
    tokens = {
        "audio_start": "<|audio_bos|>",
        "audio_end": "<|audio_eos|>",
        "audio_pad": "<|AUDIO|>",
        "vision_start": "<|vision_bos|>",
        "vision_end": "<|vision_eos|>",
        "image_pad": "<|IMAGE|>",
        "video_pad": "<|VIDEO|>",
    }
    tokenizer = _tokenizer(tokens, ("<tts_pad>", "<tts_text_bos>", "<tts_text_eod>"))
    _processors(tokenizer, folder, qwen25_template(), patch=14)
    named = tokenizer.convert_tokens_to_ids
    shared = {
        "audio_token_index": named("<|AUDIO|>"),
        "image_token_index": named("<|IMAGE|>"),
        "video_token_index": named("<|VIDEO|>"),
        "audio_start_token_id": named("<|audio_bos|>"),
        "audio_end_token_id": named("<|audio_eos|>"),
        "vision_start_token_id": named("<|vision_bos|>"),
        "vision_end_token_id": named("<|vision_eos|>"),
    }
    config = transformers.Qwen2_5OmniConfig(
        thinker_config=thinker25(len(tokenizer)) | shared | {"user_token_id": named("user")},
        talker_config=talker25()
        | shared
        | {
            "tts_text_start_token_id": named("<tts_text_bos>"),
            "tts_text_end_token_id": named("<tts_text_eod>"),
            "tts_text_pad_token_id": named("<tts_pad>"),
        },
        token2wav_config=token2wav(),
        enable_audio_output=True,
    )
    torch.manual_seed(0)
    whole = transformers.Qwen2_5OmniForConditionalGeneration(config).eval()
    _write_letters(whole, tokenizer)
    decoder = whole.token2wav.code2wav_bigvgan_model
    _sound_loud(decoder, decoder.conv_post.weight, lambda: decoder(torch.randn(1, 8, 40)))
    whole.save_pretrained(folder)
    voice = {
        "cond": torch.randn(1, 16),
        "ref_mel": torch.randn(1, 20, 8),
        "bos_token": named("<tts_text_bos>"),
    }
    torch.save({"Ethan": voice, "Chelsie": voice}, folder / "spk_dict.pt")
    return folder


def _fill_experts(talker: Any) -> None:
    """Give the talker's experts weights: transformers 5.24 leaves what the memory held, NaN at times."""
    for name, weight in talker.named_parameters():
        if ".mlp.experts." in name or name.endswith(".mlp.gate.weight"):
            library("torch").nn.init.normal_(weight, std=0.02)


def _write_letters(whole: Any, tokenizer: Any) -> None:
    """Let the most likely token be a letter: random weights write tags of calls as soon as anything else."""
    letters = set(
        tokenizer.convert_tokens_to_ids(list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    )
    weight = whole.thinker.lm_head.weight
    with library("torch").no_grad():
        for row in range(weight.shape[0]):
            if row not in letters:
                weight[row] = 0.0


def _sound_loud(decoder: Any, last: Any, sound: Callable[[], Any]) -> None:
    """Let every layer of a decoder matter: as transformers fills them, there is hardly a sound.

    Args:
        decoder: What makes the sound.
        last: The weight of its last layer; full scale is cut off, so it is set as `sound` needs it.
        sound: Decodes something.
    """
    torch = library("torch")
    with torch.no_grad():
        for name, weight in decoder.named_parameters():
            if weight.dim() > 1:
                inputs = weight[0].numel() if "embedding" not in name else 1
                weight.normal_(0.0, 0.6 / inputs**0.5)
            elif "scale" in name or "gamma" in name:
                weight.fill_(1.0)
        last *= 1e-3
        last *= 0.2 / sound().std()


def _tokenizer(tokens: dict[str, str], more: tuple[str, ...]) -> Any:
    """Bytes, the control tokens, and each role as one token, as the talker's prompt needs it."""
    from tokenizers import AddedToken, pre_tokenizers

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = library("transformers").Qwen2Tokenizer(
        vocab={letter: number for number, letter in enumerate(letters)},
        merges=[],
        unk_token="<|endoftext|>",
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        extra_special_tokens={
            "image_token": tokens["image_pad"],
            "audio_token": tokens["audio_pad"],
            "video_token": tokens["video_pad"],
            "vision_bos_token": tokens["vision_start"],
            "vision_eos_token": tokens["vision_end"],
            "audio_bos_token": tokens["audio_start"],
            "audio_eos_token": tokens["audio_end"],
        },
    )
    special = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", *tokens.values(), *more)
    tokenizer.add_tokens([AddedToken(name, special=True, normalized=False) for name in special])
    plain = ("<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>", "<think>", "</think>")
    roles = ("system", "user", "assistant")
    tokenizer.add_tokens([AddedToken(name, special=False, normalized=False) for name in (*plain, *roles)])
    return tokenizer


def _processors(tokenizer: Any, folder: Path, template: str, *, patch: int) -> None:
    transformers = library("transformers")
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save_pretrained(folder)
    transformers.WhisperFeatureExtractor(
        feature_size=128, sampling_rate=16_000, hop_length=160, n_fft=400, return_attention_mask=True
    ).save_pretrained(folder)
    features = (folder / "preprocessor_config.json").read_text(encoding="utf-8")
    about = json.loads(features) | {
        "image_processor_type": "Qwen2VLImageProcessor",
        "patch_size": patch,
        "temporal_patch_size": 2,
        "merge_size": 2,
        "min_pixels": 56 * 56,
        "max_pixels": 64 * 64,
        "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.5, 0.5],
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(about), encoding="utf-8")
    (folder / "chat_template.json").write_text(json.dumps({"chat_template": template}), encoding="utf-8")

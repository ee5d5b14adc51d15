"""The parts of the tiny checkpoints, as configurations."""

from __future__ import annotations

from typing import Any

WIDTH = 32
# Its sections add up to half of a head.
MROPE = {"rope_type": "default", "rope_theta": 10_000.0, "mrope_section": [2, 1, 1]}


def text3(vocabulary: int, **more: Any) -> dict[str, Any]:
    """A language model of Qwen3-Omni, either of its two."""
    return {
        "vocab_size": vocabulary,
        "hidden_size": WIDTH,
        "intermediate_size": 64,
        "moe_intermediate_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "num_experts": 4,
        "num_experts_per_tok": 2,
        "decoder_sparse_step": 1,
        "max_position_embeddings": 32_768,
        "rope_parameters": MROPE,
        "rope_scaling": MROPE,
        **more,
    }


def thinker3(vocabulary: int) -> dict[str, Any]:
    """Qwen3-Omni's thinker."""
    return {
        "text_config": text3(vocabulary),
        "vision_config": {
            "depth": 2,
            "hidden_size": WIDTH,
            "intermediate_size": 64,
            "num_heads": 4,
            "patch_size": 16,
            "spatial_merge_size": 2,
            "temporal_patch_size": 2,
            "out_hidden_size": WIDTH,
            "num_position_embeddings": 64,
            "deepstack_visual_indexes": [0],
        },
        "audio_config": {
            "d_model": 32,
            "encoder_layers": 1,
            "encoder_attention_heads": 4,
            "encoder_ffn_dim": 64,
            "num_mel_bins": 128,
            "downsample_hidden_size": 16,
            "output_dim": WIDTH,
            "n_window": 50,
            "n_window_infer": 100,
            "max_source_positions": 1500,
        },
    }


def talker3() -> dict[str, Any]:
    """With a vocabulary of 3072, because `generate` suppresses its last 1024: codes 0 to 2047 stay."""
    return {
        "text_config": text3(3072, shared_expert_intermediate_size=16),
        "code_predictor_config": {
            "vocab_size": 2048,
            "hidden_size": WIDTH,
            "intermediate_size": 64,
            "num_hidden_layers": 1,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "head_dim": 8,
            "num_code_groups": 4,
            "max_position_embeddings": 4096,
        },
        "num_code_groups": 4,
        "thinker_hidden_size": WIDTH,
        "accept_hidden_layer": 1,
        "spatial_merge_size": 2,
        "codec_eos_token_id": 2150,
        "codec_nothink_id": 2155,
        "codec_think_bos_id": 2156,
        "codec_think_eos_id": 2157,
        "codec_pad_id": 2148,
        "codec_bos_id": 2149,
        "speaker_id": {"chelsie": 2301, "ethan": 2302, "aiden": 2303},
    }


def code2wav(window: int) -> dict[str, Any]:
    """Qwen3-Omni's decoder; `window` is how many frames its transformer looks back."""
    return {
        "codebook_size": 2048,
        "num_quantizers": 4,
        "hidden_size": WIDTH,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 4,
        "decoder_dim": 32,
        "upsample_rates": [8, 5, 4, 3],
        "upsampling_ratios": [2, 2],
        "sliding_window": window,
        "max_position_embeddings": 4096,
    }


def thinker25(vocabulary: int) -> dict[str, Any]:
    """Qwen2.5-Omni's thinker."""
    return {
        "text_config": {
            "vocab_size": vocabulary,
            "hidden_size": WIDTH,
            "intermediate_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "max_position_embeddings": 32_768,
            "rope_parameters": MROPE,
            "rope_scaling": MROPE,
        },
        "vision_config": {
            "depth": 2,
            "hidden_size": WIDTH,
            "intermediate_size": 64,
            "num_heads": 4,
            "out_hidden_size": WIDTH,
            "fullatt_block_indexes": [1],
        },
        "audio_config": {
            "d_model": 32,
            "encoder_layers": 1,
            "encoder_attention_heads": 4,
            "encoder_ffn_dim": 64,
            "output_dim": WIDTH,
        },
    }


def talker25() -> dict[str, Any]:
    """With the published codec vocabulary, because `generate` has the ids that end it as constants."""
    return {
        "vocab_size": 8448,
        "embedding_size": WIDTH,
        "hidden_size": WIDTH,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "max_position_embeddings": 32_768,
        "rope_parameters": MROPE,
        "rope_scaling": MROPE,
    }


def token2wav() -> dict[str, Any]:
    """Qwen2.5-Omni's decoder."""
    return {
        "dit_config": {
            "hidden_size": WIDTH,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "head_dim": 16,
            "emb_dim": 16,
            "look_ahead_layers": [0],
            "look_backward_layers": [0],
            "num_embeds": 8449,
            "mel_dim": 8,
            "enc_emb_dim": 16,
            "enc_dim": 16,
            "enc_channels": [16, 16, 16],
            "enc_kernel_sizes": [5, 3, 1],
            "enc_dilations": [1, 2, 1],
            "enc_attention_channels": 8,
            "enc_se_channels": 8,
        },
        "bigvgan_config": {
            "mel_dim": 8,
            "upsample_initial_channel": 64,
            "resblock_kernel_sizes": [3],
            "resblock_dilation_sizes": [[1, 3, 5]],
        },
    }

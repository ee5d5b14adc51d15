"""Tokens, as the wire tells them."""

from __future__ import annotations

from ...events import Usage
from ...messages import JsonObject


def usage(tokens: Usage) -> JsonObject:
    """Tokens as the wire tells them. Those of sound are not told apart: the model counts them all alike."""
    fresh = {"text_tokens": tokens.prompt_tokens, "audio_tokens": 0, "image_tokens": 0}
    cached = {"text_tokens": tokens.cached_tokens, "audio_tokens": 0, "image_tokens": 0}
    return {
        "total_tokens": tokens.prompt_tokens + tokens.completion_tokens,
        "input_tokens": tokens.prompt_tokens,
        "output_tokens": tokens.completion_tokens,
        "input_token_details": {
            **fresh,
            "cached_tokens": tokens.cached_tokens,
            "cached_tokens_details": cached,
        },
        "output_token_details": {"text_tokens": tokens.completion_tokens, "audio_tokens": 0},
    }

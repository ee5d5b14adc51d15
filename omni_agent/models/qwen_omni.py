"""What is known of the Qwen-Omni models, wherever they run: as published by their makers."""

from __future__ import annotations

QWEN25_SYSTEM = (
    "You are Qwen, a virtual human developed by the Qwen Team, Alibaba Group, capable of perceiving auditory "
    "and visual inputs, as well as generating text and speech."
)
"""Qwen2.5-Omni speaks under this system prompt only, word for word; its README ("Customization Settings")
puts instructions into a first exchange."""
AGREED = "Understood."
"""What the model said to them in that exchange."""

QWEN3_VOICES = ("Ethan", "Chelsie", "Aiden")
"""The usual one first (README of Qwen3-Omni)."""
QWEN25_VOICES = ("Chelsie", "Ethan")
"""The usual one first (README of Qwen2.5-Omni)."""
SPEECH_RATE = 24_000
"""Samples a second of the speech of both families."""

"""How long a text is to a model, without asking it."""

from __future__ import annotations


def estimated_tokens(text: str) -> int:
    """About how many tokens a text has, rather too many: digits and other scripts than ours one by one."""
    plain = sum(character.isascii() and not character.isdigit() for character in text)
    return len(text) - plain + -(-plain * 10 // 32)

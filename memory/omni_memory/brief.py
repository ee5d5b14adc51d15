"""What a persona always knows of a user, in words that stay the same while a conversation goes on.

The words are those of the moment at which the conversation's window begins, so that a model's prefix cache
holds; what has changed since then is told beside.
"""

from __future__ import annotations

from datetime import datetime

from omni_agent.memory import Brief, Scope
from omni_agent.tokens import estimated_tokens

from .repository.repository import Repository

MOST_TOKENS = 120
"""How long the known may become: each token is read once a conversation, and again when the window moves."""


async def brief(repository: Repository, scope: Scope, at: datetime) -> Brief:
    """The facts that weigh most, the persona's blocks, and what has changed of those facts since `at`.

    Raises:
        MemoryStoreError: The database cannot be read.
    """
    profiles = repository.profiles
    told: dict[int, tuple[str, bool]] = {}
    room = MOST_TOKENS
    for number, (sentence, counts) in (await profiles.known_at(scope, at)).items():
        room -= estimated_tokens(sentence)
        if room >= 0:
            told[number] = sentence, counts
    gone = [number for number, (_, counts) in told.items() if not counts]
    latest = await profiles.latest(scope, gone) if gone else {}
    known = [sentence for sentence, _ in told.values()]
    since = await profiles.since(scope)
    if since and since < at:
        known.append(f"You have known the user since {since:%B %Y}.")
    changed = (latest.get(number) or f"No longer true: {told[number][0]}" for number in gone)
    return Brief(" ".join(known), await profiles.blocks(scope), tuple(changed))

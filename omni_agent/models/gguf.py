"""`gguf:PATH`: a GGUF model in this process that hears and sees by itself where its projector lies beside it.

It writes and calls as the embedded language model does, and is lent the senses that it lacks; speech is
always the local voice's, because llama.cpp gives text only (ggml-org/llama.cpp issue 17634).
"""

from __future__ import annotations

from .. import config
from ..config import Settings
from .cascade import Cascade, local_senses
from .gguf_files import found
from .llama import LlamaLanguage

# A longer context costs memory for its cache from the start: 0.3 GB for each 8,192 tokens of Qwen2.5 3B.
_MOST_CONTEXT = 16_384
_FEWEST_CONTEXT = 8_192


def in_process(settings: Settings, address: str) -> Cascade:
    """The model of `gguf:ADDRESS`: a file, or a folder with one model and its projector.

    Raises:
        ModelUnavailable: There is no such model.
    """
    files = found(address)
    context = min(files.context_tokens or _FEWEST_CONTEXT, _MOST_CONTEXT if files.senses else _FEWEST_CONTEXT)
    language = LlamaLanguage(
        files.model,
        threads=settings.threads,
        context_tokens=context,
        # llama.cpp keeps no prefix of a model with a projector.
        prefixes=None if files.projector else config.cache() / "prefixes",
        projector=files.projector,
        senses=files.senses,
    )
    return Cascade(language, local_senses(settings))

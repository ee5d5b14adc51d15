"""What the user asks of memory in words: remember, forget, put right, tell.

1. `phrases.py`, `phrases/`: how people say it, by language.
2. `requests.py`: a sure request becomes a call.
3. `tools.py`: what is called; `wording.py`, `wording.toml`: the questions before it runs.
4. `telling.py`: what of it the model is shown.
5. `redaction.py`: what a turn leaves in which something was forgotten.
"""

from .redaction import forgetting, redacted
from .requests import NAMES, Asked, asked, request_of, rests_on
from .telling import answers_memory, as_told
from .tools import memory_tools

__all__ = [
    "NAMES",
    "Asked",
    "answers_memory",
    "as_told",
    "asked",
    "forgetting",
    "memory_tools",
    "redacted",
    "request_of",
    "rests_on",
]

"""Tools: what a model can call. One reads this package in the order in which a tool lives.

What you write with:

1. `definition.py`: `Tool`, and `tool`, which makes one of a typed function.
2. `context.py`: what a running tool may know of its turn.
3. `toolbox.py`: the tools that an agent holds.
4. `wrappers.py`: other tools made of tools.

What that stands on:

5. `signature.py`: from a function to a schema; `media_parameters.py` lets media into it, `short_schema.py`
   makes it short.
6. `schema.py`: which schemas a tool may have; `formats.py` knows their `format`s.
7. `arguments.py`: what a model wrote, held against the schema.
8. `call.py`: the function is called, `limits.py`: within its time; `undoing.py`: what it did is taken back.
9. `result.py`: what it gave, as text and media.
"""

from .context import Cancellation, ToolContext, ToolMemory
from .definition import Effect, Function, Run, Tool, tool
from .media_parameters import handed_over
from .result import as_text
from .toolbox import Offer, Toolbox, ToolSource, tools_of
from .wrappers import approval, only, prefix, rename, retry, timeout, without

__all__ = [
    "Cancellation",
    "Effect",
    "Function",
    "Offer",
    "Run",
    "Tool",
    "ToolContext",
    "ToolMemory",
    "ToolSource",
    "Toolbox",
    "approval",
    "as_text",
    "handed_over",
    "only",
    "prefix",
    "rename",
    "retry",
    "timeout",
    "tool",
    "tools_of",
    "without",
]

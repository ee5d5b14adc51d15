"""How near two phrases are in meaning, by word vectors that come with the `wordllama` package.

Only its table of vectors and its tokenizer are read (16 MB): a phrase is the mean of its tokens' vectors.
English mostly. Without the package nothing is near, and what rests on it fails open.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_WEIGHTS = "weights/l2_supercat_256.safetensors"
_TOKENIZER = "tokenizers/l2_supercat_tokenizer_config.json"


def available() -> bool:
    """Whether the vectors are installed."""
    return _folder() is not None


def loaded() -> bool:
    """Whether the vectors are in memory already: loading them takes a third of a second."""
    return _loaded.cache_info().currsize > 0


def nearness(one: str, other: str) -> float:
    """Cosine of two phrases' vectors, -1 to 1; 0 where the vectors are not installed or a phrase is empty."""
    if not one or not other or not available():
        return 0.0
    return float(vector(one) @ vector(other))


@lru_cache(maxsize=8192)
def vector(phrase: str) -> NDArray[np.float32]:
    """A phrase as 256 numbers, of length 1 unless it is empty; the vectors must be installed."""
    import numpy as np

    tokenizer, table = _loaded()
    mean = table[tokenizer.encode(phrase, add_special_tokens=False).ids].mean(axis=0, dtype=np.float32)
    length = float(np.linalg.norm(mean))
    result: NDArray[np.float32] = mean / length if length else mean
    return result


def vectors(phrases: Sequence[str]) -> NDArray[np.float32]:
    """The vectors of many phrases, a row each, in a third of the time; they are not kept."""
    import numpy as np

    tokenizer, table = _loaded()
    tokens = [tokenizer.encode(phrase, add_special_tokens=False).ids for phrase in phrases]
    made = np.zeros((len(phrases), table.shape[1]), np.float32)
    if filled := [row for row, ids in enumerate(tokens) if ids]:
        starts = np.cumsum([0, *(len(tokens[row]) for row in filled[:-1])])
        made[filled] = np.add.reduceat(
            table[[one for ids in tokens for one in ids]], starts, axis=0, dtype=np.float32
        )
    lengths = np.linalg.norm(made, axis=1, keepdims=True)
    np.divide(made, lengths, out=made, where=lengths > 0)
    return made


@cache
def _loaded() -> tuple[Any, Any]:
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    folder = _folder()
    assert folder is not None
    (table,) = load_file(folder / _WEIGHTS).values()
    return Tokenizer.from_file(str(folder / _TOKENIZER)), table


@cache
def _folder() -> Path | None:
    spec = find_spec("wordllama")
    folder = (
        Path(next(iter(spec.submodule_search_locations)))
        if spec and spec.submodule_search_locations
        else None
    )
    return folder if folder and (folder / _WEIGHTS).is_file() and (folder / _TOKENIZER).is_file() else None

"""torch and transformers, imported when they are first needed and named as missing where they are."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from inspect import signature
from typing import Any

from ...errors import ModelUnavailable

_REMEDY = "pip install 'omni-agent-framework[omni]'"


def library(name: str) -> Any:
    """A module of torch or transformers; they are typed as anything, because they are no requirement.

    Raises:
        ModelUnavailable: It is not installed, or does not import.
    """
    try:
        return import_module(name)
    except (ImportError, OSError, RuntimeError) as error:
        # transformers says RuntimeError where one of its own lazy modules cannot be imported.
        wanted = name.partition(".")[0]
        raise ModelUnavailable(f"{wanted} cannot be imported: {error}", remedy=_REMEDY) from None


@cache
def importable(name: str) -> bool:
    """Whether a module is there and imports: torchvision does only beside the torch that it was built for."""
    try:
        library(name)
    except ModelUnavailable:
        return False
    return True


def cache_name(module: Any) -> str:
    """What a module of transformers calls the keys and values computed before: `cache` since 5.24.

    The older name is taken by it with a warning, and from 5.40 on not at all.
    """
    return "cache" if "cache" in signature(type(module).forward).parameters else "past_key_values"


def quiet() -> None:
    """Keep transformers from writing hints and progress bars beside the answers of the command line."""
    import os

    logging = library("transformers.utils.logging")
    if "TRANSFORMERS_VERBOSITY" not in os.environ:
        logging.set_verbosity_error()
    logging.disable_progress_bar()
